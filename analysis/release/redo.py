"""The analysis of a release, repeated from its own files."""

import json
import shutil
import tempfile
from pathlib import Path

from analysis.errors import AnalysisError, ReleaseError
from analysis.redo import Repetition, compare
from analysis.release.layout import DECLARED, MATERIALS, RESULTS, place_of
from analysis.run import analyse

SCRIPT = '''"""Repeat the analysis of this release, and compare it with results/results.json.

The folder of the platform must be on Python's path:

    PYTHONPATH=/path/to/the/platform python analysis/reproduce.py
"""

import sys
from pathlib import Path

try:
    from analysis.release.redo import main
except ImportError as error:
    sys.exit(f"The platform is not on Python's path ({error}). Set PYTHONPATH to its folder.")

sys.exit(main(Path(__file__).resolve().parent.parent))
'''


def tidy_folder(release: Path, target: Path) -> str:
    """Write the release's files under the names that the analysis reads, and return its command.

    Raises ReleaseError if the folder is not a release.
    """
    try:
        declared = json.loads((release / DECLARED).read_text(encoding="utf-8"))
        tables, slug, command = declared["tables"], declared["study"], declared["command"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(
            [f"{release} is not a release: {DECLARED} cannot be read ({error!r}). Name a folder "
             "that release_study wrote."]
        ) from error  # fmt: skip
    for name in dict.fromkeys([*tables, *MATERIALS]):
        source = release / place_of(name, slug)
        if source.is_file():
            shutil.copyfile(source, target / name)
    return str(command)


def repetition(release: Path) -> Repetition:
    """Repeat the analysis and compare its results with those of the release."""
    with tempfile.TemporaryDirectory() as place:
        data, output = Path(place) / "data", Path(place) / "report"
        data.mkdir()
        command = tidy_folder(release, data)
        analyse(data, output, command=command)
        old = json.loads((release / RESULTS).read_text(encoding="utf-8"))
        return compare(old, json.loads((output / "results.json").read_text(encoding="utf-8")))


def main(release: Path) -> int:
    """Repeat the analysis, print the differences, and return 0 if there are none, else 1."""
    try:
        again = repetition(release)
    except AnalysisError as error:
        again = Repetition([str(error)], "")
    if again.problems:
        print("\n".join(again.problems))
        return 1
    print(again.exactness)
    return 0
