"""Pictures of the participants' pages, whose URLs name neither method, arm nor class."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from explanations import catalogue
from explanations.models import Explanation, Prediction
from explanations.pipeline import pictures
from explanations.pipeline.data_folder import picture_path
from explanations.rendering.tiles import sheet
from surveys import tasks
from surveys.models import ArmBlock, Participant, Trial, Uncovering
from surveys.models.prepared_query import PreparedQuery
from surveys.pages import picture_links, sequence, uncovering
from surveys.pages.example import EXAMPLE, example_explanation, example_prediction
from surveys.pages.kinds import perception
from surveys.pages.kinds.stimulus import BLURRED, CLEARED, DENSE, legend_name, map_name
from surveys.pages.screens import visible
from surveys.pages.signals import are_counted
from surveys.services import record_picture
from surveys.study_file.parts import TrialsPart
from surveys.study_file.step import Step
from surveys.study_file.stored import definition
from surveys.tasks import TASKS
from surveys.web.participation import find_participant

SIDE_BY_SIDE = tuple(map_name(place) for place in range(1, max(t.classes for t in TASKS) + 1))
LEGENDS = tuple(legend_name(place) for place in range(1, max(t.compares for t in TASKS) + 1))
PICTURES = ("image", BLURRED, CLEARED, "map", "legend", *SIDE_BY_SIDE, *LEGENDS)
"""The pictures of a trial, by their names in URLs."""
INTERNAL = "/stored-pictures/"
"""Location of the stored pictures within the proxy (deploy/nginx.conf). Nobody can request it."""
YEAR = 365 * 24 * 3600  # seconds


# The bulky columns, which no picture depends on, would be decoded from JSON for every picture.
_UNUSED = ("image__part_map", "image__part_names", "classifier__card", "probabilities")
_TRIAL = PreparedQuery(
    lambda person, code: (
        Trial.objects.order_by()
        .filter(participant=person, picture_code=code)
        .select_related(
            "stimulus__prediction__image",
            "stimulus__prediction__classifier",
            "explanation__prediction__image",
            "explanation__prediction__classifier",
        )
        .defer(
            "explanation__parameters",
            "explanation__diagnostics",
            "explanation__provenance",
            *(f"stimulus__prediction__{column}" for column in _UNUSED),
            *(f"explanation__prediction__{column}" for column in _UNUSED),
        )
    ),
    int,
    str,
)


@require_safe
# Only the participant's own browser may keep a picture. A trial's picture never changes.
@cache_control(private=True, max_age=YEAR, immutable=True)
def picture(
    request: HttpRequest, code: str, picture_code: str, picture: str, files: str = ""
) -> HttpResponse:
    """Return an image, map or legend of a trial of the participant, once they have reached it.

    A page of theirs that named the picture's ``files`` has checked that already.
    """
    names = picture_links.read(code, picture_code, picture, files)
    if names and (kept := kept_file(names[-1 if is_dense(request) else 0])) is not None:
        return kept
    participant = find_participant(code)
    if picture_code.startswith(EXAMPLE):
        example = example_of(participant, picture_code.removeprefix(EXAMPLE))
        return drawn(picture, *example, dense=is_dense(request))
    if picture_code.startswith(perception.PERCEPTION):
        step = perception.step_of_picture(participant.study, picture_code)
        # Nobody can look at the pictures of a later page in advance.
        if step is None or step != sequence.current_step(participant):
            raise Http404("The page has not been reached.")
        return perception_sheet(participant, step)
    trial = next(iter(_TRIAL(participant.pk, picture_code)), None)
    if trial is None:
        raise Http404("The participant has no trial with this code.")
    trial.participant = participant
    seen = visible(trial)
    if not seen.image:
        raise Http404("The trial has not been reached.")
    # A refusal looks like an unknown URL, so that it reveals nothing about later trials.
    if not getattr(seen, picture, True):
        raise Http404("The map may not be seen yet.")
    if are_counted(participant.study):
        record_picture(trial=trial)
    place = request.GET.get("place", "")
    return picture_of(trial, picture, dense=is_dense(request), place=place)


@require_safe
@cache_control(private=True, max_age=YEAR, immutable=True)
def legend(request: HttpRequest, name: str) -> HttpResponse:
    """Return a method's legend by the hash of its colours, alike for everybody."""
    for method in catalogue.METHODS:
        shown = pictures.legend_picture(method.key)
        if shown.name == name:
            return sent(shown)
    raise Http404("No method has this legend.")


