"""Training images that maps are computed from, and an image set that has none."""

from explanations.models import ImageSet
from explanations.pipeline.image_import import BACKGROUND
from surveys.study_checks.images_and_weights import background_lacking
from surveys.study_file.reading.study import read
from tests.surveys import factories


def test_a_method_that_needs_training_images_is_named_where_the_set_has_none(db, tmp_path):
    factories.images(4)
    text = factories.study_text(tmp_path / "dots.safetensors")
    assert background_lacking(read(text)) == ()
    needing = read(text.replace('method = "lime"', 'method = "gradient_shap"'))
    (warning,) = background_lacking(needing)
    assert warning.startswith("The maps of lime are computed from training images")
    assert "--split test --name dots" in warning
    stored = ImageSet.objects.get().images
    image = stored.first()
    image.pk, image.split, image.path = None, BACKGROUND, "background.png"
    image.sha256 = "b" * 64
    image.save()
    assert background_lacking(needing) == ()
