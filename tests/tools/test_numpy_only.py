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


def run(code: str, heavy=()) -> None:
    """The code runs in a process of its own, and loads none of these or of their parts."""
    if heavy:
        code += f"\nimport sys\nassert not (seen := [m for m in sys.modules if m.startswith({tuple(heavy)!r})]), seen"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


LOADS_NO = [  # a use of the library, and what it does not load
    ("import nala_lab.methods.table", ("torch", "nala_lab.reference", "nala_lab.optim")),
    ("import nala_lab.widgets", ("torch",)),
    ("import nala_lab; nala_lab.reference.SGD, nala_lab.theory.quadratic_rate; assert not hasattr(nala_lab, 'optimus')",
     ("torch",)),
    ("from nala_lab.cli import main; main(['train', '--help'])", ("torch",)),
    ("from nala_lab.classroom import Case, teacher, LESSONS, exercises; Case('A').plot();"
     "[teacher(e.id) for number in LESSONS for e in exercises(number)]", ("torch",)),
    ("import problems\nfor make in (*problems.CLASSIC.values(), *problems.PROBLEMS.values()):\n"
     "    p = make(); p.value(p.start), p.grad(p.start), p.hess(p.start)",
     ("torch", "sympy", "matplotlib", "scipy", "nala_lab")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "heavy"), LOADS_NO, ids=lambda value: str(value)[:40])
def test_what_needs_no_torch_and_no_twin_loads_none(code, heavy):
    run(f"import matplotlib; matplotlib.use('agg')\n{code}" if "plot" in code else code, heavy)


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
