"""Weights that change type, device or owner under the optimizer, and weights that must stay where they are."""

import copy

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, Lookahead
from tests.optim.training import CALLS, MAKERS, K, equal, feed, kept, momentum, network, train, trained, weights

DEVICES = [d for d, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())) if there]


@pytest.mark.parametrize("stop", range(1, K + 2))
@pytest.mark.parametrize("maker", [NALA, Lookahead])
def test_the_slow_weights_follow_the_type_of_the_model(maker, stop):
    """P35: widened in mid-cycle, no digit of the float32 run is lost and the further ones are used from there on."""
    model = network()
    opt = maker(model.parameters(), k=K, inner=momentum)
    train(model, opt, 0, stop)
    with opt.slow_weights():
        phi = weights(model)
    model.double()
    with torch.inference_mode(), opt.slow_weights():
        assert equal(weights(model), [p.double() for p in phi])
    train(model, opt, stop, CALLS)
    own = [opt.state[p]["slow"] for p in model.parameters()]
    assert all(slow.dtype == torch.float64 and torch.isfinite(slow).all() for slow in own)


@pytest.mark.parametrize("name", ["NALA", "NALA-pullback", "Lookahead", "AdaBelief", "AdaLA"])
def test_loading_its_own_state_moves_everything_to_the_type_of_the_model(name):
    """torch's own rule for moments, after ``model.to(...)``: as a float64 optimizer that loads the saved state."""
    model, opt = trained(name, K)
    twin = network(torch.float64)
    twin.load_state_dict(model.state_dict())
    fresh = MAKERS[name](twin.parameters())
    fresh.load_state_dict(opt.state_dict())
    model.double()
    opt.load_state_dict(opt.state_dict())
    for m, o in ((model, opt), (twin, fresh)):
        train(m, o, K, CALLS)
    assert equal(weights(model), weights(twin))
    kinds = {value.dtype for _, key, value in kept(opt) if isinstance(value, torch.Tensor) and key != "step"}
    assert kinds <= {torch.float64}


@pytest.mark.parametrize("name", ["NALA", "Lookahead", "OuterMomentum", "AdaBelief", "AdaLA"])
def test_a_run_goes_on_in_another_memory_format(name):
    """The moments come back as they lay; a fused kernel would give each weight those of another."""
    ends = []
    for before in (torch.channels_last, torch.contiguous_format):
        draw, saved = stream(0, "moved", "format"), None
        for layout in (before, torch.contiguous_format):
            w = torch.nn.Parameter(torch.ones(2, 3, 2, 2, dtype=torch.float64).to(memory_format=layout))
            opt = MAKERS[name]([w])
            if saved:
                opt.load_state_dict(saved)
            for _ in range(K):
                feed(opt, torch.tensor(draw.normal(size=w.shape)).to(memory_format=layout))
            saved = opt.state_dict()
        ends.append(w.detach())
    assert (ends[0] - ends[1]).abs().max() <= 2 * K * 16 * 2**-52  # ten or so roundings a step; wrong moments: 1e-3


@pytest.mark.parametrize("name", ["NALA", "AdaBelief"])
def test_a_parameter_that_grows_is_an_error_and_not_a_walk_through_memory(name):
    for late in (5000, 3):  # the gradient has grown too, or is the old one
        w = torch.nn.Parameter(torch.ones(3))
        opt = MAKERS[name]([w])
        feed(opt, 1.0)
        w.data = torch.ones(5000)
        if late == 5000:
            w.grad = torch.ones(5000)
        with pytest.raises(RuntimeError, match="must match the size of tensor"):
            opt.step()


def test_narrowed_and_widened_again_the_old_digits_of_y_are_not_used():
    """A model goes to bfloat16 for a cycle and back: y_t of that time must not come back later."""
    model = network()
    opt = NALA(model.parameters(), k=2, alpha=0.1, inner=momentum)
    train(model, opt, 0, 3)
    model.bfloat16()
    opt.load_state_dict(opt.state_dict())
    train(model, opt, 3, 6)
    model.float()
    opt.load_state_dict(opt.state_dict())
    twin = copy.deepcopy(model)
    fresh = NALA(twin.parameters(), k=2, alpha=0.1, inner=momentum)
    saved = opt.state_dict()
    for own in saved["state"].values():
        own.pop("exact", None)
    fresh.load_state_dict(saved)
    for m, o in ((model, opt), (twin, fresh)):
        train(m, o, 6, 12)
    assert equal(weights(model), weights(twin))


@pytest.mark.skipif(not DEVICES, reason="needs a second device")
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["NALA", "Lookahead", "AdaBelief", "AdaLA"])
def test_a_run_moves_to_another_device(name, device):
    """P35: by ``map_location`` or ``model.to(device)``, then loading the state."""
    model, opt = trained(name, K)
    model.to(device)
    opt.load_state_dict(opt.state_dict())
    tensors = [v for own in opt.state.values() for key, v in own.items() if isinstance(v, torch.Tensor)]
    assert all(v.device.type == device for v in tensors if v.ndim)


# ---- two players ----------------------------------------------------------------------------------------------------


def test_one_optimizer_around_both_players_synchronises_them_at_one_iterate():
    """P16: f(x, y) = x y, x down and y up; a cycle is (1-a) I + a T^k with T = [[1, -lr], [lr, 1]], which contracts
    where the plain game diverges."""
    turn = np.array([[1.0, -0.3], [0.3, 1.0]])
    cycle = 0.5 * np.eye(2) + 0.5 * np.linalg.matrix_power(turn, 5)
    assert np.abs(np.linalg.eigvals(cycle)).max() < 0.9 < 1 < np.abs(np.linalg.eigvals(turn)).max()
    x, y = (torch.nn.Parameter(torch.tensor([v], dtype=torch.float64)) for v in (1.0, -2.0))
    groups = [{"params": [x]}, {"params": [y], "maximize": True}]
    opt = Lookahead(groups, k=5, alpha=0.5, inner=lambda p: torch.optim.SGD(p, lr=0.3))
    want = np.array([1.0, -2.0])
    for call in range(40):
        feed(opt, y.detach(), x.detach())
        if call % 5 == 4:
            want = cycle @ want
            # at most 40 steps of fewer than 8 roundings of numbers below 4
            assert np.abs([x.item(), y.item()] - want).max() <= 40 * 8 * 4 * 2.0**-53
