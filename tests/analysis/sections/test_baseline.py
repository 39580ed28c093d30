"""Table 1, and what the classifier got right and wrong in what was shown."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.sections.baseline import baseline
from analysis.sections.stimuli_shown import stimuli_shown
from analysis.statistics.chance_imbalance import (
    chance_imbalance,
    largest_difference,
    standardised_difference,
)
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, write_study


def with_covariates(folder, *names):
    plan = folder / "plan.toml"
    plan.write_text(f"covariates = {json.dumps(list(names))}\n" + plan.read_text())
    return folder


def test_a_standardised_difference_of_means_is_in_units_of_the_common_sd():
    one, other = pd.Series([1.0, 2, 3, 4]), pd.Series([3.0, 5, 7, 9])
    expected = (2.5 - 6) / np.sqrt((5 / 3 + 20 / 3) / 2)
    assert standardised_difference(one, other) == pytest.approx(expected)
    assert standardised_difference(other, one) == pytest.approx(-expected)


def test_of_two_levels_it_is_the_difference_of_shares_in_units_of_their_sd():
    """Austin (2009): (p1 - p2) / sqrt((p1 (1 - p1) + p2 (1 - p2)) / 2), without its sign."""
    one, other = pd.Series(["a"] * 30 + ["b"] * 70), pd.Series(["a"] * 50 + ["b"] * 50)
    expected = 0.2 / np.sqrt((0.3 * 0.7 + 0.5 * 0.5) / 2)
    assert standardised_difference(one, other) == pytest.approx(expected)


def test_of_several_levels_it_does_not_depend_on_their_order():
    """Yang & Dalton's distance worked out on paper: shares .3 .3 .4 against .2 .5 .3."""
    one, other = pd.Series([*"aaabbbcccc"]), pd.Series([*"aabbbbbccc"])
    names = {"a": "z", "b": "y", "c": "x"}
    found = standardised_difference(one, other)
    assert found == pytest.approx(standardised_difference(one.map(names), other.map(names)))
    # d = (.1, -.2), S = [[.185, -.095], [-.095, .23]], |S| = .033525
    square = (0.1**2 * 0.23 - 2 * 0.1 * 0.2 * 0.095 + 0.2**2 * 0.185) / 0.033525
    assert found == pytest.approx(np.sqrt(square))


@pytest.mark.parametrize(
    ("one", "other"), [([1.0], [1.0, 2.0]), ([2.0, 2.0], [2.0, 2.0]), ([*"aa"], [*"aa"])]
)
def test_where_nothing_varies_there_is_no_standardised_difference(one, other):
    assert standardised_difference(pd.Series(one), pd.Series(other)) is None


@pytest.mark.parametrize(
    ("one", "other"), [([*"aaa"], [*"bbb"]), ([2.0, 2.0], [3.0, 3.0]), ([*"aaa"], [*"bbc"])]
)
def test_groups_that_differ_in_what_varies_in_neither_are_infinitely_apart(one, other):
    """A share of 1 against 0 was once called a difference of 0."""
    assert abs(standardised_difference(pd.Series(one), pd.Series(other))) == np.inf


def drawn(kind, sizes, rng):
    """Groups without any difference but that of chance."""
    values = {
        "numbers": lambda n: rng.normal(size=n),
        "two levels": lambda n: np.array(["a", "b"])[(rng.random(n) < 0.3).astype(int)],
        "four levels": lambda n: np.array([*"abcd"])[rng.integers(0, 4, n)],
    }[kind]
    return {str(place): pd.Series(values(n)) for place, n in enumerate(sizes)}


