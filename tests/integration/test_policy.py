"""Policy: lists that hold for all works, changed while everything runs; sources that are hidden or made known; hosts that speak http alone."""

import json
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import jsonschema

from stream import SOURCE, Role, Stream, identifier, need, until

WHO = ("--by", "A. Person", "--why", "list of November")
WORKS = 600
LICENSE = "https://creativecommons.org/publicdomain/zero/1.0/"


def key(number: int, provider: str = "met") -> str:
    return f"image:{provider}:{number}"


def sighting(number: int, title: str, *, day: int = 1, provider: str = "met", tags: tuple[str, ...] = (), **more: object) -> tuple[bytes, bytes]:
    seen = {"fetched_at": f"2026-11-{day:02d}T00:00:{number // 1000:02d}.{number % 1000:06d}Z", "run_id": "r"}
    work = {"media_type": "image", "provider": provider, "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{provider}/{number}",
            "url": f"https://met.org/{provider}/{number}.jpg", "license_url": LICENSE, "title": title, **more}
    if tags:
        work["tags"] = list(tags)
    return key(number, provider).encode(), json.dumps({"seen": seen, "work": work}, separators=(",", ":"), ensure_ascii=False).encode()


def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % free.getsockname()[1]


class OnAStream(unittest.TestCase):
    stream: Stream

    def set_terms(self, *terms: str) -> dict:
        done = self.stream.run("policy", "set", "sensitive_terms", "-", *WHO, "--json", stdin="\n".join(terms).encode())
        return json.loads(done.stdout)

    def sensitivity(self, work: str) -> list[str]:
        return self.stream.catalogue()[work]["derived"]["sensitivity"]

    def written(self) -> int:
        return len(self.stream.read("media.catalog.v1"))

    @staticmethod
    def metric(address: str, name: str) -> float:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)


