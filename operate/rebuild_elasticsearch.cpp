#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "core/check.hpp"
#include "core/http/elasticsearch.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/resources.hpp"
#include "core/topics.hpp"
#include "operate/cluster.hpp"
#include "operate/rebuild.hpp"
#include "operate/rebuild_gate.hpp"
#include "operate/rebuild_indexes.hpp"
#include "operate/rebuild_progress.hpp"
#include "operate/rebuild_steps.hpp"
#include "operate/schema.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

constexpr std::string_view kRole = "sink.elasticsearch";

std::vector<GateQuery> gate_queries(const RebuildFlags& flags) {
  std::string text{resource("elasticsearch/gate.json")};
  if (!flags.gate.empty()) {
    std::ifstream file{flags.gate, std::ios::binary};
    if (!file) {
      throw StartupError{"--gate " + flags.gate + " cannot be read"};
    }
    text.assign(std::istreambuf_iterator<char>{file}, {});
  }
  auto queries = parse_gate(text);
  if (!queries) {
    throw StartupError{"--gate: " + queries.error().message()};
  }
  return std::move(*queries);
}

/// One index that is made anew, and the one that it takes the place of.
struct Pair {
  RebuildIndexes indexes;
  std::string used;
  std::string made;
  bool is_in_use = false;  ///< `made` is taken into use already
};

class Rebuild {
 public:
  Rebuild(const Context& context, const RebuildFlags& flags, const FillFunction& fill)
      : context_{context},
        flags_{flags},
        fill_{fill},
        client_{http::elasticsearch_options(context.config, context.stop)},
        cluster_{client_, context.config.elasticsearch.url} {}

  int run() {
    if (flags_.drop) {
      return drop();
    }
    find();
    if (pairs_.empty()) {
      create();
    }
    RebuildProgress progress{context_, role(kRole)};
    auto fill = start_fill(group_of(suffix_), {});
    progress.await_ends(*fill);
    for (Pair& pair : pairs_) {
      pair.indexes.refresh_as_shipped(pair.made);
    }
    if (!is_in_use()) {
      check(*fill, progress);
      progress.await_ends(*fill);
      take_into_use(progress);
    }
    // What the live sink wrote into the other index before it saw the new aliases lies before this.
    progress.await(*fill, progress.ends());
    const StoreFill::State state = fill->state();
    fill.reset();
    for (Pair& pair : pairs_) {
      pair.indexes.stop_filling(pair.made);
    }
    print(state);
    return ExitCode::done;
  }

  int back() {
    for (const std::string& media : media_types(flags_)) {
      RebuildIndexes indexes = of(media);
      if (indexes.filling()) {
        throw RefusedError{"a rebuild is under way: end it first, with --resume or --drop"};
      }
      if (const auto previous = indexes.previous()) {
        std::string used = indexes.in_use();
        pairs_.push_back({std::move(indexes), std::move(used), *previous, false});
      }
    }
    if (pairs_.empty()) {
      throw RefusedError{"there is no index that was in use before"};
    }
    suffix_ = pairs_.front().indexes.suffix(pairs_.front().made);
    RebuildProgress progress{context_, role(kRole)};
    for (Pair& pair : pairs_) {
      pair.indexes.fill_again(pair.made);
    }
    take_into_use(progress);
    log::info("index_swapped_back", {{"index", pairs_.front().made}});
    // It lacks what was written since the swap; that is read from where the live sink was then.
    auto fill = start_fill(group_of(suffix_), {});
    progress.await(*fill, progress.ends());
    const StoreFill::State state = fill->state();
    fill.reset();
    for (Pair& pair : pairs_) {
      pair.indexes.stop_filling(pair.made);
    }
    print(state);
    return ExitCode::done;
  }

 private:
  RebuildIndexes of(const std::string& media) {
    return {cluster_, context_.config.elasticsearch.index_prefix, media};
  }

  std::string group_of(const std::string& suffix) const {
    return context_.config.kafka.prefixed("rebuild.elasticsearch." + suffix);
  }

  bool is_in_use() const {
    return std::ranges::all_of(pairs_, [](const Pair& pair) { return pair.is_in_use; });
  }

  /// A rebuild that is under way.
  void find() {
    for (const std::string& media : media_types({})) {
      RebuildIndexes indexes = of(media);
      if (const auto filling = indexes.filling()) {
        std::string used = indexes.in_use();
        const bool is_done = used == *filling;
        suffix_ = indexes.suffix(*filling);
        pairs_.push_back({std::move(indexes), std::move(used), *filling, is_done});
      }
    }
    if (!pairs_.empty() && !flags_.resume && !flags_.promote_anyway) {
      throw RefusedError{"a rebuild is under way, into " + pairs_.front().made +
                         ": --resume goes on with it, --drop gives it up"};
    }
    if (pairs_.empty() && flags_.resume) {
      throw RefusedError{"no rebuild is under way"};
    }
  }

  void create() {
    for (const std::string& media : media_types(flags_)) {
      RebuildIndexes indexes = of(media);
      if (const auto previous = indexes.previous()) {
        throw RefusedError{"index " + *previous +
                           " of the rebuild before is still kept: --drop deletes it"};
      }
    }
    suffix_ = unused_suffix();
    for (const std::string& media : media_types(flags_)) {
      RebuildIndexes indexes = of(media);
      std::string used = indexes.in_use();
      std::string made = indexes.create(suffix_, flags_.shards, flags_.replicas);
      log::info("index_made", {{"index", made}, {"beside", used}});
      pairs_.push_back({std::move(indexes), std::move(used), std::move(made), false});
    }
  }

