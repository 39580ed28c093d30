"""The consent: its texts in Markdown, its check boxes and PDF, and the way back without it."""

import hashlib
import re
from dataclasses import replace

import pytest
from django.test import Client
from django.utils.html import linebreaks

from surveys import services
from surveys.models import Participant
from surveys.pages.markup import marked_up
from surveys.services import documents
from surveys.study_checks import loading
from surveys.study_file.declaration import Pages, StudyFileError
from surveys.study_file.stored import definition
from surveys.tidy.tables import tables
from tests.surveys.designs import design_study, design_text
from tests.surveys.factories import images, write_weights

PDF = b"%PDF-1.7 information"
PARTS = """
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
RICH = """[consent]
version = "2"
summary = "You look at **pictures**."
text = "Who we are."
{pdf}
[[consent.details]]
heading = "Your data"
text = "Stored in *one* place."
[[consent.checks]]
key = "adult"
text = "I am at least 18 years old."
[[consent.checks]]
key = "reuse"
text = "My data may be used again."
required = false
[pages]
texts = "markdown"
"""


def rich(text: str, pdf: str = "") -> str:
    """The study file with everything that a consent can have."""
    return re.sub(
        r'\[consent\]\nversion = "1"\ntext = ".*?"\n', RICH.format(pdf=pdf), text, count=1
    )


@pytest.fixture
def study(db, tmp_path, monkeypatch, _data_in_a_folder_of_its_own):
    monkeypatch.setattr("tests.surveys.designs.design_text", _rich_design)
    return design_study(tmp_path, parts=PARTS)


def _rich_design(weights, **options):
    return rich(design_text(weights, **options))


def markdown(text: str) -> str:
    return str(marked_up(text, _file(texts="markdown")))


class _File:
    def __init__(self, pages: Pages) -> None:
        self.pages = pages


def _file(texts: str) -> "_File":
    return _File(replace(Pages(), texts=texts))


def test_headings_lists_emphasis_and_links_are_marked_up():
    shown = markdown("# Who\n\nWe **are** *here*: [us](https://example.org/a?b=1)\n\n- a\n- b")
    assert "<h2>Who</h2>" in shown  # the page's title is its h1
    assert "<strong>are</strong> <em>here</em>" in shown
    assert 'href="https://example.org/a?b=1" target="_blank" rel="noopener noreferrer"' in shown
    assert shown.count("<li>") == 2


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[go](javascript:alert(1))",
        "[go](data:text/html,<script>alert(1)</script>)",
        "[go](//evil.example)",
        '[go](https://x.example "onmouseover=alert(1)")',
        "<javascript:alert(1)>",
        "![x](https://x.example/p.png)",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "`<b>`\n\n    <b>x</b>",
    ],
)
def test_nothing_in_a_text_becomes_an_element_of_its_own(attack):
    shown = markdown(attack)
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"p", "a", "span"}
    assert all(link.startswith("https://x.example") for link in re.findall(r'href="(.*?)"', shown))
    assert not re.search(r"<[^>]*\son\w+=(?!alert\(1\)&quot;)", re.sub(r'"[^"]*"', '""', shown))


@pytest.mark.parametrize("text", ["5 * 3 * 2", "a_b_c", "1. is a number", "# 7", "**bold**\nnext"])
def test_texts_of_files_that_do_not_ask_for_markdown_look_as_before(text):
    assert marked_up(text, _file(texts="plain")) == linebreaks(text, autoescape=True)


def test_a_consent_of_a_text_alone_keeps_its_hash(tmp_path, db):
    declared = loading.parse(design_text(write_weights(tmp_path / "w.safetensors"), parts=PARTS))
    # sha256sum of "What happens here."
    assert declared.consent.sha256 == (
        "7b56bc8dad24714772d4269a35fc28a1b376cbe814a16f23c4d8b12d0718eb1a"
    )


def test_the_consent_shows_summary_details_and_check_boxes(study, client: Client):
    page = client.get(f"/s/{study.slug}/").content.decode()
    assert "You look at <strong>pictures</strong>." in page
    assert "<summary>Your data</summary>" in page
    assert "Stored in <em>one</em> place." in page
    assert page.count('type="checkbox"') == 2
    assert "be able to see pictures on a screen" in page


def send(client: Client, study, **fields: str):
    page = client.get(f"/s/{study.slug}/").content.decode()
    key = re.search(r'name="arrival_key" value="([^"]+)"', page)
    return client.post(f"/s/{study.slug}/", {"arrival_key": key[1], "language": "en", **fields})


def test_nobody_takes_part_without_a_required_check_box(study, client: Client):
    answer = send(client, study, consent_reuse="1")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "A required statement is not ticked" in shown
    assert 'id="consent_reuse" checked' in shown, "what was ticked stays ticked"
    assert Participant.objects.count() == 0


def test_every_check_box_is_stored_and_exported(study, client: Client):
    assert send(client, study, consent_adult="1").status_code == 303
    assert send(Client(), study, consent_adult="1", consent_reuse="1").status_code == 303
    stored = Participant.objects.order_by("pk").values_list("consent_checks", flat=True)
    assert list(stored) == [["adult"], ["adult", "reuse"]]
    columns = {column.name: column for column in tables(definition(study))["participants.csv"]}
    people = list(Participant.objects.order_by("pk"))
    assert [columns["consent_adult"].cell(one) for one in people] == [1, 1]
    assert [columns["consent_reuse"].cell(one) for one in people] == [0, 1]
    assert columns["consent_reuse"].label == "My data may be used again."


def test_who_does_not_agree_leaves_nothing_and_is_told_so(study, client: Client):
    answer = send(client, study, decline="1")
    assert answer.status_code == 303
    page = client.get(answer["Location"]).content.decode()
    assert "Nothing has been stored" in page
    assert Participant.objects.count() == 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('key = "adult"', 'key = "Adult!"', "becomes the column 'consent_Adult!'"),
        ('key = "reuse"', 'key = "adult"', "two check boxes have the key 'adult'"),
        ("[[consent.checks]]", 'pdf = "x.doc"\n[[consent.checks]]', "unknown key"),
        ('text = "Who we are."', 'text = "Who."\npdf = "x.doc"', "Name a file next to the study"),
        ('text = "Who we are."', 'text = "Who."\npdf = "x.pdf"', "without the hash"),
        ('texts = "markdown"', 'texts = "html"', "Known: plain, markdown"),
    ],
)
def test_mistakes_of_a_consent_are_named(tmp_path, db, old, new, told):
    text = rich(design_text(write_weights(tmp_path / "w.safetensors"), parts=PARTS))
    assert old in text
    with pytest.raises(StudyFileError, match=re.escape(told)):
        loading.parse(text.replace(old, new, 1))


def test_a_translation_repeats_every_part_of_the_consent(tmp_path, db):
    text = rich(design_text(write_weights(tmp_path / "w.safetensors"), parts=PARTS))
    german = (
        '[text.de]\ntitle = "T"\n[text.de.consent]\ntext = "Wer wir sind."\n'
        '[text.de.debrief]\ntext = "D"\n'
    )
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text + german)
    told = str(refused.value)
    assert "Add summary" in told
    assert "Add details" in told
    assert "'adult' is not translated" in told
    complete = german.replace(
        'text = "Wer wir sind."\n',
        'text = "Wer wir sind."\nsummary = "Bilder."\n'
        'checks = { adult = "Volljährig.", reuse = "Weiter verwenden." }\n'
        'details = [{ heading = "Daten", text = "Hier." }]\n',
    )
    consent = loading.parse(text + complete).in_language("de").consent
    assert [check.text for check in consent.checks] == ["Volljährig.", "Weiter verwenden."]
    assert [check.required for check in consent.checks] == [True, False]


@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
def test_a_pdf_is_served_only_with_the_content_that_the_file_names(tmp_path, db, client):
    images(10)
    weights = write_weights(tmp_path / "w.safetensors")
    file = tmp_path / "study.toml"
    named = f"information.pdf#{hashlib.sha256(PDF).hexdigest()}"
    file.write_text(rich(design_text(weights, parts=PARTS), pdf=f'pdf = "{named}"'))
    (tmp_path / "information.pdf").write_bytes(PDF + b" changed")
    declared = loading.parse(file.read_text())
    with pytest.raises(documents.DocumentError, match="another content"):
        documents.store_documents_beside(file, declared)
    (tmp_path / "information.pdf").write_bytes(PDF)
    documents.store_documents_beside(file, declared)
    study = services.load_study(file.read_text())
    answer = client.get(f"/s/{study.slug}/information.pdf")
    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Security-Policy"].startswith("sandbox")
    documents.path_of(declared.consent.document).unlink()
    assert client.get(f"/s/{study.slug}/information.pdf").status_code == 404
    assert list(documents.missing_documents(declared)), "the study cannot be launched without it"


@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
@pytest.mark.parametrize("content", [b"", b"<html>", b"%PDF-" + b"x" * documents.LARGEST])
def test_only_pdfs_of_a_sensible_size_are_stored(content):
    with pytest.raises(documents.DocumentError):
        documents.store_document(content)
