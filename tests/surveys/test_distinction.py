"""Four classes' maps without their names: which one belongs to what the classifier says?"""

import re
from collections import Counter
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from analysis.plan.plan import Outcome
from analysis.sections.behaviour.measures import participant_measure
from analysis.study_data.study_data import read_study
from explanations.models import Explanation
from studyplatform.computations import preparation
from studyplatform.panel import preview
from surveys import services
from surveys.export.writing import export_study
from surveys.models import Answer, Study, TrialMap
from surveys.services import StudyError, trials
from surveys.services.fingerprints import fingerprint
from surveys.services.trials import explanations_of
from surveys.simulation.profile import read
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from surveys.tasks import distinction
from tests.daily import daily
from tests.surveys import factories
from tests.surveys.drawn import CLASSES, drawn_study, explain_classes, write_weights
from tests.surveys.people import go_on, in_arm
from tests.surveys.test_preview import address
from tests.surveys.test_simulation import BASE

MAPS = distinction.CLASSES
ARMS = ("gradcam", "lime", "placebo")
PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "practice"
right = 1
wrong = 0
task = "distinction"
[[parts]]
kind = "trials"
right = 2
wrong = 1
task = "distinction"
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
PLAN = """
[analysis.behaviour]
advice = "predicted_map"
guess = "chosen_map"
chance = 0.25
"""


def draft(folder: Path, slug: str = "drawn") -> Study:
    """All arms show maps; those of the classes that are not predicted are not there yet."""
    return drawn_study(
        folder,
        slug=slug,
        right=3,
        wrong=1,
        parts=PARTS,
        arms=ARMS,
        control="gradcam",
        extra=PLAN,
        opened=False,
    )


def opened(study: Study) -> Study:
    services.open_study(study=study)
    return study


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    study = draft(tmp_path)
    explain_classes(study)
    return opened(study)


def names(addresses: list[str]) -> list[str]:
    return [path.split("/")[-1].removesuffix(".png") for path in addresses]


@pytest.mark.nightly
@pytest.mark.parametrize("arm", daily(ARMS, 1))
def test_a_trial_shows_four_maps_and_names_neither_class_nor_answer(drawn, arm):
    browser, page, person = in_arm(drawn, arm)
    trial = go_on(browser, page, 1)
    maps = [f"map-{place}" for place in range(1, MAPS + 1)]
    assert names(trial.pictures) == ["image", *maps, "legend"]
    drawings = {path: Client().get(path).content for path in trial.pictures}
    assert len(set(drawings.values())) == len(drawings)
    text = Client().get(trial.path).content.decode()
    assert trial.prediction == ""
    assert "the class of the map" in text
    known = "|".join(drawn.image_set.class_names)
    assert not re.search(rf"\b({known})\b", text.split("</header>")[1])
    assert trial.questions["chosen_map"] == ["1", "2", "3", "4"]
    alone = trial.pictures[1].replace("map-1", "map")
    assert Client().get(alone).status_code == 404  # it would tell which of the four it is
    assert Client().get(trial.pictures[1].replace("map-1", "map-5")).status_code == 404
    shown = person.trials.get(position=1)
    assert shown.maps.filter(explanation=shown.explanation).count() == 1
    assert {one.explanation.explained_class for one in shown.maps.all()} == set(
        shown.stimulus.prediction.likeliest(MAPS)
    )


def test_an_empty_map_is_called_so(drawn):
    browser, page, _ = in_arm(drawn, "lime")
    trial = go_on(browser, page, 1)
    assert "(empty)" not in Client().get(trial.path).content.decode()
    Explanation.objects.filter(method="lime").update(diagnostics={"empty": True})
    assert Client().get(trial.path).content.decode().count("(empty)") == MAPS


def make_empty(study: Study, method: str, place: int) -> tuple[int, str]:
    """Empty the map of the class at the place of the first stimulus's ranking."""
    prediction = study.stimuli.first().prediction
    name = prediction.likeliest(MAPS)[place]
    maps = Explanation.objects.filter(prediction=prediction, method=method, other_class=name)
    assert maps.update(diagnostics={"empty": True}) == 1
    return prediction.pk, name


def test_a_study_with_a_map_that_gives_the_answer_away_is_not_launched(db, tmp_path):
    study = draft(tmp_path)
    explain_classes(study)
    make_empty(study, "gradcam", 2)
    with pytest.raises(StudyError, match="An empty map would give the answer away"):
        services.open_study(study=study)


