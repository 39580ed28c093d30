"""Write the table of the study on CIFAR-10 into docs/reproduction.md, from the report's numbers.

    python -m benchmarks.study_table [docs/examples/source-study/results.json]

The block between the two markers is replaced. tests/test_study_table.py finds a block that does not
fit the shipped report.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from analysis.apa_numbers import bounded, number, p_cell, reported
from analysis.statistics.estimate import HypothesisTest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reproduction.md"
RESULTS = ROOT / "docs" / "examples" / "source-study" / "results.json"
BEGIN = "<!-- The study: written by python -m benchmarks.study_table -->"
END = "<!-- End of the study -->"
TESTS = ("welch", "test")
"""Keys of the test in the findings of the analyses that the study plans."""
Results = Mapping[str, Any]


def block(results: Results) -> str:
    """Return the text between the markers, with both."""
    return "\n".join([BEGIN, *_lines(results), END])


def written(page: str, results: Results) -> str:
    """Return the page with the block of these results. Raises ValueError if a marker is missing."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(
            f"The page needs the lines {BEGIN!r} and {END!r}, once each, in this order."
        )
    before, _, rest = page.partition(BEGIN)
    return before + block(results) + rest.partition(END)[2]


def read(path: Path) -> Results:
    """Return results.json."""
    document: Results = json.loads(path.read_text(encoding="utf-8"))
    return document


def _lines(results: Results) -> Iterator[str]:
    flow, shown = results["flow"], results["stimuli_shown"]
    randomised = sum(row["randomised"] for row in flow)
    completed = sum(row["completed"] for row in flow)
    yield (
        f"{randomised} simulated participants in {len(flow)} arms saw {shown['images']} images, "
        f"{shown['right']} with right and {shown['wrong']} with wrong predictions; {completed} of "
        "them completed the study. Arms that differ are compared with “"
        f"{results['labels'][results['plan']['control']]}”."
    )
    yield ""
    yield "| outcome | test | p, adjusted over its family | arms that differ |"
    yield "|---|---|---|---|"
    for outcome in results["outcomes"]:
        yield "| " + " | ".join(_cells(outcome, results["plan"]["alpha"])) + " |"
    yield from _map_quality(results["optional_sections"].get("map_quality"))
    yield from _mediation(results["optional_sections"].get("mediation"))


def _cells(outcome: Results, alpha: float) -> tuple[str, ...]:
    found = (outcome["fallback"] or outcome)["found"]
    test = next((found[key] for key in TESTS if found.get(key)), None)
    adjusted = outcome["p_adjusted"]
    shown = adjusted is not None and adjusted < alpha
    return (
        outcome["outcome"]["label"].replace("|", "/"),
        reported(HypothesisTest(**{**test, "df": tuple(test["df"])}))
        if test is not None and "statistic" in test
        else "–",
        "–" if adjusted is None else p_cell(adjusted),
        ", ".join(_differing(found, alpha)) or "none" if shown else "–",
    )


def _differing(found: Results, alpha: float) -> Iterator[str]:
    """List the arms whose adjusted p is below alpha, with the difference."""
    for contrast in found.get("contrasts", []):
        difference = contrast.get("difference") or {}
        if difference.get("p") is not None and difference["p"] < alpha:
            yield f"{contrast['label']} {number(difference['value'])}"


def _map_quality(section: Results | None) -> Iterator[str]:
    if not section or "together" not in section:
        return
    labels = {quality["measure"]: quality["label"] for quality in section["qualities"]}
    yield ""
    yield (
        "Does a better explanation mean more trust? Rank correlation of the "
        f"{len(section['methods'])} methods' map quality, oriented so that higher is better, with "
        "their mean outcomes:"
    )
    yield ""
    yield "| quality | outcome | Spearman's ρ |"
    yield "|---|---|---|"
    for row in section["together"]:
        label = section["outcomes"][row["outcome"]]
        yield f"| {labels[row['measure']]} | {label} | {_estimate(row['rho'], bounded)} |"
    limits = [row["rho"] for row in section["together"] if "low" in row["rho"]]
    clear = sum(not rho["low"] <= 0 <= rho["high"] for rho in limits)
    yield ""
    yield (
        f"{clear or 'None'} of the {len(limits)} intervals excludes 0"
        f"{'' if clear else ', which says nothing about people: so few methods cannot tell'}."
    )


def _mediation(section: Results | None) -> Iterator[str]:
    if not section or "arms" not in section:
        return
    yield ""
    yield (
        "Effects of the arms on trust that pass through felt understanding (an association, since "
        "nobody was randomised to understand):"
    )
    yield ""
    yield "| arm | total difference in trust | through understanding |"
    yield "|---|---|---|"
    for arm in section["arms"]:
        cells = (_estimate(arm[key], number) for key in ("total", "indirect"))
        yield f"| {arm['label']} | {' | '.join(cells)} |"


def _estimate(estimate: Results, show: Any) -> str:
    if "value" not in estimate:
        return f"not estimable: {estimate['reason']}"
    return f"{show(estimate['value'])} [{show(estimate['low'])}, {show(estimate['high'])}]"


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read(chosen)), encoding="utf-8")
