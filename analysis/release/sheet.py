"""The texts of a release: what it contains, what was removed, and what that does to the results."""

from collections.abc import Mapping, Sequence

from analysis.release.comparison import Comparison, shown
from analysis.release.deidentify import Released
from analysis.release.metadata import Description
from analysis.release.removals import MEANING, Kind

LISTED = 200  # differences in the sheet; documentation/comparison.csv has them all


def read_me(description: Description, files: Sequence[str]) -> str:
    """Return README.md."""
    tables = "\n".join(f"- `{name}`" for name in files)
    return f"""# {description.title}

{description.abstract}

Cite as: {description.citation} Licence: {description.release.licence} (see LICENSE).

## What is in this folder

{tables}
- `documentation/codebook.csv`: the meaning of every column and of every question
- `documentation/WHAT_WAS_REMOVED.md`: what was removed from the original data, and what that
  does to which result
- `materials/`: study file, plan of the analysis, questionnaires, the classifier's card, maps, and
  pictures where their rights allow it
- `results/`: the report and its numbers, computed from exactly these data
- `analysis/reproduce.py`: the script that repeats the analysis and compares every number

Rows are joined by `participant`, a random identifier that occurs in this release only. Each row of
the participants' table is a participant; trials are identified by `participant` and `position`,
answers by `participant`, `page` and `item`.

The layout is Psych-DS (`dataset_description.json`) and RO-Crate 1.1 (`ro-crate-metadata.json`).
`datacite.json` is ready for the DOI that a repository gives.
"""


def removed_sheet(
    released: Released, comparison: Comparison, k: int, withheld: Sequence[str]
) -> str:
    """Return the sheet of what was removed and what that does to which result."""
    return "\n".join(
        [
            "# What was removed, and what that does to the results",
            "",
            *_removals(released),
            *_classes(released, k),
            *_withheld(withheld),
            *_results(comparison),
        ]
    )


def _removals(released: Released) -> list[str]:
    lines = []
    for kind in Kind:
        made = [removal for removal in released.removals if removal.kind is kind]
        if not made:
            continue
        lines += [f"## {kind.value.capitalize()}", "", MEANING[kind], ""]
        lines += [f"- {removal.where}: {removal.count} {removal.words}" for removal in made]
        lines.append("")
    return lines


def _classes(released: Released, k: int) -> list[str]:
    if not released.levels:
        return ["## Small groups", "", "The data contain no answers that describe people.", ""]
    rows = [f"| {item} | {level.words} |" for item, level in released.levels.items()]
    return [
        "## Small groups",
        "",
        f"Each combination of the answers below is shared by at least {released.smallest} people "
        f"(k = {k} was asked for). The answers of {released.suppressed} of {released.people} "
        "people are withheld, because no coarser answer would have sufficed.",
        "",
        "| question | released |",
        "|---|---|",
        *rows,
        "",
    ]


def _withheld(withheld: Sequence[str]) -> list[str]:
    if not withheld:
        return []
    return ["## Withheld files", "", *(f"- {sentence}" for sentence in withheld), ""]


def _results(comparison: Comparison) -> list[str]:
    numbers = comparison.numbers
    lines = [
        "## The report, redone from this release",
        "",
        f"{comparison.equal} numbers of results.json are equal to those of the original data, to "
        "the last digit.",
        "",
    ]
    if not numbers:
        return [*lines, "No result depends on anything that was removed.", ""]
    by_kind: dict[str, int] = {}
    for difference in numbers:
        by_kind[difference.because] = by_kind.get(difference.because, 0) + 1
    lines += [f"{len(numbers)} values differ, because they depend on what was removed:", ""]
    lines += [f"- {count} on {kind}" for kind, count in by_kind.items()]
    lines += ["", "| place in results.json | original data | this release | depends on |",
              "|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {one.place} | {shown(one.original)} | {shown(one.released)} | {one.because} |"
        for one in numbers[:LISTED]
    ]
    if len(numbers) > LISTED:
        lines.append(f"\n… and {len(numbers) - LISTED} more in comparison.csv.")
    return [*lines, ""]


def pictures_sentence(counts: Mapping[str, int], licence: str) -> str:
    """Return the sentence of LICENSE on the pictures."""
    if not counts.get("images"):
        return "The pictures of the images are not part of this release.\n"
    return f"The {counts['images']} pictures in materials/images are licensed under {licence}.\n"
