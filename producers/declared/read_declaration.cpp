#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "core/http/url.hpp"
#include "core/record/members.hpp"
#include "producers/declared/declaration.hpp"

namespace freshet::declared {
namespace {

json::value to_value(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return json::value(text->get());
  }
  if (const auto* number = node.as_integer()) {
    return json::value(number->get());
  }
  if (const auto* number = node.as_floating_point()) {
    return json::value(number->get());
  }
  if (const auto* flag = node.as_boolean()) {
    return json::value(flag->get());
  }
  if (const auto* list = node.as_array()) {
    json::array out;
    for (const toml::node& element : *list) {
      out.push_back(to_value(element));
    }
    return out;
  }
  if (const auto* table = node.as_table()) {
    json::object out;
    for (const auto& [key, value] : *table) {
      out[std::string_view{key.str()}] = to_value(value);
    }
    return out;
  }
  return nullptr;
}

/// Reads a document and collects every fault in it.
class Reading {
 public:
  Reading(const toml::table& root, std::string name) : root_{root}, name_{std::move(name)} {}

  Declaration read() {
    known(root_, "",
          {"provider", "headers", "credential", "paging", "request", "answer", "records", "let",
           "fields", "license", "source"});
    read_provider();
    read_headers();
    read_credential();
    read_request();
    read_paging();
    read_answer();
    read_named();
    read_records();
    read_license();
    read_fields();
    if (const toml::table* source = table("source", false)) {
      read_source(*source);
    }
    declaration_.spec.hosts = {http::host_of(declaration_.spec.endpoint).value_or("")};
    if (!faults_.empty()) {
      std::string text;
      for (const std::string& fault : faults_) {
        text += (text.empty() ? "" : "\n") + fault;
      }
      throw StartupError{text};
    }
    return std::move(declaration_);
  }

 private:
  // -- faults and plain values

  void fault(const toml::node& at, const std::string& text) {
    faults_.push_back(fmt::format("{}:{}: {}", name_, at.source().begin.line, text));
  }

  const toml::table* table(const char* name, bool required = true) {
    const toml::node* const node = root_.get(name);
    if (node == nullptr) {
      if (required) {
        fault(root_, fmt::format("[{}] is missing", name));
      }
      return nullptr;
    }
    const toml::table* const found = node->as_table();
    if (found == nullptr) {
      fault(*node, fmt::format("[{}] is no table", name));
    }
    return found;
  }

  void known(const toml::table& in, const std::string& place,
             std::initializer_list<std::string_view> names) {
    for (const auto& [key, value] : in) {
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        fault(value,
              fmt::format("{}{}{} is not known", place, place.empty() ? "" : ".", key.str()));
      }
    }
  }

  std::string text(const toml::table& in, const std::string& place, const char* name,
                   bool required) {
    const toml::node* const node = in.get(name);
    if (node == nullptr) {
      if (required) {
        fault(in, fmt::format("{}.{} is missing", place, name));
      }
      return {};
    }
    const auto* const found = node->as_string();
    if (found == nullptr) {
      fault(*node, fmt::format("{}.{} is no text", place, name));
      return {};
    }
    return found->get();
  }

  std::int64_t number(const toml::table& in, const std::string& place, const char* name,
                      std::int64_t otherwise, std::int64_t least, std::int64_t most) {
    const toml::node* const node = in.get(name);
    if (node == nullptr) {
      return otherwise;
    }
    const auto* const found = node->as_integer();
    if (found == nullptr || found->get() < least || found->get() > most) {
      fault(*node, fmt::format("{}.{} is no whole number from {} to {}", place, name, least, most));
      return otherwise;
    }
    return found->get();
  }

  std::string pointer(const toml::table& in, const std::string& place, const char* name,
                      bool required) {
    std::string found = text(in, place, name, required);
    if (!found.empty() && !found.starts_with('/')) {
      fault(*in.get(name), fmt::format("{}.{} is no JSON pointer: it begins with /", place, name));
    }
    return found;
  }

