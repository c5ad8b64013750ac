"""What bench/all makes of the runs: medians, bounds, rows that got slower, and a plot that is well formed."""

import pathlib
import sys
import unittest
import xml.dom.minidom

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import plot  # noqa: E402
import rows  # noqa: E402

SPEED = rows.Bound("P", "speed", "", lambda seen: seen["values"], least=0.8)
MEMORY = rows.Bound("P", "memory", "", lambda seen: seen["values"], most=256)
BOUNDS = {"P speed": SPEED, "P memory": MEMORY}


def entry(bound: rows.Bound, *values: float) -> dict:
    return rows.entry(bound, list(values), "bench/x")


class Rows(unittest.TestCase):
    def test_an_entry_is_the_median_with_its_spread(self):
        self.assertEqual(entry(SPEED, 0.9, 0.7, 0.85), {"row": "P speed", "ratio": 0.85, "spread": [0.7, 0.9], "bound": "≥ 0.8", "reached": True, "command": "bench/x"})
        self.assertFalse(entry(SPEED, 0.79)["reached"])
        self.assertTrue(entry(MEMORY, 256)["reached"])
        self.assertFalse(entry(MEMORY, 257)["reached"])

    def test_what_got_worse_by_more_than_the_spread_is_named(self):
        def named(bound, before, now):
            return rows.slower(BOUNDS, [entry(bound, *now)], {f"P {bound.what}": entry(bound, *before)})
        self.assertEqual(named(SPEED, (0.80, 0.85, 0.90), (0.70, 0.74, 0.78)), ["P speed: 0.85 before, 0.74 now"])
        self.assertEqual(named(SPEED, (0.80, 0.85, 0.90), (0.75, 0.77, 0.79)), [])  # within the spread
        self.assertEqual(named(SPEED, (0.80, 0.85, 0.90), (1.5, 1.5, 1.5)), [])  # faster
        self.assertEqual(named(MEMORY, (100, 101), (200, 201)), ["P memory: 100.5 before, 200.5 now"])
        self.assertEqual(named(MEMORY, (200, 201), (100, 101)), [])
        self.assertEqual(rows.slower(BOUNDS, [entry(SPEED, 0.1)], {}), [])

    def test_each_bound_has_a_name_of_its_own_and_a_bench_that_is_there(self):
        names = [f"{bound.row} {bound.what}" for bench in rows.BENCHES for bound in bench.bounds]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(rows.rows(), ["A1", "O1", "O2", "P1", "P2", "P2b", "P3", "P4", "P4b", "P5", "P5b", "P6", "P7", "P8", "P8b", "P9", "U1",
                                       "U2"])
        for bench in rows.BENCHES:
            self.assertTrue((pathlib.Path(rows.__file__).parents[1] / bench.command.split()[0]).exists(), bench.command)

    def test_a_bench_that_wrote_nothing_fills_nothing(self):
        for bench in rows.BENCHES:
            for bound in bench.bounds:
                self.assertEqual(bound.values({"pairs": {}, "facts": {}}), [], bound.row)

    def test_the_plot_has_a_bar_for_each_side_and_is_well_formed(self):
        side = {"per_second": 1, "per_cpu_second": 40_000, "peak_rss_mb": 230}
        seen = {"Kafka Streams": {"pairs": {"first load": [{"ours": side, "reference": side}]}}, "A & B": {"pairs": {"new rows": [{"ours": side, "reference": side}]}}}
        document = xml.dom.minidom.parseString(plot.svg(seen))
        self.assertEqual(len(document.getElementsByTagName("rect")), 1 + 2 * 2 * 2)


if __name__ == "__main__":
    unittest.main()
