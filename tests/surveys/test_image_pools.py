"""Accuracy as a factor and images drawn for each person: declared, drawn, exported, hidden."""

import csv
import hashlib
from collections import Counter, defaultdict

import pytest

from surveys import services
from surveys.export.writing import export_study
from surveys.models import AllocationSlot, Trial
from surveys.services.allocating import next_image_rank
from surveys.services.image_draws import draws_of
from surveys.simulation import profile, run
from surveys.study_checks import costs, loading
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from tests.surveys.designs import PARTS, design_study, design_text
from tests.surveys.factories import allocated, walk, write_weights

LEVELS = """
[[arms]]
key = "none-low"
label = "No map, low"
accuracy = 0.6
stated = "The classifier is right about 6 of 10 pictures."
factors = { explanation_kind = "none", level = "low" }
[[arms]]
key = "none-high"
label = "No map, high"
accuracy = 0.9
stated = "The classifier is right about 9 of 10 pictures."
factors = { explanation_kind = "none", level = "high" }
[[arms]]
key = "map-low"
label = "Map, low"
method = "gradcam"
accuracy = 0.6
stated = "The classifier is right about 6 of 10 pictures."
factors = { explanation_kind = "map", level = "low" }
[[arms]]
key = "map-high"
label = "Map, high"
method = "gradcam"
accuracy = 0.9
stated = "The classifier is right about 9 of 10 pictures."
factors = { explanation_kind = "map", level = "high" }
"""
WITHOUT_MAPS = LEVELS.replace('method = "gradcam"\n', "")  # pages without stored pictures
TRIALS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 7
wrong = 3
{more}
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
WITHIN = """
[design]
within = ["condition"]
"""
OF_LEVELS = """
[design]
within = ["level"]
"""


def accuracy_study(tmp_path, more: str = "", levels: str = LEVELS):
    parts = TRIALS.format(more=more)
    return design_study(tmp_path, arms=levels, parts=parts, control="none-low")


