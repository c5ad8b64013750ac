extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "thumbnails/decode/made.hpp"

namespace freshet::thumbnails {
namespace {

// What recordings come in. Formats that name other files or addresses are none of them.
constexpr const char* kFormats =
    "mp3,ogg,wav,w64,flac,aac,mov,matroska,aiff,au,caf,ac3,asf,amr,mpeg,wv,ape,tta";
constexpr int kBufferBytes = 64 * 1024;

/// Reads from the file in memory.
class Reader {
 public:
  explicit Reader(File file) : file_{file} {}

  static int read(void* self, std::uint8_t* into, int most) {
    Reader& reader = *static_cast<Reader*>(self);
    const std::size_t size =
        std::min(static_cast<std::size_t>(most), reader.file_.size() - reader.at_);
    if (size == 0) {
      return AVERROR_EOF;
    }
    std::memcpy(into, reader.file_.data() + reader.at_, size);
    reader.at_ += size;
    return static_cast<int>(size);
  }

  static std::int64_t seek(void* self, std::int64_t offset, int whence) {
    Reader& reader = *static_cast<Reader*>(self);
    const auto size = static_cast<std::int64_t>(reader.file_.size());
    if ((whence & AVSEEK_SIZE) != 0) {
      return size;
    }
    const std::int64_t from = whence == SEEK_CUR   ? static_cast<std::int64_t>(reader.at_)
                              : whence == SEEK_END ? size
                                                   : 0;
    if (offset < -from || offset > size - from) {
      return AVERROR(EINVAL);
    }
    reader.at_ = static_cast<std::size_t>(from + offset);
    return from + offset;
  }

 private:
  File file_;
  std::size_t at_ = 0;
};

struct CloseIo {
  void operator()(AVIOContext* io) const noexcept {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};
struct CloseFormat {
  void operator()(AVFormatContext* format) const noexcept { avformat_close_input(&format); }
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const noexcept { avcodec_free_context(&codec); }
};
struct FreeResampler {
  void operator()(SwrContext* resampler) const noexcept { swr_free(&resampler); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const noexcept { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const noexcept { av_frame_free(&frame); }
};

/// The greatest of all samples, by windows of time. How long a recording is turns out at its end:
/// where the windows become too many, each two become one.
class Windows {
 public:
  explicit Windows(std::size_t points) : most_{4 * points} {}

  void add(float sample) {
    greatest_ = std::max(greatest_, sample);
    if (++in_window_ < samples_) {
      return;
    }
    windows_.push_back(greatest_);
    greatest_ = 0;
    in_window_ = 0;
    if (windows_.size() == most_) {
      for (std::size_t i = 0; i < most_ / 2; ++i) {
        windows_[i] = std::max(windows_[2 * i], windows_[2 * i + 1]);
      }
      windows_.resize(most_ / 2);
      samples_ *= 2;
    }
  }

  /// At most so many points, the loudest of them 1; none where there was no sample.
  std::vector<float> points(std::size_t most) {
    if (in_window_ > 0) {
      windows_.push_back(greatest_);
    }
    const std::size_t count = std::min(most, windows_.size());
    std::vector<float> points(count, 0.0F);
    float loudest = 0;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      float& point = points[i * count / windows_.size()];
      point = std::max(point, windows_[i]);
      loudest = std::max(loudest, point);
    }
    for (float& point : points) {
      point = loudest > 0 ? point / loudest : 0;
    }
    return points;
  }

 private:
  std::size_t most_;
  std::size_t samples_ = 8;  // to a window
  std::size_t in_window_ = 0;
  float greatest_ = 0;
  std::vector<float> windows_;
};

/// Decodes the one stream and mixes its channels.
class Decoder {
 public:
  Decoder(AVFormatContext* format, int stream, const AVCodec* kind)
      : format_{format}, stream_{stream}, codec_{avcodec_alloc_context3(kind)} {}

  bool open() {
    if (codec_ == nullptr ||
        avcodec_parameters_to_context(codec_.get(), format_->streams[stream_]->codecpar) < 0) {
      return false;
    }
    codec_->thread_count = 1;
    return avcodec_open2(codec_.get(), nullptr, nullptr) == 0;
  }

  /// A recording that breaks off is as long as it can be read.
  void run(Windows& windows) {
    const std::unique_ptr<AVPacket, FreePacket> packet{av_packet_alloc()};
    const std::unique_ptr<AVFrame, FreeFrame> frame{av_frame_alloc()};
    if (packet == nullptr || frame == nullptr) {
      return;
    }
    while (av_read_frame(format_, packet.get()) == 0) {
      if (packet->stream_index == stream_ && avcodec_send_packet(codec_.get(), packet.get()) == 0) {
        take_frames(*frame, windows);
      }
      av_packet_unref(packet.get());
    }
    avcodec_send_packet(codec_.get(), nullptr);
    take_frames(*frame, windows);
  }

