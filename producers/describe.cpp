#include "producers/describe.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/utf8.hpp"

namespace freshet {
namespace {

constexpr std::size_t kPageWidth = 120;

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
  return fmt::format("`providers.{}_key` (or `{}`){}, {} as {} `{}`", spec.command,
                     credential.original_name, credential.is_optional ? ", optional" : "",
                     credential.sign == nullptr ? "sent" : "never sent: it signs the query,",
                     credential.place == Credential::Place::query ? "query parameter" : "header",
                     credential.name);
}

// `/hits/hits` is `hits.hits`, as people write it.
std::string member_text(std::string_view pointer) {
  std::string text{pointer.empty() ? "the reply" : pointer.substr(1)};
  std::replace(text.begin(), text.end(), '/', '.');
  return "`" + text + "`";
}

std::string answer_text(const Answer& answer) {
  std::vector<std::string> parts;
  if (answer.list) {
    parts.push_back("a list " + member_text(*answer.list));
  }
  if (!answer.status.empty()) {
    parts.push_back(member_text(answer.status) + " = `" + answer.success + "`");
  }
  if (!answer.total.empty()) {
    parts.push_back("the total " + member_text(answer.total));
  }
  for (const std::string& pointer : answer.holds) {
    parts.push_back(member_text(pointer));
  }
  return joined(parts);
}

}  // namespace

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

namespace {

// Lines of at most so many letters, as far as words let them.
std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const std::size_t letters = count_code_points(word);
    if (column > 0 && column + 1 + letters > width) {
      out += '\n';
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += letters;
    at = end + 1;
  }
  return out;
}

std::string rate_text(const ProviderSpec& spec) {
  return spec.delay.count() > 0
             ? fmt::format("{:.3g}/s", 1e6 / static_cast<double>(spec.delay.count()))
             : "-";
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
      {"requests_per_second", spec.delay.count() > 0
                                  ? json::value(1e6 / static_cast<double>(spec.delay.count()))
                                  : json::value(nullptr)},
      {"in_flight", spec.in_flight},
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
  if (const std::string answer = answer_text(spec.answer); !answer.empty()) {
    row("A list reply holds", answer);
  }
  row("A set is done", spec.paging == Paging::linked
                           ? "when its reply names no next page"
                           : "with the first empty page, behind a short one or the total");
  row("Schedule", spec.schedule);
  row("By date", spec.dated == Dated::no ? "no: every run reads everything"
                 : spec.dated == Dated::optional
                     ? "optional: with `--date` what changed that day"
                     : "yes: one UTC day a run, by default the last whole one");
  row("By slices of time", spec.takes_slice ? "yes (`--slice`)" : "no");
  row("Between requests",
      fmt::format("{:g} ms per host", static_cast<double>(spec.delay.count()) / 1000));
  if (spec.in_flight > 1) {
    row("In flight", fmt::format("the requests of {} raw records of a page", spec.in_flight));
  }
  row("Attempts", fmt::format("{}", spec.retries + 1));
  row("Page size", fmt::format("{}", spec.batch_limit));
  row("Credential", credential_text(spec));
  for (const auto& [name, value] : spec.fixed_values) {
    row("Always", fmt::format("`{}` = `{}`", name, value));
  }
  if (!spec.notes.empty()) {
    page += "\n" + wrapped(spec.notes, kPageWidth) + "\n";
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
      {"PROVIDER", "RECORDS", "SCHEDULE", "BY DATE", "RATE", "CREDENTIAL"}};
  for (const ProviderSpec* spec : specs) {
    rows.push_back({spec->command, keys_of(*spec), spec->schedule,
                    std::string{to_text(spec->dated)}, rate_text(*spec),
                    spec->credential ? "providers." + spec->command + "_key" : "-"});
  }
  return table(rows);
}

}  // namespace freshet
