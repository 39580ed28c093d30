"""The panel's preview of every page of a study, arm by arm. Nothing is stored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core import signing
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from explanations.store.artefacts import ArtefactError
from studyplatform.panel import phone_preview, preview
from studyplatform.panel.access import Right, View, for_researchers, rights_in, studies_of
from studyplatform.panel.frame import tabs_of
from studyplatform.panel.preview import PreviewPage
from studyplatform.panel.review import may_review
from surveys.models import Arm, Participant, Study
from surveys.pages import sequence
from surveys.pages.bonus import most_in_words, rule_in_words
from surveys.pages.endings import declared_ending
from surveys.pages.example import EXAMPLE
from surveys.pages.forms import PageForm
from surveys.pages.kinds import perception
from surveys.pages.kinds.catalogue import page_of
from surveys.pages.language import about_study, spoken
from surveys.pages.screens import screen
from surveys.study_file.stored import definition
from surveys.web.consent import check_boxes
from surveys.web.pictures import drawn, example_of, is_dense, perception_sheet, picture_of

NOT_SHOWN = gettext_lazy(
    "Participants in this arm do not see this page: its part is limited to other arms."
)
SENT = "preview-sent"
"""The cookie that takes the answers of a page to the next one, and the salt of its signature."""
MOST_SHOWN = 12
"""Answers of a page that the cookie has room for."""
NO_IMAGES = gettext_lazy(
    "The images are not chosen yet, because too few of them have been classified."
)


@dataclass(frozen=True)
class Place:
    """Where a preview is: the names of its URLs, and the values that they share.

    ``is_stored`` is False for the draft of a study, which exists for one page only.
    """

    names: str
    values: Mapping[str, Any]
    is_stored: bool = True

    @property
    def begin(self) -> str:
        """Return the URL below which all pages are."""
        return reverse(f"{self.names}begin", kwargs=dict(self.values))

    def page_at(self, arm: str, number: int, language: str) -> str:
        """Return the URL of a page."""
        page = {"arm": arm, "language": language, "number": number}
        return reverse(f"{self.names}page", kwargs={**self.values, **page})

    def information_in(self, language: str) -> str:
        """Return the URL of a draft's PDF, which participants cannot get. Empty for a study."""
        if self.is_stored:
            return ""
        return reverse("panel:consent-pdf-file", kwargs={**self.values, "language": language})

    def pictures_of(self, arm: str) -> str:
        """Return the beginning of the URLs of all pictures in the arm."""
        any_picture = {"arm": arm, "picture_code": "0", "picture": "image"}
        address = reverse(f"{self.names}picture", kwargs={**self.values, **any_picture})
        return address.removesuffix("0/image.png")


def place_of(study: Study) -> Place:
    """Return the place of the study's preview."""
    return Place("preview:", {"slug": study.slug})


def for_viewers(view: View) -> View:
    """Restrict the view to the study's members, to people with a link for reviewers, and to staff
    who may view every study."""
    for_staff = for_researchers(view)

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        is_member = studies_of(request.user).filter(slug=slug).exists()
        if is_member or may_review(request, slug):
            return view(request, slug, **kwargs)
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404("There is no such study, or you may not see it.")
        return for_staff(request, slug, **kwargs)

    return guarded


@require_safe
@for_viewers
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirect to the consent in the first arm."""
    study = get_object_or_404(Study, slug=slug)
    arm = study.arms.first()
    if arm is None:
        raise Http404("The study has no arms.")
    return HttpResponseRedirect(place_of(study).page_at(arm.key, 0, definition(study).language))


@require_http_methods(["GET", "HEAD", "POST"])
@for_viewers
def page(request: HttpRequest, slug: str, arm: str, language: str, number: int) -> HttpResponse:
    """Show a page as the arm's participants see it. After sending, show what would be stored."""
    study = get_object_or_404(Study.objects.select_related("image_set", "classifier"), slug=slug)
    way_out = {"back": _back(request, study), "tabs": _tabs(request, study)}
    shown = show_page(request, study, (arm, language, number), place_of(study), way_out)
    if studies_of(request.user).filter(pk=study.pk).exists():  # a reviewer's link names nobody
        preview.note_reader(study, number)
    return shown


