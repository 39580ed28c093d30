"""Images that arms, or the levels of a factor, do not see alike."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.image_lists import joint_imbalance, uneven_list
from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    percent,
)

CELLS = 2_000_000  # numbers in memory at a time
RUNS = 400  # permutations that give the moments of the statistic of all images
OF_IMAGES = {"prediction_correct", "true_class", "predicted_class", "probability", "image_set"}
"""Columns that describe an image. Their levels share no image by nature."""
FEWEST_IMAGES = 3
SHARES = 5  # tests of images that share the level of the check


def no_shared_image(material: Material) -> Iterator[DataFinding]:
    """Yield factors with two levels that share no image although images were shown repeatedly.

    The factors are the arms, the plan's factors, and characteristics of participants. The
    probability that every image goes to people of one level by chance is computed as if each of
    its presentations after the first drew a level, divided in the exponent by the trials of a
    participant, which are not independent.
    """
    for name, levels, within in _factors(material):
        rows = material.shown.assign(_level=levels).dropna(subset=["_level", "image"])
        rows = rows.drop_duplicates(["participant", "image", "_level"])
        if rows["_level"].nunique() < 2 or rows["image"].nunique() < 2 * FEWEST_IMAGES:
            continue
        rows["_level"] = rows["_level"].astype(str)
        sets = {str(level): set(part["image"]) for level, part in rows.groupby("_level")}
        apart = [
            (one, two)
            for number, one in enumerate(sets)
            for two in list(sets)[number + 1 :]
            if not sets[one] & sets[two] and min(len(sets[one]), len(sets[two])) >= FEWEST_IMAGES
        ]
        p = _p_apart(rows, within)
        if apart and p < material.level:
            yield _apart(material, name, rows, sets, apart, p)


def _factors(material: Material) -> Iterator[tuple[str, pd.Series, bool]]:
    """Yield each factor with its level by trial, and whether it varies within participants."""
    trials, people = material.trials, material.people.set_index("participant")
    yield "arm", trials["arm"], False
    seen = {"arm"}
    behaviour = behaviour_of(material.data)
    described = OF_IMAGES | ({behaviour.truth, behaviour.advice} if behaviour else set())
    for outcome in material.data.plan.outcomes:
        for name in (outcome.factor, outcome.within):
            if name is None or name in seen or name in described or name == "position":
                continue
            seen.add(name)
            if name in people:
                yield name, trials["participant"].map(people[name]), False
            elif name in trials and trials[name].nunique() <= 8:
                within = trials.groupby("participant")[name].nunique().max() > 1
                yield name, trials[name], bool(within)
    for name in material.labels(material.people, 6):
        if name not in seen:
            yield name, trials["participant"].map(people[name]), False
    if not trials["participant"].duplicated().any():
        return  # with one trial per participant, any column of images is constant within them
    for name in material.labels(trials, 6):
        by_person = trials.groupby("participant")[name].nunique()
        if name not in seen and name not in described and (by_person == 1).all():
            yield name, trials[name], False


def _p_apart(rows: pd.DataFrame, within: bool) -> float:
    shares = rows["_level"].value_counts(normalize=True)
    again = rows["image"].value_counts() - 1
    discount = 1.0 if within else float(rows["participant"].value_counts().mean())
    return float(np.exp(np.log(min(0.999, float((shares**2).sum()))) * again.sum() / discount))


def _apart(
    material: Material,
    name: str,
    rows: pd.DataFrame,
    sets: dict[str, set[str]],
    apart: list[tuple[str, str]],
    p: float,
) -> DataFinding:
    one, two = apart[0]
    total = len(sets[one] | sets[two])
    more = f" (and {counted(len(apart) - 1, 'other pair')} of levels)" if len(apart) > 1 else ""
    labels = material.data.labels if name == "arm" else {}
    names = [labels.get(level, level) for level in (one, two)]
    right = rows["prediction_correct"].astype("float64").groupby(rows["_level"]).mean()
    accuracy = ""
    if right.reindex([one, two]).notna().all():
        accuracy = (
            f" The classifier is right in {percent(float(right[one]))} and "
            f"{percent(float(right[two]))} of their trials."
        )
    of = "The arms" if name == "arm" else f"The levels of “{name}”"
    return DataFinding(
        "no_shared_image",
        f"{of} “{names[0]}” and “{names[1]}” share 0 of {total} images{more}, although each image "
        f"was shown {len(rows) / rows['image'].nunique():.1f} times on average.{accuracy} A "
        "difference between them may be a difference between their images.",
        "Interpret the difference as one of the levels together with their images. Only a random "
        "term for images, which few images estimate poorly, or the same images in all levels would "
        "separate them.",
        columns=(name, "image"),
        arms=tuple(sets) if name == "arm" else (),
        outcomes={
            outcome.key: ""
            for outcome in material.data.plan.outcomes
            if outcome.column or outcome.measure or name in (outcome.factor, outcome.within)
        },
        p=p,
    )


def image_imbalance(material: Material) -> Iterator[DataFinding]:
    """Yield images, and kinds of images, that arms saw unequally often.

    Participants are the units, since a participant's images were drawn together. Each image is
    tested by the hypergeometric distribution of the participants who saw it (corrected for images
    and arms); all images together by χ² of the presentations, whose distribution under a
    permutation of the participants is taken as a gamma distribution, and by the images that one arm
    alone has in common (joint_imbalance); lists of images by the lists' equal shares in the other
    arms; and characteristics of images by an analysis of variance of the participants' shares.

    If the classifier's accuracy is planned as a factor, arms show different numbers of images by
    design. Right and wrong predictions are then compared separately, by the distribution of all
    images together and by their characteristics.
    """
    rows = material.shown.dropna(subset=["image"])
    level = material.level / SHARES
    if "planned_accuracy" in rows and rows["planned_accuracy"].nunique() > 1:
        kinds = [kind for _, kind in rows.groupby("prediction_correct")]
        for kind in kinds:
            yield from _over_levels(material, kind, level / len(kinds))
            if len(material.arms) > 1 and kind["image"].nunique() > 1:
                yield from _distribution(material, kind, level / len(kinds))
                yield from _mix(material, kind, level / len(kinds))
        return
    yield from _over_levels(material, rows, level)
    if len(material.arms) < 2 or rows["image"].nunique() < 2:
        return
    seen = rows.drop_duplicates(["participant", "image"])
    sets = [set(part["image"]) for _, part in seen.groupby("arm")]
    if any(not one & two for n, one in enumerate(sets) for two in sets[n + 1 :]):
        return  # no_shared_image says more
    single = _single(seen, level)
    if single is not None:
        yield _single_finding(material, seen, *single)
    elif found := list(_distribution(material, rows, level, seen)):
        yield from found
    else:
        yield from _uneven_lists(material, rows, level)
    yield from _mix(material, rows, level)


def _distribution(
    material: Material, rows: pd.DataFrame, level: float, seen: pd.DataFrame | None = None
) -> Iterator[DataFinding]:
    """Yield an uneven distribution of all images together over the arms.

    `seen` has a row per participant and image; with it, the images that one arm alone has in common
    are compared, too.
    """
    together, arm = _together(rows, material.arms)
    if seen is not None and together >= level:
        together, arm = joint_imbalance(seen, material.arms)
    most = f" The arm “{material.data.labels[arm]}” differs most." if arm else ""
    if together < level:
        yield _imbalance(
            material,
            f"The images are distributed over the arms less evenly than a random draw by "
            f"participant explains ({rows['image'].nunique()} images, permutation of "
            f"participants).{most}",
            together,
            ("image",),
        )


def _over_levels(material: Material, rows: pd.DataFrame, limit: float) -> Iterator[DataFinding]:
    """Yield within factors of which an image has one level far more often than other images.

    Among participants who saw the image at a single level, that level is a draw with the level's
    share of all such presentations (binomial test, corrected for factors, images and levels). A
    factor with one level per image, such as whether the prediction is right, describes the image.
    """
    outcomes = material.data.plan.outcomes
    factors = {outcome.within for outcome in outcomes if outcome.within in rows}
    for name in sorted(map(str, factors)):
        seen = rows.dropna(subset=[name]).drop_duplicates(["participant", "image", name])
        seen = seen[~seen.duplicated(["participant", "image"], keep=False)]
        table = pd.crosstab(seen["image"].astype(str), seen[name].astype(str))
        if table.shape[0] < 2 or table.shape[1] < 2 or (table > 0).sum(axis=1).median() < 2:
            continue
        total = table.sum(axis=1)
        share = table.sum() / total.sum()
        p = pd.DataFrame(
            {
                level: [
                    stats.binomtest(int(k), int(n), float(share[level])).pvalue if n else 1.0
                    for k, n in zip(table[level], total, strict=True)
                ]
                for level in table.columns
            },
            index=table.index,
        )
        least = float(p.min().min()) * table.size * len(factors)
        if least >= limit:
            continue
        level = str(p.min().idxmin())
        image = str(p[level].idxmin())
        of_image, usual = float(table.loc[image, level] / total[image]), float(share[level])
        yield _imbalance(
            material,
            f"The images are not distributed evenly over the levels of “{name}”: of "
            f"{counted(int(total[image]), 'participant')} who saw “{image}” at one level, "
            f"{percent(of_image)} saw it at “{level}”, against {percent(usual)} of all images.",
            least,
            (name, "image"),
            f"the levels of “{name}”",
        )


def _imbalance(
    material: Material,
    sentence: str,
    p: float,
    columns: tuple[str, ...],
    between: str = "arms",
) -> DataFinding:
    return DataFinding(
        "image_imbalance",
        f"{sentence} A difference between {between} may be a difference between images.",
        "Use a model with a random term for images, and report how the images were assigned.",
        columns=columns,
        outcomes=material.outcomes_with(any_trials=True),
        p=p,
    )


def _single(seen: pd.DataFrame, level: float) -> tuple[list[tuple[str, str]], float] | None:
    """Return the images with their arm that saw them too often or too rarely, and the largest p.

    Participants who saw fewer images than nine in ten of their arm's usual number are left out:
    they stopped early, and what they did not reach was not withheld from their arm.
    """
    number = seen.groupby("participant")["image"].size()
    usual = number.groupby(seen.drop_duplicates("participant").set_index("participant")["arm"])
    kept = number.index[number >= 0.9 * usual.transform("median")]
    seen = seen[seen["participant"].isin(kept)]
    people = seen.drop_duplicates("participant")["arm"].value_counts()
    table = pd.crosstab(seen["image"], seen["arm"])
    total, n = people.sum(), table.sum(axis=1).to_numpy()
    tests = 2 * table.size
    bad, largest = [], 0.0
    for arm in table.columns:
        k = table[arm].to_numpy()
        fewer = stats.hypergeom.cdf(k, total, n, people[arm]) * tests
        more = stats.hypergeom.sf(k - 1, total, n, people[arm]) * tests
        p = np.minimum(fewer, more)
        for image in np.flatnonzero(p < level):
            bad.append((str(table.index[int(image)]), str(arm)))
            largest = max(largest, float(p[image]))
    return (bad, largest) if bad else None


def _single_finding(
    material: Material, seen: pd.DataFrame, bad: list[tuple[str, str]], p: float
) -> DataFinding:
    image = bad[0][0]
    people = seen.drop_duplicates("participant")["arm"].value_counts()
    own = seen.loc[seen["image"].astype(str) == image, "arm"].value_counts()
    shares = ", ".join(
        f"{percent(float(own.get(arm, 0)) / float(people[arm]))} of the participants of "
        f"“{material.data.labels[arm]}”"
        for arm in material.arms
        if arm in people
    )
    images = list(dict.fromkeys(name for name, _ in bad))
    number = counted(len(images), "image")
    return _imbalance(
        material,
        f"{number} ({listed(images)}) {'was' if len(images) == 1 else 'were'} shown more often in "
        f"some arms than in others: “{image}” to {shares}.",
        p,
        ("image",),
    )


def _uneven_lists(material: Material, rows: pd.DataFrame, level: float) -> Iterator[DataFinding]:
    """Yield a list of images that one arm was given more often than the others.

    A list is a set of images, or of images with the levels of a within factor that go with them.
    """
    outcomes = material.data.plan.outcomes
    factors = {str(outcome.within) for outcome in outcomes if outcome.within in rows}
    for names in (["image"], *(["image", name] for name in sorted(factors))):
        found = uneven_list(rows, names, material.arms)
        if found is None or found.p >= level:
            continue
        shares = ", ".join(
            f"{percent(share)} of the participants of “{material.data.labels[arm]}”"
            for arm, share in found.shares.items()
        )
        with_levels = f" at their levels of “{names[1]}”" if len(names) > 1 else ""
        yield _imbalance(
            material,
            f"Participants were shown one of {found.lists} lists of images{with_levels}. The list "
            f"with {listed(found.images, 3)} was given to {shares}. Lists that are drawn evenly "
            "would differ less.",
            found.p,
            (*names,),
        )
        return


def _together(rows: pd.DataFrame, arms: list[str]) -> tuple[float, str | None]:
    """Return the p of images by arm, of all arms or of the arm that differs most from the others.

    Half of the level is for all arms, and half for the single arms.
    """
    people = rows.drop_duplicates("participant")
    codes = pd.factorize(rows["participant"])[0], pd.factorize(rows["image"], sort=True)[0]
    counts = np.zeros((len(people), int(codes[1].max()) + 1))
    np.add.at(counts, codes, 1.0)
    counts = counts[:, counts.sum(axis=0) >= SOME]
    if counts.shape[1] < 2 or len(people) < 2 * SOME:
        return 1.0, arms[0] if len(arms) > 2 else None
    rng = np.random.default_rng(0)
    orders = np.stack([rng.permutation(len(people)) for _ in range(RUNS)])
    p = 2 * _permuted(people["arm"], counts, orders)
    if len(arms) < 3:
        return min(1.0, p), None
    single = {arm: _permuted(people["arm"] == arm, counts, orders) for arm in arms}
    arm = min(arms, key=lambda one: single[one])
    return min(1.0, p, 2 * len(arms) * single[arm]), arm


def _permuted(arm: pd.Series, counts: Numbers, orders: NDArray[np.int64]) -> float:
    """Return the p of χ² of images by arm if participants are permuted over arms.

    `counts` (participants, images) gives how often each participant saw an image, and `orders` are
    the permutations.
    """
    arms = pd.get_dummies(arm).to_numpy(dtype=float)
    sizes = arms.T @ counts.sum(axis=1)
    expected = np.outer(sizes, counts.sum(axis=0)) / counts.sum()
    expected = np.maximum(expected, 1e-9)

    def statistics(of_arms: Numbers) -> Numbers:
        """Return χ² of each of several allocations (allocations, participants, arms)."""
        terms = (of_arms.swapaxes(1, 2) @ counts - expected) ** 2 / expected
        result: Numbers = terms.reshape(len(of_arms), -1).sum(axis=1)
        return result

    observed = float(statistics(arms[np.newaxis])[0])
    blocks = max(1, orders.size * arms.shape[1] // CELLS)
    drawn = np.concatenate(
        [statistics(arms[block]) for block in np.array_split(orders, min(blocks, len(orders)))]
    )
    mean, variance = float(drawn.mean()), float(drawn.var(ddof=1))
    if variance <= 1e-12 * max(1.0, mean**2):
        return 1.0 if observed <= mean * (1 + 1e-9) else 0.0
    return float(stats.gamma.sf(observed, mean**2 / variance, scale=variance / mean))


def _mix(material: Material, rows: pd.DataFrame, level: float) -> Iterator[DataFinding]:
    """Yield a characteristic of images whose share differs between arms."""
    shares = list(_shares(rows))
    for name, value, people, share in shares:
        arm = material.arm.reindex(people).to_numpy()
        groups = [share[arm == one] for one in material.arms]
        groups = [group for group in groups if len(group) >= SOME]
        if len(groups) < 2:
            continue
        means = [float(group.mean()) for group in groups]
        if np.ptp(means) < 0.02:
            continue
        if all(np.ptp(group) < 1e-9 for group in groups):
            p = 0.0
        else:
            p = float(stats.f_oneway(*groups).pvalue) * len(shares)
        if p < level:
            words = ", ".join(
                f"{percent(mean)} in “{material.data.labels[one]}”"
                for one, mean in zip(material.arms, means, strict=False)
            )
            yield _imbalance(
                material,
                f"The share of images with “{name}” = {value} differs between arms: {words}.",
                p,
                (name, "image"),
            )
            return


def _shares(rows: pd.DataFrame) -> Iterator[tuple[str, object, pd.Index, Numbers]]:
    """Yield each value of a column that describes images, with participants and its shares."""
    for name in map(str, rows.columns):
        if name in ADMINISTRATIVE or name in ("participant", "arm", "image", "method"):
            continue
        if not 2 <= rows[name].nunique() <= 12:
            continue
        known = rows.dropna(subset=[name])
        codes, values = pd.factorize(known[name])
        images = pd.factorize(known["image"])[0]
        sizes = np.bincount(images)
        # Each image must have one value, and enough images must have been shown repeatedly.
        several = len(np.unique(images * len(values) + codes)) > len(sizes)
        if several or (sizes > 2).sum() < FEWEST_IMAGES:
            continue
        person, people = pd.factorize(known["participant"], sort=True)
        total = np.bincount(person)
        for code, value in enumerate(values):
            own = np.bincount(person[codes == code], minlength=len(people))
            yield name, value, pd.Index(people), own / total
