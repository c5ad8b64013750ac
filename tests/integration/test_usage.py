"""How pages and API are used: from what a browser sends to the sums of a day, with kills, repeats and events out of order.

As a program it takes --events, --kills and --seed (scripts/chaos --usage)."""

import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
import uuid

import jsonschema
import usage_model as model
from stream import SOURCE, Proxy, Stream, until

options = argparse.Namespace(events=12_000, kills=6, seed=None)
TOPIC = "usage.events.v1"
SCHEMA = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/usage-event.schema.json").read_text()))
CLICKS = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/usage-clicks.schema.json").read_text()))


def produce(stream: Stream, events: list[dict]) -> None:
    path = stream.folder / "events"
    path.write_text("".join(model.line(event) for event in events))
    subprocess.run(["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + TOPIC, "-K", "\x1f", "-l", str(path), "-H", "schema=usage-event/1",
                    "-X", "partitioner=murmur2"], check=True, timeout=120)


def stored_sums(stream: Stream) -> dict[tuple[str, str, str, str], int]:
    rows = json.loads(stream.psql("SELECT coalesce(json_agg(json_build_array(day::text, measure, label, sublabel, events)), '[]') FROM usage_rollup"))
    return {tuple(row[:4]): row[4] for row in rows}


def stored_events(stream: Stream) -> dict[str, int]:
    rows = stream.psql("SELECT day, count(*) FROM usage_event GROUP BY day").splitlines()
    return {day: int(count) for day, count in (row.split("|") for row in rows)}


def drain(stream: Stream, **settings: str) -> None:
    stream.run("sink", "usage", "--until-idle", "1", timeout=300, **settings)


def metric(log: str, name: str) -> str:
    return re.search(rf"^{re.escape(name)} (\S+)$", log, re.M)[1]


class UsageTest(unittest.TestCase):
    def compare(self, found: dict, expected: dict, what: str) -> None:
        wrong = {place: (found.get(place, 0), expected.get(place, 0)) for place in found.keys() | expected.keys()
                 if found.get(place, 0) != expected.get(place, 0)}
        self.assertEqual(len(wrong), 0, f"{what}: (found, expected) {dict(list(wrong.items())[:8])}")


