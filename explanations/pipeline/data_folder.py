"""Locations of images, artefacts and drawn pictures in the data folder."""

from pathlib import Path

from django.conf import settings

from explanations.store.artefacts import ArtefactStore, ImageStore
from explanations.store.claims import Claims
from explanations.store.original_files import OriginalStore

PICTURES = "pictures"
"""Name of the folder of drawn pictures in the data folder."""


def image_store() -> ImageStore:
    """Return the store of images, by the hash of their pixels."""
    return ImageStore(settings.DATA_DIR / "images")


def original_store() -> OriginalStore:
    """Return the store of uploaded files, as they were sent."""
    return OriginalStore(settings.DATA_DIR / "originals")


def artefact_store() -> ArtefactStore:
    """Return the store of the explanations' numbers, by key."""
    return ArtefactStore(settings.DATA_DIR / "artefacts")


def classifier_folder() -> Path:
    """Return the folder of the registered classifiers, one safetensors file and card for each."""
    folder: Path = settings.DATA_DIR / "classifiers"
    return folder


def claims() -> Claims:
    """Return the claims on maps that are being computed."""
    return Claims(settings.DATA_DIR / "artefacts")


def pictures_folder() -> Path:
    """Return the folder of drawn pictures, each of which can be drawn again at any time."""
    folder: Path = settings.DATA_DIR / PICTURES
    return folder


def picture_path(name: str) -> Path:
    """Return the path of a drawn picture."""
    return pictures_folder() / name[:2] / f"{name}.png"
