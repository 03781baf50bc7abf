"""A study of rules, functions and torch optimizers; planted faults are lines of its page; slips are one sentence."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.refusals import refused

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from nala_lab import cli  # noqa: E402
from nala_lab.core import require  # noqa: E402
from nala_lab.drive import Method  # noqa: E402
from nala_lab.measure import cycle_matrix  # noqa: E402
from nala_lab.methods import WITH_TWINS  # noqa: E402
from nala_lab.plots import COLOURS, ROLES  # noqa: E402
from nala_lab.reference import NAG, NALA, SGD, AdaLA, Adam, HeavyBall, OuterMomentum  # noqa: E402
from nala_lab.study import SMOKE, invariances_of, studied, study  # noqa: E402
from nala_lab.study.contract import contract  # noqa: E402
from nala_lab.study.factors import BESIDE, KAPPAS, best_rate, factors  # noqa: E402
from nala_lab.study.identity import identity  # noqa: E402
from nala_lab.study.worst import worst  # noqa: E402
from problems import Rosenbrock  # noqa: E402
from tests.tools.test_numpy_only import block  # noqa: E402


class SignMomentum:
    """Ten lines of one's own."""

    def __init__(self, lr=0.01):
        self.lr = lr

    def init(self, theta):
        return 0 * theta

    def step(self, theta, grad, m):
        g = grad(theta)
        return theta - self.lr * np.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g


class PulledHome(SignMomentum):
    """Not shift invariant: it is drawn to the origin."""

    def step(self, theta, grad, m):
        after, m = super().step(theta, grad, m)
        return 0.99 * after, m


class Squanderer(torch.optim.SGD):
    """Says that each gradient is a step, and takes two."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)

    @staticmethod
    def counted(settings):
        return [True]

    def step(self, closure=None):
        if closure is not None:
            closure()
        return super().step(closure)


class Amnesiac(torch.optim.SGD):
    """Does not load its momentum back."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr, momentum=0.9)

    def state_dict(self):
        return {**super().state_dict(), "state": {}}


