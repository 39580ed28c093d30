"""The studies under studies/examples: each goes from its file to its report.

Together with the studies beside that folder they show every feature that a study file has.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields, replace
from typing import get_args

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from studyplatform.panel import preview
from surveys import tasks
from surveys.allocation.drawing import METHODS
from surveys.study_checks import loading
from surveys.study_file.declaration import Allocation, Images, MapPlace, Pages, StudyFile
from surveys.study_file.parts import PARTS
from surveys.study_file.parts.trials import BLUR, CIRCLE
from surveys.study_file.stored import definition
from surveys.tasks.items import CONFIDENCE
from tests.surveys import shipped

each = pytest.mark.parametrize("path", shipped.EXAMPLES, ids=lambda path: path.stem)
PREVIEWED = ("screening",)
"""Examples whose every page `make test` opens; `make nightly` opens those of all."""
previewed = pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[] if path.stem in PREVIEWED else [pytest.mark.nightly])
        for path in shipped.EXAMPLES
    ],
    ids=lambda path: path.stem,
)

PEOPLE = {
    "five-methods": 20,
    "foretelling": 24,
    "human-and-classifier": 28,
    "map-and-confidence": 22,
    "online-study": 40,
    "screening": 60,
    "thinking-aloud": 24,
    "trust-repair": 20,
    "two-accuracies": 24,
    "where-people-look": 24,
    "which-map": 24,
}
"""So few that the run is short, and enough for every model of the plans to be fitted."""
NAMES = ("set", "split", "names")
"""Keys of [images] that name the data, which no study shows off."""
PROFILE = """
title = "People differ, and maps by Grad-CAM help them"
[base]
agree_right = 0.8
agree_wrong = 0.4
sees = 0.7
guess = 0.5
distinguish = 0.35
sureness = 3.2
seconds = 6.0
quits = 0.0
[arms.gradcam]
guess = 1.0
distinguish = 1.5
agree_wrong = 0.6
"""


def studies(paths: Iterable) -> list[StudyFile]:
    return [loading.parse(path.read_text(encoding="utf-8")) for path in paths]


def features() -> dict[str, Callable[[StudyFile], bool]]:
    """List what a study file can declare, by name, with a check whether a study declares it.

    The names come from the code's own lists: whoever adds an entry to one of them must let a
    shipped study show it.
    """
    wanted: dict[str, Callable[[StudyFile], bool]] = {
        "a human alone": lambda study: any(not one.prediction for one in study.conditions),
        "a sample goal": lambda study: "sample_goal" in study.analysis,
        "looks before the end": lambda study: "looks" in study.analysis,
        "factors of the arms": lambda study: any(one.factors for one in study.conditions),
        "a factorial analysis of them": lambda study: any(
            one.get("factors") for one in study.analysis["outcomes"]
        ),
        "a human alone in the plan": lambda study: "human_alone" in study.analysis,
        "a question of what is wrong": lambda study: any(
            part.diagnosis for part in study.trial_parts
        ),
    }
    wanted |= {
        "check boxes of the consent": lambda study: bool(study.consent.checks),
        "pages by earlier answers": lambda study: any(part.show_if for part in study.parts),
        "questions by earlier answers": lambda study: any(part.items_if for part in study.parts),
        "a screener": lambda study: any(one.when for one in study.endings),
        "an end after failed checks": lambda study: any(
            one.is_after_checks for one in study.endings
        ),
        "a later session": lambda study: bool(study.sessions),
        "details of the consent": lambda study: bool(study.consent.details),
        "a text of the participant's own": lambda study: any(
            part.free_text != "none" for part in study.trial_parts
        ),
        "confidence in the advice": lambda study: any(
            part.advice_confidence != "none" for part in study.trial_parts
        ),
    }
    wanted |= {
        "accuracy as a factor": lambda study: any(
            one.accuracy is not None for one in study.conditions
        ),
        "a stated accuracy": lambda study: any(one.stated for one in study.conditions),
        "feedback after some trials": lambda study: any(
            part.feedback_first or part.feedback_every for part in study.trial_parts
        ),
        "images drawn for each person": lambda study: any(
            part.right_pool and part.wrong_pool for part in study.trial_parts
        ),
        "a bonus": lambda study: study.bonus is not None,
        "a choice of neither map": lambda study: any(part.neither for part in study.trial_parts),
        "preferences in the plan": lambda study: any(
            one["kind"] == "preference" for one in study.analysis["outcomes"]
        ),
        "maps compared with looks": lambda study: "attention_maps" in study.analysis,
        "a circle and a blur of its own": lambda study: any(
            part.circle != CIRCLE and part.blur != BLUR for part in study.trial_parts
        ),
        "a bonus by calibration": lambda study: study.bonus and study.bonus.rule == "calibration",
        "a single arm": lambda study: len(study.arms) == 1,
        "thinking aloud": lambda study: any(
            part.free_text == "think_aloud" for part in study.trial_parts
        ),
        "a last page that goes back by itself": lambda study: study.recruitment.return_after > 0,
        "a laboratory": lambda study: study.recruitment.is_lab,
        "a limit by the person's pace": lambda study: any(
            part.limit_of_pace for part in study.trial_parts
        ),
        "a score": lambda study: any(part.feedback_score for part in study.trial_parts),
    }
    for task in tasks.TASKS:
        wanted[f"task {task.key}"] = lambda study, key=task.key: any(
            part.task == key for part in study.trial_parts if not part.is_practice
        )
    for method in METHODS:
        wanted[f"method {method}"] = lambda study, key=method: study.allocation.method == key
    for place in get_args(MapPlace):
        wanted[f"map {place}"] = lambda study, key=place: study.pages.map == key
    for kind, part in PARTS.items():
        wanted[f"part {kind}"] = lambda study, own=part: any(type(p) is own for p in study.parts)
    for way in CONFIDENCE:
        wanted[f"confidence {way}"] = lambda study, key=way: any(
            part.confidence == key for part in study.trial_parts
        )
    for table, kind in (("images", Images), ("allocation", Allocation), ("pages", Pages)):
        for field in fields(kind):
            if field.name in NAMES:
                continue
            usual = field.default
            if field.default_factory is not MISSING:
                usual = field.default_factory()
            wanted[f"{table} {field.name}"] = lambda study, t=table, n=field.name, u=usual: (
                getattr(getattr(study, t), n) != u
            )
    return wanted


def not_shown(shown: Iterable[StudyFile]) -> set[str]:
    shown = list(shown)
    return {name for name, has in features().items() if not any(map(has, shown))}


def test_whatever_a_study_file_can_declare_is_shown_by_a_study_that_ships():
    assert not_shown(studies([*shipped.FILES, *shipped.EXAMPLES])) == set()


def test_without_the_examples_it_would_be_noticed_what_no_study_shows():
    assert not_shown(studies(shipped.FILES)) >= {
        *("a human alone", "a human alone in the plan", "a sample goal"),
        "a question of what is wrong",
        *("task classify", "task forward_simulation", "task agreement", "task distinction"),
        *("method minimisation", "map over", "part text", "confidence none"),
        *("factors of the arms", "a factorial analysis of them"),
        *("images confidence_bands", "allocation strata", "allocation quotas"),
        *("allocation ratios", "allocation hold_minutes", "pages resume_hours"),
    }


@pytest.mark.nightly
def test_a_new_task_that_no_study_shows_is_noticed(monkeypatch):
    monkeypatch.setattr(tasks, "TASKS", (*tasks.TASKS, replace(tasks.TASKS[0], key="rank")))
    assert not_shown(studies([*shipped.FILES, *shipped.EXAMPLES])) == {"task rank"}


@each
def test_what_an_example_tells_its_participants_is_true(path):
    study = loading.parse(path.read_text(encoding="utf-8"))
    shown = [part for part in study.trial_parts if not part.is_practice]
    pictures = sum(part.trials_per_block for part in shown) * study.blocks
    wrong = {  # one number, unless the arms differ in accuracy
        sum(
            study.shown_of(part, study.condition(key))[1]
            for part in shown
            for key in arm.conditions
        )
        for arm in study.arms
    }
    words = {"en": ("{} pictures", "{} of the {} answers"), "de": ("{} Bilder", "{} der {} Antw")}
    for language in study.languages:
        text = study.in_language(language)
        told, errors = words[language]
        assert told.format(pictures) in text.consent.text
        for number in wrong:
            assert errors.format(number, pictures) in text.debrief.text
    assert study.slug == path.stem


@each
def test_an_example_says_at_its_head_whom_it_is_for_and_what_it_shows(path):
    head = path.read_text(encoding="utf-8").partition("\nslug =")[0]
    assert re.search(r"^# For labs that ", head, re.MULTILINE)
    assert re.search(r"^# What this file shows:$", head, re.MULTILINE)
    assert all(line.startswith("#") for line in head.splitlines() if line)


def test_an_example_is_in_german_too():
    assert any("de" in study.languages for study in studies(shipped.EXAMPLES))


@pytest.mark.django_db
@previewed
def test_every_page_of_an_example_can_be_previewed_in_every_arm(path):
    study = shipped.open_study(path, shortened=True)
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    for arm in study.arms.values_list("key", flat=True):
        seen = definition(study).steps_of(arm)
        for page in preview.pages(study):
            place = {"slug": study.slug, "arm": arm, "language": "en", "number": page.number}
            response = panel.get(reverse("preview:page", kwargs=place))
            text = response.content.decode()
            assert response.status_code == 200
            assert "No picture yet" not in text
            assert ("Not in this arm" in text) == bool(page.step and page.step not in seen)
            if definition(study).bonus and page.step is None and not page.ending:
                assert "Your bonus" in text


def refusals(found: object, place: str = "") -> list[str]:
    """List the reasons given in place of a number, and the models that a fallback replaced."""
    parts = found.items() if isinstance(found, dict) else enumerate(found)
    said = []
    for key, value in parts:
        if key == "reason" or (key == "fallback" and value):
            said.append(f"{place}: {value}")
        elif isinstance(value, dict | list) and key != "outcome":  # which is the plan's
            said += refusals(value, f"{place}/{key}")
    return said


def test_a_refusal_within_an_outcome_is_found():
    found = {"test": {"reason": "only one level"}, "contrasts": [], "fallback": None}
    outcome = {"outcome": {"fallback": "binary_trials"}, "found": found}
    assert refusals([outcome]) == ["/0/found/test: only one level"]
    assert refusals([outcome | {"found": {"fallback": {"test": 1}}}]) != []


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # so few people are alike
@pytest.mark.django_db
@pytest.mark.nightly  # make test walks studies/within.toml: tests/surveys/test_shipped_studies.py
@each
def test_an_example_goes_from_its_file_to_its_report(path, tmp_path):
    study = shipped.open_study(path, shortened=True, wrong=2)  # two images: a random factor
    profile, output = tmp_path / "profile.toml", tmp_path / "report"
    profile.write_text(PROFILE)
    people = PEOPLE[study.slug]
    call_command("simulate_participants", study.slug, n=people, seed=4, profile=str(profile))
    ended = study.participants.filter(state="ended").count()
    assert study.participants.filter(state="completed").count() == people - ended
    assert bool(ended) == bool(definition(study).endings)
    call_command(
        "run_analysis", study.slug, "--simulated-only", "--no-pdf", "--output", str(output)
    )
    results = json.loads((output / "results.json").read_text())
    declared = loading.parse(path.read_text(encoding="utf-8")).analysis
    assert [one["outcome"]["key"] for one in results["outcomes"]] == [
        outcome["key"] for outcome in declared["outcomes"]
    ]
    # Synthetic people prefer maps by chance, so how far their tastes differ may be estimated as 0.
    said = refusals(results["outcomes"])
    assert [one for one in said if "/found/personal/sd: " not in one] == []
    early = results["study_flow"]["early_ends"]
    told = sum(one["before_allocation"] + sum(one["by_arm"].values()) for one in early)
    assert told == ended
    assert all(one["p_adjusted"] is not None for one in results["outcomes"])
    assert (results["sample"] is not None) == ("sample_goal" in declared)
    assert bool(results["behaviour"]["complementarity"]) == ("human_alone" in declared)
    assert (output / "report.html").stat().st_size > 10_000
