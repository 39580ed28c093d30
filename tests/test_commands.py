"""Every command says what is wrong with its input before any work, and leaves nothing half-made."""

import errno
import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from argparse import _HelpAction
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand

from explanations.classifier.recipes import RECIPES
from explanations.management import arguments, outputs, progress
from explanations.management.base import PlatformCommand
from surveys.simulation import run
from tests.conftest import ROOT
from tests.surveys.drawn import drawn_study

OURS = ("explanations", "surveys", "studyplatform")
COMMANDS = sorted(name for name, app in get_commands().items() if app in OURS)
DJANGOS = {action.dest for action in BaseCommand().create_parser("", "")._actions}
DEEP = "[" * 100_000


@pytest.fixture(autouse=True)
def heed_interrupts():
    """Undo that a shell lets its background jobs ignore SIGINT, which their children inherit."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


WRONG = {
    arguments.count: ("0", "-1", "1.5", "many", ""),
    arguments.natural: ("-1", "1.5", "many", ""),
    arguments.seed: ("-1", "1.5", "x", str(2**63)),
    arguments.number: ("nan", "inf", "much", ""),
    arguments.names: ("", " ", ",", " , ,"),
    arguments.name: ("", " ", "a\0b"),
    arguments.class_names: ("", "cat", "cat,cat", "cat,,dog", "BINARY", "FILE"),
    arguments.weights: ("MISSING", "FOLDER", "nobody", "", "a\0b", "x" * 5000),
    arguments.input_path: ("MISSING", "", "a\0b", "x" * 5000),
    arguments.input_file: ("MISSING", "FOLDER", "", "a\0b", "x" * 5000),
    arguments.text_file: ("MISSING", "FOLDER", "BINARY", "LATIN", "UTF16", ""),
    arguments.input_folder: ("MISSING", "FILE", ""),
    arguments.output_folder: ("FILE", "FILE/below", "FILE/far/below", "", "a\0b", "x" * 5000),
    arguments.output_file: ("FOLDER", "FILE/below", "FILE/far/below", ""),
}
"""Wrong values of each type. Words in capitals are paths, made by the fixture ``places``."""


@pytest.fixture
def places(tmp_path):
    """A file, a folder, and files that are not text in UTF-8."""
    folder = tmp_path / "FOLDER"
    folder.mkdir()
    (tmp_path / "FILE").write_text("slug = 'a'\n", encoding="utf-8")
    (tmp_path / "LATIN").write_bytes("title = 'Übung'\n".encode("latin-1"))
    (tmp_path / "UTF16").write_bytes("title = 'a'\n".encode("utf-16"))
    (tmp_path / "BINARY").write_bytes(bytes(range(256)) * 8)
    return tmp_path


def path_in(places, value):
    return str(places / value) if value.isupper() or value.startswith("FILE") else value


def options_of(name):
    """The options of a command that are its own, not Django's."""
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    return [
        action
        for action in parser._actions
        if action.dest not in DJANGOS and not isinstance(action, _HelpAction)
    ]


def contents(folder):
    return sorted((path.relative_to(folder), path.is_dir()) for path in folder.rglob("*"))


TYPED = [(name, action) for name in COMMANDS for action in options_of(name) if action.type]
TABLE = [
    pytest.param(name, action, value, id=f"{name}-{action.dest}-{value[:12]!r}")
    for name, action in TYPED
    for value in WRONG.get(action.type, ())
]


def test_every_command_ends_with_a_sentence():
    for name in COMMANDS:
        assert isinstance(load_command_class(get_commands()[name], name), PlatformCommand), name


def test_every_option_is_checked_in_one_place():
    """An option with a bare type would accept 0 images, a negative seed, or a folder as a file."""
    for name in COMMANDS:
        for action in options_of(name):
            free = action.nargs == 0 or action.choices or action.dest in FREE
            assert free or action.type in WRONG or getattr(action.type, "__name__", "") in OWN, (
                name,
                action.dest,
            )


FREE = {"address", "scheduler", "server", "service_study", "split"}
"""Addresses and ids of services, which only the service can judge; an empty split means all."""
OWN = {"_shard", "_profile", "_ledger", "_quota"}
"""Types of one command each, which are tested below."""


