"""False positives of looks over simulated studies without an effect, and the samples they save.

python -m benchmarks.looks [STUDIES]             means and proportions, 5 and 20 looks, every kind
python -m benchmarks.looks crossed [STUDIES] [FILE]   crossed participants and images, 5 looks
python -m benchmarks.looks samples               power and expected samples of the designs

`crossed` keeps each study's z in FILE, if it is given, and goes on there when it is called again.
"""

import sys
from collections.abc import Iterator
from math import log, sqrt
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import ndtri

from analysis.errors import NotEstimableError
from analysis.sequential.betting import Bets
from analysis.sequential.boundaries import Design, Spending
from analysis.sequential.expected import course, drift_with_power, inflation
from analysis.sequential.mixture import always_valid
from analysis.statistics.arm_effects import arm_difference
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.specification import (
    Categorical,
    MixedModel,
    Random,
)

ALPHA = 0.05
SAMPLE = 200  # participants of both arms together
LOOKS = (5, 20)
KINDS: tuple[Spending, ...] = ("obrien_fleming", "pocock", "haybittle_peto")
SCORES = ("means", "proportions")
MEANS = np.linspace(0, 1, 101)  # candidates of the bets
CHUNK = 1000
ARMS = ("map", "none")


def scores_without_effect(kind: str, studies: int, rng: np.random.Generator) -> np.ndarray:
    """Draw scores, shape (studies, SAMPLE), of people whose arms alternate."""
    if kind == "means":
        return rng.normal(size=(studies, SAMPLE))
    return (rng.random((studies, SAMPLE)) < 0.3).astype(float)


def z_at(scores: np.ndarray, people: int) -> np.ndarray:
    """Return z of Welch's t test of the first people of each study, with the p of t."""
    one, two = scores[:, 0:people:2], scores[:, 1:people:2]
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = [arm.var(1, ddof=1) / arm.shape[1] for arm in (one, two)]
        t = (two.mean(1) - one.mean(1)) / np.sqrt(parts[0] + parts[1])
        df = (parts[0] + parts[1]) ** 2 / sum(
            part**2 / (arm.shape[1] - 1) for part, arm in zip(parts, (one, two), strict=True)
        )
    z = np.copysign(stats.norm.isf(np.maximum(stats.t.sf(np.abs(t), df), 1e-300)), t)
    return np.where(np.isfinite(t), z, 0.0)  # no variation: no test, so the study goes on


def false_positives(
    scores: np.ndarray, looks: int, kinds: tuple[Spending, ...] = KINDS
) -> dict[str, float]:
    """Return the share of the studies that stop for an effect, by kind of looks."""
    times = np.round(np.arange(1, looks + 1) * SAMPLE / looks).astype(int)
    z = np.abs(np.column_stack([z_at(scores, people) for people in times]))
    fractions = tuple(times / SAMPLE)
    shares: dict[str, float] = {}
    for kind in kinds:
        limits = [look.efficacy for look in Design(kind, fractions, ALPHA).at(fractions)]
        shares[kind] = float((z >= limits).any(1).mean())
    limits = [always_valid(fraction, ALPHA) for fraction in fractions]
    shares["anytime_mean"] = float((z >= limits).any(1).mean())
    shares["fixed test at each look"] = float((z >= ndtri(1 - ALPHA / 2)).any(1).mean())
    return shares


def refuted_by_bets(shares: np.ndarray, means: np.ndarray = MEANS) -> float:
    """Return the share of the studies whose capital ever reaches 1/α for every common mean.

    `shares`, shape (studies, people), are between 0 and 1; arms alternate. Every participant is a
    look.
    """
    logs = np.zeros((len(shares), len(means)))
    largest = logs.copy()
    bets = (Bets(means), Bets(means))
    for person in range(shares.shape[1]):
        logs += bets[person % 2].win(shares[:, [person]])
        np.maximum(largest, logs, out=largest)
    return float((largest.min(1) >= -log(ALPHA)).mean())


def crossed_trials(
    rng: np.random.Generator, people: int = 60, images: int = 12, spread: float = 0.4
) -> pd.DataFrame:
    """Draw ratings of all images by all people, whose arms differ by chance alone."""
    person, image = np.repeat(np.arange(people), images), np.tile(np.arange(images), people)
    arm = person % 2
    value = (
        rng.normal(0, 0.6, people)[person]
        + rng.normal(0, spread, images)[image]
        + rng.normal(0, 0.8, people * images)
    )
    return pd.DataFrame(
        {
            "participant": [f"p{number:03d}" for number in person],
            "image": [f"i{number:02d}" for number in image],
            "arm": np.where(arm == 1, "map", "none"),
            "value": value,
        }
    )


