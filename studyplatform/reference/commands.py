"""The reference of the commands: what each does, and its arguments."""

from argparse import Action
from collections.abc import Mapping

from django.core.management import BaseCommand, get_commands, load_command_class

from explanations.documents.markdown import table
from studyplatform.reference.markdown import code, page

APPS = ("explanations", "surveys", "studyplatform")
INHERITED = frozenset(
    action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions
)
"""Arguments of every command of Django, such as --verbosity."""


def write() -> str:
    """Return the page of all commands of the project, in the order of their names."""
    blocks = [block for name, app in sorted(ours().items()) for block in _command(app, name)]
    return page(
        "Commands",
        "Each command runs as `manage.py NAME`. `--help` shows the same text. A command that is "
        "stopped with Ctrl-C says what it keeps.",
        *blocks,
    )


def ours() -> Mapping[str, str]:
    """Return the app of each command of this project."""
    return {
        name: app for name, app in get_commands().items() if app in APPS and isinstance(app, str)
    }


def _command(app: str, name: str) -> tuple[str, ...]:
    parser = load_command_class(app, name).create_parser("manage.py", name)
    own = [action for action in parser._actions if action.dest not in INHERITED]
    rows = [
        (code(_called(action)), (action.help or "") % vars(action), _default(action))
        for action in own
    ]
    heading, described = f"## {name}", parser.description or ""
    return heading, described, table(("argument", "what it is", "default"), rows)


def _called(action: Action) -> str:
    """Return the argument as one types it: with the word for its value, or its choices."""
    named = action.metavar or action.dest.upper()
    value = "" if action.nargs == 0 else named if isinstance(named, str) else " ".join(named)
    if action.choices is not None:
        value = "{" + ",".join(str(choice) for choice in action.choices) + "}"
    if not action.option_strings:
        return value
    return f"{action.option_strings[-1]} {value}".strip()


def _default(action: Action) -> str:
    if action.required:
        return "required"
    if action.nargs == 0 or action.default in (None, [], (), ""):
        return ""
    return code(str(action.default))