class Policy(OnAStream):
    """One stream whose roles run all the while; tests are in order, and each ends as it began."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("policy"))
        cls.metrics = free_address()
        cls.processor = cls.stream.process("one", "--loops", "2", "--metrics-listen", cls.metrics)
        cls.sink = cls.stream.role("sink-postgres", "sink", "postgres")
        cls.stream.role("sink-elasticsearch", "sink", "elasticsearch")
        cls.address = free_address()
        cls.stream.role("api", "api", "--api-listen", cls.address)
        for number in range(WORKS):
            title, tags, more = f"Harbour {number}", ("sea",), {}
            if number % 100 == 1:
                title = f"A Heron, {number}"
            elif number % 100 == 2:
                tags = ("sea", "black heron")
            elif number % 100 == 3:
                more = {"meta_data": {"description": "Ein Graureiher\n(HERON) am Fluß"}}
            elif number % 100 == 4:
                title = f"Herons {number}"
            cls.stream.produce_raw(*sighting(number, title, tags=tags, **more))
        cls.stream.produce_raw(*sighting(1, "Elsewhere", provider="behance"))
        until(lambda: len(cls.stream.live_rows()) == WORKS + 1 and len(cls.stream.documents(live=True)) == WORKS + 1, 90, "all works in both stores")
        until(cls.scans_are_over, 30, "the scan of a fresh state")

    @classmethod
    def scans_are_over(cls) -> bool:
        return cls.metric(cls.metrics, "freshet_process_scan_jobs") == 0

    def settle(self) -> None:
        """After policy was said: it was read, what it asks for is done, and both stores hold it."""
        said = self.stream.json("policy", "show")["version"]
        until(lambda: self.metric(self.metrics, "freshet_policy_version") >= said, 20, "the processor to read policy")
        time.sleep(0.5)
        until(self.scans_are_over, 30, "the scan")
        until(self.stream.stores_hold_the_catalogue, 30, "both stores to hold what the scan wrote", every=0.5)

    def test_1_terms_write_the_works_concerned_and_no_other(self):
        before, records = self.stream.catalogue(), self.written()
        visited = self.metric(self.metrics, "freshet_process_scan_works_total")
        self.set_terms("heron", "fluß am", "harbour master")
        concerned = {key(n) for n in range(WORKS) if n % 100 in (1, 2, 3)}
        until(lambda: {k for k, r in self.stream.catalogue().items() if r["derived"]["sensitivity"]} == concerned, 30, "the works to be marked")
        self.settle()
        after = self.stream.catalogue()
        self.assertEqual(self.written() - records, len(concerned), "one record for each, and none for any other")
        self.assertEqual(self.metric(self.metrics, "freshet_process_scan_works_total") - visited, WORKS + 1)
        for work, record in after.items():
            if work not in concerned:
                self.assertEqual(record, before[work])
                continue
            self.assertEqual(record["derived"]["sensitivity"], ["sensitive_text"])
            self.assertGreater(record["revision"], before[work]["revision"])
            self.assertGreater(record["derived"]["policy"], 0)
            for member in ("updated_on", "work", "status", "created_on", "decisions"):
                self.assertEqual(record[member], before[work][member])
        self.both_stores_say(concerned)
        # Said once more it is no change at all, and the next list takes marks away and sets others.
        self.assertFalse(self.set_terms("# a list", "harbour  master", "heron", "", "fluß am", "heron")["changed"])
        records = self.written()
        self.set_terms("herons")
        others = {key(n) for n in range(WORKS) if n % 100 == 4}
        until(lambda: {k for k, r in self.stream.catalogue().items() if r["derived"]["sensitivity"]} == others, 30, "the other works to be marked")
        self.settle()
        self.assertEqual(self.written() - records, len(concerned) + len(others))
        # A work that comes now is judged by the list in force, and one that changes is judged anew.
        self.stream.produce_raw(*sighting(5000, "Two herons"))
        self.stream.produce_raw(*sighting(4, "A cormorant", day=2))
        until(lambda: key(5000) in self.stream.catalogue(), 20, "the new work")
        until(lambda: self.sensitivity(key(4)) == [], 20, "the changed work")
        self.assertEqual(self.sensitivity(key(5000)), ["sensitive_text"])
        self.stream.run("policy", "reset", "sensitive_terms", *WHO)
        until(lambda: not any(r["derived"]["sensitivity"] for r in self.stream.catalogue().values()), 30, "no work to be marked")
        self.settle()
        self.both_stores_say(set())

    def both_stores_say(self, sensitive: set[str]) -> None:
        wanted = {identifier(work) for work in sensitive}

        def rows() -> set[str]:
            return set(self.stream.psql("SELECT identifier FROM image WHERE 'sensitive_text' = ANY(sensitivity)").split())

        def documents() -> set[str]:
            return {hit["_id"] for hit in self.stream.hits(self.stream.index_prefix + "image") if "sensitive_text" in hit["_source"].get("sensitivity", [])}

        until(lambda: rows() == wanted and documents() == wanted, 15, "both stores to say so")

    def test_2_a_default_search_leaves_sensitive_works_out(self):
        def found(**parameters: str) -> int:
            query = "&".join(f"{name}={value}" for name, value in {"q": "heron", **parameters}.items())
            with urllib.request.urlopen(f"http://{self.address}/v1/images/?{query}", timeout=10) as reply:
                return json.load(reply)["result_count"]

        until(lambda: found() >= 18, 20, "the works to be found")
        everything = found(unstable__include_sensitive_results="true")
        self.set_terms("herons")  # a word of six titles, and of the stem of all that are found
        until(lambda: found() == everything - 6, 20, "six works to be left out")
        self.assertEqual(found(unstable__include_sensitive_results="true"), everything)
        self.stream.run("policy", "reset", "sensitive_terms", *WHO)
        until(lambda: found() == everything, 20, "them to be back")
        self.settle()

    def test_3_tag_lists_hide_and_show_tags(self):
        records = self.written()
        shipped = json.loads(self.stream.run("policy", "show", "hidden_tags").stdout)
        self.assertIn("flickriosapp", shipped["parts"])
        file = self.stream.folder / "tags.json"
        file.write_text(json.dumps({**shipped, "names": shipped["names"] + ["Black Heron"]}))
        self.stream.run("policy", "set", "hidden_tags", str(file), *WHO)
        concerned = {key(n) for n in range(WORKS) if n % 100 == 2}
        until(lambda: {k for k, r in self.stream.catalogue().items() if r["derived"]["hidden_tags"]} == concerned, 30, "the tags to be hidden")
        self.settle()
        self.assertEqual(self.written() - records, len(concerned))
        record = self.stream.catalogue()[key(2)]
        self.assertEqual([record["work"]["tags"][i]["name"] for i in record["derived"]["hidden_tags"]], ["black heron"])
        until(lambda: self.tags(key(2)) == ["sea"], 15, "the API to leave it out")
        self.stream.run("policy", "reset", "hidden_tags", *WHO)
        until(lambda: self.tags(key(2)) == ["black heron", "sea"], 15, "the API to show it again")
        self.settle()
        self.assertEqual(self.written() - records, 2 * len(concerned))

    def tags(self, work: str) -> list[str]:
        with urllib.request.urlopen(f"http://{self.address}/v1/images/{identifier(work)}/", timeout=10) as reply:
            return sorted(tag["name"] for tag in json.load(reply)["tags"])

    def test_4_a_hidden_source_is_not_shown_and_nothing_is_written(self):
        def status() -> int:
            try:
                with urllib.request.urlopen(f"http://{self.address}/v1/images/?source=behance", timeout=10) as reply:
                    return json.load(reply)["result_count"]
            except urllib.error.HTTPError as error:
                return -error.code

        def found() -> int:
            with urllib.request.urlopen(f"http://{self.address}/v1/images/?q=elsewhere", timeout=10) as reply:
                return json.load(reply)["result_count"]

        def show_again() -> None:
            self.stream.run("policy", "reset", "source:behance", *WHO, expect=None)
            self.stream.run("policy", "reset", "source:nowhere", *WHO, expect=None)
            until(lambda: not self.stream.psql("SELECT 1 FROM source_visibility"), 20, "the row to go")

        self.addCleanup(show_again)
        until(lambda: found() == 1, 10, "the work to be found")
        before, records, documents = status(), self.written(), self.stream.documents()
        said = json.loads(self.stream.run("decide", "hide-source", "behance", *WHO, "--json").stdout)
        self.assertTrue(said["changed"])
        until(lambda: found() == 0, 5, "it to be hidden")
        self.assertNotEqual(status(), before, "the source is no longer one of those that can be asked for")
        row = self.stream.psql("SELECT hidden, decided_by, reason, version FROM source_visibility WHERE source = 'behance'")
        self.assertEqual(row, f"t|{WHO[1]}|{WHO[3]}|{said['version']}")
        self.assertFalse(json.loads(self.stream.run("decide", "hide-source", "behance", *WHO, "--json").stdout)["changed"])
        self.stream.run("decide", "show-source", "behance", *WHO)
        until(lambda: found() == 1 and status() == before, 5, "it to be back")
        self.assertEqual(self.written(), records, "nothing was written to the catalogue")
        self.assertEqual(self.stream.documents(), documents)
        self.stream.run("policy", "reset", "source:behance", *WHO)
        until(lambda: not self.stream.psql("SELECT 1 FROM source_visibility"), 5, "the row to go")
        done = self.stream.run("decide", "hide-source", "nowhere", *WHO)
        self.assertIn(b"source_not_registered", done.stderr)
        self.stream.run("policy", "reset", "source:nowhere", *WHO)

    def test_5_the_database_was_away(self):
        self.assertEqual(self.sink.stop(), 0)
        self.stream.psql("INSERT INTO source_visibility (source, hidden) VALUES ('byhand', true)")
        self.stream.run("decide", "hide-source", "flickr", *WHO)
        self.stream.run("sink", "postgres", "--until-idle", "1")
        self.assertEqual(self.stream.psql("SELECT source, hidden FROM source_visibility ORDER BY 1"), "byhand|t\nflickr|t")
        self.stream.run("policy", "reset", "source:flickr", *WHO)
        self.sink.start()
        until(lambda: self.stream.psql("SELECT source FROM source_visibility") == "byhand", 20, "the row to go, and the one made by hand to stay")
        self.stream.psql("DELETE FROM source_visibility")

    def test_6_a_bad_value_harms_nothing_and_is_put_aside_once(self):
        self.set_terms("heron")
        marked = {key(n) for n in range(WORKS) if n % 100 in (1, 2, 3)}
        until(lambda: {k for k, r in self.stream.catalogue().items() if r["derived"]["sensitivity"]} == marked, 30, "the works to be marked")
        self.settle()
        records, letters = self.written(), len(self.stream.read("media.dead-letter.v1"))
        in_force = [r for r in self.stream.read("media.policy.v1") if r.key == b"sensitive_terms"][-1]
        bad = (b"sensitive_terms", b'{"version":1,"rule":{"terms":7}}'), (b"nonsense", b"\xff\x00"), (b"source:x", b"{}")
        for rule, value in bad:
            self.stream.produce("media.policy.v1", rule, value, schema="policy/1", partition=0)
        until(lambda: len(self.stream.read("media.dead-letter.v1")) == letters + 3, 20, "three dead letters")
        until(lambda: not self.unmended(), 20, "what is in force to be said again")
        time.sleep(1)
        self.assertEqual(self.processor.stop(), 0)
        self.processor.start()
        until(lambda: self.is_up(self.metrics), 40, "the processor to be back")
        time.sleep(3)
        aside = self.stream.read("media.dead-letter.v1")[letters:]
        aside = [r for r in aside if r.headers.get("dl.topic") == "media.policy.v1"]
        self.assertEqual(sorted((r.key, r.value) for r in aside), sorted(bad))
        self.assertEqual({r.headers["dl.reason"] for r in aside}, {"invalid_value", "malformed_payload", "wrong_key", "missing_field"} & {r.headers["dl.reason"] for r in aside})
        newest = {r.key: r for r in self.stream.read("media.policy.v1")}
        self.assertEqual(newest[b"sensitive_terms"].value, in_force.value, "compaction will leave what is in force")
        self.assertIn(newest[b"nonsense"].value, (None, b""))
        self.assertEqual(self.written(), records)
        self.assertEqual(self.sensitivity(key(1)), ["sensitive_text"])
        shown = self.stream.json("policy", "show")
        self.assertEqual([rule["key"] for rule in shown["rules"]], ["sensitive_terms"])
        self.stream.run("policy", "reset", "sensitive_terms", *WHO)
        until(lambda: not self.sensitivity(key(1)), 30, "the marks to go")
        self.settle()

    def unmended(self) -> bool:
        newest = {r.key: r for r in self.stream.read("media.policy.v1")}
        return any(r.value and r.value.startswith((b'{"version":1,"rule"', b"\xff", b"{}")) for r in newest.values())

    @staticmethod
    def is_up(address: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=5) as reply:
                return reply.status == 200
        except OSError:
            return False

    def test_7_messages_are_as_their_schema_says(self):
        validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/policy.schema.json").read_text()))
        said = [r for r in self.stream.read("media.policy.v1") if r.value and r.headers.get("schema") == "policy/1"]
        good = [r for r in said if b'"by"' in r.value]
        self.assertGreater(len(good), 5)
        for record in good:
            validator.validate(record.json)
        for example in validator.schema["examples"]:
            validator.validate(example)

    def test_8_what_is_refused_says_why(self):
        file = self.stream.folder / "bad.json"
        for content, text in (('{"terms":[""]}', "is empty"), ('{"terms":', "not JSON"), ('{"names":[]}', "no rule.terms")):
            file.write_text(content)
            done = self.stream.run("policy", "set", "sensitive_terms", str(file), *WHO, expect=2)
            self.assertIn(text, done.stderr.decode())
        for arguments, code, text in (
            (("policy", "set", "nonsense", str(file), *WHO), 2, ""),
            (("policy", "set", "hidden_tags", "/nowhere", *WHO), 2, "cannot read"),
            (("policy", "show", "nonsense"), 1, "says nothing"),
            (("policy", "reset", "nonsense", *WHO), 3, "says nothing"),
            (("decide", "hide-source", "a\tb", *WHO), 2, "not the name of a source"),
            (("decide", "hide-source", "flickr", "--by", "x", "--why", " \n"), 2, "--why"),
        ):
            done = self.stream.run(*arguments, expect=code)
            self.assertIn(text, done.stderr.decode())
            self.assertEqual(done.stdout, b"")


class Scans(OnAStream):
    """Scans that are cut, throttled, and taken over."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("scan"))
        # Said before anything was ever started.
        cls.works = 30_000
        cls.stream.run("policy", "set", "sensitive_terms", "-", *WHO, stdin=b"nothing of this kind")
        with (cls.stream.folder / "works").open("wb") as file:
            for number in range(cls.works):
                tags = ("heron",) if number % 10 == 0 else ("sea", "harbour", "boat")
                work, value = sighting(number, f"Work {number}", tags=tags, meta_data={"description": "Lorem ipsum dolor sit amet " * 20})
                file.write(work + b"\t" + value + b"\n")
        cls.feed(cls.stream.folder / "works")
        cls.drain()

    @classmethod
    def feed(cls, file) -> None:
        subprocess.run(["kcat", "-P", "-b", cls.stream.brokers, "-t", cls.stream.prefix + "media.raw.v1", "-K", "\t", "-l", str(file), "-H", "schema=raw/1",
                        "-X", "partitioner=murmur2"], check=True, timeout=120)

    @classmethod
    def drain(cls, instance: str = "one") -> None:
        cls.stream.run("process", "catalogue", "--process-instance", instance, "--loops", "2", "--until-idle", "1")

    def marked(self) -> int:
        return sum(1 for record in self.stream.catalogue().values() if record["derived"]["sensitivity"])

    def test_1_policy_before_the_first_start_held_from_the_first_record(self):
        catalogue = self.stream.catalogue()
        self.assertEqual(len(catalogue), self.works)
        self.assertTrue(all(record["derived"]["policy"] > 0 for record in catalogue.values()))
        self.assertEqual(self.marked(), 0)

    def test_2_kills_in_the_middle_of_a_scan_and_it_is_finished(self):
        before, records = {k: r["updated_on"] for k, r in self.stream.catalogue().items()}, self.written()
        order = self.stream.folder / "die"
        concerned, had = self.works // 10, 0
        self.set_terms("heron")
        # Slices of a few hundred works, so that each of these deaths, in a batch of the scan alone, comes long before the end.
        order.write_text("committed")
        processor: Role = self.stream.role("process-cut", "process", "catalogue", "--process-instance", "one", "--loops", "2", "--process-commit-interval-ms", "4",
                                           LD_PRELOAD=need("DIE_AT_LIBRARY"), DIE_AT_FILE=str(order))
        for point in ("offsets-sent", "commit-asked", "committed", "committed", None):
            until(lambda: not processor.running(), 60, "a death", every=0.02)
            written = self.written() - records
            self.assertLess(written, concerned, "it died before the end")
            self.assertGreaterEqual(written, had)
            had = written
            if point:
                order.write_text(point)
            processor.start()
        self.assertGreater(had, 0, "and after the beginning")
        until(lambda: self.marked() == concerned, 60, "all works to be marked")
        self.assertEqual(processor.stop(), 0)
        self.drain()
        self.assertEqual(self.written() - records, concerned, "each was written once, whatever was killed")
        self.assertEqual({k: r["updated_on"] for k, r in self.stream.catalogue().items()}, before)

    def test_3_nothing_changes_and_nothing_is_written_even_without_a_state(self):
        records = self.written()
        self.drain()
        shutil.rmtree(self.stream.folder / "state")
        address = free_address()
        processor = self.stream.process("one", "--loops", "2", "--metrics-listen", address)
        until(lambda: Policy.is_up(address), 60, "the restore")
        until(lambda: self.metric(address, "freshet_process_scan_works_total") >= self.works and self.metric(address, "freshet_process_scan_jobs") == 0,
              60, "the scan of a state that knows of none")
        self.assertEqual(self.metric(address, "freshet_process_scan_written_total"), 0)
        self.assertEqual(processor.stop(), 0)
        self.assertEqual(self.written(), records)
        # Done is remembered: a start scans nothing.
        processor.start()
        until(lambda: Policy.is_up(address), 60, "a start")
        time.sleep(1)
        self.assertEqual(self.metric(address, "freshet_process_scan_works_total"), 0)
        self.assertEqual(processor.stop(), 0)

    def test_4_a_second_process_joins_in_the_middle(self):
        records = self.written()
        self.set_terms("harbour")
        one = self.stream.process("one", "--loops", "1")
        until(lambda: self.written() > records, 60, "the scan to begin", every=0.02)
        two = self.stream.process("two", "--loops", "1")
        expected = self.works - self.works // 10
        until(lambda: self.marked() == expected, 120, "all works to be as policy says", every=1)
        self.assertEqual(one.stop(), 0)
        self.assertEqual(two.stop(), 0)
        self.assertEqual(self.written() - records, self.works, "one record for each")

    def test_5_live_traffic_goes_before(self):
        address = free_address()
        processor = self.stream.process("one", "--loops", "1", "--metrics-listen", address)
        until(lambda: Policy.is_up(address), 60, "the start")
        until(lambda: self.metric(address, "freshet_process_scan_jobs") == 0, 60, "what was left of earlier scans")
        records, taken = self.written(), 0
        kcat = subprocess.Popen(["kcat", "-P", "-b", self.stream.brokers, "-t", self.stream.prefix + "media.raw.v1", "-K", "\t", "-H", "schema=raw/1",
                                 "-X", "partitioner=murmur2", "-X", "linger.ms=5"], stdin=subprocess.PIPE)
        live, begin, end, before = 0, None, None, (0.0, 0.0)
        deadline = time.monotonic() + 60
        while end is None and time.monotonic() < deadline:
            for _ in range(20):
                work, value = sighting(live, f"Live {live}", provider="live")
                kcat.stdin.write(work + b"\t" + value + b"\n")
                live += 1
            kcat.stdin.flush()
            time.sleep(0.02)
            if live == 1000:
                # From here on every batch holds live traffic.
                self.set_terms("heron")
            now = (self.metric(address, "freshet_process_scan_seconds_total"), self.metric(address, "freshet_process_scan_works_total"))
            if begin is None:
                begin, before = (time.monotonic(), before) if live > 1000 and now[1] > before[1] else (None, now)
            elif self.metric(address, "freshet_process_scan_jobs") == 0:
                end = time.monotonic()
                taken = now[0] - before[0]
        kcat.stdin.close()
        self.assertEqual(kcat.wait(30), 0)
        self.assertIsNotNone(end, "the scan is finished although traffic never ends")
        self.assertLess(taken, 0.2 * (end - begin), "a tenth is meant, a half is what an idle loop gives")
        until(lambda: self.marked() == self.works // 10, 60, "the scan", every=1)
        until(lambda: sum(k.startswith("image:live:") for k in self.stream.catalogue()) == live, 60, "the new works", every=0.5)
        self.assertEqual(processor.stop(), 0)
        self.assertEqual(self.written() - records, self.works + live)



class SourcesAndHosts(OnAStream):
    """What is known of sources, in whatever case they come, and which hosts speak http alone. Tests are in order, and each ends as it began."""

    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("policy-sources"))
        cls.metrics = free_address()
        cls.stream.process("one", "--loops", "2", "--metrics-listen", cls.metrics)
        cls.stream.role("sink-postgres", "sink", "postgres")
        cls.stream.role("sink-elasticsearch", "sink", "elasticsearch")
        cls.address = free_address()
        cls.api = cls.stream.role("api", "api", "--api-listen", cls.address)
        sources = ["CAPL", "capl", "CAPL", "WoRMS", "city_museum", "city_museum", "City_Museum", "\u00c9cole", "\u00e9cole"]
        for number, source in enumerate(sources):
            cls.stream.produce_raw(*sighting(number, f"Owl {number}", provider="bugs", source=source,
                                             url=f"http://files.old-museum.org/{number}.jpg" if number % 2 else f"https://files.example.org/{number}.jpg"))
        until(lambda: len(cls.stream.live_rows()) == len(sources) and len(cls.stream.documents(live=True)) == len(sources), 90, "all works in both stores")
        until(lambda: cls.found(q="owl") == set(range(len(sources))), 60, "the API to find them")
        until(lambda: cls.stats().get("city_museum", {}).get("media_count") == 3, 30, "the sources to be counted")

    @classmethod
    def ask(cls, path: str, **parameters: str) -> tuple[int, object]:
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"http://{cls.address}{path}?{query}", timeout=10) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    @classmethod
    def found(cls, **parameters: str) -> set[int]:
        status, body = cls.ask("/v1/images/", **parameters)
        return {int(item["title"].split()[1]) for item in body["results"]} if status == 200 else {-status}

    @classmethod
    def stats(cls) -> dict[str, dict]:
        return {entry["source_name"]: entry for entry in cls.ask("/v1/images/stats/")[1]}

    def test_1_a_source_is_one_in_any_case(self):
        everything = self.found(q="owl")
        for names, works in {("capl", "CAPL", "Capl"): {0, 1, 2}, ("worms", "WoRMS", "WORMS"): {3}, ("city_museum", "CITY_MUSEUM"): {4, 5, 6},
                             ("\u00c9cole", "\u00e9COLE"): {7, 8}}.items():
            for name in names:
                self.assertEqual(self.found(source=name), works, name)
                self.assertEqual(self.found(excluded_source=name), everything - works, name)
                self.assertEqual(self.found(unstable__collection="source", source=name), works, name)
        stats = self.stats()
        self.assertEqual({name: stats[name]["media_count"] for name in ("capl", "worms", "city_museum")}, {"capl": 3, "worms": 1, "city_museum": 3})
        self.assertEqual({"CAPL", "WoRMS", "City_Museum"} & set(stats), set(), "each is listed once, as it is registered, or as most works have it")
        self.assertEqual({item["source"] for item in self.ask("/v1/images/", source="CAPL")[1]["results"]}, {"capl"})
        self.assertEqual(self.ask(f"/v1/images/{identifier(key(0, 'bugs'))}/")[1]["source"], "capl")
        records = self.written()
        for said in ("Capl", "capl", "CAPL"):
            self.stream.run("decide", "hide-source", said, *WHO)
            until(lambda: self.found(q="owl") == everything - {0, 1, 2}, 20, f"{said} to be hidden")
            self.assertEqual(self.ask(f"/v1/images/{identifier(key(1, 'bugs'))}/")[0], 404)
            self.assertNotIn("capl", self.stats())
            self.assertEqual(self.stream.psql("SELECT source FROM source_visibility"), "capl", "one row, whatever was typed")
            self.stream.run("decide", "show-source", said.upper(), *WHO)
            until(lambda: self.found(q="owl") == everything, 20, "it to be back")
        self.stream.run("policy", "reset", "source:CaPL", *WHO)
        until(lambda: not self.stream.psql("SELECT 1 FROM source_visibility"), 20, "the row to go")
        # One that nobody registered, made by hand, and in a case that no work has.
        self.stream.psql("INSERT INTO source_visibility (source, hidden) VALUES ('CITY_museum', true)")
        until(lambda: self.found(q="owl") == everything - {4, 5, 6}, 20, "it to be hidden")
        self.stream.run("decide", "show-source", "city_museum", *WHO)
        until(lambda: self.found(q="owl") == everything, 20, "policy to take the place of the row")
        self.assertEqual(self.stream.psql("SELECT source FROM source_visibility"), "city_museum")
        self.stream.run("policy", "reset", "source:city_museum", *WHO)
        self.assertEqual(self.written(), records, "nothing was written to the catalogue")

    def test_2_a_source_without_a_row_is_listed_and_can_be_registered(self):
        entry = self.stats()["city_museum"]
        self.assertEqual((entry["display_name"], entry["source_url"], entry["logo_url"], entry["media_count"]), ("City Museum", "", None, 3))
        records = self.written()
        file = self.stream.folder / "sources.json"
        museum = {"name": "City_Museum", "display_name": "Museum of the City", "source_url": "https://museum.example.org", "media_types": ["image"]}
        for bad, place in (([museum, {"name": "x"}], "rule.sources[1] (x): no media_types"),
                           ([museum, {**museum, "name": "CITY_MUSEUM"}], "rule.sources[1] (CITY_MUSEUM) has, without regard to case, the name of rule.sources[0] (City_Museum)"),
                           ([{**museum, "source_url": "museum.example.org"}], "rule.sources[0] (City_Museum): source_url is no address")):
            file.write_text(json.dumps({"sources": bad}))
            done = self.stream.run("policy", "set", "sources", str(file), *WHO, expect=2)
            self.assertIn(place, done.stderr.decode())
        file.write_text(json.dumps([museum, {"name": "empty_museum", "media_types": ["image", "audio"]}]))
        self.assertTrue(self.stream.json("policy", "set", "sources", str(file), *WHO)["changed"])
        until(lambda: self.stats().get("City_Museum", {}).get("display_name") == "Museum of the City", 20, "the entry to be in force")
        stats = self.stats()
        self.assertEqual((stats["City_Museum"]["source_url"], stats["City_Museum"]["media_count"]), (museum["source_url"], 3))
        self.assertEqual((stats["empty_museum"]["display_name"], stats["empty_museum"]["media_count"]), ("Empty Museum", 0))
        self.assertNotIn("city_museum", stats)
        self.assertIn("capl", stats, "it is laid over what is shipped")
        self.assertEqual(self.found(source="empty_museum"), set(), "registered, and empty so far")
        self.assertEqual({item["source"] for item in self.ask("/v1/images/", source="city_museum")[1]["results"]}, {"City_Museum"})
        shown = json.loads(self.stream.run("policy", "show", "sources").stdout)
        self.assertEqual(shown["sources"][0], museum)
        file.write_text(json.dumps(shown))
        self.assertFalse(self.stream.json("policy", "set", "sources", str(file), *WHO)["changed"], "what is shown can be set")
        self.assertEqual(self.api.stop(), 0)
        self.api.start()
        until(lambda: self.api_is_up() and "City_Museum" in self.stats(), 30, "the entry to be there after a restart")
        self.stream.run("policy", "reset", "sources", *WHO)
        until(lambda: self.stats().get("city_museum", {}).get("display_name") == "City Museum", 30, "what is shipped to hold again")
        self.assertNotIn("empty_museum", self.stats())
        self.assertIn({"name": "capl", "display_name": "CAPL", "source_url": "https://capl.washjeff.edu", "media_types": ["image"], "hidden": False},
                      json.loads(self.stream.run("policy", "show", "sources").stdout)["sources"])
        self.assertEqual(self.written(), records, "nothing was written to the catalogue")

    def api_is_up(self) -> bool:
        try:
            return self.ask("/v1/images/stats/")[0] == 200
        except OSError:
            return False

    def test_3_hosts_that_speak_http_alone(self):
        def urls() -> dict[int, str]:
            return {int(k.rsplit(":", 1)[1]): r["work"]["url"] for k, r in self.stream.catalogue().items()}

        def scans_are_over() -> bool:
            return self.metric(self.metrics, "freshet_process_scan_jobs") == 0

        before, records, claims = self.stream.catalogue(), self.written(), len(self.stream.read("media.url-claims.v1"))
        self.assertEqual({url.split(":")[0] for url in urls().values()}, {"https"})
        done = self.stream.run("policy", "set", "http_hosts", "-", *WHO, stdin=b"files.old-museum.org\nhttp://met.org\n", expect=2)
        self.assertIn("rule.hosts[1] (http://met.org) is a URL", done.stderr.decode())
        self.stream.run("policy", "set", "http_hosts", "-", *WHO, stdin=b"# since May\nFILES.old-museum.org\n")
        concerned = {number for number in urls() if number % 2}
        until(lambda: {n for n, url in urls().items() if url == f"http://files.old-museum.org/{n}.jpg"} == concerned, 30, "the works concerned")
        until(scans_are_over, 30, "the scan")
        self.assertEqual(self.written() - records, len(concerned), "one record for each, and none for any other")
        for work, record in self.stream.catalogue().items():
            if int(work.rsplit(":", 1)[1]) not in concerned:
                self.assertEqual(record, before[work])
                continue
            self.assertGreater(record["revision"], before[work]["revision"])
            self.assertEqual({**record["work"], "url": ""}, {**before[work]["work"], "url": ""})
            self.assertEqual(record["seen"], before[work]["seen"])
        until(lambda: self.stream.psql("SELECT url FROM image WHERE foreign_identifier = '1'") == "http://files.old-museum.org/1.jpg", 15, "the row")
        until(lambda: self.ask(f"/v1/images/{identifier(key(1, 'bugs'))}/")[1]["url"] == "http://files.old-museum.org/1.jpg", 15, "the API")
        # The same bytes seen again are not cleaned again, and a new work has the scheme at once.
        self.stream.produce_raw(*sighting(1, "Owl 1", provider="bugs", source="capl", day=2, url="http://files.old-museum.org/1.jpg"))
        self.stream.produce_raw(*sighting(11, "Owl 11", provider="bugs", source="capl", url="https://files.old-museum.org/11.jpg"))
        until(lambda: urls().get(11) == "http://files.old-museum.org/11.jpg", 20, "the new work")
        self.assertEqual(urls()[1], "http://files.old-museum.org/1.jpg")
        self.assertEqual(json.loads(self.stream.run("policy", "show", "http_hosts").stdout), {"hosts": ["files.old-museum.org"]})
        self.stream.run("policy", "reset", "http_hosts", *WHO)
        until(lambda: {url.split(":")[0] for url in urls().values()} == {"https"}, 30, "https to be back")
        until(scans_are_over, 30, "the scan")
        self.assertEqual(json.loads(self.stream.run("policy", "show", "http_hosts").stdout), {"hosts": []})
        self.assertEqual(self.written() - records, 2 * len(concerned) + 2)
        self.assertEqual(len(self.stream.read("media.url-claims.v1")) - claims, 1, "the new work's: http and https are one URL")

    def test_4_messages_are_as_their_schema_says(self):
        validator = jsonschema.Draft7Validator(json.loads((SOURCE / "schemas/records/policy.schema.json").read_text()))
        said = {r.key: r.json for r in self.stream.read("media.policy.v1") if r.value and r.headers.get("schema") == "policy/1"}
        self.assertLessEqual({b"sources", b"http_hosts"}, set(said))
        for value in said.values():
            validator.validate(value)


if __name__ == "__main__":
    unittest.main()
