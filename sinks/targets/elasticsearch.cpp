#include "sinks/targets/elasticsearch.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/http/elasticsearch.hpp"
#include "core/utf8.hpp"
#include "sinks/sink_spec.hpp"
#include "sinks/store_record.hpp"
#include "sinks/targets/bulk.hpp"

namespace freshet {
namespace {

using namespace std::chrono_literals;

// Only what is judged; it keeps the reply to 1,000 items at some 30 KB.
constexpr std::string_view kBulkPath =
    "/_bulk?require_alias=true&filter_path=items.*.status,items.*.error.type,items.*.error.reason";

class ElasticsearchSink final : public Sink {
 public:
  ElasticsearchSink(std::unique_ptr<http::HttpClient> client, ElasticsearchOptions options)
      : client_{std::move(client)}, options_{std::move(options)} {}

  Result<WriteReport> write(const SinkBatch& batch, PutAside& /*aside*/) override {
    WriteReport report;
    Items items;
    for (std::size_t i = 0; i < batch.records.size(); ++i) {
      const auto record = decoder_.decode(batch.records[i]);
      if (!record) {
        report.rejected.push_back({i, record.error(), RefusedBy::encoder});
        continue;
      }
      const std::size_t begin = items.body.size();
      append_bulk_item(items.body, **record, options_.index_prefix);
      items.list.push_back({i, begin, items.body.size()});
      report.left_out.insert(report.left_out.end(), (*record)->left_out.begin(),
                             (*record)->left_out.end());
    }
    if (auto sent = send_in_parts(items, report); !sent) {
      return sent.error();
    }
    return report;
  }

  /// The group's offsets are the only ones: the index does not know how far it is.
  Result<std::map<kafka::Partition, kafka::Offset>> start_offsets(
      std::span<const kafka::Partition>) override {
    return std::map<kafka::Partition, kafka::Offset>{};
  }

  Result<void> check() override {
    for (const MediaType media_type : {MediaType::image, MediaType::audio}) {
      const std::string alias =
          fmt::format("{}{}-write", options_.index_prefix, to_string(media_type));
      http::Request request;
      request.method = http::Method::head;
      // Of this index alone: a look at the aliases of all needs rights on all.
      request.url = options_.url + "/" + alias + "/_alias/" + alias;
      request.timeout = 10s;
      const auto response = client_->send(request);
      if (!response) {
        return response.error();
      }
      if (response->status == 404) {
        return Error{Errc::store_refused, Retry::after_backoff,
                     "Elasticsearch has no alias " + alias + ": run `freshet schema apply`"};
      }
      if (response->status == 401 || response->status == 403) {
        return Error{Errc::http_status, Retry::never,
                     http::refused_access(options_.url, *response)};
      }
      if (response->status != 200) {
        return Error{Errc::http_status, Retry::after_backoff,
                     fmt::format("Elasticsearch, alias {}: HTTP {}", alias, response->status)};
      }
    }
    return {};
  }

 private:
  struct Item {
    std::size_t index;  ///< in the batch
    std::size_t begin;
    std::size_t end;
  };
  struct Items {
    std::string body;
    std::vector<Item> list;
  };

  Result<void> send_in_parts(const Items& items, WriteReport& report) {
    std::vector<std::span<const Item>> parts;
    if (!items.list.empty()) {
      parts.emplace_back(items.list);
    }
    while (!parts.empty()) {
      const auto part = parts.back();
      parts.pop_back();
      // The items of a part stand in the body one behind the other.
      auto response = post(std::string_view{items.body}.substr(
          part.front().begin, part.back().end - part.front().begin));
      if (!response) {
        return response.error();
      }
      switch (judge_bulk_status(response->status)) {
        case BulkVerdict::read:
          if (auto read = take_verdicts(response->body, part, report); !read) {
            return read;
          }
          break;
        case BulkVerdict::split:
          split(part, *response, parts, report);
          break;
        case BulkVerdict::wait:
          return Error{response->status == 429 ? Errc::throttled : Errc::bulk_refused,
                       Retry::after_backoff, describe(part.size(), *response)};
      }
    }
    return {};
  }

  static Result<void> take_verdicts(std::string_view body, std::span<const Item> part,
                                    WriteReport& report) {
    auto verdicts = read_bulk_response(body, part.size());
    if (!verdicts) {
      return verdicts.error();
    }
    report.written += verdicts->written;
    report.stale += verdicts->stale;
    for (Rejected& rejected : verdicts->rejected) {
      rejected.index = part[rejected.index].index;
      report.rejected.push_back(std::move(rejected));
    }
    return {};
  }

  static void split(std::span<const Item> part, const http::Response& response,
                    std::vector<std::span<const Item>>& parts, WriteReport& report) {
    if (part.size() == 1) {
      const Errc errc = response.status == 413 ? Errc::too_large : Errc::store_refused;
      report.rejected.push_back({part.front().index,
                                 Error{errc, Retry::never, describe(part.size(), response)},
                                 RefusedBy::store});
      return;
    }
    ++report.splits;
    const std::size_t middle = part.size() / 2;
    parts.push_back(part.subspan(middle));
    parts.push_back(part.first(middle));
  }

  Result<http::Response> post(std::string_view body) {
    http::Request request;
    request.method = http::Method::post;
    request.url = options_.url + std::string{kBulkPath};
    request.headers = {{"content-type", "application/x-ndjson"}};
    request.body = body;
    auto response = client_->send(request);
    if (!response) {
      const Error error = response.error();
      // Whatever an exchange fails of, the records are not at fault.
      return Error{error.errc(), Retry::after_backoff, error.message()};
    }
    return response;
  }

  static std::string describe(std::size_t records, const http::Response& response) {
    const std::string_view body = response.body;
    return fmt::format("bulk of {} records: HTTP {}: {}", records, response.status,
                       is_utf8(body) ? first_code_points(body, 200) : "");
  }

  std::unique_ptr<http::HttpClient> client_;
  ElasticsearchOptions options_;
  CatalogDecoder decoder_;
};

}  // namespace

std::unique_ptr<Sink> make_elasticsearch_sink(std::unique_ptr<http::HttpClient> client,
                                              ElasticsearchOptions options) {
  options.url = http::elasticsearch_base(std::move(options.url));
  return std::make_unique<ElasticsearchSink>(std::move(client), std::move(options));
}

SinkSpec elasticsearch_sink() {
  return {.role = role("sink.elasticsearch"),
          .meaning = "Documents of the catalogue: search",
          // The node is the slow part: two requests under way keep it busy while we encode a third.
          .writers = 3,
          .limits = {.fresh_records = 128},
          .make = [](const Config& config, const SinkSource&, std::stop_token stop) {
            return make_elasticsearch_sink(
                std::make_unique<http::CurlClient>(
                    http::elasticsearch_options(config, std::move(stop))),
                {config.elasticsearch.url, config.elasticsearch.index_prefix});
          }};
}

}  // namespace freshet
