"""To be described."""

from collections.abc import Callable

from surveys.study_file.declaration import StudyFile
from surveys.toml.table import Table


def parse(text: str, here: Callable[[Table, StudyFile], None] | None = None) -> StudyFile:
    """The study in the text; raises StudyFileError with every problem that it can find.

    ``here`` reports further problems, those of the place where the study is to run.
    """
    from surveys.study_file.reading.study import read  # it reads into the classes above

    return read(text, here=here)
