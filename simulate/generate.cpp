#include "simulate/generate.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>

#include "core/check.hpp"
#include "core/json_writer.hpp"
#include "core/kafka/producer.hpp"
#include "core/log.hpp"
#include "core/stop.hpp"
#include "core/topics.hpp"

namespace freshet::simulate {
namespace {

constexpr std::chrono::milliseconds kFlushTimeout{120'000};

/// Takes records; `finish` returns when all of them are safe where they went.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;
  virtual void write(const RawSighting& record) = 0;
  virtual void finish() = 0;
};

class StandardOutput final : public Output {
 public:
  void write(const RawSighting& record) override {
    buffer_.append(record.key).push_back('\t');
    buffer_.append(record.value).push_back('\n');
    if (buffer_.size() >= kFlushBytes) {
      flush();
    }
  }
  void finish() override {
    flush();
    if (std::fflush(stdout) != 0) {
      throw WorkFailed("standard output cannot be written");
    }
  }

 private:
  static constexpr std::size_t kFlushBytes = 1U << 20U;

  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), stdout) != buffer_.size()) {
      throw WorkFailed("standard output cannot be written");
    }
    buffer_.clear();
  }

  std::string buffer_;
};

class KafkaOutput final : public Output {
 public:
  explicit KafkaOutput(const Config::Kafka& config)
      : topic_{config.prefixed(topics::kRaw)},
        producer_{config, kafka::ProducerOptions{}},
        headers_{{std::string{schema_header::kName}, {}}} {}

  void write(const RawSighting& record) override {
    headers_.front().second.assign(record.schema);
    const auto sent = producer_.produce({.topic = topic_,
                                         .partition = {},
                                         .key = record.key,
                                         .value = record.value,
                                         .headers = &headers_,
                                         .timestamp = {}});
    if (!sent) {
      throw WorkFailed(topic_ + ": " + sent.error().message());
    }
    ++written_;
  }
  void finish() override {
    if (const auto flushed = producer_.flush(kFlushTimeout); !flushed) {
      throw WorkFailed(topic_ + ": " + flushed.error().message());
    }
    if (producer_.acknowledged() != written_) {
      throw WorkFailed(topic_ + ": " + std::to_string(written_ - producer_.acknowledged()) +
                       " records were not acknowledged");
    }
  }

 private:
  std::string topic_;
  kafka::Producer producer_;
  kafka::Headers headers_;
  std::uint64_t written_ = 0;
};

/// Holds a loop back to a rate, in steps of about 10 ms so that it costs nothing at high rates.
class Pace {
 public:
  explicit Pace(std::optional<double> rate)
      : rate_{rate}, step_{rate ? static_cast<std::uint64_t>(*rate / 100) + 1 : 1} {}

  /// False when a stop was asked for.
  bool keep(std::uint64_t done, const std::stop_token& stop) {
    if (done % kStopCheck == 0 && stop.stop_requested()) {
      return false;
    }
    if (!rate_ || done % step_ != 0) {
      return true;
    }
    const auto due = std::chrono::duration<double>(static_cast<double>(done) / *rate_);
    const auto early = due - (std::chrono::steady_clock::now() - started_);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(early);
    return wait.count() <= 0 || !wait_for_stop(stop, wait);
  }

 private:
  static constexpr std::uint64_t kStopCheck = 256;

  std::optional<double> rate_;
  std::uint64_t step_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

void write_truth(const Generator& generator, const GenerateRun& run) {
  std::ofstream out{run.truth_file, std::ios::binary | std::ios::trunc};
  out << to_json(generator.truth(), run.stream);
  out.close();
  if (!out) {
    throw WorkFailed("cannot write " + run.truth_file);
  }
}

void write_truth_works(const Generator& generator, const GenerateRun& run) {
  std::ofstream out{run.truth_works_file, std::ios::binary | std::ios::trunc};
  std::string line;
  for (std::uint64_t number = 0; number < run.stream.works; ++number) {
    const FinalWork work = generator.final_work(number);
    line.clear();
    ObjectWriter object{line};
    object.text("key", work.key);
    object.text("url", work.url);
    object.text("title", work.title);
    object.integer("version", work.version);
    object.text("owner", work.url_of ? generator.final_work(*work.url_of).key : work.key);
    object.close();
    out << line << '\n';
  }
  out.close();
  if (!out) {
    throw WorkFailed("cannot write " + run.truth_works_file);
  }
}

}  // namespace

int run_generate(const GenerateRun& run, const Context& context) {
  Generator generator{run.stream};
  std::unique_ptr<Output> output;
  if (run.to_standard_output) {
    output = std::make_unique<StandardOutput>();
  } else {
    output = std::make_unique<KafkaOutput>(context.config.kafka);
  }
  Pace pace{run.rate};
  const auto started = std::chrono::steady_clock::now();
  std::uint64_t records = 0;
  for (RawSighting record; generator.next(record);) {
    output->write(record);
    if (!pace.keep(++records, context.stop)) {
      output->finish();
      log::warn("generation_stopped", {{"records", records}});
      return ExitCode::failed;
    }
  }
  output->finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  log::info("sightings_generated",
            {{"records", records},
             {"records_per_second", static_cast<double>(records) / std::max(took.count(), 1e-9)}});
  if (!run.truth_file.empty()) {
    write_truth(generator, run);
  }
  if (!run.truth_works_file.empty()) {
    write_truth_works(generator, run);
  }
  return ExitCode::done;
}

}  // namespace freshet::simulate
