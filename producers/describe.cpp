#include "producers/describe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8.hpp"

namespace freshet {
namespace {

std::string_view to_text(Dated dated) {
  switch (dated) {
    case Dated::no:
      return "no";
    case Dated::optional:
      return "optional";
    case Dated::yes:
      return "yes";
  }
  return "";
}

std::string keys_of(const ProviderSpec& spec) {
  std::string text;
  for (const auto& [media_type, key] : spec.providers) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", key, to_string(media_type));
  }
  return text;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

std::string credential_text(const ProviderSpec& spec) {
  if (!spec.credential) {
    return "none";
  }
  const Credential& credential = *spec.credential;
  return fmt::format("`providers.{}_key` (or `{}`){}, sent as {} `{}`", spec.command,
                     credential.original_name, credential.is_optional ? ", optional" : "",
                     credential.place == Credential::Place::query ? "query parameter" : "header",
                     credential.name);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], count_code_points(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] - count_code_points(row[i]) + 2, ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

json::value spec_json(const ProviderSpec& spec) {
  json::array keys;
  for (const auto& [media_type, key] : spec.providers) {
    keys.push_back(json::object{{"media_type", to_string(media_type)}, {"provider", key}});
  }
  return json::object{
      {"command", spec.command},
      {"title", spec.title},
      {"providers", std::move(keys)},
      {"schedule", spec.schedule},
      {"dated", to_text(spec.dated)},
      {"credential",
       spec.credential ? json::value("providers." + spec.command + "_key") : json::value(nullptr)}};
}

}  // namespace

std::string describe_provider(const ProviderSpec& spec) {
  std::string page =
      fmt::format("# {}\n\n`freshet produce {}`\n\n| | |\n|---|---|\n", spec.title, spec.command);
  const auto row = [&](std::string_view name, std::string_view value) {
    page += fmt::format("| {} | {} |\n", name, value);
  };
  row("Records", keys_of(spec));
  row("Hosts", joined(spec.hosts));
  if (!spec.endpoint.empty()) {
    row("List requests", "`" + spec.endpoint + "`");
  }
  row("Schedule", spec.schedule);
  row("By date", spec.dated == Dated::no ? "no: every run reads everything"
                 : spec.dated == Dated::optional
                     ? "optional: with `--date` what changed that day"
                     : "yes: one UTC day a run, by default the last whole one");
  row("By slices of time", spec.takes_slice ? "yes (`--slice`)" : "no");
  row("Between requests", fmt::format("{} ms per host", spec.delay.count()));
  row("Attempts", fmt::format("{}", spec.retries + 1));
  row("Page size", fmt::format("{}", spec.batch_limit));
  row("Credential", credential_text(spec));
  for (const auto& [name, value] : spec.fixed_values) {
    row("Always", fmt::format("`{}` = `{}`", name, value));
  }
  if (!spec.notes.empty()) {
    page += "\n" + spec.notes + "\n";
  }
  return page;
}

std::string list_providers(const std::vector<const ProviderSpec*>& specs, bool as_json) {
  if (as_json) {
    json::array array;
    for (const ProviderSpec* spec : specs) {
      array.push_back(spec_json(*spec));
    }
    return to_json(array) + '\n';
  }
  std::vector<std::vector<std::string>> rows{
      {"PROVIDER", "RECORDS", "SCHEDULE", "BY DATE", "CREDENTIAL"}};
  for (const ProviderSpec* spec : specs) {
    rows.push_back({spec->command, keys_of(*spec), spec->schedule,
                    std::string{to_text(spec->dated)},
                    spec->credential ? "providers." + spec->command + "_key" : "-"});
  }
  return table(rows);
}

std::string list_states(const std::vector<RunState>& states, bool as_json) {
  if (as_json) {
    json::array array;
    for (const RunState& state : states) {
      array.push_back(*parse_json(encode_run_state(state)));
    }
    return to_json(array) + '\n';
  }
  std::vector<std::vector<std::string>> rows{{"PROVIDER", "OUTCOME", "DATE", "STARTED", "ENDED",
                                              "PAGES", "EMITTED", "DROPPED", "REJECTED", "ERROR"}};
  for (const RunState& state : states) {
    rows.push_back(
        {state.command, std::string{to_string(state.outcome)}, state.date.value_or("-"),
         format_millis(state.started_at),
         state.finished_at ? format_millis(*state.finished_at) : "-",
         std::to_string(state.counts.at("pages")), std::to_string(state.counts.at("emitted")),
         std::to_string(state.counts.sum("dropped")), std::to_string(state.counts.sum("rejected")),
         state.error.empty() ? "-" : state.error});
  }
  return table(rows);
}

}  // namespace freshet
