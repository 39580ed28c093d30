"""The editor's section of texts: what participants read, and the languages of the study."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from django.conf import settings
from django.utils.translation import get_language_info, gettext, override
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, value_at
from surveys.study_file.declaration import LONGEST_TITLE

OWN = "en"
"""The language of the pages themselves, which needs no translation."""


def _texts(values: Values) -> list[Entry]:
    own, others = _own(values), _others(values)
    entries = [entry for code in (own, *others) for entry in _texts_of(values, code, code == own)]
    spoken = {own, *others}
    languages = [
        (code, language_name(code)) for code in available_languages() if code not in spoken
    ]
    if languages:
        entries.append(
            Entry(
                (NEW, "language"), gettext("Add a language"), "choice",
                gettext("Its texts begin as copies that say in square brackets what to translate."),
                group=gettext("Languages"), choices=[("", gettext("none")), *languages],
            )
        )  # fmt: skip
    return entries


def available_languages() -> list[str]:
    """Return the languages in which the pages' own texts are."""
    folders = [FilePath(path) for path in settings.LOCALE_PATHS]
    found = {mo.parents[1].name for path in folders for mo in path.glob("*/LC_MESSAGES/django.mo")}
    return sorted({OWN, *(name.replace("_", "-").lower() for name in found)})


def languages_of(values: Values) -> list[str]:
    """Return the codes of the file's languages, its own first."""
    return [_own(values), *_others(values)]


def _own(values: Values) -> str:
    return str(values.get("language", OWN))


def _others(values: Values) -> list[str]:
    others = values.get("text", {})
    return list(others) if isinstance(others, dict) else []


def language_name(code: str) -> str:
    """Return the language's name in the reader's language, with its code."""
    try:
        return f"{gettext(get_language_info(code)['name'])} ({code})"
    except KeyError:  # a language that Django does not know
        return code


def _texts_of(values: Values, code: str, is_own: bool) -> Iterator[Entry]:
    at: Path = () if is_own else ("text", code)
    group = gettext("Language: %(name)s") % {"name": language_name(code)}
    paragraphs = gettext("An empty line begins a paragraph. Square brackets mark gaps to fill in.")
    yield Entry((*at, "title"), gettext("Title"), group=group, is_optional=False)
    if is_own:
        yield Entry(
            ("consent", "version"),
            gettext("Version of the consent"),
            help=gettext(
                "It is stored with each consent. Until somebody has agreed, it can stay as it is; "
                "afterwards, change it whenever you change the text."
            ),
            group=group,
            is_optional=False,
        )
    if value_at(values, ("consent", "summary"), ""):
        yield Entry(
            (*at, "consent", "summary"), gettext("Summary of the consent"), "text", paragraphs,
            group, is_optional=False,
        )  # fmt: skip
    yield Entry(
        (*at, "consent", "text"), gettext("Consent"), "text", paragraphs, group, is_optional=False
    )
    yield from _consent_parts(values, at, group, is_own)
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
    if is_own:
        return
    classes = value_at(values, (*at, "classes"), {})
    for name in classes if isinstance(classes, dict) else ():
        label = gettext("Name of the class “%(name)s”") % {"name": name}
        yield Entry((*at, "classes", name), label, group=group, is_optional=False)
    yield Entry(
        (*at, "remove"), gettext("Remove this language with all its texts"), "check", group=group,
        missing=False,
    )  # fmt: skip


def _consent_parts(values: Values, at: Path, group: str, is_own: bool) -> Iterator[Entry]:
    """Yield the fields of the consent's folded parts and of its check boxes."""
    for number, _details in enumerate(tables(values, *at, "consent", "details")):
        where: Path = (*at, "consent", "details", number)
        words = {"number": number + 1}
        yield Entry(
            (*where, "heading"), gettext("Consent, heading of the folded part %(number)d") % words,
            group=group, is_optional=False,
        )  # fmt: skip
        yield Entry(
            (*where, "text"), gettext("Consent, text of the folded part %(number)d") % words,
            "text", group=group, is_optional=False,
        )  # fmt: skip
    for number, check in enumerate(tables(values, "consent", "checks")):
        key = str(check.get("key", number + 1))
        place: Path = ("consent", "checks", number, "text") if is_own else (
            *at, "consent", "checks", key
        )  # fmt: skip
        yield Entry(
            place, gettext("Consent, check box “%(key)s”") % {"key": key}, group=group,
            is_optional=False,
        )  # fmt: skip


