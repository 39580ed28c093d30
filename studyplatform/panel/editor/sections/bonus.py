"""The editor's section of the bonus: what people can earn by their answers, and how."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.runs import Run, in_list_of_pages, runs
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, value_at
from surveys import tasks
from surveys.pages.bonus import words_of_rule
from surveys.study_file.bonus import RULES, Bonus

BONUS: Path = ("bonus",)
RULE: Path = (*BONUS, "rule")
PER_RIGHT: Path = (*BONUS, "per_right")
CALIBRATION = "calibration"


def _bonus(values: Values) -> list[Entry]:
    amounts = gettext("Amounts")
    usual = str(value_at(values, ("recruitment", "currency"), "") or "")
    return [
        Entry(
            RULE, gettext("What is paid"), "radio",
            gettext(
                "Pay by accuracy rewards right decisions, and with them more effort where effort "
                "helps (Camerer & Hogarth, 1999). Pay by calibration rewards saying how sure one "
                "really is (Brier, 1950); its exact formula confuses people (Danz et al., 2022), "
                "and the pages therefore describe it in plain words."
            ),
            choices=[("", gettext("no bonus")),
                     ("accuracy", gettext("an amount for each right decision")),
                     (CALIBRATION, gettext(
                         "probabilities close to the truth (asks for them on a slider)"))],
        ),
        Entry(
            PER_RIGHT, gettext("Amount for each right decision"), "decimal", group=amounts,
            help=gettext("Only for right decisions, such as 0.05."),
        ),
        Entry(
            (*BONUS, "maximum"), gettext("The most that anybody can earn"), "decimal",
            gettext("The cap: nobody earns more."), group=amounts,
        ),
        Entry(
            (*BONUS, "minimum"), gettext("The least that everybody earns who finishes"), "decimal",
            group=amounts, missing=0.0,
        ),
        Entry(
            (*BONUS, "currency"), gettext("Currency"), group=amounts,
            help=gettext("Three capital letters, such as EUR. Empty: %(usual)s, as the pay.")
            % {"usual": usual}
            if usual else gettext("Three capital letters, such as EUR."),
        ),
        *_which(values),
    ]  # fmt: skip


def _which(values: Values) -> Iterator[Entry]:
    """Yield the choice of the pictures that count, where there is one."""
    counting = _counting(values)
    if len(counting) > 1 or value_at(values, (*BONUS, "parts")) is not None:
        yield Entry(
            (*BONUS, "parts"), gettext("Images that count"), "several",
            gettext("None ticked: all. Practice never counts."), missing=[],
            choices=[(key, f"{run.group} ({key})") for key, run in counting.items()],
        )  # fmt: skip


def _counting(values: Values) -> dict[str, Run]:
    """Return the runs of pictures that can count, by their keys."""
    return {str(run.part.get("key", "trials")): run for run in runs(values) if not run.is_practice}


def _write_bonus(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    changes = touched(values, sent, entries)
    rule = sent.get(".".join(map(str, RULE)))
    if not rule:
        # Amounts without a rule would be mistakes: the whole table goes.
        return edited(source, [Change(BONUS, REMOVED)]) if "bonus" in values else source
    if rule != "accuracy":
        changes = [change for change in changes if change.path != PER_RIGHT]
        changes.append(Change(PER_RIGHT, REMOVED))
    if rule == CALIBRATION and value_at(values, RULE) != CALIBRATION:
        changes += _probabilities(values, sent)
    source, _values, changes = in_list_of_pages(source, values, changes)
    return edited(source, changes)


def _probabilities(values: Values, sent: Sent) -> Iterator[Change]:
    """Yield what makes the pictures that count ask for the probability of a right answer."""
    chosen = sent.get(".".join((*map(str, BONUS), "parts"))) or ()
    showing = {task.key for task in tasks.TASKS if task.stages[-1].shows_prediction}
    for key, run in _counting(values).items():
        asks = str(run.part.get("task", "decide")) in showing
        if asks and (not chosen or key in chosen):
            yield Change((*run.at, "advice_confidence"), "slider")


def _note(values: Values) -> str:
    """Return what the pages tell people of the bonus that the file has."""
    table = values.get("bonus")
    if not isinstance(table, dict) or table.get("rule") not in RULES:
        return ""
    amounts = {key: table.get(key, 0.0) for key in ("maximum", "minimum", "per_right")}
    currency = table.get("currency", value_at(values, ("recruitment", "currency"), ""))
    if not isinstance(currency, str) or not all(map(_is_number, amounts.values())):
        return ""
    bonus = Bonus(rule=table["rule"], currency=currency, **amounts)
    return gettext("People read in the consent and in the instructions: “%(words)s”") % {
        "words": words_of_rule(bonus)
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


SECTION = Section(
    "bonus",
    _("Bonus"),
    _(
        "What people can earn by their answers. The consent and the instructions tell the rule, "
        "the last page tells the amount, and Submissions lists what is to be paid."
    ),
    _bonus,
    _write_bonus,
    _note,
)
