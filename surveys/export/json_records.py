"""The tables as JSON files, each with a schema of its fields and its records."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from surveys.export.dataset import Missing, Table, TableCell, Variable
from surveys.export.formats import Written


def write(tables: Sequence[Table]) -> Written:
    """Return a JSON file for each table."""
    return Written({f"json/{table.name}.json": text(table).encode() for table in tables})


def text(table: Table) -> str:
    """Return the table as JSON, with a schema of its fields."""
    names = [variable.name for variable in table.variables]
    records = [
        {name: _value(value) for name, value in zip(names, row, strict=True)} for row in table.rows
    ]
    missing = [
        [number, variable.name, value.value]
        for number, row in enumerate(table.rows)
        for variable, value in zip(table.variables, row, strict=True)
        if isinstance(value, Missing) and value is not variable.empty
    ]
    document = {
        "schema": {
            "fields": [_field(variable) for variable in table.variables],
            "missing": "a null has the field's kind of missing, unless `missing` lists another "
            "kind as [record counted from 0, field, kind]",
        },
        "records": records,
        "missing": missing,
    }
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _field(variable: Variable) -> dict[str, Any]:
    described = {
        "name": variable.name,
        "type": variable.type,
        "label": variable.label,
        "minimum": variable.minimum,
        "maximum": variable.maximum,
        "values": dict(variable.values) if variable.values else None,
        "missing": variable.empty.value,
    }
    return {key: value for key, value in described.items() if value is not None}


def _value(value: TableCell) -> str | int | float | None:
    if isinstance(value, Missing):
        return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    return value
