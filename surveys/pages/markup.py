"""Texts of a study file as HTML: plain paragraphs, or safe Markdown if the study asks for it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from surveys.study_file.declaration import StudyFile

RULES = ("blockquote", "hr", "list", "heading", "paragraph")
INLINE_RULES = ("text", "newline", "escape", "emphasis", "link", "autolink", "entity")
SAFE_LINK = re.compile(r"(https?://|mailto:)[^\s]+", re.IGNORECASE)


def marked_up(text: str, study: StudyFile) -> SafeString:
    """Return the text as HTML. Nothing in it can become an element or script of its own.

    Only studies that declare ``texts = "markdown"`` are read as Markdown, because a stray * or a
    line that begins with 1. means itself in files that were written before.
    """
    if study.pages.texts == "markdown":
        return _markdown(text, str(_("opens in a new tab")))
    return mark_safe(linebreaks(text, autoescape=True))  # noqa: S308  escaped by linebreaks


@lru_cache(maxsize=256)
def _markdown(text: str, new_tab: str) -> SafeString:
    html: str = _reader().render(text, {"new_tab": new_tab})
    return mark_safe(html)  # noqa: S308  the reader escapes everything and knows no raw HTML


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = MarkdownIt("zero", {"html": False}).enable([*RULES, *INLINE_RULES[2:]])
    # A link of any other kind stays text.
    reader.validateLink = is_safe_link  # type: ignore[method-assign]
    reader.add_render_rule("heading_open", _heading)
    reader.add_render_rule("heading_close", _heading)
    reader.add_render_rule("link_open", _link_open)
    reader.add_render_rule("link_close", _link_close)
    return reader


def is_safe_link(url: str) -> bool:
    """Check whether the URL leads to a site or to an e-mail address."""
    return SAFE_LINK.fullmatch(url) is not None


def _heading(
    self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    """Render a heading one level lower, since the page's title is its h1."""
    token = tokens[index]
    level = min(int(token.tag[1:]) + 1, 4)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _link_open(
    self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    # In a new tab, so that nobody loses the study's page by reading on elsewhere.
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", "noopener noreferrer")
    return self.renderToken(tokens, index, options, dict(env))


def _link_close(
    self: RendererHTML, tokens: list[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    return f'<span class="visually-hidden"> ({env["new_tab"]})</span></a>'
