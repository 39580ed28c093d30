"""All data checks of the catalogue, with their findings."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.plan.catalogues.data_checks import DATA_CHECKS, FAMILY_LEVEL, DataCheck
from analysis.plan.plan import resolve
from analysis.sections.data_checks.material import DataFinding, Material
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class CheckDone:
    """A check that was carried out, with the number of its findings."""

    key: str
    label: str
    looks_for: str
    statistical: bool
    findings: int


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

    def beside(self, outcome: str) -> Iterator[DataFinding]:
        """Yield the findings that concern the outcome with this key."""
        return (finding for finding in self.findings if outcome in finding.outcomes)


def data_checks(data: StudyData) -> DataChecks:
    """Carry out every check of the catalogue on the data of everyone randomised."""
    level = FAMILY_LEVEL / sum(check.statistical for check in DATA_CHECKS)
    material = Material(data, level)
    # A study that nobody has entered yet has a report, too, and nothing to check.
    checked = DATA_CHECKS if len(material.people) else ()
    in_files = Material(data.in_file_order, level)
    found = {
        check.key: _findings(check, in_files if check.by_row else material) for check in checked
    }
    return DataChecks(
        FAMILY_LEVEL,
        level,
        tuple(
            CheckDone(
                check.key, check.label, check.looks_for, check.statistical, len(found[check.key])
            )
            for check in checked
        ),
        tuple(finding for findings in found.values() for finding in findings),
    )


def _findings(check: DataCheck, material: Material) -> tuple[DataFinding, ...]:
    return tuple(resolve(check.path)(material))
