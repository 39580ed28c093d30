"""Compares a recruitment service's submissions with our participations and explains differences.

"Complete at the recruitment service, incomplete here" is where labs lose data and people their pay.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from surveys.models import Identity, Study
from surveys.recruitment.exits import outcome_of
from surveys.recruitment.prolific import Submission
from surveys.study_file.recruitment import Outcome
from surveys.study_file.stored import definition

NO_CODE = {"", "NOCODE"}


@dataclass(frozen=True)
class Ours:
    """A participation of ours: its random name, and how it ended; None while it is under way."""

    pseudonym: str
    external_id: str
    session_id: str
    outcome: Outcome | None

    @property
    def state(self) -> str:
        return str(self.outcome or "under way")


@dataclass(frozen=True)
class Difference:
    """One submission about which the two sides disagree."""

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
    """All people of a study who came from its recruitment service."""
    people = study.identities.select_related("participant__study").prefetch_related(
        "participant__submissions__answers"
    )
    return [_ours(identity) for identity in people]


def compare(
    listed: Iterable[Submission], people: Sequence[Ours], codes: Mapping[Outcome, str]
) -> list[Difference]:
    """Every disagreement; ``codes`` are the completion codes of the study by outcome."""
    by_session = {one.session_id: one for one in people if one.session_id}
    by_person = {one.external_id: one for one in people if not one.session_id}
    sessions = {one.external_id: one.session_id for one in people}
    found: list[Difference] = []
    met: set[str] = set()
    for submission in listed:
        ours = by_session.get(submission.id) or by_person.get(submission.external_id)
        if ours is not None:
            met.add(ours.pseudonym)
        cause = _cause(submission, ours, codes)
        if ours is None and cause and submission.external_id in sessions:
            cause = f"The person took part here with another submission. {cause}"
        if cause:
            found.append(
                Difference(
                    submission.id,
                    ours.pseudonym if ours else "",
                    _there(submission),
                    ours.state if ours else "nobody",
                    cause,
                )
            )
    return found + [_unlisted(one) for one in people if one.pseudonym not in met]


def codes_of(study: Study) -> dict[Outcome, str]:
    """The study's completion codes by outcome."""
    exits = definition(study).recruitment.exits
    return {outcome: way_out.code for outcome, way_out in exits.items()}


def _ours(identity: Identity) -> Ours:
    participant = identity.participant
    return Ours(
        participant.pseudonym, identity.external_id, identity.session_id, outcome_of(participant)
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
        "The recruitment service lists no such submission: the link was a preview or was made up, "
        "or the list is of another study.",
    )


def _cause(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """Why the two sides disagree; empty where they agree."""
    rule = RULES.get(submission.status)
    if rule is None:
        return "This status is unknown to us. Look at the submission on the service's page."
    return rule(submission, ours, codes)


def _finished(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """Explain AWAITING REVIEW and later states: the service takes the person to have finished."""
    meant = {code: outcome for outcome, code in codes.items() if code}.get(submission.code)
    if ours is None:
        if meant in {Outcome.SCREENED_OUT, Outcome.FULL, Outcome.WITHDRAWN}:
            return ""  # who was turned away or deleted has no row here
        return (
            "Nobody with this submission has taken part, or they had everything deleted: there are "
            "no answers."
        )
    if meant is Outcome.FULL and ours.outcome in {None, Outcome.WITHDRAWN}:
        return ""  # their place was given away while they were gone
    if ours.outcome is None:
        return (
            "The last page was never sent, so no code was shown here: look how far the answers go "
            "before you approve or reject."
        )
    if meant is ours.outcome:
        return ""
    entered = "Submitted without a code" if submission.code in NO_CODE else "Another code"
    wanted = codes.get(ours.outcome)
    if not wanted:
        return f"{entered}: the study has none for {ours.outcome}."
    return f"{entered}: by what is stored here it would be {wanted}."


def _under_way(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or ours.outcome is None:
        return ""
    return (
        "The person ended here and has not gone back to the recruitment service yet. Within the "
        "time limit the button on the last page still works; afterwards approve by hand."
    )


def _gone(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    """RETURNED, TIMED-OUT: the place is free again."""
    if ours is None or ours.outcome in {None, Outcome.WITHDRAWN}:
        return ""
    late = "ran out of time" if submission.status == "TIMED-OUT" else "gave the submission back"
    return f"The answers are complete, and the person {late}: decide whether to pay, as a bonus."


def _rejected(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or ours.outcome is not Outcome.COMPLETE:
        return ""
    return (
        "The answers are complete and passed the checks: overturn the rejection, or exclude them."
    )


def _screened(submission: Submission, ours: Ours | None, codes: Mapping[Outcome, str]) -> str:
    if ours is None or submission.code == codes.get(ours.outcome or Outcome.COMPLETE):
        return ""
    return "The person was let in here and screened out there: compare the codes of the two."


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
"""By the recruitment service's status: why the two sides disagree, if they do."""
