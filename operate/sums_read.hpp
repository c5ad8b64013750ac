#pragma once

#include <chrono>
#include <memory>

#include "core/commands.hpp"
#include "operate/stores.hpp"
#include "operate/sums.hpp"

namespace freshet {

/// Reads everything that `freshet stats` shows, again and again: of media.totals.v1 only what is
/// new.
///
/// @thread_safety  One thread at a time.
class SumsReader {
 public:
  /// The context must outlive it.
  /// @param count_limit  for how long a store may count its works
  explicit SumsReader(const Context& context, std::chrono::seconds count_limit = kPatientCount);
  ~SumsReader();
  SumsReader(const SumsReader&) = delete;
  SumsReader& operator=(const SumsReader&) = delete;

  /// What could not be read of stores, readers and policy is a note.
  /// @error WorkFailed: the sums cannot be read.
  Sums read(Refresh refresh);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet
