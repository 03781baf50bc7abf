"""Wrong use gets one sentence with the argument, the rule and the value, before anything is changed."""

import copy
import inspect
import math
import re
from functools import partial

import pytest
import torch

from nala_lab.methods.hyper import ADAM_FORMS
from nala_lab.optim import NALA, AdaBelief, AdaLA, Adam, Lookahead, OuterMomentum
from tests.optim.training import FOUR, feed

SGD = torch.optim.SGD
BAD = [
    (NALA, {"k": 0}, "k must satisfy integer k >= 1, got k=0"),
    (NALA, {"mu": -1.5}, "mu must satisfy -1 <= mu < inf, got mu=-1.5"),
    (NALA, {"alpha": -1.0}, "alpha must satisfy 0 <= alpha < inf, got alpha=-1.0"),
    (NALA, {"outer_batch": "full"}, "outer_batch in {'fresh', 'same'}, got outer_batch='full' ('full' is in the NumPy"),
    (NALA, {"outer_batch": "last"}, "outer_batch in {'fresh', 'same'}, got outer_batch='last'"),
    (NALA, {"inner_state": "drop"}, "inner_state in {'keep', 'reset', 'pullback'}, got inner_state='drop'"),
    (NALA, {"inner": SGD, "inner_state": "pullback"}, "inner must satisfy an inner optimizer with momentum when"),
    (Lookahead, {"inner": torch.optim.Adagrad, "inner_state": "pullback"}, "got inner='Adagrad'"),
    (NALA, {"variant": "tf"}, "variant in {'paper', 'released'}, got variant='tf'"),
    (NALA, {"variant": "released", "outer_batch": "same"}, "'fresh' when variant='released', got outer_batch='same'"),
    (NALA, {"variant": "released", "inner_state": "reset"}, "inner_state must satisfy 'keep', got inner_state='reset'"),
    (NALA, {"variant": "released", "inner": AdaLA}, "inner must satisfy one gradient a step when variant='released'"),
    (NALA, {"variant": "released", "inner": Lookahead}, "got inner='Lookahead'"),
    (NALA, {"inner": 3}, "inner must satisfy a function of the parameters, or None for Adam, got inner=3"),
    (NALA, {"inner": lambda p: SGD([torch.ones(2)])}, "inner must satisfy an optimizer of the parameters it is called"),
    (NALA, {"inner": lambda p: None}, "inner must satisfy a function that returns a torch.optim.Optimizer, got inner="),
    (NALA, {"lr": 0.2, "inner": lambda p: SGD(p, lr=0.1)}, "lr must satisfy the inner optimizer's lr=0.1, got lr=0.2"),
    (NALA, {"inner": lambda p: SGD(p, lr=math.nan)}, "lr must satisfy 0 <= lr < inf, got lr=nan"),
    (NALA, {"inner": lambda p: torch.optim.Adam(p, capturable=True)}, "capturable must satisfy capturable=False"),
    (NALA, {"inner": lambda p: SGD(p, differentiable=True)}, "differentiable must satisfy differentiable=False"),
    (Lookahead, {"k": True}, "k must satisfy integer k >= 1, got k=True"),
    (Lookahead, {"alpha": math.inf}, "alpha must satisfy 0 <= alpha < inf, got alpha=inf"),
    (AdaBelief, {"denominator": "root"}, "denominator in {'hat', 'raw', 'hat-inside'}, got denominator='root'"),
    (AdaBelief, {"betas": (0.9, 1.0)}, "betas[1] must satisfy 0 <= betas[1] < 1, got betas[1]=1.0"),
    (AdaBelief, {"lr": None}, "lr must satisfy 0 <= lr < inf, got lr=None"),
    (AdaBelief, {"eps": -1e-8}, "eps must satisfy 0 <= eps < inf, got eps=-1e-08"),
    (AdaLA, {"weight_decay": math.nan}, "weight_decay must satisfy 0 <= weight_decay < inf, got weight_decay=nan"),
    (AdaLA, {"probe": "implicit"}, "probe in {'own', 'grad', 'adam', 'adabelief', 'self', 'lagged', 'code'}, got"),
    (AdaLA, {"probe_batch": "last"}, "probe_batch in {'next', 'same'}, got probe_batch='last'"),
    (AdaLA, {"blend": 1.5}, "blend must satisfy 0 <= blend <= 1, got blend=1.5"),
    (AdaLA, {"every": 0}, "every must satisfy integer every >= 1"),
    (AdaLA, {"every": 2, "probe": "lagged"}, "every must satisfy every=1 when probe='lagged'"),
    (AdaLA, {"every": 2, "probe": "code"}, "every must satisfy every=1 when probe='code'"),
    (OuterMomentum, {"workers": 2}, "workers must satisfy workers=1"),
    (OuterMomentum, {"beta": 1.0}, "0 <= beta < 1"),
    (OuterMomentum, {"nu": -1.0}, "0 <= nu"),
]  # fmt: skip
LR = [(m, {"lr": v}, f"lr must satisfy 0 <= lr < inf, got lr={v}") for m in FOUR
      for v in (-1e-3, math.inf, math.nan, torch.tensor(-1.0))]  # fmt: skip


