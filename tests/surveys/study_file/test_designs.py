import csv
from collections import Counter
from itertools import pairwise

import pytest

from surveys.models import Answer, Participant
from surveys.pages import sequence
from surveys.pages.screens import screen
from surveys.study_checks import loading
from surveys.study_checks.costs import warnings
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.designs import Condition, arms_of, balanced_orders, problems
from tests.daily import daily
from tests.surveys import designs, factories
from tests.surveys.factories import allocated, answers, record, walk

WITHIN = '[design]\nwithin = ["condition"]'
FACTORIAL = """
[[arms]]
key = "plain"
label = "No map, no probability"
factors = { map = "none", certainty = "hidden" }
[[arms]]
key = "plain-sure"
label = "No map, probability"
probability = true
factors = { map = "none", certainty = "shown" }
[[arms]]
key = "map"
label = "Map, no probability"
method = "gradcam"
factors = { map = "gradcam", certainty = "hidden" }
[[arms]]
key = "map-sure"
label = "Map, probability"
method = "gradcam"
probability = true
factors = { map = "gradcam", certainty = "shown" }
"""


def arrive(study, number: int) -> list[Participant]:
    return [allocated(study, f"{study.slug} {n}") for n in range(number)]


@pytest.mark.parametrize("count", range(1, 9))
def test_orders_balance_place_and_carry_over(count):
    rows = balanced_orders(count)
    assert all(sorted(row) == list(range(count)) for row in rows)
    for place in range(count):
        assert len(set(Counter(row[place] for row in rows).values())) == 1
    followed = Counter(pair for row in rows for pair in pairwise(row))
    assert len(followed) == count * (count - 1)
    assert len(set(followed.values())) <= 1


def test_an_arm_is_one_condition_or_within_subjects_an_order_of_all_of_them():
    conditions = [Condition(key, key.upper()) for key in "abc"]
    assert [arm.conditions for arm in arms_of(conditions, ())] == [("a",), ("b",), ("c",)]
    within = arms_of(conditions, ("condition",))
    assert len(within) == 6
    assert within[0].key == "order-1"
    assert within[0].label == "A → B → C"


def test_a_mixed_design_keeps_the_other_factors_between():
    conditions = [
        Condition(f"{one}{two}", f"{one}{two}", factors={"one": one, "two": two})
        for one in ("x", "y")
        for two in ("p", "q")
    ]
    found = arms_of(conditions, ("two",))
    assert [arm.key for arm in found] == [
        "x-order-1",
        "x-order-2",
        "y-order-1",
        "y-order-2",
    ]
    assert found[2].conditions == ("yp", "yq")
    assert not problems(conditions, ("two",))


@pytest.mark.parametrize(
    ("factors", "within", "words"),
    [
        ([{}, {}], ("size",), "which no condition has. Known: condition."),
        ([{"f": "x"}, {}], (), "the factor 'f' needs a level in all arms. Add one to b."),
        ([{"f": "x"}, {}], ("f",), "the factor 'f' needs a level in all conditions. Add one to b."),
        ([{"f": "x"}, {"f": "x"}, {"f": "y"}], ("f",), ""),
        (
            [{"f": "x", "g": "1"}, {"f": "y", "g": "1"}, {"f": "x", "g": "2"}],
            ("f",),
            "unequal numbers of conditions",
        ),
    ],
)
def test_what_is_wrong_with_a_design_is_said(factors, within, words):
    conditions = [
        Condition(key, key.upper(), factors=levels)
        for key, levels in zip("abc", factors, strict=False)
    ]
    found = problems(conditions, within)
    assert words in " ".join(found)
    assert bool(found) == bool(words)


