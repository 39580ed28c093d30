"""Checks that no name of a study file equals a name that stands next to it in the data.

Stored files are not checked: they were accepted before, and their data must stay readable.
"""

from collections import Counter
from collections.abc import Collection
from itertools import count

from analysis.toml.document import Document
from surveys import questionnaires
from surveys.study_file.declaration import StudyFile
from surveys.study_file.reading.conditions import declared_under
from surveys.tidy.reserved import reserved_names


def check(file: Document, study: StudyFile) -> None:
    """Report factors, parts and arms whose names are taken."""
    _check_factors(file, study)
    _check_pages(file, study)


def _check_factors(file: Document, study: StudyFile) -> None:
    """Report each condition's factors that would make two columns of one name."""
    key, asked = declared_under(file), _asked(study)
    reserved = reserved_names() | {check.field for check in study.consent.checks}
    for number, condition in enumerate(study.conditions):
        for name in condition.factors:
            place = (key, number, "factors", name)
            if name in reserved:
                file.problems.add(
                    place,
                    f"the factor {name!r} becomes a column of the data, which already have a "
                    f"column {name!r}. Rename the factor, for example {_free(name, reserved)!r}, "
                    f"in all {key}.",
                )
            elif name in asked:
                file.problems.add(
                    place,
                    f"the factor {name!r} has the name of {asked[name]}, so that a plan could not "
                    f"tell the two apart. Rename the factor, for example "
                    f"{_free(name, {*reserved, *asked})!r}, in all {key}.",
                )


def _asked(study: StudyFile) -> dict[str, str]:
    """Return a description of each item and scale that the study asks, by its name."""
    names: dict[str, str] = {}
    for key in study.questionnaires:
        questionnaire = questionnaires.get(key)
        names |= dict.fromkeys(questionnaire.subscales, f"a scale of {key!r}")
        names |= {item.id: f"an item of {key!r}" for item in questionnaire.items}
    return names


def _free(name: str, taken: Collection[str]) -> str:
    """Return a similar name that is not taken."""
    similar = (f"{name[:20]}_factor{number or ''}" for number in count())
    return next(candidate for candidate in similar if candidate not in taken)


def _check_pages(file: Document, study: StudyFile) -> None:
    """Report pages that would have the same key, by which their answers are told apart."""
    repeated = Counter(step.key for step in study.steps)
    parts = {step.part for step in study.steps if repeated[step.key] > 1}
    for number, table in enumerate(file.tables("parts")):
        if table.get("key") in parts:
            file.problems.add(
                ("parts", number, "key"),
                f"the part {table['key']!r} has a page with the key of another page. Rename it, "
                "without @ and without : in its key.",
            )
