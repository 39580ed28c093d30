"""All data checks of the catalogue, with their findings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from analysis.errors import AnalysisError
from analysis.failures import Failures
from analysis.plan.catalogues.data_checks import DATA_CHECKS, FAMILY_LEVEL, DataCheck
from analysis.plan.plan import resolve
from analysis.sections.data_checks.material import SOME, DataFinding, Material
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class CheckDone:
    """A check with the number of its findings, which is None if it could not be carried out.

    A check cannot be carried out if it failed, or if too few participants or arms leave it nothing
    to decide by.
    """

    key: str
    label: str
    looks_for: str
    statistical: bool
    findings: int | None


@dataclass(frozen=True)
class DataChecks:
    """The checks in the catalogue's order and their findings.

    `family_level` bounds the probability that any statistical check reports a fault in data without
    one; each of them decides at `level`.
    """

    family_level: float
    level: float
    checks: tuple[CheckDone, ...]
    findings: tuple[DataFinding, ...]

    @property
    def failed(self) -> tuple[CheckDone, ...]:
        """Return the checks that could not be carried out."""
        return tuple(check for check in self.checks if check.findings is None)

    def beside(self, outcome: str) -> Iterator[DataFinding]:
        """Yield the findings that concern the outcome with this key."""
        return (finding for finding in self.findings if outcome in finding.outcomes)


def data_checks(data: StudyData, failures: Failures | None = None) -> DataChecks:
    """Carry out every check of the catalogue on the data of everyone randomised.

    A check that fails with an error is added to `failures` and has no findings; the others are
    carried out.
    """
    failed = Failures() if failures is None else failures
    level = FAMILY_LEVEL / sum(check.statistical for check in DATA_CHECKS)
    material = Material(data, level)
    # A study that nobody has entered yet has a report, too, and nothing to check.
    checked = DATA_CHECKS if len(material.people) else ()
    in_files = material
    if data.in_file_order is not data:
        in_files = Material(data.in_file_order, level)
    found = {
        check.key: failed.guarded(
            f"Data check “{check.label}”",
            partial(_findings, check, in_files if check.by_row else material),
            lambda _: None,
        )
        for check in checked
    }
    return DataChecks(
        FAMILY_LEVEL,
        level,
        tuple(
            CheckDone(
                check.key,
                check.label,
                check.looks_for,
                check.statistical,
                _number(check, findings, material),
            )
            for check, findings in zip(checked, found.values(), strict=True)
        ),
        tuple(finding for findings in found.values() for finding in findings or ()),
    )


def _number(
    check: DataCheck, findings: tuple[DataFinding, ...] | None, material: Material
) -> int | None:
    """Return the number of findings, or None if the check failed or cannot find anything here."""
    if findings:
        return len(findings)
    # Without findings, a check of too few participants or of a single arm has shown nothing.
    single = len(material.arms) < 2 <= len(material.data.plan.arms)
    too_few = check.statistical and len(material.people) < SOME
    return None if findings is None or too_few or (check.compares_arms and single) else 0


def _findings(check: DataCheck, material: Material) -> tuple[DataFinding, ...]:
    try:
        return tuple(resolve(check.path)(material))
    except AnalysisError as error:
        # The table has been accepted: what a check cannot do is no reason to refuse it.
        raise RuntimeError(str(error)) from error
