"""The editor's section of recruitment: where people come from, what they are paid, and where they
go."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.lists import LISTS
from studyplatform.panel.toml_edits import REMOVED, Change, edited, value_at
from surveys.study_file.reading.recruitment import REMEMBER_DAYS
from surveys.study_file.recruitment import Replaced
from surveys.study_file.recruitment_kinds import KINDS, OLD_NAMES, get


def _recruitment(values: Values) -> list[Entry]:
    ways = {
        "open": gettext("an open link"), "prolific": "Prolific", "sona": "SONA",
        "service": gettext("another service"), "lab": gettext("typing an id in the laboratory"),
    }  # fmt: skip
    written = str(value_at(values, ("recruitment", "kind"), ""))
    # A file in old words keeps its word for the kind until another kind is chosen.
    kinds = [
        (written if OLD_NAMES.get(written) == one.key else one.key, ways[one.key]) for one in KINDS
    ]
    kind = Entry(("recruitment", "kind"), gettext("People come by"), "choice", missing="open",
                 choices=kinds, is_optional=False)  # fmt: skip
    outcomes = {
        "complete": gettext("Everybody who sends the last page"),
        "failed_attention": gettext("Who fails too many attention checks"),
        "withdrawn": gettext("Who leaves before the end"),
        "screened_out": gettext("Who took part in an excluded study"),
        "full": gettext("Who comes when no place is left"),
        "declined": gettext("Who does not agree to the consent"),
    }
    codes, urls = gettext("Prolific: completion codes"), gettext("SONA and others: ways back")
    address = gettext("An address with https://, in which {external_id} stands for the person.")
    return [
        kind,
        Entry(("recruitment", "pay"), gettext("Pay of a complete participation"), "decimal",
              gettext("From which the monitor counts money spent and the wage per hour. 0: none."),
              missing=0.0),
        Entry(("recruitment", "currency"), gettext("Currency"),
              help=gettext("Three capital letters, such as EUR.")),
        *(Entry(("recruitment", "codes", key), words, group=codes)
          for key, words in outcomes.items()),
        *(Entry(("recruitment", "urls", key), words, group=urls, help=address)
          for key, words in outcomes.items()),
        Entry(("recruitment", "name"), gettext("Name of the service"), group=urls,
              help=gettext("Only for another service.")),
        Entry(("recruitment", "id_parameter"), gettext("Parameter of the link with the id"),
              group=urls, help=gettext("Only for another service and SONA.")),
        *_rules(),
    ]  # fmt: skip


def _rules() -> list[Entry]:
    """Return the fields of who may come, and of what happens when somebody leaves."""
    rules = gettext("Who may come, and what happens when people leave")
    ways = {
        Replaced.RETURNED: gettext("gave the submission back at Prolific"),
        Replaced.TIMED_OUT: gettext("ran out of time at Prolific"),
        Replaced.REJECTED: gettext("was rejected at Prolific"),
        Replaced.WITHDRAWN: gettext("stopped here, or had everything deleted here"),
    }
    return [
        Entry(("recruitment", "exclude"), gettext("Not for people of these studies"), "words",
              gettext(
                  "The short name of a study on each line, such as first-study. The service must "
                  "give a person the same id there."
              ), group=rules, missing=[]),
        Entry(("recruitment", "replace"), gettext("Somebody else gets the place of who"),
              "several",
              gettext(
                  "Only of people who had an arm: before, places always go back. None ticked: they "
                  "keep it. Not in a laboratory; elsewhere than at Prolific only the last."
              ), group=rules, missing=[], choices=[(str(way), ways[way]) for way in Replaced]),
        Entry(("recruitment", "remember_days"),
              gettext("Days for which an erased person cannot come again"), "number",
              gettext(
                  "A keyed hash of the id is kept so long after the consent, and nothing else. 0 "
                  "keeps nothing; a person could then begin again and see another arm."
              ), group=rules, missing=REMEMBER_DAYS),
        Entry(("recruitment", "return_after"),
              gettext("Seconds after which the last page leads back by itself"), "number",
              gettext("20 or more, so that people can read the debrief. 0: only by the button."),
              group=rules, missing=0),
        Entry(("recruitment", "study_id"), gettext("Prolific's id of the study"), group=rules,
              help=gettext("Only for Prolific; links of any other study are then refused.")),
    ]  # fmt: skip


def _write_recruitment(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    kind = str(sent.get("recruitment.kind") or "open")
    before = str(value_at(values, ("recruitment", "kind"), "open"))
    allowed = _keys_of(kind)
    own = [entry for entry in entries if entry.path[1] in allowed or entry.path[-1] == "kind"]
    if kind == before:
        return edited(source, touched(values, sent, own))
    # Another kind has other keys: the table is written anew, without keys of the former kind.
    table: dict[str, Any] = {} if kind == "open" else {"kind": kind}
    for entry in own:
        value = sent.get(entry.name)
        if entry.path[-1] == "kind" or value in (None, "", entry.missing):
            continue
        if entry.kind in LISTS:
            value = LISTS[entry.kind].value(str(value))
        if len(entry.path) == 2:
            table[str(entry.path[1])] = value
        else:
            table.setdefault(str(entry.path[1]), {})[str(entry.path[2])] = value
    return edited(source, [Change(("recruitment",), table or REMOVED)])


def _keys_of(kind: str) -> set[str]:
    """Return the keys of the form that the table may have for the kind."""
    way = get(kind)
    keys = {"pay", "currency"}
    if way.outcomes or way.types_id:
        keys |= {"exclude", "remember_days"}
    if not way.outcomes:
        return keys
    keys |= {"replace", "return_after"}
    if way.study_parameter:
        keys.add("study_id")
    keys.add("codes" if way.address else "urls")
    if not way.label:
        keys.add("name")
    if not way.session_parameter:
        keys.add("id_parameter")
    return keys


SECTION = Section(
    "recruitment",
    _("Recruitment"),
    _("Where people come from and go to. Only the fields of the chosen way are written."),
    _recruitment,
    _write_recruitment,
)
