"""The stream end to end: generated works against their truth, then everything read again."""

import collections
import json
import shutil
import unittest

import jsonschema

from stream import SOURCE, Stream, identifier

WORKS = 4000


def add(into: collections.Counter, counters: dict, prefix: str = "") -> None:
    for name, value in counters.items():
        if isinstance(value, dict):
            add(into, value, prefix + name + ".")
        else:
            into[prefix + name] += value


def totals(stream: Stream, kind: str) -> collections.Counter:
    """The newest value of each key of `media.totals.v1`, added up; read as any subscriber would."""
    newest = {record.key: record.json for record in stream.read("media.totals.v1")}
    result: collections.Counter = collections.Counter()
    for key, value in newest.items():
        if key.decode().startswith(kind + ":"):
            add(result, value)
    return result


def reasons(counter: collections.Counter, name: str) -> dict[str, int]:
    return {key.split(".", 1)[1]: count for key, count in counter.items() if key.startswith(name + ".") and count}


class EndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("e2e"))
        cls.truth_file = cls.stream.folder / "truth.json"
        cls.stream.run("simulate", "generate", "--works", str(WORKS), "--seed", "11", "--recrawl", "0.8", "--dirty", "0.01",
                       "--duplicates", "0.05", "--media", "image,audio", "--truth", str(cls.truth_file))
        cls.truth = json.loads(cls.truth_file.read_text())
        cls.stream.drain()

    def test_1_every_record_is_accounted_for(self):
        counted = totals(self.stream, "process")
        received = len(self.stream.read("media.raw.v1"))
        self.assertEqual(received, self.truth["received"])
        self.assertEqual(counted["received"], received)
        for name in ("created", "merged", "unchanged"):
            self.assertEqual(counted[name], self.truth[name], name)
        self.assertEqual(reasons(counted, "dropped"), {k: v for k, v in self.truth["dropped"].items() if v})
        self.assertEqual(reasons(counted, "dead_lettered"), {k: v for k, v in self.truth["dead_lettered"].items() if v})
        self.assertEqual(received, counted["created"] + counted["merged"] + counted["unchanged"] + counted["control"]
                         + sum(reasons(counted, "dropped").values()) + sum(reasons(counted, "dead_lettered").values()))
        letters = self.stream.read("media.dead-letter.v1")
        self.assertEqual(collections.Counter(letter.headers["dl.reason"] for letter in letters), collections.Counter(reasons(counted, "dead_lettered")))

    def test_2_both_stores_hold_exactly_the_live_works(self):
        catalogue = self.stream.catalogue()
        by_provider = collections.Counter(":".join(key.split(":", 2)[:2]) for key, record in catalogue.items() if record["status"] in ("live", "duplicate"))
        self.assertEqual(by_provider, collections.Counter(self.truth["works"]))
        live = {identifier(key) for key, record in catalogue.items() if record["status"] == "live"}
        self.assertEqual(live, self.stream.live_rows())
        self.assertEqual(live, set(self.stream.documents(live=True)))
        self.stream.run("stats", "--check")

    def test_3_catalogue_records_are_as_their_schema_says(self):
        for name, topic in (("catalog", "media.catalog.v1"), ("totals", "media.totals.v1")):
            schema = json.loads((SOURCE / f"schemas/records/{name}.schema.json").read_text())
            validator = jsonschema.Draft7Validator(schema)
            for record in self.stream.read(topic)[:1500]:
                self.assertEqual(record.headers["schema"], f"{name}/1")
                validator.validate(record.json)
        sightings = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/raw.schema.json").read_text()))
        faulty = sum(1 for record in self.stream.read("media.raw.v1") if not self.is_valid(sightings, record))
        self.assertLess(faulty, 0.02 * WORKS, "only the records that were made bad on purpose")
        for key, record in list(self.stream.catalogue().items())[:500]:
            self.assertEqual(record["key"], key)
            self.assertEqual(record["identifier"], identifier(key))

    @staticmethod
    def is_valid(validator, record) -> bool:
        try:
            return validator.is_valid(json.loads(record.value))
        except (ValueError, UnicodeDecodeError):
            return False

    def test_4_rows_and_documents_carry_the_same_revision(self):
        revisions = dict(line.split("|") for table in ("image", "audio")
                         for line in self.stream.psql(f"SELECT identifier, revision FROM {table}").splitlines())
        documents = {key: str(version) for key, (version, _) in self.stream.documents().items()}
        self.assertEqual(revisions, documents)
        self.assertEqual(revisions, {record["identifier"]: str(record["revision"]) for record in self.stream.catalogue().values()})

    def test_5_reading_everything_again_changes_nothing(self):
        rows, documents = self.stream.rows(), self.stream.documents()
        before = len(self.stream.read("media.catalog.v1"))
        for group in ("process.catalogue", "sink.postgres", "sink.elasticsearch"):
            self.stream.replay(group)
        self.stream.drain()
        self.assertEqual(rows, self.stream.rows())
        self.assertEqual(documents, self.stream.documents())
        after = self.stream.read("media.catalog.v1")
        self.assertEqual(before, len(after), "a record was written for sightings that were known")

    def test_6_a_lost_disk_is_rebuilt_from_the_topics(self):
        shutil.rmtree(self.stream.folder / "state", ignore_errors=True)
        rows = self.stream.rows()
        before = len(self.stream.read("media.catalog.v1"))
        self.stream.replay("process.catalogue")
        self.stream.drain()
        self.assertEqual(before, len(self.stream.read("media.catalog.v1")))
        self.assertEqual(rows, self.stream.rows())


