"""Fills a database with the code of the commit in whose checkout it runs: fill.py FOLDER"""

# ruff: noqa: E402 - Django is set up before its models are imported
import json
import sys
from pathlib import Path

import django

sys.path.insert(0, str(Path.cwd()))
django.setup()

from django.core.management import call_command
from django.test.utils import setup_test_environment

call_command("migrate", verbosity=0)
setup_test_environment()
from surveys import services
from surveys.export.writing import export_study
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on

folder = Path(sys.argv[1])
study = drawn_study(folder)
halfway = []
for pages in (None, None, 1, 4, 6, 9):
    browser, page, person = begin(study)
    page = go_on(browser, page, pages)
    if pages is not None:
        halfway.append([person.pseudonym, pages])
for pages, act in ((3, "stop"), (5, "stop"), (2, "erase"), (7, "erase")):
    browser, page, person = begin(study)
    go_on(browser, page, pages)
    getattr(services, act if hasattr(services, act) else "withdraw")(participant=person)
export_study(study=study, output=folder / "export")
print(json.dumps(halfway))
