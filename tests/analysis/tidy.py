"""A small generator of tidy data folders, as export_study writes them, with planted effects.

write_study(folder)                                    seven arms of twenty, no effect
write_study(folder, trust={"gradcam": 1.0})            the arm's people trust one SD more
write_study(folder, accept_wrong={"lime": 0.3})        its people accept 30 points more errors
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.failures import Failures
from analysis.plan.reading import read_document
from analysis.report.render import render_report
from analysis.results import OutcomeResult, Results, compute, outcome_results
from analysis.sections.deviations import hold_to
from analysis.sections.optional import optional_results
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study

ARMS = {
    "none": "No explanation",
    "gradcam": "Grad-CAM",
    "saliency": "Saliency map",
    "integrated_gradients": "Integrated Gradients",
    "deepshap": "DeepSHAP",
    "lime": "LIME",
    "placebo": "Placebo map",
}
CLASSES = ("car", "truck", "boat", "umbrella", "tree", "flower")
SCALES = {  # questionnaire, scale → item, reversed
    ("ai-experience-v1", "experience"): {f"experience{i}": False for i in (1, 2, 3)},
    ("trust-v1", "trust"): {f"trust{i}": i in (3, 5) for i in range(1, 7)},
    ("understanding-v1", "understanding"): {f"understanding{i}": i == 4 for i in range(1, 6)},
}
PLAN = """title = "{title}"
control = "{control}"
arms = {arms}
alpha = 0.05

[[outcomes]]
key = "trust"
label = "Trust in the classifier"
kind = "scale"
scale = "trust"

[[outcomes]]
key = "understanding"
label = "Felt understanding of the classifier"
kind = "scale"
scale = "understanding"

[[outcomes]]
key = "agreement_wrong"
label = "Agreement with wrong predictions (over-reliance)"
kind = "trial_mean"
column = "agreed"
where = {{ prediction_correct = 0 }}

[[outcomes]]
key = "sureness"
label = "Sureness of the decision"
kind = "trial_mean"
column = "sureness"
family = "secondary"
"""
NOTHING: Mapping[str, float] = {}


def write_study(
    folder: Path,
    *,
    arms: Mapping[str, str] = ARMS,
    per_arm: int = 20,
    seed: int = 0,
    trust: Mapping[str, float] = NOTHING,
    understanding: Mapping[str, float] = NOTHING,
    accept_wrong: Mapping[str, float] = NOTHING,
    simulated: bool = True,
    unfinished: int = 0,
    plan: str | None = None,
    title: str = "What explanations do to trust",
) -> Path:
    """Write the folder and return it. Effects: in SDs of the scale, or points of acceptance.

    `unfinished` people per arm stop after six trials; every second of them by the button.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    people = _participants(rng, arms, per_arm + unfinished, unfinished, simulated)
    shifts = {"trust": trust, "understanding": understanding}
    frames = {
        "participants.csv": people,
        "trials.csv": _trials(rng, people, accept_wrong),
        "answers.csv": _answers(rng, people, shifts),
    }
    frames["codebook.csv"] = _codebook(frames)
    for name, frame in frames.items():
        frame.to_csv(folder / name, index=False)
    control = next(iter(arms))
    text = plan or PLAN.format(title=title, control=control, arms=json.dumps(list(arms)))
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    (folder / "study.toml").write_text(f'slug = "tidy"\nseed = {seed}\n', encoding="utf-8")
    write_manifest(folder, title, simulated)
    return folder


