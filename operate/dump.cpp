#include "operate/dump.hpp"

#include <fcntl.h>
#include <spdlog/fmt/fmt.h>
#include <sys/file.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <pqxx/pqxx>

#include "core/check.hpp"
#include "core/fold.hpp"
#include "core/json_writer.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/policy.hpp"
#include "core/postgres/connection.hpp"
#include "core/resources.hpp"
#include "core/stop.hpp"
#include "core/text.hpp"
#include "operate/backup.hpp"
#include "operate/dump_files.hpp"
#include "operate/hidden_sources.hpp"

namespace freshet {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

// As long as changes are kept: a dump that took longer could not be brought up to date.
constexpr std::chrono::hours kLimit{30 * 24};
constexpr pqxx::result::size_type kRowsTogether = 500;
constexpr const char* kUnfinished = ".part";

// What is committed by then is in the dump, and whatever has this or a later number is in the feed
// behind it. Some of it is in both, which does no harm.
constexpr const char* kMoment =
    "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"'), "
    "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
    "epoch || '.' || pg_snapshot_xmin(pg_current_snapshot())::text || '.0' FROM work_change_start";

constexpr const char* kWorks =
    "DECLARE works NO SCROLL CURSOR FOR SELECT coalesce(w.source, ''), row_to_json(w)::text "
    "FROM {0}_public w";
// Of two spellings of one source the one that was said last holds, as in the API.
constexpr const char* kVisibility =
    "SELECT source, hidden FROM source_visibility ORDER BY version NULLS FIRST";
constexpr const char* kRegistry = "SELECT value::text FROM policy_rule WHERE rule = $1";

/// Rests after each stretch of work, so that the rest of the time is left to others.
class Pace {
 public:
  Pace(double share, std::stop_token stop) : share_{share}, stop_{std::move(stop)} {}

  void rest() {
    const auto worked = Steady::now() - since_;
    const auto pause =
        std::chrono::duration_cast<std::chrono::milliseconds>(worked * (1.0 / share_ - 1.0));
    if (pause.count() > 0) {
      wait_for_stop(stop_, pause);
    }
    since_ = Steady::now();
  }

 private:
  const double share_;
  const std::stop_token stop_;
  Steady::time_point since_ = Steady::now();
};

using ReadOnly = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

/// The sources that the API hides now.
HiddenSources read_hidden_sources(ReadOnly& work) {
  std::map<std::string, bool> decided;
  for (const pqxx::row& row : work.exec(kVisibility)) {
    decided.insert_or_assign(fold_case(row[0].as<std::string>()), row[1].as<bool>());
  }
  const pqxx::result said = work.exec_params(kRegistry, std::string{policy::kSources});
  return hidden_sources(resource("sources.json"),
                        said.empty() ? "null" : said[0][0].as<std::string>(), decided);
}

void write_works(ReadOnly& work, const char* media_type, const HiddenSources& hidden,
                 DumpFiles& files, Pace& pace, const std::stop_token& stop) {
  work.exec(fmt::format(fmt::runtime(kWorks), media_type));
  const std::string fetch = "FETCH " + std::to_string(kRowsTogether) + " FROM works";
  for (;;) {
    const pqxx::result rows = work.exec(fetch);
    for (const pqxx::row& row : rows) {
      const std::string_view source{row[0].c_str(), row[0].size()};
      // Compared here: PostgreSQL folds names by the rules of its own locale.
      if (!hidden.contains(source)) {
        files.add(media_type, source, {row[1].c_str(), row[1].size()});
      }
    }
    if (stop.stop_requested()) {
      throw WorkFailed{"the dump was cut short"};
    }
    if (rows.size() < kRowsTogether) {
      break;
    }
    pace.rest();
  }
  work.exec("CLOSE works");
}

/// Deletes a folder that is not finished, unless it is.
class Unfinished {
 public:
  explicit Unfinished(fs::path path) : path_{std::move(path)} {}
  ~Unfinished() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

 private:
  const fs::path path_;
};

/// Keeps others from writing dumps into a folder. The system lets go of it, however a process ends.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : descriptor_{::open((folder / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)} {
    if (descriptor_ < 0) {
      throw StartupError{(folder / ".lock").string() + ": " + std::strerror(errno)};
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      throw WorkFailed{"another dump is being written into " + folder.string()};
    }
  }
  ~FolderLock() { ::close(descriptor_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  const int descriptor_;
};

/// `20261130T155529Z`
bool is_dump_name(std::string_view name) {
  constexpr std::string_view kShape = "00000000T000000Z";
  return std::ranges::equal(name, kShape, [](char c, char shape) {
    return shape == '0' ? is_ascii_digit(c) : c == shape;
  });
}

/// What dumps that were killed left behind. Whoever wrote them holds the lock no longer.
void remove_unfinished(const fs::path& folder) {
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::directory_iterator{folder}) {
    const fs::path& path = entry.path();
    if (path.extension() == kUnfinished && is_dump_name(path.stem().string())) {
      left.push_back(path);
    }
  }
  for (const fs::path& path : left) {
    fs::remove_all(path);
    log::info("unfinished_dump_deleted", {{"name", path.filename().string()}});
  }
}

