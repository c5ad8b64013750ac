#include "sinks/catalog_record.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/topics.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

namespace od = simdjson::ondemand;

// PostgreSQL limits the nesting of jsonb by its stack only; no provider goes past a handful.
constexpr int kMaxDepth = 100;

struct TextColumn {
  std::string_view name;
  std::size_t max_code_points;  // of the column; 0: unlimited
};
constexpr std::array<TextColumn, kTextFields> kTextColumns{{{"foreign_landing_url", 1000},
                                                            {"url", 3000},
                                                            {"thumbnail", 3000},
                                                            {"filetype", 5},
                                                            {"license", 50},
                                                            {"license_version", 25},
                                                            {"creator", 2000},
                                                            {"creator_url", 2000},
                                                            {"title", 5000},
                                                            {"category", 80},
                                                            {"source", 80},
                                                            {"ingestion_type", 80},
                                                            {"audio_set_foreign_identifier", 0}}};
constexpr std::array<std::string_view, kNumberFields> kNumberNames{
    "filesize", "width", "height", "duration", "bit_rate", "sample_rate", "set_position"};
constexpr std::size_t kProviderMax = 80;
constexpr std::size_t kForeignIdentifierMax = 3000;
constexpr std::size_t kGenreMax = 80;

Error broken(std::string_view field, std::string_view rule) {
  return {Errc::invalid_value, std::string{field}, std::string{rule},
          "catalogue record: " + std::string{field} + " breaks rule " + std::string{rule}};
}

Error malformed(std::string_view why) {
  return {Errc::malformed_payload, Retry::never, "catalogue record: " + std::string{why}};
}

Error malformed(simdjson::error_code code) { return malformed(simdjson::error_message(code)); }

bool has_nul(std::string_view text) {
  return std::memchr(text.data(), '\0', text.size()) != nullptr;
}

bool is_longer(std::string_view text, std::size_t code_points) {
  return text.size() > code_points && count_code_points(text) > code_points;
}

std::string max_length(std::size_t limit) { return "max_length_" + std::to_string(limit); }

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::optional<WorkStatus> parse_status(std::string_view text) {
  for (const WorkStatus status : {WorkStatus::live, WorkStatus::duplicate,
                                  WorkStatus::removed_at_source, WorkStatus::blocked}) {
    if (text == to_string(status)) {
      return status;
    }
  }
  return std::nullopt;
}

bool is_true(std::string_view text) { return text == "true" || text == "True" || text == "t"; }

}  // namespace

std::string_view to_string(WorkStatus status) noexcept {
  switch (status) {
    case WorkStatus::live:
      return "live";
    case WorkStatus::duplicate:
      return "duplicate";
    case WorkStatus::removed_at_source:
      return "removed_at_source";
    case WorkStatus::blocked:
      return "blocked";
  }
  return "";
}

void StoreRecord::clear() {
  // Keeps the vectors' memory: one record after the other is decoded into the same object.
  former_identifiers.clear();
  duplicate_of = {};
  last_seen_at.reset();
  has_work = false;
  texts.fill(std::nullopt);
  numbers.fill(std::nullopt);
  watermarked.reset();
  genres.clear();
  meta_data = tags_json = alt_files = audio_set = decisions = {};
  tags.clear();
  description.clear();
  provider_says_mature = false;
  alt_file_types.clear();
  audio_set_id = {};
  hidden_tags.clear();
  sensitivity.clear();
  popularity.reset();
  authority.reset();
  revision = 0;
  identifier = {};
}

// Each step returns false after it has stored why; simdjson's strings live in the parser's buffer,
// which has room for every string of a document once: none is read twice.
struct CatalogDecoder::Impl {
  od::parser parser;
  std::string buffer;
  StoreRecord record;
  Error error;

  bool fail(Error why) {
    error = std::move(why);
    return false;
  }
  bool fail(simdjson::error_code code) { return fail(malformed(code)); }

