"""Study files under work: where they come from, who may write them, and how they become studies."""

import difflib
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import Http404
from django.utils.translation import get_language, gettext

from studyplatform.models import StudyText, TextVersion
from studyplatform.panel import image_sets, members
from studyplatform.panel.access import AnyUser, Right, has_right, is_administrator
from studyplatform.panel.design_pictures import DesignPicture, picture_of
from studyplatform.panel.design_purposes import PURPOSES, TITLES
from surveys import services
from surveys.models import Study
from surveys.services.documents import store_document
from surveys.services.stimuli import choose_stimuli_if_predicted
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError

COMMAND = re.compile(r"[;,]? `make \w+` runs it| `make \w+` prepares it[^.]*\.toml\.")
"""What a design's comment says to people who use the command line."""
TITLE_OF_LANGUAGE = re.compile(r"(^\[text\.[\w-]+\][ \t]*\n(?:(?!\[).*\n)*?)title[ \t]*=.*$", re.M)
"""A language's title, which is in its table before every further table."""
LONGEST = 1_000_000
"""Characters of a study file that the panel accepts."""


class OutdatedError(Exception):
    """Somebody saved another version while this one was being written."""


@dataclass(frozen=True)
class Template:
    """A design that ships with the platform: its file's name, its title, what it is for, and the
    text of its file.
    """

    name: str
    title: str
    purpose: str
    source: str

    @property
    def picture(self) -> DesignPicture | None:
        """Return the picture of the design, drawn from its file."""
        return picture_of(self.source)

    @property
    def title_in_words(self) -> str:
        """Return the title, in the reader's language if it is translated."""
        return gettext(self.title) if self.title in TITLES.values() else self.title

    @property
    def purpose_in_words(self) -> str:
        """Return what the design is for, in the reader's language if it is translated."""
        return gettext(self.purpose) if self.purpose in PURPOSES.values() else self.purpose


@dataclass(frozen=True)
class DiffLine:
    """A line of a comparison; ``kind`` is "added", "removed", "place" or "same"."""

    kind: str
    text: str


@dataclass(frozen=True)
class PlacedProblem:
    """A mistake of a study file, with its line from 1, or 0 if it belongs to no line."""

    line: int
    sentence: str


def placed(problems: Sequence[str]) -> list[PlacedProblem]:
    """Return the problems with the line that each begins with."""
    found = [re.match(r"line (\d+): ", problem) for problem in problems]
    return [
        PlacedProblem(int(match[1]), problem[match.end() :]) if match else PlacedProblem(0, problem)
        for match, problem in zip(found, problems, strict=True)
    ]


def templates() -> list[Template]:
    """Return the shipped designs, in the order of their names, the demo first."""
    files = [*settings.STUDIES_DIR.glob("*.toml"), *(settings.STUDIES_DIR / "examples").glob("*")]
    found = [
        Template(path.name, title, _purpose(text), text)
        for path in sorted(files)
        if path.suffix == ".toml"
        and (text := path.read_text(encoding="utf-8"))
        and (title := _value(text, "title"))
        and _value(text, "slug")
    ]
    return sorted(found, key=lambda template: template.name != "demo.toml")


def template_text(name: str) -> str:
    """Return the text of a shipped design, whose PDFs are stored for the studies made from it.

    Raises Http404 for any other name.
    """
    if name not in {template.name for template in templates()}:
        raise Http404("There is no such design.")
    for folder in (settings.STUDIES_DIR, settings.STUDIES_DIR / "examples"):
        path: Path = folder / name
        if path.exists():
            text = path.read_text(encoding="utf-8")
            for document in folder.glob("*.pdf"):
                if f'"{document.name}#' in text:
                    store_document(document.read_bytes())
            return text
    raise Http404("There is no such design.")


def renamed(text: str, slug: str, title: str) -> str:
    """Return the file with another slug, another title and a new seed, and nothing else changed.

    The title is that of every language, because a design's own would be wrong for the study.
    """
    first = re.search(r"^\[", text, re.MULTILINE)
    head, tail = (text[: first.start()], text[first.start() :]) if first else (text, "")
    values = {
        "slug": json.dumps(slug),
        "title": json.dumps(title, ensure_ascii=False),
        "seed": str(secrets.randbelow(10**9)),
    }
    for key, value in values.items():
        line = re.search(rf"^{key}[ \t]*=.*$", head, re.MULTILINE)
        replacement = f"{key} = {value}"
        if line:
            head = head[: line.start()] + replacement + head[line.end() :]
        else:
            head = f"{head.rstrip()}\n{replacement}\n\n"
    return head + TITLE_OF_LANGUAGE.sub(lambda found: f"{found[1]}title = {values['title']}", tail)


def begin(user: User, source: str) -> StudyText:
    """Return a new file under work, with its first version."""
    with transaction.atomic():
        text = StudyText.objects.create(created_by=user)
        TextVersion.objects.create(text=text, number=1, source=source, who=user.get_username())
    return text


def unfinished(user: AnyUser) -> list[TextVersion]:
    """Return the latest version of each file that the user began and no study uses yet."""
    if not isinstance(user, User):
        return []
    latest = TextVersion.objects.filter(text=OuterRef("text")).order_by("-number")
    versions = TextVersion.objects.filter(text__study=None, text__created_by=user)
    return list(versions.filter(number=Subquery(latest.values("number")[:1])).order_by("-at")[:20])


