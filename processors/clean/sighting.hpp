#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "processors/clean/member_limits.hpp"
#include "processors/clean/reader.hpp"
#include "processors/record/work.hpp"

namespace freshet::clean {

/// Members of a sighting that are used to make fields and are not kept under their own name.
enum class Aid : std::uint8_t { license_url, set_url, set_thumbnail, set_title };
inline constexpr std::size_t kAidCount = 4;

/// A sighting's `work` taken apart, no rule applied yet but those of texts inside collections.
struct Sighting {
  std::array<Scalar, kFieldCount> fields{};
  std::array<Scalar, kAidCount> aids{};
  std::pmr::vector<Member> meta_data;
  std::pmr::vector<Member> audio_set;  ///< given ready-made
  std::pmr::vector<Tag> tags;
  std::pmr::vector<std::string_view> genres;
  std::pmr::vector<std::string_view> alt_files;
  LeftOutList left_out;       ///< of the collections
  std::string_view repeated;  ///< a member that stands twice, where the reading failed for it

  explicit Sighting(std::pmr::memory_resource* memory)
      : meta_data{memory},
        audio_set{memory},
        tags{memory},
        genres{memory},
        alt_files{memory},
        left_out{memory} {}

  const Scalar& at(Field field) const { return fields[static_cast<std::size_t>(field)]; }
  const Scalar& at(Aid aid) const { return aids[static_cast<std::size_t>(aid)]; }
};

/// Reads the members of a `work` object in one pass; unknown ones are passed over. A member that is
/// used must not stand twice. Within values (`meta_data`, `audio_set`, tags, files) the last of
/// several with one name counts, at every depth: batch-era files have them, and only one goes on.
/// Lists are held to the record contract on the way.
simdjson::error_code read_sighting(simdjson::ondemand::document& document, Texts& texts,
                                   Sighting& out);

}  // namespace freshet::clean
