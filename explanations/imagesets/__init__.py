"""Image sets: CIFAR-10, drawn scenes, folders, photographs, and reference images."""

SCENES = ("scenes", "scenes-128")
"""Image sets that are drawn by this platform."""
NAMES = (*SCENES, "cifar10")
"""Image sets that the platform knows by name. Any other name is a folder or an upload."""
