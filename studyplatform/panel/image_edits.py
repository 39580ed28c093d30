"""Changes of a study file's images, which leave its comments and its order as they are."""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import tomlkit
from django.contrib.auth.models import User
from django.utils.translation import gettext
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from explanations.models import StudyImage
from studyplatform.models import StudyText
from studyplatform.panel import study_texts
from studyplatform.panel.guide import OWN_IMAGES_LATER
from surveys import services
from surveys.models import Study
from surveys.study_file.declaration import StudyFile, StudyFileError
from surveys.study_file.named_images import name_of

Numbers = tuple[int, int]
"""Numbers of right and of wrong predictions."""


class ImageEditError(ValueError):
    """A change that the study cannot use, with the study's text and a sentence per problem."""

    def __init__(self, text: StudyText, problems: Sequence[str]) -> None:
        self.text, self.problems = text, tuple(problems)
        super().__init__("\n".join(problems))


def with_image_set(source: str, name: str, split: str) -> str:
    """Return the file with another image set and split. Names of images of the old set go."""
    # A file of the guide that waits for its researcher's images waits no longer.
    document, table = _images(source.replace(f"{OWN_IMAGES_LATER}\n", ""))
    table["set"] = name
    table["split"] = split
    table.pop("names", None)
    return tomlkit.dumps(document)


def with_names(source: str, images: Sequence[StudyImage], numbers: Numbers | None) -> str:
    """Return the file with the names of the only images that the study may show.

    ``numbers`` of right and wrong predictions replace those of the file.
    """
    document, table = _images(source)
    array = tomlkit.array()
    for image in images:
        array.add_line(name_of(image))
    table["names"] = array.multiline(True)
    if numbers is not None:
        shown = _table_of_numbers(document, table)
        shown["right"], shown["wrong"] = numbers
    return tomlkit.dumps(document)


def without_names(source: str) -> str:
    """Return the file without names, so that the study draws from all images of its set."""
    document, table = _images(source)
    table.pop("names", None)
    return tomlkit.dumps(document)


def numbers_to_write(declared: StudyFile, right: int, wrong: int) -> Numbers | None:
    """Return how many right and wrong predictions each person sees if all of these images are
    shown, or None if the images cannot be spread evenly over the file's parts and image sets."""
    sets = declared.image_sets
    if declared.draws_images:  # the numbers per person do not depend on the size of the pools
        return None
    if len(declared.trial_parts) != 1 or right % sets or wrong % sets or not right + wrong:
        return None
    return right // sets, wrong // sets


def _table_of_numbers(document: tomlkit.TOMLDocument, images: Table) -> MutableMapping[str, Any]:
    """Return the table that has the numbers: [images] in the short form, else the only trials."""
    parts: Sequence[MutableMapping[str, Any]] = document.get("parts", ())
    return next((part for part in parts if part.get("kind") == "trials"), images)


def change(study: Study, user: User, edit: Callable[[str], str]) -> None:
    """Change the study's file, save it as a new version, and let the study use it.

    Raises ImageEditError if the study cannot use the changed file, and before anything is saved if
    the latest version contains other changes that the study does not use yet. An earlier change of
    the same kind that the study could not use, such as its first images alone, is replaced.
    """
    text = study_texts.text_of(study, user)
    latest = text.versions.all()[0]
    if latest.source != study.source and edit(latest.source) != edit(study.source):
        raise ImageEditError(
            text,
            [
                gettext(
                    "The study file has changes that the study does not use yet (version "
                    "%(number)d). Use them or take them back in the editor first."
                )
                % {"number": latest.number}
            ],
        )
    changed = edit(latest.source)
    try:
        study_texts.save(text, changed, after=latest.number, user=user)
    except study_texts.OutdatedError as error:
        sentence = gettext("Somebody else has just saved the study file. Try again.")
        raise ImageEditError(text, [sentence]) from error
    if problems := study_texts.problems_of(text, changed, user):
        raise ImageEditError(text, problems)
    try:
        study_texts.use(text, changed, user)
    except StudyFileError as error:
        raise ImageEditError(text, error.problems) from error
    except services.StudyError as error:
        raise ImageEditError(text, [str(error)]) from error


def _images(source: str) -> tuple[tomlkit.TOMLDocument, Table]:
    document = tomlkit.parse(source)
    table = document.get("images")
    if not isinstance(table, Table):
        raise TOMLKitError("The file has no table [images].")
    return document, table
