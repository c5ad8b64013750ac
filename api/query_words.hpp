#pragma once

#include <string>
#include <string_view>

namespace freshet::api {

/// What becomes of the phrases of a query: in quotes as they were, their words, or nothing.
enum class Phrases { kept, as_words, left_out };

/// The words that a query asks for, a space between them: without what `-` excludes, and without
/// operators.
///
/// Reads as `simple_query_string` does with the flags AND, NOT, PHRASE and WHITESPACE: `-` counts
/// at the start of a word or phrase only, two of them are none, and a quote without a second one is
/// skipped. What remains means the same whether words are joined by AND or by OR; an exclusion
/// would match nearly everything there.
std::string wanted_words(std::string_view text, Phrases phrases);

/// Whether the analysis of stemmed fields leaves nothing of `words`: there are some, and all of
/// them are English stop words, in any case. A word that it is not sure of counts as none.
///
/// @param words  without operators
bool is_stop_words_only(std::string_view words);

}  // namespace freshet::api
