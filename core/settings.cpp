#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <type_traits>

#include "core/config.hpp"
#include "core/ip_network.hpp"
#include "core/redis_url.hpp"
#include "core/text.hpp"
#include "core/time.hpp"

namespace freshet {
namespace {

using Fault = std::optional<std::string>;
using Check = Fault (*)(std::string_view);

bool consists_of(std::string_view text, std::string_view punctuation) {
  return std::all_of(text.begin(), text.end(), [punctuation](char c) {
    return is_ascii_alphanumeric(c) || punctuation.find(c) != std::string_view::npos;
  });
}

Fault any(std::string_view) { return std::nullopt; }

Fault not_empty(std::string_view text) {
  return text.empty() ? Fault{"must not be empty"} : std::nullopt;
}

/// `host:port[,host:port]…`; librdkafka takes 9092 where the port is missing.
Fault brokers(std::string_view text) {
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string_view broker = text.substr(from, comma - from);
    if (broker.empty() || broker.find_first_of(" \t/") != std::string_view::npos) {
      return "must be host:port, several separated by commas, without spaces";
    }
    from = comma + 1;
  }
  return std::nullopt;
}

/// 249 characters is Kafka's limit for a topic; the longest name of ours has 21, ids are longer.
Fault topic_prefix(std::string_view text) {
  if (!consists_of(text, "._-") || text.size() > 150) {
    return "must be at most 150 of letters, digits, '.', '_' and '-'";
  }
  return std::nullopt;
}

Fault index_prefix(std::string_view text) {
  const bool upper =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!consists_of(text, "._-") || upper || text.size() > 150 || text.starts_with('.') ||
      text.starts_with('-') || text.starts_with('_')) {
    return "must be lower-case letters, digits, '.', '_' and '-', beginning with a letter or digit";
  }
  return std::nullopt;
}

/// Goes into ids on the broker and names a directory.
Fault instance(std::string_view text) {
  if (text.empty() || text.size() > 80 || !consists_of(text, "._-") || text.starts_with('.')) {
    return "must be 1 to 80 of letters, digits, '.', '_' and '-', not beginning with '.'";
  }
  return std::nullopt;
}

Fault http_url(std::string_view text) {
  const std::size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  const std::string_view rest = text.substr(scheme);
  if (scheme == 0 || rest.empty() || rest.starts_with('/')) {
    return "must be http://host:port or https://host:port";
  }
  if (rest.find_first_of(" ?#@") != std::string_view::npos) {
    return "must hold no user, query, fragment or space";
  }
  return std::nullopt;
}

Fault optional_http_url(std::string_view text) {
  return text.empty() ? std::nullopt : http_url(text);
}

Fault redis_url(std::string_view text) {
  if (text.empty() || parse_redis_url(text)) {
    return std::nullopt;
  }
  return "must be redis://[:password@]host:port[/database], or empty";
}

Fault listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  unsigned port = 0;
  if (colon != std::string_view::npos && colon > 0) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, port);
    if (read.ec == std::errc{} && read.ptr == end && port <= 65535) {
      return std::nullopt;
    }
  }
  return "must be host:port with a port of 0 to 65535 (0: any free one)";
}

Fault ip_networks(std::string_view text) {
  return parse_ip_networks(text)
             ? std::nullopt
             : Fault{"must be addresses and networks (10.0.0.0/8) with commas between them"};
}

/// What a socket's address has room for, with its NUL.
Fault socket_path(std::string_view text) {
  return text.size() < 108 ? std::nullopt : Fault{"must have fewer than 108 bytes"};
}

Fault api_limits(std::string_view text) {
  return text == "openverse" || text == "cost" || text == "off"
             ? std::nullopt
             : Fault{"must be openverse, cost or off"};
}

/// As crypt(5) writes them; older methods than these are too quick to be tried out.
Fault password_hash(std::string_view text) {
  for (const std::string_view method : {"$y$", "$gy$", "$7$", "$2b$", "$6$", "$5$"}) {
    if (text.starts_with(method) && text.size() >= 20 && text.size() <= 384 &&
        std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ':'; })) {
      return std::nullopt;
    }
  }
  return text.empty() ? std::nullopt : Fault{"must be a hash such as `$6$…` or `$y$…`"};
}

