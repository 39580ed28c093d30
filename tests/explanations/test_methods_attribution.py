import numpy as np
import pytest

from explanations.attribution import Attribution

MAP = np.ones((4, 5), dtype=np.float32)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"relevance": MAP[0]}, r"relevance is float32 with shape \(5,\).*2 dimensions"),
        ({"relevance": MAP.astype(float)}, "relevance is float64 .* must be float32"),
        ({"relevance": MAP[:0]}, r"relevance is .*\(0, 5\).* not empty"),
        ({"relevance": MAP * np.inf}, "relevance must be finite, but 20 of its values are not"),
        (
            {"relevance": MAP, "channels": np.ones((3, 4, 4), np.float32)},
            r"channels has the shape \(3, 4, 4\), but must have \(3, 4, 5\)",
        ),
        ({"relevance": MAP, "native": MAP * np.nan}, "native must be finite, but 20"),
        ({"relevance": MAP, "segments": MAP.astype(int)}, "segments is int64, but must be uint8"),
        (
            {"relevance": MAP, "segments": np.ones((5, 4), np.uint8)},
            r"segments has the shape \(5, 4\), but must have \(4, 5\)",
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
