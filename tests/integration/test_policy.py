"""Policy: lists that hold for all works, changed while everything runs; and sources that are hidden."""

import json
import shutil
import socket
import subprocess
import time
import unittest
import urllib.error
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
        """After policy was said: it was read, and what it asks for is done."""
        said = self.stream.json("policy", "show")["version"]
        until(lambda: self.metric(self.metrics, "freshet_policy_version") >= said, 20, "the processor to read policy")
        time.sleep(0.5)
        until(self.scans_are_over, 30, "the scan")

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


if __name__ == "__main__":
    unittest.main()
