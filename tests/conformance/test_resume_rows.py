"""Every row of the table is saved and taken up anywhere, bit for bit: whoever adds a row has this by itself."""

import io

import pytest
import torch

from nala_lab.core import stream
from nala_lab.methods import METHODS, torch_twin
from nala_lab.methods.counting import counted, nested

SHAPES = ((3, 4), (3,), ())


def weights():
    draw = stream(0, "resume rows", "weights")
    return [torch.nn.Parameter(torch.tensor(draw.normal(size=shape), dtype=torch.float32)) for shape in SHAPES]


def step(optimizer, params, call):
    draw = stream(0, "resume rows", "gradient", call)
    for p in params:
        p.grad = torch.tensor(draw.normal(size=tuple(p.shape)), dtype=torch.float32) + 0.1 * p.detach()
    optimizer.step()


def make(name, params):
    return torch_twin(name, params, **nested(METHODS[name].published))


def through_a_file(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", METHODS)
def test_a_row_is_resumed_from_every_phase(name):
    phases = len(counted(name, METHODS[name].published))
    calls = 2 * phases + 1
    whole = weights()
    optimizer, saved = make(name, whole), {}
    for call in range(calls):
        saved[call] = through_a_file({"weights": whole, "optimizer": optimizer.state_dict()})
        step(optimizer, whole, call)
    for start in range(phases + 1):
        held = weights()
        with torch.no_grad():
            for p, value in zip(held, saved[start]["weights"], strict=True):
                p.copy_(value)
        again = make(name, held)
        again.load_state_dict(saved[start]["optimizer"])
        for call in range(start, calls):
            step(again, held, call)
        assert all(torch.equal(a, b) for a, b in zip(whole, held, strict=True)), f"{name} saved after {start} gradients"
