"""The export of a study's data as a folder of plain files for the analysis and other programs."""

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import translation

from surveys.blinding import is_blinded, limited_pages
from surveys.export import json_records
from surveys.export.dataset import Missing, Table, Variable, tidy_table
from surveys.export.diagnoses import NAME, diagnoses_table
from surveys.export.diagnosis_pictures import diagnosis_pictures
from surveys.export.endings import with_endings
from surveys.export.exposures import NAME as EXPOSURES
from surveys.export.exposures import exposures_table
from surveys.export.feedback import ImageFeedback, asks_for_diagnoses, image_feedback
from surveys.export.folder import MARK, ExportError, check_place, write_folder
from surveys.export.formats import Written, write_format
from surveys.export.map_grids import NAME as GRIDS
from surveys.export.map_grids import map_grids_table, uncovers
from surveys.export.map_parameters import images_imported, maps_computed
from surveys.export.shown_pictures import shown_pictures
from surveys.export.wide import table_rows, wide_table
from surveys.models import (
    Answer,
    FollowUp,
    HandExclusion,
    Participant,
    Study,
    StudyVersion,
    Submission,
    Trial,
)
from surveys.services.acts import announce
from surveys.services.fingerprints import changes
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import between_factors
from surveys.study_file.stored import definition, definition_of
from surveys.tidy.analysis_plan import plan_of, toml_text
from surveys.tidy.codebook import CodebookRow, codebook, own_type
from surveys.tidy.codebook_columns import OWN_COLUMNS
from surveys.tidy.not_shown import not_shown
from surveys.tidy.page_columns import events
from surveys.tidy.tables import tables
from surveys.tidy.uncovered_columns import rests

Simulated = Literal["none", "only", "included"]
OF_PEOPLE: Mapping[Simulated, Q] = {
    "none": Q(simulated=False),
    "only": Q(simulated=True),
    "included": Q(),
}
"""The participants of each kind of export."""
ALWAYS_CSV = ("codebook", NAME)


@dataclass(frozen=True)
class ExportSummary:
    """A summary of an export: the folder, and the number of rows by file."""

    output: Path
    rows: dict[str, int]
    blinded: str = ""
    """The slug of a study that is still blinded. Empty if the export contains arms."""
    judged: int = 0
    """Trials, without practice, for which an answer was sent."""

    def __str__(self) -> str:
        counts = ", ".join(f"{rows} in {name}" for name, rows in self.rows.items())
        line = f"Exported to {self.output}: {counts}."
        if not self.blinded:
            return line
        return (
            f"{line} Arms are left out until the study is unblinded: "
            f"manage.py unblind_study {self.blinded} --reason TEXT"
        )


def export_study(
    *,
    study: Study,
    output: Path,
    simulated: Simulated = "none",
    formats: Sequence[str] = ("csv",),
    told: Callable[[str], None] = lambda step: None,
    for_look: bool = False,
) -> ExportSummary:
    """Write the tidy data folder with all participants of the requested kind, in any state.

    ``formats`` are keys of surveys.export.formats.FORMATS. The codebook is always a csv file, too.

    ``simulated``: "none" leaves simulated participants out, "only" exports no others, "included"
    exports both. Until the study is unblinded, everything that reveals the arm of a real
    participant is left out. Raises ExportError if no participant is left, or if ``output`` contains
    anything except an earlier export, which is replaced. ``told`` is called with each step.

    With ``for_look`` the export contains the arms, is no act of a person and is not announced: the
    caller, a planned look, must show it to nobody and delete it.
    """
    check_place(output)
    # The codebook is always in English, whatever language the researcher's browser asks for.
    with _one_moment(), translation.override(definition(study).language):
        people = _participants(study, simulated)
        declared = definition(study)
        blinded = is_blinded(study) and simulated != "only" and not for_look
        columns_of = tables(declared, blinded)
        rows_by_table = _rows(declared, people, limited_pages(declared) if blinded else [])
        rows_by_table["ledger.csv"] = study.ledger.filter(simulated=simulated == "only")
        rows = {}
        for number, (name, columns) in enumerate(columns_of.items(), start=1):
            told(f"table {number} of {len(columns_of)}")
            rows[name] = [[column.cell(row) for column in columns] for row in rows_by_table[name]]
        # Trials are rows from the arrival on; only those with a submission were judged.
        judged = sum(bool(trial.submissions.all()) for trial in rows_by_table["trials.csv"])
        told("files")
        erased = _erased(study, simulated, blinded)
        described = with_endings(codebook(declared, blinded), people, erased, blinded)
        exported = {
            name.removesuffix(".csv"): tidy_table(name, columns_of[name], rows[name])
            for name in rows
        }
        exported["wide"] = wide_table(declared, exported)
        added = [exported["wide"]]
        diagnosed = _diagnosed(study, simulated, blinded)
        if diagnosed is not None:
            exported[NAME] = diagnoses_table(diagnosed)
            added.append(exported[NAME])
        if uncovers(study):
            exported[GRIDS] = map_grids_table(study)
            added.append(exported[GRIDS])
        if declared.draws_images and not blinded:
            exported[EXPOSURES] = exposures_table(study, exported["trials"])
            added.append(exported[EXPOSURES])
        described += [row for table in added for row in table_rows(table)]
        exported["codebook"] = _codebook_table(described)
    written = _formats(list(exported.values()), formats)
    files = {name: content for one in written for name, content in one.files.items()}
    if diagnosed is not None:
        # In JSON as well, whatever the formats: scripts that train the classifier read it.
        files[f"{NAME}.json"] = json_records.text(exported[NAME]).encode()
    # Reports with pictures are passed on, and a patient's image must not travel with them.
    if declared.release.pictures != "patients":
        if diagnosed is not None:
            files |= diagnosis_pictures(study, OF_PEOPLE[simulated], diagnosed)
        files |= shown_pictures(study, OF_PEOPLE[simulated], with_maps=not blinded)
    files["plan.toml"] = toml_text(plan_of(declared)).encode()
    files["study.toml"] = study.source.encode()
    if registered := _plan_at_launch(study):
        files["registered.json"] = registered
    counts = {table.file: len(table.rows) for table in exported.values()}
    notes = [note for one in written for note in one.notes]
    excluded = _excluded_by_hand(people)
    files[MARK] = _manifest(study, simulated, erased, excluded, blinded, files, counts, notes)
    write_folder(output, files)
    told_of = {"simulated": simulated, "arms": not blinded, "formats": list(formats)}
    if not for_look:
        announce(study, "data exported", {}, told_of)
    return ExportSummary(output, counts, study.slug if blinded else "", judged)


