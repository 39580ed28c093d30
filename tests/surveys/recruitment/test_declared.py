import pytest

from surveys import services
from surveys.services.fingerprints import changed_tables
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.recruitment import Exit, Outcome, Recruitment
from tests.surveys.recruitment import studies

URL = "https://service.example.org/end?id={external_id}"


def declared(recruitment: str) -> Recruitment:
    return parse(studies.recruited_text("weights/none.safetensors", recruitment)).recruitment


def test_a_study_without_the_table_is_open_to_anybody():
    assert declared("") == Recruitment()
    assert declared('[recruitment]\nkind = "open"').is_open


def test_a_completion_code_becomes_its_address_at_prolific():
    found = declared(studies.PROLIFIC)
    assert set(found.exits) == set(Outcome)
    assert found.exits[Outcome.FULL] == Exit(
        "https://app.prolific.com/submissions/complete?cc=CFULL111", "CFULL111"
    )


def test_addresses_of_a_service_are_kept_as_written():
    found = declared(studies.SERVICE)
    assert (found.id_parameter, found.name) == ("pid", "Panelists")
    assert found.exits[Outcome.COMPLETE] == Exit(
        "https://service.example.org/end?status=1&id={external_id}"
    )


def test_sona_sends_its_id_as_id_unless_the_file_says_otherwise():
    assert declared(studies.SONA).id_parameter == "id"
    named = studies.SONA.replace('"sona"', '"sona"\nid_parameter = "survey_code"')
    assert declared(named).id_parameter == "survey_code"


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (('kind = "prolific"', 'kind = "prolifik"'), True, "did you mean 'prolific'?"),
        (('"CDONE111"', '"C DONE"'), True, "the code for complete is 'C DONE'"),
        (('"CDONE111"', '"CFULL111"'), True, "two outcomes have the code 'CFULL111'"),
        (('complete = "CDONE111"', ""), True, "'complete' in [recruitment.codes] is missing"),
        (("full =", "ful ="), True, "did you mean 'full'?"),
        (('"prolific"', '"prolific"\nstudy_id = "mine"'), True, "study_id is 'mine'"),
        (('"prolific"', '"prolific"\nexclude = ["paid"]'), True, "exclude names this study itself"),
        (('"prolific"', '"prolific"\nfailed_checks = 3'), True, "nobody can fail 3 attention"),
        (('"prolific"', '"prolific"\nfailed_checks = 0'), True, "must be at least 1"),
        (('"prolific"', '"prolific"\nid_parameter = "p"'), True, "unknown key 'id_parameter'"),
        (('"prolific"', '"prolific"\npay = 3'), True, "pay has no currency"),
        (('"prolific"', '"prolific"\npay = -1'), True, "must be at least 0"),
        (('"prolific"', '"prolific"\ncurrency = "Pfund"'), True, "currency is 'Pfund'"),
    ],
)
def test_a_faulty_table_is_named_with_line_and_cure(change, line, words):
    with pytest.raises(StudyFileError) as refused:
        declared(studies.PROLIFIC.replace(*change))
    (problem,) = [one for one in refused.value.problems if words in one]
    assert problem.startswith("line ") == line


@pytest.mark.parametrize(
    "address",
    [
        "http://service.example.org/?id={external_id}",
        "//service.example.org/{external_id}",
        "javascript:alert('{external_id}')",
        "https://{external_id}.example.org/",
        "https://{external_id}/",
        "https://service.example.org@evil.example.com/?id={external_id}",
        "https://service.example.org\\\\@evil.example.com/{external_id}",
        "https://service.example.org:99999/{external_id}",
        "https://service.example.org/{external_id}?next={next}",
        "https://service.example.org/{external_id.__class__}",
        "https://service.example.org/{0}",
        "https://service.example.org/}",
        "https://service.example.org/ {external_id}",
        "https://pänel.example.org/{external_id}",
        "https:///{external_id}",
        "https://[::1/{external_id}",
        "https://service.example.org/" + "x" * 500,
        "service.example.org",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(address):
    text = studies.SERVICE.replace(f'"{URL.replace("?", "?status=1&")}"', f'"{address}"')
    assert address in text
    with pytest.raises(StudyFileError, match="the URL for complete"):
        declared(text)


def test_sona_needs_the_place_of_the_id():
    with pytest.raises(StudyFileError, match="does not contain the person's id"):
        declared(studies.SONA.replace("{external_id}", "XXXX"))


def test_a_service_says_where_its_id_stands():
    with pytest.raises(StudyFileError, match=r"'id_parameter' in \[recruitment\] is missing"):
        declared(studies.SERVICE.replace('id_parameter = "pid"', ""))
    with pytest.raises(StudyFileError, match=r"'name' in \[recruitment\] is missing"):
        declared(studies.SERVICE.replace('name = "Panelists"', ""))
    with pytest.raises(StudyFileError, match="These names are taken: lang"):
        declared(studies.SERVICE.replace('"pid"', '"rehearsal"'))


def test_a_code_for_failed_attention_needs_attention_checks(tmp_path):
    text = studies.recruited_text("weights/none.safetensors")
    without = text.replace('kind = "attention"\nkey = "look"\n', 'kind = "pause"\n')
    with pytest.raises(StudyFileError, match="nobody can fail 2 attention checks"):
        parse(without.replace('kind = "attention"\nkey = "look-again"\n', 'kind = "pause"\n'))


def test_excluding_a_study_that_is_not_there_is_refused(paid, tmp_path):
    excluding = studies.PROLIFIC.replace('"prolific"', '"prolific"\nexclude = ["payd"]')
    with pytest.raises(services.StudyError, match=r"exclude names 'payd'.*\['paid'\]"):
        studies.recruited(tmp_path, excluding, slug="second")


def test_excluding_a_study_that_knows_nobody_is_refused(db, tmp_path):
    studies.recruited(tmp_path, "", slug="anybody")
    excluding = studies.PROLIFIC.replace('"prolific"', '"prolific"\nexclude = ["anybody"]')
    with pytest.raises(services.StudyError, match="stores ids of a recruitment service"):
        studies.recruited(tmp_path, excluding, slug="second")


def test_a_file_that_calls_its_service_a_panel_is_still_read():
    assert 'kind = "service"' in studies.SERVICE
    old = studies.SERVICE.replace('kind = "service"', 'kind = "panel"')
    assert declared(old) == declared(studies.SERVICE)
    assert declared(old).kind == "service"
    before, now = (studies.recruited_text("w.safetensors", text) for text in (old, studies.SERVICE))
    assert changed_tables(before, now) == []
    assert changed_tables(before, now.replace('"pid"', '"id"')) == ["recruitment"]


@pytest.mark.parametrize("recruitment", ['[recruitment]\nkind = "open"', studies.PROLIFIC])
def test_the_pay_is_declared_for_every_kind(recruitment):
    paid = recruitment.replace("[recruitment]", '[recruitment]\npay = 3\ncurrency = "EUR"', 1)
    found = declared(paid)
    assert (found.pay, found.currency) == (3.0, "EUR")
    assert declared(recruitment).pay == 0
