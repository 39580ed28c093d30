"""The ten objects, each drawn from named parts.

A drawing takes ``vary(low, high)``, which returns a proportion between the two, and returns shapes
from back to front in object units. The classes form pairs with shared parts or outlines, so that a
small or half-hidden object of one class is easily taken for the other: car and truck, boat and
umbrella, tree and flower, rocket and house, fish and cup.
"""

from collections.abc import Callable

from explanations.imagesets.drawings.canvas import Shape, arc, box, ellipse, polygon

Vary = Callable[[float, float], float]


def boat(vary: Vary) -> list[Shape]:
    """Draw a boat with sails."""
    tip = vary(-0.98, -0.8)
    belly = vary(0.5, 0.72)
    boom = 0.2
    main = [(0.07, tip), *arc(0.07, boom, vary(0.72, 0.9), boom - tip, 20, 24), (0.07, boom)]
    jib = [(-0.07, tip + 0.15), (-0.07, boom), (-vary(0.6, 0.8), boom)]
    return [
        box("mast", -0.07, tip, 0.07, 0.45),
        polygon("sail", *main),
        polygon("jib", *jib),
        polygon("hull", (-1.0, 0.36), (1.0, 0.36), (belly, 0.88), (-belly, 0.88)),
    ]


def car(vary: Vary) -> list[Shape]:
    """Draw a car."""
    roof = vary(-0.55, -0.4)
    back, front = vary(-0.75, -0.6), vary(0.2, 0.38)
    wheel = vary(0.24, 0.29)
    return [
        polygon(
            "cabin", (back - 0.1, 0.05), (back + 0.1, roof), (front, roof), (front + 0.3, 0.05)
        ),
        polygon(
            "window",
            (back + 0.05, 0.02),
            (back + 0.18, roof + 0.12),
            (front - 0.05, roof + 0.12),
            (front + 0.14, 0.02),
        ),
        box("pillar", -0.2, roof + 0.04, -0.08, 0.05),
        polygon(
            "body", (-1.0, 0.02), (0.7, 0.02), (0.98, 0.16), (1.0, 0.48), (-1.0, 0.48), (-1.0, 0.1)
        ),
        box("lamp", 0.8, 0.14, 1.0, 0.3),
        *_wheels((-0.55, 0.55), 0.5, wheel),
    ]


def cup(vary: Vary) -> list[Shape]:
    """Draw a cup on a saucer."""
    top = vary(-0.72, -0.55)
    foot = vary(0.3, 0.44)
    ring = vary(0.36, 0.44)
    handle = (
        arc(0.52, 0.02, ring, ring, 17, 31)
        + arc(0.52, 0.02, ring - 0.17, ring - 0.17, 17, 31)[::-1]
    )
    return [
        ellipse("saucer", -0.1, 0.76, 0.74, 0.18),
        polygon("handle", *handle),
        polygon(
            "body",
            (-0.82, top),
            (0.62, top),
            (foot, 0.66),
            (foot - 0.15, 0.8),
            (-0.05 - foot, 0.8),
            (-0.2 - foot, 0.66),
        ),
        ellipse("rim", -0.1, top, 0.73, 0.2),
        ellipse("drink", -0.1, top + 0.02, 0.55, 0.11),
    ]


def fish(vary: Vary) -> list[Shape]:
    """Draw a fish."""
    thick = vary(0.42, 0.56)
    fork = vary(0.4, 0.58)
    return [
        polygon("tail", (0.4, 0.0), (1.0, -fork), (0.82, 0.0), (1.0, fork)),
        polygon("fin", (-0.4, -0.3), (0.05, -thick - 0.32), (0.3, -thick - 0.2), (0.35, -0.2)),
        polygon("fin", (-0.15, 0.3), (0.1, thick + 0.24), (0.32, thick + 0.14), (0.25, 0.2)),
        ellipse("body", -0.22, 0.0, 0.78, thick),
        polygon(
            "gill", *arc(-0.62, 0.0, 0.3, 0.36, 20, 28), *arc(-0.72, 0.0, 0.3, 0.36, 20, 28)[::-1]
        ),
        ellipse("eye", -0.68, -0.12, 0.11, 0.11),
    ]


def flower(vary: Vary) -> list[Shape]:
    """Draw a flower with five petals."""
    reach = vary(0.34, 0.4)
    petal = vary(0.24, 0.3)
    y = -0.35
    around = ((0.0, -1.0), (0.951, -0.309), (0.588, 0.809), (-0.588, 0.809), (-0.951, -0.309))
    return [
        box("stem", -0.07, y, 0.07, 0.98),
        polygon("leaf", (0.05, 0.85), (0.2, 0.45), (0.7, 0.3), (0.55, 0.7)),
        polygon("leaf", (-0.05, 0.95), (-0.2, 0.58), (-0.65, 0.42), (-0.5, 0.8)),
        *(ellipse("petals", reach * dx, y + reach * dy, petal, petal) for dx, dy in around),
        ellipse("heart", 0.0, y, 0.22, 0.22),
    ]


