"""The five methods as captum, shap and lime compute them, one image at a time.

Nothing here is fast. The engine's numbers are compared with these in the tests, on request at run
time (``precompute_explanations --verify N``), and in ``benchmarks/explanations.py``.
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
    """A map (height, width) of one uint8 image by a library, for the parameters of ours."""

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
    """captum's LayerGradCam at the ReLU that ours reads, rectified, then enlarged."""
    network = copy.deepcopy(classifier.network)
    modules = [step.module for step in steps_of(network)]
    last = Chain.of(classifier).last_relu
    layer = explainer.layer if explainer.layer != -1 or last is None else last
    # captum wants the input to need a gradient, since the weights are frozen.
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
    """captum's Saliency; of the colour channels the largest."""
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
    """captum's IntegratedGradients by Gauss and Legendre, summed over the channels."""
    pixels = _pixels(classifier, image)
    batch = Batch(Workspace(classifier, Chain.of(classifier)), image[None])
    names = explainer.baseline.split("+")
    found = [
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
    return _map(torch.stack(found).mean(0)[0].sum(0))


def deepshap(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """shap's DeepExplainer on the target's logit, summed over the channels; in float64.

    In float32 shap itself is off by up to .7 % of the largest value, where a layer's input in the
    image and in a reference all but agree: see docs/explanations.md.
    """
    found: Map = deepshap_of_type(torch.float64, classifier, image, target, background).sum(0)
    return found


def deepshap_of_type(
    dtype: torch.dtype,
    classifier: Classifier,
    image: Image,
    target: int,
    background: Background | None,
) -> Map:
    """shap's shares of every channel, (3, height, width), computed in ``dtype``."""
    pixels = classifier.normalise(image[None]).to(dtype)
    reference = (
        torch.zeros_like(pixels)
        if background is None
        else classifier.normalise(background.images).to(dtype)
    )
    # A copy, because shap hangs hooks and attributes on every module of the network.
    network = _TargetLogit(copy.deepcopy(classifier.network).to(dtype), target)
    shares = shap.DeepExplainer(network, reference).shap_values(pixels, check_additivity=False)
    found: Map = np.asarray(shares, dtype=np.float64).reshape(3, *image.shape[:2])
    return found


def lime(
    explainer: Any,
    classifier: Classifier,
    image: Image,
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """lime's LimeImageExplainer on the same patches; each patch's coefficient on its pixels."""
    patches = explainer.patches_of(image)
    found = lime_explanation(explainer, classifier, image, target, seed)
    coefficients = np.zeros(int(patches.max()) + 1)
    for patch, coefficient in found.local_exp[target]:
        coefficients[patch] = coefficient
    painted: Map = coefficients[patches]
    return painted


def lime_explanation(
    explainer: Any, classifier: Any, image: Image, target: int, seed: int, batch_size: int = 256
) -> Any:
    """lime's own result object, with coefficients, intercept and R²."""
    patches = explainer.patches_of(image)
    # A new explainer per image: it keeps its random state from one call to the next.
    library = LimeImageExplainer(
        kernel_width=explainer.kernel_width, feature_selection="none", random_state=seed
    )
    # lime draws a progress bar for every image and cannot be told not to.
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
    """One class's logit, (n, 1): shap runs the whole network again for every output it sees."""

    def __init__(self, network: nn.Module, target: int) -> None:
        super().__init__()
        self.network = network
        self.target = target

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels)
        return logits[:, self.target : self.target + 1]


def _pixels(classifier: Classifier, image: Image) -> Tensor:
    dtype = next(classifier.network.parameters()).dtype
    return classifier.normalise(image[None]).to(dtype)


def _map(values: Tensor) -> Map:
    found: Map = values.detach().double().cpu().numpy()
    return found
