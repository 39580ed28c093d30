import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from django.conf import settings
from django.core.management import CommandError, call_command
from torch import nn

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import VGG13
from explanations.computing.preflight import PreflightError
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.scene_set import SceneSet
from explanations.methods.gradcam import GradCam
from explanations.methods.protocol import image_seed
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import artefact_store, claims, image_store
from explanations.pipeline.image_import import BACKGROUND, import_images
from explanations.pipeline.precompute import Computed, StoppedError, explain
from explanations.pipeline.predictions import PrecomputeError, load_classifier, predict
from explanations.pipeline.saving import take_over
from explanations.pipeline.weights_registry import register_classifier
from explanations.pipeline.work_list import jobs_of
from explanations.store.artefacts import ArtefactError, StoreFullError, artefact_key
from surveys import services
from surveys.pages.example import example_candidates, example_prediction
from tests.daily import daily
from tests.explanations.conftest import explain_one, flip_a_bit
from tests.surveys import drawn

pytestmark = pytest.mark.django_db
QUICK = [catalogue.get("gradcam"), catalogue.get("placebo")]


@pytest.fixture
def images(monkeypatch):
    """Three scenes, and four training scenes instead of a hundred."""
    monkeypatch.setattr("explanations.pipeline.image_import.BACKGROUND_SIZE", 4)
    images = import_images(SceneSet(), "test", limit=3).image_set.images
    return list(images.filter(split="test").select_related("image_set"))


@pytest.fixture
def weights(weights_file):
    return register_classifier(weights_file)


@pytest.fixture
def network(weights):
    return load_classifier(weights, "cpu")


@pytest.fixture
def predictions(network, weights, images):
    return predict(network, weights, images)


@pytest.fixture
def computed(monkeypatch):
    """Images that Grad-CAM was computed for, by the hash of their pixels."""
    calls = []
    original = GradCam.explain

    def counted(self, batch, seeds):
        calls.extend(image.tobytes() for image in batch.images)
        return original(self, batch, seeds)

    monkeypatch.setattr(GradCam, "explain", counted)
    return calls


def test_predictions_are_those_of_the_network_and_are_made_once(
    network, weights, images, predictions
):
    pixels = np.stack([image_store().read(image.sha256) for image in images])
    expected = network.probabilities(pixels)
    for row, image, probabilities in zip(predictions, images, expected, strict=True):
        assert row.image == image
        assert row.predicted_class == network.class_names[probabilities.argmax()]
        assert row.probability == pytest.approx(probabilities.max(), abs=1e-6)
        assert row.probabilities == pytest.approx(probabilities.tolist(), abs=1e-6)
        assert row.is_correct == (row.predicted_class == image.true_class)
    assert predict(network, weights, images[::-1]) == predictions[::-1]
    assert Prediction.objects.count() == 3


def test_every_map_is_stored_with_its_origin(network, weights, predictions):
    assert explain(network, predictions, QUICK) == Computed(new=6, known=0)
    for row in Explanation.objects.all():
        attribution = artefact_store().read(row.stored)
        assert attribution.relevance.shape == (32, 32)
        assert row.diagnostics["empty"] == attribution.is_empty
        assert row.provenance["device"] == "cpu"
        assert row.provenance["seconds"] > 0
        assert row.provenance["versions"]["torch"] == torch.__version__.split("+")[0]
        assert {"torch", "scikit-image", "numpy"} <= row.provenance["versions"].keys()
        assert row.provenance["precision"] == "strict"
    row = Explanation.objects.get(prediction=predictions[0], method="gradcam")
    target = network.class_names.index(predictions[0].predicted_class)
    image = image_store().read(predictions[0].image.sha256)
    expected = explain_one(GradCam(), network, image, target).relevance
    assert np.array_equal(artefact_store().read(row.stored).relevance, expected)


def test_a_second_run_computes_nothing(network, predictions, computed):
    explain(network, predictions, QUICK)
    assert len(computed) == 3
    assert explain(network, predictions, QUICK) == Computed(new=0, known=6)
    assert len(computed) == 3


