"""The report: one file that a reviewer can read, and that nobody can break through its texts."""

import re
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest

from analysis import apa_numbers
from analysis.plan.plan import Plan
from analysis.plan.tables import Exclusion
from analysis.report.allocation import population_words
from analysis.report.method import method_notes
from analysis.report.sentences import symbols, typeset, verdict_text
from analysis.run import analyse
from analysis.statistics.estimate import Estimate, HypothesisTest
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, page_of, write_manifest, write_study

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> $x_{2}$ ]]>"


@pytest.fixture(scope="module")
def report(planted_output):
    return (planted_output / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.links = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for name, value in attributes if name == "id"]
        self.links += [value for name, value in attributes if name in ("href", "src", "xlink:href")]

    def count(self, name):
        return sum(tag == name for tag, _ in self.tags)


def test_the_report_is_one_file_without_script_or_anything_fetched(report):
    page = Page(report)
    assert page.count("script") == page.count("link") == page.count("img") == 0
    assert all(link.startswith("#") for link in page.links)
    assert not re.search(r"@import|url\((?!#)", report)


def test_ids_are_unique_and_every_link_leads_somewhere(report):
    page = Page(report)
    assert len(page.ids) == len(set(page.ids))
    targets = page.links + [f"#{name}" for name in re.findall(r"url\(#([^)]+)\)", report)]
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(page.ids)


def test_headings_captions_scopes_and_alternatives_are_there(report):
    page = Page(report)
    assert page.count("h1") == 1
    assert page.count("table") == page.count("caption") > 10
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    labelled = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert len(labelled) == page.count("figure") == 5 + 2 * 4
    assert all(entry["role"] == "img" for entry in labelled)
    assert all(entry["aria-labelledby"] in page.ids for entry in labelled)


def test_simulated_data_are_called_so_on_top_in_every_section_and_every_figure(report):
    page = Page(report)
    assert report.index("SIMULATED DATA") < report.index("<h1>")
    assert report.count('<span class="tag">simulated data</span>') == page.count("h2")
    figures = re.findall(r"<svg.*?</svg>", report, re.DOTALL)
    assert all("SIMULATED DATA" in figure for figure in figures)
    assert all("Simulated data." in figure for figure in figures)


def test_real_data_carry_no_such_mark(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4, simulated=False)
    results, text = page_of(folder)
    assert not results.simulated
    assert "simulated" not in re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL).lower()


def test_no_undefined_number_and_no_p_of_zero_is_printed(report):
    visible = re.sub(r"<style>.*?</style>", "", report, flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", visible)
    assert not re.search(r"\b(nan|inf|infinity|undefined)\b|\bestimate\(", words, re.IGNORECASE)
    assert not re.search(r"(=|>)\s*\.000\b", visible)


def test_the_numbers_of_the_report_are_those_of_the_results(report, planted_results):
    for result in planted_results.outcomes:
        welch = result.found.welch
        assert f"<td><i>F</i> = {welch.statistic:.2f}</td>" in report
        assert f"<td>{escape(apa_numbers.p_cell(result.p_adjusted))}</td>" in report
        for arm in result.found.arms:
            assert f"<td>{arm.n}</td><td>{arm.mean.value:.2f}</td>" in report


def test_provenance_names_hashes_versions_seed_and_command(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4, seed=4)
    results = analyse(folder, tmp_path, command="manage.py run_analysis demo")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for digest in results.provenance.files.values():
        assert digest in text
    assert "manage.py run_analysis demo" in text
    assert "<dd>4</dd>" in text
    assert f"scipy {results.provenance.analysis_software['scipy']}" in text


def test_data_without_a_manifest_say_so(folder, tmp_path):
    (folder / "manifest.json").unlink()
    assert "The data came without a manifest" in page_of(folder)[1]


@pytest.mark.figures
def test_hostile_texts_stay_texts(tmp_path):
    arms = {"none": HOSTILE, "lime": "<b>LIME</b>"}
    folder = write_study(tmp_path / "data", arms=arms, per_arm=4)
    plan = (folder / "plan.toml").read_text()
    plan = "\n[[outcomes]]".join(plan.split("\n[[outcomes]]")[:2])
    plan = plan.replace('"Trust in the classifier"', f"'''{HOSTILE}'''")
    plan = plan.replace('"What explanations do to trust"', f"'''{HOSTILE}'''")
    (folder / "plan.toml").write_text(plan)
    edit(folder, "codebook.csv", lambda frame: frame.assign(source=HOSTILE))
    write_manifest(folder, title=HOSTILE)
    analyse(folder, tmp_path / "out", command=f"run {HOSTILE}")
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.count("script") == page.count("img") == page.count("b") == 0
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "< .001"),
        (0.00099, "< .001"),
        (0.001, "= .001"),
        (0.0321, "= .032"),
        (0.0496, "= .0496"),
        (0.05, "= .050"),
        (0.0503, "= .0503"),
        (0.9996, "> .999"),
        (1.0, "> .999"),
    ],
)
def test_p_values_are_printed_as_apa_does(p, text):
    assert apa_numbers.p_value(p) == text


