#include "operate/file_digest.hpp"

#include <openssl/evp.h>
#include <spdlog/fmt/fmt.h>

#include <array>

#include "core/check.hpp"

namespace freshet {

void FileDigest::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

FileDigest::FileDigest() : context_{EVP_MD_CTX_new()} {
  FRESHET_CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void FileDigest::add(std::string_view bytes) {
  FRESHET_CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

std::string FileDigest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  FRESHET_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

}  // namespace freshet
