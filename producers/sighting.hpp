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

/// One sighting of one work, ready but for its time.
struct Sighting {
  MediaType media_type = MediaType::image;
  std::string provider;
  std::string key;   ///< of the work, from the cleaned identifier
  std::string work;  ///< compact JSON; the same content gives the same bytes
};

/// What the producer makes of a draft: it judges presence of id, landing page and URL, nothing
/// else.
using Judged = std::variant<Sighting, ProducerDrop, Error>;

/// Adds the provider's fixed values and writes the members in one fixed order, nulls left out.
/// @error Errc::invalid_value: the identifier is no text or number, or nothing is left of it when
///        it is cleaned.
Judged judge(const ProviderSpec& spec, const Draft& draft);

/// `{"seen": {"fetched_at", "run_id"}, "work": …}`.
std::string sighting_value(std::string_view work, UtcTime fetched_at, std::string_view run_id);
/// `{"seen": …, "run_finished": {"media_type", "provider", "started_at", "complete"[,
/// "rejected"]}}`.
/// @param rejected  raw records of the run that could not be read: their works are not gone, and
///                  nobody can say which they are, so nothing is removed without somebody's word.
std::string run_finished_value(MediaType media_type, std::string_view provider, UtcTime started_at,
                               std::int64_t rejected, UtcTime fetched_at, std::string_view run_id);
/// Key of a `run_finished` record: `run:<media_type>:<provider>`.
std::string run_finished_key(MediaType media_type, std::string_view provider);

/// Whether a record fits in `media.raw.v1`.
bool fits_raw_topic(std::string_view key, std::string_view value);

/// Times of a run's sightings: the clock's, but always later than the one before, so that the last
/// of two sightings on one page wins.
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
