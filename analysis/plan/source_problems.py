"""Rules of a plan's [source] that need no file of the study, each reported at its key."""

import codecs
from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

from analysis.plan.tables import Source, SourceItem, SourceTable, is_inside
from analysis.plan.wide_patterns import placeholders, read_pattern
from analysis.toml.positions import Path
from analysis.toml.problems import Problems

CHOICE_COLUMNS = ("map_methods", "preferred_map")
NEEDED = {"participants": (), "trials": (), "answers": ("questionnaire", "item", "value")}


def check_source(source: Source, problems: Problems) -> None:
    """Report every rule that [source] breaks."""
    if not source.tables:
        said = "[source] needs at least one table [[source.tables]]. Add it."
        problems.add(("source", "tables"), said)
    _check_format(source, problems)
    for number, table in enumerate(source.tables):
        path = ("source", "tables", number)
        _check_file(table, path, problems)
        _check_wide(table, path, problems)
        _check_json(table, path, problems)
        _check_choice(table, path, problems)
        _check_columns(table, source, path, problems)
        if table.repeats == "keep_all" and (table.into != "trials" or "position" in ours_of(table)):
            problems.add(
                (*path, "repeats"),
                f'{table.file}: repeats = "keep_all" counts every row as a trial of its own, so it '
                "needs a table of trials without a position. Choose another value.",
                (*path, "columns"),
            )
    for number, item in enumerate(source.items):
        _check_item(item, source.items[:number], ("source", "items", number), problems)
    _check_complete(source, problems)


def ours_of(table: SourceTable) -> tuple[str, ...]:
    """Return the columns of ours that the table fills, with repetitions."""
    named = () if table.named is None else (table.named,)
    spread = ("item", "value") if table.items else ()
    wide = (*table.wide, *placeholders(table.wide.values()))
    choice = () if table.choice is None else CHOICE_COLUMNS
    return (*table.columns, *table.constants, *named, *spread, *wide, *choice)


def _check_format(source: Source, problems: Problems) -> None:
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        problems.add(
            ("source", "encoding"),
            f"encoding is {source.encoding!r}, which is not an encoding. Name one, such as "
            '"utf-8", "latin-1", "cp1252" or "utf-16".',
        )
    if len(source.separator) != 1 or source.separator in '"\r\n':
        problems.add(
            ("source", "separator"),
            f"separator is {source.separator!r}, which is not a single character. Use "
            'one, such as ",", ";" or "\\t".',
        )


def _check_file(table: SourceTable, path: Path, problems: Problems) -> None:
    parts = PurePosixPath(table.file).parts
    outside = ".." in parts or PurePosixPath(table.file).is_absolute()
    if outside or PureWindowsPath(table.file).drive:
        problems.add(
            (*path, "file"),
            f"file is {table.file!r}. It must be inside the folder of the data, without .. and "
            "without a drive. Move the file there.",
        )
    if table.named is not None and table.file.count("*") != 1:
        problems.add(
            (*path, "named"),
            f"{table.file}: named = {table.named!r} takes the part of the file's name that * "
            'matches, so file needs exactly one *, such as "log-*.csv". Correct file.',
            (*path, "file"),
        )


def _check_wide(table: SourceTable, path: Path, problems: Problems) -> None:
    if table.items and table.into != "answers":
        said = f"{table.file}: items is for tables of answers. Use wide for {table.into}."
        problems.add((*path, "items"), said, (*path, "into"))
    if table.wide and table.into == "participants":
        problems.add(
            (*path, "wide"),
            f"{table.file}: a participant has one row of participants, so wide has no use there. "
            "Map the columns in columns.",
            (*path, "into"),
        )
    if table.wide and table.items:
        said = f"{table.file}: give items or wide, not both. Use two [[source.tables]]."
        problems.add((*path, "wide"), said, (*path, "items"))
    # All patterns of a table are spread over the same rows, so they must name the same columns.
    first: tuple[str, ...] | None = None
    for ours, text in table.wide.items():
        pattern = read_pattern(text)
        if pattern is None:
            problems.add(
                (*path, "wide", ours),
                f"{table.file}: {ours!r} in wide is {text!r}. It must contain the name of a column "
                'of ours in braces, such as "rating_{image}" or "rating_{image=cat|dog}", each '
                "name once.",
            )
        elif first is None:
            first = pattern.names
        elif set(pattern.names) != set(first):
            problems.add(
                (*path, "wide", ours),
                f"{table.file}: {ours!r} in wide has {', '.join(pattern.names)} in braces, but the "
                f"first pattern has {', '.join(first)}. Use the same names in all patterns.",
            )


