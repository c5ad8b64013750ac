#include "producers/answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "producers/provider.hpp"

namespace freshet {
namespace {

constexpr std::size_t kMaxToldBytes = 200;

// Where sources put what they have to say about an error.
constexpr std::array<std::string_view, 9> kTold{
    "/headers/error_message", "/error/message", "/error/info", "/error", "/errors/0/title",
    "/error_message",         "/message",       "/detail",     "/msg"};

// On one line and not long; still UTF-8.
std::string short_line(std::string text) {
  text.resize(std::min(text.size(), kMaxToldBytes));
  while (!text.empty() && !is_utf8(text)) {
    text.pop_back();
  }
  for (char& c : text) {
    c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return text;
}

std::string named(std::string_view pointer) {
  return pointer.empty() ? std::string{"the reply"} : "'" + std::string{pointer.substr(1)} + "'";
}

std::optional<std::string> fault_in_list(const json::value& body, const Answer& answer) {
  const json::value& list = value_at(body, *answer.list);
  if (list.is_array()) {
    return std::nullopt;
  }
  const bool is_none = list.is_null() && body.is_object() && !answer.list->empty();
  if (is_none && !answer.total.empty() && count_at(body, answer.total) == 0) {
    return std::nullopt;
  }
  return named(*answer.list) + " is no list";
}

}  // namespace

std::optional<std::string> fault_of(const json::value& body, const Answer& answer) {
  if (body.is_object() && !value_at(body, "/error").is_null()) {
    return "it has a member 'error'";
  }
  if (const json::value& status = value_at(body, answer.status);
      !answer.status.empty() && !status.is_null()) {
    const std::string text =
        status.is_string() ? std::string{status.get_string()} : to_json(status);
    if (lower_case(text) != lower_case(answer.success)) {
      return named(answer.status) + " is " + short_line(text);
    }
  }
  if (answer.list) {
    if (auto fault = fault_in_list(body, answer)) {
      return fault;
    }
  }
  if (!answer.total.empty() && !count_at(body, answer.total)) {
    return named(answer.total) + " is no count";
  }
  for (const std::string& pointer : answer.holds) {
    if (value_at(body, pointer).is_null()) {
      return named(pointer) + " is missing";
    }
  }
  return std::nullopt;
}

std::string told_by(const json::value& body, std::string_view secret) {
  for (const std::string_view pointer : kTold) {
    const auto text = text_at(body, pointer);
    if (!text || trim_space(*text).empty()) {
      continue;
    }
    std::string told{trim_space(*text)};
    if (!secret.empty()) {
      told = replace_all(std::move(told), secret, "[secret]");
    }
    return " (\"" + short_line(std::move(told)) + "\")";
  }
  return {};
}

Judge must_hold(Answer answer) {
  return [answer = std::move(answer)](const json::value& body) { return fault_of(body, answer); };
}

std::optional<std::int64_t> count_at(const json::value& body, std::string_view pointer) {
  const json::value& value = value_at(body, pointer);
  std::int64_t count = -1;
  if (value.is_int64()) {
    count = value.get_int64();
  } else if (const json::string* text = value.if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
    if (error != std::errc{} || end != text->data() + text->size()) {
      return std::nullopt;
    }
  }
  return count < 0 ? std::nullopt : std::optional{count};
}

}  // namespace freshet
