"""A study that has every kind of page and every task once, in two languages."""

from pathlib import Path

from surveys import services
from surveys.models import Study
from tests.surveys import mirrored
from tests.surveys.drawn import ARMS, drawn_study, explain_classes
from tests.surveys.snapshots import made_once

TASKS = ("classify", "judge_advisor", "forward_simulation", "agreement", "uncover")
WELCOME = """
[[parts]]
kind = "text"
key = "welcome"
heading = "Welcome"
text = "A page of the researchers' own."
"""
TRIALS = """
[[parts]]
kind = "practice"
right = 1
wrong = 0
[[parts]]
kind = "trials"
right = 2
wrong = 1
attention = 1
break_every = 2
feedback_score = true
limit_seconds = 3000
""" + "".join(
    f"""
[[parts]]
kind = "trials"
key = "{task}"
task = "{task}"
right = 1
wrong = 0
confidence = "{"slider" if task == "classify" else "points"}"
"""
    for task in TASKS
)
DISTINCTION = f"""
[[parts]]
kind = "trials"
key = "distinction"
task = "distinction"
right = 1
wrong = 0
arms = {[arm for arm in ARMS if arm != "none"]}
"""
GERMAN = """
[text.de]
title = "Bilder und ein Klassifikator"
[text.de.consent]
text = "Was hier geschieht."
[text.de.debrief]
text = "Worum es ging."
[text.de.parts.welcome]
heading = "Willkommen"
text = "Eine eigene Seite der Forschenden."
[text.de.classes]
car = "Auto"
truck = "Lastwagen"
boat = "Boot"
tree = "Baum"
"""


@made_once
def every_kind_study(folder: Path) -> Study:
    """In English and German, open."""
    before = ("demographics-v1", "load-v1")
    parts = [
        WELCOME,
        *map(_asks, before),
        _kind("instructions"),
        _kind("quiz"),
        _kind("perception") + "items = 1\n",
        TRIALS,
        DISTINCTION,
    ]
    parts += map(_asks, ("trust-v1", "comments-v1"))
    return _study(folder, parts, GERMAN)


@made_once
def mirrored_study(folder: Path) -> Study:
    """The same in English and the made-up language; a quiz it does not have."""
    parts = [WELCOME, _asks("strange-v1"), _kind("instructions"), TRIALS, DISTINCTION]
    parts.append(_kind("perception") + "items = 1\n")
    parts.append(_kind("attention"))  # the last part is for all arms
    return _study(folder, parts, mirrored.texts(mirrored.STUDY_TEXT))


def _study(folder: Path, parts: list[str], language: str) -> Study:
    study = drawn_study(
        folder,
        right=9,
        wrong=2,
        resume_hours=48,
        parts="".join(parts),
        extra=f"[signals]\ncount = true\n{language}",
        opened=False,
    )
    explain_classes(study)
    services.open_study(study=study)
    return study


def _kind(kind: str) -> str:
    return f'\n[[parts]]\nkind = "{kind}"\n'


def _asks(questionnaire: str) -> str:
    return f'{_kind("questionnaire")}questionnaire = "{questionnaire}"\n'
