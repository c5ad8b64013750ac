#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/media.hpp"
#include "api/paging.hpp"
#include "api/parameters.hpp"
#include "core/record/fields.hpp"

namespace freshet::api {

/// A live work as its row in Postgres has it; JSON columns as text.
struct WorkRow {
  std::string identifier;
  std::int64_t created_micros = 0;
  std::int64_t updated_micros = 0;                ///< last change that anybody can see
  std::optional<std::int64_t> seen_micros;        ///< last visit to the source that is known
  std::optional<std::string> stored_license_url;  ///< `meta_data.license_url`
  std::optional<std::string> tags;                ///< JSON: `[{name, provider[, accuracy]}]`
  std::optional<std::string> hidden_tags;         ///< JSON: positions in `tags` that are not shown
  std::optional<std::string> sensitivity;         ///< JSON: list of texts
  std::optional<std::string> genres;              ///< audio, JSON: list of texts
  std::optional<std::string> audio_set;           ///< audio, JSON object
  std::optional<std::string> alt_files;           ///< audio, JSON: list of objects
  /// By Field, those that the record contract calls shown.
  std::array<std::optional<std::string>, kFieldCount> texts;
  std::array<std::optional<std::int64_t>, kFieldCount> numbers;

  /// `text<Field::title>()`; which fields there are is known at compile time.
  template <Field field>
  std::optional<std::string>& text() {
    static_assert(field_spec(field).is_text() && field_spec(field).is_shown);
    return texts[static_cast<std::size_t>(field)];
  }
  template <Field field>
  const std::optional<std::string>& text() const {
    static_assert(field_spec(field).is_text() && field_spec(field).is_shown);
    return texts[static_cast<std::size_t>(field)];
  }
  template <Field field>
  std::optional<std::int64_t>& number() {
    static_assert(field_spec(field).kind == FieldKind::integer && field_spec(field).is_shown);
    return numbers[static_cast<std::size_t>(field)];
  }
  template <Field field>
  const std::optional<std::int64_t>& number() const {
    static_assert(field_spec(field).kind == FieldKind::integer && field_spec(field).is_shown);
    return numbers[static_cast<std::size_t>(field)];
  }
};

struct ItemOptions {
  Media media = Media::image;
  std::string_view base_url;  ///< of this server, no slash at the end
  bool with_peaks = false;
  /// By identifier, JSON; what has none here has an empty list. Null: none has any.
  const std::map<std::string, std::string, std::less<>>* peaks = nullptr;
};

/// Appends the item object of v1; its members are in the order in which upstream writes them.
/// @param fields_matched  names of the fields that matched
void append_item(std::string& out, const WorkRow& row,
                 const std::vector<std::string>& fields_matched, const ItemOptions& options);

/// Where the licence of a work is explained.
std::optional<std::string> item_license_url(const WorkRow& row);

/// A tag that is shown.
struct VisibleTag {
  std::string name;
  bool is_machine_made = false;  ///< a machine's guess, which says how sure it is
};
std::vector<VisibleTag> visible_tags(const WorkRow& row);

/// Why a work may disturb, as the wire says it: `sensitive_text`, `user_reported_sensitive`.
std::vector<std::string> sensitivity_reasons(const WorkRow& row);

/// The names of the tags that are shown, in order.
std::vector<std::string> visible_tag_names(const WorkRow& row);

/// An item of a list: a row and what the search said of it.
struct ListItem {
  const WorkRow* row;
  const std::vector<std::string>* fields_matched;
};

/// The list envelope of v1 around items; `warnings` stand first, and only when there are any.
/// @param next_cursor  of a walk: where it goes on, empty at its end; null: there is no cursor
std::string build_list(const Counts& counts, int page_size, int page,
                       const std::vector<ListItem>& items,
                       const std::vector<SourceWarning>& warnings, const ItemOptions& options,
                       const std::string* next_cursor = nullptr);

/// A source as `/stats/` lists it.
struct SourceStat {
  std::string source_name;
  std::string display_name;
  std::string source_url;
  std::int64_t media_count = 0;
  std::optional<std::int64_t> last_indexed_millis{};  ///< newest change of one of its works
};
std::string build_stats(const std::vector<SourceStat>& sources);

/// `https://` before what has no scheme.
std::string with_scheme(std::string_view url);

/// `2022-08-27T17:39:48.570871Z`; whole seconds without a fraction.
std::string format_indexed_on(std::int64_t micros);

}  // namespace freshet::api
