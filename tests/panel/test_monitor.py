"""What the panel shows of a running study."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from studyplatform.panel.editor.sections.pages import in_parts
from studyplatform.panel.monitoring import monitor
from studyplatform.panel.page_names import page_names
from studyplatform.panel.participants import FAILED, FAST, found
from surveys import services
from surveys.models import FollowUp, PageView, Participant, Study
from surveys.pages import sequence
from surveys.pages.kinds.attention import expected
from surveys.services.sessions import state_of
from surveys.study_file.stored import definition
from tests.panel.conftest import signed_in_and_confirmed
from tests.surveys import designs, factories


def page(study, key):
    name = page_names(definition(study))[key]
    return next(page for page in monitor(study).pages if page.name == name)


def shown_next(person):
    """Show the next page as a browser does, without an answer."""
    services.record_view(participant=person, step=sequence.current_step(person).key)


def test_a_study_without_people_has_empty_counts(study):
    watched = monitor(study)
    assert (watched.last_day, watched.last_arrival, watched.durations) == (0, None, None)
    assert (watched.allocated, watched.imbalance, watched.interrupted) == (0, None, 0)
    assert not any(entry.shown or entry.sent or entry.stopped for entry in watched.pages)


def test_pages_count_who_saw_sent_and_left_them(study):
    for key in "abc":
        factories.walk(factories.allocated(study, key))
    quitter = factories.walk(factories.allocated(study, "quitter"), pages=2)
    gone = factories.walk(factories.allocated(study, "gone"), pages=2)
    here = factories.walk(factories.allocated(study, "here"), pages=2)
    factories.walk(factories.allocated(study, "robot", simulated=True), pages=2)
    for person in (quitter, gone, here):
        shown_next(person)
    services.stop(participant=quitter)
    PageView.objects.filter(participant=gone).update(
        last_shown_at=timezone.now() - timedelta(hours=2)
    )
    left = page(study, "trial:1")
    assert (left.shown, left.sent, left.stopped, left.gone) == (6, 3, 1, 1)
    first = page(study, "before:ai-experience-v1")
    assert (first.sent, first.stopped, first.gone) == (6, 0, 0)


def test_speeders_are_those_far_below_the_median(study):
    for minutes, key in ((10, "a"), (12, "b"), (14, "c"), (3, "d"), (16, "e")):
        person = factories.walk(factories.allocated(study, key))
        Participant.objects.filter(pk=person.pk).update(
            finished_at=person.consented_at + timedelta(minutes=minutes)
        )
    durations = monitor(study).durations
    assert (durations.people, durations.speeders) == (5, 1)
    assert [durations.lower, durations.median, durations.upper] == pytest.approx([10, 12, 14])
    (fast,) = found(study, FAST, simulated=False, typed="")
    assert fast.finished_at - fast.consented_at == timedelta(minutes=3)
    assert not found(study, FAST, simulated=True, typed="")


def test_the_balance_names_no_arm_and_counts_real_people(study, signed_in):
    def text_of_page() -> str:
        address = reverse("panel:monitor", args=[study.slug])
        return signed_in("analyst").get(address).content.decode()

    factories.allocated(study, "0")
    factories.allocated(study, "robot", simulated=True)
    assert "as soon as there are as many people as arms" in text_of_page()
    for number in range(1, 5):
        factories.allocated(study, str(number))
    watched = monitor(study)
    assert watched.allocated == 5
    assert watched.imbalance == 0.75  # one of four arms has two people, its share is 1.25
    text = text_of_page()
    assert "No arm deviates by more" in text
    assert not [arm.label for arm in study.arms.all() if arm.label in text]


def test_failed_attention_checks_are_counted_by_person(db, tmp_path):
    study = designs.design_study(tmp_path)
    step = next(step for step in definition(study).steps if step.kind == "attention")
    right = expected(study, step)
    people = {key: factories.allocated(study, key) for key in "abc"}
    for key, answer in (("a", right), ("b", "3"), ("c", "3")):
        person = people[key]
        while (current := sequence.current_step(person)) != step:
            factories.record(person, current.key, factories.answers(person, current))
        factories.record(person, step.key, {"attention": answer})
    watched = monitor(study)
    assert (watched.checks, watched.failed_a_check) == (3, 2)
    failed = found(study, FAILED, simulated=False, typed="")
    assert set(failed) == {people["b"], people["c"]}


@pytest.mark.parametrize(
    ("language", "one", "two"),
    [
        ("en", "(1 answer in all)", "(2 answers in all)"),
        ("de", "(1 Antwort insgesamt)", "(2 Antworten insgesamt)"),
    ],
)
def test_answers_to_attention_checks_have_a_singular(
    study, signed_in, monkeypatch, language, one, two
):
    browser = signed_in("owner")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for checks, words in ((1, one), (2, two)):
        monkeypatch.setattr(
            "studyplatform.panel.monitoring.attention_checks", lambda *_, n=checks: (n, {1})
        )
        assert words in browser.get(reverse("panel:monitor", args=[study.slug])).content.decode()


def test_the_queries_do_not_grow_with_the_participants(study, signed_in):
    browser, address = signed_in("owner"), reverse("panel:monitor", args=[study.slug])
    assert browser.get(address).status_code == 200  # which reads the study file for the first time
    counts = []
    for number in range(2):
        for key in range(3):
            factories.walk(factories.allocated(study, f"{number} {key}"))
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


PAID = '[recruitment]\npay = 2.5\ncurrency = "GBP"\n'


def test_money_and_wage_follow_from_the_declared_pay_and_the_median_duration(
    study, signed_in, tmp_path
):
    assert monitor(study).money is None
    path = reverse("panel:monitor", args=[study.slug])
    assert ">Money<" not in signed_in("analyst").get(path).content.decode()
    Study.objects.filter(pk=study.pk).update(
        source=study.source.replace("[allocation]", f"{PAID}[allocation]", 1)
    )
    study.refresh_from_db()
    for key, minutes in (("a", 10), ("b", 15), ("c", 20)):
        person = factories.walk(factories.allocated(study, key))
        begin = person.finished_at - timedelta(minutes=minutes)
        Participant.objects.filter(pk=person.pk).update(consented_at=begin)
    factories.walk(factories.allocated(study, "under way"), pages=2)
    factories.walk(factories.allocated(study, "robot", simulated=True))
    money = monitor(study).money
    assert (money.currency, money.pay, money.spent, money.planned) == ("GBP", 2.5, 7.5, 150.0)
    assert money.wage == pytest.approx(10.0)  # 2.50 for a quarter of an hour
    text = " ".join(signed_in("analyst").get(path).content.decode().split())
    assert "GBP of 150.00 planned" in text
    assert "10.00 GBP per hour at the median duration." in text


ENDS = """
[[endings]]
key = "experts"
heading = "For people without experience"
text = "Thank you."
when = [{ item = "use", at_least = 4 }]

