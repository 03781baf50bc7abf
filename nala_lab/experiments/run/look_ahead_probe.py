"""Does looking ahead help here? Measured while training, on the line from phi to theta of every n-th cycle.

Delta = theta - phi is how far the inner loop moved. A mini-batch that is drawn for it alone, from the training images
(of a small data set the path has seen most of them), says of this line

    J(phi + s Delta) = J - s gain + s^2 (curvature + noise) / 2,     s = 1 + mu
    gain = -g . Delta,     curvature + noise = Delta' H Delta,     mu* = gain / (Delta' H Delta) - 1

With D the mean and S_D the covariance of Delta over mini-batches, E Delta' H Delta = D'HD + tr(H S_D): one product
holds both parts. `noise` estimates the second (see inner_noise; NaN where it cannot, and where gradients are clipped:
what the path met is then not the noise of a gradient), `curvature` is what is left.
Where Delta' H Delta <= 0 the loss falls along the whole line: mu* is inf, or -1 where the path goes uphill.

The two halves of the mini-batch have independent gradients g_a, g_b, which make

    g = (g_a + g_b) / 2,    noise scale = tr(C_1) / |g|^2 = (B / 2) |g_a - g_b|^2 / (2 g_a . g_b)      examples

NaN where g_a . g_b <= 0: the noise hides the gradient. Losses and H are of the first half.

Training never notices: the loss is evaluated at copies of weights and buffers, and every random stream is put back.
Optimizers without slow weights are measured over WINDOW timesteps. theta is where the last step of ``optimizer.inner``
ended. Two loops of a user's own that have no such attribute hide it: there Delta ends at the new phi.

Source: derived here; the noise scale is that of McCandlish et al. 2018, appendix A.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.func import functional_call

from nala_lab.core import require, stream
from nala_lab.experiments.run.curvature import Slopes, dot, lanczos
from nala_lab.experiments.run.inner_noise import bent_by_noise, inner_of
from nala_lab.experiments.run.log import short
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.parallel import Team
from nala_lab.experiments.tasks.workload import Workload

__all__ = ["MU", "TOP", "WINDOW", "Probe", "best_mu"]

MU = tuple(-1 + i / 4 for i in range(9))  # where the loss is measured; -1 is phi, 0 is theta
WINDOW = 5  # timesteps that make a cycle of an optimizer that has none
TOP, PRODUCTS = 5, 20  # curvatures that are told, and Hessian products spent on them
HALVES = (slice(0, None, 2), slice(1, None, 2))
MASKS = ("torch", "torch cuda")  # the streams that layers such as dropout draw from

Weights = list[torch.Tensor]


def best_mu(gain: float, bending: float) -> float:
    """mu* = gain / bending - 1, not below -1; where the line bends down, its end.

    Examples
    --------
    >>> best_mu(0.25, 0.5), best_mu(-0.1, 0.5), best_mu(0.1, -0.5)
    (-0.5, -1.0, inf)
    """
    if bending > 0:
        return max(gain / bending - 1, -1.0)
    return math.nan if math.isnan(gain + bending) else math.inf if gain > 0 or bending < 0 else -1.0


class Probe:
    """Watches a run's cycles, and measures every so many of them.

    Raises ValueError for a workload whose mini-batches cannot be given twice, and for several processes.

    Parameters
    ----------
    workload, optimizer, streams : of the run. options : of the run; ``probe_every`` and ``curvature_every`` count.
    length : timesteps of a cycle; 0 for an optimizer that has none. seed : of the run. team : of the run.
    clipped : whether gradients have a largest norm.
    """

    def __init__(self, workload: Workload, optimizer: torch.optim.Optimizer, options: Options, length: int,
                 streams: Mapping[str, torch.Generator], seed: int, team: Team, clipped: bool) -> None:  # fmt: skip
        if options.measures:
            _require_able(workload, team)
        self._workload, self._optimizer, self._seed, self._streams = workload, optimizer, seed, dict(streams)
        self._every, self._curvature_every = options.probe_every, options.curvature_every
        self._together, self._clipped = options.accumulate, clipped
        self._length = length or WINDOW
        self._named = dict(workload.model.named_parameters())
        self._phi: Weights = []  # empty: this cycle is not measured
        self._theta: Weights = []
        self._seeds: dict[str, int] = {}
        self._others: dict[str, int] = {}
        self._hook: Any = None

    # ---- which cycles, and their ends --------------------------------------------------------------------------

    def before(self, timestep: int, counted: bool) -> None:
        """Look at the weights before a gradient; `counted` is whether the papers count it as a step."""
        number = timestep // self._length
        if self._starts(timestep, counted) and any(self._due(number, n) for n in (self._every, self._curvature_every)):
            self._watch([p.detach().clone() for p in self._named.values()])

    def ended(self, timestep: int, counted: bool) -> bool:
        """Whether a watched cycle has ended; the arguments say where the next gradient stands."""
        return bool(self._phi) and self._starts(timestep, counted)

    def rows(self, timestep: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Measure the cycle that has ended: kind and values of each row."""
        number = timestep // self._length - 1
        phi, theta = self._phi, self._theta or [p.detach().clone() for p in self._named.values()]
        self._leave()
        for kind, every, measure in (
            ("probe", self._every, lambda: self._line(phi, theta)),
            ("curvature", self._curvature_every, lambda: self._curvatures(phi, number)),
        ):
            if self._due(number, every):
                began = time.perf_counter()
                with self._aside(number):
                    values = measure()
                yield kind, {"cycle": number, **values, "cost_seconds": round(time.perf_counter() - began, 4)}

    def _starts(self, timestep: int, counted: bool) -> bool:
        return counted and timestep % self._length == 0

    @staticmethod
    def _due(number: int, every: int | None) -> bool:
        return every is not None and number % every == 0

    def _watch(self, phi: Weights, theta: Weights | None = None) -> None:
        self._leave()
        self._phi, self._theta = phi, theta or []
        inner = getattr(self._optimizer, "inner", None)
        if inner is not None:  # the call that ends an inner loop also mixes it with phi: look before that
            self._hook = inner.register_step_post_hook(self._see)

    def _see(self, *_: Any) -> None:
        self._theta = [p.detach().clone() for p in self._named.values()]

    def _leave(self) -> None:
        self._phi, self._theta = [], []
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def state_dict(self) -> dict[str, Any]:
        """Return where a watched cycle stands."""
        return {"phi": self._phi, "theta": self._theta}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with it."""
        self._leave()
        if state["phi"]:
            device = self._workload.device
            self._watch(*([w.to(device) for w in state[name]] for name in ("phi", "theta")))

    # ---- measuring ---------------------------------------------------------------------------------------------

    @contextmanager
    def _aside(self, number: int) -> Iterator[None]:
        """A mini-batch and draws of the probe's own inside the block; the run's are put back after it."""
        workload: Any = self._workload
        before = {name: generator.get_state() for name, generator in self._streams.items()}
        order, forward, part = workload.state_dict(), workload.forward, workload.part
        self._seeds = {name: int(stream(self._seed, "probe", number, name).integers(2**63)) for name in before}
        self._others = {name: int(stream(self._seed, "probe", number, name, "other half").integers(2**63))
                        for name in before if name in MASKS}  # fmt: skip
        try:
            self._draw_again(self._seeds)
            workload.start_epoch(0)
            yield
        finally:
            workload.forward, workload.part = forward, part
            workload.load_state_dict(order)
            for name, state in before.items():
                self._streams[name].set_state(state)

    def _draw_again(self, seeds: Mapping[str, int]) -> None:
        """Let every stream give the same numbers as at the last call: one augmentation, one dropout mask."""
        for name, seed in seeds.items():
            self._streams[name].manual_seed(seed)

    def _loss(self, part: slice = slice(None)) -> Callable[[Sequence[torch.Tensor]], torch.Tensor]:
        workload: Any = self._workload
        model = workload.model

        def loss(weights: Sequence[torch.Tensor]) -> torch.Tensor:
            # one augmentation of the whole mini-batch; but equal masks would make the halves' gradients alike
            self._draw_again(self._seeds | (self._others if part == HALVES[1] else {}))
            state = {name: b.clone() for name, b in model.named_buffers()}  # BatchNorm writes into its own
            state |= dict(zip(self._named, weights, strict=True))
            workload.forward, workload.part = lambda x: functional_call(model, state, (x,)), part
            value: torch.Tensor = workload.loss(0)[0]
            return value

        return loss

    def _line(self, phi: Weights, theta: Weights) -> dict[str, Any]:
        delta = torch._foreach_sub(theta, phi)
        loss, other = (self._loss(half) for half in HALVES)
        at = Slopes(loss, phi)
        g_a, g_b = at.gradient, _gradient(other, phi)
        gain = -(dot(g_a, delta) + dot(g_b, delta)) / 2
        bending = dot(at.product(delta), delta)
        apart = torch._foreach_sub(g_a, g_b)
        # (g_a - g_b) / sqrt 2 has the covariance of half a mini-batch's gradient; the run's is of `together` whole ones
        z = list(torch._foreach_div(apart, 2 * math.sqrt(self._together)))
        inner = None if self._clipped else inner_of(self._optimizer, list(self._named.values()))
        noise = math.nan if inner is None else bent_by_noise(inner, at.product, z, steps=self._length)
        with torch.no_grad():
            values = [at.loss, *(float(loss(torch._foreach_add(phi, delta, alpha=1 + mu))) for mu in MU[1:])]
        common, half = dot(g_a, g_b), self._workload.examples / 2
        scale = half * dot(apart, apart) / (2 * common) if common > 0 else math.nan
        return {"losses": [short(x) for x in values], "mu_star": short(best_mu(gain, bending)), "gain": short(gain),
                "curvature": short(bending - noise), "noise": short(noise), "bending": short(bending),
                "noise_scale": short(scale)}  # fmt: skip

    def _curvatures(self, phi: Weights, number: int) -> dict[str, Any]:
        draw = torch.Generator().manual_seed(int(stream(self._seed, "lanczos", number).integers(2**63)))
        found = lanczos(Slopes(self._loss(), phi), steps=PRODUCTS, top=TOP, generator=draw)
        return {"top": [short(x) for x in found.values], "within": [short(x) for x in found.within],
                "products": PRODUCTS}  # fmt: skip


def _require_able(workload: Workload, team: Team) -> None:
    able = getattr(workload, "repeatable", False) and hasattr(workload, "forward")
    require("probe", "on", able, "off on this task", "its mini-batches cannot be given twice")
    require("probe", "on", team.size == 1, "off with several processes")
    require("batch_size", workload.examples, workload.examples > 1, ">= 2 for the probe", "it is cut in two")


def _gradient(loss: Callable[[Sequence[torch.Tensor]], torch.Tensor], weights: Weights) -> Weights:
    at = [w.clone().requires_grad_() for w in weights]
    return list(torch.autograd.grad(loss(at), at))
