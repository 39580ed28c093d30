"""Check that every p of results.json follows from its statistic and degrees of freedom."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scipy import stats

from analysis.statistics.comparisons.studentized_range import range_sf

RELATIVE = 1e-6  # tolerance for p computed by quadrature and root finding
Outcome = Literal["equal", "within bounds", "not recomputable", "wrong"]
OVER = re.compile(r"simultaneous over (?:all pairs of )?(\d+)")


@dataclass(frozen=True)
class Recomputed:
    """A p with its place, and the outcome of recomputing it.

    "within bounds" means an adjusted p between the unadjusted p and Bonferroni's; "not
    recomputable" means that statistic and df do not determine p (permutation, or ranks with ties).
    """

    place: str
    p: float
    expected: float | None
    outcome: Outcome

    @property
    def sentence(self) -> str:
        """Return a sentence on a wrong p."""
        return f"results.json, {self.place}: p is {self.p:.6g}, but should be {self.expected:.6g}."


def recomputed(document: Any, place: str = "") -> Iterator[Recomputed]:
    """Yield every p of the document that has a statistic."""
    if isinstance(document, Mapping):
        if _has(document, "statistic", "p"):
            yield _checked(document, place)
        if _has(document, "lower", "upper", "p") and isinstance(document["lower"], Mapping):
            yield from _one_sided(document, place)
        for key, value in document.items():
            yield from recomputed(value, f"{place}/{key}" if place else str(key))
    elif isinstance(document, list | tuple):
        for number, value in enumerate(document):
            yield from recomputed(value, f"{place}/{number}")


def _checked(entry: Mapping[str, Any], place: str) -> Recomputed:
    p = float(entry["p"])
    if "symbol" in entry:
        if entry["symbol"] in ("U", "V") or "permutation" in entry["name"]:
            return Recomputed(place, p, None, "not recomputable")
        return _compare(place, p, _of_test(entry["symbol"], entry["statistic"], entry["df"]))
    return _of_estimate(entry, place, p)


def _of_test(symbol: str, statistic: float, df: list[float]) -> float:
    if symbol == "F":
        return float(stats.f.sf(statistic, *df))
    if symbol == "χ̄²":  # a variance on its boundary: an even mixture of two chi squared
        return float(
            sum(stats.chi2.sf(statistic, n) if n else statistic <= 0 for n in df) / len(df)
        )
    if symbol in ("χ²", "H", "Q"):
        return float(stats.chi2.sf(statistic, df[0]))
    if symbol in ("t", "z"):
        return _two_sided(statistic, df[0] if df else None)
    raise ValueError(
        f"the p of a statistic {symbol!r} is unknown; add it to analysis.reproduction.p_values"
    )


def _of_estimate(entry: Mapping[str, Any], place: str, p: float) -> Recomputed:
    plain = _two_sided(entry["statistic"], entry["df"])
    over = OVER.search(entry["method"])
    if over is None or int(over[1]) == 1:
        return _compare(place, p, plain)
    count = int(over[1])
    if "Dunnett" in entry["method"]:
        most = min(1.0, count * plain)
        inside = plain * (1 - RELATIVE) - 1e-7 <= p <= most * (1 + RELATIVE) + 1e-7
        bound = plain if p < plain else most
        return Recomputed(place, p, bound, "within bounds" if inside else "wrong")
    q = abs(entry["statistic"])  # Games-Howell, Tukey-Kramer
    return _compare(place, p, range_sf(q, count, entry["df"]))


def _one_sided(entry: Mapping[str, Any], place: str) -> Iterator[Recomputed]:
    """Check the two one-sided tests of equivalence."""
    lower, upper = entry["lower"], entry["upper"]
    known = stats.norm if entry["df"] is None else stats.t(entry["df"])
    yield _compare(f"{place}/lower", lower["p"], float(known.sf(lower["t"])))
    yield _compare(f"{place}/upper", upper["p"], float(known.cdf(upper["t"])))
    yield _compare(f"{place}/p", entry["p"], max(lower["p"], upper["p"]))


def _compare(place: str, p: float, expected: float) -> Recomputed:
    close = abs(p - expected) <= RELATIVE * expected + 1e-12
    return Recomputed(place, p, expected, "equal" if close else "wrong")


def _two_sided(statistic: float, df: float | None) -> float:
    if df is None:
        return float(2 * stats.norm.sf(abs(statistic)))
    return float(2 * stats.t.sf(abs(statistic), df))


def _has(entry: Mapping[str, Any], *names: str) -> bool:
    return all(entry.get(name) is not None for name in names)
