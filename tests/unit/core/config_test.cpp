#include "core/config.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/check.hpp"
#include "tests/support/paths.hpp"

namespace freshet {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

/// A TOML file that is gone after the test.
class File {
 public:
  explicit File(const std::string& text)
      : path_{std::filesystem::temp_directory_path() /
              ("freshet-config-test-" + std::to_string(getpid()) + ".toml")} {
    std::ofstream{path_} << text;
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string faults_of(const ConfigSources& sources) {
  try {
    load_config(sources);
  } catch (const StartupError& error) {
    return error.what();
  }
  return "";
}

TEST(Config, DefaultsAreTheDocumentedOnes) {
  const Config config = load_config({});
  EXPECT_EQ(config.kafka.brokers, "127.0.0.1:29092");
  EXPECT_EQ(config.kafka.topic_prefix, "");
  EXPECT_EQ(config.kafka.replication_factor, 3);
  EXPECT_EQ(config.kafka.min_insync_replicas, 2);
  EXPECT_EQ(config.kafka.partitions, 8);
  EXPECT_EQ(config.postgres.dsn, "host=127.0.0.1 dbname=freshet");
  EXPECT_EQ(config.elasticsearch.url, "http://127.0.0.1:19200");
  EXPECT_EQ(config.redis.url, "");
  EXPECT_EQ(config.http.mirror, "");
  EXPECT_FALSE(config.http.mirror_waits);
  EXPECT_EQ(config.state.dir, "./freshet-state");
  EXPECT_EQ(config.api.listen, "127.0.0.1:8080");
  EXPECT_EQ(config.metrics.listen, "127.0.0.1:0");
  EXPECT_EQ(config.log.level, "info");
  EXPECT_NE(config.process.instance, "");  // the host's name
}

TEST(Config, EverySettingIsReadFromFlagEnvironmentAndFile) {
  // A value that each setting takes and that is not its default.
  const std::map<std::string, std::string> values = {
      {"kafka.brokers", "a:1,b:2"},
      {"kafka.topic_prefix", "t."},
      {"kafka.replication_factor", "5"},
      {"kafka.min_insync_replicas", "1"},
      {"kafka.partitions", "64"},
      {"postgres.dsn", "host=db"},
      {"elasticsearch.url", "https://es:9200"},
      {"elasticsearch.username", "u"},
      {"elasticsearch.password", "p"},
      {"elasticsearch.ca_file", "/ca.pem"},
      {"elasticsearch.index_prefix", "t-"},
      {"redis.url", "redis://r:6379"},
      {"http.mirror", "http://127.0.0.1:9"},
      {"http.mirror_waits", "true"},
      {"http.user_agent", "x"},
      {"http.allowed_networks", "10.0.0.0/8"},
      {"produce.scheduled", "all"},
      {"produce.catch_up_since", "2026-11-01"},
      {"produce.sources", "/sources"},
      {"produce.work_dir", "/work"},
      {"process.instance", "one"},
      {"process.commit_interval_ms", "50"},
      {"process.touch_after_days", "7"},
      {"process.table_mb", "512"},
      {"state.dir", "/s"},
      {"api.listen", "0.0.0.0:80"},
      {"api.public_url", "https://api.example"},
      {"api.trusted_proxies", "10.0.0.0/8, ::1"},
      {"api.limits", "off"},
      {"api.rates", "anon_burst=60/min"},
      {"api.dump_dir", "/dumps"},
      {"api.link_checks", "false"},
      {"api.filter_dead", "false"},
      {"api.link_wait_ms", "250"},
      {"api.environment", "staging"},
      {"api.mail_url", "smtp://mail:25"},
      {"api.mail_dir", "/mails"},
      {"api.mail_from", "api@example.org"},
      {"web.enabled", "false"},
      {"web.dir", "/web"},
      {"thumbnails.socket", "/run/thumbnails.sock"},
      {"thumbnails.cache_dir", "/pictures"},
      {"thumbnails.cache_mb", "64"},
      {"thumbnails.memory_mb", "512"},
      {"web.pictures", "providers"},
      {"usage.enabled", "false"},
      {"usage.keep_days", "30"},
      {"ops.password_hash", "$6$salt$0123456789abcd"},
      {"metrics.listen", "0.0.0.0:81"},
      {"log.level", "debug"},
      {"log.format", "text"}};
  ConfigSources flags;
  ConfigSources environment;
  std::string toml;
  for (const Setting& setting : settings()) {
    if (setting.is_prefix) {
      continue;
    }
    ASSERT_TRUE(values.contains(setting.key)) << setting.key;
    const std::string& value = values.at(setting.key);
    ASSERT_NE(setting.get(Config{}), value) << setting.key;
    flags.flags.emplace_back(setting.key, value);
    environment.environment.emplace(setting.environment(), value);
    const bool quoted = setting.kind == SettingKind::text;
    toml += setting.key + " = " + (quoted ? "\"" + value + "\"" : value) + "\n";
  }
  const File file{toml};
  ConfigSources from_file;
  from_file.file = file.path();
  for (const ConfigSources& sources : {flags, environment, from_file}) {
    const Config config = load_config(sources);
    for (const Setting& setting : settings()) {
      if (!setting.is_prefix) {
        EXPECT_EQ(setting.get(config), values.at(setting.key)) << setting.key;
      }
    }
  }
}

TEST(Config, NamesFollowFromTheKey) {
  const Setting& setting = settings().at(1);
  EXPECT_EQ(setting.key, "kafka.topic_prefix");
  EXPECT_EQ(setting.flag(), "--kafka-topic-prefix");
  EXPECT_EQ(setting.environment(), "FRESHET_KAFKA_TOPIC_PREFIX");
  std::set<std::string> names;
  for (const Setting& each : settings()) {
    EXPECT_TRUE(names.insert(each.flag()).second) << each.key;
    EXPECT_TRUE(names.insert(each.environment()).second) << each.key;
    EXPECT_NE(each.meaning, "") << each.key;
  }
}

TEST(Config, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
  const File file{"[kafka]\nbrokers = 'file:1'\npartitions = 2\ntopic_prefix = 'file'\n"};
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"FRESHET_KAFKA_BROKERS", "environment:1"},
                         {"FRESHET_KAFKA_PARTITIONS", "3"}};
  sources.flags = {{"kafka.brokers", "flag:1"}};
  const Config config = load_config(sources);
  EXPECT_EQ(config.kafka.brokers, "flag:1");
  EXPECT_EQ(config.kafka.partitions, 3);
  EXPECT_EQ(config.kafka.topic_prefix, "file");
  EXPECT_EQ(config.kafka.min_insync_replicas, 2);
}

TEST(Config, ReportsAllFaultsAtOnceWithTheirPlaces) {
  const File file{
      "[kafka]\n"
      "broker = 'x:1'\n"          // line 2: unknown
      "partitions = '8'\n"        // line 3: wrong type
      "replication_factor = 1\n"  // clash with the default of 2 in-sync replicas
      "[api]\n"
      "listen = 'nowhere'\n"};  // line 6: not an address
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"FRESHET_LOG_LEVEL", "loud"}, {"FRESHET_NONSENSE", "1"}};
  sources.flags = {{"kafka.librdkafka.acks", "1"}};
  const std::string text = faults_of(sources);
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("configuration has 7 faults"),
            HasSubstr(file.path() + ":2: kafka.broker: no such setting (is it kafka.brokers?)"),
            HasSubstr(file.path() + ":3: kafka.partitions: must be a whole number"),
            HasSubstr(file.path() + ":6: api.listen: must be host:port"),
            HasSubstr("FRESHET_LOG_LEVEL: must be debug, info, warn or error"),
            HasSubstr("FRESHET_NONSENSE: no such setting"),
            HasSubstr("flag --kafka-librdkafka: acks: may not be set"),
            HasSubstr("kafka.min_insync_replicas (default) and kafka.replication_factor (" +
                      file.path() + ":4)")));
}

