"""Departures from the plan are found by comparing, and what was not planned claims nothing."""

from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from analysis.outcomes.fallbacks import Refusal
from analysis.outcomes.random_terms import LEFT_OUT, simplifications
from analysis.plan.plan import Outcome, analysis_of
from analysis.plan.reading import plan_hash, read_document
from analysis.report.plan_decisions import plan_decisions
from analysis.results import Results
from analysis.sections.deviations import Deviation, _of_run, deviations, hold_to
from analysis.statistics.estimate import NotEstimable
from analysis.statistics.mixed_models.random_structure import Decision
from analysis.statistics.mixed_models.specification import Random
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, results_of, write_study


@pytest.fixture
def study(tmp_path):
    """Trust differs by a standard deviation and a half."""
    arms = THREE_ARMS
    return write_study(tmp_path / "data", arms=arms, per_arm=20, trust={"gradcam": 1.5}, seed=3)


def changed(study, tmp_path, change) -> Path:
    plan = tmp_path / "changed.toml"
    plan.write_text(change((study / "plan.toml").read_text()))
    return plan


def deviations_of(study, plan=None, registered=None) -> tuple[Deviation, ...]:
    """The deviations alone, without those that only an analysis can find."""
    held_to = read_document(registered) if registered is not None else None
    return deviations(hold_to(read_study(study, plan), held_to), (), None)


def carried_out(study, tmp_path, change) -> Results:
    plan = changed(study, tmp_path, change)
    return results_of(study, plan=plan, registered=study / "plan.toml")


def test_a_plan_carried_out_as_it_came_has_no_deviation(planted_results):
    assert planted_results.deviations == ()


@pytest.mark.nightly
def test_a_changed_alpha_is_listed_with_both_values(study, tmp_path):
    plan = changed(study, tmp_path, lambda text: text.replace("0.05", "0.10"))
    results, text = page_of(study, plan=plan, registered=study / "plan.toml")
    (found,) = results.deviations
    assert (found.kind, found.where, found.planned, found.done) == ("plan", "alpha", "0.05", "0.1")
    assert "Deviations from the plan" in text
    assert results.provenance.registered_plan_sha256 in text


def test_an_outcome_analysed_otherwise_than_registered_is_exploratory(study, tmp_path):
    def change(text):
        return text.replace('scale = "trust"', 'scale = "trust"\nanalysis = "ranks"')

    results = carried_out(study, tmp_path, change)
    trust = results.outcomes[0]
    assert trust.found.test.p < 0.001
    assert trust.outcome.role == "exploratory"
    assert trust.outcome.key not in [one.outcome.key for one in results.confirmatory]
    told = {(one.where, one.planned, one.done) for one in results.deviations}
    assert ("outcomes “trust”, analysis", "one_way", "ranks") in told
    assert ("outcomes “trust”, role", "confirmatory", "exploratory") in told


def test_an_outcome_that_was_not_registered_is_exploratory(study, tmp_path):
    registered = tmp_path / "registered.toml"
    text = (study / "plan.toml").read_text()
    registered.write_text(text.rsplit("[[outcomes]]", 1)[0])
    data = hold_to(read_study(study), read_document(registered))
    assert [one.key for one in data.plan.outcomes if one.role == "exploratory"] == ["sureness"]
    found = deviations(data, (), None)
    assert any("sureness" in one.where and one.planned == "absent" for one in found)


def test_an_outcome_that_was_registered_and_is_missing_is_listed(study, tmp_path):
    plan = changed(study, tmp_path, lambda text: text.rsplit("[[outcomes]]", 1)[0])
    found = deviations_of(study, plan, study / "plan.toml")
    assert any("sureness" in one.where and one.done == "absent" for one in found)


def test_another_label_or_spacing_is_no_deviation(study, tmp_path):
    def change(text):
        return "# remark\n" + text.replace('"What explanations', '"Again: what explanations')

    plan = changed(study, tmp_path, change)
    assert deviations_of(study, plan, study / "plan.toml") == ()


@pytest.mark.nightly
def test_what_the_data_did_not_allow_is_listed(study, tmp_path):
    text = (study / "plan.toml").read_text() + "\n[sample_goal]\npower = 0.9\nd = 0.5\n"
    (study / "plan.toml").write_text(text)
    results = results_of(study)
    (found,) = results.deviations
    assert found.where == "sample size"
    assert "20 in the smallest" in found.done