  // A scalar getter of simdjson: its failure is a wrong type or a broken document.
  template <class T>
  bool get(simdjson::simdjson_result<T> got, T& to, std::string_view field) {
    const auto code = std::move(got).get(to);
    if (code == simdjson::SUCCESS) {
      return true;
    }
    return code == simdjson::INCORRECT_TYPE ? fail(broken(field, "type")) : fail(code);
  }

  bool get_text(od::value& value, std::string_view& to, std::string_view field,
                std::size_t max = 0) {
    if (!get(value.get_string(), to, field)) {
      return false;
    }
    if (has_nul(to)) {
      return fail(broken(field, "nul"));
    }
    if (max != 0 && is_longer(to, max)) {
      return fail(broken(field, max_length(max)));
    }
    return true;
  }

  /// Calls `visit(name, value)` per member; `field` names the object in errors.
  template <class Visit>
  bool each_member(od::object& object, std::string_view field, Visit&& visit) {
    for (auto entry : object) {
      std::string_view name;
      if (const auto code = entry.unescaped_key().get(name)) {
        return fail(code);
      }
      if (has_nul(name)) {
        return fail(broken(field, "nul"));
      }
      od::value value;
      if (const auto code = entry.value().get(value)) {
        return fail(code);
      }
      if (!visit(name, value)) {
        return false;
      }
    }
    return true;
  }

  template <class Visit>
  bool each_element(od::array& array, Visit&& visit) {
    for (auto entry : array) {
      od::value value;
      if (const auto code = entry.get(value)) {
        return fail(code);
      }
      if (!visit(value)) {
        return false;
      }
    }
    return true;
  }

  /// Reads a value that goes on as JSON to its end, because the store parses it whole.
  bool check(od::value& value, std::string_view field, int depth = 0) {
    if (depth > kMaxDepth) {
      return fail(broken(field, "depth"));
    }
    od::json_type type;
    if (const auto code = value.type().get(type)) {
      return fail(code);
    }
    switch (type) {
      case od::json_type::object: {
        od::object object;
        return get(value.get_object(), object, field) &&
               each_member(object, field, [&](std::string_view, od::value& member) {
                 return check(member, field, depth + 1);
               });
      }
      case od::json_type::array: {
        od::array array;
        return get(value.get_array(), array, field) && each_element(array, [&](od::value& element) {
                 return check(element, field, depth + 1);
               });
      }
      case od::json_type::string: {
        std::string_view text;
        return get_text(value, text, field);
      }
      case od::json_type::number: {
        double number = 0;
        return get(value.get_double(), number, field);
      }
      case od::json_type::boolean: {
        bool flag = false;
        return get(value.get_bool(), flag, field);
      }
      case od::json_type::null: {
        bool null = false;
        return get(value.is_null(), null, field);
      }
    }
    return fail(malformed("unknown JSON type"));
  }

  /// The compact text of an object or array that is then read from its start.
  template <class Container>
  bool take_json(Container& container, std::string_view& to) {
    if (const auto code = container.raw_json().get(to)) {
      return fail(code);
    }
    bool is_not_empty = false;
    if (const auto code = container.reset().get(is_not_empty)) {
      return fail(code);
    }
    return true;
  }

  bool is_type(od::value& value, od::json_type wanted) {
    od::json_type type{};
    return value.type().get(type) == simdjson::SUCCESS && type == wanted;
  }

  bool read_description(od::value& value) {
    std::string_view text;
    if (is_type(value, od::json_type::string)) {
      return get_text(value, text, "meta_data") && (record.description.push_back(text), true);
    }
    if (!is_type(value, od::json_type::array)) {
      return check(value, "meta_data");
    }
    od::array list;
    return get(value.get_array(), list, "meta_data") && each_element(list, [&](od::value& element) {
             if (!is_type(element, od::json_type::string)) {
               return check(element, "meta_data", 1);
             }
             return get_text(element, text, "meta_data") &&
                    (record.description.push_back(text), true);
           });
  }