def test_everybody_sees_all_conditions_and_no_image_twice(db, tmp_path):
    study = designs.design_study(tmp_path, design=WITHIN, control="order-1")
    people = arrive(study, 12)
    for person in people:
        trials = list(person.trials.select_related("condition", "stimulus__prediction"))
        main = [trial for trial in trials if trial.stimulus.part == "trials"]
        shown = [block.condition for block in person.arm.blocks.all()]
        assert len(main) == 9
        assert [trial.condition for trial in main] == [one for one in shown for _ in range(3)]
        assert len({trial.stimulus_id for trial in trials}) == len(trials) == 15
        for block in (1, 2, 3):
            own = [t.stimulus.prediction.is_correct for t in main if t.block == block]
            assert Counter(own) == {True: 2, False: 1}
            assert own[0]  # first_right
        for trial in trials:
            expected = trial.condition.method or None
            found = trial.explanation.method if trial.explanation else None
            assert found == expected


@pytest.mark.nightly
def test_every_image_is_shown_equally_often_under_every_condition(db, tmp_path):
    study = designs.design_study(tmp_path, design=WITHIN, control="order-1")
    people = arrive(study, 36)
    counts = Counter(
        (trial.stimulus_id, trial.condition_id)
        for person in people
        for trial in person.trials.all()
    )
    # Permuted blocks may be cut, so that orders differ by two people: rotations nearly level.
    assert len(counts) == 15 * 3
    assert max(counts.values()) - min(counts.values()) <= 6


def test_image_sets_rotate_within_each_arm(db, tmp_path):
    study = designs.design_study(tmp_path, images="sets = 2")
    people = arrive(study, 8)
    for arm in study.arms.all():
        used = Counter(person.rotation for person in people if person.arm == arm)
        assert abs(used[0] - used[1]) <= 1
    shown = {person.rotation: set() for person in people}
    for person in people:
        shown[person.rotation] |= {trial.stimulus_id for trial in person.trials.all()}
    assert not shown[0] & shown[1]
    # A block after the first would show the next set.
    sets = {person.rotation: {trial.stimulus.image_set_number for trial in person.trials.all()}
            for person in people}  # fmt: skip
    assert sets == {0: {0}, 1: {1}}


def test_without_image_sets_everybody_has_the_first(db, tmp_path):
    (person,) = arrive(designs.design_study(tmp_path), 1)
    assert person.rotation == 0


