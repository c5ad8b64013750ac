#include "producers/providers/inaturalist.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <utility>

#include "core/check.hpp"
#include "producers/inaturalist/photo_pages.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using bulk::FileState;
using bulk::PhotoPages;

constexpr const char* kFiles = "https://inaturalist-open-data.s3.amazonaws.com";

struct License {
  std::string_view code;
  std::string_view slug;
  std::string_view version;
};

// As the files write it, in exactly this way. A photo without a licence, under another one, or
// under the GFDL, which is no licence of Creative Commons, is not shown.
const License* license_of(std::string_view code) {
  static constexpr std::array kLicenses{License{"CC-BY", "by", "4.0"},
                                        License{"CC-BY-NC", "by-nc", "4.0"},
                                        License{"CC-BY-NC-ND", "by-nc-nd", "4.0"},
                                        License{"CC-BY-NC-SA", "by-nc-sa", "4.0"},
                                        License{"CC-BY-ND", "by-nd", "4.0"},
                                        License{"CC-BY-SA", "by-sa", "4.0"},
                                        License{"CC0", "cc0", "1.0"},
                                        License{"PD", "pdm", "1.0"}};
  const auto* const found =
      std::find_if(kLicenses.begin(), kLicenses.end(),
                   [&](const License& license) { return license.code == code; });
  return found == kLicenses.end() ? nullptr : found;
}

bool is_open(std::string_view code) { return license_of(code) != nullptr; }

/// Keeps other processes out of the work directory as long as it lives.
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder)
      : file_{::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {}
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  bool is_held() const { return file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0; }

 private:
  int file_;
};

ProducerDrop drop_of(std::string_view name) {
  for (const ProducerDrop drop : {ProducerDrop::already_seen, ProducerDrop::no_observation,
                                  ProducerDrop::no_taxon, ProducerDrop::no_observer}) {
    if (to_string(drop) == name) {
      return drop;
    }
  }
  throw WrongShape{"a photo is left out for an unknown reason"};
}

/// Reads the open data of iNaturalist: four files that are joined on disk before the first page
/// (`bulk::join_files`). A page is a piece of what the join made.
///
/// @source  "iNaturalist Licensed Observation Images", the README of the bucket; seen 2026-11.
class Inaturalist final : public Provider {
 public:
  Inaturalist(bulk::JoinOptions options, std::int64_t page) : options_{options} {
    spec_.batch_limit = page;
  }

  const ProviderSpec& spec() const override { return spec_; }

  void use_files(const FileParts& parts) override {
    parts_ = parts;
    source_ = std::make_unique<bulk::SourceFiles>(parts);
  }

  // One set: what takes long comes before its first page.
  Result<std::vector<Params>> fixed_sets(Run& run, Fetch& /*fetch*/) override {
    FRESHET_CHECK(source_ != nullptr);  // whoever makes runs calls `use_files`
    auto files = source_->look();
    if (!files) {
      return files.error();
    }
    // The names change every month, and alone make no photo another one.
    const auto tables = std::span{std::as_const(*files)}.first(bulk::kTables.size());
    if (!run.is_resumed && run.last_whole_at && are_older(tables, *run.last_whole_at)) {
      run.nothing_is_new("none of the four tables is newer than the last run");
      return std::vector<Params>{};
    }
    std::error_code error;
    fs::create_directories(parts_.work_dir, error);
    lock_ = std::make_unique<FolderLock>(parts_.work_dir);
    if (!lock_->is_held()) {
      return Error{Errc::unreachable, Retry::after_backoff,
                   parts_.work_dir +
                       " cannot be used: another process holds it, or it cannot be "
                       "written to"};
    }
    auto snapshot = join_files(*source_, *files, parts_.work_dir, options_, parts_.stop);
    if (!snapshot) {
      return snapshot.error();
    }
    auto pages = PhotoPages::open(parts_.work_dir, std::move(*snapshot), is_open);
    if (!pages) {
      return pages.error();
    }
    pages_ = std::move(*pages);
    return std::vector<Params>{{}};
  }

  std::optional<Params> next(Run& /*run*/, const Reply* previous) override {
    if (previous == nullptr) {
      return params_of({});
    }
    const json::value& place = value_at(previous->body, "/next");
    return place.is_null() ? std::nullopt
                           : std::optional{params_of({place.at("part").to_number<std::uint64_t>(),
                                                      place.at("at").to_number<std::uint64_t>()})};
  }

