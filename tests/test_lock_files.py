"""The lock files pin, with hashes, what requirements.txt names, and everything that it needs."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

ENTRY = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)(?: ;[^\\]*)? \\$", re.MULTILINE)
LOCKS = {"requirements.lock": False, "requirements-web.lock": True}
"""Whether the lock file leaves out what only computing needs."""


def wanted(web_only: bool) -> dict[str, str]:
    """The versions that requirements.txt pins."""
    left_out = [
        re.compile(line.replace("==", ""))
        for line in (ROOT / "requirements-compute.txt").read_text().split()
    ]
    found = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            if not (web_only and any(rule.match(requirement.name) for rule in left_out)):
                found[canonicalize_name(requirement.name)] = pin.version
    return found


def locked(text: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in ENTRY.findall(text)}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_agrees_with_requirements(name):
    """If it does not, run make lock."""
    pins = locked((ROOT / name).read_text())
    different = {package: pin for package, pin in wanted(LOCKS[name]).items()
                 if pins.get(package) != pin}  # fmt: skip
    assert different == {}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_hash_and_none_comes_from_elsewhere(name):
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.partition("\n\n")[0] + text)
    packages = [entry for entry in entries if ENTRY.search(entry)]
    assert len(packages) > 60
    for entry in packages:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]
    assert "://" not in text
    assert len(locked(text)) == len(re.findall(r"^[A-Za-z0-9]\S*==", text, re.MULTILINE))


def test_the_web_needs_no_torch():
    pins = locked((ROOT / "requirements-web.lock").read_text())
    assert not {name for name in pins if name.startswith(("torch", "nvidia", "triton", "dask"))}
    assert "torch" in locked((ROOT / "requirements.lock").read_text())


def test_a_pin_that_was_changed_alone_is_noticed():
    text = (ROOT / "requirements-web.lock").read_text().replace("django==", "django==0")
    assert wanted(True)["django"] != locked(text)["django"]
