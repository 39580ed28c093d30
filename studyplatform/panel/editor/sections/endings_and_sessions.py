"""What the editor's sections of endings and of later sessions share: texts, names, ways back."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from studyplatform.panel.editor.base import Sent, Values, tables
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.texts import language_name, languages_of, to_translate
from studyplatform.panel.short_names import short_name_of
from studyplatform.panel.toml_edits import REMOVED, Change, Path, value_at
from surveys.study_file.endings import LONGEST_KEY
from surveys.study_file.recruitment_kinds import KINDS, OLD_NAMES


def text_entries(values: Values, table: str, place: int, group: str) -> Iterator[Entry]:
    """Yield heading and text of an entry of the table in every language of the study."""
    own, *others = languages_of(values)
    key = str(value_at(values, (table, place, "key"), ""))
    paragraphs = gettext("An empty line begins a paragraph.")
    for code in (own, *others):
        at: Path = (table, place) if code == own else ("text", code, table, key)
        words = {"language": language_name(code)}
        several = bool(others)
        heading = gettext("Heading, %(language)s") % words if several else gettext("Heading")
        text = gettext("Text, %(language)s") % words if several else gettext("Text")
        yield Entry((*at, "heading"), heading, group=group, is_optional=False)
        yield Entry((*at, "text"), text, "text", paragraphs, group, is_optional=False)


def way_back_entries(values: Values, at: Path, group: str, fallback: str) -> Iterator[Entry]:
    """Yield the field of the way back to the recruitment service, if it has any.

    One that the file has without effect is shown as well, so that it can be removed.
    """
    key = str(value_at(values, ("recruitment", "kind"), "open"))
    key = OLD_NAMES.get(key, key)
    kind = next((one for one in KINDS if one.key == key), KINDS[0])
    wanted = ("code" if kind.address else "url") if kind.outcomes else ""
    labels = {
        "code": gettext("Completion code"),
        "url": gettext("Address of the way back"),
    }
    helps = {
        "code": gettext("From the study's page at Prolific, where each end has a code of its own."),
        "url": gettext("An address with https://, in which {external_id} stands for the person."),
    }
    for name, label in labels.items():
        if name == wanted or value_at(values, (*at, name), ""):
            said = f"{helps[name]} {fallback}".strip()
            is_there = bool(value_at(values, (*at, name), ""))
            # A way back that is missing is a mistake of the whole entry.
            mends: Path = () if is_there else (*at, "key")
            yield Entry((*at, name), label, group=group, help=said, mends=mends)


def naming_entries(new: Path, group: str) -> Iterator[Entry]:
    """Yield heading, text and short name of an entry to add."""
    yield Entry((*new, "heading"), gettext("Heading"), group=group)
    yield Entry(
        (*new, "text"), gettext("Text"), "text", group=group,
        help=gettext("An empty line begins a paragraph. It can be written later."),
    )  # fmt: skip
    yield Entry(
        (*new, "key"), gettext("Short name"), group=group,
        help=gettext(
            "Its name in the data: small letters, digits, - and _. Empty: it is made of the "
            "heading."
        ),
    )  # fmt: skip


def named(values: Values, table: str, sent: Sent, new: str, fallback: str) -> dict[str, Any]:
    """Return key, heading and text of an added entry, with gaps for what is missing."""
    heading = str(sent.get(f"{new}.heading") or "")
    text = str(sent.get(f"{new}.text") or "").replace("\r\n", "\n").strip()
    wished = str(sent.get(f"{new}.key") or "")
    base = wished or (short_name_of(heading) if heading else fallback)
    base = base[: LONGEST_KEY - 3].strip("-_") if not wished else base
    taken = {str(entry.get("key")) for entry in tables(values, table)}
    # A name that somebody typed stays as it is: the mistakes say what is wrong with it.
    numbered = [base, *(f"{base}-{number}" for number in range(2, 99))]
    key = base if wished else next(one for one in numbered if one not in taken)
    return {
        "key": key,
        "heading": heading or gettext("[Heading]"),
        "text": text or gettext("[Your own text]"),
    }


def translated(values: Values, table: str, entry: Mapping[str, Any]) -> list[Change]:
    """Return the texts of an added entry in the other languages, as copies with a gap."""
    return [
        Change(
            ("text", code, table, str(entry["key"])),
            {name: to_translate(code, str(entry[name])) for name in ("heading", "text")},
        )
        for code in languages_of(values)[1:]
    ]


def without_texts(values: Values, table: str, keys: list[str]) -> list[Change]:
    """Return the removal of the texts of removed entries in the other languages."""
    changes = []
    for code in languages_of(values)[1:]:
        at: Path = ("text", code, table)
        there = value_at(values, at, {})
        gone = [key for key in keys if isinstance(there, dict) and key in there]
        if gone and len(gone) == len(there):
            changes.append(Change(at, REMOVED))
        else:
            changes += [Change((*at, key), REMOVED) for key in gone]
    return changes
