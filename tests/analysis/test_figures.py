"""The figures: each with its numbers beside it, readable in the page and on paper."""

import re
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from PIL import Image
from scipy import stats

from analysis.figures.calibration import draw_calibration
from analysis.figures.distributions import density, draw_distributions
from analysis.figures.draw import draw_figures
from analysis.figures.forest import Forest, Row, draw_forest
from analysis.figures.layout import ROOM, lay_out
from analysis.figures.reliance import PLANES, draw_plane, places
from analysis.figures.style import SETTINGS, rows, save
from analysis.report.svg import inline_svg
from analysis.sections.behaviour.calibration_curve import calibration_points
from analysis.statistics.descriptives import summarise
from analysis.statistics.estimate import Estimate, NotEstimable
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.daily import daily


def test_every_figure_has_its_data_beside_it(planted_output):
    figures = planted_output / "figures"
    names = sorted(path.stem for path in figures.glob("*.svg"))
    assert len(names) > 8
    assert names == sorted(path.stem for path in figures.glob("*.csv"))
    report = (planted_output / "report.html").read_text(encoding="utf-8")
    assert all(f"figures/{name}.csv" in report for name in names)


@pytest.mark.whole_report
@pytest.mark.parametrize("outcomes", daily([1, 4], 1))
def test_each_figure_has_the_widths_of_a_journal_and_letters_of_6_points(
    planted_results, planted_folder, tmp_path, outcomes
):
    """By day, the figures that every report has, and those of one outcome."""
    results = replace(planted_results, outcomes=planted_results.outcomes[:outcomes])
    if outcomes == 1:
        results = replace(results, behaviour=None)
    files, failed = draw_figures(results, score_table(read_study(planted_folder)), tmp_path)
    assert failed == ()
    assert len(files) >= 5
    for folder, millimetres in (("single-column", 89), ("double-column", 178)):
        drawn = sorted((tmp_path / folder).glob("*.svg"))
        assert {path.stem for path in drawn} == set(files)
        for path in drawn:
            text = path.read_text(encoding="utf-8")
            opening = re.search(r"<svg[^>]*>", text)[0]
            width = float(re.search(r'\bwidth="([\d.]+)pt"', opening)[1])
            units = float(re.search(r'viewBox="0 0 ([\d.]+)', opening)[1])
            assert width == pytest.approx(72 * millimetres / 25.4, abs=0.1)
            letters = [float(size) for size in re.findall(r"font(?:-size)?: ([\d.]+)px", text)]
            assert min(letters) * width / units >= 6, path.name
            with Image.open(path.with_suffix(".png")) as picture:
                assert picture.width == pytest.approx(300 * millimetres / 25.4, abs=1)
                assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_the_data_of_a_raincloud_are_the_scores_and_means(planted_output, planted_results):
    frame = pd.read_csv(planted_output / "figures" / "scores-trust.csv")
    trust = planted_results.outcomes[0].found
    for arm in trust.arms:
        own = frame[frame["arm"] == arm.arm]
        assert (own["what"] == "score").sum() == arm.n
        assert own.loc[own["what"] == "mean", "value"].item() == arm.mean.value
        scores = own.loc[own["what"] == "score", "value"]
        assert scores.mean() == pytest.approx(arm.mean.value)


def test_a_figure_without_data_is_not_written(tmp_path):
    with pytest.raises(TypeError, match="no data attached"):
        save(Figure(), tmp_path / "empty")
    assert list(tmp_path.iterdir()) == []


def test_a_cloud_keeps_all_its_mass_inside_of_the_scale():
    grid = np.linspace(1, 7, 2001)
    scores = np.random.default_rng(1).normal(6.4, 0.8, 60).clip(1, 7)
    found = density(scores, grid, (1, 7))
    assert np.trapezoid(found, grid) == pytest.approx(1, abs=0.002)
    assert density(scores[:4], grid) is None
    assert density(np.full(9, 3.0), grid) is None


def test_a_cloud_is_mirrored_at_the_ends_of_the_scale_and_not_at_the_outermost_scores():
    """Scores from 1.5 to 5 on a scale from 1 to 7: nothing is folded back at 1.5 or 5."""
    scores = np.random.default_rng(2).uniform(1.5, 5, 40)
    arm = summarise("a", "A", scores, 0.95)
    plain = stats.gaussian_kde(scores)

    def cloud(ends):
        figure = draw_distributions((arm,), {"a": scores}, "a", "Trust", True, ends)
        (area,) = [one for one in figure.axes[0].collections if isinstance(one, PolyCollection)]
        outline = area.get_paths()[0].vertices
        return outline[:, 0].min(), outline[:, 0].max()

    grid = np.linspace(1, 7, 601)
    expected = plain(grid) + plain(2 - grid) + plain(14 - grid)
    assert density(scores, grid, (1, 7)) == pytest.approx(expected)
    assert density(scores, grid) == pytest.approx(plain(grid))
    width = 3 * np.sqrt(plain.covariance[0, 0])
    assert width > 1  # so that the scale's lower end is in reach, and its upper end is not
    reach = (scores.min() - width, scores.max() + width)
    assert cloud((1, 7)) == pytest.approx((1, reach[1]))
    assert cloud((None, None)) == pytest.approx(reach)
    assert cloud((3, None)) == pytest.approx(reach)  # people beyond an "end" prove it wrong


