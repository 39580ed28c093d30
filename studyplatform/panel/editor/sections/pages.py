"""The editor's sections of pages: what happens, in order, and the checks of attention and of
comprehension."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.questionnaire_cards import choices
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    Path,
    edited,
    read,
    rearranged,
    value_at,
)

OWN_TEXT = "text"
"""The choice of a page with a text of the researchers, in place of a questionnaire."""
PRACTICE, FURTHER_RUN = "practice", "trials"
"""The choices of pictures for practice and of a further run of pictures."""
RUNS = ("practice", "trials")
"""Kinds of pages that show images."""
OF_TRIALS = ("task", "confidence", "advice_confidence", "free_text", "compare", "neither")
"""Keys of the first run of pictures that a run which is added takes over."""
ARRANGED: Path = (NEW, "arranged")


def _pages(values: Values) -> list[Entry]:
    if "parts" not in values:
        before, after = gettext("Before the images"), gettext("After the images")
        return [
            Entry(("questionnaires", "before"), before, "several", missing=[], choices=choices(),
                  is_optional=False),
            Entry(("questionnaires", "after"), after, "several", missing=[], choices=choices(),
                  is_optional=False),
            Entry(
                (NEW, PRACTICE), gettext("Practice before the images"), "check", missing=False,
                help=gettext(
                    "Three images with feedback, which are not analysed. It writes the pages as "
                    "a list."
                ),
            ),
            arranged_entry(),
        ]  # fmt: skip
    entries = []
    for number, part in enumerate(tables(values, "parts")):
        group = gettext("Page %(number)d: %(what)s") % {
            "number": number + 1, "what": described(part),
        }  # fmt: skip
        entries += [
            Entry(("parts", number, "place"), gettext("Place"), "number", group=group,
                  missing=number + 1, lead=_whose_words(part)),
            Entry(("parts", number, "remove"), gettext("Remove"), "check", group=group,
                  missing=False),
        ]  # fmt: skip
    added = gettext("One more")
    return [
        *entries,
        Entry((NEW, "questionnaire"), gettext("Page"), "choice", group=added,
              choices=[("", gettext("none")), (OWN_TEXT, gettext("a page with your own text")),
                       (PRACTICE, gettext("images for practice, with feedback")),
                       (FURTHER_RUN, gettext("a further run of images")), *choices()],
              help=gettext("Images begin with the task of the first run.")),
        _place_entry(values, added),
        Entry((NEW, "per_block"), gettext("In every block of a within-subjects study"), "check",
              group=added, missing=False),
    ]  # fmt: skip


def _place_entry(values: Values, group: str) -> Entry:
    """Return the choice of the page before which a page is added."""
    parts = tables(values, "parts")
    before = gettext("before page %(number)d: %(what)s")
    places = [
        (str(number), before % {"number": number, "what": described(part)})
        for number, part in enumerate(parts, start=1)
    ]
    at_the_end = (str(len(parts) + 1), gettext("at the end"))
    return Entry(
        (NEW, "place"), gettext("Place"), "choice", group=group, missing=at_the_end[0],
        choices=[*places, at_the_end],
    )  # fmt: skip


def arranged_entry() -> Entry:
    """Return the field that writes the pages of the short form as a list."""
    return Entry(
        ARRANGED, gettext("Arrange the pages one by one"), "check", missing=False,
        help=gettext(
            "Writes the pages as a list, in which they can be moved, and to which checks and "
            "pages with your own text can be added. Participants see the same."
        ),
    )  # fmt: skip


def described(part: Mapping[str, Any]) -> str:
    """Return what the page is, in a few words."""
    kinds = {
        "instructions": gettext("Instructions"),
        "quiz": gettext("Comprehension check"),
        "practice": gettext("Practice"),
        "trials": gettext("Images"),
        "attention": gettext("Attention check"),
        "perception": gettext("Images to find again"),
    }
    kind = str(part.get("kind", ""))
    if kind == "questionnaire":
        return dict(choices()).get(str(part.get("questionnaire")), str(part.get("questionnaire")))
    if kind == "text":
        return str(part.get("heading", part.get("key", kind)))
    return kinds.get(kind, kind)


def _whose_words(part: Mapping[str, Any]) -> str:
    """Return where the words of a page come from that no form of the editor has."""
    if part.get("kind") not in ("instructions", "quiz", *RUNS):
        return ""
    return gettext(
        "The platform makes its words from task, methods and images, so that arms differ by the "
        "map alone. For words of your own, add “a page with your own text” below."
    )


def _write_pages(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    if "parts" not in values:
        plain = [entry for entry in entries if entry.path[0] != NEW]
        source = edited(source, touched(values, sent, plain))
        if sent.get(f"{NEW}.{PRACTICE}"):
            return _with_practice(in_parts(source))
        return in_parts(source) if sent.get(f"{NEW}.arranged") else source
    places: list[tuple[int, int, int | dict[str, Any]]] = []
    for number in range(len(tables(values, "parts"))):
        if not sent.get(f"parts.{number}.remove"):
            asked = sent.get(f"parts.{number}.place")
            place = number + 1 if asked is None else asked
            # A page that moves up comes before the one that has the place now, others behind it.
            places.append((place, (place > number + 1) - (place < number + 1), number))
    if key := sent.get(f"{NEW}.questionnaire"):
        added: dict[str, Any] = {"kind": "questionnaire", "questionnaire": key}
        if key == OWN_TEXT:
            source, added = with_text(source, values)
        if key in (PRACTICE, FURTHER_RUN):
            added = _run(str(key), tables(values, "parts"))
        elif sent.get(f"{NEW}.per_block"):  # runs of pictures are in every block anyway
            added["per_block"] = True
        place = int(sent.get(f"{NEW}.place") or len(tables(values, "parts")) + 1)
        places.append((place, -1, added))
    order: list[int | dict[str, Any]] = [
        one for _place, _side, one in sorted(places, key=lambda found: found[:2])
    ]
    if order == list(range(len(tables(values, "parts")))):
        return source
    return rearranged(source, ("parts",), order)


def _with_practice(source: str) -> str:
    """Return the file, whose pages are a list, with practice before the first pictures."""
    parts = tables(read(source), "parts")
    kinds = [part.get("kind") for part in parts]
    order: list[int | dict[str, Any]] = list(range(len(parts)))
    order.insert(kinds.index("trials"), _run(PRACTICE, parts))
    return rearranged(source, ("parts",), order)


def _run(kind: str, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a run of pictures or of practice that asks what the study's first run asks."""
    first: Mapping[str, Any] = next((part for part in parts if part.get("kind") == "trials"), {})
    taken = {str(part.get("key", part.get("kind"))) for part in parts}
    names = [kind, *(f"{kind}-{number}" for number in range(2, len(parts) + 3))]
    key = next(name for name in names if name not in taken)
    run: dict[str, Any] = {"kind": kind} | ({"key": key} if key != kind else {})
    run |= {name: first[name] for name in OF_TRIALS if name in first}
    numbers = {"right": 2, "wrong": 1} if kind == PRACTICE else {
        name: first[name] for name in ("right", "wrong") if name in first
    }  # fmt: skip
    return run | numbers


