#include "core/charset.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet {
namespace {

struct Charset {
  std::string_view label;  ///< as a header says it, in lower case
  const char* name;        ///< as iconv knows it
};

// Labels that are in use, and the encodings that browsers read them as: a page that says
// ISO-8859-1 has windows-1252's quotes in it. Only what is listed is handed to iconv.
constexpr std::array kCharsets{Charset{"us-ascii", "CP1252"},
                               Charset{"ascii", "CP1252"},
                               Charset{"iso-8859-1", "CP1252"},
                               Charset{"iso8859-1", "CP1252"},
                               Charset{"iso_8859-1", "CP1252"},
                               Charset{"latin1", "CP1252"},
                               Charset{"latin-1", "CP1252"},
                               Charset{"l1", "CP1252"},
                               Charset{"windows-1252", "CP1252"},
                               Charset{"cp1252", "CP1252"},
                               Charset{"x-cp1252", "CP1252"},
                               Charset{"iso-8859-2", "ISO-8859-2"},
                               Charset{"latin2", "ISO-8859-2"},
                               Charset{"iso-8859-3", "ISO-8859-3"},
                               Charset{"iso-8859-4", "ISO-8859-4"},
                               Charset{"iso-8859-5", "ISO-8859-5"},
                               Charset{"iso-8859-6", "ISO-8859-6"},
                               Charset{"iso-8859-7", "ISO-8859-7"},
                               Charset{"iso-8859-8", "ISO-8859-8"},
                               Charset{"iso-8859-9", "CP1254"},
                               Charset{"latin5", "CP1254"},
                               Charset{"iso-8859-10", "ISO-8859-10"},
                               Charset{"iso-8859-11", "CP874"},
                               Charset{"tis-620", "CP874"},
                               Charset{"windows-874", "CP874"},
                               Charset{"iso-8859-13", "ISO-8859-13"},
                               Charset{"iso-8859-14", "ISO-8859-14"},
                               Charset{"iso-8859-15", "ISO-8859-15"},
                               Charset{"latin9", "ISO-8859-15"},
                               Charset{"iso-8859-16", "ISO-8859-16"},
                               Charset{"windows-1250", "CP1250"},
                               Charset{"cp1250", "CP1250"},
                               Charset{"windows-1251", "CP1251"},
                               Charset{"cp1251", "CP1251"},
                               Charset{"windows-1253", "CP1253"},
                               Charset{"cp1253", "CP1253"},
                               Charset{"windows-1254", "CP1254"},
                               Charset{"cp1254", "CP1254"},
                               Charset{"windows-1255", "CP1255"},
                               Charset{"cp1255", "CP1255"},
                               Charset{"windows-1256", "CP1256"},
                               Charset{"cp1256", "CP1256"},
                               Charset{"windows-1257", "CP1257"},
                               Charset{"cp1257", "CP1257"},
                               Charset{"windows-1258", "CP1258"},
                               Charset{"cp1258", "CP1258"},
                               Charset{"ibm866", "CP866"},
                               Charset{"cp866", "CP866"},
                               Charset{"koi8-r", "KOI8-R"},
                               Charset{"koi8-u", "KOI8-U"},
                               Charset{"macintosh", "MACINTOSH"},
                               Charset{"gb2312", "GB18030"},
                               Charset{"gbk", "GB18030"},
                               Charset{"cp936", "GB18030"},
                               Charset{"gb18030", "GB18030"},
                               Charset{"big5", "BIG5-HKSCS"},
                               Charset{"big5-hkscs", "BIG5-HKSCS"},
                               Charset{"shift_jis", "CP932"},
                               Charset{"shift-jis", "CP932"},
                               Charset{"sjis", "CP932"},
                               Charset{"x-sjis", "CP932"},
                               Charset{"windows-31j", "CP932"},
                               Charset{"cp932", "CP932"},
                               Charset{"euc-jp", "EUC-JP"},
                               Charset{"iso-2022-jp", "ISO-2022-JP"},
                               Charset{"euc-kr", "CP949"},
                               Charset{"ks_c_5601-1987", "CP949"},
                               Charset{"windows-949", "CP949"},
                               Charset{"cp949", "CP949"},
                               Charset{"utf-16", "UTF-16LE"},
                               Charset{"utf-16le", "UTF-16LE"},
                               Charset{"utf-16be", "UTF-16BE"},
                               Charset{"ucs-2", "UTF-16LE"},
                               Charset{"utf-32", "UTF-32LE"},
                               Charset{"utf-32le", "UTF-32LE"},
                               Charset{"utf-32be", "UTF-32BE"}};

struct CloseIconv {
  void operator()(void* handle) const noexcept { iconv_close(handle); }
};
using Converter = std::unique_ptr<void, CloseIconv>;

Converter converter_from(const char* name) {
  const iconv_t handle = iconv_open("UTF-8", name);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): how iconv says that it has none.
  return Converter{handle == reinterpret_cast<iconv_t>(-1) ? nullptr : handle};
}

