"""k-anonymity: reached in every case, with as little coarsening as needed, and suppression last."""

from collections import Counter
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import ReleaseError
from analysis.release.anonymity import anonymise
from analysis.release.declaration import QuasiIdentifier, Release, problems_of
from analysis.release.hierarchies import exact, of_groups, of_numbers, usual_widths

AGE = of_numbers("age", (5, 10, 20, 40), 18, 100)
GENDER = exact("gender")
SCHOOL = of_groups("school", {"low": ("a", "b"), "high": ("c", "d")})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(18, 90).map(str),
            st.sampled_from("wwwmmmn"),
            st.sampled_from(["a", "c", ""]),
        ),
        min_size=5,
        max_size=60,
    ),
    st.integers(2, 5),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_every_combination_is_shared_by_k_people(people, k, most):
    result = anonymise(people, [AGE, GENDER, SCHOOL], k, most)
    counts = Counter(result.values)
    assert min(counts.values()) >= k
    assert result.smallest == min(counts.values())
    assert len(result.values) == len(people)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(18, 70).map(str), st.sampled_from("abcd")), min_size=8, max_size=40
    )
)
def test_without_suppression_no_finer_combination_of_levels_would_do(people):
    result = anonymise(people, [AGE, SCHOOL], 3, 0.0)
    if result.suppressed or "withheld" in {level.words for level in result.levels}:
        return
    chosen = [h.levels.index(level) for h, level in zip((AGE, SCHOOL), result.levels, strict=True)]
    for finer in product(*(range(place + 1) for place in chosen)):
        if list(finer) == chosen:
            continue
        levels = AGE.levels[finer[0]], SCHOOL.levels[finer[1]]
        classes = Counter((levels[0].of(age), levels[1].of(school)) for age, school in people)
        assert min(classes.values()) < 3


def test_what_is_shared_by_enough_people_is_left_as_it_is():
    people = [("30", "w", "a")] * 5 + [("41", "m", "c")] * 6
    result = anonymise(people, [AGE, GENDER, SCHOOL], 5, 0.1)
    assert list(result.values) == people
    assert not result.suppressed


def test_ages_are_put_in_bands_before_anybody_is_suppressed():
    people = [(str(age), "w", "a") for age in (30, 31, 32, 33, 34)]
    result = anonymise(people, [AGE, GENDER, SCHOOL], 5, 1.0)
    assert set(result.values) == {("32", "w", "a")}
    assert not result.suppressed


def test_a_rare_answer_without_groups_is_withheld_with_enough_others_to_hide_it():
    people = [("30", "w", "a")] * 20 + [("30", "n", "a")] + [("30", "m", "a")] * 6
    result = anonymise(people, [AGE, GENDER, SCHOOL], 5, 0.3)
    # Alone among the withheld, the one person would be known to be the rare one.
    assert len(result.suppressed) == 7
    assert 20 in result.suppressed
    assert Counter(result.values)[("", "", "")] == 7


def test_a_question_is_withheld_from_all_if_too_many_would_be_suppressed():
    people = [("30", "w", "a")] * 20 + [("30", "n", "a")] + [("30", "m", "a")] * 6
    result = anonymise(people, [AGE, GENDER, SCHOOL], 5, 0.1)
    assert result.levels[1].words == "withheld"
    assert set(result.values) == {("30", "", "a")}


def test_fewer_people_than_k_are_refused():
    with pytest.raises(ReleaseError, match="asks for k = 5, but only 3 people"):
        anonymise([("30",)] * 3, [AGE], 5, 0.1)


def test_bands_give_middles_that_stay_within_the_codebooks_limits():
    band = of_numbers("age", (10,), 18, 75).levels[1]
    assert [band.of(text) for text in ("30", "39", "18", "74", "75", "")] == [
        *("34", "34", "18", "74", "74", "")
    ]


def test_the_usual_bands_are_nested():
    for low, high in ((0, 24), (18, 100), (0, 1), (1, 7)):
        widths = usual_widths(low, high)
        assert all(wide == 2 * narrow for narrow, wide in pairwise(widths))
        assert widths[0] <= (high - low) / 8


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (Release(quasi_identifiers=(QuasiIdentifier("a", (5, 12)),)), "12 is not a multiple of 5"),
        (Release(quasi_identifiers=(QuasiIdentifier("a"),) * 2), "is listed twice"),
        (
            Release(quasi_identifiers=(QuasiIdentifier("a", groups={"x": ("1",), "y": ("1",)}),)),
            "'1' is in two groups",
        ),
        (Release(pictures="open"), "needs pictures_licence"),
    ],
)
def test_a_faulty_declaration_is_told(release, said):
    ((_, sentence),) = problems_of(release)
    assert said in sentence
