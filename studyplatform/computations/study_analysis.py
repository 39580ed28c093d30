"""The data of a loaded study for its analysis, which shows arms and so waits until they may be
seen."""

from collections.abc import Callable
from pathlib import Path

from surveys.blinding import is_blinded
from surveys.export.folder import ExportError
from surveys.export.writing import Simulated, export_study
from surveys.models import Study


def export_to_analyse(
    study: Study,
    output: Path,
    simulated: Simulated,
    told: Callable[[str], None] = lambda step: None,
) -> Path:
    """Write the study's data with its arms, and return the folder.

    Raises ExportError while the arms of real participants are hidden, and if nobody is there.
    """
    if is_blinded(study) and simulated != "only":
        raise ExportError(
            f"The study {study.slug!r} is blinded. When its collection has ended, show its arms: "
            f"manage.py unblind_study {study.slug} --reason TEXT. To monitor it without revealing "
            f"arms, run manage.py export_study {study.slug}."
        )
    export_study(study=study, output=output, simulated=simulated, told=told)
    return output
