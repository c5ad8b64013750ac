#include "producers/list_guard.hpp"

#include <algorithm>
#include <utility>

#include "core/hash.hpp"

namespace freshet {
namespace {

std::uint64_t mix(std::uint64_t value, std::uint64_t salt) noexcept {
  // Steps of SplitMix64: neighbouring numbers lie far apart.
  value += salt + 0x9E3779B97F4A7C15ULL;
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  value ^= value >> 31U;
  return value == 0 ? 1 : value;  // 0 is an empty slot
}

}  // namespace

bool CycleMark::meets(std::uint64_t value) noexcept {
  if (length == 0) {
    mark = value;
    length = 1;
    return false;
  }
  if (value == mark) {
    return true;
  }
  if (length >= power) {
    mark = value;
    power *= 2;
    length = 0;
  }
  ++length;
  return false;
}

json::value CycleMark::to_json() const { return json::array{to_hex(mark), power, length}; }

CycleMark CycleMark::from_json(const json::value& value) {
  CycleMark result;
  const json::array* parts = value.if_array();
  if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string() ||
      !(*parts)[1].is_int64() || !(*parts)[2].is_int64()) {
    return result;
  }
  const auto mark = parse_hex64((*parts)[0].get_string());
  const std::int64_t power = (*parts)[1].get_int64();
  const std::int64_t length = (*parts)[2].get_int64();
  constexpr std::int64_t kMostPower = std::int64_t{1} << 60U;
  if (!mark || power < 1 || power > kMostPower || length < 0 || length > power) {
    return result;
  }
  return {*mark, power, length};
}

ListGuard::ListGuard() : records_(kRecentRecords) {}

void ListGuard::start_set(std::uint64_t number) {
  requests_.fill(0);
  next_request_ = 0;
  salt_ = mix(number, 0);
  marks_ = {};
  may_repeat_ = false;
  page_ = 0;
  on_page_ = 0;
  new_on_page_ = 0;
  stale_pages_ = 0;
}

void ListGuard::resume_set(std::uint64_t number, const ListMarks& marks) {
  start_set(number);
  marks_ = marks;
  may_repeat_ = true;
}

bool ListGuard::asks_anew(std::uint64_t request) {
  request = mix(request, salt_);
  const bool is_recent = std::find(requests_.begin(), requests_.end(), request) != requests_.end();
  requests_[next_request_] = request;
  next_request_ = (next_request_ + 1) % requests_.size();
  if (std::exchange(may_repeat_, false)) {
    return true;
  }
  return !marks_.requests.meets(request) && !is_recent;
}

void ListGuard::saw(std::uint64_t record) {
  record = mix(record, salt_);
  page_ = mix(page_, record);
  ++on_page_;
  std::uint64_t& slot = records_[record % records_.size()];
  new_on_page_ += slot == record ? 0 : 1;
  slot = record;
}

std::optional<std::string> ListGuard::end_page() {
  const std::uint64_t page = std::exchange(page_, 0);
  const std::int64_t records = std::exchange(on_page_, 0);
  const std::int64_t fresh = std::exchange(new_on_page_, 0);
  if (records == 0) {
    return ++marks_.empty_pages >= kMaxEmptyPages
               ? std::optional{std::to_string(marks_.empty_pages) + " pages in a row are empty"}
               : std::nullopt;
  }
  marks_.empty_pages = 0;
  stale_pages_ = fresh == 0 ? stale_pages_ + 1 : 0;
  if (stale_pages_ >= kMaxStalePages) {
    return std::to_string(stale_pages_) + " pages in a row hold only what came before";
  }
  // Once may be chance: a page that is asked for again with other properties, a list that grew by
  // just one page at its head.
  if (marks_.pages.meets(page) && ++marks_.pages_met >= kMaxMeetings) {
    return "the same pages come back";
  }
  return std::nullopt;
}

}  // namespace freshet
