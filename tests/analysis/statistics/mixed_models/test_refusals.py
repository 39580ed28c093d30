"""What is no fit is never shown as one: refusals, and the steps down the ladder."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import NotEstimable, attempt
from analysis.statistics.mixed_models.errors import DesignError, NotConvergedError, SingularFitError
from analysis.statistics.mixed_models.linear import fit_linear
from analysis.statistics.mixed_models.random_structure import descend
from analysis.statistics.mixed_models.specification import (
    Categorical,
    Interaction,
    MixedModel,
    Numeric,
    Random,
)
from tests.analysis.statistics.mixed_models.data import ARM, CROSSED, POSITION, crossed, model

NO_IMAGES = (0.8, 0.0, 0.0)


def without_image_effect(seed=0):
    """Rows whose images differ less than chance would make them differ."""
    table = crossed(seed, kept=1.0, sds=NO_IMAGES)
    return table.assign(trust=table["trust"] - table.groupby("image")["trust"].transform("mean"))


def refused(table, spec):
    with pytest.raises(DesignError) as caught:
        fit_linear(table, spec)
    return str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trust": 3.0}, "all 234 values of trust equal 3"),
        ({"trust": np.nan}, "trust is missing in 234 of 234 rows"),
        ({"trust": np.inf}, "trust must contain finite numbers, but contains inf in 234 of 234"),
        ({"position": "third"}, "position must contain finite numbers"),
        ({"position": 1.0}, "the fixed effects determine position"),
        ({"arm": "lime"}, "no rows with none, shap;"),
        ({"participant": "p1"}, "participant has only one level"),
        ({"image": None}, "image is missing in 234 of 234 rows"),
    ],
)
def test_a_column_that_cannot_answer_is_refused_by_name(change, message):
    assert message in refused(crossed().assign(**change), model())


def test_a_column_that_is_not_there_is_refused_by_name():
    assert "no column 'trusts'" in refused(crossed(), model("trusts"))


def test_labels_of_two_kinds_are_refused():
    table = crossed()
    table["image"] = table["image"].where(table["image"] != "i00", 3)
    assert "image contains text and numbers" in refused(table, model())


def test_a_small_remainder_on_a_large_mean_is_no_constant_outcome():
    """The negative control of the refusals of constant and of reproduced outcomes."""
    table = crossed()
    far = table.assign(trust=table["trust"] * 1e-3 + 1e6)
    expected = fit_linear(table, model()).coefficients["arm[shap]"]
    found = fit_linear(far, model()).coefficients["arm[shap]"]
    assert found.value * 1e3 == pytest.approx(expected.value, rel=1e-4)
    assert found.p == pytest.approx(expected.p, rel=1e-3)


def test_an_empty_table_is_refused():
    assert "no row" in refused(crossed().iloc[:0], model())


def test_a_level_that_the_model_does_not_list_is_refused():
    spec = model(fixed=(Categorical("arm", levels=("none", "lime")),))
    assert "contains shap, but its levels are" in refused(crossed(), spec)


def test_the_same_information_twice_is_refused():
    table = crossed().assign(group=lambda t: t["arm"].str.upper())
    message = refused(table, model(fixed=(ARM, Categorical("group"))))
    assert "earlier columns of the fixed effects determine group[NONE], group[SHAP]" in message


def test_an_empty_cell_of_an_interaction_is_refused():
    table = crossed()
    table["late"] = np.where(table["position"] > 0, "yes", "no")
    table = table[(table["arm"] != "shap") | (table["late"] == "no")]
    late = Categorical("late")
    spec = model(fixed=(ARM, late, Interaction((ARM, late))))
    assert "arm[shap]:late[yes]" in refused(table, spec)


def test_one_row_per_participant_is_refused():
    table = crossed().drop_duplicates("participant")
    assert "are confounded with the residual" in refused(table, model(random=CROSSED[:1]))


def test_ten_levels_with_one_row_each_are_refused():
    table = pd.DataFrame({"trust": np.arange(10.0), "participant": range(10)})
    assert "10 random effects for 10 rows" in refused(
        table, MixedModel("trust", (), (Random("participant"),))
    )


def test_two_names_for_one_grouping_are_refused():
    table = crossed().assign(person=lambda t: t["participant"].str.upper())
    spec = model(random=(*CROSSED, Random("person")))
    assert "participant and person group the rows identically" in refused(table, spec)


def test_more_slopes_than_levels_are_refused():
    table = crossed(images=3)
    assert "image has 3 levels for 4 random effects" in refused(
        table, model(random=(Random("participant"), Random("image", (ARM, POSITION))))
    )


def test_more_fixed_effects_than_rows_are_refused():
    table = crossed().groupby("arm").head(2).assign(row=range(6))
    assert "need more than 6 rows" in refused(table, model(fixed=(Categorical("row"),), random=()))


def test_an_outcome_without_any_remainder_is_refused():
    table = crossed().assign(trust=lambda t: 2 * t["position"] + 1)
    assert "reproduce trust exactly" in refused(table, model())


def test_an_outcome_that_participants_predict_exactly_is_no_fit():
    table = crossed()
    table["trust"] = table["participant"].str[1:].astype(float) ** 2
    spec = model(fixed=(), random=CROSSED[:1], ladder=())
    with pytest.raises(NotEstimableError, match="did not converge"):
        fit_linear(table, spec)


def test_an_empty_factor_is_left_out_and_the_decision_logged():
    fit = fit_linear(without_image_effect(), model())
    (decision,) = fit.decisions
    assert (decision.step, decision.factor) == ("drop_factor", "image")
    assert "the variance of intercept by image is estimated as zero" in decision.reason
    assert [term.factor for term in fit.model.random] == ["participant"]
    assert list(fit.components) == ["participant"]


def test_after_the_ladder_the_fit_is_that_of_the_simpler_model():
    table = without_image_effect()
    fit = fit_linear(table, model())
    plain = fit_linear(table, model(random=CROSSED[:1]))
    assert fit.deviance == plain.deviance
    assert fit.coefficients == plain.coefficients
    assert plain.decisions == ()


def test_without_a_ladder_a_singular_fit_is_an_error_and_no_estimate():
    spec = model(ladder=())
    with pytest.raises(SingularFitError, match="variance of intercept by image") as caught:
        fit_linear(without_image_effect(), spec)
    assert caught.value.factors == ("image",)
    outcome = attempt("trust", lambda: fit_linear(without_image_effect(), spec))
    assert isinstance(outcome, NotEstimable)


def test_slopes_that_do_not_vary_are_first_uncorrelated_then_dropped():
    table = crossed(seed=2, participants=24, images=8, kept=1.0, sds=(0.8, 0.8, 0.0))
    table["trust"] -= within_slopes(table)
    random = (Random("participant", (POSITION,)), Random("image"))
    fit = fit_linear(table, model(random=random))
    assert [decision.step for decision in fit.decisions] == ["uncorrelate", "drop_slopes"]
    assert fit.model.random == CROSSED


def within_slopes(table):
    """Each participant's own slope of position, so that none is left."""
    total = np.zeros(len(table))
    for _, rows in table.groupby("participant"):
        centred = rows["position"] - rows["position"].mean()
        slope = (centred * rows["trust"]).sum() / (centred**2).sum()
        total[rows.index] = centred * slope
    return total