@pytest.mark.parametrize(("name", "action", "value"), TABLE)
def test_a_wrong_value_is_refused_before_any_work(places, monkeypatch, name, action, value):
    """One sentence, with the option and the cure; nothing is run and nothing left behind."""
    command = load_command_class(get_commands()[name], name)
    monkeypatch.setattr(type(command), "handle", lambda *args, **options: pytest.fail("ran"))
    monkeypatch.chdir(places)
    before = contents(places)
    given = path_in(places, value)
    one = [f"{action.option_strings[0]}={given}"] if action.option_strings else [given]
    if isinstance(action.nargs, int) and action.nargs > 1:  # several values, such as LOW HIGH
        one = [action.option_strings[0], *[given] * action.nargs]
    rest = [
        part
        for other in options_of(name)
        if other.dest != action.dest and other.required and other.nargs != "?"
        for part in required(other, places)
    ]
    with pytest.raises(CommandError) as refusal:
        call_command(command, *rest, *one)
    sentence = str(refusal.value)
    assert "Traceback" not in sentence
    assert (
        action.option_strings[0] if action.option_strings else action.metavar or action.dest
    ) in (sentence)
    assert sentence.endswith(".")
    assert contents(places) == before


def required(action, places):
    value = {
        arguments.input_file: str(places / "FILE"),
        arguments.input_folder: str(places),
        arguments.text_file: str(places / "FILE"),
        arguments.input_folder: str(places / "FOLDER"),
        arguments.output_folder: str(places / "out"),
        arguments.output_file: str(places / "out.safetensors"),
    }.get(action.type, "scenes")
    return [f"{action.option_strings[0]}={value}"] if action.option_strings else [value]


def test_good_values_are_accepted(places):
    """The control of the table above."""
    assert arguments.count("1") == 1
    assert arguments.seed("0") == 0
    assert arguments.number("0.8") == 0.8
    assert arguments.names("lime, saliency") == "lime, saliency"
    assert arguments.text_file(str(places / "FILE")) == places / "FILE"
    assert arguments.output_folder(str(places / "new" / "deep")) == places / "new" / "deep"
    assert arguments.output_file(str(places / "FILE")) == places / "FILE"


@pytest.mark.parametrize("values", [("0/4",), ("5/4",), ("1",), ("a/b",), ("-1/4",)])
def test_a_wrong_shard_is_refused(values):
    with pytest.raises(CommandError, match="I/N"):
        call_command("precompute_explanations", "--study", "a", f"--shard={values[0]}")


