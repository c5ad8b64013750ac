#include "producers/tsv_run.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "core/check.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/record/envelope.hpp"
#include "core/utf8.hpp"
#include "producers/line_reader.hpp"
#include "producers/sighting.hpp"
#include "producers/tsv_line.hpp"

namespace freshet {
namespace {

constexpr std::int64_t kLinesPerCheckpoint = 20'000;
// A dead letter of 4 MiB must still hold it, with its headers.
constexpr std::size_t kMaxLineBytes = 3UL * 1024 * 1024;
// Counts and dead letters of lines whose provider is not known.
constexpr const char* kUnknownProvider = "tsv";

// Tells loads apart that may go on side by side. A pipe's name (`-`, `/dev/fd/63`) is no file's, so
// the process stands for it.
std::string load_name(const TsvOptions& options) {
  std::error_code error;
  std::string what{to_string(options.media_type)};
  if (options.path != "-" && std::filesystem::is_regular_file(options.path, error)) {
    const auto path = std::filesystem::weakly_canonical(options.path, error);
    what += "\n" + (error ? options.path : path.string());
  } else {
    const RunHolder process = this_process();
    what += "\n-\n" + process.host + "\n" + process.machine + "\n" + std::to_string(process.pid) +
            "\n" + process.started;
  }
  return to_hex(xxh3(what));
}

class TsvRun {
 public:
  TsvRun(const TsvOptions& options, const TsvParts& parts)
      : options_{options}, parts_{parts}, reader_{options.path, kMaxLineBytes} {
    state_.command = "tsv";
    state_.started_at = UtcTime::from_millis(parts.clock.now().millis());
    // Of the file, not of the run: the same file gives the same bytes again.
    std::string time = format_millis(options.base).substr(0, 19);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const std::string_view path = options.path;
    state_.run_id = "tsv-" + time + "-" + to_hex(xxh3(path.substr(path.find_last_of('/') + 1)));
  }

  RunState run() {
    log::info("run_started",
              {{"provider", "tsv"}, {"run_id", state_.run_id}, {"file", options_.path}});
    // Several files may be read side by side, of one provider too; one file only once.
    const std::string name = state_.run_id + "-" + load_name(options_);
    constexpr std::uint64_t kNumbers = 0x3FFFFFFF;
    const auto sums = static_cast<std::int32_t>(1 + xxh3(name) % kNumbers);
    if (const auto taken = parts_.output.take_over(name, sums); !taken) {
      delivery_failed(taken.error());
      return state_;
    }
    state_.outcome = read_lines();
    if (state_.outcome != RunOutcome::failed || !lost_) {
      state_.finished_at = parts_.clock.now();
      checkpoint();
    }
    return state_;
  }

 private:
  RunOutcome read_lines() {
    std::int64_t since_checkpoint = 0;
    for (LineReader::Line line;;) {
      if (parts_.stop.stop_requested()) {
        return RunOutcome::stopped;
      }
      if (options_.limit && state_.counts.at("emitted") >= *options_.limit) {
        return RunOutcome::finished;
      }
      const auto more = reader_.next(line);
      if (!more) {
        return failed(more.error());
      }
      if (!*more || line.text == "\\.") {
        return RunOutcome::finished;
      }
      if (!take(line)) {
        return RunOutcome::failed;
      }
      if (++since_checkpoint == kLinesPerCheckpoint) {
        since_checkpoint = 0;
        if (!checkpoint()) {
          return RunOutcome::failed;
        }
      }
      if (parts_.on_progress) {
        parts_.on_progress(state_.counts);
      }
    }
  }

  bool take(const LineReader::Line& line) {
    if (line.is_too_long) {
      return reject(line, kUnknownProvider, std::nullopt, "",
                    Error{Errc::too_large, "line", "max_length", "the line is too long"});
    }
    auto row = parse_tsv_line(line.text, options_.media_type);
    if (!row) {
      return reject(line, kUnknownProvider, std::nullopt, "", row.error());
    }
    const std::string value = value_of(*row, line.number);
    if (!fits_raw_topic(row->key, value)) {
      return reject(line, row->provider, row->key, row->foreign_identifier,
                    Error{Errc::too_large, "work", "max_length", "the sighting is too large"});
    }
    const Sighting sighting{options_.media_type, std::move(row->provider), std::move(row->key),
                            std::move(row->work)};
    if (const auto sent = parts_.output.sighting(sighting, value); !sent) {
      return delivery_failed(sent.error());
    }
    count(sighting.provider, "listed");
    count(sighting.provider, "emitted");
    if (row->mended > 0) {
      count(sighting.provider, "mended", row->mended);
    }
    return true;
  }

