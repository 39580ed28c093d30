"""Parts of a page that are alike for everybody are rendered once, and nothing else is."""

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

LOAD = "{% load i18n rendered_once %}"
TEXT = '{% translate "Continue" %}'


def rendered(template: Template, language: str = "en", **values: object) -> str:
    with translation.override(language):
        return template.render(Context(values))


def test_each_language_has_its_own_text():
    template = Template(f"{LOAD}{{% once %}}{TEXT}{{% endonce %}}")
    assert [rendered(template, code) for code in ("en", "de", "en")] == [
        "Continue",
        "Weiter",
        "Continue",
    ]


def test_each_condition_has_its_own_text():
    template = Template(
        f"{LOAD}{{% once a %}}{{% if a %}}with{{% else %}}without{{% endif %}}{{% endonce %}}"
    )
    found = [rendered(template, a=a) for a in (True, False, 5, None)]
    assert found == ["with", "without", "with", "without"]
    assert rendered(template) == "without"


def test_a_text_is_rendered_a_single_time(monkeypatch):
    template = Template(f"{LOAD}{{% once %}}{TEXT}{{% endonce %}}")
    first = rendered(template)
    monkeypatch.setattr("django.templatetags.i18n.TranslateNode.render", lambda *_: "anew")
    assert rendered(template) == first
    assert rendered(Template(f"{LOAD}{TEXT}")) == "anew"  # control


def test_values_of_people_cannot_be_kept():
    with pytest.raises(TemplateSyntaxError, match="for the first person only"):
        Template(f"{LOAD}{{% once %}}<p>{{{{ participant.code }}}}</p>{{% endonce %}}")
