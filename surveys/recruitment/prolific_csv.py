"""Submissions in the csv file that a study's page at Prolific offers, without a token."""

import csv
import io
from pathlib import Path

from surveys.recruitment.prolific import ProlificError, Submission, status_as_listed

COLUMNS = ("Submission id", "Participant id", "Status", "Completion code")


def submissions_in(path: Path) -> list[Submission]:
    """Return the submissions in the file.

    Raises ProlificError for any other file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ProlificError(_unreadable(str(path), error)) from error
    return read_submissions(content, str(path))


def read_submissions(content: bytes, name: str) -> list[Submission]:
    """Return the submissions in the content of a file, which messages call by its name.

    Raises ProlificError for any other content.
    """
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if missing:
            raise ProlificError(
                f"{name} must have the columns {', '.join(COLUMNS)}, but it lacks "
                f"{', '.join(missing)}. Download it from the study's page at Prolific, and leave "
                "its first line as it is."
            )
        return [_read(row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ProlificError(_unreadable(name, error)) from error


def _unreadable(name: str, error: Exception) -> str:
    return f"{name} cannot be read: {error}. Download it again from the study's page at Prolific."


def _read(row: dict[str, str]) -> Submission:
    submission, person, status, code = ((row[name] or "").strip() for name in COLUMNS)
    return Submission(submission, person, status_as_listed(status), code)
