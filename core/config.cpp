#include "core/config.hpp"

#include <spdlog/fmt/fmt.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::string_view kOurs = "FRESHET_";

/// Variables of scripts and tests that begin like settings. They may be set for `scripts/stack` in
/// a shell in which a command runs, too. Their meaning is in docs/operations.md and
/// tests/README.md.
constexpr std::array<std::string_view, 9> kNotSettings = {
    "FRESHET_BINARY", "FRESHET_CACHE",     "FRESHET_CONFIG",     "FRESHET_ES_HEAP", "FRESHET_JAVA",
    "FRESHET_JOBS",   "FRESHET_KAFKA_JIT", "FRESHET_SOURCE_DIR", "FRESHET_WORK_DIR"};

/// Names under which the batch original takes credentials, and the provider command of each.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kOriginalKeys = {{
    {"API_KEY_BROOKLYN_MUSEUM", "brooklyn_museum"},
    {"API_KEY_DATA_GOV", "smithsonian"},
    {"API_KEY_EUROPEANA", "europeana"},
    {"API_KEY_FLICKR", "flickr"},
    {"API_KEY_FREESOUND", "freesound"},
    {"API_KEY_JAMENDO", "jamendo"},
    {"API_KEY_JUSTTAKEITFREE", "justtakeitfree"},
    {"API_KEY_NYPL", "nypl"},
    {"API_KEY_RAWPIXEL", "rawpixel"},
    {"API_KEY_SAINT", "saint"},
}};

/// A setting and, for one with a prefix, the part below it.
struct Target {
  const Setting* setting = nullptr;
  std::string name;
};

std::optional<Target> find_by_key(std::string_view key) {
  for (const Setting& setting : settings()) {
    if (setting.is_prefix) {
      const std::string prefix = setting.key + ".";
      if (key.starts_with(prefix) && key.size() > prefix.size()) {
        return Target{&setting, std::string{key.substr(prefix.size())}};
      }
    } else if (setting.key == key) {
      return Target{&setting, {}};
    }
  }
  return std::nullopt;
}

std::optional<Target> find_by_variable(std::string_view variable) {
  for (const Setting& setting : settings()) {
    const std::string name = setting.environment();
    if (!setting.is_prefix && name == variable) {
      return Target{&setting, {}};
    }
    if (setting.is_prefix && variable.starts_with(name + "_") &&
        variable.size() > name.size() + 1) {
      return Target{&setting, lower_ascii(variable.substr(name.size() + 1))};
    }
  }
  return std::nullopt;
}

/// Number of edits (insert, delete, replace) between two names.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// ` (is it kafka.brokers?)` when a known name is near.
std::string suggestion(std::string_view unknown, bool variable) {
  std::string best;
  std::size_t least = 4;
  for (const Setting& setting : settings()) {
    const std::string name = variable ? setting.environment() : setting.key;
    const std::size_t edits = distance(unknown, name);
    if (edits < least) {
      least = edits;
      best = name;
    }
  }
  return best.empty() ? "" : fmt::format(" (is it {}?)", best);
}

/// Applies sources from the weakest to the strongest and gathers every fault.
class Loader {
 public:
  void file(const std::string& path) {
    toml::table table;
    try {
      table = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
      const auto line = error.source().begin.line;
      fault(line > 0 ? fmt::format("{}:{}", path, line) : path, std::string{error.description()});
      return;
    }
    walk(path, "", table);
  }

  void environment(const std::map<std::string, std::string>& variables) {
    for (const auto& [variable, command] : kOriginalKeys) {
      const auto found = variables.find(std::string{variable});
      // An empty one is how compose files say "not set".
      if (found != variables.end() && !found->second.empty()) {
        config_.provider_keys[std::string{command}] = found->second;
      }
    }
    for (const auto& [variable, value] : variables) {
      if (!variable.starts_with(kOurs) ||
          std::find(kNotSettings.begin(), kNotSettings.end(), variable) != kNotSettings.end()) {
        continue;
      }
      const auto target = find_by_variable(variable);
      if (!target) {
        fault(variable, "no such setting" + suggestion(variable, true));
        continue;
      }
      apply(*target, value, variable, "");
    }
  }

  void flags(const std::vector<std::pair<std::string, std::string>>& flags) {
    for (const auto& [key, value] : flags) {
      const auto target = find_by_key(key);
      if (!target) {
        fault("command line", fmt::format("{}: no such setting{}", key, suggestion(key, false)));
        continue;
      }
      apply(*target, value, "flag " + target->setting->flag(), target->name);
    }
  }

