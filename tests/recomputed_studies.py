"""Folders of tidy data that ask for every analysis, for the recomputation in R."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, write_study

TWICE = """title = "Every analysis of three arms"
control = "none"
arms = ["none", "gradcam", "placebo"]
covariates = ["experience@before", "trust1@before", "state"]

[[exclusions]]
key = "quick"
label = "answered in less than 2 s in three trials or more"
rule = "trials"
column = "response_time_ms"
below = 2000
at_least = 3

[[contrasts]]
key = "maps"
label = "Both maps against none"
weights = { gradcam = 1, placebo = 1, none = -2 }

[sample_goal]
f = 0.25
power = 0.8

[bayes]

[mediation]
outcome = "sure"
mediators = ["change", "understanding"]
runs = 2000

[multiverse]
outcomes = ["change", "follow", "time"]
min_answered = [0.5, 1.0]
logarithms = true
models = ["means", "ranks", "odds", "mixed_odds"]
"""


def _toml(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{key} = {_toml(cell)}" for key, cell in value.items())
        return f"{{ {inside} }}"
    return json.dumps(value)


def _outcome(key: str, analysis: str, **more: object) -> str:
    if "column" in more:
        more["kind"] = "trial_mean"
    settings = {"key": key, "label": f"Outcome {key}", "analysis": analysis, **more}
    lines = [f"{name} = {_toml(value)}" for name, value in settings.items()]
    return "\n".join(["", "[[outcomes]]", *lines, ""])


def _scale(name: str, **more: object) -> dict[str, object]:
    return {"kind": "scale", "scale": name, **more}


AFTER: dict[str, object] = {"where": {"part": "after"}}
TIMES: dict[str, object] = {**AFTER, "before": {"part": "before"}}
WITHIN = "prediction_correct"
TWICE += "".join(
    [
        _outcome("change", "one_way", **_scale("trust", **TIMES), smallest_effect=0.5),
        _outcome("ranked", "ranks", kind="item", item="trust1", **TIMES),
        _outcome(
            "adjusted",
            "ancova",
            **_scale("trust", **TIMES),
            smallest_effect=0.5,
            covariates=["experience@before", "age"],
        ),
        _outcome("mixed", "mixed_anova", **_scale("trust", **TIMES)),
        _outcome("pair", "paired", **_scale("trust", **TIMES), smallest_effect=0.4),
        _outcome("again", "repeated", **_scale("trust", **TIMES)),
        _outcome("by_part", "repeated", **_scale("trust"), within="part"),
        _outcome("by_kind", "repeated", column="sureness", within="shade"),
        _outcome("by_kind_and_arm", "mixed_anova", column="sureness", within="shade"),
        _outcome(
            "both_within",
            "factorial_within",
            column="sureness",
            within="cell",
            factors=["shade", "tone"],
        ),
        _outcome(
            "one_within",
            "factorial_within",
            column="rated",
            within="seen_and_shade",
            factors=["shade", "seen"],
            effect="seen",
        ),
        _outcome("swapped", "permutation_within", column="sureness", within="shade"),
        _outcome("understanding", "permutation", **_scale("understanding", **AFTER)),
        _outcome("crossed", "factorial", **_scale("understanding", **AFTER), factor="age"),
        _outcome("sure", "linear_trials", column="rated", slopes=["image"], smallest_effect=0.5),
        _outcome("sure_within", "linear_trials", column="rated", within=WITHIN),
        _outcome("sure_kr", "linear_trials", column="rated", degrees_of_freedom="kenward_roger"),
        _outcome("follow", "logistic_trials", column="agreed", smallest_effect=0.1),
        _outcome("follow_within", "logistic_trials", column="agreed", within=WITHIN),
        _outcome("follow_slopes", "logistic_trials", column="agreed", slopes=["image"]),
        _outcome("steps", "ordinal_trials", column="sureness"),
        _outcome("shares", "binary_trials", column="agreed", smallest_effect=0.1),
        _outcome("ratio", "likelihood_ratio", column="agreed"),
        _outcome("time", "one_way", column="response_time_ms", transform="log"),
        _outcome("wrong", "one_way", kind="behaviour", measure="over_reliance"),
        _outcome("guess", "one_way", column="rated", role="exploratory", population="randomised"),
        _outcome(
            "guess_again", "ranks", column="sureness", role="exploratory", population="per_protocol"
        ),
    ]
)


def every_analysis(folder: Path) -> Path:
    """Write a study of three arms whose plan has an outcome for every analysis of the catalogue."""
    write_study(
        folder,
        arms=THREE_ARMS,
        per_arm=22,
        seed=3,
        trust={"gradcam": 0.8},
        unfinished=2,
        plan=TWICE,
    )
    edit(folder, "answers.csv", _asked_twice)
    edit(folder, "trials.csv", _with_effects)
    edit(folder, "participants.csv", _with_age)
    return edit(folder, "codebook.csv", _described)


def _asked_twice(frame: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    value = frame["value"].astype(int)
    earlier = (value + rng.integers(-2, 2, len(frame))).clip(1, 7).astype(str)
    parts = [frame.assign(part="before", value=earlier), frame.assign(part="after")]
    return pd.concat(parts, ignore_index=True)


def _with_effects(frame: pd.DataFrame) -> pd.DataFrame:
    """Give every trial answers that depend on the participant, the image and their cells."""
    rng = np.random.default_rng(6)

    def effects(*columns: str, sd: float) -> np.ndarray:
        codes = frame.groupby(list(columns), sort=True).ngroup()
        return rng.normal(0, sd, codes.max() + 1)[codes.to_numpy()]

    latent = (
        effects("participant", sd=0.8) + effects("image", sd=0.8) + effects("image", "arm", sd=0.5)
    )
    latent += effects("participant", "prediction_correct", sd=0.7)
    latent += (frame["arm"] == "gradcam") * 0.5
    noise = rng.logistic(0, 1, (2, len(frame)))
    agreed = (latent + 0.5 + noise[0] > 0).astype(int)
    sureness = 1 + np.digitize(latent + noise[1], [-2.0, -0.5, 0.7, 2.2])
    shade = np.array(["first", "second", "third"])[frame["position"].astype(int) % 3]
    tone = np.array(["dark", "light"])[frame["position"].astype(int) // 3 % 2]
    seen = np.where(frame["arm"] == "none", "none", "map")
    return frame.assign(
        agreed=agreed,
        sureness=sureness,
        rated=(latent + rng.normal(0, 1, len(frame))).round(3),
        shade=shade,
        tone=tone,
        seen=seen,
        cell=[f"{a} {b}" for a, b in zip(shade, tone, strict=True)],
        seen_and_shade=[f"{a} {b}" for a, b in zip(seen, shade, strict=True)],
    )


def _with_age(frame: pd.DataFrame) -> pd.DataFrame:
    ages = np.random.default_rng(7).choice(["old", "young", "middle"], len(frame))
    return frame.assign(age=ages)


def _described(frame: pd.DataFrame) -> pd.DataFrame:
    blank = dict.fromkeys(frame.columns, "")
    rows = [
        {"file": "trials.csv", "column": "rated", "type": "number"},
        *(
            {"file": "trials.csv", "column": name, "type": "text"}
            for name in ("shade", "tone", "seen", "cell", "seen_and_shade")
        ),
        {"file": "answers.csv", "column": "part", "type": "text"},
        {"file": "participants.csv", "column": "age", "type": "text"},
    ]
    return pd.concat([frame, pd.DataFrame([blank | row for row in rows])], ignore_index=True)


CLEAR = {"none": "None", "left": "Left", "right": "Right", "both": "Both"}
CLEAREST = """title = "The clearest results, and two factors"
control = "none"
arms = ["none", "left", "right", "both"]

