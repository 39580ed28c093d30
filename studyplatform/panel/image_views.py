"""Pages of a study's images: the gallery of a set, its pictures, and the choice of a set."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from explanations.imagesets.decoding import encode_png
from explanations.models import ImageSet
from explanations.pipeline import pictures
from explanations.pipeline.data_folder import image_store
from explanations.store.artefacts import ArtefactError
from studyplatform.jobs.image_folders import offered_folders
from studyplatform.panel import image_edits, image_gallery, image_sets
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.image_edits import ImageEditError
from studyplatform.panel.image_gallery import Filters
from studyplatform.panel.image_sets import ImageInUseError
from surveys.models import Study
from surveys.study_file.stored import definition


@require_safe
@study_page(Right.VIEW)
def images(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the images of a set, by default the study's, filtered and page by page."""
    sets = image_sets.usable(study)
    shown = _chosen_set(request.GET.get("set", ""), sets, study)
    splits = image_gallery.splits_of(shown)
    split = _split(request.GET.get("split", ""), splits, study)
    everything = shown.images.filter(split=split)
    total, predicted = everything.count(), image_gallery.predicted_count(study, everything)
    filters = Filters.asked(request.GET)
    page = image_gallery.page_of(filters.apply(everything, study), request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    pictures_shown = image_gallery.pictures(study, list(page.object_list))
    context = {
        "sets": sets,
        "shown": shown,
        "splits": splits,
        "split": split,
        "names": len(definition(study).images.names),
        "in_use": (shown.pk, split) == (study.image_set_id, definition(study).images.split),
        "total": total,
        "groups": image_gallery.groups_of(everything),
        "predicted": predicted,
        "right": image_gallery.right_count(study, everything) if predicted else 0,
        "absent": image_gallery.classes_without_images(shown, everything) if total else (),
        "filters": query.urlencode(),
        "chosen": filters,
        "is_filtered": filters != Filters(),
        "folders": offered_folders(),
        "classes": shown.class_names,
        "page": page,
        "has_flags": any(picture.is_flagged for picture in pictures_shown),
        "pictures": pictures_shown,
    }
    return render_study_page(request, study, "images", "panel/images.html", context)


@require_POST
@study_page(Right.MAKE_CHANGES)
def use(request: HttpRequest, study: Study) -> HttpResponse:
    """Let the study use another image set, in its file and at once."""
    sets = image_sets.usable(study)
    chosen = _chosen_set(request.POST.get("set", ""), sets, study)
    splits = image_gallery.splits_of(chosen)
    split = request.POST.get("split", "")
    if split not in splits:
        raise Http404("The set has no such split.")
    gallery = f"{reverse('panel:images', kwargs={'slug': study.slug})}?set={chosen.pk}"
    try:
        image_edits.change(
            study,
            user_of(request),
            lambda source: image_edits.with_image_set(source, chosen.name, split),
        )
    except ImageEditError as error:
        return refuse(request, error, gallery)
    tell_used(request, study, chosen)
    return redirect(gallery)


def tell_used(request: HttpRequest, study: Study, image_set: ImageSet) -> None:
    """Say that the study uses the set. The page of the images offers what comes next."""
    messages.success(
        request, gettext("The study uses the images of “%(name)s” now.") % {"name": image_set.name}
    )


@require_safe
@study_page(Right.VIEW)
def picture(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Return what the study's classifier keeps of an image, encoded anew, so that nothing else of
    an uploaded file is in it.

    The browser enlarges an input of few pixels, which saves the server most of the work.
    """
    image = get_object_or_404(image_sets.images_of_study(study), pk=pk)
    rule = study.classifier.rule
    try:
        if pictures.is_tiny(rule):
            content = encode_png(rule.apply(image_store().read(image.sha256)))
        else:
            content = pictures.image_png(image, rule)
        return HttpResponse(content, content_type="image/png")
    except ArtefactError as error:
        return HttpResponseNotFound(str(error), content_type="text/plain; charset=utf-8")


@require_POST
@study_page(Right.MAKE_CHANGES)
def delete(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Delete an image that was uploaded for the study, with its file, predictions and maps."""
    image = get_object_or_404(image_sets.own_images(study).select_related("image_set"), pk=pk)
    try:
        image_sets.remove_image(study, image)
    except ImageInUseError:
        messages.error(
            request,
            gettext(
                "The image cannot be deleted: a study shows it or names it, or was launched with "
                "its image set. Choose other images for a study that is a draft, then try again."
            ),
        )
        return redirect("panel:explained-image", slug=study.slug, pk=pk)
    messages.success(request, gettext("The image “%(name)s” was deleted.") % {"name": image.source})
    gallery = reverse("panel:images", kwargs={"slug": study.slug})
    is_empty = not image_sets.own_images(study).filter(image_set=image.image_set_id).exists()
    return redirect(gallery if is_empty else f"{gallery}?set={image.image_set_id}")


def refuse(request: HttpRequest, error: ImageEditError, back: str) -> HttpResponse:
    """Tell why the study cannot use a change, and go to the editor or back."""
    for problem in error.problems[:5]:
        messages.error(request, problem)
    messages.info(
        request,
        gettext("The study is unchanged. The tab “Study file” shows the latest version."),
    )
    return redirect(back)


def _chosen_set(number: str, sets: list[ImageSet], study: Study) -> ImageSet:
    """Return the set with this number, or the study's without one. Raises Http404 for others."""
    if not number:
        return study.image_set
    found = next((one for one in sets if str(one.pk) == number), None)
    if found is None:
        raise Http404("There is no such image set, or this study may not show it.")
    return found


def _split(asked: str, splits: list[str], study: Study) -> str:
    """Return the split that was asked for, else the study's, else the first."""
    of_study = definition(study).images.split
    return next((name for name in (asked, of_study, *splits) if name in splits), of_study)


def user_of(request: HttpRequest) -> User:
    """Return the user, whom study_page has let in."""
    if not isinstance(request.user, User):
        raise Http404("Sign in first.")
    return request.user
