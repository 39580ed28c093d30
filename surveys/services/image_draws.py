"""The images that are drawn from the pools of a study for one person."""

from collections.abc import Mapping, Sequence

from surveys.allocation.image_draws import windows
from surveys.models import ArmBlock, Participant, Stimulus
from surveys.study_file.declaration import StudyFile

Draws = Mapping[tuple[str, int], Sequence[Stimulus]]
"""Images by part and block."""


def draws_of(
    participant: Participant,
    declared: StudyFile,
    stimuli: Sequence[Stimulus],
    blocks: Sequence[ArmBlock],
    rank: int,
) -> Draws:
    """Return the images that the person with this rank sees of each part with a pool.

    All arms have their images in the same order, so that the people of one rank in different arms
    see the same images, as far as the arms show as many.
    """
    draws: dict[tuple[str, int], list[Stimulus]] = {}
    for part in declared.trial_parts:
        shown = [block for block in blocks if part.is_in(block.condition.key)]
        if not shown or not declared.has_pool(part):
            continue
        # A condition keeps its window in every order of the conditions, so that its images are
        # balanced over the people of all orders.
        shown.sort(key=lambda block: block.condition.position)
        counts = [declared.shown_of(part, declared.condition(one.condition.key)) for one in shown]
        for is_right, sizes in zip((True, False), zip(*counts, strict=True), strict=True):
            pool = [
                stimulus
                for stimulus in stimuli
                if stimulus.part == part.key and stimulus.prediction.is_correct == is_right
            ]
            balanced = declared.images.balance == "classes"
            classes = [one.prediction.image.true_class if balanced else "" for one in pool]
            seed = (_key(participant), part.key, "right" if is_right else "wrong")
            taken = windows(classes, sizes, rank, seed)
            for block, window in zip(shown, taken, strict=True):
                draws.setdefault((part.key, block.number), []).extend(pool[n] for n in window)
    return draws


def _key(participant: Participant) -> str:
    """Return the seed of the draws, which for real people includes the study's secret."""
    study = participant.study
    if participant.simulated:
        return f"simulated/{study.seed}"
    return f"{study.seed}/{study.allocation_secret}"
