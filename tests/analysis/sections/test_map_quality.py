"""What was measured of the maps beside what people made of them, with planted links and nulls."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.errors import TableError
from analysis.redo import redo
from analysis.run import analyse
from analysis.sections.map_quality.rank_agreement import Means, order
from analysis.statistics.estimate import Estimate, NotEstimable
from tests.analysis.conftest import quick_analysis
from tests.analysis.tidy import ARMS, edit, optional_of, write_study

METHODS = ("gradcam", "saliency", "integrated_gradients", "deepshap", "lime")
TRUST = dict(zip(METHODS, (1.5, 1.0, 0.5, 0.0, -0.5), strict=True))
PLAN = '\n[map_quality]\nmeasures = ["insertion", "deletion"]\noutcomes = ["trust", "sureness"]\n'


def evaluation(seed=0):
    """Insertion: better in the order of TRUST, and by image; deletion: noise, lower is better."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{image:012x}{'0' * 52}", method, key, label, "faithfulness", better, value)
        for image in range(12)
        for method in METHODS
        for key, label, better, value in (
            ("insertion", "Insertion", "higher", TRUST[method] + 0.1 * (image % 4)),
            ("deletion", "Deletion", "lower", rng.normal()),
        )
    ]
    return pd.DataFrame(
        rows, columns=["image", "method", "measure", "label", "group", "better", "value"]
    )


def follow(trials):
    """People accept more where insertion is high for the image, in arms with a method."""
    rng = np.random.default_rng(1)
    image = trials["image"].map(lambda text: int(text, 16) % 4)
    chance = np.where(trials["method"].isin(METHODS), 0.2 + 0.2 * image, 0.5)
    return trials.assign(agreed=(rng.random(len(trials)) < chance).astype(int).astype(str))


@pytest.fixture(scope="module")
def met(tmp_path_factory):
    place = tmp_path_factory.mktemp("map_quality")
    folder = edit(
        write_study(place / "data", per_arm=25, seed=6, trust=TRUST), "trials.csv", follow
    )
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    (place / "measured").mkdir()
    evaluation().to_csv(place / "measured" / "images.csv", index=False)
    with quick_analysis():
        results = analyse(folder, place / "out", evaluation=place / "measured")
    return results.optional_sections["map_quality"], place


def test_methods_stand_with_their_own_means(met):
    found, place = met
    assert [one.arm for one in found.methods] == list(METHODS)  # neither the control nor placebo
    scores = pd.read_csv(place / "out" / "scores.csv").dropna(subset=["trust"])
    lime = next(one for one in found.methods if one.arm == "lime")
    assert lime.outcomes["trust"].value == pytest.approx(
        scores.loc[scores["arm"] == "lime", "trust"].mean()
    )
    assert lime.qualities["insertion"].value == pytest.approx(-0.5 + 0.15)
    assert lime.qualities["insertion"].n == 12


def test_the_planted_order_is_found_and_the_other_not(met):
    rho = {(one.measure, one.outcome): one.rho for one in met[0].together}
    assert rho["insertion", "trust"].value > 0.8
    assert rho["insertion", "trust"].low > 0
    assert rho["deletion", "sureness"].low < 0 < rho["deletion", "sureness"].high


def test_agreement_follows_the_map_that_was_planted_and_not_the_noise(met):
    insertion, deletion = met[0].following
    assert (insertion.trials, insertion.images) == (5 * 25 * 12, 12)
    # One SD of the image's part is 1.17 steps of .2 in probability: about one logit.
    assert insertion.odds_ratio.low > 1.8
    assert deletion.odds_ratio.low < 1 < deletion.odds_ratio.high


def test_discrimination_is_the_mean_difference_of_persons(met):
    found, place = met
    trials = pd.read_csv(place / "out" / "data" / "trials.csv")
    own = trials[trials["arm"] == "lime"].pivot_table(
        index="participant", columns="prediction_correct", values="agreed"
    )
    lime = next(one for one in found.methods if one.arm == "lime")
    assert lime.discrimination.value == pytest.approx((own[1] - own[0]).mean())


@pytest.mark.nightly
def test_the_bundle_holds_the_measures_and_redoes_itself(met):
    out = met[1] / "out"
    assert redo(out) == []
    files = json.loads((out / "results.json").read_text())["provenance"]["files"]
    assert "evaluation.csv" in files
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Insertion with Trust in the classifier, ρ = " in report
    assert "predictions are accepted more often with better maps" in report
    assert "not clearly more or less often" in report


def test_without_measures_it_says_how_to_get_them(tmp_path):
    folder = write_study(tmp_path / "data", arms=ARMS, per_arm=3)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    found = optional_of(folder)["map_quality"]
    assert isinstance(found, NotEstimable)
    assert "run evaluate_explanations" in found.reason


def test_a_damaged_table_is_refused(tmp_path):
    folder = write_study(tmp_path / "data", per_arm=3)
    table = evaluation().astype({"value": str})
    table.loc[3, "value"], table.loc[4, "better"] = "much", "up"
    table = pd.concat([table, table.iloc[:1]])
    table.to_csv(tmp_path / "images.csv", index=False)
    with pytest.raises(TableError) as refused:
        analyse(folder, tmp_path / "out", evaluation=tmp_path / "images.csv")
    text = str(refused.value)
    assert "'much'" in text
    assert "but is up" in text
    assert "two values of the same method" in text


def test_the_order_of_sure_means_is_sure_and_equals_scipy():
    values = np.array([0.1, 0.4, 0.2, 0.9, 0.6])
    other = np.array([1.0, 3.0, 4.0, 6.0, 5.0])
    tiny = np.full(5, 1e-9)
    found = order(Means(values, tiny), Means(other, tiny), 0.95, 0)
    expected = stats.spearmanr(values, other).statistic
    assert (found.low, found.value, found.high) == pytest.approx((expected,) * 3)
    unsure = order(Means(values, tiny + 1), Means(other, tiny + 5), 0.95, 0)
    assert unsure.low < 0 < unsure.high


def test_means_know_their_errors_again():
    one = Estimate(
        "mean",
        2.0,
        2.0 - 1.5 * stats.t.ppf(0.975, 9),
        2.0 + 1.5 * stats.t.ppf(0.975, 9),
        0.95,
        10,
        "t",
    )
    assert Means.of([one]).errors == pytest.approx([1.5])
    assert Means.of([one], -1.0).values == pytest.approx([-2.0])


def test_equal_means_that_differ_in_the_last_digit_share_their_rank():
    """Means of participants' means: the order of the additions decides their last digit."""
    equal, last = 484 / 115, np.nextafter(484 / 115, 5)
    errors = np.full(5, 0.1)
    quality = Means(np.array([0.1, 0.2, 0.3, 0.4, 0.5]), errors)
    found = [
        order(Means(np.array([3.9, 4.0, *pair, 4.5]), errors), quality, 0.95, 0).value
        for pair in ((equal, equal), (equal, last), (last, equal))
    ]
    assert found == pytest.approx([stats.spearmanr([1, 2, 3, 3, 5], range(5)).statistic] * 3)
