"""Types of values beyond the standard library's, for the classes that describe a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

BLANK = "blank"
NOT_LISTED = "not_listed"


@dataclass(frozen=True)
class OneOf:
    """A text that must be in a list, such as the keys of a catalogue.

    The list may be a function, for lists that grow while the program runs.
    """

    listed: tuple[str, ...] | Callable[[], Sequence[str]]

    @property
    def known(self) -> tuple[str, ...]:
        """Return the texts that are valid at present."""
        return tuple(self.listed()) if callable(self.listed) else self.listed

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: str) -> str:
        if value not in self.known:
            raise PydanticCustomError(NOT_LISTED, "not listed")
        return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError(BLANK, "blank")
    return value


def _stripped(value: str) -> str:
    return _not_blank(value).strip()


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return a list as a tuple, and a single value as a tuple of one."""
    return tuple(value) if isinstance(value, list) else (value,)


Cell = str | int | float
"""A cell of a table of data."""
CellOrCells = Annotated[tuple[Cell, ...], BeforeValidator(as_tuple)]
"""Several cells in a list, or a single cell."""
Character = Annotated[str, MinLen(1)]
"""Text that may be blank, such as a separator, but not empty."""
Text = Annotated[str, AfterValidator(_not_blank)]
"""Text with at least one character that is not blank."""
Words = Annotated[str, AfterValidator(_stripped)]
"""Text that people read: not blank, and without the blanks around it."""
Number = int | float
"""A number that stays whole where it is written whole."""
Stripped = Annotated[str, AfterValidator(str.strip)]
"""Text without the blanks around it; it may be empty."""
Positive = Annotated[float, Gt(0)]
Share = Annotated[float, Gt(0), Le(1)]
Level = Annotated[float, Gt(0), Lt(0.5)]
"""A level of significance."""
Count = Annotated[int, Ge(0)]
