// The session of the PostgreSQL sink on a real server.
#include "sinks/targets/pg_session.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

namespace freshet {
namespace {

using namespace std::chrono_literals;

/// Takes connections, and never says a word: a server that is frozen.
class SilentHost {
 public:
  SilentHost() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(socket_, raw, size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, raw, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~SilentHost() { ::close(socket_); }
  SilentHost(const SilentHost&) = delete;
  SilentHost& operator=(const SilentHost&) = delete;
  std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

/// The services' DSN with another host before its own.
std::string behind(const std::string& port) {
  const char* const dsn = std::getenv("FRESHET_POSTGRES_DSN");
  PQconninfoOption* const options = PQconninfoParse(dsn != nullptr ? dsn : "port=1", nullptr);
  std::map<std::string, std::string> found{{"host", "127.0.0.1"}, {"port", "5432"}};
  for (auto* one = options; one != nullptr && one->keyword != nullptr; ++one) {
    if (one->val != nullptr) {
      found[one->keyword] = one->val;
    }
  }
  PQconninfoFree(options);
  found["host"].insert(0, "127.0.0.1,");
  found["port"].insert(0, port + ",");
  std::string text;
  for (const auto& [name, value] : found) {
    text.append(name).append("='").append(value).append("' ");
  }
  return text;
}

TEST(PgSession, AHostThatDoesNotAnswerLeavesTimeForTheNext) {
  const SilentHost silent;
  PgSession session{behind(silent.port()), {}, {}};
  const auto before = std::chrono::steady_clock::now();
  const auto opened = session.ensure_open();
  ASSERT_TRUE(opened) << opened.error().error.message();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 9s) << "a single host has ten";
  EXPECT_TRUE(session.run("SELECT 1"));
}

TEST(PgSession, AHostThatRefusesIsPassedOver) {
  PgSession session{behind("1"), {}, {}};
  const auto opened = session.ensure_open();
  ASSERT_TRUE(opened) << opened.error().error.message();
  EXPECT_TRUE(session.run("SELECT 1"));
}

}  // namespace
}  // namespace freshet