@pytest.mark.nightly
def test_numbers_without_rows_are_taken_over_but_for_those_of_a_run_that_lives(
    network, predictions, other_claims
):
    explain(network, predictions, QUICK)
    Explanation.objects.all().delete()
    jobs = list(jobs_of(network, predictions, QUICK, "strict"))
    taken, process = other_claims(settings.DATA_DIR / "artefacts", [jobs[0].key, jobs[3].key])
    assert taken
    with claims() as own:
        noted, left = take_over(jobs, own)
        assert left == [jobs[0], jobs[3]]
        assert Explanation.objects.count() == len(noted) == 4
        process.kill()
        process.join()
        assert take_over(left, own) == (left, [])
    assert Explanation.objects.count() == 6


@pytest.mark.nightly
def test_what_another_run_has_noted_meanwhile_is_not_counted_twice(
    network, predictions, monkeypatch
):
    assert explain(network, predictions, QUICK) == Computed(new=6, known=0)
    monkeypatch.setattr("explanations.pipeline.precompute.missing_of", list)  # it had looked before
    assert explain(network, predictions, QUICK) == Computed(new=0, known=6)


@pytest.mark.nightly
def test_a_damaged_map_is_computed_again_under_the_same_row(network, predictions, computed):
    explain(network, predictions, QUICK)
    row = Explanation.objects.filter(method="gradcam").first()
    flip_a_bit(row)
    with pytest.raises(ArtefactError, match="precompute_explanations again"):
        artefact_store().read(row.stored)
    assert explain(network, predictions, QUICK) == Computed(new=1, known=5)
    assert len(computed) == 4
    assert Explanation.objects.count() == 6
    before = row.sha256
    row.refresh_from_db()
    assert row.sha256 == before
    assert artefact_store().read(row.stored)


@pytest.mark.nightly
def test_other_parameters_make_another_artefact(network, predictions, monkeypatch):
    explain(network, predictions, QUICK[:1])
    monkeypatch.setattr(GradCam, "version", GradCam.version + 1)
    assert explain(network, predictions, QUICK[:1]) == Computed(new=3, known=0)
    assert Explanation.objects.count() == 6


def test_an_interrupted_run_keeps_what_it_has_and_the_next_does_the_rest(
    network, predictions, monkeypatch, computed
):
    with monkeypatch.context() as patch:
        original = GradCam.explain

        def interrupted(self, *arguments):
            if len(computed) == 2:
                raise KeyboardInterrupt
            return original(self, *arguments)

        patch.setattr(GradCam, "explain", interrupted)
        with pytest.raises(StoppedError, match="Stopped after 4 of 6 maps, which are kept"):
            explain(network, predictions, QUICK)
    assert Explanation.objects.count() == 4
    assert explain(network, predictions, QUICK) == Computed(new=2, known=4)
    assert len(computed) == len(set(computed)) == 3


