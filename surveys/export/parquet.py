"""The tables as Parquet files with typed columns. Each column's label is in its metadata."""

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from surveys.export.dataset import Table, Variable, plain
from surveys.export.formats import Written
from surveys.tidy.cells import Cell

TYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "text": pa.string(),
    "category": pa.string(),
    "datetime": pa.timestamp("ms", tz="UTC"),
}


def write(tables: Sequence[Table]) -> Written:
    """Return a Parquet file for each table."""
    return Written({f"parquet/{table.name}.parquet": _parquet(table) for table in tables})


def _parquet(table: Table) -> bytes:
    fields = [
        pa.field(one.name, TYPES[one.type], metadata={"label": one.label})
        for one in table.variables
    ]
    arrays = [
        pa.array([_value(one, plain(row[place])) for row in table.rows], TYPES[one.type])
        for place, one in enumerate(table.variables)
    ]
    content = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), content)
    return content.getvalue()


def _value(variable: Variable, value: Cell) -> Cell:
    if value is None:
        return None
    if variable.type == "integer":
        return int(value)  # type: ignore[arg-type]  # flags are booleans
    if variable.type == "number":
        return float(value)  # type: ignore[arg-type]
    return value if variable.type == "datetime" else str(value)
