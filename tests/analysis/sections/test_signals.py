"""Signs of programs: each rule at its threshold, and a decision that only programs make."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import TableError
from analysis.plan.catalogues.signal_rules import PROGRAM_RULES, SIGNAL_RULES
from analysis.plan.tables import Exclusion
from analysis.report.page_one.robustness import what_would_change
from analysis.sections.signals import clean_walks as module
from analysis.study_data.exclusions.rules import signs_of_programs
from analysis.study_data.signals import any_flag, flags
from tests.analysis.study_data.tables import study_data
from tests.analysis.tidy import edit, page_of, results_of, write_study

ARMS = {"none": "No explanation", "gradcam": "Grad-CAM"}
PLAN = "\n[signals]\n"
PERSON = {
    "simulated": 0,
    "signal_webdriver": 0,
    "signal_answer_changes": 30,
    "signal_synthetic_answers": 0,
    "signal_silent_answers": 0,
    "signal_answers_timed": 30,
    "signal_answer_gap_mean_ms": 2000.0,
    "signal_answer_gap_sd_ms": 1200.0,
    "signal_page_seconds_median": 4.0,
    "signal_pictures_due": 12,
    "signal_pictures_requested": 12,
    "signal_hidden_told": 0,
    "signal_hidden_other": 0,
    "signal_perception_asked": 4,
    "signal_perception_right": 4,
    "signal_characters": 200,
    "signal_pasted_characters": 24,
    "signal_keyless_characters": 0,
    "signal_words": 600,
    "signal_words_seconds": 150.0,
}
# What each rule flags, and what is just not enough for it.
LIMITS = {
    "automation": ({"signal_webdriver": 1}, {"signal_webdriver": 0}),
    "scripted": ({"signal_synthetic_answers": 10, "signal_silent_answers": 5},
                 {"signal_synthetic_answers": 14}),
    "pace": ({"signal_page_seconds_median": 0.249}, {"signal_page_seconds_median": 0.25}),
    "metronome": ({"signal_answer_gap_sd_ms": 100.0}, {"signal_answer_gap_sd_ms": 101.0}),
    "pictures": ({"signal_pictures_requested": 0}, {"signal_pictures_requested": 1}),
    "hidden": ({"signal_hidden_told": 1}, {"signal_hidden_other": 1}),
    "perception": ({"signal_perception_right": 1}, {"signal_perception_right": 2}),
    "hidden_filled": ({"signal_hidden_other": 1}, {"signal_hidden_told": 1}),
    "pasted": ({"signal_pasted_characters": 160}, {"signal_pasted_characters": 159}),
    "keyless": ({"signal_keyless_characters": 160}, {"signal_keyless_characters": 159}),
    "haste": ({"signal_words_seconds": 35.9}, {"signal_words_seconds": 36.0}),
}  # fmt: skip
UNDECIDED = {
    "scripted": {"signal_answer_changes": 2},
    "pace": {"simulated": 1},
    "metronome": {"signal_answers_timed": 9},
    "pictures": {"signal_pictures_due": 2},
    "perception": {"signal_perception_asked": 1, "signal_perception_right": 0},
    "haste": {"signal_words": 199},
    "pasted": {"signal_characters": 99},
}


def people(*changes: dict) -> pd.DataFrame:
    return pd.DataFrame([{**PERSON, **change} for change in changes])


def test_a_person_is_flagged_by_no_rule_even_if_the_id_was_pasted():
    assert not flags(people({}), [rule.key for rule in SIGNAL_RULES]).any(axis=None)


@pytest.mark.parametrize("rule", [rule.key for rule in SIGNAL_RULES])
def test_each_rule_flags_at_its_threshold_and_not_below(rule):
    flagged, spared = LIMITS[rule]
    found = flags(people(flagged, spared, UNDECIDED.get(rule, {})), [rule])[rule]
    assert found[:2].tolist() == [True, False]
    assert (found[2] is pd.NA) == (rule in UNDECIDED)


def test_people_without_a_script_and_data_without_counts_are_undecided():
    without = dict.fromkeys((key for key in PERSON if key != "simulated"), np.nan)
    assert flags(people(without), PROGRAM_RULES).isna().all(axis=None)
    bare = pd.DataFrame({"simulated": [0]})
    assert any_flag(bare, PROGRAM_RULES).isna().all()


def test_an_exclusion_rule_can_ask_for_several_signs():
    data = study_data(participants=["p", "q", "r"])
    told, scripted = {"signal_hidden_told": 1}, {"signal_silent_answers": 30}
    for name, cells in people(told | scripted, told, {}).items():
        data.participants[name] = cells
    rule = Exclusion("k", "K", "signals", signals=("hidden", "scripted"), at_least=2)
    assert signs_of_programs(data, rule).flagged.tolist() == [True, False, False]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Trust is equal in both arms, except for twelve programs that answer 7 with an explanation."""
    folder = write_study(tmp_path_factory.mktemp("signals"), arms=ARMS, per_arm=24, seed=5,
                         simulated=False)  # fmt: skip
    participants = pd.read_csv(folder / "participants.csv", dtype="str")
    programs = list(participants.loc[participants["arm"] == "gradcam", "participant"][:12])

    def counted(frame: pd.DataFrame) -> pd.DataFrame:
        cells = people(*({} for _ in range(len(frame)))).drop(columns="simulated").astype("str")
        cells.loc[frame["participant"].isin(programs).to_numpy(), "signal_webdriver"] = "7"
        return pd.concat([frame, cells], axis=1)

    def described(frame: pd.DataFrame) -> pd.DataFrame:
        rows = [
            {"file": "participants.csv", "column": name, "label": name, "type": "number"}
            for name in PERSON
            if name != "simulated"
        ]
        return pd.concat([frame, pd.DataFrame(rows)], ignore_index=True).fillna("")

    def driven(frame: pd.DataFrame) -> pd.DataFrame:
        of_programs = frame["participant"].isin(programs)
        reverse = frame["item"].isin(REVERSED)
        frame.loc[of_programs & ~reverse, "value"] = "7"
        frame.loc[of_programs & reverse, "value"] = "1"
        return frame

    codebook = pd.read_csv(folder / "codebook.csv", dtype="str")
    REVERSED = set(codebook.loc[codebook["reversed"] == "1", "item"])
    edit(folder, "participants.csv", counted)
    edit(folder, "codebook.csv", described)
    edit(folder, "answers.csv", driven)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    return folder


