#include "processors/clean/fields.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/text.hpp"
#include "processors/clean/category.hpp"
#include "processors/clean/filetype.hpp"
#include "processors/clean/limit.hpp"
#include "processors/clean/markup.hpp"
#include "processors/clean/member_limits.hpp"
#include "processors/record/json_number.hpp"
#include "processors/record/json_text.hpp"

namespace freshet::clean {
namespace {

// Far more than a title may have, so that hostile markup costs bounded time.
constexpr std::size_t kMarkupLimit = 65536;
constexpr std::string_view kAudioSet = field_named("audio_set").name;

std::size_t limit_of(Field field) { return field_spec(field).max_code_points; }

void leave_out(Workspace& space, Field field, std::string_view rule) {
  space.work.left_out.push_back({field_spec(field).name, rule});
}

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
std::optional<Error> set_key_text(Workspace& space, Field field, std::string_view& out) {
  const Scalar& scalar = space.in.at(field);
  const bool number = field == Field::foreign_identifier && scalar.kind == Kind::number;
  if (const auto error = number ? std::nullopt : require_text(scalar, field)) {
    return error;
  }
  if (scalar.text.find('\0') != std::string_view::npos) {
    return broken(field, "no_nul");
  }
  const auto kept = space.texts.keep(scalar);
  if (kept->text.empty()) {
    return missing(field);
  }
  if (!fits(kept->text, limit_of(field))) {
    return broken(field, "max_length");
  }
  space.work.at(field) = kept->json;
  out = kept->text;
  return std::nullopt;
}

// WordPress answers only with the slash at the end.
bool strips_slashes(const Work& work) noexcept { return work.provider != "wordpress"; }

// Keeps a URL; its own bytes where nothing changes.
Kept keep_url(Workspace& space, const Scalar& scalar) {
  if (!scalar.json.empty() && scalar.text == space.scratch) {
    return {scalar.text, scalar.json};
  }
  return space.texts.copy_clean(space.scratch);
}

std::optional<Error> set_required_url(Workspace& space, Field field, std::string_view& out) {
  const Scalar& scalar = space.in.at(field);
  if (auto error = require_text(scalar, field)) {
    return error;
  }
  const UrlFault fault =
      space.urls.clean(scalar.text, strips_slashes(space.work), limit_of(field), space.scratch);
  if (fault != UrlFault::none) {
    return broken(field, rule_name(fault));
  }
  const Kept kept = keep_url(space, scalar);
  space.work.at(field) = kept.json;
  out = kept.text;
  return std::nullopt;
}

void set_optional_url(Workspace& space, Field field) {
  const Scalar& scalar = space.in.at(field);
  if (!scalar.given() || scalar.text.empty()) {
    return;
  }
  if (scalar.kind != Kind::text) {
    return leave_out(space, field, "text");
  }
  const UrlFault fault =
      space.urls.clean(scalar.text, strips_slashes(space.work), limit_of(field), space.scratch);
  if (fault != UrlFault::none) {
    return leave_out(space, field, rule_name(fault));
  }
  space.work.at(field) = keep_url(space, scalar).json;
}

// What a field gives as a text; a list or an object is none.
std::optional<Kept> text_of(Workspace& space, Field field) {
  const Scalar& scalar = space.in.at(field);
  auto kept = space.texts.keep(scalar);
  if (!kept && scalar.given()) {
    leave_out(space, field, "text");
  }
  return kept;
}

// A title or creator: markup removed, cut to its limit.
void set_prose(Workspace& space, Field field) {
  auto kept = text_of(space, field);
  if (!kept) {
    return;
  }
  bool is_cut = false;
  if (may_hold_markup(kept->text)) {
    std::string text{cut_to_fit(kept->text, kMarkupLimit)};
    is_cut = text.size() < kept->text.size();
    strip_markup(text);
    if (text != kept->text) {
      kept = space.texts.copy_clean(text);
    }
  }
  if (!fits(kept->text, limit_of(field))) {
    is_cut = true;
    kept = space.texts.copy_clean(cut_to_fit(kept->text, limit_of(field)));
  }
  if (is_cut) {
    leave_out(space, field, "cut");
  }
  space.work.at(field) = kept->json;
}

// A short text that is kept only where it says something and fits; its text, else empty.
std::string_view set_name(Workspace& space, Field field) {
  const auto kept = text_of(space, field);
  if (!kept || kept->text.empty()) {
    return {};
  }
  if (!fits(kept->text, limit_of(field))) {
    leave_out(space, field, "max_length");
    return {};
  }
  space.work.at(field) = kept->json;
  return kept->text;
}

void set_origin(Workspace& space) {
  std::string_view source = set_name(space, Field::source);
  if (source.empty()) {
    source = space.work.provider;
    space.work.at(Field::source) = space.work.at(Field::provider);
  }
  if (set_name(space, Field::ingestion_type).empty()) {
    space.work.at(Field::ingestion_type) =
        source == "commoncrawl" ? R"("commoncrawl")" : R"("provider_api")";
  }
}

// Given, else by provider. Never checked against the known values: sources may add their own.
void set_category(Workspace& space) {
  const std::string_view fallback = default_category(space.work.provider);
  if (set_name(space, Field::category).empty() && !fallback.empty()) {
    space.work.at(Field::category) = space.texts.copy_clean(fallback).json;
  }
}

std::optional<Error> set_filetype(Workspace& space) {
  if (const auto kept = text_of(space, Field::filetype); kept && !kept->text.empty()) {
    std::string filetype{kept->text};
    unify_filetype(filetype);
    if (fits(filetype, limit_of(Field::filetype))) {
      space.work.at(Field::filetype) =
          filetype == kept->text ? kept->json : space.texts.copy_clean(filetype).json;
      return std::nullopt;
    }
    leave_out(space, Field::filetype, "max_length");
  }
  const auto guessed = guess_filetype(space.work.url);
  if (!guessed) {
    return std::nullopt;
  }
  if (guessed->media_type != space.work.media_type) {
    return broken(Field::filetype, "media_type");
  }
  space.work.at(Field::filetype) = space.texts.copy_clean(guessed->name).json;
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

// A whole number that needs no rounding and surely is in its range: nine digits without leading
// zero.
bool is_plain_integer(const Scalar& scalar) noexcept {
  return scalar.kind == Kind::number && scalar.text.size() <= 9 && scalar.text.front() != '0' &&
         scalar.text.find_first_not_of("0123456789") == std::string_view::npos;
}
static_assert([] {
  for (const FieldSpec& spec : kFieldSpecs) {
    if (spec.kind == FieldKind::integer && (spec.least > 1 || spec.greatest < 999'999'999)) {
      return false;
    }
  }
  return true;
}());

// Truncated toward zero. What is no number, or outside the field's range, says nothing.
void set_integer(Workspace& space, Field field) {
  const Scalar& scalar = space.in.at(field);
  if (!scalar.given()) {
    return;
  }
  if (is_plain_integer(scalar)) {
    space.work.at(field) = scalar.text;
    return;
  }
  const auto number = number_of(scalar);
  if (!number || std::isnan(*number)) {
    const bool says_nothing = scalar.kind == Kind::text && trim_space(scalar.text).empty();
    return says_nothing ? void() : leave_out(space, field, "number");
  }
  const double whole = std::trunc(*number);
  if (!field_spec(field).holds(whole)) {
    return leave_out(space, field, "range");
  }
  std::array<char, 24> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(whole))
          .ptr;
  space.work.at(field) =
      copy_to(space.texts.arena(), {digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// Not watermarked unless the provider says so in one of the accepted spellings.
void set_watermarked(Workspace& space) {
  const Scalar& scalar = space.in.at(Field::watermarked);
  const std::string_view text = scalar.text;
  bool value = false;
  if (scalar.kind == Kind::boolean) {
    value = text == "true";
  } else if (scalar.kind == Kind::number) {
    value = number_value(text) == 1;
  } else if (scalar.kind == Kind::text) {
    value = text == "t" || text == "T" || text == "true" || text == "True";
  }
  space.work.at(Field::watermarked) = value ? "true" : "false";
}

// What the record contract says of a field is all there is to it, unless that has its own rule.
template <Field field>
void set_field_by_table(Workspace& space) {
  constexpr const FieldSpec& spec = field_spec(field);
  if constexpr (spec.cleaned_by != CleanedBy::own) {
    if (!spec.is_of(space.work.media_type)) {
      return;
    }
    if constexpr (spec.cleaned_by == CleanedBy::prose) {
      set_prose(space, field);
    } else if constexpr (spec.kind == FieldKind::url) {
      set_optional_url(space, field);
    } else if constexpr (spec.kind == FieldKind::integer) {
      set_integer(space, field);
    } else {
      static_assert(spec.kind == FieldKind::text, "a kind that needs a rule of its own");
      set_name(space, field);
    }
  }
}

template <std::size_t... I>
void set_fields_by_table(Workspace& space, std::index_sequence<I...> /*fields*/) {
  (set_field_by_table<static_cast<Field>(I)>(space), ...);
}

}  // namespace

Error broken(Field field, std::string_view rule) {
  const std::string name{to_string(field)};
  return Error{Errc::invalid_value, name, std::string{rule},
               name + " breaks the rule " + std::string{rule}};
}

std::optional<Error> set_identity(Workspace& space) {
  Work& work = space.work;
  const Scalar& media_type = space.in.at(Field::media_type);
  if (auto error = require_text(media_type, Field::media_type)) {
    return error;
  }
  if (media_type.text != "image" && media_type.text != "audio") {
    return broken(Field::media_type, "media_type");
  }
  work.media_type = media_type.text == "image" ? MediaType::image : MediaType::audio;
  work.at(Field::media_type) = work.media_type == MediaType::image ? R"("image")" : R"("audio")";
  if (auto error = set_key_text(space, Field::provider, work.provider)) {
    return error;
  }
  if (work.provider.find(':') != std::string_view::npos) {
    return broken(Field::provider, "no_colon");  // keys are split there
  }
  if (auto error = set_key_text(space, Field::foreign_identifier, work.foreign_identifier)) {
    return error;
  }
  std::string_view landing_url;
  if (auto error = set_required_url(space, Field::foreign_landing_url, landing_url)) {
    return error;
  }
  return set_required_url(space, Field::url, work.url);
}

std::optional<Error> set_fields(Workspace& space) {
  set_fields_by_table(space, std::make_index_sequence<kFieldCount>{});
  set_origin(space);
  set_category(space);
  set_watermarked(space);
  return set_filetype(space);
}

void set_audio_collections(Workspace& space) {
  Work& work = space.work;
  const Sighting& in = space.in;
  work.genres.assign(in.genres.begin(), in.genres.end());
  work.alt_files.assign(in.alt_files.begin(), in.alt_files.end());
  work.audio_set.assign(in.audio_set.begin(), in.audio_set.end());
  const auto title = space.texts.keep(in.at(Aid::set_title));
  if (!title) {
    // No set, or one that came ready-made.
    return limit_members(kAudioSet, work.audio_set, space.texts, work.left_out);
  }
  const auto json = [&](const Scalar& scalar) {
    const auto kept = space.texts.keep(scalar);
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
  limit_members(kAudioSet, work.audio_set, space.texts, work.left_out);
}

}  // namespace freshet::clean