class Keeps(torch.optim.SGD):
    """Has its momentum, in a list, on itself."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.parts = [(0, [torch.zeros_like(p) for p in self.param_groups[0]["params"]])]


def uneven(theta, grad):
    return theta - 0.1 / (1 + np.arange(theta.shape[-1])) * grad(theta)


def line(section, what):
    (found,) = [each for each in section.lines if each.what == what]
    return found


def test_a_whole_study_of_an_own_rule_at_smoke_size(tmp_path):
    page = study(SignMomentum(), name="Sign <momentum>", sizes=SMOKE, progress=False)
    assert [section.key for section in page.sections] == [
        "identity", "contract", "invariances", "factors", "worst", "noise", "paths", "training",
    ]  # fmt: skip
    assert page.line("contract", "audit").verdict == "not asked"
    assert page.line("invariances", "scale of f").verdict == "to the ulp"  # signs do not see it
    assert page.line("invariances", "rotation").verdict == "not"
    assert page.line("factors", "factor of a cycle").verdict == "not linear"
    assert page.line("worst", "worst case, lr L = 1").verdict == "not done"
    assert page.line("training", "beside Adam").data["verdict"]
    written = page.save(tmp_path, "sign")
    assert {path.name for path in written} >= {"sign.html", "sign.md", "sign.json", "sign-factors.png"}
    text, markdown = (tmp_path / "sign.html").read_text(), (tmp_path / "sign.md").read_text()
    assert "<script" not in text and "Sign &lt;momentum&gt;" in text and "Sign &lt;momentum>" in markdown
    assert text.count("<img") == markdown.count("![") == 4
    read = json.loads((tmp_path / "sign.json").read_text(), parse_constant=pytest.fail)
    assert read["sections"]["identity"][1]["data"]["per_cycle"] == [1] * 10
    with pytest.raises(KeyError, match="factors: nothing"):
        page.line("factors", "nothing")


def test_a_torch_factory_and_its_rule_are_the_same_method_to_the_instruments():
    rule = studied(HeavyBall(0.1, momentum=0.9))
    twin = studied(lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9))
    assert (twin.twin, twin.lr, twin.spends) == ("torch", 0.1, (1,) * 10)
    for ask in (lambda one: factors(one, SMOKE), worst, invariances_of):
        mine, other = ask(rule), ask(twin)
        assert [a.what for a in mine.lines] == [b.what for b in other.lines]
        for a, b in zip(mine.lines, other.lines, strict=True):
            # names of buffers and ulps differ
            assert a.verdict == b.verdict or a.what == "factor of a cycle"
    edge = line(factors(twin, SMOKE), "stability edge").data["edge"]
    assert abs(edge - 3.8) < 1e-9  # 2 (1 + momentum)


def test_the_rates_beside_are_those_of_the_shipped_rules_at_their_best():
    for kappa in KAPPAS:
        lam, root = np.array([1 / kappa, 1.0]), math.sqrt(kappa)
        rules = {
            "gradient descent": SGD(2 / (1 + 1 / kappa)),
            "heavy ball": HeavyBall((2 / (1 + 1 / root)) ** 2, momentum=((root - 1) / (root + 1)) ** 2),
            "NAG": NAG(4 / (3 + 1 / kappa), momentum=(math.sqrt(3 * kappa + 1) - 2) / (math.sqrt(3 * kappa + 1) + 2)),
        }
        for name, rule in rules.items():
            # the roots are double at the best setting, where an eigenvalue has half the digits
            assert abs(cycle_matrix(rule, lam).radius - BESIDE[name](kappa)) < 1e-6


def test_the_best_scale_of_gradient_descent_is_its_best_step():
    lam = np.geomspace(1e-5, 1e2, 1401)
    for kappa in KAPPAS:
        found, at = best_rate(lam, np.abs(1 - lam), kappa)
        assert abs(found - BESIDE["gradient descent"](kappa)) < 1e-3 * (1 - found) + 1e-4
        assert abs(at * kappa - 2 / (1 + 1 / kappa)) < 0.01


@pytest.mark.parametrize(
    ("method", "what", "verdict"),
    [
        (SignMomentum(), "shift of x", "to the ulp"),
        (PulledHome(), "shift of x", "not"),
        (SGD(0.1), "rotation", "to the ulp"),
        (Adam(0.1), "rotation", "not"),
        (Adam(0.1), "scale of f", "approximately"),  # eps
        (Adam(0.1, eps=0.0), "scale of f", "to the ulp"),
        (SGD(0.1), "scale of f", "not"),
        (uneven, "order of coordinates", "not"),
        (lambda params: torch.optim.SGD(params, lr=0.1, weight_decay=0.1), "shift of x", "not"),
    ],
)  # fmt: skip
def test_invariances_are_told_apart(method, what, verdict):
    assert line(invariances_of(studied(method)), what).verdict == verdict


@pytest.mark.parametrize(
    ("method", "verdict", "tone"),
    [(Squanderer, "2 a step, not 1", "bad"), ("nala_lab.optim:NALA", "6 a cycle", "good"),
     (NALA(AdaLA(0.1), k=3), "7 a cycle", "plain"), (OuterMomentum(k=3, workers=2), "6 a cycle", "plain"),
     (Method("AdaLA", probe="implicit"), "9 to 42 a step", "plain")],
)  # fmt: skip
def test_gradients_are_counted_where_they_are_taken(method, verdict, tone):
    found = line(identity(studied(method), SMOKE), "gradients")
    assert (found.verdict, found.tone) == (verdict, tone)


MORE = {"NALA": [{"variant": "released", "k": 3}], "OuterMomentum": [{"workers": 3, "k": 2, "alpha": 0.1}]}
PROBED = [{"inner": ("AdaLA", {"every": 2}), "k": 3, "inner_state": how} for how in ("keep", "reset")]
ROWS = [
    Method(name, **{key: value for key, value in settings.items() if key != "inner_state" or name != "OuterMomentum"})
    for name, facts in WITH_TWINS.items()
    for settings in (*facts.hard, *MORE.get(name, ()), *(PROBED if facts.two_loops else ()))
    if "implicit" not in (settings.get("probe"), settings.get("inner", ("", {}))[1].get("probe"))
]


def test_what_the_table_says_is_spent_is_what_is_spent():
    wrong = [str(method) for method in ROWS if set((one := studied(method)).spends) != set(one.claims)]
    assert not wrong and len(ROWS) > 80


def knows_the_minimiser(theta, grad):
    return 0.1 * theta + 0 * grad(theta)


class Sluggish(SignMomentum):
    """Grows at small curvatures only: theta is pushed out a little, and pulled in by its gradient."""

    def step(self, theta, grad, m):
        return 1.01 * theta - self.lr * grad(theta), m


@pytest.mark.parametrize(
    ("method", "verdict", "words"),
    [(Sluggish(0.1), "lr x curvature = 2.01", "it is 1 or more below 0.0101"),
     (lambda theta, grad: theta + 0.1 * grad(theta), "never stable", "1 or more at each of 1401 curvatures"),
     (lambda theta, grad: theta - 1e-6 * grad(theta), "none found", "below 1 up to lr x curvature = 100")],
)  # fmt: skip
def test_the_edge_is_told_from_every_curvature(method, verdict, words):
    one = studied(method)
    found = line(factors(replace(one, lr=0.1), SMOKE), "stability edge")
    assert found.verdict == verdict and words in found.evidence


def test_only_a_method_that_is_not_linear_is_called_so():
    """Any other trouble is told as it is: it used to be cut down to what stood in its last brackets."""

    class Breaks(SGD):
        def step(self, theta, grad, state):
            require("theta", theta.shape, theta.shape == (2,), "two weights", "a hint (of two)")
            return super().step(theta, grad, state)

    one = studied(SGD(0.1))
    for ask in (lambda one: factors(one, SMOKE), worst):
        with pytest.raises(ValueError, match="two weights"):
            ask(replace(one, method=Breaks(0.1)))


def test_a_cycle_that_is_too_long_for_the_worst_case_says_how_long_it_is():
    (found,) = worst(studied(lambda theta, grad: theta - sum(grad(theta) for _ in range(3)))).lines
    assert found.evidence.startswith("3 steps spend 9 gradients, and at most 8")


class Forgetful(SGD):
    """Takes half as long steps in every run that comes."""

    runs = [0]

    def init(self, theta):
        self.runs[0] += 1
        return super().init(theta)

    def step(self, theta, grad, state):
        return theta - 0.5 ** self.runs[0] * grad(theta), state


def test_a_method_that_does_not_repeat_itself_is_told():
    found = {each.what: each for each in identity(studied(Forgetful(0.1)), SMOKE).lines}
    assert (found["run twice"].verdict, found["run twice"].tone) == ("not the same", "bad")


def test_a_run_ends_when_its_gradients_are_spent_wherever_they_go():
    """L-BFGS takes up to 25 gradients in a step where there is something to search for."""
    one = studied(torch.optim.LBFGS)
    assert min(one.spends) == 1
    rows = one.run(Rosenbrock().grad, [-1.2, 1.0], 100)
    assert 100 <= rows.evals[-1] < 125 and len(rows.x) == len(rows.evals)


def test_times_that_scatter_are_no_verdict(monkeypatch):
    ticks = iter(np.cumsum(np.random.default_rng(0).lognormal(sigma=3.0, size=100)))
    monkeypatch.setattr("nala_lab.study.identity.perf_counter", lambda: next(ticks))
    assert line(identity(studied(SGD(0.1)), SMOKE), "time per gradient").verdict == "cannot tell"


def takes_uncounted_gradients(theta, grad):
    for _ in range(99):
        theta = theta - 0.1 * grad._grad(theta)
    return theta - 0.1 * grad(theta)


@pytest.mark.parametrize(
    ("method", "tone", "words"),
    [
        (takes_uncounted_gradients, "bad", "below the bound"),
        (knows_the_minimiser, "plain", "not comparable"),
        (SGD(0.1, weight_decay=1.0), "plain", "not comparable"),
        (lambda theta, grad: theta + 0.1 * grad(theta), "plain", "it does not shrink"),
        (SGD(0.1), "plain", "no slower than gradient descent"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_rate_is_judged_where_gradients_alone_move_the_method(method, tone, words):
    found = line(factors(studied(method), SMOKE), "rate, condition 1000")
    assert found.tone == tone and words in found.verdict


def test_what_stands_still_has_noticed_nothing():
    assert {each.verdict for each in invariances_of(studied(SGD(0.0))).lines} == {"cannot tell"}


def test_an_optimizer_from_elsewhere_is_measured_over_its_whole_cycle():
    strangers = pytest.importorskip("pytorch_optimizer", reason="needs the extra 'experiments'")

    def make(params):
        return strangers.Lookahead(torch.optim.SGD(params, lr=0.1), k=3, alpha=0.5)

    one = studied(make)
    assert one.period == 3
    section = factors(one, SMOKE)
    assert line(section, "factor of a cycle").verdict == "linear in (x)"
    # |1/2 + (1 - a)^3 / 2| = 1 at (a - 1)^3 = 3
    assert abs(line(section, "stability edge").data["edge"] - (1 + 3 ** (1 / 3))) < 1e-9
    assert "after 3 steps" in worst(one).lines[0].evidence


def test_state_is_counted_in_copies_of_the_weights():
    methods = {"sgd": SGD(0.1), "adam": torch.optim.Adam, "own": SignMomentum(), "on itself": Keeps,
               "history": lambda params: torch.optim.LBFGS(params, history_size=5)}  # fmt: skip
    states = {name: line(identity(studied(method), SMOKE), "state") for name, method in methods.items()}
    # L-BFGS: five pairs, the direction and the last gradient
    assert [state.data["copies"] for state in states.values()] == [0, 2, 1, 1, 12]
    assert (states["own"].verdict, states["own"].evidence) == ("1 copy of the weights", "the state")


def test_the_contract_is_asked_of_a_class_from_anywhere():
    asked = replace(SMOKE, questions=("resume", "copy"))
    assert [each.tone for each in contract(studied(torch.optim.Adam), asked, print).lines] == ["good"]
    (bad,) = contract(studied(Amnesiac), asked, print).lines
    assert bad.tone == "bad" and "resume" in bad.evidence


test_a_slip_is_one_sentence = refused(
    (lambda theta, grad: 0.9 * theta, "must take a gradient in every step"),
    (lambda theta, grad: None, "must return theta"),
    ("torch.optim:Nothing", "a class or function of torch.optim"),
    (3, "method must satisfy"),
    (lambda params: params, "a factory of torch optimizers"),
    (torch.optim.SGD([torch.zeros(1)], lr=0.1), "a factory that makes the optimizer"),
    (torch.optim.SparseAdam, "SparseAdam must run from ten ones .* does not support dense gradients"),
    ("torch.optim:SGD", {"lr": -1}, r"SGD with \{'lr': -1\} must be made of a list of parameters, got Invalid"),
    call=lambda method, options=None: study(method, options=options, sizes=SMOKE, progress=False),
)


def test_what_raises_in_the_middle_is_a_line():
    class BreaksLater(SignMomentum):
        def step(self, theta, grad, m):
            if theta.shape == (2,) and abs(theta[0] + 1.2) < 1e-9:
                raise RuntimeError("no valley for me")
            return super().step(theta, grad, m)

    page = study(BreaksLater(), sizes=SMOKE, progress=False)
    found = page.line("paths", "all of it")
    assert found.verdict == "not done" and "no valley for me" in found.evidence
    assert page.line("training", "beside SGD").verdict


def test_a_method_of_the_table_has_its_own_colour_in_every_picture_and_no_other_has_it():
    own = [(NALA(k=2), "nala"), (Method("AdaLA", probe="self"), "adala"), (torch.optim.Adam, "adam"), (NAG(0.1), "nag")]
    assert [studied(method).colour for method, _ in own] == [COLOURS[name] for _, name in own]
    assert {studied(method).colour for method in (SignMomentum(), uneven, Keeps)} == {ROLES["measured"]}


def test_an_lr_is_changed_in_every_kind_of_method():
    named = Method("NALA", inner=Method("SGD", lr=0.5))
    for method in (SignMomentum(0.5), NALA(SGD(0.5), k=2), torch.optim.SGD, named):
        one = studied(method)
        assert one.times_lr(0.5).lr == one.lr / 2
    frozen = SGD(0.5)
    assert studied(frozen).times_lr(2.0).lr == 1.0 and frozen.lr == 0.5  # a copy was changed
    assert studied(lambda theta, grad: theta - grad(theta)).times_lr(2.0) is None


def test_the_command_writes_a_page_and_says_by_its_status_whether_something_is_wrong(tmp_path, capsys):
    out = ["--out", str(tmp_path), "--smoke", "--quiet"]
    assert cli.main(["study", "nala_lab.reference:SGD", "--options", '{"lr": 0.1}', *out]) == 0
    assert "lr x curvature = 2" in capsys.readouterr().out and (tmp_path / "sgd.html").exists()
    assert cli.main(["study", "torch.optim:SGD", "--options", "nonsense", *out]) == 2
    assert "--options must satisfy a JSON object" in capsys.readouterr().err
    assert cli.main(["study", "torch.optim:SGD", "--options", '{"lr": -1}', *out]) == 2


def test_a_page_needs_no_torch_and_writes_no_bar_into_a_file():
    code = block(["torch"]) + "from nala_lab.study import SMOKE, study\nfrom nala_lab.drive import Method\n"
    code += "print(study(Method('SGD', lr=0.1), sizes=SMOKE).about['numpy'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (np.__version__, "")


def test_the_library_does_not_reexport_the_study():
    import nala_lab

    assert not callable(getattr(nala_lab, "study", None))


@pytest.mark.slow
def test_a_whole_study_takes_no_longer_than_it_may():
    page = study("nala_lab.optim:NALA", progress=False)
    assert not [each for section in page.sections for each in section.lines if each.what == "all of it"]
    assert page.line("factors", "mean rate, condition 100").data["mean"] < 1
    verdicts = ("better", "worse", "equivalent within threshold", "undecided")
    assert page.line("training", "beside SGD").verdict in verdicts
