"""The first layers, computed once for each different content of a cell."""

from itertools import product

import pytest
import torch
from torch import nn

from explanations.computing import patterns as sharing
from explanations.computing.chain import Chain
from explanations.computing.patterns import Stem, deepest, patterns
from explanations.computing.preflight import steps_of

CONV = {"kernel_size": 3, "padding": 1}
SAMPLES = 2000


def network(*layers: nn.Module) -> Chain:
    torch.manual_seed(0)
    chain = Chain(steps_of(nn.Sequential(*layers, nn.Conv2d(8, 2, 1)).eval()))
    for module in chain.modules:
        module.double()
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1)
            module.bias.data.uniform_(-1, 1)
    return chain


STEMS = {
    "two convolutions": (nn.Conv2d(3, 8, **CONV), nn.ReLU(), nn.Conv2d(8, 8, **CONV), nn.ReLU()),
    "one convolution": (nn.Conv2d(3, 8, **CONV), nn.ReLU()),
    "batch norm": (
        nn.Conv2d(3, 8, **CONV), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, **CONV),
        nn.BatchNorm2d(8), nn.ReLU(),
    ),
    "a wide kernel": (nn.Conv2d(3, 8, 5, padding=2), nn.ReLU()),
}  # fmt: skip


def mixed(size: tuple[int, int], patches: int, samples: int, side: int = 4):
    generator = torch.Generator().manual_seed(1)
    shown, hidden = torch.randn((2, 3, *size), generator=generator, dtype=torch.float64)
    rows = torch.arange(size[0])[:, None] // side
    columns = torch.arange(size[1])[None] // side
    numbers = ((rows * 7 + columns * 3) % patches).long()
    keeps = torch.rand((samples, patches), generator=generator) < 0.5
    return shown, hidden, numbers, keeps


EVERY = list(product(STEMS, [(16, 16), (13, 18)], [2, 3]))
BY_DAY = EVERY[::5]  # each layer, size and pool at least once


@pytest.mark.parametrize(
    ("name", "size", "pool"),
    [
        pytest.param(*one, marks=() if one in BY_DAY else pytest.mark.nightly, id=f"{one}")
        for one in EVERY
    ],
)
def test_it_is_the_first_block_of_every_mixed_image(name, size, pool):
    chain = network(*STEMS[name], nn.MaxPool2d(pool))
    stem = Stem.of(chain)
    shown, hidden, numbers, keeps = mixed(size, patches=9, samples=SAMPLES)
    found = patterns(chain, stem, shown, hidden, numbers, keeps)
    images = torch.where(keeps[:, numbers][:, None], shown, hidden)
    expected = chain.run(images, stop=stem.stop)
    assert len(found.values) < keeps.shape[0] * expected.shape[2] * expected.shape[3] / 2
    assert torch.allclose(found.stem_output(slice(0, SAMPLES)), expected, atol=1e-12)
    assert torch.allclose(found.stem_output(slice(7, 9)), expected[7:9], atol=1e-12)


BLOCKS = (
    nn.Conv2d(3, 6, **CONV), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(6, 8, **CONV), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, **CONV), nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 8, **CONV), nn.ReLU(), nn.MaxPool2d(3),
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "side", "count", "stop"),
    [((36, 36), 18, 9, 13), ((37, 30), 18, 9, 13), ((36, 36), 6, 40, 9), ((36, 36), 4, 40, 6),
     ((36, 36), 3, 40, 3)],
)  # fmt: skip
def test_further_layers_follow_for_as_long_as_a_cell_shows_few_contents(size, side, count, stop):
    chain = network(*BLOCKS)
    shown, hidden, numbers, keeps = mixed(size, patches=count, samples=300, side=side)
    found = deepest(chain, patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps), keeps)
    assert found.stop == stop
    images = torch.where(keeps[:, numbers][:, None], shown, hidden)
    expected = chain.run(images, stop=found.stop)
    assert torch.allclose(found.stem_output(slice(0, 300)), expected, atol=1e-12)
    cells = expected.shape[2] * expected.shape[3]
    assert found.chosen.shape == (300, *expected.shape[2:])
    assert found.seen.shape == (cells, count)


