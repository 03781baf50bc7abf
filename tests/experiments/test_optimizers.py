"""The optimizers of both papers: they are built, validated, heard, counted, and named as the papers name them."""

import inspect
import math

import pytest
import torch

from nala_lab.experiments.run.alone import known_by
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.optimizers import METHODS, get_method
from nala_lab.experiments.tasks import TASKS
from nala_lab.methods import ADALA_METHODS, PAPER_METHODS
from nala_lab.methods.table import METHODS as ROWS
from nala_lab.methods.task_settings import ADALA_SECTION_4

PUBLISHED = {name: facts.published for name, facts in ROWS.items()}
INNERS = [name for name, facts in ROWS.items() if facts.may_be_inside]
NUMBERS = [(name, key) for name, own in PUBLISHED.items() for key, value in own.items() if isinstance(value, float)]
# Settings whose counting differs from their method's published one.
COUNTED = [
    *((name, {}) for name in METHODS),
    ("adala", {"blend": 0.0}),
    ("adala", {"blend": 0.0, "every": 3}),
    ("adala", {"probe": "lagged"}),
    ("adala", {"every": 3}),
    ("adala", {"every": 4, "blend": 0.5, "probe": "adam"}),
    ("outermomentum", {"alpha": 0.01, "k": 3}),
    ("nala", {"k": 3, "inner": "adala"}),
    ("nala", {"k": 4, "inner": "adala", "inner.every": 3}),
    ("nala", {"k": 4, "inner": "adala", "inner.every": 3, "inner_state": "reset"}),
    ("nala", {"k": 2, "inner": "adala", "inner.probe": "lagged"}),
    ("lookahead", {"k": 3, "inner": "adala", "inner.every": 2}),
]


def problem():
    """Two parameters of unequal scale and a loss whose minimum is neither at 0 nor of value 0."""
    params = [torch.nn.Parameter(torch.tensor([0.7, -1.3, 2.1])), torch.nn.Parameter(torch.tensor([[0.4, -0.2]]))]

    def loss():
        a, b = params
        return ((a - 0.3) ** 2).sum() + 3 * ((b + 0.1) ** 4).sum() + 0.2 * (a[0] * b[0, 1]) + 5

    return params, loss


def trained(method, settings, steps):
    params, loss = problem()
    optimizer = method.build(params, settings)
    for _ in range(steps):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return optimizer, loss().item()


def test_the_optimizers_of_both_papers_are_here():
    assert set(PAPER_METHODS) | set(ADALA_METHODS) < METHODS.keys()
    assert len(ADALA_METHODS) == 10 and set(ADALA_SECTION_4) == set(ADALA_METHODS) - {"msvag", "fromage"}
    assert METHODS["nala"].settings["inner"] == "adam" and METHODS["adala"].settings["eps"] == 1e-8
    with pytest.raises(ValueError, match="optimizer must satisfy optimizer in .*'fromage'"):
        get_method("nesterov")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_lowers_a_loss(name):
    start = problem()[1]().item()
    assert trained(METHODS[name], METHODS[name].settings, 60)[1] < start


@pytest.mark.parametrize("name", METHODS)
def test_every_recorded_setting_is_one_that_the_optimizer_has(name):
    method, own = METHODS[name], problem()[0]
    optimizer = method.build(own, method.settings)
    heard = set(inspect.signature(type(optimizer)).parameters)
    plain = {key for key in method.settings if not key.startswith("inner.")}
    assert plain <= heard, plain - heard
    if "inner" not in plain:  # and it reached the group that the step reads, with its value
        group = optimizer.param_groups[0]
        for key in plain & group.keys():
            assert group[key] == (tuple(value) if isinstance(value := method.settings[key], list) else value)


@pytest.mark.parametrize(("name", "key"), NUMBERS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.5])
def test_a_number_out_of_range_is_refused_in_one_sentence(name, key, bad):
    method = METHODS[name]
    with pytest.raises(ValueError, match=f"{key.removeprefix('inner.')} must satisfy .*{bad}"):
        method.build(problem()[0], method.with_settings({key: bad}))


