#include "processors/clean/sighting.hpp"

#include <algorithm>
#include <utility>

#include "core/record/members.hpp"
#include "processors/clean/limit.hpp"
#include "processors/clean/tags.hpp"

namespace freshet::clean {
namespace {

using simdjson::error_code;
using simdjson::ondemand::value;

constexpr const FieldSpec& kGenre = field_named("genres[]");
constexpr const FieldSpec& kGenres = field_named("genres");
constexpr const FieldSpec& kAltFiles = field_named("alt_files");

// An element of `genres`: `null` where it is null or too long, empty where it is no text at all.
std::string_view genre_json(const Scalar& scalar, Texts& texts, LeftOutList& left_out) {
  if (scalar.kind == Kind::null) {
    return "null";
  }
  const auto kept = texts.keep(scalar);
  if (kept && fits(kept->text, kGenre.max_code_points)) {
    return kept->json;
  }
  left_out.push_back({kGenre.name, kept ? "max_length" : "text"});
  return kept ? std::string_view{"null"} : std::string_view{};
}

// Whether a list has room for one more element.
bool has_room(const std::pmr::vector<std::string_view>& list, const FieldSpec& spec,
              LeftOutList& left_out) {
  if (list.size() < spec.max_elements) {
    return true;
  }
  left_out.push_back({spec.name, "max_elements"});
  return false;
}

// Calls visit(element) for each element of a list.
template <class Visit>
error_code each_element(value& list, Visit visit) {
  simdjson::ondemand::array elements;
  if (const auto error = list.get_array().get(elements)) {
    return error;
  }
  for (auto element : elements) {
    value item;
    if (const auto error = element.get(item)) {
      return error;
    }
    if (const auto error = visit(item)) {
      return error;
    }
  }
  return simdjson::SUCCESS;
}

class Reader {
 public:
  Reader(Texts& texts, Sighting& out) : texts_{texts}, out_{out} {}

  error_code read(std::string_view name, value& member) {
    Scalar scalar;
    if (const auto error = read_scalar(member, texts_.arena(), scalar)) {
      return error;
    }
    if (const auto field = parse_field(name)) {
      out_.fields[static_cast<std::size_t>(*field)] = scalar;
      return once(static_cast<std::size_t>(*field), name);
    }
    const auto other =
        static_cast<std::size_t>(std::find(kOthers.begin(), kOthers.end(), name) - kOthers.begin());
    if (other == kOthers.size()) {
      return simdjson::SUCCESS;
    }
    if (const auto error = once(kFieldCount + other, name)) {
      return error;
    }
    return read_other(name, scalar, member);
  }

 private:
  // Collections of the record contract, and what is used to make other members.
  static constexpr auto kOthers = [] {
    std::array<std::string_view, kMemberCount - kFieldCount + kAidNames.size()> names{};
    for (std::size_t i = kFieldCount; i < kMemberCount; ++i) {
      names[i - kFieldCount] = kFieldSpecs[i].name;
    }
    std::ranges::copy(kAidNames, names.end() - kAidNames.size());
    return names;
  }();
  static_assert(kFieldCount + kOthers.size() <= 64);

  // Two of one name would be one or the other, as a reader likes.
  error_code once(std::size_t number, std::string_view name) {
    const std::uint64_t bit = std::uint64_t{1} << number;
    if ((seen_ & bit) != 0) {
      out_.repeated = name;
      return simdjson::INCORRECT_TYPE;
    }
    seen_ |= bit;
    return simdjson::SUCCESS;
  }

  error_code read_other(std::string_view name, const Scalar& scalar, value& member) {
    if (name == "meta_data") {
      return members(scalar, member, out_.meta_data);
    }
    if (name == "tags") {
      out_.tags.clear();
      return scalar.kind == Kind::list ? read_tags(member, texts_, out_.tags, out_.left_out)
                                       : simdjson::SUCCESS;
    }
    if (name == "license_url") {
      aid(Aid::license_url) = scalar;
    } else if (name == "set_url") {
      aid(Aid::set_url) = scalar;
    } else if (name == "set_thumbnail") {
      aid(Aid::set_thumbnail) = scalar;
    } else if (name == "audio_set") {
      aid(Aid::set_title) = scalar;
      return members(scalar, member, out_.audio_set);
    } else if (name == "genres") {
      return genres(scalar, member);
    } else if (name == "alt_files") {
      return alt_files(scalar, member);
    }
    return simdjson::SUCCESS;
  }

  Scalar& aid(Aid which) { return out_.aids[static_cast<std::size_t>(which)]; }

  error_code members(const Scalar& scalar, value& member, std::pmr::vector<Member>& into) {
    into.clear();
    return scalar.kind == Kind::object ? read_members(member, texts_, 1, into) : simdjson::SUCCESS;
  }

  error_code genres(const Scalar& scalar, value& member) {
    out_.genres.clear();
    if (scalar.kind != Kind::list) {
      // A single value is a list of one, unless nothing is left of it.
      const auto kept = texts_.keep(scalar);
      if (kept && !kept->text.empty() && fits(kept->text, kGenre.max_code_points)) {
        out_.genres.push_back(kept->json);
      } else if (kept && !kept->text.empty()) {
        out_.left_out.push_back({kGenre.name, "max_length"});
      }
      return simdjson::SUCCESS;
    }
    return each_element(member, [this](value& item) {
      Scalar element;
      if (const error_code error = read_scalar(item, texts_.arena(), element)) {
        return error;
      }
      const std::string_view json = genre_json(element, texts_, out_.left_out);
      if (!json.empty() && has_room(out_.genres, kGenres, out_.left_out)) {
        out_.genres.push_back(json);
      }
      return simdjson::SUCCESS;
    });
  }

  error_code alt_files(const Scalar& scalar, value& member) {
    out_.alt_files.clear();
    if (scalar.kind != Kind::list) {
      return simdjson::SUCCESS;
    }
    return each_element(member, [this](value& item) {
      Scalar element;
      if (const auto error = read_scalar(item, texts_.arena(), element)) {
        return error;
      }
      if (element.kind != Kind::object) {
        out_.left_out.push_back({kAltFiles.name, "object"});
        return simdjson::SUCCESS;
      }
      std::pmr::vector<Member> file{&texts_.arena()};
      if (const auto error = read_members(item, texts_, 2, file)) {
        return error;
      }
      limit_members(kAltFiles.name, file, texts_, out_.left_out);
      const bool says_nothing =
          std::ranges::all_of(file, [](const Member& one) { return one.json == "null"; });
      if (!says_nothing && has_room(out_.alt_files, kAltFiles, out_.left_out)) {
        out_.alt_files.push_back(members_json(file, texts_.arena()));
      }
      return simdjson::SUCCESS;
    });
  }

  Texts& texts_;
  Sighting& out_;
  std::uint64_t seen_ = 0;  // members that mean something, by a bit each
};

}  // namespace

error_code read_sighting(simdjson::ondemand::document& document, Texts& texts, Sighting& out) {
  simdjson::ondemand::object members;
  if (const auto error = document.get_object().get(members)) {
    return error;
  }
  Reader reader{texts, out};
  for (auto member : members) {
    simdjson::ondemand::field field;
    std::string_view name;
    if (const auto error = std::move(member).get(field)) {
      return error;
    }
    if (const auto error = read_name(field, texts.arena(), name)) {
      return error;
    }
    if (const auto error = reader.read(name, field.value())) {
      return error;
    }
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

}  // namespace freshet::clean
