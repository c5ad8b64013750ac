#include "api/web/view.hpp"

#include <algorithm>
#include <cmath>

#include "api/web/escape.hpp"
#include "api/web/labels.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

// In twentieths: what is taller or wider is cropped to this in a grid.
constexpr double kNarrowest = 10;
constexpr double kWidest = 70;
constexpr double kUnknown = 27;  // 4:3, nearly
constexpr std::int64_t kFresh = 60 * 60;
constexpr std::int64_t kMicros = 1'000'000;

void add_licence(Dictionary& dictionary, const WorkRow& row) {
  const std::string slug = lower_ascii(row.text<Field::license>().value_or(""));
  set(dictionary, "LICENCE", licence_name(slug, row.text<Field::license_version>().value_or("")));
  for (const LicenceElement& element : licence_elements(slug)) {
    set(Page::add(dictionary, "ICON"), "ID", element.icon);
  }
}

void add_freshness(const Page& page, Dictionary& dictionary, const WorkRow& row) {
  const std::int64_t seconds = (page.visit().now_micros - row.created_micros) / kMicros;
  if (seconds >= 0 && seconds < kFresh) {
    set(Page::add(dictionary, "FRESH"), "AGO", page.words().ago(seconds));
  }
}

void add_common(const Page& page, Dictionary& dictionary, Media media, const WorkRow& row) {
  const bool veiled = is_veiled(page.visit(), row);
  set(dictionary, "HREF",
      page.visit().link("/" + std::string{store_name(media)} + "/" + row.identifier));
  set(dictionary, "TITLE",
      veiled ? page.words().text(msg("Sensitive content")) : shown_title(page.words(), media, row));
  set(dictionary, "TINT", tint_class(row));
  set(dictionary, "SOURCE", row.text<Field::source>().value_or(""));
  show(dictionary, "VEILED", veiled);
  if (!veiled && row.text<Field::creator>()) {
    set(Page::add(dictionary, "BY"), "CREATOR", *row.text<Field::creator>());
  }
  add_licence(dictionary, row);
  add_freshness(page, dictionary, row);
}

}  // namespace

std::string shown_title(const Words& words, Media media, const WorkRow& row) {
  const std::string title{trim_space(row.text<Field::title>().value_or(""))};
  return !title.empty() ? title
                        : words.text(media == Media::image ? msg("Untitled image")
                                                           : msg("Untitled recording"));
}

std::string picture_address(const Visit& visit, Media media, const WorkRow& row) {
  const auto& thumbnail = row.text<Field::thumbnail>();
  if (visit.pictures == Pictures::none || (media == Media::audio && !thumbnail)) {
    return {};
  }
  if (visit.pictures == Pictures::thumbnails) {
    return "/v1/" + std::string{path_name(media)} + "/" + row.identifier + "/thumb/";
  }
  const std::string chosen = web_address(with_scheme(thumbnail.value_or("")));
  return chosen.empty() && media == Media::image
             ? web_address(with_scheme(row.text<Field::url>().value_or("")))
             : chosen;
}

std::string tint_class(const WorkRow& row) {
  return "t" + std::to_string(xxh3(row.identifier) % 8);
}

std::string ratio_class(const WorkRow& row) {
  const double width = static_cast<double>(row.number<Field::width>().value_or(0));
  const double height = static_cast<double>(row.number<Field::height>().value_or(0));
  const double ratio =
      width > 0 && height > 0 ? std::clamp(20 * width / height, kNarrowest, kWidest) : kUnknown;
  return "r" + std::to_string(std::lround(ratio));
}

std::vector<std::string> shown_reasons(const Words& words, const WorkRow& row) {
  std::vector<std::string> shown;
  for (const std::string& reason : sensitivity_reasons(row)) {
    shown.push_back(words.text(reason == "sensitive_text"
                                   ? msg("Its title, description or tags hold sensitive words.")
                                   : msg("Readers reported it, and the reports were confirmed.")));
  }
  return shown;
}

bool is_veiled(const Visit& visit, const WorkRow& row) {
  return visit.preferences.is_blurred && !sensitivity_reasons(row).empty();
}

void add_tile(const Page& page, Dictionary& parent, const WorkRow& row, bool is_early) {
  Dictionary& tile = page.include(parent, "WORK", "tile.html");
  add_common(page, tile, Media::image, row);
  set(tile, "RATIO", ratio_class(row));
  if (const std::string address = picture_address(page.visit(), Media::image, row);
      !address.empty()) {
    Dictionary& picture = Page::add(tile, is_early ? "EARLY_PICTURE" : "PICTURE");
    set(picture, "SRC", address);
  }
}

void add_track(const Page& page, Dictionary& parent, const WorkRow& row) {
  Dictionary& track = page.include(parent, "WORK", "track.html");
  add_common(page, track, Media::audio, row);
  set(track, "ID", row.identifier);
  const std::int64_t length = row.number<Field::duration>().value_or(0);
  if (length > 0) {
    set(Page::add(track, "LENGTH"), "TIME", clock_time(length));
  }
  set(track, "SECONDS", std::to_string(length / 1000));
  if (const std::string address = picture_address(page.visit(), Media::audio, row);
      !address.empty() && !is_veiled(page.visit(), row)) {
    set(Page::add(track, "COVER"), "SRC", address);
  }
  if (const std::string address = web_address(with_scheme(row.text<Field::url>().value_or("")));
      !address.empty()) {
    set(Page::add(track, "PLAYER"), "SRC", address);
  }
}

void add_work(const Page& page, Dictionary& parent, Media media, const WorkRow& row,
              bool is_early) {
  media == Media::image ? add_tile(page, parent, row, is_early) : add_track(page, parent, row);
}

}  // namespace freshet::api::web
