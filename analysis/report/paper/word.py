"""The file report.docx: Methods, Results, tables and figures in APA style, to edit in Word."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Inches, Pt, RGBColor
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

from analysis.report.alternatives import alternatives
from analysis.report.page_one.sample import overview_caption
from analysis.report.paper.checklist import checklist
from analysis.report.paper.tables import PaperTable, paper_tables
from analysis.report.paper.text import paper_text
from analysis.report.sentences import SYMBOLS
from analysis.results import Results

NAME = "report.docx"
FONT, SIZE = "Times New Roman", 12
INK = RGBColor(0, 0, 0)
ITALIC = re.compile(rf"\b({SYMBOLS}|N)\b(?!['′])")
FIGURES: Mapping[str, Callable[[Results], str]] = {
    "overview": overview_caption,
    "flow": lambda _: "Flow of participants.",
}
PAGE, LABELS, HIGHEST = 9.0, 2.0, 5.2
"""Inches: width of the text on a page on its side, of its first column; height of a figure."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every file in the archive, so that equal results give equal bytes."""


def write_word(results: Results, figures: Mapping[str, Path], folder: Path) -> Path:
    """Write report.docx to `folder` and return its path.

    `figures` are SVG files by name; the PNG file of each that is as wide as a page is used if it
    exists. Equal results
    and figures always give equal bytes.
    """
    document = docx.Document()
    _styles(document)
    _properties(document, results)
    if results.simulated:
        document.add_paragraph("SIMULATED DATA: nothing in this document is evidence about people.")
    document.add_heading(results.title, 0)
    part = heading = ""
    for paragraph in paper_text(results):
        if paragraph.part != part:
            document.add_heading(paragraph.part, 1)
        if paragraph.heading != heading:
            document.add_heading(paragraph.heading, 2)
        part, heading = paragraph.part, paragraph.heading
        _write(document.add_paragraph(), paragraph.text)
    _landscape(document)
    for number, table in enumerate(paper_tables(results), start=1):
        _table(document, number, table)
    number = 0
    for name, caption in FIGURES.items():
        picture = _for_print(figures[name]) if name in figures else None
        if picture is not None and picture.is_file():
            number += 1
            _figure(document, number, caption(results), picture, alternatives(results).get(name))
    document.add_heading("Reporting checklist", 1)
    _rows(document, [("Item", "Asks for", "Where"), *checklist(results)], (0.7, 5.0, 3.3))
    path = folder / NAME
    path.write_bytes(_without_dates(document))
    return path


def _for_print(figure: Path) -> Path:
    return figure.parent / "double-column" / figure.with_suffix(".png").name


def _styles(document: Document) -> None:
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(SIZE)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    for name in ("Title", "Heading 1", "Heading 2"):
        style = document.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(SIZE), INK
        style.font.bold = True
        style.element.rPr.rFonts.attrib.clear()
        style.element.rPr.rFonts.set(qn("w:ascii"), FONT)
        style.element.rPr.rFonts.set(qn("w:hAnsi"), FONT)
    document.styles["Title"].font.size = Pt(SIZE + 2)


def _properties(document: Document, results: Results) -> None:
    properties = document.core_properties
    properties.title, properties.author = results.title, ""
    properties.comments = f"Numbers: results.json, data {results.provenance.data_sha256[:12]}"
    properties.created = properties.modified = datetime(*EPOCH, tzinfo=UTC)
    properties.last_modified_by = ""


def _write(paragraph: WordParagraph, text: str, size: float = SIZE) -> None:
    """Write the text with the Latin symbols of statistics in italics (APA)."""
    end = 0
    for match in ITALIC.finditer(text):
        paragraph.add_run(text[end : match.start()]).font.size = Pt(size)
        run = paragraph.add_run(match.group())
        run.italic, run.font.size, end = True, Pt(size), match.end()
    paragraph.add_run(text[end:]).font.size = Pt(size)


def _landscape(document: Document) -> None:
    """Begin a section on its side, since tables have a column per arm."""
    section = document.add_section()
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = section.page_height, section.page_width


def _table(document: Document, number: int, table: PaperTable) -> None:
    name = document.add_paragraph()
    name.add_run(f"Table {number}").bold = True
    name.paragraph_format.keep_with_next = True
    title = document.add_paragraph()
    title.add_run(table.title).italic = True
    title.paragraph_format.keep_with_next = True
    _rows(document, [table.columns, *table.rows])
    note = document.add_paragraph()
    note.add_run("Note. ").italic = True
    _write(note, table.note, SIZE - 2)


def _rows(document: Document, rows: Sequence[Sequence[str]], widths: Sequence[float] = ()) -> None:
    """Write a table with three horizontal lines, and its header on each page.

    `widths` are the columns' widths in inches; without them, the first column is the widest, and
    the others are centred.
    """
    count = len(rows[0])
    table = document.add_table(len(rows), count)
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
    centred = not widths
    widths = widths or (LABELS, *[(PAGE - LABELS) / (count - 1)] * (count - 1))
    # table.cell(row, column) would list all cells of the table each time.
    for row, texts in zip(table.rows, rows, strict=True):
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            paragraph = cell.paragraphs[0]
            _write(paragraph, text, SIZE - 3)
            paragraph.paragraph_format.space_after = Pt(2)
            cell.width = Inches(widths[column])
            if column and centred:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _line(table, 0, "top")
    _line(table, 0, "bottom")
    _line(table, len(rows) - 1, "bottom")
    header = table.rows[0]._tr.get_or_add_trPr()
    header.append(OxmlElement("w:tblHeader"))
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _line(table: WordTable, row: int, edge: str) -> None:
    for cell in table.rows[row].cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{edge}")
        for key, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
            line.set(qn(f"w:{key}"), value)
        borders.append(line)


def _figure(
    document: Document, number: int, caption: str, picture: Path, alternative: str | None
) -> None:
    name = document.add_paragraph()
    name.add_run(f"Figure {number}").bold = True
    name.paragraph_format.keep_with_next = True
    title = document.add_paragraph()
    title.add_run(caption).italic = True
    title.paragraph_format.keep_with_next = True
    drawn = document.add_picture(str(picture))
    if drawn.height > Inches(HIGHEST):
        drawn.width = round(drawn.width * Inches(HIGHEST) / drawn.height)
        drawn.height = Inches(HIGHEST)
    if alternative:
        drawn._inline.docPr.set("descr", alternative)


def _without_dates(document: Document) -> bytes:
    """Return the document's bytes with the files of its archive dated alike."""
    saved, dated = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with (
        zipfile.ZipFile(saved) as before,
        zipfile.ZipFile(dated, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(zipfile.ZipInfo(name, EPOCH), before.read(name), zipfile.ZIP_DEFLATED)
    return dated.getvalue()
