#include "producers/inaturalist/source_files.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "core/check.hpp"
#include "core/crawl/gzip_source.hpp"

namespace freshet::bulk {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNoNames = "none";
constexpr std::size_t kPiece = 256UL << 10U;

bool is_url(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

std::string without_slash(std::string place) {
  while (place.size() > 1 && place.ends_with('/')) {
    place.pop_back();
  }
  return place;
}

/// `Last-Modified`; nothing where it cannot be read.
std::optional<UtcTime> http_date(const std::string& text) {
  struct tm parts{};
  const char* const end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return end == nullptr || *end != '\0' ? std::nullopt
                                        : std::optional{UtcTime::from_millis(
                                              static_cast<std::int64_t>(timegm(&parts)) * 1000)};
}

/// One file in a zip file.
class ZipEntrySource final : public ByteSource {
 public:
  /// @error Errc::malformed_payload with the rule `zip`: it cannot be read, or has no such file.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path,
                                                  const std::string& file) {
    auto source = std::unique_ptr<ZipEntrySource>{new ZipEntrySource{path}};
    archive* const zip = source->zip_.get();
    archive_read_support_format_zip(zip);
    if (archive_read_open_filename(zip, path.c_str(), kPiece) != ARCHIVE_OK) {
      return source->damaged();
    }
    for (archive_entry* entry = nullptr;;) {
      const int result = archive_read_next_header(zip, &entry);
      if (result == ARCHIVE_EOF) {
        return Error{Errc::malformed_payload, "", "zip", fmt::format("{} has no {}", path, file)};
      }
      if (result < ARCHIVE_WARN) {
        return source->damaged();
      }
      const char* const name = archive_entry_pathname(entry);
      if (name != nullptr && fs::path{name}.filename() == file) {
        return std::unique_ptr<ByteSource>{std::move(source)};
      }
    }
  }

  Result<std::size_t> read(std::span<char> into) override {
    const la_ssize_t count = archive_read_data(zip_.get(), into.data(), into.size());
    return count < 0 ? Result<std::size_t>{damaged()}
                     : Result<std::size_t>{static_cast<std::size_t>(count)};
  }

 private:
  struct Free {
    void operator()(archive* zip) const noexcept { archive_read_free(zip); }
  };
  explicit ZipEntrySource(std::string path) : path_{std::move(path)}, zip_{archive_read_new()} {
    FRESHET_CHECK(zip_ != nullptr);
  }
  Error damaged() const {
    const char* const why = archive_error_string(zip_.get());
    return {Errc::malformed_payload, "", "zip",
            fmt::format("{} cannot be read: {}", path_, why == nullptr ? "damaged" : why)};
  }

  std::string path_;
  std::unique_ptr<archive, Free> zip_;
};

std::string place_of(const FileParts& parts, const std::string& name,
                     const std::string& otherwise) {
  const auto found = parts.places.find(name);
  return without_slash(found == parts.places.end() ? otherwise : found->second);
}

}  // namespace

SourceFiles::SourceFiles(FileParts parts) : parts_{std::move(parts)} {
  tables_ = place_of(parts_, "inaturalist", kPublic);
  // Whoever has the tables in a folder may have the names beside them; nobody is asked unbidden.
  const bool is_beside = fs::exists(fs::path{tables_} / kVernacularName);
  names_ = place_of(parts_, "inaturalist_names",
                    is_url(tables_) ? kPublicNames : (is_beside ? tables_ : kNoNames));
  if (names_ == kNoNames) {
    names_.clear();
  }
}

http::HttpClient& SourceFiles::client() {
  if (client_ == nullptr) {
    client_ = parts_.make_client();
  }
  return *client_;
}

std::string SourceFiles::name_of(const std::string& file) const {
  return (file == kNameUsage || file == kVernacularName ? names_ : tables_) + "/" + file;
}

