"""manage.py reproduce_report from the shipped weights alone, without CIFAR-10."""

import json

import pytest
from django.core.management import CommandError, call_command

from explanations.source_report import measuring, pipeline, sources


@pytest.mark.nightly
def test_without_data_the_page_is_made_of_scenes_and_says_what_is_missing(tmp_path, settings):
    output = tmp_path / "page"
    said = call_command("reproduce_report", output=output, quick=True, pdf=False)
    assert "claims:" in said
    html = (output / "report.html").read_text()
    assert "CIFAR-10 was not given" in html
    assert html.count("data:image/jpeg") > 50
    numbers = json.loads((output / "results.json").read_text())
    assert {sample["images"] for sample in numbers["samples"]} == {30, 4}
    # A second run has no number left to compute.
    works = pipeline.works_of(
        sources.find(settings.BASE_DIR / "weights", None),
        pipeline.Settings(quick=True),
        output / "work",
    )
    assert [len(work.missing()) for work in works] == [0] * 6


def test_a_folder_without_results_is_refused_with_the_cure(tmp_path):
    with pytest.raises(CommandError, match=r"contains no results\.json"):
        call_command("reproduce_report", output=tmp_path / "page", study=tmp_path)


def test_a_profile_that_does_not_exist_is_refused_before_any_work(tmp_path):
    with pytest.raises(CommandError, match="there is no such file"):
        call_command("reproduce_report", "--output", str(tmp_path / "page"), "--profile", "nobody")
    assert not (tmp_path / "page").exists()


def test_what_is_missing_is_named_with_its_cure(settings):
    found = sources.find(settings.BASE_DIR / "weights", None)
    assert found.photographs is None
    assert not found.networks
    assert any("--data-dir" in sentence for sentence in found.missing)
    works = pipeline.works_of(found, pipeline.Settings(quick=True), settings.BASE_DIR / "nowhere")
    assert {work.network.key for work in works} == {"scenes"}
    assert [work.group for work in works] == [
        measuring.CHEAP, measuring.CONTROLS, measuring.CENTRE, measuring.EXPENSIVE,
        measuring.BASELINES, measuring.LOCATED,
    ]  # fmt: skip
