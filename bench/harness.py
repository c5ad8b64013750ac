"""What the benches share: topics and state of their own, processes that are measured, and what was seen of them."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[1]
GROUP = "process.catalogue"
COPY_TOPIC, COPY_GROUP = "bench.copy", "bench.copy"


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def order(turn: int) -> tuple[str, str]:
    """Who goes first alternates from pair to pair."""
    return ("ours", "reference") if turn % 2 == 0 else ("reference", "ours")


class Bench:
    """Options, binaries and collected results of one call."""

    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.brokers = os.environ.get("FRESHET_KAFKA_BROKERS")
        if not self.brokers:
            sys.exit("bench: FRESHET_KAFKA_BROKERS is not set: scripts/stack up, then source <work>/env")
        if not self.binary().exists():
            sys.exit(f"bench: no {self.binary()}: cmake --preset release && cmake --build build/release")
        self.pairs: dict[str, list[dict]] = {}
        self.facts: dict[str, list[dict]] = {}
        self.streams = 0

    def binary(self, tool: str | None = None) -> pathlib.Path:
        return self.build / "bench" / f"bench_{tool}" if tool else self.build / "freshet"

    def output(self, *arguments: str) -> list[bytes]:
        """Lines that a command prints."""
        done = subprocess.run([self.binary(), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1800)
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout.splitlines(keepends=True)

    def pair(self, name: str, ours: dict, reference: dict) -> None:
        result = {"ours": ours, "reference": reference, "ratio": ours["per_second"] / reference["per_second"]}
        if ours.get("per_cpu_second") and reference.get("per_cpu_second"):
            result["cpu_ratio"] = ours["per_cpu_second"] / reference["per_cpu_second"]
        self.pairs.setdefault(name, []).append(result)
        cpu = f", per CPU-second {result['cpu_ratio']:.2f}" if "cpu_ratio" in result else ""
        say(f"  {name}: {ours['per_second'] / 1000:.1f} K/s against {reference['per_second'] / 1000:.1f} K/s = {result['ratio']:.2f}{cpu}")

    def fact(self, name: str, values: dict) -> None:
        self.facts.setdefault(name, []).append(values)
        say(f"  {name}: " + ", ".join(f"{key} {value:.1f}" for key, value in values.items()))


class Stream:
    """Topics and a state directory of their own; use as a context manager."""

    def __init__(self, bench: Bench):
        self.bench = bench
        bench.streams += 1
        self.prefix = f"bench-{os.getpid()}-{bench.streams}."
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-bench-", dir=bench.options.work_dir))
        self.state = self.folder / "state"
        self.environment = {
            **os.environ,
            "FRESHET_KAFKA_TOPIC_PREFIX": self.prefix,
            "FRESHET_KAFKA_PARTITIONS": str(bench.options.partitions),
            "FRESHET_KAFKA_REPLICATION_FACTOR": "1",
            "FRESHET_KAFKA_MIN_INSYNC_REPLICAS": "1",
            "FRESHET_STATE_DIR": str(self.state),
            "FRESHET_PROCESS_INSTANCE": "bench",
            "FRESHET_PROCESS_COMMIT_INTERVAL_MS": str(bench.options.interval),
            "FRESHET_LOG_FORMAT": "json",
        }

    def __enter__(self) -> "Stream":
        self.run("topics", "create")
        self.run(COPY_TOPIC, tool="topics", first=["create"])
        return self

    def __exit__(self, *_) -> None:
        with contextlib.suppress(Exception):
            listing = json.loads(subprocess.run(["kcat", "-L", "-J", "-b", self.bench.brokers], capture_output=True, timeout=60).stdout)
            names = [t["topic"].removeprefix(self.prefix) for t in listing["topics"] if t["topic"].startswith(self.prefix)]
            self.run(*names, tool="topics", first=["delete"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments: str, tool: str | None = None, first: list[str] | None = None) -> list[str]:
        return [str(self.bench.binary(tool)), *(first or []), *arguments]

    def run(self, *arguments: str, tool: str | None = None, first: list[str] | None = None, stdout=subprocess.PIPE) -> subprocess.CompletedProcess:
        done = subprocess.run(self.command(*arguments, tool=tool, first=first), env=self.environment, stdout=stdout, stderr=subprocess.PIPE, timeout=1800)
        if done.returncode:
            raise RuntimeError(f"{' '.join(done.args)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    # -- sightings --------------------------------------------------------------------------------------

    def generate(self, part: str, order: str = "ascending", works: int | None = None, recrawl: float = 1, seed: int = 7,
                 **more: str) -> subprocess.CompletedProcess:
        flags = [text for name, value in more.items() for text in ("--" + name.replace("_", "-"), value) if text]
        return self.run("simulate", "generate", "--works", str(works or self.bench.options.works), "--seed", str(seed), "--part", part, "--order", order,
                        "--recrawl", str(recrawl), *flags)

    # -- processes --------------------------------------------------------------------------------------

    def start(self, name: str, command: list[str]) -> "Child":
        return Child(self, name, command)

    def processor(self) -> "Child":
        return self.start("process", self.command("process", "catalogue", "--loops", str(self.bench.options.loops)))

    def pass_through(self) -> "Child":
        options = self.bench.options
        return self.start("pass_through", self.command(self.bench.brokers, self.prefix + "media.raw.v1", self.prefix + COPY_TOPIC,
                                                       self.prefix + COPY_GROUP, str(options.loops), str(options.interval), tool="pass_through"))

    def watched(self, child: "Child", group: str) -> dict:
        """Runs the child until its group has read all sightings; rates over the window that bench_watch explains."""
        try:
            done = subprocess.run(self.command("media.raw.v1", group, str(self.bench.options.partitions), str(child.pid),
                                               str(self.bench.options.timeout), tool="watch"),
                                  env=self.environment, capture_output=True, timeout=self.bench.options.timeout + 60)
            seen = json.loads(done.stdout or b"{}")
            if done.returncode:
                raise RuntimeError(f"{child.name} did not reach the end (exit {done.returncode}): {seen}\n{done.stderr.decode()}\n{child.last_lines()}")
            seen.update(child.gauges())
        finally:
            child.stop()
        if not seen["seconds"]:
            sys.exit(f"bench: {child.name} needed one commit for everything: give more --works")
        seen["per_second"] = seen["records"] / seen["seconds"]
        seen["per_cpu_second"] = seen["records"] / seen["cpu_seconds"] if seen["cpu_seconds"] else None
        seen["whole_life_cpu_seconds"] = child.cpu_seconds
        return seen

    def compare(self, name: str, turn: int) -> tuple[dict, dict]:
        """The processor and the pass-through over what both have not read yet; who goes first alternates."""
        ours = reference = None
        for who in order(turn):
            if who == "ours":
                ours = self.watched(self.processor(), GROUP)
            else:
                reference = self.watched(self.pass_through(), COPY_GROUP)
        self.bench.pair(name, ours, reference)
        return ours, reference


class Child:
    """A process that is measured: its CPU time is known when it has ended."""

    def __init__(self, stream: Stream, name: str, command: list[str]):
        self.name = name
        self.log = stream.folder / f"{name}.log"
        self.log.write_bytes(b"")
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(command, env=stream.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.child.pid
        self.cpu_seconds = 0.0

    def stop(self) -> None:
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGTERM)
            self.end()

    def end(self) -> int:
        _, status, usage = os.wait4(self.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        return self.child.returncode

    def events(self, name: str) -> list[dict]:
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and name in event.values():
                    found.append(event)
        return found

    def last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def gauges(self) -> dict:
        """Works and bytes of the table, from the process's own metrics; empty where it serves none."""
        served = self.events("metrics_served")
        if not served:
            return {}
        with urllib.request.urlopen(f"http://{served[0]['address']}/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        total = lambda name: sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{"))
        return {"works": total("freshet_process_works"), "table_mb": total("freshet_process_table_bytes") / 2**20}


