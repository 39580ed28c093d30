"""Type I error, power, coverage and convergence of the mixed models.

Two arms of 40 people judge 12 images each, thousands of times, with known effects. The crossed
model is compared with a frequent alternative: Welch's t test of the participants' means.

Run from the repository (resumes where it stopped; a run's seed is [cell's number, run]):

    OMP_NUM_THREADS=1 nice -n 15 .venv/bin/python -m benchmarks.mixed_simulation

Print the tables of the runs so far:

    .venv/bin/python -m benchmarks.mixed_simulation --tables
"""

import argparse
import csv
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from analysis.errors import NotEstimableError
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random

PER_ARM, IMAGES = 40, 12
PARTICIPANT_SD = 0.5
CUTS = (-1.5, -0.5, 0.5, 1.5)  # of the latent scale, for five ordered answers
Z = stats.norm.ppf(0.975)
OUTPUT = Path("var/mixed_simulation.csv")

Family = Literal["linear", "logistic", "ordinal"]
Layout = Literal["same", "per arm", "per person"]


@dataclass(frozen=True)
class Cell:
    """A condition of the simulation.

    `effect` is the second arm's shift, `slope_sd` its standard deviation over images. `layout`:
    both arms see the same 12 images, each arm its own 12, or each person 12 out of 48. Numbers must
    never change, because they are part of the seeds.
    """

    number: int
    family: Family
    layout: Layout
    effect: float
    slope_sd: float
    runs: int
    image_sd: float = 0.5

    @property
    def images(self) -> int:
        """Return the number of different images."""
        return {"same": IMAGES, "per arm": 2 * IMAGES, "per person": 4 * IMAGES}[self.layout]


CELLS = (
    Cell(1, "linear", "same", 0.0, 0.0, 2000),
    Cell(2, "linear", "per arm", 0.0, 0.0, 2000),
    Cell(3, "linear", "per person", 0.0, 0.0, 2000),
    Cell(4, "linear", "same", 0.0, 0.5, 2000),
    Cell(5, "linear", "same", 0.4, 0.0, 1000),
    Cell(6, "linear", "per arm", 0.4, 0.0, 1000),
    Cell(7, "linear", "per person", 0.4, 0.0, 1000),
    Cell(8, "linear", "same", 0.4, 0.5, 1000),
    Cell(9, "logistic", "same", 0.0, 0.0, 4000),
    Cell(10, "logistic", "per arm", 0.0, 0.0, 4000),
    Cell(11, "logistic", "same", 0.6, 0.0, 1000),
    Cell(12, "logistic", "per arm", 0.6, 0.0, 1000),
    Cell(13, "ordinal", "same", 0.0, 0.0, 4000),
    Cell(14, "ordinal", "per arm", 0.0, 0.0, 4000),
    Cell(15, "ordinal", "same", 0.6, 0.0, 1000),
    Cell(16, "ordinal", "per arm", 0.6, 0.0, 1000),
    Cell(17, "linear", "same", 0.0, 0.0, 1000, image_sd=0.0),
)


@dataclass(frozen=True)
class Run:
    """Result of a run: `error` is the standard error, `steps` the simplifications, `refusal` no
    fit."""

    cell: int
    run: int
    value: float
    error: float
    low: float
    high: float
    p: float
    welch_p: float
    steps: str
    refusal: str


def simulate(cell: Cell, run: int) -> pd.DataFrame:
    """Simulate a study with the columns participant, image, arm, y."""
    rng = np.random.default_rng([cell.number, run])
    people = 2 * PER_ARM
    person = np.repeat(np.arange(people), IMAGES)
    arm = person % 2
    image = _images(cell, rng, people, arm)
    mean = (
        cell.effect * arm
        + rng.normal(0, PARTICIPANT_SD, people)[person]
        + rng.normal(0, cell.image_sd, cell.images)[image]
        + rng.normal(0, cell.slope_sd, cell.images)[image] * arm
    )
    labels = np.array(["control", "explained"])[arm]
    y = _outcome(cell.family, mean, rng)
    return pd.DataFrame({"participant": person, "image": image, "arm": labels, "y": y})


def _images(cell: Cell, rng: np.random.Generator, people: int, arm: np.ndarray) -> np.ndarray:
    if cell.layout == "per person":
        seen = [rng.choice(cell.images, IMAGES, replace=False) for _ in range(people)]
        return np.concatenate(seen)
    first_set = np.tile(np.arange(IMAGES), people)
    return first_set + (IMAGES * arm if cell.layout == "per arm" else 0)


