"""Styles of people, each of which differs from the profile's base."""

import random
from dataclasses import replace

from surveys.simulation.profile import Base, Profile

ORDINARY = ""
CALIBRATED = (0.92, 0.12)
"""Probabilities of accepting correct and wrong predictions."""
TRUST = 2.0
"""Log-odds of accepting that over-trusting people add and under-trusting people subtract."""
HASTE = 0.12
"""Factor on the response time of speeders."""


def style_of(profile: Profile, chance: random.Random) -> str:
    """Draw the person's style by the profile's shares, which leave the rest to ORDINARY."""
    drawn = chance.random()
    for style, share in profile.styles.items():
        if drawn < share:
            return style
        drawn -= share
    return ORDINARY


def base_of(base: Base, style: str) -> Base:
    """Return the base as it applies to people of the style."""
    if style == "calibrated":
        right, wrong = CALIBRATED
        return replace(base, agree_right=right, agree_wrong=wrong)
    if style == "speeding":
        return replace(base, seconds=base.seconds * HASTE, attentive=0.6, quiz=0.5)
    if style == "quitting":
        return replace(base, quits=1.0)
    if style in {"random", "straight_lining"}:
        return replace(base, attentive=0.2, quiz=0.4)
    return base


def shift_of(style: str) -> float:
    """Return what people of the style add to the log-odds of accepting any prediction."""
    return {"over_trusting": TRUST, "under_trusting": -TRUST}.get(style, 0.0)
