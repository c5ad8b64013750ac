#include "operate/sums.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "core/json.hpp"
#include "core/record/status.hpp"
#include "core/roles.hpp"
#include "operate/table.hpp"

namespace freshet {
namespace {

using totals_kind::kExtract;
using totals_kind::kProcess;
using totals_kind::kProduce;
using totals_kind::kUrls;

std::string number(std::int64_t value) { return std::to_string(value); }

std::int64_t works(const Totals& totals, Status status) {
  return totals.at("works." + std::string{to_string(status)});
}

Totals whole(const std::map<std::string, Totals>& by_provider) {
  Totals sum;
  for (const auto& [provider, totals] : by_provider) {
    sum.add(totals);
  }
  return sum;
}

std::int64_t accounted(const Totals& totals) {
  return totals.at("created") + totals.at("merged") + totals.at("unchanged") +
         totals.at("control") + totals.sum("dropped") + totals.sum("dead_lettered");
}

std::int64_t count_of(const std::map<std::string, std::int64_t>& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

void compare_store(const Sums& sums, const StoreSums& store, std::vector<std::string>& sentences) {
  if (!store.live) {
    sentences.push_back(
        fmt::format("{} did not answer: its works cannot be compared", store.title));
    return;
  }
  std::set<std::string> providers;
  for (const auto& [provider, totals] : sums.processed) {
    providers.insert(provider);
  }
  for (const auto& [provider, count] : store.live->by_provider) {
    providers.insert(provider);
  }
  for (const std::string& provider : providers) {
    const auto processed = sums.processed.find(provider);
    const std::int64_t wanted =
        processed == sums.processed.end() ? 0 : works(processed->second, Status::live);
    const std::int64_t found = count_of(store.live->by_provider, provider);
    if (wanted != found) {
      sentences.push_back(
          fmt::format("{}: {} works are live, {} in {}", provider, wanted, found, store.title));
    }
  }
}

/// `{"received": 1, "dropped": {"licence": 2}}` of flat names.
json::object nested(const Totals& totals) {
  json::object object;
  for (const auto& [name, count] : totals.counters) {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      object[name] = count;
      continue;
    }
    json::value& group = object[name.substr(0, dot)];
    if (!group.is_object()) {
      group = json::object{};
    }
    group.as_object()[name.substr(dot + 1)] = count;
  }
  return object;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

json::value store_json(const std::optional<LiveCounts>& counts) {
  if (!counts) {
    return nullptr;
  }
  json::object by_media_type;
  for (const auto& [name, count] : counts->by_media_type) {
    by_media_type[name] = count;
  }
  json::object by_provider;
  for (const auto& [name, count] : counts->by_provider) {
    by_provider[name] = count;
  }
  return json::object{{"live", counts->total()},
                      {"by_media_type", std::move(by_media_type)},
                      {"by_provider", std::move(by_provider)}};
}

json::object providers_json(const std::map<std::string, Totals>& by_provider) {
  json::object providers;
  for (const auto& [provider, totals] : by_provider) {
    providers[provider] = nested(totals);
  }
  return providers;
}

std::string processed_table(const Sums& sums) {
  std::vector<Table::Column> columns{{"PROVIDER"},
                                     {"RECEIVED", Align::right},
                                     {"CREATED", Align::right},
                                     {"MERGED", Align::right},
                                     {"UNCHANGED", Align::right},
                                     {"CONTROL", Align::right},
                                     {"DROPPED", Align::right},
                                     {"DEAD LETTERS", Align::right},
                                     {"LIVE", Align::right},
                                     {"DUPLICATE", Align::right},
                                     {"REMOVED", Align::right},
                                     {"BLOCKED", Align::right}};
  for (const StoreSums& store : sums.stores) {
    columns.push_back({upper_case(store.name), Align::right});
  }
  Table table{std::move(columns)};
  const auto row = [&](const std::string& name, const Totals& totals,
                       const std::function<std::int64_t(const LiveCounts&)>& in_store) {
    std::vector<std::string> cells{name,
                                   number(totals.at("received")),
                                   number(totals.at("created")),
                                   number(totals.at("merged")),
                                   number(totals.at("unchanged")),
                                   number(totals.at("control")),
                                   number(totals.sum("dropped")),
                                   number(totals.sum("dead_lettered")),
                                   number(works(totals, Status::live)),
                                   number(works(totals, Status::duplicate)),
                                   number(works(totals, Status::removed_at_source)),
                                   number(works(totals, Status::blocked))};
    for (const StoreSums& store : sums.stores) {
      cells.push_back(store.live ? number(in_store(*store.live)) : "?");
    }
    table.add(std::move(cells));
  };
  for (const auto& [provider, totals] : sums.processed) {
    row(provider, totals,
        [&](const LiveCounts& live) { return count_of(live.by_provider, provider); });
  }
  row("all", whole(sums.processed), [](const LiveCounts& live) { return live.total(); });
  return table.text();
}

std::string produced_table(const Sums& sums) {
  Table table{{{"PRODUCED"},
               {"LISTED", Align::right},
               {"EMITTED", Align::right},
               {"DROPPED", Align::right},
               {"REJECTED", Align::right},
               {"PAGES", Align::right},
               {"REQUESTS", Align::right},
               {"MENDED", Align::right}}};
  for (const auto& [provider, totals] : sums.produced) {
    table.add({provider, number(totals.at("listed")), number(totals.at("emitted")),
               number(totals.sum("dropped")), number(totals.sum("rejected")),
               number(totals.at("pages")), number(totals.at("requests")),
               number(totals.at("mended"))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string extracted_table(const Sums& sums) {
  Table table{{{"PAGES OF"},
               {"RECEIVED", Align::right},
               {"EXTRACTED", Align::right},
               {"DROPPED", Align::right},
               {"DEAD LETTERS", Align::right},
               {"SIGHTINGS", Align::right}}};
  for (const auto& [provider, totals] : sums.extracted) {
    table.add({provider, number(totals.at("received")), number(totals.at("extracted")),
               number(totals.sum("dropped")), number(totals.sum("dead_lettered")),
               number(totals.at("emitted"))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string reasons_table(const Sums& sums) {
  Table table{{{"PROVIDER"}, {"STEP"}, {"OUTCOME"}, {"REASON"}, {"RECORDS", Align::right}}};
  const auto add = [&](std::string_view step, const std::map<std::string, Totals>& by_provider,
                       const std::string& outcome) {
    const std::string prefix = outcome + ".";
    for (const auto& [provider, totals] : by_provider) {
      for (const auto& [name, count] : totals.counters) {
        if (name.starts_with(prefix) && count != 0) {
          table.add(
              {provider, std::string{step}, outcome, name.substr(prefix.size()), number(count)});
        }
      }
    }
  };
  add(kProduce, sums.produced, "dropped");
  add(kProduce, sums.produced, "rejected");
  add(kExtract, sums.extracted, "dropped");
  add(kExtract, sums.extracted, "dead_lettered");
  add(kProcess, sums.processed, "dropped");
  add(kProcess, sums.processed, "dead_lettered");
  add(kProcess, sums.processed, "left_out");
  add(kProcess, sums.processed, "claims");
  add(kProcess, sums.processed, "verdicts");
  add(kProcess, sums.processed, "catalogue");
  add(kUrls, sums.urls, "dead_lettered");
  return table.empty() ? "" : "\n" + table.text();
}

std::string readers_table(const Sums& sums) {
  Table table{{{"READER"},
               {"TOPIC"},
               {"DONE", Align::right},
               {"END", Align::right},
               {"OFFSETS LEFT", Align::right}}};
  for (const ReaderSums& one : sums.readers) {
    table.add(
        {one.group, one.topic, number(one.done), number(one.end), number(one.end - one.done)});
  }
  return table.empty() ? "" : "\n" + table.text();
}

json::array readers_json(const Sums& sums) {
  json::array list;
  for (const ReaderSums& one : sums.readers) {
    list.push_back(json::object{{"group", one.group},
                                {"topic", one.topic},
                                {"done", one.done},
                                {"end", one.end},
                                {"left", one.end - one.done}});
  }
  return list;
}

std::string removals_table(const Sums& sums) {
  Table table{{{"REMOVAL HELD"},
               {"RUN BEGAN"},
               {"KNOWN", Align::right},
               {"MISSING", Align::right},
               {"SIGHTINGS REFUSED"}}};
  for (const HeldRemoval& removal : sums.removals_held) {
    table.add({removal.media_type + ":" + removal.provider, format_millis(removal.held.started_at),
               number(removal.held.known), number(removal.held.missing),
               removal.held.has_refused_sightings ? "yes" : "no"});
  }
  return table.empty() ? "" : "\n" + table.text();
}

json::array removals_json(const Sums& sums) {
  json::array list;
  for (const HeldRemoval& removal : sums.removals_held) {
    list.push_back(json::object{{"media_type", removal.media_type},
                                {"provider", removal.provider},
                                {"started_at", format_millis(removal.held.started_at)},
                                {"known", removal.held.known},
                                {"missing", removal.held.missing},
                                {"refused_sightings", removal.held.has_refused_sightings}});
  }
  return list;
}

}  // namespace

std::int64_t LiveCounts::total() const {
  std::int64_t sum = 0;
  for (const auto& [media_type, count] : by_media_type) {
    sum += count;
  }
  return sum;
}

void Sums::add(const TotalsKey& key, const Totals& totals) {
  if (key.kind == kProcess) {
    processed[key.provider].add(totals);
  } else if (key.kind == kProduce) {
    produced[key.provider].add(totals);
  } else if (key.kind == kExtract) {
    extracted[key.provider].add(totals);
  } else if (key.kind == kUrls) {
    urls[key.provider].add(totals);
  } else if (find_role_of_sums(key.kind) == nullptr) {
    const std::string note = fmt::format("No role is known that keeps sums of kind {}.", key.kind);
    if (std::ranges::find(notes, note) == notes.end()) {
      notes.push_back(note);
    }
  }
}

std::vector<std::string> find_disagreements(const Sums& sums) {
  std::vector<std::string> sentences;
  for (const auto& [provider, totals] : sums.produced) {
    const std::int64_t told = totals.at("emitted") + totals.sum("dropped") + totals.sum("rejected");
    if (totals.at("listed") != told) {
      sentences.push_back(fmt::format("{}: {} records were listed, {} emitted, dropped or rejected",
                                      provider, totals.at("listed"), told));
    }
  }
  for (const auto& [provider, totals] : sums.extracted) {
    const std::int64_t told =
        totals.at("extracted") + totals.sum("dropped") + totals.sum("dead_lettered");
    if (totals.at("received") != told) {
      sentences.push_back(fmt::format("{}: {} pages were received, {} have an outcome", provider,
                                      totals.at("received"), told));
    }
  }
  for (const auto& [provider, totals] : sums.processed) {
    if (totals.at("received") != accounted(totals)) {
      sentences.push_back(fmt::format("{}: {} records were received, {} have an outcome", provider,
                                      totals.at("received"), accounted(totals)));
    }
  }
  for (const auto& [provider, totals] : sums.urls) {
    const std::int64_t told =
        totals.at("claimed") + totals.at("released") + totals.sum("dead_lettered");
    if (totals.at("received") != told) {
      sentences.push_back(fmt::format("{}: {} claims on URLs were received, {} have an outcome",
                                      provider, totals.at("received"), told));
    }
  }
  for (const StoreSums& store : sums.stores) {
    compare_store(sums, store, sentences);
  }
  return sentences;
}

std::string format_sums_table(const Sums& sums) {
  std::string text = processed_table(sums) + produced_table(sums) + extracted_table(sums) +
                     reasons_table(sums) + readers_table(sums) + removals_table(sums) + "\n";
  for (const std::string& note : sums.notes) {
    text += note + "\n";
  }
  const auto sentences = find_disagreements(sums);
  if (sentences.empty()) {
    return text + "The sums agree.\n";
  }
  for (const std::string& sentence : sentences) {
    text += "Does not agree: " + sentence + "\n";
  }
  return text;
}

std::string format_sums_json(const Sums& sums) {
  json::array disagreements;
  for (const std::string& sentence : find_disagreements(sums)) {
    disagreements.push_back(json::value(sentence));
  }
  json::array notes;
  for (const std::string& note : sums.notes) {
    notes.push_back(json::value(note));
  }
  json::object stores;
  for (const StoreSums& store : sums.stores) {
    stores[store.name] = store_json(store.live);
  }
  const bool agree = disagreements.empty();
  return to_json(json::object{{"processed", providers_json(sums.processed)},
                              {"produced", providers_json(sums.produced)},
                              {"extracted", providers_json(sums.extracted)},
                              {"urls", providers_json(sums.urls)},
                              {"all", nested(whole(sums.processed))},
                              {"stores", std::move(stores)},
                              {"readers", readers_json(sums)},
                              {"removals_held", removals_json(sums)},
                              {"agree", agree},
                              {"disagreements", std::move(disagreements)},
                              {"notes", std::move(notes)}}) +
         "\n";
}

std::string format_sums_line(const Sums& sums) {
  const Totals all = whole(sums.processed);
  std::string line = fmt::format(
      "received {}  created {}  merged {}  unchanged {}  dropped {}  dead letters {}  live {}",
      all.at("received"), all.at("created"), all.at("merged"), all.at("unchanged"),
      all.sum("dropped"), all.sum("dead_lettered"), works(all, Status::live));
  for (const StoreSums& store : sums.stores) {
    line += fmt::format("  {} {}", store.name, store.live ? number(store.live->total()) : "?");
  }
  return line + "\n";
}

}  // namespace freshet
