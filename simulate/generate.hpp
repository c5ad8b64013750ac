#pragma once

#include <optional>
#include <string>

#include "core/commands.hpp"
#include "simulate/generator.hpp"

namespace freshet::simulate {

struct GenerateRun {
  GeneratorOptions stream;
  bool to_standard_output = false;
  std::optional<double> rate;  ///< records per second; nothing: as fast as it goes
  std::string truth_file;
  std::string truth_works_file;
};

/// Makes the stream and sends it to `media.raw.v1`, or to standard output as lines of key, tab,
/// value. One producer sends in the order of the stream, so sightings of a work keep their order.
/// The truth is written last: if the file is there, the whole stream was acknowledged.
///
/// @return ExitCode::done, or failed when a stop was asked for before the end.
/// @error WorkFailed: a record was not delivered, or an output cannot be written.
int run_generate(const GenerateRun& run, const Context& context);

}  // namespace freshet::simulate
