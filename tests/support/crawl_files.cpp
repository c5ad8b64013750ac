#include "tests/support/crawl_files.hpp"

#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace freshet::test {
namespace {

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out.push_back(c);
    }
  }
  return out + '"';
}

std::string http_answer(std::string_view html) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n" + std::string{html};
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file{path, std::ios::binary};
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) {
    throw std::runtime_error{path.string() + " cannot be written"};
  }
}

const WarcFields kInfo{{"WARC-Date", "2024-02-20T22:13:07Z"},
                       {"Content-Type", "application/warc-fields"}};

MadeUpPage made_up_page(int number, int linked_every) {
  const std::string n = std::to_string(number);
  MadeUpPage page{"https://site" + std::to_string(number % 97) + ".example/page/" + n + "?a=" + n,
                  "<html><head><title>Page " + n + "</title></head><body><p>Lorem ipsum " + n +
                      "</p></body></html>",
                  {}};
  for (int i = 0; i < 60; ++i) {
    const std::string at = std::to_string(number * 31 + i * 7);
    page.links.emplace_back(i % 6 == 0 ? "IMG@/src" : "A@/href",
                            i % 3 == 0 ? "https://other" + at + ".example/about/us.html"
                                       : "/articles/2024/" + at + "/index.html");
  }
  if (number % linked_every == 0) {
    page.links.emplace_back("A@/href", "https://creativecommons.org/licenses/by-sa/4.0/");
  }
  if (number % 50 == 0) {
    page.uri = "https://www.geograph.org.uk/photo/" + n;
    page.html = "<html><head><link rel=\"canonical\" href=\"" + page.uri +
                "\"/></head><body><strong property=\"dct:title\">Hill " + n +
                "</strong><a rel=\"author\" href=\"/profile/1\">Ann</a><div id=\"mainphoto\"><img "
                "src=\"https://s0.geograph.org.uk/photos/" +
                n +
                ".jpg\" width=\"640\" height=\"480\"></div><a rel=\"license\" "
                "href=\"http://creativecommons.org/licenses/by-sa/2.0/\">cc</a></body></html>";
  }
  return page;
}

}  // namespace

std::string gzip(std::string_view text) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::runtime_error{"zlib"};
  }
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  std::string input{text};
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string warc_record(std::string_view type, const WarcFields& fields, std::string_view content) {
  std::string text = "WARC/1.0\r\nWARC-Type: " + std::string{type} + "\r\n";
  for (const auto& [name, value] : fields) {
    text += name + ": " + value + "\r\n";
  }
  text += "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n";
  return text.append(content).append("\r\n\r\n");
}

WarcFile::Member WarcFile::add(std::string_view type, const WarcFields& fields,
                               std::string_view content) {
  return add_bytes(gzip(warc_record(type, fields, content)));
}

WarcFile::Member WarcFile::add_bytes(std::string_view bytes) {
  const Member member{bytes_.size(), bytes.size()};
  bytes_ += bytes;
  members_.push_back(member);
  return member;
}

std::string links_json(const std::vector<std::pair<std::string, std::string>>& links) {
  std::string out = "[";
  for (const auto& [path, url] : links) {
    out += (out.size() > 1 ? "," : "") + ("{\"path\":" + json_text(path)) +
           ",\"url\":" + json_text(url) + "}";
  }
  return out + "]";
}

std::string wat_json(const std::string& uri, const std::string& warc_name, WarcFile::Member at,
                     std::string_view links) {
  return "{\"Container\":{\"Filename\":" + json_text(warc_name) +
         ",\"Compressed\":true,\"Offset\":\"" + std::to_string(at.offset) +
         "\",\"Gzip-Metadata\":{\"Deflate-Length\":\"" + std::to_string(at.length) +
         "\"}},\"Envelope\":{\"Format\":\"WARC\",\"WARC-Header-Metadata\":{\"WARC-Type\":"
         "\"response\",\"WARC-Date\":\"2024-02-20T22:13:07Z\",\"WARC-Target-URI\":" +
         json_text(uri) +
         "},\"Payload-Metadata\":{\"HTTP-Response-Metadata\":{\"Response-Message\":{\"Status\":"
         "\"200\"},\"HTML-Metadata\":{\"Head\":{\"Title\":\"T\"},\"Links\":" +
         std::string{links} + "}}}}}";
}

CrawlPair make_crawl_pair(const std::string& name, const std::vector<MadeUpPage>& pages) {
  WarcFile warc;
  WarcFile wat;
  warc.add("warcinfo", kInfo, "isPartOf: test\r\n");
  wat.add("warcinfo", kInfo, "isPartOf: test\r\n");
  for (const MadeUpPage& page : pages) {
    const WarcFields of_page{{"WARC-Target-URI", page.uri},
                             {"WARC-Date", "2024-02-20T22:13:07Z"},
                             {"Content-Type", "application/http; msgtype=response"}};
    warc.add("request", of_page, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const WarcFile::Member at = warc.add("response", of_page, http_answer(page.html));
    wat.add("metadata", {{"WARC-Target-URI", page.uri}, {"Content-Type", "application/json"}},
            wat_json(page.uri, name, at, links_json(page.links)));
    warc.add("metadata", of_page, "fetchTimeMs: 120\r\n");
  }
  return {warc.bytes(), wat.bytes()};
}

void write_crawl(const std::string& folder, const std::string& crawl, int files, int pages,
                 int linked_every) {
  const std::string segment = "crawl-data/" + crawl + "/segments/1707947473360.9";
  std::string wat_paths;
  std::string warc_paths;
  int number = 0;
  for (int i = 0; i < files; ++i) {
    char name[64];
    std::snprintf(name, sizeof name, "CC-MAIN-20240220211055-20240221001055-%05d.warc", i);
    std::vector<MadeUpPage> made;
    for (int j = 0; j < pages; ++j) {
      made.push_back(made_up_page(number++, linked_every));
    }
    const CrawlPair pair = make_crawl_pair(std::string{name} + ".gz", made);
    const std::string warc_path = segment + "/warc/" + name + ".gz";
    const std::string wat_path = segment + "/wat/" + name + ".wat.gz";
    write(std::filesystem::path{folder} / warc_path, pair.warc);
    write(std::filesystem::path{folder} / wat_path, pair.wat);
    warc_paths += warc_path + "\n";
    wat_paths += wat_path + "\n";
  }
  const std::filesystem::path lists = std::filesystem::path{folder} / ("crawl-data/" + crawl);
  write(lists / "wat.paths.gz", gzip(wat_paths));
  write(lists / "warc.paths.gz", gzip(warc_paths));
}

}  // namespace freshet::test
