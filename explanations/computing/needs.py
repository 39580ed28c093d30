"""What a method needs of a network, so that a misfit is named before anything is computed."""

from enum import Enum


class Need(Enum):
    """Property of a network on which a method relies. The values are words for tables."""

    OUTPUTS = "outputs only"
    """Probabilities or logits of any images."""
    GRADIENT = "a gradient by the pixels"
    GRID = "a layer with rows and columns"
    RULES = "a rule for every operation"
    CHAIN = "a chain of modules"
    PROPAGATION = "a chain of modules with a rule for relevance"
