"""What comes with a report, and that the report can be made again from it alone."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape

import pandas as pd
import pytest
from jsonschema import Draft202012Validator
from threadpoolctl import threadpool_info

from analysis import redo
from analysis.errors import ReportError
from analysis.report import pdf
from analysis.report.render import render_report
from analysis.reproduction import results_schema
from analysis.reproduction.old_results import in_todays_words
from analysis.results import compute
from analysis.run import analyse
from analysis.study_data.populations import score_table
from analysis.study_data.provenance import provenance
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, outcomes_of, write_study
from tests.conftest import ROOT


def document(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_the_shipped_schema_is_that_of_the_result_classes():
    """Else: python -m analysis.reproduction.results_schema"""
    text = results_schema.schema_text()
    assert results_schema.FILE.read_text(encoding="utf-8") == text
    Draft202012Validator.check_schema(json.loads(text))


def test_results_json_fits_the_schema_that_comes_with_it(planted_output):
    schema = json.loads((planted_output / "results.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(document(planted_output))


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("flow"),
        lambda d: d.update(optional_sections={"tarot": 1}),
        lambda d: d["outcomes"][0].update(p_adjusted="small"),
        lambda d: d["outcomes"][0]["found"].update(mood="good"),
        lambda d: d["plan"].update(alpha=None),
        lambda d: d["plan"].update(alpha=0.7),
        lambda d: d["plan"]["outcomes"][0].pop("fallback"),
        lambda d: d["plan"]["outcomes"][0].update(role="both"),
    ],
)
def test_a_document_that_the_schema_does_not_allow_is_refused(planted_output, change):
    changed = document(planted_output)
    change(changed)
    with pytest.raises(ReportError, match=r"results\.json"):
        results_schema.validate(changed)


def in_old_words(results):
    """Results as version 1 of the schema named them."""

    def with_keys(table, old):
        assert old.keys() <= table.keys()
        return {old.get(key, key): value for key, value in table.items()}

    states = {"stopped": "withdrawn", "left_silently": "started_only"}
    inside = {
        "stimuli_shown": with_keys(results["stimuli_shown"], {"by_image": "pictures"}),
        "plan": with_keys(results["plan"], {"map_quality": "meeting"}),
        "flow": [
            {key: value for key, value in with_keys(row, states).items() if "erased" not in key}
            for row in results["flow"]
        ],
        "study_flow": {
            key: value for key, value in results["study_flow"].items() if key not in states
        },
    }
    renamed = {"optional_sections": "further", "stimuli_shown": "shown"}
    return with_keys(results | inside, renamed) | {"schema": 1}


@pytest.mark.nightly
@pytest.mark.whole_report
def test_results_in_the_words_of_version_1_are_still_checked_and_compared(planted_output, tmp_path):
    place = shutil.copytree(planted_output, tmp_path / "old")
    old = in_old_words(document(place))
    with pytest.raises(ReportError, match="further"):
        results_schema.validate(old)  # as they are, they are not today's
    results_schema.validate(in_todays_words(old))
    (place / "results.json").write_text(json.dumps(old), encoding="utf-8")
    assert redo.redo(place) == []
    old["shown"]["images"] += 1
    (place / "results.json").write_text(json.dumps(old), encoding="utf-8")
    reason, difference = redo.redo(place)
    stopped = sum(row["withdrawn"] for row in old["flow"])
    assert f"left {stopped} participants who stopped" in reason
    assert "stimuli_shown/images" in difference


def test_a_bundle_as_it_was_written_is_repeated_to_the_last_digit(small_output, capsys):
    assert redo.main(small_output) == 0
    assert capsys.readouterr().out == "Every number is identical.\n"


@pytest.mark.nightly
@pytest.mark.whole_report
def test_the_redo_script_needs_the_bundle_alone(tmp_path):
    """In an empty process it finds the one number that was altered, and no other difference."""
    place = tmp_path / "empty"
    analyse(write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4), place)
    path = place / "results.json"
    text = path.read_text()
    assert '"randomised": 4' in text
    path.write_text(text.replace('"randomised": 4', '"randomised": 5', 1))
    altered = subprocess.run(
        [sys.executable, "redo.py"], cwd=place, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert altered.returncode == 1
    (said,) = altered.stdout.splitlines()
    assert "is 5, but the new analysis gives 4" in said


def test_the_redo_script_says_what_is_missing_where_the_platform_is_not_there(
    planted_output, tmp_path
):
    script = shutil.copy(planted_output / "redo.py", tmp_path)
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Set PYTHONPATH" in done.stderr


MODELLED = """
[[outcomes]]
key = "reliance"
label = "Wrong advice followed"
kind = "trial_mean"
column = "agreed"
where = { prediction_correct = 0 }
analysis = "logistic_trials"
random = ["participant"]
fallback = "binary_trials"
family = "reliance"
"""


@pytest.fixture
def modelled_folder(planted_folder, tmp_path):
    """The planted study with a mixed model alone."""
    folder = shutil.copytree(planted_folder, tmp_path / "data")
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text().partition("[[outcomes]]")[0] + MODELLED)
    return folder


@pytest.fixture(scope="module")
def large_folder(tmp_path_factory):
    """A study so large that linear algebra splits its sums between threads, with a mixed model."""
    place = tmp_path_factory.mktemp("large") / "data"
    folder = write_study(place, arms=THREE_ARMS, per_arm=250, accept_wrong={"placebo": 0.4})
    of_every_trial = MODELLED.replace("where = { prediction_correct = 0 }\n", "")
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + of_every_trial.replace('t"]', 't", "image"]'))
    return folder


def results_in_another_process(folder, place, function="compute", **variables):
    """results.json as a new process writes it, with these variables of the environment."""
    code = (
        "import sys, pathlib; from tests.analysis.reproduction.test_bundle import computed; "
        "from analysis.results import compute, to_json; "
        f"sys.stdout.write(to_json(computed(pathlib.Path(sys.argv[1]), {function})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, **variables, "PYTHONPATH": str(ROOT)},
        check=True,
        cwd=place,
        capture_output=True,
    )
    return done.stdout


def threads(number):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(number))


@pytest.mark.nightly
@pytest.mark.parametrize("many", [2, 4])
def test_results_are_the_same_bytes_with_any_number_of_threads(large_folder, tmp_path, many):
    one, others = (
        results_in_another_process(large_folder, tmp_path, **threads(number))
        for number in (1, many)
    )
    assert one == others
    fitted = json.loads(one)["outcomes"][-1]["found"]
    assert fitted["model"] == "agreed ~ arm + (1 | participant) + (1 | image)"
    assert json.loads(one)["provenance"]["numerical_threads"] == 1


@pytest.mark.nightly
@pytest.mark.skipif(os.cpu_count() == 1, reason="a single core has a single thread")
def test_without_the_limit_another_number_of_threads_gives_other_digits(large_folder, tmp_path):
    """The control of the test above: its study is large enough to tell."""
    one, two = (
        results_in_another_process(large_folder, tmp_path, "compute.__wrapped__", **threads(number))
        for number in (1, 2)
    )
    assert one != two


def kernels():
    """Return the kernel that OpenBLAS chooses for this processor, None for another library."""
    return next((one.get("architecture") for one in threadpool_info()), None)


@pytest.mark.nightly
@pytest.mark.skipif(kernels() is None, reason="only OpenBLAS lets its kernel be chosen")
@pytest.mark.whole_report
def test_another_processor_repeats_a_report_within_the_tolerance_and_says_so(
    large_folder, tmp_path
):
    place = tmp_path / "report"
    analyse(large_folder, place)
    other = "Prescott" if kernels() != "Prescott" else "Haswell"

    def run():
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_CORETYPE": other}
        return subprocess.run(
            [sys.executable, "redo.py"], cwd=place, env=environment, capture_output=True, text=True
        )

    done = run()
    assert done.returncode == 0, done.stdout
    assert "agrees within 1e-06" in done.stdout
    assert document(place)["provenance"]["processor"] in done.stdout
    # The last digits do differ, so that a comparison without tolerance would fail.
    here = tmp_path / "elsewhere.json"
    here.write_bytes(results_in_another_process(large_folder, tmp_path, OPENBLAS_CORETYPE=other))
    old, new = document(place), json.loads(here.read_text())
    assert list(redo._differences(old, new, "", True))
    # A number beyond the tolerance is a difference on every processor, and so is any count.
    mean = old["outcomes"][0]["found"]["arms"][0]["mean"]
    mean["value"] *= 1 + 3e-6
    old["flow"][0]["randomised"] += 1
    (place / "results.json").write_text(json.dumps(old), encoding="utf-8")
    altered = run()
    assert altered.returncode == 1
    assert "outcomes/0/found/arms/0/mean/value: is" in altered.stdout
    assert "flow/0/randomised: is" in altered.stdout


def computed(folder, function=compute):
    """The results alone: no figures, no files."""
    data = read_study(folder)
    return function(data, score_table(data))


def hashes(folder):
    found = provenance(read_study(folder))
    return found.data_sha256, found.plan_sha256


def test_a_removed_participant_is_another_data_hash_and_the_same_plan_hash(folder):
    before = hashes(folder)
    gone = pd.read_csv(folder / "participants.csv")["participant"].iloc[-1]
    for name in ("participants.csv", "trials.csv", "answers.csv"):
        edit(folder, name, lambda frame: frame[frame["participant"] != gone])
    after = hashes(folder)
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_changed_plan_is_another_plan_hash_and_a_reordered_one_is_not(folder):
    before = hashes(folder)
    plan = folder / "plan.toml"
    text = plan.read_text()
    title, rest = text.split("\n", 1)
    control, rest = rest.split("\n", 1)
    plan.write_text(f"# a remark\n{control}\n{title}\n\n{rest}")
    assert hashes(folder) == before
    plan.write_text(text.replace("alpha = 0.05", "alpha = 0.01"))
    after = hashes(folder)
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)


def relabel(folder):
    """Keys and labels of the arms go round in a circle."""
    circle = {"none": "gradcam", "gradcam": "placebo", "placebo": "none"}
    for name in ("participants.csv", "trials.csv", "answers.csv"):
        edit(folder, name, lambda frame: frame.assign(arm=frame["arm"].map(circle)))
    edit(
        folder,
        "participants.csv",
        lambda frame: frame.assign(arm_label=frame["arm"].map(THREE_ARMS)),
    )


@pytest.mark.nightly
def test_relabelled_arms_leave_the_omnibus_tests_as_they_were(folder):
    """The same people are compared."""
    before = outcomes_of(folder)
    relabel(folder)
    after = outcomes_of(folder)
    for one, other in zip(before, after, strict=True):
        for test in ("welch", "kruskal_wallis"):
            a, b = getattr(one.found, test), getattr(other.found, test)
            assert a.statistic == pytest.approx(b.statistic, rel=1e-10)
            assert a.df == pytest.approx(b.df, rel=1e-10)
            assert a.p == pytest.approx(b.p, rel=1e-9)
        assert one.found.contrasts != other.found.contrasts


def test_relabelled_arms_leave_a_models_test_as_it_was_and_move_its_contrasts(modelled_folder):
    before = outcomes_of(modelled_folder)[-1].found
    relabel(modelled_folder)
    after = outcomes_of(modelled_folder)[-1].found
    assert before.log == after.log == ()
    assert after.test.statistic == pytest.approx(before.test.statistic, rel=1e-3)
    assert after.test.p == pytest.approx(before.test.p, rel=1e-2)
    old = {one.arm: one.estimate.value for one in before.contrasts}
    new = {one.arm: one.estimate.value for one in after.contrasts}
    # What was placebo against none is now none against gradcam, the other way round.
    assert new["gradcam"] == pytest.approx(1 / old["placebo"], rel=1e-2)
    assert set(old) == set(new)


@pytest.mark.nightly
@pytest.mark.figures
def test_an_earlier_report_in_the_folder_leaves_nothing_behind(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4)
    out = tmp_path / "out"
    analyse(folder, out)
    mine = out / "notes.txt"
    mine.write_text("mine")
    assert (out / "figures" / "scores-sureness.svg").exists()
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text().rsplit("[[outcomes]]", 1)[0])
    analyse(folder, out)
    assert not (out / "figures" / "scores-sureness.svg").exists()
    assert mine.read_text() == "mine"
    assert "notes.txt" not in json.loads((out / "bundle.json").read_text())["files"]


@pytest.fixture(scope="module")
def printed(small, tmp_path_factory):
    """The small study with its PDF, which is printed as `analyse` does: file and text by page."""
    import pypdfium2

    results, output = small
    out = tmp_path_factory.mktemp("printed")
    for name in ("results.json", "report.html"):
        shutil.copy(output / name, out)
    pdf.write_pdf(render_report(results, {}, "a command", "print"), out)
    with pypdfium2.PdfDocument(out / "report.pdf") as file:
        return out, [page.get_textpage().get_text_range() for page in file]


@pytest.mark.nightly
def test_every_page_of_the_pdf_says_that_the_data_are_simulated(printed):
    _, pages = printed
    assert len(pages) > 3
    assert all("SIMULATED DATA" in page for page in pages)
    assert all(f"{number} / {len(pages)}" in page for number, page in enumerate(pages, start=1))


def test_every_page_of_the_pdf_names_its_data_and_its_plan(printed):
    folder, pages = printed
    source = document(folder)["provenance"]
    assert all(source["data_sha256"][:12] in page for page in pages)
    assert all(source["plan_sha256"][:12] in page for page in pages)


def test_the_pdf_names_what_the_page_folds_away(printed):
    """Each fold of the page is a line on paper, and nothing that it contains is printed."""
    folder, pages = printed
    text = " ".join(" ".join(pages).split())
    page = (folder / "report.html").read_text(encoding="utf-8")
    folds = [unescape(one) for one in re.findall(r"<summary>(.*?)</summary>", page)]
    of_drafts = ("Methods", "Results", "Reporting checklist")
    assert len(folds) > 5
    for fold in folds:
        assert fold in of_drafts or f"{fold}: not printed; in report.html" in text, fold
    assert "Methods and Results, and the reporting checklist. They are in report.html" in text
    assert "every pair (Games-Howell)" in page
    assert "every pair (Games-Howell)" not in text


def test_without_the_systems_libraries_the_page_is_written_and_the_cure_named(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(pdf, "pdf_missing", lambda: pdf.CURE)
    with pytest.raises(pdf.PdfError, match="apt-get install libpango"):
        analyse(folder, tmp_path / "out", pdf=True)
    assert (tmp_path / "out" / "report.html").exists()
    assert (tmp_path / "out" / "bundle.json").exists()
    assert not (tmp_path / "out" / "report.pdf").exists()