def test_the_ends_of_each_kind_of_score_come_from_the_codebook(planted):
    results, _ = planted
    ends = {result.outcome.key: result.score_range for result in results.outcomes}
    assert ends == {
        "trust": (1, 7), "understanding": (1, 7), "agreement_wrong": (0, 1),
        "sureness": (1, 5),
    }  # fmt: skip


def test_ratios_have_a_logarithmic_axis_around_one(planted_results):
    ratio = Estimate("odds ratio", 2.0, 1.1, 4.0, 0.95, 9, "t")
    rows = [Row("a", "A", ratio), Row("b", "B", NotEstimable("odds ratio", "no trials"))]
    figure = draw_forest(rows, Forest("Odds ratio", "note", ratio=True), ["a", "b", "c"], "c", True)
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert "not estimable" in [text.get_text() for text in axes.texts]
    assert 1.0 in axes.get_xticks()


def test_a_mark_is_filled_where_the_text_may_claim_the_difference_and_not_by_its_interval():
    """An interval that is not adjusted may exclude 1 where the adjusted p is .18."""
    ratio = Estimate("odds ratio", 2.0, 1.1, 4.0, 0.95, 9, "t", 2.2, None, 0.03)
    rows = [Row("a", "A", ratio, 0.18, False), Row("b", "B", ratio, 0.04, True)]
    figure = draw_forest(rows, Forest("Odds ratio", "note", ratio=True), ["a", "b", "c"], "c", True)
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [True, False]


def test_the_filled_marks_are_the_arms_that_the_text_names(planted_output, planted_results):
    """Of every outcome with a figure of contrasts, and at least one mark of each kind."""
    page = (planted_output / "report.html").read_text(encoding="utf-8")
    filled = {0: 0, 1: 0}
    for result in planted_results.outcomes:
        path = planted_output / "figures" / f"contrasts-{result.outcome.key}.csv"
        frame = pd.read_csv(path)
        alpha = planted_results.plan.alpha
        for row in frame.itertuples():
            claimed = result.p_adjusted < alpha and row.p_adjusted < alpha
            assert row.filled == claimed
            filled[row.filled] += 1
    assert min(filled.values()) > 0
    assert "Filled: the adjusted p of the arm and of the outcome are below .05" in page


def test_no_style_is_left_in_a_figure_of_the_page(planted_output):
    """A style inside of the page would be read as the page's, and dropped on paper."""
    text = (planted_output / "figures" / "scores-trust.svg").read_text(encoding="utf-8")
    assert "style=" in text
    for follow in (True, False):
        inlined = inline_svg(text, "scores-trust", "A figure", follow)
        assert not re.search(r"<[^>]*\bstyle=", inlined)
        assert re.search(r'stroke-width="1\.8"', inlined)
        assert ("var(--" in inlined) == follow


def test_on_paper_texts_begin_where_their_anchor_would_have_put_them():
    """A reader of PDF cuts into the first letter of anchored text; the right end stays put."""
    style = "font-size: 10px; font-family: 'DejaVu Sans'; text-anchor: {}; fill: #1b1f24"
    text = (
        '<svg xmlns="s" width="9pt" height="9pt">'
        f'<text style="{style.format("end")}" x="90.5" y="20">Grad-CAM</text>'
        f'<text style="{style.format("middle")}" x="90.5" y="40">Grad-CAM</text></svg>'
    )
    assert inline_svg(text, "x", "y").count("text-anchor") == 2
    printed = inline_svg(text, "x", "y", follow=False)
    assert "text-anchor" not in printed
    end, middle = (float(x) for x in re.findall(r'<text [^>]*x="([\d.]+)"', printed))
    assert 45 < 90.5 - end < 60  # the width of eight letters of 10 units
    assert 90.5 - middle == pytest.approx((90.5 - end) / 2, abs=0.002)


def test_each_line_of_a_label_ends_at_the_axis_in_any_letters(planted_output):
    text = (planted_output / "figures" / "scores-trust.svg").read_text(encoding="utf-8")
    ends = re.findall(r'text-anchor: end[^"]*" x="([\d.]+)"[^>]*>(?:Grad-CAM|n = 30)<', text)
    assert len(ends) == 4  # the arm's name, and n of three arms
    assert len(set(ends)) == 1


def test_a_label_that_looks_like_a_style_stays_a_label():
    text = (
        '<svg xmlns="s" width="1pt" height="1pt"><text style="fill: red">style="a: b" </text></svg>'
    )
    inlined = inline_svg(text, "x", "y")
    assert '<text fill="red">style="a: b" </text>' in inlined


