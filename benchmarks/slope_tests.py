"""Type I error of other tests of the arms in logistic models with slopes of the arms by image.

Maximum likelihood underestimates the variances of few images. The same simulated tables as in
random_structure_simulation, with other seeds, are tested by Wald's F with Satterthwaite's degrees
of freedom (as in a report), by the same F with the between-within degrees of freedom if they are
fewer, by the likelihood ratio with χ², and by the likelihood ratio per degree of freedom with F.

    OMP_NUM_THREADS=1 nice -n 15 .venv/bin/python -m benchmarks.slope_tests --cells 31 35 --runs 400
"""

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from analysis.errors import NotEstimableError
from analysis.outcomes.random_terms import planned_random
from analysis.plan.plan import Outcome
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ratio import likelihood_ratio
from analysis.statistics.mixed_models.specification import Categorical, MixedModel
from benchmarks.random_structure_simulation import CELLS, Cell, rejected, simulate

FIRST_RUN = 5000  # the runs of the other simulation have smaller numbers
OUTCOME = Outcome(
    "value",
    "value",
    "trial_mean",
    column="value",
    analysis="logistic_trials",
    slopes=("image",),
)


def p_values(cell: Cell, run: int) -> dict[str, float]:
    """Return p of each test of the arms in a simulated study without any difference.

    Raises NotEstimableError if a model has no fit.
    """
    table = simulate(cell, run)
    terms = planned_random(table, OUTCOME).terms
    larger = fit_logistic(table, MixedModel("value", (Categorical("arm", coding="sum"),), terms))
    smaller = fit_logistic(table, MixedModel("value", (), larger.model.random))
    (test,) = larger.type_three()
    q, df = test.df if len(test.df) == 2 else (test.df[0], np.inf)
    f = test.statistic if len(test.df) == 2 else test.statistic / q
    # Levels of images within arms, if the slopes were not removed.
    sloped = any(term.slopes or term.cells for term in larger.model.random)
    between = (cell.images - 1) * (cell.arms - 1) if sloped else cell.people - cell.arms
    ratio = likelihood_ratio(smaller, larger)
    return {
        "F, Satterthwaite": test.p,
        "F, between-within": float(stats.f.sf(f, q, min(df, between))),
        "likelihood ratio, χ²": ratio.p,
        "likelihood ratio, F": float(stats.f.sf(ratio.statistic / q, q, min(df, between))),
        "df": df,
    }


def runs(cell: Cell, number: int) -> Iterator[dict[str, float]]:
    """Yield p of the tables in which every model has a fit."""
    for run in tqdm(range(FIRST_RUN, FIRST_RUN + number), unit="table", mininterval=10):
        try:
            yield p_values(cell, run)
        except NotEstimableError:
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[31, 35])
    parser.add_argument("--runs", type=int, default=400)
    options = parser.parse_args()
    for cell in CELLS:
        if cell.number not in options.cells:
            continue
        table = pd.DataFrame(list(runs(cell, options.runs)))
        median = table.pop("df").median()
        print(
            f"{cell.people} people x {cell.images} images, {cell.arms} arms, {len(table)} tables; "
            f"median of Satterthwaite's df {median:.1f}"
        )
        for name in table:
            print(f"  {name}: {rejected(table[name])}")


if __name__ == "__main__":
    main()
