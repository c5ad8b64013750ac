#include "sinks/decode/work_reader.hpp"

#include <limits>

#include "core/record/members.hpp"

namespace freshet::decode {
namespace {

constexpr const FieldSpec& kTags = field_named("tags");
constexpr const FieldSpec& kTagName = field_named("tags.name");
constexpr const FieldSpec& kTagProvider = field_named("tags.provider");
constexpr const FieldSpec& kTagAccuracy = field_named("tags.accuracy");
constexpr const FieldSpec& kGenres = field_named("genres");
constexpr const FieldSpec& kGenre = field_named("genres[]");
constexpr const FieldSpec& kAltFiles = field_named("alt_files");
constexpr const FieldSpec& kAltFiletype = field_named("alt_files.filetype");
constexpr const FieldSpec& kSetIdentifier = field_named("audio_set.foreign_identifier");
constexpr const FieldSpec& kDescription = field_named("meta_data.description");

constexpr auto kWorkNames = [] {
  std::array<std::string_view, kMemberCount> names{};
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    names[i] = kFieldSpecs[kWorkOrder[i]].name;
  }
  return names;
}();

bool is_true(std::string_view text) { return text == "true" || text == "True" || text == "t"; }

/// The JSON list `text` without the element that begins at `from` and all behind it.
std::string cut_list(std::string_view text, const char* from) {
  std::string_view kept = text.substr(0, static_cast<std::size_t>(from - text.data()));
  kept = kept.substr(0, kept.find_last_of(','));  // of this element: the list is valid JSON
  return std::string{kept} + "]";
}

}  // namespace

// Of a list that is longer than the contract lets it be the first elements are searched.
void WorkReader::add_description(std::string_view text) {
  if (record_.description.size() < kDescription.max_elements) {
    record_.description.push_back(text);
  } else {
    leave_out(kDescription, "max_elements");
  }
}

bool WorkReader::read_description(od::value& value) {
  std::string_view text;
  if (is_type(value, od::json_type::string)) {
    return get_text(value, text, "meta_data") && (add_description(text), true);
  }
  if (!is_type(value, od::json_type::array)) {
    return check(value, "meta_data");
  }
  od::array list;
  return get(value.get_array(), list, "meta_data") && each_element(list, [&](od::value& element) {
           if (!is_type(element, od::json_type::string)) {
             return check(element, "meta_data", 1);
           }
           return get_text(element, text, "meta_data") && (add_description(text), true);
         });
}

bool WorkReader::read_meta_data(od::value& value) {
  od::object object;
  if (!get(value.get_object(), object, "meta_data") || !take_json(object, record_.meta_data)) {
    return false;
  }
  return each_member(object, "meta_data", [&](std::string_view name, od::value& member) {
    if (name == "description") {
      return read_description(member);
    }
    if (name == "mature" && is_type(member, od::json_type::string)) {
      std::string_view text;
      const bool ok = get_text(member, text, "meta_data");
      record_.provider_says_mature = is_true(text);
      return ok;
    }
    if (name == "mature" && is_type(member, od::json_type::boolean)) {
      return get(member.get_bool(), record_.provider_says_mature, "meta_data");
    }
    return check(member, "meta_data", 1);
  });
}

// A tag that today's clean would leave out is hidden, in both stores: records of earlier rules
// have some, and their works are no worse for it. So is one behind the last that a list may have.
bool WorkReader::read_tag(od::value& value, std::size_t position) {
  od::object tag;
  TagView view;
  std::optional<LeftOut> outside;
  const auto judge = [&](const FieldSpec& spec, std::string_view text) {
    if (is_longer(text, spec.max_code_points)) {
      outside = LeftOut{spec.name, "max_length"};
    }
  };
  if (!get(value.get_object(), tag, "tags") ||
      !each_member(tag, "tags", [&](std::string_view name, od::value& member) {
        if (name == "name" && is_type(member, od::json_type::string)) {
          return get_text(member, view.name, "tags") && (judge(kTagName, view.name), true);
        }
        if (name == "provider" && is_type(member, od::json_type::string)) {
          std::string_view provider;
          return get_text(member, provider, "tags") && (judge(kTagProvider, provider), true);
        }
        if (name == "accuracy" && is_type(member, od::json_type::number)) {
          double accuracy = 0;
          if (!get_number(member, accuracy, "tags")) {
            return false;
          }
          view.accuracy = accuracy;
          if (!kTagAccuracy.holds(accuracy)) {
            outside = LeftOut{kTagAccuracy.name, "range"};
          }
          return true;
        }
        return check(member, "tags", 1);
      })) {
    return false;
  }
  if (position >= kTags.max_elements) {
    outside = LeftOut{kTags.name, "max_elements"};
  } else {
    record_.tags.push_back(view);  // also without a name: hidden_tags counts positions
  }
  if (outside) {
    record_.left_out.push_back(*outside);
    record_.hidden_tags.push_back(static_cast<std::int32_t>(position));
  }
  return true;
}

bool WorkReader::read_tags(od::value& value) {
  od::array array;
  std::size_t position = 0;
  return get(value.get_array(), array, "tags") && take_json(array, record_.tags_json) &&
         each_element(array, [&](od::value& tag) { return read_tag(tag, position++); });
}

