#include "producers/tsv_line.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/json.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

enum class Column {
  foreign_identifier,
  foreign_landing_url,
  url,
  thumbnail,
  filetype,
  filesize,
  license,
  license_version,
  creator,
  creator_url,
  title,
  meta_data,
  tags,
  category,
  watermarked,
  provider,
  source,
  ingestion_type,
  width,
  height,
  duration,
  bit_rate,
  sample_rate,
  genres,
  audio_set,
  audio_set_foreign_identifier,
  set_position,
  alt_files,
};
constexpr std::size_t kColumnCount = 28;

enum class Type { text, integer, boolean, json, array };

struct Described {
  std::string_view name;
  Type type;
};

// By Column.
constexpr std::array<Described, kColumnCount> kColumns{{
    {"foreign_identifier", Type::text},
    {"foreign_landing_url", Type::text},
    {"url", Type::text},
    {"thumbnail", Type::text},
    {"filetype", Type::text},
    {"filesize", Type::integer},
    {"license", Type::text},
    {"license_version", Type::text},
    {"creator", Type::text},
    {"creator_url", Type::text},
    {"title", Type::text},
    {"meta_data", Type::json},
    {"tags", Type::json},
    {"category", Type::text},
    {"watermarked", Type::boolean},
    {"provider", Type::text},
    {"source", Type::text},
    {"ingestion_type", Type::text},
    {"width", Type::integer},
    {"height", Type::integer},
    {"duration", Type::integer},
    {"bit_rate", Type::integer},
    {"sample_rate", Type::integer},
    {"genres", Type::array},
    {"audio_set", Type::json},
    {"audio_set_foreign_identifier", Type::text},
    {"set_position", Type::integer},
    {"alt_files", Type::json},
}};

using C = Column;
constexpr std::array kOldImage{C::foreign_identifier,
                               C::foreign_landing_url,
                               C::url,
                               C::thumbnail,
                               C::width,
                               C::height,
                               C::filesize,
                               C::license,
                               C::license_version,
                               C::creator,
                               C::creator_url,
                               C::title,
                               C::meta_data,
                               C::tags,
                               C::watermarked,
                               C::provider,
                               C::source,
                               C::ingestion_type};
constexpr std::array kImage{C::foreign_identifier,
                            C::foreign_landing_url,
                            C::url,
                            C::thumbnail,
                            C::filetype,
                            C::filesize,
                            C::license,
                            C::license_version,
                            C::creator,
                            C::creator_url,
                            C::title,
                            C::meta_data,
                            C::tags,
                            C::category,
                            C::watermarked,
                            C::provider,
                            C::source,
                            C::ingestion_type,
                            C::width,
                            C::height};
constexpr std::array kAudio{C::foreign_identifier,
                            C::foreign_landing_url,
                            C::url,
                            C::thumbnail,
                            C::filetype,
                            C::filesize,
                            C::license,
                            C::license_version,
                            C::creator,
                            C::creator_url,
                            C::title,
                            C::meta_data,
                            C::tags,
                            C::category,
                            C::watermarked,
                            C::provider,
                            C::source,
                            C::ingestion_type,
                            C::duration,
                            C::bit_rate,
                            C::sample_rate,
                            C::genres,
                            C::audio_set,
                            C::set_position,
                            C::alt_files,
                            C::audio_set_foreign_identifier};

// Order of the members of a raw `work` behind media type, provider and identifier.
constexpr std::array kMembers{C::foreign_landing_url,
                              C::url,
                              C::thumbnail,
                              C::filetype,
                              C::filesize,
                              C::license,
                              C::license_version,
                              C::creator,
                              C::creator_url,
                              C::title,
                              C::meta_data,
                              C::tags,
                              C::category,
                              C::watermarked,
                              C::source,
                              C::ingestion_type,
                              C::width,
                              C::height,
                              C::duration,
                              C::bit_rate,
                              C::sample_rate,
                              C::genres,
                              C::audio_set,
                              C::audio_set_foreign_identifier,
                              C::set_position,
                              C::alt_files};

std::span<const Column> layout_of(std::size_t columns, MediaType media_type) {
  if (media_type == MediaType::image) {
    if (columns == 17 || columns == 18) {
      return std::span{kOldImage}.first(columns);
    }
    return columns == 20 ? std::span<const Column>{kImage} : std::span<const Column>{};
  }
  return columns == 25 || columns == 26 ? std::span{kAudio}.first(columns)
                                        : std::span<const Column>{};
}

