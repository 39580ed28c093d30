"""Folders of tidy data that several tests read; none of them changes one."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from analysis.figures import draw, journal
from analysis.results import Results
from analysis.run import analyse
from analysis.sections.data_checks import section
from tests.analysis.tidy import write_study
from tests.once import made_once

THREE_ARMS = {"none": "No explanation", "gradcam": "Grad-CAM", "placebo": "Placebo map"}


@pytest.fixture(autouse=True)
def _what_few_tests_look_at(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leave out what takes much of the time of an analysis: all checks of the data except for
    attrition, the reliability of scales, and measures of behaviour.

    Tests marked `whole_report` have them, and fixtures of a session or a module unless they work
    within `quick_analysis`. Tests marked `every_section` have the last two.

    Figures are left out of all but those marked `whole_report` or `figures`.
    """
    marked = request.node.get_closest_marker
    if marked("whole_report") is not None:
        monkeypatch.setattr(draw, "save_widths", journal.save_widths)
        return
    _leave_out(monkeypatch, sections=marked("every_section") is None)
    if marked("figures") is None:
        _draw_nothing(monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _figures_of_the_page_alone() -> Iterator[None]:
    """Leave out the figures at the widths of journals, which take half of the time of a report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "save_widths", lambda page, again, stem: None)
        yield


@contextmanager
def quick_analysis(*, sections: bool = True, figures: bool = False) -> Iterator[None]:
    """Leave out of an analysis by a fixture what is left out of one by a test.

    With `sections` false, the reliability of scales and measures of behaviour stay; with `figures`
    true, the figures.
    """
    with pytest.MonkeyPatch.context() as patch:
        _leave_out(patch, sections=sections)
        if not figures:
            _draw_nothing(patch)
        yield


def _draw_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("analysis.run.draw_figures", lambda results, scores, folder: ({}, ()))


def _leave_out(patch: pytest.MonkeyPatch, *, sections: bool) -> None:
    if sections:
        patch.setattr("analysis.results.instruments", lambda data: ())
        patch.setattr("analysis.results.behaviour", lambda data: None)
    quick = tuple(check for check in section.DATA_CHECKS if check.key == "attrition")
    patch.setattr(section, "DATA_CHECKS", quick)


def _widths_of_two(page: Figure, again: Callable[[], Figure], stem: Path) -> None:
    """Draw at the widths of journals the two figures that the test of Word's document takes."""
    if stem.name in {"overview", "flow"}:
        journal.save_widths(page, again, stem)


def _analysed(place: Path) -> None:
    """Analyse the folder `data` in `place`, and keep what it gives in memory as well."""
    results = analyse(place / "data", place / "output")
    (place / "results").write_bytes(pickle.dumps(results))


@pytest.fixture(scope="session")
def _planted_place() -> Path:
    def make(place: Path) -> None:
        write_study(
            place / "data",
            arms=THREE_ARMS,
            per_arm=30,
            seed=4,
            trust={"gradcam": 1.5},
            accept_wrong={"placebo": 0.4},
            unfinished=2,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(draw, "save_widths", _widths_of_two)
            _analysed(place)

    return made_once("planted", make)


@pytest.fixture(scope="session")
def planted_folder(_planted_place: Path) -> Path:
    """Three arms of thirty; Grad-CAM raises trust, the placebo agreement with wrong predictions."""
    return _planted_place / "data"


@pytest.fixture(scope="session")
def planted(_planted_place: Path) -> tuple[Results, Path]:
    results = pickle.loads((_planted_place / "results").read_bytes())
    return results, _planted_place / "output"


@pytest.fixture(scope="session")
def planted_results(planted: tuple[Results, Path]) -> Results:
    return planted[0]


@pytest.fixture(scope="session")
def planted_output(planted: tuple[Results, Path]) -> Path:
    return planted[1]


@pytest.fixture(scope="session")
def small() -> tuple[Results, Path]:
    """A small study with two outcomes, for tests that analyse it again: as quickly as they do."""

    def make(place: Path) -> None:
        folder = write_study(
            place / "data",
            arms=THREE_ARMS,
            per_arm=10,
            seed=4,
            trust={"gradcam": 1.5},
            unfinished=2,
        )
        plan = folder / "plan.toml"
        head, trust, _, agreement, _ = plan.read_text().split("\n[[outcomes]]")
        plan.write_text("\n[[outcomes]]".join([head, trust, agreement]))
        with quick_analysis():
            _analysed(place)

    place = made_once("small", make)
    return pickle.loads((place / "results").read_bytes()), place / "output"


@pytest.fixture(scope="session")
def small_output(small: tuple[Results, Path]) -> Path:
    """The report of the small study."""
    return small[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small study of one's own to damage: three arms of four, no effect."""
    return write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4)