  void check_clashes() {
    if (config_.kafka.min_insync_replicas > config_.kafka.replication_factor) {
      clash({"kafka.min_insync_replicas", "kafka.replication_factor"},
            fmt::format("{} in-sync replicas cannot come from {} replicas",
                        config_.kafka.min_insync_replicas, config_.kafka.replication_factor));
    }
    const Config::Elasticsearch& search = config_.elasticsearch;
    if (search.username.empty() != search.password.empty()) {
      clash({"elasticsearch.username", "elasticsearch.password"}, "one needs the other");
    }
    if (!search.ca_file.empty() && !search.url.starts_with("https://")) {
      clash({"elasticsearch.ca_file", "elasticsearch.url"},
            "a certificate authority is of use with https:// only");
    }
    if (config_.api.listen == config_.metrics.listen && !config_.api.listen.ends_with(":0")) {
      clash({"api.listen", "metrics.listen"}, "both would listen at " + config_.api.listen);
    }
  }

  Config finish() {
    if (!faults_.empty()) {
      std::string text = fmt::format("configuration has {} fault{}", faults_.size(),
                                     faults_.size() == 1 ? "" : "s");
      for (const std::string& one : faults_) {
        text += "\n  " + one;
      }
      throw StartupError{text};
    }
    if (config_.process.instance.empty()) {
      config_.process.instance = host_name();
    }
    return std::move(config_);
  }

 private:
  void fault(const std::string& place, const std::string& what) {
    faults_.push_back(place + ": " + what);
  }

  /// @param shown  name to repeat in the message, where the place does not name the setting.
  void apply(const Target& target, std::string_view value, const std::string& place,
             std::string_view shown) {
    if (auto wrong = target.setting->set(config_, target.name, value)) {
      fault(place, shown.empty() ? *wrong : fmt::format("{}: {}", shown, *wrong));
      return;
    }
    places_[target.setting->key] = place;
  }

  void clash(std::initializer_list<std::string> keys, const std::string& what) {
    std::string place;
    for (const std::string& key : keys) {
      const auto found = places_.find(key);
      place += fmt::format("{}{} ({})", place.empty() ? "" : " and ", key,
                           found == places_.end() ? "default" : found->second);
    }
    fault(place, what);
  }

  void walk(const std::string& path, const std::string& above, const toml::table& table) {
    for (const auto& [name, node] : table) {
      const std::string key =
          above.empty() ? std::string{name.str()} : fmt::format("{}.{}", above, name.str());
      const std::string place = fmt::format("{}:{}", path, node.source().begin.line);
      if (const toml::table* inner = node.as_table()) {
        walk(path, key, *inner);
        continue;
      }
      const auto target = find_by_key(key);
      if (!target) {
        fault(place, fmt::format("{}: no such setting{}", key, suggestion(key, false)));
        continue;
      }
      const auto value = scalar(node, *target->setting);
      if (!value) {
        fault(place, fmt::format("{}: {}", key, expected(*target->setting)));
        continue;
      }
      apply(*target, *value, place, key);
    }
  }

  /// The node as text when its type is the setting's; properties of librdkafka may be of any type.
  static std::optional<std::string> scalar(const toml::node& node, const Setting& setting) {
    const bool open = setting.key == "kafka.librdkafka";
    if (const auto* text = node.as_string(); text && setting.kind == SettingKind::text) {
      return text->get();
    }
    if (const auto* number = node.as_integer();
        number && (open || setting.kind == SettingKind::integer)) {
      return std::to_string(number->get());
    }
    if (const auto* truth = node.as_boolean();
        truth && (open || setting.kind == SettingKind::boolean)) {
      return truth->get() ? "true" : "false";
    }
    return std::nullopt;
  }

  static std::string_view expected(const Setting& setting) {
    switch (setting.kind) {
      case SettingKind::text:
        return "must be a text in quotes";
      case SettingKind::integer:
        return "must be a whole number";
      case SettingKind::boolean:
        return "must be true or false";
    }
    return "";
  }

  static std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') {
      throw StartupError{"this host has no name: set process.instance"};
    }
    return name.data();
  }

  Config config_;
  std::map<std::string, std::string> places_;  ///< where the value in force came from
  std::vector<std::string> faults_;
};

}  // namespace

