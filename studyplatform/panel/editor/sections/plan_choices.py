"""What the forms of the plan let people choose: arms, questions, scales and outcomes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext

from analysis.plan.catalogues.analyses import ANALYSES
from studyplatform.panel.editor.base import Values, conditions, tables
from studyplatform.panel.toml_edits import Path, value_at
from surveys import questionnaires
from surveys.questionnaires.base import WRITTEN, Item, Questionnaire, Subscale
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file import designs

Choice = tuple[str, str]
OUTCOMES: Path = ("analysis", "outcomes")


def within_of(values: Values) -> list[str]:
    """Return the factors whose levels every person sees, empty in a study between people."""
    named = value_at(values, ("design", "within"), [])
    old = {"arm": designs.CONDITION}  # the word of files before [[conditions]]
    return [old.get(str(one), str(one)) for one in named] if isinstance(named, list) else []


def shown(listed: Sequence[Mapping[str, Any]]) -> list[designs.Condition]:
    """Return the conditions of the file as far as a design depends on them."""
    return [
        designs.Condition(
            key=str(one["key"]),
            label=str(one.get("label", one["key"])),
            factors={str(name): str(level) for name, level in _table(one, "factors").items()},
        )
        for one in listed
        if "key" in one
    ]


def arm_choices(values: Values, within: Sequence[str] | None = None) -> list[Choice]:
    """Return key and label of the plan's arms, which are orders if people see several conditions.

    ``within`` takes the place of the file's design. A design with mistakes has no arms.
    """
    _name, listed = conditions(values)
    names = within_of(values) if within is None else within
    declared = shown(listed)
    if names and designs.problems(declared, names):
        return []
    return [(arm.key, arm.label) for arm in designs.arms_of(declared, names)]


def factor_names(values: Values) -> list[str]:
    """Return the factors that the arms or conditions declare."""
    _name, listed = conditions(values)
    return list(designs.factor_names(shown(listed)))


def asked(values: Values) -> list[str]:
    """Return the questionnaires of the study, each once."""
    asked = [
        str(part.get("questionnaire"))
        for part in tables(values, "parts")
        if part.get("kind") == "questionnaire"
    ]
    for place in ("before", "after"):
        named = value_at(values, ("questionnaires", place), [])
        asked += map(str, named if isinstance(named, list) else [])
    return list(dict.fromkeys(asked))


def items_asked(values: Values) -> Iterator[Item]:
    """Yield the questions of the study whose answers can be counted, in the reader's language."""
    for key in asked(values):
        for item in _items(key):
            if item.kind not in WRITTEN:
                yield item


def item_choices(values: Values) -> list[Choice]:
    """Return id and text of the questions whose answers can be counted."""
    return [(item.id, f"{item.text} ({item.id})") for item in items_asked(values)]


def scale_choices(values: Values) -> list[Choice]:
    """Return id and label of the scales that the study asks."""
    return [(scale.id, scale_name(scale)) for key in asked(values) for scale in subscales(key)]


def covariate_choices(values: Values) -> list[Choice]:
    """Return what can describe people: scales, and questions that belong to no scale."""
    scale = gettext("%(scale)s (mean of the questionnaire)")
    return [
        *((key, scale % {"scale": label}) for key, label in scale_choices(values)),
        *((item.id, f"{item.text} ({item.id})")
          for item in items_asked(values) if not item.subscale and item.kind != "multiple"),
    ]  # fmt: skip


def outcome_choices(values: Values, *, compared_scores: bool = False) -> list[Choice]:
    """Return key and label of the outcomes.

    With ``compared_scores`` only those that compare a single score of each person between arms.
    """
    comparing = {
        entry.key
        for entry in ANALYSES
        if entry.between_arms and entry.before not in ("covariate", "times")
    } - {"factorial"}
    return [
        (str(one["key"]), str(one.get("label", one["key"])))
        for one in tables(values, *OUTCOMES)
        if "key" in one
        and (not compared_scores or str(one.get("analysis", "one_way")) in comparing)
    ]


def subscales(key: str) -> list[Subscale]:
    """Return the scales of a questionnaire, none if it is unknown."""
    try:
        return list(_in_reader_language(key).subscales.values())
    except QuestionnaireError:  # the mistakes of the file name it
        return []


def scale_name(scale: Subscale) -> str:
    """Return the scale's label, in the reader's language if it is a shipped one."""
    return gettext(scale.label) if scale.label else scale.id


def title_of(key: str) -> str:
    """Return the questionnaire's title in the reader's language. Raises QuestionnaireError."""
    return _in_reader_language(key).title


def _items(key: str) -> Sequence[Item]:
    try:
        return _in_reader_language(key).items
    except QuestionnaireError:  # the mistakes of the file name it
        return ()


def _in_reader_language(key: str) -> Questionnaire:
    return questionnaires.get(key).in_language(get_language() or "en")


def _table(values: Values, key: str) -> Mapping[str, Any]:
    there = values.get(key)
    return there if isinstance(there, dict) else {}
