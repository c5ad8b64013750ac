"""The commands of operate/ as an operator has them: exit codes, JSON and what they leave on the broker."""

import json
import subprocess
import time
import unittest

from stream import BINARY, Stream


def put(stream: Stream, topic: str, key: str, value: bytes, **headers: str) -> None:
    command = ["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + topic, "-k", key, "-p", "0", "-D", "\x01"]
    for name, text in headers.items():
        command += ["-H", f"{name.replace('__', '.')}={text}"]
    subprocess.run(command, input=value, check=True, timeout=60)


class Operate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("operate", partitions=2))

    def test_topics_differ_only_when_they_do(self):
        self.assertEqual(self.stream.json("topics", "diff"), [])
        differences = self.stream.json("topics", "diff", expect=3, FRESHET_KAFKA_PARTITIONS="3")
        self.assertIn({"topic": self.stream.prefix + "media.raw.v1", "what": "partitions", "wanted": "3", "found": "2"}, differences)
        self.assertTrue(all(not one["created"] for one in self.stream.json("topics", "create")))
        described = {one["topic"]: one for one in self.stream.json("topics", "describe")}
        self.assertEqual(described[self.stream.prefix + "media.catalog.v1"]["configs"]["cleanup.policy"], "compact")

    def test_topics_are_deleted_only_on_purpose(self):
        self.stream.run("topics", "delete", expect=3)
        self.stream.run("topics", "delete", "--yes", "__consumer_offsets", expect=3)
        self.assertEqual(self.stream.json("topics", "diff"), [])

    def test_what_prints_again_and_again_ends_when_nobody_reads(self):
        for command in (("stats", "--watch", "--line"), ("stats", "--watch"), ("lag", "--watch", "--json")):
            with self.subTest(command):
                # The next round would be in an hour: it is not a write that tells that the reader is gone.
                child = subprocess.Popen([BINARY, *command, "--every", "3600"], env=self.stream.environment(),
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                try:
                    self.assertNotEqual(child.stdout.readline(), "")
                    child.stdout.close()
                    self.assertEqual(child.wait(30), 1)
                    self.assertIn("standard output", child.stderr.read().splitlines()[-1])
                finally:
                    child.kill()
                    child.wait()
                    child.stderr.close()

    def test_output_that_cannot_be_written_is_a_failure(self):
        for command in (("topics", "describe"), ("dead-letter", "list"), ("policy", "show"), ("schema", "status"), ("lag",), ("stats",),
                        ("produce", "--list"), ("config", "show"), ("config", "docs"), ("completion", "bash"),
                        ("simulate", "generate", "--works", "10", "--stdout")):
            with self.subTest(command), open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *command], env=self.stream.environment(), stdout=full, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(b"standard output", done.stderr.splitlines()[-1])

    def test_a_broker_that_is_away_is_exit_2(self):
        for command in (("lag",), ("stats",), ("topics", "diff"), ("dead-letter", "list"), ("replay", "sink.postgres", "--from-start")):
            with self.subTest(command):
                done = self.stream.run(*command, expect=2, FRESHET_KAFKA_BROKERS="127.0.0.1:1")
                self.assertIn(b"127.0.0.1:1", done.stderr.splitlines()[-1])
                self.assertEqual(done.stdout, b"")

    def test_dead_letters_are_listed_and_shown_whole(self):
        value = b'{"broken": \xff\x00\r\n  '
        for reason in ("invalid_value", "too_large"):
            put(self.stream, "media.dead-letter.v1", "image:met:1", value, dl__step="process.catalogue", dl__reason=reason, dl__topic="media.raw.v1",
                dl__partition="1", dl__offset="42", dl__time="2026-11-21T00:20:51.256Z", schema="raw/1")
        listed = self.stream.json("dead-letter", "list")
        self.assertEqual([one["reason"] for one in listed], ["too_large", "invalid_value"], "newest first")
        self.assertEqual(len(self.stream.json("dead-letter", "list", "--reason", "too_large")), 1)
        self.assertEqual(len(self.stream.json("dead-letter", "list", "--limit", "1")), 1)
        self.assertEqual(listed[0]["size_bytes"], len(value))
        where = [str(listed[0]["partition"]), str(listed[0]["offset"])]
        self.assertEqual(self.stream.run("dead-letter", "show", *where, "--value").stdout, value)
        shown = self.stream.run("dead-letter", "show", *where).stdout
        self.assertIn(b"dl.reason: too_large\n", shown)
        self.assertIn(b"schema: raw/1\n", shown)
        self.assertIn(value, shown)
        self.stream.run("dead-letter", "show", where[0], "4711", expect=1)
        self.stream.run("dead-letter", "show", "99", "0", expect=1)

    def test_lag_of_a_group_that_never_ran(self):
        for number in range(5):
            self.stream.produce_raw(f"image:met:{number}".encode(), b"{}")
        time.sleep(1.1)
        (group,) = self.stream.json("lag", "--group", "process.catalogue")
        self.assertEqual(group["lag_records"], 5)
        self.assertGreater(group["lag_seconds"], 1)
        self.assertEqual(sum(one["lag_records"] for one in group["partitions"]), 5)
        self.stream.run("lag", "--group", "process.catalogue", "--wait", "1", expect=1)
        self.stream.run("replay", "process.catalogue", "--to-time", "2199-01-01T00:00:00Z")
        (group,) = self.stream.json("lag", "--group", "process.catalogue", "--wait", "1")
        self.assertEqual((group["lag_records"], group["lag_seconds"], group["state"]), (0, 0.0, "Empty"))
        self.stream.run("replay", "process.catalogue", "--from-start")
        self.assertEqual(self.stream.json("lag", "--group", "process.catalogue")[0]["lag_records"], 5)

    def test_replay_is_refused_while_the_group_runs(self):
        group = self.stream.prefix + "sink.postgres"
        reader = subprocess.Popen(["kcat", "-b", self.stream.brokers, "-q", "-G", group, self.stream.prefix + "media.catalog.v1"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if self.stream.json("lag", "--group", "sink.postgres")[0]["members"] == 1:
                    break
                time.sleep(0.1)
            done = self.stream.run("replay", "sink.postgres", "--from-start", "--wait", "0", expect=3)
            self.assertIn(b"members", done.stderr)
            self.assertEqual(self.stream.psql("SELECT count(*) FROM sink_offsets"), "0", "refused before anything was done")
        finally:
            reader.terminate()
            reader.wait(20)
        moved = self.stream.json("replay", "sink.postgres", "--from-start")
        self.assertEqual([one["is"] for one in moved], [0, 0])
        self.assertEqual(self.stream.psql("SELECT sink, topic, partition, next_offset FROM sink_offsets ORDER BY partition").splitlines(),
                         [f"{group}|{self.stream.prefix}media.catalog.v1|{partition}|0" for partition in (0, 1)])

    def test_sums_agree_or_do_not(self):
        def total(kind: str, **counters) -> None:
            put(self.stream, "media.totals.v1", f"{kind}:met:0", json.dumps(counters).encode(), schema="totals/1")

        self.stream.run("stats", "--check")
        total("process", received=4, created=1, unchanged=2, dropped={"licence": 1}, works={"live": 0})
        total("process", received=5, created=1, unchanged=2, dropped={"licence": 2}, works={"live": 0})
        stats = self.stream.json("stats", "--check")
        self.assertEqual(stats["processed"]["met"]["received"], 5, "a later value replaces an earlier one")
        self.assertTrue(stats["agree"])
        self.assertEqual(stats["stores"]["postgres"]["live"], 0)
        away = self.stream.json("stats", FRESHET_ELASTICSEARCH_URL="http://127.0.0.1:1")
        self.assertIsNone(away["stores"]["elasticsearch"])
        self.assertFalse(away["agree"])
        total("process", received=6, created=1, unchanged=2, dropped={"licence": 2}, works={"live": 1})
        failed = self.stream.run("stats", "--check", expect=1)
        self.assertIn(b"6 records were received, 5 have an outcome", failed.stdout)
        self.assertIn(b"1 works are live, 0 in PostgreSQL", failed.stdout)


if __name__ == "__main__":
    unittest.main()