Config load_config(const ConfigSources& sources) {
  Loader loader;
  if (sources.file) {
    loader.file(*sources.file);
  }
  loader.environment(sources.environment);
  loader.flags(sources.flags);
  loader.check_clashes();
  return loader.finish();
}

std::string thumbnail_socket(const Config& config) {
  return config.thumbnails.socket.empty() ? config.state.dir + "/thumbnails.sock"
                                          : config.thumbnails.socket;
}

std::vector<std::pair<std::string, std::string>> describe_config(const Config& config) {
  constexpr const char* kSecret = "[secret]";
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Setting& setting : settings()) {
    if (setting.is_prefix) {
      continue;
    }
    std::string value = setting.get(config);
    lines.emplace_back(setting.key,
                       setting.secret == Secret::yes && !value.empty() ? kSecret : value);
  }
  // We do not know which properties of librdkafka are secret, so all are masked.
  for (const auto& property : config.kafka.librdkafka) {
    lines.emplace_back("kafka.librdkafka." + property.first, kSecret);
  }
  for (const auto& provider : config.provider_keys) {
    lines.emplace_back(fmt::format("providers.{}_key", provider.first), kSecret);
  }
  for (const auto& [provider, texts] : config.produce.skip_errors) {
    lines.emplace_back("produce.skip_errors." + provider, texts);
  }
  for (const auto& [name, place] : config.produce.files) {
    lines.emplace_back("produce.files." + name, place);
  }
  return lines;
}

std::string config_markdown() {
  std::string out =
      "# Configuration\n\n"
      "<!-- Written by `freshet config docs`; a test fails when it is stale. -->\n\n"
      "Every setting has one name. `kafka.brokers` is `--kafka-brokers` on the command line, after "
      "any\n"
      "subcommand; `FRESHET_KAFKA_BROKERS` in the environment; `brokers` under `[kafka]` in the "
      "TOML\n"
      "file that `--config FILE` or `FRESHET_CONFIG` names. A flag beats the environment, the\n"
      "environment beats the file, the file beats the default. Unknown names, wrong types, values "
      "out\n"
      "of range and clashes are all reported at once, each with its place, and end the start with "
      "exit\n"
      "code 2. `freshet config show` prints what is in force, secrets as `[secret]`; `freshet "
      "config\n"
      "check` also connects to the services.\n\n"
      "| setting | default | meaning |\n|---|---|---|\n";
  for (const Setting& setting : settings()) {
    std::string shown = setting.default_text;
    const bool prose = shown.find(' ') != std::string::npos &&
                       shown.find('=') == std::string::npos && setting.key != "http.user_agent";
    if (shown.empty()) {
      shown = setting.is_prefix ? "none" : "empty";
    } else if (!prose && shown != "host name") {
      shown = "`" + shown + "`";
    }
    fmt::format_to(std::back_inserter(out), "| `{}{}` | {} | {}{} |\n", setting.key,
                   setting.is_prefix ? ".*" : "", shown, setting.meaning,
                   setting.secret == Secret::yes ? "; secret" : "");
  }
  out +=
      "\n## librdkafka properties\n\n"
      "`kafka.librdkafka.<property>` hands any property on: `\"security.protocol\" = \"ssl\"` "
      "under\n"
      "`[kafka.librdkafka]`, `FRESHET_KAFKA_LIBRDKAFKA_SECURITY_PROTOCOL=ssl`, or\n"
      "`--kafka-librdkafka security.protocol=ssl` (repeatable). Refused, because delivery depends "
      "on\n"
      "them:\n\n| property | why |\n|---|---|\n";
  for (const auto& [property, why] : refused_librdkafka_properties()) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} |\n", property, why);
  }
  out +=
      "\n## Credentials of providers\n\n"
      "`providers.<command>_key`, such as `jamendo_key` under `[providers]`,\n"
      "`FRESHET_PROVIDERS_JAMENDO_KEY`, or `--providers jamendo_key=…` (which other users of the\n"
      "machine can see). The batch system's variables are read as well; an empty one counts as "
      "not\n"
      "set, and ours win:\n\n| variable | setting |\n|---|---|\n";
  for (const auto& [variable, command] : kOriginalKeys) {
    fmt::format_to(std::back_inserter(out), "| `{}` | `providers.{}_key` |\n", variable, command);
  }
  return out;
}

}  // namespace freshet