def show_page(
    request: HttpRequest,
    study: Study,
    shown: tuple[str, str, int],
    place: Place,
    way_out: dict[str, Any],
) -> HttpResponse:
    """Return the page of the arm, in the language and with the number that ``shown`` names.

    ``way_out`` has the links that lead back from the preview.
    """
    arm, language, number = shown
    shown_arm = get_object_or_404(study.arms, key=arm)
    sequence = preview.pages(study)
    if number >= len(sequence) or language not in definition(study).languages:
        raise Http404("The study has no page with this number.")
    reader = translation.get_language() or "en"
    with translation.override(language):
        bar = _bar(study, shown_arm, sequence, number, language, place)
        bar |= {**way_out, "is_secure": request.is_secure(), "reader": reader}
        bar["is_phone"] = phone_preview.is_phone(request)
        context = {**about_study(study), "preview": bar}
        bar["stored"] = _stored(request) if request.method != "POST" else None
        response = _answer(request, study, shown_arm, language, context, sequence[number])
    if bar["stored"] is not None:
        response.delete_cookie(SENT, path=place.begin)
    phone_preview.keep_size(request, response, place.begin)
    return response


def _answer(
    request: HttpRequest,
    study: Study,
    arm: Arm,
    language: str,
    context: dict[str, Any],
    page: PreviewPage,
) -> HttpResponse:
    if page.step is None:
        return _frame(request, context, page, context["preview"])
    try:
        # The page is rendered inside, because the participation is undone afterwards.
        with preview.visitor(study, arm, language) as person:
            return _shown(request, context, person, page.step)
    except ArtefactError as error:
        return _missing(request, context, str(error))


@require_safe
@for_viewers
def picture(
    request: HttpRequest, slug: str, arm: str, picture_code: str, picture: str
) -> HttpResponse:
    """Return an image, map or legend of a previewed page."""
    study = get_object_or_404(Study.objects.select_related("image_set", "classifier"), slug=slug)
    return show_picture(study, arm, picture_code, picture, dense=is_dense(request))


def show_picture(
    study: Study, arm: str, picture_code: str, picture: str, *, dense: bool = False
) -> HttpResponse:
    """Return an image, map or legend of a page that is shown in the arm."""
    shown_arm = get_object_or_404(study.arms, key=arm)
    with preview.visitor(study, shown_arm, definition(study).language) as person:
        if picture_code.startswith(EXAMPLE):
            example = example_of(person, picture_code.removeprefix(EXAMPLE))
            return drawn(picture, *example, dense=dense)
        if picture_code.startswith(perception.PERCEPTION):
            step = perception.step_of_picture(study, picture_code)
            if step is None:
                raise Http404("The study has no such page.")
            return perception_sheet(person, step)
        trial = get_object_or_404(
            person.trials.select_related(
                "stimulus__prediction__image", "explanation__prediction__image"
            ),
            picture_code=picture_code,
        )
        trial.participant = person
        return picture_of(trial, picture, dense=dense)


def _frame(
    request: HttpRequest, context: dict[str, Any], page: PreviewPage, bar: dict[str, Any]
) -> HttpResponse:
    """Show consent, debrief, or an early end."""
    if request.method == "POST":
        return HttpResponseRedirect(bar["next"])
    context |= {
        "languages": (), "personal_code": "AAAA-BBBB-CCCC", "arrival_key": preview.CODE,
        **check_boxes(context["study"]),
    }  # fmt: skip
    context["participant"] = Participant(
        code=preview.CODE, completion_code="PREVIEW1", personal_code=context["personal_code"]
    )
    name = "debrief" if page.number else "consent"
    # Nobody earns anything in a preview, so that its last page shows the largest amount.
    words = most_in_words if page.number else rule_in_words
    context["bonus"] = words(context["study"])
    if page.ending:
        name = "ended"
        context["ending"] = declared_ending(spoken(context["study"]), page.ending)
    return render(request, f"surveys/{name}.html", context)


def _shown(
    request: HttpRequest, context: dict[str, Any], person: Participant, step: sequence.Step
) -> HttpResponse:
    if step not in definition(person.study).steps_of(str(person.arm and person.arm.key)):
        return _missing(request, context, NOT_SHOWN)
    if step.trial_position is not None and not person.trials.exists():
        return _missing(request, context, NO_IMAGES)
    form = PageForm(person, step, request.POST if request.method == "POST" else None)
    content = _readdressed(context["preview"], screen(person, step))
    context |= {**content, "form": form, "key": preview.CODE, "next_pictures": ()}
    if form.is_bound and form.is_valid():
        return _go_on(context["preview"], form.answers)
    with translation.override(context["preview"]["reader"]):
        context["preview"]["stand_in"] = preview.stand_in(person, step)
    response = render(request, page_of(step).template, context)
    response.content  # noqa: B018  rendered before the participation is undone
    return response


