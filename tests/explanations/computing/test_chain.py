import pytest
import torch
from torch import nn

from explanations.computing.chain import Chain
from explanations.computing.preflight import Step, steps_of

LAYERS = {
    "convolution": (nn.Conv2d(3, 4, 3, padding=1), (3, 6, 5)),
    "strided convolution": (nn.Conv2d(3, 4, 3, stride=2, padding=1), (3, 6, 5)),
    "dilated convolution": (nn.Conv2d(3, 4, (3, 2), dilation=2), (3, 6, 5)),
    "grouped convolution": (nn.Conv2d(4, 4, 3, groups=2, bias=False), (4, 6, 5)),
    "convolution padded by name": (nn.Conv2d(3, 4, 3, padding="same"), (3, 6, 5)),
    "linear": (nn.Linear(7, 3), (7,)),
    "flatten": (nn.Flatten(), (3, 4, 5)),
    "batch norm 2d": (nn.BatchNorm2d(3), (3, 4, 5)),
    "batch norm 1d": (nn.BatchNorm1d(7), (7,)),
    "batch norm without weights": (nn.BatchNorm2d(3, affine=False), (3, 4, 5)),
    "dropout": (nn.Dropout(), (7,)),
    "identity": (nn.Identity(), (3, 4, 5)),
    "average pool": (nn.AvgPool2d(2), (3, 6, 4)),
    "adaptive average pool": (nn.AdaptiveAvgPool2d((2, 3)), (3, 6, 5)),
    "adaptive pool of the same size": (nn.AdaptiveAvgPool2d((6, 5)), (3, 6, 5)),
}


def chain_of(module: nn.Module) -> Chain:
    """The layer alone, in float64."""
    for name, buffer in module.named_buffers():
        if name.startswith("running"):
            buffer.uniform_(0.5, 2)
    return Chain([Step("layer", module.eval())]).in_double()


@pytest.mark.parametrize("name", LAYERS)
def test_going_back_through_a_linear_layer_is_its_transpose(name):
    module, shape = LAYERS[name]
    torch.manual_seed(0)
    chain = chain_of(module)
    start = torch.randn((2, *shape), dtype=torch.float64).requires_grad_()
    out = chain.modules[0](start)
    weights = torch.randn_like(out)
    (expected,) = torch.autograd.grad(out, start, weights)
    assert torch.allclose(chain.back(0, weights, shape), expected, atol=1e-12)


def test_a_chain_computes_what_the_network_computes_and_knows_its_layers(classifier, scenes):
    chain = Chain.of(classifier)
    pixels = classifier.normalise(scenes)
    with torch.no_grad():
        expected = classifier.network(pixels)
        recorded = chain.record(chain.enter(pixels))
    assert torch.allclose(recorded[-1], expected, atol=1e-5)
    assert [tuple(values.shape[1:]) for values in recorded] == chain.input_shapes(pixels)
    assert (chain.features, chain.last_relu) == (15, 13)
    assert not any(parameter.requires_grad for m in chain.modules for parameter in m.parameters())


def test_a_relu_overwrites_nothing_that_anybody_reads():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.ReLU(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2), nn.BatchNorm2d(4),
        nn.ReLU(), nn.Flatten(), nn.Linear(36, 9), nn.ReLU(), nn.Linear(9, 2),
    ).eval().requires_grad_(False)  # fmt: skip
    chain = Chain([Step(str(number), module) for number, module in enumerate(network)])
    images = torch.randn((2, 3, 8, 8))
    before = images.clone()
    recorded = chain.record(images)
    with torch.no_grad():
        assert torch.equal(chain.run(images), recorded[-1])
        assert torch.equal(chain.run(recorded[2].clone(), start=2), recorded[-1])
    pixels = images.clone().requires_grad_()
    plain = chain.record(pixels)[-1]
    (expected,) = torch.autograd.grad(plain[:, 1].sum(), pixels)
    everything = range(7)
    for layers in ((), (1,), everything):
        entered = images.clone().requires_grad_()
        logits, outputs = chain.watch(entered, layers)
        (found,) = torch.autograd.grad(logits[:, 1].sum(), entered)
        assert torch.equal(found, expected)
        for layer in layers:
            assert torch.equal(outputs[layer], recorded[layer + 1])
    assert torch.equal(images, before)


def test_the_copy_in_double_leaves_the_chain_as_it_was(untrained):
    chain = Chain.of(untrained)
    assert chain.in_double().dtype == torch.float64
    assert chain.dtype == torch.float32


@pytest.mark.parametrize("bias", [True, False])
def test_a_recorder_keeps_no_copy_of_large_linear_layers_and_records_the_same(monkeypatch, bias):
    monkeypatch.setattr("explanations.computing.chain.LARGE_LINEAR", 500)
    monkeypatch.setattr("explanations.computing.chain.BLOCK", 150)  # two rows, the last one alone
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 11, bias), nn.ReLU(),
        nn.Linear(11, 5),
    )  # fmt: skip
    chain = Chain(steps_of(network.eval()))
    pixels = torch.randn(3, 3, 4, 4)
    recorder, copied = chain.recorder(), chain.in_double()
    for values, expected in zip(
        recorder.record(recorder.enter(pixels)), copied.record(copied.enter(pixels)), strict=True
    ):
        assert values.dtype == torch.float64
        assert torch.allclose(values, expected, rtol=0, atol=1e-14)
    counts = [sum(p.numel() for m in c.modules for p in m.parameters()) for c in (recorder, copied)]
    assert counts[1] - counts[0] == 64 * 11 + 11 * bias
    assert chain.dtype == torch.float32


def test_a_chain_of_large_linear_layers_alone_is_copied(monkeypatch):
    monkeypatch.setattr("explanations.computing.chain.LARGE_LINEAR", 1)
    chain = Chain(steps_of(nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).eval()))
    assert chain.recorder().dtype == torch.float64


def test_a_chain_without_convolutions_has_no_layer_for_gradcam():
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 3)).eval()
    assert Chain(steps_of(network)).last_relu is None