@pytest.mark.parametrize(
    ("value", "plain", "bounded"),
    [(0.314, "0.31", ".31"), (-0.5, "−0.50", "−.50"), (-0.001, "0.00", ".00"), (1, "1.00", "1.00")],
)
def test_numbers_have_a_leading_zero_only_where_they_can_exceed_one(value, plain, bounded):
    assert apa_numbers.number(value) == plain
    assert apa_numbers.bounded(value) == bounded


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (apa_numbers.number(13599.083), "13,599.08"),
        (apa_numbers.number(-1234.5, 0), "−1,234"),
        (apa_numbers.number(-0.0004), "0.00"),
        (apa_numbers.percent(0.673), "67%"),
        (apa_numbers.degrees(71.99998), "72"),
        (apa_numbers.degrees(1234.0), "1234"),
        (apa_numbers.degrees(17.134), "17.13"),
    ],
)
def test_thousands_shares_and_degrees_of_freedom_are_printed_as_apa_does(printed, text):
    assert printed == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_does_not_exist_cannot_be_printed_nor_made(value):
    with pytest.raises(ValueError, match="finite"):
        apa_numbers.number(value)
    with pytest.raises(ValueError, match="finite"):
        Estimate("mean", value, 0, 1, 0.95, 3, "t")
    with pytest.raises(ValueError, match="finite"):
        HypothesisTest("Welch ANOVA", "F", value, (1.0, 2.0), 0.5, 9)


def test_an_interval_that_misses_its_estimate_cannot_be_made():
    with pytest.raises(ValueError, match="must contain"):
        Estimate("mean", 2.0, 0.0, 1.0, 0.95, 3, "t")


def test_typesetting_escapes_what_it_does_not_make():
    html = typeset("<i>x</i> F(2, 9.10) = 3.20, p < .001")
    assert "&lt;i&gt;x&lt;/i&gt;" in html
    assert "<i>F</i>(2,\N{NO-BREAK SPACE}9.10)\N{NO-BREAK SPACE}= 3.20" in html
    assert "<i>p</i>\N{NO-BREAK SPACE}&lt;\N{NO-BREAK SPACE}.001" in html


def test_latin_symbols_of_statistics_are_in_italics_and_greek_ones_not():
    assert symbols("Adjusted p") == "Adjusted <i>p</i>"
    assert symbols("95% CI of g") == "95% CI of <i>g</i>"
    assert symbols("Cliff's δ & <b>") == "Cliff&#39;s δ &amp; &lt;b&gt;"
    assert "<i>H</i>(2)" in typeset("Kruskal-Wallis H(2) = 0.13, p = .937.")


def test_notes_on_method_tell_of_what_was_done_and_of_nothing_else(planted_results):
    told = " ".join(method_notes(planted_results))
    assert "Welch's ANOVA" in told
    assert "Random numbers enter only the test of attrition; they have fixed seeds." in told
    assert "Models of trials" not in told
    assert "Benjamini" not in told
    first = planted_results.outcomes[0]
    exploratory = replace(first, outcome=replace(first.outcome, role="exploratory"))
    told = " ".join(method_notes(replace(planted_results, outcomes=(exploratory,))))
    assert "Benjamini and Hochberg" in told


def test_who_was_taken_out_of_every_set_is_not_called_randomised_and_analysed():
    rule = Exclusion("late", "came late", "participant", scope="all")
    plan = Plan("A plan", "none", ("none", "map"), (), exclusions=(rule,))
    assert population_words("randomised", plan).endswith(
        "without participants excluded from all sets"
    )
    plain = replace(plan, exclusions=())
    assert population_words("randomised", plain).endswith("whose data exist")


def test_a_difference_is_not_claimed_where_the_outcomes_own_test_is_silent():
    assert verdict_text("different", shown=True) == "different"
    assert verdict_text("equivalent", shown=False) == "equivalent"
    assert "does not show it" in verdict_text("different", shown=False)
    assert verdict_text(None, shown=True) == "–"


def test_a_p_is_never_torn_from_its_number():
    html = typeset("Welch's F(2, 9.10) = 3.20, p = .337, Holm-adjusted p < .001.")
    assert html.count('<span class="kept">') == 2
    assert "\N{NO-BREAK SPACE}.337</span>" in html
