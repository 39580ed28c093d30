"""A simulator of other studies' tables without faults, of many designs.

write_table(folder, seed)    csv files and plan.toml of a study whose design the seed draws
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CLASSES = ("car", "truck", "boat", "umbrella", "tree", "flower")


def write_table(folder: Path, seed: int) -> Path:
    """Write the folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    arms = ["plain", "map", "placebo", "lime"][: rng.integers(2, 5)]
    n = len(arms) * int(rng.integers(20, 101))
    people = _people(rng, arms, n)
    trials = _trials(rng, people, arms)
    answers, items = _answers(rng, people, arms)
    _counts(people, trials, rng)
    people.to_csv(folder / "people.csv", index=False)
    trials.drop(columns=["arm"]).to_csv(folder / "trials.csv", index=False)
    answers.to_csv(folder / "answers.csv", index=False)
    (folder / "plan.toml").write_text(_plan(arms, items, trials), encoding="utf-8")
    return folder


def _people(rng: np.random.Generator, arms: list[str], n: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pid": [f"p{number:03d}" for number in range(n)],
            "cond": rng.permutation(np.resize(arms, n)),
            "age": np.clip(rng.normal(35, 11, n).round(), 18, 75).astype(int),
            "gender": rng.choice(["woman", "man", "other"], n, p=[0.49, 0.48, 0.03]),
            "country": rng.choice(list("ABCDEFGH"), n),
        }
    )


def _trials(rng: np.random.Generator, people: pd.DataFrame, arms: list[str]) -> pd.DataFrame:
    count = int(rng.integers(8, 31))
    pool = count if rng.random() < 0.4 else int(count * rng.uniform(1.3, 4))
    accuracy = rng.uniform(0.6, 0.9)
    truth = rng.choice(CLASSES, pool)
    right = rng.random(pool) < accuracy
    right[:2] = (True, False)
    said = [
        c if ok else rng.choice([k for k in CLASSES if k != c])
        for c, ok in zip(truth, right, strict=True)
    ]
    image_effect = rng.normal(0, rng.uniform(0.2, 1), pool)
    person_sd, rounding = rng.uniform(0.2, 1), rng.choice([1, 10, 50])
    effect = dict(zip(arms, [0, *rng.uniform(0, 0.8, len(arms) - 1)], strict=True))
    same_order = rng.random() < 0.3
    order = rng.permutation(pool)[:count]
    rows: list[dict[str, Any]] = []
    for pid, arm in zip(people["pid"], people["cond"], strict=True):
        trust, speed = rng.normal(0, person_sd), rng.normal(8.2, 0.3)
        images = order if same_order else rng.permutation(pool)[:count]
        for position, image in enumerate(images, 1):
            z = trust + image_effect[image] + effect[arm] + rng.normal()
            rows.append(
                {
                    "pid": pid,
                    "arm": arm,
                    "nr": position,
                    "img": f"im{image:03d}",
                    "truth": truth[image],
                    "ai": said[image],
                    "ai_right": int(right[image]),
                    "agreed": int(z + 0.4 > 0),
                    "sure": int(np.clip(np.round(4 + z + 0.6 * rng.normal()), 1, 7)),
                    "slider": int(np.clip(np.round(55 + 14 * z + 8 * rng.normal()), 0, 100)),
                    "rt": int(np.round(np.exp(speed + rng.normal(0, 0.45)) / rounding) * rounding),
                }
            )
    frame = pd.DataFrame(rows)
    frame["correct"] = (frame["agreed"] == frame["ai_right"]).astype(int)
    if rng.random() < 0.5:
        hole = rng.random(len(frame)) < 0.01
        frame["sure"] = frame["sure"].astype("Int64").mask(hole)
    return frame