def _outcome(family: Family, mean: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if family == "linear":
        return mean + rng.normal(0, 1, len(mean))
    latent = mean + rng.logistic(size=len(mean))
    return (latent > 0).astype(int) if family == "logistic" else 1 + np.digitize(latent, CUTS)


def analyse(cell: Cell, run: int) -> Run:
    """Fit the cell's model with its simplifications, and test the arms."""
    table = simulate(cell, run)
    arm = Categorical("arm", levels=("control", "explained"))
    slopes = (arm,) if cell.slope_sd else ()
    model = MixedModel("y", (arm,), (Random("participant"), Random("image", slopes)))
    welch_p = participant_means(table)
    try:
        fit = _fit(cell.family, table, model)
    except NotEstimableError as error:
        nothing = float("nan")
        return Run(cell.number, run, *(nothing,) * 5, welch_p, "", str(error))
    coefficient = fit.coefficients["arm[explained]"]
    steps = "; ".join(f"{d.step} {d.factor}" for d in fit.decisions)
    error = fit.standard_errors["arm[explained]"]
    numbers = (coefficient.value, error, coefficient.low, coefficient.high, float(coefficient.p))
    return Run(cell.number, run, *numbers, welch_p, steps, "")


def _fit(family: Family, table: pd.DataFrame, model: MixedModel):
    if family == "linear":
        return fit_linear(table, model)
    return (fit_logistic if family == "logistic" else fit_cumulative)(table, model)


def participant_means(table: pd.DataFrame) -> float:
    """Return p of Welch's t test between the arms' participant means."""
    means = table.groupby(["arm", "participant"])["y"].mean()
    result = stats.ttest_ind(means["explained"], means["control"], equal_var=False)
    return float(result.pvalue)


class NumberedCell(Protocol):
    """A cell of a simulation, with its number and the number of its runs."""

    @property
    def number(self) -> int: ...

    @property
    def runs(self) -> int: ...


AnyCell = TypeVar("AnyCell", bound=NumberedCell)


def missing_runs(done: pd.DataFrame, cells: tuple[AnyCell, ...]) -> Iterator[tuple[AnyCell, int]]:
    """Yield the runs that are still missing."""
    known = set(zip(done["cell"], done["run"], strict=True))
    for cell in cells:
        for run in range(cell.runs):
            if (cell.number, run) not in known:
                yield cell, run


def read(path: Path) -> pd.DataFrame:
    """Read the runs so far. A line truncated by an interruption is run again."""
    names = [field.name for field in fields(Run)]
    if not path.exists():
        return pd.DataFrame(columns=names)
    texts = {"steps": str, "refusal": str}
    runs = pd.read_csv(path, on_bad_lines="skip", dtype=texts).dropna(subset=["welch_p"])
    return runs.fillna(dict.fromkeys(texts, ""))


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


def summary(cell: Cell, runs: pd.DataFrame) -> dict[str, object]:
    """Compute shares over the cell's runs, each with its Monte Carlo standard error."""
    fitted = runs[runs["refusal"] == ""]
    covered = (fitted["low"] <= cell.effect) & (cell.effect <= fitted["high"])
    return {
        **{key: value for key, value in asdict(cell).items() if key not in ("number", "runs")},
        "runs": len(runs),
        "rejected": share(fitted["p"] < 0.05),
        "coverage": share(covered),
        "by z: rejected": share((fitted["value"] / fitted["error"]).abs() > Z),
        "mean estimate": f"{fitted['value'].mean():.3f}",
        "no step taken": share(fitted["steps"] == ""),
        "refused": str(len(runs) - len(fitted)),
        "means, Welch: rejected": share(runs["welch_p"] < 0.05),
    }


def share(hits: pd.Series) -> str:
    """Format a share and its standard error, such as .052 ± .005."""
    if not len(hits):
        return "–"
    value = float(hits.mean())
    error = (value * (1 - value) / len(hits)) ** 0.5
    return f"{value:.3f} ± {error:.3f}".replace("0.", ".")


def print_tables(path: Path) -> None:
    """Print a Markdown table of all cells. A cell without runs is called "not measured"."""
    done = read(path)
    rows = [summary(cell, done[done["cell"] == cell.number]) for cell in CELLS]
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|")
    for row in rows:
        cells = [str(value) for value in row.values()]
        print("| " + " | ".join(cells if row["runs"] else [*cells[:5], "not measured"]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--tables", action="store_true", help="print the tables and run nothing")
    parser.add_argument("--cells", type=int, nargs="*", help="only these numbers")
    options = parser.parse_args()
    if not options.tables:
        wanted = options.cells or [cell.number for cell in CELLS]
        carry_out(options.output, tuple(cell for cell in CELLS if cell.number in wanted))
    print_tables(options.output)


if __name__ == "__main__":
    main()
