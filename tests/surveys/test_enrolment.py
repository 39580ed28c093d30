import json
import re
from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from explanations.models import Explanation
from surveys import services
from surveys.allocation.replay import replay
from surveys.models import AllocationSlot, Participant, Study, Trial
from surveys.pages import sequence
from surveys.services.ledger import ledger_of
from tests.surveys import factories


def test_who_consents_has_neither_place_nor_arm_nor_trials(newcomer):
    assert newcomer.arm is None
    assert not AllocationSlot.objects.exists()
    assert not newcomer.trials.exists()


def test_the_first_page_that_is_sent_takes_a_place_without_an_arm(newcomer):
    factories.walk(newcomer, pages=1)
    assert (newcomer.slot.arm, newcomer.slot.position) == (None, None)
    assert json.loads(newcomer.study.ledger.last().content) == {"event": "arrived"}


def test_consents_alone_keep_nobody_out(db, tmp_path):
    """The attack: a script that only consents; the control: scripts that send a page, too."""
    study = factories.small_study(tmp_path, places=4)
    for number in range(20):
        services.enrol(study=study, arrival_key=f"script {number}")
    for number in range(4):
        person = factories.walk(services.enrol(study=study, arrival_key=str(number)), pages=3)
        assert person.arm is not None
    with pytest.raises(services.StudyFullError):
        services.enrol(study=study, arrival_key="script 20")
    late = Participant.objects.earliest("pk")
    with pytest.raises(services.StudyFullError):
        factories.walk(late, pages=1)
    assert not late.submissions.exists()


def test_the_first_page_that_differs_between_arms_brings_arm_and_trials(study):
    people = [services.enrol(study=study, arrival_key=str(number)) for number in range(8)]
    for person in reversed(people):  # the order of the allocations is not that of the arrivals
        factories.walk(person, pages=1)
        assert person.arm is None
        step = sequence.current_step(person)
        assert services.record_view(participant=person, step=step.key) == 1
    slots = [person.slot for person in people]
    assert [slot.position for slot in slots] == list(range(8, 0, -1))
    assert [person.arm for person in people] == [slot.arm for slot in slots]
    for person in people:
        stimuli = [trial.stimulus.position for trial in person.trials.order_by("position")]
        assert sorted(stimuli) == [1, 2, 3, 4, 5]
        wrong = person.trials.filter(stimulus__prediction__is_correct=False).count()
        assert wrong == 2


def test_a_page_that_differs_between_arms_is_not_stored_before_it_was_shown(newcomer):
    factories.walk(newcomer, pages=1)
    outcome = factories.record(newcomer, "instructions", {})
    assert outcome is services.Recorded.OUT_OF_ORDER
    assert newcomer.arm is None


def test_asking_for_the_headers_of_a_page_allocates_nobody(newcomer, client):
    factories.walk(newcomer, pages=1)
    assert client.head(f"/p/{newcomer.code}/").status_code == 200
    newcomer.refresh_from_db()
    assert newcomer.arm is None


def test_consent_is_kept_with_its_version_and_the_hash_of_its_text(newcomer):
    assert newcomer.consent_version == "1"
    # printf 'What happens here.' | sha256sum
    assert newcomer.consent_sha256 == (
        "7b56bc8dad24714772d4269a35fc28a1b376cbe814a16f23c4d8b12d0718eb1a"
    )


def test_each_trial_shows_the_map_of_the_arms_method_and_of_its_image(study):
    for number in range(8):
        person = factories.allocated(study, str(number))
        for trial in person.trials.all():
            method = person.arm.blocks.get().condition.method
            if not method:
                assert trial.explanation is None
            else:
                assert trial.explanation.method == method
                assert trial.explanation.prediction == trial.stimulus.prediction


def test_the_same_arrival_is_the_same_participant(study, newcomer):
    again = services.enrol(study=study, arrival_key="first visit")
    assert again == newcomer
    assert Participant.objects.count() == 1
    factories.walk(again)
    assert services.enrol(study=study, arrival_key="first visit") == newcomer
    assert Trial.objects.count() == 5


