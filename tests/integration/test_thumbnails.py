"""Thumbnails as clients have them: the API, the role that makes them, and a host that serves pictures made here."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import random
import signal
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import zlib

import test_api as stores
from thumbnail_role import Host, Role, png, sides_of

SVG = (b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="20">'
       b'<script>document.location="http://127.0.0.1:%d/script"</script><rect width="40" height="20" fill="#28a"/>'
       b'<image xlink:href="http://127.0.0.1:%d/inside.png" width="20" height="20"/><image xlink:href="%s" x="20" width="20" height="20"/>'
       b'<style>@import url("http://127.0.0.1:%d/style.css");</style></svg>')

host: Host
role: Role
service: stores.Service
MISSING = stores.identifier(999)


def setUpModule() -> None:
    global host, role, service
    host = Host()
    unittest.addModuleCleanup(host.close)
    unittest.addModuleCleanup(stores.tear_down_stores)
    stores.set_up_stores(works())
    role = Role()
    unittest.addModuleCleanup(role.close)
    service = stores.Service(FRESHET_THUMBNAILS_SOCKET=role.socket)
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()


NUMBERS: dict[str, int] = {}


def works() -> list[stores.Work]:
    """A work for each file of the host, by the name of the file."""
    host.add("/wide.png", png(1800, 600))
    host.add("/small.png", png(120, 80))
    host.add("/clear.png", png(700, 700, (10, 200, 10, 128)))
    host.add("/query?size=big&v=1", png(800, 400))
    host.add("/nameless", png(640, 320), Content_Type="text/plain")
    host.add("/moved", status=302, Location=host.url + "/small.png")
    host.add("/inside", status=302, Location=f"http://127.0.0.2:{host.port}/small.png")
    host.add("/secret.png", png(10, 10))
    secret = tempfile.NamedTemporaryFile(suffix=".png")  # there until the tests end
    unittest.addModuleCleanup(secret.close)
    secret.write(png(20, 20))
    secret.flush()
    host.add("/drawing.svg", SVG % (host.port, host.port, b"file://" + secret.name.encode(), host.port))
    host.add("/page.html", b"<html><body>hello</body></html>")
    host.add("/print.tiff", b"II*\0" + b"\0" * 100)
    host.add("/disguised.jpg", b"II*\0\x08\0\0\0" + b"\0" * 100)
    host.add("/broken.jpg", b"\xff\xd8\xff\xe0" + os.urandom(2000))
    host.add("/gone.jpg", status=410)
    host.add("/empty.jpg", b"")
    host.add("/bomb.png", png(20_000, 20_000, (0,)))
    host.add("/huge.jpg", b"\xff\xd8\xff" + b"\0" * 12_100_000)
    host.add("/moving.gif", gif())
    host.add("/noise.png", noisy(900, 300, random.Random(2)))
    host.add("/secret-gone.jpg", status=404)
    host.files["/slow.jpg"] = lambda _: (time.sleep(30), (200, {}, b""))[1]
    host.files["/shared.png"] = lambda _: (time.sleep(1), (200, {}, png(900, 900)))[1]
    made = []
    for number, path in enumerate(sorted(host.files), start=1):
        NUMBERS[path] = number
        made.append(stores.Work(number, url=host.url + path, thumbnail=None))
    for name, url in {"mapped": "http://[::ffff:127.0.0.2]:%d/small.png",
                      "other": "http://127.0.0.2:%d/small.png"}.items():
        NUMBERS[name] = len(made) + 1
        made.append(stores.Work(NUMBERS[name], url=url % host.port))
    NUMBERS["file"] = len(made) + 1
    made.append(stores.Work(NUMBERS["file"], url="file:///etc/passwd"))
    NUMBERS["fallback"] = len(made) + 1
    made.append(stores.Work(NUMBERS["fallback"], url=host.url + "/print.tiff", thumbnail=host.url + "/small.png"))
    NUMBERS["blocked"] = len(made) + 1
    made.append(stores.Work(NUMBERS["blocked"], url=host.url + "/small.png", status="blocked"))
    made += [stores.Work(2001, "audio", thumbnail=host.url + "/small.png"),
             stores.Work(2002, "audio", audio_set={"title": "Weather", "foreign_identifier": "w", "url": host.url + "/wide.png"},
                         audio_set_foreign_identifier="w"),
             stores.Work(2003, "audio")]
    return made


def gif() -> bytes:
    """Two frames of 2 by 2 pixels."""
    frame = b"\x2c\0\0\0\0\x02\0\x02\0\0\x02\x03\x44\x02\x05\0"
    return b"GIF89a\x02\0\x02\0\x80\0\0\xff\0\0\0\0\xff" + (b"\x21\xf9\x04\0\x0a\0\0\0" + frame) * 2 + b"\x3b"


def thumb(name: str, query: str = "", media: str = "images", **headers: str):
    number = NUMBERS.get(name, name)
    return service.ask(f"/v1/{media}/{stores.identifier(number)}/thumb/{query}", **headers)


class Pictures(unittest.TestCase):
    def test_a_picture_is_at_most_600_wide_and_keeps_its_shape(self):
        status, headers, body = thumb("/wide.png")
        self.assertEqual((status, headers["Content-Type"]), (200, "image/jpeg"))
        self.assertEqual(sides_of(body), ("jpeg", 600, 200))
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(sides_of(thumb("/small.png")[2]), ("jpeg", 120, 80))

    def test_size_and_quality_are_the_callers(self):
        sizes = {query: len(thumb("/clear.png", query, Accept="image/webp")[2]) for query in ("", "?compressed=false")}
        self.assertEqual(sides_of(thumb("/wide.png", "?full_size=true")[2])[1:], (1800, 600))
        self.assertEqual(sides_of(thumb("/wide.png", "?full_size=True&compressed=yes")[2])[1:], (1800, 600))
        self.assertEqual(sides_of(thumb("/wide.png", "?full_size=null&compressed=null")[2])[1:], (600, 200))
        self.assertEqual(sides_of(thumb("/wide.png", "?full_size=&compressed=")[2])[1:], (600, 200))
        self.assertTrue(all(sizes.values()))
        # What is not of full size is compressed unless it is said otherwise; what is, is not.
        noisy = {query: thumb("/noise.png", query)[2] for query in
                 ("", "?compressed=true", "?compressed=false", "?full_size=true", "?full_size=true&compressed=false", "?full_size=true&compressed=true")}
        self.assertEqual(noisy[""], noisy["?compressed=true"])
        self.assertGreater(len(noisy["?compressed=false"]), len(noisy[""]))
        self.assertEqual(noisy["?full_size=true"], noisy["?full_size=true&compressed=false"])
        self.assertLess(len(noisy["?full_size=true&compressed=true"]), len(noisy["?full_size=true"]))

    def test_wrong_flags_are_named(self):
        status, _, body = thumb("/wide.png", "?full_size=perhaps&compressed=2")
        self.assertEqual(status, 400)
        self.assertEqual(body["detail"], {"full_size": ["Must be a valid boolean."], "compressed": ["Must be a valid boolean."]})

    def test_the_form_is_what_accept_says(self):
        for accept, kind in (("image/avif", "avif"), ("image/webp,*/*", "webp"), ("image/avif,image/webp,image/*;q=0.8", "webp"),
                             ("image/avif,image/webp;q=0.5", "avif"), ("image/*", "jpeg"), ("*/*", "jpeg"), ("image/jpeg,image/webp;q=0.1", "jpeg")):
            status, headers, body = thumb("/wide.png", Accept=accept)
            self.assertEqual((status, headers["Content-Type"], sides_of(body)), (200, f"image/{kind}", (kind, 600, 200)), accept)
            self.assertIn("Accept", headers["Vary"].split(", "))
        self.assertEqual(sides_of(thumb("/clear.png")[2]), ("png", 600, 600))

    def test_a_known_picture_is_not_sent_again(self):
        status, headers, body = thumb("/wide.png")
        tag = headers["ETag"]
        self.assertRegex(tag, r'^"[0-9a-f]{16}"$')
        self.assertIn("max-age=", headers["Cache-Control"])
        again, headers, body = thumb("/wide.png", If_None_Match=f'"x", {tag}')
        self.assertEqual((again, body, headers["ETag"]), (304, b"", tag))
        self.assertEqual(thumb("/wide.png", If_None_Match='"other"')[0], 200)
        status, headers, body = service.ask(f"/v1/images/{stores.identifier(NUMBERS['/wide.png'])}/thumb/", "HEAD")
        self.assertEqual((status, body, headers["ETag"]), (200, b"", tag))
        self.assertGreater(int(headers["Content-Length"]), 100)

    def test_files_are_known_by_what_they_are(self):
        self.assertEqual(sides_of(thumb("/nameless")[2])[1:], (600, 300))
        self.assertEqual(sides_of(thumb("/query?size=big&v=1")[2])[1:], (600, 300))
        self.assertEqual(sides_of(thumb("/moved")[2])[1:], (120, 80))
        self.assertEqual(sides_of(thumb("/moving.gif")[2])[1:], (2, 2))
        agent = next(h for path, h in zip(host.asked, host.headers) if path.endswith("/nameless"))
        self.assertRegex(agent["User-Agent"], r"^Freshet/.* ThumbnailGeneration$")

    def test_drawings_are_drawn_without_what_they_name(self):
        status, headers, body = thumb("/drawing.svg")
        self.assertEqual((status, sides_of(body)), (200, ("png", 600, 300)))
        for path in ("/inside.png", "/script", "/style.css"):
            self.assertEqual(host.count(path), 0, path)
        # Of the picture that the drawing names on our disk nothing is seen: all of it is one colour.
        self.assertEqual(len(set(pixels_of(body))), 1)

    def test_recordings_show_their_cover(self):
        self.assertEqual(sides_of(thumb(2001, media="audio")[2])[1:], (120, 80))
        self.assertEqual(sides_of(thumb(2002, media="audio")[2])[1:], (600, 200))
        self.assertEqual(thumb(2003, media="audio")[::2], (404, {"detail": "Could not find artwork."}))

    def test_works_that_are_not_there_have_none(self):
        self.assertEqual(service.ask(f"/v1/images/{MISSING}/thumb/")[::2], (404, {"detail": "Not found."}))
        self.assertEqual(thumb("blocked")[::2], (404, {"detail": "Not found."}))
        self.assertEqual(service.ask("/v1/images/abcd/thumb/")[0], 404)

    def test_a_stored_thumbnail_stands_in(self):
        self.assertEqual(sides_of(thumb("fallback")[2])[1:], (120, 80))


def pixels_of(data: bytes) -> list[bytes]:
    """Of a PNG with 4 bytes a pixel, 8 bits each, that is not interlaced."""
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", data[at + 8:at + 21])
            assert (depth, color, interlaced) == (8, 6, 0), (depth, color, interlaced)
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    raw = zlib.decompress(packed)
    rows, last = [], bytearray(4 * width)
    for y in range(height):
        filter_, row = raw[y * (4 * width + 1)], bytearray(raw[y * (4 * width + 1) + 1:(y + 1) * (4 * width + 1)])
        for i in range(len(row)):
            left, up, corner = row[i - 4] if i >= 4 else 0, last[i], last[i - 4] if i >= 4 else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda c: (abs(guess - c), (left, up, corner).index(c)))
            row[i] = (row[i] + (0, left, up, (left + up) // 2, paeth)[filter_]) & 255
        rows.append(last := row)
    return [bytes(row[i:i + 4]) for row in rows for i in range(0, len(row), 4)]


class Refusals(unittest.TestCase):
    FAILED = {"detail": "Failed to render thumbnail."}

    def test_what_its_source_does_not_give_is_424(self):
        for name in ("/gone.jpg", "/empty.jpg", "/broken.jpg", "/huge.jpg"):
            self.assertEqual(thumb(name)[::2], (424, self.FAILED), name)

    def test_pictures_of_too_many_pixels_are_refused_before_they_are_decoded(self):
        self.assertLess(len(host.files["/bomb.png"][2]), 1_000_000)
        began = time.monotonic()
        self.assertEqual(thumb("/bomb.png")[::2], (424, self.FAILED))
        self.assertLess(time.monotonic() - began, 3)
        self.assertIn("400000000 pixels", role.text())

    def test_kinds_that_are_not_read_are_415(self):
        before = host.count("/print.tiff")
        self.assertEqual(thumb("/print.tiff")[::2], (415, {"detail": 'Unsupported media type "Image extension tiff is not supported by the thumbnail proxy." in request.'}))
        self.assertEqual(host.count("/print.tiff"), before)  # its name says enough
        for name, ending in (("/page.html", "html"), ("/disguised.jpg", "jpg")):
            status, _, body = thumb(name)
            self.assertEqual(status, 415, name)
            self.assertIn(f"Image extension {ending} is not supported", body["detail"])

    def test_a_slow_source_costs_a_bounded_time(self):
        began = time.monotonic()
        self.assertEqual(thumb("/slow.jpg")[::2], (424, self.FAILED))
        self.assertLess(time.monotonic() - began, 12)

    def test_nothing_inside_is_asked(self):
        before = len(host.asked)
        for name in ("mapped", "other", "file"):
            self.assertEqual(thumb(name)[::2], (424, self.FAILED), name)
        self.assertEqual(len(host.asked), before)
        self.assertEqual(thumb("/inside")[::2], (424, self.FAILED))
        self.assertEqual(host.count("/inside"), 1)
        self.assertIn("its address is not public", role.text())

    def test_nothing_is_allowed_unless_it_is_said(self):
        strict = Role(FRESHET_HTTP_ALLOWED_NETWORKS="")
        self.addCleanup(strict.close)
        self.assertEqual(ask_role(strict, host.url + "/small.png"), 424)
        self.assertEqual(ask_role(role, host.url + "/small.png"), 200)

    def test_a_source_that_fails_again_and_again_is_left_alone(self):
        for _ in range(5):
            self.assertEqual(thumb("/secret-gone.jpg")[0], 424)
        self.assertEqual(host.count("/secret-gone.jpg"), 3)


def ask_role(which: Role, url: str) -> int:
    import http.client
    import socket
    import urllib.parse
    connection = http.client.HTTPConnection("thumbnails", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(which.socket)
    connection.request("GET", "/picture?" + urllib.parse.urlencode({"url": url, "width": 600, "quality": 80}))
    return connection.getresponse().status


class Cache(unittest.TestCase):
    def test_many_who_ask_at_once_have_it_fetched_once(self):
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = [one.result() for one in [pool.submit(thumb, "/shared.png") for _ in range(20)]]
        self.assertEqual({a[0] for a in answers}, {200})
        self.assertEqual(len({a[2] for a in answers}), 1)
        self.assertEqual(host.count("/shared.png"), 1)
        self.assertEqual(thumb("/shared.png")[0], 200)
        self.assertEqual(host.count("/shared.png"), 1)

    def test_it_survives_a_restart_and_damage(self):
        own = Role()
        self.addCleanup(own.close)
        url = host.add("/kept.png", png(300, 300))
        self.assertEqual(ask_role(own, url), 200)
        own.stop()
        own.start()
        self.assertEqual(ask_role(own, url), 200)
        self.assertEqual(host.count("/kept.png"), 1)
        [file] = [path for path in own.cache.rglob("*") if path.is_file() and path.name != "lock"]
        file.write_bytes(file.read_bytes()[:-3] + b"xyz")
        half, foreign = file.parent / (file.name + ".1"), file.parent / "half.written"
        for path in (half, foreign):
            path.write_bytes(b"x")
        own.stop()
        own.start()
        self.assertEqual(ask_role(own, url), 200)
        self.assertEqual(host.count("/kept.png"), 2)
        self.assertFalse(half.exists())
        self.assertTrue(foreign.exists(), "who knows whose it is")

    def test_its_bound_holds_and_the_oldest_goes_first(self):
        noise = random.Random(1)
        own = Role(FRESHET_THUMBNAILS_CACHE_MB="1")
        self.addCleanup(own.close)
        urls = [host.add(f"/many-{n}.png", noisy(500, 500, noise)) for n in range(12)]
        for url in urls:
            self.assertEqual(ask_role(own, url), 200)
            self.assertEqual(ask_role(own, urls[0]), 200)  # asked for all the time
        kept = sum(path.stat().st_size for path in own.cache.rglob("*") if path.is_file())
        self.assertLessEqual(kept, 1_000_000)
        self.assertGreater(kept, 300_000)
        self.assertEqual(host.count("/many-0.png"), 1)
        self.assertEqual(ask_role(own, urls[1]), 200)
        self.assertEqual(host.count("/many-1.png"), 2)

    def test_two_processes_do_not_share_it(self):
        second = subprocess.run([stores.BINARY, "thumbnails"], env={**os.environ, **role.settings}, capture_output=True, text=True, timeout=30)
        self.assertEqual(second.returncode, 2)
        self.assertIn("another process has it", second.stderr)


def noisy(width: int, height: int, noise: random.Random) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    data = zlib.compress(b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height)), 1)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", data) + chunk(b"IEND", b""))


def kill(pid: int) -> None:
    """Kills a process, and waits until it is dead: the signal is only sent by then."""
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return
        if state in "ZX":
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} does not die")


class Deaths(unittest.TestCase):
    def test_a_decoder_that_dies_is_started_again(self):
        self.assertTrue(role.is_ready())
        dead = role.decoder()
        kill(dead)
        self.assertTrue(role.is_ready())  # whoever asks starts it
        self.assertNotEqual(role.decoder(), dead)
        kill(role.decoder())
        self.assertEqual(ask_role(role, host.add("/after.png", png(30, 30))), 200)
        self.assertGreaterEqual(role.metric("freshet_thumbnails_decoder_starts_total"), 2)

    def test_a_decoder_has_no_way_out(self):
        """Of the process that waits for files; those that decode have less."""
        status = pathlib.Path(f"/proc/{role.decoder()}/status").read_text()
        self.assertIn("NoNewPrivs:\t1", status)
        environment = pathlib.Path(f"/proc/{role.decoder()}/environ").read_bytes()
        self.assertNotIn(b"FRESHET", environment)
        files = {os.readlink(path) for path in pathlib.Path(f"/proc/{role.decoder()}/fd").iterdir()}
        self.assertEqual({name.split(":")[0] for name in files}, {"socket", "/dev/null"})

    def test_without_the_role_searches_go_on(self):
        lonely = stores.Service(FRESHET_THUMBNAILS_SOCKET=role.socket + ".none")
        self.addCleanup(lonely.stop)
        lonely.wait_ready()
        status, headers, _ = lonely.ask(f"/v1/images/{stores.identifier(NUMBERS['/wide.png'])}/thumb/")
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertEqual(lonely.ask("/v1/images/")[0], 200)

    def test_it_ends_at_once_while_a_source_hangs(self):
        own = Role()
        self.addCleanup(own.close)
        thread = threading.Thread(target=lambda: self.assertRaises(Exception, ask_role, own, host.url + "/slow.jpg"), daemon=True)
        thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        self.assertEqual(own.stop(), 0)
        self.assertLess(time.monotonic() - began, 5)


if __name__ == "__main__":
    unittest.main()