def test_the_reliance_plane_puts_each_arm_at_its_two_measures(planted_output, planted_results):
    frame = pd.read_csv(planted_output / "figures" / "reliance.csv")
    for arm in planted_results.behaviour.arms:
        own = frame[frame["arm"] == arm.arm].set_index("measure")["value"]
        measures = {one.key: one.estimate.value for one in arm.measures if one.key in own.index}
        assert own.to_dict() == measures
        assert set(measures) == {"over_reliance", "under_reliance"}
    placebo = frame[(frame["arm"] == "placebo") & (frame["measure"] == "over_reliance")]
    assert placebo["value"].item() > 0.6


def test_the_calibration_curve_counts_every_trial_with_a_stated_confidence(
    planted_output, planted_results, planted_folder
):
    frame = pd.read_csv(planted_output / "figures" / "calibration.csv")
    trials = pd.read_csv(planted_folder / "trials.csv")
    assert frame["trials"].sum() == len(trials)
    one = frame[(frame["arm"] == "gradcam") & (frame["stated"] == 4)].squeeze()
    own = trials[(trials["arm"] == "gradcam") & (trials["sureness"] == 4)]
    right = own["agreed"] == own["prediction_correct"]
    assert one["share"] == pytest.approx(right.mean())
    assert one["low"] < one["share"] < one["high"]
    assert one["participants"] == own["participant"].nunique()


def test_many_heights_of_confidence_are_put_into_bins_that_all_arms_share():
    rng = np.random.default_rng(2)
    trials = pd.DataFrame(
        {
            "participant": np.repeat([f"P{i}" for i in range(40)], 10),
            "arm": np.repeat(["a", "b"], 200),
            "confidence": rng.uniform(0, 100, 400),
            "final_right": rng.integers(0, 2, 400).astype(float),
        }
    )
    trials["probability"] = trials["confidence"] / 100
    points = calibration_points(trials, {"a": "A", "b": "B"}, 0.95)
    assert len(points) == 20
    assert sum(one.trials for one in points) == 400
    assert all(one.probability == pytest.approx(one.stated / 100) for one in points)
    assert calibration_points(trials.assign(confidence=3.0), {"a": "A"}, 0.95) == ()


LONG = {
    "one word": "Erklärungsbedürftigkeit" * 4,
    "words": "a map of what matters to the classifier in this image, smooth and not smooth " * 2,
    "markup": "<img src=x onerror='window.canary=1'></title></textarea></script><svg onload>",
}


@pytest.mark.nightly
@pytest.mark.parametrize("label", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("number", daily([6, 1, 2], 1))
def test_a_forest_has_room_for_its_rows_however_long_the_labels_are(label, number):
    one = Estimate("d", 0.2, -0.1, 0.4, 0.95, 9, "t")
    arms = [f"arm{place}" for place in range(number)]
    kind = Forest(f"Difference of means: arm minus {label}", "line: interval")
    with mpl.rc_context(SETTINGS):
        figure = draw_forest([Row(arm, label, one) for arm in arms], kind, [*arms, "c"], "c", True)
        lay_out(figure)
    (axes,) = figure.axes
    assert_all_is_seen(figure)
    labels = [text.get_window_extent() for text in axes.texts if text.get_text()]
    lines = len(labels) // number
    for upper, lower in zip(labels[lines - 1 :: lines], labels[lines::lines], strict=False):
        assert upper.y0 >= lower.y1  # the last line of a row, the first of the next


@pytest.mark.nightly
@pytest.mark.parametrize("label", daily(LONG.values(), 1), ids=LONG.keys())
def test_planes_and_curves_have_room_however_long_the_labels_are(label, planted_results):
    behaviour, plan = planted_results.behaviour, planted_results.plan
    named = replace(behaviour, arms=tuple(replace(arm, label=label) for arm in behaviour.arms))
    labels = dict.fromkeys(planted_results.labels, label)
    with mpl.rc_context(SETTINGS):
        plane = draw_plane(places(named, PLANES[0]), PLANES[0], plan.arms, plan.control, True)
        curve = draw_calibration(behaviour.calibration, labels, plan.control, True)
        for figure in (plane, curve):
            lay_out(figure)
            assert_all_is_seen(figure)


def test_without_growing_the_axes_of_a_long_label_collapse():
    """The control: what `lay_out` would leave if the figure kept its height."""
    with mpl.rc_context(SETTINGS):
        figure, axes = rows(["A"])
        axes.set_xlabel("\n".join("ABCDEFGHI"))
        with pytest.warns(UserWarning, match="collapsed"):
            figure.draw_without_rendering()
        lay_out(figure)
        assert_all_is_seen(figure)


def assert_all_is_seen(figure: Figure) -> None:
    """Axes as high as they have to be, and nothing outside of the paper."""
    with mpl.rc_context(SETTINGS):
        figure.draw_without_rendering()
    wanted = [axes for axes in figure.axes if axes in ROOM]
    assert wanted
    for axes in wanted:
        assert axes.get_window_extent().height / figure.dpi > ROOM[axes] - 0.01
        assert axes.get_window_extent().width / figure.dpi > 1
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) > -0.02
    assert max(drawn.x1 - width, drawn.y1 - height) < 0.02
