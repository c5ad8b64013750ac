"""Three brokers, as the defaults ask for (replication 3, two in sync), of which one after another is killed.

A cluster of its own (scripts/stack --brokers 3), beside the PostgreSQL and Elasticsearch of the others. Brokers die
by kill -9 while sightings flow: the generator must end with exit 0, processor and sinks must not end at all, and
what comes out must be what was put in.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from stream import SOURCE, Stream, identifier, until

WORKS = 6000
RATE = 600
STARTED = time.monotonic()


def say(text: str) -> None:
    print(f"  {time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


class Brokers:
    """Three Kafka nodes in a folder of their own; use as a context manager, which points the environment at them."""

    NODES = ("kafka", "kafka2", "kafka3")

    def __enter__(self) -> "Brokers":
        # Short and readable for the user that services run as.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-brokers-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.before = dict(os.environ)
        try:
            self.stack("up", "kafka", "--brokers", "3", "--free-ports")
        except BaseException:
            self.__exit__()
            raise
        for line in (self.folder / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            if name.startswith("FRESHET_KAFKA_"):
                os.environ[name] = value
        return self

    def __exit__(self, *_) -> None:
        for node in self.NODES:
            with contextlib.suppress(OSError, ValueError):
                self.kill(node)
        self.stack("down", "kafka", "--purge", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.environ.clear()
        os.environ.update(self.before)

    def stack(self, *arguments: str, check: bool = True) -> None:
        subprocess.run([SOURCE / "scripts/stack", *arguments, "--work-dir", self.folder], check=check, timeout=150, stdout=subprocess.DEVNULL)

    def kill(self, node: str) -> None:
        os.kill(int((self.folder / f"{node}.pid").read_text()), signal.SIGKILL)


class OneBrokerDies(unittest.TestCase):
    def test_nothing_is_lost_and_nobody_ends(self):
        with Brokers() as brokers, Stream("brokers") as stream:
            say("three brokers are up")
            roles = [stream.process("one", "--loops", "2"), stream.role("sink-postgres", "sink", "postgres"),
                     stream.role("sink-elasticsearch", "sink", "elasticsearch")]
            until(lambda: all("assigned" in role.log.read_text() for role in roles[1:]), 60, "the sinks' partitions")
            works = stream.folder / "works.jsonl"
            generator = stream.role("generate", "simulate", "generate", "--works", str(WORKS), "--seed", "5", "--recrawl", "0.5", "--dirty", "0", "--media", "image,audio",
                                    "--rate", str(RATE), "--truth-works", str(works))
            for node in ("kafka2", "kafka"):
                time.sleep(3)
                brokers.kill(node)
                say(f"{node} is killed")
                time.sleep(1)
                brokers.stack("up", "kafka")
                say(f"{node} is back")
            self.assertEqual(generator.wait(90), 0, generator.log.read_text()[-2000:])
            say("all is generated")
            expected = {}
            for line in works.read_text().splitlines():
                work = json.loads(line)
                expected[work["key"]] = work
            until(lambda: self.stored(stream) >= len(expected), 90, "every work in both stores", every=1)
            say("all is stored")
            self.assertEqual([role.name for role in roles if not role.running()], [])
            catalogue = stream.catalogue()
            self.assertEqual(set(catalogue), set(expected))
            self.assertEqual({key: record["work"]["title"] for key, record in catalogue.items()}, {key: work["title"] for key, work in expected.items()})
            live = {identifier(key) for key, record in catalogue.items() if record["status"] == "live"}
            until(lambda: stream.live_rows() == live, 30, "PostgreSQL as the catalogue", every=1)
            until(lambda: set(stream.documents(live=True)) == live, 30, "Elasticsearch as the catalogue", every=1)
            for role in roles:
                self.assertEqual(role.stop(), 0, role.name)
            say("all has ended well")

    @staticmethod
    def stored(stream: Stream) -> int:
        rows = int(stream.psql("SELECT (SELECT count(*) FROM image) + (SELECT count(*) FROM audio)"))
        return min(rows, len(stream.documents()))


if __name__ == "__main__":
    unittest.main()
