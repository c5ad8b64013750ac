#include "producers/emit.hpp"

#include "producers/fetch.hpp"

namespace freshet {

std::string_view to_string(ProducerDrop reason) noexcept {
  switch (reason) {
    case ProducerDrop::missing_foreign_identifier:
      return "missing_foreign_identifier";
    case ProducerDrop::missing_foreign_landing_url:
      return "missing_foreign_landing_url";
    case ProducerDrop::missing_url:
      return "missing_url";
    case ProducerDrop::missing_title:
      return "missing_title";
    case ProducerDrop::already_seen:
      return "already_seen";
    case ProducerDrop::detail_gone:
      return "detail_gone";
    case ProducerDrop::no_audio:
      return "no_audio";
    case ProducerDrop::no_file_size:
      return "no_file_size";
    case ProducerDrop::no_image:
      return "no_image";
    case ProducerDrop::no_observation:
      return "no_observation";
    case ProducerDrop::no_observer:
      return "no_observer";
    case ProducerDrop::no_taxon:
      return "no_taxon";
    case ProducerDrop::no_license:
      return "no_license";
    case ProducerDrop::not_public_domain:
      return "not_public_domain";
    case ProducerDrop::still_there:
      return "still_there";
    case ProducerDrop::unsupported_media_type:
      return "unsupported_media_type";
  }
  return "unspecified";
}

void Emit::no_detail(const Error& error) {
  if (is_gone(error)) {
    drop(ProducerDrop::detail_gone);
  } else {
    reject(error);
  }
}

}  // namespace freshet
