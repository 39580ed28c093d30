"""The rules of Psych-DS that have the level "error", written from its schema and not from ours.

Schema 1.5.1 of psych-ds/psych-DS, commit 4c9b500975135dba3c0c8512e775cc1028c028d0, in
schema_model/versions/jsons/1.5.1/schema.json. The codes are the schema's.
"""

import csv
import json
import re
from pathlib import Path

SCHEMA = ("1.5.1", "4c9b500975135dba3c0c8512e775cc1028c028d0")
DATA_FILE = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.(csv|tsv)")
REQUIRED = ("name", "description", "variableMeasured")
NAMESPACE = ("http://schema.org", "https://schema.org")


def errors(folder: Path) -> list[str]:
    """The code of each rule that the folder breaks, with the place."""
    path = folder / "dataset_description.json"
    if not path.is_file():
        return ["MISSING_DATASET_DESCRIPTION"]
    try:
        description = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return ["JSON_ENCODING_ERROR"]
    except ValueError:
        return ["JSON_INVALID"]
    found = _of_description(description)
    if not (folder / "data").is_dir():
        return [*found, "MISSING_DATA_DIRECTORY"]
    files = [path for path in (folder / "data").rglob("*") if path.suffix in (".csv", ".tsv")]
    good = [path for path in files if DATA_FILE.fullmatch(path.name)]
    found += [f"FILENAME_KEYWORD_FORMATTING_ERROR {p.name}" for p in files if p not in good]
    if not good:
        found.append("MISSING_DATAFILE")
    listed = {variable["name"] for variable in description.get("variableMeasured", ())}
    seen: set[str] = set()
    for path in good:
        found += _of_data(path, listed, seen)
    found += [f"VARIABLE_MISSING_FROM_CSV_COLUMNS {name}" for name in sorted(listed - seen)]
    for path in folder.rglob("*.json"):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found.append(f"JSON_INVALID {path.name}")
    return found


def _of_description(description: dict) -> list[str]:
    found = [f"JSON_KEY_REQUIRED {key}" for key in REQUIRED if not description.get(key)]
    if "@type" not in description:
        found.append("MISSING_DATASET_TYPE")
    elif description["@type"] not in ("Dataset", "https://schema.org/Dataset"):
        found.append("INCORRECT_DATASET_TYPE")
    if not str(description.get("@context", "")).startswith(NAMESPACE):
        found.append("INVALID_JSONLD_FORMATTING")
    return found


def _of_data(path: Path, listed: set[str], seen: set[str]) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",", strict=True))
    if not rows or not any(rows[0]):
        return [f"CSV_HEADER_MISSING {path.name}"]
    header = rows[0]
    seen.update(header)
    found = [f"CSV_COLUMN_MISSING_FROM_METADATA {c}" for c in header if c not in listed]
    if len(set(header)) < len(header):
        found.append(f"CSV_HEADER_REPEATED {path.name}")
    if any(len(row) != len(header) for row in rows):
        found.append(f"CSV_HEADER_LENGTH_MISMATCH {path.name}")
    if "row_id" in header:
        ids = [row[header.index("row_id")] for row in rows[1:]]
        found += [f"ROWID_VALUES_NOT_UNIQUE {path.name}"] if len(set(ids)) < len(ids) else []
    return found