def test_no_row_is_written_before_its_file(network, predictions, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("explanations.store.packs.os.fsync", full)
    with pytest.raises(StoreFullError, match="Free some space and repeat the command"):
        explain(network, predictions, QUICK)
    assert not Explanation.objects.exists()


@pytest.mark.nightly
def test_the_same_picture_in_two_sets_shares_one_artefact(network, weights, predictions, computed):
    explain(network, predictions, QUICK)
    other = import_images(SceneSet(), "test", limit=3, name="again").image_set
    twins = predict(network, weights, list(other.images.filter(split="test")))
    assert explain(network, twins, QUICK).new == 6
    assert len(computed) == 3
    for row in Explanation.objects.all():
        assert Explanation.objects.filter(key=row.key, sha256=row.sha256).count() == 2


@pytest.mark.nightly
def test_deepshap_compares_with_the_background(network, predictions):
    method = [catalogue.get("deepshap")]
    explain(network, predictions[:1], method)
    row = Explanation.objects.get()
    assert row.diagnostics["background_images"] == 4
    assert len(row.provenance["background"]) == 64
    StudyImage.objects.filter(split=BACKGROUND).first().delete()
    assert explain(network, predictions[:1], method).new == 1, "another background, another map"


def test_without_a_background_deepshap_is_refused_with_the_cure(network, predictions):
    StudyImage.objects.filter(split=BACKGROUND).delete()
    with pytest.raises(PrecomputeError, match="or use methods that need none, such as gradcam"):
        explain(network, predictions, [catalogue.get("deepshap")])


def test_images_of_other_classes_are_refused(network, weights, images):
    ImageSet.objects.update(class_names=["cat", "dog"])
    images[0].image_set.refresh_from_db()
    with pytest.raises(PrecomputeError, match="images of 'scenes' have the classes cat, dog"):
        predict(network, weights, images)


def test_images_of_any_size_are_explained_on_the_input_that_the_classifier_derives(
    network, weights, images
):
    """The same picture at twice its size gets a map of the classifier's own size, whose random
    choices are seeded by what the classifier sees."""
    large = np.kron(image_store().read(images[0].sha256), np.ones((2, 2, 1), dtype=np.uint8))
    image = images[0]
    image.pk, image.sha256, image.width, image.height = None, image_store().write(large), 64, 64
    image.save()
    prediction = predict(network, weights, [image])

    explain(network, prediction, [catalogue.get("gradcam"), catalogue.get("placebo")])

    derived = network.input_of(large)
    assert np.allclose(
        prediction[0].probabilities, network.probabilities(derived[None])[0], atol=1e-6
    )
    for row in Explanation.objects.all():
        assert artefact_store().read(row.stored).relevance.shape == (32, 32)
        assert row.provenance["seed"] == image_seed(content_hash(derived), row.method)


def precompute(**options):
    return call_command("precompute_explanations", **options)


def test_the_command_explains_a_set_and_goes_on_later(images, weights_file):
    options = {"set": "scenes", "weights": weights_file, "methods": "gradcam, saliency"}
    assert precompute(**options, limit=1) == (
        "1 images predicted; 1 explained by gradcam, saliency: 2 maps computed on cpu, "
        "0 already existed."
    )
    assert "4 maps computed on cpu, 2 already existed" in precompute(**options, split="test")


@pytest.mark.nightly
def test_where_no_arm_shows_a_map_the_command_says_so(predictions, weights_file):
    right = sum(row.is_correct for row in predictions)
    services.load_study(
        drawn.STUDY_FILE.replace('set = "drawn"', 'set = "scenes"').format(
            slug="words", weights=weights_file, places=8, resume_hours=0, map_place="beside",
            counts=f"right = {right}\nwrong = {len(predictions) - right}",
            arms='[[arms]]\nkey = "none"\nlabel = "None"\n'
            '[[arms]]\nkey = "sure"\nlabel = "Sure"\nprobability = true',
            parts=drawn.QUESTIONNAIRES, control="none", extra="",
        )
    )  # fmt: skip
    assert precompute(study="words") == (
        "3 images predicted. No condition shows a map, so no map was computed."
    )
    assert not Explanation.objects.exists()


@pytest.mark.nightly
def test_computing_a_draft_again_looks_for_an_example_whose_maps_are_not_empty(
    predictions, weights_file
):
    Prediction.objects.update(is_correct=True)
    study = services.load_study(
        drawn.STUDY_FILE.replace('set = "drawn"', 'set = "scenes"').format(
            slug="words", weights=weights_file, places=8, resume_hours=0, map_place="beside",
            counts="right = 1\nwrong = 0",
            arms='[[arms]]\nkey = "none"\nlabel = "None"\n'
            '[[arms]]\nkey = "saliency"\nlabel = "Saliency"\nmethod = "saliency"',
            parts=drawn.QUESTIONNAIRES, control="none", extra="",
        )
    )  # fmt: skip
    precompute(study="words")
    first, other = example_candidates(study)
    assert example_prediction(study) == first
    assert not other.explanations.exists()
    first.explanations.update(diagnostics={"empty": True})
    precompute(study="words")
    study.refresh_from_db()
    assert example_prediction(study) == study.example == other
    assert [row.method for row in other.explanations.all()] == ["saliency"]


def test_maps_from_black_have_the_name_that_they_had_before_another_baseline_could_be_chosen(
    network, predictions
):
    (job,) = jobs_of(network, predictions[:1], [catalogue.get("integrated_gradients")], "strict")
    assert job.key == artefact_key(
        weights=predictions[0].classifier.sha256,
        image=predictions[0].image.sha256,
        target=network.class_names.index(predictions[0].predicted_class),
        method="integrated_gradients",
        parameters={"steps": 50, "baseline": "black"},
        version=2,
    )


@pytest.mark.nightly
def test_another_baseline_has_maps_of_its_own_beside_the_usual_ones(images, weights_file):
    usual, blurred = "integrated_gradients", "integrated_gradients_blurred"
    options = {"set": "scenes", "weights": weights_file, "limit": 1, "split": "test"}
    assert "1 maps computed" in precompute(**options, methods=usual)
    answer = precompute(**options, methods=f"{usual},{blurred}", verify=1)
    assert "1 maps computed on cpu, 1 already existed" in answer
    assert f"{blurred} " in answer.partition("Largest difference")[2]
    black, other = (Explanation.objects.get(method=method) for method in (usual, blurred))
    assert other.parameters == {"steps": 50, "baseline": "blurred"}
    assert other.provenance["largest_difference"] <= 1e-6
    assert not np.allclose(*(artefact_store().read(row.stored).relevance for row in (black, other)))


@pytest.mark.nightly
def test_fast_maps_have_names_of_their_own(network, predictions):
    method = [replace(catalogue.get("lime"), parameters={"samples": 100})]
    explain(network, predictions[:1], method)
    assert explain(network, predictions[:1], method, "fast") == Computed(new=1, known=0)
    strict, fast = Explanation.objects.order_by("id")
    assert strict.key != fast.key
    assert fast.diagnostics["fast_error"] <= 1e-3
    assert strict.provenance["seed"] == fast.provenance["seed"]


@pytest.mark.nightly
def test_verify_notes_the_difference_from_the_libraries(images, weights_file):
    options = {"set": "scenes", "weights": weights_file, "methods": "gradcam,saliency,placebo"}
    answer = precompute(**options, verify=2)
    assert re.search(r"gradcam \S+ \(captum [\d.]+\), saliency \S+ \(captum", answer)
    noted = Explanation.objects.filter(provenance__verified_against__startswith="captum")
    assert noted.count() == 4
    for row in noted:
        assert row.provenance["largest_difference"] <= 1e-6


def test_a_network_that_cannot_be_explained_is_refused_by_the_command(
    images, weights_file, monkeypatch
):
    original = VGG13.__init__

    def with_a_softmax(self, classes):
        original(self, classes)
        self.conv_layers[1] = nn.Softmax(1)

    monkeypatch.setattr(VGG13, "__init__", with_a_softmax)
    with pytest.raises(CommandError, match=r"'conv_layers\.1' is a Softmax") as error:
        precompute(set="scenes", weights=weights_file)
    assert "Leave it out: --methods gradcam,saliency," in str(error.value)
    assert not Explanation.objects.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"set": "scenes"}, "--set needs --weights"),
        ({"set": "scenes", "weights": Path("nowhere.safetensors")}, "does not exist. Train it"),
        (
            {"set": "sketches", "weights": "w"},
            "no image set 'sketches'. Stored image sets: scenes",
        ),
        ({"set": "scenes", "weights": "w", "split": "validation"}, "There are no images"),
        ({"set": "scenes", "weights": "w", "methods": "gradcamm"}, "Unknown method 'gradcamm'"),
        ({"set": "scenes", "weights": "w", "limit": 0}, "--limit is 0"),
        ({"set": "scenes", "weights": "w", "verify": -1}, "--verify is -1"),
        ({"set": "scenes", "weights": "w", "scheduler": "tcp://h:1"}, "require --executor dask"),
        (
            {"set": "scenes", "weights": "w", "executor": "dask", "workers": -1},
            "--workers is the number",
        ),
        ({"study": "unknown"}, "There is no study 'unknown'. Loaded studies: none"),
    ],
)
def test_a_wrong_call_is_answered_with_the_cure(images, weights_file, options, message):
    if options.get("weights") == "w":
        options = options | {"weights": weights_file}
    with pytest.raises(CommandError, match=re.escape(message)):
        precompute(**options)
    assert not Explanation.objects.exists()


