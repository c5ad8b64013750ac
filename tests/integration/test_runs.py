"""Runs of producers against a source that limits, lies or hangs: what is removed, what is resumed, who is refused."""

import http.server
import json
import threading
import time
import unittest
import urllib.parse

import jsonschema
from stream import SOURCE, Stream, until

PAGE = 200


class Jamendo:
    """A source of so many tracks, in Jamendo's shape; `answers` overrides the reply at an offset."""

    def __init__(self, tracks: int):
        self.tracks = tracks
        self.answers: dict[int, object] = {}
        self.asked: list[int] = []
        self.hold: threading.Event | None = None
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if "/v3.0/tracks" not in self.path:
                    return self.reply({}, 404)
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                offset = int(query["offset"][0])
                source.asked.append(offset)
                if source.hold and offset > 0:
                    source.hold.wait(60)
                self.reply(source.answers.get(offset) or source.page(offset))

            def reply(self, body: object, status: int = 200):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, offset: int) -> dict:
        tracks = [{"id": str(n), "name": f"Brook {n}", "shareurl": f"https://www.jamendo.com/track/{n}", "duration": 61,
                   "audio": f"https://mp3d.jamendo.com/?trackid={n}&format=mp32", "artist_name": "Anna",
                   "license_ccurl": "http://creativecommons.org/licenses/by/3.0/"}
                  for n in range(1000 + offset, 1000 + min(offset + PAGE, self.tracks))]
        return {"headers": {"status": "success", "code": 0, "error_message": "", "warnings": "", "results_count": len(tracks)}, "results": tracks}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


LIMIT = {"headers": {"status": "failed", "code": 6, "error_message": "Rate limit exceeded", "warnings": "", "results_count": 0}, "results": []}


