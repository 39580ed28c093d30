"""The published Alien Zoo study, from its five csv files to the 74 analysed participants.

Rules: Kuhl, Artelt & Hammer (FAccT 2022), the analysis that stands beside their data. Each rule
counts the participants whom no earlier rule took out.
"""

from pathlib import Path

import pandas as pd

NAMES = ("attentionCheck", "demographics", "performance", "reactionTime", "survey")
PLANTS = [f"plant{i}" for i in range(1, 6)]
NOT_REIMBURSED = "294e3"


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The files without double rows, user ids cut to five characters, trials by one name."""
    frames = {}
    for name in NAMES:
        frame = pd.read_csv(folder / f"{name}.csv").drop_duplicates()
        frame["userId"] = frame["userId"].str[:5]
        frames[name] = frame.rename(columns={"TrialNr": "trialNo"})
    return frames


def complete(frames: dict[str, pd.DataFrame]) -> set[str]:
    """Users with every trial, attention check and survey item, without the one not paid."""
    users = set.intersection(*(set(frame["userId"]) for frame in frames.values()))
    for name, expected in (("performance", 12), ("reactionTime", 12), ("attentionCheck", 2)):
        counts = frames[name].groupby("userId").size()
        users &= set(counts.index[counts == expected])
    survey = frames["survey"]
    checked = survey[survey["checked"] == 1].groupby("userId").size()
    users &= set(checked.index[checked >= survey["itemNo"].nunique()])
    return users - {NOT_REIMBURSED}


def speeders(frames: dict[str, pd.DataFrame]) -> set[str]:
    """A scene left before its button appeared, or four feeding decisions within 2 s."""
    times = frames["reactionTime"]
    early = (
        (times["timeAgreementScene"] < 1)
        | (times["timeStartScene"] < 20_000)
        | (times["timeFeedbackScene"] < 10_000)
    )
    quick = times[times["timeStableUntilFeeding"] < 2_000].groupby("userId").size()
    return set(times.loc[early, "userId"]) | set(quick.index[quick >= 4])


def inattentive(frames: dict[str, pd.DataFrame]) -> set[str]:
    """Both counts of the pack wrong."""
    checks = frames["attentionCheck"]
    wrong = checks[checks["userInput"] != checks["shubNo"]].groupby("userId").size()
    return set(wrong.index[wrong >= 2])


def caught(frames: dict[str, pd.DataFrame]) -> set[str]:
    """The survey's catch item (the seventh) answered otherwise than with its sixth response."""
    survey = frames["survey"]
    caught = (survey["checked"] == 1) & (survey["itemNo"] == 6) & (survey["responseNo"] != 6)
    return set(survey.loc[caught, "userId"])


def game_straight_liners(frames: dict[str, pd.DataFrame]) -> set[str]:
    """The same feed in both trials of three or more blocks, though the pack did not change."""
    blocks = frames["performance"].groupby(["userId", "blockNo"])[[*PLANTS, "shubNoNew"]]
    constant = (blocks.nunique() == 1).all(axis=1).groupby("userId").sum()
    return set(constant.index[constant >= 3])


def survey_straight_liners(frames: dict[str, pd.DataFrame]) -> set[str]:
    """One valence only in the judgements (items 3 to 10 but the catch item)."""
    survey = frames["survey"]
    rows = survey[(survey["checked"] == 1) & (survey["itemNo"] >= 2) & (survey["itemNo"] != 6)]
    valence = rows["responseNo"].map({1: "-", 2: "-", 3: "0", 4: "+", 5: "+", 6: "0"})
    kinds = valence.groupby(rows["userId"]).nunique()
    return set(kinds.index[kinds == 1])


RULES = (speeders, inattentive, caught, game_straight_liners, survey_straight_liners)


def flow(frames: dict[str, pd.DataFrame]) -> tuple[list[int], set[str]]:
    """How many each rule takes out, and who is left."""
    left = complete(frames)
    counts = [len(left)]
    frames = {name: frame[frame["userId"].isin(left)] for name, frame in frames.items()}
    for rule in RULES:
        out = rule(frames) & left
        counts.append(len(out))
        left = left - out
    return counts, left


def trials(folder: Path) -> pd.DataFrame:
    """One row per analysed user and trial: pack size `shubs`, `seconds` to the decision."""
    frames = read(folder)
    left = flow(frames)[1]
    keys = ["userId", "trialNo"]
    merged = frames["performance"].merge(
        frames["reactionTime"][[*keys, "timeStableUntilFeeding"]], on=keys
    )
    merged = merged[merged["userId"].isin(left)]
    return merged.assign(shubs=merged["shubNoNew"], seconds=merged["timeStableUntilFeeding"] / 1000)