def test_weights_that_changed_since_are_refused(images, weights, weights_file, tmp_path, network):
    changed = tmp_path / "changed.safetensors"
    Classifier.save(network, changed)
    ClassifierWeights.objects.update(path=str(changed))
    weights.refresh_from_db()
    with pytest.raises(ValueError, match="has changed"):
        load_classifier(weights, "cpu")


def test_a_flipped_bit_is_found_named_and_mended(images, weights_file, tmp_path):
    options = {"set": "scenes", "weights": weights_file, "methods": "gradcam,placebo"}
    precompute(**options)
    files = [tmp_path / name for name in ("before", "damaged", "after")]
    assert "6 maps and 7 images are intact" in call_command(
        "verify_explanations", manifest=files[0]
    )
    row = Explanation.objects.get(prediction__image=images[1], method="gradcam")
    flip_a_bit(row, bit=8 * row.length - 1)
    with pytest.raises(CommandError) as caught:
        call_command("verify_explanations", manifest=files[1])
    assert caught.value.returncode == 1
    assert f"gradcam of image {images[1].sha256[:12]}" in str(caught.value)
    assert "1 of 6 maps and 7 images are damaged" in str(caught.value)
    assert "1 maps computed" in precompute(**options)
    call_command("verify_explanations", manifest=files[2])
    before, damaged, after = (file.read_text() for file in files)
    assert before == after
    assert len(before.splitlines()) == 6
    assert set(before.splitlines()) - set(damaged.splitlines()) == {
        f"{row.sha256}  gradcam  {images[1].sha256}  {row.key}"
    }


