"""LRP next to an independent implementation of its rules, with the sum of relevance."""

import numpy as np
import pytest
import torch
from torch import nn

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.contracts.methods import branches
from explanations.engine import Engine, explain
from explanations.methods.lrp import Lrp
from explanations.verification.comparison import verify

SIZE = 12


def network(*, bias, norm=True):
    """A chain with every kind of module, small enough to be written as matrices."""
    torch.manual_seed(3)
    norms = [nn.BatchNorm2d(6)] if norm else []
    made = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=bias), *norms, nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 5, 3, bias=bias), nn.ReLU(), nn.Conv2d(5, 4, 1, bias=bias), nn.AvgPool2d(2),
        nn.Flatten(), nn.Dropout(), nn.Linear(16, 8, bias=bias), nn.ReLU(),
        nn.Linear(8, 5, bias=bias),
    )  # fmt: skip
    for layer in norms:
        layer.running_mean.uniform_(-0.3, 0.3)
        layer.running_var.uniform_(0.5, 2)
        nn.init.uniform_(layer.weight, 0.5, 2)
        nn.init.uniform_(layer.bias, -0.5, 0.5)
    return classifier(made.eval())


def classifier(made):
    names = tuple(f"class {number}" for number in range(5))
    return Classifier(made, torch.full((3,), 0.5), torch.full((3,), 0.25), names, image_size=SIZE)


def pictures(count=1):
    generator = np.random.default_rng(4)
    return generator.integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def matrix_of(module, shape):
    """The module as matrix (outputs, inputs) and bias, from its answers to unit vectors."""
    size = int(np.prod(shape))
    with torch.no_grad():
        bias = module(torch.zeros(1, *shape, dtype=torch.float64)).flatten().numpy()
        units = torch.eye(size, dtype=torch.float64).reshape(size, *shape)
        return (module(units).flatten(1).numpy() - bias).T, bias


def by_hand(made, image, target, gamma, epsilon):
    """The rules as sums over units in numpy. Nothing of the method's code is used."""
    steps, values = [], made.normalise(image[None]).double()
    positive = False
    modules = [module.double() for module in made.network]
    for place, module in enumerate(modules):
        if isinstance(module, nn.BatchNorm2d):
            continue
        joint = module
        if place + 1 < len(modules) and isinstance(modules[place + 1], nn.BatchNorm2d):
            joint = nn.Sequential(module, modules[place + 1])
        with torch.no_grad():
            after = joint(values)
        flat = values.flatten().numpy()
        if isinstance(module, nn.MaxPool2d):
            grid, moved = values[0].numpy(), {}
            for channel, row, column in np.ndindex(*after.shape[1:]):
                window = grid[channel, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                down, across = np.unravel_index(window.argmax(), window.shape)
                moved[channel, row, column] = (channel, 2 * row + down, 2 * column + across)
            steps.append(("route", (moved, values.shape[1:], after.shape[1:])))
        elif isinstance(module, nn.Conv2d | nn.Linear | nn.AvgPool2d):
            weights, bias = matrix_of(joint, values.shape[1:])
            if isinstance(module, nn.Conv2d) and positive:
                weights, bias = (one + gamma * np.maximum(one, 0) for one in (weights, bias))
            contributions = weights * flat
            total = contributions.sum(1) + bias
            total = total + epsilon * np.where(total < 0, -1, 1)
            steps.append(("share", contributions / total[:, None]))
        positive = isinstance(module, nn.ReLU) or (
            positive and not isinstance(module, nn.Conv2d | nn.Linear)
        )
        values = after
    relevance = np.zeros(values.shape[1])
    relevance[target] = values[0, target]
    for kind, step in reversed(steps):
        if kind == "share":
            relevance = relevance @ step
        else:
            moved, before, shape = step
            gathered = np.zeros(before)
            for place, source in moved.items():
                gathered[source] += relevance.reshape(shape)[place]
            relevance = gathered.ravel()
    return relevance.reshape(3, SIZE, SIZE), float(values[0, target])


@pytest.mark.parametrize("gamma", [0, 0.25, 2])
@pytest.mark.parametrize("bias", [False, True])
def test_the_relevance_is_that_of_the_rules_written_by_hand(bias, gamma):
    image = pictures()[0]
    for target in (0, 3):
        expected, logit = by_hand(network(bias=bias), image, target, gamma, 1e-6)
        found = explain(network(bias=bias), image[None], [target], {"lrp": Lrp(gamma)})["lrp"][0]
        scale = np.abs(expected).max()
        assert np.abs(found.channels - expected).max() <= 1e-6 * scale
        assert found.diagnostics["logit"] == pytest.approx(logit, abs=1e-9)
        absorbed = logit - expected.sum()
        assert found.diagnostics["absorbed"] == pytest.approx(absorbed, abs=1e-6)


def test_without_biases_the_relevance_adds_up_to_the_logit_and_with_them_to_the_rest():
    plain = network(bias=False, norm=False)
    found = explain(plain, pictures(3), "all", {"lrp": Lrp(epsilon=1e-9)})["lrp"]
    for of_image in found.diagnostics:
        for about in of_image:
            assert abs(about["absorbed"]) <= 1e-6 * (1 + abs(about["logit"]))
    # The control: biases absorb a share, which is stated.
    biased = explain(network(bias=True), pictures(), [1], {"lrp": Lrp()})["lrp"][0]
    about = biased.diagnostics
    assert abs(about["absorbed"]) > 1e-3
    assert biased.channels.sum() + about["absorbed"] == pytest.approx(about["logit"], abs=1e-5)


def test_captum_computes_the_same_where_it_has_the_rules():
    made, image = network(bias=True), pictures()[0]
    stored = explain(made, image[None], [2], {"lrp": Lrp()})["lrp"][0]
    verified = verify(catalogue.get("lrp"), Lrp(), made, image, 2, 0, None, stored)
    assert verified.library.startswith("captum")
    assert verified.largest_difference <= 1e-6
    other = explain(made, image[None], [2], {"lrp": Lrp(gamma=0.5)})["lrp"][0]
    assert verify(catalogue.get("lrp"), Lrp(), made, image, 2, 0, None, other)
    assert np.abs(other.relevance - stored.relevance).max() > 1e-3 * np.abs(stored.relevance).max()


def test_networks_without_rules_are_refused_by_name_with_the_cure():
    reason = Engine(branches()).refusals(["lrp"])["lrp"]
    assert "It needs a chain of modules with a rule for relevance" in reason
    assert "Use integrated_gradients or gradient_shap" in reason
    torch.manual_seed(0)
    loose = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(400, 5)
    )
    reason = Engine(classifier(loose.eval())).refusals(["lrp", "saliency"])
    assert list(reason) == ["lrp"]
    assert "directly behind a convolution or linear layer, but '2' is elsewhere" in reason["lrp"]


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda: Lrp(gamma=-1), "gamma is -1"), (lambda: Lrp(epsilon=0), "epsilon is 0")],
)
def test_parameters_without_meaning_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
