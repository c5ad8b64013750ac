#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/stores.hpp"

namespace freshet::api {

/// Answers every search with the same text, or with an error; perhaps those that ask for names of
/// fields with an error of their own.
class FakeIndex final : public SearchIndex {
 public:
  Task<Result<std::string>> search(Media, std::string request, std::string,
                                   Deadline deadline) override {
    last_request = request;
    last_deadline = deadline;
    ++asked;
    if (fault_of_names && request.find("\"_name\"") != request.npos) {
      co_return *fault_of_names;
    }
    co_return answer;
  }
  Task<Result<std::string>> open_point(Media, std::string, Deadline) override {
    ++opened;
    co_return point;
  }
  Task<Result<std::string>> search_point(std::string request, Deadline deadline) override {
    return search(Media::image, std::move(request), "", deadline);
  }
  Task<Result<bool>> close_point(std::string, Deadline) override {
    ++closed;
    co_return true;
  }
  Task<Result<std::string>> health(Deadline deadline) override {
    last_deadline = deadline;
    co_return health_answer;
  }

  Result<std::string> answer = std::string{R"({"hits":{"total":0,"hits":[]}})"};
  Result<std::string> health_answer = std::string{"green"};
  std::optional<Error> fault_of_names;
  std::string last_request;
  int asked = 0;
  Result<std::string> point = std::string{"point-1"};
  int opened = 0;  ///< points in time
  int closed = 0;
  std::optional<Deadline> last_deadline;
};

class FakeStore final : public WorkStore {
 public:
  Task<Result<std::vector<WorkRow>>> find(Media, std::vector<std::string> ids,
                                          Deadline deadline) override {
    last_deadline = deadline;
    if (fault) {
      co_return *fault;
    }
    std::vector<WorkRow> found;
    for (const WorkRow& row : rows) {
      if (std::find(ids.begin(), ids.end(), row.identifier) != ids.end()) {
        found.push_back(row);
      }
    }
    co_return found;
  }
  Task<Result<std::optional<WorkRow>>> find_one(Media, std::string id, Deadline deadline) override {
    last_deadline = deadline;
    if (fault) {
      co_return *fault;
    }
    for (const WorkRow& row : rows) {
      if (row.identifier == id) {
        co_return std::optional{row};
      }
    }
    const auto had = former.find(id);
    co_return had == former.end() ? std::optional<WorkRow>{} : std::optional{had->second};
  }
  Task<Result<std::string>> status_of(Media, std::string, Deadline) override { co_return status; }
  Task<Result<std::map<std::string, bool>>> source_visibility(Deadline) override {
    co_return std::map<std::string, bool>{};
  }
  Task<Result<std::optional<StoredRule>>> policy_rule(std::string, std::int64_t,
                                                      Deadline) override {
    co_return std::optional<StoredRule>{};
  }
  Task<Result<std::string>> secret(Deadline) override { co_return key; }
  Task<Result<bool>> ping(Deadline deadline) override {
    last_deadline = deadline;
    if (fault) {
      co_return *fault;
    }
    co_return true;
  }

  std::vector<WorkRow> rows;
  std::map<std::string, WorkRow> former;  ///< works by an identifier that they had before
  std::string status;                     ///< of works that are not among the rows
  std::optional<Error> fault;
  std::string key = "a secret of the tests";
  std::optional<Deadline> last_deadline;
};

}  // namespace freshet::api
