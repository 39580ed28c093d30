"""The results of jobs that the API gives away: the latest export, and the reports.

The files are those of the panel's tab "Data and reports", so that the API shows exactly what an
export contains, and hides what the panel hides.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path

from django.http import Http404
from django.utils import timezone

from analysis.study_data.formulas import unguarded
from studyplatform.api.answers import Made, People
from studyplatform.jobs.folders import result_file
from studyplatform.models import Job
from studyplatform.panel.study_jobs import is_hidden
from surveys.models import Study

Value = int | float | str | None


@dataclass(frozen=True)
class TableFile:
    """A table of an export, as its csv file contains it."""

    name: str
    path: Path
    rows: int
    sha256: str

    def page(self, number: int, size: int) -> tuple[list[str], list[list[str]]]:
        """Return the header, and the cells of a page of rows. Pages count from 1."""
        with self.path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            return header, list(islice(reader, (number - 1) * size, number * size))

    def pages(self, size: int) -> int:
        """Return the number of pages of this size. An empty table has one."""
        return max(1, ceil(self.rows / size))


def latest_export(study: Study, simulated: People) -> Job:
    """Return the latest finished export that contains csv files and may be seen now.

    Raises Http404 if there is none.
    """
    exports = study.jobs.filter(
        kind="export", state=Job.State.DONE, arguments__simulated=simulated
    ).order_by("-finished_at", "-pk")
    for job in exports:
        if not is_hidden(job, study) and f"{study.slug}/participants.csv" in _hashes(job):
            return job
    raise Http404("No export with csv files has been made. Start one on “Data and reports”.")


def tables_of(job: Job, study: Study) -> list[TableFile]:
    """Return the tables of an export, those that an erasure has removed left out."""
    rows = (job.result or {})["provenance"]["rows"]
    found = []
    for name, sha256 in _hashes(job).items():
        folder, _, file = name.rpartition("/")
        path = result_file(job.pk, (job.result or {})["token"], name)
        if folder == study.slug and file in rows and path is not None:
            found.append(TableFile(file.removesuffix(".csv"), path, rows[file], sha256))
    return found


def table_of(job: Job, study: Study, name: str) -> TableFile:
    """Return the table with this name. Raises Http404."""
    for table in tables_of(job, study):
        if table.name == name:
            return table
    raise Http404("The latest export has no such table.")


def types_of(job: Job, study: Study, name: str) -> Mapping[str, str]:
    """Return the type of each column of a table, as the export's codebook names it."""
    codebook = table_of(job, study, "codebook")
    header, rows = codebook.page(1, codebook.rows)
    described = (dict(zip(header, row, strict=True)) for row in rows)
    return {row["column"]: row["type"] for row in described if row["file"] == f"{name}.csv"}


def records(
    header: list[str], rows: list[list[str]], types: Mapping[str, str]
) -> Iterator[dict[str, Value]]:
    """Return the rows with typed values."""
    for row in rows:
        yield {
            name: _value(cell, types.get(name, "text"))
            for name, cell in zip(header, row, strict=True)
        }


def reports_of(study: Study) -> list[Job]:
    """Return the finished reports that may be seen now, the newest first."""
    reports = study.jobs.filter(kind="report", state=Job.State.DONE).order_by("-finished_at", "-pk")
    return [job for job in reports if not is_hidden(job, study)]


def report_file(study: Study, number: int, name: str) -> Path:
    """Return a file of a report. Raises Http404."""
    for job in reports_of(study):
        if job.pk == number and name in _hashes(job):
            path = result_file(job.pk, (job.result or {})["token"], name)
            if path is not None:
                return path
    raise Http404("There is no such report, or it may not be seen now.")


def made(job: Job) -> Made:
    """Return what made a result."""
    provenance = (job.result or {}).get("provenance", {})
    return Made(
        number=job.pk,
        made_at=job.finished_at or timezone.now(),
        simulated=provenance.get("simulated"),
        arms_blinded=bool(provenance.get("arms_blinded")),
        data_sha256=provenance.get("data_sha256", ""),
    )


def _hashes(job: Job) -> dict[str, str]:
    return {file["name"]: file["sha256"] for file in job.files}


def _value(cell: str, kind: str) -> Value:
    if not cell:
        return None
    if kind == "integer":
        return int(cell)
    if kind == "number":
        return float(cell)
    return unguarded(cell)
