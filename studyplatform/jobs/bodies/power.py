"""The sample that a study needs, with the code of plan_power."""

import shutil
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from analysis import apa_numbers
from analysis.errors import AnalysisError
from analysis.power.assumptions import Assumptions
from analysis.power.required_sample import Asked, Power
from analysis.power.search import OutcomePower, Wanted
from analysis.statistics.estimate import NotEstimable
from studyplatform.computations.sample_size import (
    simulate_sample,
    standardised_effects,
    write_power,
)
from studyplatform.jobs.forms import PowerForm
from studyplatform.jobs.step_words import reason_in_words
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition

ASSUMED = PowerForm.ASSUMPTIONS


def run(work: Work) -> Done:
    """Simulate, and write the page. Simulated studies are kept for an attempt after this one."""
    arguments, study = work.arguments, definition(work.study)
    wanted = Wanted(power=arguments["power"], runs=arguments["runs"], most=arguments["most"])
    # Jobs of an earlier version have neither assumptions nor effects of their own.
    assumed = {name: arguments[name] for name in ASSUMED if arguments.get(name) is not None}
    effects = arguments.get("effects")
    try:
        asked = Asked(wanted, Assumptions(**assumed), seed=arguments["seed"])
        power = simulate_sample(study, asked, work.kept, told=work.step, effects=effects)
    except AnalysisError as error:
        raise RefusedError(reason_in_words(str(error))) from error
    work.step(gettext("writing the page"))
    write_power(power, work.output, _command(work.study.slug, arguments))
    for path in work.kept.glob("runs-*.jsonl"):
        shutil.copy2(path, work.output)
    return Done(
        _summary(power),
        {
            "study_file_sha256": work.study.source_sha256,
            "settings_sha256": power.settings_sha256,
            "software": power.software,
            "per_arm": power.per_arm,
            "arms": len(power.plan.arms),
            "samples": _samples(study, power),
        },
        page="power.html",
    )


def _samples(study: StudyFile, power: Power) -> list[dict[str, Any]]:
    """Return the result for each outcome, for the page that writes it into the plan."""
    labels = {outcome.key: outcome.label for outcome in power.plan.outcomes}
    standardised = standardised_effects(study, power)
    return [
        {
            "outcome": result.outcome,
            "label": labels[result.outcome],
            "effect": result.effect,
            "d": standardised.get(result.outcome),
            "per_arm": getattr(result.per_arm, "value", None),
            "sentence": _sentence(result, power),
        }
        for result in power.outcomes
    ]


def _summary(power: Power) -> str:
    """Return the results in the language of the job. The page of the result is in English."""
    left_out = [
        gettext("Left out: %(reason)s") % {"reason": reason_in_words(reason)}
        for reason in power.left_out.values()
    ]
    return " ".join([*(_sentence(result, power) for result in power.outcomes), *left_out])


def _sentence(result: OutcomePower, power: Power) -> str:
    labels = {outcome.key: outcome.label for outcome in power.plan.outcomes}
    values: dict[str, Any] = {
        "effect": apa_numbers.number(result.effect),
        "outcome": labels[result.outcome],
        "power": apa_numbers.percent(power.asked.wanted.power),
    }
    if isinstance(result.per_arm, NotEstimable):
        return gettext(
            "An effect of %(effect)s on “%(outcome)s” is not detected with a power of %(power)s: "
            "%(reason)s."
        ) % {**values, "reason": reason_in_words(result.per_arm.reason)}
    arms, sample = len(power.plan.arms), result.per_arm
    values |= {
        "n": int(sample.value),
        "total": int(sample.value) * arms,
        "low": int(sample.low),
        "high": int(sample.high),
        "level": apa_numbers.percent(sample.level),
    }
    if arms == 1:
        needed = gettext(
            "To detect an effect of %(effect)s on “%(outcome)s” with a power of %(power)s, "
            "%(n)d participants must be recruited (%(level)s Monte Carlo interval %(low)d to "
            "%(high)d)."
        )
    else:
        needed = gettext(
            "To detect an effect of %(effect)s on “%(outcome)s” with a power of %(power)s, "
            "%(n)d participants per arm (%(total)d in total) must be randomised (%(level)s Monte "
            "Carlo interval %(low)d to %(high)d per arm)."
        )
    last = result.confirmations[-1]
    confirmed = (
        gettext(
            "%(runs)d new simulated studies of this size confirm it: %(share)s detected it, and "
            "the interval from %(from)s to %(to)s reaches the %(power)s asked for."
        )
        if last.holds
        else gettext(
            "%(runs)d new simulated studies of this size do not confirm it: only %(share)s "
            "detected it."
        )
    )
    share = apa_numbers.percent(last.power.value, 1)
    told = {
        "runs": last.power.n,
        "share": share,
        "from": apa_numbers.percent(last.power.low, 1),
        "to": apa_numbers.percent(last.power.high, 1),
        "power": values["power"],
    }
    return f"{needed % values} {confirmed % told}"


def _command(slug: str, arguments: Mapping[str, Any]) -> str:
    """Return the command that gives the same result, if the study file has the same effects."""
    named = ("power", "runs", "most", "seed", *ASSUMED)
    options = [
        f"--{name.replace('_', '-')} {arguments[name]}"
        for name in named
        if arguments.get(name) is not None
    ]
    effects = ", ".join(
        f"{key} {effect}" for key, effect in (arguments.get("effects") or {}).items()
    )
    with_effects = f" (smallest effects: {effects})" if effects else ""
    return f"manage.py plan_power {slug}.toml {' '.join(options)}{with_effects}"
