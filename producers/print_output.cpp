#include "producers/print_output.hpp"

#include "core/json.hpp"

namespace freshet {

PrintOutput::PrintOutput(std::ostream& out, CleanFunction clean,
                         std::function<void(const Refusal&)> on_refusal)
    : out_{out}, clean_{std::move(clean)}, on_refusal_{std::move(on_refusal)} {}

Result<std::optional<RunState>> PrintOutput::last_state(const std::string& /*command*/) {
  return std::optional<RunState>{};
}

Result<void> PrintOutput::take_over(const std::string& /*name*/, std::int32_t /*sums*/) {
  return {};
}

// A pipe that was closed (`| head`) ends the run instead of being written to for hours.
Result<void> PrintOutput::line(std::string_view text) {
  out_ << text << '\n';
  if (!out_) {
    return Error{Errc::unreachable, Retry::never, "standard output is closed"};
  }
  return {};
}

Result<void> PrintOutput::sighting(const Sighting& sighting, std::string_view value) {
  if (!clean_) {
    return line(value);
  }
  const CleanPreview preview = clean_(sighting.work);
  if (preview.outcome == CleanPreview::Outcome::cleaned) {
    return line(preview.line);
  }
  if (on_refusal_) {
    const auto key = parse_work_key(sighting.key);
    on_refusal_({std::string{key ? key->foreign_identifier : std::string_view{}},
                 preview.outcome == CleanPreview::Outcome::dropped ? "dropped" : "rejected",
                 preview.reason, preview.field, preview.rule});
  }
  return {};
}

// Clean has nothing to do with it: it is shown as it is in raw output only.
Result<void> PrintOutput::removal(const std::string& /*key*/, std::string_view value) {
  return clean_ ? Result<void>{} : line(value);
}

Result<void> PrintOutput::rejection(const Rejection& /*rejection*/) { return {}; }

Result<void> PrintOutput::checkpoint(const RunState& /*state*/, const TotalsByProvider& /*added*/) {
  out_.flush();
  return {};
}

// The log has it.
Result<void> PrintOutput::alert(const Alert& /*alert*/) { return {}; }

Result<void> PrintOutput::run_finished(MediaType /*media_type*/, std::string_view /*provider*/,
                                       std::string_view /*value*/) {
  return {};
}

std::string refusal_line(const Refusal& refusal) {
  const auto text_or_null = [](std::string_view text) -> json::value {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  return to_json(json::object{{"foreign_identifier", text_or_null(refusal.foreign_identifier)},
                              {"outcome", refusal.outcome},
                              {"reason", text_or_null(refusal.reason)},
                              {"field", text_or_null(refusal.field)},
                              {"rule", text_or_null(refusal.rule)}});
}

}  // namespace freshet