def test_a_damaged_image_is_found_too(images):
    image_store().path(images[0].sha256).write_bytes(b"damaged")
    with pytest.raises(CommandError, match=images[0].sha256):
        call_command("verify_explanations")


def test_two_runs_that_predict_at_once_store_one_prediction(network, weights, images, monkeypatch):
    original = Classifier.probabilities

    def overtaken(self, pixels):
        monkeypatch.setattr(Classifier, "probabilities", original)
        predict(network, weights, images)
        return original(self, pixels)

    monkeypatch.setattr(Classifier, "probabilities", overtaken)
    assert len(predict(network, weights, images)) == 3
    assert Prediction.objects.count() == 3


@pytest.mark.parametrize("shard", daily(["0/3", "4/3", "a/b", "1", "1/0", "1/-2"], 3))
def test_a_shard_that_is_none_is_refused(images, weights_file, shard):
    with pytest.raises(CommandError, match="is not I/N with I up to N"):
        call_command(
            "precompute_explanations", "--set", "scenes", "--weights", str(weights_file),
            "--shard", shard,
        )  # fmt: skip


@pytest.mark.nightly
def test_the_shards_are_equal_parts(images, weights_file):
    options = {"set": "scenes", "weights": weights_file, "methods": "gradcam", "split": "test"}
    assert "2 explained by" in precompute(**options, shard=(1, 2))
    assert "1 explained by" in precompute(**options, shard=(2, 2))
    assert Explanation.objects.count() == 3


@pytest.mark.nightly
def test_layers_are_kept_and_verified_beside_the_methods(images, weights_file):
    options = {"set": "scenes", "weights": weights_file, "methods": "gradcam", "limit": 1}
    answer = precompute(**options, layers=True, verify=1)
    assert "explained by gradcam and layer by layer (15 modules): 31 maps computed" in answer
    assert "gradcam_layer_0 " in answer
    assert (
        Explanation.objects.filter(provenance__verified_against__startswith="captum").count() == 16
    )
    assert "0 maps computed on cpu, 1 already existed" in precompute(**options)
    assert "0 maps computed on cpu, 31 already existed" in precompute(**options, layers=True)


