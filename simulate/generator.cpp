#include "simulate/generator.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "core/record/envelope.hpp"
#include "core/topics.hpp"
#include "simulate/dirty.hpp"
#include "simulate/vocabulary.hpp"

namespace freshet::simulate {
namespace {

constexpr std::uint64_t kPassSalt = 0x70617373;
constexpr std::uint64_t kOrderSalt = 0x6f72646572;

/// How many of the first `number + 1` things are taken when `share` of all are: taking those at
/// which the count grows spreads them evenly.
std::uint64_t taken(std::uint64_t number, double share) {
  return static_cast<std::uint64_t>(std::floor(static_cast<double>(number) * share + 1e-9));
}

/// A permutation of 0 … count-1: a Feistel network on the next power of four, walked until it lands
/// inside. It needs no memory, whatever the count.
std::uint64_t permuted(std::uint64_t position, std::uint64_t count, std::uint64_t key) {
  std::uint32_t half_bits = 1;
  while ((std::uint64_t{1} << (2 * half_bits)) < count) {
    ++half_bits;
  }
  const std::uint64_t mask = (std::uint64_t{1} << half_bits) - 1;
  do {
    std::uint64_t left = position >> half_bits;
    std::uint64_t right = position & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t mixed = left ^ (mix((key + round) ^ mix(right)) & mask);
      left = right;
      right = mixed;
    }
    position = left << half_bits | right;
  } while (position >= count);
  return position;
}

}  // namespace

Generator::Generator(GeneratorOptions options)
    : options_{std::move(options)},
      works_{options_.seed, options_.media, options_.duplicates},
      dirty_by_kind_(dirty_kinds().size()) {
  begin_pass(options_.part == StreamPart::recrawl ? 1 : 0);
  if (options_.part == StreamPart::recrawl) {
    // So that its sightings are later than those of the load that it follows.
    sightings_ = options_.works + taken(options_.works, options_.dirty);
  }
}

std::uint32_t Generator::last_pass() const {
  return options_.part == StreamPart::load
             ? 0
             : static_cast<std::uint32_t>(std::ceil(options_.recrawl));
}

void Generator::begin_pass(std::uint32_t pass) {
  pass_ = pass;
  position_ = 0;
  run_id_ = "generated-" + std::to_string(options_.seed) + "-" + std::to_string(pass);
}

bool Generator::next(RawSighting& out) {
  if (pass_ == 0) {
    if (next_of_load(out)) {
      return true;
    }
    begin_pass(1);
  }
  while (pass_ <= last_pass()) {
    if (next_of_recrawl(out)) {
      return true;
    }
    begin_pass(pass_ + 1);
  }
  return false;
}

bool Generator::next_of_load(RawSighting& out) {
  if (dirty_made_ < taken(position_, options_.dirty)) {
    emit_dirty(dirty_made_++, out);
    return true;
  }
  if (position_ == options_.works) {
    return false;
  }
  ++created_;
  emit_work(at_position(position_++, 0), 0, out);
  return true;
}

bool Generator::next_of_recrawl(RawSighting& out) {
  while (position_ < options_.works) {
    const std::uint64_t number = at_position(position_++, pass_);
    if (!is_seen_again(number, pass_)) {
      continue;
    }
    const std::uint32_t version = version_after(number, pass_);
    ++(version == version_after(number, pass_ - 1) ? unchanged_ : merged_);
    emit_work(number, version, out);
    return true;
  }
  return false;
}

std::uint64_t Generator::at_position(std::uint64_t position, std::uint32_t pass) const {
  return options_.order == WorkOrder::ascending
             ? position
             : permuted(position, options_.works,
                        mix(options_.seed ^ kOrderSalt) + std::uint64_t{pass} * 16);
}

bool Generator::is_seen_again(std::uint64_t number, std::uint32_t pass) const {
  const double share = std::min(1.0, options_.recrawl - static_cast<double>(pass - 1));
  return taken(number + 1, share) > taken(number, share);
}

