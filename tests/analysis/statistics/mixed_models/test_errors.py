"""Errors of the models keep their reason, which the report prints, and name the random terms."""

import pytest

from analysis.statistics.mixed_models.errors import SingularFitError, TooManyEffectsError


@pytest.mark.parametrize("error", [SingularFitError, TooManyEffectsError])
def test_an_error_keeps_its_factors_and_its_reason(error):
    found = error(["image"], "the variance of image is zero")
    assert found.factors == ("image",)
    assert str(found) == "the variance of image is zero"
