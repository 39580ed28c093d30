"""No word of a page is outside the catalogues: in a made-up language none is in Latin letters."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client

from surveys import services
from surveys.pages import sequence
from surveys.study_file import page_kinds
from tests.surveys import mirrored
from tests.surveys.everykind import mirrored_study
from tests.surveys.factories import walk

SPOKEN = ("alt", "aria-label", "title", "placeholder", "content")


class Words(HTMLParser):
    """Collects what is read or spoken; codes, addresses and names of languages stand apart."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._skipped = ""

    def handle_starttag(self, tag, attrs):
        values = {name: value or "" for name, value in attrs}
        if tag in ("output", "script") or values.get("dir") == "ltr" or "hreflang" in values:
            self._skipped = tag
        spoken = [values[name] for name in SPOKEN if name in values and tag != "meta"]
        self.found += spoken + [values[name] for name in values if name.startswith("data-")]

    def handle_endtag(self, tag):
        if tag == self._skipped:
            self._skipped = ""

    def handle_data(self, data):
        if not self._skipped:
            self.found.append(data)


def latin(html: str) -> list[str]:
    """The pieces of the page with a word in Latin letters; addresses and gaps that a
    script fills are none."""
    words = Words()
    words.feed(html)
    return [
        text.strip()
        for text in words.found
        if re.search(r"[A-Za-z]{2,}", re.sub(r"/\S+|\{\w+\}", "", text))
    ]


@pytest.fixture
def study(db, tmp_path, settings):
    settings.LOCALE_PATHS = [mirrored.write_catalogue(tmp_path)]
    mirrored.write_instrument(settings.INSTRUMENTS_DIR)
    return mirrored_study(tmp_path / "data")


def test_every_word_from_the_consent_to_the_code_is_in_the_persons_language(study):
    client = Client()
    landing = client.get(f"/s/{study.slug}/?language=he").content.decode()
    assert '<html lang="he" dir="rtl">' in landing
    assert latin(landing) == []
    someone = services.enrol(study=study, arrival_key="a visit", language="he")
    kinds = set()
    while (step := sequence.current_step(someone)) is not None:
        kinds.add(step.kind)
        page = client.get(f"/p/{someone.code}/").content.decode()
        assert latin(page) == [], step.key
        key = page.split('name="key" value="')[1].split('"')[0]
        again = client.post(f"/p/{someone.code}/", {"key": key, "step": step.key, "moved": "x"})
        if again.status_code == 200:  # something is missing
            assert latin(again.content.decode()) == [], step.key
        walk(someone, pages=int(sequence.current_step(someone) == step))
    assert kinds == {kind.key for kind in page_kinds.KINDS} - {"quiz"}
    assert latin(client.get(f"/p/{someone.code}/").content.decode()) == []


@pytest.mark.nightly
def test_every_word_beside_the_way_is_in_the_persons_language(study):
    client = Client()
    someone = services.enrol(study=study, arrival_key="a visit", language="he")
    own = f"/p/{someone.code}/"
    assert latin(client.get(f"{own}withdraw/").content.decode()) == []
    assert latin(client.post(own, {"key": "none"}).content.decode()) == []
    services.stop(participant=someone)
    for path in (own, f"{own}withdraw/", f"/s/{study.slug}/withdraw/?language=he"):
        assert latin(client.get(path).content.decode()) == []
    assert latin(client.post(own, {"key": "none"}).content.decode()) == []
    unknown = client.post(f"/s/{study.slug}/withdraw/", {"personal_code": "", "language": "he"})
    assert latin(unknown.content.decode()) == []
    gone = client.post(f"{own}withdraw/", {"choice": "delete"}, follow=True)
    assert latin(gone.content.decode()) == []
    services.close_study(study=study)
    assert latin(client.get(f"/s/{study.slug}/?language=he").content.decode()) == []


def test_that_check_would_notice_a_word():
    assert latin('<p>מילה <b>word</b> <img alt="A picture"></p>') == ["word", "A picture"]
    assert latin('<a href="/s/x/">מילה</a> <output>ABCD2345</output> 12') == []
