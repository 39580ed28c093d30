import pytest
import torch
from torch import nn
from torchvision.models import vgg

from explanations.computing.arithmetic import winograd
from explanations.computing.chain import Chain
from explanations.computing.preflight import Step
from explanations.computing.winograd.convolution import WinogradConv
from tests.daily import daily

SHORT = [32, "M", 64, 64, "M", 64, "M"]
"""A network like torchvision's VGG11 and VGG13, which come without their linear layers as well:
most of the weights are there."""


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (7, 9), (4, 5), (1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_the_convolution_within_float32(size, bias):
    torch.manual_seed(0)
    convolution = nn.Conv2d(32, 48, 3, padding=1, bias=bias).requires_grad_(False)
    images = torch.randn(3, 32, *size)
    expected, found = convolution(images), WinogradConv(convolution)(images)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 3e-5 * expected.abs().max()


def test_it_rectifies_on_the_way():
    torch.manual_seed(0)
    convolution = nn.Conv2d(32, 48, 3, padding=1).requires_grad_(False)
    images = torch.randn(3, 32, 9, 10)
    plain = WinogradConv(convolution)(images)
    assert torch.equal(WinogradConv(convolution, rectify=True)(images), plain.relu())


@pytest.mark.parametrize("size", [(32, 32), (14, 9), (5, 6), (2, 2)])
def test_it_pools_on_the_way(size):
    torch.manual_seed(0)
    convolution = nn.Conv2d(32, 48, 3, padding=1).requires_grad_(False)
    images = torch.randn(3, 32, *size)
    rectified = WinogradConv(convolution, rectify=True)(images)
    pooled = WinogradConv(convolution, rectify=True, pool=True)(images)
    assert torch.equal(pooled, nn.MaxPool2d(2)(rectified))


@pytest.mark.parametrize("pool", [True, False])
def test_blocks_of_any_size_give_the_same(monkeypatch, pool):
    torch.manual_seed(0)
    convolution = nn.Conv2d(32, 48, 3, padding=1).requires_grad_(False)
    images = torch.randn(3, 32, 22, 10)
    whole = WinogradConv(convolution, pool=pool)(images)
    for size in (1, 1 << 16, 1 << 18):
        monkeypatch.setattr("explanations.computing.winograd.convolution.BLOCK_BYTES", size)
        found = WinogradConv(convolution, pool=pool)(images)
        assert (found - whole).abs().max() < 1e-5 * whole.abs().max()


@pytest.mark.parametrize(
    ("layers", "normalised"),
    daily([(SHORT, False), (vgg.cfgs["A"], False), (vgg.cfgs["B"], True)], 1),
)
def test_a_whole_network_says_the_same_at_sizes_that_no_tile_fills(layers, normalised):
    torch.manual_seed(0)
    features = vgg.make_layers(layers, normalised)
    chain = Chain([Step(str(index), module) for index, module in enumerate(features)])
    images = torch.randn(2, 3, 36, 44)
    with torch.no_grad():
        expected, found = chain.run(images), winograd(chain)(images, 0)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 1e-4 * expected.abs().max()


def test_its_error_is_measurable():
    """The control: it is another way of computing, not the convolution itself."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(64, 64, 3, padding=1).requires_grad_(False)
    images = torch.randn(2, 64, 16, 16)
    exact = convolution.double()(images.double())
    found = WinogradConv(convolution.float())(images)
    assert 0 < (found - exact).abs().max() / exact.abs().max() < 3e-5


@pytest.mark.parametrize(
    "other",
    [
        nn.Conv2d(64, 64, 3),
        nn.Conv2d(64, 64, 5, padding=2),
        nn.Conv2d(64, 64, 3, padding=1, stride=2),
        nn.Conv2d(64, 64, 3, padding=1, groups=2),
        nn.Conv2d(64, 64, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(64, 60, 3, padding=1),
        nn.Conv2d(3, 64, 3, padding=1),
        nn.Linear(3, 3),
    ],
)
def test_it_leaves_other_layers_alone(other):
    assert not WinogradConv.fits(other)
