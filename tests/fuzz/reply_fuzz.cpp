// Replies of each provider, from bytes to sightings. The first line is the number of the provider
// in the registry and, behind it, the Content-Type; what follows are the bodies that its requests
// are answered with, in order, cut at the record separator (U+001E).
#include "core/charset.hpp"
#include "core/log.hpp"
#include "core/record/envelope.hpp"
#include "processors/clean/cleaner.hpp"
#include "producers/fetch.hpp"
#include "producers/lenient_json.hpp"
#include "producers/registry.hpp"
#include "producers/sighting.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

constexpr std::size_t kMostRequests = 8;

/// Answers from the input; after its last body nothing is found.
class InputHttp final : public http::HttpClient {
 public:
  InputHttp(std::string content_type, std::string_view bodies)
      : content_type_{std::move(content_type)}, rest_{bodies} {}

  Result<http::Response> send(const http::Request& request) override {
    if (is_done_ || ++requests_ > kMostRequests) {
      return http::Response{404, {}, "", request.url};
    }
    const std::size_t end = rest_.find('\x1E');
    http::Response response{
        200, {{"content-type", content_type_}}, std::string{rest_.substr(0, end)}, request.url};
    is_done_ = end == std::string_view::npos;
    rest_.remove_prefix(is_done_ ? rest_.size() : end + 1);
    return response;
  }

 private:
  std::string content_type_;
  std::string_view rest_;
  std::size_t requests_ = 0;
  bool is_done_ = false;
};

void check_lenient(std::string_view body, std::string_view charset) {
  const auto strict = parse_json(body);
  const auto lenient = parse_lenient_json(body, charset);
  require(!strict || (lenient && lenient->mended.total() == 0 && lenient->value == *strict),
          "good JSON is read as it is");
  if (lenient) {
    const std::string written = to_json(lenient->value);
    require_json(written, "what was mended is JSON");
    require(to_json(*parse_json(written)) == written, "what was mended reads back", written);
  }
  Mended mended;
  const std::string text = read_text(body, charset, mended);
  require(is_utf8(text), "a text is UTF-8");
  require(mended.total() > 0 || text == body, "a text that was not mended is as it came");
}

void check_sighting(const Sighting& sighting) {
  static Cleaner cleaner;
  const std::string value = write_raw_record(
      {.fetched_at = UtcTime{1'790'000'000'000'000}, .run_id = "r", .body = sighting.work});
  require(is_utf8(value), "a sighting is UTF-8", value);
  // One that nests as deep as a reply may is a level deeper here, and clean puts it aside.
  const auto parsed = parse_json(value);
  require(parsed || parsed.error().message().find("deeper than") != std::string::npos,
          "a sighting is JSON", value);
  Arena arena;
  const CleanResult result = cleaner.clean(sighting.work, arena);
  if (const auto* const work = std::get_if<Work>(&result)) {
    const std::string key =
        make_work_key(work->media_type, work->provider, work->foreign_identifier);
    require(key == sighting.key, "clean makes the key that the producer made", key, sighting.key);
  }
}

void check_item(Provider& provider, const json::value& item, Fetch& fetch) {
  Emit emit;
  try {
    provider.expand(item, fetch, emit);
  } catch (const std::exception&) {
    return;  // the runner puts the raw record aside
  }
  for (const Draft& draft : emit.drafts()) {
    const Judged judged = judge(provider.spec(), draft);
    if (const auto* const sighting = std::get_if<Sighting>(&judged)) {
      check_sighting(*sighting);
    }
  }
}

void check(std::string_view input) {
  const std::string_view head = take_line(input);
  if (head.empty()) {
    return;
  }
  const auto& registered = providers();
  const auto provider =
      registered[static_cast<unsigned char>(head.front()) % registered.size()].make();
  const std::string content_type{head.substr(1)};
  check_lenient(input, charset_of(content_type));

  InputHttp client{content_type, input};
  FetchOptions options;
  options.patience.retries = 0;
  Fetch fetch{client, options, [](std::chrono::milliseconds) { return true; }};
  Run run;
  run.date = "2026-11-20";
  run.started_at = UtcTime{1'790'000'000'000'000};
  const auto params = provider->next(run, nullptr);
  require(params.has_value(), "a provider has a first request");
  const auto reply = provider->fetch_page(fetch, *params);
  if (!reply) {
    return;
  }
  for (const json::value* const item : provider->items(*reply)) {
    check_item(*provider, *item, fetch);
  }
  static_cast<void>(provider->next(run, &*reply));
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_quiet = [] {
    freshet::Config::Log config;
    config.level = "error";
    freshet::log::configure(config);
    return true;
  }();
  static_cast<void>(is_quiet);
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
