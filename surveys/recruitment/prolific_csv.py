"""Submissions in the csv file that a study's page at Prolific offers, without a token."""

import csv
from pathlib import Path

from surveys.recruitment.prolific import ProlificError, Submission, status_as_listed

COLUMNS = ("Submission id", "Participant id", "Status", "Completion code")


def submissions_in(path: Path) -> list[Submission]:
    """Return the submissions in the file.

    Raises ProlificError for any other file.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise ProlificError(
                    f"{path} must have the columns {', '.join(COLUMNS)}, but it lacks "
                    f"{', '.join(missing)}. Download it from the study's page at Prolific, and "
                    "leave its first line as it is."
                )
            return [_read(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProlificError(
            f"{path} cannot be read: {error}. Download it again from the study's page at Prolific."
        ) from error


def _read(row: dict[str, str]) -> Submission:
    submission, person, status, code = ((row[name] or "").strip() for name in COLUMNS)
    return Submission(submission, person, status_as_listed(status), code)
