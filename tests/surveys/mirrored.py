"""A made-up language, written from right to left: every word of the pages in Hebrew letters.

What is still in Latin letters on such a page does not go through the catalogues.
"""

import re
from pathlib import Path

import polib

from tests.conftest import ROOT

CODE = "he"
KEPT = re.compile(r"(%\(\w+\)[sd]|%%|\{\w+\}|</?\w[^>]*>|\\n)")
LATIN = "abcdefghijklmnopqrstuvwxyz"
HEBREW = "אבגדהוזחטיכלמנסעפצקרשתאבגד"
TABLE = str.maketrans(LATIN + LATIN.upper(), HEBREW + HEBREW)
INSTRUMENT = """
id = "strange-v1"
title = "Questions"
instructions = "Please answer."
construct = "nothing"
source = "made up for a test"
wording = "own"
licence = "none"
[scale]
minimum = 1
maximum = 5
anchors = { 1 = "Never", 5 = "Always" }
[[items]]
id = "often"
text = "How often?"
subscale = "trust"
[[items]]
id = "moved"
text = "How far?"
kind = "slider"
scale = { minimum = 0, maximum = 100, anchors = { 0 = "Near", 100 = "Far" } }
[[items]]
id = "several"
text = "Which of these?"
kind = "multiple"
options = { one = "The first", two = "The second" }
[[items]]
id = "number"
text = "How many?"
kind = "number"
range = { minimum = 1, maximum = 9 }
[[items]]
id = "words"
text = "What else?"
kind = "short_text"
required = true
"""
OWN_TEXT = """
[text.he]
title = "Questions"
instructions = "Please answer."
anchors = { 1 = "Never", 5 = "Always" }
[text.he.items]
often = "How often?"
moved = { text = "How far?", anchors = { 0 = "Near", 100 = "Far" } }
several = { text = "Which of these?", options = { one = "The first", two = "The second" } }
number = "How many?"
words = "What else?"
"""
STUDY_TEXT = """
[text.he]
title = "Pictures and a classifier"
[text.he.consent]
text = "What happens here."
[text.he.debrief]
text = "What it was about."
[text.he.parts.welcome]
heading = "Welcome"
text = "A page of words."
[text.he.classes]
car = "car"
truck = "truck"
boat = "boat"
tree = "tree"
"""


def mirrored(text: str) -> str:
    """The text in letters from right to left; placeholders and tags stay."""
    pieces = KEPT.split(text)
    return "".join(
        piece if number % 2 else piece.translate(TABLE) for number, piece in enumerate(pieces)
    )


def texts(toml: str) -> str:
    """Every text in quotes of a TOML file in those letters."""
    return re.sub(r'= "([^"]*)"', lambda match: f'= "{mirrored(match[1])}"', toml)


def write_catalogue(folder: Path) -> Path:
    """The folder of locales with the made-up one alone."""
    german = polib.pofile(ROOT / "locale" / "de" / "LC_MESSAGES" / "django.po")
    own = polib.POFile()
    own.metadata = german.metadata | {"Language": CODE}
    for entry in german:
        made = polib.POEntry(msgid=entry.msgid, msgid_plural=entry.msgid_plural)
        if entry.msgid_plural:
            made.msgstr_plural = {0: mirrored(entry.msgid), 1: mirrored(entry.msgid_plural)}
        else:
            made.msgstr = mirrored(entry.msgid)
        own.append(made)
    place = folder / "locale" / CODE / "LC_MESSAGES" / "django.mo"
    place.parent.mkdir(parents=True)
    own.save_as_mofile(place)
    return folder / "locale"


def write_instrument(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    content = INSTRUMENT.lstrip() + texts(OWN_TEXT)
    (folder / "strange-v1.toml").write_text(content, encoding="utf-8")
