"""Declared fallbacks for a fit that is singular or did not converge, with a record of each step.

The steps do not depend on the order or the coding of a factor's levels: slopes of a factor are an
unconstrained covariance between its cells, then compound symmetry, and then only components whose
variance is zero are removed, which leaves the likelihood as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, combinations
from typing import Literal, TypeVar

from analysis.statistics.mixed_models.errors import (
    NotConvergedError,
    SingularFitError,
    TooManyEffectsError,
)
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Random,
    Step,
)

Fit = TypeVar("Fit")
Cause = Literal["singular", "not converged", "too few data"]


@dataclass(frozen=True)
class Decision:
    """A step down the ladder: how the random term called `factor` was simplified, and the reason.

    `term` is the term before the step.
    """

    step: Step
    factor: str
    reason: str
    term: Random
    cause: Cause


def descend(
    model: MixedModel, fit: Callable[[MixedModel], Fit]
) -> tuple[Fit, MixedModel, tuple[Decision, ...]]:
    """Fit the model, simplifying its random terms down the ladder while the fit cannot be trusted.

    Returns the fit, the fitted model and the steps taken. Raises the last error when the ladder has
    no step left.
    """
    decisions: list[Decision] = []
    while True:
        try:
            return fit(model), model, tuple(decisions)
        except (SingularFitError, NotConvergedError, TooManyEffectsError) as error:
            simpler, taken = _step(model, error)
            if simpler is None:
                raise
            model = simpler
            decisions += taken


def _step(
    model: MixedModel, error: SingularFitError | NotConvergedError | TooManyEffectsError
) -> tuple[MixedModel | None, list[Decision]]:
    """Return the model after the first ladder step that changes something, and the decisions made.

    The step applies to every random term that it can simplify.
    """
    cause = _cause(error)
    terms = model.random
    if not isinstance(error, NotConvergedError):
        terms = tuple(term for term in terms if term.name in error.factors)
    for step in model.ladder:
        # A factor may be dropped because its variance is zero, never because a search failed.
        if step == "drop_factor" and cause != "singular":
            continue
        # Too few data are told before the fit, and only slopes between cells have a simpler form.
        if step != "compound_symmetry" and cause == "too few data":
            continue
        concerned = [term for term in terms if _applies(step, term)]
        if concerned:
            taken = [Decision(step, term.name, str(error), term, cause) for term in concerned]
            return _without(model, step, concerned), taken
    return None, []


def _cause(error: SingularFitError | NotConvergedError | TooManyEffectsError) -> Cause:
    if isinstance(error, SingularFitError):
        return "singular"
    return "not converged" if isinstance(error, NotConvergedError) else "too few data"


def _applies(step: Step, term: Random) -> bool:
    if step == "compound_symmetry":
        return term.is_full
    # Without an intercept the slopes are the whole term, so removing them would remove the factor.
    if step == "uncorrelate":
        return bool(term.slopes) and term.intercept and term.correlated
    if step == "drop_slopes":
        return bool(term.slopes) and term.intercept
    return not term.slopes


def _without(model: MixedModel, step: Step, terms: list[Random]) -> MixedModel:
    for term in terms:
        if step == "compound_symmetry":
            model = model.replaced(term.name, compound_symmetry(term))
        elif step == "uncorrelate":
            model = model.with_random(replace(term, correlated=False))
        elif step == "drop_slopes":
            model = model.with_random(Random(term.factor))
        else:
            model = model.without(term.name)
    return model


def compound_symmetry(term: Random) -> tuple[Random, ...]:
    """Return random intercepts of the factor and of its cells, in place of a full term.

    Slopes of two crossed columns give (1 | f) + (1 | f:a) + (1 | f:b) + (1 | f:a:b).
    """
    columns = slope_columns(term)
    subsets = chain.from_iterable(combinations(columns, k) for k in range(1, len(columns) + 1))
    return (Random(term.factor), *(Random(term.factor, cells=subset) for subset in subsets))


def slope_columns(term: Random) -> tuple[str, ...]:
    """Return the columns by which the effects of the factor's levels differ."""
    if term.cells:
        return term.cells
    parts = [slope.of if isinstance(slope, Interaction) else (slope,) for slope in term.slopes]
    return tuple(dict.fromkeys(part.column for group in parts for part in group))


def between_cells(factor: str, columns: tuple[str, ...]) -> Random:
    """Return the term with an unconstrained covariance between the cells of `columns`."""
    factors = tuple(Categorical(column, coding="cells") for column in columns)
    slope = factors[0] if len(factors) == 1 else Interaction(factors)
    return Random(factor, (slope,), intercept=False)
