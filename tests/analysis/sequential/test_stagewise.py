"""p, estimates and intervals after looks, against R's rpact 3.3.4 and against simulated studies."""

import numpy as np
import pytest
from scipy import stats

from analysis.sequential.boundaries import Design
from analysis.sequential.stagewise import stagewise

FRACTIONS = (0.2, 0.4, 0.6, 0.8, 1.0)
DESIGN = Design("obrien_fleming", FRACTIONS)


def test_results_equal_those_of_rpact() -> None:
    # R: getAnalysisResults(getDesignGroupSequential(kMax=5, alpha=.025, sided=1,
    # typeOfDesign="asOF"), getDataset(n=c(40,40,40), means=c(.3,.35,.5), stDevs=c(1,1,1)),
    # normalApproximation=TRUE, stage=3), whose z is 4.219346468 and mean .3833333.
    z = 4.219346468
    error = 0.3833333333 / z
    found = stagewise(DESIGN.at(FRACTIONS[:2]), 0.6, z, 0.95)
    assert found.p / 2 == pytest.approx(0.0003982143308, rel=1e-6)
    assert found.low * error == pytest.approx(0.1523104458, abs=1e-6)
    assert found.high * error == pytest.approx(0.5433237934, abs=1e-6)
    assert found.median * error == pytest.approx(0.3541577442, abs=1e-6)


def test_without_earlier_looks_everything_is_the_ordinary_test() -> None:
    found = stagewise((), 1.0, 2.4, 0.95)
    assert found.p == pytest.approx(2 * stats.norm.sf(2.4))
    assert (found.low, found.median, found.high) == pytest.approx((2.4 - 1.959964, 2.4, 4.359964))


def test_p_is_below_alpha_exactly_where_the_boundary_is_reached() -> None:
    for number in range(1, 5):
        looks = DESIGN.at(FRACTIONS[: number + 1])
        below = stagewise(looks[:-1], looks[-1].fraction, looks[-1].efficacy - 1e-6, 0.95)
        above = stagewise(looks[:-1], looks[-1].fraction, looks[-1].efficacy + 1e-6, 0.95)
        assert below.p <= looks[-1].spent + 1e-5
        assert above.p <= below.p
    last = DESIGN.at(FRACTIONS)
    assert stagewise(last[:-1], 1.0, last[-1].efficacy + 1e-5, 0.95).p < 0.05
    assert stagewise(last[:-1], 1.0, last[-1].efficacy - 1e-5, 0.95).p > 0.05


def test_the_sign_of_z_only_mirrors_the_results() -> None:
    up, down = (stagewise(DESIGN.at((0.2, 0.4)), 0.6, z, 0.95) for z in (2.9, -2.9))
    assert down.p == pytest.approx(up.p)
    assert (down.low, down.median, down.high) == pytest.approx((-up.high, -up.median, -up.low))


@pytest.mark.nightly
def test_the_median_is_unbiased_and_the_interval_covers_where_the_ordinary_ones_do_not() -> None:
    design = Design("pocock", FRACTIONS)
    looks, drift, studies = design.at(FRACTIONS), 2.5, 20_000
    rng = np.random.default_rng(8)
    steps = rng.normal(size=(studies, 5)) * np.sqrt(0.2) + drift * 0.2
    z = steps.cumsum(1) / np.sqrt(FRACTIONS)
    stops = np.abs(z) >= [look.efficacy for look in looks]
    at = np.where(stops.any(1), stops.argmax(1), 4)
    last, truth = z[np.arange(studies), at], drift * np.sqrt(np.array(FRACTIONS)[at])
    low, median, high = np.empty((3, studies))
    for number in range(5):
        # Results grow with z, so that a table of them serves all studies that ended at this look.
        table = np.linspace(last[at == number].min(), last[at == number].max(), 40)
        found = [stagewise(looks[:number], FRACTIONS[number], one, 0.9) for one in table]
        for name, values in (("low", low), ("median", median), ("high", high)):
            column = [getattr(one, name) for one in found]
            values[at == number] = np.interp(last[at == number], table, column)
    error = np.sqrt(0.25 / studies)
    assert np.mean(median > truth) == pytest.approx(0.5, abs=3.5 * error)
    assert np.mean((low < truth) & (truth < high)) == pytest.approx(
        0.9, abs=3.5 * np.sqrt(0.09 / studies)
    )
    # The negative control: the ordinary estimate is too large in clearly more than half.
    assert np.mean(last > truth) > 0.5 + 10 * error
