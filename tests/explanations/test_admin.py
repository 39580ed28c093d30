import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.core import serializers
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from explanations import catalogue
from explanations.classifier.evaluation import score
from explanations.imagesets.scene_set import SceneSet
from explanations.models import Explanation, Prediction, StudyImage
from explanations.pipeline.image_import import import_images
from explanations.pipeline.precompute import explain
from explanations.pipeline.predictions import load_classifier, predict
from explanations.pipeline.weights_registry import register_classifier
from tests.explanations.conftest import flip_a_bit

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def computed(
    tmp_path_factory, weights_file, django_db_setup, django_db_blocker
) -> tuple[Path, str, int]:
    """A data folder, the rows that belong to it as text, and the key of an image with maps."""
    folder = tmp_path_factory.mktemp("admin") / "var"
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(DATA_DIR=folder),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patch.setattr("explanations.pipeline.image_import.BACKGROUND_SIZE", 2)
        images = import_images(SceneSet(), "test", limit=2).image_set.images.filter(split="test")
        weights = register_classifier(weights_file)
        classifier = load_classifier(weights, "cpu")
        predictions = predict(classifier, weights, list(images.select_related("image_set")))
        methods = [catalogue.get("gradcam"), catalogue.get("placebo")]
        explain(classifier, predictions[:1], methods)
        models = apps.get_app_config("explanations").get_models()
        rows = [row for model in models for row in model.objects.order_by("pk")]
        text = serializers.serialize("json", rows)
        transaction.set_rollback(True)
    return folder, text, predictions[0].image_id


@pytest.fixture
def image(computed, settings) -> StudyImage:
    """One of two predicted scenes: with two maps, and the other with none."""
    folder, rows, key = computed
    shutil.copytree(folder, settings.DATA_DIR, dirs_exist_ok=True)
    for row in serializers.deserialize("json", rows):
        row.save()
    return StudyImage.objects.get(pk=key)


@pytest.fixture
def other(image) -> StudyImage:
    return StudyImage.objects.filter(split="test").exclude(pk=image.pk).get()


def page(name, *args):
    return reverse(f"admin:explanations_{name}", args=args)


def pictures_of(image):
    explanation = Explanation.objects.first()
    return [
        reverse("explanations:image-picture", args=[image.pk]),
        reverse("explanations:map-picture", args=[explanation.pk]),
        reverse("explanations:legend-picture", args=["lime"]),
    ]


@pytest.mark.nightly
@pytest.mark.parametrize(
    "name", ["imageset", "studyimage", "classifierweights", "prediction", "explanation"]
)
def test_every_list_and_every_row_opens_and_none_can_be_changed(admin_client, image, name):
    listed = admin_client.get(page(f"{name}_changelist"))
    assert listed.status_code == 200
    row = listed.context["cl"].queryset.first()
    shown = admin_client.get(page(f"{name}_change", row.pk))
    assert shown.status_code == 200
    assert not re.search(r"<(input|select|textarea)[^>]* name=\"(?!csrf)", shown.content.decode())
    assert admin_client.post(page(f"{name}_change", row.pk), {}).status_code == 403
    assert admin_client.get(page(f"{name}_add")).status_code == 403
    assert admin_client.post(page(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_gallery_shows_every_map_with_its_words_and_its_origin(admin_client, image):
    text = admin_client.get(page("studyimage_change", image.pk)).content.decode()
    prediction = Prediction.objects.get(image=image)
    assert f"predicts “{prediction.predicted_class}”" in text
    for explanation in Explanation.objects.all():
        assert reverse("explanations:map-picture", args=[explanation.pk]) in text
        assert explanation.key in text
    assert text.index("Grad-CAM") < text.index("Placebo map")
    assert "The strongest regions are" in text
    assert "scikit-image" in text
    assert "layer</th><td>13</td>" in text
    assert re.search(r"empty</th><td>(yes|no)</td>", text)


def test_what_is_odd_about_a_map_is_said_in_words(admin_client, image):
    row = Explanation.objects.get(method="gradcam")
    row.diagnostics = row.diagnostics | {"flags": ["empty", "certain"]}
    row.save()
    text = admin_client.get(page("studyimage_change", image.pk)).content.decode()
    assert "No region supports the class, so the map is empty." in text
    assert "The probability is 1 to seven digits." in text


def test_an_image_without_maps_says_how_to_get_them(admin_client, other):
    text = admin_client.get(page("studyimage_change", other.pk)).content.decode()
    assert "This image has no explanations yet" in text
    Prediction.objects.filter(image=other).delete()
    text = admin_client.get(page("studyimage_change", other.pk)).content.decode()
    assert "This image has no predictions yet" in text


def test_a_damaged_map_is_reported_in_its_place(admin_client, image):
    explanation = Explanation.objects.get(method="gradcam")
    flip_a_bit(explanation)
    text = admin_client.get(page("studyimage_change", image.pk)).content.decode()
    assert "its checksum does not match" in text
    assert reverse("explanations:map-picture", args=[explanation.pk]) not in text
    answer = admin_client.get(reverse("explanations:map-picture", args=[explanation.pk]))
    assert answer.status_code == 404


def test_images_are_filtered_by_right_and_wrong(admin_client, image, other):
    Prediction.objects.filter(image=image).update(is_correct=True)
    Prediction.objects.filter(image=other).update(is_correct=False)
    for value, expected in (("right", image), ("wrong", other)):
        answer = admin_client.get(page("studyimage_changelist"), {"prediction": value})
        assert list(answer.context["cl"].queryset) == [expected]
    unseen = admin_client.get(page("studyimage_changelist"), {"prediction": "none"})
    assert set(unseen.context["cl"].queryset.values_list("split", flat=True)) == {"background"}


def test_explanations_are_filtered_by_method(admin_client, image):
    answer = admin_client.get(page("explanation_changelist"), {"method": "placebo"})
    assert [row.method for row in answer.context["cl"].queryset] == ["placebo"]


def test_the_card_of_a_classifier_is_shown(admin_client, image):
    weights = Prediction.objects.first().classifier
    figures = {
        "images": 500, "accuracy": 0.8712, "loss": 0.4, "precision": 0.8, "recall": 0.8, "f1": 0.8,
        "confusion": [[321, 4], [5, 170]],
    }  # fmt: skip
    weights.card = {"evaluation": {"test": figures}}
    weights.save()
    assert "87.1%" in admin_client.get(page("classifierweights_changelist")).content.decode()
    text = admin_client.get(page("classifierweights_change", weights.pk)).content.decode()
    assert "0.871" in text
    assert "<td>321</td>" in text
    assert "by class" not in text  # as in cards of earlier versions


def test_a_card_shows_classes_and_groups(admin_client, image):
    weights = Prediction.objects.first().classifier
    probabilities = np.tile([0.8, 0.2], (40, 1))
    labels = np.array([0] * 30 + [1] * 10)
    figures = score(probabilities, labels, ("cat", "dog"), ["day", "night"] * 20)
    weights.card = {"evaluation": {"test": figures.as_dict()}}
    weights.save()
    text = admin_client.get(page("classifierweights_change", weights.pk)).content.decode()
    by_class, by_group = text.partition("Test images by class")[2].split("Test images by group")
    for name in ("cat", "dog"):
        assert f'<th scope="row">{name}</th>' in by_class
    for name in ("day", "night"):
        assert f'<th scope="row">{name}</th>' in by_group
    assert "<td>0.750</td><td>0.531 to 0.888</td>" in by_group


def test_pictures_are_pngs_that_no_shared_cache_keeps(admin_client, image):
    for address in pictures_of(image):
        answer = admin_client.get(address)
        assert answer.content.startswith(b"\x89PNG")
        assert "private" in answer["Cache-Control"]


def test_pictures_are_for_staff_alone(client, image):
    User.objects.create_user("outsider", password="a")
    client.login(username="outsider", password="a")
    for address in pictures_of(image):
        assert client.get(address).status_code == 302


def test_staff_without_the_permission_see_no_pictures(client, image):
    clerk = User.objects.create_user("clerk", password="a", is_staff=True)
    client.force_login(clerk)
    assert [client.get(address).status_code for address in pictures_of(image)[:2]] == [403, 403]
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["view_studyimage", "view_explanation"])
    )
    assert [client.get(address).status_code for address in pictures_of(image)[:2]] == [200, 200]


