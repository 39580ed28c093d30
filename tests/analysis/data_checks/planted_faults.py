"""Tables of invented studies with one planted fault each, and clean tables of the same kind.

    python -m tests.analysis.data_checks.planted_faults OUT

writes OUT/01 to OUT/40 (a plan and csv files each), OUT/truth/NN.json (what was planted), and
OUT/clean/001 to 200.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

Fault = Callable[["Study"], dict[str, object]]


@dataclass
class Study:
    """One study's tables before they are written, and the parts of its plan."""

    rng: np.random.Generator
    arms: list[str]
    people: pd.DataFrame
    trials: pd.DataFrame
    answers: pd.DataFrame
    scales: dict[str, dict[str, object]]
    outcomes: list[str]
    types: dict[str, str] = field(default_factory=dict)
    person_types: dict[str, str] = field(default_factory=dict)
    codes: str = ""
    with_person_columns: bool = False
    person_outcomes: list[str] = field(default_factory=list)


def make(seed: int) -> Study:
    """Return a study without any fault; the seed decides its design."""
    rng = np.random.default_rng(seed)
    arms = ["plain", "map", "placebo", "text"][: int(rng.integers(2, 5))]
    per_arm, count = int(rng.integers(25, 90)), int(rng.integers(8, 31))
    pool = [f"im{number:03d}" for number in range(count if rng.random() < 0.5 else count * 2)]
    right = dict.fromkeys(pool, 1)
    for image in rng.choice(pool, size=max(2, round(len(pool) * 0.3)), replace=False):
        right[image] = 0
    classes = ["cat", "dog", "ship", "truck", "frog"]
    truth = {image: classes[int(rng.integers(5))] for image in pool}
    said = {
        image: truth[image] if right[image] else classes[(classes.index(truth[image]) + 1) % 5]
        for image in pool
    }
    effect = dict(zip(arms, rng.uniform(0, 0.8, len(arms)), strict=True))
    hard = dict(zip(pool, rng.normal(0, 0.6, len(pool)), strict=True))
    people, trials = [], []
    order = rng.permutation(np.repeat(arms, per_arm))
    for number, arm in enumerate(order):
        pid = f"p{number:04d}"
        person, trusting = rng.normal(0, 0.6), rng.normal(0, 1) + effect[arm]
        people.append(
            {
                "pid": pid,
                "cond": arm,
                "age": int(np.clip(rng.normal(34, 11), 18, 80)),
                "gender": str(rng.choice(["f", "m", "d"], p=[0.5, 0.47, 0.03])),
                "trusting": trusting,
            }
        )
        shown = rng.permutation(pool)[:count]
        for position, image in enumerate(shown, start=1):
            follow = person + hard[image] + 0.5 * effect[arm] + 0.6
            agreed = int(rng.random() < 1 / (1 + np.exp(-follow)))
            trials.append(
                {
                    "pid": pid,
                    "cond": arm,
                    "nr": position,
                    "img": image,
                    "truth": truth[image],
                    "ai": said[image],
                    "ai_right": right[image],
                    "rt": round(float(np.exp(rng.normal(8.3 + 0.15 * person, 0.55)))),
                    "follow": agreed,
                    "correct": int(agreed == right[image]),
                    "sure": int(np.clip(round(4 + 0.8 * person + rng.normal(0, 1.2)), 1, 7)),
                    "slider": round(float(np.clip(50 + 10 * person + rng.normal(0, 16), 0, 100))),
                }
            )
    frame = pd.DataFrame(people)
    study = Study(
        rng,
        arms,
        frame,
        pd.DataFrame(trials),
        pd.DataFrame(),
        {},
        [],
        {},
        {"age": "integer", "gender": "text"},
    )
    _scales(study)
    _plan(study)
    if rng.random() < 0.5:
        _ratios(study)
    _gaps(study)
    study.people = study.people.drop(columns="trusting")
    return study


