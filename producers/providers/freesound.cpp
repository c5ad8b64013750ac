#include <cmath>
#include <unordered_map>

#include "core/text.hpp"
#include "producers/file_size.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr const char* kFields =
    "id,url,name,tags,description,created,license,type,download,filesize,bitrate,bitdepth,duration,"
    "samplerate,pack,username,num_downloads,avg_rating,num_ratings,geotag,previews";

/// The preview that is played: its name and bits a second.
constexpr const char* kPreview = "preview-hq-mp3";
constexpr int kPreviewBitRate = 128'000;

constexpr std::size_t kMaxPacks = 1'024;

// Rates come as numbers with fractions.
json::value whole(const json::value& number, double unit) {
  constexpr double kLargest = 9e15;  // what a double counts one by one
  if (!number.is_number()) {
    throw WrongShape{"a rate is expected"};
  }
  const double result = std::trunc(number.to_number<double>()) * unit;
  return std::abs(result) <= kLargest ? json::value(static_cast<std::int64_t>(result))
                                      : json::value(nullptr);
}

// What was uploaded; only those who are logged in can get it.
json::array original_of(const json::value& sound) {
  return {json::object{{"url", member(sound, "download")},
                       {"bit_rate", whole(member(sound, "bitrate"), 1'000)},
                       {"sample_rate", whole(member(sound, "samplerate"), 1)},
                       {"filetype", member(sound, "type")},
                       {"filesize", member(sound, "filesize")}}};
}

// Nothing is nothing, but a count of 0 is one: a new sound has a popularity, too.
json::object meta_data_of(const json::value& sound) {
  json::object meta_data;
  for (const char* name :
       {"description", "num_downloads", "avg_rating", "num_ratings", "geotag", "download"}) {
    const json::value& value = member(sound, name);
    const bool is_count = value.is_number() && std::string_view{name}.starts_with("num_");
    if (is_count || !is_empty(value)) {
      meta_data.emplace(name, value);
    }
  }
  return meta_data;
}

/// Sounds by pages of 150. The preview is the work: its size is asked for by HEAD, and the pack
/// that a sound belongs to once for all of its sounds.
///
/// @source Freesound API v2, "Text Search", "Pack Instance".
class Freesound final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "freesound",
        .title = "Freesound",
        .providers = {{MediaType::audio, "freesound"}},
        .hosts = {"freesound.org", "cdn.freesound.org"},
        .endpoint = "https://freesound.org/apiv2/search/text",
        .answer = {.list = "/results", .holds = {"/count"}},
        .schedule = "quarterly",
        .dated = Dated::optional,
        .delay = std::chrono::seconds{5},
        .headers = {{"accept", "application/json"}},
        .credential = Credential{.original_name = "API_KEY_FREESOUND",
                                 .place = Credential::Place::header,
                                 .name = "authorization",
                                 .prefix = "Token "},
        .fixed_values = {{"filetype", "mp3"}},
        .batch_limit = 150,
        .notes =
            "With a date, only what was uploaded since that day. Each sound takes a HEAD request "
            "for the size of its preview, each pack one for its name. Pages behind the last one "
            "are answered 404. Popularity metric: `meta_data.num_downloads`."};
    return kSpec;
  }

  // `next` alone ends nothing while the list has sounds: one page more costs one request.
  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      const std::string from = run.date ? *run.date + "T00:00:00Z" : "*";
      return Params{{"format", "json"},
                    {"query", ""},
                    {"page_size", std::to_string(run.batch_limit)},
                    {"page", "1"},
                    {"filter", "created:[" + from + " TO NOW]"},
                    {"fields", kFields}};
    }
    const json::value& body = previous->body;
    if (!body.is_null() && is_empty(value_at(body, "/results")) &&
        is_empty(value_at(body, "/next"))) {
      return std::nullopt;
    }
    const auto page = param_number(previous->params, "page", 1) + 1;
    return with_param(previous->params, "page", std::to_string(page));
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    auto reply = Provider::fetch_page(fetch, params);
    if (reply || !is_gone(reply.error()) || param_number(params, "page", 1) <= 1) {
      return reply;
    }
    return Reply{params, spec().endpoint, {{"results", json::array{}}, {"next", nullptr}}, {}};
  }

  // A sound that was just taken down is a null in the list.
  std::vector<const json::value*> items(const Reply& reply) const override {
    auto all = Provider::items(reply);
    std::erase_if(all, [](const json::value* item) { return item->is_null(); });
    return all;
  }

  void expand(const json::value& sound, Fetch& fetch, Emit& emit) override {
    const json::value& url = member(object_or_empty(sound, "previews"), kPreview);
    if (const auto reason = reason_to_drop(sound, url)) {
      return emit.drop(*reason);
    }
    json::object fields{{"foreign_identifier", member(sound, "id")},
                        {"foreign_landing_url", member(sound, "url")},
                        {"url", url},
                        {"license_url", member(sound, "license")},
                        {"title", member(sound, "name")},
                        {"meta_data", meta_data_of(sound)},
                        {"tags", member(sound, "tags")},
                        {"duration", milliseconds(length_of(sound))},
                        {"bit_rate", kPreviewBitRate},
                        {"set_url", member(sound, "pack")},
                        {"alt_files", original_of(sound)}};
    add_creator(sound, fields);
    const auto size = file_size(fetch, required_text(url));
    if (!size) {
      return emit.no_detail(size.error());
    }
    if (!*size) {
      return emit.drop(ProducerDrop::no_file_size);
    }
    fields["filesize"] = **size;
    if (const json::value& pack = member(sound, "pack"); !is_empty(pack)) {
      if (!pack.is_string()) {
        throw WrongShape{"'pack' is no address"};
      }
      const auto found = pack_at(std::string{pack.get_string()}, fetch);
      if (!found) {
        return emit.reject(found.error());
      }
      fields["audio_set_foreign_identifier"] = found->id;
      fields["audio_set"] = found->name;
    }
    emit.record(MediaType::audio, std::move(fields));
  }

 private:
  struct Pack {
    json::value id;
    json::value name;
  };

  // Before the request for the size, which would be wasted.
  static std::optional<ProducerDrop> reason_to_drop(const json::value& sound,
                                                    const json::value& url) {
    if (is_empty(member(sound, "id"))) {
      return ProducerDrop::missing_foreign_identifier;
    }
    if (is_empty(member(sound, "url"))) {
      return ProducerDrop::missing_foreign_landing_url;
    }
    if (is_empty(url)) {
      return ProducerDrop::missing_url;
    }
    return is_empty(member(sound, "license")) ? std::optional{ProducerDrop::no_license}
                                              : std::nullopt;
  }

  static const json::value& length_of(const json::value& sound) {
    const json::value& seconds = member(sound, "duration");
    if (seconds.is_null()) {
      throw WrongShape{"'duration' is missing"};
    }
    return seconds;
  }

  static void add_creator(const json::value& sound, json::object& fields) {
    if (const auto name = scalar_at(sound, "username")) {
      const std::string creator{trim_space(*name)};
      fields["creator"] = creator;
      fields["creator_url"] =
          replace_all("https://freesound.org/people/" + creator + "/", " ", "%20");
    }
  }

  // A pack that is gone has no name; its sounds are still there.
  Result<Pack> pack_at(const std::string& url, Fetch& fetch) {
    if (const auto known = packs_.find(url); known != packs_.end()) {
      return known->second;
    }
    static const Judge kIsPack = must_hold({.holds = {"/id"}});
    const auto answer = fetch.find(url, {}, kIsPack);
    if (!answer) {
      return answer.error();
    }
    Pack pack;
    if (*answer) {
      pack = {member(**answer, "id"), member(**answer, "name")};
    }
    if (packs_.size() >= kMaxPacks) {
      packs_.clear();
    }
    return packs_.emplace(url, pack).first->second;
  }

  std::unordered_map<std::string, Pack> packs_;
};

}  // namespace

std::unique_ptr<Provider> freesound() { return std::make_unique<Freesound>(); }

}  // namespace freshet
