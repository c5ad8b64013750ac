// Writes the first inputs of every fuzzer below a folder, one sub-folder per target. Most are made
// from generated sightings; what those do not have is written out here.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "processors/stages/dedupe/seen_entries.hpp"
#include "processors/stages/dedupe/update.hpp"
#include "processors/state/record_codec.hpp"
#include "producers/registry.hpp"
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

// Replies of each provider; reply_fuzz.cpp says how they are put together.
struct WrittenReply {
  std::string_view provider;
  std::string_view content_type;
  std::string_view bodies;
};
constexpr WrittenReply kReplies[] = {
    {"jamendo", "application/json; charset=utf-8",
     R"({"headers":{"status":"success","code":0,"results_count":1},"results":[{"id":"7","name":"Ti\ud83dde","shareurl":"https://www.jamendo.com/track/7","audio":"https://mp3d.jamendo.com/?trackid=7&format=mp32&from=t","duration":61,"image":"https://u.jamendo.com?id=3","license_ccurl":"http://creativecommons.org/licenses/by/3.0/","artist_name":" B ","artist_id":"5","artist_idstr":"b","album_name":"Low / High","album_id":"3","album_image":"https://u.jamendo.com?id=3&trackid=7","position":2,"releasedate":"2026-01-02","lyrics":"","audiodownload_allowed":false,"stats":{"rate_downloads_total":NaN,"rate_listened_total":null},"musicinfo":{"vocalinstrumental":"vocal","gender":"","speed":"low","tags":{"genres":["folk"],"instruments":["harp"],"vartags":["calm"]}}}]})"},
    {"metropolitan_museum", "application/json",
     "{\"total\":1,\"objectIDs\":[437133]}\x1E"
     R"({"objectID":437133,"isPublicDomain":true,"primaryImage":"https://images.metmuseum.org/a/DP1.jpg","additionalImages":["https://images.metmuseum.org/a/b c.jpg"],"department":"E","objectName":"P","title":"","artistDisplayName":"A","accessionNumber":"1.2","objectURL":"https://www.metmuseum.org/art/437133","tags":[{"term":"Men"}]})"},
    {"science_museum", "application/json;charset=iso-8859-1",
     R"({"data":[{"id":"co1","links":{"self":"https://c.org/o/co1"},"attributes":{"summary_title":"T","lifecycle":{"creation":[{"maker":[{"summary_title":"M"}]}]},"identifier":[{"value":"1"}],"legal":{"credit_line":"c"},"multimedia":[{"admin":{"uid":"i1"},"source":{"legal":{"rights":[{"usage_terms":"CC BY-NC-SA 4.0"}]}},"processed":{"large":{"location":"1/2.jpg","format":"jpeg","measurements":{"dimensions":[{"dimension":"width","units":"pixels","value":1e400}]}}}}]}}],"links":{"next":null,"self":"x"},"meta":{"count":1}})"},
    {"science_museum", "application/json", R"({"data":[{"id":"co2","links":{"self":"https://c.org/o/co2"},"attributes":{"title":[{"value":"T"}],"creation":{"maker":[{"summary":{"title":"M"}}]},"multimedia":[{"@admin":{"uid":"i2"},"legal":{"rights":[{"licence":"CC-BY-NC-ND 4.0"}]},"@processed":{"medium":{"location":"https://c.org/2.jpg","measurements":{"filesize":{"value":5}}}}}]}}],"links":{"next":"x"}})"},
    {"wikimedia_commons", "application/json",
     R"({"continue":{"gucontinue":"a|1","continue":"||imageinfo"},"query":{"pages":{"1":{"pageid":1,"title":"File:B.svg","globalusage":[{"wiki":"a"}],"imageinfo":[{"mediatype":"DRAWING","url":"https://u.org/B.svg","descriptionshorturl":"https://c.org/1","size":9,"width":3,"height":4,"extmetadata":{"LicenseUrl":{"value":"https://creativecommons.org/licenses/by/4.0"},"ObjectName":{"value":"File:B.SVG.png"},"Artist":{"value":"<style>.a{}</style><a href=\"//c.org/A\">A</a>"},"ImageDescription":{"value":"<div>A<br>map</div>"},"Categories":{"value":"a|b"}}}]}}}})"
     "\x1E"
     R"({"batchcomplete":"","continue":{"gaicontinue":"2|b","continue":"gaicontinue||"},"query":{"pages":{"1":{"pageid":1,"globalusage":[{"wiki":"b"}]},"3":{"pageid":3,"title":"File:D.ogg","imageinfo":[{"mediatype":"AUDIO","url":"https://u.org/D.ogg","duration":1.5,"descriptionshorturl":"https://c.org/3","metadata":[{"name":"streams","value":[{"name":1,"value":[{"name":"header","value":[{"name":"audio_channels","value":2},{"name":"bitrate_nominal","value":4294967295}]}]}]}],"extmetadata":{"ObjectName":{"value":"D.ogg"},"Artist":{"value":"<!-- -->"}}}]}}}})"},
};

// Key, header `version`, value.
constexpr std::string_view kPolicies[] = {
    "sensitive_terms\n17\n"
    R"({"version":1790000000000,"at":"2026-11-21T00:19:33.000Z","by":"me","why":"so","rule":{"terms":["a b","c"]}})",
    "hidden_tags\n\n"
    R"({"version":1,"at":"2026-11-21T00:19:33Z","by":"me","why":"so","rule":{"names":["A"],"parts":["b="],"providers":["c"],"least_accuracy":0.9}})",
    "source:met\n-1\n"
    R"({"version":2,"at":"2026-11-21T00:19:33Z","by":"me","why":"so","rule":{"hidden":true}})",
    "popularity:image:flickr\n9223372036854775807\n"
    R"({"version":2,"at":"2026-11-21T00:19:33Z","by":"me","why":"so","rule":{"metric":"views","percentile":0.85,"value":3e1,"constant":5.3,"works":9}})",
    "removal:image:met\n\n"
    R"({"version":2,"at":"2026-11-21T00:19:33Z","by":"me","why":"so","rule":{"approved_before":"2026-11-20T00:00:00Z","refused_before":null,"held":{"started_at":"2026-11-21T00:00:00Z","known":10,"missing":9,"refused_sightings":true}}})",
    "image:met:1|takedown\n\n"
    R"({"work_key":"image:met:1","kind":"takedown","active":false,"decision_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","history":[{"at":"2026-11-21T00:19:33.000Z","decision_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11","action":"takedown","by":"me","why":"so"},{"at":"2026-11-21T00:19:34.000Z","decision_id":"0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f12","action":"undo","by":"me","why":"\"\u00e9"}]})",
};

constexpr std::string_view kClaims[] = {
    "+0123456789abcdef0123456789abcdef|image:met:1\n"
    R"({"created_on":"2026-11-21T00:19:33.000Z"})"
    "\n0123456789abcdef0123456789abcdef|image:flickr:2\n"
    R"({"created_on":"2026-11-20T00:19:33.000Z","answer":true})"
    "\n0123456789abcdef0123456789abcdef|image:flickr:2\n\n",
    "!0123456789abcdef0123456789abcdef|image:met:1\n"
    R"({"answer":true,"created_on":"2026-11-21 00:19:33+01:00"})"
    "\n0123456789abcdef0123456789abcdef|image:met:0\n"
    R"({"created_on":"2026-11-21T00:19:33.000Z"})"
    "\n0123456789abcdef0123456789abcdef|image:met:1\n",
    "+image:met:1|0123456789abcdef0123456789abcdef\n"
    R"({"owner":"image:flickr:2"})",
};

constexpr std::string_view kTotals[] = {
    "process:met:0\n"
    R"({"received":12,"created":9,"dropped":{"no_open_license":3},"works":{"live":-2}})",
    "run.image:flickr:0\n"
    R"({"counted":1,"known":10,"missing":9,"refused_ms":0,"started_ms":1790000000000})"
    "\nrun.image:flickr:0\n"
    R"({"counted":1,"known":9223372036854775807,"missing":-1,"refused_ms":1,"started_ms":9223372036854775807})",
    "popularity.image.0:flickr:0\n"
    R"({"views":{"0":2,"7":9223372036854775807,"8":-9223372036854775808}})"
    "\npopularity.image.56:flickr:0\n"
    R"({"views":{"0":0,"127":1}})"
    "\npopularity.image.0:flickr:0\n{}",
};

// A page of a site, a WAT record, and a page's own record; crawl_fuzz.cpp says what the first byte
// means.
constexpr std::string_view kCrawlPage =
    "<html><head><meta property='og:image' content='https://svgsilh.com/png/1.png'><link "
    "rel='canonical' href='https://www.geograph.org.uk/photo/7'></head><body><div id='mainphoto' "
    "class='image'><img class='resource image' src='https://s/7.jpg' width='4' height='3' alt='' "
    "data-width='1' data-height='2' title='t'></div><a rel='license' about='https://s/7.jpg' "
    "href='https://creativecommons.org/licenses/by/4.0/'>c</a><h1 class='vo'>M1 | T</h1></body>";
constexpr std::string_view kWatJson =
    R"({"Container":{"Filename":"f.warc.gz","Offset":"10","Gzip-Metadata":{"Deflate-Length":"20"}},"Envelope":{"WARC-Header-Metadata":{"WARC-Type":"response","WARC-Target-URI":"http://a.org/b?c"},"Payload-Metadata":{"HTTP-Response-Metadata":{"HTML-Metadata":{"Links":[{"path":"A@/href","url":"http://creativecommons.org/licenses/by/3.0/"},{"path":"IMG@/src","url":"/a.png"}]}}}}})";

std::string warc_text(std::string_view type, std::string_view content) {
  return "WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2024-02-20T22:13:07Z\r\nContent-Type: " +
         std::string{type} + "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
         std::string{content} + "\r\n\r\n";
}

// source_fuzz.cpp: a declaration, an answer of OAI-PMH, a manifest, a statement of rights.
constexpr std::string_view kSources[] = {
    "0[provider]\ncommand='n'\nendpoint='https://a.org/'\n[paging]\nkind='page'\nparameter='p'\n"
    "[let]\nx={first=['/a','/b'],having='/u'}\n[license]\nslug='cc0'\nversion='1.0'\n[fields]\n"
    "foreign_identifier='/id'\nforeign_landing_url={template='https://a.org/{/id|path}'}\nurl='$x/"
    "u'\n",
    "1<record><dc><identifier>https://a.org/1.jpg</identifier><rights>CC BY 4.0</rights></dc>"
    "<RDF><Aggregation about='x'><isShownBy resource='https://a.org/2.jpg'/></Aggregation></RDF>"
    "<mods><location><url access='raw object'>https://a.org/3.jpg</url></location></mods></record>",
    R"(2{"id":"https://a.org/m","type":"Manifest","label":{"en":["T"]},"items":[{"items":[{"items":[{"body":{"id":"https://a.org/i.jpg","type":"Image","service":[{"id":"https://a.org/i","type":"ImageService3"}]}}]}]}],"rights":"https://creativecommons.org/licenses/by/4.0/"})",
    R"(2{"@id":"https://a.org/m","@type":"sc:Manifest","sequences":[{"canvases":[{"images":[{"resource":{"@id":"https://a.org/i.jpg","service":{"@id":"https://a.org/i","@context":"http://iiif.io/api/image/2/context.json"}}}]}]}],"metadata":[{"label":"Artist","value":[{"@value":"A"}]}]})",
    "3Attribution-NonCommercial-ShareAlike 4.0 International"};

void add_crawl(Seeds& seeds) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + std::string{kCrawlPage};
  seeds.add("crawl",
            "0" + warc_text("application/json", kWatJson) + warc_text("application/http", answer));
  for (unsigned char site = 0; site < 13; ++site) {
    // 130 and 195 are multiples of 13 in the ranges of records and of pages.
    seeds.add("crawl", static_cast<char>(130 + site) + warc_text("application/http", answer));
    seeds.add("crawl", static_cast<char>(195 + site) + std::string{kCrawlPage});
  }
  for (const std::string_view source : kSources) {
    seeds.add("source", source);
  }
}