[[contrasts]]
key = "interaction"
label = "Interaction"
weights = { both = 1, none = 1, left = -1, right = -1 }
"""
FACTORS = ["on_left", "on_right"]
CLEAREST += "".join(
    [
        _outcome("trust", "factorial", **_scale("trust"), factors=FACTORS),
        _outcome("agreed", "factorial", column="rated", factors=FACTORS, effect="on_left"),
        _outcome("separated", "logistic_trials", column="yes"),
        _outcome("ordered", "ordinal_trials", column="sureness"),
        _outcome("shares", "binary_trials", column="yes"),
        _outcome("constant", "one_way", column="flat"),
        _outcome("apart", "ranks", column="apart"),
        _outcome("few", "permutation", column="rated", asked_in=["none", "left"]),
    ]
)


def clearest_results(folder: Path) -> Path:
    """Write a study of four arms in which some tests do not exist, and fallbacks take over."""
    write_study(folder, arms=CLEAR, per_arm=8, seed=9, plan=CLEAREST)
    edit(folder, "trials.csv", _extremes)
    edit(folder, "participants.csv", _with_factors)
    return edit(folder, "codebook.csv", _described_again)


def _extremes(frame: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(10)
    people = frame.groupby("participant", sort=True).ngroup().to_numpy()
    images = frame.groupby("image", sort=True).ngroup().to_numpy()
    latent = rng.normal(0, 0.9, people.max() + 1)[people] + rng.normal(0, 0.7, 12)[images]
    yes = (latent + rng.logistic(0, 1, len(frame)) > 0.3).astype(int)
    sure = 1 + np.digitize(latent + rng.logistic(0, 1, len(frame)), [-1.0, 0.5, 1.5])
    place = frame["arm"].map({arm: i for i, arm in enumerate(CLEAR)}).to_numpy()
    both = (frame["arm"] == "both").to_numpy()
    return frame.assign(
        yes=np.where(both, 1, yes),
        sureness=np.where(both, 4, sure),
        rated=(latent + rng.normal(0, 1, len(frame))).round(3),
        flat=np.where(both, 2.0, np.round(place * 0.1, 1)),
        apart=place * 100 + people,
    )


def _with_factors(frame: pd.DataFrame) -> pd.DataFrame:
    left, right = frame["arm"].isin(["left", "both"]), frame["arm"].isin(["right", "both"])
    return frame.assign(
        on_left=np.where(left, "shown", "absent"), on_right=np.where(right, "shown", "absent")
    )


def _described_again(frame: pd.DataFrame) -> pd.DataFrame:
    blank = dict.fromkeys(frame.columns, "")
    rows = [
        {"file": "trials.csv", "column": name, "type": "number"}
        for name in ("yes", "rated", "flat", "apart")
    ]
    rows += [
        {"file": "participants.csv", "column": name, "type": "text"}
        for name in ("on_left", "on_right")
    ]
    return pd.concat([frame, pd.DataFrame([blank | row for row in rows])], ignore_index=True)


METHODS = ("gradcam", "lime", "saliency")
ONE_ARM = """title = "One arm"
arms = ["all"]
""" + "".join(
    [
        _outcome("linear", "linear_trials", column="rated", within=WITHIN),
        _outcome("logistic", "logistic_trials", column="agreed", within=WITHIN),
        _outcome("ordinal", "ordinal_trials", column="sureness", within=WITHIN),
        _outcome("paired", "paired", column="rated", within=WITHIN),
        _outcome("preferred", "paired_preferences", kind="preference"),
    ]
)


def one_arm(folder: Path) -> Path:
    """Write a study of a single arm, whose participants are compared with themselves."""
    write_study(folder, arms={"all": "All"}, per_arm=40, seed=12, plan=ONE_ARM)
    edit(folder, "trials.csv", _with_effects)
    edit(folder, "trials.csv", with_preferences)
    return edit(folder, "codebook.csv", lambda frame: preferences_described(_described(frame)))


def with_preferences(frame: pd.DataFrame) -> pd.DataFrame:
    """Let every trial compare two of three methods, of which people prefer the first."""
    rng = np.random.default_rng(13)
    pairs = [(a, b) for a in METHODS for b in METHODS if a != b]
    people = frame.groupby("participant", sort=True).ngroup().to_numpy()
    places = frame["position"].astype(int).to_numpy() + people
    shown = [pairs[place % len(pairs)] for place in places]
    liking = rng.normal([0.8, 0.0, -0.5], 0.6, (people.max() + 1, 3))
    first, second = (
        liking[people, [METHODS.index(pair[side]) for pair in shown]] for side in (0, 1)
    )
    half = (first - second + 0.3) / 2
    weights = np.exp(np.column_stack([half, -half, np.full(len(half), -0.7)]))
    weights /= weights.sum(axis=1, keepdims=True)
    choice = (rng.random(len(frame))[:, None] > weights.cumsum(axis=1)).sum(axis=1)
    return frame.assign(
        map_methods=[";".join(pair) for pair in shown],
        preferred_map=np.array(["1", "2", "0"])[choice],
    )


def preferences_described(frame: pd.DataFrame) -> pd.DataFrame:
    """Describe the columns of `with_preferences` in the codebook."""
    blank = dict.fromkeys(frame.columns, "")
    labels = "gradcam=Grad-CAM; lime=LIME; saliency=Saliency map; neither=Neither of the two"
    rows = [
        {"file": "trials.csv", "column": "map_methods", "type": "text"},
        {"file": "trials.csv", "column": "preferred_map", "type": "category"},
        {"column": "preferred_method", "file": "trials.csv", "type": "category", "values": labels},
    ]
    return pd.concat([frame, pd.DataFrame([blank | row for row in rows])], ignore_index=True)
