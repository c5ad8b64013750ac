"""What happens when something dies: kill -9 of each process, stores that go away, processors that join and leave."""

import collections
import json
import random
import time
import unittest
import urllib.parse

from stream import Proxy, Stream, identifier, until
from test_stream import reasons, totals

WORKS = 6000


def generate(stream: Stream, works: int, seed: int) -> dict:
    truth = stream.folder / f"truth-{seed}.json"
    stream.run("simulate", "generate", "--works", str(works), "--seed", str(seed), "--recrawl", "0.5", "--dirty", "0.01",
               "--duplicates", "0.02", "--media", "image,audio", "--truth", str(truth))
    return json.loads(truth.read_text())


def is_settled(stream: Stream) -> bool:
    """Whether every claim has been judged and every verdict applied: records come in before either."""
    counted, urls = totals(stream, "process"), totals(stream, "urls")
    return ((urls["claimed"], urls["released"]) == (counted["claims.made"], counted["claims.released"])
            and urls["told"] == sum(reasons(counted, "verdicts").values()))


class Checks(unittest.TestCase):
    def check(self, stream: Stream, truth: dict) -> None:
        """Nothing lost, nothing repeated: the topics' sums, the catalogue and both stores agree with the truth."""
        counted = totals(stream, "process")
        self.assertEqual(counted["received"], truth["received"])
        for name in ("created", "merged", "unchanged"):
            self.assertEqual(counted[name], truth[name], name)
        records = stream.read("media.catalog.v1")
        seen: dict[tuple[bytes, int], bytes] = {}
        for record in records:
            place = (record.key, record.json["revision"])
            self.assertTrue(place not in seen or seen[place] == record.value or
                            json.loads(seen[place])["work"] == record.json["work"], "one revision with two contents")
            seen[place] = record.value
        catalogue = {record.key.decode(): record.json for record in records}
        self.assertEqual(collections.Counter(record["status"] for record in catalogue.values()),
                         collections.Counter(live=sum(truth["works"].values()) - sum(truth["duplicates"].values()), duplicate=sum(truth["duplicates"].values())))
        urls = totals(stream, "urls")
        self.assertEqual((urls["claimed"], urls["released"]), (counted["claims.made"], counted["claims.released"]))
        live = {record["identifier"]: record["revision"] for record in catalogue.values() if record["status"] == "live"}
        self.assertEqual(set(live), stream.live_rows())
        self.assertEqual(live, {key: version for key, (version, _) in stream.documents(live=True).items()})
        letters = stream.read("media.dead-letter.v1")
        self.assertEqual(len(letters), sum(truth["dead_lettered"].values()))


class KillNine(Checks):
    def test_killed_processes_lose_and_repeat_nothing(self):
        """Processor and sinks are killed at random while the stream runs, and started again."""
        random.seed(7)
        with Stream("kill") as stream:
            roles = [stream.process("one", "--loops", "2"), stream.role("sink-postgres", "sink", "postgres"),
                     stream.role("sink-elasticsearch", "sink", "elasticsearch")]
            # About twelve seconds of sightings, so that every kill strikes in mid-flow.
            truth_file = stream.folder / "truth.json"
            generator = stream.role("generate", "simulate", "generate", "--works", str(WORKS), "--seed", "5", "--recrawl", "0.5", "--dirty", "0.01",
                                    "--duplicates", "0.02", "--media", "image,audio", "--rate", "800", "--truth", str(truth_file))
            kills = 0
            while generator.running():
                time.sleep(random.uniform(0.2, 1.0))
                role = roles[kills % len(roles)] if kills < len(roles) else random.choice(roles)
                role.kill()
                role.start()
                kills += 1
            self.assertEqual(generator.wait(5), 0)
            self.assertGreater(kills, 6)
            for role in roles:  # and all at the same moment
                role.kill()
            truth = json.loads(truth_file.read_text())
            stream.drain()
            self.check(stream, truth)

    def test_a_killed_producer_goes_on_where_it_was(self):
        with Stream("producer") as stream:
            # No whole number of pages: an empty page behind a full one would be no end that a first run may believe.
            server = stream.role("providers", "simulate", "providers", "--works", "410", "--seed", "3", "--listen", "127.0.0.1:0",
                                 "--truth", str(stream.folder / "providers.json"))
            mirror = until(lambda: next((word for word in server.log.read_text().split() if word.startswith("http://")), None), 20, "the simulator's address")
            arguments = ("produce", "jamendo", "--http-mirror", mirror)
            for pause in (0.05, 0.15, 0.3):
                producer = stream.role("jamendo", *arguments)
                time.sleep(pause)
                producer.kill()
            stream.run(*arguments)
            stream.drain(sinks=("postgres",))
            produced = {record.key for record in stream.read("media.raw.v1") if record.key and not record.key.startswith(b"run:")}
            reference = stream.run("produce", "jamendo", "--http-mirror", mirror, "--dry-run").stdout.splitlines()
            expected = {":".join(("audio", "jamendo", str(json.loads(line)["work"]["foreign_identifier"]))).encode() for line in reference}
            self.assertEqual(produced, expected)
            self.assertEqual({identifier(key) for key, record in stream.catalogue().items() if record["status"] == "live"}, stream.live_rows())


