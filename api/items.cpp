#include "api/items.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "api/licenses.hpp"
#include "core/json_writer.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace freshet::api {
namespace {

/// A stored JSON column, null where it is absent. What is in Postgres is JSON by its type.
json::value column(const std::optional<std::string>& text) {
  if (!text) {
    return nullptr;
  }
  const Result<json::value> parsed = parse_json(*text);
  return parsed ? *parsed : json::value{nullptr};
}

void append_text_or_null(ObjectWriter& object, std::string_view name, const json::value& value) {
  value.is_string() ? object.text(name, std::string_view{value.get_string()}) : object.null(name);
}

/// Numbers inside JSON columns may be stored as text.
std::optional<double> number_in(const json::value& value) {
  if (value.is_number()) {
    return value.to_number<double>();
  }
  if (!value.is_string()) {
    return std::nullopt;
  }
  const std::string_view text = value.get_string();
  double number = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [stopped, fault] = std::from_chars(begin, end, number);
  if (fault != std::errc{} || stopped != end || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> integer_in(const json::value& value) {
  constexpr double kLargestExact = 9007199254740992.0;
  const std::optional<double> number = number_in(value);
  if (!number || std::abs(*number) > kLargestExact) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

bool is_hidden(const json::value& hidden, std::size_t position) {
  return hidden.is_array() &&
         std::ranges::any_of(hidden.get_array(), [&](const json::value& entry) {
           return entry.is_int64() && entry.get_int64() == static_cast<std::int64_t>(position);
         });
}

/// Calls `use` with each tag that has a name and is not hidden.
void for_each_visible_tag(const WorkRow& row, const auto& use) {
  const json::value tags = column(row.tags);
  const json::value hidden = column(row.hidden_tags);
  if (!tags.is_array()) {
    return;
  }
  for (std::size_t i = 0; i < tags.get_array().size(); ++i) {
    const json::value& tag = tags.get_array()[i];
    if (text_at(tag, "/name") && !is_hidden(hidden, i)) {
      use(tag);
    }
  }
}

void append_tags(std::string& out, const WorkRow& row) {
  out += '[';
  const char* separator = "";
  for_each_visible_tag(row, [&](const json::value& tag) {
    out += separator;
    ObjectWriter object{out};
    object.text("name", *text_at(tag, "/name"));
    const std::optional<double> accuracy = number_in(value_at(tag, "/accuracy"));
    accuracy ? object.number("accuracy", *accuracy, WholeNumber::with_point)
             : object.null("accuracy");
    append_text_or_null(object, "unstable__provider", value_at(tag, "/provider"));
    object.close();
    separator = ",";
  });
  out += ']';
}

void append_alt_files(std::string& out, const WorkRow& row) {
  const json::value files = column(row.alt_files);
  if (!files.is_array()) {
    out += "null";
    return;
  }
  out += '[';
  const char* separator = "";
  for (const json::value& file : files.get_array()) {
    if (!file.is_object()) {
      continue;
    }
    out += separator;
    ObjectWriter object{out};
    const auto number = [&](std::string_view name, const char* place) {
      if (file.get_object().contains(name)) {
        object.integer_or_null(name, integer_in(value_at(file, place)));
      }
    };
    append_text_or_null(object, "url", value_at(file, "/url"));
    number("bit_rate", "/bit_rate");
    number("filesize", "/filesize");
    append_text_or_null(object, "filetype", value_at(file, "/filetype"));
    number("sample_rate", "/sample_rate");
    object.close();
    separator = ",";
  }
  out += ']';
}

void append_audio_set(std::string& out, const WorkRow& row) {
  const json::value set = column(row.audio_set);
  if (!set.is_object() || set.get_object().empty()) {
    out += "null";
    return;
  }
  ObjectWriter object{out};
  append_text_or_null(object, "title", value_at(set, "/title"));
  append_text_or_null(object, "foreign_landing_url", value_at(set, "/foreign_landing_url"));
  append_text_or_null(object, "creator", value_at(set, "/creator"));
  append_text_or_null(object, "creator_url", value_at(set, "/creator_url"));
  append_text_or_null(object, "url", value_at(set, "/url"));
  object.integer_or_null("filesize", integer_in(value_at(set, "/filesize")));
  append_text_or_null(object, "filetype", value_at(set, "/filetype"));
  object.close();
}

void append_genres(std::string& out, const WorkRow& row) {
  const json::value genres = column(row.genres);
  if (!genres.is_array()) {
    out += "null";
    return;
  }
  std::vector<std::string> texts;
  for (const json::value& genre : genres.get_array()) {
    if (genre.is_string()) {
      texts.emplace_back(genre.get_string());
    }
  }
  append_json_strings(out, texts);
}

std::optional<std::string> url_with_scheme(const std::optional<std::string>& url) {
  return url ? std::optional{with_scheme(*url)} : std::nullopt;
}

bool says(const json::value& list, std::string_view text) {
  return list.is_array() && std::ranges::any_of(list.get_array(), [&](const json::value& entry) {
           return entry.is_string() && std::string_view{entry.get_string()} == text;
         });
}

void append_links(ObjectWriter& object, const WorkRow& row, const ItemOptions& options) {
  std::string self{options.base_url};
  self.append("/v1/").append(path_name(options.media)).append("/").append(row.identifier) += '/';
  if (options.media == Media::audio && !row.text<Field::thumbnail>()) {
    object.null("thumbnail");
  } else {
    object.text("thumbnail", self + "thumb/");
  }
  object.text("detail_url", self);
  object.text("related_url", self + "related/");
  if (options.media == Media::audio) {
    object.text("waveform", self + "waveform/");
  }
}

}  // namespace

std::string with_scheme(std::string_view url) {
  const std::size_t colon = url.find_first_of(":/?#");
  const bool has_scheme =
      colon != url.npos && url[colon] == ':' && colon > 0 &&
      std::ranges::all_of(
          url.substr(0, colon),
          [](char c) { return is_ascii_alphanumeric(c) || c == '+' || c == '-' || c == '.'; }) &&
      // `example.org:8080/x` has a port, not a scheme.
      !(colon + 1 < url.size() && is_ascii_digit(url[colon + 1]));
  if (has_scheme || url.empty()) {
    return std::string{url};
  }
  if (url.starts_with("//")) {
    return "https:" + std::string{url};
  }
  return "https://" + std::string{url};
}

std::string format_indexed_on(std::int64_t micros) {
  std::string text = format_micros(UtcTime{micros});
  if (micros % 1'000'000 == 0) {
    text.erase(text.size() - 8, 7);  // `.000000` before the Z
  }
  return text;
}

std::optional<std::string> item_license_url(const WorkRow& row) {
  return license_url(lower_ascii(row.text<Field::license>().value_or("")),
                     row.text<Field::license_version>().value_or(""),
                     row.stored_license_url.value_or(""));
}

std::vector<VisibleTag> visible_tags(const WorkRow& row) {
  std::vector<VisibleTag> tags;
  for_each_visible_tag(row, [&](const json::value& tag) {
    tags.push_back(
        {std::string{*text_at(tag, "/name")}, number_in(value_at(tag, "/accuracy")).has_value()});
  });
  return tags;
}

std::vector<std::string> sensitivity_reasons(const WorkRow& row) {
  const json::value sensitivity = column(row.sensitivity);
  std::vector<std::string> reasons;
  if (says(sensitivity, "sensitive_text")) {
    reasons.emplace_back("sensitive_text");
  }
  if (says(sensitivity, "user_reported_sensitivity")) {
    reasons.emplace_back("user_reported_sensitive");
  }
  return reasons;
}

std::vector<std::string> visible_tag_names(const WorkRow& row) {
  std::vector<std::string> names;
  for_each_visible_tag(row,
                       [&](const json::value& tag) { names.emplace_back(*text_at(tag, "/name")); });
  return names;
}

void append_item(std::string& out, const WorkRow& row,
                 const std::vector<std::string>& fields_matched, const ItemOptions& options) {
  const bool is_audio = options.media == Media::audio;
  const std::string slug = lower_ascii(row.text<Field::license>().value_or(""));
  const std::string version = row.text<Field::license_version>().value_or("");
  const std::optional<std::string> license_link = item_license_url(row);
  const json::value sensitivity = column(row.sensitivity);
  const bool is_mature = says(sensitivity, "user_reported_sensitivity");

  ObjectWriter item{out};
  item.text("id", row.identifier);
  item.text_or_null("title", row.text<Field::title>());
  item.text("indexed_on", format_indexed_on(row.created_micros));
  item.text_or_null("foreign_landing_url", url_with_scheme(row.text<Field::foreign_landing_url>()));
  item.text_or_null("url", url_with_scheme(row.text<Field::url>()));
  item.text_or_null("creator", row.text<Field::creator>());
  item.text_or_null("creator_url", url_with_scheme(row.text<Field::creator_url>()));
  item.text("license", slug);
  item.text_or_null("license_version", row.text<Field::license_version>());
  item.text_or_null("license_url", license_link);
  item.text_or_null("provider", row.text<Field::provider>());
  item.text_or_null("source", row.text<Field::source>());
  item.text_or_null("category", row.text<Field::category>());
  if (is_audio) {
    item.key("genres");
    append_genres(out, row);
  }
  item.integer_or_null("filesize", row.number<Field::filesize>());
  item.text_or_null("filetype", row.text<Field::filetype>());
  item.key("tags");
  append_tags(out, row);
  if (is_audio) {
    item.key("alt_files");
    append_alt_files(out, row);
  }
  item.text_or_null("attribution", attribution(row.text<Field::title>().value_or(""),
                                               row.text<Field::creator>().value_or(""), slug,
                                               version, license_link.value_or("")));
  item.texts("fields_matched", fields_matched);
  item.boolean("mature", is_mature);
  if (is_audio) {
    item.key("audio_set");
    append_audio_set(out, row);
    item.integer_or_null("duration", row.number<Field::duration>());
    item.integer_or_null("bit_rate", row.number<Field::bit_rate>());
    item.integer_or_null("sample_rate", row.number<Field::sample_rate>());
  } else {
    item.integer_or_null("height", row.number<Field::height>());
    item.integer_or_null("width", row.number<Field::width>());
  }
  append_links(item, row, options);
  if (is_audio && options.with_peaks) {
    const bool has_any = options.peaks != nullptr && options.peaks->contains(row.identifier);
    item.raw("peaks", has_any ? options.peaks->at(row.identifier) : "[]");
  }
  item.text("indexed_at", format_indexed_on(row.updated_micros));
  row.seen_micros ? item.text("last_seen_at", format_indexed_on(*row.seen_micros))
                  : item.null("last_seen_at");
  item.texts("unstable__sensitivity", sensitivity_reasons(row));
  item.close();
}

std::string build_list(const Counts& counts, int page_size, int page,
                       const std::vector<ListItem>& items,
                       const std::vector<SourceWarning>& warnings, const ItemOptions& options,
                       const std::string* next_cursor) {
  std::string out;
  ObjectWriter list{out};
  if (!warnings.empty()) {
    list.key("warnings");
    const char* separator = "[";
    for (const SourceWarning& warning : warnings) {
      out += separator;
      ObjectWriter object{out};
      object.text("code", "partially invalid source parameter");
      std::string message =
          "The source parameter included non-existent sources. For a list of available sources, "
          "see ";
      message.append(options.base_url).append("/v1/").append(path_name(options.media)) += "/stats/";
      object.text("message", message);
      object.texts("invalid_sources", warning.invalid_sources);
      object.texts("valid_sources", warning.valid_sources);
      object.close();
      separator = ",";
    }
    out += ']';
  }
  list.integer("result_count", counts.result_count);
  list.integer("page_count", counts.page_count);
  list.integer("page_size", page_size);
  list.integer("page", page);
  if (next_cursor != nullptr) {
    next_cursor->empty() ? list.null("next_cursor") : list.text("next_cursor", *next_cursor);
  }
  list.key("results");
  out += '[';
  const char* separator = "";
  for (const ListItem& item : items) {
    out += separator;
    append_item(out, *item.row, *item.fields_matched, options);
    separator = ",";
  }
  out += ']';
  list.close();
  return out;
}

std::string build_stats(const std::vector<SourceStat>& sources) {
  std::string out = "[";
  const char* separator = "";
  for (const SourceStat& source : sources) {
    out += separator;
    ObjectWriter object{out};
    object.text("source_name", source.source_name);
    object.text("display_name", source.display_name);
    object.text("source_url", source.source_url);
    object.null("logo_url");
    object.integer("media_count", source.media_count);
    source.last_indexed_millis
        ? object.text("last_indexed_at", format_millis(UtcTime{*source.last_indexed_millis * 1000}))
        : object.null("last_indexed_at");
    object.close();
    separator = ",";
  }
  out += ']';
  return out;
}

}  // namespace freshet::api