  template <std::size_t Size>
  std::string one_of(const toml::table& in, const std::string& place, const char* name,
                     const std::array<std::string_view, Size>& allowed, std::string otherwise) {
    const std::string found = text(in, place, name, false);
    if (found.empty()) {
      return otherwise;
    }
    if (std::find(allowed.begin(), allowed.end(), found) == allowed.end()) {
      fault(*in.get(name),
            fmt::format("{}.{} is one of {}", place, name, fmt::join(allowed, ", ")));
      return otherwise;
    }
    return found;
  }

  // -- the parts

  void read_provider() {
    const toml::table* const in = table("provider");
    if (in == nullptr) {
      return;
    }
    const std::string place = "provider";
    known(*in, place,
          {"command", "title", "key", "media", "endpoint", "schedule", "delay_ms", "retries",
           "timeout_secs", "page_size", "category", "notes"});
    ProviderSpec& spec = declaration_.spec;
    static const std::regex kName{"[a-z][a-z0-9_]{0,78}"};
    spec.command = text(*in, place, "command", true);
    if (!spec.command.empty() && !std::regex_match(spec.command, kName)) {
      fault(*in->get("command"), "provider.command is of small letters, digits and _");
    }
    std::string key = text(*in, place, "key", false);
    if (!key.empty() && (key.size() > 80 || key.find(':') != std::string::npos)) {
      fault(*in->get("key"), "provider.key is at most 80 characters, without a colon");
    }
    declaration_.media_type = *parse_media_type(
        one_of(*in, place, "media", std::array<std::string_view, 2>{"image", "audio"}, "image"));
    spec.title = text(*in, place, "title", false);
    spec.title = spec.title.empty() ? spec.command : spec.title;
    spec.providers = {{declaration_.media_type, key.empty() ? spec.command : key}};
    spec.endpoint = text(*in, place, "endpoint", true);
    if (!spec.endpoint.empty() && !http::host_of(spec.endpoint)) {
      fault(*in->get("endpoint"), "provider.endpoint is no http or https address");
    }
    spec.schedule = one_of(
        *in, place, "schedule",
        std::array<std::string_view, 4>{"daily", "weekly", "monthly", "quarterly"}, "monthly");
    spec.delay = std::chrono::milliseconds{number(*in, place, "delay_ms", 1000, 0, 3'600'000)};
    spec.retries = static_cast<int>(number(*in, place, "retries", 3, 0, 20));
    spec.timeout = std::chrono::seconds{number(*in, place, "timeout_secs", 120, 1, 3600)};
    spec.batch_limit = number(*in, place, "page_size", 100, 1, 1'000'000);
    if (const std::string category = text(*in, place, "category", false); !category.empty()) {
      spec.fixed_values.emplace_back("category", category);
    }
    spec.notes = text(*in, place, "notes", false);
  }

  void read_headers() {
    if (const toml::table* const in = table("headers", false)) {
      for (const auto& [key, value] : *in) {
        if (const auto* found = value.as_string()) {
          declaration_.spec.headers.emplace_back(std::string{key.str()}, found->get());
        } else {
          fault(value, fmt::format("headers.{} is no text", key.str()));
        }
      }
    }
  }

  void read_credential() {
    const toml::table* const in = table("credential", false);
    if (in == nullptr) {
      return;
    }
    known(*in, "credential", {"query", "header", "prefix", "variable", "optional"});
    Credential credential;
    const std::string query = text(*in, "credential", "query", false);
    const std::string header = text(*in, "credential", "header", false);
    if (query.empty() == header.empty()) {
      fault(*in, "credential needs one of query and header: where the key goes");
    }
    credential.place = header.empty() ? Credential::Place::query : Credential::Place::header;
    credential.name = header.empty() ? query : header;
    credential.prefix = text(*in, "credential", "prefix", false);
    credential.original_name = text(*in, "credential", "variable", false);
    if (credential.original_name.empty()) {
      credential.original_name = "FRESHET_PROVIDERS_" + upper(declaration_.spec.command) + "_KEY";
    }
    if (const toml::node* node = in->get("optional")) {
      const auto* const flag = node->as_boolean();
      if (flag == nullptr) {
        fault(*node, "credential.optional is true or false");
      } else {
        credential.is_optional = flag->get();
      }
    }
    declaration_.spec.credential = std::move(credential);
  }

  static std::string upper(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
  }

