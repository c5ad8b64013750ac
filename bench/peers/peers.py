"""What the comparisons with peers share: their jars, a process that is killed, and what it did to the topic."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness import Bench, Child, Stream, say  # noqa: E402

CACHE = pathlib.Path(os.environ.get("FRESHET_CACHE", pathlib.Path.home() / ".cache/freshet")) / "peers"


def jars(folder: pathlib.Path) -> pathlib.Path:
    """The runtime jars of a pom, fetched once into the cache."""
    pom = (folder / "pom.xml").read_bytes()
    target = CACHE / folder.name
    stamp = target / "pom.xml"
    if stamp.exists() and stamp.read_bytes() == pom:
        return target / "libs"
    for tool in ("mvn", "java", "javac"):
        if not shutil.which(tool):
            sys.exit(f"bench: no {tool}: apt-get install maven openjdk-17-jdk-headless")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    say(f"  fetching the jars of {folder.name}")
    subprocess.run(["mvn", "-B", "-q", "-ntp", "-f", folder / "pom.xml", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies",
                    "-DincludeScope=runtime", f"-DoutputDirectory={target / 'libs'}"], check=True)
    stamp.write_bytes(pom)
    return target / "libs"


def compiled(source: pathlib.Path, libs: pathlib.Path) -> pathlib.Path:
    classes = libs.parent / "classes"
    subprocess.run(["javac", "-proc:none", "-nowarn", "-cp", f"{libs}/*", "-d", classes, source], check=True)
    return classes


def values_of(stream: Stream, topic: str) -> dict[str, list[bytes]]:
    """Committed values of each key, in their order."""
    reader = subprocess.Popen(["kcat", "-C", "-q", "-e", "-b", stream.bench.brokers, "-t", stream.prefix + topic, "-o", "beginning", "-f", "%K %S\n%k%s\n"],
                              stdout=subprocess.PIPE)
    found: dict[str, list[bytes]] = {}
    while header := reader.stdout.readline():
        key_size, size = (int(number) for number in header.split())
        key, value = reader.stdout.read(key_size).decode(), reader.stdout.read(max(size, 0))
        reader.stdout.read(1)
        found.setdefault(key, []).append(value)
    if reader.wait():
        raise RuntimeError(f"kcat could not read {topic}")
    return found


def has_records(stream: Stream, topic: str) -> bool:
    return bool(subprocess.run(["kcat", "-C", "-q", "-e", "-c", "1", "-b", stream.bench.brokers, "-t", stream.prefix + topic, "-o", "beginning", "-f", "%o\n"],
                               stdout=subprocess.PIPE, timeout=60).stdout)


def killed(bench: Bench, stream: Stream, start, group: str, topic: str) -> dict[str, float]:
    """Kills a process in the middle of a first load, starts it again, and says what its readers saw of that.

    @param start  starts the process and returns it
    """
    works = set(values_of(stream, "media.raw.v1"))
    watch = lambda child, timeout: subprocess.Popen(stream.command("media.raw.v1", group, str(bench.options.partitions), str(child.pid), str(timeout), tool="watch"),
                                                    env=stream.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child = start()
    watcher = watch(child, bench.options.timeout)
    # In the middle of the work.
    deadline = time.monotonic() + bench.options.timeout
    while not has_records(stream, topic):
        if time.monotonic() > deadline or child.child.poll() is not None:
            raise RuntimeError(f"{child.name} wrote nothing\n{child.last_lines()}")
        time.sleep(0.05)
    time.sleep(bench.options.kill_after)
    os.kill(child.pid, signal.SIGKILL)
    at = time.monotonic()
    child.end()
    done = json.loads(watcher.communicate()[0])
    if done["complete"]:
        raise RuntimeError("it was done before it was killed: give more --works")
    child = start()
    try:
        begun = time.monotonic()
        again = json.loads(watch(child, bench.options.timeout).communicate()[0])
        if not again["complete"]:
            raise RuntimeError(f"{child.name} did not reach the end after the kill\n{child.last_lines()}")
    finally:
        child.stop()
    found = values_of(stream, topic)
    return {"lost": len(works - found.keys()), "extra": len(found.keys() - works), "repeated": sum(repeats(values) for values in found.values()),
            "stall_seconds": begun - at + again["waited_seconds"]}


def repeats(values: list[bytes]) -> int:
    """Records that say what the one before them of their key said, but for when."""
    def said(value: bytes) -> dict:
        record = json.loads(value)
        return {name: record[name] for name in record if name not in ("revision", "updated_on", "last_seen_at", "seen")}
    return sum(said(one) == said(other) for one, other in zip(values, values[1:]))


def print_kills(rows: dict[str, list[dict[str, float]]]) -> None:
    print(f"\n{'kill -9 in a first load':32}{'works lost':>12}{'extra':>8}{'repeated':>10}{'stall, s':>10}")
    for name, seen in rows.items():
        worst = {key: max(one[key] for one in seen) for key in seen[0]}
        print(f"{name:32}{worst['lost']:12.0f}{worst['extra']:8.0f}{worst['repeated']:10.0f}{worst['stall_seconds']:10.1f}")
