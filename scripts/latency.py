"""Measures how long works take from the raw topic to a search result.

Follows `media.raw.v1` from its end with kcat (key, broker's append time) and asks Elasticsearch every 100 ms which
works became visible since the last look. For each work that became live: the time at which it was first
seen visible minus the append time of its first sighting. Prints p50, p90, p99 and the count.
"""

import argparse
import bisect
import hashlib
import json
import pathlib
import statistics
import subprocess
import threading
import time
import urllib.request


def follow_raw(brokers: str, topic: str, appended: dict[str, int], stop: threading.Event) -> subprocess.Popen:
    """Fills `appended` with each key's first append time, in ms."""
    kcat = subprocess.Popen(
        ["kcat", "-C", "-q", "-b", brokers, "-t", topic, "-o", "end", "-u", "-f", "%T %k\n"],
        stdout=subprocess.PIPE, text=True, errors="replace")

    def read() -> None:
        assert kcat.stdout is not None
        for line in kcat.stdout:
            stamp, _, key = line.rstrip("\n").partition(" ")
            if stamp.isdigit():
                appended.setdefault(key, int(stamp))
            if stop.is_set():
                return

    threading.Thread(target=read, daemon=True).start()
    return kcat


def search(url: str, body: dict) -> dict:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)


def identifier(key: str) -> str:
    digest = bytearray(hashlib.sha256(key.encode()).digest()[:16])
    digest[6] = (digest[6] & 0x0F) | 0x40
    digest[8] = (digest[8] & 0x3F) | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def newly_visible(base: str, alias: str, since: int, visible: dict[str, float]) -> int:
    """Adds the ids of documents whose sequence number is greater than `since`; returns the greatest seen.

    Sequence numbers grow in the order of writes of a shard; the local indexes have one shard.
    """
    while True:
        body = {"size": 5000, "_source": False, "track_total_hits": False,
                "query": {"range": {"_seq_no": {"gt": since}}}, "sort": [{"_seq_no": "asc"}]}
        hits = search(f"{base}/{alias}/_search", body)["hits"]["hits"]
        now = time.time() * 1000
        for hit in hits:
            visible.setdefault(hit["_id"], now)
        if hits:
            since = hits[-1]["sort"][0]
        if len(hits) < 5000:
            return since


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elasticsearch", required=True)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--prefix", default="", help="kafka.topic_prefix")
    parser.add_argument("--index-prefix", default="", help="elasticsearch.index_prefix")
    parser.add_argument("--ready", type=pathlib.Path, help="is made when it watches: produce from then on")
    parser.add_argument("--until", required=True, type=pathlib.Path, help="ends when this file exists")
    arguments = parser.parse_args()

    appended: dict[str, int] = {}
    stop = threading.Event()
    kcat = follow_raw(arguments.brokers, arguments.prefix + "media.raw.v1", appended, stop)
    greatest = {arguments.index_prefix + name: -1 for name in ("image", "audio")}
    visible: dict[str, float] = {}
    for alias in greatest:
        greatest[alias] = newly_visible(arguments.elasticsearch, alias, -1, visible)
    visible.clear()  # what was there before is not measured
    time.sleep(1)  # kcat finds the ends of the partitions
    if arguments.ready:
        arguments.ready.touch()
    last = False
    while True:
        for alias, since in greatest.items():
            # Writes run in parallel: a smaller number may become visible a moment after a greater one.
            greatest[alias] = newly_visible(arguments.elasticsearch, alias, max(-1, since - 200), visible)
        if last:
            break
        if arguments.until.exists():
            time.sleep(1.5)  # one refresh interval
            last = True
        time.sleep(0.1)
    stop.set()
    kcat.terminate()
    kcat.wait()

    times = sorted(visible[i] - at for i, at in ((identifier(k), at) for k, at in list(appended.items())) if i in visible)
    if not times:
        raise SystemExit("no work became visible")
    quantiles = statistics.quantiles(times, n=100) if len(times) > 1 else times * 99
    print(f"{len(times)} works, p50 {quantiles[49] / 1000:.2f} s, p90 {quantiles[89] / 1000:.2f} s, p99 {quantiles[98] / 1000:.2f} s"
          f" ({100 * bisect.bisect(times, 10_000) // len(times)} % within 10 s)")


if __name__ == "__main__":
    main()
