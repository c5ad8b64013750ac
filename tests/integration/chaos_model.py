"""What the catalogue must hold: a function of the set of sightings and decisions, written apart from the program.

Nothing here depends on an order of arrival. The rules are those of docs/merging.md, "The order of arrival
does not matter": sort all sightings of a work by time, and take for each slot the last value that is there.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass

from chaos_sightings import LICENSES, Decision, Event
from stream import identifier

MOST_FOREIGN_TAGS, MOST_GENRES, MOST_ALT_FILES = 500, 100, 100
LEAST_ACCURACY, HIDDEN_TAG_PROVIDERS = 0.9, {"rekognition"}
AUTHORITY = {"met": 90}
METRICS = {"image:rawpixel": "download_count"}
SCORE_TOLERANCE = 0.02  # kScoreTolerance of the program, ADR 0030: how far a stored score may be off when nothing is left to do
LISTS = ("tags", "genres", "alt_files")


def canonical(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(element) for element in value]
    return value


def tag_order(tag: dict) -> tuple:
    return tag["name"], tag["provider"], repr(tag["accuracy"]) if "accuracy" in tag else ""


def distinct(values: list, key) -> list:
    return [value for _, value in sorted({key(value): value for value in values}.items())]


def merge(key: str, events: list[Event]) -> dict:
    """The record of one work, as far as it does not depend on others."""
    media_type, provider, _ = key.split(":", 2)
    removed = max((event.micros for event in events if event.work is None), default=None)
    sightings = sorted((event for event in events if event.work is not None and not event.dropped), key=lambda event: event.micros)
    if not sightings:
        if removed is None:
            return {}  # all of it was dropped: there is no record
        least = min(event.micros for event in events if event.work is None)
        return {"status": "removed_at_source", "created_on": least // 1000, "work": None, "derived": derive(provider, {})}
    slots: dict[tuple[str, str], object] = {}
    own_tags: list[dict] = []
    foreign_tags: list[dict] = []
    genres: list[str] = []
    alt_files: list[dict] = []
    license_unit = None
    for event in sightings:
        for name, value in event.work.items():
            if name in ("meta_data", "audio_set"):
                slots.update({(name, member): part for member, part in without_nulls(value).items()})
            elif name == "license_url":
                license_unit = (value, *LICENSES[value])
            elif name not in LISTS:
                slots["", name] = value
        own = [{"name": tag, "provider": provider} for tag in event.work.get("tags", []) if isinstance(tag, str)]
        own_tags = own or own_tags
        foreign_tags += [tag for tag in event.work.get("tags", []) if not isinstance(tag, str)]
        genres += event.work.get("genres", [])
        alt_files += event.work.get("alt_files", [])
    work: dict[str, object] = {}
    for (group, name), value in slots.items():
        (work if not group else work.setdefault(group, {}))[name] = value
    raw, work["license"], work["license_version"], url = license_unit
    work.setdefault("meta_data", {}).update({"license_url": url, "raw_license_url": raw})
    tags = sorted(own_tags + distinct(foreign_tags, tag_order)[:MOST_FOREIGN_TAGS], key=tag_order)
    lists = {"tags": tags, "genres": distinct(genres, canonical)[:MOST_GENRES], "alt_files": distinct(alt_files, canonical)[:MOST_ALT_FILES]}
    work.update({name: value for name, value in lists.items() if value})
    status = "removed_at_source" if removed is not None and removed > sightings[-1].micros else "live"
    return {"status": status, "created_on": sightings[0].micros // 1000, "work": work, "derived": derive(provider, work)}


def decide(key: str, record: dict, decisions: list[Decision]) -> dict:
    """Of each kind the last line of the united history holds."""
    entries = {(entry["at"], entry["decision_id"], decision.kind): entry["action"] for decision in decisions for entry in decision.history}
    holds = {kind: action != "undo" for (_, _, kind), action in sorted(entries.items())}
    decided = dict(record)
    if holds.get("erase"):
        decided |= {"work": None, "derived": derive(key.split(":")[1], {})}
    if holds.get("sensitive"):
        decided["derived"] = decided["derived"] | {"sensitivity": ["user_reported_sensitivity", *decided["derived"]["sensitivity"]]}
    if holds.get("takedown") or holds.get("erase"):
        decided["status"] = "blocked"
    return decided


@dataclass(frozen=True)
class Claim:
    """What a work that is in use at its source says about its URL; blocked and erased works say it too."""

    created_on: int
    key: str
    url: str

    @classmethod
    def of(cls, key: str, record: dict) -> "Claim | None":
        """Of the record as `merge` makes it."""
        if record["status"] != "live":
            return None
        # Neither a fragment nor what tells a campaign makes it another file.
        return cls(record["created_on"], key, record["work"]["url"].partition("#")[0].partition("?utm_source=")[0])


def owners(claims: list[Claim]) -> dict[str, str]:
    """Of each URL's claimants the earliest, ties by key."""
    first: dict[str, Claim] = {}
    for claim in claims:
        known = first.setdefault(claim.url, claim)
        if (claim.created_on, claim.key) < (known.created_on, known.key):
            first[claim.url] = claim
    return {url: claim.key for url, claim in first.items()}


def settle(record: dict, claim: Claim, owner: str) -> dict:
    """The record of a work that claims its URL, once it is known who owns it."""
    if owner == claim.key:
        return record
    return record | {"duplicate_of": owner, "status": "duplicate" if record["status"] == "live" else record["status"]}


def remove(record: dict) -> dict:
    """The record of a work that is gone from its source now, whatever was seen before."""
    return record | {"duplicate_of": None, "status": record["status"] if record["status"] == "blocked" else "removed_at_source"}


