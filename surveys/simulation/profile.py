"""Profiles: TOML files with the behaviour of synthetic people and the effects of conditions."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from analysis.toml.problems import FileProblemsError, did_you_mean
from analysis.toml.table import Table, document
from explanations import catalogue
from surveys.models import Condition

FOLDER = Path(__file__).resolve().parent.parent / "profiles"
Limits = tuple[float, float]
PROBABILITY = (0.0, 1.0)
ANY = (float("-inf"), float("inf"))
POSITIVE = (0.0, float("inf"))
STYLES = (
    "calibrated",
    "over_trusting",
    "under_trusting",
    "random",
    "straight_lining",
    "speeding",
    "quitting",
    "double_clicking",
)
"""Styles of people that a profile can mix by shares; see ``surveys.simulation.styles``."""


class ProfileError(FileProblemsError):
    """A profile that does not exist or whose file is faulty."""


@dataclass(frozen=True)
class Base:
    """Behaviour of people without any effect of a condition."""

    agree_right: float
    """Probability of accepting a correct prediction, or of changing to it."""
    agree_wrong: float
    """Probability of accepting a wrong prediction, or of changing to it."""
    sureness: float
    """Mean confidence, from 1 to 5."""
    seconds: float
    """Median response time of a page, in seconds."""
    quits: float
    """Share of people who do not reach the end."""
    sees: float = 0.8
    """Probability of naming the true class of an image without help."""
    guess: float = 0.5
    """Probability of guessing the classifier's answer."""
    distinguish: float = 0.25
    """Probability of telling the map of the classifier's answer from three others."""
    quiz: float = 0.85
    """Probability of a right answer in a comprehension check."""
    attentive: float = 0.97
    """Probability of passing an attention check."""
    scales: Mapping[str, float] = field(default_factory=dict)
    """Mean per subscale, in points of its scale after reversal; the scale's middle if not given."""


@dataclass(frozen=True)
class Effect:
    """What a condition adds to the base; the default adds nothing (0, and a factor of 1 for
    seconds).
    """

    agree_right: float = 0.0
    """Added to the log-odds of accepting, like ``agree_wrong``; ``guess`` is added to those of
    guessing.

    ``distinguish`` is added to the log-odds of telling the map of the answer from others.
    """
    agree_wrong: float = 0.0
    guess: float = 0.0
    distinguish: float = 0.0
    sureness: float = 0.0
    seconds: float = 1.0
    """Factor on the response time."""
    quits: float = 0.0
    scales: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the random effects."""

    scale_person: float = 0.8
    """Between people, in points of a scale; ``scale_item``: between one person's answers."""
    scale_item: float = 0.9
    agreement_person: float = 0.5
    """Between people, in log-odds of accepting; ``agreement_image``: between images."""
    agreement_image: float = 0.4
    sureness_person: float = 0.5
    sureness_trial: float = 0.8
    seconds: float = 0.4
    """Standard deviation of the logarithm of the response time."""


@dataclass(frozen=True)
class Profile:
    """The behaviour of a whole sample; ``effects`` are listed by a condition's key or by its
    method's.

    ``styles``: share of people of each of STYLES; all others behave as ``base`` defines.
    """

    title: str
    base: Base
    spread: Spread
    effects: Mapping[str, Effect]
    styles: Mapping[str, float] = field(default_factory=dict)

    def effect_of(self, condition: Condition) -> Effect:
        """Return the effect for the condition's key, else for its method's variant, else for its
        method.
        """
        names = (condition.key, condition.method, catalogue.base_of(condition.method))
        return next((self.effects[name] for name in names if name in self.effects), Effect())


def load(name: str) -> Profile:
    """Return a profile by its name in ``surveys/profiles``, or from a TOML file.

    Raises ProfileError.
    """
    shipped = sorted(path.stem for path in FOLDER.glob("*.toml"))
    path = FOLDER / f"{name}.toml" if name in shipped else Path(name)
    if not path.is_file():
        raise ProfileError(
            f"The profile {name!r}",
            [f"there is no such file. Name a TOML file or a shipped profile: {shipped}."],
        )
    return read(path.read_text(encoding="utf-8"), f"The profile {name!r}")


def read(text: str, name: str = "The profile") -> Profile:
    """Return the profile in the text.

    Raises ProfileError with every problem of the text.
    """
    table = document(text, name, ProfileError)
    profile = Profile(
        title=table.text("title"),
        base=_base(table.table("base")),
        spread=replace(Spread(), **_numbers(table.table("spread", {}), _all(Spread, POSITIVE))),
        effects=_effects(table),
        styles=_styles(table),
    )
    table.finish()
    if problems := table.problems.sentences():
        raise ProfileError(name, problems)
    return profile


def _effects(table: Table) -> dict[str, Effect]:
    """Return the effects by key, from [conditions] or, in profiles before that key, [arms]."""
    entries = [table.table(word, {}) for word in ("arms", "conditions")]
    return {key: _effect(entry.table(key)) for entry in entries for key in entry.values}


def _styles(table: Table) -> dict[str, float]:
    shares = _numbers(table.table("styles", {}), dict.fromkeys(STYLES, PROBABILITY))
    if sum(shares.values()) > 1 + 1e-9:
        table.add("styles", f"the shares sum to {sum(shares.values()):g}. Lower them to 1 or less.")
    return shares


def _base(table: Table) -> Base:
    limits = _all(Base, PROBABILITY) | {"sureness": (1.0, 5.0), "seconds": POSITIVE}
    needed = [
        one.name
        for one in fields(Base)
        if one.default is MISSING and one.default_factory is MISSING
    ]
    scales = _numbers(table.table("scales", {}), None)
    numbers = _numbers(table, limits)
    for key in needed:
        if key not in table.values:
            table.add(key, f"{key!r} in {table.name} is missing. Add it, as a number.")
        numbers.setdefault(key, 0.0)
    return Base(**numbers, scales=scales)


def _effect(table: Table) -> Effect:
    scales = _numbers(table.table("scales", {}), None)
    limits = _all(Effect, ANY) | {"seconds": POSITIVE}
    return replace(Effect(scales=scales), **_numbers(table, limits))


def _all(kind: type[Base] | type[Effect] | type[Spread], limits: Limits) -> dict[str, Limits]:
    return {one.name: limits for one in fields(kind) if one.name != "scales"}


def _numbers(table: Table, limits: Mapping[str, Limits] | None) -> dict[str, Any]:
    """Return the numbers in the table; without limits, the table may contain any key."""
    numbers: dict[str, Any] = {}
    for key, value in table.values.items():
        if limits is not None and key == "scales":
            continue
        if limits is not None and key not in limits:
            hint = did_you_mean(key, list(limits))
            table.add(key, f"unknown key {key!r} in {table.name}{hint}")
            continue
        low, high = ANY if limits is None else limits[key]
        if type(value) not in {int, float} or not low <= value <= high:
            kind = {ANY: "a number", POSITIVE: "a number of 0 or more"}.get(
                (low, high), f"a number from {low:g} to {high:g}"
            )
            table.add(key, f"{key!r} in {table.name} is {value!r}. It must be {kind}.")
            continue
        numbers[key] = float(value)
    return numbers