def test_a_decision_that_only_programs_make_is_told_in_the_section_and_on_page_one(folder):
    results, page = page_of(folder)
    found = results.optional_sections["signals"]
    assert found.flagged["gradcam"].flagged == 12
    assert found.flagged["none"].flagged == 0
    by_key = {one.key: one for one in found.rules}
    assert by_key["automation"].arms["gradcam"].decided == 24
    trust = next(one for one in results.confirmatory if one.outcome.key == "trust")
    without = next(one for one in found.without if one.outcome == "trust")
    assert trust.p_adjusted < 0.05 <= without.p_adjusted
    assert without.participants == 36
    (said,) = [text for text in what_would_change(results) if text.startswith("Signs of")]
    assert "12 participants have some" in said
    assert "the decision changes for “" in said

    # The same as an exclusion by the plan would have found: an independent way to the number.
    plan = (folder / "plan.toml").read_text()
    excluding = folder / "excluding.toml"
    rule = '[[exclusions]]\nkey = "p"\nlabel = "P"\nrule = "signals"\nsignals = ["automation"]\n'
    excluding.write_text(plan + rule + 'scope = "all"\n')
    excluded = next(
        one for one in results_of(folder, plan=excluding).confirmatory if one.outcome.key == "trust"
    )
    assert excluded.p_adjusted == without.p_adjusted

    assert "Participants flagged by each rule" in page
    assert "Confirmatory outcomes without the flagged" in page


def test_a_plan_that_names_counts_the_data_lack_is_refused_with_the_cure(tmp_path):
    folder = write_study(tmp_path, arms=ARMS, per_arm=6)
    (folder / "plan.toml").write_text((folder / "plan.toml").read_text() + PLAN)
    with pytest.raises(TableError, match=r"\[signals\] with count = true"):
        results_of(folder)


def test_no_flag_among_few_clean_walks_proves_little(monkeypatch):
    monkeypatch.setattr(module, "_counted", lambda: {"pace": (50, 0)})
    found = module.clean_walks("pace")
    # Of 50 without a hit, the exact upper end has a closed form.
    assert found.highest == pytest.approx(1 - 0.025 ** (1 / 50))
    assert module.clean_walks("hidden") is None
