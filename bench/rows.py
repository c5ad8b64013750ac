"""The rows of bench/all: which bench says what of which bound."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

REFRESH_MS = 1_000  # index.refresh_interval of schemas/elasticsearch


@dataclass(frozen=True)
class Bound:
    """One number of a row. `values`: from what the bench wrote, one per run."""
    row: str
    what: str
    beside: str
    values: Callable[[dict], list[float]]
    least: float | None = None
    most: float | None = None

    @property
    def text(self) -> str:
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"

    def is_reached(self, median: float) -> bool:
        return median >= self.least if self.least is not None else median <= self.most

    def is_worse(self, median: float, before: float) -> bool:
        return median < before if self.least is not None else median > before


@dataclass(frozen=True)
class Bench:
    """A command that fills one or more rows. `{runs}` and `{json}` are filled in; `quick` takes the place of `full`."""
    command: str
    full: str
    quick: str
    bounds: list[Bound] = field(default_factory=list)


def ratio(pair: str, which: str = "ratio") -> Callable[[dict], list[float]]:
    return lambda seen: [one[which] for one in seen["pairs"].get(pair, []) if which in one]


def fact(name: str, key: str) -> Callable[[dict], list[float]]:
    return lambda seen: [one[key] for one in seen["facts"].get(name, []) if key in one]


def pairs(row: str, what: str, beside: str, pair: str, least: float, least_cpu: float | None = None) -> list[Bound]:
    bounds = [Bound(row, f"{what}, records/s", beside, ratio(pair), least=least)]
    if least_cpu is not None:
        bounds.append(Bound(row, f"{what}, per CPU-second", beside, ratio(pair, "cpu_ratio"), least=least_cpu))
    return bounds


def peer_memory(pair: str) -> Callable[[dict], list[float]]:
    return lambda seen: [one["ours"]["peak_rss_mb"] / one["reference"]["peak_rss_mb"] for one in seen["pairs"].get(pair, [])]


PASS_THROUGH, STREAMS, SENDER = "transactional pass-through", "Kafka Streams", "sender of prebuilt bulks"

BENCHES = [
    Bench("bench/pipeline producer", "--works 300000", "--works 50000",
          pairs("P1", "an archive", "bare produce loop", "producer, an archive (tsv)", 0.80)),
    Bench("bench/pipeline ascending random", "--works 300000", "--works 60000", [
        *pairs("P2", "re-crawl after ascending", PASS_THROUGH, "re-crawl after ascending", 0.90, 0.80),
        *pairs("P2", "re-crawl after random", PASS_THROUGH, "re-crawl after random", 0.90, 0.80),
        *pairs("P2b", "first load, ascending", PASS_THROUGH, "first load, ascending", 0.40, 0.35),
        *pairs("P2b", "first load, random", PASS_THROUGH, "first load, random", 0.35, 0.35)]),
    Bench("bench/peers/kafka-streams/compare", "--works 300000", "--works 60000", [
        *pairs("P3", "first load", STREAMS, "first load", 1.3, 2), *pairs("P3", "re-crawl", STREAMS, "re-crawl", 2, 4),
        Bound("P3", "memory, first load", STREAMS, peer_memory("first load"), most=0.1),
        Bound("P3", "memory, re-crawl", STREAMS, peer_memory("re-crawl"), most=0.1)]),
    Bench("bench/sinks postgres", "--works 100000", "--works 20000",
          [one for case in ("new", "changed", "replayed") for one in pairs("P4", f"{case} rows", "psql", f"postgres, {case} rows", 0.85)]),
    Bench("bench/peers/connect/compare", "--works 100000", "--works 20000", [
        Bound("P4b", "new rows, per CPU-second of client and server", "Debezium's JDBC sink", ratio("new rows", "cpu_ratio"), least=3),
        Bound("P4b", "memory of the client", "Debezium's JDBC sink", peer_memory("new rows"), most=0.2)]),
    Bench("bench/sinks elasticsearch", "--works 100000", "--works 20000",
          [one for case in ("new", "changed", "replayed") for one in pairs("P5", f"{case} documents", SENDER, f"elasticsearch, {case} documents", 0.95)]),
    Bench("bench/whole load", "--works 1000000 --timeout 1200", "--works 60000", [
        *pairs("P7", "all roles", "the slower sender", "whole way against the slower sender", 0.85),
        Bound("P8b", "catalogue records per work, first load", "1", fact("load", "records_per_work"), most=1.1)]),
    Bench("bench/whole fresh", "--works 60000 --seconds 45", "--works 20000 --seconds 10", [
        Bound("P6", "produced → searchable, p99 ms", "refresh interval + 500", fact("fresh", "searchable_p99_ms"), most=REFRESH_MS + 500),
        Bound("P6", "produced → PostgreSQL, p99 ms", "500", fact("fresh", "row_p99_ms"), most=500)]),
    Bench("bench/operate hostile", "--works 1000000", "--works 60000",
          pairs("O1", "one record in a hundred is put aside", "itself, clean records", "hostile records among others", 0.95)),
    Bench("bench/operate rebuild", "--works 50000", "--works 10000",
          pairs("O2", "rebuild of the indexes, gate included", SENDER, "rebuild of the indexes", 0.9)),
    Bench("bench/search", "--works 30000 --queries 2000", "--works 5000 --queries 300", [
        Bound("A1", "a search through the API, p50, ms more", "the same request to the node", fact("search", "added_p50_ms"), most=0.7),
        Bound("A1", "a search through the API, p99, ms more", "the same request to the node", fact("search", "added_p99_ms"), most=2),
        Bound("A1", "searches per CPU-second of the API", "5,000", fact("search", "per_cpu_second"), least=5_000)]),
    Bench("bench/usage events sink", "--events 200000", "--events 30000", [
        *pairs("U1", "usage events accepted", "bare produce loop", "events accepted", 0.5),
        *pairs("U2", "usage events stored and counted", "psql COPY", "usage stored and counted", 0.5)]),
    Bench("bench/pipeline scale", "--works 500000 --times 10", "--works 50000 --times 5",
          pairs("P8", "re-crawl, many works", "itself, few", "re-crawl, many works against few", 0.90)),
    Bench("bench/whole memory", "--works 1000000 --timeout 1200 --away 60", "--works 50000 --away 5", [
        *(Bound("P9", f"{role}, {when}, MB", "256", fact(f"memory, {when}", f"{key}_mb"), most=256)
          for when in ("idle", "full load", "store away")
          for role, key in (("processor", "process_besides_table" if when == "full load" else "process"), ("PostgreSQL sink", "postgres"),
                            ("Elasticsearch sink", "elasticsearch"))
          if not (when == "store away" and role == "processor"))]),
]

# Rows of which nothing can be measured, and why.
MISSING = {"P5b": "Confluent's Elasticsearch sink connector is not on Maven Central, and no other with its jar there was found: there is nothing to run beside ours"}


def rows() -> list[str]:
    return sorted({bound.row for bench in BENCHES for bound in bench.bounds} | set(MISSING), key=lambda row: (row[0], int(row[1:].rstrip("b")), row))


def entry(bound: Bound, values: list[float], command: str) -> dict:
    """As bench/results has it: one per bound."""
    median = statistics.median(values)
    return {"row": f"{bound.row} {bound.what}", "ratio": round(median, 4), "spread": [round(min(values), 4), round(max(values), 4)], "bound": bound.text,
            "reached": bound.is_reached(median), "command": command}


def slower(bounds: dict[str, Bound], now: list[dict], before: dict[str, dict]) -> list[str]:
    """Rows whose median is worse than before, and by more than either spread explains."""
    named = []
    for one in now:
        was, bound = before.get(one["row"]), bounds[one["row"]]
        if was is None or not bound.is_worse(one["ratio"], was["ratio"]):
            continue
        if abs(one["ratio"] - was["ratio"]) > max(one["spread"][1] - one["spread"][0], was["spread"][1] - was["spread"][0]):
            named.append(f"{one['row']}: {was['ratio']:g} before, {one['ratio']:g} now")
    return named