def test_the_ladder_takes_its_steps_in_the_declared_order():
    table = crossed(seed=2, participants=24, images=8, kept=1.0, sds=(0.8, 0.8, 0.0))
    table["trust"] -= within_slopes(table)
    random = (Random("participant", (POSITION,)), Random("image"))
    fit = fit_linear(table, model(random=random, ladder=("drop_slopes",)))
    assert [decision.step for decision in fit.decisions] == ["drop_slopes"]


def test_a_failed_search_simplifies_slopes_but_never_drops_a_factor():
    tried = []

    def never(spec):
        tried.append(spec.random)
        raise NotConvergedError("no")

    with pytest.raises(NotConvergedError):
        descend(model(random=(Random("participant", (POSITION,)), Random("image"))), never)
    slope = Random("participant", (POSITION,))
    assert tried == [
        (slope, Random("image")),
        (replace(slope, correlated=False), Random("image")),
        CROSSED,
    ]


def test_a_term_stated_twice_is_refused_when_the_model_is_stated():
    with pytest.raises(ValueError, match="random factor"):
        MixedModel("trust", (), (Random("image"), Random("image", (POSITION,))))
    with pytest.raises(ValueError, match="fixed term"):
        MixedModel("trust", (Numeric("position"), POSITION))
    with pytest.raises(ValueError, match="two or more"):
        Interaction((POSITION,))


def test_type_iii_tests_of_an_interaction_without_its_main_effects_are_refused():
    spec = model(fixed=(Interaction((ARM, POSITION)),))
    with pytest.raises(NotEstimableError, match="main effects"):
        fit_linear(crossed(), spec).type_three()
