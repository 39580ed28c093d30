"""Looks before the end: their decisions, and the results of an outcome that was looked at."""

import json
from pathlib import Path

import pytest
from scipy import stats

from analysis.errors import LookError, PlanError
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.reading import read_plan
from analysis.reproduction.p_values import recomputed
from analysis.results import to_json
from analysis.sections.deviations import deviations
from analysis.sections.looks.deciding import Decision, Held, decide
from analysis.sections.looks.results import Looked
from analysis.sequential.boundaries import Design
from analysis.sequential.stagewise import stagewise
from analysis.statistics.estimate import Estimate
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import page_of, results_of, write_study
from tests.daily import daily

ARMS = {"none": "No explanation", "gradcam": "Grad-CAM"}
OUTCOMES = {
    "one_way": 'kind = "scale"\nscale = "trust"\nanalysis = "one_way"',
    "linear_trials": 'kind = "trial_mean"\ncolumn = "sureness"\nanalysis = "linear_trials"',
    "logistic_trials": 'kind = "trial_mean"\ncolumn = "agreed"\nanalysis = "logistic_trials"',
}


def plan(looks: str, analysis: str = "one_way") -> str:
    return f"""title = "Looks"
control = "none"
arms = ["none", "gradcam"]

[[outcomes]]
key = "trust"
label = "Trust in the classifier"
family = "looked"
fallback = "none"
{OUTCOMES[analysis]}

[[outcomes]]
key = "understanding"
label = "Understanding"
kind = "scale"
scale = "understanding"

[looks]
outcome = "trust"
{looks}
"""


SPENDING = 'kind = "obrien_fleming"\ntimes = [20, 40, 80]'


def study(
    folder: Path, per_arm: int, looks: str = SPENDING, analysis: str = "one_way", effect: float = 0
) -> Path:
    return write_study(
        folder, arms=ARMS, per_arm=per_arm, seed=3, trust={"gradcam": effect},
        accept_wrong={"gradcam": effect / 3}, plan=plan(looks, analysis),
    )  # fmt: skip


def held(people: int, told: str = "go_on", **more: object) -> Held:
    return Held("2026-01-01T10:00:00+00:00", "R. Searcher", people, 3.0, None,  # type: ignore[arg-type]
                told, **{"planned": True, "reason": "", **more})  # type: ignore[arg-type]  # fmt: skip


def decided(folder: Path, *before: Held, unplanned: bool = False) -> Decision:
    data = read_study(folder)
    return decide(data, score_table(data), before, unplanned=unplanned)


def with_looks(folder: Path, *looks: Held) -> Path:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["looks"] = [vars(look) for look in looks]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def looked_of(folder: Path) -> Looked:
    found = next(one for one in results_of(folder).outcomes if one.outcome.key == "trust").looked
    assert found is not None
    return found


@pytest.mark.parametrize("analysis", daily(OUTCOMES, 1))
def test_a_clear_effect_stops_and_none_goes_on(tmp_path: Path, analysis: str) -> None:
    clear = study(tmp_path / "clear", 20, analysis=analysis, effect=2.5)
    assert decided(clear, held(20)).people == 40
    if analysis != "linear_trials":  # sureness has no planted effect
        assert decided(clear, held(20)).told == "stop"
    assert decided(study(tmp_path / "none", 20, analysis=analysis), held(20)).told == "go_on"


def test_the_boundary_depends_on_the_looks_that_were_held(tmp_path: Path) -> None:
    folder = study(tmp_path, 20)
    design = Design("obrien_fleming", (0.25, 0.5, 1))
    assert decided(folder, held(20)).efficacy == pytest.approx(design.at((0.25, 0.5))[-1].efficacy)
    late = decided(folder, held(31))
    assert late.efficacy == pytest.approx(design.at((31 / 80, 0.5))[-1].efficacy)


def test_no_effect_stops_for_futility(tmp_path: Path) -> None:
    rule = f'{SPENDING}\nfutility = "pocock"\npower = 0.9'
    data = read_study(study(tmp_path, 20, rule))
    scores = score_table(data)
    # Both arms alike: z is nearly 0.
    scores["trust"] = scores.groupby("arm").cumcount() % 5 + 1.0
    decision = decide(data, scores, (held(20),))
    assert decision.told == "stop"
    assert decision.futility is not None
    scores.loc[scores["arm"] == "gradcam", "trust"] += 0.9  # between the two boundaries
    assert decide(data, scores, (held(20),)).told == "go_on"


@pytest.mark.nightly
@pytest.mark.parametrize("kind", daily(["anytime_bounded", "anytime_mean"], 1))
def test_looks_at_any_time_need_no_schedule(tmp_path: Path, kind: str) -> None:
    rule = f'kind = "{kind}"\ntimes = [20, 80]'
    clear = study(tmp_path / "clear", 33, rule, effect=2.5)
    assert decided(clear, held(64), held(65)).told == "stop"
    assert decided(study(tmp_path / "none", 33, rule), held(65)).told == "go_on"
    with pytest.raises(LookError, match="next look is planned at 20 participants"):
        decided(study(tmp_path / "early", 9, rule))


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("per_arm", "before", "message"),
    [
        (9, (), "The next look is planned at 20 participants with a score; there are 18"),
        (20, (held(40),), "There are 40 participants with a score, and the last look was at 40"),
        (20, (held(20, "stop"),), "A look has told to stop"),
        (40, (held(40),), "The planned sample is complete: 80 of 80"),
    ],
)
def test_a_look_that_may_not_be_held_says_why(
    tmp_path: Path, per_arm: int, before: tuple[Held, ...], message: str
) -> None:
    with pytest.raises(LookError, match=message):
        decided(study(tmp_path, per_arm), *before)


