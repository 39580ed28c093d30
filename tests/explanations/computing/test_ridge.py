import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

from explanations.computing.ridge import cosine_weights, weighted_ridge


def data(outcomes: int = 3):
    generator = np.random.default_rng(0)
    shown = generator.integers(0, 2, (200, 12)).astype(float)
    shown[0], shown[1] = 1, 0
    return shown, generator.uniform(size=(200, outcomes)), generator.uniform(0.1, 1, 200)


def test_it_equals_scikit_learn_for_several_outcomes():
    shown, outcomes, weights = data()
    fit = weighted_ridge(*map(torch.from_numpy, (shown, outcomes, weights)))
    for column in range(outcomes.shape[1]):
        ridge = Ridge(alpha=1).fit(shown, outcomes[:, column], sample_weight=weights)
        assert np.allclose(fit.coefficients[:, column], ridge.coef_, atol=1e-12)
        assert float(fit.intercepts[column]) == pytest.approx(ridge.intercept_, abs=1e-12)
        score = ridge.score(shown, outcomes[:, column], sample_weight=weights)
        assert float(fit.r2[column]) == pytest.approx(score, abs=1e-12)


def test_a_linear_model_is_found_again():
    shown, _, weights = data()
    true = np.random.default_rng(1).normal(size=12)
    outcome = torch.from_numpy(0.3 + shown @ true)[:, None]
    fit = weighted_ridge(torch.from_numpy(shown), outcome, torch.from_numpy(weights), 1e-12)
    assert np.allclose(fit.coefficients[:, 0], true, atol=1e-10)
    assert float(fit.intercepts[0]) == pytest.approx(0.3)
    assert float(fit.r2[0]) == pytest.approx(1)


def test_an_outcome_that_does_not_vary_has_no_effects_and_no_nan():
    shown, _, weights = data()
    outcome = torch.full((200, 1), 1.0, dtype=torch.float64)
    fit = weighted_ridge(torch.from_numpy(shown), outcome, torch.from_numpy(weights))
    assert fit.constant.all()
    assert not fit.coefficients.any()
    assert (float(fit.intercepts[0]), float(fit.r2[0])) == (1, 1)


def test_samples_are_weighted_by_their_cosine_distance_to_the_whole_image():
    shown = data()[0]
    distances = pairwise_distances(shown, shown[:1], metric="cosine").ravel()
    expected = np.sqrt(np.exp(-(distances**2) / 0.25**2))
    assert np.allclose(cosine_weights(torch.from_numpy(shown), 0.25), expected, atol=1e-12)
