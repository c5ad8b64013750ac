"""Sightings for the chaos test: what providers might say of many works, in no order, from one seed.

Every value has the form in which cleaning leaves it (https URLs, simple text, text at the leaves of
`meta_data`), so that the reference model need not clean; what cleaning adds is the licence by its URL.
Within a work no two sightings of different content have one `fetched_at`: the order of those is that of
their content hashes, which the unit tests of dedupe cover.
"""

from __future__ import annotations

import array
import datetime
import json
import pathlib
import random
import uuid
from dataclasses import dataclass, field

# Fixed, so that a seed gives the same bytes at any time; over 80 days, so that times are passed on too.
FIRST_MICROS = 1_748_736_000_000_000  # 2025-06-01
SPAN_MICROS = 80 * 86_400_000_000

PROVIDERS = (("image", "met"), ("image", "rawpixel"), ("audio", "chaossounds"))
WORDS = ("amber bridge cedar dune ember fjord grove harbour island juniper kestrel lagoon meadow nectar orchard "
         "pebble quarry river summit thicket umber valley willow yarrow zenith étang größe 港").split()
# As given, and what cleaning makes of it: licence, version, canonical URL.
LICENSES = {
    "https://creativecommons.org/licenses/by/4.0/": ("by", "4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "http://creativecommons.org/licenses/by-sa/3.0": ("by-sa", "3.0", "https://creativecommons.org/licenses/by-sa/3.0/"),
    "https://creativecommons.org/licenses/by-nc-nd/2.0/": ("by-nc-nd", "2.0", "https://creativecommons.org/licenses/by-nc-nd/2.0/"),
    "https://creativecommons.org/publicdomain/zero/1.0/": ("cc0", "1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
}
NOT_OPEN = "https://example.org/all-rights-reserved/"
EVENTS_PER_WORK = 8
HOT_WORKS, HOT_EVENTS = 4, 250  # works with very many sightings, past the bounds of every union
DECIDED = 0.04  # part of the works about which something is decided
SHARED_URLS = 0.15  # part of the works that take the URL of others now and then
PLACEHOLDERS = 0.04  # part of the works that show one and the same picture, or track, now and then
SWAPPED_URLS = 0.1  # part of the pairs of works of one provider that take each other's


@dataclass(frozen=True)
class Event:
    """One raw record about one work. `work` is the content as it stands in `text`; None for a removal."""

    micros: int
    text: str
    work: dict | None
    dropped: bool = False

    def value(self, run: str) -> str:
        return f'{{"seen":{{"fetched_at":"{stamp(self.micros)}","run_id":"{run}"}},{self.text}}}'


def stamp(micros: int) -> str:
    """RFC 3339 with six digits."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def murmur2(data: bytes) -> int:
    """Java's hash of a key, made positive: its remainder by the partition count is the partition."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if whole < len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return (h ^ h >> 15) & 0x7FFFFFFF


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Decision:
    kind: str
    history: tuple[dict, ...]

    def message(self, key: str) -> tuple[str, str]:
        """Key and value of media.decisions.v1."""
        last = self.history[-1]
        return f"{key}|{self.kind}", compact({"work_key": key, "kind": self.kind, "active": last["action"] != "undo",
                                              "decision_id": last["decision_id"], "history": self.history})


class Maker:
    """Makes the events of one work; the same seed and number give the same ones."""

    def __init__(self, seed: int, number: int, works: int):
        self.rng = random.Random(f"{seed}:{number}")
        self.number, self.works = number, works
        self.hot = number < HOT_WORKS
        self.clashes = False  # whether other works may have one of its URLs
        self.media_type, self.provider = PROVIDERS[2 if self.hot and number % 2 else number % 3]
        self.foreign_identifier = f"w:{number}"
        self.key = f"{self.media_type}:{self.provider}:{self.foreign_identifier}"
        extension = "jpg" if self.media_type == "image" else "mp3"
        host = "https://files.chaos-test.org"
        self.urls = [f"{host}/{number}/{version}.{extension}" for version in range(2)]
        # The other one of a pair: providers take turns by three.
        partner = number + 3 if number % 6 < 3 else number - 3
        pair = random.Random(f"{seed}:{min(number, partner)}:pair")
        self.first_seen: int | None = None
        if not self.hot and partner >= HOT_WORKS and pair.random() < SWAPPED_URLS:
            self.urls = [self.urls[0], f"{host}/{partner}/0.{extension}"]
            self.clashes = True
            if pair.random() < 0.5:  # both within one millisecond, as a page of a list has them: a tie
                self.first_seen = FIRST_MICROS + number % 2
        if self.rng.random() < SHARED_URLS:
            self.clashes = True
            # Of two pools: one is met by neighbours in number, one by works anywhere.
            pools = (number // 40, 1_000_000 + self.rng.randrange(max(1, works // 100)))
            self.urls += [f"{host}/shared/{self.rng.choice(pools)}.{extension}{self.rng.choice(('', '', '?utm_source=a', '#top'))}"
                          for _ in range(2)]

        if self.rng.random() < PLACEHOLDERS:
            self.clashes = True
            self.urls.append(f"{host}/no-preview.{extension}")

    def words(self, least: int, most: int) -> str:
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(least, most)))

    def maybe(self, work: dict, name: str, make, chance: float = 0.7) -> None:
        if self.rng.random() < chance:
            work[name] = make()

    def content(self) -> dict:
        """One content of the work, its members in the order of the topic's contract."""
        rng = self.rng
        image = self.media_type == "image"
        work = {"media_type": self.media_type, "provider": self.provider, "foreign_identifier": self.foreign_identifier,
                "foreign_landing_url": f"https://www.chaos-test.org/works/{self.number}?v={rng.randrange(3)}", "url": rng.choice(self.urls)}
        self.maybe(work, "thumbnail", lambda: f"https://files.chaos-test.org/t/{self.number}-{rng.randrange(4)}.jpg", 0.5)
        work["filetype"] = rng.choice(("jpg", "png") if image else ("mp3", "oga"))
        self.maybe(work, "filesize", lambda: rng.randrange(1, 10**8), 0.5)
        work["license_url"] = rng.choice(list(LICENSES))
        self.maybe(work, "creator", lambda: self.words(1, 3))
        self.maybe(work, "creator_url", lambda: f"https://www.chaos-test.org/people/{rng.randrange(1000)}", 0.5)
        self.maybe(work, "title", lambda: self.words(1, 6), 0.8)
        self.maybe(work, "meta_data", self.meta_data, 0.8)
        self.maybe(work, "tags", self.tags, 0.7)
        work["category"] = rng.choice(("photograph", "illustration") if image else ("music", "sound_effect"))
        work["watermarked"] = rng.random() < 0.2
        work["source"] = self.provider
        work["ingestion_type"] = "provider_api"
        if image:
            self.maybe(work, "width", lambda: rng.randrange(50, 4000))
            self.maybe(work, "height", lambda: rng.randrange(50, 4000))
        else:
            self.maybe(work, "duration", lambda: rng.randrange(1000, 900_000))
            self.maybe(work, "bit_rate", lambda: rng.choice((128_000, 192_000, 320_000)), 0.4)
            self.maybe(work, "sample_rate", lambda: rng.choice((44_100, 48_000)), 0.4)
            self.maybe(work, "genres", lambda: [f"genre {n}" for n in rng.sample(range(140 if self.hot else 8), rng.randint(1, 4))], 0.5)
            self.maybe(work, "audio_set", self.audio_set, 0.4)
            self.maybe(work, "set_position", lambda: rng.randrange(1, 20), 0.3)
            self.maybe(work, "alt_files", self.alt_files, 0.4)
        return work

    def meta_data(self) -> dict:
        rng = self.rng
        meta: dict[str, object] = {}
        self.maybe(meta, "camera", lambda: {"make": rng.choice(("one", "two")), "model": rng.choice((None, "x"))}, 0.3)
        self.maybe(meta, "date_taken", lambda: f"20{rng.randrange(10, 25)}-01-02", 0.4)
        self.maybe(meta, "description", lambda: self.words(3, 12), 0.5)
        self.maybe(meta, "mature", lambda: rng.choice(("false", "true")), 0.1)
        if self.provider == "rawpixel":  # whose popularity it is: small mostly, over five powers of ten
            self.maybe(meta, "download_count", lambda: str(int(10 ** rng.uniform(0, 5))), 0.7)
        self.maybe(meta, "page", lambda: rng.choice((str(rng.randrange(10**6)), None)), 0.4)
        return meta or {"page": "1"}

    def tags(self) -> list:
        rng = self.rng
        tags: list[object] = rng.sample(WORDS, rng.randint(0, 4))
        machines = 700 if self.hot else 5
        for name in rng.sample(range(machines), rng.randint(0, min(6, machines))):
            tags.append({"name": f"label {name}", "provider": rng.choice(("clarity", "rekognition")),
                         "accuracy": rng.randrange(50, 100) / 100})
        return tags or [WORDS[0]]

    def audio_set(self) -> dict:
        rng = self.rng
        album: dict[str, object] = {"foreign_identifier": f"set{self.number % 50}", "title": self.words(1, 2)}
        self.maybe(album, "creator", lambda: self.words(1, 2), 0.5)
        self.maybe(album, "thumbnail", lambda: rng.choice((None, "https://files.chaos-test.org/set.jpg")), 0.4)
        return album

    def alt_files(self) -> list:
        rng = self.rng
        return [{"bit_rate": str(rate), "filetype": "mp3", "url": f"https://files.chaos-test.org/{self.number}/alt-{n}.mp3"}
                for n, rate in ((rng.randrange(150 if self.hot else 5), rng.choice((64_000, 128_000))) for _ in range(rng.randint(1, 2)))]

    def events(self) -> list[Event]:
        rng = self.rng
        count = HOT_EVENTS if self.hot else 1 + min(int(rng.expovariate(1 / (EVENTS_PER_WORK - 1))), 60)
        times = [FIRST_MICROS + t for t in rng.sample(range(1000, SPAN_MICROS), count)]
        if self.first_seen is not None:
            times[0] = self.first_seen
        # Some works are never sighted, only said to be gone.
        only_removed = not self.hot and rng.random() < 0.005
        made: list[Event] = []
        for micros in times:
            dice = rng.random()
            if only_removed or dice < 0.05:
                made.append(Event(micros, '"removed":{"reason":"gone"}', None))
            elif dice < 0.06:
                work = self.content() | {"license_url": NOT_OPEN}
                made.append(Event(micros, '"work":' + compact(work), work, dropped=True))
            elif dice < 0.16 and made:
                made.append(rng.choice(made))  # to the byte, time included
            elif dice < 0.42 and made:
                same = rng.choice(made)  # content that was there before, at another time
                made.append(Event(micros, same.text, same.work, same.dropped))
            else:
                work = self.content()
                made.append(Event(micros, '"work":' + compact(work), work))
        return made

    def decisions(self) -> list[Decision]:
        """What was decided about the work, in the order of time. An erased work stays so: its content is gone."""
        rng = random.Random(f"{self.rng.random()}")
        if rng.random() >= DECIDED:
            return []
        made = []
        at = FIRST_MICROS // 1000 + rng.randrange(SPAN_MICROS // 2000)
        for kind, chance, most in (("takedown", 0.6, 5), ("sensitive", 0.5, 3), ("erase", 0.15, 1)):
            history: list[dict] = []
            for n in range(rng.randint(1, most) if rng.random() < chance else 0):
                at += rng.randrange(1, 10**6)
                history.append({"at": stamp(at * 1000)[:-4] + "Z", "decision_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
                                "action": "undo" if n % 2 else kind, "by": "chaos", "why": f'for "{kind}"'})
                # One message has the history up to then, another only its own entry: both are to be united.
                made.append(Decision(kind, tuple(history[:] if rng.random() < 0.7 else history[-1:])))
        return made


@dataclass
class Sightings:
    """All records of a run, shuffled, in a file; and how many there are of each sort."""

    path: pathlib.Path
    starts: array.array = field(default_factory=lambda: array.array("Q"))
    decisions: list[tuple[int, str]] = field(default_factory=list)  # partition hash of the work's key, line
    removals: int = 0
    dropped: int = 0
    clashes: int = 0

    def __len__(self) -> int:
        return len(self.starts)


def write(path: pathlib.Path, seed: int, least: int, each_work) -> Sightings:
    """Makes at least so many records; `each_work(maker, events, decisions)` is called per work.

    A line is key, tab, value. `starts` holds where each begins, in the order in which they are to be sent.
    """
    made = Sightings(path)
    works = least // EVENTS_PER_WORK
    number = 0
    with path.open("wb") as file:
        while len(made) < least:
            maker = Maker(seed, number, works)
            events = maker.events()
            for event in events:
                made.starts.append(file.tell())
                made.removals += event.work is None
                made.dropped += event.dropped
                file.write(f"{maker.key}\t{event.value('chaos')}\n".encode())
            made.clashes += maker.clashes
            # What is decided about a work that is never seen shows nowhere but in its times.
            decisions = maker.decisions() if any(event.work is not None and not event.dropped for event in events) else []
            made.decisions += [(murmur2(maker.key.encode()), "\t".join(decision.message(maker.key)) + "\n") for decision in decisions]
            each_work(maker, events, decisions)
            number += 1
    random.Random(f"{seed}:order").shuffle(made.starts)
    random.Random(f"{seed}:decisions").shuffle(made.decisions)
    return made
