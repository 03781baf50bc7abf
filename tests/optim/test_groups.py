"""Settings in parameter groups: honoured per group, read at every step, saved, checked when read; what is refused."""

import pytest
import torch

from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum
from tests.optim.training import feed

SETTINGS = [(NALA, "alpha"), (NALA, "mu"), (Lookahead, "alpha"), (OuterMomentum, "nu"), (OuterMomentum, "beta"),
            (OuterMomentum, "alpha"), (AdaLA, "blend")]  # fmt: skip
WHOLE = {
    NALA: {"k": 7, "outer_batch": "same", "inner_state": "reset", "variant": "released"},
    Lookahead: {"k": 7, "inner_state": "reset"},
    OuterMomentum: {"k": 7, "style": "heavy-ball", "workers": 3},
    AdaLA: {"probe": "adam", "probe_batch": "same", "denominator": "raw", "every": 3},
    AdaBelief: {"denominator": "raw"},
}
WRONG = [(cls, name, value) for cls, settings in WHOLE.items() for name, value in settings.items()]
ids = lambda value: getattr(value, "__name__", str(value))  # noqa: E731


def made(cls, groups, **settings):
    return cls(groups, **({} if cls is AdaLA else {"k": 2}), **settings)


def pair(cls, name, early, late, calls=14):
    """Weights after every call of two parameters that begin alike; from call 5 on the second group says `late`."""
    a, b = (torch.nn.Parameter(torch.tensor([2.0, -1.0], dtype=torch.float64)) for _ in range(2))
    opt = made(cls, [{"params": [a]}, {"params": [b], name: early}], lr=0.1, **{name: early})
    path = []
    for call in range(calls):
        if call == 5:
            opt.param_groups[1][name] = late
        feed(opt, *(p.detach() * (1 + call % 3) for p in (a, b)))
        path.append(torch.stack([a.detach(), b.detach()]))
    return torch.stack(path), opt


@pytest.mark.parametrize(("cls", "name"), SETTINGS, ids=ids)
def test_a_group_is_stepped_by_its_own_setting_and_a_change_counts_from_the_next_use_on(cls, name):
    """The second group then walks as it would in an optimizer of its own that is assigned the value at that call."""
    path, _ = pair(cls, name, 0.25, 0.5)
    assert torch.equal(path[:5, 0], path[:5, 1]) and not torch.equal(path[-1, 0], path[-1, 1])
    alone = torch.nn.Parameter(torch.tensor([2.0, -1.0], dtype=torch.float64))
    opt = made(cls, [alone], lr=0.1, **{name: 0.25})
    for call in range(len(path)):
        if call == 5:
            setattr(opt, name, 0.5)
        feed(opt, alone.detach() * (1 + call % 3))
        torch.testing.assert_close(alone.detach(), path[call, 1], rtol=1e-13, atol=1e-14)  # other vector lengths


@pytest.mark.parametrize(("cls", "name"), SETTINGS, ids=ids)
def test_a_setting_is_an_attribute_a_default_and_travels_with_the_state(cls, name):
    w, late = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    opt = made(cls, [w], **{name: 0.125})
    assert getattr(opt, name) == opt.param_groups[0][name] == opt.defaults[name] == 0.125
    setattr(opt, name, 0.25)
    opt.add_param_group({"params": [late]})
    assert [group[name] for group in opt.param_groups] == [0.25, 0.25]
    opt.param_groups[1][name] = torch.tensor(0.5)
    again = made(cls, [{"params": [torch.nn.Parameter(torch.ones(2))]} for _ in range(2)])
    again.load_state_dict(opt.state_dict())
    assert [float(group[name]) for group in again.param_groups] == [0.25, 0.5]


