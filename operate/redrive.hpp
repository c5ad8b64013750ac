#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clean_preview.hpp"
#include "core/kafka/message.hpp"
#include "operate/dead_letters.hpp"

namespace freshet {

/// After so many redrives that failed a letter stays where it is: only a mended value is sent.
inline constexpr int kMostRedriven = 3;

/// A dead letter with its original bytes.
struct DeadLetterRecord {
  DeadLetterLine line;
  std::optional<std::string> key;
  std::optional<std::string> value;
  kafka::Headers headers;  ///< the original record's own, without `redriven`
  bool is_edited = false;  ///< the value is a mended one

  static DeadLetterRecord read(DeadLetterLine line, const kafka::Message& message);
};

/// How a dead letter goes back to where it came from.
struct Redrive {
  enum class Way {
    send,    ///< the bytes, to their topic, under their key
    reemit,  ///< the processor writes the work again: nobody else writes that topic
    stay,    ///< it cannot be sent back; `why` says what to do
  };
  enum class Outcome { forward, drop, dead_letter, unknown };

  Way way = Way::stay;
  std::string topic;     ///< without prefix; of `send`
  std::string key;       ///< of `send`; the work's of `reemit`
  bool has_key = false;  ///< false: the record had none
  /// What the stage would make of it now. Of a letter that stays: `dead_letter`.
  Outcome outcome = Outcome::unknown;
  std::string why;  ///< why it stays, is dropped or would be put aside again
};
std::string_view to_string(Redrive::Way way) noexcept;
std::string_view to_string(Redrive::Outcome outcome) noexcept;

/// Judges one letter, as far as its bytes and the rules tell: what depends on the state of a work
/// is not looked at.
/// @param cleaning  what clean and the stores' decoder say
Redrive plan_redrive(const DeadLetterRecord& letter, const Cleaning& cleaning);

}  // namespace freshet
