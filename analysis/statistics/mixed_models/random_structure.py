"""Declared fallbacks for a fit that is singular or did not converge, with a record of each step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from analysis.statistics.mixed_models.errors import NotConvergedError, SingularFitError
from analysis.statistics.mixed_models.specification import MixedModel, Random, Step

Fit = TypeVar("Fit")


@dataclass(frozen=True)
class Decision:
    """A step down the ladder: how the random term of `factor` was simplified, and the reason."""

    step: Step
    factor: str
    reason: str


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
        except (SingularFitError, NotConvergedError) as error:
            simpler, taken = _step(model, error)
            if simpler is None:
                raise
            model = simpler
            decisions += taken


def _step(
    model: MixedModel, error: SingularFitError | NotConvergedError
) -> tuple[MixedModel | None, list[Decision]]:
    """Return the model after the first ladder step that changes something, and the decisions made.

    The step applies to every random term that it can simplify.
    """
    singular = isinstance(error, SingularFitError)
    terms = [t for t in model.random if not singular or t.factor in error.factors]  # type: ignore[union-attr]
    for step in model.ladder:
        # A factor may be dropped because its variance is zero, never because a search failed.
        if step == "drop_factor" and not singular:
            continue
        concerned = [term for term in terms if _applies(step, term)]
        if concerned:
            taken = [Decision(step, term.factor, str(error)) for term in concerned]
            return _without(model, step, concerned), taken
    return None, []


def _applies(step: Step, term: Random) -> bool:
    if step == "uncorrelate":
        return bool(term.slopes) and term.correlated
    if step == "drop_slopes":
        return bool(term.slopes)
    return not term.slopes


def _without(model: MixedModel, step: Step, terms: list[Random]) -> MixedModel:
    for term in terms:
        if step == "uncorrelate":
            model = model.with_random(replace(term, correlated=False))
        elif step == "drop_slopes":
            model = model.with_random(Random(term.factor))
        else:
            model = model.without(term.factor)
    return model
