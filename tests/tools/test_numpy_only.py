"""The core needs NumPy and nothing else, seen from a clean interpreter."""

import subprocess
import sys

import pytest

from tests.tools.tree import ROOT

TRAINING = ("torch", "sklearn", "pooch", "pytorch_optimizer")
SHOWING = ("matplotlib", "tqdm", "pandas", "IPython", "ipywidgets")
HEAVY = (*TRAINING, *SHOWING, "sympy", "scipy", "cvxpy", "PEPit", "flint")
EVERY_MODULE = """
import importlib, pkgutil
def walk(package):
    package = importlib.import_module(package)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def block(names) -> str:
    """Code after which importing any of `names` fails, as on a machine without them."""
    return f"import sys\nfor name in {names!r}: sys.modules[name] = None\n"


BLOCK = block(HEAVY)


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_core_loads_none_of_the_heavy_packages():
    run(f"import sys, nala_lab, problems; loaded = set({HEAVY!r}) & set(sys.modules); assert not loaded, loaded")


def test_the_core_imports_where_the_heavy_packages_do_not_exist():
    run(BLOCK + "import nala_lab, problems")


@pytest.mark.parametrize("package", ["nala_lab.core", "nala_lab.methods", "nala_lab.reference", "problems"])
def test_every_module_of_a_numpy_part_imports_without_them(package):
    run(BLOCK + EVERY_MODULE + f"walk({package!r})")


@pytest.mark.parametrize("package", ["nala_lab.theory", "nala_lab.plots", "paper_figs"])
def test_predictions_and_figures_need_nothing_that_trains(package):
    run(block(TRAINING) + EVERY_MODULE + f"walk({package!r})")


def test_listing_the_optimizers_and_the_problems_loads_none_of_them():
    run(
        BLOCK + "from nala_lab.methods import METHODS\nfrom problems import PROBLEMS\n"
        "assert list(METHODS) and [make() for make in PROBLEMS.values()]"
    )


def test_the_command_line_shows_its_help_without_them():
    run(BLOCK + "from nala_lab.cli import main\nassert main(['--help']) == 0")


def test_blocking_is_seen_by_this_test():
    with pytest.raises(AssertionError, match="import of torch halted"):
        run(BLOCK + "import torch")
