#include <array>
#include <set>

#include "core/text.hpp"
#include "processors/extract/extractor.hpp"
#include "processors/extract/page_rules.hpp"

// The one list; each function is in sites/<name>.cpp.
namespace freshet {

Extracted extract_animaldiversity(const SitePage& page);
bool wants_animaldiversity(std::string_view address);
Extracted extract_behance(const SitePage& page);
Extracted extract_capl(const SitePage& page);
Extracted extract_deviantart(const SitePage& page);
Extracted extract_digitaltmuseum(const SitePage& page);
Extracted extract_eol(const SitePage& page);
Extracted extract_floraon(const SitePage& page);
Extracted extract_geograph(const SitePage& page);
Extracted extract_iha(const SitePage& page);
Extracted extract_mccordmuseum(const SitePage& page);
Extracted extract_svgsilh(const SitePage& page);
Extracted extract_thorvaldsen(const SitePage& page);
Extracted extract_worms(const SitePage& page);
bool wants_worms(std::string_view address);

namespace {

constexpr std::string_view kAnimalDiversity[] = {"animaldiversity.org"};
constexpr std::string_view kBehance[] = {"behance.net"};
constexpr std::string_view kCapl[] = {"capl.washjeff.edu"};
constexpr std::string_view kDeviantArt[] = {"deviantart.com"};
constexpr std::string_view kDigitaltMuseum[] = {"digitaltmuseum.org", "digitaltmuseum.no",
                                                "digitaltmuseum.se"};
constexpr std::string_view kEol[] = {"eol.org"};
constexpr std::string_view kFloraOn[] = {"flora-on.pt"};
constexpr std::string_view kGeograph[] = {"geograph.org.uk"};
constexpr std::string_view kIha[] = {"iha.com"};
constexpr std::string_view kMcCord[] = {"musee-mccord.qc.ca", "mccord-museum.qc.ca"};
constexpr std::string_view kSvgSilh[] = {"svgsilh.com"};
constexpr std::string_view kThorvaldsen[] = {"thorvaldsensmuseum.dk"};
constexpr std::string_view kWorms[] = {"marinespecies.org"};

constexpr std::array kSites{
    Site{"animaldiversity", kAnimalDiversity, &extract_animaldiversity, &wants_animaldiversity},
    Site{"behance", kBehance, &extract_behance},
    Site{"capl", kCapl, &extract_capl},
    Site{"deviantart", kDeviantArt, &extract_deviantart},
    Site{"digitaltmuseum", kDigitaltMuseum, &extract_digitaltmuseum},
    Site{"eol", kEol, &extract_eol},
    Site{"floraon", kFloraOn, &extract_floraon},
    Site{"geographorguk", kGeograph, &extract_geograph},
    Site{"iha", kIha, &extract_iha},
    Site{"mccordmuseum", kMcCord, &extract_mccordmuseum},
    Site{"svgsilh", kSvgSilh, &extract_svgsilh},
    Site{"thorvaldsenmuseum", kThorvaldsen, &extract_thorvaldsen},
    Site{"worms", kWorms, &extract_worms, &wants_worms}};

}  // namespace

std::span<const Site> sites() { return kSites; }

FoundSite find_site(std::string_view host) {
  const std::string name = lower_ascii(host);
  for (const Site& site : kSites) {
    for (const std::string_view domain : site.domains) {
      if (name == domain || name.ends_with("." + std::string{domain})) {
        return {&site, domain};
      }
    }
  }
  return {};
}

Result<std::vector<json::object>> extract_pictures(const FoundSite& found, const SitePage& page) {
  std::vector<json::object> pictures;
  try {
    auto extracted = found.site->extract(page);
    if (!extracted) {
      return extracted.error();
    }
    std::set<std::string> urls;
    std::set<std::string> identifiers;
    for (Picture& picture : *extracted) {
      const std::string url = picture.text_of("url");
      json::object fields = std::move(picture).take();
      const json::value* const identifier = fields.if_contains("foreign_identifier");
      if (url.empty() || identifier == nullptr) {
        pictures.push_back(std::move(fields));  // counted by who sends it on
        continue;
      }
      if (!urls.insert(url).second || !identifiers.insert(to_json(*identifier)).second) {
        continue;
      }
      pictures.push_back(std::move(fields));
    }
  } catch (const PageFault& fault) {
    return Error{Errc::malformed_payload, fault.field(), fault.rule(), fault.what()};
  }
  for (json::object& fields : pictures) {
    fields["provider"] = found.site->provider;
    fields["source"] = "commoncrawl";
    fields["ingestion_type"] = "commoncrawl";
  }
  return pictures;
}

}  // namespace freshet
