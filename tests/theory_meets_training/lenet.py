"""LeNet-5 on the digits: forecasts of the next 50 gradients from products and noise samples, and what training did.

No Hessian: `nala_lab.theory.forecast_products.reduced` sees (depth + 1)(samples + 1) products. Training draws its
mini-batches with replacement and asks no theorem. Twenty starts along one run of SGD, after 60 to 1,000 gradients in
equal ratios, and from each five runs, in turn of SGD, Lookahead and NALA. At the random start, before gradient 60, the
loss bends down and a forecast of second order has no bottom: it is not asked there.

    python -m tests.theory_meets_training.lenet           prints the figure's data, coverage.json
"""

import json
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from nala_lab.core import stream
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run.curvature import Slopes
from nala_lab.theory.forecast import forecast
from nala_lab.theory.forecast_products import reduced
from nala_lab.theory.minibatch_cycle import nala

BATCH, LR, GRADIENTS = 64, 0.05, 50
STARTS, RUNS = [round(x) for x in np.geomspace(60, 1000, 20)], 5
WIDTH = 1.645  # standard deviations: 90 % of a Gaussian
METHODS = {
    "SGD": {"k": 1, "mu": 0.0, "alpha": 0.0},
    "Lookahead": {"k": 5, "mu": -0.5, "alpha": 0.0},
    "NALA": {"k": 4, "mu": -0.5, "alpha": LR},
}
DEPTH, SAMPLES, CURVED = 4, 8, 512  # powers of H, noise samples, images that H is of


@cache
def data():
    digits = load_data("digits")
    return digits.train_x, digits.train_y


@cache
def model():
    return lenet5(generator=torch_stream(0, "initial weights"))


def loss(weights, index=slice(None)):
    x, y = data()
    named = dict(zip(dict(model().named_parameters()), weights, strict=True))
    return cross_entropy(functional_call(model(), named, (x[index],)), y[index])


def value(weights):
    with torch.no_grad():
        return float(loss(weights))


def gradient(weights, index):
    at = [w.detach().requires_grad_() for w in weights]
    return torch.autograd.grad(loss(at, index), at)


def drawn(rng):
    return torch.from_numpy(rng.integers(len(data()[1]), size=BATCH))


def step(weights, rng, lr):
    return [w - lr * g for w, g in zip(weights, gradient(weights, drawn(rng)), strict=True)]


def trained(weights, rng, *, k, mu, alpha, gradients=GRADIENTS):
    """phi after so many gradients."""
    phi = list(weights)
    for _ in range(gradients // (k + (alpha > 0))):
        theta = phi
        for _ in range(k):
            theta = step(theta, rng, LR)
        y = [t + mu * (t - p) for t, p in zip(theta, phi, strict=True)]
        phi = step(y, rng, alpha) if alpha > 0 else y
    return phi


def flat(vector):
    return torch.cat([v.detach().reshape(-1) for v in vector]).double().numpy()


def shaped(v, weights):
    parts = torch.from_numpy(np.asarray(v)).float().split([w.numel() for w in weights])
    return [part.view_as(w) for part, w in zip(parts, weights, strict=True)]


class Ahead(NamedTuple):
    """Forecast change of the loss, its standard deviation, and what one run of training realised."""

    start: int
    method: str
    change: float
    spread: float
    realised: float

    @property
    def inside(self):
        return abs(self.realised - self.change) <= WIDTH * self.spread


def measured(weights, rng):
    """The `Local` in the Krylov space."""
    g = flat(gradient(weights, slice(None)))
    samples = [flat(gradient(weights, drawn(rng))) - g for _ in range(SAMPLES)]
    slopes = Slopes(lambda w: loss(w, slice(CURVED)), weights)
    return reduced(value(weights), g, lambda v: flat(slopes.product(shaped(v, weights))), samples, depth=DEPTH)


@cache
def measurements():
    """(start, its weights, its `Local`) along one run of SGD."""
    rng = stream(0, "lenet coverage", "training")
    weights, done, found = [p.detach().clone() for p in model().parameters()], 0, []
    for begin in STARTS:
        while done < begin:
            weights, done = step(weights, rng, LR), done + 1
        found.append((begin, weights, measured(weights, stream(0, "lenet coverage", "samples", begin))))
    return found


@cache
def realised(at, run):
    """Change of the loss in one run from start number `at`; its method is in turn."""
    begin, weights, local = measurements()[at]
    name = method(at, run)
    end = trained(weights, stream(0, "lenet coverage", begin, name, run), **METHODS[name])
    return value(end) - local.loss


def method(at, run):
    return list(METHODS)[(at * RUNS + run) % len(METHODS)]


def hundred(sign=1):
    """Every forecast beside its run; sign of mu: -1 is a planted fault."""
    found = []
    for at, (begin, _, local) in enumerate(measurements()):
        for run in range(RUNS):
            how = METHODS[method(at, run)]
            loop = nala(lr=LR, k=how["k"], mu=sign * how["mu"], alpha=how["alpha"])
            ahead = forecast(local, loop, T=GRADIENTS // loop.gradients)
            change = float(ahead.loss[-1] - local.loss)
            found.append(Ahead(begin, method(at, run), change, float(ahead.spread[-1]), realised(at, run)))
    return found


if __name__ == "__main__":
    rows = [{name: float(f"{v:.4g}") if isinstance(v, float) else v for name, v in a._asdict().items()}
            for a in hundred()]  # fmt: skip
    print(json.dumps({"network": "LeNet-5 on the digits", "lr": LR, "batch": BATCH, "rows": rows}))
