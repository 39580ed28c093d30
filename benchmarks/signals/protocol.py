"""The interface of a walk, so that others can add walks without knowing the rules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Kind = Literal["program", "person"]


@dataclass(frozen=True)
class Way:
    """A way of walking: `walk` takes the browser, the study's address and a seed, walks from the
    consent to the last page, and returns the completion code, by which the participant is known.

    `options` are those of Playwright's new_context, such as a touch screen, and `scripts`, which
    run in each page before its own.
    """

    key: str
    label: str
    kind: Kind
    walk: Callable[["Browser", str, int, dict[str, Any]], str]
    options: tuple[tuple[str, Any], ...] = ()


class WalkError(RuntimeError):
    """A walk that did not come to the study's end. The message says where it stopped."""
