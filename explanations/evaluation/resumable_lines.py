"""Numbers of each image in a JSON-lines file, so that existing numbers are not computed again."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

Values = Mapping[str, float]


def resumed(
    path: Path, names: Sequence[str], compute: Callable[[str], Values]
) -> Iterator[tuple[str, Values]]:
    """Yield each name with its values, read from the file or computed and appended to it.

    A last line that a killed process left incomplete is computed again.
    """
    known = read_lines(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and not path.read_bytes().endswith(b"\n"):
        path.write_text("".join(_line(name, values) for name, values in known.items()))
    with path.open("a", encoding="utf-8") as file:
        for name in names:
            if name not in known:
                known[name] = compute(name)
                file.write(_line(name, known[name]))
                file.flush()
            yield name, known[name]


def read_lines(path: Path) -> dict[str, Values]:
    """Read the values by name, or empty if the file does not exist."""
    known: dict[str, Values] = {}
    if not path.is_file():
        return known
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # truncated by a killed process
        known[entry["image"]] = entry["values"]
    return known


def _line(name: str, values: Values) -> str:
    # A value that is not a number must fail here, not in the report.
    return json.dumps({"image": name, "values": dict(values)}, allow_nan=False) + "\n"
