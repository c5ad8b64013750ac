"""Says in one line what a search reply read from standard input holds; the argument names the search."""

import json
import sys

reply = json.load(sys.stdin)
first = reply["results"][0] if reply["results"] else None
line = f"{sys.argv[1]}: {reply['result_count']} results"
if first:
    licence = f"{first['license']} {first['license_version'] or ''}".strip()
    line += f", first \"{(first['title'] or '(untitled)')[:40]}\" by {(first['creator'] or 'unknown')[:24]} ({licence}, {first['source']})"
print(line)
