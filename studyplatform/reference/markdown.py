"""Pages, code and running text in Markdown."""


def page(title: str, *blocks: str) -> str:
    """Return a page: its title, and its blocks separated by empty lines, without the empty ones."""
    return "\n\n".join([f"# {title}", *(block for block in blocks if block)]) + "\n"


def code(text: str) -> str:
    """Return the text as code, or nothing if it is empty."""
    return f"`{text}`" if text else ""


def sentence(docstring: str | None) -> str:
    """Return a docstring as running text in paragraphs, with its code marked as in Markdown."""
    paragraphs = (docstring or "").replace("``", "`").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
