#include "app/clean_preview.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <variant>

#include "core/json.hpp"
#include "core/record/envelope.hpp"
#include "core/record/members.hpp"
#include "processors/clean/cleaner.hpp"
#include "sinks/store_record.hpp"

namespace freshet {
namespace {

// The set of a track, the last column of batch-era files, is in later ones alone.
constexpr std::span<const std::string_view> kAudioColumns =
    std::span{kBatchAudioColumns}.first(kBatchAudioColumns.size() - 1);

bool is_in_batch_files(std::string_view name) {
  return name == "media_type" ||
         std::ranges::find(kBatchImageColumns, name) != kBatchImageColumns.end() ||
         std::ranges::find(kBatchAudioColumns, name) != kBatchAudioColumns.end();
}

/// Whether the provider gave genres as a list, if an empty one: the column is then `[]`, not null.
/// The cleaned work, whose unions leave out what is empty, does not tell.
bool has_genre_list(std::string_view sighting) {
  const auto parsed = parse_json(sighting);
  return parsed && value_at(*parsed, "/genres").is_array();
}

std::string cleaned_line(const Work& work, std::string_view sighting) {
  std::string text;
  append_work(text, work);
  const auto parsed = parse_json(text);  // our own writing: always an object
  const json::object& members = parsed.value().as_object();

  json::object line;
  const auto add = [&](std::string_view column) {
    const json::value* value = members.if_contains(column);
    line.emplace(column, value == nullptr ? json::value{} : *value);
  };
  add("media_type");
  for (const std::string_view column : work.media_type == MediaType::image
                                           ? std::span<const std::string_view>{kBatchImageColumns}
                                           : kAudioColumns) {
    add(column);
  }
  // What the batch original did not have.
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    const FieldSpec& spec = kFieldSpecs[i];
    if (spec.is_of(work.media_type) && !is_in_batch_files(spec.name)) {
      add(spec.name);
    }
  }
  if (work.media_type == MediaType::audio && line.at("genres").is_null() &&
      has_genre_list(sighting)) {
    line["genres"] = json::array{};
  }
  return to_json(line);
}

/// Turns what clean says into what is shown.
struct Show {
  std::string_view sighting;

  CleanPreview operator()(const Work& work) const {
    CleanPreview preview;
    preview.line = cleaned_line(work, sighting);
    preview.key = make_work_key(work.media_type, work.provider, work.foreign_identifier);
    return preview;
  }
  CleanPreview operator()(const Dropped& dropped) const {
    CleanPreview preview;
    preview.outcome = CleanPreview::Outcome::dropped;
    preview.key = make_work_key(dropped.media_type, dropped.provider, dropped.foreign_identifier);
    preview.reason = to_string(dropped.reason);
    return preview;
  }
  CleanPreview operator()(const Error& error) const {
    CleanPreview preview;
    preview.outcome = CleanPreview::Outcome::rejected;
    preview.reason = to_string(error.errc());
    preview.field = error.field();
    preview.rule = error.rule();
    return preview;
  }
};

RawPreview::Kind kind_of(const RawRecord& record) {
  switch (record.kind) {
    case RawRecord::Kind::sighting:
      return RawPreview::Kind::sighting;
    case RawRecord::Kind::removed:
      return RawPreview::Kind::removed;
    case RawRecord::Kind::run_finished:
      return RawPreview::Kind::run_finished;
  }
  return RawPreview::Kind::sighting;
}

}  // namespace

CleanFunction clean_preview() {
  // A std::function is copied; the cleaner, made only when it is needed, is not.
  return [cleaner = std::make_shared<std::unique_ptr<Cleaner>>()](std::string_view sighting) {
    if (!*cleaner) {
      *cleaner = std::make_unique<Cleaner>();
    }
    Arena arena;
    return std::visit(Show{sighting}, (*cleaner)->clean(sighting, arena));
  };
}

CatalogueFunction catalogue_preview() {
  return [decoder = std::make_shared<CatalogDecoder>()](
             std::string_view key, std::string_view value, std::string_view schema) {
    const auto record = decoder->decode({key, value, schema, {}, {}});
    CleanPreview preview;
    if (!record) {
      preview = Show{value}(record.error());
    }
    preview.key = key;
    return preview;
  };
}

RawFunction raw_preview() {
  return [clean = clean_preview(), reader = std::make_shared<RawReader>()](std::string_view value) {
    Arena arena;
    // Parsed whole: a body that is only cut from the record is not known to be JSON.
    const auto record = reader->read_whole(value, arena);
    RawPreview preview;
    if (!record) {
      preview.clean = Show{value}(record.error());
      return preview;
    }
    preview.kind = kind_of(*record);
    preview.fetched_at = format_micros(record->fetched_at);
    if (preview.kind == RawPreview::Kind::sighting) {
      preview.clean = clean(record->body);
    }
    return preview;
  };
}

}  // namespace freshet
