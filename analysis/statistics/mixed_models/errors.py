"""Reasons why a model has no fit, each a NotEstimableError, so that `attempt` can report it."""

from collections.abc import Iterable, Sequence

from analysis.errors import NoTestError, NotEstimableError

MOST_SHOWN = 3  # values named in a message before "…"


def examples(values: Iterable[object]) -> str:
    """Return the distinct values as "a, b, …"."""
    distinct = sorted({str(value) for value in values})
    return ", ".join(distinct[:MOST_SHOWN]) + (", …" if len(distinct) > MOST_SHOWN else "")


class DesignError(NotEstimableError):
    """The table lacks data that the model needs."""


class TooManyEffectsError(DesignError):
    """The factors have too few levels or rows for their random effects.

    `factors` names the random terms.
    """

    def __init__(self, factors: Sequence[str], reason: str) -> None:
        self.factors = tuple(factors)
        super().__init__(reason)


class ReproducedError(DesignError, NoTestError):
    """The fixed effects reproduce the outcome, so that no residual is left."""


class SeparationError(NoTestError):
    """The fixed effects predict outcomes without error, so an odds ratio is infinite."""


class NotConvergedError(NoTestError):
    """The optimiser did not reach a trustworthy maximum of the likelihood."""


class SingularFitError(NoTestError):
    """A variance is estimated as zero, or a correlation as ±1.

    `factors` lists where.
    """

    def __init__(self, factors: Sequence[str], reason: str) -> None:
        self.factors = tuple(factors)
        super().__init__(reason)
