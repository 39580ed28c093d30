"""The table of what participants say is wrong, by image: suspected labels and background cues."""

from collections.abc import Sequence

from analysis.study_data.diagnosis_rule import FEWEST
from surveys.export.dataset import Missing, Table, TableCell, Variable
from surveys.export.feedback import ImageFeedback
from surveys.tasks.items import diagnosis as questions

NAME = "diagnoses"
SUSPECTED = {
    "label": "the classifier's answer equals the label, but participants say that it is wrong",
    "background": "participants say that the map marks the background or the reasons are wrong",
}


def diagnoses_table(images: Sequence[ImageFeedback]) -> Table:
    """Return a row per image with the counts of each diagnosis, in the order of the images."""
    options = dict(questions()[0].options)
    return Table(NAME, _variables(options), [_row(image, list(options)) for image in images])


def _variables(options: dict[str, str]) -> tuple[Variable, ...]:
    hidden = Missing.DOES_NOT_APPLY
    return (
        Variable("image", "text", "Start of the image's hash"),
        Variable("true_class", "category", "True class of the image"),
        Variable("predicted_class", "category", "Class that the classifier predicted"),
        Variable("trials", "integer", "Participants who were asked about the image", 0),
        Variable("with_map", "integer", "Participants among them who saw a map", 0, empty=hidden),
        *(
            Variable(f"n_{key}", "integer", f"Trials with the diagnosis “{text}”", 0)
            for key, text in options.items()
        ),
        Variable("comments", "integer", "Trials with a comment", 0),
        Variable(
            "suspected",
            "category",
            f"What at least {FEWEST} participants and a third of the trials suspect",
            values=SUSPECTED,
        ),
        Variable("image_set", "category", "Image set that the image belongs to"),
        Variable("split", "category", "Split of the image set that contains the image"),
        Variable("path", "text", "File or index of the image in its set"),
        *(variable for key, text in options.items() for variable in _shares(key, text)),
    )


def _shares(key: str, text: str) -> tuple[Variable, ...]:
    asked = "of the participants who could give it, with Wilson's 95 % interval"
    return (
        _share(f"share_{key}", f"Share with the diagnosis “{text}”, {asked}"),
        _share(f"low_{key}", f"Lower limit of share_{key}"),
        _share(f"high_{key}", f"Upper limit of share_{key}"),
    )


def _share(name: str, label: str) -> Variable:
    # Nobody could give a diagnosis of maps if nobody saw a map.
    return Variable(name, "number", label, 0, 1, empty=Missing.DOES_NOT_APPLY)


def _row(image: ImageFeedback, options: Sequence[str]) -> list[TableCell]:
    shares = [image.share(key) for key in options]
    return [
        image.image,
        image.true_class,
        image.predicted_class,
        image.people,
        image.with_map,
        *(image.counts.get(key, 0) for key in options),
        image.comments,
        image.suspected,
        image.image_set,
        image.split,
        image.path,
        *(value for share in shares for value in (share.value, share.low, share.high)),
    ]
