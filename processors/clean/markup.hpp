#pragma once

#include <string>
#include <string_view>

namespace freshet::clean {

/// Whether a text could hold markup at all: the cheap question, asked of every title.
inline bool may_hold_markup(std::string_view text) noexcept {
  return text.find_first_of("<&") != std::string_view::npos;
}

/// Removes the markup from a title or creator and leaves its text, in the form of `clean_text`.
///
/// Tags may be literal or encoded as entities any number of times. A text that holds no tag,
/// however often it is decoded, stays as it is, entities included: `Tom &amp; Jerry`, `a < b`. What
/// is in angle brackets and begins like a tag is one, known or not: `<untitled>` leaves nothing,
/// and so does one that never ends. What no reader sees goes with its tags: `<script>`, `<style>`,
/// `<template>`, `<noscript>`, a head. Doing it twice changes nothing.
///
/// @param text  already in the form of `clean_text`; changed in place.
void strip_markup(std::string& text);

}  // namespace freshet::clean
