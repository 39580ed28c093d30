import pytest

from surveys.recruitment import prolific as api
from surveys.recruitment.prolific import ProlificError, Submission, submissions
from surveys.recruitment.prolific_csv import submissions_in

STUDY = "6b0000000000000000000001"


def test_every_page_is_read_and_each_submission_counts_once(prolific):
    found = submissions(STUDY)
    assert [one.id[-1] for one in found] == ["1", "2", "3", "4", "5"]
    assert found[0] == Submission(
        "7c0000000000000000000001", "5a0000000000000000000001", "AWAITING REVIEW", "CDONE111"
    )
    assert [one.status for one in found[1:]] == [
        "TIMED-OUT",
        "APPROVED",
        "RETURNED",
        "SCREENED OUT",
    ]
    assert [one.code for one in found[1:]] == ["", "NOCODE", "", "CSCREEN1"]
    assert [path for path, _ in prolific.asked] == [
        f"/api/v1/submissions/?study={STUDY}&page_size=100",
        f"/api/v1/submissions/?study={STUDY}&page_size=100&page=2",
    ]


def test_an_incomplete_list_is_no_list(prolific):
    prolific.says(1, {"meta": {"count": 6}})
    with pytest.raises(ProlificError, match="counts 6 submissions but listed 5"):
        submissions(STUDY)


def test_the_token_goes_to_no_other_server(prolific):
    elsewhere = f"http://localhost:{prolific.server_port}/api/v1/submissions/?page=2"
    prolific.says(1, {"_links": {"next": {"href": elsewhere}}})
    with pytest.raises(ProlificError, match="another server"):
        submissions(STUDY)
    prolific.answers[1] = (302, b"", {"Location": elsewhere})
    with pytest.raises(ProlificError, match="answered 302"):
        submissions(STUDY)
    assert len(prolific.asked) == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, b"{}", {}), "answered 403. The token's owner may not see"),
        ((404, b"{}", {}), "answered 404. The study or the submission is unknown"),
        ((429, b"{}", {}), "answered 429. There were too many requests"),
        ((500, b"", {}), "answered 500. Try again later"),
        ((200, b"<html>", {}), "did not answer"),
        ((200, b"[]", {}), "no list of submissions"),
        ((200, b'{"results": [{"id": "x"}]}', {}), "without an id or a status"),
        ((200, b'{"results": ["x"]}', {}), "without an id or a status"),
    ],
)
def test_an_answer_that_is_none_is_said_in_words(prolific, answer, words):
    prolific.answers[1] = answer
    with pytest.raises(ProlificError, match=words):
        submissions(STUDY)


def test_a_wrong_token_and_none_are_told_apart(prolific, settings):
    settings.PROLIFIC_API_TOKEN = "wrong"
    with pytest.raises(ProlificError, match="token is wrong") as refused:
        submissions(STUDY)
    assert "wrong token" not in str(refused.value)
    settings.PROLIFIC_API_TOKEN = ""
    with pytest.raises(ProlificError, match="PROLIFIC_API_TOKEN is empty"):
        submissions(STUDY)
    assert len(prolific.asked) == 1


def test_a_server_that_is_not_there_is_said(prolific, settings, monkeypatch):
    settings.PROLIFIC_API = "http://127.0.0.1:9/api/v1"
    monkeypatch.setattr(api, "SECONDS", 2)
    with pytest.raises(ProlificError, match="did not answer"):
        submissions(STUDY)


def test_the_downloaded_list_says_the_same(tmp_path):
    path = tmp_path / "prolific_export.csv"
    path.write_text(
        "\ufeffSubmission id,Participant id,Status,Started at,Completion code\n"
        "7c01,5a01,AWAITING REVIEW,2026-11-20,CDONE111\n7c02,5a02,TIMED-OUT,2026-11-20,\n"
    )
    assert submissions_in(path) == [
        Submission("7c01", "5a01", "AWAITING REVIEW", "CDONE111"),
        Submission("7c02", "5a02", "TIMED-OUT", ""),
    ]


def test_another_file_than_the_list_is_refused(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ProlificError, match="must have the columns"):
        submissions_in(path)
    with pytest.raises(ProlificError, match="cannot be read"):
        submissions_in(tmp_path / "missing.csv")
