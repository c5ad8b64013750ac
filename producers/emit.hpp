#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.hpp"
#include "core/key.hpp"
#include "core/result.hpp"

namespace freshet {

/// Why a producer deliberately leaves a raw record out; counted under its name.
enum class ProducerDrop {
  missing_foreign_identifier,
  missing_foreign_landing_url,
  missing_url,
  missing_title,           ///< of a source whose works all have one
  already_seen,            ///< the same raw record earlier in the run
  detail_gone,             ///< the detail request says 404 or 410
  no_audio,                ///< a work without a file that plays
  no_file_size,            ///< a file of which the server does not know the size
  no_image,                ///< a work without a picture
  no_observation,          ///< a photo whose observation is not in the source
  no_observer,             ///< a photo whose observer is not in the source
  no_taxon,                ///< an observation of nothing that has a name
  no_license,              ///< none is named, so that no further request is worth making
  not_public_domain,       ///< the source's flag; there is no licence to judge
  still_there,             ///< it was asked for alone, and the source has it
  unsupported_media_type,  ///< video, documents
};
std::string_view to_string(ProducerDrop reason) noexcept;

/// A record as a provider made it: named values as found, nulls included.
struct Draft {
  MediaType media_type = MediaType::image;
  json::object fields;
};

/// A provider's word that it no longer has a work.
struct Removal {
  MediaType media_type = MediaType::image;
  json::value foreign_identifier;
  std::string reason;  ///< for people: `photo not found`
};

/// Takes what a provider makes of one raw record.
class Emit {
 public:
  /// @param fields  members of `work` in schemas/records/raw.schema.json, in any order; null is
  ///                absent. Media type and provider are added.
  void record(MediaType media_type, json::object fields) {
    drafts_.push_back({media_type, std::move(fields)});
  }
  /// Says that the source no longer has a work. Only where it says so itself: a work that a list
  /// does not name is none.
  void removed(Removal removal) { removals_.push_back(std::move(removal)); }
  /// Leaves the raw record out (or one part of it).
  void drop(ProducerDrop reason) { drops_.push_back(reason); }
  /// Puts the raw record aside as a dead letter.
  void reject(Error error) { rejections_.push_back(std::move(error)); }
  /// To be called when a detail request failed: drops the work when it is gone, else rejects it.
  void no_detail(const Error& error);

  const std::vector<Draft>& drafts() const noexcept { return drafts_; }
  const std::vector<Removal>& removals() const noexcept { return removals_; }
  const std::vector<ProducerDrop>& drops() const noexcept { return drops_; }
  const std::vector<Error>& rejections() const noexcept { return rejections_; }

 private:
  std::vector<Draft> drafts_;
  std::vector<Removal> removals_;
  std::vector<ProducerDrop> drops_;
  std::vector<Error> rejections_;
};

}  // namespace freshet
