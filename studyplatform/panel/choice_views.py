"""The page on which the images of a study are chosen, one by one or by a rule."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_POST

from studyplatform.panel import image_choice, image_edits, image_gallery
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.image_choice import RuleForm
from studyplatform.panel.image_edits import ImageEditError
from studyplatform.panel.image_gallery import Filters
from studyplatform.panel.image_views import refuse, user_of
from surveys.models import Study
from surveys.services import StudyError
from surveys.study_file.stored import definition


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.MAKE_CHANGES)
def choose(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the images with a box to tick each of them, and keep what was ticked or drawn."""
    if request.method != "POST":
        return _page(request, study, image_choice.rule_for(request.session, study))
    act = request.POST.get("act", "")
    if act == "rule":
        return _by_rule(request, study)
    if act == "clear":
        image_choice.keep(request.session, study, ())
    elif act == "tick":
        kept = set(image_choice.chosen_numbers(request.session, study))
        there, ticked = (_numbers(request, name) for name in ("there", "ticked"))
        image_choice.keep(request.session, study, kept - there | ticked & there)
    else:
        raise Http404("This is not a form of the panel.")
    return redirect(request.get_full_path())


@require_POST
@study_page(Right.MAKE_CHANGES)
def write(request: HttpRequest, study: Study) -> HttpResponse:
    """Write the chosen images into the study file, and let the study use it."""
    numbers = image_choice.chosen_numbers(request.session, study)
    chosen = image_choice.choice(study, numbers)
    back = reverse("panel:choose-images", kwargs={"slug": study.slug})
    if not chosen.images:
        messages.error(
            request, gettext("No image is chosen. Tick images, or let a rule pick some.")
        )
        return redirect(back)
    shown = None
    if not chosen.unknown:
        shown = image_edits.numbers_to_write(definition(study), chosen.right, chosen.wrong)
    count = len(chosen.images)
    done = ngettext(
        "The study file names %(count)d image now.",
        "The study file names %(count)d images now.",
        count,
    ) % {"count": count}
    if shown is not None:
        done += " " + gettext("Each person sees %(right)d right and %(wrong)d wrong ones.") % {
            "right": shown[0], "wrong": shown[1],
        }  # fmt: skip
    return _change(
        request,
        study,
        lambda source: image_edits.with_names(source, chosen.images, shown),
        done,
        back,
    )


@require_POST
@study_page(Right.MAKE_CHANGES)
def draw_from_all(request: HttpRequest, study: Study) -> HttpResponse:
    """Remove the names from the study file, so that the study draws from all images again."""
    back = reverse("panel:images", kwargs={"slug": study.slug})
    done = gettext("The study picks from all images of its set at random again.")
    return _change(request, study, image_edits.without_names, done, back)


def _change(
    request: HttpRequest, study: Study, edit: Callable[[str], str], done: str, back: str
) -> HttpResponse:
    try:
        image_edits.change(study, user_of(request), edit)
    except ImageEditError as error:
        return refuse(request, error, back)
    image_choice.forget(request.session, study)
    messages.success(request, done)
    # This page has the button that computes the maps of the images.
    return redirect("panel:explanations", slug=study.slug)


def _by_rule(request: HttpRequest, study: Study) -> HttpResponse:
    form = RuleForm(request.POST)
    if form.is_valid():
        try:
            drawn = form.drawn(image_choice.predictions_in_use(study))
        except StudyError as error:
            form.add_error(None, str(error))
        else:
            image_choice.keep(request.session, study, drawn, form.cleaned_data)
            address = reverse("panel:choose-images", kwargs={"slug": study.slug})
            return redirect(f"{address}?chosen=yes")
    return _page(request, study, form, 422)


def _page(request: HttpRequest, study: Study, form: RuleForm, status: int = 200) -> HttpResponse:
    numbers = image_choice.chosen_numbers(request.session, study)
    everything = image_choice.images_in_use(study)
    filters = Filters.asked(request.GET)
    only_chosen = request.GET.get("chosen") == "yes"
    matching = filters.apply(everything, study)
    if only_chosen:
        matching = matching.filter(pk__in=numbers)
    page = image_gallery.page_of(matching, request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    pictures = image_gallery.pictures(study, list(page.object_list))
    total, predicted = everything.count(), image_gallery.predicted_count(study, everything)
    kept = set(numbers)
    right, wrong = definition(study).predictions_shown
    context = {
        "needed_right": right,
        "needed_wrong": wrong,
        "needed": right + wrong,
        "form": form,
        "choice": image_choice.choice(study, numbers),
        "declared": definition(study),
        "is_the_studys_own": image_choice.is_the_studys_own(request.session, study),
        "total": total,
        "groups": image_gallery.groups_of(everything),
        "predicted": predicted,
        "chosen": filters,
        "only_chosen": only_chosen,
        "is_filtered": only_chosen or filters != Filters(),
        "classes": study.image_set.class_names,
        "filters": query.urlencode(),
        "page": page,
        "has_flags": any(picture.is_flagged for picture in pictures),
        "pictures": [(picture, picture.image.pk in kept) for picture in pictures],
    }
    return render_study_page(request, study, "images", "panel/choose_images.html", context, status)


def _numbers(request: HttpRequest, name: str) -> set[int]:
    return {int(value) for value in request.POST.getlist(name) if value.isdecimal()}
