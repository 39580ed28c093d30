"""The declaration of a stored study, read once from the file it was loaded from."""

from functools import lru_cache

from surveys.models import Study
from surveys.study_file.declaration import StudyFile
from surveys.study_file.reading.study import read


def definition(study: Study) -> StudyFile:
    """Return the declaration of the file that the study was loaded from."""
    return definition_of(study.source)


@lru_cache(maxsize=256)  # more than the studies of one installation, usually
def definition_of(source: str) -> StudyFile:
    """Return the declaration in a text that was loaded before, so its plan is not checked again."""
    return read(source)
