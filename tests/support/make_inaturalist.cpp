// make_inaturalist FOLDER PHOTOS [SEED]: writes made-up files of iNaturalist with so many lines of
// photos, for benchmarks and integration tests, and prints what must come of them as JSON.
//
// Observations, taxa and observers grow with the photos, as they do at the source: 5 observations
// for 6 photos, an observer for 50, a taxon for 100. One photo in 100 has a licence that is not
// open, one in 200 an observation that is not there, one in 500 an observer that is not there, one
// in 1,000 is a second line of the photo before, and one in 10,000 a line that is no row.

#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

namespace {

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

class GzipFile {
 public:
  explicit GzipFile(const std::filesystem::path& path) : file_{gzopen(path.c_str(), "wb1")} {
    if (file_ == nullptr) {
      std::cerr << path << " cannot be written\n";
      std::exit(1);
    }
    gzbuffer(file_, 1U << 20U);
  }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;
  ~GzipFile() { gzclose(file_); }
  void line(const std::string& text) {
    gzwrite(file_, text.data(), static_cast<unsigned>(text.size()));
  }

 private:
  gzFile file_;
};

class Files {
 public:
  Files(std::filesystem::path folder, std::uint64_t photos, std::uint64_t seed)
      : folder_{std::move(folder)},
        photos_{photos},
        seed_{seed},
        observations_{photos * 5 / 6 + 1},
        observers_{photos / 50 + 1},
        taxa_{photos / 100 + 1} {}

  void write() {
    write_names();
    write_taxa();
    write_observers();
    write_observations();
    write_photos();
  }

 private:
  std::uint64_t number(std::uint64_t kind, std::uint64_t index) const {
    return mixed(mixed(seed_ * 8 + kind) + index);
  }

  std::string uuid(std::uint64_t kind, std::uint64_t index) const {
    char text[37];
    const std::uint64_t high = number(kind, 2 * index);
    const std::uint64_t low = number(kind, 2 * index + 1);
    std::snprintf(text, sizeof text, "%08x-%04x-%04x-%04x-%012llx",
                  static_cast<unsigned>(high >> 32U), static_cast<unsigned>(high >> 16U & 0xFFFFU),
                  static_cast<unsigned>(high & 0xFFFFU), static_cast<unsigned>(low >> 48U),
                  static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFULL));
    return text;
  }

  static std::uint64_t parent_of(std::uint64_t taxon) { return taxon / 4; }

  void write_names() const {
    std::ofstream usages{folder_ / "NameUsage.tsv"};
    std::ofstream names{folder_ / "VernacularName.tsv"};
    usages << "col:ID\tcol:scientificName\n";
    names << "col:taxonID\tcol:name\tcol:country\n";
    for (std::uint64_t i = 0; i < taxa_; i += 10) {
      usages << "C" << i << "\tGenus species" << i << "\n";
      names << "C" << i << "\tcommon name " << i << "\tUS\n";
      names << "C" << i << "\tOther Name " << i << "\t\n";
    }
  }

  void write_taxa() const {
    GzipFile file{folder_ / "taxa.csv.gz"};
    file.line("taxon_id\tancestry\trank_level\trank\tname\tactive\n");
    for (std::uint64_t i = 0; i < taxa_; ++i) {
      std::string ancestry = "48460";
      for (std::uint64_t up = parent_of(i); i > 0; up = parent_of(up)) {
        ancestry += "/" + std::to_string(up + 1);
        if (up == 0) {
          break;
        }
      }
      file.line(std::to_string(i + 1) + "\t" + ancestry + "\t10\tspecies\tGenus species" +
                std::to_string(i) + "\ttrue\n");
    }
  }

  void write_observers() const {
    GzipFile file{folder_ / "observers.csv.gz"};
    file.line("observer_id\tlogin\tname\n");
    for (std::uint64_t i = 0; i < observers_; ++i) {
      const std::string id = std::to_string(i + 1);
      file.line(id + "\tlogin" + id + "\t" + (i % 3 == 0 ? "" : "Name " + id) + "\n");
    }
  }

  void write_observations() const {
    GzipFile file{folder_ / "observations.csv.gz"};
    file.line(
        "observation_uuid\tobserver_id\tlatitude\tlongitude\tpositional_accuracy\ttaxon_id\t"
        "quality_grade\tobserved_on\n");
    for (std::uint64_t i = 0; i < observations_; ++i) {
      file.line(uuid(1, i) + "\t" + std::to_string(number(2, i) % observers_ + 1) +
                "\t34.6675922143\t-26.7608163384\t5\t" + std::to_string(number(3, i) % taxa_ + 1) +
                "\tresearch\t2017-09-08\n");
    }
  }

  void write_photos() const {
    GzipFile file{folder_ / "photos.csv.gz"};
    file.line(
        "photo_uuid\tphoto_id\tobservation_uuid\tobserver_id\textension\tlicense\twidth\theight\t"
        "position\n");
    std::uint64_t shown = 0, no_license = 0, no_observation = 0, no_observer = 0, repeats = 0,
                  faults = 0;
    for (std::uint64_t i = 0; i < photos_; ++i) {
      const bool is_fault = i % 10'000 == 9'999;
      const bool is_repeat = i % 1'000 == 500;
      const bool has_no_observation = i % 200 == 7;
      const bool has_no_observer = i % 500 == 11;
      const bool has_no_license = i % 100 == 13;
      ++(is_fault             ? faults
         : is_repeat          ? repeats
         : has_no_observation ? no_observation
         : has_no_observer    ? no_observer
         : has_no_license     ? no_license
                              : shown);
      // Ids in no order, as at the source after years; the second line of a photo has its id.
      const std::uint64_t id = 1'000 + (is_repeat ? i - 1 : i);
      file.line(uuid(4, i) + "\t" + (is_fault ? "" : std::to_string(id) + "\t") +
                uuid(has_no_observation ? 5 : 1, number(6, i) % observations_) + "\t" +
                std::to_string(has_no_observer ? observers_ + 5 : number(7, i) % observers_ + 1) +
                "\tjpeg\t" + (has_no_license ? "C" : "CC-BY-NC") + "\t2048\t1536\t0\n");
    }
    std::cout << R"({"listed":)" << photos_ << R"(,"emitted":)" << shown
              << R"(,"dropped":{"already_seen":)" << repeats << R"(,"no_license":)" << no_license
              << R"(,"no_observation":)" << no_observation << R"(,"no_observer":)" << no_observer
              << R"(},"rejected":{"invalid_value":)" << faults << "}}\n";
  }

  std::filesystem::path folder_;
  std::uint64_t photos_;
  std::uint64_t seed_;
  std::uint64_t observations_;
  std::uint64_t observers_;
  std::uint64_t taxa_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "make_inaturalist FOLDER PHOTOS [SEED]\n";
    return 2;
  }
  const std::filesystem::path folder{argv[1]};
  std::filesystem::create_directories(folder);
  Files{folder, std::strtoull(argv[2], nullptr, 10),
        argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1}
      .write();
  return 0;
}
