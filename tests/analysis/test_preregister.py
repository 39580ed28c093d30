"""manage.py preregister: the plan as a document, with the hash that the analysis will have."""

import json
import re
from html.parser import HTMLParser

import pytest
from django.core.management import call_command

from analysis.planfile import plan_hash, read_document
from surveys import services
from surveys.export import export_study
from surveys.models import Study
from tests.conftest import ROOT
from tests.surveys import factories

DEMO = ROOT / "studies" / "demo.toml"


def written(output, capsys, file=DEMO):
    call_command("preregister", str(file), output=output)
    printed = capsys.readouterr()
    return (output / "preregistration.md").read_text(encoding="utf-8"), printed


@pytest.mark.django_db
def test_the_document_has_what_the_two_registries_ask_for(tmp_path, capsys):
    text, printed = written(tmp_path, capsys)
    for number in range(2, 8):
        assert f"AsPredicted: {number}) " in text
    for heading in ("Hypotheses", "Design", "Sample", "Variables", "Analyses", "Exclusions"):
        assert f"\n## {heading}" in text
    assert "No data had been collected" in text
    assert "H1 (primary): the arms differ in “Trust in the classifier”. Two-sided." in text
    assert "agreed ~ arm + (1 | participant) + (1 | image)" in text
    assert "4 that it gets wrong" in text
    digest = plan_hash(json.loads((tmp_path / "registered.json").read_text(encoding="utf-8")))
    assert f"Plan {digest}" in printed.out
    assert text.count(digest) == 2


@pytest.mark.django_db
def test_the_page_says_the_same_lines_as_the_markdown(tmp_path, capsys):
    text, _ = written(tmp_path, capsys)
    page = (tmp_path / "preregistration.html").read_text(encoding="utf-8")

    class Items(HTMLParser):
        def __init__(self):
            super().__init__()
            self.found, self.inside = [], False
            self.feed(page)

        def handle_starttag(self, tag, attrs):
            self.inside = tag == "li"
            self.found += [""] * self.inside

        def handle_data(self, data):
            if self.inside:
                self.found[-1] += data

        def handle_endtag(self, tag):
            self.inside = self.inside and tag != "li"

    lines = re.findall(r"^- (.*)$", text, re.MULTILINE)
    assert lines[-len(Items().found) :] == Items().found
    assert "<script" not in page


@pytest.mark.django_db
def test_the_registered_plan_is_the_one_that_comes_with_the_data(tmp_path, capsys):
    study = factories.small_study(tmp_path)
    person = services.enrol(study=study, arrival_key="one", simulated=False)
    factories.walk(person, choice=1)
    file = tmp_path / "study.toml"
    file.write_text(Study.objects.get(slug=study.slug).source, encoding="utf-8")
    text, printed = written(tmp_path / "out", capsys, file)
    export_study(study=study, output=tmp_path / "data")
    exported = plan_hash(read_document(tmp_path / "data" / "plan.toml"))
    assert exported in text
    assert plan_hash(read_document(tmp_path / "out" / "registered.json")) == exported
    assert "DATA COLLECTION HAD BEGUN" in text
    assert "already has 1 participants" in printed.err
