"""The random terms of a model of trials: planned by the design, described in a method's words."""

import json
import re
import tomllib
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import PlanError
from analysis.outcomes.random_terms import formula, planned_random, simplifications, term_formula
from analysis.outcomes.trial_model_kinds import FAMILIES
from analysis.plan.plan import Outcome
from analysis.run import analyse
from analysis.statistics.estimate import Estimate
from analysis.statistics.mixed_models.errors import SingularFitError
from analysis.statistics.mixed_models.random_structure import between_cells, descend
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import quick_analysis
from tests.analysis.tidy import edit, outcomes_of, page_of, results_of, write_study
from tests.conftest import ROOT

OUTCOME = Outcome("y", "Y", "trial_mean", column="y", analysis="linear_trials", within="correct")


def trials(people=20, images=12, times=1):
    """Everyone sees every image; half of the images are classified correctly."""
    return pd.DataFrame(
        [
            (f"p{p}", f"i{i}", "ab"[p % 2], str(i % 2), str((p // 2 + i) % 2))
            for p in range(people)
            for i in range(images)
            for _ in range(times)
        ],
        columns=["participant", "image", "arm", "correct", "block"],
    )


def planned(outcome, table=None):
    random = planned_random(trials() if table is None else table, outcome)
    return [term_formula(term) for term in random.terms], random.refused


def test_a_within_factor_has_slopes_where_the_design_crosses_it():
    """Correctness is a property of the image, so only participants meet both of its levels."""
    assert planned(OUTCOME) == (["(1 + correct | participant)", "(1 | image)"], ())


def test_a_within_factor_that_is_crossed_with_images_has_slopes_by_image_too():
    block = replace(OUTCOME, within="block")
    assert planned(block)[0] == ["(1 + block | participant)", "(1 + block | image)"]


def test_the_plan_can_refuse_the_slopes_of_the_within_factor():
    block = replace(OUTCOME, within="block")
    assert planned(replace(block, within_slopes=()))[0] == ["(1 | participant)", "(1 | image)"]
    only_image = replace(block, within_slopes=("image",))
    assert planned(only_image)[0] == ["(1 | participant)", "(1 + block | image)"]


def test_a_requested_slope_that_the_design_lacks_is_told_and_left_out():
    terms, refused = planned(replace(OUTCOME, within_slopes=("participant", "image")))
    assert terms == ["(1 + correct | participant)", "(1 | image)"]
    assert refused == (
        "The planned by-image slopes of correct cannot be estimated, because most levels of image "
        "have a single correct; they were left out",
    )
    terms, refused = planned(replace(OUTCOME, slopes=("participant",)))
    assert terms == ["(1 + correct | participant)", "(1 | image)"]
    assert "most levels of participant have a single arm" in refused[0]


def test_a_single_trial_per_cell_leaves_no_slope():
    """One trial per position: participant by position is the residual itself."""
    position = trials().assign(position=lambda t: t["image"])
    alone = replace(OUTCOME, within="position", random=("participant",))
    assert planned(alone, position) == (["(1 | participant)"], ())
    asked = replace(alone, within_slopes=("participant",))
    assert (
        "most combinations of participant and position have a single trial"
        in (planned(asked, position)[1][0])
    )


def test_arms_and_a_within_factor_by_image_are_crossed_and_many_cells_are_symmetric():
    block = replace(OUTCOME, within="block", slopes=("image",))
    assert planned(block)[0][1] == "(1 + arm * block | image)"
    many = trials(people=48).assign(arm=lambda t: t["participant"].str[1:].astype(int) // 2 % 8)
    assert planned(replace(OUTCOME, within=None, slopes=("image",)), many)[0] == [
        "(1 | participant)", "(1 | image)", "(1 | image:arm)"
    ]  # fmt: skip


def test_every_step_is_told_in_the_words_of_a_method():
    def singular(model):
        for term in ("image", "image:arm"):
            if any(one.name == term for one in model.random):
                raise SingularFitError((term,), "the fit is singular")
        return model

    full = MixedModel("y", (Categorical("arm"),), (between_cells("image", ("arm",)),))
    _, fitted, decisions = descend(full, singular)
    assert fitted.random == ()
    assert simplifications(decisions) == (
        "The planned unconstrained covariance of the by-image effects of arm was estimated as "
        "singular (a variance near 0 or a correlation near ±1), so it was replaced by compound "
        "symmetry, (1 | image) + (1 | image:arm)",
        "The random intercepts of image were estimated at zero variance, so the term (1 | image) "
        "was removed",
        "The planned by-image slopes of arm were estimated at zero variance, so the term "
        "(1 | image:arm) was removed",
    )


def test_the_formula_is_that_of_lme4():
    fixed = (Categorical("arm"), Categorical("correct"))
    model = MixedModel("value", fixed, (Random("participant"), Random("image", cells=("arm",))))
    assert formula(OUTCOME, model) == "y ~ arm * correct + (1 | participant) + (1 | image:arm)"


@pytest.fixture(scope="module")
def arm_order(shared_dir, tmp_path_factory):
    folder = shared_dir / "cases" / "tables" / "arm-order"
    out = tmp_path_factory.mktemp("arm-order")
    with quick_analysis():
        analysed = {
            "plan1": analyse(folder, out / "plan1", plan=folder / "plan1.toml"),
            "plan2": results_of(folder, plan=folder / "plan2.toml"),
        }
    return {name: results.outcomes[0] for name, results in analysed.items()}, out


def test_the_order_of_the_arms_in_the_plan_changes_no_number(arm_order):
    """lme4: (1 | img) + (1 | img:cond) not singular, F(3, 25.7) = 8.89, p = .0003."""
    results = [result.found for result in arm_order[0].values()]
    for found in results:
        assert found.model == "cont ~ arm + (1 | participant) + (1 | image) + (1 | image:arm)"
        assert found.test.statistic == pytest.approx(8.8917337, rel=1e-5)
        assert found.test.df == pytest.approx((3, 25.70557), rel=1e-4)
        assert found.test.p == pytest.approx(0.00032645, rel=1e-3)
        assert found.df_method == found.test.df_method == "Satterthwaite"
        # lmer and VarCorr: .49001, .57982, .54266, residual 1.04637.
        sds = {spread.factor: spread.sd for spread in found.spreads}
        assert sds == pytest.approx(
            {"participant": 0.49001, "image": 0.57982, "image:arm": 0.54266}, 1e-4
        )
        assert found.residual_sd == pytest.approx(1.04637, rel=1e-5)
    first, second = ({one.arm: one for one in found.contrasts} for found in results)
    assert first == second
    assert results[0].terms == results[1].terms
    assert results[0].log == results[1].log


@pytest.mark.nightly
def test_any_order_of_the_arms_gives_the_same_digits(shared_dir, arm_order, tmp_path):
    folder = shared_dir / "cases" / "tables" / "arm-order"
    text = (folder / "plan1.toml").read_text()
    for number, order in enumerate(list(permutations(["ctl", "map", "plc", "lime"]))[5::9]):
        plan = tmp_path / f"{number}.toml"
        plan.write_text(re.sub(r"arms = \[.*\]", f"arms = {json.dumps(order)}", text))
        found = outcomes_of(folder, plan=plan)[0].found
        assert found.terms == arm_order[0]["plan1"].found.terms


def test_the_report_names_the_step_the_method_and_that_the_plan_was_not_met(arm_order):
    page = (arm_order[1] / "plan1" / "report.html").read_text(encoding="utf-8")
    assert "was replaced by compound symmetry, (1 | image) + (1 | image:arm)" in page
    assert "not met as planned" in page
    assert "(Satterthwaite df)" in re.sub(r"<[^>]+>", "", page)
    assert '25.71 <span class="df-method">(Satterthwaite)</span>' in page
    assert "image:arm SD .54" in page.replace("0.54", ".54")
    stored = (arm_order[1] / "plan1" / "results.json").read_text(encoding="utf-8")
    assert "replaced by compound symmetry" in stored


KENWARD_ROGER = 'analysis = "linear_trials"\ndegrees_of_freedom = "kenward_roger"'


def test_kenward_rogers_df_are_used_and_named_where_the_plan_asks(shared_dir, tmp_path):
    """pbkrtest: F(3, 27.45583692) = 8.8809, p = .00028181."""
    folder = shared_dir / "cases" / "tables" / "arm-order"
    plan = tmp_path / "plan.toml"
    text = (folder / "plan1.toml").read_text()
    plan.write_text(text.replace('analysis = "linear_trials"', KENWARD_ROGER))
    results, page = page_of(folder, plan=plan)
    found = results.outcomes[0].found
    assert (found.test.statistic, found.test.df[1]) == pytest.approx((8.8809, 27.45583692), 1e-5)
    assert found.test.p == pytest.approx(0.00028181, rel=1e-4)
    assert all(
        contrast.estimate.method.endswith("Kenward-Roger's df") for contrast in found.contrasts
    )
    assert '27.46 <span class="df-method">(Kenward-Roger)</span>' in page
    plan.write_text(
        text.replace('analysis = "linear_trials"', KENWARD_ROGER.replace("linear", "logistic"))
    )
    with pytest.raises(PlanError, match="defined for linear_trials"):
        read_study(folder, plan)


def test_slopes_of_a_factor_that_is_not_random_are_refused(shared_dir, tmp_path):
    folder = shared_dir / "cases" / "tables" / "arm-order"
    plan = tmp_path / "plan.toml"
    text = (folder / "plan1.toml").read_text()
    plan.write_text(text.replace('slopes = ["image"]', 'within_slopes = ["rater"]'))
    with pytest.raises(PlanError) as caught:
        read_study(folder, plan)
    assert "within_slopes contains rater, not among the random factors" in str(caught.value)
    assert "within_slopes needs 'within'" in str(caught.value)


FOLLOWED = """
[[outcomes]]
key = "followed"
label = "Advice followed"
kind = "trial_mean"
column = "agreed"
analysis = "logistic_trials"
slopes = ["image"]
"""


@pytest.mark.nightly
def test_a_risk_difference_exists_with_slopes_by_image(tmp_path):
    """Each arm has its own spread, which compound symmetry makes equal."""
    folder = write_study(tmp_path / "data", per_arm=40, seed=3)

    def follow(table):
        rng = np.random.default_rng(1)
        pairs = list(zip(table["image"], table["arm"], strict=True))
        cells = {pair: rng.normal(0, 1) for pair in sorted(set(pairs))}
        person = {name: rng.normal(0, 0.7) for name in sorted(set(table["participant"]))}
        logit = np.array([cells[pair] for pair in pairs]) + table["participant"].map(person)
        follows = rng.random(len(table)) < 1 / (1 + np.exp(-logit))
        return table.assign(agreed=follows.astype(int).astype(str))

    edit(folder, "trials.csv", follow)
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + FOLLOWED)
    results = outcomes_of(folder)
    found = next(one.found for one in results if one.outcome.key == "followed")
    assert "image" in found.model.split("+", 1)[1]
    assert "arm" in found.model.split("+", 1)[1]
    for contrast in found.contrasts:
        assert isinstance(contrast.marginal, Estimate)
        assert contrast.marginal.low < contrast.marginal.high


SHIPPED = sorted(
    path
    for folder in (".", "examples", "published/alienzoo")
    for path in (ROOT / "studies" / folder).glob("*.toml")
)
PLAIN = "(1 | participant) + (1 | image)"


def models_of(path):
    """The random terms of each model of trials in a shipped plan, for trials of its design."""
    text = tomllib.loads(path.read_text(encoding="utf-8"))
    for table in text.get("analysis", text).get("outcomes", []):
        if table.get("analysis") in FAMILIES:
            keys = {key: table[key] for key in ("within", "slopes", "random") if key in table}
            lists = {key: tuple(value) for key, value in keys.items() if key != "within"}
            outcome = replace(OUTCOME, within=keys.get("within"), **lists)
            made = trials().assign(prediction_correct=lambda t: t["correct"])
            random = planned_random(made.assign(position=made["image"]), outcome)
            assert random.refused == ()
            yield table["key"], " + ".join(map(term_formula, random.terms))


def test_every_shipped_plan_has_the_random_terms_of_its_design():
    """Correctness belongs to the image; a round of the game is played once per person."""
    found = {(path.stem, key): terms for path in SHIPPED for key, terms in models_of(path)}
    special = {
        ("judge-advisor", "followed"): "(1 + prediction_correct | participant) + (1 | image)",
        ("thinking-aloud", "agreement"): "(1 + prediction_correct | participant) + (1 | image)",
        ("plan", "aliens"): "(1 | participant)",
        ("plan", "decision_time"): "(1 | participant)",
    }
    assert len(found) > 8
    assert found == dict.fromkeys(found, PLAIN) | special
