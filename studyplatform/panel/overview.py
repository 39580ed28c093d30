"""The state of studies, as the panel's home page and a study's first page show it."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext

from explanations.models import Explanation
from studyplatform.jobs import presence
from studyplatform.models import Job, PageErrors
from studyplatform.panel import pilots
from surveys.models import Arm, Condition, Participant, Stimulus, Study
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition

STATES: Mapping[str, Promise] = {
    Study.State.DRAFT: gettext_lazy("Draft"),
    Study.State.OPEN: gettext_lazy("Running"),
    Study.State.PAUSED: gettext_lazy("Paused"),
    Study.State.CLOSED: gettext_lazy("Collection ended"),
}
FEWEST_EXPECTED = 5
"""People whom an arm should have before its balance is judged."""
FAILURES_LAST = timedelta(days=7)
"""How long a failed job needs attention."""


@dataclass(frozen=True)
class People:
    """Counts of a study's real participants by state, and of the simulated ones."""

    completed: int = 0
    started: int = 0
    stopped: int = 0
    simulated: int = 0


@dataclass(frozen=True)
class Overview:
    """A study's state, its participants out of those planned, and what needs attention."""

    study: Study
    state: str
    people: People
    planned: int
    attention: tuple[str, ...]
    tone: str = ""
    """The class that colours the state."""
    lacks_maps: bool = False

    @property
    def besides_maps(self) -> tuple[str, ...]:
        """Return what needs attention except missing images and maps, which come first."""
        return self.attention[1:] if self.lacks_maps else self.attention


def overviews(studies: Sequence[Study]) -> list[Overview]:
    """Return an overview of each study, with a number of queries that does not depend on theirs."""
    people, missing, jobs = _people(studies), _missing_maps(studies), _jobs(studies)
    errors, imbalances = _page_errors(studies), _imbalances(studies)
    drafts = [study for study in studies if study.state == Study.State.DRAFT]
    piloting = pilots.running(drafts)
    return [
        Overview(
            study=study,
            state=gettext("Piloting") if study.pk in piloting else state_of(study),
            tone="open" if study.pk in piloting else tone_of(study),
            people=people[study.pk],
            planned=definition(study).allocation.places,
            attention=(
                *missing.get(study.pk, ()),
                *_attention(study, people[study.pk]),
                *jobs.get(study.pk, ()),
                *errors.get(study.pk, ()),
                *imbalances.get(study.pk, ()),
            ),
            lacks_maps=study.pk in missing,
        )
        for study in studies
    ]


def state_of(study: Study) -> str:
    """Return the state in words; after the end of collection, unblinding is a state of its own."""
    if study.archived_at is not None:
        return gettext("Archived")
    if study.is_pilot and study.state == Study.State.OPEN:
        return gettext("Piloting")
    if study.state == Study.State.CLOSED and study.unblinded_at is not None:
        return gettext("Unblinded")
    return str(STATES[study.state])


def current_state(study: Study) -> str:
    """Return the state in words, as the list of studies shows it: a draft may be piloting."""
    is_piloting = study.state == Study.State.DRAFT and study.pk in pilots.running([study])
    return gettext("Piloting") if is_piloting else state_of(study)


def tone_of(study: Study) -> str:
    """Return the class that colours the state."""
    if study.archived_at is not None:
        return "archived"
    is_unblinded = study.state == Study.State.CLOSED and study.unblinded_at is not None
    return "unblinded" if is_unblinded else str(study.state)


def _people(studies: Sequence[Study]) -> dict[int, People]:
    """Return the counts of participants by the study's primary key."""
    # Everybody in a pilot is simulated, and counts in its own overview.
    real = Q(simulated=False) | Q(study__is_pilot=True)
    counted = (
        Participant.objects.filter(study__in=studies)
        .order_by()
        .values("study")
        .annotate(
            completed=Count("pk", filter=real & Q(state=Participant.State.COMPLETED)),
            started=Count("pk", filter=real & Q(state=Participant.State.STARTED)),
            stopped=Count("pk", filter=real & Q(state=Participant.State.STOPPED)),
            simulated_people=Count("pk", filter=Q(simulated=True)),
        )
    )
    people: dict[int, People] = defaultdict(People)
    for row in counted:
        people[row["study"]] = People(
            row["completed"], row["started"], row["stopped"], row["simulated_people"]
        )
    return people


def _jobs(studies: Sequence[Study]) -> dict[int, list[str]]:
    """Return sentences by primary key on jobs that failed lately, wait in vain, or are stalled.

    A failure is past once a later job of the same kind for the same study is done.
    """
    since = timezone.now() - FAILURES_LAST
    repeated = Job.objects.filter(
        study=OuterRef("study"),
        kind=OuterRef("kind"),
        state=Job.State.DONE,
        finished_at__gt=OuterRef("finished_at"),
    )
    failed_lately = Q(state=Job.State.FAILED, finished_at__gt=since) & ~Exists(repeated)
    stalled = Q(state=Job.State.RUNNING, lease_until__lt=timezone.now())
    rows = Job.objects.filter(
        Q(state=Job.State.QUEUED) | failed_lately | stalled, study__in=studies
    ).values_list("study", "state", "kind")
    at_work = presence.kinds_at_work()
    sentences: dict[int, list[str]] = defaultdict(list)
    failed = Counter(study for study, state, _ in rows if state == Job.State.FAILED)
    for study, count in failed.items():
        sentences[study or 0].append(
            ngettext(
                "%(count)s job failed within the last week.",
                "%(count)s jobs failed within the last week.",
                count,
            )
            % {"count": count}
        )
    in_vain = {
        study for study, state, kind in rows if state == Job.State.QUEUED and kind not in at_work
    }
    for study in in_vain:
        sentences[study or 0].append(
            gettext("A job waits, but the program that computes jobs does not run.")
        )
    for study in {study for study, state, _ in rows if state == Job.State.RUNNING}:
        sentences[study or 0].append(gettext("The program that computes a job is silent."))
    return sentences