@pytest.fixture
def of_two(db, tmp_path, monkeypatch) -> Study:
    """A study whose trials show two maps, of four classes that have some."""
    study = draft(tmp_path)
    explain_classes(study)
    counts = dict.fromkeys(study.stimuli.values_list("prediction", flat=True), 2)
    monkeypatch.setattr(trials, "classes_of", lambda study, stimuli: counts)
    return study


def test_a_class_whose_map_is_empty_by_any_method_is_passed_over_in_every_arm(of_two):
    stimuli = list(of_two.stimuli.all())
    prediction, name = make_empty(of_two, "gradcam", 1)
    expected = stimuli[0].prediction.likeliest(3)[2]
    for condition in of_two.conditions.all():
        maps = trials.maps_of_classes(condition, stimuli, simulated=False)
        assert [one.explained_class for one in maps[stimuli[0].pk]] == [
            stimuli[0].prediction.predicted_class,
            expected,
        ]
        # The control: another image keeps its likeliest class.
        assert maps[stimuli[1].pk][1].explained_class == stimuli[1].prediction.likeliest(2)[1]
    needed = trials.explained_classes(of_two, stimuli)
    assert needed[prediction] == 3
    assert needed[stimuli[1].prediction_id] == 2
    assert name != expected


@pytest.mark.parametrize(
    "empty", [1, *(pytest.param(count, marks=pytest.mark.nightly) for count in (2, 3))]
)
def test_further_classes_are_explained_until_enough_maps_are_not_empty(of_two, monkeypatch, empty):
    stimuli = list(of_two.stimuli.all())
    first = stimuli[0].prediction
    Explanation.objects.exclude(other_class="").filter(prediction=first).delete()
    monkeypatch.setattr(preparation, "classes_of", trials.classes_of)
    rounds = []

    def explain(classifier, images, methods, precision, execution, counts):
        """Of the first classes, the maps turn out to be empty."""
        rounds.append(dict(counts))
        for prediction in images:
            for place, name in enumerate(prediction.likeliest(counts[prediction.pk])[1:], start=1):
                Explanation.objects.get_or_create(
                    prediction=prediction,
                    method="gradcam",
                    other_class=name,
                    defaults={
                        "key": f"{prediction.pk} {name}",
                        "sha256": "0" * 64,
                        "parameters": {},
                        "diagnostics": {"empty": place <= empty},
                    },
                )

    monkeypatch.setattr(preparation, "explain", explain)
    explain(None, [first], [], "", None, {first.pk: 2})  # the likeliest, as always
    predictions = {stimulus.prediction_id: stimulus.prediction for stimulus in stimuli}
    preparation._replace_empty_maps(of_two, stimuli, predictions, [], None, preparation.How())
    # Four classes in all: the third of the others is the last that can be asked for.
    assert [counts[first.pk] for counts in rounds] == list(range(2, min(empty, 2) + 3))
    (shown,) = [trials.other_classes_of(of_two, stimuli, simulated=False)[first.pk]]
    assert shown == first.likeliest(4)[empty + 1 : empty + 2]


@pytest.mark.nightly
def test_an_image_keeps_the_classes_that_earlier_participants_saw(of_two):
    services.open_study(study=of_two)
    person = factories.allocated(of_two, "somebody")
    condition = person.arm.blocks.get().condition
    stimuli = list(of_two.stimuli.all())
    make_empty(of_two, condition.method, 1)  # as a map that is computed anew can be
    maps = trials.maps_of_classes(condition, stimuli, simulated=False)
    assert maps[stimuli[0].pk][1].explained_class == stimuli[0].prediction.likeliest(2)[1]


def test_maps_of_a_trial_that_is_not_reached_are_not_given_out(drawn):
    browser, page, person = in_arm(drawn, "lime")
    trial = go_on(browser, page, 1)
    later = person.trials.get(position=4)
    path = trial.pictures[1].replace(person.trials.get(position=1).picture_code, later.picture_code)
    assert Client().get(path).status_code == 404
    assert Client().get(trial.pictures[1]).status_code == 200


def test_after_practice_the_page_says_whether_the_map_was_the_right_one(drawn):
    for found in (True, False):
        browser, page, person = in_arm(drawn, "gradcam")
        trial = go_on(browser, page, 1)
        shown = person.trials.get(position=1)
        right = shown.maps.get(explanation=shown.explanation).place
        chosen = right if found else right % MAPS + 1
        after = browser.send(trial, {"chosen_map": str(chosen), "sureness": "3"})
        text = Client().get(after.path).content.decode()
        assert f"Your answer was {'right' if found else 'wrong'}." in text
        assert f"The map of this class was map {right}." in text
        assert names(after.pictures) == ["image", "map", "legend"]
        assert all(Client().get(path).status_code == 200 for path in after.pictures)