 private:
  void take_frames(AVFrame& frame, Windows& windows) {
    while (avcodec_receive_frame(codec_.get(), &frame) == 0) {
      if (fit_resampler(frame)) {
        mono_.resize(static_cast<std::size_t>(frame.nb_samples) + 64);
        auto* out = reinterpret_cast<std::uint8_t*>(mono_.data());
        const int count =
            swr_convert(resampler_.get(), &out, static_cast<int>(mono_.size()),
                        const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
        for (int i = 0; i < count; ++i) {
          const float sample = mono_[static_cast<std::size_t>(i)];
          windows.add(std::isfinite(sample) ? sample : 0.0F);
        }
      }
      av_frame_unref(&frame);
    }
  }

  /// A stream may change what it is in its midst.
  bool fit_resampler(const AVFrame& frame) {
    if (resampler_ != nullptr && frame.sample_rate == rate_ && frame.format == samples_ &&
        frame.ch_layout.nb_channels == channels_) {
      return true;
    }
    rate_ = frame.sample_rate;
    samples_ = frame.format;
    channels_ = frame.ch_layout.nb_channels;
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
    AVChannelLayout all{};
    if (frame.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(&all, channels_);
    } else if (av_channel_layout_copy(&all, &frame.ch_layout) < 0) {
      return false;
    }
    SwrContext* made = nullptr;
    const int fault = swr_alloc_set_opts2(&made, &mono, AV_SAMPLE_FMT_FLT, rate_, &all,
                                          static_cast<AVSampleFormat>(samples_), rate_, 0, nullptr);
    av_channel_layout_uninit(&all);
    resampler_.reset(made);
    if (fault < 0 || swr_init(made) < 0) {
      resampler_.reset();
      return false;
    }
    return true;
  }

  AVFormatContext* format_;
  int stream_;
  std::unique_ptr<AVCodecContext, FreeCodec> codec_;
  std::unique_ptr<SwrContext, FreeResampler> resampler_;
  int rate_ = 0;
  int samples_ = -1;
  int channels_ = 0;
  std::vector<float> mono_;
};

Made failed(Fate fate, const char* why) {
  return {.fate = fate, .type = "text/plain", .bytes = why};
}

std::string as_json(const std::vector<float>& points) {
  std::string text = "[";
  for (const float point : points) {
    std::array<char, 16> digits{};
    const int size =
        std::snprintf(digits.data(), digits.size(), "%.5f", static_cast<double>(point));
    std::string_view number{digits.data(), static_cast<std::size_t>(size)};
    while (number.ends_with('0')) {
      number.remove_suffix(1);
    }
    if (number.ends_with('.')) {
      number.remove_suffix(1);
    }
    text.append(text.size() > 1 ? "," : "").append(number);
  }
  return text + "]";
}

}  // namespace

Made make_peaks(File file, const Job& job) {
  av_log_set_level(AV_LOG_QUIET);
  Reader reader{file};
  auto* const buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  const std::unique_ptr<AVIOContext, CloseIo> io{
      avio_alloc_context(buffer, kBufferBytes, 0, &reader, &Reader::read, nullptr, &Reader::seek)};
  AVFormatContext* opened = avformat_alloc_context();
  if (io == nullptr || opened == nullptr) {
    return failed(Fate::broken, "out of memory");
  }
  opened->pb = io.get();
  AVDictionary* options = nullptr;
  av_dict_set(&options, "format_whitelist", kFormats, 0);
  av_dict_set(&options, "protocol_whitelist", "none", 0);  // nothing but what lies in memory
  const int fault = avformat_open_input(&opened, nullptr, nullptr, &options);
  av_dict_free(&options);
  if (fault < 0) {
    return failed(Fate::unsupported, "no recording of a known form");
  }
  const std::unique_ptr<AVFormatContext, CloseFormat> format{opened};
  if (avformat_find_stream_info(format.get(), nullptr) < 0) {
    return failed(Fate::broken, "its streams cannot be read");
  }
  const AVCodec* kind = nullptr;
  const int stream = av_find_best_stream(format.get(), AVMEDIA_TYPE_AUDIO, -1, -1, &kind, 0);
  if (stream < 0 || kind == nullptr) {
    return failed(Fate::unsupported, "it holds no sound of a known form");
  }
  Decoder decoder{format.get(), stream, kind};
  if (!decoder.open()) {
    return failed(Fate::broken, "its sound cannot be decoded");
  }
  Windows windows{job.points};
  decoder.run(windows);
  const std::vector<float> points = windows.points(job.points);
  if (points.empty()) {
    return failed(Fate::broken, "it holds no sound");
  }
  return {.fate = Fate::made, .type = "application/json", .bytes = as_json(points)};
}

}  // namespace freshet::thumbnails
