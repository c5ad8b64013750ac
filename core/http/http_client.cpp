#include "core/http/http_client.hpp"

#include "core/text.hpp"

namespace freshet::http {
namespace {

bool is_unreserved(char c) {
  return is_ascii_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

void append_encoded(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
}

}  // namespace

const std::string* Response::header(std::string_view lower_case_name) const noexcept {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) {
      return &value;
    }
  }
  return nullptr;
}

std::string encode_query(const Query& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (!out.empty()) {
      out += '&';
    }
    append_encoded(out, name);
    out += '=';
    append_encoded(out, value);
  }
  return out;
}

std::string full_url(const Request& request) {
  std::string url = request.url.substr(0, request.url.find('#'));
  if (request.query.empty()) {
    return url;
  }
  if (url.find('?') == std::string::npos) {
    url += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    url += '&';
  }
  return url + encode_query(request.query);
}

Query decode_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) {
      continue;
    }
    const auto equals = pair.find('=');
    query.emplace_back(percent_decode(pair.substr(0, equals), Plus::space),
                       equals == std::string_view::npos
                           ? std::string{}
                           : percent_decode(pair.substr(equals + 1), Plus::space));
  }
  return query;
}

}  // namespace freshet::http
