"""Fields of the structured editor: each belongs to one value of the study file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms

from studyplatform.panel.editor.lists import LISTS
from studyplatform.panel.toml_edits import REMOVED, Change, Path, value_at

Choices = Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Entry:
    """A value of the file as a field of a form.

    ``kind`` is line, text, number, decimal, check, choice, radio (a choice whose options are
    sentences), several, or a key of LISTS: a list or table of the file that is typed as text.
    ``missing`` is what a value that the file lacks means, and ``is_optional`` whether an empty
    field removes it. ``lead`` is a sentence below the heading of the field's group. ``mends`` is
    the path of the value whose mistakes the field mends, if the field's own path is not a value.
    """

    path: Path
    label: Any
    kind: str = "line"
    help: Any = ""
    group: Any = ""
    missing: Any = ""
    is_optional: bool = True
    choices: Choices = field(default_factory=tuple)
    lead: Any = ""
    mends: Path = ()

    @property
    def name(self) -> str:
        """Return the field's name, which the path determines."""
        return ".".join(map(str, self.path))

    def value(self, values: Any) -> Any:
        """Return the value in the file, or what its absence means.

        A list where the form has one value counts as absent, and the other way round.
        """
        there = value_at(values, self.path, self.missing)
        if self.kind in LISTS:
            return there if LISTS[self.kind].can_show(there) else self.missing
        has_several = isinstance(there, list | dict)
        return there if has_several == (self.kind == "several") else self.missing

    def form_field(self, values: Any) -> forms.Field:
        """Return the form's field with the file's value."""
        shared: dict[str, Any] = {
            "label": self.label,
            "help_text": self.help,
            "required": False,
            "initial": self.value(values),
        }
        if self.kind == "text":
            rows = min(24, 4 + str(shared["initial"]).count("\n") * 2)
            return forms.CharField(
                **shared, strip=False, widget=forms.Textarea(attrs={"rows": rows})
            )
        if self.kind == "number":
            return forms.IntegerField(**shared, min_value=0)
        if self.kind == "decimal":
            step = forms.NumberInput(attrs={"step": "any"})
            return forms.FloatField(**shared, widget=step)
        if self.kind == "check":
            return forms.BooleanField(**shared)
        if self.kind in ("choice", "radio"):
            # A narrow window would cut sentences off in a closed list.
            widget = forms.RadioSelect if self.kind == "radio" else forms.Select
            own = self._with_own(shared["initial"])
            return forms.ChoiceField(**shared, choices=own, widget=widget)
        if self.kind == "several":
            return forms.MultipleChoiceField(
                **shared,
                choices=self._with_own(*shared["initial"]),
                widget=forms.CheckboxSelectMultiple,
            )
        if self.kind in LISTS:
            return LISTS[self.kind].form_field(**shared)
        return forms.CharField(**shared)

    def _with_own(self, *own: str) -> list[tuple[str, Any]]:
        """Return the choices and any value of the file that is not among them."""
        known = [key for key, _words in self.choices]
        return [*self.choices, *((one, one) for one in own if one not in known)]

    def changes(self, values: Any, sent: Any) -> list[Change]:
        """Return the change that the sent value makes, if somebody touched the field."""
        there = self.value(values)
        if self.kind in LISTS:
            sent = self._listed(there, str(sent or ""))
        if self.kind == "text":
            sent = _text(str(sent or ""), str(there or ""))
        if self.kind == "several":
            # Kept ones stay in their order, because participants see them in it.
            sent = [one for one in there if one in sent] + [one for one in sent if one not in there]
        if sent == there:
            return []
        if sent in (None, "", {}) or (sent == [] and self.is_optional):
            is_there = value_at(values, self.path, REMOVED) is not REMOVED
            if not is_there or there == "":
                return []
            return [Change(self.path, REMOVED if self.is_optional else "")]
        return [Change(self.path, sent)]

    def _listed(self, there: Any, sent: str) -> Any:
        """Return the list or table that the text means, which is the file's own if untouched."""
        kind = LISTS[self.kind]
        same = sent.replace("\r\n", "\n").strip() == kind.text(there).strip()
        return there if same else kind.value(sent)


def _text(sent: str, there: str) -> str:
    """Return the text as the file writes it: with its line breaks, and ending as before."""
    plain = sent.replace("\r\n", "\n").strip()
    if plain == there.strip():
        return there
    return f"{plain}\n" if plain and ("\n" in plain or there.endswith("\n")) else plain
