"""`freshet explain` and `freshet clean`: works with different fates, each told in one sentence, and what led to it."""

import json
import unittest

from stream import Stream, identifier

WHO = ("--by", "A. Person", "--why", "request 4711")


def sighting(number: int, **changed) -> tuple[bytes, bytes]:
    key = f"image:met:{number}"
    work = {"media_type": "image", "provider": "met", "foreign_identifier": str(number), "foreign_landing_url": f"https://met.org/{number}",
            "url": f"https://met.org/{number}.jpg", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/", "title": f"Harbour {number}"}
    work.update(changed)
    seen = {"fetched_at": f"2026-11-01T00:00:00.{number:06d}Z", "run_id": f"run-{number}"}
    return key.encode(), json.dumps({"seen": seen, "work": work}, separators=(",", ":")).encode()


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stream = cls.enterClassContext(Stream("explain", partitions=2))
        for record in (sighting(1), sighting(2, license_url="https://example.org/all-rights-reserved"), sighting(3, url="no address"),
                       sighting(4), sighting(5, url="https://met.org/1.jpg"), sighting(6)):
            cls.stream.produce_raw(*record)
        cls.stream.produce_raw(b"image:met:7", sighting(8)[1])  # under another work's key
        cls.stream.drain()
        cls.stream.run("decide", "takedown", "image:met:4", *WHO, "--wait", "0")
        cls.stream.drain()

    def explain(self, *words: str) -> dict:
        return self.stream.json("explain", *words)

    def test_a_work_that_is_found(self):
        told = self.explain("image:met:1")
        self.assertEqual(told["why"], "It is found by search.")
        self.assertEqual([(one["outcome"], one["run_id"]) for one in told["sightings"]], [("kept", "run-1")])
        self.assertEqual(told["record"]["status"], "live")
        self.assertEqual(told["postgres"], {"revision": told["record"]["revision"], "status": "live"})
        self.assertEqual(told["elasticsearch"], told["postgres"])
        self.assertEqual([(one["work"], one["owner"]) for one in told["claims"]], [("image:met:1", True), ("image:met:5", False)])
        self.assertEqual((told["found"], told["cause"], told["hidden"]), (True, "live", None))

    def test_a_work_has_several_names(self):
        whole = self.explain("image:met:1")
        for words in ((identifier("image:met:1"),), ("met", "1"), ("--provider", "met", "--id", "1", "--media", "image")):
            with self.subTest(words):
                self.assertEqual(self.explain(*words), whole)

    def test_a_work_without_a_row_needs_no_media_type(self):
        self.assertEqual(self.explain("met", "2"), self.explain("image:met:2"))
        done = self.stream.run("explain", identifier("image:met:2"), expect=1)
        self.assertIn(b"explained by its key", done.stderr)

    def test_a_work_that_the_stores_still_show(self):
        self.stream.produce_raw(*sighting(9))
        self.stream.drain()
        self.stream.run("decide", "takedown", "image:met:9", *WHO, "--wait", "0")
        told = self.explain("image:met:9")
        self.assertEqual((told["found"], told["cause"]), (True, "decision_pending"))
        self.stream.drain(sinks=())
        told = self.explain("image:met:9")
        self.assertEqual((told["found"], told["cause"]), (True, "taken_down"))
        self.assertTrue(told["why"].startswith("It is still found: it was taken down"), told["why"])
        self.stream.drain(sinks=("postgres",))
        self.assertEqual(self.explain("image:met:9")["found"], False)

    def test_a_work_that_clean_drops(self):
        told = self.explain("image:met:2")
        self.assertEqual((told["found"], told["cause"]), (False, "dropped"))
        self.assertIn("dropped (no_open_license)", told["why"])
        self.assertIsNone(told["record"])
        self.assertEqual(told["sightings"][0]["reason"], "no_open_license")

    def test_a_work_that_clean_rejects_is_among_the_dead_letters(self):
        told = self.explain("image:met:3")
        self.assertIn("put aside as a dead letter (", told["why"])
        self.assertIn("url", told["why"])
        self.assertEqual([one["field"] for one in told["dead_letters"]], ["url"])

    def test_a_work_that_was_taken_down(self):
        told = self.explain("image:met:4")
        self.assertRegex(told["why"], r"it was taken down \(A\. Person said so at 2\S+Z: request 4711\)\.")
        self.assertEqual([(one["kind"], one["active"], one["processed"]) for one in told["decisions"]], [("takedown", True, True)])
        self.assertEqual(told["elasticsearch"]["status"], "blocked")

    def test_a_work_whose_url_another_one_has(self):
        told = self.explain("image:met:5")
        self.assertEqual(told["why"], "It is not found: image:met:1 has the same URL and is shown in its place.")
        self.assertEqual((told["found"], told["cause"]), (False, "duplicate"))

    def test_a_sighting_under_another_key_is_refused(self):
        told = self.explain("image:met:7")
        self.assertIn("wrong_key", told["why"])

    def test_a_work_that_nobody_knows(self):
        self.assertIn("nothing is known of it", self.explain("image:met:4711")["why"])

    def test_a_decision_that_no_processor_has_taken(self):
        self.stream.run("decide", "sensitive", "image:met:6", *WHO, "--wait", "0")
        self.assertIn("`sensitive` was decided by A. Person", self.explain("image:met:6")["why"])

    def test_text_says_what_json_says(self):
        text = self.stream.run("explain", "image:met:1").stdout.decode()
        for part in ("image:met:1", "It is found by search.", "run-1", "kept", "status live", "PostgreSQL"):
            self.assertIn(part, text)

    def test_stores_that_are_away_leave_the_rest(self):
        done = self.stream.run("explain", "image:met:1", "--json", FRESHET_POSTGRES_DSN="host=127.0.0.1 port=1 dbname=x",
                               FRESHET_ELASTICSEARCH_URL="http://127.0.0.1:1")
        told = json.loads(done.stdout)
        self.assertIn("cannot be told", told["why"])
        self.assertEqual(len(told["notes"]), 2)
        self.assertEqual(told["record"]["status"], "live")

    def test_what_is_no_work_is_wrong_usage(self):
        self.stream.run("explain", expect=2)
        self.stream.run("explain", "nonsense", expect=2)
        self.stream.run("explain", "--provider", "met", expect=2)


class Clean(unittest.TestCase):
    def test_cleans_values_and_works_line_by_line(self):
        with Stream("clean", partitions=1) as stream:
            (key, good), (_, closed), (_, broken) = sighting(1), sighting(2, license_url="https://example.org/"), sighting(3, url="")
            work = json.dumps(json.loads(good)["work"]).encode()
            lines = b"\n".join([key + b"\t" + good, work, closed, broken, b"{", b"image:met:77\t" + good]) + b"\n"
            done = stream.run("clean", "-", stdin=lines)
            told = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(told[0], told[1])
            self.assertEqual((told[0]["license"], told[0]["title"]), ("cc0", "Harbour 1"))
            self.assertEqual([(one["line"], one["key"], one["outcome"], one["reason"]) for one in told[2:]],
                             [(3, "image:met:2", "dropped", "no_open_license"), (4, "image:met:3", "rejected", "missing_field"),
                              (5, None, "rejected", "malformed_payload"), (6, "image:met:77", "rejected", "wrong_key")])
            self.assertIn("each line is one JSON object", told[4]["rule"])
            stream.run("clean", "/does/not/exist", expect=2)


if __name__ == "__main__":
    unittest.main()