Fault mail_url(std::string_view text) {
  for (const std::string_view scheme : {"smtp://", "smtps://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size()) {
      return std::nullopt;
    }
  }
  return text.empty() ? std::nullopt
                      : Fault{"must be smtp://[user:password@]host:port or smtps://…, or empty"};
}

/// Goes into the envelope and a header of each mail.
Fault mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at >= text.size() - 1 || !consists_of(text, "@._-+")) {
    return "must be an e-mail address";
  }
  return std::nullopt;
}

/// Goes into `/version` and logs.
Fault name(std::string_view text) {
  return text.empty() || text.size() > 80 || !consists_of(text, "._-")
             ? Fault{"must be 1 to 80 of letters, digits, '.', '_' and '-'"}
             : std::nullopt;
}

/// What each scope is called, the API says when it starts.
Fault rates(std::string_view text) {
  return consists_of(text, "_=/, ") ? std::nullopt
                                    : Fault{"must be scope=number/period, with commas between"};
}

Fault log_level(std::string_view text) {
  if (text == "debug" || text == "info" || text == "warn" || text == "error") {
    return std::nullopt;
  }
  return "must be debug, info, warn or error";
}

Fault log_format(std::string_view text) {
  if (text.empty() || text == "json" || text == "text") {
    return std::nullopt;
  }
  return "must be json or text";
}

Fault pictures(std::string_view text) {
  if (text == "none" || text == "thumbnails" || text == "providers") {
    return std::nullopt;
  }
  return "must be none, thumbnails or providers";
}

/// A header value: what curl would otherwise cut or refuse at the first request.
Fault header_text(std::string_view text) {
  const bool control = std::any_of(text.begin(), text.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 32; });
  return text.empty() || control ? Fault{"must be a line of text"} : std::nullopt;
}

template <class Member>
Setting text(std::string key, std::string meaning, Member member, Check check,
             Secret secret = Secret::no) {
  Setting setting;
  setting.key = std::move(key);
  setting.meaning = std::move(meaning);
  setting.secret = secret;
  setting.default_text = member(Config{});
  setting.set = [member, check](Config& config, std::string_view, std::string_view value) -> Fault {
    if (auto fault = check(value)) {
      return fault;
    }
    member(config) = value;
    return std::nullopt;
  };
  setting.get = [member](const Config& config) { return member(config); };
  return setting;
}

template <class Member>
Setting integer(std::string key, std::string meaning, Member member, int least, int greatest) {
  Setting setting;
  setting.key = std::move(key);
  setting.meaning = fmt::format("{} ({} to {})", meaning, least, greatest);
  setting.kind = SettingKind::integer;
  setting.default_text = std::to_string(member(Config{}));
  setting.set = [member, least, greatest](Config& config, std::string_view,
                                          std::string_view value) -> Fault {
    int number = 0;
    const char* const end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, number);
    if (read.ec != std::errc{} || read.ptr != end || number < least || number > greatest) {
      return fmt::format("must be a whole number from {} to {}", least, greatest);
    }
    member(config) = number;
    return std::nullopt;
  };
  setting.get = [member](const Config& config) { return std::to_string(member(config)); };
  return setting;
}

template <class Member>
Setting boolean(std::string key, std::string meaning, Member member) {
  Setting setting;
  setting.key = std::move(key);
  setting.meaning = std::move(meaning);
  setting.kind = SettingKind::boolean;
  setting.default_text = member(Config{}) ? "true" : "false";
  setting.set = [member](Config& config, std::string_view, std::string_view value) -> Fault {
    if (value != "true" && value != "false") {
      return "must be true or false";
    }
    member(config) = value == "true";
    return std::nullopt;
  };
  setting.get = [member](const Config& config) { return member(config) ? "true" : "false"; };
  return setting;
}

// The value is never repeated in a message: it may be a credential.
Setting librdkafka_properties() {
  Setting setting;
  setting.key = "kafka.librdkafka";
  setting.meaning =
      "properties of librdkafka (TLS, SASL, tuning), but for those that delivery depends on";
  setting.secret = Secret::yes;
  setting.is_prefix = true;
  setting.set = [](Config& config, std::string_view name, std::string_view value) -> Fault {
    std::string property{name};
    // Variables cannot hold dots, and no property that may be set here holds an underscore.
    std::replace(property.begin(), property.end(), '_', '.');
    const auto& refused = refused_librdkafka_properties();
    if (const auto found = refused.find(property); found != refused.end()) {
      return fmt::format("may not be set: {}", found->second);
    }
    config.kafka.librdkafka[property] = value;
    return std::nullopt;
  };
  return setting;
}

