#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/random.hpp"

namespace freshet::simulate {

enum class Medium { picture, sound };

/// Something that works are about, in the languages that titles come in.
struct Subject {
  std::string_view name;
  std::string_view plural;
  std::string_view topic;
  std::string_view spanish;
  std::string_view russian;
  std::string_view japanese;
};

/// A kind of subject, with the tags that go with it.
struct Topic {
  std::string_view name;
  std::array<std::string_view, 8> tags;
};

struct Licence {
  std::string_view url;   ///< as providers write it
  std::string_view slug;  ///< as the catalogue stores it
  std::string_view version;
};

/// Words that titles, tags and descriptions of made-up works are put together from. No word needs
/// escaping in JSON, HTML or XML (tested), so that they can be copied into any of them.
std::span<const Subject> subjects(Medium medium);
const Topic& topic_of(const Subject& subject);
std::span<const std::string_view> places();
std::span<const std::string_view> adjectives();
std::span<const std::string_view> genres();
std::span<const Licence> licences();

/// What a made-up work is about: enough to write its title, tags and description alike.
struct Theme {
  const Subject* subject;
  const Subject* second;
  std::string_view place;
  std::string_view adjective;
  std::uint32_t year;
  std::uint32_t form;

  Theme(Medium medium, Dice& dice);
};

/// `Quiet harbour in Valparaíso`; now and then Spanish, Russian or Japanese.
void append_title(std::string& out, const Theme& theme);
/// Two to six sentences in English, 100 to 800 bytes.
void append_description(std::string& out, const Theme& theme, Dice dice);
/// `Amara Lindqvist`; now and then in another script.
void append_person(std::string& out, Dice dice);
/// Three to eight tags.
struct TagList {
  std::array<std::string_view, 8> names;
  std::size_t size = 0;
  auto begin() const { return names.begin(); }
  auto end() const { return names.begin() + static_cast<std::ptrdiff_t>(size); }
};
TagList tags_for(const Theme& theme, Dice dice);

void append_number(std::string& out, std::uint64_t number);

}  // namespace freshet::simulate
