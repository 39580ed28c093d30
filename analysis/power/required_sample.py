"""plan_power: from a plan, a codebook and a design to the sample that is needed."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.plan.plan import Outcome, Plan
from analysis.power.assumptions import Assumptions, Claim, Design, PlanningError
from analysis.power.outcomes import Simulated, can_be_simulated, chosen, simulated
from analysis.power.search import OutcomePower, Wanted, outcome_power
from analysis.power.simulated_studies import CHUNK, Settings, Simulator
from analysis.study_data.provenance import software

SCHEMA = 1  # of power.json; raised when a key changes its meaning or goes


@dataclass(frozen=True)
class Asked:
    """What the command asks for beside the study: `affected` arms, `outcomes` by key, or all."""

    wanted: Wanted = field(default_factory=Wanted)
    assumed: Assumptions = field(default_factory=Assumptions)
    outcomes: tuple[str, ...] = ()
    affected: tuple[str, ...] = ()
    claim: Claim = "test"
    seed: int = 1


@dataclass(frozen=True)
class Power:
    """power.json. `per_arm`: the largest sample that an outcome needs; None if one is out of reach.

    `affected` by outcome: the arms, or conditions, whose answers its smallest effect shifts.
    `left_out`: outcomes with a smallest effect that cannot be simulated, and why.
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


def plan_power(
    plan: Plan,
    codebook: pd.DataFrame,
    design: Design,
    asked: Asked,
    output: Path,
    *,
    workers: int = 1,
    told: Callable[[str], None] = lambda line: None,
) -> Power:
    """Simulate each outcome; runs are remembered in output/runs-<outcome>.jsonl and not done twice.

    `codebook` has the columns of codebook.csv. Raises PlanningError for what cannot be simulated,
    before the first run. The result depends on plan, codebook, design and `asked` alone.
    """
    wanted = replace(asked.wanted, runs=-(-asked.wanted.runs // CHUNK) * CHUNK)
    asked = replace(asked, wanted=wanted)
    outcomes, left_out = can_be_simulated(plan, chosen(plan, asked.outcomes), design)
    _refuse(asked, design, left_out)
    tasks = {one.key: simulated(plan, one, codebook, asked.assumed, design) for one in outcomes}
    affected = {one.key: _affected(plan, design, one, asked.affected) for one in outcomes}
    settings = {
        key: Settings(plan, codebook, design, asked.assumed, affected[key], asked.claim, asked.seed)
        for key in tasks
    }
    output.mkdir(parents=True, exist_ok=True)
    found = [_outcome(tasks[key], settings[key], wanted, output, workers, told) for key in tasks]
    prints = "".join(fingerprint(one) for one in settings.values())
    return Power(
        SCHEMA,
        plan.title,
        plan,
        design,
        asked,
        affected,
        tuple(found),
        left_out,
        _largest(found),
        hashlib.sha256(prints.encode()).hexdigest(),
        dict(software()),
    )


def _refuse(asked: Asked, design: Design, left_out: Mapping[str, str]) -> None:
    if left_out and asked.outcomes:
        raise PlanningError(list(left_out.values()))
    if design.conditions and asked.claim == "contrast":
        raise PlanningError(
            ["A within-subjects design has no contrast with a control. Use --claim test."]
        )


def _outcome(
    task: Simulated,
    settings: Settings,
    wanted: Wanted,
    output: Path,
    workers: int,
    told: Callable[[str], None],
) -> OutcomePower:
    """One outcome's curves and sample; its runs are kept in output/runs-<outcome>.jsonl."""
    key = task.outcome.key
    effect = float(task.outcome.smallest_effect or 0)
    file = output / f"runs-{key}.jsonl"
    with Simulator(settings, fingerprint(settings), file, workers, told) as simulator:
        return outcome_power(simulator, key, effect, task.alpha, wanted, task.items is None)


def to_json(power: Power, told: Mapping[str, str]) -> str:
    """power.json: keys sorted, the same bytes for the same settings.

    `told`: what was found of each outcome, in words, by its key.
    """
    document = {**asdict(power), "told": dict(told)}
    return json.dumps(document, sort_keys=True, indent=2, allow_nan=False) + "\n"


def fingerprint(settings: Settings) -> str:
    """SHA-256 of everything on which the runs depend."""
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
    """The arms named, or the first one beside the control: harder to find than an effect of all.

    In a within-subjects design, conditions take the place of arms, the first that of the control.
    """
    others = [arm for arm in plan.arms_of(outcome) if arm != plan.control]
    others = list(design.conditions[1:]) if design.conditions else others
    unknown = [arm for arm in named if arm not in others]
    if unknown:
        raise PlanningError(
            [f"outcome {outcome.key!r}: the effect cannot be in {unknown}; known: {others}."]
        )
    return named or tuple(others[:1])


def _largest(found: list[OutcomePower]) -> int | None:
    sizes = [getattr(one.per_arm, "value", None) for one in found]
    return None if None in sizes else int(max(size for size in sizes if size is not None))
