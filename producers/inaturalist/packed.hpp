#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace freshet::bulk {

/// Writes numbers and texts one behind the other, as `Unpacked` reads them.
class Packed {
 public:
  explicit Packed(std::string& out) : out_{out} {}
  void number(std::uint64_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }
  void text(std::string_view value) {
    const auto size = static_cast<std::uint32_t>(value.size());
    char bytes[sizeof size];
    std::memcpy(bytes, &size, sizeof size);
    out_.append(bytes, sizeof size).append(value);
  }
  /// A text of at most 255 bytes; of a longer one, its beginning.
  void short_text(std::string_view value) {
    const std::string_view kept = value.substr(0, 255);
    out_.push_back(static_cast<char>(kept.size()));
    out_.append(kept);
  }
  void bytes(std::string_view value) { out_.append(value); }

 private:
  std::string& out_;
};

/// What `Packed` wrote. Where bytes are missing, it gives nothing, and `is_whole` says so.
class Unpacked {
 public:
  explicit Unpacked(std::string_view bytes) : left_{bytes} {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    if (const std::string_view raw = bytes(sizeof value); raw.size() == sizeof value) {
      std::memcpy(&value, raw.data(), sizeof value);
    }
    return value;
  }
  std::string_view text() {
    std::uint32_t size = 0;
    if (const std::string_view raw = bytes(sizeof size); raw.size() == sizeof size) {
      std::memcpy(&size, raw.data(), sizeof size);
    }
    return bytes(size);
  }
  std::string_view short_text() {
    const std::string_view size = bytes(1);
    return size.empty() ? std::string_view{} : bytes(static_cast<unsigned char>(size.front()));
  }
  std::string_view bytes(std::size_t count) {
    if (count > left_.size()) {
      is_whole_ = false;
      left_ = {};
      return {};
    }
    const std::string_view found = left_.substr(0, count);
    left_.remove_prefix(count);
    return found;
  }
  bool is_at_end() const noexcept { return left_.empty(); }
  bool is_whole() const noexcept { return is_whole_; }
  std::size_t left() const noexcept { return left_.size(); }

 private:
  std::string_view left_;
  bool is_whole_ = true;
};

}  // namespace freshet::bulk
