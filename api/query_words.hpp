#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// What a query excludes, read in the same way: words, and phrases in quotes. `*` is none.
std::vector<std::string> excluded_parts(std::string_view text);

/// Whether the analysis of stemmed fields leaves nothing of `words`: there are some, and all of
/// them are stop words of one of the languages that searches know, in any case. A word that it is
/// not sure of counts as none.
///
/// @param words  without operators
bool is_stop_words_only(std::string_view words);

/// How many stop words there are.
std::size_t count_stop_words();

/// The words of `words` that are no English stop words; all of them where there are no others.
/// Stop words of other languages stay: `van`, `die` and `met` are English words, too.
///
/// @param words  without operators, a space between them
std::string without_english_stop_words(std::string_view words);

/// How else `words` may be written: without hyphens inside of words (`wifi` for `wi-fi`); two words
/// without hyphens as one (`seashell` for `sea shell`). Nothing where there is no other way.
///
/// @param words  without operators and phrases, a space between them
std::optional<std::string> closed_form(std::string_view words);

}  // namespace freshet::api
