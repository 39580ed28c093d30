"""The preregistration of a study: its plan and design as a document, before data are collected."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from analysis.plan.plan import Plan
from analysis.plan.reading import parse_plan, plan_hash
from analysis.preregistration.document import registration_texts
from analysis.preregistration.study_summary import Declared
from explanations import catalogue
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import Part, TrialsPart
from surveys.study_file.parts.attention import AttentionPart
from surveys.study_file.parts.instructions import InstructionsPart, TextPart
from surveys.study_file.parts.perception import PerceptionPart
from surveys.study_file.parts.quiz import TRIES, QuizPart
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook

PAGES: Mapping[type[Part], str] = {
    InstructionsPart: "instructions for task and map, with an example",
    QuizPart: f"comprehension check on the meaning of the map, with {TRIES} attempts",
    AttentionPart: "attention check on a page of its own",
    PerceptionPart: "pages on which an image is found again among six",
}
"""Pages that a study file can only place, in words."""


@dataclass(frozen=True)
class Circumstances:
    """What the document contains next to the study file.

    ``sample`` contains sentences of a power simulation, and ``collected`` is the number of real
    participants at ``written_at`` (ISO, UTC), or None if it is not known.
    """

    written_at: str
    collected: int | None
    sample: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registration:
    """The plan's hash, and the documents by the names of their files."""

    plan_sha256: str
    texts: dict[str, str]


def registration_of(
    study: StudyFile, source_sha256: str, circumstances: Circumstances
) -> Registration:
    """Return the documents of the study. Raises AnalysisError for an unusable plan."""
    document = plan_of(study)
    declared = _declared(study, source_sha256, circumstances)
    texts = registration_texts(parse_plan(document), document, declared)
    return Registration(plan_hash(document), texts)


def sample_sentences(power: Any, study: StudyFile) -> tuple[str, ...] | None:
    """Return the sentences of a power.json, or None if it belongs to another plan.

    Raises KeyError, AttributeError or TypeError if ``power`` is not the content of a power.json.
    """
    told, simulated = list(power["told"].values()), dict(power["plan"])
    plan: Plan = parse_plan(plan_of(study))
    expected = json.loads(json.dumps(asdict(plan)))
    # Neither where the plan is registered nor the goal changes what is simulated.
    for name in ("preregistration", "sample_goal"):
        expected[name] = simulated[name] = None
    if simulated != expected:
        return None
    return tuple(f"By simulation of this plan: {sentence}" for sentence in told)


def _declared(study: StudyFile, source_sha256: str, told: Circumstances) -> Declared:
    # Practice trials are not data, so they do not count as images per block.
    shown = [part for part in study.trial_parts if not part.is_practice]
    right, wrong = (sum(getattr(part, side) for part in shown) for side in ("right", "wrong"))
    within = ", ".join(study.design.within)
    return Declared(
        study.slug,
        study.title,
        source_sha256,
        study.seed,
        {arm.key: arm.label for arm in study.arms},
        tuple(shown.label for shown in study.conditions) if within else (),
        _scales(study),
        f"Experiment. Within-subjects: {within}. All other factors are between-subjects."
        if within
        else _design_of_arms(study),
        (
            f"{right + wrong} images per block from the {study.images.split} images of the set "
            f"“{study.images.set}”: {right} that the classifier gets right, {wrong} that it gets "
            "wrong.",
            f"Classifier: {study.weights}.",
            *_maps(study),
        ),
        tuple(_told(part) for part in study.parts),
        (_allocation(study),),
        study.allocation.places,
        told.sample,
        told.collected,
        told.written_at,
        _who_asks(study),
        study.question,
    )


def _who_asks(study: StudyFile) -> str:
    """Return the first paragraph of the consent, empty while square brackets mark its gaps."""
    paragraph = " ".join(study.consent.text.strip().split("\n\n")[0].split())
    return "" if "[" in paragraph else paragraph


def _design_of_arms(study: StudyFile) -> str:
    if len(study.arms) == 1:
        return "Study of a single arm: participants are compared with themselves."
    return "Between-subjects experiment."


def _allocation(study: StudyFile) -> str:
    images = "the order of the images is drawn for each participant."
    if len(study.arms) == 1:
        return f"Randomisation: none of participants, because there is one arm; {images}"
    return (
        "Randomisation: permuted blocks that hold each arm "
        f"{' or '.join(map(str, study.allocation.block_multiples))} times, in a list drawn "
        f"beforehand with the seed {study.seed}; {images}"
    )


def _maps(study: StudyFile) -> list[str]:
    """Describe the method behind each arm's map, with its variant."""
    maps = [
        f"“{shown.label}”: {catalogue.get(shown.method).full_label}"
        for shown in study.conditions
        if shown.method
    ]
    return [f"Maps by condition: {'; '.join(maps)}."] if maps else []


def _scales(study: StudyFile) -> dict[str, str]:
    """Describe each scale from the codebook: '7 items, 1 to 7; reversed: trust3,
    trust6; trust-v1'."""
    frame = pd.DataFrame(codebook(study))
    frame = frame[frame["scale"] != ""]
    return {str(scale): _items(rows) for scale, rows in frame.groupby("scale", sort=False)}


def _items(rows: pd.DataFrame) -> str:
    turned = rows.loc[pd.to_numeric(rows["reversed"]) == 1, "item"].astype(str)
    low, high = (pd.to_numeric(rows[name]) for name in ("minimum", "maximum"))
    named = f"; reversed: {', '.join(turned)}" if len(turned) else ""
    return (
        f"{len(rows)} items of {', '.join(rows['questionnaire'].unique())}, {low.min():g} to "
        f"{high.max():g}{named}"
    )


def _told(part: Part) -> str:
    if isinstance(part, TrialsPart):
        kind = "practice" if part.is_practice else "trials"
        also = [
            f"the first {part.first_right} with right predictions" if part.first_right else "",
            f"checks of attention among them: {part.attention}" if part.attention else "",
            "with feedback" if part.feedback else "",
        ]
        told = [
            f"{kind}, task “{part.task}”, {part.trials_per_block} per block",
            *filter(None, also),
        ]
        return f"{', '.join(told)}."
    if isinstance(part, TextPart):
        return f"page with the text “{part.heading}”."
    questionnaire = getattr(part, "questionnaire", "")
    return f"questionnaire {questionnaire}." if questionnaire else f"{PAGES[type(part)]}."
