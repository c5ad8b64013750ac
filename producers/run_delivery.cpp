#include "producers/run_delivery.hpp"

#include <fmt/format.h>

#include <variant>

#include "core/hash.hpp"
#include "core/log.hpp"
#include "core/record/envelope.hpp"

namespace freshet {
namespace {

std::string identifier_of(const Draft& draft) {
  const json::value* id = draft.fields.if_contains("foreign_identifier");
  if (id == nullptr || id->is_null()) {
    return {};
  }
  return id->is_string() ? std::string{id->get_string()} : to_json(*id);
}

}  // namespace

Result<void> RunDelivery::take(const Emit& emit, const ListedItem& from, ListGuard& guard) {
  const std::string& provider = parts_.spec.providers.front().second;
  if (emit.drafts().empty()) {
    guard.saw(xxh3(to_json(from.item)));
  }
  for (const Draft& draft : emit.drafts()) {
    if (is_at_limit()) {
      return {};
    }
    guard.saw(xxh3(identifier_of(draft), static_cast<std::uint64_t>(draft.media_type)));
    if (auto delivered = deliver(draft, from); !delivered) {
      return delivered;
    }
  }
  for (const Removal& removal : emit.removals()) {
    if (auto delivered = deliver(removal, from); !delivered) {
      return delivered;
    }
  }
  for (const ProducerDrop reason : emit.drops()) {
    parts_.counts.add(provider, "listed");
    drop(provider, reason, "");
  }
  for (const Error& error : emit.rejections()) {
    parts_.counts.add(provider, "listed");
    auto written =
        put_aside({provider, error, std::nullopt, to_json(from.item), from.url, from.number}, "");
    if (!written) {
      return written;
    }
  }
  return {};
}

Result<void> RunDelivery::deliver(const Draft& draft, const ListedItem& from) {
  const std::string provider{parts_.spec.provider_key(draft.media_type)};
  parts_.counts.add(provider, "listed");
  const Judged judged = judge(parts_.spec, draft);
  if (const auto* reason = std::get_if<ProducerDrop>(&judged)) {
    drop(provider, *reason, identifier_of(draft));
    return {};
  }
  if (const auto* error = std::get_if<Error>(&judged)) {
    return put_aside({provider, *error, std::nullopt, to_json(draft.fields), from.url, from.number},
                     identifier_of(draft));
  }
  const auto& sighting = std::get<Sighting>(judged);
  const std::string value = write_raw_record(
      {.fetched_at = parts_.times.next(), .run_id = parts_.run_id, .body = sighting.work});
  if (!fits_raw_topic(sighting.key, value)) {
    return put_aside({provider,
                      Error{Errc::too_large, "", "raw_1_mib",
                            fmt::format("a sighting of {} bytes", value.size())},
                      sighting.key, value, from.url, from.number},
                     identifier_of(draft));
  }
  if (auto written = parts_.output.sighting(sighting, value); !written) {
    return written;
  }
  ++emitted_;
  parts_.counts.add(provider, "emitted");
  return {};
}

// It is a record on the topic like any other, so it counts as one.
Result<void> RunDelivery::deliver(const Removal& removal, const ListedItem& from) {
  const std::string provider{parts_.spec.provider_key(removal.media_type)};
  parts_.counts.add(provider, "listed");
  const auto key = removal_key(parts_.spec, removal);
  if (!key) {
    return put_aside(
        {provider, key.error(), std::nullopt, to_json(from.item), from.url, from.number}, "");
  }
  const std::string body = removal_body(removal);
  const std::string value = write_raw_record({.kind = RawRecord::Kind::removed,
                                              .fetched_at = parts_.times.next(),
                                              .run_id = parts_.run_id,
                                              .body = body});
  if (auto written = parts_.output.removal(*key, value); !written) {
    return written;
  }
  ++emitted_;
  parts_.counts.add(provider, "emitted");
  return {};
}

Result<void> RunDelivery::put_aside(Rejection rejection, const std::string& identifier) {
  const std::string reason{to_string(rejection.error.errc())};
  parts_.counts.add(rejection.provider, "rejected." + reason);
  if (parts_.on_refusal) {
    parts_.on_refusal(
        {identifier, "rejected", reason, rejection.error.field(), rejection.error.rule()});
  }
  log::debug("raw_record_rejected", {{"provider", rejection.provider},
                                     {"reason", reason},
                                     {"detail", rejection.error.message()}});
  return parts_.output.rejection(rejection);
}

void RunDelivery::drop(const std::string& provider, ProducerDrop reason,
                       const std::string& identifier) {
  const std::string name{to_string(reason)};
  parts_.counts.add(provider, "dropped." + name);
  if (parts_.on_refusal) {
    parts_.on_refusal({identifier, "dropped", name, "", ""});
  }
}

}  // namespace freshet
