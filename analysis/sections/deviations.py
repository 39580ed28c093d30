"""Deviations of the analysis from its plan, determined by comparison and not from memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from analysis.outcomes.finding import OutcomeFinding, is_fault
from analysis.outcomes.random_terms import is_left_out
from analysis.plan.plan import Outcome, Plan, analysis_of
from analysis.plan.reading import parse_plan
from analysis.sections.looks.deciding import looks_held
from analysis.sections.sample_size import SampleNeeded
from analysis.statistics.estimate import NotEstimable
from analysis.study_data.exclusions.by_hand import excluded_by_hand
from analysis.study_data.study_data import StudyData

Document = Mapping[str, Any]
NOT_COMPARED = ("preregistration", "title", "source")  # these do not change any test


@dataclass(frozen=True)
class Deviation:
    """A difference between the plan and its execution.

    "plan": between the plan as registered and the plan as carried out. "study": between the study
    as launched and its later versions. "run": between the plan and the possibilities of the data.
    """

    kind: Literal["plan", "study", "run"]
    where: str
    planned: str
    done: str


class Analysed(Protocol):
    """The part of results.OutcomeResult that the comparison needs."""

    @property
    def outcome(self) -> Outcome:
        """Return the outcome as planned."""

    @property
    def found(self) -> OutcomeFinding:
        """Return the result of its analysis."""


def hold_to(data: StudyData, registered: Document | None) -> StudyData:
    """Return the data with the registered plan attached.

    Outcomes that the registered plan lacks or declares differently become exploratory, so that
    nothing is claimed from a test chosen later.
    """
    if registered is None:
        return data
    before = {outcome.key: outcome for outcome in parse_plan(registered).outcomes}
    outcomes = tuple(
        outcome if _same(outcome, before.get(outcome.key)) else replace(outcome, role="exploratory")
        for outcome in data.plan.outcomes
    )
    plan = replace(data.plan, outcomes=outcomes)
    return replace(data, plan=plan, registered=registered)


def deviations(
    data: StudyData,
    outcomes: Sequence[Analysed],
    sample: SampleNeeded | NotEstimable | None,
) -> tuple[Deviation, ...]:
    """Return all deviations, starting with those from the registered plan."""
    return (
        *_from_registered(data),
        *_registration(data),
        *_of_study(data),
        *_of_blinding(data),
        *_of_looks(data),
        *_of_exclusions(data),
        *_of_run(outcomes, sample),
    )


def _from_registered(data: StudyData) -> Iterator[Deviation]:
    if data.unread_plan:
        yield Deviation(
            "plan",
            "plan.toml in the folder of the data",
            "a plan that can be compared",
            f"not compared with the plan carried out: {data.unread_plan}",
        )
    if data.registered is None:
        return
    old, new = (_flat(plan) for plan in (parse_plan(data.registered), data.plan))
    for where in dict.fromkeys([*old, *new]):
        if old.get(where) != new.get(where):
            yield Deviation("plan", where, _words(old, where), _words(new, where))


def _registration(data: StudyData) -> Iterator[Deviation]:
    stated = data.plan.preregistration
    if stated is None:
        return
    # A plan registered after the first participant was not written before the data.
    if stated.plan_sha256 and stated.plan_sha256 != data.plan_sha256:
        yield Deviation(
            "plan",
            "the plan's hash",
            f"registered as {stated.plan_sha256}",
            f"{data.plan_sha256}: a different plan, or the plan changed later",
        )
    first = data.participants["consented_at"].min()
    if stated.registered_at and first == first:  # false for NaT
        registered = datetime.fromisoformat(stated.registered_at)
        if registered.tzinfo is None or first.to_pydatetime() < registered:
            yield Deviation(
                "run",
                "time of registration",
                "before the first participant",
                f"registered at {stated.registered_at}, first participant at {first.isoformat()}",
            )


def _of_study(data: StudyData) -> Iterator[Deviation]:
    """Yield the changes to the study after its launch, as recorded in the export's manifest."""
    versions = {version["number"]: version for version in data.manifest.get("versions", [])}
    for change in data.manifest.get("changes", []):
        version = versions.get(change["version"])
        since = (
            f"since version {version['number']}, launched {version['launched_at']} after "
            f"{version['people_before']} participants"
            f"{': ' + version['reason'] if version.get('reason') else ''}"
            if version
            else "when the data were exported"
        )
        yield Deviation(
            "study", change["what"], f"{change['was']} at launch", f"{change['now']} {since}"
        )


