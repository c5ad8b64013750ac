#include "sinks/targets/bulk.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/json_writer.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

namespace od = simdjson::ondemand;

constexpr std::size_t kDescriptionMax = 2000;  // code points, as the batch original cut it
constexpr std::int64_t kSmallBelow = std::int64_t{640} * 480;  // pixels; all bounds are strict
constexpr std::int64_t kMediumBelow = std::int64_t{1600} * 900;

void put_text(ObjectWriter& document, std::string_view name,
              const std::optional<std::string_view>& value) {
  if (value) {
    document.text(name, *value);
  }
}

void put_texts(ObjectWriter& document, std::string_view name,
               std::span<const std::string_view> values) {
  if (!values.empty()) {
    document.texts(name, values);
  }
}

void put_description(ObjectWriter& document, const StoreRecord& record) {
  if (record.description.size() == 1) {
    document.text("description", first_code_points(record.description.front(), kDescriptionMax));
  } else if (!record.description.empty()) {
    // A list has at most as many elements as the record contract lets it have.
    std::vector<std::string_view> texts;
    for (const std::string_view text : record.description) {
      texts.push_back(first_code_points(text, kDescriptionMax));
    }
    put_texts(document, "description", texts);
  }
}

bool is_hidden(const StoreRecord& record, std::size_t position) {
  return std::binary_search(record.hidden_tags.begin(), record.hidden_tags.end(),
                            static_cast<std::int32_t>(position));
}

void put_tags(std::string& out, ObjectWriter& document, const StoreRecord& record) {
  char separator = '[';
  for (std::size_t i = 0; i < record.tags.size(); ++i) {
    const TagView& tag = record.tags[i];
    if (tag.name.empty() || is_hidden(record, i)) {
      continue;
    }
    if (separator == '[') {
      document.key("tags");
    }
    out.push_back(separator);
    separator = ',';
    ObjectWriter object{out};
    object.text("name", tag.name);
    if (tag.accuracy) {
      object.number("accuracy", *tag.accuracy);
    }
    object.close();
  }
  if (separator == ',') {
    out.push_back(']');
  }
}

/// A value for a rank_feature field: these take positive, normal floats only.
std::optional<double> rank_feature(std::optional<double> value) {
  if (!value || !(*value >= std::numeric_limits<float>::min())) {
    return std::nullopt;
  }
  return std::min(*value, 100.0);
}

void put_boosts(ObjectWriter& document, const StoreRecord& record) {
  const auto scaled =
      record.popularity ? std::optional<double>{*record.popularity * 100} : std::nullopt;
  const auto popularity = rank_feature(scaled);
  const auto authority = rank_feature(record.authority);
  if (popularity) {
    document.number("standardized_popularity", *popularity);
  }
  if (authority) {
    document.number("authority_boost", *authority);
  }
  document.number("max_boost", std::max(popularity.value_or(1), authority.value_or(1)));
  document.number("min_boost", std::min(popularity.value_or(1), authority.value_or(1)));
}

bool is_mature(const StoreRecord& record) {
  const auto says = [&record](std::string_view what) {
    return std::find(record.sensitivity.begin(), record.sensitivity.end(), what) !=
           record.sensitivity.end();
  };
  return record.provider_says_mature || says("user_reported_sensitivity") ||
         says("provider_supplied_sensitivity");
}

void put_image_fields(ObjectWriter& document, const StoreRecord& record) {
  const std::string_view url = record.text<Field::url>().value_or("");
  const auto dot = url.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string_view extension = url.substr(dot + 1);
    if (!extension.empty() && extension.find('/') == std::string_view::npos) {
      document.text("extension", lower_ascii(extension));
    }
  }
  const auto& width = record.number<Field::width>();
  const auto& height = record.number<Field::height>();
  if (width && height) {
    document.text("aspect_ratio", *height > *width   ? std::string_view{"tall"}
                                  : *height < *width ? std::string_view{"wide"}
                                                     : std::string_view{"square"});
    const std::int64_t area = std::int64_t{*width} * *height;
    document.text("size", area < kSmallBelow    ? std::string_view{"small"}
                          : area < kMediumBelow ? std::string_view{"medium"}
                                                : std::string_view{"large"});
  }
}

