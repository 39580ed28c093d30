"""Words on who was randomised and who completed, which never exceed what the data state.

The platform randomises and records every state. The files of another study show neither by
themselves, so the report says so unless the plan's [source] states it.
"""

from collections.abc import Sequence

from analysis.plan.plan import Plan
from analysis.results import Results
from analysis.sections.data_checks.material import SOME
from analysis.study_data.exclusions.apply import ExclusionStep
from analysis.study_data.exclusions.by_hand import is_by_hand

POPULATIONS = {
    "completed": "participants who completed the study",
    "randomised": "everyone randomised who has the outcome and whose data exist",
    "per_protocol": "participants who completed the study and were not excluded by any rule",
}
WITHOUT_STATES = {
    "completed": "every participant with data, because the data do not state who completed the "
    "study",
    "per_protocol": "participants who were not excluded by any rule",
}


def population_words(population: str, plan: Plan, steps: Sequence[ExclusionStep] = ()) -> str:
    """Return a description of the population's members, for the rules of the plan and ``steps``."""
    members = POPULATIONS[population]
    if population == "randomised" and plan.allocation != "randomised":
        members = "every participant who has the outcome"
    if plan.states == "unknown":
        members = WITHOUT_STATES.get(population, members)
    scopes = {rule.scope for rule in plan.exclusions} | {step.scope for step in steps}
    if population != "per_protocol" and "all" in scopes:
        members += ", without participants excluded from all sets"
    return members


def everyone(plan: Plan) -> str:
    """Return the words for all participants with data, at the beginning of a sentence."""
    if plan.allocation == "randomised":
        return "Everyone randomised whose data exist"
    return "Every participant whose data exist"


def lead(results: Results) -> str:
    """Return the sentences on the number of participants, their allocation and completion."""
    plan, rows = results.plan, results.flow
    total, arms = sum(row.randomised for row in rows), len(plan.arms)
    in_arms = f"{arms} arms" if arms > 1 else "1 arm"
    people = "1 participant" if total == 1 else f"{total} participants"
    if arms == 1:
        said = f"{people} in 1 arm"
    elif plan.allocation == "randomised":
        said = f"{people} {'was' if total == 1 else 'were'} randomised to {in_arms}"
    elif plan.allocation == "not_randomised":
        said = f"{people} in {in_arms}, to which they were not randomised"
    else:
        said = f"{people} in {in_arms}; the source does not state whether they were randomised"
    early = [one for one in results.study_flow.early_ends if one.before_allocation]
    if early:
        number = sum(one.before_allocation for one in early)
        reasons = "; ".join(f"{one.before_allocation} with “{one.label}”" for one in early)
        said = f"Before the allocation, {number} people were screened out: {reasons}. {said}"
    if plan.states == "unknown":
        return f"{said}. The data do not show who completed the study."
    completed = sum(row.completed or 0 for row in rows)
    if total == 1:
        return f"{said} and {'completed' if completed else 'did not complete'} the study."
    return f"{said}; {completed} of them completed the study."


def too_few_to_check(results: Results) -> bool:
    """Check whether there are too few participants or arms with participants for data checks."""
    people = [row.randomised for row in results.flow]
    return sum(people) < SOME or sum(number > 0 for number in people) < min(2, len(people))


def flow_columns(results: Results) -> list[tuple[str, str]]:
    """Return heading and field (populations.FlowRow) of each number that the data show by arm."""
    plan = results.plan
    everybody = "Randomised" if plan.allocation == "randomised" else "Participants"
    columns = [(everybody, "randomised")]
    if plan.states != "unknown":
        columns.append(("Completed", "completed"))
    if plan.states == "recorded":
        columns += [("Stopped", "stopped"), ("Left silently", "left_silently")]
        if any(row.ended for row in results.flow):
            columns.append(("Ended by the study", "ended"))
    elif plan.states == "by_rows":
        columns.append(("Not complete", "left_silently"))
    return [*columns, ("Data erased", "erased")]


def flow_note(results: Results) -> str:
    """Return the note below the table of participants by arm."""
    plan = results.plan
    names = [heading.lower() for heading, _ in flow_columns(results)]
    sums = f"{names[0].capitalize()} = {' + '.join(names[1:])}." if len(names) > 2 else ""
    known = all(row.erased_known for row in results.flow)
    count = "only their number is known" if known else "the data do not contain their number"
    sentences = [sums]
    if plan.states == "recorded":
        whole = "intention-to-treat set" if plan.allocation == "randomised" else "set of all"
        sentences.append(
            "Stopped: ended early and kept their answers. Left silently: started and never "
            f"finished. Both are in the {whole}."
        )
        if any(row.ended for row in results.flow):
            reasons = "; ".join(
                f"{sum(one.by_arm.values())} with “{one.label}”"
                for one in results.study_flow.early_ends
                if any(one.by_arm.values())
            )
            sentences.append(f"Ended by the study: {reasons}. They are in the {whole} as well.")
    elif plan.states == "by_rows":
        sentences.append(
            "Not complete: fewer rows in a file than the plan requires of a participant who "
            "completed the study."
        )
    sentences.append(f"Data erased: withdrew; {count}.")
    if plan.source is not None:
        sentences.append("People of whom the files contain no row are not counted anywhere.")
    return " ".join(sentence for sentence in sentences if sentence)


def set_names(plan: Plan) -> list[tuple[str, str]]:
    """Return name and field (participant_flow.Sets) of each set that the data show."""
    whole = "Intention to treat" if plan.allocation == "randomised" else "All participants"
    completed = [] if plan.states == "unknown" else [("Completed", "completed")]
    return [(whole, "intention_to_treat"), *completed, ("Per protocol", "per_protocol")]


def has_exclusions_by_hand(results: Results) -> bool:
    """Return whether researchers excluded participants one by one."""
    return any(is_by_hand(step.label) for step in results.study_flow.steps)


def sets_note(plan: Plan, steps: Sequence[ExclusionStep]) -> str:
    """Return the note below the table of sets."""
    (whole, _), *_ = set_names(plan)
    members = population_words("randomised", plan, steps)
    members = members.replace(" who has the outcome and", "").replace(" who has the outcome", "")
    return (
        f"{whole}: {members}. Each outcome is tested in one of these sets, among the participants "
        "who have a score."
    )


def baseline_note(plan: Plan) -> str:
    """Return why baseline differences are not tested."""
    if plan.allocation == "randomised":
        return (
            "There is no test, because the arms were randomised and any difference is due to "
            "chance."
        )
    reason = (
        "were not randomised"
        if plan.allocation == "not_randomised"
        else "are not stated to have been randomised"
    )
    return (
        f"There is no test. The participants {reason}, so arms may differ by more than chance, "
        "also in characteristics that were not measured."
    )


def chance_note(results: Results) -> str:
    """Return how large the largest standardised difference is by chance, and what fits it."""
    chances = [row.by_chance for row in results.baseline if row.by_chance is not None]
    if not chances:
        return ""
    pairs, draws = max(chance.pairs for chance in chances), chances[0].draws
    by_chance = (
        "By chance: the median and, in parentheses, the 95th percentile of the largest difference "
        f"when the same values are assigned to the arms at random ({draws:,} random assignments)."
    )
    if pairs == 1:
        return (
            f"{by_chance} The usual limits of imbalance, 0.1 (Austin, 2009) and 0.25 (Rubin, "
            "2001), are for two groups; small arms exceed them by chance."
        )
    return (
        f"{by_chance} It is the largest of {pairs} differences, so limits for two groups, such as "
        "0.1 or 0.25, do not apply."
    )
