"""Steps of either twin from a state that is put into it: theorems about cycles speak of states no run starts in.

A state is a dict in the NumPy twin's names: m, v (Adam), s (AdaLA), last (AdaLA's previous gradient). The step counter
is set to `LATE`, where every bias correction 1 - beta^t has become 1 in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_choice, require_int
from nala_lab.drive.method import TWINS, Method
from nala_lab.methods.making import numpy_twin, torch_twin
from nala_lab.reference.oracle import Oracle

__all__ = ["LATE", "late_steps"]

Gradient = Callable[[Array], Array]
Late = tuple[Array, dict[str, Array]]
LATE = 2**23  # 0.99999^LATE = 4e-37 is nothing beside 1, and a float32 counter still counts on from here
_TORCH = {"m": "exp_avg", "v": "exp_avg_sq", "s": "exp_avg_var", "last": "previous_grad"}
_BUFFERS = {"Adam": ("m", "v"), "AdaBelief": ("m", "s"), "AdaLA": ("m", "s")}
_REFERENCE = {"m": "m", "v": "v", "s": "s", "last": "extra"}


def late_steps(twin: str, method: Method, grad: Gradient, x: Array, state: Mapping[str, Array],
               steps: int = 1) -> Late:  # fmt: skip
    """Apply `steps` steps of `method` from `x` (d,) with `state` and return the x and the state they lead to.

    Parameters
    ----------
    twin : ``"numpy"`` or ``"torch"``. method : a method with one loop. grad : (d,) to (d,), deterministic.
    x : (d,) float64; for torch's twin of NAG, its look-ahead point.
    state : buffers the method has, (d,) each; those left out are 0.

    Raises
    ------
    ValueError
        For an unknown twin, a buffer that the method does not have, or one of another shape than x.

    Examples
    --------
    >>> from nala_lab.drive import Method, late_steps
    >>> import numpy as np
    >>> adam = Method("Adam", lr=1.0, betas=(0.0, 0.0), eps=0.0)
    >>> late_steps("numpy", adam, lambda x: x, np.array([0.5]), {"m": np.array([-0.5]), "v": np.array([0.25])})[0]
    array([-0.5])
    """
    require_choice("twin", twin, TWINS)
    require_int("steps", steps, low=0)
    buffers = {*_BUFFERS.get(method.name, ()), *(("last",) if method.settings.get("probe") == "lagged" else ())}
    require("state", sorted(state), buffers >= {*state}, f"buffers of {method}, {sorted(buffers)}")
    for name, value in state.items():
        require(name, value, np.shape(value) == np.shape(x), f"the shape of x, {np.shape(x)}")
    return (_torch if twin == "torch" else _numpy)(method, grad, x, state, steps)


def _numpy(method: Method, grad: Gradient, x: Array, state: Mapping[str, Array], steps: int) -> Late:
    rule = numpy_twin(method.name, **method.shared())
    names = {name: _REFERENCE[name] for name in state}
    after = rule.init(x)
    counter = {"t": LATE} if hasattr(after, "t") else {}
    if after:  # SGD remembers nothing
        after = after._replace(**counter, **{names[name]: value for name, value in state.items()})
    reached = x
    for _ in range(steps):
        reached, after = rule.step(reached, Oracle(grad), after)
    return np.asarray(reached), {name: np.asarray(getattr(after, names[name])) for name in state}


def _torch(method: Method, grad: Gradient, x: Array, state: Mapping[str, Array], steps: int) -> Late:
    import torch

    weight = torch.nn.Parameter(torch.from_numpy(np.array(x)))
    opt = torch_twin(method.name, [weight], **method.shared())

    def closure() -> Any:
        weight.grad = torch.from_numpy(np.array(grad(weight.detach().numpy().copy())))
        return torch.zeros(())

    def step() -> None:
        opt.step(closure)
        while getattr(opt, "phase", 0):
            opt.step(closure)

    step()  # makes the buffers that are then overwritten, through the optimizer's own saved state
    saved = opt.state_dict()
    own = saved["state"].get(0, {})
    for name, value in own.items():
        if torch.is_tensor(value) and value.shape == weight.shape:  # of that step nothing is kept
            own[name] = torch.zeros_like(value)
    if "step" in own:
        own["step"] = torch.full_like(own["step"], float(LATE))
    for name, value in state.items():
        own[_TORCH[name]] = torch.from_numpy(np.array(value))
    opt.load_state_dict(saved)
    with torch.no_grad():
        weight.copy_(torch.from_numpy(np.array(x)))
    for _ in range(steps):
        step()
    after = opt.state[weight]
    return weight.detach().numpy().copy(), {name: after[_TORCH[name]].numpy().copy() for name in state}
