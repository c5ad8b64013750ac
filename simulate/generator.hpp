#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/key.hpp"
#include "core/time.hpp"
#include "simulate/made_up_work.hpp"

namespace freshet::simulate {

enum class WorkOrder {
  ascending,  ///< identifiers ascend per provider, as a first load of a provider brings them
  random,
};

/// Which part of the stream is made. The recrawl assumes that the load of the same options went
/// before it, so that the two can be measured apart.
enum class StreamPart { all, load, recrawl };

struct GeneratorOptions {
  std::uint64_t works = 1000;
  std::uint64_t seed = 1;
  /// Further sightings per work, after each work was seen once: with 0.8, 80 % of the works are
  /// seen a second time; with 2.5, all works are seen two more times, and half of them once more.
  double recrawl = 0.8;
  double unchanged = 0.8;    ///< share of the works seen again whose `work` has the same bytes
  double dirty = 0.01;       ///< bad records per work, made besides the works
  double duplicates = 0.05;  ///< share of works whose URL belongs to an earlier work
  std::vector<MediaType> media = {MediaType::image, MediaType::audio};
  WorkOrder order = WorkOrder::ascending;
  StreamPart part = StreamPart::all;
  /// The n-th sighting was fetched n microseconds after this. The default, 2024-01-01, is in the
  /// past on any clock.
  UtcTime fetched_at = UtcTime::from_millis(1'704'067'200'000);
  bool with_headers = true;  ///< false: no bad records whose fault is in a header
};

/// One record for `media.raw.v1`. The views hold until the next one is made.
struct RawSighting {
  std::string_view key;
  std::string_view value;
  std::string_view schema;  ///< the header `schema`
};

/// What a catalogue must hold after a stream, and how each record must have been counted.
struct Truth {
  std::uint64_t received = 0;
  std::uint64_t created = 0;
  std::uint64_t merged = 0;
  std::uint64_t unchanged = 0;
  std::map<std::string, std::uint64_t> dropped;        ///< by reason
  std::map<std::string, std::uint64_t> dead_lettered;  ///< by reason
  /// Works by `media_type:provider` that must be live while works may share a URL, and how many of
  /// them are `duplicate` once each URL has one owner.
  std::map<std::string, std::uint64_t> works;
  std::map<std::string, std::uint64_t> duplicates;
};

/// Makes up a stream of sightings: every work once, then some of them again, with bad records in
/// between. A function of the options: the same options give the same bytes.
///
/// One record costs about a microsecond: the text is put together from ready-made pieces. A work is
/// computed from its number, so memory does not grow with the number of works.
///
/// @thread_safety  One thread.
class Generator {
 public:
  explicit Generator(GeneratorOptions options);

  /// Makes the next record; false at the end.
  bool next(RawSighting& out);

  /// The truth about the records made so far.
  Truth truth() const;

  /// What the catalogue must hold of work `number` in the end.
  FinalWork final_work(std::uint64_t number) const;

  const GeneratorOptions& options() const noexcept { return options_; }

 private:
  bool next_of_load(RawSighting& out);
  bool next_of_recrawl(RawSighting& out);
  void emit_work(std::uint64_t number, std::uint32_t version, RawSighting& out);
  void emit_dirty(std::uint64_t number, RawSighting& out);
  void begin_pass(std::uint32_t pass);
  void open_sighting();

  std::uint64_t at_position(std::uint64_t position, std::uint32_t pass) const;
  bool is_seen_again(std::uint64_t number, std::uint32_t pass) const;
  std::uint32_t version_after(std::uint64_t number, std::uint32_t pass) const;
  std::uint32_t last_pass() const;

  GeneratorOptions options_;
  MadeUpWorks works_;
  std::uint32_t pass_ = 0;  ///< 0: the load
  std::uint64_t position_ = 0;
  std::uint64_t dirty_made_ = 0;
  std::uint64_t sightings_ = 0;
  std::string key_;
  std::string value_;
  std::string run_id_;  ///< of the pass

  std::uint64_t received_ = 0;
  std::uint64_t created_ = 0;
  std::uint64_t merged_ = 0;
  std::uint64_t unchanged_ = 0;
  std::vector<std::uint64_t> dirty_by_kind_;
};

/// The truth as a JSON object, for people and scripts; docs/simulators.md says what the members
/// are.
std::string to_json(const Truth& truth, const GeneratorOptions& options);

}  // namespace freshet::simulate
