"""The sheet for an ethics board says what the study's own file declares."""

from django.core.management import call_command

from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on
from tests.surveys.recruitment import studies


def test_an_open_study_holds_no_identifier_and_its_people_are_counted(db, tmp_path):
    study = drawn_study(tmp_path)
    browser, page, person = begin(study)
    go_on(browser, page)
    text = call_command("data_protection", study.slug)
    assert "the platform does not learn who takes part" in text
    assert "participants so far: 1, to the end: 1" in text
    assert "`trust-v1`" in text
    assert person.consent_version in text
    assert person.pseudonym not in text


def test_a_recruited_study_names_its_service_and_how_long_a_hash_is_kept(db, tmp_path):
    kept = studies.PROLIFIC.replace("kind =", "remember_days = 30\nkind =")
    studies.recruited(tmp_path, kept)
    text = call_command("data_protection", "paid")
    assert "the ids that Prolific gives" in text
    assert "kept for 30 days" in text
    nothing = studies.PROLIFIC.replace("kind =", "remember_days = 0\nkind =")
    studies.recruited(tmp_path, nothing, slug="forgetful")
    assert "nothing about the person is kept" in call_command("data_protection", "forgetful")


def test_the_sheet_is_written_to_a_file(db, tmp_path):
    study = drawn_study(tmp_path)
    output = tmp_path / "sheet.md"
    assert "Wrote" in call_command("data_protection", study.slug, output=output)
    assert output.read_text().startswith(f"# Data protection: {study.title}")
