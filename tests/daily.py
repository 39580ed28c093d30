"""Which cases of many `make test` tries; `make nightly` tries them all."""

from collections.abc import Iterable

import pytest


def daily(cases: Iterable[object], number: int) -> list[object]:
    """Every case, all but the first ones nightly. A tuple has a value for each argument."""
    cases = list(cases)
    later = [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.nightly)
        for case in cases[number:]
    ]
    return [*cases[:number], *later]
