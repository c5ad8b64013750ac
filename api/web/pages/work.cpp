#include <algorithm>
#include <array>

#include "api/web/attribution.hpp"
#include "api/web/escape.hpp"
#include "api/web/finder.hpp"
#include "api/web/labels.hpp"
#include "api/web/page.hpp"
#include "api/web/pages.hpp"
#include "api/web/view.hpp"
#include "api/web/waveform.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

/// Sides of the frame of a picture whose own are not known.
constexpr std::int64_t kUsualWidth = 1200;
constexpr std::int64_t kUsualHeight = 900;

constexpr std::size_t kTagsAtOnce = 12;
constexpr std::chrono::seconds kPeaksLimit{1};  // a page does without

std::string collection_path(const Visit& visit, Media media, std::string_view query) {
  return visit.link("/" + std::string{store_name(media)} + "/collection?") + std::string{query};
}

void add_fact(Dictionary& content, const std::string& name, std::string_view value) {
  if (value.empty()) {
    return;
  }
  Dictionary& fact = Page::add(content, "FACT");
  set(fact, "NAME", name);
  set(fact, "VALUE", value);
}

SourceStat source_of(const Services& services, Media media, const WorkRow& row) {
  const std::string name = row.text<Field::source>().value_or("");
  const auto sources = services.sources.get(media);
  for (const SourceStat& source : sources->stats) {
    if (lower_ascii(source.source_name) == lower_ascii(name)) {
      return source;
    }
  }
  return {name, display_name_of(name), "", 0};
}

std::string category_label(const Words& words, Media media, const std::string& category) {
  for (const Filter& filter : filters()) {
    for (const Choice& choice : filter.choices) {
      if (filter.name == "category" && filter.is_of(media) && choice.value == category) {
        return words.text(choice.label);
      }
    }
  }
  return category;
}

std::string upper(std::string text) {
  for (char& c : text) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return text;
}

void add_facts(const Page& page, Dictionary& content, Media media, const WorkRow& row) {
  const Words& words = page.words();
  add_fact(content, words.text(msg("Kind")),
           category_label(words, media, lower_ascii(row.text<Field::category>().value_or(""))));
  add_fact(content, words.text(msg("File type")), upper(row.text<Field::filetype>().value_or("")));
  if (const auto size = row.number<Field::filesize>(); size && *size > 0) {
    add_fact(content, words.text(msg("File size")), words.bytes(*size));
  }
  if (media == Media::image) {
    const auto width = row.number<Field::width>();
    const auto height = row.number<Field::height>();
    if (width && height) {
      add_fact(content, words.text(msg("Dimensions")),
               fill(words.text(msg("{width} × {height} pixels")),
                    {{"width", words.number(*width)}, {"height", words.number(*height)}}));
    }
  } else {
    if (const auto length = row.number<Field::duration>(); length && *length > 0) {
      add_fact(content, words.text(msg("Length")), clock_time(*length));
    }
    const auto read = [](const std::optional<std::string>& column) {
      const Result<json::value> parsed = parse_json(column.value_or("null"));
      return parsed ? *parsed : json::value{};
    };
    std::string genres;
    if (const json::value list = read(row.genres); list.is_array()) {
      for (const json::value& genre : list.get_array()) {
        if (genre.is_string()) {
          genres.append(genres.empty() ? "" : ", ").append(std::string_view{genre.get_string()});
        }
      }
    }
    add_fact(content, words.text(msg("Genre")), genres);
    const json::value set = read(row.audio_set);
    add_fact(content, words.text(msg("Album")), text_at(set, "/title").value_or(""));
    if (const auto rate = row.number<Field::sample_rate>(); rate && *rate > 0) {
      add_fact(content, words.text(msg("Sample rate")), words.number(*rate) + " Hz");
    }
    if (const auto rate = row.number<Field::bit_rate>(); rate && *rate > 0) {
      add_fact(content, words.text(msg("Bit rate")), words.number(*rate / 1000) + " kbit/s");
    }
  }
  add_fact(content, words.text(msg("In the catalogue since")), words.date(row.created_micros));
}

void add_tags(const Page& page, Dictionary& content, Media media, const WorkRow& row) {
  for (const bool by_machine : {false, true}) {
    std::vector<std::string> names;
    for (const VisibleTag& tag : visible_tags(row)) {
      if (tag.is_machine_made == by_machine && std::ranges::find(names, tag.name) == names.end()) {
        names.push_back(tag.name);
      }
    }
    if (names.empty()) {
      continue;
    }
    Dictionary& group = Page::add(content, by_machine ? "MACHINE_TAGS" : "TAGS");
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i == kTagsAtOnce) {
        set(Page::add(group, "REST"), "COUNT",
            page.words().plural("{count} more tag", "{count} more tags",
                                static_cast<std::int64_t>(names.size() - kTagsAtOnce)));
      }
      Dictionary& tag = Page::add(group, i < kTagsAtOnce ? "TAG" : "REST_TAG");
      set(tag, "NAME", names[i]);
      set(tag, "HREF", collection_path(page.visit(), media, "tag=" + url_encoded(names[i])));
    }
  }
}

