"""What can go wrong, in words that say what to do about it."""

from collections.abc import Sequence

from analysis.toml.problems import Problem


class AnalysisError(Exception):
    """Base of every error that this package raises on purpose."""


class ProblemsError(AnalysisError):
    """Several problems found in one pass; `problems` holds one sentence each."""

    heading = "Problems"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        super().__init__(f"{self.heading} ({len(self.problems)}):\n{lines}")


class TableError(ProblemsError):
    """The tidy data folder cannot be analysed as it is."""

    heading = "The tidy data cannot be analysed"


class PlanError(ProblemsError):
    """The analysis plan cannot be carried out as it is.

    ``placed`` has the path of each problem inside of the plan, for whoever knows its lines.
    """

    heading = "The analysis plan cannot be carried out"

    def __init__(self, problems: Sequence[str], placed: Sequence[Problem] = ()) -> None:
        super().__init__(problems)
        self.placed = tuple(placed)


class NotEstimableError(AnalysisError):
    """The quantity asked for does not exist for these data; the text says why."""


class ReportError(ProblemsError):
    """The report would print a test whose p does not fit its statistic: a fault of this program."""

    heading = "The report contradicts itself"