Setting provider_keys() {
  Setting setting;
  setting.key = "providers";
  setting.meaning = "credentials, one per provider command: `providers.jamendo_key`";
  setting.secret = Secret::yes;
  setting.is_prefix = true;
  setting.set = [](Config& config, std::string_view name, std::string_view value) -> Fault {
    constexpr std::string_view kSuffix = "_key";
    if (!name.ends_with(kSuffix) || name.size() == kSuffix.size() || !consists_of(name, "_")) {
      return "must be named after a provider command: <provider>_key";
    }
    if (value.empty()) {
      return "must not be empty";
    }
    config.provider_keys[std::string{name.substr(0, name.size() - kSuffix.size())}] = value;
    return std::nullopt;
  };
  return setting;
}

Setting skipped_errors() {
  Setting setting;
  setting.key = "produce.skip_errors";
  setting.meaning =
      "per provider command: a run skips a page whose error has one of these texts in its kind or "
      "message, whatever the case; several with `|` between them";
  setting.is_prefix = true;
  setting.set = [](Config& config, std::string_view name, std::string_view value) -> Fault {
    if (name.empty() || !consists_of(name, "_")) {
      return "must be named after a provider command";
    }
    if (trim_space(value).empty()) {
      return "must not be empty";
    }
    config.produce.skip_errors[std::string{name}] = value;
    return std::nullopt;
  };
  return setting;
}

Setting provider_files() {
  Setting setting;
  setting.key = "produce.files";
  setting.meaning =
      "where a provider that is read from files finds them, URL or folder: `inaturalist`, "
      "`inaturalist_names`";
  setting.is_prefix = true;
  setting.set = [](Config& config, std::string_view name, std::string_view value) -> Fault {
    if (name.empty() || !consists_of(name, "_")) {
      return "must be named after a provider command";
    }
    if (trim_space(value).empty()) {
      return "must not be empty";
    }
    config.produce.files[std::string{name}] = value;
    return std::nullopt;
  };
  return setting;
}

/// `all`, or names with commas between them; whether they are providers is known to producers.
Fault provider_names(std::string_view text) {
  return consists_of(text, "_,") ? std::nullopt
                                 : Fault{"must be `all`, or provider commands with commas"};
}

Fault optional_day(std::string_view text) {
  return text.empty() || parse_date(text) ? std::nullopt : Fault{"must be YYYY-MM-DD"};
}

/// `password=…` of a libpq connection string or URL, masked.
std::string mask_dsn(std::string dsn) {
  if (const std::size_t scheme = dsn.find("://"); scheme != std::string::npos) {
    const std::size_t at = dsn.rfind('@');
    const std::size_t colon = dsn.find(':', scheme + 3);
    if (at != std::string::npos && colon < at) {
      dsn.replace(colon + 1, at - colon - 1, "[secret]");
    }
  }
  constexpr std::string_view kName = "password";
  for (std::size_t at = 0; (at = dsn.find(kName, at)) != std::string::npos; at += kName.size()) {
    const std::size_t equals = dsn.find_first_not_of(' ', at + kName.size());
    if (equals == std::string::npos || dsn[equals] != '=') {
      continue;
    }
    const std::size_t from = std::min(dsn.find_first_not_of(' ', equals + 1), dsn.size());
    std::size_t to = from;
    if (to < dsn.size() && dsn[to] == '\'') {
      for (++to; to < dsn.size() && dsn[to] != '\''; ++to) {
        to += dsn[to] == '\\' ? 1U : 0U;
      }
      to = std::min(to + 1, dsn.size());
    } else {
      to = std::min(dsn.find_first_of(" &", from), dsn.size());
    }
    dsn.replace(from, to - from, "[secret]");
  }
  return dsn;
}

Setting masked(Setting setting) {
  setting.get = [get = std::move(setting.get)](const Config& config) {
    return mask_dsn(get(config));
  };
  return setting;
}

Setting with_default(Setting setting, std::string default_text) {
  setting.default_text = std::move(default_text);
  return setting;
}

