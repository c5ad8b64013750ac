#include "producers/inaturalist/snapshot.hpp"

#include <fstream>
#include <sstream>

#include "core/json.hpp"
#include "producers/inaturalist/append_files.hpp"
#include "producers/inaturalist/packed.hpp"

namespace freshet::bulk {
namespace {

constexpr const char* kFile = "snapshot.json";

// `to_string` of those that a line can have.
Errc errc_of(std::string_view name) {
  for (const Errc errc : {Errc::invalid_value, Errc::missing_field, Errc::too_large}) {
    if (to_string(errc) == name) {
      return errc;
    }
  }
  return Errc::malformed_payload;
}

}  // namespace

std::string boot_of_machine() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string boot;
  std::getline(file, boot);
  return boot;
}

std::optional<Snapshot> load_snapshot(const std::filesystem::path& folder) {
  std::ifstream file{folder / kFile};
  std::ostringstream text;
  text << file.rdbuf();
  const auto value = parse_json(text.str());
  if (!value) {
    return std::nullopt;
  }
  try {
    if (value->at("format").to_number<std::int64_t>() != kSnapshotFormat) {
      return std::nullopt;
    }
    const auto number = [&](const char* name) {
      return value->at(name).to_number<std::uint64_t>();
    };
    Snapshot snapshot;
    snapshot.id = value->at("id").as_string();
    snapshot.boot = value->at("boot").as_string();
    snapshot.steps_done = number("steps_done");
    snapshot.buckets = number("buckets");
    snapshot.joined = number("joined");
    for (const json::value& bytes : value->at("part_bytes").as_array()) {
      snapshot.part_bytes.push_back(bytes.to_number<std::uint64_t>());
    }
    snapshot.photos = number("photos");
    for (std::size_t i = 0; i < kSteps; ++i) {
      snapshot.fault_bytes.at(i) = value->at("fault_bytes").at(i).to_number<std::uint64_t>();
    }
    snapshot.faults = number("faults");
    return snapshot;
  } catch (const std::exception&) {
    return std::nullopt;  // of another version: the join begins anew
  }
}

Result<void> save_snapshot(const std::filesystem::path& folder, const Snapshot& snapshot) {
  const json::object value{
      {"format", kSnapshotFormat},
      {"id", snapshot.id},
      {"boot", snapshot.boot},
      {"steps_done", snapshot.steps_done},
      {"buckets", snapshot.buckets},
      {"joined", snapshot.joined},
      {"part_bytes", json::array(snapshot.part_bytes.begin(), snapshot.part_bytes.end())},
      {"photos", snapshot.photos},
      {"fault_bytes", json::array(snapshot.fault_bytes.begin(), snapshot.fault_bytes.end())},
      {"faults", snapshot.faults}};
  return replace_file(folder / kFile, to_json(value) + '\n');
}

std::string pack(const PhotoRow& row) {
  std::string bytes;
  Packed packed{bytes};
  packed.number(row.photo_id);
  packed.number(row.line);
  packed.number(row.observer_id);
  packed.bytes(row.taxon_id ? "1" : "0");
  packed.number(row.taxon_id.value_or(0));
  packed.short_text(row.extension);
  packed.short_text(row.license);
  packed.short_text(row.width);
  packed.short_text(row.height);
  return bytes;
}

PhotoRow unpack_photo(std::string_view bytes) {
  Unpacked packed{bytes};
  PhotoRow row;
  row.photo_id = packed.number();
  row.line = packed.number();
  row.observer_id = packed.number();
  const bool is_observed = packed.bytes(1) == "1";
  const std::uint64_t taxon = packed.number();
  if (is_observed) {
    row.taxon_id = taxon;
  }
  row.extension = packed.short_text();
  row.license = packed.short_text();
  row.width = packed.short_text();
  row.height = packed.short_text();
  return row;
}

std::string pack(const FaultyLine& line) {
  std::string bytes;
  Packed packed{bytes};
  packed.text(line.file);
  packed.number(line.line);
  packed.text(to_string(line.error.errc()));
  packed.text(line.error.field());
  packed.text(line.error.rule());
  packed.text(line.error.message());
  packed.text(line.text);
  return bytes;
}

FaultyLine unpack_fault(std::string_view bytes) {
  Unpacked packed{bytes};
  FaultyLine line;
  line.file = packed.text();
  line.line = packed.number();
  const Errc errc = errc_of(packed.text());
  const std::string_view field = packed.text();
  const std::string_view rule = packed.text();
  const std::string_view message = packed.text();
  line.error = Error{errc, std::string{field}, std::string{rule}, std::string{message}};
  line.text = packed.text();
  return line;
}

std::size_t framed_size(std::string_view bytes) {
  std::uint32_t size = 0;
  if (bytes.size() < sizeof size) {
    return 0;
  }
  std::memcpy(&size, bytes.data(), sizeof size);
  const std::size_t whole = sizeof size + size;
  return bytes.size() < whole ? 0 : whole;
}

std::string_view unframed(std::string_view record) { return Unpacked{record}.text(); }

std::string framed(std::string_view record) {
  std::string bytes;
  Packed{bytes}.text(record);
  return bytes;
}

}  // namespace freshet::bulk
