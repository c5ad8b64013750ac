"""Disks that are full, an index that takes no writes, clocks that are two hours off: what happens, and that all recovers.

On a stack of its own, whose Kafka and PostgreSQL lie on volumes in memory that the test fills up. Nothing may be lost;
processor and sinks must not end; when there is room again, all goes on by itself.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from stream import BINARY, SOURCE, Stream, until

STARTED = time.monotonic()
OTHER_CLOCK = os.environ.get("OTHER_CLOCK_LIBRARY", str(SOURCE / "build/dev/tests/support/libother_clock.so"))
TWO_HOURS = 7200


def say(text: str) -> None:
    print(f"  {time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


class Volume:
    """A small volume in memory, and what fills it up."""

    def __init__(self, folder: pathlib.Path, megabytes: int):
        folder.mkdir(parents=True)
        self.folder = folder
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", folder], check=True)

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 65536):
                pass

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()

    def close(self) -> None:
        subprocess.run(["umount", "-l", self.folder], check=False)


class OwnStack:
    """Kafka and PostgreSQL on such volumes; use as a context manager, which points the environment at it."""

    def __enter__(self) -> "OwnStack":
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-disks-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.before = dict(os.environ)
        self.volumes: dict[str, Volume] = {}
        try:
            self.volumes["kafka"] = Volume(self.folder / "kafka", 120)
            self.volumes["postgres"] = Volume(self.folder / "postgres", 300)
            self.up()
        except BaseException:
            self.__exit__()
            raise
        for line in (self.folder / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            os.environ[name] = value.strip("'")
        return self

    def __exit__(self, *_) -> None:
        subprocess.run([SOURCE / "scripts/stack", "down", "--work-dir", self.folder], timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for volume in self.volumes.values():
            volume.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.clear()
        os.environ.update(self.before)

    def up(self) -> None:
        """Also starts again what has ended, as a supervisor does."""
        subprocess.run([SOURCE / "scripts/stack", "up", "--free-ports", "--work-dir", self.folder], check=True, timeout=150, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@unittest.skipIf(os.geteuid() != 0 and os.environ.get("CI") != "true", "only root can mount a volume")
class WhatIsFullOrWrong(unittest.TestCase):
    maxDiff = None  # what a role said last, whole

    @classmethod
    def setUpClass(cls):
        cls.stack = cls.enterClassContext(OwnStack())
        cls.stream = cls.enterClassContext(Stream("disks", partitions=2))
        cls.roles = [cls.stream.process("one", "--loops", "1"), cls.stream.role("sink-postgres", "sink", "postgres"), cls.stream.role("sink-elasticsearch", "sink", "elasticsearch")]
        cls.works = 0
        for role in cls.roles:
            until(lambda role=role: '"metrics_served"' in role.log.read_text() and "ready" in cls.reason(role).split(), 120, f"{role.name} to be ready")
        say("the roles run")

    def setUp(self):
        self.addCleanup(lambda: self.assertEqual({role.name: role.log.read_text(errors="replace").splitlines()[-5:] for role in self.roles if not role.running()},
                                                 {}, "no role may end"))

    def generate(self, seed: int, works: int = 1500, expect: int | None = 0) -> int:
        return self.stream.run("simulate", "generate", "--works", str(works), "--seed", str(seed), "--dirty", "0", "--media", "image", expect=expect, timeout=120).returncode

    def rows(self) -> int:
        return int(self.stream.psql("SELECT count(*) FROM image"))

    def documents(self) -> int:
        self.stream.http("POST", f"/{self.stream.index_prefix}image-write/_refresh")
        return json.loads(self.stream.http("GET", f"/{self.stream.index_prefix}image-write/_count")[1])["count"]

    def catalogue(self) -> int:
        return len({record.key for record in self.stream.scan("media.catalog.v1")})

    def both_stores_hold_all(self, timeout: float = 120) -> None:
        def equal() -> bool:
            with contextlib.suppress(AssertionError, KeyError, urllib.error.URLError):
                return self.rows() == self.documents() == self.catalogue()
            return False

        def is_read() -> bool:
            self.supervise()
            return self.stream.run("lag", "--wait", "1", expect=None).returncode == 0

        until(is_read, timeout, "no lag", every=1)
        until(equal, timeout, "both stores as the catalogue", every=1)

    def supervise(self) -> None:
        """Starts a processor again that never heard what became of its commit, which is how it is meant to go on
        (docs/state-and-restore.md). A busy machine can do that to it; nothing else may end a role."""
        for role in self.roles:
            if not role.running() and "the outcome of a commit is unknown" in role.log.read_text(errors="replace").splitlines()[-1]:
                say(f"{role.name} starts again: it did not hear of its commit")
                role.start()

    @staticmethod
    def reason(role) -> str:
        """What a role says of itself at /readyz."""
        address = next(json.loads(line)["address"] for line in role.log.read_text().splitlines() if '"metrics_served"' in line)
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=10) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def test_1_postgres_has_no_room(self):
        self.generate(1)
        self.both_stores_hold_all()
        before = self.rows()
        volume = self.stack.volumes["postgres"]
        volume.fill()
        self.generate(2, works=2_500)
        reason = until(lambda: next((text for text in [self.reason(self.roles[1])] if "ready" not in text.split()), None), 120, "the sink to say why it waits", every=0.5)
        say(f"the sink says: {reason.strip()}")
        until(lambda: self.documents() >= before + 2_000, 120, "the other sink to go on", every=0.5)
        volume.make_room()
        self.stack.up()  # PostgreSQL may have ended
        self.both_stores_hold_all()
        say("PostgreSQL has room again, and all is there")

    def test_2_the_index_takes_no_writes(self):
        index = f"/{self.stream.index_prefix}image-write"
        before = self.documents()
        # What Elasticsearch does itself when a disk is at its flood stage.
        self.assertEqual(self.stream.http("PUT", index + "/_settings", {"index.blocks.read_only_allow_delete": True})[0], 200)
        self.generate(3)
        until(lambda: self.rows() > before, 120, "the other sink to go on", every=0.5)
        reason = until(lambda: next((text for text in [self.reason(self.roles[2])] if "ready" not in text.split()), None), 120, "the sink to say why it waits", every=0.5)
        say(f"the sink says: {reason.strip()}")
        self.assertEqual(self.stream.http("PUT", index + "/_settings", {"index.blocks.read_only_allow_delete": None})[0], 200)
        self.both_stores_hold_all()
        self.assertEqual([record for record in self.stream.read("media.dead-letter.v1")], [])
        say("the index takes writes again, and all is there")

    def test_3_the_broker_has_no_room(self):
        volume = self.stack.volumes["kafka"]
        volume.fill()
        producer = self.stream.role("generate", "simulate", "generate", "--works", "8000", "--seed", "4", "--dirty", "0", "--media", "image")
        until(lambda: subprocess.run([SOURCE / "scripts/stack", "status", "kafka", "--work-dir", self.stack.folder], stdout=subprocess.DEVNULL).returncode != 0, 120,
              "the broker to give up", every=0.5)
        say("the broker has ended")
        volume.make_room()
        self.stack.up()
        producer.stop()
        # What it had not got rid of: the same again, of which what is known is unchanged.
        self.generate(4, works=8_000)
        self.both_stores_hold_all()
        self.assertGreaterEqual(self.rows(), 8_000)
        say("the broker has room again, and all is there")

    def test_4_clocks_are_two_hours_off(self):
        stream = self.stream
        processor = self.roles[0]
        simulator = subprocess.Popen([BINARY, "simulate", "providers", "--works", "40"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: (simulator.kill(), simulator.stdout.close(), simulator.wait()))
        mirror = simulator.stdout.readline().strip()
        environment = dict(processor.environment)
        for offset in (TWO_HOURS, -TWO_HOURS):
            self.assertEqual(processor.stop(), 0)
            processor.environment = {**environment, "LD_PRELOAD": OTHER_CLOCK, "OTHER_CLOCK_SECONDS": str(offset)}
            processor.start()
            before = self.catalogue()
            self.generate(10 if offset > 0 else 11, works=300)
            self.both_stores_hold_all()
            self.assertGreater(self.catalogue(), before)
            say(f"a processor at {offset:+} s: all is there")
        self.assertEqual(processor.stop(), 0)
        processor.environment = environment
        processor.start()
        before = self.catalogue()
        # Behind: what it saw is older than it is, which changes nothing for works that nobody else saw.
        for offset, provider in ((-TWO_HOURS, "science_museum"), (TWO_HOURS, "metropolitan_museum")):
            stream.run("produce", provider, "--limit", "10", FRESHET_HTTP_MIRROR=mirror, LD_PRELOAD=OTHER_CLOCK, OTHER_CLOCK_SECONDS=str(offset), timeout=60)
        self.both_stores_hold_all()
        # A made-up provider has a broken record now and then, too.
        put_aside = [one for one in stream.read("media.dead-letter.v1") if one.headers["dl.reason"] == "future_time"]
        self.assertGreaterEqual(len(put_aside), 5)
        self.assertTrue(all(json.loads(one.value)["work"]["provider"] == "met" for one in put_aside), "whole, and no other's")
        self.assertGreater(self.catalogue(), before, "what a clock that is behind saw is taken")
        say(f"a producer two hours ahead: its {len(put_aside)} sightings are put aside whole")


if __name__ == "__main__":
    unittest.main()
