#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

/// Finds terms that stand as whole words in texts: "bird" is in "A bird." and not in "birds".
///
/// Letters match whatever their case, in every script that has cases (simple case mapping, one code
/// point to one). A word is a run of letters, digits, underscores and combining accents; a term
/// that begins (ends) with one of these matches only where a word begins (ends). A term may have
/// several words, and white space in it stands for any run of white space. Accents count, and
/// composed and decomposed forms are different texts.
///
/// A text is read once, whatever the number of terms: the words are hashed as they are read, and
/// only a word that begins some term is looked at again.
///
/// @source  the planned successor of the batch original's filtered index: each term tested as a
///          whole word against title, description and tag names.
class SensitiveTerms {
 public:
  /// @param terms  UTF-8; empty ones are ignored.
  explicit SensitiveTerms(const std::vector<std::string>& terms);

  bool empty() const { return terms_.empty(); }
  /// Whether a term stands in `text` (UTF-8; bytes that are not count as no letters).
  bool occurs_in(std::string_view text) const;

 private:
  struct Term {
    std::string folded;
    std::size_t word = 0;  ///< where its first word begins; npos: it has none
    std::uint64_t hash = 0;
  };
  std::optional<bool> occurs_in_ascii(std::string_view text) const;
  bool occurs_in_any(std::string_view text) const;
  bool ends_word(std::string_view text, std::size_t begin, std::uint64_t hash) const;
  bool starts_at(std::string_view text, std::size_t word, std::uint64_t hash) const;

  std::vector<Term> terms_;            ///< by the hash of their first word
  std::vector<std::uint64_t> filter_;  ///< a bit per hash of a first word
  std::vector<std::uint32_t> slots_;   ///< open addressing: 1 + index of the first such term, or 0
  std::vector<std::string> wordless_;  ///< terms without any word character, such as signs
};

}  // namespace freshet
