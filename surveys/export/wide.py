"""The wide table: a row per participant with answers, scale scores and means of trials.

It is made from the exported tidy tables alone, so that a blinded export cannot reveal more in it
than in the others.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from surveys import questionnaires, tasks
from surveys.export.dataset import Missing, Table, TableCell, Variable, plain
from surveys.questionnaires.base import DOES_NOT_APPLY, NOT_ASKED, Item, Questionnaire
from surveys.study_file.declaration import StudyFile
from surveys.study_file.step import Step
from surveys.tidy.cells import Cell
from surveys.tidy.codebook import CodebookRow, column_row

LONGEST_NAME = 32
"""Stata's limit; SPSS allows 64 bytes. Names are the same in every format."""
SPSS = ("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with")
STATA = (
    *("byte", "double", "float", "if", "in", "int", "long", "str", "strl", "using", "with"),
    *("_all", "_b", "_coef", "_cons", "_n", "_pi", "_pred", "_rc", "_skip"),
)
KEYWORDS = frozenset((*SPSS, *STATA))
"""Words that SPSS or Stata do not accept as names of variables."""
SURE_ENOUGH = 3  # ratings from here on expect a right answer, as in analysis.study_data.decisions
Row = Mapping[str, TableCell]
Answers = Mapping[str, TableCell]
Page = tuple[TableCell, TableCell]  # participant and key of the page


@dataclass(frozen=True)
class Asking:
    """A page that asks a questionnaire, with the suffix of its columns."""

    step: Step
    suffix: str
    words: str
    condition: str = ""


def wide_table(declared: StudyFile, tables: Mapping[str, Table]) -> Table:
    """Return the wide table of the exported tidy tables, which are given by name."""
    people = list(records(tables["participants"]))
    answers = _answers(tables)
    pages = {(row["participant"], row["page"]) for row in records(tables["pages"])}
    columns: list[tuple[Variable, list[TableCell]]] = [
        (variable, [row[place] for row in tables["participants"].rows])
        for place, variable in enumerate(tables["participants"].variables)
    ]
    for asking in _askings(declared, blinded="arm" not in _names(tables["participants"])):
        seen = [_given(declared, person, asking, answers, pages) for person in people]
        columns += _of_questionnaire(asking, seen)
    columns += _of_trials(declared, tables["trials"], people)
    names = accepted_names([variable.name for variable, _ in columns])
    variables = tuple(
        replace(variable, name=name) for (variable, _), name in zip(columns, names, strict=True)
    )
    rows = [list(row) for row in zip(*(cells for _, cells in columns), strict=True)]
    return Table("wide", variables, rows)


def table_rows(table: Table) -> list[CodebookRow]:
    """Return the codebook's rows of the table's columns."""
    return [
        column_row(
            table.file,
            one.name,
            one.label,
            one.type,
            minimum=one.minimum,
            maximum=one.maximum,
            values=one.values,
        )
        for one in table.variables
    ]


def records(table: Table) -> Iterator[Row]:
    names = _names(table)
    for row in table.rows:
        yield dict(zip(names, row, strict=True))


def _names(table: Table) -> list[str]:
    return [variable.name for variable in table.variables]


def _answers(tables: Mapping[str, Table]) -> dict[Page, dict[str, TableCell]]:
    """Return the answers of each page, by participant and page."""
    answers: dict[Page, dict[str, TableCell]] = defaultdict(dict)
    for name in ("answers", "block_answers"):
        for row in records(tables[name]) if name in tables else ():
            answers[row["participant"], row["page"]][str(row["item"])] = row["value"]
    return answers


def _askings(declared: StudyFile, blinded: bool) -> Iterator[Asking]:
    """Yield the pages that ask questionnaires, in their order.

    A questionnaire that is asked once has no suffix. One that is asked in several parts has the
    part as its suffix, and one that is asked in each block has the condition, or the number of the
    block while arms are blinded.
    """
    steps = [
        step for step in declared.steps if step.questionnaire and not (blinded and step.conditions)
    ]
    parts: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        parts[step.questionnaire].add(step.part)
    in_blocks = [step for step in steps if step.block and declared.blocks > 1]
    for step in steps:
        suffix, words = _part_of(step, parts)
        if step not in in_blocks:
            yield Asking(step, suffix, words)
        elif blinded:
            yield Asking(step, f"{suffix}_block{step.block}", f"{words}, block {step.block}")
    if blinded:
        return
    # A condition is in another block for each order: its columns collect its pages of all blocks.
    firsts = {(step.part, step.number): step for step in reversed(in_blocks)}
    for step in reversed(firsts.values()):
        suffix, words = _part_of(step, parts)
        for condition in declared.conditions:
            yield Asking(
                step,
                f"{suffix}_{condition.key}",
                f"{words}, condition {condition.key!r}",
                condition.key,
            )


