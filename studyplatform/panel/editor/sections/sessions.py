"""The editor's section of later sessions: when each opens, who comes, and what it asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.earlier_questions import items_of, part_key
from studyplatform.panel.editor.sections.endings_and_sessions import (
    named,
    naming_entries,
    text_entries,
    translated,
    way_back_entries,
    without_texts,
)
from studyplatform.panel.editor.sections.pages import (
    OWN_TEXT,
    arranged_entry,
    described,
    in_parts,
    with_text,
)
from studyplatform.panel.questionnaire_cards import choices
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    InlineEntry,
    Path,
    edited,
    read,
    rearranged,
    value_at,
)
from surveys.study_file.recruitment_kinds import KINDS

SESSIONS = "sessions"
VIRTUAL = ("pages", "questionnaire", "remove")
"""Fields of a session that are not keys of its table."""
DAYS = {"after_days": 7, "window_days": 3}
"""The numbers with which a new session begins."""


def _sessions(values: Values) -> list[Entry]:
    return [
        *(
            entry
            for place, session in enumerate(tables(values, SESSIONS))
            for entry in _of_session(values, place, session)
        ),
        *_addition(values),
    ]


def _of_session(values: Values, place: int, session: Mapping[str, Any]) -> Iterator[Entry]:
    at: Path = (SESSIONS, place)
    group = gettext("Session “%(heading)s” (%(key)s)") % {
        "heading": session.get("heading", place + 1), "key": session.get("key", place + 1),
    }  # fmt: skip
    texts = list(text_entries(values, SESSIONS, place, group))
    yield Entry(**{**vars(texts[0]), "lead": _said(values, session)})
    yield from texts[1:]
    yield from _days(at, group)
    yield Entry(
        (*at, "pages"), gettext("Pages of this session"), "several", group=group,
        missing=[str(number) for number in _pages_of(values, session)],
        choices=_offered(values, session),
        help=gettext("They come behind all other pages. A page belongs to one session."),
    )  # fmt: skip
    yield Entry(
        (*at, "questionnaire"), gettext("Add a page to this session"), "choice", group=group,
        choices=[("", gettext("none")), *_askable()], help=_again(),
        mends=() if _pages_of(values, session) else (*at, "key"),
    )  # fmt: skip
    yield from way_back_entries(values, at, group, "")
    kind = str(value_at(values, ("recruitment", "kind"), "open"))
    if any(one.key == kind and one.study_parameter for one in KINDS) or "study_id" in session:
        yield Entry(
            (*at, "study_id"), gettext("Id of the study at Prolific that sends people to it"),
            group=group, help=gettext(
                "Make a second study there with the same address, only for the participants of "
                "the first, and copy its 24 characters here. People then come without a link. "
                "Empty: they come by their personal links."
            ),
        )  # fmt: skip
    yield Entry(
        (*at, "remove"), gettext("Remove"), "check", group=group, missing=False,
        help=gettext("Its pages become pages of the study itself."),
    )  # fmt: skip


def _days(at: Path, group: str, usual: Mapping[str, int] | None = None) -> Iterator[Entry]:
    first = usual or {}
    yield Entry(
        (*at, "after_days"), gettext("Opens so many days after the study"), "number",
        gettext("Counted for each person from the last page of the study."),
        group=group, missing=first.get("after_days", ""), is_optional=False,
    )  # fmt: skip
    yield Entry(
        (*at, "window_days"), gettext("Stays open for so many days"), "number",
        gettext(
            "A short time keeps the interval alike for all people, a long one loses fewer of them."
        ),
        group=group, missing=first.get("window_days", ""), is_optional=False,
    )  # fmt: skip


def _again() -> str:
    return gettext(
        "A questionnaire that the study asks already is asked again. Outcomes of the plan that "
        "have its answers go on to mean those of the first time."
    )


def _askable() -> list[tuple[str, str]]:
    return [*choices(), (OWN_TEXT, gettext("a page with your own text"))]


def _pages_of(values: Values, session: Mapping[str, Any]) -> list[int]:
    """Return the places in the file of the session's parts."""
    return [
        number
        for number, part in enumerate(tables(values, "parts"))
        if part.get("session") and part.get("session") == session.get("key")
    ]


