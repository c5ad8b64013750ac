#include "core/zstd_lines.hpp"

#include <zstd.h>

#include <utility>
#include <vector>

#include "core/check.hpp"

namespace freshet {
namespace {

constexpr int kLevel = 6;

std::size_t accept(std::size_t code, const char* what) {
  if (ZSTD_isError(code) != 0U) {
    throw WorkFailed{std::string{"zstd, "} + what + ": " + ZSTD_getErrorName(code)};
  }
  return code;
}

}  // namespace

struct ZstdLineWriter::Impl {
  struct Free {
    void operator()(ZSTD_CCtx* handle) const noexcept { ZSTD_freeCCtx(handle); }
  };
  WriteBytes write;
  std::unique_ptr<ZSTD_CCtx, Free> context{ZSTD_createCCtx()};
  std::vector<char> out = std::vector<char>(ZSTD_CStreamOutSize());

  void compress(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      const std::size_t left =
          accept(ZSTD_compressStream2(context.get(), &to, &in, directive), "compression");
      if (to.pos > 0) {
        write({out.data(), to.pos});
      }
      if (directive == ZSTD_e_end ? left == 0 : in.pos == in.size) {
        return;
      }
    }
  }
};

ZstdLineWriter::ZstdLineWriter(WriteBytes write)
    : impl_{std::make_unique<Impl>(Impl{std::move(write)})} {
  accept(ZSTD_CCtx_setParameter(impl_->context.get(), ZSTD_c_compressionLevel, kLevel), "level");
  accept(ZSTD_CCtx_setParameter(impl_->context.get(), ZSTD_c_checksumFlag, 1), "checksum");
}

ZstdLineWriter::~ZstdLineWriter() = default;

void ZstdLineWriter::write(std::string_view line) {
  impl_->compress(line, ZSTD_e_continue);
  impl_->compress("\n", ZSTD_e_continue);
}

void ZstdLineWriter::finish() { impl_->compress("", ZSTD_e_end); }

struct ZstdLineReader::Impl {
  struct Free {
    void operator()(ZSTD_DCtx* handle) const noexcept { ZSTD_freeDCtx(handle); }
  };
  ReadBytes read;
  std::unique_ptr<ZSTD_DCtx, Free> context{ZSTD_createDCtx()};
  std::vector<char> out = std::vector<char>(ZSTD_DStreamOutSize());
  std::string_view in{};
  std::string pending{};  ///< decompressed and not given out
  std::size_t taken = 0;  ///< of `pending`
  bool is_inside_frame = false;

  /// Adds to `pending`; false at the end.
  bool fill() {
    pending.erase(0, std::exchange(taken, 0));
    while (true) {
      if (in.empty()) {
        in = read();
        if (in.empty()) {
          if (is_inside_frame) {
            throw WorkFailed{"zstd: the data end within a frame"};
          }
          return false;
        }
      }
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer to{out.data(), out.size(), 0};
      is_inside_frame =
          accept(ZSTD_decompressStream(context.get(), &to, &from), "decompression") != 0;
      in.remove_prefix(from.pos);
      if (to.pos > 0) {
        pending.append(out.data(), to.pos);
        return true;
      }
    }
  }
};

ZstdLineReader::ZstdLineReader(ReadBytes read)
    : impl_{std::make_unique<Impl>(Impl{std::move(read)})} {}

ZstdLineReader::~ZstdLineReader() = default;

bool ZstdLineReader::next(std::string& line) {
  std::size_t from = impl_->taken;
  while (true) {
    const std::size_t end = impl_->pending.find('\n', from);
    if (end != std::string::npos) {
      line.assign(impl_->pending, impl_->taken, end - impl_->taken);
      impl_->taken = end + 1;
      return true;
    }
    const std::size_t looked = impl_->pending.size() - impl_->taken;
    if (!impl_->fill()) {
      if (looked > 0) {
        throw WorkFailed{"zstd: the last line has no end"};
      }
      return false;
    }
    from = looked;
  }
}

}  // namespace freshet
