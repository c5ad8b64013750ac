#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/key.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "producers/emit.hpp"
#include "producers/fetch.hpp"
#include "producers/params.hpp"

namespace freshet {

/// How a provider uses the run's date.
enum class Dated {
  no,        ///< everything at every run, whatever the date
  optional,  ///< with a date only what changed on that day, without one everything
  yes,       ///< a day at a time; without a date, the last whole UTC day
};

/// Everything about a provider that is data. What it asks for and how it reads a reply is its code.
struct ProviderSpec {
  std::string command;  ///< `metropolitan_museum`: name on the command line and in producer state
  std::string title;    ///< for people: `Metropolitan Museum of Art`
  /// Key in records by media type; the first counts what belongs to no record.
  std::vector<std::pair<MediaType, std::string>> providers;
  std::vector<std::string> hosts;  ///< every host that a run asks, for people and firewalls
  std::string endpoint;  ///< absolute URL of list requests; empty: the provider fetches itself
  std::string items;     ///< JSON pointer of the raw records in a list reply: `/results`
  std::string schedule;  ///< `daily`, `weekly`, `monthly`, `quarterly`
  Dated dated = Dated::no;
  bool takes_slice = false;                ///< time-delineated: `--slice START/END` is understood
  std::chrono::milliseconds delay{1'000};  ///< between the starts of two requests to one host
  int retries = 3;                         ///< further attempts after the first
  std::chrono::milliseconds timeout{120'000};
  http::Headers headers{};  ///< of every request; `user-agent` here replaces the configured one
  std::optional<Credential> credential{};
  /// Fields that every record has unless it brings its own: `license`, `category`.
  std::vector<std::pair<std::string, std::string>> fixed_values{};
  std::int64_t batch_limit = 100;  ///< page size
  std::string notes{};             ///< for `--describe`: a paragraph on quirks, in markdown

  std::string_view provider_key(MediaType media_type) const;
};

/// One run, as a provider sees it.
struct Run {
  std::optional<std::string> date;  ///< `YYYY-MM-DD`, checked
  UtcTime started_at;
  std::optional<std::pair<UtcTime, UtcTime>> slice;  ///< `--slice`
  std::int64_t batch_limit = 100;

  /// Says that this run leaves something out that the source holds (a page cap, a full slice): it
  /// is logged as a warning, and works that were not seen are not taken for removed.
  void leave_out(std::string reason) { left_out.push_back(std::move(reason)); }
  std::vector<std::string> left_out;
};

/// One reply to a list request, or several merged into one.
struct Reply {
  Params params;     ///< what was asked, without credentials
  std::string url;   ///< the same as a URL
  json::value body;  ///< null where the request failed and the run goes on regardless
  http::Headers headers;

  /// Text or number at a JSON pointer as text; nothing where it is missing, null or something else.
  std::optional<std::string> at_or_null(std::string_view pointer) const;
};

/// Parameters with one more, or nothing where there is no value: the end of a cursor.
std::optional<Params> with_optional(Params params, std::string_view name,
                                    std::optional<std::string> value);

/// Reads one provider: which list requests to make, and which records a raw record makes.
///
/// One object lives for one run and is called from one thread, so it may keep caches. Mapping may
/// throw on a reply of the wrong shape (Boost.JSON's exceptions, `WrongShape`): that one raw record
/// is then rejected whole, and its neighbours pass.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  virtual const ProviderSpec& spec() const = 0;

  /// The paging loop runs once for each of these; every request of a loop carries its set. May ask
  /// the source (time slices are cut by counts).
  virtual Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch);

  /// Parameters of the next list request: after `previous`, or the first (null). Nothing: the set
  /// is done. What a later request needs must be in the parameters or the reply: a run that is
  /// resumed starts from the parameters alone.
  virtual std::optional<Params> next(Run& run, const Reply* previous) = 0;

  /// Makes one list request; providers whose batch takes several requests override it.
  virtual Result<Reply> fetch_page(Fetch& fetch, const Params& params);

  /// The raw records of a reply; none ends the set. They live in `reply`.
  virtual std::vector<const json::value*> items(const Reply& reply) const;

  /// Whether a reply with status 200 and JSON is an answer at all; it is asked for again if not.
  /// By default everything but an object with a non-null member `error` is.
  virtual bool is_answer(const json::value& body) const;

  /// Turns one raw record into records, drops or a rejection.
  virtual void expand(const json::value& item, Fetch& fetch, Emit& emit) = 0;
};

/// A reply or raw record is not shaped as the provider's API promises.
struct WrongShape : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reading replies. As the providers' rules want it, what is *missing* is often fine while what is
// there with another type is not: the `_or_empty` readers throw WrongShape in that case.

/// Member of an object, or null where it is missing. @throws WrongShape when `object` is none.
const json::value& member(const json::value& object, std::string_view name);
/// The same for a member that must be an object if it is there; null counts as wrong.
const json::value& object_or_empty(const json::value& object, std::string_view name);
/// Elements of a list; none for null, missing, or an empty value. @throws WrongShape otherwise.
std::span<const json::value> elements(const json::value& list);
/// Member that must be there, null or not. @throws WrongShape.
const json::value& required_member(const json::value& object, std::string_view name);
/// A text or number as text. @throws WrongShape for anything else.
std::string required_text(const json::value& value);
/// Text of a string or number. Nothing for anything else, and for the empty text.
std::optional<std::string> scalar_at(const json::value& object, std::string_view name);
/// `text` with every `from` replaced by `to`.
std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// Lower case of ASCII, Latin, Greek and Cyrillic letters (UTF-8); other text as it is.
std::string lower_case(std::string_view text);

}  // namespace freshet
