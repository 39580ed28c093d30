"""Why there is no fit; each is a NotEstimableError, so it can stand where a number would stand."""

from collections.abc import Sequence

from analysis.errors import NotEstimableError


class DesignError(NotEstimableError):
    """The table does not hold what the model asks for."""


class SeparationError(NotEstimableError):
    """The fixed effects predict outcomes without error, so an odds ratio is infinite."""


class NotConvergedError(NotEstimableError):
    """The optimiser did not reach a maximum of the likelihood that can be trusted."""


class SingularFitError(NotEstimableError):
    """A variance is estimated as zero, or a correlation as ±1; `factors` names where."""

    def __init__(self, factors: Sequence[str], reason: str) -> None:
        self.factors = tuple(factors)
        super().__init__(reason)
