#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/config.hpp"
#include "core/kafka/producer.hpp"
#include "core/result.hpp"

namespace freshet {

/// Writes what only one run of a provider may write, each time in one transaction under the
/// provider's transactional id. A later writer of that id fences an earlier one, which then writes
/// nothing any more, however long it slept.
///
/// Sightings are not written in this way: they may come twice, and an open transaction would hold
/// back everybody's sightings for as long as a page takes.
/// @thread_safety  One thread at a time.
class StateWriter {
 public:
  /// @param name      after `produce.` in the transactional id.
  /// @param is_ours   asked before a client that broke is made anew, because that fences any other
  ///                  process which has the id by now. False: another process has it.
  /// @param config    outlives this.
  StateWriter(const Config::Kafka& config, const std::string& name,
              std::function<Result<bool>()> is_ours);

  /// Registers the id: earlier writers are fenced from here on.
  Result<void> take_over();

  /// Writes all records or none. A failure that may pass is tried again for a minute, so writing
  /// the records twice must do no harm.
  /// @error Errc::fenced, Retry::never: another writer has the id. Others: Retry::after_backoff.
  Result<void> write(std::span<const kafka::OutRecord> records);

 private:
  using Outcome = kafka::Producer::Outcome;
  kafka::Producer::Step try_to_write(std::span<const kafka::OutRecord> records);
  Result<void> renew();
  Error fenced() const;

  const Config::Kafka& config_;
  std::string name_;
  std::function<Result<bool>()> is_ours_;
  std::unique_ptr<kafka::Producer> producer_;
};

}  // namespace freshet
