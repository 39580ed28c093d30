"""Later sessions: days after the end, by a personal link or by the recruitment service's id."""

import csv
import json
import re
import stat
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from surveys import services
from surveys.export.writing import export_study
from surveys.models import FollowUp, Participant, Study
from surveys.services.integrity import problems
from surveys.simulation.browser import Browser
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys import drawn
from tests.surveys.people import begin, first_answers, go_on, who
from tests.surveys.test_preview import address

ARMS = ("none", "gradcam")
PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
key = "trust-now"
[[parts]]
kind = "text"
key = "again"
heading = "Welcome back"
text = "You know these questions."
session = "week"
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
key = "trust-later"
session = "week"
"""
SESSION = """
[[sessions]]
key = "week"
heading = "A week later"
text = "Five more questions."
after_days = 7
window_days = 3
"""
OUTCOME = 'scale = "trust"\nwhere = {{ part = "trust-now" }}'
PROLIFIC = (
    SESSION
    + f"""
code = "WEEK"
study_id = "{"b" * 24}"
[recruitment]
kind = "prolific"
study_id = "{"a" * 24}"
[recruitment.codes]
complete = "COMPLETE"
"""
)
PERSON = "5f0000000000000000000001"


def made(folder, extra: str) -> Study:
    # The outcome is trust on the first day.
    with pytest.MonkeyPatch.context() as patch:
        text = drawn.STUDY_FILE.replace('scale = "trust"', OUTCOME)
        patch.setattr(drawn, "STUDY_FILE", text)
        return drawn.drawn_study(folder, right=2, wrong=1, parts=PARTS, arms=ARMS, extra=extra)


@pytest.fixture
def study(db, tmp_path) -> Study:
    return made(tmp_path, SESSION)


@pytest.fixture
def recruited(db, tmp_path) -> Study:
    return made(tmp_path, PROLIFIC)


def completed(study: Study) -> tuple[Browser, Participant, FollowUp]:
    browser, page, _person = begin(study)
    page = go_on(browser, page)
    person = who(page)
    return browser, person, person.follow_ups.get()


def after(follow_up: FollowUp, days: float) -> None:
    """Let so many days pass since the person completed the study."""
    passed = timedelta(days=days)
    FollowUp.objects.filter(pk=follow_up.pk).update(
        opens_at=follow_up.opens_at - passed, closes_at=follow_up.closes_at - passed
    )


def link(person: Participant) -> str:
    return f"/p/{person.code}/next/"


def later(person: Participant, browser: Browser | None = None):
    """Begin the session by the personal link, in a browser that knows nobody."""
    other = browser or Browser()
    return other, other.send(other.open(link(person)), {})


def test_the_last_page_says_when_the_next_part_opens_with_the_personal_link(study):
    _browser, person, follow_up = completed(study)
    page = Client().get(f"/p/{person.code}/").content.decode()
    assert "The next part" in page
    assert f"http://testserver{link(person)}" in page
    assert re.search(r'on <time datetime="[^"]+">\d+ \w+ \d{4}, \d\d:\d\d UTC</time>', page)
    assert follow_up.opens_at - person.finished_at == timedelta(days=7)
    assert follow_up.closes_at - follow_up.opens_at == timedelta(days=3)
    _other, page = later(person)
    assert "step" not in page.hidden  # too early
    follow_up.refresh_from_db()
    assert follow_up.begun_at is None


def test_after_a_week_the_link_leads_to_the_session_and_its_own_code(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 7.01)
    browser, page = later(person)
    assert page.headings[0] == "Welcome back"
    page = browser.send(page, {})
    assert page.hidden["step"] == "trust-later"
    answers = first_answers(page)
    page = browser.send(page, answers)
    follow_up.refresh_from_db()
    assert follow_up.completed_at is not None
    assert follow_up.completion_code not in ("", person.completion_code)
    text = Client().get(f"/p/{person.code}/").content.decode()
    assert follow_up.completion_code in text
    person.refresh_from_db()
    assert person.state == Participant.State.COMPLETED
    assert list(problems()) == []


@pytest.mark.nightly  # the short suite has a representative
def test_opening_the_link_begins_nothing_and_the_button_does(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    assert Client().get(link(person)).status_code == 200
    Client().head(link(person))
    follow_up.refresh_from_db()
    assert follow_up.begun_at is None
    later(person)
    follow_up.refresh_from_db()
    assert follow_up.begun_at is not None


@pytest.mark.nightly  # the short suite has a representative
def test_after_the_window_the_session_is_over(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 10.01)
    page = Browser().open(link(person))
    assert page.headings[0] == "This part is over"
    assert "The next part" not in Client().get(f"/p/{person.code}/").content.decode()


@pytest.mark.nightly  # the short suite has a representative
def test_a_page_that_comes_after_the_window_is_not_stored(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 9.99)
    browser, page = later(person)
    follow_up.refresh_from_db()
    after(follow_up, 0.02)
    answer = browser.send(page, {})
    assert answer.status == 409
    assert not person.submissions.filter(step="again").exists()
    assert list(problems()) == []


def test_a_last_page_sent_twice_completes_once(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    browser, page = later(person)
    page = browser.send(page, {})
    answers = first_answers(page)
    first = browser.send(page, answers)
    follow_up.refresh_from_db()
    code = follow_up.completion_code
    second = browser.send(page, answers)
    follow_up.refresh_from_db()
    assert (first.status, second.status, follow_up.completion_code) == (200, 200, code)
    assert person.submissions.filter(step="trust-later").count() == 1


@pytest.mark.nightly  # the short suite has a representative
def test_stopping_within_a_session_keeps_its_answers_and_the_study(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    browser, page = later(person)
    page = browser.send(page, {})
    browser.send(browser.open(f"/p/{person.code}/withdraw/"), {"choice": "stop"})
    follow_up.refresh_from_db()
    person.refresh_from_db()
    assert (follow_up.stopped, person.state) == (True, Participant.State.COMPLETED)
    assert browser.open(f"/p/{person.code}/").headings[0] == "You have stopped"
    assert person.submissions.filter(step="again").exists()


def test_an_erasure_takes_the_sessions_with_it(study):
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    later(person)
    erased = services.erase(participant=person)
    assert erased.rows["later sessions"] == 1
    assert not FollowUp.objects.exists()
    assert Client().get(link(person)).status_code == 404


def test_the_database_lets_nobody_complete_a_session_twice_or_without_beginning(study):
    _browser, person, follow_up = completed(study)
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.create(
            participant=person, session="week", opens_at=timezone.now(), closes_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        FollowUp.objects.filter(pk=follow_up.pk).update(
            completed_at=timezone.now(), completion_code="ABCDEFGH"
        )


def arrive(study: Study, browser: Browser, service_study: str, submission: str, person=PERSON):
    return browser.open(
        f"/s/{study.slug}/?PROLIFIC_PID={person}&STUDY_ID={service_study}&SESSION_ID={submission}"
    )


@pytest.mark.nightly
def test_people_come_back_from_prolific_by_their_id_and_leave_with_the_sessions_code(recruited):
    browser = Browser()
    page = browser.send(arrive(recruited, browser, "a" * 24, "6f0000000000000000000001"), {})
    person = who(go_on(browser, page))
    follow_up = person.follow_ups.get()
    again = Browser()
    early = arrive(recruited, again, "b" * 24, "6f0000000000000000000002")
    assert early.status == 409  # the session is not open yet
    after(follow_up, 8)
    again = Browser()
    page = arrive(recruited, again, "b" * 24, "6f0000000000000000000002")
    assert page.path == f"/p/{person.code}/"
    page = go_on(*later(person, again))
    text = Client().get(f"/p/{person.code}/").content.decode()
    assert "https://app.prolific.com/submissions/complete?cc=WEEK" in text
    # Whoever knows the id alone, and comes with another submission, is not let in.
    stranger = arrive(recruited, Browser(), "b" * 24, "6f0000000000000000000003")
    assert stranger.status == 409
    # The control: the same submission still leads there.
    same = arrive(recruited, Browser(), "b" * 24, "6f0000000000000000000002")
    assert same.path == f"/p/{person.code}/"


@pytest.mark.nightly  # the short suite has a representative
def test_an_unknown_person_cannot_begin_with_the_later_session(recruited):
    page = arrive(recruited, Browser(), "c" * 24, "6f0000000000000000000009")
    assert page.status == 403
    page = arrive(recruited, Browser(), "b" * 24, "6f0000000000000000000009")
    assert page.status == 403
    assert recruited.participants.count() == 0


def rows(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_both_sessions_are_in_one_export_under_one_participant(study, tmp_path):
    _browser, missed, _follow_up = completed(study)
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    browser, page = later(person)
    go_on(browser, page)
    export_study(study=study, output=tmp_path / "out")
    answers = [row for row in rows(tmp_path / "out", "answers.csv")
               if row["participant"] == person.pseudonym]  # fmt: skip
    assert {(row["part"], row["session"]) for row in answers} == {
        ("trust-now", ""),
        ("trust-later", "week"),
    }
    later_ones = {row["participant"]: row for row in rows(tmp_path / "out", "sessions.csv")}
    assert later_ones[person.pseudonym]["completed_at"]
    assert later_ones[missed.pseudonym]["completed_at"] == ""
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    (told,) = manifest["sessions"]
    assert told["completed"] == {"of all arms": 1}  # arms are still blinded
    described = {(row["file"], row["column"]) for row in rows(tmp_path / "out", "codebook.csv")}
    assert {("sessions.csv", "opens_at"), ("answers.csv", "session")} <= described


@pytest.mark.nightly  # the short suite has a representative
def test_the_list_of_links_says_whom_to_remind(study, tmp_path):
    _browser, waiting, _follow_up = completed(study)
    _browser, person, follow_up = completed(study)
    after(follow_up, 8)
    path = tmp_path / "links.csv"
    options = {"session": "week", "output": path, "address": "https://a.example/"}
    said = call_command("session_links", "drawn", **options)
    assert said.startswith("Links of 2 people")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = {row["participant"]: row for row in rows(tmp_path, "links.csv")}
    assert listed[waiting.pseudonym]["state"] == "waiting"
    assert listed[person.pseudonym]["link"] == f"https://a.example{link(person)}"
    call_command("session_links", "drawn", only=["open", "begun"], **options)
    assert [row["participant"] for row in rows(tmp_path, "links.csv")] == [person.pseudonym]
    with pytest.raises(CommandError, match="has no session 'month'"):
        call_command("session_links", "drawn", **(options | {"session": "month"}))


@pytest.mark.nightly  # the short suite has a representative
def test_synthetic_people_come_back_or_not(study):
    simulate(study=study, number=12, seed=2, profile=load("null"))
    done = FollowUp.objects.filter(completed_at__isnull=False).count()
    assert 0 < done < FollowUp.objects.count()


@pytest.mark.nightly  # the short suite has a representative
def test_the_preview_shows_the_pages_of_a_later_session(study):
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    text = panel.get(address(study, "none", 5)).content.decode()
    assert "You know these questions." in text


FAULTS = {
    ('key = "week"', 'key = "month"'): "unknown session 'week'. Known: month.",
    ("after_days = 7", "after_days = 0"): "after_days",
    ('kind = "instructions"', 'kind = "instructions"\nsession = "week"'): "only parts of the kinds",
    ("window_days = 3", 'window_days = 3\ncode = "ABC"'): "kind 'open' has none. Remove it.",
    ("window_days = 3", f'window_days = 3\nstudy_id = "{"b" * 24}"'): "study_id has no effect",
    ('key = "again"', 'key = "again"\nper_block = true'): "sessions have no blocks",
}


@pytest.mark.nightly  # the short suite has a representative
@pytest.mark.parametrize(("before", "after"), FAULTS)
def test_a_session_that_cannot_work_is_refused(study, before, after):
    assert before in study.source
    with pytest.raises(StudyFileError) as refused:
        loading.parse(study.source.replace(before, after, 1))
    assert any(FAULTS[before, after] in problem for problem in refused.value.problems)


def test_sessions_out_of_their_order_or_without_questions_are_refused(study):
    second = SESSION.replace('"week"', '"day"').replace("after_days = 7", "after_days = 1")
    with pytest.raises(StudyFileError) as refused:
        loading.parse(study.source.replace(SESSION, SESSION + second))
    told = "\n".join(refused.value.problems)
    assert "the session 'day' opens 1 days after the first, and the one before it after 7" in told
    assert "the session 'day' asks nothing." in told
