#include <vips/vips.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "thumbnails/decode/made.hpp"

namespace freshet::thumbnails {
namespace {

// What the formats can hold, the narrowest of them (WebP) with room to spare.
constexpr int kLongestSide = 16'000;
constexpr int kAvifEffort = 2;
constexpr int kWebpEffort = 2;

struct Unref {
  void operator()(VipsImage* image) const noexcept { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, Unref>;

Made failed(Fate fate) {
  Made made{.fate = fate, .type = "text/plain", .bytes = vips_error_buffer()};
  vips_error_clear();
  return made;
}

/// A picture that cannot be decoded to its end is none.
Image load(File file, int width, int height, VipsSize size) {
  VipsImage* out = nullptr;
  // libvips takes the bytes as they are and does not write to them.
  vips_thumbnail_buffer(const_cast<unsigned char*>(file.data()), file.size(), &out, width, "height",
                        height, "size", size, "export_profile", "srgb", "fail_on",
                        VIPS_FAIL_ON_ERROR, nullptr);
  if (out != nullptr) {
    vips_image_remove(out, VIPS_META_ICC_NAME);  // sRGB is what everybody takes it for
  }
  return Image{out};
}

Made written(VipsImage* image, const Job& job) {
  const int quality = static_cast<int>(job.quality);
  void* bytes = nullptr;
  std::size_t size = 0;
  int fault = 0;
  Made made{.fate = Fate::made, .type = {}, .bytes = {}};
  if (job.format == Format::webp) {
    made.type = "image/webp";
    fault = vips_webpsave_buffer(image, &bytes, &size, "Q", quality, "effort", kWebpEffort, "strip",
                                 TRUE, nullptr);
  } else if (job.format == Format::avif) {
    made.type = "image/avif";
    // Three quarters: its scale is another one, and looks like that of JPEG there.
    fault = vips_heifsave_buffer(image, &bytes, &size, "Q", quality * 3 / 4, "compression",
                                 VIPS_FOREIGN_HEIF_COMPRESSION_AV1, "effort", kAvifEffort, "strip",
                                 TRUE, nullptr);
  } else if (vips_image_hasalpha(image) != 0) {
    made.type = "image/png";
    fault = vips_pngsave_buffer(image, &bytes, &size, "strip", TRUE, nullptr);
  } else {
    made.type = "image/jpeg";
    fault = vips_jpegsave_buffer(image, &bytes, &size, "Q", quality, "optimize_coding", TRUE,
                                 "strip", TRUE, nullptr);
  }
  if (fault != 0) {
    return failed(Fate::broken);
  }
  made.bytes.assign(static_cast<const char*>(bytes), size);
  g_free(bytes);
  return made;
}

}  // namespace

bool start_pictures() {
  // It would compile code at run time, which a locked unit forbids.
  setenv("VIPS_NOVECTOR", "1", 1);
  // A drawing may hold pictures as `data:`, which librsvg gives to loaders that libvips does not
  // know. None but those within gdk-pixbuf itself.
  setenv("GDK_PIXBUF_MODULE_FILE", "/dev/null", 1);
  if (VIPS_INIT("freshet-decode") != 0) {
    return false;
  }
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  // All, and then the few that are wanted: what a later release adds stays shut.
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const char* loader : {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadNsgif",
                             "VipsForeignLoadWebp", "VipsForeignLoadSvg"}) {
    vips_operation_block_set(loader, FALSE);
  }
  return true;
}

Made make_picture(File file, const Job& job) {
  const char* const found = vips_foreign_find_load_buffer(file.data(), file.size());
  if (found == nullptr) {
    return failed(Fate::unsupported);
  }
  const bool is_drawn = std::string_view{found}.starts_with("VipsForeignLoadSvg");
  // The head alone: nothing is decoded yet.
  const Image head{vips_image_new_from_buffer(file.data(), file.size(), "", "access",
                                              VIPS_ACCESS_SEQUENTIAL, nullptr)};
  if (head == nullptr) {
    return failed(std::string_view{vips_error_buffer()}.find("block") != std::string_view::npos
                      ? Fate::unsupported
                      : Fate::broken);
  }
  const auto pixels = static_cast<std::uint64_t>(vips_image_get_width(head.get())) *
                      static_cast<std::uint64_t>(vips_image_get_height(head.get()));
  // A drawing has no pixels before it is drawn, and then as many as are asked for.
  if (pixels > job.most_pixels && !(is_drawn && job.width != 0)) {
    return Made{
        .fate = Fate::too_large, .type = "text/plain", .bytes = std::to_string(pixels) + " pixels"};
  }
  const int width = job.width == 0
                        ? kLongestSide
                        : static_cast<int>(std::min<std::uint32_t>(job.width, kLongestSide));
  const bool may_grow = is_drawn && job.width != 0;
  const Image image = load(file, width, kLongestSide, may_grow ? VIPS_SIZE_BOTH : VIPS_SIZE_DOWN);
  return image == nullptr ? failed(Fate::broken) : written(image.get(), job);
}

}  // namespace freshet::thumbnails
