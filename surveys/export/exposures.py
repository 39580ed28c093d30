"""The exposure table: how often each image of a pool was shown, by condition."""

from collections import Counter

from surveys.export.dataset import Table, TableCell, Variable, plain
from surveys.export.wide import records
from surveys.models import Study
from surveys.study_file.stored import definition

NAME = "exposures"


def exposures_table(study: Study, trials: Table) -> Table:
    """Return a row per image of a pool and condition, counted in the exported ``trials``.

    Images that nobody has seen yet are included.
    """
    declared = definition(study)
    shown: Counter[tuple[TableCell, ...]] = Counter()
    answered: Counter[tuple[TableCell, ...]] = Counter()
    for row in records(trials):
        place = (row["part"], row["image"], row["condition"])
        shown[place] += 1
        answered[place] += plain(row["answered_at"]) is not None
    rows: list[list[TableCell]] = []
    pooled = {part.key: part for part in declared.trial_parts if declared.has_pool(part)}
    stimuli = study.stimuli.filter(part__in=pooled).select_related("prediction__image__image_set")
    for stimulus in stimuli.order_by("position"):
        part, image = pooled[stimulus.part], stimulus.prediction.image
        if part.is_practice:
            continue
        for condition in declared.conditions:
            if not part.is_in(condition.key):
                continue
            place = (part.key, image.sha256[:12], condition.key)
            rows.append(
                [
                    image.sha256[:12],
                    image.image_set.name,
                    image.true_class,
                    int(stimulus.prediction.is_correct),
                    part.key,
                    condition.key,
                    shown[place],
                    answered[place],
                ]
            )
    return Table(NAME, _variables(), rows)


def _variables() -> tuple[Variable, ...]:
    return (
        Variable("image", "text", "First 12 digits of the image's content hash"),
        Variable("image_set", "category", "Image set that the image belongs to"),
        Variable("true_class", "category", "True class of the image (ground truth)"),
        Variable(
            "prediction_correct",
            "integer",
            "Whether the prediction is correct",
            0,
            1,
            {"0": "wrong", "1": "right"},
        ),
        Variable("part", "category", "Part of the study whose images are drawn for each person"),
        Variable("condition", "category", "Condition under which the image was shown"),
        Variable("people", "integer", "Participants for whom the image was drawn", 0),
        Variable("answered", "integer", "Participants who answered the trial", 0),
    )
