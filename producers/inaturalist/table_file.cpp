#include "producers/inaturalist/table_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/utf8.hpp"

namespace freshet::bulk {
namespace {

constexpr std::size_t kBuffer = 256UL << 10U;
// Of a line: the longest real ones have a few hundred bytes. A dead letter must hold it.
constexpr std::size_t kMostLine = 256UL << 10U;

std::string_view without_prefix(std::string_view column) {
  return column.substr(column.find(':') == std::string_view::npos ? 0 : column.find(':') + 1);
}

}  // namespace

TableFile::TableFile(std::unique_ptr<ByteSource> source, std::string name)
    : source_{std::move(source)}, name_{std::move(name)}, buffer_(kBuffer) {}

// False at the end.
Result<bool> TableFile::read_line() {
  partial_.clear();
  is_too_long_ = false;
  bool any = false;
  for (;;) {
    if (unread_.empty()) {
      const auto count = source_->read(buffer_);
      if (!count) {
        const Error& error = count.error();
        return error.rule().empty()
                   ? Error{error.errc(), error.retry(), name_ + ": " + error.message()}
                   : Error{error.errc(), error.field(), error.rule(),
                           name_ + ": " + error.message()};
      }
      if (*count == 0) {
        break;
      }
      unread_ = {buffer_.data(), *count};
    }
    any = true;
    const std::size_t end = unread_.find('\n');
    const bool ends = end != std::string_view::npos;
    const std::string_view piece = unread_.substr(0, end);
    unread_.remove_prefix(ends ? end + 1 : unread_.size());
    const std::size_t room = kMostLine - partial_.size();
    is_too_long_ = is_too_long_ || piece.size() > room;
    if (ends && partial_.empty() && !is_too_long_) {
      text_ = piece;
      break;
    }
    text_ = partial_.append(piece.substr(0, room));
    if (ends) {
      break;
    }
  }
  if (!any) {
    return false;
  }
  ++line_;
  if (text_.ends_with('\r')) {
    text_.remove_suffix(1);
  }
  if (!is_utf8(text_)) {
    partial_ = well_formed_utf8(text_);
    text_ = partial_;
  }
  return true;
}

// Whether the line has as many columns as the header.
bool TableFile::split() {
  all_.clear();
  for (std::size_t from = 0; from <= text_.size();) {
    const std::size_t tab = std::min(text_.find('\t', from), text_.size());
    all_.push_back(text_.substr(from, tab - from));
    from = tab + 1;
  }
  return width_ == 0 || all_.size() == width_;
}

Result<void> TableFile::open(std::initializer_list<Column> columns) {
  const auto read = read_line();
  if (!read) {
    return read.error();
  }
  if (!*read || is_too_long_) {
    return Error{Errc::malformed_payload, "", "columns", name_ + " has no header"};
  }
  text_ = without_bom(text_);
  split();
  width_ = all_.size();
  for (const Column& column : columns) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](std::string_view name) {
      return std::find(column.begin(), column.end(), without_prefix(name)) != column.end();
    });
    if (found == all_.end()) {
      return Error{Errc::malformed_payload, std::string{column.front()}, "columns",
                   fmt::format("{} has no column {}", name_, column.front())};
    }
    wanted_.push_back(static_cast<std::size_t>(found - all_.begin()));
  }
  row_.resize(wanted_.size());
  return {};
}

Result<TableFile::Next> TableFile::next() {
  const auto read = read_line();
  if (!read) {
    return read.error();
  }
  if (!*read) {
    return Next::end;
  }
  if (is_too_long_) {
    fault_ = Error{Errc::too_large, "line", "max_length",
                   fmt::format("{}, line {}: longer than {} bytes", name_, line_, kMostLine)};
    return Next::fault;
  }
  if (text_.find('\0') != std::string_view::npos) {
    fault_ = Error{Errc::invalid_value, "line", "no_nul",
                   fmt::format("{}, line {}: a NUL in it", name_, line_)};
    return Next::fault;
  }
  if (!split()) {
    fault_ = Error{
        Errc::invalid_value, "line", "columns",
        fmt::format("{}, line {}: {} columns instead of {}", name_, line_, all_.size(), width_)};
    return Next::fault;
  }
  std::transform(wanted_.begin(), wanted_.end(), row_.begin(),
                 [&](std::size_t place) { return all_[place]; });
  return Next::row;
}

}  // namespace freshet::bulk
