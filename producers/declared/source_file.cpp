#include "producers/declared/source_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>

#include "core/check.hpp"
#include "core/log.hpp"
#include "producers/declared/declaration.hpp"
#include "producers/protocols/iiif.hpp"
#include "producers/protocols/oai_pmh.hpp"
#include "producers/registry.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kTimeLimit{24};
constexpr std::array<Every, 4> kEvery{Every::daily, Every::weekly, Every::monthly,
                                      Every::quarterly};

std::optional<Every> every_of(std::string_view text) {
  const auto* const found =
      std::find_if(kEvery.begin(), kEvery.end(), [&](Every one) { return to_string(one) == text; });
  return found == kEvery.end() ? std::nullopt : std::optional{*found};
}

/// One table of a file, whose faults are collected.
class ProtocolTable {
 public:
  ProtocolTable(const toml::table& table, std::string protocol, const std::string& path,
                std::vector<std::string>& faults)
      : table_{table}, protocol_{std::move(protocol)}, path_{path}, faults_{faults} {}

  void known(std::initializer_list<std::string_view> names) const {
    for (const auto& [key, value] : table_) {
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        fault(value, key.str(), "is not known");
      }
    }
  }

  std::string text(std::string_view name, std::string otherwise = {}) const {
    const toml::node* const node = table_.get(name);
    if (node == nullptr) {
      return otherwise;
    }
    const auto* const found = node->as_string();
    if (found == nullptr) {
      fault(*node, name, "is no text");
      return otherwise;
    }
    return found->get();
  }

  std::string required(std::string_view name) const {
    if (table_.get(name) == nullptr) {
      fault(table_, name, "is missing");
    }
    return text(name);
  }

  std::int64_t number(std::string_view name, std::int64_t otherwise, std::int64_t most) const {
    const toml::node* const node = table_.get(name);
    if (node == nullptr) {
      return otherwise;
    }
    const auto* const found = node->as_integer();
    if (found == nullptr || found->get() < 0 || found->get() > most) {
      fault(*node, name, fmt::format("is no whole number from 0 to {}", most));
      return otherwise;
    }
    return found->get();
  }

  /// What the name of a source may look like, as its flag.
  std::string name() const {
    static const std::regex kName{"[a-z0-9][a-z0-9_]{0,69}"};
    std::string found = text("name");
    if (!found.empty() && !std::regex_match(found, kName)) {
      fault(*table_.get("name"), "name", "is of small letters, digits and _");
    }
    return found;
  }

  std::string schedule(std::string_view otherwise) const {
    std::string found = text("schedule", std::string{otherwise});
    if (!every_of(found)) {
      fault(*table_.get("schedule"), "schedule", "is one of daily, weekly, monthly, quarterly");
      return std::string{otherwise};
    }
    return found;
  }

 private:
  void fault(const toml::node& at, std::string_view name, std::string_view what) const {
    faults_.push_back(
        fmt::format("{}:{}: {}.{} {}", path_, at.source().begin.line, protocol_, name, what));
  }

  const toml::table& table_;
  std::string protocol_;
  const std::string& path_;
  std::vector<std::string>& faults_;
};

[[noreturn]] void refuse(const std::vector<std::string>& faults) {
  throw StartupError{fmt::format("{}", fmt::join(faults, "\n"))};
}

// The spec is asked once: what a source can do follows from its protocol and its options.
SourceFile source_of(const std::string& path, std::string_view every,
                     std::function<std::unique_ptr<Provider>()> make) {
  const auto provider = make();
  const ProviderSpec& spec = provider->spec();
  SourceFile source{path, spec.command, {}, std::move(make)};
  source.schedule.provider = spec.command;
  source.schedule.every = every_of(every.empty() ? spec.schedule : every).value_or(Every::monthly);
  source.schedule.by_day = source.schedule.every == Every::daily && spec.dated != Dated::no;
  source.schedule.time_limit = kTimeLimit;
  return source;
}

