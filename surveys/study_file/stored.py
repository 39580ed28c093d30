"""To be described."""

from functools import lru_cache

from surveys.models import Study
from surveys.study_file.declaration import StudyFile


def definition(study: Study) -> StudyFile:
    """The file that a study was loaded from."""
    return definition_of(study.source)


@lru_cache(maxsize=64)
def definition_of(source: str) -> StudyFile:
    """The study in a text that was loaded once."""
    from surveys.study_file.reading.study import read

    # The plan was checked at loading: the web process need not import the analysis for it.
    return read(source, check_plan=False)
