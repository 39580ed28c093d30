"""The whole analysis: the planted is found, the null is not claimed, twice is the same."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import TableError
from analysis.report.sentences import findings
from analysis.results import to_json
from analysis.run import analyse
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable
from analysis.statistics.multiplicity import holm
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, results_of, write_study


def outcome(results, key):
    return next(result for result in results.outcomes if result.outcome.key == key)


def contrast(results, key, arm):
    return next(entry for entry in outcome(results, key).found.contrasts if entry.arm == arm)


def test_the_planted_effects_are_found_where_they_were_planted(planted_results):
    assert outcome(planted_results, "trust").p_adjusted < 0.01
    assert contrast(planted_results, "trust", "gradcam").difference.low > 0
    assert contrast(planted_results, "trust", "gradcam").g.low > 0.5
    assert outcome(planted_results, "agreement_wrong").p_adjusted < 0.01
    assert contrast(planted_results, "agreement_wrong", "placebo").difference.low > 0.1
    assert contrast(planted_results, "agreement_wrong", "gradcam").difference.low < 0


def test_the_analysis_tells_which_outcome_it_has_come_to(folder, tmp_path):
    steps = []
    results = analyse(folder, tmp_path / "report", told=steps.append)
    number = len(results.outcomes)
    counted = [f"outcome {place} of {number}" for place in range(1, number + 1)]
    assert steps == ["reading", *counted, "other parts", "drawing"]


def test_what_was_not_planted_is_not_claimed(planted_results):
    for key in ("understanding", "sureness"):
        assert outcome(planted_results, key).p_adjusted >= 0.05
        text = " ".join(findings(outcome(planted_results, key), planted_results))
        assert "does not show that the arm means differ" in text
        assert "higher" not in text
        assert "lower" not in text


def test_the_sentence_names_the_arm_that_differs_and_its_direction(planted_results):
    text = " ".join(findings(outcome(planted_results, "trust"), planted_results))
    assert "not all equal" in text
    assert "higher in “Grad-CAM”" in text
    assert "“Placebo map”" not in text


@pytest.mark.parametrize("adjusted", [0.05, 0.2, 1.0])
def test_no_effect_is_claimed_when_the_adjusted_p_is_not_below_alpha(planted_results, adjusted):
    """Whatever the pairs look like: the planted outcome's own contrasts are significant here."""
    result = replace(outcome(planted_results, "trust"), p_adjusted=adjusted)
    text = " ".join(findings(result, planted_results))
    assert "does not show" in text
    assert "not all equal" not in text
    assert "higher" not in text
    assert "Before adjustment for the tests of its family" in text


def test_under_the_null_a_family_claims_something_in_five_of_a_hundred_at_most():
    """300 null families of three Welch tests: 15 false claims expected at most, SD below 4."""
    rng = np.random.default_rng(8)
    claims = 0
    for _ in range(300):
        people = {
            arm: rng.normal(size=(20, 1)) / 2 + rng.normal(size=(20, 3)) for arm in THREE_ARMS
        }
        p_values = {
            str(outcome): welch_anova({arm: rows[:, outcome] for arm, rows in people.items()}).p
            for outcome in range(3)
        }
        if min(p_values.values()) < 0.05:  # Holm raises p, never lowers it; statsmodels' is slow
            claims += any(adjusted < 0.05 for adjusted in holm(p_values).values())
    assert 3 <= claims <= 27


