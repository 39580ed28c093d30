"""Loading of a lab's questionnaire into the folder from which studies take it."""

import re
from pathlib import Path

from django.conf import settings

from explanations.store.atomic_files import write_atomically
from surveys import questionnaires
from surveys.models import Study
from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.itemreading import NAME
from surveys.questionnaires.reading import read


class LoadingError(ValueError):
    """A valid questionnaire that must not replace another.

    ``replaceable`` means that it may after all, if ``replace`` is given.
    """

    def __init__(self, sentence: str, *, replaceable: bool = False) -> None:
        super().__init__(sentence)
        self.replaceable = replaceable


def load(file: Path, *, replace: bool = False) -> Questionnaire:
    """Load the file, as ``load_text`` does.

    Raises OSError and UnicodeDecodeError for an unreadable file as well.
    """
    return load_text(file.name, file.read_bytes().decode("utf-8-sig"), replace=replace)


def load_text(file_name: str, text: str, *, replace: bool = False) -> Questionnaire:
    """Check the text of a file and store it in STUDY_INSTRUMENTS. An unchanged file changes
    nothing.

    Raises QuestionnaireError for a faulty text, and LoadingError if another questionnaire already
    has this id, which is the file's name.
    """
    key, suffix = Path(file_name).stem, Path(file_name).suffix
    if not NAME.fullmatch(key) or suffix != ".toml" or Path(file_name).name != file_name:
        raise LoadingError(
            f"the file's name must be the questionnaire's id, but {file_name!r} is not a valid id. "
            "Rename it to small letters, digits, - and _, ending in .toml."
        )
    loaded = read(key, text)
    if questionnaires.is_known(key) and questionnaires.text_of(key) != text:
        _check_replaceable(key, replace)
    if not _ships(key):
        write_atomically(settings.INSTRUMENTS_DIR / file_name, text.encode())
    return loaded


def _check_replaceable(key: str, replace: bool) -> None:
    rename = f"Choose another id and file name, such as {_next_version(key)!r}"
    if _ships(key):
        raise LoadingError(f"the questionnaire {key!r} ships with the platform. {rename}.")
    # Stored answers must stay readable in the wording that was asked.
    named = re.compile(rf"[\"']{re.escape(key)}[\"']")
    asking = sorted(study.slug for study in Study.objects.all() if named.search(study.source))
    if asking:
        raise LoadingError(
            f"a different questionnaire {key!r} is asked in {', '.join(asking)}. {rename}."
        )
    if not replace:
        raise LoadingError(
            f"a different questionnaire {key!r} is already loaded, but no study asks it. {rename}, "
            "or replace it.",
            replaceable=True,
        )


def _ships(key: str) -> bool:
    return key in {*questionnaires.shipped(), *questionnaires.earlier()}


def _next_version(key: str) -> str:
    """Return the next version's name, such as trust-v2 for trust-v1. A name without a version gets
    -v2.
    """
    stem, _, number = key.rpartition("-v")
    return f"{stem}-v{int(number) + 1}" if stem and number.isdigit() else f"{key}-v2"
