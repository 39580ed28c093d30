"""Maps of the images that people uncovered, in the cells in which the analysis compares them."""

from collections import defaultdict

import numpy as np

from explanations import catalogue
from explanations.models import Explanation
from explanations.pipeline.data_folder import artefact_store
from explanations.rendering.cells import GRID, in_cells
from explanations.store.artefacts import ArtefactError
from surveys import tasks
from surveys.export.dataset import Table, TableCell, Variable
from surveys.models import Study
from surveys.study_file.stored import definition

NAME = "map_grids"
DIGITS = 6  # significant digits of a value


def uncovers(study: Study) -> bool:
    """Check whether people uncover pictures in the study."""
    return any(tasks.get(part.task).uncovers for part in definition(study).trial_parts)


def map_grids_table(study: Study) -> Table:
    """Return a row per cell of each map of an uncovered image, whether or not an arm shows it.

    Only methods with a map of each of these images are included. Values are means of the positive
    relevance, which speaks for the predicted class. A method with a missing or damaged map is left
    out.
    """
    parts = [
        part.key
        for part in definition(study).trial_parts
        if tasks.get(part.task).uncovers and not part.is_practice
    ]
    stimuli = study.stimuli.filter(part__in=parts)
    images = dict(stimuli.values_list("prediction", "prediction__image__sha256"))
    newest: dict[str, dict[int, Explanation]] = defaultdict(dict)
    notes = ("parameters", "diagnostics", "provenance")  # large and not needed here
    maps = Explanation.objects.filter(prediction__in=images, other_class="").defer(*notes)
    for explanation in maps.order_by("id"):
        newest[explanation.method][explanation.prediction_id] = explanation
    rows: list[list[TableCell]] = []
    for method in sorted(newest):
        if len(newest[method]) < len(images):
            continue
        label = catalogue.get(method).full_label
        try:
            grids = {
                sha256: in_cells(artefact_store().read(newest[method][prediction].stored).relevance)
                for prediction, sha256 in images.items()
            }
        except ArtefactError:
            # A damaged map must not keep people's answers from being exported.
            continue
        rows += [
            [sha256[:12], method, label, row + 1, column + 1, float(f"{value:.{DIGITS}g}")]
            for sha256, grid in sorted(grids.items())
            for (row, column), value in np.ndenumerate(grid)
        ]
    return Table(NAME, _variables(), rows)


def _variables() -> tuple[Variable, ...]:
    return (
        Variable("image", "text", "First 12 digits of the image's content hash"),
        Variable("method", "category", "Method of the map"),
        Variable("label", "text", "Name of the method"),
        Variable("row", "integer", "Row of the cell, from the top", 1, GRID),
        Variable("column", "integer", "Column of the cell, from the left", 1, GRID),
        Variable("value", "number", "Mean positive relevance of the cell's pixels", 0),
    )
