"""Values are checked strictly by the types of a class, and every problem is a sentence of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Le

from analysis.toml.document import read
from analysis.toml.problems import FileProblemsError
from analysis.toml.typed import read_as
from analysis.toml.value_types import Cell, CellOrCells, Number, OneOf, Share, Text, Words


@dataclass(frozen=True)
class Leaf:
    key: Text
    size: int = 3


@dataclass(frozen=True)
class Root:
    name: Words
    kind: Annotated[str, OneOf(("apple", "pear"))]
    count: Annotated[int, Ge(1), Le(20)]
    side: Literal["left", "right"] = "left"
    share: Share | None = None
    ready: bool = False
    leaves: tuple[Leaf, ...] = ()
    numbers: tuple[Number, ...] = ()
    where: Mapping[str, CellOrCells] = field(default_factory=dict)
    cells: Mapping[str, Cell] = field(default_factory=dict)
    leaf: Leaf | None = None


GOOD = 'name = " A name "\nkind = "pear"\ncount = 2\n'


def told(text: str) -> tuple[Root, list[str]]:
    """What is read from the text, and the sentences on it."""
    document = read(text, "The file", FileProblemsError)
    return read_as(Root, document.values, document.problems), document.sentences()


def test_a_whole_file_becomes_the_class():
    root, sentences = told(
        GOOD + "share = 1\nnumbers = [1, 2.5]\nleaf = { key = 'k' }\n"
        "[[leaves]]\nkey = 'l'\nsize = 4\n[where]\nx = 1\ny = ['a', 2]\n[cells]\nz = 'w'\n"
    )
    assert sentences == []
    assert root == Root(
        "A name",
        "pear",
        2,
        share=1.0,
        leaves=(Leaf("l", 4),),
        numbers=(1, 2.5),
        where={"x": (1,), "y": ("a", 2)},
        cells={"z": "w"},
        leaf=Leaf("k"),
    )
    assert type(root.numbers[0]) is int
    assert type(root.share) is float


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nmae = 1", "unknown key 'nmae': did you mean 'name'?"),
        ("ready = 1", "'ready' is 1. It must be true or false."),
        ("ready = 'true'", "'ready' is 'true'. It must be true or false."),
        ("share = '1'", "'share' is '1'. It must be a number."),
        ("share = true", "'share' is true. It must be a number."),
        ("share = 0", "'share' is 0. It must be above 0 and at most 1."),
        ("share = nan", "'share' is nan. It must be a finite number."),
        ("share = inf", "'share' is inf. It must be a finite number."),
        ("side = 'top'", "'side' is 'top'. Known: left, right."),
        ("side = 'rihgt'", "'side' is 'rihgt': did you mean 'right'?"),
        ("side = 3", "'side' is 3. It must be one of left, right."),
        ("numbers = 1", "'numbers' is 1. It must be a list in [ ], of numbers."),
        ("numbers = [1, true]", "'numbers' contains true. It must be a list of numbers."),
        ("leaf = 1", "'leaf' is 1. It must be a table."),
        ("leaf = {}", "'key' in [leaf] is missing. Add it, as text in quotes."),
        ("leaf = { key = '' }", "'key' in [leaf] is empty. Write it."),
        ("leaves = 1", "'leaves' is 1. It must be tables written [[leaves]]."),
        ("leaves = [1]", "'leaves' contains 1. It must be a list of tables written [[leaves]]."),
        (
            "leaves = [{ key = 'k', size = 1.5 }]",
            "'size' in [[leaves]] 'k' is 1.5. It must be a whole number.",
        ),
        ("leaves = [{ size = 1 }]", "'key' in [[leaves]] is missing. Add it, as text in quotes."),
        ("cells = { a = [] }", "'a' in [cells] is []. It must be text in quotes or a number."),
        ("cells = 2020-01-01", "'cells' is 2020-01-01. It must be a table of name = text in"),
        ("where = { a = true }", "'a' in [where] contains true. It must be a list of texts in"),
        ("numbers = [2020-01-01]", "'numbers' contains 2020-01-01. It must be a list of numbers."),
    ],
)
def test_each_fault_is_one_sentence_with_value_rule_and_cure(line, sentence):
    root, sentences = told(f"{GOOD}{line}\n")
    assert [one.removeprefix("line 4: ")[: len(sentence)] for one in sentences] == [sentence]
    assert (root.name, root.kind, root.count) == ("A name", "pear", 2)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("count = 2", "count = 0", "line 3: 'count' is 0. It must be from 1 to 20."),
        ("count = 2", "count = 2.0", "line 3: 'count' is 2.0. It must be a whole number."),
        ("count = 2", "count = true", "line 3: 'count' is true. It must be a whole number."),
        ("count = 2", "", "'count' is missing. Add it, as a whole number."),
        ('kind = "pear"', 'kind = "peer"', "line 2: 'kind' is 'peer': did you mean 'pear'?"),
        ('kind = "pear"', "", "'kind' is missing. Add it, as one of apple, pear."),
        ('" A name "', '" "', "line 1: 'name' is empty. Write it."),
    ],
)
def test_faults_of_keys_that_must_be_there(old, new, sentence):
    assert told(GOOD.replace(old, new))[1] == [sentence]


def test_what_is_faulty_is_replaced_and_the_rest_is_read():
    root, sentences = told(
        "name = 1\nkind = 2\ncount = 'x'\nshare = 7\nnumbers = ['a']\n"
        "[[leaves]]\nkey = 'a'\nsize = 'x'\n[[leaves]]\nsize = 9\n[where]\nb = true\nc = 1\n"
    )
    assert [one.split(":")[0] for one in sentences] == [
        f"line {number}" for number in (1, 2, 3, 4, 5, 8, 9, 12)
    ]
    assert root == Root("", "apple", 0, leaves=(Leaf("a"), Leaf("", 9)), where={"c": (1,)})


def test_a_long_value_is_cut_in_the_sentence():
    _, (sentence,) = told(f"{GOOD}ready = '{'x' * 10_000}'")
    assert len(sentence) < 150


def test_no_word_of_pydantic_reaches_a_reader():
    _, sentences = told(
        "name = []\nkind = {}\ncount = 1e400\nside = 1\nleaf = 2\nleaves = 3\nx = 1"
    )
    text = " ".join(sentences)
    for word in ("Input", "valid", "pydantic", "Field", "dataclass", "instance", "argument"):
        assert word not in text