def _rows(
    declared: StudyFile, people: QuerySet[Participant], hidden: list[str]
) -> dict[str, Iterable[Any]]:
    """Return the rows of each table, leaving out ``hidden`` pages.

    In a within-subjects design, answers given after each block belong to a separate table.
    """
    practice = [part.key for part in declared.trial_parts if part.is_practice]
    limited = [part.key for part in declared.trial_parts if part.conditions] if hidden else []
    # People without an arm have tables of their own: no comparison of arms may count them.
    allocated, others = people.filter(arm__isnull=False), people.filter(arm__isnull=True)
    trials = _trials(allocated).exclude(stimulus__part__in=limited)
    answers = _answers(allocated).exclude(submission__step__in=hidden)
    pages = _pages(people).exclude(step__in=hidden)
    in_blocks = Q(submission__block__gt=0) if declared.blocks > 1 else Q(pk__in=())
    left_out = [one for person in people for one in not_shown(person, hidden)]
    apart = [one for one in left_out if declared.blocks > 1 and one.submission.block]
    outside = [one for one in left_out if one not in apart]
    return {
        "participants.csv": allocated,
        "trials.csv": trials.exclude(stimulus__part__in=practice),
        "practice.csv": trials.filter(stimulus__part__in=practice),
        "answers.csv": [*answers.exclude(in_blocks), *_of(outside, allocated=True)],
        "block_answers.csv": [*answers.filter(in_blocks), *apart],
        "pages.csv": pages,
        "page_events.csv": events(pages),
        "uncovered.csv": rests(
            trials.exclude(stimulus__part__in=practice)
            .exclude(uncovering=None)
            .select_related(
                "uncovering",
                "participant__arm",
                "participant__study",
                "stimulus__prediction__image",
            )
        ),
        "not_allocated.csv": others,
        "sessions.csv": FollowUp.objects.filter(participant__in=allocated.order_by())
        .select_related("participant__arm")
        .order_by("participant__simulated", "participant__slot__position", "opens_at"),
        "not_allocated_answers.csv": [*_answers(others), *_of(outside, allocated=False)],
    }


def _of(answers: Iterable[Answer], *, allocated: bool) -> list[Answer]:
    """Return the answers of people with an arm, or of people without."""
    return [one for one in answers if (one.submission.participant.arm_id is not None) == allocated]


def _participants(study: Study, simulated: Simulated) -> QuerySet[Participant]:
    people = (
        study.participants.select_related("study", "arm", "slot")
        .order_by("simulated", "slot__position", "pk")
        .prefetch_related("submissions__answers")
    )
    declared = definition(study)
    if declared.signals.count:
        people = people.prefetch_related("submissions__trial")
    if between_factors(declared.conditions, declared.design.within):
        people = people.prefetch_related("arm__blocks__condition")
    chosen = people.filter(OF_PEOPLE[simulated])
    if not chosen.exists():
        raise ExportError(_nobody(study, simulated))
    return chosen


