"""The page of a study's explanations: what is lacking, the classifier, and maps side by side."""

import dataclasses
import json
import re

import numpy as np
import pytest
from django.urls import reverse
from django.utils import translation

from explanations import catalogue
from explanations.classifier.evaluation import score
from explanations.classifier.recipes import Recipe
from explanations.models import ClassifierWeights, Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store
from studyplatform.jobs.bodies.maps import every_method
from studyplatform.models import Job
from studyplatform.panel.classifier_card import HEIGHT, RECIPE_SETTINGS, WIDTH, card_of
from studyplatform.panel.study_needs import needs_of
from surveys.models import Study
from surveys.services.studies import missing_for_launch
from tests.conftest import ROOT
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.drawn import ARMS, drawn_study, explain_classes, trial_parts


@pytest.fixture
def study(db, tmp_path) -> Study:
    """Three images, explained by every method, with members of each kind."""
    study = drawn_study(tmp_path)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


def page(study, name="explanations", **values):
    return reverse(f"panel:{name}", kwargs={"slug": study.slug, **values})


def lacking(study) -> dict[str, tuple[int, int]]:
    return {n.label: (n.there, n.wanted) for n in needs_of(study) if not n.is_met}


def test_a_study_with_all_maps_lacks_nothing(study, signed_in):
    assert lacking(study) == {}
    response = signed_in("viewer").get(page(study))
    assert b"Everything is computed" in response.content
    assert b"Compute what is missing" not in response.content


def test_each_map_that_is_missing_is_counted_as_the_launch_counts_it(study, signed_in):
    stimulus = study.stimuli.first()
    stimulus.prediction.explanations.filter(method__in=("lime", "gradcam")).delete()
    assert lacking(study) == {
        "Maps for “Label of gradcam” (Grad-CAM)": (2, 3),
        "Maps for “Label of lime” (LIME)": (2, 3),
    }
    assert len(missing_for_launch(study)) == 2
    browser = signed_in("editor")
    assert b"Compute what is missing" in browser.get(page(study)).content
    browser.post(reverse("panel:start-job", args=[study.slug, "maps"]), {"verify": "0"})
    assert Job.objects.get(study=study).kind == "maps"
    assert b"Compute what is missing" not in signed_in("viewer").get(page(study)).content


def test_before_images_are_chosen_the_file_tells_how_many_maps_there_will_be(study, signed_in):
    study.stimuli.all().delete()
    missing = lacking(study)
    assert missing["Images chosen for participants"] == (0, 3)
    assert missing["Maps for “Label of lime” (LIME)"] == (0, 3)
    assert b"No images are chosen yet" in signed_in("viewer").get(page(study)).content


def test_maps_of_all_classes_are_counted_where_a_task_shows_them(db, tmp_path):
    study = drawn_study(
        tmp_path, parts=trial_parts("distinction"), arms=("gradcam", "lime"), opened=False,
        control="gradcam",
    )  # fmt: skip
    label = "Images with maps of all classes for “Label of {}”"
    assert lacking(study) == {label.format(key): (0, 3) for key in ("gradcam", "lime")}
    explain_classes(study)
    assert lacking(study) == {}


def test_all_methods_of_an_image_are_side_by_side(study, signed_in):
    rows = signed_in("viewer").get(page(study)).context["rows"]
    assert len(rows) == 3
    labels = [method.label for method in catalogue.EVERY]
    for row in rows:
        shown = [card.label for card in row.cards]
        assert shown == sorted(shown, key=labels.index)
        assert {catalogue.get(key).label for key in ARMS[1:]} <= set(shown)


def test_an_image_has_its_measures_flags_and_layers(study, signed_in):
    prediction = study.stimuli.first().prediction
    explanation = prediction.explanations.get(method="gradcam")
    explanation.diagnostics = {"flags": ["empty"], "share": 0.25}
    explanation.provenance = {"versions": {"torch": "2.12.1"}}
    explanation.save()
    layer = prediction.explanations.get(method="saliency")
    layer.pk, layer.method, layer.key = None, "gradcam_layer_3", "layer"
    layer.parameters, layer.diagnostics = {"layer": 3}, {"layer": 3, "module": "ReLU"}
    layer.save()
    response = signed_in("viewer").get(page(study, "explained-image", pk=prediction.image_id))
    text = response.content.decode()
    assert "No region supports the class" in text
    assert "0.25" in text
    assert "2.12.1" in text
    assert "Grad-CAM, layer by layer" in text
    (layers,) = response.context["row"].layers
    assert [card.explanation for card in layers.cards] == [layer]
    assert all(not row.layers for row in signed_in("viewer").get(page(study)).context["rows"])


