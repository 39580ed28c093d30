"""Study files of every design and task, over the images of ``factories``."""

from pathlib import Path

from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from tests.surveys.factories import images, predict, with_fixed_chance, write_weights
from tests.surveys.snapshots import made_once

ARMS = """
[[arms]]
key = "none"
label = "No map"
[[arms]]
key = "gradcam"
label = "Map A"
method = "gradcam"
[[arms]]
key = "lime"
label = "Map B"
method = "lime"
"""
PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "instructions"
[[parts]]
kind = "quiz"
[[parts]]
kind = "practice"
right = 1
wrong = 1
task = "{task}"
[[parts]]
kind = "trials"
right = 2
wrong = 1
task = "{task}"
attention = 1
break_every = 2
first_right = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


def design_text(
    weights: Path,
    *,
    slug: str = "design",
    arms: str = ARMS,
    design: str = "",
    task: str = "decide",
    parts: str = PARTS,
    images: str = "",
    control: str = "none",
) -> str:
    """A study file with every kind of part."""
    if "within" in design:
        arms = arms.replace("[[arms]]", "[[conditions]]")
    return f"""slug = "{slug}"
title = "A study of some design"
seed = 11
[consent]
version = "1"
text = "What happens here."
[debrief]
text = "What it was about."
[images]
set = "dots"
split = "test"
{images}
[classifier]
weights = "{weights}"
{arms}
{design}
{parts.format(task=task) if "{task}" in parts else parts}
[allocation]
places = 60
[analysis]
control = "{control}"
[[analysis.outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
"""


@made_once
def design_study(folder: Path, *, count: int = 60, **options: str) -> Study:
    """The study, open, over ``count`` images of which a third are predicted wrongly."""
    images(count)
    text = design_text(write_weights(folder / "dots.safetensors"), **options)
    study = with_fixed_chance(services.load_study(text))
    predict(study, wrong=count // 3)
    choose_stimuli(study)
    services.open_study(study=study)
    return study
