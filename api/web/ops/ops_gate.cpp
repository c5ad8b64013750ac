#include "api/web/ops/ops_gate.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "api/limits.hpp"
#include "api/secrets.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

constexpr std::size_t kLongestPassword = 200;
constexpr std::chrono::seconds kHashLimit{5};

/// An address and no name: `127.0.0.1.example.org` may lead anywhere.
bool is_loopback(std::string_view address) {
  return address == "::1" || address == "::ffff:127.0.0.1" ||
         (address.starts_with("127.") &&
          address.find_first_not_of("0123456789.") == std::string_view::npos);
}

/// A page of another site may lead a browser here by a name of its own that leads to 127.0.0.1.
bool names_loopback(std::string_view base_url) {
  const std::size_t scheme = base_url.find("://");
  std::string_view host = base_url.substr(scheme == base_url.npos ? 0 : scheme + 3);
  host = host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
  return host == "localhost" || host == "[::1]" || is_loopback(host);
}

/// The password of `Basic dXNlcjpwYXNz`.
std::optional<std::string> password_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  if (lower_ascii(authorization.substr(0, kScheme.size())) != kScheme) {
    return std::nullopt;
  }
  const std::string_view encoded = trim_space(authorization.substr(kScheme.size()));
  if (encoded.empty() || encoded.size() % 4 != 0 || encoded.size() > 2 * kLongestPassword) {
    return std::nullopt;
  }
  std::vector<unsigned char> bytes(encoded.size() / 4 * 3);
  const int length =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(encoded.data()),
                      static_cast<int>(encoded.size()));
  if (length < 0) {
    return std::nullopt;
  }
  std::string text{reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length)};
  for (std::size_t i = 0; i < 2 && encoded[encoded.size() - 1 - i] == '='; ++i) {
    text.pop_back();
  }
  const std::size_t colon = text.find(':');
  if (colon == text.npos || text.find('\0') != text.npos) {
    return std::nullopt;
  }
  return text.substr(colon + 1);
}

/// Takes as long as the hash wants it to.
bool is_right(const std::string& password, const std::string& password_hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), password_hash.c_str(), data.get());
  const std::string_view hash = made == nullptr ? std::string_view{} : made;
  return hash.size() == password_hash.size() && !hash.starts_with('*') &&
         CRYPTO_memcmp(hash.data(), password_hash.data(), hash.size()) == 0;
}

}  // namespace

bool OpsGate::take_try(const std::string& identity, Clock::time_point now) {
  const auto is_past = [now](Clock::time_point at) { return now - at > kTriesWithin; };
  if (tries_.size() >= kMostAddresses && !tries_.contains(identity)) {
    std::erase_if(tries_, [&](const auto& one) { return is_past(one.second.back()); });
    if (tries_.size() >= kMostAddresses) {
      tries_.erase(
          std::ranges::min_element(tries_, {}, [](const auto& one) { return one.second.back(); }));
    }
  }
  Tries& tries = tries_[identity];
  while (!tries.empty() && is_past(tries.front())) {
    tries.pop_front();
  }
  if (tries.size() >= kMostTries) {
    return false;
  }
  tries.push_back(now);
  return true;
}

Task<OpsGate::Verdict> OpsGate::judge(const Request& request) {
  if (password_hash_.empty()) {
    co_return proxy_ == Proxy::none&& is_loopback(request.client_address) &&
            !request.page.is_forwarded && names_loopback(request.base_url)
        ? Verdict::allowed
        : Verdict::elsewhere;
  }
  const auto password = password_of(request.authorization);
  if (!password) {
    co_return Verdict::password_wanted;
  }
  const std::string digest = digest_of(*password);
  const std::string identity = identity_of_address(request.client_address);
  {
    const std::scoped_lock lock{mutex_};
    if (digest == accepted_) {
      co_return Verdict::allowed;
    }
    if (!take_try(identity, Clock::now())) {
      co_return Verdict::too_many_tries;
    }
  }
  std::function<bool()> hash = [password = *password, wanted = password_hash_] {
    return is_right(password, wanted);
  };
  const std::optional<bool> judged =
      co_await hashing_.run<bool>(Deadline::in(kHashLimit), std::move(hash));
  if (!judged) {
    co_return Verdict::too_many_tries;  // of others
  }
  if (!*judged) {
    co_return Verdict::password_wanted;
  }
  const std::scoped_lock lock{mutex_};
  accepted_ = digest;
  tries_.erase(identity);
  co_return Verdict::allowed;
}

}  // namespace freshet::api::web
