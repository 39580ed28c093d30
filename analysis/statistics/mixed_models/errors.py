"""Reasons why a model has no fit; each is a NotEstimableError, so `attempt` can report it."""

from collections.abc import Sequence

from analysis.errors import NotEstimableError


class DesignError(NotEstimableError):
    """The table lacks data that the model needs."""


class SeparationError(NotEstimableError):
    """The fixed effects predict outcomes without error, so an odds ratio is infinite."""


class NotConvergedError(NotEstimableError):
    """The optimiser did not reach a trustworthy maximum of the likelihood."""


class SingularFitError(NotEstimableError):
    """A variance is estimated as zero, or a correlation as ±1; `factors` lists where."""

    def __init__(self, factors: Sequence[str], reason: str) -> None:
        self.factors = tuple(factors)
        super().__init__(reason)
