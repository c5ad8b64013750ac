#include "simulate/made_up_work.hpp"

#include "simulate/vocabulary.hpp"

namespace freshet::simulate {

/// A provider's share of the works and how its records look.
struct Source {
  MediaType media;
  std::string_view provider;
  std::uint32_t share;  ///< of a hundred works of its medium
  std::uint64_t first_id;
  std::string_view id_head;       ///< goes before the number in identifiers
  std::string_view id_tail;       ///< and behind it
  std::string_view landing_head;  ///< goes before the identifier
  std::string_view url_head;
  std::string_view url_tail;
  std::string_view metric;  ///< of popularity, a member of meta_data; empty: none
  bool is_number = false;   ///< the identifier is a JSON number
};

namespace {

// Shares are rough; the forms of identifiers and URLs are the providers' own. Nine digits and more:
// identifiers then ascend as text too, up to 800 million works.
constexpr Source kSources[] = {
    {MediaType::image, "flickr", 40, 50'000'000'000, "", "",
     "https://www.flickr.com/photos/made-up/", "https://live.staticflickr.com/65535/", "_b.jpg",
     "views"},
    {MediaType::image, "wikimedia", 32, 100'000'000, "", "",
     "https://commons.wikimedia.org/w/index.php?curid=",
     "https://upload.wikimedia.org/wikipedia/commons/", ".jpg", "global_usage_count", true},
    {MediaType::image, "met", 8, 100'400'000, "", "-DP0001",
     "https://www.metmuseum.org/art/collection/search/",
     "https://images.metmuseum.org/CRDImages/ep/original/DP", ".jpg", ""},
    {MediaType::image, "sciencemuseum", 6, 100'000'000, "i", "",
     "https://collection.sciencemuseumgroup.org.uk/objects/",
     "https://coimages.sciencemuseumgroup.org.uk/large_", ".jpeg", ""},
    {MediaType::image, "rawpixel", 5, 101'000'000, "", "", "https://www.rawpixel.com/image/",
     "https://images.rawpixel.com/editor_1024/", ".png", "download_count", true},
    {MediaType::image, "stocksnap", 4, 110'000'000, "SN", "", "https://stocksnap.io/photo/",
     "https://cdn.stocksnap.io/img-thumbs/960w/", ".jpg", "downloads_raw"},
    // Identifiers may be whole URLs, colons included.
    {MediaType::image, "behance", 5, 130'000'000,
     "https://mir-s3-cdn-cf.behance.net/project_modules/disp/", ".jpg",
     "https://www.behance.net/gallery/", "https://mir-s3-cdn-cf.behance.net/project_modules/disp/",
     ".jpg", ""},
    {MediaType::audio, "jamendo", 45, 101'000'000, "", "", "https://www.jamendo.com/track/",
     "https://mp3d.jamendo.com/?trackid=", "&format=mp32", "listens"},
    {MediaType::audio, "freesound", 35, 100'400'000, "", "", "https://freesound.org/s/",
     "https://cdn.freesound.org/previews/", "-hq.mp3", "num_downloads", true},
    {MediaType::audio, "wikimedia_audio", 20, 170'000'000, "", "",
     "https://commons.wikimedia.org/w/index.php?curid=",
     "https://upload.wikimedia.org/wikipedia/commons/", ".ogg", "global_usage_count", true},
};

enum class About : std::uint64_t { which = 1, theme, person, text, tags, facts, same };

Dice dice_for(std::uint64_t seed, std::uint64_t number, About about) {
  return {seed ^ (static_cast<std::uint64_t>(about) << 56U), number};
}

Medium medium_of(const Source& source) {
  return source.media == MediaType::image ? Medium::picture : Medium::sound;
}

void append_underscored(std::string& out, std::string_view words) {
  for (const char c : words) {
    out.push_back(c == ' ' ? '_' : c);
  }
}

void append_bare_id(std::string& out, const Source& source, std::uint64_t number) {
  out.append(source.id_head);
  append_number(out, source.first_id + number);
  out.append(source.id_tail);
}

/// The direct URL that belongs to a work's own number.
void append_url(std::string& out, const Source& source, std::uint64_t number, const Theme& theme) {
  out.append(source.url_head);
  if (source.url_head.starts_with("https://upload.wikimedia")) {
    append_underscored(out, theme.subject->name);
    out.push_back('_');
  }
  append_number(out, source.first_id + number);
  out.append(source.url_tail);
}

class WorkWriter {
 public:
  WorkWriter(std::string& out, std::uint64_t seed, std::uint64_t number, const Source& source)
      : out_{out}, seed_{seed}, number_{number}, source_{source} {}

  void write(std::uint64_t url_number, std::uint32_t version);

 private:
  void add(std::string_view text) { out_.append(text); }
  void add_member(std::string_view name, std::uint64_t value) {
    add(name);
    append_number(out_, value);
  }
  void write_licence(Dice& facts);
  void write_title(const Theme& theme, Dice& facts);
  void write_meta_data(const Theme& theme, Dice& facts, std::uint32_t version);
  void write_tags(const Theme& theme, Dice& facts);
  void write_image_facts(Dice& facts);
  void write_audio_facts(Dice& facts);

