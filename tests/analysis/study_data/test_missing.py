"""Not asked, does not apply, not answered: three kinds of missing, none of them a zero."""

import pytest

from analysis.errors import PlanError, TableError
from analysis.statistics.estimate import HypothesisTest, NotEstimable
from analysis.study_data.missing import missing_by_arm
from analysis.study_data.study_data import read_study
from tests.analysis.tidy import edit, outcomes_of


def row(folder, name, arm):
    found = missing_by_arm(read_study(folder))
    return next((one for one in found if (one.name, one.arm) == (name, arm)), None)


def answer(value, item="trust1", arm="lime", rows=slice(None)):
    def change(frame):
        own = frame.index[(frame["item"] == item) & (frame["arm"] == arm)]
        frame.loc[own[rows], "value"] = value
        return frame

    return change


def test_a_cell_says_which_kind_of_missing_it_is(folder):
    edit(folder, "answers.csv", answer("does_not_apply", arm="none", rows=slice(0, 1)))
    edit(folder, "answers.csv", answer("not_asked", arm="none", rows=slice(1, 2)))
    edit(folder, "answers.csv", answer("", arm="none", rows=slice(2, 3)))
    found = row(folder, "trust1", "none")
    kinds = (found.not_asked, found.does_not_apply, found.not_answered)
    assert (found.present, *kinds) == (1, 1, 1, 1)
    data = read_study(folder)
    assert data.answers["value"].isna().sum() == 3


def test_an_item_that_an_arm_never_saw_was_not_asked_there(folder):
    def never(frame):
        return frame[(frame["item"] != "trust1") | (frame["arm"] != "placebo")]

    edit(folder, "answers.csv", never)
    found = row(folder, "trust1", "placebo")
    kinds = (found.not_asked, found.does_not_apply, found.not_answered)
    assert (found.present, *kinds) == (0, 4, 0, 0)
    assert row(folder, "trust1", "none").not_asked == 0


def test_someone_without_a_row_for_an_item_that_others_saw_did_not_answer(folder):
    def leave(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        return frame[~(first & (frame["item"] == "trust1"))]

    edit(folder, "answers.csv", leave)
    rows = [row(folder, "trust1", arm) for arm in ("none", "gradcam", "placebo")]
    assert sum(one.not_answered for one in rows) == 1
    assert sum(one.not_asked for one in rows) == 0


def test_no_map_in_the_arm_without_maps_does_not_apply(folder):
    found = row(folder, "method", "none")
    assert (found.present, found.does_not_apply, found.not_answered) == (0, 48, 0)


def test_a_required_cell_may_not_be_missing_of_any_kind(folder):
    def damage(frame):
        return frame.assign(arm="not_asked")

    with pytest.raises(TableError, match=r"column arm, .* must not be empty"):
        read_study(edit(folder, "participants.csv", damage))


def without_trust_in_placebo(frame):
    return frame[~(frame["item"].str.startswith("trust") & (frame["arm"] == "placebo"))]


def test_an_arm_that_was_not_asked_is_a_refusal_until_the_plan_says_so(folder):
    edit(folder, "answers.csv", without_trust_in_placebo)
    trust = outcomes_of(folder)[0]
    assert isinstance(trust.found.test, NotEstimable)
    assert "“Placebo map” has 0" in trust.found.test.reason
    plan = folder / "plan.toml"
    plan.write_text(
        plan.read_text().replace(
            'scale = "trust"', 'scale = "trust"\nasked_in = ["none", "gradcam"]'
        )
    )
    trust = outcomes_of(folder)[0]
    assert isinstance(trust.found.test, HypothesisTest)
    assert [arm.arm for arm in trust.found.arms] == ["none", "gradcam"]


def test_a_score_coded_zero_for_not_asked_is_refused_at_the_door(folder):
    """A published study's arm that never saw the question had the mean 0 on a scale from 1."""

    def zeros(frame):
        frame.loc[frame["item"].str.startswith("trust") & (frame["arm"] == "placebo"), "value"] = (
            "0"
        )
        return frame

    with pytest.raises(TableError, match=r"codebook\.csv does not allow '0'"):
        read_study(edit(folder, "answers.csv", zeros))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ('["gradcam", "placebo"]', "must contain the control 'none'"),
        ('["none"]', "and another arm"),
        ('["none", "lime"]', "asked_in names lime"),
    ],
)
def test_asked_in_must_name_the_control_and_another_arm(folder, asked, message):
    plan = folder / "plan.toml"
    plan.write_text(
        plan.read_text().replace('scale = "trust"', f'scale = "trust"\nasked_in = {asked}')
    )
    with pytest.raises(PlanError, match=message):
        read_study(folder)


@pytest.mark.parametrize(("share", "scored"), [(0.5, True), (0.9, False)])
def test_the_plan_says_how_many_items_make_a_score(folder, share, scored):
    def skip(frame):
        first = frame["participant"] == frame["participant"].iloc[0]
        frame.loc[first & frame["item"].isin(["trust1", "trust2"]), "value"] = ""
        return frame

    edit(folder, "answers.csv", skip)
    plan = folder / "plan.toml"
    plan.write_text(
        plan.read_text().replace('scale = "trust"', f'scale = "trust"\nmin_answered = {share}')
    )
    trust = outcomes_of(folder)[0]
    assert sum(arm.n for arm in trust.found.arms) == (12 if scored else 11)