  Params params(const toml::node& node, const std::string& place) {
    auto made = params_from_json(to_value(node));
    if (!made) {
      fault(node, fmt::format("{}: {}", place, made.error().message()));
      return {};
    }
    return std::move(*made);
  }

  void read_request() {
    const toml::table* const in = table("request", false);
    if (in == nullptr) {
      return;
    }
    known(*in, "request", {"parameters", "sets", "from_parameter", "to_parameter"});
    if (const toml::node* node = in->get("parameters")) {
      declaration_.parameters = params(*node, "request.parameters");
    }
    if (const toml::node* node = in->get("sets")) {
      const toml::array* const list = node->as_array();
      if (list == nullptr || list->empty()) {
        fault(*node, "request.sets is no list of tables");
      } else {
        for (const toml::node& set : *list) {
          declaration_.sets.push_back(params(set, "request.sets"));
        }
      }
    }
    declaration_.from_parameter = text(*in, "request", "from_parameter", false);
    declaration_.to_parameter = text(*in, "request", "to_parameter", false);
    if (!declaration_.from_parameter.empty() || !declaration_.to_parameter.empty()) {
      declaration_.spec.dated = Dated::optional;
    }
  }

  void read_paging() {
    const toml::table* const in = table("paging");
    if (in == nullptr) {
      return;
    }
    const std::string place = "paging";
    known(*in, place,
          {"kind", "parameter", "size_parameter", "first", "next", "more", "last_page"});
    const std::string kind = one_of(
        *in, place, "kind",
        std::array<std::string_view, 5>{"page", "offset", "cursor", "next_link", "one_list"}, "");
    if (kind.empty() && in->get("kind") == nullptr) {
      fault(*in, "paging.kind is missing");
    }
    PagingRules& rules = declaration_.paging;
    const bool counts = kind == "page" || kind == "offset";
    rules.kind = kind == "page"        ? PagingKind::page
                 : kind == "offset"    ? PagingKind::offset
                 : kind == "cursor"    ? PagingKind::cursor
                 : kind == "next_link" ? PagingKind::next_link
                                       : PagingKind::one_list;
    rules.parameter = text(*in, place, "parameter", counts || kind == "cursor");
    rules.size_parameter = text(*in, place, "size_parameter", false);
    rules.first = number(*in, place, "first", kind == "page" ? 1 : 0, 0, 1'000'000'000);
    rules.next = pointer(*in, place, "next", kind == "cursor" || kind == "next_link");
    rules.more = pointer(*in, place, "more", false);
    rules.last_page = pointer(*in, place, "last_page", false);
    for (const char* name : {"more", "last_page"}) {
      if (in->get(name) != nullptr && !counts) {
        fault(*in->get(name), fmt::format("paging.{} goes with kind page or offset", name));
      }
    }
    declaration_.spec.paging =
        counts && rules.more.empty() && rules.last_page.empty() ? Paging::counted : Paging::linked;
  }

  void read_answer() {
    const toml::table* const in = table("answer", false);
    declaration_.spec.answer.list = "";
    if (in == nullptr) {
      return;
    }
    known(*in, "answer", {"items", "total", "status", "success", "holds"});
    Answer& answer = declaration_.spec.answer;
    answer.list = pointer(*in, "answer", "items", false);
    answer.total = pointer(*in, "answer", "total", false);
    answer.status = pointer(*in, "answer", "status", false);
    answer.success = text(*in, "answer", "success", !answer.status.empty());
    if (const toml::node* node = in->get("holds")) {
      const toml::array* const list = node->as_array();
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        answer.holds.push_back(text_of(to_value(*list->get(i))));
      }
      if (list == nullptr) {
        fault(*node, "answer.holds is no list of JSON pointers");
      }
    }
  }

