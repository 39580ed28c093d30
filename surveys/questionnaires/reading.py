"""Reading of a questionnaire from its TOML file; all problems are reported at once."""

from dataclasses import replace

from analysis.toml.problems import FileProblemsError, did_you_mean
from analysis.toml.table import Table, document
from surveys.questionnaires.base import Item, Questionnaire, Scale, Subscale
from surveys.questionnaires.itemreading import one_of, read_item, read_scale
from surveys.questionnaires.translating import LANGUAGE, WORDINGS, translations

SCORES = ("mean", "sum")


class QuestionnaireError(FileProblemsError):
    """A questionnaire that does not exist or whose file is faulty."""


def read(questionnaire_id: str, text: str) -> Questionnaire:
    """Return the questionnaire in the text.

    Raises QuestionnaireError with every problem of the text.
    """
    name = f"The questionnaire {questionnaire_id!r}"
    table = document(text, name, QuestionnaireError)
    if table.text("id") != questionnaire_id:
        table.add("id", f"id must be {questionnaire_id!r}, the name of the file.")
    questionnaire = _questionnaire(table, questionnaire_id)
    questionnaire = replace(questionnaire, translations=translations(table, questionnaire))
    table.finish()
    if problems := table.problems.sentences():
        raise QuestionnaireError(name, problems)
    return questionnaire


def _questionnaire(table: Table, questionnaire_id: str) -> Questionnaire:
    """Return the questionnaire of the file without its translations."""
    scale = read_scale(table.table("scale")) if "scale" in table.values else None
    table.mapping("scale", {})
    items = _items(table, scale)
    language = table.text("language", "en")
    if not LANGUAGE.fullmatch(language):
        table.add("language", f"language is {language!r}. Write a code such as en, de or pt-br.")
    return Questionnaire(
        id=questionnaire_id,
        title=table.text("title"),
        instructions=table.text("instructions", ""),
        construct=table.text("construct"),
        source=table.text("source"),
        wording=one_of(table, "wording", WORDINGS),
        licence=table.text("licence"),
        scale=scale,
        items=items,
        language=language,
        shuffled=one_of(table, "order", ("fixed", "random"), "fixed") == "random",
        subscales=_subscales(table, items),
    )


def _items(table: Table, scale: Scale | None) -> tuple[Item, ...]:
    optional = table.flag("optional", False)
    does_not_apply = table.text("does_not_apply", "")
    items: list[Item] = []
    for entry in table.tables("items"):
        item = read_item(entry, scale, optional=optional, does_not_apply=does_not_apply)
        if item.id in [other.id for other in items]:
            entry.add(
                "id", f"the item id {item.id!r} occurs more than once. Rename one of the items."
            )
        items.append(item)
    if "items" in table.values and not items:
        table.add("items", "there are no items. Write one or more, each under [[items]].")
    return tuple(items)


def _subscales(table: Table, items: tuple[Item, ...]) -> dict[str, Subscale]:
    """Return the declared subscales; if there are none, a default for each that an item names."""
    named = dict.fromkeys(item.subscale for item in items if item.subscale)
    declared = table.table("subscales", {})
    if not declared.values:
        found = {key: Subscale(key, key) for key in named}
    else:
        found = {key: _subscale(declared.table(key), key) for key in declared.values}
    for number, item in enumerate(items):
        if item.subscale and item.subscale not in found:
            place = (*table.path, "items", number, "subscale")
            hint = did_you_mean(item.subscale, list(found))
            table.problems.add(place, f"unknown subscale {item.subscale!r}{hint}")
    for key in found:
        _check_subscale(table, key, [item for item in items if item.subscale == key])
    return found


def _subscale(table: Table, key: str) -> Subscale:
    share = table.number("minimum_answered", 0.8)
    if not 0 < share <= 1:
        table.add(
            "minimum_answered",
            f"minimum_answered is {share:g}. It is the share of the items that must be answered, "
            "above 0 and at most 1.",
        )
    score = one_of(table, "score", SCORES, "mean")
    found = Subscale(key, table.text("label", key), score, share)
    table.finish()
    return found


def _check_subscale(table: Table, key: str, items: list[Item]) -> None:
    if not items:
        table.problems.add(
            (*table.path, "subscales", key),
            f"no item belongs to the subscale {key!r}. Name it in items, or remove it.",
        )
    ranges = {(item.scale.minimum, item.scale.maximum) for item in items if item.scale}
    if len(ranges) > 1:
        listed = ", ".join(f"{low} to {high}" for low, high in sorted(ranges))
        table.problems.add(
            (*table.path, "items"),
            f"the items of the subscale {key!r} have different scales, {listed}: their mean would "
            "be meaningless. Give them one scale, or two subscales.",
        )
