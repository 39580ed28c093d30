import pytest

from explanations import catalogue
from explanations.catalogue import EVERY, METHODS, UnknownMethodError
from explanations.contracts.methods import check_texts
from explanations.engine import METHODS as ENGINE_METHODS
from explanations.methods.baselines import BASELINES
from explanations.methods.protocol import parameters_of
from explanations.methods.variants import BASELINE, DRAWING

every_method = pytest.mark.parametrize("method", EVERY, ids=lambda method: method.key)


def test_the_catalogue_begins_with_the_five_methods_of_the_report_and_two_placebos():
    assert [method.key for method in METHODS][:7] == [
        "gradcam", "saliency", "integrated_gradients", "deepshap", "lime", "placebo",
        "placebo_borrowed",
    ]  # fmt: skip
    assert [method.key for method in METHODS if method.by_default] == list(ENGINE_METHODS)
    assert len({method.label for method in METHODS}) == len(METHODS)
    assert [method.key for method in METHODS if method.is_placebo] == [
        "placebo", "placebo_borrowed",
    ]  # fmt: skip
    assert [method.key for method in METHODS if method.needs_background] == [
        "deepshap", "placebo_borrowed", "gradient_shap",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["placebo", "placebo_borrowed"])
def test_nothing_that_a_participant_sees_tells_a_placebo_from_grad_cam(key):
    placebo, gradcam = catalogue.get(key), catalogue.get("gradcam")
    for name in ("caption", "how_to_read", "legend", "drawing"):
        assert getattr(placebo, name) == getattr(gradcam, name)


@every_method
def test_the_caption_names_the_predicted_class(method):
    assert "“umbrella”" in method.caption_for("umbrella")
    assert "“umbrella”" in method.caption_for("umbrella", empty=True)
    assert "empty" in method.caption_for("umbrella", empty=True)
    assert "{" not in method.caption_for("umbrella")


@every_method
@pytest.mark.parametrize("empty", [True, False])
def test_where_the_class_must_be_guessed_the_caption_names_none(method, empty):
    caption = method.caption_for(None, empty=empty)
    assert "{" not in caption
    assert "“" not in caption
    assert "the classifier's answer" in caption


@every_method
def test_the_texts_are_short_and_plain(method):
    check_texts(method)


@every_method
def test_its_code_is_found(method):
    assert type(method.explainer()).__name__ == method.path.rpartition(".")[2]


def test_an_unknown_method_is_answered_with_the_known_ones():
    with pytest.raises(
        UnknownMethodError, match=r"Unknown method 'grad-cam'\. Choose from: gradcam, "
    ):
        catalogue.get("grad-cam")


def test_an_arm_can_choose_every_baseline_that_the_engine_has():
    assert BASELINE.known == list(BASELINES)
    by_choice = catalogue.get("integrated_gradients").by_choice
    for value, method in by_choice.items():
        assert method.explainer().baseline == value
        assert catalogue.get(method.key) == method
        assert catalogue.base_of(method.key) == "integrated_gradients"
        assert BASELINE.values[BASELINE.known.index(value)].reading in method.how_to_read
    assert len({method.caption for method in EVERY if "gradients" in method.key}) == len(by_choice)
    assert catalogue.get("gradcam").by_choice == {}
    assert [catalogue.base_of(key) for key in ("lime", "", "nothing")] == ["lime", "", "nothing"]


def test_with_the_usual_baseline_it_is_the_method_that_it_always_was():
    usual = catalogue.get("integrated_gradients")
    assert usual.by_choice["black"] is usual
    assert parameters_of(usual.explainer()) == {"steps": 50, "baseline": "black"}
    assert "Compared with an all-black picture" in usual.caption
    assert any("all-black picture" in sentence for sentence in usual.how_to_read)
    assert not any(method.variant_of for method in METHODS)


def test_choices_are_keys_with_labels():
    assert catalogue.choices()[0] == ("gradcam", "Grad-CAM")


def test_what_looks_at_one_module_is_found_by_its_number_and_is_no_choice_for_an_arm():
    gradcam, saliency = catalogue.of_module(3)
    assert catalogue.get("gradcam_layer_3") == gradcam
    assert catalogue.get("saliency_layer_3") == saliency
    assert saliency.explainer().layer == 3
    assert not {gradcam.key, saliency.key} & {key for key, _ in catalogue.choices()}
    for key in ("gradcam_layer", "gradcam_layer_", "gradcam_layer_03", "lime_3"):
        with pytest.raises(UnknownMethodError):
            catalogue.get(key)


def test_an_arm_can_choose_how_lime_is_drawn_without_changing_its_numbers():
    lime = catalogue.get("lime")
    assert list(lime.by_choice) == ["outlines", "graded", "heat"]
    assert lime.full_label == lime.label == "LIME"
    for value, method in lime.by_choice.items():
        assert method.drawing == DRAWING.values[DRAWING.known.index(value)].drawing
        assert method.explainer() == lime.explainer()
        assert catalogue.numbers_of(method.key) == "lime"
    assert len({method.how_to_read for method in lime.by_choice.values()}) == 3
    # The control: another baseline changes the numbers, so it draws for itself.
    blurred = "integrated_gradients_blurred"
    assert [catalogue.numbers_of(key) for key in (blurred, "nothing")] == [blurred, "nothing"]
