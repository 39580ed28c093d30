"""From a study file to launch, 140 synthetic people of every kind, and the data that they leave."""

import csv
from pathlib import Path

from django.core.management import call_command

from analysis.table import read_study
from explanations.models import Explanation
from surveys import tasks
from surveys.models import Event, Participant, Study
from surveys.simulation.profile import FOLDER, read
from surveys.simulation.run import Simulated, simulate
from surveys.stimuli import choose_stimuli
from tests.surveys import designs, factories, shipped

PEOPLE = 140
ARMS = """
[[arms]]
key = "none"
label = "No map"
[[arms]]
key = "gradcam"
label = "Map"
method = "gradcam"
"""
PARTS = "".join(
    f'[[parts]]\nkind = "trials"\nkey = "{task.key}"\ntask = "{task.key}"\nright = 1\nwrong = 1\n'
    for task in tasks.TASKS
)
LAST = '[[parts]]\nkind = "questionnaire"\nquestionnaire = "trust-v1"\n'
PLANTED = """
[arms.gradcam]
agree_right = 2.0
agree_wrong = 3.0
guess = 3.0
[arms.gradcam.scales]
trust = 1.5
"""
EFFECTS = {
    "decide": ("advice_followed", 0, 1),
    "classify": ("advice_followed", 0, 1),
    "judge_advisor": ("advice_followed", 0, 1),
    "forward_simulation": ("decision_correct", None, 1),
    "agreement": ("decision_correct", 0, -1),
}
"""By task: the column, of right or wrong predictions, and the direction of what is planted."""


def mixed_people() -> str:
    """The kinds of people of the profile that ships, with effects that 140 of them must show."""
    shipped_profile = (FOLDER / "mixed.toml").read_text(encoding="utf-8")
    return shipped_profile.split("[arms.gradcam]")[0] + PLANTED


def test_from_a_file_to_the_data_of_140_people_of_every_kind(db, tmp_path):
    study, came, output = run_line(tmp_path)
    check_counts(study, came, output)
    check_codebook(output)
    trials = read_study(output).trials
    assert set(EFFECTS) == set(trials["task"]) == {task.key for task in tasks.TASKS}
    for task, (column, correct, direction) in EFFECTS.items():
        own = trials[(trials["task"] == task) & trials[column].notna()]
        if correct is not None:
            own = own[own["prediction_correct"] == correct]
        shares = own.groupby("arm")[column].mean()
        assert direction * (shares["gradcam"] - shares["none"]) > 0.2, (task, shares)


def run_line(folder: Path) -> tuple[Study, Simulated, Path]:
    """The study, what the simulation said, and the folder that was exported."""
    factories.images(60)
    weights = factories.write_weights(folder / "dots.safetensors")
    text = designs.design_text(weights, arms=ARMS, parts=PARTS + LAST)
    (folder / "line.toml").write_text(text.replace("places = 60", "places = 200"))
    call_command("load_study", str(folder / "line.toml"))
    study = Study.objects.get()
    factories.predict(study, wrong=20)
    for row in Explanation.objects.filter(method="gradcam"):
        Explanation.objects.filter(pk=row.pk).update(**shipped.write_map("gradcam"))
    choose_stimuli(study)
    call_command("open_study", study.slug)
    study.refresh_from_db()
    came = simulate(study=study, number=PEOPLE, seed=2, profile=read(mixed_people()))
    call_command("export_study", study.slug, "--simulated-only", "--output", str(folder / "data"))
    return study, came, folder / "data"


def check_counts(study: Study, came: Simulated, output: Path) -> None:
    people = rows(output, "participants.csv")
    states = {state: sum(row["state"] == state for row in people) for state in Participant.State}
    assert sum(states.values()) == len(people) == PEOPLE == study.participants.count()
    found = (states["completed"], states["withdrawn"], states["started"])
    assert found == (came.completed, came.withdrawn, came.left)
    assert min(found) > 0  # quitters of both kinds are among them
    assert {row["simulated"] for row in people} == {"1"}
    assert Event.objects.filter(kind="replayed").exists()  # of those who click twice


def check_codebook(output: Path) -> None:
    described = {(row["file"], row["column"]) for row in rows(output, "codebook.csv")}
    for path in output.glob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert {(path.name, column) for column in header} <= described


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