@pytest.mark.nightly
@pytest.mark.parametrize(
    "kind", ["numbers", "two levels", pytest.param("four levels", marks=pytest.mark.nightly)]
)
@pytest.mark.parametrize(
    "sizes",
    [*(pytest.param(n, marks=pytest.mark.nightly) for n in ([40] * 7, [25, 60, 40])), [50, 50]],
)
def test_the_largest_difference_by_chance_is_that_of_simulated_studies(kind, sizes):
    rng = np.random.default_rng(5)
    expected = chance_imbalance(drawn(kind, sizes, rng))
    studies = np.array([largest_difference(drawn(kind, sizes, rng).values()) for _ in range(200)])
    assert expected.pairs == len(sizes) * (len(sizes) - 1) // 2
    # Shares of two levels have few values, so ties count on the side that they are needed.
    assert 0.01 <= (studies >= expected.percentile_95 * (1 - 1e-9)).mean() <= 0.12
    assert (studies > expected.median * (1 + 1e-9)).mean() <= 0.65
    assert (studies >= expected.median * (1 - 1e-9)).mean() >= 0.35
    # A limit for two groups does not fit seven arms: nearly every study exceeds it.
    if len(sizes) == 7:
        assert (studies > 0.25).mean() > 0.9


def test_the_expectation_depends_neither_on_the_rows_order_nor_on_missing_values():
    groups = drawn("four levels", [20, 30, 25], np.random.default_rng(2))
    turned = {
        arm: pd.concat([values.iloc[::-1], pd.Series([None])]) for arm, values in groups.items()
    }
    assert chance_imbalance(turned) == chance_imbalance(groups)


def test_values_that_are_all_equal_have_no_largest_difference():
    assert chance_imbalance({"a": pd.Series([1.0, 1.0]), "b": pd.Series([1.0, 1.0])}) is None


def test_table_1_describes_scales_items_and_columns_by_arm(folder):
    edit(
        folder,
        "participants.csv",
        lambda frame: frame.assign(language=["de" if i % 3 else "en" for i in range(len(frame))]),
    )
    with_covariates(folder, "experience", "experience1", "language")
    codebook = pd.read_csv(folder / "codebook.csv", dtype="str", keep_default_na=False)
    row = dict.fromkeys(codebook.columns, "") | {
        "file": "participants.csv", "column": "language", "label": "Language", "type": "category",
        "values": "de=German; en=English",
    }  # fmt: skip
    edit(folder, "codebook.csv", lambda frame: pd.concat([frame, pd.DataFrame([row])]))
    data = read_study(folder)
    scale, item, language = baseline(data)
    answers = pd.read_csv(folder / "answers.csv")
    own = answers[(answers["item"] == "experience1") & (answers["arm"] == "gradcam")]["value"]
    found = next(arm for arm in item.arms if arm.arm == "gradcam")
    assert (found.n, found.missing) == (4, 0)
    assert found.mean == pytest.approx(own.mean())
    assert found.sd == pytest.approx(own.std())
    assert scale.kind == "number"
    assert language.together.counts == {"English": 4, "German": 8}
    assert sum(arm.counts["German"] for arm in language.arms) == 8
    control = next(arm for arm in item.arms if arm.arm == "none")
    assert control.smd is None
    assert item.largest >= abs(found.smd)


def test_what_the_study_file_asks_before_the_trials_is_table_1_where_the_plan_names_nothing(folder):
    assert baseline(read_study(folder)) == ()
    study = folder / "study.toml"
    study.write_text(study.read_text() + '[questionnaires]\nbefore = ["ai-experience-v1"]\n')
    assert [row.key for row in baseline(read_study(folder))] == ["experience"]
    parts = '[[parts]]\nkind = "questionnaire"\nquestionnaire = "{}"\n'
    study.write_text(
        'slug = "tidy"\n' + parts.format("trust-v1") + '[[parts]]\nkind = "trials"\n'
        + parts.format("understanding-v1")
    )  # fmt: skip
    assert [row.key for row in baseline(read_study(folder))] == ["trust"]


def test_who_stopped_is_described_with_everyone_randomised(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4, unfinished=2)
    data = read_study(with_covariates(folder, "experience", "sequence"))
    _, place = baseline(data)
    assert (data.participants["state"] == "stopped").any()
    assert place.together.n == len(data.participants)


