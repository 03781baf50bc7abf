"""What torch asks of its own optimizers, asked of ours: ``python -m tests.optim.database`` prints a line an answer.

torch installs a database of its optimizers (`torch.testing._internal.common_optimizers`): which settings to try, which
schedulers, which gradients each takes. Every line of it is put inside our slow loops, and what it asks of Adam is asked
of AdaBelief and AdaLA. A process of its own, because importing torch's tests freezes torch's global switches.
"""

from __future__ import annotations

import copy
import json
import sys
import types
import unittest
import warnings
from functools import partial

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Adam, Lookahead, OuterMomentum
from tests.optim.training import advance

try:
    import expecttest  # noqa: F401 - torch's tests import it, for a class that is not used here
except ImportError:
    sys.modules["expecttest"] = types.SimpleNamespace(TestCase=unittest.TestCase)  # type: ignore[assignment]
from torch.testing._internal.common_optimizers import optim_db
from torch.testing._internal.common_utils import TestCase  # noqa: F401

K, CALLS = 3, 10
LOOPS = {"NALA": NALA, "NALA same": partial(NALA, outer_batch="same"), "Lookahead": Lookahead,
         "OuterMomentum": OuterMomentum}  # fmt: skip
OWN = {"AdaBelief": AdaBelief, "AdaLA": AdaLA, "AdaLA same": partial(AdaLA, probe_batch="same"), "Adam": Adam}
SHOWS_INNER = {"NALA": {"mu": 0.0, "alpha": 0.0}, "Lookahead": {"alpha": 1.0}}  # a cycle ends where the inner loop does
PUBLIC = ("AdaBelief", "AdaBound", "Adan", "Lion", "RAdam", "Yogi")  # of pytorch-optimizer
NOT_ASKED = {  # (loop, optimizer or settings, question), "*" for any: why it makes no sense
    ("OuterMomentum", "LBFGS", "*"): "L-BFGS goes with inner_state='reset' only, which OuterMomentum has not",
    ("*", "Rprop", "groups_have_their_own_lr_and_may_come_late"): "Rprop steps by at least 1e-6, lr = 0 or not",
    ("AdaBelief AdaLA", "maximize", "*"): "refused by name: test_bad_input.py",
    ("AdaBelief AdaLA", "amsgrad", "*"): "refused by name: test_bad_input.py",
}
UNKNOWN = {"amsgrad", "maximize", "foreach", "fused", "capturable", "differentiable"}  # AdaBelief and AdaLA refuse them


class Case:
    """One way to make an optimizer, and the gradients that suit it."""

    def __init__(self, info, given, loop):
        self.info, self.settings, self.loop = info, given.kwargs, loop
        self.sparse = info.only_supports_sparse_grads
        self.name = f"{loop} around {info.optim_cls.__name__}" if loop in LOOPS else loop
        self.desc = given.desc

    def inner(self, params):
        settings = {key: x.clone() if isinstance(x, torch.Tensor) else x for key, x in self.settings.items()}
        return self.info.optim_cls(params, **settings)

    def make(self, params):
        if self.loop in OWN:
            return OWN[self.loop](params, **self.settings)
        reset = {"inner_state": "reset"} if self.info.optim_cls is torch.optim.LBFGS else {}
        return LOOPS[self.loop](params, k=K, inner=self.inner, **reset)

    def params(self, dtype=torch.float64, seed=0):
        shapes = [(3, 2), (2, 4)] if self.info.optim_cls is torch.optim.Muon or self.sparse else [(3, 2), (4,), ()]
        draw = stream(seed, "database", "weights")
        return [torch.nn.Parameter(torch.tensor(draw.normal(size=s), dtype=dtype)) for s in shapes]

    def call(self, opt, params, call, scale=1.0):
        """One call with the gradients of its number."""
        draw = stream(0, "database", "gradient", call)
        grads = [torch.tensor(scale * draw.normal(size=tuple(p.shape)), dtype=p.dtype) for p in params]

        def closure():
            for p, g in zip(params, grads, strict=True):
                p.grad = g.to_sparse(1) if self.sparse else g.clone()
            return sum((p.detach() * g).sum() for p, g in zip(params, grads, strict=True)).real

        return opt.step(closure)


def run(case, opt, params, first=0, last=CALLS):
    for call in range(first, last):
        case.call(opt, params, call)
    return [p.detach().clone() for p in params]


def same(a, b):
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True)), "not the same to the last bit"


# ---- the questions ---------------------------------------------------------------------------------------------------


def first_steps_are_the_inner_optimizers(case):
    """Before the first synchronisation nothing of the loop is to be seen, P23 not in the inner state either."""
    params, bare = case.params(), case.params()
    opt, inner = case.make(params), case.inner(bare)
    assert len(opt.inner.state) == len(inner.state)
    same(run(case, opt, params, 0, K - 1), run(case, inner, bare, 0, K - 1))
    assert [set(opt.inner.state[p]) for p in params] == [set(inner.state[p]) for p in bare]