def _scales(study: Study) -> None:
    rng, rows = study.rng, []
    points = int(rng.choice([5, 7]))
    for scale in ("trust", "clarity")[: int(rng.integers(1, 3))]:
        count = int(rng.integers(4, 9))
        loading = float(rng.uniform(0.6, 1.1))
        turned = [i for i in range(count) if i % 3 == 2 and rng.random() < 0.7]
        study.scales[scale] = {"items": count, "points": points, "turned": turned}
        latent = (
            study.people["trusting"] if scale == "trust" else rng.normal(0, 1, len(study.people))
        )
        for number in range(count):
            middle = (points + 1) / 2 + rng.normal(0, 0.4)
            raw = (
                middle
                + loading * points / 7 * np.asarray(latent)
                + rng.normal(0, 1.1 * points / 7, len(latent))
            )
            value = np.clip(np.round(raw), 1, points).astype(int)
            if number in turned:
                value = points + 1 - value
            rows.append(
                pd.DataFrame({"pid": study.people["pid"], "q": f"{scale}{number + 1}", "v": value})
            )
    study.answers = pd.concat(rows, ignore_index=True)


def _plan(study: Study) -> None:
    rng = study.rng
    for scale in study.scales:
        study.outcomes.append(_outcome(scale, f'kind = "scale"\nscale = "{scale}"'))
    model = str(rng.choice(["logistic_trials", "binary_trials", "one_way"]))
    study.outcomes.append(
        _outcome("accuracy", f'kind = "trial_mean"\ncolumn = "correct"\nanalysis = "{model}"')
    )
    model = str(rng.choice(["ordinal_trials", "linear_trials", "one_way"]))
    study.outcomes.append(
        _outcome("sureness", f'kind = "trial_mean"\ncolumn = "sure"\nanalysis = "{model}"')
    )
    if rng.random() < 0.5:
        study.outcomes.append(
            _outcome("speed", 'kind = "trial_mean"\ncolumn = "response_time_ms"\ntransform = "log"')
        )
    if rng.random() < 0.5:
        study.outcomes.append(
            _outcome(
                "estimate", 'kind = "trial_mean"\ncolumn = "slider"\nanalysis = "linear_trials"'
            )
        )
    study.types = {
        "correct": "integer",
        "sure": "integer",
        "slider": "integer",
        "follow": "integer",
    }


def _outcome(key: str, rest: str) -> str:
    return f'[[outcomes]]\nkey = "{key}"\nlabel = "{key.capitalize()}"\n{rest}\n'


def _ratios(study: Study) -> None:
    """Add counts and shares that the source computed per person."""
    wrong = study.trials[study.trials["ai_right"] == 0]
    seen = wrong.groupby("pid")["follow"].agg(["sum", "count"]).reindex(study.people["pid"])
    study.people["n_wrong"] = seen["count"].fillna(0).astype(int).to_numpy()
    study.people["k_wrong"] = seen["sum"].fillna(0).astype(int).to_numpy()
    share = study.people["k_wrong"] / study.people["n_wrong"].replace(0, np.nan)
    study.people["over"] = share.round(4)
    study.with_person_columns = True


def _percentages(study: Study, cut: bool) -> None:
    """Add per person the percentage of right decisions, with one decimal."""
    right = (
        study.trials.groupby("pid")["correct"].agg(["sum", "count"]).reindex(study.people["pid"])
    )
    study.people["n_done"] = right["count"].to_numpy()
    study.people["n_right"] = right["sum"].to_numpy()
    exact = study.people["n_right"] / study.people["n_done"] * 100
    shown = np.floor(exact + 1e-9) if cut else np.floor(exact + 0.5)
    study.people["pct_right"] = shown.astype(int)
    study.person_types |= {"n_done": "integer", "n_right": "integer", "pct_right": "integer"}


def _gaps(study: Study) -> None:
    """Leave a few answers out, as people do."""
    rng = study.rng
    study.answers["v"] = study.answers["v"].astype(object)
    for place in np.flatnonzero(rng.random(len(study.answers)) < 0.01):
        study.answers.loc[place, "v"] = ""


# ---- Faults ----
def _told(
    kind: str, columns: list[str], description: str, arms: list[str] | None = None
) -> dict[str, object]:
    return {"kind": kind, "columns": columns, "arms": arms or [], "description": description}


