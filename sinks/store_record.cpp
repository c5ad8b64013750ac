#include "sinks/store_record.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/revision.hpp"
#include "core/topics.hpp"
#include "core/utf8.hpp"
#include "sinks/decode/decisions_reader.hpp"
#include "sinks/decode/json_reader.hpp"
#include "sinks/decode/work_reader.hpp"

namespace freshet {
namespace {

namespace od = simdjson::ondemand;
using decode::broken;
using decode::malformed;
using decode::Once;

// Words of our own that say why a work is sensitive.
constexpr std::size_t kMostSensitivity = 10;
constexpr std::size_t kSensitivityMax = 80;

constexpr std::array<std::string_view, 13> kRecordNames{
    "key",        "identifier", "former_identifiers", "revision", "status",  "duplicate_of",
    "created_on", "updated_on", "last_seen_at",       "work",     "derived", "decisions",
    "seen"};

}  // namespace

void StoreRecord::clear() {
  // Keeps the vectors' memory: one record after the other is decoded into the same object.
  former_identifiers.clear();
  duplicate_of = {};
  last_seen_at.reset();
  has_work = false;
  texts.fill(std::nullopt);
  numbers.fill(std::nullopt);
  flags.fill(std::nullopt);
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
  left_out.clear();
  revision = 0;
  identifier = {};
}

struct CatalogDecoder::Impl : decode::JsonReader {
  Impl() : JsonReader{error} {}

  od::parser parser;
  std::string buffer;
  StoreRecord record;
  Error error;
  decode::WorkReader work{record, error};
  decode::DecisionsReader decisions{record, error};

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
               if (record.sensitivity.size() == kMostSensitivity) {
                 return fail(broken(name, "max_elements_" + std::to_string(kMostSensitivity)));
               }
               std::string_view text;
               return get_text(element, text, name, kSensitivityMax) &&
                      (record.sensitivity.push_back(text), true);
             });
    }
    if (name == "popularity") {
      return get_optional(value, record.popularity, name);
    }
    if (name == "authority") {
      return get_optional(value, record.authority, name);
    }
    return true;
  }

  /// What only a record that is shown has to keep to. One that hides its work is taken whatever its
  /// content: it takes down what an earlier record had put into the stores.
  template <class Read>
  bool content(Read read) {
    if (content_error || read()) {
      return true;
    }
    if (error.errc() != Errc::invalid_value) {
      return false;
    }
    content_error = std::move(error);
    return true;
  }
  std::optional<Error> content_error;

  std::optional<UtcTime> created_on;
  std::optional<UtcTime> updated_on;
  bool has_status = false;

  bool read_member(std::string_view name, od::value& value) {
    if (name == "identifier") {
      return get_text(value, record.identifier, name);
    }
    if (name == "revision") {
      const auto code = value.get_int64().get(record.revision);
      if (code == simdjson::INCORRECT_TYPE && !is_type(value, od::json_type::number)) {
        return fail(broken(name, "type"));
      }
      // One past 64 bits is of no type that it has.
      if (code == simdjson::INCORRECT_TYPE || code == simdjson::NUMBER_OUT_OF_RANGE ||
          code == simdjson::NUMBER_ERROR ||
          (code == simdjson::SUCCESS && !is_revision(record.revision))) {
        return fail(broken(name, "range"));
      }
      return code == simdjson::SUCCESS ? true : fail(code);
    }
    if (name == "status") {
      std::string_view text;
      if (!get_text(value, text, name)) {
        return false;
      }
      const auto status = parse_status(text);
      has_status = status.has_value();
      record.status = status.value_or(Status::live);
      return has_status ? true : fail(broken(name, "status"));
    }
    if (name == "created_on") {
      return get_time(value, created_on, name);
    }
    if (name == "updated_on") {
      return get_time(value, updated_on, name);
    }
    if (name == "last_seen_at") {
      return get_time(value, record.last_seen_at, name);
    }
    if (is_type(value, od::json_type::null)) {
      return true;
    }
    if (name == "duplicate_of") {
      return get_text(value, record.duplicate_of, name);
    }
    if (name == "work") {
      return content([&] { return work.read(value); });
    }
    if (name == "derived") {
      return content([&] {
        od::object derived;
        return get(value.get_object(), derived, name) &&
               each_member(derived, name, [this](std::string_view n, od::value& member) {
                 return read_derived_member(n, member);
               });
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
      return decisions.read(value);
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
    if (decode::has_nul(key)) {
      return fail(broken("key", "nul"));
    }
    for (const auto& [text, field] :
         {std::pair{record.provider, Field::provider},
          std::pair{record.foreign_identifier, Field::foreign_identifier}}) {
      if (decode::is_longer(text, field_spec(field).max_code_points)) {
        return fail_length(field_spec(field).name, field_spec(field).max_code_points);
      }
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
    Once once{kRecordNames};
    return each_member(root, "record", [&](std::string_view name, od::value& member) {
      return once.take(name) == Once<kRecordNames.size()>::Found::again
                 ? fail(broken(name, "duplicate_member"))
                 : read_member(name, member);
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
    if (content_error && record.status == Status::live) {
      return fail(*std::move(content_error));
    }
    std::sort(record.hidden_tags.begin(), record.hidden_tags.end());
    record.hidden_tags.erase(std::unique(record.hidden_tags.begin(), record.hidden_tags.end()),
                             record.hidden_tags.end());
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
    content_error.reset();
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
