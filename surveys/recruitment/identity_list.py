"""Who is who: the one file that names participants, written beside an export and never into it."""

from pathlib import Path

from explanations.store.atomic_files import write_atomically
from surveys.models import Study
from surveys.recruitment.exits import outcome_of
from surveys.tidy.cells import csv_text

COLUMNS = ("participant", "external_id", "session_id", "panel_study", "outcome", "panel_status")
WARNING = (
    "{path} names people. Keep it away from the data, share it with nobody who need not pay them, "
    "and delete it when all are paid."
)


def identifiers_path(output: Path) -> Path:
    """Beside the export's folder, so that whoever passes the folder on passes on no names."""
    return output.with_name(f"{output.name}-identifiers.csv")


def write_identifiers(study: Study, output: Path) -> tuple[Path, int]:
    """The file's place, and for how many people it holds ids; readable by its owner alone."""
    path = identifiers_path(output)
    people = (
        study.identities.exclude(external_id="")
        .select_related("participant__study")
        .prefetch_related("participant__submissions__answers")
    )
    rows = [
        (
            identity.participant.pseudonym,
            identity.external_id,
            identity.session_id,
            identity.service_study,
            str(outcome_of(identity.participant) or "under way"),
            identity.service_status,
        )
        for identity in people
    ]
    write_atomically(path, csv_text(COLUMNS, rows).encode(), mode=0o600)
    return path, len(rows)
