"""From a study file to launch, synthetic people of every kind, and the data that they leave."""

import csv
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from analysis.study_data.study_data import read_study
from explanations.models import Explanation
from surveys import tasks
from surveys.allocation.replay import ReplayError
from surveys.models import Event, Participant, Study
from surveys.pages import sequence
from surveys.services.ledger import ledger_of
from surveys.services.ledger_audit import verify
from surveys.services.stimuli import choose_stimuli
from surveys.simulation.profile import FOLDER, read
from surveys.simulation.run import Simulated, simulate
from surveys.study_file import page_kinds
from tests.surveys import designs, factories, shipped

ARMS = """
[[arms]]
key = "none"
label = "No map"
[[arms]]
key = "placebo"
label = "Random map"
method = "placebo"
[[arms]]
key = "gradcam"
label = "Map"
method = "gradcam"
"""
PARTS = "".join(
    f'[[parts]]\nkind = "trials"\nkey = "{task.key}"\ntask = "{task.key}"\nright = 1\nwrong = 1\n'
    + ('arms = ["placebo", "gradcam"]\n' if task.classes else "")
    + ('compare = ["placebo", "gradcam"]\n' if task.key == "preference" else "")
    for task in tasks.TASKS
)
FIRST = "".join(
    f'[[parts]]\nkind = "questionnaire"\nquestionnaire = "{key}"\n'
    for key in ("ai-experience-v1", "load-v1", "propensity-v1")
)
"""Who leaves here has seen nothing that differs between arms."""
LAST = '[[parts]]\nkind = "questionnaire"\nquestionnaire = "trust-v1"\n'
PLANTED = """
[conditions.gradcam]
agree_right = 2.0
agree_wrong = 3.0
guess = 3.0
distinguish = 3.0
[conditions.gradcam.scales]
trust = 1.5
"""
EFFECTS = {
    "decide": ("advice_followed", 0, 1),
    "classify": ("advice_followed", 0, 1),
    "judge_advisor": ("advice_followed", 0, 1),
    "forward_simulation": ("decision_correct", None, 1),
    "agreement": ("decision_correct", 0, -1),
    "distinction": ("decision_correct", None, 1),
}
"""By task: the column, of right or wrong predictions, and the direction of what is planted."""


def mixed_people() -> str:
    """The kinds of people of the profile that ships, with effects that 140 of them must show."""
    shipped_profile = (FOLDER / "mixed.toml").read_text(encoding="utf-8")
    ordinary = shipped_profile.split("[conditions.gradcam]")[0]
    return ordinary.replace("quitting = 0.04", "quitting = 0.15") + PLANTED


@pytest.mark.parametrize(
    ("number", "seed"), [(12, 7), pytest.param(140, 2, marks=pytest.mark.nightly)]
)
def test_from_a_file_to_the_data_of_people_of_every_kind(db, tmp_path, number, seed):
    study, came, output = run_line(tmp_path, number, seed)
    check_counts(study, came, output, number)
    check_ledger(study, number)
    with transaction.atomic():  # the control
        give_back_after_exposure(study)
        with pytest.raises((AssertionError, ReplayError)):
            check_ledger(study, number)
        transaction.set_rollback(True)
    check_codebook(output)
    trials = read_study(output).trials
    # All arms are asked the same in these two tasks, so no effect is planted there.
    assert (
        {*EFFECTS, "preference", "uncover"}
        == set(trials["task"])
        == {task.key for task in tasks.TASKS}
    )
    if number < 140:
        return  # too few to show what was planted
    for task, (column, correct, direction) in EFFECTS.items():
        other = "placebo" if tasks.get(task).classes else "none"
        own = trials[(trials["task"] == task) & trials[column].notna()]
        if correct is not None:
            own = own[own["prediction_correct"] == correct]
        shares = own.groupby("arm")[column].mean()
        assert direction * (shares["gradcam"] - shares[other]) > 0.2, (task, shares)


def run_line(folder: Path, number: int, seed: int) -> tuple[Study, Simulated, Path]:
    """The study, what the simulation said, and the folder that was exported."""
    factories.images(60)
    weights = factories.write_weights(folder / "dots.safetensors")
    text = designs.design_text(weights, arms=ARMS, parts=FIRST + PARTS + LAST)
    (folder / "line.toml").write_text(text.replace("places = 60", "places = 200"))
    call_command("load_study", str(folder / "line.toml"))
    study = Study.objects.get()
    factories.predict(study, wrong=20)
    choose_stimuli(study)
    factories.explain_classes(study)
    draw_maps("gradcam", "placebo")
    call_command("open_study", study.slug)
    study.refresh_from_db()
    came = simulate(study=study, number=number, seed=seed, profile=read(mixed_people()))
    call_command("export_study", study.slug, "--simulated-only", "--output", str(folder / "data"))
    return study, came, folder / "data"


def draw_maps(*methods: str) -> None:
    """One map for each method and class: a page describes it in words."""
    for method in methods:
        rows = Explanation.objects.filter(method=method)
        for other in rows.values_list("other_class", flat=True).distinct():
            rows.filter(other_class=other).update(**shipped.write_map(f"{method} {other}"))


def check_counts(study: Study, came: Simulated, output: Path, number: int) -> None:
    people = [*rows(output, "participants.csv"), *rows(output, "not_allocated.csv")]
    states = {state: sum(row["state"] == state for row in people) for state in Participant.State}
    assert sum(states.values()) == len(people) == number == study.participants.count()
    found = (states["completed"], states["stopped"], states["started"])
    assert found == (came.completed, came.stopped, came.dropped_out)
    assert min(found) > 0  # quitters of both kinds are among them
    assert {row["simulated"] for row in people} == {"1"}
    assert Event.objects.filter(kind="replayed").exists()  # of those who click twice


def check_ledger(study: Study, number: int) -> None:
    """The chain holds, its counts are the people's, and no place went back after exposure."""
    (verified,) = verify(study)
    ledger, people = verified.found, study.participants
    without_arm = people.filter(arm__isnull=True)
    assert ledger.arrivals == number
    assert len(ledger.arms) == people.filter(arm__isnull=False).count()
    assert ledger.returned == without_arm.filter(state="stopped").count() > 0
    assert ledger.waiting == without_arm.filter(state="started").count()
    assert ledger.arrivals == len(ledger.arms) + ledger.returned + ledger.waiting
    events = [entry.values for entry in ledger_of(study, simulated=True)]
    returned, bound = (
        {one["arrival"] for one in events if one["event"] == kind}
        for kind in ("returned", "allocated")
    )
    assert not returned & bound
    telling = [step.key for step in sequence.steps(study) if page_kinds.needs_arm(step)]
    exposed = people.filter(views__step__in=telling).distinct()
    assert exposed.count() == len(bound) == exposed.filter(slot__arm__isnull=False).count()


def give_back_after_exposure(study: Study) -> None:
    """What must never happen, done by hand."""
    study.slots.filter(arm__isnull=False, participant__state="stopped").first().delete()


def check_codebook(output: Path) -> None:
    described = {(row["file"], row["column"]) for row in rows(output, "codebook.csv")}
    for path in output.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert {(path.name, column) for column in header} <= described


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
