"""Admission of a network from elsewhere: its weights and its outputs are checked against what is
declared, before anything is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from explanations.classifier import architectures, factories
from explanations.classifier.adapters import adapted, core_of
from explanations.classifier.architectures import Architecture, UnknownArchitectureError
from explanations.classifier.checkpoint import (
    CheckpointError,
    Classifier,
    load_state,
    normalise,
    read_tensors,
    shape_of,
    shortened,
)
from explanations.classifier.declaration import Declaration, DeclarationError
from explanations.classifier.exact import exact_arithmetic
from explanations.classifier.factories import FactoryError
from explanations.classifier.factory_networks import call, network_of
from explanations.classifier.header import HeaderError
from explanations.classifier.offer import Offer

REFUSALS = (
    CheckpointError,
    DeclarationError,
    FactoryError,
    HeaderError,
    UnknownArchitectureError,
)
"""What can be wrong with an offer, each with a message that names the cure."""
PREFIXES = ("module.", "model.", "network.", "net.", "backbone.", "_orig_mod.")
"""Prefixes that DataParallel, Lightning, torch.compile and wrappers add to the names of weights."""
A_FEW = 4
"""Up to this many names may be missing or unexpected in weights of the right architecture."""
SAME = 1e-3
"""Largest difference of an image's logits alone and in a batch, relative to 1 plus the largest."""


def admit(offer: Offer) -> Classifier:
    """Return the classifier of an offer.

    Raises CheckpointError, DeclarationError, FactoryError, HeaderError or UnknownArchitectureError,
    each with the cure.
    """
    offer.check()
    if offer.weights is None:
        if not offer.declared:
            return from_factory(offer.factory)
        own = call(factories.get(offer.factory), pretrained=False)[1]
        return from_factory(offer.factory, replace(own, **offer.declared))
    if offer.records_itself:
        return Classifier.load(offer.weights)
    return from_weights(offer.weights, offer.architecture, offer.declaration())


def probe_logits(classifier: Classifier) -> list[float]:
    """Return the logits of a fixed image of random pixels, by which a changed network is
    noticed."""
    with exact_arithmetic(), torch.no_grad():
        logits: list[float] = classifier.network(_probe(classifier))[0].tolist()
    return logits


def refuse_changed_network(classifier: Classifier, probe: Sequence[float]) -> None:
    """Raise CheckpointError if a factory's network now computes other logits from the same weights
    than ``probe``, which were stored at its registration."""
    logits = torch.tensor(probe_logits(classifier))
    expected = torch.tensor(probe)
    if logits.shape == expected.shape:
        largest = 1 + float(expected.abs().max())
        if float((logits - expected).abs().max()) <= SAME * largest:
            return
    name = classifier.architecture.removeprefix(factories.PREFIX)
    raise CheckpointError(
        f"The factory {name!r} was registered with {classifier.package}. The installed "
        f"{factories.get(name).package} computes other logits from the same weights, so that maps "
        "would explain another network. Install the registered version, or register the network "
        "under another name."
    )


def from_weights(path: Path, architecture: str, declared: Declaration) -> Classifier:
    """Return the classifier of a safetensors state and the key of its architecture.

    Raises CheckpointError for a file of another format or architecture, for weights that are not
    finite, and for outputs that contradict the declaration.
    """
    kind = architectures.get(architecture)
    if len(declared.mean) == 1:
        raise CheckpointError(
            f"mean has one number, for grey images, but {architecture} takes colour images. Give "
            "three numbers each for mean and std; grey images are converted to colour."
        )
    with exact_arithmetic():
        _, tensors = read_tensors(path)
        network, outputs = _loaded(path.name, kind, declared, tensors)
        return _admitted(network, declared, architecture, outputs, package="")


def from_factory(name: str, declared: Declaration | None = None) -> Classifier:
    """Return the classifier that an installed package's factory builds.

    ``declared`` replaces the factory's own declaration. Raises FactoryError if the factory is
    missing or fails, and CheckpointError for weights that are not finite and for outputs that
    contradict the declaration.
    """
    factory = factories.get(name)
    with exact_arithmetic():
        network, own = call(factory, pretrained=True)
        declared = declared or own
        network = network.float().eval()
        broken = [
            key
            for key, tensor in network.state_dict().items()
            if not torch.isfinite(tensor.float()).all()
        ]
        if broken:
            raise CheckpointError(
                f"The network of {name!r} contains values that are not finite in "
                f"{shortened(broken, ', ')}. Repair or retrain it."
            )
        key = factories.PREFIX + name
        outputs = _outputs(network, declared, name)
        classifier = _admitted(network, declared, key, outputs, package=factory.package)
        _refuse_loss(classifier, name)
        return classifier


