"""The editor's section of the exclusion criteria: whose data the plan leaves out, and when."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.plan.catalogues.signal_rules import PROGRAM_RULES, SIGNAL_RULES
from analysis.plan.problems import COMPARISONS
from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Choices, Entry
from studyplatform.panel.editor.sections.plan_choices import (
    asked,
    item_choices,
    items_asked,
    subscales,
    title_of,
)
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    EditError,
    Path,
    edited,
    rearranged,
)
from surveys import questionnaires

EXCLUSIONS: Path = ("analysis", "exclusions")
COMPARISON, LIMIT = "comparison", "limit"
"""The two fields that mean one key of the file: one of COMPARISONS, with its value."""
OWN_FIELDS = (COMPARISON, LIMIT, "place", "remove")
"""Fields of the form that are no keys of the file."""
MEANINGS = {
    "not_completed": _("People who did not come to the end of the study."),
    "listed": _("People whom the plan names."),
    "participant": _("People with such a value:"),
    "trials": _("People with so many such trials:"),
    "same_choices": _("People who always made the same choice in so many blocks of images:"),
    "answer": _("People who gave such an answer:"),
    "same_answers": _("People who gave the same answer to all of these questions:"),
    "signals": _("People with so many of these signs of programs:"),
}
"""What each rule of the plan excludes."""


def _exclusions(values: Values) -> list[Entry]:
    listed = tables(values, *EXCLUSIONS)
    added = gettext("One more criterion")
    return [
        *(entry for number, exclusion in enumerate(listed)
          for entry in _criterion(values, number, exclusion, len(listed))),
        Entry(
            (NEW, "criterion"), gettext("Who is excluded"), "choice",
            gettext("Save, and then change its numbers."), group=added,
            choices=[("", gettext("none")), *_offered(values)],
        ),
    ]  # fmt: skip


def _criterion(
    values: Values, number: int, exclusion: Mapping[str, Any], count: int
) -> Iterator[Entry]:
    at: Path = (*EXCLUSIONS, number)
    rule = str(exclusion.get("rule", ""))
    group = gettext("Criterion %(number)d: %(what)s") % {
        "number": number + 1, "what": str(exclusion.get("label", exclusion.get("key", ""))),
    }  # fmt: skip
    yield Entry(
        (*at, "label"), gettext("Label"), group=group, is_optional=False,
        lead=MEANINGS.get(rule, ""),
        help=gettext("In the report, behind a number of people: such as “failed a check”."),
    )  # fmt: skip
    yield from _of_rule(values, at, exclusion, group)
    yield Entry(
        (*at, "scope"), gettext("Excluded from"), "radio", group=group, missing="per_protocol",
        choices=[("per_protocol", gettext("the analysis per protocol only")),
                 ("all", gettext("every analysis"))],
    )  # fmt: skip
    if count > 1:
        yield Entry((*at, "place"), gettext("Place"), "number", group=group, missing=number + 1)
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)


def _of_rule(values: Values, at: Path, exclusion: Mapping[str, Any], group: str) -> Iterator[Entry]:
    """Yield the fields of the keys that the criterion's rule reads."""
    rule = str(exclusion.get("rule", ""))
    if rule == "listed":
        yield Entry(
            (*at, "participants"), gettext("Their pseudonyms"), "words", group=group, missing=[],
            help=gettext("One a line, as the list of participants shows them."),
        )  # fmt: skip
    if rule in ("participant", "trials"):
        columns = _of_people() if rule == "participant" else _of_trials()
        yield Entry(
            (*at, "column"), gettext("What counts"), "choice", group=group, choices=columns,
            is_optional=False,
        )  # fmt: skip
    if rule == "answer":
        yield Entry(
            (*at, "item"), gettext("Question"), "choice", group=group, is_optional=False,
            choices=item_choices(values),
        )  # fmt: skip
    if rule in ("participant", "trials", "answer"):
        yield from _compared(values, at, exclusion, group)
    if rule == "same_answers":
        yield Entry(
            (*at, "items"), gettext("Questions"), "several", group=group, missing=[],
            choices=item_choices(values), is_optional=False,
        )  # fmt: skip
    if rule == "signals":
        yield Entry(
            (*at, "signals"), gettext("Signs of programs"), "several", group=group, missing=[],
            choices=_signs(), is_optional=False,
        )  # fmt: skip
    if rule == "same_choices":
        yield Entry(
            (*at, "columns"), gettext("Choices"), "several", group=group, missing=[],
            choices=[one for one in _of_trials() if one[0] in ("agreed", "sureness")],
            is_optional=False,
        )  # fmt: skip
        yield Entry(
            (*at, "block"), gettext("Blocks"), "choice", group=group, is_optional=False,
            choices=[("block", gettext("the blocks of images")),
                     ("part", gettext("the runs of images")),
                     ("condition", gettext("the images with one kind of map"))],
        )  # fmt: skip
    if rule in ("trials", "same_choices", "signals"):
        unit = {"trials": gettext("In so many trials or more"),
                "same_choices": gettext("In so many blocks or more"),
                "signals": gettext("So many signs or more")}  # fmt: skip
        yield Entry((*at, "at_least"), unit[rule], "number", group=group, missing=1)


