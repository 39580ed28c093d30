"""Folders of data with one leak each, and folders without any."""

import gzip
import io
import json
import zipfile
from collections.abc import Mapping

import pandas as pd
from openpyxl import Workbook
from PIL import Image

PROLIFIC = "5f3c2a9be41d7c0008a1b2c3"
OTHER = "60fd1e77b2a94c5d3e8f0a12"
MTURK = "A2XK7QW9RT4LMN"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
Files = Mapping[str, str | bytes]

PEOPLE = "participant,arm,age_band,score\n" + "".join(
    f"r{n:03d},{'ab'[n % 2]},{('18-24', '25-34')[n // 2 % 2]},{n % 7}\n" for n in range(40)
)


def table(column: str, value: str, rows: int = 12) -> str:
    """A csv file with the value in one cell of the column, and dashes elsewhere."""
    cell = '"' + value.replace('"', '""') + '"'
    lines = [f"r{n:02d},{n % 5},{cell if n == 7 else '-'}" for n in range(rows)]
    return f"participant,score,{column}\n" + "\n".join(lines) + "\n"


def zipped(files: Files) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def workbook(hidden: bool = False, **sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if hidden:
        book.worksheets[-1].sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(**columns: list[object]) -> bytes:
    content = io.BytesIO()
    pd.DataFrame(columns).to_parquet(content)
    return content.getvalue()


def statistics_file(kind: str, **columns: list[object]) -> bytes:
    import tempfile
    from pathlib import Path

    import pyreadstat

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data.{kind}"
        write = pyreadstat.write_sav if kind == "sav" else pyreadstat.write_dta
        write(pd.DataFrame(columns), str(path))
        return path.read_bytes()


def picture(gps: bool) -> bytes:
    exif = Image.Exif()
    if gps:
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "JPEG", exif=exif)
    return content.getvalue()


def ages(values: list[object], column: str = "age") -> str:
    rows = "".join(f"r{n:02d},{value},{n % 3}\n" for n, value in enumerate(values))
    return f"participant,{column},score\n{rows}"


def answers(item: str, values: list[str]) -> str:
    rows = "".join(f"r{n:02d},about,{item},{value}\n" for n, value in enumerate(values))
    return f"participant,questionnaire,item,value\n{rows}"


def notebook(output: str) -> str:
    cell = {"cell_type": "code", "source": ["data.head()"], "outputs": [{"text": [output]}]}
    return json.dumps({"cells": [cell], "nbformat": 4})


