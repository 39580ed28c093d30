"""Tables whose clearest results had no test: each of ../shared/cases/tables gives its answer."""

import json
import re
import shutil
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command

from analysis.failures import Failures
from analysis.figures.draw import draw_figures
from analysis.outcomes.finding import Failed
from analysis.outcomes.separated import separation_in_words
from analysis.plan.plan import Outcome
from analysis.report.render import render_report
from analysis.results import Results, compute
from analysis.run import analyse
from analysis.statistics.comparisons.equivalence import equivalence_of
from analysis.statistics.estimate import Bound, Estimate, HypothesisTest, NotEstimable
from analysis.statistics.mixed_models.design import build_design
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.statistics.mixed_models.ordinal import cumulative
from analysis.statistics.mixed_models.specification import Categorical, MixedModel
from analysis.statistics.mixed_models.suprema import Suprema
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS, quick_analysis
from tests.analysis.tidy import edit, page_of, write_study
from tests.daily import daily


@pytest.fixture(scope="module")
def pages(shared_dir, tmp_path_factory):
    """Gives results and page of a table, copied so that nothing is written beside it.

    Each table is analysed once, without checks of the data, which have tests of their own.
    """

    @cache
    def analysed(name: str) -> tuple[Results, str]:
        folder = tmp_path_factory.mktemp("tables") / name
        with quick_analysis():
            return page_of(shutil.copytree(shared_dir / "cases" / "tables" / name, folder))

    return analysed


@pytest.fixture
def case(pages):
    """Gives the outcomes of a table."""
    return lambda name: pages(name)[0].outcomes


@pytest.mark.shared
def test_arms_that_are_exactly_alike_are_equivalent_in_every_analysis(case):
    """Two one-sided tests at a difference of exactly 0, which is 0/0 as value / t."""
    results = case("tost-zero")
    assert len(results) == 4
    for result in results:
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


@pytest.mark.shared
def test_a_separated_ordinal_outcome_has_the_likelihood_ratio_of_r(case):
    """R's ordinal: anova(clmm(v ~ 1 + (1 | pid) + (1 | img)), clmm(v ~ cond + …)): 10.699, .001072.

    The statistic is that of the random intercepts; clm without them gives 11.296, p = .0007769.
    """
    (result,) = case("ordinal-separated")
    reason = result.found.test.reason
    assert "(separation), so an odds ratio is 0 or infinite" in reason
    assert "“v”" in reason
    assert not re.search(r"arm\[|\bvalue\b", reason), reason
    assert (result.fallback.analysis, result.fallback.declared) == ("likelihood_ratio", False)
    assert result.test.statistic == pytest.approx(10.699, abs=5e-4)
    assert result.test.p == pytest.approx(0.001072, abs=5e-7)
    (contrast,) = result.fallback.found.contrasts
    assert isinstance(contrast.odds_ratio, Bound)
    assert contrast.odds_ratio.value == "0"
    assert 0.2 < contrast.odds_ratio.limit < 0.3
    assert contrast.p_adjusted == pytest.approx(result.test.p)


@pytest.mark.shared
def test_without_random_effects_the_ratio_is_that_of_clm(shared_dir):
    """R's anova(clm(v ~ 1), clm(v ~ cond)): 11.296, p .0007769; ordinal-ceiling: 331.16."""
    for name, statistic in [("ordinal-separated", 11.296), ("ordinal-ceiling", 331.16)]:
        table = pd.read_csv(shared_dir / "cases" / "tables" / name / "trials.csv")
        arm = Categorical("cond", coding="sum")
        design = build_design(table, MixedModel("v", (arm,)), intercept=False)
        suprema = Suprema(design, cumulative(table, "v"), 0.95, 30)
        test = suprema.ratio_test("arm", np.eye(1))
        assert test.statistic == pytest.approx(statistic, abs=0.006)


@pytest.mark.shared
def test_an_arm_at_the_ceiling_is_tested_by_permutation_where_the_plans_fallback_has_no_variance(
    case,
):
    (result,) = case("ordinal-ceiling")
    assert [one.analysis for one in result.refused] == ["ordinal_trials", "one_way"]
    assert result.fallback.analysis == "permutation"
    assert result.test.p == pytest.approx(1e-5)
    (contrast,) = result.fallback.found.contrasts
    assert contrast.superiority.value == 1
    assert contrast.superiority.low == pytest.approx(0.865, abs=0.001)
    assert contrast.difference.low > 1.9