def _of_blinding(data: StudyData) -> Iterator[Deviation]:
    """Yield an unblinding before the end, and people who came after it, from the manifest."""
    unblinding = data.manifest.get("unblinding")
    if not unblinding:
        return
    at = datetime.fromisoformat(unblinding["at"])
    people = data.participants
    real = people[people["simulated"] != 1]
    later = int((real["consented_at"] > at).sum())
    if not (unblinding["before_end"] or later):
        return
    when = "before collection had ended" if unblinding["before_end"] else "after collection"
    by = f" by {unblinding['by']}" if unblinding["by"] else ""
    yield Deviation(
        "study",
        "blinding",
        "researchers do not see the arms until collection has ended",
        f"arms shown {when}, at {unblinding['at']}{by}: “{unblinding['reason']}”. "
        f"{later} of {len(real)} participants consented later",
    )


def _of_looks(data: StudyData) -> Iterator[Deviation]:
    """Yield looks that were not planned, planned looks that were not held, and a late end."""
    looks, held = data.plan.looks, looks_held(data.manifest)
    if looks is None:
        return
    where, last = "looks at the data", 0
    for look in held:
        if not look.planned:
            planned = f"looks at {', '.join(map(str, looks.times))} participants with a score"
            by = f" by {look.by}" if look.by else ""
            done = f"a look at {look.people}, at {look.at}{by}: “{look.reason}”"
            yield Deviation("study", where, planned, done)
        due = [time for time in looks.times if last < time <= look.people]
        for time in due[:-1] if not looks.is_anytime else ():
            yield Deviation("study", where, f"a look at {time}", f"none before {look.people}")
        last = look.people
    stops = [datetime.fromisoformat(look.at) for look in held if look.told == "stop"]
    if stops:
        people = data.participants
        later = int(((people["simulated"] != 1) & (people["consented_at"] > stops[0])).sum())
        if later:
            done = f"{later} participants consented after the look that told to stop"
            yield Deviation("study", where, "collection ends when a look tells to stop", done)


def _of_exclusions(data: StudyData) -> Iterator[Deviation]:
    """Yield the exclusions by hand that were decided when the arms were visible."""
    there = set(data.participants["participant"])
    people = [one for one in excluded_by_hand(data.manifest) if one.participant in there]
    late = [one for one in people if one.late]
    if late:
        reasons = ", ".join(f"“{reason}”" for reason in dict.fromkeys(one.reason for one in late))
        yield Deviation(
            "study",
            "exclusions by hand",
            "participants are excluded before the arms are seen",
            f"{len(late)} of {len(people)} excluded after the unblinding: {reasons}",
        )


def _of_run(
    outcomes: Sequence[Analysed], sample: SampleNeeded | NotEstimable | None
) -> Iterator[Deviation]:
    if isinstance(sample, SampleNeeded) and sample.analysed_per_arm < sample.per_arm_rounded:
        yield Deviation(
            "run",
            "sample size",
            f"{sample.per_arm_rounded} participants per arm",
            f"{sample.analysed_per_arm} in the smallest per-protocol arm",
        )
    for result in outcomes:
        # Simplifications, and fallbacks where there is no test, follow rules of the plan, so they
        # are its decisions and no deviations (analysis.report.plan_decisions).
        log: Sequence[str] = getattr(result.found, "log", ())
        for entry in filter(is_left_out, log):
            yield Deviation("run", result.outcome.label, "the planned model", entry)
        if isinstance(result.found.test, NotEstimable) and is_fault(result.found):
            planned = analysis_of(result.outcome).label
            done = f"no test: {result.found.test.reason}"
            yield Deviation("run", result.outcome.label, planned, done)


def _same(outcome: Outcome, before: Outcome | None) -> bool:
    if before is None:
        return False
    return replace(outcome, label="") == replace(before, label="")


def _flat(plan: Plan) -> dict[str, Any]:
    """Return the plan's values by their place.

    Entries of lists are named by their key.
    """
    values: dict[str, Any] = {}

    # Lists of tables are matched by key, so that a new entry does not shift the others.
    def walk(value: Any, place: str) -> None:
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                walk(inner, f"{place}, {key}" if place else str(key))
        elif isinstance(value, tuple | list) and value and isinstance(value[0], dict):
            for number, entry in enumerate(value, start=1):
                walk(
                    {key: inner for key, inner in entry.items() if key != "key"},
                    f"{place} “{entry.get('key', number)}”",
                )
        else:
            values[place] = value

    document = asdict(plan)
    walk({key: value for key, value in document.items() if key not in NOT_COMPARED}, "")
    return values


def _words(flat: Mapping[str, Any], where: str) -> str:
    if where not in flat:
        return "absent"
    value = flat[where]
    if value is None or value == () or value == {}:
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