  bool read_meta_data(od::value& value) {
    od::object object;
    if (!get(value.get_object(), object, "meta_data") || !take_json(object, record.meta_data)) {
      return false;
    }
    return each_member(object, "meta_data", [&](std::string_view name, od::value& member) {
      if (name == "description") {
        return read_description(member);
      }
      if (name == "mature" && is_type(member, od::json_type::string)) {
        std::string_view text;
        const bool ok = get_text(member, text, "meta_data");
        record.provider_says_mature = is_true(text);
        return ok;
      }
      if (name == "mature" && is_type(member, od::json_type::boolean)) {
        return get(member.get_bool(), record.provider_says_mature, "meta_data");
      }
      return check(member, "meta_data", 1);
    });
  }

  bool read_tag(od::value& value) {
    od::object tag;
    TagView view;
    if (!get(value.get_object(), tag, "tags") ||
        !each_member(tag, "tags", [&](std::string_view name, od::value& member) {
          if (name == "name" && is_type(member, od::json_type::string)) {
            return get_text(member, view.name, "tags");
          }
          if (name == "accuracy" && is_type(member, od::json_type::number)) {
            double accuracy = 0;
            return get(member.get_double(), accuracy, "tags") && (view.accuracy = accuracy, true);
          }
          return check(member, "tags", 1);
        })) {
      return false;
    }
    record.tags.push_back(view);  // also without a name: hidden_tags counts positions
    return true;
  }

  bool read_tags(od::value& value) {
    od::array array;
    return get(value.get_array(), array, "tags") && take_json(array, record.tags_json) &&
           each_element(array, [&](od::value& tag) { return read_tag(tag); });
  }

  bool read_genres(od::value& value) {
    od::array array;
    return get(value.get_array(), array, "genres") && each_element(array, [&](od::value& genre) {
             if (is_type(genre, od::json_type::null)) {
               record.genres.emplace_back(std::nullopt);
               return true;
             }
             std::string_view text;
             return get_text(genre, text, "genres", kGenreMax) &&
                    (record.genres.emplace_back(text), true);
           });
  }

  bool read_audio_set(od::value& value) {
    od::object object;
    return get(value.get_object(), object, "audio_set") && take_json(object, record.audio_set) &&
           each_member(object, "audio_set", [&](std::string_view name, od::value& member) {
             if (name == "foreign_identifier" && is_type(member, od::json_type::string)) {
               return get_text(member, record.audio_set_id, "audio_set");
             }
             return check(member, "audio_set", 1);
           });
  }

  bool read_alt_files(od::value& value) {
    od::array array;
    return get(value.get_array(), array, "alt_files") && take_json(array, record.alt_files) &&
           each_element(array, [&](od::value& file) {
             od::object object;
             if (!is_type(file, od::json_type::object)) {
               return check(file, "alt_files", 1);
             }
             return get(file.get_object(), object, "alt_files") &&
                    each_member(object, "alt_files", [&](std::string_view name, od::value& member) {
                      if (name == "filetype" && is_type(member, od::json_type::string)) {
                        std::string_view text;
                        return get_text(member, text, "alt_files") &&
                               (record.alt_file_types.push_back(text), true);
                      }
                      return check(member, "alt_files", 1);
                    });
           });
  }

  bool read_number(std::size_t index, od::value& value) {
    std::int64_t number = 0;
    const auto code = value.get_int64().get(number);
    if (code == simdjson::NUMBER_OUT_OF_RANGE || code == simdjson::INCORRECT_TYPE ||
        code == simdjson::NUMBER_ERROR) {
      return fail(broken(kNumberNames[index], "int32"));
    }
    if (code != simdjson::SUCCESS) {
      return fail(code);
    }
    if (number < std::numeric_limits<std::int32_t>::min() ||
        number > std::numeric_limits<std::int32_t>::max()) {
      return fail(broken(kNumberNames[index], "int32"));
    }
    record.numbers[index] = static_cast<std::int32_t>(number);
    return true;
  }

