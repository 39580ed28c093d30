"""Training of a network, in which an interrupted and resumed run ends with the same weights."""

import contextlib
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from tqdm import tqdm

from explanations.classifier import architectures
from explanations.classifier.architectures import Architecture
from explanations.classifier.batches import (
    LabelledTensors,
    shuffled_batches,
    split_validation,
)
from explanations.classifier.checkpoint import CheckpointError, Classifier, normalise
from explanations.classifier.header import VGG13_KEY
from explanations.classifier.network import (
    VGG13,
    fold_batch_norm,
    he_initialise,
    with_batch_norm,
)
from explanations.classifier.recipes import Recipe
from explanations.classifier.starting import Start, begin
from explanations.classifier.training_state import TrainingState

WARM_UP_SHARE = 0.15


@dataclass(frozen=True)
class EpochRecord:
    """A point of the learning curve, with the mean loss in nats and the accuracy in 0..1."""

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class TrainingRun:
    """A trained classifier, its learning curve, and the parts of the data that it used.

    ``seconds`` includes every session of an interrupted run.
    """

    classifier: Classifier
    history: tuple[EpochRecord, ...]
    train: LabelledTensors
    validation: LabelledTensors
    seconds: float


def train(
    *,
    data: LabelledTensors,
    class_names: tuple[str, ...],
    recipe: Recipe,
    seed: int,
    device: str,
    state_file: Path,
    data_hash: str,
    architecture: str = VGG13_KEY,
    start: Start | None = None,
) -> TrainingRun:
    """Train with ``recipe``, and store the state in ``state_file`` after every epoch.

    The size of the input is that of the images. Training begins with the weights of ``start``, or
    with random weights. An existing ``state_file`` with the same recipe, seed, data, network and
    start is continued; a state of another run raises CheckpointError, as do weights that do not fit
    and a size that the network cannot have. The caller deletes the file once the weights are
    stored.
    """
    size = int(data.images.shape[-1])
    kind = architectures.get(architecture)
    train_part, validation_part = split_validation(data, recipe.validation_share, seed)
    mean, std = (figure.to(device) for figure in _statistics(train_part, start))
    network = _fresh_network(kind, len(class_names), size, recipe, seed)
    loaded = begin(network, start, kind, size) if start else set()
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = _optimiser(network, recipe, loaded)
    identity = {**asdict(recipe), "seed": seed, "data": data_hash, "architecture": architecture}
    identity["start"] = start.sha256 if start else ""
    state = TrainingState(state_file, identity)
    history = [EpochRecord(**record) for record in state.restore(network, optimiser)]
    started = time.monotonic() - state.seconds
    classifier = Classifier(
        network, mean, std, class_names, image_size=size, architecture=architecture
    )
    batches = -(-len(train_part) // recipe.batch_size)
    with tqdm(
        total=recipe.epochs * batches, initial=len(history) * batches, unit="batch"
    ) as progress:
        for epoch in range(len(history), recipe.epochs):
            # Dropout draws from the global generator. A seed per epoch keeps resumed runs the same.
            torch.manual_seed(seed * 10_007 + epoch)
            loss, accuracy = _run_epoch(
                classifier, train_part, recipe, optimiser, seed, epoch, progress
            )
            validation_loss, validation_accuracy = quick_evaluation(classifier, validation_part)
            history.append(
                EpochRecord(epoch + 1, loss, accuracy, validation_loss, validation_accuracy)
            )
            records = [asdict(record) for record in history]
            state.store(network, optimiser, records, time.monotonic() - started)
            progress.write(
                f"epoch {epoch + 1:3d}/{recipe.epochs}  train loss {loss:.3f} "
                f"accuracy {accuracy:.3f}  validation loss {validation_loss:.3f} "
                f"accuracy {validation_accuracy:.3f}"
            )
    if recipe.batch_norm and isinstance(network, VGG13):
        fold_batch_norm(network)
    network.eval().requires_grad_(False)
    seconds = time.monotonic() - started
    return TrainingRun(classifier, tuple(history), train_part, validation_part, seconds)


def learning_rate_at(recipe: Recipe, step: int, steps: int) -> float:
    """Return the learning rate at ``step`` of ``steps``: constant, or a one-cycle schedule.

    The cycle follows Smith and Topin (2019): linear warm-up, then a cosine down to zero.
    """
    if not recipe.one_cycle:
        return recipe.learning_rate
    warm_up = WARM_UP_SHARE * steps
    if step < warm_up:
        return recipe.learning_rate * (step + 1) / (warm_up + 1)
    share = (step - warm_up) / max(steps - warm_up, 1)
    return recipe.learning_rate * 0.5 * (1 + float(torch.cos(torch.tensor(share * torch.pi))))


def for_architecture(recipe: Recipe, architecture: str) -> Recipe:
    """Return the recipe without the settings that only the project's VGG13 has."""
    if architecture == VGG13_KEY:
        return recipe
    return replace(recipe, batch_norm=False, dropout=None)


def _statistics(data: LabelledTensors, start: Start | None) -> tuple[Tensor, Tensor]:
    """Return the mean and standard deviation with which the start was trained, or the data's."""
    if start is None or start.mean is None or start.std is None:
        return data.channel_statistics()
    return torch.tensor(start.mean), torch.tensor(start.std)


def _fresh_network(
    kind: Architecture, classes: int, size: int, recipe: Recipe, seed: int
) -> nn.Module:
    torch.manual_seed(seed)
    try:
        network = kind.build(classes, size)
    except ValueError as error:
        raise CheckpointError(str(error)) from error
    if isinstance(network, VGG13):
        for module in network.modules():
            if isinstance(module, nn.Dropout) and recipe.dropout is not None:
                module.p = recipe.dropout
        if recipe.batch_norm:
            he_initialise(network)
            with_batch_norm(network)
    return network


def _optimiser(
    network: nn.Module, recipe: Recipe, loaded: Collection[str] = ()
) -> torch.optim.Optimizer:
    """Return the optimiser, in which layers that start from trained weights learn more slowly."""
    parts: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        share = recipe.started_rate if name in loaded else 1.0
        parts.setdefault(share, []).append(parameter)
    groups = [{"params": params, "share": share} for share, params in parts.items()]
    kind = torch.optim.AdamW if recipe.decoupled_decay else torch.optim.Adam
    return kind(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)


def _run_epoch(
    classifier: Classifier,
    data: LabelledTensors,
    recipe: Recipe,
    optimiser: torch.optim.Optimizer,
    seed: int,
    epoch: int,
    progress: "tqdm[None]",
) -> tuple[float, float]:
    """Train for one epoch, and return mean loss and accuracy while the weights change."""
    network, device = classifier.network.train(), classifier.device
    batches = -(-len(data) // recipe.batch_size)
    # Sums stay on the device, because reading a number from a GPU waits for it.
    loss_sum = torch.zeros((), device=device)
    correct = torch.zeros((), device=device)
    normalises = any(isinstance(module, _BatchNorm) for module in network.modules())
    order = shuffled_batches(
        data, recipe.batch_size, seed, epoch, recipe.augment, join_single=normalises
    )
    for number, (pixels, labels) in enumerate(order):
        rate = learning_rate_at(recipe, epoch * batches + number, recipe.epochs * batches)
        for group in optimiser.param_groups:
            group["lr"] = rate * group["share"]
        inputs = normalise(pixels.to(device), classifier.mean, classifier.std)
        targets = labels.to(device)
        with mixed_precision(device):
            logits = network(inputs.contiguous(memory_format=torch.channels_last))
        loss = functional.cross_entropy(logits.float(), targets)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        loss_sum += loss.detach() * len(targets)
        correct += (logits.argmax(1) == targets).sum()
        progress.update()
        if number % 20 == 0:
            progress.set_postfix(epoch=epoch + 1, loss=f"{float(loss.detach()):.3f}", refresh=False)
    return float(loss_sum) / len(data), float(correct) / len(data)


def quick_evaluation(classifier: Classifier, data: LabelledTensors) -> tuple[float, float]:
    """Compute mean loss and accuracy in mixed precision, for the learning curve but not for the
    card."""
    network = classifier.network.eval()
    loss_sum, correct = 0.0, 0
    with torch.no_grad():
        # As many pixels as 500 images of 32 pixels, so that memory is bounded at any size.
        at_once = max(1, 500 * 32 * 32 // classifier.image_size**2)
        for start in range(0, len(data), at_once):
            pixels = data.images[start : start + at_once].to(classifier.device)
            labels = data.labels[start : start + at_once].to(classifier.device)
            with mixed_precision(classifier.device):
                logits = network(normalise(pixels, classifier.mean, classifier.std)).float()
            loss_sum += float(functional.cross_entropy(logits, labels, reduction="sum"))
            correct += int((logits.argmax(1) == labels).sum())
    return loss_sum / max(len(data), 1), correct / max(len(data), 1)


@contextlib.contextmanager
def mixed_precision(device: torch.device) -> Iterator[None]:
    """Use bfloat16 where the hardware multiplies it fast. The weights stay in float32."""
    fast = device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=fast):
        yield
