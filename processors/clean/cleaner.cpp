#include "processors/clean/cleaner.hpp"

#include <simdjson.h>

#include <cstring>
#include <utility>

#include "core/check.hpp"
#include "core/resources.hpp"
#include "processors/clean/fields.hpp"
#include "processors/clean/tags.hpp"

namespace freshet {
namespace {

CleanRules shipped_rules() {
  auto rules = parse_clean_rules(resource("rules.json"));
  FRESHET_CHECK(rules.has_value());
  return std::move(*rules);
}

// The parser reads up to its padding behind the end, and results point into this copy.
simdjson::padded_string_view copy_padded(std::string_view text, Arena& arena) {
  const std::size_t capacity = text.size() + simdjson::SIMDJSON_PADDING;
  auto* const begin = static_cast<char*>(arena.allocate(capacity, 1));
  text.copy(begin, text.size());
  std::memset(begin + text.size(), ' ', simdjson::SIMDJSON_PADDING);
  return simdjson::padded_string_view{begin, text.size(), capacity};
}

Error unreadable(simdjson::error_code error) {
  if (error == simdjson::DEPTH_ERROR) {
    return Error{Errc::invalid_value, "work", "max_depth", "work is nested too deeply"};
  }
  return Error{Errc::malformed_payload, Retry::never,
               std::string{"work is not a JSON object: "} + simdjson::error_message(error)};
}

}  // namespace

std::string_view to_string(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::no_open_license:
      return "no_open_license";
  }
  return "";
}

struct Cleaner::Impl {
  explicit Impl(const CleanRules& rules) : urls{rules} {}

  simdjson::ondemand::parser parser;
  clean::UrlCleaner urls;
  clean::LicenseUrls licenses;
  std::string scratch;
  std::string text_scratch;
};

Cleaner::Cleaner() : Cleaner{shipped_rules()} {}
Cleaner::Cleaner(const CleanRules& rules) : impl_{std::make_unique<Impl>(rules)} {}
Cleaner::~Cleaner() = default;

CleanResult Cleaner::clean(std::string_view work, Arena& arena, Cleaned what) {
  simdjson::ondemand::document document;
  clean::Texts texts{arena, impl_->text_scratch};
  clean::Sighting in{&arena};
  if (const auto error = impl_->parser.iterate(copy_padded(work, arena)).get(document)) {
    return unreadable(error);
  }
  if (const auto error = clean::read_sighting(document, texts, in)) {
    if (!in.repeated.empty()) {
      const std::string field = "work." + std::string{in.repeated};
      return Error{Errc::malformed_payload, field, "duplicate_member", field + " stands twice"};
    }
    return unreadable(error);
  }
  Work out{&arena};
  clean::Workspace space{in, out, texts, impl_->urls, impl_->licenses, impl_->scratch};
  if (auto error = clean::set_identity(space)) {
    return *std::move(error);
  }
  out.left_out = std::move(in.left_out);
  out.meta_data = std::move(in.meta_data);
  clean::limit_description(out.meta_data, texts, out.left_out);
  if (!clean::set_license(space)) {
    return Dropped{DropReason::no_open_license, out.media_type, out.provider,
                   out.foreign_identifier};
  }
  if (auto error = clean::set_fields(space)) {
    return *std::move(error);
  }
  out.tags = std::move(in.tags);
  clean::arrange_tags(out.tags, out.provider, what, out.left_out);
  if (out.media_type == MediaType::audio) {
    clean::set_audio_collections(space);
  }
  return out;
}

}  // namespace freshet
