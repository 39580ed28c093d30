"""The reference of the exported columns, from the codebooks of all shipped studies."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from explanations.documents.markdown import table
from studyplatform.reference.markdown import code, page
from surveys.study_file.reading import study as reading
from surveys.tidy.codebook import own_type
from surveys.tidy.codebook_columns import OWN_COLUMNS
from surveys.tidy.columns import Column
from surveys.tidy.tables import tables


def write(studies: Path) -> str:
    """Return the page of the columns of every tidy table.

    Which columns a table has depends on its study, so the page joins the tables of all study files
    in the folder ``studies`` and below it.
    """
    columns: dict[str, dict[str, Column]] = {}
    for path in sorted(studies.rglob("*.toml")):
        text = path.read_text(encoding="utf-8")
        if "[[parts]]" not in text and "[questionnaires]" not in text:
            continue  # the plan of another lab's data
        for file, described in tables(reading.read(text)).items():
            columns.setdefault(file, {}).update({one.name: one for one in described})
    itself = ((code(name), own_type(name), label, "") for name, label in OWN_COLUMNS.items())
    return page(
        "Exported columns",
        "The columns of the tidy tables of all shipped studies. The codebook in an export "
        "describes exactly the columns of its study, with the items of its questionnaires. "
        "[The exported data](../exports.md) explains formats, missing values and the wide table.",
        *(block for file, of_file in columns.items() for block in _file(file, of_file.values())),
        "## `codebook.csv`",
        table(HEADER, itself),
    )


HEADER = ("column", "type", "meaning", "values")


def _file(file: str, columns: Iterable[Column]) -> Iterator[str]:
    yield f"## `{file}`"
    yield table(HEADER, ((code(one.name), one.type, one.label, _values(one)) for one in columns))


def _values(column: Column) -> str:
    if column.values:
        return "; ".join(f"{code(key)} {label}" for key, label in column.values.items())
    if column.minimum is None and column.maximum is None:
        return ""
    ends = ("" if end is None else f"{end:g}" for end in (column.minimum, column.maximum))
    return " to ".join(ends)
