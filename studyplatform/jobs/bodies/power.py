"""The sample that a study needs, with the code of plan_power."""

import shutil

from django.utils.translation import gettext

from analysis.errors import AnalysisError
from analysis.power.required_sample import Asked
from analysis.power.search import Wanted
from studyplatform.computations.sample_size import simulate_sample, write_power
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.study_file.stored import definition


def run(work: Work) -> Done:
    """Simulate, and write the page. Simulated studies are kept for an attempt after this one."""
    arguments = work.arguments
    wanted = Wanted(power=arguments["power"], runs=arguments["runs"], most=arguments["most"])
    asked = Asked(wanted, seed=arguments["seed"])
    try:
        power = simulate_sample(definition(work.study), asked, work.kept, told=work.step)
    except AnalysisError as error:
        raise RefusedError(str(error)) from error
    work.step(gettext("writing the page"))
    options = " ".join(f"--{key} {value}" for key, value in arguments.items())
    sentences = write_power(
        power, work.output, f"manage.py plan_power {work.study.slug}.toml {options}"
    )
    for path in work.kept.glob("runs-*.jsonl"):
        shutil.copy2(path, work.output)
    return Done(
        " ".join(sentences),
        {
            "study_file_sha256": work.study.source_sha256,
            "settings_sha256": power.settings_sha256,
            "software": power.software,
            "per_arm": power.per_arm,
        },
        page="power.html",
    )
