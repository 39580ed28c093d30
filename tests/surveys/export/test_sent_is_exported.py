"""What people send by the forms of their pages is what every format of the export contains (R19).

Nobody is simulated by rules here: everybody gives answers by chance, and the test remembers them.
test_formats.py compares the formats cell by cell for every type of column.
"""

import io
from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest

from analysis.study_data.formulas import unguarded
from surveys import services
from surveys.export.formats import FORMATS
from surveys.export.writing import export_study
from surveys.models import Answer, Participant, Study
from surveys.pages import sequence
from surveys.pages.forms import PageForm
from surveys.questionnaires.base import Item
from surveys.services.recording import Recorded
from tests.surveys.drawn import drawn_study
from tests.surveys.export.test_formats import sheets_of

TEXTS = (
    "=1+1",
    "-3",
    "@SUM(A1)",
    "'quoted'",
    "a,b;c",
    'say "no"',
    "ü 日本語 😀",
    "NULL",
    "two\nlines",
)
ANSWERS = ["participant", "page", "item", "value"]
ASKED_IN_TRIALS = ["agreed", "sureness"]
TRIALS = ["participant", "position", *ASKED_IN_TRIALS]
Sent = dict[tuple[str, str, str], str]


@pytest.fixture(params=[8, pytest.param(1000, marks=pytest.mark.nightly)])
def answered(request, db, tmp_path) -> tuple[Study, Sent]:
    """A study through which everybody went, and what each of them sent, by page and item."""
    study = drawn_study(tmp_path / "study", places=request.param)
    sent, chance = {}, Random(19)
    for number in range(request.param):
        person = services.enrol(study=study, arrival_key=f"person {number}")
        while step := sequence.current_step(person):
            services.record_view(participant=person, step=step.key)
            sent |= answer(person, step, chance)
    return study, sent


def answer(person: Participant, step: sequence.Step, chance: Random) -> Sent:
    """Fill in and send the page's form, as the view does, and return what was given."""
    asked = PageForm(person, step).items
    given = {item.id: chosen(item, chance) for item in asked}
    form = PageForm(person, step, {**given, "response_time_ms": "1500"})
    assert form.is_valid(), form.errors
    outcome = services.record_page(participant=person, page=form.sent_page(extra_fields=False))
    assert outcome is Recorded.RECORDED
    return {(person.pseudonym, step.key, item): value for item, value in given.items()}


def chosen(item: Item, chance: Random) -> str:
    options = list(item.scale.points if item.kind == "slider" else item.values)
    return str(chance.choice(options or TEXTS))


def from_csv(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)


def from_parquet(folder: Path, table: str) -> pd.DataFrame:
    return pq.read_table(folder / "parquet" / f"{table}.parquet").to_pandas()


def from_workbook(folder: Path, table: str) -> pd.DataFrame:
    header, *rows = sheets_of((folder / "tables.xlsx").read_bytes())[table]
    return pd.DataFrame([{header[at]: row.get(at) for at in header} for row in rows])


def from_spss(folder: Path, table: str) -> pd.DataFrame:
    return pyreadstat.read_sav(folder / "sav" / f"{table}.sav")[0]


def from_stata(folder: Path, table: str) -> pd.DataFrame:
    return pyreadstat.read_dta(folder / "dta" / f"{table}.dta")[0]


def from_json(folder: Path, table: str) -> pd.DataFrame:
    text = (folder / "json" / f"{table}.json").read_text(encoding="utf-8")
    return pd.DataFrame(pd.read_json(io.StringIO(text), typ="series", dtype=False)["records"])


READERS: dict[str, Callable[[Path, str], pd.DataFrame]] = {
    "csv": from_csv, "parquet": from_parquet, "xlsx": from_workbook, "sav": from_spss,
    "dta": from_stata, "json": from_json,
}  # fmt: skip


def exported(key: str, folder: Path) -> Sent:
    """Return the answers of the export in a format, by participant, page and item."""
    found = {
        (row.participant, row.page, row.item): as_sent(row.value, key)
        for row in READERS[key](folder, "answers")[ANSWERS].itertuples()
    }
    for row in READERS[key](folder, "trials")[TRIALS].itertuples():
        for item in ASKED_IN_TRIALS:
            place = (row.participant, f"trial:{int(row.position)}", item)
            found[place] = as_sent(getattr(row, item), key)
    return found


def as_sent(value: object, key: str) -> str:
    """Return a cell as the text that was sent: formats have numbers, and guard formulas."""
    if isinstance(value, str):
        return unguarded(value) if key in ("csv", "xlsx") else value
    return str(int(value))


def test_every_answer_is_in_every_format_as_it_was_sent_and_no_other(answered, tmp_path):
    study, sent = answered
    assert set(READERS) == {one.key for one in FORMATS}
    assert set(sent.values()) & set(TEXTS)
    export_study(study=study, output=tmp_path / "out", formats=tuple(READERS))
    for key in READERS:
        assert exported(key, tmp_path / "out") == sent, key
    # Control: an answer that is not the sent one, and one that is missing, are noticed.
    some = Answer.objects.filter(item="sureness").first()
    Answer.objects.filter(pk=some.pk).update(value=str(1 + int(some.value) % 5))
    Answer.objects.filter(questionnaire="trust-v1").last().delete()
    export_study(study=study, output=tmp_path / "out", formats=("csv",))
    assert len(sent.items() - exported("csv", tmp_path / "out").items()) == 2
