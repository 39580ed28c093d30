"""Times counted from each participant's consent, in place of the moments themselves."""

from collections.abc import Mapping
from datetime import UTC, datetime

from analysis.release.checking.times import REFERENCE
from analysis.release.csv_tables import CsvTable
from analysis.study_data.columns import FILES

START = "consented_at"
PEOPLE = ("participants.csv", "not_allocated.csv")
ZERO = datetime.fromisoformat(REFERENCE).replace(tzinfo=UTC)


def with_relative_times(
    tables: Mapping[str, CsvTable],
) -> tuple[dict[str, CsvTable], Mapping[str, int]]:
    """Return the tables with relative times, and the number of changed cells by file.

    The columns are those that the analysis or the codebook calls datetime. A person without a time
    of consent has no times at all.
    """
    columns = {
        file: [column.name for column in known if column.type == "datetime"]
        for file, known in FILES.items()
    }
    for row in tables["codebook.csv"].rows:
        if row["type"] == "datetime" and not row["item"]:
            columns.setdefault(row["file"], []).append(row["column"])
    begun = {
        row["participant"]: datetime.fromisoformat(row[START])
        for file in PEOPLE
        if file in tables
        for row in tables[file].rows
        if row.get(START)
    }
    changed, counts = dict(tables), {}
    for file, named in columns.items():
        table = tables.get(file)
        here = [name for name in dict.fromkeys(named) if table and name in table.columns]
        if table is None or not here:
            continue
        counts[file] = sum(bool(row[name]) for row in table.rows for name in here)
        rows = (
            row | {name: _relative(row[name], begun.get(row["participant"])) for name in here}
            for row in table.rows
        )
        changed[file] = CsvTable(table.columns, tuple(rows))
    return changed, counts


def _relative(text: str, start: datetime | None) -> str:
    if not text or start is None:
        return ""
    # A page that was stored in the millisecond of the consent must not lie before it.
    passed = max(datetime.fromisoformat(text) - start, start - start)
    return (ZERO + passed).isoformat(timespec="milliseconds")
