#pragma once

#include <memory>
#include <string>

#include "api/items.hpp"
#include "api/link_state.hpp"
#include "api/topic_writer.hpp"
#include "core/time.hpp"

namespace freshet::api {

/// The file of a work.
struct Link {
  std::string provider;
  std::string url;
  std::string identifier = {};
  Media media = Media::image;
};

/// Hears what became of each look at a link.
/// @thread_safety  All of it.
class LinkLog {
 public:
  LinkLog() = default;
  LinkLog(const LinkLog&) = delete;
  LinkLog& operator=(const LinkLog&) = delete;
  virtual ~LinkLog() = default;

  virtual void note(const Link& link, int status) = 0;
};

/// A look as `media.link-checks.v1` carries it: schemas/records/link-check.schema.json.
std::string encode_link_check(const Link& link, int status, UtcTime checked_at);

/// Writes them to `media.link-checks.v1`. Nobody waits for it; while the broker is away they are
/// dropped, counted: the link is looked at again when what is known of it has expired.
class KafkaLinkLog final : public LinkLog {
 public:
  KafkaLinkLog(const Config::Kafka& config, Metrics& metrics);

  void note(const Link& link, int status) override;

 private:
  TopicWriter writer_;
};

}  // namespace freshet::api
