#include "simulate/providers/made_up_list.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace freshet::simulate {

namespace json = boost::json;

ProviderTruth MadeUpList::truth() const {
  ProviderTruth truth;
  const std::string media = medium_ == Medium::sound ? "audio" : "image";
  for (std::uint64_t id = first_id(); id < end_id(); ++id) {
    const Fault fault = fault_of(id);
    const std::string_view drop = fault == Fault::unlicensed ? drops_.unlicensed
                                  : fault == Fault::no_file  ? drops_.no_file
                                                             : std::string_view{};
    if (fault == Fault::malformed) {
      ++truth.rejected;
    } else if (drop.empty() || drop == kByClean) {
      ++truth.emitted[media];
      truth.unlicensed += drop == kByClean ? 1 : 0;
    } else {
      ++truth.dropped[std::string{drop}];
    }
  }
  return truth;
}

MadeUpList::Fault MadeUpList::fault_of(std::uint64_t id) const {
  switch (dice(id, 1).below(100)) {
    case 0:
    case 1:
      return drops_.unlicensed.empty() ? Fault::none : Fault::unlicensed;
    case 2:
      return drops_.no_file.empty() ? Fault::none : Fault::no_file;
    case 3:
      return Fault::malformed;
    default:
      return Fault::none;
  }
}

json::value MadeUpList::item_or_fault(std::uint64_t id) const {
  const Fault fault = fault_of(id);
  return fault == Fault::malformed ? json::value("temporarily unavailable") : item(id, fault);
}

json::array MadeUpList::page(std::uint64_t offset, std::uint64_t limit) const {
  json::array items;
  for (std::uint64_t i = offset; i < std::min(works(), offset + limit); ++i) {
    items.push_back(item_or_fault(first_id() + i));
  }
  return items;
}

Theme MadeUpList::theme(std::uint64_t id) const {
  Dice choices = dice(id, 2);
  return Theme{medium_, choices};
}

std::string MadeUpList::title(std::uint64_t id) const {
  std::string text;
  append_title(text, theme(id));
  return text;
}

std::string MadeUpList::person(std::uint64_t id) const {
  std::string text;
  append_person(text, dice(id, 3));
  return text;
}

std::string MadeUpList::description(std::uint64_t id) const {
  std::string text;
  append_description(text, theme(id), dice(id, 4));
  return text;
}

json::array MadeUpList::tags(std::uint64_t id) const {
  json::array tags;
  for (const std::string_view tag : tags_for(theme(id), dice(id, 5))) {
    tags.push_back(json::string{tag});
  }
  return tags;
}

std::string MadeUpList::license_url(std::uint64_t id, Fault fault) const {
  return fault == Fault::unlicensed ? "https://rightsstatements.org/vocab/InC/1.0/"
                                    : std::string{dice(id, 6).pick(licences()).url};
}

std::optional<std::uint64_t> number_behind(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) {
    return std::nullopt;
  }
  path.remove_prefix(prefix.size());
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(path.data(), path.data() + path.size(), number);
  return fault == std::errc{} && end == path.data() + path.size() ? std::optional{number}
                                                                  : std::nullopt;
}

}  // namespace freshet::simulate