def _check_json(table: SourceTable, path: Path, problems: Problems) -> None:
    if twice := sorted({name for name in table.json if table.json.count(name) > 1}):
        said = f"{table.file}: json lists {_listed(twice)} more than once. Keep one."
        problems.add((*path, "json"), said)
    patterns = [text.partition("{")[0] for text in table.wide.values()]
    for name in table.json:
        names = (*table.named_columns, *patterns)
        if not any(is_inside(one, name) for one in names):
            problems.add(
                (*path, "json"),
                f"{table.file}: json lists {name!r}, but no value of it is used. Map one, such as "
                f'"{name}.answer", or take it out of json.',
                *((*path, key) for key in ("columns", "items", "wide", "where", "choice")),
            )


def _check_choice(table: SourceTable, path: Path, problems: Problems) -> None:
    if table.choice is None:
        return
    if table.into != "trials":
        said = f'{table.file}: choice is for tables of trials. Set into = "trials".'
        problems.add((*path, "choice"), said, (*path, "into"))
    if table.wide:
        said = f"{table.file}: give choice or wide, not both: a row is one choice or several."
        problems.add((*path, "choice"), f"{said} Use two [[source.tables]].", (*path, "wide"))
    named = table.choice.columns
    if twice := sorted({name for name in named if named.count(name) > 1}):
        problems.add(
            (*path, "choice"),
            f"{table.file}: choice names {_listed(twice)} more than once. Winner, loser, first and "
            "tied are different columns.",
            *((*path, "choice", key) for key in ("winner", "loser", "first", "tied")),
        )


def _check_columns(table: SourceTable, source: Source, path: Path, problems: Problems) -> None:
    ours = ours_of(table)
    keys = ("columns", "constants", "named", "items", "wide", "choice")
    faulty = tuple((*path, key) for key in keys)
    if twice := sorted({name for name in ours if ours.count(name) > 1}):
        problems.add(
            path,
            f"{table.file}: {_listed(twice)} is filled more than once, by columns, constants, "
            "named, items, wide or choice. Keep one.",
            *faulty,
        )
    # A wide table may leave the questionnaire of each item to [[source.items]].
    found_by_item = ("questionnaire",) if table.items or table.wide else ()
    _check_questionnaires(table, source, path, problems)
    for name in ("participant", *NEEDED[table.into]):
        if name not in ours and name not in found_by_item:
            said = f"{table.file}: {name!r} is neither in columns nor in constants. Map it."
            problems.add(path, said, *faulty)
    for name in table.types:
        if name not in ours:
            said = f"{table.file}: types has {name!r}, which the table does not fill. Map it."
            problems.add((*path, "types", name), said, *faulty)


def _check_questionnaires(
    table: SourceTable, source: Source, path: Path, problems: Problems
) -> None:
    """Check that each item of a wide table without a questionnaire belongs to exactly one."""
    if table.into != "answers" or "questionnaire" in ours_of(table):
        return
    for item in table.items:
        count = sum(other.item == item for other in source.items)
        if count > 1:
            problems.add(
                (*path, "items", item),
                f"{table.file}: the item {item!r} is in {count} questionnaires of "
                "[[source.items]]. Name the table's questionnaire in constants.",
                ("source", "items"),
            )


def _check_item(
    item: SourceItem, before: Sequence[SourceItem], path: Path, problems: Problems
) -> None:
    name = f"[[source.items]] {item.item!r}"
    if any((one.item, one.questionnaire) == (item.item, item.questionnaire) for one in before):
        said = f"{name} of {item.questionnaire!r} is listed twice. Remove one."
        problems.add((*path, "item"), said, (*path, "questionnaire"))
    bounds = ((*path, "minimum"), (*path, "maximum"))
    if (item.minimum is None) != (item.maximum is None):
        said = f"{name}: give both minimum and maximum, or neither."
        problems.add(path, said, *bounds)
    elif item.minimum is not None and item.maximum is not None and item.minimum >= item.maximum:
        said = f"{name}: minimum {item.minimum:g} must be below maximum {item.maximum:g}."
        problems.add((*path, "minimum"), said, *bounds)
    elif item.minimum is None and item.scale is not None:
        said = f"{name} belongs to a scale, so it needs minimum and maximum. Add them."
        problems.add((*path, "scale"), said, *bounds)
    if item.reversed not in (0, 1):
        problems.add((*path, "reversed"), f"{name}: reversed is {item.reversed}. Use 0 or 1.")


def _check_complete(source: Source, problems: Problems) -> None:
    files = [table.file for table in source.tables]
    for file, least in source.complete.items():
        place = ("source", "complete", file)
        if file not in files:
            said = f"complete has {file!r}, which is not a file of [[source.tables]]: "
            problems.add(place, f"{said}{_listed(files)}. Correct it.", ("source", "tables"))
        elif least < 1:
            problems.add(place, f"complete: {file!r} is {least}. It must be at least 1.")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(map(repr, words))
