"""Walks to the end of results that are far larger than the pages' 240, while works are written, and what cursors are refused.

Works are written as in test_api.py, straight into the stores.
"""

from __future__ import annotations

import base64
import json
import threading
import unittest
import urllib.parse

import test_api as api
from test_api import NAME, Work, identifier, tag

service: api.Service

COUNT = 1_500
# Few scores and few times among many works: the order within one of them is what pages could lose.
WORKS = [
    *(Work(n, title=f"Meadow {n % 3}", popularity=(n % 5) / 10 + 0.1, tags=[tag("grass")], creator="Jane Doe") for n in range(1, COUNT + 1)),
    Work(COUNT + 1, title="Meadow copied", status="duplicate"),
    Work(COUNT + 2, title="Meadow hidden text", sensitivity=["sensitive_text"]),
    *(Work(9_000 + n, "audio", title="Meadow birds", source="freesound", provider="freesound") for n in range(70)),
]
MEADOWS = {identifier(n) for n in range(1, COUNT + 1)}


def setUpModule() -> None:
    global service
    unittest.addModuleCleanup(api.tear_down_stores)
    api.set_up_stores(WORKS)
    service = api.Service()
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()


def page(cursor: str, media: str = "images", by: api.Service | None = None, **parameters):
    return (by or service).ask(f"/v1/{media}/?" + urllib.parse.urlencode({**parameters, "cursor": cursor}))


def walk(media: str = "images", on_page=lambda number: None, servers=None, **parameters) -> tuple[list[str], list[dict]]:
    """The ids of all works of a result in their order, and the pages."""
    ids, pages, cursor = [], [], "*"
    while cursor is not None:
        by = servers[len(pages) % len(servers)] if servers else service
        status, _, body = page(cursor, media, by, **parameters)
        if status != 200:
            raise AssertionError(f"page {len(pages) + 1}: {status} {body}")
        pages.append(body)
        ids += [item["id"] for item in body["results"]]
        on_page(len(pages))
        cursor = body["next_cursor"]
    return ids, pages


