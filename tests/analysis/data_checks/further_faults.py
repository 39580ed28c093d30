"""A second set of planted faults: of rows and columns, of order and losses, and of single arms.

FAULTS lists each fault with the check that must find it. `planted` writes the tables of one fault.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.analysis.data_checks.planted_faults import Study, _outcome, make, write

Edit = Callable[[str], str]
FIRST_SEED = 5100


def planted(number: int, folder: Path) -> str:
    """Write the study with the fault of this number, and return the check that must find it."""
    fault, check = FAULTS[number]
    study = make(FIRST_SEED + number)
    edit = fault(study)
    write(study, folder)
    if edit is not None:
        plan = folder / "plan.toml"
        plan.write_text(edit(plan.read_text(encoding="utf-8")), encoding="utf-8")
    return check


def _in_arm(study: Study, table: pd.DataFrame) -> "pd.Series[bool]":
    """Flag the rows of participants in the last arm."""
    return table["pid"].map(study.people.set_index("pid")["cond"]) == study.arms[-1]


def _numeric(study: Study) -> None:
    study.answers["v"] = pd.to_numeric(study.answers["v"], errors="coerce").astype("Float64")


def item_turned_in_an_arm(study: Study) -> None:
    """Store an item of one arm turned."""
    _numeric(study)
    rows = (study.answers["q"] == "trust1") & _in_arm(study, study.answers)
    study.answers.loc[rows, "v"] = int(study.scales["trust"]["points"]) + 1 - study.answers["v"]


def weight_of_nothing(study: Study) -> None:
    """Write 0 for the weight of advice where the first estimate equals the advice."""
    rng, trials = study.rng, study.trials
    first = rng.integers(20, 60, len(trials))
    advice = first + rng.integers(-6, 7, len(trials))
    last = first + np.round(rng.uniform(0, 1, len(trials)) * (advice - first)).astype(int)
    gap = np.where(advice == first, 1, advice - first)
    woa = np.where(advice == first, 0, (last - first) / gap).round(3)
    study.trials = trials.assign(own=first, told=advice, final=last, woa=woa)
    study.types |= {"own": "integer", "told": "integer", "final": "integer", "woa": "number"}
    study.outcomes.append(_outcome("woa", 'kind = "trial_mean"\ncolumn = "woa"'))


def percentages_cut_without_counts(study: Study) -> None:
    """Cut percentages to a decimal, of a number of trials that is the same for everyone."""
    hits = study.rng.binomial(12, 0.6, len(study.people))
    study.people["followed"] = np.floor(1000 * hits / 12 + 1e-9) / 10
    study.people["asked"] = 12
    study.person_types |= {"followed": "number", "asked": "integer"}


def percentages_cut_in_an_arm(study: Study) -> None:
    """Cut the percentages of one arm and round the others."""
    hits = study.rng.binomial(18, 0.6, len(study.people))
    exact = 100 * hits / 18
    last = (study.people["cond"] == study.arms[-1]).to_numpy()
    study.people["n_right"], study.people["n_done"] = hits, 18
    study.people["pct"] = np.where(last, np.floor(exact + 1e-9), np.floor(exact + 0.5))
    study.person_types |= {"n_right": "integer", "n_done": "integer", "pct": "number"}


def slider_cut_at_its_end(study: Study) -> None:
    """Cut a slider that went to 150 at 100."""
    rng, trials = study.rng, study.trials
    person = pd.Series(rng.normal(0, 12, len(study.people)), index=study.people["pid"])
    raw = 82 + trials["pid"].map(person) + rng.normal(0, 22, len(trials))
    study.trials["slider"] = raw.clip(0, 100).round().astype(int)
    if not any('column = "slider"' in outcome for outcome in study.outcomes):
        study.outcomes.append(_outcome("estimate", 'kind = "trial_mean"\ncolumn = "slider"'))


def not_applicable_as_lowest(study: Study) -> None:
    """Recode “does not apply” of an item to the lowest answer."""
    _numeric(study)
    rows = study.answers["q"] == "trust1"
    points = int(study.scales["trust"]["points"])
    value = points if 0 in list(study.scales["trust"]["turned"]) else 1  # type: ignore[call-overload]
    picked = rows & (study.rng.random(len(study.answers)) < 0.35)
    study.answers.loc[picked & study.answers["v"].notna(), "v"] = value


def responses_as_people(study: Study) -> Edit:
    """Number the responses as participants; the file names the people, and the plan does not."""
    study.trials = study.trials.assign(
        prolific_id=study.trials["pid"], pid=[f"{n}" for n in range(len(study.trials))]
    ).drop(columns="nr")
    study.people, study.answers, study.scales = study.people.iloc[:0], study.answers.iloc[:0], {}
    study.outcomes = [_outcome("sureness", 'kind = "trial_mean"\ncolumn = "sure"')]
    return lambda plan: plan.replace(', prolific_id = "prolific_id"', "")


def took_part_twice(study: Study) -> None:
    """Let some people take part again under another name from the same address."""
    codes = [f"{n:04x}{n * 7919 % 65536:04x}" for n in range(len(study.people))]
    half = len(codes) // 2
    codes[half : half + 8] = codes[:8]
    study.people["ip_hash"] = codes
    study.person_types["ip_hash"] = "text"


def lost_in_an_arm(study: Study) -> None:
    """Let two fifths of an arm stop early, and 3 % of the others."""
    last = study.people["cond"] == study.arms[-1]
    lost = study.rng.random(len(study.people)) < np.where(last, 0.45, 0.03)
    study.people["state"] = np.where(lost, "stopped", "completed")


def item_pasted_twice(study: Study) -> None:
    """Paste an item over the next."""
    copied = study.answers[study.answers["q"] == "trust1"].assign(q="trust2")
    study.answers = pd.concat([study.answers[study.answers["q"] != "trust2"], copied])


def answers_copied(study: Study) -> None:
    """Give some people of an arm the same varied answers to all items."""
    _numeric(study)
    people = study.people.loc[study.people["cond"] == study.arms[-1], "pid"].iloc[:14]
    points = int(study.scales["trust"]["points"])
    pattern = {q: 1 + (3 * n) % points for n, q in enumerate(study.answers["q"].unique())}
    rows = study.answers["pid"].isin(people)
    study.answers.loc[rows, "v"] = study.answers.loc[rows, "q"].map(pattern).astype("Float64")


def rows_written_twice(study: Study) -> Edit:
    """Write the rows of some people twice into the log."""
    again = study.trials[study.trials["pid"].isin(study.people["pid"].iloc[:6])]
    study.trials = pd.concat([study.trials, again]).drop(columns="nr")
    return lambda plan: plan.replace('into = "trials"', 'into = "trials"\nrepeats = "keep_all"', 1)


def _times(study: Study) -> pd.Series:
    seconds = np.sort(study.rng.integers(0, 8 * 86400, len(study.people)))
    study.person_types |= {"started": "datetime", "finished": "datetime"}
    begin = pd.Timestamp("2026-03-02 08:00") + pd.to_timedelta(seconds, unit="s")
    return pd.Series(begin, index=study.people.index)


def arm_collected_later(study: Study) -> None:
    """Collect an arm after the others."""
    later = np.where(study.people["cond"] == study.arms[-1], 20, 0)
    study.people["started"] = _times(study) + pd.to_timedelta(later, unit="D")


def finished_before_started(study: Study) -> None:
    """Write the ends of some people in another time zone."""
    begin = _times(study)
    lasted = pd.Series(study.rng.integers(600, 1800, len(begin)), index=begin.index)
    lasted.iloc[::11] -= 3600
    study.people["started"], study.people["finished"] = begin, begin + pd.to_timedelta(lasted, "s")


def times_too_short(study: Study) -> None:
    """Let some response times be 0 or shorter than a reaction."""
    rows = study.trials.sample(frac=0.03, random_state=1).index
    study.trials.loc[rows, "rt"] = study.rng.choice([0, 3, 12, 28, 37], len(rows))


def _with_view(study: Study, heat: "pd.Series[bool]") -> None:
    study.trials["view"] = np.where(heat, "heat", "plain")
    study.types["view"] = "category"
    text = 'kind = "trial_mean"\ncolumn = "sure"\nanalysis = "linear_trials"\nwithin = "view"'
    study.outcomes.append(_outcome("by_view", text))


def one_view_always_first(study: Study) -> None:
    """Show one level of a factor in the first half of the trials, and the other after it."""
    _with_view(study, study.trials["nr"] > study.trials["nr"].max() / 2)


def views_with_images_of_their_own(study: Study) -> None:
    """Let the levels of a factor divide the images."""
    pool = sorted(study.trials["img"].unique())
    _with_view(study, study.trials["img"].isin(pool[::2]))


def rotation_broken_in_an_arm(study: Study) -> None:
    """Show most people of an arm the same of four lists of images."""
    trials = study.trials
    number = trials["pid"].map({pid: n for n, pid in enumerate(study.people["pid"])})
    first = _in_arm(study, trials) & (number % 5 > 0)
    part = np.where(first, 0, number % 4)
    study.trials["img"] = [f"list{p}_{nr:02d}" for p, nr in zip(part, trials["nr"], strict=True)]


FAULTS: list[tuple[Callable[[Study], Edit | None], str]] = [
    (item_turned_in_an_arm, "reversed_key"),
    (weight_of_nothing, "zero_by_zero"),
    (percentages_cut_without_counts, "cut_percentages"),
    (percentages_cut_in_an_arm, "cut_percentages"),
    (slider_cut_at_its_end, "ceiling"),
    (not_applicable_as_lowest, "recoded_ratings"),
    (responses_as_people, "not_independent"),
    (took_part_twice, "duplicates"),
    (lost_in_an_arm, "attrition"),
    (item_pasted_twice, "copied_column"),
    (answers_copied, "duplicates"),
    (rows_written_twice, "repeated_rows"),
    (arm_collected_later, "arm_period"),
    (finished_before_started, "response_times"),
    (times_too_short, "response_times"),
    (one_view_always_first, "fixed_order"),
    (views_with_images_of_their_own, "no_shared_image"),
    (rotation_broken_in_an_arm, "image_imbalance"),
]
