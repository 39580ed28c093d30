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
    """A valid questionnaire that must not replace another."""


def load(file: Path, *, replace: bool = False) -> Questionnaire:
    """Check the file and copy it to STUDY_INSTRUMENTS. An unchanged file changes nothing.

    Raises QuestionnaireError for a faulty file, OSError and UnicodeDecodeError for an unreadable
    one, and LoadingError if another questionnaire already has this id, which is the file's name.
    """
    text = file.read_bytes().decode("utf-8-sig")
    if not NAME.fullmatch(file.stem) or file.suffix != ".toml":
        raise LoadingError(
            f"the file's name must be the questionnaire's id, but {file.name!r} is not a valid id. "
            "Rename it to small letters, digits, - and _, ending in .toml."
        )
    loaded = read(file.stem, text)
    if questionnaires.is_known(file.stem) and questionnaires.text_of(file.stem) != text:
        _check_replaceable(file.stem, replace)
    if not _ships(file.stem):
        write_atomically(settings.INSTRUMENTS_DIR / file.name, text.encode())
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
            "or use --replace."
        )


def _ships(key: str) -> bool:
    return key in {*questionnaires.shipped(), *questionnaires.earlier()}


def _next_version(key: str) -> str:
    """Return the next version's name, such as trust-v2 for trust-v1. A name without a version gets
    -v2.
    """
    stem, _, number = key.rpartition("-v")
    return f"{stem}-v{int(number) + 1}" if stem and number.isdigit() else f"{key}-v2"
