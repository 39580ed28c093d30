"""Checks of [[sessions]] and of the parts that belong to them."""

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems, did_you_mean
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import QuestionnairePart
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.reading.endings import KEY, check_way_back
from surveys.study_file.reading.parts import DeclaredParts
from surveys.study_file.recruitment_kinds import get


def check_sessions(file: Document, study: StudyFile, parts: DeclaredParts) -> None:
    """Report sessions without pages or out of order, and parts that cannot be in a session."""
    _check_parts(file, study, parts)
    keys: list[str] = []
    taken = {exit_.code for exit_ in study.recruitment.exits.values()} - {""}
    taken |= {ending.code for ending in study.endings} - {""}
    kind = get(study.recruitment.kind)
    for number, session in enumerate(study.sessions):
        at = TableProblems(file.problems, ("sessions", number))
        if session.key and not KEY.fullmatch(session.key):
            at.add(
                "key",
                f"key is {session.key!r}. It appears in the data: use small letters, digits, - "
                "and _.",
            )
        if session.key in keys:
            at.add("key", f"two sessions have the key {session.key!r}. Rename one.")
        keys.append(session.key)
        asking = [part for part in study.parts if part.session == session.key]
        if not any(isinstance(part, QuestionnairePart) for part in asking):
            at.add(
                "key",
                f"the session {session.key!r} asks nothing. Add one of the [[parts]] with "
                f'kind = "questionnaire" and session = "{session.key}".',
            )
        check_way_back(at, study, session, f"the session {session.key!r}", taken)
        taken.add(session.code)
        if session.study_id and not kind.study_parameter:
            at.add(
                "study_id",
                f"study_id has no effect with recruitment of the kind {kind.key!r}. Remove it; "
                "people come by their personal links.",
            )
        elif session.study_id and not kind.id_pattern.fullmatch(session.study_id):
            at.add(
                "study_id",
                f"study_id is {session.study_id!r}. {kind.label}'s id of a study has 24 "
                "characters, 0-9 and a-f.",
            )
        earlier = study.sessions[number - 1].after_days if number else 0
        if session.after_days <= earlier:
            at.add(
                "after_days",
                f"the session {session.key!r} opens {session.after_days} days after the first, "
                f"and the one before it after {earlier}. Put the sessions in their order.",
            )


def _check_parts(file: Document, study: StudyFile, parts: DeclaredParts) -> None:
    known = [session.key for session in study.sessions]
    last = -1
    for part in study.parts:
        at = TableProblems(file.problems, parts.place_of(part))
        if not part.session:
            if last >= 0:
                at.add(
                    "key",
                    f"the part {part.key!r} comes after a part of a later session. Move it before "
                    "them, or give it a session.",
                    "session",
                )
            continue
        if part.session not in known:
            hint = did_you_mean(part.session, known) if known else ". Add it as [[sessions]]."
            at.add("session", f"the part {part.key!r}: unknown session {part.session!r}{hint}")
            continue
        if known.index(part.session) < last:
            at.add(
                "session",
                f"the part {part.key!r} belongs to an earlier session than the part before it. "
                "Put the parts in the order of the sessions.",
            )
        last = known.index(part.session)
        if not isinstance(part, TextPart | QuestionnairePart):
            at.add(
                "session",
                f"the part {part.key!r} is in a session, and only parts of the kinds "
                "'questionnaire' and 'text' can be. Remove session.",
            )
        elif part.per_block:
            at.add(
                "session",
                f"the part {part.key!r} is in a session and is repeated in every block, and "
                "sessions have no blocks. Remove per_block.",
            )