def _answers(
    rng: np.random.Generator, people: pd.DataFrame, arms: list[str]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    items, rows = [], []
    for scale in ("trust", "load", "understanding")[: rng.integers(1, 4)]:
        k, points = int(rng.integers(3, 9)), int(rng.choice([5, 7]))
        alpha = rng.uniform(0.6, 0.9)
        loading = np.sqrt(alpha / (k - (k - 1) * alpha))
        keys = rng.random(k) < rng.choice([0, 0.35])
        middle, spread = (points + 1) / 2 + rng.uniform(-0.4, 0.4), points / 5
        effect = dict(zip(arms, [0, *rng.uniform(0, 0.8, len(arms) - 1)], strict=True))
        trait = rng.normal(size=len(people)) + people["cond"].map(effect)
        for number in range(k):
            z = loading * trait + np.sqrt(1 - loading**2) * rng.normal(size=len(people))
            value = np.clip(np.round(middle + rng.normal(0, 0.3) + spread * z), 1, points)
            value = np.where(keys[number], points + 1 - value, value).astype(int)
            name = f"{scale}{number + 1}"
            items.append(
                {
                    "item": name,
                    "scale": scale,
                    "points": points,
                    "reversed": int(keys[number]),
                }
            )
            rows.append(pd.DataFrame({"pid": people["pid"], "q": name, "v": value}))
    answers = pd.concat(rows)
    answers = answers[rng.random(len(answers)) > 0.01]
    return answers.sort_values(["pid", "q"], kind="stable"), items


def _counts(people: pd.DataFrame, trials: pd.DataFrame, rng: np.random.Generator) -> None:
    wrong = trials[trials["ai_right"] == 0].groupby("pid")["agreed"].agg(["sum", "size"])
    wrong = wrong.reindex(people["pid"]).fillna(0)
    people["n_wrong"] = wrong["size"].to_numpy(dtype=int)
    people["k_wrong"] = wrong["sum"].to_numpy(dtype=int)
    share = people["k_wrong"] / people["n_wrong"].where(people["n_wrong"] > 0)
    people["followed"] = (100 * share).round(int(rng.integers(0, 3)))
    people["accuracy"] = trials.groupby("pid")["correct"].mean().reindex(people["pid"]).to_numpy()
    people["accuracy"] = people["accuracy"].round(3)


def _plan(arms: list[str], items: list[dict[str, Any]], trials: pd.DataFrame) -> str:
    blocks = "".join(
        f'[[source.items]]\nitem = "{one["item"]}"\nquestionnaire = "own"\n'
        f'scale = "{one["scale"]}"\n'
        f"minimum = 1\nmaximum = {one['points']}\nreversed = {one['reversed']}\n\n"
        for one in items
    )
    scales = "".join(
        f'[[outcomes]]\nkey = "{scale}"\nlabel = "{scale}"\nkind = "scale"\nscale = "{scale}"\n\n'
        for scale in dict.fromkeys(one["scale"] for one in items)
    )
    measures = {"correct": "logistic_trials", "sure": "one_way", "slider": "linear_trials"}
    outcomes = "".join(
        f'[[outcomes]]\nkey = "{name}"\nlabel = "{name}"\nkind = "trial_mean"\ncolumn = "{name}"\n'
        f'analysis = "{analysis}"\n\n'
        for name, analysis in measures.items()
    )
    return f"""title = "A clean study"
arms = {arms}
control = "plain"

[behaviour]
advice = "predicted_class"
truth = "true_class"
accepted = "agreed"
confidence = "sure"
confidence_range = [1, 7]
probability_range = [0, 1]
response_time = "response_time_ms"

[source]
[[source.tables]]
file = "people.csv"
into = "participants"
columns = {{ participant = "pid", arm = "cond", age = "age", gender = "gender", \
country = "country", n_wrong = "n_wrong", k_wrong = "k_wrong", followed = "followed", \
accuracy = "accuracy" }}
types = {{ age = "integer", n_wrong = "integer", k_wrong = "integer", followed = "number", \
accuracy = "number" }}

[[source.tables]]
file = "trials.csv"
into = "trials"
columns = {{ participant = "pid", position = "nr", image = "img", true_class = "truth", \
predicted_class = "ai", prediction_correct = "ai_right", agreed = "agreed", sure = "sure", \
slider = "slider", correct = "correct", response_time_ms = "rt" }}
types = {{ sure = "integer", slider = "integer", correct = "integer" }}

[[source.tables]]
file = "answers.csv"
into = "answers"
columns = {{ participant = "pid", item = "q", value = "v" }}
constants = {{ questionnaire = "own" }}

{blocks}{scales}{outcomes}"""
