// Writes the first inputs of every fuzzer below a folder, one sub-folder per target. Most are made
// from generated sightings; what those do not have is written out here.
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "processors/stages/clean.hpp"
#include "processors/stages/dedupe/raw_record.hpp"
#include "processors/stages/dedupe/update.hpp"
#include "simulate/generator.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::uint64_t kWorks = 24;

class Seeds {
 public:
  explicit Seeds(std::filesystem::path root) : root_{std::move(root)} {}

  void add(const std::string& target, std::string_view input) {
    const auto folder = root_ / target;
    std::filesystem::create_directories(folder);
    std::ofstream out{folder / ("seed-" + std::to_string(counts_[target]++)), std::ios::binary};
    out << input;
    out.close();
    require(!out.fail(), "the seed folder can be written");
  }

 private:
  std::filesystem::path root_;
  std::map<std::string, int> counts_;
};

// Works that use what generated ones do not: sets, alternative files, nested and null members,
// escapes, licence pairs, odd numbers.
constexpr std::string_view kWrittenWorks[] = {
    R"({"media_type":"audio","provider":"jamendo","foreign_identifier":7,"foreign_landing_url":"//a.com/p","url":"http://a.com/i.mp3","license_url":"https://creativecommons.org/licenses/by-nc-sa/3.0/de/","duration":"185000","bit_rate":1.5e5,"genres":["rock",null,"a,b"],"audio_set":"Tides","audio_set_foreign_identifier":"s9","set_url":"https://a.com/s","set_thumbnail":"https://a.com/t","set_position":3,"alt_files":[{"url":"https://a.com/a.ogg","filetype":"ogg","filesize":null}]})",
    R"({"media_type":"audio","provider":"freesound","foreign_identifier":"8","foreign_landing_url":"https://a.com/p","url":"https://a.com/i","license":"cc0","license_version":"1.0","audio_set":{"title":"T","url":null,"foreign_identifier":"x"},"alt_files":null,"sample_rate":44100})",
    R"({"media_type":"image","provider":" met ","foreign_identifier":"a\u0000b\ud83d\ude00\\","foreign_landing_url":"https://a.com/p?b=1#c","url":"https://b.co.uk/i.JPG","license":"publicdomain","license_version":"N/A","title":"<b>T &amp; U<\/b>","meta_data":{"description":["a",null,{"b":[null,1.50,true]}],"mature":"True","raw_license_url":"x","a.b":{"c":null}},"tags":["a"," A ",{"name":"b","provider":"rekognition","accuracy":"0.97"},null],"watermarked":"t","width":2147483648,"height":-1})",
    R"({"media_type":"image","provider":"wordpress","foreign_identifier":"9","foreign_landing_url":"https://a.com/p","url":"https://a.com/i","license_url":"https://creativecommons.org/publicdomain/zero/1.0/","creator":"A=B:C","creator_url":"a.com/u","filesize":1e3,"filetype":"jpeg","category":"photograph","ingestion_type":"provider_api","source":""})",
};

constexpr std::string_view kEnvelopes[] = {
    R"({"seen":{"fetched_at":"2026-11-21T00:19:33.000001Z","run_id":"r"},"removed":{"reason":"gone"}})",
    R"({"seen":{"fetched_at":"2026-11-21T00:19:33Z"},"run_finished":{"media_type":"image","provider":"met","started_at":"2026-11-21T00:00:00Z","complete":true}})",
    R"({"work":{"a":[1,{}]},"seen":{"run_id":"\u0041","fetched_at":"2026-11-21 00:19:33+01:00"},"later":[]})",
};

// Lines of the layouts of 17, 18, 20, 25 and 26 columns.
constexpr std::string_view kLines[] = {
    "id\tl\tu\t\\N\t4\t5\t\\N\tby\t4.0\t\\N\t\\N\t\\N\t\\N\t\\N\tt\tp\tcommoncrawl",
    "id\tl\tu\tt\t4\t5\t\\N\tCC0\t1.0\ta\\\\b\t\\x41\tc\\td\t{\"a\": null}\t[\"x\"]\tf\tp\ts\tapi",
    "id\thttps://a.com/p\thttps://a.com/i.jpg\t\\N\tjpg\t12\tby-nc\t3.0\tC\t\\N\tT\\101\t"
    R"({"views": 1})"
    "\t"
    R"([{"name": "z", "provider": "p"}])"
    "\t\\N\tf\tmet\tmet\tprovider_api\t640\t\\N",
    "7\thttps://a.com/p\thttps://a.com/"
    "i.mp3\tt\tmp3\t\\N\tby\t4.0\t\\N\t\\N\tT\t\\N\t\\N\tmusic\tf\t"
    "jamendo\tjamendo\tapi\t185000\t128\t44100\t{rock,\"a b\",NULL}\t{\"title\": \"S\"}\t3\t"
    "[{\"url\": \"https://a.com/a.ogg\"}]",
    "7\thttps://a.com/p\thttps://a.com/"
    "i.mp3\tt\tmp3\t\\N\tby\t4.0\t\\N\t\\N\tT\t\\N\t\\N\tmusic\tf\t"
    "jamendo\tjamendo\tapi\t185000\t128\t44100\t{}\t\\N\t3\t\\N\ts9",
};