def test_a_damaged_map_does_not_hide_the_others(study, signed_in):
    explanation = study.stimuli.first().prediction.explanations.get(method="lime")
    Explanation.objects.filter(pk=explanation.pk).update(length=1)
    response = signed_in("viewer").get(page(study))
    assert response.status_code == 200
    problems = [card.problem for row in response.context["rows"] for card in row.cards]
    assert len([problem for problem in problems if problem]) == 1
    assert signed_in("viewer").get(page(study, "map-picture", pk=explanation.pk)).status_code == 404


def test_the_page_asks_the_database_as_often_for_many_images(
    tmp_path, study, signed_in, django_assert_max_num_queries
):
    def queries(one) -> int:
        with django_assert_max_num_queries(60) as asked:
            signed_in("editor").get(page(one))
        return len(asked)

    few = queries(study)
    StudyImage.objects.all().update(source="x")
    larger = drawn_study(tmp_path, slug="larger", right=2, wrong=1)
    add_member(larger, "editor", make_changes=True)
    extra = larger.stimuli.first()
    for position, prediction in enumerate(study.classifier.prediction_set.all(), start=4):
        if not larger.stimuli.filter(prediction=prediction).exists():
            extra.pk, extra.prediction, extra.position = None, prediction, position
            extra.save()
    assert larger.stimuli.count() > study.stimuli.count()
    assert queries(larger) == few


def test_the_latest_measurement_is_shown(study, signed_in):
    assert b"has not been measured" in signed_in("viewer").get(page(study)).content
    now = study.loaded_at
    Job.objects.create(
        kind="evaluation", study=study, request_sha256="x", queued_at=now, finished_at=now,
        state="done", result={"summary": "Six methods measured."},
    )  # fmt: skip
    assert b"Six methods measured." in signed_in("viewer").get(page(study)).content


@pytest.fixture
def card():
    """The card of the weights that ship."""
    stored = json.loads((ROOT / "weights" / "scenes.json").read_text(encoding="utf-8"))
    weights = ClassifierWeights(
        sha256="a" * 64, class_names=stored["network"]["class_names"], card=stored
    )
    return card_of(weights)


def test_the_matrix_names_its_classes_and_adds_up(card):
    assert [name for name, _ in card.matrix] == list(card.classes)
    assert sum(cell.count for _, cells in card.matrix for cell in cells) == 1000
    assert sum(cell.count for _, cells in card.matrix for cell in cells if cell.is_right) == 849
    assert all(0 <= cell.shade <= 4 for _, cells in card.matrix for cell in cells)


def test_the_figures_by_class_are_those_of_the_card(card):
    ((_, rows),) = card.groups
    assert [row["group"] for row in rows] == list(card.classes)
    right = {name: cells[number].count for number, (name, cells) in enumerate(card.matrix)}
    assert all(round(row["recall"] * row["images"]) == right[row["group"]] for row in rows)


def test_the_page_shows_the_figures_by_class(study, signed_in):
    stored = json.loads((ROOT / "weights" / "scenes.json").read_text(encoding="utf-8"))
    ClassifierWeights.objects.update(card=stored)
    text = signed_in("viewer").get(page(study)).content.decode()
    assert "Test images by class" in text
    assert "0.767 to 0.907" in text
    assert re.search(r"<details[^>]*><summary>Test images by class", text), "the table is folded"


