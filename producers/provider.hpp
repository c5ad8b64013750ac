#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/key.hpp"
#include "core/result.hpp"
#include "core/time.hpp"
#include "producers/answer.hpp"
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

/// How a set ends. An empty list alone never ends it: a limit, an error or a fault of the source
/// looks the same.
enum class Paging {
  /// Each reply names the next page or says that there is none: by a cursor, a link, the number of
  /// pages, or one list for all. Only that ends a set; an empty page that names a next one is
  /// followed.
  linked,
  /// Pages or offsets are counted on, and the first empty page lies behind the end. It is believed
  /// when the total was reached or the page before was not full. Otherwise it is believed when the
  /// last full run had no more records than this one. If there were earlier runs but no full one, a
  /// run a day later must find the page empty again. In the provider's very first run it is
  /// believed.
  counted,
};

/// Everything about a provider that is data. Its code says what it asks for and how it reads a
/// reply.
struct ProviderSpec {
  std::string command;  ///< `metropolitan_museum`: name on the command line and in producer state
  std::string title;    ///< for people: `Metropolitan Museum of Art`
  /// Key in records by media type. What belongs to no record is counted under the first.
  std::vector<std::pair<MediaType, std::string>> providers;
  std::vector<std::string> hosts;  ///< every host that a run asks, for people and firewalls
  std::string endpoint;  ///< absolute URL of list requests; empty: the provider fetches itself
  Answer answer{};       ///< what a list reply must hold; `list` is where its raw records are
  Paging paging = Paging::linked;
  std::string schedule;  ///< `daily`, `weekly`, `monthly`, `quarterly`
  Dated dated = Dated::no;
  bool takes_slice = false;  ///< time-delineated: `--slice START/END` is understood
  /// Between the starts of two requests to one host, lists, details and HEADs alike: what its terms
  /// allow a second, the other way round.
  std::chrono::microseconds delay{1'000'000};
  /// Raw records that are expanded side by side, so that their requests do not wait for each other.
  /// More than 1 says that `expand` may be called from several threads at once.
  int in_flight = 1;
  int retries = 3;  ///< further attempts after the first
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
  bool is_resumed = false;  ///< it goes on where an interrupted one ended
  /// When the last run began that read everything to its end. Nothing: there was none, or this run
  /// is to begin anew, or to read only a part.
  std::optional<UtcTime> last_whole_at;

  /// To be called by `fixed_sets` where the source holds nothing that the last whole run did not
  /// read: this run then asks for nothing, and ends well. It says nothing of any work.
  void nothing_is_new(std::string reason) { nothing_new = std::move(reason); }
  std::optional<std::string> nothing_new;

  /// To be called when this run leaves out something that the source holds (a page cap, a full
  /// slice). It is logged as a warning, and works that the run did not see are not taken for
  /// removed.
  void leave_out(std::string reason) { left_out.push_back(std::move(reason)); }
  std::vector<std::string> left_out;
};

/// What a provider that is read from files needs beside `Fetch`. All of it outlives the run.
struct FileParts {
  /// Where its files are, URL or folder, by name: settings `produce.files.*`. Only what was set.
  std::map<std::string, std::string> places;
  std::string work_dir;  ///< a folder of its own, which need not be there yet
  /// Made where something is asked for; tries again by itself.
  std::function<std::unique_ptr<http::HttpClient>()> make_client;
  std::stop_token stop;
};

/// One reply to a list request, or several merged into one.
struct Reply {
  Params params;     ///< what was asked, without credentials
  std::string url;   ///< the same as a URL
  json::value body;  ///< null where the request failed and the run goes on regardless
  http::Headers headers;
  /// The list begins again with this reply, because what it was read from is gone. Its records may
  /// have been seen before.
  bool begins_anew = false;

  /// A text or number at a JSON pointer, as text; nothing where it is missing, null or something
  /// else.
  std::optional<std::string> at_or_null(std::string_view pointer) const;
};

/// Parameters with one more, or nothing where there is no value: the end of a cursor.
std::optional<Params> with_optional(Params params, std::string_view name,
                                    std::optional<std::string> value);

/// Reads one provider: which list requests to make, and which records a raw record makes.
///
/// One object lives for one run and is called from one thread, so it may keep caches; only `expand`
/// is called from several where `spec().in_flight` says so, and then a mutex guards what it keeps.
/// The results are taken in the order of the list, but a later raw record may be expanded before an
/// earlier one, and in vain. Mapping may throw on a reply of the wrong shape (Boost.JSON's
/// exceptions, `WrongShape`): that one raw record is then rejected whole, and its neighbours pass.
class Provider {
 public:
  Provider() = default;
  Provider(const Provider&) = delete;
  Provider& operator=(const Provider&) = delete;
  virtual ~Provider() = default;

