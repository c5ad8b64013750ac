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
    /// What of works' own URLs may be asked for although its address is not public; networks, as
    /// `parse_ip_networks` reads them.
    std::string allowed_networks;
  } http;

  struct Produce {
    std::string scheduled;       ///< `all`, or provider commands with commas; empty: none
    std::string catch_up_since;  ///< `YYYY-MM-DD`; empty: the first day that was read
    /// By provider command: errors whose text holds one of these, `|` between them, are skipped.
    std::map<std::string, std::string> skip_errors;
    /// Where providers that are read from files find them, by name: a URL or a folder.
    std::map<std::string, std::string> files;
    std::string sources;   ///< folder of files that describe sources; empty: none
    std::string work_dir;  ///< for files that a run needs until its end; empty: in `state.dir`
  } produce;

  struct Process {
    std::string instance;  ///< default: host name
    int commit_interval_ms = 100;
    int touch_after_days = 20;
    int table_mb = 4096;  ///< 0: no limit
  } process;

  struct State {
    std::string dir = "./freshet-state";
  } state;

  struct Api {
    std::string listen = "127.0.0.1:8080";
    std::string public_url;            ///< empty: links follow what the caller called us
    std::string trusted_proxies;       ///< networks, as `parse_ip_networks` reads them
    std::string limits = "openverse";  ///< or `cost`, `off`
    std::string rates;                 ///< `scope=number/period`, several with commas between them
    std::string environment = "production";  ///< what `/version` says
    std::string mail_url;  ///< SMTP server of verification mails; empty, as mail_dir: none are sent
    std::string mail_dir;  ///< a folder that gets one file a mail
    std::string mail_from = "freshet@localhost";
    std::string dump_dir;     ///< of `freshet dump`; empty: no dumps are served
    bool link_checks = true;  ///< works whose file is gone leave results
    bool filter_dead = true;  ///< where a search does not say
    int link_wait_ms = 0;     ///< for what is not known yet of a page's links
  } api;

  struct Thumbnails {
    std::string socket;     ///< empty: `thumbnails.sock` in `state.dir`
    std::string cache_dir;  ///< empty: `thumbnails` in `state.dir`
    int cache_mb = 2048;
    int memory_mb = 1024;  ///< of a process that decodes one file
  } thumbnails;

  struct Web {
    bool enabled = true;
    std::string dir;                      ///< empty: what the binary holds
    std::string pictures = "thumbnails";  ///< none, thumbnails or providers
  } web;

  struct Usage {
    bool enabled = true;
    int keep_days = 90;  ///< of single events; sums of a day are kept
  } usage;

  struct Ops {
    std::string password_hash;  ///< as crypt(3) makes it; empty: on loopback only
  } ops;

  struct Metrics {
    std::string listen = "127.0.0.1:0";
  } metrics;

  struct Log {
    std::string level = "info";
    std::string format;  ///< json or text; empty: json, or text on a terminal
  } log;

  /// Credentials by provider command: `providers.jamendo_key` is under `jamendo`. The batch
  /// original's variables (API_KEY_JAMENDO, …) are read as well; ours win.
  std::map<std::string, std::string> provider_keys;
};

enum class Secret { no, yes };

/// What a setting's value is in a TOML file; in flags and environment everything is text.
enum class SettingKind { text, integer, boolean };

/// One setting: how it is called, what it means, and how text becomes its value.
struct Setting {
  std::string key;           ///< dotted: `kafka.brokers`
  std::string meaning;       ///< one line with unit and range
  std::string default_text;  ///< as the docs show it
  SettingKind kind = SettingKind::text;
  Secret secret = Secret::no;
  bool is_prefix = false;  ///< `kafka.librdkafka.*`: any name below it
  /// Stores `text`; returns what is wrong with it, or nothing. `name` is the part below a prefix.
  std::function<std::optional<std::string>(Config&, std::string_view name, std::string_view text)>
      set;
  /// The value in force, fit to be shown: passwords inside it are masked. Null for prefixes.
  std::function<std::string(const Config&)> get;

  std::string flag() const;         ///< `--kafka-brokers`; of a prefix it takes `NAME=VALUE`
  std::string environment() const;  ///< `FRESHET_KAFKA_BROKERS`
};

/// The one list of settings, in the order of docs and `config show`.
const std::vector<Setting>& settings();

/// librdkafka properties that `kafka.librdkafka.*` may not set, each with the reason.
const std::map<std::string, std::string, std::less<>>& refused_librdkafka_properties();

/// What a configuration is built from.
struct ConfigSources {
  /// Dotted key and text, in the order given; below a prefix the key is `kafka.librdkafka.<name>`.
  std::vector<std::pair<std::string, std::string>> flags;
  /// Any variables; those that begin with FRESHET_ must be known.
  std::map<std::string, std::string> environment;
  std::optional<std::string> file;  ///< path of a TOML file
};

/// Builds the configuration: flag beats environment beats file beats default.
///
/// @error StartupError that lists *all* faults, one per line, each with its place (`flag
///        --kafka-brokers`, `FRESHET_KAFKA_BROKERS`, `freshet.toml:12`): unknown keys, wrong types,
///        values out of range, clashes, refused librdkafka properties. A faulty value is a fault
///        even where a stronger source overrides it.
Config load_config(const ConfigSources& sources);

/// Path of the socket on which the thumbnails role listens.
std::string thumbnail_socket(const Config& config);

/// `config show`: every key with its value in force; secrets as `[secret]`.
std::vector<std::pair<std::string, std::string>> describe_config(const Config& config);

/// docs/configuration.md, written from the table of settings.
std::string config_markdown();

}  // namespace freshet
