// What a client with a guard connects to, on real sockets. The names of this test are looked up in
// a table of its own: `getaddrinfo` is the one below.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "core/http/curl_client.hpp"

namespace {

std::mutex names_mutex;
/// Addresses of a name, one for each look-up in turn; the last one stays.
std::map<std::string, std::vector<std::string>> names;
std::map<std::string, std::size_t> look_ups;

}  // namespace

// Asked by libcurl in place of the C library's.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  std::string address = node == nullptr ? "" : node;
  {
    const std::lock_guard lock{names_mutex};
    if (const auto known = names.find(address); known != names.end()) {
      const std::size_t turn = look_ups[address]++;
      address = known->second[std::min(turn, known->second.size() - 1)];
    }
  }
  return real(node == nullptr ? nullptr : address.c_str(), service, hints, found);
}

namespace freshet::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

/// Answers on every loopback address, each request on a connection of its own. `/to?URL` leads to
/// URL.
class Host {
 public:
  Host() : thread_{[this] { serve(); }} {}
  ~Host() {
    is_stopped_ = true;
    tcp::socket waker{io_};
    boost::system::error_code ignored;
    waker.connect({asio::ip::address_v4::loopback(), port()}, ignored);
    thread_.join();
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  std::string at(const std::string& host, const std::string& path = "/") const {
    return "http://" + host + ":" + std::to_string(port()) + path;
  }
  int requests() const { return requests_; }
  int connections() const { return connections_; }

 private:
  void serve() {
    while (!is_stopped_) {
      tcp::socket socket{io_};
      boost::system::error_code fault;
      acceptor_.accept(socket, fault);
      if (fault || is_stopped_) {
        return;
      }
      ++connections_;
      beast::flat_buffer buffer;
      beast::http::request<beast::http::string_body> request;
      beast::http::read(socket, buffer, request, fault);
      if (fault) {
        continue;
      }
      ++requests_;
      beast::http::response<beast::http::string_body> response{beast::http::status::ok, 11};
      const std::string target{request.target().data(), request.target().size()};
      if (target.starts_with("/to?")) {
        response.result(302);
        response.set(beast::http::field::location, target.substr(4));
      }
      response.body() = "here";
      response.keep_alive(false);
      response.prepare_payload();
      beast::http::write(socket, response, fault);
    }
  }

  asio::io_context io_;
  // Of both families: loopback in all its spellings ends here.
  tcp::acceptor acceptor_{io_, tcp::endpoint{tcp::v6(), 0}};
  std::atomic<bool> is_stopped_ = false;
  std::atomic<int> requests_ = 0;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

class GuardedClient : public testing::Test {
 protected:
  void SetUp() override {
    const std::lock_guard lock{names_mutex};
    names.clear();
    look_ups.clear();
  }
  static void name(const std::string& host, std::vector<std::string> addresses) {
    const std::lock_guard lock{names_mutex};
    names[host] = std::move(addresses);
  }
  static Result<Response> get(const std::string& url, const AddressGuard& guard) {
    CurlClient client{CurlOptions{.user_agent = "test", .guard = &guard}};
    Request request;
    request.url = url;
    request.timeout = std::chrono::seconds{5};
    return client.send(request);
  }
  void expect_refused(const std::string& url, const AddressGuard& guard = AddressGuard{}) {
    const int before = host_.connections();
    const auto response = get(url, guard);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().errc(), Errc::invalid_value) << response.error().message();
    EXPECT_EQ(response.error().retry(), Retry::never);
    EXPECT_EQ(host_.connections(), before) << url;
  }

  Host host_;
  // Whom the test lets stand for the public: one loopback address, and no other.
  const AddressGuard only_one_{*parse_ip_networks("127.0.0.1")};
};

TEST_F(GuardedClient, ConnectsToWhatIsAllowed) {
  const auto response = get(host_.at("127.0.0.1"), only_one_);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, "here");
}

TEST_F(GuardedClient, RefusesLoopbackInEverySpelling) {
  for (const char* host :
       {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"}) {
    expect_refused(host_.at(host));
  }
}

TEST_F(GuardedClient, RefusesAddressesThatAreNotPublic) {
  for (const char* host : {"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                           "224.0.0.1", "255.255.255.255", "[fe80::1]", "[fd00::1]", "[ff02::1]",
                           "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::1]"}) {
    expect_refused("http://" + std::string{host} + ":9/");
  }
}

TEST_F(GuardedClient, RefusesNamesThatLeadInside) {
  name("inside.test", {"127.0.0.1"});
  name("mapped.test", {"::ffff:127.0.0.1"});
  name("nat64.test", {"64:ff9b::7f00:1"});
  expect_refused(host_.at("inside.test"));
  expect_refused(host_.at("mapped.test"));
  expect_refused(host_.at("nat64.test"));
}

TEST_F(GuardedClient, AsksAnewWhereRedirectsLead) {
  const auto response =
      get(host_.at("127.0.0.1", "/to?" + host_.at("127.0.0.1", "/there")), only_one_);
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(host_.requests(), 2);
  for (const std::string& inside :
       {host_.at("127.0.0.2"), host_.at("[::1]"), host_.at("localhost.inside.test"),
        std::string{"http://169.254.169.254/latest/meta-data/"}}) {
    name("localhost.inside.test", {"127.0.0.3"});
    const int before = host_.requests();
    const auto refused = get(host_.at("127.0.0.1", "/to?" + inside), only_one_);
    ASSERT_FALSE(refused) << inside;
    EXPECT_EQ(refused.error().errc(), Errc::invalid_value);
    EXPECT_EQ(host_.requests(), before + 1) << inside;  // the redirect itself
  }
}

TEST_F(GuardedClient, GoesNowhereButToHttp) {
  for (const char* url : {"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"}) {
    EXPECT_FALSE(get(url, only_one_)) << url;
    EXPECT_FALSE(get(host_.at("127.0.0.1", std::string{"/to?"} + url), only_one_)) << url;
  }
}

// What is judged is what is connected to: there is no second look-up in between.
TEST_F(GuardedClient, NamesThatChangeGainNothing) {
  name("changes.test", {"127.0.0.1", "127.0.0.2"});
  const auto first = get(host_.at("changes.test"), only_one_);
  ASSERT_TRUE(first) << first.error().message();
  {
    const std::lock_guard lock{names_mutex};
    EXPECT_EQ(look_ups["changes.test"], 1U);
  }
  expect_refused(host_.at("changes.test"), only_one_);
  // And within one exchange, behind a redirect to a name that leads inside.
  name("later.test", {"127.0.0.1", "127.0.0.2"});
  name("other.test", {"127.0.0.2"});
  const int before = host_.requests();
  EXPECT_FALSE(get(host_.at("later.test", "/to?" + host_.at("other.test", "/")), only_one_));
  EXPECT_EQ(host_.requests(), before + 1);
}

TEST_F(GuardedClient, UsesNoProxy) {
  setenv("http_proxy", host_.at("127.0.0.1").c_str(), 1);
  const int before = host_.connections();
  EXPECT_FALSE(get("http://10.0.0.1:9/", AddressGuard{}));
  EXPECT_FALSE(get("http://10.0.0.1:9/", only_one_));
  unsetenv("http_proxy");
  EXPECT_EQ(host_.connections(), before);
}

}  // namespace
}  // namespace freshet::http