bool WorkReader::read_genres(od::value& value) {
  od::array array;
  return get(value.get_array(), array, "genres") && each_element(array, [&](od::value& genre) {
           if (record_.genres.size() >= kGenres.max_elements) {
             leave_out(kGenres, "max_elements");
             return check(genre, "genres", 1);
           }
           if (is_type(genre, od::json_type::null)) {
             record_.genres.emplace_back(std::nullopt);
             return true;
           }
           std::string_view text;
           return get_text(genre, text, "genres", kGenre.max_code_points) &&
                  (record_.genres.emplace_back(text), true);
         });
}

bool WorkReader::read_audio_set(od::value& value) {
  od::object object;
  return get(value.get_object(), object, "audio_set") && take_json(object, record_.audio_set) &&
         each_member(object, "audio_set", [&](std::string_view name, od::value& member) {
           if (name == "foreign_identifier" && is_type(member, od::json_type::string)) {
             std::string_view text;
             if (!get_text(member, text, "audio_set")) {
               return false;
             }
             if (is_longer(text, kSetIdentifier.max_code_points)) {
               leave_out(kSetIdentifier, "max_length");
             } else {
               record_.audio_set_id = text;
             }
             return true;
           }
           return check(member, "audio_set", 1);
         });
}

// A keyword of the index, which takes 32,766 bytes.
bool WorkReader::read_alt_filetype(od::value& value) {
  std::string_view text;
  if (!get_text(value, text, "alt_files")) {
    return false;
  }
  if (is_longer(text, kAltFiletype.max_code_points)) {
    leave_out(kAltFiletype, "max_length");
  } else {
    record_.alt_file_types.push_back(text);
  }
  return true;
}

bool WorkReader::read_alt_files(od::value& value) {
  od::array array;
  std::size_t files = 0;
  return get(value.get_array(), array, "alt_files") && take_json(array, record_.alt_files) &&
         each_element(array, [&](od::value& file) {
           od::object object;
           if (const std::size_t position = files++; position >= kAltFiles.max_elements) {
             if (position == kAltFiles.max_elements) {
               cut_alt_files_ = cut_list(record_.alt_files, file.raw_json_token().data());
               record_.alt_files = cut_alt_files_;
             }
             leave_out(kAltFiles, "max_elements");
             return check(file, "alt_files", 1);
           }
           if (!is_type(file, od::json_type::object)) {
             return check(file, "alt_files", 1);
           }
           return get(file.get_object(), object, "alt_files") &&
                  each_member(object, "alt_files", [&](std::string_view name, od::value& member) {
                    return name == "filetype" && is_type(member, od::json_type::string)
                               ? read_alt_filetype(member)
                               : check(member, "alt_files", 1);
                  });
         });
}

// What no column of 32 bits takes is refused; what one takes and the contract does not (records
// of earlier rules have a duration of -1) is left out of both stores.
bool WorkReader::read_number(const FieldSpec& spec, od::value& value,
                             std::optional<std::int32_t>& to) {
  std::int64_t number = 0;
  const auto code = value.get_int64().get(number);
  if (code == simdjson::NUMBER_OUT_OF_RANGE || code == simdjson::INCORRECT_TYPE ||
      code == simdjson::NUMBER_ERROR) {
    return fail(broken(spec.name, "int32"));
  }
  if (code != simdjson::SUCCESS) {
    return fail(code);
  }
  if (number < std::numeric_limits<std::int32_t>::min() ||
      number > std::numeric_limits<std::int32_t>::max()) {
    return fail(broken(spec.name, "int32"));
  }
  if (number < spec.least || number > spec.greatest) {
    leave_out(spec, "range");
  } else {
    to = static_cast<std::int32_t>(number);
  }
  return true;
}

bool WorkReader::read_field(std::size_t number, od::value& value) {
  const FieldSpec& spec = kFieldSpecs[number];
  if (spec.is_key) {
    return true;
  }
  const std::size_t place = kStorePlaces.of[number];
  if (spec.is_text()) {
    std::string_view text;
    return get_text(value, text, spec.name, spec.max_code_points) &&
           (record_.texts[place] = text, true);
  }
  if (spec.kind == FieldKind::integer) {
    return read_number(spec, value, record_.numbers[place]);
  }
  bool flag = false;
  return get(value.get_bool(), flag, spec.name) && (record_.flags[place] = flag, true);
}

bool WorkReader::read_collection(std::size_t number, od::value& value) {
  switch (number) {
    case member_number("meta_data"):
      return read_meta_data(value);
    case member_number("tags"):
      return read_tags(value);
    case member_number("genres"):
      return read_genres(value);
    case member_number("audio_set"):
      return read_audio_set(value);
    case member_number("alt_files"):
      return read_alt_files(value);
    default:
      static_assert(kMemberCount - kFieldCount == 5, "a collection that no store is given");
      return true;
  }
}

bool WorkReader::read(od::value& value) {
  od::object work;
  Once once{kWorkNames};
  record_.has_work = true;
  return get(value.get_object(), work, "work") &&
         each_member(work, "work", [&](std::string_view name, od::value& member) {
           const auto found = once.take(name);
           if (found == Once<kMemberCount>::Found::again) {
             return fail(broken(name, "duplicate_member"));
           }
           if (found == Once<kMemberCount>::Found::unknown ||
               is_type(member, od::json_type::null)) {
             return true;
           }
           const std::size_t number = kWorkOrder[once.place()];
           return number < kFieldCount ? read_field(number, member)
                                       : read_collection(number, member);
         });
}

}  // namespace freshet::decode
