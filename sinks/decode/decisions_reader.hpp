#pragma once

#include "sinks/decode/json_reader.hpp"
#include "sinks/store_record.hpp"

namespace freshet::decode {

/// Reads the member `decisions` of a catalogue record, as the table of decisions takes it.
class DecisionsReader : public JsonReader {
 public:
  /// Both outlive the reader.
  DecisionsReader(StoreRecord& record, Error& error) : JsonReader{error}, record_{record} {}

  bool read(od::value& value);

 private:
  bool read_decision(od::value& value);
  bool read_line(od::value& value);

  StoreRecord& record_;
};

}  // namespace freshet::decode
