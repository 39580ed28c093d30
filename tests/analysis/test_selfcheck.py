"""Nothing in a report can be wrong by transcription: the build and a command recompute it."""

import json
import re
import shutil

import pytest
from django.core.management import CommandError, call_command

from analysis.errors import ReportError
from analysis.redo import check
from analysis.reproduction import bundle
from analysis.reproduction.p_values import recomputed
from analysis.reproduction.report_check import check_page
from analysis.reproduction.statcheck import inconsistent
from analysis.run import analyse

# Known answer 38: what the published text prints, and the p that its statistic and df have.
SLIPS = [
    ("F(11,72)=2.586, p=.112", 0.0079, 0.1122),
    ("F(11,72)=0.235, p=.630", 0.994, 0.6293),
    ("t(472)=2.530, p<.001", 0.0117, None),
    ("t(472)=4.040, p=.012", 6.2e-5, None),
]


@pytest.mark.parametrize(("text", "p", "with_one_df"), SLIPS)
def test_known_answer_38_the_four_published_slips_are_caught(text, p, with_one_df):
    (found,) = inconsistent(text)
    assert found.p == pytest.approx(p, rel=0.01)
    if with_one_df is not None:
        assert found.one_df == pytest.approx(with_one_df, rel=0.001)


def test_known_answer_38_a_page_that_prints_the_four_slips_has_four_problems():
    page = "".join(f"<p>As planned, <i>{text[0]}</i>{text[1:]}.</p>" for text, *_ in SLIPS)
    assert len(check_page(page).problems) == 4


def test_a_slip_between_less_and_greater_is_caught():
    page = "<p>t(80) = 4.10, p &lt; .001</p><p>{}</p><p>t(80) = 0.10, p &gt; .05</p>"
    assert len(check_page(page.format("t(80) = 2.10, p = .049")).problems) == 1
    assert check_page(page.format("t(80) = 2.10, p = .039")).problems == ()


def test_the_rounding_of_printed_degrees_of_freedom_is_allowed_for():
    """t(2.13) = 9.00 may have df 2.125 to 2.135: p .0098 to .0100."""
    assert inconsistent("t(2.13) = 9.00, p = .010") == []
    assert inconsistent("t(2.13) = 9.00, p = .008")


def test_every_p_of_the_results_follows_from_its_statistic(planted_output):
    document = json.loads((planted_output / "results.json").read_text(encoding="utf-8"))
    found = list(recomputed(document))
    assert sum(one.outcome == "equal" for one in found) > 30
    assert not [one for one in found if one.outcome == "wrong"]


def statistics(document):
    """Every table of the document that holds a statistic and its p."""
    if isinstance(document, dict):
        if document.get("statistic") is not None and document.get("p") is not None:
            yield document
        for value in document.values():
            yield from statistics(value)
    elif isinstance(document, list):
        for value in document:
            yield from statistics(value)


def test_a_p_changed_in_the_results_is_noticed_whichever_it_is(planted_output):
    """But for adjusted p within Bonferroni's bound, and p of permutations."""
    document = json.loads((planted_output / "results.json").read_text(encoding="utf-8"))
    noticed = 0
    for entry in statistics(document):
        before, entry["p"] = entry["p"], entry["p"] * 0.5
        wrong = [one for one in recomputed(entry) if one.outcome == "wrong"]
        bounded = "Dunnett" in entry.get("method", "") or "permutation" in entry["name"]
        assert wrong or bounded or before < 1e-10, entry  # the least that rounding leaves
        noticed += bool(wrong)
        entry["p"] = before
    assert noticed > 30


def test_the_page_prints_tests_and_intervals_and_all_of_them_fit(planted_output):
    found = check_page((planted_output / "report.html").read_text(encoding="utf-8"))
    assert found.problems == ()
    assert found.tests >= 12
    assert found.intervals > 100


TABLE = (
    "<table><caption>T</caption><thead><tr><th>Test</th><th>Statistic</th><th>df</th><th>p</th>"
    "</tr></thead><tbody><tr><th>Welch</th><td>F = 5.18</td><td>2, 17.13</td><td>{p}</td></tr>"
    "</tbody></table>"
)