def _imbalances(studies: Sequence[Study]) -> dict[int, tuple[str]]:
    """Return a sentence by primary key for every study that is out of balance. It names no arm."""
    running = [study for study in studies if study.state in (Study.State.OPEN, Study.State.PAUSED)]
    of_kind = Q(allocationslot__simulated=F("study__is_pilot"))
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for key, arm, count in (
        Arm.objects.filter(study__in=running)
        .annotate(people=Count("allocationslot", filter=of_kind))
        .values_list("study", "key", "people")
    ):
        counts[key][arm] = count
    sentences = {}
    for study in running:
        allocation, people = definition(study).allocation, counts[study.pk]
        ratios = {arm: allocation.ratios.get(arm, 1) for arm in people}
        if not allocation.quotas and is_out_of_balance(people, ratios):
            sentences[study.pk] = (
                gettext(
                    "An arm is further from its share of people than chance explains. See the "
                    "monitor."
                ),
            )
    return sentences


def is_out_of_balance(people: Mapping[str, int], ratios: Mapping[str, int]) -> bool:
    """Check whether an arm is further from its share than simple randomisation takes it by chance.

    The limit is three standard deviations, √(n p (1 − p)), which simple randomisation exceeds in
    about one of 370 arms. Every other method keeps arms closer to their shares. Arms with fewer
    than five expected people are left out, because the normal approximation is poor there.
    """
    allocated, total = sum(people.values()), sum(ratios.values())
    shares = {arm: ratio / total for arm, ratio in ratios.items()}
    return any(
        abs(people[arm] - allocated * share) > 3 * math.sqrt(allocated * share * (1 - share))
        for arm, share in shares.items()
        if allocated * share >= FEWEST_EXPECTED
    )


def _page_errors(studies: Sequence[Study]) -> dict[int, tuple[str]]:
    """Return a sentence by primary key for every study of which pages failed within a day."""
    since = timezone.now() - timedelta(days=1)
    rows = PageErrors.objects.filter(study__in=studies, hour__gte=since).order_by().values("study")
    sentences = {}
    for row in rows.annotate(total=Sum("count")):
        sentence = ngettext(
            "%(count)s page of participants failed at the server within a day.",
            "%(count)s pages of participants failed at the server within a day.",
            row["total"],
        )
        sentences[row["study"]] = (sentence % {"count": row["total"]},)
    return sentences


def _missing_maps(studies: Sequence[Study]) -> dict[int, tuple[str]]:
    """Return a sentence by primary key for every study whose stimuli or maps are missing."""
    unfinished = [study for study in studies if study.state != Study.State.CLOSED]
    stimuli, maps = _stimuli_chosen(unfinished), _maps_computed(unfinished)
    conditions: dict[int, list[Condition]] = defaultdict(list)
    for condition in Condition.objects.filter(study__in=unfinished).exclude(method=""):
        conditions[condition.study_id].append(condition)
    sentences = {}
    for study in unfinished:
        declared, of_part = definition(study), stimuli[study.pk]
        wanted = sum(declared.predictions_shown)
        if (there := sum(of_part.values())) < wanted:
            sentence = gettext(
                "Images are not chosen yet (%(there)s of %(wanted)s), and maps are missing."
            )
            sentences[study.pk] = (sentence % {"there": there, "wanted": wanted},)
            continue
        lacking = sum(
            _lacking(declared, condition, of_part, maps) for condition in conditions[study.pk]
        )
        if lacking:
            sentence = ngettext("%(count)s map is missing.", "%(count)s maps are missing.", lacking)
            sentences[study.pk] = (sentence % {"count": lacking},)
    return sentences


def _stimuli_chosen(studies: Sequence[Study]) -> dict[int, dict[str, int]]:
    """Return the number of stimuli by the study's primary key and the part's key."""
    stimuli: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Stimulus.objects.filter(study__in=studies).order_by().values_list("study", "part")
    for study, part, count in rows.annotate(count=Count("pk")):
        stimuli[study][part] = count
    return stimuli


def _maps_computed(studies: Sequence[Study]) -> dict[tuple[int, str, str], int]:
    """Return the number of stimuli that have a map, by study, part and method."""
    place = ("prediction__stimulus__study", "prediction__stimulus__part", "method")
    rows = (
        Explanation.objects.filter(prediction__stimulus__study__in=studies, other_class="")
        .order_by()
        .values_list(*place)
        # Several runs leave several maps of one stimulus.
        .annotate(count=Count("prediction__stimulus", distinct=True))
    )
    return {(study, part, method): count for study, part, method, count in rows}


def _lacking(
    declared: StudyFile,
    condition: Condition,
    stimuli: Mapping[str, int],
    maps: Mapping[tuple[int, str, str], int],
) -> int:
    """Return how many maps of the condition are missing, over the parts that it shows."""
    shown = [part.key for part in declared.trial_parts if part.is_in(condition.key)]
    return sum(
        max(0, stimuli.get(key, 0) - maps.get((condition.study_id, key, condition.method), 0))
        for key in shown
    )


def _attention(study: Study, people: People) -> Iterator[str]:
    if study.state == Study.State.OPEN:
        places = definition(study).allocation.places
        if people.completed + people.started + people.stopped >= places:
            yield gettext("All places are taken; nobody else is admitted.")
    if study.state != Study.State.CLOSED and study.unblinded_at is not None:
        yield gettext("The study was unblinded before the end of collection.")
