#include "core/kafka/message.hpp"

#include "core/kafka/handles.hpp"

namespace freshet::kafka {

void Message::Free::operator()(rd_kafka_message_s* message) const noexcept {
  rd_kafka_message_destroy(message);
}

std::string_view Message::topic() const noexcept { return rd_kafka_topic_name(message_->rkt); }

Partition Message::partition() const noexcept { return Partition{message_->partition}; }

Offset Message::offset() const noexcept { return Offset{message_->offset}; }

std::optional<std::string_view> Message::key() const noexcept {
  if (message_->key == nullptr) {
    return std::nullopt;
  }
  return std::string_view{static_cast<const char*>(message_->key), message_->key_len};
}

std::optional<std::string_view> Message::value() const noexcept {
  if (message_->payload == nullptr) {
    return std::nullopt;
  }
  return std::string_view{static_cast<const char*>(message_->payload), message_->len};
}

UtcTime Message::timestamp() const noexcept {
  const std::int64_t millis = rd_kafka_message_timestamp(message_.get(), nullptr);
  return UtcTime::from_millis(millis < 0 ? 0 : millis);  // -1: a message without a time
}

std::optional<std::string_view> Message::header(std::string_view name) const noexcept {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message_.get(), &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  const void* value = nullptr;
  std::size_t size = 0;
  // The C API wants a terminated name; ours are short enough to need no allocation.
  if (rd_kafka_header_get_last(headers, std::string{name}.c_str(), &value, &size) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  return std::string_view{static_cast<const char*>(value), value == nullptr ? 0 : size};
}

Headers headers_of(const rd_kafka_message_t& message) {
  Headers all;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return all;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    all.emplace_back(name,
                     std::string{static_cast<const char*>(value), value == nullptr ? 0 : size});
  }
  return all;
}

Headers Message::headers() const { return headers_of(*message_); }

std::size_t Message::size_bytes() const noexcept { return message_->key_len + message_->len; }

}  // namespace freshet::kafka
