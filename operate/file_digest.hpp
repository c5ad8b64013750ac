#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace freshet {

/// SHA-256 of bytes that come one after the other.
class FileDigest {
 public:
  FileDigest();
  void add(std::string_view bytes);
  /// 64 hex digits. Nothing may be added afterwards.
  std::string hex();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace freshet
