"""What a study asked before its first trial, as its study file says."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def asked_before(study: Mapping[str, Any], codebook: pd.DataFrame) -> tuple[str, ...]:
    """Scales, and items of no scale that are numbers or have listed answers, in the file's order.

    Nothing where the study file is not there: which questions came first, then only the plan can
    say.
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
    found = []
    for part in study["parts"]:
        if part.get("kind") == "trials":
            break
        if part.get("kind") == "questionnaire":
            found.append(str(part.get("questionnaire")))
    return found
