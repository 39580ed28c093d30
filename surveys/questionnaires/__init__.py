"""The questionnaires, each a TOML file, either in this folder or loaded by a lab.

A shipped file never changes once studies may have asked it. Better wording is a new version, and
the old file moves to earlier/, where the studies that asked it still find it.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.itemreading import NAME
from surveys.questionnaires.reading import QuestionnaireError, read

FOLDER = Path(__file__).resolve().parent
EARLIER = FOLDER / "earlier"


def shipped() -> tuple[str, ...]:
    """Return the ids of the questionnaires that ship with the platform."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def earlier() -> tuple[str, ...]:
    """Return the ids of shipped questionnaires that a later version has replaced."""
    return tuple(sorted(path.stem for path in EARLIER.glob("*.toml")))


def ids() -> tuple[str, ...]:
    """Return the ids of all shipped questionnaires and all that a lab loaded."""
    loaded = {path.stem for path in settings.INSTRUMENTS_DIR.glob("*.toml")}
    return tuple(sorted({*shipped(), *loaded}))


def is_known(questionnaire_id: str) -> bool:
    """Check whether a study may ask the questionnaire, which is on offer now or was earlier."""
    return questionnaire_id in {*ids(), *earlier()}


def get(questionnaire_id: str) -> Questionnaire:
    """Return the questionnaire.

    Raises QuestionnaireError for an unknown id or a faulty file.
    """
    return _read(questionnaire_id, text_of(questionnaire_id))


def text_of(questionnaire_id: str) -> str:
    """Return the exact text of the questionnaire's file.

    Raises QuestionnaireError for an unknown id.
    """
    name = f"{questionnaire_id}.toml"
    # Shipped files come first, because a loaded file must not replace them.
    for path in (FOLDER / name, EARLIER / name, settings.INSTRUMENTS_DIR / name):
        if NAME.fullmatch(questionnaire_id) and path.is_file():
            stat = path.stat()
            return _text(path, stat.st_mtime_ns, stat.st_size)
    raise QuestionnaireError(
        f"The questionnaire {questionnaire_id!r}",
        [f"there is no questionnaire with this id. Known ids: {', '.join(ids())}."],
    )


def sha256(questionnaire_id: str) -> str:
    """Return the hash of the questionnaire's file, which reveals whether a study's copy was
    changed.
    """
    return hashlib.sha256(text_of(questionnaire_id).encode()).hexdigest()


@lru_cache(maxsize=256)
def _text(path: Path, changed: int, size: int) -> str:
    """Return the file's text, cached until its time of change or size differs."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionnaireError(
            f"The questionnaire {path.stem!r}",
            [f"its file cannot be read: {error}. Save it as UTF-8."],
        ) from error


@lru_cache(maxsize=256)
def _read(questionnaire_id: str, text: str) -> Questionnaire:
    return read(questionnaire_id, text)
