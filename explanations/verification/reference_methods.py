"""The methods as captum, shap and lime compute them, one image at a time.

These functions are slow. The engine's numbers are compared with them in the tests, on request at
run time (``precompute_explanations --verify N``), and in ``benchmarks/explanations.py``.
"""

import copy
from contextlib import redirect_stderr
from io import StringIO
from typing import Any, Protocol

import numpy as np
import shap
import torch
from captum.attr import LRP, LayerGradCam, NoiseTunnel
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import Occlusion as CaptumOcclusion
from captum.attr import Saliency as CaptumSaliency
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.classifier.adapters import core_of
from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain
from explanations.computing.grids import Grid
from explanations.computing.preflight import PreflightError, steps_of
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch, Workspace
from explanations.imagesets.background import Background
from explanations.methods.baselines import baseline_pixels
from explanations.methods.lrp import layers_of

Image = NDArray[np.uint8]
Map = NDArray[np.float64]


class ReferenceMethod(Protocol):
    """Function that computes a map (height, width) of a uint8 image with a library."""

    def __call__(
        self,
        explainer: Any,
        classifier: Classifier,
        image: Image,
        target: int,
        seed: int,
        background: Background | None,
    ) -> Map: ...


def gradcam(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's LayerGradCam at the layer that our method reads, rectified, then enlarged.

    captum takes the mean gradient over all axes behind the second one, so cells in another order,
    such as a transformer's tokens, are brought into the order of a convolution first.
    """
    prepared = Workspace.of(classifier).network
    chosen = explainer.layer
    layer = chosen if isinstance(prepared, Chain) and chosen != -1 else prepared.layer(chosen)
    name = prepared.names[int(layer)] if isinstance(prepared, Chain) else str(layer)
    network = copy.deepcopy(classifier.network)
    watched: nn.Module = nn.Identity()
    grid = None if isinstance(prepared, Chain) else prepared.grids[name]
    if grid is not None and (grid.tokens or grid.channels_last):
        core_of(network).get_submodule(name).register_forward_hook(_through(watched, grid))
    else:
        watched = core_of(network).get_submodule(name)
    # captum needs an input with a gradient, because the weights are frozen.
    pixels = _pixels(classifier, image).requires_grad_()
    signed = LayerGradCam(network, watched).attribute(pixels, target=target).detach()
    return _map(enlarged(signed.relu(), image.shape[:2], explainer.upsampling)[0, 0])


def _through(watched: nn.Module, grid: Grid) -> Any:
    """Return a hook that leads a layer's output through ``watched`` in a convolution's order."""

    def lead(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        maps: Tensor = watched(grid.maps(output))
        if grid.channels_last:
            return maps.movedim(1, 3)
        tokens = maps.flatten(2).transpose(1, 2)
        return torch.cat([output[:, : grid.class_tokens], tokens], dim=1)

    return lead


def saliency(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's Saliency, largest over the colour channels."""
    pixels = _pixels(classifier, image).requires_grad_()
    gradient = CaptumSaliency(classifier.network).attribute(pixels, target=target, abs=True)
    return _map(gradient[0].amax(0))


def integrated_gradients(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's IntegratedGradients with Gauss-Legendre nodes, summed over the channels."""
    pixels = _pixels(classifier, image)
    batch = Batch(Workspace.of(classifier), image[None])
    names = explainer.baseline.split("+")
    by_baseline = [
        CaptumIntegratedGradients(classifier.network).attribute(
            pixels,
            baselines=baseline_pixels(name, batch).to(pixels.dtype),
            target=target,
            n_steps=explainer.steps,
            method="gausslegendre",
            internal_batch_size=max(explainer.steps if image.shape[0] <= 64 else 1, 1),
        )
        for name in names
    ]
    return _map(torch.stack(by_baseline).mean(0)[0].sum(0))


def smoothgrad(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's NoiseTunnel over its Saliency, largest absolute value over the channels."""
    pixels = _pixels(classifier, image)
    deviation = explainer.noise * float(pixels.max() - pixels.min())
    pixels.requires_grad_()
    # captum draws from torch's global generator, whose state is restored behind it.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        mean = NoiseTunnel(CaptumSaliency(classifier.network)).attribute(
            pixels,
            nt_type="smoothgrad",
            nt_samples=explainer.samples,
            stdevs=deviation,
            target=target,
            abs=False,
        )
    return _map(mean[0].abs().amax(0))


def occlusion(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's Occlusion of the logit. All channels are covered together."""
    pixels = _pixels(classifier, image)
    window, step = explainer.pixels_of(image.shape[:2])
    covered = baseline_pixels(explainer.baseline, Batch(Workspace.of(classifier), image[None]))
    with torch.no_grad():
        falls = CaptumOcclusion(classifier.network).attribute(
            pixels,
            sliding_window_shapes=(pixels.shape[1], window, window),
            strides=(pixels.shape[1], step, step),
            baselines=covered.to(pixels.dtype),
            target=target,
        )
    return _map(falls[0, 0])


def gradient_shap(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute shap's GradientExplainer on the target's logit, summed over the channels."""
    pixels = _pixels(classifier, image)
    references = (
        torch.zeros_like(pixels)
        if background is None
        else classifier.normalise(background.images).to(pixels.dtype).contiguous()
    )
    network = _TargetLogit(copy.deepcopy(classifier.network), target)
    # shap seeds numpy's global generator, whose state is restored behind it.
    state = np.random.get_state()
    try:
        with torch.enable_grad():
            shares = shap.GradientExplainer(network, references).shap_values(
                pixels, nsamples=explainer.samples, rseed=seed
            )
    finally:
        np.random.set_state(state)
    by_channel = np.asarray(shares, dtype=np.float64).reshape(-1, *image.shape[:2])
    summed: Map = by_channel.sum(0)
    return summed


def lrp(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute captum's LRP in float64, with the same rule for each layer, summed over the channels.

    captum has no rule for a merged batch normalisation and for Flatten. The layers are therefore
    those of our method, whose rules are checked by an implementation of its own in the tests. Its
    gamma rule leaves biases as they are, while Montavon et al. count them among the inputs.
    """
    chain = Workspace.of(classifier).chain.in_double()
    modules = []
    for layer in layers_of(chain, explainer.gamma):
        module = copy.deepcopy(layer.module)
        if layer.rule == "gamma":
            module.rule = _GammaOfBiases(gamma=explainer.gamma)
            module.rule.STABILITY_FACTOR = explainer.epsilon
        elif layer.rule == "epsilon":
            module.rule = EpsilonRule(epsilon=explainer.epsilon)
        elif not isinstance(module, nn.ReLU | nn.Dropout):
            module.rule = EpsilonRule()
        modules.append(module)
    pixels = classifier.normalise(image[None]).double().requires_grad_()
    with torch.enable_grad():
        shares = LRP(nn.Sequential(*modules)).attribute(pixels, target=target)
    return _map(shares[0].sum(0))


def deepshap(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute shap's DeepExplainer on the target's logit, summed over the channels, in float64.

    In float32, shap itself is off by up to .7 % of the largest value if a layer's input in the
    image and in a reference agree almost exactly: see docs/explanations.md.
    """
    shares: Map = deepshap_of_type(torch.float64, classifier, image, target, background).sum(0)
    return shares


def deepshap_of_type(
    dtype: torch.dtype,
    classifier: Classifier,
    image: Image,
    target: int,
    background: Background | None,
) -> Map:
    """Compute shap's shares of every channel, (3, height, width), in ``dtype``."""
    pixels = classifier.normalise(image[None]).to(dtype)
    reference = (
        torch.zeros_like(pixels)
        if background is None
        else classifier.normalise(background.images).to(dtype)
    )
    # A copy, because shap attaches hooks and attributes to every module of the network.
    network = _TargetLogit(copy.deepcopy(classifier.network).to(dtype), target)
    for module in network.modules():
        if getattr(module, "inplace", False) is True:  # shap's hooks forbid it
            setattr(module, "inplace", False)  # noqa: B010 - not every module declares it
    shares = shap.DeepExplainer(network, reference).shap_values(pixels, check_additivity=False)
    by_channel: Map = np.asarray(shares, dtype=np.float64).reshape(-1, *image.shape[:2])
    return by_channel


def lime(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute lime's LimeImageExplainer on our patches. Each pixel gets its patch's coefficient."""
    patches = explainer.patches_of(image)
    plain = _is_chain(classifier) and _dtype(classifier) == torch.float32
    asked = classifier if plain else _AsTheEngine(classifier)
    explanation = lime_explanation(explainer, asked, image, target, seed)
    coefficients = np.zeros(int(patches.max()) + 1)
    for patch, coefficient in explanation.local_exp[target]:
        coefficients[patch] = coefficient
    painted: Map = coefficients[patches]
    return painted


def lime_explanation(
    explainer: Any, classifier: Any, image: Image, target: int, seed: int, batch_size: int = 256
) -> Any:
    """Return lime's own result object, with coefficients, intercept and R²."""
    patches = explainer.patches_of(image)
    # A new explainer per image, because it keeps its random state between calls.
    library = LimeImageExplainer(
        kernel_width=explainer.kernel_width, feature_selection="none", random_state=seed
    )
    # lime draws a progress bar for every image, which cannot be switched off.
    with redirect_stderr(StringIO()):
        return library.explain_instance(
            image,
            classifier.probabilities,
            labels=(target,),
            top_labels=None,
            num_features=int(patches.max()) + 1,
            num_samples=explainer.samples,
            batch_size=batch_size,
            segmentation_fn=lambda _: patches,
            random_seed=seed,
        )


class _GammaOfBiases(GammaRule):  # type: ignore[misc]
    """captum's gamma rule, for biases as well."""

    def _manipulate_weights(self, module: nn.Module, inputs: Any, outputs: Any) -> None:
        super()._manipulate_weights(module, inputs, outputs)
        if isinstance(module.bias, Tensor):
            module.bias.data = module.bias.data + self.gamma * module.bias.data.clamp(min=0)


class _TargetLogit(nn.Module):
    """Network of a single class's logit, (n, 1), because shap runs the network once per output."""

    def __init__(self, network: nn.Module, target: int) -> None:
        super().__init__()
        self.network = network
        self.target = target
        self.dtype = next(network.parameters()).dtype

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the logit."""
        # shap's GradientExplainer makes its samples in float32, whatever the network's type.
        logits: Tensor = self.network(pixels.to(self.dtype))
        return logits[:, self.target : self.target + 1]


class _AsTheEngine:
    """Probabilities in the network's type and in contiguous memory, as the engine computes networks
    of any kind."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute class probabilities, with shape (n, classes)."""
        with torch.no_grad():
            pixels = self.classifier.normalise(images).to(_dtype(self.classifier))
            logits = self.classifier.network(pixels.contiguous())
        chances: NDArray[np.float32] = logits.softmax(1).cpu().numpy()
        return chances


def _pixels(classifier: Classifier, image: Image) -> Tensor:
    pixels = classifier.normalise(image[None]).to(_dtype(classifier))
    # The chain computes in the layout of the images; view() in other networks needs another one.
    return pixels if _is_chain(classifier) else pixels.contiguous()


def _dtype(classifier: Classifier) -> torch.dtype:
    return next(classifier.network.parameters()).dtype


def _is_chain(classifier: Classifier) -> bool:
    try:
        steps_of(classifier.network)
    except PreflightError:
        return False
    return True


def _map(values: Tensor) -> Map:
    array: Map = values.detach().double().cpu().numpy()
    return array
