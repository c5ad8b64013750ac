"""The judged set: made-up works, queries, and what a searcher would call right, from `languages/*.txt`.

The same files give the same set, byte by byte. README.md says how a file is read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import pathlib
import re
import unicodedata

LANGUAGES = pathlib.Path(__file__).parent / "languages"
GOOD = 2  # from this grade on a work is one that a searcher would be glad of
TITLE, TAG, COMPOUND, TEXT = 3, 2, 2, 1  # grades by where, or as what, a word stands


@dataclasses.dataclass
class Work:
    number: int
    language: str
    title: str
    tags: list[str] = dataclasses.field(default_factory=list)
    description: str | None = None
    creator: str | None = "A. Nonymous"
    popularity: float | None = None


@dataclasses.dataclass
class Query:
    text: str
    language: str
    category: str
    grades: dict[int, int]  # work number: grade, of those that are of use
    is_exact: bool = False  # nothing else may be found

    @property
    def group(self) -> str:
        return "English" if self.language == "english" else "others"


class _Reader:
    """Reads one file after the other; numbers works as they come."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.queries: list[Query] = []

    def add(self, language: str, title: str, *, popularity: float | None = None, **fields) -> int:
        number = len(self.works) + 1
        self.works.append(Work(number, language, title, popularity=popularity or _some_popularity(number), **fields))
        return number

    def read(self, path: pathlib.Path) -> None:
        language, frame, case = path.stem, {"title": [], "plain": [], "text": [], "asked": []}, None
        for count, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            if line[0] in "?=":
                category, text = line[1:].split("|", 1)
                case = Query(text.strip(), language, category.strip(), {}, is_exact=line[0] == "=")
                self.queries.append(case)
            elif line[0] in "0123" and case:
                self.judged(case, line)
            else:
                what, _, value = line.partition(":")
                if what == "word":
                    self.word(language, frame, value)
                elif what in frame:
                    frame[what].append(value.strip())
                else:
                    raise ValueError(f"{path.name}:{count}: not a line of this form: {line}")

    def judged(self, case: Query, line: str) -> None:
        """`3 Title # tag, tag // description !`; the last sign stands for a popular work."""
        grade, text = int(line[0]), line[1:].strip()
        popularity = None
        if text.endswith(" !"):
            text, popularity = text[:-2], 0.99
        text, _, description = text.partition(" // ")
        title, _, tags = text.partition(" # ")
        number = self.add(case.language, title.strip(), popularity=popularity, description=description.strip() or None,
                          tags=[t.strip() for t in tags.split(",") if t.strip()])
        if grade:
            case.grades[number] = grade

    def word(self, language: str, frame: dict, value: str) -> None:
        """One word in its forms, in titles, as a tag, in a text; what is made of it; what only looks like it."""
        fields = ([_list(field) for field in value.split("|")] + [[]] * 5)[:5]
        head, forms, compounds, typed, others = fields
        asked = " ".join(head)
        forms = list(dict.fromkeys([asked, *forms]))
        titles = itertools.cycle(frame["title"])
        plain = lambda: frame["plain"][0].format(len(self.works) + 1)
        grades = {self.add(language, next(titles).format(form)): TITLE for form in forms}
        grades[self.add(language, forms[-1])] = TITLE
        grades[self.add(language, plain(), tags=[forms[0], "1910"])] = TAG
        grades[self.add(language, plain(), description=frame["text"][0].format(forms[-1]))] = TEXT
        grades |= {self.add(language, next(titles).format(compound)): COMPOUND for compound in compounds}
        for other in others:
            self.add(language, next(titles).format(other), popularity=0.99)
        texts = {asked: "compounds" if compounds else "inflections", **dict.fromkeys(typed, "folding")}
        if len(self.queries) % 2 and frame["asked"]:
            texts[frame["asked"][0].format(asked)] = "sentence"
        self.queries += [Query(text, language, category, dict(grades)) for text, category in texts.items()]

    def other_works(self, count: int) -> None:
        """Works that nobody here looks for; many are popular."""
        for n in range(count):
            first, second = _FIRST[n % len(_FIRST)], _SECOND[n // len(_FIRST) % len(_SECOND)]
            self.add("other", f"{first} {second}", tags=[first.lower(), f"series {n % 40}"])


# Of no language above; prime numbers of them, so that pairs do not repeat soon.
_FIRST = ("Basalt", "Quartz", "Ammonite", "Gypsum", "Feldspar", "Trilobite", "Obsidian", "Zircon", "Pumice", "Olivine",
          "Jasper", "Onyx", "Agate", "Galena", "Halite", "Beryl", "Topaz")
_SECOND = ("cross section", "micrograph", "specimen", "drawer label", "thin slice", "facet", "cabinet", "drill core",
           "polished slab", "hammer sample", "catalogue card")


def _list(field: str) -> list[str]:
    return [part.strip() for part in (field.split(";") if ";" in field else field.split()) if part.strip()]


def _some_popularity(number: int) -> float | None:
    """Of two works in three none; else anything from 0.02 to 0.98, the same for a number every time."""
    digest = hashlib.sha256(str(number).encode()).digest()
    return None if digest[0] % 3 else 0.02 + 0.96 * digest[1] / 255


def _letters(text: str) -> list[str]:
    """Words without case, accents and signs; hyphens and apostrophes do not part them."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return re.findall(r"\w+", re.sub(r"(?<=\w)[-’'.](?=\w)", "", folded).replace("ł", "l").replace("ø", "o"))


def _grade_the_same_words(works: list[Work], queries: list[Query]) -> None:
    """A work that was written for another query, in whatever language, and has each word of this one in its title."""
    titles = [(work.number, set(_letters(work.title))) for work in works]
    for query in queries:
        words = set(_letters(query.text))
        if not query.is_exact and query.category not in ("exact title", "stop words") and words:
            for number, title in titles:
                if words <= title:
                    query.grades.setdefault(number, TITLE)


def read_set(others: int = 400) -> tuple[list[Work], list[Query]]:
    reader = _Reader()
    for path in sorted(LANGUAGES.glob("*.txt")):
        reader.read(path)
    reader.other_works(others)
    _grade_the_same_words(reader.works, reader.queries)
    return reader.works, reader.queries