def test_the_map_of_the_answer_stands_at_every_place_and_the_seed_decides(db, tmp_path):
    found = []
    for slug in ("one", "two"):
        study = draft(tmp_path, slug)
        if slug == "one":  # both show the same images
            explain_classes(study)
        opened(study)
        simulate(study=study, number=5, seed=0, profile=read(BASE))
        maps = TrialMap.objects.filter(trial__participant__study=study).order_by("id")
        found.append(list(maps.values_list("place", "explanation__key")))
    assert found[0] == found[1]
    places = Counter(
        one.place for one in TrialMap.objects.all() if one.explanation.other_class == ""
    )
    assert set(places) == set(range(1, MAPS + 1))
    assert max(places.values()) < sum(places.values()) / 2


def test_it_cannot_begin_before_all_maps_are_there(db, tmp_path):
    study = draft(tmp_path)
    with pytest.raises(StudyError) as refused:
        opened(study)
    assert "the condition 'lime' has the lime maps of all classes that are shown side by side"
    assert "for 0 of 4 images." in str(refused.value)
    assert "Run: manage.py precompute_explanations --study drawn" in str(refused.value)
    explain_classes(study)
    study.stimuli.first().prediction.explanations.exclude(other_class="").first().delete()
    with pytest.raises(StudyError, match="for 3 of 4 images"):
        opened(study)


def test_maps_of_other_classes_are_shown_in_no_other_task(db, tmp_path):
    study = drawn_study(tmp_path, opened=False)
    stimuli = list(study.stimuli.all())
    condition = study.conditions.get(key="lime")
    before = explanations_of(condition, stimuli, simulated=False)
    print_before = fingerprint(study)
    explain_classes(study)
    assert explanations_of(condition, stimuli, simulated=False) == before
    assert fingerprint(study) == print_before


def test_a_change_of_any_of_the_maps_is_a_deviation(drawn):
    before = fingerprint(drawn)
    other = drawn.stimuli.first().prediction.explanations.filter(method="lime")
    other.exclude(other_class="").update(sha256="1" * 64)
    assert fingerprint(drawn).stimuli != before.stimuli


def test_an_arm_without_a_map_cannot_have_the_task(drawn):
    text = drawn.source.replace('method = "lime"\n', "")
    with pytest.raises(StudyFileError, match="the arm 'lime' shows no map, and the task"):
        loading.parse(text)


def test_a_classifier_of_fewer_classes_is_refused(drawn, tmp_path):
    write_weights(tmp_path / "three.safetensors", CLASSES[:3])
    text = drawn.source.replace("drawn.safetensors", "three.safetensors")
    with pytest.raises(StudyFileError, match="shows maps of 4 classes, but the classifier") as said:
        services.load_study(text)
    assert "knows 3: car, truck, boat. Use another task, or other weights." in str(said.value)


@pytest.mark.nightly
def test_every_page_can_be_previewed_with_all_its_pictures(drawn):
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    for page in preview.pages(drawn):
        if page.step is None or page.step.kind not in {"trial", "feedback", "instructions"}:
            continue
        response = panel.get(address(drawn, "placebo", page.number))
        text = response.content.decode()
        shown = [path for path in text.split('"') if path.endswith(".png")]
        assert len(shown) == (6 if page.step.kind == "trial" else 3)
        assert {panel.get(path).status_code for path in shown} == {200}


@pytest.mark.nightly
def test_people_who_know_choose_it_and_the_data_say_how_far_above_chance(drawn, tmp_path):
    always = BASE.replace("quits", "distinguish = 1.0\nquits")
    profile = read(always + "[arms.placebo]\ndistinguish = -100.0\n")
    simulate(study=drawn, number=9, seed=0, profile=profile)
    assert Answer.objects.filter(item="chosen_map").count() == 9 * 4
    output = tmp_path / "out"
    export_study(study=drawn, output=output, simulated="only")
    data = read_study(output)
    assert set(data.trials["task"]) == {"distinction"}
    by_arm = data.trials.groupby("arm")["decision_correct"].mean()
    assert dict(by_arm) == {"gradcam": 1, "lime": 1, "placebo": 0}
    for _, row in data.trials.iterrows():
        classes = row["map_classes"].split(";")
        assert len(set(classes)) == MAPS
        assert classes[row["predicted_map"] - 1] == row["predicted_class"]
    outcome = Outcome("above", "Above", "behaviour", measure="simulation_above_chance")
    above = participant_measure(data, outcome).groupby(data.participants["arm"].to_numpy())
    assert dict(above.mean()) == pytest.approx({"gradcam": 1, "lime": 1, "placebo": -1 / 3})
