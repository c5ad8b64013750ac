"""What the OpenAPI document allows and forbids, sent to the server by schemathesis: no fault of the server, and no reply
that the document does not describe.

scripts/setup fetches what it needs (`scripts/setup contract`, tests/contract/requirements.txt). CONTRACT_SECONDS
is how long it may take, CONTRACT_SEED what it begins with.
"""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
import unittest

import test_api as api

CACHE = pathlib.Path(os.environ.get("FRESHET_CACHE", pathlib.Path.home() / ".cache/freshet")) / "contract"
NEEDS = api.SOURCE / "tests/contract/requirements.txt"
# Any request of the document; what the document says of replies to it.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method"


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        made = CACHE / "requirements.txt"
        if not made.exists() or made.read_bytes() != NEEDS.read_bytes():
            raise AssertionError(f"{CACHE} is not as {NEEDS.name} says: run scripts/setup contract")
        cls.addClassCleanup(api.tear_down_stores)
        api.set_up_stores()
        cls.service = api.Service()
        cls.addClassCleanup(cls.service.stop)
        cls.service.wait_ready()

    def test_every_reply_is_described(self) -> None:
        base = f"http://{self.service.address}"
        with tempfile.TemporaryDirectory() as folder:
            # That something is away is described; here that are thumbnails, whose role does not run, and topics.
            pathlib.Path(folder, "schemathesis.toml").write_text(
                '[checks]\nnot_a_server_error.expected-statuses = ["1xx", "2xx", "3xx", "4xx", "503"]\n')
            done = subprocess.run(
                [CACHE / "bin/schemathesis", "run", f"{base}/v1/schema/?format=json", "--url", base, "--checks", CHECKS,
                 "--phases", "examples,coverage,fuzzing", "--max-time", os.environ.get("CONTRACT_SECONDS", "100"),
                 "--max-examples", "60", "--seed", os.environ.get("CONTRACT_SEED", "15"), "--no-shrink", "--workers", "1",
                 "--generation-database", "none", "--request-timeout", "20", "--warnings", "off", "--no-color"],
                cwd=folder, capture_output=True, text=True, timeout=170)
        report = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, report[-12_000:])
        self.assertIn("Test cases:", report)
        for route in ("search", "detail", "related", "stats", "changes", "dumps", "report", "token", "register_application"):
            for status in (500, 503):
                self.assertEqual(self.service.metric(f'freshet_api_requests_total{{route="{route}",status="{status}"}}'), 0, route)
        self.assertIsNone(self.service.process.poll(), "it still runs")


if __name__ == "__main__":
    unittest.main()