  void read_named() {
    if (const toml::table* const in = table("let", false)) {
      // In the order of the file: one may use those before it.
      std::vector<std::pair<std::string, const toml::node*>> in_order;
      for (const auto& [key, value] : *in) {
        in_order.emplace_back(key.str(), &value);
      }
      std::sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) {
        return a.second->source().begin.line < b.second->source().begin.line;
      });
      for (const auto& [name, node] : in_order) {
        declaration_.named.emplace_back(name, rule(*node, "let." + name));
        names_.insert(name);
      }
    }
  }

  void read_records() {
    const toml::table* const in = table("records", false);
    if (in == nullptr) {
      return;
    }
    known(*in, "records", {"each", "once", "require", "each_require"});
    declaration_.each = pointer(*in, "records", "each", false);
    if (const toml::node* node = in->get("once")) {
      declaration_.once = rule(*node, "records.once");
    }
    read_requirements(*in, "require", declaration_.requirements);
    read_requirements(*in, "each_require", declaration_.element_requirements);
    if (in->get("each_require") != nullptr && declaration_.each.empty()) {
      fault(*in->get("each_require"), "records.each_require goes with records.each");
    }
  }

  void read_requirements(const toml::table& in, const char* name, std::vector<Requirement>& into) {
    const toml::node* const node = in.get(name);
    if (node == nullptr) {
      return;
    }
    const std::string place = fmt::format("records.{}", name);
    const toml::array* const list = node->as_array();
    if (list == nullptr) {
      fault(*node, place + " is no list of tables");
      return;
    }
    for (const toml::node& one : *list) {
      const toml::table* const entry = one.as_table();
      if (entry == nullptr) {
        fault(one, place + " is no list of tables");
        continue;
      }
      known(*entry, place, {"value", "is", "drop"});
      Requirement requirement;
      if (const toml::node* value = entry->get("value")) {
        requirement.value = rule(*value, place + ".value");
      } else {
        fault(*entry, place + ".value is missing");
      }
      if (const toml::node* is = entry->get("is")) {
        const json::value wanted = to_value(*is);
        if (const json::array* all = wanted.if_array()) {
          requirement.one_of.assign(all->begin(), all->end());
        } else {
          requirement.one_of.push_back(wanted);
        }
      }
      requirement.drop = drop_reason(*entry, place);
      into.push_back(std::move(requirement));
    }
  }

  ProducerDrop drop_reason(const toml::table& in, const std::string& place) {
    constexpr std::array kReasons{ProducerDrop::missing_foreign_identifier,
                                  ProducerDrop::missing_foreign_landing_url,
                                  ProducerDrop::missing_url,
                                  ProducerDrop::detail_gone,
                                  ProducerDrop::no_image,
                                  ProducerDrop::not_public_domain,
                                  ProducerDrop::unsupported_media_type};
    const std::string name = text(in, place, "drop", true);
    for (const ProducerDrop reason : kReasons) {
      if (to_string(reason) == name) {
        return reason;
      }
    }
    if (!name.empty()) {
      std::string all;
      for (const ProducerDrop reason : kReasons) {
        all += fmt::format("{}{}", all.empty() ? "" : ", ", to_string(reason));
      }
      fault(*in.get("drop"), fmt::format("{}.drop is one of {}", place, all));
    }
    return ProducerDrop::no_image;
  }

  void read_license() {
    if (const toml::table* const in = table("license", false)) {
      known(*in, "license", {"slug", "version"});
      declaration_.spec.fixed_values.emplace_back("license", text(*in, "license", "slug", true));
      declaration_.spec.fixed_values.emplace_back("license_version",
                                                  text(*in, "license", "version", true));
    }
  }

  void read_fields() {
    const toml::table* const in = table("fields");
    if (in == nullptr) {
      return;
    }
    for (const auto& [key, value] : *in) {
      const std::string name{key.str()};
      const std::string place = "fields." + name;
      if (name == "meta_data" && value.is_table()) {
        for (const auto& [member, of_member] : *value.as_table()) {
          declaration_.meta_data.emplace_back(
              std::string{member.str()}, rule(of_member, place + "." + std::string{member.str()}));
        }
        continue;
      }
      const bool is_known = name != "media_type" && name != "provider" &&
                            std::find(kSightingMembers.begin(), kSightingMembers.end(), name) !=
                                kSightingMembers.end();
      if (!is_known) {
        fault(value, place + " is no field of a work");
        continue;
      }
      declaration_.fields.emplace_back(name, rule(value, place));
    }
    for (const char* name : {"foreign_identifier", "foreign_landing_url", "url"}) {
      if (in->get(name) == nullptr) {
        fault(*in, fmt::format("fields.{} is missing", name));
      }
    }
    if (table("license", false) == nullptr && in->get("license_url") == nullptr &&
        in->get("license") == nullptr) {
      fault(*in, "no licence: [license] for all, or fields.license_url");
    }
  }

  void read_source(const toml::table& in) {
    known(in, "source", {"display_name", "url"});
    declaration_.source = {
        {"name", declaration_.spec.providers.empty() ? "" : declaration_.spec.providers[0].second},
        {"display_name", text(in, "source", "display_name", true)},
        {"url", text(in, "source", "url", true)},
        {"media_types", json::array{to_string(declaration_.media_type)}}};
  }

  // -- rules

  RulePtr rule(const toml::node& node, const std::string& place) {
    if (const auto* pointer_text = node.as_string()) {
      RulePtr made = make_pointer(pointer_text->get());
      if (!made) {
        fault(node, fmt::format("{} is no JSON pointer: it begins with /, item:/ or $name; a text "
                                "for all is {{constant = \"…\"}}",
                                place));
      } else {
        check_name(node, place, pointer_text->get());
      }
      return made;
    }
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      fault(node, fmt::format("{} is neither a JSON pointer nor a table with a function", place));
      return nullptr;
    }
    for (const Function& function : functions()) {
      if (const toml::node* argument = table->get(function.name)) {
        return call(function, *table, *argument, place);
      }
    }
    std::string names;
    for (const Function& function : functions()) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", function.name);
    }
    fault(node, fmt::format("{} has no function; one of {}", place, names));
    return nullptr;
  }

  void check_name(const toml::node& node, const std::string& place, std::string_view pointer_text) {
    if (pointer_text.starts_with('$')) {
      const std::string name{pointer_text.substr(1, pointer_text.find('/') - 1)};
      if (!names_.contains(name)) {
        fault(node, fmt::format("{}: ${} is not in [let]", place, name));
      }
    }
  }

  RulePtr call(const Function& function, const toml::table& table, const toml::node& argument,
               const std::string& place) {
    Function::Arguments arguments;
    const std::string inside = fmt::format("{}.{}", place, function.name);
    const std::size_t faults = faults_.size();
    if (function.argument == "rule") {
      arguments.rules.push_back(rule(argument, inside));
    } else if (function.argument == "rules") {
      const toml::array* const list = argument.as_array();
      if (list == nullptr || list->empty()) {
        fault(argument, inside + " is no list of rules");
      }
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        arguments.rules.push_back(rule(*list->get(i), inside));
      }
    } else if (function.argument == "text" && !argument.is_string()) {
      fault(argument, inside + " is no text");
    } else {
      arguments.value = to_value(argument);
    }
    std::vector<std::string_view> allowed{function.name};
    for (std::string_view option : function.options) {
      const bool must_be = option.starts_with('!');
      option.remove_prefix(must_be ? 1 : 0);
      allowed.push_back(option);
      const toml::node* const value = table.get(option);
      if (value == nullptr) {
        if (must_be) {
          fault(table, fmt::format("{} needs {}", inside, option));
        }
      } else if (option == "then" || option == "take") {
        arguments.then = rule(*value, fmt::format("{}.{}", place, option));
      } else {
        arguments.options[std::string{option}] = to_value(*value);
      }
    }
    for (const auto& [key, value] : table) {
      if (std::find(allowed.begin(), allowed.end(), key.str()) == allowed.end()) {
        fault(value, fmt::format("{} does not take {}", inside, key.str()));
      }
    }
    if (faults_.size() > faults) {
      return nullptr;
    }
    RulePtr made = function.make(std::move(arguments));
    if (!made) {
      fault(argument, inside + " has braces that hold no JSON pointer");
    }
    return made;
  }

  const toml::table& root_;
  std::string name_;
  Declaration declaration_;
  std::set<std::string> names_;
  std::vector<std::string> faults_;
};

}  // namespace

Declaration read_declaration(std::string_view text, const std::string& name) {
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw StartupError{
        fmt::format("{}:{}: {}", name, error.source().begin.line, error.description())};
  }
  return Reading{root, name}.read();
}

Declaration read_declaration_file(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    throw StartupError{"--provider " + path + " cannot be read"};
  }
  return read_declaration(text.str(), path);
}

}  // namespace freshet::declared