def a_reset_is_a_new_optimizer(case):
    """P6: moments and counters together, wherever the optimizer keeps them."""
    params, bare = case.params(), case.params()
    opt = LOOPS[case.loop](params, k=2, inner=case.inner, inner_state="reset", **SHOWS_INNER[case.loop])
    spent = 2 + (case.loop == "NALA")
    for call in range(0, 3 * spent, spent):
        end = run(case, case.inner(bare), bare, call, call + 2)
        run(case, opt, params, call, call + spent)
        same([p.detach() for p in params], end)


def state_is_saved_and_loaded_at_every_phase(case):
    # torch loads NAdam's float32 product of momenta in the type of the weights, which rounds it anew unless that is so
    kind = torch.float32 if case.info.optim_cls is torch.optim.NAdam else torch.float64
    params = case.params(kind)
    end = run(case, case.make(params), params)
    for stop in range(1, CALLS):
        params = case.params(kind)
        opt = case.make(params)
        run(case, opt, params, 0, stop)
        saved = copy.deepcopy(opt.state_dict())
        again = [torch.nn.Parameter(p.detach().clone()) for p in params]
        other = case.make(again)
        other.load_state_dict(saved)
        same(run(case, other, again, stop), end)


def hooks_fire_once_and_in_order(case):
    """P18: the optimizer's, torch's global ones, and those of the inner optimizer."""
    params, seen = case.params(), []
    opt = case.make(params)
    assert isinstance(opt, torch.optim.Optimizer) and isinstance(opt.defaults, dict)
    of_all = [register_optimizer_step_pre_hook(lambda o, *a: seen.append(("global pre", o is opt))),
              register_optimizer_step_post_hook(lambda o, *a: seen.append(("global post", o is opt)))]  # fmt: skip
    opt.register_step_pre_hook(lambda *a: seen.append("pre"))
    opt.register_step_post_hook(lambda *a: seen.append("post"))
    for call in range(CALLS):
        case.call(opt, params, call)
    for hook in of_all:
        hook.remove()
    assert seen == [("global pre", True), "pre", "post", ("global post", True)] * CALLS, seen
    opt.register_state_dict_pre_hook(lambda o: seen.append("saves"))
    opt.register_state_dict_post_hook(lambda o, s: seen.append("saved"))
    opt.register_load_state_dict_pre_hook(lambda o, s: seen.append("loads"))
    opt.register_load_state_dict_post_hook(lambda o: seen.append("loaded"))
    opt.load_state_dict(opt.state_dict())
    assert seen[4 * CALLS :] == ["saves", "saved", "loads", "loaded"], seen
    if case.loop in LOOPS:
        opt.inner.register_step_pre_hook(lambda o, args, kw: seen.append("inner pre" if args[0] is o else args))
        opt.inner.register_step_post_hook(lambda *a: seen.append("inner post"))
        opt.sync()
        case.call(opt, params, 0)
        assert seen[4 * CALLS + 4 :] == ["pre", "inner pre", "inner post", "post"], seen


def schedulers_move_the_lr_that_is_used(case):
    for plans in case.info.scheduler_inputs or ():
        params, bare = case.params(), case.params()
        pair = case.make(params), case.inner(bare)
        schedulers = [[plan(opt) for plan in plans] for opt in pair]
        for call in range(CALLS):
            for opt, held, plan in zip(pair, (params, bare), schedulers, strict=True):
                case.call(opt, held, call)
                for one in plan:
                    advance(one)
            lrs = [float(opt.param_groups[0]["lr"]) for opt in pair]
            assert lrs[0] == lrs[1], lrs


def a_frozen_parameter_stays(case):
    params = case.params()
    frozen = torch.nn.Parameter(torch.full((2, 2), 0.1, dtype=torch.float64))
    opt = case.make([*params, frozen])
    run(case, opt, params)
    assert (frozen == 0.1).all()


def zero_gradients_leave_everything_finite(case):
    params = case.params()
    opt = case.make(params)
    for call in range(CALLS):
        case.call(opt, params, call, scale=0.0 if call != 1 else 1.0)
    assert all(torch.isfinite(p).all() for p in params)


def groups_have_their_own_lr_and_may_come_late(case):
    kind = torch.float32 if case.info.optim_cls is torch.optim.NAdam else torch.float64  # as above
    params, late = case.params(kind), case.params(kind, seed=1)
    opt = case.make([{"params": params[:1], "lr": 0.0}, {"params": params[1:]}])
    before = params[0].detach().clone()
    run(case, opt, params, 0, K - 1)
    same([params[0].detach()], [before])
    opt.add_param_group({"params": late, "lr": 0.0})
    run(case, opt, [*params, *late], K - 1, K)
    groups = [[torch.nn.Parameter(p.detach().clone()) for p in group["params"]] for group in opt.param_groups]
    other = case.make([{"params": group} for group in groups])
    other.load_state_dict(copy.deepcopy(opt.state_dict()))
    assert [group["lr"] for group in other.param_groups] == [group["lr"] for group in opt.param_groups]
    same(run(case, opt, [*params, *late], K), run(case, other, sum(groups, []), K))


