#include "producers/tsv_line.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/json.hpp"
#include "core/record/members.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "producers/lenient_json.hpp"

namespace freshet {
namespace {

/// A column of the batch original's files: the number of its member in the record contract.
using Column = std::size_t;
constexpr std::size_t kColumnCount = kMemberCount;

template <std::size_t N>
constexpr std::array<Column, N> numbers_of(const std::array<std::string_view, N>& names) {
  std::array<Column, N> numbers{};
  std::ranges::transform(names, numbers.begin(), [](std::string_view name) {
    return static_cast<Column>(find_field_spec(name) - kFieldSpecs.data());
  });
  return numbers;
}

// clang-format off
constexpr auto kOldImage = numbers_of(std::to_array<std::string_view>({
    "foreign_identifier", "foreign_landing_url", "url", "thumbnail", "width", "height", "filesize",
    "license", "license_version", "creator", "creator_url", "title", "meta_data", "tags",
    "watermarked", "provider", "source", "ingestion_type"}));
// clang-format on
constexpr auto kImage = numbers_of(kBatchImageColumns);
constexpr auto kAudio = numbers_of(kBatchAudioColumns);

// What a row is made of, in the order of a sighting's members.
constexpr auto kOrder = [] {
  std::array<Column, kMemberCount> order{};
  auto at = order.begin();
  for (const std::string_view name : kSightingMembers) {
    // No pointer is compared: under UBSan GCC takes that for no constant.
    for (std::size_t i = 0; i < kMemberCount; ++i) {
      if (kFieldSpecs[i].name == name) {
        *at++ = static_cast<Column>(i);
      }
    }
  }
  return order;
}();

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

const TsvField& at(const Row& row, std::size_t column) { return row[column]; }
const TsvField& at(const Row& row, Field field) { return row[static_cast<std::size_t>(field)]; }

std::string_view name_of(Column column) { return kFieldSpecs[column].name; }

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
    row[column] = std::move(*field);
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

Result<void> append_array(std::string& out, Column column, const std::string& text) {
  const auto elements = parse_array_literal(text);
  if (!elements) {
    return malformed(name_of(column), elements.error().message());
  }
  out += json_of_array(*elements);
  return {};
}

Result<void> append_json(std::string& out, Column column, const std::string& text,
                         std::int64_t& mended) {
  const auto read = parse_lenient_json(text);
  if (!read) {
    return malformed(name_of(column), read.error().message());
  }
  mended += read->mended.total();
  out += to_json(read->value);
  return {};
}

// Appends a value in the type of its column. `mended` counts what JSON cannot hold: the batch
// system wrote NaN and half surrogate pairs as it found them.
Result<void> append_value(std::string& out, Column column, const std::string& text,
                          std::int64_t& mended) {
  const FieldSpec& spec = kFieldSpecs[column];
  switch (spec.kind) {
    case FieldKind::integer:
      if (is_integer(text)) {
        out += text;
        return {};
      }
      break;
    case FieldKind::boolean:
      if (text == "t" || text == "f") {
        out += text == "t" ? "true" : "false";
        return {};
      }
      break;
    case FieldKind::list:
      return has_text_elements(spec) ? append_array(out, column, text)
                                     : append_json(out, column, text, mended);
    case FieldKind::object:
      return append_json(out, column, text, mended);
    case FieldKind::text:
    case FieldKind::url:
    case FieldKind::fraction:
      break;
  }
  append_json_string(out, text);
  return {};
}

std::optional<Error> find_missing(const Row& row) {
  for (const Field field :
       {Field::provider, Field::foreign_identifier, Field::foreign_landing_url, Field::url}) {
    if (!at(row, field) || clean_text(*at(row, field)).empty()) {
      const std::string name{field_spec(field).name};
      return Error{Errc::missing_field, name, "required", name + " is missing"};
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
  if (auto& license = (*row)[static_cast<std::size_t>(Field::license)]) {
    license = lower_ascii(*license);
  }
  TsvRow out;
  out.provider = clean_text(*at(*row, Field::provider));
  out.foreign_identifier = clean_text(*at(*row, Field::foreign_identifier));
  out.key = make_work_key(media_type, out.provider, out.foreign_identifier);
  out.work = R"({"media_type":")" + std::string{to_string(media_type)} + R"(","provider":)";
  append_json_string(out.work, *at(*row, Field::provider));
  out.work += R"(,"foreign_identifier":)";
  append_json_string(out.work, *at(*row, Field::foreign_identifier));
  for (const Column column : kOrder) {
    const TsvField& field = at(*row, column);
    if (!field || kFieldSpecs[column].is_key) {
      continue;
    }
    out.work += ",\"";
    out.work += name_of(column);
    out.work += "\":";
    if (const auto appended = append_value(out.work, column, *field, out.mended); !appended) {
      return appended.error();
    }
  }
  out.work += '}';
  return out;
}

}  // namespace freshet
