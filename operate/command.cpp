#include "operate/command.hpp"

#include <utility>

#include "operate/applications.hpp"
#include "operate/backup.hpp"
#include "operate/dead_letters.hpp"
#include "operate/decide.hpp"
#include "operate/dump.hpp"
#include "operate/explain.hpp"
#include "operate/lag.hpp"
#include "operate/policy.hpp"
#include "operate/rebuild.hpp"
#include "operate/replay.hpp"
#include "operate/reports.hpp"
#include "operate/schema.hpp"
#include "operate/stats.hpp"
#include "operate/topics.hpp"
#include "operate/usage.hpp"

namespace freshet {

void add_operate_commands(CLI::App& root, Commands& commands, const Cleaning& cleaning,
                          FillFunction fill) {
  add_topics_commands(root, commands);
  add_schema_commands(root, commands);
  add_lag_command(root, commands);
  add_stats_command(root, commands);
  add_replay_command(root, commands);
  add_backup_commands(root, commands);
  add_dump_command(root, commands);
  add_rebuild_commands(root, commands, std::move(fill));
  add_dead_letter_commands(root, commands, cleaning);
  add_decide_commands(root, commands);
  add_reports_commands(root, commands);
  add_policy_commands(root, commands);
  add_usage_commands(root, commands);
  add_applications_commands(root, commands);
  add_explain_command(root, commands, cleaning.raw);
  add_clean_command(root, commands, cleaning);
}

}  // namespace freshet
