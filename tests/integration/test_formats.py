"""What earlier releases left behind, read by the present binary: topics, tables, and the state of a processor.

tests/fixtures/formats/ has a folder for each format that was released: every record of every topic, a dump of the
database, and a state directory, of the same few works. The topics are filled with the records, the database with the
dump, the state is put in its place; then everything runs. It must be known what was known: the same sightings again
write nothing, and the stores hold what the catalogue holds.

usage: test_formats.py [--record NAME]        records the present formats as a new folder
"""

import base64
import gzip
import json
import pathlib
import subprocess
import sys
import tarfile
import unittest

from stream import SOURCE, Stream, identifier

FORMATS = SOURCE / "tests/fixtures/formats"
TOPICS = [one["name"] for one in json.loads((SOURCE / "schemas/topics.json").read_text())["topics"]]
PARTITIONS = 2


def pg_dump(stream: Stream) -> str:
    return subprocess.run(["pg_dump", "--no-owner", "--no-privileges", "--inserts", stream.dsn], capture_output=True, text=True, check=True, timeout=60).stdout


def encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def record(name: str) -> None:
    folder = FORMATS / name
    with Stream("record", partitions=PARTITIONS) as stream:
        stream.run("simulate", "generate", "--works", "12", "--seed", "3", "--recrawl", "0.5", "--dirty", "0.1", "--media", "image,audio")
        stream.produce_raw(b"image:met:1", b"{broken")
        stream.drain(processor=True)
        a_work = stream.psql("SELECT identifier FROM image WHERE status = 'live' ORDER BY 1 LIMIT 1")
        stream.run("decide", "takedown", a_work, "--why", "a fixture", "--by", "somebody", "--wait", "0")
        stream.drain(processor=True)
        folder.mkdir(parents=True)
        with gzip.GzipFile(folder / "topics.jsonl.gz", "wb", mtime=0) as out:
            for topic in TOPICS:
                for one in stream.read(topic):
                    line = {"topic": topic, "partition": one.partition, "key": encoded(one.key), "value": encoded(one.value), "headers": one.headers}
                    out.write(json.dumps(line).encode() + b"\n")
        # Names of this recording are no part of the format.
        dump = pg_dump(stream).replace(stream.prefix, "@PREFIX@").replace(stream.database, "@DATABASE@")
        with gzip.GzipFile(folder / "tables.sql.gz", "wb", mtime=0) as out:
            out.write(dump.encode())
        with tarfile.open(folder / "state.tar.gz", "w:gz") as tar:
            for file in sorted((stream.folder / "state/one").rglob("*")):
                if file.name not in ("LOG", "LOCK") and not file.name.startswith("LOG.old"):
                    tar.add(file, file.relative_to(stream.folder / "state"), recursive=False)


class EarlierFormats(unittest.TestCase):
    def test_each_is_read_or_rebuilt(self):
        recorded = sorted(folder for folder in FORMATS.iterdir() if folder.is_dir())
        self.assertTrue(recorded)
        for folder in recorded:
            with self.subTest(folder.name), Stream("formats", partitions=PARTITIONS) as stream:
                self.bring_in(stream, folder)
                self.look(stream)

    def bring_in(self, stream: Stream, folder: pathlib.Path) -> None:
        # The database as it was then, in place of the one of this test.
        stream.psql(f'DROP DATABASE "{stream.database}"', dsn=stream.admin_dsn)
        stream.psql(f'CREATE DATABASE "{stream.database}"', dsn=stream.admin_dsn)
        dump = gzip.decompress((folder / "tables.sql.gz").read_bytes()).decode().replace("@PREFIX@", stream.prefix).replace("@DATABASE@", stream.database)
        # Where the sink was in topics that are gone: those of this test are others.
        loaded = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", stream.dsn], input=dump + "\nDELETE FROM public.sink_offsets;", capture_output=True, text=True, timeout=60)
        self.assertEqual(loaded.returncode, 0, loaded.stderr)
        self.assertTrue(stream.live_rows())
        stream.run("schema", "apply")
        with tarfile.open(folder / "state.tar.gz") as tar:
            tar.extractall(stream.folder / "state")
        for line in gzip.decompress((folder / "topics.jsonl.gz").read_bytes()).splitlines():
            self.send(stream, json.loads(line))

    @staticmethod
    def send(stream: Stream, one: dict) -> None:
        command = ["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + one["topic"], "-p", str(one["partition"]), "-X", "linger.ms=0"]
        for name, value in one["headers"].items():
            command += ["-H", f"{name}={value}"]
        if one["key"] is not None:
            command += ["-k", base64.b64decode(one["key"]).decode("utf-8", "surrogateescape")]
        if one["value"] is None:
            # kcat sends an empty value as none where it is told so.
            subprocess.run([*command, "-Z"], input=b"", check=True, timeout=60)
            return
        file = stream.folder / "value"
        file.write_bytes(base64.b64decode(one["value"]))
        subprocess.run([*command, str(file)], check=True, timeout=60)

    def look(self, stream: Stream) -> None:
        before = stream.catalogue()
        records = len(stream.read("media.catalog.v1"))
        # The group has no offsets here, so every sighting and every decision is taken again.
        stream.drain(processor=True)
        self.assertEqual(len(stream.read("media.catalog.v1")), records, "records were written for what was known")
        self.assertEqual(stream.catalogue(), before)
        live = {identifier(key) for key, one in before.items() if one["status"] == "live"}
        self.assertTrue(live)
        self.assertIn("blocked", {one["status"] for one in before.values()})
        self.assertEqual(stream.live_rows(), live)
        self.assertEqual(set(stream.documents(live=True)), live)
        self.assertGreaterEqual(len(stream.json("dead-letter", "list")), 1)
        # And it goes on: what is new becomes a work.
        stream.run("simulate", "generate", "--works", "5", "--seed", "99", "--dirty", "0", "--media", "image")
        stream.drain(processor=True)
        after = stream.catalogue()
        self.assertGreater(len(after), len(before))
        self.assertEqual(stream.live_rows(), {identifier(key) for key, one in after.items() if one["status"] == "live"})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--record"]:
        record(sys.argv[2])
    else:
        unittest.main()
