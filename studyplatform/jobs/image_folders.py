"""Folders of images that an administrator has put on the server for every study to use."""

import re

from django.conf import settings

NAME = re.compile(r"[A-Za-z0-9_-]{1,50}")
"""The names that an image set can have."""


def offered_folders() -> list[str]:
    """Return the names of the folders, sorted: what lies directly in the setting's folder."""
    if not settings.IMAGE_FOLDERS.is_dir():
        return []
    return sorted(
        path.name
        for path in settings.IMAGE_FOLDERS.iterdir()
        if path.is_dir() and NAME.fullmatch(path.name)
    )
