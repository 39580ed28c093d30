"""The checklist before a launch, what the launch freezes, and how to recruit for the study."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from explanations import catalogue
from studyplatform.models import StudyMember, TextVersion
from studyplatform.panel.access import Right
from studyplatform.panel.image_gallery import doubtful_count
from studyplatform.panel.pilots import was_rehearsed
from studyplatform.panel.study_needs import lacking
from studyplatform.panel.text_checks import TextRemark, stale_texts, unfinished_texts
from surveys.models import Study
from surveys.pages.example import empty_methods, example_candidate
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts.attention import AttentionPart
from surveys.study_file.parts.quiz import QuizPart
from surveys.study_file.recruitment import Exit, Outcome
from surveys.study_file.stored import definition

_SECTION = "panel:study-section"
MENDED_AT: Mapping[str, tuple[Promise, str, Mapping[str, str], Right]] = {
    "maps": (_("Compute what is missing"), "panel:explanations", {}, Right.VIEW),
    "images": (_("Look at the images"), "panel:images", {}, Right.VIEW),
    "flagged": (_("Look at them, or exchange them"), "panel:choose-images", {}, Right.MAKE_CHANGES),
    "texts": (_("Edit the texts"), _SECTION, {"section": "texts"}, Right.MAKE_CHANGES),
    "endings": (_("Edit the endings"), _SECTION, {"section": "endings"}, Right.MAKE_CHANGES),
    "sessions": (_("Edit the sessions"), _SECTION, {"section": "sessions"}, Right.MAKE_CHANGES),
    "recruitment": (
        _("Edit the recruitment"),
        _SECTION,
        {"section": "recruitment"},
        Right.MAKE_CHANGES,
    ),
    "sample": (_("Edit the sample"), _SECTION, {"section": "sample"}, Right.MAKE_CHANGES),
    "checks": (_("Edit the checks"), _SECTION, {"section": "checks"}, Right.MAKE_CHANGES),
    "version": (_("Look at it, and use it"), "panel:study-file", {}, Right.MAKE_CHANGES),
    "power": (_("Simulate the sample"), "panel:plan", {}, Right.MAKE_CHANGES),
    "registration": (_("Enter the registration"), "panel:plan", {}, Right.MAKE_CHANGES),
    "pilot": (_("Begin a pilot"), "panel:pilot", {}, Right.MAKE_CHANGES),
    "retention": (
        _("Say how long data are kept"),
        _SECTION,
        {"section": "retention"},
        Right.MAKE_CHANGES,
    ),
    "members": (_("Invite a colleague"), "panel:members", {}, Right.OWN),
}
"""Where the fault of each line is mended: the link's words, its URL, and the right it needs."""
MINUTES = re.compile(r"\b(\d{1,3})[ -](?:minutes?|Minuten)\b")
PLACEHOLDER = re.compile(r"x{3,}|todo|your|example|placeholder|0{6,}|123456", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A line of the checklist. ``place`` is a key of MENDED_AT, or empty where no page mends the
    fault, ``field`` the field of the editor's form there, if a single one mends it, and ``query``
    what the page's address asks for."""

    sentence: str
    place: str
    field: str = ""
    query: str = ""


@dataclass(frozen=True)
class Checklist:
    """What must be mended before the launch, and what to think about."""

    blocking: tuple[Line, ...]
    warnings: tuple[Line, ...]


@dataclass(frozen=True)
class Field:
    """A field of a recruitment service's form, with the text to copy into it."""

    name: str
    value: str
    hint: str = ""


def checklist(study: Study, address: str = "") -> Checklist:
    """Check the study file, the maps and the preparation of a study that nobody takes part in.

    ``address`` is that of the link for participants, if its reach is to be checked too.
    """
    declared = definition(study)
    return Checklist(
        blocking=(
            *_lines("maps", lacking(study)),
            *_in_texts(_empty_texts(declared)),
            *_in_texts(unfinished_texts(declared)),
            *_lines("recruitment", _ways_back(declared)),
            *_lines("sample", _quotas(declared)),
        ),
        warnings=(
            *_lines("", filter(None, [reach_of(address)])),
            *_lines("version", _newer_version(study)),
            *_lines("members", _preparation(study)),
            *_lines("pilot", _rehearsal(study)),
            *_lines("images", _empty_example(study)),
            *_doubtful_maps(study),
            *_lines("images", study.image_set.warnings),
            *_in_texts(stale_texts(declared)),
            *_cautions(declared),
        ),
    )


def reach_of(address: str) -> str:
    """Return a warning if the link reaches nothing but this computer, or an empty text."""
    if not _is_loopback(urlsplit(address).hostname or ""):
        return ""
    return gettext(
        "The link works only on this computer. For other people, the platform must be installed on "
        "a server: ask the person who set it up."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def recruitment_fields(declared: StudyFile, address: str) -> list[Field]:
    """Return what to enter at the recruitment service of the study, whose link is ``address``.

    Empty for a study without a recruitment service.
    """
    recruitment = declared.recruitment
    links = {
        "prolific": "?PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}"
        "&SESSION_ID={{%SESSION_ID%}}",
        "sona": "?id=%SURVEY_CODE%",
        "service": f"?{recruitment.id_parameter}=" + gettext("(the service's code for the id)"),
    }
    if recruitment.kind not in links:
        return []
    fields = [
        Field(
            gettext("Name of the study"),
            declared.title,
            gettext("People read it before they decide to take part."),
        ),
        Field(gettext("Internal name"), declared.slug, gettext("Only for you and your team.")),
        Field(
            gettext("Description"),
            _first_paragraph(declared),
            gettext("The beginning of the consent. Shorten it, and keep what people are told."),
        ),
        Field(
            gettext("Address of the study"),
            address + links[recruitment.kind],
            gettext("The service fills in the ids of each person."),
        ),
        Field(gettext("Number of places"), str(declared.allocation.places)),
        *_time_and_pay(declared),
    ]
    for outcome, way_back in recruitment.exits.items():
        words = _outcome_words()[outcome]
        if way_back.code:
            fields.append(Field(gettext("Completion code"), way_back.code, words))
        else:
            fields.append(Field(gettext("Address for the way back"), way_back.address, words))
    for ending in declared.endings:
        words = gettext("for those whose participation ends with “%(heading)s”") % {
            "heading": ending.heading
        }
        if ending.code:
            fields.append(Field(gettext("Completion code"), ending.code, words))
        elif ending.url:
            fields.append(Field(gettext("Address for the way back"), ending.url, words))
    return fields


def _first_paragraph(declared: StudyFile) -> str:
    """Return what the consent begins with, in one line."""
    text = declared.consent.summary or declared.consent.text
    return " ".join(text.strip().split("\n\n")[0].split())


def _time_and_pay(declared: StudyFile) -> Iterator[Field]:
    """Yield the minutes that the consent states, and what the study file declares as pay."""
    recruitment = declared.recruitment
    # The sentence that tells the whole duration is the last one with a number of minutes.
    if minutes := MINUTES.findall(declared.consent.words):
        hint = gettext("Minutes, as the consent says. Compare the pilot's median duration.")
        yield Field(gettext("Time that it takes"), minutes[-1], hint)
    if recruitment.pay:
        pay = f"{recruitment.pay:.2f} {recruitment.currency}".strip()
        yield Field(gettext("Pay of each person"), pay, gettext("Without the service's fees."))


def _outcome_words() -> Mapping[Outcome, str]:
    return {
        Outcome.COMPLETE: gettext("for everybody who sends the last page"),
        Outcome.FAILED_ATTENTION: gettext("for those who fail too many attention checks"),
        Outcome.WITHDRAWN: gettext("for those who leave before the end"),
        Outcome.SCREENED_OUT: gettext("for those who took part in an excluded study"),
        Outcome.FULL: gettext("for those who come when no place is left"),
        Outcome.DECLINED: gettext("for those who do not agree to the consent"),
    }


def _empty_texts(declared: StudyFile) -> Iterator[TextRemark]:
    for code in declared.languages:
        text = declared.in_language(code)
        if len(text.consent.words.split()) < 20:
            sentence = gettext(
                "The consent in the language “%(language)s” has fewer than 20 words. Say who asks, "
                "what people do, what is stored, and that they may stop."
            ) % {"language": code}
            at = "" if code == declared.language else f"text.{code}."
            yield TextRemark(sentence, f"{at}consent.text")


def _ways_back(declared: StudyFile) -> Iterator[str]:
    for outcome, way_back in declared.recruitment.exits.items():
        if _is_placeholder(way_back):
            yield gettext(
                "“%(value)s” (%(outcome)s) looks like a placeholder. Copy the real one from the "
                "service."
            ) % {
                "value": way_back.code or way_back.address,
                "outcome": _outcome_words()[outcome],
            }


def _is_placeholder(way_back: Exit) -> bool:
    server = urlsplit(way_back.address).hostname or ""
    return bool(
        PLACEHOLDER.search(way_back.code)
        or server in ("localhost", "127.0.0.1")
        or server.split(".")[-2:-1] == ["example"]
        or server.endswith((".example", ".invalid", ".test"))
    )


def _quotas(declared: StudyFile) -> Iterator[str]:
    if declared.allocation.quotas and not declared.analysis.get("sample_goal"):
        yield gettext(
            "There are quotas, but the plan does not say which sample they are to reach. State the "
            "goal of the plan, or remove the quotas."
        )


def _newer_version(study: Study) -> Iterator[str]:
    versions = TextVersion.objects.filter(text__study=study).order_by("-number")
    latest = versions.first()
    # A file that a command has loaded is newer than every version until the editor takes it over.
    is_known = latest is not None and versions.filter(source=study.source).exists()
    if latest is not None and is_known and latest.source != study.source:
        yield gettext(
            "Version %(number)d of the study file is newer than the one in use. Without it, the "
            "launch freezes the older one."
        ) % {"number": latest.number}


def _rehearsal(study: Study) -> Iterator[str]:
    if not was_rehearsed(study):
        yield gettext(
            "Nobody has gone through the whole study. Begin a pilot: go through it yourself, and "
            "send synthetic people."
        )


def _empty_example(study: Study) -> Iterator[str]:
    example = example_candidate(study)
    for method in empty_methods(study, example) if example else ():
        yield gettext(
            "The example's map of %(method)s is empty: nobody learns from it how to read a map. "
            "Compute the maps again, which looks for another example, or choose other images."
        ) % {"method": catalogue.get(method).label}


def _doubtful_maps(study: Study) -> Iterator[Line]:
    if count := doubtful_count(study):
        sentence = ngettext(
            "%(count)d image that participants see has a map with a flag: an empty map, or "
            "highlights that are due to chance. Participants are told that it explains the answer.",
            "%(count)d images that participants see have maps with a flag: empty maps, or "
            "highlights that are due to chance. Participants are told that they explain answers.",
            count,
        ) % {"count": count}
        yield Line(sentence, "flagged", query="chosen=yes&flags=flagged")


def _preparation(study: Study) -> Iterator[str]:
    if StudyMember.objects.filter(study=study).count() < 2:
        yield gettext("Nobody else has read the study. Invite a colleague as a second reader.")


def _cautions(declared: StudyFile) -> Iterator[Line]:
    plan = declared.analysis
    if not plan.get("sample_goal"):
        sentence = gettext(
            "The plan does not say why this number of participants is enough. Simulate the sample, "
            "and write it into the plan."
        )
        yield Line(sentence, "power")
    if not plan.get("preregistration"):
        sentence = gettext("The plan is not registered. Register it before the first participant.")
        yield Line(sentence, "registration", "url")
    if not declared.retention.identifiers_months and not declared.retention.data_months:
        sentence = gettext(
            "The study does not say how long its data are kept. The consent has to tell people, "
            "and data without a date stay for ever."
        )
        yield Line(sentence, "retention")
    kinds = {type(part) for part in declared.parts}
    if QuizPart not in kinds:
        sentence = gettext(
            "No comprehension check asks whether people understood what the maps mean."
        )
        yield Line(sentence, "checks")
    if AttentionPart not in kinds and not any(
        getattr(part, "attention", 0) for part in declared.parts
    ):
        yield Line(gettext("No attention check tells who reads the pages."), "checks")


def _in_texts(remarks: Iterable[TextRemark]) -> Iterator[Line]:
    return (Line(remark.sentence, remark.section, remark.field) for remark in remarks)


def _lines(place: str, sentences: Iterable[str]) -> Iterator[Line]:
    return (Line(sentence, place) for sentence in sentences)


@dataclass(frozen=True)
class QrCode:
    """A QR code as the path of an SVG drawing, of ``size`` modules in each direction."""

    size: int
    path: str


def qr_code(address: str) -> QrCode:
    """Return the address as a QR code, which needs no style, so that the page's policy holds."""
    code = QRCode(border=4, error_correction=ERROR_CORRECT_M)
    code.add_data(address)
    modules = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(modules)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return QrCode(len(modules), path)