  /// Now, or the first second after it that no index of these media types is named for: two
  /// rebuilds may begin within one.
  std::string unused_suffix() {
    const auto is_used = [this](const std::string& suffix) {
      return std::ranges::any_of(
          media_types(flags_), [&](const std::string& media) { return of(media).exists(suffix); });
    };
    UtcTime at = SystemClock{}.now();
    while (is_used(schema::suffix_of(at))) {
      at = at + std::chrono::seconds{1};
    }
    return schema::suffix_of(at);
  }

  std::unique_ptr<StoreFill> start_fill(const std::string& group,
                                        std::map<kafka::Partition, kafka::Offset> from) {
    FillRequest request;
    request.role = kRole;
    request.config = context_.config;
    request.config.elasticsearch.index_prefix =
        RebuildIndexes::kFilling + request.config.elasticsearch.index_prefix;
    request.group = group;
    if (pairs_.size() == 1) {
      request.only = parse_media_type(pairs_.front().indexes.media_type());
    }
    request.from = std::move(from);
    request.per_second = flags_.per_second;
    return fill_(request);
  }

  /// @error WorkFailed: the gate is not passed, and nobody says that it does not matter.
  void check(const StoreFill& fill, RebuildProgress& progress) {
    IndexGate gate{cluster_, {gate_queries(flags_), static_cast<std::size_t>(flags_.sample)}};
    for (const Pair& pair : pairs_) {
      const auto done = fill.state().done;
      const auto live = progress.live();
      const auto found = gate.check(pair.indexes.media_type(), pair.used, pair.made, [&] {
        return RebuildProgress::between(progress.ends(), done, live);
      });
      differences_.insert(differences_.end(), found.begin(), found.end());
    }
    pass_gate(differences_, flags_, pairs_.front().made);
  }

  void take_into_use(RebuildProgress& progress) {
    const auto live = progress.live();
    for (Pair& pair : pairs_) {
      if (flags_.promote_anyway) {
        pair.indexes.note_promotion(pair.made, promotion(flags_.author, differences_));
      }
    }
    // The index that goes out of use has all before these offsets: `rebuild back` reads from here.
    std::vector<kafka::TopicPartitionOffset> offsets;
    for (const auto& [partition, offset] : live) {
      offsets.push_back({{context_.config.kafka.prefixed(topics::kCatalog), partition}, offset});
    }
    kafka::Admin admin{context_.config.kafka};
    for (Pair& pair : pairs_) {
      require(admin.set_group_offsets(group_of(pair.indexes.suffix(pair.used)), offsets));
    }
    for (Pair& pair : pairs_) {
      pair.indexes.swap(pair.used, pair.made);
      pair.is_in_use = true;
      log::info("index_taken_into_use", {{"index", pair.made}, {"instead_of", pair.used}});
    }
  }

  int drop() {
    std::vector<std::string> dropped;
    std::set<std::string> groups;
    for (const std::string& media : media_types(flags_)) {
      RebuildIndexes indexes = of(media);
      const std::string used = indexes.in_use();
      for (const auto& name : {indexes.filling(), indexes.previous()}) {
        if (name && *name != used) {
          indexes.drop(*name);
          groups.insert(group_of(indexes.suffix(*name)));
          dropped.push_back(*name);
        }
      }
    }
    if (dropped.empty()) {
      throw RefusedError{"there is no index to drop"};
    }
    forget_groups(context_.config.kafka, groups);
    print_dropped(dropped, flags_.json);
    return ExitCode::done;
  }

  void print(const StoreFill::State& state) {
    if (flags_.json) {
      json::array indexes;
      for (const Pair& pair : pairs_) {
        indexes.push_back(json::object{{"media_type", pair.indexes.media_type()},
                                       {"in_use", pair.made},
                                       {"previous", pair.used}});
      }
      print_result(to_json(json::object{
                       {"store", "elasticsearch"},
                       {"indexes", std::move(indexes)},
                       {"records", state.records},
                       {"put_aside", state.put_aside},
                       {"differences", json::array(differences_.begin(), differences_.end())}}) +
                   "\n");
      return;
    }
    Table table{{{"MEDIA"}, {"IN USE"}, {"KEPT"}}};
    for (const Pair& pair : pairs_) {
      table.add({pair.indexes.media_type(), pair.made, pair.used == pair.made ? "" : pair.used});
    }
    print_result(table.text());
  }

  const Context& context_;
  const RebuildFlags& flags_;
  const FillFunction& fill_;
  http::CurlClient client_;
  Cluster cluster_;
  std::vector<Pair> pairs_;
  std::string suffix_;
  std::vector<std::string> differences_;
};

}  // namespace

int rebuild_elasticsearch(const Context& context, const RebuildFlags& flags,
                          const FillFunction& fill) {
  return Rebuild{context, flags, fill}.run();
}

int rebuild_elasticsearch_back(const Context& context, const RebuildFlags& flags,
                               const FillFunction& fill) {
  return Rebuild{context, flags, fill}.back();
}

}  // namespace freshet