[[sessions]]
key = "week"
heading = "A week later"
text = "Thank you for coming back."
after_days = 7
window_days = 3
[[parts]]
kind = "questionnaire"
questionnaire = "effort-v2"
session = "week"
"""


def with_ends(study: Study, *, limited: bool = False) -> Study:
    """The study with a screener, which only an arm is asked if ``limited``, and a session."""
    source = in_parts(study.source)
    if limited:
        first = 'questionnaire = "ai-experience-v1"'
        source = source.replace(first, f'{first}\narms = ["gradcam"]', 1)
    Study.objects.filter(pk=study.pk).update(source=source + ENDS)
    return Study.objects.get(pk=study.pk)


def test_people_are_counted_by_ending_and_by_later_session(study, signed_in):
    assert (monitor(study).endings, monitor(study).sessions) == ((), ())
    study = with_ends(study)
    for key in ("with a place", "without", "robot"):
        person = factories.allocated(study, key, simulated=key == "robot")
        arm = None if key == "without" else person.arm
        Participant.objects.filter(pk=person.pk).update(
            state="ended", ending="experts", arm=arm, finished_at=timezone.now()
        )
    now, day = timezone.now(), timedelta(days=1)
    for key, opens, more in (
        ("waiting", 6, {}),
        ("open", -1, {}),
        ("begun", -1, {"begun_at": now}),
        ("completed", -1, {"begun_at": now, "completed_at": now, "completion_code": "C1"}),
        ("stopped", -1, {"begun_at": now, "stopped": True}),
        ("missed", -5, {"begun_at": now}),
    ):
        person = factories.allocated(study, key)
        follow_up = FollowUp.objects.create(
            participant=person, session="week", opens_at=now + opens * day,
            closes_at=now + (opens + 3) * day, **more,
        )  # fmt: skip
        assert state_of(follow_up, now) == key, "the monitor counts the states of the invitations"
    (ending,), (session,) = monitor(study).endings, monitor(study).sessions
    assert (ending.heading, ending.people, ending.with_place) == (
        "For people without experience", 2, 1,
    )  # fmt: skip
    counts = asdict(session)
    assert [counts.pop(name) for name in ("key", "heading", "invited")] == [
        "week", "A week later", 6,
    ]  # fmt: skip
    assert set(counts.values()) == {1}
    links = reverse("panel:session-links", args=[study.slug, "week"])
    text = signed_in("analyst").get(reverse("panel:monitor", args=[study.slug])).content.decode()
    assert "For people without experience" in text
    assert links not in text
    # Owners download the links, once they have confirmed who they are.
    assert signed_in("owner").get(links).status_code == 302
    owner = signed_in_and_confirmed("owner")
    header, *rows = owner.get(links).content.decode().splitlines()
    assert header.endswith("state,opens_at,closes_at,link")
    assert len(rows) == 6
    assert all("http://testserver/" in row for row in rows)
    other = reverse("panel:session-links", args=[study.slug, "other"])
    assert owner.get(other).status_code == 404
    assert not [arm.label for arm in study.arms.all() if arm.label in text]


def test_an_ending_that_only_an_arm_can_come_to_is_hidden_until_the_study_is_unblinded(study):
    study = with_ends(study, limited=True)
    (ending,) = monitor(study).endings
    assert (ending.people, ending.with_place) == (None, None)
    study.unblinded_at = timezone.now()
    (ending,) = monitor(study).endings
    assert (ending.people, ending.with_place) == (0, 0)
