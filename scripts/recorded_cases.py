"""Prints `<provider command> <case> <options of produce>` for the demo: each provider's paging case and its largest page case.

usage: recorded_cases.py DIR PROVIDER...

Reads DIR/index.json and DIR/exchanges, the format in which replies were recorded.
"""

import json
import pathlib
import sys

root, commands = pathlib.Path(sys.argv[1]), sys.argv[2:]


def options(run: dict) -> str:
    """What the recorded run was asked for, as `freshet produce` takes it."""
    arguments = run.get("arguments") or {}
    if "start_ts" in arguments:
        return f"--slice {arguments['start_ts'].replace(' ', 'T')}/{arguments['end_ts'].replace(' ', 'T')}"
    return f"--date {run['date']}" if run.get("date") else ""


index = json.loads((root / "index.json").read_text(encoding="utf-8"))
kinds = {(entry["provider"], entry["case"]): entry["kind"] for entry in index["cases"]}
largest: dict[str, tuple[int, str]] = {}
paging: dict[str, str] = {}
for file in sorted((root / "exchanges").glob("*/*.json")):
    exchange = json.loads(file.read_text(encoding="utf-8"))
    command = exchange["run"]["provider"]
    if command not in commands:
        continue
    line = f"{exchange['provider']}/{exchange['case']} {options(exchange['run'])}"
    if exchange["case"] == "paging":
        paging[command] = line
    if kinds.get((exchange["provider"], exchange["case"])) != "page":
        continue
    expected = json.loads((root / exchange["expected"]).read_text(encoding="utf-8"))
    size = len(expected.get("records", []))
    if size > largest.get(command, (0, ""))[0]:
        largest[command] = (size, line)
for command in commands:
    for line in dict.fromkeys(filter(None, (paging.get(command), largest.get(command, (0, None))[1]))):
        print(command, line)
