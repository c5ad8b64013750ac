#include "producers/providers/flickr.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "producers/html.hpp"
#include "producers/provider.hpp"
#include "producers/time_slices.hpp"

namespace freshet {
namespace flickr_rules {

constexpr std::size_t kMaxTextLetters = 2'000;

std::optional<std::string> description_of(std::string_view html) {
  if (trim_space(html).empty()) {
    return std::nullopt;
  }
  const auto content = read_html(html);
  if (!content) {
    return std::nullopt;
  }
  return std::string{first_code_points(trim_space(content->spaced_text), kMaxTextLetters)};
}

json::array tags_of(std::string_view text) {
  std::string_view rest = first_code_points(trim_space(text), kMaxTextLetters);
  json::array tags;
  while (!(rest = trim_space(rest)).empty()) {
    std::size_t end = 0;
    while (end < rest.size() && leading_space(rest.substr(end)) == 0) {
      ++end;
    }
    tags.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return tags;
}

}  // namespace flickr_rules

namespace {

constexpr const char* kEndpoint = "https://api.flickr.com/services/rest";
constexpr const char* kExtras =
    "description,license,date_upload,date_taken,owner_name,tags,o_dims,url_t,url_s,url_m,url_l,"
    "views,content_type";

/// Of one search Flickr gives no more than this many photos; behind them they repeat themselves.
constexpr std::int64_t kMaxFound = 4'000;
constexpr SliceLimits kLimits{
    .max_records = 3'000, .division_threshold = 10'000, .min_divisions = 6, .max_divisions = 12};

struct License {
  std::string_view id;
  std::string_view slug;
  std::string_view version;
};
constexpr std::array<License, 8> kLicenses{{{"1", "by-nc-sa", "2.0"},
                                            {"2", "by-nc", "2.0"},
                                            {"3", "by-nc-nd", "2.0"},
                                            {"4", "by", "2.0"},
                                            {"5", "by-sa", "2.0"},
                                            {"6", "by-nd", "2.0"},
                                            {"9", "cc0", "1.0"},
                                            {"10", "pdm", "1.0"}}};
constexpr const char* kAllLicenses = "1,2,3,4,5,6,9,10";

/// Accounts that are a source of their own.
constexpr std::pair<std::string_view, std::string_view> kAccounts[] = {
    {"24662369@N07", "nasa"},          {"35067687@N04", "nasa"},
    {"29988733@N04", "nasa"},          {"28634332@N05", "nasa"},
    {"108488366@N07", "nasa"},         {"136485307@N06", "nasa"},
    {"61021753@N02", "bio_diversity"}, {"130608600@N05", "spacex"},
    {"136629440@N06", "woc_tech"},     {"150408343@N02", "valence_romans"},
    {"138361426@N08", "east_riding"},  {"98304311@N03", "archief_alkmaar"},
    {"26577438@N06", "bib_gulbenkian"}};

// A range of time as the batch original writes it: `2026-11-20 00:00:00+00:00`.
std::string upload_time(UtcTime time) {
  std::string text = format_seconds(time);
  text[10] = ' ';
  return text.replace(19, 1, "+00:00");
}

std::string_view without_slashes(std::string_view text) {
  const auto first = text.find_first_not_of('/');
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of('/') + 1 - first);
}

json::value source_of(const std::string& owner) {
  const auto found =
      std::ranges::find(kAccounts, owner, [](const auto& pair) { return pair.first; });
  return found == std::end(kAccounts) ? json::value(nullptr) : json::value(found->second);
}

// The largest size that is named; the thumbnail is none.
void add_picture(const json::value& photo, json::object& fields) {
  for (const std::string size : {"l", "m", "s"}) {
    if (photo.as_object().contains("url_" + size)) {
      fields["url"] = member(photo, "url_" + size);
      fields["width"] = member(photo, "width_" + size);
      fields["height"] = member(photo, "height_" + size);
      return;
    }
  }
}

void add_license(const json::value& photo, json::object& fields) {
  const auto id = scalar_at(photo, "license");
  const auto found = std::ranges::find(kLicenses, id.value_or(""), &License::id);
  if (found != kLicenses.end()) {
    fields["license"] = found->slug;
    fields["license_version"] = found->version;
  }
}

json::object meta_data_of(const json::value& photo) {
  json::object meta_data = known_members(
      photo, {{"pub_date", "dateupload"}, {"date_taken", "datetaken"}, {"views", "views"}});
  const json::value content =
      default_if_missing(object_or_empty(photo, "description"), "_content", "");
  if (const auto description = flickr_rules::description_of(required_text(content))) {
    meta_data["description"] = *description;
  }
  return meta_data;
}

/// Photos that were uploaded on a day, by slices of time that are short enough for one search.
///
/// A slice with more than 4,000 photos is searched by licence. One photo can be asked for alone
/// (`--only-params '{"photo_id": "…"}'`), to learn whether it is gone.
/// @source Flickr API, "flickr.photos.search", "flickr.photos.getInfo"; 3,600 requests an hour.
class Flickr final : public Provider {
 public:
  const ProviderSpec& spec() const override {
    static const ProviderSpec kSpec{
        .command = "flickr",
        .title = "Flickr",
        .providers = {{MediaType::image, "flickr"}},
        .hosts = {"api.flickr.com"},
        .endpoint = kEndpoint,
        .answer = {.list = "/photos/photo",
                   .status = "/stat",
                   .success = "ok",
                   .holds = {"/stat", "/photos/pages", "/photos/total"}},
        .schedule = "daily",
        .dated = Dated::yes,
        .takes_slice = true,
        .retries = 5,
        .credential = Credential{.original_name = "API_KEY_FLICKR",
                                 .place = Credential::Place::query,
                                 .name = "api_key"},
        .batch_limit = 500,
        .notes =
            "A day of 3,000 photos and more is read by hours, 10 or 5 minutes. One search gives "
            "4,000 photos at most: a slice with more is searched by licence, and what is still "
            "beyond is reported. Totals of Flickr are estimates, so they end nothing. A photo that "
            "is asked for alone, `--only-params '{\"photo_id\": \"…\"}'`, is a removal where "
            "Flickr says that it does not exist. Popularity metric: `meta_data.views`."};
    return kSpec;
  }

  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch) override {
    const auto count = [&](const TimeSlice& slice) {
      return photos_in(overlay(*next(run, nullptr), set_of(slice, kAllLicenses)), fetch);
    };
    const auto slices = slices_of(run, kLimits, count);
    if (!slices) {
      return slices.error();
    }
    std::vector<Params> sets;
    for (const TimeSlice& slice : *slices) {
      const auto photos = slice.count ? Result<std::int64_t>{*slice.count} : count(slice);
      if (!photos) {
        return photos.error();
      }
      if (*photos > kMaxFound) {
        for (const License& license : kLicenses) {
          sets.push_back(set_of(slice, license.id));
        }
      } else if (*photos > 0) {
        sets.push_back(set_of(slice, kAllLicenses));
      }
    }
    return sets;
  }