TEST(Config, AMarkAndReturnsAreNoPartOfAFile) {
  const File file{"\xEF\xBB\xBF[kafka]\r\nbrokers = 'a:1'\r\n"};
  ConfigSources sources;
  sources.file = file.path();
  EXPECT_EQ(load_config(sources).kafka.brokers, "a:1");
}

TEST(Config, NamesTheLineOfBrokenToml) {
  const File file{"[kafka]\nbrokers = \n"};
  ConfigSources sources;
  sources.file = file.path();
  EXPECT_THAT(faults_of(sources), HasSubstr(file.path() + ":2: "));
  sources.file = "/does/not/exist.toml";
  EXPECT_THAT(faults_of(sources), HasSubstr("/does/not/exist.toml: "));
}

struct Value {
  const char* key;
  const char* text;
  bool good;
};

class SettingValue : public testing::TestWithParam<Value> {};

TEST_P(SettingValue, IsTakenOrRefused) {
  ConfigSources sources;
  sources.flags = {{GetParam().key, GetParam().text}};
  EXPECT_EQ(faults_of(sources).empty(), GetParam().good)
      << GetParam().key << "=" << GetParam().text << ": " << faults_of(sources);
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, SettingValue,
    testing::Values(
        Value{"kafka.partitions", "1", true}, Value{"kafka.partitions", "0", false},
        Value{"kafka.partitions", "-1", false}, Value{"kafka.partitions", "10001", false},
        Value{"kafka.partitions", "8x", false}, Value{"kafka.partitions", "", false},
        Value{"kafka.partitions", "99999999999", false}, Value{"kafka.brokers", "", false},
        Value{"kafka.brokers", "a:1,,b:2", false}, Value{"kafka.brokers", "a:1, b:2", false},
        Value{"kafka.brokers", "a", true}, Value{"kafka.topic_prefix", "a/b", false},
        Value{"kafka.topic_prefix", "A_b-c.", true}, Value{"kafka.min_insync_replicas", "4", false},
        Value{"kafka.min_insync_replicas", "3", true}, Value{"elasticsearch.url", "es:9200", false},
        Value{"elasticsearch.url", "http://u:p@es:9200", false},
        Value{"elasticsearch.url", "http://", false},
        Value{"elasticsearch.index_prefix", "Big", false},
        Value{"elasticsearch.index_prefix", "-x", false},
        Value{"elasticsearch.username", "only", false}, Value{"elasticsearch.ca_file", "/x", false},
        Value{"redis.url", "http://x", false}, Value{"redis.url", "redis://r/x", false},
        Value{"api.trusted_proxies", "proxy.example", false},
        Value{"api.trusted_proxies", "10.0.0.0/8,2001:db8::/32", true},
        Value{"api.limits", "cost", true}, Value{"api.limits", "none", false},
        Value{"api.rates", "anon_burst:60", false}, Value{"api.mail_url", "http://x", false},
        Value{"api.mail_url", "smtps://u:p@x:465", true}, Value{"api.mail_from", "nobody", false},
        Value{"api.public_url", "api.example", false}, Value{"api.environment", "a b", false},
        Value{"http.mirror", "", true}, Value{"http.mirror", "127.0.0.1:1", false},
        Value{"http.mirror_waits", "yes", false}, Value{"http.user_agent", "a\nb", false},
        Value{"process.instance", "", false}, Value{"process.instance", "a/b", false},
        Value{"process.instance", "..", false}, Value{"process.touch_after_days", "30", false},
        Value{"process.commit_interval_ms", "0", false}, Value{"api.listen", "127.0.0.1", false},
        Value{"api.listen", ":80", false}, Value{"api.listen", "a:65536", false},
        Value{"api.listen", "127.0.0.1:0", true}, Value{"metrics.listen", "127.0.0.1:8080", false},
        Value{"log.level", "INFO", false}, Value{"log.format", "xml", false},
        Value{"providers.jamendo_key", "k", true}, Value{"providers.jamendo", "k", false},
        Value{"providers._key", "k", false}, Value{"providers.jamendo_key", "", false},
        Value{"produce.scheduled", "jamendo,science_museum", true},
        Value{"produce.scheduled", "jamendo science_museum", false},
        Value{"produce.catch_up_since", "2026-02-30", false},
        Value{"produce.catch_up_since", "", true},
        Value{"produce.skip_errors.flickr", "http 504|timed out", true},
        Value{"produce.files.inaturalist", "/data", true},
        Value{"produce.files.inaturalist", " ", false}, Value{"produce.files", "/data", false},
        Value{"produce.skip_errors.flickr", " ", false}, Value{"produce.skip_errors", "x", false},
        Value{"kafka.librdkafka.ssl.ca.location", "/x", true}, Value{"kafka.nothing", "1", false},
        Value{"kafka.librdkafka", "x", false}));

