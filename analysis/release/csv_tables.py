"""Tables of texts, read from and written to csv files without a change of any other cell."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from analysis.study_data.csv_lines import csv_lines

Row = dict[str, str]


@dataclass(frozen=True)
class CsvTable:
    """A csv file: its columns, and its rows as texts by column."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def without(self, dropped: Sequence[str]) -> "CsvTable":
        """Return the table without some columns."""
        kept = tuple(name for name in self.columns if name not in dropped)
        return CsvTable(kept, tuple({name: row[name] for name in kept} for row in self.rows))

    @property
    def text(self) -> str:
        """Return the text of the csv file, with a line feed at the end of each row."""
        # The cells come from an export, which has guarded them.
        return csv_lines(
            [self.columns, *([row[name] for name in self.columns] for row in self.rows)]
        )


def read_table(path: Path) -> CsvTable:
    """Return the table of a csv file in UTF-8."""
    csv.field_size_limit(2**31 - 1)
    # Not read_text(), which would change line breaks within cells.
    text = path.read_bytes().decode("utf-8-sig")
    lines = [line for line in csv.reader(StringIO(text, newline="")) if line]
    columns = tuple(lines[0])
    return CsvTable(columns, tuple(dict(zip(columns, line, strict=True)) for line in lines[1:]))