def test_a_picture_of_nothing_is_not_found(admin_client, image):
    for name, argument in (("image", 10**6), ("map", 10**6), ("legend", "x")):
        address = reverse(f"explanations:{name}-picture", args=[argument])
        assert admin_client.get(address).status_code == 404


def test_the_pages_hold_no_inline_style_or_script(admin_client, image):
    """The content security policy would drop them."""
    for address in (page("studyimage_changelist"), page("studyimage_change", image.pk)):
        text = admin_client.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*(src=|json))", text)


def test_the_gallery_shows_the_maps_in_the_view_of_its_address(admin_client, image):
    address = page("studyimage_change", image.pk)
    text = admin_client.get(address + "?view=half").content.decode()
    pk = Explanation.objects.first().pk
    picture = reverse("explanations:map-picture", args=[pk])
    assert f'{picture}?view=half"' in text
    assert '<a href="?view=half" aria-current="true">Map at 50 %</a>' in text
    assert f'{picture}?view=usual"' in admin_client.get(address + "?view=<x>").content.decode()
    pictures = {
        view: admin_client.get(f"{picture}?view={view}").content
        for view in ("usual", "half", "original", "map")
    }
    assert len(set(pictures.values())) == 4
    shown = admin_client.get(reverse("explanations:image-picture", args=[image.pk])).content
    assert pictures["original"] == shown


@pytest.mark.nightly
def test_the_layers_are_shown_in_their_order_apart_from_the_methods(admin_client, image):
    prediction = Prediction.objects.get(image=image)
    classifier = load_classifier(prediction.classifier, "cpu")
    explain(classifier, [prediction], [*catalogue.of_module(10), *catalogue.of_module(2)])
    text = admin_client.get(page("studyimage_change", image.pk)).content.decode()
    assert text.index("Placebo map") < text.index("Grad-CAM, layer by layer")
    shown = re.findall(r"<strong>(\d+ \w+)</strong> (\d+ × \d+)", text)
    assert shown == [("2 Conv2d", "32 × 32"), ("10 Conv2d", "8 × 8")] * 2
    for row in Explanation.objects.filter(method__contains="_layer_"):
        address = reverse("explanations:map-picture", args=[row.pk])
        assert f'{address}?view=usual"' in text
        assert admin_client.get(address).content.startswith(b"\x89PNG")
        assert admin_client.get(page("explanation_change", row.pk)).status_code == 200
    listed = admin_client.get(page("explanation_changelist")).content.decode()
    assert "Grad-CAM, module 10" in listed


def test_without_layers_none_are_announced(admin_client, image):
    text = admin_client.get(page("studyimage_change", image.pk)).content.decode()
    assert "layer by layer" not in text
