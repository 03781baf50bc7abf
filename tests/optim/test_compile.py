"""torch.compile of a training step: the optimizer is left out of the graph, so no cycle compiles anew (P33)."""

import pytest
import torch
from torch._dynamo.utils import counters

from tests.optim.training import K, batch, lrs, trained


def losses(name, backend):
    """The loss of each call, the phase after it, and how many graphs had been compiled by then."""
    torch._dynamo.reset()
    model, opt = trained(name)
    plan = lrs.ExponentialLR(opt, 0.9)

    def training_step(x, y):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        return loss

    run = training_step if backend is None else torch.compile(training_step, backend=backend)
    seen, phases, graphs = [], [], []
    for call in range(3 * (K + 1)):
        seen.append(run(*batch(call)).item())
        plan.step()
        phases.append(opt.phase)
        graphs.append(counters["stats"]["unique_graphs"])
    return seen, phases, graphs


@pytest.mark.filterwarnings("ignore")  # torch's own, about profiling and about code it does not trace
@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["NALA", "Lookahead", "AdaBelief", "AdaLA"])
def test_a_compiled_training_step_is_the_same_and_compiles_once(name, backend):
    """P33: three cycles of NALA with a scheduler; no graph is made after the first call."""
    eager, phases, _ = losses(name, None)
    compiled, same_phases, graphs = losses(name, backend)
    assert same_phases == phases and graphs[0] > 0 and graphs[-1] == graphs[0]
    # inductor fuses forward and backward pass: sums of up to 8 terms in another order, carried through 12 steps
    assert max(abs(a - b) for a, b in zip(compiled, eager, strict=True)) <= (backend != "eager") * 1e-4 * max(eager)