def test_a_setting_that_would_be_ignored_is_refused():
    for name, key in (("msvag", "weight_decay"), ("fromage", "weight_decay"), ("msvag", "eps"), ("adamw", "gamma")):
        with pytest.raises(ValueError, match=f"hyperparameter must satisfy .*'{key}'"):
            METHODS[name].with_settings({key: 0.1})
        with pytest.raises(ValueError, match=f"hyperparameter must satisfy .*'{key}'"):
            METHODS[name].build(problem()[0], {**METHODS[name].settings, key: 0.1})
    with pytest.raises(ValueError, match="weight_decouple must satisfy True or False"):
        METHODS["yogi"].build(problem()[0], METHODS["yogi"].with_settings({"weight_decouple": math.nan}))
    with pytest.raises(ValueError, match="betas must satisfy a pair"):
        METHODS["radam"].build(problem()[0], METHODS["radam"].with_settings({"betas": 0.9}))


def test_what_the_loop_needs_cannot_be_changed():
    for name, changes in (("nala", {"outer_batch": "same"}), ("adala", {"probe_batch": "same"}),
                          ("nala", {"inner": "adala", "inner.probe_batch": "same"})):  # fmt: skip
        with pytest.raises(ValueError, match="in the training loop"):
            METHODS[name].with_settings(changes)
    with pytest.raises(ValueError, match="outer_batch must satisfy its default"):
        plan("lenet5-digits", "nala", seed=0, changes={"variant": "released", "outer_batch": "last"})
    with pytest.raises(ValueError, match="inner must satisfy inner in"):
        METHODS["nala"].with_settings({"inner": "lookahead"})
    with pytest.raises(ValueError, match="hyperparameter must satisfy"):
        METHODS["adam"].with_settings({"inner": "sgd"})


@pytest.mark.parametrize("outer", ["nala", "lookahead", "outermomentum"])
@pytest.mark.parametrize("inner", INNERS)
def test_two_loops_run_around_every_method_and_write_its_settings(outer, inner):
    method = METHODS[outer]
    settings = method.with_settings({"inner": inner, "lr": PUBLISHED[inner]["lr"] / 10})
    assert {f"inner.{key}" for key in PUBLISHED[inner] if key != "lr"} == {k for k in settings if k[:6] == "inner."}
    optimizer, loss = trained(method, settings, 121)
    assert type(optimizer.inner).__name__ in (METHODS[inner].entry, "SGD")
    assert optimizer.inner.param_groups[0]["lr"] == PUBLISHED[inner]["lr"] / 10
    assert loss < problem()[1]().item()
    with optimizer.slow_weights():
        assert math.isfinite(problem()[1]().item())


@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize("task", TASKS)
def test_every_task_takes_every_inner_method(task, inner):
    run = plan(task, "nala", seed=0, scale="smoke", changes={"inner": inner})  # a GAN's `inner.betas` are Adam's
    told = TASKS[task].settings.get("nala", {})
    assert run.settings["lr"] == told.get("lr", PUBLISHED["nala"]["lr"])
    inside = {name[6:]: value for name, value in run.settings.items() if name.startswith("inner.")}
    assert inside == {name: told.get(f"inner.{name}", inside[name]) for name in PUBLISHED[inner] if name != "lr"}


def test_the_settings_of_the_inner_method_reach_it():
    changes = {"inner": "adabelief", "inner.eps": 1e-12, "inner.weight_decay": 0.25, "inner.betas": [0.5, 0.9]}
    optimizer = METHODS["nala"].build(problem()[0], METHODS["nala"].with_settings(changes))
    group = optimizer.inner.param_groups[0]
    assert (group["eps"], group["weight_decay"], group["betas"]) == (1e-12, 0.25, (0.5, 0.9))


