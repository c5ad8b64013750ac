"""A cluster as the defaults expect it: three brokers (replication 3, two in sync), three processors, two of each sink.

While sightings flow, the leader of a partition of the catalogue and the coordinator of the processors' group are killed,
a broker is away for a while, and every broker and every role is restarted in turn. Nothing may be lost, nothing may be
counted twice, no role may end unasked. The long form (scripts/chaos --cluster) does it again and again, and measures
for how long nothing arrived in the stores at most.

usage: test_cluster.py [--rounds N] [--works N] [--rate N] [--most-stall SECONDS]
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

import test_brokers
from stream import Stream, identifier, until
from test_brokers import Brokers, say

SETTINGS = {"rounds": 1, "works": 6000, "rate": 250, "most_stall": None}


def group_partition(group: str, partitions: int = 8) -> int:
    """The partition of __consumer_offsets whose leader coordinates a group: Java's hash of its name."""
    code = 0
    for letter in group:
        code = (31 * code + ord(letter)) & 0xFFFFFFFF
    return (code & 0x7FFFFFFF) % partitions


class Watcher:
    """Counts rows again and again: for how long none came at most, while there was work to do."""

    def __init__(self, stream: Stream):
        self.stream, self.longest, self.ended = stream, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self) -> None:
        newest, since = "", time.monotonic()
        while not self.ended.wait(0.5):
            seen = self.stream.psql("SELECT max(revision) FROM image")
            now = time.monotonic()
            self.longest = max(self.longest, now - since)
            if seen != newest:
                newest, since = seen, now

    def end(self) -> float:
        self.ended.set()
        self.thread.join()
        return self.longest


class Cluster(unittest.TestCase):
    def leader(self, topic: str, partition: int) -> str:
        """The node that leads a partition, by the name of its process."""
        listing = json.loads(subprocess.run(["kcat", "-L", "-J", "-b", self.stream.brokers, "-t", topic], capture_output=True, check=True, timeout=60).stdout)
        found = next(one["leader"] for one in listing["topics"][0]["partitions"] if one["partition"] == partition)
        return Brokers.NODES[found - 1]

    def kill_and_bring_back(self, node: str, what: str, away: float = 0) -> None:
        self.brokers.kill(node)
        say(f"{node}, {what}, is killed")
        time.sleep(away)
        self.brokers.stack("up", "kafka")
        say(f"{node} is back")

    def restart_brokers(self) -> None:
        for node in Brokers.NODES:
            os.kill(int((self.brokers.folder / f"{node}.pid").read_text()), signal.SIGTERM)
            until(lambda node=node: not self.runs(node), 60, f"{node} to stop")
            self.brokers.stack("up", "kafka")
            say(f"{node} is restarted")

    def runs(self, node: str) -> bool:
        return subprocess.run(["kill", "-0", (self.brokers.folder / f"{node}.pid").read_text().split()[0]], stderr=subprocess.DEVNULL).returncode == 0

    def restart_roles(self) -> None:
        for role in self.roles:
            self.assertEqual(role.stop(60), 0, role.name)
            role.start()
        say("every role is restarted")

    def test_nothing_is_lost_and_nothing_is_twice(self):
        with Brokers() as self.brokers, Stream("cluster", partitions=6) as self.stream:
            stream = self.stream
            self.roles = [stream.process(name, "--loops", "1", "--state-dir", str(stream.folder / name)) for name in ("a", "b", "c")]
            self.roles += [stream.role(f"sink-{kind}-{name}", "sink", kind, "--process-instance", name) for kind in ("postgres", "elasticsearch") for name in ("a", "b")]
            say("the roles run")
            works = stream.folder / "works.jsonl"
            generator = stream.role("generate", "simulate", "generate", "--works", str(SETTINGS["works"]), "--seed", "7", "--recrawl", "0.5", "--dirty", "0", "--media", "image",
                                    "--rate", str(SETTINGS["rate"]), "--truth-works", str(works))
            until(lambda: stream.psql("SELECT count(*) FROM image") != "0", 60, "the first work", every=0.5)
            watcher = Watcher(stream)
            for _ in range(SETTINGS["rounds"]):
                self.kill_and_bring_back(self.leader(stream.prefix + "media.catalog.v1", 0), "leader of a partition of the catalogue")
                self.kill_and_bring_back(self.leader("__consumer_offsets", group_partition(stream.prefix + "process.catalogue")), "coordinator of the processors", away=5)
                self.restart_roles()
                if SETTINGS["rounds"] > 1:  # takes half a minute
                    self.restart_brokers()
            lag = {one["group"]: one for one in stream.json("lag")}
            self.assertTrue(all(one["lag_records"] >= 0 for one in lag.values()), lag)
            self.assertEqual(generator.wait(600), 0, generator.log.read_text()[-2000:])
            stall = watcher.end()
            say(f"all is generated; the longest time without a new row was {stall:.1f} s")
            expected = {work["key"]: work for work in map(json.loads, works.read_text().splitlines())}
            until(lambda: test_brokers.OneBrokerDies.stored(stream) >= len(expected), 120, "every work in both stores", every=1)
            self.assertEqual([role.name for role in self.roles if not role.running()], [])
            self.compare(expected)
            for role in self.roles:
                self.assertEqual(role.stop(60), 0, role.name)
            if SETTINGS["most_stall"] is not None:
                self.assertLessEqual(stall, SETTINGS["most_stall"])
            say("all has ended well")

    def compare(self, expected: dict[str, dict]) -> None:
        stream = self.stream
        history: dict[str, list[dict]] = {}
        for record in stream.read("media.catalog.v1"):
            history.setdefault(record.key.decode(), []).append(record.json)
        self.assertEqual(set(history), set(expected), "each work once, and no other")
        for key, records in history.items():
            revisions = [record["revision"] for record in records]
            self.assertEqual(revisions, sorted(revisions), key)
            self.assertEqual(records[-1]["work"]["title"], expected[key]["title"])
        live = {identifier(key) for key, records in history.items() if records[-1]["status"] == "live"}
        until(lambda: stream.live_rows() == live, 60, "PostgreSQL as the catalogue", every=1)
        until(lambda: set(stream.documents(live=True)) == live, 60, "Elasticsearch as the catalogue", every=1)
        # Each sighting was counted once, in the transaction that made something of it.
        raw = sum(1 for _ in stream.scan("media.raw.v1"))
        until(lambda: stream.run("stats", "--check", expect=None).returncode == 0, 60, "the sums to agree", every=1)
        self.assertEqual(sum(one["received"] for one in stream.json("stats")["processed"].values()), raw)
        until(lambda: all(one["lag_records"] == 0 for one in stream.json("lag") if one["group"] != "sink.usage"), 60, "no lag", every=1)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    for name in list(SETTINGS):
        flag = "--" + name.replace("_", "-")
        if flag in arguments:
            at = arguments.index(flag)
            SETTINGS[name] = int(arguments[at + 1])
            del arguments[at:at + 2]
    unittest.main(argv=[sys.argv[0], *arguments])
