"""Holm's method over a family."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.statistics.multiplicity import benjamini_hochberg, holm

P = st.floats(0, 1)


@pytest.fixture(autouse=True, scope="module")
def little_garbage():
    """Keep the session's objects out of the collections that statsmodels runs in every call."""
    gc.freeze()
    yield
    gc.unfreeze()


@settings(max_examples=25, deadline=None)
@given(st.lists(P, min_size=1, max_size=12))
def test_adjusted_p_are_those_of_statsmodels(p_values):
    adjusted = holm({str(index): p for index, p in enumerate(p_values)})
    assert list(adjusted.values()) == list(multipletests(p_values, method="holm")[1])


@settings(max_examples=25, deadline=None)
@given(st.lists(P, min_size=1, max_size=12))
def test_adjustment_never_lowers_p_nor_changes_the_order(p_values):
    adjusted = list(holm({str(index): p for index, p in enumerate(p_values)}).values())
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    assert [adjusted[i] for i in order] == sorted(adjusted)


def test_a_test_that_could_not_be_done_stays_in_the_count():
    assert holm({"a": 0.02, "b": None, "c": None}) == {"a": 0.06, "b": None, "c": None}


def test_the_textbook_example_by_hand():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert adjusted == {"a": 0.03, "b": 0.06, "c": 0.06}


def test_no_tests_need_no_adjustment():
    assert holm({}) == {}


@settings(max_examples=25, deadline=None)
@given(st.lists(P, min_size=1, max_size=12))
def test_exploratory_p_are_statsmodels_benjamini_hochberg(p_values):
    adjusted = benjamini_hochberg({str(index): p for index, p in enumerate(p_values)})
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert list(adjusted.values()) == [pytest.approx(value) for value in expected]
