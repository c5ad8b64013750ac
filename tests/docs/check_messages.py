"""Texts of the web pages: each that is used is in every catalogue, and nothing else is.

A text is known by its English form: `[[…]]` in web/templates, msg("…") and plural("…", "…") in api/web. Names in braces
must be the same in a translation as in the text.

Usage: check_messages.py SOURCE_DIR [--list]
"""

from __future__ import annotations

import ast
import pathlib
import re
import sys

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
TEXT = rf"{LITERAL}(?:\s*{LITERAL})*"


def unquoted(literals: str) -> str:
    return "".join(ast.literal_eval(part) for part in re.findall(LITERAL, literals))


def used(source: pathlib.Path) -> dict[tuple[str, str | None], str]:
    """(text, plural or None) and where it stands."""
    found: dict[tuple[str, str | None], str] = {}
    for path in sorted((source / "web/templates").glob("*.html")):
        for text in re.findall(r"\[\[(.+?)\]\]", path.read_text(), re.S):
            found.setdefault((text, None), path.name)
    for path in sorted((source / "api/web").rglob("*.cpp")):
        code = path.read_text()
        for text in re.findall(rf"\bmsg\(\s*({TEXT})\s*\)", code):
            found.setdefault((unquoted(text), None), path.name)
        for one, many in re.findall(rf"\bplural\(\s*({TEXT}),\s*({TEXT})", code):
            found.setdefault((unquoted(one), unquoted(many)), path.name)
    return found


def entries(path: pathlib.Path) -> dict[tuple[str, str | None], list[str]]:
    """The catalogue's texts with their translations; the header is not one."""
    catalogue: dict[tuple[str, str | None], list[str]] = {}
    for block in re.split(r"\n\s*\n", path.read_text()):
        fields: list[tuple[str, str]] = re.findall(rf"^(msgid|msgid_plural|msgstr(?:\[\d+\])?)\s+((?:{LITERAL}\s*)+)", block, re.M)
        if not fields:
            continue
        names = dict((name, unquoted(text)) for name, text in fields)
        if "fuzzy" in block.split("msgid")[0]:
            raise SystemExit(f"{path.name}: fuzzy: {names['msgid']!r}")
        if names["msgid"]:
            key = (names["msgid"], names.get("msgid_plural"))
            if key in catalogue:
                raise SystemExit(f"{path.name}: twice: {key[0]!r}")
            catalogue[key] = [text for name, text in names.items() if name.startswith("msgstr")]
    return catalogue


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{+\w+\}+", text))


def main() -> int:
    source = pathlib.Path(sys.argv[1])
    texts = used(source)
    if "--list" in sys.argv:
        for one, many in texts:
            print(repr(one) + (f" | {many!r}" if many else ""))
        return 0
    faults = []
    catalogues = sorted((source / "web/locale").glob("*.po"))
    tags = re.findall(r'\.tag = "([\w-]+)"', (source / "api/web/languages.cpp").read_text())
    for tag in tags:
        if tag not in ("en", "en-XA") and not (source / f"web/locale/{tag}.po").exists():
            faults.append(f"languages.cpp: {tag} has no catalogue")
    for path in catalogues:
        catalogue = entries(path)
        for key in texts.keys() - catalogue.keys():
            faults.append(f"{path.name}: missing: {key[0]!r} ({texts[key]})")
        for key in catalogue.keys() - texts.keys():
            faults.append(f"{path.name}: not used: {key[0]!r}")
        for (one, many), translations in catalogue.items():
            allowed = placeholders(one) | placeholders(many or "")
            for translation in translations:
                if not translation:
                    faults.append(f"{path.name}: not translated: {one!r}")
                elif not placeholders(translation) <= allowed or (not many and placeholders(translation) != allowed):
                    faults.append(f"{path.name}: other names in braces: {one!r}")
    print("\n".join(sorted(faults)) or f"{len(texts)} texts, {len(catalogues)} catalogues")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