void add_licence(const Page& page, Dictionary& content, const WorkRow& row, const Credit& credit) {
  set(content, "LICENCE", credit.licence);
  if (const std::string url = web_address(credit.licence_url); !url.empty()) {
    set(Page::add(content, "LICENCE_LINK"), "HREF", url);
  } else {
    show(content, "LICENCE_PLAIN", true);
  }
  for (const LicenceElement& element :
       licence_elements(lower_ascii(row.text<Field::license>().value_or("")))) {
    Dictionary& entry = Page::add(content, "ELEMENT");
    set(entry, "ICON", element.icon);
    set(entry, "LABEL", page.words().text(element.label));
    set(entry, "MEANING", page.words().text(element.meaning));
  }
}

void add_creator(const Page& page, Dictionary& content, Media media, const WorkRow& row,
                 const SourceStat& source) {
  const std::string creator{trim_space(row.text<Field::creator>().value_or(""))};
  if (!creator.empty()) {
    Dictionary& entry = Page::add(content, "CREATOR");
    set(entry, "NAME", creator);
    set(entry, "HREF",
        collection_path(
            page.visit(), media,
            "source=" + url_encoded(source.source_name) + "&creator=" + url_encoded(creator)));
  }
  if (!source.source_name.empty()) {
    Dictionary& entry = Page::add(content, "SOURCE");
    set(entry, "NAME", source.display_name);
    set(entry, "HREF",
        collection_path(page.visit(), media, "source=" + url_encoded(source.source_name)));
  }
}

void add_attribution(const Page& page, Dictionary& content, const Credit& credit) {
  // Made by functions that escape; the templates escape the others by themselves.
  set(content, "RICH", html_attribution(credit, page.words()));
  set(content, "HTML", html_attribution(credit, page.words()));
  set(content, "PLAIN", text_attribution(credit, page.words()));
  set(content, "XML", xml_attribution(credit));
}

/// How loud a recording is: drawn where it is known, else left to a script, which asks.
void add_waveform(const Page& page, Dictionary& player, const WorkRow& row,
                  const std::string& peaks) {
  if (const auto points = read_peaks(peaks)) {
    set(Page::add(player, "WAVEFORM"), "BARS", waveform_path(*points));
  } else if (page.visit().pictures == Pictures::thumbnails && row.text<Field::url>()) {
    set(Page::add(player, "UNDRAWN"), "SRC", "/v1/audio/" + row.identifier + "/waveform/");
  }
}

/// The picture, or the player; behind a veil where the reader wants one.
/// @param peaks  of a recording, JSON; empty: not known
void add_medium(Page& page, Dictionary& content, Media media, const WorkRow& row,
                const std::string& title, const std::string& peaks) {
  const Visit& visit = page.visit();
  const bool veiled = is_veiled(visit, row);
  Dictionary& stage = page.include(content, "STAGE", "stage.html");
  show(stage, "VEILED", veiled);
  if (veiled) {
    for (const std::string& reason : shown_reasons(page.words(), row)) {
      set(Page::add(stage, "REASON"), "TEXT", reason);
    }
  }
  set(stage, "TITLE", title);
  set(stage, "ID", row.identifier);
  set(stage, "RATIO", ratio_class(row));
  set(stage, "TINT", tint_class(row));
  std::string picture = picture_address(visit, media, row);
  if (media == Media::image && visit.pictures == Pictures::providers) {
    const std::string full = web_address(with_scheme(row.text<Field::url>().value_or("")));
    picture = full.empty() ? picture : full;
  } else if (visit.pictures == Pictures::thumbnails && !picture.empty()) {
    picture += "?full_size=true";
  }
  if (media == Media::audio) {
    Dictionary& player = Page::add(stage, "SOUND");
    if (!picture.empty()) {
      set(Page::add(player, "COVER"), "SRC", picture);
    }
    add_waveform(page, player, row, peaks);
    set(player, "SECONDS", std::to_string(row.number<Field::duration>().value_or(0) / 1000));
    if (const std::string url = web_address(with_scheme(row.text<Field::url>().value_or("")));
        !url.empty()) {
      set(Page::add(player, "PLAYER"), "SRC", url);
    } else {
      show(player, "SILENT", true);
    }
    return;
  }
  Dictionary& image = Page::add(stage, picture.empty() ? "DRAWING" : "IMAGE");
  if (!picture.empty()) {
    set(image, "SRC", picture);
    const auto width = row.number<Field::width>();
    const auto height = row.number<Field::height>();
    const bool is_known = width && height && *width > 0 && *height > 0;
    set(image, "WIDTH", std::to_string(is_known ? *width : kUsualWidth));
    set(image, "HEIGHT", std::to_string(is_known ? *height : kUsualHeight));
    if (!veiled && visit.pictures == Pictures::thumbnails) {
      page.set_share_picture(picture);
    }
  }
}

