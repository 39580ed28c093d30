"""Specification of a mixed model: small frozen pieces instead of a formula.

    model = MixedModel(
        outcome="trust",
        fixed=(Categorical("arm", levels=("none", "lime")), Numeric("position")),
        random=(Random("participant"), Random("image"), Random("image", cells=("arm",))),
    )
    fit = linear.fit_linear(table, model)          # raises unless it converged and is not singular
    fit.coefficients["arm[lime]"]                  # an Estimate: Wald t, Satterthwaite's df
    fit.contrast({"arm[lime]": 1}, "lime - none")  # an Estimate of any combination
    fit.type_three()                               # one HypothesisTest per fixed term
    fit.components, fit.residual_sd, fit.decisions

    logistic.fit_logistic(table, model)            # outcome 0/1, or successes of `trials`
    ordinal.fit_cumulative(table, model)           # ordered categories; `random` may be empty
    ratio.likelihood_ratio(smaller, larger)        # a HypothesisTest between two nested fits
    profile.profile_interval(fit, "arm[lime]")     # an Estimate with its profile interval
    profile.sd_interval(fit, "image")              # such an interval for an SD of intercepts

A model that cannot be fitted raises a NotEstimableError, which `statistics.estimate.attempt` turns
into a NotEstimable. Column names: the intercept is "intercept", a level "arm[lime]", an interaction
"arm[lime]:position". The first level listed is the reference of treatment coding.
"""

from dataclasses import dataclass, replace
from typing import Literal

Coding = Literal["treatment", "sum", "cells"]
Step = Literal["compound_symmetry", "uncorrelate", "drop_slopes", "drop_factor"]
LADDER: tuple[Step, ...] = ("compound_symmetry", "uncorrelate", "drop_slopes", "drop_factor")


@dataclass(frozen=True)
class Numeric:
    """A column of finite numbers, used without transformation."""

    column: str

    @property
    def name(self) -> str:
        """Return the term's name in results."""
        return self.column


@dataclass(frozen=True)
class Categorical:
    """A column of labels with its `levels` in order (sorted if None), each of which must occur.

    "treatment" compares each level with the first; "sum" compares each level but the last with the
    mean of all levels; "cells" has a column per level, which only random terms without an intercept
    can use.
    """

    column: str
    levels: tuple[str | int | float, ...] | None = None
    coding: Coding = "treatment"

    @property
    def name(self) -> str:
        """Return the term's name in results."""
        return self.column


@dataclass(frozen=True)
class Interaction:
    """The products of the columns of two or more terms, whose main effects are separate terms."""

    of: tuple[Numeric | Categorical, ...]

    def __post_init__(self) -> None:
        if len(self.of) < 2:
            raise ValueError(
                f"an interaction needs two or more terms, but lists {len(self.of)}; add terms"
            )

    @property
    def name(self) -> str:
        """Return the term's name in results."""
        return ":".join(term.name for term in self.of)


Term = Numeric | Categorical | Interaction


@dataclass(frozen=True)
class Random:
    """A random term of `factor`: an intercept per level, and random slopes for the terms `slopes`.

    If `correlated`, the covariance matrix of a level's effects is unconstrained, otherwise
    diagonal. Without `intercept` only the slopes are random: (0 + arm | image) in lme4's notation.
    `cells` lists columns whose combinations each have a random intercept within every level of the
    factor: `Random("image", cells=("arm",))` is (1 | image:arm). Together with `Random("image")`
    it is compound symmetry: an image's effects have the same variance in every arm and the same
    correlation between any two arms, whatever the order or the coding of the arms.
    """

    factor: str
    slopes: tuple[Term, ...] = ()
    correlated: bool = True
    intercept: bool = True
    cells: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.cells and (self.slopes or not self.intercept):
            raise ValueError(f"{self.name} has cells, so it is an intercept without slopes")
        if not self.intercept and not self.slopes:
            raise ValueError(f"the random term of {self.factor} is empty; add slopes")

    @property
    def name(self) -> str:
        """Return the term's name in results, such as "image" or "image:arm"."""
        return ":".join((self.factor, *self.cells))

    @property
    def is_full(self) -> bool:
        """Return whether the term is an unconstrained covariance between the cells of factors."""
        return not self.intercept and self.correlated


@dataclass(frozen=True)
class MixedModel:
    """A mixed model to fit. It always includes an intercept (in ordinal models the thresholds).

    `ladder` lists the simplifications that may be tried, in this order, if the fit is singular or
    does not converge; the fit's `decisions` record each step taken. With an empty ladder such a fit
    raises at once.
    """

    outcome: str
    fixed: tuple[Term, ...] = ()
    random: tuple[Random, ...] = ()
    ladder: tuple[Step, ...] = LADDER

    def __post_init__(self) -> None:
        _refuse_repeats("fixed term", [term.name for term in self.fixed])
        _refuse_repeats("random factor", [term.name for term in self.random])
        for term in self.random:
            _refuse_repeats(f"slope of {term.factor}", [slope.name for slope in term.slopes])

    def with_random(self, term: Random) -> "MixedModel":
        """Return a copy in which `term` replaces the random term of its name."""
        return self.replaced(term.name, (term,))

    def replaced(self, name: str, terms: tuple[Random, ...]) -> "MixedModel":
        """Return a copy in which `terms` take the place of the random term called `name`."""
        random = [(term,) if term.name != name else terms for term in self.random]
        return replace(self, random=tuple(term for group in random for term in group))

    def without(self, name: str) -> "MixedModel":
        """Return a copy without the random term called `name`."""
        return self.replaced(name, ())


def _refuse_repeats(kind: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{kind} {repeated} occurs more than once; list it once")
