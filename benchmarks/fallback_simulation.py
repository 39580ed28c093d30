"""Type I error of the fallbacks, in tables near a ceiling where the planned test often has none.

No effect exists in any simulated study. Each table is tested as a plan does: by the planned
analysis and, if that has no test, by its default fallback. The decisive question is how often the
fallback rejects among the tables in which it is used. Comparisons of conditions practically always
have a planned test if nothing differs, so there the fallback tests every table.

Run from the repository (resumes where it stopped; a run's seed is [cell's number, run]):

    OMP_NUM_THREADS=1 nice -n 15 .venv/bin/python -m benchmarks.fallback_simulation

Print the table of the runs so far:

    .venv/bin/python -m benchmarks.fallback_simulation --tables
"""

import argparse
import csv
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from tqdm import tqdm

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.comparisons.permutation import permute_arms, permute_conditions
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.comparisons.within import friedman
from analysis.statistics.estimate import Groups
from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.logistic import binomial, fit_logistic
from analysis.statistics.mixed_models.ordinal import cumulative, fit_cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from analysis.statistics.mixed_models.suprema import Suprema
from benchmarks.mixed_simulation import missing_runs
from benchmarks.random_structure_simulation import ALPHA, rejected

PERSON_SD, IMAGE_SD = 0.5, 0.5
OUTPUT = Path("var/fallback_simulation.csv")

Planned = Literal["logistic_trials", "ordinal_trials", "one_way", "paired", "repeated"]
FALLBACKS: Mapping[Planned, str] = {
    "logistic_trials": "likelihood_ratio",
    "ordinal_trials": "likelihood_ratio",
    "one_way": "permutation",
    "paired": "permutation_within",
    "repeated": "permutation_within",
}
ALWAYS = ("paired", "repeated")  # planned analyses whose fallback tests every table


@dataclass(frozen=True)
class Cell:
    """A condition of the simulation, whose number must never change, because it seeds the runs.

    `people` is per arm; `arms` are conditions of the same people for "paired" and "repeated".
    `ceiling` is the probability of the highest answer, at the median participant and image.
    """

    number: int
    planned: Planned
    arms: int
    people: int
    images: int
    ceiling: float
    runs: int


CELLS = (
    Cell(1, "logistic_trials", 2, 15, 6, 0.985, 500),
    Cell(2, "logistic_trials", 3, 15, 6, 0.985, 500),
    Cell(3, "logistic_trials", 2, 30, 12, 0.995, 500),
    Cell(4, "ordinal_trials", 2, 15, 6, 0.985, 500),
    Cell(11, "one_way", 2, 12, 1, 0.85, 1000),
    Cell(12, "one_way", 3, 12, 1, 0.85, 1000),
    Cell(13, "one_way", 3, 30, 1, 0.93, 1000),
    Cell(21, "paired", 2, 12, 1, 0.8, 1000),
    Cell(22, "paired", 2, 30, 1, 0.9, 1000),
    Cell(23, "repeated", 3, 12, 1, 0.8, 1000),
)


@dataclass(frozen=True)
class Run:
    """Result of a run: p of the planned test, of the fallback, and why there is none."""

    cell: int
    run: int
    p_planned: float
    p_fallback: float
    reason: str
    refusal: str


def analyse(cell: Cell, run: int) -> Run:
    """Test a simulated study by the planned analysis, and by its fallback if that has no test."""
    rng = np.random.default_rng([cell.number, run])
    planned, fallback = TESTS[cell.planned](cell, rng)
    nothing = float("nan")
    p_planned, reason = nothing, ""
    try:
        p_planned = planned()
    except NotEstimableError as error:
        reason = str(error)
    if not reason and cell.planned not in ALWAYS:
        return Run(cell.number, run, p_planned, nothing, "", "")
    try:
        return Run(cell.number, run, p_planned, fallback(), reason, "")
    except NotEstimableError as error:
        return Run(cell.number, run, p_planned, nothing, reason, str(error))


Test = Callable[[], float]