  std::string& out_;
  std::uint64_t seed_;
  std::uint64_t number_;
  const Source& source_;
};

void WorkWriter::write(std::uint64_t url_number, std::uint32_t version) {
  Dice theme_dice = dice_for(seed_, number_, About::theme);
  const Theme theme{medium_of(source_), theme_dice};
  Dice facts = dice_for(seed_, number_, About::facts);

  add(source_.media == MediaType::image ? R"({"media_type":"image","provider":")"
                                        : R"({"media_type":"audio","provider":")");
  add(source_.provider);
  add(source_.is_number ? R"(","foreign_identifier":)" : R"(","foreign_identifier":")");
  append_bare_id(out_, source_, number_);
  add(source_.is_number ? R"(,"foreign_landing_url":")" : R"(","foreign_landing_url":")");
  add(source_.landing_head);
  append_number(out_, source_.first_id + number_);
  add(R"(","url":")");
  Dice url_theme_dice = dice_for(seed_, url_number, About::theme);
  const std::size_t url_at = out_.size();
  append_url(out_, source_, url_number, Theme{medium_of(source_), url_theme_dice});
  if (url_number != number_ && facts.per_mille(250)) {
    out_.erase(url_at + 4, 1);  // http and https are one URL, and so one owner
  }
  if (facts.per_mille(600)) {
    add(R"(","thumbnail":"https://thumbnails.made-up.example.org/)");
    add(source_.provider);
    add("/");
    append_number(out_, source_.first_id + url_number);
    add("_320.jpg");
  }
  add(R"(","filetype":")");
  add(source_.media == MediaType::image ? "jpg" : "mp3");
  add("\"");
  if (facts.per_mille(500)) {
    add_member(R"(,"filesize":)", 20'000 + facts.below(9'000'000));
  }
  write_licence(facts);
  add(R"(,"creator":")");
  append_person(out_, dice_for(seed_, number_, About::person));
  add(R"(","creator_url":"https://people.made-up.example.org/)");
  append_number(out_, mix(number_) % 100'000);
  add(R"(","title":")");
  write_title(theme, facts);
  add("\"");
  write_meta_data(theme, facts, version);
  write_tags(theme, facts);
  if (source_.media == MediaType::image) {
    write_image_facts(facts);
  } else {
    write_audio_facts(facts);
  }
  add("}");
}

void WorkWriter::write_licence(Dice& facts) {
  if (source_.provider == "met") {
    add(R"(,"license":"cc0","license_version":"1.0")");  // a pair, as its producer gives it
    return;
  }
  add(R"(,"license_url":")");
  add(facts.pick(licences()).url);
  add("\"");
}

void WorkWriter::write_title(const Theme& theme, Dice& facts) {
  // Some providers put mark-up into titles; clean takes it out again.
  const bool is_marked = facts.per_mille(30);
  add(is_marked ? "<i>" : "");
  append_title(out_, theme);
  add(is_marked ? "</i>" : "");
}

void WorkWriter::write_meta_data(const Theme& theme, Dice& facts, std::uint32_t version) {
  add(R"(,"meta_data":{"description":")");
  const bool is_html = facts.per_mille(80);
  add(is_html ? "<p>" : "");
  append_description(out_, theme, dice_for(seed_, number_, About::text));
  if (facts.per_mille(20)) {
    add(R"( It was called \"the beautiful one\".\nPath: C:\\pictures, caf\u00e9 \ud83d\ude80)");
  }
  add(is_html ? " &amp; more</p>" : "");
  add(R"(","date_taken":")");
  append_number(out_, theme.year);
  add("-0");
  append_number(out_, 1 + facts.below(9));
  add("-1");
  append_number(out_, facts.below(10));
  add("\"");
  if (facts.per_mille(100)) {
    add(R"(,"series":null)");
  }
  // What changes between two crawls is mostly a counter. It grows with the version, so that no two
  // versions are alike.
  const std::uint64_t step = 1 + facts.below(50);
  const std::uint64_t base = facts.long_tailed();
  if (source_.metric.empty()) {
    add_member(R"(,"record_version":)", 1 + version);
  } else {
    add(R"(,")");
    add(source_.metric);
    add_member(R"(":)", base + step * version);
  }
  add("}");
}

void WorkWriter::write_tags(const Theme& theme, Dice& facts) {
  const TagList tags = tags_for(theme, dice_for(seed_, number_, About::tags));
  const bool with_machine_tags = source_.provider == "flickr" && facts.per_mille(150);
  add(R"(,"tags":[)");
  std::string_view separator;
  for (const std::string_view tag : tags) {
    add(separator);
    separator = ",";
    if (with_machine_tags) {
      add(R"({"name":")");
      add(tag);
      add(facts.per_mille(400) ? R"(","provider":"clarifai","accuracy":0.9731})"
                               : R"(","provider":"flickr"})");
    } else {
      add("\"");
      add(tag);
      add("\"");
    }
  }
  if (!with_machine_tags && facts.per_mille(40)) {
    add(R"(,"uploaded:by=flickrmobile","squareformat")");  // clean denies both
  }
  add("]");
}

