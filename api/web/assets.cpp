#include "api/web/assets.hpp"

#include <algorithm>

#include "api/web/compression.hpp"
#include "core/hash.hpp"

namespace freshet::api::web {
namespace {

constexpr std::string_view kFolder = "assets/";
constexpr std::string_view kPath = "/assets/";

std::string_view content_type_of(std::string_view name) {
  return name.ends_with(".css")   ? "text/css; charset=utf-8"
         : name.ends_with(".js")  ? "text/javascript; charset=utf-8"
         : name.ends_with(".svg") ? "image/svg+xml"
                                  : "application/octet-stream";
}

}  // namespace

Assets::Assets(const Files& files) {
  std::string all;
  for (const auto& [path, text] : files) {
    if (path.starts_with(kFolder)) {
      const std::string name = path.substr(kFolder.size());
      assets_.emplace(name, Asset{text, gzipped(text, 9), content_type_of(name)});
      all.append(name).append(1, '\0').append(text);
    }
  }
  version_ = to_hex(xxh3(all));
  base_ = std::string{kPath} + version_;
}

Reply Assets::answer(const Request& request) const {
  std::string_view rest = std::string_view{request.path}.substr(kPath.size());
  const std::string_view version = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(version.size() + 1, rest.size()));
  const auto found = assets_.find(rest);
  if (found == assets_.end()) {
    return {.status = 404, .body = "", .content_type = "text/plain; charset=utf-8"};
  }
  const Asset& asset = found->second;
  const bool is_compressed =
      accepts_gzip(request.page.accept_encoding) && asset.compressed.size() < asset.text.size();
  // One entity tag for each form, as they are different bytes.
  const std::string tag = '"' + version_ + (is_compressed ? "-gz\"" : "\"");
  Reply reply{.status = 200, .body = "", .content_type = std::string{asset.content_type}};
  reply.headers = {
      {"ETag", tag},
      {"Vary", "Accept-Encoding"},
      {"X-Content-Type-Options", "nosniff"},
      {"Cache-Control", version == version_ ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (request.page.if_none_match.find(tag) != std::string::npos) {
    reply.status = 304;
    return reply;
  }
  if (is_compressed) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
  }
  reply.body = is_compressed ? asset.compressed : asset.text;
  return reply;
}

}  // namespace freshet::api::web
