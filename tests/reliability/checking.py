"""Comparison of what a server confirmed with what its database holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.reliability.crowd import Acknowledged


@dataclass(frozen=True)
class Findings:
    """Confirmed pages that are not stored, are stored with other answers, or more than once."""

    lost: list[str]
    wrong: list[str]
    doubled: list[str]

    @property
    def none(self) -> bool:
        return not (self.lost or self.wrong or self.doubled)


def compare(confirmed: Iterable[Acknowledged], stored: Iterable[Sequence[object]]) -> Findings:
    """Compare confirmed pages with rows of participant's code, step and answers."""
    rows: dict[tuple[object, object], list[object]] = {}
    for code, step, answers in stored:
        rows.setdefault((code, step), []).append(answers)
    lost, wrong, doubled = [], [], []
    for page in confirmed:
        found = rows.get((page.code, page.step), [])
        name = f"{page.code[:6]} {page.step}"
        if not found:
            lost.append(name)
        elif page.answers not in found:
            wrong.append(name)
    for (code, step), found in rows.items():
        if len(found) > 1:
            doubled.append(f"{str(code)[:6]} {step}")
    return Findings(lost, wrong, doubled)
