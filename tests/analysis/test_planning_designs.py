"""Power of designs with an earlier measurement, with two factors, and of a single arm.

Each simulated power is compared with its closed form for normal scores, within the Monte Carlo
error of the simulation. The simulated scores are means of five rounded items.
"""

import numpy as np
import pytest
from django.core.management import call_command
from scipy import stats

from analysis.plan.reading import parse_plan
from analysis.power import simulated_studies
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.between import simulated_study
from analysis.power.direct_designs import TWICE, is_direct_design
from analysis.power.outcomes import LATER, simulated
from analysis.power.page import sentence, write_page
from analysis.power.required_sample import Asked, plan_power
from analysis.power.search import Wanted
from analysis.power.simulated_studies import Cell, Settings, chunk
from analysis.study_data.populations import score_table
from tests.analysis.test_planning import BOOK, SCORE, TRUST, plan_with
from tests.conftest import ROOT
from tests.daily import daily

RHO, D = 0.6, 0.5  # correlation with the earlier measurement, and effect in SD of a score
ASSUMED = Assumptions(dropout=0, excluded=0, score_sd=1.0, before_correlation=RHO)
BEFORE = {**TRUST, "before": {"part": "first"}, "where": {"part": "last"}, "smallest_effect": D}
FACTORS = {
    f"arm{number}": {"map": ("no", "yes")[number // 2], "certainty": ("no", "yes")[number % 2]}
    for number in range(4)
}
ONE_EACH = Design(1, 1)
CROSSED = Design(1, 1, levels=FACTORS)
FACTORIAL = {**TRUST, "analysis": "factorial", "factors": ["map", "certainty"]}
RUNS = 400


def one_arm(outcome):
    return parse_plan({"arms": ["only"], "outcomes": [outcome]})


def share(plan, n, affected, design=None, runs=RUNS):
    design = design or Design(1, 1)
    settings = Settings(plan, BOOK, design, ASSUMED, affected, "test", 7)
    key = plan.outcomes[0].key
    found = chunk(settings, Cell(key, "search", 0, n, design.right, design.wrong), 0, runs)
    assert found.refused == 0
    return found.found / runs


def t_power(noncentrality, df):
    limit = stats.t.ppf(0.975, df)
    return stats.nct.sf(limit, df, noncentrality) + stats.nct.cdf(-limit, df, noncentrality)


def assert_close(simulated_power, exact, runs=RUNS):
    """Within three standard errors, and far enough from 0 and 1 for this to be a test."""
    assert 0.3 < exact < 0.95
    assert simulated_power == pytest.approx(exact, abs=3 * (exact * (1 - exact) / runs) ** 0.5)


@pytest.mark.nightly
def test_ancova_has_the_power_of_the_residual_variance():
    """Borm, Fransen & Lemmens (2007): the variance shrinks by 1 - ρ², here to .64."""
    n = 40
    exact = t_power(D / (2 * (1 - RHO**2) / n) ** 0.5, 2 * n - 3)
    found = share(plan_with({**BEFORE, "analysis": "ancova"}), n, ("arm1",))
    assert_close(found, exact)
    without = t_power(D / (2 / n) ** 0.5, 2 * n - 2)
    assert found > without + 0.1  # the covariate is used


@pytest.mark.parametrize("analysis", daily(["mixed_anova", "one_way"], 1))
@pytest.mark.nightly
def test_changes_have_the_power_of_a_t_test_of_their_variance(analysis):
    """With two times the interaction of arm and time is the t test of the changes."""
    n = 40
    exact = t_power(D / (2 * 2 * (1 - RHO) / n) ** 0.5, 2 * n - 2)
    assert_close(share(plan_with({**BEFORE, "analysis": analysis}), n, ("arm1",)), exact)


@pytest.mark.nightly
def test_a_paired_comparison_in_one_arm_has_the_power_of_its_t_test():
    n = 30
    exact = t_power(D / (2 * (1 - RHO) / n) ** 0.5, n - 1)
    assert_close(share(one_arm({**BEFORE, "analysis": "paired"}), n, (LATER,)), exact)


@pytest.mark.nightly
def test_wilcoxons_test_of_two_times_is_nearly_as_powerful():
    """Its asymptotic relative efficiency to t is 3 / π for normal differences."""
    n = 30
    exact = t_power(D / (2 * (1 - RHO) / (n * 3 / np.pi)) ** 0.5, n - 1)
    assert_close(share(one_arm({**BEFORE, "analysis": "repeated"}), n, (LATER,)), exact)


@pytest.mark.nightly
def test_two_conditions_of_one_arm_have_the_power_of_a_paired_t_test():
    """Scores of the conditions correlate by stable_share × reliability, here .4."""
    n = 40
    outcome = {**TRUST, "analysis": "paired", "within": "condition", "smallest_effect": D}
    exact = t_power(D / (2 * (1 - 0.4) / n) ** 0.5, n - 1)
    found = share(one_arm(outcome), n, ("map",), Design(1, 1, ("none", "map")), runs=100)
    assert_close(found, exact, runs=100)


@pytest.mark.parametrize(
    ("effect", "affected", "noncentrality"),
    [
        ("map", ("arm2", "arm3"), lambda n: D * n**0.5),
        pytest.param("interaction", ("arm3",), lambda n: D * n**0.5 / 2, marks=pytest.mark.nightly),
    ],
)
@pytest.mark.nightly
def test_effects_of_two_factors_have_the_power_of_their_contrasts(effect, affected, noncentrality):
    """n per arm: a main effect has the variance 1/n, a difference of differences 4/n."""
    n, runs = (25, 80) if effect == "map" else (100, 200)
    plan = plan_with({**FACTORIAL, "effect": effect, "smallest_effect": D}, arms=4)
    found = share(plan, n, affected, CROSSED, runs)
    assert_close(found, t_power(noncentrality(n), 4 * n - 4), runs)


DIRECT = {
    **{key: ({**BEFORE, "analysis": key}, Design(1, 1)) for key in TWICE},
    "two of three arms": ({**BEFORE, "analysis": "ancova", "asked_in": ["arm0", "arm2"]}, ONE_EACH),
    "an item": ({**BEFORE, "analysis": "ancova", "kind": "item", "item": "t2"}, ONE_EACH),
    "factors": ({**FACTORIAL, "effect": "certainty", "smallest_effect": D}, CROSSED),
    "interaction": ({**FACTORIAL, "smallest_effect": D}, CROSSED),
    "change by factors": ({**BEFORE, **FACTORIAL, "smallest_effect": D}, CROSSED),
    "factors of trials": (
        {**FACTORIAL, **SCORE, "smallest_effect": D, "where": {"prediction_correct": 0}},
        Design(2, 3, levels=FACTORS),
    ),
}


@pytest.mark.parametrize(("outcome", "design"), daily(DIRECT.values(), 4), ids=DIRECT)
def test_designs_without_tables_give_the_p_of_a_whole_study(outcome, design, monkeypatch):
    outcome = {**outcome, "scale": None} if outcome["kind"] != "scale" else outcome
    outcome = {key: value for key, value in outcome.items() if value is not None}
    plan = plan_with(outcome, arms=4 if design.levels else 3)
    assumed = Assumptions(score_sd=1.0, dropout=0.2, before_correlation=0.4)
    settings = Settings(plan, BOOK, design, assumed, ("arm2",), "test", 1)
    task = simulated(plan, plan.outcomes[0], BOOK, assumed, design)
    assert is_direct_design(task.outcome, design)
    cell = Cell(task.outcome.key, "search", 0, 12, design.right, design.wrong)

    def p_values():
        runs = [np.random.default_rng(run) for run in range(4)]
        return [simulated_studies._p(settings, task, cell, rng) for rng in runs]

    direct = p_values()
    monkeypatch.setattr(simulated_studies, "is_direct_design", lambda *_: False)
    assert direct == pytest.approx(p_values(), rel=1e-9)
    assert len(set(direct)) == len(direct)


@pytest.mark.nightly
def test_a_main_effect_is_no_interaction():
    """The control of the test above: the interaction is then found at the rate of α."""
    plan = plan_with({**FACTORIAL, "effect": "interaction", "smallest_effect": D}, arms=4)
    found = share(plan, 30, ("arm2", "arm3"), CROSSED, runs=200)
    assert found == pytest.approx(0.05, abs=3 * (0.05 * 0.95 / 200) ** 0.5)


def test_an_earlier_measurement_correlates_as_assumed_and_is_not_shifted():
    plan = plan_with({**BEFORE, "analysis": "ancova"})
    task = simulated(plan, plan.outcomes[0], BOOK, ASSUMED, Design(1, 1))
    rng = np.random.default_rng(3)
    data = simulated_study(plan, BOOK, task, Design(1, 1), 3000, ("arm1",), ASSUMED, rng)
    scores = score_table(data)
    arms = dict(list(scores.groupby("arm")))
    for arm, shift in (("arm0", 0.0), ("arm1", D)):
        earlier, later = arms[arm]["trust.before"], arms[arm]["trust"]
        assert earlier.corr(later) == pytest.approx(RHO, abs=0.04)
        assert earlier.mean() == pytest.approx(4.0, abs=0.06)
        assert later.mean() == pytest.approx(4.0 + shift, abs=0.06)
        assert later.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.nightly
def test_the_effect_shifts_what_the_outcome_is_about(tmp_path):
    main = {**FACTORIAL, "key": "main", "effect": "map", "smallest_effect": 1.5}
    both = {**FACTORIAL, "key": "both", "smallest_effect": 2.0}
    paired = {**BEFORE, "key": "times", "analysis": "paired", "smallest_effect": 1.0}
    plan = plan_with(main, both, paired, arms=4)
    asked = Asked(Wanted(runs=4, most=10), ASSUMED)
    power = plan_power(plan, BOOK, CROSSED, asked, tmp_path)
    assert power.affected == {
        "main": ("arm2", "arm3"),
        "both": ("arm3",),
        "times": (LATER,),
    }
    write_page(power, tmp_path, "a test")
    page = (tmp_path / "power.html").read_text(encoding="utf-8")
    assert "in “arm2”, “arm3” against the other arms" in page
    assert "in the later measurement against the earlier measurement" in page
    told = {one.outcome: sentence(one, power) for one in power.outcomes}
    assert "a difference of differences of 2" in told["both"]
    assert "a difference of 1.5" in told["main"].replace("1.50", "1.5")
    with pytest.raises(PlanningError, match="its effect is in the later measurement"):
        plan_power(
            plan, BOOK, CROSSED, Asked(outcomes=("times",), affected=("arm1",)), tmp_path / "x"
        )
    with pytest.raises(PlanningError, match="no single contrast"):
        plan_power(plan, BOOK, CROSSED, Asked(outcomes=("main",), claim="contrast"), tmp_path / "x")


@pytest.mark.nightly
def test_a_study_of_one_arm_is_planned_in_participants(tmp_path):
    plan = one_arm({**BEFORE, "analysis": "paired", "smallest_effect": 1.0})
    power = plan_power(plan, BOOK, Design(1, 1), Asked(Wanted(runs=20, most=80), ASSUMED), tmp_path)
    told = sentence(power.outcomes[0], power)
    assert "participants must be recruited" in told
    assert "per arm" not in told
    write_page(power, tmp_path, "a test")
    assert "participants per arm (" not in (tmp_path / "power.html").read_text(encoding="utf-8")


def test_what_is_unknown_before_the_data_is_still_refused():
    def refusal(plan, design=None, assumed=ASSUMED):
        with pytest.raises(PlanningError) as caught:
            simulated(plan, plan.outcomes[0], BOOK, assumed, design or Design(1, 1))
        return str(caught.value)

    covariates = {**BEFORE, "analysis": "ancova", "covariates": ["age"]}
    assert "covariates are not simulated" in refusal(plan_with(covariates))
    by_item = {**TRUST, "analysis": "factorial", "factor": "expertise"}
    assert "the shares of the levels of 'expertise' are unknown" in refusal(plan_with(by_item))
    crossed = plan_with({**FACTORIAL, "smallest_effect": D}, arms=4)
    assert "have no level in arm0, arm1, arm2, arm3" in refusal(crossed)
    alike = Design(1, 1, levels={arm: {"map": "no", "certainty": "no"} for arm in FACTORS})
    assert "no arm has another level" in refusal(crossed, alike)
    trials = {
        **SCORE, "analysis": "linear_trials", "within": "prediction_correct", "smallest_effect": 1,
    }  # fmt: skip
    assert "in a study of one arm only repeated and paired" in refusal(one_arm(trials))
    times = {**TRUST, "analysis": "paired", "within": "part", "smallest_effect": 1}
    assert "no 'part'" in refusal(one_arm(times))
    conditions = Design(1, 1, ("a", "b"))
    mixed = {**TRUST, "analysis": "mixed_anova", "within": "condition", "smallest_effect": 1}
    assert "mixed_anova is not simulated in within-subjects" in refusal(
        plan_with(mixed), conditions
    )
    unreliable = Assumptions(reliability=0.5, before_correlation=0.6)
    assert "cannot have a correlation of 0.6" in refusal(
        plan_with({**BEFORE, "analysis": "ancova"}), assumed=unreliable
    )
    with pytest.raises(PlanningError, match="before_correlation must be at least 0"):
        Assumptions(before_correlation=-0.1)


@pytest.mark.nightly
def test_the_shipped_study_of_two_factors_is_simulated(tmp_path):
    text = (ROOT / "studies" / "examples" / "map-and-confidence.toml").read_text(encoding="utf-8")
    text = text.replace('key = "trust"\n', 'key = "trust"\nsmallest_effect = 0.8\n', 1)
    study = tmp_path / "study.toml"
    study.write_text(text, encoding="utf-8")
    call_command("plan_power", study, "--output", tmp_path / "out", "--runs", "20", "--most", "40")
    page = (tmp_path / "out" / "power.html").read_text(encoding="utf-8")
    assert "against the other arms" in page
