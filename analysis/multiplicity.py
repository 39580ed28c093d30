"""Several tests, one promise: the chance of any false claim in a family stays below alpha."""

from collections.abc import Mapping

from statsmodels.stats.multitest import multipletests


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Holm's (1979) adjusted p per key; with `adjusted < alpha`, the family-wise error is alpha.

    A test that could not be done (None) stays in the count, as if its p were 1: the family is
    what the plan named, whatever became of it.
    """
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Benjamini and Hochberg's (1995) adjusted p: bounds the share of false among the claims.

    For exploratory results only: it does not keep the chance of any false claim below alpha.
    """
    return _adjusted(p_values, "fdr_bh")


def _adjusted(p_values: Mapping[str, float | None], method: str) -> dict[str, float | None]:
    if not p_values:
        return {}
    filled = [1.0 if p is None else p for p in p_values.values()]
    adjusted = multipletests(filled, method=method)[1]
    return {
        key: None if p_values[key] is None else float(value)
        for key, value in zip(p_values, adjusted, strict=True)
    }
