"""A network from elsewhere is admitted only if its weights and outputs fit what is declared."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from explanations.classifier import architectures
from explanations.classifier.admission import from_factory, from_weights
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.declaration import Declaration, DeclarationError
from explanations.classifier.factories import FactoryError
from explanations.classifier.header import HeaderError, parse_header, read_header
from explanations.contracts.classifiers import ContractError, check_architecture, check_factory
from tests.daily import daily
from tests.explanations.packages import installed, lively

COLOUR = {"size": 32, "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
NAMES = ("cat", "dog", "owl")
KEY = "mobilenet_v3_small"


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return lively(architectures.get(KEY).build(3, 32)).state_dict()


@pytest.fixture
def file(state, tmp_path):
    path = tmp_path / "mobile.safetensors"
    save_file(state, path)
    return path


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("site")) as folder:
        yield folder


def test_a_state_of_torchvision_becomes_a_classifier_that_reads_back_the_same(file, tmp_path):
    declared = Declaration(NAMES, 32, (0.25, 0.5, 0.75), (0.25, 0.5, 0.125), resize=36)
    classifier = from_weights(file, KEY, declared)
    path = tmp_path / "registered.safetensors"
    classifier.save(path)

    read = Classifier.load(path)

    assert read.declaration == declared
    assert read.architecture == KEY
    assert read_header(path).rule == declared.rule
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    assert np.array_equal(read.probabilities(images), classifier.probabilities(images))
    network = architectures.get(KEY).build(3, 32).eval()
    network.load_state_dict(load_file(file))
    logits = network(classifier.normalise(images).contiguous())
    expected = torch.softmax(logits, 1).detach().numpy()
    assert np.abs(classifier.probabilities(images) - expected).max() < 1e-6


def changed(state, **tensors):
    return {**state, **tensors}


@pytest.mark.parametrize(
    ("spoil", "names", "said"),
    [
        (lambda s: s, ("cat", "dog"), r"2 class names.*have 3 outputs. Name one class per output"),
        (lambda s: s, ("a", "b", "c", "d"), "4 class names .* have 3 outputs"),
        (
            lambda s: changed(s, **{"classifier.3.bias": torch.tensor([1, float("nan"), 2])}),
            NAMES,
            "not finite in classifier.3.bias",
        ),
        (
            lambda s: {k: v for k, v in s.items() if k != "classifier.0.weight"},
            NAMES,
            "missing: classifier.0.weight. Check the architecture",
        ),
        (
            lambda s: changed(s, extra=torch.zeros(1)),
            NAMES,
            "unexpected: extra. Check the architecture",
        ),
        (
            lambda s: changed(s, **{"features.0.0.weight": torch.zeros(16, 1, 3, 3)}),
            NAMES,
            r"features.0.0.weight is \(16, 1, 3, 3\) and must be \(16, 3, 3, 3\)",
        ),
        (
            lambda s: {f"module.{k}": v for k, v in s.items()},
            NAMES,
            r"begin with 'module\.'.*removeprefix\('module\.'\)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_their_cure(state, tmp_path, spoil, names, said):
    path = tmp_path / "spoilt.safetensors"
    save_file(spoil(state), path)
    with pytest.raises(CheckpointError, match=said):
        from_weights(path, KEY, Declaration(names, **COLOUR))


def test_weights_of_another_architecture_name_the_one_they_fit(file):
    with pytest.raises(CheckpointError, match=f"It fits the architecture {KEY}"):
        from_weights(file, "resnet18", Declaration(NAMES, **COLOUR))


def test_a_network_that_was_never_trained_is_refused(tmp_path):
    """torchvision begins with a last layer of zeros in its vision transformer."""
    torch.manual_seed(0)
    network = lively(architectures.get(KEY).build(3, 32))
    network.classifier[3].weight.data.zero_()
    path = tmp_path / "untrained.safetensors"
    save_file(network.state_dict(), path)
    with pytest.raises(CheckpointError, match="the same logits for different images"):
        from_weights(path, KEY, Declaration(NAMES, **COLOUR))


def test_one_logit_is_a_classifier_of_two_classes(tmp_path):
    torch.manual_seed(0)
    network = lively(architectures.get(KEY).build(1, 32))
    path = tmp_path / "binary.safetensors"
    save_file(network.state_dict(), path)

    classifier = from_weights(path, KEY, Declaration(("no", "yes"), **COLOUR))

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    logit = network.eval()(classifier.normalise(images).contiguous()).detach()
    assert np.allclose(classifier.probabilities(images)[:, 1:], torch.sigmoid(logit), atol=1e-6)
    classifier.save(path)
    assert np.array_equal(
        Classifier.load(path).probabilities(images), classifier.probabilities(images)
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mean": (124, 116, 104)}, r"scale from 0 to 255.*: 0\.486 0\.455 0\.408"),
        ({"std": (58.4, 57.1, 57.4)}, "scale from 0 to 255"),
        ({"std": (0.2, 0, 0.2)}, "std is 0.2 0 0.2, but pixels are divided by it"),
        ({"mean": (0.5, float("nan"), 0.5)}, "mean contains nan. Give finite numbers"),
        ({"mean": (0.5, 0.5)}, "mean has 2 numbers. Give three"),
        ({"mean": 0.5}, "mean has 1 numbers, but std has 3"),
        ({"mean": (-3, 0, 0)}, "a mean is from 0 to 1"),
        ({"class_names": ("cat", "cat")}, "'cat' is declared twice"),
        ({"class_names": ("cat",)}, "1 class names are declared"),
        ({"class_names": ("cat", "")}, "The class name '' cannot be printed"),
        ({"class_names": ("cat", "a\0b")}, "cannot be printed"),
        ({"class_names": ("cat", "x" * 81)}, "may have at most 80"),
        ({"class_names": "cat"}, "Give a list of names"),
        ({"size": 0}, "size is 0"),
        ({"size": 32.0}, "size is 32.0. Give a whole number"),
        ({"resize": 16}, "from the size 32"),
        ({"crop": "left"}, "Choose from: centre, none"),
    ],
)
def test_a_declaration_that_cannot_be_right_is_refused(given, said):
    with pytest.raises(DeclarationError, match=said):
        Declaration(**{"class_names": NAMES, **COLOUR, **given})


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("class_names", "[" * 100_000),
        ("class_names", '{"a": 1}'),
        ("class_names", "7"),
        ("class_names", json.dumps(["a\u0000", "b"])),
        ("class_names", json.dumps([str(n) for n in range(200_000)])),
        ("mean", "[" * 100_000),
        ("mean", "[NaN, 0, 0]"),
        ("mean", "[1e999, 0, 0]"),
        ("mean", f"[{'9' * 5000}, 0, 0]"),
        ("mean", '["0.5", 0, 0]'),
        ("std", "[0, 0, 0]"),
        ("std", "null"),
        ("input", "[]"),
        ("input", '{"size": -1}'),
        ("input", '{"size": 1e9}'),
        ("input", '{"size": "32"}'),
        ("input", '{"size": 32, "crop": ["centre"]}'),
        ("input", "{}"),
        ("outputs", "2"),
        ("outputs", "true"),
        ("architecture", "x" * 1000),
        ("package", "a\nb"),
    ],
)
def test_a_hostile_header_is_a_sentence(entry, value):
    header = {
        "format": "study-classifier-2", "class_names": '["a", "b", "c"]', "mean": "[0.5,0.5,0.5]",
        "std": "[1,1,1]", "architecture": KEY, "input": '{"size": 32}', "outputs": "3",
        "package": "",
    }  # fmt: skip
    assert parse_header("x.safetensors", header).outputs == 3
    with pytest.raises(HeaderError) as refusal:
        parse_header("x.safetensors", {**header, entry: value})
    assert len(str(refusal.value)) < 700
    assert "x.safetensors" in str(refusal.value)


@pytest.mark.parametrize(
    ("key", "said"),
    [("no_such_network", "Choose from: vgg13"), ("factory:gone", "no.*entry point 'gone'|No inst")],
)
def test_a_file_of_an_unknown_network_is_refused(file, tmp_path, key, said):
    classifier = from_weights(file, KEY, Declaration(NAMES, **COLOUR))
    path = tmp_path / "unknown.safetensors"
    object.__setattr__(classifier, "architecture", key)
    classifier.save(path)
    with pytest.raises(CheckpointError, match=said):
        Classifier.load(path)


def test_files_that_can_run_code_are_refused_with_the_way_to_convert_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    network = torch.nn.Sequential(torch.nn.Linear(2, 2))
    torch.save(network.state_dict(), "weights.pth")
    torch.jit.script(network).save("script.pt")
    torch.jit.script(network).save("renamed.safetensors")
    for name in ("old.pickle", "exported.pt2", "network.onnx"):
        (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    kinds = {
        "weights.pth": "a pickle written by torch.save",
        "script.pt": "a TorchScript archive",
        "renamed.safetensors": "a TorchScript archive",
        "old.pickle": "a pickle",
        "exported.pt2": "an exported program",
        "network.onnx": "an ONNX model",
    }
    for name, kind in kinds.items():
        with pytest.raises(CheckpointError, match=f"not a readable safetensors file.*{kind}"):
            from_weights(tmp_path / name, KEY, Declaration(NAMES, **COLOUR))


@pytest.mark.parametrize("name", ["weights.pth", "script.pt"])
def test_the_named_conversion_works_as_it_stands(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    network = torch.nn.Sequential(torch.nn.Linear(2, 2))
    if name.endswith("pth"):
        torch.save(network.state_dict(), name)
    else:
        torch.jit.script(network).save(name)
    with pytest.raises(HeaderError) as refusal:
        read_header(tmp_path / name)
    code = str(refusal.value).split('python -c "')[1].split('" (')[0]

    exec(compile(code, "message", "exec"), {})

    converted = load_file(tmp_path / f"{name.split('.')[0]}.safetensors")
    assert torch.equal(converted["0.weight"], network[0].weight)


@pytest.mark.parametrize("name", ["birds", "from_a_mapping", "grey", "binary"])
def test_a_network_of_another_package_keeps_the_contract(package, tmp_path, name):
    classifier = check_factory(name, tmp_path)
    assert classifier.architecture == f"factory:{name}"
    assert classifier.package == "somebody-else 2.1"


def test_a_grey_network_sees_the_brightness_of_a_colour_image(package):
    classifier = from_factory("grey")
    image = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    grey = (image @ np.array([0.299, 0.587, 0.114])).astype(np.float32)[..., None].repeat(3, -1)
    from_colour = classifier.network(classifier.normalise(image))
    from_grey = classifier.network((torch.from_numpy(grey).permute(0, 3, 1, 2) / 255 - 0.5) / 0.25)
    assert torch.allclose(from_colour, from_grey, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("two_outputs", "3 class names are declared .* has 2 outputs"),
        ("probabilities", "returns probabilities: its outputs sum to 1. Remove the softmax"),
        ("not_finite", "not finite in head.bias"),
        ("batchwise", "other logits alone than in a batch"),
        ("hidden", "builds another network each time"),
        ("two_results", "returns a tuple"),
        ("only_a_network", "must return two things"),
        ("no_network", "returned a str in place of the network"),
        ("wrong_declaration", "The declaration lacks std"),
        ("failing", "somebody-else 2.1 failed: RuntimeError: no such file"),
        ("without_weights", "lacks a file: [\\s\\S]*birds.safetensors[\\s\\S]*package-data"),
        ("number", "is not a function"),
        ("broken", "cannot be imported: ModuleNotFoundError"),
        ("absent", "Installed: batchwise, binary, birds"),
    ],
)
def test_a_faulty_factory_is_a_sentence(package, name, said):
    with pytest.raises((FactoryError, CheckpointError), match=said):
        from_factory(name)


def test_a_network_without_gradients_breaks_the_contract(package, tmp_path):
    with pytest.raises(ContractError, match="no gradient"):
        check_factory("detached", tmp_path)


@pytest.mark.parametrize("key", daily([KEY, "resnet18"], 1))
def test_a_network_of_the_catalogue_keeps_the_contract(tmp_path, key):
    check_architecture(key, tmp_path, size=32)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", architectures.ARCHITECTURES, ids=lambda kind: kind.key)
def test_every_network_of_the_catalogue_keeps_the_contract(tmp_path, kind):
    check_architecture(kind.key, tmp_path, size=min(kind.size, 64) if kind.key != "alexnet" else 96)


@pytest.mark.nightly
def test_every_network_of_the_catalogue_can_be_built_without_memory():
    """Their weights come from files, and drawing random ones first takes seconds."""
    for kind in architectures.ARCHITECTURES:
        network = kind.build(2, kind.size, empty=True)
        buffers = {name for name, _ in network.named_buffers()}
        assert buffers <= network.state_dict().keys(), kind.key
