#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

/// All settings of Freshet. Each is described once, in `settings()`; that table feeds flags,
/// environment, file, validation, `freshet config show` and the docs.
struct Config {
  struct Kafka {
    std::string brokers = "127.0.0.1:29092";
    std::string topic_prefix;  ///< goes before every topic, group and transactional id
    std::map<std::string, std::string> librdkafka;  ///< passed through: TLS, SASL, …
    int replication_factor = 3;
    int min_insync_replicas = 2;
    int partitions = 8;

    /// `<prefix><name>`: the name of a topic, group or transactional id on the broker.
    std::string prefixed(std::string_view name) const { return topic_prefix + std::string{name}; }
  } kafka;

  struct Postgres {
    std::string dsn = "host=127.0.0.1 dbname=freshet";
  } postgres;

  struct Elasticsearch {
    std::string url = "http://127.0.0.1:19200";
    std::string username;
    std::string password;
    std::string ca_file;
    /// Goes before every index and alias: lets several systems share a cluster. Default empty.
    std::string index_prefix;
  } elasticsearch;

  struct Redis {
    std::string url;  ///< empty: in-process
  } redis;

  struct Http {
    std::string mirror;         ///< empty: provider requests go to their own hosts
    bool mirror_waits = false;  ///< with a mirror, rate limits and back-offs wait only if true
    std::string user_agent = "Freshet/0.1 (+https://openverse.org)";
  } http;

  struct Process {
    std::string instance;  ///< default: host name
    int commit_interval_ms = 100;
    int touch_after_days = 20;
  } process;

  struct State {
    std::string dir = "./freshet-state";
  } state;

  struct Api {
    std::string listen = "127.0.0.1:8080";
  } api;

  struct Metrics {
    std::string listen = "127.0.0.1:0";
  } metrics;

  struct Log {
    std::string level = "info";
    std::string format;  ///< json or text; empty: json, or text on a terminal
  } log;

  /// Credentials of providers by provider command: `[providers] jamendo_key = …` is
  /// FRESHET_PROVIDERS_JAMENDO_KEY; the batch original's names (API_KEY_JAMENDO) are read as well.
  std::map<std::string, std::string> provider_keys;
};

enum class Secret { no, yes };

/// One setting: how it is called, what it means, and how text becomes its value.
struct Setting {
  std::string key;      ///< dotted: `kafka.brokers`
  std::string meaning;  ///< one line with unit and range
  Secret secret = Secret::no;
  bool is_prefix = false;  ///< `kafka.librdkafka.*`: any name below it
  /// Stores `text`; returns what is wrong with it, or nothing. `name` is the part below a prefix.
  std::function<std::optional<std::string>(Config&, std::string_view name, std::string_view text)>
      set;
  std::function<std::string(const Config&)> get;  ///< null for prefixes

  std::string flag() const;         ///< `--kafka-brokers`
  std::string environment() const;  ///< `FRESHET_KAFKA_BROKERS`
};

/// The one list of settings, in the order of docs and `config show`.
const std::vector<Setting>& settings();

/// Where a value came from, for messages: `flag --kafka-brokers`, `FRESHET_KAFKA_BROKERS`,
/// `freshet.toml:12`.
struct ConfigSources {
  std::vector<std::pair<std::string, std::string>> flags;  ///< dotted key, text
  std::map<std::string, std::string> environment;
  std::optional<std::string> file;  ///< path of a TOML file
};

/// Builds the configuration: flag beats environment beats file beats default.
///
/// @error StartupError that lists *all* faults, one per line, each with its place: unknown keys,
///        wrong types, clashes, refused librdkafka properties.
Config load_config(const ConfigSources& sources);

/// `config show`: every key with its value in force; secrets as `[secret]`.
std::vector<std::pair<std::string, std::string>> describe_config(const Config& config);

}  // namespace freshet
