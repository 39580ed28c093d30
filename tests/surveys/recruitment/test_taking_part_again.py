"""One recruitment service's id takes part once, even after an erasure; and places given back."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from studyplatform.jobs import watch
from surveys import services
from surveys.allocation.replay import ReplayError, replay
from surveys.models import AllocationSlot, Identity, Participant, RememberedId, Study
from surveys.recruitment.visitor import Visitor
from surveys.services import ledger_audit, places
from surveys.services.ledger import ledger_of
from surveys.services.locking import lock
from surveys.services.places import taken
from surveys.simulation.browser import Browser
from surveys.study_file.recruitment import Replaced
from surveys.web import signed_links
from tests.surveys import factories
from tests.surveys.people import who
from tests.surveys.racing import race
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.studies import ANN, come

AGAIN = ["You cannot take part again"]
FORGETFUL = studies.PROLIFIC.replace("kind =", "remember_days = 0\nkind =")
REPLACING = studies.PROLIFIC.replace(
    "kind =", 'replace = ["returned", "timed_out", "withdrawn"]\nkind ='
)


def visitor(number: int = 1) -> Visitor:
    return Visitor("prolific", f"{number:024x}", f"7c{number:022x}")


def came(study: Study, number: int = 1) -> Participant:
    """Somebody with an id of their own, who has an arm."""
    person = services.enrol(study=study, arrival_key=f"key {number}", visitor=visitor(number))
    return factories.allocate(factories.walk(person, pages=1))


def agreed(study: Study) -> tuple[Client, str]:
    """The browser of somebody who agreed, and the consent that they read."""
    client = Client()
    consent = client.get(studies.link(study, ANN), follow=True).content.decode()
    client.post(f"/s/{study.slug}/", {"arrival_key": signed_links.new_arrival_key(study)})
    return client, consent


def rounds(study: Study, most: int) -> int:
    """How often one link can begin, reach the arm, and have everything deleted."""
    for number in range(most):
        _, page = come(study, ANN, Browser())
        if page.headings == AGAIN:
            return number
        if "step" not in page.hidden:  # the study is full
            return number
        person = who(page)
        factories.allocate(factories.walk(person, pages=1))
        services.erase(participant=person)
    return most


def test_an_id_that_was_erased_does_not_see_a_second_arm(paid):
    assert rounds(paid, 5) == 1
    assert taken(paid, simulated=False) == 1, "and has used one place"
    assert not Identity.objects.exists()
    kept = RememberedId.objects.get()
    assert ANN["PROLIFIC_PID"] not in str(vars(kept))


def test_without_the_hash_the_same_link_empties_the_study(db, tmp_path):
    # The control: this is the fault, and what a consent that promises full deletion still allows.
    study = studies.recruited(tmp_path, FORGETFUL, places=4)
    assert rounds(study, 9) == 4
    assert taken(study, simulated=False) == 4
    assert not RememberedId.objects.exists()


def test_who_consented_before_the_consent_said_so_is_forgotten_entirely(paid):
    person = came(paid)
    Identity.objects.update(remember_until=None)  # as in rows of an earlier version
    assert services.erase(participant=person).remembered_until is None
    assert not RememberedId.objects.exists()


def test_the_consent_the_withdrawal_and_the_receipt_say_that_the_hash_is_kept(paid):
    client, consent = agreed(paid)
    assert "A scrambled form of it is kept for 365 days from today" in consent
    path = f"/p/{Participant.objects.get().code}/withdraw/"
    until = date_format(Identity.objects.get().remember_until, "DATE_FORMAT")
    said = f"A scrambled form of your ID is kept separately until {until}"
    assert said in client.get(path).content.decode()
    assert said in client.post(path, {"choice": "delete"}, follow=True).content.decode()
    forged = client.get("/s/paid/deleted/?kept=2031-01-01:forged").content.decode()
    assert "scrambled" not in forged


@pytest.mark.nightly
def test_where_nothing_is_kept_no_page_says_that_something_is(db, tmp_path):
    study = studies.recruited(tmp_path, FORGETFUL)
    client, consent = agreed(study)
    assert "scrambled" not in consent
    path = f"/p/{Participant.objects.get().code}/withdraw/"
    assert "scrambled" not in client.get(path).content.decode()
    done = client.post(path, {"choice": "delete"}, follow=True).content.decode()
    assert "Your answers are deleted" in done
    assert "scrambled" not in done


@pytest.mark.nightly
def test_the_commands_receipt_names_the_date(paid):
    person = came(paid)
    said = call_command("erase_participant", "paid", "--yes", code=person.personal_code)
    date = timezone.now() + timedelta(days=365)
    assert f"is kept until {date:%Y-%m-%d}, as the consent said" in said


def test_the_hash_ends_with_the_time_that_the_consent_named(paid):
    services.erase(participant=came(paid))
    with pytest.raises(services.TookPartError, match="Each person can take part once"):
        came(paid)
    RememberedId.objects.update(until=timezone.now() - timedelta(seconds=1))
    watch.Watch().look()
    assert not RememberedId.objects.exists()
    assert came(paid).arm is not None


@pytest.mark.nightly
def test_a_passed_date_admits_even_before_the_worker_deletes_the_hash(paid):
    services.erase(participant=came(paid))
    RememberedId.objects.update(until=timezone.now())
    assert came(paid).arm is not None


def test_a_study_that_excludes_another_recognises_who_was_erased_there(paid, tmp_path):
    services.erase(participant=came(paid))
    exclude = studies.PROLIFIC.replace("kind =", 'exclude = ["paid"]\nkind =')
    later = studies.recruited(tmp_path, exclude, slug="later")
    with pytest.raises(services.ExcludedError):
        came(later)
    RememberedId.objects.all().delete()
    assert came(later).arm is not None


def test_who_took_part_is_led_back_to_the_service(paid):
    come(paid, ANN)
    services.erase(participant=Participant.objects.get())
    shown = Client().get(studies.link(paid, ANN), follow=True)
    assert shown.status_code == 403
    assert AGAIN[0] in shown.content.decode()
    assert "CLEFT111" in shown.content.decode()


# Places that are given back after the allocation


def told(person: Participant, status: str) -> None:
    """The recruitment service tells the status of the person's submission."""
    session = person.identity.session_id
    assert services.record_service_status(session_id=session, status=status, at=timezone.now())


