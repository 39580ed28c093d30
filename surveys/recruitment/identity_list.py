"""The list of identities, the only file that names participants. It is next to an export, never in
it.
"""

from pathlib import Path

from explanations.store.atomic_files import write_atomically
from surveys.models import Participant, Study
from surveys.pages.endings import ending_of
from surveys.recruitment.exits import outcome_of
from surveys.study_file.stored import definition
from surveys.tidy.cells import csv_text

COLUMNS = ("participant", "external_id", "session_id", "panel_study", "outcome", "panel_status")
OF_ENDINGS = ("ending", "paid")
"""Further columns of studies with [[endings]]."""
WARNING = (
    "{path} names people. Keep it away from the data, share it only with those who pay "
    "participants, and delete it once everyone is paid."
)


def identifiers_path(output: Path) -> Path:
    """Return the file's place next to the export, so that passing on the export reveals nobody."""
    return output.with_name(f"{output.name}-identifiers.csv")


def write_identifiers(study: Study, output: Path) -> tuple[Path, int]:
    """Write the file, readable only by its owner, and return its path and how many people it
    names.
    """
    path = identifiers_path(output)
    people = (
        study.identities.exclude(external_id="")
        .select_related("participant__study")
        .prefetch_related("participant__submissions__answers")
    )
    has_endings = bool(definition(study).endings)
    columns = (*COLUMNS, *OF_ENDINGS) if has_endings else COLUMNS
    rows = [
        (
            identity.participant.pseudonym,
            identity.external_id,
            identity.session_id,
            identity.service_study,
            str(outcome_of(identity.participant) or "under way"),
            identity.service_status,
            *(_ending(identity.participant) if has_endings else ()),
        )
        for identity in people
    ]
    # Readable by the owner only from the first byte on: the mode is set when the file is created.
    write_atomically(path, csv_text(columns, rows).encode(), mode=0o600)
    return path, len(rows)


def _ending(participant: Participant) -> tuple[str, str]:
    """Return the key of the ending that ended the participation, and whether it is paid."""
    ending = ending_of(participant)
    return (ending.key, "yes" if ending.paid else "no") if ending else ("", "")
