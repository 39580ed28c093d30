"""A classifier from elsewhere is registered by the command and used like a shipped one."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image
from safetensors.torch import load_file, save_file

from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.evaluation import score
from explanations.classifier.network import VGG13
from explanations.models import ClassifierWeights, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import image_store
from explanations.pipeline.predictions import input_hash, load_classifier
from explanations.pipeline.registration import Registered
from explanations.pipeline.weights_registry import weights_file, weights_path
from tests.explanations.packages import installed

pytestmark = pytest.mark.django_db
NAMES = ("owl", "cat", "dog")


@pytest.fixture
def package(tmp_path):
    (tmp_path / "site").mkdir()
    with installed(tmp_path / "site"):
        yield


@pytest.fixture
def images(settings, tmp_path):
    """Imported images of several sizes, larger than the classifier's input."""
    settings.DATA_DIR = tmp_path / "data"
    image_set = ImageSet.objects.create(name="zoo", class_names=sorted(NAMES))
    generator = np.random.default_rng(0)
    for number in range(12):
        small = generator.integers(0, 256, (6, 8 + number % 3, 3), dtype=np.uint8)
        pixels = np.array(Image.fromarray(small).resize((40 + number % 3, 30)))
        StudyImage.objects.create(
            image_set=image_set, sha256=image_store().write(pixels), split="test",
            true_class=NAMES[number % 3], source=str(number), height=pixels.shape[0],
            width=pixels.shape[1], group="ab"[number % 2],
        )  # fmt: skip
    return image_set


def test_a_factory_is_registered_with_a_card_on_the_imported_images(images, package):
    said = call_command("register_classifier", "--name=birds", "--factory=birds", "--data=zoo")

    weights = ClassifierWeights.objects.get()
    assert said.startswith("birds: factory:birds with 3 classes, largest centred square, resized")
    assert (weights.name, weights.package) == ("birds", "somebody-else 2.1")
    assert weights.rule.size == 16
    test = weights.card["evaluation"]["test"]
    assert test["images"] == 12
    assert test["accuracy"] == Prediction.objects.filter(is_correct=True).count() / 12
    assert 0 <= test["calibration_error"] <= 1
    assert sum(part["images"] for part in test["reliability"]) == 12
    assert {row["group"] for row in test["by_group"]} == {"a", "b"}
    assert json.loads(weights_path(weights).with_suffix(".json").read_text()) == weights.card


def test_a_package_that_computes_something_else_since_is_noticed(images, package, tmp_path):
    call_command("register_classifier", "--name=birds", "--factory=birds", "--data=zoo")
    weights = ClassifierWeights.objects.get()
    assert load_classifier(weights, "cpu").package == "somebody-else 2.1"
    module = tmp_path / "site" / "a_package_of_somebody_else.py"
    module.write_text(module.read_text().replace("(hidden + torch", "(hidden - 2 * torch"))
    sys.modules.pop(module.stem)
    with pytest.raises(CheckpointError, match="computes other logits from the same weights"):
        load_classifier(weights, "cpu")


def test_the_predictions_are_of_the_input_that_the_rule_derives(images, package):
    call_command(
        "register_classifier", "--name=cropped", "--factory=birds", "--data=zoo", "--resize=20"
    )
    weights = ClassifierWeights.objects.get()
    classifier = Classifier.load(weights_path(weights))
    assert classifier.resize == 20
    image = StudyImage.objects.first()
    pixels = classifier.input_of(image_store().read(image.sha256))
    expected = classifier.probabilities(pixels[None])[0]
    stored = Prediction.objects.get(image=image).probabilities
    assert np.allclose(stored, expected, atol=1e-6)
    assert input_hash(classifier, image) != image.sha256


