"""The web crawl, from its files to the catalogue: pages, the pictures on them, resuming, an archive that is away."""

import collections
import http.server
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

import jsonschema

from stream import SOURCE, Stream, until

MAKE_CRAWL = os.environ["MAKE_CRAWL"]
INDEX = "CC-MAIN-2024-10"
FILES, PAGES = 6, 200
LINKED = FILES * PAGES // 10  # every tenth page links to a licence …
GEOGRAPH = FILES * PAGES // 50  # … and every fiftieth is one of Geograph


class Archive:
    """Serves a folder by ranges, as the crawl's own server does; `away` answers 503."""

    def __init__(self, folder: pathlib.Path):
        archive = self
        self.away = False
        self.asked = collections.Counter()
        self.held = ""  # files with this in their name are not answered …
        self.go_on = threading.Event()  # … until then

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                kind = self.path.split("/")[-2]
                archive.asked[kind] += 1
                file = folder / self.path.lstrip("/")
                if archive.held and archive.held in file.name:
                    archive.go_on.wait(60)
                    return
                if archive.away or not file.is_file():
                    self.send_response(503 if archive.away else 404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                whole = file.read_bytes()
                first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
                part = whole[int(first):int(last) + 1]
                self.send_response(206)
                self.send_header("Content-Length", str(len(part)))
                self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(whole)}")
                self.end_headers()
                self.wfile.write(part)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


class Crawl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        subprocess.run([MAKE_CRAWL, folder, INDEX, str(FILES), str(PAGES)], check=True)
        cls.folder = pathlib.Path(folder)
        cls.archive = Archive(cls.folder)
        cls.addClassCleanup(cls.archive.server.shutdown)

    def setUp(self):
        self.stream = self.enterContext(Stream("crawl"))
        self.archive.away = False

    def produced(self) -> dict:
        return self.stream.json("stats", expect=None)["produced"].get("common_crawl", {})

    def pages(self) -> list:
        return self.stream.read("media.pages.v1")

    def test_pages_become_works(self):
        self.stream.run("produce", "common_crawl", "--index", INDEX, "--from", self.archive.url, "--workers", "3")
        pages = self.pages()
        self.assertEqual(len(pages), LINKED)
        schema = json.loads((SOURCE / "schemas/records/page.schema.json").read_text())
        for page in pages:
            jsonschema.validate(page.json, schema)
        produced = self.produced()
        self.assertEqual(produced["emitted"], LINKED)
        self.assertEqual(produced["listed"], FILES * (PAGES + 1))
        self.assertEqual(produced["listed"], produced["emitted"] + sum(produced["dropped"].values()))

        self.archive.away = True
        extract = self.stream.role("extract", "process", "extract", "--from", self.archive.url)
        until(lambda: self.archive.asked["warc"] > 0, 60, "a request to the archive")
        self.assertEqual(self.stream.read("media.raw.v1"), [])
        self.archive.away = False
        until(lambda: len(self.stream.read("media.raw.v1")) == GEOGRAPH, 120, f"{GEOGRAPH} sightings")
        until(lambda: self.extracted() == LINKED, 30, "all pages to be counted")
        self.assertEqual(extract.stop(), 0)
        sums = self.stream.json("stats", expect=None)["extracted"]
        self.assertEqual(sums["geographorguk"]["extracted"], GEOGRAPH)
        self.assertEqual(sums["common_crawl"]["dropped"]["no_extractor"], LINKED - GEOGRAPH)

        # Reading all once more changes nothing.
        self.stream.drain(sinks=())
        catalogue = self.stream.catalogue()
        self.assertEqual(len(catalogue), GEOGRAPH)
        work = next(iter(catalogue.values()))["work"]
        self.assertEqual((work["source"], work["license"], work["width"]), ("commoncrawl", "by-sa", 640))
        self.stream.replay("process.extract")
        self.stream.run("process", "extract", "--from", str(self.folder), "--until-idle", "1")
        self.stream.drain(sinks=())
        self.assertEqual(self.stream.catalogue(), catalogue)

    def extracted(self) -> int:
        sums = self.stream.json("stats", expect=None)["extracted"]
        return sum(provider["received"] for provider in sums.values())

    def test_a_killed_run_goes_on_with_the_files_that_are_left(self):
        self.archive.held = "00003"
        arguments = ("produce", "common_crawl", "--index", INDEX, "--from", self.archive.url, "--workers", "1")
        run = self.stream.role("crawl", *arguments)
        until(lambda: self.produced().get("pages") == 3, 60, "three files that are done")
        run.kill()
        self.archive.held = ""
        self.archive.go_on.set()
        self.archive.asked.clear()
        self.stream.run(*arguments)
        self.assertEqual(self.archive.asked["wat"], FILES - 3)
        produced = self.produced()
        self.assertEqual((produced["pages"], produced["emitted"]), (FILES, LINKED))
        self.assertEqual(len({page.key for page in self.pages()}), LINKED)

    def test_the_originals_rows(self):
        wat = next(self.folder.glob("crawl-data/*/segments/*/wat/*00000*"))
        lines = self.stream.run("produce", "common_crawl", "--wat", str(wat), "--dry-run", "--rows").stdout.splitlines()
        self.assertEqual(len(lines), PAGES // 10)
        row = json.loads(lines[1])
        self.assertEqual(row["cc_license"], "/licenses/by-sa/4.0/")
        self.assertEqual(row["html_metadata"]["Images"], 10)


if __name__ == "__main__":
    unittest.main()
