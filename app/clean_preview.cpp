#include "app/clean_preview.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <variant>

#include "core/json.hpp"
#include "processors/stages/clean.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, 19> kColumns = {"media_type",
                                                       "foreign_identifier",
                                                       "foreign_landing_url",
                                                       "url",
                                                       "thumbnail",
                                                       "filetype",
                                                       "filesize",
                                                       "license",
                                                       "license_version",
                                                       "creator",
                                                       "creator_url",
                                                       "title",
                                                       "meta_data",
                                                       "tags",
                                                       "category",
                                                       "watermarked",
                                                       "provider",
                                                       "source",
                                                       "ingestion_type"};
constexpr std::array<std::string_view, 2> kImageColumns = {"width", "height"};
constexpr std::array<std::string_view, 7> kAudioColumns = {
    "duration", "bit_rate", "sample_rate", "genres", "audio_set", "set_position", "alt_files"};

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
  for (const std::string_view column : kColumns) {
    add(column);
  }
  switch (work.media_type) {
    case MediaType::image:
      for (const std::string_view column : kImageColumns) {
        add(column);
      }
      break;
    case MediaType::audio:
      for (const std::string_view column : kAudioColumns) {
        add(column);
      }
      if (line.at("genres").is_null() && has_genre_list(sighting)) {
        line["genres"] = json::array{};
      }
      break;
  }
  return to_json(line);
}

/// Turns what clean says into what is shown.
struct Show {
  std::string_view sighting;

  CleanPreview operator()(const Work& work) const {
    CleanPreview preview;
    preview.line = cleaned_line(work, sighting);
    return preview;
  }
  CleanPreview operator()(const Dropped& dropped) const {
    CleanPreview preview;
    preview.outcome = CleanPreview::Outcome::dropped;
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

}  // namespace freshet
