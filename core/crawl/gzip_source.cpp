#include "core/crawl/gzip_source.hpp"

#include <algorithm>
#include <cstring>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr std::size_t kInput = 256UL << 10U;
constexpr int kGzipOnly = 15 + 16;

Error damaged() {
  return Error{Errc::malformed_payload, "", "gzip", "a gzip file that is damaged or cut short"};
}

}  // namespace

GzipSource::GzipSource(std::unique_ptr<ByteSource> source)
    : source_{std::move(source)}, input_(kInput) {
  FRESHET_CHECK(inflateInit2(&inflater_, kGzipOnly) == Z_OK);
}

GzipSource::~GzipSource() { inflateEnd(&inflater_); }

// Moves what is left to the front and reads on behind it.
Result<void> GzipSource::fill() {
  std::memmove(input_.data(), input_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  const auto count = source_->read(std::span{input_}.subspan(end_));
  if (!count) {
    return count.error();
  }
  end_ += *count;
  is_source_done_ = *count == 0;
  return {};
}

Result<std::size_t> GzipSource::read(std::span<char> into) {
  while (!is_begun_ && end_ - at_ < 2 && !is_source_done_) {
    if (const auto filled = fill(); !filled) {
      return filled.error();
    }
  }
  if (!is_begun_) {
    is_begun_ = true;
    is_plain_ = end_ - at_ < 2 || input_[0] != '\x1F' || input_[1] != '\x8B';
  }
  if (!is_plain_) {
    return inflate_into(into);
  }
  if (at_ == end_ && !is_source_done_) {
    if (const auto filled = fill(); !filled) {
      return filled.error();
    }
  }
  const std::size_t count = std::min(into.size(), end_ - at_);
  std::copy_n(input_.data() + at_, count, into.data());
  at_ += count;
  return count;
}

// Once there is one, nothing but zeros may follow.
Result<void> GzipSource::skip_zeros() {
  for (;;) {
    if (std::ranges::any_of(std::span{input_}.subspan(at_, end_ - at_),
                            [](char c) { return c != '\0'; })) {
      return damaged();
    }
    at_ = end_;
    if (is_source_done_) {
      return {};
    }
    if (const auto filled = fill(); !filled) {
      return filled;
    }
  }
}

Result<std::size_t> GzipSource::inflate_into(std::span<char> into) {
  inflater_.next_out = reinterpret_cast<Bytef*>(into.data());
  inflater_.avail_out = static_cast<uInt>(into.size());
  while (inflater_.avail_out == into.size()) {
    if (at_ == end_ && !is_source_done_) {
      if (const auto filled = fill(); !filled) {
        return filled.error();
      }
    }
    if (at_ == end_) {
      return is_in_member_ ? Result<std::size_t>{damaged()} : Result<std::size_t>{0U};
    }
    if (!is_in_member_ && has_members_ && input_[at_] == '\0') {
      const auto skipped = skip_zeros();
      return skipped ? Result<std::size_t>{0U} : Result<std::size_t>{skipped.error()};
    }
    is_in_member_ = true;
    inflater_.next_in = reinterpret_cast<Bytef*>(input_.data() + at_);
    inflater_.avail_in = static_cast<uInt>(end_ - at_);
    const int result = inflate(&inflater_, Z_NO_FLUSH);
    at_ = end_ - inflater_.avail_in;
    if (result == Z_STREAM_END) {
      is_in_member_ = false;
      has_members_ = true;
      inflateReset(&inflater_);
    } else if (result != Z_OK) {
      return damaged();
    }
  }
  return into.size() - inflater_.avail_out;
}

}  // namespace freshet
