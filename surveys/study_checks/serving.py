"""Check that this version of the platform can serve a study that another version opened."""

from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition_of


def why_unservable(source: str) -> str:
    """Return the problems of a stored study file; empty if its pages can be shown.

    A file that was opened once has problems only if the platform, its packages or the lab's
    questionnaires have changed: a key, a method or a questionnaire is not there any more.
    """
    try:
        definition_of(source)
    except StudyFileError as error:
        return str(error)
    return ""
