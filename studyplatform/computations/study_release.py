"""The release of a loaded study's data, from its export to the checked folder."""

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from analysis.release.declaration import Release
from analysis.release.deidentify import read_tables
from analysis.release.free_texts import FreeText, free_texts
from analysis.release.writing import Summary, check_declaration, write_release
from studyplatform.computations.study_analysis import export_to_analyse
from surveys.export.release_materials import materials_of, with_rights
from surveys.export.writing import Simulated, export_study
from surveys.models import Study
from surveys.services.acts import announce


def release_study(
    study: Study,
    output: Path,
    release: Release,
    simulated: Simulated,
    *,
    passed: Collection[str] = (),
    evaluation: Path | None = None,
    told: Callable[[str], None] = lambda step: None,
) -> Summary:
    """Write the release of the study to the empty folder ``output``.

    Raises ExportError while the arms of real participants are hidden, ReleaseError for a
    declaration that is not complete and if something that leads to a person is left, and
    AnalysisError for a plan that cannot be carried out.
    """
    check_declaration(release)
    release = with_rights(release, study)
    with tempfile.TemporaryDirectory() as folder:
        # The export contains what the release removes, so it never leaves this folder.
        export = export_to_analyse(study, Path(folder) / "export", simulated, told)
        summary = write_release(
            export,
            output,
            release,
            title=study.title,
            command=f"manage.py release_study {study.slug}",
            materials=materials_of(study, release),
            passed=passed,
            evaluation=evaluation,
            told=told,
        )
    announce(study, "data released", {}, {"simulated": simulated, "k": release.k})
    return summary


def texts_to_read(study: Study, simulated: Simulated) -> list[FreeText]:
    """Return every text that participants wrote, so that a person can read and pass them.

    Raises ExportError if nobody has taken part.
    """
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export"
        export_study(study=study, output=export, simulated=simulated)
        return free_texts(read_tables(export))
