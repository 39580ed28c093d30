"""manage.py replay_allocation FILE|SLUG"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.management import arguments
from explanations.management.database import DatabaseCommand
from surveys.allocation.chain import Entry
from surveys.allocation.ledgerfile import LedgerFileError, read_ledger
from surveys.allocation.replay import ReplayError, replay
from surveys.blinding import is_blinded
from surveys.management.lookup import study_named
from surveys.services.ledger import ledger_of


class Command(DatabaseCommand):
    help = (
        "Draws every allocation again from the seed and the arrivals and compares arms and hashes. "
        "Replaying the ledger.csv of an export needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "ledger", type=_ledger, metavar="FILE|SLUG", help="a ledger.csv, or a study"
        )
        parser.add_argument(
            "--simulated",
            action="store_true",
            help="replay the ledger of the study's simulated participants",
        )

    def needs_database(self, options: Mapping[str, Any]) -> bool:
        return not _is_file(options["ledger"])

    def handle(self, *args: Any, ledger: str, simulated: bool, **options: Any) -> str:
        try:
            if _is_file(ledger):
                return _replayed(read_ledger(Path(ledger)), blinded=False)
            study = study_named(ledger)
            blinded = is_blinded(study) and not simulated
            return _replayed(ledger_of(study, simulated), blinded)
        except (LedgerFileError, ReplayError) as error:
            raise CommandError(str(error)) from error


def _ledger(text: str) -> str:
    """Return the path of a file of text, or the name of a study."""
    return str(arguments.text_file(text)) if _is_file(text) else arguments.name(text)


def _is_file(ledger: str) -> bool:
    return Path(ledger).suffix == ".csv" or Path(ledger).is_file()


def _replayed(entries: list[Entry], blinded: bool) -> str:
    replayed = replay(entries)
    line = f"{len(replayed.arms)} allocations replayed, with the same arms and hashes."
    if blinded:
        return f"{line} The arms are hidden until the study is unblinded."
    counts = Counter(replayed.arms)
    arms = ", ".join(f"{share.arm} {counts[share.arm]}" for share in replayed.scheme.shares)
    return f"{line} {arms}. The last hash is {replayed.head}."
