#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/key.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "producers/emit.hpp"
#include "producers/provider.hpp"

namespace freshet {

/// One sighting of one work, complete except for its time.
struct Sighting {
  MediaType media_type = MediaType::image;
  std::string provider;
  std::string key;   ///< of the work, from the cleaned identifier
  std::string work;  ///< compact JSON; the same content gives the same bytes
};

/// What the producer makes of a draft. It judges only whether id, landing page and URL are there.
using Judged = std::variant<Sighting, ProducerDrop, Error>;

/// Adds the provider's fixed values and writes the members in one fixed order, nulls left out.
/// @error Errc::invalid_value: the identifier is no text or number, or nothing is left of it when
///        it is cleaned.
Judged judge(const ProviderSpec& spec, const Draft& draft);

/// Key of a work whose removal a provider tells.
/// @error as `judge`: the identifier is missing, no text or number, or blank.
Result<std::string> removal_key(const ProviderSpec& spec, const Removal& removal);
/// Body of a `removed` record: `{"reason"}`.
std::string removal_body(const Removal& removal);

/// Whether a record fits in `media.raw.v1`.
bool fits_raw_topic(std::string_view key, std::string_view value);

/// Times for the sightings of a run: the clock's time, but always later than the one before, so
/// that of two sightings on one page the last wins.
class GrowingTime {
 public:
  explicit GrowingTime(const Clock& clock) : clock_{clock} {}
  /// @param last  the last time that an interrupted run gave out.
  void continue_after(UtcTime last) { last_ = last; }
  UtcTime next();
  UtcTime last() const noexcept { return last_; }

 private:
  const Clock& clock_;
  UtcTime last_{};
};

}  // namespace freshet
