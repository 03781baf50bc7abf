"""What the kernels keep from one call for the next, and that it is dropped when something changed."""

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA
from tests.optim.fused import MAKERS, needs_compiler, parameters

pytestmark = pytest.mark.usefixtures("treat_as_large")


def _other_state(opt, params):
    for drawer in (opt.state, getattr(opt, "inner", opt).state):
        for own in drawer.values():
            for key in {"exp_avg", "slow"} & set(own):
                own[key] = 1.5 * own[key]


def _other_storage(opt, params):
    opt.held = [p.data for p in params]  # alive, so that the new addresses are others
    for p in params:
        p.data = 1.5 * p.data


def _fewer_parameters(opt, params):
    opt.param_groups[0]["params"].pop(0)


def _more_parameters(opt, params):
    opt.add_param_group({"params": [params[0].detach().clone().requires_grad_()], "lr": 0.5})


def _hooked(opt, params):
    def double(opt, args, kwargs):
        for p in params:
            p.grad.mul_(2)

    getattr(opt, "inner", opt).register_step_pre_hook(double)


def _scheduled(opt, params):
    for group in opt.param_groups:
        group["lr"] = group["lr"] / 2


def _saved_and_loaded(opt, params):
    opt.load_state_dict(opt.state_dict())


def _of_a_transposed_gradient(p):
    p.grad = torch.empty(p.shape[::-1]).permute(*range(p.dim())[::-1]).copy_(p.grad)


def _of_a_lazy_sign(p):
    p.grad = torch._neg_view(p.grad)


CHANGES = (_other_state, _other_storage, _fewer_parameters, _more_parameters, _hooked, _scheduled, _saved_and_loaded)


def changed_walk(make, change, calls=16, at=7):
    params = parameters(torch.float32, shapes=((3, 5), (4,)))
    opt, draw = make(params), stream(0, "fused", "changes")
    for call in range(calls):
        for p in [p for group in opt.param_groups for p in group["params"]] + params:
            p.grad = torch.tensor(draw.normal(size=tuple(p.shape)), dtype=torch.float32)
        if call == at and change in CHANGES:
            change(opt, params)
        elif call == at:
            change(params[0])
        if "absent" in change.__name__ and call in (9, 10):
            params[1].grad = None
        opt.step()
    return torch.cat([p.detach().ravel() for p in params])


def _absent_for_a_while(p):
    """In calls 9 and 10; the parameter takes part again from call 11 on."""


@needs_compiler
@pytest.mark.parametrize("change", [*CHANGES, _of_a_transposed_gradient, _of_a_lazy_sign, _absent_for_a_while])
@pytest.mark.parametrize("name", ["AdaBelief", "AdaLA", "NALA", "Lookahead"])
def test_what_was_kept_from_the_call_before_is_dropped_when_something_changed(name, change, unfused):
    fused = changed_walk(MAKERS[name], change)
    unfused(True)
    plain = changed_walk(MAKERS[name], change)
    assert plain.abs().max() < 16
    assert (fused - plain).abs().max() <= 16 * 4 * 16 * 2**-23  # 4 ulp of 16 a call, as above
    assert (plain - changed_walk(MAKERS[name], _nothing)).abs().max() > 1e-3 or change in UNSEEN


def _nothing(p):
    pass


UNSEEN = (_of_a_transposed_gradient, _of_a_lazy_sign, _saved_and_loaded, _more_parameters)


@needs_compiler
def test_a_parameter_that_was_given_twice_takes_the_steps_that_torch_s_adam_gives_it(unfused):
    ends = []
    for off in (False, True):
        unfused(off)
        w = torch.nn.Parameter(torch.ones(5))
        with pytest.warns(UserWarning, match="duplicate parameters"):
            opt = NALA([w, w], lr=0.1, k=2)
        for call in range(9):
            w.grad = torch.full((5,), 1.0 + call)
            opt.step()
        ends.append(w.detach())
    assert torch.equal(*ends)