@pytest.mark.parametrize(("p", "problems"), [(".017", 0), (".071", 1), ("&lt; .001", 1)])
def test_a_tables_p_is_held_against_the_statistic_in_its_row(p, problems):
    found = check_page(TABLE.format(p=p))
    assert (found.tests, len(found.problems)) == (1, problems)


def test_an_interval_that_misses_the_number_beside_it_is_noticed():
    row = "<table><tr><th>Arm</th><th>M</th><th>CI</th></tr><tr><th>a</th><td>{}</td><td>{}</td>"
    assert check_page(row.format("−0.20", "[−0.30, 0.10]") + "</tr></table>").problems == ()
    assert check_page(row.format("0.20", "[−0.30, 0.10]") + "</tr></table>").problems


@pytest.mark.parametrize(("value", "problems"), [("1,599.08", 0), ("159.08", 1), ("1,999.08", 1)])
def test_thousands_are_read_as_they_are_printed(value, problems):
    row = "<table><tr><th>Arm</th><th>M</th><th>CI</th></tr><tr><th>a</th><td>{}</td><td>{}</td>"
    found = check_page(row.format(value, "[1,234.50, 1,765.00]") + "</tr></table>")
    assert (found.intervals, len(found.problems)) == (1, problems)


@pytest.fixture
def finished(small_output, tmp_path):
    """A finished report of one's own to tamper with."""
    return shutil.copytree(small_output, tmp_path / "report")


def tamper(folder, name, pattern, change):
    text = (folder / name).read_text(encoding="utf-8")
    changed, times = re.subn(pattern, change, text, count=1)
    assert times == 1
    assert changed != text
    (folder / name).write_text(changed, encoding="utf-8")


def renew_manifest(folder):
    """What someone does who knows about the hashes."""
    made = {"command": bundle.read_manifest(folder)["command"]}
    bundle.write_manifest(folder, made, bundle.files_in(folder))


def test_an_untouched_report_holds(small_output):
    call_command("run_analysis", "--check", str(small_output))  # which fails for any problem


@pytest.mark.nightly
def test_a_number_altered_by_hand_in_the_page_is_caught(finished):
    tamper(finished, "report.html", r"<td>\d\.\d\d</td>", "<td>6.66</td>")
    with pytest.raises(CommandError, match=r"report\.html was changed after it was written"):
        call_command("run_analysis", "--check", str(finished))
    renew_manifest(finished)
    assert check(finished)  # by its interval, or by the page that the data give


def test_a_p_altered_by_hand_in_a_sentence_is_caught_without_any_hash(finished):
    after_a_statistic = (
        r"(<i>[tFz]</i>[^<]*<span[^>]*><i>p</i>\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE})\.\d{3}"
    )
    tamper(finished, "report.html", after_a_statistic, r"\1.049")
    renew_manifest(finished)
    assert any("not as printed" in problem for problem in check(finished))


def test_an_estimate_altered_in_results_json_is_caught_by_its_data(finished):
    tamper(finished, "results.json", r'(?<="sd": )\d\.\d+', "0.123456789")
    renew_manifest(finished)
    assert any("is 0.123456789, but" in problem for problem in check(finished))


def test_a_participants_answer_altered_in_the_bundle_is_caught(finished):
    tamper(finished, "data/answers.csv", r"(?m)(?<=,trust1,)\d", "9")
    assert any("data/answers.csv was changed" in problem for problem in check(finished))


def test_results_with_a_wrong_p_are_not_written(folder, tmp_path, monkeypatch):
    from analysis import results

    def swapped(found):
        return results.to_json(found).replace('"p": 0.', '"p": 0.9', 1)

    monkeypatch.setattr("analysis.run.to_json", swapped)
    with pytest.raises(ReportError, match="but should be"):
        analyse(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_report_is_named_with_the_cure(tmp_path):
    with pytest.raises(CommandError, match="Name a folder that run_analysis wrote"):
        call_command("run_analysis", "--check", str(tmp_path))
