"""manage.py preregister: the plan as a document, with the hash that the analysis will have."""

import json
import re
from dataclasses import asdict
from html.parser import HTMLParser

import pytest
from django.core.management import CommandError, call_command

from analysis.plan.reading import parse_plan, plan_hash, read_document
from surveys import services
from surveys.export.writing import export_study
from surveys.models import Study
from surveys.study_checks.loading import parse
from surveys.tidy.analysis_plan import plan_of
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
    assert "Research question: [to be filled in by the authors]." in text
    assert "Procedure: instructions for task and map, with an example." in text
    assert (
        "Maps by condition: “Grad-CAM”: Grad-CAM; “Saliency map”: Saliency map; “Integrated" in text
    )
    assert "“Integrated Gradients”: Integrated Gradients, from black; “" in text
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
    question = "Do people follow wrong answers more?"
    plain = file.read_text(encoding="utf-8")
    file.write_text(f'question = "{question}"\n{plain}', encoding="utf-8")
    text, _ = written(tmp_path / "asked", capsys, file)
    assert f"\n- Research question: {question}\n" in text
    assert "already has 1 participants" in printed.err


def power_file(folder, document, told):
    """What plan_power writes, as far as a registration reads it."""
    plan = asdict(parse_plan(document))
    file = folder / "power.json"
    file.write_text(json.dumps({"plan": plan, "told": {"trust": told}}), encoding="utf-8")
    return file


@pytest.mark.django_db
def test_what_plan_power_found_stands_as_the_samples_reason(tmp_path, capsys):
    without, _ = written(tmp_path, capsys)
    assert "Sample size and rationale: [to be filled in by the authors]" in without
    document = plan_of(parse(DEMO.read_text(encoding="utf-8")))
    file = power_file(tmp_path, document, "70 per arm are needed.")
    call_command("preregister", str(DEMO), output=tmp_path, power=file)
    text = (tmp_path / "preregistration.md").read_text(encoding="utf-8")
    assert "By simulation of this plan: 70 per arm are needed." in text
    assert "Sample size and rationale: [" not in text


@pytest.mark.django_db
def test_a_power_simulation_of_another_plan_is_refused(tmp_path):
    document = plan_of(parse(DEMO.read_text(encoding="utf-8")))
    file = power_file(tmp_path, document | {"alpha": 0.01}, "70 per arm are needed.")
    with pytest.raises(CommandError, match="another plan"):
        call_command("preregister", str(DEMO), output=tmp_path, power=file)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(CommandError, match="is not a power"):
        call_command("preregister", str(DEMO), output=tmp_path, power=file)


@pytest.mark.django_db
def test_conditions_within_participants_are_named_apart_from_their_orders(tmp_path, capsys):
    text, _ = written(tmp_path, capsys, ROOT / "studies" / "within.toml")
    assert "the conditions (No explanation, Grad-CAM, LIME, Placebo map) differ" in text
    assert "Orders of the conditions, to which participants are randomised: No expl" in text
    assert "Control:" not in text


@pytest.mark.django_db
def test_measures_tests_and_what_stands_beside_them_are_said_in_full(tmp_path, capsys):
    text, _ = written(tmp_path, capsys)
    assert "(7 items of trust-v1, 1 to 7; reversed: trust3, trust6)" in text
    assert "Also reported: ω²; differences from the control" in text
    assert "smallest difference that matters is 0.15 as a share of trials" in text
    assert "The program applies the rules in this order" not in text  # there are none
