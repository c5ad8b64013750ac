#include "core/usage/event_types.hpp"

#include <algorithm>
#include <array>

namespace freshet::usage {
namespace {

constexpr auto kText = PropertyKind::text;
constexpr auto kNumber = PropertyKind::number;
constexpr auto kFlag = PropertyKind::flag;

constexpr std::string_view kMedia[] = {"image", "audio"};
constexpr std::string_view kSearchTypes[] = {"all", "image", "audio"};
constexpr std::string_view kSelectKinds[] = {"search", "related", "collection"};
constexpr std::string_view kSearchKinds[] = {"search", "collection"};
constexpr std::string_view kCollections[] = {"tag", "creator", "source", "null"};
constexpr std::string_view kFormats[] = {"plain", "rich", "html", "xml"};
constexpr std::string_view kReasons[] = {"dmca", "sensitive", "other"};
constexpr std::string_view kAudioEvents[] = {"play", "pause", "seek"};
constexpr std::string_view kRequests[] = {"search", "single-result", "related", "provider"};
constexpr std::string_view kDetailEvents[] = {"ATTRIBUTION_CLICKED", "REUSE_SURVEY",
                                              "SOURCE_CLICKED",      "CREATOR_CLICKED",
                                              "SHARED_SOCIAL",       "VIEWED"};

constexpr Property kMediaType{"mediaType", kText, kMedia};
constexpr Property kSearchType{"searchType", kText, kSearchTypes};
constexpr Property kQuery{"query"};
constexpr Property kId{"id"};
constexpr Property kProvider{"provider"};
constexpr Property kSource{"source"};
constexpr Property kUrl{"url"};
constexpr Property kComponent{"component"};
constexpr Property kToState{"toState"};
constexpr Property kChecked{"checked", kFlag};
constexpr Property kSensitivities{"sensitivities", PropertyKind::texts};
constexpr Property kResultPage{"resultPage", kNumber};
constexpr Property kResultsCount{"resultsCount", kNumber};
constexpr Property kElapsed{"elapsedTime", kNumber};  // milliseconds
constexpr Property kCollectionType{"collectionType", kText, kCollections};
constexpr Property kSearchKind{"kind", kText, kSearchKinds};

// The old service: usage-events B1. Its `query`, `session_uuid`, `result_uuid` and `result_rank`
// are members of the envelope here. A search says how many it found and how long that took, which
// `api` knows of its callers; `VIEWED` is a detail view of such a caller.
constexpr Property kSearchEvent[] = {kResultsCount, kElapsed};
constexpr Property kSearchRatingEvent[] = {{"relevant", kFlag, {}, true}};
constexpr Property kDetailPageEvent[] = {{"event_type", kText, kDetailEvents, true}};
constexpr Property kReferrerEvent[] = {
    {"full_referer", PropertyKind::page}, {"referer_domain", kText, {}, true}, {"resource"}};

// The thirty-one.
constexpr Property kSubmitSearch[] = {kSearchType, kQuery};
constexpr Property kGetSearchResults[] = {
    {"mediaType", kText, kSearchTypes}, kQuery, kResultsCount};
constexpr Property kClickHomeGalleryImage[] = {{"set"}, kId};
constexpr Property kOnlyId[] = {kId};
constexpr Property kBackToSearch[] = {kId, kSearchType};
constexpr Property kBackToTop[] = {kResultPage,
                                   {"scrollPixels", kNumber},
                                   {"maxScroll", kNumber},
                                   kSearchKind,
                                   kSearchType,
                                   kQuery,
                                   kCollectionType};
constexpr Property kResultPages[] = {kResultPage, kSearchKind, kSearchType, kQuery,
                                     kCollectionType};
constexpr Property kSelectSearchResult[] = {
    kId,        {"relatedTo"},      {"kind", kText, kSelectKinds},
    kMediaType, kSearchType,        kCollectionType,
    kProvider,  kSensitivities,     {"isBlurred", kFlag},
    kQuery,     {"collectionValue"}};
constexpr Property kGetMedia[] = {kId, kProvider, kMediaType};
constexpr Property kCopyAttribution[] = {kId, {"format", kText, kFormats, true}, kMediaType};
constexpr Property kReportMedia[] = {kId, kProvider, kMediaType, {"reason", kText, kReasons}};
constexpr Property kSelectExternalSource[] = {
    {"name"}, {"mediaType", kText, kSearchTypes}, kQuery, kComponent};
constexpr Property kViewExternalSources[] = {kSearchType, kQuery, kResultPage};
constexpr Property kChangeContentType[] = {
    {"previous", kText, kSearchTypes}, {"next", kText, kSearchTypes}, kComponent};
constexpr Property kToggleFilterSidebar[] = {kSearchType, kToState};
constexpr Property kApplyFilter[] = {
    {"category", kText, {}, true}, {"key", kText, {}, true}, kChecked, kSearchType, kQuery};
constexpr Property kOnlyUrl[] = {kUrl};
constexpr Property kVisitCreatorLink[] = {kId, kUrl, kSource};
constexpr Property kVisitSourceLink[] = {kId, kSource};
constexpr Property kVisitLicensePage[] = {{"license"}};
constexpr Property kAudioInteraction[] = {
    kId, {"event", kText, kAudioEvents, true}, kProvider, kComponent};
constexpr Property kOnlyChecked[] = {kChecked};
constexpr Property kSensitiveResult[] = {kId, kSensitivities};
constexpr Property kOnlyToState[] = {kToState};
constexpr Property kNetworkError[] = {{"requestKind", kText, kRequests}, kSearchType};
constexpr Property kSearchResponseTime[] = {{"mediaType", kText, kSearchTypes},
                                            {"cfCacheStatus"},
                                            {"cfRayIATA"},
                                            {"elapsedTime", kNumber, {}, true},
                                            {"queryString"}};

// What neither had.
constexpr Property kImpression[] = {{"results", PropertyKind::results, {}, true}};
constexpr Property kRateResults[] = {{"relevant", kFlag, {}, true}};

constexpr Property kCommon[] = {{"width", kNumber}, {"height", kNumber}, {"breakpoint"}};

constexpr std::array kTypes{
    EventType{"SEARCH_EVENT", kSearchEvent},
    EventType{"SEARCH_RATING_EVENT", kSearchRatingEvent},
    EventType{"RESULT_CLICK_EVENT"},
    EventType{"DETAIL_PAGE_EVENT", kDetailPageEvent},
    EventType{"ATTRIBUTION_REFERRER_EVENT", kReferrerEvent},
    EventType{"SUBMIT_SEARCH", kSubmitSearch},
    EventType{"GET_SEARCH_RESULTS", kGetSearchResults},
    EventType{"CLICK_HOME_GALLERY_IMAGE", kClickHomeGalleryImage},
    EventType{"OPEN_PAGES_MENU"},
    EventType{"RIGHT_CLICK_IMAGE", kOnlyId},
    EventType{"BACK_TO_SEARCH", kBackToSearch},
    EventType{"BACK_TO_TOP", kBackToTop},
    EventType{"REACH_RESULT_END", kResultPages},
    EventType{"LOAD_MORE_RESULTS", kResultPages},
    EventType{"SELECT_SEARCH_RESULT", kSelectSearchResult},
    EventType{"GET_MEDIA", kGetMedia},
    EventType{"COPY_ATTRIBUTION", kCopyAttribution},
    EventType{"REPORT_MEDIA", kReportMedia},
    EventType{"SELECT_EXTERNAL_SOURCE", kSelectExternalSource},
    EventType{"VIEW_EXTERNAL_SOURCES", kViewExternalSources},
    EventType{"CHANGE_CONTENT_TYPE", kChangeContentType},
    EventType{"TOGGLE_FILTER_SIDEBAR", kToggleFilterSidebar},
    EventType{"APPLY_FILTER", kApplyFilter},
    EventType{"EXTERNAL_LINK_CLICK", kOnlyUrl},
    EventType{"VISIT_CREATOR_LINK", kVisitCreatorLink},
    EventType{"VISIT_SOURCE_LINK", kVisitSourceLink},
    EventType{"VISIT_LICENSE_PAGE", kVisitLicensePage},
    EventType{"AUDIO_INTERACTION", kAudioInteraction},
    EventType{"TOGGLE_FETCH_SENSITIVE", kOnlyChecked},
    EventType{"TOGGLE_BLUR_SENSITIVE", kOnlyChecked},
    EventType{"UNBLUR_SENSITIVE_RESULT", kSensitiveResult},
    EventType{"REBLUR_SENSITIVE_RESULT", kSensitiveResult},
    EventType{"GO_BACK_FROM_SENSITIVE_RESULT", kSensitiveResult},
    EventType{"TOGGLE_TAG_EXPANSION", kOnlyToState},
    EventType{"NETWORK_ERROR", kNetworkError},
    EventType{"SEARCH_RESPONSE_TIME", kSearchResponseTime},
    EventType{"IMPRESSION", kImpression},
    EventType{"RATE_RESULTS", kRateResults},
};

}  // namespace

std::span<const EventType> event_types() { return kTypes; }

const EventType* find_event_type(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &EventType::name);
  return found == kTypes.end() ? nullptr : &*found;
}

std::span<const Property> common_properties() { return kCommon; }

}  // namespace freshet::usage