def _part_of(step: Step, parts: Mapping[str, set[str]]) -> tuple[str, str]:
    """Return the suffix and the words for the page's part, if it is needed to tell it apart."""
    if len(parts[step.questionnaire]) == 1:
        return "", ""
    return f"_{step.part}", f", asked in the part {step.part!r}"


def _given(
    declared: StudyFile,
    person: Row,
    asking: Asking,
    answers: Mapping[Page, Answers],
    pages: set[Page],
) -> Answers | None:
    """Return the participant's answers to the page, or None if the page was not submitted."""
    step = asking.step
    if asking.condition:
        arm = next(arm for arm in declared.arms if arm.key == person["arm"])
        if asking.condition not in arm.conditions:
            return None
        block = arm.conditions.index(asking.condition) + 1
        key = next(
            (
                other.key
                for other in declared.steps
                if (other.part, other.number, other.block) == (step.part, step.number, block)
            ),
            "",
        )
    else:
        key = step.key
    place = (person["participant"], key)
    return answers.get(place, {}) if place in pages else None


def _of_questionnaire(
    asking: Asking, seen: Sequence[Answers | None]
) -> Iterator[tuple[Variable, list[TableCell]]]:
    questionnaire = questionnaires.get(asking.step.questionnaire)
    for item in questionnaire.items:
        cells = [_cell(item, given) for given in seen]
        yield _item_variable(item, asking), cells
    for scale, subscale in questionnaire.subscales.items():
        items = [item for item in questionnaire.items if item.subscale == scale]
        label = f"{subscale.score} of the scale {scale!r} after reversal{asking.words}"
        scores = [_score(questionnaire, scale, items, given) for given in seen]
        yield Variable(f"{scale}_score{asking.suffix}", "number", label), scores


def _cell(item: Item, given: Answers | None) -> TableCell:
    if given is None:
        return Missing.NOT_ASKED
    value = plain(given.get(item.id))
    if value == NOT_ASKED:
        return Missing.NOT_ASKED
    if value == DOES_NOT_APPLY:
        return Missing.DOES_NOT_APPLY
    if value is None or (value == "" and item.is_number):
        return Missing.NOT_ANSWERED
    return value


def _item_variable(item: Item, asking: Asking) -> Variable:
    low, high = item.bounds or (None, None)
    kind = "category" if item.kind == "choice" else "text"
    if item.bounds is not None:
        kind = "number" if item.range is not None and item.range.decimals else "integer"
    values = item.values
    if item.kind == "slider" and item.scale is not None:
        values = {str(point): label for point, label in item.scale.anchors.items()}
    labelled = {code: label for code, label in values.items() if label and code != DOES_NOT_APPLY}
    return Variable(
        f"{item.id}{asking.suffix}", kind, f"{item.text}{asking.words}", low, high, labelled or None
    )


def _score(
    questionnaire: Questionnaire, scale: str, items: Sequence[Item], given: Answers | None
) -> TableCell:
    """Return the score as the analysis computes it: too few answers give none."""
    if given is None:
        return Missing.NOT_ASKED
    subscale = questionnaire.subscales[scale]
    values = [_turned(item, given) for item in items]
    answered = [value for value in values if value is not None]
    if not answered or len(answered) / len(items) < subscale.minimum_answered:
        return Missing.NOT_ANSWERED
    mean = _mean(answered)
    return mean * len(items) if subscale.score == "sum" else mean


def _turned(item: Item, given: Answers) -> float | None:
    value = plain(given.get(item.id))
    if not isinstance(value, int | float) or item.bounds is None:
        return None
    low, high = item.bounds
    return float(low + high - value) if item.reversed else float(value)