def derive(provider: str, work: dict) -> dict:
    hidden = [n for n, tag in enumerate(work.get("tags", []))
              if tag.get("accuracy", 1) < LEAST_ACCURACY or tag["provider"] in HIDDEN_TAG_PROVIDERS]
    mature = work.get("meta_data", {}).get("mature") == "true"
    return {"hidden_tags": hidden, "sensitivity": ["provider_supplied_sensitivity"] if mature else [],
            "authority": AUTHORITY.get(provider) if work else None}


def true_scores(records: dict[str, dict]) -> dict[str, float | None]:
    """The popularity of every work by the discrete 85th percentile of all works of its provider that have the metric."""
    metrics = {key: record["work"].get("meta_data", {}).get(METRICS[scope]) for key, record in records.items()
               if (scope := ":".join(key.split(":", 2)[:2])) in METRICS and record["work"]}
    scores: dict[str, float | None] = dict.fromkeys(records)
    for scope in METRICS:
        counted = sorted(float(metric) for key, metric in metrics.items() if metric is not None and key.startswith(scope + ":"))
        if counted:
            constant = max(counted[-(-85 * len(counted) // 100) - 1], 1) * 3 / 17
            scores |= {key: float(metric) / (float(metric) + constant) for key, metric in metrics.items() if metric is not None and key.startswith(scope + ":")}
    return scores


# -- the same record as each store shows it --------------------------------------------------------------

def as_row(key: str, record: dict) -> dict:
    """The columns of the row that are not null, without revision and times of processing."""
    _, provider, foreign_identifier = key.split(":", 2)
    row: dict[str, object] = {"identifier": identifier(key), "provider": provider, "foreign_identifier": foreign_identifier,
                              "status": record["status"], "created_on": record["created_on"], "duplicate_of": record.get("duplicate_of"),
                              "removed_from_source": record["status"] == "removed_at_source"}
    if record["status"] == "live":
        work, derived = record["work"], record["derived"]
        row.update({name: value for name, value in work.items() if name != "media_type"})
        row["audio_set_foreign_identifier"] = work.get("audio_set", {}).get("foreign_identifier")
        row.update({"authority": derived["authority"], "sensitivity": derived["sensitivity"] or None, "hidden_tags": derived["hidden_tags"] or None})
    return {name: value for name, value in row.items() if value is not None}


def as_document(key: str, record: dict) -> dict:
    """The document's source without its revision and time of processing."""
    document: dict[str, object] = {"identifier": identifier(key), "status": record["status"]}
    if record["status"] != "live":
        return document
    work, derived = record["work"], record["derived"]
    document.update({name: work[name] for name in ("title", "creator", "provider", "source", "license", "category", "filetype", "url") if name in work})
    document.update({"created_on": record["created_on"], "mature": bool(derived["sensitivity"])})
    if derived["sensitivity"]:
        document["sensitivity"] = derived["sensitivity"]
    if "description" in work.get("meta_data", {}):
        document["description"] = work["meta_data"]["description"]
    shown = [{name: tag[name] for name in ("name", "accuracy") if name in tag}
             for n, tag in enumerate(work.get("tags", [])) if n not in derived["hidden_tags"]]
    if shown:
        document["tags"] = shown
    authority = derived["authority"]
    if authority is not None:
        document["authority_boost"] = authority
    document.update({"max_boost": max(1, authority or 1), "min_boost": 1})
    document.update(image_form(work) if work["media_type"] == "image" else audio_form(work))
    return document


def image_form(work: dict) -> dict:
    form = {"extension": work["url"].rpartition(".")[2]}
    if "width" in work and "height" in work:
        width, height = work["width"], work["height"]
        form["aspect_ratio"] = "tall" if height > width else "wide" if height < width else "square"
        form["size"] = "small" if width * height < 640 * 480 else "medium" if width * height < 1600 * 900 else "large"
    return form


def audio_form(work: dict) -> dict:
    form: dict[str, object] = {"extension": [file["filetype"] for file in work["alt_files"]] if "alt_files" in work else work["filetype"]}
    if "duration" in work:
        limits = ((30_000, "shortest"), (120_000, "short"), (600_000, "medium"))
        form["length"] = next((name for limit, name in limits if work["duration"] < limit), "long")
    return form


# -- and what the stores hold, in the same form ------------------------------------------------------------

def from_catalogue(record: dict) -> dict:
    """A record of media.catalog.v1 in the form of `merge`."""
    return {"status": record["status"], "created_on": millis(record["created_on"]), "work": record.get("work"), "duplicate_of": record["duplicate_of"],
            "derived": {name: record["derived"][name] for name in ("hidden_tags", "sensitivity", "authority")}}


def from_row(row: dict) -> dict:
    # The score is compared with the catalogue's own, which is compared with the true one.
    passing = ("revision", "updated_on", "last_synced_with_source", "created_on", "created_ms", "standardized_popularity")
    return {"created_on": row["created_ms"]} | {name: value for name, value in row.items() if value is not None and name not in passing}


def from_document(source: dict) -> dict:
    document = {name: value for name, value in source.items() if name not in ("revision", "updated_on", "standardized_popularity")}
    score, authority = source.get("standardized_popularity"), source.get("authority_boost")
    if score is not None and (source["max_boost"], source["min_boost"]) == (max(score, authority or 1), min(score, authority or 1)):
        document |= {"max_boost": max(1, authority or 1), "min_boost": 1}  # as without a score
    if "created_on" in document:
        document["created_on"] = millis(document["created_on"])
    return document


def millis(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)