class Runs(unittest.TestCase):
    def state(self, stream: Stream) -> dict:
        return next(state for state in stream.json("produce", "--status") if state["command"] == "jamendo")

    def test_an_error_in_200_removes_nothing_and_the_run_goes_on_there(self):
        source = Jamendo(230)
        self.addCleanup(source.close)
        with Stream("runs-limit", partitions=2) as stream:
            command = ("produce", "jamendo", "--http-mirror", source.address)

            def ends() -> int:
                return sum(record.key == b"run:audio:jamendo" for record in stream.read("media.raw.v1"))

            def live() -> int:
                return sum(record["status"] == "live" for record in stream.catalogue().values())
            stream.process("one", "--loops", "1")
            stream.run(*command)
            self.assertEqual(ends(), 2)
            until(lambda: live() == 230, 60, "all of them to be live")

            for answer in (LIMIT, {"message": "Unauthorized"}, {**LIMIT, "headers": {"status": "success", "code": 0}}):
                source.answers = {PAGE: answer}
                done = stream.run(*command, expect=1)
                self.assertIn(b"jamendo", done.stderr)
                state = self.state(stream)
                self.assertEqual((state["outcome"], state["cursor"]["next"]["offset"]), ("failed", "200"))
            source.answers = {0: LIMIT}
            stream.run(*command, "--restart", expect=1)
            self.assertEqual(self.state(stream)["cursor"]["next"]["offset"], "0")
            self.assertEqual(ends(), 2)
            stream.run("lag", "--group", "process.catalogue", "--wait", "60")
            self.assertEqual(live(), 230)

            # It answers again, and has really lost one.
            source.answers, source.tracks = {}, 229
            stream.run(*command)
            self.assertEqual(ends(), 4)
            until(lambda: live() == 229, 60, "the one that is gone to be removed")

    def test_without_an_earlier_full_run_an_empty_page_behind_a_full_one_removes_nothing(self):
        source = Jamendo(230)
        self.addCleanup(source.close)
        with Stream("runs-first", partitions=2) as stream:
            command = ("produce", "jamendo", "--http-mirror", source.address)
            source.answers = {PAGE: {"headers": {"status": "success"}, "results": []}}
            stream.run(*command, "--max-pages", "1")  # a state without full runs, as of an earlier version
            for _ in range(2):  # asked again at once, it is no more credible
                done = stream.run(*command, expect=1)
                self.assertIn(b"no earlier full run", done.stderr)
                self.assertEqual(self.state(stream)["cursor"]["next"]["offset"], "200")
            self.assertFalse(any(record.key == b"run:audio:jamendo" for record in stream.read("media.raw.v1")))
            source.answers = {}
            source.asked.clear()
            stream.run(*command)
            self.assertEqual(source.asked[0], PAGE)
            self.assertEqual(self.state(stream)["emitted"], 230)

    def test_two_runs_of_one_provider_are_not_made_at_a_time(self):
        source = Jamendo(430)
        self.addCleanup(source.close)
        with Stream("runs-two", partitions=2) as stream:
            command = ("produce", "jamendo", "--http-mirror", source.address)
            source.hold = threading.Event()
            first = stream.role("first", *command)
            until(lambda: PAGE in source.asked, 30, "the first run to wait for its second page")
            run_id = self.state(stream)["run_id"]
            refused = stream.run(*command, expect=3)
            self.assertIn(run_id.encode(), refused.stderr)
            self.assertEqual(source.asked.count(0), 1)
            self.assertEqual(len(stream.run(*command, "--dry-run", "--max-pages", "1").stdout.splitlines()), PAGE)  # touches none of it
            self.assertEqual(self.state(stream)["run_id"], run_id)
            # One that was killed is no hindrance, and its run goes on.
            first.kill()
            source.hold.set()
            time.sleep(0.2)
            source.asked.clear()
            stream.run(*command)
            self.assertEqual(source.asked[0], PAGE)
            state = self.state(stream)
            self.assertEqual((state["run_id"], state["outcome"], state["emitted"]), (run_id, "finished", 430))


    def test_schedules_run_what_is_due_once_and_say_what_is_next(self):
        source = Jamendo(230)
        self.addCleanup(source.close)
        with Stream("runs-schedule", partitions=2) as stream:
            command = ("produce", "jamendo", "--scheduled", "--until-idle", "--http-mirror", source.address)
            self.assertEqual(self.state(stream)["outcome"], None)
            source.answers = {PAGE: {"message": "Unauthorized"}}
            stream.run(*command, expect=1)
            failed = self.state(stream)
            self.assertEqual((failed["outcome"], failed["cursor"]["next"]["offset"]), ("failed", "200"))
            self.assertGreater(failed["next"]["at"], failed["finished_at"], "it waits before it is tried again")
            source.answers = {}
            asked = len(source.asked)
            stream.run(*command)
            self.assertEqual(len(source.asked), asked, "not yet")
            stream.run("produce", "jamendo", "--http-mirror", source.address)
            done = self.state(stream)
            self.assertEqual((done["outcome"], done["emitted"], done["run_id"]), ("finished", 230, failed["run_id"]))
            asked = len(source.asked)
            stream.run(*command)
            self.assertEqual(len(source.asked), asked, "everything is read once a month")
            self.assertGreater(done["next"]["at"], done["finished_at"])
            table = stream.run("produce", "--status").stdout.decode().splitlines()
            self.assertIn("NEXT", table[0])
            self.assertTrue(any(line.startswith("jamendo ") and " finished " in line for line in table))

    def test_schedules_run_sources_without_code(self):
        source = Jamendo(230)
        self.addCleanup(source.close)
        with Stream("runs-files", partitions=2) as stream:
            folder = stream.folder / "sources"
            folder.mkdir()
            (folder / "brook.toml").write_text("""
[provider]
command = "brook"
media = "audio"
endpoint = "https://api.jamendo.com/v3.0/tracks"
schedule = "weekly"
delay_ms = 0
page_size = 200
[paging]
kind = "offset"
parameter = "offset"
[answer]
items = "/results"
[fields]
foreign_identifier = "/id"
foreign_landing_url = "/shareurl"
url = "/audio"
license_url = "/license_ccurl"
""")
            (folder / "museum.toml").write_text('[oai_pmh]\nbase = "https://oai.museum.example/oai"\nname = "museum"\n')
            settings = ("--produce-sources", str(folder), "--http-mirror", source.address)

            def states() -> dict:
                return {state["command"]: state for state in stream.json("produce", "--status", *settings)}
            self.assertEqual((states()["brook"]["outcome"], states()["oai_pmh.museum"]["outcome"]), (None, None))
            self.assertIsNotNone(states()["oai_pmh.museum"]["next"]["day"], "a repository is read day by day")
            self.assertIn("brook", {one["command"] for one in stream.json("produce", "--list", *settings)})

            stream.run("produce", "brook", "--scheduled", "--until-idle", *settings)
            done = states()["brook"]
            self.assertEqual((done["outcome"], done["emitted"]), ("finished", 230))
            self.assertGreater(done["next"]["at"], done["finished_at"], "next Sunday")
            asked = len(source.asked)
            stream.run("produce", "brook", "--scheduled", "--until-idle", *settings)
            self.assertEqual(len(source.asked), asked, "everything was read this week")
            # A file that is named by hand, and one that is read by date: the source has no such thing.
            stream.run("produce", "--scheduled", "--until-idle", "--provider", str(folder / "museum.toml"), "--http-mirror", source.address, expect=1)
            failed = states()["oai_pmh.museum"]
            self.assertEqual(failed["outcome"], "failed")
            self.assertRegex(failed["date"], r"^\d{4}-\d\d-\d\d$")
            # By the setting, as a role.
            source.tracks = 231
            role = stream.role("files", "produce", "scheduled", "--produce-scheduled", "brook", *settings)
            time.sleep(2)
            self.assertEqual(role.stop(), 0)
            (folder / "torn.toml").write_text("[iiif\n")
            # It keeps nobody from the others; who needs it is told why there is none.
            listed = stream.run("produce", "--list", *settings)
            self.assertIn(b"torn.toml:1", listed.stderr)
            self.assertIn(b"brook", listed.stdout)
            self.assertIn(b"torn.toml:1", stream.run("produce", "brook", "--scheduled", "--until-idle", *settings).stderr)
            refused = stream.run("produce", "torn", "--dry-run", *settings, expect=2)
            self.assertIn(b"torn.toml:1", refused.stderr)

    def test_a_role_runs_providers_when_the_setting_names_them(self):
        source = Jamendo(30)
        self.addCleanup(source.close)
        with Stream("runs-role", partitions=2) as stream:
            stream.run("produce", "scheduled", "--produce-scheduled", "no_such_museum", expect=2)
            role = stream.role("schedules", "produce", "scheduled", "--produce-scheduled", "jamendo", "--http-mirror", source.address)
            until(lambda: self.state(stream)["outcome"] == "finished", 60, "the run that is due")
            self.assertEqual(role.stop(), 0)

    def test_a_source_that_goes_quiet_raises_an_alert_and_removes_nothing(self):
        source = Jamendo(230)
        self.addCleanup(source.close)
        with Stream("runs-quiet", partitions=2) as stream:
            command = ("produce", "jamendo", "--http-mirror", source.address)
            stream.run(*command)
            self.assertEqual(stream.read("ops.alerts.v1"), [])
            source.tracks = 0
            stream.run(*command, expect=1)
            alerts = stream.read("ops.alerts.v1")
            validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/alert.schema.json").read_text()))
            for alert in alerts:
                validator.validate(alert.json)
                self.assertEqual((alert.key, alert.headers["schema"]), (b"produce.jamendo:jamendo", "alert/1"))
            self.assertEqual([(alert.json["kind"], alert.json["found"], alert.json["usual"]) for alert in alerts], [("no_records", 0, 230)])
            ends = sum(record.key == b"run:audio:jamendo" for record in stream.read("media.raw.v1"))
            self.assertEqual(ends, 2, "of the first run")


if __name__ == "__main__":
    unittest.main()
