"""The stream end to end: generated works against their truth, then everything read again."""

import collections
import json
import os
import shutil
import unittest

import jsonschema

from stream import SOURCE, Stream, identifier, until

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
                       "--duplicates", "0.05", "--media", "image,audio", "--truth", str(cls.truth_file),
                       "--truth-works", str(cls.truth_file.with_suffix(".works")))
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
        urls = totals(self.stream, "urls")
        claims = self.stream.read("media.url-claims.v1")
        self.assertEqual((urls["claimed"], urls["released"]), (counted["claims.made"], counted["claims.released"]))
        self.assertEqual(len(claims), urls["received"])
        self.assertEqual(sum(record.value is None for record in claims), urls["released"])
        self.assertEqual(len(self.stream.read("media.url-verdicts.v1")), urls["told"])
        self.assertEqual(sum(reasons(counted, "verdicts").values()), urls["told"])
        letters = self.stream.read("media.dead-letter.v1")
        self.assertEqual(collections.Counter(letter.headers["dl.reason"] for letter in letters), collections.Counter(reasons(counted, "dead_lettered")))

    def test_2_both_stores_hold_exactly_the_live_works(self):
        catalogue = self.stream.catalogue()
        by_provider = {status: collections.Counter(":".join(key.split(":", 2)[:2]) for key, record in catalogue.items() if record["status"] == status)
                       for status in ("live", "duplicate")}
        self.assertEqual(by_provider["duplicate"], collections.Counter(self.truth["duplicates"]))
        self.assertEqual(by_provider["live"], collections.Counter(self.truth["works"]) - collections.Counter(self.truth["duplicates"]))
        by_media = collections.Counter(key.split(":", 1)[0] for key, record in catalogue.items() if record["status"] == "live")
        self.assertEqual(by_media, collections.Counter(self.truth["live_with_owners"]))
        live = {identifier(key) for key, record in catalogue.items() if record["status"] == "live"}
        self.assertEqual(live, self.stream.live_rows())
        self.assertEqual(live, set(self.stream.documents(live=True)))
        self.stream.run("stats", "--check")

    def test_2b_the_earliest_of_those_with_one_url_owns_it(self):
        """Which works share a URL is in the generator's truth; which of them is the earliest, in the records."""
        catalogue = self.stream.catalogue()
        sharing = collections.defaultdict(list)
        for line in self.truth_file.with_suffix(".works").read_text().splitlines():
            work = json.loads(line)
            sharing[work["owner"]].append(work["key"])
        self.assertGreater(sum(len(keys) > 1 for keys in sharing.values()), WORKS * 0.02)
        for keys in sharing.values():
            owner = min(keys, key=lambda key: (catalogue[key]["created_on"], key.encode()))
            for key in keys:
                wanted = ("live", None) if key == owner else ("duplicate", owner)
                self.assertEqual((catalogue[key]["status"], catalogue[key]["duplicate_of"]), wanted, key)

    def test_3_catalogue_records_are_as_their_schema_says(self):
        for name, topic in (("catalog", "media.catalog.v1"), ("totals", "media.totals.v1"), ("url-claim", "media.url-claims.v1"),
                            ("url-verdict", "media.url-verdicts.v1")):
            schema = json.loads((SOURCE / f"schemas/records/{name}.schema.json").read_text())
            validator = jsonschema.Draft7Validator(schema)
            for example in schema["examples"]:
                validator.validate(example)
            records = [record for record in self.stream.read(topic)[:1500] if record.value]
            self.assertTrue(records, topic)
            for record in records:
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
        catalogue = self.stream.catalogue().values()
        self.assertEqual(revisions, {record["identifier"]: str(record["revision"]) for record in catalogue})
        # Searches are sorted by it, and asked for what is newer.
        updated = {hit["_id"]: hit["_source"]["updated_on"] for media in ("image", "audio") for hit in self.stream.hits(self.stream.index_prefix + media)}
        self.assertEqual(updated, {record["identifier"]: record["updated_on"] for record in catalogue if record["status"] == "live"})

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


