#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/key.hpp"
#include "simulate/random.hpp"

namespace freshet::simulate {

struct Source;

/// What the catalogue must hold of a work, as far as it can be said without cleaning it.
struct FinalWork {
  std::string key;
  std::string url;    ///< with the scheme that clean gives it
  std::string title;  ///< without mark-up
  std::uint32_t version = 0;
  std::optional<std::uint64_t> url_of;  ///< the earlier work that owns the URL
};

/// Works numbered from 0, each made up from its number alone.
class MadeUpWorks {
 public:
  /// @param duplicates  share of works that have the URL of an earlier work of the same provider.
  MadeUpWorks(std::uint64_t seed, const std::vector<MediaType>& media, double duplicates);

  const Source& source_of(std::uint64_t number) const;
  /// The earlier work whose URL this one has; nothing for most.
  std::optional<std::uint64_t> url_of(std::uint64_t number) const;

  /// Appends `image:flickr:50000000007`.
  void append_key(std::string& out, std::uint64_t number) const;
  /// Appends the object `work` as a provider's mapping would write it. Versions differ in bytes.
  void append_work(std::string& out, std::uint64_t number, std::uint32_t version) const;
  FinalWork final_work(std::uint64_t number, std::uint32_t version) const;

 private:
  bool is_duplicate(std::uint64_t number) const;

  std::uint64_t seed_;
  double duplicates_;
  std::vector<const Source*> mix_;  ///< one entry per hundredth of the works
};

/// `image:flickr`: how the truth names a provider's works.
std::string source_name(const Source& source);

}  // namespace freshet::simulate
