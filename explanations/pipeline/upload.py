"""Storing of uploaded images, whole or not at all."""

from collections.abc import Sequence

from explanations.imagesets.upload import SPLIT, Upload, UploadSet
from explanations.models import ImageSet
from explanations.pipeline.image_import import Imported, load_images, store_images
from explanations.pipeline.stored_set import StoredSet


def store_uploads(uploads: Sequence[Upload], image_set: ImageSet, training: ImageSet) -> Imported:
    """Add uploaded images to a set. Its background is copied from the set ``training``.

    Raises ImageSetError with a line per problem; no image and no file is stored then.
    """
    taken = dict(image_set.images.filter(split=SPLIT).values_list("source", "sha256"))
    source = UploadSet(
        image_set.name,
        image_set.class_names,
        uploads,
        taken=taken,
        training=StoredSet(training),
    )
    # Decoding takes long, and no transaction must wait for it: nobody could send an answer.
    return store_images(load_images(source, SPLIT), image_set.name)
