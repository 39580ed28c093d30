"""The watch over stored studies: whether ledger, places, trials, answers and files agree."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection
from django.db.models import F
from django.utils import timezone

from explanations.models import Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.pipeline.pictures import damaged_pictures
from surveys.allocation.replay import ReplayError
from surveys.models import Participant, Study, Submission, Trial
from surveys.models.sealed import keyed_hash
from surveys.pages import sequence
from surveys.services.copies import files_left
from surveys.services.ledger_audit import verify
from surveys.study_file.stored import definition

UNFINISHED = timedelta(days=1)


def problems() -> Iterator[str]:
    """Yield a sentence for everything in the database that does not agree."""
    try:
        connection.check_constraints()
    except IntegrityError as error:
        yield f"A row refers to one that is missing: {error}."
    for study in Study.objects.order_by("slug"):
        try:
            verify(study)
        except ReplayError as error:
            yield str(error)
        yield from _of_participants(study)
        yield from _of_copies(study)
        yield from _of_trials(study)


def _of_participants(study: Study) -> Iterator[str]:
    for person in study.participants.select_related("study", "arm").iterator():
        try:
            is_found = keyed_hash("code", person.code) == person.code_hash
        except ImproperlyConfigured as error:
            yield str(error)
            return
        if not is_found:
            yield f"{study.slug}: the address of {person} does not fit its hash."
        if (
            person.arm_id is not None
            and not study.slots.filter(participant=person, arm_id=person.arm_id).exists()
        ):
            yield f"{study.slug}: {person} has an arm, but no place in it."
        if person.state == Participant.State.COMPLETED:
            unsent = sequence.first_unsent(person, sequence.sent(person), session="")
            if unsent is not None:
                yield f"{study.slug}: {person} has completed, but lacks the page {unsent.key!r}."


def _of_copies(study: Study) -> Iterator[str]:
    """Say which copies of the data still contain somebody whose erasure should have deleted them,
    and which were begun and never finished."""
    promised = definition(study).retention.delete_copies
    for copy in study.copies.filter(people_erased__gt=0):
        if (promised or copy.deleted_at) and (left := files_left(copy)):
            yield (
                f"{study.slug}: {len(left)} files of the {copy} in {copy.place} contain a person "
                "who was erased later, and should have been deleted. Delete them by hand."
            )
    for copy in study.copies.filter(made_at=None, began_at__lt=timezone.now() - UNFINISHED):
        yield (
            f"{study.slug}: a copy of the data (kind {copy.kind}) in {copy.place} was begun on "
            f"{copy.began_at:%Y-%m-%d} and not finished. Delete what is there by hand."
        )


def _of_trials(study: Study) -> Iterator[str]:
    for trial in Trial.objects.filter(participant__study=study).exclude(stimulus__study=study):
        yield f"{study.slug}: {trial} shows an image of another study."
    others = Submission.objects.filter(participant__study=study, trial__isnull=False).exclude(
        trial__participant=F("participant")
    )
    for page in others:
        yield f"{study.slug}: the page {page} answers a trial of somebody else."


def missing_files() -> Iterator[str]:
    """Yield a sentence for each image and map that participants see and that is not there, and for
    each damaged picture.

    A picture that is not there is drawn when it is asked for.
    """
    for image in StudyImage.objects.filter(predictions__stimulus__isnull=False).distinct():
        if not image_store().path(image.sha256).is_file():
            yield f"The image {image.sha256[:12]} of a study has no file."
    for shown in Explanation.objects.filter(trial__isnull=False).distinct():
        if not artefact_store().is_whole(shown.stored):
            yield f"The map {shown.key[:12]} that participants see is damaged or missing."
    yield from damaged_pictures()
