"""The five methods as captum, shap and lime compute them, one image at a time.

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
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from captum.attr import LayerGradCam
from captum.attr import Saliency as CaptumSaliency
from lime.lime_image import LimeImageExplainer
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain
from explanations.computing.preflight import steps_of
from explanations.computing.resizing import enlarged
from explanations.computing.workspace import Batch, Workspace
from explanations.imagesets.background import Background
from explanations.methods.baselines import baseline_pixels

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
    """Compute captum's LayerGradCam at the ReLU that our method reads, rectified, then enlarged."""
    network = copy.deepcopy(classifier.network)
    modules = [step.module for step in steps_of(network)]
    last = Chain.of(classifier).last_relu
    layer = explainer.layer if explainer.layer != -1 or last is None else last
    # captum needs an input with a gradient, because the weights are frozen.
    pixels = _pixels(classifier, image).requires_grad_()
    signed = LayerGradCam(network, modules[layer]).attribute(pixels, target=target).detach()
    return _map(enlarged(signed.relu(), image.shape[:2], explainer.upsampling)[0, 0])


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
    batch = Batch(Workspace(classifier, Chain.of(classifier)), image[None])
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
    shares = shap.DeepExplainer(network, reference).shap_values(pixels, check_additivity=False)
    by_channel: Map = np.asarray(shares, dtype=np.float64).reshape(3, *image.shape[:2])
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
    explanation = lime_explanation(explainer, classifier, image, target, seed)
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


class _TargetLogit(nn.Module):
    """Network of a single class's logit, (n, 1), because shap runs the network once per output."""

    def __init__(self, network: nn.Module, target: int) -> None:
        super().__init__()
        self.network = network
        self.target = target

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the logit."""
        logits: Tensor = self.network(pixels)
        return logits[:, self.target : self.target + 1]


def _pixels(classifier: Classifier, image: Image) -> Tensor:
    dtype = next(classifier.network.parameters()).dtype
    return classifier.normalise(image[None]).to(dtype)


def _map(values: Tensor) -> Map:
    array: Map = values.detach().double().cpu().numpy()
    return array
