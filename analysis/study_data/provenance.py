"""Provenance of the numbers: files, hashes, versions, seeds."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from analysis.plan.reading import plan_hash
from analysis.study_data.numerics import THREADS, processor
from analysis.study_data.study_data import StudyData

LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "jinja2")


@dataclass(frozen=True)
class Provenance:
    """Data, plan and software behind the results, independent of the time of the analysis."""

    study: str
    exported_at: str
    export_holds: str  # simulated participants in the export: none, only, included
    seed: int | None  # seed of allocation and order
    files: Mapping[str, str]  # SHA-256 by name, as read
    data_sha256: str  # over names and hashes of the data files, without the plan
    plan_sha256: str  # of the plan's content, independent of its notation (reading.plan_hash)
    registered_plan_sha256: str  # of the registered plan's content; empty if there is none
    checked_against_manifest: bool
    study_file_sha256: str
    weights_sha256: str
    analysis_software: Mapping[str, str]
    numerical_threads: int  # of the linear algebra (numerics)
    processor: str  # machine and kernels of its linear algebra; other kernels, other last digits
    export_software: Mapping[str, str]


def provenance(data: StudyData) -> Provenance:
    """Return the provenance of the data.

    Entries that the folder does not record are empty.
    """
    manifest = data.manifest
    seed = data.study.get("seed")
    # Missing entries become empty texts, so that results.json always has every key.
    return Provenance(
        str(manifest.get("study", data.study.get("slug", ""))),
        str(manifest.get("exported_at", "")),
        str(manifest.get("simulated", "")),
        seed if isinstance(seed, int) else None,
        dict(data.hashes),
        data_hash(data.hashes),
        data.plan_sha256,
        "" if data.registered is None else plan_hash(data.registered),
        bool(manifest.get("files")),
        str(manifest.get("study_file_sha256") or ""),
        str(manifest.get("weights_sha256") or ""),
        software(),
        THREADS,
        processor(),
        _export_software(manifest),
    )


def software() -> dict[str, str]:
    """Return the versions of Python and of the numerical libraries."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def data_hash(hashes: Mapping[str, str]) -> str:
    """Return a hash of all data files: SHA-256 over lines of name and hash, sorted by name."""
    lines = [f"{name} {value}\n" for name, value in sorted(hashes.items()) if name != "plan.toml"]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _export_software(manifest: Mapping[str, object]) -> dict[str, str]:
    named = manifest.get("software", manifest.get("versions", {}))
    return {str(key): str(value) for key, value in named.items()} if isinstance(named, dict) else {}
