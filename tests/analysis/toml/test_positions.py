"""Every key and every entry has the line on which it is written."""

import tomllib

import pytest

from analysis.toml.positions import MOST_LEVELS, TooDeepError, line_numbers, line_of
from tests.conftest import ROOT

EVERY_WAY = """\
# a = 0
plain = 1
"quoted key" = 2
'raw.key' = 3
"esc\\u0061ped" = 4
dotted.inner = 5
long = \"\"\"
not_a_key = 1
[not_a_table]
\"\"\"
raw = '''
not_a_key = 1'''
many = [
    1, # [ not a bracket
    [2, 3],
    { deep = 4, text = "},]" },
]
inline = { a = 1, b.c = { d = 2 }, "e f" = [5] }

[table]
x = 1.5
[table.sub]
y = 1979-05-27T07:32:00Z
[[list]]
z = 1
[[list]]
[list.inner]
[[list.more]]
w = 1
[[list.more]]
w = [[1], [2]]
[a."b.c".d]
v = true
"""
LINES = {
    ("plain",): 2,
    ("quoted key",): 3,
    ("raw.key",): 4,
    ("escaped",): 5,
    ("dotted",): 6,
    ("dotted", "inner"): 6,
    ("long",): 7,
    ("raw",): 11,
    ("many",): 13,
    ("many", 0): 14,
    ("many", 1): 15,
    ("many", 1, 1): 15,
    ("many", 2): 16,
    ("many", 2, "deep"): 16,
    ("many", 2, "text"): 16,
    ("inline", "b", "c", "d"): 18,
    ("inline", "e f", 0): 18,
    ("table",): 20,
    ("table", "x"): 21,
    ("table", "sub"): 22,
    ("table", "sub", "y"): 23,
    ("list",): 24,
    ("list", 0, "z"): 25,
    ("list", 1): 26,
    ("list", 1, "inner"): 27,
    ("list", 1, "more", 0, "w"): 29,
    ("list", 1, "more", 1): 30,
    ("list", 1, "more", 1, "w", 1, 0): 31,
    ("a",): 32,
    ("a", "b.c", "d", "v"): 33,
}


def paths(value, path=()):
    """Every path to a key or an entry of the values."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in entries:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, key))


@pytest.mark.parametrize("path", LINES, ids=str)
def test_every_way_to_write_a_key_has_its_line(path):
    assert line_numbers(EVERY_WAY)[path] == LINES[path]


def test_there_are_lines_of_exactly_what_the_file_contains():
    assert set(line_numbers(EVERY_WAY)) == set(paths(tomllib.loads(EVERY_WAY)))


@pytest.mark.parametrize("path", sorted(ROOT.glob("s*/**/*.toml")), ids=lambda path: path.stem)
def test_every_key_of_every_shipped_file_has_a_line(path):
    text = path.read_text(encoding="utf-8")
    lines, written = line_numbers(text), text.split("\n")
    assert set(lines) == set(paths(tomllib.loads(text)))
    for place, line in lines.items():
        if isinstance(place[-1], str):
            assert place[-1] in written[line - 1]


def test_the_line_of_a_missing_key_is_that_of_its_table():
    lines = line_numbers("[a]\nb = 1\n")
    assert line_of(lines, ("a", "c", 0)) == 1
    assert line_of(lines, ("x",)) is None


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\na = " + "[" * 100_000,
        "x = 1\na = " + "{a=" * 100_000,
        "x = 1\n" + ".".join(["a"] * 100_000) + " = 1",
        "x = 1\n[" + ".".join(["a"] * 100_000) + "]",
    ],
    ids=["lists", "inline tables", "dotted key", "header"],
)
def test_what_is_nested_too_deep_is_refused_before_anything_recurses(text):
    with pytest.raises(TooDeepError) as refused:
        line_numbers(text)
    assert refused.value.line == 2


def test_what_is_nested_as_deep_as_possible_is_read():
    text = "a = " + "[" * (MOST_LEVELS - 2) + "1" + "]" * (MOST_LEVELS - 2)
    assert max(map(len, line_numbers(text))) == MOST_LEVELS - 1


@pytest.mark.parametrize(
    "text", ["=", "a = [", "[[", "}", "a = 'x\nb = 1", '"""', "a = b = c", ","]
)
def test_broken_text_does_not_break_the_scanner(text):
    assert isinstance(line_numbers(text), dict)
