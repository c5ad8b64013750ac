#pragma once

#include <string>
#include <vector>

#include "core/commands.hpp"
#include "core/store_fill.hpp"
#include "operate/policy.hpp"

namespace freshet {

/// Adds `rebuild elasticsearch|postgres|back`.
/// @param fill  the write path of a sink
void add_rebuild_commands(CLI::App& root, Commands& commands, FillFunction fill);

struct RebuildFlags {
  std::string media;                    ///< empty: both
  std::string store = "elasticsearch";  ///< of `back`
  bool resume = false;
  bool drop = false;
  bool promote_anyway = false;
  int per_second = 0;
  int shards = 0;  ///< 0: as the index in use
  int replicas = -1;
  int sample = 500;
  std::string gate;  ///< a file; empty: the shipped one
  PolicyAuthor author;
  bool json = false;
};

int rebuild_elasticsearch(const Context& context, const RebuildFlags& flags,
                          const FillFunction& fill);
int rebuild_elasticsearch_back(const Context& context, const RebuildFlags& flags,
                               const FillFunction& fill);
int rebuild_postgres(const Context& context, const RebuildFlags& flags, const FillFunction& fill);
int rebuild_postgres_back(const Context& context, const RebuildFlags& flags,
                          const FillFunction& fill);

}  // namespace freshet
