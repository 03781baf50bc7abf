"""One thing of each kind, added as CONTRIBUTING says: new files, and lines put into files that are there."""

NEW, EDITS = {}, {}
"""Kind -> path -> text of a new file; kind -> path -> pairs (the line before which, what is put there)."""

NEW["an optimizer"] = {
    "nala_lab/reference/soft_sign.py": '''"""Soft sign descent: a step of bounded length.

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
''',
    "nala_lab/optim/soft_sign.py": '''"""Soft sign descent for torch."""

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
''',
}
EDITS["an optimizer"] = {
    "nala_lab/methods/table.py": [
        ("    OuterMomentumHyper,\n", "    SGDHyper,\n"),
        ('    row(name="Yogi",', '''\
    row(name="SoftSign", label="Soft sign", look=("#445511", "4", (0, (7, 3))), source="made up for a test",
        numpy="nala_lab.reference.soft_sign:SoftSign", torch="nala_lab.optim.soft_sign:SoftSign", hyper=SGDHyper,
        published={"lr": 0.05, "weight_decay": 0.0}, traits=frozenset(),
        hard=_grid({"lr": 0.1}, weight_decay=(0.0, 0.2))),
'''),
    ],
}

NEW["a problem"] = {
    "problems/cosh_valley.py": '''"""A valley with walls that grow exponentially."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from problems.base import Problem
from problems.checks import Array, frozen


class CoshValley(Problem):
    """Made up for a test: f(x, y) = cosh(x - 1) + (y - 2 x)^2, minimum 1 at (1, 2)."""

    name, source, dim = "cosh-valley", "made up for a test", 2
    minimizers, minimum, start = frozen(np.array([[1.0, 2.0]])), 1.0, frozen(np.array([-0.5, 1.5]))
    box = ((-2.0, 3.0), (-1.0, 4.0))

    def _value(self, x: Array) -> Array:
        return np.asarray(np.cosh(x[..., 0] - 1) + (x[..., 1] - 2 * x[..., 0]) ** 2)

    def _grad(self, x: Array) -> Array:
        off = x[..., 1] - 2 * x[..., 0]
        return np.stack([np.sinh(x[..., 0] - 1) - 4 * off, 2 * off], axis=-1)

    def _hess(self, x: Array) -> Array:
        out = np.empty((*x.shape, 2))
        out[..., 0, 0], out[..., 1, 1] = np.cosh(x[..., 0] - 1) + 8, 2.0
        out[..., 0, 1] = out[..., 1, 0] = -4.0
        return out

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x = sp.IndexedBase("x")
        return sp.cosh(x[1] - 1) + (x[2] - 2 * x[1]) ** 2, {}
''',
}
EDITS["a problem"] = {
    "problems/registry.py": [
        ("from problems.game import", "from problems.cosh_valley import CoshValley\n"),
        ('    "bilinear-game":', '    "cosh-valley": CoshValley,\n'),
    ],
    "problems/__init__.py": [
        ("from problems.finite_sum import", "from problems.cosh_valley import CoshValley\n"),
        ('"FiniteSum",', '"CoshValley", '),
    ],
}

NEW["a theorem"] = {
    "nala_lab/theory/half_way.py": '''"""T98. Half way: x - lr lam x = x / 2 where lr = 1 / (2 lam)."""

from __future__ import annotations

from nala_lab.core import Array
from nala_lab.theory.card import Card

__all__ = ["CARDS", "after"]

CARDS = (Card(id="T98", title="half way", statement="x_t = x_0 / 2^t", assumptions="lr = 1 / (2 lam)",
              source="made up for a test", status="proved", kind="tight"),)  # fmt: skip


def after(x: Array, steps: int) -> Array:
    """x after so many steps.

    >>> from nala_lab.theory.half_way import after
    >>> after(12.0, 2)
    3.0
    """
    return x / 2.0**steps
''',
    "nala_lab/verify/checks/t98_half_way.py": '''"""T98: half way, to the bit: every factor is a power of two."""

from __future__ import annotations

import numpy as np

from nala_lab.drive import Method, run
from nala_lab.theory import half_way
from nala_lab.verify.runner import check
from nala_lab.verify.tally import Check, Tally, Tolerance


@check("T98")
def half_way_every_step(twin: str, seed: int) -> list[Check]:
    """Four steps from an odd start, one compared with its closed form each."""
    row = Tally("T98", "half way, four steps", twin, Tolerance(0.0, 0.0, "powers of two"))
    start = np.array([3.0, -0.7])
    t = run(twin, Method("SGD", lr=0.25), lambda x: 2.0 * x, start, steps=4)
    for n, x in enumerate(t.x):
        row.add(half_way.after(start, n), x)
    return [row.check()]
''',
}
EDITS["a theorem"] = {}

NEW["a figure or table of the papers"] = {
    "paper_figs/halves.py": '''"""Made up for a test: SGD half way at every step, drawn and told."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from nala_lab.reference import SGD, run
from paper_figs.drawing import Drawing, Table

__all__ = ["draw"]


def draw() -> Drawing:
    """Draw |x| at every step."""
    x = np.abs(run(SGD(lr=0.5), lambda x: x, np.array([4.0]), steps=3).x[:, 0])
    figure, axes = plt.subplots()
    axes.semilogy(x)
    table = Table(("step", "x"), tuple((str(n), f"{v:g}") for n, v in enumerate(x)), "one run")
    return Drawing(figure, "Halves", "x at every step.", "A falling line.", table)
''',
}
EDITS["a figure or table of the papers"] = {
    "paper_figs/figures.py": [('    "family_map":', '    "halves": Figure("halves:draw"),\n')],
}

NEW["a training task"] = {}
EDITS["a training task"] = {
    "nala_lab/experiments/tasks/images.py": [
        (
            '    _task("lenet5-fashion-mnist",',
            '''\
    _task("relu-digits", "made up for a test", "digits", "LeNet-5 (relu)", "lenet5", methods=NALA_THREE,
          view=AS_IS, scales=_nala_scales(Scale(1, 64, 1), _smoke(8, 6)), activation="relu"),
''',
        ),
    ],
}
