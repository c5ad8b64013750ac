"""Replays, and dead letters that are sent back: works come again, once, and who did it is kept."""

import json
import subprocess
import time
import unittest

from stream import Stream, identifier, until

WHO = ("--by", "A. Person", "--why", "the rule was corrected")


def key(number: int, provider: str = "met") -> str:
    return f"image:{provider}:{number}"


def sighting(number: int, provider: str = "met", **more: object) -> tuple[bytes, bytes]:
    work = {"media_type": "image", "provider": provider, "foreign_identifier": str(number), "foreign_landing_url": f"https://{provider}.org/{number}",
            "url": f"https://{provider}.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "title": f"Harbour {number}", **more}
    value = {"seen": {"fetched_at": f"2026-11-01T00:00:00.{number:06d}Z", "run_id": "r"}, "work": work}
    return key(number, provider).encode(), json.dumps(value, separators=(",", ":")).encode()


class Replay(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("replay", partitions=2))
        for number in range(1, 11):
            cls.stream.produce_raw(*sighting(number))
        for number in range(1, 6):
            cls.stream.produce_raw(*sighting(number, "nasa"))
        cls.stream.drain()

    def revisions(self) -> dict[str, int]:
        return {name: record["revision"] for name, record in self.stream.catalogue().items()}

    def test_a_dry_run_says_what_would_be_read_again_and_sets_nothing(self):
        for group, records in (("process.catalogue", 15), ("sink.postgres", 15), ("sink.elasticsearch", 15)):
            with self.subTest(group):
                done = self.stream.run("replay", group, "--to", "start", "--dry-run", "--json")
                plan = json.loads(done.stdout)
                self.assertEqual(sum(one["records"] for one in plan), records)
                self.assertTrue(all(one["is"] == 0 and one["was"] > 0 for one in plan))
                self.assertTrue(all(one["oldest"] for one in plan))
                self.assertIn(b"15 records again", done.stderr)
                again = self.stream.json("replay", group, "--to", "start", "--dry-run")
                self.assertEqual([one["was"] for one in again], [one["was"] for one in plan])

    def test_zz_what_a_group_last_did_is_kept_beside_its_offsets(self):
        self.stream.run("simulate", "generate", "--works", "6000")
        self.stream.drain(sinks=("elasticsearch",))
        for group in ("process.catalogue", "sink.elasticsearch"):
            plan = self.stream.json("replay", group, "--to", "start", "--dry-run")
            self.assertGreater(plan[0]["rate"] or 0, 100, group)
        self.stream.drain(processor=False)

    def test_offsets_times_and_partitions(self):
        before = self.stream.json("replay", "sink.elasticsearch", "--to", "start", "--dry-run")
        moved = self.stream.json("replay", "sink.elasticsearch", "--to", "1", "--partition", "0")
        self.assertEqual([(one["partition"], one["is"]) for one in moved], [(0, 1)])
        after = self.stream.json("replay", "sink.elasticsearch", "--to", "start", "--dry-run")
        self.assertEqual([one["was"] for one in after], [1, before[1]["was"]])
        self.stream.json("replay", "sink.elasticsearch", "--to", "2020-01-01T00:00:00Z")
        self.stream.run("replay", "sink.elasticsearch", "--to", "yesterday", expect=2)
        self.stream.run("replay", "sink.elasticsearch", expect=2)
        self.stream.run("replay", "sink.elasticsearch", "--to", "start", "--partition", "7", expect=2)
        self.stream.run("replay", "sink.elasticsearch", "--to", "start", "--from-start", expect=2)
        documents = self.stream.documents()
        self.stream.drain(processor=False)
        self.assertEqual(self.stream.documents(), documents, "what is read again changes nothing")

    def test_works_are_written_again(self):
        self.stream.run("replay", "--source", "nasa", expect=3)
        processor = self.stream.process("works", "--loops", "2")
        until(lambda: self.stream.json("lag", "--group", "process.catalogue", "--over", "0")[0]["members"] > 0, 30, "the processor to have joined")
        before = self.revisions()
        self.assertEqual(self.stream.json("replay", "--source", "nasa", "--dry-run"), {"works": 5, "written": 0, "throttle": 500})
        self.assertEqual(self.stream.json("replay", "--source", "nasa")["written"], 5)
        after = self.revisions()
        self.assertEqual({name for name in before if after[name] > before[name]}, {key(n, "nasa") for n in range(1, 6)})
        self.assertEqual(self.stream.json("replay", "--works", key(1), key(2))["written"], 2)
        again = self.revisions()
        self.assertEqual({name for name in after if again[name] > after[name]}, {key(1), key(2)})
        # By time and by UUID; the decisions that asked for all this are cleared.
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        self.assertEqual(self.stream.json("replay", "--since", since, "--dry-run")["works"], 0)
        self.assertEqual(self.stream.json("replay", "--since", "2020-01-01T00:00:00Z", "--throttle", "100")["written"], 15)
        self.stream.drain(processor=False, sinks=("postgres",))
        self.assertEqual(self.stream.json("replay", "--works", identifier(key(3)))["written"], 1)
        last = {record.key: record.value for record in self.stream.read("media.decisions.v1")}
        self.assertEqual(set(last.values()), {None})
        self.assertEqual(processor.stop(), 0)
        self.assertEqual(self.stream.read("media.dead-letter.v1"), [])
        self.stream.run("replay", "process.catalogue", "--to", "start", "--works", key(1), expect=2)


class DeadLetters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("redrive", partitions=2))

    def list(self, *arguments: str) -> list[dict]:
        return self.stream.json("dead-letter", "list", *arguments)

    def drain(self) -> None:
        self.stream.drain()

    def test_what_was_put_aside_comes_back_once(self):
        # Refused for its schema alone, as after an upgrade of the producers; and one that is broken for good.
        for number in range(1, 9):
            self.stream.produce_raw(*sighting(number), schema="raw/9")
        name, value = sighting(20)
        self.stream.produce_raw(name, value.replace(b'"image"', b'"film"'))
        self.stream.produce_raw(*sighting(30))
        self.drain()
        self.assertEqual(len(self.stream.catalogue()), 1)
        self.assertEqual(len(self.list("--reason", "unknown_schema", "--source", "met", "--step", "process.catalogue", "--topic", "media.raw.v1",
                                       "--key", "image:met:*", "--since", "2020-01-01T00:00:00Z")), 8)
        self.assertEqual(self.list("--until", "2020-01-01T00:00:00Z"), [])
        summary = self.stream.json("dead-letter", "list", "--summary")
        self.assertEqual(sum(one["open"] for one in summary if one["reason"] == "unknown_schema"), 8)
        self.assertEqual(len({one["day"] for one in summary}), 1)
        self.stream.run("dead-letter", "redrive", *WHO, expect=2)
        self.stream.run("dead-letter", "redrive", "--reason", "unknown_schema", expect=2)

        # Sent back as it is it fails again: the dry run says so, and no letter is lost.
        plan = self.stream.json("dead-letter", "redrive", "--reason", "unknown_schema", "--dry-run")
        self.assertEqual({(one["way"], one["outcome"]) for one in plan}, {("send", "dead_letter")})
        for times in (1, 2, 3):
            done = self.stream.json("dead-letter", "redrive", "--key", key(1), *WHO)
            self.assertEqual((done["done"], done["stayed"]), (1, 0))
            self.drain()
            (letter,) = self.list("--key", key(1))
            self.assertEqual(letter["redriven"], times)
        done = self.stream.json("dead-letter", "redrive", "--key", key(1), *WHO)
        self.assertEqual((done["done"], done["stayed"]), (0, 1))
        self.assertIn("3 redrives", done["why_stayed"][0]["why"])
        self.assertEqual(len(self.list("--key", key(1), "--all")), 4)

        # Mended, each comes back under its own key, once.
        for number in range(1, 9):
            (letter,) = self.list("--key", key(number))
            file = self.stream.folder / "mended.json"
            file.write_bytes(sighting(number)[1])
            where = (str(letter["partition"]), str(letter["offset"]))
            (plan,) = self.stream.json("dead-letter", "redrive", *where, "--edit", str(file), "--dry-run")
            self.assertEqual((plan["way"], plan["outcome"]), ("send", "forward"))
            self.stream.run("dead-letter", "redrive", *where, "--edit", str(file), *WHO)
        (broken,) = self.list()
        where = (str(broken["partition"]), str(broken["offset"]))
        (self.stream.folder / "worse.json").write_bytes(b"{}")
        refused = self.stream.run("dead-letter", "redrive", *where, "--edit", str(self.stream.folder / "worse.json"), *WHO, expect=3)
        self.assertIn(b"put aside again", refused.stderr)
        self.assertEqual(self.stream.json("dead-letter", "discard", *where, *WHO), {"letters": 1, "discarded": 1})
        self.assertEqual(self.list(), [])
        self.drain()
        self.assertEqual(set(self.stream.catalogue()), {key(n) for n in (*range(1, 9), 30)})
        self.assertEqual(len(self.stream.documents(live=True)), 9)
        self.assertEqual(len(self.stream.live_rows()), 9)
        self.assertEqual(self.list(), [])
        (raw,) = [record for record in self.stream.read("media.raw.v1") if record.key == key(2).encode() and "redriven" in record.headers]
        self.assertEqual((raw.headers["redriven"], raw.headers["schema"]), ("1", "raw/1"))

        # Who, why and when: on the topic, and in the database.
        actions = [record.json for record in self.stream.read("media.dead-letter-actions.v1")]
        self.assertEqual([one["action"] for one in actions].count("discard"), 1)
        self.assertTrue(all((one["by"], one["why"]) == (WHO[1], WHO[3]) for one in actions))
        rows = self.stream.psql("SELECT action, done_by, why, partition, array_to_string(offsets, ',') FROM dead_letter_action").splitlines()
        self.assertEqual(sorted(rows), sorted("|".join((one["action"], one["by"], one["why"], str(one["partition"]), ",".join(map(str, one["offsets"]))))
                                              for one in actions))
        self.stream.run("stats", "--check")


