#pragma once

#include <memory>
#include <string>

#include "core/config.hpp"

namespace freshet::api {

/// A mail of plain text to one person.
struct Mail {
  std::string to;
  std::string subject;  ///< ASCII
  std::string text;     ///< UTF-8, lines end with \n
};

/// Sends mails. One that cannot be sent is logged, and its caller does not hear of it: whoever
/// registers must not learn which addresses there are.
/// @thread_safety  All of it.
class Mailer {
 public:
  Mailer() = default;
  Mailer(const Mailer&) = delete;
  Mailer& operator=(const Mailer&) = delete;
  virtual ~Mailer() = default;

  /// Takes a mail over and returns at once.
  virtual void send(Mail mail) = 0;
};

/// The mailer that the settings ask for: over SMTP, into a folder, or one that logs that none was
/// sent. It sends on a thread of its own, one mail after the other; a mail that a server does not
/// take is tried again for ten minutes. What it still holds when it is destroyed is tried once
/// more.
/// @error StartupError: the folder cannot be written to
std::unique_ptr<Mailer> make_mailer(const Config::Api& config);

/// The mail as it goes over the wire and into a file: RFC 5322, 8-bit UTF-8, lines end with \r\n.
/// @param date  as in HTTP
std::string mail_text(const Mail& mail, const std::string& from, const std::string& date,
                      const std::string& message_id);

}  // namespace freshet::api