  bool read_work_member(std::string_view name, od::value& value) {
    if (is_type(value, od::json_type::null)) {
      return true;
    }
    for (std::size_t i = 0; i < kTextFields; ++i) {
      if (name == kTextColumns[i].name) {
        std::string_view text;
        return get_text(value, text, name, kTextColumns[i].max_code_points) &&
               (record.texts[i] = text, true);
      }
    }
    if (const std::size_t i = index_of(kNumberNames, name); i < kNumberFields) {
      return read_number(i, value);
    }
    if (name == "meta_data") {
      return read_meta_data(value);
    }
    if (name == "tags") {
      return read_tags(value);
    }
    if (name == "genres") {
      return read_genres(value);
    }
    if (name == "audio_set") {
      return read_audio_set(value);
    }
    if (name == "alt_files") {
      return read_alt_files(value);
    }
    if (name == "watermarked") {
      bool flag = false;
      return get(value.get_bool(), flag, name) && (record.watermarked = flag, true);
    }
    return true;  // media_type, provider and foreign_identifier are the key's
  }

  bool read_work(od::value& value) {
    od::object work;
    record.has_work = true;
    return get(value.get_object(), work, "work") &&
           each_member(work, "work", [this](std::string_view name, od::value& member) {
             return read_work_member(name, member);
           });
  }

  bool read_optional(od::value& value, std::optional<double>& to, std::string_view field) {
    if (is_type(value, od::json_type::null)) {
      return true;
    }
    double number = 0;
    return get(value.get_double(), number, field) && (to = number, true);
  }

  bool read_derived_member(std::string_view name, od::value& value) {
    if (name == "hidden_tags") {
      od::array array;
      return get(value.get_array(), array, name) && each_element(array, [&](od::value& element) {
               std::int64_t position = 0;
               if (!get(element.get_int64(), position, name)) {
                 return false;
               }
               if (position < 0 || position > std::numeric_limits<std::int32_t>::max()) {
                 return fail(broken(name, "int32"));
               }
               record.hidden_tags.push_back(static_cast<std::int32_t>(position));
               return true;
             });
    }
    if (name == "sensitivity") {
      od::array array;
      return get(value.get_array(), array, name) && each_element(array, [&](od::value& element) {
               std::string_view text;
               return get_text(element, text, name) && (record.sensitivity.push_back(text), true);
             });
    }
    if (name == "popularity") {
      return read_optional(value, record.popularity, name);
    }
    if (name == "authority") {
      return read_optional(value, record.authority, name);
    }
    return true;
  }

  bool read_time(od::value& value, std::optional<UtcTime>& to, std::string_view field) {
    if (is_type(value, od::json_type::null)) {
      return true;
    }
    std::string_view text;
    if (!get_text(value, text, field)) {
      return false;
    }
    to = parse_time(text);
    return to ? true : fail(broken(field, "time"));
  }

  bool read_decisions(od::value& value) {
    od::object object;
    std::string_view text;
    bool is_any = false;
    const bool ok = get(value.get_object(), object, "decisions") && take_json(object, text) &&
                    each_member(object, "decisions", [&](std::string_view, od::value& decision) {
                      is_any = is_any || !is_type(decision, od::json_type::null);
                      return check(decision, "decisions", 1);
                    });
    record.decisions = is_any ? text : std::string_view{};
    return ok;
  }

  std::optional<UtcTime> created_on;
  std::optional<UtcTime> updated_on;
  bool has_status = false;

  bool read_member(std::string_view name, od::value& value) {
    if (name == "identifier") {
      return get_text(value, record.identifier, name);
    }
    if (name == "revision") {
      return get(value.get_int64(), record.revision, name);
    }
    if (name == "status") {
      std::string_view text;
      if (!get_text(value, text, name)) {
        return false;
      }
      const auto status = parse_status(text);
      has_status = status.has_value();
      record.status = status.value_or(WorkStatus::live);
      return has_status ? true : fail(broken(name, "status"));
    }
    if (name == "created_on") {
      return read_time(value, created_on, name);
    }
    if (name == "updated_on") {
      return read_time(value, updated_on, name);
    }
    if (name == "last_seen_at") {
      return read_time(value, record.last_seen_at, name);
    }
    if (is_type(value, od::json_type::null)) {
      return true;
    }
    if (name == "duplicate_of") {
      return get_text(value, record.duplicate_of, name);
    }
    if (name == "work") {
      return read_work(value);
    }
    if (name == "derived") {
      od::object derived;
      return get(value.get_object(), derived, name) &&
             each_member(derived, name, [this](std::string_view n, od::value& member) {
               return read_derived_member(n, member);
             });
    }
    if (name == "former_identifiers") {
      od::array array;
      return get(value.get_array(), array, name) && each_element(array, [&](od::value& element) {
               std::string_view text;
               if (!get_text(element, text, name)) {
                 return false;
               }
               record.former_identifiers.push_back(text);
               return is_uuid_v4(text) ? true : fail(broken(name, "uuid"));
             });
    }
    if (name == "decisions") {
      return read_decisions(value);
    }
    return true;  // key, seen: not for the stores
  }

