"""The file report.pdf: the report on paper, with running head and page numbers."""

from pathlib import Path

from analysis.errors import AnalysisError

CURE = (
    "report.pdf was not written: WeasyPrint cannot find the system's Pango library. Install it "
    "(Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; "
    "macOS: brew install pango), or omit the file with --no-pdf. Everything else was written."
)


class PdfError(AnalysisError):
    """The PDF cannot be made on this machine, which lacks the package named in the message."""


def pdf_missing() -> str:
    """Return why no PDF can be made on this machine, or an empty string if it can."""
    try:
        import weasyprint  # noqa: F401 - imported here because it loads system libraries
    except OSError:
        return CURE
    return ""


def write_pdf(html: str, folder: Path) -> Path:
    """Write report.pdf to `folder`, tagged for screen readers, and return its path.

    The same page always gives the same bytes. Raises PdfError if WeasyPrint lacks a system library.
    """
    missing = pdf_missing()
    if missing:
        raise PdfError(missing)
    import weasyprint

    path = folder / "report.pdf"
    weasyprint.HTML(string=html, base_url=str(folder)).write_pdf(path, pdf_tags=True)
    return path
