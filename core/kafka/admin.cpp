#include "core/kafka/admin.hpp"

#include <algorithm>
#include <array>

#include "core/check.hpp"
#include "core/kafka/admin_impl.hpp"

namespace freshet::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReachableSlice{500};
constexpr milliseconds kRefusedPatience{2'000};
constexpr std::string_view kNoGroup = "admin";

void on_error(rd_kafka_t* /*handle*/, int code, const char* text, void* opaque) {
  auto& impl = *static_cast<Admin::Impl*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    impl.all_down = true;  // its text says only "1/1 brokers are down"
  } else {
    impl.trouble = text;
    impl.trouble_code = code;
  }
}

/// A sentence of librdkafka without the connection before it and the statistics behind it:
/// `sasl_ssl://host:9093/bootstrap: SSL handshake failed: … (after 5ms in state SSL_HANDSHAKE)`.
std::string cause_of(std::string text) {
  if (const auto after = text.rfind(" (after "); after != std::string::npos) {
    text.resize(after);
  }
  const auto connection = text.find("://");
  const auto colon = text.find(": ", connection == std::string::npos ? 0 : connection);
  return connection != std::string::npos && colon != std::string::npos ? text.substr(colon + 2)
                                                                       : text;
}

Error unreachable(const std::string& brokers, int code, std::string_view cause) {
  std::string text;
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    text = "Kafka at " + brokers + " does not let us in (kafka.librdkafka.sasl.…): ";
  } else if (code == RD_KAFKA_RESP_ERR__SSL || cause.find("SSL routines") != cause.npos) {
    // Which of the two a refused certificate is called depends on who closes the connection first.
    text = "no TLS with Kafka at " + brokers + " (kafka.librdkafka.ssl.…): ";
  } else {
    text = "no Kafka broker answers at " + brokers + ": ";
  }
  return {Errc::unreachable, Retry::after_backoff, text.append(cause)};
}

}  // namespace

Admin::Admin(const Config::Kafka& config) : impl_{std::make_unique<Impl>()} {
  impl_->config = config;
  impl_->connect();
}

// Any handle can administrate, but where a broker answers that it does not coordinate a group,
// librdkafka 2.0.2 ends the process unless the handle has a group of its own (its issue 5040). This
// one is never joined.
void Admin::Impl::connect() {
  handle = make_handle(RD_KAFKA_CONSUMER, config, {}, {{"group.id", config.prefixed(kNoGroup)}},
                       {.rebalance = nullptr, .delivery = nullptr, .error = on_error}, this);
}

Admin::~Admin() = default;

Result<Owned<const rd_kafka_metadata_t>> Admin::Impl::metadata(milliseconds timeout) {
  const rd_kafka_metadata_t* found = nullptr;
  const rd_kafka_resp_err_t code =
      rd_kafka_metadata(handle.get(), 1, nullptr, &found, to_millis(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_poll(handle.get(), 0);  // lets on_error tell the cause
    return unreachable(config.brokers, trouble_code,
                       trouble.empty() ? rd_kafka_err2str(code) : cause_of(trouble));
  }
  return Owned<const rd_kafka_metadata_t>{found};
}

Result<void> Admin::reachable(milliseconds timeout) {
  const auto start = steady_clock::now();
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(start + timeout - steady_clock::now());
    const auto metadata = impl_->metadata(std::clamp(left, milliseconds{1}, kReachableSlice));
    if (metadata) {
      return {};
    }
    const auto waited = steady_clock::now() - start;
    // Refused by all of them, and again: that is an answer, too.
    if (waited >= timeout || (impl_->all_down && waited >= kRefusedPatience)) {
      return metadata.error();
    }
  }
}

Result<Owned<rd_kafka_event_t>> Admin::Impl::ask(rd_kafka_admin_op_t operation,
                                                 std::string_view what, const Send& send) {
  const OwnedAdmin<rd_kafka_AdminOptions_t> options{
      rd_kafka_AdminOptions_new(handle.get(), operation)};
  std::array<char, 256> reason{};
  FRESHET_CHECK(rd_kafka_AdminOptions_set_request_timeout(
                    options.get(), to_millis(kAdminRequestTimeout), reason.data(), reason.size()) ==
                RD_KAFKA_RESP_ERR_NO_ERROR);
  const Queue queue{rd_kafka_queue_new(handle.get())};
  send(options.get(), queue.get());
  Owned<rd_kafka_event_t> reply{
      rd_kafka_queue_poll(queue.get(), to_millis(kAdminRequestTimeout + milliseconds{1'000}))};
  if (!reply) {
    return to_error(RD_KAFKA_RESP_ERR__TIMED_OUT, what);
  }
  last_code = rd_kafka_event_error(reply.get());
  if (last_code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return to_error(last_code, what, rd_kafka_event_error_string(reply.get()));
  }
  return reply;
}

}  // namespace freshet::kafka