  bool read_key(std::string_view key) {
    if (!is_utf8(key)) {
      return fail(malformed("the key is not UTF-8"));
    }
    const auto parts = parse_work_key(key);
    if (!parts) {
      return fail({Errc::wrong_key, "key", "form", "catalogue record: not the key of a work"});
    }
    record.media_type = parts->media_type;
    record.provider = parts->provider;
    record.foreign_identifier = parts->foreign_identifier;
    if (has_nul(key)) {
      return fail(broken("key", "nul"));
    }
    if (is_longer(record.provider, kProviderMax)) {
      return fail(broken("provider", max_length(kProviderMax)));
    }
    if (is_longer(record.foreign_identifier, kForeignIdentifierMax)) {
      return fail(broken("foreign_identifier", max_length(kForeignIdentifierMax)));
    }
    return true;
  }

  bool read_document(std::string_view value) {
    // simdjson reads past the end in whole vectors: the copy has room for that.
    buffer.resize(value.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(buffer.data(), value.data(), value.size());
    std::memset(buffer.data() + value.size(), 0, simdjson::SIMDJSON_PADDING);
    od::document document;
    if (const auto code =
            parser.iterate(std::string_view{buffer.data(), value.size()}, buffer.size())
                .get(document)) {
      return fail(code);
    }
    od::object root;
    if (const auto code = document.get_object().get(root)) {
      return fail(code == simdjson::INCORRECT_TYPE ? malformed("not an object") : malformed(code));
    }
    return each_member(root, "record", [this](std::string_view name, od::value& member) {
      return read_member(name, member);
    });
  }

  bool finish(std::string_view key) {
    if (record.identifier.empty() || record.revision <= 0 || !has_status) {
      const std::string field = record.identifier.empty() ? "identifier"
                                : record.revision <= 0    ? "revision"
                                                          : "status";
      return fail({Errc::missing_field, field, "required", "catalogue record: no " + field});
    }
    if (record.identifier != work_identifier(key)) {
      return fail({Errc::wrong_key, "identifier", "of_key",
                   "catalogue record: the identifier is not the key's"});
    }
    // The schema lets the first of these be null: the revision is a time, too.
    const UtcTime revised_at = UtcTime::from_millis(record.revision);
    record.updated_on = updated_on.value_or(revised_at);
    record.created_on = created_on.value_or(record.updated_on);
    return true;
  }

  bool decode(std::string_view key, std::string_view value) {
    record.clear();
    created_on.reset();
    updated_on.reset();
    has_status = false;
    return read_key(key) && read_document(value) && finish(key);
  }
};

CatalogDecoder::CatalogDecoder() : impl_{std::make_unique<Impl>()} {}
CatalogDecoder::~CatalogDecoder() = default;

Result<const StoreRecord*> CatalogDecoder::decode(const SinkRecord& record) {
  if (record.schema != schema_header::kCatalog) {
    return Error{
        Errc::unknown_schema, "schema", std::string{schema_header::kCatalog},
        "catalogue record: header `schema` is not " + std::string{schema_header::kCatalog}};
  }
  if (!impl_->decode(record.key, record.value)) {
    return std::move(impl_->error);
  }
  return static_cast<const StoreRecord*>(&impl_->record);
}

}  // namespace freshet