/// The version of a work after a pass. Most changes make a new one; some bring the first one back,
/// whose bytes were seen before but are not the latest.
std::uint32_t Generator::version_after(std::uint64_t number, std::uint32_t pass) const {
  std::uint32_t version = 0;
  for (std::uint32_t p = 1; p <= pass; ++p) {
    if (!is_seen_again(number, p)) {
      continue;
    }
    Dice dice{options_.seed ^ kPassSalt, number * 64 + p};
    if (static_cast<double>(dice.next() >> 11U) * 0x1p-53 < options_.unchanged) {
      continue;
    }
    version = version != 0 && dice.per_mille(200) ? 0 : p;
  }
  return version;
}

void Generator::open_sighting() {
  const UtcTime fetched_at = options_.fetched_at + std::chrono::microseconds{++sightings_};
  value_.clear();
  open_raw_record(value_, {.fetched_at = fetched_at, .run_id = run_id_});
}

void Generator::emit_work(std::uint64_t number, std::uint32_t version, RawSighting& out) {
  open_sighting();
  works_.append_work(value_, number, version);
  close_raw_record(value_);
  key_.clear();
  works_.append_key(key_, number);
  ++received_;
  out = {key_, value_, schema_header::kRaw};
}

void Generator::emit_dirty(std::uint64_t number, RawSighting& out) {
  std::size_t kind = number % dirty_kinds().size();
  if (dirty_kinds()[kind].is_in_header && !options_.with_headers) {
    kind = 0;
  }
  open_sighting();
  DirtyRecord record{key_, value_, {}};
  append_dirty(record, kind, number);
  ++received_;
  ++dirty_by_kind_[kind];
  out = {key_, value_, record.schema};
}

Truth Generator::truth() const {
  Truth truth;
  truth.received = received_;
  truth.created = created_;
  truth.merged = merged_;
  truth.unchanged = unchanged_;
  for (std::size_t kind = 0; kind < dirty_by_kind_.size(); ++kind) {
    const DirtyKind& about = dirty_kinds()[kind];
    const std::uint64_t count = dirty_by_kind_[kind];
    if (count == 0) {
      continue;
    }
    switch (about.fate) {
      case Fate::dead_lettered:
        truth.dead_lettered[std::string{about.reason}] += count;
        break;
      case Fate::dropped:
        truth.dropped[std::string{about.reason}] += count;
        break;
      case Fate::created:
        truth.created += count;
        truth.works["image:flickr"] += count;
        break;
    }
  }
  for (std::uint64_t number = 0; number < options_.works; ++number) {
    const std::string name = source_name(works_.source_of(number));
    ++truth.works[name];
    if (works_.url_of(number)) {
      ++truth.duplicates[name];
    }
  }
  return truth;
}

FinalWork Generator::final_work(std::uint64_t number) const {
  return works_.final_work(number, version_after(number, last_pass()));
}

std::string to_json(const Truth& truth, const GeneratorOptions& options) {
  namespace json = boost::json;
  std::map<std::string, std::uint64_t> live{{"image", 0}, {"audio", 0}};
  for (const auto& [name, count] : truth.works) {
    live[name.substr(0, name.find(':'))] += count;
  }
  std::map<std::string, std::uint64_t> owners = live;
  for (const auto& [name, count] : truth.duplicates) {
    owners[name.substr(0, name.find(':'))] -= count;
  }
  return json::serialize(json::value{{"seed", options.seed},
                                     {"received", truth.received},
                                     {"created", truth.created},
                                     {"merged", truth.merged},
                                     {"unchanged", truth.unchanged},
                                     {"dropped", json::value_from(truth.dropped)},
                                     {"dead_lettered", json::value_from(truth.dead_lettered)},
                                     {"works", json::value_from(truth.works)},
                                     {"duplicates", json::value_from(truth.duplicates)},
                                     {"live", json::value_from(live)},
                                     {"live_with_owners", json::value_from(owners)}}) +
         "\n";
}

}  // namespace freshet::simulate
