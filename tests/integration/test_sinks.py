"""Both sinks on real services, fed with catalogue records of this file's own making."""

import json
import re
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from stream import Proxy, Stream, identifier, until

REVISION = 1_795_220_451_256
BOTH = ("postgres", "elasticsearch")


def record(number: int, *, revision: int = REVISION, status: str = "live", **work) -> tuple[str, dict]:
    """A catalogue record as design and schemas/records describe it; every tenth is audio."""
    media, provider = ("audio", "jamendo") if number % 10 == 9 else ("image", "met")
    key = f"{media}:{provider}:{number}"
    sides = {"width": 3000, "height": 2000} if media == "image" else {"duration": 185_000, "genres": ["rock", None],
                                                                     "audio_set": {"title": "Tides", "foreign_identifier": "s1"}}
    value = {
        "key": key, "identifier": identifier(key), "former_identifiers": [], "revision": revision, "status": status,
        "duplicate_of": None, "created_on": "2026-11-21T00:19:33.120Z", "updated_on": "2026-11-21T01:00:00.000Z",
        "last_seen_at": "2026-11-21T02:00:00.000Z",
        "work": {"media_type": media, "provider": provider, "foreign_identifier": str(number),
                 "foreign_landing_url": f"https://example.org/works/{number}", "url": f"https://images.example.org/{number}.jpg",
                 "license": "by", "license_version": "4.0", "creator": "Åse", "title": f"Harbour {number}",
                 "meta_data": {"description": "A quiet harbour.", "views": "17"},
                 "tags": [{"name": "harbour", "provider": provider}, {"name": "hidden", "provider": provider}],
                 "category": "photograph" if media == "image" else "music", "source": provider, **sides, **work},
        "derived": {"hidden_tags": [1], "sensitivity": ["sensitive_text"], "popularity": 0.25, "authority": 90, "policy": 0},
        "decisions": {"takedown": None, "sensitive": None, "erase": None},
        "seen": {"newest": ["2026-11-21T00:19:33.120000Z", 1, "9f86d081884c7d65"], "removed": None, "url_hash": "0", "older": {}}}
    return key, value


def produce(stream: Stream, records: list[tuple[str, dict | str]], schema: str = "catalog/1") -> None:
    lines = "".join(f"{key}\t{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}\n" for key, value in records)
    with tempfile.NamedTemporaryFile() as file:
        file.write(lines.encode("utf-8", "surrogateescape"))
        file.flush()
        subprocess.run(["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + "media.catalog.v1", "-K", "\t", "-l", file.name,
                        "-H", f"schema={schema}", "-X", "partitioner=murmur2"], check=True, timeout=120)


def drain(stream: Stream, *sinks: str, **settings: str) -> None:
    for sink in sinks or BOTH:
        stream.run("sink", sink, "--until-idle", "1", timeout=120, **settings)