def rows_of(folder, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shown(people) -> dict[str, Counter]:
    """How often each image was shown, by condition."""
    counts: dict[str, Counter] = defaultdict(Counter)
    trials = Trial.objects.filter(participant__in=people)
    for condition, image in trials.values_list("condition__key", "stimulus__prediction__image"):
        counts[condition][image] += 1
    return counts


def spread(counts: Counter, pool) -> int:
    return max(counts[one] for one in pool) - min(counts[one] for one in pool)


def pools(study, part: str = "trials") -> list[list[int]]:
    stimuli = study.stimuli.filter(part=part).select_related("prediction")
    return [
        [one.prediction.image_id for one in stimuli if one.prediction.is_correct == is_right]
        for is_right in (True, False)
    ]


@pytest.mark.django_db
def test_levels_of_accuracy_share_their_images_and_each_image_is_shown_at_each_level(tmp_path):
    study = accuracy_study(tmp_path)
    assert study.stimuli.count() == 9 + 4, "the most that any level shows: all others are shared"
    people = []
    for number in range(24):
        people.append(allocated(study, f"person {number}", simulated=True))
        counts = shown(people)
        assert all(spread(one, pool) <= 1 for one in counts.values() for pool in pools(study))
    for person in people:
        right = sum(one.stimulus.prediction.is_correct for one in person.trials.all())
        assert (right, person.trials.count()) == ((6, 10) if "low" in person.arm.key else (9, 10))
    every = {image for pool in pools(study) for image in pool}
    assert all(set(counts) == every for counts in shown(people).values())


@pytest.mark.django_db
def test_people_of_one_rank_see_the_same_images_in_arms_of_one_accuracy(tmp_path):
    study = accuracy_study(tmp_path)
    people = [allocated(study, f"person {number}", simulated=True) for number in range(16)]
    by_rank = defaultdict(set)
    for person in people:
        images = frozenset(person.trials.values_list("stimulus", flat=True))
        by_rank[person.slot.image_rank, person.arm.key.partition("-")[2]].add(images)
    assert len(by_rank) >= 6
    assert all(len(images) == 1 for images in by_rank.values())


@pytest.mark.nightly
@pytest.mark.django_db
def test_within_subjects_every_condition_shows_every_image_equally_often(tmp_path):
    parts = TRIALS.format(more="right_pool = 30\nwrong_pool = 10").replace("right = 7", "right = 4")
    parts = parts.replace("wrong = 3", "wrong = 2")
    study = design_study(tmp_path, parts=parts, design=WITHIN, control="order-1")
    people = []
    for number in range(15):
        people.append(allocated(study, f"person {number}", simulated=True))
        assert people[-1].trials.values("stimulus").distinct().count() == 3 * 6
        counts = shown(people)
        assert all(spread(one, pool) <= 1 for one in counts.values() for pool in pools(study))
    assert all(spread(one, pool) == 0 for one in counts.values() for pool in pools(study))


@pytest.mark.django_db
def test_whoever_drops_out_keeps_the_images_and_whoever_replaces_gets_them(tmp_path):
    study = accuracy_study(tmp_path)
    people = [allocated(study, f"person {number}") for number in range(8)]
    gone = people[2]
    arm, rank = gone.arm.key, gone.slot.image_rank
    others = study.slots.filter(arm=gone.arm).values_list("image_rank", flat=True)
    assert next_image_rank(study, False, arm) == max(others) + 1, "silence frees nothing"
    images = set(gone.trials.values_list("stimulus", flat=True))
    AllocationSlot.objects.filter(participant=gone).update(given_back=True)
    assert next_image_rank(study, False, arm) == rank
    for number in range(20):
        someone = allocated(study, f"later {number}")
        if someone.arm.key == arm:
            assert set(someone.trials.values_list("stimulus", flat=True)) == images
            break
    held = study.slots.filter(given_back=False).values_list("arm", "image_rank")
    assert len(held) == len(set(held))


@pytest.mark.django_db
def test_images_of_real_people_depend_on_the_secret_and_of_simulated_ones_on_the_seed(tmp_path):
    study = accuracy_study(tmp_path)
    before = {}
    for simulated in (True, False):
        person = allocated(study, f"one {simulated}", simulated=simulated)
        before[simulated] = person

    def drawn(person):
        stimuli = list(study.stimuli.select_related("prediction__image"))
        blocks = list(person.arm.blocks.select_related("condition"))
        draws = draws_of(person, definition(study), stimuli, blocks, 3)
        return [one.pk for images in draws.values() for one in images]

    kept = {simulated: drawn(person) for simulated, person in before.items()}
    for person in before.values():
        person.study.allocation_secret = "another secret"
    assert drawn(before[True]) == kept[True]
    assert drawn(before[False]) != kept[False]


@pytest.mark.django_db
def test_the_instructions_state_the_accuracy_and_no_other_page_does(tmp_path, client):
    study = accuracy_study(tmp_path, levels=WITHOUT_MAPS)
    someone = allocated(study, "reader", simulated=True)
    wanted = definition(study).condition(someone.arm.key).stated
    assert wanted in client.get(f"/p/{someone.code}/").content.decode()
    walk(someone, pages=1)
    assert wanted not in client.get(f"/p/{someone.code}/").content.decode()


@pytest.mark.nightly
@pytest.mark.django_db
def test_planned_accuracy_is_exported_and_hides_what_would_tell_the_arm(tmp_path):
    study = accuracy_study(tmp_path, levels=WITHOUT_MAPS)
    for image in study.image_set.images.all():  # the factory's hashes begin alike
        image.sha256 = hashlib.sha256(image.source.encode()).hexdigest()
        image.save(update_fields=["sha256"])
    walk(allocated(study, "real"))
    run.simulate(study=study, number=4, seed=2, profile=profile.load("null"))
    export_study(study=study, output=tmp_path / "seen", simulated="only")
    rows = rows_of(tmp_path / "seen", "trials.csv")
    assert {(row["level"], row["planned_accuracy"]) for row in rows} <= {
        ("low", "0.6"), ("high", "0.9")
    }  # fmt: skip
    book = rows_of(tmp_path / "seen", "codebook.csv")
    assert any(row["column"] == "planned_accuracy" and row["minimum"] == "0" for row in book)
    exposed = rows_of(tmp_path / "seen", "exposures.csv")
    assert len(exposed) == 13 * 4, "images times arms, with those that nobody saw"
    assert sum(int(row["people"]) for row in exposed) == 4 * 10
    assert any(row["file"] == "exposures.csv" and row["column"] == "people" for row in book)
    export_study(study=study, output=tmp_path / "blind")
    blind = rows_of(tmp_path / "blind", "trials.csv")[0]
    hidden = {"planned_accuracy", "prediction_correct", "predicted_class", "image", "level"}
    assert not hidden & set(blind)
    wide = rows_of(tmp_path / "blind", "wide.csv")[0]
    assert not (tmp_path / "blind" / "exposures.csv").exists()
    assert not [name for name in wide if name.endswith(("_right", "_wrong", "_correct"))]


@pytest.mark.django_db
def test_a_study_whose_arms_are_alike_in_accuracy_hides_no_more_than_before(tmp_path):
    study = design_study(tmp_path)
    walk(allocated(study, "real"))
    export_study(study=study, output=tmp_path / "blind")
    blind = rows_of(tmp_path / "blind", "trials.csv")[0]
    assert {"prediction_correct", "image"} <= set(blind)


REFUSED = [
    (
        "accuracy = 0.6", "accuracy = 0.65", "",
        "the arm 'none-low' has the accuracy 0.65, and the part 'trials' shows 10 trials (right + "
        "wrong), of which 6.5 would be right. Write accuracy = 0.6 or 0.7",
    ),
    ("accuracy = 0.6", "accuracy = 1.6", "", "'none-low' is 1.6. It must be from 0 to 1."),
    (
        "", "", "right_pool = 8",
        "right_pool is 8, but a person sees 9 right predictions in the part 'trials', each once. "
        "Raise right_pool to 9 at least",
    ),
    ("", "", "first_right = 7", "shows 6 right predictions in the part 'trials', fewer than its"),
    ('kind = "instructions"', 'kind = "attention"', "", "but it has no instructions"),
    ('[[parts]]', '[[parts]]', "", None),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("old", "new", "more", "said"), REFUSED)
def test_what_cannot_be_shown_is_refused_with_its_cure(tmp_path, old, new, more, said):
    text = design_text(
        write_weights(tmp_path / "w.safetensors"), arms=LEVELS, control="none-low",
        parts=TRIALS.format(more=more),
    )  # fmt: skip
    text = text.replace(old, new, 1) if old else text
    if said is None:  # the control: what the others change is accepted
        assert loading.parse(text).draws_images
        return
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text)
    assert said in str(refused.value)
    assert "line " in str(refused.value)


