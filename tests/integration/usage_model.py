"""Events of usage made up from a seed, and what they come to: counted from the raw events by its own rules (docs/sinks.md),
so that the sums of `freshet sink usage` can be held against it."""

from __future__ import annotations

import collections
import datetime
import json
import random
import uuid

UTC = datetime.timezone.utc
WORDS = ["owl", "OWL", "Grüne Eule", "grüne  eule", "harbour", "海", "بومة", "a\\b\"c", "tab\there", "{{brace}},null", "", "rare-{}"]
SOURCES = ["met", "wikimedia", "Flickr Commons"]
SITES = ["blog.example", "News.Example", "xn--e1afmkfd.example"]
CLASSES = list(range(1, 20))
end = 20
while end < 600_000:
    CLASSES.append(end)
    end += end // 20
CLASSES.append(600_000)


def stamp(when: datetime.datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03}Z"


class Maker:
    """Makes events as `freshet api` writes them to usage.events.v1."""

    def __init__(self, seed: int, now: datetime.datetime):
        self.random = random.Random(seed)
        self.now = now
        self.works = [self.uuid() for _ in range(40)]
        self.sessions = [self.uuid() for _ in range(60)]

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def event(self) -> dict:
        pick = self.random.choice
        when = self.now - datetime.timedelta(seconds=self.random.uniform(0, 3 * 86_400))
        event = {"event_id": self.uuid(), "occurred_at": stamp(when), "received_at": stamp(when + datetime.timedelta(milliseconds=300)),
                 "agent": pick(["desktop", "mobile", "bot", "program"]), "origin": pick(["web", "web", "web", "api"])}
        if event["origin"] == "web" and self.random.random() < 0.95:
            event["session_id"] = pick(self.sessions)
        kind = self.random.randrange(12)
        if kind < 3:
            event["type"] = pick(["GET_SEARCH_RESULTS", "SEARCH_EVENT"])
            event["query"] = pick(WORDS).format(self.random.randrange(500)) if self.random.random() < 0.9 else ""
            event["media_type"] = pick(["image", "audio"])
            event["payload"] = {"resultsCount": pick([0, 0, 7, 10000])}
            if event["type"] == "SEARCH_EVENT":
                event["payload"]["elapsedTime"] = self.random.choice([0, 3, 18.5, 41, 250, 9000, 10**7])
            if self.random.random() < 0.3:
                event["page"] = pick([1, 2, 3])
            if self.random.random() < 0.4:
                event["filters"] = {"license": pick([["cc0"], ["cc0", "pdm"]]), "size": ["large"]}
        elif kind < 6:
            event["type"] = pick(["SELECT_SEARCH_RESULT", "RESULT_CLICK_EVENT"])
            event["result_id"] = pick(self.works)
            if self.random.random() < 0.9:
                event["rank"] = self.random.randrange(30)
            if self.random.random() < 0.8:
                event["source"] = pick(SOURCES)
            if event["type"] == "SELECT_SEARCH_RESULT":
                event["payload"] = {"kind": pick(["search", "related", "collection"]), "mediaType": pick(["image", "audio"])}
        elif kind < 8:
            event["type"] = "IMPRESSION"
            event["media_type"] = pick(["image", "audio"])
            event["payload"] = {"results": [{"id": work, "rank": rank} for rank, work in enumerate(self.random.sample(self.works, 5))]}
        elif kind == 8:
            event["type"], event["payload"] = "COPY_ATTRIBUTION", {"format": pick(["plain", "rich", "html", "xml"]), "mediaType": "image"}
        elif kind == 9:
            event["type"], event["payload"] = "DETAIL_PAGE_EVENT", {"event_type": pick(["VIEWED", "SHARED_SOCIAL", "REUSE_SURVEY"])}
        elif kind == 10:
            event["type"], event["payload"] = pick([("RATE_RESULTS", {"relevant": True}), ("SEARCH_RATING_EVENT", {"relevant": False}),
                                                     ("ATTRIBUTION_REFERRER_EVENT", {"referer_domain": pick(SITES)}),
                                                     ("SEARCH_RESPONSE_TIME", {"elapsedTime": self.random.randrange(2000)})])
        else:
            event["type"], event["payload"] = pick([("APPLY_FILTER", {"category": "size", "key": "large", "checked": self.random.random() < 0.5}),
                                                     ("OPEN_PAGES_MENU", {}), ("GET_MEDIA", {"id": pick(self.works)})])
        return event


