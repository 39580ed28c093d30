"""Page and figures of the power simulation, from the object that power.json contains."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import apa_numbers
from analysis.figures.style import COLOURS, MUTED, SETTINGS, WIDTH, carry, save
from analysis.plan.plan import tested_effect
from analysis.power.outcomes import LATER
from analysis.power.required_sample import Power
from analysis.power.search import OutcomePower, Point
from analysis.report.columns import fits_a_column
from analysis.report.sentences import symbols, typeset
from analysis.report.svg import inline_svg
from analysis.statistics.estimate import Estimate, NotEstimable

HERE = Path(__file__).parent
REPORT = HERE.parent / "report"


def write_page(power: Power, output: Path, command: str) -> None:
    """Write power.html and figures/power-<outcome>.svg, .png and .csv."""
    folder = output / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    figures = {}
    for result in power.outcomes:
        name = f"power-{result.outcome}"
        # The settings apply to this figure alone, so that other code keeps matplotlib's defaults.
        with mpl.rc_context(SETTINGS):
            save(_draw(result, power), folder / name)
        text = (folder / f"{name}.svg").read_text(encoding="utf-8")
        figures[name] = inline_svg(text, name, _alternative(result, power))
    page = _environment().get_template("power.html").render(
        power=power,
        figures=figures,
        labels=_labels(power),
        shifted={result.outcome: _shifted(result.outcome, power) for result in power.outcomes},
        sentences={result.outcome: sentence(result, power) for result in power.outcomes},
        assumed=asdict(power.asked.assumed),
        command=command,
        css=Markup((REPORT / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - style sheet of this package
    )  # fmt: skip
    (output / "power.html").write_text(page, encoding="utf-8", newline="\n")


def sentence(result: OutcomePower, power: Power) -> str:
    """Return a sentence on the result of the simulation for an outcome."""
    wanted = power.asked.wanted
    outcome = next(one for one in power.plan.outcomes if one.key == result.outcome)
    is_interaction = bool(outcome.factors) and tested_effect(outcome) == "a:b"
    effect = (
        f"a difference {'of differences ' if is_interaction else ''}of "
        f"{apa_numbers.number(result.effect)} in “{outcome.label}”"
    )
    share = apa_numbers.percent(wanted.power)
    if isinstance(result.per_arm, NotEstimable):
        beginning = f"{effect[0].upper()}{effect[1:]} is not detected with a power of {share}"
        return f"{beginning}: {result.per_arm.reason}."
    n, last = int(result.per_arm.value), result.confirmations[-1]
    arms = len(power.plan.arms)
    level = apa_numbers.percent(result.per_arm.level)
    limits = f"{int(result.per_arm.low)} to {int(result.per_arm.high)}"
    sample = (
        f"{n} participants must be recruited ({level} Monte Carlo interval {limits})"
        if arms == 1
        else f"{n} participants per arm ({n * arms:,} in total) must be randomised ({level} Monte "
        f"Carlo interval {limits} per arm)"
    )
    text = (
        f"To detect {effect} with a power of {share}, {sample}. A new simulation of "
        f"{last.power.n:,} studies of this size detected it in "
        f"{apa_numbers.percent(last.power.value, 1)}, {level} CI {_percents(last.power)}"
    )
    if not last.holds:
        return f"{text}, which is less than required, so the sample is not confirmed."
    # Power rises in steps of whole participants, so the smallest sample may exceed the goal.
    more = (
        "; the power exceeds the goal because one participant fewer is too few"
        if last.power.low > wanted.power
        else ""
    )
    return f"{text}. The interval reaches {share}, which confirms the sample{more}."


def _shifted(key: str, power: Power) -> str:
    """Return the words for what the smallest effect shifts, and against what."""
    affected = power.affected[key]
    if affected == (LATER,):
        return f"{LATER} against the earlier measurement"
    others = "conditions" if power.design.conditions else "arms"
    return f"{', '.join(f'“{arm}”' for arm in affected)} against the other {others}"


def _draw(result: OutcomePower, power: Power) -> Figure:
    # Scores of scales do not depend on the number of images, so they have no second panel.
    panels = 2 if result.by_images else 1
    figure = Figure(figsize=(WIDTH, 2.6 * panels + 0.3), layout="constrained")
    axes = figure.subplots(panels, 1, squeeze=False)[:, 0]
    _curve(
        axes[0],
        result.curve,
        [point.per_arm for point in result.curve],
        power,
        "Participants per arm",
        None if isinstance(result.per_arm, NotEstimable) else int(result.per_arm.value),
    )
    if isinstance(result.per_arm, Estimate):
        axes[0].axvspan(
            result.per_arm.low, result.per_arm.high, color=COLOURS[2], alpha=0.25, linewidth=0
        )
        axes[0].axvline(result.per_arm.value, color=COLOURS[2], linewidth=1.5)
    if result.by_images:
        n = result.by_images[0].per_arm
        images = [point.images for point in result.by_images]
        _curve(
            axes[1],
            result.by_images,
            images,
            power,
            f"Images per participant, {n} participants per arm",
        )
    figure.supxlabel("simulated studies, 95% interval · SIMULATION", fontsize=8, color=MUTED)
    return carry(figure, _data(result))


def _data(result: OutcomePower) -> pd.DataFrame:
    """Return the points of both curves."""
    return pd.DataFrame(
        {
            "curve": curve,
            "per_arm": point.per_arm,
            "images": point.images,
            "power": point.power.value,
            "low": point.power.low,
            "high": point.power.high,
            "studies": point.power.n,
        }
        for curve, points in (("participants", result.curve), ("images", result.by_images))
        for point in points
    )


def _curve(
    axes: Axes,
    points: tuple[Point, ...],
    places: list[int],
    power: Power,
    label: str,
    chosen: int | None = None,
) -> None:
    axes.axhline(power.asked.wanted.power, color=MUTED, linewidth=1, linestyle="--")
    values = [point.power.value for point in points]
    axes.plot(places, values, marker="o", color=COLOURS[0], markersize=4, linewidth=1.2)
    for place, point in zip(places, points, strict=True):
        axes.plot([place, place], [point.power.low, point.power.high], color=COLOURS[0])
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    labelled = _spaced(places, chosen)
    axes.set_xticks(labelled, [str(place) for place in labelled])
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(label)
    axes.set_ylabel("Power")


def _spaced(places: list[int], chosen: int | None = None) -> list[int]:
    """Return the values that are far enough apart to be labelled, always with the chosen sample."""
    kept = [] if chosen is None else [chosen]
    for place in sorted(set(places)):
        # The axis is logarithmic, so labels keep apart by their ratio.
        if all(max(place, other) >= 1.3 * min(place, other) for other in kept):
            kept.append(place)
    return sorted(kept)


def _alternative(result: OutcomePower, power: Power) -> str:
    def told(points: tuple[Point, ...], by: str) -> str:
        return "; ".join(f"{getattr(p, by)}: {apa_numbers.percent(p.power.value)}" for p in points)

    images = f" By images: {told(result.by_images, 'images')}." if result.by_images else ""
    label = _labels(power)[result.outcome]
    people = told(result.curve, "per_arm")
    return f"Power for {label} by participants per arm: {people}.{images} Simulation."


def _labels(power: Power) -> Mapping[str, str]:
    return {outcome.key: outcome.label for outcome in power.plan.outcomes}


def _percents(share: Estimate) -> str:
    return f"[{apa_numbers.percent(share.low, 1)}, {apa_numbers.percent(share.high, 1)}]"


def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(HERE), FileSystemLoader(REPORT)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The report's macros are reused, so the page needs what they call.
    environment.filters |= {
        "number": apa_numbers.number,
        "bounded": apa_numbers.bounded,
        "percent": apa_numbers.percent,
        "percents": _percents,
        "p": apa_numbers.p_cell,
        "interval": apa_numbers.interval,
        "degrees": apa_numbers.degrees,
        "typeset": typeset,
        "symbols": symbols,
    }
    environment.globals |= {"fits_a_column": fits_a_column}
    environment.tests |= {"estimate": lambda value: isinstance(value, Estimate)}
    return environment