class Hostile(unittest.TestCase):
    """One bad record of each kind, each between two good ones."""

    def test_bad_records_stop_nothing_and_are_put_aside_whole(self):
        def sighting(n: int, **work) -> bytes:
            content = {"media_type": "image", "provider": "hostile", "foreign_identifier": f"id{n}", "foreign_landing_url": f"https://example.org/{n}",
                       "url": f"https://example.org/{n}.jpg", "license_url": "https://creativecommons.org/licenses/by/4.0/", "title": f"Number {n}", **work}
            return json.dumps({"seen": {"fetched_at": "2026-01-01T00:00:00.000001Z", "run_id": "hostile"}, "work": content}).encode()

        bad = {
            "bad_json": (b"image:hostile:bad1", b'{"seen": {"fetched_at": ', "raw/1", "malformed_payload"),
            "bad_utf8": (b"image:hostile:bad2", sighting(2, foreign_identifier="bad2").replace(b"Number 2", b"Num\xff\xfeer"), "raw/1", "malformed_payload"),
            "wrong_key": (b"image:hostile:other", sighting(3, foreign_identifier="bad3"), "raw/1", "wrong_key"),
            "wrong_type": (b"image:hostile:bad4", sighting(4, foreign_identifier="bad4", url={"href": "x"}), "raw/1", None),
            "missing": (b"image:hostile:bad5", sighting(5, foreign_identifier="bad5", foreign_landing_url=None), "raw/1", None),
            "future": (b"image:hostile:bad6", sighting(6, foreign_identifier="bad6").replace(b"2026-01-01", b"2199-01-01"), "raw/1", "future_time"),
            "unknown_schema": (b"image:hostile:bad7", sighting(7, foreign_identifier="bad7"), "raw/99", "unknown_schema"),
            "not_an_object": (b"image:hostile:bad8", b"[1, 2, 3]", "raw/1", "malformed_payload"),
            "no_key_form": (b"nonsense", sighting(9, foreign_identifier="bad9"), "raw/1", "wrong_key"),
        }
        with Stream("hostile", partitions=2) as stream:
            number = 100
            for name, (key, value, schema, _) in bad.items():
                stream.produce_raw(f"image:hostile:id{number}".encode(), sighting(number))
                stream.produce_raw(key, value, schema=schema)
                number += 1
            stream.drain()
            letters = stream.read("media.dead-letter.v1")
            by_value = {letter.value: letter for letter in letters}
            for name, (key, value, _, reason) in bad.items():
                with self.subTest(name):
                    self.assertIn(value, by_value, "the whole record is put aside, byte for byte")
                    letter = by_value[value]
                    self.assertEqual(letter.key, key)
                    if reason is not None:
                        self.assertEqual(letter.headers["dl.reason"], reason)
                    self.assertEqual(letter.headers["dl.topic"], "media.raw.v1")
                    for header in ("dl.step", "dl.partition", "dl.offset", "dl.time"):
                        self.assertIn(header, letter.headers)
            self.assertEqual(len(letters), len(bad))
            self.assertEqual(len(stream.live_rows()), len(bad))
            self.assertEqual(stream.live_rows(), set(stream.documents(live=True)))
            listed = stream.json("dead-letter", "list")
            self.assertEqual(len(listed), len(bad))
            self.assertEqual(totals(stream, "process")["received"], 2 * len(bad))


if __name__ == "__main__":
    unittest.main()
