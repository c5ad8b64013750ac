#include "producers/protocols/oai_metadata.hpp"

#include <algorithm>
#include <optional>

#include "core/text.hpp"
#include "producers/protocols/media_of.hpp"
#include "producers/protocols/xml_json.hpp"
#include "producers/provider.hpp"
#include "producers/rights.hpp"

namespace freshet {
namespace {

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::string joined(const std::vector<std::string>& texts, std::string_view with) {
  std::string out;
  for (const std::string& text : texts) {
    out += (out.empty() ? "" : std::string{with}) + text;
  }
  return out;
}

json::value list_or_null(const std::vector<std::string>& texts) {
  return texts.empty() ? json::value(nullptr)
                       : json::value(json::array(texts.begin(), texts.end()));
}

/// The first statement that opens something; else the first of all, for clean to count.
json::value license_of(const std::vector<std::string>& statements) {
  for (const std::string& statement : statements) {
    if (const auto url = license_url_of_statement(statement)) {
      return json::value(*url);
    }
  }
  return statements.empty() ? json::value(nullptr) : json::value(statements.front());
}

void add_meta(json::object& meta_data, const char* name, const std::vector<std::string>& texts) {
  if (!texts.empty()) {
    meta_data[name] = joined(texts, "; ");
  }
}

/// Fields that all three formats have, in Dublin Core's words.
json::object described(const json::value& dc, const char* date_name = "date") {
  json::object meta_data;
  add_meta(meta_data, "description", child_texts(dc, "description"));
  add_meta(meta_data, "date", child_texts(dc, date_name));
  add_meta(meta_data, "publisher", child_texts(dc, "publisher"));
  add_meta(meta_data, "type", child_texts(dc, "type"));
  add_meta(meta_data, "medium", child_texts(dc, "medium"));
  add_meta(meta_data, "coverage", child_texts(dc, "coverage"));
  return meta_data;
}

// -- Dublin Core

// Dublin Core has no member for a file: its address stands among identifiers and relations.
void expand_dublin_core(const std::string& identifier, const json::value& dc, Emit& emit) {
  std::string landing;
  std::string file;
  std::optional<MediaType> media_type;
  std::optional<MediaType> said;
  for (const std::string& format : child_texts(dc, "format")) {
    said = said ? said : media_of_type(format);
  }
  for (const char* name : {"identifier", "source", "relation", "hasFormat", "hasPart"}) {
    for (const std::string& text : child_texts(dc, name)) {
      if (!is_web_address(text)) {
        continue;
      }
      const auto of_url = media_of_url(text);
      if (of_url && file.empty()) {
        file = text;
        media_type = of_url;
      } else if (!of_url && landing.empty()) {
        landing = text;
      }
    }
  }
  if (file.empty()) {
    return emit.drop(said == MediaType::audio ? ProducerDrop::no_audio : ProducerDrop::no_image);
  }
  std::vector<std::string> rights = child_texts(dc, "license");
  std::ranges::copy(child_texts(dc, "rights"), std::back_inserter(rights));
  std::vector<std::string> creators = child_texts(dc, "creator");
  if (creators.empty()) {
    creators = child_texts(dc, "contributor");
  }
  json::object fields{{"foreign_identifier", identifier},
                      {"foreign_landing_url", landing.empty() ? file : landing},
                      {"url", file},
                      {"license_url", license_of(rights)},
                      {"title", text_or_null(xml_text(child(dc, "title")))},
                      {"creator", text_or_null(joined(creators, "; "))},
                      {"tags", list_or_null(child_texts(dc, "subject"))},
                      {"meta_data", described(dc)}};
  emit.record(*media_type, std::move(fields));
}

// -- EDM

std::string resource_of(const json::value& element, const char* name) {
  const json::value& found = child(element, name);
  const std::string resource = xml_attribute(found, "resource");
  return resource.empty() ? xml_text(found) : resource;
}

const json::value* about(const json::value& rdf, const char* name, const std::string& uri) {
  for (const json::value& element : children(rdf, name)) {
    if (xml_attribute(element, "about") == uri) {
      return &element;
    }
  }
  return nullptr;
}

// A text, or the name of what a reference leads to in the same record.
std::vector<std::string> names(const json::value& rdf, const json::value& in, const char* name) {
  std::vector<std::string> texts;
  for (const json::value& one : children(in, name)) {
    std::string text = xml_text(one);
    const std::string resource = xml_attribute(one, "resource");
    for (const char* kind : {"Agent", "Concept", "TimeSpan", "Place"}) {
      if (const json::value* found = resource.empty() ? nullptr : about(rdf, kind, resource)) {
        text = xml_text(child(*found, "prefLabel"));
      }
    }
    if (!text.empty()) {
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

void expand_edm(const std::string& identifier, const json::value& rdf, Emit& emit) {
  const json::value& aggregation = child(rdf, "Aggregation");
  const json::value& object = child(rdf, "ProvidedCHO");
  const json::value& proxy = child(rdf, "Proxy");
  const json::value& described_at = proxy.is_null() ? object : proxy;
  std::vector<std::string> files;
  if (std::string shown = resource_of(aggregation, "isShownBy"); !shown.empty()) {
    files.push_back(std::move(shown));
  }
  for (const json::value& view : children(aggregation, "hasView")) {
    if (std::string file = xml_attribute(view, "resource"); !file.empty()) {
      files.push_back(std::move(file));
    }
  }
  const bool is_sound = xml_text(child(object, "type")) == "SOUND" ||
                        xml_text(child(described_at, "type")) == "SOUND";
  if (files.empty()) {
    return emit.drop(is_sound ? ProducerDrop::no_audio : ProducerDrop::no_image);
  }
  json::object meta_data = described(described_at);
  add_meta(meta_data, "data_provider", names(rdf, aggregation, "dataProvider"));
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& file = files[i];
    const json::value* const web = about(rdf, "WebResource", file);
    const json::value& of_file = web == nullptr ? child(json::value(nullptr), "") : *web;
    std::vector<std::string> rights;
    // What is said of the file holds for it, whatever is said of the whole.
    for (const json::value* from : {&of_file, &aggregation}) {
      std::string statement = resource_of(*from, "rights");
      if (!statement.empty() && rights.empty()) {
        rights.push_back(std::move(statement));
      }
    }
    const auto media_type =
        media_of_type(xml_text(child(of_file, "hasMimeType")))
            .value_or(media_of_url(file).value_or(is_sound ? MediaType::audio : MediaType::image));
    const std::string shown_at = resource_of(aggregation, "isShownAt");
    json::object fields{
        {"foreign_identifier", i == 0 ? identifier : identifier + "#" + std::to_string(i + 1)},
        {"foreign_landing_url", shown_at.empty() ? file : shown_at},
        {"url", file},
        {"thumbnail", i == 0 ? text_or_null(resource_of(aggregation, "object")) : json::value()},
        {"license_url", license_of(rights)},
        {"title", text_or_null(xml_text(child(described_at, "title")))},
        {"creator", text_or_null(joined(names(rdf, described_at, "creator"), "; "))},
        {"tags", list_or_null(names(rdf, described_at, "subject"))},
        {"meta_data", meta_data}};
    if (media_type == MediaType::image) {
      fields["width"] = text_or_null(xml_text(child(of_file, "width")));
      fields["height"] = text_or_null(xml_text(child(of_file, "height")));
    }
    emit.record(media_type, std::move(fields));
  }
}

// -- MODS

struct ModsPlaces {
  std::string file;
  std::string landing;
  std::string thumbnail;
};

ModsPlaces places_of(const json::value& mods) {
  ModsPlaces places;
  for (const json::value& location : children(mods, "location")) {
    for (const json::value& url : children(location, "url")) {
      const std::string address = xml_text(url);
      const std::string access = xml_attribute(url, "access");
      if (address.empty()) {
        continue;
      }
      if (access == "preview") {
        places.thumbnail = address;
      } else if (access == "raw object" || (access.empty() && media_of_url(address))) {
        places.file = places.file.empty() ? address : places.file;
      } else if (places.landing.empty() || access == "object in context") {
        places.landing = address;
      }
    }
  }
  return places;
}

std::string mods_title(const json::value& mods) {
  const json::value& info = child(mods, "titleInfo");
  const std::string lead = xml_text(child(info, "nonSort"));
  const std::string subtitle = xml_text(child(info, "subTitle"));
  std::string title = (lead.empty() ? "" : lead + " ") + xml_text(child(info, "title"));
  return title + (subtitle.empty() ? "" : ": " + subtitle);
}

std::vector<std::string> mods_creators(const json::value& mods) {
  std::vector<std::string> creators;
  for (const json::value& name : children(mods, "name")) {
    const std::string role = lower_ascii(xml_text(descendant(name, "role/roleTerm")));
    const bool is_creator = role.empty() || role == "creator" || role == "cre" ||
                            role == "photographer" || role == "pht" || role == "artist" ||
                            role == "art" || role == "author" || role == "aut";
    const std::string text = joined(child_texts(name, "namePart"), " ");
    if (is_creator && !text.empty()) {
      creators.push_back(text);
    }
  }
  return creators;
}

void expand_mods(const std::string& identifier, const json::value& mods, Emit& emit) {
  const ModsPlaces places = places_of(mods);
  const auto said =
      media_of_type(xml_text(descendant(mods, "physicalDescription/internetMediaType")));
  if (places.file.empty()) {
    return emit.drop(said == MediaType::audio ? ProducerDrop::no_audio : ProducerDrop::no_image);
  }
  std::vector<std::string> rights;
  for (const json::value& condition : children(mods, "accessCondition")) {
    for (const std::string& statement : {xml_attribute(condition, "href"), xml_text(condition)}) {
      if (!statement.empty()) {
        rights.push_back(statement);
      }
    }
  }
  std::vector<std::string> tags;
  for (const json::value& subject : children(mods, "subject")) {
    for (const char* kind : {"topic", "geographic", "temporal"}) {
      std::ranges::copy(child_texts(subject, kind), std::back_inserter(tags));
    }
  }
  json::object meta_data;
  add_meta(meta_data, "description", child_texts(mods, "abstract"));
  std::vector<std::string> dates = child_texts(child(mods, "originInfo"), "dateCreated");
  add_meta(meta_data, "date",
           dates.empty() ? child_texts(child(mods, "originInfo"), "dateIssued") : dates);
  add_meta(meta_data, "publisher", child_texts(child(mods, "originInfo"), "publisher"));
  add_meta(meta_data, "type", child_texts(mods, "typeOfResource"));
  add_meta(meta_data, "medium", child_texts(child(mods, "physicalDescription"), "form"));
  emit.record(said.value_or(media_of_url(places.file).value_or(MediaType::image)),
              {{"foreign_identifier", identifier},
               {"foreign_landing_url", places.landing.empty() ? places.file : places.landing},
               {"url", places.file},
               {"thumbnail", text_or_null(places.thumbnail)},
               {"license_url", license_of(rights)},
               {"title", text_or_null(mods_title(mods))},
               {"creator", text_or_null(joined(mods_creators(mods), "; "))},
               {"tags", list_or_null(tags)},
               {"meta_data", std::move(meta_data)}});
}

}  // namespace

void expand_oai_metadata(const std::string& identifier, const json::value& metadata, Emit& emit) {
  if (const json::value& dc = child(metadata, "dc"); !dc.is_null()) {
    return expand_dublin_core(identifier, dc, emit);
  }
  if (const json::value& rdf = child(metadata, "RDF"); !rdf.is_null()) {
    return expand_edm(identifier, rdf, emit);
  }
  const json::value& collection = child(metadata, "modsCollection");
  const json::value& mods = child(collection.is_null() ? metadata : collection, "mods");
  if (!mods.is_null()) {
    return expand_mods(identifier, mods, emit);
  }
  throw WrongShape{"metadata in a format that is not understood: neither dc, RDF nor mods"};
}

}  // namespace freshet
