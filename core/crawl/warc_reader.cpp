#include "core/crawl/warc_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "core/check.hpp"
#include "core/text.hpp"

namespace freshet {
namespace {

constexpr std::size_t kInput = 1U << 20U;
constexpr std::size_t kStep = 64U << 10U;  // text is made in pieces of at least this
constexpr std::size_t kPadding = 64;       // behind the text, for SIMD parsers
constexpr int kGzipOnly = 15 + 16;         // zlib: largest window, gzip header and check sum
constexpr std::string_view kVersion = "WARC/1.";
constexpr std::string_view kGzipMagic = "\x1F\x8B\x08";

Error fault_of(std::string rule, std::string text) {
  return Error{Errc::malformed_payload, "warc", std::move(rule), std::move(text)};
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view{}
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b,
                            [](char x, char y) { return lower_letter(x) == lower_letter(y); });
}

std::optional<std::size_t> content_length_of(const WarcRecord& record) {
  const auto value = record.field("content-length");
  if (!value) {
    return std::nullopt;
  }
  std::size_t length = 0;
  const auto read = std::from_chars(value->data(), value->data() + value->size(), length);
  return read.ec == std::errc{} && read.ptr == value->data() + value->size() ? std::optional{length}
                                                                             : std::nullopt;
}

/// Where the empty line behind a header begins, and how long it is: lines should end in CR LF, and
/// LF alone is found in the wild.
struct HeaderEnd {
  std::size_t at = std::string_view::npos;
  std::size_t length = 0;
};
HeaderEnd find_header_end(std::string_view text) {
  const std::size_t with_cr = text.find("\r\n\r\n");
  const std::size_t bare = text.substr(0, with_cr).find("\n\n");
  return bare == std::string_view::npos ? HeaderEnd{with_cr, 4} : HeaderEnd{bare, 2};
}

}  // namespace