def _compared(
    values: Values, at: Path, exclusion: Mapping[str, Any], group: str
) -> Iterator[Entry]:
    """Yield the comparison, which is one of five keys of the file, and its limit."""
    key, limit = _present(exclusion)
    mended: Path = (*at, key) if key else ()
    words = {
        "below": gettext("is less than"),
        "above": gettext("is more than"),
        "equals": gettext("is exactly"),
        "other_than": gettext("is anything but"),
        "differs_from": gettext("differs from the column"),
    }
    if key != "differs_from":  # a comparison of two columns is declared in the whole text
        del words["differs_from"]
    yield Entry(
        (*at, COMPARISON), gettext("Comparison"), "choice", group=group, missing=key,
        choices=[("", gettext("not chosen yet")), *words.items()], mends=mended,
    )  # fmt: skip
    answers = next((item.values for item in items_asked(values)
                    if item.id == exclusion.get("item")), {})  # fmt: skip
    if key in ("equals", "other_than") and answers:
        yield Entry(
            (*at, LIMIT), gettext("Answer"), "choice", group=group, missing=_text(limit),
            choices=[(value, label or value) for value, label in answers.items()], mends=mended,
        )  # fmt: skip
        return
    yield Entry(
        (*at, LIMIT), gettext("Limit"), group=group, missing=_text(limit), mends=mended,
    )  # fmt: skip


