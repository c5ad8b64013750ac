#pragma once

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "processors/clean/reader.hpp"
#include "processors/work.hpp"

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

  explicit Sighting(std::pmr::memory_resource* memory)
      : meta_data{memory}, audio_set{memory}, tags{memory}, genres{memory}, alt_files{memory} {}

  const Scalar& at(Field field) const { return fields[static_cast<std::size_t>(field)]; }
  const Scalar& at(Aid aid) const { return aids[static_cast<std::size_t>(aid)]; }
};

/// Reads the members of a `work` object in one pass; unknown ones are passed over, the last of
/// several with one name counts.
simdjson::error_code read_sighting(simdjson::ondemand::document& document, Texts& texts,
                                   Sighting& out);

}  // namespace freshet::clean
