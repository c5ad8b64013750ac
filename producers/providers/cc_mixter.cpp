#include "producers/providers/cc_mixter.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace cc_mixter_rules {

json::value sample_rate_of(const json::value& text) {
  if (is_empty(text)) {
    return nullptr;
  }
  std::string digits = required_text(text);
  if (digits.ends_with('k')) {
    digits.pop_back();
  }
  double thousands = 0;
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), thousands);
  const bool is_number = fault == std::errc{} && end == digits.data() + digits.size();
  // Written so that a NaN, which is read as a number, is none.
  if (!is_number || !(std::abs(thousands) <= 1e9)) {
    throw WrongShape{"a sample rate is expected"};
  }
  return static_cast<std::int64_t>(thousands * 1000);
}

json::value duration_of(const json::value& text) {
  if (is_empty(text)) {
    return nullptr;
  }
  const std::string whole = required_text(text);
  std::int64_t seconds = 0;
  std::int64_t unit = 1;
  std::string_view rest = whole;
  for (int part = 0; part < 3 && !rest.empty(); ++part, unit *= 60) {
    const auto colon = rest.rfind(':');
    const std::string_view digits =
        trim_space(colon == std::string_view::npos ? rest : rest.substr(colon + 1));
    std::int32_t number = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (fault != std::errc{} || end != digits.data() + digits.size()) {
      throw WrongShape{"a length in hours, minutes and seconds is expected"};
    }
    seconds += unit * number;
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(0, colon);
  }
  return seconds * 1000;
}

}  // namespace cc_mixter_rules

namespace {

json::object file_fields(const json::value& file) {
  const json::value& format = required_member(file, "file_format_info");
  return {{"url", replace_all(required_text(required_member(file, "download_url")), " ", "%20")},
          {"filesize", required_member(file, "file_rawsize")},
          {"filetype", required_member(format, "default-ext")},
          {"sample_rate", cc_mixter_rules::sample_rate_of(member(format, "sr"))},
          {"duration", cc_mixter_rules::duration_of(member(format, "ps"))}};
}

double size_of(const json::object& file) {
  const json::value& size = file.at("filesize");
  if (!size.is_number()) {
    throw WrongShape{"'file_rawsize' is no number"};
  }
  return size.to_number<double>();
}

// The audio files, the smallest first: it is the one that a player can begin with. Of one size, in
// the order of the list. The size of an only file does not matter.
std::vector<json::object> audio_files_of(const json::value& upload) {
  std::vector<json::object> files;
  for (const json::value& file : elements(member(upload, "files"))) {
    const json::value& format = required_member(file, "file_format_info");
    if (required_member(format, "media-type") != json::value("audio")) {
      continue;
    }
    json::object fields = file_fields(file);
    const auto place =
        files.empty() ? files.end() : std::ranges::upper_bound(files, size_of(fields), {}, size_of);
    files.insert(place, std::move(fields));
  }
  return files;
}

json::array tags_of(const json::value& upload) {
  json::array tags;
  const std::string text = required_text(required_member(upload, "upload_tags"));
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(',', start), text.size());
    if (end > start) {
      tags.emplace_back(text.substr(start, end - start));
    }
    start = end + 1;
  }
  return tags;
}

/// Uploads by pages of 100. An upload has several files: archives, which are left out, and one
/// piece in several formats.
///
/// @source ccMixter Query API 2.0, "query"; seen 2023-12. Its JSON has numbers with leading zeros
/// and raw control characters, and its replies a header line of tens of thousands of characters.
class CcMixter final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "cc_mixter",
        .title = "ccMixter",
        .providers = {{MediaType::audio, "ccmixter"}},
        .hosts = {"ccmixter.org"},
        .endpoint = "https://ccmixter.org/api/query/",
        .answer = {.list = ""},
        .paging = Paging::counted,
        .schedule = "monthly",
        .notes =
            "The smallest audio file of an upload is the work, the others are its `alt_files`."};
    return kSpec;
  }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto offset = param_number(previous->params, "offset", 0) + run.batch_limit;
      return with_param(previous->params, "offset", std::to_string(offset));
    }
    return Params{{"format", "json"}, {"limit", std::to_string(run.batch_limit)}, {"offset", "0"}};
  }

  void expand(const json::value& upload, Fetch& /*fetch*/, Emit& emit) override {
    const std::vector<json::object> files = audio_files_of(upload);
    if (files.empty()) {
      return emit.drop(ProducerDrop::no_audio);
    }
    json::object fields = files.front();
    fields["foreign_identifier"] = member(upload, "upload_id");
    fields["foreign_landing_url"] = member(upload, "file_page_url");
    fields["license_url"] = member(upload, "license_url");
    fields["creator"] = member(upload, "user_real_name");
    fields["creator_url"] = member(upload, "artist_page_url");
    fields["title"] = member(upload, "upload_name");
    fields["meta_data"] = {{"description", member(upload, "upload_description_plain")},
                           {"description_html", member(upload, "upload_description_html")},
                           {"upload_num_scores", member(upload, "upload_num_scores")}};
    fields["tags"] = tags_of(upload);
    fields["alt_files"] = json::array(files.begin() + 1, files.end());
    emit.record(MediaType::audio, std::move(fields));
  }
};

}  // namespace

std::unique_ptr<Provider> cc_mixter() { return std::make_unique<CcMixter>(); }

}  // namespace freshet