  Result<Reply> fetch_page(Fetch& /*fetch*/, const Params& params) override {
    if (pages_ == nullptr) {
      return Error{Errc::unreachable, Retry::never, "the files were not joined"};
    }
    PhotoPages::Place place{static_cast<std::uint64_t>(param_number(params, "part", 0)),
                            static_cast<std::uint64_t>(param_number(params, "at", 0))};
    // Of files that have changed since: a place in them means nothing any more.
    const bool is_other = param_at(params, "files") != pages_->snapshot().id;
    if (is_other) {
      place = {};
    }
    auto page = pages_->read(place, static_cast<std::size_t>(spec_.batch_limit));
    if (!page) {
      return page.error();
    }
    Reply reply;
    reply.params = is_other ? params_of({}) : params;
    reply.url = source_->name_of(bulk::kPhotos);
    reply.begins_anew = is_other;
    json::object body{{"items", std::move(page->items)}, {"total", pages_->snapshot().lines()}};
    if (page->next) {
      body["next"] = json::object{{"part", page->next->part}, {"at", page->next->at}};
    }
    reply.body = std::move(body);
    return reply;
  }

  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    if (const json::value& fault = member(item, "fault"); fault.is_object()) {
      return emit.reject(error_of(fault));
    }
    if (const auto reason = scalar_at(item, "left_out")) {
      return emit.drop(drop_of(*reason));
    }
    const License* const license = license_of(scalar_at(item, "license").value_or(""));
    if (license == nullptr) {
      return emit.drop(ProducerDrop::no_license);
    }
    const std::string id = required_text(member(item, "photo_id"));
    const auto extension = scalar_at(item, "extension");
    if (!extension) {
      return emit.drop(ProducerDrop::missing_url);
    }
    emit.record(MediaType::image,
                {{"foreign_identifier", id},
                 {"foreign_landing_url", "https://www.inaturalist.org/photos/" + id},
                 {"url", fmt::format("{}/photos/{}/original.{}", kFiles, id, *extension)},
                 {"filetype", lower_case(*extension)},
                 {"license", license->slug},
                 {"license_version", license->version},
                 {"creator", member(item, "creator")},
                 {"creator_url", "https://www.inaturalist.org/users/" +
                                     required_text(member(item, "observer_id"))},
                 {"title", member(item, "title")},
                 {"tags", member(item, "tags")},
                 {"width", member(item, "width")},
                 {"height", member(item, "height")}});
  }

  void clean_up() override {
    pages_.reset();
    std::error_code error;
    if (lock_ != nullptr) {
      fs::remove_all(parts_.work_dir, error);
    }
    lock_.reset();
  }

 private:
  static bool are_older(std::span<const FileState> files, UtcTime time) {
    return std::all_of(files.begin(), files.end(), [&](const FileState& file) {
      return file.changed_at && *file.changed_at <= time;
    });
  }

  static Error error_of(const json::value& fault) {
    const auto text = [&](std::string_view name) { return scalar_at(fault, name).value_or(""); };
    const std::string errc = text("errc");
    return {errc == to_string(Errc::too_large)       ? Errc::too_large
            : errc == to_string(Errc::missing_field) ? Errc::missing_field
                                                     : Errc::invalid_value,
            text("field"), text("rule"), text("message")};
  }

  Params params_of(PhotoPages::Place place) const {
    return {{"files", pages_ == nullptr ? "" : pages_->snapshot().id},
            {"part", std::to_string(place.part)},
            {"at", std::to_string(place.at)}};
  }

  bulk::JoinOptions options_;
  ProviderSpec spec_{
      .command = "inaturalist",
      .title = "iNaturalist",
      .providers = {{MediaType::image, "inaturalist"}},
      .hosts = {"inaturalist-open-data.s3.amazonaws.com", "download.checklistbank.org"},
      .endpoint = "",
      .answer = {.list = "/items", .total = "/total"},
      .schedule = "monthly",
      .fixed_values = {{"category", "photograph"}, {"ingestion_type", "sql_bulk_load"}},
      .notes =
          "Four gzip files (photos, observations, taxa, observers) are joined on disk before the "
          "first record: in `produce.work_dir`, which needs about twice the room of the files. "
          "Vernacular names come from the Catalogue of Life. `produce.files.inaturalist` and "
          "`produce.files.inaturalist_names` (`none`: without) name other places, also folders. "
          "A run for which none of the four is newer than the last whole run ends at once; "
          "`--restart` reads them all the same."};
  FileParts parts_;
  std::unique_ptr<bulk::SourceFiles> source_;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<PhotoPages> pages_;
};

constexpr std::int64_t kPage = 2'000;

}  // namespace

std::unique_ptr<Provider> make_inaturalist(bulk::JoinOptions options, std::int64_t page) {
  return std::make_unique<Inaturalist>(std::move(options), page);
}

std::unique_ptr<Provider> inaturalist() { return make_inaturalist({}, kPage); }

}  // namespace freshet
