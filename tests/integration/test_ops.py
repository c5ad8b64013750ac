"""The page for operators: its figures are those of the commands, it is live, and it is not for others."""

import base64
import crypt
import html
import json
import re
import time
import unittest
import urllib.error
import urllib.request

from stream import Stream, until
from test_sinks import produce, record


class Ops:
    """`freshet api` of a stream, and its page."""

    def __init__(self, stream: Stream, **settings: str):
        self.role = stream.role(f"api-{len(stream.roles)}", "api", FRESHET_API_LISTEN="127.0.0.1:0", **settings)
        found = until(lambda: re.search(r'"event":"api_started".*?"address":"([^"]+)"', self.role.log.read_text()), 30, "the API")
        self.address = found[1]

    def ask(self, path: str, **headers: str) -> tuple[int, dict, str]:
        request = urllib.request.Request(f"http://{self.address}{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=15) as reply:
                return reply.status, dict(reply.headers), reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read().decode()

    def figures(self) -> dict:
        return json.loads(self.ask("/ops/figures")[2])


class OpsTest(unittest.TestCase):
    def test_figures_are_those_of_the_commands(self):
        with Stream("ops") as stream:
            produce(stream, [record(n) for n in range(40)])
            stream.produce("media.catalog.v1", b"image:met:bad", b"{", schema="catalog/1")
            stream.drain(processor=False, sinks=("postgres",))
            stream.run("decide", "hide-source", "flickr", "--by", "A. Person", "--why", "test")
            # A static member that stopped counts as one until its session ends.
            until(lambda: all(group["members"] == 0 for group in stream.json("lag", "--over", "0")), 40, "members to leave", every=1)
            ops = Ops(stream)
            wanted = {"lag", "stats", "policy", "usage", "runs", "dead_letters"}
            until(lambda: wanted <= ops.figures().keys(), 60, "all figures")
            figures = ops.figures()
            self.assertEqual(figures["faults"], [])

            lag = {group["group"]: group for group in stream.json("lag", "--over", "0")}
            shown = {group["group"]: group for group in figures["lag"]}
            self.assertEqual(shown.keys(), lag.keys())
            for name, group in lag.items():
                self.assertEqual((shown[name]["lag_records"], shown[name]["state"], shown[name]["members"]),
                                 (group["lag_records"], group["state"], group["members"]), name)
                self.assertEqual([(one["partition"], one["committed"], one["end"]) for one in shown[name]["partitions"]],
                                 [(one["partition"], one["committed"], one["end"]) for one in group["partitions"]])
            self.assertEqual(lag["sink.elasticsearch"]["lag_records"], 41)
            self.assertEqual(lag["sink.postgres"]["lag_records"], 0)

            stats = stream.json("stats", expect=None)
            for part in ("all", "stores", "removals_held", "agree", "disagreements", "notes", "processed"):
                self.assertEqual(figures["stats"][part], stats[part], part)
            self.assertEqual(stats["stores"]["postgres"]["live"], 40)
            self.assertEqual(figures["policy"], stream.json("policy", "show"))
            self.assertEqual(figures["usage"], stream.json("usage", "report"))
            self.assertEqual(figures["dead_letters"]["newest"], stream.json("dead-letter", "list"))
            self.assertEqual(len(figures["dead_letters"]["newest"]), 1)

            text = ops.ask("/ops/")[2]
            for name, group in lag.items():
                row = re.search(rf'<tr class="\w+" data-group="{re.escape(name)}">.*?</tr>', text, re.S)[0]
                self.assertIn(f'data-figure="lag_records">{group["lag_records"]}</td>', row)
            self.assertIn('data-figure="postgres">40<', text)
            self.assertIn('data-figure="letters_open">1<', text)
            letter = figures["dead_letters"]["newest"][0]
            self.assertIn(f"freshet dead-letter show {letter['partition']} {letter['offset']}", html.unescape(text))
            # What the page says to type is a command that there is.
            for command in re.findall(r"<code[^>]*>freshet ([^<]+)</code>", html.unescape(text)):
                words = [word for word in command.split(" --")[0].split() if not word.isdigit() and ":" not in word]
                stream.run(*words, "--help")
            self.assertEqual(ops.role.stop(), 0)

    def test_is_live(self):
        with Stream("opslive") as stream:
            ops = Ops(stream)
            with urllib.request.urlopen(f"http://{ops.address}/ops/events", timeout=30) as events:
                self.assertEqual(events.headers["Content-Type"], "text/event-stream")

                def next_parts() -> str:
                    while True:
                        line = events.readline().decode()
                        if line.startswith("data: "):
                            return json.loads(line[6:])

                def lag_of(parts: str) -> str | None:
                    found = re.search(r'data-group="sink.postgres">.*?data-figure="lag_records">(\d+)<', parts, re.S)
                    return found and found[1]

                until(lambda: lag_of(next_parts()) == "0", 40, "nothing is unread")
                produce(stream, [record(n) for n in range(7)])
                started = time.monotonic()
                until(lambda: lag_of(next_parts()) == "7", 20, "seven are unread")
                print(f"shown {time.monotonic() - started:.1f} s after it was produced", flush=True)
                # A server that stops does not wait for those who look.
                started = time.monotonic()
                self.assertEqual(ops.role.stop(), 0)
                self.assertLess(time.monotonic() - started, 15)

    def test_is_for_those_who_may(self):
        with Stream("opsgate") as stream:
            ops = Ops(stream)
            self.assertEqual(ops.ask("/ops/")[0], 200)
            self.assertEqual(ops.ask("/ops/", X_Forwarded_For="192.0.2.7")[0], 403)
            self.assertEqual(ops.ask("/ops/", Host="freshet.example")[0], 403)
            self.assertEqual(ops.ask("/ops/figures", X_Forwarded_For="192.0.2.7")[0], 403)
            ops.role.stop()
            hashed = crypt.crypt("open sesame", crypt.mksalt(crypt.METHOD_SHA512))
            ops = Ops(stream, FRESHET_OPS_PASSWORD_HASH=hashed)
            status, headers, _ = ops.ask("/ops/")
            self.assertEqual((status, headers["WWW-Authenticate"].split()[0]), (401, "Basic"))

            def basic(password: str) -> str:
                return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()

            self.assertEqual(ops.ask("/ops/", Authorization=basic("open sesame"), X_Forwarded_For="192.0.2.7")[0], 200)
            self.assertEqual([ops.ask("/ops/", Authorization=basic("guess"))[0] for _ in range(7)], [401] * 5 + [429] * 2)
            self.assertEqual(ops.ask("/ops/", Authorization=basic("open sesame"))[0], 200, "who is in stays in")
            self.assertNotIn("open sesame", ops.role.log.read_text())
            stream.run("config", "show", FRESHET_OPS_PASSWORD_HASH="plain", expect=2)


if __name__ == "__main__":
    unittest.main()