def test_who_was_enrolled_is_found_again_when_the_study_is_closed(study, newcomer):
    services.close_study(study=study)
    assert services.enrol(study=study, arrival_key="first visit") == newcomer
    with pytest.raises(services.StudyClosedError, match=r"is closed\. Open it with: manage\.py"):
        services.enrol(study=study, arrival_key="late")


def test_an_arrival_key_serves_one_study_only(study, newcomer, tmp_path):
    other = factories.small_study(tmp_path, slug="other")
    with pytest.raises(IntegrityError):
        services.enrol(study=other, arrival_key="first visit")


def test_a_draft_takes_nobody(db, tmp_path):
    draft = factories.draft_study(tmp_path)
    with pytest.raises(services.StudyClosedError, match="is draft"):
        services.enrol(study=draft, arrival_key="early")


def test_simulated_participants_take_no_real_place(study):
    robots = [factories.allocated(study, f"robot {n}", simulated=True) for n in range(3)]
    person = factories.allocated(study, "person")
    assert [robot.slot.position for robot in robots] == [1, 2, 3]
    assert all(robot.simulated for robot in robots)
    assert person.slot.position == 1
    assert not person.simulated


def test_a_full_study_says_so(db, tmp_path):
    study = factories.small_study(tmp_path, places=4)
    for number in range(4):
        factories.holding(study, str(number))
    with pytest.raises(services.StudyFullError, match="All 4 places of the study 'small'"):
        services.enrol(study=study, arrival_key="4")
    assert study.participants.count() == 4


def hold_since(person: Participant, minutes: float) -> None:
    since = timezone.now() - timedelta(minutes=minutes)
    AllocationSlot.objects.filter(participant=person).update(held_since=since)


def test_a_place_held_too_long_goes_to_who_needs_it_and_not_before(db, tmp_path):
    study = factories.small_study(tmp_path, places=4)
    people = [factories.holding(study, str(number)) for number in range(4)]
    hold_since(people[1], 59)
    with pytest.raises(services.StudyFullError):
        services.enrol(study=study, arrival_key="too early")
    for person, minutes in zip(people, (70, 61, 90), strict=False):
        hold_since(person, minutes)
    late = factories.holding(study, "late")
    holders = set(Participant.objects.filter(slot__isnull=False))
    assert holders == {people[0], people[1], people[3], late}  # who had waited longest lost it
    last = json.loads(study.ledger.order_by("-sequence")[1].content)
    assert last == {"event": "returned", "arrival": 3, "reason": "held too long"}


def test_who_lost_the_place_goes_on_if_there_is_another_and_is_told_if_not(db, tmp_path, client):
    study = factories.small_study(tmp_path, places=4)
    people = [services.enrol(study=study, arrival_key=str(number)) for number in range(4)]
    for person in people:
        factories.walk(person, pages=1)
    hold_since(people[0], 61)
    factories.holding(study, "late")
    response = client.get(f"/p/{people[0].code}/")
    assert response.status_code == 403
    assert b"All places are taken" in response.content
    services.stop(participant=people[2])
    assert client.get(f"/p/{people[0].code}/").status_code == 200
    people[0].refresh_from_db()
    assert people[0].arm is not None
    assert study.slots.count() == 4


@pytest.mark.parametrize("leave", [services.stop, services.erase])
def test_a_place_goes_back_only_before_anything_of_an_arm_was_shown(db, tmp_path, leave):
    study = factories.small_study(tmp_path, places=4)
    people = [factories.holding(study, str(number)) for number in range(4)]
    factories.allocate(people[0])
    hold_since(people[0], 10_000)  # whoever has an arm has the place for ever
    leave(participant=people[0])
    with pytest.raises(services.StudyFullError):
        services.enrol(study=study, arrival_key="too late")
    assert study.slots.filter(arm__isnull=False).count() == 1
    leave(participant=people[1])
    assert factories.holding(study, "in time").slot.arm is None
    assert study.slots.count() == 4


