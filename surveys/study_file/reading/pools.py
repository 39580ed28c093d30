"""The accuracy of the classifier as a factor, and the pools from which people's images are drawn.

Both are checked against the conditions and the parts, because a level of accuracy needs a whole
number of trials, and a pool enough images that nobody sees one twice.
"""

from analysis.toml.document import Document
from analysis.toml.positions import Path
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import Condition
from surveys.study_file.parts import TrialsPart
from surveys.study_file.parts.instructions import InstructionsPart
from surveys.study_file.reading.conditions import declared_under
from surveys.study_file.reading.parts import DeclaredParts

WHOLE = 1e-6
"""Distance from a whole number that is a matter of decimal fractions, as in 0.6 of 10 trials."""


def check_pools(file: Document, study: StudyFile, parts: DeclaredParts) -> None:
    """Report accuracies, stated accuracies and pools that the study cannot show."""
    word = declared_under(file)
    for number, condition in enumerate(study.conditions):
        _check_accuracy(file, study, condition, (word, number, "accuracy"))
        _check_stated(file, study, condition, (word, number, "stated"))
    for part in study.trial_parts:
        _check_pool(file, study, part, parts.place_of(part))
    if study.draws_images and study.images.sets > 1:
        file.problems.add(
            ("images", "sets"),
            f"sets is {study.images.sets}, but each person's images are drawn from a pool, so that "
            "there are no sets to rotate. Remove sets.",
        )


def _check_accuracy(file: Document, study: StudyFile, condition: Condition, place: Path) -> None:
    """Report a share that is not a whole number of trials."""
    if condition.accuracy is None:
        return
    named = f"the {str(place[0])[:-1]} {condition.key!r}"
    for part in study.trial_parts:
        if part.is_practice or not part.is_in(condition.key):
            continue
        trials = part.trials_per_block
        right = condition.accuracy * trials
        if abs(right - round(right)) > WHOLE:
            near = " or ".join(f"{n / trials:.4g}" for n in (int(right), int(right) + 1))
            file.problems.add(
                place,
                f"{named} has the accuracy {condition.accuracy:g}, and the part {part.key!r} shows "
                f"{trials} trials (right + wrong), of which {right:g} would be right. Write "
                f"accuracy = {near}, or change the number of trials.",
            )
        elif part.first_right > round(right):
            file.problems.add(
                place,
                f"{named} shows {round(right)} right predictions in the part {part.key!r}, fewer "
                f"than its first_right, which is {part.first_right}. Lower first_right, or raise "
                "the accuracy.",
            )


def _check_stated(file: Document, study: StudyFile, condition: Condition, place: Path) -> None:
    """Report a text that nobody would read, or that is about an answer that is hidden."""
    if not condition.stated:
        return
    named = f"the {str(place[0])[:-1]} {condition.key!r}"
    if not condition.prediction:
        file.problems.add(
            place,
            f"{named} states how good the classifier is, but does not show its answer. Remove "
            "stated, or prediction = false.",
        )
    readers = [part for part in study.parts if isinstance(part, InstructionsPart)]
    if not any(part.is_in(condition.key) for part in readers):
        file.problems.add(
            place,
            f"{named} states how good the classifier is, which the instructions tell people, but "
            'it has no instructions. Add a part with kind = "instructions", or remove stated.',
        )


def _check_pool(file: Document, study: StudyFile, part: TrialsPart, place: Path) -> None:
    for key, size, least in zip(
        ("right_pool", "wrong_pool"),
        (part.right_pool, part.wrong_pool),
        study.least_pool(part),
        strict=True,
    ):
        word = key.removesuffix("_pool")
        if size and not least:
            file.problems.add(
                (*place, key),
                f"{key} is {size}, but the part {part.key!r} shows no {word} predictions. Remove "
                f"{key}, or raise {word}.",
            )
        elif size and size < least:
            file.problems.add(
                (*place, key),
                f"{key} is {size}, but a person sees {least} {word} predictions in the part "
                f"{part.key!r}, each once. Raise {key} to {least} at least, or show fewer.",
            )
