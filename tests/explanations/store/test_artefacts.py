import errno
import os
import time
from dataclasses import replace

import numpy as np
import pytest

from explanations.attribution import Attribution
from explanations.store.artefacts import (
    Artefact,
    ArtefactError,
    ArtefactStore,
    ImageStore,
    StoreFullError,
    artefact_key,
)

KEY = "ab" + "0" * 62
RECIPE = {
    "weights": "w", "image": "i", "target": 3, "method": "lime",
    "parameters": {"samples": 10}, "version": 1, "background": "b",
}  # fmt: skip


def key_of(number: int) -> str:
    return f"{number:064x}"


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
    found = store.read(store.write(KEY, attribution))
    for name in ("relevance", "channels", "native", "segments"):
        assert np.array_equal(getattr(found, name), getattr(attribution, name))
        assert getattr(found, name).dtype == getattr(attribution, name).dtype
    assert found.diagnostics == attribution.diagnostics


def test_a_map_alone_needs_nothing_else(store, attribution):
    assert store.read(store.write(KEY, Attribution(attribution.relevance))).channels is None


def test_the_same_attribution_has_the_same_hash(store, attribution):
    one, other = store.write(KEY, attribution), store.write(KEY, attribution)
    assert one.sha256 == other.sha256
    assert one.offset != other.offset


def test_many_artefacts_lie_in_few_files(store, attribution, monkeypatch):
    monkeypatch.setattr("explanations.store.packs.LARGEST", 200_000)
    with store.writer() as writer:
        found = [writer.append([Artefact.of(key_of(n), attribution)])[0] for n in range(40)]
    assert {store.read(stored).diagnostics["r2"] for stored in found} == {0.5}
    files = list(store.root.iterdir())
    assert 2 <= len(files) <= 5
    assert {stored.pack for stored in found} == {file.name for file in files}


def test_two_writers_at_once_have_a_pack_each_and_the_next_goes_on_in_the_first(store, attribution):
    with store.writer() as one, store.writer() as other:
        first = one.append([Artefact.of(KEY, attribution)])[0]
        second = other.append([Artefact.of(KEY, attribution)])[0]
    assert first.pack != second.pack
    third = store.write(KEY, attribution)
    assert (third.pack, third.offset) == (first.pack, first.length)


def test_what_nobody_noted_the_place_of_is_found_by_its_key(store, attribution):
    stored = store.write(KEY, attribution)
    store.write(key_of(3), attribution)
    ((found, artefact),) = store.found({KEY})
    assert found == stored
    assert artefact.attribution.diagnostics == attribution.diagnostics


def test_a_writer_leaves_a_pack_with_an_unfinished_end_alone(store, attribution):
    whole = store.write(KEY, attribution)
    path = store.root / whole.pack
    path.write_bytes(path.read_bytes() + path.read_bytes()[:500])
    torn = path.read_bytes()
    other = store.write(key_of(1), attribution)
    assert other.pack != whole.pack
    assert path.read_bytes() == torn
    assert store.read(whole)
    assert [stored for stored, _ in store.found({KEY, key_of(1)})] == [whole, other]


@pytest.mark.parametrize("after", [0, 1, 100, 5000])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(store, attribution, monkeypatch, after):
    """The disk takes so many bytes of the second artefact, then no more."""
    kept = store.write(KEY, attribution)
    size = (store.root / kept.pack).stat().st_size
    original = os.pwrite

    def filling(handle, content, offset):
        room = size + after - offset
        if room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(handle, content[:room], offset)

    with monkeypatch.context() as patch:
        patch.setattr("explanations.store.packs.os.pwrite", filling)
        with pytest.raises(StoreFullError, match="Every finished map is kept"):
            store.write(key_of(1), attribution)
    assert (store.root / kept.pack).stat().st_size == size
    assert store.read(kept)
    again = store.write(key_of(1), attribution)
    assert (again.pack, again.offset) == (kept.pack, size)


def test_one_of_many_is_read_in_less_than_five_milliseconds(store, attribution):
    with store.writer() as writer:
        found = writer.append([Artefact.of(key_of(n), attribution) for n in range(500)])
    durations = []
    for number in np.random.default_rng(0).permutation(500)[:100]:
        started = time.perf_counter()
        assert store.read(found[number]).relevance.any()
        durations.append(time.perf_counter() - started)
    assert np.median(durations) < 0.005


@pytest.mark.parametrize("name", RECIPE)
def test_everything_that_decides_the_numbers_changes_the_key(name):
    other = {"target": 4, "version": 2, "parameters": {"samples": 11}}.get(name, "other")
    assert artefact_key(**RECIPE) != artefact_key(**RECIPE | {name: other})


def test_the_order_of_parameters_does_not_change_the_key():
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert artefact_key(**RECIPE | {"parameters": one}) == artefact_key(
        **RECIPE | {"parameters": other}
    )


def test_every_single_bit_that_turns_is_noticed(store):
    stored = store.write(KEY, Attribution(np.ones((2, 2), np.float32)))
    path = store.root / stored.pack
    content = path.read_bytes()
    assert len(content) == stored.length
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        assert not store.is_whole(stored)
        with pytest.raises(ArtefactError, match="precompute_explanations again"):
            store.read(stored)
    path.write_bytes(content)
    assert store.is_whole(stored)
    assert store.read(stored)


def test_another_ones_place_is_refused(store, attribution):
    one, other = store.write(KEY, attribution), store.write(key_of(1), attribution)
    swapped = replace(one, offset=other.offset, length=other.length)
    assert not store.is_whole(swapped)
    with pytest.raises(ArtefactError, match=f"contains {key_of(1)}"):
        store.read(swapped)
    with pytest.raises(ArtefactError, match="its hash differs"):
        store.read(replace(one, sha256=other.key))


def test_a_missing_artefact_is_named_with_the_cure(store, attribution):
    stored = store.write(KEY, attribution)
    for lost in (replace(stored, pack=""), replace(stored, pack="gone.pack")):
        with pytest.raises(ArtefactError, match=r"precompute_explanations again"):
            store.read(lost)


def test_an_image_is_read_again_to_the_pixel(tmp_path, scenes):
    store = ImageStore(tmp_path)
    sha256 = store.write(scenes[0])
    assert store.write(scenes[0]) == sha256
    assert np.array_equal(store.read(sha256), scenes[0])


def test_a_picture_that_was_exchanged_is_noticed(tmp_path, scenes):
    store = ImageStore(tmp_path)
    first, second = store.write(scenes[0]), store.write(scenes[1])
    store.path(first).write_bytes(store.path(second).read_bytes())
    with pytest.raises(ArtefactError, match="no longer contains the image"):
        store.read(first)
    store.path(first).unlink()
    with pytest.raises(ArtefactError, match="Import the images again"):
        store.read(first)