def ready(role) -> tuple[int, str] | None:
    """/readyz of a role, whose address is in its log."""
    found = re.search(r"(127\.0\.0\.1:\d+)", "".join(line for line in role.log.read_text().splitlines(True) if "metrics" in line))
    if not found:
        return None
    try:
        with urllib.request.urlopen(f"http://{found.group(1)}/readyz", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def letters(stream: Stream):
    return stream.read("media.dead-letter.v1")


def content(stream: Stream) -> str:
    """Rows with the transactions that wrote and locked them: any touch shows."""
    return "\n".join(stream.psql(f"SELECT identifier, xmin, xmax, ctid, md5(t::text) FROM {table} t ORDER BY 1") for table in ("image", "audio"))


def sink_offsets(stream: Stream) -> dict[int, int]:
    rows = stream.psql("SELECT partition, next_offset FROM sink_offsets").splitlines()
    return {int(partition): int(offset) for partition, offset in (row.split("|") for row in rows)}


def ends(stream: Stream) -> dict[int, int]:
    last: dict[int, int] = {}
    for one in stream.read("media.catalog.v1"):
        last[one.partition] = one.offset + 1
    return last


class Views(unittest.TestCase):
    """What is in the stores follows from the topic, whatever is replayed."""

    def test_rows_and_documents_show_the_record(self):
        with Stream("sinks-show") as stream:
            produce(stream, [record(1), record(9)])
            drain(stream)
            row = json.loads(stream.psql("SELECT row_to_json(t) FROM image_live t"))
            expected = {"identifier": identifier("image:met:1"), "provider": "met", "foreign_identifier": "1", "title": "Harbour 1",
                        "creator": "Åse", "width": 3000, "license": "by", "revision": REVISION, "status": "live",
                        "removed_from_source": False, "standardized_popularity": 0.25, "authority": 90, "hidden_tags": [1],
                        "sensitivity": ["sensitive_text"], "meta_data": {"description": "A quiet harbour.", "views": "17"},
                        "created_on": "2026-11-21T00:19:33.12+00:00", "thumbnail": None, "former_identifiers": None}
            self.assertEqual(expected, {name: row[name] for name in expected})
            audio = json.loads(stream.psql("SELECT row_to_json(t) FROM audio_live t"))
            self.assertEqual((["rock", None], "s1", 185_000), (audio["genres"], audio["audio_set_foreign_identifier"], audio["duration"]))
            self.assertEqual("s1|jamendo|Tides", stream.psql("SELECT foreign_identifier, provider, title FROM audioset_view"))
            _, text = stream.http("GET", f"/{stream.index_prefix}image-write/_doc/{identifier('image:met:1')}")
            document = json.loads(text)
            self.assertEqual(REVISION, document["_version"])
            self.assertEqual([{"name": "harbour"}], document["_source"]["tags"])
            self.assertEqual((25, 90, "wide", "large", "jpg"), tuple(document["_source"][name] for name in (
                "standardized_popularity", "authority_boost", "aspect_ratio", "size", "extension")))

    def test_replay_leaves_both_stores_alone(self):
        with Stream("sinks-replay") as stream:
            records = [record(n) for n in range(400)] + [record(n, revision=REVISION + 1, title="Newer") for n in range(0, 400, 7)]
            produce(stream, records)
            drain(stream)
            rows, documents, offsets = content(stream), stream.documents(), sink_offsets(stream)
            stream.psql("UPDATE sink_offsets SET next_offset = 0")
            produce(stream, records)  # the same again: what a reset of the index's group reads
            drain(stream)
            self.assertEqual(rows, content(stream))
            self.assertEqual(documents, stream.documents())
            self.assertEqual({p: 2 * o for p, o in offsets.items()}, sink_offsets(stream))
            self.assertEqual([], letters(stream))

    def test_an_older_revision_never_wins(self):
        with Stream("sinks-older") as stream:
            produce(stream, [record(n, revision=REVISION + 5, title="Newest") for n in range(20)])
            drain(stream)
            produce(stream, [record(n, revision=REVISION + 4, title="Late") for n in range(20)])
            drain(stream)
            self.assertEqual("20", stream.psql("SELECT count(*) FROM (SELECT title FROM image UNION ALL SELECT title FROM audio) t WHERE title = 'Newest'"))
            self.assertEqual({REVISION + 5}, {version for version, _ in stream.documents().values()})

    def test_what_is_not_live_becomes_a_stub_and_comes_back(self):
        with Stream("sinks-stub") as stream:
            produce(stream, [record(n) for n in range(10)])
            drain(stream)
            before = stream.documents(live=True)
            self.assertEqual(10, len(before))
            states = ["blocked", "removed_at_source", "duplicate"]
            produce(stream, [record(n, revision=REVISION + 1, status=states[n]) for n in range(3)])
            drain(stream)
            self.assertEqual(7, len(stream.documents(live=True)))
            self.assertEqual(10, len(stream.documents()))
            self.assertEqual(7, len(stream.live_rows()))
            stubs = stream.psql("SELECT status, removed_from_source, foreign_identifier, num_nonnulls(title, url, meta_data, tags, license, width) "
                                "FROM image WHERE status <> 'live' ORDER BY foreign_identifier")
            self.assertEqual(["blocked|f|0|0", "removed_at_source|t|1|0", "duplicate|f|2|0"], stubs.splitlines())
            _, text = stream.http("GET", f"/{stream.index_prefix}image-write/_doc/{identifier('image:met:0')}")
            self.assertEqual({"identifier": identifier("image:met:0"), "revision": REVISION + 1, "status": "blocked"}, json.loads(text)["_source"])
            produce(stream, [record(n, revision=REVISION + 2) for n in range(3)])
            drain(stream)
            self.assertEqual(10, len(stream.live_rows()))
            self.assertEqual(before.keys(), stream.documents(live=True).keys())


class BadRecords(unittest.TestCase):
    def test_are_put_aside_whole_and_their_neighbours_pass(self):
        with Stream("sinks-bad") as stream:
            bad_identifier = record(100)[1] | {"identifier": identifier("image:met:101")}
            produce(stream, [record(0), ("image:met:50", "{\"identifier\": "), record(51, title="a\u0000b"), record(52, filesize=2**31),
                             ("image:met:100", bad_identifier), record(1)])
            produce(stream, [record(60)], schema="catalog/2")
            drain(stream)
            self.assertEqual({identifier("image:met:0"), identifier("image:met:1")}, stream.live_rows())
            self.assertEqual(stream.live_rows(), set(stream.documents()))
            found = {(one.headers["dl.step"], one.key.decode()): one for one in letters(stream)}
            self.assertEqual({(f"sink.{sink}", f"image:met:{n}") for sink in BOTH for n in (50, 51, 52, 60, 100)}, set(found))
            reasons = {n: tuple(found["sink.postgres", f"image:met:{n}"].headers.get(name) for name in ("dl.reason", "dl.field", "dl.rule")) for n in (50, 51, 52, 60, 100)}
            self.assertEqual({50: ("malformed_payload", None, None), 51: ("invalid_value", "title", "nul"), 52: ("invalid_value", "filesize", "int32"),
                              60: ("unknown_schema", "schema", "catalog/1"), 100: ("wrong_key", "identifier", "of_key")}, reasons)
            one = found["sink.postgres", "image:met:50"]
            self.assertEqual(("media.catalog.v1", b"{\"identifier\": "), (one.headers["dl.topic"], one.value))
            original = {(r.partition, r.offset): r.key for r in stream.read("media.catalog.v1")}
            self.assertEqual(one.key, original[int(one.headers["dl.partition"]), int(one.headers["dl.offset"])])
            self.assertEqual(ends(stream), {p: o for p, o in sink_offsets(stream).items() if o})

    def test_works_of_earlier_rules_and_later_decisions_are_in_both_stores(self):
        with Stream("sinks-earlier") as stream:
            tags = [{"name": f"tag {n}", "provider": "met" if n < 600 else "rekognition"} for n in range(1100)]
            files = [{"url": f"https://a.example/{n}", "filetype": f"f{n}"} for n in range(102)]
            decided = record(1)
            decided[1]["decisions"] = {"restrict": {"history": "of another form"}, "takedown": None}
            produce(stream, [record(0, tags=tags), decided, record(9, genres=[f"g{n}" for n in range(102)], alt_files=files)])
            drain(stream)
            self.assertEqual(3, len(stream.live_rows()))
            self.assertEqual(stream.live_rows(), set(stream.documents(live=True)))
            self.assertEqual("1100|1000|1099", stream.psql("SELECT jsonb_array_length(tags), hidden_tags[2], hidden_tags[cardinality(hidden_tags)] "
                                                           "FROM image WHERE foreign_identifier = '0'"))
            self.assertEqual("100|100", stream.psql("SELECT cardinality(genres), jsonb_array_length(alt_files) FROM audio"))
            self.assertEqual("0", stream.psql("SELECT count(*) FROM decision"))

            line = {"at": "2026-11-21T00:00:00.000Z", "decision_id": "0b6c5c8e-5a0e-4d6b-9c55-7a8f2f0f9f11", "action": "takedown", "by": "A", "why": "b"}
            key, value = record(1, revision=REVISION + 1, status="blocked")
            value["decisions"] = {"restrict": {"history": [line]}, "takedown": {"active": True, "history": [line]}}
            produce(stream, [(key, value)])
            drain(stream)
            self.assertNotIn(identifier(key), stream.live_rows())
            self.assertNotIn(identifier(key), stream.documents(live=True))
            self.assertEqual("takedown|b", stream.psql("SELECT kind, why FROM decision"))
            self.assertEqual([], letters(stream))

    def test_one_row_that_postgres_refuses_is_found_by_halving(self):
        with Stream("sinks-halves") as stream:
            stream.psql("ALTER TABLE image ADD CHECK (title <> 'Refuse me')")
            produce(stream, [record(n, **({"title": "Refuse me"} if n == 61 else {})) for n in range(100)])
            drain(stream, "postgres")
            self.assertEqual(99, len(stream.live_rows()))
            (one,) = letters(stream)
            self.assertEqual((b"image:met:61", "store_refused", "23514"), (one.key, one.headers["dl.reason"], one.headers["dl.rule"]))
            self.assertEqual(ends(stream), {p: o for p, o in sink_offsets(stream).items() if o})

    def test_a_schema_that_fits_nothing_stops_the_sink(self):
        with Stream("sinks-stop", partitions=1) as stream:
            stream.psql("ALTER TABLE image ADD CHECK (title IS NULL)")
            index = f"{stream.index_prefix}image-0"
            for name in json.loads(stream.http("GET", f"/_alias/{stream.index_prefix}image")[1]):
                stream.http("DELETE", "/" + name)
            status, text = stream.http("PUT", "/" + index, {"mappings": {"properties": {"title": {"type": "integer"}}},
                                                            "aliases": {f"{stream.index_prefix}image": {}, f"{stream.index_prefix}image-write": {}}})
            self.assertEqual(200, status, text)
            produce(stream, [record(n) for n in range(500)])
            for sink in BOTH:
                done = stream.run("sink", sink, "--until-idle", "1", expect=1, timeout=60)
                self.assertIn(b"its schema does not fit", done.stderr)
            # At most a small first batch, never the catalogue.
            self.assertLess(len(letters(stream)), 20)
            self.assertLess(sink_offsets(stream)[0], 20)


class StoresAway(unittest.TestCase):
    """A store that is away, or lacks something, stops its own sink only, and nothing is lost or put aside."""

    def fill(self, stream: Stream, numbers: range) -> None:
        produce(stream, [record(n) for n in numbers])

    def check(self, stream: Stream, works: int) -> None:
        until(lambda: len(stream.live_rows()) == works and len(stream.documents(live=True)) == works, 60, f"{works} rows and documents", every=0.5)
        self.assertEqual([], letters(stream))

    def test_connections_cut_in_mid_flow(self):
        with Stream("sinks-cut") as stream:
            host, port = re.search(r"host=(\S+)", stream.dsn).group(1), int((re.search(r"port=(\d+)", stream.dsn) or [0, 5432])[1])
            postgres = Proxy(host, port)
            elasticsearch = Proxy(*(lambda p: (p[0], int(p[1])))(stream.elasticsearch.split("//")[1].split(":")))
            away_dsn = re.sub(r"host=\S+|port=\d+", "", stream.dsn) + f" host=127.0.0.1 port={postgres.port}"
            roles = [stream.role("sink-postgres", "sink", "postgres", FRESHET_POSTGRES_DSN=away_dsn),
                     stream.role("sink-elasticsearch", "sink", "elasticsearch", FRESHET_ELASTICSEARCH_URL=f"http://127.0.0.1:{elasticsearch.port}")]
            self.fill(stream, range(200))
            self.check(stream, 200)
            for role in roles:
                self.assertEqual(200, until(lambda: ready(role), 10, "metrics address")[0])
            postgres.cut()
            elasticsearch.cut()
            self.fill(stream, range(200, 6000))
            for role in roles:
                until(lambda: ready(role)[0] == 503, 20, f"{role.name} tells that its store is away")
            time.sleep(4)  # past the time after which a stuck loop parks
            self.assertTrue(all(role.running() for role in roles))
            postgres.open()
            elasticsearch.open()
            self.check(stream, 6000)
            for role in roles:
                until(lambda: ready(role)[0] == 200, 20, f"{role.name} is ready again")
            until(lambda: sink_offsets(stream) == ends(stream), 10, "offsets at the ends")
            # Told to stop while its store is away and batches are waiting, it stops.
            postgres.cut()
            elasticsearch.cut()
            self.fill(stream, range(6000, 9000))
            for role in roles:
                until(lambda: ready(role)[0] == 503, 20, f"{role.name} tells that its store is away")
                self.assertEqual(0, role.stop(timeout=15))
            drain(stream)
            self.check(stream, 9000)

    def test_index_missing_or_blocked_and_table_missing(self):
        with Stream("sinks-lack") as stream:
            (index,) = json.loads(stream.http("GET", f"/_alias/{stream.index_prefix}image")[1])
            roles = [stream.role("sink-postgres", "sink", "postgres"), stream.role("sink-elasticsearch", "sink", "elasticsearch")]
            self.fill(stream, range(50))
            self.check(stream, 50)
            stream.http("PUT", f"/{index}/_settings", {"index.blocks.write": True})
            stream.psql("ALTER TABLE image RENAME TO image_gone")
            self.fill(stream, range(50, 150))
            for role in roles:
                until(lambda: ready(role)[0] == 503, 20, f"{role.name} tells what it lacks")
            stream.http("PUT", f"/{index}/_settings", {"index.blocks.write": False})
            stream.psql("ALTER TABLE image_gone RENAME TO image")
            self.check(stream, 150)
            # Without its aliases the index is as good as missing; nothing must be made under their names.
            remove = [{"remove": {"index": index, "alias": stream.index_prefix + name}} for name in ("image", "image-write")]
            stream.http("POST", "/_aliases", {"actions": remove})
            self.fill(stream, range(150, 250))
            until(lambda: ready(roles[1])[0] == 503, 20, "the alias is missing")
            self.assertEqual(404, stream.http("GET", f"/{stream.index_prefix}image-write")[0])
            stream.http("POST", "/_aliases", {"actions": [
                {"add": {"index": index, "alias": stream.index_prefix + "image", "filter": {"term": {"status": "live"}}}},
                {"add": {"index": index, "alias": stream.index_prefix + "image-write", "is_write_index": True}}]})
            self.check(stream, 250)
            self.assertTrue(all(role.stop() == 0 for role in roles))

    def test_a_sink_started_before_the_schema_waits_for_it(self):
        with Stream("sinks-early") as stream:
            for name in json.loads(stream.http("GET", f"/_alias/{stream.index_prefix}*")[1]):
                stream.http("DELETE", "/" + name)
            stream.psql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            self.fill(stream, range(30))
            roles = [stream.role("sink-postgres", "sink", "postgres"), stream.role("sink-elasticsearch", "sink", "elasticsearch")]
            for role in roles:
                self.assertEqual(503, until(lambda: ready(role), 10, "metrics address")[0])
            stream.run("schema", "status", expect=3)
            stream.run("schema", "apply")
            self.check(stream, 30)
            self.assertTrue(all(role.stop() == 0 for role in roles))

    def test_a_store_that_cannot_be_reached_at_the_start_is_a_usage_error(self):
        with Stream("sinks-none") as stream:
            stream.run("sink", "postgres", expect=2, FRESHET_POSTGRES_DSN="host=127.0.0.1 port=1")
            stream.run("sink", "elasticsearch", expect=2, FRESHET_ELASTICSEARCH_URL="http://127.0.0.1:1")


class Owners(unittest.TestCase):
    """Who writes is decided by the group and, for rows, by the offsets in the database."""

    def test_killed_and_started_again_it_goes_on(self):
        with Stream("sinks-kill") as stream:
            roles = [stream.role("sink-postgres", "sink", "postgres"), stream.role("sink-elasticsearch", "sink", "elasticsearch")]
            for first in range(0, 5000, 1000):
                produce(stream, [record(n) for n in range(first, first + 1000)])
                time.sleep(0.3)
                for role in roles:
                    role.kill()
                    role.start()
            until(lambda: len(stream.live_rows()) == 5000 and len(stream.documents(live=True)) == 5000, 90, "5000 of each", every=0.5)
            until(lambda: sink_offsets(stream) == ends(stream), 10, "offsets at the ends")
            self.assertTrue(all(role.stop() == 0 for role in roles))
            self.assertEqual([], letters(stream))

    def test_two_share_the_partitions_and_one_takes_over(self):
        with Stream("sinks-two") as stream:
            for sink in BOTH:
                one = stream.role(f"{sink}-one", "sink", sink, FRESHET_PROCESS_INSTANCE="one")
                two = stream.role(f"{sink}-two", "sink", sink, FRESHET_PROCESS_INSTANCE="two")
                until(lambda: any("\"partitions\":2" in role.log.read_text() for role in (one, two)), 30, "the second has its half")
                for role in (one, two):
                    until(lambda: (ready(role) or (0,))[0] == 200, 30, f"{role.name} reads its half")
                first = 0 if sink == "postgres" else 10_000
                produce(stream, [record(n) for n in range(first, first + 500)])
                time.sleep(0.5)
                one.kill()
                produce(stream, [record(n) for n in range(first + 500, first + 1000)])
                have = (lambda: len(stream.live_rows()) == 1000) if sink == "postgres" else (lambda: len(stream.documents(live=True)) == 2000)
                until(have, 60, "what the dead one had left is done", every=0.5)
                self.assertEqual(0, two.stop())

    def test_offsets_moved_by_another_are_obeyed(self):
        """A replay behind a sink's back, as after a partition of the network: the sink reads the database's offsets anew."""
        with Stream("sinks-fence") as stream:
            role = stream.role("sink-postgres", "sink", "postgres")
            produce(stream, [record(n) for n in range(200)])
            until(lambda: len(stream.live_rows()) == 200, 60, "200 rows")
            stream.psql("UPDATE sink_offsets SET next_offset = 0; DELETE FROM image; DELETE FROM audio")
            produce(stream, [record(n) for n in range(200, 240)])
            until(lambda: len(stream.live_rows()) == 240, 60, "everything again from the start")
            until(lambda: sink_offsets(stream) == ends(stream), 10, "offsets at the ends")
            self.assertEqual(0, role.stop())
            self.assertIn("offsets_moved_by_another", role.log.read_text())


if __name__ == "__main__":
    unittest.main()