def seconds_between(begin: str, end: str) -> float:
    moments = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (begin, end)]
    return (moments[1] - moments[0]).total_seconds()


def add_options(parser: argparse.ArgumentParser, works: int, runs: int = 5) -> None:
    """What every bench over streams is asked."""
    parser.add_argument("--runs", type=int, default=runs, help=f"alternating runs (default {runs})")
    parser.add_argument("--works", type=int, default=works, help=f"works of a first load (default {works})")
    parser.add_argument("--loops", type=int, default=os.cpu_count(), help="consumer loops (default: cores)")
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--interval", type=int, default=100, help="commit interval in ms (default 100)")
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one process to reach the end (default 300)")
    parser.add_argument("--build", default=SOURCE / "build" / "release", help="build folder (default build/release)")
    parser.add_argument("--work-dir", help="where state lies while it runs (default: the temporary folder)")
    parser.add_argument("--json", help="write every run here")


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} … {max(values):.2f})"


def write_json(bench: Bench) -> None:
    if bench.options.json:
        pathlib.Path(bench.options.json).write_text(json.dumps({"options": {k: str(v) for k, v in vars(bench.options).items()}, "pairs": bench.pairs,
                                                                "facts": bench.facts}, indent=1))


def report(bench: Bench) -> None:
    """Medians, least and greatest, of what was paired and of what was merely seen."""
    for name, pairs in bench.pairs.items():
        cpu = [pair["cpu_ratio"] for pair in pairs if "cpu_ratio" in pair]
        rate = lambda who: statistics.median(pair[who]["per_second"] for pair in pairs) / 1000
        print(f"{name:44}{rate('ours'):9.1f} K/s{rate('reference'):9.1f} K/s   {spread([pair['ratio'] for pair in pairs]):26}"
              f"{'per CPU-second ' + spread(cpu) if cpu else ''}")
    for name, facts in bench.facts.items():
        for key in facts[0]:
            print(f"{name + ': ' + key:60}{spread([fact[key] for fact in facts])}")
    print(f"\n{bench.options.runs} runs, {bench.options.works} works, {bench.options.loops} loops, {os.cpu_count()} cores, "
          f"load average {os.getloadavg()[0]:.1f} at the end")
