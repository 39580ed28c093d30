"""The language of a page: the participant's own, or the language that a visitor asks for."""

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
    """A language to switch to, with its own name and the query string that asks for it."""

    code: str
    name: str
    query: str


def spoken(study: Study) -> StudyFile:
    """Return the study in the language of the current page."""
    return definition(study).in_language(translation.get_language() or "")


def about_study(study: Study) -> dict[str, object]:
    """Return what the frame of every page of a study shows, in the language of the page."""
    return {"study": study, "texts": spoken(study)}


def speak_to(participant: Participant) -> None:
    """Activate the participant's language for this request."""
    translation.activate(participant.language)


def speak_to_visitor(request: HttpRequest, study: Study) -> None:
    """Activate the visitor's language for this request, before or after participation."""
    translation.activate(wanted(request, study))


def wanted(request: HttpRequest, study: Study) -> str:
    """Return the study's language that was chosen, else the browser's preference, else the study's
    own.
    """
    known = definition(study).languages
    for chosen in (request.POST.get("language"), request.GET.get("language")):
        if chosen in known:
            return chosen
    header = request.headers.get("Accept-Language", "")
    preferred = (_known(code, known) for code, _ in parse_accept_lang_header(header))
    return next(filter(None, preferred), known[0])


def choices(request: HttpRequest, study: Study) -> list[Choice]:
    """Return the study's languages. Each query string keeps the ids of the current URL."""
    language_choices = []
    for code in definition(study).languages:
        query = request.GET.copy()
        query["language"] = code
        language_choices.append(Choice(code, name(code), f"?{query.urlencode()}"))
    return language_choices


def name(code: str) -> str:
    """Return the language's name for itself, or its code if Django does not know the language."""
    try:
        return str(translation.get_language_info(code)["name_local"])
    except KeyError:
        return code


def _known(code: str, known: Sequence[str]) -> str:
    """Return the language or the more general language that it belongs to. Empty if neither is
    known.
    """
    general, _, _ = code.partition("-")
    return next((candidate for candidate in (code, general) if candidate in known), "")