@pytest.mark.parametrize(("maker", "options", "sentence"), BAD + LR)
def test_a_wrong_option_is_one_clear_sentence(maker, options, sentence):
    """P5, P11, P32."""
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        maker([torch.nn.Parameter(torch.ones(2))], **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [AdaBelief, AdaLA])
@pytest.mark.parametrize("name, value", [("lr", -1.0), ("lr", None), ("betas", (1.5, 0.9)), ("eps", -1.0),
                                         ("weight_decay", -5.0), ("maximize", True)])  # fmt: skip
def test_what_is_written_into_a_group_later_is_checked_before_anything_moves(make, name, value):
    w = torch.nn.Parameter(torch.ones(2))
    opt = make([w])
    w.grad = torch.ones(2)
    opt.step()
    before = w.detach().clone()
    opt.param_groups[0][name] = value
    with pytest.raises(ValueError, match=f"{name}.* must satisfy"):
        opt.step()
    assert torch.equal(w, before)


def test_a_refused_state_is_not_half_taken_over():
    w = torch.nn.Parameter(torch.ones(2))
    opt, other = (Lookahead([w], k=2) for _ in range(2))
    w.grad = torch.ones(2)
    opt.step()
    saved = opt.state_dict()
    saved["param_groups"][0]["cycle"]["k"] = 0
    with pytest.raises(ValueError, match="k must satisfy"):
        other.load_state_dict(saved)
    assert other.phase == 0 and other.grad_evals == 0 and not other.state


def test_a_state_of_an_older_torch_is_taken():
    w = torch.nn.Parameter(torch.ones(2))
    w.grad = torch.ones(2)
    theirs = torch.optim.Adam([w])
    theirs.step()
    saved = theirs.state_dict()
    del saved["param_groups"][0]["foreach"]
    ours = Adam([w])
    ours.load_state_dict(saved)
    assert torch.equal(ours.state[w]["exp_avg"], theirs.state[w]["exp_avg"])


def test_a_refused_gradient_leaves_those_of_half_types_where_they_are():
    half, other = torch.nn.Parameter(torch.ones(2, dtype=torch.float16)), torch.nn.Parameter(torch.ones(3))
    half.grad, other.grad = torch.ones_like(half), torch.ones(3).to_sparse()
    with pytest.raises(RuntimeError, match="sparse"):
        Adam([half, other]).step()
    assert half.grad is not None


@pytest.mark.parametrize("make", [AdaBelief, Lookahead])
def test_a_refused_group_is_not_kept(make):
    opt = make([torch.nn.Parameter(torch.ones(1))])
    with pytest.raises(ValueError, match="strides of a parameter"):
        opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(3, 1).expand(3, 4))]})
    assert len(opt.param_groups) == 1


@pytest.mark.parametrize(("cls", "name"), [(NALA, "mu"), (Lookahead, "alpha"), (OuterMomentum, "nu")])
def test_a_bad_setting_is_found_before_the_inner_step_that_ends_the_cycle(cls, name):
    """The k-th inner step was taken, and then nothing: Lookahead never synchronised again."""
    w = torch.nn.Parameter(torch.ones(2))
    opt = cls([w], k=2)
    feed(opt, 1.0)
    before, opt.param_groups[0][name] = w.detach().clone(), math.nan
    with pytest.raises(ValueError, match=f"{name}.* must satisfy"):
        feed(opt, 1.0)
    assert torch.equal(w, before) and (opt.phase, opt.grad_evals) == (1, 1)