REGISTERED = """
[preregistration]
url = "https://osf.io/abcde"
registered_at = "{at}"
plan_sha256 = "{sha}"
"""


@pytest.mark.parametrize(
    ("at", "same", "listed"),
    [
        ("2025-12-01T09:00:00+00:00", True, []),
        ("2026-03-01T09:00:00+00:00", True, ["time of registration"]),
        ("2025-12-01T09:00:00+00:00", False, ["the plan's hash"]),
    ],
)
def test_the_registrations_time_and_hash_are_compared(study, at, same, listed):
    plan = study / "plan.toml"
    sha = plan_hash(read_document(plan)) if same else "0" * 64
    plan.write_text(plan.read_text() + REGISTERED.format(at=at, sha=sha))
    assert [one.where for one in deviations_of(study)] == listed


def test_what_the_plans_rules_decided_is_a_decision_of_the_data_and_no_deviation():
    dropped = Decision("drop_factor", "stimulus", "", Random("stimulus"), "singular")
    (removed,) = simplifications([dropped])
    slopes = f"The planned slopes of arm cannot be estimated, because they cannot; {LEFT_OUT}"
    outcome = Outcome("right", "Right decisions", "trial_mean", analysis="logistic_trials")
    reason = "“Grad-CAM” has no trials of this outcome"
    label = analysis_of(outcome).label
    refused = (Refusal("logistic_trials", label, reason),)
    no_test = NotEstimable("mixed model", reason)
    not_fitted = SimpleNamespace(log=(f"the model was not fitted: {reason}",), test=no_test)
    outcomes = [
        SimpleNamespace(
            outcome=outcome, found=SimpleNamespace(log=(slopes, removed), test=None), refused=()
        ),
        SimpleNamespace(outcome=outcome, found=not_fitted, refused=refused, fallback=None),
    ]
    decided = plan_decisions(SimpleNamespace(outcomes=outcomes))
    assert [(one.label, one.decided) for one in decided] == [
        ("Right decisions", removed),
        ("Right decisions", f"No test: {reason}"),
    ]
    assert decided[1].rule.startswith(label[:1].upper() + label[1:])
    assert [one.done for one in _of_run(outcomes, None)] == [slopes]


def test_a_report_of_a_few_people_claims_nothing_of_arms_without_anybody(study, tmp_path):
    """One person in one of three arms: no test, no comparison, and no check of arms."""
    edit(study, "participants.csv", lambda people: people[people["arm"] == "none"].head(1))
    (person,) = pd.read_csv(study / "participants.csv")["participant"]
    for name in ("trials.csv", "answers.csv"):
        edit(study, name, lambda rows: rows[rows["participant"] == person])
    arms = "".join(
        f'[[arms]]\nkey = "{key}"\nlabel = "{label}"\n' for key, label in THREE_ARMS.items()
    )
    (study / "study.toml").write_text(f'slug = "tidy"\nseed = 3\n{arms}')
    text = (study / "plan.toml").read_text()
    scale = 'scale = "trust"'
    (study / "plan.toml").write_text(text.replace(scale, f"{scale}\nsmallest_effect = 0.5"))
    results, page = page_of(study, registered=study / "plan.toml")
    assert results.deviations == ()
    assert results.labels == THREE_ARMS
    assert "1 participant was randomised to 3 arms and completed the study." in page
    assert "1 was analysed." in page
    assert "Decisions that the plan left to the data" in page
    assert "the two plans agree" in page
    assert "Only participants of a single arm saw images" in page
    for claim in ("is shown to be within", "Every arm saw the same images", "found no fault"):
        assert claim not in page
    (check,) = results.data_checks.checks  # of attrition, the only check by day
    assert check.findings is None
    assert "no two arms with participants" in page


def test_the_report_names_the_registration(study, tmp_path):
    plan = study / "plan.toml"
    at, sha = "2025-12-01T09:00:00+00:00", plan_hash(read_document(plan))
    plan.write_text(plan.read_text() + REGISTERED.format(at=at, sha=sha))
    assert "https://osf.io/abcde" in page_of(study)[1]
