"""Plants 100 small faults in the code that allocates, records and analyses, and counts those found.

    python -m benchmarks.mutants FOLDER [--number 100] [--seed 1] [--seconds 25] [--again]
    python -m benchmarks.mutants FOLDER --survivors

A mutant is dead if a test fails, or if the tests take more processor time than the limit. Each
mutant meets only tests that execute its lines, quickest first, up to half of the limit. The tests
of an area are named in AREAS, and a first run of them tells which lines each of them executes.

FOLDER keeps a copy of the repository, the lines reached, and a file per mutant, so that a run that
was stopped goes on where it was. --again tries the survivors again, after tests were added.
"""

import argparse
import ast
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.mutants.operators import OPERATORS, Mutation, mutations

ROOT = Path(__file__).parent.parent.parent
RATHER_SHORT = "not nightly and not browser and not postgres"


@dataclass(frozen=True)
class Area:
    """Files to mutate, as patterns, the tests that may find it, and its share of the mutants."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    share: int


AREAS = (
    Area(
        "allocation",
        ("surveys/allocation/*.py",),
        (
            "tests/surveys/allocation",
            "tests/surveys/test_ledger.py",
            "tests/surveys/test_enrolment.py",
            "tests/surveys/test_image_pools.py",
            "tests/surveys/services/test_changing_places.py",
        ),
        18,
    ),
    Area(
        "scoring",
        tuple(
            f"analysis/study_data/{name}.py"
            for name in ("scoring", "decisions", "populations", "missing", "score_range")
        ),
        (
            "tests/analysis/study_data/test_scoring.py",
            "tests/analysis/study_data/test_decisions.py",
            "tests/analysis/study_data/test_missing.py",
            "tests/analysis/study_data/test_study_data.py",
            "tests/analysis/outcomes/test_before_and_after.py",
            "tests/analysis/sections/test_baseline.py",
            "tests/analysis/test_exclusions.py",
            "tests/analysis/test_logarithms.py",
            "tests/analysis/test_hostile_tables.py",
            "tests/analysis/test_figures.py",
            "tests/analysis/test_known_answers.py",
            "tests/surveys/test_instruments.py",
        ),
        14,
    ),
    Area(
        "exclusions",
        ("analysis/study_data/exclusions/*.py",),
        (
            "tests/analysis/study_data/test_exclusion_rules.py",
            "tests/analysis/test_exclusions.py",
            "tests/analysis/sections/test_signals.py",
        ),
        14,
    ),
    Area(
        "mixed models",
        ("analysis/statistics/mixed_models/*.py",),
        (
            "tests/analysis/statistics/mixed_models",
            "tests/analysis/outcomes/test_answers_where_there_are.py",
        ),
        22,
    ),
    Area(
        "reliance",
        ("analysis/sections/behaviour/*.py", "analysis/sections/agreement.py"),
        (
            "tests/analysis/test_behaviour.py",
            "tests/analysis/sections/behaviour",
            "tests/analysis/test_calibration.py",
            "tests/analysis/sections/test_agreement.py",
            "tests/analysis/test_known_answers.py",
        ),
        16,
    ),
    Area(
        "recording",
        ("surveys/services/recording.py", "surveys/services/trials.py"),
        (
            "tests/surveys/test_recording.py",
            "tests/surveys/test_pace.py",
            "tests/surveys/test_parts_of_arms.py",
            "tests/surveys/test_distinction.py",
            "tests/surveys/test_preference.py",
            "tests/surveys/test_going_through.py",
            "tests/surveys/test_uncover.py",
            "tests/surveys/test_signals.py",
            "tests/surveys/test_endings.py",
            "tests/surveys/study_file/test_designs.py",
        ),
        16,
    ),
)


@dataclass(frozen=True)
class Mutant:
    """A mutation of a file of an area."""

    area: str
    file: str
    mutation: Mutation

    @property
    def line(self) -> str:
        """Return the place and the change in one line."""
        change = self.mutation
        old, new = (" ".join(text.split()) for text in (change.old, change.new))
        return f"{self.file}:{change.line} [{change.operator}] {old} -> {new}"


def chosen(number: int, seed: int) -> list[Mutant]:
    """Return the mutants of all areas, drawn by the seed, with the operators in turn."""
    shares = sum(area.share for area in AREAS)
    drawn = []
    for area in AREAS:
        count = round(number * area.share / shares)
        drawn += _drawn(area, count, random.Random(f"{seed} {area.name}"))
    return drawn


def _drawn(area: Area, count: int, chance: random.Random) -> list[Mutant]:
    by_operator: dict[str, list[Mutant]] = {operator: [] for operator in OPERATORS}
    for file in _files(area, ROOT):
        for mutation in mutations((ROOT / file).read_text(encoding="utf-8")):
            by_operator[mutation.operator].append(Mutant(area.name, file, mutation))
    for sites in by_operator.values():
        chance.shuffle(sites)
    drawn: list[Mutant] = []
    while len(drawn) < count and any(by_operator.values()):
        for sites in by_operator.values():
            if sites and len(drawn) < count:
                drawn.append(sites.pop())
    return drawn


def _files(area: Area, root: Path) -> list[str]:
    found = {path for pattern in area.files for path in root.glob(pattern)}
    return sorted(path.relative_to(root).as_posix() for path in found)


def copied(folder: Path) -> Path:
    """Bring the copy of the repository in `folder` up to date and return its path."""
    tree = folder / "tree" / "repository"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode()  # fmt: skip
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, tree / name
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for path in [*tree.rglob("*.py")]:
        if path.relative_to(tree).as_posix() not in names:
            path.unlink()
    shared = tree.parent / "shared"
    if (ROOT.parent / "shared").is_dir() and not shared.exists():
        shared.symlink_to((ROOT.parent / "shared").resolve())
    return tree


def reached(area: Area, folder: Path, tree: Path) -> Mapping[str, Mapping[str, object]]:
    """Return by test its seconds and its lines, from an earlier run if the files are the same."""
    files = _files(area, tree)
    tests = [
        path
        for test in area.tests
        for path in ([tree / test] if test.endswith(".py") else sorted((tree / test).glob("*.py")))
    ]
    content = hashlib.sha256()
    for path in [*(tree / file for file in files), *tests]:
        content.update(path.read_bytes())
    kept = folder / f"reached-{area.name.replace(' ', '-')}-{content.hexdigest()[:12]}.json"
    if not kept.is_file():
        names = {
            "MUTANTS_FILES": json.dumps([str(tree / file) for file in files]),
            "MUTANTS_REACHED": str(kept),
        }
        code, said, _ = _tested(area.tests, tree, names, 600, "-p", "benchmarks.mutants.reached")
        if code != 0:
            kept.unlink(missing_ok=True)
            raise SystemExit(f"{area.name}: tests fail without a mutant.\n{said}")
    found: Mapping[str, Mapping[str, object]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def narrow(
    mutant: Mutant, tests: Mapping[str, Mapping[str, object]], tree: Path, seconds: float
) -> list[str]:
    """Return the tests that execute the mutant's lines, quickest first, for `seconds` in total.

    A line that runs only at the import is met by the tests that execute any line of the file.
    """
    file = str(tree / mutant.file)
    first, last = mutant.mutation.lines
    lines = set(range(first, last + 1))
    by_time = sorted(tests, key=lambda test: (float(str(tests[test]["seconds"])), test))
    there = {test: set(_lines(tests[test], file)) for test in by_time}
    meeting = [test for test in by_time if there[test] & lines]
    if not meeting and not _is_in_a_function(tree / mutant.file, mutant.mutation.line):
        meeting = [test for test in by_time if there[test]]
    taken, total = [], 0.0
    for test in meeting:
        total += float(str(tests[test]["seconds"]))
        if taken and total > seconds:
            break
        taken.append(test)
    return taken


def _lines(test: Mapping[str, object], file: str) -> Iterable[int]:
    by_file = test["lines"]
    return by_file.get(file, ()) if isinstance(by_file, dict) else ()


def _is_in_a_function(path: Path, line: int) -> bool:
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno < line <= (node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def _tested(
    tests: Sequence[str], tree: Path, names: Mapping[str, str], seconds: float, *options: str
) -> tuple[int, str, float]:
    """Return the exit status of pytest, the end of its output, and its processor time."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 2))

    # Tables are migrated once. Whatever else tests of an earlier run left is of another mutant.
    tables = tree.parent / "tables"
    tables.mkdir(exist_ok=True)
    for path in tables.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    command = [
        sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "--tb=line",
        "-p", "no:cacheprovider", "-m", RATHER_SHORT, *options, *tests,
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=False, preexec_fn=limited,
        timeout=60 * seconds,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TESTS_MIGRATED": str(tables), **names},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, "\n".join((done.stdout + done.stderr).splitlines()[-12:]), used


def judged(
    mutant: Mutant, tests: Mapping[str, Mapping[str, object]], tree: Path, seconds: float
) -> dict[str, object]:
    """Plant the mutant in the copy, test it, restore the file, and return what was found."""
    met = narrow(mutant, tests, tree, seconds / 2)
    result = {"line": mutant.line, **asdict(mutant), "tests": len(met)}
    if not met:
        return {**result, "dead": False, "by": "no test executes it", "seconds": 0.0}
    path = tree / mutant.file
    source = path.read_text(encoding="utf-8")
    try:
        _write(path, mutant.mutation.applied(source))
        code, said, used = _tested(met, tree, {}, seconds)
    finally:
        _write(path, source)
    if code == 5:
        raise SystemExit(f"{mutant.line}: no test was collected.\n{said}")
    failed = [line for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    by = "its time ran out" if code < 0 else failed[0] if failed else said.splitlines()[-1]
    return {**result, "dead": code != 0, "by": by, "seconds": round(used, 1)}


def _write(path: Path, text: str) -> None:
    """Write the file without its compiled form, which Python judges by time and size alone."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
        compiled.unlink()


def main() -> None:
    """Plant the mutants that were not tried yet, print each result, and the number of dead."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--again", action="store_true", help="try the survivors again")
    parser.add_argument("--survivors", action="store_true", help="only list the survivors")
    asked = parser.parse_args()
    results = asked.folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    if not asked.survivors:
        _try_all(asked, results)
    _summarise(results)


def _try_all(asked: argparse.Namespace, results: Path) -> None:
    tree = copied(asked.folder)
    areas = {area.name: area for area in AREAS}
    for number, mutant in enumerate(chosen(asked.number, asked.seed), start=1):
        kept = results / f"{number:03}.json"
        if kept.is_file():
            before = json.loads(kept.read_text(encoding="utf-8"))
            if before["line"] == mutant.line and (before["dead"] or not asked.again):
                continue
        tests = reached(areas[mutant.area], asked.folder, tree)
        began = time.monotonic()
        found = judged(mutant, tests, tree, asked.seconds)
        kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
        word = "dead" if found["dead"] else "SURVIVED"
        taken = f"{time.monotonic() - began:.0f} s"
        print(f"{number:3} {word}: {mutant.line} ({found['by']}; {taken})", flush=True)


def _summarise(results: Path) -> None:
    found = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))
    ]
    for area in AREAS:
        of_area = [one for one in found if one["area"] == area.name]
        dead = sum(one["dead"] for one in of_area)
        print(f"{area.name}: {dead} of {len(of_area)} dead")
    for one in found:
        if not one["dead"]:
            print(f"survived: {one['line']} ({one['by']})")
    print(f"{sum(one['dead'] for one in found)} of {len(found)} mutants are dead.")


if __name__ == "__main__":
    main()