class StoresAway(Checks):
    def test_a_store_that_is_away_costs_time_only(self):
        with Stream("away") as stream:
            database = dict(part.split("=", 1) for part in stream.dsn.split() if "=" in part)
            postgres = Proxy(database.get("host", "127.0.0.1"), int(database.get("port", 5432)))
            search = urllib.parse.urlsplit(stream.elasticsearch)
            elastic = Proxy(search.hostname, search.port)
            through_proxy = " ".join(f"{k}={v}" for k, v in {**database, "port": str(postgres.port), "host": "127.0.0.1"}.items())
            sinks = [stream.role("sink-postgres", "sink", "postgres", FRESHET_POSTGRES_DSN=through_proxy),
                     stream.role("sink-elasticsearch", "sink", "elasticsearch", FRESHET_ELASTICSEARCH_URL=f"http://127.0.0.1:{elastic.port}")]
            processor = stream.process("one", "--loops", "2")
            truth = generate(stream, 3000, 6)
            time.sleep(1)
            postgres.cut()
            elastic.cut()
            second = generate(stream, 3000, 66)
            time.sleep(4)
            for sink in sinks:
                self.assertTrue(sink.running(), f"{sink.name} ended while its store was away")
            postgres.open()
            elastic.open()
            self.addCleanup(postgres.cut)
            self.addCleanup(elastic.cut)
            until(lambda: len(stream.live_rows()) >= 1, 60, "rows after the store came back")
            for role in (processor, *sinks):
                self.assertEqual(role.stop(), 0)
            stream.drain()
            self.assertEqual(len([r for r in stream.read("media.dead-letter.v1") if r.headers["dl.step"].startswith("sink.")]), 0)
            catalogue = stream.catalogue()
            live = {r["identifier"] for r in catalogue.values() if r["status"] == "live"}
            self.assertEqual(live, stream.live_rows())
            self.assertEqual(live, set(stream.documents(live=True)))
            self.assertEqual(totals(stream, "process")["received"], truth["received"] + second["received"])

    def test_a_missing_or_blocked_index_is_waited_for(self):
        with Stream("index") as stream:
            sink = stream.role("sink-elasticsearch", "sink", "elasticsearch")
            truth = generate(stream, 1500, 8)
            write = stream.index_prefix + "image-write"
            status, text = stream.http("GET", f"/_alias/{write}")
            self.assertEqual(status, 200, text)
            index = next(iter(json.loads(text)))
            # Blocked for writing, as a full disk does.
            self.assertEqual(stream.http("PUT", f"/{index}/_settings", {"index.blocks.write": True})[0], 200)
            processor = stream.process("one", "--loops", "2")
            time.sleep(4)
            self.assertTrue(sink.running())
            self.assertEqual(stream.http("PUT", f"/{index}/_settings", {"index.blocks.write": None})[0], 200)
            # Missing: the alias that is written through is gone for a while.
            self.assertEqual(stream.http("POST", "/_aliases", {"actions": [{"remove": {"index": index, "alias": write}}]})[0], 200)
            second = generate(stream, 1500, 88)
            time.sleep(4)
            self.assertTrue(sink.running())
            self.assertEqual(stream.http("POST", "/_aliases", {"actions": [{"add": {"index": index, "alias": write, "is_write_index": True}}]})[0], 200)
            self.assertEqual(processor.stop(), 0)
            self.assertEqual(sink.stop(), 0)
            stream.drain()
            live = {r["identifier"] for r in stream.catalogue().values() if r["status"] == "live"}
            self.assertEqual(live, set(stream.documents(live=True)))
            self.assertEqual([r for r in stream.read("media.dead-letter.v1") if r.headers["dl.step"].startswith("sink.")], [])
            self.assertEqual(totals(stream, "process")["received"], truth["received"] + second["received"])


class Sharing(Checks):
    def test_processors_share_join_leave_and_die(self):
        with Stream("share", partitions=6) as stream:
            one, two = stream.process("one", "--loops", "1"), stream.process("two", "--loops", "1")
            truth = generate(stream, 4000, 9)
            time.sleep(1)
            three = stream.process("three", "--loops", "1")
            time.sleep(2)
            self.assertEqual(two.stop(), 0)
            three.kill()  # and does not come back: the others take over when its session ends
            until(lambda: totals(stream, "process")["received"] == truth["received"], 60, "the last processor to do it all", every=1)
            until(lambda: is_settled(stream), 60, "it to settle who owns which URL", every=1)
            self.assertEqual(one.stop(), 0)
            stream.drain(processor=False)
            self.check(stream, truth)


if __name__ == "__main__":
    unittest.main()