@pytest.mark.parametrize("status", ["RETURNED", "TIMED-OUT"])
def test_a_returned_submission_gives_its_place_back(db, tmp_path, status):
    study = studies.recruited(tmp_path, REPLACING, places=2)
    first, _ = came(study, 1), came(study, 2)
    with pytest.raises(services.StudyFullError):
        came(study, 3)
    told(first, status)
    told(first, status)  # repeated news gives nothing back twice
    came(study, 3)
    with pytest.raises(services.StudyFullError):
        came(study, 4)
    assert study.slots.filter(arm__isnull=False).count() == 3
    assert ledger_audit.verify(study)


def test_a_returned_submission_also_gives_back_a_place_without_an_arm(db, tmp_path):
    study = studies.recruited(tmp_path, REPLACING, places=2)
    person = services.enrol(study=study, arrival_key="key 1", visitor=visitor())
    with transaction.atomic():
        places.hold(person)
    told(person, "RETURNED")
    assert not study.slots.exists()
    assert ledger_audit.verify(study)


@pytest.mark.nightly
def test_by_default_and_for_other_statuses_the_place_stays_used(paid):
    told(came(paid), "RETURNED")
    assert taken(paid, simulated=False) == 1
    assert not paid.slots.filter(given_back=True).exists()


@pytest.mark.nightly
def test_the_list_of_submissions_gives_places_back_where_no_news_comes(db, tmp_path):
    study = studies.recruited(tmp_path, REPLACING)
    came(study, 1), came(study, 2)
    rows = ["Submission id,Participant id,Status,Completion code"]
    rows += [f"7c{1:022x},{1:024x},RETURNED,", f"7c{2:022x},{2:024x},ACTIVE,"]
    (tmp_path / "list.csv").write_text("\n".join(rows))
    call_command("reconcile_recruitment", "paid", csv=tmp_path / "list.csv")
    assert taken(study, simulated=False) == 2, "by default the command changes nothing"
    call_command("reconcile_recruitment", "paid", "--store-statuses", csv=tmp_path / "list.csv")
    assert taken(study, simulated=False) == 1


