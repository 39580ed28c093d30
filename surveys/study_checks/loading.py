"""The loading of a study file, with the checks that need more than the file's own text."""

from collections.abc import Collection

from analysis.toml.document import Document
from surveys.study_checks import images_and_weights, names
from surveys.study_file import retired
from surveys.study_file.declaration import StudyFile
from surveys.study_file.reading.study import raise_problems, read_document
from surveys.study_file.reading.translations import check_languages


def parse(text: str) -> StudyFile:
    """Return the study in the text, and check its translations and its analysis plan.

    Raises StudyFileError with every problem of the file.
    """
    file, study = _checked(text)
    raise_problems(file)
    return study


def parse_for_installation(
    text: str, hidden_sets: Collection[str] = (), *, images_later: bool = False
) -> StudyFile:
    """Return the study in the text, also checked against the stored images and weights.

    Image sets in ``hidden_sets`` are reported as if they were not stored. With ``images_later``,
    sets that the platform knows by name are not. Raises StudyFileError with every problem of the
    file, or of the file on this installation.
    """
    file, study = _checked(text)
    images_and_weights.check(file, study, hidden_sets, images_later=images_later)
    raise_problems(file)
    return study


def _checked(text: str) -> tuple[Document, StudyFile]:
    file, study = read_document(text)
    retired.refuse(file)
    names.check(file, study)
    if not file.problems:
        check_languages(file.problems, study)
    if "analysis" in file.values:
        # Imported here, and nowhere else in surveys: the analysis brings pandas, which would
        # take 34 MB in every web process, and only loading a study needs it.
        from surveys.study_checks import analysis_plan

        analysis_plan.check(file, study)
    return file, study