def test_an_unknown_covariate_is_named_with_the_known_ones(folder):
    with pytest.raises(AnalysisError, match=r"'shoe_size'.*experience1"):
        read_study(with_covariates(folder, "shoe_size"))


def test_the_report_prints_table_1_without_a_test(folder, tmp_path):
    _, text = page_of(with_covariates(folder, "experience"))
    table = text[text.index("Table 1") :]
    table = table[: table.index("</table>")]
    assert "<i>M</i> (<i>SD</i>)" in table
    assert "SMD" in table
    assert "<i>p</i>" not in table
    assert "Largest SMD by chance" in table
    after = text[text.index("Table 1") :]
    assert "the largest of 3 differences, so limits for two groups" in after
    assert "usual limits of imbalance" not in after


def test_two_arms_keep_the_limits_for_two_groups(tmp_path):
    arms = {"none": "No explanation", "gradcam": "Grad-CAM"}
    folder = write_study(tmp_path / "data", arms=arms, per_arm=4)
    _, text = page_of(with_covariates(folder, "experience"))
    assert "0.1 (Austin, 2009) and 0.25 (Rubin, 2001), are for two groups" in text
    assert "limits for two groups, such as" not in text


def test_the_confusion_of_what_was_shown_adds_up_to_images_and_trials(planted_folder):
    data = read_study(planted_folder)
    shown = stimuli_shown(data)
    assert sum(one.images for one in shown.confusion) == shown.images == 12
    assert sum(one.trials for one in shown.confusion) == len(data.trials)
    wrong = [one for one in shown.confusion if one.true_class != one.predicted_class]
    assert sum(one.images for one in wrong) == shown.wrong == 4
    for arm in shown.arms:
        assert arm.right_trials + arm.wrong_trials == arm.trials


def test_every_image_is_listed_with_how_surely_it_was_classified_and_how_often_accepted(
    planted_folder,
):
    shown = stimuli_shown(read_study(planted_folder))
    trials = pd.read_csv(planted_folder / "trials.csv", dtype={"image": "str"})
    assert [one.right for one in shown.by_image] == [False] * 4 + [True] * 8
    for one in shown.by_image:
        own = trials[trials["image"] == one.image]
        assert (one.trials, one.accepted) == (len(own), own["agreed"].sum())
        assert one.probability == own["probability"].iloc[0]
    right = trials[trials["prediction_correct"] == 1].drop_duplicates("image")["probability"]
    assert shown.sure_right.mean == pytest.approx(right.mean())
    assert (shown.sure_right.lowest, shown.sure_right.highest) == (right.min(), right.max())


def test_the_maps_of_each_arm_are_named_in_the_codebooks_words(folder, tmp_path):
    def described(book):
        own = (book["file"] == "trials.csv") & (book["column"] == "method")
        assert own.sum() == 1
        book.loc[own, "values"] = "gradcam=Grad-CAM of the last layer"
        return book

    _, page = page_of(edit(folder, "codebook.csv", described))
    shown = stimuli_shown(read_study(folder))
    assert {one.arm: one.maps for one in shown.arms} == {
        "none": (), "gradcam": ("Grad-CAM of the last layer",), "placebo": ("placebo",),
    }  # fmt: skip
    table = page[page.index("Maps shown, by arm") :]
    table = table[: table.index("</table>")]
    for cell in ("no map", "Grad-CAM of the last layer", "placebo"):
        assert f">{cell}</td>" in table


@pytest.mark.nightly
def test_where_no_trial_has_a_map_the_report_lists_none(folder, tmp_path):
    edit(folder, "trials.csv", lambda frame: frame.assign(method="", explanation=""))
    _, page = page_of(folder)
    assert {one.maps for one in stimuli_shown(read_study(folder)).arms} == {()}
    assert "Maps shown, by arm" not in page
