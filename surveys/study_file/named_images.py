"""The stored images that a study file names, one by one.

A name is the image's path in its set, such as "cat/0001.png". Behind a #, it may have the first
digits of the image's content hash, so that the file means the same image wherever it is used.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from analysis.toml.problems import did_you_mean
from explanations.models import StudyImage
from surveys.study_file.declaration import Images

HASH = re.compile(r"(?P<source>.*)#(?P<digits>[0-9a-f]{8,64})", re.DOTALL)
DIGITS_WRITTEN = 12
PROBLEMS_TOLD = 10


@dataclass(frozen=True)
class NamedImages:
    """The primary keys of the images that were found, and a sentence for each name that was not."""

    found: frozenset[int]
    problems: tuple[str, ...]


def name_of(image: StudyImage) -> str:
    """Return the name of an image, with its hash."""
    return f"{image.source}#{image.sha256[:DIGITS_WRITTEN]}"


def source_in(name: str) -> str:
    """Return the path in a name, without the hash."""
    parts = HASH.fullmatch(name)
    return parts["source"] if parts else name


def find_named(images: Images, stored: QuerySet[StudyImage]) -> NamedImages:
    """Find the named images among the stored images of the set and split."""
    by_source: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for pk, source, sha256 in stored.values_list("pk", "source", "sha256"):
        by_source[source].append((pk, sha256))
    names_by_pk: dict[int, str] = {}
    problems = []
    for name in images.names:
        found = _find(name, by_source)
        if isinstance(found, str):
            problems.append(found)
        elif found in names_by_pk:
            problems.append(f"{names_by_pk[found]!r} and {name!r} are the same image. Remove one.")
        else:
            names_by_pk[found] = name
    if (more := len(problems) - PROBLEMS_TOLD) > 0:
        problems = [*problems[:PROBLEMS_TOLD], f"… and {more} more names cannot be used."]
    return NamedImages(frozenset(names_by_pk), tuple(problems))


def _find(name: str, by_source: Mapping[str, Sequence[tuple[int, str]]]) -> int | str:
    """Return the primary key of the named image, or why there is not exactly one."""
    parts = None if name in by_source else HASH.fullmatch(name)
    source, digits = (parts["source"], parts["digits"]) if parts else (name, "")
    there = by_source.get(source, ())
    if not there:
        near = did_you_mean(source, list(by_source)) if len(by_source) <= 2000 else "."
        near = near if near.startswith(": did") else "."
        return f"no stored image is called {source!r}{near}"
    matching = [pk for pk, sha256 in there if sha256.startswith(digits)]
    if len(matching) == 1:
        return matching[0]
    hashes = ", ".join(sha256[:DIGITS_WRITTEN] for _, sha256 in there)
    if not matching:
        return (
            f"{name!r} is another image here: the hash of the stored one begins with {hashes}. "
            "Import the images that the study was made with, or name another image."
        )
    return (
        f"{name!r} is the name of {len(matching)} stored images. Add the beginning of the hash "
        f"({hashes}) behind a #."
    )