class TestSums(UsageTest):
    def test_equal_a_recount_after_kills_repeats_and_disorder(self):
        seed = options.seed if options.seed is not None else random.randrange(2**31)
        print(f"seed {seed}, {options.events} events, {options.kills} kills", flush=True)
        chance = random.Random(seed)
        maker = model.Maker(seed, datetime.datetime.now(model.UTC))
        events = [maker.event() for _ in range(options.events)]
        for event in events:
            SCHEMA.validate(event)
        # A tenth comes twice, some of it at once and some much later; all of it in no order.
        sent = events + chance.sample(events, len(events) // 10)
        chance.shuffle(sent)
        sent += chance.sample(sent, len(sent) // 20)
        with Stream("usage") as stream:
            self.kill_while_it_flows(stream, sent, chance)
            drain(stream)
            self.check(stream, events)
            self.check_offsets_and_lag(stream)
            self.check_clicks(stream, events)
            self.check_report(stream, events)
            self.check_replay(stream, events)

    def kill_while_it_flows(self, stream: Stream, sent: list[dict], chance: random.Random) -> None:
        sinks = [stream.role(f"usage-{name}", "sink", "usage", "--process-instance", name) for name in ("a", "b")]
        portion = max(1, len(sent) // (options.kills + 1))
        killed = 0
        for at in range(0, len(sent), portion):
            produce(stream, sent[at:at + portion])
            if killed < options.kills:
                time.sleep(chance.uniform(0.05, 1.5))
                victim = chance.choice(sinks)
                victim.kill()
                killed += 1
                time.sleep(chance.uniform(0, 0.5))
                victim.start()
        self.assertEqual(killed, options.kills)
        newest = max(sent, key=lambda event: event["received_at"])
        until(lambda: stream.psql(f"SELECT count(*) FROM usage_event WHERE event_id = '{newest['event_id']}'") == "1", 60, "an event to be stored")
        for sink in sinks:
            self.assertEqual(sink.stop(), 0)

    def check(self, stream: Stream, events: list[dict]) -> None:
        self.assertEqual(stored_events(stream), dict(collections.Counter(event["occurred_at"][:10] for event in events)))
        self.compare(stored_sums(stream), model.sums(events), "sums of days")
        self.assertEqual(stream.read("media.dead-letter.v1"), [])

    def check_offsets_and_lag(self, stream: Stream) -> None:
        lag = stream.json("lag", expect=None)
        self.assertIn("sink.usage", json.dumps(lag))
        done = sum(int(offset) for offset in stream.psql("SELECT next_offset FROM sink_offsets WHERE sink LIKE '%sink.usage'").splitlines())
        self.assertEqual(done, len(stream.read(TOPIC)))

    def check_clicks(self, stream: Stream, events: list[dict]) -> None:
        """Hours that are over are on the topic, and the newest record of each says what a recount says."""
        bound = datetime.datetime.now(model.UTC) - datetime.timedelta(minutes=70)
        over = model.stamp(bound)[:13]
        expected = {place: counts for place, counts in model.clicks(events).items() if place[0][:13] < over}
        found = {}
        for record in stream.read("usage.clicks.v1"):
            CLICKS.validate(record.json)
            self.assertEqual(record.headers["schema"], "usage-clicks/1")
            one = record.json
            self.assertEqual(record.key.decode(), f"{one['hour']}|{one['identifier']}")
            self.assertEqual(one["impressions"], sum(at["impressions"] for at in one["by_rank"]))
            self.assertEqual(one["clicks"], sum(at["clicks"] for at in one["by_rank"]))
            found[record.key] = one
        said = {(one["hour"], one["identifier"], at["rank"]): (at["impressions"], at["clicks"]) for one in found.values() for at in one["by_rank"]
                if one["hour"][:13] < over}
        self.assertGreater(len(expected), 100)
        self.compare(said, expected, "works by hour and rank")

    def check_report(self, stream: Stream, events: list[dict]) -> None:
        day = collections.Counter(event["occurred_at"][:10] for event in events).most_common(1)[0][0]
        report = stream.json("usage", "report", "--day", day)
        sums = {place[1:]: count for place, count in model.sums(events).items() if place[0] == day}

        def total(measure, label=None, sublabel=None):
            return sum(count for (one, a, b), count in sums.items() if one == measure and label in (None, a) and sublabel in (None, b))

        self.assertEqual(report["searches"], total("searches", sublabel="web"))
        self.assertEqual(report["api_searches"], total("searches", sublabel="api"))
        self.assertEqual(report["results_clicked"], total("clicks"))
        self.assertEqual(report["attribution_buttonclicks"], total("copies"))
        self.assertEqual(report["survey_responses"], total("details", "REUSE_SURVEY"))
        self.assertEqual(report["sessions"], total("sessions"))
        self.assertEqual(report["attribution_referer_hits"], total("embedding_sites"))
        self.assertAlmostEqual(report["avg_rating"], total("ratings", "relevant") / total("ratings"))
        self.assertEqual({one["name"]: one["count"] for one in report["attribution_copies"]},
                         {label: total("copies", label) for (measure, label, _) in sums if measure == "copies"})
        top = sorted(((label, count) for (measure, label, _), count in sums.items() if measure == "queries"),
                     key=lambda pair: (-pair[1], pair[0].encode()))[:100]
        self.assertEqual([(one["name"], one["count"]) for one in report["top_searches"]], top)
        self.assertEqual({one["rank"]: (one["impressions"], one["clicks"]) for one in report["click_through"]},
                         {rank: (total("impressions_by_rank", str(rank)), total("clicks_by_rank", str(rank)))
                          for rank in {int(label) for (measure, label, _) in sums if measure in ("impressions_by_rank", "clicks_by_rank")}})
        self.assertEqual([one["clicks"] for one in report["top_results"]], sorted((one["clicks"] for one in report["top_results"]), reverse=True))
        self.assertTrue(stream.run("usage", "report", "--day", day).stdout.startswith(day.encode()))

    def check_replay(self, stream: Stream, events: list[dict]) -> None:
        before = stream.psql("SELECT md5(string_agg(r::text || r.xmin::text, '' ORDER BY r::text)) FROM usage_rollup r")
        stream.replay("sink.usage")
        drain(stream)
        self.check(stream, events)
        self.assertEqual(stream.psql("SELECT md5(string_agg(r::text || r.xmin::text, '' ORDER BY r::text)) FROM usage_rollup r"), before,
                         "reading everything again touches no sum")


class TestSink(UsageTest):
    def test_puts_aside_what_is_no_event_and_goes_on(self):
        with Stream("usageaside") as stream:
            maker = model.Maker(1, datetime.datetime.now(model.UTC))
            good = [maker.event() for _ in range(20)]
            produce(stream, good[:10])
            future = {**good[0], "event_id": maker.uuid(), "received_at": "2999-01-01T00:00:00.000Z", "occurred_at": "2999-01-01T00:00:00.000Z"}
            bad = {b"k1": b"{", b"k2": b"[]", b"k3": json.dumps({**good[0], "type": "NO_SUCH"}).encode(), b"k4": json.dumps({**good[0], "event_id": "x"}).encode(),
                   b"wrong": json.dumps(good[0]).encode(), model.key(future).encode(): json.dumps(future).encode(),
                   b"k5": json.dumps({**good[0], "query": "a\0b"}).encode(), b"k6": b"\xff\xfe"}
            for place, value in bad.items():
                stream.produce(TOPIC, place, value, schema="usage-event/1")
            stream.produce(TOPIC, model.key(good[0]).encode(), json.dumps(good[0]).encode(), schema="usage-event/9")
            produce(stream, good[10:])
            drain(stream)
            letters = stream.read("media.dead-letter.v1")
            self.assertEqual(len(letters), len(bad) + 1)
            self.assertEqual({letter.headers["dl.step"] for letter in letters}, {"sink.usage"})
            fields = {letter.key: letter.headers.get("dl.field") for letter in letters}
            self.assertEqual((fields[b"k3"], fields[b"k4"], fields[b"wrong"], fields[b"k5"]), ("type", "event_id", "key", "query"))
            self.assertEqual(sum(stored_events(stream).values()), 20)
            self.compare(stored_sums(stream), model.sums(good), "sums")

    def test_what_was_received_was_written_dropped_or_put_aside(self):
        with Stream("usagesums") as stream:
            maker = model.Maker(2, datetime.datetime.now(model.UTC))
            events = [maker.event() for _ in range(300)]
            produce(stream, events + events[:100])
            stream.produce(TOPIC, b"bad", b"{", schema="usage-event/1")
            sink = stream.role("usage", "sink", "usage")
            until(lambda: sum(stored_events(stream).values()) == 300, 60, "all events")
            address = re.search(r'"address":"(127\.0\.0\.1:\d+)"', sink.log.read_text())[1]

            def counted() -> dict[str, float]:
                found: dict[str, float] = collections.defaultdict(float)
                with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
                    for row in reply.read().decode().splitlines():
                        if match := re.match(r'freshet_sink_records_(\w+)_total\{([^}]*)\} (\S+)', row):
                            if 'sink="usage"' in match[2]:
                                found[match[1]] += float(match[3])
                return found

            done = until(lambda: (c := counted())["dead_lettered"] == 1 and c["received"] == 401 and c, 30, "the dead letter")
            self.assertEqual((done["forwarded"], done["dropped"]), (300, 100))
            self.assertEqual(done["received"], done["forwarded"] + done["dropped"] + done["dead_lettered"])

    def test_days_are_dropped_and_their_sums_kept(self):
        with Stream("usagedays") as stream:
            now = datetime.datetime.now(model.UTC)
            maker = model.Maker(3, now)
            events = [maker.event() for _ in range(200)]
            for event, days in zip(events, [0, 1, 5, 9] * 50):
                when = now - datetime.timedelta(days=days, minutes=1)
                event["occurred_at"] = event["received_at"] = model.stamp(when)
            produce(stream, events)
            drain(stream, FRESHET_USAGE_KEEP_DAYS="30")
            self.assertEqual(len(stored_events(stream)), 4)
            before = stored_sums(stream)
            self.compare(before, model.sums(events), "sums")
            # Fewer days: the events of two days go, and what they came to stays.
            drain(stream, FRESHET_USAGE_KEEP_DAYS="3")
            days = {model.stamp(now - datetime.timedelta(days=d, minutes=1))[:10] for d in (0, 1)}
            self.assertEqual(set(stored_events(stream)), days)
            self.compare(stored_sums(stream), before, "sums after days were dropped")
            self.assertEqual(stream.psql("SELECT count(*) FROM usage_session WHERE day < current_date - 4"), "0")
            # Read again, also with more days than before: what was dropped is not counted a second time.
            for keep in ("3", "30"):
                stream.replay("sink.usage")
                drain(stream, FRESHET_USAGE_KEEP_DAYS=keep)
                self.compare(stored_sums(stream), before, f"sums read again, keeping {keep} days")
                self.assertEqual(set(stored_events(stream)), days)

    def test_the_tail_of_a_dropped_day_is_added_up(self):
        with Stream("usagetail") as stream:
            stream.psql("INSERT INTO usage_day (day) VALUES ('2026-01-02'); "
                        "INSERT INTO usage_rollup SELECT '2026-01-02', 'queries', 'q' || i, '', i FROM generate_series(1, 5) i")
            self.assertEqual(stream.psql("SELECT usage_drop_days('2026-01-03', 3)"), "1")
            self.assertEqual(stream.psql("SELECT label, sublabel, events FROM usage_rollup ORDER BY events DESC, label"), "q5||5\nq4||4\n|other|3\nq3||3")

    def test_a_tail_joins_a_row_that_has_its_name(self):
        for kept, expected in ((100, "|other|106\nq5||5\nq4||4"), (0, "q5||5\nq4||4\nq3||3\n|other|3")):
            with Stream(f"usagetwin{kept}") as stream:
                stream.psql("INSERT INTO usage_day (day) VALUES ('2026-01-02'); "
                            f"INSERT INTO usage_rollup VALUES ('2026-01-02', 'queries', '', 'other', {kept}); "
                            "INSERT INTO usage_rollup SELECT '2026-01-02', 'queries', 'q' || i, '', i FROM generate_series(1, 5) i")
                self.assertEqual(stream.psql("SELECT usage_drop_days('2026-01-03', 3)"), "1")
                rows = stream.psql("SELECT label, sublabel, events FROM usage_rollup ORDER BY events DESC, label DESC")
                self.assertEqual(rows, expected)


class TestEvents(UsageTest):
    """The way from a browser, through `freshet api`."""

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, object]:
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.address}{path}", data, {"Content-Type": "application/json", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=15) as reply:
                text = reply.read().decode()
                return reply.status, json.loads(text) if text.startswith("{") else text
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            return error.code, json.loads(text) if text.startswith("{") else text

    def start(self, stream: Stream, **settings: str):
        api = stream.role(f"api-{uuid.uuid4().hex[:6]}", "api", FRESHET_API_LISTEN="127.0.0.1:0", **settings)
        self.address = until(lambda: (found := re.search(r'"event":"api_started".*?"address":"([^"]+)"', api.log.read_text())) and found[1], 30, "the API")
        return api

    @staticmethod
    def event(kind: str = "OPEN_PAGES_MENU", **members) -> dict:
        return {"event_id": str(uuid.uuid4()), "type": kind, "occurred_at": model.stamp(datetime.datetime.now(model.UTC)), **members}

    def test_are_on_the_topic_once_accepted_and_counted_within_seconds(self):
        with Stream("usageapi") as stream:
            api = self.start(stream)
            session, search = str(uuid.uuid4()), str(uuid.uuid4())
            work = str(uuid.uuid4())
            click = self.event("SELECT_SEARCH_RESULT", session_id=session, search_id=search, query="owl", result_id=work, rank=3,
                               media_type="image", payload={"kind": "search"})
            self.assertEqual(self.ask("POST", "/v1/events/", {"events": [click, self.event()]},
                                      **{"User-Agent": "Mozilla/5.0 (Linux; Android 15) Mobile"}), (202, {"accepted": 2}))
            beacon = json.dumps({"events": [self.event(session_id=session)]}).encode()
            self.assertEqual(self.ask("POST", "/v1/events/", beacon, **{"Content-Type": "text/plain;charset=UTF-8"})[0], 202)
            records = stream.read(TOPIC)
            self.assertEqual(len(records), 3)
            for record in records:
                SCHEMA.validate(record.json)
                self.assertEqual(record.headers["schema"], "usage-event/1")
                self.assertEqual(record.key.decode(), model.key(record.json))
                self.assertNotIn("127.0.0.1", record.value.decode())
            stored = next(record.json for record in records if record.json["event_id"] == click["event_id"])
            self.assertEqual({**click, "agent": "mobile", "origin": "web", "received_at": stored["received_at"]}, stored)
            self.assertEqual(self.ask("GET", "/v1/images/?q=owl&license=cc0")[0], 200)
            until(lambda: len(stream.read(TOPIC)) == 4, 20, "the search of a program")
            noted = next(record.json for record in stream.read(TOPIC) if record.json["origin"] == "api")
            SCHEMA.validate(noted)
            self.assertEqual((noted["type"], noted["query"], noted["filters"], noted["payload"]["resultsCount"]),
                             ("SEARCH_EVENT", "owl", {"license": ["cc0"]}, 0))
            stream.role("usage", "sink", "usage")
            started = time.monotonic()
            until(lambda: stream.json("usage", "report")["api_searches"] == 1, 60, "the report")
            print(f"in the report {time.monotonic() - started:.1f} s after the sink was started", flush=True)
            report = stream.json("usage", "report")
            self.assertEqual((report["results_clicked"], report["sessions"], report["click_through"]),
                             (1, 1, [{"rank": 3, "impressions": 0, "clicks": 1, "rate": None}]))
            self.assertEqual(api.stop(), 0)

    def test_are_refused_by_name(self):
        with Stream("usagebad") as stream:
            self.start(stream)
            future = model.stamp(datetime.datetime.now(model.UTC) + datetime.timedelta(minutes=10))
            for wrong, field in [(self.event("MOUSE_MOVED"), "events[0].type"), ({**self.event(), "occurred_at": future}, "events[0].occurred_at"),
                                 (self.event(query="q" * 201), "events[0].query"), (self.event(address="192.0.2.1"), "events[0].address"),
                                 (self.event(filters={str(i): ["x" * 400] * 2 for i in range(12)}), "events[0]")]:
                status, body = self.ask("POST", "/v1/events/", {"events": [wrong]})
                self.assertEqual(status, 400, body)
                self.assertEqual(list(body["detail"]), [field])
            self.assertEqual(list(self.ask("POST", "/v1/events/", {"events": [self.event()] * 51})[1]["detail"]), ["events"])
            self.assertEqual(self.ask("POST", "/v1/events/", {"events": ["x" * 600_000]})[0], 413)
            self.assertEqual(stream.read(TOPIC), [])

    def test_of_those_who_opt_out_are_not_kept(self):
        with Stream("usageout") as stream:
            self.start(stream)
            for headers in ({"Sec-GPC": "1"}, {"Cookie": "freshet=system.blurred.uncounted"}):
                self.assertEqual(self.ask("POST", "/v1/events/", {"events": [self.event()]}, **headers), (204, ""))
                self.assertEqual(self.ask("GET", "/v1/images/?q=owl", **headers)[0], 200)
            self.start(stream, FRESHET_USAGE_ENABLED="false")
            self.assertEqual(self.ask("POST", "/v1/events/", {"events": [self.event()]}), (204, ""))
            self.assertEqual(self.ask("GET", "/v1/images/?q=owl")[0], 200)
            time.sleep(1)
            self.assertEqual(stream.read(TOPIC), [])

    def test_a_broker_that_is_away_is_503_and_costs_no_memory(self):
        with Stream("usageaway") as stream:
            host, port = stream.brokers.split(",")[0].rsplit(":", 1)
            # Nobody listens there: as a broker that is gone.
            gone = Proxy(host, int(port))
            gone.cut()
            api = self.start(stream, FRESHET_KAFKA_BROKERS=f"127.0.0.1:{gone.port}")
            body = {"events": [self.event("GET_SEARCH_RESULTS", query="q" * 200) for _ in range(50)]}

            def size() -> int:
                return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{api.child.pid}/status").read_text())[1])

            self.assertEqual(self.ask("POST", "/v1/events/", body)[0], 503)
            before = size()
            with concurrent.futures.ThreadPoolExecutor(100) as pool:
                statuses = collections.Counter(status for status, _ in pool.map(lambda _: self.ask("POST", "/v1/events/", body), range(1500)))
            self.assertEqual(set(statuses), {503})
            self.assertEqual(self.ask("GET", "/v1/images/?q=owl")[0], 200)
            self.assertLess(size() - before, 80_000, "kB grown")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=os.environ.get("CHAOS_SEED"))
    parser.add_argument("--events", type=int, default=options.events)
    parser.add_argument("--kills", type=int, default=options.kills)
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *rest])
