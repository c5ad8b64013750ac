// What sources without code say: declarations, answers in XML, manifests. The first byte says
// which.
#include "core/check.hpp"
#include "producers/declared/declaration.hpp"
#include "producers/protocols/iiif_manifest.hpp"
#include "producers/protocols/oai_metadata.hpp"
#include "producers/protocols/xml_json.hpp"
#include "producers/rights.hpp"
#include "producers/sighting.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check_drafts(const Emit& emit) {
  ProviderSpec spec;
  spec.providers = {{MediaType::image, "p"}, {MediaType::audio, "p"}};
  for (const Draft& draft : emit.drafts()) {
    const Judged judged = judge(spec, draft);
    if (const auto* const sighting = std::get_if<Sighting>(&judged)) {
      require_json(sighting->work, "a sighting is JSON");
    }
  }
}

void check_declaration(std::string_view text) {
  try {
    const auto provider =
        declared::make_declared_provider(declared::read_declaration(text, "input.toml"));
    Run run;
    require(provider->next(run, nullptr).has_value(), "a declared provider has a first request");
  } catch (const StartupError& error) {
    require(std::string_view{error.what()}.starts_with("input.toml:"), "a fault says where it is",
            error.what());
  }
}

void check_oai(std::string_view text) {
  const auto document = xml_to_json(text);
  if (!document) {
    return;
  }
  Emit emit;
  try {
    expand_oai_metadata("id", document->as_object().begin()->value(), emit);
  } catch (const std::exception&) {
    return;
  }
  check_drafts(emit);
}

void check_manifest(std::string_view text) {
  const auto manifest = parse_json(text);
  if (!manifest) {
    return;
  }
  Emit emit;
  try {
    expand_iiif_manifest(*manifest, 0, emit);
  } catch (const std::exception&) {
    return;
  }
  check_drafts(emit);
}

void check(std::string_view input) {
  if (input.empty()) {
    return;
  }
  const auto kind = static_cast<unsigned char>(input.front()) % 4;
  input.remove_prefix(1);
  switch (kind) {
    case 0:
      return check_declaration(input);
    case 1:
      return check_oai(input);
    case 2:
      return check_manifest(input);
    default:
      static_cast<void>(license_url_of_statement(input));
  }
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