@pytest.mark.nightly
@pytest.mark.shared
def test_arms_without_spread_have_a_test_and_the_known_risk_difference(case):
    """glmer's deviance of the complete model is 110.61; its null model stops .3 above ours."""
    named, default = case("no-spread")
    assert [one.analysis for one in named.refused] == ["logistic_trials", "binary_trials"]
    assert re.match(r"all \d+ answers to “\w+” in the arm “\w+” are [01]", named.refused[0].reason)
    assert named.fallback.analysis == "permutation"
    assert default.fallback.analysis == "likelihood_ratio"
    assert default.test.statistic == pytest.approx(65.49, abs=0.01)
    for result in (named, default):
        (contrast,) = result.fallback.found.contrasts
        known = getattr(contrast, "risk_difference", None) or contrast.difference
        assert (round(known.value, 2), round(known.low, 2), round(known.high, 2)) == (
            0.85, 0.78, 0.93,
        )  # fmt: skip
        assert result.p_adjusted < 1e-4


@pytest.mark.shared
@pytest.mark.parametrize("name", daily(["ordinal-separated", "ordinal-ceiling", "no-spread"], 2))
def test_the_report_names_the_planned_analysis_its_reason_and_the_fallback(pages, name):
    results, page = pages(name)
    assert results.failures == ()
    assert "The planned analysis has no test for these data" in page
    assert "tested by the default fallback of this analysis" in page
    assert not re.search(r"\b(nan|inf)\b", page.partition("<main>")[2])


def broken(*_):
    raise RuntimeError("a fault of the software")


def test_an_outcome_that_fails_leaves_the_rest_of_the_report(folder, tmp_path, monkeypatch):
    """Its p counts as 1, its error and traceback are in results.json, and the page names it."""
    monkeypatch.setattr("analysis.outcomes.one_way.welch_anova", broken)
    results = analyse(folder, tmp_path / "out")
    failed = [result for result in results.outcomes if isinstance(result.found, Failed)]
    assert len(failed) == len(results.outcomes) == 4
    document = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    first = document["failures"][0]
    assert (first["error"], first["message"]) == ("RuntimeError", "a fault of the software")
    assert first["traceback"][-1].endswith("in broken")
    assert any(line.startswith("analysis.outcomes.one_way, line") for line in first["traceback"])
    assert not any("/" in line for line in first["traceback"])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Failed parts of this report" in page
    assert "Agreement with right and with wrong predictions" in page
    assert "Table 1" in page


OPTIONAL = '[bayes]\n[multiverse]\n[mediation]\noutcome = "trust"\nmediators = ["sureness"]\n'


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("analysis.results.baseline", "Baseline characteristics"),
        pytest.param("analysis.results.instruments", "Instruments", marks=pytest.mark.nightly),
        pytest.param("analysis.results.stimuli_shown", "Stimuli", marks=pytest.mark.nightly),
        pytest.param(
            "analysis.results.missing_by_arm", "Missing answers", marks=pytest.mark.nightly
        ),
        pytest.param(
            "analysis.results.behaviour", "Measures of behaviour", marks=pytest.mark.nightly
        ),
        ("analysis.sections.multiverse.multiverse", "Section “Multiverse”"),
        pytest.param(
            "analysis.sections.mediation.mediation",
            "Section “Mediation”",
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            "analysis.outcomes.bayes.bayes_factors",
            "Section “Bayes factors”",
            marks=pytest.mark.nightly,
        ),
        pytest.param("analysis.results.summarise_claim", "summary", marks=pytest.mark.nightly),
        ("analysis.outcomes.assumptions.scores.of_one_way", "assumptions"),
    ],
)
def test_any_part_may_fail_without_the_others(folder, monkeypatch, target, part):
    plan = folder / "plan.toml"
    parts = plan.read_text().split("\n[[outcomes]]")  # trust and sureness are enough
    plan.write_text("\n[[outcomes]]".join([*parts[:2], parts[-1]]) + OPTIONAL * ("Section" in part))
    monkeypatch.setattr(target, broken)
    results, page = page_of(folder)
    holds_the_fault_and_the_rest(part, results.failures, page)
    if part not in ("assumptions", "summary"):
        assert all(isinstance(one.test, HypothesisTest | NotEstimable) for one in results.outcomes)


