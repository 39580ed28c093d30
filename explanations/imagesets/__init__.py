"""Image sets: CIFAR-10, drawn scenes, folders, photographs, and reference images."""

NAMES = ("scenes", "cifar10")
"""Image sets that the platform knows by name. Any other name is a folder or an upload."""