TEST(Config, RefusesEveryPropertyThatDeliveryDependsOn) {
  for (const char* property :
       {"acks", "request.required.acks", "enable.idempotence", "transactional.id", "group.id",
        "group.instance.id", "enable.auto.commit", "enable.auto.offset.store", "isolation.level",
        "max.in.flight", "max.in.flight.requests.per.connection", "message.max.bytes",
        "bootstrap.servers", "metadata.broker.list", "auto.offset.reset", "retries"}) {
    ConfigSources sources;
    sources.flags = {{std::string{"kafka.librdkafka."} + property, "1"}};
    EXPECT_THAT(faults_of(sources), HasSubstr(std::string{property} + ": may not be set: "));
  }
}

TEST(Config, TakesLibrdkafkaPropertiesFromEverySource) {
  const File file{
      "[kafka.librdkafka]\n\"security.protocol\" = 'ssl'\nsocket.keepalive.enable = true\n"
      "linger.ms = 5\n"};
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"FRESHET_KAFKA_LIBRDKAFKA_SASL_MECHANISMS", "PLAIN"}};
  sources.flags = {{"kafka.librdkafka.sasl.username", "me"}};
  EXPECT_EQ(load_config(sources).kafka.librdkafka,
            (std::map<std::string, std::string>{{"security.protocol", "ssl"},
                                                {"socket.keepalive.enable", "true"},
                                                {"linger.ms", "5"},
                                                {"sasl.mechanisms", "PLAIN"},
                                                {"sasl.username", "me"}}));
}

