"""The questionnaires: one TOML file each, in this folder or among those that a lab has loaded.

A shipped file never changes once studies may have asked it: better wording is a new version, and
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
    """The ids of those that ship with the platform."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def earlier() -> tuple[str, ...]:
    """Return the ids of shipped questionnaires that a later version has replaced."""
    return tuple(sorted(path.stem for path in EARLIER.glob("*.toml")))


def ids() -> tuple[str, ...]:
    """Return the ids of all questionnaires on offer: the shipped ones and those a lab loaded."""
    loaded = {path.stem for path in settings.INSTRUMENTS_DIR.glob("*.toml")}
    return tuple(sorted({*shipped(), *loaded}))


def is_known(questionnaire_id: str) -> bool:
    """Check whether a study may ask the questionnaire: it is on offer, or it once was."""
    return questionnaire_id in {*ids(), *earlier()}


def get(questionnaire_id: str) -> Questionnaire:
    """The questionnaire; raises QuestionnaireError for an unknown id or a faulty file."""
    return _read(questionnaire_id, text_of(questionnaire_id))


def text_of(questionnaire_id: str) -> str:
    """Its file, to the letter; raises QuestionnaireError for an unknown id."""
    name = f"{questionnaire_id}.toml"
    # What ships cannot be replaced by a loaded file of the same name.
    for path in (FOLDER / name, EARLIER / name, settings.INSTRUMENTS_DIR / name):
        if NAME.fullmatch(questionnaire_id) and path.is_file():
            stat = path.stat()
            return _text(path, stat.st_mtime_ns, stat.st_size)
    raise QuestionnaireError(
        f"The questionnaire {questionnaire_id!r}",
        [f"there is none of that name. Those there are: {', '.join(ids())}."],
    )


def sha256(questionnaire_id: str) -> str:
    """The hash of its file, by which a study can tell that it was changed."""
    return hashlib.sha256(text_of(questionnaire_id).encode()).hexdigest()


@lru_cache(maxsize=256)
def _text(path: Path, changed: int, size: int) -> str:
    """The file's text; another time of change or size is another file."""
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
