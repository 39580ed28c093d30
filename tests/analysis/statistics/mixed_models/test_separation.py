"""Separation: every separated table is refused as such, and no other table is."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from analysis.statistics.estimate import NotEstimable, attempt
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.families import Binomial, CumulativeLogit
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.separation import proves_overlap, separating_direction
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Numeric,
    Random,
)
from tests.daily import daily


def overlaps(table, fixed, outcome):
    """Whether weights w >= 1 of the rows exist whose weighted sum of signed rows is zero.

    By Stiemke's theorem these exist if and only if no direction separates the rows: the dual of the
    programme of the code under test. An ordinal answer is a yes or no at every cut, each with an
    intercept of its own.
    """
    design = [np.ones(len(table))]
    for names in fixed:
        cells = pd.Series([tuple(row) for row in table[list(names)].itertuples(index=False)])
        for level in sorted(set(cells))[1:]:
            design.append((cells == level).to_numpy(float))
    columns = np.column_stack(design)[:, 1:]
    values = table[outcome].to_numpy()
    cuts = np.unique(values)[1:]
    rows = []
    for place, cut in enumerate(cuts):
        sign = np.where(values >= cut, 1.0, -1.0)
        intercepts = np.zeros((len(table), len(cuts)))
        intercepts[:, place] = 1
        rows.append(sign[:, None] * np.column_stack([intercepts, columns]))
    rows = np.concatenate(rows)
    found = optimize.linprog(
        np.zeros(len(rows)),
        A_eq=rows.T,
        b_eq=np.zeros(rows.shape[1]),
        bounds=(1, None),
        method="highs",
    )
    assert found.status in (0, 2), found.message
    return found.status == 0


def random_table(rng, *, arms, answers, within):
    """Few rows per arm, whose answers crowd at an end in some of the arms."""
    rows = []
    far = rng.choice([0.5, 6.0])
    shift = rng.choice([-far, 0.0, 0.0, far], size=(arms, 3 if within else 1))
    for arm in range(arms):
        for person in range(4):
            for position in range(6):
                level = position % 3 if within else 0
                latent = shift[arm, level] + rng.normal(0, 1.5) + rng.logistic()
                cuts = np.linspace(-2, 2, answers - 1) if answers > 2 else [0.0]
                value = int(np.searchsorted(cuts, latent))
                rows.append((f"a{arm}", f"p{arm}{person}", f"i{position}", "xyz"[level], value))
    return pd.DataFrame(rows, columns=["arm", "participant", "image", "level", "value"])


def stated(within, random=()):
    arm = Categorical("arm", coding="sum")
    level = Categorical("level", coding="sum")
    fixed = (arm, level, Interaction((arm, level))) if within else (arm,)
    return MixedModel("value", fixed, random)


@pytest.mark.parametrize(
    ("answers", "within"),
    daily([(2, False), (5, True), (2, True), (5, False)], 2),
    ids=["logistic-arms", "ordinal-arms-by-level", "logistic-arms-by-level", "ordinal-arms"],
)
@pytest.mark.parametrize(
    ("arms", "tables"),
    [(2, 24), *(pytest.param(arms, 60, marks=pytest.mark.nightly) for arms in (2, 4))],
)
def test_exactly_the_separated_tables_are_refused_as_separated(arms, tables, answers, within):
    fit = fit_logistic if answers == 2 else fit_cumulative
    rng = np.random.default_rng([arms, answers, within])
    counts = {True: 0, False: 0}
    for _ in range(tables):
        table = random_table(rng, arms=arms, answers=answers, within=within)
        if table["value"].nunique() < 2:
            continue
        clear = overlaps(table, [("arm", "level")] if within else [("arm",)], "value")
        counts[clear] += 1
        if clear:
            fitted = fit(table, stated(within))
            for contrast in fitted.coefficients.values():
                assert abs(contrast.value) < 20
        else:
            with pytest.raises(SeparationError, match="separation"):
                fit(table, stated(within))
    assert min(counts.values()) >= 5, counts  # otherwise the test has shown nothing


@pytest.mark.parametrize(
    ("tables", "seed"), [(12, [12]), pytest.param(25, [], marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize("answers", daily([2, 5], 1), ids=["logistic", "ordinal"])
def test_random_effects_do_not_hide_separation(answers, tables, seed):
    fit = fit_logistic if answers == 2 else fit_cumulative
    rng = np.random.default_rng([answers, *seed])
    crossed = (Random("participant"), Random("image"))
    separated = 0
    for _ in range(tables):
        table = random_table(rng, arms=3, answers=answers, within=False)
        clear = overlaps(table, [("arm",)], "value")
        separated += not clear
        fitted = attempt("model", lambda table=table: fit(table, stated(False, crossed)))
        if isinstance(fitted, NotEstimable):  # without separation for another reason, or none
            assert ("(separation)" in fitted.reason) != clear
        else:
            assert clear
    assert 4 <= separated <= tables - 4  # otherwise the test has shown nothing


def test_a_number_may_have_any_origin_and_unit():
    """The same table in seconds since 1970, with one answer that breaks the separation or not."""
    rng = np.random.default_rng(1)
    x = np.sort(rng.normal(size=40))
    for broken in (False, True):
        y = (x > 0).astype(int)
        if broken:
            y[3], y[36] = 1, 0
        for unit, origin in [(1.0, 0.0), (1e3, 1.7e9), (1e-4, -5.0)]:
            table = pd.DataFrame({"value": y, "x": x * unit + origin})
            model = MixedModel("value", (Numeric("x"),))
            if broken:
                fit_logistic(table, model)
            else:
                with pytest.raises(SeparationError, match="by x"):
                    fit_logistic(table, model)


def test_the_proof_of_overlap_refuses_points_that_are_no_maximum():
    """The negative control of the proof: a separated table has none, wherever a search stopped."""
    x = np.column_stack([np.ones(20), np.repeat([0.0, 1.0], 10)])
    y = np.repeat([0.0, 1.0], 10)
    y[:3] = 1.0
    family = Binomial(y, np.ones(20))
    logit = np.log(0.3 / 0.7)
    for far in (2.0, 8.0, 20.0, 40.0):
        assert not proves_overlap(x, family, x @ np.array([logit, far]), np.zeros(0))
    assert separating_direction(x, family) is not None
    y[-1] = 0.0
    family = Binomial(y, np.ones(20))
    right = np.log(9) - logit
    assert proves_overlap(x, family, x @ np.array([logit, right]), np.zeros(0))
    assert separating_direction(x, family) is None


def test_an_arm_that_keeps_to_a_middle_answer_is_not_separated():
    """Its odds of a higher answer are finite on both sides: the proportional odds hold it."""
    codes = np.array([0, 1, 2, 0, 1, 2, 1, 1, 1])
    arm = np.repeat([0.0, 1.0], [6, 3])[:, None]
    assert separating_direction(arm, CumulativeLogit(codes, 3)) is None
    codes[6:] = 2
    assert separating_direction(arm, CumulativeLogit(codes, 3)) is not None
