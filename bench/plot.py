"""Bars of records per CPU-second and of memory, ours beside the peers', as an SVG for docs/performance.md."""

from __future__ import annotations

import pathlib
import statistics
from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LABEL = 760, 18, 8, 330
COLOURS = {"ours": "#1f6feb", "reference": "#8b949e"}


def medians(pairs: list[dict], key: str) -> dict[str, float]:
    return {who: statistics.median(pair[who][key] for pair in pairs) for who in ("ours", "reference") if all(pair[who].get(key) for pair in pairs)}


def groups(seen: dict[str, dict]) -> list[tuple[str, str, list[tuple[str, str, float]]]]:
    """Title, unit and bars (who, label, value). @param seen  what the benches wrote, by what they compare with"""
    made = []
    for title, unit, key, scale in (("Records per CPU-second", "K", "per_cpu_second", 1_000), ("Memory, peak", "MB", "peak_rss_mb", 1)):
        bars = []
        for peer, wrote in seen.items():
            for case, pairs in wrote["pairs"].items():
                for who, value in medians(pairs, key).items():
                    bars.append((who, f"{'Freshet' if who == 'ours' else peer}: {case}", value / scale))
        made.append((title, unit, bars))
    return made


def svg(seen: dict[str, dict]) -> str:
    parts, y = [], 24
    for title, unit, bars in groups(seen):
        parts.append(f'<text x="8" y="{y}" font-weight="bold">{escape(title)}, {unit}</text>')
        y += 14
        most = max((value for _, _, value in bars), default=1)
        for who, label, value in bars:
            width = max(1, (WIDTH - LABEL - 90) * value / most)
            parts.append(f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>'
                         f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[who]}"/>'
                         f'<text x="{LABEL + width + 6:.1f}" y="{y + 13}">{value:.0f}</text>')
            y += BAR + GAP
        y += 26
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="13" fill="#24292f">'
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>' + "".join(parts) + "</svg>\n")


def write(seen: dict[str, dict], path: pathlib.Path) -> None:
    path.write_text(svg(seen))
