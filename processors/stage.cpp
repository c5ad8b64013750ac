#include "processors/stage.hpp"

#include "core/topics.hpp"

namespace freshet {

TopicRecord TopicRecord::of(const kafka::Message& message) {
  return {.partition = message.partition(),
          .offset = message.offset(),
          .key = message.key(),
          .value = message.value(),
          .schema = message.header(schema_header::kName),
          .appended = message.timestamp()};
}

}  // namespace freshet
