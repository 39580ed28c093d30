"""The table [bonus] of a study file, checked against its parts, arms and currency."""

from dataclasses import replace

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems, did_you_mean
from surveys import tasks
from surveys.study_file.bonus import Bonus
from surveys.study_file.declaration import StudyFile
from surveys.study_file.reading.conditions import declared_under
from surveys.study_file.reading.recruitment import CURRENCY


def with_currency(bonus: Bonus | None, currency: str) -> Bonus | None:
    """Return the bonus in its own currency or, if it names none, in that of the pay."""
    if bonus is None or bonus.currency or not currency:
        return bonus
    return replace(bonus, currency=currency)


def check_bonus(file: Document, study: StudyFile) -> None:
    """Report a bonus that nobody could earn, or that does not fit what the study asks."""
    bonus, at = study.bonus, TableProblems(file.problems, ("bonus",))
    if bonus is None or at.is_faulty("rule"):
        return
    _check_amounts(bonus, at)
    main = {part.key: part for part in study.trial_parts if not part.is_practice}
    for key in bonus.parts:
        if key not in main:
            at.add("parts", f"parts names {key!r}{did_you_mean(key, list(main))}")
    counted = study.parts_with_bonus
    if not counted and not bonus.parts:
        at.add("rule", 'no trials count for the bonus. Add a part with kind = "trials".')
    for part in counted:
        if bonus.rule == "accuracy" and tasks.get(part.task).compares:
            at.add(
                "parts",
                f"no answer to the task {part.task!r} of the part {part.key!r} is right or wrong. "
                "List the other trials in parts.",
                "rule",
            )
        if bonus.rule == "calibration" and part.advice_confidence != "slider":
            at.add(
                "rule",
                f"the rule 'calibration' needs the probability that the classifier's answer is "
                f"right, which the part {part.key!r} does not ask for. Add advice_confidence = "
                '"slider" to it, or list other parts.',
                "parts",
            )
    if bonus.rule == "calibration":
        word = declared_under(file)
        for number, condition in enumerate(study.conditions):
            if not condition.prediction:
                file.problems.add(
                    (word, number, "prediction"),
                    f"the {word[:-1]} {condition.key!r} shows no answer whose probability people "
                    "could give, so that nobody there could earn the bonus. Use the rule "
                    "'accuracy', or remove the bonus.",
                    ("bonus", "rule"),
                )


def _check_amounts(bonus: Bonus, at: TableProblems) -> None:
    if not CURRENCY.fullmatch(bonus.currency):
        at.add(
            "currency",
            f"the currency of the bonus is {bonus.currency!r}. Write its code of three capital "
            "letters, such as EUR, GBP or USD, here or in [recruitment].",
        )
    if bonus.maximum <= bonus.minimum:
        at.add(
            "maximum",
            f"maximum is {bonus.maximum:g} and minimum is {bonus.minimum:g}, so that everybody "
            "would earn the same. Raise maximum.",
            "minimum",
        )
    if bonus.rule == "accuracy" and not bonus.per_right:
        at.add(
            "per_right",
            "the rule 'accuracy' pays for each right decision. Add per_right, such as "
            "per_right = 0.05.",
            "rule",
        )
    if bonus.rule != "accuracy" and bonus.per_right:
        at.add(
            "per_right",
            f"the rule {bonus.rule!r} does not pay for each right decision. Remove per_right.",
            "rule",
        )
