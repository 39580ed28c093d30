"""Steps down from slopes: the same whatever the order and the coding of the arms, and no further
than the data require."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.errors import NotConvergedError, TooManyEffectsError
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.ordinal import fit_cumulative
from analysis.statistics.mixed_models.random_structure import (
    between_cells,
    compound_symmetry,
    descend,
)
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from tests.daily import daily

FITS = {"trust": fit_linear, "agreed": fit_logistic, "rating": fit_cumulative}
ARMS = ("plain", "map", "placebo", "lime")


def study(seed, arms=3, people=24, images=12, slopes=0.8, image_sd=0.6):
    """People in arms who all see the same images; an arm's effect differs by image."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), images)
    image = np.tile(np.arange(images), people)
    arm = person % arms
    mean = (
        rng.normal(0, 0.8, people)[person]
        + rng.normal(0, image_sd, images)[image]
        + rng.normal(0, slopes, (images, arms))[image, arm]
    )
    return pd.DataFrame(
        {
            "participant": [f"p{i:03}" for i in person],
            "image": [f"i{i:02}" for i in image],
            "arm": np.array(ARMS)[arm],
            "trust": mean + rng.normal(0, 1, len(mean)),
            "agreed": (mean + rng.logistic(size=len(mean)) > 0).astype(int),
            "rating": 1 + np.digitize(mean + rng.logistic(size=len(mean)), [-1.5, 0, 1.5]),
        }
    )


def planned(outcome, order):
    """Slopes of the arms by image, with the arms in this order."""
    levels = Categorical("arm", levels=order, coding="cells")
    full = Random("image", (levels,), intercept=False)
    arm = Categorical("arm", levels=order, coding="sum")
    return MixedModel(outcome, (arm,), (Random("participant"), full))


ORDERS = {
    3: [ARMS[:3], ("placebo", "map", "plain"), ("map", "placebo", "plain")],
    4: [ARMS, ("map", "plain", "lime", "placebo"), (*ARMS[2:], *ARMS[:2])],
}
MORE_ORDERS = {3: list(permutations(ARMS[:3])), 4: [*ORDERS[4], ARMS[::-1]]}


@pytest.mark.parametrize(
    ("outcome", "slopes"),
    daily([*zip(FITS, [0.8, 0.0, 0.8], strict=True), *zip(FITS, [0.0, 0.8, 0.0], strict=True)], 3),
)
@pytest.mark.parametrize("arms", daily([3, 4], 1))
@pytest.mark.parametrize(
    "orders", [ORDERS, pytest.param(MORE_ORDERS, marks=pytest.mark.nightly)], ids=["few", "more"]
)
def test_no_order_of_the_arms_changes_the_model_or_its_test(outcome, arms, slopes, orders):
    table = study(arms, arms, slopes=slopes)
    fits = [FITS[outcome](table, planned(outcome, order)) for order in orders[arms]]
    first = fits[0]
    steps = [(decision.step, decision.factor) for decision in first.decisions]
    for fit in fits[1:]:
        assert [(decision.step, decision.factor) for decision in fit.decisions] == steps
        assert fit.deviance == pytest.approx(first.deviance, rel=1e-8)
        mine, theirs = fit.type_three()[0], first.type_three()[0]
        assert mine.statistic == pytest.approx(theirs.statistic, rel=1e-4)
        assert mine.df == pytest.approx(theirs.df, rel=1e-3)
        assert mine.p == pytest.approx(theirs.p, rel=1e-3)


def test_uncorrelated_slopes_of_sum_coded_arms_depend_on_the_order():
    """The negative control: the step that this module no longer takes for arms."""
    table = study(1)
    deviances = []
    for order in permutations(ARMS[:3]):
        arm = Categorical("arm", levels=order, coding="sum")
        slopes = Random("image", (arm,), correlated=False)
        deviances.append(
            fit_linear(table, MixedModel("trust", (arm,), (Random("participant"), slopes))).deviance
        )
    assert np.ptp(deviances) > 0.1


def test_the_full_term_is_the_likelihood_of_an_intercept_with_slopes():
    """(0 + arm | image) and (1 + arm | image) are the same model in other columns."""
    table = study(5, images=30, people=60)
    arm = Categorical("arm")
    fits = [
        fit_linear(table, MixedModel("trust", (arm,), (Random("participant"), term)))
        for term in (Random("image", (arm,)), between_cells("image", ("arm",)))
    ]
    assert fits[0].decisions == fits[1].decisions == ()
    assert fits[1].deviance == pytest.approx(fits[0].deviance, rel=1e-8)
    assert fits[1].type_three()[0].df == pytest.approx(fits[0].type_three()[0].df, rel=1e-3)


