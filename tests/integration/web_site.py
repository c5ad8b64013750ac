"""Works and a server for tests of the web pages, and for looking at them.

As a program: `web_site.py [--pictures DIR] [--keep]` serves made-up works until Ctrl-C, with pictures of a folder of
one's own where it is given (their file names are what the works are about).
"""

from __future__ import annotations

import argparse
import functools
import http.server
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import threading
import time

import test_api as stores

SOURCES = ("met", "city_museum", "harbour_archive", "open_sky", "north_gallery")
CREATORS = ("Ann Lee", "Jane Doe", "ジェーン・ドウ", "A. Müller", "سلمى", "National Archive")
LICENCES = (("by", "4.0"), ("by-sa", "4.0"), ("cc0", "1.0"), ("pdm", "1.0"), ("by-nc", "2.0"), ("by-nc-nd", "3.0"))
SIDES = ((3000, 2000), (1200, 1600), (2400, 2400), (4000, 1700), (1600, 1000), (900, 1500), (2000, 1400), (2600, 1500))
SUBJECTS = ("Harbour in the morning", "Lighthouse at dusk", "A quiet bay", "Fishing boats", "Storm over the harbour",
            "Old town roofs", "Red fox in the snow", "Market day", "A bridge of stone", "Orchard in spring")
HOSTILE = '"><script>alert(1)</script>&\'{{TITLE}}[[Search]]\x07 <img src=x onerror=alert(2)>'


def tag(name: str, accuracy: float | None = None) -> dict:
    return {"name": name, "provider": "met", **({"accuracy": accuracy} if accuracy else {})}


def image(number: int, **fields) -> stores.Work:
    licence, version = LICENCES[number % len(LICENCES)]
    width, height = SIDES[number % len(SIDES)]
    return stores.Work(number, **{
        "title": f"{SUBJECTS[number % len(SUBJECTS)]}, {1850 + number % 150}", "width": width, "height": height,
        "creator": CREATORS[number % len(CREATORS)], "source": SOURCES[number % len(SOURCES)],
        "provider": SOURCES[number % len(SOURCES)], "license": licence, "license_version": version,
        "category": ("photograph", "illustration", "digitized_artwork")[number % 3], "filesize": 250_000 + number,
        "tags": [tag("sea"), tag("harbour"), tag("boat", 0.93)], "popularity": (number % 17) / 20 + 0.05, **fields})


def sound(number: int, **fields) -> stores.Work:
    return stores.Work(number, "audio", **{
        "title": ("Rain on a roof", "Harbour bells", "Walking on gravel", "A street at night", "Morning birds")[number % 5],
        "duration": 5_000 + number % 7 * 41_000, "category": ("sound_effect", "music")[number % 2], "bit_rate": 128_000,
        "sample_rate": 44_100, "genres": ["ambient"], "source": "sound_garden", "provider": "sound_garden",
        "creator": CREATORS[number % len(CREATORS)], "popularity": 0.5, **fields})


#: What the tests ask for; `web_site` shows these as well.
WORKS = [
    *(image(n) for n in range(1, 131)),
    *(sound(2000 + n) for n in range(25)),
    image(500, title=HOSTILE, creator=HOSTILE, tags=[tag(HOSTILE)], creator_url="javascript:alert(3)",
          foreign_landing_url="javascript:alert(4)", url="data:text/html,<script>alert(5)</script>", license="by", license_version='4.0"><b>'),
    image(501, title="Grim harbour", sensitivity=["user_reported_sensitivity"]),
    image(502, title="Taken down", status="blocked"),
    image(503, title="Removed", status="removed_at_source"),
    image(504, title="Had another name", former=["aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"]),
    image(505, title=None, creator=None, creator_url=None, width=None, height=None, tags=[]),
    sound(600, title=HOSTILE, url="javascript:alert(6)"),
]


def sides_of(path: pathlib.Path) -> tuple[int, int]:
    """Of a PNG or JPEG."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG":
        return struct.unpack(">II", data[16:24])
    at = 2
    while True:
        marker, size = struct.unpack(">HH", data[at:at + 4])
        if 0xFFC0 <= marker <= 0xFFC3:
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return width, height
        at += 2 + size


def serve_files(folder: pathlib.Path) -> str:
    """Serves a folder; its address."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def works_of(folder: pathlib.Path, base: str) -> list[stores.Work]:
    """A work for each picture: `Morning light on a cup.jpg` is called so."""
    works = []
    for number, path in enumerate(sorted(folder.iterdir()), start=3000):
        if path.suffix in (".jpg", ".png"):
            width, height = sides_of(path)
            works.append(image(number, title=path.stem, source=SOURCES[1 + number % 4], provider=SOURCES[1 + number % 4], url=f"{base}/{path.name.replace(' ', '%20')}", width=width * 3, height=height * 3,
                               popularity=random.Random(path.stem).random() / 2 + 0.5))
    return works


class WebSite:
    """Works in stores of their own, and `freshet api` over them."""

    def __init__(self, works: list[stores.Work] = WORKS, **settings: str):
        stores.set_up_stores(works)
        # Some came just now, whatever the time of day.
        stores.psql("update image set created_on = now() - interval '40 seconds' where foreign_identifier in ('7', '8')")
        came = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 40))
        for number in (7, 8):
            stores.search_http("POST", f"/{stores.NAME}-image-write/_update/{stores.identifier(number)}?refresh=true",
                               f'{{"doc": {{"created_on": "{came}"}}}}')
        # Topics of its own: pages say how they are used, and the page for operators asks for all of them.
        self.prefix = {"FRESHET_KAFKA_TOPIC_PREFIX": stores.NAME + ".", "FRESHET_KAFKA_PARTITIONS": "2"}
        self.topics("create")
        try:
            self.service = stores.Service(**self.prefix, **settings)
            self.service.wait_ready()
        except BaseException:
            self.topics("delete")
            stores.tear_down_stores()
            raise
        self.url = f"http://{self.service.address}"

    def topics(self, what: str) -> None:
        names = [stores.NAME + "." + one["name"] for one in json.loads((stores.SOURCE / "schemas/topics.json").read_text())["topics"]]
        arguments = ["create"] if what == "create" else ["delete", "--yes", *names]
        subprocess.run([stores.BINARY, "topics", *arguments], env={**os.environ, **self.prefix}, check=True, capture_output=True, timeout=120)

    def close(self) -> None:
        self.service.stop()
        self.topics("delete")
        stores.tear_down_stores()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    works, settings = list(WORKS), {}
    if options.pictures:
        works += works_of(options.pictures, serve_files(options.pictures))
        for work in works:
            if work.number < 3000 and work.media == "image":
                work.fields["url"] = None if work.number == 505 else work.fields["url"]
        settings["FRESHET_WEB_PICTURES"] = "providers"
    site = WebSite(works, **{**settings, **{k: v for k, v in os.environ.items() if k.startswith("FRESHET_WEB")}})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        print(site.url, flush=True)
        while True:
            time.sleep(3600)
    finally:
        site.close()


if __name__ == "__main__":
    main()
