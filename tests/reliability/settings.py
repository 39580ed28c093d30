"""The platform's settings, with the collected style sheets in the data folder of the test."""

from studyplatform.settings import *  # noqa: F403
from studyplatform.settings import DATA_DIR

STATIC_ROOT = DATA_DIR / "static"
