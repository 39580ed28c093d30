"""Choice of the few images that stand for all stimuli in a report's pictures."""

from collections.abc import Iterable

EACH = 2
"""Images with a right and with a wrong prediction."""


def example_images(images: Iterable[tuple[str, bool]]) -> list[str]:
    """Return the images to show, from (name, whether the prediction is right).

    The first of each kind by name are chosen. A name is the beginning of a hash of the content, so
    neither the look of an image nor any result decides.
    """
    listed = sorted(set(images))
    return [
        name
        for kind in (True, False)
        for name in [image for image, right in listed if bool(right) is kind][:EACH]
    ]
