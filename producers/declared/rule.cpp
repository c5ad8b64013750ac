#include "producers/declared/rule.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "core/http/url.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "producers/html.hpp"
#include "producers/provider.hpp"
#include "producers/rights.hpp"

namespace freshet::declared {
namespace {

class Pointer final : public Rule {
 public:
  enum class Root { element, item, named };
  Pointer(Root root, std::string name, std::string path)
      : root_{root}, name_{std::move(name)}, path_{std::move(path)} {}

  json::value evaluate(const Scope& scope) const override {
    if (root_ == Root::named) {
      const auto found = scope.named.find(name_);
      return found == scope.named.end() ? json::value(nullptr) : value_at(found->second, path_);
    }
    return value_at(root_ == Root::item ? scope.item : scope.element, path_);
  }

 private:
  Root root_;
  std::string name_;
  std::string path_;
};

/// Most functions: a value, or several, made into another one.
class Call final : public Rule {
 public:
  using Work = std::function<json::value(const Scope&, const Function::Arguments&)>;
  Call(Function::Arguments arguments, Work work)
      : arguments_{std::move(arguments)}, work_{std::move(work)} {}
  json::value evaluate(const Scope& scope) const override { return work_(scope, arguments_); }

 private:
  Function::Arguments arguments_;
  Work work_;
};

using Arguments = Function::Arguments;

json::value first_argument(const Scope& scope, const Arguments& arguments) {
  return arguments.rules.front()->evaluate(scope);
}

std::string option_text(const Arguments& arguments, const std::string& name,
                        std::string otherwise = "") {
  const auto found = arguments.options.find(name);
  return found == arguments.options.end() ? otherwise : text_of(found->second);
}

std::int64_t option_number(const Arguments& arguments, const std::string& name,
                           std::int64_t otherwise) {
  const auto found = arguments.options.find(name);
  return found != arguments.options.end() && found->second.is_int64() ? found->second.get_int64()
                                                                      : otherwise;
}

json::value text_or_null(std::string text) {
  return text.empty() ? json::value(nullptr) : json::value(std::move(text));
}

/// A function of one text; null for what is no text.
template <json::value (*work)(const std::string& text, const Arguments&)>
RulePtr on_text(Arguments arguments) {
  return std::make_unique<Call>(std::move(arguments), [](const Scope& scope, const Arguments& all) {
    const json::value value = first_argument(scope, all);
    const bool is_text = value.is_string() || value.is_number();
    return is_text ? work(text_of(value), all) : json::value(nullptr);
  });
}

json::value first_of(const Scope& scope, const Arguments& arguments) {
  const std::string having = option_text(arguments, "having");
  for (const RulePtr& rule : arguments.rules) {
    json::value value = rule->evaluate(scope);
    if (!is_empty(value) && (having.empty() || !is_empty(value_at(value, having)))) {
      return value;
    }
  }
  return nullptr;
}

json::value joined(const Scope& scope, const Arguments& arguments) {
  const json::value list = first_argument(scope, arguments);
  if (!list.is_array()) {
    return nullptr;
  }
  const auto most = option_number(arguments, "most", 1'000'000);
  const std::string with = option_text(arguments, "with", ",");
  std::string text;
  std::int64_t taken = 0;
  for (const json::value& part : list.get_array()) {
    if (part.is_null() || taken == most) {
      continue;
    }
    text += (taken++ > 0 ? with : "") + text_of(part);
  }
  return json::value(std::move(text));  // a list without elements is an empty text
}

json::value split_text(const std::string& text, const Arguments& arguments) {
  const std::string at = option_text(arguments, "at", ",");
  json::array parts;
  std::size_t from = 0;
  for (std::size_t found = text.find(at); found != std::string::npos; found = text.find(at, from)) {
    parts.emplace_back(text.substr(from, found - from));
    from = found + at.size();
  }
  parts.emplace_back(text.substr(from));
  return parts;
}

json::value each_of(const Scope& scope, const Arguments& arguments) {
  const json::value list = first_argument(scope, arguments);
  if (!list.is_array()) {
    return nullptr;
  }
  json::array taken;
  for (const json::value& element : list.get_array()) {
    json::value value = arguments.then->evaluate({scope.item, element, scope.named, scope.fetch});
    if (!value.is_null()) {
      taken.push_back(std::move(value));
    }
  }
  return taken;
}

json::value if_then(const Scope& scope, const Arguments& arguments) {
  return is_empty(first_argument(scope, arguments)) ? json::value(nullptr)
                                                    : arguments.then->evaluate(scope);
}

json::value unless_one_of(const Scope& scope, const Arguments& arguments) {
  json::value value = first_argument(scope, arguments);
  const auto found = arguments.options.find("is");
  const json::array* const list = found->second.if_array();
  const bool is_one = list == nullptr ? found->second == value
                                      : std::find(list->begin(), list->end(), value) != list->end();
  return is_one ? json::value(nullptr) : value;
}

json::value lower(const std::string& text, const Arguments& /*arguments*/) {
  return text_or_null(lower_case(text));
}

json::value capitalised(const std::string& text, const Arguments& /*arguments*/) {
  std::string out = lower_case(text);
  bool begins = true;
  for (char& c : out) {
    if (begins && c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
    }
    begins = c == ' ';
  }
  return text_or_null(std::move(out));
}

json::value replaced(const std::string& text, const Arguments& arguments) {
  return text_or_null(
      replace_all(text, option_text(arguments, "from"), option_text(arguments, "to")));
}

json::value segment(const std::string& text, const Arguments& arguments) {
  json::value parts =
      split_text(text, {.rules = {}, .value = {}, .options = {{"at", "/"}}, .then = {}});
  const json::array& list = parts.get_array();
  const auto from_end = static_cast<std::size_t>(option_number(arguments, "from_end", 1));
  return from_end == 0 || list.size() < from_end
             ? json::value(nullptr)
             : text_or_null(text_of(list[list.size() - from_end]));
}

json::value before(const std::string& text, const Arguments& arguments) {
  const std::size_t at = text.find(option_text(arguments, "mark"));
  return text_or_null(text.substr(0, at));
}

json::value after(const std::string& text, const Arguments& arguments) {
  const std::string mark = option_text(arguments, "mark");
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? json::value(nullptr)
                                 : text_or_null(text.substr(at + mark.size()));
}

json::value without_html(const std::string& text, const Arguments& /*arguments*/) {
  const auto content = read_html(text);
  return content ? text_or_null(std::string{trim_space(content->text)}) : json::value(nullptr);
}

json::value license(const std::string& text, const Arguments& /*arguments*/) {
  // What is not understood is handed on: clean counts it with the text.
  return json::value(license_url_of_statement(text).value_or(text));
}

/// Up to here a double holds every whole number.
constexpr double kMostWhole = 9e15;

std::optional<double> number_in(std::string_view text) {
  text = trim_space(text);
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && std::isfinite(number)
             ? std::optional{number}
             : std::nullopt;
}

json::value number(const std::string& text, const Arguments& /*arguments*/) {
  const auto value = number_in(text);
  return value && std::abs(*value) < kMostWhole ? json::value(static_cast<std::int64_t>(*value))
                                                : json::value(nullptr);
}

// `233.5kB`: 233500.
json::value bytes(const std::string& text, const Arguments& /*arguments*/) {
  const std::string_view trimmed = trim_space(text);
  for (const auto& [suffix, factor] : {std::pair{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}}) {
    if (trimmed.ends_with(suffix)) {
      const auto value = number_in(trimmed.substr(0, trimmed.size() - 2));
      return value && std::abs(*value * factor) < kMostWhole
                 ? json::value(static_cast<std::int64_t>(std::nearbyint(*value * factor)))
                 : json::value(nullptr);
    }
  }
  return nullptr;
}

json::value date(const std::string& text, const Arguments& /*arguments*/) {
  if (const auto seconds = number_in(text);
      seconds && std::abs(*seconds) >= 1e8 && std::abs(*seconds) < kMostWhole) {
    const bool is_millis = std::abs(*seconds) >= 1e11;
    return json::value(format_date(
        UtcTime::from_millis(static_cast<std::int64_t>(is_millis ? *seconds : *seconds * 1000))));
  }
  if (const auto time = parse_time(trim_space(text))) {
    return json::value(format_date(*time));
  }
  const std::string_view day = trim_space(text).substr(0, 10);
  return parse_date(day) ? json::value(day) : json::value(nullptr);
}

json::value size_by_head(const Scope& scope, const Arguments& arguments) {
  const std::string url = text_of(first_argument(scope, arguments));
  if (url.empty() || scope.fetch == nullptr) {
    return nullptr;
  }
  const auto response = scope.fetch->head(url);
  const std::string* const length = response ? response->header("content-length") : nullptr;
  const json::value size = length == nullptr ? json::value(nullptr) : number(*length, arguments);
  return is_empty(size) ? json::value(nullptr) : size;
}

/// `https://x.example/{/id}/{/name|path}`: nothing where a part is missing.
class Template final : public Rule {
 public:
  struct Part {
    std::string text;
    RulePtr rule;  ///< null: `text` stands as it is
    bool is_encoded = false;
  };
  explicit Template(std::vector<Part> parts) : parts_{std::move(parts)} {}