std::vector<Setting> kafka_settings() {
  std::vector<Setting> list;
  list.push_back(text(
      "kafka.brokers", "brokers to begin with, `host:port`, separated by commas",
      [](auto&& c) -> auto& { return c.kafka.brokers; }, brokers));
  list.push_back(text(
      "kafka.topic_prefix",
      "goes before every topic, group and transactional id; lets several systems share a broker",
      [](auto&& c) -> auto& { return c.kafka.topic_prefix; }, topic_prefix));
  list.push_back(librdkafka_properties());
  list.push_back(integer(
      "kafka.replication_factor", "replicas of each topic, used when topics are created",
      [](auto&& c) -> auto& { return c.kafka.replication_factor; }, 1, 32767));
  list.push_back(integer(
      "kafka.min_insync_replicas",
      "replicas that must have a record before it counts; at most the replication factor",
      [](auto&& c) -> auto& { return c.kafka.min_insync_replicas; }, 1, 32767));
  list.push_back(integer(
      "kafka.partitions",
      "partitions of the topics keyed by work, fixed for the life of the topics",
      [](auto&& c) -> auto& { return c.kafka.partitions; }, 1, 10000));
  return list;
}

std::vector<Setting> store_settings() {
  std::vector<Setting> list;
  list.push_back(masked(text(
      "postgres.dsn", "libpq connection string or URL",
      [](auto&& c) -> auto& { return c.postgres.dsn; }, not_empty)));
  list.push_back(text(
      "elasticsearch.url", "Elasticsearch 7.17 or later, or OpenSearch 2 or later",
      [](auto&& c) -> auto& { return c.elasticsearch.url; }, http_url));
  list.push_back(text(
      "elasticsearch.username", "user of basic authentication; needs a password",
      [](auto&& c) -> auto& { return c.elasticsearch.username; }, any));
  list.push_back(text(
      "elasticsearch.password", "password of that user",
      [](auto&& c) -> auto& { return c.elasticsearch.password; }, any, Secret::yes));
  list.push_back(text(
      "elasticsearch.ca_file", "PEM file of the authority that signed the node's certificate",
      [](auto&& c) -> auto& { return c.elasticsearch.ca_file; }, any));
  list.push_back(text(
      "elasticsearch.index_prefix",
      "goes before every index and alias; lets several systems share a cluster",
      [](auto&& c) -> auto& { return c.elasticsearch.index_prefix; }, index_prefix));
  list.push_back(
      with_default(masked(text(
                       "redis.url",
                       "where the API counts requests and keeps what it knows of links, so that "
                       "several servers share both: `redis://[:password@]host:port[/database]`",
                       [](auto&& c) -> auto& { return c.redis.url; }, redis_url)),
                   "empty: in-process"));
  return list;
}

std::vector<Setting> api_settings() {
  std::vector<Setting> list;
  list.push_back(with_default(
      text(
          "api.public_url",
          "what links in replies and mails begin with, such as `https://api.example.org`",
          [](auto&& c) -> auto& { return c.api.public_url; }, optional_http_url),
      "empty: as the caller called us"));
  list.push_back(with_default(
      text(
          "api.trusted_proxies",
          "addresses and networks, separated by commas, whose `X-Forwarded-For`, `-Host` and "
          "`-Proto` count",
          [](auto&& c) -> auto& { return c.api.trusted_proxies; }, ip_networks),
      "empty: nobody's"));
  list.push_back(text(
      "api.limits",
      "how requests are limited: `openverse`, by the scopes of docs/api.md; `cost`, by what they "
      "cost, so that many readers may share an address; `off`, not at all",
      [](auto&& c) -> auto& { return c.api.limits; }, api_limits));
  list.push_back(with_default(
      text(
          "api.dump_dir", "folder of `freshet dump`, whose dumps are served under `/v1/dumps/`",
          [](auto&& c) -> auto& { return c.api.dump_dir; }, any),
      "empty: none are served"));
  list.push_back(with_default(
      text(
          "api.rates",
          "other rates for scopes: `anon_burst=60/min, anon_sustained=5000/day`; periods are "
          "second, min, hour and day",
          [](auto&& c) -> auto& { return c.api.rates; }, rates),
      "empty: those of docs/api.md"));
  list.push_back(boolean("api.link_checks",
                         "whether the files of works that are shown are asked for (HEAD), in the "
                         "background; never behind a mirror",
                         [](auto&& c) -> auto& { return c.api.link_checks; }));
  list.push_back(boolean("api.filter_dead",
                         "whether a search that does not say so itself leaves out works whose file "
                         "is known to be gone",
                         [](auto&& c) -> auto& { return c.api.filter_dead; }));
  list.push_back(integer(
      "api.link_wait_ms",
      "longest time that a search waits for links of which nothing is known yet, in ms",
      [](auto&& c) -> auto& { return c.api.link_wait_ms; }, 0, 2000));
  list.push_back(text(
      "api.environment", "name of the installation, as `/version` says it",
      [](auto&& c) -> auto& { return c.api.environment; }, name));
  list.push_back(
      with_default(text(
                       "api.mail_url",
                       "SMTP server for the mails in which people confirm their address: "
                       "`smtp://[user:password@]host:port`, or `smtps://…`",
                       [](auto&& c) -> auto& { return c.api.mail_url; }, mail_url, Secret::yes),
                   "empty: no mails are sent"));
  list.push_back(
      with_default(text(
                       "api.mail_dir",
                       "a folder that gets one file a mail, in place of the server of api.mail_url",
                       [](auto&& c) -> auto& { return c.api.mail_dir; }, any),
                   "empty: none"));
  list.push_back(text(
      "api.mail_from", "sender of these mails", [](auto&& c) -> auto& { return c.api.mail_from; },
      mail_address));
  return list;
}

