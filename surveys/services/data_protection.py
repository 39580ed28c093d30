"""The data-protection sheet of a study, in the words of the General Data Protection Regulation."""

from collections.abc import Iterator

from surveys import questionnaires
from surveys.models import Participant, Study
from surveys.services.retention import due
from surveys.study_file.stored import definition

TO_FILL = "_to be filled in by the controller_"
SECURITY = (
    "connections are encrypted; researchers sign in with a password and, if the installation "
    "requires it, a second factor; a study's data are visible to its members alone",
    "addresses of participations, personal codes and ids of recruitment services are encrypted in "
    "the database, with a key that is not in it",
    "neither the database nor a log holds IP addresses; the browser holds no third-party cookie",
    "each act of a researcher is entered in an audit that cannot be changed",
)


def sheet(study: Study) -> str:
    """Return the sheet as Markdown: a record of processing (article 30) and the facts for an
    assessment (article 35)."""
    return "\n".join(
        [
            f"# Data protection: {study.title}",
            "",
            f"Study `{study.slug}`, study file {study.source_sha256[:12]}.",
            "",
            "## Record of processing activities (GDPR, article 30)",
            "",
            *_rows(_record(study)),
            "",
            "## Facts for an impact assessment (GDPR, article 35)",
            "",
            *_rows(_assessment(study)),
            "",
        ]
    )


def _rows(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    yield "| question | answer |"
    yield "|---|---|"
    for question, answer in rows:
        yield f"| {question} | {answer.replace('|', chr(92) + '|')} |"


def _record(study: Study) -> Iterator[tuple[str, str]]:
    declared = definition(study)
    recruitment = declared.recruitment
    asked = {step.questionnaire for step in declared.steps if step.questionnaire}
    titles = ", ".join(sorted(f"{_title(key)} (`{key}`)" for key in asked))
    yield "Controller and contact (30.1 a)", TO_FILL
    yield "Purposes (30.1 b)", "research on how people understand explanations of image classifiers"
    yield "Data subjects (30.1 c)", "adults who take part in the study"
    yield (
        "Categories of data (30.1 c)",
        f"judgements of images with times; questionnaires: {titles or 'none'}; time of consent and "
        "version of its text; the group to which chance has assigned the person",
    )
    if recruitment.is_open:
        yield "Identifiers", "none: the platform does not learn who takes part"
    else:
        yield (
            "Identifiers",
            f"the ids that {recruitment.name or recruitment.kind} gives the person and the "
            "submission, encrypted and apart from all answers; deleted by forget_identifiers after "
            "payment",
        )
    kept = recruitment.remember_days
    yield (
        "Recipients (30.1 d)",
        "the study's researchers; with a release, everybody, without identifiers",
    )
    yield "Transfers to third countries (30.1 e)", TO_FILL
    yield (
        "Erasure (30.1 f)",
        "at once by the person, on each page or later with the personal code"
        + (
            f"; a keyed hash of the id is kept for {kept} days, so that nobody takes part twice"
            if kept
            else "; nothing about the person is kept"
        ),
    )
    yield "Retention (30.1 f)", _retention(study)
    yield "Security (30.1 g, 32)", "; ".join(SECURITY)


def _assessment(study: Study) -> Iterator[tuple[str, str]]:
    people = study.participants.filter(simulated=False)
    completed = people.filter(state=Participant.State.COMPLETED).count()
    versions = ", ".join(people.order_by().values_list("consent_version", flat=True).distinct())
    yield "Description (35.7 a)", f"participants so far: {people.count()}, to the end: {completed}"
    yield (
        "Legal basis",
        f"consent (6.1 a); versions of the text: {versions or 'nobody has come yet'}",
    )
    bonus = definition(study).bonus
    yield (
        "Automated decisions (22)",
        "none: what a person is shown is drawn by chance"
        if bonus is None
        else f"the bonus is computed by the rule {bonus.rule!r}, which the consent states, between "
        f"{bonus.minimum:g} and {bonus.maximum:g} {bonus.currency}; amounts leave the platform "
        "with the ids of those who are paid, for owners of the study alone",
    )
    yield (
        "Necessity (35.7 b)",
        "each question is declared in the study file, and its use in the analysis plan",
    )
    yield (
        "Risks (35.7 c)",
        "free text may name persons; a rare combination of answers may point to somebody; both are "
        "checked before a release (docs/releases.md)",
    )
    yield "Measures (35.7 d)", "; ".join(SECURITY)
    yield "Rights (15 to 21)", "access and erasure by the personal code, without an account"


def _retention(study: Study) -> str:
    found = due(study)
    declared = found.declared
    if not (declared.identifiers_months or declared.data_months):
        return f"no date is declared in the study file ([retention]); {TO_FILL}"
    said = [
        f"{what}: {months} months after the end of collection"
        + (f", on {until:%Y-%m-%d}" if until else "")
        for what, months, until in (
            ("identifiers, hashes", declared.identifiers_months, found.identifiers_until),
            ("all data of participants", declared.data_months, found.data_until),
        )
        if months
    ]
    if declared.delete_copies:
        said.append("erasing a person deletes the exports, reports and releases with the person")
    return "; ".join(said)


def _title(key: str) -> str:
    return questionnaires.get(key).title
