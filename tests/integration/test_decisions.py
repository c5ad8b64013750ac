"""Decisions: taken by hand, gone from both stores within seconds, and kept through everything."""

import json
import shutil
import socket
import threading
import time
import unittest
import urllib.error
import urllib.request
import uuid

import jsonschema

from stream import SOURCE, Stream, identifier, until

WHO = ("--by", "A. Person", "--why", "request 4711: \"copyright\"")


def sighting(number: int, day: int = 1, title: str = "Harbour", former: str | None = None) -> tuple[bytes, bytes]:
    seen = {"fetched_at": f"2026-11-{day:02d}T00:00:00.{number:06d}Z", "run_id": "r"}
    if former:
        seen["former_identifier"] = former
    work = {"media_type": "image", "provider": "met", "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "title": f"{title} {number}"}
    return key(number).encode(), json.dumps({"seen": seen, "work": work}, separators=(",", ":")).encode()


def key(number: int) -> str:
    return f"image:met:{number}"


class Decisions(unittest.TestCase):
    """One stream whose roles run all the while; each test has works of its own."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("decide"))
        cls.start()
        for number in range(1, 20):
            cls.stream.produce_raw(*sighting(number))
        until(lambda: len(cls.stream.live_rows()) == 19 and len(cls.documents()) == 19, 60, "19 works in both stores")

    @classmethod
    def start(cls) -> None:
        cls.processor = cls.stream.process("one", "--loops", "2")
        cls.stream.role("sink-postgres", "sink", "postgres")
        cls.stream.role("sink-elasticsearch", "sink", "elasticsearch")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.address = "127.0.0.1:%d" % free.getsockname()[1]
        cls.stream.role("api", "api", "--api-listen", cls.address)

    @classmethod
    def documents(cls) -> set[str]:
        return set(cls.stream.documents(live=True))

    def decide(self, action: str, *arguments: str, expect: int = 0) -> list[dict]:
        done = self.stream.run("decide", action, *arguments, *WHO, "--json", "--wait", "30", expect=expect)
        return json.loads(done.stdout) if done.stdout else []

    def api_status(self, name: str) -> int:
        try:
            with urllib.request.urlopen(f"http://{self.address}/v1/images/{name}/", timeout=10) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def is_live(self, number: int) -> bool:
        work = identifier(key(number))
        row = self.stream.psql(f"SELECT title FROM image_live WHERE identifier = '{work}'")
        return bool(row) and work in self.documents()

    def is_gone(self, number: int) -> bool:
        work = identifier(key(number))
        return not self.stream.psql(f"SELECT 1 FROM image_live WHERE identifier = '{work}'") and work not in self.documents()

    def test_takedown_by_uuid_and_by_provider_and_undo(self):
        before = self.stream.catalogue()[key(1)]
        self.decide("takedown", identifier(key(1)))
        self.decide("takedown", "met", "2")
        until(lambda: self.is_gone(1) and self.is_gone(2), 5, "both to be gone from both stores")
        self.assertFalse(self.is_gone(3))
        row = self.stream.psql(f"SELECT status, title IS NULL FROM image WHERE identifier = '{identifier(key(1))}'")
        self.assertEqual(row, "blocked|t")
        # Seen again: unchanged, and with another title.
        self.stream.produce_raw(*sighting(1, day=2))
        self.stream.produce_raw(*sighting(2, day=2, title="Other"))
        until(lambda: self.stream.catalogue()[key(2)]["work"]["title"] == "Other 2", 20, "the sighting to be merged")
        time.sleep(1)
        self.assertTrue(self.is_gone(1) and self.is_gone(2))
        made = self.decide("undo", identifier(key(1)))
        self.assertEqual([(m["kind"], m["active"], m["in_catalogue"]) for m in made], [("takedown", False, True)])
        self.decide("undo", key(2), "--kind", "takedown")
        until(lambda: self.is_live(1) and self.is_live(2), 5, "both to be back")
        after = self.stream.catalogue()[key(1)]
        self.assertEqual(after["work"], before["work"])
        self.assertGreater(after["revision"], before["revision"])
        history = self.stream.psql(f"SELECT action, decided_by, why FROM decision WHERE identifier = '{identifier(key(1))}' ORDER BY decided_at")
        self.assertEqual(history.splitlines(), [f"{action}|{WHO[1]}|{WHO[3]}" for action in ("takedown", "undo")])
        self.assertEqual(self.stream.psql(f"SELECT count(*) FROM decision_now WHERE identifier = '{identifier(key(1))}'"), "0")

    def test_sensitive_is_told_and_undone(self):
        self.decide("sensitive", key(3))
        self.assertEqual(self.stream.catalogue()[key(3)]["derived"]["sensitivity"], ["user_reported_sensitivity"])
        until(lambda: self.stream.psql(f"SELECT sensitivity FROM image_live WHERE identifier = '{identifier(key(3))}'") == "{user_reported_sensitivity}",
              5, "the row to say so")
        self.decide("undo", key(3))
        self.assertEqual(self.stream.catalogue()[key(3)]["derived"]["sensitivity"], [])

    def test_erase_leaves_nothing_and_undo_waits_for_the_source(self):
        self.decide("erase", key(4))
        until(lambda: self.is_gone(4), 5, "it to be gone")
        self.stream.produce_raw(*sighting(4, day=3, title="Again"))
        time.sleep(2)
        record = self.stream.catalogue()[key(4)]
        self.assertNotIn("work", record)
        self.assertEqual(record["seen"]["older"], {})
        self.assertNotIn("met.org", json.dumps(record))
        row = self.stream.psql(f"SELECT t::text FROM image t WHERE identifier = '{identifier(key(4))}'")
        document = self.stream.http("GET", f"/{self.stream.index_prefix}image-write/_doc/{identifier(key(4))}")[1]
        for text in (row, document):
            self.assertNotRegex(text, "met.org|Harbour|Again")
        self.decide("undo", key(4))
        self.assertTrue(self.is_gone(4))
        self.stream.produce_raw(*sighting(4, day=3, title="Again"))  # the same bytes as were seen while it was erased
        until(lambda: self.is_live(4), 10, "the next sighting to bring it back")

    def test_a_decision_before_the_first_sighting(self):
        done = self.stream.run("decide", "takedown", key(100), *WHO, "--wait", "30")
        self.assertIn(b"work_not_seen_yet", done.stderr)
        record = self.stream.catalogue()[key(100)]
        self.assertEqual((record["status"], "work" in record), ("blocked", False))
        self.stream.produce_raw(*sighting(100))
        until(lambda: "work" in self.stream.catalogue()[key(100)], 10, "the work to be merged")
        time.sleep(1)
        self.assertTrue(self.is_gone(100))
        self.decide("undo", key(100))
        until(lambda: self.is_live(100), 5, "it to show")

    def test_reemit_writes_the_record_again(self):
        before = self.stream.catalogue()[key(5)]
        self.decide("reemit", key(5))
        after = self.stream.catalogue()[key(5)]
        self.assertGreater(after["revision"], before["revision"])
        self.assertEqual({**after, "revision": 0, "last_seen_at": 0}, {**before, "revision": 0, "last_seen_at": 0})

    def test_former_identifiers_name_the_work(self):
        former = str(uuid.uuid4())
        self.stream.produce_raw(*sighting(101, former=former))
        until(lambda: self.is_live(101), 10, "the work")
        self.assertEqual(self.stream.catalogue()[key(101)]["former_identifiers"], [former])
        names = (former, identifier(key(101)))
        until(lambda: all(self.api_status(name) == 200 for name in names), 10, "the API to show it under both names")
        self.decide("takedown", former)
        until(lambda: self.is_gone(101) and all(self.api_status(name) == 404 for name in names), 5, "it to be gone")
        self.decide("undo", former)
        until(lambda: self.is_live(101) and all(self.api_status(name) == 200 for name in names), 5, "it to be back")

    def test_what_is_refused_says_why(self):
        for arguments, code, text in (
            (("takedown", str(uuid.uuid4())), 1, "no work has the identifier"),
            (("takedown", "met", "no such"), 1, "for one that was never seen"),
            (("takedown", "nonsense"), 2, "a work is a UUID"),
            (("undo", key(6)), 3, "nothing is decided"),
        ):
            done = self.stream.run("decide", *arguments, *WHO, expect=code)
            self.assertIn(text, done.stderr.decode())
            self.assertEqual(done.stdout, b"")
        self.assertIn("--why", self.stream.run("decide", "takedown", key(6), "--by", "A", "--why", " \n", expect=2).stderr.decode())

    def test_messages_and_records_are_as_their_schemas_say(self):
        self.decide("takedown", key(7))
        self.decide("undo", key(7))
        validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/decision.schema.json").read_text()))
        # Another test puts an empty object there on purpose.
        records = [record for record in self.stream.read("media.decisions.v1") if record.value != b"{}"]
        for record in records:
            validator.validate(record.json)
            self.assertEqual(record.headers["schema"], "decision/1")
        validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/catalog.schema.json").read_text()))
        for record in self.stream.read("media.catalog.v1"):
            validator.validate(record.json)

    def report(self, number: int, reason: str, description: str | None = None) -> int:
        body = json.dumps({"reason": reason, "description": description}).encode()
        request = urllib.request.Request(f"http://{self.address}/v1/images/{identifier(key(number))}/report/", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status

    def queue(self) -> dict[str, dict]:
        return {row["work_key"]: row for row in self.stream.json("reports", "list")}

    def test_reports_are_a_queue_that_decisions_close(self):
        for number, reason in ((14, "mature"), (14, "dmca"), (15, "other"), (14, "mature")):
            self.assertEqual(self.report(number, reason, "what is wrong here is this"), 201)
        row = self.queue()[key(14)]
        self.assertEqual((row["reports"], row["reasons"], row["identifier"]), (3, "dmca, mature", identifier(key(14))), "three reports are one row")
        self.assertEqual(list(self.queue()), [key(14), key(15)], "of one day what most people reported stands first")
        said = until(lambda: (lambda found: len(found) >= 4 and found)(self.stream.read("media.reports.v1")), 20, "the reports to be said")
        validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/report.schema.json").read_text()))
        for record in said:
            validator.validate(record.json)
            self.assertEqual((record.headers["schema"], record.key.decode()), ("report/1", record.json["work_key"]))
        self.assertEqual(sorted(record.json["work_key"] for record in said), [key(14)] * 3 + [key(15)])

        number = str(row["report_id"])
        made = self.decide("takedown", "--report", number)
        self.assertEqual([(m["work_key"], m["active"]) for m in made], [(key(14), True)])
        until(lambda: self.api_status(identifier(key(14))) == 404, 10, "the work to be gone")
        shown = self.stream.json("reports", "show", number)
        self.assertEqual([(one["outcome"], one["closed_by"], one["note"]) for one in shown], [("takedown", WHO[1], WHO[3])] * 3)
        self.assertIn(b"is closed: takedown", self.stream.run("decide", "erase", "--report", number, *WHO, expect=3).stderr)

        number = str(self.queue()[key(15)]["report_id"])
        self.assertEqual(self.stream.run("reports", "close", number, *WHO).stdout, b"closed 1 report\n")
        self.assertEqual(self.queue(), {})
        self.assertEqual(self.api_status(identifier(key(15))), 200)
        for arguments, code in ((("reports", "close", number, *WHO), 3), (("reports", "show", "4711"), 1), (("decide", "takedown", "--report", "4711", *WHO), 1),
                                (("decide", "takedown", *WHO), 2), (("decide", "takedown", key(15), "--report", number, *WHO), 2)):
            self.stream.run(*arguments, expect=code)

    def test_bad_messages_are_put_aside(self):
        before = len(self.stream.read("media.dead-letter.v1"))
        self.stream.produce("media.decisions.v1", f"{key(8)}|takedown".encode(), b"{}", schema="decision/1", partition=0)
        letters = until(lambda: self.stream.read("media.dead-letter.v1")[before:], 15, "a dead letter")
        self.assertEqual(letters[0].headers["dl.topic"], "media.decisions.v1")
        self.assertEqual(letters[0].value, b"{}")

    def test_z_stays_gone_through_a_full_replay_without_state(self):
        self.decide("takedown", key(10))
        until(lambda: self.is_gone(10), 5, "it to be gone")
        self.assertEqual(self.processor.stop(), 0)
        # Decided while nobody works: applied before the sightings that are read again.
        for number in (11, 200):
            self.stream.run("decide", "takedown", key(number), *WHO, "--wait", "0")
        self.stream.produce_raw(*sighting(200))
        self.stream.replay("process.catalogue")
        shutil.rmtree(self.stream.folder / "state")
        shown: set[str] = set()
        watched = {identifier(key(10)), identifier(key(200))}
        over = threading.Event()

        def poll() -> None:
            while not over.is_set():
                shown.update(watched & (self.stream.live_rows() | self.documents()))

        watcher = threading.Thread(target=poll)
        watcher.start()
        self.processor.start()
        try:
            until(lambda: "work" in self.stream.catalogue().get(key(200), {}), 60, "everything to be read again")
            until(lambda: self.is_gone(11), 30, "what was decided meanwhile")
            time.sleep(1)
        finally:
            over.set()
            watcher.join()
        self.assertEqual(shown, set(), "a blocked work was shown")
        for record in self.stream.read("media.catalog.v1"):
            if record.key == key(200).encode():
                self.assertEqual(record.json["status"], "blocked")


if __name__ == "__main__":
    unittest.main()
