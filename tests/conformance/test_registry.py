"""The registry: both twins exist for every line, and settings are translated or refused."""

import re

import pytest
import torch

from nala_lab.methods import WITH_TWINS, numpy_twin, torch_twin


def params():
    return [torch.nn.Parameter(torch.ones(2))]


@pytest.mark.parametrize("name", WITH_TWINS)
def test_every_hard_setting_builds_both_twins_with_the_same_numbers(name):
    entry = WITH_TWINS[name]
    assert entry.name == name and entry.source and entry.hard
    for settings in entry.hard:
        method, opt = numpy_twin(name, **settings), torch_twin(name, params(), **settings)
        assert type(method).__name__ == name and isinstance(opt, torch.optim.Optimizer)
        inner = settings["inner"][1] if "inner" in settings else settings
        for key in {"lr", "betas", "eps", "weight_decay", "momentum"} & set(inner):
            assert opt.param_groups[0][key] == inner[key] == getattr(getattr(method, "inner", method), key)


@pytest.mark.parametrize("name", WITH_TWINS)
def test_the_defaults_of_the_twins_agree(name):
    """An experiment that names no setting means the same method on both sides."""
    lr = {} if "two loops" in WITH_TWINS[name].traits else {"lr": 0.01}
    momentum = {"momentum": 0.9} if name in ("HeavyBall", "NAG") else {}
    method, opt = numpy_twin(name, **lr, **momentum), torch_twin(name, params(), **lr, **momentum)
    hyper = getattr(opt, "hyper", None)
    for key in "k mu alpha outer_batch inner_state probe probe_batch blend every nu beta style".split():
        assert getattr(hyper, key, None) == getattr(method, key, None), key
    rule = getattr(method, "inner", method)
    for key in ("lr", "betas", "eps", "weight_decay", "momentum"):
        if hasattr(rule, key):
            assert opt.param_groups[0][key] == getattr(rule, key), key


def test_names_are_translated():
    nag, heavy = (torch_twin(name, params(), lr=0.1, momentum=0.9).defaults for name in ("NAG", "HeavyBall"))
    assert nag["nesterov"] and not heavy["nesterov"] and nag["momentum"] == heavy["momentum"] == 0.9
    assert torch_twin("NAG", params(), lr=0.1, momentum=0.0).defaults["nesterov"] is False  # torch refuses True
    nala = torch_twin("NALA", params(), outer_batch="last", inner=("AdaBelief", {"lr": 0.2}))
    assert nala.hyper.outer_batch == "last" and type(nala.inner).__name__ == "AdaBelief"


def test_wrong_settings_are_one_clear_sentence():
    for build in (numpy_twin, lambda name, **s: torch_twin(name, params(), **s)):
        with pytest.raises(ValueError, match="name must satisfy name in {'NALA', .*'Yogi'}, got name='Adagrad'"):
            build("Adagrad")
        with pytest.raises(
            ValueError, match=r"inner must satisfy left out, got inner=\('SGD', {}\) \(Adam has one loop"
        ):
            build("Adam", inner=("SGD", {}))
        with pytest.raises(ValueError, match=r"inner must satisfy a pair \(name, settings\), got inner='Adam'"):
            build("NALA", inner="Adam")
    with pytest.raises(ValueError, match="form must satisfy form in {'kingma-ba', .*got form='keras'"):
        torch_twin("Adam", params(), form="keras")
    for name in ("beta", "options"):  # the second is the name of **options there
        listed = f"hyperparameter in {{'lr', 'betas', 'eps', 'weight_decay', 'form'}}, got hyperparameter='{name}'"
        with pytest.raises(ValueError, match=re.escape(listed)):
            torch_twin("Adam", params(), **{name: 0.5})
