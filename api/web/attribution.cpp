#include "api/web/attribution.hpp"

#include "api/html_escaped.hpp"
#include "api/web/escape.hpp"
#include "api/web/labels.hpp"
#include "core/text.hpp"

namespace freshet::api::web {
namespace {

std::string sentence(const Credit& credit, const Words& words) {
  if (credit.creator.empty()) {
    return words.text(credit.is_public_domain ? msg("{title} is marked with {licence}.")
                                              : msg("{title} is licensed under {licence}."));
  }
  return words.text(credit.is_public_domain
                        ? msg("{title} by {creator} is marked with {licence}.")
                        : msg("{title} by {creator} is licensed under {licence}."));
}

std::string shown_title(const Credit& credit, const Words& words) {
  return credit.title.empty() ? words.text(msg("This work"))
                              : fill(words.text(msg("“{title}”")), {{"title", credit.title}});
}

std::string link(std::string_view text, std::string_view url) {
  const std::string address = web_address(url);
  const std::string shown = html_escaped(text);
  return address.empty() ? shown
                         : "<a rel=\"noopener noreferrer\" href=\"" + html_escaped(address) +
                               "\">" + shown + "</a>";
}

void append_element(std::string& out, std::string_view name, std::string_view text) {
  if (!text.empty()) {
    out.append("  <").append(name).append(">").append(xml_escaped(text));
    out.append("</").append(name).append(">\n");
  }
}

/// Line breaks and the like in a title would tear a line of text apart.
std::string in_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return out;
}

}  // namespace

Credit credit_of(const WorkRow& row) {
  const std::string slug = lower_ascii(row.text<Field::license>().value_or(""));
  const auto address = [](const std::optional<std::string>& url) {
    return url ? with_scheme(*url) : std::string{};
  };
  return {.title = row.text<Field::title>().value_or(""),
          .creator = row.text<Field::creator>().value_or(""),
          .creator_url = address(row.text<Field::creator_url>()),
          .landing_url = address(row.text<Field::foreign_landing_url>()),
          .licence = licence_name(slug, row.text<Field::license_version>().value_or("")),
          .licence_url = item_license_url(row).value_or(""),
          .is_public_domain = is_public_domain(slug)};
}

std::string html_attribution(const Credit& credit, const Words& words) {
  return "<p>" +
         fill(html_escaped(sentence(credit, words)),
              {{"title", link(shown_title(credit, words), credit.landing_url)},
               {"creator", link(credit.creator, credit.creator_url)},
               {"licence", link(credit.licence, credit.licence_url)}}) +
         "</p>";
}

std::string text_attribution(const Credit& credit, const Words& words) {
  std::string text = fill(sentence(credit, words), {{"title", shown_title(credit, words)},
                                                    {"creator", credit.creator},
                                                    {"licence", credit.licence}});
  if (const std::string url = web_address(credit.licence_url); !url.empty()) {
    text += ' ';
    text += fill(
        words.text(credit.is_public_domain ? msg("To view the terms, visit {url}.")
                                           : msg("To view a copy of this licence, visit {url}.")),
        {{"url", url}});
  }
  return in_one_line(text);
}

std::string xml_attribution(const Credit& credit) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<attribution xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
      "             xmlns:dcterms=\"http://purl.org/dc/terms/\">\n";
  append_element(out, "dc:title", credit.title);
  append_element(out, "dc:creator", credit.creator);
  append_element(out, "dc:rights", credit.licence);
  append_element(out, "dcterms:license", web_address(credit.licence_url));
  append_element(out, "dc:source", web_address(credit.landing_url));
  return out + "</attribution>\n";
}

}  // namespace freshet::api::web
