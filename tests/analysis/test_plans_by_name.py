"""Every problem of a plan names its file, and a plan that is not used blocks nothing."""

import pytest

from analysis.errors import BundleError, PlanError, TableError
from analysis.redo import check, redo
from analysis.run import analyse
from analysis.study_data.study_data import read_study


@pytest.fixture
def good(folder, tmp_path):
    """The folder's plan under another name; the folder's own is broken by each test."""
    plan = tmp_path / "good.toml"
    plan.write_text((folder / "plan.toml").read_text())
    return plan


BROKEN_OTHERWISE = ("title = 1\n", "alpha = 2\n", "\x00", "")


@pytest.mark.parametrize(
    "broken",
    ["title = ", *(pytest.param(text, marks=pytest.mark.nightly) for text in BROKEN_OTHERWISE)],
)
def test_a_broken_plan_in_the_folder_does_not_block_another_plan(folder, good, tmp_path, broken):
    (folder / "plan.toml").write_text(broken)
    out = tmp_path / "out"
    results = analyse(folder, out, plan=good)
    assert results.provenance.registered_plan_sha256 == ""
    (deviation,) = [one for one in results.deviations if one.where.startswith("plan.toml in")]
    assert deviation.done.startswith("not compared with the plan carried out: plan.toml")
    assert "not compared with the plan carried out" in (out / "report.html").read_text("utf-8")
    assert redo(out) == []


def test_a_registered_plan_that_is_broken_is_named(folder, good, tmp_path):
    other = tmp_path / "registered.toml"
    other.write_text(good.read_text().replace("alpha = 0.05", "alpha = 5"))
    with pytest.raises(PlanError) as caught:
        analyse(folder, tmp_path / "out", plan=good, registered=other)
    (problem,) = caught.value.problems
    assert problem.startswith("registered.toml, line ")
    assert not (tmp_path / "out").exists()


def test_a_registered_plan_beside_the_data_that_is_broken_is_named(folder, good, tmp_path):
    (folder / "registered.json").write_text('{"title": 1}')
    with pytest.raises(PlanError) as caught:
        analyse(folder, tmp_path / "out", plan=good)
    assert all(problem.startswith("registered.json: ") for problem in caught.value.problems)


def test_what_the_table_lacks_is_told_with_the_plan_and_its_line(folder, good):
    text = good.read_text().replace('column = "sureness"', 'column = "surenes"')
    good.write_text(text)
    line = text.split("\n").index('column = "surenes"') + 1
    with pytest.raises(TableError) as caught:
        read_study(folder, good)
    (problem,) = caught.value.problems
    assert problem.startswith(f"good.toml, line {line}: outcome 'sureness': 'surenes' is not a")


@pytest.mark.nightly
def test_a_report_in_a_used_folder_is_not_compared_with_an_older_plan(folder, good, tmp_path):
    out = tmp_path / "out"
    good.write_text(good.read_text().replace("alpha = 0.05", "alpha = 0.01"))
    analyse(folder, out, plan=good)
    assert (out / "data" / "registered.json").is_file()
    analyse(folder, out)
    assert not (out / "data" / "registered.json").exists()
    assert redo(out) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "does not exist. Name a folder that run_analysis wrote."),
        (lambda path: path.write_text("a"), "is not a folder. Name a folder that"),
        (lambda path: path.mkdir(), "has no bundle.json. Name a folder that run_analysis"),
    ],
)
def test_a_wrong_path_to_check_is_called_a_wrong_path(tmp_path, make, message):
    path = tmp_path / "place"
    make(path)
    with pytest.raises(BundleError) as caught:
        check(path)
    assert str(caught.value).startswith("The report cannot be read (1):")
    assert message in str(caught.value)


@pytest.mark.parametrize("text", ["[]", "{}", '{"files": 1}', "{"])
def test_a_description_that_cannot_be_read_is_named(tmp_path, text):
    (tmp_path / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        check(tmp_path)
