"""Agreement with the classifier by the image's class, with intervals and a correction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.sections.agreement_by_class import agreement_by_class
from analysis.statistics.estimate import Estimate
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import edit, page_of, write_study

ARMS = {"none": "No explanation", "gradcam": "Grad-CAM"}


@pytest.fixture
def fair(tmp_path):
    return write_study(tmp_path / "data", arms=ARMS, per_arm=30, seed=2)


def with_doubted_class(folder, name="boat"):
    """The same study, in which nobody but every fifth person follows the classifier for a class."""

    def change(trials: pd.DataFrame) -> pd.DataFrame:
        people = trials["participant"].drop_duplicates().tolist()
        number = trials["participant"].map({person: i for i, person in enumerate(people)})
        of_class = (trials["true_class"] == name) & (trials["agreed"] != "")
        return trials.assign(
            agreed=trials["agreed"]
            .mask(of_class & (number % 5 > 0), "0")
            .mask(of_class & (number % 5 == 0), "1")
        )

    return edit(folder, "trials.csv", change)


def test_the_rows_are_those_of_the_trials(fair):
    data = read_study(fair)
    rows = agreement_by_class(data)
    trials = data.trials.dropna(subset=["agreed"])
    assert {(row.true_class, row.prediction) for row in rows} == {
        (name, "right" if right else "wrong")
        for name, right in trials[["true_class", "prediction_correct"]].drop_duplicates().values
    }
    for row in rows:
        right = int(row.prediction == "right")
        kind = trials[trials["prediction_correct"] == right].astype({"agreed": float})
        own = kind[kind["true_class"] == row.true_class]
        assert row.trials == len(own)
        assert row.images == own["image"].nunique()
        shares = own.groupby("participant")["agreed"].mean()
        others = kind[kind["true_class"] != row.true_class].groupby("participant")["agreed"].mean()
        if isinstance(row.agreement, Estimate):
            assert row.agreement.value == pytest.approx(shares.mean())
        if isinstance(row.difference, Estimate):
            both = pd.concat([shares, others], axis=1, join="inner")
            expected = stats.ttest_rel(both.iloc[:, 0], both.iloc[:, 1])
            assert row.difference.p == pytest.approx(expected.pvalue)
            assert row.difference.n == len(both)


def test_p_is_adjusted_over_all_classes_and_both_kinds_of_prediction(fair):
    rows = agreement_by_class(read_study(fair))
    assert len(rows) > 6
    plain = {
        str(number): row.difference.p if isinstance(row.difference, Estimate) else None
        for number, row in enumerate(rows)
    }
    assert [row.p_adjusted for row in rows] == list(holm(plain).values())


def test_a_class_that_people_doubt_is_found_and_the_others_are_not(fair):
    rows = agreement_by_class(read_study(with_doubted_class(fair)))
    found = {row.true_class for row in rows if row.p_adjusted is not None and row.p_adjusted < 0.05}
    assert "boat" in found
    (boat,) = [row for row in rows if (row.true_class, row.prediction) == ("boat", "right")]
    assert boat.agreement.value == pytest.approx(0.2, abs=0.01)
    assert boat.difference.value < -0.3


@pytest.mark.nightly
def test_without_a_difference_few_studies_find_one(tmp_path):
    """Holm keeps the share of studies with any false finding below 5 %."""
    false = 0
    for seed in range(12):
        folder = write_study(tmp_path / str(seed), arms=ARMS, per_arm=12, seed=seed)

        def alike(trials: pd.DataFrame, seed: int = seed) -> pd.DataFrame:
            chance = np.random.default_rng(seed)
            coins = pd.Series(chance.integers(0, 2, len(trials)).astype(str), index=trials.index)
            return trials.assign(agreed=coins.where(trials["agreed"] != "", ""))

        rows = agreement_by_class(read_study(edit(folder, "trials.csv", alike)))
        false += any(row.p_adjusted is not None and row.p_adjusted < 0.05 for row in rows)
    assert false <= 2


def test_images_of_one_class_have_no_comparison(fair):
    def one(trials: pd.DataFrame) -> pd.DataFrame:
        return trials.assign(true_class="boat", predicted_class="boat", prediction_correct="1")

    assert agreement_by_class(read_study(edit(fair, "trials.csv", one))) == ()


def test_people_who_do_not_see_the_prediction_are_left_out(fair):
    plan = fair / "plan.toml"
    plan.write_text(plan.read_text().replace("alpha =", 'human_alone = "gradcam"\nalpha =', 1))
    data = read_study(fair)
    rows = agreement_by_class(data)
    others = data.trials[(data.trials["arm"] == "none")].dropna(subset=["agreed"])
    assert sum(row.trials for row in rows) == len(others)


def test_the_report_prints_every_row(fair):
    results, page = page_of(with_doubted_class(fair))
    assert "Agreement by class" in page
    table = page[page.index('id="agreement-classes"') :].partition("</table>")[0]
    assert table.count("<tr>") == len(results.agreement_by_class) + 1
    assert results.agreement_by_class == agreement_by_class(read_study(fair))
