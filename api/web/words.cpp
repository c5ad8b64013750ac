#include "api/web/words.hpp"

#include <algorithm>
#include <array>
#include <boost/locale.hpp>
#include <sstream>
#include <vector>

namespace freshet::api::web {
namespace {

namespace bl = boost::locale;

/// Letters with marks, a third longer, in brackets: what is seen without these was not translated,
/// and what is cut was given too little room. Names in braces stay.
std::string pseudo(std::string_view text) {
  constexpr std::string_view kPlain = "aceinosuyACEINOSUY";
  constexpr std::array<std::string_view, 18> kMarked{"á", "ç", "é", "í", "ñ", "ö", "š", "ú", "ý",
                                                     "Å", "Ç", "É", "Î", "Ñ", "Ö", "Š", "Û", "Ý"};
  std::string out = "[";
  int depth = 0;
  for (const char c : text) {
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    const std::size_t at = depth == 0 ? kPlain.find(c) : kPlain.npos;
    at == kPlain.npos ? out.push_back(c) : static_cast<void>(out.append(kMarked.at(at)));
  }
  for (std::size_t i = 0; i < text.size() / 3; ++i) {
    out += '~';
  }
  return out + "]";
}

std::locale make_locale(const Language& language, const Files& files) {
  bl::localization_backend_manager backends = bl::localization_backend_manager::global();
  backends.select("icu");
  const bl::generator generate{backends};
  const std::locale plain = generate(std::string{language.locale} + ".UTF-8");
  const auto catalogue = files.find("locale/" + std::string{language.tag} + ".mo");
  if (catalogue == files.end()) {
    return plain;  // English and what is made of it
  }
  bl::gnu_gettext::messages_info info;
  info.language = std::string{language.tag};
  info.encoding = "UTF-8";
  info.domains.emplace_back("freshet");
  info.paths.emplace_back();
  info.callback = [&](const std::string&, const std::string&) {
    return std::vector<char>{catalogue->second.begin(), catalogue->second.end()};
  };
  return std::locale{plain, bl::gnu_gettext::create_messages_facet<char>(info)};
}

}  // namespace

std::string fill(std::string_view text,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '{') {
      const std::size_t end = text.find('}', at);
      const std::string_view name =
          end == text.npos ? std::string_view{} : text.substr(at + 1, end - at - 1);
      const auto found =
          std::ranges::find(values, name, &std::pair<std::string_view, std::string_view>::first);
      if (found != values.end()) {
        out += found->second;
        at = end + 1;
        continue;
      }
    }
    out += text[at++];
  }
  return out;
}

Words::Words(const Language& language, const Files& files)
    : language_{&language}, locale_{make_locale(language, files)} {}

std::string Words::text(const char* id) const {
  return language_->is_pseudo ? pseudo(id) : bl::gettext(id, locale_);
}

std::string Words::plural(const char* one, const char* many, std::int64_t count) const {
  // Plural forms look at the last digits only; what is beyond an int has many.
  const int form = static_cast<int>(count > 1'000'000 ? 1'000'000 + count % 1'000'000 : count);
  const std::string chosen = language_->is_pseudo ? pseudo(count == 1 ? one : many)
                                                  : bl::ngettext(one, many, form, locale_);
  return fill(chosen, {{"count", number(count)}});
}

std::string Words::number(std::int64_t value) const {
  std::ostringstream out;
  out.imbue(locale_);
  out << bl::as::number << value;
  return out.str();
}

std::string Words::date(std::int64_t micros) const {
  std::ostringstream out;
  out.imbue(locale_);
  out << bl::as::gmt << bl::as::date_long << bl::as::date
      << static_cast<double>(micros / 1'000'000);
  return out.str();
}

std::string Words::ago(std::int64_t seconds) const {
  if (seconds < 1) {
    return text(msg("just now"));
  }
  if (seconds < 60) {
    return plural("{count} second ago", "{count} seconds ago", seconds);
  }
  if (seconds < 60 * 60) {
    return plural("{count} minute ago", "{count} minutes ago", seconds / 60);
  }
  if (seconds < 48 * 60 * 60) {
    return plural("{count} hour ago", "{count} hours ago", seconds / 3600);
  }
  return plural("{count} day ago", "{count} days ago", seconds / 86400);
}

std::string Words::bytes(std::int64_t bytes) const {
  constexpr std::array<std::string_view, 4> kUnits{"B", "kB", "MB", "GB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1000 && unit + 1 < kUnits.size(); ++unit) {
    amount /= 1000;
  }
  std::ostringstream out;
  out.imbue(locale_);
  out.precision(unit == 0 || amount >= 100 ? 0 : 1);
  out << std::fixed << bl::as::number << amount;
  return out.str() + "\u00a0" + std::string{kUnits.at(unit)};
}

std::string clock_time(std::int64_t milliseconds) {
  const std::int64_t seconds = std::max<std::int64_t>(milliseconds, 0) / 1000;
  const auto two = [](std::int64_t value) {
    const std::string digits = std::to_string(value);
    return digits.size() < 2 ? "0" + digits : digits;
  };
  const std::int64_t minutes = seconds / 60;
  const std::string tail = ":" + two(seconds % 60);
  return minutes < 60 ? std::to_string(minutes) + tail
                      : std::to_string(minutes / 60) + ":" + two(minutes % 60) + tail;
}

std::string iso_duration(std::int64_t milliseconds) {
  const std::int64_t seconds = std::max<std::int64_t>(milliseconds, 0) / 1000;
  return "PT" + std::to_string(seconds / 60) + "M" + std::to_string(seconds % 60) + "S";
}

}  // namespace freshet::api::web