def entries_of_no_parameter_survive(case):
    params = case.params()
    opt = case.make(params)
    opt.state["note"] = {"by": "somebody", "at": 3}
    run(case, opt, params, 0, 2)
    other = case.make(case.params())
    other.load_state_dict(opt.state_dict())
    assert other.state["note"] == {"by": "somebody", "at": 3}
    run(case, other, other.param_groups[0]["params"], 2, 5)


def complex_parameters_work(case):
    params = case.params(torch.complex128)
    before = [p.detach().clone() for p in params]
    run(case, case.make(params), params)
    moved = [(p != b).all() for p, b in zip(params, before, strict=True)]
    assert all(torch.isfinite(torch.view_as_real(p)).all() for p in params) and all(moved)


def sparse_gradients_work(case):
    case.sparse = True
    params = case.params()[:1]
    before = params[0].detach().clone()
    run(case, case.make(params), params)
    assert torch.isfinite(params[0]).all() and not torch.equal(params[0], before)


def wrong_settings_are_refused(case):
    for wrong in case.info.optim_error_inputs_func("cpu", torch.float64):
        given = wrong.optimizer_error_input
        if given.params is None or not given.kwargs or UNKNOWN & set(given.kwargs):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if case.loop in OWN:
                    OWN[case.loop](given.params, **given.kwargs)
                else:
                    LOOPS[case.loop](given.params, inner=lambda p: case.info.optim_cls(p, **given.kwargs))  # noqa: B023
        except (ValueError, TypeError):
            continue
        raise AssertionError(f"{given.desc}: taken")


ALWAYS = (state_is_saved_and_loaded_at_every_phase, hooks_fire_once_and_in_order, a_frozen_parameter_stays,
          zero_gradients_leave_everything_finite, entries_of_no_parameter_survive, wrong_settings_are_refused,
          schedulers_move_the_lr_that_is_used)  # fmt: skip


def questions(case):
    asked = [*ALWAYS]
    if case.info.supports_param_groups:
        asked.append(groups_have_their_own_lr_and_may_come_late)
    if case.loop in LOOPS:
        asked.append(first_steps_are_the_inner_optimizers)
    if case.loop in SHOWS_INNER:
        asked.append(a_reset_is_a_new_optimizer)
    if case.info.supports_complex:
        asked.append(complex_parameters_work)
    if case.loop in LOOPS and case.info.supports_sparse and not case.settings.get("weight_decay"):
        asked.append(sparse_gradients_work)
    return asked


def reason(case, question):
    """Why it is not asked; empty where it is."""
    for (loop, what, asked), why in NOT_ASKED.items():
        about = what == case.info.optim_cls.__name__ or case.settings.get(what)
        if (loop == "*" or case.loop.split()[0] in loop.split()) and about and asked in ("*", question.__name__):
            return why
    return ""


def answer(case, question):
    try:
        question(case)
    except Exception as error:  # whatever it is, it is the answer
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def public():
    """Optimizers of another library, described as torch describes its own."""
    try:
        import pytorch_optimizer
    except ImportError:
        return
    for name in PUBLIC:
        given = types.SimpleNamespace(kwargs={"lr": 0.01}, desc="pytorch-optimizer")
        yield types.SimpleNamespace(
            optim_cls=getattr(pytorch_optimizer, name), optim_inputs_func=lambda _, given=given: [given],
            optim_error_inputs_func=lambda *_: [], scheduler_inputs=(),
            supports_param_groups=name != "AdaBound",  # it keeps one lr of each group from its constructor
            only_supports_sparse_grads=False, supports_complex=False, supports_sparse=False,
        )  # fmt: skip


def main(quick):
    """A line for each: case, settings, question, why it was not asked, what went wrong."""
    for info in [*optim_db, *public()]:
        loops = [*LOOPS, *(OWN if info.optim_cls is torch.optim.Adam else ())]
        inputs = info.optim_inputs_func("cpu")
        for given in inputs[:1] + [x for x in inputs[1:] if x.desc == "maximize"] if quick else inputs:
            for loop in loops:
                for question in questions(Case(info, given, loop)):
                    case = Case(info, given, loop)
                    why = reason(case, question)
                    said = "" if why else answer(case, question)
                    print(json.dumps([case.name, case.desc, question.__name__, why, said]))


if __name__ == "__main__":
    main(quick="quick" in sys.argv)
