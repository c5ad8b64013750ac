#include "operate/command.hpp"

#include "operate/dead_letters.hpp"
#include "operate/decide.hpp"
#include "operate/lag.hpp"
#include "operate/policy.hpp"
#include "operate/replay.hpp"
#include "operate/schema.hpp"
#include "operate/stats.hpp"
#include "operate/topics.hpp"

namespace freshet {

void add_operate_commands(CLI::App& root, Commands& commands) {
  add_topics_commands(root, commands);
  add_schema_commands(root, commands);
  add_lag_command(root, commands);
  add_stats_command(root, commands);
  add_replay_command(root, commands);
  add_dead_letter_commands(root, commands);
  add_decide_commands(root, commands);
  add_policy_commands(root, commands);
}

}  // namespace freshet
