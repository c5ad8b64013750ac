#include <boost/json.hpp>

#include "simulate/providers/made_up_list.hpp"

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// A bare list by offset and limit; an upload has an archive and its piece in two formats.
///
/// @source  ccMixter Query API 2.0, "query".
class CcMixter final : public MadeUpList {
 public:
  explicit CcMixter(const World& world)
      : MadeUpList{world, "cc_mixter", Medium::sound, {kByClean, "no_audio"}} {}

  std::vector<std::string_view> hosts() const override { return {"ccmixter.org"}; }

  Reply answer(const Location& location) const override {
    if (location.path != "/api/query/") {
      return json_reply({{"message", "unknown"}}, 404);
    }
    return json_reply(page(number_parameter(location.query, "offset", 0),
                           number_parameter(location.query, "limit", 100)));
  }

 private:
  static json::value file(std::string_view kind, const std::string& name, std::uint64_t size) {
    return {{"file_format_info",
             {{"media-type", kind},
              {"default-ext", name.substr(name.rfind('.') + 1)},
              {"sr", "44.1k"},
              {"ps", "3:07"}}},
            {"download_url", "http://ccmixter.org/content/" + name},
            {"file_rawsize", size}};
  }

  json::value item(std::uint64_t id, Fault fault) const override {
    const std::string number = std::to_string(id);
    json::array files{file("archive", number + ".zip", 9'000'000)};
    if (fault != Fault::no_file) {
      files.push_back(file("audio", number + ".flac", 8'000'000));
      files.push_back(file("audio", number + ".mp3", 900'000));
    }
    std::string tags = ",";
    for (const json::value& tag : this->tags(id)) {
      tags.append(tag.as_string()).append(",");
    }
    return {{"upload_id", id},
            {"upload_name", title(id)},
            {"upload_tags", tags},
            {"upload_num_scores", dice(id, 7).below(400)},
            {"file_page_url", "http://ccmixter.org/files/b/" + number},
            {"user_real_name", person(id)},
            {"artist_page_url", "http://ccmixter.org/people/" + number},
            {"license_url", license_url(id, fault)},
            {"upload_description_plain", description(id)},
            {"files", std::move(files)}};
  }
};

}  // namespace

std::unique_ptr<MadeUpProvider> cc_mixter(const World& world) {
  return std::make_unique<CcMixter>(world);
}

}  // namespace freshet::simulate
