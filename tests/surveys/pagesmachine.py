"""The participants' pages played in any order, beside a model of what must then be stored.

    python -m tests.surveys.pagesmachine FOLDER RUNS [overwriting]

plays against the database of DATABASE_URL; "overwriting" is the negative control: an answer that
comes again replaces the first one.

People arrive, look, answer, go back, send pages twice, in other tabs and on other devices, send
garbage, stop, withdraw, and stay away for too long; after each step the database equals the model.
"""

import json
import logging
import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

if "init_command" in (options := django.conf.settings.DATABASES["default"].get("OPTIONS", {})):
    # These runs are not about what a loss of power would leave on the disk.
    options["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"

from django.db import transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from hypothesis import HealthCheck, Phase, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.stateful import (  # noqa: E402
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from surveys.models import Answer, Participant, Study  # noqa: E402
from surveys.pages import sequence  # noqa: E402
from surveys.pages.sent_page import SentPage  # noqa: E402
from surveys.services import recording  # noqa: E402
from surveys.simulation.browser import Browser, Page  # noqa: E402
from tests.migrated import migrate  # noqa: E402
from tests.surveys.drawn import drawn_study  # noqa: E402

LANDING = "/s/drawn/"
FULL = 200  # runs; fewer are the same ones each time
STEPS = 50
OUTCOMES: Counter[str] = Counter()
"""Of all pages that were sent in all runs."""
GARBAGE = ({}, {"step": "trial:1"}, {"key": "x", "step": "\0"}, {"agreed": "1"}, {"key": "1:a:b"})


@dataclass
class Tab:
    """A page as it stands in some browser, current or stale."""

    browser: Browser
    page: Page

    @property
    def step(self) -> str:
        return self.page.hidden["step"]


@dataclass
class Person:
    """What must be stored of one participant, and where the pages are open."""

    pk: int
    path: str
    browser: Browser
    consent: Page
    personal_code: str
    pictures: list[str] = field(default_factory=list)
    state: str = "started"
    erased: bool = False
    lapsed: bool = False
    sent: dict[str, dict[str, str]] = field(default_factory=dict)
    views: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    tabs: list[Tab] = field(default_factory=list)


class Pages(RuleBasedStateMachine):
    """Each rule is something that a person, a browser or an attacker can do."""

    study: Study
    steps: list[str]

    @initialize()
    def begin(self) -> None:
        self.people: list[Person] = []
        self.before = set(Participant.objects.values_list("pk", flat=True))
        self.arrive()

    @rule()
    def arrive(self) -> None:
        if len(self.people) >= 3:
            return
        browser = Browser()
        consent = browser.open(LANDING)
        page = browser.send(consent, {})
        stored = Participant.objects.get(code=page.path.split("/")[2])
        person = Person(stored.pk, page.path, browser, consent, stored.personal_code)
        self.people.append(person)
        self._lands(person, Tab(browser, page))

    @rule(who=st.integers(0, 2))
    def consent_again(self, who: int) -> None:
        person = self._person(who)
        if person.erased:
            return
        page = person.browser.send(person.consent, {})
        assert page.path == person.path
        self._lands(person, Tab(person.browser, page))

    @rule(who=st.integers(0, 2), where=st.sampled_from(["here", "link", "other device"]))
    def look(self, who: int, where: str) -> None:
        person = self._person(who)
        browser = Browser() if where == "other device" else person.browser
        page = browser.open(LANDING if where == "link" and not person.erased else person.path)
        self._lands(person, Tab(browser, page))

    @rule(who=st.integers(0, 2))
    def ask_without_looking(self, who: int) -> None:
        person = self._person(who)
        status = person.browser._client.head(person.path, secure=True).status_code
        assert status == (404 if person.erased else 403 if person.lapsed else 200)
        person.browser.open(f"{person.path}withdraw/")
        assert "arrival_key" in Browser().open(LANDING).hidden

    @rule(who=st.integers(0, 2), choice=st.integers(0, 1), extra=st.booleans())
    def answer(self, who: int, choice: int, extra: bool) -> None:
        """The newest tab: mostly the current page."""
        self._send(self._person(who), -1, choice, extra)

    @rule(who=st.integers(0, 2), choices=st.lists(st.integers(0, 1), min_size=1, max_size=4))
    def go_on(self, who: int, choices: list[int]) -> None:
        """Several pages in order, as most people do."""
        for choice in choices:
            self._send(self._person(who), -1, choice, False)

    @rule(who=st.integers(0, 2), tab=st.integers(0, 20), choice=st.integers(0, 1))
    def answer_in_another_tab(self, who: int, tab: int, choice: int) -> None:
        """A tab that may be stale: back button, double click, lost confirmation, second device."""
        self._send(self._person(who), tab, choice, False)

    @rule(who=st.integers(0, 2), tab=st.integers(0, 20))
    def leave_an_answer_out(self, who: int, tab: int) -> None:
        person = self._person(who)
        shown = self._tab(person, tab)
        if shown is None:
            return
        given = {name: values[0] for name, values in shown.page.questions.items() if values}
        if not given:
            return
        given.popitem()
        page = shown.browser.send(shown.page, given)
        if person.erased:
            assert page.status == 404
        elif self._may_go_on(person) and shown.step == self._current(person):
            assert (page.status, page.hidden["step"]) == (200, shown.step)
        else:
            assert page.status == 409
            person.events[self._refusal(person, shown.step)] += 1

    @rule(who=st.integers(0, 2), garbage=st.sampled_from(GARBAGE), other=st.integers(0, 2))
    def send_garbage(self, who: int, garbage: dict[str, str], other: int) -> None:
        """Also another person's key, and the own key with another step's name."""
        person = self._person(who)
        token = person.consent.hidden["csrfmiddlewaretoken"]
        theirs = self._person(other)
        if theirs is not person and theirs.tabs and other:
            hidden = theirs.tabs[-1].page.hidden
            garbage = garbage | {"key": hidden["key"], "step": hidden["step"]}
        elif person.tabs and other:
            garbage = garbage | {"key": person.tabs[-1].page.hidden["key"], "step": "trial:3 "}
        page = Page(person.path, 200, hidden={"csrfmiddlewaretoken": token, **garbage})
        answer = person.browser.send(page, {})
        if "\0" in garbage.get("step", ""):  # refused before any page, even an erased person's
            assert answer.status == 400
            return
        assert answer.status == (404 if person.erased else 409)
        if not person.erased:
            person.events[self._refusal(person, "")] += 1

    @rule(who=st.integers(0, 2), sure=st.integers(0, 3))
    def stop(self, who: int, sure: int) -> None:
        person = self._person(who)
        if sure:
            return
        asked = person.browser.open(f"{person.path}withdraw/")
        if person.erased:
            assert asked.status == 404
            return
        answer = person.browser.send(asked, {"choice": "stop"})
        if person.state == "started":
            person.state, person.lapsed = "stopped", False
            person.events["stopped"] += 1
        self._lands(person, Tab(person.browser, answer))

    @rule(who=st.integers(0, 2), later=st.booleans(), sure=st.integers(0, 9))
    def have_everything_deleted(self, who: int, later: bool, sure: int) -> None:
        person = self._person(who)
        if person.erased or sure:  # seldom: nothing comes after it
            return
        browser = Browser() if later else person.browser
        asked = browser.open(f"{LANDING}withdraw/" if later else f"{person.path}withdraw/")
        typed = {"personal_code": person.personal_code} if later else {"choice": "delete"}
        assert browser.send(asked, typed).headings == ["Your answers are deleted"]
        person.erased = True

    @rule(who=st.integers(0, 2), sure=st.integers(0, 9))
    def stay_away_for_two_hours(self, who: int, sure: int) -> None:
        person = self._person(who)
        if person.erased or sure > 3:
            return
        stored, gap = Participant.objects.get(pk=person.pk), timedelta(hours=2)
        stored.views.update(
            first_shown_at=F("first_shown_at") - gap, last_shown_at=F("last_shown_at") - gap
        )
        stored.submissions.update(submitted_at=F("submitted_at") - gap)
        Participant.objects.filter(pk=person.pk).update(consented_at=F("consented_at") - gap)
        person.lapsed = person.state == "started"
        self._send(person, -1, 0, False)

    @rule(who=st.integers(0, 2), trial=st.integers(0, 2))
    def ask_for_a_picture(self, who: int, trial: int) -> None:
        person = self._person(who)
        if not person.pictures:
            return  # nobody knows their addresses before the allocation
        path = f"{person.path}picture/{person.pictures[trial]}/image.png"
        status = person.browser._client.get(path, secure=True).status_code
        assert status == (200 if self._sees(person, trial + 1) else 404)

    @invariant()
    def the_database_equals_the_model(self) -> None:
        for person in self.people:
            stored = Participant.objects.filter(pk=person.pk).first()
            assert (stored is None) == person.erased
            if stored is not None:
                self._equals(person, stored)
        known = self.before | {person.pk for person in self.people if not person.erased}
        assert set(Participant.objects.values_list("pk", flat=True)) == known

    def _equals(self, person: Person, stored: Participant) -> None:
        assert stored.state == person.state
        assert bool(stored.completion_code) == (person.state == "completed")
        codes = list(stored.trials.values_list("picture_code", flat=True))
        # Chance decides at the first page that differs between the arms, once and for all.
        assert len(codes) == (3 if "instructions" in person.views else 0)
        assert person.pictures in ([], codes)
        person.pictures = codes
        answers: dict[str, dict[str, str]] = {
            step: {} for step in stored.submissions.values_list("step", flat=True)
        }
        for answer in Answer.objects.filter(submission__participant=stored).values_list(
            "submission__step", "item", "value"
        ):
            answers[answer[0]][answer[1]] = answer[2]
        assert answers == person.sent
        assert list(answers) == self.steps[: len(answers)]  # no step skipped
        assert dict(stored.views.values_list("step", "times")) == dict(person.views)
        assert Counter(stored.events.values_list("kind", flat=True)) == person.events

    def _send(self, person: Person, tab: int, choice: int, extra: bool) -> None:
        shown = self._tab(person, tab)
        if shown is None:
            return
        given = {
            name: values[-choice] if values else "word" * choice
            for name, values in shown.page.questions.items()
        }
        kept = {name: value for name, value in given.items() if value}
        sent = given | ({"arm": "lime", "state": "completed"} if extra else {})
        page = shown.browser.send(shown.page, sent)
        if person.erased:
            assert page.status == 404
            return
        outcome = self._outcome(person, shown.step, kept)
        OUTCOMES[outcome] += 1
        if extra:
            person.events["extra fields"] += 1
        if outcome == "recorded":
            person.sent[shown.step] = kept
            if len(person.sent) == len(self.steps):
                person.state = "completed"
        else:
            person.events[outcome] += 1
        if outcome in ("recorded", "replayed"):
            self._lands(person, Tab(shown.browser, page))
        else:
            assert page.status == 409

    def _outcome(self, person: Person, step: str, given: dict[str, str]) -> str:
        if person.state == "stopped":
            return "refused"
        if step in person.sent:
            return "replayed" if person.sent[step] == given else "conflict"
        return "lapsed" if person.lapsed else "recorded"

    def _refusal(self, person: Person, step: str) -> str:
        if person.state == "stopped":
            return "refused"
        if step in person.sent:
            return "conflict"
        return "lapsed" if person.lapsed else "out of order"

    def _lands(self, person: Person, tab: Tab) -> None:
        """The browser was led to the person's page: what must stand there, and be counted."""
        page, step = tab.page, self._current(person)
        if person.erased:
            assert page.status == 404
        elif self._may_go_on(person) and step:
            assert (page.status, page.hidden["step"]) == (200, step)
            person.views[step] += 1
            person.tabs = [*person.tabs[-20:], tab]
        else:
            assert "step" not in page.hidden

    def _sees(self, person: Person, position: int) -> bool:
        if person.erased or person.state == "stopped":
            return False
        current = self._current(person)
        here = self.steps.index(current) if current else len(self.steps)
        trial = self.steps.index(f"trial:{position}")
        ahead = [step for step in self.steps[here + 1 : here + 3] if step.startswith("trial:")]
        return trial <= here or ahead[:1] == [f"trial:{position}"]

    def _current(self, person: Person) -> str:
        return next((step for step in self.steps if step not in person.sent), "")

    def _may_go_on(self, person: Person) -> bool:
        return person.state == "started" and not person.lapsed

    def _person(self, who: int) -> Person:
        return self.people[who % len(self.people)]

    def _tab(self, person: Person, number: int) -> Tab | None:
        return person.tabs[number % len(person.tabs)] if person.tabs else None


def overwrite() -> None:
    """What a naive service does: a page that comes again is stored again."""
    outcome_of = recording._outcome

    def outcome(participant: Participant, page: SentPage, sent: set[str]) -> Any:
        found = outcome_of(participant, page, sent)
        if found is recording.Recorded.CONFLICT:
            Answer.objects.filter(
                submission__participant=participant, submission__step=page.step.key
            ).update(value=next(iter(page.answers.values()), ""))
        return found

    recording._outcome = outcome


def play(folder: Path, runs: int) -> None:
    """Prepare the database, and play ``runs`` times up to 50 steps."""
    logging.disable(logging.WARNING)  # of each page that is refused
    migrate()
    django.conf.settings.ARRIVALS_PER_MINUTE = 10**6
    with transaction.atomic():
        study = drawn_study(folder, resume_hours=1, places=7 * 200)
    Pages.study, Pages.steps = study, [step.key for step in sequence.steps(study)]
    options: dict[str, Any] = {"derandomize": runs < FULL, "database": None, "print_blob": True}
    run_state_machine_as_test(
        Pages,
        settings=settings(
            max_examples=runs,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
            **options,
        ),
    )
    people = Participant.objects.count()
    print(json.dumps({"runs": runs, "people": people, **OUTCOMES}))


if __name__ == "__main__":
    if "overwriting" in sys.argv:
        overwrite()
    play(Path(sys.argv[1]), int(sys.argv[2]))