@pytest.mark.parametrize("maker", FOUR)
def test_the_parameters_are_checked_as_torch_does(maker):
    with pytest.raises(ValueError, match="^optimizer got an empty parameter list$"):
        maker([])
    with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts"):
        maker(torch.ones(2, requires_grad=True))
    with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
        maker([torch.ones(2, requires_grad=True) * 2])
    with pytest.raises(ValueError, match="lr must satisfy 0 <= lr < inf, got lr=nan"):
        maker([{"params": [torch.nn.Parameter(torch.ones(2))], "lr": math.nan}])
    w = torch.nn.Parameter(torch.ones(2))
    opt = maker(iter([w]))  # a generator is walked once
    with pytest.raises(ValueError, match="some parameters appear in more than one parameter group"):
        opt.add_param_group({"params": [w]})
    with pytest.raises(ValueError, match="lr must satisfy 0 <= lr < inf, got lr=-1.0"):
        opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "lr": -1.0})
    assert len(opt.param_groups) == 1


OURS = {"self", "params", "lr", "betas", "eps", "weight_decay"}
FLAGS = set(inspect.signature(torch.optim.Adam).parameters) - OURS  # whatever the installed torch has


@pytest.mark.parametrize("option", sorted(FLAGS))
@pytest.mark.parametrize("maker", [AdaBelief, AdaLA, *(partial(Adam, form=form) for form in ADAM_FORMS[1:])], ids=str)
def test_an_option_of_torch_that_would_be_ignored_is_refused(maker, option):
    w, late = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    sentence = f"{option} must satisfy .*, got {option}=True \\((this method does not have it|the phase|slow and trial)"
    with pytest.raises(ValueError, match=sentence):
        maker([{"params": [w], option: True}])
    opt = maker([w])
    with pytest.raises(ValueError, match=sentence):
        opt.add_param_group({"params": [late], option: True})
    assert len(opt.param_groups) == 1


@pytest.mark.parametrize("option", ["capturable", "differentiable"])
def test_adam_in_half_precision_refuses_what_its_own_step_has_not(option):
    w = torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16))
    opt = Adam([w], **{option: True})
    w.grad = torch.ones_like(w)
    with pytest.raises(ValueError, match=f"{option} must satisfy {option} left out.*half types do not have it"):
        opt.step()
    assert w.grad is not None and (w == 1).all() and not opt.state


def test_the_form_of_adam_is_one_and_a_state_of_another_is_refused():
    """A state has the moments of its form; torch's own Adam has the first one."""
    made = {form: Adam([torch.nn.Parameter(torch.ones(2))], form=form) for form in ADAM_FORMS}
    states = {form: opt.state_dict() for form, opt in made.items()}
    for form, opt in made.items():
        for other, state in states.items():
            if form == other:
                opt.load_state_dict(state)
                continue
            with pytest.raises(ValueError, match=f"state_dict must satisfy saved with form='{form}', got .*'{other}'"):
                opt.load_state_dict(state)
            with pytest.raises(ValueError, match=f"form must satisfy form='{form}', got form='{other}'"):
                opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "form": other})
            wrapped = Lookahead([torch.nn.Parameter(torch.ones(2))], inner=partial(Adam, form=form))
            before = copy.deepcopy(wrapped.state_dict())
            with pytest.raises(ValueError, match=f"saved with form='{form}'"):
                wrapped.load_state_dict(Lookahead([torch.ones(2)], k=2, inner=partial(Adam, form=other)).state_dict())
            assert wrapped.state_dict() == before
    made[ADAM_FORMS[0]].load_state_dict(torch.optim.Adam([torch.ones(2)]).state_dict())


@pytest.mark.parametrize("make", [lambda p: NALA(p, outer_batch="same"), lambda p: AdaLA(p, probe_batch="same")])
def test_a_missing_closure_is_named_before_anything_moves(make):
    w = torch.nn.Parameter(torch.ones(2))
    opt = make([w])
    w.grad = torch.ones(2)
    with pytest.raises(ValueError, match="closure must satisfy a function that .*, got closure=None .*batch='same'"):
        opt.step()
    assert w.tolist() == [1.0, 1.0] and opt.grad_evals == 0


@pytest.mark.parametrize("maker", [AdaBelief, AdaLA])
def test_a_tensor_lr_is_taken(maker):
    feed(maker([torch.nn.Parameter(torch.ones(2))], lr=torch.tensor(0.1)), 1.0)
