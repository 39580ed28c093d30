"""Cases of one rule, of which the day's run tests a few and the nightly run all."""

from collections.abc import Iterable

import pytest


def daily(cases: Iterable[object], number: int) -> list[object]:
    """Every case, all but the first ones marked as nightly."""
    cases = list(cases)
    later = [pytest.param(case, marks=pytest.mark.nightly) for case in cases[number:]]
    return [*cases[:number], *later]
