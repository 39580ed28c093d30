"""Tables whose clearest results had no test: each of ../shared/cases/tables gives its answer."""

import shutil
from dataclasses import replace

import pytest

from analysis.results import Results
from analysis.statistics.comparisons.equivalence import equivalence_of
from analysis.statistics.estimate import Estimate
from tests.analysis.tidy import results_of


@pytest.fixture
def case(shared_dir, tmp_path):
    """Analyses one of the tables, copied so that nothing is written beside it."""

    def analysed(name: str) -> Results:
        folder = shutil.copytree(shared_dir / "cases" / "tables" / name, tmp_path / name)
        return results_of(folder)

    return analysed


@pytest.mark.shared
def test_arms_that_are_exactly_alike_are_equivalent_in_every_analysis(case):
    """Two one-sided tests at a difference of exactly 0, which is 0/0 as value / t."""
    results = case("tost-zero")
    assert len(results.outcomes) == 4
    for result in results.outcomes:
        (contrast,) = result.found.contrasts
        assert contrast.verdict == "equivalent", result.outcome.key
        assert contrast.p_equivalence < 1e-4


def test_the_standard_error_at_zero_is_that_of_the_interval():

    near = Estimate("difference", 0.1, -0.3, 0.5, 0.95, 40, "t", 0.1 / 0.2, None, 0.617)
    half = 0.2 * 1.959963984540054
    zero = replace(near, value=0.0, low=-half, high=half, statistic=0.0, p=1.0)
    expected = equivalence_of(replace(near, low=0.1 - half, high=0.1 + half), 0.5)
    found = equivalence_of(zero, 0.5)
    assert found.lower.t == pytest.approx(2.5)
    assert expected.lower.t == pytest.approx(3.0)
    assert found.upper.t == pytest.approx(-2.5)
