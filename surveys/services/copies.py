"""Copies of a study's data: noted when they are made, marked when somebody in them is erased."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from explanations.store.atomic_files import sha256_of_file
from surveys.models import DataCopy, Participant, Study
from surveys.services.acts import announce
from surveys.study_file.stored import definition

CONTAINING = {False: ("none", "included"), True: ("only", "included")}
"""The kinds of copies that contain a participant, by whether the participant is simulated."""


@contextmanager
def noted(
    study: Study,
    kind: DataCopy.Kind,
    place: Path,
    simulated: str,
    *,
    keep_after: tuple[type[Exception], ...] = (),
) -> Iterator[DataCopy]:
    """Note the copy that is written within to ``place``, a folder or a file.

    The row exists before anything is read, so that an erasure in between is not missed. A copy that
    fails leaves no row, unless by an error of ``keep_after``, which leaves the files.
    """
    copy = DataCopy.objects.create(
        study=study, kind=kind, place=str(place.resolve()), simulated=simulated
    )
    # Files of others in the folder are not this copy's, and must never be deleted with it.
    ours = {name for earlier in _at(copy.place) for name in earlier.files}
    others = {name: at for name, at in _written(place).items() if name not in ours}
    try:
        yield copy
    except keep_after:
        _finish(copy, hashes_in(place, others))
        raise
    except BaseException:
        copy.delete()
        raise
    _finish(copy, hashes_in(place, others))


def _at(place: str) -> QuerySet[DataCopy]:
    """Return the finished copies in this place."""
    return DataCopy.objects.filter(place=place, deleted_at=None, made_at__isnull=False)


def _written(place: Path) -> dict[str, tuple[int, int]]:
    """Return by name of each file what changes when it is written: its inode and its time."""
    return {name: (path.stat().st_ino, path.stat().st_mtime_ns) for name, path in _files(place)}


def _files(place: Path) -> list[tuple[str, Path]]:
    """Return the names and paths of the files in the folder, or of the file itself."""
    if place.is_file():
        return [(place.name, place)]
    paths = sorted(path for path in place.rglob("*") if path.is_file())
    return [(path.relative_to(place).as_posix(), path) for path in paths]


def note_job(
    study: Study, kind: DataCopy.Kind, job: int, simulated: str, files: Mapping[str, str]
) -> None:
    """Note the result of a job, whose files are given with their hashes."""
    _finish(DataCopy.objects.create(study=study, kind=kind, job=job, simulated=simulated), files)


def _finish(copy: DataCopy, files: Mapping[str, str]) -> None:
    copy.files, copy.sha256, copy.made_at = dict(files), hash_of(files), timezone.now()
    with transaction.atomic():
        copy.save(update_fields=["files", "sha256", "made_at"])
        if copy.place:
            # What was there before has been replaced.
            _at(copy.place).exclude(pk=copy.pk).update(deleted_at=timezone.now())
        after = {"kind": copy.kind, "copy_sha256": copy.sha256, "simulated": copy.simulated}
        announce(copy.study, "copy made", {}, after)


def hashes_in(place: Path, others: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Return the hash by name of each file, without those of others that were not written since."""
    now = _written(place)
    files = [(name, path) for name, path in _files(place) if others.get(name) != now[name]]
    return {name: sha256_of_file(path) for name, path in files}


def hash_of(files: Mapping[str, str]) -> str:
    """Return one hash for all files."""
    return hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()


def mark(participant: Participant) -> list[DataCopy]:
    """Mark each copy that contains the participant, and return them.

    Where the study says so, their files are deleted after the commit.
    """
    containing = participant.study.copies.filter(
        Q(made_at=None) | Q(made_at__gte=participant.consented_at),
        simulated__in=CONTAINING[participant.simulated],
        deleted_at=None,
    )
    copies = list(containing)
    _mark(copies, participant.study, 1)
    return copies


def mark_all(study: Study, people: int) -> list[DataCopy]:
    """Mark every copy with real participants, all of whom are deleted."""
    copies = list(study.copies.filter(simulated__in=CONTAINING[False], deleted_at=None))
    _mark(copies, study, people)
    return copies


def _mark(copies: Iterable[DataCopy], study: Study, people: int) -> None:
    for copy in copies:
        DataCopy.objects.filter(pk=copy.pk).update(people_erased=F("people_erased") + people)
        copy.people_erased += people
        if copy.place and definition(study).retention.delete_copies:
            transaction.on_commit(partial(delete_files, copy))


def delete_files(copy: DataCopy) -> None:
    """Delete the files of a copy that are still as they were written, and store that.

    A file that was changed or replaced since is not the platform's any more, and stays.
    """
    for path in files_left(copy):
        path.unlink()
    place = Path(copy.place)
    for folder in sorted(place.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
    DataCopy.objects.filter(pk=copy.pk).update(deleted_at=timezone.now())


def files_left(copy: DataCopy) -> list[Path]:
    """Return the files of the copy that are where they were written, and unchanged."""
    if not copy.place:
        return []
    place = Path(copy.place)
    if copy.kind == DataCopy.Kind.IDENTIFIERS:
        place = place.parent
    paths = ((place / name, sha256) for name, sha256 in copy.files.items())
    return [path for path, sha in paths if path.is_file() and sha256_of_file(path) == sha]