def _write(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    removed = [code for code in _others(values) if sent.get(f"text.{code}.remove")]
    own = [
        entry
        for entry in entries
        if entry.path[0] != NEW
        and entry.path[-1] != "remove"
        and not (entry.path[0] == "text" and entry.path[1] in removed)
    ]
    changes = touched(values, sent, own)
    if removed and len(removed) == len(_others(values)):
        changes.append(Change(("text",), REMOVED))
    else:
        changes += [Change(("text", code), REMOVED) for code in removed]
    source = edited(source, changes)
    if code := sent.get(f"{NEW}.language"):
        source = edited(source, [Change(("text", str(code)), _to_translate(values, str(code)))])
    return source


def to_translate(code: str, text: str) -> str:
    """Return the text with a gap before it, which says in the language to translate the text."""
    with override(code):
        gap = gettext("[This text is still to be translated.]")
    return f"{gap}\n\n{text}" if "\n" in text else f"{gap} {text}".strip()


def _to_translate(values: Values, code: str) -> dict[str, Any]:
    """Return the table of another language: copies with a gap that prevents the launch."""

    def copied(*path: str | int) -> str:
        return to_translate(code, str(value_at(values, path, "")))

    table: dict[str, Any] = {
        "title": copied("title")[:LONGEST_TITLE],
        "consent": _consent_to_translate(values, copied),
        "debrief": {"text": copied("debrief", "text")},
    }
    classes = _class_names(values)
    if classes:
        table["classes"] = classes
    parts = {
        str(part.get("key", "text")): {
            "heading": copied("parts", number, "heading"),
            "text": copied("parts", number, "text"),
        }
        for number, part in enumerate(tables(values, "parts"))
        if part.get("kind") == "text"
    }
    if parts:
        table["parts"] = parts
    for name in ("endings", "sessions"):
        texts = {
            str(entry.get("key")): {key: copied(name, number, key) for key in ("heading", "text")}
            for number, entry in enumerate(tables(values, name))
        }
        if texts:
            table[name] = texts
    return table


def _consent_to_translate(values: Values, copied: Callable[..., str]) -> dict[str, Any]:
    """Return the consent's table in another language, with every part that the file has."""
    table: dict[str, Any] = {"text": copied("consent", "text")}
    if value_at(values, ("consent", "summary"), ""):
        table["summary"] = copied("consent", "summary")
    details = tables(values, "consent", "details")
    if details:
        table["details"] = [
            {name: copied("consent", "details", number, name) for name in ("heading", "text")}
            for number in range(len(details))
        ]
    checks = tables(values, "consent", "checks")
    if checks:
        table["checks"] = {
            str(check.get("key")): copied("consent", "checks", number, "text")
            for number, check in enumerate(checks)
        }
    return table


def _class_names(values: Values) -> dict[str, str]:
    """Return the classes that the file names in any language, by the names of the classifier."""
    every = [values.get("classes", {})]
    every += [value_at(values, ("text", code, "classes"), {}) for code in _others(values)]
    named = [names for names in every if isinstance(names, Mapping) and names]
    own = every[0] if isinstance(every[0], Mapping) else {}
    return {name: str(own.get(name, name)) for name in named[0]} if named else {}


SECTION = Section(
    "texts",
    _("Texts"),
    _(
        "What participants read, in each language. Instructions, comprehension questions and the "
        "words of the tasks are the platform's own: they follow from task and method, so that arms "
        "differ by the map alone. Read them in the preview."
    ),
    _texts,
    _write,
)