def _of_trials(
    declared: StudyFile, trials: Table, people: Sequence[Row]
) -> Iterator[tuple[Variable, list[TableCell]]]:
    """Yield the means of each participant's trials, by part, condition and correctness."""
    by_person: dict[TableCell, list[Row]] = defaultdict(list)
    for row in records(trials):
        by_person[row["participant"]].append(row)
    main = [part for part in declared.trial_parts if not part.is_practice]
    names = _names(trials)
    parts = [part.key for part in main if "part" in names] if len(main) > 1 else []
    within = declared.blocks > 1 and "condition" in names
    conditions = [condition.key for condition in declared.conditions] if within else []
    measures = list(_measures(declared, names))
    # Hidden in a blinded export of a study whose arms differ in it.
    kinds = ("", "right", "wrong") if "prediction_correct" in names else ("",)
    # Each factor also has an empty level, which leaves its restriction and its suffix out.
    for part in parts or [""]:
        for condition in conditions or [""]:
            for correct in kinds:
                where: dict[str, Cell] = {}
                where |= {"part": part} if part else {}
                where |= {"condition": condition} if condition else {}
                where |= {"prediction_correct": correct == "right"} if correct else {}
                suffix = "".join(f"_{word}" for word in (part, condition, correct) if word)
                words = "".join(
                    f", {name} {word!r}"
                    for name, word in (("part", part), ("condition", condition))
                    if word
                ) + (f", predictions that are {correct}" if correct else "")
                chosen = [_chosen(by_person[row["participant"]], where) for row in people]
                yield (
                    Variable(f"trials{suffix}", "integer", f"Number of trials answered{words}", 0),
                    [sum(_is_answered(row) for row in rows) for rows in chosen],
                )
                for name, label in measures:
                    yield (
                        Variable(f"{name}{suffix}", "number", f"Mean over trials: {label}{words}"),
                        [_trial_mean(rows, name) for rows in chosen],
                    )


def _measures(declared: StudyFile, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the numeric columns of the trials, including the derived ones, with their labels."""
    there = set(names)
    main = [part for part in declared.trial_parts if not part.is_practice]
    asked = {
        item.id: item.text
        for part in main
        for stage in tasks.get(part.task).stages
        for item in stage.asks({}, part.confidence)
        if item.is_number
    }
    yield from ((name, label) for name, label in asked.items() if name in there)
    if {"prediction_correct", "predicted_class"} <= there:
        yield "decision_correct", "whether the decision is right"
        yield "advice_followed", "whether the classifier's answer was followed"
    yield "response_time_ms", "milliseconds from showing the page to the answer"


def _chosen(rows: Sequence[Row], where: Mapping[str, Cell]) -> list[Row]:
    return [row for row in rows if all(row.get(name) == value for name, value in where.items())]


def _is_answered(row: Row) -> bool:
    return plain(row["answered_at"]) is not None


def _trial_mean(rows: Sequence[Row], name: str) -> TableCell:
    derived = {"decision_correct": _decision_correct, "advice_followed": _advice_followed}
    values = [derived[name](row) if name in derived else plain(row.get(name)) for row in rows]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if numbers:
        return _mean(numbers)
    return Missing.NOT_ANSWERED if rows else Missing.NOT_ASKED


def _decision_correct(row: Row) -> float | None:
    """Return analysis.study_data.decisions' decision_correct of the trial."""
    for given, right in (
        ("agreed", "prediction_correct"),
        ("final_answer", "true_class"),
        ("guessed_answer", "predicted_class"),
        ("chosen_map", "predicted_map"),
    ):
        if (value := plain(row.get(given))) is not None:
            return float(_same(value, row[right]))
    rating = plain(row.get("rated_right"))
    if isinstance(rating, int | float):
        return float((rating >= SURE_ENOUGH) == bool(plain(row["prediction_correct"])))
    return None


def _advice_followed(row: Row) -> float | None:
    agreed = plain(row.get("agreed"))
    if isinstance(agreed, int | float):
        return float(agreed)
    final = plain(row.get("final_answer"))
    return None if final is None else float(final == row["predicted_class"])


def _same(value: Cell, other: TableCell) -> bool:
    if isinstance(value, int | float) and isinstance(other, int | float):
        return float(value) == float(other)
    return str(value) == str(other)


def _mean(values: Sequence[float]) -> float:
    """Return the mean, which does not depend on the order of the values."""
    return math.fsum(values) / len(values)


def accepted_names(names: Sequence[str]) -> list[str]:
    """Return names that every program accepts, each unique without regard to its case."""
    taken: set[str] = set()
    accepted = []
    for wanted in names:
        name, number = _accepted(wanted), 2
        while name in taken:
            end = f"_{number}"
            name, number = f"{_accepted(wanted)[: LONGEST_NAME - len(end)]}{end}", number + 1
        taken.add(name)
        accepted.append(name)
    return accepted


def _accepted(name: str) -> str:
    """Return a name of small letters, digits and _, of at most 32 characters."""
    plain_name = re.sub(r"[^a-z0-9_]", "_", name.lower())
    if not plain_name[:1].isalpha():
        plain_name = f"v_{plain_name}"
    if plain_name in KEYWORDS or re.fullmatch(r"str\d+", plain_name):
        plain_name = f"{plain_name}_"
    return plain_name[:LONGEST_NAME].rstrip("_") if len(plain_name) > LONGEST_NAME else plain_name
