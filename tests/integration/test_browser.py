"""The web pages in Debian's Chromium, and the types of their scripts: tests/web, run by Node.

scripts/setup fetches what Node needs (`scripts/setup browser`); Chromium is Debian's.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import test_api as stores
import web_site

TESTS = stores.SOURCE / "tests/web"
CACHE = pathlib.Path(os.environ.get("FRESHET_CACHE", pathlib.Path.home() / ".cache/freshet")) / "browser"


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        lock = CACHE / "package-lock.json"
        if not lock.exists() or lock.read_bytes() != (TESTS / "package-lock.json").read_bytes():
            raise AssertionError(f"{CACHE} is not as tests/web/package-lock.json says: run scripts/setup browser")
        # Node looks for modules beside the file that wants them, and the checkout stays as it is.
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="freshet-browser-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        shutil.copytree(TESTS, cls.folder, dirs_exist_ok=True)
        (cls.folder / "node_modules").symlink_to(CACHE / "node_modules")

    def run_node(self, *command: str, **environment: str) -> None:
        done = subprocess.run(command, cwd=self.folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=570)
        self.assertEqual(done.returncode, 0, (done.stdout + done.stderr)[-8000:])

    def test_types(self) -> None:
        config = (TESTS / "tsconfig.json").read_text().replace("../../web", str((stores.SOURCE / "web").resolve()))
        (self.folder / "tsconfig.json").write_text(config)
        self.run_node("node_modules/.bin/tsc", "-p", ".")

    def test_pages(self) -> None:
        # With proxies the page for operators would want a password.
        site = web_site.WebSite(FRESHET_WEB_PICTURES="providers", FRESHET_API_TRUSTED_PROXIES="")
        try:
            only = os.environ.get("ONLY")
            self.run_node("node", "--test", *([f"--test-name-pattern={only}"] if only else []), "browser.test.mjs", SITE=site.url,
                          EVENTS_TOPIC=site.prefix["FRESHET_KAFKA_TOPIC_PREFIX"] + "usage.events.v1")
        finally:
            site.close()


if __name__ == "__main__":
    unittest.main()