def _trials(cell: Cell, rng: np.random.Generator) -> tuple[Test, Test]:
    """Return both tests of the arms in a model of trials with random participants and images."""
    people = cell.arms * cell.people
    person = np.repeat(np.arange(people), cell.images)
    image = np.tile(np.arange(cell.images), people)
    latent = (
        np.log(cell.ceiling / (1 - cell.ceiling))
        + rng.normal(0, PERSON_SD, people)[person]
        + rng.normal(0, IMAGE_SD, cell.images)[image]
        + rng.logistic(size=len(person))
    )
    binary = cell.planned == "logistic_trials"
    # Ordinal answers below the highest are split at a further logit.
    value = (latent > 0).astype(int) + (0 if binary else (latent > -0.7).astype(int))
    table = pd.DataFrame(
        {
            "participant": person.astype(str),
            "image": image.astype(str),
            "arm": np.array([*"abc"])[person % cell.arms],
            "value": value,
        }
    )
    arm = Categorical("arm", coding="sum")
    model = MixedModel("value", (arm,), (Random("participant"), Random("image")))

    def planned() -> float:
        fit = (fit_logistic if binary else fit_cumulative)(table, model)
        return fit.type_three()[0].p

    def fallback() -> float:
        design = build_design(table, model, intercept=binary)
        family = binomial(table, "value") if binary else cumulative(table, "value")
        columns = np.eye(len(design.fixed.names))[-(cell.arms - 1) :]
        return Suprema(design, family, 1 - ALPHA, people).ratio_test("arm", columns).p

    return planned, fallback


def _answers(cell: Cell, people: int, rng: np.random.Generator) -> np.ndarray:
    """Return answers from 1 to 5, of which 5 is the most frequent."""
    below = [(1 - cell.ceiling) / 4] * 4
    return rng.choice(np.arange(1.0, 6.0), people, p=[*below, cell.ceiling])


def _scores(cell: Cell, rng: np.random.Generator) -> tuple[Test, Test]:
    """Return Welch's test and the permutation test of the arms."""
    groups: Groups = {name: _answers(cell, cell.people, rng) for name in "abc"[: cell.arms]}
    return lambda: welch_anova(groups).p, lambda: permute_arms(groups).p


def _conditions(cell: Cell, rng: np.random.Generator) -> tuple[Test, Test]:
    """Return the paired t test (Friedman's for three) and the permutation test of conditions."""
    wide = pd.DataFrame({name: _answers(cell, cell.people, rng) for name in "abc"[: cell.arms]})

    def planned() -> float:
        if cell.planned == "repeated":
            return friedman(wide).p
        p = paired_t(wide["b"].to_numpy(), wide["a"].to_numpy(), 1 - ALPHA).p
        return float("nan") if p is None else p

    return planned, lambda: permute_conditions(wide).p


TESTS: Mapping[Planned, Callable[[Cell, np.random.Generator], tuple[Test, Test]]] = {
    "logistic_trials": _trials,
    "ordinal_trials": _trials,
    "one_way": _scores,
    "paired": _conditions,
    "repeated": _conditions,
}


def read(path: Path) -> pd.DataFrame:
    """Read the runs so far."""
    names = [field.name for field in fields(Run)]
    if not path.exists():
        return pd.DataFrame(columns=names)
    texts = {"reason": str, "refusal": str}
    return pd.read_csv(path, on_bad_lines="skip", dtype=texts).fillna(dict.fromkeys(texts, ""))


def carry_out(path: Path, cells: tuple[Cell, ...]) -> None:
    """Carry out the missing runs and append each run to the file."""
    todo = list(missing_runs(read(path), cells))
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow([field.name for field in fields(Run)])
        for cell, run in tqdm(todo, unit="run", mininterval=10):
            writer.writerow(astuple(analyse(cell, run)))
            file.flush()


def print_table(path: Path) -> None:
    """Print a Markdown table with a row per cell."""
    done = read(path)
    print(
        "| planned | fallback | arms x people x images | highest answer | tables | fallback used | "
        "rejected by the fallback | rejected by the planned test | rejected in all | no test |\n"
        + "|---" * 10
        + "|"
    )
    for cell in CELLS:
        runs = done[done["cell"] == cell.number]
        used = int(runs["p_fallback"].notna().sum())
        row = [
            f"`{cell.planned}`",
            f"`{FALLBACKS[cell.planned]}`",
            f"{cell.arms} x {cell.people} x {cell.images}",
            cell.ceiling,
            len(runs),
            used,
            rejected(runs["p_fallback"]),
            rejected(runs["p_planned"]),
            rejected(runs["p_planned"].fillna(runs["p_fallback"])),
            int(runs[["p_planned", "p_fallback"]].isna().all(axis=1).sum()),
        ]
        print("| " + " | ".join(map(str, row)) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--tables", action="store_true", help="print the table and run nothing")
    parser.add_argument("--cells", type=int, nargs="*", help="only these numbers")
    options = parser.parse_args()
    if not options.tables:
        wanted = options.cells or [cell.number for cell in CELLS]
        carry_out(options.output, tuple(cell for cell in CELLS if cell.number in wanted))
    print_table(options.output)


if __name__ == "__main__":
    main()
