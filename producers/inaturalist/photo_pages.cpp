#include "producers/inaturalist/photo_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "producers/emit.hpp"
#include "producers/inaturalist/append_files.hpp"
#include "producers/inaturalist/taxa.hpp"

namespace freshet::bulk {
namespace {

// Of faults that are read at a time: more than the longest record has.
constexpr std::uint64_t kFaultPiece = 1UL << 20U;

// A number as the files write it; what is none as it is, for others to judge.
json::value number_or_text(std::string_view text) {
  if (text.empty()) {
    return nullptr;
  }
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() ? json::value(number)
                                                                         : json::value(text);
}

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value left_out(ProducerDrop why) { return json::value(to_string(why)); }

}  // namespace

Result<std::unique_ptr<PhotoPages>> PhotoPages::open(std::filesystem::path folder,
                                                     Snapshot snapshot, IsOpen is_open) {
  auto pages =
      std::unique_ptr<PhotoPages>{new PhotoPages{std::move(folder), std::move(snapshot), is_open}};
  auto taxa = LookupTable::open(pages->folder_ / work::kTaxa);
  if (!taxa) {
    return taxa.error();
  }
  auto observers = LookupTable::open(pages->folder_ / work::kObservers);
  if (!observers) {
    return observers.error();
  }
  pages->taxa_ = std::move(*taxa);
  pages->observers_ = std::move(*observers);
  return pages;
}

// The first place from this one on that has something.
std::optional<PhotoPages::Place> PhotoPages::following(Place place) const {
  const std::size_t parts = snapshot_.part_bytes.size();
  for (; place.part < parts + kSteps; place = {place.part + 1, 0}) {
    const std::uint64_t bytes = place.part < parts ? snapshot_.part_bytes[place.part]
                                                   : snapshot_.fault_bytes.at(place.part - parts);
    const bool is_loaded = loaded_ == place.part;
    if (place.at < (is_loaded ? rows_.size() : bytes)) {
      return place;
    }
  }
  return std::nullopt;
}

Result<PhotoPages::Page> PhotoPages::read(Place place, std::size_t most) {
  const auto from = following(place);
  if (!from) {
    return Page{};
  }
  return from->part < snapshot_.part_bytes.size() ? read_photos(*from, most)
                                                  : read_faults(*from, most);
}

Result<bool> PhotoPages::is_whole(const PhotoRow& row) {
  if (!row.taxon_id || row.extension.empty() || !is_open_(row.license)) {
    return false;
  }
  const auto taxon = taxa_->get(TaxonTable::key(*row.taxon_id), found_);
  return !taxon || !*taxon ? taxon : observers_->get(number_key('o', row.observer_id), found_);
}

// Of several lines of one photo the first that can be shown is shown; where none can, the first
// says why.
Result<void> PhotoPages::load(std::uint64_t part) {
  if (loaded_ == part) {
    return {};
  }
  loaded_.reset();
  rows_.clear();
  auto bytes = read_file(AppendFiles{folder_, work::kParts, snapshot_.part_bytes.size()}.path(part),
                         snapshot_.part_bytes[part]);
  if (!bytes) {
    return bytes.error();
  }
  bytes_ = std::move(*bytes);
  for (std::string_view left{bytes_}; !left.empty();) {
    const std::size_t size = framed_size(left);
    if (size == 0) {
      return Error{Errc::malformed_payload, "", "whole",
                   fmt::format("part {} ends within a record", part)};
    }
    const std::string_view record = unframed(left.substr(0, size));
    const PhotoRow row = unpack_photo(record);
    rows_.push_back({row.photo_id, row.line, record, false});
    left.remove_prefix(size);
  }
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return a.photo_id != b.photo_id ? a.photo_id < b.photo_id : a.line < b.line;
  });
  for (std::size_t from = 0; from < rows_.size();) {
    std::size_t to = from + 1;
    while (to < rows_.size() && rows_[to].photo_id == rows_[from].photo_id) {
      ++to;
    }
    std::size_t shown = from;
    for (std::size_t i = from; to - from > 1 && i < to; ++i) {
      const auto whole = is_whole(unpack_photo(rows_[i].bytes));
      if (!whole) {
        return whole.error();
      }
      if (*whole) {
        shown = i;
        break;
      }
    }
    for (std::size_t i = from; i < to; ++i) {
      rows_[i].is_repeat = i != shown;
    }
    from = to;
  }
  loaded_ = part;
  return {};
}