def _item(study: Study, turned: bool | None = None) -> tuple[str, int]:
    scale = "trust"
    entry = study.scales[scale]
    places = [
        i for i in range(int(entry["items"])) if turned is None or (i in entry["turned"]) is turned
    ]
    return scale, int(study.rng.choice(places))


def key_declared_wrong(study: Study) -> dict[str, object]:
    """Declare an item as reversed that is not."""
    scale, number = _item(study, turned=False)
    study.scales[scale]["turned"] = [*study.scales[scale]["turned"], number]
    item = f"{scale}{number + 1}"
    return _told("reversed_key", [item], f"{item} is declared as reversed, but is not")


def key_forgotten(study: Study) -> dict[str, object]:
    """Answer an item in reverse that the plan does not declare as reversed."""
    scale, number = _item(study, turned=False)
    item, points = f"{scale}{number + 1}", int(study.scales[scale]["points"])
    own = (study.answers["q"] == item) & (study.answers["v"] != "")
    study.answers.loc[own, "v"] = points + 1 - study.answers.loc[own, "v"].astype(int)
    return _told(
        "reversed_key", [item], f"{item} runs against its scale, and the plan does not turn it"
    )


def two_keys(study: Study) -> dict[str, object]:
    """Declare two items as reversed that are not."""
    first = key_declared_wrong(study)
    scale, number = _item(study, turned=False)
    study.scales[scale]["turned"] = [*study.scales[scale]["turned"], number]
    items = [*first["columns"], f"{scale}{number + 1}"]
    return _told("reversed_key", items, f"{items} are declared as reversed, but are not")


