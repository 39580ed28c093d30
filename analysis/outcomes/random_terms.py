"""The random terms that a plan declares for a model of trials, and how they are described.

Participants and images are random samples. Where a factor of the fixed part varies within the
levels of a random factor, its effect may differ between these levels; a model without such slopes
takes the differences for precision and rejects true null hypotheses too often (Barr, Levy,
Scheepers & Tily 2013, doi 10.1016/j.jml.2012.11.001).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import Outcome
from analysis.statistics.mixed_models.random_structure import (
    Decision,
    between_cells,
    compound_symmetry,
    slope_columns,
)
from analysis.statistics.mixed_models.specification import MixedModel, Random

MOST_CELLS = 7  # an unconstrained covariance between more cells has too many parameters to estimate
LEFT_OUT = "they were left out"
MOSTLY = 0.5  # share of levels or cells at which a slope counts as crossed or repeated


@dataclass(frozen=True)
class PlannedRandom:
    """Random terms for a table of trials, and a sentence per requested slope that is left out."""

    terms: tuple[Random, ...]
    refused: tuple[str, ...]


def planned_random(trials: pd.DataFrame, outcome: Outcome) -> PlannedRandom:
    """Return the random terms of the outcome's model for these trials.

    `slopes` names the random factors with slopes of the arms, and `within_slopes` those with slopes
    of the `within` factor. Without `within_slopes`, a random factor has such slopes if its levels
    are crossed with the `within` factor and its cells contain repeated trials.
    """
    terms: list[Random] = []
    refused: list[str] = []
    for factor in outcome.random:
        columns = []
        if factor in outcome.slopes:
            columns.append("arm")
        if outcome.within is not None and factor in (outcome.within_slopes or ()):
            columns.append(outcome.within)
        reasons = {column: _obstacle(trials, factor, column) for column in columns}
        refused += [
            f"The planned by-{factor} slopes of {column} cannot be estimated, because {reason}; "
            f"{LEFT_OUT}"
            for column, reason in reasons.items()
            if reason
        ]
        usable = [column for column in columns if not reasons[column]]
        # Slopes that nobody asked for by name are planned only where the design has them.
        is_default = outcome.within is not None and outcome.within_slopes is None
        if is_default and not _obstacle(trials, factor, str(outcome.within)):
            usable.append(str(outcome.within))
        terms += _terms(trials, factor, tuple(usable))
    return PlannedRandom(tuple(terms), tuple(refused))


def _terms(trials: pd.DataFrame, factor: str, columns: tuple[str, ...]) -> tuple[Random, ...]:
    if not columns:
        return (Random(factor),)
    full = between_cells(factor, columns)
    if len(trials[list(columns)].drop_duplicates()) <= MOST_CELLS and _repeated(
        trials, factor, columns
    ):
        return (full,)
    symmetric = compound_symmetry(full)
    return tuple(term for term in symmetric if _repeated(trials, factor, term.cells))


def _obstacle(trials: pd.DataFrame, factor: str, column: str) -> str:
    """Return why the factor cannot have slopes of the column, or an empty text."""
    values = trials.groupby(factor)[column].nunique()
    if (values > 1).mean() < MOSTLY:
        return f"most levels of {factor} have a single {column}"
    if not _repeated(trials, factor, (column,)):
        return f"most combinations of {factor} and {column} have a single trial"
    return ""


def _repeated(trials: pd.DataFrame, factor: str, columns: tuple[str, ...]) -> bool:
    """Return whether most cells of the factor have more than one trial.

    A cell with a single trial has an effect that cannot be told from the residual.
    """
    counts = trials.groupby([factor, *columns], observed=True).size()
    return bool((counts > 1).mean() >= MOSTLY)


def term_formula(term: Random) -> str:
    """Return the random term in lme4's notation."""
    if not term.slopes:
        return f"(1 | {term.name})"
    slopes = " * ".join(slope_columns(term))
    return f"(1 + {slopes} {'|' if term.correlated else '||'} {term.factor})"


def formula(outcome: Outcome, model: MixedModel) -> str:
    """Return the model as an lme4 formula."""
    # The fixed terms are the model's: a study of one arm has no term of the arm.
    names = [term.name for term in model.fixed]
    fixed = f"arm * {outcome.within}" if len(names) > 1 else names[0]
    parts = [term_formula(term) for term in model.random]
    return f"{outcome.column} ~ {' + '.join([fixed, *parts])}"


def is_left_out(entry: str) -> bool:
    """Check whether an entry of a model's log is a slope of the plan that the model lacks.

    All other entries are simplifications by the rule that the plan announces.
    """
    return entry.endswith(LEFT_OUT)


def simplifications(decisions: Iterable[Decision]) -> tuple[str, ...]:
    """Return a sentence per step from the planned to the fitted model, without the full stop."""
    return tuple(map(_sentence, decisions))


def _sentence(decision: Decision) -> str:
    term = decision.term
    columns = " and ".join(slope_columns(term))
    if decision.step == "compound_symmetry":
        why = {
            "singular": "was estimated as singular (a variance near 0 or a correlation near ±1)",
            "not converged": "could not be estimated, because the search did not converge",
            "too few data": "could not be estimated, because the data are too few",
        }[decision.cause]
        symmetric = " + ".join(map(term_formula, compound_symmetry(term)))
        return (
            f"The planned unconstrained covariance of the by-{term.factor} effects of {columns} "
            f"{why}, so it was replaced by compound symmetry, {symmetric}"
        )
    if decision.step == "uncorrelate":
        return f"The planned correlations of the by-{term.factor} slopes were removed"
    if decision.step == "drop_slopes":
        return f"The planned by-{term.factor} slopes were removed"
    if term.cells:
        return (
            f"The planned by-{term.factor} slopes of {columns} were estimated at zero variance, so "
            f"the term {term_formula(term)} was removed"
        )
    return (
        f"The random intercepts of {term.factor} were estimated at zero variance, so the term "
        f"{term_formula(term)} was removed"
    )
