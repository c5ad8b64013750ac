"""Search quality: the judged set of bench/relevance through the API, with a floor under each group of languages."""

from __future__ import annotations

import sys
import unittest

import test_api as api
from test_api import NAME, SOURCE, Work, tag

sys.path.insert(0, str(SOURCE / "bench/relevance"))
import scores  # noqa: E402
import works as judged  # noqa: E402

# nDCG@10 and recall of good works in the first ten. Seen at first: 0.98 and 0.99, 0.95 and 0.97.
FLOORS = {"English": (0.95, 0.97), "others": (0.92, 0.94)}
# No language may sink while others hold the mean: every one by itself.
LEAST_OF_A_LANGUAGE = (0.82, 0.82)

found: list[scores.Score]


def setUpModule() -> None:
    global found
    unittest.addModuleCleanup(api.tear_down_stores)
    works, queries = judged.read_set()
    api.set_up_stores([Work(w.number, title=w.title, tags=[tag(t) for t in w.tags], description=w.description,
                            creator=w.creator, popularity=w.popularity) for w in works])
    service = api.Service()
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()
    found = [scores.score(query, service.found(q=query.text)) for query in queries]
    print(scores.table(found), file=sys.stderr)


class Relevance(unittest.TestCase):
    def test_each_group_is_above_its_floor(self):
        for name, (ndcg, recall) in FLOORS.items():
            with self.subTest(name):
                group = scores.by(found, lambda query: query.group)[name]
                self.assertGreaterEqual(group.ndcg, ndcg)
                self.assertGreaterEqual(group.recall, recall)

    def test_no_language_is_left_behind(self):
        languages = scores.by(found, lambda query: query.language)
        self.assertGreaterEqual(len(languages), 16)
        for name, language in languages.items():
            with self.subTest(name):
                self.assertGreaterEqual(language.ndcg, LEAST_OF_A_LANGUAGE[0])
                self.assertGreaterEqual(language.recall, LEAST_OF_A_LANGUAGE[1])

    def test_phrases_and_exclusions_are_exact(self):
        exact = [one for one in found if one.query.is_exact]
        self.assertGreater(len(exact), 15)
        for one in exact:
            with self.subTest(one.query.text):
                self.assertEqual(set(one.found), set(one.query.grades))

    def test_no_query_finds_nothing(self):
        self.assertEqual([one.query.text for one in found if not one.found], [])


if __name__ == "__main__":
    unittest.main()
