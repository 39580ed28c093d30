"""Texts that count or name what the study does not have are pointed out, and no others."""

import pytest

from studyplatform.panel import study_texts
from studyplatform.panel.text_checks import stale_texts
from surveys.study_checks import loading

DEMO = "demo.toml"


def remarks(source: str) -> list[str]:
    return [remark.sentence for remark in stale_texts(loading.parse(source))]


def without_arm(source: str, key: str) -> str:
    before, _, after = source.partition(f'[[arms]]\nkey = "{key}"')
    return before + after[after.index("\n[") + 1 :]


@pytest.mark.parametrize("name", [template.name for template in study_texts.templates()])
def test_the_texts_of_a_shipped_design_fit_it_except_that_it_is_a_demonstration(name):
    assert [
        remark
        for remark in remarks(study_texts.template_text(name))
        if "emonstration" not in remark
    ] == []


def test_a_placebo_that_was_removed_is_found_in_each_language():
    found = remarks(without_arm(study_texts.template_text(DEMO), "placebo"))
    assert [remark for remark in found if "placebo" in remark] == [
        "The debrief in the language “en” mentions a placebo, and no arm has one. "
        "Delete the mention.",
        "The debrief in the language “de” mentions a placebo, and no arm has one. "
        "Delete the mention.",
    ]


def test_a_method_that_was_removed_is_found_by_its_number_and_by_its_name():
    source = study_texts.template_text(DEMO).replace("a page of instructions, and", "LIME, and")
    found = remarks(without_arm(source, "lime"))
    assert any("“five methods”, and the arms show maps of 4 methods." in one for one in found)
    assert any("“fünf Verfahren”" in one for one in found)
    assert any("consent" in one and "mentions LIME" in one for one in found)


def test_another_number_of_pictures_is_found_at_its_field():
    source = study_texts.template_text(DEMO).replace("right = 8", "right = 9")
    (english, german) = [
        remark for remark in stale_texts(loading.parse(source)) if "judges 13" in remark.sentence
    ]
    assert "“12 pictures”" in english.sentence
    assert english.field == "consent.text"
    assert german.field == "text.de.consent.text"
