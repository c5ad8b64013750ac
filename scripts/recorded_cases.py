"""Prints `<provider command> <case>` for the demo: each provider's paging case and its largest page case.

Reads DIR/index.json and DIR/exchanges, the format in which replies were recorded.
"""

import json
import pathlib
import sys

COMMANDS = ("metropolitan_museum", "science_museum", "wikimedia_commons", "jamendo")

root = pathlib.Path(sys.argv[1])
largest: dict[str, tuple[int, str]] = {}
paging: dict[str, str] = {}
for file in sorted((root / "exchanges").glob("*/*.json")):
    exchange = json.loads(file.read_text(encoding="utf-8"))
    command = exchange["run"]["provider"]
    if command not in COMMANDS:
        continue
    case = f"{exchange['provider']}/{exchange['case']}"
    if exchange["case"] == "paging":
        paging[command] = case
    expected = json.loads((root / exchange["expected"]).read_text(encoding="utf-8"))
    records = len(expected.get("records", []))
    if expected.get("kind", "page") == "page" and records > largest.get(command, (0, ""))[0]:
        largest[command] = (records, case)
for command in COMMANDS:
    for case in dict.fromkeys(filter(None, (paging.get(command), largest.get(command, (0, None))[1]))):
        print(command, case)
