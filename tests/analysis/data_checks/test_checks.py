"""Each data check finds its fault in a table that is clean without it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import TableError
from analysis.plan.catalogues.data_checks import DATA_CHECKS, FAMILY_LEVEL
from analysis.plan.plan import resolve
from analysis.report.render import render_report
from analysis.results import compute
from analysis.sections.data_checks.material import DataFinding, Material
from analysis.sections.data_checks.section import DataChecks, data_checks
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.data_checks import further_faults, planted_faults
from tests.analysis.data_checks.clean_tables import write_table
from tests.daily import daily

pytestmark = pytest.mark.whole_report

SEED, LARGE = 42, 21
"""Of a table, and of one in which faults of a part of the people show, too."""
FEW_CLEAN = 6
MANY_CLEAN = 200


@dataclass
class Files:
    """The files of a table, to be changed."""

    people: pd.DataFrame
    trials: pd.DataFrame
    answers: pd.DataFrame
    plan: str


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Path:
    return write_table(tmp_path_factory.mktemp("clean"), SEED)


@pytest.fixture(scope="module")
def checked(clean: Path) -> DataChecks:
    return data_checks(read_study(clean))


def findings(folder: Path) -> tuple[DataFinding, ...]:
    return data_checks(read_study(folder)).findings


def findings_of(key: str, folder: Path, every: bool = False) -> tuple[DataFinding, ...]:
    """The findings of one check, or of all of them, which takes five times as long."""
    if every:
        return findings(folder)
    check = next(check for check in DATA_CHECKS if check.key == key)
    level = FAMILY_LEVEL / sum(one.statistical for one in DATA_CHECKS)
    return tuple(resolve(check.path)(Material(read_study(folder), level)))


EVERY = pytest.mark.parametrize(
    "every",
    [False, pytest.param(True, marks=pytest.mark.nightly)],
    ids=["its", "every"],
)


def changed(clean: Path, folder: Path, change: Callable[[Files], None]) -> Path:
    """Write the clean table with a change to its files."""
    names = ("people", "trials", "answers")
    files = Files(
        *(pd.read_csv(clean / f"{name}.csv") for name in names), (clean / "plan.toml").read_text()
    )
    change(files)
    for name in names:
        getattr(files, name).to_csv(folder / f"{name}.csv", index=False)
    (folder / "plan.toml").write_text(files.plan)
    return folder


def reverse_an_item(files: Files) -> None:
    rows = files.answers["q"] == "trust1"
    most = 7 if files.answers.loc[files.answers["q"].str.startswith("trust"), "v"].max() > 5 else 5
    files.answers.loc[rows, "v"] = most + 1 - files.answers.loc[rows, "v"]


def draw_straight_lines(files: Files) -> None:
    people = files.people["pid"].iloc[::8]
    files.answers.loc[files.answers["pid"].isin(people), "v"] = 4


def store_six_and_seven_as_five(files: Files) -> None:
    files.trials["sure"] = files.trials["sure"].clip(upper=5)


def answer_in_shares(files: Files) -> None:
    rows = files.trials["pid"].isin(files.people["pid"].iloc[::9])
    files.plan = files.plan.replace('slider = "integer"', 'slider = "number"')
    files.trials["slider"] = files.trials["slider"].mask(rows, files.trials["slider"] / 100)


def leave_codes(files: Files) -> None:
    files.people.loc[::15, "age"] = 999


def lift_to_the_ceiling(files: Files) -> None:
    files.trials["slider"] = (files.trials["slider"] + 45).clip(upper=100)


def hold_constant(files: Files) -> None:
    inside = files.trials["pid"].isin(files.people.loc[files.people["cond"] == "map", "pid"])
    files.trials.loc[inside, "sure"] = 4


def write_zero_for_no_cases(files: Files) -> None:
    files.people.loc[::6, ["n_wrong", "k_wrong"]] = 0
    over = files.people["n_wrong"].where(files.people["n_wrong"] > 0)
    files.people["followed"] = (100 * files.people["k_wrong"] / over).round(1).fillna(0)


def cut_decimals(files: Files) -> None:
    share = 100 * files.people["k_wrong"] / files.people["n_wrong"]
    files.people["followed"] = np.floor(share * 10 + 1e-9) / 10


def cut_times(files: Files) -> None:
    files.trials["rt"] = files.trials["rt"].clip(upper=7000)


def forget_the_participant(files: Files) -> None:
    files.plan = files.plan.replace(
        'analysis = "logistic_trials"', 'analysis = "logistic_trials"\nrandom = ["image"]'
    )


def copy_people(files: Files) -> None:
    for number, (old, new) in enumerate((("p003", "p903"), ("p004", "p904"))):
        arm = files.people.loc[files.people["pid"] != old, "cond"].iloc[number]
        copied = files.people[files.people["pid"] == old].assign(pid=new, cond=arm)
        files.people = pd.concat([files.people, copied])
        for name in ("trials", "answers"):
            table = getattr(files, name)
            copied = table[table["pid"] == old].assign(pid=new)
            setattr(files, name, pd.concat([table, copied]))


def mix_up_arms(files: Files) -> None:
    files.people["gender"] = files.people["cond"].map(lambda arm: f"saw {arm}")
    files.people.loc[[2, 5], "gender"] = files.people.loc[[5, 2], "gender"].to_numpy()
    swapped = files.people["cond"].ne("plain").idxmax()
    files.people.loc[swapped, "gender"] = "saw plain"


def move_by_a_row(files: Files) -> None:
    files.trials["correct"] = files.trials["correct"].shift(1, fill_value=0)


def show_an_image_in_one_arm(files: Files) -> None:
    image = files.trials["img"].iloc[0]
    inside = files.trials["pid"].map(files.people.set_index("pid")["cond"]) == "plain"
    files.trials = files.trials[(files.trials["img"] != image) | inside]


def show_each_arm_its_images(files: Files) -> None:
    arm = files.trials["pid"].map(files.people.set_index("pid")["cond"])
    files.trials["img"] = arm + "_" + files.trials["img"]


def write_rows_twice(files: Files) -> None:
    files.plan = files.plan.replace(
        'into = "trials"', 'into = "trials"\nrepeats = "keep_all"'
    ).replace('position = "nr", ', "")
    again = files.trials["pid"].isin(["p001", "p004"])
    files.trials = pd.concat([files.trials, files.trials[again]])


def copy_an_item(files: Files) -> None:
    first = files.answers[files.answers["q"] == "trust1"]
    others = files.answers[files.answers["q"] != "trust2"]
    files.answers = pd.concat([others, first.assign(q="trust2")])


def lose_an_arm(files: Files) -> None:
    stopped = (files.people["cond"] == "map") & (files.people.index % 2 == 0)
    files.people["state"] = np.where(stopped, "stopped", "completed")
    files.plan = files.plan.replace('arm = "cond", age', 'arm = "cond", state = "state", age')


def collect_an_arm_later(files: Files) -> None:
    days = np.arange(len(files.people)) % 5 + 10 * (files.people["cond"] == "map")
    begin = pd.Timestamp("2026-03-01 10:00") + pd.to_timedelta(days, unit="D")
    files.people["start"] = begin.dt.strftime("%Y-%m-%d %H:%M:%S")
    files.plan = files.plan.replace('arm = "cond", age', 'arm = "cond", started = "start", age')
    files.plan = files.plan.replace("types = { age", 'types = { started = "datetime", age')


def show_one_view_first(files: Files) -> None:
    half = files.trials["nr"].max() / 2
    files.trials["view"] = np.where(files.trials["nr"] <= half, "plain", "heat")
    files.plan = files.plan.replace('position = "nr", ', 'position = "nr", view = "view", ')
    files.plan = files.plan.replace('"linear_trials"', '"linear_trials"\nwithin = "view"')


FAULTS = {
    "reversed_key": reverse_an_item,
    "straight_lining": draw_straight_lines,
    "recoded_ratings": store_six_and_seven_as_five,
    "other_range": answer_in_shares,
    "missing_code": leave_codes,
    "ceiling": lift_to_the_ceiling,
    "constant": hold_constant,
    "zero_by_zero": write_zero_for_no_cases,
    "cut_percentages": cut_decimals,
    "response_times": cut_times,
    "not_independent": forget_the_participant,
    "duplicates": copy_people,
    "repeated_rows": write_rows_twice,
    "copied_column": copy_an_item,
    "attrition": lose_an_arm,
    "arm_period": collect_an_arm_later,
    "fixed_order": show_one_view_first,
    "mislabelled_arm": mix_up_arms,
    "shifted": move_by_a_row,
    "image_imbalance": show_an_image_in_one_arm,
    "no_shared_image": show_each_arm_its_images,
}


def test_every_check_of_the_catalogue_is_tried_and_exists():
    assert set(FAULTS) == {check.key for check in DATA_CHECKS}
    assert all(callable(resolve(check.path)) for check in DATA_CHECKS)


def test_the_clean_table_has_no_finding(checked):
    assert checked.findings == ()


@pytest.mark.parametrize("key", daily(FAULTS, 10))
def test_a_check_finds_its_fault(key, clean, tmp_path):
    found = findings_of(key, changed(clean, tmp_path, FAULTS[key]))
    assert {finding.check for finding in found} == {key}


@pytest.mark.parametrize("seed", daily(range(FEW_CLEAN), 1))
@pytest.mark.nightly
def test_clean_tables_of_other_designs_have_no_finding(seed, tmp_path):
    assert findings(write_table(tmp_path, 1000 + seed)) == ()


@pytest.mark.nightly
def test_two_hundred_clean_tables_have_no_finding(tmp_path):
    found = {}
    for seed in range(MANY_CLEAN):
        found[seed] = findings(write_table(tmp_path / str(seed), 2000 + seed))
    assert {seed: list(some) for seed, some in found.items() if some} == {}


def test_a_finding_is_told_beside_its_scale_and_outcome_with_what_turning_does(clean, tmp_path):
    data = read_study(changed(clean, tmp_path, reverse_an_item))
    results = compute(data, score_table(data))
    finding = next(one for one in results.data_checks.findings if one.check == "reversed_key")
    assert finding.columns == ("trust1",)
    assert "Turning “trust1” moves the mean" in finding.outcomes["trust"]
    html = render_report(results, {}, "test")
    assert html.count("Data check.</strong>") >= 2
    assert finding.sentence.split(",")[0] in html


def cut_the_ratings_of_an_arm(files: Files) -> None:
    inside = files.trials["pid"].isin(files.people.loc[files.people["cond"] == "map", "pid"])
    lower = (files.trials["slider"] - 52).clip(lower=0)
    files.trials["slider"] = files.trials["slider"].where(~inside, lower)


@pytest.mark.nightly
@EVERY
def test_an_end_that_one_arm_alone_uses_is_found(every, tmp_path):
    for name in ("clean", "changed"):
        (tmp_path / name).mkdir()
    large = write_table(tmp_path / "clean", LARGE)
    cut = changed(large, tmp_path / "changed", cut_the_ratings_of_an_arm)
    found = findings_of("ceiling", cut, every)
    assert [one.check for one in found] == ["ceiling"]
    assert found[0].sentence.startswith("In the arm “")
    assert "are the lowest value" in found[0].sentence


@pytest.mark.nightly
@EVERY
@pytest.mark.parametrize(("of_ten", "alarms"), [(8, True), (5, False)])
def test_images_shown_mostly_at_one_level_are_found(every, clean, tmp_path, of_ten, alarms):
    """Eight or five of ten people see the first half of the images as heat maps."""

    def show_views(files: Files) -> None:
        images = sorted(files.trials["img"].unique())
        first = files.trials["img"].isin(images[: len(images) // 2])
        usual = files.trials["pid"].str[1:].astype(int) % 10 < of_ten
        files.trials["view"] = np.where(first == usual, "heat", "plain")
        files.plan = files.plan.replace('position = "nr", ', 'position = "nr", view = "view", ')
        files.plan = files.plan.replace('"linear_trials"', '"linear_trials"\nwithin = "view"')

    found = findings_of("image_imbalance", changed(clean, tmp_path, show_views), every)
    assert [one.check for one in found] == ["image_imbalance"] * alarms
    if alarms:
        assert "over the levels of “view”" in found[0].sentence


@pytest.mark.nightly
def test_a_study_without_trials_is_checked_too(clean):
    data = read_study(clean)
    questionnaires = replace(data, trials=data.trials.iloc[:0])
    assert data_checks(questionnaires).findings == ()


def test_the_checks_share_one_level(checked):
    tests = sum(check.statistical for check in checked.checks)
    assert checked.level * tests == pytest.approx(FAMILY_LEVEL)


@pytest.mark.nightly
def test_faults_planted_by_somebody_who_had_not_seen_the_checks_are_found(tmp_path):
    """Missed: an end of an item or of a rating without a declared range that nobody used."""
    planted_faults.main(tmp_path)
    missed = []
    for truth in sorted((tmp_path / "truth").glob("*.json")):
        kind = json.loads(truth.read_text(encoding="utf-8"))["kind"]
        try:
            found = {finding.check for finding in findings(tmp_path / truth.stem)}
        except TableError:  # refused when it is read
            continue
        if kind not in found:
            missed.append((truth.stem, kind))
    assert len(missed) <= 2, missed


@pytest.mark.nightly
def test_faults_of_rows_columns_order_and_single_arms_are_found(tmp_path):
    missed = []
    for number, (fault, _) in enumerate(further_faults.FAULTS):
        folder = tmp_path / str(number)
        check = further_faults.planted(number, folder)
        if check not in {finding.check for finding in findings(folder)}:
            missed.append(fault.__name__)
    # An end recoded in one item shows only if enough people gave it.
    assert set(missed) <= {"not_applicable_as_lowest"}
