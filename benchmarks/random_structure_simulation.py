"""Type I error of the models of trials with the random terms that a plan gives them by default.

No fixed effect exists in any simulated study, but effects differ between participants or images.
Each table is analysed with the random terms of `planned_random`. The first RELABELLED tables of a
cell are analysed once more with the arms relabelled, so that their order and their coding change: a
disagreement is a pair of analyses of which only one rejects, whose p differ by more than one in a
thousand, or that end in different models.

Run from the repository (resumes where it stopped; a run's seed is [cell's number, run]):

    OMP_NUM_THREADS=1 nice -n 15 .venv/bin/python -m benchmarks.random_structure_simulation

Print the table of the runs so far:

    .venv/bin/python -m benchmarks.random_structure_simulation --tables
"""

import argparse
import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from analysis.errors import NotEstimableError
from analysis.outcomes.random_terms import planned_random
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.plan.plan import Outcome
from analysis.statistics.estimate import HypothesisTest
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Random,
)
from benchmarks.mixed_simulation import missing_runs

PERSON_SD, IMAGE_SD = 0.5, 0.5
ALPHA = 0.05
RELABELLED = 300
CUTS = (-1.5, -0.5, 0.5, 1.5)  # of the latent scale, for five ordered answers
OUTPUT = Path("var/random_structure_simulation.csv")

Family = Literal["linear", "logistic", "ordinal"]
Design = Literal["arms", "nested", "crossed"]
Terms = Literal["planned", "intercepts", "kenward_roger"]


@dataclass(frozen=True)
class Cell:
    """A condition of the simulation, whose number must never change, because it seeds the runs.

    `people` see all `images`. Design "arms": arms between participants, `slopes = ["image"]`.
    "nested": arms, and a within factor that is a property of the image (correctness). "crossed":
    arms, and a within factor that is crossed with images. `image_slope_sd` is the SD of an image's
    effects in the arms (in the cells of the within factor, if crossed), `person_slope_sd` that of a
    person's effects in the levels of the within factor. `terms` says which random terms are fitted.
    """

    number: int
    family: Family
    design: Design
    arms: int
    people: int
    images: int
    image_slope_sd: float
    person_slope_sd: float
    runs: int
    terms: Terms = "planned"
    relabelled: int = RELABELLED


CELLS = (
    Cell(1, "linear", "arms", 3, 21, 12, 0.6, 0.0, 1000),
    Cell(2, "linear", "arms", 4, 20, 12, 0.6, 0.0, 1000),
    Cell(3, "linear", "arms", 3, 42, 20, 0.6, 0.0, 1000),
    Cell(4, "linear", "arms", 4, 40, 20, 0.6, 0.0, 1000),
    Cell(5, "linear", "arms", 3, 42, 20, 0.0, 0.0, 1000),
    Cell(6, "linear", "arms", 4, 40, 20, 0.6, 0.0, 1000, "intercepts"),
    Cell(7, "linear", "arms", 4, 20, 12, 0.6, 0.0, 1000, "kenward_roger"),
    Cell(11, "linear", "nested", 3, 21, 12, 0.0, 0.6, 1000),
    Cell(12, "linear", "nested", 4, 20, 12, 0.0, 0.6, 1000),
    Cell(13, "linear", "nested", 3, 42, 20, 0.0, 0.6, 1000),
    Cell(14, "linear", "nested", 4, 40, 20, 0.0, 0.6, 1000),
    Cell(15, "linear", "nested", 4, 40, 20, 0.0, 0.6, 1000, "intercepts"),
    Cell(21, "linear", "crossed", 3, 21, 12, 0.6, 0.6, 1000),
    Cell(22, "linear", "crossed", 4, 40, 20, 0.6, 0.6, 1000),
    Cell(31, "logistic", "arms", 3, 42, 20, 0.6, 0.0, 1000),
    Cell(33, "logistic", "nested", 4, 40, 20, 0.0, 0.8, 500),
    Cell(34, "logistic", "nested", 4, 40, 20, 0.0, 0.8, 500, "intercepts"),
    Cell(35, "logistic", "arms", 3, 21, 12, 0.6, 0.0, 500, relabelled=0),
    Cell(36, "logistic", "arms", 4, 40, 12, 0.6, 0.0, 400, relabelled=0),
    Cell(37, "logistic", "arms", 4, 40, 12, 0.0, 0.0, 400, "intercepts", 0),
    Cell(38, "logistic", "arms", 4, 40, 12, 0.6, 0.0, 400, "intercepts", 0),
    # The design of studies/judge-advisor.toml: five arms, eight right and eight wrong predictions.
    Cell(39, "logistic", "nested", 5, 100, 16, 0.0, 0.6, 400, relabelled=0),
    Cell(41, "ordinal", "arms", 3, 42, 20, 0.6, 0.0, 400, relabelled=0),
    Cell(42, "ordinal", "nested", 3, 42, 20, 0.0, 0.8, 400),
    Cell(43, "ordinal", "arms", 4, 40, 12, 0.0, 0.0, 400, "intercepts", 0),
)


@dataclass(frozen=True)
class Run:
    """Result of a run: p of the tests of arm, of the within factor and of their interaction, p of
    the arms after relabelling, and the steps down from the planned model."""

    cell: int
    run: int
    p_arm: float
    p_within: float
    p_interaction: float
    p_relabelled: float
    steps: str
    steps_relabelled: str
    refusal: str


