"""The four files of iNaturalist, from their place to the catalogue: sums, kills, files that are not newer."""

import functools
import http.server
import json
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import time
import unittest

from stream import Stream, until

MAKE_INATURALIST = os.environ["MAKE_INATURALIST"]
PHOTOS = 60_000


class Bucket:
    """The files behind HTTP, whole: a server that knows no ranges."""

    def __init__(self, folder: pathlib.Path):
        self.hold = hold = threading.Event()  # the photos wait for it

        class Handler(http.server.SimpleHTTPRequestHandler):
            def translate_path(self, path: str) -> str:
                return str(folder / path.rsplit("/", 1)[-1])  # of a mirror: /<host>/<file>

            def do_GET(self):
                if "photos.csv" in self.path:
                    hold.wait(60)
                super().do_GET()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Inaturalist(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.files = pathlib.Path(cls.folder.name) / "files"
        cls.truth = json.loads(subprocess.check_output([MAKE_INATURALIST, str(cls.files), str(PHOTOS)]))
        # Changed long ago: what counts is whether they are newer than the last run.
        for file in cls.files.iterdir():
            os.utime(file, (1_700_000_000, 1_700_000_000))

    def state(self, stream: Stream) -> dict:
        return next(state for state in stream.json("produce", "--status") if state["command"] == "inaturalist")

    def check(self, state: dict) -> None:
        self.assertEqual(state["outcome"], "finished", state.get("error"))
        self.assertEqual((state["listed"], state["emitted"]), (self.truth["listed"], self.truth["emitted"]))
        self.assertEqual(state["dropped"], self.truth["dropped"])
        self.assertEqual(state["rejected"], self.truth["rejected"])

    def works(self, stream: Stream) -> dict[bytes, str]:
        return {record.key: json.dumps(record.json["work"], sort_keys=True)
                for record in stream.scan("media.raw.v1") if record.key.startswith(b"image:inaturalist:")}

    def test_killed_at_any_moment_it_leaves_the_same_behind(self):
        seed = random.randrange(1 << 32)
        dice = random.Random(seed)
        command = ("produce", "inaturalist", "--produce-files", f"inaturalist={self.files}")
        with self.subTest(seed=seed), Stream("inat", partitions=2) as stream:
            began = time.monotonic()
            stream.run(*command)
            took = time.monotonic() - began
            self.check(self.state(stream))
            whole = self.works(stream)
            self.assertEqual(len(whole), self.truth["emitted"])
            self.assertFalse(any((stream.folder / "state" / "produce").rglob("part.*")), "the work directory is empty again")
            letters = [record for record in stream.read("media.dead-letter.v1") if record.headers["dl.step"] == "produce.inaturalist"]
            self.assertEqual({record.headers["dl.rule"] for record in letters}, {"columns"})
            self.assertEqual(len(letters), sum(self.truth["rejected"].values()))

            # None of the files is newer: nothing is read, and nothing is said of any work.
            run_ends = sum(record.key == b"run:image:inaturalist" for record in stream.read("media.raw.v1"))
            self.assertEqual(run_ends, 2, "one in each partition")
            again = stream.run(*command)
            self.assertIn(b"nothing_is_new", again.stderr)
            state = self.state(stream)
            self.assertEqual((state["outcome"], state["emitted"]), ("finished", 0))
            self.assertEqual(sum(record.key == b"run:image:inaturalist" for record in stream.read("media.raw.v1")), run_ends)
            self.assertEqual(stream.read("ops.alerts.v1"), [], "an early end is no quiet source")

            for file in self.files.iterdir():
                os.utime(file)
            run_ids = set()
            for number in range(8):
                role = stream.role(f"killed-{number}", *command)
                time.sleep(dice.uniform(0.05, took))
                if not role.running():
                    break
                role.kill()
                run_ids.add(self.state(stream)["run_id"])
            stream.run(*command)
            state = self.state(stream)
            if state["emitted"] == 0:  # the last one that was to be killed had come to its end
                self.assertIsNone(state["cursor"])
            else:
                self.check(state)
            self.assertEqual(self.works(stream), whole)

    def test_over_http_it_is_the_same_and_two_at_a_time_are_refused(self):
        bucket = Bucket(self.files)
        self.addCleanup(bucket.close)
        command = ("produce", "inaturalist", "--http-mirror", bucket.address, "--produce-files", f"inaturalist_names={self.files}")
        with Stream("inat-http", partitions=2) as stream:
            first = stream.role("first", *command)
            until((stream.folder / "state" / "produce" / "inaturalist" / "snapshot.json").exists, 60, "the join to begin")
            dry = stream.run(*command, "--dry-run", expect=1)
            self.assertIn(b"another process holds it", dry.stderr)
            stream.run(*command, expect=3)
            bucket.hold.set()
            self.assertEqual(first.wait(180), 0)
            self.check(self.state(stream))


if __name__ == "__main__":
    unittest.main()
