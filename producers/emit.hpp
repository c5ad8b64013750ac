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
  already_seen,            ///< the same raw record earlier in the run
  detail_gone,             ///< the detail request says 404 or 410
  no_image,                ///< a work without a picture
  not_public_domain,       ///< the source's flag; there is no licence to judge
  unsupported_media_type,  ///< video, documents
};
std::string_view to_string(ProducerDrop reason) noexcept;

/// A record as a provider made it: named values as found, nulls and all.
struct Draft {
  MediaType media_type = MediaType::image;
  json::object fields;
};

/// Takes what a provider makes of one raw record.
class Emit {
 public:
  /// @param fields  members of `work` in schemas/records/raw.schema.json, in any order; null is
  ///                absent. Media type and provider are added.
  void record(MediaType media_type, json::object fields) {
    drafts_.push_back({media_type, std::move(fields)});
  }
  /// Leaves the raw record out (or one part of it).
  void drop(ProducerDrop reason) { drops_.push_back(reason); }
  /// Puts the raw record aside as a dead letter.
  void reject(Error error) { rejections_.push_back(std::move(error)); }
  /// What follows from a detail request that failed: a drop when the work is gone, else a
  /// rejection.
  void no_detail(const Error& error);

  const std::vector<Draft>& drafts() const noexcept { return drafts_; }
  const std::vector<ProducerDrop>& drops() const noexcept { return drops_; }
  const std::vector<Error>& rejections() const noexcept { return rejections_; }

 private:
  std::vector<Draft> drafts_;
  std::vector<ProducerDrop> drops_;
  std::vector<Error> rejections_;
};

}  // namespace freshet
