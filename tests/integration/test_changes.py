"""The change feed, dumps and freshness: what a mirror is made of, and that it equals the catalogue.

`Feed` writes rows itself, to have transactions end in any order; `Mirror` has a whole stream write them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import test_api as api
from stream import Stream, until
from test_api import Work, identifier

WHO = ("--by", "A. Person", "--why", "request 4711")


def lines_of(address: str, **parameters: str) -> list[dict]:
    connection = http.client.HTTPConnection(address, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/v1/changes/?" + urllib.parse.urlencode(parameters))
        reply = connection.getresponse()
        body = reply.read().decode()
        if reply.status != 200:
            raise AssertionError(f"{parameters}: {reply.status} {body}")
        assert reply.headers["Content-Type"] == "application/jsonl"
        return [json.loads(line) for line in body.splitlines()]


def follow(address: str, since: str | None, limit: int = 1000, **filters: str) -> tuple[list[dict], str]:
    """All changes behind a cursor, and the one behind them."""
    changes = []
    while True:
        got = lines_of(address, limit=str(limit), **({"since": since} if since else {}), **filters)
        changes += got[:-1]
        assert got[-1]["event"] == "cursor"
        since = got[-1]["cursor"]
        if got[-1]["is_end"]:
            return changes, since


def settle() -> None:
    """Waits for the transactions that other suites have open on the same server: nothing behind the oldest is told."""
    newest = int(api.psql("select pg_snapshot_xmax(pg_current_snapshot())"))
    until(lambda: int(api.psql("select pg_snapshot_xmin(pg_current_snapshot())")) >= newest, 60, "transactions that were under way end")


class Feed(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.addClassCleanup(api.tear_down_stores)
        api.set_up_stores([])
        cls.service = api.Service()
        cls.addClassCleanup(cls.service.stop)
        cls.service.wait_ready()

    def now(self) -> str:
        settle()
        return lines_of(self.service.address, since="now")[-1]["cursor"]

    def since(self, cursor: str, **filters: str) -> list[dict]:
        settle()
        return follow(self.service.address, cursor, **filters)[0]

    @staticmethod
    def told(changes: list[dict]) -> list[tuple[str, int]]:
        return [(one["event"], int(one["id"][:8], 16)) for one in changes]

    def test_a_source_of_any_letters_can_be_wanted(self):
        start = self.now()
        api.psql(Work(801, source="ÄGYPTEN").row() + Work(802, source="Zoo").row())
        # Folded on both sides in the same way: the letters of ASCII alone.
        self.assertEqual(self.told(self.since(start, source="Ägypten")), [("visible", 801)])

    def test_what_appears_changes_and_goes_is_told_in_order(self):
        start = self.now()
        api.psql("".join(Work(n, title=f"First {n}").row() for n in (1, 2, 3)) + Work(4, status="duplicate").row())
        changes = self.since(start)
        self.assertEqual(self.told(changes), [("visible", 1), ("visible", 2), ("visible", 3)])
        self.assertEqual(changes[0]["work"]["title"], "First 1")
        middle = changes[1]["cursor"]
        self.assertEqual(self.told(self.since(middle)), [("visible", 3)])
        api.psql("update image set revision = 2, title = 'Second' where foreign_identifier = '1'")
        api.psql("update image set revision = 2, status = 'blocked', source = null, license = null, title = null, url = null where foreign_identifier = '2'")
        api.psql("update image set revision = 2, status = 'live' where foreign_identifier = '4'")
        api.psql("delete from image where foreign_identifier = '3'")
        changes = self.since(changes[2]["cursor"])
        self.assertEqual(self.told(changes), [("changed", 1), ("gone", 2), ("visible", 4), ("gone", 3)])
        self.assertEqual((changes[1]["reason"], changes[3]["reason"]), ("blocked", "deleted"))
        self.assertNotIn("work", changes[1])
        self.assertNotIn("First 2", json.dumps(changes), "a takedown has no content")
        self.assertEqual(changes[0]["work"]["title"], "Second")
        # Who comes late is told what is so now, and nothing that is no longer so.
        late = self.since(start)
        self.assertNotIn("First 1", json.dumps(late))
        self.assertEqual({one["id"] for one in late if one["event"] in ("visible", "changed")} - {one["id"] for one in late if one["event"] == "gone"},
                         {identifier(1), identifier(4)})

    def test_hidden_tags_stay_hidden(self):
        start = self.now()
        api.psql(Work(30, tags=[api.tag("sea"), api.tag("secret")], hidden_tags=[1]).row())
        work = self.since(start)[0]["work"]
        self.assertEqual([tag["name"] for tag in work["tags"]], ["sea"])

    def test_a_transaction_that_ends_late_is_not_missed(self):
        start = self.now()
        # The first to begin is the last to commit, with rows that a reader of the newest entries would have passed.
        slow = subprocess.Popen(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", api.dsn_of(api.DATABASE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(slow.kill)
        slow.stdin.write("begin;\n" + Work(41).row() + "\nselect 'written';\n")
        slow.stdin.flush()
        self.assertEqual(slow.stdout.readline().strip(), "written")
        api.psql(Work(42).row())
        seen, cursor = follow(self.service.address, start)
        self.assertEqual(self.told(seen), [], "what began before may still come, so nothing behind it is told")
        slow.stdin.write(Work(43).row() + "\ncommit;\n")
        slow.stdin.close()
        slow.wait(20)
        settle()
        more, _ = follow(self.service.address, cursor)
        self.assertEqual(self.told(more), [("visible", 41), ("visible", 43), ("visible", 42)], "in the order of transactions")
        # One that is rolled back leaves a gap, and no more.
        start = self.now()
        api.psql("begin;" + Work(44).row() + "rollback;" + Work(45).row())
        self.assertEqual(self.told(self.since(start)), [("visible", 45)])

    def test_many_writers_at_once(self):
        start = self.now()

        def write(writer: int) -> None:
            for turn in range(12):
                number = 10_000 + writer * 100 + turn
                api.psql("begin;" + Work(number).row() + f"select pg_sleep({(writer * 7 + turn * 3) % 5 / 100});" +
                         Work(number + 50).row() + "commit;")

        writers = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
        for writer in writers:
            writer.start()
        told, cursor = [], start
        while any(writer.is_alive() for writer in writers):
            changes, cursor = follow(self.service.address, cursor, limit=7)
            told += changes
        settle()
        told += follow(self.service.address, cursor)[0]
        self.assertEqual(sorted(int(one["id"][:8], 16) for one in told),
                         sorted(10_000 + writer * 100 + turn + half for writer in range(6) for turn in range(12) for half in (0, 50)))

    def test_filters(self):
        start = self.now()
        api.psql(Work(61, source="flickr", license="by").row() + Work(62, source="met", license="cc0").row() +
                 Work(1063, "audio", source="freesound", license="by").row())
        self.assertEqual(self.told(self.since(start, media_type="audio")), [("visible", 1063)])
        self.assertEqual(self.told(self.since(start, source="FLICKR,freesound")), [("visible", 61), ("visible", 1063)])
        self.assertEqual(self.told(self.since(start, license="cc0")), [("visible", 62)])
        cursor = self.now()
        api.psql("update image set revision = 2, license = 'by' where foreign_identifier = '62'")
        self.assertEqual([(one["event"], one["reason"]) for one in self.since(cursor, license="cc0")], [("gone", "filter")])
        self.assertEqual(self.told(self.since(cursor, license="by")), [("visible", 62)])
        self.assertEqual(self.told(self.since(cursor)), [("changed", 62)])

    def test_a_source_that_is_hidden_is_told_and_gives_nothing(self):
        api.psql(Work(71, source="behance", provider="behance").row())
        start = self.now()
        api.psql("insert into source_visibility (source, hidden) values ('Behance', true)")
        self.addCleanup(api.psql, "delete from source_visibility")
        api.psql("update image set revision = 2, title = 'New' where foreign_identifier = '71'")
        changes = self.since(start)
        self.assertEqual([one["event"] for one in changes], ["source_hidden", "gone"])
        self.assertEqual(changes[0]["source"], "Behance")
        self.assertEqual(self.since(start, source="met"), [])
        api.psql("update source_visibility set hidden = false")
        self.assertEqual([one["event"] for one in self.since(changes[-1]["cursor"])], ["source_shown"])

    def test_cursors_that_cannot_be_gone_on_from(self):
        for bad in ("x", "1.2.3", self.now().replace(".", "x")):
            self.assertEqual(self.service.ask(f"/v1/changes/?since={bad}")[0], 400, bad)
        self.assertEqual(self.service.ask("/v1/changes/?since=" + "f" * 12 + ".1.1")[0], 410)
        epoch = self.now().split(".")[0]
        self.assertEqual(self.service.ask(f"/v1/changes/?since={epoch}.1.0")[0], 410)
        start = self.now()
        api.psql(Work(81).row() + Work(82).row())
        told = self.since(start)
        # What is older than 30 days is forgotten; the newest stay.
        api.psql(f"update work_change set changed_at = now() - interval '31 days' where (xid, number) <= ('{told[0]['cursor'].split('.')[1]}'::xid8, "
                 f"{told[0]['cursor'].split('.')[2]})")
        while api.psql("select forget_work_changes('30 days', 10)") != "0":
            pass
        self.assertEqual(self.told(self.since(told[0]["cursor"])), [("visible", 82)])
        self.assertEqual(self.service.ask(f"/v1/changes/?since={start}")[0], 410)
        self.assertEqual(self.told(follow(self.service.address, None)[0])[:1], [("visible", 82)])

    def test_events(self):
        start = self.now()
        connection = http.client.HTTPConnection(self.service.address, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", f"/v1/changes/?since={start}", headers={"Accept": "text/event-stream"})
        reply = connection.getresponse()
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "text/event-stream"))
        self.assertEqual(reply.headers["Access-Control-Allow-Origin"], "*")

        def event() -> dict:
            fields = {}
            while line := reply.readline().decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name] = value
            return fields

        self.assertEqual(event(), {"retry": "3000", "id": start})
        api.psql(Work(91).row())
        got = event()
        self.assertEqual((got["event"], json.loads(got["data"])["id"]), ("visible", identifier(91)))
        api.psql("update image set revision = 2, status = 'removed_at_source', source = null where foreign_identifier = '91'")
        last = event()
        self.assertEqual((last["event"], json.loads(last["data"])["reason"]), ("gone", "removed_at_source"))
        connection.close()
        # Where it broke off it goes on, as browsers do.
        api.psql(Work(92).row())
        again = http.client.HTTPConnection(self.service.address, timeout=30)
        self.addCleanup(again.close)
        again.request("GET", "/v1/changes/", headers={"Accept": "text/event-stream", "Last-Event-ID": last["id"]})
        reply = again.getresponse()
        self.assertEqual(event()["id"], last["id"])
        self.assertEqual(json.loads(event()["data"])["id"], identifier(92))

    def test_a_server_with_readers_stops(self):
        service = api.Service()
        service.wait_ready()
        connection = http.client.HTTPConnection(service.address, timeout=30)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/changes/?since=now", headers={"Accept": "text/event-stream"})
        connection.getresponse().readline()
        began = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertLess(time.monotonic() - began, 8)


def sighting(number: int, second: int = 0, **more: object) -> tuple[bytes, bytes]:
    provider = "met" if number % 3 else "smk"
    work = {"media_type": "image", "provider": provider, "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "title": f"Harbour {number}", **more}
    value = {"seen": {"fetched_at": f"2026-11-01T00:00:{second:02d}.{number:06d}Z", "run_id": "r"}, "work": work}
    return f"image:{provider}:{number}".encode(), json.dumps(value, separators=(",", ":")).encode()


def digest(work: dict) -> str:
    return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()


class MirrorCopy:
    """What somebody else makes of a dump and the feed behind it."""

    def __init__(self) -> None:
        self.works: dict[str, dict] = {}

    def take_dump(self, folder: pathlib.Path) -> str:
        manifest = json.loads((folder / "manifest.json").read_text())
        for file in manifest["files"]:
            data = (folder / file["path"]).read_bytes()
            assert len(data) == file["bytes"] and hashlib.sha256(data).hexdigest() == file["sha256"], file
            lines = subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout.splitlines()
            assert len(lines) == file["works"], file
            for work in map(json.loads, lines):
                assert (work["source"], work["media_type"]) == (file["source"], file["media_type"])
                assert work["id"] not in self.works, "a work stands in it once"
                self.works[work["id"]] = work
        assert manifest["works"] == len(self.works)
        return manifest["cursor"]

    def take(self, changes: list[dict]) -> None:
        for change in changes:
            if change["event"] in ("visible", "changed"):
                self.works[change["id"]] = change["work"]
            elif change["event"] == "gone":
                self.works.pop(change["id"], None)
            elif change["event"] == "source_hidden":
                self.works = {key: work for key, work in self.works.items() if work["source"].lower() != change["source"].lower()}

    def digests(self) -> dict[str, str]:
        return {key: digest(work) for key, work in self.works.items()}


class Mirror(unittest.TestCase):
    def setUp(self) -> None:
        self.stream = self.enterContext(Stream("mirror", partitions=2))
        self.dumps = pathlib.Path(tempfile.mkdtemp(prefix="dumps-"))
        self.addCleanup(shutil.rmtree, self.dumps, True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = "127.0.0.1:%d" % free.getsockname()[1]
        self.stream.role("api", "api", "--api-listen", self.address, FRESHET_API_DUMP_DIR=str(self.dumps))
        until(lambda: self.ask("/v1/changes/?since=now")[0] == 200, 60, "the API")

    def ask(self, path: str, **headers: str):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            with contextlib.closing(connection):
                connection.request("GET", path, headers=headers)
                reply = connection.getresponse()
                return reply.status, reply.headers, reply.read()
        except OSError:
            return 0, {}, b""

    def send(self, *sightings: tuple[bytes, bytes]) -> None:
        lines = b"".join(b"\t".join(one) + b"\n" for one in sightings)
        subprocess.run(["kcat", "-P", "-b", self.stream.brokers, "-t", self.stream.prefix + "media.raw.v1", "-K", "\t", "-H", "schema=raw/1",
                        "-X", "partitioner=murmur2"], input=lines, check=True, timeout=60)

    def catalogue(self) -> dict[str, str]:
        """By the truth: the topic says which works live in which revision, the rows what they are."""
        live = {record["identifier"]: record["revision"] for record in self.stream.catalogue().values() if record["status"] == "live"}
        rows = [json.loads(line) for line in self.stream.psql("SELECT row_to_json(w) FROM image_public w").splitlines()]
        self.assertEqual({row["id"]: row["revision"] for row in rows}, live)
        plain = {line.split("|")[0]: line.split("|")[1:] for line in
                 self.stream.psql("SELECT identifier, title, url, license, source FROM image WHERE status = 'live'").splitlines()}
        self.assertEqual({row["id"]: [row["title"], row["url"], row["license"], row["source"]] for row in rows}, plain)
        return {row["id"]: digest(row) for row in rows}

    def test_a_mirror_of_dump_and_feed_is_the_catalogue(self):
        stream = self.stream
        self.send(*(sighting(number) for number in range(1, 301)))
        stream.drain(sinks=("postgres",))
        stream.run("decide", "takedown", "image:met:4", *WHO, "--wait", "0")
        stream.drain(sinks=("postgres",))

        # A dump while works are written: the slow one reads at one moment all the same.
        writing = threading.Event()

        def write() -> None:
            for number in range(301, 361):
                self.send(sighting(number))
            self.send(*(sighting(number, title=f"Port {number}", second=1) for number in range(1, 40)))
            writing.set()
            stream.drain(sinks=("postgres",))

        writer = threading.Thread(target=write)
        writer.start()
        made = stream.json("dump", str(self.dumps), "--share", "0.3")
        writer.join()
        self.assertTrue(writing.is_set())
        self.assertEqual({(file["media_type"], file["source"]) for file in made["files"]}, {("image", "met"), ("image", "smk")})

        mirror = MirrorCopy()
        cursor = mirror.take_dump(self.dumps / made["name"])
        self.assertEqual(cursor, made["cursor"])
        changes, cursor = follow(self.address, cursor)
        mirror.take(changes)
        self.assertEqual(mirror.digests(), self.catalogue())

        # Behind it: changes, works that go and come back, new ones.
        self.send(*(sighting(number, title=f"Quay {number}", second=2) for number in range(50, 90)), *(sighting(number) for number in range(400, 420)))
        stream.drain(sinks=("postgres",))
        stream.run("decide", "takedown", "image:met:7", "image:smk:9", *WHO, "--wait", "0")
        stream.drain(sinks=("postgres",))
        stream.run("decide", "undo", "image:smk:9", *WHO, "--wait", "0")
        stream.drain(sinks=("postgres",))
        changes, cursor = follow(self.address, cursor, limit=13)
        mirror.take(changes)
        self.assertEqual(mirror.digests(), self.catalogue())
        self.assertEqual([one for one in changes if one["event"] == "gone" and "work" in one], [])

        # Read again from further back, it comes out the same.
        mirror.take(follow(self.address, made["cursor"])[0])
        self.assertEqual(mirror.digests(), self.catalogue())

        # And one that was fed by the feed alone.
        alone = MirrorCopy()
        alone.take(follow(self.address, None)[0])
        self.assertEqual(alone.digests(), self.catalogue())

    def test_dumps_are_listed_served_in_parts_and_forgotten(self):
        stream = self.stream
        self.send(*(sighting(number) for number in range(1, 61)))
        stream.drain(sinks=("postgres",))
        first = stream.json("dump", str(self.dumps), "--share", "1")
        (listed,) = json.loads(self.ask("/v1/dumps/")[2])
        self.assertEqual((listed["name"], listed["works"], listed["cursor"]), (first["name"], 60, first["cursor"]))
        for file in listed["files"]:
            path = urllib.parse.urlsplit(file["url"]).path
            status, headers, whole = self.ask(path)
            self.assertEqual((status, hashlib.sha256(whole).hexdigest(), headers["Accept-Ranges"]), (200, file["sha256"], "bytes"))
            # A download that broke off goes on.
            half = len(whole) // 2
            status, headers, tail = self.ask(path, Range=f"bytes={half}-", **{"If-Range": headers["ETag"]})
            self.assertEqual((status, whole[:half] + tail), (206, whole))
            self.assertEqual(headers["Content-Range"], f"bytes {half}-{len(whole) - 1}/{len(whole)}")
            self.assertEqual(self.ask(path, Range=f"bytes={len(whole)}-")[0], 416)
        self.assertEqual(json.loads(self.ask(urllib.parse.urlsplit(listed["manifest_url"]).path)[2]), first)
        for bad in ("x/manifest.json", f"{first['name']}/../{first['name']}/manifest.json", f"{first['name']}/image/none.jsonl.zst", "%2e%2e/etc/passwd"):
            self.assertEqual(self.ask("/v1/dumps/" + bad)[0], 404, bad)
        time.sleep(1.1)
        # What a dump that was killed left behind goes; what is no dump stays, whatever it holds.
        for other in ("20200101T000000Z.part", "nightly"):
            (self.dumps / other).mkdir()
            (self.dumps / other / "manifest.json").write_text("{}")
        second = stream.json("dump", str(self.dumps), "--share", "1", "--keep", "1")
        self.assertFalse((self.dumps / "20200101T000000Z.part").exists())
        self.assertTrue((self.dumps / "nightly/manifest.json").exists())
        self.assertEqual([dump["name"] for dump in json.loads(self.ask("/v1/dumps/")[2])], [second["name"]])
        self.assertFalse((self.dumps / first["name"]).exists())
        (self.dumps / "plain").write_text("")
        stream.run("dump", str(self.dumps / "plain"), expect=2)
        # What policy hides is in no dump, whatever the case of its letters.
        source = second["files"][0]["source"]
        rule = json.dumps({"sources": [{"name": source.upper(), "media_types": ["image", "audio"], "hidden": True}]})
        stream.psql(f"insert into policy_rule values ('sources', 1, '{rule}') on conflict (rule) do update set value = excluded.value")
        time.sleep(1.1)
        hidden = stream.json("dump", str(self.dumps), "--share", "1")
        self.assertEqual([file["source"] for file in hidden["files"]], [file["source"] for file in second["files"] if file["source"] != source])
        with open(self.dumps / ".lock") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            stream.run("dump", str(self.dumps), expect=1)

    def test_tables_that_are_made_anew_begin_the_feed_anew(self):
        stream = self.stream
        self.send(*(sighting(number) for number in range(1, 31)))
        stream.drain(sinks=("postgres",))
        _, old = follow(self.address, None)
        stream.run("rebuild", "postgres", timeout=240)
        self.assertEqual(self.ask("/v1/changes/?since=" + old)[0], 410, "nobody was told what the filling wrote")
        mirror = MirrorCopy()
        cursor = mirror.take_dump(self.dumps / stream.json("dump", str(self.dumps), "--share", "1")["name"])
        self.send(*(sighting(number, title=f"New {number}", second=1) for number in range(1, 11)), sighting(40))
        stream.drain(sinks=("postgres",))
        changes, _ = follow(self.address, cursor)
        self.assertGreaterEqual(len([one for one in changes if one["event"] == "changed"]), 10)
        mirror.take(changes)
        self.assertEqual(mirror.digests(), self.catalogue())

    def test_freshness_says_what_lag_says(self):
        self.send(*(sighting(number) for number in range(1, 41)))

        def same() -> bool:
            status, _, body = self.ask("/v1/freshness/")
            if status != 200:
                return False
            said = json.loads(body)
            lag = self.stream.json("lag", "--over", "0")
            groups = {one["group"]: one for one in (lag if isinstance(lag, list) else lag["groups"])}
            for stage in said["stages"]:
                measured = groups[stage["stage"]]
                if stage["records"] != measured["lag_records"] or abs(stage["seconds"] - measured["lag_seconds"]) > 12:
                    return False
            unread = next(stage for stage in said["stages"] if stage["stage"] == "process.catalogue")
            return unread["records"] == 40 and {one["source"]: one["records"] for one in unread["sources"]} == {"met": 27, "smk": 13} \
                and said["seconds"] > 0

        until(same, 60, "freshness to be what lag is", every=1)
        self.stream.drain(sinks=("postgres", "elasticsearch"))
        until(lambda: all(stage["records"] == 0 for stage in json.loads(self.ask("/v1/freshness/")[2])["stages"]
                          if stage["stage"] in ("process.catalogue", "sink.postgres", "sink.elasticsearch")), 60, "nothing to be unread", every=1)


if __name__ == "__main__":
    unittest.main()