def picture_of(trial: Trial, picture: str, *, dense: bool, place: str = "") -> HttpResponse:
    """Return a picture of the trial. Raises Http404 if it has none of this name.

    ``place`` is the number, from 1, of the place that was cleared without the script.
    """
    prediction = trial.stimulus.prediction
    if picture not in (BLURRED, CLEARED):
        return drawn(picture, prediction, explanation_of(trial, picture), dense=dense)
    part = definition(trial.participant.study).part(trial.stimulus.part)
    if not isinstance(part, TrialsPart) or not tasks.get(part.task).uncovers:
        raise Http404("The trial's picture is not blurred.")
    image, rule, blur = prediction.image, prediction.classifier.rule, pictures.BLURS[part.blur]
    if picture == BLURRED:
        return sent(pictures.blurred_picture(image, rule, blur, dense=dense))
    # Only cells that were asked for, and thus stored, are sent: the URL cannot name another place.
    path = Uncovering.objects.filter(trial=trial).first()
    cells = uncovering.cells_in(path.points) if path else []
    wanted = {str(number): cell for number, cell in enumerate(cells, start=1)}.get(place)
    if wanted is None:
        raise Http404("This place has not been cleared.")
    _, x, y, _ = wanted
    centre = (x / uncovering.WHOLE, y / uncovering.WHOLE)
    content = pictures.cleared_png(image, rule, blur, centre, part.circle / 200, dense=dense)
    return HttpResponse(content, content_type="image/png")


def perception_sheet(participant: Participant, step: Step) -> HttpResponse:
    """Return the pictures of a perceptual item, as one."""
    rule = participant.study.classifier.rule
    shown = perception.shown_images(participant, step)
    contents = [pictures.image_png(image, rule) for image in shown]
    place = perception.right_place(participant, step)
    return HttpResponse(sheet(contents, place), content_type="image/png")


def explanation_of(trial: Trial, picture: str) -> Explanation | None:
    """Return the explanation that a picture of the trial draws. A trial with several maps has
    several.
    """
    if picture not in (*SIDE_BY_SIDE, *LEGENDS):
        return trial.explanation
    maps = trial.maps.select_related(
        "explanation__prediction__image", "explanation__prediction__classifier"
    )
    for trial_map in maps:
        if picture in (map_name(trial_map.place), legend_name(trial_map.place)):
            return trial_map.explanation
    return None


def is_dense(request: HttpRequest) -> bool:
    """Check whether the browser asks for the picture for a screen with two dots per pixel."""
    return DENSE.removeprefix("?") in request.GET


def drawn(
    picture: str, prediction: Prediction, explanation: Explanation | None, *, dense: bool = False
) -> HttpResponse:
    """Return the image, a map or its legend. Raises Http404 if there is none."""
    if picture == "image":
        rule = prediction.classifier.rule
        return sent(pictures.image_picture(prediction.image, rule, dense=dense))
    if explanation is None:
        raise Http404("This trial has no map.")
    if picture in ("legend", *LEGENDS):
        return sent(pictures.legend_picture(explanation.method))
    return sent(pictures.map_picture(explanation, dense=dense))


def example_of(participant: Participant, block: str) -> tuple[Prediction, Explanation | None]:
    """Return the prediction and the map of the block's example. Raises Http404 if there is none."""
    prediction = example_prediction(participant.study)
    number = int(block) if block.isascii() and block.isdecimal() else 0
    shown = ArmBlock.objects.filter(arm=participant.arm_id, number=number)
    arm_block = shown.select_related("condition").first()
    if prediction is None or arm_block is None:
        raise Http404("This block has no example.")
    return prediction, example_explanation(arm_block.condition, prediction)


def sent(picture: pictures.Picture) -> HttpResponse:
    """Return the picture as a response, whose file the proxy sends if it is set up for that."""
    stored = picture.stored() if settings.PROXY_SENDS_PICTURES else None
    if stored is None:
        return HttpResponse(picture.content(), content_type="image/png")
    return by_proxy(stored)


def kept_file(name: str) -> HttpResponse | None:
    """Return the kept picture of this name as a response, or None if it must be drawn first."""
    if settings.PROXY_SENDS_PICTURES:
        stored = picture_path(name)
        return by_proxy(stored) if stored.is_file() else None
    content = pictures.kept(name)
    return None if content is None else HttpResponse(content, content_type="image/png")


def by_proxy(stored: Path) -> HttpResponse:
    """Return the response with which the proxy sends a kept picture."""
    address = f"{INTERNAL}{stored.parent.name}/{stored.name}"
    return HttpResponse(content_type="image/png", headers={"X-Accel-Redirect": address})
