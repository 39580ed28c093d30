"""Required sample of a study, from its plan, codebook and design (plan_power)."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.plan.plan import Outcome, Plan
from analysis.power.assumptions import Assumptions, Claim, Design, PlanningError
from analysis.power.looks import PlannedLooks, planned_looks
from analysis.power.outcomes import (
    LATER,
    WITHIN_SUBJECTS,
    Simulated,
    can_be_simulated,
    chosen,
    shifted_by_factor,
    simulated,
)
from analysis.power.search import OutcomePower, Wanted, outcome_power
from analysis.power.simulated_studies import CHUNK, Settings, Simulator
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.provenance import software

WITHOUT_CONTRASTS = (*WITHIN_SUBJECTS, "mixed_anova", "factorial")
SCHEMA = 1  # version of power.json; raised when a key changes its meaning or is removed


@dataclass(frozen=True)
class Asked:
    """Options of the command: goal, assumptions, `outcomes` and `affected` arms by key, seed."""

    wanted: Wanted = field(default_factory=Wanted)
    assumed: Assumptions = field(default_factory=Assumptions)
    outcomes: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    claim: Claim = "test"
    seed: int = 1


@dataclass(frozen=True)
class Power:
    """Contents of power.json. `per_arm` is the largest sample required by an outcome, or None.

    It is None if the goal cannot be reached for an outcome. `affected` contains, by outcome, the
    arms or conditions shifted by the smallest effect. `left_out` contains outcomes with a smallest
    effect that cannot be simulated, and the reasons. `looks` has the boundaries of the plan's looks
    and the sample that they need on average; the simulation itself tests once, at the end.
    """

    schema: int
    title: str
    plan: Plan
    design: Design
    asked: Asked
    affected: dict[str, tuple[str, ...]]
    outcomes: tuple[OutcomePower, ...]
    left_out: dict[str, str]
    per_arm: int | None
    settings_sha256: str
    software: dict[str, str]
    looks: PlannedLooks | None = None


@with_analysis_settings
def plan_power(
    plan: Plan,
    codebook: pd.DataFrame,
    design: Design,
    asked: Asked,
    output: Path,
    *,
    workers: int = 1,
    told: Callable[[str], None] = lambda line: None,
    scheduler: str = "",
) -> Power:
    """Simulate each outcome and return the required samples.

    Runs are stored in output/runs-<outcome>.jsonl and never repeated. `codebook` has the columns of
    codebook.csv. Raises PlanningError before the first run if an outcome cannot be simulated. The
    result depends only on plan, codebook, design and `asked`, and not on `workers` or the Dask
    cluster whose `scheduler` is given.
    """
    # Runs are rounded up to whole chunks, because only whole chunks are stored and reused.
    wanted = replace(asked.wanted, runs=-(-asked.wanted.runs // CHUNK) * CHUNK)
    asked = replace(asked, wanted=wanted)
    outcomes, left_out = can_be_simulated(plan, chosen(plan, asked.outcomes), design)
    _refuse(asked, design, outcomes, left_out)
    tasks = {
        outcome.key: simulated(plan, outcome, codebook, asked.assumed, design)
        for outcome in outcomes
    }
    affected = {
        outcome.key: _affected(plan, design, outcome, asked.affected) for outcome in outcomes
    }
    settings = {
        key: Settings(plan, codebook, design, asked.assumed, affected[key], asked.claim, asked.seed)
        for key in tasks
    }
    output.mkdir(parents=True, exist_ok=True)
    results = [
        _outcome(tasks[key], settings[key], wanted, output, workers, told, scheduler)
        for key in tasks
    ]
    prints = "".join(fingerprint(entry) for entry in settings.values())
    return Power(
        SCHEMA,
        plan.title,
        plan,
        design,
        asked,
        affected,
        tuple(results),
        left_out,
        _largest(results),
        hashlib.sha256(prints.encode()).hexdigest(),
        dict(software()),
        planned_looks(plan, wanted.power),
    )


def _refuse(
    asked: Asked, design: Design, outcomes: tuple[Outcome, ...], left_out: Mapping[str, str]
) -> None:
    if left_out and asked.outcomes:
        raise PlanningError(list(left_out.values()))
    if design.conditions and asked.claim == "contrast":
        raise PlanningError(
            ["A within-subjects design has no contrast with a control; use the claim test."]
        )
    without = [one for one in outcomes if one.analysis in WITHOUT_CONTRASTS]
    if without and asked.claim == "contrast":
        raise PlanningError(
            [
                f"outcome {one.key!r}: {one.analysis} has no single contrast of an arm with the "
                "control; use the claim test, or leave the outcome out with --outcomes."
                for one in without
            ]
        )


def _outcome(
    task: Simulated,
    settings: Settings,
    wanted: Wanted,
    output: Path,
    workers: int,
    told: Callable[[str], None],
    scheduler: str,
) -> OutcomePower:
    """Return an outcome's curves and sample, storing its runs in output/runs-<outcome>.jsonl."""
    key = task.outcome.key
    effect = float(task.outcome.smallest_effect or 0)
    file = output / f"runs-{key}.jsonl"
    with Simulator(settings, fingerprint(settings), file, workers, told, scheduler) as simulator:
        return outcome_power(simulator, key, effect, task.alpha, wanted, task.items is None)


def to_json(power: Power, told: Mapping[str, str]) -> str:
    """Return power.json with sorted keys, so that the same settings give the same bytes.

    `told` maps each outcome's key to its sentence.
    """
    document = {**asdict(power), "told": dict(told)}
    return json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n"


def fingerprint(settings: Settings) -> str:
    """Return the SHA-256 of everything that the runs depend on."""
    document: dict[str, Any] = {
        **{name: getattr(settings, name) for name in ("affected", "claim", "seed")},
        "plan": asdict(settings.plan),
        "assumed": asdict(settings.assumed),
        "design": asdict(settings.design),
        "codebook": settings.codebook.to_csv(index=False),
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _affected(
    plan: Plan, design: Design, outcome: Outcome, named: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the arms named, or else the first arm other than the control.

    An effect in a single arm is harder to detect than an effect in all arms, so it is the default.
    In a within-subjects design the arms are conditions, and the first condition is the control. An
    outcome with factors has the arms that its effect names (outcomes.shifted_by_factor), and an
    outcome that compares times has its later measurement.
    """
    if outcome.before and outcome.analysis in WITHIN_SUBJECTS:
        if named:
            raise PlanningError(
                [
                    f"outcome {outcome.key!r} compares times over all arms, so its effect is in "
                    "the later measurement. Leave --affected out."
                ]
            )
        return (LATER,)
    others = [arm for arm in plan.arms_of(outcome) if arm != plan.control]
    others = list(design.conditions[1:]) if design.conditions else others
    unknown = [arm for arm in named if arm not in others]
    if unknown:
        raise PlanningError(
            [
                f"outcome {outcome.key!r}: the effect cannot be in {', '.join(unknown)}; choose "
                f"from {', '.join(others)}."
            ]
        )
    default = shifted_by_factor(outcome, plan, design) if outcome.factors else tuple(others[:1])
    return named or default


def _largest(results: list[OutcomePower]) -> int | None:
    sizes = [getattr(result.per_arm, "value", None) for result in results]
    return None if None in sizes else int(max(size for size in sizes if size is not None))
