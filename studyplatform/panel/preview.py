"""Preview of a study as an arm's participants see it. A participation is created, shown, and
undone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from studyplatform.audit.writing import record
from studyplatform.models import AuditEntry
from studyplatform.panel.page_names import page_names
from surveys import tasks
from surveys.models import Arm, Participant, Study
from surveys.pages import sequence
from surveys.pages.example import example_prediction
from surveys.services.errors import StudyError
from surveys.services.stimuli import choose_stimuli
from surveys.services.trials import create_trials, next_rotation
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition

CODE = "preview"


@dataclass(frozen=True)
class PreviewPage:
    """A page of the preview by its number from 0. ``step`` is None for consent, debrief, and for an
    ending of the study, whose key is ``ending``.

    ``title`` names the page in the language of the reader, as the bar of the preview does.
    """

    number: int
    title: str
    step: sequence.Step | None = None
    ending: str = ""


def pages(study: Study) -> list[PreviewPage]:
    """Return every page from consent to debrief, including those that most people skip."""
    steps = sequence.steps(study)
    names = page_names(definition(study))
    inner = [
        PreviewPage(number, names[step.key], step) for number, step in enumerate(steps, start=1)
    ]
    last = len(steps) + 1
    endings = [
        PreviewPage(
            number, gettext("Early end: %(heading)s") % {"heading": one.heading}, ending=one.key
        )
        for number, one in enumerate(definition(study).endings, start=last + 1)
    ]
    return [
        PreviewPage(0, gettext("Consent")),
        *inner,
        PreviewPage(last, gettext("Debrief")),
        *endings,
    ]


def note_reader(study: Study, number: int) -> None:
    """Write into the audit that somebody read a draft to its last page, once for each version."""
    if study.state != Study.State.DRAFT or number != len(sequence.steps(study)) + 1:
        return
    if not last_reader(study):
        record(study, "preview read", after={"study_file_sha256": study.source_sha256})


def last_reader(study: Study) -> str:
    """Return who read the file in use to its last page in the preview, or an empty text."""
    entries = AuditEntry.objects.filter(study=study.slug, act="preview read")
    last = entries.filter(after__study_file_sha256=study.source_sha256).first()
    return last.who if last else ""


def stand_in(person: Participant, step: sequence.Step) -> str:
    """Return what the page shows in place of a map that is not computed yet, or an empty text."""
    if step.trial_position is not None:
        trial = person.trials.filter(position=step.trial_position).select_related("condition")
        row = trial.first()
        compares = row is not None and bool(row.maps.count())
        part = definition(person.study).part(step.part)
        hides = isinstance(part, TrialsPart) and tasks.get(part.task).uncovers
        if (
            not hides
            and row
            and row.condition.method
            and row.explanation_id is None
            and not compares
        ):
            return gettext(
                "The map of this picture is not computed yet. Participants will see it; this "
                "page shows the picture alone."
            )
    if step.kind == "instructions" and example_prediction(person.study) is None:
        return gettext(
            "The example is not computed yet, so that this page shows none. Once the maps are "
            "there, participants see one."
        )
    return ""


@contextmanager
def visitor(study: Study, arm: Arm, language: str) -> Iterator[Participant]:
    """Create a participant of the arm, with trials if images can be chosen, for the block only.

    The images and their order are always the same. Nothing that happens within the block is stored.
    """
    with transaction.atomic():
        try:
            yield _arrive(study, arm, language)
        finally:
            transaction.set_rollback(True)


def picture_code(position: int) -> str:
    """Return a fixed code for a trial's pictures. Ordinary codes are random and would change."""
    return f"{CODE}-{position}"


def _arrive(study: Study, arm: Arm, language: str) -> Participant:
    consent = definition(study).consent
    person = Participant.objects.create(
        study=study,
        arm=arm,
        code=CODE,
        pseudonym=CODE,
        arrival_key=CODE,
        personal_code=CODE,
        simulated=True,
        language=language,
        consent_version=consent.version,
        consent_sha256=consent.sha256,
        consented_at=timezone.now(),
    )
    try:
        choose_stimuli(study)
    except StudyError:  # no predictions yet: pages without pictures can still be previewed
        return person
    person.rotation = next_rotation(person, arm)
    create_trials(person, arm, 0, 0)
    for trial in person.trials.all():
        trial.picture_code = picture_code(trial.position)
        trial.save(update_fields=["picture_code"])
    return person