@pytest.mark.nightly
def test_the_likeliest_classes_have_maps_of_their_own_beside_the_predicted_one(
    network, predictions, computed
):
    one, other = predictions[:2]
    assert explain(network, [one, other], QUICK, classes={one.pk: 3}) == Computed(new=8, known=0)
    names = [network.class_names[number] for number in np.argsort(one.probabilities)[::-1]]
    assert one.likeliest(3) == tuple(names[:3])
    assert len(computed) == 4
    found = Explanation.objects.filter(prediction=one, method="gradcam")
    assert {row.other_class for row in found} == {"", *names[1:3]}
    assert {row.explained_class for row in found} == set(names[:3])
    image = image_store().read(one.image.sha256)
    for row in found:
        target = network.class_names.index(row.explained_class)
        expected = explain_one(GradCam(), network, image, target).relevance
        assert np.array_equal(artefact_store().read(row.stored).relevance, expected)
    assert not other.explanations.exclude(other_class="").exists()
    assert explain(network, [one, other], QUICK) == Computed(new=0, known=4)
    assert explain(network, [one, other], QUICK, classes={one.pk: 4}).new == 2


def test_more_classes_than_there_are_is_refused(network, predictions):
    with pytest.raises(
        PrecomputeError, match="Maps of 99 classes are requested, but the classifier"
    ):
        explain(network, predictions, QUICK, classes={predictions[0].pk: 99})


@pytest.mark.nightly
def test_the_command_computes_further_classes_of_a_set(weights_file, images):
    arguments = {"set": images[0].image_set.name, "split": "test", "methods": "gradcam"}
    with pytest.raises(CommandError, match="--classes is 0"):
        call_command("precompute_explanations", weights=weights_file, classes=0, **arguments)
    call_command("precompute_explanations", weights=weights_file, classes=2, limit=2, **arguments)
    assert Explanation.objects.filter(other_class="").count() == 2
    assert Explanation.objects.exclude(other_class="").count() == 2


def test_maps_of_a_network_that_is_no_chain_are_stored_with_flags_and_provenance(
    monkeypatch, weights, images
):
    """A transformer takes the general path through the whole pipeline; DeepSHAP is refused before
    anything is computed, by name and with the options that go on."""
    torch.manual_seed(4)
    patches = nn.Sequential(nn.Conv2d(3, 8, 8, 8), nn.Flatten(2))

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches, self.norm = patches, nn.LayerNorm(8)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.head = nn.Linear(8, 10)

        def forward(self, pixels):
            tokens = self.norm(self.patches(pixels).transpose(1, 2))
            return self.head((tokens + self.attention(tokens, tokens, tokens)[0]).mean(1))

    loaded = load_classifier(weights, "cpu")
    network = replace(loaded, network=Tokens().eval())
    predictions = predict(network, weights, images)
    keys = ("gradcam", "saliency", "placebo_borrowed")
    methods = [catalogue.get(key) for key in keys]
    with pytest.raises(PreflightError, match="'norm' is a LayerNorm") as refusal:
        explain(network, predictions, [*methods, catalogue.get("deepshap")])
    assert "SHAP (deepshap): It needs a rule" in str(refusal.value)
    assert "Leave it out: --methods gradcam,saliency,placebo_borrowed" in str(refusal.value)
    assert not Explanation.objects.exists()
    assert explain(network, predictions, methods) == Computed(new=9, known=0)
    row = Explanation.objects.filter(method="gradcam").first()
    assert row.diagnostics["layer"] == "norm"
    assert row.diagnostics["cells"] == [4, 4]
    assert "flags" in row.diagnostics
    assert row.provenance["method_version"] == GradCam.version
    assert artefact_store().read(row.stored).relevance.shape == (32, 32)
    assert explain(network, predictions, methods) == Computed(new=0, known=9)


def test_the_cost_of_long_work_is_told_before_it_begins(monkeypatch, network, predictions, capsys):
    explain(network, predictions, QUICK)
    assert "an image here" not in capsys.readouterr().err  # the control: it takes no time
    monkeypatch.setattr("explanations.pipeline.precompute.LONG", 0)
    explain(network, predictions, [catalogue.get("saliency")])
    said = capsys.readouterr().err
    assert "Saliency map, 32 px: about " in said
    assert "3 maps by one process: about " in said
    explain(network, predictions, [catalogue.get("integrated_gradients_steps_25")])
    assert "from black, 25 steps, 32 px: about " in capsys.readouterr().err  # said once
    assert explain(network, predictions, [catalogue.get("saliency")]).new == 0
    assert "an image here" not in capsys.readouterr().err
