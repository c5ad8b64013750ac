"""Writes the manual page of freshet(1) from the help that every command prints.

usage: manual.py FRESHET > freshet.1
"""

import re
import subprocess
import sys

binary = sys.argv[1]
# A heading of CLI11's help: `Options:`, `Subcommands:`, `Settings (docs/configuration.md):`.
HEADING = re.compile(r"^\S.*:$")


def help_of(path: list[str]) -> str:
    return subprocess.run([binary, *path, "--help"], check=True, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": "/"}).stdout


def subcommands_of(text: str) -> list[str]:
    names, inside = [], False
    for line in text.splitlines():
        if HEADING.match(line):
            inside = line == "Subcommands:"
        elif inside and (found := re.match(r"^  ([a-z][\w-]*)(\s|$)", line)):
            names.append(found[1])
    return names


def quoted(text: str) -> str:
    """As roff reads it as text: its backslashes, hyphens, and what would begin a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def write(title: str, path: list[str]) -> None:
    text = help_of(path)
    print(f".SH {title}" if not path else f".SS freshet {quoted(' '.join(path))}")
    print(".nf")
    for line in text.rstrip("\n").splitlines():
        print(quoted(line))
    print(".fi")
    for name in subcommands_of(text):
        write("", [*path, name])


version = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.split()[-1]
print(f'.TH FRESHET 1 "" "freshet {version}" "Freshet"')
print(".SH NAME\nfreshet \\- a catalogue of openly licensed images and audio that is fresh by the second")
print(".SH SYNOPSIS\n.B freshet\n.I COMMAND\n.RI [ OPTION ]...")
print(".SH EXIT STATUS\n0: done. 1: the work failed, was cut short, or sums do not agree. 2: wrong usage or configuration, or a service that "
      "cannot be reached at start. 3: refused.\n.SH FILES\n.TP\n.I /etc/freshet/freshet.toml\nSettings of the services "
      "(\\-\\-config).\n.TP\n.I /usr/share/doc/freshet/\nThe documentation.")
write("COMMANDS", [])
