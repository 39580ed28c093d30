"""Reading of a questionnaire from its TOML file, with all its problems reported at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from analysis.toml import document
from analysis.toml.document import Document
from analysis.toml.problems import FileProblemsError, Problems, TableProblems, did_you_mean
from analysis.toml.typed import read_as
from analysis.toml.value_types import OneOf, Share, Stripped, Words
from surveys.questionnaires.base import Item, Questionnaire, Scale, Subscale
from surveys.questionnaires.itemreading import ItemTable, ScaleTable, read_item, read_scale
from surveys.questionnaires.translating import LANGUAGE, WORDINGS, translations


class QuestionnaireError(FileProblemsError):
    """A questionnaire that does not exist or whose file is faulty."""


@dataclass(frozen=True)
class SubscaleTable:
    """The table of a subscale, as written."""

    label: Stripped = ""
    score: Literal["mean", "sum"] = "mean"
    minimum_answered: Share = 0.8


@dataclass(frozen=True)
class QuestionnaireTable:
    """A questionnaire's file as written, without its translations."""

    id: Words
    title: Words
    construct: Words
    source: Words
    wording: Annotated[str, OneOf(WORDINGS)]
    licence: Words
    items: tuple[ItemTable, ...]
    instructions: Stripped = ""
    scale: ScaleTable | None = None
    language: Words = "en"
    order: Literal["fixed", "random"] = "fixed"
    optional: bool = False
    does_not_apply: Stripped = ""
    subscales: Mapping[str, SubscaleTable] = field(default_factory=dict)
    text: dict[str, Any] = field(default_factory=dict)  # read by ``translations``


def read(questionnaire_id: str, text: str) -> Questionnaire:
    """Return the questionnaire in the text.

    Raises QuestionnaireError with every problem of the text.
    """
    name = f"The questionnaire {questionnaire_id!r}"
    file = document.read(text, name, QuestionnaireError)
    written = read_as(QuestionnaireTable, file.values, file.problems)
    if written.id != questionnaire_id:
        file.problems.add(("id",), f"id must be {questionnaire_id!r}, the name of the file.")
    questionnaire = _questionnaire(written, file, questionnaire_id)
    questionnaire = replace(questionnaire, translations=translations(file, questionnaire))
    file.raise_problems(name, QuestionnaireError)
    return questionnaire


def _questionnaire(
    written: QuestionnaireTable, file: Document, questionnaire_id: str
) -> Questionnaire:
    """Return the questionnaire of the file without its translations."""
    scale = None
    if written.scale is not None:
        scale = read_scale(written.scale, TableProblems(file.problems, ("scale",)))
    items = _items(written, file, scale)
    # A malformed code would never match the language of a page.
    if not LANGUAGE.fullmatch(written.language):
        said = f"language is {written.language!r}. Write a code such as en, de or pt-br."
        file.problems.add(("language",), said)
    return Questionnaire(
        id=questionnaire_id,
        title=written.title,
        instructions=written.instructions,
        construct=written.construct,
        source=written.source,
        wording=written.wording,
        licence=written.licence,
        scale=scale,
        items=items,
        language=written.language,
        shuffled=written.order == "random",
        subscales=_subscales(written, items, file.problems),
    )


def _items(written: QuestionnaireTable, file: Document, scale: Scale | None) -> tuple[Item, ...]:
    items: list[Item] = []
    tables = file.tables("items")
    for number, (entry, table) in enumerate(zip(written.items, tables, strict=True)):
        at = TableProblems(file.problems, ("items", number))
        item = read_item(
            entry,
            table,
            at,
            scale,
            optional=written.optional,
            does_not_apply=written.does_not_apply,
        )
        # Answers are stored under the item's id, so that it must be unique on the page.
        if item.id in [other.id for other in items]:
            said = f"the item id {item.id!r} occurs more than once. Rename one of the items."
            at.add("id", said)
        items.append(item)
    if not items:
        said = "there are no items. Write one or more, each under [[items]]."
        file.problems.add(("items",), said)
    return tuple(items)


def _subscales(
    written: QuestionnaireTable, items: tuple[Item, ...], problems: Problems
) -> dict[str, Subscale]:
    """Return the declared subscales or, if there are none, a default for each that an item
    names.
    """
    named = dict.fromkeys(item.subscale for item in items if item.subscale)
    if not written.subscales:  # with declared ones, an unknown name is probably a typing error
        subscales = {key: Subscale(key, key) for key in named}
    else:
        subscales = {
            key: Subscale(key, table.label or key, table.score, table.minimum_answered)
            for key, table in written.subscales.items()
        }
    for number, item in enumerate(items):
        if item.subscale and item.subscale not in subscales:
            hint = did_you_mean(item.subscale, list(subscales))
            place = ("items", number, "subscale")
            problems.add(place, f"unknown subscale {item.subscale!r}{hint}", ("subscales",))
    for key in subscales:
        _check_subscale(problems, key, [item for item in items if item.subscale == key])
    return subscales


def _check_subscale(problems: Problems, key: str, items: list[Item]) -> None:
    if not items:
        problems.add(
            ("subscales", key),
            f"no item belongs to the subscale {key!r}. Name it in items, or remove it.",
        )
    ranges = {(item.scale.minimum, item.scale.maximum) for item in items if item.scale}
    if len(ranges) > 1:
        listed = ", ".join(f"{low} to {high}" for low, high in sorted(ranges))
        problems.add(
            ("items",),
            f"the items of the subscale {key!r} have different scales, {listed}: their mean would "
            "be meaningless. Give them one scale, or two subscales.",
        )
