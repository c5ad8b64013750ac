"""Everything at once: sightings and decisions in no order, processes that die in the middle of everything, one truth at the end.

Two processors and both sinks are killed (SIGKILL) again and again while shuffled sightings flow: at random
moments, and at exact points of their talk with broker and stores (tests/support/die_at.cpp). One loses its
disk, one stays away until the group gives its work to the other, one is frozen until it is taken for dead
and then goes on. Lists of policy change all the while, so that scans over all works die with the processes,
and are in the end as the model has them. When all is done the catalogue topic, PostgreSQL and Elasticsearch must hold what the
reference model (chaos_model.py) makes of the set of them, work by work; every raw record must be
counted once; reading and storing everything again, with and without the disk, must write nothing; and
when all owners of shared URLs go, those that come next must take their places.

    tests/integration/test_chaos.py [--seed N] [--sightings N] [--kills N]

The seed gives the same sightings, the same order and the same plan of kills; what the machine does at
that moment is not in it. scripts/chaos runs the long form.
"""

import argparse
import collections
import contextlib
import json
import mmap
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

import chaos_model as model
import chaos_sightings
from stream import Role, Stream, identifier, until
from test_stream import reasons, totals

PARTITIONS = 4
POINTS = {"sink-postgres": ("copied", "store-commit", "group-commit", "group-committed"),
          "sink-elasticsearch": ("group-commit", "group-committed")}
PROCESSOR_POINTS = ("committed", "committed", "offsets-sent", "commit-asked")  # of both processors
AWAY_SECONDS = 13  # past the session and the transaction of one that died: 10 s, swept every second
SLICE_SECONDS = 1.2
options = argparse.Namespace(seed=None, sightings=100_000, kills=24)


def say(text: str) -> None:
    print(f"  {time.monotonic() - STARTED:6.1f} s  {text}", file=sys.stderr, flush=True)


STARTED = time.monotonic()


class Feeder(threading.Thread):
    """Sends the shuffled records through one kcat, slice by slice, each slice spread over its time."""

    def __init__(self, stream: Stream, made: chaos_sightings.Sightings):
        super().__init__(daemon=True)
        self.made, self.sent, self.allowed = made, 0, 0
        self.rate = 1.0
        self.error: BaseException | None = None
        self.kcat = subprocess.Popen(["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + "media.raw.v1", "-K", "\t", "-H", "schema=raw/1",
                                      "-X", "partitioner=murmur2", "-X", "enable.idempotence=true", "-X", "linger.ms=20"], stdin=subprocess.PIPE)

    def allow(self, until_record: int, seconds: float) -> None:
        self.rate = max(1.0, (until_record - self.allowed) / seconds)
        self.allowed = until_record

    def run(self) -> None:
        try:
            with self.made.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
                while self.sent < len(self.made):
                    batch = min(self.allowed - self.sent, max(1, int(self.rate / 50)))
                    for start in self.made.starts[self.sent:self.sent + batch]:
                        self.kcat.stdin.write(lines[start:lines.find(b"\n", start) + 1])
                    self.kcat.stdin.flush()
                    self.sent += max(batch, 0)
                    time.sleep(0.02)
            self.kcat.stdin.close()
            if self.kcat.wait(120) != 0:
                raise RuntimeError("kcat failed")
        except BaseException as error:  # told by finish()
            self.error = error

    def finish(self) -> None:
        self.allow(len(self.made), 2 * SLICE_SECONDS)
        self.join(600)
        if self.error is not None or self.is_alive():
            raise AssertionError(f"the feeder sent {self.sent} of {len(self.made)} records: {self.error}")


class Decider:
    """Sends the decisions of one partition: they lie where their work does, whatever their own key."""

    def __init__(self, stream: Stream, partition: int, made: chaos_sightings.Sightings):
        self.lines = [line for hashed, line in made.decisions if hashed % PARTITIONS == partition]
        self.sent = 0
        self.kcat = subprocess.Popen(["kcat", "-P", "-b", stream.brokers, "-t", stream.prefix + "media.decisions.v1", "-p", str(partition), "-K", "\t",
                                      "-H", "schema=decision/1", "-X", "enable.idempotence=true"], stdin=subprocess.PIPE)

    def send(self, part: float) -> None:
        end = int(len(self.lines) * part)
        self.kcat.stdin.write("".join(self.lines[self.sent:end]).encode())
        self.kcat.stdin.flush()
        self.sent = end

    def finish(self) -> None:
        self.send(1)
        self.kcat.stdin.close()
        if self.kcat.wait(60) != 0:
            raise AssertionError("kcat failed to send decisions")


