"""Speed of all comparisons of a large study, compared with pingouin and with pandas by hand.

Run from the repository: .venv/bin/python -m benchmarks.analysis

The study has 1,000 participants in five arms, 24 trials each, and two scales. "The platform" runs a
whole plan: scores, exclusions, reliability, behaviour, and every comparison of six outcomes, among
them a crossed logistic mixed model of 24,000 trials. It is compared with pingouin's functions for
the same participant scores (Welch ANOVA, Games-Howell, Kruskal-Wallis, effect sizes, alpha), and
with scores, means and reliance shares written by hand in pandas with scipy's tests. "The whole
report" goes from the folder to results.json, figures, report.html, report.pdf and bundle, without
and with Bayes factors, mediation and a multiverse.
"""

import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
from scipy import stats

from analysis.results import Results, compute
from analysis.run import analyse
from analysis.sections.data_checks.section import data_checks
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import StudyData, read_study

ARMS = ("human", "ai_only", "gradcam", "lime", "placebo")
PER_ARM, IMAGES, SEED = 200, 24, 20261124
ITEMS = {"trust": 6, "understanding": 5}
PLAN = """
title = "A large study"
arms = ["human", "ai_only", "gradcam", "lime", "placebo"]
control = "human"
ai_only = "ai_only"

[[exclusions]]
key = "fast"
label = "answered in less than 0.8 s in four trials or more"
rule = "trials"
column = "response_time_ms"
below = 800
at_least = 4

[[contrasts]]
key = "maps"
label = "Maps against the placebo"
weights = { gradcam = 0.5, lime = 0.5, placebo = -1 }

[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
smallest_effect = 0.3

[[outcomes]]
key = "understanding"
label = "Understanding"
kind = "scale"
scale = "understanding"
smallest_effect = 0.3

[[outcomes]]
key = "reliance"
label = "Wrong advice followed"
kind = "trial_mean"
column = "agreed"
where = { prediction_correct = 0 }
analysis = "binary_trials"

[[outcomes]]
key = "following"
label = "Advice followed, trial by trial"
kind = "trial_mean"
column = "agreed"
analysis = "logistic_trials"

[[outcomes]]
key = "d_prime"
label = "d'"
kind = "behaviour"
measure = "d_prime"

[[outcomes]]
key = "first_item"
label = "First item"
kind = "item"
item = "trust1"
analysis = "ranks"
"""

BESIDE = """
[bayes]
[mediation]
outcome = "reliance"
mediators = ["understanding", "trust"]
[multiverse]
outcomes = ["trust", "reliance"]
"""


def write_study(folder: Path) -> Path:
    """Write a study folder with people and images that differ, and a placebo that misleads."""
    rng = np.random.default_rng(SEED)
    n = PER_ARM * len(ARMS)
    people = pd.DataFrame(
        {
            "participant": [f"P{number:05d}" for number in range(n)],
            "arm": [ARMS[number % len(ARMS)] for number in range(n)],
        }
    )
    files = {
        "participants.csv": _participants(people),
        "trials.csv": _trials(rng, people),
        "answers.csv": _answers(rng, people),
    }
    files["codebook.csv"] = _codebook(files)
    for name, frame in files.items():
        frame.to_csv(folder / name, index=False)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return folder


def _participants(people: pd.DataFrame) -> pd.DataFrame:
    return people.assign(
        arm_label=people["arm"], sequence=np.arange(len(people)) + 1, block=1, state="completed",
        simulated=1, consented_at="", completed_at="", seconds_total=600,
    )  # fmt: skip


