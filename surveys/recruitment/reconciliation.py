"""Comparison of a recruitment service's submissions with the participations here.

"Complete at the recruitment service, incomplete here" is where labs lose data and people lose pay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from surveys.models import Identity, Study
from surveys.recruitment.exits import exit_of, outcome_of
from surveys.recruitment.prolific import Submission
from surveys.study_file.recruitment import Outcome
from surveys.study_file.stored import definition

NO_CODE = {"", "NOCODE"}


@dataclass(frozen=True)
class Ours:
    """A participation here, with its pseudonym and how it ended (None while it is under way).

    ``code`` is the completion code of the ending that ended it early, if the ending has its own.
    """

    pseudonym: str
    external_id: str
    session_id: str
    outcome: Outcome | None
    code: str = ""

    @property
    def state(self) -> str:
        return str(self.outcome or "under way")


@dataclass(frozen=True)
class Difference:
    """A submission about which the two sides disagree."""

    submission: str
    participant: str
    there: str
    here: str
    cause: str

    def __str__(self) -> str:
        who = self.participant or "nobody"
        return (
            f"{self.submission or 'no submission'} ({who}): {self.there} there, {self.here} here. "
            f"{self.cause}"
        )


def participations(study: Study) -> list[Ours]:
    """Return all participations of people who came from the study's recruitment service."""
    people = study.identities.select_related("participant__study").prefetch_related(
        "participant__submissions__answers"
    )
    return [_ours(identity) for identity in people]


def compare(
    listed: Iterable[Submission], people: Sequence[Ours], codes: Mapping[Outcome, str]
) -> list[Difference]:
    """Return every difference. ``codes`` are the study's completion codes by outcome."""
    by_session = {person.session_id: person for person in people if person.session_id}
    by_person = {person.external_id: person for person in people if not person.session_id}
    sessions = {person.external_id: person.session_id for person in people}
    differences: list[Difference] = []
    met: set[str] = set()
    for submission in listed:
        # Matched by person only if no submission id is stored, as a person can submit twice.
        ours = by_session.get(submission.id) or by_person.get(submission.external_id)
        if ours is not None:
            met.add(ours.pseudonym)
        cause = _cause(submission, ours, codes)
        if ours is None and cause and submission.external_id in sessions:
            cause = f"The person took part here with another submission. {cause}"
        if cause:
            differences.append(
                Difference(
                    submission.id,
                    ours.pseudonym if ours else "",
                    _there(submission),
                    ours.state if ours else "nobody",
                    cause,
                )
            )
    return differences + [_unlisted(person) for person in people if person.pseudonym not in met]


def codes_of(study: Study) -> dict[Outcome, str]:
    """Return the study's completion codes by outcome."""
    exits = definition(study).recruitment.exits
    return {outcome: way_out.code for outcome, way_out in exits.items()}


def _ours(identity: Identity) -> Ours:
    participant = identity.participant
    own = exit_of(participant)
    return Ours(
        participant.pseudonym,
        identity.external_id,
        identity.session_id,
        outcome_of(participant),
        own.code if own else "",
    )


def _there(submission: Submission) -> str:
    code = f", code {submission.code}" if submission.code else ""
    return f"{submission.status}{code}"


def _unlisted(ours: Ours) -> Difference:
    return Difference(
        ours.session_id,
        ours.pseudonym,
        "not listed",
        ours.state,
        "The recruitment service does not list this submission. The link was a preview or "
        "invented, or the list belongs to another study.",
    )


def _cause(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """Return why the two sides disagree. Empty if they agree."""
    rule = RULES.get(submission.status)
    if rule is None:
        return "Unknown status. Look at the submission on the service's page."
    return rule(submission, ours, codes)


def _finished(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """Explain AWAITING REVIEW and later states, in which the person counts as finished."""
    meant = {code: outcome for outcome, code in codes.items() if code}.get(submission.code)
    if ours is None:
        if meant in {Outcome.SCREENED_OUT, Outcome.FULL, Outcome.WITHDRAWN}:
            return ""  # people who were turned away or erased have no row here
        return (
            "Nobody with this submission has taken part, or their data were erased, so there "
            "are no answers."
        )
    if meant is Outcome.FULL and ours.outcome in {None, Outcome.WITHDRAWN}:
        return ""  # the place was given away while the person was away
    if ours.outcome is None:
        return (
            "The last page was never sent, so no code was shown here. Check how many answers "
            "there are before you approve or reject."
        )
    if submission.code == ours.code if ours.code else meant is ours.outcome:
        return ""
    entered = (
        "Submitted without a code" if submission.code in NO_CODE else "Submitted with another code"
    )
    wanted = ours.code or codes.get(ours.outcome)
    if not wanted:
        return f"{entered}, but the study has no code for {ours.outcome}."
    return f"{entered}, but according to the stored data it should be {wanted}."


def _under_way(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or ours.outcome is None:
        return ""
    return (
        "The person has finished here but not yet returned to the recruitment service. Within the "
        "time limit the button on the last page still works. Afterwards approve by hand."
    )


def _gone(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """Explain RETURNED and TIMED-OUT, in which the service's place is free again."""
    if ours is None or ours.outcome in {None, Outcome.WITHDRAWN, Outcome.SCREENED_OUT}:
        return ""
    late = "ran out of time" if submission.status == "TIMED-OUT" else "returned the submission"
    return f"The answers are complete, but the person {late}. Decide whether to pay a bonus."


def _rejected(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or ours.outcome is not Outcome.COMPLETE:
        return ""
    return (
        "The answers are complete and passed the checks. Overturn the rejection, or exclude the "
        "person."
    )


def _screened(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or submission.code == (
        ours.code or codes.get(ours.outcome or Outcome.COMPLETE)
    ):
        return ""
    return "The person was admitted here but screened out there. Compare the codes on both sides."


Rule = Callable[[Submission, Ours | None, Mapping[Outcome, str]], str]
RULES: Mapping[str, Rule] = {
    "RESERVED": _under_way,
    "ACTIVE": _under_way,
    "AWAITING REVIEW": _finished,
    "APPROVED": _finished,
    "PARTIALLY APPROVED": _finished,
    "RETURNED": _gone,
    "TIMED-OUT": _gone,
    "REJECTED": _rejected,
    "SCREENED OUT": _screened,
}
"""For each status of the recruitment service, the function that explains a disagreement."""
