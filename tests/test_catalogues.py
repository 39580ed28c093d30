"""The translators' catalogues: complete, compiled, and with every text that the pages show."""

import gettext
import re
import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

from tests.conftest import ROOT, missing

CATALOGUES = sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))
PLACES = re.compile(r"%\(\w+\)[sd]|%%|\{\w+\}|</?\w[^>]*>")


def language(path: Path) -> str:
    return path.parent.parent.name


each = pytest.mark.parametrize("path", CATALOGUES, ids=language)


def flaws(po: polib.POFile) -> list[str]:
    """What a reader would stumble over: not translated, guessed, or with other placeholders."""
    found = [f"not translated: {one.msgid}" for one in po.untranslated_entries()]
    found += [f"fuzzy: {one.msgid}" for one in po if one.fuzzy]
    found += [f"obsolete: {one.msgid}" for one in po.obsolete_entries()]
    for entry in po:
        originals = {
            tuple(sorted(PLACES.findall(text))) for text in (entry.msgid, entry.msgid_plural)
        }
        for text in [entry.msgstr] if not entry.msgid_plural else entry.msgstr_plural.values():
            if tuple(sorted(PLACES.findall(text))) not in originals:
                found.append(f"other placeholders: {entry.msgid}")
    return found


def compiled(path: Path) -> dict[object, str]:
    """The words as the server reads them, without the header."""
    with path.with_suffix(".mo").open("rb") as file:
        words = gettext.GNUTranslations(file)._catalog
    return {key: text for key, text in words.items() if key}


def as_compiled(po: polib.POFile) -> dict[object, str]:
    found = {}
    for entry in po:
        # gettext joins a text to its context with this character.
        key = entry.msgid if entry.msgctxt is None else f"{entry.msgctxt}\x04{entry.msgid}"
        if entry.msgid_plural:
            found |= {(key, form): text for form, text in entry.msgstr_plural.items()}
        else:
            found[key] = entry.msgstr
    return found


def test_german_is_there():
    assert [language(path) for path in CATALOGUES] == ["de"]


def test_what_people_are_randomised_to_has_one_german_name():
    po = polib.pofile(ROOT / "locale/de/LC_MESSAGES/django.po")
    texts = [text for one in po for text in (one.msgstr, *one.msgstr_plural.values())]
    # Placeholders keep their English names.
    words = [re.sub(r"%\(\w+\)[sd]", "", text) for text in texts]
    assert [text for text in words if re.search(r"\b[Aa]rm(e|en|es|s)?\b", text)] == []
    assert sum("Gruppe" in text for text in words) > 100


@each
def test_every_text_is_translated_with_its_placeholders(path):
    assert flaws(polib.pofile(path)) == []


def test_those_checks_would_notice():
    po = polib.POFile()
    po.append(polib.POEntry(msgid="none", msgstr=""))
    po.append(polib.POEntry(msgid="guessed", msgstr="geraten", flags=["fuzzy"]))
    po.append(polib.POEntry(msgid="%(n)s of <b>all</b>", msgstr="%(m)s von <b>allen</b>"))
    assert len(flaws(po)) == 3


@each
def test_what_is_compiled_is_what_was_written(path):
    assert compiled(path) == as_compiled(polib.pofile(path))


@each
def test_the_catalogue_has_every_text_of_the_sources_and_no_other(
    path, tmp_path, monkeypatch, settings
):
    if not shutil.which("xgettext"):
        missing("There is no xgettext. Install GNU gettext.")
    for package in ("studyplatform", "explanations", "surveys"):
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.toml"),
        )
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    monkeypatch.chdir(tmp_path)
    call_command("makemessages", locale=[language(path)], no_wrap=True, verbosity=0)
    gathered = polib.pofile(tmp_path / path.relative_to(ROOT))
    there, wanted = ({one.msgid for one in po} for po in (polib.pofile(path), gathered))
    cure = "Run: make messages, translate what is new, and run it once more."
    assert (sorted(wanted - there), sorted(there - wanted)) == ([], []), cure


@each
def test_german_is_polite(path):
    for entry in polib.pofile(path):
        texts = [entry.msgstr, *entry.msgstr_plural.values()]
        assert not re.search(r"\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir|[Ee]uch)\b", " ".join(texts))
