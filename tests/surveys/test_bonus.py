"""The bonus: computed by rule, explained, told at the end, exported, and listed for payment."""

import csv
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from surveys.export.writing import export_study
from surveys.models import Answer, Identity, Participant
from surveys.recruitment.bonus_list import bonus_list
from surveys.services.bonus import bonus_of
from surveys.services.data_protection import sheet
from surveys.study_checks import loading
from surveys.study_file.bonus import Bonus, Judged
from surveys.study_file.declaration import StudyFileError
from tests.daily import daily
from tests.surveys.designs import design_study, design_text
from tests.surveys.factories import allocated, walk, write_weights

PARTS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "practice"
right = 1
wrong = 0
[[parts]]
kind = "trials"
right = 3
wrong = 1
advice_confidence = "slider"
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
[bonus]
"""
ACCURACY = 'rule = "accuracy"\nper_right = 0.10\nmaximum = 0.25\ncurrency = "GBP"\n'
CALIBRATION = 'rule = "calibration"\nmaximum = 2\nminimum = 0.5\ncurrency = "EUR"\n'
ONE = '[[arms]]\nkey = "none"\nlabel = "No map"\n[[arms]]\nkey = "other"\nlabel = "Other"\n'


def bonus(rule: str, **keys) -> Bonus:
    return Bonus(**{"rule": rule, "maximum": 2.0, "currency": "GBP", **keys})


@pytest.mark.parametrize(
    ("right", "expected"), [(0, "0.00"), (3, "0.30"), (7, "0.70"), (25, "2.00")]
)
def test_accuracy_pays_for_each_right_decision_up_to_the_maximum(right, expected):
    trials = [Judged(n < right, True) for n in range(30)] + [Judged(None, True)] * 5
    assert bonus("accuracy", per_right=0.1).amount(trials) == Decimal(expected)


def test_calibration_pays_by_the_quadratic_score():
    # 1 - (1 - .8)^2 = .96 and 1 - .3^2 = .91: a mean of .935, of 2 pounds 1.87
    trials = [Judged(True, True, 0.8), Judged(True, False, 0.3)]
    assert bonus("calibration").amount(trials) == Decimal("1.87")
    assert bonus("calibration").amount([Judged(None, True, 0.5)] * 3) == Decimal("1.50")
    assert bonus("calibration").amount([Judged(None, True, None)]) == Decimal("0.00")
    assert bonus("calibration", minimum=1.0).amount([]) == Decimal("1.00")


@pytest.mark.parametrize("belief", daily([0.35, 0.95, 0.1, 0.5, 0.8], 2))
def test_nobody_earns_more_by_another_probability_than_the_one_they_believe(belief):
    def expected(stated: float) -> Decimal:
        many = 1000
        trials = [Judged(None, n < round(belief * many), stated) for n in range(many)]
        return bonus("calibration", maximum=1000.0).amount(trials)

    assert max((n / 100 for n in range(101)), key=expected) == belief


def test_amounts_are_rounded_to_the_smallest_unit_of_the_currency():
    trials = [Judged(True, True)]
    assert str(bonus("accuracy", per_right=0.125).amount(trials)) == "0.13"
    yen = bonus("accuracy", per_right=12.5, maximum=500.0, currency="JPY")
    assert str(yen.amount(trials)) == "13"


@pytest.mark.django_db
def test_a_bonus_is_explained_told_stored_exported_and_listed(tmp_path, client):
    study = design_study(tmp_path, arms=ONE, parts=PARTS + ACCURACY)
    rule = "You can earn a bonus: 0.10\N{NO-BREAK SPACE}GBP for each right decision"
    assert rule in client.get(f"/s/{study.slug}/").content.decode()
    people = [allocated(study, f"person {number}") for number in range(3)]
    assert rule in client.get(f"/p/{people[0].code}/").content.decode()
    for person, choice in zip(people[:2], (0, 1), strict=True):
        walk(person, choice=choice)
    walk(people[2], pages=3)
    stored = {one.pk: one.bonus for one in Participant.objects.all()}
    assert stored[people[2].pk] is None, "who has not finished has earned nothing yet"
    # The first accepts all four answers, of which three are right; the other rejects all.
    agreed = dict(
        Answer.objects.filter(item="agreed", submission__step="trial:2").values_list(
            "submission__participant", "value"
        )
    )
    for person in people[:2]:
        expected = Decimal("0.25") if agreed[person.pk] == "1" else Decimal("0.10")
        assert stored[person.pk] == expected
        page = client.get(f"/p/{person.code}/").content.decode()
        assert f"You have earned {expected}\N{NO-BREAK SPACE}GBP" in page
    assert set(stored.values()) == {None, Decimal("0.25"), Decimal("0.10")}
    export_study(study=study, output=tmp_path / "out")
    with (tmp_path / "out" / "participants.csv").open(encoding="utf-8") as file:
        exported = sorted(row["bonus"] for row in csv.DictReader(file))
    assert exported == ["", "0.1", "0.25"]
    assert "the bonus is computed by the rule 'accuracy'" in sheet(study)


@pytest.mark.django_db
def test_the_list_for_payment_has_ids_amounts_and_the_sum_and_no_pseudonym(tmp_path, capsys):
    study = design_study(tmp_path, arms=ONE, parts=PARTS + ACCURACY)
    people = [allocated(study, f"person {number}") for number in range(3)]
    simulated = allocated(study, "rehearsal", simulated=True)
    for number, person in enumerate([*people, simulated]):
        walk(person, choice=0)
        if number < 2:
            Identity.objects.create(
                participant=person, study=study, external_id=f"person{number}",
                session_id=f"submission{number}", external_hash=str(number),
            )  # fmt: skip
    listed = bonus_list(study)
    amount = Participant.objects.get(pk=people[0].pk).bonus
    assert [one.id for one in listed.due] == ["submission0", "submission1"]
    assert (listed.total, listed.without_id) == (2 * amount, 1)
    output = tmp_path / "bonuses.txt"
    call_command("list_bonuses", study.slug, output=output)
    assert output.read_text() == f"submission0;{amount}\nsubmission1;{amount}\n"
    assert f"2 bonuses, {2 * amount} GBP in total" in capsys.readouterr().out
    assert output.stat().st_mode & 0o077 == 0, "only its owner can read it"
    assert not any(person.pseudonym in output.read_text() for person in people)
    call_command("list_bonuses", study.slug, output=output, separator=",")
    assert output.read_text().startswith(f"submission0,{amount}\n")


@pytest.mark.django_db
def test_calibration_reads_the_probability_that_was_given(tmp_path):
    study = design_study(tmp_path, arms=ONE, parts=PARTS + CALIBRATION)
    person = walk(allocated(study, "person", simulated=True))
    given = Answer.objects.filter(item="advice_sureness", submission__step__startswith="trial:")
    trials = person.trials.filter(stimulus__part="trials").select_related("stimulus__prediction")
    scores = []
    for trial in trials:
        p = int(given.get(submission__trial=trial).value) / 100
        scores.append(1 - (trial.stimulus.prediction.is_correct - p) ** 2)
    expected = 0.5 + 1.5 * sum(scores) / len(scores)
    assert float(bonus_of(person)) == pytest.approx(expected, abs=0.0051)
    assert len(scores) == 4, "practice does not count"


@pytest.mark.django_db
def test_a_study_without_a_bonus_stores_and_lists_none(tmp_path):
    study = design_study(tmp_path, arms=ONE, parts=PARTS.replace("[bonus]", ""))
    assert walk(allocated(study, "person")).bonus is None
    with pytest.raises(CommandError, match="declares no bonus"):
        call_command("list_bonuses", study.slug, output=tmp_path / "x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (ACCURACY.replace("per_right = 0.10", ""), "pays for each right decision. Add per_right"),
        (ACCURACY.replace('"GBP"', '"pounds"'), "the currency of the bonus is 'pounds'"),
        (ACCURACY.replace("0.25", "0"), "maximum is 0 and minimum is 0"),
        (ACCURACY.replace('"accuracy"', '"luck"'), "'luck'"),
        (ACCURACY + 'parts = ["trails"]', "parts names 'trails': did you mean 'trials'"),
        (CALIBRATION + "per_right = 1", "does not pay for each right decision"),
        (ACCURACY, None),
        (CALIBRATION, None),
    ],
)
def test_a_bonus_that_cannot_be_paid_is_refused_with_its_cure(tmp_path, table, said):
    weights = write_weights(tmp_path / "w.safetensors")
    text = design_text(weights, arms=ONE, parts=PARTS + table)
    if said is None:
        assert loading.parse(text).bonus is not None
        return
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text)
    assert said in str(refused.value)


@pytest.mark.django_db
def test_calibration_needs_the_probability_to_be_asked(tmp_path):
    weights = write_weights(tmp_path / "w.safetensors")
    parts = (PARTS + CALIBRATION).replace('advice_confidence = "slider"', "")
    with pytest.raises(StudyFileError, match='Add advice_confidence = "slider"'):
        loading.parse(design_text(weights, arms=ONE, parts=parts))
