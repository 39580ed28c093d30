"""Boundaries of group-sequential tests against published tables and against R's rpact 3.3.4."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import pytest
from scipy import optimize

from analysis.sequential.boundaries import Design, Spending
from analysis.sequential.expected import course, drift_with_power, inflation
from analysis.sequential.recursion import Walk

# Jennison and Turnbull, Group Sequential Methods (2000), tables 2.1 and 2.3: two-sided, alpha .05.
POCOCK = {
    2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 6: 2.453, 7: 2.485, 8: 2.512, 9: 2.535, 10: 2.555,
}  # fmt: skip
OBRIEN_FLEMING = {
    2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 6: 2.053, 7: 2.063, 8: 2.072, 9: 2.080, 10: 2.087,
}  # fmt: skip

# R: getDesignGroupSequential(kMax=K, alpha=0.05, sided=2, typeOfDesign="asOF" or "asP")
RPACT: dict[tuple[Spending, tuple[float, ...], float], tuple[float, ...]] = {
    ("obrien_fleming", (0.5, 1), 0.05): (2.962588, 1.968596),
    ("obrien_fleming", (1 / 3, 2 / 3, 1), 0.05): (3.710303, 2.511427, 1.993047),
    ("obrien_fleming", (0.25, 0.5, 0.75, 1), 0.05): (4.332634, 2.963132, 2.359044, 2.014090),
    ("obrien_fleming", (0.2, 0.4, 0.6, 0.8, 1), 0.05): (
        4.876885, 3.357012, 2.680280, 2.289817, 2.031032,
    ),
    ("obrien_fleming", tuple((k + 1) / 10 for k in range(10)), 0.05): (
        6.991352, 4.877024, 3.929683, 3.367079, 2.989330,
        2.714809, 2.504077, 2.335829, 2.197503, 2.081176,
    ),
    # informationRates=c(.3, .35, .7, 1)
    ("obrien_fleming", (0.3, 0.35, 0.7, 1), 0.05): (3.928573, 3.636824, 2.440641, 2.000197),
    ("pocock", (0.5, 1), 0.05): (2.156999, 2.200977),
    ("pocock", (1 / 3, 2 / 3, 1), 0.05): (2.279428, 2.294911, 2.295938),
    ("pocock", (0.25, 0.5, 0.75, 1), 0.05): (2.368328, 2.367524, 2.358168, 2.350030),
    ("pocock", (0.2, 0.4, 0.6, 0.8, 1), 0.05): (2.437977, 2.426814, 2.410194, 2.396645, 2.385985),
    ("pocock", tuple((k + 1) / 20 for k in range(20)), 0.05): (
        2.868740, 2.829327, 2.787312, 2.751405, 2.721179, 2.695511, 2.673444, 2.654247, 2.637373,
        2.622402, 2.609013, 2.596955, 2.586027, 2.576068, 2.566948, 2.558559, 2.550811, 2.543629,
        2.536951, 2.530720,
    ),
    ("pocock", (0.3, 0.35, 0.7, 1), 0.01): (2.865969, 3.100231, 2.885325, 2.921383),
    # typeOfDesign="HP", constantBoundsHP=3
    ("haybittle_peto", (1 / 3, 2 / 3, 1), 0.05): (3, 3, 1.975098),
    ("haybittle_peto", (0.2, 0.4, 0.6, 0.8, 1), 0.05): (3, 3, 3, 3, 1.990046),
}  # fmt: skip


def constant(shape: Callable[[float], float], looks: int) -> float:
    """Return c, such that the boundary c × shape(fraction) at equal looks has the level .05."""

    def excess(c: float) -> float:
        walk = Walk.start()
        for fraction in (np.arange(looks) + 1) / looks:
            z = c * shape(fraction)
            walk = walk.go_on(fraction, [(-z, z)])
        return 1 - walk.going_on - 0.05

    return float(optimize.brentq(excess, 1.5, 3))


@pytest.mark.parametrize("looks", POCOCK)
def test_constants_of_pocock_equal_the_published_table(looks: int) -> None:
    assert round(constant(lambda _: 1, looks), 3) == pytest.approx(POCOCK[looks], abs=1e-9)


@pytest.mark.parametrize("looks", OBRIEN_FLEMING)
def test_constants_of_obrien_and_fleming_equal_the_published_table(looks: int) -> None:
    found = constant(lambda fraction: 1 / sqrt(fraction), looks)
    assert round(found, 3) == pytest.approx(OBRIEN_FLEMING[looks], abs=1e-9)


@pytest.mark.parametrize(("kind", "fractions", "alpha"), RPACT)
def test_boundaries_equal_those_of_rpact(
    kind: Spending, fractions: tuple[float, ...], alpha: float
) -> None:
    found = Design(kind, fractions, alpha).at(fractions)
    for look, expected in zip(found, RPACT[kind, fractions, alpha], strict=True):
        # Far out, where less than a millionth is spent, rpact's own tolerance shows.
        assert look.efficacy == pytest.approx(expected, abs=2e-6 if expected < 4.5 else 2e-4)
    assert found[-1].spent == pytest.approx(alpha, abs=1e-9)


def test_an_unplanned_time_changes_only_its_own_and_later_boundaries() -> None:
    design = Design("obrien_fleming", (0.25, 0.5, 0.75, 1))
    planned, moved = design.at(design.planned), design.at((0.25, 0.5, 0.61, 1))
    assert moved[:2] == planned[:2]
    assert moved[2].efficacy > planned[2].efficacy
    assert moved[-1].spent == pytest.approx(0.05, abs=1e-9)


def test_haybittle_and_peto_never_spend_more_than_the_level_at_an_interim_look() -> None:
    design = Design("haybittle_peto", (0.5, 1), alpha=0.001)
    assert design.at((0.5,))[0].spent <= 0.001
    assert design.at((0.5, 1))[-1].spent == pytest.approx(0.001, abs=1e-9)


def test_futility_equals_that_of_rpact_where_the_wrong_side_does_not_matter() -> None:
    # R: getDesignGroupSequential(kMax=4, alpha=0.05, beta=.2, sided=2, typeOfDesign="asP",
    # typeBetaSpending="bsP", bindingFutility=FALSE), which ignores the study's wrong side.
    fractions = (0.25, 0.5, 0.75, 1)
    design = Design("pocock", fractions, futility="pocock", power=0.8)
    looks = design.at(fractions)
    assert [look.efficacy for look in looks] == pytest.approx(RPACT["pocock", fractions, 0.05])
    found = [look.futility for look in looks]
    assert found[1:] == pytest.approx([0.974554, 1.664225, 2.350030], abs=0.02)
    assert design.planned_drift**2 == pytest.approx(11.42607, rel=0.005)


@pytest.mark.parametrize("futility", ["obrien_fleming", "pocock"])
def test_a_study_that_obeys_futility_has_the_power_and_one_that_does_not_the_level(
    futility: str,
) -> None:
    fractions = (0.2, 0.4, 0.6, 0.8, 1)
    design = Design("obrien_fleming", fractions, futility=futility, power=0.9)  # type: ignore[arg-type]
    looks = design.at(fractions)
    assert course(looks, design.planned_drift).power == pytest.approx(0.9, abs=1e-6)
    assert looks[-1].futility == looks[-1].efficacy
    assert course(looks, 0).power < 0.05
    ignored = Design("obrien_fleming", fractions).at(fractions)
    assert course(ignored, 0).power == pytest.approx(0.05, abs=1e-9)


# R: getDesignCharacteristics(getDesignGroupSequential(kMax=5, alpha=.05, beta=.1, sided=2, …))
@pytest.mark.parametrize(
    ("kind", "factor", "planned", "null"),
    [
        ("pocock", 1.192348, 0.6839927, 1.163828),
        ("obrien_fleming", 1.023078, 0.758667, 1.016361),
    ],
)
def test_the_expected_sample_equals_that_of_rpact(
    kind: Spending, factor: float, planned: float, null: float
) -> None:
    design = Design(kind, (0.2, 0.4, 0.6, 0.8, 1))
    looks = design.at(design.planned)
    # rpact does not count the few studies that stop in the wrong direction as power.
    assert inflation(design, 0.9) == pytest.approx(factor, rel=2e-4)
    drift = drift_with_power(looks, 0.9)
    assert course(looks, drift).expected * factor == pytest.approx(planned, rel=2e-4)
    assert course(looks, 0).expected * factor == pytest.approx(null, rel=2e-4)


def test_the_recursion_equals_a_simulation_of_the_walk() -> None:
    # An independent way to the same numbers: sums of normal steps, without any integration.
    fractions = np.array([0.15, 0.5, 0.8, 1.0])
    design = Design("pocock", tuple(fractions), futility="pocock", power=0.8)
    looks, drift = design.at(tuple(fractions)), 2.0
    rng = np.random.default_rng(3)
    steps = np.diff(fractions, prepend=0)
    z = (rng.normal(size=(200_000, 4)) * np.sqrt(steps) + drift * steps).cumsum(1)
    z /= np.sqrt(fractions)
    crossed = np.abs(z) >= [look.efficacy for look in looks]
    futile = np.abs(z) <= [look.futility or 0 for look in looks]
    stopped = crossed | futile
    first = stopped.argmax(1)
    found = course(looks, drift)
    for number in range(4):
        share = (stopped.any(1) & (first == number) & crossed[:, number]).mean()
        assert found.effect[number] == pytest.approx(share, abs=4 * sqrt(0.25 / len(z)))


@pytest.mark.parametrize("fractions", [(0.5, 0.5, 1), (0, 1), (0.6, 0.4)])
def test_fractions_that_do_not_grow_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="must be above 0 and grow"):
        Design("pocock", fractions)