@pytest.mark.nightly
@pytest.mark.django_db
def test_one_person_sees_every_level_and_each_image_is_shown_at_each_level_over_people(tmp_path):
    parts = TRIALS.format(more="")
    study = design_study(
        tmp_path, arms=LEVELS, parts=parts, design=OF_LEVELS, control="none-order-1"
    )
    assert study.stimuli.count() == 6 + 9 + 4 + 1, "enough that nobody sees an image twice"
    people = []
    for number in range(20):
        people.append(allocated(study, f"person {number}", simulated=True))
        trials = people[-1].trials.select_related("condition", "stimulus__prediction")
        right = Counter(one.condition.key for one in trials if one.stimulus.prediction.is_correct)
        kind = people[-1].arm.key.partition("-")[0]
        assert right == {f"{kind}-low": 6, f"{kind}-high": 9}
        assert len({one.stimulus_id for one in trials}) == 20 == len(trials)
        assert {one.block for one in trials if one.condition.key.endswith("low")} in ({1}, {2})
        counts = shown(people)
        assert all(spread(one, pool) <= 2 for one in counts.values() for pool in pools(study))
    every = {image for pool in pools(study) for image in pool}
    counts = shown(people)
    assert all(set(one) == every for one in counts.values())
    # 5 people of a group complete its circles, in whatever order they go through the levels.
    of_maps = [one for one in people if one.arm.key.startswith("map") and one.slot.image_rank < 5]
    for one in ("map-low", "map-high"):
        assert all(spread(shown(of_maps)[one], pool) == 0 for pool in pools(study))


@pytest.mark.nightly
@pytest.mark.django_db
def test_one_person_can_go_through_all_combinations_of_map_and_accuracy(tmp_path):
    parts = TRIALS.format(more="right_pool = 40\nwrong_pool = 12")
    study = design_study(tmp_path, arms=LEVELS, parts=parts, design=WITHIN, control="order-1")
    for number in range(8):
        person = allocated(study, f"person {number}", simulated=True)
        trials = person.trials.select_related("condition", "stimulus__prediction")
        assert len({one.stimulus_id for one in trials}) == 40
        right = Counter(one.condition.key for one in trials if one.stimulus.prediction.is_correct)
        assert right == {"none-low": 6, "none-high": 9, "map-low": 6, "map-high": 9}


@pytest.mark.django_db
def test_too_few_images_for_the_pools_are_told_with_their_numbers(tmp_path):
    with pytest.raises(StudyFileError) as refused:
        accuracy_study(tmp_path, more="right_pool = 300")
    assert "draws people's images from 300 right and 4 wrong predictions" in str(refused.value)


@pytest.mark.django_db
def test_pools_warn_of_what_they_cost(tmp_path):
    weights = write_weights(tmp_path / "w.safetensors")
    text = design_text(weights, parts=TRIALS.format(more="right_pool = 20"))
    assert any("random images" in one for one in costs.warnings(loading.parse(text)))
    plain = design_text(weights, parts=PARTS)
    assert costs.warnings(loading.parse(plain)) == ()


@pytest.mark.django_db
def test_stated_accuracies_are_translated_completely(tmp_path):
    text = design_text(
        write_weights(tmp_path / "w.safetensors"), arms=LEVELS, control="none-low",
        parts=TRIALS.format(more=""),
    ) + """
[text.de]
title = "Bilder"
[text.de.consent]
text = "Was hier geschieht."
[text.de.debrief]
text = "Worum es ging."
[text.de.classes]
car = "Auto"
truck = "Laster"
boat = "Boot"
tree = "Baum"
[text.de.stated]
none-low = "Der Klassifikator liegt bei 6 von 10 Bildern richtig."
"""  # fmt: skip
    with pytest.raises(StudyFileError, match=r"'map-high' in \[text.de.stated\] is missing"):
        services.load_study(text)
    for key in ("none-high", "map-low", "map-high"):
        text += f'{key} = "Der Klassifikator …"\n'
    german = loading.parse(text).in_language("de")
    assert german.condition("none-low").stated.startswith("Der Klassifikator liegt bei 6")
