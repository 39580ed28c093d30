"""Questions that a study asked before its first trial, according to its study file."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def asked_before(study: Mapping[str, Any], codebook: pd.DataFrame) -> tuple[str, ...]:
    """Return scales and single items (numbers or listed answers) in the file's order.

    Empty without the study file, because then only the plan can name the first questions.
    """
    keys: list[str] = []
    for questionnaire in _questionnaires(study):
        rows = codebook[(codebook["questionnaire"] == questionnaire) & codebook["item"].notna()]
        for row in rows.to_dict("records"):
            if pd.notna(row["scale"]):
                keys.append(str(row["scale"]))
            elif row["type"] in ("integer", "number") or pd.notna(row["values"]):
                keys.append(str(row["item"]))
    return tuple(dict.fromkeys(keys))


def _questionnaires(study: Mapping[str, Any]) -> list[str]:
    if "parts" not in study:
        return list(study.get("questionnaires", {}).get("before", []))
    questionnaires = []
    for part in study["parts"]:
        if part.get("kind") == "trials":
            break
        if part.get("kind") == "questionnaire":
            questionnaires.append(str(part.get("questionnaire")))
    return questionnaires
