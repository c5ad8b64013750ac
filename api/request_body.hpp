#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http_message.hpp"
#include "api/parameter.hpp"
#include "core/json.hpp"

namespace freshet::api {

/// The forms in which a route may take a body.
enum class BodyForm {
  json,       ///< application/json
  form,       ///< application/x-www-form-urlencoded
  multipart,  ///< multipart/form-data: its texts; files are passed over
  plain,      ///< text/plain that holds JSON: what a browser sends as it leaves a page
};

/// `application/json`
std::string_view content_type_of(BodyForm form);

/// What a route does with a body. No forms: it takes none, and what comes all the same is thrown
/// away unread.
struct BodyRule {
  std::vector<BodyForm> forms = {};
  std::uint64_t most_bytes = std::uint64_t{64} << 10U;  ///< a larger one is 413
};

/// What a body says, whatever its form.
struct Body {
  std::optional<BodyForm> form;  ///< nothing: there was no body
  /// JSON of any kind; of a form, and of no body, an object of texts. Of a repeated name the last
  /// counts.
  json::value content = json::object{};
};

/// The form that a Content-Type names, if it is one of the rule's.
std::optional<BodyForm> accepted_form(const BodyRule& rule, std::string_view content_type);

/// Reads the body of a request for a route with this rule; one that takes no body has none.
/// @return the body, or its refusal: 415 for a form that the route does not take, 400 for a body
///         that is not of its form. Both as `{"detail": "…"}`.
std::variant<Body, Reply> parse_body(const Request& request, const BodyRule& rule);

/// Reads fields of a body and collects what is wrong with them, in the order of reading, in the
/// words of the wire.
class BodyFields {
 public:
  /// A body that is no JSON object has the fault `non_field_errors`, and no fields.
  explicit BodyFields(const Body& body);

  /// Trimmed text; a number counts as the text that it is written as. Faults: absent or null where
  /// it is required, blank, neither text nor number, NUL, longer than it may be.
  std::optional<std::string> text(const Parameter& field);
  /// The field as it stands in the body; null where it is not there.
  const json::value* find(std::string_view name) const;

  void fail(std::string_view name, std::string message);
  const FieldErrors& errors() const { return errors_; }

 private:
  const json::object* fields_;  ///< null: the body is no object
  FieldErrors errors_;
};

}  // namespace freshet::api