DumpManifest dump_open(pqxx::connection_base& open, const Context& context,
                       const DumpFlags& flags) {
  ReadOnly work{open, "dump"};
  DumpManifest manifest;
  {
    const pqxx::row moment = work.exec1(kMoment);
    manifest.name = moment[0].as<std::string>();
    manifest.made_at = moment[1].as<std::string>();
    manifest.cursor = moment[2].as<std::string>();
  }
  const fs::path finished = fs::path{flags.folder} / manifest.name;
  if (fs::exists(finished)) {
    throw WorkFailed{finished.string() + " is there already"};
  }
  // No dot can be in the name of a dump, so nobody takes it for one.
  const fs::path made = finished.string() + kUnfinished;
  fs::create_directories(made);
  const Unfinished guard{made};
  DumpFiles files{made};
  Pace pace{flags.share, context.stop};
  const HiddenSources hidden = read_hidden_sources(work);
  for (const char* media_type : {"image", "audio"}) {
    write_works(work, media_type, hidden, files, pace, context.stop);
  }
  manifest.files = files.finish();
  write_whole((made / "manifest.json").string(), encode_dump_manifest(manifest));
  // Who serves it may be another user.
  fs::permissions(made / "manifest.json", fs::perms::others_read, fs::perm_options::add);
  fs::rename(made, finished);
  return manifest;
}

void forget_old(const DumpFlags& flags) {
  std::vector<fs::path> dumps = finished_dumps(flags.folder);
  while (flags.keep > 0 && std::ssize(dumps) > flags.keep) {
    // The manifest first: without it nobody takes what is left for a dump.
    fs::remove(dumps.front() / "manifest.json");
    fs::remove_all(dumps.front());
    log::info("dump_deleted", {{"name", dumps.front().filename().string()}});
    dumps.erase(dumps.begin());
  }
}

}  // namespace

std::vector<fs::path> finished_dumps(const fs::path& folder) {
  std::vector<fs::path> dumps;
  for (const fs::directory_entry& entry : fs::directory_iterator{folder}) {
    if (is_dump_name(entry.path().filename().string()) &&
        fs::exists(entry.path() / "manifest.json")) {
      dumps.push_back(entry.path());
    }
  }
  std::ranges::sort(dumps);
  return dumps;
}

std::int64_t DumpManifest::works() const {
  std::int64_t sum = 0;
  for (const DumpedFile& file : files) {
    sum += file.works;
  }
  return sum;
}

std::int64_t DumpManifest::bytes() const {
  std::int64_t sum = 0;
  for (const DumpedFile& file : files) {
    sum += file.bytes;
  }
  return sum;
}

std::string encode_dump_manifest(const DumpManifest& manifest) {
  std::string out;
  ObjectWriter object{out};
  object.text("name", manifest.name);
  object.text("made_at", manifest.made_at);
  object.text("cursor", manifest.cursor);
  object.integer("works", manifest.works());
  object.integer("bytes", manifest.bytes());
  object.key("files");
  out += '[';
  const char* separator = "\n";
  for (const DumpedFile& file : manifest.files) {
    out += separator;
    ObjectWriter entry{out};
    entry.text("path", file.path);
    entry.text("media_type", file.media_type);
    entry.text("source", file.source);
    entry.integer("works", file.works);
    entry.integer("bytes", file.bytes);
    entry.text("sha256", file.sha256);
    entry.close();
    separator = ",\n";
  }
  out += ']';
  object.close();
  out += '\n';
  return out;
}

DumpManifest write_dump(const Context& context, const DumpFlags& flags) {
  try {
    fs::create_directories(flags.folder);
  } catch (const fs::filesystem_error& fault) {
    throw StartupError{fault.what()};
  }
  postgres::Connection connection{{.dsn = context.config.postgres.dsn,
                                   .application = "freshet dump",
                                   .setup = {"SET jit = off"}}};
  try {
    const FolderLock lock{flags.folder};
    remove_unfinished(flags.folder);
    auto manifest = connection.run(
        Deadline::in(kLimit), context.stop,
        [&](pqxx::connection_base& open) { return dump_open(open, context, flags); });
    if (!manifest) {
      const Error& error = manifest.error();
      if (error.errc() == Errc::unreachable && !context.stop.stop_requested()) {
        throw StartupError{error.message()};
      }
      throw WorkFailed{error.message()};
    }
    forget_old(flags);
    return std::move(*manifest);
  } catch (const fs::filesystem_error& fault) {
    throw WorkFailed{fault.what()};
  }
}

void add_dump_command(CLI::App& root, Commands& commands) {
  const auto flags = std::make_shared<DumpFlags>();
  CLI::App* const command = root.add_subcommand(
      "dump", "Write all live works into files, one a source, as they are at one moment");
  command->add_option("folder", flags->folder, "Where; each dump gets a folder of its own in it")
      ->required();
  command
      ->add_option("--share", flags->share,
                   "Share of the time in which it reads; the rest is left to others")
      ->check(CLI::Range(0.01, 1.0))
      ->capture_default_str();
  command->add_option("--keep", flags->keep, "Delete older dumps than so many; 0: none")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command->add_flag("--json", flags->json, "Print the manifest");
  command->footer("Example:\n  freshet dump /srv/dumps --keep 3");
  commands.on_run(command, [flags](const Context& context) {
    const DumpManifest manifest = write_dump(context, *flags);
    print_result(flags->json
                     ? encode_dump_manifest(manifest)
                     : fmt::format("{}: {} works in {} files, {} bytes\n", manifest.name,
                                   manifest.works(), manifest.files.size(), manifest.bytes()));
    return ExitCode::done;
  });
}

}  // namespace freshet
