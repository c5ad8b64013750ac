#include "producers/protocols/oai_pmh.hpp"

#include "core/http/url.hpp"
#include "producers/protocols/media_of.hpp"
#include "producers/protocols/oai_metadata.hpp"
#include "producers/protocols/source_spec.hpp"
#include "producers/protocols/xml_json.hpp"

namespace freshet {
namespace {

class OaiPmh final : public Provider {
 public:
  explicit OaiPmh(OaiOptions options) : options_{std::move(options)} {
    spec_ = source_spec(
        "--base", options_.base, "oai_pmh", "OAI-PMH",
        options_.name.empty() ? name_of_source(options_.base, options_.set) : options_.name,
        options_.delay);
    spec_.answer.list = "/records";
    spec_.schedule = "daily";
  }

  const ProviderSpec& spec() const override { return spec_; }

  std::optional<Params> next(Run& run, const Reply* previous) override {
    if (previous != nullptr) {
      const auto token = previous->at_or_null("/resumption_token");
      return token ? std::optional{Params{{"verb", "ListRecords"}, {"resumptionToken", *token}}}
                   : std::nullopt;
    }
    Params params{{"verb", "ListRecords"}, {"metadataPrefix", options_.format}};
    if (!options_.set.empty()) {
      params.emplace_back("set", options_.set);
    }
    // Both bounds count. Every repository knows days.
    const std::string from = run.date.value_or(options_.from);
    const std::string until = run.date.value_or(options_.until);
    if (!from.empty()) {
      params.emplace_back("from", from);
    }
    if (!until.empty()) {
      params.emplace_back("until", until);
    }
    if (!run.date && (!from.empty() || !until.empty())) {
      run.leave_out("only records changed between --from and --until were asked for");
    }
    return params;
  }

  Result<Reply> fetch_page(Fetch& fetch, const Params& params) override {
    const auto text = fetch.get_text(options_.base, params);
    if (!text) {
      return text.error();
    }
    const auto document = xml_to_json(*text);
    if (!document) {
      return document.error();
    }
    const json::value& root = value_at(*document, "/OAI-PMH");
    if (root.is_null()) {
      return Error{Errc::malformed_payload, "", "answer", "the reply is no answer of OAI-PMH"};
    }
    http::Request asked;
    asked.url = options_.base;
    asked.query = params;
    Reply reply{params, http::full_url(asked), json::object{{"records", json::array{}}}, {}};
    if (const json::value& error = child(root, "error"); !error.is_null()) {
      // Nothing changed: an empty list, not a fault.
      if (xml_attribute(error, "code") == "noRecordsMatch") {
        return reply;
      }
      return Error{Errc::malformed_payload, "", "answer",
                   "the repository says " + xml_attribute(error, "code") + ": " + xml_text(error)};
    }
    const json::value& list = child(root, "ListRecords");
    if (list.is_null()) {
      return Error{Errc::malformed_payload, "", "answer", "the reply has no ListRecords"};
    }
    json::object& body = reply.body.as_object();
    body["records"] = children(list, "record");
    if (std::string token = xml_text(child(list, "resumptionToken")); !token.empty()) {
      body["resumption_token"] = std::move(token);
    }
    return reply;
  }

  void expand(const json::value& item, Fetch& /*fetch*/, Emit& emit) override {
    const json::value& header = child(item, "header");
    const std::string identifier = xml_text(child(header, "identifier"));
    if (identifier.empty()) {
      return emit.drop(ProducerDrop::missing_foreign_identifier);
    }
    if (xml_attribute(header, "status") == "deleted") {
      for (const auto& [media_type, provider] : spec_.providers) {
        emit.removed(Removal{media_type, json::value(identifier), "deleted by its repository"});
      }
      return;
    }
    expand_oai_metadata(identifier, child(item, "metadata"), emit);
  }

 private:
  OaiOptions options_;
  ProviderSpec spec_;
};

}  // namespace

std::unique_ptr<Provider> make_oai_pmh(OaiOptions options) {
  return std::make_unique<OaiPmh>(std::move(options));
}

}  // namespace freshet
