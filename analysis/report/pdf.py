"""report.pdf: the same page on paper, with a running head and page numbers."""

from pathlib import Path

from analysis.errors import AnalysisError

CURE = (
    "report.pdf was not written: WeasyPrint does not find the system's Pango library. Install it "
    "(Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; "
    "macOS: brew install pango), or leave the file out with --no-pdf. Everything else was written."
)


class PdfError(AnalysisError):
    """The PDF cannot be made on this machine; the text says what to install."""


def pdf_missing() -> str:
    """Why no PDF can be made here; empty where one can."""
    try:
        import weasyprint  # noqa: F401 - loads the system's libraries, and only here
    except OSError:
        return CURE
    return ""


def write_pdf(html: str, folder: Path) -> Path:
    """report.pdf in `folder`, tagged for screen readers; the same page gives the same bytes."""
    missing = pdf_missing()
    if missing:
        raise PdfError(missing)
    import weasyprint

    path = folder / "report.pdf"
    weasyprint.HTML(string=html, base_url=str(folder)).write_pdf(path, pdf_tags=True)
    return path
