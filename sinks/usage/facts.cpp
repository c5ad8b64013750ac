#include "sinks/usage/facts.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/fold.hpp"
#include "core/key.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace freshet::usage {
namespace {

constexpr std::int64_t kExactClasses = 20;
constexpr std::int64_t kLongestResponse = 600'000;
// `usage_drop_days` keeps what it cuts of a measure under no label and this sublabel.
constexpr std::string_view kTail = "other";
constexpr std::string_view kUnnamed = "unnamed";

const std::vector<std::int64_t>& classes() {
  static const std::vector<std::int64_t> list = [] {
    std::vector<std::int64_t> made;
    for (std::int64_t end = 1; end < kExactClasses; ++end) {
      made.push_back(end);
    }
    for (std::int64_t end = kExactClasses; end < kLongestResponse; end = end + end / 20) {
      made.push_back(end);
    }
    made.push_back(kLongestResponse);
    return made;
  }();
  return list;
}

std::string text_of(const json::object& payload, std::string_view name) {
  const json::value* const found = payload.if_contains(name);
  return found != nullptr && found->is_string() ? std::string{std::string_view{found->get_string()}}
                                                : "";
}

std::optional<double> number_of(const json::object& payload, std::string_view name) {
  const json::value* const found = payload.if_contains(name);
  return found != nullptr && found->is_number() ? std::optional{found->to_number<double>()}
                                                : std::nullopt;
}

std::optional<bool> flag_of(const json::object& payload, std::string_view name) {
  const json::value* const found = payload.if_contains(name);
  return found != nullptr && found->is_bool() ? std::optional{found->get_bool()} : std::nullopt;
}

/// The same words, however they were typed.
std::string words_of(const Event& event) {
  std::string query = event.query.value_or("");
  if (query.empty()) {
    query = text_of(event.payload, "query");
  }
  return fold_case(clean_text(first_code_points(query, kLongestQuery)));
}

std::string hour_of(UtcTime time) { return format_millis(time).substr(0, 13) + ":00:00.000Z"; }

std::string medium_of(const Event& event) {
  if (!event.media_type.empty()) {
    return event.media_type;
  }
  return text_of(event.payload, "mediaType");
}

/// Counts one event into the facts of its day.
class Counting {
 public:
  Counting(Facts& facts, const Event& event)
      : facts_{facts}, event_{event}, day_{format_date(event.occurred_at)} {}

  void run() {
    const std::string& type = event_.type;
    add("events", type, to_string(event_.origin));
    add("agents", event_.agent);
    if (type == "GET_SEARCH_RESULTS" || type == "SEARCH_EVENT") {
      search();
    } else if (type == "SELECT_SEARCH_RESULT" || type == "RESULT_CLICK_EVENT") {
      click();
    } else if (type == "IMPRESSION") {
      impressions();
    } else if (type == "COPY_ATTRIBUTION") {
      add("copies", text_of(event_.payload, "format"), medium_of(event_));
    } else if (type == "DETAIL_PAGE_EVENT") {
      add("details", text_of(event_.payload, "event_type"));
    } else if (type == "ATTRIBUTION_REFERRER_EVENT") {
      add("embedding_sites", lower_ascii(text_of(event_.payload, "referer_domain")));
    } else if (type == "RATE_RESULTS" || type == "SEARCH_RATING_EVENT") {
      add("ratings",
          flag_of(event_.payload, "relevant").value_or(false) ? "relevant" : "irrelevant");
    } else if (type == "SEARCH_RESPONSE_TIME") {
      response_time();
    } else if (type == "APPLY_FILTER" && flag_of(event_.payload, "checked").value_or(true)) {
      add("applied_filters", text_of(event_.payload, "category"), text_of(event_.payload, "key"));
    }
  }

 private:
  /// The one place where an event makes a sum, so that each label is bounded.
  void add(std::string measure, std::string_view label, std::string_view sublabel = "") {
    if (label.empty() && sublabel == kTail) {
      label = kUnnamed;
    }
    ++facts_.rollups[{day_, std::move(measure),
                      std::string{first_code_points(label, Facts::kLongestLabel)},
                      std::string{first_code_points(sublabel, Facts::kLongestLabel)}}];
  }

  /// Further pages of a search are no further searches.
  void search() {
    if (event_.type == "SEARCH_EVENT") {
      response_time();
    }
    if (event_.page.value_or(1) > 1) {
      return;
    }
    const std::string words = words_of(event_);
    add("searches", medium_of(event_), to_string(event_.origin));
    add("queries", words);
    if (number_of(event_.payload, "resultsCount") == 0.0) {
      add("zero_result_queries", words);
    }
    for (const auto& [name, values] : event_.filters) {
      if (const json::array* const list = values.if_array()) {
        for (const json::value& value : *list) {
          if (const json::string* const text = value.if_string()) {
            add("filters", std::string_view{name}, std::string_view{*text});
          }
        }
      }
    }
  }

  void click() {
    const std::string kind = text_of(event_.payload, "kind");
    add("clicks", kind.empty() ? "search" : kind, medium_of(event_));
    if (!event_.source.empty()) {
      add("clicks_by_source", event_.source);
    }
    const std::string id =
        event_.result_id.empty() ? lower_ascii(text_of(event_.payload, "id")) : event_.result_id;
    if (is_uuid(id)) {
      add("results", id, medium_of(event_));
    }
    if (kind.empty() || kind == "search") {
      if (event_.rank) {
        add("clicks_by_rank", std::to_string(*event_.rank));
      }
      if (is_uuid(id) && event_.origin == Origin::web) {
        ++count({hour_of(event_.occurred_at), id, event_.rank.value_or(-1)}).clicks;
      }
    }
  }

  void impressions() {
    const json::value* const results = event_.payload.if_contains("results");
    if (results == nullptr || !results->is_array()) {
      return;
    }
    for (const json::value& result : results->get_array()) {
      const auto id = text_at(result, "/id");
      const json::value& rank = value_at(result, "/rank");
      if (!id || !rank.is_int64()) {
        continue;
      }
      add("impressions_by_rank", std::to_string(rank.get_int64()));
      if (event_.origin == Origin::web) {
        ++count({hour_of(event_.occurred_at), lower_ascii(*id), rank.get_int64()}).impressions;
      }
    }
  }

  void response_time() {
    if (const auto took = number_of(event_.payload, "elapsedTime")) {
      add("response_times", std::to_string(response_time_class(*took)), to_string(event_.origin));
    }
  }

  ClickCount& count(ClickKey key) {
    ClickCount& count = facts_.clicks[std::move(key)];
    if (const std::string medium = medium_of(event_); medium == "image" || medium == "audio") {
      count.media_type = medium;
    }
    return count;
  }

  Facts& facts_;
  const Event& event_;
  const std::string day_;
};

}  // namespace

void Facts::add(const Event& event) { Counting{*this, event}.run(); }

std::int64_t response_time_class(double milliseconds) {
  const double bounded = std::clamp(std::isfinite(milliseconds) ? milliseconds : 0.0, 0.0,
                                    static_cast<double>(kLongestResponse));
  const auto whole = static_cast<std::int64_t>(std::ceil(bounded));
  return *std::ranges::lower_bound(classes(), std::max<std::int64_t>(whole, 1));
}

}  // namespace freshet::usage