def test_the_page_shows_how_well_the_classifier_is_calibrated(study, signed_in):
    """Of a registered classifier, whose card has no recipe."""
    figures = score(np.tile([0.8, 0.2], (40, 1)), np.array([0] * 30 + [1] * 10), ("cat", "dog"))
    stored = {
        "network": {"name": "ResNet-18", "input": "shorter side to 256 pixels", "package": "lab 2"},
        "data": {"name": "zoo"}, "evaluation": {"test": figures.as_dict()},
    }  # fmt: skip
    ClassifierWeights.objects.update(card=stored)
    diagram = card_of(ClassifierWeights.objects.get()).reliability
    (bar,) = diagram.bars
    assert diagram.error == pytest.approx(0.05)
    assert (bar.y, bar.height) == (HEIGHT * 0.25, HEIGHT * 0.75)
    text = signed_in("viewer").get(page(study)).content.decode()
    assert "calibration error 0.050" in text
    assert "ResNet-18" in text
    assert "lab 2" in text
    assert "Images of the figures" in text
    assert '<rect class="bar" x="256.0" y="40.0"' in text


def test_each_view_of_the_maps_says_what_its_share_is_of(study, signed_in):
    assert "Map at 75 %" in signed_in("viewer").get(page(study)).content.decode()


def test_the_curves_stay_within_their_drawing(card):
    assert [len(curve.lines) for curve in card.curves] == [2, 2]
    for curve in card.curves:
        for line in curve.lines:
            points = [tuple(map(float, point.split(","))) for point in line.points.split()]
            assert len(points) == card.epochs == 8
            assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    accuracy = card.curves[1].lines
    assert [line.key for line in accuracy] == ["train", "validation"]
    assert accuracy[1].last == 0.856


@pytest.mark.parametrize(
    "stored",
    [
        {"recipe": {"label": "ours"}},
        {"evaluation": {"test": {"confusion": [[1]]}}, "history": [{"epoch": 1}]},
        {"history": [{"train_loss": 0.0}, {"train_loss": 0.0}]},
    ],
)
def test_an_incomplete_card_shows_what_it_has(study, signed_in, stored):
    ClassifierWeights.objects.update(card=stored)
    assert signed_in("viewer").get(page(study)).status_code == 200


def test_a_known_recipe_is_told_in_the_catalogues_words_and_in_the_readers_language(study):
    recipe = {"key": "strong", "label": "The same network; batch norm", "batch_size": 128,
              "dropout": None}  # fmt: skip
    ClassifierWeights.objects.update(card={"recipe": recipe})
    weights = ClassifierWeights.objects.get()
    card = card_of(weights)
    assert card.recipe.startswith("This project's stronger recipe: shifts")
    assert [(str(name), value) for name, value in card.settings] == [("Images per step", 128)]
    with translation.override("de"):
        card = card_of(weights)
        assert card.recipe.startswith("Das stärkere Rezept dieses Projekts")
        assert [str(name) for name, _value in card.settings] == ["Bilder je Schritt"]


def test_every_setting_of_a_recipe_has_words():
    settings = {field.name for field in dataclasses.fields(Recipe)} - {"key", "label"}
    assert set(RECIPE_SETTINGS) == settings


def test_without_a_card_the_page_says_so(study, signed_in):
    assert b"No card was stored" in signed_in("viewer").get(page(study)).content


def test_every_method_is_all_that_the_images_allow(study):
    assert {"gradcam", "saliency", "lime", "deepshap", "placebo"} <= {
        method.key for method in every_method(study)
    }
    study.conditions.filter(method__in=("deepshap", "placebo")).delete()
    keys = {method.key for method in every_method(study)}
    assert not {"deepshap", "placebo"} & keys  # the images have no background, and nobody a placebo
    StudyImage.objects.filter(pk=study.image_set.images.first().pk).update(split="background")
    assert "deepshap" in {method.key for method in every_method(study)}


def test_maps_of_another_classifier_are_not_shown(study, signed_in):
    other = ClassifierWeights.objects.create(sha256="b" * 64, class_names=[], path="x", name="x")
    prediction = study.stimuli.first().prediction
    explanation = prediction.explanations.get(method="lime")
    prediction.pk, prediction.classifier = None, other
    prediction.save()
    explanation.pk, explanation.prediction = None, prediction
    explanation.save()
    assert artefact_store().read(explanation.stored)
    browser = signed_in("owner")
    assert browser.get(page(study, "map-picture", pk=explanation.pk)).status_code == 404
    response = browser.get(page(study, "explained-image", pk=prediction.image_id))
    assert response.context["row"].prediction.classifier == study.classifier
