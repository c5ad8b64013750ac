// Any bytes at all as the `work` of a sighting.
#include "processors/clean/cleaner.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace freshet::fuzz {
namespace {

void check(std::string_view raw) {
  static Cleaner cleaner;
  Arena arena;
  const CleanResult result = cleaner.clean(raw, arena);
  const auto* const work = std::get_if<Work>(&result);
  if (work == nullptr) {
    return;
  }
  std::string once;
  append_work(once, *work);
  require_json(once, "a cleaned work is JSON");

  Arena again_arena;
  const CleanResult again = cleaner.clean(once, again_arena);
  const auto* const still = std::get_if<Work>(&again);
  require(still != nullptr, "a cleaned work passes clean", once);
  std::string twice;
  append_work(twice, *still);
  require(twice == once, "cleaning twice changes nothing", twice, once);

  const auto read = parse_work(once, again_arena);
  require(read.has_value(), "a cleaned work reads back", once);
  std::string rewritten;
  append_work(rewritten, *read);
  require(rewritten == once, "a work that was read is written alike", rewritten, once);
  require(read->media_type == work->media_type && read->provider == work->provider &&
              read->foreign_identifier == work->foreign_identifier && read->url == work->url,
          "the identity reads back", once);
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  freshet::fuzz::check(freshet::fuzz::as_text(data, size));
  return 0;
}