class RealRows(unittest.TestCase):
    """Rows of the batch system's catalogue, as an archive of it becomes a stream."""

    def test_arrive_as_clean_makes_them(self):
        rows = SOURCE.parent / "shared/fixtures/rows"
        if not rows.is_dir() and os.environ.get("CI") != "true":
            self.skipTest(f"no {rows}")
        with Stream("rows") as stream:
            expected: dict[str, dict] = {}
            for media in ("image", "audio"):
                load = ("produce", "tsv", str(rows / f"{media}.tsv"), "--media", media, "--fetched-at", "2024-01-01T00:00:00Z")
                for line in stream.run(*load, "--dry-run", "--cleaned").stdout.splitlines():
                    work = json.loads(line)
                    key = f"{media}:{work['provider']}:{work['foreign_identifier']}"
                    expected[key] = {name: value for name, value in work.items() if value is not None}
                    if media == "audio":  # also a column of its own
                        expected[key]["audio_set_foreign_identifier"] = work["audio_set"]["foreign_identifier"]
                stream.run(*load)
            self.assertEqual(len(expected), 550)
            stream.drain()
            catalogue = stream.catalogue()
            self.assertEqual(expected, {key: record["work"] for key, record in catalogue.items()})
            self.assertEqual(stream.read("media.dead-letter.v1"), [])
            live = {record["identifier"]: key for key, record in catalogue.items() if record["status"] == "live"}
            self.assertEqual(live.keys(), set(stream.documents(live=True)))
            found = [json.loads(line) for table in ("image", "audio") for line in stream.psql(f"SELECT to_jsonb(t) FROM {table}_live t").splitlines()]
            self.assertEqual(live.keys(), {row["identifier"] for row in found})
            for row in found:
                work = {name: value for name, value in expected[live[row["identifier"]]].items() if name != "media_type"}
                self.assertEqual(work, {name: row[name] for name in work})
            stream.run("stats", "--check")
            # The same archive again is the same sightings: nothing is written for them.
            before = stream.read("media.catalog.v1")
            stream.run(*load)
            stream.drain(sinks=())
            self.assertEqual(len(before), len(stream.read("media.catalog.v1")))


def sighting(name: str, *, second: int = 0, title: str = "Harbour", **work) -> bytes:
    content = {"media_type": "image", "provider": "hostile", "foreign_identifier": name, "foreign_landing_url": f"https://example.org/{name}",
               "url": f"https://example.org/{name}.jpg", "license_url": "https://creativecommons.org/licenses/by/4.0/", "title": title, **work}
    return json.dumps({"seen": {"fetched_at": f"2026-01-01T00:00:{second:02}.000001Z", "run_id": "hostile"}, "work": content}).encode()


def tsv_line(name: str, **columns: str) -> bytes:
    """A line of the newest image layout; a column that is not given is null."""
    given = {"foreign_identifier": name, "foreign_landing_url": f"https://example.org/{name}", "url": f"https://example.org/{name}.jpg",
             "license": "by", "license_version": "4.0", "provider": "hostile", **columns}
    order = ("foreign_identifier", "foreign_landing_url", "url", "thumbnail", "filetype", "filesize", "license", "license_version", "creator", "creator_url",
             "title", "meta_data", "tags", "category", "watermarked", "provider", "source", "ingestion_type", "width", "height")
    return "\t".join(given.get(column, "\\N") for column in order).encode() + b"\n"