def _trials(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    rows = people.loc[people.index.repeat(IMAGES)].reset_index(drop=True)
    image = np.concatenate([rng.permutation(IMAGES) for _ in range(len(people))])
    right = image < IMAGES * 2 // 3
    person = np.repeat(rng.normal(0, 0.8, len(people)), IMAGES)
    hardness = rng.normal(0, 0.6, IMAGES)[image]
    # A planted effect of the placebo gives the models a difference to estimate.
    misled = 0.5 * (rows["arm"] == "placebo") * ~right
    logit = np.where(right, 1.4, -0.4) + person + hardness + misled
    return rows.assign(
        position=np.tile(np.arange(IMAGES) + 1, len(people)),
        image=[f"image{one}" for one in image], image_set="large", true_class="a",
        predicted_class=np.where(right, "a", "b"), probability=0.8,
        prediction_correct=right.astype(int), method="", explanation="",
        agreed=(rng.random(len(rows)) < 1 / (1 + np.exp(-logit))).astype(int),
        sureness=rng.integers(1, 6, len(rows)),
        response_time_ms=rng.lognormal(8, 0.6, len(rows)).round(1), server_seconds=5,
        answered_at="",
    )  # fmt: skip


def _answers(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for scale, count in ITEMS.items():
        level = rng.normal(0, 1, len(people)) + 0.4 * (people["arm"] == "gradcam")
        for number in range(1, count + 1):
            value = np.clip(np.round(4 + level + rng.normal(0, 0.9, len(people))), 1, 7)
            parts.append(
                people.assign(
                    questionnaire="q",
                    item=f"{scale}{number}",
                    value=value.astype(int),
                    response_time_ms=2000,
                    answered_at="",
                )
            )
    return pd.concat(parts)


def _codebook(files: dict[str, pd.DataFrame]) -> pd.DataFrame:
    numbers = {"sequence", "block", "simulated", "position", "prediction_correct", "agreed"}
    numbers |= {"sureness", "response_time_ms", "server_seconds", "probability", "seconds_total"}
    rows = [
        {"file": name, "column": column, "type": "number" if column in numbers else "text"}
        for name, frame in files.items()
        for column in frame
    ]
    rows += [
        {
            "file": "answers.csv",
            "column": "value",
            "item": f"{scale}{number}",
            "type": "integer",
            "minimum": 1,
            "maximum": 7,
            "questionnaire": "q",
            "scale": scale,
            "reversed": 0,
        }
        for scale, count in ITEMS.items()
        for number in range(1, count + 1)
    ]
    names = "file column item label type minimum maximum values questionnaire scale reversed"
    return pd.DataFrame(rows, columns=[*names.split(), "wording", "source"])


def platform_run(data: StudyData) -> Results:
    """Compute every number of results.json."""
    return compute(data, score_table(data))


def with_pingouin(data: StudyData) -> None:
    """Compute the statistics that pingouin offers for the scores, which exclude Dunnett's test,
    equivalence by arm, and trials."""
    scores = score_table(data)
    for outcome in ("trust", "understanding", "d_prime"):
        table = scores[["arm", outcome]].dropna()
        pingouin.welch_anova(table, dv=outcome, between="arm")
        pingouin.pairwise_gameshowell(table, dv=outcome, between="arm")
        pingouin.kruskal(table, dv=outcome, between="arm")
        control = table.loc[table["arm"] == "human", outcome]
        for arm in ARMS[1:]:
            scores_of_arm = table.loc[table["arm"] == arm, outcome]
            pingouin.compute_effsize(scores_of_arm, control, eftype="hedges")
            pingouin.mwu(scores_of_arm, control)
            pingouin.tost(scores_of_arm, control, bound=0.3)
    for scale, count in ITEMS.items():
        wide = _wide(data)
        pingouin.cronbach_alpha(wide[[f"{scale}{n}" for n in range(1, count + 1)]])


def with_pandas(data: StudyData) -> None:
    """Compute means, shares and t tests as a notebook does, without models, adjustment or
    exclusions."""
    wide = _wide(data)
    arms = data.participants.set_index("participant")["arm"]
    trials = data.trials.astype({"agreed": float, "prediction_correct": float})
    wrong = trials[trials["prediction_correct"] == 0].groupby("participant")["agreed"].mean()
    scores = {scale: wide.filter(regex=f"^{scale}").mean(axis=1) for scale in ITEMS}
    for values in (*scores.values(), wrong):
        groups = [
            scores_of_arm.to_numpy()
            for _, scores_of_arm in values.groupby(arms.reindex(values.index))
        ]
        stats.f_oneway(*groups, equal_var=False)
        for group in groups[1:]:
            stats.ttest_ind(group, groups[0], equal_var=False)


def _wide(data: StudyData) -> pd.DataFrame:
    numbers = data.answers.assign(value=pd.to_numeric(data.answers["value"]))
    return numbers.pivot(index="participant", columns="item", values="value").astype(float)


def _seconds(run: Callable[[], object]) -> str:
    """Measure elapsed time, and this process's CPU time, which a busy machine does not lengthen."""
    start, used = time.perf_counter(), time.process_time()
    run()
    clock, cpu = time.perf_counter() - start, time.process_time() - used
    return f"{clock:6.2f} s, {cpu:6.2f} s of processor"


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = write_study(Path(place))
        reading = _seconds(lambda: read_study(folder))
        data = read_study(folder)
        print(f"{len(data.participants)} participants, {len(data.trials)} trials, {len(ARMS)} arms")
        print(f"python {platform.python_version()}, pingouin {pingouin.__version__}, seed {SEED}")
        print(f"read and check the folder      {reading}")
        print(f"the platform, everything       {_seconds(lambda: platform_run(data))}")
        print(f"of which the data checks       {_seconds(lambda: data_checks(data))}")
        output = Path(place) / "report"
        whole = _seconds(lambda: analyse(folder, output, pdf=True))
        print(f"the whole report and bundle    {whole}")
        beside = folder / "plan-beside.toml"
        beside.write_text(PLAN + BESIDE, encoding="utf-8")
        # The second run overwrites the first report, so both include the cost of writing.
        more = _seconds(lambda: analyse(folder, output, plan=beside, pdf=True))
        print(f"with all optional sections     {more}")
        print(f"pingouin, available tests      {_seconds(lambda: with_pingouin(data))}")
        print(f"pandas and scipy by hand       {_seconds(lambda: with_pandas(data))}")


if __name__ == "__main__":
    main()
