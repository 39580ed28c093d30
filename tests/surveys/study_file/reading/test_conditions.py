"""[[arms]] and [[conditions]] of a study file: one word for each design, old words readable."""

import pytest

from surveys import services
from surveys.models import Study
from surveys.services import studies
from surveys.services.fingerprints import changed_tables, changes
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from tests.surveys import designs, factories

WITHIN = '[design]\nwithin = ["condition"]'
LIMITED = designs.PARTS.replace('kind = "quiz"', 'kind = "quiz"\nconditions = ["gradcam", "lime"]')
NOW = {"design": WITHIN, "control": "order-1", "parts": LIMITED}


def in_old_words(text: str) -> str:
    """The within-subjects file as it was written before [[conditions]]."""
    for now, old in (
        ("[[conditions]]", "[[arms]]"),
        ('within = ["condition"]', 'within = ["arm"]'),
        ("conditions = [", "arms = ["),
    ):
        assert now in text
        text = text.replace(now, old)
    return text


def refused(text: str) -> list[str]:
    with pytest.raises(StudyFileError) as found:
        parse(text)
    return list(found.value.problems)


def line(text: str, words: str) -> int:
    return 1 + text[: text.index(words)].count("\n")


def test_a_within_subjects_file_in_old_words_declares_the_same_study(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors", **NOW)
    study = parse(text)
    assert parse(in_old_words(text)) == study
    assert study.design.within == ("condition",)
    assert [condition.key for condition in study.conditions] == ["none", "gradcam", "lime"]
    assert [arm.key for arm in study.arms] == [f"order-{number}" for number in range(1, 7)]
    assert study.part("quiz").conditions == ("gradcam", "lime")


def test_an_old_file_with_participants_can_be_loaded_in_new_words(db, tmp_path):
    new = designs.design_text(factories.write_weights(tmp_path / "dots.safetensors"), **NOW)
    old = in_old_words(new)
    study = designs.design_study(tmp_path, **NOW)
    Study.objects.filter(pk=study.pk).update(source=old, source_sha256="0" * 64)
    study.refresh_from_db()
    person = factories.allocated(study, "somebody")
    assert studies._frozen_changes(parse(old), parse(new)) == []
    services.load_study(new)
    study.refresh_from_db()
    assert study.source == new
    person.refresh_from_db()
    assert person.arm.study_id == study.pk
    shown = {block.condition.key for block in person.arm.blocks.select_related("condition")}
    assert shown == {"none", "gradcam", "lime"}


def test_a_change_of_words_alone_is_no_change_of_a_table(tmp_path):
    new = designs.design_text(tmp_path / "w.safetensors", **NOW)
    old = in_old_words(new)
    assert changed_tables(old, new) == []
    assert changed_tables(old, new.replace('label = "Map A"', 'label = "Map"')) == ["conditions"]
    between = designs.design_text(tmp_path / "w.safetensors")
    assert changed_tables(between, between.replace('label = "Map A"', 'label = "Map"')) == ["arms"]


@pytest.mark.parametrize(
    ("design", "says"),
    [
        ("", "[[arms]]: in a between-subjects study each arm shows one condition."),
        (WITHIN, "[[conditions]]: with [design] within, the arms are orders of the conditions."),
    ],
)
def test_a_file_with_both_words_is_refused_with_the_cure(tmp_path, design, says):
    text = designs.design_text(tmp_path / "w.safetensors", design=design)
    both = f'{text}\n[[{"arms" if design else "conditions"}]]\nkey = "more"\nlabel = "More"\n'
    said = [one for one in refused(both) if "both [[arms]] and [[conditions]]" in one]
    (said,) = said
    assert said.startswith(f"line {line(both, '[[conditions]]')}: ")
    assert said.endswith(says)


def test_conditions_of_a_between_subjects_file_are_refused_with_the_cure(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors")
    wrong = text.replace("[[arms]]", "[[conditions]]")
    (said,) = refused(wrong)
    assert said == (
        f"line {line(wrong, '[[conditions]]')}: the file has [[conditions]] and no [design] "
        "within. Write [[arms]]: in a between-subjects study each arm shows one condition. Or set "
        "within."
    )


def test_a_part_is_limited_by_the_word_of_its_design(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors", parts=LIMITED)
    (said,) = refused(text)
    assert said == (
        f"line {line(text, 'conditions = [')}: the part 'quiz' is limited by conditions, and "
        "without [design] within it is limited by arms. Write arms = [ ]."
    )
    assert parse(text.replace("conditions = [", "arms = [")).part("quiz").conditions
    both = text.replace("conditions = [", 'arms = ["none"]\nconditions = [')
    assert any("limited by both arms and conditions" in one for one in refused(both))


def test_problems_use_the_word_that_the_file_uses(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors", **NOW)
    wrong = text.replace('method = "lime"', 'method = "lame"').replace(
        '"gradcam", "lime"]', '"gradcam", "lima"]'
    )
    place, part = line(wrong, '"lame"'), line(wrong, "conditions = [")
    assert refused(wrong) == [
        f"line {place}: condition 'lime': unknown method 'lame': did you mean 'lime'?",
        f"line {part}: the part 'quiz': unknown condition 'lima': did you mean 'lime'?",
    ]
    old = in_old_words(wrong)
    assert refused(old) == [
        f"line {place}: arm 'lime': unknown method 'lame': did you mean 'lime'?",
        f"line {part}: the part 'quiz': unknown arm 'lima': did you mean 'lime'?",
    ]


def test_the_words_of_the_file_make_no_deviation(db, tmp_path):
    study = designs.design_study(tmp_path, **NOW)
    old = in_old_words(study.source)
    study.versions.update(source=old, source_sha256="0" * 64)
    (change,) = changes(study)
    assert change.what == "study file: spaces, comments or renamed keys"


def test_an_arm_chooses_how_lime_is_drawn(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors", **NOW)
    for value, method in (("outlines", "lime"), ("graded", "lime_graded"), ("heat", "lime_heat")):
        drawn = text.replace('method = "lime"', f'method = "lime"\ndrawing = "{value}"')
        assert drawn != text
        assert [shown.method for shown in parse(drawn).conditions][-1] == method
    wrong = text.replace('method = "lime"', 'method = "lime"\ndrawing = "haet"')
    assert any("unknown drawing 'haet': did you mean 'heat'?" in one for one in refused(wrong))
    elsewhere = text.replace('method = "gradcam"', 'method = "gradcam"\ndrawing = "heat"')
    assert any("the method 'gradcam' has none" in one for one in refused(elsewhere))
