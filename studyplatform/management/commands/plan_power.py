"""manage.py plan_power STUDY.toml --output DIR: number of participants that a study needs."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from analysis.errors import AnalysisError
from analysis.power.assumptions import Assumptions
from analysis.power.required_sample import Asked
from analysis.power.search import Wanted
from explanations.management import arguments
from explanations.management.base import PlatformCommand
from explanations.management.outputs import folder_in_progress
from studyplatform.computations.sample_size import simulate_sample, write_power
from surveys.study_checks.loading import parse
from surveys.study_checks.text import read_text
from surveys.study_file.declaration import StudyFile, StudyFileError

NUMERIC_TYPES = ("integer", "number")


class Command(PlatformCommand):
    """Simulation of the declared study. A stopped run resumes."""

    if_stopped = (
        "Studies simulated up to now are kept in the output folder. Repeat the command to continue."
    )
    help = (
        "Simulates the study's design and analysis: power by participants and by images, and the "
        "smallest sample that reaches the desired power."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the command's options, including one for every assumption."""
        parser.add_argument("file", type=arguments.input_file, metavar="STUDY.toml")
        parser.add_argument("--output", type=arguments.output_folder, required=True, metavar="DIR")
        parser.add_argument("--power", type=arguments.number, default=Wanted.power)
        parser.add_argument(
            "--runs", type=arguments.count, default=Wanted.runs, help="studies per point"
        )
        parser.add_argument(
            "--most", type=arguments.count, default=Wanted.most, help="largest arm to try"
        )
        parser.add_argument("--seed", type=arguments.seed, default=Asked.seed)
        parser.add_argument(
            "--workers",
            type=arguments.count,
            default=1,
            help="number of processes; results do not depend on it",
        )
        parser.add_argument(
            "--executor",
            choices=("local", "dask"),
            default="local",
            help="dask: use the workers of a Dask scheduler",
        )
        parser.add_argument(
            "--scheduler",
            default="",
            metavar="ADDRESS",
            help="address of a running Dask scheduler, such as tcp://10.0.0.1:8786",
        )
        parser.add_argument(
            "--outcomes",
            type=arguments.names,
            help="keys, comma-separated; by default all outcomes that declare an effect",
        )
        parser.add_argument(
            "--affected",
            type=arguments.names,
            help="arms that the effect shifts; by default the first arm",
        )
        parser.add_argument(
            "--claim",
            choices=("test", "contrast"),
            default="test",
            help="result that must be significant",
        )
        parser.add_argument(
            "--images",
            type=arguments.count,
            help="per participant; by default the study file's number",
        )
        for assumption in fields(Assumptions):
            shown = "from the item's range" if assumption.default is None else assumption.default
            parser.add_argument(
                f"--{assumption.name.replace('_', '-')}",
                type=arguments.number,
                help=f"assumed; default {shown}",
            )

    def handle(self, *args: Any, **options: Any) -> str:
        """Simulate, write power.json and power.html, and return the sentences about
        each outcome."""
        study = read_study_file(options["file"])
        output: Path = options["output"]
        try:
            with _removed_if_empty(output):
                power = simulate_sample(
                    study,
                    _asked(options),
                    output,
                    images=options["images"],
                    workers=options["workers"],
                    told=self.stdout.write,
                    scheduler=_scheduler(options),
                )
        except AnalysisError as error:
            raise CommandError(str(error)) from error
        with folder_in_progress(output) as work:
            sentences = write_power(power, work, _command(options))
        return "\n".join([*sentences, str(output / "power.html")])


@contextmanager
def _removed_if_empty(output: Path) -> Iterator[None]:
    """Remove the output folder if the work ends before a single study is kept there."""
    existed = output.exists()
    try:
        yield
    except BaseException:
        if not existed and output.is_dir() and not any(output.iterdir()):
            output.rmdir()
        raise


def read_study_file(file: Path) -> StudyFile:
    """Return the study that the file declares, or raise CommandError with every problem
    otherwise."""
    try:
        return parse(read_text(file))
    except OSError as error:
        raise CommandError(
            f"{file} cannot be read ({error}). Give the path of a study file in UTF-8."
        ) from error
    except StudyFileError as error:
        raise CommandError(f"{file}: {error}") from error


def _scheduler(options: dict[str, Any]) -> str:
    """Return the address of the scheduler, empty for processes of this machine."""
    address = str(options["scheduler"])
    if (options["executor"] == "dask") != bool(address):
        raise CommandError(
            "--executor dask and --scheduler ADDRESS belong together. Give both, or use "
            "--workers N for processes of this machine."
        )
    if address and options["workers"] > 1:
        raise CommandError(
            "--workers is the number of processes of this machine, but --scheduler has workers of "
            "its own. Omit one of them."
        )
    return address


def _asked(options: dict[str, Any]) -> Asked:
    given = {assumption.name: options[assumption.name] for assumption in fields(Assumptions)}
    # Only given assumptions are passed on, so that the defaults remain in a single place.
    given = {name: value for name, value in given.items() if value is not None}
    if not 0 < options["power"] < 1 or options["runs"] < 1 or options["most"] < 2:
        raise CommandError(
            "--power must be between 0 and 1, --runs at least 1, and --most at least 2."
        )
    if options["workers"] < 1 or options["seed"] < 0:
        raise CommandError("--workers must be at least 1, and --seed at least 0.")
    return Asked(
        replace(Wanted(), power=options["power"], runs=options["runs"], most=options["most"]),
        Assumptions(**given),
        _keys(options["outcomes"] or ""),
        _keys(options["affected"] or ""),
        options["claim"],
        options["seed"],
    )


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in text.split(",") if key.strip())


def _command(options: dict[str, Any]) -> str:
    """Return the command for the page, without folders and workers, on which no result depends."""
    defaults: dict[str, Any] = {
        "power": Wanted.power,
        "runs": Wanted.runs,
        "most": Wanted.most,
        "seed": Asked.seed,
    }
    defaults |= {"outcomes": None, "affected": None, "claim": "test", "images": None}
    defaults |= {assumption.name: None for assumption in fields(Assumptions)}
    given = [
        f"--{name.replace('_', '-')} {options[name]}"
        for name, default in defaults.items()
        if options[name] != default
    ]
    return " ".join(["manage.py plan_power", options["file"].name, *given])