class Catalogue(unittest.TestCase):
    def test_a_record_that_a_sink_put_aside_is_written_again_by_the_processor(self):
        with Stream("reemit", partitions=2) as stream:
            for number in (1, 2):
                stream.produce_raw(*sighting(number))
            stream.run("process", "catalogue", "--until-idle", "2")
            (good,) = [record for record in stream.read("media.catalog.v1") if record.key == key(1).encode()]
            for value, rule in ((good.value, "max_length_80"), (good.value.replace(b'"revision":', b'"revision":"x","was":'), "type")):
                headers = {"dl.step": "sink.postgres", "dl.reason": "invalid_value", "dl.rule": rule, "dl.topic": "media.catalog.v1", "dl.partition": "0",
                           "dl.offset": "1", "schema": "catalog/1"}
                command = ["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + "media.dead-letter.v1", "-k", key(1), "-p", "0", "-D", "\x01"]
                for name, text in headers.items():
                    command += ["-H", f"{name}={text}"]
                subprocess.run(command, input=value, check=True, timeout=60)
            plan = stream.json("dead-letter", "redrive", "--topic", "media.catalog.v1", "--dry-run")
            self.assertEqual([(one["way"], one["outcome"]) for one in plan], [("reemit", "forward"), ("reemit", "dead_letter")])
            processor = stream.process("one")
            until(lambda: stream.json("lag", "--group", "process.catalogue", "--over", "0")[0]["members"] > 0, 30, "the processor to have joined")
            done = stream.json("dead-letter", "redrive", "--topic", "media.catalog.v1", *WHO)
            self.assertEqual((done["done"], done["stayed"]), (2, 0))
            self.assertEqual(processor.stop(), 0)
            self.assertGreater(stream.catalogue()[key(1)]["revision"], good.json["revision"])
            self.assertEqual(stream.json("dead-letter", "list"), [])


if __name__ == "__main__":
    unittest.main()