void WorkWriter::write_image_facts(Dice& facts) {
  if (source_.provider == "flickr") {
    add(facts.per_mille(900) ? R"(,"category":"photograph")" : R"(,"category":"illustration")");
  }
  if (source_.provider == "behance") {
    add(R"(,"watermarked":false,"source":"commoncrawl","ingestion_type":"commoncrawl")");
  }
  add_member(R"(,"width":)", 640 + facts.below(5000));
  add_member(R"(,"height":)", 480 + facts.below(4000));
}

void WorkWriter::write_audio_facts(Dice& facts) {
  add(source_.provider == "freesound" ? R"(,"category":"sound_effect")" : R"(,"category":"music")");
  add_member(R"(,"duration":)", 1'000 + facts.below(600'000));
  add_member(R"(,"bit_rate":)", 64'000 + 1'000 * facts.below(257));
  add(facts.per_mille(500) ? R"(,"sample_rate":44100)" : R"(,"sample_rate":48000)");
  if (source_.provider != "jamendo") {
    return;
  }
  add(R"(,"genres":[")");
  add(facts.pick(genres()));
  add(R"("])");
  // Ten tracks to an album, in the order of their identifiers.
  const std::uint64_t album = (source_.first_id + number_) / 10;
  add(R"(,"audio_set":"Album )");
  append_number(out_, album);
  add(R"(","audio_set_foreign_identifier":")");
  append_number(out_, album);
  add(R"(","set_url":"https://www.jamendo.com/album/)");
  append_number(out_, album);
  add(R"(","set_thumbnail":"https://usercontent.jamendo.com/?type=album&id=)");
  append_number(out_, album);
  add_member(R"(&width=200","set_position":)", 1 + (source_.first_id + number_) % 10);
}

}  // namespace

MadeUpWorks::MadeUpWorks(std::uint64_t seed, const std::vector<MediaType>& media, double duplicates)
    : seed_{mix(seed)}, duplicates_{duplicates} {
  // With both media 15 of a hundred works are audio, roughly as in the catalogues that exist.
  const std::size_t total = media.size() > 1 ? 2000 : 100;
  for (const Source& source : kSources) {
    bool is_wanted = false;
    for (const MediaType wanted : media) {
      is_wanted = is_wanted || wanted == source.media;
    }
    const std::size_t weight = total == 100 ? 1 : (source.media == MediaType::image ? 17U : 3U);
    if (is_wanted) {
      mix_.insert(mix_.end(), source.share * weight, &source);
    }
  }
}

const Source& MadeUpWorks::source_of(std::uint64_t number) const {
  return *dice_for(seed_, number, About::which).pick(mix_);
}

bool MadeUpWorks::is_duplicate(std::uint64_t number) const {
  return dice_for(seed_, number, About::same).next() <
         static_cast<std::uint64_t>(duplicates_ * 18'446'744'073'709'549'568.0);
}

std::optional<std::uint64_t> MadeUpWorks::url_of(std::uint64_t number) const {
  if (duplicates_ <= 0 || !is_duplicate(number)) {
    return std::nullopt;
  }
  // The nearest earlier work of the same provider that has a URL of its own. Rare providers may
  // have none within reach: then this work has its own as well.
  const Source* source = &source_of(number);
  for (std::uint64_t back = 1; back <= number && back < 2'000; ++back) {
    if (&source_of(number - back) == source && !is_duplicate(number - back)) {
      return number - back;
    }
  }
  return std::nullopt;
}

void MadeUpWorks::append_key(std::string& out, std::uint64_t number) const {
  const Source& source = source_of(number);
  out.append(source.media == MediaType::image ? "image:" : "audio:");
  out.append(source.provider);
  out.push_back(':');
  append_bare_id(out, source, number);
}

void MadeUpWorks::append_work(std::string& out, std::uint64_t number, std::uint32_t version) const {
  WorkWriter{out, seed_, number, source_of(number)}.write(url_of(number).value_or(number), version);
}

FinalWork MadeUpWorks::final_work(std::uint64_t number, std::uint32_t version) const {
  const Source& source = source_of(number);
  FinalWork work;
  work.version = version;
  work.url_of = url_of(number);
  append_key(work.key, number);
  const std::uint64_t url_number = work.url_of.value_or(number);
  Dice url_dice = dice_for(seed_, url_number, About::theme);
  append_url(work.url, source, url_number, Theme{medium_of(source), url_dice});
  Dice dice = dice_for(seed_, number, About::theme);
  append_title(work.title, Theme{medium_of(source), dice});
  return work;
}

std::string source_name(const Source& source) {
  return std::string{source.media == MediaType::image ? "image:" : "audio:"}.append(
      source.provider);
}

}  // namespace freshet::simulate