// One byte for the number of records, then the reply.
constexpr std::string_view kBulkReplies[] = {
    R"(1{"took":1,"errors":false,"items":[{"index":{"_id":"a","status":201}}]})",
    R"(3{"took":1,"errors":true,"items":[{"index":{"status":200}},{"index":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},{"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed","caused_by":{"type":"illegal_argument_exception","reason":"x"}}}}]})",
    R"(1{"items":[{"index":{"status":404,"error":{"type":"index_not_found_exception","reason":"no such index"}}}]})",
};

constexpr std::string_view kTargets[] = {
    "/v1/images/?q=harbour+at%20dawn&license=by,cc0&license_type=commercial&page=2&page_size=20",
    "/v1/audio/?source=met,nowhere&excluded_source=flickr&length=short&peaks=true&mature=1",
    "/v1/images/?unstable__collection=tag&unstable__tag=a&unstable__sort_by=indexed_on",
    "/v1/images/?collection=source&source=met&title=%22a%22&creator=%C3%85&extension=jpg",
    "/v1/images/?aspect_ratio=tall&size=large&unstable__authority=true&"
    "unstable__authority_boost=2.5&unstable__sort_dir=asc&unstable__include_sensitive_results=true",
    "/v1/images/0f3a52bb-4b8a-4bff-8d0a-6f2f2f3e1c11/related/",
    "/v1/audio/stats",
    "/v1/images/oembed/?url=https://a.org/image/0f3a52bb-4b8a-4bff-8d0a-6f2f2f3e1c11",
};

// The catalogue record of one cleaned sighting; nothing when clean refuses it.
std::optional<std::string> record_of(std::string_view raw, std::string& key) {
  Cleaner cleaner;
  Arena arena;
  CleanResult cleaned = cleaner.clean(raw, arena);
  auto* const work = std::get_if<Work>(&cleaned);
  if (work == nullptr) {
    return std::nullopt;
  }
  key = make_work_key(work->media_type, work->provider, work->foreign_identifier);
  const UtcTime now{1'790'000'000'000'000};
  std::string json;
  apply_sighting(nullptr, std::nullopt, key, *work,
                 {now, kRulesVersion, content_hash(raw, kRulesVersion)},
                 {now, std::chrono::days{20}, shipped_dedupe_rules()}, arena, json);
  return json;
}

void add_work(Seeds& seeds, std::string_view raw) {
  seeds.add("clean", raw);
  std::string key;
  if (const auto record = record_of(raw, key)) {
    seeds.add("catalog_record", *record);
    seeds.add("store_record", key + "\n" + *record);
  }
}

void add_generated(Seeds& seeds) {
  simulate::Generator generator{{.works = kWorks, .recrawl = 2.5, .unchanged = 0.3, .dirty = 1.0}};
  RawReader reader;
  std::map<std::string, std::string, std::less<>> versions;  // of one work, as `merge` reads them
  for (simulate::RawSighting record; generator.next(record);) {
    Arena arena;
    const auto raw = reader.read(record.value, arena);
    seeds.add("raw_record", record.value);
    if (!raw || raw->kind != RawRecord::Kind::sighting || record.value.size() > 8192) {
      continue;  // libFuzzer works best on small inputs
    }
    add_work(seeds, raw->body);
    std::string& lines = versions[std::string{record.key}];
    lines += std::to_string(std::ranges::count(lines, '\n') % 4);
    lines += raw->body;
    lines += '\n';
  }
  for (const auto& [key, lines] : versions) {
    seeds.add("merge", lines);
  }
}

void add_written(Seeds& seeds) {
  for (const std::string_view raw : kWrittenWorks) {
    add_work(seeds, raw);
    std::string lines = "0" + std::string{raw} + "\n";
    lines += "1" + std::string{raw.substr(0, raw.size() - 1)} + R"(,"title":"u"})" + "\n";
    lines += "1" + std::string{raw.substr(0, raw.size() - 1)};
    lines += R"(,"meta_data":{"views":"7"},"tags":[{"name":"z","provider":"q"}],"creator":null})";
    seeds.add("merge", lines);
  }
  for (const std::string_view value : kEnvelopes) {
    seeds.add("raw_record", value);
  }
  for (const std::string_view line : kLines) {
    seeds.add("tsv_line", line);
  }
  for (const std::string_view reply : kBulkReplies) {
    seeds.add("bulk_response", reply);
  }
  for (const std::string_view target : kTargets) {
    seeds.add("api_request", target);
  }
}

}  // namespace
}  // namespace freshet::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds FOLDER\n", stderr);
    return 2;
  }
  freshet::fuzz::Seeds seeds{argv[1]};
  freshet::fuzz::add_generated(seeds);
  freshet::fuzz::add_written(seeds);
  return 0;
}