@pytest.mark.parametrize(
    ("outcomes", "figures"),
    [
        pytest.param(1, 3 + 2, marks=pytest.mark.figures),
        pytest.param(4, 5 + 4 * 2, marks=[pytest.mark.nightly, pytest.mark.whole_report]),
    ],
)
def test_two_runs_write_the_same_bytes(folder, tmp_path, outcomes, figures):
    plan = folder / "plan.toml"
    plan.write_text("\n[[outcomes]]".join(plan.read_text().split("\n[[outcomes]]")[: 1 + outcomes]))
    first, second = tmp_path / "first", tmp_path / "second"
    for place in (first, second):
        analyse(folder, place)
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(list((first / "figures").glob("*.svg"))) == figures
    assert len(files) > 3 + 2 * figures
    for name in files:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_results_json_is_strict_json_with_numbers_in_full(planted_output, planted_results):
    def refuse(constant):
        raise AssertionError(f"{constant} in results.json")

    text = (planted_output / "results.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_constant=refuse)
    assert text == to_json(planted_results)
    assert document["schema"] == 2
    assert document["simulated"] is True
    first = document["outcomes"][0]
    assert first["found"]["welch"]["p"] == outcome(planted_results, "trust").found.welch.p


def test_results_name_no_folder_of_this_machine(planted_folder, planted_output):
    for name in ("results.json", "report.html"):
        text = (planted_output / name).read_text(encoding="utf-8")
        assert str(planted_folder.parent) not in text
        assert str(planted_output) not in text


def test_the_flow_adds_up_and_says_who_is_analysed(planted_results):
    for row in planted_results.flow:
        assert row.randomised == row.completed + row.stopped + row.left_silently == 32
        assert row.analysed["trust"] == row.completed == 30
        assert row.analysed["agreement_wrong"] == row.randomised


def test_an_outcome_can_be_restricted_to_those_who_completed(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=5, unfinished=2)
    plan = folder / "plan.toml"
    text = plan.read_text().replace(
        'column = "agreed"', 'column = "agreed"\npopulation = "completed"'
    )
    plan.write_text(text)
    results = results_of(folder)
    assert all(row.analysed["agreement_wrong"] == 5 for row in results.flow)
    assert all(row.analysed["sureness"] >= 5 for row in results.flow)


def test_scores_csv_holds_one_row_per_participant(planted_output, planted_folder):
    scores = pd.read_csv(planted_output / "scores.csv")
    people = pd.read_csv(planted_folder / "participants.csv")
    assert scores["participant"].tolist() == people["participant"].tolist()
    for state in ("stopped", "started"):
        unfinished = scores[scores["state"] == state]
        assert len(unfinished) > 0
        assert unfinished["trust"].isna().all()
        assert unfinished["sureness"].notna().all()


def test_a_damaged_folder_writes_nothing(folder, tmp_path):
    (folder / "trials.csv").unlink()
    with pytest.raises(TableError):
        analyse(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_agreement_is_the_mean_of_the_participants_own_shares(planted_results, planted_folder):
    trials = pd.read_csv(planted_folder / "trials.csv")
    own = trials[trials["arm"] == "none"]
    row = next(row for row in planted_results.agreement if row.arm == "none")
    wrong = own[own["prediction_correct"] == 0].groupby("participant")["agreed"].mean()
    good = (own["agreed"] == own["prediction_correct"]).groupby(own["participant"]).mean()
    assert row.agreement_wrong.value == pytest.approx(wrong.mean())
    assert row.agreement_wrong.n == len(wrong)
    assert row.decision_accuracy.value == pytest.approx(good.mean())


def test_what_was_shown_counts_images_and_the_classifiers_accuracy(planted_results):
    shown = planted_results.stimuli_shown
    assert (shown.images, shown.right, shown.wrong) == (12, 8, 4)
    assert shown.accuracy == pytest.approx(2 / 3)
    assert shown.same_images


def test_arms_that_saw_other_images_are_noticed(folder, tmp_path):
    def swap(frame):
        frame.loc[frame["arm"] == "placebo", "image"] += "f"
        return frame

    results, report = page_of(edit(folder, "trials.csv", swap))
    assert not results.stimuli_shown.same_images
    assert "The arms did not see the same images" in report


def numbers(value):
    """Every Estimate and HypothesisTest inside a results object."""
    if isinstance(value, Estimate | HypothesisTest):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from numbers(entry)
    elif isinstance(value, tuple):
        for entry in value:
            yield from numbers(entry)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from numbers(getattr(value, name))


def test_every_interval_holds_its_estimate(planted_results):
    found = list(numbers(planted_results))
    assert len(found) > 50
    for entry in found:
        if isinstance(entry, Estimate):
            assert entry.low <= entry.value <= entry.high


def constant_trust(frame):
    middle = frame["item"].str.startswith("trust")
    frame.loc[middle, "value"] = "4"
    return frame


def one_finisher_in_placebo(frame):
    placebo = frame.index[frame["arm"] == "placebo"]
    frame.loc[placebo[1:], ["state", "completed_at", "seconds_total"]] = ["started", "", ""]
    return frame


def everyone_accepts(frame):
    return frame.assign(agreed="1")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "change", "key", "reason"),
    [
        ("answers.csv", constant_trust, "trust", "scores equal 4"),
        ("participants.csv", one_finisher_in_placebo, "trust", "“Placebo map” has 1"),
        pytest.param(
            "trials.csv",
            everyone_accepts,
            "agreement_wrong",
            "scores equal 1",
            marks=pytest.mark.nightly,
        ),
        ("participants.csv", lambda frame: frame.iloc[:0], "trust", "“none” has 0"),
        pytest.param(
            "participants.csv",
            lambda f: f[f["arm"] != "placebo"],
            "sureness",
            "“placebo” has 0",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_what_cannot_be_estimated_is_said_once_without_a_number(folder, name, change, key, reason):
    edit(folder, name, change)
    if name == "participants.csv":
        people = set(pd.read_csv(folder / name)["participant"])
        for other in ("trials.csv", "answers.csv"):
            edit(folder, other, lambda frame: frame[frame["participant"].isin(people)])
    results, page = page_of(folder)
    found = outcome(results, key)
    assert isinstance(found.found.welch, NotEstimable)
    assert reason in found.found.welch.reason
    assert found.p_adjusted is None
    assert findings(found, results) == [f"Not estimable: {found.found.welch.reason}."]
    for text in (to_json(results), page):
        assert not re.search(r"\b(nan|inf|infinity)\b", text, re.IGNORECASE)
        assert reason in text