// Bytes of the smallest unit: what is skipped where a character cannot be read.
std::size_t unit_of(std::string_view name) {
  return name.starts_with("UTF-32") ? 4 : name.starts_with("UTF-16") ? 2 : 1;
}

std::string convert(iconv_t converter, std::string_view bytes, std::size_t unit) {
  std::array<char, 8192> buffer;
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 4);
  char* from = const_cast<char*>(bytes.data());  // iconv's signature; it does not write there
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t result = iconv(converter, &from, &left, &to, &room);
    const int error = result == static_cast<std::size_t>(-1) ? errno : 0;
    out.append(buffer.data(), buffer.size() - room);
    if (error == EILSEQ) {
      const std::size_t skipped = std::min(unit, left);
      from += skipped;
      left -= skipped;
      out += kReplacementCharacter;
    } else if (error != 0 && error != E2BIG) {  // EINVAL: the last character is cut short
      out += kReplacementCharacter;
      break;
    }
  }
  return out;
}

}  // namespace

std::string charset_of(std::string_view content_type) {
  const std::string lower = lower_ascii(content_type);
  for (std::size_t at = lower.find(';'); at != std::string::npos; at = lower.find(';', at)) {
    std::string_view rest = trim_space(std::string_view{lower}.substr(++at));
    if (!rest.starts_with("charset")) {
      continue;
    }
    rest = trim_space(rest.substr(7));
    if (!rest.starts_with('=')) {
      continue;
    }
    rest = trim_space(rest.substr(1));
    rest = rest.substr(0, rest.find(';'));
    const auto is_around = [](char c) { return c == '"' || c == '\'' || c == ' ' || c == '\t'; };
    while (!rest.empty() && is_around(rest.front())) {
      rest.remove_prefix(1);
    }
    while (!rest.empty() && is_around(rest.back())) {
      rest.remove_suffix(1);
    }
    return std::string{rest};
  }
  return {};
}

std::string_view shown_charset(std::string_view bytes) noexcept {
  using namespace std::string_view_literals;
  struct Mark {
    std::string_view bytes;
    std::string_view charset;
  };
  constexpr std::array kMarks{Mark{"\xFF\xFE\0\0"sv, "utf-32le"},
                              Mark{"\0\0\xFE\xFF"sv, "utf-32be"}, Mark{"\xFF\xFE"sv, "utf-16le"},
                              Mark{"\xFE\xFF"sv, "utf-16be"}, Mark{"\xEF\xBB\xBF"sv, "utf-8"}};
  for (const Mark& mark : kMarks) {
    if (bytes.starts_with(mark.bytes)) {
      return mark.charset;
    }
  }
  if (bytes.size() < 4) {
    return {};
  }
  unsigned zeros = 0;  // the first byte is the highest bit
  for (std::size_t i = 0; i < 4; ++i) {
    zeros = zeros * 2 + (bytes[i] == '\0' ? 1U : 0U);
  }
  switch (zeros) {
    case 0b0101:
      return "utf-16le";
    case 0b1010:
      return "utf-16be";
    case 0b0111:
      return "utf-32le";
    case 0b1110:
      return "utf-32be";
    default:
      return {};
  }
}

std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  const auto* const known =
      std::find_if(kCharsets.begin(), kCharsets.end(),
                   [charset](const Charset& each) { return each.label == charset; });
  if (known == kCharsets.end()) {
    return std::nullopt;
  }
  const Converter converter = converter_from(known->name);
  if (!converter) {
    return std::nullopt;
  }
  std::string text = convert(converter.get(), bytes, unit_of(known->name));
  text.erase(0, text.size() - without_bom(text).size());
  return text;
}

Utf8Sequence first_sequence(std::string_view bytes) noexcept {
  const auto at = [bytes](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  const unsigned lead = at(0);
  if (lead < 0x80) {
    return {1, true};
  }
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0) {
    return {1, false};
  }
  // Second bytes that would make it overlong, a surrogate, or more than U+10FFFF.
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < least || at(1) > most) {
    return {1, false};
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) {
      return {i, false};
    }
  }
  return {length, true};
}

Utf8Look look_at_utf8(std::string_view bytes) noexcept {
  Utf8Look look;
  for (std::size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    const Utf8Sequence sequence = first_sequence(bytes.substr(i));
    ++(sequence.is_well_formed ? look.well_formed : look.ill_formed);
    i += sequence.length;
  }
  return look;
}

}  // namespace freshet
