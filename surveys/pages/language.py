"""Which language a page is in: the participant's own, or the one that a visitor asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from surveys.models import Participant, Study
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class Choice:
    """A language to change to: its own name, and the query that asks for it."""

    code: str
    name: str
    query: str


def spoken(study: Study) -> StudyFile:
    """The study in the language of the page that is being made."""
    return definition(study).in_language(translation.get_language() or "")


def about_study(study: Study) -> dict[str, object]:
    """What the frame of every page of a study shows: its texts are in the page's language."""
    return {"study": study, "texts": spoken(study)}


def speak_to(participant: Participant) -> None:
    """Let everything until the next request be in the participant's language."""
    translation.activate(participant.language)


def speak_to_visitor(request: HttpRequest, study: Study) -> None:
    """The same for somebody who is no participant yet, or no more."""
    translation.activate(wanted(request, study))


def wanted(request: HttpRequest, study: Study) -> str:
    """The study's language that was chosen, else that the browser prefers, else its own."""
    known = definition(study).languages
    for chosen in (request.POST.get("language"), request.GET.get("language")):
        if chosen in known:
            return chosen
    header = request.headers.get("Accept-Language", "")
    preferred = (_known(code, known) for code, _ in parse_accept_lang_header(header))
    return next(filter(None, preferred), known[0])


def choices(request: HttpRequest, study: Study) -> list[Choice]:
    """The study's languages, each with the address's own query: the ids in it must not be lost."""
    found = []
    for code in definition(study).languages:
        query = request.GET.copy()
        query["language"] = code
        found.append(Choice(code, name(code), f"?{query.urlencode()}"))
    return found


def name(code: str) -> str:
    """The language's name for itself; its code where nobody has written it down."""
    try:
        return str(translation.get_language_info(code)["name_local"])
    except KeyError:
        return code


def _known(code: str, known: Sequence[str]) -> str:
    """The language, or the one that it is a kind of; empty for neither."""
    general, _, _ = code.partition("-")
    return next((one for one in (code, general) if one in known), "")
