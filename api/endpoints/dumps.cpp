#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "api/dump_files.hpp"
#include "api/endpoint.hpp"

namespace freshet::api::endpoint {
namespace {

constexpr std::size_t kPieceBytes = 256U << 10U;

// A disk that is slower than that is taken for one that hangs.
constexpr std::chrono::seconds kReadLimit{20};

/// An open file; it stays readable when it is deleted meanwhile.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  /// @return nothing where it could not be opened
  std::optional<std::uint64_t> size() const {
    struct stat found{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &found) != 0 || !S_ISREG(found.st_mode)) {
      return std::nullopt;
    }
    return static_cast<std::uint64_t>(found.st_size);
  }
  /// @return what was read; nothing: a fault, or the end
  std::optional<std::string> read(std::uint64_t at, std::size_t most) const {
    std::string bytes(most, '\0');
    ssize_t size = 0;
    do {
      size = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    } while (size < 0 && errno == EINTR);
    if (size <= 0) {
      return std::nullopt;
    }
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
  }
  /// Has the system read ahead, so that the next piece is in memory when it is wanted.
  void expect(std::uint64_t at, std::size_t size) const {
    static_cast<void>(::posix_fadvise(descriptor_, static_cast<off_t>(at), static_cast<off_t>(size),
                                      POSIX_FADV_WILLNEED));
  }

 private:
  int descriptor_;
};

class FileStream final : public BodyStream {
 public:
  FileStream(SideThreads& threads, std::shared_ptr<OpenFile> file, ByteRange range)
      : threads_{threads}, file_{std::move(file)}, at_{range.first}, left_{range.size} {
    file_->expect(at_, kPieceBytes);
  }

  Task<std::optional<std::string>> next() override {
    if (left_ == 0) {
      co_return std::nullopt;
    }
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPieceBytes));
    std::function<std::optional<std::string>()> read = [file = file_, at = at_, most] {
      return file->read(at, most);
    };
    auto done = co_await threads_.run<std::optional<std::string>>(Deadline::in(kReadLimit),
                                                                  std::move(read));
    if (!done || !*done) {
      throw std::runtime_error{"a file of a dump cannot be read on"};  // the connection is cut
    }
    std::optional<std::string> piece = std::move(*done);
    at_ += piece->size();
    left_ -= piece->size();
    file_->expect(at_, kPieceBytes);
    co_return piece;
  }

 private:
  SideThreads& threads_;
  std::shared_ptr<OpenFile> file_;
  std::uint64_t at_;
  std::uint64_t left_;
};

Reply refuse_busy() {
  Reply reply = error_reply(503, "The files of dumps are not read in time.");
  reply.headers.emplace_back("Retry-After", "5");
  return reply;
}

Task<Reply> answer_list(Services services, Call call) {
  json::array list;
  if (!services.dump_dir.empty()) {
    std::function<std::vector<Dump>()> look = [folder = std::string{services.dump_dir}] {
      return list_dumps(folder);
    };
    auto dumps = co_await services.files.run<std::vector<Dump>>(call.deadline, std::move(look));
    if (!dumps) {
      co_return refuse_busy();
    }
    for (Dump& dump : *dumps) {
      const std::string base = call.request.base_url + "/v1/dumps/" + dump.name + "/";
      for (json::value& file : dump.manifest["files"].as_array()) {
        if (const auto path = text_at(file, "/path")) {
          file.as_object()["url"] = base + std::string{*path};
        }
      }
      dump.manifest["manifest_url"] = base + "manifest.json";
      list.push_back(std::move(dump.manifest));
    }
  }
  co_return json_reply(to_json(list));
}

bool wants_part(const Request& request, const std::string& etag) {
  return !request.range.empty() && (request.if_range.empty() || request.if_range == etag);
}

/// A file of a dump, ready to be read.
struct FoundFile {
  std::shared_ptr<OpenFile> file;
  std::optional<std::uint64_t> size;  ///< nothing: there is no such file
  std::string digest;
};

FoundFile open_file(const std::string& folder, const std::string& name) {
  const auto found = find_dump_file(folder, name);
  if (!found) {
    return {};
  }
  auto file = std::make_shared<OpenFile>(found->path.string());
  const auto size = file->size();
  return {std::move(file), size, found->digest};
}

Task<Reply> answer_file(Services services, Call call) {
  std::function<FoundFile()> look = [folder = std::string{services.dump_dir}, name = call.text] {
    return open_file(folder, name);
  };
  auto opened = co_await services.files.run<FoundFile>(call.deadline, std::move(look));
  if (!opened) {
    co_return refuse_busy();
  }
  const std::optional<std::uint64_t> size = opened->size;
  if (!size) {
    co_return not_found_reply();
  }
  const bool is_manifest = opened->digest.empty();
  const std::string etag = is_manifest ? "" : "\"" + opened->digest + "\"";
  ByteRange range{0, *size};
  Reply reply{.status = 200,
              .body = "",
              .content_type = is_manifest ? "application/json" : "application/zstd"};
  RangeFault fault = RangeFault::none;
  if (wants_part(call.request, etag)) {
    if (const auto part = parse_range(call.request.range, *size, fault)) {
      range = *part;
      reply.status = 206;
      reply.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.first) + "-" +
                                                      std::to_string(range.first + range.size - 1) +
                                                      "/" + std::to_string(*size));
    } else if (fault == RangeFault::cannot_be_satisfied) {
      Reply refusal = error_reply(416, "The range lies behind the end of the file.");
      refusal.headers.emplace_back("Content-Range", "bytes */" + std::to_string(*size));
      co_return refusal;
    }
  }
  reply.headers.emplace_back("Accept-Ranges", "bytes");
  if (!etag.empty()) {
    reply.headers.emplace_back("ETag", etag);
  }
  reply.stream = std::make_shared<FileStream>(services.files, std::move(opened->file), range);
  reply.stream_bytes = range.size;
  co_return reply;
}

constexpr Outcome kListOutcomes[] = {
    {.meaning = "the dumps, the newest first", .schema = "DumpList"}};
constexpr Outcome kFileOutcomes[] = {
    {.meaning = "the file", .content_type = "application/zstd"},
    {.meaning = "the manifest", .content_type = "application/json"},
    {.status = 206, .meaning = "the part that Range names", .content_type = "application/zstd"},
    {.status = 206, .meaning = "the part that Range names", .content_type = "application/json"},
    {.status = 416, .meaning = "Range lies behind the end", .schema = "Error"}};

}  // namespace

Endpoint dumps() {
  return {.name = "dumps",
          .path = "/v1/dumps/",
          .summary = "dumps of all live works",
          .outcomes = kListOutcomes,
          .limits = Limits::dumps,
          .cache = std::chrono::seconds{60},
          .answer = answer_list};
}

Endpoint dump_file() {
  return {.name = "dump_file",
          .path = "/v1/dumps/{rest}",
          .summary = "a file of a dump, or a part of it",
          .outcomes = kFileOutcomes,
          .limits = Limits::dumps,
          .answer = answer_file};
}

}  // namespace freshet::api::endpoint
