"""Plugin for pytest that records which tests execute which lines of the files to mutate.

The variable MUTANTS_FILES names a JSON list of files, and MUTANTS_REACHED the file to write: by
test, its processor time and its lines by file. Lines that a fixture of a whole module or session
executes count for each test that uses the fixture.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

FILES = frozenset(json.loads(os.environ["MUTANTS_FILES"]))
REACHED: dict[str, dict[str, set[int]]] = {}
SECONDS: dict[str, float] = {}
PASSED: set[str] = set()
SHARED: dict[str, set[str]] = {}
"""The names of the fixtures that each test uses, as keys of REACHED."""
_now = ""


def _call(frame: FrameType, event: str, argument: Any) -> Any:
    """Follow only functions of the files to mutate: tracing every line would take minutes."""
    return _line if frame.f_code.co_filename in FILES else None


def _line(frame: FrameType, event: str, argument: Any) -> Any:
    lines = REACHED.setdefault(_now, {}).setdefault(frame.f_code.co_filename, set())
    lines.add(frame.f_lineno)
    return _line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Record the lines and the processor time of a test, with its fixtures."""
    global _now
    _now, began = item.nodeid, time.process_time()
    by_name = getattr(item, "_fixtureinfo").name2fixturedefs  # noqa: B009 - pytest has no other way
    SHARED[item.nodeid] = {_key(one) for several in by_name.values() for one in several}
    threading.settrace(_call)
    sys.settrace(_call)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        SECONDS[item.nodeid] = time.process_time() - began


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[None]:
    """Record the lines of a shared fixture under its own name instead of the first test's."""
    global _now
    before = _now
    if fixturedef.scope != "function":
        _now = _key(fixturedef)
    try:
        return (yield)
    finally:
        _now = before


def _key(fixturedef: Any) -> str:
    return f"@{fixturedef.baseid}:{fixturedef.argname}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember which tests pass: a test that is skipped finds no fault."""
    if report.when == "call" and report.passed:
        PASSED.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write what was recorded."""
    tests = {}
    for test in sorted(PASSED):
        found = {file: set(lines) for file, lines in REACHED.get(test, {}).items()}
        for fixture in SHARED[test]:
            for file, lines in REACHED.get(fixture, {}).items():
                found.setdefault(file, set()).update(lines)
        tests[test] = {
            "seconds": round(SECONDS[test], 3),
            "lines": {file: sorted(lines) for file, lines in found.items()},
        }
    Path(os.environ["MUTANTS_REACHED"]).write_text(json.dumps(tests), encoding="utf-8")
