"""Questions that a study asked before its first trial, according to its study file."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.study_data.times import AT


def asked_before(study: Mapping[str, Any], codebook: pd.DataFrame) -> tuple[str, ...]:
    """Return scales and single items (numbers or listed answers) in the file's order.

    Empty without the study file, because then only the plan can name the first questions.
    """
    keys: list[str] = []
    parts = _questionnaires(study)
    for questionnaire, part in parts:
        rows = codebook[(codebook["questionnaire"] == questionnaire) & codebook["item"].notna()]
        # The time is named only if the questionnaire was also asked at another time.
        time = f"{AT}{part}" if _times_asked(study, questionnaire) > 1 else ""
        for row in rows.to_dict("records"):
            if pd.notna(row["scale"]):
                keys.append(f"{row['scale']}{time}")
            elif row["type"] in ("integer", "number") or pd.notna(row["values"]):
                keys.append(f"{row['item']}{time}")
    return tuple(dict.fromkeys(keys))


def _questionnaires(study: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each questionnaire that was asked once before the trials, with the key of its part."""
    if "parts" not in study:
        named = study.get("questionnaires", {}).get("before", [])
        return [(str(key), f"before:{key}") for key in named]
    questionnaires = []
    in_blocks = bool(study.get("design", {}).get("within"))
    for part in study["parts"]:
        if part.get("kind") == "trials":
            break
        if part.get("kind") == "questionnaire" and not (in_blocks and part.get("per_block")):
            key = str(part.get("questionnaire"))
            questionnaires.append((key, str(part.get("key") or key)))
    return questionnaires


def _times_asked(study: Mapping[str, Any], questionnaire: str) -> int:
    return sum(part.get("questionnaire") == questionnaire for part in study.get("parts", []))
