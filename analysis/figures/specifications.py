"""Specification curves: each arm's estimates, and below them the choices behind each estimate."""

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.apa_numbers import number
from analysis.figures.layout import give_room
from analysis.figures.style import INK, MUTED, SMALL, broken, carry, colours, note, width
from analysis.results import Results
from analysis.sections.multiverse import ArmCurve, SpecificationCurve
from analysis.statistics.estimate import Estimate

Drawing = tuple[Callable[[], Figure], str]


def drawings(curves: tuple[SpecificationCurve, ...], results: Results) -> Mapping[str, Drawing]:
    """Return figure and alternative text by name, specifications-<outcome>."""
    return {
        f"specifications-{curve.outcome}": (
            partial(draw_specifications, curve, results.plan.control, results.simulated),
            _alternative(curve),
        )
        for curve in curves
        if curve.specifications
    }


def draw_specifications(curve: SpecificationCurve, control: str, simulated: bool) -> Figure:
    """Draw a panel per arm with d of each specification, the plan's as a diamond."""
    choices = choices_of(curve)
    # The matrix of choices grows with the number of choices, the panels of estimates do not.
    heights = [1.0] * len(curve.arms) + [0.19 * len(choices)]
    figure = Figure(figsize=(width(), 0.9 + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[
        :, 0
    ]
    colour = colours([control, *(arm.arm for arm in curve.arms)], control)
    for axes, height in zip(panels, heights, strict=True):
        give_room(axes, 0.7 * height)
    for axes, arm in zip(panels, curve.arms, strict=False):
        _arm(axes, curve, arm, colour[arm.arm])
    ends = [limit for axes in panels[:-1] for limit in axes.get_ylim()]
    for axes in panels[:-1]:
        axes.set_ylim(min(ends), max(ends))
    _matrix(panels[-1], curve, choices)
    note(figure, f"d against “{curve.control}” · line: interval · diamond: as planned", simulated)
    return carry(figure, specification_data(curve))


def specification_data(curve: SpecificationCurve) -> pd.DataFrame:
    """Return a row per specification and arm in the figure's order, empty if not estimable."""
    rows = [
        {
            "specification": place,
            "people": spec.people,
            "coding": spec.coding,
            "model": spec.model,
            "planned": int(spec.planned),
            "participants": spec.participants,
            "arm": arm,
            **{key: getattr(effect, key, None) for key in ("value", "low", "high", "level")},
        }
        for place, spec in enumerate(curve.specifications, start=1)
        for arm, effect in spec.effects.items()
    ]
    return pd.DataFrame(rows)


def choices_of(curve: SpecificationCurve) -> list[tuple[str, str]]:
    """Return every (kind of choice, choice) that varies, in a fixed order."""
    choices = [
        (kind, choice)
        for kind in ("people", "coding", "model")
        for choice in dict.fromkeys(sorted(getattr(spec, kind) for spec in curve.specifications))
    ]
    several = {kind for kind, _ in choices if sum(other == kind for other, _ in choices) > 1}
    return [(kind, choice) for kind, choice in choices if kind in several] or choices[:1]


def _arm(axes: Axes, curve: SpecificationCurve, arm: ArmCurve, colour: str) -> None:
    axes.axhline(0, color=MUTED, linewidth=1)
    for place, one in enumerate(curve.specifications):
        effect = one.effects.get(arm.arm)
        if not isinstance(effect, Estimate):
            continue
        axes.plot([place, place], [effect.low, effect.high], color=colour, linewidth=1, alpha=0.5)
        marker, size = ("D", 5) if one.planned else ("o", 3)
        edge = INK if one.planned else colour
        axes.plot(
            [place], [effect.value], marker=marker, markersize=size, color=colour,
            markeredgecolor=edge,
        )  # fmt: skip
    axes.set_ylabel(broken(arm.label, 14), fontsize=SMALL)
    axes.tick_params(axis="x", length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def _matrix(axes: Axes, curve: SpecificationCurve, choices: list[tuple[str, str]]) -> None:
    for row, (kind, choice) in enumerate(choices):
        places = [i for i, spec in enumerate(curve.specifications) if getattr(spec, kind) == choice]
        axes.plot(places, [row] * len(places), "|", color=INK, markersize=6)
    axes.set_yticks(range(len(choices)), [_short(choice) for _, choice in choices], fontsize=SMALL)
    axes.set_ylim(len(choices) - 0.4, -0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)


def _short(choice: str, length: int = 34) -> str:
    return choice if len(choice) <= length else choice[: length - 1] + "…"


def _alternative(curve: SpecificationCurve) -> str:
    arms = "; ".join(
        f"{arm.label} {number(arm.least)} to {number(arm.most)}"
        if arm.least is not None and arm.most is not None
        else f"{arm.label} not estimable"
        for arm in curve.arms
    )
    return (
        f"{curve.label}, specification curve: d of each arm against {curve.control} under "
        f"{len(curve.specifications)} combinations of choices: {arms}."
    )
