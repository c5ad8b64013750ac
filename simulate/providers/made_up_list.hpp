#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "simulate/providers/provider.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {

/// A provider whose list holds one work an item, under numbers that follow each other. Now and then
/// an item has a fault. Subclasses say what the API looks like.
class MadeUpList : public MadeUpProvider {
 public:
  std::string_view command() const override { return command_; }
  ProviderTruth truth() const override;

 protected:
  enum class Fault { none, unlicensed, no_file, malformed };

  /// By which reason the producer drops an item with a fault.
  struct Drops {
    /// `kByClean`: it is emitted, and clean drops it. Empty: no item has the fault.
    std::string_view unlicensed;
    std::string_view no_file;
  };
  static constexpr std::string_view kByClean = "clean";

  /// @param command  outlives the object, as a constant does.
  MadeUpList(const World& world, std::string_view command, Medium medium, Drops drops)
      : world_{world}, command_{command}, medium_{medium}, drops_{drops} {}

  /// Item of a work, in the API's shape. `unlicensed`: not under an open licence. `no_file`:
  /// without picture or sound. Never asked for with `malformed`.
  virtual boost::json::value item(std::uint64_t id, Fault fault) const = 0;

  std::uint64_t first_id() const { return 1'000; }
  std::uint64_t end_id() const { return first_id() + world_.works; }
  /// Items of the list from `offset` on, `limit` at most.
  boost::json::array page(std::uint64_t offset, std::uint64_t limit) const;
  /// One item, which is no record at all where it is malformed.
  boost::json::value item_or_fault(std::uint64_t id) const;
  Fault fault_of(std::uint64_t id) const;

  Dice dice(std::uint64_t id, std::uint64_t about) const {
    return world_.dice(command_, id, about);
  }
  std::string title(std::uint64_t id) const;
  std::string person(std::uint64_t id) const;
  std::string description(std::uint64_t id) const;
  boost::json::array tags(std::uint64_t id) const;
  /// As providers write it; `unlicensed`: of a page that is no open licence.
  std::string license_url(std::uint64_t id, Fault fault) const;
  std::uint64_t works() const { return world_.works; }

 private:
  Theme theme(std::uint64_t id) const;

  World world_;
  std::string_view command_;
  Medium medium_;
  Drops drops_;
};

/// `/api/v2/object/7` behind `/api/v2/object/` is 7; nothing for any other path.
std::optional<std::uint64_t> number_behind(std::string_view path, std::string_view prefix);

}  // namespace freshet::simulate
