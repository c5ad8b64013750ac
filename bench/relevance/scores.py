"""nDCG@10 and recall of good works in the first ten, by language and category."""

from __future__ import annotations

import collections
import dataclasses
import math
import statistics

from works import GOOD, Query

DEPTH = 10


@dataclasses.dataclass
class Score:
    query: Query
    found: list[int]  # work numbers, best first
    is_kept: bool  # of an exact query: nothing is missing, nothing is too much

    @property
    def ndcg(self) -> float:
        gains = lambda grades: sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:DEPTH]))
        return gains([self.query.grades.get(n, 0) for n in self.found]) / gains(sorted(self.query.grades.values(), reverse=True))

    @property
    def recall(self) -> float:
        """Of the good works, or of ten of them where there are more."""
        good = {number for number, grade in self.query.grades.items() if grade >= GOOD}
        return len(good & set(self.found[:DEPTH])) / min(len(good), DEPTH)


def score(query: Query, found: list[int]) -> Score:
    return Score(query, found, not query.is_exact or set(found) == set(query.grades))


@dataclasses.dataclass
class Summary:
    queries: int
    ndcg: float
    recall: float
    empty: float  # share of queries that find nothing


def summary(scores: list[Score]) -> Summary:
    mean = lambda values: statistics.fmean(values) if scores else 0.0
    return Summary(len(scores), mean(s.ndcg for s in scores), mean(s.recall for s in scores), mean(not s.found for s in scores))


def by(scores: list[Score], key) -> dict[str, Summary]:
    groups = collections.defaultdict(list)
    for one in scores:
        groups[key(one.query)].append(one)
    return {name: summary(groups[name]) for name in sorted(groups)}


def table(scores: list[Score]) -> str:
    keys = (lambda q: q.group, lambda q: q.language, lambda q: f"{q.group}: {q.category}")
    lines = [f"{'':32} queries  nDCG@10  recall@10  nothing found"]
    for key in keys:
        lines += [f"{name:32} {s.queries:7}  {s.ndcg:7.3f}  {s.recall:9.3f}  {s.empty:13.3f}" for name, s in by(scores, key).items()]
    return "\n".join(lines)
