"""Causes of the figures in docs/evaluation.md, tested by measuring modified maps.

    python -m benchmarks.evaluation_causes --data cifar10 --data-dir DIR
    python -m benchmarks.evaluation_causes --data scenes

The images are the first ones in the evaluation's order, the maps are in fast arithmetic. There are
three tables: faithfulness of Integrated Gradients by baseline and sign, and of smoothed or
scattered maps; on scenes, the pixel AUC of signed and of absolute values; LIME's max-sensitivity
with its random draws fixed.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from tqdm import tqdm

from explanations import catalogue
from explanations.attribution import Floats
from explanations.classifier.checkpoint import Classifier
from explanations.engine import Engine
from explanations.evaluation.cases import Case, read_cases, training_images
from explanations.evaluation.controls import edge_map, random_map
from explanations.evaluation.limits.baselines import BASELINES
from explanations.evaluation.maps import ExplainedImage
from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.measures.perturbation import deletion, insertion
from explanations.evaluation.measures.road import road
from explanations.evaluation.measures.robustness import neighbours, relative_change
from explanations.evaluation.reporting import number
from explanations.evaluation.statistics import mean_of
from explanations.evaluation.subject import Setting, Subject
from explanations.imagesets.background import Background
from explanations.imagesets.catalogue import open_image_set
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime, Patches

SMOOTH = 2.0
"""Standard deviation of the Gaussian in pixels."""
MEASURES = {
    "deletion, blur ↓": lambda subject: deletion(subject, "blurred"),
    "deletion, mean ↓": lambda subject: deletion(subject, "mean"),
    "insertion, blur ↑": lambda subject: insertion(subject, "blurred"),
    "insertion, mean ↑": lambda subject: insertion(subject, "mean"),
    "ROAD ↑": road,
}
Values = dict[str, dict[str, list[float]]]
"""Numbers per image, by row and column."""


@dataclass(frozen=True, eq=False)
class Variants(Subject):
    """An image with arbitrary maps."""

    drawn: Mapping[str, Floats] = field(default_factory=dict)

    @cached_property
    def maps(self) -> dict[str, Floats]:
        """Return the given maps."""
        return dict(self.drawn)


@dataclass(frozen=True)
class Steady(Lime):
    """LIME with the same draws for every image, and on given patches if there are any."""

    given: Patches | None = None

    def keeps(self, patches: int, seed: int) -> NDArray[np.bool_]:
        """Draw with a fixed seed."""
        return super().keeps(patches, 1)

    def patches_of(self, image: NDArray[np.uint8]) -> Patches:
        """Return the given patches, or the image's own."""
        return super().patches_of(image) if self.given is None else self.given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("cifar10", "scenes"), default="scenes")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--few", type=int, default=16, help="images for the table of LIME")
    options = parser.parse_args()
    classifier = Classifier.load(f"weights/{options.data}.safetensors")
    source = open_image_set(options.data, options.data_dir, size=classifier.image_size)
    background = Background(training_images(source, 100))
    explainers = {key: catalogue.get(key).explainer() for key in ("deepshap", "lime")}
    setting = Setting(Engine(classifier, background, "fast"), explainers)
    cases = read_cases(source, classifier, "test", options.images)
    faithful: Values = {}
    located: Values = {}
    for case in tqdm(cases, unit="image"):
        subject = Variants(setting, case, ExplainedImage({}, {}, {}), variants(setting, case))
        for name, measure in MEASURES.items():
            _note(faithful, name, measure(subject))
        if case.has_object:
            for kind, change in (("signed values", np.asarray), ("sizes", np.abs)):
                areas = {
                    key: area_under_roc(change(map_), case.mask)
                    for key, map_ in subject.maps.items()
                }
                _note(located, f"pixel AUC of {kind} ↑", areas)
    print_table("Faithfulness", faithful)
    print_table("Localisation", located)
    moved: Values = {}
    for case in tqdm(cases[: options.few], unit="image"):
        _note(moved, "max-sensitivity ↓", lime_moves(setting, case))
    print_table("LIME", moved)


def variants(setting: Setting, case: Case) -> dict[str, Floats]:
    """Return modified maps by name, as float32 with shape (height, width)."""
    by_baseline = {
        f"Integrated Gradients, {name}": setting.explained_by(
            IntegratedGradients(baseline=name), "integrated_gradients", case.image, case.predicted
        ).relevance
        for name in BASELINES
    }
    black = by_baseline["Integrated Gradients, black"]
    shap = setting.explained("deepshap", case.image, case.predicted)
    chance = random_map(case.image, case.seed("causes"))
    edges = edge_map(case.image, 0)
    # Scattering keeps the values and destroys only their arrangement.
    scattered = np.random.default_rng(case.seed("scattered")).permutation(edges.ravel())
    return {
        **by_baseline,
        "Integrated Gradients, black, signs changed": -black,
        "Integrated Gradients, black, sizes": np.abs(black),
        "Integrated Gradients, black, smoothed": ndimage.gaussian_filter(black, SMOOTH),
        "SHAP": shap,
        "SHAP, smoothed": ndimage.gaussian_filter(shap, SMOOTH),
        "random": chance,
        "random, smoothed": ndimage.gaussian_filter(chance, SMOOTH),
        "edges": edges,
        "edges, scattered": scattered.reshape(edges.shape),
        "edges, smoothed": ndimage.gaussian_filter(edges, SMOOTH),
    }


def lime_moves(setting: Setting, case: Case) -> dict[str, float]:
    """Compute the largest relative change among three neighbours, with less and less randomness."""
    ways = {
        "LIME": Lime(),
        "fixed draws": Steady(),
        "fixed draws on fixed patches": Steady(given=Lime().patches_of(case.image)),
    }
    near = neighbours(case.image, case.seed("neighbours", 0))
    changes = {}
    for name, explainer in ways.items():
        original, *others = (
            setting.explained_by(explainer, "lime", image, case.predicted).relevance
            for image in (case.image, *near)
        )
        changes[name] = max(relative_change(original, other) for other in others)
    return changes


def print_table(label: str, values: Values) -> None:
    """Print means with bootstrap intervals."""
    if not values:
        return
    names = list(next(iter(values.values())))
    print(f"\n### {label}\n\n| map | " + " | ".join(values) + " |")
    print("|---" * (len(values) + 1) + "|")
    for name in names:
        means = [mean_of(column[name]) for column in values.values()]
        cells = [f"{number(m.mean)} [{number(m.low)}, {number(m.high)}]" for m in means]
        print(f"| {name} | " + " | ".join(cells) + " |")


def _note(values: Values, column: str, new_values: Mapping[str, float]) -> None:
    for name, value in new_values.items():
        values.setdefault(column, {}).setdefault(name, []).append(value)


if __name__ == "__main__":
    main()
