"""Turns generated sightings into a file of the batch system: what `freshet produce tsv` reads."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable

LICENSE = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/(zero|mark))/([\d.]+)")
COLUMNS = ("foreign_identifier", "foreign_landing_url", "url", "thumbnail", "filetype", "filesize", "license", "license_version", "creator", "creator_url",
           "title", "meta_data", "tags", "category", "watermarked", "provider", "source", "ingestion_type", "width", "height")
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def column(value: object) -> str:
    """A field of PostgreSQL's COPY text format."""
    if value is None:
        return "\\N"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
    return text.translate(ESCAPES)


def row(work: dict) -> dict:
    """The work as the batch system had stored it: licence as a pair, tags as objects."""
    tags = [{"name": tag, "provider": work["provider"]} if isinstance(tag, str) else tag for tag in work.get("tags", [])]
    stored = {**work, "tags": tags or None}
    if "license" not in work:
        slug, public, version = LICENSE.search(work["license_url"]).groups()
        stored |= {"license": slug or {"zero": "cc0", "mark": "pdm"}[public], "license_version": version,
                   "meta_data": {"license_url": work["license_url"], **work.get("meta_data", {})}}
    return stored


def write(sightings: Iterable[bytes], path: pathlib.Path) -> None:
    """One line per sighting of an image, given as key, tab, value."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in sightings:
            stored = row(json.loads(line.split(b"\t", 1)[1])["work"])
            file.write("\t".join(column(stored.get(name)) for name in COLUMNS) + "\n")


def keyed(sightings: Iterable[bytes], path: pathlib.Path) -> None:
    """Key, tab, value of each raw sighting: what bench/reference/produce_loop.cpp sends."""
    with path.open("wb") as file:
        for line in sightings:
            work = json.loads(line)["work"]
            file.write(f"{work['media_type']}:{work['provider']}:{work['foreign_identifier']}\t".encode() + line)
