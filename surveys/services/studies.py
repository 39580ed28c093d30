"""The life of a study, which is loaded from its file, opened, paused, closed and unblinded."""

import hashlib
from dataclasses import fields

from django.db import transaction
from django.utils import timezone

from explanations.models import ImageSet
from explanations.pipeline.weights_registry import register_classifier, weights_file
from surveys.allocation import entries
from surveys.models import Arm, ArmBlock, Condition, Study, StudySchedule
from surveys.services import ledger
from surveys.services.acts import announce, by_schedule
from surveys.services.changing_places import (
    changes_places_alone,
    check_places,
    in_words,
    record_places,
)
from surveys.services.documents import missing_documents
from surveys.services.errors import StudyError
from surveys.services.freezing import freeze
from surveys.services.locking import lock
from surveys.services.stimuli import choose_stimuli
from surveys.services.trials import (
    classes_of,
    compared_maps,
    explanations_of,
    maps_of_classes,
)
from surveys.study_checks import loading
from surveys.study_file import stored
from surveys.study_file.declaration import StudyFile
from surveys.study_file.retired import PER_ARM, is_retired

CORRECTABLE = (
    "title",
    "question",
    "consent",
    "debrief",
    "pages",
    "analysis",
    "release",
    "retention",
)
"""The parts of a study file that can still change while people take part in the study."""


def load_study(text: str, *, images_later: bool = False, reason: str = "") -> Study:
    """Load a study file into the database as a draft. An unchanged file changes nothing.

    With ``images_later``, the images of a set that the platform knows by name may be added later.

    A changed file replaces a study that nobody took part in. Once people have taken part, the texts
    and the plan can still be corrected, as a new version, and the places can be changed, for which
    a ``reason`` is needed. Any other change raises StudyError.
    Raises StudyFileError for a faulty file and for missing images or weights.
    """
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        declared = loading.parse_for_installation(text, images_later=images_later)
        # Locked, so that nobody can take part between the check and the write.
        known = Study.objects.select_for_update().filter(slug=declared.slug).first()
        if known is not None and known.source_sha256 == sha256:
            return known
        if known is not None and not _is_untouched(known):
            return _amend(known, declared, text, sha256, reason)
        if known is not None and _changes_texts_alone(known, declared):
            return _retell(known, declared, text, sha256)
        return _write(known or Study(slug=declared.slug), declared, text, sha256)


@transaction.atomic
def open_study(*, study: Study, although_unblinded: bool = False) -> None:
    """Admit participants, and freeze what they will see, so that any later change is a new version.

    Also ends a pause. A study that is launched before its scheduled start is paused until then.
    Raises StudyError while stimuli or explanations are missing, and for an unblinded study unless
    ``although_unblinded`` is set.
    """
    locked = lock(study)
    study.state = before = locked.state
    if locked.unblinded_at is not None and not although_unblinded:
        raise StudyError(
            f"The study {study.slug!r} was unblinded on {locked.unblinded_at:%Y-%m-%d}, so its "
            "researchers would know the arms of new participants. Load its file as a new study, "
            "with another slug, or accept this deviation with --although-unblinded."
        )
    if is_retired(locked.source):
        raise StudyError(
            f"The study {study.slug!r} cannot open: {PER_ARM} Load the corrected file as a new "
            "study, with another slug."
        )
    if locked.archived_at is not None:
        raise StudyError(f"The study {study.slug!r} is archived. Restore it in the panel first.")
    _check_ledger(locked)
    missing = missing_for_launch(locked)
    if missing:
        listed = "\n".join(f"- {sentence}" for sentence in missing)
        raise StudyError(
            f"The study {study.slug!r} cannot open yet:\n{listed}\n"
            f"Run: manage.py precompute_explanations --study {study.slug}"
        )
    _set_state(study, Study.State.OPEN, entries.OPENED)
    freeze(study)  # so that the version contains exactly what was checked above
    _wait_for_start(study, launched=before == Study.State.DRAFT)


@transaction.atomic
def pause_study(*, study: Study) -> None:
    """Admit nobody until the study is opened again. Participants who have started can finish.

    Raises StudyError for a study that is not open.
    """
    study.state = lock(study).state
    if study.state not in (Study.State.OPEN, Study.State.PAUSED):
        raise StudyError(
            f"The study {study.slug!r} is {study.state}. Only an open study can be paused."
        )
    _set_state(study, Study.State.PAUSED, entries.PAUSED)


