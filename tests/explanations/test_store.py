import os
import subprocess
import sys

import numpy as np
import pytest

from explanations import files
from explanations.attribution import Attribution
from explanations.store import ArtefactError, ArtefactStore, ImageStore, artefact_key
from tests.conftest import ROOT

KEY = "ab" + "0" * 62
RECIPE = {
    "weights": "w", "image": "i", "target": 3, "method": "lime",
    "parameters": {"samples": 10}, "version": 1, "background": "b",
}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    return ArtefactStore(tmp_path / "artefacts")


@pytest.fixture
def attribution():
    generator = np.random.default_rng(0)
    return Attribution(
        relevance=generator.normal(size=(32, 32)).astype(np.float32),
        channels=generator.normal(size=(3, 32, 32)).astype(np.float32),
        native=generator.normal(size=(8, 8)).astype(np.float32),
        segments=generator.integers(0, 60, (32, 32)).astype(np.uint8),
        diagnostics={"r2": 0.5, "cells": [8, 8], "empty": False},
    )


def test_what_is_written_is_read_again_to_the_bit(store, attribution):
    sha256 = store.write(KEY, attribution)
    found = store.read(KEY, sha256)
    for name in ("relevance", "channels", "native", "segments"):
        assert np.array_equal(getattr(found, name), getattr(attribution, name))
        assert getattr(found, name).dtype == getattr(attribution, name).dtype
    assert found.diagnostics == attribution.diagnostics
    assert store.path(KEY).parent.name == "ab"


def test_a_map_alone_needs_nothing_else(store, attribution):
    store.write(KEY, Attribution(attribution.relevance))
    assert store.read(KEY).channels is None


def test_the_same_attribution_gives_the_same_bytes(store, attribution):
    assert store.write(KEY, attribution) == store.write(KEY, attribution)


@pytest.mark.parametrize("name", RECIPE)
def test_everything_that_decides_the_numbers_changes_the_key(name):
    other = {"target": 4, "version": 2, "parameters": {"samples": 11}}.get(name, "other")
    assert artefact_key(**RECIPE) != artefact_key(**RECIPE | {name: other})


def test_the_order_of_parameters_does_not_change_the_key():
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert artefact_key(**RECIPE | {"parameters": one}) == artefact_key(
        **RECIPE | {"parameters": other}
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-10], "its hash is not the one"),
        (lambda content: content[:2000] + b"?" + content[2001:], "its hash is not the one"),
        (lambda content: b"", "its hash is not the one"),
    ],
    ids=["truncated", "one byte changed", "emptied"],
)
def test_damage_is_noticed_by_the_hash(store, attribution, damage, message):
    sha256 = store.write(KEY, attribution)
    content = store.path(KEY).read_bytes()
    changed = damage(content)
    assert changed != content
    store.path(KEY).write_bytes(changed)
    with pytest.raises(ArtefactError, match=message):
        store.read(KEY, sha256)


@pytest.mark.parametrize("content", [b"", b"no artefact", b"\x02\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_file_that_is_no_artefact_is_refused_without_a_hash_too(store, content):
    store.path(KEY).parent.mkdir(parents=True)
    store.path(KEY).write_bytes(content)
    with pytest.raises(ArtefactError, match="it is no artefact"):
        store.read(KEY)


def test_an_artefact_under_another_name_is_refused(store, attribution):
    store.write(KEY, attribution)
    other = "ab" + "1" * 62
    store.path(KEY).rename(store.path(other))
    with pytest.raises(ArtefactError, match=f"it holds study-explanation-1 {KEY}"):
        store.read(other)


def test_a_missing_artefact_is_named_with_the_cure(store):
    with pytest.raises(ArtefactError, match=r"precompute_explanations again"):
        store.read(KEY)


def test_an_interrupted_write_leaves_nothing(store, attribution, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        store.write(KEY, attribution)
    assert not store.has(KEY)
    assert list(store.path(KEY).parent.iterdir()) == []


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from explanations import files
from explanations.attribution import Attribution
from explanations.store import ArtefactStore
if sys.argv[3] == "kill":
    files.os.replace = lambda *_: os._exit(9)
ArtefactStore(Path(sys.argv[1])).write(sys.argv[2], Attribution(np.ones((9, 9), np.float32)))
"""


@pytest.mark.parametrize(("when", "visible"), [("kill", False), ("never", True)])
def test_a_process_killed_before_the_rename_leaves_no_artefact(store, when, visible):
    """The second case is the control: without the kill the same script writes one."""
    result = subprocess.run(
        [sys.executable, "-c", KILLED, str(store.root), KEY, when],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert result.returncode == (0 if visible else 9)
    assert store.has(KEY) == visible


def test_an_image_is_read_again_to_the_pixel(tmp_path, scenes):
    store = ImageStore(tmp_path)
    sha256 = store.write(scenes[0])
    assert store.write(scenes[0]) == sha256
    assert np.array_equal(store.read(sha256), scenes[0])


def test_a_picture_that_was_exchanged_is_noticed(tmp_path, scenes):
    store = ImageStore(tmp_path)
    first, second = store.write(scenes[0]), store.write(scenes[1])
    store.path(first).write_bytes(store.path(second).read_bytes())
    with pytest.raises(ArtefactError, match="no longer holds the picture"):
        store.read(first)
    store.path(first).unlink()
    with pytest.raises(ArtefactError, match="Import the images again"):
        store.read(first)
