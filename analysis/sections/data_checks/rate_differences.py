"""Differences of two rates, of which one has no cases in some rows."""

from collections.abc import Iterator, Mapping

import numpy as np

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    plain,
)
from analysis.sections.data_checks.ratios import Ratio, decimals_of, of_counts, of_trials

AGREE = 0.98
MOST_RATES = 400  # of which all pairs are compared
HEAD = 30


def rate_differences(material: Material) -> Iterator[DataFinding]:
    """Yield columns that equal the difference of two rates, with a value where one has no cases.

    The rates are those of counts in the same rows, or of a participant's trials. Only columns with
    negative values and decimals are compared.
    """
    people = material.people["participant"]
    tables: list[tuple[Mapping[str, Numbers], bool]] = [
        (material.person_numbers, True),
        (material.trial_numbers, False),
    ]
    tables += [(file.numbers(people), False) for file in material.files if file.unmapped]
    seen: set[str] = set()
    for numbers, by_person in tables:
        reported = {
            name: values
            for name, values in numbers.items()
            if name not in seen and _is_difference(values)
        }
        if not reported:
            continue
        ratios = list(of_counts(numbers))[:MOST_RATES]
        if by_person and len(material.trials):
            # Rates of one answer under up to one condition: further conditions are seldom compared.
            ratios += [one for one in of_trials(material, people) if len(one.columns) == 2]
        for name, values in reported.items():
            for finding in _found(material, name, values, ratios[: 2 * MOST_RATES]):
                seen.add(name)
                yield finding


def _is_difference(values: Numbers) -> bool:
    cells = values[np.isfinite(values)]
    return bool(
        len(cells) >= 4 * SOME
        and cells.min() < 0 < cells.max()
        and np.abs(cells).max() <= 100
        and (cells % 1 != 0).any()
    )


def _found(
    material: Material, name: str, values: Numbers, ratios: list[Ratio]
) -> Iterator[DataFinding]:
    ratios = [ratio for ratio in ratios if name not in ratio.columns and ratio.counted is not None]
    rates = [_rate(ratio) for ratio in ratios]
    head = np.flatnonzero(np.isfinite(values))[:HEAD]
    if not rates:
        return
    scale = 100.0 if np.nanmax(np.abs(values)) > 1 else 1.0
    tolerance = 0.5 * 10.0 ** -min(decimals_of(values[np.isfinite(values)]), 6) + 1e-6
    first = scale * np.stack([rate[head] for rate in rates])
    for one, rate in enumerate(first):
        near = np.abs(rate - first - values[head]) <= tolerance
        known = np.isfinite(rate) & np.isfinite(first)
        fits = (near.sum(axis=1) >= AGREE * known.sum(axis=1)) & (known.sum(axis=1) >= SOME)
        for two in np.flatnonzero(fits):
            exact = scale * (rates[one] - rates[two])
            both = np.isfinite(exact) & np.isfinite(values)
            if both.sum() < 4 * SOME or np.unique(np.round(exact[both], 6)).size < 2 * SOME:
                continue
            if (np.abs(exact - values)[both] <= tolerance).mean() < AGREE:
                continue
            empty = np.isfinite(values) & ((ratios[one].over == 0) | (ratios[two].over == 0))
            if not empty.any():
                continue
            yield DataFinding(
                "zero_by_zero",
                f"“{name}” equals the difference between {ratios[one].words} and "
                f"{ratios[two].words}, but it has a value in {counted(int(empty.sum()), 'row')} of "
                f"{int(np.isfinite(values).sum())} in which one of the two has no cases, so that "
                f"it is 0 divided by 0, such as {plain(float(values[empty][0]))}. Its mean is "
                f"{values[empty | both].mean():.3g} with them and {values[both].mean():.3g} "
                "without them.",
                "Leave these cells empty: a ratio without cases is missing and not zero.",
                columns=(name, *ratios[one].columns, *ratios[two].columns),
                outcomes=material.outcomes_with(columns=[name]),
            )
            return


def _rate(ratio: Ratio) -> Numbers:
    rate: Numbers = np.full(ratio.over.shape, np.nan)
    cases = ratio.over > 0
    if ratio.counted is not None:
        rate[cases] = ratio.counted[cases] / ratio.over[cases]
    return rate