def _present(exclusion: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the comparison of the file and its limit, or two empty texts."""
    return next(((key, exclusion[key]) for key in COMPARISONS if key in exclusion), ("", ""))


def _text(limit: Any) -> str:
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


def _of_people() -> Choices:
    return [
        ("attention_failed", gettext("attention checks failed")),
        ("quiz_mistakes", gettext("mistakes in the last attempt at the comprehension check")),
        ("seconds_total", gettext("seconds from the consent to the last page")),
        ("state", gettext("how the participation ended: completed, stopped, started or ended")),
    ]


def _of_trials() -> Choices:
    return [
        ("response_time_ms", gettext("milliseconds until the answer, by the browser")),
        ("server_seconds", gettext("seconds until the answer, by the server")),
        ("away_ms", gettext("milliseconds in which the page was not in view")),
        ("interrupted", gettext("page left or loaded again (1: yes)")),
        ("timed_out", gettext("ended by the time limit (1: yes)")),
        ("agreed", gettext("classifier's answer accepted (1: yes)")),
        ("sureness", gettext("sureness of the decision")),
    ]


def _signs() -> Choices:
    named = {
        "automation": gettext("the browser says that a program drives it"),
        "scripted": gettext("answers by a script"),
        "pace": gettext("answers faster than anybody can see a page"),
        "metronome": gettext("answers at the same distances"),
        "pictures": gettext("images not requested"),
        "hidden": gettext("an instruction obeyed that people cannot see"),
        "perception": gettext("images not recognised"),
        "hidden_filled": gettext("a field filled that people cannot see"),
        "pasted": gettext("texts mostly pasted"),
        "keyless": gettext("texts mostly without keys"),
        "haste": gettext("impossible reading speed"),
    }
    return [(rule.key, named[rule.key]) for rule in SIGNAL_RULES]


def _offered(values: Values) -> Iterator[tuple[str, str]]:
    """Yield the ready criteria that the study has the data for."""
    parts = tables(values, "parts")
    kinds = {str(part.get("kind")) for part in parts}
    if "attention" in kinds or any(part.get("attention") for part in parts):
        yield "attention", gettext("failed an attention check")
    if "quiz" in kinds:
        yield "quiz", gettext("did not pass the comprehension check")
    yield "fast", gettext("answered in less than 2 s in four trials or more")
    yield "seconds", gettext("took less than 2 minutes for the whole study")
    for key in asked(values):
        if items := _rated(key):
            words = gettext("gave the same answer to all %(count)d questions of %(title)s")
            yield (
                f"same:{key}",
                words % {"count": len(items), "title": title_of(key)},
            )
    for item in items_asked(values):
        if item.kind == "choice" and item.values:
            yield f"answer:{item.id}", gettext("gave a particular answer to: %(question)s") % {
                "question": item.text,
            }  # fmt: skip
    if values.get("signals", {}).get("count") is True:
        yield "signals", gettext("has two or more signs of a program")
    yield "not_completed", gettext("did not come to the end")
    yield "listed", gettext("is named in the plan")


def _rated(key: str) -> list[str]:
    """Return the questions of a scale that attentive people cannot all answer alike, because some
    of them are turned round."""
    if not subscales(key):
        return []
    items = [item for item in questionnaires.get(key).items if item.subscale]
    return [item.id for item in items] if any(item.reversed for item in items) else []


def _declared(choice: str, values: Values) -> dict[str, Any]:
    """Return the table of a ready criterion, which the data of the study fit."""
    kind, _colon, named = choice.partition(":")
    answers = next((item.values for item in items_asked(values) if item.id == named), {})
    rules: dict[str, dict[str, Any]] = {
        "attention": {"rule": "participant", "column": "attention_failed", "above": 0},
        "quiz": {"rule": "participant", "column": "quiz_mistakes", "above": 0},
        "fast": {"rule": "trials", "column": "response_time_ms", "below": 2000, "at_least": 4},
        "seconds": {"rule": "participant", "column": "seconds_total", "below": 120},
        "same": {"rule": "same_answers", "items": _rated(named) if kind == "same" else []},
        "answer": {"rule": "answer", "item": named, "equals": next(iter(answers), "")},
        "signals": {"rule": "signals", "signals": list(PROGRAM_RULES), "at_least": 2},
        "not_completed": {"rule": "not_completed"},
        "listed": {"rule": "listed", "participants": [gettext("[pseudonym]")]},
    }
    keys = {"attention": "inattentive", "quiz": "not_understood", "fast": "speeders",
            "seconds": "short_sessions", "same": "same_answers", "answer": "by_answer",
            "signals": "programs"}  # fmt: skip
    there = {str(one.get("key")) for one in tables(values, *EXCLUSIONS)}
    stem = keys.get(kind, kind)
    names = [stem, *(f"{stem}_{number}" for number in range(2, len(there) + 2))]
    key = next(name for name in names if name not in there)
    return {"key": key, "label": dict(_offered(values))[choice], **rules[kind]}


def _write_exclusions(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [e for e in entries if e.path[0] != NEW and e.path[-1] not in OWN_FIELDS]
    changes = touched(values, sent, plain)
    listed = tables(values, *EXCLUSIONS)
    for number, exclusion in enumerate(listed):
        changes += _comparison((*EXCLUSIONS, number), exclusion, sent)
    source = edited(source, changes)
    places: list[tuple[int, int, int | dict[str, Any]]] = []
    name = ".".join(map(str, EXCLUSIONS))
    for number in range(len(listed)):
        if not sent.get(f"{name}.{number}.remove"):
            place = sent.get(f"{name}.{number}.place") or number + 1
            # A criterion that moves up comes before the one that has the place now.
            places.append((place, (place > number + 1) - (place < number + 1), number))
    if chosen := sent.get(f"{NEW}.criterion"):
        places.append((len(listed) + 1, 1, _declared(str(chosen), values)))
    order = [one for _place, _side, one in sorted(places, key=lambda found: found[:2])]
    if order == list(range(len(listed))):
        return source
    if not order:
        return edited(source, [Change(EXCLUSIONS, REMOVED)])
    return rearranged(source, EXCLUSIONS, order)


def _comparison(at: Path, exclusion: Mapping[str, Any], sent: Sent) -> Iterator[Change]:
    """Yield the changes of the comparison and of its limit, if somebody touched them."""
    there, limit = _present(exclusion)
    name = ".".join(map(str, at))
    key = str(sent.get(f"{name}.{COMPARISON}", there) or "")
    text = str(sent.get(f"{name}.{LIMIT}", _text(limit)) or "").strip()
    if (key, text) == (there, _text(limit)):
        return
    if there and (key != there or not text):
        yield Change((*at, there), REMOVED)
    if key and text:
        yield Change((*at, key), _cell(key, text, str(exclusion.get("label", ""))))


def _cell(key: str, text: str, label: str) -> Any:
    """Return the limit as the file writes it: a number wherever the text is one."""
    number = text.replace(",", ".")
    try:
        value = float(number)
    except ValueError:
        value = float("nan")
    if key != "differs_from" and value - value == 0:  # neither infinite nor without a number
        return int(value) if value.is_integer() else value
    if key in ("below", "above"):
        raise EditError(
            gettext("“%(text)s” is not a number. Write the limit of “%(label)s” in digits.")
            % {"text": text, "label": label}
        )
    return text


SECTION = Section(
    "exclusions",
    _("Exclusions"),
    _(
        "Whose data the plan leaves out, decided before the data. Each criterion excludes people "
        "whom no earlier one excluded; values that were not recorded exclude nobody. Every outcome "
        "is also tested with the other set of people."
    ),
    _exclusions,
    _write_exclusions,
)