Result<json::object> PhotoPages::item_of(const Row& row) {
  const PhotoRow photo = unpack_photo(row.bytes);
  json::object item{{"photo_id", std::to_string(photo.photo_id)},
                    {"observer_id", std::to_string(photo.observer_id)},
                    {"extension", text_or_null(photo.extension)},
                    {"license", text_or_null(photo.license)},
                    {"width", number_or_text(photo.width)},
                    {"height", number_or_text(photo.height)},
                    {"line", photo.line}};
  if (row.is_repeat) {
    item["left_out"] = left_out(ProducerDrop::already_seen);
    return item;
  }
  if (!photo.taxon_id) {
    item["left_out"] = left_out(ProducerDrop::no_observation);
    return item;
  }
  auto is_there = taxa_->get(TaxonTable::key(*photo.taxon_id), found_);
  if (!is_there) {
    return is_there.error();
  }
  if (!*is_there) {
    item["left_out"] = left_out(ProducerDrop::no_taxon);
    return item;
  }
  Taxon taxon = unpack_taxon(found_);
  is_there = observers_->get(number_key('o', photo.observer_id), found_);
  if (!is_there) {
    return is_there.error();
  }
  if (!*is_there) {
    item["left_out"] = left_out(ProducerDrop::no_observer);
    return item;
  }
  item["creator"] = text_or_null(found_);
  item["title"] = std::move(taxon.title);
  json::array& tags = item["tags"].emplace_array();
  for (const std::string& tag : taxon.tags) {
    tags.emplace_back(tag);
  }
  return item;
}

Result<PhotoPages::Page> PhotoPages::read_photos(Place place, std::size_t most) {
  if (auto loaded = load(place.part); !loaded) {
    return loaded.error();
  }
  Page page;
  const std::size_t end = std::min<std::size_t>(rows_.size(), place.at + most);
  for (std::size_t i = place.at; i < end; ++i) {
    auto item = item_of(rows_[i]);
    if (!item) {
      return item.error();
    }
    page.items.push_back(std::move(*item));
  }
  page.next = following({place.part, end});
  return page;
}

Result<PhotoPages::Page> PhotoPages::read_faults(Place place, std::size_t most) {
  const std::size_t file = place.part - snapshot_.part_bytes.size();
  const std::uint64_t end = snapshot_.fault_bytes.at(file);
  auto bytes = read_file(AppendFiles{folder_, work::kFaults, kSteps}.path(file), place.at,
                         std::min(kFaultPiece, end - place.at));
  if (!bytes) {
    return bytes.error();
  }
  Page page;
  std::string_view left{*bytes};
  for (std::size_t size = framed_size(left); size > 0 && page.items.size() < most;
       size = framed_size(left)) {
    const FaultyLine fault = unpack_fault(unframed(left.substr(0, size)));
    page.items.push_back(
        json::object{{"file", fault.file},
                     {"line", fault.line},
                     {"text", fault.text},
                     {"fault", json::object{{"errc", to_string(fault.error.errc())},
                                            {"field", fault.error.field()},
                                            {"rule", fault.error.rule()},
                                            {"message", fault.error.message()}}}});
    left.remove_prefix(size);
  }
  if (page.items.empty()) {
    return Error{Errc::malformed_payload, "", "whole",
                 fmt::format("faults {} end within a record", file)};
  }
  page.next = following({place.part, place.at + bytes->size() - left.size()});
  return page;
}

}  // namespace freshet::bulk
