"""Rules that flag participants by the counts of how their answers came about.

A new rule is a function in study_data/signals.py and an entry in SIGNAL_RULES. The thresholds are
part of the entry, so that the documentation, the report and the code state the same numbers.
"""

from dataclasses import dataclass
from typing import Literal

Group = Literal["program", "care"]
PACE_SECONDS = 0.25
"""Median seconds of a page with a question, below which nobody can have seen it and answered. The
mean time of only reacting to a light is .231 s (Woods et al., 2015)."""
SCRIPTED_SHARE = 0.5
LEAST_ANSWERS = 3
METRONOME = 0.05
"""Standard deviation of the distances between answers, divided by their mean."""
LEAST_DISTANCES = 10
LEAST_PICTURES = 3
LEAST_ITEMS = 2
MISSED, RARE = 0.08, 0.01
"""Share of the perceptual items that a person misses (an assumption, on the high side), and the
share of such people whom the rule may flag. By guessing among six, 87 % are flagged with four items
and 99 % with six."""
WORDS_PER_MINUTE = 1000
"""Nobody reads faster and understands (Rayner et al., 2016)."""
LEAST_WORDS = 200
FOREIGN_SHARE = 0.8
LEAST_CHARACTERS = 100


@dataclass(frozen=True)
class SignalRule:
    """A rule: `path` names a function (participants) → Series of booleans, missing if undecided.

    `group` is "program" if people hardly do what the rule finds, and "care" if careless or
    ordinary people do it as well. `needs` are its columns of participants.csv.
    """

    key: str
    label: str
    words: str
    group: Group
    needs: tuple[str, ...]
    path: str


SIGNAL_RULES = (
    SignalRule(
        "automation",
        "automation mark",
        "the browser said on a page that a program drives it",
        "program",
        ("signal_webdriver",),
        "analysis.study_data.signals.automation",
    ),
    SignalRule(
        "scripted",
        "answers by a script",
        f"at least {SCRIPTED_SHARE:.0%} of at least {LEAST_ANSWERS} answers came from events that "
        "a script made, or without any event",
        "program",
        ("signal_answer_changes", "signal_synthetic_answers", "signal_silent_answers"),
        "analysis.study_data.signals.scripted",
    ),
    SignalRule(
        "pace",
        "impossible pace",
        f"the median page with a question took less than {PACE_SECONDS} s by the server's clock",
        "program",
        ("signal_page_seconds_median",),
        "analysis.study_data.signals.pace",
    ),
    SignalRule(
        "metronome",
        "same distances",
        f"the distances between at least {LEAST_DISTANCES} answers vary by no more than "
        f"{METRONOME:.0%} of their mean",
        "program",
        ("signal_answers_timed", "signal_answer_gap_mean_ms", "signal_answer_gap_sd_ms"),
        "analysis.study_data.signals.metronome",
    ),
    SignalRule(
        "pictures",
        "pictures not requested",
        f"no picture of at least {LEAST_PICTURES} answered trials was requested",
        "program",
        ("signal_pictures_due", "signal_pictures_requested"),
        "analysis.study_data.signals.pictures",
    ),
    SignalRule(
        "hidden",
        "hidden instruction",
        "the number that only the source of a page asks for was written",
        "program",
        ("signal_hidden_told",),
        "analysis.study_data.signals.hidden",
    ),
    SignalRule(
        "perception",
        "pictures not recognised",
        f"so many perceptual items are wrong as among fewer than {RARE:.0%} of people who miss "
        f"{MISSED:.0%} of them, such as 3 of 4",
        "program",
        ("signal_perception_asked", "signal_perception_right"),
        "analysis.study_data.signals.perception",
    ),
    SignalRule(
        "hidden_filled",
        "hidden field filled",
        "the hidden field contained something other than the number",
        "care",
        ("signal_hidden_other",),
        "analysis.study_data.signals.hidden_filled",
    ),
    SignalRule(
        "pasted",
        "pasted texts",
        f"at least {FOREIGN_SHARE:.0%} of at least {LEAST_CHARACTERS} characters were pasted",
        "care",
        ("signal_characters", "signal_pasted_characters"),
        "analysis.study_data.signals.pasted",
    ),
    SignalRule(
        "keyless",
        "texts without keys",
        f"at least {FOREIGN_SHARE:.0%} of at least {LEAST_CHARACTERS} characters came without a "
        "key, as by dictation",
        "care",
        ("signal_characters", "signal_keyless_characters"),
        "analysis.study_data.signals.keyless",
    ),
    SignalRule(
        "haste",
        "impossible reading speed",
        f"at least {LEAST_WORDS} words were passed at more than {WORDS_PER_MINUTE:,} a minute",
        "care",
        ("signal_words", "signal_words_seconds"),
        "analysis.study_data.signals.haste",
    ),
)
PROGRAM_RULES = tuple(rule.key for rule in SIGNAL_RULES if rule.group == "program")


def rule_named(key: str) -> SignalRule:
    """Return the rule with this key."""
    return next(rule for rule in SIGNAL_RULES if rule.key == key)
