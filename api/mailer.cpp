#include "api/mailer.hpp"

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "api/secrets.hpp"
#include "core/check.hpp"
#include "core/log.hpp"

namespace freshet::api {
namespace {

constexpr std::size_t kMostWaiting = 1'000;
constexpr std::chrono::minutes kPatience{10};
constexpr std::chrono::seconds kPause{15};

/// `Sat, 21 Nov 2026 02:12:00 +0000`
std::string mail_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &parts);
  return {text.data(), length};
}

/// Why a mail could not be sent; nothing when it was.
using Fault = std::optional<std::string>;

class Way {
 public:
  Way() = default;
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;
  virtual ~Way() = default;
  virtual Fault send(const std::string& from, const std::string& to, const std::string& text) = 0;
};

/// One file a mail, which appears whole.
class Folder final : public Way {
 public:
  explicit Folder(std::filesystem::path folder) : folder_{std::move(folder)} {
    std::error_code fault;
    std::filesystem::create_directories(folder_, fault);
    if (!std::filesystem::is_directory(folder_, fault)) {
      throw StartupError{"api.mail_dir: " + folder_.string() + " is no folder, and cannot be made"};
    }
  }

  Fault send(const std::string&, const std::string&, const std::string& text) override {
    const std::string name = std::to_string(std::time(nullptr)) + "-" + random_secret(8);
    const std::filesystem::path half = folder_ / ("." + name);
    {
      std::ofstream file{half, std::ios::binary};
      file << text;
      file.close();
      if (!file) {
        return "cannot write to " + folder_.string();
      }
    }
    std::error_code fault;
    std::filesystem::rename(half, folder_ / (name + ".eml"), fault);
    return fault ? Fault{fault.message()} : std::nullopt;
  }

 private:
  std::filesystem::path folder_;
};

/// libcurl asks for what is to be sent, piece by piece.
struct Unsent {
  std::string_view rest;
};

std::size_t give(char* place, std::size_t size, std::size_t count, void* unsent) {
  auto& rest = static_cast<Unsent*>(unsent)->rest;
  const std::size_t given = std::min(size * count, rest.size());
  std::memcpy(place, rest.data(), given);
  rest.remove_prefix(given);
  return given;
}

class Smtp final : public Way {
 public:
  explicit Smtp(std::string url) : url_{std::move(url)} {}

  Fault send(const std::string& from, const std::string& to, const std::string& text) override {
    struct Free {
      void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
      void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
    };
    const std::unique_ptr<CURL, Free> curl{curl_easy_init()};
    const std::unique_ptr<curl_slist, Free> receivers{curl_slist_append(nullptr, to.c_str())};
    FRESHET_CHECK(curl != nullptr && receivers != nullptr);
    Unsent unsent{text};
    std::array<char, CURL_ERROR_SIZE> why{};
    curl_easy_setopt(curl.get(), CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    // Encrypted where the server can; `smtps` always.
    curl_easy_setopt(curl.get(), CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
    curl_easy_setopt(curl.get(), CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_MAIL_RCPT, receivers.get());
    curl_easy_setopt(curl.get(), CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl.get(), CURLOPT_READDATA, &unsent);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, why.data());
    const CURLcode code = curl_easy_perform(curl.get());
    if (code == CURLE_OK) {
      return std::nullopt;
    }
    return why[0] == '\0' ? std::string{curl_easy_strerror(code)} : std::string{why.data()};
  }

 private:
  std::string url_;
};

/// Sends on a thread of its own.
class Postman final : public Mailer {
 public:
  Postman(std::unique_ptr<Way> way, std::string from)
      : way_{std::move(way)},
        from_{std::move(from)},
        thread_{[this](const std::stop_token& stop) { run(stop); }} {}

  void send(Mail mail) override {
    {
      const std::scoped_lock lock{mutex_};
      if (waiting_.size() >= kMostWaiting) {
        log::error("mail_not_sent", {{"reason", "too many mails are waiting"}});
        return;
      }
      waiting_.push_back({std::move(mail), std::chrono::steady_clock::now() + kPatience});
    }
    arrived_.notify_one();
  }

 private:
  struct Waiting {
    Mail mail;
    std::chrono::steady_clock::time_point until;
  };

  void run(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock{mutex_};
      arrived_.wait(lock, stop, [this] { return !waiting_.empty(); });
      if (waiting_.empty()) {
        return;  // stopped
      }
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      const Fault fault =
          way_->send(from_, next.mail.to,
                     mail_text(next.mail, from_, mail_date(), random_secret(24) + "@freshet"));
      if (!fault) {
        log::info("mail_sent", {{"subject", next.mail.subject}});
        continue;
      }
      const bool is_last = stop.stop_requested() || std::chrono::steady_clock::now() > next.until;
      // Neither the address nor the text: the text has a code in it.
      (is_last ? log::error : log::warn)(is_last ? "mail_not_sent" : "mail_delayed",
                                         {{"reason", *fault}});
      if (is_last) {
        continue;
      }
      lock.lock();
      waiting_.push_back(std::move(next));
      arrived_.wait_for(lock, stop, kPause, [] { return false; });
    }
  }

  std::unique_ptr<Way> way_;
  std::string from_;
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Waiting> waiting_;
  std::jthread thread_;  // last: it uses the others
};

class Nobody final : public Mailer {
 public:
  void send(Mail) override {
    log::error("mail_not_sent", {{"reason", "neither api.mail_url nor api.mail_dir is set"}});
  }
};

}  // namespace

std::string mail_text(const Mail& mail, const std::string& from, const std::string& date,
                      const std::string& message_id) {
  std::string text = "From: Freshet <" + from + ">\r\nTo: <" + mail.to +
                     ">\r\nSubject: " + mail.subject + "\r\nDate: " + date + "\r\nMessage-ID: <" +
                     message_id +
                     ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n";
  for (const char c : mail.text) {
    text += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return text;
}

std::unique_ptr<Mailer> make_mailer(const Config::Api& config) {
  if (!config.mail_dir.empty()) {
    return std::make_unique<Postman>(std::make_unique<Folder>(config.mail_dir), config.mail_from);
  }
  if (!config.mail_url.empty()) {
    return std::make_unique<Postman>(std::make_unique<Smtp>(config.mail_url), config.mail_from);
  }
  return std::make_unique<Nobody>();
}

}  // namespace freshet::api
