#include "api/change_feed.hpp"

#include <algorithm>
#include <charconv>

#include "core/json_writer.hpp"
#include "core/text.hpp"

namespace freshet::api {
namespace {

template <class Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc{} && stopped == end && !text.empty() ? std::optional{number}
                                                                 : std::nullopt;
}

bool contains(const std::vector<std::string>& wanted, const std::optional<std::string>& value) {
  return wanted.empty() ||
         (value && std::ranges::find(wanted, lower_ascii(*value)) != wanted.end());
}

enum class Event { none, visible, changed, gone, source_hidden, source_shown };

Event judge(const ChangeEntry& entry, const ChangeFilter& filter) {
  if (entry.media_type == "source") {
    // It may have works of both kinds, and of any licence.
    return !contains(filter.sources, entry.source) ? Event::none
           : entry.is_live                         ? Event::source_shown
                                                   : Event::source_hidden;
  }
  if (!filter.takes_media(entry.media_type)) {
    return Event::none;
  }
  const bool was_wanted = entry.was_live && filter.takes(entry.was_source, entry.was_license);
  const bool is_wanted = entry.is_live && filter.takes(entry.source, entry.license);
  if (is_wanted && !entry.is_source_hidden) {
    if (!entry.work) {
      return Event::none;  // it changed again: a later entry says what it is
    }
    return was_wanted ? Event::changed : Event::visible;
  }
  return was_wanted ? Event::gone : Event::none;
}

std::string_view name_of(Event event) {
  switch (event) {
    case Event::none:
      return "";
    case Event::visible:
      return "visible";
    case Event::changed:
      return "changed";
    case Event::gone:
      return "gone";
    case Event::source_hidden:
      return "source_hidden";
    case Event::source_shown:
      return "source_shown";
  }
  return "";
}

constexpr std::chrono::milliseconds kRecent{500};

/// Why a work is gone that may be live.
std::string_view reason_of(const ChangeEntry& entry) {
  if (!entry.is_live) {
    return entry.status;
  }
  return entry.is_source_hidden ? "source_hidden" : "filter";
}

}  // namespace

std::string to_text(const FeedPosition& position) {
  return position.epoch + "." + std::to_string(position.xid) + "." +
         std::to_string(position.number);
}

std::optional<FeedPosition> parse_feed_position(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  constexpr std::size_t kEpochLength = 12;
  if (second == text.npos || first != kEpochLength ||
      !std::ranges::all_of(text.substr(0, first), [](char c) { return hex_value(c) >= 0; })) {
    return std::nullopt;
  }
  const auto xid = read_number<std::uint64_t>(text.substr(first + 1, second - first - 1));
  const auto number = read_number<std::int64_t>(text.substr(second + 1));
  if (!xid || !number || *number < 0) {
    return std::nullopt;
  }
  return FeedPosition{std::string{text.substr(0, first)}, *xid, *number};
}

bool ChangeFilter::takes_media(std::string_view media_type) const {
  return !media || media_type == store_name(*media);
}

bool ChangeFilter::takes(const std::optional<std::string>& source,
                         const std::optional<std::string>& license) const {
  return contains(sources, source) && contains(licenses, license);
}

Task<Result<FeedBounds>> ChangeFeed::recent_bounds(Deadline deadline) {
  {
    const std::scoped_lock lock{mutex_};
    const auto now = std::chrono::steady_clock::now();
    if (recent_ && (is_looking_ || now - *looked_at_ < kRecent)) {
      co_return *recent_;
    }
    is_looking_ = true;
    looked_at_ = now;
  }
  // Whoever looks may be cut off meanwhile.
  struct Looking {
    explicit Looking(ChangeFeed& of) : feed{of} {}
    ~Looking() {
      const std::scoped_lock lock{feed.mutex_};
      feed.is_looking_ = false;
    }
    Looking(const Looking&) = delete;
    Looking& operator=(const Looking&) = delete;
    ChangeFeed& feed;
  };
  const Looking looking{*this};
  Result<FeedBounds> found = co_await bounds(deadline);
  if (found) {
    const std::scoped_lock lock{mutex_};
    recent_ = *found;
  }
  co_return found;
}

std::string_view event_of(const ChangeEntry& entry, const ChangeFilter& filter) {
  return name_of(judge(entry, filter));
}

std::optional<std::string> change_line(const ChangeEntry& entry, const ChangeFilter& filter) {
  const Event event = judge(entry, filter);
  if (event == Event::none) {
    return std::nullopt;
  }
  std::string out;
  ObjectWriter line{out};
  line.text("event", name_of(event));
  line.text("cursor", to_text(entry.at));
  line.text("changed_at", entry.changed_at);
  if (entry.media_type == "source") {
    line.text("source", entry.source.value_or(""));
    line.close();
    return out;
  }
  line.text("media_type", entry.media_type);
  line.text("id", entry.identifier);
  line.integer("revision", entry.revision);
  if (event == Event::gone) {
    line.text("reason", reason_of(entry));
  } else {
    line.raw("work", *entry.work);
  }
  line.close();
  return out;
}

}  // namespace freshet::api
