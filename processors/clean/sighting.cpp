#include "processors/clean/sighting.hpp"

#include <utility>

#include "processors/clean/limit.hpp"
#include "processors/clean/tags.hpp"

namespace freshet::clean {
namespace {

using simdjson::error_code;
using simdjson::ondemand::value;

constexpr std::size_t kGenreLimit = 80;

// An element of `genres`: `null` where it is null or too long, empty where it is no text at all.
std::string_view genre_json(const Scalar& scalar, Texts& texts) {
  const auto kept = texts.keep(scalar);
  if (kept && fits(kept->text, kGenreLimit)) {
    return kept->json;
  }
  return kept || scalar.kind == Kind::null ? std::string_view{"null"} : std::string_view{};
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
      return simdjson::SUCCESS;
    }
    return read_other(name, scalar, member);
  }

 private:
  error_code read_other(std::string_view name, const Scalar& scalar, value& member) {
    if (name == "meta_data") {
      return members(scalar, member, out_.meta_data);
    }
    if (name == "tags") {
      out_.tags.clear();
      return scalar.kind == Kind::list ? read_tags(member, texts_, out_.tags) : simdjson::SUCCESS;
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
      if (kept && !kept->text.empty() && fits(kept->text, kGenreLimit)) {
        out_.genres.push_back(kept->json);
      }
      return simdjson::SUCCESS;
    }
    return each_element(member, [this](value& item) {
      Scalar element;
      const error_code error = read_scalar(item, texts_.arena(), element);
      const std::string_view json = error ? std::string_view{} : genre_json(element, texts_);
      if (!json.empty()) {
        out_.genres.push_back(json);
      }
      return error;
    });
  }

  error_code alt_files(const Scalar& scalar, value& member) {
    out_.alt_files.clear();
    if (scalar.kind != Kind::list) {
      return simdjson::SUCCESS;
    }
    return each_element(member, [this](value& item) {
      Scalar element;
      std::string_view json;
      if (const auto error = read_scalar(item, texts_.arena(), element)) {
        return error;
      }
      if (element.kind != Kind::object) {
        return simdjson::SUCCESS;
      }
      const error_code error = read_json(item, texts_, 2, json);
      if (!error && json != "{}") {
        out_.alt_files.push_back(json);
      }
      return error;
    });
  }

  Texts& texts_;
  Sighting& out_;
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
