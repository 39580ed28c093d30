"""Where the numbers come from: files, hashes, versions, seeds."""

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

from analysis.plan.reading import plan_hash
from analysis.study_data.study_data import StudyData

LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "jinja2")


@dataclass(frozen=True)
class Provenance:
    """Data, plan and software behind a set of results; nothing here depends on when it is run."""

    study: str
    exported_at: str
    export_holds: str  # simulated participants in the export: none, only, included
    seed: int | None  # of allocation and order
    files: Mapping[str, str]  # sha256 by name, as read
    data_sha256: str  # over the names and hashes of the data files, the plan aside
    plan_sha256: str  # of what the plan says, however it is written (reading.plan_hash)
    registered_plan_sha256: str  # the same of the registered plan; empty where there is no other
    checked_against_manifest: bool
    study_file_sha256: str
    weights_sha256: str
    analysis_software: Mapping[str, str]
    export_software: Mapping[str, str]


def provenance(data: StudyData) -> Provenance:
    """The provenance of the data at hand; what the folder does not say is empty."""
    manifest = data.manifest
    seed = data.study.get("seed")
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
        _export_software(manifest),
    )


def software() -> dict[str, str]:
    """Versions of Python and of the libraries that compute."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def data_hash(hashes: Mapping[str, str]) -> str:
    """One hash of all data files: SHA-256 over lines of name and hash, sorted by name."""
    lines = [f"{name} {one}\n" for name, one in sorted(hashes.items()) if name != "plan.toml"]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _export_software(manifest: Mapping[str, object]) -> dict[str, str]:
    named = manifest.get("software", manifest.get("versions", {}))
    return {str(key): str(value) for key, value in named.items()} if isinstance(named, dict) else {}
