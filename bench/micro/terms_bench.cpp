// Sensitive terms against the texts of a work: title, description and tags, some 450 bytes. Time is
// per work, so that it can be set against that of the whole stage; the argument is how many terms
// there are.

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "processors/stages/dedupe/sensitive_terms.hpp"

namespace freshet {
namespace {

// Words of three to ten letters, the short ones more frequent, as in a language.
std::vector<std::string> vocabulary(std::size_t words, std::mt19937_64& random) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < words; ++i) {
    std::string word;
    for (std::size_t n = 3 + random() % 8; n > 0; --n) {
      word += static_cast<char>('a' + random() % 26);
    }
    list.push_back(word);
  }
  return list;
}

using Texts = std::vector<std::string>;

std::vector<Texts> works(bool non_ascii, std::mt19937_64& random) {
  const std::vector<std::string> words = vocabulary(20'000, random);
  const auto text = [&](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      out += (i == 0 ? "" : " ") + words[random() % words.size()];
      out += non_ascii && random() % 3 == 0 ? "äöü" : "";
    }
    return out;
  };
  std::vector<Texts> list;
  for (int i = 0; i < 2'000; ++i) {
    Texts texts{text(6), text(45)};
    for (int tag = 0; tag < 10; ++tag) {
      texts.push_back(text(1));
    }
    list.push_back(std::move(texts));
  }
  return list;
}

void match(benchmark::State& state, bool non_ascii) {
  std::mt19937_64 random{42};
  const std::vector<Texts> all = works(non_ascii, random);
  // Of other words than the texts have: nearly all works are clean, and are read to their ends.
  std::vector<std::string> list = vocabulary(static_cast<std::size_t>(state.range(0)), random);
  for (std::size_t i = 0; i < list.size(); i += 5) {
    list[i] += " and more";
  }
  const SensitiveTerms terms{list};
  std::size_t bytes = 0;
  std::size_t found = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    for (const std::string& text : all[next++ % all.size()]) {
      bytes += text.size();
      found += terms.occurs_in(text) ? 1 : 0;
    }
  }
  benchmark::DoNotOptimize(found);
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void BM_TermsInAscii(benchmark::State& state) { match(state, false); }
void BM_TermsInOtherLetters(benchmark::State& state) { match(state, true); }
BENCHMARK(BM_TermsInAscii)->Arg(0)->Arg(20)->Arg(2'000)->Arg(20'000);
BENCHMARK(BM_TermsInOtherLetters)->Arg(2'000);

void BM_BuildTerms(benchmark::State& state) {
  std::mt19937_64 random{42};
  const auto list = vocabulary(static_cast<std::size_t>(state.range(0)), random);
  for (auto _ : state) {
    benchmark::DoNotOptimize(SensitiveTerms{list});
  }
}
BENCHMARK(BM_BuildTerms)->Arg(2'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freshet