PLANTED: dict[str, tuple[str, Files]] = {
    "Prolific's id in a column": ("platform id", {"data.csv": table("who", PROLIFIC)}),
    "in capitals": ("platform id", {"data.csv": table("who", PROLIFIC.upper())}),
    "in the first column of a tsv": ("platform id", {"d.tsv": f"id\tx\n{PROLIFIC}\t1\n"}),
    "as the header of a wide table": ("platform id", {"wide.csv": f"item,{PROLIFIC}\nq1,4\n"}),
    "in a file's name": ("platform id", {f"data/{PROLIFIC}.csv": PEOPLE}),
    "within a file's name": ("platform id", {f"log_{OTHER}_2.csv": PEOPLE}),
    "in a folder's name": ("platform id", {f"raw/{OTHER}/trials.csv": PEOPLE}),
    "in JSON in a cell": (
        "platform id", {"d.csv": table("json", json.dumps({"url": {"PROLIFIC_PID": PROLIFIC}}))},
    ),
    "in JSON in JSON in a cell": (
        "platform id", {"d.csv": table("raw", json.dumps({"inner": json.dumps({"p": OTHER})}))},
    ),
    "in the value of a JSON file": ("platform id", {"d.json": json.dumps({"r": [{"p": OTHER}]})}),
    "as the key of a JSON file": ("platform id", {"d.json": json.dumps({OTHER: {"score": 3}})}),
    "in a line of JSON lines": ("platform id", {"d.jsonl": f'{{"s": 1}}\n{{"s": "{PROLIFIC}"}}\n'}),
    "in a link": (
        "platform id", {"notes.md": f"See https://study.invalid/?PROLIFIC_PID={PROLIFIC}&x=1"},
    ),
    "in a notebook's output": ("platform id", {"a.ipynb": notebook(f"0  {PROLIFIC}  3.4")}),
    "in a hidden sheet": (
        "platform id",
        {"d.xlsx": workbook(hidden=True, data=[["x"], [1]], ids=[["id"], [PROLIFIC]])},
    ),
    "in Parquet": ("platform id", {"d.parquet": parquet(who=["-", PROLIFIC], x=[1, 2])}),
    "in SPSS": ("platform id", {"d.sav": statistics_file("sav", who=["-", PROLIFIC])}),
    "in Stata": ("platform id", {"d.dta": statistics_file("dta", who=["-", PROLIFIC])}),
    "in an archive": ("platform id", {"raw.zip": zipped({"a/d.csv": table("w", PROLIFIC)})}),
    "in an archive in an archive": (
        "platform id", {"raw.zip": zipped({"in.zip": zipped({"d.csv": table("w", OTHER)})})},
    ),
    "in a page": ("platform id", {"report.html": f"<p>Excluded: <b>{PROLIFIC}</b></p>"}),
    "in a page's link": ("platform id", {"r.html": f'<a href="?pid={PROLIFIC}">x</a>'}),
    "MTurk's id": ("platform id", {"d.csv": table("w", MTURK)}),
    "MTurk's id in a text": ("platform id", {"log.txt": f"rejected {MTURK} for speeding"}),
    "SONA's id by its column": ("identifying column", {"d.csv": table("sona_id", "41877")}),
    "a worker's id by its column": ("identifying column", {"d.csv": table("workerId", "w-12")}),
    "a completion code": ("identifying column", {"d.csv": table("completionCode", "C1KD03")}),
    "a date of birth": ("identifying column", {"d.csv": table("Date of birth", "1987-04-12")}),
    "a surname": ("identifying column", {"d.csv": table("Nachname", "Kowalczyk")}),
    "names under name": ("identifying column", {"d.csv": "name,x\nAnna,1\nPeter,2\nMaria K,3\n"}),
    "a nested column of a survey's export": (
        "identifying column", {"d.json": json.dumps([{"meta": {"ip_address": "hashed"}, "x": 1}])},
    ),
    "an e-mail address": ("e-mail address", {"d.csv": table("comment", "ask max.mu@posteo.de")}),
    "an e-mail address in a read-me": ("e-mail address", {"README.md": "From p7 (kim77@gmx.net)"}),
    "an IP address": ("IP address", {"d.csv": table("net", "91.64.201.18")}),
    "an IP address of version 6": ("IP address", {"d.csv": table("n", "2003:e5:1f0a:9c::17")}),
    "an IP address in a server's log": (
        "IP address", {"access.log": '85.214.132.117 - - "GET /start HTTP/1.1" 200'},
    ),
    "coordinates": ("place", {"d.csv": table("where", "52.52437, 13.41053")}),
    "coordinates in columns": (
        "identifying column", {"d.csv": "participant,latitude,longitude\na,52.524,13.411\n"},
    ),
    "coordinates of a picture": ("picture metadata", {"p/room.jpg": picture(gps=True)}),
    "a phone number": ("phone number", {"d.csv": table("comment", "call +49 151 2345 6789")}),
    "a phone number of home": ("phone number", {"d.csv": table("c", "mine is 030 / 4567 890")}),
    "a name that introduces itself": ("name", {"d.csv": table("comment", "my name is Svenja")}),
    "a name with a title": ("name", {"d.csv": table("comment", "as Dr. Yilmaz told me")}),
    "a name and a surname": ("name", {"d.csv": table("c", "I discussed it with Laura Weber.")}),
    "a browser": ("user agent", {"d.csv": table("browser", AGENT)}),
    "a browser in JSON in a cell": ("user agent", {"d.csv": table("j", json.dumps({"u": AGENT}))}),
    "exact times": ("exact time", {"d.csv": table("consented_at", "2026-03-04T10:22:31Z")}),
    "seconds since 1970": ("exact time", {"d.csv": table("start_time", "1772619751")}),
    "an exact time in JSON in a cell": (
        "exact time", {"d.csv": table("j", json.dumps({"start": "2026-03-04 10:22:31"}))},
    ),
    "an exact time in a file's name": ("exact time", {"run_2026-03-04_10-22-31.csv": PEOPLE}),
    "exact ages": ("small cell", {"d.csv": ages([*[30] * 20, 91])}),
    "a rare combination": (
        "small cell",
        {"d.csv": "id,gender,country\n" + "a,w,DE\n" * 0
         + "".join(f"{n},{'wm'[n % 2]},{'DE' if n else 'IS'}\n" for n in range(30))},
    ),
    "a rare answer in a row per answer": (
        "small cell", {"answers.csv": answers("gender", [*["woman"] * 9, "nonbinary"])},
    ),
    "a rare answer in a row per option": (
        "small cell",
        {
            "d.csv": "userId,item,responseNo,checked\n"
            + "".join(
                f"u{n},gender,{option},{int(option == (1 if n else 3))}\n"
                for n in range(20)
                for option in (1, 2, 3)
            )
        },
    ),
    "a rare answer in an archive": ("small cell", {"x.zip": zipped({"d.csv": ages([1, 1, 2])})}),
    "in a document of Word": (
        "platform id",
        {"d.docx": zipped({"word/document.xml": f"<w:p><w:t>Row of {PROLIFIC}</w:t></w:p>"})},
    ),
    "in a packed table": ("e-mail address", {"d.csv.gz": gzip.compress(b"c\nkim77@gmx.net\n")}),
    "an archive with a password": ("unreadable", {"x.zip": b"PK\x03\x04 nothing that opens"}),
}  # fmt: skip
"""The rule that must find it, and the files, by what is planted."""

