#include "producers/protocols/command.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <regex>

#include "core/check.hpp"
#include "producers/protocols/iiif.hpp"
#include "producers/protocols/oai_pmh.hpp"
#include "producers/run_command.hpp"
#include "producers/subcommand_flags.hpp"

namespace freshet {
namespace {

struct OaiFlags {
  OaiOptions source;
  std::int64_t delay_ms = 1'000;
  RunFlags run;
};

struct IiifFlags {
  IiifOptions source;
  std::int64_t delay_ms = 1'000;
  RunFlags run;
};

void check_name(const std::string& name) {
  static const std::regex kName{"[a-z0-9][a-z0-9_]{0,69}"};
  if (!name.empty() && !std::regex_match(name, kName)) {
    throw StartupError{"--name " + name + " is not of small letters, digits and _"};
  }
}

template <class Flags>
void add_common_flags(CLI::App& command, Flags& flags) {
  command.add_option("--name", flags.source.name,
                     "Name of its records and runs; default: of its host");
  command.add_option("--delay-ms", flags.delay_ms, "Between two requests")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  command.add_option("--date", flags.run.date, "What changed on this day, YYYY-MM-DD");
  add_run_flags(command, flags.run);
}

int run_one(std::unique_ptr<Provider> provider, const RunFlags& flags, const Context& context,
            const CleanFunction& clean) {
  std::vector<std::unique_ptr<Provider>> wanted;
  wanted.push_back(std::move(provider));
  return run_providers(wanted, flags, context, clean);
}

void add_oai(CLI::App& produce, Commands& commands, const CleanFunction& clean) {
  const auto flags = std::make_shared<OaiFlags>();
  CLI::App* oai =
      produce.add_subcommand("oai_pmh", "Harvest a repository of a museum or library by OAI-PMH");
  oai->add_option("--base", flags->source.base, "Address of the repository")->required();
  oai->add_option("--set", flags->source.set, "One set of it");
  oai->add_option("--format", flags->source.format,
                  "Its metadataPrefix: Dublin Core, EDM and MODS are understood")
      ->capture_default_str();
  oai->add_option("--from", flags->source.from, "Only what changed since, YYYY-MM-DD");
  oai->add_option("--until", flags->source.until, "Only what changed until, YYYY-MM-DD");
  add_common_flags(*oai, *flags);
  oai->footer("Example: freshet produce oai_pmh --base https://oai.example.org/oai --format edm");
  commands.on_run(oai, [flags, &produce, clean](const Context& context) {
    refuse_flags_of(produce, "oai_pmh");
    check_name(flags->source.name);
    OaiOptions source = flags->source;
    source.delay = std::chrono::milliseconds{flags->delay_ms};
    return run_one(make_oai_pmh(std::move(source)), flags->run, context, clean);
  });
}

void add_iiif(CLI::App& produce, Commands& commands, const CleanFunction& clean) {
  const auto flags = std::make_shared<IiifFlags>();
  CLI::App* iiif = produce.add_subcommand(
      "iiif", "Read a IIIF collection, manifest, or list of changes of a museum or library");
  iiif->add_option("--collection", flags->source.collection,
                   "Address of a collection, a manifest, or a Change Discovery endpoint")
      ->required();
  iiif->add_option("--images", flags->source.images,
                   "Pictures taken of one manifest, from the first; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_common_flags(*iiif, *flags);
  iiif->footer(
      "Example: freshet produce iiif --collection https://iiif.example.org/collection/top");
  commands.on_run(iiif, [flags, &produce, clean](const Context& context) {
    refuse_flags_of(produce, "iiif");
    check_name(flags->source.name);
    IiifOptions source = flags->source;
    source.delay = std::chrono::milliseconds{flags->delay_ms};
    return run_one(make_iiif(std::move(source)), flags->run, context, clean);
  });
}

}  // namespace

void add_protocol_commands(CLI::App& produce, Commands& commands, const CleanFunction& clean) {
  add_oai(produce, commands, clean);
  add_iiif(produce, commands, clean);
}

}  // namespace freshet