  json::value evaluate(const Scope& scope) const override {
    std::string text;
    for (const Part& part : parts_) {
      if (!part.rule) {
        text += part.text;
        continue;
      }
      const std::string value = text_of(part.rule->evaluate(scope));
      if (value.empty()) {
        return nullptr;
      }
      text += part.is_encoded ? encoded(value) : value;
    }
    return json::value(std::move(text));
  }

 private:
  static std::string encoded(std::string_view value) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : value) {
      if (is_ascii_alphanumeric(c) || std::string_view{"-._~/"}.find(c) != std::string_view::npos) {
        out.push_back(c);
      } else {
        out.push_back('%');
        out.push_back(kDigits[static_cast<unsigned char>(c) >> 4U]);
        out.push_back(kDigits[static_cast<unsigned char>(c) & 15U]);
      }
    }
    return out;
  }
  std::vector<Part> parts_;
};

// @return null: braces that hold no pointer.
RulePtr make_template(Arguments arguments) {
  const std::string text = text_of(arguments.value);
  std::vector<Template::Part> parts;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t open = text.find('{', from);
    if (open > from) {
      parts.push_back({text.substr(from, open - from), nullptr, false});
    }
    if (open == std::string::npos) {
      break;
    }
    const std::size_t close = text.find('}', open);
    if (close == std::string::npos) {
      return nullptr;
    }
    std::string inside = text.substr(open + 1, close - open - 1);
    const bool is_encoded = inside.ends_with("|path");
    if (is_encoded) {
      inside.resize(inside.size() - 5);
    }
    RulePtr rule = make_pointer(inside);
    if (!rule) {
      return nullptr;
    }
    parts.push_back({"", std::move(rule), is_encoded});
    from = close + 1;
  }
  return std::make_unique<Template>(std::move(parts));
}

