"""Verdicts on printed numbers, at the edges of rounding."""

import pytest

from analysis.published.verdicts import PrintedError, Verdict, compare, read_printed, shown

CASES = [
    ("81.56", 81.555555, Verdict.EQUAL),
    ("81.56", 81.5549, Verdict.ROUNDING),  # off by one in the last digit
    ("39.4", 39.479, Verdict.ROUNDING),  # cut after the first decimal
    ("39.5", 39.479, Verdict.EQUAL),
    ("39.4", 39.52, Verdict.DIFFERS),
    ("39.4", 39.51, Verdict.DIFFERS),
    ("554.4", 554.5, Verdict.DIFFERS),
    ("0.5", 0.45, Verdict.EQUAL),  # half up
    ("0.4", 0.45, Verdict.EQUAL),  # half to even
    ("0.3", 0.1 + 0.2, Verdict.EQUAL),  # the noise of binary fractions is no slip
    ("2.675", 2.675, Verdict.EQUAL),
    (".017", 0.01708, Verdict.EQUAL),
    ("-1.5", -1.46, Verdict.EQUAL),
    ("-1.4", -1.46, Verdict.ROUNDING),
    ("1", 0.9957, Verdict.EQUAL),
    ("12", 12.0, Verdict.EQUAL),
    ("12", 13.0, Verdict.DIFFERS),
    ("< .001", 1.6e-12, Verdict.EQUAL),
    ("< .001", 0.0117, Verdict.DIFFERS),
    ("> 5.900", 5.917, Verdict.EQUAL),
    ("> 1.200", 0.976, Verdict.DIFFERS),
    (".000", 0.0, Verdict.EQUAL),
]


@pytest.mark.parametrize(("printed", "number", "verdict"), CASES)
def test_a_recomputed_number_gets_the_verdict_of_its_digits(printed, number, verdict):
    assert compare(read_printed(printed), number) is verdict


@pytest.mark.parametrize("text", ["", "about 3", "3 %", "1.2.3", "<", ".", "NaN", "1e5"])
def test_a_text_that_is_no_printed_number_is_refused_with_the_cure(text):
    with pytest.raises(PrintedError, match=r'as the paper prints it, such as "81\.56"'):
        read_printed(text)


def test_a_recomputed_number_is_shown_with_two_more_decimals_than_the_printed_one():
    assert shown(read_printed("81.56"), 81.5555555) == "81.5556"
    assert shown(read_printed("12"), 12.0) == "12.00"
    assert shown(read_printed("< .001"), 1.6322e-12) == "1.63e-12"
