"""Storage of finished maps, which writes the numbers to disk before it inserts their rows in one
transaction."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from django.db import OperationalError, transaction

from explanations.attribution import Attribution
from explanations.methods.protocol import parameters_of
from explanations.models import Explanation
from explanations.pipeline.data_folder import artefact_store
from explanations.pipeline.executors.chunks import Done
from explanations.pipeline.work_list import Job
from explanations.store.artefacts import Artefact, ArtefactWriter, Stored, StoreFullError
from explanations.store.claims import Claims

LIBRARIES = ("torch", "scikit-image", "numpy")
_OF_THE_ARTEFACT = ("sha256", "pack", "offset", "length", "diagnostics", "provenance")
_FULL = ("disk is full", "No space left on device")


def keep(writer: ArtefactWriter, jobs: Sequence[Job], done: Done, precision: str) -> None:
    """Store a method's maps, or raise StoreFullError if the disk is full."""
    notes = [_provenance(job, done, precision) for job in jobs]
    artefacts = [
        Artefact.of(job.key, attribution, note)
        for job, attribution, note in zip(jobs, done.maps, notes, strict=True)
    ]
    stored = writer.append(artefacts)
    rows = {
        job.key: _noted(place, attribution, note)
        for job, place, attribution, note in zip(jobs, stored, done.maps, notes, strict=True)
    }
    note_all(jobs, rows)


def missing_of(jobs: Sequence[Job]) -> list[Job]:
    """List the jobs without a row, or without an intact record."""
    wanted = {(job.prediction.pk, job.key) for job in jobs}
    whole: dict[str, bool] = {}
    store, noted = artefact_store(), set()
    rows = Explanation.objects.filter(method__in={job.method.key for job in jobs})
    fields = rows.only("prediction_id", "key", "sha256", "pack", "offset", "length")
    for row in fields.iterator():
        if (row.prediction_id, row.key) not in wanted:
            continue
        if row.key not in whole:
            whole[row.key] = store.is_whole(row.stored)
        if whole[row.key]:
            noted.add((row.prediction_id, row.key))
    return [job for job in jobs if (job.prediction.pk, job.key) not in noted]


def take_over(jobs: Sequence[Job], claims: Claims) -> tuple[list[Job], list[Job]]:
    """Write the rows of maps whose numbers are already on disk.

    Such numbers come from a run that died before it wrote the rows, or from the same image in
    another image set. Maps that another run has claimed are left to it, because it will write the
    row. Returns the jobs whose rows were written, and the remaining jobs.
    """
    rows = _noted_elsewhere(jobs)
    unnoted = {job.key for job in jobs} - rows.keys()
    for stored, artefact in artefact_store().found(unnoted):
        rows[stored.key] = _noted(stored, artefact.attribution, artefact.note)
    free = {key for key in rows if claims.take([key])}
    # Another run may have written rows and released its claims after the first check.
    noted = missing_of([job for job in jobs if job.key in free])
    note_all(noted, rows)
    claims.release(free)
    return noted, [job for job in jobs if job.key not in free]


def take_over_rows(jobs: Sequence[Job]) -> list[Job]:
    """Write the rows of claimed jobs whose numbers another row refers to, and return the remaining
    jobs."""
    rows = _noted_elsewhere(jobs)
    note_all([job for job in jobs if job.key in rows], rows)
    return [job for job in jobs if job.key not in rows]


def note_all(jobs: Sequence[Job], rows: Mapping[str, dict[str, Any]]) -> None:
    """Write the rows of these jobs, by key, and update every other row with the same key.

    Raises StoreFullError if the disk of the database is full.
    """
    if not jobs:
        return
    try:
        with transaction.atomic():
            for job in jobs:
                noted = rows[job.key]
                # A recomputed map has a new location, to which all rows with its key must refer.
                Explanation.objects.filter(key=job.key).update(**noted)
                Explanation.objects.get_or_create(
                    prediction=job.prediction,
                    key=job.key,
                    defaults=noted
                    | {
                        "method": job.method.key,
                        "other_class": job.other_class,
                        "parameters": parameters_of(job.explainer),
                    },
                )
    except OperationalError as error:
        if any(words in str(error) for words in _FULL):
            raise StoreFullError(
                "The disk that contains the database is full. Every finished map is kept. "
                "Free some space and repeat the command."
            ) from error
        raise


def _noted_elsewhere(jobs: Sequence[Job]) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    store = artefact_store()
    keys = sorted({job.key for job in jobs})
    for first in range(0, len(keys), 500):
        for row in Explanation.objects.filter(key__in=keys[first : first + 500]):
            if row.key not in rows and store.is_whole(row.stored):
                rows[row.key] = {name: getattr(row, name) for name in _OF_THE_ARTEFACT}
    return rows


def _noted(stored: Stored, attribution: Attribution, note: Mapping[str, Any]) -> dict[str, Any]:
    place = asdict(stored)
    del place["key"]
    return place | {
        "diagnostics": dict(attribution.diagnostics) | {"empty": attribution.is_empty},
        "provenance": dict(note),
    }


def _provenance(job: Job, done: Done, precision: str) -> dict[str, Any]:
    return {
        "device": done.device,
        "precision": precision,
        "seed": job.seed,
        "seconds": round(done.seconds, 4),
        "method_version": job.explainer.version,
        "background": job.background.sha256 if job.background else "",
        "versions": {"python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES}
        | ({"method": job.method.package} if job.method.package else {}),
    }
