"""Prints the first results of a search reply read from standard input, one line each."""

import json
import sys

reply = json.load(sys.stdin)
print(f"{reply['result_count']} results, {reply['page_count']} pages")
for item in reply["results"]:
    licence = f"{item['license']} {item['license_version'] or ''}".strip()
    print(f"  {(item['title'] or '(untitled)')[:60]:60}  {(item['creator'] or '')[:24]:24}  {licence:14}  {item['source']}")
    print(f"    {item['foreign_landing_url']}")
