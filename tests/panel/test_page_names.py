"""Pages of a study by names that people read."""

from django.utils import translation

from studyplatform.panel import study_texts
from studyplatform.panel.page_names import page_names
from surveys.study_checks import loading
from tests.conftest import ROOT


def names_of(file: str) -> dict[str, str]:
    return page_names(loading.parse((ROOT / "studies" / file).read_text(encoding="utf-8")))


def test_pages_are_named_by_what_they_show():
    names = list(names_of("demo.toml").values())
    assert names[0].startswith("Questionnaire: ")
    assert names[1:3] == ["Instructions", "Picture 1"]
    assert "Picture 12" in names


def test_practice_stages_and_checks_have_names_of_their_own():
    names = set(names_of("judge-advisor.toml").values())
    assert {"Practice picture 1: feedback", "Comprehension check, attempt 1"} <= names
    assert any(name.startswith("Picture 1: ") for name in names)


def test_pages_of_several_blocks_name_their_part():
    assert {"Instructions (part 1)", "Instructions (part 2)"} <= set(
        names_of("within.toml").values()
    )


def test_every_page_of_a_shipped_study_has_another_name():
    for template in study_texts.templates():
        names = page_names(loading.parse(study_texts.template_text(template.name)))
        assert len(set(names.values())) == len(names), template.name


def test_questionnaires_are_named_in_the_language_of_the_reader():
    with translation.override("de"):
        assert next(iter(names_of("demo.toml").values())) == (
            "Fragebogen: Sie und künstliche Intelligenz"
        )
