#include "tests/support/bulk_files.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <zlib.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <stdexcept>

#include "producers/inaturalist/source_files.hpp"
#include "producers/providers/inaturalist.hpp"
#include "producers/registry.hpp"

namespace freshet::test {
namespace {

namespace fs = std::filesystem;

void require(bool holds, const char* what) {
  if (!holds) {
    throw std::runtime_error{what};
  }
}

std::string joined_lines(const json::value& lines) {
  std::string text;
  for (const json::value& line : lines.as_array()) {
    text.append(line.as_string()).append("\n");
  }
  return text;
}

/// Hands over to a client that others have, too.
class Forward final : public http::HttpClient {
 public:
  explicit Forward(http::HttpClient& client) : client_{client} {}
  Result<http::Response> send(const http::Request& request) override {
    return client_.send(request);
  }

 private:
  http::HttpClient& client_;
};

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  require(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK,
          "deflate");
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflate");
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

std::string zip(const std::map<std::string, std::string>& files) {
  std::size_t size = 4'096;
  for (const auto& [name, content] : files) {
    size += 2 * content.size() + 1'024;
  }
  std::string bytes(size, '\0');
  std::size_t used = 0;
  archive* const out = archive_write_new();
  require(archive_write_set_format_zip(out) == ARCHIVE_OK, "zip");
  require(archive_write_open_memory(out, bytes.data(), bytes.size(), &used) == ARCHIVE_OK, "zip");
  for (const auto& [name, content] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    require(archive_write_header(out, entry) == ARCHIVE_OK, "zip");
    require(archive_write_data(out, content.data(), content.size()) ==
                static_cast<la_ssize_t>(content.size()),
            "zip");
    archive_entry_free(entry);
  }
  require(archive_write_close(out) == ARCHIVE_OK, "zip");
  archive_write_free(out);
  bytes.resize(used);
  return bytes;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = fs::temp_directory_path() / "freshet-test-XXXXXX";
  require(mkdtemp(name.data()) != nullptr, "a temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

BulkFiles::BulkFiles(const json::value& document) {
  const json::value* const files = document.as_object().if_contains("files");
  if (files == nullptr) {
    return;
  }
  work_ = std::make_unique<TemporaryFolder>();
  std::map<std::string, std::string> names;
  for (const auto& [name, lines] : files->as_object()) {
    if (name.ends_with(".tsv")) {
      names["col/" + std::string{name}] = joined_lines(lines);
      continue;
    }
    bytes_[std::string{bulk::SourceFiles::kPublic} + "/" + std::string{name}] =
        gzip(joined_lines(lines));
  }
  bytes_[bulk::SourceFiles::kPublicNames] = zip(names);
  if (const json::value* const cut = document.as_object().if_contains("cut")) {
    std::string& bytes = bytes_[std::string{bulk::SourceFiles::kPublic} + "/" +
                                std::string{cut->at("file").as_string()}];
    bytes.resize(bytes.size() - cut->at("bytes").to_number<std::size_t>());
  }
}

std::optional<http::Response> BulkFiles::answer(const http::Request& request) const {
  const auto found = bytes_.find(http::full_url(request));
  if (found == bytes_.end()) {
    return std::nullopt;
  }
  http::Response response{
      200, {{"last-modified", "Mon, 02 Nov 2026 06:00:00 GMT"}}, "", request.url};
  response.headers.emplace_back("content-length", std::to_string(found->second.size()));
  if (request.method != http::Method::head) {
    response.body = found->second;  // as a server that ignores ranges
  }
  return response;
}

std::unique_ptr<Provider> BulkFiles::make_provider(const std::string& command,
                                                   http::HttpClient& client,
                                                   std::function<void()> on_keep) const {
  if (work_ == nullptr) {
    return find_provider(command)->make();
  }
  bulk::JoinOptions options;
  options.bucket_bytes = 100;
  options.part_bytes = 100;
  options.most = 3;
  options.on_keep = std::move(on_keep);
  constexpr std::int64_t kPage = 2;
  auto provider = make_inaturalist(std::move(options), kPage);
  provider->use_files({.places = {},
                       .work_dir = work_->path() / "work",
                       .make_client = [&client] { return std::make_unique<Forward>(client); },
                       .stop = {}});
  return provider;
}

void BulkFiles::forget_work() const {
  if (work_ != nullptr) {
    fs::remove_all(work_->path() / "work");
  }
}

}  // namespace freshet::test
