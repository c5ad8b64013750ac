"""Prints `<provider command> <date or -> <case>` for the demo: each provider's paging case and its largest page case.

Reads DIR/index.json and DIR/exchanges, the format in which replies were recorded.
"""

import json
import pathlib
import sys

COMMANDS = ("metropolitan_museum", "science_museum", "wikimedia_commons", "jamendo")

root = pathlib.Path(sys.argv[1])
index = json.loads((root / "index.json").read_text(encoding="utf-8"))
kinds = {(entry["provider"], entry["case"]): entry["kind"] for entry in index["cases"]}
largest: dict[str, tuple[int, str]] = {}
paging: dict[str, str] = {}
for file in sorted((root / "exchanges").glob("*/*.json")):
    exchange = json.loads(file.read_text(encoding="utf-8"))
    command = exchange["run"]["provider"]
    if command not in COMMANDS:
        continue
    line = f"{exchange['run'].get('date') or '-'} {exchange['provider']}/{exchange['case']}"
    if exchange["case"] == "paging":
        paging[command] = line
    if kinds.get((exchange["provider"], exchange["case"])) != "page":
        continue
    expected = json.loads((root / exchange["expected"]).read_text(encoding="utf-8"))
    size = len(expected.get("records", []))
    if size > largest.get(command, (0, ""))[0]:
        largest[command] = (size, line)
for command in COMMANDS:
    for line in dict.fromkeys(filter(None, (paging.get(command), largest.get(command, (0, None))[1]))):
        print(command, line)