@pytest.mark.nightly
def test_an_approved_submission_keeps_its_place(db, tmp_path):
    study = studies.recruited(tmp_path, REPLACING)
    told(came(study), "APPROVED")
    assert taken(study, simulated=False) == 1


@pytest.mark.parametrize("leave", [services.stop, services.erase])
def test_who_withdraws_gives_the_place_back_only_once(db, tmp_path, leave):
    study = studies.recruited(tmp_path, REPLACING, places=3)
    person = came(study)
    told(person, "RETURNED")
    leave(participant=person)
    assert taken(study, simulated=False) == 0
    (real,) = ledger_audit.verify(study)
    assert real.found.replaced == 1
    assert "0 places given back and 1 after the allocation" in str(real)


@pytest.mark.nightly
def test_the_arms_go_on_as_if_nobody_had_given_a_place_back(db, tmp_path):
    study = studies.recruited(tmp_path, REPLACING, places=8)
    people = [came(study, number) for number in range(1, 5)]
    told(people[0], "RETURNED")
    more = [came(study, number) for number in range(5, 10)]  # one more than places
    arms = [entry.values["arm"] for entry in ledger_of(study, False) if "arm" in entry.values]
    assert arms == [person.arm.key for person in people + more]
    assert replay(ledger_of(study, False)).replaced == 1


@pytest.mark.nightly
def test_a_place_given_back_without_the_services_is_found(db, tmp_path):
    study = studies.recruited(tmp_path, REPLACING)
    came(study)
    AllocationSlot.objects.update(given_back=True)
    with pytest.raises(ReplayError, match="1 places were given back"):
        ledger_audit.verify(study)


@pytest.mark.django_db(transaction=True)
def test_news_and_an_erasure_at_once_neither_wait_for_each_other_nor_count_twice(tmp_path):
    if connection.vendor == "sqlite":
        pytest.skip("One writer at a time, so that nothing can race.")
    study = studies.recruited(tmp_path, REPLACING)
    for number in range(1, 7):
        person = came(study, number)
        session = person.identity.session_id

        def news(session: str = session) -> bool:
            return services.record_service_status(
                session_id=session, status="RETURNED", at=timezone.now()
            )

        def leave(person: Participant = person) -> services.Erased:
            return services.erase(participant=person)

        outcomes = race(news, leave, news)
        assert not [one for one in outcomes if isinstance(one, Exception)], outcomes
    assert taken(study, simulated=False) == 0
    assert ledger_audit.verify(study)[0].found.replaced == 6
    factories.forget_ledgers()


@pytest.mark.django_db(transaction=True)
def test_in_the_other_order_of_locks_they_would_wait_for_each_other(tmp_path):
    # The control: news that locked the ids before the study met an erasure that did the opposite.
    if connection.vendor == "sqlite":
        pytest.skip("One writer at a time, so that nothing can race.")
    study = studies.recruited(tmp_path, REPLACING)
    came(study)
    both = Barrier(2)

    def news() -> None:
        with transaction.atomic():
            Identity.objects.select_for_update().get()
            both.wait()
            lock(study)

    def leave() -> None:
        with transaction.atomic():
            lock(study)
            both.wait()
            Identity.objects.all().delete()

    assert [one for one in race(news, leave) if isinstance(one, OperationalError)]
    factories.forget_ledgers()


def test_the_words_of_a_status_are_those_of_the_service():
    of_status = Replaced.of_status
    assert of_status("TIMED-OUT") is Replaced.TIMED_OUT
    assert of_status("RETURNED") is Replaced.RETURNED
    assert of_status("WITHDRAWN") is None, "only withdrawing here counts as that"
    assert of_status("") is None
