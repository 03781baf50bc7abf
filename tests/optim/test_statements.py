"""Statements of USING.md that speak of every class, asked of each, in every type and with gradients of every size.

float16 holds nothing below 6e-8, so moments kept in it vanish with gradients of 1e-4, and an eps of 1e-8 is zero.
"""

import copy

import pytest
import torch

from nala_lab.optim import NALA, AdaBelief, Adam
from tests.optim.training import MAKERS, feed, kept

OTHERS = ("NALA-same", "AdaLA-same", "NALA-pullback", "NALA-Adagrad-reset")  # need a closure; keep moments as they like
CLASSES = {name: make for name, make in MAKERS.items() if name not in OTHERS} | {
    "NALA-Adam-pullback": lambda p: NALA(p, lr=0.01, k=3, alpha=0.05, inner_state="pullback"),
    "NALA-Adam-reset": lambda p: NALA(p, lr=0.01, k=3, alpha=0.05, inner_state="reset"),
    "Adam": lambda p: Adam(p, lr=0.01),
    "Adam-amsgrad": lambda p: Adam(p, lr=0.01, amsgrad=True, maximize=True, weight_decay=0.1),
}
DTYPES = {torch.float16: torch.float32, torch.bfloat16: torch.float32, torch.float32: torch.float32,
          torch.float64: torch.float64, torch.complex64: torch.float32, torch.complex128: torch.float64}  # fmt: skip
CALLS = 13
GIVEN = ("base", "run")  # copies of the weights, in their own type


def weights(dtype):
    real = torch.linspace(0.1, 0.2, 6, dtype=torch.float64).reshape(3, 2)
    return torch.nn.Parameter((torch.complex(real, -real) if dtype.is_complex else real).to(dtype))


def run(opt, w, size, first=0, last=CALLS):
    for call in range(first, last):
        feed(opt, size * (1 + call % 2))
    return w.detach().clone()


def for_every(test):
    """Of every class, in every type and with gradients of every size."""
    for name, values in {"size": [0.0, 1e-4, 1.0], "dtype": DTYPES, "name": CLASSES}.items():
        test = pytest.mark.parametrize(name, values, ids=str)(test)
    return test


@for_every
def test_the_weights_stay_finite_and_move_where_there_is_a_gradient(name, dtype, size):
    w = weights(dtype)
    before = w.detach().clone()
    opt = CLASSES[name]([w])
    after = run(opt, w, size)
    assert torch.isfinite(torch.view_as_real(after) if dtype.is_complex else after).all()
    moved = after != before  # in half precision a step below half an ulp of the larger weights moves the smallest only
    decays = opt.param_groups[0]["weight_decay"] > 0 or name == "NALA-released"  # which scales the weights once
    assert (moved.any() and (moved.all() or dtype.itemsize == 2)) == (size > 0 or decays)
    w = weights(dtype)
    opt = CLASSES[name]([w])
    for call in range(CALLS if hasattr(opt, "slow_weights") else 0):
        run(opt, w, size, call, call + 1)
        with opt.slow_weights():
            shown = w.detach().clone()
        opt.eval()
        assert torch.equal(w, shown)
        opt.train()
        assert call < CALLS - 1 or torch.equal(w, after)  # and looking changed nothing


@for_every
def test_slow_weights_and_moments_are_at_least_float32(name, dtype, size):
    w = weights(dtype)
    opt = CLASSES[name]([w])
    for call in range(CALLS):
        run(opt, w, size, call, call + 1)
        tensors = [(key, x) for _, key, x in kept(opt) if isinstance(x, torch.Tensor) and x.dim()]
        kinds = {key: x.dtype.to_real() for key, x in tensors if key not in GIVEN}
        assert set(kinds.values()) == {DTYPES[dtype]} or (not kinds and not call), kinds


@for_every
def test_every_phase_resumes_bit_for_bit(name, dtype, size):
    w = weights(dtype)
    end = run(CLASSES[name]([w]), w, size)
    for stop in (1, 2, 3, 4, 6):
        w = weights(dtype)
        opt = CLASSES[name]([w])
        run(opt, w, size, 0, stop)
        saved = copy.deepcopy(opt.state_dict())
        again = torch.nn.Parameter(w.detach().clone())
        other = CLASSES[name]([again])
        other.load_state_dict(saved)
        assert torch.equal(run(other, again, size, stop), end)


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision_a_first_step_is_that_of_single_precision_rounded_once(name, dtype):
    """The trial of AdaLA too; every further step begins at the rounded weights."""
    half = weights(dtype)
    single = torch.nn.Parameter(half.detach().float())
    ends = [run(CLASSES[name]([w]), w, 2.0**-10, 0, 1) for w in (half, single)]
    assert torch.equal(ends[0], ends[1].to(dtype))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("how", ["expanded", "sliding window"])
def test_a_parameter_whose_numbers_share_an_address_is_refused(name, how):
    shared = torch.ones(3, 1).expand(3, 4) if how == "expanded" else torch.ones(5).as_strided((3, 3), (1, 1))
    w = torch.nn.Parameter(shared)
    if name.startswith("Adam"):
        return  # torch's own rules
    with pytest.raises(ValueError, match="strides of a parameter must satisfy one place for each number"):
        CLASSES[name]([w])


def test_strides_that_only_look_shared_are_taken():
    interleaved = torch.nn.Parameter(torch.zeros(8).as_strided((2, 3), (3, 2)))  # places 0 2 4 3 5 7
    AdaBelief([interleaved, torch.nn.Parameter(torch.ones(4, 6)[:, ::2]), torch.nn.Parameter(torch.ones(0, 3))])