def _go_on(bar: dict[str, Any], answers: dict[str, Any]) -> HttpResponse:
    """Redirect to the next page, which shows what would have been stored.

    The answers travel in a cookie, because nothing that is entered in a preview is stored here.
    """
    response = HttpResponseRedirect(bar["next"])
    shown = [[str(item), str(value)[:200]] for item, value in answers.items()][:MOST_SHOWN]
    response.set_cookie(
        SENT, signing.dumps(shown, salt=SENT, compress=True), max_age=60, httponly=True,
        samesite="Lax", secure=bar["is_secure"], path=bar["place"].begin,
    )  # fmt: skip
    return response


def _stored(request: HttpRequest) -> list[list[str]] | None:
    """Return what the page that was just sent would have stored, or None after any other page."""
    try:
        stored: list[list[str]] = signing.loads(request.COOKIES.get(SENT, ""), salt=SENT)
    except signing.BadSignature:
        return None
    return stored


def _missing(request: HttpRequest, context: dict[str, Any], reason: str | Promise) -> HttpResponse:
    # Only missing images can be computed; a page of another arm will never be shown here.
    study = context["preview"]["study"]
    compute_at = ""
    may_compute = Right.MAKE_CHANGES in rights_in(request.user, study)
    if context["preview"]["place"].is_stored and may_compute:
        compute_at = reverse("panel:explanations", kwargs={"slug": study.slug})
    context |= {
        "reason": reason, "can_be_computed": reason == NO_IMAGES, "compute_at": compute_at,
    }  # fmt: skip
    return render(request, "surveys/preview_missing.html", context)


def _bar(
    study: Study,
    arm: Arm,
    sequence: list[PreviewPage],
    number: int,
    language: str,
    place: Place,
) -> dict[str, Any]:
    """Return the values for the bar above the page: the current page, and links to the others."""

    def at(other: Arm, page: int, spoken: str = language) -> str:
        return place.page_at(other.key, page, spoken)

    # Participants count the pages of their arm between consent and debrief, and those of each later
    # session by themselves. So does the bar.
    step = sequence[number].step
    session = step.session if step else ""
    counted = [one for one in definition(study).steps_of(arm.key) if one.session == session]
    part = definition(study).part(step.part) if step else None
    items_if = part.items_if if part else {}
    return {
        "rules": [rule.words() for rule in part.show_if] if part else [],
        "item_rules": [(item, [one.words() for one in rules]) for item, rules in items_if.items()],
        "study": study,
        "place": place,
        "arm": arm,
        "page": sequence[number],
        "number": counted.index(step) + 1 if step in counted else 0,
        "total": len(counted),
        "arms": [(entry, at(entry, number)) for entry in study.arms.all()],
        "pages": [(entry, at(arm, entry.number)) for entry in sequence],
        "previous": at(arm, number - 1) if number else "",
        "next": at(arm, number + 1) if number + 1 < len(sequence) else "",
        "language": language,
        "languages": [(code, at(arm, number, code)) for code in definition(study).languages],
        "pictures": place.pictures_of(arm.key),
        "information": place.information_in(language),
    }


def _back(request: HttpRequest, study: Study) -> str:
    """Return the URL of the study's page: the panel's for members, the admin's for other staff, and
    none for reviewers."""
    if studies_of(request.user).filter(pk=study.pk).exists():
        return reverse("panel:study", kwargs={"slug": study.slug})
    if request.user.is_staff:
        return reverse("admin:surveys_study_change", args=[study.pk])
    return ""


def _tabs(request: HttpRequest, study: Study) -> list[tuple[Any, str, bool]]:
    """Return the tabs of the study's pages for members, and none for others."""
    if not studies_of(request.user).filter(pk=study.pk).exists():
        return []
    return tabs_of(rights_in(request.user, study), study, "preview")


def _readdressed(bar: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """Replace the URLs of the page's pictures by the preview's own."""
    theirs = re.escape(f"{reverse('page', kwargs={'code': preview.CODE})}picture/")
    # In front of a picture's code may be its files, which a preview's own URL does not name.
    prefix = re.compile(rf"\A{theirs}(?:[^/]+/(?=[^/]+/[^/]+\Z))?")

    def own(value: Any) -> Any:
        return prefix.sub(bar["pictures"], value) if isinstance(value, str) else value

    readdressed = {key: own(value) for key, value in content.items()}
    for maps in readdressed.get("maps", ()):
        for name in maps.keys() & {"url", "legend_url"}:
            maps[name] = own(maps[name])
    return readdressed
