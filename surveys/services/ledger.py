"""The ledger of a study's allocation in the database. Entries are appended, never changed."""

from collections.abc import Mapping
from typing import Any

from surveys.allocation import chain, entries
from surveys.allocation.chain import Entry
from surveys.allocation.entries import Origin
from surveys.allocation.scheme import Scheme, Share
from surveys.models import LedgerEntry, Study
from surveys.study_file.stored import definition


def scheme_of(study: Study, simulated: bool) -> Scheme:
    """Return the study's scheme of allocation, including its seed.

    The seed for real participants includes a secret, so that the author of the file cannot predict
    their arms. The seed for simulated ones does not, so that a rehearsal can be repeated from the
    file.
    """
    declared = definition(study)
    plan = declared.allocation
    return Scheme(
        method=plan.method,
        shares=tuple(
            Share(arm.key, plan.ratios.get(arm.key, 1), plan.quotas.get(arm.key, 0))
            for arm in declared.arms
        ),
        places=plan.places,  # simulated participants have as many, counted separately
        key=f"simulated/{study.seed}" if simulated else f"{study.seed}/{study.allocation_secret}",
        block_multiples=plan.block_multiples,
        probability=plan.probability,
        strata=tuple(stratum.key for stratum in plan.strata),
    )


def append(study: Study, simulated: bool, values: Mapping[str, Any]) -> Entry:
    """Append an event, after an opening entry if the ledger is empty. Call it under ``lock``."""
    last = last_entry(study, simulated)
    if last is None:
        origin = Origin(study.slug, study.source_sha256, simulated)
        last = _write(study, simulated, None, entries.begin(origin, scheme_of(study, simulated)))
    return _write(study, simulated, last, values)


def last_entry(study: Study, simulated: bool) -> Entry | None:
    """Return the last entry, or None before the first arrival."""
    row = study.ledger.filter(simulated=simulated).order_by("sequence").last()
    return None if row is None else _entry(row)


def ledger_of(study: Study, simulated: bool) -> list[Entry]:
    """Return all entries, from the first on."""
    return [_entry(row) for row in study.ledger.filter(simulated=simulated).order_by("sequence")]


def _write(study: Study, simulated: bool, last: Entry | None, values: Mapping[str, Any]) -> Entry:
    entry = chain.following(last, values)
    LedgerEntry.objects.create(
        study=study,
        simulated=simulated,
        sequence=entry.sequence,
        previous=entry.previous,
        content=entry.content,
        hash=entry.hash,
    )
    return entry


def _entry(row: LedgerEntry) -> Entry:
    return Entry(row.sequence, row.previous, row.content, row.hash)
