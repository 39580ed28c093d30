"""Rows of a file that contain a winner and a loser, as comparisons of two methods."""

import pandas as pd

from analysis.plan.tables import MISSING_KINDS, SourceChoice, SourceTable
from analysis.study_data.csv_files import rows_text, values_text

PLACES, CHOICE = "map_methods", "preferred_map"
"""Our columns that a choice fills: both methods joined by a semicolon; 1, 2, or 0 for neither."""
FLAGS = ("0", "1", "")


def with_choices(
    frame: pd.DataFrame, cells: pd.DataFrame, table: SourceTable
) -> tuple[pd.DataFrame, list[str]]:
    """Return the frame with the columns that `table.choice` fills, and problems.

    `cells` has the columns of the choice by their names, translated to our words. Without `first`,
    the methods are in the order of their names, which says nothing about their places.
    """
    choice = table.choice
    if choice is None:
        return frame, []
    cells = cells.mask(cells.isin(MISSING_KINDS), "")
    winner, loser = cells[choice.winner], cells[choice.loser]
    problems = list(_problems(cells, choice, table))
    if problems:
        return frame, problems
    first = cells[choice.first] if choice.first is not None else winner.where(winner < loser, loser)
    second = loser.where(first == winner, winner)
    chosen = (first == winner).map({True: "1", False: "2"})
    if choice.tied is not None:
        chosen = chosen.mask(cells[choice.tied] == "1", "0")
    places = first.str.cat(second, sep=";")
    return frame.assign(**{PLACES: places.astype("object"), CHOICE: chosen.astype("object")}), []


def _problems(cells: pd.DataFrame, choice: SourceChoice, table: SourceTable) -> list[str]:
    """Return a sentence per rule that rows of the file break, with their lines."""
    winner, loser = cells[choice.winner], cells[choice.loser]
    pair = f"{choice.winner} + {choice.loser}"
    named = (choice.winner, choice.loser)
    checks = [
        *(
            (name, cells[name] == "", "must not be empty; leave such rows out with where")
            for name in named
        ),
        *(
            (name, cells[name].str.contains(";", regex=False), "must not contain a semicolon")
            for name in named
        ),
        (pair, (winner == loser) & (winner != ""), "is compared with itself"),
    ]
    if choice.first is not None:
        first = cells[choice.first]
        checks.append((choice.first, (first != winner) & (first != loser),
                       f"must be the row's {choice.winner} or {choice.loser}"))  # fmt: skip
    if choice.tied is not None:
        checks.append((choice.tied, ~cells[choice.tied].isin(FLAGS), "must be 1, 0 or empty"))
    return [
        f"{table.file}, column {name}, {rows_text(bad)}: "
        f"{values_text(cells.loc[bad, name.split(' + ')[0]])} {rule}. Correct the rows, or "
        "choice in the plan's [source]."
        for name, bad, rule in checks
        if bad.any()
    ]
