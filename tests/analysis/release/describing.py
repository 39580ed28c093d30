"""A tidy folder whose people also told age, gender and holidays, and wrote a comment."""

import numpy as np
import pandas as pd

from tests.analysis.tidy import edit, write_manifest, write_study

PLAN = """title = "Trust"
control = "none"
arms = ["none", "gradcam"]
covariates = ["age"]

[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
analysis = "ancova"
covariates = ["age"]
"""
ITEMS = {"age": "number", "gender": "choice", "holiday": "choice", "remarks": "text"}
GENDERS = ["woman", "man", "nonbinary"]
COMMENTS = ("The map helped.", "I guessed.", "You can reach me under +49 151 2345 6789.")


def describing_study(folder, people=40, seed=3):
    """Write the folder: 2 arms, and answers that make most people unique."""
    arms = {"none": "None", "gradcam": "Grad-CAM"}
    write_study(folder, arms=arms, per_arm=people // 2, seed=seed, simulated=False, plan=PLAN)
    rng = np.random.default_rng(seed)

    def add_answers(frame):
        rows = []
        for number, (person, arm) in enumerate(
            frame[["participant", "arm"]].drop_duplicates().itertuples(index=False)
        ):
            told = {
                "age": str(int(rng.integers(18, 80))),
                "gender": rng.choice(GENDERS, p=[0.5, 0.45, 0.05]),
                "holiday": rng.choice(["sea", "hills", "city"]),
                "remarks": COMMENTS[number % 3] if number % 2 else "",
            }
            rows += [
                {
                    "participant": person, "arm": arm, "questionnaire": "about", "item": item,
                    "value": value, "response_time_ms": 900.0,
                    "answered_at": "2026-01-01T10:01:00+00:00",
                }
                for item, value in told.items()
            ]  # fmt: skip
        return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)

    def add_items(frame):
        frame["kind"] = frame["item"].map(lambda item: "scale" if isinstance(item, str) else "")
        empty = dict.fromkeys(frame.columns, "")
        rows = [
            {
                **empty, "file": "answers.csv", "column": "value", "item": item, "label": item,
                "type": "integer" if kind == "number" else "text" if kind == "text" else "category",
                "minimum": 18 if kind == "number" else "",
                "maximum": 100 if kind == "number" else "",
                "questionnaire": "about", "kind": kind,
            }
            for item, kind in ITEMS.items()
        ]  # fmt: skip
        return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True)

    edit(folder, "answers.csv", add_answers)
    edit(folder, "codebook.csv", add_items)
    text = (
        'slug = "tidy"\nseed = 202611231511\n[consent]\ntext = "Write to eva@lab-in-berlin.de."\n'
        '[recruitment]\nkind = "prolific"\nstudy = "60fd1e77b2a94c5d3e8f0a12"\n'
        '[recruitment.codes]\ncomplete = "C1KD03ZX"\n'
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
    write_manifest(folder, simulated=False)
    return folder
