import numpy as np
import pytest

from explanations.attribution import Attribution

MAP = np.ones((4, 5), dtype=np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"relevance": MAP[0]}, r"relevance must be float32 with 2 dimensions, got .*\(5,\)"),
        ({"relevance": MAP.astype(float)}, "relevance must be float32 .* got float64"),
        ({"relevance": MAP[:0]}, r"relevance must be .*\(0, 5\)"),
        ({"relevance": MAP * np.inf}, "relevance contains 20 values that are not finite"),
        (
            {"relevance": MAP, "channels": np.ones((3, 4, 4), np.float32)},
            r"channels must have the shape \(3, 4, 5\), got \(3, 4, 4\)",
        ),
        ({"relevance": MAP, "native": MAP * np.nan}, "native contains 20 values"),
        ({"relevance": MAP, "segments": MAP.astype(int)}, "segments must be uint8"),
        (
            {"relevance": MAP, "segments": np.ones((5, 4), np.uint8)},
            r"segments must have the shape \(4, 5\)",
        ),
        ({"relevance": MAP, "diagnostics": {"delta": float("nan")}}, "not JSON compliant"),
    ],
)
def test_a_wrong_array_is_refused_at_the_door(arguments, message):
    with pytest.raises(ValueError, match=message):
        Attribution(**arguments)


def test_a_map_of_zeros_is_empty_and_another_is_not():
    assert Attribution(MAP * 0).is_empty
    assert not Attribution(MAP).is_empty
