#include "producers/providers/wikimedia_commons.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/text.hpp"
#include "producers/html.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace wikimedia_rules {

std::string title_of(std::string_view name) {
  if (name.starts_with("File:")) {
    name.remove_prefix(5);
  }
  const std::string lower = lower_case(name);
  for (const std::string_view extension : {".png", ".jpg", ".jpeg", ".ogg", ".wav"}) {
    if (lower.ends_with(extension) && name.size() > extension.size()) {
      name.remove_suffix(extension.size());
      break;
    }
  }
  return std::string{name};
}

Creator creator_of(const json::value& artist) {
  if (is_empty(artist)) {
    return {};
  }
  const auto content = read_html(required_text(artist));
  if (!content) {
    return {};
  }
  Creator creator;
  if (const std::string_view name = trim_space(content->text); !name.empty()) {
    creator.name = name;
  }
  if (!content->links.empty()) {
    creator.url = content->links.front();
  }
  return creator;
}

}  // namespace wikimedia_rules

namespace {

constexpr const char* kEndpoint = "https://commons.wikimedia.org/w/api.php";
constexpr const char* kProp = "imageinfo|globalusage";
constexpr const char* kPropWithoutUsage = "imageinfo";
constexpr const char* kImageInfo = "url|user|dimensions|extmetadata|mediatype|size|metadata";
constexpr const char* kImageInfoWithoutMetadata = "url|user|dimensions|extmetadata|mediatype|size";

/// Answers without progress in the list of files after which a batch is given up: one file with a
/// hundred thousand uses, or endless stream data, would hold the whole day.
constexpr int kMaxWithoutProgress = 100;
constexpr int kMaxRequestsPerBatch = 10'000;

constexpr double kMaxBitRate = 2'147'483'647;

std::string text_of(const json::value& object, std::string_view name) {
  const json::string* text = member(object, name).if_string();
  return text == nullptr ? std::string{} : std::string{*text};
}

// Members of a later answer win; lists of uses are put together.
void merge_page(json::object& page, const json::object& later) {
  for (const auto& [name, value] : later) {
    json::value* present = page.if_contains(name);
    if (present != nullptr && name == "globalusage" && present->is_array() && value.is_array()) {
      json::array& uses = present->get_array();
      uses.insert(uses.end(), value.get_array().begin(), value.get_array().end());
    } else {
      page[name] = value;
    }
  }
}

json::object* pages_of(json::value& body) {
  json::object* root = body.if_object();
  json::value* query = root == nullptr ? nullptr : root->if_contains("query");
  json::object* query_object = query == nullptr ? nullptr : query->if_object();
  json::value* pages = query_object == nullptr ? nullptr : query_object->if_contains("pages");
  return pages == nullptr ? nullptr : pages->if_object();
}

void merge_answer(json::value& body, json::value later) {
  json::object* pages = pages_of(body);
  json::object* later_pages = pages_of(later);
  if (pages == nullptr) {
    body = std::move(later);
    return;
  }
  if (later_pages == nullptr) {
    return;
  }
  for (const auto& [id, page] : *later_pages) {
    json::value* present = pages->if_contains(id);
    if (present != nullptr && present->is_object() && page.is_object()) {
      merge_page(present->get_object(), page.get_object());
    } else {
      (*pages)[id] = page;
    }
  }
}

json::object take_continue(json::value& body) {
  json::object* root = body.if_object();
  json::value* token = root == nullptr ? nullptr : root->if_contains("continue");
  json::object result =
      token != nullptr && token->is_object() ? token->get_object() : json::object{};
  if (root != nullptr) {
    root->erase("continue");
  }
  return result;
}

// The next batch starts at the same file, without the property that could not be read to its end.
Result<json::object> give_up(const json::object& token) {
  json::object next;
  if (token.contains("gucontinue")) {
    next["prop"] = kPropWithoutUsage;
  }
  if (token.contains("iicontinue")) {
    next["iiprop"] = kImageInfoWithoutMetadata;
  }
  if (next.empty()) {
    return Error{Errc::malformed_payload, Retry::never,
                 std::string{kEndpoint} + ": the list does not go on"};
  }
  if (const json::value* position = token.if_contains("gaicontinue")) {
    next["gaicontinue"] = *position;
  }
  const std::string kept = text_of(token, "continue");
  next["continue"] = kept.substr(0, kept.find("||")) + "||";
  return next;
}

// Value of the entry of that name in a list of {"name", "value"}; null where there is none.
const json::value& entry(const json::value& list, std::string_view name) {
  static const json::value kNone;
  const json::value* found = &kNone;
  for (const json::value& candidate : elements(list)) {
    const json::value& its_name = required_member(candidate, "name");
    if (found == &kNone && its_name.is_string() && its_name.get_string() == name) {
      found = &member(candidate, "value");
    }
  }
  return *found;
}

const json::value& first_entry(const json::value& list,
                               std::initializer_list<std::string_view> names) {
  static const json::value kNone;
  for (const std::string_view name : names) {
    if (const json::value& value = entry(list, name); !is_empty(value)) {
      return value;
    }
  }
  return kNone;
}

// Properties of an audio file's first stream: Ogg has them in `streams` › `header`, WAV in `audio`
// › `streams`.
const json::value& stream_data(const json::value& info) {
  static const json::value kNone;
  const json::value& metadata = member(info, "metadata");
  const json::value* streams = &entry(metadata, "streams");
  if (is_empty(*streams)) {
    streams = &entry(entry(metadata, "audio"), "streams");
  }
  const auto list = elements(*streams);
  if (list.empty()) {
    return kNone;
  }
  const json::value& first = member(list.front(), "value");
  const json::value& header = entry(first, "header");
  return is_empty(header) ? first : header;
}

json::array categories_of(const json::value& value) {
  json::array result;
  const std::string all = value.is_null() ? std::string{} : required_text(value);
  std::string_view rest = all;
  for (;;) {
    const auto bar = rest.find('|');
    result.emplace_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) {
      return result;
    }
    rest.remove_prefix(bar + 1);
  }
}

