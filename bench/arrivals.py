"""When works that are sent to media.raw.v1 become searchable, and rows of PostgreSQL.

Follows the topic with kcat (key, broker's append time), and looks every 50 ms which documents and rows are new. Prints
p50, p99 and count of both, in milliseconds from the append of a work's first sighting. All clocks are this machine's.
"""

from __future__ import annotations

import argparse
import importlib.util
import pathlib
import subprocess
import threading
import time

LATENCY = importlib.util.spec_from_file_location("latency", pathlib.Path(__file__).resolve().parents[1] / "scripts/latency.py")
latency = importlib.util.module_from_spec(LATENCY)
LATENCY.loader.exec_module(latency)


class NewRows:
    """Rows behind the last that was seen: a table that is only filled grows at its end. The few that take the place of a row
    that was changed meanwhile are not seen, and are said to be missing."""

    def __init__(self, dsn: str):
        self.psql = subprocess.Popen(["psql", "-qAtX", "-d", dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.last = {"image": "(0,0)", "audio": "(0,0)"}

    def look(self, seen: dict[str, float]) -> None:
        for table, last in self.last.items():
            self.psql.stdin.write(f"SELECT ctid, identifier FROM {table} WHERE ctid > '{last}'::tid ORDER BY ctid;\n\\echo end\n")
            self.psql.stdin.flush()
            now = None
            while (line := self.psql.stdout.readline().rstrip("\n")) != "end":
                now = now or time.time() * 1000
                self.last[table], _, identifier = line.partition("|")
                seen.setdefault(identifier, now)


def say(name: str, times: list[float]) -> None:
    times.sort()
    at = lambda share: times[min(len(times) - 1, int(share * len(times)))]
    print(f"{name}_p50_ms {at(0.5):.0f}\n{name}_p99_ms {at(0.99):.0f}\n{name}_works {len(times)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--brokers", "--prefix", "--elasticsearch", "--index-prefix", "--dsn"):
        parser.add_argument(name, required=True)
    parser.add_argument("--ready", required=True, type=pathlib.Path, help="is made when it watches")
    parser.add_argument("--until", required=True, type=pathlib.Path, help="it ends when this file exists")
    options = parser.parse_args()
    appended: dict[str, int] = {}
    stop = threading.Event()
    kcat = latency.follow_raw(options.brokers, options.prefix + "media.raw.v1", appended, stop)
    rows, known, stored, visible = NewRows(options.dsn), {}, {}, {}
    greatest = {options.index_prefix + media: -1 for media in ("image", "audio")}
    rows.look(known)  # works that were there before are not measured: they only change
    for alias in greatest:
        greatest[alias] = latency.newly_visible(options.elasticsearch, alias, -1, {})
    time.sleep(1)  # kcat finds the ends of the partitions
    options.ready.touch()

    def watch_rows() -> None:
        while not stop.is_set():
            rows.look(stored)
            time.sleep(0.05)

    watcher = threading.Thread(target=watch_rows, daemon=True)
    watcher.start()
    is_last = False
    while not is_last:
        is_last = options.until.exists()
        for alias, since in greatest.items():
            # Writes run in parallel: a smaller number may become visible a moment after a greater one.
            greatest[alias] = latency.newly_visible(options.elasticsearch, alias, max(-1, since - 500), visible)
        time.sleep(0.05)
    stop.set()
    watcher.join()
    kcat.terminate()
    kcat.wait()
    works = {name: at for name, at in ((latency.identifier(key), at) for key, at in list(appended.items())) if name not in known}
    for name, seen in (("searchable", visible), ("row", stored)):
        times = [seen[work] - at for work, at in works.items() if work in seen]
        if not times:
            raise SystemExit(f"no work became {name}")
        say(name, times)
        print(f"{name}_missing {len(works) - len(times)}")


main()