def test_a_look_before_its_time_is_possible_and_marked(tmp_path: Path) -> None:
    folder = study(tmp_path, 14)
    assert decided(folder, held(20), unplanned=True).planned is False
    assert decided(folder, unplanned=True).planned is True  # the look at 20 is due


@pytest.mark.nightly
def test_after_looks_the_family_has_the_stagewise_p(tmp_path: Path) -> None:
    folder = with_looks(study(tmp_path, 20, effect=0.8), held(20), held(39, "stop"))
    results = results_of(folder)
    result = next(one for one in results.outcomes if one.outcome.key == "trust")
    assert result.looked is not None
    estimate = result.looked.estimate
    assert isinstance(estimate, Estimate)
    data = read_study(folder)
    groups = scores_by_arm(score_table(data), result.outcome, data)
    t = stats.ttest_ind(groups["gradcam"], groups["none"], equal_var=False)
    z = stats.norm.isf(t.pvalue / 2)
    # The stopping look is replaced by the last analysis, with everybody who had begun.
    expected = stagewise(Design("obrien_fleming", (0.25, 0.5, 1)).at((0.25,)), 0.5, z, 0.95)
    assert result.p_adjusted == estimate.p == pytest.approx(expected.p, rel=1e-6)
    ordinary = result.looked.ordinary
    assert isinstance(ordinary, Estimate)
    assert estimate.value < ordinary.value
    assert result.answer is not None
    assert result.answer.differences[0].estimate == estimate
    other = next(one for one in results.outcomes if one.outcome.key == "understanding")
    assert other.looked is None
    assert all(entry.outcome != "wrong" for entry in recomputed(json.loads(to_json(results))))


def test_without_a_look_the_results_are_the_ordinary_ones(tmp_path: Path) -> None:
    found = looked_of(study(tmp_path, 40, effect=0.5))
    estimate, ordinary = found.estimate, found.ordinary
    assert isinstance(estimate, Estimate)
    assert isinstance(ordinary, Estimate)
    assert (estimate.value, estimate.low, estimate.high, estimate.p) == pytest.approx(
        (ordinary.value, ordinary.low, ordinary.high, ordinary.p), abs=1e-6
    )


@pytest.mark.parametrize("kind", daily(["anytime_bounded", "anytime_mean"], 1))
def test_intervals_at_any_time_are_wider_and_agree_with_p(tmp_path: Path, kind: str) -> None:
    rule = f'kind = "{kind}"\ntimes = [20, 80]'
    found = looked_of(with_looks(study(tmp_path, 40, rule, effect=1.2), held(50)))
    estimate, ordinary = found.estimate, found.ordinary
    assert isinstance(estimate, Estimate)
    assert isinstance(ordinary, Estimate)
    assert estimate.high - estimate.low > ordinary.high - ordinary.low
    assert (estimate.low > 0) == (estimate.p is not None and estimate.p < 0.05)
    assert found.e_value is not None


def test_the_page_tells_the_looks_and_the_deviations(tmp_path: Path) -> None:
    early = held(29, planned=False, reason="The grant ended.")
    folder = with_looks(study(tmp_path, 24, effect=1), held(21), early, held(48, "stop"))
    results, page = page_of(folder)
    assert "looks before the end" in page
    assert "alpha spending of the O’Brien-Fleming type" in page or "alpha spending of the" in page
    done = [row.done for row in results.deviations if row.where == "looks at the data"]
    assert len(done) == 1
    assert "a look at 29" in done[0]
    assert "“The grant ended.”" in done[0]
    skipped = deviations(read_study(with_looks(folder, held(48))), (), None)
    assert [row.planned for row in skipped if row.where == "looks at the data"] == ["a look at 20"]


@pytest.mark.parametrize(
    ("looks", "analysis", "message"),
    [
        ('kind = "pocock"\ntimes = [40, 20]', "one_way", "numbers of participants that grow"),
        ('kind = "pocock"\ntimes = [40]', "one_way", "two or more numbers"),
        ('kind = "anytime_mean"\ntimes = [20, 40, 80]', "one_way", "the first possible look"),
        (f'{SPENDING}\nfutility = "pocock"', "one_way", "futility needs power"),
        (
            'kind = "anytime_mean"\ntimes = [20, 80]\nfutility = "pocock"\npower = 0.8',
            "one_way",
            "has no boundary for futility",
        ),
        ('kind = "anytime_mean"\ntimes = [20, 80]', "linear_trials", "not independent"),
    ],
)
def test_faulty_looks_are_told_with_their_line(
    tmp_path: Path, looks: str, analysis: str, message: str
) -> None:
    (tmp_path / "plan.toml").write_text(plan(looks, analysis))
    with pytest.raises(PlanError, match=message) as refused:
        read_plan(tmp_path / "plan.toml")
    assert all("line " in problem for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('outcome = "trust"', 'outcome = "trus"', "there is no outcome 'trus'"),
        ('family = "looked"', "", "shares its family with understanding"),
        ('fallback = "none"', "", "may be tested by another analysis"),
        ('family = "looked"', 'role = "exploratory"', "is exploratory"),
        ('arms = ["none", "gradcam"]', 'arms = ["none", "gradcam", "lime"]', "compares 3 arms"),
        ('analysis = "one_way"', 'analysis = "ranks"', "which has no looks"),
    ],
)
def test_an_outcome_without_a_known_walk_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    (tmp_path / "plan.toml").write_text(plan(SPENDING).replace(old, new))
    with pytest.raises(PlanError, match=message):
        read_plan(tmp_path / "plan.toml")
