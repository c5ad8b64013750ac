"""A store made anew beside the one in use: compared, taken into use, taken back, while everything goes on."""

import concurrent.futures
import datetime
import json
import threading
import time
import unittest

from stream import SOURCE, Stream, until

WHO = ("--by", "A. Person", "--why", "the old one is broken")


def key(number: int, media: str = "image") -> str:
    return f"{media}:met:{number}"


def sighting(number: int, media: str = "image", day: int = 1) -> tuple[bytes, bytes]:
    work = {"media_type": media, "provider": "met", "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{media}/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "title": f"Landscape {number} of {day}"}
    return key(number, media).encode(), json.dumps({"seen": {"fetched_at": f"2026-11-{day:02d}T00:00:00.{number:06d}Z", "run_id": "r"},
                                                    "work": work}, separators=(",", ":")).encode()


class Elasticsearch(unittest.TestCase):
    """Each test finds roles that run, and indexes without a former one."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("rebuild", partitions=2))
        cls.stream.run("simulate", "generate", "--works", "2000")
        for number in range(1, 11):
            cls.stream.produce_raw(*sighting(number))
            cls.stream.produce_raw(*sighting(number, "audio"))
        cls.stream.drain(sinks=("elasticsearch",))
        cls.stream.process("one", "--loops", "2")
        cls.sink = cls.stream.role("sink", "sink", "elasticsearch")
        until(lambda: all(group["members"] for group in cls.stream.json("lag", "--over", "0")
                          if group["group"] in ("process.catalogue", "sink.elasticsearch")), 60, "both to have joined")

    def tearDown(self):
        self.stream.run("rebuild", "elasticsearch", "--drop", expect=None)

    def index(self, alias: str) -> str | None:
        names = list(json.loads(self.stream.http("GET", f"/_alias/{self.stream.index_prefix}{alias}")[1]))
        return names[0] if len(names) == 1 and names[0] != "error" and names[0] != "status" else None

    def filling(self, media: str) -> str | None:
        """The index that is filled; its alias begins with what no template of the index prefix meets."""
        name = f"rebuild-{self.stream.index_prefix}{media}-write"
        status, text = self.stream.http("GET", f"/_alias/{name}")
        return next(iter(json.loads(text))) if status == 200 else None

    def images(self) -> int:
        """How many images a search shows."""
        self.stream.http("POST", f"/{self.stream.index_prefix}image/_refresh")
        return json.loads(self.stream.http("POST", f"/{self.stream.index_prefix}image/_search", {"size": 0, "track_total_hits": True})[1])["hits"]["total"]["value"]

    def settled(self) -> dict:
        self.stream.run("lag", "--wait", "60", "--group", "process.catalogue")
        self.stream.run("lag", "--wait", "60", "--group", "sink.elasticsearch")
        return self.stream.documents()

    def test_taken_into_use_and_back_while_works_flow_and_searches_go_on(self):
        before = self.settled()
        used = self.index("image-write")
        shown = self.images()
        stop = threading.Event()
        failed: list[str] = []
        searches = 0

        def search() -> None:
            nonlocal searches
            while not stop.wait(0.02):
                status, text = self.stream.http("POST", f"/{self.stream.index_prefix}image/_search", {"size": 0, "track_total_hits": True})
                searches += 1
                if status != 200 or json.loads(text)["hits"]["total"]["value"] < shown:
                    failed.append(text[:300])

        def write() -> None:
            number = 100
            while not stop.wait(0.05):
                self.stream.produce_raw(*sighting(number, day=2))
                number += 1

        with concurrent.futures.ThreadPoolExecutor() as pool:
            tasks = [pool.submit(search), pool.submit(write)]
            try:
                done = self.stream.json("rebuild", "elasticsearch")
                self.assertEqual(done["differences"], [])
                self.assertGreaterEqual(done["records"], len(before))
                made = self.index("image-write")
                self.assertNotEqual(made, used)
                self.assertEqual((self.index("image"), self.index("image-previous"), self.filling("image")), (made, used, None))
                self.stream.run("rebuild", "elasticsearch", expect=3)
                time.sleep(1)
                began = time.monotonic()
                self.stream.run("rebuild", "back")
                self.assertLess(time.monotonic() - began, 5)
            finally:
                stop.set()
            for task in tasks:
                task.result(30)
        self.assertEqual(failed, [])
        self.assertGreater(searches, 10)
        after = self.settled()
        self.assertEqual((self.index("image-write"), self.index("image-previous")), (used, made))
        self.assertGreater(len(after), len(before))
        self.assertEqual({name: revision for name, (revision, _) in after.items()},
                         {record["identifier"]: record["revision"] for record in self.stream.catalogue().values()}, "nothing is missing")
        self.stream.run("rebuild", "back")
        self.assertEqual(self.settled(), after)

    def test_cut_short_it_goes_on(self):
        self.settled()
        used = self.index("audio-write")
        child = self.stream.role("rebuild", "rebuild", "elasticsearch", "--throttle", "400")
        until(lambda: self.filling("audio"), 30, "the index to be made")
        time.sleep(2.5)
        child.kill()
        self.assertEqual(self.index("audio-write"), used)
        self.stream.run("rebuild", "elasticsearch", expect=3)
        self.stream.run("rebuild", "back", expect=3)
        done = self.stream.json("rebuild", "elasticsearch", "--resume")
        # Works were written more than once, by the tests before: all of these records are read.
        self.assertLess(done["records"], len(self.stream.read("media.catalog.v1")) - 400, "what was done before is not done again")
        self.assertEqual(done["differences"], [])
        self.stream.run("rebuild", "elasticsearch", "--resume", expect=3)
        self.assertEqual({name: revision for name, (revision, _) in self.settled().items()},
                         {record["identifier"]: record["revision"] for record in self.stream.catalogue().values()})

    def test_a_gate_that_is_not_passed_leaves_all_as_it_was(self):
        before = self.settled()
        used = self.index("image-write"), self.index("image"), self.index("audio-write")
        gate = self.stream.folder / "gate.json"
        gate.write_text(json.dumps({"queries": [{"name": "owls", "query": {"match": {"title": "owl"}}, "least": 10 ** 6}]}))
        failed = self.stream.run("rebuild", "elasticsearch", "--media", "image", "--gate", str(gate), expect=1)
        self.assertIn(b'query "owls": ', failed.stderr)
        self.assertEqual((self.index("image-write"), self.index("image"), self.index("audio-write")), used)
        self.assertEqual(self.settled(), before)
        self.stream.run("rebuild", "elasticsearch", "--promote-anyway", expect=2)
        done = self.stream.json("rebuild", "elasticsearch", "--promote-anyway", "--gate", str(gate), *WHO)
        self.assertEqual(len(done["differences"]), 1)
        made = self.index("image-write")
        self.assertNotEqual(made, used[0])
        self.assertEqual(self.index("audio-write"), used[2])
        mapping = json.loads(self.stream.http("GET", f"/{made}/_mapping")[1])[made]["mappings"]["_meta"]
        self.assertEqual((mapping["promoted"]["by"], mapping["promoted"]["why"]), (WHO[1], WHO[3]))
        self.stream.run("schema", "status", "--only-elasticsearch")

    def test_a_name_that_is_taken_is_passed_over(self):
        self.settled()
        used = self.index("image-write")
        now = datetime.datetime.now(datetime.timezone.utc)
        taken = [f"{self.stream.index_prefix}image-{now + datetime.timedelta(seconds=second):%Y%m%d-%H%M%S}" for second in range(6)]
        for name in taken:
            self.assertIn(self.stream.http("PUT", f"/{name}")[0], (200, 400), name)
        try:
            self.stream.run("rebuild", "elasticsearch", "--media", "image", "--gate", str(self.common_gate()))
            self.assertNotIn(self.index("image-write"), [*taken, used])
            self.stream.run("rebuild", "elasticsearch", "--media", "image", "--drop")
        finally:
            for name in taken:
                if name != used:
                    self.stream.http("DELETE", f"/{name}")

    def test_content_that_differs_is_found(self):
        self.settled()
        used = self.index("image-write")
        status, _ = self.stream.http("POST", f"/{used}/_update_by_query?refresh=true&conflicts=proceed",
                                     {"script": {"source": "ctx._source.title = 'other'"}, "query": {"match": {"title": "landscape"}}})
        self.assertEqual(status, 200)
        failed = self.stream.run("rebuild", "elasticsearch", "--media", "image", "--sample", "10000", expect=1)
        self.assertIn(b"revision", failed.stderr)
        self.stream.run("rebuild", "elasticsearch", "--drop")
        self.assertIsNone(self.filling("image"))
        self.stream.run("replay", "--source", "met")
        self.settled()

    def test_a_change_of_the_mapping_asks_for_a_rebuild(self):
        self.assertEqual(self.stream.json("schema", "diff"), [])
        shipped = json.loads((SOURCE / "schemas/elasticsearch/image.json").read_text())
        used = self.index("image-write")
        # Not left out: the template of the prefix would add it again.
        shipped["mappings"]["properties"]["size"] = {"type": "text"}
        old = f"{self.stream.index_prefix}image-00000000-000000"
        aliases = json.loads(self.stream.http("GET", f"/{used}/_alias")[1])[used]["aliases"]
        self.assertEqual(self.sink.stop(), 0)
        self.assertEqual(self.stream.http("PUT", f"/{old}", shipped)[0], 200)
        self.stream.http("POST", f"/_reindex?refresh=true", {"source": {"index": used}, "dest": {"index": old, "version_type": "external"}})
        actions = [{"remove": {"index": used, "alias": name}} for name in aliases]
        actions += [{"add": {"index": old, "alias": name, **({"is_write_index": True} if name.endswith("write") else {"filter": body["filter"]})}}
                    for name, body in aliases.items()]
        self.assertEqual(self.stream.http("POST", "/_aliases", {"actions": actions})[0], 200)
        self.stream.http("DELETE", f"/{used}")
        self.sink.start()
        differences = self.stream.json("schema", "diff", expect=3)
        self.assertIn("mappings.size.type", [one["what"] for one in differences])
        self.stream.run("rebuild", "elasticsearch", "--media", "image", "--gate", str(self.common_gate()))
        self.assertEqual(self.stream.json("schema", "diff"), [])

    def common_gate(self):
        file = self.stream.folder / "common.json"
        file.write_text(json.dumps({"queries": [{"name": "all", "query": {"match_all": {}}, "least_of_live": 1, "most_of_live": 1}]}))
        return file


if __name__ == "__main__":
    unittest.main()
