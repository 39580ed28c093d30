"""Our crossed mixed models compared with statsmodels' MixedLM with crossed variance components.

There are three tables: speed where both converge, correctness when the unit of a random slope
changes, and large sizes. Each line fits both models in one process. --lme4 adds a table of sparse
crossings that R's lme4 fits in turn with ours, by processor time; it needs Rscript with lme4, and
for the published trials the folder ../shared.

Run from the repository (a few minutes; --large adds 300 people x 40 images for MixedLM too):

    OMP_NUM_THREADS=1 .venv/bin/python -m benchmarks.mixed_models
"""

import argparse
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import stats
from threadpoolctl import threadpool_limits

from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Numeric, Random

SIZES = ((40, 12), (80, 12), (100, 24), (200, 24), (200, 40))
LARGE = (300, 40)
BIG = (500, 100)
ARM, STEP = Categorical("arm"), Numeric("step")
CROSSED = (Random("person"), Random("image"))
BY_RATER = (Random("s"), Random("d"))
BY_PARTICIPANT = (Random("participant"), Random("image"))
UNITS = {"trials (1 to 10)": 1.0, "thousandths": 1000.0, "thousands": 0.001}


def study(
    people: int,
    images: int,
    seed: int = 0,
    unit: float = 1.0,
    arms: int = 4,
    image_slope: float = 0.0,
) -> pd.DataFrame:
    """Simulate people who judge every image. The standard deviations are .7 (people), .5 (images),
    .3 (slopes of the step) and 1 (residual)."""
    rng = np.random.default_rng(seed)
    person, image = np.repeat(np.arange(people), images), np.tile(np.arange(images), people)
    step = rng.integers(1, images + 1, people * images)
    arm = person % arms
    mean = (
        0.1 * arm
        + rng.normal(0, 0.7, people)[person]
        + rng.normal(0, 0.5, images)[image]
        + rng.normal(0, 0.3, people)[person] * step / images
        + rng.normal(0, 0.3, (images, arms))[image, arm]
    )
    # The extra draw comes last, so that the other numbers do not depend on it.
    if image_slope:
        mean = mean + rng.normal(0, image_slope, images)[image] * step / images
    latent = mean + rng.logistic(size=len(mean))
    return pd.DataFrame(
        {
            "person": person,
            "image": image,
            "arm": np.array(list("abcdefg"))[arm],
            "step": step * unit,
            "y": mean + rng.normal(size=len(mean)),
            "agreed": (latent > 0).astype(int),
            "rating": 1 + np.digitize(latent, (-1.5, 0, 1, 2)),
            "everyone": 1,
        }
    )


def seconds(task: Callable[[], object], repeats: int = 1) -> tuple[float, object]:
    """Return the shortest time of some runs, and the result."""
    best, result = np.inf, None
    for _ in range(repeats):
        start = time.perf_counter()
        result = task()
        best = min(best, time.perf_counter() - start)
    return best, result