def _diagnosed(study: Study, simulated: Simulated, blinded: bool) -> list[ImageFeedback] | None:
    """Return what people say is wrong by image, or None if they are not asked or it is hidden."""
    if blinded or not asks_for_diagnoses(study):
        return None
    return image_feedback(study, OF_PEOPLE[simulated])


def _nobody(study: Study, simulated: Simulated) -> str:
    left_out = study.participants.count()
    if not left_out:
        return (
            f"The study {study.slug!r} has no participants yet. Send people its link, or run "
            f"manage.py simulate_participants {study.slug}"
        )
    if simulated == "none":
        return (
            f"The study {study.slug!r} has no real participants, but {left_out} simulated ones. "
            "Export them with --simulated-only."
        )
    return (
        f"The study {study.slug!r} has no simulated participants, but {left_out} real ones. Export "
        "them without --simulated-only."
    )


def _trials(people: QuerySet[Participant]) -> QuerySet[Trial]:
    return (
        Trial.objects.filter(participant__in=people.order_by())
        .select_related(
            "participant__arm",
            "participant__study",
            "stimulus__prediction__image__image_set",
            "explanation",
            "condition",
        )
        .prefetch_related("submissions__answers", "maps__explanation")
        .order_by("participant__simulated", "participant__slot__position", "position")
    )


def _answers(people: QuerySet[Participant]) -> QuerySet[Answer]:
    return (
        Answer.objects.filter(submission__participant__in=people.order_by())
        .exclude(questionnaire="")
        .select_related("submission__participant__arm")
        # Prefetched and not joined, so that each row does not carry the study file's text.
        .prefetch_related(
            "submission__participant__arm__blocks__condition", "submission__participant__study"
        )
        .order_by(
            "submission__participant__simulated", "submission__participant__slot__position", "id"
        )
    )


def _pages(people: QuerySet[Participant]) -> QuerySet[Submission]:
    return (
        Submission.objects.filter(participant__in=people.order_by())
        .select_related("participant__arm", "trial")
        .order_by("participant__simulated", "participant__slot__position", "participant", "id")
    )


@contextmanager
def _one_moment() -> Iterator[None]:
    """Give all reads within the block a single consistent snapshot of the database."""
    outermost = not connection.in_atomic_block
    with _without_a_lock(), transaction.atomic():
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def _without_a_lock() -> Iterator[None]:
    """Let others write meanwhile: SQLite's snapshot is one without the lock that writers take."""
    mode = getattr(connection, "transaction_mode", None)
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]
    try:
        yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]


def _erased(study: Study, simulated: Simulated, blinded: bool) -> dict[str, int]:
    """Return, by arm, how many people were allocated and later erased, and so are in no table."""
    erased = study.slots.filter(erased=True)
    if simulated != "included":
        erased = erased.filter(simulated=simulated == "only")
    if blinded:
        return {"of all arms": erased.count()}
    counts = Counter(erased.values_list("arm__key", flat=True))
    return {arm.key: counts[arm.key] for arm in study.arms.all()}


def _places_given_back(study: Study, simulated: Simulated) -> int:
    """Return how many places were given to somebody else although their holders had an arm."""
    slots = study.slots.filter(given_back=True)
    if simulated != "included":
        slots = slots.filter(simulated=simulated == "only")
    return slots.count()


def _endings(study: Study, simulated: Simulated) -> dict[str, Any]:
    """Return the study's endings with their headings and the people whom each ended before they
    had an arm. Empty if the study declares none.
    """
    declared = definition(study).endings
    early = study.participants.filter(OF_PEOPLE[simulated], arm__isnull=True).exclude(ending="")
    counts = Counter(early.values_list("ending", flat=True))
    rows = [
        {"key": one.key, "heading": one.heading, "before_allocation": counts[one.key]}
        for one in declared
    ]
    return {"endings": rows} if rows else {}


def _sessions(study: Study, simulated: Simulated, blinded: bool) -> dict[str, Any]:
    """Return how many people completed each later session, by arm, or over all arms while blinded.

    Empty if the study declares no session.
    """
    rows = []
    for session in definition(study).sessions:
        people = study.participants.filter(
            OF_PEOPLE[simulated],
            arm__isnull=False,
            follow_ups__session=session.key,
            follow_ups__completed_at__isnull=False,
        )
        counts = Counter(people.values_list("arm__key", flat=True))
        by_arm = {arm.key: counts[arm.key] for arm in study.arms.all()}
        done = {"of all arms": counts.total()} if blinded else by_arm
        rows.append({"key": session.key, "heading": session.heading, "completed": done})
    return {"sessions": rows} if rows else {}


