#include "operate/rebuild_steps.hpp"

#include <fmt/format.h>

#include <iostream>

#include "core/check.hpp"
#include "core/kafka/admin.hpp"
#include "core/log.hpp"
#include "core/output.hpp"
#include "core/time.hpp"

namespace freshet {

std::vector<std::string> media_types(const RebuildFlags& flags) {
  return flags.media.empty() ? std::vector<std::string>{"image", "audio"}
                             : std::vector<std::string>{flags.media};
}

void pass_gate(const std::vector<std::string>& differences, const RebuildFlags& flags,
               const std::string& made) {
  for (const std::string& one : differences) {
    std::cerr << one << '\n';
  }
  if (!differences.empty() && !flags.promote_anyway) {
    throw WorkFailed{fmt::format(
        "the gate is not passed: {} difference{}; what is in use stays. --resume tries again, "
        "--promote-anyway takes {} into use, --drop gives it up",
        differences.size(), differences.size() == 1 ? "" : "s", made)};
  }
}

json::object promotion(const PolicyAuthor& author, const std::vector<std::string>& differences) {
  return {{"by", author.by},
          {"why", author.why},
          {"at", format_millis(SystemClock{}.now())},
          {"differences", json::array(differences.begin(), differences.end())}};
}

void forget_groups(const Config::Kafka& config, const std::set<std::string>& groups) {
  kafka::Admin admin{config};
  for (const std::string& group : groups) {
    if (const auto deleted = admin.delete_group(group); !deleted) {
      log::warn("group_kept", {{"group", group}, {"why", deleted.error().message()}});
    }
  }
}

void print_dropped(const std::vector<std::string>& names, bool as_json) {
  if (as_json) {
    print_result(to_json(json::object{{"dropped", json::array(names.begin(), names.end())}}) +
                 "\n");
    return;
  }
  for (const std::string& name : names) {
    print_result(fmt::format("dropped {}\n", name));
  }
}

}  // namespace freshet