void put_audio_fields(ObjectWriter& document, const StoreRecord& record) {
  if (record.alt_file_types.empty()) {
    put_text(document, "extension", record.text<Field::filetype>());
  } else {
    put_texts(document, "extension", record.alt_file_types);
  }
  const auto duration = record.number<Field::duration>().value_or(0);
  if (duration != 0) {
    document.text("length", duration < 30'000    ? std::string_view{"shortest"}
                            : duration < 120'000 ? std::string_view{"short"}
                            : duration < 600'000 ? std::string_view{"medium"}
                                                 : std::string_view{"long"});
  }
}

// What the record contract calls indexed.
template <Field field>
void put_field(ObjectWriter& document, const StoreRecord& record) {
  constexpr const FieldSpec& spec = field_spec(field);
  if constexpr (spec.indexed == Indexed::no) {
    return;
  } else if constexpr (field == Field::provider) {
    document.text(spec.name, record.provider);
  } else if constexpr (spec.kind == FieldKind::integer) {
    if (const auto& number = record.number<field>()) {
      document.integer(spec.name, *number);
    }
  } else if constexpr (spec.indexed == Indexed::lower_case) {
    if (const auto& text = record.text<field>()) {
      document.text(spec.name, lower_ascii(*text));
    }
  } else {
    static_assert(spec.is_text(), "a kind that no document has yet");
    put_text(document, spec.name, record.text<field>());
  }
}

template <std::size_t... I>
void put_indexed_fields(ObjectWriter& document, const StoreRecord& record,
                        std::index_sequence<I...> /*fields*/) {
  (put_field<static_cast<Field>(I)>(document, record), ...);
}

void put_content(std::string& out, ObjectWriter& document, const StoreRecord& record) {
  document.text("created_on", format_millis(record.created_on));
  document.text("updated_on", format_millis(record.updated_on));
  document.boolean("mature", is_mature(record));
  put_texts(document, "sensitivity", record.sensitivity);
  put_indexed_fields(document, record, std::make_index_sequence<kFieldCount>{});
  put_description(document, record);
  put_tags(out, document, record);
  put_boosts(document, record);
  record.media_type == MediaType::image ? put_image_fields(document, record)
                                        : put_audio_fields(document, record);
}

// 400s of these types are about the document. An illegal argument may also be about the index or
// its alias (`no write index is defined for alias`, a closed index): then the reason names those.
constexpr std::array<std::string_view, 7> kDocumentErrors{
    "mapper_parsing_exception",   "document_parsing_exception", "strict_dynamic_mapping_exception",
    "illegal_argument_exception", "parsing_exception",          "parse_exception",
    "x_content_parse_exception"};

bool is_about_document(std::string_view type, std::string_view reason) {
  if (std::find(kDocumentErrors.begin(), kDocumentErrors.end(), type) == kDocumentErrors.end()) {
    return false;
  }
  return type != "illegal_argument_exception" ||
         (reason.find("alias") == std::string_view::npos &&
          reason.find("write index") == std::string_view::npos);
}

struct Item {
  std::int64_t status = 0;
  std::string_view type;
  std::string_view reason;
};

// Leaves `to` alone where the value is no text.
simdjson::error_code read_text(od::value& value, std::string_view& to) {
  const auto code = value.get_string().get(to);
  return code == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : code;
}

// `{"type": …, "reason": …}`; either may be absent: the status alone then decides. Member by member
// and not by two look-ups: after one that fails on broken JSON the document must not be touched.
simdjson::error_code read_error(od::object& error, Item& to) {
  for (auto entry : error) {
    std::string_view name;
    if (const auto code = entry.unescaped_key().get(name)) {
      return code;
    }
    od::value content;
    if (const auto code = entry.value().get(content)) {
      return code;
    }
    if (name == "type" || name == "reason") {
      if (const auto code = read_text(content, name == "type" ? to.type : to.reason)) {
        return code;
      }
    }
  }
  return simdjson::SUCCESS;
}

