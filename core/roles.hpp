#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/topics.hpp"
#include "core/totals.hpp"

namespace freshet {

/// A few names that are known when it is compiled.
class Names {
 public:
  constexpr Names() = default;
  constexpr Names(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      names_.at(size_++) = name;
    }
  }
  constexpr const std::string_view* begin() const { return names_.data(); }
  constexpr const std::string_view* end() const { return names_.data() + size_; }
  constexpr std::string_view front() const { return names_.at(0); }
  constexpr std::size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

 private:
  std::array<std::string_view, 4> names_{};
  std::size_t size_ = 0;
};

/// Where a role finds how far it is. Each commits to its consumer group, so that `lag` sees it.
enum class OffsetsIn {
  group,
  postgres,  ///< table `sink_offsets`, which moves with the rows: the group's only follow it
};

/// Whether `freshet up` runs a role.
enum class StartedByUp { no, yes };

/// One part of the running system. What commands ask of all parts, they ask of this table.
struct Role {
  /// `<step>.<name>`, such as `sink.postgres`: its consumer group (without prefix), the step of its
  /// dead letters, the label of its health. With a space for the dot it is its command.
  std::string_view name;
  /// Topics that its consumer group reads, without prefix, in the order of cause and effect.
  /// `replay` reads the first one again. What was read of the others is state, so reading them
  /// again would change nothing. Empty: it has no group.
  Names topics{};
  /// Kinds of its sums on `media.totals.v1` (core/totals.hpp); one with a dot at its end stands for
  /// all that begin with it.
  Names sums{};
  OffsetsIn offsets = OffsetsIn::group;
  StartedByUp started_by_up = StartedByUp::no;

  /// `sink`
  constexpr std::string_view step() const { return name.substr(0, name.find('.')); }
  /// `postgres`; empty where the name is the step.
  constexpr std::string_view what() const {
    const std::size_t dot = name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  }
  /// As typed: `sink postgres`.
  std::string command() const {
    std::string text{step()};
    return what().empty() ? text : text.append(" ").append(what());
  }
};

/// Every role, in the order of the flow.
inline constexpr std::array kRoles{
    Role{.name = "produce", .sums = {totals_kind::kProduce}},
    Role{.name = "produce.scheduled", .started_by_up = StartedByUp::yes},
    Role{.name = "process.extract", .topics = {topics::kPages}, .sums = {totals_kind::kExtract}},
    Role{.name = "process.catalogue",
         .topics = {topics::kRaw, topics::kDecisions, topics::kUrlClaims, topics::kUrlVerdicts},
         .sums = {totals_kind::kProcess, totals_kind::kUrls, totals_kind::kPopularity,
                  totals_kind::kRun},
         .started_by_up = StartedByUp::yes},
    Role{.name = "sink.postgres",
         .topics = {topics::kCatalog},
         .offsets = OffsetsIn::postgres,
         .started_by_up = StartedByUp::yes},
    Role{.name = "sink.elasticsearch",
         .topics = {topics::kCatalog},
         .started_by_up = StartedByUp::yes},
    Role{.name = "sink.usage",
         .topics = {topics::kUsageEvents},
         .offsets = OffsetsIn::postgres,
         .started_by_up = StartedByUp::yes},
    Role{.name = "thumbnails", .started_by_up = StartedByUp::yes},
    Role{.name = "api", .started_by_up = StartedByUp::yes},
};

/// Nothing: there is none of that name.
constexpr const Role* find_role(std::string_view name) {
  for (const Role& one : kRoles) {
    if (one.name == name) {
      return &one;
    }
  }
  return nullptr;
}

/// The role of a name that is written in code: one that is not in the table does not compile.
// No pointer is compared: under UBSan GCC takes that for no constant.
consteval const Role& role(std::string_view name) {
  for (const Role& one : kRoles) {
    if (one.name == name) {
      return one;
    }
  }
  throw "core/roles.hpp has no such role";
}

/// Group, step and label of the processor, which many of its files need.
inline constexpr std::string_view kCatalogueRole = role("process.catalogue").name;

/// The role that keeps sums of a kind; nothing: nobody does.
constexpr const Role* find_role_of_sums(std::string_view kind) {
  for (const Role& one : kRoles) {
    for (const std::string_view known : one.sums) {
      if (known.ends_with('.') ? kind.starts_with(known) : kind == known) {
        return &one;
      }
    }
  }
  return nullptr;
}

}  // namespace freshet
