"""The editor's forms of the randomisation and of the rules of recruitment."""

import tomllib

import pytest
from django.core.exceptions import ValidationError

from studyplatform.panel import study_texts
from studyplatform.panel.editor.sections import arms, randomisation, recruitment
from studyplatform.panel.editor.views import SectionForm
from studyplatform.panel.toml_edits import read
from surveys.study_checks import loading
from tests.panel.test_editor_trials import new_lines, written


@pytest.fixture(scope="module")
def foretelling():
    """The text of a design with minimisation over two questions."""
    return study_texts.template_text("foretelling.toml")


@pytest.fixture(scope="module")
def demo():
    return study_texts.template_text("demo.toml")


def test_minimisation_takes_the_place_of_blocks_with_its_own_probability(demo):
    section = randomisation.SECTION
    blocks = written(section, demo, allocation__block_multiples="1, 2, 3")
    assert "block_multiples = [1, 2, 3]" in blocks
    text = written(section, blocks, allocation__method="minimisation", allocation__probability=0.9)
    assert tomllib.loads(text)["allocation"].items() >= {
        "method": "minimisation", "probability": 0.9,
    }.items()  # fmt: skip
    assert "block_multiples" not in text
    loading.parse(text)
    back = written(section, text, allocation__method="permuted_blocks")
    assert "probability" not in tomllib.loads(back)["allocation"]
    loading.parse(back)


def test_a_question_to_balance_over_is_added_grouped_and_removed(demo):
    section = randomisation.SECTION
    offered = SectionForm(section, read(demo)).fields["new.stratum"].choices
    key = next(key for key, _label in offered if key.endswith(" experience"))
    text = written(section, demo, new__stratum=key)
    questionnaire = key.split()[0]
    assert tomllib.loads(text)["allocation"]["strata"] == [
        {"questionnaire": questionnaire, "item": "experience"}
    ]
    assert key not in dict(SectionForm(section, read(text)).fields["new.stratum"].choices)
    cut = written(section, text, allocation__strata__0__cuts="4")
    assert loading.parse(cut).allocation.strata[0].cuts == (4,)
    gone = tomllib.loads(written(section, cut, allocation__strata__0__remove=True))
    assert gone == tomllib.loads(demo)


def test_groups_of_answers_are_typed_a_line_each(foretelling):
    declared = loading.parse(foretelling).allocation.strata
    number = next(number for number, one in enumerate(declared) if one.levels)
    field = f"allocation.strata.{number}.levels"
    typed = SectionForm(randomisation.SECTION, read(foretelling))[field].initial
    assert len(typed.splitlines()) == len(declared[number].levels)
    text = written(
        randomisation.SECTION, foretelling,
        **{field: "\n".join(typed.splitlines()[:-1])},
    )  # fmt: skip
    changed = loading.parse(text).allocation.strata[number].levels
    assert len(changed) == len(declared[number].levels) - 1


@pytest.mark.parametrize("name", ["demo.toml", "foretelling.toml"])
def test_only_questions_before_the_pictures_are_offered(name):
    values = read(study_texts.template_text(name))
    fields = SectionForm(randomisation.SECTION, values).fields
    offered = {key.split()[0] for key, _label in fields["new.stratum"].choices if key}
    assert offered <= set(randomisation._asked_before(values))
    assert "trust-v1" not in offered


def test_levels_of_factors_are_typed_for_each_arm(demo):
    section = arms.SECTION
    crossed = study_texts.template_text("map-and-confidence.toml")
    form = SectionForm(section, read(crossed))
    first = read(crossed)["arms"][0]["factors"]
    assert form["arms.0.factors"].initial.splitlines() == [f"{k} = {v}" for k, v in first.items()]
    text = written(section, crossed, arms__0__factors="map = none\ncertainty = unsaid")
    assert read(text)["arms"][0]["factors"] == {"map": "none", "certainty": "unsaid"}
    count = len(read(demo)["arms"])
    levels = {f"arms__{n}__factors": "explained = no" if n == 0 else "explained = yes"
              for n in range(count)}  # fmt: skip
    text = written(section, demo, **levels)
    assert [one.factors for one in loading.parse(text).conditions][:2] == [
        {"explained": "no"}, {"explained": "yes"},
    ]  # fmt: skip
    assert written(section, text, **dict.fromkeys(levels, "")).strip() == demo.strip()
    with pytest.raises(ValidationError, match="does not give a factor its level"):
        form.fields["arms.0.factors"].clean("certainty")


PROLIFIC = """
[recruitment]
kind = "prolific"
codes = { complete = "C1" }
"""


def test_rules_of_recruitment_are_written_for_the_kinds_that_have_them(demo):
    section = recruitment.SECTION
    rules = {
        "recruitment__exclude": "first-study\r\nsecond-study", "recruitment__remember_days": 0,
        "recruitment__replace": ["returned", "withdrawn"], "recruitment__return_after": 60,
        "recruitment__study_id": "6b0000000000000000000001",
    }  # fmt: skip
    text = written(section, demo + PROLIFIC, **rules)
    assert new_lines(demo + PROLIFIC, text) == [
        'exclude = ["first-study", "second-study"]', 'replace = ["returned", "withdrawn"]',
        "remember_days = 0", "return_after = 60", 'study_id = "6b0000000000000000000001"',
    ]  # fmt: skip
    declared = loading.parse(text).recruitment
    assert (declared.remember_days, declared.return_after) == (0, 60)
    assert written(section, demo, **rules) == demo, "an open link has no such rules"
    lab = tomllib.loads(written(section, text, recruitment__kind="lab"))["recruitment"]
    assert lab == {
        "kind": "lab", "exclude": ["first-study", "second-study"], "remember_days": 0,
    }  # fmt: skip


def test_a_file_in_old_words_keeps_its_kind_of_recruitment_and_is_changed_beside_it(demo):
    section = recruitment.SECTION
    old = f"""{demo}
[recruitment]
kind = "panel"
name = "Ours"
id_parameter = "person"

[recruitment.urls]
complete = "https://example.org/?id={{external_id}}"
"""
    assert "[recruitment]" not in demo
    assert written(section, old) == old
    assert new_lines(old, written(section, old, recruitment__return_after=60)) == [
        "return_after = 60"
    ]
    loading.parse(written(section, old, recruitment__return_after=60))
    kinds = [
        kind for kind, _label in SectionForm(section, read(old)).fields["recruitment.kind"].choices
    ]
    assert "panel" in kinds
    assert "service" not in kinds