@pytest.mark.parametrize("layer", [
    nn.Conv2d(6, 8, 3, padding=1, groups=2), nn.Conv2d(6, 8, 3, padding=1, stride=2),
    nn.Conv2d(6, 8, 3), nn.AvgPool2d(2),
])  # fmt: skip
def test_a_layer_of_another_kind_ends_the_sharing(layer):
    chain = Chain(steps_of(nn.Sequential(*BLOCKS[:3], layer).eval()))
    shown, hidden, numbers, keeps = mixed((36, 36), patches=9, samples=300, side=18)
    first = patterns(chain, Stem.of(chain), shown.float(), hidden.float(), numbers, keeps)
    assert deepest(chain, first, keeps) is first


def test_no_image_enters_between_a_convolution_and_its_pool(monkeypatch):
    """Faster arithmetic computes both as one, and would leave the pool out."""
    chain = network(*BLOCKS)
    shown, hidden, numbers, keeps = mixed((36, 36), patches=9, samples=300, side=18)
    first = patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps)
    between = sharing._Shared.between

    def but_no_pool(layer, *given):
        return None if layer.weight is None else between(layer, *given)

    monkeypatch.setattr(sharing._Shared, "between", but_no_pool)
    found = deepest(chain, first, keeps)
    assert found.stop == 6


def test_the_values_of_all_contents_never_exceed_their_limit(monkeypatch):
    chain = network(*BLOCKS)
    shown, hidden, numbers, keeps = mixed((36, 36), patches=9, samples=300, side=18)
    first = patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps)
    most = deepest(chain, first, keeps).values.nbytes
    monkeypatch.setattr(sharing, "MOST_BYTES", most // 2)
    fewer = deepest(chain, first, keeps)
    assert fewer is first or fewer.values.nbytes <= most // 2


def test_a_cell_sees_the_patches_that_change_it():
    chain = network(*BLOCKS)
    shown, hidden, numbers, keeps = mixed((36, 36), patches=9, samples=300, side=18)
    found = deepest(chain, patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps), keeps)
    all_kept = torch.ones((1, 9), dtype=torch.bool)
    for patch in numbers.unique().tolist():
        one_hidden = all_kept.clone()
        one_hidden[0, patch] = False
        outputs = [
            chain.run(torch.where(kept[:, numbers][:, None], shown, hidden), stop=found.stop)
            for kept in (all_kept, one_hidden)
        ]
        changed = (outputs[0] != outputs[1]).any(1).flatten()
        assert changed.any()
        assert not bool((changed & ~found.seen[:, patch]).any())


def test_too_many_patches_in_sight_are_left_to_the_plain_way():
    chain = network(*STEMS["two convolutions"], nn.MaxPool2d(8))
    shown, hidden, _, _ = mixed((16, 16), 9, 4)
    numbers = torch.arange(256).view(16, 16)
    keeps = torch.rand(4, 256) < 0.5
    assert patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps) is None


def test_few_samples_are_left_to_the_plain_way():
    chain = network(*STEMS["two convolutions"], nn.MaxPool2d(2))
    shown, hidden, numbers, keeps = mixed((16, 16), 9, 2)
    assert patterns(chain, Stem.of(chain), shown, hidden, numbers, keeps) is None


@pytest.mark.parametrize(
    "layers",
    [
        (nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2)),
        (nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU(), nn.MaxPool2d(2)),
        (nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)),
        (nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()),
    ],
)
def test_a_network_that_begins_in_another_way_has_no_such_block(layers):
    assert Stem.of(network(*layers)) is None


def test_the_vgg13_begins_with_one(untrained):
    assert Stem.of(Chain.of(untrained)) == Stem(stop=5, margin=2, pool=2)
