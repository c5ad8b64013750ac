"""A real Prometheus over running roles: what rules and panels ask has an answer, and a stage that is dead is seen."""

import json
import re
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

from stream import SOURCE, Stream, until

OPERATE = SOURCE / "operate"
# Of other exporters: there is none in this test.
FOREIGN = re.compile(r"\b(node_|kafka_server_)")
# There while there is something to count: a label of a fault that has not happened has no series.
RARE = re.compile(r"records_dead_lettered_total|freshet:dead_letters|removals_held_works|status=~\"5|source_full_run|source_run_|source_lag|batches_aborted"
                  r"|freshet:source_lag|freshet_lag_up\) or")


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % free.getsockname()[1]


def sighting(number: int) -> tuple[bytes, bytes]:
    work = {"media_type": "image", "provider": "met", "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "title": f"Harbour {number}"}
    value = {"seen": {"fetched_at": f"2026-11-01T00:00:00.{number:06d}Z", "run_id": "r"}, "work": work}
    return f"image:met:{number}".encode(), json.dumps(value, separators=(",", ":")).encode()


def expressions() -> list[tuple[str, str]]:
    """Where it stands, and what is asked, of each rule, alert and panel."""
    found = []
    for file in ("rules.yml", "alerts.yml"):
        done = subprocess.run(["promtool", "check", "rules", str(OPERATE / "prometheus" / file)], capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
    for file in sorted((OPERATE / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", ()):
                found.append((f"{file.name}, {panel['title']}", target["expr"]))
    return found


class Prometheus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("prometheus", partitions=2))
        cls.addresses = {name: free_address() for name in ("lag", "process", "postgres", "elasticsearch", "api", "prometheus")}
        stream = cls.stream
        stream.role("lag", "lag", "--serve", cls.addresses["lag"], "--every", "1")
        stream.process("one", "--loops", "2", "--metrics-listen", cls.addresses["process"])
        cls.sink = stream.role("postgres", "sink", "postgres", "--metrics-listen", cls.addresses["postgres"])
        stream.role("elasticsearch", "sink", "elasticsearch", "--metrics-listen", cls.addresses["elasticsearch"])
        cls.api = free_address()
        stream.role("api", "api", "--api-listen", cls.api, "--metrics-listen", cls.addresses["api"])
        for number in range(20):
            stream.produce_raw(*sighting(number))
        cls.start()

    @classmethod
    def start(cls) -> None:
        folder = cls.stream.folder / "prometheus"
        folder.mkdir()
        for name in ("rules.yml", "alerts.yml"):
            shutil.copy(OPERATE / "prometheus" / name, folder)
        jobs = "".join(f"  - job_name: {job}\n    static_configs: [{{targets: [{', '.join(repr(cls.addresses[name]) for name in names)}]}}]\n"
                       for job, names in (("lag", ("lag",)), ("process", ("process",)), ("sink", ("postgres", "elasticsearch")), ("api", ("api",))))
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
                                               "rule_files: [rules.yml, alerts.yml]\nscrape_configs:\n" + jobs)
        cls.child = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                      f"--web.listen-address={cls.addresses['prometheus']}", "--log.level=warn"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.child.wait)
        cls.addClassCleanup(cls.child.terminate)

    def get(self, path: str, **query: str) -> object:
        url = f"http://{self.addresses['prometheus']}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        except OSError:
            return None  # it is starting

    def value(self, expression: str) -> float | None:
        data = self.get("query", query=expression)
        return float(data["result"][0]["value"][1]) if data and data["result"] else None

    def alerts(self) -> set[tuple[str, str]]:
        return {(alert["labels"]["alertname"], alert["labels"].get("group", "")) for alert in (self.get("alerts") or {"alerts": []})["alerts"]
                if alert["state"] == "firing"}

    def test_every_expression_has_an_answer(self):
        until(lambda: self.value("sum(freshet_sink_records_forwarded_total)") == 40, 60, "both sinks to have written all")
        until(lambda: self.search() == 200, 30, "the API to answer")
        # Rates need two samples, percentiles something that was observed between them.
        for number in range(20, 40):
            self.stream.produce_raw(*sighting(number))
            self.search()
        # The counter of drops comes with the first.
        key, value = sighting(40)
        self.stream.produce_raw(key, value.replace(b"publicdomain/zero", b"nothing/of_this_kind"))
        until(lambda: self.value("freshet:api_request_seconds:p95"), 60, "rates to be known")
        until(lambda: self.value("freshet:freshness_seconds:p95"), 60, "freshness to be known")
        rules = [(f"{group['file'].rsplit('/', 1)[-1]}, {rule['name']}", rule) for group in self.get("rules")["groups"] for rule in group["rules"]]
        self.assertGreater(len(rules), 20)
        for where, rule in rules:
            self.assertEqual((rule["health"], rule.get("lastError", "")), ("ok", ""), where)

        def silent() -> list[str]:
            return [where for where, rule in rules
                    if rule["type"] == "recording" and not RARE.search(rule["query"]) and not self.get("query", query=rule["name"])["result"]] + [
                f"{where}: {expression}" for where, expression in expressions()
                if not RARE.search(expression) and not self.get("query", query=expression)["result"]]

        # A counter that has just come has no rate before its second sample.
        deadline = time.monotonic() + 60
        while silent() and time.monotonic() < deadline:
            time.sleep(1)
        self.assertEqual(silent(), [])
        # An alert that is silent must be so because nothing is wrong: each metric that it asks is there.
        known = set(self.get("label/__name__/values"))
        for where, rule in rules:
            for name in re.findall(r"\bfreshet[_:][a-z0-9_:]+", rule["query"]):
                self.assertTrue(name in known or RARE.search(name), f"{where} asks for {name}, which nobody has")

    def search(self) -> int:
        try:
            with urllib.request.urlopen(f"http://{self.api}/v1/images/?q=harbour", timeout=10) as reply:
                return reply.status
        except OSError:
            return 0

    def test_runbooks_are_there(self):
        page = (SOURCE / "docs/operations.md").read_text()
        for name in re.findall(r"alert: (\w+)", (OPERATE / "prometheus/alerts.yml").read_text()):
            self.assertIn(f"\n### {name}\n", page)

    def test_zz_a_sink_that_is_stopped_is_seen_and_cleared(self):
        series = 'freshet:group_lag_seconds:max{group="sink.postgres"}'
        until(lambda: self.value(series) == 0 and not self.alerts() & {("StageBehind", "sink.postgres"), ("StageDead", "sink.postgres")}, 60, "all to be at rest")
        self.sink.kill()
        self.stream.produce_raw(*sighting(1000))
        stopped = time.monotonic()
        until(lambda: (self.value(series) or 0) > 0, 10, "the lag to rise")
        rose = time.monotonic() - stopped
        until(lambda: ("StageBehind", "sink.postgres") in self.alerts(), 45, "the alert to fire")
        fired = time.monotonic() - stopped
        truth = self.stream.json("lag", "--group", "sink.postgres", "--over", "0")[0]["lag_seconds"]
        self.assertLess(abs(truth - self.value(series)), 5)
        self.sink.start()
        until(lambda: self.stream.json("lag", "--group", "sink.postgres", "--over", "0")[0]["lag_records"] == 0, 60, "the sink to catch up")
        caught_up = time.monotonic()
        until(lambda: ("StageBehind", "sink.postgres") not in self.alerts(), 20, "the alert to end")
        print(f"rose after {rose:.1f} s, fired after {fired:.1f} s, clear {time.monotonic() - caught_up:.1f} s after it had caught up", flush=True)


if __name__ == "__main__":
    unittest.main()