class Killer:
    """Starts the processes, and ends them in every way it knows."""

    def __init__(self, stream: Stream, rng: random.Random):
        self.stream, self.rng = stream, rng
        self.kills: collections.Counter = collections.Counter()
        self.by_themselves: collections.Counter = collections.Counter()
        self.processors = [self.start(f"process-{name}", "process", "catalogue", "--process-instance", name, "--loops", "2") for name in ("one", "two")]
        self.sinks = [self.start(f"sink-{name}", "sink", name) for name in ("postgres", "elasticsearch")]
        # Every point in the first lot, then the lot again: the one between commit and state comes most often.
        lot = [(role, point) for role in self.roles for point in POINTS.get(role.name, PROCESSOR_POINTS)]
        self.due = [target for _ in range(20) for target in rng.sample(lot, len(lot))]

    def start(self, name: str, *arguments: str) -> Role:
        library = os.environ.get("DIE_AT_LIBRARY")
        return self.stream.role(name, *arguments, LD_PRELOAD=library or "", DIE_AT_FILE=str(self.order(name)))

    def order(self, name: str) -> pathlib.Path:
        """The file in which a process is told at which point to die."""
        return self.stream.folder / f"{name}.die-at"

    @property
    def roles(self) -> list[Role]:
        return self.processors + self.sinks

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def look_after(self) -> None:
        """A processor that cannot know what became of its commit ends, and whoever runs it starts it again."""
        for role in self.roles:
            if not role.running():
                self.note_end(role)
                role.start()

    def note_end(self, role: Role) -> None:
        self.by_themselves[role.name] += 1
        if role.child.returncode != 1:  # what a process that cannot know its commit's outcome ends with
            raise AssertionError(f"{role.name} ended by itself, exit {role.child.returncode}: {last_line(role)}")
        say(f"{role.name} ended by itself, exit {role.child.returncode}: {last_line(role)}")

    def kill(self, role: Role, how: str = "at a random moment") -> None:
        if role.running():
            role.kill()
            self.kills[f"{role.name} {how}"] += 1
        else:
            self.note_end(role)

    def aim(self, role: Role, point: str, patience: float) -> bool:
        """Has a process die at a point, and says whether it did; one that does not come there is killed anyway."""
        order = self.order(role.name)
        partial = order.with_suffix(".new")
        partial.write_text(point)
        partial.rename(order)
        deadline = time.monotonic() + patience
        while role.running() and time.monotonic() < deadline:
            time.sleep(0.002)
        order.unlink(missing_ok=True)
        if role.running():
            self.kill(role, f"not having come to {point}")
            return False
        if role.child.returncode != -signal.SIGKILL:
            self.note_end(role)
            return False
        self.kills[f"{role.name} at {point}"] += 1
        return True

    def strike(self) -> None:
        """One process, somehow, and at once its restart."""
        role, point = self.rng.choice(self.processors * 2 + self.sinks), None
        if "DIE_AT_LIBRARY" in os.environ and self.due and self.rng.random() < 0.65:
            role, point = self.due.pop(0)
        time.sleep(self.rng.uniform(0.05, SLICE_SECONDS))
        if point is None:
            self.kill(role)
        elif not self.aim(role, point, 2.0):
            self.due.insert(self.rng.randint(1, len(self.due) + 1), (role, point))
        role.start()
        if self.rng.random() < 0.15:
            time.sleep(self.rng.uniform(0, 0.6))
            self.kill(role, "while it starts")
            role.start()

    def lose_disk(self) -> None:
        role = self.processors[0]
        self.kill(role, "and its disk is lost")
        shutil.rmtree(self.stream.folder / "state" / "one")
        role.start()

    def stay_away(self) -> None:
        role = self.processors[1]
        self.kill(role, "and stays away")
        time.sleep(AWAY_SECONDS)
        role.start()

    def freeze(self) -> None:
        """A zombie: held, taken for dead, its partitions given away, and then it goes on."""
        role = self.processors[0]
        role.child.send_signal(signal.SIGSTOP)
        time.sleep(AWAY_SECONDS)
        role.child.send_signal(signal.SIGCONT)
        say(f"{role.name} was frozen for {AWAY_SECONDS} s")

    def everything(self) -> None:
        for role in self.rng.sample(self.roles, len(self.roles)):
            self.kill(role, "with all others")
        for role in self.roles:
            role.start()


