"""Rates at which the rules flag programs and walks like a person's, with and without the mark.

    python -m benchmarks.signals FOLDER [--each 10] [--only by_http,phone] [--at-once 3] [--write]
    python -m benchmarks.signals --found A/flags.csv,B/flags.csv [--write]

FOLDER is created, with a database, a server and the export. Each way walks `--each` times with the
browser's own automation mark (navigator.webdriver) hidden, and the ways through Chromium
`--marked` times more with it. The command can be stopped and called again: walks that FOLDER
already has are not repeated. The flags of each walk are in FOLDER/flags.csv; ``--found`` makes the
table from such files of several folders. ``--write`` stores the counts of the people's walks for
the report (analysis/sections/signals/clean_walks.json) and the table in docs/signals.md.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from scipy import stats

from analysis.plan.catalogues.signal_rules import PROGRAM_RULES, SIGNAL_RULES
from analysis.sections.signals.clean_walks import FILE
from analysis.study_data.signals import any_flag, flags
from benchmarks.served import ROOT
from benchmarks.signals.people import WAYS as PEOPLE
from benchmarks.signals.programs import WAYS as PROGRAMS
from benchmarks.signals.protocol import Way
from benchmarks.signals.runs import Walk, exported, walk_missing

WAYS = (*PROGRAMS, *PEOPLE)
STUDY = ROOT / "benchmarks" / "signals" / "study.toml"
CREATE = f"""
from pathlib import Path
from benchmarks.pages import store_images
from tests.surveys.shipped import open_study
open_study(Path({str(STUDY)!r}))
store_images()
"""
BEGIN, END = "<!-- rates: written by benchmarks.signals -->", "<!-- end of rates -->"
DOCS = ROOT / "docs" / "signals.md"


def earlier(file: Path) -> pd.DataFrame:
    """Read the flags of an earlier run. A rule that is undecided has an empty cell."""
    found = pd.read_csv(file)
    decided = [rule.key for rule in SIGNAL_RULES] + ["program"]
    return found.astype(dict.fromkeys(decided, "boolean"))


def table(found: pd.DataFrame) -> str:
    """Return the table of the docs: flagged walks by way, and the rules that flagged them."""
    lines = [
        "| walk | flagged, mark hidden | flagged, with mark | by the rules, mark hidden |",
        "|---|---|---|---|",
    ]
    for kind, ways in (("program", PROGRAMS), ("person", PEOPLE)):
        for way in ways:
            mine = found[found["way"] == way.key]
            if not mine.empty:
                lines.append(f"| {kind}: {way.label} | {_cells(mine)} |")
        together = found[found["way"].isin([way.key for way in ways])]
        if not together.empty:
            lines.append(f"| **all walks of a {kind}** | {_cells(together)} |")
    return "\n".join(lines)


def _cells(walks: pd.DataFrame) -> str:
    hidden = walks[~walks["marked"]]
    by = [
        f"{rule.key} {int(hidden[rule.key].sum())}"
        for rule in SIGNAL_RULES
        if hidden[rule.key].sum()
    ]
    cells = (_share(hidden), _share(walks[walks["marked"]]), ", ".join(by) or "none")
    return " | ".join(cells)


def _share(walks: pd.DataFrame) -> str:
    """Return the flagged of all walks with Clopper and Pearson's 95 % interval."""
    if walks.empty:
        return "–"
    flagged, number = int(walks["program"].sum()), len(walks)
    interval = stats.binomtest(flagged, number).proportion_ci(0.95, "exact")
    return f"{flagged} of {number} ({interval.low:.0%} to {interval.high:.0%})"


def write(found: pd.DataFrame) -> None:
    """Store the people's walks for the report, and the table for the docs."""
    people = found[~found["marked"] & found["way"].isin([way.key for way in PEOPLE])]
    rules = {
        rule.key: {
            "walks": int(people[rule.key].notna().sum()),
            "flagged": int(people[rule.key].sum()),
        }
        for rule in SIGNAL_RULES
        # The driver's own mark is hidden in these walks, so that they say nothing about its rule.
        if rule.key != "automation" and people[rule.key].notna().any()
    }
    FILE.write_text(json.dumps({"rules": rules}, indent=1) + "\n", encoding="utf-8")
    text = DOCS.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCS.write_text(f"{before}{BEGIN}\n{table(found)}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk, export, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--marked", type=int, default=2)
    parser.add_argument("--only", default="")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--found", default="")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    if given.found:
        found = pd.concat([earlier(Path(path)) for path in given.found.split(",")])
    elif given.folder:
        wanted = given.only.split(",") if given.only else [way.key for way in WAYS]
        ways = [way for way in WAYS if way.key in wanted]
        found = walked_and_flagged(given, ways)
    else:
        parser.error("give a folder, or --found with files of earlier runs")
    print(table(found))
    if given.write:
        write(found)


def walked_and_flagged(given: argparse.Namespace, ways: Sequence[Way]) -> pd.DataFrame:
    """Walk what the folder lacks, and return and store the flags of all its walks."""
    planned = [
        Walk(way.key, number, number >= given.each)
        for number in range(given.each + given.marked)
        for way in ways
        if number < given.each or way.key != "by_http"
    ]
    walk_missing(given.folder, CREATE, planned, {way.key: way for way in ways}, given.at_once)
    people = exported(given.folder)
    found = flags(people, [rule.key for rule in SIGNAL_RULES])
    found["program"] = any_flag(people, PROGRAM_RULES)
    found[["way", "marked", "number"]] = people[["way", "marked", "number"]]
    found.to_csv(given.folder / "flags.csv", index=False)
    return found


if __name__ == "__main__":
    main()
