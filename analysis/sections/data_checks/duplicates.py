"""Participants who are in the data twice, under two identifiers."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.independence import _identifiers
from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    DataFinding,
    Material,
    counted,
    listed,
)

Codes = npt.NDArray[np.int64]
FEWEST_CELLS = 8
BLOCKS = 12  # a pair that agrees in any of these parts of its cells is compared in full
BLOCK_CELLS = 6  # fewest cells of such a part
ALIKE = 0.9  # share of cells that must agree
LARGEST_BLOCK = 30
SHARED_LISTS = 0.2  # share of people; with more, the study gave the lists, and few are duplicates
FEWEST_TO_COMPARE = 4  # people who saw an image, so that a pair can be compared with others
ADVICE = (
    "Compare the rows of these participants in the original files. Keep the first, and exclude the "
    'other with an exclusion of rule "listed" and scope "all".'
)


def duplicates(material: Material) -> Iterator[DataFinding]:
    """Yield participants whose data agree more than independent people's do.

    A pair must agree in 90 % of the cells that both have. Its chance is the product of the cells'
    probabilities of agreeing, raised to the power 1/φ, where φ is the overdispersion of the number
    of agreeing cells between all other pairs, which similar people cause; corrected for all pairs
    and for the choice of disagreeing cells. A column of identifiers that occur twice is a fact.
    Participants who gave the same answers to all items of a questionnaire are counted by pattern
    (binomial, with the pattern's probability raised to 1/φ, corrected for participants).
    """
    pairs = list(_repeated_identifiers(material))
    for name, groups in pairs:
        people = [person for group in groups for person in group]
        yield _finding(material, people, f"“{name}” is the same for", None)
    if pairs:
        return
    codes, people = _cells(material)
    if codes.shape[1] < FEWEST_CELLS or len(people) < 4:
        return
    found = list(_alike(codes, material.level / 2))
    if not found:
        yield from _same_answers(material)
    if found:
        named = [people[one] for pair, _ in found for one in pair]
        p = max(p for _, p in found)
        yield _finding(material, named, "Nearly all data are the same for", p)


def _repeated_identifiers(material: Material) -> Iterator[tuple[str, list[list[str]]]]:
    for name, values in _identifiers(material):
        counts = values.value_counts()
        repeated = counts[counts > 1]
        # Most of them repeated is another fault: rows that pass as people.
        if (
            len(repeated)
            and repeated.sum() < 0.2 * len(values)
            and values.nunique() > len(values) / 2
        ):
            yield name, [list(values.index[values == value]) for value in repeated.index]


def _cells(material: Material) -> tuple[Codes, list[str]]:
    """Return (participants, cells) of codes of what people did, -1 where missing."""
    people = list(material.people["participant"])
    parts = [
        _coded(rows.droplevel("page").groupby(level=0).first().reindex(people))
        for rows in material.raw.values()
    ]
    trials = material.trials
    kept = [
        name
        for name in map(str, trials.columns)
        if name not in ADMINISTRATIVE and name not in ("participant", "arm", "position")
        if trials[name].nunique() > 1
    ]
    if kept and _are_lists_shared(trials):
        # Two people with one list of images agree in all that was shown, and in answers that an
        # image suggests. Cells by image compare them with the others who saw it: what was shown is
        # the same for all of them, and so tells nothing.
        seen = trials.groupby("image")["participant"].transform("nunique")
        trials, place = trials[seen >= FEWEST_TO_COMPARE], "image"
        kept = _not_copies(trials, kept)
    else:
        place = "position"
    if (
        kept
        and trials[place].notna().all()
        and (place == "image" or trials[place].nunique() <= 400)
    ):
        rows = trials.drop_duplicates(["participant", place])
        person = pd.Index(people).get_indexer(rows["participant"])
        position, positions = pd.factorize(rows[place], sort=True)
        wide = np.full((len(people), len(kept), len(positions)), -1)
        wide[person, :, position] = _coded(rows[kept])
        parts.append(wide.reshape(len(people), -1))
    numbers = [name for name in material.person_numbers if name not in ADMINISTRATIVE]
    parts.append(_coded(material.people[numbers]))
    return np.column_stack(parts), people


def _are_lists_shared(trials: pd.DataFrame) -> bool:
    """Return whether the study gave several lists of images, each to more than one person.

    A few people with one list are duplicates and no design. If all people have one list, the
    position alone tells the image.
    """
    if "image" not in trials or trials["image"].isna().any() or trials["position"].isna().any():
        return False
    ordered = trials.sort_values(["participant", "position"])
    lists = ordered.groupby("participant")["image"].agg(tuple).value_counts()
    return len(lists) > 1 and lists[lists > 1].sum() > SHARED_LISTS * lists.sum()


def _not_copies(trials: pd.DataFrame, names: list[str]) -> list[str]:
    """Return the columns that no earlier column determines for every image.

    Whether a decision was right follows from the image and the decision, and an answer counts once.
    """
    kept: list[str] = []
    for name in names:
        told = (trials.groupby(["image", other])[name].nunique().max() <= 1 for other in kept)
        if name != "image" and not any(told):
            kept.append(name)
    return kept


def _coded(table: pd.DataFrame) -> Codes:
    """Return the table with a number for each different value of a column, and -1 if missing."""
    codes = [pd.factorize(column)[0] for _, column in table.items()]
    return np.column_stack(codes) if codes else np.empty((len(table), 0), dtype=np.int64)


def _alike(codes: Codes, level: float) -> Iterator[tuple[tuple[int, int], float]]:
    chance = _agreement(codes)
    # Cells that are nearly the same for everyone, such as fixed stimuli, say nothing.
    telling = chance < 0.8
    codes, chance = codes[:, telling], np.clip(chance[telling], 1e-4, None)
    if codes.shape[1] < FEWEST_CELLS:
        return
    inflation = _overdispersion(codes, chance)
    n = len(codes)
    for one, other in sorted(_candidates(codes)):
        both = (codes[one] >= 0) & (codes[other] >= 0)
        same = both & (codes[one] == codes[other])
        if both.sum() < FEWEST_CELLS or same.sum() < ALIKE * both.sum():
            continue
        if len(np.unique(codes[one][same])) < 3:
            continue  # a straight line repeats itself in other people
        different = int(both.sum() - same.sum())
        surprise = -np.log(chance[same]).sum() / inflation
        choices = sum(np.log((both.sum() - k) / (k + 1)) for k in range(different))
        p = float(np.exp(min(0.0, np.log(n * (n - 1) / 2) + choices - surprise)))
        if p < level:
            yield (one, other), p


def _same_answers(material: Material) -> Iterator[DataFinding]:
    """Yield groups of participants with the same answers to all items of a questionnaire."""
    for questionnaire, wide in material.raw.items():
        answers = wide.droplevel("page")[~wide.index.duplicated()].dropna()
        answers = answers[~answers.index.duplicated()]
        cells = answers.to_numpy()
        if cells.shape[1] < FEWEST_CELLS or len(cells) < 20:
            continue
        codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in cells.T])
        shares = np.column_stack([np.bincount(column)[column] for column in codes.T]) / len(codes)
        inflation = _overdispersion(codes, _agreement(codes))
        patterns, first, group = np.unique(codes, axis=0, return_index=True, return_inverse=True)
        sizes = np.bincount(group.ravel(), minlength=len(patterns))
        for number in np.flatnonzero(sizes > 1):
            # A straight line, or both of its ends in a reversed scale, repeats itself honestly.
            if len(np.unique(cells[first[number]])) < 3:
                continue
            chance = float(np.exp(np.log(shares[first[number]]).sum() / inflation))
            n, times = len(codes), int(sizes[number])
            p = float(stats.binom.sf(times - 2, n - 1, chance)) * n * len(material.raw)
            if p < material.level / 2:
                people = [str(name) for name in answers.index[group.ravel() == number]]
                yield _copied_answers(material, questionnaire, wide, people, p)


def _copied_answers(
    material: Material, questionnaire: str, wide: pd.DataFrame, people: list[str], p: float
) -> DataFinding:
    arms = material.arm.reindex(people)
    return DataFinding(
        "duplicates",
        f"{counted(len(people), 'participant')} gave the same answers to all {wide.shape[1]} items "
        f"of “{questionnaire}”, which are not a straight line: {listed(people)}. The answers may "
        "have been copied or made up.",
        "Compare the answers of these participants, their times and their origin in the original "
        'files. Report the outcome also without them, with an exclusion of rule "listed".',
        columns=tuple(map(str, wide.columns)),
        arms=tuple(arm for arm in material.arms if (arms == arm).any()),
        outcomes=material.outcomes_with(columns=map(str, wide.columns)),
        p=p,
    )


def _agreement(codes: Codes) -> "npt.NDArray[np.float64]":
    """Return by cell the probability that two people agree in it."""
    result = np.ones(codes.shape[1])
    for number, column in enumerate(codes.T):
        counts = np.bincount(column[column >= 0])
        total = counts.sum()
        if total > 1:
            result[number] = (counts * (counts - 1)).sum() / (total * (total - 1))
    return result


def _overdispersion(codes: Codes, chance: "npt.NDArray[np.float64]") -> float:
    """Return variance of the agreeing cells between random pairs over that of independent cells."""
    rng = np.random.default_rng(0)
    pairs = rng.integers(len(codes), size=(4000, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    first, second = codes[pairs[:, 0]], codes[pairs[:, 1]]
    both = (first >= 0) & (second >= 0)
    gap = ((first == second) & both).sum(axis=1) - (chance * both).sum(axis=1)
    # Quantiles instead of the variance, so that the duplicates themselves do not count.
    spread = np.subtract(*np.quantile(gap, [0.84, 0.16])) / 2
    independent = (chance * (1 - chance) * both).sum(axis=1).mean()
    return float(max(1.0, spread**2 / independent)) if independent > 0 else 1.0


def _candidates(codes: Codes) -> set[tuple[int, int]]:
    """Return the pairs that agree in a part of their cells, found without comparing all pairs."""
    found: set[tuple[int, int]] = set()
    blocks = max(1, min(BLOCKS, codes.shape[1] // BLOCK_CELLS))
    for start in range(blocks):
        block = codes[:, start::blocks]
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for person, cells in enumerate(block):
            if (cells >= 0).any():
                buckets[cells.tobytes()].append(person)
        for people in buckets.values():
            if 2 <= len(people) <= LARGEST_BLOCK:
                found |= set(combinations(people, 2))
    return found


def _finding(material: Material, people: list[str], sentence: str, p: float | None) -> DataFinding:
    pairs = [f"{people[n]} and {people[n + 1]}" for n in range(0, len(people) - 1, 2)]
    arms = material.arm.reindex(list(dict.fromkeys(people)))
    across = sum(
        material.arm[people[n]] != material.arm[people[n + 1]] for n in range(0, len(people) - 1, 2)
    )
    where = f", {across} of them in different arms" if across else ""
    return DataFinding(
        "duplicates",
        f"{sentence} {counted(len(pairs), 'pair')} of participants{where}: {listed(pairs)}.",
        ADVICE,
        columns=("participant",),
        arms=tuple(arm for arm in material.arms if (arms == arm).any()),
        outcomes=material.all_outcomes,
        p=p,
    )
