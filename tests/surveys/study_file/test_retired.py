"""What a study file could once declare: stored studies are read for good, new ones refused."""

import csv

import pytest

from analysis.results import compute
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from surveys import services
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from tests.surveys import designs
from tests.surveys.factories import allocated, export_closed, walk


@pytest.fixture
def stored(db, tmp_path):
    """A study with participants, as it was stored when ``per_arm`` could be declared."""
    study = designs.design_study(tmp_path, images="sets = 3")
    for number in range(9):
        walk(allocated(study, f"person {number}"), choice=number)
    study.source = study.source.replace("sets = 3", "per_arm = true")
    study.save(update_fields=["source"])
    return study


@pytest.mark.nightly
def test_a_stored_study_with_images_per_arm_is_exported_and_analysed(stored, tmp_path):
    assert definition(stored).image_sets == stored.arms.count() == 3
    export_closed(study=stored, output=tmp_path / "data")
    with (tmp_path / "data" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9 * 3  # without the practice
    assert {row["arm"] for row in rows} == {"none", "gradcam", "lime"}
    data = read_study(tmp_path / "data")
    (trust,) = compute(data, score_table(data)).outcomes
    assert trust.outcome.key == "trust"


def test_a_stored_study_with_images_per_arm_takes_nobody_in(stored):
    with pytest.raises(services.StudyClosedError, match="no longer supported"):
        services.enrol(study=stored, arrival_key="too late")
    services.close_study(study=stored)
    with pytest.raises(services.StudyError, match="Remove per_arm"):
        services.open_study(study=stored)


def test_who_began_before_can_still_finish(db, tmp_path):
    study = designs.design_study(tmp_path, images="sets = 3")
    person = walk(allocated(study, "early"), pages=3)
    study.source = study.source.replace("sets = 3", "per_arm = true")
    study.save(update_fields=["source"])
    person.study.refresh_from_db()
    assert services.enrol(study=study, arrival_key="early") == person
    walk(person)
    person.refresh_from_db()
    assert person.state == "completed"


def test_the_stored_study_cannot_be_corrected_into_another_design(stored):
    with pytest.raises(services.StudyError, match="can no longer change: images"):
        services.load_study(stored.source.replace("per_arm = true", ""))


def test_a_file_with_images_per_arm_is_refused_and_without_it_loaded(db, tmp_path):
    study = designs.design_study(tmp_path, images="per_arm = false")
    with pytest.raises(StudyFileError, match=r"found one in 30 % instead of 5 %\. Remove per_arm"):
        services.load_study(study.source.replace("per_arm = false", "per_arm = true"))