def test_cells_are_an_ordinary_factor_of_their_own_in_another_grouping():
    """Compound symmetry in one grouping equals crossed intercepts of image and image-by-arm."""
    table = study(6)
    table["pair"] = table["image"] + table["arm"]
    arm = Categorical("arm")
    shared = (Random("participant"), Random("image"), Random("image", cells=("arm",)))
    apart = (Random("participant"), Random("image"), Random("pair"))
    for outcome, fit in FITS.items():
        one, other = (fit(table, MixedModel(outcome, (arm,), random)) for random in (shared, apart))
        assert one.decisions == other.decisions == ()
        assert one.deviance == pytest.approx(other.deviance, rel=1e-8)
        own, pair = one.components["image:arm"], other.components["pair"]
        assert (own.levels, own.sd) == (pair.levels, pytest.approx(pair.sd, rel=1e-4))
        a, b = one.type_three()[0], other.type_three()[0]
        assert a.p == pytest.approx(b.p, rel=1e-3)
        assert a.df == pytest.approx(b.df, rel=1e-3)


def without_common_effects(table):
    """Images whose arms' means add up to nothing, so that the images themselves do not differ."""
    common = table.groupby("image")["trust"].transform("mean") - table["trust"].mean()
    return table.assign(trust=table["trust"] - common)


def without_slopes(table):
    """Images that differ alike in every arm."""
    by_image = table.groupby("image")["trust"].transform("mean")
    by_cell = table.groupby(["image", "arm"])["trust"].transform("mean")
    return table.assign(trust=table["trust"] - by_cell + by_image)


def test_only_the_component_whose_variance_is_zero_is_removed():
    def left(table):
        fit = fit_linear(table, planned("trust", ARMS[:3]))
        assert fit.decisions[0].step == "compound_symmetry"
        return list(fit.components), [decision.factor for decision in fit.decisions[1:]]

    assert left(without_common_effects(study(7))) == (["participant", "image:arm"], ["image"])
    assert left(without_slopes(study(7))) == (["participant", "image"], ["image:arm"])


def test_removing_a_variance_of_zero_leaves_the_fit_as_it_is():
    table = without_slopes(study(7))
    fit = fit_linear(table, planned("trust", ARMS[:3]))
    arm = Categorical("arm", levels=ARMS[:3], coding="sum")
    plain = fit_linear(table, MixedModel("trust", (arm,), (Random("participant"), Random("image"))))
    assert fit.deviance == pytest.approx(plain.deviance, rel=1e-10)


def test_too_few_images_for_a_free_covariance_have_compound_symmetry():
    table = study(8, arms=4, images=4, people=40)
    fit = fit_linear(table, planned("trust", ARMS))
    assert (fit.decisions[0].step, fit.decisions[0].cause) == ("compound_symmetry", "too few data")
    assert "4 levels for 4 random effects" in fit.decisions[0].reason


def test_cells_with_one_row_each_are_refused_by_name():
    table = study(9, people=3)
    spec = MixedModel("trust", (Categorical("arm"),), (Random("image", cells=("arm",)),))
    with pytest.raises(TooManyEffectsError, match="image:arm has 36 random effects for 36 rows"):
        build_design(table, spec)


def test_a_search_that_failed_never_removes_slopes_of_arms():
    tried = []

    def never(spec):
        tried.append(spec.random)
        raise NotConvergedError("no")

    with pytest.raises(NotConvergedError):
        descend(planned("trust", ARMS), never)
    symmetric = (Random("participant"), Random("image"), Random("image", cells=("arm",)))
    assert tried == [planned("trust", ARMS).random, symmetric]


def test_slopes_of_two_crossed_columns_step_down_to_every_combination():
    names = [term.name for term in compound_symmetry(between_cells("image", ("arm", "time")))]
    assert names == ["image", "image:arm", "image:time", "image:arm:time"]


def test_a_term_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="intercept without slopes"):
        Random("image", (Categorical("arm"),), cells=("arm",))
    with pytest.raises(ValueError, match="add slopes"):
        Random("image", intercept=False)
