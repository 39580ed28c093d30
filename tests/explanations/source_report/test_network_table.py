"""The printed network and the printed sizes do not fit each other."""

import pytest

from explanations.source_report import network_table, stated


def test_kinds_and_parameters_agree_in_all_rows_and_shapes_differ_before_the_flattening():
    rows = network_table.compared()
    assert len(rows) == 22
    assert all(row.same_otherwise for row in rows)
    assert [row.number for row in rows if not row.same_shape] == list(range(1, 16))
    # The difference is always a factor of two: the printed shapes are of 64 x 64 pixels.
    for row in rows[:15]:
        channels, height, width = row.actual.shape
        assert row.printed.shape == (channels, 2 * height, 2 * width)


def test_the_printed_sizes_are_of_64_pixels_and_the_network_has_others_at_32():
    printed = network_table.sizes_mb(stated.LAYERS, 64)
    assert {name: round(value, 2) for name, value in printed.items()} == stated.SIZES_MB
    actual = network_table.sizes_mb([row.actual for row in network_table.compared()], 32)
    assert [round(value, 2) for value in actual.values()] == [0.01, 3.77, 24.42, 28.19]


def test_the_printed_network_refuses_an_image_of_64_pixels_at_its_flattening():
    assert network_table.features(64) == 16_384
    assert "16384" in network_table.refusal(64)
    assert "4096" in network_table.refusal(64)
    # The control: CIFAR-10's own size is accepted.
    assert network_table.refusal(32) == ""


def test_six_of_the_fifteen_modules_are_convolutions():
    features = [layer for layer in stated.LAYERS if len(layer.shape) == 3]
    assert len(features) == 15
    assert sum(layer.name == "Conv2d" for layer in features) == 6
    assert sum(layer.parameters for layer in stated.LAYERS) == pytest.approx(6_400_586)