class Hostile(unittest.TestCase):
    """Bad records of each kind, each between two good ones."""

    def check_stores(self, stream: Stream, live: set[str]) -> None:
        """Both stores show these works of the provider `hostile`, and all sums agree."""
        shown = {identifier(f"image:hostile:{name}") for name in live}
        self.assertEqual(stream.live_rows(), shown)
        self.assertEqual(set(stream.documents(live=True)), shown)
        stream.run("stats", "--check")

    def load(self, stream: Stream, lines: list[bytes]) -> None:
        path = stream.folder / "archive_20240101000000.tsv"
        path.write_bytes(b"".join(lines))
        stream.run("produce", "tsv", str(path), "--media", "image")

    def test_an_oversize_line_of_an_archive_stops_at_the_producer(self):
        with Stream("hostile-tsv", partitions=2) as stream:
            large = tsv_line("large", meta_data=json.dumps({"description": "d" * (1 << 20)}))
            endless = tsv_line("endless", title="t" * (5 << 20))
            self.load(stream, [tsv_line("one"), large, tsv_line("two"), endless, tsv_line("three")])
            raw = stream.read("media.raw.v1")
            self.assertEqual({record.key for record in raw}, {b"image:hostile:one", b"image:hostile:two", b"image:hostile:three"})
            by_line = {letter.headers["dl.offset"]: letter for letter in stream.read("media.dead-letter.v1")}
            self.assertEqual({line: letter.headers["dl.reason"] for line, letter in by_line.items()}, {"2": "too_large", "4": "too_large"})
            self.assertEqual((by_line["2"].key, by_line["2"].value), (b"image:hostile:large", large[:-1]), "it is put aside whole")
            self.assertTrue(endless.startswith(by_line["4"].value) and len(by_line["4"].value) > 2 << 20, "of what no topic could hold, as much as fits")
            produced = totals(stream, "produce")
            self.assertEqual((produced["listed"], produced["emitted"], reasons(produced, "rejected")), (5, 3, {"too_large": 2}))
            stream.drain()
            self.check_stores(stream, {"one", "two", "three"})

    def test_an_oversize_item_of_a_reply_stops_at_the_producer(self):
        def track(number: int, **more) -> dict:
            return {"id": str(number), "name": f"Tide {number}", "shareurl": f"https://www.jamendo.com/track/{number}", "duration": 200,
                    "audio": f"https://mp3d.jamendo.com/?trackid={number}", "license_ccurl": "http://creativecommons.org/licenses/by/3.0/", **more}

        with Stream("hostile-reply", partitions=2) as stream:
            replies = stream.folder / "replies"
            case = {"provider": "jamendo", "exchanges": [
                {"request": {"method": "GET", "url": "https://api.jamendo.com/v3.0/tracks?offset=0"}, "response": {"status": 200, "body_file": "tracks.json"}}],
                "otherwise": [{"url": "https://api.jamendo.com/v3.0/tracks", "response": {"status": 200, "body_file": "none.json"}}]}
            tracks = [track(1), track(2, lyrics="la " * 400_000), track(3, name="Ti\0de 3"), track(4)]
            for name, content in (("exchanges/jamendo/large.json", case), ("tracks.json", {"results": tracks}), ("none.json", {"results": []})):
                (replies / name).parent.mkdir(parents=True, exist_ok=True)
                (replies / name).write_text(json.dumps(content))
            server = stream.role("replies", "simulate", "recorded", str(replies), "--case", "jamendo/large")
            mirror = until(lambda: next((word for word in server.log.read_text().split() if word.startswith("http://")), None), 20, "the simulator's address")
            stream.run("produce", "jamendo", "--http-mirror", mirror)
            sent = {record.key for record in stream.read("media.raw.v1") if not record.key.startswith(b"run:")}
            self.assertEqual(sent, {f"audio:jamendo:{number}".encode() for number in (1, 3, 4)})
            (letter,) = stream.read("media.dead-letter.v1")
            self.assertEqual((letter.key, letter.headers["dl.reason"], letter.headers["dl.step"]), (b"audio:jamendo:2", "too_large", "produce.jamendo"))
            self.assertEqual(letter.json["work"]["meta_data"]["lyrics"], tracks[1]["lyrics"])
            produced = totals(stream, "produce")
            self.assertEqual((produced["listed"], produced["emitted"], reasons(produced, "rejected")), (4, 3, {"too_large": 1}))
            stream.drain()
            shown = {identifier(key.decode()) for key in sent}
            self.assertEqual((stream.live_rows(), set(stream.documents(live=True))), (shown, shown))
            self.assertEqual(stream.psql("SELECT title FROM audio WHERE foreign_identifier = '3'"), "Tide 3")
            stream.run("stats", "--check")

    def test_a_merged_record_that_outgrows_its_limit_stays_what_it_was(self):
        with Stream("hostile-merge", partitions=1) as stream:
            part = {name: sighting("grows", second=second, title=name, meta_data={name: name * 900_000}) for second, name in enumerate("abc")}
            for value in (part["a"], part["b"]):
                stream.produce_raw(b"image:hostile:grows", value)
            stream.produce_raw(b"image:hostile:one", sighting("one"))
            stream.drain()
            before = stream.catalogue()
            self.assertEqual(set(before["image:hostile:grows"]["work"]["meta_data"]), {"a", "b", "license_url", "raw_license_url"})
            stream.produce_raw(b"image:hostile:two", sighting("two"))
            stream.produce_raw(b"image:hostile:grows", part["c"])
            stream.produce_raw(b"image:hostile:three", sighting("three"))
            stream.drain()
            (letter,) = stream.read("media.dead-letter.v1")
            self.assertEqual((letter.key, letter.value), (b"image:hostile:grows", part["c"]), "the sighting is put aside whole")
            self.assertEqual((letter.headers["dl.reason"], letter.headers["dl.step"], letter.headers["dl.topic"]),
                             ("too_large", "process.catalogue", "media.raw.v1"))
            after = stream.catalogue()
            self.assertEqual(after["image:hostile:grows"], before["image:hostile:grows"])
            counted = totals(stream, "process")
            self.assertEqual([counted[name] for name in ("received", "created", "merged", "unchanged")], [6, 4, 1, 0])
            self.assertEqual(reasons(counted, "dead_lettered"), {"too_large": 1})
            self.check_stores(stream, {"grows", "one", "two", "three"})
            self.assertEqual(stream.psql("SELECT title FROM image WHERE foreign_identifier = 'grows'"), "b")
            # What fits is merged again afterwards.
            stream.produce_raw(b"image:hostile:grows", sighting("grows", second=9, title="d"))
            stream.drain()
            self.assertEqual(stream.psql("SELECT title, length(meta_data ->> 'a') FROM image WHERE foreign_identifier = 'grows'"), "d|900000")

    def test_nul_bytes_reach_no_store(self):
        nul = "\0"
        good = {
            "title": dict(title=f"Har{nul}bour"),
            "meta": dict(meta_data={f"na{nul}me": f"a{nul}b", "list": [f"c{nul}"]}),
            "tags": dict(tags=[f"har{nul}bour", {"name": f"bo{nul}at", "provider": "hostile"}]),
            "creator": dict(creator=f"{nul}", source=f"host{nul}ile"),
        }
        with Stream("hostile-nul", partitions=2) as stream:
            for name, content in good.items():
                value = sighting(name, **content)
                self.assertIn(b"\\u0000", value)
                stream.produce_raw(f"image:hostile:{name}".encode(), value)
            in_identifier = sighting(f"k{nul}ey")
            stream.produce_raw(b"image:hostile:key", in_identifier)
            bare = sighting("bare").replace(b"Harbour", b"Har\0bour")
            stream.produce_raw(b"image:hostile:bare", bare)
            # In an archive: the byte itself, and each way to escape it.
            columns = {"byte": f"Har{nul}bour", "octal": r"Har\0bour", "hexadecimal": r"Har\x00bour"}
            self.load(stream, [tsv_line(name, title=title, meta_data=json.dumps({"description": "a\0b"}).replace("\\", "\\\\"))
                               for name, title in columns.items()] + [tsv_line(f"na{nul}me"), tsv_line("last")])
            stream.drain()
            self.check_stores(stream, {*good, *columns, "last"})
            titles = stream.psql("SELECT DISTINCT title FROM image WHERE foreign_identifier IN ('title', 'byte', 'octal', 'hexadecimal')")
            self.assertEqual(titles, "Harbour")
            descriptions = stream.psql("SELECT DISTINCT meta_data ->> 'description' FROM image WHERE foreign_identifier IN ('byte', 'octal', 'hexadecimal')")
            self.assertEqual(descriptions, "ab")
            for record in stream.catalogue().values():
                self.assertNotIn("\\u0000", json.dumps(record))
            for hit in stream.hits(stream.index_prefix + "image"):
                self.assertNotIn("\\u0000", json.dumps(hit))
            # Where it is part of the key it is refused: what names a work must not change unseen.
            refused = {letter.key: (letter.headers["dl.step"], letter.headers["dl.reason"], letter.headers.get("dl.rule"), letter.value)
                       for letter in stream.read("media.dead-letter.v1")}
            self.assertEqual({key: found[:3] for key, found in refused.items()},
                             {b"image:hostile:key": ("process.catalogue", "invalid_value", "no_nul"),
                              b"image:hostile:name": ("process.catalogue", "invalid_value", "no_nul"),
                              b"image:hostile:bare": ("process.catalogue", "malformed_payload", "json")})
            self.assertEqual((refused[b"image:hostile:key"][3], refused[b"image:hostile:bare"][3]), (in_identifier, bare))

    def test_bad_records_stop_nothing_and_are_put_aside_whole(self):
        bad = {
            "bad_json": (b"image:hostile:bad1", b'{"seen": {"fetched_at": ', "raw/1", "malformed_payload"),
            "bad_utf8": (b"image:hostile:bad2", sighting("bad2").replace(b"Harbour", b"Har\xff\xfeour"), "raw/1", "malformed_payload"),
            "wrong_key": (b"image:hostile:other", sighting("bad3"), "raw/1", "wrong_key"),
            "wrong_type": (b"image:hostile:bad4", sighting("bad4", url={"href": "x"}), "raw/1", "invalid_value"),
            "missing": (b"image:hostile:bad5", sighting("bad5", foreign_landing_url=None), "raw/1", "missing_field"),
            "future": (b"image:hostile:bad6", sighting("bad6").replace(b"2026-01-01", b"2199-01-01"), "raw/1", "future_time"),
            "unknown_schema": (b"image:hostile:bad7", sighting("bad7"), "raw/99", "unknown_schema"),
            "not_an_object": (b"image:hostile:bad8", b"[1, 2, 3]", "raw/1", "malformed_payload"),
            "no_key_form": (b"nonsense", sighting("bad9"), "raw/1", "wrong_key"),
        }
        with Stream("hostile", partitions=2) as stream:
            number = 100
            for name, (key, value, schema, _) in bad.items():
                stream.produce_raw(f"image:hostile:id{number}".encode(), sighting(f"id{number}"))
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
