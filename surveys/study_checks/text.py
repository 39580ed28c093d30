"""The exact text of a study file, which ``load_study`` takes and ``dump_study`` returns."""

import codecs
from pathlib import Path

from explanations.store.atomic_files import write_atomically
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError

_MARKS = ((codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))
_CURE = "Save it as UTF-8: in an editor, by “Save as” and the encoding UTF-8."


def read_text(path: Path) -> str:
    """Return the file's text, including its line endings.

    Raises StudyFileError for any encoding except UTF-8, together with other faults of the file that
    can still be read.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as failure:
        raise StudyFileError("The study file", _problems(content, failure)) from failure


def write_text(path: Path, text: str) -> None:
    """Write the text as it was loaded, byte for byte."""
    write_atomically(path, text.encode("utf-8"))


def _problems(content: bytes, failure: UnicodeDecodeError) -> list[str]:
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if encoding:
        said = f"the file is written in {encoding}. {_CURE}"
    else:
        line = content[: failure.start].count(b"\n") + 1
        read_as = bytes(content[failure.start : failure.start + 1]).decode("latin-1")
        said = f"line {line}: the file is not UTF-8. This may have been “{read_as}”. {_CURE}"
    try:
        loading.parse(content.decode(encoding or "latin-1", errors="replace"))
    except StudyFileError as others:
        return [said, *others.problems]
    return [said]
