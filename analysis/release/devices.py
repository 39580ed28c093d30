"""Measures of a participant's device, made too coarse to tell it from others."""

import re
from collections.abc import Callable, Mapping

from analysis.release.csv_tables import CsvTable

STEP = 400  # CSS pixels: tells a phone, a tablet, a laptop and a large screen apart
FAMILIES = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("FxiOS", "Firefox"),
    ("Safari", "Safari"),
)
"""Words of a user agent and the browser's family. Edge calls itself Chrome and Safari as well."""


def browser_family(agent: str) -> str:
    """Return the family of a browser, such as Firefox, from the text by which it names itself."""
    if not agent:
        return ""
    return next((family for word, family in FAMILIES if word in agent), "another browser")


def _pixels(text: str) -> str:
    return str(round(float(text) / STEP) * STEP) if _is_number(text) else ""


def _ratio(text: str) -> str:
    return str(max(1, round(float(text)))) if _is_number(text) else ""


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", text) is not None


COARSE: Mapping[str, Callable[[str], str]] = {
    "viewport_width": _pixels,
    "viewport_height": _pixels,
    "screen_width": _pixels,
    "screen_height": _pixels,
    "pixel_ratio": _ratio,
    "user_agent": browser_family,
    "browser": browser_family,
}
"""How the cells of a column are made coarse, by the column's name."""


def with_coarse_devices(
    tables: Mapping[str, CsvTable],
) -> tuple[dict[str, CsvTable], Mapping[str, int]]:
    """Return the tables with coarse measures of devices, and the number of such cells by file."""
    changed, counts = dict(tables), {}
    for file, table in tables.items():
        here = [name for name in table.columns if name in COARSE]
        if not here or file == "codebook.csv":
            continue
        counts[file] = sum(bool(row[name]) for row in table.rows for name in here)
        rows = (row | {name: COARSE[name](row[name]) for name in here} for row in table.rows)
        changed[file] = CsvTable(table.columns, tuple(rows))
    return changed, counts
