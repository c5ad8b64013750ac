"""Checks that docs/components/ holds what the binary prints of each provider; --write renews the pages.

usage: check_components.py FRESHET FOLDER [--write]
"""

import json
import pathlib
import subprocess
import sys

binary, folder = sys.argv[1], pathlib.Path(sys.argv[2])
providers = json.loads(subprocess.run([binary, "produce", "--list", "--json"], check=True, capture_output=True).stdout)
pages = {f"{name}.md": subprocess.run([binary, "produce", "--describe", name], check=True, capture_output=True).stdout
         for name in (provider["command"] for provider in providers)}
if "--write" in sys.argv:
    for name, text in pages.items():
        (folder / name).write_bytes(text)
stale = [name for name, text in pages.items() if not (folder / name).is_file() or (folder / name).read_bytes() != text]
orphans = [page.name for page in folder.glob("*.md") if page.name not in pages]
if stale or orphans or not pages:
    sys.exit(f"stale: {stale}, of no provider: {orphans}; renew them with {sys.argv[0]} {binary} {folder} --write")
print(f"{len(pages)} pages are as the binary prints them")