@pytest.mark.parametrize(("cls", "name"), SETTINGS, ids=ids)
def test_what_a_tool_writes_is_checked_when_it_is_read_and_before_anything_moves(cls, name):
    for bad in (float("nan"), -3.0, "much"):
        w = torch.nn.Parameter(torch.ones(2))
        opt = made(cls, [w], **({"alpha": 0.1} if cls is OuterMomentum else {}))
        with pytest.raises(ValueError, match=f"{name} must satisfy"):
            for _ in range(5):
                opt.param_groups[0][name] = bad
                before = w.detach().clone()
                feed(opt, 1.0)
        with pytest.raises(ValueError, match=f"{name} must satisfy"):
            made(cls, [{"params": [w], name: bad}])
        with pytest.raises(ValueError, match=f"{name} must satisfy"):
            setattr(opt, name, bad)
        if name in ("mu", "blend") or cls is Lookahead:
            continue  # the inner step of that call was already taken, or is the cause
        assert torch.equal(w, before) or opt.phase


@pytest.mark.parametrize(("cls", "name", "value"), WRONG, ids=ids)
def test_a_setting_of_the_whole_optimizer_is_refused_in_a_group(cls, name, value):
    w, late = torch.nn.Parameter(torch.ones(1)), torch.nn.Parameter(torch.ones(1))
    with pytest.raises(ValueError, match=f"{name} must satisfy left out of a parameter group, got .* whole optimizer"):
        cls([{"params": [w], name: value}])
    opt = cls([w])
    with pytest.raises(ValueError, match=f"{name} must satisfy left out of a parameter group"):
        opt.add_param_group({"params": [late], name: value})
    assert len(opt.param_groups) == 1
    feed(opt, 1.0)
    opt.param_groups[0][name] = opt._whole_setting(name)  # a tool that writes what holds anyway
    feed(opt, 1.0)
    before = w.detach().clone()
    opt.param_groups[0][name] = value
    with pytest.raises(ValueError, match=f"{name} must satisfy {name}=.*, or left out, got .* whole optimizer"):
        feed(opt, 1.0)
    assert torch.equal(w, before) and opt.grad_evals == 2


def test_keys_that_nobody_knows_are_left_alone():
    """As torch does: names, layer-wise scales."""
    for cls in WHOLE:
        opt = cls([{"params": [torch.nn.Parameter(torch.ones(1))], "name": "head", "lr_scale": 0.5}])
        opt.load_state_dict(opt.state_dict())
        assert opt.param_groups[0]["name"] == "head" and opt.param_groups[0]["lr_scale"] == 0.5


@pytest.mark.parametrize("inner", [lambda p: torch.optim.RMSprop(p, alpha=0.75), lambda p: Lookahead(p, alpha=0.75)])
def test_an_inner_option_named_like_an_outer_one_is_the_inner_optimizers(inner):
    """P34."""
    opt = NALA([torch.nn.Parameter(torch.ones(1))], alpha=0.25, k=2, inner=inner)
    for _ in range(2):
        assert opt.alpha == opt.param_groups[0]["outer_alpha"] == 0.25
        assert opt.inner.param_groups[0]["alpha"] == 0.75
        opt.load_state_dict(opt.state_dict())
    opt.alpha = 0.5
    assert (opt.alpha, opt.inner.param_groups[0]["alpha"]) == (0.5, 0.75)


def test_next_gradient_says_what_is_spent_next():
    kinds = {
        "nala": (lambda p: NALA(p, k=2), ["step", "step", "outer"] * 2),
        "lookahead": (lambda p: Lookahead(p, k=2), ["step"] * 4),
        "adala": (AdaLA, ["step", "probe"] * 3),
        "adala now and then": (lambda p: AdaLA(p, every=2), ["step", "probe", "step"] * 2),
        "adabelief": (AdaBelief, ["step"] * 3),
        "both": (lambda p: NALA(p, k=1, inner=AdaLA), ["step", "probe", "outer"] * 2),
        "outside": (lambda p: NALA(p, k=1, inner=lambda q: Lookahead(q, k=1)), ["step", "outer"] * 2),
        "no outer gradient": (lambda p: OuterMomentum(p, k=2), ["step"] * 4),
        "outer momentum": (lambda p: OuterMomentum(p, k=2, alpha=0.1), ["step", "step", "outer"] * 2),
    }
    for name, (make, expected) in kinds.items():
        opt, seen = make([torch.nn.Parameter(torch.ones(1))]), []
        for _ in expected:
            seen.append(opt.next_gradient)
            feed(opt, 1.0)
        assert seen == expected, name
