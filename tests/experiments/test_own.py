"""An optimizer of the user's own: in the command, in Python, resumed, tuned, swept, and refused in one sentence."""

import functools
import math
import re
import sys
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch

from nala_lab import plots
from nala_lab.cli import main
from nala_lab.experiments.gan.turns import Turns
from nala_lab.experiments.run import own
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.own import find_method, own_method
from nala_lab.experiments.run.sweeping import cells
from nala_lab.experiments.run.tuning import space_of
from nala_lab.experiments.tasks import get_task
from nala_lab.optim import NALA, Lookahead
from nala_lab.results.records import load_records
from tests.experiments.runs import smoke
from tests.experiments.test_resume import goes_on
from tests.experiments.tiny import TINY

pytestmark = pytest.mark.usefixtures("tiny")

COMMAND = ["train", "lenet5-digits", "--scale", "smoke", "--epochs", "1", "--quiet"]


class Momentum(torch.optim.Optimizer):
    """Heavy ball, with a state and a setting that is a pair."""

    def __init__(self, params, lr=0.05, momentum=0.9, span=(0.0, 1e3), k=7):
        super().__init__(params, {"lr": lr, "momentum": momentum, "span": span, "k": k})
        self.k = k  # as in many wrappers, and nothing to do with look-ahead here

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    v = self.state[p].setdefault("v", torch.zeros_like(p))
                    v.mul_(group["momentum"]).add_(p.grad.clamp(-group["span"][1], group["span"][1]))
                    p.sub_(v, alpha=group["lr"])


def around(params, lr=0.01, k=2):
    """The lab's NALA around the class above: a look-ahead gradient after every k steps."""
    return NALA(params, inner=lambda held: Momentum(held, lr=lr), k=k)


around.counted = lambda settings: [True] * settings["k"] + [False]


