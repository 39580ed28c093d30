"""Problems of a file as pairs of path and sentence, to which lines are added at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from analysis.toml.positions import Path, line_of


class FileProblemsError(ValueError):
    """A file that cannot be used. ``problems`` has one sentence per problem, with line and cure."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"- {problem}" for problem in self.problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__(f"{name} cannot be used, {count}:\n{listed}")


class Problem(NamedTuple):
    """A problem, with the path of the key to change and a sentence."""

    path: Path
    sentence: str


class Problems:
    """Collector of the problems of a file or of a part of it.

    A *fault* is a value that cannot be used at all, such as text where a number belongs. Rules that
    depend on a faulty value are skipped, because the fault has been reported already.
    """

    def __init__(self) -> None:
        self._collected: dict[Problem, None] = {}  # a set that keeps the order
        self._on_lines: dict[tuple[int, str], None] = {}
        self._faulty: set[Path] = set()

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._collected)

    def __bool__(self) -> bool:
        return bool(self._collected or self._on_lines)

    def fault(self, path: Path, sentence: str = "") -> None:
        """Record a value that cannot be used.

        An empty sentence means that the fault has been reported already.
        """
        self._faulty.add(path)
        if path and isinstance(path[-1], int):  # a faulty entry makes its list faulty
            self._faulty.add(path[:-1])
        if sentence:
            self._collected[Problem(path, sentence)] = None

    def add(self, path: Path, sentence: str, *rests_on: Path) -> None:
        """Report a value that breaks a rule, unless it or a value the rule depends on is faulty."""
        if not any(self.is_faulty(place) for place in (path, *rests_on)):
            self._collected[Problem(path, sentence)] = None

    def add_on_line(self, line: int, sentence: str) -> None:
        """Report a problem on a line, counted from 1, or on the whole file if it is 0."""
        self._on_lines[line, sentence] = None

    def is_faulty(self, path: Path) -> bool:
        """Check whether the value at the path, or the table that should contain it, is faulty."""
        return any(path[:length] in self._faulty for length in range(len(path) + 1))

    def faults_below(self, path: Path) -> tuple[Path, ...]:
        """Return the faulty paths inside the value at the path, relative to it."""
        return tuple(
            faulty[len(path) :]
            for faulty in self._faulty
            if faulty[: len(path)] == path and len(faulty) > len(path)
        )

    def sentences(self, lines: Mapping[Path, int] | None = None) -> list[str]:
        """Return every problem once, in the order of the file, with its line if it is known."""
        placed = list(self._on_lines)
        placed += [(line_of(lines or {}, path) or 0, said) for path, said in self._collected]
        ordered = sorted(dict.fromkeys(placed), key=lambda problem: problem[0])
        return [f"line {line}: {text}" if line else text for line, text in ordered]


@dataclass(frozen=True)
class TableProblems:
    """The problems of one table of a file, which are reported by the table's own keys."""

    problems: Problems
    path: Path

    def add(self, key: str | int, sentence: str, *rests_on: str | int) -> None:
        """Report a problem with the key's value, as ``Problems.add`` does."""
        self.problems.add((*self.path, key), sentence, *((*self.path, other) for other in rests_on))

    def is_faulty(self, key: str) -> bool:
        """Check whether the key's value cannot be used."""
        return self.problems.is_faulty((*self.path, key))


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return the end of a sentence on an unknown word: the nearest known word, or all of them."""
    close = get_close_matches(word, known, n=1)
    return f": did you mean {close[0]!r}?" if close else f". Known: {', '.join(known)}."
