"""Accuracy of the shipped scenes classifier by the difficulty of the scenes.

Run from the repository: .venv/bin/python -m benchmarks.scene_difficulty
"""

import numpy as np

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.evaluation import evaluate
from explanations.imagesets.scenes import DEFAULT_SEED, generate

IMAGES = 500
DIFFICULTIES = (0.4, 0.5, 0.6, 0.7, 0.8)


def main() -> None:
    classifier = Classifier.load("weights/scenes.safetensors")
    for difficulty in DIFFICULTIES:
        scenes = list(generate("test", IMAGES, DEFAULT_SEED, difficulty))
        images = np.stack([scene.image for scene in scenes])
        labels = np.array([scene.class_index for scene in scenes], dtype=np.int64)
        print(f"difficulty {difficulty}: {evaluate(classifier, images, labels).accuracy:.1%} right")


if __name__ == "__main__":
    main()
