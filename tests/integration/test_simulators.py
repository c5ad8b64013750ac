"""The simulators as their users start them: addresses, keep-alive, exit codes, what goes to standard output."""

import collections
import http.client
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

BINARY = os.environ["FRESHET_BINARY"]

CASE = {
    "provider": "museum",
    "exchanges": [
        {"request": {"method": "GET", "url": "https://api.museum.example/list?page=1"}, "response": {"status": 200, "headers": {"X-Pages": "2"}, "body_file": "inputs/1.json"}},
        {"request": {"method": "HEAD", "url": "https://api.museum.example/1.jpg"}, "response": {"status": 200, "headers": {"Content-Length": "12345"}}},
    ],
}


class Server:
    """A simulator that runs while the block does; ended by SIGTERM."""

    def __init__(self, *arguments: str):
        self.process = subprocess.Popen([BINARY, "simulate", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=10)
        return self

    def __exit__(self, *_):
        self.connection.close()
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()

    def ask(self, target: str, method: str = "GET") -> tuple[int, http.client.HTTPMessage, bytes]:
        self.connection.request(method, target)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([BINARY, "simulate", *arguments], capture_output=True, timeout=60)


class Recorded(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name, text in (("exchanges/museum/pages.json", json.dumps(CASE)), ("inputs/1.json", '{"page": 1}')):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def test_serves_a_case_and_reports(self):
        report = self.folder / "report.json"
        with Server("recorded", str(self.folder), "--report", str(report)) as server:
            status, headers, body = server.ask("/api.museum.example/list?page=1")
            socket = server.connection.sock
            self.assertEqual((status, headers["X-Pages"], json.loads(body)), (200, "2", {"page": 1}))
            self.assertEqual(server.ask("/api.museum.example/1.jpg", "HEAD")[1]["Content-Length"], "12345")
            self.assertIsNone(server.ask("/api.museum.example/2.jpg", "HEAD")[1]["Content-Length"])
            self.assertEqual(server.ask("/api.museum.example/list?page=1&" + "x" * 500_000 + "=1")[0], 200)
            self.assertEqual(server.ask("/elsewhere.example/")[0], 404)
            self.assertIs(server.connection.sock, socket, "one connection served all of them")
            running = json.loads(server.ask("/.report")[2])
            self.assertEqual(server.stop(), 0)
        self.assertEqual(json.loads(report.read_text()), running)
        self.assertEqual([item["request"] for item in running["unanswered"]], ["GET /elsewhere.example/"])
        self.assertEqual([item["count"] for item in running["nearest"]], [1])

    def test_exit_codes(self):
        self.assertEqual(run("recorded", str(self.folder), "--case", "museum/other").returncode, 3)
        self.assertEqual(run("recorded", str(self.folder / "nowhere")).returncode, 2)
        self.assertEqual(run("recorded", str(self.folder), "--listen", "nonsense").returncode, 2)
        with Server("recorded", str(self.folder)) as server:
            taken = server.address.removeprefix("http://")
            self.assertEqual(run("providers", "--listen", taken).returncode, 2)


class Providers(unittest.TestCase):
    def test_serves_what_the_truth_promises(self):
        with tempfile.TemporaryDirectory() as folder:
            truth = pathlib.Path(folder) / "truth.json"
            with Server("providers", "--works", "30", "--errors", "0", "--truth", str(truth)) as server:
                tracks = json.loads(server.ask("/api.jamendo.com/v3.0/tracks?limit=200&offset=0")[2])["results"]
                self.assertEqual(len(tracks), 30)
                promised = json.loads(truth.read_text())["jamendo"]
                self.assertEqual(sum(promised["emitted"].values()) + sum(promised["dropped"].values()) + promised["rejected"], 30)
                self.assertEqual(server.stop(), 0)


    def test_producers_make_what_the_truth_promises(self):
        """Each producer over HTTP, paging, faults and mapping, then clean: each count of the truth."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            with Server("providers", "--works", "1200", "--seed", "5", "--errors", "0.03", "--truth", str(folder / "truth.json")) as server:
                promised = json.loads((folder / "truth.json").read_text())
                for provider, truth in promised.items():
                    with self.subTest(provider):
                        self.check(provider, truth, server.address, folder / "rejects")

    def check(self, provider: str, truth: dict, address: str, rejects: pathlib.Path) -> None:
        def lines(*arguments: str) -> list[dict]:
            done = subprocess.run([BINARY, "produce", provider, "--http-mirror", address, "--date", "2026-11-20", "--dry-run", *arguments],
                                  capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            return [json.loads(line) for line in done.stdout.splitlines()]

        emitted = collections.Counter(line["work"]["media_type"] for line in lines())
        self.assertEqual(emitted, collections.Counter(truth["emitted"]))
        self.assertEqual(len(lines("--cleaned", "--rejects", str(rejects))), truth["live"])
        refused = [json.loads(line) for line in rejects.read_text().splitlines()]
        dropped = collections.Counter(item["reason"] for item in refused if item["outcome"] == "dropped")
        self.assertEqual(dropped.pop("no_open_license", 0), truth["no_open_license"])
        self.assertEqual(dropped, collections.Counter(truth["dropped"]))
        self.assertEqual(sum(item["outcome"] == "rejected" for item in refused), truth["rejected"])


class Generate(unittest.TestCase):
    def test_writes_lines_and_the_truth(self):
        with tempfile.TemporaryDirectory() as folder:
            truth, works = pathlib.Path(folder) / "truth.json", pathlib.Path(folder) / "works.jsonl"
            done = run("generate", "--works", "200", "--recrawl", "0.5", "--stdout", "--truth", str(truth), "--truth-works", str(works))
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = done.stdout.split(b"\n")[:-1]
            self.assertEqual(len(lines), json.loads(truth.read_text())["received"])
            keys = {line.split(b"\t")[0].decode() for line in lines}
            expected = [json.loads(line) for line in works.read_text().splitlines()]
            self.assertEqual(len(expected), 200)
            self.assertLessEqual({work["key"] for work in expected}, keys)
            self.assertLessEqual({work["owner"] for work in expected}, {work["key"] for work in expected})

    def test_says_what_it_cannot_do(self):
        self.assertEqual(run("generate", "--stdout", "--fetched-at", "yesterday").returncode, 2)
        self.assertEqual(run("generate", "--stdout", "--media", "video").returncode, 2)
        self.assertEqual(run("generate", "--stdout", "--works", "1", "--truth", "/nowhere/truth.json").returncode, 1)


if __name__ == "__main__":
    unittest.main()
