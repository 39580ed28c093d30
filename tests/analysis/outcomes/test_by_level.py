"""Arms at the levels of a factor within participants: what is said of them, and how it looks."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection

from analysis.figures.levels import Point, draw_differences, draw_means
from analysis.outcomes.by_level import LevelContrast, arms_by_level, individual_slopes
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, write_study

SURE = Outcome(
    "sure", "Sureness", "trial_mean", column="sureness", analysis="linear_trials",
    within="prediction_correct", population="randomised",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three arms, one of which is surer of right predictions; a person saw no wrong prediction."""

    def surer(frame):
        right = (frame["prediction_correct"] == "1") & (frame["arm"] == "gradcam")
        sure = np.where(right, "5", frame["sureness"])
        first = frame["participant"] == frame["participant"].iloc[0]
        return frame.assign(sureness=sure)[~(first & (frame["prediction_correct"] == "0"))]

    folder = write_study(tmp_path_factory.mktemp("levels") / "data", arms=THREE_ARMS, per_arm=12)
    return read_study(edit(folder, "trials.csv", surer))


def test_levels_have_words_and_everybody_who_has_a_level_counts_there(data):
    by_level = arms_by_level(data, SURE)
    assert by_level.levels == ("wrong prediction", "right prediction")
    assert by_level.incomplete == 1
    n = {(one.level, one.scores.arm): one.scores.n for one in by_level.scores}
    arm = data.participants.set_index("participant")["arm"]
    lacking = arm[data.trials["participant"].iloc[0]]
    assert n["wrong prediction", lacking] == 11
    assert n["right prediction", lacking] == 12
    assert by_level.interaction.n == 35
    alike = next(one for one in by_level.scores if one.scores.without_interval)
    assert (alike.level, alike.scores.arm, alike.scores.minimum) == (
        "right prediction",
        "gradcam",
        5,
    )


def test_analyses_over_all_arms_and_studies_of_one_arm_have_no_levels_to_compare(data):
    assert arms_by_level(data, replace(SURE, within=None)) is None
    assert arms_by_level(data, replace(SURE, analysis="repeated")) is None
    assert arms_by_level(data, replace(SURE, asked_in=("none",))) is None


def test_positions_are_in_the_order_of_numbers_and_have_a_slope_per_person(data):
    by_level = arms_by_level(data, replace(SURE, within="position"))
    assert by_level.levels == tuple(str(number) for number in range(1, len(by_level.levels) + 1))
    assert len(by_level.levels) > 10
    assert [one.arm for one in by_level.slopes] == list(data.plan.arms)
    wide = pd.DataFrame([[1.0, 2.0, 4.0], [5.0, 5.0, 5.0]])
    # The slope over 1, 2 and 5: np.polyfit([1, 2, 5], [1, 2, 4], 1)[0] is 0.7308.
    assert list(individual_slopes(wide, (1, 2, 5))) == pytest.approx([19 / 26, 0])


def points(arms, levels):
    return [
        Point(arm, f"Label {arm}", level, 4 + number, 3.5 + number, 4.5 + number)
        for number, arm in enumerate(arms)
        for level in levels
    ]


@pytest.mark.parametrize(
    ("arms", "levels", "panels", "bands"),
    [("ab", 2, 1, 0), ("ab", 30, 1, 2), ("abcdefg", 12, 6, 0)],
)
def test_two_and_thirty_levels_and_many_arms_stay_legible(arms, levels, panels, bands):
    names = [str(level + 1) for level in range(levels)]
    colour = dict.fromkeys(arms, "#0072b2")
    figure = draw_means(points(arms, names), names, colour, "Trust", False, factor="position")
    assert len(figure.axes) == panels
    axes = figure.axes[0]
    assert sum(isinstance(one, PolyCollection) for one in axes.collections) == bands
    assert len(axes.get_xticks()) <= 15
    ends = [label for one in figure.axes for label in one.get_xlabel().split() if label]
    assert ends == ["position"] * min(panels, 2)


def test_a_mark_is_filled_where_holms_p_is_below_alpha():
    scores = np.arange(8.0)
    difference = welch_t(scores + 2, scores)
    contrasts = [
        LevelContrast(level, "b", "B", difference, p) for level, p in (("x", 0.01), ("y", 0.2))
    ]
    figure = draw_differences(
        contrasts, ["x", "y"], ["a", "b"], ("a", "A"), alpha=0.05, factor="time", simulated=False
    )
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "s"]
    assert [mark.get_markerfacecolor() for mark in marks] == ["#0072b2", "white"]
