"""Coverage of the mixed model of preferences, over simulated studies with planted values.

Every participant compares each pair of three methods in both orders, once or twice (6 or 12
comparisons), with log worths of their own around the planted ones, an advantage of the first place,
and ties. The same seed gives the same studies.

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.preference_simulation [STUDIES]
"""

import sys
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy import special

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.personal_preferences import (
    PersonalFit,
    fit_personal_preferences,
)
from analysis.statistics.comparisons.preferences import Comparisons

ITEMS = ("placebo", "gradcam", "lime")
LOG_WORTHS = np.array([-0.5, 0.1, 0.4])
PLACE = 0.2
LOG_TIE = np.log(0.5)  # a fifth of the comparisons of maps of equal worth is a tie
PAIRS = ((1, 0), (2, 0), (2, 1))
LEVEL = 0.95
COLUMNS = (
    "participants",
    "comparisons each",
    "σ",
    "studies",
    "not fitted",
    "coverage of differences",
    "bias of differences",
    "coverage of σ",
    "σ estimated as 0",
    "mean σ",
    "σ = 0 rejected",
)


@dataclass(frozen=True)
class Cell:
    """A size of study, and the planted standard deviation between participants."""

    people: int
    repeats: int
    sd: float


CELLS = (
    Cell(30, 1, 0.0),
    Cell(30, 1, 0.5),
    Cell(30, 1, 1.0),
    Cell(30, 2, 1.0),
    Cell(60, 1, 1.0),
)
"""Small studies. The order must never change, because a cell's number seeds its studies."""


def simulated(cell: Cell, rng: np.random.Generator) -> Comparisons:
    """Draw the choices of a study."""
    orders = list(permutations(range(len(ITEMS)), 2)) * cell.repeats
    first, second = np.tile(np.array(orders).T, cell.people)
    person = np.repeat(np.arange(cell.people), len(orders))
    own = LOG_WORTHS + cell.sd * rng.standard_normal((cell.people, len(ITEMS)))
    half = (own[person, first] - own[person, second] + PLACE) / 2
    shares = special.softmax(np.column_stack([half, -half, np.full(len(half), LOG_TIE)]), axis=1)
    choice = (rng.random(len(half))[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return Comparisons(ITEMS, first, second, choice, person)


def row(cell: Cell, fits: list[PersonalFit], studies: int) -> str:
    """Return the cell's row of the table. Differences are pooled over the three pairs."""
    planted = np.array([LOG_WORTHS[a] - LOG_WORTHS[b] for a, b in PAIRS])
    found = [[fit.difference(a, b, LEVEL) for a, b in PAIRS] for fit in fits]
    inside = [
        [one.low <= value <= one.high for one, value in zip(row, planted, strict=True)]
        for row in found
    ]
    bias = np.mean([[one.value for one in row] for row in found] - planted, axis=0)
    positive = [fit.standard_deviation(LEVEL) for fit in fits if fit.log_sd_error is not None]
    of_sd = np.mean([one.low <= cell.sd <= one.high for one in positive]) if cell.sd else np.nan
    cells = (
        cell.people,
        6 * cell.repeats,
        cell.sd,
        studies,
        studies - len(fits),
        f"{100 * np.mean(inside):.1f} %",
        " ".join(f"{value:+.2f}" for value in bias),
        f"{100 * of_sd:.1f} %" if cell.sd else "",
        len(fits) - len(positive),
        f"{np.mean([fit.sd for fit in fits]):.2f}",
        f"{100 * np.mean([fit.no_differences().p < 1 - LEVEL for fit in fits]):.1f} %",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    print(f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|", sep="\n")
    for number, cell in enumerate(CELLS):
        fits = []
        for study in range(studies):
            rng = np.random.default_rng([number, study])
            try:
                fits.append(fit_personal_preferences(simulated(cell, rng)))
            except NotEstimableError:  # NoTestError is one
                continue
        print(row(cell, fits, studies), flush=True)


if __name__ == "__main__":
    main()
