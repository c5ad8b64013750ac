"""A drill: everything is destroyed, restored from a backup into a cluster of another size, and as it was."""

import hashlib
import json
import shutil
import subprocess
import unittest

from stream import BINARY, Stream, until

WHO = ("--by", "A. Person", "--why", "request 4711")


def sighting(number: int, **more: object) -> tuple[bytes, bytes]:
    work = {"media_type": "image", "provider": "met", "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "title": f"Harbour {number}", **more}
    value = {"seen": {"fetched_at": f"2026-11-01T00:00:00.{number:06d}Z", "run_id": "r"}, "work": work}
    return f"image:met:{number}".encode(), json.dumps(value, separators=(",", ":")).encode()


class Backup(unittest.TestCase):
    def content(self, stream: Stream) -> tuple[dict, dict, set[str]]:
        """What a reader of the stores sees of each work, revision for revision."""
        rows = stream.psql("SELECT identifier, revision, status, title FROM image UNION ALL SELECT identifier, revision, status, title FROM audio")
        decisions = stream.psql("SELECT identifier, kind, decision_id, why FROM decision")
        return stream.documents(), {line.split("|", 1)[0]: line for line in rows.splitlines()}, set(decisions.splitlines())

    def test_everything_is_destroyed_and_comes_back(self):
        with Stream("backup", partitions=2) as stream:
            # Of a provider without popularity, whose constants a restart may say anew. Some share their URL.
            lines = b"".join(b"\t".join(sighting(number, **({"url": "https://met.org/same.jpg"} if number % 20 == 0 else {}))) + b"\n"
                             for number in range(1, 301))
            subprocess.run(["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + "media.raw.v1", "-K", "\t", "-H", "schema=raw/1",
                            "-X", "partitioner=murmur2"], input=lines, check=True, timeout=60)
            stream.drain()
            stream.run("decide", "takedown", "image:met:3", *WHO, "--wait", "0")
            terms = stream.folder / "terms.txt"
            terms.write_text("harbour 2\n")
            stream.run("policy", "set", "sensitive_terms", str(terms), *WHO)
            stream.drain()
            before = self.content(stream)
            live = stream.live_rows()
            policy = stream.json("policy", "show")
            folder = stream.folder / "saved"

            # Cut short, it goes on; what is new is added; what is done is not done again.
            (folder).mkdir()
            (folder / "manifest.json").write_text('{"format":1,"began_at":"2026-11-01T00:00:00Z","finished_at":null,"topics":[]}')
            stream.run("restore", str(folder), expect=3)
            made = stream.json("backup", str(folder))
            files = {path: path.read_bytes() for path in folder.rglob("*.zst")}
            for topic in made["topics"]:
                for file in topic["files"]:
                    self.assertEqual(hashlib.sha256(files[folder / file["name"]]).hexdigest(), file["sha256"])
            counts = {topic["topic"]: topic["records"] for topic in made["topics"]}
            self.assertEqual(counts["media.catalog.v1"], len(stream.read("media.catalog.v1")))
            again = stream.json("backup", str(folder))
            self.assertEqual([topic["records"] for topic in again["topics"]], [topic["records"] for topic in made["topics"]])
            line = json.loads(subprocess.run(["zstd", "-dc", str(next(path for path in files if "catalog" in str(path)))], capture_output=True,
                                             check=True).stdout.splitlines()[0])
            self.assertEqual(set(line), {"topic", "partition", "offset", "time", "key", "value", "headers"})
            self.assertEqual(line["headers"], [["schema", "catalog/1"]])
            piped = subprocess.run([BINARY, "backup", "-"], env=stream.environment(), capture_output=True, check=True, timeout=120).stdout

            # Not into a cluster that has something, nor from a folder that is damaged.
            stream.run("restore", str(folder), expect=3)
            spoilt = stream.folder / "spoilt"
            shutil.copytree(folder, spoilt)
            victim = next(spoilt.rglob("media.catalog.v1/*.zst"))
            victim.write_bytes(victim.read_bytes()[:-1] + b"x")
            stream.settings["FRESHET_KAFKA_PARTITIONS"] = "3"
            self.destroy(stream)
            self.assertIn(b"damaged", stream.run("restore", str(spoilt), expect=1).stderr)
            self.assertEqual(stream.read("media.catalog.v1"), [], "nothing is sent before all is looked at")

            restored = stream.json("restore", str(folder))
            self.assertEqual(restored["topics"], counts)
            stream.run("restore", str(folder), expect=3)
            self.rebuilt(stream, before, live, policy)

            # The same from a pipe.
            self.destroy(stream)
            stream.run("restore", "-", stdin=piped[:-100], expect=1)
            self.destroy(stream)
            stream.run("restore", "-", stdin=piped)
            self.rebuilt(stream, before, live, policy)

    def destroy(self, stream: Stream) -> None:
        stream.delete_topics()
        until(lambda: stream.prefix not in subprocess.run(["kcat", "-L", "-b", stream.brokers], capture_output=True, text=True, timeout=60).stdout, 30,
              "the topics to be gone")
        stream.psql(f'DROP DATABASE "{stream.database}" WITH (FORCE)', dsn=stream.admin_dsn)
        stream.psql(f'CREATE DATABASE "{stream.database}"', dsn=stream.admin_dsn)
        for index in json.loads(stream.http("GET", f"/_cat/indices/{stream.index_prefix}*?format=json")[1]):
            stream.http("DELETE", "/" + index["index"])
        shutil.rmtree(stream.folder / "state", ignore_errors=True)

    def rebuilt(self, stream: Stream, before, live, policy) -> None:
        stream.run("schema", "apply")
        # The groups kept their offsets, which are of topics that are gone.
        for group in ("process.catalogue", "sink.elasticsearch", "sink.postgres"):
            stream.replay(group)
        stream.drain()
        stream.run("stats", "--check")
        after = self.content(stream)
        self.assertEqual(after[0], before[0], "documents")
        self.assertEqual(after[1], before[1], "rows")
        self.assertEqual(after[2], before[2], "decisions")
        self.assertEqual(stream.live_rows(), live)
        self.assertEqual(stream.json("policy", "show"), policy)
        # The stream goes on: known works are known, and what was taken down stays so.
        stream.produce_raw(*sighting(1))
        stream.produce_raw(*sighting(3))
        stream.drain()
        self.assertEqual(self.content(stream)[1], before[1], "seen again, unchanged")


if __name__ == "__main__":
    unittest.main()