void add_state(Seeds& seeds) {
  const auto words = [](std::initializer_list<std::uint64_t> list) {
    std::string bytes;
    for (const std::uint64_t word : list) {
      bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    return bytes;
  };
  // As table_file.cpp writes it: magic, partition, four positions, count, whether it is complete.
  const std::string header = words({0x32656c6261746674, 0, 5, 6, 7, 8, 2, 1});
  const std::string entries = words({1, 2, 1'790'000'000'000'000ULL << 12U | 7U, ~0ULL, 3, ~0ULL});
  seeds.add("state", "t" + header + entries);
  seeds.add("state", "t" + words({0x32656c6261746674, 0, 5, 6, 7, 8, 0, 0}));
  seeds.add("state", "T" + header + entries + words({0}));
  for (const std::string_view text :
       {"12 0 9223372036854775807 1790000000000", "7 9", "done 17", "from 2 17image:met:1"}) {
    seeds.add("state", text);
  }
  RecordCodec codec;
  seeds.add("state", "r" + std::string{codec.pack(kWrittenWorks[0])});
  seeds.add("state", "r" + std::string{codec.pack("{}")});
}

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
    seeds.add("known_record", "\n" + *record);
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

void add_reply(Seeds& seeds, std::string_view provider, std::string_view content_type,
               std::string_view bodies) {
  const auto& all = providers();
  const auto found = std::ranges::find(all, provider, &RegisteredProvider::command);
  require(found != all.end(), "a seed names a provider that there is", provider);
  // Any byte that is its number modulo theirs; digits are read with ease.
  const auto number = static_cast<std::size_t>(found - all.begin());
  const auto digit = static_cast<char>('0' + (number + all.size() - '0' % all.size()) % all.size());
  seeds.add("reply", digit + std::string{content_type} + "\n" + std::string{bodies});
}

// The hand-written conversations of each provider (tests/fixtures/README.md).
void add_fixtures(Seeds& seeds, const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    std::ifstream in{entry.path(), std::ios::binary};
    const auto document = parse_json(std::string{std::istreambuf_iterator<char>{in}, {}});
    require(document.has_value(), "a fixture is JSON", entry.path().string());
    if (const json::object* const files = value_at(*document, "/files").if_object()) {
      for (const auto& [name, lines] : *files) {
        std::string text;
        for (const json::value& line : lines.as_array()) {
          text.append(line.as_string()).append("\n");
        }
        seeds.add("tsv_line", text);
      }
      continue;  // nothing that is asked for by requests
    }
    std::string bodies;
    for (const json::value& exchange : value_at(*document, "/exchanges").as_array()) {
      bodies += bodies.empty() ? "" : "\x1E";
      bodies += text_at(exchange, "/body_text").value_or("");
      if (const json::value* body = exchange.as_object().if_contains("body")) {
        bodies += to_json(*body);
      }
    }
    add_reply(seeds, entry.path().parent_path().filename().string(), "application/json", bodies);
  }
}

constexpr std::string_view kUsageEvents[] = {
    R"({"event_id":"5b0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e","type":"SELECT_SEARCH_RESULT","occurred_at":"2026-11-30T12:00:00.000Z","received_at":"2026-11-30T12:00:00.412Z","agent":"mobile","origin":"web","session_id":"0d4a7b7e-2f6f-4f8e-9d55-3e0f8a1b2c3d","search_id":"c0a8012e-7c1b-4c39-9b2e-0d6a4d1f5a10","query":"owl","media_type":"image","filters":{"license":["cc0","pdm"]},"result_id":"3f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10","rank":4,"page":1,"source":"met","payload":{"kind":"search","mediaType":"image"}})",
    R"({"event_id":"7c0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e","type":"SEARCH_EVENT","occurred_at":"2026-11-30T12:00:00.000Z","received_at":"2026-11-30T12:00:00.000Z","agent":"program","origin":"api","query":"owl","media_type":"image","payload":{"resultsCount":0,"elapsedTime":14}})",
    R"({"event_id":"5b0f6f0e-6f0c-4f5e-8f0a-0a4e1c1b2d3e","type":"IMPRESSION","occurred_at":"2026-11-21T00:00:00Z","payload":{"results":[{"id":"3f0c2a52-7c1b-4c39-9b2e-0d6a4d1f5a10","rank":0}],"width":1280}})",
};

void add_written(Seeds& seeds) {
  for (const std::string_view event : kUsageEvents) {
    seeds.add("usage_event", event);
  }
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
  for (const WrittenReply& reply : kReplies) {
    add_reply(seeds, reply.provider, reply.content_type, reply.bodies);
  }
  for (const std::string_view target : kTargets) {
    seeds.add("api_request", target);
  }
  for (const std::string_view message : kPolicies) {
    seeds.add("policy", message);
  }
  for (const std::string_view messages : kClaims) {
    seeds.add("claims", messages);
  }
  for (const std::string_view messages : kTotals) {
    seeds.add("totals", messages);
  }
  add_crawl(seeds);
  add_state(seeds);
  // A record of the work that `known_record` has events of, and what was seen of it since.
  constexpr std::string_view kMet =
      R"({"media_type":"image","provider":"met","foreign_identifier":"1","foreign_landing_url":"https://l.org","url":"https://u.org/a.jpg","license":"by","license_version":"4.0","title":"old","tags":["t"]})";
  std::string key;
  if (const auto record = record_of(kMet, key)) {
    std::string seen;
    append_seen_entry(seen, {1, content_hash(kMet, kRulesVersion), UtcTime{1'790'000'000'000'001}});
    seeds.add("known_record", seen + "\n" + *record);
    seeds.add("known_record", "\n" + record->substr(0, record->size() / 2));
  }
}

}  // namespace
}  // namespace freshet::fuzz

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: fuzz_seeds FOLDER FIXTURES\n", stderr);
    return 2;
  }
  freshet::fuzz::Seeds seeds{argv[1]};
  freshet::fuzz::add_generated(seeds);
  freshet::fuzz::add_written(seeds);
  freshet::fuzz::add_fixtures(seeds, argv[2]);
  return 0;
}