def statsmodels_fit(table: pd.DataFrame, formula: str, parts: dict[str, str]):
    """Fit MixedLM by ML with crossed variance components in a single group."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its convergence is read from the result
        return smf.mixedlm(formula, table, groups="everyone", re_formula="0", vc_formula=parts).fit(
            reml=False
        )


def speed(sizes: tuple[tuple[int, int], ...]) -> None:
    """Print the times of random intercepts of people and images, by ML."""
    print(
        "\n| people x images | rows | ours | MixedLM | ratio | log likelihood, ours minus theirs |"
    )
    print("|---|---|---|---|---|---|")
    parts = {"person": "0 + C(person)", "image": "0 + C(image)"}
    model = MixedModel("y", (ARM, STEP), CROSSED)
    for people, images in sizes:
        table = study(people, images)
        ours, fit = seconds(lambda table=table: fit_linear(table, model, reml=False), repeats=5)
        theirs, other = seconds(lambda table=table: statsmodels_fit(table, "y ~ arm + step", parts))
        note = "" if other.converged else " (MixedLM: not converged)"
        print(
            f"| {people} x {images} | {len(table):,} | {ours * 1000:.0f} ms | {theirs:.2f} s | "
            f"{theirs / ours:.0f} | {fit.log_likelihood - other.llf:.1e}{note} |",
            flush=True,
        )


def units() -> None:
    """Print fits for 40 people and 10 images with a random slope of the step, whose unit must not
    matter."""
    print(
        "\n| unit of the step | seed | ours: log likelihood | MixedLM: log likelihood | converged |"
    )
    print("|---|---|---|---|---|")
    parts = {"person": "0 + C(person)", "slope": "0 + C(person):step", "image": "0 + C(image)"}
    slopes = (Random("person", (STEP,), correlated=False), Random("image"))
    model = MixedModel("y", (ARM, STEP), slopes)
    for seed in range(3):
        for name, unit in UNITS.items():
            table = study(40, 10, seed, unit, arms=2)
            fit = fit_linear(table, model, reml=False)
            other = statsmodels_fit(table, "y ~ arm + step", parts)
            steps = "".join(f" ({d.step} {d.factor})" for d in fit.decisions)
            print(
                f"| {name} | {seed} | {fit.log_likelihood:.4f}{steps} | {other.llf:.4f} | "
                f"{'yes' if other.converged else 'no'} |",
                flush=True,
            )


def large() -> None:
    """Print the times of 500 people x 100 images = 50,000 rows."""
    table = study(*BIG, image_slope=0.3)
    both = (Random("person", (STEP,)), Random("image", (STEP,)))
    maximal = (Random("person", (STEP,)), Random("image", (ARM,)))
    print("\n| model, 500 x 100, 50,000 rows | random effects | seconds | of CPU | steps down |")
    print("|---|---|---|---|---|")
    for name, fit, outcome, randoms in (
        ("linear, REML, Satterthwaite", fit_linear, "y", (CROSSED, both, maximal)),
        ("logistic, Laplace", fit_logistic, "agreed", (CROSSED, both, maximal)),
        ("cumulative, Laplace", fit_cumulative, "rating", (CROSSED, both)),
    ):
        for random in randoms:
            model = MixedModel(outcome, (ARM, STEP), random)
            before = time.process_time()
            took, result = seconds(lambda f=fit, m=model: f(table, m))
            cpu = time.process_time() - before
            steps = ", ".join(f"{d.step} {d.factor}" for d in result.decisions) or "none"
            print(f"| {name} | {_words(random)} | {took:.2f} | {cpu:.2f} | {steps} |", flush=True)


def beside_lme4(pairs: int) -> None:
    """Print processor times of lme4 and of ours, fitted in turn, with the ratio's 95 % interval."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        print("\nR is not installed (Debian: r-cran-lme4), so lme4 is not compared.")
        return
    script = Path(__file__).with_name("mixed_models_lme4.R")
    trials = Path(__file__).parents[2] / "shared/known-answers/visual-correspondence/trials.csv"
    cases = [("insteval", fit_linear, MixedModel("y", (Categorical("service"),), BY_RATER))]
    if trials.is_file():
        model = MixedModel("accepted", (Categorical("method"),), BY_PARTICIPANT)
        cases.append((str(trials), fit_logistic, model))
    print(
        "\n| data | ours, CPU s | lme4, CPU s | lme4 / ours [95 %] | deviance, ours minus lme4's |"
    )
    print("|---|---|---|---|---|")
    for data, fit, model in cases:
        table = _insteval(rscript) if data == "insteval" else pd.read_csv(data)
        if data != "insteval":
            table = table[table["left_out_by_authors"] == 0]
        ours, theirs = [], []
        for _ in range(pairs):
            before = time.process_time()
            result = fit(table, model)
            ours.append(time.process_time() - before)
            printed = subprocess.run(
                [rscript, str(script), data], check=True, capture_output=True, text=True
            ).stdout.split()
            theirs.append(float(printed[0]))
        logs = np.log(np.array(theirs) / ours)
        # Pairs are the unit, because another process slows both fits of a pair.
        half = stats.t.ppf(0.975, pairs - 1) * logs.std(ddof=1) / pairs**0.5
        ratio, low, high = np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
        print(
            f"| {Path(data).parent.name or data}, {len(table):,} rows | {np.median(ours):.2f} | "
            f"{np.median(theirs):.2f} | {ratio:.1f} [{low:.1f}, {high:.1f}] | "
            f"{result.deviance - float(printed[1]):.1e} |",
            flush=True,
        )


def _insteval(rscript: str) -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "insteval.csv"
        code = f'write.csv(lme4::InstEval, "{path}", row.names = FALSE)'
        subprocess.run([rscript, "-e", code], check=True, capture_output=True)
        return pd.read_csv(path)


def _words(random: tuple[Random, ...]) -> str:
    return " + ".join(
        "(" + " + ".join(["1", *(slope.name for slope in term.slopes)]) + f" by {term.factor})"
        for term in random
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="one more size for MixedLM")
    parser.add_argument("--lme4", type=int, metavar="PAIRS", help="only this table, from 2 pairs")
    options = parser.parse_args()
    if options.lme4:
        with threadpool_limits(limits=1):
            beside_lme4(max(2, options.lme4))
        return
    large()
    units()
    speed((*SIZES, LARGE) if options.large else SIZES)


if __name__ == "__main__":
    main()
