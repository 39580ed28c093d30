"""Registration of weight files in the database by hash, without loading a network."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from explanations.classifier.header import Header, HeaderError, read_header
from explanations.models import ClassifierWeights
from explanations.pipeline.data_folder import classifier_folder
from explanations.store.atomic_files import sha256_of_file

SUFFIX = ".safetensors"


class RegistryError(ValueError):
    """A classifier that cannot be registered or loaded. The message names the cure."""


def register_classifier(path: Path) -> ClassifierWeights:
    """Create or update the row of FILE.safetensors, with the model card FILE.json next to it.

    Raises RegistryError for a file that is not a classifier, and for a card of other weights.
    """
    path = path.resolve()
    if path.parent == classifier_folder().resolve() and not path.is_file():
        known = ", ".join(registered_names()) or "none"
        raise RegistryError(
            f"No classifier {path.stem!r} is registered. Registered: {known}. Register it with "
            "manage.py register_classifier, or name a .safetensors file."
        )
    header = _header(path)
    sha256 = sha256_of_file(path)
    weights, _ = ClassifierWeights.objects.update_or_create(
        sha256=sha256,
        defaults={
            "name": path.stem,
            "path": _shown(path),
            "class_names": list(header.class_names),
            "card": _card(path.with_suffix(".json"), sha256),
            "architecture": header.architecture,
            "package": header.package,
            "input_rule": asdict(header.rule),
        },
    )
    return weights


def weights_file(text: str) -> Path:
    """Return the path of the weights that a study file or a command names.

    A text that ends in .safetensors is a path, relative to the project. Any other text is the name
    that ``manage.py register_classifier`` gave a classifier of the data folder. Raises
    RegistryError for a file elsewhere, whether or not it exists, so that researchers do not learn
    what is on the server.
    """
    if text.endswith(SUFFIX):
        path: Path = settings.BASE_DIR / text
    else:
        path = classifier_folder() / f"{text}{SUFFIX}"
    roots = (settings.BASE_DIR, settings.DATA_DIR, *settings.WEIGHTS_FOLDERS)
    if not any(path.resolve().is_relative_to(Path(root).resolve()) for root in roots):
        raise RegistryError(
            f"The weights {text!r} are outside of the project's and the data folder. Move the file "
            "there and name it by its path from the project's folder."
        )
    return path


def registered_names() -> list[str]:
    """List the names of the classifiers in the data folder."""
    return sorted(path.stem for path in classifier_folder().glob(f"*{SUFFIX}"))


def weights_path(weights: ClassifierWeights) -> Path:
    """Return the path of a registered classifier's file.

    Raises RegistryError if the file is missing or has changed since its registration.
    """
    path = settings.BASE_DIR / weights.path
    moved = weights_file(weights.name)
    if not path.is_file() and moved.is_file():
        path = moved  # the data folder was restored at another place
    if not path.is_file():
        raise RegistryError(
            f"The weight file {weights.path} is missing. Restore it, or load the study again "
            "with other weights."
        )
    current = sha256_of_file(path)
    if current != weights.sha256:
        raise RegistryError(
            f"The weight file {weights.path} has changed: its hash was {weights.sha256[:12]} when "
            f"it was registered, and is {current[:12]} now. Restore the old file, or load the "
            "study again."
        )
    return path


def _header(path: Path) -> Header:
    try:
        return read_header(path)
    except HeaderError as error:
        raise RegistryError(str(error)) from error


def _shown(path: Path) -> str:
    base: Path = settings.BASE_DIR
    return str(path.relative_to(base) if path.is_relative_to(base) else path)


def _card(path: Path, sha256: str) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        card: dict[str, Any] = json.loads(path.read_text())
        described = card["weights"]["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"{path.name} is not a model card ({error}). Remove it.") from error
    if described != sha256:
        raise RegistryError(
            f"{path.name} describes weights with the hash {str(described)[:12]}, but the weights "
            f"next to it have {sha256[:12]}. Replace the card, or remove it."
        )
    return card
