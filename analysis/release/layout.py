"""Places of the files in a release, whose data follow the naming of Psych-DS."""

import re
from pathlib import PurePosixPath

CODEBOOK = "documentation/codebook.csv"
MANIFEST = "documentation/manifest.json"
DECLARED = "documentation/release.json"
REMOVED = "documentation/WHAT_WAS_REMOVED.md"
COMPARISON = "documentation/comparison.csv"
RESULTS = "results/results.json"
SCRIPT = "analysis/reproduce.py"
MATERIALS = {
    "plan.toml": "materials/plan.toml",
    "study.toml": "materials/study.toml",
    "registered.json": "materials/registered.json",
    "evaluation.csv": "materials/evaluation.csv",
    "codebook.csv": CODEBOOK,
    "manifest.json": MANIFEST,
}
"""Place by name of the files of an export that are no tables of data."""


def place_of(name: str, slug: str) -> str:
    """Return the place of a file of an export, such as trials.csv.

    Psych-DS 1.5.1 wants keyword-value pairs, with letters and digits alone in the values:
    data/study-mystudy_description-blockAnswers_data.csv.
    """
    if name in MATERIALS:
        return MATERIALS[name]
    words = PurePosixPath(name).stem.split("_")
    table = words[0] + "".join(word.capitalize() for word in words[1:])
    study = re.sub(r"[^A-Za-z0-9]", "", slug) or "study"
    return f"data/study-{study}_description-{table}_data.csv"