def simulate(cell: Cell, run: int) -> pd.DataFrame:
    """Simulate a study with the columns participant, image, arm, within, value."""
    rng = np.random.default_rng([cell.number, run])
    person = np.repeat(np.arange(cell.people), cell.images)
    image = np.tile(np.arange(cell.images), cell.people)
    arm = person % cell.arms
    # Nested: half of the images have each level. Crossed: each image has both, over participants.
    within = image % 2 if cell.design == "nested" else (image + person // cell.arms) % 2
    kind = within if cell.design == "crossed" else arm
    kinds = 2 if cell.design == "crossed" else cell.arms
    mean = (
        rng.normal(0, PERSON_SD, cell.people)[person]
        + rng.normal(0, IMAGE_SD, cell.images)[image]
        + rng.normal(0, cell.image_slope_sd, (cell.images, kinds))[image, kind]
        + rng.normal(0, cell.person_slope_sd, (cell.people, 2))[person, within]
    )
    return pd.DataFrame(
        {
            "participant": [f"p{p:02}" for p in person],
            "image": [f"i{i:02}" for i in image],
            "arm": np.array(list("abcde"))[arm],
            "within": np.array(["no", "yes"])[within],
            "value": _outcome(cell.family, mean, rng),
        }
    )


def _outcome(family: Family, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if family == "linear":
        return mean + rng.normal(0, 1, len(mean))
    latent = mean + rng.logistic(size=len(mean))
    return (latent > 0).astype(int) if family == "logistic" else 1 + np.digitize(latent, CUTS)


def analyse(cell: Cell, run: int) -> Run:
    """Test a study as a plan does, and again with the arms relabelled."""
    table = simulate(cell, run)
    turned = dict(zip("abcde"[: cell.arms], "abcde"[: cell.arms][::-1], strict=True))
    turned |= {"a": turned["b"], "b": turned["a"]}
    nothing = float("nan")
    try:
        tests, steps = _tests(cell, table)
        again = table.assign(arm=table["arm"].map(turned))
        other, others = _tests(cell, again) if run < cell.relabelled else ({}, "")
    except NotEstimableError as error:
        return Run(cell.number, run, *(nothing,) * 4, "", "", str(error))
    p = {name: test.p for name, test in tests.items()}
    return Run(
        cell.number,
        run,
        p["arm"],
        p.get("within", nothing),
        p.get("arm:within", nothing),
        other["arm"].p if other else nothing,
        steps,
        others,
        "",
    )


def _tests(cell: Cell, table: pd.DataFrame) -> tuple[dict[str, HypothesisTest], str]:
    outcome = Outcome(
        "value",
        "value",
        "trial_mean",
        column="value",
        analysis=f"{cell.family}_trials",
        within=None if cell.design == "arms" else "within",
        slopes=("image",) if cell.design == "arms" else (),
    )
    arm = Categorical("arm", coding="sum")
    within = Categorical("within", coding="sum")
    fixed = (arm,) if outcome.within is None else (arm, within, Interaction((arm, within)))
    random = planned_random(table, outcome).terms
    if cell.terms == "intercepts":
        random = (Random("participant"), Random("image"))
    model = MixedModel("value", fixed, random)
    fit = (
        fit_linear(table, model, df_method="kenward_roger")
        if cell.terms == "kenward_roger"
        else FAMILIES[outcome.analysis].fit(table, model, 1 - ALPHA)
    )
    steps = "; ".join(f"{decision.step} {decision.factor}" for decision in fit.decisions)
    return {test.name: test for test in fit.type_three()}, steps


def read(path: Path) -> pd.DataFrame:
    """Read the runs so far."""
    names = [field.name for field in fields(Run)]
    if not path.exists():
        return pd.DataFrame(columns=names)
    texts = {"steps": str, "steps_relabelled": str, "refusal": str}
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


def rejected(p: pd.Series) -> str:
    """Format the share of p below α with its exact 95 % Monte Carlo interval."""
    known = p.dropna()
    if not len(known):
        return "–"
    hits = int((known < ALPHA).sum())
    interval = stats.binomtest(hits, len(known)).proportion_ci()
    numbers = (f"{x:.3f}".lstrip("0") for x in (hits / len(known), *interval))
    return "{} [{}, {}]".format(*numbers)


def disagreements(runs: pd.DataFrame) -> str:
    """Return how many runs, of those analysed twice, depend on the order of the arms."""
    runs = runs.dropna(subset=["p_relabelled"])
    verdict = (runs["p_arm"] < ALPHA) != (runs["p_relabelled"] < ALPHA)
    p = ~np.isclose(runs["p_arm"], runs["p_relabelled"], rtol=1e-3, atol=1e-6)
    differ = verdict | p | (runs["steps"] != runs["steps_relabelled"])
    return f"{int(differ.sum())} of {len(runs)}"


def print_table(path: Path) -> None:
    """Print a Markdown table with a row per cell."""
    done = read(path)
    print(
        "| model | design | arms | people x images | slope SD by image, by person | random terms | "
        "runs | arm | within | arm x within | order matters | refused |\n" + "|---" * 12 + "|"
    )
    for cell in CELLS:
        runs = done[done["cell"] == cell.number]
        fitted = runs[runs["refusal"] == ""]
        row = [
            cell.family,
            cell.design,
            cell.arms,
            f"{cell.people} x {cell.images}",
            f"{cell.image_slope_sd}, {cell.person_slope_sd}",
            cell.terms,
            len(runs),
            *(rejected(fitted[name]) for name in ("p_arm", "p_within", "p_interaction")),
            disagreements(fitted),
            len(runs) - len(fitted),
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
