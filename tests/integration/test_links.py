"""Dead links: works whose files a host of the test has, or has no more, and what searches make of that."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import unittest
import urllib.parse

import jsonschema

import test_api as stores
from stream import Stream, until
from thumbnail_role import Host

REDIS = os.environ["FRESHET_REDIS_URL"]
LOOK = jsonschema.Draft7Validator(json.loads((pathlib.Path(__file__).parents[2] / "schemas/records/link-check.schema.json").read_text()))
COUNT = 60
host: Host


def path(number: int) -> str:
    return f"/{number}.jpg"


def number_of(item: dict) -> int:
    return int(item["id"][:8], 16)


def set_status(number: int, status: int) -> None:
    host.files[path(number)] = (status, {}, b"")


def redis(*words: str) -> str:
    url = urllib.parse.urlparse(REDIS)
    return subprocess.run(["redis-cli", "-h", url.hostname, "-p", str(url.port), *words], capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def forget() -> None:
    for key in redis("--scan", "--pattern", "freshet:valid:" + host.url + "*").split() + redis("--scan", "--pattern", "freshet:*:dead_link_mask").split():
        redis("del", key)


def setUpModule() -> None:
    global host
    host = Host()
    unittest.addModuleCleanup(host.close)
    unittest.addModuleCleanup(stores.tear_down_stores)
    unittest.addModuleCleanup(forget)
    # In the order of their numbers: the later, the less popular.
    stores.set_up_stores([stores.Work(n, title="Harbour", url=host.url + path(n), popularity=1 - n / 100, provider="flickr" if n >= 50 else "met",
                                      source="flickr" if n >= 50 else "met") for n in range(COUNT)])


class Case(unittest.TestCase):
    settings: dict[str, str] = {}

    def setUp(self):
        with host.lock:
            host.asked.clear()
        for number in range(COUNT):
            set_status(number, 200)
        forget()

    def serve(self, **settings: str) -> stores.Service:
        service = stores.Service(**{"FRESHET_HTTP_ALLOWED_NETWORKS": "127.0.0.1", "FRESHET_API_LINK_CHECKS": "true", "FRESHET_API_LINK_WAIT_MS": "2000", **self.settings, **settings})
        self.addCleanup(service.stop)
        service.wait_ready()
        return service

    def page(self, service: stores.Service, number: int = 1, **parameters) -> list[int]:
        return [number_of(item) for item in service.search(q="harbour", page_size=10, page=number, **parameters)["results"]]

    def wait_for(self, what, seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)


class WithoutRedis(Case):
    settings = {"FRESHET_REDIS_URL": ""}

    def test_works_whose_file_is_gone_leave_and_pages_stay_full(self):
        gone = {1: 404, 3: 410, 4: 500, 7: 502, 8: 503, 12: 301, 13: 400}
        for number, status in gone.items():
            set_status(number, status)
        service = self.serve()
        live = [n for n in range(COUNT) if n not in gone]
        found = [self.page(service, n) for n in range(1, 6)]
        self.assertEqual([len(one) for one in found], [10] * 5)
        self.assertEqual(sum(found, []), live[:50])
        self.assertTrue(all(one.startswith("HEAD ") for one in host.asked))
        self.assertRegex(host.headers[-1]["User-Agent"], r"^Freshet/.* LinkValidation$")

    def test_what_says_nothing_is_kept_but_for_flickr(self):
        for number in (2, 5, 51, 52):
            set_status(number, 403 if number != 5 else 429)
        service = self.serve()
        everything = sum((self.page(service, n) for n in range(1, 7)), [])
        self.assertIn(2, everything)
        self.assertIn(5, everything)
        self.assertNotIn(51, everything)
        self.assertEqual(len(everything), COUNT - 2)

    def test_filter_dead_false_asks_nobody_and_shows_all(self):
        set_status(1, 404)
        service = self.serve()
        self.assertEqual(self.page(service, filter_dead="false"), list(range(10)))
        self.assertEqual(host.asked, [])
        plain = self.serve(FRESHET_API_FILTER_DEAD="false")
        self.assertEqual(self.page(plain), list(range(10)))
        self.assertEqual(host.asked, [])
        self.assertEqual(self.page(plain, filter_dead="true"), [0, *range(2, 11)])

    def test_all_dead_is_no_result(self):
        for number in range(COUNT):
            set_status(number, 404)
        body = self.serve().search(q="harbour", page_size=10)
        self.assertEqual((body["result_count"], body["page_count"], body["results"]), (0, 0, []))

    def test_a_search_does_not_wait_unless_it_is_told_to(self):
        def slow(_):
            time.sleep(1.5)
            return 404, {}, b""
        for number in range(10):
            host.files[path(number)] = slow
        service = self.serve(FRESHET_API_LINK_WAIT_MS="0")
        began = time.monotonic()
        self.assertEqual(self.page(service), list(range(10)))
        self.assertLess(time.monotonic() - began, 1)
        # Two of one host at a time.
        self.wait_for(lambda: not set(self.page(service)) & set(range(10)))
        bounded = self.serve(FRESHET_API_LINK_WAIT_MS="300")
        began = time.monotonic()
        self.assertEqual(self.page(bounded), list(range(10)))
        self.assertLess(time.monotonic() - began, 1.2)

    def test_pages_do_not_move_when_works_die_meanwhile(self):
        service = self.serve(FRESHET_API_LINK_WAIT_MS="0")
        for number in (2, 3, 4):
            set_status(number, 404)
        self.assertEqual(self.page(service), list(range(10)))
        self.wait_for(lambda: sum(host.count(path(n)) for n in range(10)) >= 10)
        time.sleep(0.2)
        self.assertEqual(self.page(service, 2), list(range(10, 20)))

    def test_links_are_asked_for_once(self):
        service = self.serve()
        for _ in range(5):
            self.page(service)
        self.assertEqual([host.count(path(n)) for n in range(10)], [1] * 10)

    def test_related_works_are_filtered_as_well(self):
        set_status(1, 404)
        service = self.serve()
        related = [number_of(item) for item in service.ask(f"/v1/images/{stores.identifier(0)}/related/")[2]["results"]]
        self.assertNotIn(1, related)
        self.assertEqual(service.ask(f"/v1/images/{stores.identifier(1)}/")[0], 200)  # itself it is there

    def test_what_is_not_public_is_not_asked_and_stays(self):
        service = self.serve(FRESHET_HTTP_ALLOWED_NETWORKS="")
        set_status(1, 404)
        self.assertEqual(self.page(service), list(range(10)))
        self.assertEqual(host.asked, [])

    def test_switched_off_nothing_is_asked(self):
        for setting in ({"FRESHET_API_LINK_CHECKS": "false"}, {"FRESHET_HTTP_MIRROR": "http://127.0.0.1:9"}):
            service = self.serve(**setting)
            self.assertEqual(self.page(service), list(range(10)))
        self.assertEqual(host.asked, [])


class OnTheTopic(Case):
    settings = {"FRESHET_REDIS_URL": ""}

    def test_each_look_is_said_once(self):
        set_status(1, 404)
        with Stream("looks") as stream:
            service = self.serve(FRESHET_KAFKA_TOPIC_PREFIX=stream.prefix)
            self.page(service)
            self.page(service)  # from memory
            with host.lock:
                looks = len(host.asked)
            self.assertGreater(looks, 10)
            records = until(lambda: (found := stream.read("media.link-checks.v1")) and len(found) >= looks and found, 30, "looks on the topic")
            said = [json.loads(record.value) for record in records]
            for record, one in zip(records, said):
                LOOK.validate(one)
                self.assertEqual((record.key.decode(), record.headers["schema"]), (one["identifier"], "link-check/1"))
            self.assertEqual(sorted((int(one["identifier"][:8], 16), one["state"], one["status"]) for one in said),
                             [(n, *(("dead", 404) if n == 1 else ("live", 200))) for n in range(looks)])
            self.assertEqual(service.stop(), 0)


class WithRedis(Case):
    settings = {"FRESHET_REDIS_URL": REDIS}

    def test_servers_share_what_they_know(self):
        set_status(1, 404)
        first, second = self.serve(), self.serve()
        time.sleep(0.3)
        expected = [0, *range(2, 11)]
        self.assertEqual(self.page(first), expected)
        self.wait_for(lambda: redis("get", "freshet:valid:" + host.url + path(1)) == "404")
        self.assertEqual(self.page(second), expected)
        self.assertEqual([host.count(path(n)) for n in range(10)], [1] * 10)

    def test_how_long_a_status_is_believed_goes_by_its_class(self):
        set_status(1, 404)
        set_status(2, 503)
        service = self.serve()
        time.sleep(0.3)
        self.page(service)
        life = {}
        for number in (0, 1, 2):
            key = "freshet:valid:" + host.url + path(number)
            self.wait_for(lambda: redis("exists", key) == "1")
            life[number] = int(redis("ttl", key))
        day = 86_400
        self.assertTrue(29 * day < life[0] <= 30 * day, life)
        self.assertTrue(2 * day < life[1] <= 3 * day, life)
        self.assertTrue(3_000 < life[2] <= 3_600, life)

    def test_a_link_that_comes_back_comes_back(self):
        set_status(1, 404)
        service = self.serve(FRESHET_API_LINK_WAIT_MS="0")
        time.sleep(0.3)
        self.page(service)
        self.wait_for(lambda: 1 not in self.page(service))
        set_status(1, 200)
        redis("del", "freshet:valid:" + host.url + path(1))  # its time is over
        self.assertEqual(self.page(service), list(range(10)))
        self.wait_for(lambda: redis("get", "freshet:valid:" + host.url + path(1)) == "200")

    def test_masks_are_kept_for_three_hours_and_damaged_ones_are_none(self):
        set_status(1, 404)
        service = self.serve()
        time.sleep(0.3)
        self.page(service)
        self.wait_for(lambda: redis("--scan", "--pattern", "freshet:*:dead_link_mask") != "")
        [key] = redis("--scan", "--pattern", "freshet:*:dead_link_mask").split()
        self.assertEqual(redis("get", key), "10111111111")
        self.assertTrue(10_000 < int(redis("ttl", key)) <= 10_800)
        redis("set", key, "nonsense")
        redis("set", "freshet:valid:" + host.url + path(2), "nonsense")
        self.assertEqual(self.page(service), [0, *range(2, 11)])

    def test_without_it_each_server_goes_on_alone(self):
        set_status(1, 404)
        service = self.serve(FRESHET_REDIS_URL="redis://127.0.0.1:9")
        self.assertEqual(self.page(service), [0, *range(2, 11)])
        self.assertEqual(self.page(service, 2), list(range(11, 21)))


if __name__ == "__main__":
    unittest.main()
