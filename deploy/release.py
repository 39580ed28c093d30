"""Checks of what `make release` has built, and of what `make security` was told.

python deploy/release.py sbom BOM.cdx.json LOCK     # every package, version and hash agrees
pip-audit ... --format json | python deploy/release.py audit
python deploy/release.py written FOLDER             # no data; prints sizes and hashes
"""

import hashlib
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+?)(?: ;[^\\]*)? \\$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
DATA = re.compile(
    r"(?:^|/)(?:var|data|backups)/|\.(?:safetensors|sqlite3|npy|npz|sav|dta|parquet|pyc)$|"
    r"(?:^|/)\.env$"
)
"""Names of weights, databases, tables of people and secrets, which no release contains."""
Packages = dict[tuple[str, str], frozenset[str]]


def locked(text: str) -> Packages:
    """Return the hashes of each package of a lock file, by name and version."""
    found: dict[tuple[str, str], set[str]] = {}
    package: set[str] = set()
    for line in text.splitlines():
        if entry := ENTRY.match(line):
            package = found.setdefault((_plain(entry[1]), entry[2]), set())
        package.update(HASH.findall(line))
    return {key: frozenset(hashes) for key, hashes in found.items()}


def listed(bom: Mapping[str, Any]) -> Packages:
    """Return the hashes of each package of a bill of materials, by name and version."""
    return {
        (_plain(component["name"]), component["version"]): frozenset(
            one["content"]
            for reference in component.get("externalReferences", [])
            for one in reference.get("hashes", [])
            if one["alg"] == "SHA-256"
        )
        for component in bom.get("components", [])
    }


def differences(bom: Mapping[str, Any], lock: str) -> list[str]:
    """Return a sentence for each package that the bill and the lock file do not have alike."""
    wanted, there = locked(lock), listed(bom)
    return [
        *(f"{' '.join(key)} is locked, but not listed." for key in sorted(wanted.keys() - there)),
        *(f"{' '.join(key)} is listed, but not locked." for key in sorted(there.keys() - wanted)),
        *(
            f"{' '.join(key)} is listed with other hashes than it is locked with."
            for key in sorted(wanted.keys() & there)
            if wanted[key] != there[key]
        ),
    ]


def audited(answer: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the known vulnerabilities that pip-audit names, and what it could not look up."""
    packages = answer["dependencies"]
    found = [
        f"{one['name']} {one['version']}: {weakness['id']}, fixed in "
        f"{', '.join(weakness['fix_versions']) or 'no version'}"
        for one in packages
        for weakness in one.get("vulns", [])
    ]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if not skipped:
        return found, ""
    if len(skipped) == len(packages):
        return found, (
            "Known vulnerabilities were not checked, because their database cannot be reached from "
            "here. Run make security where it can."
        )
    return found, f"{len(skipped)} packages could not be looked up: {', '.join(skipped)}."


def data_in(names: Iterable[str]) -> list[str]:
    """Return the names that a release must not contain."""
    return sorted(name for name in names if DATA.search(name))


def names_in(path: Path) -> list[str]:
    """Return the names of the files in an archive; none for another file."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path) as archive:
            return archive.getnames()
    return []


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sbom(bom: str, lock: str) -> list[str]:
    text = Path(lock).read_text(encoding="utf-8")
    found = differences(json.loads(Path(bom).read_text(encoding="utf-8")), text)
    if not found:
        print(f"{bom}: {len(locked(text))} packages, with the versions and hashes of {lock}.")
    return found


def _audit() -> list[str]:
    text = sys.stdin.read()
    try:
        found, unknown = audited(json.loads(text))
    except ValueError:
        return ["pip-audit has not answered, so known vulnerabilities were not checked."]
    print(unknown or "No package has a known vulnerability." if not found else "")
    return found


def _written(folder: str) -> list[str]:
    found = []
    for path in sorted(Path(folder).iterdir()):
        content = path.read_bytes()
        print(f"{hashlib.sha256(content).hexdigest()}  {len(content):>12,}  {path.name}")
        found += [f"{path.name} contains {name}." for name in data_in(names_in(path))]
    return found


if __name__ == "__main__":
    said = {"sbom": _sbom, "audit": _audit, "written": _written}[sys.argv[1]](*sys.argv[2:])
    sys.exit("\n".join(said) or 0)
