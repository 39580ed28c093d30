"""Arms that lost more participants than the others."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from analysis.sections.data_checks.material import SOME, DataFinding, Material, percent


def attrition(material: Material) -> Iterator[DataFinding]:
    """Yield arms in which more participants did not complete than elsewhere.

    Each arm is compared with the others by the hypergeometric distribution, one-sided, corrected
    for arms. Only states that the source recorded are examined.
    """
    if material.data.plan.states != "recorded" or len(material.arms) < 2:
        return
    lost = (material.people["state"] != "completed").fillna(True).to_numpy(dtype=bool)
    arms = material.people["arm"].to_numpy()
    for arm in material.arms:
        own = arms == arm
        if own.sum() < SOME or lost.all():
            continue
        chance = stats.hypergeom.sf(lost[own].sum() - 1, len(lost), lost.sum(), own.sum())
        p = float(chance) * len(material.arms)
        if p < material.level:
            yield _finding(material, arm, float(lost[own].mean()), float(np.mean(lost[~own])), p)


def _finding(material: Material, arm: str, share: float, elsewhere: float, p: float) -> DataFinding:
    return DataFinding(
        "attrition",
        f"In the arm “{material.data.labels[arm]}”, {percent(share)} of the participants did not "
        f"complete the study, against {percent(elsewhere)} in the other arms. Those who completed "
        "it may differ between arms in more than the arm.",
        "Find out at which step they stopped, and whether it was a fault of the pages of this arm. "
        "Report the losses by arm, and how far the result depends on the missing outcomes.",
        columns=("state",),
        arms=(arm,),
        outcomes=material.all_outcomes,
        p=p,
    )
