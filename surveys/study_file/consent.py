"""The informed consent that a study file declares: its texts, check boxes and PDF."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from annotated_types import MaxLen

from analysis.toml.problems import Problems, TableProblems
from analysis.toml.value_types import Stripped, Words

CHECK_KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
PDF = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_. -]{0,79}\.pdf)(#(?P<sha256>[0-9a-f]{64}))?")
FIELD = "consent_"
"""Beginning of the field and of the exported column of a check box, before its key."""


@dataclass(frozen=True)
class Details:
    """A part of the consent that participants unfold if they want to read it."""

    heading: Words
    text: Words


@dataclass(frozen=True)
class Check:
    """A check box of the consent. If ``required``, nobody takes part without ticking it."""

    key: Words
    text: Words
    required: bool = True

    @property
    def field(self) -> str:
        """Return the name of the form's field and of the exported column."""
        return f"{FIELD}{self.key}"


@dataclass(frozen=True)
class Document:
    """A PDF next to the study file, by its name and the SHA-256 of its content."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Consent:
    """The text that a participant agrees to, with empty lines between paragraphs.

    ``summary`` precedes the text, and ``details`` follow it, folded. ``pdf`` is NAME.pdf#SHA256,
    empty for none.
    """

    version: Annotated[Words, MaxLen(40)]
    text: Words
    summary: Stripped = ""
    details: tuple[Details, ...] = ()
    checks: tuple[Check, ...] = ()
    pdf: Stripped = ""

    @property
    def sha256(self) -> str:
        """Return the hash of everything that the participant agrees to.

        A consent of a text alone is hashed as its text, as it was before there was anything else.
        """
        everything = asdict(self)
        del everything["version"]
        only_text = {key for key, value in everything.items() if value} == {"text"}
        text = self.text if only_text else json.dumps(everything, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def words(self) -> str:
        """Return all texts that participants read, one after the other."""
        details = [f"{part.heading}\n{part.text}" for part in self.details]
        checks = [check.text for check in self.checks]
        return "\n\n".join([self.summary, self.text, *details, *checks])

    @property
    def document(self) -> Document | None:
        """Return the PDF, or None if none is declared."""
        named = PDF.fullmatch(self.pdf)
        return Document(named["name"], named["sha256"] or "") if named else None


@dataclass(frozen=True)
class ConsentText:
    """The consent in another language. The version and the keys of the check boxes are the file's.

    Without a ``pdf`` of its own, the language shows that of the file's language.
    """

    text: Words
    summary: Stripped = ""
    details: tuple[Details, ...] = ()
    checks: Mapping[str, Words] = field(default_factory=dict)
    pdf: Stripped = ""


def check_consent(consent: Consent, problems: Problems) -> None:
    """Report faults of the check boxes and of the PDF."""
    check_pdf(consent.pdf, TableProblems(problems, ("consent",)))
    seen: set[str] = set()
    for number, check in enumerate(consent.checks):
        at = TableProblems(problems, ("consent", "checks", number))
        if check.key and not CHECK_KEY.fullmatch(check.key):
            at.add(
                "key",
                f"the key of a check box is {check.key!r}, and it becomes the column "
                f"{check.field!r} of the data. Use small letters, digits and _, 30 at most.",
            )
        elif check.key in seen:
            at.add("key", f"two check boxes have the key {check.key!r}. Rename one.")
        seen.add(check.key)


def check_pdf(pdf: str, at: TableProblems) -> None:
    """Report a PDF that is not written as NAME.pdf#SHA256."""
    named = PDF.fullmatch(pdf)
    if pdf and named is None:
        at.add(
            "pdf",
            f"pdf is {pdf!r}. Name a file next to the study file, such as information.pdf, "
            "followed by # and the SHA-256 of its content (64 digits).",
        )
    elif named is not None and not named["sha256"]:
        at.add(
            "pdf",
            f"pdf names {pdf!r} without the hash of its content, so that another file could take "
            f"its place unnoticed. Write {pdf}#SHA256: sha256sum {pdf} prints the 64 digits.",
        )


def translated(own: ConsentText, original: Consent, at: TableProblems) -> Consent:
    """Return the consent in another language, and report what it lacks or has too much.

    ``at`` is the table of the translated consent.
    """
    for name in ("summary", "details"):
        if bool(getattr(own, name)) != bool(getattr(original, name)):
            there = "has" if getattr(original, name) else "has no"
            at.add(
                name,
                f"the consent in the file's own language {there} {name}, and this translation "
                f"differs. {'Add' if getattr(original, name) else 'Remove'} {name}.",
            )
    if own.details and original.details and len(own.details) != len(original.details):
        at.add(
            "details",
            f"the translation has {len(own.details)} details and the consent in the file's own "
            f"language {len(original.details)}. Translate each.",
        )
    known = {check.key for check in original.checks}
    for key in own.checks:
        if key not in known:
            at.problems.add(
                (*at.path, "checks", key),
                f"the consent has no check box {key!r}. Remove its translation.",
            )
    for key in sorted(known - set(own.checks)):
        at.add("checks", f'the check box {key!r} is not translated. Add {key} = "…".')
    check_pdf(own.pdf, at)
    checks = [_translated(check, own.checks) for check in original.checks]
    return Consent(
        version=original.version,
        text=own.text,
        summary=own.summary,
        details=own.details,
        checks=tuple(checks),
        pdf=own.pdf or original.pdf,
    )


def _translated(check: Check, texts: Mapping[str, Any]) -> Check:
    return Check(check.key, texts.get(check.key, check.text), check.required)