def test_a_vgg13_trained_elsewhere_comes_in_with_its_preprocessing(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    torch.manual_seed(0)
    save_file(VGG13(3).state_dict(), tmp_path / "mine.safetensors")
    (tmp_path / "classes.txt").write_text("cat\ndog\n\nowl\n")
    call = ["register_classifier", "--name=mine", f"--weights={tmp_path / 'mine.safetensors'}"]
    call += ["--architecture=vgg13", f"--classes={tmp_path / 'classes.txt'}"]
    with pytest.raises(CommandError, match=r"Give mean and std \(--mean --std\), three numbers"):
        call_command(*call)
    call += ["--mean", "0.5", "0.5", "0.5", "--std", "0.25", "0.25", "0.25"]

    said = call_command(*call)

    assert "No images were named (--data)" in said
    read = Classifier.load(weights_file("mine"))
    assert read.class_names == ("cat", "dog", "owl")
    own = load_file(tmp_path / "mine.safetensors")
    assert torch.equal(read.network.state_dict()["fc_layers.6.bias"], own["fc_layers.6.bias"])


@pytest.mark.nightly
def test_a_name_stands_for_one_classifier(images, package):
    call = ["register_classifier", "--name=birds", "--data=zoo"]
    call_command(*call, "--factory=birds")
    call_command(*call, "--factory=birds")
    with pytest.raises(CommandError, match="Another classifier is registered as 'birds'"):
        call_command(*call, "--factory=from_a_mapping", "--size=24")
    assert ClassifierWeights.objects.count() == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name=a b"], "cannot be the name of a classifier"),
        (["--data=nowhere"], "No image set 'nowhere' is imported. Imported: zoo"),
        (["--split=train"], "has no images of the split 'train'"),
        (["--classes=a,b,c"], "has the classes a, b, c, but the images of 'zoo'"),
        (["--classes=a,b"], "2 class names are declared"),
        (["--mean", "124", "116", "104"], "divide mean and std by 255"),
        (["--architecture=resnet18"], "The architecture resnet18 belongs to weights"),
    ],
)
def test_a_wrong_option_is_refused_and_nothing_is_stored(images, package, options, said):
    call = ["register_classifier", "--name=birds", "--factory=birds", "--data=zoo", *options]
    with pytest.raises(CommandError, match=said):
        call_command(*call)
    assert not ClassifierWeights.objects.exists()
    assert not list(weights_file("x").parent.glob("*"))


@pytest.mark.parametrize("line", ["", "architecture", "classes"])
def test_what_a_foreign_file_does_not_record_is_asked_for(settings, tmp_path, line):
    settings.DATA_DIR = tmp_path / "data"
    path = tmp_path / "some.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    call = ["register_classifier", "--name=x", f"--weights={path}"]
    said = "does not record its network. Give its architecture"
    if line:
        call.append("--architecture=resnet18")
        said = "does not record its classes. Give their names"
    if line == "classes":
        call.append("--classes=a,b")
        said = "does not fit resnet18"
    with pytest.raises(CommandError, match=said):
        call_command(*call)


def test_an_unknown_name_in_a_study_file_lists_the_registered_ones(images, package):
    call_command("register_classifier", "--name=birds", "--factory=birds")
    with pytest.raises(CommandError, match=r"neither a file nor a registered.*Registered: birds"):
        call_command("precompute_explanations", "--set=zoo", "--weights=bird")


@pytest.mark.parametrize(("shifted", "warned"), [(0, False), (1, True)])
def test_a_classifier_whose_classes_are_in_another_order_is_told(shifted, warned):
    labels = np.arange(30) % 3
    probabilities = np.eye(3, dtype=np.float32)[(labels + shifted) % 3]
    classes = ("cat", "dog", "owl")
    weights = SimpleNamespace(
        name="birds", architecture="vgg13", class_names=classes, rule="32 pixels", card={"data": {}}
    )
    said = str(Registered(weights, score(probabilities, labels, classes, [""] * 30)))
    assert ("not better than always naming the most frequent class (33.3%" in said) == warned
