"""Choices of one person that the plan or the files treat as choices of several people."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.plan.plan import Outcome, analysis_of
from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    SOME,
    DataFinding,
    Material,
    counted,
    listed,
)
from analysis.study_data.other_studies.unmapped_identifiers import NAMED
from analysis.study_data.scoring import outcome_trials

CODE = re.compile(r"[A-Za-z]{0,6}[-_]?\d{2,}|[0-9a-fA-F]{6,}")
COUNTER = re.compile(r"(.+)[-_.:#/ ](\d{1,3})")
OCCASION = (
    r"b|bl|block|t|time|zeit|w|wave|welle|d|day|tag|session|sess|ses|sitzung|part|teil|run|"
    r"lauf|round|runde|phase|messung|visit|half|h(ae|ä)lfte|durchgang|trial|task|aufgabe"
)
AFTER = re.compile(rf"(.*?[^\W_].*?)[-_.:#/ ]*(?:{OCCASION}|s)[-_ ]?(\d{{1,2}})", re.I)
BEFORE = re.compile(rf"(?:{OCCASION})[-_ ]?(\d{{1,2}})[-_.:#/ ]+(.+)", re.I)
LETTER = re.compile(r"(.*\d)[-_.:#/ ]?([A-Da-d])")
OF_PEOPLE = re.compile(r"^(age|alter|gender|sex|geschlecht|birth|geburt|born|jahrgang)", re.I)
"""Beginnings of names of columns with what does not change from one session to the next."""
ADVICE = (
    "Map the column that names the person as `participant`, and number that person's rows with "
    "`position`, so that the analysis accounts for several choices of one person."
)


def not_independent(material: Material) -> Iterator[DataFinding]:
    """Yield outcomes without a participant term, and participants who seem to be one person.

    People are recognised by a column of identifiers, by identifiers that count the choices of one
    stem, or, with one row per participant, by neighbouring rows with the same characteristics more
    often than in random order (Poisson).
    """
    for outcome in material.data.plan.outcomes:
        yield from _no_term(material, outcome)
    found = [*_by_identifier(material), *_by_stem(material)]
    yield from found
    if not found:
        yield from _by_neighbours(material)


def _no_term(material: Material, outcome: Outcome) -> Iterator[DataFinding]:
    if outcome.column is None or not analysis_of(outcome).random or "participant" in outcome.random:
        return
    counts = outcome_trials(material.data, outcome)["participant"].value_counts()
    if counts.empty or counts.max() < 2:
        return
    yield DataFinding(
        "not_independent",
        f"The model of “{outcome.label}” has no term for the participant, although "
        f"{counted(int((counts > 1).sum()), 'participant')} gave several of its "
        f"{int(counts.sum())} answers, {counts.mean():.1f} each on average. It takes answers of "
        "one person as independent, so its intervals are too narrow.",
        'Add "participant" to `random` of the outcome.',
        columns=(outcome.column,),
        outcomes={outcome.key: "Its interval and p are too small."},
    )


def _by_identifier(material: Material) -> Iterator[DataFinding]:
    for name, values in _identifiers(material):
        counts = values.value_counts()
        repeated = counts[counts > 1]
        if len(repeated) < 2 or repeated.sum() < 0.2 * len(values):
            continue
        yield DataFinding(
            "not_independent",
            f"“{name}” names {len(counts)} people behind {len(values)} participants: "
            f"{len(repeated)} of them have several identifiers, {repeated.mean():.1f} on average.",
            ADVICE,
            columns=(name,),
            outcomes=material.all_outcomes,
        )


def _identifiers(material: Material) -> Iterator[tuple[str, pd.Series]]:
    """Yield columns that name a person: one value per participant, many values in all."""
    present = set(material.people["participant"])
    unmapped = [one[one["participant"].isin(present)] for one in material.data.identifiers]
    for table in (material.people, material.trials, *unmapped):
        for name in map(str, table.columns):
            if name in ADMINISTRATIVE or name in ("participant", "arm", "image", "image_set"):
                continue
            empty = table[name].isna().any() or bool((table[name].astype(str) == "").any())
            if pd.api.types.is_float_dtype(table[name]) or empty:
                continue
            by_person = table.groupby("participant", sort=False)[name]
            if table is not material.people and (by_person.nunique() != 1).any():
                continue
            values = by_person.first()
            levels = values.nunique()
            text = values.astype(str)
            if levels < max(SOME, len(values) / 60):  # as in a table without rows
                continue
            coded = np.mean([CODE.fullmatch(cell) is not None for cell in text]) >= 0.8
            words = not pd.api.types.is_numeric_dtype(table[name])
            if NAMED.search(name) or (coded and words):
                yield name, values


def _by_stem(material: Material) -> Iterator[DataFinding]:
    """Yield identifiers such as p01_1, p01_2 or p01b1, which count the rows of one stem."""
    people = material.people["participant"]
    for split in (_counter, _after, _before, _letter):
        parts = [split(str(person)) for person in people]
        if all(parts):
            table = pd.DataFrame([part for part in parts if part], columns=["stem", "number"])
            yield from _stems(material, table.set_index(people.to_numpy()))
            return


def _counter(person: str) -> tuple[str, int] | None:
    part = COUNTER.fullmatch(person)
    return (part[1], int(part[2])) if part else None


def _after(person: str) -> tuple[str, int] | None:
    part = AFTER.fullmatch(person)
    return (part[1], int(part[part.lastindex or 0])) if part else None


def _before(person: str) -> tuple[str, int] | None:
    part = BEFORE.fullmatch(person)
    groups = part.groups() if part else ()
    return (groups[-1], int(groups[-2])) if part else None


def _letter(person: str) -> tuple[str, int] | None:
    part = LETTER.fullmatch(person)
    return (part[1], ord(part[2].lower()) - ord("a") + 1) if part else None


def _stems(material: Material, table: pd.DataFrame) -> Iterator[DataFinding]:
    stems = table.groupby("stem")["number"]
    sizes = stems.size()
    counts = stems.max() - stems.min() + 1 == sizes
    if (
        len(sizes) < SOME
        or (sizes > 1).mean() < 0.5
        or counts.mean() < 0.8
        or stems.min().max() > 1
        or _are_several(material, table["stem"])
    ):
        return
    example = sizes.index[0]
    yield DataFinding(
        "not_independent",
        f"The identifiers of {len(material.people)} participants are {len(sizes)} stems with a "
        f"counter, such as {listed([example])} with {sizes.iloc[0]} numbers: each seems to be one "
        f"person with {sizes.mean():.1f} rows on average.",
        ADVICE,
        columns=("participant",),
        outcomes=material.all_outcomes,
    )


def _are_several(material: Material, stem: pd.Series) -> bool:
    """Return whether the rows of a stem differ in age or gender, as those of couples do."""
    tables = [(material.people, list(material.people.columns))]
    tables += [(file.table, list(file.unmapped)) for file in material.files]
    for rows, names in tables:
        for name in map(str, names):
            if OF_PEOPLE.search(name):
                values = rows.groupby("participant")[name].first().reindex(stem.index).dropna()
                of_stem = values.groupby(stem.reindex(values.index))
                if (of_stem.nunique()[of_stem.size() > 1] > 1).mean() > 0.5:
                    return True
    return False


def _by_neighbours(material: Material) -> Iterator[DataFinding]:
    table = _characteristics(material)
    if table is None or len(table) < 20:
        return
    # A file sorted by a column has equal neighbours in it without any fault.
    unsorted = [
        name
        for name in table.columns
        if (table[name].ne(table[name].shift())).sum() > table[name].nunique()
    ]
    if len(unsorted) < 2:
        return
    joint = table[unsorted].map(str).agg("\x1f".join, axis=1)
    equal = int(joint.eq(joint.shift()).sum())
    expected = float((joint.value_counts(normalize=True) ** 2).sum()) * (len(joint) - 1)
    p = float(stats.poisson.sf(equal - 1, expected))
    if p < material.level and equal > 0.2 * len(joint):
        yield DataFinding(
            "not_independent",
            f"{equal} of {len(joint)} participants, with one row each, agree with the participant "
            f"before them in {listed(unsorted)}; {expected:.1f} are expected in random order. "
            "Neighbouring rows seem to come from one person.",
            ADVICE,
            columns=tuple(unsorted),
            outcomes=material.all_outcomes,
            p=p,
        )


def _characteristics(material: Material) -> pd.DataFrame | None:
    """Return columns that describe participants who have at most one trial each."""
    trials = material.trials
    if trials.empty or trials["participant"].duplicated().any():
        return None
    people = material.people.set_index("participant")
    own = trials.set_index("participant").reindex(people.index)
    table = pd.concat([people, own.drop(columns=own.columns.intersection(people.columns))], axis=1)
    stimulus = {"image", "image_set", "true_class", "predicted_class", "explanation", "method"}
    used = {one.column for one in material.data.plan.outcomes} | stimulus | ADMINISTRATIVE | {"arm"}
    names = [
        str(name)
        for name in table.columns
        if name not in used and 2 <= table[name].nunique() <= len(table) / 4
    ]
    return table[names] if names and np.isfinite(len(names)) else None
