"""Waveforms as clients have them: recordings that the test makes and serves, the role, PostgreSQL and the pages."""

from __future__ import annotations

import io
import math
import re
import struct
import unittest
import urllib.request
import wave

import test_api as stores
from thumbnail_role import Host, Role

host: Host
role: Role
service: stores.Service


def setUpModule() -> None:
    global host, role, service
    host = Host()
    unittest.addModuleCleanup(host.close)
    host.add("/rising.wav", recording(20, lambda at: at))
    host.add("/pulses.wav", recording(2, lambda at: 0.8 if int(at * 10) % 2 else 0, channels=1, rate=44100))
    host.add("/other.wav", recording(3, lambda at: 1 - at))
    host.add("/silence.wav", recording(1, lambda at: 0))
    host.add("/none.mp3", status=404)
    host.add("/picture.mp3", b"\x89PNG\r\n\x1a\n" + b"\0" * 500)
    host.add("/list.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + (host.url + "/inside.wav\n").encode())
    host.add("/cut.wav", recording(4, lambda at: at)[:20_000])
    unittest.addModuleCleanup(stores.tear_down_stores)
    stores.set_up_stores([
        *(stores.Work(n, "audio", url=host.url + path, title="Rain", duration=20_000) for n, path in enumerate(PATHS, start=1)),
        stores.Work(20, "audio", url="http://127.0.0.2/x.wav"), stores.Work(21, "audio", url=host.url + "/rising.wav", status="blocked")])
    role = Role()
    unittest.addModuleCleanup(role.close)
    service = stores.Service(FRESHET_THUMBNAILS_SOCKET=role.socket)
    unittest.addModuleCleanup(service.stop)
    service.wait_ready()


PATHS = ("/rising.wav", "/pulses.wav", "/silence.wav", "/none.mp3", "/picture.mp3", "/list.mp3", "/cut.wav", "/other.wav")


def recording(seconds: float, loudness, channels: int = 2, rate: int = 8000) -> bytes:
    """A tone, as loud as is said of each moment from 0 to 1."""
    count = int(seconds * rate)
    samples = (int(32000 * loudness(i / count) * math.sin(i)) for i in range(count))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", sample) * channels for sample in samples))
    return out.getvalue()


def waveform(path: str):
    return service.ask(f"/v1/audio/{stores.identifier(PATHS.index(path) + 1)}/waveform/")


class Waveforms(unittest.TestCase):
    def test_points_follow_the_sound(self):
        status, headers, body = waveform("/rising.wav")
        self.assertEqual(status, 200)
        self.assertEqual(list(body), ["len", "points"])
        self.assertEqual(body["len"], len(body["points"]))
        self.assertTrue(900 <= body["len"] <= 1500)
        self.assertEqual(max(body["points"]), 1)
        for at in (0.1, 0.3, 0.5, 0.9):
            self.assertAlmostEqual(body["points"][int(at * body["len"])], at, delta=0.02)
        self.assertTrue(all(point == round(point, 5) for point in body["points"]))
        pulses = waveform("/pulses.wav")[2]
        tenth = pulses["len"] // 10
        means = [sum(pulses["points"][n * tenth:(n + 1) * tenth]) / tenth for n in range(10)]
        self.assertTrue(all(mean > 0.9 if n % 2 else mean < 0.1 for n, mean in enumerate(means)), means)

    def test_it_is_made_once_and_stored(self):
        first = waveform("/other.wav")[2]
        asked = host.count("/other.wav")
        self.assertEqual(waveform("/other.wav")[2], first)
        self.assertEqual(host.count("/other.wav"), asked)
        self.assertEqual(stores.psql(f"select json_array_length(peaks) from audio_peaks where identifier = '{stores.identifier(8)}'"), str(first["len"]))
        role.stop()  # what is stored needs nobody
        try:
            self.assertEqual(waveform("/other.wav")[2], first)
        finally:
            role.start()

    def test_another_file_is_another_waveform(self):
        number = PATHS.index("/cut.wav") + 1
        self.assertEqual(waveform("/cut.wav")[0], 200)
        stores.psql(f"update audio set url = '{host.url}/silence.wav' where identifier = '{stores.identifier(number)}'")
        self.assertEqual(service.ask(f"/v1/audio/{stores.identifier(number)}/?peaks=true")[2]["peaks"], [])
        self.assertEqual(set(waveform("/cut.wav")[2]["points"]), {0})

    def test_works_that_are_taken_down_take_it_along(self):
        identifier = stores.identifier(2)
        self.assertEqual(waveform("/pulses.wav")[0], 200)
        count = f"select count(*) from audio_peaks where identifier = '{identifier}'"
        self.assertEqual(stores.psql(count), "1")
        try:
            stores.psql(f"update audio set status = 'blocked' where identifier = '{identifier}'")
            self.assertEqual(stores.psql(count), "0")
            self.assertEqual(waveform("/pulses.wav")[0], 404)
        finally:
            stores.psql(f"update audio set status = 'live' where identifier = '{identifier}'")

    def test_items_have_peaks_where_they_are_asked_for(self):
        points = waveform("/rising.wav")[2]["points"]
        of = f"/v1/audio/{stores.identifier(1)}/"
        self.assertEqual(service.ask(of + "?peaks=true")[2]["peaks"], points)
        self.assertNotIn("peaks", service.ask(of)[2])
        found = {item["id"]: item["peaks"] for item in service.search("audio", q="rain", peaks="true")["results"]}
        self.assertEqual(found[stores.identifier(1)], points)
        self.assertEqual(found[stores.identifier(4)], [])
        related = service.ask(f"/v1/audio/{stores.identifier(4)}/related/?peaks=true")[2]["results"]
        self.assertEqual({item["id"]: item["peaks"] for item in related}[stores.identifier(1)], points)

    def test_what_is_no_recording_is_424(self):
        for path in ("/none.mp3", "/picture.mp3", "/list.mp3"):
            self.assertEqual(waveform(path)[::2], (424, {"detail": "Failed to generate the waveform."}), path)
        self.assertEqual(host.count("/inside.wav"), 0)
        self.assertEqual(service.ask(f"/v1/audio/{stores.identifier(20)}/waveform/")[0], 424)
        self.assertEqual(service.ask(f"/v1/audio/{stores.identifier(21)}/waveform/")[0], 404)
        self.assertEqual(service.ask(f"/v1/images/{stores.identifier(1)}/waveform/")[0], 404)

    def test_the_page_draws_what_is_known_and_asks_for_the_rest(self):
        waveform("/rising.wav")
        def page(number: int) -> str:
            with urllib.request.urlopen(f"http://{service.address}/audio/{stores.identifier(number)}", timeout=10) as reply:
                return reply.read().decode()
        bars = re.search(r'<path d="([^"]*)"', page(1)).group(1)
        heights = [int(height) for height in re.findall(r"v(\d+)", bars)]
        self.assertEqual(len(heights), 160)
        self.assertTrue(all(later >= earlier - 3 for earlier, later in zip(heights, heights[1:])), heights)
        self.assertEqual((heights[0] < 4, heights[-1] > 90), (True, True))
        text = page(4)
        self.assertNotIn("<path d=", text)
        self.assertIn(f'data-waveform="/v1/audio/{stores.identifier(4)}/waveform/"', text)


if __name__ == "__main__":
    unittest.main()
