"""The faults of `python -m benchmarks.mutants` are planted where they are said to be."""

import ast
import random

import pytest

from benchmarks.mutants.__main__ import AREAS, Mutant, _drawn, narrow
from benchmarks.mutants.operators import OPERATORS, mutations

SOURCE = """
def share(right: int, trials: int = 0, *, least=2) -> float:
    \'\'\'Return 1 of 2.\'\'\'
    if trials < least and right is not None:
        raise ValueError(f"{trials + 1} are too few")
    note("ü", right)
    return right / trials
"""


def changes(operator):
    return {(one.line, one.old, one.new) for one in mutations(SOURCE) if one.operator == operator}


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("boundary", {(4, "trials < least", "(trials <= least)")}),
        ("arithmetic", {(7, "right / trials", "(right * trials)")}),
        ("constant", {(2, "0", "1"), (2, "2", "3")}),
        ("removed call", {(6, 'note("ü", right)', "pass")}),
        ("swapped arguments", {(6, 'note("ü", right)', "note(right, 'ü')")}),
        ("return value", {(7, "return right / trials", "return None")}),
    ],
)
def test_an_operator_changes_what_computes_and_nothing_else(operator, expected):
    assert changes(operator) == expected


def test_each_mutation_is_a_module_that_differs_in_a_single_place():
    found = mutations(SOURCE)
    assert {one.operator for one in found} == set(OPERATORS)
    for one in found:
        changed = one.applied(SOURCE)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(SOURCE))
        before, after = SOURCE.encode()[: one.start], SOURCE.encode()[one.end :]
        assert changed.encode() == before + one.new.encode() + after


def test_the_draw_depends_on_the_seed_alone_and_takes_the_operators_in_turn():
    area = next(area for area in AREAS if area.name == "exclusions")
    first, again, other = (_drawn(area, 14, random.Random(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert len({one.mutation.operator for one in first}) >= 6


def test_a_mutant_meets_only_tests_that_execute_its_statement(tmp_path):
    (tmp_path / "module.py").write_text(SOURCE)
    file = str(tmp_path / "module.py")
    tests = {
        "slow": {"seconds": 3.0, "lines": {file: [4, 7]}},
        "quick": {"seconds": 0.1, "lines": {file: [4, 7]}},
        "refusal": {"seconds": 0.1, "lines": {file: [4, 5]}},
        "elsewhere": {"seconds": 0.1, "lines": {"other.py": [7]}},
    }
    last = next(one for one in mutations(SOURCE) if one.operator == "arithmetic")
    mutant = Mutant("area", "module.py", last)
    assert narrow(mutant, tests, tmp_path, 10) == ["quick", "slow"]
    assert narrow(mutant, tests, tmp_path, 1) == ["quick"]
