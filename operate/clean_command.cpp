#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>

#include "core/check.hpp"
#include "core/json.hpp"
#include "core/key.hpp"
#include "core/log.hpp"
#include "operate/explain.hpp"
#include "operate/text_or_null.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string file;
  std::string rejects;
};

/// A line as it comes: with the key of the record and a tab in front, as `kcat -K '\t'` prints it,
/// or without.
struct Line {
  std::string_view key;  ///< empty: none
  std::string_view value;
};

Line split(std::string_view line) {
  const std::size_t tab = line.find('\t');
  return tab != std::string_view::npos && parse_work_key(line.substr(0, tab))
             ? Line{line.substr(0, tab), line.substr(tab + 1)}
             : Line{{}, line};
}

CleanPreview clean_line(const Line& line, const Cleaning& cleaning) {
  const auto parsed = parse_json(line.value);
  // A work by itself has no envelope. What is no JSON is for clean to judge.
  CleanPreview clean = parsed && parsed->is_object() && !parsed->as_object().contains("seen")
                           ? cleaning.work(line.value)
                           : cleaning.raw(line.value).clean;
  if (!parsed && clean.outcome == CleanPreview::Outcome::rejected) {
    clean.rule += ": " + parsed.error().message() + "; each line is one JSON object";
  }
  refuse_other_key(line.key, clean);
  return clean;
}

// The key that the line names, else that of the work, as far as it can be read.
std::string key_of(const Line& line, const CleanPreview& clean) {
  if (!line.key.empty()) {
    return std::string{line.key};
  }
  if (!clean.key.empty()) {
    return clean.key;
  }
  const auto parsed = parse_json(line.value);
  if (!parsed) {
    return {};
  }
  const json::value& enclosed = value_at(*parsed, "/work");
  const json::value& work = enclosed.is_object() ? enclosed : *parsed;
  const auto media_type = parse_media_type(text_at(work, "/media_type").value_or(""));
  const auto provider = text_at(work, "/provider");
  const auto id = text_at(work, "/foreign_identifier");
  return media_type && provider && id ? make_work_key(*media_type, *provider, *id) : std::string{};
}

std::string refusal_line(std::int64_t number, const Line& line, const CleanPreview& clean) {
  return to_json(json::object{
             {"line", number},
             {"key", text_or_null(key_of(line, clean))},
             {"outcome", clean.outcome == CleanPreview::Outcome::dropped ? "dropped" : "rejected"},
             {"reason", clean.reason},
             {"field", text_or_null(clean.field)},
             {"rule", text_or_null(clean.rule)}}) +
         "\n";
}

int run_clean(const Context& context, const Flags& flags, const Cleaning& cleaning) {
  std::ifstream file;
  if (flags.file != "-") {
    file.open(flags.file, std::ios::binary);
    if (!file) {
      throw StartupError{"cannot read " + flags.file};
    }
  }
  std::ofstream rejects;
  if (!flags.rejects.empty()) {
    rejects.open(flags.rejects, std::ios::binary | std::ios::trunc);
    if (!rejects) {
      throw StartupError{"cannot write " + flags.rejects};
    }
  }
  std::istream& in = flags.file == "-" ? std::cin : file;
  std::ostream& refused = flags.rejects.empty() ? std::cout : rejects;
  std::int64_t number = 0;
  std::int64_t cleaned = 0;
  std::int64_t passed = 0;
  std::int64_t dropped = 0;
  std::int64_t rejected = 0;
  std::string line;
  while (!context.stop.stop_requested() && std::getline(in, line)) {
    ++number;
    if (line.empty()) {
      continue;
    }
    const Line parts = split(line);
    const CleanPreview clean = clean_line(parts, cleaning);
    switch (clean.outcome) {
      case CleanPreview::Outcome::cleaned:
        // The record of a removal or of a run's end has nothing to clean.
        ++(clean.line.empty() ? passed : cleaned);
        std::cout << clean.line << (clean.line.empty() ? "" : "\n");
        break;
      case CleanPreview::Outcome::dropped:
        ++dropped;
        refused << refusal_line(number, parts, clean);
        break;
      case CleanPreview::Outcome::rejected:
        ++rejected;
        refused << refusal_line(number, parts, clean);
        break;
    }
    if (!std::cout || !refused) {
      throw WorkFailed{"the output cannot be written"};
    }
  }
  if (context.stop.stop_requested() || in.bad()) {
    throw WorkFailed{flags.file + " was not read to its end"};
  }
  refused.flush();
  if (!refused) {
    throw WorkFailed{"the output cannot be written"};
  }
  log::info("cleaned", {{"kept", cleaned},
                        {"dropped", dropped},
                        {"rejected", rejected},
                        {"nothing_to_clean", passed}});
  return ExitCode::done;
}

}  // namespace

void add_clean_command(CLI::App& root, Commands& commands, Cleaning cleaning) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = root.add_subcommand("clean",
                                          "What clean makes of sightings from a file: a line of "
                                          "JSON for each, in its order; exit 0 also "
                                          "where some are refused");
  command
      ->add_option("file", flags->file,
                   "Values of media.raw.v1 or works, one a line, with or without key and tab; -: "
                   "standard input")
      ->required();
  command->add_option("--rejects", flags->rejects,
                      "What is dropped or rejected goes here, not to standard output");
  command->footer("Example:\n  freshet produce jamendo --dry-run --limit 5 | freshet clean -");
  commands.on_run(command, [flags, cleaning = std::move(cleaning)](const Context& context) {
    return run_clean(context, *flags, cleaning);
  });
}

}  // namespace freshet
