"""Errors of the analysis, whose messages name the cause and the cure."""

from collections.abc import Sequence

from analysis.toml.problems import Problem


class AnalysisError(Exception):
    """Base class of every error that this package raises deliberately."""


class ProblemsError(AnalysisError):
    """Several problems from one pass, with one sentence for each in `problems`."""

    heading = "Problems"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        super().__init__(f"{self.heading} ({len(self.problems)}):\n{lines}")


class TableError(ProblemsError):
    """The tidy data folder cannot be analysed."""

    heading = "The tidy data cannot be analysed"


class PlanError(ProblemsError):
    """The analysis plan cannot be carried out.

    ``placed`` contains the path of each problem inside the plan, for callers who know its lines.
    """

    heading = "The analysis plan cannot be carried out"

    def __init__(self, problems: Sequence[str], placed: Sequence[Problem] = ()) -> None:
        super().__init__(problems)
        self.placed = tuple(placed)


class ReleaseError(ProblemsError):
    """The data of a study cannot be released as asked."""

    heading = "The release cannot be made"


class NotEstimableError(AnalysisError):
    """The requested quantity does not exist for these data, for the reason in the message."""


class LookError(AnalysisError):
    """A look at the data before the end may not be held now."""


class NoTestError(NotEstimableError):
    """The groups can be compared, but the planned method has no test for such clear data.

    For instance the scores do not vary within an arm, or a model's likelihood has no maximum. The
    plan's fallbacks apply (analysis.outcomes.fallbacks).
    """


class ReportError(ProblemsError):
    """The report contradicts itself, for instance by a p that does not match its statistic."""

    heading = "The report contradicts itself"


class BundleError(ReportError):
    """A folder that was named as a report is not one, or lacks the description of its files."""

    heading = "The report cannot be read"
