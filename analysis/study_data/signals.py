"""Participants whom rules flag by the counts of how their answers came about.

Counts are raw values of participants.csv; nothing is flagged before the analysis. A flag is a sign,
not a proof: docs/signals.md lists the people whom each rule takes for programs.
"""

from collections.abc import Sequence

import pandas as pd
from scipy import stats

from analysis.plan.catalogues import signal_rules as limits
from analysis.plan.catalogues.signal_rules import SIGNAL_RULES
from analysis.plan.plan import resolve

Flags = pd.Series


def flags(participants: pd.DataFrame, rules: Sequence[str]) -> pd.DataFrame:
    """Return a column for each rule with a nullable boolean per participant.

    A flag is missing where the counts that the rule needs are missing or too few.
    """
    columns = {}
    for rule in SIGNAL_RULES:
        if rule.key not in rules:
            continue
        if set(rule.needs) <= set(participants.columns):
            found = resolve(rule.path)(participants)
        else:
            found = pd.Series(pd.NA, index=participants.index)
        columns[rule.key] = found.astype("boolean")
    return pd.DataFrame(columns, index=participants.index)


def any_flag(participants: pd.DataFrame, rules: Sequence[str], at_least: int = 1) -> Flags:
    """Return whether at least so many of the rules flag each participant.

    Missing where no rule is decided.
    """
    by_rule = flags(participants, rules)
    flagged = by_rule.fillna(False).sum(axis=1) >= at_least
    return flagged.astype("boolean").mask(by_rule.isna().all(axis=1))


def automation(people: pd.DataFrame) -> Flags:
    """Flag participants whose browser said on at least one page that a program drives it."""
    return _where(people["signal_webdriver"] >= 1, people["signal_webdriver"].notna())


def scripted(people: pd.DataFrame) -> Flags:
    """Flag participants whose answers came mostly from a script."""
    changes = people["signal_answer_changes"]
    by_script = people["signal_synthetic_answers"] + people["signal_silent_answers"]
    return _where(by_script >= limits.SCRIPTED_SHARE * changes, changes >= limits.LEAST_ANSWERS)


def pace(people: pd.DataFrame) -> Flags:
    """Flag participants who answered pages faster than anybody can see them."""
    seconds = people["signal_page_seconds_median"]
    return _where(seconds < limits.PACE_SECONDS, seconds.notna() & ~_simulated(people))


def metronome(people: pd.DataFrame) -> Flags:
    """Flag participants whose answers came at the same distances."""
    spread = people["signal_answer_gap_sd_ms"] / people["signal_answer_gap_mean_ms"]
    enough = people["signal_answers_timed"] >= limits.LEAST_DISTANCES
    return _where(spread <= limits.METRONOME, enough & spread.notna())


def pictures(people: pd.DataFrame) -> Flags:
    """Flag participants who answered trials whose pictures nobody requested."""
    enough = people["signal_pictures_due"] >= limits.LEAST_PICTURES
    return _where(people["signal_pictures_requested"] == 0, enough & ~_simulated(people))


def hidden(people: pd.DataFrame) -> Flags:
    """Flag participants who obeyed an instruction that people cannot see."""
    return _where(people["signal_hidden_told"] >= 1, people["signal_hidden_told"].notna())


def perception(people: pd.DataFrame) -> Flags:
    """Flag participants who found fewer pictures again than people do who see them.

    The number of wrong items of a person is binomial. Being wrong more often than chance allows a
    person is the sign, so that a slip or two in many items flag nobody.
    """
    asked = people["signal_perception_asked"]
    wrong = asked - people["signal_perception_right"]
    as_many = stats.binom.sf(wrong.astype(float) - 1, asked.astype(float), limits.MISSED)
    rare = pd.Series(as_many < limits.RARE, index=people.index)
    return _where(rare, (asked >= limits.LEAST_ITEMS) & ~_simulated(people))


def hidden_filled(people: pd.DataFrame) -> Flags:
    """Flag participants who filled the hidden field without obeying its instruction."""
    return _where(people["signal_hidden_other"] >= 1, people["signal_hidden_other"].notna())


def pasted(people: pd.DataFrame) -> Flags:
    """Flag participants whose texts were mostly pasted."""
    return _foreign(people, "signal_pasted_characters")


def keyless(people: pd.DataFrame) -> Flags:
    """Flag participants whose texts came mostly without a key."""
    return _foreign(people, "signal_keyless_characters")


def haste(people: pd.DataFrame) -> Flags:
    """Flag participants who passed long pages faster than anybody reads."""
    words, seconds = people["signal_words"], people["signal_words_seconds"]
    fast = 60 * words > limits.WORDS_PER_MINUTE * seconds
    return _where(fast, (words >= limits.LEAST_WORDS) & ~_simulated(people))


def _foreign(people: pd.DataFrame, column: str) -> Flags:
    characters = people["signal_characters"]
    most = people[column] >= limits.FOREIGN_SHARE * characters
    return _where(most, characters >= limits.LEAST_CHARACTERS)


def _simulated(people: pd.DataFrame) -> "pd.Series[bool]":
    """Return who is simulated: no browser shows their pages, which says nothing about a person."""
    return (people["simulated"] == 1).astype(bool)


def _where(flag: pd.Series, decided: pd.Series) -> Flags:
    """Return the flag where it is decided, and missing elsewhere."""
    known = decided.fillna(False).astype(bool)
    return flag.astype("boolean").where(known, pd.NA)
