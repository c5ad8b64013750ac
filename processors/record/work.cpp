#include "processors/record/work.hpp"

#include <algorithm>

#include "processors/record/json_slices.hpp"
#include "processors/record/json_text.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, kFieldCount> kNames = [] {
  std::array<std::string_view, kFieldCount> names;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    names[i] = kFieldSpecs[i].name;
  }
  return names;
}();

// Calls visit(name, value) per member, in order: the name decoded, the value as JSON text.
template <class Visit>
bool each_member(std::string_view object, Arena& arena, Visit visit) {
  return each_member_slice(object, [&](std::string_view name_json, std::string_view value) {
    const auto name = decode_json_text(name_json, arena);
    return name && visit(*name, value);
  });
}

bool read_members(std::string_view json, Arena& arena, std::pmr::vector<Member>& out) {
  return each_member(json, arena, [&](std::string_view name, std::string_view value) {
    out.push_back({name, value});
    return true;
  });
}

bool read_tag(std::string_view json, Arena& arena, Tag& tag) {
  return each_member(json, arena, [&](std::string_view name, std::string_view value) {
    if (name == "accuracy") {
      tag.accuracy = value;
      return true;
    }
    const auto text = decode_json_text(value, arena);
    if (text) {
      (name == "name" ? tag.name : tag.provider) = *text;
    }
    return text.has_value();
  });
}

bool read_texts(std::string_view json, std::pmr::vector<std::string_view>& out) {
  return each_element_slice(json, [&](std::string_view value) {
    out.push_back(value);
    return true;
  });
}

// A member that is not a plain field; false when it is malformed or stands twice. Whether one that
// is not known does is found at the end, once for all.
bool read_collection(std::string_view name, std::string_view value, Arena& arena, Work& work) {
  if (name == "meta_data") {
    return work.meta_data.empty() && read_members(value, arena, work.meta_data);
  }
  if (name == "audio_set") {
    return work.audio_set.empty() && read_members(value, arena, work.audio_set);
  }
  if (name == "genres") {
    return work.genres.empty() && read_texts(value, work.genres);
  }
  if (name == "alt_files") {
    return work.alt_files.empty() && read_texts(value, work.alt_files);
  }
  if (name == "tags") {
    return work.tags.empty() && each_element_slice(value, [&](std::string_view item) {
             return read_tag(item, arena, work.tags.emplace_back());
           });
  }
  work.others.push_back({name, value});
  return true;
}

void open_member(std::string& out, std::string_view name) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += name;
  out += "\":";
}

void append_members(std::string& out, std::string_view name, const std::pmr::vector<Member>& list) {
  if (list.empty()) {
    return;
  }
  open_member(out, name);
  out += '{';
  for (const Member& member : list) {
    if (&member != &list.front()) {
      out += ',';
    }
    append_json_text(out, member.name);
    out += ':';
    out += member.json;
  }
  out += '}';
}

void append_texts(std::string& out, std::string_view name,
                  const std::pmr::vector<std::string_view>& list) {
  if (list.empty()) {
    return;
  }
  open_member(out, name);
  out += '[';
  for (const std::string_view& text : list) {
    if (&text != &list.front()) {
      out += ',';
    }
    out += text;
  }
  out += ']';
}

void append_tags(std::string& out, const std::pmr::vector<Tag>& tags) {
  if (tags.empty()) {
    return;
  }
  open_member(out, "tags");
  out += '[';
  for (const Tag& tag : tags) {
    out += &tag == &tags.front() ? "{\"name\":" : ",{\"name\":";
    append_json_text(out, tag.name);
    out += ",\"provider\":";
    append_json_text(out, tag.provider);
    if (!tag.accuracy.empty()) {
      out += ",\"accuracy\":";
      out += tag.accuracy;
    }
    out += '}';
  }
  out += ']';
}

// Decodes the fields that the work also holds as plain text; false when one is missing.
bool read_identity(Work& work, Arena& arena) {
  const auto text = [&](Field field) { return decode_json_text(work.at(field), arena); };
  const auto media_type = text(Field::media_type);
  const auto provider = text(Field::provider);
  const auto foreign_identifier = text(Field::foreign_identifier);
  const auto url = text(Field::url);
  if (!media_type || !provider || !foreign_identifier || !url ||
      (*media_type != "image" && *media_type != "audio")) {
    return false;
  }
  work.media_type = *media_type == "image" ? MediaType::image : MediaType::audio;
  work.provider = *provider;
  work.foreign_identifier = *foreign_identifier;
  work.url = *url;
  return true;
}

}  // namespace

std::string_view to_string(Field field) noexcept { return kNames[static_cast<std::size_t>(field)]; }

std::optional<Field> parse_field(std::string_view name) noexcept {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<Field>(found - kNames.begin());
}

void append_work(std::string& out, const Work& work) {
  out += '{';
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (!work.fields[i].empty()) {
      open_member(out, kNames[i]);
      out += work.fields[i];
    }
    if (static_cast<Field>(i) == Field::title) {
      append_members(out, "meta_data", work.meta_data);
      append_tags(out, work.tags);
      append_texts(out, "genres", work.genres);
      append_members(out, "audio_set", work.audio_set);
      append_texts(out, "alt_files", work.alt_files);
    }
  }
  for (const Member& member : work.others) {
    out += out.back() == '{' ? "" : ",";
    append_json_text(out, member.name);
    out += ':';
    out += member.json;
  }
  out += '}';
}

Result<Work> parse_work(std::string_view json, Arena& arena) {
  Work work{&arena};
  std::size_t next = 0;  // fields stand in the order of their names, with gaps
  const bool well_formed =
      each_member(json, arena, [&](std::string_view name, std::string_view value) {
        std::size_t i = next;
        while (i < kFieldCount && kNames[i] != name) {
          ++i;
        }
        if (i == kFieldCount) {
          const auto field = parse_field(name);
          if (!field) {
            return read_collection(name, value, arena, work);
          }
          i = static_cast<std::size_t>(*field);
        }
        const bool is_new = work.fields[i].empty();
        work.fields[i] = value;
        next = i + 1;
        return is_new;
      });
  bool is_repeated = false;
  if (work.others.size() > 1) {
    std::ranges::sort(work.others, {}, &Member::name);  // as they are merged
    is_repeated = std::ranges::adjacent_find(work.others, {}, &Member::name) != work.others.end();
  }
  if (!well_formed || is_repeated || !read_identity(work, arena)) {
    return Error{Errc::malformed_payload, Retry::never, "not a catalogue record's work"};
  }
  return work;
}

}  // namespace freshet
