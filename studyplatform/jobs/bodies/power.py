"""The sample that a study needs, with the code of plan_power."""

import shutil
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from analysis.errors import AnalysisError
from analysis.power.assumptions import Assumptions
from analysis.power.page import sentence
from analysis.power.required_sample import Asked, Power
from analysis.power.search import Wanted
from studyplatform.computations.sample_size import (
    simulate_sample,
    standardised_effects,
    write_power,
)
from studyplatform.jobs.forms import PowerForm
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
        raise RefusedError(str(error)) from error
    work.step(gettext("writing the page"))
    sentences = write_power(power, work.output, _command(work.study.slug, arguments))
    for path in work.kept.glob("runs-*.jsonl"):
        shutil.copy2(path, work.output)
    return Done(
        " ".join(sentences),
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
            "sentence": sentence(result, power),
        }
        for result in power.outcomes
    ]


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