def key(event: dict) -> str:
    return event.get("session_id") or event["event_id"]


def line(event: dict) -> str:
    return key(event) + "\x1f" + json.dumps(event, ensure_ascii=False) + "\n"


def words(event: dict) -> str:
    """Lower case, white space as single spaces, `"` as `'`: the form in which texts of a work are kept."""
    return " ".join((event.get("query") or event.get("payload", {}).get("query", "")).replace('"', "'").split()).lower()


def sums(events: list[dict]) -> dict[tuple[str, str, str, str], int]:
    """(day, measure, label, sublabel) to count."""
    found: collections.Counter = collections.Counter()
    sessions = set()
    for event in events:
        payload, day, kind = event.get("payload", {}), event["occurred_at"][:10], event["type"]

        def add(measure, label, sublabel=""):
            found[(day, measure, label, sublabel)] += 1

        medium = event.get("media_type") or payload.get("mediaType", "")
        add("events", kind, event["origin"])
        add("agents", event["agent"])
        if "session_id" in event:
            sessions.add((day, event["session_id"]))
        if kind in ("SEARCH_EVENT", "SEARCH_RESPONSE_TIME") and "elapsedTime" in payload:
            took = min(max(payload["elapsedTime"], 0), 600_000)
            add("response_times", str(next(c for c in CLASSES if c >= max(took, 1))), event["origin"])
        if kind in ("GET_SEARCH_RESULTS", "SEARCH_EVENT") and event.get("page", 1) == 1:
            add("searches", medium, event["origin"])
            add("queries", words(event))
            if payload.get("resultsCount") == 0:
                add("zero_result_queries", words(event))
            for name, values in event.get("filters", {}).items():
                for value in values:
                    add("filters", name, value)
        elif kind in ("SELECT_SEARCH_RESULT", "RESULT_CLICK_EVENT"):
            among = payload.get("kind", "search")
            add("clicks", among, medium)
            if event.get("source"):
                add("clicks_by_source", event["source"])
            add("results", event["result_id"], medium)
            if among == "search" and "rank" in event:
                add("clicks_by_rank", str(event["rank"]))
        elif kind == "IMPRESSION":
            for one in payload["results"]:
                add("impressions_by_rank", str(one["rank"]))
        elif kind == "COPY_ATTRIBUTION":
            add("copies", payload["format"], medium)
        elif kind == "DETAIL_PAGE_EVENT":
            add("details", payload["event_type"])
        elif kind == "ATTRIBUTION_REFERRER_EVENT":
            add("embedding_sites", payload["referer_domain"].lower())
        elif kind in ("RATE_RESULTS", "SEARCH_RATING_EVENT"):
            add("ratings", "relevant" if payload["relevant"] else "irrelevant")
        elif kind == "APPLY_FILTER" and payload.get("checked", True):
            add("applied_filters", payload["category"], payload["key"])
    for day, _ in sessions:
        found[(day, "sessions", "", "")] += 1
    return dict(found)


def clicks(events: list[dict]) -> dict[tuple[str, str, int], tuple[int, int]]:
    """(hour, work, rank) to (impressions, clicks), of pages alone."""
    found: dict = collections.defaultdict(lambda: [0, 0])
    for event in events:
        payload, hour = event.get("payload", {}), event["occurred_at"][:13] + ":00:00.000Z"
        if event["origin"] != "web":
            continue
        if event["type"] == "IMPRESSION":
            for one in payload["results"]:
                found[(hour, one["id"], one["rank"])][0] += 1
        elif event["type"] in ("SELECT_SEARCH_RESULT", "RESULT_CLICK_EVENT") and payload.get("kind", "search") == "search":
            found[(hour, event["result_id"], event.get("rank", -1))][1] += 1
    return {place: (shown, chosen) for place, (shown, chosen) in found.items()}
