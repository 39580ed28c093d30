"""Pages per second of this platform and of oTree's production server, alternating on this machine.

Run from the repository, with oTree 6.0.15 in an environment of its own:

    python -m venv OTREE && OTREE/bin/pip install otree==6.0.15
    .venv/bin/python -m benchmarks.load_against_otree OTREE/bin/otree [PEOPLE] [SECONDS] [TURNS]

Both serve a study of seven pages (consent, three questions, three pictures, seven questions, end)
from SQLite on this machine: this platform by gunicorn with the shipped configuration, oTree by
``otree prodserver``. Pictures have the same bytes. In each turn (3 by default) PEOPLE (20) without
think time load one and then the other server for SECONDS (15), in alternating order. What counts is
the ratio within a turn, because other programs on the machine slow both down.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from urllib.request import Request, urlopen

from benchmarks import load
from benchmarks.served import ROOT, free_port, served, until_left, wait_for

PEOPLE, SECONDS, TURNS = 20, 15, 3
WARM_UP = 15  # seconds, in which every worker reads the study and compiles its templates
PLACES = 4000
CREATE = f"""
from pathlib import Path
from django.conf import settings
from explanations.models import Explanation
from explanations.pipeline import pictures
from surveys.services.stimuli import draw_pictures
from tests.surveys.drawn import drawn_study
PARTS = '''
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "trials"
right = 2
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
'''
study = drawn_study(
    settings.DATA_DIR, slug="reading", parts=PARTS, arms=("none", "gradcam"), places={PLACES}
)
draw_pictures(study)
shown = Explanation.objects.filter(prediction__stimulus__study=study, method="gradcam")
for number, one in enumerate(shown.select_related("prediction__image"), start=1):
    for name, picture in (
        ("image", pictures.image_picture(one.prediction.image)),
        ("map", pictures.map_picture(one)),
        ("legend", pictures.legend_picture("gradcam")),
    ):
        (settings.DATA_DIR / f"{{name}}{{number}}.png").write_bytes(picture.content())
"""
"""Opens the study and writes its pictures as files."""


@contextmanager
def otree_served(otree: Path, folder: Path, pictures: Path) -> Iterator[str]:
    """Yield the link to a session of the same study, served by oTree."""
    project = folder / "otree"
    shutil.copytree(ROOT / "benchmarks" / "otree_study", project)
    static = project / "_static" / "reading"
    static.mkdir(parents=True)
    for path in pictures.glob("*.png"):
        shutil.copyfile(path, static / path.name)
    port = free_port()
    environment = {
        "PATH": f"{otree.resolve().parent}:{os.environ['PATH']}",
        "OTREE_PRODUCTION": "1",
        "OTREE_ADMIN_PASSWORD": "x",
        "OTREE_REST_KEY": "key",
    }
    process = subprocess.Popen(
        [str(otree.resolve()), "prodserver", f"127.0.0.1:{port}"],
        cwd=project, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    with until_left(process), ended_with_its_group(process):
        wait_for(port, process)
        body = json.dumps({"session_config_name": "reading", "num_participants": PLACES})
        headers = {"otree-rest-key": "key", "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{port}/api/sessions"
        request = Request(address, body.encode(), headers)
        with urlopen(request, timeout=300) as answer:
            yield str(json.load(answer)["session_wide_url"])


@contextmanager
def ended_with_its_group(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop the processes that the server has started, too, which oTree itself leaves behind."""
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)


def main(otree: str, people: int = PEOPLE, seconds: int = SECONDS, turns: int = TURNS) -> None:
    """Print both servers' figures and the ratios of all turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            served(folder, create=CREATE) as address,
            otree_served(Path(otree), folder, folder / "data") as session,
        ):
            links = {"this platform": f"{address}/s/reading/", "oTree": session}
            for link in links.values():
                load.run(lambda link=link: link, people, WARM_UP)  # type: ignore[misc]
            found = [turn(links, people, seconds, number) for number in range(turns)]
    for name, ratios in zip(
        ("pages per second", "95 % of a page step"), zip(*found, strict=True), strict=True
    ):
        low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
        print(f"{name}, this platform / oTree: {middle:.2f} (from {low:.2f} to {high:.2f})")


def turn(links: dict[str, str], people: int, seconds: int, number: int) -> tuple[float, float]:
    """Load both servers, one after the other, and return the ratios of pages and of times."""
    measured = {}
    for name in sorted(links, reverse=bool(number % 2)):
        begun = monotonic()
        times = load.run(lambda link=links[name]: link, people, seconds)  # type: ignore[misc]
        took = monotonic() - begun
        print(f"{name}: {times.summary(took)}")
        for error in sorted(set(times.errors)):
            print(f"    {error}")
        measured[name] = len(times.steps) / took, load.at_95(times.steps)
    (pages, step), (their_pages, their_step) = measured["this platform"], measured["oTree"]
    return pages / their_pages, step / their_step


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