def house(vary: Vary) -> list[Shape]:
    """Draw a house with a chimney."""
    eaves = vary(-0.2, 0.0)
    wide = vary(0.62, 0.76)
    chimney = vary(0.3, 0.42)
    return [
        box("chimney", chimney, -0.85, chimney + 0.22, -0.2),
        box("wall", -wide, eaves - 0.05, wide, 0.9),
        polygon("roof", (-wide - 0.22, eaves), (0.0, vary(-0.95, -0.85)), (wide + 0.22, eaves)),
        box("door", -0.5, 0.3, -0.12, 0.9),
        box("window", 0.12, eaves + 0.2, 0.5, 0.52),
    ]


def rocket(vary: Vary) -> list[Shape]:
    """Draw a rocket with its flame."""
    wide = vary(0.27, 0.35)
    shoulder = vary(-0.5, -0.38)
    fin = vary(0.62, 0.75)
    return [
        polygon("flame", (-0.22, 0.55), (0.22, 0.55), (0.1, 0.8), (0.0, 1.0), (-0.1, 0.8)),
        polygon("fins", (-0.1, 0.1), (-fin, 0.5), (-fin, 0.8), (-0.1, 0.6)),
        polygon("fins", (0.1, 0.1), (fin, 0.5), (fin, 0.8), (0.1, 0.6)),
        polygon(
            "body",
            (-wide, shoulder),
            (wide, shoulder),
            (wide, 0.45),
            (0.22, 0.62),
            (-0.22, 0.62),
            (-wide, 0.45),
        ),
        polygon(
            "nose",
            (-wide, shoulder),
            (-wide * 0.7, -0.7),
            (0.0, -1.0),
            (wide * 0.7, -0.7),
            (wide, shoulder),
        ),
        ellipse("window", 0.0, -0.15, 0.17, 0.17),
    ]


def tree(vary: Vary) -> list[Shape]:
    """Draw a tree with fruit."""
    wide = vary(0.4, 0.48)
    trunk = vary(0.12, 0.17)
    top = vary(0.48, 0.54)
    return [
        polygon("trunk", (-trunk, 0.1), (trunk, 0.1), (trunk + 0.1, 0.98), (-trunk - 0.1, 0.98)),
        ellipse("crown", -0.44, 0.02, wide, 0.4),
        ellipse("crown", 0.44, 0.02, wide, 0.4),
        ellipse("crown", 0.0, -0.45, top, 0.5),
        ellipse("crown", 0.0, -0.05, 0.5, 0.38),
        *(ellipse("fruit", x, y, 0.13, 0.13) for x, y in ((-0.45, 0.05), (0.42, 0.0), (0.0, -0.5))),
    ]


def truck(vary: Vary) -> list[Shape]:
    """Draw a truck."""
    top = vary(-0.7, -0.5)
    split = vary(0.2, 0.35)
    bonnet = vary(-0.3, -0.12)
    wheel = vary(0.22, 0.27)
    return [
        box("chassis", -1.0, 0.38, 1.0, 0.54),
        box("cargo", -1.0, top, split, 0.42),
        polygon(
            "cab",
            (split + 0.06, bonnet),
            (0.78, bonnet),
            (1.0, 0.1),
            (1.0, 0.48),
            (split + 0.06, 0.48),
        ),
        polygon(
            "window",
            (split + 0.2, bonnet + 0.1),
            (0.74, bonnet + 0.1),
            (0.88, 0.1),
            (split + 0.2, 0.1),
        ),
        *_wheels((-0.7, -0.15, 0.66), 0.54, wheel),
    ]


def umbrella(vary: Vary) -> list[Shape]:
    """Draw an open umbrella."""
    rim = vary(-0.05, 0.08)
    high = vary(0.72, 0.85)
    dome = arc(0.0, rim, 0.98, high, 12, 24)
    scallops = [
        (0.82, rim - 0.1),
        (0.65, rim),
        (0.33, rim - 0.12),
        (0.0, rim),
        (-0.33, rim - 0.12),
        (-0.65, rim),
        (-0.82, rim - 0.1),
    ]
    panel = [*arc(0.0, rim, 0.36, high, 12, 24), (0.0, rim - 0.1)]
    hook = [*arc(0.2, 0.72, 0.27, 0.27, 0, 12), *arc(0.2, 0.72, 0.12, 0.12, 0, 12)[::-1]]
    return [
        box("shaft", -0.06, -high - 0.12 + rim, 0.06, 0.74),
        polygon("handle", *hook),
        polygon("canopy", *dome, *scallops),
        polygon("panel", *panel),
    ]


def _wheels(places: tuple[float, ...], y: float, radius: float) -> list[Shape]:
    rims = [ellipse("wheels", x, y, radius, radius) for x in places]
    return rims + [ellipse("hubs", x, y, radius * 0.42, radius * 0.42) for x in places]


DRAWINGS: dict[str, Callable[[Vary], list[Shape]]] = {
    "boat": boat,
    "car": car,
    "cup": cup,
    "fish": fish,
    "flower": flower,
    "house": house,
    "rocket": rocket,
    "tree": tree,
    "truck": truck,
    "umbrella": umbrella,
}
CLASS_NAMES: tuple[str, ...] = tuple(DRAWINGS)


def _middle(low: float, high: float) -> float:
    return (low + high) / 2


# Names are in the order of their first shape: part id k of a class is PART_NAMES[class][k - 1].
PART_NAMES: dict[str, tuple[str, ...]] = {
    name: tuple(dict.fromkeys(shape.part for shape in draw(_middle)))
    for name, draw in DRAWINGS.items()
}
