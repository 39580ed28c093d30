"""Every method's map of every image, computed once and kept: a stopped run goes on from there."""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explanations.attribution import Floats
from explanations.engine import Engine
from explanations.evaluation.cases import Case
from explanations.methods.protocol import Explainer, parameters_of
from explanations.store.atomic_files import write_atomically


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """What the methods say of one image."""

    maps: Mapping[str, Floats]
    """By method, float32 (height, width)."""
    diagnostics: Mapping[str, Mapping[str, Any]]
    """By method."""
    layers: Mapping[str, Floats]
    """The signed Grad-CAM map of every feature module by its name, at its own size."""


class MapFolder:
    """Maps of one classifier by fixed methods, a file per image, named by the image's hash."""

    def __init__(
        self, root: Path, engine: Engine, explainers: Mapping[str, Explainer], seed: int
    ) -> None:
        self.engine = engine
        self.explainers = engine.explainers(explainers)
        self.seed = seed
        self.fingerprint = _fingerprint(engine, self.explainers, seed)
        self.folder = root / self.fingerprint[:16]

    def compute(self, cases: Sequence[Case]) -> Iterator[Case]:
        """Computes what is missing, and yields each case as soon as its maps are on disk."""
        size = self.engine.batch_size
        for first in range(0, len(cases), size):
            some = cases[first : first + size]
            # Looked up as late as this: another process may have been faster.
            missing = [case for case in some if not self._file(case).is_file()]
            if missing:
                for case, found in zip(missing, self._explained(missing), strict=True):
                    write_atomically(self._file(case), _packed(found))
            yield from some

    def read(self, case: Case) -> ExplainedImage:
        """The maps of one image. Raises FileNotFoundError before they are computed."""
        with np.load(self._file(case), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        kinds: dict[str, dict[str, Floats]] = {"map": {}, "layer": {}}
        for name, values in arrays.items():
            kind, _, key = name.partition(":")
            if kind in kinds:
                kinds[kind][key] = values
        return ExplainedImage(kinds["map"], json.loads(str(arrays["diagnostics"])), kinds["layer"])

    def _file(self, case: Case) -> Path:
        return self.folder / f"{case.sha256}.npz"

    def _explained(self, cases: Sequence[Case]) -> list[ExplainedImage]:
        found = self.engine.explain(
            np.stack([case.image for case in cases]),
            [case.predicted for case in cases],
            self.explainers,
            seed=self.seed,
            layers=True,
        )
        layers = found.layers
        assert layers is not None  # noqa: S101 - asked for above
        return [
            ExplainedImage(
                {key: found[key].relevance[index] for key in found},
                {key: found[key].diagnostics[index] for key in found},
                {
                    name: maps[index]
                    for name, maps in zip(layers.names, layers.gradcam, strict=True)
                },
            )
            for index in range(len(cases))
        ]


def _packed(found: ExplainedImage) -> bytes:
    buffer = io.BytesIO()
    arrays = {
        **{f"map:{key}": values for key, values in found.maps.items()},
        **{f"layer:{name}": values for name, values in found.layers.items()},
    }
    about = np.array(json.dumps(found.diagnostics))
    np.savez_compressed(buffer, diagnostics=about, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _fingerprint(engine: Engine, explainers: Mapping[str, Explainer], seed: int) -> str:
    """Of all that decides the numbers except the image; a change makes a folder of its own."""
    background = engine.workspace.background
    text = json.dumps(
        {
            "weights": engine.workspace.classifier.sha256,
            "background": background.sha256 if background else "",
            "methods": {
                key: [type(one).__name__, parameters_of(one), one.version]
                for key, one in explainers.items()
            },
            "seed": seed,
        },
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()
