#include "processors/work.hpp"

#include <algorithm>

#include "processors/json_text.hpp"

namespace freshet {
namespace {

constexpr std::array<std::string_view, kFieldCount> kNames{"media_type",
                                                           "provider",
                                                           "foreign_identifier",
                                                           "foreign_landing_url",
                                                           "url",
                                                           "thumbnail",
                                                           "filetype",
                                                           "filesize",
                                                           "license",
                                                           "license_version",
                                                           "creator",
                                                           "creator_url",
                                                           "title",
                                                           "category",
                                                           "watermarked",
                                                           "source",
                                                           "ingestion_type",
                                                           "width",
                                                           "height",
                                                           "duration",
                                                           "bit_rate",
                                                           "sample_rate",
                                                           "set_position",
                                                           "audio_set_foreign_identifier"};

// Walks compact JSON by its brackets and quotes. It trusts that values are well-formed, but never
// leaves the text.
class Slicer {
 public:
  explicit Slicer(std::string_view text) : rest_{text} {}

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  bool at_end() const { return rest_.empty(); }

  // The next value, whatever it is; empty when there is none.
  std::string_view value() {
    if (rest_.empty()) {
      return {};
    }
    const char first = rest_.front();
    if (first == '"') {
      return string();
    }
    std::size_t length = 0;
    if (first == '{' || first == '[') {
      length = bracketed();
    } else {
      length = std::min(rest_.find_first_of(",]}"), rest_.size());
    }
    return cut(length);
  }

  // The next string with its quotes; empty when there is none.
  std::string_view string() {
    if (rest_.empty() || rest_.front() != '"') {
      return {};
    }
    return cut(string_length(0));
  }

 private:
  std::string_view cut(std::size_t length) {
    const std::string_view part = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return part;
  }

  // Length of the string whose quote stands at `start`; 0 when it does not end.
  std::size_t string_length(std::size_t start) const {
    for (std::size_t i = start + 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        return i + 1 - start;
      }
    }
    return 0;
  }

  std::size_t bracketed() const {
    std::size_t depth = 0;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      switch (rest_[i]) {
        case '"': {
          const std::size_t length = string_length(i);
          if (length == 0) {
            return 0;
          }
          i += length - 1;
          break;
        }
        case '{':
        case '[':
          ++depth;
          break;
        case '}':
        case ']':
          if (--depth == 0) {
            return i + 1;
          }
          break;
        default:
          break;
      }
    }
    return 0;
  }

  std::string_view rest_;
};

// Calls visit(name, value) per member, in order: the name decoded, the value as JSON text.
template <class Visit>
bool each_member(std::string_view object, Arena& arena, Visit visit) {
  Slicer slicer{object};
  if (!slicer.take('{')) {
    return false;
  }
  if (slicer.take('}')) {
    return slicer.at_end();
  }
  do {
    const auto name = decode_json_text(slicer.string(), arena);
    if (!name || !slicer.take(':')) {
      return false;
    }
    const std::string_view value = slicer.value();
    if (value.empty() || !visit(*name, value)) {
      return false;
    }
  } while (slicer.take(','));
  return slicer.take('}') && slicer.at_end();
}

template <class Visit>
bool each_element(std::string_view array, Visit visit) {
  Slicer slicer{array};
  if (!slicer.take('[')) {
    return false;
  }
  if (slicer.take(']')) {
    return slicer.at_end();
  }
  do {
    const std::string_view value = slicer.value();
    if (value.empty() || !visit(value)) {
      return false;
    }
  } while (slicer.take(','));
  return slicer.take(']') && slicer.at_end();
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
  return each_element(json, [&](std::string_view value) {
    out.push_back(value);
    return true;
  });
}

// A member that is not a plain field; false when it is malformed or unknown.
bool read_collection(std::string_view name, std::string_view value, Arena& arena, Work& work) {
  if (name == "meta_data") {
    return read_members(value, arena, work.meta_data);
  }
  if (name == "audio_set") {
    return read_members(value, arena, work.audio_set);
  }
  if (name == "genres") {
    return read_texts(value, work.genres);
  }
  if (name == "alt_files") {
    return read_texts(value, work.alt_files);
  }
  return name == "tags" && each_element(value, [&](std::string_view item) {
           return read_tag(item, arena, work.tags.emplace_back());
         });
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
  out += '}';
}

Result<Work> parse_work(std::string_view json, Arena& arena) {
  Work work{&arena};
  const bool well_formed =
      each_member(json, arena, [&](std::string_view name, std::string_view value) {
        if (const auto field = parse_field(name)) {
          work.at(*field) = value;
          return true;
        }
        return read_collection(name, value, arena, work);
      });
  if (!well_formed || !read_identity(work, arena)) {
    return Error{Errc::malformed_payload, Retry::never, "not a catalogue record's work"};
  }
  return work;
}

}  // namespace freshet
