#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "core/check.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "operate/rebuild.hpp"
#include "operate/rebuild_gate.hpp"
#include "operate/rebuild_progress.hpp"
#include "operate/rebuild_steps.hpp"
#include "operate/rebuild_tables.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

constexpr std::string_view kRole = "sink.postgres";
constexpr std::string_view kGroup = "rebuild.postgres";

class Rebuild {
 public:
  Rebuild(const Context& context, const RebuildFlags& flags, const FillFunction& fill)
      : context_{context},
        flags_{flags},
        fill_{fill},
        group_{context.config.kafka.prefixed(kGroup)},
        tables_{context.config.postgres.dsn,
                context.config.kafka.prefixed(role(kRole).topics.front()),
                context.config.kafka.prefixed(kRole), group_, context.stop} {}

  int run() {
    if (flags_.drop) {
      return drop();
    }
    const RebuildTables::State before = tables_.state();
    check_state(before);
    RebuildProgress progress{context_, role(kRole)};
    if (!before.is_under_way) {
      media_types_ = media_types(flags_);
      tables_.create(media_types_);
      log::info("tables_made", {{"media_types", fmt::format("{}", fmt::join(media_types_, ","))}});
    } else {
      media_types_ = before.filling.empty() ? before.previous : before.filling;
    }
    auto fill = start_fill();
    progress.await_ends(*fill);
    if (!before.is_under_way || !before.filling.empty()) {
      tables_.analyze(media_types_);
      check_content(*fill, progress);
      progress.await_ends(*fill);
      tables_.swap(media_types_, note());
      log::info("tables_taken_into_use", {{"group", group_}});
    }
    return finish(std::move(fill), progress);
  }

  int back() {
    const RebuildTables::State before = tables_.state();
    if (before.is_under_way) {
      throw RefusedError{"a rebuild is under way: end it first, with --resume or --drop"};
    }
    for (const std::string& media : media_types(flags_)) {
      if (std::ranges::find(before.previous, media) != before.previous.end()) {
        media_types_.push_back(media);
      }
    }
    if (media_types_.empty()) {
      throw RefusedError{"there are no tables that were in use before"};
    }
    RebuildProgress progress{context_, role(kRole)};
    tables_.swap_back(media_types_);
    log::info("tables_swapped_back", {{"group", group_}});
    return finish(start_fill(), progress);
  }

 private:
  void check_state(const RebuildTables::State& now) const {
    if (now.is_under_way && !flags_.resume && !flags_.promote_anyway) {
      throw RefusedError{"a rebuild is under way: --resume goes on with it, --drop gives it up"};
    }
    if (!now.is_under_way && flags_.resume) {
      throw RefusedError{"no rebuild is under way"};
    }
    if (!now.is_under_way && !now.previous.empty()) {
      throw RefusedError{"tables of the rebuild before are still kept: --drop deletes them"};
    }
  }

  std::unique_ptr<StoreFill> start_fill() {
    FillRequest request;
    request.role = kRole;
    request.config = context_.config;
    request.config.postgres.dsn = tables_.filling_dsn();
    request.group = group_;
    if (media_types_.size() == 1) {
      request.only = parse_media_type(media_types_.front());
    }
    request.per_second = flags_.per_second;
    return fill_(request);
  }

  /// @error WorkFailed: the gate is not passed, and nobody says that it does not matter.
  void check_content(const StoreFill& fill, RebuildProgress& progress) {
    for (const std::string& media : media_types_) {
      // Both before the snapshot: what they do not have yet is in flight.
      const auto done = fill.state().done;
      const auto live = progress.live();
      const RebuildTables::Counts counts = tables_.count(media);
      const auto sample = tables_.sample(media, flags_.sample);
      const std::int64_t in_flight = RebuildProgress::between(progress.ends(), done, live);
      for (const auto& found :
           {compare_counts(counts.made, counts.live, in_flight), compare_rows(sample, in_flight)}) {
        for (const std::string& sentence : found) {
          differences_.push_back(media + ": " + sentence);
        }
      }
    }
    pass_gate(differences_, flags_, "the new tables");
  }

  std::string note() const {
    if (!flags_.promote_anyway) {
      return "";
    }
    return to_json(json::object{{"promoted", promotion(flags_.author, differences_)}});
  }

  /// What the live sink wrote into the other tables before the swap lies before the present ends.
  int finish(std::unique_ptr<StoreFill> fill, RebuildProgress& progress) {
    progress.await(*fill, progress.ends());
    const StoreFill::State state = fill->state();
    fill.reset();
    tables_.forget_filling();
    forget_groups(context_.config.kafka, {group_});
    print(state);
    return ExitCode::done;
  }

  int drop() {
    const auto names = tables_.drop();
    if (names.empty()) {
      throw RefusedError{"there is no table to drop"};
    }
    forget_groups(context_.config.kafka, {group_});
    print_dropped(names, flags_.json);
    return ExitCode::done;
  }

  void print(const StoreFill::State& state) {
    if (!flags_.json) {
      Table table{{{"TABLE"}, {"RECORDS READ"}, {"FORMER TABLE"}}};
      for (const std::string& media : media_types_) {
        table.add({media, std::to_string(state.records), "kept"});
      }
      print_result(table.text());
      return;
    }
    const auto list = [](const std::vector<std::string>& texts) {
      return json::array(texts.begin(), texts.end());
    };
    print_result(to_json(json::object{{"store", "postgres"},
                                      {"tables", list(media_types_)},
                                      {"previous", list(tables_.state().previous)},
                                      {"records", state.records},
                                      {"put_aside", state.put_aside},
                                      {"differences", list(differences_)}}) +
                 "\n");
  }

  const Context& context_;
  const RebuildFlags& flags_;
  const FillFunction& fill_;
  const std::string group_;
  RebuildTables tables_;
  std::vector<std::string> media_types_;
  std::vector<std::string> differences_;
};

}  // namespace

int rebuild_postgres(const Context& context, const RebuildFlags& flags, const FillFunction& fill) {
  return Rebuild{context, flags, fill}.run();
}

int rebuild_postgres_back(const Context& context, const RebuildFlags& flags,
                          const FillFunction& fill) {
  return Rebuild{context, flags, fill}.back();
}

}  // namespace freshet