class Walks(unittest.TestCase):
    def assert_whole(self, ids: list[str], expected: set[str]) -> None:
        self.assertEqual(len(ids), len(set(ids)), "a work came twice")
        self.assertEqual(set(ids), expected)

    def test_every_order_is_walked_to_its_end(self):
        for parameters in ({"q": "meadow"}, {}, {"q": "meadow", "sort": "indexed_on"}, {"q": "meadow", "sort": "updated_on"},
                           {"title": "meadow", "license": "by"}, {"unstable__collection": "tag", "unstable__tag": "grass"}):
            with self.subTest(parameters):
                ids, pages = walk(**parameters)
                self.assert_whole(ids, MEADOWS)
                self.assertEqual(len(pages), COUNT // 20 + 1)
                self.assertEqual([body["page"] for body in pages], list(range(1, len(pages) + 1)))
                self.assertEqual({body["result_count"] for body in pages}, {COUNT}, "240 ends no walk")
                first = service.search(**parameters)["results"]
                self.assertEqual([item["id"] for item in first], ids[:20], "the order is that of pages")

    def test_a_walk_of_audio_and_of_nothing(self):
        ids, _ = walk("audio", q="birds")
        self.assert_whole(ids, {identifier(9_000 + n) for n in range(70)})
        ids, pages = walk(q="nosuchword")
        self.assertEqual((ids, len(pages), pages[0]["result_count"]), ([], 1, 0))

    def test_fields_matched_come_along(self):
        _, pages = walk(q="meadow grass", page_size=10)
        for item in (item for body in pages for item in body["results"]):
            self.assertEqual(item["fields_matched"], ["title", "tags.name"])

    def test_works_that_are_written_meanwhile_neither_repeat_nor_hide_others(self):
        stop, written = threading.Event(), []

        def write() -> None:
            number = 20_000
            while not stop.is_set():
                # New ones on top of the order, and old ones that change their place in it.
                fresh = [Work(number + n, title="Meadow 1", popularity=1.0) for n in range(20)]
                moved = [Work(1 + (number * 7 + n * 41) % COUNT, title="Meadow 2", popularity=((number + n) % 10) / 10 + 0.05, tags=[tag("grass")])
                         for n in range(20)]
                api.psql("".join(work.row() for work in fresh))
                api.index_works(fresh + moved, NAME)
                written.extend(work.id for work in fresh)
                number += 20

        writer = threading.Thread(target=write)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(stop.set)
        while len(written) < 100:
            stop.wait(0.05)
        before = set(written)
        ids, pages = walk(q="meadow", license="by")
        known = set(written)
        self.assertEqual(len(ids), len(set(ids)), "a work came twice")
        self.assertLessEqual(MEADOWS | before, set(ids), "a work is missing")
        self.assertLessEqual(set(ids), MEADOWS | known)
        self.assertGreater(len(known), len(before), "nothing was written while the walk went on")
        self.assertNotIn(written[-1], ids, "what came later is no part of it")
        self.assertGreater(len(pages), COUNT // 20)

    def test_a_page_may_be_asked_for_again_and_of_another_server(self):
        other = api.Service()
        self.addCleanup(other.stop)
        other.wait_ready()
        ids, pages = walk(servers=[service, other], q="meadow", updated_since="2026-02-01")
        self.assertLessEqual(MEADOWS, set(ids))
        again = page(pages[-2]["next_cursor"], q="meadow", updated_since="2026-02-01")[2]
        self.assertEqual(again["results"], pages[-1]["results"])
        self.assertEqual(page(pages[3]["next_cursor"], q="meadow", updated_since="2026-02-01")[2]["results"], pages[4]["results"])

    def test_pages_by_number_end_where_they_did(self):
        self.assertEqual(service.ask("/v1/images/?q=meadow&page=13")[0], 401)
        self.assertNotIn("next_cursor", service.search(q="meadow"))


class Refusals(unittest.TestCase):
    def refusal(self, cursor: str, media: str = "images", **parameters) -> str:
        status, _, body = page(cursor, media, **parameters)
        self.assertEqual(status, 400, body)
        return body["detail"]["cursor"][0]

    def test_a_cursor_is_bound_to_its_search(self):
        cursor = page("*", q="meadow")[2]["next_cursor"]
        for media, parameters in (("images", {"q": "meadows"}), ("images", {}), ("images", {"q": "meadow", "page_size": 10}),
                                  ("images", {"q": "meadow", "sort": "indexed_on"}), ("audio", {"q": "meadow"})):
            with self.subTest(parameters):
                self.assertIn("belongs to another search", self.refusal(cursor, media, **parameters))
        self.assertEqual(page(cursor, q="meadow", utm_source="elsewhere")[0], 200)

    def test_an_altered_cursor_is_refused(self):
        cursor = page("*", q="meadow")[2]["next_cursor"]
        for place in range(0, len(cursor), 7):
            letter = "B" if cursor[place] == "A" else "A"
            self.assertIn("was altered", self.refusal(cursor[:place] + letter + cursor[place + 1:], q="meadow"))
        for bad in ("x", "**", cursor[:-1], cursor + "AAAA", "%", "' or 1=1", "{}"):
            self.assertIn("was altered", self.refusal(bad, q="meadow"))
        secret = api.psql("select secret from api_secret where name = 'cursor'")
        self.addCleanup(api.psql, f"update api_secret set secret = '{secret}' where name = 'cursor'")
        api.psql("update api_secret set secret = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())")
        other = api.Service()
        self.addCleanup(other.stop)
        other.wait_ready()
        self.assertEqual(page(cursor, by=other, q="meadow")[0], 400, "signed by another secret")

    def test_not_beside_a_page(self):
        self.assertIn("Cannot set both", self.refusal("*", q="meadow", page=2))

    def test_one_that_expired_says_so(self):
        body = page("*", q="meadow")[2]
        payload = base64.urlsafe_b64decode(body["next_cursor"] + "==")[16:]
        # The index forgets a point in time ten minutes after its last use; here it is told to.
        point = json.loads(payload)[1]
        try:
            api.search_http("DELETE", "/_pit", json.dumps({"id": point}))
        except Exception:  # OpenSearch calls it so
            api.search_http("DELETE", "/_search/point_in_time", json.dumps({"pit_id": [point]}))
        self.assertIn("has expired", self.refusal(body["next_cursor"], q="meadow"))


if __name__ == "__main__":
    unittest.main()
