"""A TOML text is read past its mistakes, and each is a sentence with its line."""

import pytest

from analysis.toml import document
from analysis.toml.problems import FileProblemsError, Problems


def told(text: str) -> list[str]:
    """The sentences on a text, whether it could be read or not."""
    try:
        return document.read(text, "The file", FileProblemsError).sentences()
    except FileProblemsError as refused:
        return list(refused.problems)


def test_reading_goes_on_after_a_value_that_is_not_toml():
    read = document.read("a = word\nb = 2\nb = 3\nc = ", "The file", FileProblemsError)
    assert read.values == {"b": 2}
    assert [one.split(":")[0] for one in read.sentences()] == ["line 1", "line 3", "line 4"]
    assert read.problems.is_faulty(("a",))
    assert not read.problems.is_faulty(("b",))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100_000,
        ".".join(["a"] * 100_000) + " = 1",
        "\0",
        'a = "\\u0000"',
        'a = { b = ["\\u0000"] }',
        '"a\\u0000" = 1',
        'a = """\nnever closed',
        "a = [\n1,\n",
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_text_gets_one_sentence(text):
    (sentence,) = told(text)
    assert sentence.startswith("line ")
    assert len(sentence) < 300


def test_the_file_of_someone_who_pasted_a_nul_gets_one_sentence(shared_dir):
    assert told((shared_dir / "cases" / "studies" / "nul.toml").read_text(encoding="utf-8")) == [
        "line 5: 'title' contains the character NUL (\\u0000), which cannot be stored. Remove it."
    ]


def test_problems_are_told_in_the_order_of_the_file_whatever_found_them():
    problems = Problems()
    problems.add(("b",), "second")
    problems.add_on_line(1, "first")
    problems.add(("c", "d"), "third")
    problems.add(("c", "d"), "third")
    assert problems.sentences({("b",): 2, ("c",): 3}) == [
        "line 1: first",
        "line 2: second",
        "line 3: third",
    ]


def test_no_rule_is_judged_on_a_faulty_value():
    problems = Problems()
    problems.fault(("a", "b"), "not a number")
    problems.add(("a", "b"), "too large")
    problems.add(("a", "c"), "not above b", ("a", "b"))
    problems.add(("a", "d"), "empty")
    assert [one.sentence for one in problems] == ["not a number", "empty"]
    assert problems.faults_below(("a",)) == (("b",),)


def test_a_list_with_a_faulty_entry_is_faulty():
    problems = Problems()
    problems.fault(("a", 2), "not a text")
    assert problems.is_faulty(("a",))
    assert not problems.is_faulty(())
