"""Files that the tables of [source] name, with patterns such as "block-*.csv" filled in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.plan.tables import Source, SourceTable
from analysis.study_data.csv_files import values_text


@dataclass(frozen=True)
class SourceFile:
    """A file, and the table that maps it, whose `file` is the name of this file.

    `declared` is the name or pattern in the plan.
    """

    declared: str
    path: Path
    table: SourceTable


def source_files(place: Path, source: Source) -> tuple[list[SourceFile], list[str]]:
    """Return the files in the plan's order, those of a pattern by name, and problems.

    `place` is the folder of the files, or the only file that the plan names.
    """
    folder = place if place.is_dir() else place.parent
    files: list[SourceFile] = []
    problems = []
    for table in source.tables:
        if not is_pattern(table.file):
            files.append(SourceFile(table.file, folder / table.file, table))
            continue
        matching = list(_matching(folder, table))
        if not matching:
            problems.append(
                f"[source]: no file of the folder {folder.name!r} has a name like {table.file!r}. "
                "Correct file in [[source.tables]]."
            )
        files += matching
    if not place.is_dir() and place.exists() and all(file.path != place for file in files):
        problems.append(
            f"[source] does not map {place.name!r}, but {values_text(f.declared for f in files)}. "
            "Name the folder of these files, or correct file in [[source.tables]]."
        )
    return files, problems


def is_pattern(name: str) -> bool:
    """Return whether the name is a pattern for several files."""
    return "*" in name or "?" in name


def _matching(folder: Path, table: SourceTable) -> Iterator[SourceFile]:
    # Only * and ? are special, because other programs write brackets into names of files.
    expression = re.escape(table.file).replace(r"\*", "([^/]*)").replace(r"\?", "[^/]")
    for path in sorted(folder.glob(re.sub(r"\[", "[[]", table.file))):
        name = path.relative_to(folder).as_posix()
        fits = re.fullmatch(expression, name)
        if fits is None or not path.is_file():
            continue
        constants = dict(table.constants)
        if table.named is not None:
            constants[table.named] = fits[1]
        yield SourceFile(table.file, path, replace(table, file=name, constants=constants))
