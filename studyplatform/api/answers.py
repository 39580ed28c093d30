"""What the API answers, from which its documentation is made, too."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

People = Literal["none", "only", "included"]


class StudyAnswer(Schema):
    """A study that the token may read."""

    slug: str = Field(description="Short name, which is in the study's addresses")
    title: str
    state: str = Field(description="draft, open, paused or closed")
    unblinded: bool = Field(description="Whether arms may be seen")
    scopes: list[str] = Field(description="What the token may read: progress, tables, reports")


class Progress(Schema):
    """Counts of real participants by state, never by arm, and of simulated ones."""

    slug: str
    state: str
    planned: int = Field(description="Places of the study")
    completed: int
    started: int = Field(description="Under way, or left without a word")
    stopped: int = Field(description="Pressed “stop”")
    simulated: int = Field(description="Synthetic participants, who count nowhere else")
    at: datetime


class Made(Schema):
    """The export or report that an answer comes from."""

    number: int = Field(description="Number of the job that made it")
    made_at: datetime
    simulated: People | None = Field(description="Whether simulated participants are in it")
    arms_blinded: bool = Field(description="Whether arms are left out")
    data_sha256: str = Field(description="Hash of the data, as reports print it")


class TableEntry(Schema):
    """A table of the latest export."""

    name: str
    rows: int
    sha256: str = Field(description="Hash of the table's csv file")
    address: str


class Tables(Schema):
    """The latest export, and its tables."""

    export: Made
    tables: list[TableEntry]


class TablePage(Schema):
    """A page of a table. Empty cells are null; `codebook` tells what each column means."""

    name: str
    export: Made
    rows: int = Field(description="Rows of the whole table")
    page: int
    pages: int
    records: list[dict[str, int | float | str | None]]


class ReportEntry(Schema):
    """A report, with the addresses of its numbers and its page."""

    report: Made
    plan_sha256: str
    results: str = Field(description="Address of results.json")
    page: str = Field(description="Address of the HTML page")


class Reports(Schema):
    """A page of the reports, the newest first."""

    count: int
    page: int
    pages: int
    reports: list[ReportEntry]


class Problem(Schema):
    """Why there is no answer, and what to do."""

    detail: str
