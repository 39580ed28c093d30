"""The preference of two maps: pairs, places, pages, pictures and data."""

from collections import Counter
from itertools import combinations, islice

import pandas as pd
import pytest
from django.test import Client

from surveys import services
from surveys.export.writing import export_study
from surveys.models import TrialMap
from surveys.pages import sequence
from surveys.services.map_pairs import map_pairs
from surveys.services.studies import missing_for_launch
from surveys.simulation import profile, run
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys.designs import design_text
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import allocated, walk, write_weights

PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "trials"
key = "which"
task = "preference"
compare = ["gradcam", "lime", "saliency"]
right = 4
wrong = 2
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
ARMS = ("none", "gradcam", "lime", "saliency")


@pytest.fixture
def study(db, tmp_path, _data_in_a_folder_of_its_own):
    return drawn_study(tmp_path, right=6, wrong=4, parts=PARTS, arms=ARMS)


@pytest.mark.parametrize("conditions", ["ab", "abc", "abcde"])
def test_every_pair_comes_once_before_any_comes_again(conditions):
    pairs = list(combinations(conditions, 2))
    drawn = list(islice(map_pairs(conditions, (1, "x")), 3 * len(pairs)))
    for start in range(0, len(drawn), len(pairs)):
        shown = drawn[start : start + len(pairs)]
        assert Counter(tuple(sorted(pair)) for pair in shown) == Counter(pairs)


def test_each_map_of_a_pair_stands_first_equally_often_and_not_in_turns():
    orders = []
    for person in range(200):
        drawn = list(islice(map_pairs("ab", (7, person)), 10))
        assert Counter(drawn) == {("a", "b"): 5, ("b", "a"): 5}
        orders.append(tuple(drawn))
    assert len(set(orders)) > 20, "an order that everybody has would tell the maps apart"
    first = sum(order[0] == ("a", "b") for order in orders)
    assert 70 < first < 130  # 200 fair coins: outside with p < 3e-5


def test_the_same_seed_gives_the_same_pairs():
    one, same, other = (list(islice(map_pairs("abcde", (seed, 3)), 20)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def to_preference(study, key: str):
    someone = allocated(study, key, simulated=True)
    while sequence.current_step(someone).part != "which":
        walk(someone, pages=1)
    return someone


@pytest.mark.nightly
def test_every_arm_sees_the_same_page_with_two_maps_and_their_own_legends(study):
    client, arms = Client(), set()
    for number in range(8):
        someone = to_preference(study, f"person {number}")
        page = client.get(f"/p/{someone.code}/").content.decode()
        assert "Which map explains" in page
        assert "Neither of the two" not in page
        assert page.count('class="strip"') == 2
        trial = someone.trials.get(position=sequence.current_step(someone).trial_position)
        assert trial.explanation is None
        assert trial.maps.count() == 2
        place = f"/p/{someone.code}/picture/{trial.picture_code}"
        for name in ("map-1", "map-2", "legend-1", "legend-2", "image"):
            assert client.get(f"{place}/{name}.png").status_code == 200, name
        assert client.get(f"{place}/map.png").status_code == 404, "no single map"
        arms.add(someone.arm.key)
    assert arms == set(ARMS)


def test_choices_are_exported_with_methods_places_and_codebook(study, tmp_path):
    run.simulate(study=study, number=4, seed=3, profile=profile.load("null"))
    export_study(study=study, output=tmp_path / "out", simulated="only")
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    compared = trials[trials["task"] == "preference"]
    assert len(compared) == 4 * 6
    assert compared["preferred_map"].isin([1, 2]).all()
    shown = compared["map_methods"].str.split(";", expand=True)
    chosen = shown[0].where(compared["preferred_map"] == 1, shown[1])
    assert (chosen == compared["preferred_method"]).all()
    assert (shown[0] != shown[1]).all()
    # Six trials: each of the three pairs twice, once in each order.
    assert (compared.groupby("participant")["map_methods"].nunique() == 6).all()
    assert trials.loc[trials["task"] == "decide", "map_methods"].isna().all()
    book = pd.read_csv(tmp_path / "out" / "codebook.csv").set_index(["file", "column"])
    assert "lime=LIME" in book.loc[("trials.csv", "preferred_method"), "values"]


@pytest.fixture
def with_neither(db, tmp_path, _data_in_a_folder_of_its_own):
    parts = PARTS.replace('task = "preference"', 'task = "preference"\nneither = true')
    return drawn_study(tmp_path, right=6, wrong=4, parts=parts, arms=ARMS)


@pytest.mark.nightly
def test_neither_map_can_be_chosen_where_the_study_says_so(with_neither, tmp_path):
    someone, client = to_preference(with_neither, "first"), Client()
    page = client.get(f"/p/{someone.code}/").content.decode()
    assert page.index('value="2"') < page.index('value="0"'), "neither comes last"
    assert "Neither of the two" in page
    run.simulate(study=with_neither, number=6, seed=3, profile=profile.load("null"))
    export_study(study=with_neither, output=tmp_path / "out", simulated="only")
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    neither = trials[trials["preferred_map"] == 0]
    assert 0 < len(neither) < 36
    assert set(neither["preferred_method"]) == {"neither"}
    book = pd.read_csv(tmp_path / "out" / "codebook.csv").set_index(["file", "column"])
    assert book.loc[("trials.csv", "preferred_map"), "minimum"] == 0
    assert "neither=Neither" in book.loc[("trials.csv", "preferred_method"), "values"]


@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
def test_a_study_does_not_open_before_the_compared_maps_are_there(db, tmp_path):
    study = drawn_study(tmp_path, right=6, wrong=4, parts=PARTS, arms=ARMS, opened=False)
    assert missing_for_launch(study) == []
    stimulus = study.stimuli.filter(part="which").first()
    stimulus.prediction.explanations.filter(method="lime").delete()
    assert any("compares maps of 'lime', and 5 of 6" in one for one in missing_for_launch(study))
    with pytest.raises(services.StudyError):
        services.open_study(study=study)


def test_a_new_map_does_not_replace_the_one_that_earlier_people_compared(study):
    first = to_preference(study, "first")
    before = TrialMap.objects.filter(trial__participant=first).order_by("explanation")
    seen = set(before.values_list("explanation", flat=True))
    row = before.first().explanation
    row.pk, row.key = None, "0" * len(row.key)
    row.save()
    for number in range(4):
        to_preference(study, f"later {number}")
    assert not TrialMap.objects.filter(explanation=row).exists()
    assert seen


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('compare = ["gradcam", "lime", "saliency"]\n', "", "names none. Name two or more"),
        ('"gradcam", "lime", "saliency"', '"gradcam", "gradcam"', "Name two or more, each once"),
        ('"gradcam", "lime", "saliency"', '"gradcam", "none"', "'none', which shows no map"),
        ('"gradcam", "lime", "saliency"', '"gradcam", "limes"', "did you mean 'lime'"),
        ('task = "preference"', 'task = "decide"', "compare has no effect"),
        ("wrong = 1\n", "wrong = 1\nneither = true\n", "neither has no effect with the task 'dec"),
    ],
)
def test_comparisons_that_cannot_be_shown_are_refused(db, tmp_path, old, new, told):
    text = design_text(write_weights(tmp_path / "w"), parts=PARTS.replace(', "saliency"', ""))
    old = old.replace(', "saliency"', "")
    assert old in text
    with pytest.raises(StudyFileError, match=told):
        loading.parse(text.replace(old, new, 1))