def test_confidence_bands_are_shown_alike(db, tmp_path):
    study = designs.design_study(tmp_path, images="confidence_bands = 2")
    right = [one.prediction for one in study.stimuli.all() if one.prediction.is_correct]
    everything = study.classifier.prediction_set.filter(is_correct=True)
    middle = sorted(one.probability for one in everything)[everything.count() // 2]
    high = sum(one.probability >= middle for one in right)
    assert abs(2 * high - len(right)) <= 1


def test_too_few_images_for_the_sets_are_named(db, tmp_path):
    with pytest.raises(
        StudyFileError, match=r"shows 12 right and 8 wrong predictions \(in 4 image"
    ):
        designs.design_study(tmp_path, images="sets = 4", count=15)


def test_images_that_differ_between_people_are_warned_of(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors", images="sets = 2")
    (warning,) = warnings(loading.parse(text))
    assert "different images (2 sets, rotated alike in every arm)" in warning
    within = designs.design_text(
        tmp_path / "w.safetensors", images="sets = 3", design=WITHIN, control="order-1"
    )
    assert not warnings(loading.parse(within))


@pytest.mark.parametrize(
    "task", ["decide", "classify", "judge_advisor", "forward_simulation", "agreement"]
)
@pytest.mark.parametrize("design", daily(["", WITHIN], 1), ids=["between", "within"])
def test_every_task_can_be_walked_in_every_design(db, tmp_path, task, design):
    control = "order-1" if design else "none"
    study = designs.design_study(tmp_path, task=task, design=design, control=control)
    (person,) = arrive(study, 1)
    walk(person)
    person.refresh_from_db()
    assert person.state == "completed"
    stages = 2 if task == "judge_advisor" else 1
    trials = person.trials.count()
    assert person.submissions.filter(step__startswith="trial:").count() == stages * trials
    assert person.submissions.filter(step__startswith="feedback:").count() == (6 if design else 2)


def test_who_is_right_in_the_quiz_is_not_asked_again(db, tmp_path):
    study = designs.design_study(tmp_path)
    clever, other = arrive(study, 2)
    for person, right in ((clever, True), (other, False)):
        walk(person, pages=2)
        step = sequence.current_step(person)
        assert (step.kind, step.number) == ("quiz", 1)
        from surveys.pages.kinds.quiz import _questions

        given = {
            one.id: one.right if right else next(key for key in one.options if key != one.right)
            for one in _questions(person, step)
        }
        record(person, step.key, given)
        following = sequence.current_step(person)
        assert (following.kind == "quiz") is (not right)


def test_a_factor_is_a_column_and_the_probability_is_shown(db, tmp_path):
    study = designs.design_study(tmp_path, arms=FACTORIAL, control="plain")
    shown = study.conditions.get(key="map-sure")
    assert shown.shows_probability
    assert shown.factors == {"map": "gradcam", "certainty": "shown"}


def test_between_subjects_factors_are_columns_of_participants(db, tmp_path):
    study = designs.design_study(tmp_path, arms=FACTORIAL, control="plain")
    people = arrive(study, 4)
    rows = csv_rows(factories.export_closed, study, tmp_path / "between")
    levels = {shown.key: shown.factors for shown in study.conditions.all()}
    assert len(rows) == len(people)
    for row in rows:
        assert {"map": row["map"], "certainty": row["certainty"]} == levels[row["arm"]]


def test_a_mixed_design_has_only_its_between_factors_as_columns_of_participants(db, tmp_path):
    study = designs.design_study(
        tmp_path,
        arms=FACTORIAL,
        design='[design]\nwithin = ["map"]',
        control="hidden-order-1",
    )
    arrive(study, 4)
    rows = csv_rows(factories.export_closed, study, tmp_path / "mixed")
    assert all(row["arm"].startswith(f"{row['certainty']}-order-") for row in rows)
    assert "map" not in rows[0]


def csv_rows(export, study, folder):
    export(study=study, output=folder)
    with (folder / "participants.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_attention_checks_stand_within_the_trials(db, tmp_path):
    study = designs.design_study(tmp_path)
    kinds = [step.kind for step in sequence.steps(study)]
    assert kinds == [
        "questionnaire",
        "instructions",
        "quiz",
        "quiz",
        *("trial", "feedback", "trial", "feedback"),
        *("trial", "trial", "attention", "pause", "trial"),
        "questionnaire",
    ]


def test_a_part_comes_directly_after_the_one_it_names(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors")
    moved = text.replace(
        'questionnaire = "trust-v1"', 'questionnaire = "trust-v1"\nafter = "practice"'
    )
    keys = [part.key for part in loading.parse(moved).parts]
    assert keys == [*("ai-experience-v1", "instructions", "quiz", "practice", "trust-v1", "trials")]


def test_answers_are_stored_once_per_page(db, tmp_path):
    study = designs.design_study(tmp_path, task="judge_advisor")
    (person,) = arrive(study, 1)
    walk(person)
    trial = person.trials.order_by("position").last()
    items = set(Answer.objects.filter(submission__trial=trial).values_list("item", flat=True))
    assert items == {"first_answer", "first_sureness", "final_answer", "sureness"}
    step = sequence.steps(study)[-1]
    assert answers(person, step)


def test_a_break_counts_pictures_without_those_of_the_practice(db, tmp_path):
    study = designs.design_study(tmp_path)
    (person,) = arrive(study, 1)
    shown = screen(person, next(step for step in sequence.steps(study) if step.kind == "pause"))
    assert (shown["done"], shown["total_trials"]) == (2, 3)


def test_a_break_in_the_practice_counts_the_practice(db, tmp_path):
    parts = designs.PARTS.replace(
        "right = 1\nwrong = 1\n", "right = 1\nwrong = 1\nbreak_every = 1\n"
    )
    study = designs.design_study(tmp_path, parts=parts)
    (person,) = arrive(study, 1)
    shown = screen(person, next(step for step in sequence.steps(study) if step.kind == "pause"))
    assert (shown["done"], shown["total_trials"]) == (1, 2)
