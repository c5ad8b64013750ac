#include "producers/common_crawl/command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>
#include <regex>
#include <thread>

#include "core/check.hpp"
#include "core/crawl/archive.hpp"
#include "core/crawl/archive_client.hpp"
#include "core/log.hpp"
#include "producers/common_crawl/page_outputs.hpp"
#include "producers/kafka_output.hpp"
#include "producers/print_output.hpp"
#include "producers/progress.hpp"
#include "producers/rejects_file.hpp"
#include "producers/subcommand_flags.hpp"

namespace freshet {
namespace {

struct Flags {
  std::string index;
  std::string from = Archive::kPublic;
  std::vector<std::string> wat;
  std::vector<std::string> warc;
  int workers = 0;
  std::string shard;
  std::int64_t limit = 0;
  bool restart = false;
  bool dry_run = false;
  bool rows = false;
  std::string rejects;
};

std::pair<int, int> parse_shard(const std::string& text) {
  int shard = 1;
  int shards = 1;
  if (text.empty()) {
    return {shard, shards};
  }
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, shard);
  if (first.ec == std::errc{} && first.ptr != end && *first.ptr == '/') {
    const auto second = std::from_chars(first.ptr + 1, end, shards);
    if (second.ec == std::errc{} && second.ptr == end && 1 <= shard && shard <= shards) {
      return {shard, shards};
    }
  }
  throw StartupError{"--shard " + text + " is not N/OF, such as 1/4"};
}

CrawlOptions options_of(const Flags& flags) {
  const int sources =
      (flags.index.empty() ? 0 : 1) + (flags.wat.empty() ? 0 : 1) + (flags.warc.empty() ? 0 : 1);
  if (sources != 1) {
    throw StartupError{"common_crawl takes one of --index, --wat and --warc"};
  }
  static const std::regex kIndex{"CC-MAIN-[0-9]{4}-[0-9]{2}"};
  if (!flags.index.empty() && !std::regex_match(flags.index, kIndex)) {
    throw StartupError{"--index " + flags.index + " is not CC-MAIN-YYYY-WW"};
  }
  CrawlOptions options;
  options.base = flags.index.empty() ? "." : flags.from;
  options.index = flags.index;
  options.kind = flags.warc.empty() ? CrawlFiles::wat : CrawlFiles::warc;
  options.files = flags.warc.empty() ? flags.wat : flags.warc;
  options.workers = flags.workers > 0
                        ? flags.workers
                        : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::tie(options.shard, options.shards) = parse_shard(flags.shard);
  if (flags.limit > 0) {
    options.limit = flags.limit;
  }
  options.restart = flags.restart;
  if (options.shards > 1 && options.index.empty()) {
    throw StartupError{"--shard goes with --index"};
  }
  return options;
}

int run(const Flags& flags, const Context& context) {
  if (flags.rows && !flags.dry_run) {
    throw StartupError{"--rows goes with --dry-run"};
  }
  const CrawlOptions options = options_of(flags);
  RejectsFile rejects{flags.rejects};
  const SystemClock clock;
  std::mutex printing;
  std::unique_ptr<MetricsServer> metrics_server;
  std::unique_ptr<Output> state;
  if (flags.dry_run) {
    state = std::make_unique<PrintOutput>(std::cout, CleanFunction{}, nullptr);
  } else {
    state = std::make_unique<KafkaOutput>(context.config.kafka, clock, context.stop);
    metrics_server =
        std::make_unique<MetricsServer>(context.metrics, context.config.metrics.listen);
    log::info("metrics_served", {{"address", metrics_server->address()}});
  }
  Counter& emitted = context.metrics.counter("freshet_produce_records_emitted_total",
                                             "Sightings handed to the broker",
                                             {{"provider", std::string{kCommonCrawl}}});
  Progress progress{{"common_crawl"}};
  std::int64_t emitted_before = 0;
  const RunState ended = run_crawl(
      options, {.make_client = [&] { return make_archive_client(context.config, context.stop); },
                .make_output = [&]() -> std::unique_ptr<PageOutput> {
                  if (flags.dry_run) {
                    return std::make_unique<PrintPageOutput>(std::cout, printing, flags.rows);
                  }
                  return std::make_unique<KafkaPageOutput>(context.config.kafka, clock);
                },
                .state = *state,
                .clock = clock,
                .stop = context.stop,
                .on_refusal = [&](const Refusal& refusal) { rejects.add(refusal); },
                .on_progress =
                    [&](const Totals& counts) {
                      progress.update("common_crawl", counts, 0);
                      emitted.add(static_cast<double>(counts.at("emitted") - emitted_before));
                      emitted_before = counts.at("emitted");
                    }});
  if (ended.outcome == RunOutcome::finished) {
    return ExitCode::done;
  }
  std::cerr << "freshet: common_crawl: "
            << (ended.error.empty() ? std::string{to_string(ended.outcome)} : ended.error) << '\n';
  return ExitCode::failed;
}

}  // namespace

void add_common_crawl_command(CLI::App& produce, Commands& commands) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* crawl = produce.add_subcommand(
      "common_crawl", "Find pages of the Common Crawl that link to an open licence");
  crawl->add_option("--index", flags->index, "The crawl, CC-MAIN-YYYY-WW: all of its WAT files");
  crawl->add_option("--from", flags->from, "Where the crawl is: a URL, or a folder that mirrors it")
      ->capture_default_str();
  crawl->add_option("--wat", flags->wat, "WAT files on disk, instead of a crawl")
      ->check(CLI::ExistingFile);
  crawl->add_option("--warc", flags->warc, "WARC files on disk: their pages are parsed for links")
      ->check(CLI::ExistingFile);
  crawl->add_option("--workers", flags->workers, "Files at a time; default: cores")
      ->check(CLI::Range(1, 256));
  crawl->add_option("--shard", flags->shard,
                    "This process's share of a crawl that several read, such as 1/4");
  crawl->add_option("--limit", flags->limit, "Stop after so many pages")
      ->check(CLI::PositiveNumber);
  crawl->add_flag("--restart", flags->restart, "Read files that are done once more");
  crawl->add_flag("--dry-run", flags->dry_run,
                  "Print pages, one a line, and write nothing to Kafka");
  crawl->add_flag("--rows", flags->rows,
                  "With --dry-run: print a row of the batch system's columns per licence link");
  crawl->add_option("--rejects", flags->rejects, "Write what was rejected to this file");
  crawl->footer("Example: freshet produce common_crawl --index CC-MAIN-2024-10");
  commands.on_run(crawl, [flags, &produce](const Context& context) {
    refuse_flags_of(produce, "common_crawl");
    return run(*flags, context);
  });
}

}  // namespace freshet