def title_of(source: str) -> str:
    """Return the title in a study file that may be full of mistakes, or an empty text.

    It is in the reader's language if the file has it, and otherwise in the file's own.
    """
    language = (get_language() or "").partition("-")[0]
    # Read without a parser, because lists have many files, and files under work have mistakes.
    begin = re.search(rf"^\[text\.{language}\][ \t]*$", source, re.MULTILINE) if language else None
    if begin:
        table, _, _ = source[begin.end() :].partition("\n[")
        if title := _value(table, "title"):
            return title
    return _value(source, "title")


def text_of(study: Study, user: User) -> StudyText:
    """Return the study's file under work, to which a version that was loaded elsewhere is added."""
    with transaction.atomic():
        text, _ = StudyText.objects.get_or_create(study=study, defaults={"created_by": user})
        StudyText.objects.select_for_update().get(pk=text.pk)
        if not text.versions.filter(source=study.source).exists():
            last = text.versions.first()
            number = last.number + 1 if last else 1
            TextVersion.objects.create(text=text, number=number, source=study.source, who="")
    return text


def version_in_use(study: Study) -> TextVersion | None:
    """Return the version of the file that the study uses, or None if no editor has shown it."""
    versions = TextVersion.objects.filter(text__study=study, source=study.source)
    return versions.order_by("-number").first()


def writable(user: User, pk: int) -> StudyText:
    """Return the file if the user may write it. Raises Http404 otherwise."""
    text = StudyText.objects.select_related("study").filter(pk=pk).first()
    if text is not None:
        own = text.study is None and (text.created_by == user or is_administrator(user))
        if own or (text.study and has_right(user, text.study, Right.MAKE_CHANGES)):
            return text
    raise Http404("There is no such file, or you may not write it.")


def save(text: StudyText, source: str, *, after: int, user: User) -> TextVersion:
    """Store the text as a new version. An unchanged text stores nothing.

    Raises OutdatedError if ``after``, the version that the editor showed, is not the latest.
    """
    with transaction.atomic():
        StudyText.objects.select_for_update().get(pk=text.pk)
        last = text.versions.first()
        if last is not None and last.number != after:
            raise OutdatedError
        if last is not None and last.source == source:
            return last
        return TextVersion.objects.create(
            text=text, number=after + 1, source=source, who=user.get_username()
        )


def problems_of(text: StudyText, source: str, user: User) -> tuple[str, ...]:
    """Return why the text cannot be used as the file of its study; empty if it can.

    Image sets of studies that the user may not see count as missing.
    """
    try:
        declared = loading.parse_for_installation(
            source, image_sets.hidden(user, text.study), images_later=True
        )
    except StudyFileError as error:
        return tuple(error.problems)
    if text.study is not None and declared.slug != text.study.slug:
        return (
            gettext(
                "The short name (slug) was “%(old)s” and cannot change: it is in the address of "
                "the study. Begin a new study from this one instead."
            )
            % {"old": text.study.slug},
        )
    if text.study is None and Study.objects.filter(slug=declared.slug).exists():
        return (
            gettext(
                "The short name (slug) “%(slug)s” belongs to another study. Choose another one."
            )
            % {"slug": declared.slug},
        )
    return ()


def use(text: StudyText, source: str, user: User) -> Study:
    """Load the text as the study's file, and make the user the owner of a new study.

    Raises StudyFileError and StudyError if the text or the change cannot be used.
    """
    with transaction.atomic():
        is_new = text.study is None
        loading.parse_for_installation(
            source, image_sets.hidden(user, text.study), images_later=True
        )
        study = services.load_study(source, images_later=True)
        if study.state == Study.State.DRAFT:  # another text must not ask for another job
            choose_stimuli_if_predicted(study)
        if is_new:
            members.begin(study, user)
            text.study = study
            text.save(update_fields=["study"])
        return study


def difference(before: str, after: str) -> list[DiffLine]:
    """Return the changed lines with three lines around them."""
    return list(_diff_lines(before.splitlines(), after.splitlines()))


def _diff_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[DiffLine]:
    kinds = {"+": "added", "-": "removed", "@": "place"}
    lines = difflib.unified_diff(before, after, lineterm="", n=3)
    for number, line in enumerate(lines):
        if number > 1:  # the first two lines would name files
            yield DiffLine(kinds.get(line[:1], "same"), line)


def side_by_side(lines: Sequence[DiffLine]) -> list[tuple[DiffLine | None, DiffLine | None]]:
    """Return the lines of a difference in two columns: before and after.

    Removed lines are next to the lines that took their place, and None is next to a line that has
    no counterpart. The place of a group of lines is in the first column alone.
    """
    rows: list[tuple[DiffLine | None, DiffLine | None]] = []
    for changed, group in groupby(lines, lambda line: line.kind in ("removed", "added")):
        if changed:
            both = list(group)
            before = [line for line in both if line.kind == "removed"]
            after = [line for line in both if line.kind == "added"]
            rows += list(zip_longest(before, after))
        else:
            rows += [(line, None if line.kind == "place" else line) for line in group]
    return rows


def _value(text: str, key: str) -> str:
    found = re.search(rf'^{key}[ \t]*=[ \t]*("(?:[^"\\\n]|\\.)*")', text, re.MULTILINE)
    if found is None:
        return ""
    try:
        return str(json.loads(found[1]))  # basic strings of TOML have the escapes of JSON, mostly
    except ValueError:
        return found[1][1:-1]


def _purpose(text: str) -> str:
    """Return the comment at the head of a file, up to its first empty line, as one paragraph."""
    lines: list[str] = []
    for line in text.splitlines():
        words = line.removeprefix("#").strip()
        if not line.startswith("#") or (not words and lines):
            break
        lines.append(words)
    return COMMAND.sub("", " ".join(lines))