def with_text(
    source: str, values: Values, heading: str = "", text: str = ""
) -> tuple[str, dict[str, Any]]:
    """Return the file with the texts of a new page in its other languages, and the page.

    An empty heading or text is a gap in square brackets, which has to be filled before the launch.
    """
    taken = {str(part.get("key", part.get("kind"))) for part in tables(values, "parts")}
    key = next(key for number in range(1, 1000) if (key := f"text-{number}") not in taken)
    gaps = {"heading": gettext("[Heading]"), "text": gettext("[Your own text]")}
    texts = {"heading": heading or gaps["heading"], "text": text or gaps["text"]}
    others = values.get("text", {})
    changes = [
        Change(("text", code, "parts", key), dict(texts))
        for code in (others if isinstance(others, dict) else ())
    ]
    return edited(source, changes), {"kind": "text", "key": key, **texts}


def in_parts(source: str) -> str:
    """Return the file with its pages as a list, where it has the short form. Participants see the
    same pages."""
    values = read(source)
    if "parts" in values:
        return source

    def asked(place: str) -> list[dict[str, Any]]:
        named = value_at(values, ("questionnaires", place), [])
        return [{"kind": "questionnaire", "questionnaire": key} for key in named]

    shown = {key: value_at(values, ("images", key), 0) for key in ("right", "wrong")}
    parts = [
        *asked("before"),
        {"kind": "instructions"},
        {"kind": "trials", **shown},
        *asked("after"),
    ]
    gone: list[Path] = [("questionnaires",), ("images", "right"), ("images", "wrong")]
    removed = [Change(path, REMOVED) for path in gone]
    return edited(source, [*removed, Change(("parts",), parts)])


