"""Studies for tests of what lies behind the pages: real rows through real services, no pictures."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from django.core.management import call_command
from django.db import connection, transaction
from safetensors.numpy import save

from explanations.classifier.header import FORMAT, in_one_order
from explanations.models import Explanation, ImageSet, Prediction, StudyImage
from surveys import services
from surveys.export.writing import ExportSummary, Simulated, export_study
from surveys.models import Participant, Study
from surveys.pages import item_order, sequence
from surveys.pages.kinds import catalogue
from surveys.pages.sent_page import SentPage
from surveys.questionnaires.base import Item
from surveys.services import Recorded, allocating, places
from surveys.services.stimuli import choose_stimuli
from tests.surveys.snapshots import imported_once, made_once

CLASSES = ("car", "truck", "boat", "tree")
ARMS = {"none": "", "gradcam": "gradcam", "lime": "lime", "placebo": "placebo"}
PLAN = """
[analysis]
control = "none"
[[analysis.outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
"""


def study_text(
    weights: Path,
    *,
    slug: str = "small",
    seed: int = 5,
    right: int = 3,
    wrong: int = 2,
    images: str = "",
    places: int = 60,
    plan: str = PLAN,
    allocation: str = "block_multiples = [1, 2]",
) -> str:
    """A study file of four arms over the images of ``images``."""
    arms = "\n".join(
        f'[[arms]]\nkey = "{key}"\nlabel = "Arm {key}"\n'
        + (f'method = "{key}"\n' if method else "")
        for key, method in ARMS.items()
    )
    return f"""slug = "{slug}"
title = "A small study"
seed = {seed}
[consent]
version = "1"
text = "What happens here."
[debrief]
text = "What it was about."
[images]
set = "dots"
split = "test"
right = {right}
wrong = {wrong}
{images}
[classifier]
weights = "{weights}"
{arms}
[questionnaires]
before = ["ai-experience-v1"]
after = ["trust-v1", "comments-v1"]
[allocation]
{allocation}
places = {places}
{plan}"""


def write_weights(path: Path) -> Path:
    """A file that says that it is a classifier of CLASSES; nobody looks at its numbers here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"format": FORMAT, "class_names": json.dumps(CLASSES)}
    path.write_bytes(in_one_order(save({"nothing": np.zeros(1, dtype=np.float32)}, metadata)))
    return path


def images(count: int = 24) -> ImageSet:
    """Rows of images in the set "dots", classes in turn."""
    image_set, created = ImageSet.objects.get_or_create(
        name="dots", defaults={"class_names": list(CLASSES)}
    )
    if created:
        StudyImage.objects.bulk_create(
            StudyImage(
                image_set=image_set,
                sha256=f"{number * 7919:064x}",
                split="test",
                true_class=CLASSES[number % len(CLASSES)],
                source=f"dot {number}",
                width=32,
                height=32,
            )
            for number in range(count)
        )
    return image_set


@imported_once
def scenes(limit: int) -> None:
    """The first test scenes, and those of the background, as the command imports them."""
    call_command("import_images", data="scenes", split="test", limit=limit, verbosity=0)


def predict(study: Study, wrong: int = 8) -> None:
    """A prediction for each image, the first ``wrong`` of them wrong, and a map by each method."""
    if Prediction.objects.filter(classifier=study.classifier).exists():
        return
    for number, image in enumerate(study.image_set.images.order_by("id")):
        true = CLASSES.index(image.true_class)
        predicted = CLASSES[(true + (number < wrong)) % len(CLASSES)]
        prediction = Prediction.objects.create(
            image=image,
            classifier=study.classifier,
            predicted_class=predicted,
            probability=0.5 + number / 200,
            probabilities=[0.1, 0.1, 0.1, 0.7],
            is_correct=predicted == image.true_class,
        )
        Explanation.objects.bulk_create(
            Explanation(
                prediction=prediction,
                method=method,
                key=f"{method}-{number}",
                sha256="0" * 64,
                parameters={},
            )
            for method in filter(None, ARMS.values())
        )


def explain_classes(study: Study, count: int = 4) -> None:
    """Rows of maps of the next probable classes of its stimuli, by the methods of its arms."""
    Explanation.objects.bulk_create(
        Explanation(
            prediction=stimulus.prediction,
            method=method,
            other_class=other,
            key=f"{method}-{stimulus.prediction_id}-{other}",
            sha256="0" * 64,
            parameters={},
        )
        for stimulus in study.stimuli.select_related("prediction__classifier")
        for method in study.conditions.exclude(method="").values_list("method", flat=True)
        for other in stimulus.prediction.likeliest(count)[1:]
    )


def with_fixed_chance(study: Study) -> Study:
    """Real participants' arms hang on a secret drawn at loading; tests are to repeat."""
    study.allocation_secret = "0" * 32
    study.save(update_fields=["allocation_secret"])
    return study


@contextmanager
def without_triggers() -> Iterator[None]:
    """As somebody with all rights on the database could work on tables that only grow."""
    ledger = import_module("surveys.migrations.0011_the_ledger_only_grows")
    looks = import_module("surveys.migrations.0034_looks")
    of_tables = (ledger, looks, import_module("studyplatform.migrations.0005_audit"))
    with connection.cursor() as cursor:
        # Not Django's own editor: that one works outside of transactions alone.
        editor = SimpleNamespace(connection=connection, execute=cursor.execute)
        for triggers in of_tables:
            triggers.drop(None, editor)
        yield
        for triggers in of_tables:
            triggers.create(None, editor)


def forget_ledgers() -> None:
    """For tests outside of a transaction, whose tables are emptied afterwards."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM surveys_ledgerentry")
        cursor.execute("DELETE FROM surveys_look")
        cursor.execute("DELETE FROM studyplatform_auditentry")


@made_once
def draft_study(folder: Path, **options: object) -> Study:
    """A study just loaded: without predictions and stimuli."""
    return _draft_study(folder, **options)


def _draft_study(folder: Path, **options: object) -> Study:
    images()
    text = study_text(write_weights(folder / "dots.safetensors"), **options)
    return with_fixed_chance(services.load_study(text))


@made_once
def ready_study(folder: Path, *, consent: str) -> Study:
    """A draft that can be launched: with this text of the consent, predictions and stimuli."""
    study = _draft_study(folder)
    study = services.load_study(study.source.replace("What happens here.", consent))
    predict(study)
    choose_stimuli(study)
    return study


@made_once
def small_study(folder: Path, **options: object) -> Study:
    """An open study of four arms and 3 + 2 trials."""
    study = _draft_study(folder, **options)
    predict(study)
    choose_stimuli(study)
    services.open_study(study=study)
    return study


def allocated(study: Study, key: str, *, simulated: bool = False) -> Participant:
    """Somebody who has consented, and has an arm already, without a page in between."""
    person = services.enrol(study=study, arrival_key=key, simulated=simulated)
    return allocate(person)


def holding(study: Study, key: str) -> Participant:
    """Somebody who holds a place without an arm, as after the first page."""
    person = services.enrol(study=study, arrival_key=key)
    with transaction.atomic():
        places.hold(person)
    return person


def allocate(person: Participant) -> Participant:
    """The arm that the first page which needs one would bring."""
    with transaction.atomic():
        allocating.allocate(person)
    return person


def end_and_unblind(study: Study) -> None:
    services.close_study(study=study)
    services.unblind_study(study=study, reason="The sample is complete.", by="R. Searcher")


def export_closed(*, study: Study, output: Path, simulated: Simulated = "none") -> ExportSummary:
    """The export with arms, which there is once the study is unblinded."""
    if study.unblinded_at is None:
        end_and_unblind(study)
    return export_study(study=study, output=output, simulated=simulated)


def answers(participant: Participant, step: sequence.Step, choice: int = 0) -> dict[str, str]:
    """Valid answers to all of a page's questions; ``choice`` picks among those offered."""
    return {item.id: answer(item, choice) for item in catalogue.items(participant, step)}


def answer(item: Item, choice: int = 0) -> str:
    """A valid answer to an item of any kind."""
    if item.range is not None:
        return str(int(item.range.minimum) + choice % 2)
    stops = item.scale.points if item.kind == "slider" else item.values
    return str(list(stops)[choice % len(stops)]) if stops else f"Word {choice}"


def walk(participant: Participant, pages: int | None = None, choice: int = 0) -> Participant:
    """Send the next pages, or all that are left, each answered a little differently."""
    sent = 0
    while (step := sequence.current_step(participant)) and (pages is None or sent < pages):
        services.record_view(participant=participant, step=step.key)
        if sequence.current_step(participant) != step:  # the arm that this brought does not show it
            continue
        given = answers(participant, step, choice + sent)
        page = sent_page(participant, step.key, given, response_time_ms=1000.0 + sent)
        services.record_page(participant=participant, page=page)
        sent += 1
    return participant


def sent_page(
    participant: Participant,
    key: str,
    given: Mapping[str, str],
    response_time_ms: float | None = None,
) -> SentPage:
    """The page of this key as a form would hand it over, with answers that nobody has checked."""
    step = next(step for step in sequence.steps(participant.study) if step.key == key)
    return SentPage(step, item_order.items(participant, step), given, response_time_ms)


def record(participant: Participant, key: str, given: Mapping[str, str]) -> Recorded:
    """Send the page, whether or not it is the participant's current one."""
    return services.record_page(participant=participant, page=sent_page(participant, key, given))
