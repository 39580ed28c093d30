"""The bill of materials agrees with the lock file, and a release contains no data."""

import copy
import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy.release import audited, data_in, differences, locked
from tests.conftest import ROOT, missing
from tests.test_lock_files import locked as pins

LOCK = (ROOT / "requirements-web.lock").read_text()


@pytest.fixture(scope="module")
def bom() -> dict:
    """A bill of what the lock file names, in the form that cyclonedx-py writes."""
    return {
        "components": [
            {"name": name.replace("-", "_"), "version": version,
             "externalReferences": [{"type": "distribution", "hashes": [
                 {"alg": "SHA-256", "content": one} for one in sorted(hashes)]}]}
            for (name, version), hashes in locked(LOCK).items()
        ]
    }  # fmt: skip


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-web.lock"])
def test_every_package_of_a_lock_file_is_read_with_its_hashes(name):
    text = (ROOT / name).read_text()
    found = locked(text)
    assert dict(found.keys()) == pins(text)
    assert all(found.values())
    assert sum(map(len, found.values())) == text.count("--hash=sha256:")


def test_a_bill_with_every_package_version_and_hash_passes(bom):
    assert differences(bom, LOCK) == []


def changed(bom: dict, change) -> list[str]:
    other = copy.deepcopy(bom)
    change(other["components"])
    return differences(other, LOCK)


def test_a_package_a_version_or_a_hash_that_differs_is_named(bom):
    name = bom["components"][3]["name"].replace("_", "-")
    (lacking,) = changed(bom, lambda parts: parts.pop(3))
    assert lacking.startswith(name)
    assert lacking.endswith("is locked, but not listed.")
    assert len(changed(bom, lambda parts: parts[3].update(version="0.0.1"))) == 2
    extra = {"name": "added-by-hand", "version": "1"}
    assert changed(bom, lambda parts: parts.append(extra)) == [
        "added-by-hand 1 is listed, but not locked."
    ]
    (other,) = changed(bom, lambda parts: parts[3]["externalReferences"][0]["hashes"].pop())
    assert other.endswith("is listed with other hashes than it is locked with.")


def test_vulnerabilities_are_named_and_an_unreachable_database_is_said():
    sound = {"name": "a", "version": "1", "vulns": []}
    weak = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}
    unknown = {"name": "c", "skip_reason": "not found"}
    assert audited({"dependencies": [sound]}) == ([], "")
    assert audited({"dependencies": [sound, weak]})[0] == ["b 2: CVE-1, fixed in 2.1"]
    assert "cannot be reached" in audited({"dependencies": [unknown, unknown]})[1]
    assert audited({"dependencies": [sound, unknown]}) == (
        [],
        "1 packages could not be looked up: c.",
    )


def test_data_in_a_release_are_found():
    names = ["p-0.1/surveys/models/study.py", "p-0.1/studies/demo.toml", "surveys/data.py",
             "p-0.1/.env.example"]  # fmt: skip
    assert data_in(names) == []
    data = ["p-0.1/var/db.sqlite3", "weights/a.safetensors", "p-0.1/.env", "x/answers.parquet"]
    assert data_in([*names, *data]) == sorted(data)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["requirements.lock", "requirements-web.lock"])
def test_the_bill_that_is_really_made_agrees(name, tmp_path):
    command = Path(os.environ.get("STUDY_RELEASE_VENV", ROOT / ".venv-release")) / "bin"
    if not (command / "cyclonedx-py").exists():
        missing("There is no .venv-release. make nightly installs it.")
    output = tmp_path / "bom.cdx.json"
    subprocess.run(
        [command / "cyclonedx-py", "requirements", name, "--pyproject", "pyproject.toml",
         "--output-reproducible", "--of", "JSON", "--output-file", output],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    made = json.loads(output.read_text())
    assert made["metadata"]["component"]["name"] == "explanation-studies"
    assert differences(made, (ROOT / name).read_text()) == []
