"""Adding an optimizer is two files and one row. Here it is done, in a copy of the tree, and looked for everywhere."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.tools.tree import ROOT, files

pytestmark = pytest.mark.slow

REFERENCE = '''"""Soft sign descent: a step of bounded length.

    g_t     = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    theta_t = theta_{t-1} - lr g_t / (1 + |g_t|)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array
from nala_lab.methods.hyper import SGDHyper

__all__ = ["SoftSign"]


@dataclass(frozen=True)
class SoftSign(SGDHyper):
    """Soft sign descent, made up for a test."""

    momentum_fields: ClassVar[tuple[str, ...]] = ()

    def init(self, theta: Array) -> tuple[()]:
        """Nothing is remembered."""
        return ()

    def step(self, theta: Array, grad: Callable[[Array], Array], state: tuple[()]) -> tuple[Array, tuple[()]]:
        """One step."""
        g: Any = grad(theta) + self.weight_decay * theta
        return theta - self.lr * g / (1 + np.abs(g)), state
'''
OPTIM = '''"""Soft sign descent for torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nala_lab.methods.hyper import SGDHyper
from nala_lab.optim._base import LabOptimizer

__all__ = ["SoftSign"]


class SoftSign(LabOptimizer):
    """Soft sign descent: theta <- theta - lr g / (1 + |g|)."""

    def __init__(self, params: Any, lr: Any = 1e-3, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    def _check_group(self, group: dict[str, Any]) -> None:
        super()._check_group(group)
        SGDHyper(weight_decay=group["weight_decay"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step."""
        loss = self._spend(closure)
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    g = p.grad + group["weight_decay"] * p
                    p.sub_(group["lr"] * g / (1 + g.abs()))
        return loss
'''
ROW = '''    row(name="SoftSign", label="Soft sign", look=("#445511", "4", (0, (7, 3))), source="made up for a test",
        numpy="nala_lab.reference.soft_sign:SoftSign", torch="nala_lab.optim.soft_sign:SoftSign", hyper=SGDHyper,
        published={"lr": 0.05, "weight_decay": 0.0}, traits=frozenset(),
        hard=_grid({"lr": 0.1}, weight_decay=(0.0, 0.2))),
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tree with one optimizer more: two files and a row."""
    folder = tmp_path_factory.mktemp("additions") / "lab"
    for path in files():
        if path.suffix not in (".ipynb", ".jsonl"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / "nala_lab/reference/soft_sign.py").write_text(REFERENCE, encoding="utf-8")
    (folder / "nala_lab/optim/soft_sign.py").write_text(OPTIM, encoding="utf-8")
    table = folder / "nala_lab/methods/table.py"
    text = table.read_text(encoding="utf-8")
    before = '    row(name="Yogi",'
    imported = "    OuterMomentumHyper,\n"
    assert text.count(before) == 1 and text.count(imported) == 1
    text = text.replace(before, ROW + before).replace(imported, imported + "    SGDHyper,\n")
    table.write_text(text, encoding="utf-8")
    return folder


def run(copy, *command, expect=0):
    """Run a command in the copy, which is the library there."""
    env = os.environ | {"PYTHONPATH": str(copy), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize(
    ("where", "which", "least"),
    [
        ("tests/conformance/test_parity.py", "SoftSign", 4),  # parity, on given gradients and on a quadratic
        ("tests/conformance/test_resume_rows.py", "softsign", 1),
        ("tests/conformance/test_registry.py", "SoftSign", 2),
        ("tests/drive/test_every_row.py", "SoftSign", 2),
        ("tests/methods/test_table.py", "softsign or different", 2),
        ("tests/experiments/test_optimizers.py", "softsign", 10),  # every number, inside two loops
        ("tests/tools/test_mirrored.py", "SoftSign", 1),
    ],
)
def test_the_tests_of_the_rows_find_it(copy, where, which, least):
    said = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", where, "-k", which)
    passed = int(said.strip().splitlines()[-1].split(" passed")[0].split()[-1])
    assert passed >= least and "failed" not in said


def test_training_knows_it(copy):
    train = ("-m", "nala_lab.cli", "train")
    assert "softsign" in run(copy, *train, "--list")
    said = run(copy, *train, "lenet5-digits", "--optimizer", "softsign", "--scale", "smoke", "--quiet", "--out", "o")
    assert "softsign" in said and "| Soft sign |" in said


def test_pictures_tables_and_explorers_know_it(copy):
    code = (
        "import json\n"
        "from nala_lab import plots\n"
        "from nala_lab.methods import label, rank\n"
        "from nala_lab.widgets import METHODS, TrajectoryExplorer\n"
        "e = TrajectoryExplorer(left='Soft sign')\n"
        "print(json.dumps([plots.look('softsign')['color'], label('softsign'), rank('softsign')[1],\n"
        "                  'Soft sign' in METHODS, 'Soft sign' in e.alt]))"
    )
    assert json.loads(run(copy, "-c", code).splitlines()[-1]) == ["#445511", "Soft sign", "softsign", True, True]


def test_the_audit_asks_it(copy):
    said = run(copy, "-m", "nala_lab.cli", "audit", "nala_lab.optim.soft_sign:SoftSign", "--only", "first-step", "copy")
    assert "pass" in said and "fail" not in said.lower().replace("0 failed", "")