def _offered(values: Values, session: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pages that can be in the session: of this one, or of none, and in no block."""
    own = _pages_of(values, session)
    return [
        (
            str(number),
            gettext("Page %(number)d: %(what)s") % {"number": number + 1, "what": described(part)},
        )
        for number, part in enumerate(tables(values, "parts"))
        if number in own
        or (
            part.get("kind") in ("questionnaire", "text")
            and not part.get("session")
            and not part.get("per_block")
        )
    ]


def _said(values: Values, session: Mapping[str, Any]) -> str:
    """Return what happens so far, in plain sentences."""
    after, window = (session.get(name) for name in DAYS)
    parts = tables(values, "parts")
    asked = [described(parts[number]) for number in _pages_of(values, session)]
    sentences = []
    if isinstance(after, int) and isinstance(window, int):
        opens = ngettext(
            "It opens %(count)d day after a person has completed the study,",
            "It opens %(count)d days after a person has completed the study,",
            after,
        )
        stays = ngettext(
            "and stays open for %(count)d day.", "and stays open for %(count)d days.", window
        )
        sentences.append(f"{opens % {'count': after}} {stays % {'count': window}}")
    sentences.append(
        gettext("People come from their study at Prolific, by their Prolific id.")
        if session.get("study_id")
        else gettext("People come by the personal link that the last page shows them.")
    )
    sentences.append(
        gettext("It asks: %(pages)s.") % {"pages": "; ".join(asked)}
        if asked
        else gettext("It asks nothing yet.")
    )
    return " ".join(sentences)


def _addition(values: Values) -> list[Entry]:
    if "parts" not in values:
        return [arranged_entry()]
    group = gettext("Add a session")
    return [
        Entry(
            (NEW, "questionnaire"), gettext("What it asks"), "choice", group=group,
            choices=[("", gettext("none is added")), *choices()], help=_again(),
        ),
        *_days((NEW,), group, DAYS),
        *naming_entries((NEW,), group),
    ]  # fmt: skip


def _write_sessions(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    if sent.get(f"{NEW}.arranged"):
        return in_parts(source)
    there, before = tables(values, SESSIONS), read(source)
    removed = [place for place in range(len(there)) if sent.get(f"{SESSIONS}.{place}.remove")]
    keys = [str(there[place].get("key")) for place in removed]
    changes = touched(values, sent, [one for one in entries if _is_plain(one, removed, keys)])
    changes += _moved_pages(values, sent, removed)
    source = edited(source, changes + without_texts(values, SESSIONS, keys))
    source = _with_pages(source, sent, [n for n in range(len(there)) if n not in removed])
    kept: list[int | dict[str, Any]] = [n for n in range(len(there)) if n not in removed]
    if questionnaire := sent.get(f"{NEW}.questionnaire"):
        days = {
            name: usual if (asked := sent.get(f"{NEW}.{name}")) is None else asked
            for name, usual in DAYS.items()
        }
        added = named(values, SESSIONS, sent, NEW, "session") | days
        source = edited(source, translated(values, SESSIONS, added))
        source = _with_page(source, str(questionnaire), str(added["key"]))
        kept.append(added)
    if kept != list(range(len(there))):
        source = (
            rearranged(source, (SESSIONS,), kept)
            if kept
            else edited(source, [Change((SESSIONS,), REMOVED)])
        )
    return _in_order(source, before)


def _is_plain(entry: Entry, removed: Sequence[int], keys: Sequence[str]) -> bool:
    """Return whether the field is a value of a session that stays."""
    path = entry.path
    if path[0] == "text":
        return path[3] not in keys
    is_value = path[0] == SESSIONS and path[2] not in VIRTUAL
    return is_value and path[1] not in removed


def _moved_pages(values: Values, sent: Sent, removed: Sequence[int]) -> list[Change]:
    """Return the changes of the parts that come into a session or leave it."""
    changes = []
    for place, session in enumerate(tables(values, SESSIONS)):
        before = {str(number) for number in _pages_of(values, session)}
        asked = set(sent.get(f"{SESSIONS}.{place}.pages", before))
        after = set() if place in removed else asked
        changes += [Change(("parts", int(one), "session"), REMOVED) for one in before - after]
        changes += [
            Change(("parts", int(one), "session"), session.get("key")) for one in after - before
        ]
    return changes


def _with_pages(source: str, sent: Sent, places: Sequence[int]) -> str:
    """Return the file with the pages that were added to its sessions."""
    for place in places:
        if chosen := sent.get(f"{SESSIONS}.{place}.questionnaire"):
            key = value_at(read(source), (SESSIONS, place, "key"))
            source = _with_page(source, str(chosen), str(key))
    return source


def _with_page(source: str, chosen: str, session: str) -> str:
    """Return the file with one more page in the session."""
    values = read(source)
    parts = tables(values, "parts")
    part: dict[str, Any] = {"kind": "questionnaire", "questionnaire": chosen}
    if chosen == OWN_TEXT:
        source, part = with_text(source, values)
    taken = [part_key(one) for one in parts]
    if part_key(part) in taken:
        name = f"{chosen}-{session}"
        numbered = [name, *(f"{name}-{number}" for number in range(2, 99))]
        part["key"] = next(one for one in numbered if one not in taken)
        source = edited(source, _told_apart(values, chosen))
    part["session"] = session
    order: list[int | dict[str, Any]] = [*range(len(parts)), part]
    return rearranged(source, ("parts",), order)


def _told_apart(values: Values, questionnaire: str) -> list[Change]:
    """Return what lets the plan's outcomes go on to mean the page that asked them so far."""
    asking = [
        part
        for part in tables(values, "parts")
        if part.get("kind") == "questionnaire" and part.get("questionnaire") == questionnaire
    ]
    if len(asking) != 1:
        return []
    items = items_of(asking[0])
    measured = {
        *(("item", item.id) for item in items),
        *(("scale", item.subscale) for item in items),
    }
    changes = []
    for number, outcome in enumerate(tables(values, "analysis", "outcomes")):
        kind = str(outcome.get("kind"))
        where = outcome.get("where", {})
        is_meant = (kind, str(outcome.get(kind))) in measured and isinstance(where, dict)
        if is_meant and "part" not in where:
            meant = InlineEntry({**where, "part": part_key(asking[0])})
            changes.append(Change(("analysis", "outcomes", number, "where"), meant))
    return changes


def _in_order(source: str, before: Values) -> str:
    """Return the file with the sessions by their days and the pages by their sessions, if any of
    both has changed."""
    values = read(source)
    if all(values.get(name) == before.get(name) for name in (SESSIONS, "parts")):
        return source
    sessions = tables(values, SESSIONS)
    days = [one.get("after_days") for one in sessions]
    by_days = list(range(len(sessions)))
    if all(isinstance(one, int) for one in days):
        by_days.sort(key=lambda number: int(days[number] or 0))
        source = rearranged(source, (SESSIONS,), by_days)
    keys = [str(sessions[number].get("key")) for number in by_days]
    parts = tables(values, "parts")

    def place(number: int) -> int:
        session = str(parts[number].get("session", ""))
        return keys.index(session) if session in keys else -1

    by_session = list(range(len(parts)))
    by_session.sort(key=place)
    return rearranged(source, ("parts",), by_session)


def _note(values: Values) -> str:
    if "parts" not in values:
        return gettext("To add a session, first arrange the pages one by one.")
    return gettext(
        "The consent has to say that there is a later session, because nobody is asked to agree "
        "again. The platform sends no invitations: owners find the list of personal links on the "
        "monitor."
    )


SECTION = Section(
    "sessions",
    _("Sessions"),
    _("Later sessions, in which the same people answer more questions some days after the study."),
    _sessions,
    _write_sessions,
    _note,
)
