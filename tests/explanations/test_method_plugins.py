"""Methods of other packages: found by their entry points, tried by the same contract."""

import subprocess
import sys
import textwrap

import pytest

from explanations import catalogue
from explanations.contracts.methods import check_method
from explanations.documents.method_table import PAGE, renewed
from explanations.methods import plugins
from tests.conftest import ROOT

ENTRY = """
    from explanations.catalogue import Legend, Method
    from explanations.rendering.layers import Glow

    METHOD = Method(
        key="edges_{name}",
        label="Edges",
        path="{name}.edges.Edges",
        caption="The brighter a pixel glows, the more it differs, whatever {{answer}} is.",
        how_to_read=("The picture is dimmed.", "Bright pixels differ from their neighbours."),
        legend=Legend("even", "uneven"),
        drawing=Glow(),
        read_like="saliency",
        flags={{"even": "The image is even."}},
    )
"""
CODE = """
    from dataclasses import dataclass
    from typing import ClassVar

    import numpy as np

    from explanations.attribution import Attributions
    from explanations.computing.cost import Passes
    from explanations.computing.needs import Need
    from explanations.methods.protocol import flagged


    @dataclass(frozen=True)
    class Edges:
        version: ClassVar[int] = 1
        needs: ClassVar = (Need.OUTPUTS,)
        strength: float = 1.0

        def passes(self, size, references):
            return Passes()

        def explain(self, batch, seeds):
            grey = batch.images.astype(np.float32).mean(3)
            edges = np.abs(np.gradient(grey, axis=(1, 2))).sum(0) * self.strength
            classes = batch.targets.shape[1]
            maps = np.repeat(edges[:, None], classes, 1).astype(np.float32)
            about = [[flagged(even=not one.any())] * classes for one in edges]
            return Attributions(np.ascontiguousarray(maps), diagnostics=about)
"""


def install(folder, name, entry=ENTRY, key=""):
    """A package in a folder of the path, as pip leaves it."""
    package = folder / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "entry.py").write_text(
        textwrap.dedent(entry.replace("{name}", name).replace("{{", "{").replace("}}", "}"))
    )
    (package / "edges.py").write_text(textwrap.dedent(CODE))
    about = folder / f"{name}-2.5.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
    point = f"{key or f'edges_{name}'} = {name}.entry:METHOD"
    (about / "entry_points.txt").write_text(f"[{catalogue.GROUP}]\n{point}\n")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for packages, whose modules are forgotten after the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in list(sys.modules):
        if name.partition(".")[0] in {"one", "good_package"}:
            del sys.modules[name]


def found():
    taken = {method.key for method in catalogue.BUILT_IN}
    return plugins.methods(catalogue.GROUP, catalogue.Method, taken)


def test_a_method_of_another_package_is_found_and_keeps_the_contract(folder):
    install(folder, "good_package")
    methods, faulty = found()
    assert faulty == {}
    (method,) = methods
    assert (method.key, method.package) == ("edges_good_package", "good_package 2.5")
    check_method(method)


def test_the_catalogue_of_a_new_process_has_it_with_its_flags_and_without_torch(folder):
    install(folder, "good_package")
    install(folder, "faulty_package", "import nothing_of_this_name")
    code = """
        import sys
        from explanations import catalogue
        method = catalogue.get("edges_good_package")
        assert method in catalogue.METHODS and method in catalogue.EVERY
        assert catalogue.FLAGS["even"] == "The image is even."
        assert catalogue.read_like(method.key) == "saliency"
        assert "torch" not in sys.modules
        try:
            catalogue.get("edges_faulty_package")
        except catalogue.UnknownMethodError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, text=True,
        check=True, env={"PYTHONPATH": str(folder)},
    )  # fmt: skip
    assert "The package faulty_package 2.5 declares it, but importing it raised" in done.stdout
    assert "nothing_of_this_name" in done.stdout


@pytest.mark.parametrize(
    ("entry", "key", "problem"),
    [
        ("METHOD = 5", "", "its entry point is a int, not a Method"),
        (ENTRY, "another_key", "has the key 'edges_one', which must be the entry point's name"),
        (ENTRY, "gradcam", "declares the method 'gradcam', whose key is taken"),
        ("def METHOD(): raise OSError('no file')", "", "raised OSError: no file"),
    ],
)
def test_a_faulty_package_is_left_out_with_a_sentence(folder, entry, key, problem):
    install(folder, "one", entry, key)
    methods, faulty = found()
    assert methods == []
    assert problem in next(iter(faulty.values()))


def test_the_tables_of_the_methods_in_the_docs_are_those_of_the_catalogue():
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "Run python -m explanations.documents.method_table."