@transaction.atomic
def close_study(*, study: Study) -> None:
    """End the collection of data. Participants who have started can finish; arms stay hidden."""
    study.state = lock(study).state
    if study.state != Study.State.CLOSED:
        study.closed_at = timezone.now()
        study.save(update_fields=["closed_at"])
    _set_state(study, Study.State.CLOSED, entries.CLOSED)


@transaction.atomic
def unblind_study(*, study: Study, reason: str, by: str, before_end: bool = False) -> None:
    """Show researchers the arms for good, and record when, by whom and why.

    Raises StudyError without a reason, for a study that was never opened or is unblinded already,
    and for a study that admits participants or is paused, unless ``before_end`` is set.
    """
    locked = lock(study)
    reason = " ".join(reason.split())
    if not reason:
        raise StudyError("State the reason for unblinding. It is printed in the report.")
    if locked.state == Study.State.DRAFT:
        raise StudyError(f"The study {study.slug!r} was never opened, so no arms are hidden.")
    if locked.unblinded_at is not None:
        raise StudyError(
            f"The study {study.slug!r} was unblinded on {locked.unblinded_at:%Y-%m-%d}"
            f"{f' by {locked.unblinded_by}' if locked.unblinded_by else ''}: "
            f"{locked.unblinding_reason}"
        )
    ended = locked.state == Study.State.CLOSED
    if not (ended or before_end):
        raise StudyError(
            f"The study {study.slug!r} is {locked.state}. Close it first, or unblind it before "
            "its end with --before-end, which the report lists as a deviation."
        )
    study.unblinded_at, study.unblinded_by = timezone.now(), by
    study.unblinding_reason, study.unblinded_before_end = reason, not ended
    study.save(
        update_fields=["unblinded_at", "unblinded_by", "unblinding_reason", "unblinded_before_end"]
    )
    _note(study, entries.UNBLINDED)
    announce(study, entries.UNBLINDED, {}, {"reason": reason, "before_end": not ended})


@transaction.atomic
def begin_pilot(*, study: Study, source: str) -> Study:
    """Load a study's twin from its file with another slug, and open it for rehearsals.

    Everybody who takes part in the twin is marked as simulated for good, and the study itself stays
    untouched. Raises StudyFileError for a faulty file, and StudyError unless the study is a draft
    whose images and maps are complete.
    """
    locked = lock(study)
    if locked.state != Study.State.DRAFT or locked.is_pilot:
        raise StudyError(
            f"The study {study.slug!r} is {'a pilot' if locked.is_pilot else locked.state}. Only a "
            "draft has pilots; a running study is rehearsed with its own rehearsal link."
        )
    twin = load_study(source)
    if twin.pk == study.pk or not _is_untouched(twin) or twin.state != Study.State.DRAFT:
        raise StudyError(f"The slug {twin.slug!r} belongs to another study. Choose another one.")
    twin.is_pilot, twin.pilot_of, twin.example = True, study, study.example
    twin.save(update_fields=["is_pilot", "pilot_of", "example"])
    # The same seed draws the same images, whose maps are stored with the images.
    choose_stimuli(twin)
    open_study(study=twin)
    announce(study, "pilot begun", {}, {"pilot": twin.slug})
    return twin


@transaction.atomic
def archive_study(*, study: Study) -> None:
    """Put a study that admits nobody out of the researchers' way. Raises StudyError otherwise."""
    locked = lock(study)
    if locked.state not in (Study.State.DRAFT, Study.State.CLOSED):
        raise StudyError(
            f"The study {study.slug!r} is {locked.state}. End its collection before archiving it."
        )
    if locked.archived_at is None:
        study.archived_at = timezone.now()
        study.save(update_fields=["archived_at"])
        announce(study, "archived")


@transaction.atomic
def restore_study(*, study: Study) -> None:
    """Bring an archived study back."""
    if lock(study).archived_at is not None:
        study.archived_at = None
        study.save(update_fields=["archived_at"])
        announce(study, "restored")