def zero_for_undefined(study: Study) -> dict[str, object]:
    """Let some people see no wrong advice, and write their ratio as 0."""
    rng = study.rng
    people = study.people["pid"].to_numpy()
    some = set(rng.choice(people, size=max(5, len(people) // 6), replace=False))
    right = study.trials[study.trials["ai_right"] == 1]
    for pid in some:
        own = study.trials.index[(study.trials["pid"] == pid) & (study.trials["ai_right"] == 0)]
        unseen = right.drop_duplicates("img")
        fresh = unseen[~unseen["img"].isin(study.trials.loc[study.trials["pid"] == pid, "img"])]
        swapped = own[: len(fresh)]
        for column in ("img", "truth", "ai", "ai_right"):
            study.trials.loc[swapped, column] = fresh[column].to_numpy()[: len(swapped)]
        study.trials = study.trials.drop(index=own[len(fresh) :])
    study.trials["correct"] = (study.trials["follow"] == study.trials["ai_right"]).astype(int)
    study.people = study.people.drop(columns=["n_wrong", "k_wrong", "over"], errors="ignore")
    study.people["trusting"] = 0.0
    _ratios(study)
    study.people = study.people.drop(columns="trusting")
    study.people["over"] = study.people["over"].fillna(0)
    return _told(
        "zero_by_zero",
        ["over"],
        f"{len(some)} people saw no wrong advice, and their ratio stands as 0",
    )


def zero_for_undefined_outcome(study: Study) -> dict[str, object]:
    """The same, with the ratio as an outcome of the plan."""
    told = zero_for_undefined(study)
    study.person_outcomes.append("over")
    return told


def no_participant_term(study: Study) -> dict[str, object]:
    """Leave the participant out of the trials' model."""
    study.outcomes = [one for one in study.outcomes if 'key = "accuracy"' not in one]
    study.outcomes.append(
        _outcome(
            "accuracy",
            'kind = "trial_mean"\ncolumn = "correct"\n'
            'analysis = "logistic_trials"\nrandom = ["image"]',
        )
    )
    return _told("not_independent", ["accuracy"], "the model of the trials has no participant term")


def no_participant_term_linear(study: Study) -> dict[str, object]:
    """Leave the participant out of a linear model."""
    study.outcomes = [one for one in study.outcomes if 'key = "sureness"' not in one]
    study.outcomes.append(
        _outcome(
            "sureness",
            'kind = "trial_mean"\ncolumn = "sure"\nanalysis = "linear_trials"\nrandom = ["image"]',
        )
    )
    return _told(
        "not_independent", ["sureness"], "the model of the ratings has no participant term"
    )


def rows_as_people(study: Study) -> dict[str, object]:
    """Give each trial a person of its own, although a column says who it was."""
    study.trials["worker"] = study.trials["pid"]
    study.trials["pid"] = [f"r{number:05d}" for number in range(len(study.trials))]
    study.types["worker"] = "text"
    study.outcomes = [
        one for one in study.outcomes if "scale" not in one and "_trials" not in one
    ] + [_outcome("accuracy", 'kind = "trial_mean"\ncolumn = "correct"\nanalysis = "one_way"')]
    study.outcomes = list({one.split('"')[1]: one for one in study.outcomes}.values())
    study.scales, study.answers = {}, study.answers.iloc[:0]
    study.people = pd.DataFrame()
    return _told(
        "not_independent",
        ["worker", "participant"],
        "each trial passes as a person; column worker says who",
    )


def cut_percentages(study: Study) -> dict[str, object]:
    """Cut the percentages that the source computed."""
    counts = study.trials.groupby("pid")["nr"].transform("size")
    if (100 % counts == 0).all():  # whole percentages would leave nothing to cut
        study.trials = study.trials[study.trials["nr"] > 3].reset_index(drop=True)
    _percentages(study, cut=True)
    return _told("cut_percentages", ["pct_right"], "percentages were cut instead of rounded")


def cut_over(study: Study) -> dict[str, object]:
    """Cut a share to two decimals."""
    if "over" not in study.people:
        study.people["trusting"] = 0.0
        _ratios(study)
        study.people = study.people.drop(columns="trusting")
    exact = study.people["k_wrong"] / study.people["n_wrong"].replace(0, np.nan)
    study.people["over"] = np.floor(exact * 100 + 1e-9) / 100
    return _told("cut_percentages", ["over"], "shares were cut to two decimals instead of rounded")


def recoded_item(study: Study) -> dict[str, object]:
    """Store the upper two answers of an item as the third from above."""
    scale, number = _item(study)
    item, points = f"{scale}{number + 1}", int(study.scales[scale]["points"])
    top = points - 2 if points == 7 else points - 1
    own = (study.answers["q"] == item) & (study.answers["v"] != "")
    value = study.answers.loc[own, "v"].astype(int)
    study.answers.loc[own, "v"] = value.clip(upper=top)
    return _told("recoded_ratings", [item], f"answers above {top} were stored as {top}")


def recoded_trials(study: Study) -> dict[str, object]:
    """Store ratings of 6 and 7 as 5 in a trial column."""
    study.trials["sure"] = study.trials["sure"].clip(upper=5)
    return _told("recoded_ratings", ["sure"], "ratings of 6 and 7 were stored as 5")


def recoded_by_plan(study: Study) -> dict[str, object]:
    """Let the plan's codes map the upper answers to a lower one."""
    points = max(int(entry["points"]) for entry in study.scales.values())
    last = points - 2 if points == 7 else points - 1
    pairs = ", ".join(f'"{value}" = {last}' for value in range(last + 1, points + 1))
    study.codes = f"[source.codes]\nvalue = {{ {pairs} }}\n"
    return _told(
        "recoded_ratings", ["value"], f"the plan's codes turn answers above {last} into {last}"
    )


def other_range_item(study: Study) -> dict[str, object]:
    """Ask one item on fewer points than declared."""
    scale, number = _item(study)
    item, points = f"{scale}{number + 1}", int(study.scales[scale]["points"])
    own = (study.answers["q"] == item) & (study.answers["v"] != "")
    value = study.answers.loc[own, "v"].astype(float)
    fewer = 4 if points == 7 else 3
    study.answers.loc[own, "v"] = np.round(1 + (value - 1) * (fewer - 1) / (points - 1)).astype(int)
    return _told("other_range", [item], f"the item was answered on {fewer} points, not {points}")


def other_unit(study: Study) -> dict[str, object]:
    """Store the response times of some people in seconds."""
    people = study.rng.choice(study.people["pid"], size=len(study.people) // 5, replace=False)
    own = study.trials["pid"].isin(people)
    study.trials["rt"] = study.trials["rt"].astype(float)
    study.trials.loc[own, "rt"] = (study.trials.loc[own, "rt"] / 1000).round(2)
    _with_speed(study)
    return _told(
        "other_range",
        ["rt"],
        f"{len(people)} people's times are in seconds, the others' in milliseconds",
    )


def other_slider(study: Study) -> dict[str, object]:
    """Store the slider of one arm on 0 to 10."""
    arm = study.arms[-1]
    own = study.trials["cond"] == arm
    study.trials.loc[own, "slider"] = (study.trials.loc[own, "slider"] / 10).round().astype(int)
    _with_slider(study)
    return _told(
        "other_range", ["slider"], "one arm's slider is on 0 to 10, the others' on 0 to 100", [arm]
    )


def _with_speed(study: Study) -> None:
    if not any('"speed"' in one for one in study.outcomes):
        study.outcomes.append(
            _outcome("speed", 'kind = "trial_mean"\ncolumn = "response_time_ms"\ntransform = "log"')
        )


def _with_slider(study: Study) -> None:
    if not any('"estimate"' in one for one in study.outcomes):
        study.outcomes.append(
            _outcome(
                "estimate", 'kind = "trial_mean"\ncolumn = "slider"\nanalysis = "linear_trials"'
            )
        )


def ceiling_of_trials(study: Study) -> dict[str, object]:
    """Let nearly all ratings be the highest."""
    high = study.rng.random(len(study.trials)) < 0.88
    study.trials.loc[high, "sure"] = 7
    return _told("ceiling", ["sure"], "nine in ten ratings are the highest")


def ceiling_in_arm(study: Study) -> dict[str, object]:
    """Let nearly all decisions of an arm be right."""
    arm = study.arms[1]
    own = (study.trials["cond"] == arm) & (study.rng.random(len(study.trials)) < 0.97)
    study.trials.loc[own, "correct"] = 1
    return _told("ceiling", ["correct"], "nearly all decisions of an arm are right", [arm])


def floor_of_scale(study: Study) -> dict[str, object]:
    """Let most people choose the lowest answer throughout a scale."""
    entry = study.scales["trust"]
    people = study.rng.choice(
        study.people["pid"], size=round(len(study.people) * 0.7), replace=False
    )
    for number in range(int(entry["items"])):
        own = (study.answers["q"] == f"trust{number + 1}") & study.answers["pid"].isin(people)
        moved = own & (study.rng.random(len(study.answers)) < 0.95)
        study.answers.loc[moved, "v"] = int(entry["points"]) if number in entry["turned"] else 1
    return _told("ceiling", ["trust"], "seven in ten people are at the floor of the scale")


def unequal_images(study: Study) -> dict[str, object]:
    """Show a third of the images to one arm in most cases."""
    arm, images = study.arms[1], sorted(study.trials["img"].unique())
    third = set(study.rng.choice(images, size=max(2, len(images) // 3), replace=False))
    inside = study.trials["img"].isin(third)
    other = (study.trials["cond"] != arm) & inside & (study.rng.random(len(study.trials)) < 0.7)
    study.trials = study.trials[~other].reset_index(drop=True)
    return _told(
        "image_imbalance", ["image"], "a third of the images was shown mostly in one arm", [arm]
    )


def easier_images(study: Study) -> dict[str, object]:
    """Show an arm fewer images on which the classifier is wrong."""
    arm = study.arms[-1]
    wrong = (study.trials["cond"] == arm) & (study.trials["ai_right"] == 0)
    study.trials = study.trials[~(wrong & (study.rng.random(len(study.trials)) < 0.6))].reset_index(
        drop=True
    )
    return _told(
        "image_imbalance",
        ["image", "prediction_correct"],
        "an arm saw fewer wrong predictions",
        [arm],
    )


def arms_without_shared_images(study: Study) -> dict[str, object]:
    """Give each arm images of its own."""
    for number, arm in enumerate(study.arms):
        own = study.trials["cond"] == arm
        study.trials.loc[own, "img"] = study.trials.loc[own, "img"] + "abcd"[number]
    return _told("no_shared_image", ["image"], "the arms share no image", list(study.arms))


def factor_without_shared_images(study: Study) -> dict[str, object]:
    """Let a factor within people divide the images."""
    images = sorted(study.trials["img"].unique())
    hard = set(images[: len(images) // 2])
    study.trials["load"] = np.where(study.trials["img"].isin(hard), "high", "low")
    study.types["load"] = "text"
    study.outcomes = [one for one in study.outcomes if 'key = "accuracy"' not in one]
    study.outcomes.append(
        _outcome(
            "accuracy",
            'kind = "trial_mean"\ncolumn = "correct"\n'
            'analysis = "logistic_trials"\nwithin = "load"',
        )
    )
    return _told("no_shared_image", ["load", "image"], "the levels of load share no image")


def missing_code_in_trials(study: Study) -> dict[str, object]:
    """Leave -99 in a trial column."""
    some = study.rng.random(len(study.trials)) < 0.03
    study.trials.loc[some, "slider"] = -99
    _with_slider(study)
    return _told("missing_code", ["slider"], f"-99 in {int(some.sum())} cells")


def missing_code_in_age(study: Study) -> dict[str, object]:
    """Leave 999 among the ages."""
    some = study.rng.random(len(study.people)) < 0.05
    study.people.loc[some, "age"] = 999
    return _told("missing_code", ["age"], f"999 in {int(some.sum())} cells")


def missing_code_nine(study: Study) -> dict[str, object]:
    """Leave 9 among ratings from 1 to 7."""
    some = study.rng.random(len(study.trials)) < 0.04
    study.trials.loc[some, "sure"] = 9
    return _told("missing_code", ["sure"], f"9 in {int(some.sum())} cells of ratings from 1 to 7")


def cut_times(study: Study) -> dict[str, object]:
    """Cut the response times at a limit."""
    limit = int(study.trials["rt"].quantile(0.88) // 1000 * 1000)
    study.trials["rt"] = study.trials["rt"].clip(upper=limit)
    _with_speed(study)
    return _told("response_times", ["rt"], f"times above {limit} ms stand as {limit}")


def sentinel_times(study: Study) -> dict[str, object]:
    """Write a sentinel for times that were not measured."""
    some = study.rng.random(len(study.trials)) < 0.04
    study.trials.loc[some, "rt"] = 60000
    _with_speed(study)
    return _told("response_times", ["rt"], f"60000 in {int(some.sum())} cells")


def straight_lines(study: Study) -> dict[str, object]:
    """Let some people give one answer to a whole scale."""
    people = study.rng.choice(study.people["pid"], size=len(study.people) // 5, replace=False)
    points = int(study.scales["trust"]["points"])
    for pid in people:
        own = (study.answers["pid"] == pid) & study.answers["q"].str.startswith("trust")
        study.answers.loc[own, "v"] = int(study.rng.integers(2, points + 1))
    return _told(
        "straight_lining", ["trust"], f"{len(people)} people gave one answer to the whole scale"
    )


def straight_trials(study: Study) -> dict[str, object]:
    """Let some people give one rating in all trials."""
    people = study.rng.choice(study.people["pid"], size=len(study.people) // 5, replace=False)
    for pid in people:
        study.trials.loc[study.trials["pid"] == pid, "sure"] = int(study.rng.integers(3, 6))
    return _told(
        "straight_lining", ["sure"], f"{len(people)} people gave the same rating in every trial"
    )


def twice(study: Study, other_arm: bool) -> dict[str, object]:
    """Let some people be in the data a second time under another name."""
    people = study.rng.choice(study.people["pid"], size=4, replace=False)
    arms = dict(zip(study.people["pid"], study.people["cond"], strict=True))
    for number, pid in enumerate(people):
        name = f"p9{number:03d}"
        arm = (
            study.arms[(study.arms.index(arms[pid]) + 1) % len(study.arms)]
            if other_arm
            else arms[pid]
        )
        for table in ("people", "trials", "answers"):
            frame = getattr(study, table)
            copy = frame[frame["pid"] == pid].assign(pid=name)
            if "cond" in copy:
                copy["cond"] = arm
            setattr(study, table, pd.concat([frame, copy], ignore_index=True))
    where = "in another arm" if other_arm else "in the same arm"
    return _told(
        "duplicates", ["participant"], f"{len(people)} people are in the data twice, {where}"
    )


def mislabelled(study: Study) -> dict[str, object]:
    """Let some people's arm contradict the maps that they saw."""
    method = dict(zip(study.arms, ["none", "gradcam", "random", "words"], strict=False))
    study.trials["shown"] = study.trials["cond"].map(method)
    study.types["shown"] = "text"
    people = study.rng.choice(
        study.people["pid"], size=max(3, len(study.people) // 20), replace=False
    )
    for pid in people:
        arm = study.people.loc[study.people["pid"] == pid, "cond"].iloc[0]
        other = study.arms[(study.arms.index(arm) + 1) % len(study.arms)]
        study.people.loc[study.people["pid"] == pid, "cond"] = other
        study.trials.loc[study.trials["pid"] == pid, "cond"] = other
    return _told(
        "mislabelled_arm",
        ["arm", "shown"],
        f"the arm of {len(people)} people contradicts what they saw",
    )


def mislabelled_map(study: Study) -> dict[str, object]:
    """The same in the column of methods that the platform knows."""
    told = mislabelled(study)
    study.trials = study.trials.rename(columns={"shown": "method"})
    del study.types["shown"]
    return told | {"columns": ["arm", "method"]}


def constant_item(study: Study) -> dict[str, object]:
    """Let an item have one answer throughout."""
    scale, number = _item(study)
    item = f"{scale}{number + 1}"
    study.answers.loc[(study.answers["q"] == item) & (study.answers["v"] != ""), "v"] = (
        4 if study.scales[scale]["points"] == 7 else 3
    )
    return _told("constant", [item], "an item has the same answer from everybody")


def constant_in_arm(study: Study) -> dict[str, object]:
    """Let a rating have one value in an arm."""
    arm = study.arms[0]
    study.trials.loc[study.trials["cond"] == arm, "slider"] = 50
    _with_slider(study)
    return _told("constant", ["slider"], "the slider is 50 in every trial of an arm", [arm])


def shifted_correct(study: Study) -> dict[str, object]:
    """Shift a column of answers down by a row."""
    study.trials["correct"] = np.roll(study.trials["correct"].to_numpy(), 1)
    return _told(
        "shifted", ["correct"], "the column correct is shifted by a row against follow and ai_right"
    )


def shifted_cells(study: Study) -> dict[str, object]:
    """Move the cells of some rows by a column."""
    some = study.trials.index[study.rng.random(len(study.trials)) < 0.03]
    moved = study.trials.loc[some, ["correct", "sure", "slider"]].to_numpy()
    study.trials.loc[some, ["sure", "slider", "correct"]] = moved
    _with_slider(study)
    return _told(
        "shifted",
        ["correct", "sure", "slider"],
        f"cells of {len(some)} rows are shifted by a column",
    )


FAULTS: list[Fault] = [
    key_declared_wrong,
    key_forgotten,
    two_keys,
    key_forgotten,
    zero_for_undefined,
    zero_for_undefined_outcome,
    no_participant_term,
    no_participant_term_linear,
    rows_as_people,
    cut_percentages,
    cut_over,
    cut_percentages,
    recoded_item,
    recoded_trials,
    recoded_by_plan,
    other_range_item,
    other_unit,
    other_slider,
    ceiling_of_trials,
    ceiling_in_arm,
    floor_of_scale,
    unequal_images,
    easier_images,
    arms_without_shared_images,
    factor_without_shared_images,
    arms_without_shared_images,
    missing_code_in_trials,
    missing_code_in_age,
    missing_code_nine,
    cut_times,
    sentinel_times,
    straight_lines,
    straight_trials,
    lambda study: twice(study, other_arm=False),
    lambda study: twice(study, other_arm=True),
    mislabelled,
    mislabelled_map,
    constant_item,
    constant_in_arm,
    shifted_correct,
]


# ---- Writing ----
def write(study: Study, folder: Path) -> None:
    """Write the study's plan and csv files."""
    folder.mkdir(parents=True, exist_ok=True)
    ours = {
        "pid": "participant",
        "cond": "arm",
        "nr": "position",
        "img": "image",
        "truth": "true_class",
        "ai": "predicted_class",
        "ai_right": "prediction_correct",
        "rt": "response_time_ms",
    }
    parts = [
        'title = "A study of advice"',
        f"arms = {json.dumps(study.arms)}",
        f'control = "{study.arms[0]}"',
        "[source]",
        study.codes,
        _table("trials.csv", "trials", {c: ours.get(c, c) for c in study.trials}, study.types),
    ]
    study.trials.to_csv(folder / "trials.csv", index=False)
    if len(study.people):
        types = dict(study.person_types)
        if study.with_person_columns:
            types |= {"n_wrong": "integer", "k_wrong": "integer", "over": "number"}
        names = {c: ours.get(c, c) for c in study.people}
        parts.append(_table("people.csv", "participants", names, types))
        study.people.to_csv(folder / "people.csv", index=False)
    if len(study.answers):
        arms = study.people[["pid", "cond"]]
        study.answers.merge(arms, on="pid").to_csv(folder / "answers.csv", index=False)
        names = {"pid": "participant", "cond": "arm", "q": "item", "v": "value"}
        parts += [
            _table("answers.csv", "answers", names, {}),
            'constants = { questionnaire = "own" }',
        ]
        for scale, entry in study.scales.items():
            for number in range(int(entry["items"])):
                parts.append(
                    f'[[source.items]]\nitem = "{scale}{number + 1}"\n'
                    f'questionnaire = "own"\nscale = "{scale}"\n'
                    f"minimum = 1\nmaximum = {entry['points']}\n"
                    f"reversed = {int(number in entry['turned'])}"
                )
    for column in study.person_outcomes:
        study.people[["pid", "cond", column]].to_csv(folder / f"{column}.csv", index=False)
        names = {"pid": "participant", "cond": "arm", column: f"{column}_share"}
        parts.append(
            _table(f"{column}.csv", "trials", names, {f"{column}_share": "number"})
            + "\nconstants = { position = 1 }"
        )
        study.outcomes.append(
            _outcome(
                column, f'kind = "trial_mean"\ncolumn = "{column}_share"\nanalysis = "one_way"'
            )
        )
    (folder / "plan.toml").write_text("\n".join([*parts, *study.outcomes]) + "\n", encoding="utf-8")


def _table(file: str, into: str, names: dict[str, str], types: dict[str, str]) -> str:
    columns = ", ".join(f'{ours} = "{theirs}"' for theirs, ours in names.items())
    typed = ", ".join(
        f'{name} = "{kind}"' for name, kind in types.items() if name in names.values()
    )
    lines = [f'[[source.tables]]\nfile = "{file}"\ninto = "{into}"\ncolumns = {{ {columns} }}']
    return "\n".join([*lines, f"types = {{ {typed} }}"] if typed else lines)


def main(out: Path) -> None:
    """Write all tables, written by somebody who had not seen the checks."""
    (out / "truth").mkdir(parents=True, exist_ok=True)
    for number, fault in enumerate(FAULTS, start=1):
        study = make(7000 + number)
        truth = fault(study)
        write(study, out / f"{number:02d}")
        text = json.dumps(truth, indent=1) + "\n"
        (out / "truth" / f"{number:02d}.json").write_text(text, encoding="utf-8")
    for number in range(1, 201):
        study = make(9000 + number)
        if study.rng.random() < 0.3:
            _percentages(study, cut=False)
        write(study, out / "clean" / f"{number:03d}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