  // An empty page ends a slice only behind the last page that Flickr names.
  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous == nullptr) {
      return Params{{"method", "flickr.photos.search"},
                    {"media", "photos"},
                    {"safe_search", "1"},
                    {"extras", kExtras},
                    {"format", "json"},
                    {"nojsoncallback", "1"},
                    {"per_page", std::to_string(run.batch_limit)},
                    {"page", "1"}};
    }
    const auto page = param_number(previous->params, "page", 1);
    const json::value& body = previous->body;
    if (!body.is_null() && items(*previous).empty() &&
        page >= count_at(body, "/photos/pages").value_or(0)) {
      return std::nullopt;
    }
    if (page * run.batch_limit >= kMaxFound) {
      if (count_at(body, "/photos/total").value_or(0) > kMaxFound) {
        run.leave_out("more than 4,000 photos from " +
                      std::string{param_at(previous->params, "min_upload_date").value_or("?")} +
                      " on, of the licences " +
                      std::string{param_at(previous->params, "license").value_or("?")});
      }
      return std::nullopt;
    }
    return with_param(previous->params, "page", std::to_string(page + 1));
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    const auto photo_id = param_at(params, "photo_id");
    return photo_id ? look_for(std::string{*photo_id}, fetch) : Provider::fetch_page(fetch, params);
  }

  void expand(const json::value& photo, Fetch& /*fetch*/, Emit& emit) override {
    if (const json::value& gone = member(photo, kIsGone); gone.is_bool()) {
      return gone.get_bool() ? emit.removed({MediaType::image, member(photo, "id"),
                                             "the photo does not exist any more"})
                             : emit.drop(ProducerDrop::still_there);
    }
    const std::string owner = scalar_at(photo, "owner").value_or("");
    const std::string_view account = without_slashes(trim_space(owner));
    const auto id = scalar_at(photo, "id");
    if (!id) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    if (account.empty()) {
      return emit.drop(ProducerDrop::missing_foreign_landing_url);
    }
    const std::string creator_url = "https://www.flickr.com/photos/" + std::string{account};
    json::object fields{
        {"foreign_identifier", member(photo, "id")},
        {"foreign_landing_url", creator_url + "/" + std::string{without_slashes(*id)}},
        {"creator", member(photo, "ownername")},
        {"creator_url", creator_url},
        {"title", member(photo, "title")},
        {"meta_data", meta_data_of(photo)},
        {"tags", flickr_rules::tags_of(required_text(default_if_missing(photo, "tags", "")))},
        {"source", source_of(owner)}};
    if (member(photo, "content_type") == json::value("0")) {
      fields["category"] = "photograph";
    }
    add_picture(photo, fields);
    add_license(photo, fields);
    emit.record(MediaType::image, std::move(fields));
  }

 private:
  static constexpr const char* kIsGone = "is_gone";  // ours: no photo of a search has it

  static Params set_of(const TimeSlice& slice, std::string_view licenses) {
    return {{"min_upload_date", upload_time(slice.from)},
            {"max_upload_date", upload_time(slice.to)},
            {"license", std::string{licenses}}};
  }

  Result<std::int64_t> photos_in(const Params& params, Fetch& fetch) {
    const auto reply = fetch_page(fetch, params);
    if (!reply) {
      return reply.error();
    }
    return count_at(reply->body, "/photos/total").value_or(0);
  }

  // Only error 1 says that the photo does not exist: another one is about the request.
  static bool is_not_found(const json::value& body) {
    return text_at(body, "/stat") == "fail" && count_at(body, "/code") == 1;
  }

  static Result<Reply> look_for(const std::string& photo_id, Fetch& fetch) {
    const Params params{{"method", "flickr.photos.getInfo"},
                        {"photo_id", photo_id},
                        {"format", "json"},
                        {"nojsoncallback", "1"}};
    auto answer = fetch.get(kEndpoint, params, [](const json::value& body) {
      return is_not_found(body)
                 ? std::nullopt
                 : freshet::fault_of(
                       body, {.status = "/stat", .success = "ok", .holds = {"/stat", "/photo/id"}});
    });
    if (!answer) {
      return answer.error();
    }
    json::object photo{{"id", photo_id}, {kIsGone, is_not_found(*answer)}};
    json::value body{{"photos", {{"photo", json::array{std::move(photo)}}}}};
    return Reply{params, kEndpoint, std::move(body), {}};
  }
};

}  // namespace

std::unique_ptr<Provider> flickr() { return std::make_unique<Flickr>(); }

}  // namespace freshet