CLEAN: dict[str, Files] = {
    "people in bands": {"d.csv": PEOPLE},
    "hashes of pictures": {"d.csv": table("image", "9f86d081884c"), "e.csv": table("h", "a" * 40)},
    "hashes of files": {"manifest.json": json.dumps({"files": {"a.csv": {"sha256": "5f" * 32}}})},
    "times counted from consent": {"d.csv": "participant,answered_at\nr1,2000-01-01T00:03:12Z\n"},
    "months": {"d.csv": "participant,month\nr1,2026-03\nr2,2026-04\n"},
    "whole days": {"d.csv": "participant,at\nr1,2026-03-01\nr2,2026-03-02T00:00:00Z\n"},
    "response times": {"d.csv": "participant,response_time_ms\nr1,1512.25\nr2,1700000123\n"},
    "a month of the study": {"study.json": json.dumps({"exported_at": "2026-03-04T11:12:13Z"})},
    "versions of software": {"m.json": json.dumps({"python": "3.11.9", "x": "version 1.22.3.41"})},
    "probabilities": {"d.csv": table("p", "0.12345, 0.98765")},
    "lists of numbers": {"e.csv": table("v", "1.2345, 2.3456, 3.4567")},
    "large numbers": {"d.csv": "trial,n,seed\n1,24,202611230511\n2,30,5551234567\n"},
    "comments without anybody": {"d.csv": table("c", "The map marked the sky. I am German.")},
    "methods and classes": {"d.csv": table("m", "Grad-CAM, Integrated Gradients (Sundararajan)")},
    "references": {
        "codebook.csv": "file,source\na.csv,https://doi.org/10.1037/0022-3514.45.5.961\n"
        "b.csv,doi 10.1037/0022-3514.77.6.1121\nc.csv,ORCID 0000-0002-1825-0097\n",
    },
    "authors of the data": {
        "CITATION.cff": "authors:\n- email: a.meyer@uni.de\n",
        "README.md": "Write to a.meyer@uni.de.",
    },
    "addresses for examples": {"README.md": "For example anna@example.org, on 127.0.0.1:8000."},
    "a page with a picture": {"r.html": f'<img src="data:image/png;base64,{PROLIFIC * 9}">'},
    "a picture": {"p.jpg": picture(gps=False)},
    "ages of words": {"codebook.csv": "file,column,label,minimum\na.csv,age,Age in bands,18\n"},
    "an archive of bands": {"x.zip": zipped({"d.csv": PEOPLE})},
    "a workbook": {
        "d.xlsx": workbook(data=[["id", "sex"], *[[f"r{n}", "wm"[n % 2]] for n in range(20)]]),
    },
    "a notebook": {"a.ipynb": notebook("mean 3.42, t(38.2) = 2.10, p = .042")},
    "answers shared by enough": {"answers.csv": answers("gender", ["woman"] * 9 + ["man"] * 8)},
    "people who were not asked": {"d.csv": ages(["", "", *["18-24"] * 6], "age_band")},
    "JSON in a cell": {"d.csv": table("j", json.dumps({"rt": [512, 733], "choice": "left"}))},
}  # fmt: skip
