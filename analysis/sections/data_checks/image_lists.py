"""Sets of images that arms were given unequally often."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.material import SOME

MOST_COMPONENTS = 200
FEWEST_PEOPLE = 8  # of an arm
COMPLETE = 0.9
"""Share of the usual number of images below which a participant stopped early."""
MOST_LISTS = 12
OF_LISTS = 0.8  # share of participants who must have seen one of the lists
EVEN = 0.1
"""p above which the other arms are taken to have been given all lists alike."""
APART = 0.2  # least difference between the shares of a list
IMAGES_APART = 0.1
"""Least difference between the shares of its images: other lists may show them as often."""
UNLIKE = 0.01  # p of Fisher's test below which the shares of two arms differ at all


@dataclass(frozen=True)
class UnevenList:
    """A list of images with its share of the participants by arm, and the number of lists."""

    lists: int
    images: tuple[str, ...]
    shares: Mapping[str, float]
    p: float


def _complete(seen: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of participants who saw nearly as many images as others of their arm."""
    number = seen.groupby("participant")["image"].size()
    arm = seen.drop_duplicates("participant").set_index("participant")["arm"]
    usual = number.groupby(arm).transform("median")
    return seen[seen["participant"].isin(number.index[number >= COMPLETE * usual])]


def joint_imbalance(seen: pd.DataFrame, arms: list[str]) -> tuple[float, str | None]:
    """Return the p of the arm that the images tell best from the other arms, and this arm.

    Images that are shown together, such as those of a list, say one thing and not several, so that
    the arm is predicted from the components of the participants' images. Under a random draw of the
    arm, R² has a beta distribution, corrected for the arms. `seen` has a row per participant and
    image. Participants who stopped early are left out.
    """
    rows = _complete(seen)
    people = rows.drop_duplicates("participant")
    person, image = pd.factorize(rows["participant"])[0], pd.factorize(rows["image"], sort=True)[0]
    counts = np.zeros((len(people), int(image.max(initial=0)) + 1))
    counts[person, image] = 1.0
    counts = counts[:, counts.sum(axis=0) >= SOME]
    n = len(people)
    if min(counts.shape) < 2 or n < 4 * SOME or min(counts.shape) > MOST_COMPONENTS:
        return 1.0, None
    parts, sizes, _ = np.linalg.svd(counts - counts.mean(axis=0), full_matrices=False)
    rank = min(int((sizes > 1e-9 * max(sizes[0], 1.0)).sum()), n // 4)
    if rank < 1:
        return 1.0, None
    best: tuple[float, str | None] = 1.0, None
    for arm in arms:
        inside = (people["arm"] == arm).to_numpy(dtype=float)
        if not FEWEST_PEOPLE <= inside.sum() <= n - FEWEST_PEOPLE:
            continue
        inside = inside - inside.mean()
        r2 = float(((parts[:, :rank].T @ inside) ** 2).sum() / (inside @ inside))
        p = float(stats.beta.sf(r2, rank / 2, (n - 1 - rank) / 2)) * len(arms)
        if p < best[0]:
            best = p, arm if len(arms) > 2 else None
    return best


def uneven_list(rows: pd.DataFrame, names: list[str], arms: list[str]) -> UnevenList | None:
    """Return the list that one arm was given more or less often than the other arms, if any.

    Designs give lists alike. If the other arms fit that, an arm is tested against equal shares
    (binomial, corrected for lists and arms), and it must differ from the other arms, too.
    """
    seen = _complete(rows.drop_duplicates(["participant", *names]).dropna(subset=names))
    if seen.empty:
        return None
    cell = seen.groupby(names, sort=False, observed=True).ngroup().to_numpy()
    sets = pd.Series(cell).groupby(seen["participant"].to_numpy()).agg(frozenset)
    sizes = sets.value_counts()
    lists = list(sizes.index[sizes >= SOME])
    if not 2 <= len(lists) <= MOST_LISTS or not 0.5 * len(sets) <= sizes[lists].sum():
        return None
    # Somebody without an answer to a few images of a list has seen this list.
    within = {own: [n for n, one in enumerate(lists) if own <= one] for own in set(sets)}
    of_person = sets.map(lambda own: within[own][0] if len(within[own]) == 1 else -1)
    of_person = of_person[of_person >= 0]
    if len(of_person) < OF_LISTS * len(sets):
        return None
    arm = seen.drop_duplicates("participant").set_index("participant")["arm"]
    table = pd.crosstab(of_person, arm.reindex(of_person.index)).reindex(columns=arms, fill_value=0)
    tests = len(arms) * (len(lists) if len(lists) > 2 else 1)
    contents = np.zeros((len(lists), int(cell.max()) + 1))
    for number, one_list in enumerate(lists):
        contents[number, list(one_list)] = 1.0
    best: tuple[float, int] | None = None
    for one in arms:
        own, others = table[one], table.drop(columns=one).sum(axis=1)
        if own.sum() < FEWEST_PEOPLE or others.sum() < 4 * len(lists):
            continue
        if stats.chisquare(others).pvalue < EVEN:
            continue
        difference = (own / own.sum() - others / others.sum()).to_numpy(dtype=float)
        of_cells = difference @ contents[table.index.to_numpy()]
        for number in table.index:
            if of_cells[list(lists[number])].mean() < IMAGES_APART:
                continue
            k, n, rest = int(own[number]), int(own.sum()), int(others.sum())
            elsewhere = int(others[number])
            p = float(stats.binomtest(k, n, 1 / len(lists)).pvalue) * tests
            if abs(k / n - elsewhere / rest) < APART or (best is not None and p >= best[0]):
                continue
            unlike = stats.fisher_exact([[k, n - k], [elsewhere, rest - elsewhere]]).pvalue
            # The list that the arm has too often is named.
            if unlike < UNLIKE and k / n > elsewhere / rest:
                best = p, int(number)
    if best is None:
        return None
    cells = dict(zip(cell, seen["image"].astype(str), strict=True))
    images = tuple(sorted({cells[one] for one in lists[best[1]]}))
    given, people = table.loc[best[1]].to_numpy(dtype=float), table.sum().to_numpy(dtype=float)
    shares = {
        arm: float(one / total)
        for arm, one, total in zip(table.columns, given, people, strict=True)
        if total
    }
    return UnevenList(len(lists), images, shares, best[0])