def slowed(params, lr=0.01):
    return Lookahead(params, inner=lambda held: Momentum(held, lr=lr), k=2)


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The example of the documentation as mine.py in the folder where the command is started."""
    code = textwrap.dedent(re.search(r"\n\n(    import torch.*?)\n\n    nala-lab train", own.__doc__, re.DOTALL)[1])
    (tmp_path / "mine.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield tmp_path / "mine.py"
    sys.modules.pop("mine", None)


def test_the_documented_example_is_trained_beside_the_labs_own(mine, capsys):
    argv = [*COMMAND, "--optimizer", "Adam", "mine:SignDescent", "--set", "lr=0.002"]
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert "| SignDescent - Adam |" in out
    records = {record.optimizer: record for record in load_records("runs")}
    config = records["mine.SignDescent"].header["config"]
    assert config["optimizer"] == {"name": "mine.SignDescent", "lr": 0.002, "decay": 0.0}
    assert config["own"]["target"] == "mine:SignDescent" and len(config["own"]["sha256"]) == 64
    assert "own" not in records["adam"].header["config"]
    first = {name: record.rows[0]["loss"] for name, record in records.items()}
    assert first["adam"] == first["mine.SignDescent"]  # the same start
    assert main(argv) == 0 and capsys.readouterr().out.count("was there already") == 2
    figure = plots.three_axes(list(records.values()), "train", "loss", ylabel="loss")
    assert {line.get_label() for line in figure.axes[0].get_lines()} >= {"Adam", "SignDescent"}
    plt.close(figure)


def test_a_changed_source_is_another_run(mine):
    before = plan("tiny", "mine:SignDescent", seed=0, scale="smoke").request
    mine.write_text(mine.read_text() + "# changed\n")
    assert plan("tiny", "mine:SignDescent", seed=0, scale="smoke").request != before


def test_a_class_is_resumed_as_the_labs_own_are(tmp_path, monkeypatch):
    for make in (Momentum, around):
        method = own_method(make)
        goes_on(tmp_path / make.__name__, monkeypatch, 7, method)


def test_look_ahead_gradients_and_slow_weights_are_told_apart(tmp_path):
    record = smoke(tmp_path, own_method(around), task="tiny")  # 15 gradients, every third looks ahead
    assert record.footer["totals"]["grad_evals"] == 15 and record.footer["totals"]["timesteps"] == 10
    slow = smoke(tmp_path, own_method(slowed), task="tiny")
    assert slow.footer["totals"]["timesteps"] == 15
    plain = plan("tiny", own_method(Momentum), seed=0, scale="smoke").method
    assert not plain.traits and plan("tiny", own_method(slowed), seed=0, scale="smoke").method.traits == {"two loops"}


def test_a_pair_given_as_a_list_is_a_pair_again():
    method = own_method(Momentum)
    settings = method.with_settings({"span": [0.0, 2.0]})
    assert settings["span"] == (0.0, 2.0) and settings["momentum"] == 0.9
    assert method.name == "tests.experiments.test_own.Momentum"


def test_the_turns_of_a_game_do_not_stumble_over_a_k():
    turns = Turns(1)
    turns.bind(Momentum([torch.nn.Parameter(torch.zeros(1))]))
    assert turns.now == ("critic",)


def test_it_is_tuned_and_swept_under_its_own_name(mine):
    assert space_of(get_task("lenet5-digits"), "mine:SignDescent")["lr"][2] == 1e-3
    spec = {"tasks": ["lenet5-digits"], "optimizers": ["mine:SignDescent"], "seeds": [0], "scale": "smoke",
            "grid": {"mine:SignDescent": {"decay": [0.0, 0.1]}}}  # fmt: skip
    assert [cell.changes for cell in cells(spec)] == [{"decay": 0.0}, {"decay": 0.1}]
    argv = ["tune", "lenet5-digits", "--optimizer", "mine:SignDescent", "--scale", "smoke", "--epochs", "1",
            "--trials", "1", "--quiet"]  # fmt: skip
    assert main(argv) == 0
    (record,) = load_records("runs/tune")
    assert record.optimizer == "mine.SignDescent"


def made_by(momentum):
    """Two of these have one name and one source, and would be given one record."""

    def made(params, lr=0.1):
        return Momentum(params, lr, momentum)

    return made


def with_tensor_lr(params, lr=0.01):
    return torch.optim.Adam(params, lr=torch.tensor(lr))


def test_a_learning_rate_that_is_a_tensor_is_logged_as_a_number(tmp_path):
    record = smoke(tmp_path, own_method(with_tensor_lr), task="tiny", changes={"lr": 0.25})
    assert record.outcome == "finished" and set(record.column("test", "lr")) == {0.25, 0.125}  # it is halved


def test_a_module_that_ends_python_is_one_sentence(mine, capsys):
    Path("script.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    assert main(["train", "--optimizer", "script:Thing"]) == 2
    assert "a module that can be imported, got 'script' (it ends Python: SystemExit 0)" in capsys.readouterr().err


def no_lr(params, rate=0.1):
    return torch.optim.Optimizer(params, {"rate": rate})


def needs_closure(params, lr=0.1):
    return torch.optim.LBFGS(params, lr=lr)


def other_slow(params, lr=0.1):
    made = Momentum(params, lr)
    made.slow_weights = lambda: None
    return made


def uncounted(params, lr=0.1):
    return NALA(params, lr=lr)


def miscounted(params, lr=0.1):
    return Momentum(params, lr)


miscounted.counted = lambda settings: [True, False, False, False]


def uncountable(params, lr=0.1):
    return Momentum(params, lr)


uncountable.counted = lambda settings: [True] * settings["k"] + [False]


def with_a_name(params, lr=0.1, name="mine"):
    return Momentum(params, lr)


def needy(params, lr, power):
    return Momentum(params, lr * power)


@pytest.mark.parametrize(
    ("optimizer", "changes", "sentence"),
    [
        ("mine", {}, "optimizer must satisfy optimizer in .*or package.module:factory"),
        ("no_such:Thing", {}, "target must satisfy a module that can be imported, got 'no_such'"),
        ("torch.optim:Nothing", {}, "target must satisfy a class or function of torch.optim"),
        ("math:pi", {}, "target must satisfy a class or function of math"),
        ("builtins:int", {}, "builtins:int: must be a factory|must have a source"),
        ("torch.optim:Adam", {"k": 3}, "hyperparameter must satisfy .*those of torch.optim:Adam"),
        ("torch.optim:Adam", {"lr": math.nan}, "lr must satisfy a value that is not NaN, got lr=nan"),
        ("torch.optim:Adam", {"lr": -1.0}, "torch.optim:Adam: cannot be made of .*Invalid learning rate"),
        (lambda params, lr=0.1: Momentum(params, lr), {}, "target must satisfy a class or function that its"),
        (functools.partial(Momentum, momentum=0.5), {}, "target must satisfy a class or function that its"),
        (made_by(0.5), {}, "target must satisfy a class or function that its"),
        (None, {}, "target must satisfy a class or function that its"),
        (no_lr, {}, "no_lr must satisfy a factory of torch optimizers with lr"),
        (dict, {}, "must be a factory"),
        (needs_closure, {}, r"needs_closure: step\(\) must work without a closure"),
        (other_slow, {}, r"other_slow: must have slow_weights\(model, recompute_bn=batches\), or none"),
        (uncounted, {}, r"uncounted must satisfy factory.counted\(settings\) for a method that looks ahead"),
        (miscounted, {}, "counted of .*miscounted must satisfy a list that starts with True"),
        (uncountable, {}, r"uncountable: counted\(settings\) cannot be asked with .* \(KeyError: 'k'\)"),
        (with_a_name, {}, "with_a_name must satisfy a factory without a setting `name`"),
        (needy, {"lr": 0.1}, r"hyperparameters must satisfy none without a value.*got hyperparameters=\['power'\]"),
    ],
)
def test_what_does_not_fit_is_one_sentence(optimizer, changes, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        method = find_method(optimizer) if isinstance(optimizer, str) else own_method(optimizer)
        plan("tiny", method, seed=0, scale="smoke", changes=changes)
    assert "\n" not in str(caught.value)


def test_a_setting_without_a_default_is_given_on_the_command_line():
    assert plan("tiny", own_method(needy), seed=0, scale="smoke", changes={"lr": 0.1, "power": 2.0}).settings == {
        "lr": 0.1, "power": 2.0}  # fmt: skip
    with pytest.raises(ValueError, match="lr must satisfy .*--space"):
        space_of(TINY, own_method(needy))


def unfit(params, lr=0.1):
    opt = torch.optim.SGD(params, lr=lr)
    opt.phase = "warm-up"  # a word of its author's
    return opt


def test_a_cycle_is_walked_through_where_nobody_counts_it():
    told = {"nala_lab.optim:Lookahead": 5, "torch.optim:SGD": 1, unfit: 1, around: 2, slowed: 2}
    for target, steps in told.items():
        run = plan("lenet5-digits", target if isinstance(target, str) else own_method(target), seed=0, scale="smoke")
        assert run.method.cycle_length(run.settings) == steps, target