Result<FileState> SourceFiles::look_at(const std::string& name) {
  if (!is_url(name)) {
    std::error_code error;
    const auto size = fs::file_size(name, error);
    if (error) {
      return Error{Errc::unreachable, Retry::never,
                   fmt::format("{} cannot be read: {}", name, error.message())};
    }
    const auto changed = std::chrono::file_clock::to_sys(fs::last_write_time(name, error));
    const auto since = changed.time_since_epoch();
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    return FileState{name, size, std::to_string(since.count()), "", UtcTime::from_millis(millis)};
  }
  http::Request request;
  request.method = http::Method::head;
  request.url = name;
  const auto response = client().send(request);
  if (!response) {
    return response.error();
  }
  if (response->status != 200) {
    return status_error(*response, name);
  }
  FileState state{name, 0, "", "", std::nullopt};
  if (const auto* size = response->header("content-length")) {
    state.bytes = std::strtoull(size->c_str(), nullptr, 10);
    state.version = *size;
  }
  for (const char* header : {"etag", "last-modified"}) {
    if (const auto* value = response->header(header)) {
      state.version += " " + *value;
    }
  }
  if (const auto* etag = response->header("etag")) {
    state.etag = *etag;
  }
  if (const auto* changed = response->header("last-modified")) {
    state.changed_at = http_date(*changed);
  }
  return state;
}

Result<std::vector<FileState>> SourceFiles::look() {
  std::vector<std::string> names;
  for (const char* table : kTables) {
    names.push_back(name_of(table));
  }
  if (has_names() && !is_url(names_) && fs::is_directory(names_)) {
    names.push_back(name_of(kVernacularName));
    names.push_back(name_of(kNameUsage));
  } else if (has_names()) {
    names.push_back(names_);
  }
  std::vector<FileState> states;
  for (const std::string& name : names) {
    auto state = look_at(name);
    if (!state) {
      return state.error();
    }
    states.push_back(std::move(*state));
  }
  for (std::size_t i = 0; i < kTables.size(); ++i) {
    seen_[states[i].name] = {states[i].etag, states[i].bytes};
  }
  return states;
}

Result<std::unique_ptr<ByteSource>> SourceFiles::open(const std::string& name,
                                                      HttpSource::Edition edition) {
  if (is_url(name)) {
    return std::unique_ptr<ByteSource>{
        std::make_unique<HttpSource>(client(), name, std::move(edition))};
  }
  auto file = FileSource::open(name);
  if (!file) {
    return file.error();
  }
  return std::unique_ptr<ByteSource>{std::move(*file)};
}

Result<std::unique_ptr<ByteSource>> SourceFiles::open_table(const std::string& file) {
  const auto seen = seen_.find(name_of(file));
  auto source = open(name_of(file), seen == seen_.end() ? HttpSource::Edition{} : seen->second);
  if (!source) {
    return source;
  }
  return std::unique_ptr<ByteSource>{std::make_unique<GzipSource>(std::move(*source))};
}

Result<void> SourceFiles::fetch_names() {
  if (!is_url(names_)) {
    return {};
  }
  auto source = open(names_, {});
  if (!source) {
    return source.error();
  }
  const std::string path = parts_.work_dir + "/names.zip";
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "wb")};
  const Error unwritable{Errc::unreachable, Retry::after_backoff, path + " cannot be written"};
  if (file == nullptr) {
    return unwritable;
  }
  for (std::string piece(kPiece, '\0');;) {
    const auto count = (*source)->read(piece);
    if (!count) {
      return count.error();
    }
    if (*count == 0) {
      return std::fflush(file.get()) == 0 ? Result<void>{} : unwritable;
    }
    if (std::fwrite(piece.data(), 1, *count, file.get()) != *count) {
      return unwritable;
    }
  }
}

Result<std::unique_ptr<ByteSource>> SourceFiles::open_names(const std::string& file) {
  if (is_url(names_)) {
    return ZipEntrySource::open(parts_.work_dir + "/names.zip", file);
  }
  return fs::is_directory(names_) ? open(name_of(file), {}) : ZipEntrySource::open(names_, file);
}

}  // namespace freshet::bulk
