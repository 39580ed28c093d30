"""A questionnaire asked before and after: the plan says which time counts, from file to score."""

import shutil
from pathlib import Path

import pytest
from django.db import transaction
from django.test import override_settings

from analysis.errors import TableError
from analysis.report.sentences import source_of
from analysis.sections.instruments import instruments
from analysis.study_data.missing import missing_by_arm
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from surveys.export.writing import export_study
from surveys.simulation.profile import FOLDER, read
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.analysis.tidy import edit
from tests.surveys import shipped

SCALE = 'scale = "state_trust"\n'
AFTER, BEFORE = (f'where = {{ part = "trust-{time}" }}\n' for time in ("after", "before"))


@pytest.fixture(scope="module")
def cases():
    folder = shipped.ROOT.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("There is no folder ../shared with the cases.")
    return folder


def case(cases: Path, name: str) -> str:
    """The study file of a case, whose factor has a name that the data have already."""
    text = (cases / "studies" / name).read_text(encoding="utf-8")
    assert "factors = { explanation = " in text
    return text.replace("factors = { explanation = ", "factors = { map = ")


def repair(cases: Path) -> str:
    """The case with a time for each of its outcomes: trust after, and trust before."""
    text = case(cases, "a2-repair.toml")
    head, last, first = text.split(SCALE)
    return head + SCALE + AFTER + last + SCALE + BEFORE + first


def refusal(text: str) -> list[str]:
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text)
    return list(refused.value.problems)


def test_an_outcome_that_does_not_say_when_is_refused_at_load(cases):
    told = refusal(case(cases, "a2-repair.toml"))
    assert [line.split(": ")[0] for line in told] == ["line 88", "line 94"]
    for line, key in zip(told, ("trust", "trust_before"), strict=True):
        assert f"outcome '{key}' was asked more than once per participant" in line
        assert 'Add where = { part = "trust-after" }' in line
        assert "part “trust-before”; part “trust-after”" in line


def test_a_time_that_does_not_exist_is_refused_at_load(cases):
    unknown, _ = refusal(case(cases, "f-where2.toml"))
    assert "where has part = 'second-90', but it was not asked there." in unknown
    assert "Name one of: trust-before, trust-after." in unknown


def test_a_time_of_trials_is_refused_of_a_questionnaire(cases):
    text = repair(cases).replace('part = "trust-after"', "prediction_correct = 0")
    (told,) = refusal(text)
    assert "where of a questionnaire has no 'prediction_correct'" in told


@pytest.mark.parametrize(
    ("covariates", "said"),
    [
        ('["state_trust"]', "was asked more than once"),
        ('["state_trust@nowhere"]', "was not asked in 'nowhere'"),
    ],
)
def test_a_covariate_must_say_when_it_was_asked(cases, covariates, said):
    text = repair(cases).replace("[analysis]\n", f"[analysis]\ncovariates = {covariates}\n")
    (told,) = refusal(text)
    assert said in told
    assert "trust-before" in told
    loading.parse(text.replace(covariates, '["state_trust@trust-before", "experience"]'))


@pytest.fixture(scope="module")
def exported(django_db_setup, django_db_blocker, cases, tmp_path_factory):
    """The export of simulated people who walked the case, with its plan of two times."""
    folder = tmp_path_factory.mktemp("repair")
    path = folder / "repair.toml"
    path.write_text(repair(cases), encoding="utf-8")
    profile = read((FOLDER / "null.toml").read_text(encoding="utf-8"))
    own = override_settings(DATA_DIR=folder / "var", INSTRUMENTS_DIR=folder / "var" / "instruments")
    with django_db_blocker.unblock(), own, transaction.atomic():
        study = shipped.open_study(path, shortened=True)
        simulate(study=study, number=8, seed=3, profile=profile)
        export_study(study=study, output=folder / "data", simulated="only")
        transaction.set_rollback(True)  # the tests need the files alone
    return folder / "data"


@pytest.fixture
def walked(db, exported, tmp_path):
    """A copy of the export, which a test may change. (Without db there would be no database.)"""
    return Path(shutil.copytree(exported, tmp_path / "data"))


def by_hand(data, part):
    """The mean of the turned answers in a part, from the rows of the file."""
    rows = data.codebook[data.codebook["scale"] == "state_trust"].set_index("item")
    answers = data.answers[data.answers["part"] == part]
    answers = answers[answers["item"].isin(rows.index)]
    value = answers["value"].astype(float)
    ends = answers["item"].map(rows["minimum"] + rows["maximum"]).astype(float)
    turned = value.where(answers["item"].map(rows["reversed"]) == 0, ends - value)
    means = turned.groupby(answers["participant"]).mean()
    return means.reindex(data.participants["participant"]).to_numpy()


def test_each_time_has_its_value_and_the_plan_says_which(walked, cases):
    data = read_study(walked)
    scores = score_table(data)
    done = scores["state"] == "completed"
    for key, part in (("trust", "trust-after"), ("trust_before", "trust-before")):
        assert scores.loc[done, key].to_numpy() == pytest.approx(by_hand(data, part)[done])
    assert (scores["trust"] != scores["trust_before"])[done].any()
    # Reliability and missing values are of each time.
    scales = [scale for scale in instruments(data) if scale.scale == "state_trust"]
    assert [scale.time for scale in scales] == ["trust-before", "trust-after"]
    for row in missing_by_arm(data):
        assert min(row.present, row.not_asked, row.not_answered) >= 0
    with pytest.raises(TableError, match="Name one of: trust-before, trust-after"):
        read_study(walked, cases / "plans" / "plan-where.toml")


def test_a_table_is_refused_too_if_the_plan_does_not_say_when(walked):
    plan = walked / "plan.toml"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('where = { part = "trust-after" }\n', ""), encoding="utf-8")
    with pytest.raises(TableError, match=r'Add where = \{ part = "trust-after" \}'):
        read_study(walked)


def test_an_export_of_an_earlier_version_has_its_parts_in_the_pages(walked):
    expected = score_table(read_study(walked))
    edit(walked, "answers.csv", lambda frame: frame.drop(columns="part"))
    assert score_table(read_study(walked)).equals(expected)


def test_a_change_is_the_later_minus_the_earlier_score(walked):
    plan = walked / "plan.toml"
    text = plan.read_text(encoding="utf-8")
    before = 'where = { part = "trust-after" }\n'
    plan.write_text(
        text.replace(before, f'{before}before = {{ part = "trust-before" }}\n'), encoding="utf-8"
    )
    data = read_study(walked)
    scores = score_table(data)
    change = by_hand(data, "trust-after") - by_hand(data, "trust-before")
    done = (scores["state"] == "completed").to_numpy()
    assert scores["trust"].to_numpy()[done] == pytest.approx(change[done])
    assert scores["trust.before"].to_numpy()[done] == pytest.approx(
        by_hand(data, "trust-before")[done]
    )
    assert source_of(data.plan.outcomes[0]) == (
        "change of the mean of the items of the scale “state_trust” after reversal: the score in "
        "the part “trust-after” minus the score in the part “trust-before”"
    )
