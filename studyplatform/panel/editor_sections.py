"""The sections of the structured editor, and how each turns a form into changes of the file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations import catalogue
from studyplatform.panel.editor_entries import Entry
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, rearranged, value_at
from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file.recruitment_kinds import KINDS, get

Values = Mapping[str, Any]
Sent = Mapping[str, Any]
GOAL: Path = ("analysis", "sample_goal")
NEW = "new"


@dataclass(frozen=True)
class Section:
    """A page of the editor. ``write`` returns the file with what was touched in the form."""

    key: str
    label: Promise
    lead: Promise
    entries: Callable[[Values], list[Entry]]
    write: Callable[[str, Values, Sent, list[Entry]], str]


def touched(values: Values, sent: Sent, entries: Sequence[Entry]) -> list[Change]:
    """Return the changes of all fields that somebody touched."""
    return [
        change
        for entry in entries
        if entry.name in sent
        for change in entry.changes(values, sent[entry.name])
    ]


def tables(values: Values, *path: str | int) -> list[Mapping[str, Any]]:
    """Return the list of tables at the path, empty if the file has something else there."""
    there = value_at(values, path, [])
    is_list = isinstance(there, list) and all(isinstance(entry, dict) for entry in there)
    return list(there) if is_list else []


def _write(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    return edited(source, touched(values, sent, entries))


def _texts(values: Values) -> list[Entry]:
    own = str(values.get("language", "en"))
    others = values.get("text", {})
    return [
        entry
        for code in (own, *(others if isinstance(others, dict) else ()))
        for entry in _texts_of(values, code, is_own=code == own)
    ]


def _texts_of(values: Values, code: str, *, is_own: bool) -> Iterator[Entry]:
    at: Path = () if is_own else ("text", code)
    group = gettext("Language %(code)s") % {"code": code}
    paragraphs = gettext("An empty line begins a paragraph. Square brackets mark gaps to fill in.")
    yield Entry((*at, "title"), gettext("Title"), group=group, is_optional=False)
    if is_own:
        yield Entry(
            ("consent", "version"),
            gettext("Version of the consent"),
            help=gettext("Change it whenever you change the text: it is stored with each consent."),
            group=group,
            is_optional=False,
        )
    yield Entry(
        (*at, "consent", "text"), gettext("Consent"), "text", paragraphs, group, is_optional=False
    )
    yield Entry(
        (*at, "debrief", "text"), gettext("Debrief"), "text", paragraphs, group, is_optional=False
    )
    for number, part in enumerate(tables(values, "parts")):
        if part.get("kind") != "text":
            continue
        key = str(part.get("key", "text"))
        where: Path = ("parts", number) if is_own else (*at, "parts", key)
        words = {"key": key}
        yield Entry(
            (*where, "heading"), gettext("Heading of the page “%(key)s”") % words, group=group,
            is_optional=False,
        )  # fmt: skip
        yield Entry(
            (*where, "text"), gettext("Text of the page “%(key)s”") % words, "text", paragraphs,
            group, is_optional=False,
        )  # fmt: skip


def _conditions(values: Values) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the name of the file's list of arms or conditions, and the list."""
    name = "conditions" if "conditions" in values else "arms"
    return name, tables(values, name)


def _methods() -> list[tuple[str, Any]]:
    none = ("", gettext("no map"))
    return [none, *((method.key, method.label) for method in catalogue.METHODS)]


def _arms(values: Values) -> list[Entry]:
    name, listed = _conditions(values)
    entries = []
    for number, arm in enumerate(listed):
        group = str(arm.get("key", number + 1))
        at: Path = (name, number)
        entries += [
            Entry(
                (*at, "label"), gettext("Label"), group=group, is_optional=False,
                help=gettext("In the report. Participants never see it."),
            ),
            Entry((*at, "method"), gettext("Map"), "choice", group=group, choices=_methods()),
            Entry(
                (*at, "prediction"), gettext("Shows the classifier's answer"), "check",
                group=group, missing=True,
            ),
            Entry(
                (*at, "probability"), gettext("Shows the classifier's probability"), "check",
                group=group, missing=False,
            ),
            Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False),
        ]  # fmt: skip
    added = gettext("One more")
    return [
        *entries,
        Entry((NEW, "key"), gettext("Key"), group=added, help=gettext(
            "Its name in the data: small letters, digits and _. Empty: none is added."
        )),
        Entry((NEW, "label"), gettext("Label"), group=added),
        Entry((NEW, "method"), gettext("Map"), "choice", group=added, choices=_methods()),
    ]  # fmt: skip