/// Back to the results, where the reader came from some.
void add_way_back(const Visit& visit, Dictionary& content) {
  const std::string_view from = visit.request.page.referrer;
  const std::string ours = visit.request.base_url + visit.prefix;
  if (!from.starts_with(ours)) {
    return;
  }
  const std::string_view path = from.substr(visit.request.base_url.size());
  const std::string_view rest = path.substr(visit.prefix.size());
  if (rest.starts_with("/search") || rest.starts_with("/image/collection") ||
      rest.starts_with("/audio/collection")) {
    set(Page::add(content, "BACK"), "HREF", path);
  }
}

void add_metadata(const Page& page, Dictionary& content, Media media, const WorkRow& row,
                  const Credit& credit) {
  set(content, "SCHEMA",
      media == Media::image ? "https://schema.org/ImageObject" : "https://schema.org/AudioObject");
  const auto meta = [&](std::string_view property, std::string_view value) {
    if (!value.empty()) {
      Dictionary& entry = Page::add(content, "META");
      set(entry, "PROPERTY", property);
      set(entry, "VALUE", value);
    }
  };
  meta("contentUrl", web_address(with_scheme(row.text<Field::url>().value_or(""))));
  meta("license", web_address(credit.licence_url));
  meta("acquireLicensePage", web_address(credit.landing_url));
  meta("creditText", text_attribution(credit, page.words()));
  meta("copyrightNotice", credit.creator);
  if (const auto width = row.number<Field::width>()) {
    meta("width", std::to_string(*width));
  }
  if (const auto height = row.number<Field::height>()) {
    meta("height", std::to_string(*height));
  }
  if (const auto length = row.number<Field::duration>(); length && *length > 0) {
    meta("duration", iso_duration(*length));
  }
  meta("encodingFormat", row.text<Field::filetype>().value_or(""));
}

}  // namespace

Task<Reply> work_page(const Visit& visit, Services services, Media media, std::string identifier) {
  Lookup lookup = co_await find_one(services, visit.request, media, identifier);
  if (lookup.failure != 0) {
    co_return message_page(visit, lookup.failure);
  }
  if (!lookup.work) {
    co_return message_page(visit, lookup.is_gone ? 410 : 404);
  }
  const WorkRow& row = *lookup.work;
  const std::string path = "/" + std::string{store_name(media)} + "/" + row.identifier;
  if (row.identifier != identifier) {
    co_return redirect(301, visit.link(path));  // it was found by an identifier that it once had
  }
  const Words& words = visit.words;
  const Credit credit = credit_of(row);
  const std::string title = shown_title(words, media, row);
  const bool veiled = is_veiled(visit, row);
  const std::string shown = veiled ? words.text(msg("Sensitive content")) : title;
  Page page{visit, "work.html", shown};
  SearchState box;
  box.scope = media == Media::image ? Scope::image : Scope::audio;
  page.set_search(box);
  page.set_canonical(path);
  if (!sensitivity_reasons(row).empty()) {
    page.forbid_indexing();
  } else {
    page.set_description(text_attribution(credit, words));
  }
  Dictionary& content = page.content();
  add_way_back(visit, content);
  set(content, "TITLE", shown);
  set(content, "IDENTIFIER", row.identifier);
  set(content, "MEDIUM", store_name(media));
  set(content, "SOURCE_NAME", row.text<Field::source>().value_or(""));
  if (veiled) {
    set(Page::add(content, "COVERED_TITLE"), "TITLE", title);
  }
  add_metadata(page, content, media, row, credit);
  std::string peaks;
  if (media == Media::audio) {
    std::vector<std::string> wanted{row.identifier};
    auto stored = co_await services.peaks.find(std::move(wanted), Deadline::in(kPeaksLimit));
    if (stored && !stored->empty()) {
      peaks = std::move(stored->begin()->second);
    }
  }
  add_medium(page, content, media, row, shown, peaks);
  const SourceStat source = source_of(services, media, row);
  add_creator(page, content, media, row, source);
  if (const std::string url = web_address(credit.landing_url); !url.empty()) {
    Dictionary& get = Page::add(content, "GET");
    set(get, "HREF", url);
    set(get, "LABEL",
        words.text(media == Media::image ? msg("Get this image") : msg("Get this recording")));
  }
  const std::int64_t age = (visit.now_micros - row.created_micros) / 1'000'000;
  set(content, "SEEN", fill(words.text(msg("Found {ago}")), {{"ago", words.ago(age)}}));
  add_licence(page, content, row, credit);
  add_attribution(page, content, credit);
  add_facts(page, content, media, row);
  add_tags(page, content, media, row);
  set(content, "REPORT", visit.link(path + "/report"));
  const std::vector<WorkRow> related = co_await find_related(services, visit.request, media, row);
  if (!related.empty()) {
    Dictionary& section =
        Page::add(content, media == Media::image ? "RELATED_IMAGES" : "RELATED_SOUNDS");
    for (const WorkRow& other : related) {
      add_work(page, section, media, other, false);
    }
  }
  co_return page.reply();
}

}  // namespace freshet::api::web
