"""Checks the Markdown files: what they link to, and the files of the code that they name, must be there.

usage: check_links.py FOLDER          (the checkout)

Checked, in every *.md that is part of the project:
* relative links and their anchors, which are formed as GitHub forms them;
* paths in backticks that begin with a folder of the project and name a file or a folder, such as `core/record/` or
  `processors/catalogue/loop.cpp`, or with a folder beside the page; and bare names of files such as `merge.cpp`.
  Patterns (`*`, `<name>`, `NNNN`, `{a,b}`, `…`) are left alone.

And in every source file: pages that it names, as docs/<page>.md or docs/<page>.md, "<heading>", and source files that
it names from the root, such as core/<name>.hpp. Last, tests/README.md lists every integration suite.
"""

import pathlib
import re
import subprocess
import sys
import urllib.parse

FENCE = re.compile(r"^ *(```|~~~)")
HEADING = re.compile(r"^#{1,6} +(.*?)#* *$")
LINK = re.compile(r"\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)")
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
PATH = re.compile(r"\.{0,2}/?[\w.-]+(?:/[\w.-]+)*/?")
NAME = re.compile(r"[\w-]+\.(?:cpp|hpp|py|sql|json|md)")
MENTION = re.compile(r'\b(docs/[\w./-]+\.md)(?:, "([^"\n]+)")?')
SUITE = re.compile(r"^freshet_integration_(?:test|script)\((\w+)", re.MULTILINE)
SOURCES = {".cpp", ".hpp", ".py", ".txt", ".cmake", ".sql", ".json"}
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
# Files that the documents name and that stand beside the checkout, or are made.
ELSEWHERE = ("../shared", "build/", "work/")
# What a sentence calls a file of its own making, or of the reader's.
INVENTED = {"tags.json", "record.json", "out.json", "manifest.json", "snapshot.json"}