template <json::value (*work)(const Scope&, const Arguments&)>
RulePtr call(Arguments arguments) {
  return std::make_unique<Call>(std::move(arguments), work);
}

json::value constant(const Scope& /*scope*/, const Arguments& arguments) { return arguments.value; }

json::value milliseconds_of(const Scope& scope, const Arguments& arguments) {
  return milliseconds(first_argument(scope, arguments));
}

json::value default_of(const Scope& scope, const Arguments& arguments) {
  json::value value = first_argument(scope, arguments);
  return is_empty(value) ? arguments.options.at("otherwise") : value;
}

}  // namespace

std::string text_of(const json::value& value) {
  if (value.is_string()) {
    return std::string{value.get_string()};
  }
  return value.is_number() ? to_json(value) : std::string{};
}

RulePtr make_pointer(std::string_view text) {
  using Root = Pointer::Root;
  if (text.starts_with('/')) {
    return std::make_unique<Pointer>(Root::element, "", std::string{text});
  }
  if (text == "item:" || text.starts_with("item:/")) {
    return std::make_unique<Pointer>(Root::item, "", std::string{text.substr(5)});
  }
  if (text.starts_with('$')) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    return std::make_unique<Pointer>(Root::named, std::string{text.substr(1, slash - 1)},
                                     std::string{text.substr(slash)});
  }
  return nullptr;
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all{
      {"after", "rule", {"!mark"}, "what stands behind the first `mark`", &on_text<after>},
      {"before", "rule", {"!mark"}, "what stands before the first `mark`", &on_text<before>},
      {"bytes", "rule", {}, "`233.5kB`, `4 MB` as a number", &on_text<bytes>},
      {"capitalise", "rule", {}, "each word with a capital", &on_text<capitalised>},
      {"constant", "value", {}, "the same for every record", &call<constant>},
      {"date", "rule", {}, "`YYYY-MM-DD` of a date, a time, or Unix seconds", &on_text<date>},
      {"default",
       "rule",
       {"!otherwise"},
       "`otherwise` where the value is empty",
       &call<default_of>},
      {"each", "rule", {"!take"}, "a list of what `take` makes of each element", &call<each_of>},
      {"first",
       "rules",
       {"having"},
       "the first that is not empty, and not at the pointer `having`",
       &call<first_of>},
      {"head_size", "rule", {}, "Content-Length of a HEAD request", &call<size_by_head>},
      {"if", "rule", {"!then"}, "`then` where the value is not empty", &call<if_then>},
      {"join", "rule", {"with", "most"}, "elements that are not null as one text", &call<joined>},
      {"license", "rule", {}, "the licence's address, of an address or a text", &on_text<license>},
      {"lower", "rule", {}, "in lower case", &on_text<lower>},
      {"number", "rule", {}, "digits as a whole number", &on_text<number>},
      {"replace", "rule", {"!from", "!to"}, "every `from` as `to`", &on_text<replaced>},
      {"seconds", "rule", {}, "seconds as milliseconds", &call<milliseconds_of>},
      {"segment",
       "rule",
       {"from_end"},
       "a part between slashes, by default the last",
       &on_text<segment>},
      {"split", "rule", {"at"}, "a text as a list", &on_text<split_text>},
      {"strip_html", "rule", {}, "the text of HTML", &on_text<without_html>},
      {"template",
       "text",
       {},
       "a text with values in braces; nothing where one is missing",
       &make_template},
      {"unless", "rule", {"!is"}, "the value, unless it is one of these", &call<unless_one_of>},
  };
  return all;
}

}  // namespace freshet::declared
