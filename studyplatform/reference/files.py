"""The reference of the files that researchers write: studies, plans and questionnaires."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import chain
from typing import get_type_hints

from analysis.plan import plan, tables
from analysis.plan.catalogues.analyses import ANALYSES
from analysis.plan.catalogues.behaviour_measures import MEASURES
from analysis.plan.catalogues.exclusion_rules import RULES
from analysis.plan.catalogues.outcome_kinds import KINDS
from analysis.release.declaration import Release
from explanations import catalogue
from explanations.documents.markdown import table
from studyplatform.reference.keys import Table, described, inner_tables, is_table
from studyplatform.reference.markdown import code, page
from surveys import tasks
from surveys.questionnaires.reading import QuestionnaireTable
from surveys.study_file import declaration, designs, recruitment_kinds
from surveys.study_file.consent import Consent
from surveys.study_file.parts import PARTS
from surveys.study_file.reading.allocation import AllocationTable
from surveys.study_file.reading.parts import Asked, Entry
from surveys.study_file.reading.recruitment import table_type
from surveys.study_file.reading.study import FileTable
from surveys.study_file.signals import Signals

INHERITED = ("key", "per_block", "conditions", "blocks")  # keys of every part, in Entry
HOW_TO_READ = (
    "The keys of each table, the values that the program accepts, and the value of a key that the "
    "file leaves out. Every other key is refused with its line."
)


def study_file() -> str:
    """Return the page of the keys of a study file."""
    alone = ("slug", "title", "seed", "language")
    tables_of_file = [one.name for one in fields(FileTable) if one.name not in alone]
    fixed = [
        Table("", FileTable, without=tables_of_file),
        *inner_tables("[consent]", Consent),
        *inner_tables("[debrief]", declaration.Debrief),
        *inner_tables("[images]", declaration.Images),
        Table("[[arms]] or [[conditions]]", designs.Condition),
        Table("[design]", declaration.Design),
        *inner_tables("[allocation]", AllocationTable),
        Table("[pages]", declaration.Pages),
        Table("[questionnaires]", Asked),
        *inner_tables("[release]", Release),
        *inner_tables("[signals]", Signals),
    ]
    recruited = [
        Table(
            f'[recruitment] with kind = "{kind.key}"', table_type(kind), without=("codes", "urls")
        )
        for kind in recruitment_kinds.KINDS
    ]
    parts = [
        Table(f'[[parts]] with kind = "{key}"', cls, without=INHERITED)
        for key, cls in PARTS.items()
    ]
    return page(
        "Keys of a study file",
        f"{HOW_TO_READ} [How to declare a study](../studies.md) explains them with examples.",
        *map(described, fixed),
        *map(described, recruited),
        described(Table("[[parts]], all kinds", Entry)),
        *map(described, parts),
        "## Tasks of trials",
        table(("task", "name"), ((code(one.key), one.label) for one in tasks.TASKS)),
        "## Methods of arms and conditions",
        table(("method", "name"), ((code(one.key), one.label) for one in catalogue.METHODS)),
    )


def plan_file() -> str:
    """Return the page of the keys of an analysis plan."""
    nested = chain.from_iterable(
        inner_tables(name, cls)
        for name, cls in (
            ("[[outcomes]]", plan.Outcome),
            ("[[exclusions]]", tables.Exclusion),
            ("[[contrasts]]", tables.PlannedContrast),
            ("[behaviour]", tables.Behaviour),
            ("[sample_goal]", tables.SampleGoal),
            ("[looks]", tables.LooksPlan),
            ("[bayes]", tables.BayesPrior),
            ("[mediation]", tables.MediationPlan),
            ("[multiverse]", tables.MultiversePlan),
            ("[map_quality]", tables.MapQualityPlan),
            ("[attention_maps]", tables.AttentionPlan),
            ("[signals]", tables.SignalsPlan),
            ("[preregistration]", tables.Preregistration),
            ("[source]", tables.Source),
        )
    )
    hints = get_type_hints(plan.Plan)
    tables_of_plan = [name for name, hint in hints.items() if is_table(hint)]
    return page(
        "Keys of an analysis plan",
        f"{HOW_TO_READ} In a study file, the tables begin with `analysis.`, as in "
        "`[[analysis.outcomes]]`. [The analysis plan](../analysis-plan.md) explains them with "
        "examples.",
        described(Table("", plan.Plan, without=tables_of_plan)),
        *map(described, nested),
        "## Kinds of outcomes",
        _catalogue((one.key, one.label, one.needs) for one in KINDS),
        "## Analyses",
        _catalogue((one.key, one.label, one.needs) for one in ANALYSES),
        "## Exclusion rules",
        _catalogue((one.key, one.label, one.needs) for one in RULES),
        "## Measures of behaviour",
        _catalogue((one.key, one.label, one.needs) for one in MEASURES),
    )


def questionnaire() -> str:
    """Return the page of the keys of a questionnaire's file."""
    return page(
        "Keys of a questionnaire's file",
        HOW_TO_READ,
        *map(described, inner_tables("", QuestionnaireTable)),
    )


def _catalogue(entries: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """Return the table of a catalogue: keys, labels, and the keys or columns that each needs."""
    rows = ((code(key), label, ", ".join(map(code, needs))) for key, label, needs in entries)
    return table(("key", "what it is", "needs"), rows)
