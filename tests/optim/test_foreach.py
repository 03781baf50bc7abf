"""The update by foreach operations, which a GPU takes, against the equations for one parameter at a time."""

import pytest
import torch

from nala_lab.optim import AdaBelief, AdaLA, _foreach
from tests.optim.fused import MAKERS, ODD, parameters, walk

ONE_LOOP = [name for name in MAKERS if name.startswith("Ada")]
MORE = {
    **{name: MAKERS[name] for name in ONE_LOOP},
    "AdaLA blended": lambda p: AdaLA(p, **ODD, blend=0.3),
    "AdaLA now and then": lambda p: AdaLA(p, **ODD, every=2),
}


@pytest.fixture
def together(monkeypatch, unfused):
    """Let the CPU take the way of a GPU."""
    unfused(True)

    def switch(on):
        monkeypatch.setattr(_foreach, "_SPARED", () if on else ("cpu",))

    return switch


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", MORE)
def test_all_parameters_together_take_the_steps_that_each_takes_alone(name, dtype, together):
    alone = walk(MORE[name], dtype, calls=11)[0]
    together(True)
    path, opt = walk(MORE[name], dtype, calls=11)
    assert alone.abs().max() < 8
    # The operations are the same ones in the same order; fusing a multiply with an add may save one rounding each.
    assert (path - alone).abs().max() <= 11 * 4 * 8 * torch.finfo(dtype).eps / 2


@pytest.mark.parametrize("make", [AdaBelief, AdaLA])
def test_the_number_of_operations_does_not_grow_with_the_number_of_parameters(make, together):
    together(True)
    counts = []
    for n in (3, 30):
        params = parameters(torch.float32, shapes=((4, 3),) * n)
        opt = make(params)
        for p in params:
            p.grad = torch.ones_like(p)
        for _ in range(2):
            opt.step()
        with torch.profiler.profile() as seen:
            for _ in range(2):
                opt.step()
        counts.append(sum(e.count for e in seen.key_averages() if e.key.startswith("aten::_foreach")))
    assert counts[0] == counts[1] > 0


BUGS = {
    "_add_mean": lambda self, m, g: torch._foreach_add_(m, g),
    "_decayed": lambda self: [p.grad for p in self.params],
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_in_the_foreach_update_is_seen(bug, together, monkeypatch):
    alone = walk(MORE["AdaLA"], torch.float64)[0]
    together(True)
    monkeypatch.setattr(_foreach.Together, bug, BUGS[bug])
    assert (walk(MORE["AdaLA"], torch.float64)[0] - alone).abs().max() > 1e-3


def test_a_gradient_that_goes_away_is_noticed(together):
    ends = []
    for on in (False, True):
        together(on)
        params = parameters(torch.float64, shapes=((3, 5), (4,)))
        opt = AdaLA(params, **ODD)
        for call in range(9):
            for p in params:
                p.grad = torch.full_like(p, 1.0 + call)
            if call in (4, 5):
                params[1].grad = None
            opt.step()
        ends.append(torch.cat([p.detach().ravel() for p in params]))
    assert (ends[0] - ends[1]).abs().max() <= 9 * 4 * 8 * 2**-53  # as above
