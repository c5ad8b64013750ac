#include "processors/clean/fields.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "core/text.hpp"
#include "processors/clean/category.hpp"
#include "processors/clean/filetype.hpp"
#include "processors/clean/limit.hpp"
#include "processors/clean/markup.hpp"
#include "processors/json_text.hpp"

namespace freshet::clean {
namespace {

constexpr std::size_t kIdentifierLimit = 3000;
constexpr std::size_t kUrlLimit = 3000;
constexpr std::size_t kLandingUrlLimit = 1000;
constexpr std::size_t kCreatorUrlLimit = 2000;
constexpr std::size_t kCreatorLimit = 2000;
constexpr std::size_t kTitleLimit = 5000;
constexpr std::size_t kNameLimit = 80;  // provider, source, category, ingestion type
constexpr std::size_t kSetIdentifierLimit = 1000;
constexpr std::size_t kFiletypeLimit = 5;
// Far more than a title may have, so that hostile markup costs bounded time.
constexpr std::size_t kMarkupLimit = 65536;

std::optional<Error> missing(Field field) {
  return Error{Errc::missing_field, std::string{to_string(field)}, "required",
               std::string{to_string(field)} + " is missing"};
}

// The text that a required field gives, or why it gives none.
std::optional<Error> require_text(const Scalar& scalar, Field field) {
  if (!scalar.given() || (scalar.kind == Kind::text && trim_space(scalar.text).empty())) {
    return missing(field);
  }
  return scalar.kind == Kind::text ? std::nullopt : std::optional{broken(field, "text")};
}

// Part of the key: what PostgreSQL cannot hold must not vanish from it unseen.
std::optional<Error> set_key_text(Bench& bench, Field field, std::size_t limit,
                                  std::string_view& out) {
  const Scalar& scalar = bench.in.at(field);
  const bool number = field == Field::foreign_identifier && scalar.kind == Kind::number;
  if (const auto error = number ? std::nullopt : require_text(scalar, field)) {
    return error;
  }
  if (scalar.text.find('\0') != std::string_view::npos) {
    return broken(field, "no_nul");
  }
  const auto kept = bench.texts.keep(scalar);
  if (kept->text.empty()) {
    return missing(field);
  }
  if (!fits(kept->text, limit)) {
    return broken(field, "max_length");
  }
  bench.work.at(field) = kept->json;
  out = kept->text;
  return std::nullopt;
}

// WordPress answers only with the slash at the end.
bool strips_slashes(const Work& work) noexcept { return work.provider != "wordpress"; }

// Keeps a URL; its own bytes where nothing changes.
Kept keep_url(Bench& bench, const Scalar& scalar) {
  if (!scalar.json.empty() && scalar.text == bench.scratch) {
    return {scalar.text, scalar.json};
  }
  return bench.texts.copy_clean(bench.scratch);
}

std::optional<Error> set_required_url(Bench& bench, Field field, std::size_t limit,
                                      std::string_view& out) {
  const Scalar& scalar = bench.in.at(field);
  if (auto error = require_text(scalar, field)) {
    return error;
  }
  const UrlFault fault =
      bench.urls.clean(scalar.text, strips_slashes(bench.work), limit, bench.scratch);
  if (fault != UrlFault::none) {
    return broken(field, rule_name(fault));
  }
  const Kept kept = keep_url(bench, scalar);
  bench.work.at(field) = kept.json;
  out = kept.text;
  return std::nullopt;
}

void set_optional_url(Bench& bench, Field field, std::size_t limit) {
  const Scalar& scalar = bench.in.at(field);
  if (scalar.kind == Kind::text && bench.urls.clean(scalar.text, strips_slashes(bench.work), limit,
                                                    bench.scratch) == UrlFault::none) {
    bench.work.at(field) = keep_url(bench, scalar).json;
  }
}

// A title or creator: markup removed, cut to its limit.
void set_prose(Bench& bench, Field field, std::size_t limit) {
  auto kept = bench.texts.keep(bench.in.at(field));
  if (!kept) {
    return;
  }
  if (may_hold_markup(kept->text)) {
    std::string text{cut_to_fit(kept->text, kMarkupLimit)};
    strip_markup(text);
    if (text != kept->text) {
      kept = bench.texts.copy_clean(text);
    }
  }
  if (!fits(kept->text, limit)) {
    kept = bench.texts.copy_clean(cut_to_fit(kept->text, limit));
  }
  bench.work.at(field) = kept->json;
}

// A short text that is kept only where it says something and fits; its text, else empty.
std::string_view set_name(Bench& bench, Field field, std::size_t limit = kNameLimit) {
  const auto kept = bench.texts.keep(bench.in.at(field));
  if (!kept || kept->text.empty() || !fits(kept->text, limit)) {
    return {};
  }
  bench.work.at(field) = kept->json;
  return kept->text;
}

void set_origin(Bench& bench) {
  std::string_view source = set_name(bench, Field::source);
  if (source.empty()) {
    source = bench.work.provider;
    bench.work.at(Field::source) = bench.work.at(Field::provider);
  }
  if (set_name(bench, Field::ingestion_type).empty()) {
    bench.work.at(Field::ingestion_type) =
        source == "commoncrawl" ? R"("commoncrawl")" : R"("provider_api")";
  }
}

// Given, else by provider. Never checked against the known values: sources may add their own.
void set_category(Bench& bench) {
  const std::string_view fallback = default_category(bench.work.provider);
  if (set_name(bench, Field::category).empty() && !fallback.empty()) {
    bench.work.at(Field::category) = bench.texts.copy_clean(fallback).json;
  }
}

std::optional<Error> set_filetype(Bench& bench) {
  if (const auto kept = bench.texts.keep(bench.in.at(Field::filetype));
      kept && !kept->text.empty()) {
    std::string filetype{kept->text};
    unify_filetype(filetype);
    if (fits(filetype, kFiletypeLimit)) {
      bench.work.at(Field::filetype) =
          filetype == kept->text ? kept->json : bench.texts.copy_clean(filetype).json;
      return std::nullopt;
    }
  }
  const auto guessed = guess_filetype(bench.work.url);
  if (!guessed) {
    return std::nullopt;
  }
  if (guessed->media_type != bench.work.media_type) {
    return broken(Field::filetype, "media_type");
  }
  bench.work.at(Field::filetype) = bench.texts.copy_clean(guessed->name).json;
  return std::nullopt;
}

std::optional<double> number_of(const Scalar& scalar) {
  switch (scalar.kind) {
    case Kind::number:
      return number_value(scalar.text);
    case Kind::boolean:
      return scalar.text == "true" ? 1 : 0;
    case Kind::text:
      return parse_number(scalar.text);
    case Kind::absent:
    case Kind::null:
    case Kind::list:
    case Kind::object:
      break;
  }
  return std::nullopt;
}

// A whole number that needs no rounding and surely fits: nine digits without leading zero.
bool is_plain_integer(const Scalar& scalar) noexcept {
  return scalar.kind == Kind::number && scalar.text.size() <= 9 &&
         scalar.text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Truncated toward zero. What an int32 column cannot hold says nothing and is left out.
std::optional<Error> set_integer(Bench& bench, Field field) {
  const Scalar& scalar = bench.in.at(field);
  if (is_plain_integer(scalar)) {
    bench.work.at(field) = scalar.text;
    return std::nullopt;
  }
  const auto number = number_of(scalar);
  if (!number || std::isnan(*number)) {
    return std::nullopt;
  }
  // Sizes and durations mean "unknown" at the top of the range, infinity included.
  const bool open_ended = field == Field::filesize || field == Field::duration;
  if (open_ended && *number >= 2147483647.0) {
    return std::nullopt;
  }
  if (std::isinf(*number)) {
    return broken(field, "finite");
  }
  const double whole = std::trunc(*number);
  if (whole < -2147483648.0 || whole > 2147483647.0) {
    return std::nullopt;
  }
  std::array<char, 16> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(whole))
          .ptr;
  bench.work.at(field) =
      copy_to(bench.texts.arena(), {digits.data(), static_cast<std::size_t>(end - digits.data())});
  return std::nullopt;
}

// Not watermarked unless the provider says so in one of the accepted spellings.
void set_watermarked(Bench& bench) {
  const Scalar& scalar = bench.in.at(Field::watermarked);
  const std::string_view text = scalar.text;
  bool value = false;
  if (scalar.kind == Kind::boolean) {
    value = text == "true";
  } else if (scalar.kind == Kind::number) {
    value = number_value(text) == 1;
  } else if (scalar.kind == Kind::text) {
    value = text == "t" || text == "T" || text == "true" || text == "True";
  }
  bench.work.at(Field::watermarked) = value ? "true" : "false";
}

std::optional<Error> set_integers(Bench& bench, std::initializer_list<Field> fields) {
  for (const Field field : fields) {
    if (auto error = set_integer(bench, field)) {
      return error;
    }
  }
  return std::nullopt;
}

}  // namespace

Error broken(Field field, std::string_view rule) {
  const std::string name{to_string(field)};
  return Error{Errc::invalid_value, name, std::string{rule},
               name + " breaks the rule " + std::string{rule}};
}

std::optional<Error> set_identity(Bench& bench) {
  Work& work = bench.work;
  const Scalar& media_type = bench.in.at(Field::media_type);
  if (auto error = require_text(media_type, Field::media_type)) {
    return error;
  }
  if (media_type.text != "image" && media_type.text != "audio") {
    return broken(Field::media_type, "media_type");
  }
  work.media_type = media_type.text == "image" ? MediaType::image : MediaType::audio;
  work.at(Field::media_type) = work.media_type == MediaType::image ? R"("image")" : R"("audio")";
  if (auto error = set_key_text(bench, Field::provider, kNameLimit, work.provider)) {
    return error;
  }
  if (work.provider.find(':') != std::string_view::npos) {
    return broken(Field::provider, "no_colon");  // keys are split there
  }
  if (auto error = set_key_text(bench, Field::foreign_identifier, kIdentifierLimit,
                                work.foreign_identifier)) {
    return error;
  }
  std::string_view landing_url;
  if (auto error =
          set_required_url(bench, Field::foreign_landing_url, kLandingUrlLimit, landing_url)) {
    return error;
  }
  return set_required_url(bench, Field::url, kUrlLimit, work.url);
}

std::optional<Error> set_fields(Bench& bench) {
  set_optional_url(bench, Field::thumbnail, kUrlLimit);
  set_optional_url(bench, Field::creator_url, kCreatorUrlLimit);
  set_prose(bench, Field::creator, kCreatorLimit);
  set_prose(bench, Field::title, kTitleLimit);
  set_origin(bench);
  set_category(bench);
  set_watermarked(bench);
  if (auto error = set_filetype(bench)) {
    return error;
  }
  if (auto error = set_integer(bench, Field::filesize)) {
    return error;
  }
  if (bench.work.media_type == MediaType::image) {
    return set_integers(bench, {Field::width, Field::height});
  }
  set_name(bench, Field::audio_set_foreign_identifier, kSetIdentifierLimit);
  return set_integers(bench,
                      {Field::duration, Field::bit_rate, Field::sample_rate, Field::set_position});
}

void set_audio_collections(Bench& bench) {
  Work& work = bench.work;
  const Sighting& in = bench.in;
  work.genres.assign(in.genres.begin(), in.genres.end());
  work.alt_files.assign(in.alt_files.begin(), in.alt_files.end());
  work.audio_set.assign(in.audio_set.begin(), in.audio_set.end());
  const auto title = bench.texts.keep(in.at(Aid::set_title));
  if (!title) {
    return;  // no set, or one that came ready-made
  }
  const auto json = [&](const Scalar& scalar) {
    const auto kept = bench.texts.keep(scalar);
    return kept ? kept->json : std::string_view{"null"};
  };
  // By name in byte order, as all members are. The set takes what the track was given with.
  work.audio_set.assign({
      {"creator", json(in.at(Field::creator))},
      {"creator_url", json(in.at(Field::creator_url))},
      {"foreign_identifier", json(in.at(Field::audio_set_foreign_identifier))},
      {"foreign_landing_url", json(in.at(Aid::set_url))},
      {"thumbnail", json(in.at(Aid::set_thumbnail))},
      {"title", title->json},
  });
}

}  // namespace freshet::clean