def write_manifest(
    folder: Path,
    title: str = "Tidy",
    simulated: bool = True,
    erased: Mapping[str, int] | None = None,
) -> None:
    """The manifest of the folder as it now is."""
    files = {
        path.name: {
            "rows": len(path.read_text(encoding="utf-8").splitlines()) - 1,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.glob("*.csv"))
    }
    manifest = {
        "study": "tidy",
        "title": title,
        "exported_at": "2026-01-05T12:00:00+00:00",
        "files": files,
        "study_file_sha256": "a" * 64,
        "weights_sha256": "b" * 64,
        "simulated": "only" if simulated else "none",
        "software": {"python": "3.11"},
    }
    if erased is not None:
        manifest["withdrawn_and_deleted"] = dict(erased)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def edit(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Path:
    """Apply `change(frame) -> frame` to a csv, all cells text, and renew the manifest."""
    frame = pd.read_csv(folder / name, dtype="str", keep_default_na=False)
    change(frame).to_csv(folder / name, index=False)
    write_manifest(folder)
    return folder


def results_of(
    folder: Path, *, plan: Path | None = None, registered: Path | None = None
) -> Results:
    """The findings alone: no figures, report or bundle, which take most of an analysis's time."""
    held_to = read_document(registered) if registered is not None else None
    data = hold_to(read_study(folder, plan), held_to)
    return compute(data, score_table(data))


@with_analysis_settings
def outcomes_of(folder: Path, *, plan: Path | None = None) -> tuple[OutcomeResult, ...]:
    """The outcomes alone, for tests that look at no other part of the findings."""
    data, failures = read_study(folder, plan), Failures()
    found = outcome_results(data, score_table(data), failures)
    assert failures.found == []
    return found


@with_analysis_settings
def optional_of(folder: Path) -> Mapping[str, Any]:
    """The optional sections alone, by key."""
    data, failures = read_study(folder), Failures()
    found = optional_results(data, score_table(data), failures)
    assert failures.found == []
    return found


def page_of(
    folder: Path, *, plan: Path | None = None, registered: Path | None = None
) -> tuple[Results, str]:
    """The findings and the report's page without figures, which take half of an analysis's time."""
    results = results_of(folder, plan=plan, registered=registered)
    return results, render_report(results, {}, "tests")


def _participants(
    rng: np.random.Generator,
    arms: Mapping[str, str],
    per_arm: int,
    unfinished: int,
    simulated: bool,
) -> pd.DataFrame:
    order = [arm for _ in range(per_arm) for arm in rng.permutation(list(arms))]
    rows = []
    for index, arm in enumerate(order):
        late = index // len(arms) >= per_arm - unfinished
        state = "completed" if not late else ("started", "stopped")[index % 2]
        rows.append(
            {
                "participant": f"P{index + 1:08x}",
                "arm": arm,
                "arm_label": arms[arm],
                "sequence": index + 1,
                "block": index // len(arms) + 1,
                "state": state,
                "simulated": int(simulated),
                "consented_at": "2026-01-01T10:00:00+00:00",
                "completed_at": "2026-01-01T10:12:30+00:00" if state == "completed" else "",
                "seconds_total": 750 if state == "completed" else "",
            }
        )
    return pd.DataFrame(rows)


def _trials(
    rng: np.random.Generator, people: pd.DataFrame, accept_wrong: Mapping[str, float]
) -> pd.DataFrame:
    rows = []
    for person in people.itertuples():
        order = rng.permutation(12)
        habit = rng.normal(0, 0.12)
        stops = 12 if person.state == "completed" else 6
        for position, image in enumerate(order[:stops], start=1):
            correct = int(image < 8)
            chance = (0.85 if correct else 0.45 + accept_wrong.get(person.arm, 0)) + habit
            true = CLASSES[image % 6]
            rows.append(
                {
                    "participant": person.participant,
                    "arm": person.arm,
                    "position": position,
                    "image": f"{image:012x}",
                    "image_set": "scenes",
                    "true_class": true,
                    "predicted_class": true if correct else CLASSES[(image + 1) % 6],
                    "probability": round(0.6 + 0.03 * image, 3),
                    "prediction_correct": correct,
                    "method": "" if person.arm == "none" else person.arm,
                    "explanation": "" if person.arm == "none" else f"key{image}",
                    "agreed": int(rng.random() < chance),
                    "sureness": int(rng.integers(1, 6)),
                    "response_time_ms": round(float(rng.lognormal(8, 0.4)), 1),
                    "server_seconds": 5.5,
                    "answered_at": "2026-01-01T10:05:00+00:00",
                }
            )
    return pd.DataFrame(rows)


def _answers(
    rng: np.random.Generator, people: pd.DataFrame, shifts: Mapping[str, Mapping[str, float]]
) -> pd.DataFrame:
    rows = []
    for person in people[people["state"] == "completed"].itertuples():
        for (questionnaire, scale), items in SCALES.items():
            level = rng.normal() + shifts.get(scale, NOTHING).get(person.arm, 0.0)
            for item, reversed_item in items.items():
                value = int(np.clip(round(4 + level + rng.normal(0, 0.8)), 1, 7))
                rows.append(
                    {
                        "participant": person.participant,
                        "arm": person.arm,
                        "questionnaire": questionnaire,
                        "item": item,
                        "value": 8 - value if reversed_item else value,
                        "response_time_ms": 21000.0,
                        "answered_at": "2026-01-01T10:10:00+00:00",
                    }
                )
    return pd.DataFrame(rows)


def _codebook(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    integers = {"sequence", "block", "simulated", "position", "prediction_correct", "agreed"}
    integers.add("sureness")
    numbers = {"seconds_total", "probability", "response_time_ms", "server_seconds"}
    further = "item minimum maximum values questionnaire scale reversed wording source"
    empty = dict.fromkeys(further.split(), "")
    rows = []
    for name, frame in frames.items():
        for column in frame.columns:
            kind = "integer" if column in integers else "number" if column in numbers else "text"
            bounds = {"minimum": 1, "maximum": 5} if column == "sureness" else {}
            row = {"file": name, "column": column, "label": column, "type": kind}
            rows.append({**empty, **row, **bounds})
    for (questionnaire, scale), items in SCALES.items():
        for item, reversed_item in items.items():
            rows.append(
                {
                    "file": "answers.csv",
                    "column": "value",
                    "item": item,
                    "label": f"Text of {item}",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 7,
                    "values": "1=Strongly disagree; 7=Strongly agree",
                    "questionnaire": questionnaire,
                    "scale": scale,
                    "reversed": int(reversed_item),
                    "wording": "own",
                    "source": f"construct: {scale}; wording our own",
                }
            )
    return pd.DataFrame(rows)
