"""Maps of every image by every method, computed once and stored, so that a stopped run
can resume."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explanations.attribution import Attribution, Floats
from explanations.computing.chain import Chain
from explanations.engine import Engine, LayerMaps
from explanations.evaluation.cases import Case
from explanations.methods.protocol import Explainer, parameters_of
from explanations.store.atomic_files import write_atomically


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """Maps of one image by all methods."""

    maps: Mapping[str, Floats]
    """Map of each method, as float32 with shape (height, width)."""
    diagnostics: Mapping[str, Mapping[str, Any]]
    """Diagnostics of each method."""
    layers: Mapping[str, Floats]
    """Signed Grad-CAM map of every feature module, by its name, at its own resolution."""


class MapFolder:
    """Maps of a classifier by fixed methods, in a file per image that is named by the
    image's hash."""

    def __init__(
        self, root: Path, engine: Engine, explainers: Mapping[str, Explainer], seed: int
    ) -> None:
        self.engine = engine
        self.explainers = engine.explainers(explainers)
        self.seed = seed
        self.fingerprint = _fingerprint(engine, self.explainers, seed)
        self.folder = root / self.fingerprint[:16]

    def compute(self, cases: Sequence[Case]) -> Iterator[Case]:
        """Compute the missing maps, and yield each case as soon as its maps are on disk."""
        size = self.engine.batch_size
        for first in range(0, len(cases), size):
            some = cases[first : first + size]
            # Checked only now, because another process may have computed them meanwhile.
            missing = self.missing(some)
            if missing:
                for case, found in zip(missing, self._explained(missing), strict=True):
                    write_atomically(self._file(case), _packed(found))
            yield from some

    def missing(self, cases: Sequence[Case]) -> list[Case]:
        """List the cases whose maps are not on disk."""
        return [case for case in cases if not self._file(case).is_file()]

    def read(self, case: Case) -> ExplainedImage:
        """Read the maps of an image. Raises FileNotFoundError if they are not computed yet."""
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
        explanations = self.engine.explain(
            np.stack([case.image for case in cases]),
            [case.predicted for case in cases],
            self.explainers,
            seed=self.seed,
            # The layers' maps come from the pass that is needed anyway.
            layers=self._has_layers,
        )
        return [
            ExplainedImage(
                {key: explanations[key].relevance[index] for key in explanations},
                {key: explanations[key].diagnostics[index] for key in explanations},
                _layers_of(explanations.layers, index),
            )
            for index in range(len(cases))
        ]

    @property
    def _has_layers(self) -> bool:
        """Check whether the network is a chain, of whose modules each has a map."""
        return isinstance(self.engine.workspace.network, Chain)


class KnownMaps(MapFolder):
    """Maps that were computed before, such as the maps that the participants of a study saw."""

    def __init__(
        self,
        root: Path,
        engine: Engine,
        explainers: Mapping[str, Explainer],
        read: Callable[[Case], Mapping[str, Attribution]],
        identity: str,
    ) -> None:
        """Store what ``read`` returns for an image, every method's map.

        ``identity`` changes if one of the maps does, so that their numbers get a folder of their
        own.
        """
        super().__init__(root, engine, explainers, 0)
        self._read_known = read
        self.fingerprint = hashlib.sha256(f"{self.fingerprint} {identity}".encode()).hexdigest()
        self.folder = root / self.fingerprint[:16]

    def _explained(self, cases: Sequence[Case]) -> list[ExplainedImage]:
        return [self._known(case) for case in cases]

    def _known(self, case: Case) -> ExplainedImage:
        maps = self._read_known(case)
        layers = None
        if self._has_layers:
            layers = self.engine.explain(
                case.image[None], [case.predicted], ("gradcam",), layers=True
            ).layers
        return ExplainedImage(
            {key: found.relevance for key, found in maps.items()},
            {key: found.diagnostics for key, found in maps.items()},
            _layers_of(layers, 0),
        )


def _layers_of(layers: LayerMaps | None, index: int) -> dict[str, Floats]:
    """Return an image's map of each module by its name. Networks that are no chains have none."""
    if layers is None:
        return {}
    pairs = zip(layers.names, layers.gradcam, strict=True)
    return {name: maps[index] for name, maps in pairs}


def _packed(maps: ExplainedImage) -> bytes:
    buffer = io.BytesIO()
    arrays = {
        **{f"map:{key}": values for key, values in maps.maps.items()},
        **{f"layer:{name}": values for name, values in maps.layers.items()},
    }
    about = np.array(json.dumps(maps.diagnostics))
    np.savez_compressed(buffer, diagnostics=about, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _fingerprint(engine: Engine, explainers: Mapping[str, Explainer], seed: int) -> str:
    """Hash everything that determines the maps except the image. A change leads to a new folder."""
    background = engine.workspace.background
    text = json.dumps(
        {
            "weights": engine.workspace.classifier.sha256,
            "background": background.sha256 if background else "",
            "methods": {
                key: [type(explainer).__name__, parameters_of(explainer), explainer.version]
                for key, explainer in explainers.items()
            },
            "seed": seed,
        },
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()