def _checks(values: Values) -> list[Entry]:
    parts = tables(values, "parts")
    entries = []
    for number, part in enumerate(parts):
        if part.get("kind") in RUNS:
            words = {"number": number + 1, "what": described(part)}
            entries.append(
                Entry(
                    ("parts", number, "attention"),
                    gettext("Attention checks among the images of page %(number)d: %(what)s")
                    % words,
                    "number",
                    gettext("Spread evenly. Fewer than images."),
                    missing=0,
                )
            )
    if "parts" not in values:
        entries.append(
            Entry(
                (NEW, "among"),
                gettext("Attention checks among the images"),
                "number",
                gettext("Spread evenly. Fewer than images."),
                missing=0,
            )
        )
    removable = {
        "attention": gettext("Remove the attention check on page %(number)d"),
        "quiz": gettext("Remove the comprehension check on page %(number)d"),
    }
    for number, part in enumerate(parts):
        if words_of := removable.get(str(part.get("kind"))):
            label = words_of % {"number": number + 1}
            entries.append(Entry(("parts", number, "remove"), label, "check", missing=False))
    entries.append(
        Entry(
            (NEW, "attention"), gettext("Add a page with an attention check"), "check",
            gettext("Behind the images. It asks for a particular point of a scale."),
            missing=False,
        )
    )  # fmt: skip
    if not any(part.get("kind") == "quiz" for part in parts):
        entries.append(
            Entry(
                (NEW, "quiz"), gettext("Add a comprehension check"), "check",
                gettext(
                    "Behind the instructions. It asks what the map means, in words that depend on "
                    "the method of each arm, and once more after a mistake."
                ),
                missing=False,
            )
        )  # fmt: skip
    if str(value_at(values, ("recruitment", "kind"), "open")) != "open":
        entries.append(
            Entry(
                ("recruitment", "failed_checks"),
                gettext("Failed checks from which on somebody is sent back as failed"),
                "number",
                missing=2,
            )
        )
    return entries


def _write_checks(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[0] != NEW and entry.path[-1] != "remove"]
    source = edited(source, touched(values, sent, plain))
    added = [name for name in ("attention", "quiz") if sent.get(f"{NEW}.{name}")]
    among = sent.get(f"{NEW}.among")
    if added or among:
        source = in_parts(source)
    parts = tables(read(source), "parts")
    kinds = [str(part.get("kind")) for part in parts]
    if among and "trials" in kinds:
        where: Path = ("parts", kinds.index("trials"), "attention")
        source = edited(source, [Change(where, among)])
    order: list[int | dict[str, Any]] = []
    for number, kind in enumerate(kinds):
        if not sent.get(f"parts.{number}.remove"):
            order.append(number)
        if kind == "instructions" and "quiz" in added and kind not in kinds[:number]:
            order.append({"kind": "quiz"})
        if kind == "trials" and "attention" in added and kind not in kinds[number + 1 :]:
            order.append({"kind": "attention"})
    if order == list(range(len(parts))):
        return source
    return rearranged(source, ("parts",), order)


PAGES = Section(
    "pages",
    _("Pages and questionnaires"),
    _("What happens, in order."),
    _pages,
    _write_pages,
)
CHECKS = Section(
    "checks",
    _("Checks"),
    _("Whether people read the pages, and whether they understand what a map means."),
    _checks,
    _write_checks,
)
