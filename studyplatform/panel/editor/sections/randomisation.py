"""The editor's section of the randomisation: how arms are drawn and over what they are balanced."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, rearranged
from surveys import questionnaires
from surveys.questionnaires.base import WRITTEN, Item
from surveys.questionnaires.reading import QuestionnaireError

ALLOCATION: Path = ("allocation",)
STRATA: Path = (*ALLOCATION, "strata")
BLOCKS = "permuted_blocks"
MINIMISATION = "minimisation"
OWN_KEYS = {BLOCKS: "block_multiples", MINIMISATION: "probability"}
"""The key that only this method has."""
SEPARATOR = " "
"""Between questionnaire and item in the choice of a question, where no key can have it."""


def _randomisation(values: Values) -> list[Entry]:
    return [
        Entry(
            (*ALLOCATION, "method"), gettext("How each person's arm is drawn"), "radio",
            missing=BLOCKS,
            choices=[(BLOCKS, gettext("permuted blocks: the sizes of the arms never differ much")),
                     (MINIMISATION, gettext(
                         "minimisation: balances several questions at once (Pocock & Simon, 1975)"
                     ))],
        ),
        Entry(
            (*ALLOCATION, OWN_KEYS[BLOCKS]), gettext("Sizes of the blocks"), "numbers",
            gettext(
                "Only for permuted blocks. 1, 2: each block contains every arm once or twice, by "
                "chance, so that nobody can foresee the last arms of a block."
            ),
            missing=[1, 2],
        ),
        Entry(
            (*ALLOCATION, OWN_KEYS[MINIMISATION]), gettext("Probability of the arm that balances"),
            "decimal",
            gettext("Only for minimisation, from 0.5 to 0.99. 1 would make arms predictable."),
            missing=0.8,
        ),
        *(entry for number, stratum in enumerate(tables(values, *STRATA))
          for entry in _stratum(number, stratum)),
        Entry(
            (NEW, "stratum"), gettext("Balance the arms over the answers to"), "choice",
            gettext(
                "A question that is asked before the first page that differs between arms, and "
                "that is related to the outcome. Few questions with few answers are enough."
            ),
            group=gettext("One more question"),
            choices=[("", gettext("none")), *_offered(values)],
        ),
    ]  # fmt: skip


def _stratum(number: int, stratum: Values) -> Iterator[Entry]:
    """Yield the fields of a question over which arms are balanced: limits, or groups."""
    at: Path = (*STRATA, number)
    item = _items(str(stratum.get("questionnaire"))).get(str(stratum.get("item")))
    name = item.text if item is not None else str(stratum.get("item", number + 1))
    group = gettext("Balanced over: %(question)s") % {"question": name}
    if item is None or item.is_number or "cuts" in stratum:
        yield Entry(
            (*at, "cuts"), gettext("Limits between the levels"), "numbers", group=group, missing=[],
            help=gettext("30, 50 makes three levels: below 30, 30 to 50, and 50 or more."),
        )  # fmt: skip
    if item is None or not item.is_number or "levels" in stratum:
        answers = ", ".join(item.values) if item is not None else ""
        yield Entry(
            (*at, "levels"), gettext("Groups of answers"), "groups", group=group, missing={},
            help=gettext(
                "A group on each line, such as: young = 18-24, 25-34. Empty: each answer is a "
                "level."
            ) + (" " + gettext("The answers: %(answers)s") % {"answers": answers}
                 if answers else ""),
        )  # fmt: skip
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)


def _offered(values: Values) -> Iterator[tuple[str, str]]:
    """Yield the questions before the pictures over which arms can be balanced."""
    there = {(one.get("questionnaire"), one.get("item")) for one in tables(values, *STRATA)}
    for key in _asked_before(values):
        for item in _items(key).values():
            if (key, item.id) not in there and item.kind not in (*WRITTEN, "multiple"):
                yield f"{key}{SEPARATOR}{item.id}", f"{item.text} ({item.id})"


def _asked_before(values: Values) -> list[str]:
    """Return the questionnaires before the first page of another kind than a text."""
    if "parts" not in values:
        asked = values.get("questionnaires", {})
        before = asked.get("before", []) if isinstance(asked, dict) else []
        return list(map(str, before)) if isinstance(before, list) else []
    keys = []
    for part in tables(values, "parts"):
        if part.get("kind") not in ("questionnaire", "text"):
            break
        if part.get("kind") == "questionnaire":
            keys.append(str(part.get("questionnaire")))
    return keys


def _items(key: str) -> dict[str, Item]:
    try:
        questionnaire = questionnaires.get(key).in_language(get_language() or "en")
    except (QuestionnaireError, KeyError):  # the mistakes of the file name it
        return {}
    return {item.id: item for item in questionnaire.items}


def _write_randomisation(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[0] != NEW and entry.path[-1] != "remove"]
    changes = touched(values, sent, plain)
    if any(change.path == (*ALLOCATION, "method") for change in changes):
        method = str(sent.get("allocation.method"))
        gone = [(*ALLOCATION, key) for one, key in OWN_KEYS.items() if one != method]
        changes = [change for change in changes if change.path not in gone]
        changes += [Change(path, REMOVED) for path in gone]
    source = edited(source, changes)
    there = range(len(tables(values, *STRATA)))
    name = ".".join(map(str, STRATA))
    order: list[int | dict[str, Any]] = [n for n in there if not sent.get(f"{name}.{n}.remove")]
    if chosen := sent.get(f"{NEW}.stratum"):
        questionnaire, _space, item = str(chosen).partition(SEPARATOR)
        order.append({"questionnaire": questionnaire, "item": item})
    if order == list(there):
        return source
    return rearranged(source, STRATA, order) if order else edited(source, [Change(STRATA, REMOVED)])


SECTION = Section(
    "randomisation",
    _("Randomisation"),
    _(
        "How chance decides who is in which arm. Usually nothing needs to change here. Quotas and "
        "ratios of the arms are under Sample."
    ),
    _randomisation,
    _write_randomisation,
)
