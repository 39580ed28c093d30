"""Rules between rows and files of the folder, with one sentence per violation."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pandas as pd

from analysis.study_data.csv_files import EXPORT_AGAIN, rows_text, values_text
from analysis.study_data.times import time_column

Frames = Mapping[str, pd.DataFrame]


def between_files(frames: Frames) -> list[str]:
    """Return all violations of the rules at once. The frames must be typed."""
    return [problem for rule in RULES for problem in rule(frames)]


def unknown_arms(participants: pd.DataFrame, arms: Sequence[str]) -> list[str]:
    """Return a sentence on participants in an arm that the plan does not list."""
    unknown = ~participants["arm"].isin(arms)
    if not unknown.any():
        return []
    return [
        f"participants.csv, column arm, {rows_text(unknown)}: "
        f"the plan's arms {', '.join(map(repr, arms))} do not include "
        f"{values_text(participants['arm'][unknown])}. List every arm in `arms` of the plan."
    ]


def _participants_are_unique(frames: Frames) -> list[str]:
    return _duplicates(frames["participants.csv"], "participants.csv", ["participant"])


def _positions_are_unique(frames: Frames) -> list[str]:
    return _duplicates(frames["trials.csv"], "trials.csv", ["participant", "position"])


def _answers_are_unique(frames: Frames) -> list[str]:
    answers = frames["answers.csv"]
    # Exports have the page, which is the most precise time; other studies may have another.
    times = [name for name in ("page", "part", "block") if (time_column(answers, name) != "").any()]
    times = times[:1] if times[:1] == ["page"] else times
    keys = ["participant", *times, "questionnaire", "item"]
    return _duplicates(answers, "answers.csv", keys)


def _items_are_unique(frames: Frames) -> list[str]:
    items = frames["codebook.csv"].dropna(subset=["item"])
    return _duplicates(items, "codebook.csv", ["questionnaire", "item"])


def _everyone_is_a_participant(frames: Frames) -> list[str]:
    people = frames["participants.csv"].drop_duplicates("participant")
    arm_of = people.set_index("participant")["arm"]
    problems = []
    for name in ("trials.csv", "answers.csv"):
        frame = frames[name]
        # Exports repeat the arm in every file, so a mismatch means that files were mixed.
        stranger = ~frame["participant"].isin(arm_of.index)
        if stranger.any():
            problems.append(
                f"{name}, column participant, {rows_text(stranger)}: "
                f"participants.csv does not contain {values_text(frame['participant'][stranger])}. "
                f"{EXPORT_AGAIN}."
            )
        moved = ~stranger & (frame["participant"].map(arm_of) != frame["arm"])
        if moved.any():
            problems.append(
                f"{name}, column arm, {rows_text(moved)}: participants.csv does "
                f"not have the arm {values_text(frame['arm'][moved])} for them. {EXPORT_AGAIN}."
            )
    return problems


def _an_arm_has_one_label(frames: Frames) -> list[str]:
    labels = frames["participants.csv"].groupby("arm")["arm_label"].unique()
    return [
        f"participants.csv, column arm_label: the arm {arm!r} has the labels "
        f"{values_text(arm_labels)}. Give it a single label."
        for arm, arm_labels in labels.items()
        if len(arm_labels) > 1
    ]


def _correctness_follows_from_the_classes(frames: Frames) -> list[str]:
    trials = frames["trials.csv"]
    # Data of other studies may state only whether a prediction was correct, without the classes.
    known = trials["true_class"].notna() & trials["predicted_class"].notna()
    same = (trials["true_class"] == trials["predicted_class"]).astype("Int64")
    wrong = known & (same != trials["prediction_correct"]).fillna(False).astype(bool)
    if not wrong.any():
        return []
    return [
        f"trials.csv, column prediction_correct, {rows_text(wrong)}: it must be 1 where "
        f"true_class equals predicted_class and 0 elsewhere. {EXPORT_AGAIN}."
    ]


def _items_are_in_the_codebook(frames: Frames) -> list[str]:
    answers, codebook = frames["answers.csv"], frames["codebook.csv"]
    known = set(zip(codebook["questionnaire"], codebook["item"], strict=True))
    pairs = pd.Series(zip(answers["questionnaire"], answers["item"], strict=True), dtype="object")
    unknown = ~pairs.isin(known)
    if not unknown.any():
        return []
    return [
        f"answers.csv, column item, {rows_text(unknown)}: "
        f"codebook.csv has no row for {values_text(answers['item'][unknown.to_numpy()])}. "
        f"{EXPORT_AGAIN}."
    ]


def _scale_items_have_bounds(frames: Frames) -> list[str]:
    codebook = frames["codebook.csv"]
    unbounded = codebook["scale"].notna() & (
        codebook["minimum"].isna()
        | codebook["maximum"].isna()
        | ~codebook["type"].isin(["integer", "number"])
        | (codebook["minimum"] >= codebook["maximum"]).fillna(True)
    )
    if not unbounded.any():
        return []
    return [
        f"codebook.csv, {rows_text(unbounded)}: "
        f"the items {values_text(codebook['item'][unbounded])} belong to a scale, so type must be "
        "integer or number and minimum below maximum. Complete the rows."
    ]


def _answers_fit_their_item(frames: Frames) -> list[str]:
    return answers_outside_their_item(frames["answers.csv"], frames["codebook.csv"])


def answers_outside_their_item(
    answers: pd.DataFrame, codebook: pd.DataFrame, name: str = "answers.csv", column: str = "value"
) -> list[str]:
    """Return a sentence on answers (questionnaire, item, value) that their item does not allow.

    `name` and `column` are the names of table and value in the message.
    """
    items = codebook[codebook["type"].isin(["integer", "number"])].dropna(subset=["item"])
    items = items.drop_duplicates(["questionnaire", "item"])
    keys = ["questionnaire", "item"]
    rows = answers[[*keys, "value"]].merge(
        items[[*keys, "type", "minimum", "maximum"]], on=keys, how="left"
    )
    # merge() discards the index, which gives the line numbers of the message.
    rows.index = answers.index
    asked = rows["type"].notna() & rows["value"].notna()
    number = pd.to_numeric(rows["value"].where(asked), errors="coerce")
    bad = asked & (
        number.isna()
        | (number < rows["minimum"]).fillna(False)
        | (number > rows["maximum"]).fillna(False)
        | ((rows["type"] == "integer") & (number % 1 != 0))
    )
    if not bad.any():
        return []
    return [
        f"{name}, column {column}, {rows_text(bad.astype(bool))}: "
        f"codebook.csv does not allow {values_text(rows['value'][bad])} for "
        f"{values_text(rows['item'][bad])}. Correct the cell, or leave it empty if not answered."
    ]


def _codes_of_a_scale_are_in_order(frames: Frames) -> list[str]:
    """Check that the codes of a scale item ascend.

    The mean of other codes is meaningless.
    """
    codebook = frames["codebook.csv"]
    rows = codebook[codebook["scale"].notna() & codebook["values"].notna()]
    wrong = rows["values"].map(lambda text: not _ascending(str(text)))
    if not wrong.any():
        return []
    return [
        f"codebook.csv, column values, {rows_text(wrong)}: the codes of "
        f"{values_text(rows['item'][wrong])} must be numbers in ascending order, as in 1=disagree; "
        "2=neither; 3=agree, because their mean is taken. Recode the answers in that order, or "
        "remove the item from its scale."
    ]


def _ascending(text: str) -> bool:
    """Return whether the codes are ascending numbers.

    A word may contain a semicolon.
    """
    codes = [float(code) for code in re.findall(r"(?:^|;)\s*(-?\d+(?:\.\d+)?)\s*=", text)]
    return bool(codes) and all(low < high for low, high in pairwise(codes))


def _duplicates(frame: pd.DataFrame, name: str, keys: list[str]) -> list[str]:
    repeated = frame.duplicated(keys, keep=False)
    if not repeated.any():
        return []
    shown = values_text(" ".join(map(str, row)) for row in frame.loc[repeated, keys].to_numpy())
    return [
        f"{name}, columns {' + '.join(keys)}, {rows_text(repeated)}: {shown} occurs more than "
        "once. Keep one row."
    ]


RULES: tuple[Callable[[Frames], list[str]], ...] = (
    _participants_are_unique,
    _positions_are_unique,
    _answers_are_unique,
    _items_are_unique,
    _everyone_is_a_participant,
    _an_arm_has_one_label,
    _correctness_follows_from_the_classes,
    _items_are_in_the_codebook,
    _scale_items_have_bounds,
    _codes_of_a_scale_are_in_order,
    _answers_fit_their_item,
)