// `{"index": {"status": 400, "error": {"type": …, "reason": …}}}`
simdjson::error_code read_item(od::value value, Item& to) {
  od::object action;
  if (const auto code = value.get_object().get(action)) {
    return code;
  }
  for (auto entry : action) {
    od::object result;
    if (const auto code = entry.value().get_object().get(result)) {
      return code;
    }
    for (auto member : result) {
      std::string_view name;
      if (const auto code = member.unescaped_key().get(name)) {
        return code;
      }
      od::value content;
      if (const auto code = member.value().get(content)) {
        return code;
      }
      if (name == "status") {
        if (const auto code = content.get_int64().get(to.status)) {
          return code;
        }
      } else if (name == "error") {
        od::object error;
        const auto code = content.get_object().get(error);
        if (code == simdjson::INCORRECT_TYPE) {
          continue;  // not the form since version 2: the status alone then decides
        }
        if (code) {
          return code;
        }
        if (const auto broken = read_error(error, to)) {
          return broken;
        }
      }
    }
  }
  return simdjson::SUCCESS;
}

Error refusal(const Item& item) {
  // The reason may quote the document: logs and headers get its beginning.
  const std::string message = fmt::format("bulk item: status {}, {}: {}", item.status, item.type,
                                          first_code_points(item.reason, 200));
  if (item.status == 413) {
    return {Errc::too_large, Retry::never, message};
  }
  if (item.status == 400 && is_about_document(item.type, item.reason)) {
    return {Errc::store_refused, "document", std::string{item.type}, message};
  }
  return {item.status == 429 ? Errc::throttled : Errc::bulk_refused, Retry::after_backoff, message};
}

Error unreadable(std::string_view why) {
  return {Errc::malformed_payload, Retry::after_backoff, "bulk response: " + std::string{why}};
}

void judge(const Item& item, std::size_t index, WriteReport& report) {
  if (item.status >= 200 && item.status < 300) {
    ++report.written;
  } else if (item.status == 409) {
    ++report.stale;
  } else {
    report.rejected.push_back({index, refusal(item), RefusedBy::store});
  }
}

}  // namespace

void append_bulk_item(std::string& out, const StoreRecord& record, std::string_view index_prefix) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"index":{{"_index":"{}{}-write","_id":"{}","version":{},)"
                 R"("version_type":"external"}}}})"
                 "\n",
                 index_prefix, to_string(record.media_type), record.identifier, record.revision);
  ObjectWriter document{out};
  document.text("identifier", record.identifier);
  document.integer("revision", record.revision);
  document.text("status", to_string(record.status));
  if (record.is_shown()) {
    put_content(out, document, record);
  }
  document.close();
  out.push_back('\n');
}

Result<WriteReport> read_bulk_response(std::string_view body, std::size_t sent) {
  const simdjson::padded_string padded{body};
  od::parser parser;
  od::document document;
  if (const auto code = parser.iterate(padded).get(document)) {
    return unreadable(simdjson::error_message(code));
  }
  od::array items;
  if (const auto code = document.find_field_unordered("items").get_array().get(items)) {
    return unreadable(simdjson::error_message(code));
  }
  WriteReport report;
  std::size_t index = 0;
  for (auto entry : items) {
    Item item;
    od::value value;
    auto code = entry.get(value);
    if (code == simdjson::SUCCESS) {
      code = read_item(value, item);
    }
    if (code != simdjson::SUCCESS) {
      return unreadable(simdjson::error_message(code));
    }
    judge(item, index, report);
    ++index;
  }
  if (index != sent) {
    return unreadable(fmt::format("{} items for {} records", index, sent));
  }
  return report;
}

BulkVerdict judge_bulk_status(int status) noexcept {
  if (status == 200) {
    return BulkVerdict::read;
  }
  return status == 413 || status == 400 ? BulkVerdict::split : BulkVerdict::wait;
}

}  // namespace freshet