TEST(Config, ReadsCredentialsUnderTheOldNamesAndPrefersOurs) {
  const File file{"[providers]\nflickr_key = 'file'\njamendo_key = 'file'\n"};
  ConfigSources sources;
  sources.file = file.path();
  sources.environment = {{"API_KEY_JAMENDO", "old"},
                         {"API_KEY_DATA_GOV", "gov"},
                         {"API_KEY_NYPL", "old"},
                         {"FRESHET_PROVIDERS_NYPL_KEY", "ours"},
                         {"API_KEY_EUROPEANA", ""},
                         {"API_KEY_OF_SOMEONE_ELSE", "x"},
                         {"FRESHET_PROVIDERS_BROOKLYN_MUSEUM_KEY", "b"}};
  EXPECT_EQ(load_config(sources).provider_keys,
            (std::map<std::string, std::string>{{"flickr", "file"},
                                                {"jamendo", "old"},
                                                {"smithsonian", "gov"},
                                                {"nypl", "ours"},
                                                {"brooklyn_museum", "b"}}));
}

TEST(Config, LeavesVariablesOfScriptsAlone) {
  ConfigSources sources;
  sources.environment = {{"FRESHET_CACHE", "/c"}, {"FRESHET_WORK_DIR", "/w"}, {"HOME", "/h"}};
  EXPECT_EQ(faults_of(sources), "");
}

TEST(Config, NeverShowsASecret) {
  ConfigSources sources;
  sources.flags = {{"elasticsearch.username", "u"},
                   {"elasticsearch.password", "hunter2"},
                   {"providers.jamendo_key", "hunter2"},
                   {"kafka.librdkafka.sasl.password", "hunter2"},
                   {"api.mail_url", "smtp://u:hunter2@m"},
                   {"redis.url", "redis://:hunter2@r:1"},
                   {"postgres.dsn", "host=a password=hunter2 dbname=b"}};
  for (const auto& [key, value] : describe_config(load_config(sources))) {
    EXPECT_THAT(value, Not(HasSubstr("hunter2"))) << key;
  }
  EXPECT_THAT(describe_config(load_config(sources)),
              AllOf(Contains(Pair("elasticsearch.password", "[secret]")),
                    Contains(Pair("providers.jamendo_key", "[secret]")),
                    Contains(Pair("redis.url", "redis://:[secret]@r:1")),
                    Contains(Pair("postgres.dsn", "host=a password=[secret] dbname=b"))));
  // A wrong value is not repeated either: it may be a credential in the wrong place.
  sources.flags = {{"kafka.partitions", "hunter2"}};
  EXPECT_THAT(faults_of(sources), Not(HasSubstr("hunter2")));
}

TEST(Config, MasksPasswordsInEveryFormOfDsn) {
  for (const char* dsn :
       {"postgresql://u:hunter2@h:5432/db", "postgresql://h/db?user=u&password=hunter2&sslmode=x",
        "password=hunter2", "password = 'hun ter2' host=x", "password='a\\'hunter2' host=x",
        "sslpassword=hunter2 host=x"}) {
    ConfigSources sources;
    sources.flags = {{"postgres.dsn", dsn}};
    for (const auto& [key, value] : describe_config(load_config(sources))) {
      EXPECT_THAT(value, AllOf(Not(HasSubstr("hunter2")), Not(HasSubstr("ter2")))) << dsn;
    }
  }
}

TEST(ConfigDocs, AreNotStale) {
  std::ifstream file{source_dir() / "docs" / "configuration.md"};
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), config_markdown())
      << "write it again: freshet config docs > docs/configuration.md";
}

}  // namespace
}  // namespace freshet
