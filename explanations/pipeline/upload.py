"""Storing of uploaded images, whole or not at all."""

from collections.abc import Sequence

from explanations.imagesets.upload import SPLIT, Original, Upload, UploadSet
from explanations.models import ImageSet, OriginalFile
from explanations.pipeline.data_folder import original_store
from explanations.pipeline.image_import import Imported, load_images, store_images
from explanations.pipeline.stored_set import StoredSet

SIZE = 32
"""Width and height of the classifier's images. The network's own constant would load torch."""


def store_uploads(uploads: Sequence[Upload], image_set: ImageSet, training: ImageSet) -> Imported:
    """Add uploaded images to a set. Its background is copied from the set ``training``.

    Raises ImageSetError with a line per problem; no image and no file is stored then.
    """
    taken = dict(image_set.images.filter(split=SPLIT).values_list("source", "sha256"))
    source = UploadSet(
        image_set.name,
        image_set.class_names,
        uploads,
        SIZE,
        taken=taken,
        training=StoredSet(training),
    )
    # Decoding takes long, and no transaction must wait for it: nobody could send an answer.
    loaded = load_images(source, SPLIT)
    store = original_store()
    for original in source.originals:
        store.write(original.read())
    imported = store_images(loaded, image_set.name)
    _note(image_set, source.originals)
    return imported


def _note(image_set: ImageSet, originals: Sequence[Original]) -> None:
    images = dict(image_set.images.filter(split=SPLIT).values_list("sha256", "pk"))
    OriginalFile.objects.bulk_create(
        (
            OriginalFile(
                image_id=images[original.content_sha256],
                sha256=original.sha256,
                name=original.name,
                size=original.size,
            )
            for original in originals
        ),
        ignore_conflicts=True,
    )
