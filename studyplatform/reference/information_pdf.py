"""The participant information of the example `studies/examples/online-study.toml`, as a PDF.

Run `python -m studyplatform.reference.information_pdf` to write it, and put the hash that it prints
into the study file.
"""

import hashlib
import textwrap
from pathlib import Path

TITLE = "Information for participants"
PARAGRAPHS = (
    "This is an example. A research group replaces it with its own information, as a PDF.",
    "Who we are. [Name of the research group, institution, and the person responsible, with an "
    "e-mail address.] [Ethics committee and approval number.]",
    "What you will do. You answer questions about yourself, look at 9 pictures with the answers of "
    "a computer program, decide whether you accept each answer, and say why. A week later you can "
    "answer five questions once more.",
    "Your data. Your answers are stored under a random code, without your name, address or date of "
    "birth. They are analysed together with those of the other participants, and may be published "
    "in that form.",
    "Your rights. Taking part is voluntary. You can stop at any time without giving a reason, and "
    "have your answers deleted with your personal code.",
)
WIDTH, HEIGHT, MARGIN, SIZE, LINE = 595, 842, 72, 11, 16  # points; an A4 page
COLUMNS = 84  # characters of a line of Helvetica between the margins


def pdf() -> bytes:
    """Return the PDF, always with the same bytes: one page of text in a standard font."""
    lines = [("F2", 18, TITLE), ("F1", SIZE, "")]
    for paragraph in PARAGRAPHS:
        lines += [("F1", SIZE, line) for line in (*textwrap.wrap(paragraph, COLUMNS), "")]
    shown = "".join(
        f"/{font} {size} Tf ({_escaped(text)}) Tj 0 -{max(LINE, size)} Td\n"
        for font, size, text in lines
    )
    content = f"BT {MARGIN} {HEIGHT - MARGIN} Td\n{shown}ET"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Lang (en) >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        font.format("Helvetica"),
        font.format("Helvetica-Bold"),
        f"<< /Title ({TITLE}) >>",
    ]
    return _file(objects)


def _file(objects: list[str]) -> bytes:
    """Return the objects with the table of their places, which a reader looks up from the end."""
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += f"{number} 0 obj\n{body}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return file + (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n"
        f"startxref\n{len(file)}\n%%EOF\n"
    ).encode("ascii")


def _escaped(text: str) -> str:
    """Return the text as the inside of a PDF string, in which brackets and \\ have a meaning."""
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def main() -> None:
    path = Path(__file__).parents[2] / "studies" / "examples" / "information.pdf"
    path.write_bytes(pdf())
    print(f"{path.name}#{hashlib.sha256(pdf()).hexdigest()}")


if __name__ == "__main__":
    main()
