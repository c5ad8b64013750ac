#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"

namespace freshet::api::web {

/// How far something is behind, for its colour.
enum class Pace { fine, slow, late, unknown };
std::string_view to_string(Pace pace);
/// Fine below 5 s, late from 60 s on.
Pace pace_of(double seconds);

/// `0.0`, `12.4`, `3,650` …: figures as people read them; the page and the drawing say the same.
std::string seconds_text(const json::value& seconds);
std::string rate_text(const json::value& rate);

/// The flow as a drawing: topics at the left, who reads them in the middle, what that fills at the
/// right. Coordinates are of an SVG of `width` × `height`.
struct Flow {
  struct Box {
    std::string name;
    std::string note;  ///< a second line; may be empty
    std::string kind;  ///< topic, role or store
    int x = 0;
    int y = 0;
    int width = 0;
  };
  struct Edge {
    std::string path;    ///< of an SVG path
    std::string figure;  ///< `raw.seconds`: what its label is, for tests; empty: no label
    std::string label;   ///< `0.0 s · 12.5/s`; empty where nothing is measured
    Pace pace = Pace::unknown;
    int label_x = 0;
    int label_y = 0;
  };
  int width = 0;
  int height = 0;
  std::vector<Box> boxes;
  std::vector<Edge> edges;
};

/// @param lag  as `freshet lag --json` prints it
Flow draw_flow(const json::value& lag);

}  // namespace freshet::api::web
