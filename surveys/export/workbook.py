"""The tables as one Excel workbook with a sheet per table, the codebook among them.

Formulas are guarded as in csv files. A cell of Excel holds at most 32,767 characters and no control
characters except tabs and line breaks: longer texts are cut and other characters replaced, and the
sheet "notes" and the manifest name each such column.
"""

import io
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from analysis.study_data.formulas import guarded
from surveys.export.dataset import Table, plain
from surveys.export.formats import Written
from surveys.tidy.cells import Cell

LONGEST_CELL = 32_767
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# A reader turns _x0041_ into A, so that a text which looks like that needs its own _ escaped.
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
MOST_ROWS = 1_048_576


def write(tables: Sequence[Table]) -> Written:
    """Return the workbook. Times are text in ISO 8601, because Excel's have no time zone."""
    book = Workbook(write_only=True)
    # A fixed time, so that equal tables make equal workbooks.
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    notes = []
    for table in tables:
        changed: Counter[tuple[str, str]] = Counter()
        sheet = book.create_sheet(table.name[:31])
        header = [WriteOnlyCell(sheet, variable.name) for variable in table.variables]
        for cell in header:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        sheet.append(header)
        for row in table.rows[: MOST_ROWS - 1]:
            sheet.append(
                [
                    _value(plain(value), variable.name, changed)
                    for value, variable in zip(row, table.variables, strict=True)
                ]
            )
        notes += [
            f"{table.name}, column {name}: {count} {why}" for (name, why), count in changed.items()
        ]
        if len(table.rows) >= MOST_ROWS:
            notes.append(f"{table.name}: only the first {MOST_ROWS - 1:,} rows fit a sheet")
    if notes:
        sheet = book.create_sheet("notes")
        for note in notes:
            sheet.append([note])
    content = io.BytesIO()
    book.save(content)
    return Written({"tables.xlsx": content.getvalue()}, [f"tables.xlsx, {note}." for note in notes])


def _value(value: Cell, column: str, changed: Counter[tuple[str, str]]) -> Cell:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if not isinstance(value, str):
        return value
    text = guarded(value)
    if CONTROL.search(text):
        changed[column, "with control characters, which are shown as symbols"] += 1
        text = CONTROL.sub(lambda match: chr(0x2400 + ord(match[0])), text)
    text = LOOKS_ESCAPED.sub("_x005F_", text).replace("\r", "_x000D_")
    if len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        changed[column, f"cut to {LONGEST_CELL:,} characters, Excel's limit"] += 1
        text = text.encode("utf-16-le")[: 2 * LONGEST_CELL].decode("utf-16-le", "ignore")
    return text
