#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"

namespace freshet {

/// What a JSON reply of status 200 must hold to be an answer.
///
/// Sources also report errors, limits and refusals in such replies. A reply that lacks what is
/// named here is asked for again and then fails; it is never taken for an empty list. Members are
/// JSON pointers; a reply with a non-null member `error` is no answer in any case.
struct Answer {
  /// Where the list of raw records is ("" is the reply itself). A list must be there; null or
  /// missing passes only where `total` says 0. Nothing: the reply has no list.
  std::optional<std::string> list{};
  /// The member that says how the request went. If it is there, it must be `success`, in upper or
  /// lower case.
  std::string status{};
  std::string success{};
  /// How many raw records the set has, as a number or digits: it must be there, and a set that ends
  /// with fewer is not complete.
  std::string total{};
  /// Further members that must be there and not null: what tells a detail from an error.
  std::vector<std::string> holds{};
};

/// Why a reply is no answer, in words; nothing when it is one.
std::optional<std::string> fault_of(const json::value& body, const Answer& answer);

/// What a source says of its error, on one short line: ` ("Rate limit exceeded")`; empty where it
/// says nothing. Some sources repeat the key that they refuse, so `secret` is blotted out.
std::string told_by(const json::value& body, std::string_view secret = {});

/// Judges a reply: why it is no answer, or nothing.
using Judge = std::function<std::optional<std::string>(const json::value&)>;
/// The judge of what an answer must hold. Without one, only a non-null member `error` is a fault.
Judge must_hold(Answer answer);

/// A count at a JSON pointer: a whole number, not negative, or its digits; else nothing.
std::optional<std::int64_t> count_at(const json::value& body, std::string_view pointer);

}  // namespace freshet