SourceFile oai_source(const toml::table& table, const std::string& path) {
  std::vector<std::string> faults;
  const ProtocolTable in{table, "oai_pmh", path, faults};
  in.known({"base", "set", "format", "name", "delay_ms", "schedule"});
  OaiOptions options;
  options.base = in.required("base");
  options.set = in.text("set");
  options.format = in.text("format", options.format);
  options.name = in.name();
  options.delay = std::chrono::milliseconds{in.number("delay_ms", 1'000, 3'600'000)};
  const std::string every = in.schedule("daily");
  if (!faults.empty()) {
    refuse(faults);
  }
  return source_of(path, every, [options] { return make_oai_pmh(options); });
}

SourceFile iiif_source(const toml::table& table, const std::string& path) {
  std::vector<std::string> faults;
  const ProtocolTable in{table, "iiif", path, faults};
  in.known({"collection", "images", "name", "delay_ms", "schedule"});
  IiifOptions options;
  options.collection = in.required("collection");
  options.images = in.number("images", options.images, 1'000'000);
  options.name = in.name();
  options.delay = std::chrono::milliseconds{in.number("delay_ms", 1'000, 3'600'000)};
  const std::string every = in.schedule("weekly");
  if (!faults.empty()) {
    refuse(faults);
  }
  return source_of(path, every, [options] { return make_iiif(options); });
}

}  // namespace

SourceFile read_source_file(const std::string& path) {
  toml::table root;
  try {
    root = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    throw StartupError{
        fmt::format("{}:{}: {}", path, error.source().begin.line, error.description())};
  }
  for (const auto& [protocol, read] :
       {std::pair{"oai_pmh", &oai_source}, std::pair{"iiif", &iiif_source}}) {
    const toml::table* const table = root.get_as<toml::table>(protocol);
    if (table == nullptr) {
      continue;
    }
    if (root.size() > 1) {
      throw StartupError{fmt::format("{}: nothing may stand beside [{}]", path, protocol)};
    }
    try {
      return read(*table, path);
    } catch (const StartupError& error) {
      const std::string what = error.what();
      throw StartupError{what.starts_with(path) ? what : path + ": " + what};
    }
  }
  const auto declaration =
      std::make_shared<const declared::Declaration>(declared::read_declaration_file(path));
  return source_of(path, "",
                   [declaration] { return declared::make_declared_provider(declaration); });
}

SourceFolder read_source_files(const std::string& folder) {
  if (folder.empty()) {
    return {};
  }
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{folder, error}) {
    if (entry.path().extension() == ".toml") {
      paths.push_back(entry.path().string());
    }
  }
  if (error) {
    throw StartupError{"produce.sources " + folder + " cannot be read: " + error.message()};
  }
  std::sort(paths.begin(), paths.end());
  SourceFolder found;
  for (const std::string& path : paths) {
    try {
      SourceFile source = read_source_file(path);
      if (find_provider(source.command) != nullptr) {
        found.faults.push_back({path, path + ": " + source.command + " is a provider already"});
      } else if (const SourceFile* const other = find_source(found.sources, source.command)) {
        found.faults.push_back(
            {path, path + ": " + source.command + " stands in " + other->path + ", too"});
      } else {
        found.sources.push_back(std::move(source));
      }
    } catch (const StartupError& fault) {
      found.faults.push_back({path, fault.what()});
    }
  }
  return found;
}

void log_faults(const SourceFolder& folder) {
  for (const SourceFault& fault : folder.faults) {
    log::warn("source_not_read", {{"file", fault.path}, {"reason", fault.why}});
  }
}

void refuse_unknown(const std::string& name, const SourceFolder& folder) {
  std::string text = "unknown provider '" + name + "'; `freshet produce --list` names all";
  for (const SourceFault& fault : folder.faults) {
    text += "\nnot read: " + fault.why;
  }
  throw StartupError{text};
}

const SourceFile* find_source(const std::vector<SourceFile>& sources, std::string_view command) {
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const SourceFile& source) {
    return source.command == command;
  });
  return found == sources.end() ? nullptr : &*found;
}

}  // namespace freshet
