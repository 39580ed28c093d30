"""The recipes over seeds: how far off the report, base against L2, and which cards fit together."""

import json
import shutil
from dataclasses import replace

import pytest

from explanations.evaluation.statistics import mean_of
from explanations.source_report import judging_recipes, page, seeds, sources
from explanations.source_report.evidence import Evidence
from explanations.source_report.verdicts import FAILS, HOLDS, OPEN
from tests.conftest import ROOT
from tests.explanations.source_report.test_verdicts import LABELS as NETWORKS
from tests.explanations.source_report.test_verdicts import content

LABELS = NETWORKS | {"l2": "l2"}
BASE, L2 = (0.746, 0.749, 0.744), (0.731, 0.740, 0.726)


def card(recipe, seed, accuracy, loss=0.81):
    figures = dict.fromkeys(("accuracy", "precision", "recall", "f1"), accuracy) | {
        "loss": loss,
        "confusion": [[9, 1], [2, 8]],
    }
    return {
        "recipe": {"key": recipe},
        "seed": seed,
        "data": {"train_sha256": "a", "test_sha256": "b"},
        "evaluation": dict.fromkeys(("train", "validation", "test"), figures),
        "network": {"class_names": ["cat", "dog"]},
    }


def with_history(recipe, accuracies):
    """Cards whose network is surer of its training images than its last epoch with dropout was."""
    return [
        card(recipe, seed, 0.95) | {"history": [{"train_accuracy": value, "train_loss": 0.3}]}
        for seed, value in enumerate(accuracies)
    ]


def cards(recipe, accuracies, loss=0.81):
    return [card(recipe, seed, accuracy, loss) for seed, accuracy in enumerate(accuracies)]


def figure(rows, name):
    return next(row for row in rows if row.name == name)


def test_the_distance_from_the_report_has_students_interval_over_seeds():
    """R: t.test(c(.746, .749, .744) - .75) gives -.009918276, .002584943."""
    off = figure(seeds.over_seeds("base", cards("base", BASE)), "test_accuracy").off
    assert (off.low, off.high) == pytest.approx((-0.009918276, 0.002584943), abs=1e-9)
    assert (off.mean, off.n) == (pytest.approx(-0.0036667, abs=1e-7), 3)
    # The control: the bootstrap of images would be much narrower.
    images = mean_of([value - 0.75 for value in BASE])
    assert images.high - images.low < (off.high - off.low) / 2


def test_the_reports_single_run_is_compared_with_a_prediction_interval():
    """R: predict(lm(x ~ 1), interval = "prediction") gives -.0161698856, .00883655229."""
    next_seed = figure(seeds.over_seeds("base", cards("base", BASE)), "test_accuracy").next_seed
    ends = (next_seed.low, next_seed.high)
    assert ends == pytest.approx((-0.0161698856, 0.00883655229), abs=1e-9)


def test_base_and_l2_are_compared_within_each_seed():
    """R: t.test(base, l2, paired = TRUE) gives .002616251, .025383749."""
    # A fourth seed of one recipe has no partner and does not count.
    rows = seeds.base_against_l2(cards("base", (*BASE, 0.1)), cards("l2", L2))
    difference = figure(rows, "test_accuracy").difference
    assert (difference.low, difference.high) == pytest.approx((0.002616251, 0.025383749), abs=1e-9)
    assert difference.n == 3
    assert figure(rows, "test_accuracy").printed == pytest.approx(0.03)
    assert seeds.base_against_l2(cards("base", BASE), []) == []


@pytest.mark.parametrize(
    ("accuracies", "verdict"),
    [
        ((0.752, 0.7525, 0.753), HOLDS),
        # "75%" can stand for 0.745 to 0.76, so that 0.735 to 0.77 is near it.
        ((0.749, 0.7495, 0.750), HOLDS),
        ((0.733, 0.7335, 0.734), OPEN),
        ((0.7675, 0.768, 0.7685), OPEN),
        ((0.700, 0.701, 0.702), FAILS),
        ((0.740, 0.750, 0.760), OPEN),
        ((0.750, 0.750), OPEN),
    ],
)
def test_a_figure_is_reproduced_if_the_whole_interval_is_near_it(accuracies, verdict):
    evidence = Evidence(LABELS, cards={"base": cards("base", accuracies)})
    judged = judging_recipes.recipe_performs("base", "test_accuracy")(evidence)
    assert judged.verdict == verdict
    assert ("at least 3 seeds" in judged.measured) == (len(accuracies) < 3)