def last_line(role: Role) -> str:
    lines = role.log.read_text(errors="replace").splitlines()
    return lines[-1] if lines else ""


class Chaos(unittest.TestCase):
    policies = 0

    def test_chaos_changes_nothing(self):
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
        say(f"to have this again: --seed {seed} --sightings {options.sightings} --kills {options.kills}")
        with Stream("chaos", PARTITIONS) as self.stream:
            self.prepare(seed)
            self.run_through_kills(random.Random(f"{seed}:kills"))
            self.come_to_rest()
            self.check_sums()
            self.check_catalogue()
            self.check_postgres()
            self.check_elasticsearch()
            self.check_that_reading_again_writes_nothing()
            self.check_that_storing_again_writes_nothing()
            self.check_that_copies_move_up()

    # -- the run --------------------------------------------------------------------------------------

    def prepare(self, seed: int) -> None:
        self.expected: dict[str, bytes] = {}  # canonical JSON: a tenth of what the objects would take
        claims: list[model.Claim] = []

        def each_work(maker, events, decisions):
            record = model.merge(maker.key, events)
            if record:
                claims.extend(filter(None, [model.Claim.of(maker.key, record)]))
                self.expected[maker.key] = model.canonical(model.decide(maker.key, record, decisions)).encode()

        self.made = chaos_sightings.write(self.stream.folder / "sightings", seed, options.sightings, each_work)
        claimants = collections.Counter(claim.url for claim in claims)
        self.shared = {claim: self.expected[claim.key] for claim in claims if claimants[claim.url] > 1}
        copies = self.settle()
        say(f"{len(self.made)} raw records of {len(self.expected)} works: {self.made.removals} removals, {self.made.dropped} not openly licensed, "
            f"{len(self.made.decisions)} decisions, {self.made.clashes} works with URLs of others, {copies} copies in the end")
        self.assertGreaterEqual(len(self.made), options.sightings)
        self.control = self.made.removals

    def settle(self) -> int:
        """Says who owns the URLs that several works claim; how many works are not their URL's owner."""
        owners = model.owners(list(self.shared))
        for claim, record in self.shared.items():
            self.expected[claim.key] = model.canonical(model.settle(json.loads(record), claim, owners[claim.url])).encode()
        return sum(owners[claim.url] != claim.key for claim in self.shared)

    def run_through_kills(self, rng: random.Random) -> None:
        feeder, killer = Feeder(self.stream, self.made), Killer(self.stream, rng)
        feeder.start()
        deciders = [Decider(self.stream, partition, self.made) for partition in range(PARTITIONS)]
        kills = options.kills
        special = {kills // 6: killer.everything, kills // 3: killer.lose_disk, kills // 2: killer.stay_away, 2 * kills // 3: killer.freeze,
                   5 * kills // 6: killer.lose_disk}
        rounds = max(kills, 8)
        for number in range(rounds):
            strike = special.get(number, killer.strike)
            long = strike in (killer.stay_away, killer.freeze)
            feeder.allow(len(self.made) * (number + 1) // (rounds + 1), AWAY_SECONDS if long else SLICE_SECONDS)
            for decider in deciders:
                decider.send((number + 1) / rounds)
            self.change_policy(number, rounds)
            strike()
            killer.look_after()
        while killer.total < kills:
            killer.strike()
        feeder.finish()
        for decider in deciders:
            decider.finish()
        for how, count in sorted(killer.kills.items()):
            say(f"killed {count}: {how}")
        self.killer = killer
        self.assertGreaterEqual(killer.total, kills)
        self.assertEqual([role for role in killer.by_themselves if role.startswith("sink-")], [], "a sink ended by itself")
        if "DIE_AT_LIBRARY" in os.environ:
            self.assertTrue(any(how.startswith("process-") and how.endswith(" at committed") for how in killer.kills),
                            "no processor died between its commit and its state")
        self.finish_runs()

    def change_policy(self, number: int, rounds: int) -> None:
        """Hides ever other tags, and a source, which writes nothing. The last word comes while processes still die."""
        who = ("--by", "chaos", "--why", f"round {number}")
        if number == rounds - 2:
            self.stream.run("policy", "reset", "hidden_tags", *who)
            self.stream.run("decide", "show-source", "flickr", *who)
            say(f"policy changed {self.policies} times, and is as it was")
        elif number % 3 == 0 and number < rounds - 2:
            rule = {"names": [], "parts": ["aeiou"[number // 3 % 5]], "providers": [], "least_accuracy": 0}
            self.stream.run("policy", "set", "hidden_tags", "-", *who, stdin=json.dumps(rule).encode())
            self.stream.run("decide", "hide-source", "flickr", *who)
            self.policies += 1

    def finish_runs(self) -> None:
        """The end of a run that began before every sighting: no work is missing from it."""
        for partition in range(PARTITIONS):
            value = {"seen": {"fetched_at": chaos_sightings.stamp(chaos_sightings.FIRST_MICROS - 1), "run_id": "chaos"},
                     "run_finished": {"media_type": "image", "provider": "met", "started_at": chaos_sightings.stamp(chaos_sightings.FIRST_MICROS - 2),
                                      "complete": True}}
            self.stream.produce_raw(b"run:image:met", json.dumps(value, separators=(",", ":")).encode(), partition=partition)
        self.control += PARTITIONS

    def come_to_rest(self) -> None:
        """Waits until all is counted; then everything is stopped, as an operator does, and what is left is drained."""
        raw = len(self.made) + PARTITIONS + len(self.made.decisions)
        progress = [0, time.monotonic()]

        def done() -> bool:
            self.killer.look_after()
            counted = totals(self.stream, "process")
            received = counted["received"] + sum(reasons(counted, "decisions").values())
            if received != progress[0]:
                progress[:] = received, time.monotonic()
            if time.monotonic() - progress[1] > 60:
                raise AssertionError(f"the processors stand still at {received} of {raw} records and decisions")
            return received >= raw

        until(done, 1800, "every raw record and decision to be processed", every=1)
        say("processed")
        for role in self.killer.roles:
            self.assertEqual(role.stop(60), 0, f"{role.name}: {last_line(role)}")
        self.stream.drain(timeout=1800)
        say("at rest")

    # -- what must hold -------------------------------------------------------------------------------

    def check_sums(self) -> None:
        counted = totals(self.stream, "process")
        raw = sum(1 for _ in self.stream.scan("media.raw.v1"))
        self.assertEqual(raw, len(self.made) + PARTITIONS)
        self.assertEqual(counted["received"], raw)
        dropped, letters = reasons(counted, "dropped"), reasons(counted, "dead_lettered")
        self.assertEqual(raw, counted["created"] + counted["merged"] + counted["unchanged"] + counted["control"] + sum(dropped.values()) + sum(letters.values()))
        self.assertEqual(dropped, {"no_open_license": self.made.dropped})
        self.assertEqual(letters, {})
        self.assertEqual([letter.headers for letter in self.stream.scan("media.dead-letter.v1")], [])
        self.assertEqual(counted["control"], self.control)
        self.assertEqual(sum(reasons(counted, "decisions").values()), len(self.made.decisions))
        statuses = collections.Counter(json.loads(record)["status"] for record in self.expected.values())
        self.assertEqual(reasons(counted, "works"), dict(statuses))
        self.stream.run("stats", "--check")
        say(f"sums hold: {raw} = {counted['created']} created + {counted['merged']} merged + {counted['unchanged']} unchanged + "
            f"{counted['control']} control + {sum(dropped.values())} dropped; works: {dict(statuses)}")

    def compare(self, what: str, actual: dict[str, str], expected: dict[str, str], show) -> None:
        """Two digests per work. `show(key)` gives both sides whole, to say where they differ."""
        self.assertEqual(len(expected.keys() - actual.keys()), 0, f"{what}: lost {sorted(expected.keys() - actual.keys())[:5]}")
        self.assertEqual(len(actual.keys() - expected.keys()), 0, f"{what}: extra {sorted(actual.keys() - expected.keys())[:5]}")
        wrong = [key for key in expected if actual[key] != expected[key]]
        for key in wrong[:3]:
            left, right = show(key)
            for name in sorted(left.keys() | right.keys()):
                if left.get(name) != right.get(name):
                    print(f"    {what} {key} {name}:\n      is     {left.get(name)}\n      should {right.get(name)}", file=sys.stderr)
        self.assertEqual(len(wrong), 0, f"{what}: {len(wrong)} of {len(expected)} works are wrong, {wrong[:5]}")
        say(f"{what}: {len(actual)} works as the model says, 0 lost, 0 extra; digest of all {model.digest(sorted(actual.items()))[:16]}")

    def check_catalogue(self) -> None:
        newest: dict[str, tuple[int, str]] = {}
        self.records = 0
        content: dict[str, str] = {}
        self.catalogue: dict[str, bytes] = {}
        for record in self.stream.scan("media.catalog.v1"):
            self.records += 1
            key, value = record.key.decode(), record.json
            public = model.digest({name: part for name, part in value.items() if name not in ("revision", "updated_on", "seen")})
            before = newest.get(key)
            if before is not None:
                # A revision that came again with another content, or went back, would leave a store with the wrong one.
                self.assertTrue(value["revision"] > before[0] or (value["revision"] == before[0] and public == before[1]),
                                f"{key}: revision {before[0]} and then {value['revision']} at {record.partition}/{record.offset}")
            newest[key] = value["revision"], public
            self.catalogue[key] = record.value
        content = {key: model.digest(model.from_catalogue(json.loads(value))) for key, value in self.catalogue.items()}
        expected = {key: model.digest(self.record(key)) for key in self.expected}
        self.revisions = {identifier(key): revision for key, (revision, _) in newest.items()}
        self.compare("catalogue", content, expected, lambda key: (model.from_catalogue(json.loads(self.catalogue[key])), self.record(key)))

        self.check_scores()

    def check_scores(self) -> None:
        """Each within the tolerance of the true one, and there where it can be."""
        self.scores = {key: json.loads(value)["derived"]["popularity"] for key, value in self.catalogue.items()}
        true = model.true_scores({key: self.record(key) for key in self.expected})
        self.assertEqual({key for key, score in self.scores.items() if score is None}, {key for key, score in true.items() if score is None})
        off = {key: abs(score - true[key]) for key, score in self.scores.items() if score is not None}
        self.assertGreater(len(off), 0)
        farthest = max(off, key=off.get)
        self.assertLessEqual(off[farthest], model.SCORE_TOLERANCE, f"{farthest}: {self.scores[farthest]}, and not {true[farthest]}")
        say(f"{len(off)} works have a score, the farthest {off[farthest]:.4f} from the true one")

    def check_scores_of(self, what: str, found: dict[str, float | None], scale: float) -> None:
        """A store has the catalogue's. @param found  of the works that it shows, by identifier"""
        scores = {identifier(key): score for key, score in self.scores.items()}
        wrong = [name for name, score in found.items() if (score or 0) != 0 and abs(score / scale - (scores[name] or 0)) > 1e-4 or
                 (score is None) != (not scores[name] if scale != 1 else scores[name] is None)]
        self.assertEqual(wrong, [], f"{what}: {[(name, found[name], scores[name]) for name in wrong[:5]]}")

    def record(self, key: str) -> dict:
        return {"duplicate_of": None} | json.loads(self.expected[key])

    def check_postgres(self) -> None:
        actual: dict[str, str] = {}
        revisions: dict[str, int] = {}
        scores: dict[str, float | None] = {}
        rows: dict[str, dict] = {}
        for table in ("image", "audio"):
            # Text and arrays with their quotes, as JSON: a row is a line.
            query = ("SELECT to_jsonb(t) || jsonb_build_object('created_ms', (extract(epoch FROM created_on) * 1000)::bigint) "
                     f"FROM {table} t")
            for line in self.stream.psql(query, timeout=600).splitlines():
                row = json.loads(line)
                revisions[row["identifier"]] = row["revision"]
                if row["status"] == "live":
                    scores[row["identifier"]] = row["standardized_popularity"]
                found = model.from_row(row)
                actual[row["identifier"]] = model.digest(found)
                if options.sightings <= 200_000:
                    rows[row["identifier"]] = found
        keys = {identifier(key): key for key in self.expected}
        expected = {name: model.digest(model.as_row(key, self.record(key))) for name, key in keys.items()}
        self.compare("PostgreSQL", actual, expected, lambda name: (rows.get(name, {}), model.as_row(keys[name], self.record(keys[name]))))
        self.assertEqual(revisions, self.revisions)
        self.check_scores_of("PostgreSQL", scores, 1)

    def check_elasticsearch(self) -> None:
        actual: dict[str, str] = {}
        revisions: dict[str, int] = {}
        scores: dict[str, float | None] = {}
        documents: dict[str, dict] = {}
        live = set()
        for media in ("image", "audio"):
            for hit in self.stream.hits(self.stream.index_prefix + media + "-write"):
                self.assertEqual(hit["_version"], hit["_source"]["revision"])
                revisions[hit["_id"]] = hit["_version"]
                if hit["_source"]["status"] == "live":
                    scores[hit["_id"]] = hit["_source"].get("standardized_popularity")
                found = model.from_document(hit["_source"])
                actual[hit["_id"]] = model.digest(found)
                if options.sightings <= 200_000:
                    documents[hit["_id"]] = found
            live |= {hit["_id"] for hit in self.stream.hits(self.stream.index_prefix + media)}
        keys = {identifier(key): key for key in self.expected}
        expected = {name: model.digest(model.as_document(key, self.record(key))) for name, key in keys.items()}
        self.compare("Elasticsearch", actual, expected, lambda name: (documents.get(name, {}), model.as_document(keys[name], self.record(keys[name]))))
        self.assertEqual(revisions, self.revisions)
        self.check_scores_of("Elasticsearch", scores, 100)
        self.assertEqual(live, {name for name, key in keys.items() if self.record(key)["status"] == "live"})

    def check_that_reading_again_writes_nothing(self) -> None:
        """Once with the state that went through all of this, once with none: both must know all that was ever said."""
        for disk in ("with the disk", "without it"):
            if disk == "without it":
                shutil.rmtree(self.stream.folder / "state")
            self.stream.replay("process.catalogue")
            self.stream.drain(sinks=(), timeout=1800)
            self.assertEqual(sum(1 for _ in self.stream.scan("media.catalog.v1")), self.records,
                             f"everything read again {disk}: records were written for sightings that were known")
            say(f"everything read again {disk}: no record was written")

    def check_that_storing_again_writes_nothing(self) -> None:
        """Every version of every work once more, oldest first: the stores may not go back for a moment, or touch a row."""
        before = self.writes()
        for sink in ("postgres", "elasticsearch"):
            self.stream.replay(f"sink.{sink}")
        self.stream.drain(processor=False, timeout=1800)
        self.assertEqual(self.writes(), before, "a replay of the sinks wrote what was stored already")
        say("everything stored again: no row and no document was written")

    def check_that_copies_move_up(self) -> None:
        """Every owner of a shared URL is removed at its source. Who is next is known from claims that a disk had lost, too."""
        owners = set(model.owners(list(self.shared)).values())
        self.assertGreater(len(owners), 0)
        gone = chaos_sightings.Event(chaos_sightings.FIRST_MICROS + chaos_sightings.SPAN_MICROS + 1, '"removed":{"reason":"gone"}', None).value("chaos")
        path = self.stream.folder / "removals"
        path.write_text("".join(f"{key}\t{gone}\n" for key in sorted(owners)))
        subprocess.run(["kcat", "-P", "-b", self.stream.brokers, "-t", self.stream.prefix + "media.raw.v1", "-K", "\t", "-H", "schema=raw/1",
                        "-X", "partitioner=murmur2", "-l", str(path)], check=True, timeout=120)
        self.stream.drain(timeout=1800)
        for key in owners:
            self.expected[key] = model.canonical(model.remove(json.loads(self.expected[key]))).encode()
        self.shared = {claim: record for claim, record in self.shared.items() if claim.key not in owners}
        say(f"{len(owners)} owners of shared URLs removed, {self.settle()} copies left")
        self.check_catalogue()
        self.check_postgres()
        self.check_elasticsearch()
        statuses = collections.Counter(json.loads(record)["status"] for record in self.expected.values())
        self.assertEqual(reasons(totals(self.stream, "process"), "works"), dict(statuses))

    def writes(self) -> list:
        """What changes with each write: which transaction wrote the rows, and how many operations the shards have done."""
        tables = [self.stream.psql(f"SELECT count(*), sum(xmin::text::bigint), max(xmin::text::bigint) FROM {table}", timeout=600) for table in ("image", "audio")]
        shards = []
        for media in ("image", "audio"):
            status, text = self.stream.http("GET", f"/{self.stream.index_prefix}{media}-write/_stats?level=shards")
            self.assertEqual(status, 200, text)
            for index in json.loads(text)["indices"].values():
                shards += [copy["seq_no"]["max_seq_no"] for copies in index["shards"].values() for copy in copies]
        return tables + sorted(shards)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=os.environ.get("CHAOS_SEED"))
    parser.add_argument("--sightings", type=int, default=options.sightings)
    parser.add_argument("--kills", type=int, default=options.kills)
    _, rest = parser.parse_known_args(namespace=options)
    unittest.main(argv=[sys.argv[0], *rest])