@pytest.mark.parametrize(("name", "changes"), COUNTED)
def test_gradients_are_counted_as_the_optimizers_count_them(name, changes):
    """At the end of a cycle the optimizer itself has spent that many gradients, is at phase 0, and made the steps."""
    method = METHODS[name]
    settings = method.with_settings(changes)
    steps, spent = method.cycle(settings)
    for cycles in (1, 2):
        optimizer, _ = trained(method, settings, cycles * spent)
        assert getattr(optimizer, "grad_evals", cycles * spent) == cycles * spent
        assert getattr(optimizer, "phase", 0) == 0
        assert method.timesteps(cycles * spent, settings) == cycles * steps
        one_loop = getattr(optimizer, "inner", optimizer)
        if type(one_loop).__name__ == "AdaLA" and settings.get("inner_state") != "reset":
            p = one_loop.param_groups[0]["params"][0]
            assert one_loop.state[p]["step"] == cycles * steps  # AdaLA's t counts whole steps
    # Inside a cycle timesteps go up by 0 or 1 a gradient, and the first gradient is always a step.
    path = [method.timesteps(n, settings) for n in range(2 * spent + 1)]
    assert path[1] == 1 and {b - a for a, b in zip(path, path[1:], strict=False)} <= {0, 1}


@pytest.mark.parametrize(("changes", "cycle"), [
    ({}, (1, 2)), ({"blend": 0.0}, (1, 1)), ({"every": 5}, (5, 6)), ({"probe": "lagged"}, (1, 1))])  # fmt: skip
def test_adala_spends_what_its_reading_says(changes, cycle):
    assert METHODS["adala"].cycle(METHODS["adala"].with_settings(changes)) == cycle


def test_a_reset_restarts_the_pattern_of_the_inner_adala():
    # k = 4, every = 3: steps 1 and 4 of each cycle look ahead, so 4 steps are 6 gradients, and 1 more at y.
    reset = METHODS["nala"].with_settings({"k": 4, "inner": "adala", "inner.every": 3, "inner_state": "reset"})
    assert METHODS["nala"].cycle(reset) == (4, 7)
    assert METHODS["nala"].cycle({**reset, "inner_state": "keep"}) == (12, 12 + 4 + 3)


@pytest.mark.parametrize("name", ["adabound", "yogi", "msvag", "radam", "adamw", "fromage"])
def test_an_optimizer_from_elsewhere_resumes_bit_for_bit_after_its_rate_fell(name, tmp_path):
    def stepped(optimizer, loss, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    method = METHODS[name]
    params, loss = problem()
    optimizer = method.build(params, method.settings)
    stepped(optimizer, loss, 3)
    optimizer.param_groups[0]["lr"] *= 0.1
    stepped(optimizer, loss, 2)
    torch.save([optimizer.state_dict(), [p.data for p in params]], tmp_path / "state.pt")
    stepped(optimizer, loss, 4)

    again, loss_again = problem()
    resumed = method.build(again, method.settings)
    state, weights = torch.load(tmp_path / "state.pt", weights_only=True)
    resumed.load_state_dict(state)
    for p, value in zip(again, weights, strict=True):
        p.data.copy_(value)
    stepped(resumed, loss_again, 4)
    assert all(torch.equal(p, q) for p, q in zip(params, again, strict=True))


@pytest.mark.parametrize(
    ("name", "whole", "parts"),
    [
        ("nala", {"lr": 1, "mu": -1, "inner.betas": [0, 0]}, {"lr": 1.0, "mu": -1.0, "inner.betas": [0.0, 0.0]}),
        ("adam", {"weight_decay": 0}, {}),
        ("nala", {"variant": "paper"}, {}),
        ("torch.optim:RMSprop", {"lr": 1}, {"lr": 1.0}),
    ],
)
def test_a_whole_number_is_not_another_run(name, whole, parts):
    """``--set lr=1`` was trained beside ``lr=1.0``, and stood in tables as another setting."""
    one, other = (known_by(plan("lenet5-digits", name, seed=0, changes=c).request) for c in (whole, parts))
    assert one == other
