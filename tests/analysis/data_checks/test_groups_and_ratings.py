"""Faults in one group of participants only, and ratings beyond their scale, are found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NotEstimableError
from analysis.failures import Failures
from analysis.plan.catalogues.data_checks import DATA_CHECKS
from analysis.report.render import render_report
from analysis.results import compute
from analysis.sections.data_checks import section
from analysis.sections.data_checks.ratings import stated_range
from analysis.sections.data_checks.section import data_checks
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.data_checks.clean_tables import write_table
from tests.analysis.data_checks.test_checks import (
    EVERY,
    LARGE,
    SEED,
    Files,
    changed,
    findings_of,
)
from tests.daily import daily

pytestmark = pytest.mark.whole_report

Change = Callable[[Files, bool], None]
"""A change of the clean table: the group or column alone, or with the fault in it."""

CONFIDENCE = 'confidence = "sure"\nconfidence_range = [1, 7]\nprobability_range = [0, 1]\n'


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    return write_table(tmp_path_factory.mktemp("clean"), LARGE)


def in_group(files: Files, table: pd.DataFrame, name: str, levels: tuple[str, str]) -> np.ndarray:
    """Give every participant a group in a column that the plan does not map; flag the second."""
    second = files.people.index % 3 == 0
    files.people[name] = np.where(second, levels[1], levels[0])
    return table["pid"].map(dict(zip(files.people["pid"], second, strict=True))).to_numpy()


def most_points(files: Files) -> int:
    return 7 if files.answers.loc[files.answers["q"].str.startswith("trust"), "v"].max() > 5 else 5


def turn_an_item_in_a_language(files: Files, fault: bool) -> None:
    rows = in_group(files, files.answers, "UserLanguage", ("en", "de"))
    rows = rows & (files.answers["q"] == "trust1").to_numpy() & fault
    files.answers.loc[rows, "v"] = most_points(files) + 1 - files.answers.loc[rows, "v"]


def answer_on_a_wider_range_in_a_batch(files: Files, fault: bool) -> None:
    rows = in_group(files, files.answers, "batch", ("1", "2")) & fault
    rows = rows & files.answers["q"].str.startswith("trust").to_numpy()
    wider = (1.3 * files.answers["v"] + 1).round().clip(1, most_points(files)).astype(int)
    files.answers["v"] = files.answers["v"].where(~rows, wider)


def answer_on_a_narrower_range_on_a_device(files: Files, fault: bool) -> None:
    rows = in_group(files, files.trials, "device", ("desktop", "phone")) & fault
    files.trials["sure"] = files.trials["sure"].where(~rows, files.trials["sure"].clip(upper=5))


def cut_the_raw_column(files: Files, fault: bool) -> None:
    """The file has the ratings as typed, too, which the plan does not map."""
    files.trials["sure_raw"] = files.trials["sure"]
    if fault:
        files.trials.loc[files.trials.index[::31], ["sure", "sure_raw"]] = (7, 77)
        files.trials.loc[files.trials.index[5::37], ["sure", "sure_raw"]] = (1, 0)


def describe_sure_by_its_label(files: Files) -> None:
    files.plan = files.plan.replace(CONFIDENCE, "")
    files.plan = files.plan.replace('label = "sure"', 'label = "Sureness, 1 = low to 7 = high"')


def store_a_missed_click_as_zero(files: Files, fault: bool) -> None:
    describe_sure_by_its_label(files)
    if fault:
        files.trials.loc[files.trials.index[::40], "sure"] = 0


def mark_between_two_boxes(files: Files, fault: bool) -> None:
    describe_sure_by_its_label(files)
    files.plan = files.plan.replace('sure = "integer"', 'sure = "number"')
    if fault:
        rows = (files.trials.index % 13 == 0) & (files.trials["sure"] < 7)
        files.trials["sure"] = files.trials["sure"] + np.where(rows, 0.5, 0)


def mark_between_two_boxes_in_an_arm(files: Files, fault: bool) -> None:
    files.plan = files.plan.replace('sure = "integer"', 'sure = "number"').replace(CONFIDENCE, "")
    if fault:
        arm = files.trials["pid"].map(files.people.set_index("pid")["cond"])
        rows = (files.trials.index % 9 == 0) & (files.trials["sure"] < 7) & (arm == "map")
        files.trials["sure"] = files.trials["sure"] + np.where(rows, 0.5, 0)


def cut_a_scale_in_an_arm(files: Files, fault: bool) -> None:
    """Ask an arm with more answer options and recode those beyond the scale to its end."""
    arm = files.answers["pid"].map(files.people.set_index("pid")["cond"])
    rows = (arm == "map") & files.answers["q"].str.startswith("trust")
    rng = np.random.default_rng(2)
    person = dict(zip(files.people["pid"], rng.normal(0, 0.8, len(files.people)), strict=True))
    tilt = files.answers["pid"].map(person) + rng.normal(0, 1.2, len(files.answers))
    points = most_points(files)
    files.answers["v"] = (
        files.answers["v"]
        .mask(files.answers["q"].str.startswith("trust"), (points / 2 + 0.8 * tilt).round())
        .clip(1, points)
    )
    wider = (points - 1.5 + 1.6 * tilt).round().clip(1, points)
    files.answers["v"] = files.answers["v"].mask(rows & fault, wider).astype(int)
    files.plan = files.plan.replace("reversed = 1", "reversed = 0")


def rate_between_the_steps_in_a_version(files: Files, fault: bool) -> None:
    rows = in_group(files, files.trials, "app_version", ("1.0", "1.1"))
    files.trials["slider"] = (files.trials["slider"] / 10).round().astype(int) * 10
    some = rows & fault & (files.trials.index % 4 == 0) & (files.trials["slider"] < 90)
    files.trials["slider"] = files.trials["slider"] + np.where(some, 3, 0)


def store_a_missed_click_as_the_lowest_rating(files: Files, fault: bool) -> None:
    """Nothing states the range of the rating, which depends on the participant."""
    files.plan = files.plan.replace(CONFIDENCE, "")
    rng = np.random.default_rng(11)
    person = dict(zip(files.people["pid"], rng.normal(0, 1.3, len(files.people)), strict=True))
    rating = 4 + files.trials["pid"].map(person) + rng.normal(0, 0.7, len(files.trials))
    files.trials["sure"] = rating.round().clip(1, 7).astype(int)
    if fault:
        files.trials.loc[files.trials.index[::12], "sure"] = 0


CHANGES: dict[Change, tuple[str, str]] = {
    turn_an_item_in_a_language: ("reversed_key", "where “UserLanguage” is “de”"),
    answer_on_a_wider_range_in_a_batch: ("recoded_ratings", "Where “batch” is “2”"),
    answer_on_a_narrower_range_on_a_device: ("other_range", "Where “device” is “phone”"),
    cut_the_raw_column: ("recoded_ratings", "is a copy of “sure_raw”"),
    store_a_missed_click_as_zero: ("other_range", "lie outside of 1 to 7: 0."),
    mark_between_two_boxes: ("other_range", "The rating has no such steps."),
    cut_a_scale_in_an_arm: ("recoded_ratings", "In the arm “map”"),
    rate_between_the_steps_in_a_version: ("other_range", "where “app_version” is “1.1”"),
    store_a_missed_click_as_the_lowest_rating: ("recoded_ratings", "are 0, an end of its values"),
    mark_between_two_boxes_in_an_arm: ("other_range", "nearly all of them in the arm “map”"),
}


@EVERY
@pytest.mark.parametrize("change", daily(CHANGES, 1))
def test_the_fault_is_found_and_the_same_table_without_it_is_clean(every, change, clean, tmp_path):
    check, words = CHANGES[change]
    folders = [tmp_path / name for name in ("fault", "clean")]
    for folder in folders:
        folder.mkdir()
    found = findings_of(check, changed(clean, folders[0], lambda files: change(files, True)), every)
    assert [one.check for one in found] == [check]
    assert words in found[0].sentence
    without = changed(clean, folders[1], lambda files: change(files, False))
    assert findings_of(check, without, every) == ()


@pytest.mark.nightly
@EVERY
def test_an_item_turned_in_one_of_two_files_is_found(every, clean, tmp_path):
    def turn(files: Files) -> None:
        rows = in_group(files, files.answers, "unused", ("en", "de"))
        turned = rows & (files.answers["q"] == "trust1").to_numpy()
        files.answers.loc[turned, "v"] = most_points(files) + 1 - files.answers.loc[turned, "v"]
        for name, part in (("en", ~rows), ("de", rows)):
            files.answers[part].to_csv(tmp_path / f"survey_{name}.csv", index=False)
        files.people = files.people.drop(columns="unused")
        files.plan = files.plan.replace('"answers.csv"', '"survey_*.csv"')

    found = findings_of("reversed_key", changed(clean, tmp_path, turn), every)
    assert [one.check for one in found] == ["reversed_key"]
    assert "in the file “survey_de.csv”" in found[0].sentence


@pytest.mark.parametrize(
    ("label", "ends"),
    [
        ("Helpfulness, 1 = not at all to 5 = very", (1, 5)),
        ("Plausibilität, Kästchen von 1 bis 6", (1, 6)),
        ("Vertrauen (1 = gar nicht, 7 = völlig)", (1, 7)),
        ("from 1 (low) to 9 (high)", (1, 9)),
        ("zwischen 0 und 10", (0, 10)),
        ("Confidence [0–100]", (0, 100)),
        ("Accuracy in blocks 1 to 3", None),
        ("Mean of items 1 to 6", None),
        ("Change from 2020 to 2021", None),
        ("ISO 9241-110", None),
    ],
)
def test_the_range_of_answers_is_read_from_the_wording(label, ends):
    assert stated_range(label) == ends


@pytest.mark.nightly
@EVERY
def test_a_choice_that_goes_with_a_rating_is_not_a_group_of_collection(every, clean, tmp_path):
    """People who prefer a method may truly rate another way than those who prefer the other."""

    def prefer(files: Files) -> None:
        rows = in_group(files, files.trials, "chosen", ("lime", "gradcam"))
        files.trials["sure"] = files.trials["sure"].where(~rows, files.trials["sure"].clip(upper=5))

    found = findings_of("other_range", changed(clean, tmp_path, prefer), every)
    assert "other_range" not in [one.check for one in found]


@pytest.mark.nightly
@pytest.mark.parametrize("error", [ZeroDivisionError("division"), NotEstimableError("too few")])
def test_a_check_that_fails_costs_only_itself_and_is_named(error, tmp_path, monkeypatch):
    """Also with an error that would refuse the whole table if another part raised it."""
    data = read_study(write_table(tmp_path, SEED))
    real = section.resolve

    def failing(path: str) -> object:
        def fail(material: object) -> object:
            raise error

        if path.endswith("ceiling.ceiling"):
            return fail
        return real(path) if "attrition" in path else lambda material: ()

    monkeypatch.setattr(section, "resolve", failing)
    failures = Failures()
    done = data_checks(data, failures)
    assert [check.key for check in done.failed] == ["ceiling"]
    assert len(done.checks) == len(DATA_CHECKS)
    assert [failure.part for failure in failures.found] == ["Data check “Ceiling and floor”"]
    if isinstance(error, NotEstimableError):
        return  # the page says the same of either error
    html = render_report(compute(data, score_table(data)), {}, "test")
    assert "1 check could not be carried out: Ceiling and floor." in html