def _loaded(
    name: str, kind: Architecture, declared: Declaration, tensors: Mapping[str, Tensor]
) -> tuple[nn.Module, int]:
    """Return the network with its weights, and the number of its outputs."""
    count = len(declared.class_names)
    network = _built(kind, count, declared.size)
    differing = _differing(network.state_dict(), tensors)
    if differing and count == 2:
        # A network that tells two classes apart may have a single logit.
        single = _built(kind, 1, declared.size)
        if not _differing(single.state_dict(), tensors):
            network, count, differing = single, 1, []
    if differing:
        raise CheckpointError(_misfit(name, kind, network.state_dict(), tensors, declared))
    label = f"{kind.key} with {count} outputs"
    return load_state(network, tensors, name, label), count


def _built(kind: Architecture, outputs: int, size: int) -> nn.Module:
    try:
        return kind.build(outputs, size, empty=True)
    except ValueError as error:
        raise CheckpointError(str(error)) from error


def _differing(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    keys = sorted(expected.keys() | given.keys())
    return [key for key in keys if shape_of(expected, key) != shape_of(given, key)]


def _misfit(
    name: str,
    kind: Architecture,
    expected: Mapping[str, Tensor],
    given: Mapping[str, Tensor],
    declared: Declaration,
) -> str:
    """Describe why weights do not fit an architecture, with the most likely cure."""
    differing = _differing(expected, given)
    classes = len(declared.class_names)
    outputs = {
        int(given[key].shape[0])
        for key in differing
        if key in expected
        and key in given
        and expected[key].ndim == given[key].ndim > 0
        and expected[key].shape[0] == classes
        and expected[key].shape[1:] == given[key].shape[1:]
    }
    only_the_head = all(key in expected and key in given for key in differing)
    if only_the_head and len(outputs) == 1 and len(differing) <= 2:
        (actual,) = outputs
        return (
            f"{classes} class names are declared ({shortened(declared.class_names, ', ')}), but "
            f"the weights in {name} have {actual} outputs. Name one class per output, in their "
            "order."
        )
    for prefix in PREFIXES:
        bare = {key.removeprefix(prefix): value for key, value in given.items()}
        if all(key.startswith(prefix) for key in given) and not expected.keys() - bare.keys():
            return (
                f"The names of the weights in {name} begin with {prefix!r}, which a wrapper around "
                f"the network added. Save the inner network, or remove it: {{name.removeprefix("
                f"{prefix!r}): value for name, value in state.items()}}."
            )
    missing = [key for key in differing if key not in given]
    unexpected = [key for key in differing if key not in expected]
    misshapen = [
        f"{key} is {tuple(given[key].shape)} and must be {tuple(expected[key].shape)}"
        for key in differing
        if key in expected and key in given
    ]
    parts = [f"missing: {shortened(missing, ', ')}"] if missing else []
    parts += [f"unexpected: {shortened(unexpected, ', ')}"] if unexpected else []
    parts += [f"of another shape: {shortened(misshapen, ', ')}"] if misshapen else []
    is_another = len(missing) + len(unexpected) > A_FEW
    others = _fitting(given, declared.size) if is_another else []
    cure = (
        f"It fits the architecture {' or '.join(others)}: give that with --architecture."
        if others
        else "Check the architecture, or register the network by a factory (--factory)."
    )
    return f"{name} does not fit {kind.key}. {'; '.join(parts)}. {cure}"


def _fitting(given: Mapping[str, Tensor], size: int) -> list[str]:
    """List the architectures whose weights have the names and, except for the last layer, the
    shapes of the file's."""
    fitting = []
    for kind in architectures.ARCHITECTURES:
        try:
            expected = kind.build(2, size, empty=True).state_dict()
        except ValueError:  # the network cannot have this size
            continue
        if expected.keys() == given.keys() and len(_differing(expected, given)) <= 2:
            fitting.append(kind.key)
    return fitting


def _admitted(
    network: nn.Module, declared: Declaration, architecture: str, outputs: int, package: str
) -> Classifier:
    classifier = Classifier.of(
        network, declared, architecture=architecture, outputs=outputs, package=package
    )
    _check_logits(classifier)
    return classifier


def _probe(classifier: Classifier) -> Tensor:
    """Return normalised random pixels of two images."""
    generator = torch.Generator().manual_seed(0)
    size = classifier.image_size
    pixels = torch.randint(0, 256, (2, 3, size, size), generator=generator)
    return normalise(pixels.to(classifier.device), classifier.mean, classifier.std)


def _outputs(network: nn.Module, declared: Declaration, name: str) -> int:
    """Return the number of outputs of a network: one per class, or one logit for two classes."""
    channels = len(declared.mean)
    shape = (2, channels, declared.size, declared.size)
    returned = _run(network, torch.zeros(shape), name, declared.size)
    if returned.ndim != 2 or len(returned) != 2:
        raise CheckpointError(
            f"{name} returns an array of shape {tuple(returned.shape)} for two images. It must "
            "return logits of shape (2, classes)."
        )
    outputs, classes = returned.shape[1], len(declared.class_names)
    if outputs == classes or (outputs == 1 and classes == 2):
        return outputs
    raise CheckpointError(
        f"{classes} class names are declared ({shortened(declared.class_names, ', ')}), but {name} "
        f"has {outputs} outputs. Name one class per output, in their order."
    )


def _run(network: nn.Module, pixels: Tensor, name: str, size: int) -> Tensor:
    """Return the network's output. Raises CheckpointError if it fails or returns no tensor."""
    try:
        with torch.no_grad():
            returned = network(pixels)
    except Exception as error:  # code of another package, or a size that a layer cannot have
        raise CheckpointError(
            f"{name} cannot compute images of {size} x {size} pixels: "
            f"{' '.join(str(error).split())[:200].rstrip('.')}. Give the --size for which it was "
            "trained."
        ) from error
    if not isinstance(returned, Tensor):
        raise CheckpointError(
            f"{name} returns a {type(returned).__name__}. It must return one tensor, the logits."
        )
    return returned


def _check_logits(classifier: Classifier) -> None:
    """Refuse outputs that are not logits of each image alone."""
    name = architectures.label_of(classifier.architecture)
    pixels = _probe(classifier)
    logits = _run(classifier.network, pixels, name, classifier.image_size)
    classes = len(classifier.class_names)
    if logits.shape != (2, classes):
        raise CheckpointError(
            f"{name} returns an array of shape {tuple(logits.shape)} for two images. It must "
            f"return logits of shape (2, {classes})."
        )
    if not torch.isfinite(logits).all():
        raise CheckpointError(
            f"{name} returns values that are not finite for random images. Check mean and std, and "
            "train it again if its weights are too large."
        )
    if bool((logits >= 0).all()) and bool((logits.sum(1) - 1).abs().max() < 1e-4):
        raise CheckpointError(
            f"{name} returns probabilities: its outputs sum to 1. Remove the softmax at its end, "
            "because scores before it are explained."
        )
    if bool((logits[0] == logits[1]).all()):
        raise CheckpointError(
            f"{name} returns the same logits for different images, as a network does whose last "
            "layer was never trained. Give the trained weights."
        )
    alone = _run(classifier.network, pixels[:1], name, classifier.image_size)
    if float((alone - logits[:1]).abs().max()) > SAME * (1 + float(logits.abs().max())):
        raise CheckpointError(
            f"{name} gives an image other logits alone than in a batch, so that its predictions "
            "would depend on chance. Switch off what mixes images, such as batch statistics."
        )


def _refuse_loss(classifier: Classifier, name: str) -> None:
    """Refuse a network whose stored weights do not give its logits again."""
    network = classifier.network
    again = network_of(name).float()
    state = {key: value.clone() for key, value in core_of(network).state_dict().items()}
    load_state(again, state, name, f"network that the factory {name!r} builds")
    again.eval()
    rebuilt = adapted(again, channels=classifier.channels, outputs=classifier.outputs)
    pixels = _probe(classifier)
    before = _run(network, pixels, name, classifier.image_size)
    after = _run(rebuilt, pixels, name, classifier.image_size)
    if float((before - after).abs().max()) > SAME * (1 + float(before.abs().max())):
        raise FactoryError(
            f"The factory {name!r} builds another network each time: with the same weights it "
            "returns other logits. Register numbers that it needs as buffers, so that they are "
            "stored with the weights."
        )
