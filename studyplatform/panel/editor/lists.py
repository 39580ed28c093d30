"""Lists and tables of a study file that the editor's forms show as text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class ListKind:
    """A way to type a list or a table.

    ``text`` and ``value`` translate it, and ``can_show`` checks that a value of the file has the
    type for it. ``value`` raises ValidationError for a text that means nothing.
    """

    can_show: Callable[[Any], bool]
    text: Callable[[Any], str]
    value: Callable[[str], Any]
    rows: int = 0

    def form_field(self, **options: Any) -> forms.Field:
        """Return the field: the initial value as text, and an error for a text without meaning."""
        options["initial"] = self.text(options["initial"])
        if self.rows:
            rows = max(self.rows, options["initial"].count("\n") + 2)
            options["widget"] = forms.Textarea(attrs={"rows": rows})
        return forms.CharField(**options, validators=[self._check])

    def _check(self, text: str) -> None:
        self.value(text)


def _words(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _numbers(text: str) -> list[float]:
    """Return the numbers, whole ones as whole numbers, so that the file says 5 and not 5.0."""
    try:
        found = [float(one) for one in text.split(",") if one.strip()]
        return [int(one) if one.is_integer() else one for one in found]
    except (ValueError, OverflowError) as error:
        raise ValidationError(
            _("“%(text)s” is not a list of numbers. Write numbers with commas, such as 5, 10, 20.")
            % {"text": text.strip()}
        ) from error


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in value
    )


def _groups(text: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for line in _words(text):
        name, equals, members = line.partition("=")
        answers = [one.strip() for one in members.split(",") if one.strip()]
        if not (equals and name.strip() and answers) or name.strip() in groups:
            raise ValidationError(
                _(
                    "“%(line)s” is not a group of its own. Write each group on a line, such as: "
                    "young = 18-24, 25-34"
                )
                % {"line": line}
            )
        groups[name.strip()] = answers
    return groups


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for line in _words(text):
        name, _equals, value = (part.strip() for part in line.partition("="))
        if not (name and value) or name in pairs:
            raise ValidationError(
                _(
                    "“%(line)s” does not give a factor its level. Write each factor once, on a "
                    "line, such as: certainty = shown"
                )
                % {"line": line}
            )
        pairs[name] = value
    return pairs


def _are_pairs(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _are_groups(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _are_words(one) and not any("," in answer for answer in one) for one in value.values()
    )


LISTS = {
    "words": ListKind(_are_words, lambda words: "\n".join(words), _words, rows=3),
    "numbers": ListKind(
        _are_numbers, lambda numbers: ", ".join(f"{one:g}" for one in numbers), _numbers
    ),
    "groups": ListKind(
        _are_groups,
        lambda groups: "\n".join(f"{name} = {', '.join(of)}" for name, of in groups.items()),
        _groups,
        rows=4,
    ),
    "pairs": ListKind(
        _are_pairs,
        lambda pairs: "\n".join(f"{name} = {value}" for name, value in pairs.items()),
        _pairs,
        rows=2,
    ),
}
"""Every kind: words on a line each, numbers with commas, groups of answers, and levels of factors.
"""