  virtual const ProviderSpec& spec() const = 0;

  /// Called once before anything is asked for. Providers that are read by `Fetch` need nothing of
  /// it.
  virtual void use_files(const FileParts& parts);
  /// The run is finished, and its end is written: what was kept for it may go.
  virtual void clean_up();

  /// The paging loop runs once for each of these; every request of a loop carries its set. May ask
  /// the source (time slices are cut by counts).
  virtual Result<std::vector<Params>> fixed_sets(Run& run, Fetch& fetch);

  /// Parameters of the list request after `previous`, or of the first one (null). Nothing: the set
  /// is done. What a later request needs must be in the parameters or the reply, because a run that
  /// is resumed starts from the parameters alone.
  virtual std::optional<Params> next(Run& run, const Reply* previous) = 0;

  /// Makes one list request; providers whose batch takes several requests override it, and judge
  /// each reply by `judge()`.
  virtual Result<Reply> fetch_page(Fetch& fetch, const Params& params);

  /// The raw records of a reply. They live in `reply`.
  virtual std::vector<const json::value*> items(const Reply& reply) const;

  /// Why a list reply with status 200 and JSON is no answer; nothing: it is one. A reply that is
  /// none is asked for again, and the page fails if that does not help. By default `spec().answer`
  /// decides.
  virtual std::optional<std::string> fault_of(const json::value& body) const;

  /// How many raw records the source says the set has; nothing where the reply does not tell. By
  /// default the number at `spec().answer.total`.
  virtual std::optional<std::int64_t> announced(const Reply& reply) const;

  /// Turns one raw record into records, drops or a rejection.
  virtual void expand(const json::value& item, Fetch& fetch, Emit& emit) = 0;

 protected:
  /// `fault_of` for a request.
  Judge judge() const;
  /// For `announced` of sources whose total moves while they are read: the number at
  /// `spec().answer.total`, as the empty page behind all others tells it.
  std::optional<std::int64_t> announced_at_the_end(const Reply& reply) const;
};

/// A reply or raw record is not shaped as the provider's API promises.
struct WrongShape : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Reading replies. In the providers' rules a *missing* member is often fine, but one of another
// type is not: for that the `_or_empty` readers throw WrongShape.

/// Member of an object, or null where it is missing. @throws WrongShape when `object` is no object.
const json::value& member(const json::value& object, std::string_view name);
/// The same for a member that must be an object if it is there; null counts as wrong.
const json::value& object_or_empty(const json::value& object, std::string_view name);
/// Elements of a list; none for null, missing, or an empty value. @throws WrongShape otherwise.
std::span<const json::value> elements(const json::value& list);
/// Member that must be there, null or not. @throws WrongShape.
const json::value& required_member(const json::value& object, std::string_view name);
/// A text or number as text. @throws WrongShape for anything else.
std::string required_text(const json::value& value);
/// Member, or `otherwise` where it is *missing*. A null that is there stays null: the source says
/// that it does not know, which is not the same as 0. For rules of the form "x, by default 0".
json::value default_if_missing(const json::value& object, std::string_view name,
                               json::value otherwise);
/// Member, or `otherwise` where it is missing, null or empty (`""`, 0, false, `[]`, `{}`). For
/// rules of the form "x, else y".
json::value default_if_empty(const json::value& object, std::string_view name,
                             json::value otherwise);
/// Adds a member, unless its value is null: what the source does not know says nothing.
void add_known(json::object& object, std::string_view name, json::value value);
/// Members of an object under other names, without those that are null or missing.
/// @param names  pairs of the new name and the one in `object`
json::object known_members(
    const json::value& object,
    std::initializer_list<std::pair<std::string_view, std::string_view>> names);
/// Text of a string or number. Nothing for anything else, and for the empty text.
std::optional<std::string> scalar_at(const json::value& object, std::string_view name);
/// A length in seconds, a number or a text that is one, as whole milliseconds, cut toward zero;
/// null where it is missing. What is no such number becomes a value that clean leaves out and
/// counts, so that it is not taken for milliseconds.
json::value milliseconds(const json::value& seconds);
/// `text` with every `from` replaced by `to`.
std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// Lower case of ASCII, Latin, Greek and Cyrillic letters (UTF-8); other text as it is.
std::string lower_case(std::string_view text);

}  // namespace freshet