def _plan_at_launch(study: Study) -> bytes | None:
    """Return the plan that the launch has locked, which the report compares with the current plan.

    None if the study was never launched.
    """
    first = study.versions.first()
    if first is None:
        return None
    plan = plan_of(definition_of(first.source))
    return (json.dumps(plan, indent=1, ensure_ascii=False) + "\n").encode()


def _rows_of(name: str, rows: dict[str, int]) -> int | None:
    """Return the number of rows of the table in a file, whatever its format."""
    path = PurePosixPath(name)
    is_table = path.suffix == ".csv" or path.parent.name == path.suffix[1:]
    return rows.get(f"{path.stem}.csv") if is_table else None


def _formats(tables: Sequence[Table], formats: Sequence[str]) -> list[Written]:
    """Return the tables in each format. The codebook and the diagnoses are always csv as well."""
    written = [write_format(key, tables) for key in formats]
    if "csv" not in formats:
        written.append(write_format("csv", [one for one in tables if one.name in ALWAYS_CSV]))
    return written


def _codebook_table(rows: Sequence[CodebookRow]) -> Table:
    variables = tuple(
        Variable(name, own_type(name), label, empty=Missing.DOES_NOT_APPLY)
        for name, label in OWN_COLUMNS.items()
    )
    # Empty texts are how the codebook's csv file has always told that a key does not apply.
    return Table(
        "codebook", variables, [[None if v == "" else v for v in row.values()] for row in rows]
    )


def _unblinding(study: Study) -> dict[str, Any] | None:
    """Describe when, by whom and why researchers were shown the arms, or None while blinded."""
    if study.unblinded_at is None:
        return None
    return {
        "at": study.unblinded_at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "by": study.unblinded_by,
        "reason": study.unblinding_reason,
        "before_end": study.unblinded_before_end,
    }


def _excluded_by_hand(people: QuerySet[Participant]) -> list[dict[str, Any]]:
    """Return the participants of participants.csv whom researchers excluded, with the reasons."""
    allocated = people.filter(arm__isnull=False).order_by()
    rows = HandExclusion.objects.filter(participant__in=allocated).select_related("participant")
    return [
        {
            "participant": row.participant.pseudonym,
            "reason": row.reason,
            "scope": row.scope,
            "at": row.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "by": row.by,
            "after_unblinding": row.after_unblinding,
        }
        for row in rows
    ]


def _looks(study: Study) -> list[dict[str, Any]]:
    """Return the looks that were held, which never contain what they saw."""
    return [
        {
            "at": look.at.astimezone(UTC).isoformat(timespec="milliseconds"),
            "by": look.by,
            "people": look.people,
            "efficacy": look.efficacy,
            "futility": look.futility,
            "told": look.told,
            "planned": look.planned,
            "reason": look.reason,
        }
        for look in study.looks.all()
    ]


def _version(version: StudyVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "launched_at": version.launched_at.isoformat(timespec="seconds"),
        "people_before": version.people_before,
        **({"reason": version.reason} if version.reason else {}),
        "study_file_sha256": version.source_sha256,
        "stimuli_sha256": version.stimuli_sha256,
        "weights_sha256": version.weights_sha256,
        "instruments_sha256": version.instruments,
    }


def _manifest(
    study: Study,
    simulated: Simulated,
    erased: dict[str, int],
    excluded: list[dict[str, Any]],
    blinded: bool,
    files: dict[str, bytes],
    rows: dict[str, int],
    notes: list[str],
) -> bytes:
    # Hashes of every file and input, so that the analysis notices a changed export.
    manifest = {
        "study": study.slug,
        "title": study.title,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {
            name: {"rows": _rows_of(name, rows), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in files.items()
        },
        "study_file_sha256": study.source_sha256,
        "weights_sha256": study.classifier.sha256,
        "images": images_imported(study),
        "maps": maps_computed(study),
        "versions": [_version(version) for version in study.versions.all()],
        "changes": [asdict(change) for change in changes(study)],
        "pages": asdict(definition(study).pages),
        "simulated": simulated,
        "withdrawn_and_deleted": erased,
        "places_given_back": _places_given_back(study, simulated),
        "excluded_by_hand": excluded,
        **_endings(study, simulated),
        **_sessions(study, simulated, blinded),
        "arms_blinded": blinded,
        "unblinding": _unblinding(study),
        # Looks of real participants say nothing about simulated ones.
        **({"looks": _looks(study)} if simulated == "none" and study.looks.exists() else {}),
        # Values that a format cannot hold, such as texts longer than a cell of Excel.
        **({"shortened": notes} if notes else {}),
        "software": {
            "python": platform.python_version(),
            **{
                name: package_version(name) for name in ("django", "numpy", "pillow", "safetensors")
            },
        },
    }
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
