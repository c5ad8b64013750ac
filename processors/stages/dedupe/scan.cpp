#include "processors/stages/dedupe/scan.hpp"

#include <algorithm>

namespace freshet {
namespace {

// Notes of scans: `scan:<name>` = `done <token>`, or `from <bytes of token> <token><next key>`.
constexpr std::string_view kNotePrefix = "scan:";
constexpr std::string_view kDone = "done ";
constexpr std::string_view kFrom = "from ";

std::string note_name(std::string_view job) { return std::string{kNotePrefix}.append(job); }

std::string note_of_progress(std::string_view token, std::string_view from) {
  std::string note{kFrom};
  note += std::to_string(token.size());
  note += ' ';
  note += token;
  note += from;
  return note;
}

std::optional<std::pair<std::string, std::string>> read_progress(std::string_view note) {
  note.remove_prefix(kFrom.size());
  const std::size_t space = note.find(' ');
  std::size_t size = 0;
  for (const char c : note.substr(0, space)) {
    if (c < '0' || c > '9' || size > note.size()) {
      return std::nullopt;
    }
    size = size * 10 + static_cast<std::size_t>(c - '0');
  }
  if (space == std::string_view::npos || note.size() - space - 1 < size) {
    return std::nullopt;
  }
  note.remove_prefix(space + 1);
  return std::pair{std::string{note.substr(0, size)}, std::string{note.substr(size)}};
}

}  // namespace

void Scan::load() {
  queue_.clear();
  done_.clear();
  begun_.clear();
  in_slice_ = false;
  for (const auto& [name, note] : store_.notes()) {
    if (!name.starts_with(kNotePrefix)) {
      continue;
    }
    const std::string job = name.substr(kNotePrefix.size());
    if (note.starts_with(kDone)) {
      done_.emplace(job, note.substr(kDone.size()));
    } else if (note.starts_with(kFrom)) {
      if (auto progress = read_progress(note)) {
        begun_.emplace(job, std::move(*progress));
      }
    }
  }
}

bool Scan::is_done(std::string_view name, std::string_view token) const {
  const auto found = done_.find(name);
  return found != done_.end() && found->second == token;
}

void Scan::request(ScanJob job) {
  const auto waiting = std::ranges::find(
      queue_, job.name, [](const Running& r) -> const auto& { return r.job.name; });
  if (waiting != queue_.end()) {
    if (waiting->job.token == job.token) {
      return;
    }
    queue_.erase(waiting);
  } else if (is_done(job.name, job.token)) {
    return;
  }
  // What was visited under another token has to be visited again, whatever comes of this job.
  done_.erase(job.name);
  Running running;
  if (const auto begun = begun_.find(job.name); begun != begun_.end()) {
    if (begun->second.first == job.token && job.visitor->resumes()) {
      running.from = begun->second.second;
    }
    begun_.erase(begun);
  }
  running.next_from = running.from;
  running.job = std::move(job);
  queue_.push_back(std::move(running));
}

Scan::Slice Scan::run(const std::function<bool()>& has_time, ScanBatch& batch,
                      std::int64_t most_written) {
  Slice slice;
  in_slice_ = true;
  const std::int64_t most = std::min(most_written, kMostWritten);
  const auto goes_on = [&] { return slice.written < most && has_time(); };
  for (Running& running : queue_) {
    if (running.is_over) {
      continue;
    }
    if (slice.works > 0 && !goes_on()) {
      break;
    }
    visit_job(running, goes_on, batch, slice);
    if (!running.is_over) {
      break;
    }
  }
  return slice;
}

void Scan::visit_job(Running& running, const std::function<bool()>& goes_on, ScanBatch& batch,
                     Slice& slice) {
  if (!running.has_begun) {
    running.job.visitor->begin();
    running.has_begun = true;
  }
  bool was_cut = false;
  store_.each_from(running.next_from, running.job.prefix,
                   [&](std::string_view key, std::string_view json) {
                     if (slice.works > 0 && !goes_on()) {
                       running.next_from = key;
                       was_cut = true;
                       return false;
                     }
                     ++slice.works;
                     slice.written += running.job.visitor->visit(key, json, batch) ? 1 : 0;
                     return true;
                   });
  if (!was_cut) {
    running.job.visitor->finish(batch);
    running.is_over = true;
  }
}

void Scan::commit() {
  if (!std::exchange(in_slice_, false)) {
    return;
  }
  std::vector<std::pair<std::string, std::string>> notes;
  for (auto running = queue_.begin(); running != queue_.end();) {
    const ScanJob& job = running->job;
    if (running->is_over) {
      notes.emplace_back(note_name(job.name), std::string{kDone} + job.token);
      done_.insert_or_assign(job.name, job.token);
      running = queue_.erase(running);
      continue;
    }
    if (running->from != running->next_from) {
      running->from = running->next_from;
      notes.emplace_back(note_name(job.name), note_of_progress(job.token, running->from));
    }
    ++running;
  }
  if (!notes.empty()) {
    store_.write_notes(notes);
  }
}

void Scan::rollback() {
  if (!std::exchange(in_slice_, false)) {
    return;
  }
  for (Running& running : queue_) {
    const bool was_touched = running.is_over || running.from != running.next_from;
    running.is_over = false;
    if (was_touched && !running.job.visitor->resumes()) {
      running.from.clear();
      running.has_begun = false;
    }
    running.next_from = running.from;
  }
}

bool ReviewVisitor::visit(std::string_view key, std::string_view stored, ScanBatch& batch) {
  return batch.dedupe.review(key, stored, batch.tools, batch.output);
}

}  // namespace freshet
