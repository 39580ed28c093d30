"""Folders of tidy data that several tests read; none of them changes one."""

from pathlib import Path

import pytest

from analysis.figures import style
from analysis.results import Results
from analysis.run import analyse
from analysis.sections.data_checks import section
from tests.analysis.tidy import write_study

THREE_ARMS = {"none": "No explanation", "gradcam": "Grad-CAM", "placebo": "Placebo map"}


@pytest.fixture(autouse=True)
def _what_few_tests_look_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave out what takes three quarters of the time of an analysis: all checks of the data but
    one, PNG files, the reliability of scales, and measures of behaviour.

    Fixtures of a session or a module and tests marked `whole_report` have them. Tests marked
    `every_section` have the last two.
    """
    whole = request.node.get_closest_marker("whole_report") is not None
    if not whole and request.node.get_closest_marker("every_section") is None:
        monkeypatch.setattr("analysis.results.instruments", lambda data: ())
        monkeypatch.setattr("analysis.results.behaviour", lambda data: None)
    if not whole:
        quick = tuple(check for check in section.DATA_CHECKS if check.key == "attrition")
        monkeypatch.setattr(section, "DATA_CHECKS", quick)
        monkeypatch.setattr(style, "UNDATED", {".svg": style.UNDATED[".svg"]})


@pytest.fixture(scope="session")
def planted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three arms of thirty; Grad-CAM raises trust, the placebo agreement with wrong predictions."""
    return write_study(
        tmp_path_factory.mktemp("planted") / "data",
        arms=THREE_ARMS,
        per_arm=30,
        seed=4,
        trust={"gradcam": 1.5},
        accept_wrong={"placebo": 0.4},
        unfinished=2,
    )


@pytest.fixture(scope="session")
def planted(planted_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    output = tmp_path_factory.mktemp("planted-output")
    return analyse(planted_folder, output), output


@pytest.fixture(scope="session")
def planted_results(planted: tuple[Results, Path]) -> Results:
    return planted[0]


@pytest.fixture(scope="session")
def planted_output(planted: tuple[Results, Path]) -> Path:
    return planted[1]


@pytest.fixture(scope="session")
def small_output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small study with two outcomes, for tests that analyse it again."""
    folder = write_study(
        tmp_path_factory.mktemp("small") / "data",
        arms=THREE_ARMS,
        per_arm=10,
        seed=4,
        trust={"gradcam": 1.5},
        unfinished=2,
    )
    plan = folder / "plan.toml"
    head, trust, _, agreement, _ = plan.read_text().split("\n[[outcomes]]")
    plan.write_text("\n[[outcomes]]".join([head, trust, agreement]))
    output = tmp_path_factory.mktemp("small-output")
    analyse(folder, output)
    return output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small study of one's own to damage: three arms of four, no effect."""
    return write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4)