@pytest.mark.parametrize(
    ("target", "part"),
    [
        ("analysis.figures.draw.draw_agreement", "Figure agreement"),
        pytest.param(
            "analysis.figures.one_way.draw_distributions",
            "Figure scores-trust",
            marks=pytest.mark.nightly,
        ),
        ("analysis.report.render.alternatives", "Alternative texts"),
        ("analysis.report.sentences.one_way", "its sentences"),
        ("analysis.report.multiverse.sentences", "Section “Multiverse”, its part of the page"),
    ],
)
def test_any_part_of_the_page_may_fail_without_the_others(
    complete, tmp_path, monkeypatch, target, part
):
    """The results are computed once; only what is drawn and written of them is broken."""
    results, scores = complete
    monkeypatch.setattr(target, broken)
    figures, undrawn = draw_figures(results, scores, tmp_path) if "Figure" in part else ({}, ())
    failures = Failures([*results.failures, *undrawn])
    page = render_report(results, figures, "tests", "screen", failures)
    holds_the_fault_and_the_rest(part, failures.found, page)


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """The results of a study with every optional section, and its scores."""
    folder = write_study(tmp_path_factory.mktemp("complete"), arms=THREE_ARMS, per_arm=4)
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + OPTIONAL)
    data = read_study(folder)
    scores = score_table(data)
    with quick_analysis():
        return compute(data, scores), scores


def holds_the_fault_and_the_rest(part, failures, page):
    assert any(part in failure.part for failure in failures), failures
    assert "RuntimeError: a fault of the software" in page
    assert "Deviations from the plan" in page


@pytest.mark.nightly
def test_a_run_with_a_failed_part_ends_with_an_error_after_the_report(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("analysis.results.baseline", broken)
    output = tmp_path / "out"
    with pytest.raises(CommandError, match=r"(?s)report was written.*Baseline.*RuntimeError"):
        call_command("run_analysis", table=folder, output=output, pdf=False)
    assert (output / "report.html").exists()


def test_a_test_without_result_stays_in_its_family_and_the_report_says_so(folder):
    """Holm over three planned tests, of which one is constant: the others count three, not two."""
    edit(folder, "answers.csv", same_understanding)
    results, page = page_of(folder)
    by_key = {result.outcome.key: result for result in results.outcomes}
    assert isinstance(by_key["understanding"].test, NotEstimable)
    assert by_key["understanding"].fallback is None  # equal everywhere: nothing to compare
    family = [by_key[key] for key in ("trust", "understanding", "agreement_wrong")]
    assert {one.family_without_test for one in family} == {("understanding",)}
    least = min(one.test.p for one in family if isinstance(one.test, HypothesisTest))
    first = next(one for one in family if getattr(one.test, "p", None) == least)
    assert first.p_adjusted == pytest.approx(min(1.0, 3 * least))
    text = re.sub(r"<[^>]+>", "", page).replace("\N{NO-BREAK SPACE}", " ")
    assert "stays in the family with p = 1 in Holm" in text
    assert by_key["sureness"].family_without_test == ()


def same_understanding(frame):
    return frame.assign(
        value=frame["value"].mask(frame["item"].str.startswith("understanding"), "4")
    )


ANSWERS = Outcome("agree", "Agreement", "trial_mean", column="agreed", analysis="logistic_trials")
INTERNAL = SeparationError("in some rows value is predicted without error by arm[a]")


def rows(*cells):
    """Rows (arm, correct, value) of a model of trials."""
    return pd.DataFrame(cells, columns=["arm", "correct", "value"])


@pytest.mark.parametrize(
    ("table", "within", "said"),
    [
        (
            rows(("a", "0", 1), ("a", "1", 1), ("b", "0", 0), ("b", "1", 1)),
            None,
            "all 2 answers to “agreed” in the arm “a” are 1",
        ),
        (
            rows(("a", "0", 1), ("a", "1", 0), ("b", "0", 0), ("b", "0", 1), ("b", "1", 0)),
            "correct",
            "all 2 answers to “agreed” in the trials with correct = 1 are 0",
        ),
        (
            rows(
                ("a", "0", 1),
                ("a", "1", 0),
                ("a", "1", 1),
                ("b", "0", 0),
                ("b", "0", 1),
                ("b", "1", 0),
                ("b", "1", 0),
            ),
            "correct",
            "the only answer to “agreed” in the trials with correct = 0 of the arm “a” is 1; all 2 "
            "answers to “agreed” in the trials with correct = 1 of the arm “b” are 0",
        ),
        (
            rows(("a", "0", 1), ("a", "1", 2), ("b", "0", 2), ("b", "1", 3)),
            None,
            "no answer to “agreed” in the arm “a” is above any answer in the arm “b”",
        ),
    ],
)
def test_separation_names_the_arm_the_outcome_and_the_level(table, within, said):
    outcome = replace(ANSWERS, within=within)
    assert str(separation_in_words(table, outcome, INTERNAL)).startswith(f"{said} (separation)")


def test_a_separation_that_no_group_explains_keeps_its_reason():
    table = rows(("a", "0", 1), ("a", "1", 3), ("b", "0", 1), ("b", "1", 3))
    assert separation_in_words(table, ANSWERS, INTERNAL) is INTERNAL
