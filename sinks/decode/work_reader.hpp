#pragma once

#include <string>
#include <string_view>

#include "core/record/fields.hpp"
#include "sinks/decode/json_reader.hpp"
#include "sinks/store_record.hpp"

namespace freshet::decode {

/// Reads the member `work` of a catalogue record: the fields of the record contract.
class WorkReader : public JsonReader {
 public:
  /// Both outlive the reader. The record views into it until it reads the next work.
  WorkReader(StoreRecord& record, Error& error) : JsonReader{error}, record_{record} {}

  bool read(od::value& value);

 private:
  void leave_out(const FieldSpec& spec, std::string_view rule) {
    record_.left_out.push_back({spec.name, rule});
  }
  bool read_field(std::size_t number, od::value& value);
  bool read_number(const FieldSpec& spec, od::value& value, std::optional<std::int32_t>& to);
  bool read_collection(std::size_t number, od::value& value);
  bool read_meta_data(od::value& value);
  bool read_description(od::value& value);
  void add_description(std::string_view text);
  bool read_tags(od::value& value);
  bool read_tag(od::value& value, std::size_t position);
  bool read_genres(od::value& value);
  bool read_audio_set(od::value& value);
  bool read_alt_files(od::value& value);
  bool read_alt_filetype(od::value& value);

  StoreRecord& record_;
  std::string cut_alt_files_;  ///< what `record.alt_files` views where it was too long
};

}  // namespace freshet::decode
