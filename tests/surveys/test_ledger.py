"""The ledger in the database: complete, closed to changes, verified and replayed by commands."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from surveys import services
from surveys.allocation.ledgerfile import read_ledger
from surveys.models import AllocationSlot, LedgerEntry, Participant, Study
from surveys.services.ledger import ledger_of
from tests.surveys import factories
from tests.surveys.factories import without_triggers


@pytest.fixture
def lived(study) -> Study:
    """Three with an arm, one who left before, one who waits, and a rehearsal."""
    for number in range(3):
        factories.walk(services.enrol(study=study, arrival_key=str(number)), pages=3)
    gone, _ = (factories.holding(study, key) for key in ("gone", "waits"))
    services.stop(participant=gone)
    factories.allocated(study, "robot", simulated=True)
    return study


def events(study: Study, simulated: bool = False) -> list[str]:
    return [entry.values["event"] for entry in ledger_of(study, simulated)]


def test_every_event_is_entered_in_its_order(lived):
    services.pause_study(study=lived)
    services.open_study(study=lived)
    services.close_study(study=lived)
    services.close_study(study=lived)
    services.open_study(study=lived)
    services.unblind_study(study=lived, reason="Adverse events.", by="", before_end=True)
    later = ("paused", "opened", "closed", "opened", "unblinded")
    assert events(lived) == [
        "begin",
        *["arrived", "allocated"] * 3,
        *("arrived", "arrived", "returned"),
        *later,
    ]
    assert events(lived, simulated=True) == ["begin", "arrived", "allocated", *later]


def test_who_is_deleted_leaves_a_ledger_in_which_nobody_can_be_found(lived):
    before = ledger_of(lived, simulated=False)
    for person in list(Participant.objects.filter(simulated=False)):
        secrets = (person.pseudonym, person.code, person.arrival_key, person.personal_code)
        everything = "".join(entry.content for entry in ledger_of(lived, simulated=False))
        assert not [one for one in secrets if len(one) > 5 and one in everything]
        services.erase(participant=person)
    after = ledger_of(lived, simulated=False)
    assert after[: len(before)] == before
    assert events(lived)[len(before) :] == ["returned"]  # of the one who waited
    assert "is intact" in call_command("verify_ledger", "small")


def test_a_study_whose_people_were_all_deleted_can_still_not_be_replaced(lived):
    for person in list(Participant.objects.all()):
        services.erase(participant=person)
    with pytest.raises(services.StudyError, match="another slug"):
        services.load_study(lived.source.replace("seed = 5", "seed = 6"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE surveys_ledgerentry SET content = '{}' WHERE sequence = 1",
        "DELETE FROM surveys_ledgerentry WHERE sequence = 4",
    ],
)
def test_the_database_itself_lets_nobody_change_or_delete_an_entry(lived, change):
    with (
        pytest.raises(DatabaseError, match="only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert "is intact" in call_command("verify_ledger", "small")


def test_a_second_entry_after_the_same_one_is_refused(lived):
    last = LedgerEntry.objects.filter(simulated=False).last()
    with pytest.raises(IntegrityError, match=r"a_ledger_never_forks|previous"):
        LedgerEntry.objects.create(
            study=lived, sequence=99, previous=last.previous, content="{}", hash="0" * 64
        )


def test_verifying_and_replaying_say_nothing_of_arms_until_the_study_is_unblinded(lived):
    verified = call_command("verify_ledger", "small").splitlines()
    assert verified[1] == "- real: 5 arrived, 3 allocated, 1 places given back, 1 waiting"
    assert verified[2].startswith("- simulated: 1 arrived, 1 allocated, 0 places given back")
    assert "3 allocations replayed" in call_command("replay_allocation", "small")
    assert "hidden" in call_command("replay_allocation", "small")
    services.close_study(study=lived)
    assert "hidden" in call_command("replay_allocation", "small")
    services.unblind_study(study=lived, reason="The sample is complete.", by="")
    head = ledger_of(lived, simulated=False)[-1].hash
    assert head in call_command("verify_ledger", "small")
    assert head in call_command("replay_allocation", "small")
    assert "gradcam 1" in call_command("replay_allocation", "small", "--simulated")


def test_the_exported_ledger_replays_without_the_database(lived, tmp_path):
    factories.export_closed(study=lived, output=tmp_path / "out")
    file = tmp_path / "out" / "ledger.csv"
    assert read_ledger(file) == ledger_of(lived, simulated=False)
    from_file = call_command("replay_allocation", str(file))
    assert from_file == call_command("replay_allocation", "small")


DONE_PAST_THE_SERVICES = (
    ("UPDATE surveys_ledgerentry SET content = '{}' WHERE sequence = 2", "Entry 2 was changed"),
    ("DELETE FROM surveys_ledgerentry WHERE sequence = 4", "Entry 4 is missing"),
    ("DELETE FROM surveys_ledgerentry WHERE sequence = 9", "places are held without an arm"),
    (
        "DELETE FROM surveys_ledgerentry WHERE sequence > 5",
        "places are held|participants have an arm",
    ),
    ("UPDATE surveys_study SET allocation_secret = 'x'", "a different scheme or seed"),
    ("UPDATE surveys_study SET slug = 'small', seed = 6", "a different scheme or seed"),
)


def test_what_was_done_past_the_services_is_found_and_named(lived):
    for change, says in DONE_PAST_THE_SERVICES:
        with transaction.atomic():
            with without_triggers(), connection.cursor() as cursor:
                cursor.execute(change)
            with pytest.raises(CommandError, match=says):
                call_command("verify_ledger", "small")
            transaction.set_rollback(True)


def test_a_ledger_of_another_study_file_is_found_and_one_of_an_earlier_version_holds(lived):
    services.load_study(lived.source.replace("A small study", "A corrected title"))
    assert "is intact" in call_command("verify_ledger", "small")
    lived.versions.all().delete()
    with pytest.raises(CommandError, match="Entry 0 names a study file that is not among"):
        call_command("verify_ledger", "small")


def test_a_person_moved_to_another_arm_is_found(lived):
    slot = AllocationSlot.objects.get(position=2, simulated=False)
    other = lived.arms.exclude(pk=slot.arm_id).first()
    Participant.objects.filter(slot=slot).update(arm=other)
    with pytest.raises(CommandError, match="Allocation 2 has a different arm"):
        call_command("verify_ledger", "small")


def test_a_study_without_arrivals_has_no_ledger_yet(study):
    assert "nobody has arrived" in call_command("verify_ledger", "small")
    with pytest.raises(CommandError, match="no entries"):
        call_command("replay_allocation", "small")
    with pytest.raises(CommandError, match=r"none\.csv' does not exist"):
        call_command("replay_allocation", "none.csv")
