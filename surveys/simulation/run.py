"""Simulation of participants, who go through the real pages because no answer is written any other
way.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F
from django.test import override_settings
from django.urls import reverse
from django.utils.translation import gettext
from tqdm import tqdm

from explanations import catalogue
from surveys import tasks
from surveys.models import ArmBlock, Participant, Study, Trial, TrialMap
from surveys.pages import sequence
from surveys.pages.kinds.attention import expected
from surveys.pages.kinds.perception import right_place
from surveys.services.durability import without_waiting
from surveys.services.ledger import scheme_of
from surveys.services.places import taken
from surveys.simulation.browser import Browser, Page
from surveys.simulation.looking import weights_of
from surveys.simulation.person import Person, Reading, Shown
from surveys.simulation.profile import Effect, Profile
from surveys.simulation.remote import RemoteBrowser
from surveys.study_file.stored import definition
from surveys.tidy.cell_sources import task_of
from surveys.web import signed_links

AnyBrowser = Browser | RemoteBrowser


class SimulationError(ValueError):
    """A simulation that cannot start, or pages that did not behave as they must."""


@dataclass(frozen=True)
class Simulated:
    """The number of simulated people, by how they ended.

    ``stopped`` people pressed "stop, and keep my answers", and ``dropped_out`` people closed the
    page. The study ended the participation of ``ended`` people early.
    """

    completed: int
    stopped: int
    dropped_out: int
    ended: int = 0

    @classmethod
    def of(cls, ends: Sequence[str]) -> "Simulated":
        """Count the states in which people ended."""
        return cls(
            completed=ends.count(Participant.State.COMPLETED),
            stopped=ends.count(Participant.State.STOPPED),
            dropped_out=ends.count(Participant.State.STARTED),
            ended=ends.count(Participant.State.ENDED),
        )

    def __str__(self) -> str:
        people = self.completed + self.stopped + self.dropped_out + self.ended
        numbers = {
            "people": people,
            "completed": self.completed,
            "stopped": self.stopped,
            "dropped_out": self.dropped_out,
            "ended": self.ended,
        }
        if self.ended:
            words = gettext(
                "%(people)d simulated participants: %(completed)d completed, %(stopped)d stopped, "
                "%(dropped_out)d dropped out, %(ended)d ended early by the study."
            )
        else:
            words = gettext(
                "%(people)d simulated participants: %(completed)d completed, %(stopped)d stopped, "
                "%(dropped_out)d dropped out."
            )
        return words % numbers


def simulate(
    *, study: Study, number: int, seed: int, profile: Profile, server: str = ""
) -> Simulated:
    """Let ``number`` synthetic people take part. They stay marked as simulated.

    The same seed, profile and study give the same answers, provided that the list of simulated
    places is at the same position. ``server`` is the URL of a server on this database. Without it,
    the pages are called within this process. Raises SimulationError and ServerError.
    """
    first = people_before(study)
    with taking_part(
        study=study, number=number, seed=seed, profile=profile, first=first, server=server
    ) as people:
        shown = tqdm(people, total=number, desc="Simulating", unit="person", disable=None)
        return Simulated.of(list(shown))


def people_before(study: Study) -> int:
    """Return the number of synthetic people who came before, which numbers the next ones."""
    return study.participants.filter(simulated=True).count()


@contextmanager
def taking_part(
    *, study: Study, number: int, seed: int, profile: Profile, first: int, server: str = ""
) -> Iterator[Iterator[Participant.State]]:
    """Yield an iterator that lets the next person take part and returns how that person ended.

    ``first`` numbers the first person, on which the answers depend. The caller decides what is one
    transaction. Raises SimulationError and ServerError.
    """
    _check(study, number)
    _check_conditions(study, profile)
    browser = RemoteBrowser(server) if server else Browser()
    # As on a server: with DEBUG, Django would record every query and double the time.
    # Rehearsals need not survive a power cut, and are much faster without waiting for the disk.
    with override_settings(DEBUG=False), without_waiting():
        yield (
            _take_part(browser, study, seed, first + offset, profile) for offset in range(number)
        )


def _take_part(
    browser: AnyBrowser, study: Study, seed: int, number: int, profile: Profile
) -> Participant.State:
    """Simulate a person, from the link to the end."""
    browser.forget()
    consent = browser.open(signed_links.rehearsal_path(study))
    page = browser.send(consent, {box: values[0] for box, values in consent.questions.items()})
    walk = Walk(study, _participant(study, page), profile)
    person = Person(profile, seed, number)
    total = len(sequence.steps(study))
    for count in range(1, total + 1):
        if "step" not in page.hidden:
            break
        if walk.has_come_to_an_arm():  # before the allocation, no arm can have an effect
            person.meets(walk.effect, walk.shown)
        if person.gives_up_at(count, total):
            return _leave(browser, page, person)
        page = _next(browser, page, person, walk)
    if "step" in page.hidden:
        raise SimulationError(
            f"{walk.participant} answered {total} pages but has not reached the end. "
            "Try it by hand, with the rehearsal link in the panel."
        )
    walk.participant.refresh_from_db(fields=["state"])
    if walk.participant.state == Participant.State.COMPLETED:
        _return(browser, page, person, walk)
    return Participant.State(walk.participant.state)


class Walk:
    """The contents of a participation's pages, read from the database instead of the images."""

    def __init__(self, study: Study, participant: Participant, profile: Profile) -> None:
        self.participant = participant
        self._study, self._profile = study, profile

    def has_come_to_an_arm(self) -> bool:
        """Return whether the participant has been allocated."""
        if self.participant.arm_id is None:
            self.participant.refresh_from_db(fields=["arm"])
        return self.participant.arm_id is not None

    @cached_property
    def effects(self) -> dict[int, Effect]:
        """Return the effect of each block. Call it after the allocation."""
        blocks = ArmBlock.objects.filter(arm=self.participant.arm_id).select_related("condition")
        return {block.number: self._profile.effect_of(block.condition) for block in blocks}

    @property
    def effect(self) -> Effect:
        """Return the effect of the whole arm, or no effect if its participants see several
        conditions.
        """
        if self.participant.arm_id is None:
            return Effect()
        return self.effects[1] if len(self.effects) == 1 else Effect()

    @cached_property
    def shown(self) -> dict[str, Shown]:
        """Return what a sighted person sees in each picture."""
        trials = self.participant.trials.select_related("stimulus__prediction__image", "condition")
        places = TrialMap.objects.filter(
            trial__participant=self.participant, explanation=F("trial__explanation")
        )
        # Where several maps are shown, only the database knows which is the predicted class's.
        maps = dict(places.values_list("trial_id", "place"))
        return {
            trial.picture_code: Shown(
                trial.stimulus.prediction.image.true_class,
                trial.stimulus.prediction.predicted_class,
                trial.stimulus.position,
                self._profile.effect_of(trial.condition),
                str(maps.get(trial.pk, "")),
                self._looks(trial),
            )
            for trial in trials
        }

    def _looks(self, trial: Trial) -> tuple[float, ...]:
        """Return where people look if the trial's picture is uncovered and the profile says it."""
        method = self._profile.base.looks_at
        if not method or not tasks.get(task_of(trial)).uncovers:
            return ()
        return weights_of(trial.stimulus.prediction_id, method)

    def reading(self, page: Page) -> Reading:
        """Return what a reader knows of the page from its text."""
        step = sequence.step_of(self._study, page.hidden["step"])
        if step is None:
            return Reading()
        instructed = expected(self._study, step) if step.kind == "attention" else ""
        if step.kind == "perception":  # attentive people find the picture again
            instructed = str(right_place(self.participant, step))
        arrived = self.participant.arm_id is not None
        effect = self.effects.get(step.block, self.effect) if arrived else Effect()
        return Reading(step.questionnaire, instructed, effect)


