"""torch.compile of a training step: the optimizer is left out of the graph, so no cycle compiles anew (P33)."""

import pytest
import torch
from torch._dynamo.utils import counters

from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from tests.optim.schedules import lrs
from tests.optim.training import K, batch, network

MAKERS = {
    "NALA": lambda p: NALA(p, lr=0.01, k=K, alpha=0.05),
    "Lookahead": lambda p: Lookahead(p, lr=0.01, k=K),
    "AdaBelief": lambda p: AdaBelief(p, lr=0.01),
    "AdaLA": lambda p: AdaLA(p, lr=0.01),
}


def losses(name, calls, backend):
    """The loss of each call, the phase after it, and how many graphs had been compiled by then."""
    torch._dynamo.reset()
    model = network()
    opt = MAKERS[name](model.parameters())
    plan = lrs.ExponentialLR(opt, 0.9)

    def training_step(x, y):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        return loss

    run = training_step if backend is None else torch.compile(training_step, backend=backend)
    seen, phases, graphs = [], [], []
    for call in range(calls):
        seen.append(run(*batch(call)).item())
        plan.step()
        phases.append(opt.phase)
        graphs.append(counters["stats"]["unique_graphs"])
    return seen, phases, graphs


@pytest.mark.filterwarnings("ignore")  # torch's own, about profiling and about code it does not trace
@pytest.mark.parametrize("name", MAKERS)
def test_a_compiled_training_step_is_the_same_and_compiles_once(name):
    """P33: three cycles of NALA with a scheduler; no graph is made after the first call."""
    calls = 3 * (K + 1)
    eager, phases, _ = losses(name, calls, None)
    compiled, same_phases, graphs = losses(name, calls, "eager")
    assert compiled == eager and same_phases == phases
    assert graphs[0] > 0 and graphs[-1] == graphs[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["NALA", "AdaLA"])
def test_with_the_default_backend(name):
    calls = 3 * (K + 1)
    eager, phases, _ = losses(name, calls, None)
    compiled, same_phases, graphs = losses(name, calls, "inductor")
    assert same_phases == phases and graphs[0] > 0 and graphs[-1] == graphs[0]
    # the forward and backward pass are fused: sums of up to 8 terms in another order, carried through 12 steps
    assert max(abs(a - b) for a, b in zip(compiled, eager, strict=True)) <= 1e-4 * max(eager)
