"""What participants say is wrong, counted by image: the numbers behind the export and the panel.

The lists are for whoever trains the classifier next. They contain suspicions to be looked at, not
verdicts.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from django.db.models import Count, Q, QuerySet

from analysis.study_data.diagnosis_rule import most_named, suspected
from surveys import tasks
from surveys.blinding import is_blinded
from surveys.models import Answer, Stimulus, Study, Submission
from surveys.pages import sequence
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition
from surveys.tasks.items import DIAGNOSIS, DIAGNOSIS_COMMENT, OF_MAPS

FEWEST_WHILE_BLINDED = 5
"""Participants who must have seen an image before a blinded study shows its counts. A diagnosis of
a map reveals that somebody saw a map, which among very few people points to one of them."""
LEVEL = 0.95


@dataclass(frozen=True)
class Share:
    """A share with Wilson's interval at 95 %, or three times None if nobody was asked."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ImageFeedback:
    """An image of a study with the number of participants who gave each diagnosis.

    ``image`` is the start of the image's hash, ``path`` its place in the image set. ``people`` saw
    the image with the classifier's answer, and answered its trial; nobody sees an image twice.
    ``with_map`` of them saw a map, and ``by_method`` counts people and diagnoses by the map's
    method (empty for no map). Both are None while they would reveal arms.
    """

    stimulus: int
    image: str
    image_set: str
    split: str
    path: str
    true_class: str
    predicted_class: str
    is_correct: bool
    people: int
    with_map: int | None
    counts: Mapping[str, int]
    comments: int
    by_method: Mapping[str, tuple[int, Mapping[str, int]]] | None = None

    def asked(self, key: str) -> int:
        """Return how many people could give the diagnosis: only people with a map can judge it.

        While the number with a map is hidden, it is the number of all people.
        """
        return self.with_map if key in OF_MAPS and self.with_map is not None else self.people

    def share(self, key: str) -> Share:
        """Return the share of the people asked who gave the diagnosis."""
        return wilson(self.counts.get(key, 0), self.asked(key))

    @property
    def named(self) -> int:
        """Return the largest number of people who name the same fault."""
        return most_named(self.counts)

    @property
    def suspected(self) -> str | None:
        """Return "label" or "background" if enough participants agree, else None."""
        asked = self.asked(OF_MAPS[0])
        return suspected(self.counts, self.people, asked, is_correct=self.is_correct)


def wilson(count: int, total: int) -> Share:
    """Return count / total with Wilson's interval at 95 %, without importing SciPy."""
    if not total:
        return Share(None, None, None)
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    value = count / total
    centre = (value + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * sqrt(value * (1 - value) / total + (z / (2 * total)) ** 2)
    # At 0 and at 1 the limit is exact, which rounding would miss.
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Share(value, low if count else 0.0, high if count < total else 1.0)


def asks_for_diagnoses(study: Study) -> bool:
    """Return whether trials other than practice trials ask what is wrong."""
    return bool(_parts(study))


def image_feedback(study: Study, people: Q) -> list[ImageFeedback]:
    """Return every image that somebody saw, the most suspected and most named first.

    ``people`` is a filter of participants, such as ``Q(simulated=False)``. The number of queries
    does not depend on the number of people and images. Counts are over all arms, and images that
    fewer than FEWEST_WHILE_BLINDED people saw are left out, while the people's arms are hidden.
    """
    hidden = is_blinded(study) and study.participants.filter(people, simulated=False).exists()
    # Images that only some arms show would reveal how many people these arms have.
    parts = [part.key for part in _parts(study) if not (hidden and part.conditions)]
    seen: dict[int, Counter[str]] = defaultdict(Counter)
    for stimulus, method, number in _grouped(_trial_pages(study, people), "trial__"):
        seen[stimulus][method or ""] += number
    said: dict[int, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    answers = _answers(study, people, DIAGNOSIS)
    for stimulus, method, value, number in _grouped(answers, "submission__trial__", "value"):
        said[stimulus][method or ""][value] += number
    comments: Counter[int] = Counter()
    for stimulus, _, number in _grouped(comments_of(study, people), "submission__trial__"):
        comments[stimulus] += number
    listed = [
        _image(stimulus, seen[stimulus.pk], said[stimulus.pk], comments[stimulus.pk], hidden=hidden)
        for stimulus in study.stimuli.select_related("prediction__image__image_set")
        .defer("prediction__probabilities", "prediction__image__part_map")
        .filter(pk__in=list(seen), part__in=parts)
    ]
    if hidden:
        listed = [image for image in listed if image.people >= FEWEST_WHILE_BLINDED]
    return sorted(listed, key=lambda image: (image.suspected is None, -image.named, image.image))


def comments_of(study: Study, people: Q) -> QuerySet[Answer]:
    """Return the comments on what is wrong, in an order that says nothing about who came when."""
    return _answers(study, people, DIAGNOSIS_COMMENT).exclude(value="").order_by("value")


def _image(
    stimulus: Stimulus,
    seen: Counter[str],
    said: Mapping[str, Counter[str]],
    comments: int,
    *,
    hidden: bool,
) -> ImageFeedback:
    prediction, image = stimulus.prediction, stimulus.prediction.image
    return ImageFeedback(
        stimulus.pk,
        image.sha256[:12],
        image.image_set.name,
        image.split,
        image.source,
        image.true_class,
        prediction.predicted_class,
        prediction.is_correct,
        seen.total(),
        None if hidden else seen.total() - seen[""],
        dict(sum(said.values(), Counter())),
        comments,
        None if hidden else {key: (seen[key], dict(said.get(key, {}))) for key in sorted(seen)},
    )


def _parts(study: Study) -> list[TrialsPart]:
    parts = definition(study).trial_parts
    return [part for part in parts if part.diagnosis and not part.is_practice]


def _last_pages(study: Study) -> Sequence[str]:
    """Return the steps that ask for a diagnosis: the last stage of each trial."""
    last = {part.key: tasks.get(part.task).stages[-1].key for part in _parts(study)}
    return [
        step.key
        for step in sequence.steps(study)
        if step.kind == "trial" and step.part in last and step.stage == last[step.part]
    ]


def _trial_pages(study: Study, people: Q) -> QuerySet[Submission]:
    chosen = study.participants.filter(people).order_by()
    # Where the classifier's answer is hidden, nobody is asked what is wrong with it.
    return Submission.objects.filter(
        participant__in=chosen,
        step__in=_last_pages(study),
        trial__condition__shows_prediction=True,
    )


def _answers(study: Study, people: Q, item: str) -> QuerySet[Answer]:
    chosen = study.participants.filter(people).order_by()
    return Answer.objects.filter(
        submission__participant__in=chosen, submission__step__in=_last_pages(study), item=item
    )


def _grouped(
    rows: QuerySet[Submission] | QuerySet[Answer], trial: str, *further: str
) -> QuerySet[Submission, tuple] | QuerySet[Answer, tuple]:  # type: ignore[type-arg]
    """Return the number of rows by stimulus, method of the map, and the further fields."""
    fields = (f"{trial}stimulus", f"{trial}explanation__method", *further)
    return rows.order_by().values_list(*fields).annotate(number=Count("pk"))