# What only the content can tell, file by file.
READERS = {
    "load_study": lambda file, out: [file],
    "load_instrument": lambda file, out: [file],
    "plan_power": lambda file, out: [file, "--output", out],
    "preregister": lambda file, out: [file, "--output", out],
    "replay_allocation": lambda file, out: [file],
    "run_analysis": lambda file, out: ["--table", file, "--output", out, "--no-pdf"],
    "evaluate_explanations": lambda file, out: ["--weights", file, "--output", out],
}
CONTENTS = {
    "empty": b"",
    "brackets": DEEP.encode(),
    "brackets-below-a-key": b"slug = " + DEEP.encode(),
    "nul": b'slug = "a\\u0000b"\n',
    "raw-nul": b'slug = "a\0b"\n',
    "prose": b"This is not data.\nIt is a text.\n",
    "binary": bytes(range(256)) * 8,
    "latin": "title = 'Übung'\n".encode("latin-1"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("command", READERS)
def test_a_file_of_other_content_is_refused_in_sentences(tmp_path, monkeypatch, command, kind):
    monkeypatch.chdir(tmp_path)
    suffix = {"replay_allocation": ".csv", "run_analysis": ".csv"}.get(command, ".toml")
    file = tmp_path / f"input{suffix}"
    file.write_bytes(CONTENTS[kind])
    with pytest.raises(CommandError) as refusal:
        call_command(command, *READERS[command](str(file), str(tmp_path / "out")))
    assert "Traceback" not in str(refusal.value)
    assert not (tmp_path / "out").exists()
    assert [path for path, _ in contents(tmp_path) if path.parts[0] not in ("var",)] == [
        Path(file.name)
    ]


@pytest.mark.shared
@pytest.mark.django_db
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_profile_or_plan_of_other_content_is_refused_in_sentences(tmp_path, shared_dir, kind):
    file = tmp_path / "file.toml"
    file.write_bytes(CONTENTS[kind])
    with pytest.raises(CommandError):
        call_command("simulate_participants", "none", "--profile", str(file))
    folder = shared_dir / "cases" / "tables" / "no-spread"
    with pytest.raises(CommandError) as refusal:
        call_command(
            "run_analysis", "--table", str(folder), "--plan", str(file), "--no-pdf",
            "--output", str(tmp_path / "out"),
        )  # fmt: skip
    assert "Traceback" not in str(refusal.value)
    assert contents(tmp_path) == [(Path("file.toml"), False)]


def test_training_without_an_epoch_is_refused_in_every_way(tmp_path):
    weights = tmp_path / "w.safetensors"
    for epochs in ("0", "-1"):
        with pytest.raises(CommandError, match="--epochs"):
            call_command(
                "train_classifier", "--data", "scenes", f"--epochs={epochs}", "--output", weights
            )
    with pytest.raises(ValueError, match="needs at least 1"):
        type(RECIPES["base"])("none", "No epoch", epochs=0, learning_rate=1)
    assert not weights.exists()


def test_training_looks_at_its_output_first(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "explanations.management.commands.train_classifier.open_image_set",
        lambda *args: pytest.fail("read the data"),
    )
    call = ["train_classifier", "--data", "scenes", "--output"]
    with pytest.raises(CommandError, match=r"must end in \.safetensors"):
        call_command(*call, tmp_path / "weights.bin")
    existing = tmp_path / "w.safetensors"
    existing.write_bytes(b"mine")
    with pytest.raises(CommandError, match=r"exists already\. Name another file"):
        call_command(*call, existing)
    assert existing.read_bytes() == b"mine"


class Failure(RuntimeError):
    pass


def test_a_folder_in_progress_is_complete_or_absent(tmp_path):
    target = tmp_path / "a" / "b"
    with pytest.raises(KeyboardInterrupt), outputs.folder_in_progress(target) as work:  # noqa: PT012
        (work / "half").write_text("half")
        raise KeyboardInterrupt
    assert contents(tmp_path) == []
    with outputs.folder_in_progress(target) as work:
        (work / "inside").mkdir()
        (work / "inside" / "file").write_text("whole")
        assert not target.exists()
    assert (target / "inside" / "file").read_text() == "whole"
    with pytest.raises(Failure), outputs.folder_in_progress(target, keep_after=(Failure,)) as work:  # noqa: PT012
        (work / "more").write_text("kept")
        raise Failure
    assert [path.name for path, _ in contents(target)] == ["inside", "file", "more"]
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_a_folder_that_cannot_be_made_is_named_itself(tmp_path, monkeypatch):
    def refuse(**options):
        raise OSError(errno.EROFS, "Read-only file system", "hidden")

    monkeypatch.setattr(outputs.tempfile, "mkdtemp", refuse)
    with (
        pytest.raises(CommandError, match=r"out cannot be made: Read-only file system\. Name"),
        outputs.folder_in_progress(tmp_path / "out"),
    ):
        pytest.fail("began")


class Interrupted(PlatformCommand):
    if_stopped = "What is done is kept."
    stealth_options = ("signal",)

    def handle(self, *args, **options):
        os.kill(os.getpid(), options["signal"])
        time.sleep(5)
        pytest.fail("was not stopped")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_command_says_what_is_left_and_exits_with_130(number):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(CommandError, match=r"^Stopped\. What is done is kept\.$") as stopped:
        call_command(Interrupted(), signal=number)
    assert stopped.value.returncode == 130
    assert signal.getsignal(signal.SIGTERM) == before


class Full(PlatformCommand):
    def handle(self, *args, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "out/results.json")


def test_a_fault_of_the_file_system_is_one_sentence():
    with pytest.raises(CommandError, match=r"^out/results\.json cannot be used: No space left"):
        call_command(Full())


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_work_of_unknown_length_shows_its_seconds_on_a_terminal_alone(monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.05)
    terminal, file = Terminal(), io.StringIO()
    with progress.working("Analysing", terminal) as told:
        time.sleep(1.2)
        told("outcome 3 of 8")
    with progress.working("Analysing", file) as told:
        told("outcome 3 of 8")
    assert "Analysing … 00:01" in terminal.getvalue()
    assert "Analysing: outcome 3 of 8 … 00:01" in terminal.getvalue()
    assert file.getvalue() == ""


def manage(*arguments, cwd=ROOT, env=None):
    """A command as a process, in a group of its own as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=env,
        start_new_session=True,
    )  # fmt: skip


def wait_until(running, is_so):
    deadline = time.monotonic() + 120
    while not is_so() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running.poll() is None, running.communicate()


@pytest.mark.nightly
@pytest.mark.shared
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)]
)
def test_a_stopped_analysis_leaves_nothing(tmp_path, shared_dir, number):
    """As a process of its own, stopped as soon as it has begun to write."""
    folder = shared_dir / "cases" / "tables" / "no-spread"
    running = manage("run_analysis", "--table", folder, "--output", tmp_path / "out", "--no-pdf")
    wait_until(running, lambda: any(tmp_path.iterdir()))
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.strip() == "CommandError: Stopped. Nothing was changed."
    assert not any(tmp_path.iterdir())


def names_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.nightly
@pytest.mark.parametrize("workers", [1, 2])
def test_a_stopped_power_simulation_keeps_whole_studies_and_is_continued(tmp_path, workers):
    """Ctrl-C in a terminal reaches the workers, too, which must not print tracebacks."""
    runs = tmp_path / "out" / "runs-trust.jsonl"
    options = ["--output", runs.parent, "--outcomes", "trust", "--seed", "3", "--workers", workers]
    command = ["plan_power", ROOT / "studies" / "demo.toml", *options]
    running = manage(*command, "--runs", "2000")
    wait_until(running, lambda: runs.exists() and runs.read_text().count("\n") > 2)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.strip() == (
        "CommandError: Stopped. Studies simulated up to now are kept in the output folder. "
        "Repeat the command to continue."
    )
    assert names_in(tmp_path) == ["runs-trust.jsonl"]
    assert len(list(tmp_path.iterdir())) == 1
    kept = runs.read_text().splitlines()
    again = manage(*command[:-1], "1", "--runs", "20", "--most", "40")
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert runs.read_text().splitlines()[: len(kept) - 1] == kept[:-1]
    assert "power.json" in names_in(tmp_path)
    assert said.strip().endswith("power.html")


def test_a_power_simulation_stopped_before_its_first_study_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "analysis.power.required_sample.Simulator", lambda *args: _interrupted_at_once()
    )
    with pytest.raises(CommandError, match=r"^Stopped\."):
        call_command("plan_power", str(ROOT / "studies" / "demo.toml"), output=tmp_path / "out")
    assert not any(tmp_path.iterdir())


def _interrupted_at_once():
    raise KeyboardInterrupt


@pytest.mark.nightly
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_power_page_stopped_while_it_is_written_is_absent(tmp_path, monkeypatch, number):
    def stop(power, output, command):
        (output / "power.html").write_text("half")
        os.kill(os.getpid(), number)
        time.sleep(5)

    monkeypatch.setattr("studyplatform.computations.sample_size.write_page", stop)
    with pytest.raises(CommandError, match=r"^Stopped\.") as stopped:
        call_command(
            "plan_power", str(ROOT / "studies" / "demo.toml"), output=tmp_path / "out",
            outcomes="trust", runs=20, most=20,
        )  # fmt: skip
    assert stopped.value.returncode == 130
    assert names_in(tmp_path) == ["runs-trust.jsonl"]


PREPARE = """
import sys
from pathlib import Path
import django
django.setup()
from tests.migrated import migrate
from tests.surveys.drawn import drawn_study
migrate()
drawn_study(Path(sys.argv[1]))
"""


@pytest.mark.django_db
def test_a_simulation_stopped_in_the_midst_of_a_person_is_continued(tmp_path, monkeypatch):
    """Within this process; the test below stops one of its own by a signal."""
    study = drawn_study(tmp_path)
    answered = run._next
    left = iter(range(17))  # of eight pages each: in the midst of the third person

    def interrupted(*person):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return answered(*person)

    with monkeypatch.context() as patch:
        patch.setattr(run, "_next", interrupted)
        with pytest.raises(CommandError, match="last one counts as having dropped out") as stopped:
            call_command("simulate_participants", "drawn", n=5, profile="null")
    assert stopped.value.returncode == 130
    assert "Repeat the command with the missing number as --n" in str(stopped.value)
    states = list(study.participants.order_by("id").values_list("state", flat=True))
    assert len(states) < 5
    assert states[:-1] == ["completed"] * (len(states) - 1) != []
    assert states[-1] == "started"
    assert call_command("simulate_participants", "drawn", n=2, profile="null").startswith("2 sim")
    assert study.participants.count() == len(states) + 2


@pytest.mark.nightly
def test_a_stopped_simulation_of_participants_keeps_whole_people_and_is_continued(tmp_path):
    """On a database of its own, since another process cannot see the one of the tests."""
    database = tmp_path / "db.sqlite3"
    env = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "STUDY_DATA_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
    }
    subprocess.run(
        [sys.executable, "-c", PREPARE, str(tmp_path)], env=env, cwd=ROOT, check=True, timeout=120
    )

    def states():
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("SELECT state, simulated FROM surveys_participant")
            return [state for state, simulated in rows if simulated]

    def simulate(n):
        return manage("simulate_participants", "drawn", "--n", n, env=env)

    running = simulate(60)
    wait_until(running, lambda: states().count("completed") >= 2)
    os.killpg(running.pid, signal.SIGINT)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told.strip() == (
        "CommandError: Stopped. Participants simulated up to now are kept; the last one counts as "
        "having dropped out. Repeat the command with the missing number as --n."
    )
    before = states()
    assert 2 <= before.count("completed") < 60
    again = simulate(2)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0
    assert said.startswith("2 simulated participants")
    assert len(states()) == len(before) + 2


@pytest.mark.nightly
def test_a_wrong_value_on_a_command_line_has_an_exit_status_and_no_traceback(tmp_path):
    running = manage("plan_power", "studies/demo.toml", "--runs", "0", "--output", tmp_path / "out")
    _, told = running.communicate(timeout=60)
    assert running.returncode == 2
    assert told.strip().endswith("error: argument --runs: '0' must be at least 1.")
    assert "Traceback" not in told
    assert not any(tmp_path.iterdir())
