"""Hashes of everything that makes up a study, which reveal what was changed after the launch."""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from surveys import questionnaires
from surveys.models import Study, StudyVersion
from surveys.questionnaires.reading import QuestionnaireError
from surveys.services.trials import explanations_of, maps_of_classes
from surveys.study_file import old_words
from surveys.study_file.stored import definition

GONE = "gone"  # recorded instead of the hash of a questionnaire whose file was removed


@dataclass(frozen=True)
class Fingerprint:
    """SHA-256 of the study file, of the stimuli and maps, of the weights, and of each
    questionnaire.
    """

    source: str
    stimuli: str
    weights: str
    instruments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A difference: what was changed, in which version, and its old and new value in words.

    ``version`` is 0 for a change since the last version that has not been launched.
    """

    version: int
    what: str
    was: str
    now: str


def fingerprint(study: Study) -> Fingerprint:
    """Return the hashes of the study as it is now."""
    return Fingerprint(
        study.source_sha256,
        _sha256("\n".join(_shown(study))),
        study.classifier.sha256,
        {key: _instrument(key) for key in sorted(definition(study).questionnaires)},
    )


def of_version(version: StudyVersion) -> Fingerprint:
    """Return the hashes of the study as it was launched."""
    return Fingerprint(
        version.source_sha256,
        version.stimuli_sha256,
        version.weights_sha256,
        version.instruments,
    )


def changes(study: Study) -> tuple[Change, ...]:
    """Return the changes from each launch to the next, and the changes since the last launch."""
    versions = list(study.versions.all())
    differences: list[Change] = []
    for before, after in pairwise(versions):
        files = before.source, after.source
        differences += _between(after.number, of_version(before), of_version(after), files)
    if versions and study.state != Study.State.DRAFT:
        last = versions[-1]
        files = last.source, study.source
        differences += _between(0, of_version(last), fingerprint(study), files)
    return tuple(differences)


def changed_tables(before: str, after: str) -> list[str]:
    """List the study file's tables that differ, whatever its spaces, comments and renamed keys."""
    old, new = (
        old_words.replaced(tomllib.loads(text.lstrip("\ufeff"))) for text in (before, after)
    )
    return [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]


def _between(
    version: int, old: Fingerprint, new: Fingerprint, files: tuple[str, str]
) -> Iterator[Change]:
    if old.source != new.source:  # comments and renamed keys change the hash, but no table
        tables = changed_tables(*files)
        what = (
            f"study file: {', '.join(tables)}"
            if tables
            else "study file: spaces, comments or renamed keys"
        )
        yield Change(version, what, _short(old.source), _short(new.source))
    if old.stimuli != new.stimuli:
        yield Change(version, "images and maps", _short(old.stimuli), _short(new.stimuli))
    if old.weights != new.weights:
        yield Change(version, "classifier", _short(old.weights), _short(new.weights))
    for key in dict.fromkeys([*old.instruments, *new.instruments]):
        was, now = old.instruments.get(key, "not asked"), new.instruments.get(key, "not asked")
        if was != now:
            yield Change(version, f"questionnaire {key}", _short(was), _short(now))


def _shown(study: Study) -> Iterator[str]:
    """Yield a line for each stimulus, and a line for each of its maps under each condition."""
    shown = study.stimuli.select_related("prediction__image", "prediction__classifier")
    stimuli = list(shown.order_by("position"))
    for stimulus in stimuli:
        prediction = stimulus.prediction
        words = (
            stimulus.position,
            stimulus.part,
            stimulus.image_set_number,
            prediction.image.sha256,
            prediction.predicted_class,
            int(prediction.is_correct),
        )
        yield " ".join(map(str, words))
    for condition in study.conditions.exclude(method="").order_by("position"):
        maps = explanations_of(condition, stimuli, simulated=False)
        several = maps_of_classes(condition, stimuli, simulated=False)
        for stimulus in stimuli:
            single = [maps[stimulus.pk]] if stimulus.pk in maps else []
            # The first of several maps belongs to the predicted class, like the single map.
            for explanation in (*single, *several.get(stimulus.pk, ())[1:]):
                yield (
                    f"{condition.key} {stimulus.position} {explanation.key} {explanation.sha256}"
                )


def _instrument(key: str) -> str:
    try:
        return questionnaires.sha256(key)
    except QuestionnaireError:
        return GONE


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _short(hash_or_words: str) -> str:
    return f"SHA-256 {hash_or_words[:12]}…" if len(hash_or_words) == 64 else hash_or_words
