"""What a study file says about keeping data is shown first, then done, and copies are found."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from studyplatform.models import AuditEntry
from surveys import services
from surveys.models import DataCopy, Participant, RememberedId, Submission
from surveys.services import retention
from surveys.services.copies import noted
from surveys.services.integrity import problems
from surveys.study_file.retention import later
from surveys.web import signed_links
from tests.surveys.people import first_answers, who
from tests.surveys.recruitment.studies import ANN, BEN, PROLIFIC, come, recruited

TABLE = "\n[retention]\nidentifiers_months = 2\ndata_months = 12\n"


def study_with(tmp_path, table: str = TABLE, slug: str = "paid"):
    return recruited(tmp_path, PROLIFIC + table, slug=slug)


@pytest.fixture
def study(db, tmp_path):
    return study_with(tmp_path)


def ended(study, months: int):
    """Two people come, the second is erased, and collection ended so many months ago."""
    people = []
    for visitor in (ANN, BEN):
        browser, page = come(study, visitor)
        people.append(who(page))
        browser.send(page, first_answers(page))
    services.erase(participant=people[1])
    services.close_study(study=study)
    study.refresh_from_db()
    study.closed_at -= timedelta(days=31 * months)
    study.save()
    return people[0]


@pytest.mark.parametrize(
    ("begin", "months", "end"),
    [("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 3, "2028-02-29"),
     ("2026-12-01", 1, "2027-01-01"), ("2026-05-31", 12, "2027-05-31"),
     ("2026-08-31", 1, "2026-09-30")],
)  # fmt: skip
def test_months_are_counted_by_the_calendar(begin, months, end):
    moment = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    assert later(moment, months) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def test_without_confirm_nothing_is_deleted_and_everything_due_is_counted(study):
    ended(study, months=3)
    said = call_command("apply_retention")
    assert "identifiers of 1, 1 remembered hashes, all data of 0 participants" in said
    assert "Nothing was deleted" in said
    assert study.identities.count() == study.remembered_ids.count() == 1


def test_identifiers_go_with_their_hashes_and_the_answers_stay(study):
    person = ended(study, months=3)
    said = call_command("apply_retention", "paid", confirm=True)
    assert "deleted identifiers of 1, 1 remembered hashes" in said
    assert not study.identities.exists()
    assert not RememberedId.objects.exists()
    assert Submission.objects.filter(participant=person).exists()
    entry = AuditEntry.objects.get(act="retention applied")
    assert entry.after == {"identifiers": 1, "hashes": 1, "people": 0}
    assert call_command("apply_retention", confirm=True) == "Nothing is past its date."


def test_all_data_go_after_their_months_and_the_places_stay_taken(study):
    ended(study, months=13)
    taken = study.slots.filter(arm__isnull=False).count()
    call_command("apply_retention", confirm=True)
    assert not Participant.objects.exists()
    assert study.slots.filter(arm__isnull=False).count() == taken
    assert list(problems()) == []


def test_before_its_date_and_before_the_end_nothing_is_due(study):
    assert "has not ended" in call_command("apply_retention")
    ended(study, months=0)
    assert not retention.due(study).is_anything
    assert call_command("apply_retention", confirm=True) == "Nothing is past its date."


def test_simulated_people_are_nobody(study):
    services.open_study(study=study) if study.state == "draft" else None
    simulated = services.enrol(study=study, arrival_key="s", simulated=True)
    ended(study, months=13)
    call_command("apply_retention", confirm=True)
    assert Participant.objects.get() == simulated


def test_the_sheet_and_a_faulty_table_say_it(study, tmp_path):
    ended(study, months=0)
    sheet = call_command("data_protection", "paid")
    assert "identifiers, hashes: 2 months after the end of collection, on 20" in sheet
    faulty = tmp_path / "faulty.toml"
    faulty.write_text(study.source.replace("data_months = 12", "data_months = 1"))
    with pytest.raises(CommandError, match="Identifiers go with the data at the latest"):
        call_command("load_study", faulty)


def export_of(study, output, **kind: bool) -> DataCopy:
    call_command("export_study", study.slug, output=output, **kind)
    return study.copies.latest("pk")


@pytest.fixture
def erase(django_capture_on_commit_callbacks):
    def erased(person):
        with django_capture_on_commit_callbacks(execute=True):
            return services.erase(participant=person)

    return erased


def person_in(study, visitor=ANN):
    browser, page = come(study, visitor)
    browser.send(page, first_answers(page))
    return who(page)


def test_an_erasure_marks_the_copies_that_contain_the_person_and_no_others(study, tmp_path, erase):
    ann = person_in(study)
    before = export_of(study, tmp_path / "before")
    bob = person_in(study, BEN)
    after = export_of(study, tmp_path / "after")
    receipt = erase(bob)
    assert receipt.copies == (after,)
    entry = AuditEntry.objects.get(act="participant erased")
    assert entry.after["copies"] == [f"export {after.sha256[:12]}"]
    assert set(erase(ann).copies) == {before, after}
    assert list(DataCopy.objects.order_by("pk").values_list("people_erased", flat=True)) == [1, 2]
    assert (tmp_path / "after" / "participants.csv").is_file()  # the file does not say otherwise
    listed = AuditEntry.objects.filter(act="copy made").values_list("after__copy_sha256", flat=True)
    assert set(listed) == {before.sha256, after.sha256}


def test_files_are_deleted_where_the_study_says_so_and_only_the_platforms_own(db, tmp_path, erase):
    study = study_with(tmp_path, "\n[retention]\ndelete_copies = true\n")
    person = person_in(study)
    copy = export_of(study, tmp_path / "out", with_identifiers=True)
    assert copy.kind == "identifiers"
    (tmp_path / "out" / "note.txt").write_text("of somebody else")
    (tmp_path / "out" / "plan.toml").write_text("edited")
    erase(person)
    left = {path.name for path in (tmp_path / "out").rglob("*")}
    assert left == {"note.txt", "plan.toml"}
    assert not (tmp_path / "out-identifiers.csv").exists()
    assert not study.copies.filter(deleted_at=None).exists()
    assert list(problems()) == []


def test_the_watch_tells_of_files_that_should_have_gone(db, tmp_path):
    study = study_with(tmp_path, "\n[retention]\ndelete_copies = true\n")
    person = person_in(study)
    export_of(study, tmp_path / "out")
    services.erase(participant=person)  # as if killed before the files were deleted
    (problem,) = problems()
    assert "contain a person who was erased later" in problem


def test_an_erasure_while_a_copy_is_written_is_not_missed(study, tmp_path, erase):
    person = person_in(study)
    with noted(study, DataCopy.Kind.EXPORT, tmp_path / "out", "none") as copy:
        assert erase(person).copies == (copy,)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "a.csv").write_text("with the person")
    copy.refresh_from_db()
    assert (copy.people_erased, list(copy.files)) == (1, ["a.csv"])


def test_a_copy_that_fails_is_not_listed(study, tmp_path):
    with pytest.raises(CommandError):
        call_command("export_study", study.slug, output=tmp_path)  # not empty, and nobody came
    assert not DataCopy.objects.exists()


def receipt_of(study, django_capture_on_commit_callbacks, browser, participant) -> str:
    """What the person reads who has everything deleted."""
    asked = browser.open(f"/p/{participant.code}/withdraw/")
    with django_capture_on_commit_callbacks(execute=True):
        page = browser.send(asked, {"choice": "delete"})
    # As on a later visit, when the files have been deleted.
    return Client().get(page.path).content.decode()


@pytest.mark.parametrize(
    ("table", "said", "unsaid"),
    [
        ("", "The researchers see that it contains somebody", "are deleted.</li>"),
        ("\n[retention]\ndelete_copies = true\n", "Its files on this server are deleted.",
         "The researchers see"),
    ],
)  # fmt: skip
def test_the_persons_receipt_lists_the_copies_and_what_became_of_them(
    db, tmp_path, django_capture_on_commit_callbacks, table, said, unsaid
):
    study = study_with(tmp_path, table)
    bob = person_in(study, BEN)
    browser, page = come(study, ANN)
    browser.send(page, first_answers(page))
    ann = who(page)
    copy = export_of(study, tmp_path / "of-both", with_identifiers=True)
    text = receipt_of(study, django_capture_on_commit_callbacks, browser, ann)
    assert "Your answers are deleted" in text
    assert "Export of the data with the recruitment service&#x27;s IDs" in text or (
        "Export of the data with the recruitment service's IDs" in text
    )
    assert f"<code>{copy.sha256[:12]}</code>" in text
    assert said in text
    assert unsaid not in text
    assert str(tmp_path) not in text  # no folder of the server
    assert Participant.objects.get() == bob


def test_nobody_is_told_of_copies_that_are_not_theirs(study, tmp_path):
    person_in(study)
    copy = export_of(study, tmp_path / "out")
    path = f"/s/{study.slug}/deleted/?copies="
    signed = signed_links.signed_copies([copy])
    assert copy.sha256[:12] in Client().get(path + signed).content.decode()
    for forged in ("", "1", signed[:-1] + ("A" if signed[-1] != "A" else "B")):
        answer = Client().get(path + forged)
        assert answer.status_code == 200
        assert "copies" not in answer.content.decode()
