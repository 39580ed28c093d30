"""Stored results are shown with the page's own words."""

import json

from explanations.evaluation.catalogue import MEASURES
from explanations.source_report.wording import evaluation_in_words, with_zeros, worded
from tests.conftest import ROOT

EXAMPLES = ROOT / "docs" / "examples"


def test_labels_and_captions_are_those_of_the_catalogue_whatever_was_stored():
    stored = {
        "methods": ["lime"],
        "measures": [
            {"key": "infidelity", "label": "old", "caption": "old", "rows": [1]},
            {"key": "gone", "label": "kept", "caption": "kept", "rows": []},
        ],
    }
    known = {measure.key: measure for measure in MEASURES}
    first, second = evaluation_in_words(stored)["measures"]
    assert (first["label"], first["caption"]) == (
        known["infidelity"].label, known["infidelity"].caption
    )  # fmt: skip
    assert first["rows"] == [1]
    assert second == stored["measures"][1]


def test_a_share_of_images_has_wilsons_interval():
    """R: prop.test(28, 100, correct = FALSE)$conf.int gives .2013, .3749."""
    row = {"method": "lime", "images": "all", "mean": 0.28, "low": 0.19, "high": 0.37, "n": 100}
    stored = {"measures": [{"key": "no_patch_matters", "rows": [row]}]}
    (measure,) = evaluation_in_words(stored)["measures"]
    (share,) = measure["rows"]
    assert (round(share["low"], 4), round(share["high"], 4)) == (0.2014, 0.3749)


def test_a_study_gets_the_pages_names_and_keeps_its_numbers():
    study = json.loads((EXAMPLES / "source-study" / "results.json").read_text())
    labels = {row["outcome"]["key"]: row["outcome"]["label"] for row in worded(study)["outcomes"]}
    assert labels["understanding"] == "Perceived understanding of the classifier"
    assert labels["sureness"] == "Confidence in the decisions"
    assert worded(study)["labels"]["deepshap"] == "SHAP"
    assert worded(study)["plan"]["arms"] == study["plan"]["arms"]


def test_decimals_have_one_form():
    assert with_zeros("< .001, .5 and −.3 of 1.5; cf. v2.7 (.05)") == (
        "< 0.001, 0.5 and −0.3 of 1.5; cf. v2.7 (0.05)"
    )
