"""`freshet thumbnails` and a host of files, for tests."""

from __future__ import annotations

import http.server
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

BINARY = os.environ.get("FRESHET_BINARY", "build/dev/freshet")


class Host:
    """Serves what `files` says: path to (status, headers, bytes), or to a function of the request that returns such."""

    def __init__(self):
        self.files: dict[str, object] = {}
        self.asked: list[str] = []
        self.headers: list = []
        self.lock = threading.Lock()
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802
                with host.lock:
                    host.asked.append(f"{self.command} {self.path}")
                    host.headers.append(self.headers)
                found = host.files.get(self.path, (404, {}, b""))
                status, headers, body = found(self) if callable(found) else found
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    try:
                        self.wfile.write(body)
                    except OSError:
                        pass

            do_HEAD = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            address_family = socket.AF_INET

            def handle_error(self, *_):
                pass

        self.server = Server(("0.0.0.0", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        self.files[path] = (status, {k.replace("_", "-"): v for k, v in headers.items()}, body)
        return self.url + path

    def count(self, path: str) -> int:
        with self.lock:
            return sum(one.endswith(" " + path) for one in self.asked)

    def close(self) -> None:
        self.server.shutdown()


class Role:
    """The role, on a socket and with a cache of its own; stays where it is when it is started again."""

    def __init__(self, folder: pathlib.Path | None = None, **settings: str):
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="thumbs-"))
        self.owns = folder is None
        self.socket = str(self.folder / "thumbnails.sock")
        self.cache = self.folder / "cache"
        self.log = tempfile.NamedTemporaryFile("w+", prefix="thumbnails-", suffix=".log")
        self.settings = {"FRESHET_THUMBNAILS_SOCKET": self.socket, "FRESHET_THUMBNAILS_CACHE_DIR": str(self.cache),
                         "FRESHET_METRICS_LISTEN": "127.0.0.1:0", "FRESHET_LOG_FORMAT": "json", "FRESHET_LOG_LEVEL": "debug",
                         "FRESHET_HTTP_ALLOWED_NETWORKS": "127.0.0.1", **settings}
        self.start()

    def start(self) -> None:
        before = self.text().count("thumbnails_started")
        self.process = subprocess.Popen([BINARY, "thumbnails"], env={**os.environ, **self.settings}, stderr=self.log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None and self.text().count("thumbnails_started") == before:
            time.sleep(0.02)
        assert self.text().count("thumbnails_started") > before, self.text()

    def text(self) -> str:
        return pathlib.Path(self.log.name).read_text()

    def address(self) -> str:
        """Of its metrics."""
        return next(line.split('"address":"')[1].split('"')[0] for line in reversed(self.text().splitlines()) if "metrics_served" in line)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address()}/readyz", timeout=5) as reply:
                return reply.status == 200
        except urllib.error.HTTPError:
            return False

    def metric(self, name: str) -> float:
        with urllib.request.urlopen(f"http://{self.address()}/metrics", timeout=5) as reply:
            return sum(float(line.rsplit(" ", 1)[1]) for line in reply.read().decode().splitlines() if line.startswith(name))

    def decoder(self) -> int:
        """Process id of the program that decodes."""
        return int(subprocess.run(["pgrep", "-P", str(self.process.pid), "-f", "freshet-decode"], capture_output=True, text=True, check=True).stdout.split()[0])

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(20)

    def close(self) -> None:
        self.stop()
        if self.owns:
            shutil.rmtree(self.folder, ignore_errors=True)


def png(width: int, height: int, color: tuple[int, ...] = (200, 40, 40)) -> bytes:
    """A picture of one colour: RGB, or RGBA where it has four parts."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packer = zlib.compressobj(9)
    row = b"\0" + bytes(color) * width
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, {1: 0, 3: 2, 4: 6}[len(color)], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def sides_of(data: bytes) -> tuple[str, int, int]:
    """Kind, width and height of a picture, read from its head."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "png", *struct.unpack(">II", data[16:24])
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        if data[12:16] == b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return "webp", width & 0x3FFF, height & 0x3FFF
        if data[12:16] == b"VP8X":
            return "webp", int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        bits = int.from_bytes(data[21:25], "little")
        return "webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[4:12] == b"ftypavif":
        at = data.index(b"ispe") + 8
        return "avif", *struct.unpack(">II", data[at:at + 8])
    at = 2
    while data[:2] == b"\xff\xd8":
        marker, size = struct.unpack(">HH", data[at:at + 4])
        if 0xFFC0 <= marker <= 0xFFC3:
            height, width = struct.unpack(">HH", data[at + 5:at + 9])
            return "jpeg", width, height
        at += 2 + size
    raise AssertionError(f"no picture: {data[:40]!r}")