bool names_pronunciation(const json::array& categories) {
  return std::any_of(categories.begin(), categories.end(), [](const json::value& category) {
    return lower_case(category.get_string()).find("pronunciation") != std::string::npos;
  });
}

std::optional<MediaType> media_type_of(const json::value& info) {
  const std::string name = text_of(info, "mediatype");
  if (name == "BITMAP" || name == "DRAWING") {
    return MediaType::image;
  }
  return name == "AUDIO" ? std::optional{MediaType::audio} : std::nullopt;
}

/// Files uploaded on a day, by the API's own list of files in order of time.
///
/// A batch of 250 files takes as many requests as the API needs to tell all their uses and stream
/// data (`batchcomplete`); the answers are merged by page.
///
/// @source  MediaWiki Action API, "Allimages", "Imageinfo", "Globalusage", "Continue"; seen
/// 2026-11.
class WikimediaCommons final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "wikimedia_commons",
        .title = "Wikimedia Commons",
        .providers = {{MediaType::image, "wikimedia"}, {MediaType::audio, "wikimedia_audio"}},
        .hosts = {"commons.wikimedia.org"},
        .endpoint = kEndpoint,
        .schedule = "daily",
        .dated = Dated::yes,
        .batch_limit = 250,
        .notes =
            "Each reply holds `batchcomplete` or `continue`; a day without files has no `query`. "
            "Popularity metric: `meta_data.global_usage_count`. Files in the public domain "
            "without a licence URL are dropped by clean. Coordinates are not stored, as in the "
            "batch original."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      const UtcTime day = *parse_date(*run.date);
      const auto seconds = day.millis() / 1000;
      return Params{{"action", "query"},
                    {"generator", "allimages"},
                    {"gaisort", "timestamp"},
                    {"gaidir", "newer"},
                    {"gailimit", std::to_string(run.batch_limit)},
                    {"gulimit", std::to_string(run.batch_limit)},
                    {"gunamespace", "0"},
                    {"format", "json"},
                    {"gaistart", std::to_string(seconds)},
                    {"gaiend", std::to_string(seconds + 86'400)},
                    {"prop", kProp},
                    {"iiprop", kImageInfo}};
    }
    const json::value& token = value_at(previous->body, "/continue");
    if (is_empty(token)) {
      return std::nullopt;
    }
    const auto continued = params_from_json(token);
    if (!continued) {
      return std::nullopt;
    }
    // A batch starts with all properties, but for those that `give_up` takes away in its token.
    Params params = without_token(previous->params);
    set_param(params, "prop", kProp);
    set_param(params, "iiprop", kImageInfo);
    return overlay(std::move(params), *continued);
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    const Params base = without_token(params);
    Params request = params;
    Reply reply;
    std::unordered_set<std::string> positions;  // in the list of files, those that came up
    int without_progress = 0;
    for (int i = 0; i < kMaxRequestsPerBatch; ++i) {
      auto answer = fetch.get_with_headers(kEndpoint, request, judge());
      if (!answer) {
        return answer.error();
      }
      json::object token = take_continue(answer->first);
      const bool is_complete =
          answer->first.is_object() && answer->first.get_object().contains("batchcomplete");
      if (i == 0) {
        reply.body = std::move(answer->first);
      } else {
        merge_answer(reply.body, std::move(answer->first));
      }
      if (is_complete || token.empty()) {
        return finished(std::move(reply), params, std::move(token));
      }
      // A position that comes back is no progress either: two answers in turn would never end.
      const bool is_new = positions.insert(text_of(token, "gaicontinue")).second;
      without_progress = is_new ? 1 : without_progress + 1;
      if (without_progress >= kMaxWithoutProgress) {
        auto next_token = give_up(token);
        if (!next_token) {
          return next_token.error();
        }
        return finished(std::move(reply), params, std::move(*next_token));
      }
      const auto continued = params_from_json(token);
      if (!continued) {
        return continued.error();
      }
      request = overlay(base, *continued);
    }
    return Error{Errc::malformed_payload, Retry::never,
                 std::string{kEndpoint} + ": a batch of more than 10,000 answers"};
  }

  // A batch is complete or goes on: each reply says which. A day without files has no `query`.
  std::optional<std::string> fault_of(const json::value& body) const override {
    if (auto fault = Provider::fault_of(body)) {
      return fault;
    }
    const json::object* root = body.if_object();
    if (root == nullptr) {
      return "the reply is no object";
    }
    const bool is_complete = root->contains("batchcomplete");
    const json::value& token = value_at(body, "/continue");
    if (!is_complete && (!token.is_object() || is_empty(token))) {
      return "it has neither 'batchcomplete' nor 'continue'";
    }
    if (!token.is_null() && !params_from_json(token)) {
      return "'continue' is no set of parameters";
    }
    const json::value& query = value_at(body, "/query");
    const json::value& pages = value_at(body, "/query/pages");
    const bool is_empty_list = is_empty(query) || (query.is_object() && is_empty(pages));
    return is_empty_list || pages.is_object()
               ? std::nullopt
               : std::optional<std::string>{"'query/pages' holds no pages"};
  }

  std::vector<const json::value*> items(const Reply& reply) const override {
    std::vector<const json::value*> result;
    if (const json::object* pages = value_at(reply.body, "/query/pages").if_object()) {
      for (const auto& [id, page] : *pages) {
        result.push_back(&page);
      }
    }
    return result;
  }

  void expand(const json::value& page, Fetch& /*fetch*/, Emit& emit) override {
    const auto infos = elements(member(page, "imageinfo"));
    if (infos.empty()) {
      return emit.drop(ProducerDrop::missing_url);
    }
    const json::value& info = infos.front();
    const auto media_type = media_type_of(info);
    if (!media_type) {
      return emit.drop(ProducerDrop::unsupported_media_type);
    }
    const json::value& extra = object_or_empty(info, "extmetadata");
    const json::value license_url = extended(extra, "LicenseUrl");
    const auto creator = wikimedia_rules::creator_of(extended(extra, "Artist"));
    const json::array categories = categories_of(extended(extra, "Categories"));
    const json::value& url = member(info, "url");
    json::object fields{
        {"foreign_identifier", member(page, "pageid")},
        {"foreign_landing_url", member(info, "descriptionshorturl")},
        {"url", url},
        {"license_url", license_url.is_null()
                            ? json::value(nullptr)
                            : json::value(trim_space(required_text(license_url)))},
        {"title", wikimedia_rules::title_of(name_of(info, extra))},
        {"filesize", member(info, "size")},
        {"creator", creator.name ? json::value(*creator.name) : json::value(nullptr)},
        {"creator_url", creator.url ? json::value(*creator.url) : json::value(nullptr)}};
    if (!is_empty(url)) {
      const std::string text = required_text(url);
      fields["filetype"] = text.substr(text.rfind('.') + 1);
    }
    json::object meta_data = meta_data_of(page, extra, categories);
    switch (*media_type) {
      case MediaType::image:
        add_image_fields(info, fields);
        break;
      case MediaType::audio:
        add_audio_fields(info, categories, fields, meta_data);
        break;
    }
    fields["meta_data"] = std::move(meta_data);
    emit.record(*media_type, std::move(fields));
  }

 private:
  // `continue`, `gaicontinue`, `gucontinue`, `iicontinue`: each answer replaces all of them.
  static Params without_token(Params params) {
    std::erase_if(params, [](const auto& pair) { return pair.first.ends_with("continue"); });
    return params;
  }

  static Reply finished(Reply reply, const Params& params, json::object token) {
    http::Request request;
    request.url = kEndpoint;
    request.query = params;
    reply.params = params;
    reply.url = http::full_url(request);
    if (reply.body.is_object()) {
      reply.body.get_object()["continue"] = std::move(token);
    }
    return reply;
  }

  static json::value extended(const json::value& extra, std::string_view name) {
    return member(object_or_empty(extra, name), "value");
  }

  static std::string name_of(const json::value& info, const json::value& extra) {
    const json::value name = extended(extra, "ObjectName");
    return required_text(name.is_null() ? member(info, "title") : name);
  }

  json::object meta_data_of(const json::value& page, const json::value& extra,
                            const json::array& categories) {
    json::object meta_data;
    meta_data["global_usage_count"] = usage_count(page);
    meta_data["date_originally_created"] = extended(extra, "DateTimeOriginal");
    meta_data["last_modified_at_source"] = extended(extra, "DateTime");
    meta_data["categories"] = categories;
    if (const json::value description = extended(extra, "ImageDescription");
        !is_empty(description)) {
      const auto content = read_html(required_text(description));
      if (const std::string_view text = content ? trim_space(content->spaced_text) : "";
          !text.empty()) {
        meta_data["description"] = text;
      }
    }
    return meta_data;
  }

  // A file whose uses were left out by `give_up` comes again with none: the earlier count stands.
  std::int64_t usage_count(const json::value& page) {
    const auto count = static_cast<std::int64_t>(elements(member(page, "globalusage")).size());
    const auto id = scalar_at(page, "pageid");
    if (!id) {
      return count;
    }
    if (count == 0) {
      const auto known = usage_counts_.find(*id);
      return known == usage_counts_.end() ? 0 : known->second;
    }
    std::int64_t& known = usage_counts_[*id];
    known = std::max(known, count);
    return known;
  }

  static void add_image_fields(const json::value& info, json::object& fields) {
    fields["width"] = member(info, "width");
    fields["height"] = member(info, "height");
    if (const json::value* filetype = fields.if_contains("filetype");
        filetype != nullptr && *filetype == "svg") {
      fields["category"] = "illustration";
    }
  }

  static void add_audio_fields(const json::value& info, const json::array& categories,
                               json::object& fields, json::object& meta_data) {
    fields["duration"] = milliseconds(member(info, "duration"));
    if (names_pronunciation(categories)) {
      fields["category"] = "pronunciation";
    }
    const json::value& stream = stream_data(info);
    fields["sample_rate"] = first_entry(stream, {"audio_sample_rate", "sample_rate"});
    const json::value& bit_rate = first_entry(stream, {"bitrate_nominal", "bitrate"});
    if (!bit_rate.is_number() || bit_rate.to_number<double>() <= kMaxBitRate) {
      fields["bit_rate"] = bit_rate;
    }
    if (const json::value& channels = first_entry(stream, {"audio_channels", "channels"});
        !channels.is_null()) {
      meta_data["channels"] = channels;
    }
  }

  std::unordered_map<std::string, std::int64_t> usage_counts_;
};

}  // namespace

std::unique_ptr<Provider> wikimedia_commons() { return std::make_unique<WikimediaCommons>(); }

}  // namespace freshet