def _write_arms(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    name, listed = _conditions(values)
    plain = [entry for entry in entries if entry.path[0] == name and entry.path[-1] != "remove"]
    source = edited(source, touched(values, sent, plain))
    kept: list[int | dict[str, Any]] = [
        number for number in range(len(listed)) if not sent.get(f"{name}.{number}.remove")
    ]
    if key := sent.get(f"{NEW}.key"):
        method = sent.get(f"{NEW}.method")
        added = {"key": key, "label": sent.get(f"{NEW}.label") or key}
        kept.append(added | ({"method": method} if method else {}))
    return source if kept == list(range(len(listed))) else rearranged(source, (name,), kept)


def _titles() -> list[tuple[str, str]]:
    titles = []
    for key in questionnaires.ids():
        try:
            titles.append((key, f"{questionnaires.get(key).title} ({key})"))
        except QuestionnaireError:  # the file of a lab that cannot be used
            continue
    return titles


def _pages(values: Values) -> list[Entry]:
    if "parts" not in values:
        before, after = gettext("Before the pictures"), gettext("After the pictures")
        return [
            Entry(("questionnaires", "before"), before, "several", missing=[], choices=_titles()),
            Entry(("questionnaires", "after"), after, "several", missing=[], choices=_titles()),
        ]
    entries = []
    for number, part in enumerate(tables(values, "parts")):
        group = gettext("Page %(number)d: %(what)s") % {
            "number": number + 1, "what": _described(part),
        }  # fmt: skip
        entries += [
            Entry(("parts", number, "place"), gettext("Place"), "number", group=group,
                  missing=number + 1),
            Entry(("parts", number, "remove"), gettext("Remove"), "check", group=group,
                  missing=False),
        ]  # fmt: skip
    added = gettext("One more")
    return [
        *entries,
        Entry((NEW, "questionnaire"), gettext("Questionnaire"), "choice", group=added,
              choices=[("", gettext("none")), *_titles()]),
        Entry((NEW, "place"), gettext("Place"), "number", group=added,
              missing=len(tables(values, "parts")) + 1),
        Entry((NEW, "per_block"), gettext("In every block of a within-subjects study"), "check",
              group=added, missing=False),
    ]  # fmt: skip


def _described(part: Mapping[str, Any]) -> str:
    kinds = {
        "instructions": gettext("Instructions"),
        "quiz": gettext("Comprehension check"),
        "practice": gettext("Practice"),
        "trials": gettext("Pictures"),
        "attention": gettext("Attention check"),
    }
    kind = str(part.get("kind", ""))
    if kind == "questionnaire":
        return dict(_titles()).get(str(part.get("questionnaire")), str(part.get("questionnaire")))
    if kind == "text":
        return str(part.get("heading", part.get("key", kind)))
    return kinds.get(kind, kind)


def _write_pages(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    if "parts" not in values:
        return _write(source, values, sent, entries)
    places: list[tuple[int, int, int | dict[str, Any]]] = []
    for number in range(len(tables(values, "parts"))):
        if not sent.get(f"parts.{number}.remove"):
            asked = sent.get(f"parts.{number}.place")
            place = number + 1 if asked is None else asked
            # A page that moves up comes before the one that has the place now, others behind it.
            places.append((place, (place > number + 1) - (place < number + 1), number))
    if key := sent.get(f"{NEW}.questionnaire"):
        added: dict[str, Any] = {"kind": "questionnaire", "questionnaire": key}
        if sent.get(f"{NEW}.per_block"):
            added["per_block"] = True
        place = sent.get(f"{NEW}.place")
        places.append((len(places) + 1 if place is None else place, -1, added))
    order: list[int | dict[str, Any]] = [
        one for _place, _side, one in sorted(places, key=lambda found: found[:2])
    ]
    if order == list(range(len(tables(values, "parts")))):
        return source
    return rearranged(source, ("parts",), order)


def _sample(values: Values) -> list[Entry]:
    _name, listed = _conditions(values)
    within = bool(value_at(values, ("design", "within"), []))
    arms = [] if within else [str(arm["key"]) for arm in listed if "key" in arm]
    quotas, ratios = gettext("Quotas"), gettext("Ratios of the arms")
    effects, goal = gettext("Smallest effects that matter"), gettext("Goal of the plan")
    outcomes = tables(values, "analysis", "outcomes")
    return [
        Entry(("allocation", "places"), gettext("Places"), "number", gettext(
            "People who are admitted at most, over all arms."
        )),
        Entry(("allocation", "hold_minutes"), gettext("Minutes for which a place is held"),
              "number", gettext("For somebody who consented and has not gone on."), missing=60),
        Entry((*GOAL, "power"), gettext("Power"), "decimal", group=goal),
        Entry((*GOAL, "d"), gettext("Smallest effect, Cohen's d"), "decimal", group=goal),
        *(Entry(("allocation", "quotas", arm), arm, "number", group=quotas, missing="",
                help=gettext("People with this arm at most. Empty: no quota.")) for arm in arms),
        *(Entry(("allocation", "ratios", arm), arm, "number", group=ratios, missing=1,
                help=gettext("2 gives the arm twice as many people.")) for arm in arms),
        *(Entry(("analysis", "outcomes", number, "smallest_effect"),
                str(one.get("label", one.get("key", number + 1))), "decimal", group=effects)
          for number, one in enumerate(outcomes)),
    ]  # fmt: skip


def _write_sample(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    changes = touched(values, sent, entries)
    removed = {change.path for change in changes if change.value is REMOVED}
    # Without power or without an effect there is no goal; an empty table would be a mistake.
    if {(*GOAL, "power"), (*GOAL, "d")} <= removed:
        changes = [change for change in changes if change.path[:2] != GOAL]
        changes.append(Change(GOAL, REMOVED))
    return edited(source, changes)


def _recruitment(values: Values) -> list[Entry]:
    ways = {
        "open": gettext("an open link"), "prolific": "Prolific", "sona": "SONA",
        "service": gettext("another service"),
    }  # fmt: skip
    kinds = [(one.key, ways[one.key]) for one in KINDS]
    kind = Entry(("recruitment", "kind"), gettext("People come by"), "choice", missing="open",
                 choices=kinds, is_optional=False)  # fmt: skip
    outcomes = {
        "complete": gettext("Everybody who sends the last page"),
        "failed_attention": gettext("Who fails too many attention checks"),
        "withdrawn": gettext("Who leaves before the end"),
        "screened_out": gettext("Who took part in an excluded study"),
        "full": gettext("Who comes when no place is left"),
    }
    codes, urls = gettext("Prolific: completion codes"), gettext("SONA and others: ways back")
    address = gettext("An address with https://, in which {external_id} stands for the person.")
    return [
        kind,
        *(Entry(("recruitment", "codes", key), words, group=codes)
          for key, words in outcomes.items()),
        *(Entry(("recruitment", "urls", key), words, group=urls, help=address)
          for key, words in outcomes.items()),
        Entry(("recruitment", "name"), gettext("Name of the service"), group=urls,
              help=gettext("Only for another service.")),
        Entry(("recruitment", "id_parameter"), gettext("Parameter of the link with the id"),
              group=urls, help=gettext("Only for another service and SONA.")),
    ]  # fmt: skip


def _write_recruitment(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    kind = str(sent.get("recruitment.kind") or "open")
    before = str(value_at(values, ("recruitment", "kind"), "open"))
    allowed = _keys_of(kind)
    own = [entry for entry in entries if entry.path[1] in allowed or entry.path[-1] == "kind"]
    if kind == before:
        return edited(source, touched(values, sent, own))
    if kind == "open":
        return edited(source, [Change(("recruitment",), REMOVED)])
    # Another kind has other keys: the table is written anew, without keys of the former kind.
    table: dict[str, Any] = {"kind": kind}
    for entry in own:
        if entry.path[-1] == "kind" or not (value := sent.get(entry.name)):
            continue
        if len(entry.path) == 2:
            table[str(entry.path[1])] = value
        else:
            table.setdefault(str(entry.path[1]), {})[str(entry.path[2])] = value
    return edited(source, [Change(("recruitment",), table)])


def _keys_of(kind: str) -> set[str]:
    """Return the keys that the table may have for the kind."""
    way = get(kind)
    if not way.outcomes:
        return set()
    keys = {"codes" if way.address else "urls"}
    if not way.label:
        keys.add("name")
    if not way.session_parameter:
        keys.add("id_parameter")
    return keys


SECTIONS = (
    Section("texts", _("Texts"), _("What participants read, in each language."), _texts, _write),
    Section(
        "arms",
        _("Arms"),
        _(
            "What is compared. Keys cannot change here, because the plan refers to them; after "
            "removing one, look at the plan."
        ),
        _arms,
        _write_arms,
    ),
    Section(
        "pages",
        _("Pages and questionnaires"),
        _("What happens, in order. Change the places to move pages."),
        _pages,
        _write_pages,
    ),
    Section(
        "sample", _("Sample"), _("How many people take part, and why."), _sample, _write_sample
    ),
    Section(
        "recruitment",
        _("Recruitment"),
        _("Where people come from and go to. Only the fields of the chosen way are written."),
        _recruitment,
        _write_recruitment,
    ),
)
"""Every section, in order. A new one is an entry here."""
BY_KEY = {section.key: section for section in SECTIONS}
