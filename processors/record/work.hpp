#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.hpp"
#include "core/key.hpp"
#include "core/record/fields.hpp"
#include "core/result.hpp"

namespace freshet {

/// The member's name on topics: `foreign_landing_url`.
std::string_view to_string(Field field) noexcept;
std::optional<Field> parse_field(std::string_view name) noexcept;

/// One member of an object: its name, decoded, and its value as compact JSON text.
struct Member {
  std::string_view name;
  std::string_view json;
};

/// One tag. `name` and `provider` are decoded text; `accuracy` is JSON text or empty.
struct Tag {
  std::string_view name;
  std::string_view provider;
  std::string_view accuracy;
};

/// A cleaned (or merged) work, held as slices of compact JSON text so that merging and writing copy
/// bytes and parse nothing twice. All views point into an arena or into the record that was parsed.
struct Work {
  MediaType media_type = MediaType::image;
  std::string_view provider;            ///< decoded
  std::string_view foreign_identifier;  ///< decoded, cleaned
  std::string_view url;                 ///< decoded

  /// Compact JSON text per field (`"by"`, `1200`, `true`); empty: absent. Never `null`.
  std::array<std::string_view, kFieldCount> fields{};
  std::pmr::vector<Member> meta_data;
  std::pmr::vector<Member> audio_set;
  std::pmr::vector<Tag> tags;                    ///< distinct, by (name, provider) in byte order
  std::pmr::vector<std::string_view> genres;     ///< JSON texts; a null element is `null`
  std::pmr::vector<std::string_view> alt_files;  ///< JSON texts of objects, canonical member order
  std::pmr::vector<LeftOut> left_out;  ///< by clean; to be counted, not a part of the work

  /// Members that this version does not know: of a record that another version wrote. They are
  /// carried along, each a slot of its own.
  std::pmr::vector<Member> others;

  explicit Work(std::pmr::memory_resource* memory)
      : meta_data{memory},
        audio_set{memory},
        tags{memory},
        genres{memory},
        alt_files{memory},
        left_out{memory},
        others{memory} {}

  std::string_view& at(Field field) { return fields[static_cast<std::size_t>(field)]; }
  std::string_view at(Field field) const { return fields[static_cast<std::size_t>(field)]; }
};

/// Appends the JSON object of a work: the fields in order, `meta_data`, `tags`, `genres`,
/// `audio_set`, `alt_files` behind `title`, where they are not empty. The bytes are a function of
/// the content alone.
void append_work(std::string& out, const Work& work);

/// Reads what `append_work` wrote (a catalogue record's `work`), trusting its form.
/// @error Errc::malformed_payload, Retry::never: not such an object, or a member stands twice.
Result<Work> parse_work(std::string_view json, Arena& arena);

}  // namespace freshet