def _next(browser: AnyBrowser, page: Page, person: Person, walk: Walk) -> Page:
    answers = person.answer(page, walk.reading(page))
    following = page
    for _ in range(person.clicks):
        following = browser.send(page, answers)
    if following.status != 200 or following.hidden.get("step") == page.hidden["step"]:
        raise SimulationError(
            f"The page {page.hidden['step']!r} was sent but not accepted: status "
            f"{following.status}, {' '.join(following.headings)!r}. Try it by hand, with the "
            "rehearsal link in the panel."
        )
    return following


def _return(browser: AnyBrowser, page: Page, person: Person, walk: Walk) -> None:
    """Go through the later sessions that the person returns to, by the personal link."""
    for _session in definition(walk.participant.study).sessions:
        if not person.returns():
            return
        link = reverse("next-session", kwargs={"code": walk.participant.code})
        page = browser.send(browser.open(link), {})
        while "step" in page.hidden:
            page = _next(browser, page, person, walk)


def _leave(browser: AnyBrowser, page: Page, person: Person) -> Participant.State:
    if not person.stops:
        return Participant.State.STARTED
    path = next(link for link in page.links if link.endswith("/withdraw/"))
    browser.send(browser.open(path), {"choice": "stop"})
    return Participant.State.STOPPED


def _participant(study: Study, page: Page) -> Participant:
    code = page.path.strip("/").split("/")[-1]
    participant = Participant.objects.select_related("arm").filter(code=code).first()
    if participant is None or not participant.simulated:
        raise SimulationError(
            f"Instead of starting a rehearsal, the consent page answered with status {page.status} "
            f"and the heading {' '.join(page.headings)!r}. With --server, that server must use "
            "this database and the same STUDY_SECRET_KEY."
        )
    participant.study = study
    return participant


def _check(study: Study, number: int) -> None:
    if study.state != Study.State.OPEN:
        raise SimulationError(
            f"The study {study.slug!r} is {study.state}, so nobody can take part. "
            f"Run: manage.py open_study {study.slug}"
        )
    free = scheme_of(study, simulated=True).capacity - taken(study, simulated=True)
    if free < number:
        raise SimulationError(
            f"The study {study.slug!r} has {free} places left for simulated participants, fewer "
            f"than {number}. Simulate fewer, or set more [allocation] places in its file."
        )


def _check_conditions(study: Study, profile: Profile) -> None:
    """Refuse effects of unknown conditions, because a misspelt key would look like a null
    result.
    """
    conditions = list(study.conditions.all())
    known = {one.key for one in conditions} | {key for key, _ in catalogue.choices()}
    known |= {one.method for one in conditions if one.method}
    if unknown := sorted(profile.effects.keys() - known):
        raise SimulationError(
            f"Each effect of a profile must name a condition of the study {study.slug!r} or a "
            f"method. Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        )
