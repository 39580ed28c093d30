"""Profiles, which are TOML files with the behaviour of synthetic people and the effects of
conditions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from analysis.toml import document
from analysis.toml.problems import FileProblemsError, did_you_mean
from analysis.toml.typed import read_as
from analysis.toml.value_types import Words
from explanations import catalogue
from surveys.models import Condition

FOLDER = Path(__file__).resolve().parent.parent / "profiles"
Probability = Annotated[float, Ge(0), Le(1)]
NotNegative = Annotated[float, Ge(0)]
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

    agree_right: Probability
    """Probability of accepting a correct prediction, or of changing to it."""
    agree_wrong: Probability
    """Probability of accepting a wrong prediction, or of changing to it."""
    sureness: Annotated[float, Ge(1), Le(5)]
    """Mean confidence, from 1 to 5."""
    seconds: NotNegative
    """Median response time of a page, in seconds."""
    quits: Probability
    """Share of people who do not reach the end."""
    sees: Probability = 0.8
    """Probability of naming the true class of an image without help."""
    guess: Probability = 0.5
    """Probability of guessing the classifier's answer."""
    distinguish: Probability = 0.25
    """Probability of telling the map of the classifier's answer from three others."""
    quiz: Probability = 0.85
    """Probability of a right answer in a comprehension check."""
    attentive: Probability = 0.97
    """Probability of passing an attention check."""
    looks_at: Words | None = None
    """Method at whose maps people look when they uncover pictures. By default, the centre."""
    scales: Mapping[str, float] = field(default_factory=dict)
    """Mean per subscale, in points of its scale after reversal. By default, the scale's middle."""


@dataclass(frozen=True)
class Effect:
    """Additions of a condition to the base. The default adds nothing (0, and 1 for seconds)."""

    agree_right: float = 0.0
    """Added to the log-odds of accepting, as ``agree_wrong`` is.

    ``guess`` is added to the log-odds of guessing, and ``distinguish`` to the log-odds of telling
    the map of the answer from others.
    """
    agree_wrong: float = 0.0
    guess: float = 0.0
    distinguish: float = 0.0
    sureness: float = 0.0
    seconds: NotNegative = 1.0
    """Factor on the response time."""
    quits: float = 0.0
    scales: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """Standard deviations of the random effects."""

    scale_person: NotNegative = 0.8
    """Spread between people, in points of a scale. ``scale_item`` is the spread between a person's
    answers.
    """
    scale_item: NotNegative = 0.9
    agreement_person: NotNegative = 0.5
    """Spread between people, in log-odds of accepting. ``agreement_image`` is the spread between
    images.
    """
    agreement_image: NotNegative = 0.4
    sureness_person: NotNegative = 0.5
    sureness_trial: NotNegative = 0.8
    seconds: NotNegative = 0.4
    """Standard deviation of the logarithm of the response time."""


@dataclass(frozen=True)
class ProfileTable:
    """A profile's file. Files from before [conditions] have [arms] instead."""

    title: Words
    base: Base
    spread: Spread = field(default_factory=Spread)
    styles: Mapping[str, Probability] = field(default_factory=dict)
    arms: Mapping[str, Effect] = field(default_factory=dict)
    conditions: Mapping[str, Effect] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """The behaviour of a whole sample. ``effects`` are listed by the key of a condition or of its
    method.

    ``styles`` gives the share of people of each of STYLES. All others behave as ``base`` defines.
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
        method = condition.method
        plain = catalogue.without_amount(method)
        names = (condition.key, method, plain, catalogue.base_of(method))
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
    file = document.read(text, name, ProfileError)
    written = read_as(ProfileTable, file.values, file.problems)
    for key in written.styles:
        if key not in STYLES:
            said = f"unknown key {key!r} in [styles]{did_you_mean(key, STYLES)}"
            file.problems.add(("styles", key), said)
    total = sum(written.styles.values())
    if total > 1 + 1e-9:  # decimal shares such as 0.1 do not add up exactly
        said = f"the shares sum to {total:g}. Lower them to 1 or less."
        file.problems.add(("styles",), said)
    file.raise_problems(name, ProfileError)
    return Profile(
        title=written.title,
        base=written.base,
        spread=written.spread,
        effects={**written.arms, **written.conditions},
        styles=written.styles,
    )