def test_levels_of_strata_come_from_the_answers_before_the_allocation(db, tmp_path):
    strata = """
[[allocation.strata]]
questionnaire = "ai-experience-v1"
item = "experience"
cuts = [4]
[[allocation.strata]]
key = "uses"
questionnaire = "ai-experience-v1"
item = "use"
levels = { rarely = [1, 2, 3], often = [4, 5] }
"""
    study = factories.small_study(tmp_path, plan=strata + factories.PLAN)
    for number, given in enumerate([("1", "5"), ("4", "1"), ("7", "3")]):
        person = services.enrol(study=study, arrival_key=str(number))
        answers = {"experience": given[0], "use": given[1], "following": "1"}
        step = sequence.current_step(person).key
        factories.record(person, step, answers)
        services.record_view(participant=person, step="instructions")
    assert list(study.slots.order_by("position").values_list("stratum", "block", "place")) == [
        ('{"experience":"below 4","uses":"often"}', 1, 1),
        ('{"experience":"4 or more","uses":"rarely"}', 1, 1),
        ('{"experience":"4 or more","uses":"rarely"}', 1, 2),
    ]


@pytest.mark.parametrize("method", ["permuted_blocks", "minimisation"])
def test_what_the_database_holds_is_what_the_pure_ledger_draws(db, tmp_path, method):
    strata = """
[[allocation.strata]]
questionnaire = "ai-experience-v1"
item = "use"
"""
    text = f'method = "{method}"\nratios = {{ none = 2 }}\nquotas = {{ lime = 3 }}'
    study = factories.small_study(tmp_path, allocation=text, plan=strata + factories.PLAN)
    for number in range(14):
        person = services.enrol(study=study, arrival_key=str(number))
        factories.walk(person, pages=2, choice=number)
    found = replay(ledger_of(study, simulated=False))
    assert len(found.arms) == 14
    assert list(found.arms) == list(
        study.slots.order_by("position").values_list("arm__key", flat=True)
    )
    assert found.arms.count("lime") <= 3


def test_nothing_is_left_of_an_allocation_that_fails(study, newcomer, monkeypatch):
    def broken(*arguments: object) -> None:
        raise RuntimeError("power cut")

    before = study.ledger.count()
    monkeypatch.setattr("surveys.services.allocating.create_trials", broken)
    with pytest.raises(RuntimeError):
        services.record_view(participant=newcomer, step="instructions")
    newcomer.refresh_from_db()
    assert newcomer.arm is None
    assert not study.slots.filter(arm__isnull=False).exists()
    assert study.ledger.count() == before


def test_a_map_computed_again_reaches_nobody_while_the_study_runs(study):
    before = _first_in(study, "gradcam").trials.order_by("stimulus")
    shown = [trial.explanation_id for trial in before]
    _compute_again("gradcam")
    after = _first_in(study, "gradcam").trials.order_by("stimulus")
    assert [trial.explanation_id for trial in after] == shown


def test_a_map_computed_again_before_the_first_participant_is_the_one_shown(study):
    new = _compute_again("gradcam")
    trials = _first_in(study, "gradcam").trials.all()
    assert {trial.explanation.key for trial in trials} <= new


def test_secrets_are_long_and_tell_nothing(study):
    people = [factories.allocated(study, str(number)) for number in range(4)]
    assert len({person.code for person in people}) == 4
    for person in people:
        assert re.fullmatch(r"[A-Za-z0-9_-]{32}", person.code)  # 24 random bytes
        assert re.fullmatch(r"P[0-9a-f]{8}", person.pseudonym)
        for trial in person.trials.all():
            assert re.fullmatch(r"[A-Za-z0-9_-]{32}", trial.picture_code)


@pytest.mark.parametrize("people", [1, 12])
def test_the_number_of_queries_does_not_grow_with_the_study(
    study, people, django_assert_max_num_queries
):
    for number in range(people):
        factories.allocated(study, str(number))
    with django_assert_max_num_queries(30):
        factories.allocated(study, "one more")


def _first_in(study: Study, arm: str) -> Participant:
    """Enrols until somebody new is put in the arm."""
    for number in range(20):
        key = f"{study.participants.count()} {number}"
        person = factories.allocated(study, key)
        if person.arm.key == arm:
            return person
    raise AssertionError(f"Twenty people, and nobody in {arm}.")


def _compute_again(method: str) -> set[str]:
    keys = set()
    for old in list(Explanation.objects.filter(method=method)):
        new = Explanation.objects.create(
            prediction=old.prediction,
            method=method,
            key=f"new-{old.key}",
            sha256="1" * 64,
            parameters={},
        )
        keys.add(new.key)
    return keys