std::vector<Setting> thumbnail_settings() {
  std::vector<Setting> list;
  list.push_back(with_default(
      text(
          "thumbnails.socket", "socket on which the API asks the thumbnails role; a path",
          [](auto&& c) -> auto& { return c.thumbnails.socket; }, socket_path),
      "empty: `thumbnails.sock` in `state.dir`"));
  list.push_back(
      with_default(text(
                       "thumbnails.cache_dir", "directory of the pictures that were made",
                       [](auto&& c) -> auto& { return c.thumbnails.cache_dir; }, any),
                   "empty: `thumbnails` in `state.dir`"));
  list.push_back(integer(
      "thumbnails.cache_mb",
      "most disk for these pictures, in MB; those that were not asked for the longest go first",
      [](auto&& c) -> auto& { return c.thumbnails.cache_mb; }, 1, 100'000'000));
  list.push_back(integer(
      "thumbnails.memory_mb",
      "most address space of a process that decodes one file, libraries included, in MB",
      [](auto&& c) -> auto& { return c.thumbnails.memory_mb; }, 256, 65'536));
  return list;
}

std::vector<Setting> role_settings() {
  std::vector<Setting> list;
  list.push_back(with_default(
      text(
          "http.mirror", "every provider request goes to `<mirror>/<original host>/<path>?<query>`",
          [](auto&& c) -> auto& { return c.http.mirror; }, optional_http_url),
      "empty: the providers' own hosts"));
  list.push_back(boolean("http.mirror_waits",
                         "with a mirror: whether rate limits and back-offs wait",
                         [](auto&& c) -> auto& { return c.http.mirror_waits; }));
  list.push_back(text(
      "http.user_agent", "how requests name us; providers want a contact in it",
      [](auto&& c) -> auto& { return c.http.user_agent; }, header_text));
  list.push_back(with_default(
      text(
          "http.allowed_networks",
          "addresses and networks, separated by commas, that works' own URLs may lead to although "
          "they are not public",
          [](auto&& c) -> auto& { return c.http.allowed_networks; }, ip_networks),
      "empty: none"));
  list.push_back(with_default(
      text(
          "produce.scheduled",
          "providers that `produce --scheduled` and `up` run on their schedules: `all`, or "
          "commands with commas between them",
          [](auto&& c) -> auto& { return c.produce.scheduled; }, provider_names),
      "empty: with `up` none, with `produce --scheduled` all"));
  list.push_back(with_default(
      text(
          "produce.catch_up_since",
          "providers that are read day by day: days from here on that were never read are caught "
          "up, the newest first",
          [](auto&& c) -> auto& { return c.produce.catch_up_since; }, optional_day),
      "empty: since the first day that was read"));
  list.push_back(skipped_errors());
  list.push_back(text(
      "produce.sources",
      "folder of files `*.toml`, each of which describes a source without code: known by their "
      "commands, as providers are",
      [](auto&& c) -> auto& { return c.produce.sources; }, any));
  list.push_back(provider_files());
  list.push_back(with_default(
      text(
          "produce.work_dir",
          "folder for what a run keeps on disk until it ends; for iNaturalist about twice the size "
          "of its files",
          [](auto&& c) -> auto& { return c.produce.work_dir; }, any),
      "empty: `produce` in `state.dir`"));
  list.push_back(with_default(
      text(
          "process.instance",
          "names this process: its ids on the broker and its state directory; two processes on one "
          "host need two names",
          [](auto&& c) -> auto& { return c.process.instance; }, instance),
      "host name"));
  list.push_back(integer(
      "process.commit_interval_ms",
      "longest time a batch is gathered before its transaction commits, in ms",
      [](auto&& c) -> auto& { return c.process.commit_interval_ms; }, 1, 5000));
  list.push_back(integer(
      "process.touch_after_days",
      "an unchanged work's `last_seen_at` is passed on at most once in so many days",
      [](auto&& c) -> auto& { return c.process.touch_after_days; }, 1, 29));
  list.push_back(integer(
      "process.table_mb",
      "most memory for the table of works, 40 bytes each, over all partitions, in MB; a process "
      "has the share of its partitions; works past it are looked up on disk; 0: no limit",
      [](auto&& c) -> auto& { return c.process.table_mb; }, 0, 1'048'576));
  list.push_back(text(
      "state.dir", "directory of the processors' state",
      [](auto&& c) -> auto& { return c.state.dir; }, not_empty));
  list.push_back(text(
      "api.listen", "address of the API, `host:port`; port 0: any free one, which the log names",
      [](auto&& c) -> auto& { return c.api.listen; }, listen_address));
  for (auto& setting : api_settings()) {
    list.push_back(std::move(setting));
  }
  for (auto& setting : thumbnail_settings()) {
    list.push_back(std::move(setting));
  }
  list.push_back(boolean("web.enabled", "whether the API also serves the web pages",
                         [](auto&& c) -> auto& { return c.web.enabled; }));
  list.push_back(with_default(
      text(
          "web.dir", "directory of templates, styles and scripts, read anew for each page",
          [](auto&& c) -> auto& { return c.web.dir; }, any),
      "empty: those in the binary"));
  list.push_back(text(
      "web.pictures",
      "`none`: drawn in place of pictures; `thumbnails`: pictures come from this server; "
      "`providers`: browsers ask the works' own servers, which then see their addresses",
      [](auto&& c) -> auto& { return c.web.pictures; }, pictures));
  list.push_back(boolean("usage.enabled", "whether it is recorded how pages and API are used",
                         [](auto&& c) -> auto& { return c.usage.enabled; }));
  list.push_back(integer(
      "usage.keep_days", "days after which single events of usage are dropped; sums are kept",
      [](auto&& c) -> auto& { return c.usage.keep_days; }, 1, 3650));
  list.push_back(with_default(
      text(
          "ops.password_hash",
          "hash of the password of `/ops/`, as `mkpasswd` or `openssl passwd -6` print it",
          [](auto&& c) -> auto& { return c.ops.password_hash; }, password_hash, Secret::yes),
      "empty: the page is answered on loopback only"));
  list.push_back(text(
      "metrics.listen",
      "address of `/metrics`, `/healthz`, `/readyz`; port 0: any free one, which the log names",
      [](auto&& c) -> auto& { return c.metrics.listen; }, listen_address));
  list.push_back(text(
      "log.level", "`debug`, `info`, `warn` or `error`",
      [](auto&& c) -> auto& { return c.log.level; }, log_level));
  list.push_back(with_default(text(
                                  "log.format", "`json` or `text`",
                                  [](auto&& c) -> auto& { return c.log.format; }, log_format),
                              "`json`, on a terminal `text`"));
  list.push_back(provider_keys());
  return list;
}

}  // namespace

std::string Setting::flag() const {
  std::string flag = "--" + key;
  std::replace(flag.begin(), flag.end(), '.', '-');
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string Setting::environment() const {
  std::string name = "FRESHET_";
  for (const char c : key) {
    name.push_back(c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return name;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> list;
    for (auto part : {kafka_settings(), store_settings(), role_settings()}) {
      std::move(part.begin(), part.end(), std::back_inserter(list));
    }
    return list;
  }();
  return all;
}

}  // namespace freshet
