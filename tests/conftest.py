"""What every test may lean on; things that a user's machine may lack are skipped with a reason."""

import atexit
import gc
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.test import override_settings
from django.test.client import MULTIPART_CONTENT, RequestFactory
from django.utils import translation
from django.utils.http import urlencode

from tests.migrated import copied_test_databases

ROOT = Path(__file__).resolve().parent.parent
# A machine that does other work besides must not fail a test by the limit of a page.
os.environ.setdefault("STUDY_REQUEST_SECONDS", "600")
# Processes that tests start may use the weights that the tests have written.
os.environ.setdefault("STUDY_WEIGHTS_FOLDERS", tempfile.gettempdir())

if "TESTS_MIGRATED" not in os.environ:  # else xdist's workers inherit it
    os.environ["TESTS_MIGRATED"] = tempfile.mkdtemp(prefix="study-tests-")
    atexit.register(shutil.rmtree, os.environ["TESTS_MIGRATED"], ignore_errors=True)

# What is imported and collected lives until the end: to look for garbage in it took a third of the
# time of collecting, and a part of each test's.
gc.disable()


def pytest_collection_finish():
    gc.freeze()
    # Seldom: a test leaves little garbage, and looking for it took a twentieth of the time.
    gc.set_threshold(50_000, 10, 10)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests wait for a browser, a server or another process.

    They then wait while other workers use the processors, and none is left for the end.
    """
    ranks = {}
    for item in items:
        ranks[item.path] = min(ranks.get(item.path, 2), _rank(item))
    items.sort(key=lambda item: ranks[item.path])


def _rank(item: pytest.Item) -> int:
    if item.get_closest_marker("browser") is not None:
        return 0
    waits = "postgres" in item.fixturenames or hasattr(item.module, "subprocess")
    return 1 if waits else 2


def missing(reason: str) -> None:
    """Skip on a user's machine; fail where everything must be there (STUDY_REQUIRE_ALL=1)."""
    if os.environ.get("STUDY_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with published data and known answers, beside the checkout."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        missing("There is no folder ../shared with the published data sets.")
    return folder


@pytest.fixture(scope="session")
def _copied_tables():
    with ExitStack() as stack:
        stack.enter_context(copied_test_databases())
        yield stack


@pytest.fixture(scope="session")
def django_db_setup(_copied_tables, django_db_setup):
    """pytest-django's; all workers but the first copy the tables that the first has migrated."""
    _copied_tables.close()


@pytest.fixture
def transactional_db(transactional_db):
    """pytest-django's, whose tables are emptied afterwards: those that only grow, by us."""
    from tests.surveys.factories import forget_ledgers

    yield
    forget_ledgers()


@pytest.fixture(scope="session", autouse=True)
def _nothing_waits_for_the_disk():
    """What a test writes need not survive a power cut; waiting for that took an eighth of the time.

    Processes that tests start do wait, and so do those that are killed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _forms_as_browsers_send_them():
    """Django's test client sends every form as one with files, which participants' pages refuse."""
    plain = RequestFactory.post

    def post(self, path, data=None, content_type=MULTIPART_CONTENT, **extra):
        has_files = any(hasattr(one, "read") for value in (data or {}).values()
                        for one in (value if isinstance(value, list | tuple) else [value])
                        ) if isinstance(data, dict) else True  # fmt: skip
        if content_type == MULTIPART_CONTENT and (data is None or not has_files):
            content_type = "application/x-www-form-urlencoded"
            data = urlencode(data or {}, doseq=True)
        return plain(self, path, data, content_type, **extra)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RequestFactory, "post", post)
        yield


@pytest.fixture(autouse=True)
def _no_language_left_from_another_test():
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _passwords_that_are_quickly_hashed():
    """A real hasher takes half a second on purpose, for each user that a test creates."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    folders = [Path(tempfile.gettempdir()).resolve()]
    with override_settings(PASSWORD_HASHERS=hashers, WEIGHTS_FOLDERS=folders):
        yield


@pytest.fixture
def quick_report():
    """Leave out of analyses, outside of their own tests as well, what those tests leave out.

    For tests that look at the data of a study, or at a part of its report that is not left out.
    """
    from tests.analysis.conftest import quick_analysis

    with quick_analysis():
        yield


@pytest.fixture(autouse=True)
def _data_in_a_folder_of_its_own(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "var"
    settings.INSTRUMENTS_DIR = tmp_path / "var" / "instruments"
    settings.IMAGE_FOLDERS = tmp_path / "var" / "folders"
