"""Where in the data folder images, artefacts and drawn pictures lie."""

from pathlib import Path

from django.conf import settings

from explanations.store.artefacts import ArtefactStore, ImageStore
from explanations.store.claims import Claims


def image_store() -> ImageStore:
    """The images, by the hash of their pixels."""
    return ImageStore(settings.DATA_DIR / "images")


def artefact_store() -> ArtefactStore:
    """The raw numbers of the explanations, by key."""
    return ArtefactStore(settings.DATA_DIR / "artefacts")


def claims() -> Claims:
    """Who computes what at the moment."""
    return Claims(settings.DATA_DIR / "artefacts")


def picture_path(name: str) -> Path:
    """The drawn picture of this name; whatever lies there can be drawn again."""
    folder: Path = settings.DATA_DIR / "pictures"
    return folder / name[:2] / f"{name}.png"
