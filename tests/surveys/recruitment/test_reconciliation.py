import re
from itertools import product

import pytest
from django.core.management import CommandError, call_command

from surveys import services
from surveys.models import Participant
from surveys.recruitment.prolific import Submission
from surveys.recruitment.reconciliation import RULES, Ours, codes_of, compare
from surveys.study_file.recruitment import Outcome
from tests.surveys.recruitment.studies import ANN, come, finish

CODES = {
    Outcome.COMPLETE: "DONE",
    Outcome.FAILED_ATTENTION: "ATTENTION",
    Outcome.WITHDRAWN: "LEFT",
    Outcome.SCREENED_OUT: "SCREENED",
    Outcome.FULL: "FULL",
}
UNDER_WAY, NOBODY = "under way", "nobody"


def person(number: int) -> dict[str, str]:
    return {
        "PROLIFIC_PID": f"5a{number:022d}",
        "STUDY_ID": ANN["STUDY_ID"],
        "SESSION_ID": f"7c{number:022d}",
    }


def causes(status: str, code: str, here: str, codes: dict[Outcome, str] = CODES) -> list[str]:
    """Why a submission and a participation differ; ``here`` is an outcome, or one of the above."""
    outcome = None if here == UNDER_WAY else here
    people = [] if here == NOBODY else [Ours("P1", "ann", "s1", outcome and Outcome(outcome))]
    return [one.cause for one in compare([Submission("s1", "ann", status, code)], people, codes)]


AGREE = [
    ("RESERVED", "", NOBODY),
    ("ACTIVE", "", NOBODY),
    ("ACTIVE", "", UNDER_WAY),
    ("AWAITING REVIEW", "DONE", "complete"),
    ("APPROVED", "DONE", "complete"),
    ("APPROVED", "ATTENTION", "failed_attention"),
    ("PARTIALLY APPROVED", "LEFT", "withdrawn"),
    ("APPROVED", "FULL", NOBODY),
    ("APPROVED", "FULL", UNDER_WAY),
    ("APPROVED", "FULL", "withdrawn"),
    ("AWAITING REVIEW", "SCREENED", NOBODY),
    ("AWAITING REVIEW", "LEFT", NOBODY),
    ("RETURNED", "", NOBODY),
    ("RETURNED", "", UNDER_WAY),
    ("RETURNED", "", "withdrawn"),
    ("TIMED-OUT", "", UNDER_WAY),
    ("REJECTED", "ATTENTION", "failed_attention"),
    ("REJECTED", "", UNDER_WAY),
    ("REJECTED", "NOCODE", NOBODY),
    ("SCREENED OUT", "SCREENED", NOBODY),
    ("SCREENED OUT", "ATTENTION", "failed_attention"),
]
DIFFER = [
    ("ACTIVE", "", "complete", "not yet returned"),
    ("ACTIVE", "", "withdrawn", "not yet returned"),
    ("AWAITING REVIEW", "DONE", UNDER_WAY, "last page was never sent"),
    ("APPROVED", "DONE", UNDER_WAY, "last page was never sent"),
    ("APPROVED", "DONE", NOBODY, "there are no answers"),
    ("AWAITING REVIEW", "", NOBODY, "there are no answers"),
    ("AWAITING REVIEW", "NOCODE", "complete", "Submitted without a code, .* should be DONE"),
    (
        "AWAITING REVIEW",
        "DONE",
        "failed_attention",
        "Submitted with another code, .* should be ATTENTION",
    ),
    ("APPROVED", "DONE", "withdrawn", "Submitted with another code, .* should be LEFT"),
    ("APPROVED", "xyz", "complete", "Submitted with another code, .* should be DONE"),
    ("RETURNED", "", "complete", "returned the submission"),
    ("TIMED-OUT", "", "complete", "ran out of time"),
    ("TIMED-OUT", "", "failed_attention", "ran out of time"),
    ("REJECTED", "DONE", "complete", "Overturn the rejection"),
    ("SCREENED OUT", "SCREENED", "complete", "Compare the codes"),
    ("FROZEN", "", "complete", "Unknown status"),
    ("FROZEN", "", NOBODY, "Unknown status"),
]


@pytest.mark.parametrize(("status", "code", "here"), AGREE)
def test_where_both_sides_agree_nothing_is_said(status, code, here):
    assert causes(status, code, here) == []