std::optional<std::string_view> WarcRecord::field(std::string_view name) const {
  std::string_view rest = header;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && is_same_name(trimmed(line.substr(0, colon)), name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

WarcReader::WarcReader(ByteSource& source, std::size_t most_content)
    : source_{source}, most_content_{most_content}, input_(kInput), buffer_(kStep + kPadding) {
  FRESHET_CHECK(inflateInit2(&inflater_, kGzipOnly) == Z_OK);
}

WarcReader::~WarcReader() { inflateEnd(&inflater_); }

Result<void> WarcReader::fill_input() {
  if (is_source_done_) {
    return {};
  }
  if (input_at_ - kept_from_ > input_.size() / 2) {
    kept_from_ = input_at_;  // too much to be read again should this member be damaged
  }
  if (kept_from_ > 0) {
    std::memmove(input_.data(), input_.data() + kept_from_, input_end_ - kept_from_);
    input_end_ -= kept_from_;
    input_at_ -= kept_from_;
    kept_from_ = 0;
  }
  const auto count =
      source_.read(std::span{input_}.subspan(input_end_, input_.size() - input_end_));
  if (!count) {
    return count.error();
  }
  input_end_ += *count;
  is_source_done_ = *count == 0;
  return {};
}

// At the begin of a member, or of the file: tells what follows.
Result<void> WarcReader::begin_member() {
  while (input_end_ - input_at_ < kGzipMagic.size() && !is_source_done_) {
    if (const auto filled = fill_input(); !filled) {
      return filled;
    }
  }
  const std::string_view input{input_.data() + input_at_, input_end_ - input_at_};
  kept_from_ = input_at_;
  at_ = filled_ = 0;
  passed_ = 0;
  member_at_ = taken_;
  is_first_in_member_ = true;
  if (input.empty()) {
    state_ = State::file_end;
    return {};
  }
  if (!is_begun_) {
    is_begun_ = true;
    is_gzip_ = input.starts_with(kGzipMagic.substr(0, 2));
  }
  if (is_gzip_) {
    FRESHET_CHECK(inflateReset(&inflater_) == Z_OK);
  }
  state_ = State::open;
  return {};
}

// Adds text of the present member, or says why there is none.
Result<void> WarcReader::more() {
  if (state_ != State::open) {
    return {};
  }
  if (at_ > 0 && (at_ == filled_ || at_ >= kStep)) {
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= at_;
    passed_ += at_;
    at_ = 0;
  }
  if (buffer_.size() - filled_ < kStep + kPadding) {
    buffer_.resize(std::max(buffer_.size() * 2, filled_ + kStep + kPadding));
  }
  if (input_at_ == input_end_) {
    if (const auto filled = fill_input(); !filled) {
      return filled;
    }
  }
  if (input_at_ == input_end_) {
    state_ = is_gzip_ ? State::damaged : State::file_end;
    return {};
  }
  const std::size_t room = buffer_.size() - filled_ - kPadding;
  if (!is_gzip_) {
    const std::size_t count = std::min(room, input_end_ - input_at_);
    std::memcpy(buffer_.data() + filled_, input_.data() + input_at_, count);
    input_at_ += count;
    taken_ += count;
    filled_ += count;
    inflated_ += count;
    return {};
  }
  inflater_.next_in = reinterpret_cast<Bytef*>(input_.data() + input_at_);
  inflater_.avail_in = static_cast<uInt>(input_end_ - input_at_);
  inflater_.next_out = reinterpret_cast<Bytef*>(buffer_.data() + filled_);
  inflater_.avail_out = static_cast<uInt>(room);
  const int result = inflate(&inflater_, Z_NO_FLUSH);
  const std::size_t used = input_end_ - input_at_ - inflater_.avail_in;
  const std::size_t made = room - inflater_.avail_out;
  input_at_ += used;
  taken_ += used;
  filled_ += made;
  inflated_ += made;
  if (result == Z_STREAM_END) {
    state_ = State::member_end;
  } else if (result != Z_OK || (used == 0 && made == 0)) {
    state_ = State::damaged;
  }
  return {};
}

Result<bool> WarcReader::have(std::size_t count) {
  while (filled_ - at_ < count && state_ == State::open) {
    if (const auto added = more(); !added) {
      return added.error();
    }
  }
  return filled_ - at_ >= count;
}

Result<WarcReader::Next> WarcReader::next() {
  at_ += std::exchange(keep_back_, 0);
  for (;;) {
    // Empty lines between records are no part of any.
    for (;;) {
      const auto there = have(1);
      if (!there) {
        return there.error();
      }
      if (!*there || (buffer_[at_] != '\r' && buffer_[at_] != '\n')) {
        break;
      }
      ++at_;
    }
    if (at_ < filled_) {
      return read_record();
    }
    if (state_ == State::damaged) {
      return pass_over(damage(), 0);
    }
    if (state_ == State::file_end) {
      return Next::end;
    }
    if (const auto begun = begin_member(); !begun) {
      return begun.error();
    }
    if (state_ == State::file_end) {
      return Next::end;
    }
    if (is_gzip_ && input_end_ - input_at_ >= 2 &&
        !std::string_view{input_.data() + input_at_, 2}.starts_with(kGzipMagic.substr(0, 2))) {
      state_ = State::damaged;
    }
  }
}

Result<WarcReader::Next> WarcReader::read_record() {
  if (const auto there = have(kVersion.size()); !there) {
    return there.error();
  }
  if (!text().starts_with(kVersion)) {
    if (state_ == State::damaged && text().size() < kVersion.size()) {
      return pass_over(damage(), 0);
    }
    return pass_over(fault_of("version", "a record that does not begin with WARC/1."), 0);
  }
  HeaderEnd end;
  for (std::size_t wanted = 1024;; wanted *= 2) {
    const auto there = have(wanted);
    if (!there) {
      return there.error();
    }
    end = find_header_end(text().substr(0, kMostHeader));
    if (end.at != std::string_view::npos || !*there || wanted > kMostHeader) {
      break;
    }
  }
  if (end.at == std::string_view::npos) {
    if (state_ == State::damaged) {
      return pass_over(damage(), 0);
    }
    return pass_over(fault_of("header", "a header without its end, or longer than 64 KiB"), 0);
  }
  record_ = {};
  record_.header = text().substr(0, end.at);
  const auto length = content_length_of(record_);
  const std::size_t begin = end.at + end.length;
  if (!length) {
    return pass_over(fault_of("content_length", "a record without a length in digits"), 0);
  }
  if (*length > most_content_) {
    const std::string why =
        fmt::format("{} bytes of content, more than {}", *length, most_content_);
    return pass_over(Error{Errc::too_large, "warc", "max_length", why},
                     begin + std::min(*length, std::numeric_limits<std::size_t>::max() - begin));
  }
  // One byte more tells whether the record ends where it says; there may be none.
  if (const auto there = have(begin + *length + 4); !there) {
    return there.error();
  }
  const std::string_view all = text();
  if (all.size() < begin + *length) {
    return pass_over(
        state_ == State::damaged
            ? damage()
            : fault_of("content_length", fmt::format("a record of {} bytes, of which {} are there",
                                                     *length, all.size() - begin)),
        0);
  }
  const std::string_view behind = all.substr(begin + *length, 4);
  if (!behind.empty() && behind.front() != '\r' && behind.front() != '\n' &&
      !behind.starts_with(kVersion.substr(0, behind.size()))) {
    return pass_over(fault_of("content_length", "a record that is longer than it says"), 0);
  }
  record_.header = all.substr(0, end.at);
  record_.content = all.substr(begin, *length);
  // A damaged or second record in the member must be found by the next call, so only the whole of
  // a member that ends behind this one has a length.
  record_.offset = is_gzip_ ? member_at_ : passed_ + at_;
  if (!is_gzip_) {
    record_.length = begin + *length;
  } else if (is_first_in_member_) {
    // Most members end here: the check sum is read before the record is given out.
    if (const auto there = have(begin + *length + kStep); !there) {
      return there.error();
    }
    const std::string_view rest = text().substr(begin + *length);
    const bool is_alone =
        state_ == State::member_end && rest.find_first_not_of("\r\n") == std::string_view::npos;
    if (state_ == State::damaged) {
      return pass_over(damage(), 0);
    }
    record_.length = is_alone ? taken_ - member_at_ : 0;
    record_.header = text().substr(0, end.at);
    record_.content = text().substr(begin, *length);
  }
  is_first_in_member_ = false;
  keep_back_ = begin + *length;
  return Next::record;
}

Error WarcReader::damage() const {
  return is_source_done_ && input_at_ == input_end_
             ? fault_of("gzip_truncated", "the file ends within a gzip member")
             : fault_of("gzip", "the compressed data is damaged");
}

// Puts aside what begins here, and finds the next record behind it.
// @param content_left  bytes that are known to be part of it.
Result<WarcReader::Next> WarcReader::pass_over(Error error, std::size_t content_left) {
  fault_.error = std::move(error);
  fault_.offset = is_gzip_ ? member_at_ : passed_ + at_;
  fault_.bytes = text().substr(0, kMostFaultBytes);
  while (content_left > 0) {
    const auto there = have(1);
    if (!there) {
      return there.error();
    }
    if (!*there) {
      break;
    }
    const std::size_t step = std::min(content_left, filled_ - at_);
    at_ += step;
    content_left -= step;
  }
  if (fault_.error.rule() != "max_length") {
    if (const auto found = resync(); !found) {
      return found.error();
    }
  }
  return Next::fault;
}

Result<void> WarcReader::resync() {
  // Within a member or a plain file: the next line that begins a record.
  for (;;) {
    const std::string_view all = text();
    const std::size_t found = all.find("\nWARC/1.");
    if (found != std::string_view::npos) {
      at_ += found + 1;
      return {};
    }
    // The last bytes may be the begin of such a line.
    at_ += all.size() > kVersion.size() ? all.size() - kVersion.size() : 0;
    if (state_ != State::open) {
      break;
    }
    if (const auto added = more(); !added) {
      return added;
    }
  }
  at_ = filled_;
  if (state_ != State::damaged) {
    return {};
  }
  state_ = State::member_end;
  const auto found = find_member();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    state_ = State::file_end;
  }
  return {};
}

// The next bytes that may begin a gzip member. What only looks like one is damaged in its turn. It
// looks from the damaged member's begin on: damage may have swallowed the begin of the next one.
Result<bool> WarcReader::find_member() {
  if (input_at_ > kept_from_) {
    taken_ -= input_at_ - (kept_from_ + 1);
    input_at_ = kept_from_ + 1;
  }
  for (;;) {
    const std::string_view input{input_.data() + input_at_, input_end_ - input_at_};
    const std::size_t found = input.find(kGzipMagic);
    const std::size_t keep = kGzipMagic.size() - 1;
    const std::size_t pass = found != std::string_view::npos ? found
                             : input.size() > keep           ? input.size() - keep
                                                             : 0;
    input_at_ += pass;
    taken_ += pass;
    kept_from_ = input_at_;
    if (found != std::string_view::npos) {
      return true;
    }
    if (is_source_done_) {
      taken_ += input_end_ - input_at_;
      input_at_ = input_end_;
      return false;
    }
    if (const auto filled = fill_input(); !filled) {
      return filled.error();
    }
  }
}

}  // namespace freshet
