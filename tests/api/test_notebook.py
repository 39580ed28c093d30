"""The notebook of the documentation, run against a live server, and stored without outputs."""

import json

import pandas as pd
import pytest
from django.contrib.auth.models import User

from studyplatform.jobs import queue
from tests.api.test_api import PAGE, token_of
from tests.conftest import ROOT
from tests.jobs.conftest import do_next
from tests.panel.conftest import SWITCHES, add_member
from tests.panel.test_jobs import done
from tests.surveys import factories

NOTEBOOK = json.loads((ROOT / "docs" / "api.ipynb").read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    study = factories.small_study(tmp_path)
    add_member(study, "owner", **SWITCHES["owner"])
    for number in range(3):
        factories.walk(factories.allocated(study, str(number)), choice=number)
    data = {"formats": ["csv"], "simulated": "none"}
    queue.enqueue("export", study=study, data=data, by=User.objects.get(username="owner"))
    do_next()
    done(study, "report", {"report.html": PAGE, "results.json": '{"outcomes": []}'})
    return study


@pytest.mark.nightly
def test_the_notebook_goes_from_a_token_to_a_data_frame(study, live_server, monkeypatch, capsys):
    monkeypatch.setenv("STUDY_ADDRESS", live_server.url)
    monkeypatch.setenv("STUDY_TOKEN", token_of(study)["Authorization"].removeprefix("Bearer "))
    names: dict[str, object] = {}
    for cell in CODE:
        exec(compile(cell, "docs/api.ipynb", "exec"), names)
    participants, answers = names["participants"], names["answers"]
    assert isinstance(participants, pd.DataFrame)
    assert set(participants["participant"]) == set(
        study.participants.values_list("pseudonym", flat=True)
    )
    assert str(participants["consented_at"].dt.tz) == "UTC"
    assert set(answers["participant"]) == set(participants["participant"])
    assert "arm" not in participants
    assert capsys.readouterr().out.strip() == "['outcomes']"


def test_the_notebook_is_stored_without_outputs():
    for cell in NOTEBOOK["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
