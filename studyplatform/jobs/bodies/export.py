"""The export of a study's data, with the code of export_study."""

import json
from pathlib import Path
from typing import Any

from django.utils.translation import ngettext

from analysis.errors import PlanError
from analysis.plan.reading import plan_hash, read_document
from analysis.study_data.columns import BLOCKS, FILES
from analysis.study_data.provenance import data_hash
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.export.archive import zip_folder
from surveys.export.folder import MARK, ExportError
from surveys.export.writing import ExportSummary, export_study


def run(work: Work) -> Done:
    """Write the data in every format asked for, as files and all of them as one zip file."""
    study, arguments = work.study, work.arguments
    folder = work.output / study.slug
    try:
        exported = export_study(
            study=study,
            output=folder,
            simulated=arguments["simulated"],
            formats=arguments["formats"],
            told=work.step,
        )
    except ExportError as error:
        raise RefusedError(str(error)) from error
    work.step("zip")
    zip_folder(folder, work.output / f"{study.slug}.zip")
    return Done(
        _summary(exported),
        provenance_of_export(folder),
        reveals_arms=not exported.blinded and arguments["simulated"] != "only",
    )


def _summary(exported: ExportSummary) -> str:
    people, judged = exported.rows["participants.csv"], exported.judged
    return ", ".join(
        (
            ngettext("%(count)d person", "%(count)d people", people) % {"count": people},
            ngettext("%(count)d image judged", "%(count)d images judged", judged)
            % {"count": judged},
        )
    )


def provenance_of_export(folder: Path) -> dict[str, Any]:
    """Return which data, plan, study file and software an export was made from.

    Its hashes are those that a report on the same data prints.
    """
    manifest = json.loads((folder / MARK).read_text(encoding="utf-8"))
    hashes = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    read = {name: hashes[name] for name in (*FILES, BLOCKS) if name in hashes}
    return {
        # Without csv files there is none that the analysis would read: then all files count.
        "data_sha256": data_hash(read if len(read) >= len(FILES) else hashes),
        "plan_sha256": _plan_hash(folder / "plan.toml"),
        "rows": {
            name: entry["rows"]
            for name, entry in manifest["files"].items()
            if entry["rows"] is not None
        },
        "study_file_sha256": manifest["study_file_sha256"],
        "exported_at": manifest["exported_at"],
        "simulated": manifest["simulated"],
        "arms_blinded": manifest["arms_blinded"],
        "software": manifest["software"],
    }


def _plan_hash(path: Path) -> str:
    """Return the hash of the plan's content, or nothing for a study without a valid plan."""
    try:
        return plan_hash(read_document(path))
    except PlanError:
        return ""