  std::string value_of(const TsvRow& row, std::int64_t line) const {
    RawRecord record{.fetched_at = options_.base + std::chrono::microseconds{line},
                     .run_id = state_.run_id,
                     .body = row.work};
    const auto former = options_.former_identifiers.find(row.key);
    if (former != options_.former_identifiers.end()) {
      // Beside `work`: it is not what the provider said, and must not make it look changed.
      record.former_identifier = former->second;
    }
    return write_raw_record(record);
  }

  bool reject(const LineReader::Line& line, std::string provider, std::optional<std::string> key,
              const std::string& identifier, const Error& error) {
    count(provider, "listed");
    count(provider, "rejected." + std::string{to_string(error.errc())});
    if (parts_.on_refusal) {
      parts_.on_refusal({identifier, "rejected", std::string{to_string(error.errc())},
                         error.field(), error.rule()});
    }
    const auto sent = parts_.output.rejection({std::move(provider), error, std::move(key),
                                               std::string{line.text}, options_.path, line.number});
    return sent ? true : delivery_failed(sent.error());
  }

  bool checkpoint() {
    state_.updated_at = parts_.clock.now();
    if (const auto kept = parts_.output.checkpoint(state_, unsaved_); !kept) {
      return delivery_failed(kept.error());
    }
    unsaved_.clear();
    return true;
  }

  bool delivery_failed(const Error& error) {
    lost_ = true;
    failed(error);
    return false;
  }

  RunOutcome failed(const Error& error) {
    state_.outcome = RunOutcome::failed;
    state_.error = error.message();
    return RunOutcome::failed;
  }

  void count(const std::string& provider, std::string_view name, std::int64_t amount = 1) {
    state_.counts.add(name, amount);
    unsaved_[provider].add(name, amount);
  }

  const TsvOptions& options_;
  const TsvParts& parts_;
  LineReader reader_;
  RunState state_;
  TotalsByProvider unsaved_;
  bool lost_ = false;  // something was not delivered: what follows must not be kept as done
};

}  // namespace

FormerIdentifiers read_former_identifiers(const std::string& path) {
  std::ifstream file{path};
  if (!file) {
    throw StartupError{"--identifiers " + path + " cannot be read"};
  }
  FormerIdentifiers identifiers;
  std::string line;
  for (std::int64_t number = 1; std::getline(file, line); ++number) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    line.erase(0, line.size() - without_bom(line).size());
    const std::size_t comma = line.rfind(',');
    if (comma == std::string::npos || !parse_work_key(std::string_view{line}.substr(0, comma)) ||
        !is_uuid_v4(std::string_view{line}.substr(comma + 1))) {
      throw StartupError{"--identifiers " + path + ": line " + std::to_string(number) +
                         " is not key,uuid"};
    }
    identifiers[line.substr(0, comma)] = line.substr(comma + 1);
  }
  return identifiers;
}

std::optional<UtcTime> time_in_file_name(std::string_view path) {
  constexpr std::size_t kDigits = 14;
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  for (std::size_t at = name.find('_'); at != std::string_view::npos; at = name.find('_', at + 1)) {
    const std::string_view digits = name.substr(at + 1, kDigits);
    const std::size_t end = name.find_first_not_of("0123456789", at + 1);
    if (digits.size() < kDigits || std::min(end, name.size()) != at + 1 + kDigits) {
      continue;
    }
    const auto part = [&](std::size_t from, std::size_t length) {
      return std::string{digits.substr(from, length)};
    };
    const auto time = parse_time(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" +
                                 part(8, 2) + ":" + part(10, 2) + ":" + part(12, 2) + "Z");
    if (time) {
      return time;
    }
  }
  return std::nullopt;
}

RunState run_tsv(const TsvOptions& options, const TsvParts& parts) {
  return TsvRun{options, parts}.run();
}

}  // namespace freshet
