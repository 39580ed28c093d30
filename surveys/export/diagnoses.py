"""What participants say is wrong, by image: suspected labels and background cues.

The table is meant for whoever trains the classifier next. It lists suspicions to be looked at, not
verdicts.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from surveys.export.dataset import Table, TableCell, Variable, plain
from surveys.export.wide import Row, records
from surveys.tasks.items import DIAGNOSIS, DIAGNOSIS_COMMENT, OF_MAPS
from surveys.tasks.items import diagnosis as questions
from surveys.tidy.cells import Cell

FEWEST = 3
"""Participants who must agree before an image is listed as suspected."""
SHARE = 1 / 3
"""Share of the answered trials that they must be."""
SUSPECTED = {
    "label": "the classifier's answer equals the label, but participants say that it is wrong",
    "background": "participants say that the map marks the background or the reasons are wrong",
}


def diagnoses(trials: Table) -> Table | None:
    """Return a row per image with the counts of each diagnosis, the most suspected images first.

    None if the trials have no such question, or hide it because the study is blinded.
    """
    if not any(variable.name == DIAGNOSIS for variable in trials.variables):
        return None
    by_image: dict[TableCell, list[Row]] = defaultdict(list)
    for row in records(trials):
        if plain(row["answered_at"]) is not None:
            by_image[row["image"]].append(row)
    options = dict(questions()[0].options)
    rows = [_row(image, shown, list(options)) for image, shown in by_image.items()]
    accusing = [5 + place for place, key in enumerate(options) if key != "nothing"]
    rows.sort(key=lambda row: (row[-1] is None, -_most(row, accusing), str(row[0])))
    return Table("diagnoses", _variables(options), rows)


def _variables(options: dict[str, str]) -> tuple[Variable, ...]:
    return (
        Variable("image", "text", "Start of the image's hash"),
        Variable("true_class", "category", "True class of the image"),
        Variable("predicted_class", "category", "Class that the classifier predicted"),
        Variable("trials", "integer", "Answered trials with this image", 0),
        Variable("with_map", "integer", "Answered trials that showed a map", 0),
        *(
            Variable(f"n_{key}", "integer", f"Trials with the diagnosis “{text}”", 0)
            for key, text in options.items()
        ),
        Variable("comments", "integer", "Trials with a comment", 0),
        Variable(
            "suspected",
            "category",
            f"What at least {FEWEST} participants and a third of the trials suspect",
            values=SUSPECTED,
        ),
    )


def _row(image: TableCell, shown: Sequence[Row], options: Sequence[str]) -> list[TableCell]:
    first = shown[0]
    counts = Counter(plain(row.get(DIAGNOSIS)) for row in shown)
    with_map = sum(plain(row.get("method")) not in (None, "") for row in shown)
    correct = bool(plain(first["prediction_correct"]))
    return [
        image,
        first["true_class"],
        first["predicted_class"],
        len(shown),
        with_map,
        *(counts[key] for key in options),
        sum(bool(plain(row.get(DIAGNOSIS_COMMENT))) for row in shown),
        _suspected(counts, len(shown), with_map, correct=correct),
    ]


def _suspected(counts: Counter[Cell], trials: int, with_map: int, *, correct: bool) -> TableCell:
    # Of a wrong prediction participants say rightly that it is wrong, so the label is not doubted.
    wrong = counts["wrong_class"]
    if correct and wrong >= FEWEST and wrong >= SHARE * trials:
        return "label"
    of_map = sum(counts[key] for key in OF_MAPS)
    return "background" if of_map >= FEWEST and of_map >= SHARE * with_map else None


def _most(row: Sequence[TableCell], places: Sequence[int]) -> int:
    return max(int(str(row[place])) for place in places)
