"""Walks like a person's that the shipped benchmark has counted, by rule (benchmarks/signals)."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scipy import stats

FILE = Path(__file__).with_name("clean_walks.json")


@dataclass(frozen=True)
class CleanWalks:
    """Walks, flagged walks, and the upper end of the 95 % interval of the flagged share.

    The interval is Clopper and Pearson's (1934).
    """

    walks: int
    flagged: int
    highest: float


def clean_walks(rule: str) -> CleanWalks | None:
    """Return what the benchmark has counted for the rule, or None if it has counted nothing."""
    counts = _counted().get(rule)
    if counts is None:
        return None
    walks, flagged = counts
    interval = stats.binomtest(flagged, walks).proportion_ci(0.95, "exact")
    return CleanWalks(walks, flagged, float(interval.high))


@cache
def _counted() -> dict[str, tuple[int, int]]:
    document = json.loads(FILE.read_text(encoding="utf-8"))
    return {key: (one["walks"], one["flagged"]) for key, one in document["rules"].items()}
