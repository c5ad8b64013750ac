#include "simulate/recorded.hpp"

#include <boost/json.hpp>

namespace freshet::simulate {
namespace {

namespace json = boost::json;

/// Cuts `/provider/case` off a target. Nothing is cut when there are fewer than two more parts.
std::pair<std::string, std::string_view> split_mount(std::string_view target) {
  const std::size_t first = target.find('/', 1);
  const std::size_t second = first == std::string_view::npos ? first : target.find('/', first + 1);
  if (second == std::string_view::npos) {
    return {{}, target};
  }
  return {std::string{target.substr(1, second - 1)}, target.substr(second)};
}

}  // namespace

RecordedCases::RecordedCases(const std::filesystem::path& directory,
                             const std::vector<std::string>& cases) {
  for (const std::string& name : cases.empty() ? list_cases(directory) : cases) {
    mounted_.emplace(name, Exchanges::load(directory, name));
  }
}

Reply RecordedCases::handle(const Request& request) {
  if (request.target == "/.report") {
    return {200, {{"Content-Type", "application/json"}}, report()};
  }
  if (mounted_.size() == 1) {
    const auto& [name, exchanges] = *mounted_.begin();
    return answer(name, exchanges, request, request.target);
  }
  const auto [name, target] = split_mount(request.target);
  const auto found = mounted_.find(name);
  if (found == mounted_.end()) {
    ++counts_[Match::none];
    ++unanswered_[{name, request.method + " " + request.target}].count;
    return {404, {{"Content-Type", "text/plain"}}, "no such case\n"};
  }
  return answer(name, found->second, request, target);
}

Reply RecordedCases::answer(const std::string& name, const Exchanges& exchanges,
                            const Request& request, std::string_view target) {
  const Location location = parse_target(target);
  Answer answer = exchanges.answer(request.method, location);
  // As it was sent: decoded bytes need not be UTF-8, which a report is.
  const std::string asked = request.method + " " + std::string{target};
  ++counts_[answer.match];
  if (answer.match == Match::nearest) {
    Loose& loose = nearest_[{name, asked}];
    loose.recorded = answer.recorded;
    loose.differences = answer.differences;
    ++loose.count;
  } else if (answer.match == Match::none) {
    ++unanswered_[{name, asked}].count;
  }
  return std::move(answer.reply);
}

std::string RecordedCases::report() const {
  const auto count = [this](Match match) {
    const auto found = counts_.find(match);
    return found == counts_.end() ? std::uint64_t{0} : found->second;
  };
  std::uint64_t requests = 0;
  for (const auto& [match, number] : counts_) {
    requests += number;
  }
  json::array nearest;
  for (const auto& [asked, loose] : nearest_) {
    nearest.push_back({{"case", asked.first},
                       {"request", asked.second},
                       {"answered_by", loose.recorded},
                       {"differs_in", json::value_from(loose.differences)},
                       {"count", loose.count}});
  }
  json::array unanswered;
  for (const auto& [asked, loose] : unanswered_) {
    unanswered.push_back(
        {{"case", asked.first}, {"request", asked.second}, {"count", loose.count}});
  }
  return json::serialize(json::value{{"requests", requests},
                                     {"exact", count(Match::exact)},
                                     {"otherwise", count(Match::otherwise)},
                                     {"head", count(Match::head)},
                                     {"nearest", std::move(nearest)},
                                     {"unanswered", std::move(unanswered)}}) +
         "\n";
}

}  // namespace freshet::simulate