@pytest.mark.parametrize(
    ("l2", "verdict"), [(L2, HOLDS), ((0.77, 0.78, 0.76), FAILS), (L2[:2], OPEN), ((), OPEN)]
)
def test_whether_l2_costs_accuracy_is_told_from_three_seeds(l2, verdict):
    evidence = Evidence(LABELS, cards={"base": cards("base", BASE), "l2": cards("l2", l2)})
    assert judging_recipes.l2_costs_accuracy(evidence).verdict == verdict


def test_the_reports_train_figure_is_judged_by_the_running_mean_with_dropout():
    evidence = Evidence(LABELS, cards={"base": with_history("base", (0.892, 0.893, 0.894))})
    judged = judging_recipes.recipe_performs("base", "running_accuracy")(evidence)
    assert judged.verdict == HOLDS
    rows = seeds.over_seeds("base", with_history("base", (0.892, 0.893, 0.894)))
    assert figure(rows, "running_accuracy").mean.mean == pytest.approx(0.893)
    assert figure(rows, "train_accuracy").verdict == FAILS
    # Cards without a history have no running mean.
    without = Evidence(LABELS, cards={"base": cards("base", BASE)})
    assert judging_recipes.recipe_performs("base", "running_accuracy")(without).verdict == OPEN


def shown(**by_recipe):
    numbers = replace(content(Evidence(LABELS, cards=by_recipe)), cards=by_recipe)
    return page.render(numbers), page.as_json(numbers)


def test_the_page_shows_every_seed_and_how_far_off_the_report_their_mean_is():
    html, numbers = shown(base=cards("base", BASE), l2=cards("l2", L2))
    assert "−0.004 [−0.010, +0.003]" in html
    assert "n = 3 seeds" in html
    assert "+0.014 [+0.003, +0.025]" in html
    assert "too few" not in html
    assert "<td>0.75</td>" in html
    assert "<td>0.8929</td>" in html
    by_name = {row["name"]: row for row in numbers["recipes"]["base"]}
    assert by_name["test_accuracy"]["by_seed"] == dict(enumerate(BASE))
    assert numbers["base_minus_l2"][0]["difference"]["n"] == 3


@pytest.mark.nightly
def test_the_page_says_where_seeds_are_too_few():
    html, _ = shown(base=cards("base", BASE[:1]), l2=cards("l2", L2[:1]))
    assert "1 of at least 3 seeds: too few" in html
    assert "1 of at least 3 seeds have both recipes" in html


@pytest.fixture
def weights(tmp_path):
    shutil.copy(ROOT / "weights" / "scenes.safetensors", tmp_path)

    def write(name, of_seed):
        (tmp_path / name).write_text(json.dumps(of_seed))
        return tmp_path

    return write


def test_cards_of_further_seeds_are_read_in_the_order_of_their_seeds(weights):
    weights("cifar10-base.json", card("base", 0, 0.74))
    weights("cifar10-base-s2.json", card("base", 2, 0.75))
    folder = weights("cifar10-base-seed1.json", card("base", 1, 0.76))
    # A file of another experiment is not a seed.
    weights("cifar10-base-slow.json", card("base", 7, 0.1))
    found = sources.find(folder, None)
    assert [card["seed"] for card in found.cards["base"]] == [0, 1, 2]
    assert not any("seeds of the recipe base" in sentence for sentence in found.missing)
    weights("cifar10-l2.json", card("l2", 0, 0.74))
    assert any("Only 1 of 3 seeds" in sentence for sentence in sources.find(folder, None).missing)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (card("l2", 1, 0.7), "is the card of the recipe l2"),
        (card("base", 0, 0.7), "both of seed 0"),
        (card("base", 1, 0.7) | {"data": {"train_sha256": "c", "test_sha256": "b"}}, "different"),
    ],
)
def test_cards_that_do_not_belong_together_are_refused(weights, other, said):
    weights("cifar10-base.json", card("base", 0, 0.74))
    folder = weights("cifar10-base-s1.json", other)
    with pytest.raises(seeds.CardError, match=said):
        sources.find(folder, None)