@pytest.mark.parametrize(("status", "code", "here", "words"), DIFFER)
def test_each_difference_has_its_cause(status, code, here, words):
    (cause,) = causes(status, code, here)
    assert re.search(words, cause), cause


def test_every_pair_of_states_has_an_answer():
    here = (NOBODY, UNDER_WAY, "complete", "failed_attention", "withdrawn")
    for status, code, ours in product((*RULES, "FROZEN"), ("", "NOCODE", "DONE"), here):
        assert len(causes(status, code, ours)) <= 1


def test_a_study_without_a_code_for_who_stops_says_so():
    (cause,) = causes("APPROVED", "DONE", "withdrawn", {Outcome.COMPLETE: "DONE"})
    assert cause == "Submitted with another code, but the study has no code for withdrawn."


def test_who_is_not_listed_there_is_named():
    people = [Ours("P1", "ann", "s1", None), Ours("P2", "ben", "s2", None)]
    (difference,) = compare([Submission("s1", "ann", "ACTIVE", "")], people, CODES)
    assert (difference.participant, difference.there) == ("P2", "not listed")


def test_without_a_session_people_are_told_apart_by_their_id():
    people = [Ours("P1", "ann", "", Outcome.COMPLETE)]
    assert compare([Submission("s1", "ann", "APPROVED", "DONE")], people, CODES) == []


def test_a_second_submission_of_the_same_person_is_explained():
    people = [Ours("P1", "ann", "s1", Outcome.COMPLETE)]
    listed = [Submission("s1", "ann", "APPROVED", "DONE"), Submission("s9", "ann", "APPROVED", "")]
    (difference,) = compare(listed, people, CODES)
    assert difference.cause.startswith("The person took part here with another submission.")


def test_the_command_lists_every_difference_and_fails(paid, prolific, capsys):
    browser, page = come(paid, person(1))
    finish(paid, browser, page)  # awaits review with the right code: agrees
    browser, page = come(paid, person(2))
    finish(paid, browser, page)  # timed out there
    come(paid, person(3))  # approved there without a code, and unfinished here
    come(paid, person(6))  # not listed there
    with pytest.raises(
        CommandError, match=r"at the service: 5\. Participations here: 4\. Differences: 3\."
    ):
        call_command("reconcile_recruitment", "paid")
    lines = capsys.readouterr().out.splitlines()
    names = {
        one.identity.session_id: one.pseudonym
        for one in Participant.objects.select_related("identity")
    }
    assert [line.split(")")[0] for line in lines] == [
        f"{session} ({names[session]}"
        for session in (person(number)["SESSION_ID"] for number in (2, 3, 6))
    ]
    assert not [line for line in lines if person(2)["PROLIFIC_PID"] in line]


def test_the_command_is_content_where_all_agree(paid, tmp_path, capsys):
    browser, page = come(paid, person(1))
    finish(paid, browser, page, fail=2)
    path = tmp_path / "list.csv"
    row = f"{person(1)['SESSION_ID']},{person(1)['PROLIFIC_PID']},APPROVED,CATTENT1"
    path.write_text(f"Submission id,Participant id,Status,Completion code\n{row}\n")
    call_command("reconcile_recruitment", "paid", "--csv", str(path))
    assert (
        "Submissions at the service: 1. Participations here: 1. Differences: 0."
        in capsys.readouterr().out
    )


def test_the_command_says_what_it_lacks(paid, service, settings):
    settings.PROLIFIC_API_TOKEN = ""
    with pytest.raises(CommandError, match="Name Prolific's id of the study with --service-study"):
        call_command("reconcile_recruitment", "paid")
    with pytest.raises(CommandError, match="Only Prolific can be asked"):
        call_command("reconcile_recruitment", "by-service")
    come(paid, person(1))
    with pytest.raises(CommandError, match="PROLIFIC_API_TOKEN is empty"):
        call_command("reconcile_recruitment", "paid")


def test_who_withdrew_and_deleted_is_no_difference_with_the_code_for_it(paid):
    come(paid, person(1))
    services.erase(participant=Participant.objects.get())
    code = codes_of(paid)[Outcome.WITHDRAWN]
    listed = [Submission(person(1)["SESSION_ID"], "5a", "AWAITING REVIEW", code)]
    assert compare(listed, [], codes_of(paid)) == []