def files_of(root: pathlib.Path) -> list[pathlib.Path]:
    """The files that git knows or would take; all but hidden ones and `build/` where it is no checkout."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"],
                            capture_output=True)
    if listed.returncode == 0:
        names = (pathlib.Path(name.decode()) for name in listed.stdout.split(b"\0") if name)
        return [name for name in names if (root / name).is_file()]
    every = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return [path for path in every if path.parts[0] not in ("build", "work") and not path.parts[0].startswith(".")]


def prose_of(text: str) -> list[tuple[int, str]]:
    """Paragraphs outside of code blocks with the number of their first line: links and code may run over line ends."""
    paragraphs: list[tuple[int, str]] = []
    in_code = False
    is_open = False
    for number, line in enumerate(text.splitlines(), 1):
        if FENCE.match(line):
            in_code = not in_code
            is_open = False
        elif in_code or not line.strip():
            is_open = False
        elif is_open and not HEADING.match(line) and not line.startswith("|"):
            first, before = paragraphs[-1]
            paragraphs[-1] = (first, before + " " + line.strip())
        else:
            paragraphs.append((number, line.strip()))
            is_open = not HEADING.match(line) and not line.startswith("|")
    return paragraphs


def anchor_of(heading: str) -> str:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(text: str) -> set[str]:
    """GitHub numbers the second and later headings of one text."""
    anchors: set[str] = set()
    times: dict[str, int] = {}
    for _, line in prose_of(text):
        heading = HEADING.match(line)
        if heading:
            anchor = anchor_of(heading[1])
            seen = times.get(anchor, 0)
            times[anchor] = seen + 1
            anchors.add(f"{anchor}-{seen}" if seen else anchor)
    return anchors


class Checker:
    def __init__(self, root: pathlib.Path) -> None:
        self.root = root.resolve()
        self.files = set(files_of(self.root))
        self.folders = {parent for file in self.files for parent in file.parents}
        self.top = {file.parts[0] for file in self.files if len(file.parts) > 1}
        self.names = {file.name for file in self.files}
        pages = (file for file in self.files if file.suffix == ".md")
        self.pages = {file: (self.root / file).read_text(encoding="utf-8") for file in pages}
        self.anchors = {file: anchors_of(text) for file, text in self.pages.items()}
        tops = "|".join(map(re.escape, sorted(self.top)))
        self.source_name = re.compile(rf"(?<![\w/.-])((?:{tops})/[\w./-]+\.(?:cpp|hpp|py|json|sql))\b")
        self.links = 0
        self.paths = 0

    def there(self, path: pathlib.PurePath) -> bool:
        return path in self.files or path in self.folders

    def inside(self, page: pathlib.Path, target: str) -> pathlib.Path | None:
        """The target of a link in a page, relative to the root; nothing outside of it."""
        path = (self.root / page.parent / target).resolve()
        return path.relative_to(self.root) if path.is_relative_to(self.root) else None

    def fault_of_link(self, page: pathlib.Path, target: str) -> str | None:
        if SCHEME.match(target):
            return None
        self.links += 1
        path, _, anchor = urllib.parse.unquote(target).partition("#")
        file = self.inside(page, path) if path else page
        if file is None or not self.there(file):
            return f"link to {target}: there is no {path}"
        if anchor and anchor not in self.anchors.get(file, set()):
            return f"link to {target}: {file} has no heading #{anchor}"
        return None

    def fault_of_code(self, page: pathlib.Path, code: str) -> str | None:
        if code.startswith(ELSEWHERE) or code in INVENTED:
            return None
        if NAME.fullmatch(code):
            self.paths += 1
            return None if code in self.names else f"`{code}`: no file has this name"
        is_path = PATH.fullmatch(code) and "/" in code and "NNNN" not in code
        if not is_path:
            return None
        first, *rest = code.split("/")
        beside = self.inside(page, code) if first in ("", ".", "..") or page.parent / first in self.folders else None
        if not (first in self.top or beside) or not (rest[-1] == "" or "." in rest[-1]):
            return None
        self.paths += 1
        is_there = self.there(pathlib.Path(code)) or (beside is not None and self.there(beside))
        return None if is_there else f"`{code}`: there is no such file"

    def faults_of_source(self, file: pathlib.Path) -> list[str]:
        found = []
        text = (self.root / file).read_text(encoding="utf-8", errors="replace")
        for mention in MENTION.finditer(text):
            page = pathlib.Path(mention[1])
            self.links += 1
            line = f"{file}:{text.count(chr(10), 0, mention.start()) + 1}"
            if page not in self.pages:
                found.append(f"{line}: there is no {page}")
            elif mention[2] and anchor_of(mention[2]) not in self.anchors[page]:
                found.append(f'{line}: {page} has no heading "{mention[2]}"')
        # Lists of CMake are relative to their own folders.
        for name in self.source_name.finditer(text) if file.suffix != ".txt" else ():
            self.paths += 1
            if pathlib.Path(name[1]) not in self.files:
                found.append(f"{file}:{text.count(chr(10), 0, name.start()) + 1}: there is no {name[1]}")
        return found

    def missing_suites(self) -> list[str]:
        registered = (self.root / "tests/integration/CMakeLists.txt").read_text(encoding="utf-8")
        listed = self.pages[pathlib.Path("tests/README.md")]
        return [f"tests/README.md: the suite `{name}` is not listed" for name in SUITE.findall(registered)
                if f"| `{name}` | `integration/" not in listed]

    def faults(self) -> list[str]:
        found = self.missing_suites()
        for file in sorted(self.files):
            if file.suffix in SOURCES and "corpus" not in file.parts:
                found += self.faults_of_source(file)
        for page, text in sorted(self.pages.items()):
            for line, paragraph in prose_of(text):
                faults = [self.fault_of_code(page, code) for code in CODE.findall(paragraph)]
                faults += [self.fault_of_link(page, target) for target in LINK.findall(CODE.sub("``", paragraph))]
                found += [f"{page}:{line}: {fault}" for fault in faults if fault]
        return found


def main() -> None:
    checker = Checker(pathlib.Path(sys.argv[1]))
    if faults := checker.faults():
        sys.exit("\n".join(faults))
    if not checker.links or not checker.paths:
        sys.exit("nothing was checked")
    print(f"{checker.links} links and {checker.paths} paths of {len(checker.pages)} pages are there")


if __name__ == "__main__":
    main()
