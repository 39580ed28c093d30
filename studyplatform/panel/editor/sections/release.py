"""The editor's section of the release: who gives the data away, and what is withheld before."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from analysis.release.declaration import LICENCES
from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.plan_choices import asked
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, rearranged
from surveys import questionnaires
from surveys.questionnaires.base import Item
from surveys.questionnaires.reading import QuestionnaireError

AUTHORS: Path = ("release", "authors")
QUASI: Path = ("release", "quasi_identifiers")
DESCRIBING = ("choice", "multiple", "number")
"""Kinds of single questions that can describe a person."""
LANGUAGE = "language"


def _release(values: Values) -> list[Entry]:
    terms, people = gettext("Terms"), gettext("Protection of the people")
    pictures = gettext("Images of the study")
    known = {item.id: item for item in _describing(values)}
    return [
        Entry(("release", "licence"), gettext("Licence of the data"), "radio", group=terms,
              choices=[("", gettext("not chosen yet")), *_licences()]),
        Entry(("release", "keywords"), gettext("Keywords, one on each line"), "words", group=terms,
              missing=[]),
        Entry(("release", "funder"), gettext("Funder"), group=terms),
        Entry(("release", "article"), gettext("DOI of the article"), group=terms,
              help=gettext("Such as 10.1000/182, if the data belong to an article.")),
        *(entry for number, author in enumerate(tables(values, *AUTHORS))
          for entry in _author(number, author)),
        *_one_more_author(),
        Entry(("release", "pictures"), gettext("Rights to the images"), "radio",
              group=pictures, missing="unknown",
              choices=[("unknown", gettext("not known: no image is released")),
                       ("patients", gettext("of patients: neither images nor maps are released")),
                       ("licensed", gettext("licensed to the lab: no image is released")),
                       ("open", gettext("open: images are released"))]),
        Entry(("release", "pictures_licence"), gettext("Licence of the images"), group=pictures,
              help=gettext("Needed for open images, such as CC-BY-4.0.")),
        Entry(("release", "k"), gettext("People who share each combination of answers"), "number",
              gettext(
                  "At least so many (k-anonymity; Samarati, 2001; Sweeney, 2002): somebody who "
                  "knows a person's age, gender and education finds a group, not the person."
              ), group=people, missing=5),
        Entry(("release", "suppress_at_most"),
              gettext("Largest share of people whose describing answers may be withheld"),
              "decimal",
              gettext("0.1 is a tenth. If more would be needed, a whole question is withheld."),
              group=people, missing=0.1),
        *(entry for number, one in enumerate(tables(values, *QUASI))
          for entry in _described(number, one, known)),
        Entry((NEW, "quasi_identifier"), gettext("One more question that describes people"),
              "choice", group=people, choices=[("", gettext("none")), *_offered(values, known)],
              help=gettext(
                  "Without any, these are the language and every single question that is "
                  "answered by a choice or a number."
              )),
    ]  # fmt: skip


def _licences() -> list[tuple[str, str]]:
    sentences = {
        "CC0-1.0": gettext("everybody may use them in any way"),
        "CC-BY-4.0": gettext("whoever uses them names you"),
        "CC-BY-SA-4.0": gettext("names you, and shares under the same licence"),
        "CC-BY-NC-4.0": gettext("names you, and does not earn money with them"),
        "CC-BY-NC-SA-4.0": gettext("names you, does not earn money, shares under the same licence"),
        "ODbL-1.0": gettext("for databases: names you, and shares under the same licence"),
        "PDDL-1.0": gettext("for databases: everybody may use them in any way"),
    }
    return [(key, f"{key}: {sentences[key]}" if key in sentences else key) for key in LICENCES]


def _author(number: int, author: Values) -> Iterator[Entry]:
    at: Path = (*AUTHORS, number)
    group = gettext("Author: %(name)s") % {"name": author.get("name", number + 1)}
    yield Entry((*at, "name"), gettext("Name"), group=group, is_optional=False)
    yield Entry((*at, "orcid"), "ORCID", group=group, help=_orcid())
    yield Entry((*at, "affiliation"), gettext("Affiliation"), group=group)
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)


def _one_more_author() -> list[Entry]:
    group = gettext("Add an author")
    return [
        Entry((NEW, "author"), gettext("Name"), group=group,
              help=gettext("Empty: none is added.")),
        Entry((NEW, "orcid"), "ORCID", group=group, help=_orcid()),
        Entry((NEW, "affiliation"), gettext("Affiliation"), group=group),
    ]  # fmt: skip


def _orcid() -> str:
    return gettext("Such as 0000-0002-1825-0097; it can stay empty.")


def _described(number: int, declared: Values, known: dict[str, Item]) -> Iterator[Entry]:
    """Yield the fields of a question that describes people: bands of numbers, or groups."""
    at: Path = (*QUASI, number)
    name = str(declared.get("item", number + 1))
    group = gettext("Question that describes people: %(name)s") % {"name": name}
    item = known.get(name)
    is_number = item is not None and item.kind == "number"
    if is_number or "bands" in declared:
        yield Entry(
            (*at, "bands"), gettext("Widths of bands"), "numbers", group=group, missing=[],
            help=gettext(
                "Such as 5, 10, 20, each a multiple of the one before. The narrowest that "
                "suffices is used. Empty: bands of a usual width."
            ),
        )  # fmt: skip
    if "groups" in declared or (item is not None and not is_number):
        answers = ", ".join(item.values) if item is not None else ""
        yield Entry(
            (*at, "groups"), gettext("Groups of answers"), "groups", group=group, missing={},
            help=gettext(
                "A group on each line, such as: young = 18-24, 25-34. Groups are used if single "
                "answers would be too rare."
            ) + (" " + gettext("The answers: %(answers)s") % {"answers": answers}
                 if answers else ""),
        )  # fmt: skip
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)


def _describing(values: Values) -> list[Item]:
    """Return the questions of the study that can describe people, each once."""
    found: dict[str, Item] = {}
    for key in asked(values):
        try:
            questionnaire = questionnaires.get(key).in_language(get_language() or "en")
        except QuestionnaireError:  # the mistakes of the file name it
            continue
        for item in questionnaire.items:
            if item.kind in DESCRIBING and not item.subscale:
                found.setdefault(item.id, item)
    return list(found.values())


def _offered(values: Values, known: dict[str, Item]) -> list[tuple[str, str]]:
    there = {str(one.get("item")) for one in tables(values, *QUASI)}
    every = [(LANGUAGE, gettext("the language of the pages")),
             *((item.id, f"{item.text} ({item.id})") for item in known.values())]  # fmt: skip
    return [(key, label) for key, label in every if key not in there]


def _write_release(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[0] != NEW and entry.path[-1] != "remove"]
    source = edited(source, touched(values, sent, plain))
    author: dict[str, Any] = {
        key: sent[f"{NEW}.{field}"]
        for key, field in (("name", "author"), ("orcid", "orcid"), ("affiliation", "affiliation"))
        if sent.get(f"{NEW}.{field}")
    }
    source = _relisted(source, AUTHORS, values, sent, author if "name" in author else {})
    item = sent.get(f"{NEW}.quasi_identifier")
    return _relisted(source, QUASI, values, sent, {"item": item} if item else {})


def _relisted(source: str, at: Path, values: Values, sent: Sent, added: dict[str, Any]) -> str:
    """Return the file without the entries of the list that were removed, and with the new one."""
    name = ".".join(map(str, at))
    there = range(len(tables(values, *at)))
    order: list[int | dict[str, Any]] = [n for n in there if not sent.get(f"{name}.{n}.remove")]
    if added:
        order.append(added)
    if order == list(there):
        return source
    return rearranged(source, at, order) if order else edited(source, [Change(at, REMOVED)])


SECTION = Section(
    "release",
    _("Release"),
    _(
        "How the data are given away after the study, and what is coarsened or withheld before. "
        "The release itself is made under Data and reports."
    ),
    _release,
    _write_release,
)