@transaction.atomic
def delete_study(*, study: Study) -> None:
    """Delete a study that nobody ever took part in, with its arms and chosen images.

    Images, predictions and maps stay, since other studies may show them. Raises StudyError once
    somebody, real or simulated, has taken part, even if their data were erased since.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    if not _is_untouched(locked):
        raise StudyError(
            f"People have taken part in the study {study.slug!r}, so it cannot be deleted. End its "
            "collection instead; erase the data of those who ask for it."
        )
    announce(locked, "deleted", {"state": locked.state, "study_file_sha256": locked.source_sha256})
    locked.delete()


def can_be_deleted(study: Study) -> bool:
    """Return whether nobody ever took part in the study."""
    return _is_untouched(study)


def _set_state(study: Study, state: Study.State, event: str) -> None:
    """Set the state, and record the change in the ledgers."""
    if study.state == state:
        return
    before, study.state = study.state, state
    study.save(update_fields=["state"])
    _note(study, event)
    announce(study, event, {"state": str(before)}, {"state": str(state)})


def _wait_for_start(study: Study, *, launched: bool) -> None:
    """Pause a study that was launched before its scheduled start; a resume cancels the start."""
    later = StudySchedule.objects.filter(study=study, starts_at__gt=timezone.now())
    if not launched:
        later.update(starts_at=None)
    elif later.exists():
        with by_schedule():
            pause_study(study=study)


def _note(study: Study, event: str) -> None:
    for simulated in study.ledger.order_by().values_list("simulated", flat=True).distinct():
        ledger.append(study, simulated, entries.noted(event))


def _is_untouched(study: Study) -> bool:
    """Return whether nobody ever took part. Erased participants have left places and a ledger."""
    return not (study.participants.exists() or study.slots.exists() or study.ledger.exists())


def _changes_texts_alone(study: Study, declared: StudyFile) -> bool:
    """Return whether the study is a draft and the file changes nothing but texts and the plan."""
    is_draft = study.state == Study.State.DRAFT
    return is_draft and not _frozen_changes(stored.definition(study), declared)


def _retell(study: Study, declared: StudyFile, text: str, sha256: str) -> Study:
    """Load changed texts of a draft, whose images stay chosen because they depend on none."""
    before = {"study_file_sha256": study.source_sha256}
    study.title, study.source, study.source_sha256 = declared.title, text, sha256
    study.save(update_fields=["title", "source", "source_sha256"])
    announce(study, "loaded", before, {"study_file_sha256": sha256})
    return study


def _amend(study: Study, declared: StudyFile, text: str, sha256: str, reason: str) -> Study:
    """Correct the texts, the plan or the places of a study that has participants. Nothing else may
    change.
    """
    former = stored.definition(study)
    changed = _frozen_changes(former, declared)
    moves_places = changes_places_alone(former, declared)
    if moves_places:
        changed.remove("allocation")
    if "conditions" in changed and not declared.design.within:
        changed[changed.index("conditions")] = "arms"  # as a between-subjects file calls them
    if changed:
        raise StudyError(
            f"The study {study.slug!r} has participants ({study.participants.count()}), so these "
            f"parts of its file can no longer change: {', '.join(changed)}. These can: "
            f"{', '.join(CORRECTABLE)}, and in [allocation] places, quotas and hold_minutes. Load "
            "the changed file as a new study, with another slug."
        )
    if moves_places:
        check_places(study, former.allocation, declared.allocation, reason)
    before = {"study_file_sha256": study.source_sha256}
    study.title, study.source, study.source_sha256 = declared.title, text, sha256
    study.save(update_fields=["title", "source", "source_sha256"])
    announce(study, "corrected", before, {"study_file_sha256": sha256})
    if moves_places:
        record_places(study)
        announce(
            study,
            "places changed",
            in_words(former.allocation),
            in_words(declared.allocation) | {"reason": reason},
        )
    if study.state != Study.State.DRAFT:
        freeze(study, reason)
    return study


def _frozen_changes(before: StudyFile, after: StudyFile) -> list[str]:
    """Return the names of fields that differ but must not, also within translations."""
    frozen = {field.name for field in fields(StudyFile)} - {*CORRECTABLE, "translations"}
    changed = [name for name in sorted(frozen) if getattr(before, name) != getattr(after, name)]
    if before.translations.keys() != after.translations.keys():
        return [*changed, "translations"]
    others = [
        f"{name} in {code}"
        for code, text in before.translations.items()
        for name in _frozen_changes(text, after.translations[code])
        if name not in changed
    ]
    return changed + others


def _check_ledger(study: Study) -> None:
    if study.slots.filter(arrival__isnull=True).exists():
        raise StudyError(
            f"The study {study.slug!r} has participants who were allocated without a ledger and "
            "cannot continue. Load its file as a new study, with another slug."
        )


def _write(study: Study, declared: StudyFile, text: str, sha256: str) -> Study:
    before = {"study_file_sha256": study.source_sha256} if study.pk else {}
    study.title, study.seed = declared.title, declared.seed
    study.source, study.source_sha256 = text, sha256
    study.state = Study.State.DRAFT
    study.classifier = register_classifier(weights_file(declared.weights))
    # Without images yet, the set has the classes that the classifier knows.
    study.image_set, _ = ImageSet.objects.get_or_create(
        name=declared.images.set, defaults={"class_names": study.classifier.class_names}
    )
    _check_excluded(declared)
    study.save()
    study.stimuli.all().delete()
    study.arms.all().delete()
    study.conditions.all().delete()
    _write_arms(study, declared)
    announce(study, "loaded", before, {"study_file_sha256": sha256})
    return study


def _check_excluded(declared: StudyFile) -> None:
    """Check that every excluded study exists, because an unknown slug would silently exclude
    nobody.
    """
    for slug in declared.recruitment.exclude:
        other = Study.objects.filter(slug=slug).first()
        if other is None or stored.definition(other).recruitment.is_open:
            known = [
                study.slug
                for study in Study.objects.exclude(slug=declared.slug).order_by("slug")
                if not stored.definition(study).recruitment.is_open
            ]
            raise StudyError(
                f"[recruitment] exclude names {slug!r}, but no study of this database with this "
                f"slug stores ids of a recruitment service. The studies that do are: {known}."
            )


def _write_arms(study: Study, declared: StudyFile) -> None:
    """Write the conditions, the arms, and which condition each arm shows in which block."""
    Condition.objects.bulk_create(
        Condition(
            study=study,
            position=position,
            key=shown.key,
            label=shown.label,
            method=shown.method,
            shows_prediction=shown.prediction,
            shows_probability=shown.probability,
            factors=dict(shown.factors),
        )
        for position, shown in enumerate(declared.conditions, start=1)
    )
    Arm.objects.bulk_create(
        Arm(study=study, position=position, key=arm.key, label=arm.label)
        for position, arm in enumerate(declared.arms, start=1)
    )
    # The file refers to arms and conditions by key, the rows to each other by primary key.
    arms = {arm.key: arm for arm in study.arms.all()}
    conditions = {condition.key: condition for condition in study.conditions.all()}
    ArmBlock.objects.bulk_create(
        ArmBlock(arm=arms[arm.key], number=number, condition=conditions[key])
        for arm in declared.arms
        for number, key in enumerate(arm.conditions, start=1)
    )


def missing_for_launch(study: Study) -> list[str]:
    """Return which stimuli, maps and documents the study still lacks, one sentence each."""
    declared = stored.definition(study)
    stimuli = list(study.stimuli.select_related("prediction__classifier"))
    wanted = sum(declared.predictions_shown)
    if len(stimuli) != wanted:
        return [f"{len(stimuli)} of {wanted} stimuli are chosen."]
    missing = list(missing_documents(declared))
    for condition in study.conditions.exclude(method=""):
        # Parts that the condition does not show need no maps of its method.
        parts = {part.key for part in declared.trial_parts if part.is_in(condition.key)}
        shown = [stimulus for stimulus in stimuli if stimulus.part in parts]
        available = len(explanations_of(condition, shown, simulated=False))
        if available < len(shown):
            missing.append(
                f"the condition {condition.key!r} has {available} of {len(shown)} "
                f"{condition.method} maps."
            )
        several = len(classes_of(study, shown))
        available = len(maps_of_classes(condition, shown, simulated=False))
        if available < several:
            missing.append(
                f"the condition {condition.key!r} has the {condition.method} maps of all classes "
                f"that are shown side by side for {available} of {several} images. An empty map "
                "would give the answer away, so an image needs that many maps that are empty by no "
                "method of the study: leave out the method or the images ([images] names)."
            )
    for part in declared.trial_parts:
        compared = [stimulus for stimulus in stimuli if stimulus.part == part.key]
        for key, maps in compared_maps(study, part, stimuli, simulated=False).items():
            if len(maps) < len(compared):
                missing.append(
                    f"the part {part.key!r} compares maps of {key!r}, and {len(maps)} of "
                    f"{len(compared)} are there."
                )
    return missing