def crossed_false_positives(
    studies: int, looks: int = 5, seed: int = 3, kept: Path | None = None
) -> dict[str, float]:
    """Return the share of crossed studies without an effect that stop, by kind of looks.

    `kept` is a file of a row of z for each finished study, which is read and appended to.
    """
    people = 60
    times = np.arange(1, looks + 1) * people // looks
    fractions = tuple(times / people)
    rows = []
    if kept is not None and kept.exists():
        rows = [[float(z) for z in line.split()] for line in kept.read_text().splitlines()]
    for study in range(len(rows), studies):
        trials = crossed_trials(np.random.default_rng([seed, study]), people)
        rows.append([_z_of_model(trials[trials["participant"] < f"p{n:03d}"]) for n in times])
        if kept is not None:
            with kept.open("a", encoding="ascii") as file:
                print(*rows[-1], file=file)
    return _stopping(np.array(rows[:studies]), fractions)


def means_false_positives(
    studies: int, looks: int = 5, seed: int = 3, people: int = 60
) -> dict[str, float]:
    """Return the shares of crossed_false_positives by Student's t test of the people's means.

    Everybody sees all images, so that the images cancel out and this is the exact test of the model
    (unless a variance is estimated as 0). It takes milliseconds a study.
    """
    times = np.arange(1, looks + 1) * people // looks
    drawn = (crossed_trials(np.random.default_rng([seed, one]), people) for one in range(studies))
    means = np.array([trials["value"].to_numpy().reshape(people, -1).mean(1) for trials in drawn])
    columns = []
    for count in times:
        t, p = stats.ttest_ind(means[:, 1:count:2], means[:, 0:count:2], axis=1)
        columns.append(np.copysign(stats.norm.isf(np.maximum(p, 1e-300) / 2), t))
    return _stopping(np.column_stack(columns), tuple(times / people))


def _stopping(z: np.ndarray, fractions: tuple[float, ...]) -> dict[str, float]:
    """Return the share of the studies, rows of z by look, that stop for an effect."""
    limits = {
        kind: [look.efficacy for look in Design(kind, fractions).at(fractions)] for kind in KINDS
    }
    return {kind: float((np.abs(z) >= limits[kind]).any(1).mean()) for kind in KINDS}


def _z_of_model(trials: pd.DataFrame) -> float:
    arms = Categorical("arm", ARMS, "sum")
    model = MixedModel("value", (arms,), (Random("participant"), Random("image")))
    try:
        found = fit_linear(trials, model, level=1 - ALPHA).contrast(
            arm_difference(ARMS, "map", "none"), "difference"
        )
    except NotEstimableError:
        return 0.0  # no test: the study goes on
    if found.statistic is None or found.df is None:
        return float(found.statistic or 0.0)
    tail = max(float(stats.t.sf(abs(found.statistic), found.df)), 1e-300)
    return float(np.copysign(stats.norm.isf(tail), found.statistic))


def samples(power: float = 0.9) -> Iterator[str]:
    """Yield a row per design: its sample at most and on average, as shares of a single test's."""
    for looks in (3, *LOOKS):
        fractions = tuple((np.arange(looks) + 1) / looks)
        for kind in KINDS:
            design = Design(kind, fractions, ALPHA)
            found = design.at(fractions)
            most = inflation(design, power)
            there = course(found, drift_with_power(found, power))
            nothing = course(found, 0.0)
            yield (
                f"| {looks} | {kind} | {most:.3f} | {there.expected * most:.3f} | "
                f"{nothing.expected * most:.3f} | {1 - there.expected:.0%} |"
            )


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["samples"]:
        print("| looks | kind | at most | with the effect | without | saved of the plan |")
        print("|---|---|---|---|---|---|")
        print("\n".join(samples()))
        return
    if arguments[:1] == ["crossed"]:
        studies = int(arguments[1]) if len(arguments) > 1 else 1000
        kept = Path(arguments[2]) if len(arguments) > 2 else None
        print(f"at most {limit(studies):.4f} is allowed")
        for kind, share in crossed_false_positives(studies, kept=kept).items():
            print(f"| crossed | 5 | {kind} | {share:.4f} |")
        for number, seed in ((studies, 3), (10 * studies, 4)):
            for kind, share in means_false_positives(number, seed=seed).items():
                print(f"| means of {number} crossed studies | 5 | {kind} | {share:.4f} |")
        return
    studies = int(arguments[0]) if arguments else 10_000
    print(f"at most {limit(studies):.4f} is allowed")
    for kind in SCORES:
        scores = scores_without_effect(kind, studies, np.random.default_rng(1))
        for looks in LOOKS:
            for name, share in false_positives(scores, looks).items():
                print(f"| {kind} | {looks} | {name} | {share:.4f} |")
        bounded = scores if kind == "proportions" else np.clip(0.5 + scores / 8, 0, 1)
        parts = [
            refuted_by_bets(bounded[first : first + CHUNK]) for first in range(0, studies, CHUNK)
        ]
        print(f"| {kind} | {SAMPLE} | anytime_bounded | {np.mean(parts):.4f} |")


def limit(studies: int) -> float:
    """Return α and two standard errors of a share of so many studies."""
    return ALPHA + 2 * sqrt(ALPHA * (1 - ALPHA) / studies)


if __name__ == "__main__":
    main(sys.argv[1:])