Error malformed(std::string_view field, std::string message) {
  return Error{Errc::malformed_payload, std::string{field}, "tsv", std::move(message)};
}

using Row = std::array<TsvField, kColumnCount>;

const TsvField& at(const Row& row, Column column) { return row[static_cast<std::size_t>(column)]; }

std::string_view name_of(Column column) { return kColumns[static_cast<std::size_t>(column)].name; }

Result<Row> split(std::string_view line, MediaType media_type) {
  const auto columns = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t')) + 1;
  const auto layout = layout_of(columns, media_type);
  if (layout.empty()) {
    return malformed("line", "a line of " + std::to_string(columns) + " columns is no " +
                                 std::string{to_string(media_type)} + " row");
  }
  Row row;
  for (const Column column : layout) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    auto field = decode_tsv_field(line.substr(0, tab));
    if (!field) {
      return field.error();
    }
    if (*field && !is_utf8(**field)) {
      return malformed("line", std::string{name_of(column)} + " is not UTF-8");
    }
    row[static_cast<std::size_t>(column)] = std::move(*field);
    line.remove_prefix(std::min(tab + 1, line.size()));
  }
  return row;
}

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  }
  return !text.empty() && text.size() <= 18 && (text.front() != '0' || text.size() == 1) &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string json_of_array(const std::vector<TsvField>& elements) {
  std::string out = "[";
  for (const TsvField& element : elements) {
    out += out.size() > 1 ? "," : "";
    if (element) {
      append_json_string(out, *element);
    } else {
      out += "null";
    }
  }
  return out + "]";
}

// Appends a value in the type of its column.
Result<void> append_value(std::string& out, Column column, const std::string& text) {
  switch (kColumns[static_cast<std::size_t>(column)].type) {
    case Type::integer:
      if (is_integer(text)) {
        out += text;
        return {};
      }
      break;
    case Type::boolean:
      if (text == "t" || text == "f") {
        out += text == "t" ? "true" : "false";
        return {};
      }
      break;
    case Type::json: {
      const auto value = parse_json(text);
      if (!value) {
        return malformed(name_of(column), value.error().message());
      }
      out += to_json(*value);
      return {};
    }
    case Type::array: {
      const auto elements = parse_array_literal(text);
      if (!elements) {
        return malformed(name_of(column), elements.error().message());
      }
      out += json_of_array(*elements);
      return {};
    }
    case Type::text:
      break;
  }
  append_json_string(out, text);
  return {};
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::optional<Error> find_missing(const Row& row) {
  for (const Column column : {C::provider, C::foreign_identifier, C::foreign_landing_url, C::url}) {
    if (!at(row, column) || clean_text(*at(row, column)).empty()) {
      return Error{Errc::missing_field, std::string{name_of(column)}, "required",
                   std::string{name_of(column)} + " is missing"};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<TsvRow> parse_tsv_line(std::string_view line, MediaType media_type) {
  auto row = split(line, media_type);
  if (!row) {
    return row.error();
  }
  if (auto missing = find_missing(*row)) {
    return *std::move(missing);
  }
  if (auto& license = (*row)[static_cast<std::size_t>(C::license)]) {
    license = lower_case(*license);
  }
  TsvRow out;
  out.provider = clean_text(*at(*row, C::provider));
  out.foreign_identifier = clean_text(*at(*row, C::foreign_identifier));
  out.key = make_work_key(media_type, out.provider, out.foreign_identifier);
  out.work = R"({"media_type":")" + std::string{to_string(media_type)} + R"(","provider":)";
  append_json_string(out.work, *at(*row, C::provider));
  out.work += R"(,"foreign_identifier":)";
  append_json_string(out.work, *at(*row, C::foreign_identifier));
  for (const Column column : kMembers) {
    const TsvField& field = at(*row, column);
    if (!field) {
      continue;
    }
    out.work += ",\"";
    out.work += name_of(column);
    out.work += "\":";
    if (const auto appended = append_value(out.work, column, *field); !appended) {
      return appended.error();
    }
  }
  out.work += '}';
  return out;
}

}  // namespace freshet
