"""Many logistic models at once: the same tests as the complete fit, and the estimates of lme4."""

import numpy as np
import pandas as pd
import pytest

from analysis.statistics.mixed_models.crossed_logistic import Grid, fixed_effects
from analysis.statistics.mixed_models.errors import SingularFitError
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.specification import Categorical, MixedModel, Random
from tests.daily import daily

MODEL = MixedModel(
    "value",
    (Categorical("arm", coding="sum"),),
    (Random("participant"), Random("image")),
)


def simulated(seed, studies, arms=3, people=12, images=6, image_sd=0.8):
    """Answers of regular studies in which a tenth of the trials were not seen."""
    rng = np.random.default_rng(seed)
    eta = rng.normal(0, 1, (studies, 1, arms * people)) + np.repeat([0, 0.8, 0], people)[None, None]
    eta = eta + rng.normal(0, image_sd, (studies, images, 1))
    seen = (rng.random(eta.shape) < 0.9).astype(float)
    return Grid((rng.random(eta.shape) < 1 / (1 + np.exp(-eta))) * seen, seen, arms)


def table(grid, study):
    image, person = np.nonzero(grid.seen[study])
    per_arm = grid.seen.shape[2] // grid.arms
    return pd.DataFrame(
        {
            "value": grid.right[study][image, person].astype(int),
            "arm": [f"a{number}" for number in person // per_arm],
            "participant": [f"p{number}" for number in person],
            "image": [f"i{number}" for number in image],
        }
    )


def p_at_once(fixed, arms=3):
    return fixed.f_test("arm", np.eye(arms)[1:] - np.eye(arms)[:1], 1).p


def p_alone(grid, study):
    return fit_logistic(table(grid, study), MODEL).type_three()[0].p


@pytest.mark.parametrize(("people", "images"), daily([(12, 6), (8, 20), (30, 4), (25, 3)], 2))
def test_the_p_is_that_of_the_complete_fit(people, images):
    grid = simulated(7, 6, people=people, images=images)
    found = fixed_effects(grid)
    pairs = [
        (p_at_once(fixed), p_alone(grid, study))
        for study, fixed in enumerate(found)
        if fixed is not None
    ]
    assert len(pairs) >= 4
    assert [pair[0] for pair in pairs] == pytest.approx([pair[1] for pair in pairs], abs=1e-6)
    assert len({round(p, 6) for p, _ in pairs}) == len(pairs)


def test_the_estimates_are_those_of_lme4():
    """R 4.2.2, lme4 1.1-31, on the rows of `table`:

    glmer(value ~ 0 + arm + (1 | participant) + (1 | image), d, binomial,
          control = glmerControl(optimizer = "bobyqa", tolPwrss = 1e-12))
    """
    found = fixed_effects(simulated(11, 2))
    for fixed, (values, errors) in zip(found, LME4, strict=True):
        assert fixed.beta == pytest.approx(values, abs=2e-6)
        assert np.sqrt(np.diag(fixed.covariance)) == pytest.approx(errors, rel=5e-5)


LME4 = (
    ([0.124645805, 1.379387818, 0.058572431], [0.535450, 0.581408, 0.542041]),
    ([-0.092859718, 1.556964098, 0.554334249], [0.445567, 0.503587, 0.456318]),
)


def test_studies_do_not_influence_each_other():
    grid = simulated(3, 8)
    together = fixed_effects(grid)
    assert sum(fixed is not None for fixed in together) > 4
    for study, fixed in enumerate(together):
        (alone,) = fixed_effects(grid.only(np.array([study])))
        assert (alone is None) == (fixed is None)
        if fixed is None:
            continue
        assert alone.beta == pytest.approx(fixed.beta, abs=1e-9)
        assert alone.covariance == pytest.approx(fixed.covariance, rel=1e-6)


def test_people_without_a_trial_have_no_influence():
    grid = simulated(11, 1)
    wider = (
        np.concatenate([part.reshape(1, 6, 3, 12), np.zeros((1, 6, 3, 4))], axis=3)
        for part in (grid.right, grid.seen)
    )
    (more,) = fixed_effects(Grid(*(part.reshape(1, 6, 48) for part in wider), 3))
    (fixed,) = fixed_effects(grid)
    assert p_at_once(more) == pytest.approx(p_at_once(fixed), abs=1e-9)


def test_a_study_that_the_complete_fit_must_decide_is_left_to_it():
    """An arm with a single answer, and images without any variance; the others are decided."""
    grid = simulated(5, 3)
    grid.right[0, :, :12] = grid.seen[0, :, :12]
    pattern = np.tile(np.arange(36) % 2, (6, 1))
    grid.right[1] = pattern * grid.seen[1]
    found = fixed_effects(grid)
    assert [fixed is None for fixed in found] == [True, True, False]
    with pytest.raises(SingularFitError):
        fit_logistic(table(grid, 1), MixedModel("value", MODEL.fixed, MODEL.random, ladder=()))
