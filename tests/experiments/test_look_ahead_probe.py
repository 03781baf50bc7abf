"""The probe of the training loop: it measures what it says, and training never notices it."""

import math
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from nala_lab.cli import main
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.run.curvature import Slopes, lanczos
from nala_lab.experiments.run.inner_noise import Inner, bent_by_noise, inner_of
from nala_lab.experiments.run.look_ahead_probe import MU, TOP, WINDOW, Probe, best_mu
from nala_lab.experiments.run.ntasgd import NTASGD
from nala_lab.experiments.run.one_run import Saving, plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.parallel import Team
from nala_lab.optim import Adam
from nala_lab.theory import forecast_cycle
from nala_lab.theory.forecast import Local
from nala_lab.theory.forecast_cycle import OneCycle, one_cycle
from nala_lab.theory.minibatch_cycle import nala
from nala_lab.theory.minibatch_noise import Constant as ConstantNoise
from tests.experiments.runs import smoke, trained
from tests.experiments.test_resume import stopped

pytestmark = pytest.mark.usefixtures("tiny")

ON = Options(probe_every=1, curvature_every=2)
WATCH = ("probe", "curvature")


def rows(record, *, watched):
    """What training wrote, or what the probe wrote, without the seconds."""
    return [{key: value for key, value in row.items() if "seconds" not in key}
            for row in record.rows if (row["kind"] in WATCH) == watched]  # fmt: skip


# ---- training does not notice ----


@pytest.mark.parametrize("name", ["nala", "lookahead", "outermomentum", "adala", "sgd", "yogi"])
def test_a_run_with_the_probe_has_the_numbers_of_a_run_without(name, tmp_path):
    # the network has BatchNorm and dropout, the images are shifted by draws: 15 gradients, 2 cycles at least
    plain = smoke(tmp_path / "plain", name, task="tiny", seed=3)
    probed = smoke(tmp_path / "probed", name, task="tiny", seed=3, options=ON)
    assert rows(probed, watched=False) == rows(plain, watched=False)
    assert {row["kind"] for row in rows(probed, watched=True)} == set(WATCH)


@contextmanager
def forgetful(probe, number):
    """The planted fault: nothing is put back."""
    probe._seeds = dict.fromkeys(probe._streams, number)
    probe._workload.start_epoch(0)
    forward, part = probe._workload.forward, probe._workload.part
    yield
    probe._workload.forward, probe._workload.part = forward, part


def test_a_probe_that_draws_from_the_run_s_streams_would_be_noticed(tmp_path, monkeypatch):
    plain = smoke(tmp_path / "plain", "nala", task="tiny")
    monkeypatch.setattr(Probe, "_aside", forgetful)
    probed = smoke(tmp_path / "probed", "nala", task="tiny", options=ON)
    assert rows(probed, watched=False) != rows(plain, watched=False)


@pytest.mark.parametrize("name", ["nala", "lookahead", "sgd"])
@pytest.mark.parametrize("gradients", [1, 5, 6, 8, 14])
def test_a_probed_run_that_is_stopped_anywhere_ends_as_if_never_stopped(name, gradients, tmp_path, monkeypatch):
    whole = smoke(tmp_path / "whole", name, task="tiny", options=ON)
    stopped(tmp_path / "cut", monkeypatch, gradients, name, options=ON)
    again = smoke(tmp_path / "cut", name, task="tiny", options=ON, saving=Saving(resume=True))
    for watched in (True, False):
        assert rows(again, watched=watched) == rows(whole, watched=watched)


def test_a_record_without_the_probe_keeps_its_name():
    assert not {"probe_every", "curvature_every"} & set(plan("tiny", "nala", seed=0, scale="smoke").request)
    assert Options(probe_every=7).config["probe_every"] == 7
    assert "curvature_every" not in Options(probe_every=7).config


def test_one_cycle_in_so_many_is_measured(tmp_path):
    record = smoke(tmp_path, "sgd", task="tiny", options=Options(probe_every=2, curvature_every=3))
    assert WINDOW == 5 and record.column("probe", "cycle").tolist() == [0, 2]
    assert record.column("probe", "grad_evals").tolist() == [5, 15]
    assert record.column("curvature", "cycle").tolist() == [0]


# ---- it measures what it says: a bowl whose examples have minima of their own ----


class Bowl:
    """mean over examples of sum_i h_i (w_i - x_i)^2 / 2: constant Hessian, constant gradient noise h Var(x) h."""

    unit, repeatable, device, channels_last = "img", True, torch.device("cpu"), False

    def __init__(self, h, *, spread, examples=64, batches=5):
        self.h, self.spread = torch.tensor(h, dtype=torch.float64), spread
        self.examples, self.batches = examples, batches
        self.model = nn.Linear(1, len(h), bias=False).double()
        with torch.no_grad():
            self.model.weight.copy_(torch.linspace(1, 2, len(h), dtype=torch.float64).reshape(-1, 1))
        self.streams = {"data order": torch_stream(0, "data order")}
        self.forward, self.part, self._x = self.model, slice(None), []

    def groups(self):
        return [{"params": list(self.model.parameters())}]

    def start_epoch(self, epoch):
        shape = (self.batches, self.examples, len(self.h))
        self._x = self.spread * torch.randn(shape, generator=self.streams["data order"], dtype=torch.float64)

    def loss(self, batch):
        w = self.forward(torch.ones(1, 1, dtype=torch.float64))
        return (self.h * (w - self._x[batch][self.part]) ** 2).sum(1).mean() / 2, {}

    def after(self, batch):
        pass

    def evaluate(self):
        return {"loss": float((self.h * self.model.weight.detach()[:, 0] ** 2).sum() / 2)}

    def bn_batches(self):
        return None

    def state_dict(self):
        return {"x": self._x}

    def load_state_dict(self, state):
        self._x = state["x"]


def probed(workload, name="lookahead", epochs=1, seed=0, **changes):
    """The probe's rows of a run with SGD inside."""
    inside = {"inner": "sgd"} if "inner" in METHODS[name].settings else {}
    rows, *_ = trained(workload, name, {**inside, **changes}, epochs=epochs, seed=seed, probe_every=1)
    return [row for row in rows if row["kind"] == "probe"]


H = [0.1, 0.5, 1.0, 2.0]


def theory(h, w, *, lr, C, k=5):
    local = Local(0.0, ConstantNoise(np.diag(h), np.diag(C), g=np.array(h) * w))
    return one_cycle(local, nala(lr=lr, k=k, mu=0.0))


@pytest.mark.parametrize(
    ("name", "changes"),
    [("lookahead", {}), ("lookahead", {"alpha": 0.0}), ("nala", {"mu": -0.3, "alpha": 0.1}), ("sgd", {})],
)
def test_without_noise_the_three_numbers_are_the_theory_s(name, changes):
    (row,) = probed(Bowl(H, spread=0.0, batches=6 if name == "nala" else 5), name, lr=0.3, **changes)
    w = np.linspace(1, 2, 4)
    parts = theory(H, w, lr=0.3, C=np.zeros(4))
    for measured, exact in ((row["gain"], parts.gain), (row["bending"], parts.curvature), (row["noise"], 0.0)):
        assert abs(measured - exact) <= 1e-8 * parts.gain  # nine printed digits
    assert abs(row["mu_star"] - forecast_cycle.best_mu(parts)) <= 1e-7
    before = float(np.array(H) @ w**2) / 2
    np.testing.assert_allclose(row["losses"], [before + parts.change(mu) for mu in MU], rtol=1e-8)
    assert math.isnan(row["noise_scale"]) or row["noise_scale"] < 1e-12


@pytest.mark.parametrize("name", ["lookahead", "nala"])
def test_a_cycle_of_one_inner_step_is_measured_as_one(name):
    rows = probed(Bowl(H, spread=0.0, batches=6), name, lr=0.3, k=1)
    assert [row["cycle"] for row in rows] == list(range(3 if name == "nala" else 6))
    parts = theory(H, np.linspace(1, 2, 4), lr=0.3, C=np.zeros(4), k=1)
    assert abs(rows[0]["gain"] - parts.gain) <= 1e-8 * parts.gain  # nine printed digits
    assert abs(rows[0]["bending"] - parts.curvature) <= 1e-8 * parts.curvature


def test_the_loss_on_the_line_is_the_parabola_of_its_own_mini_batch():
    for row in probed(Bowl(H, spread=1.0), epochs=3, lr=0.3):
        a = np.polyfit(np.array(MU) + 1, row["losses"], 2)
        assert abs(2 * a[0] / row["bending"] - 1) < 1e-6  # the printed digits of a difference


def test_on_average_gain_bending_and_noise_are_the_theory_s():
    spread, lr, C, start = 1.0, 0.3, np.array(H) ** 2 / 64, np.linspace(1, 2, 4)
    found = []
    for number in range(400):
        bowl = Bowl(H, spread=spread)
        bowl.streams["data order"].manual_seed(number)
        found += probed(bowl, "sgd", lr=lr, seed=number)
    parts = theory(H, start, lr=lr, C=C)
    for name, exact in (("gain", parts.gain), ("bending", parts.curvature + parts.noise)):
        values = np.array([row[name] for row in found])
        assert abs(values.mean() - exact) <= 4 * values.std() / np.sqrt(len(values)), name
    noise = np.array([row["noise"] for row in found])
    # the quadrature of one product is not exact for a spectrum of four curvatures: within a tenth of the noise
    assert abs(noise.mean() - parts.noise) <= 4 * noise.std() / 20 + 0.1 * parts.noise
    # planted: the covariance of half a mini-batch is twice that of a whole one
    assert abs(2 * noise.mean() - parts.noise) > 4 * noise.std() / 20 + 0.1 * parts.noise
    scale = np.array([row["noise_scale"] for row in found])
    exact = float((np.array(H) ** 2).sum() / (np.array(H) ** 2 @ start**2))  # tr C_1 / |g|^2
    # 2 %: a ratio's mean is not the ratio of means, here by the 1.1 % that is the relative variance of g_a . g_b
    assert abs(scale.mean() - exact) <= 4 * scale.std() / 20 + 0.02 * exact


class Dropped(Bowl):
    """All examples are alike; each is dropped with probability 1/2, else doubled: a gradient of 0 or of 2 E g."""

    def loss(self, batch):
        kept = nn.functional.dropout(torch.ones(len(range(self.examples)[self.part]), dtype=torch.float64))
        w = self.forward(torch.ones(1, 1, dtype=torch.float64))
        return ((kept * w - 1) ** 2).mean() / 2, {}


def test_what_dropout_adds_to_the_noise_is_seen():
    rows = probed(Dropped([1.0], spread=0.0, batches=25), "sgd", epochs=40, lr=1e-4)
    scale = np.array([row["noise_scale"] for row in rows])
    assert len(scale) == 200 and np.isfinite(scale).all()
    assert abs(scale.mean() - 1) < 0.06 + 4.5 * scale.std() / math.sqrt(200)  # 1 / (g_a . g_b) is 4 / 64 too large


def test_a_repeated_curvature_is_given_once():
    h = torch.tensor([2.0, 2.0, 0.5], dtype=torch.float64)
    bowl = Slopes(lambda w: (h * w[0] ** 2).sum() / 2, [torch.zeros(3, dtype=torch.float64)])
    found = lanczos(bowl, steps=3, top=3, generator=torch.Generator().manual_seed(0))
    np.testing.assert_allclose(found.values, [2.0, 0.5], rtol=1e-12)


def test_best_mu_is_the_theory_s():
    for gain, bending in ((0.3, 0.2), (0.3, 1.0), (-0.3, 1.0), (0.3, -0.1), (-0.3, -0.1), (0.3, 0.0)):
        assert best_mu(gain, bending) == forecast_cycle.best_mu(OneCycle(gain, bending, 0.0, 0.0))
    assert math.isnan(best_mu(math.nan, 1.0))


@pytest.mark.parametrize(
    ("make", "b", "h"),
    [
        (lambda w: torch.optim.SGD(w, lr=0.2), 0.0, 1.5),
        (lambda w: torch.optim.SGD(w, lr=0.2, momentum=0.7), 0.7, 1.5),
        (lambda w: torch.optim.SGD(w, lr=0.2, momentum=0.7, nesterov=True), 0.7, 1.5),
        (lambda w: torch.optim.Adam(w, lr=0.2, betas=(0.7, 1 - 1e-9)), 0.7, 1.5),
    ],
)
def test_the_noise_of_an_inner_loop_is_what_its_optimizer_makes_of_it(make, b, h):
    # the optimizer itself, run 4 steps on noise alone from a warm state, one coordinate a copy
    n, k, rng = 20_000, 4, torch.Generator().manual_seed(0)
    w = nn.Parameter(torch.zeros(n, dtype=torch.float64))
    optimizer = make([w])
    w.grad = torch.full_like(w, 1.0)
    optimizer.step()  # Adam's v is of this gradient, and hardly moves after it
    with torch.no_grad():
        w.zero_()
    quiet = optimizer.state_dict()
    ends = []
    for noise in (0.0, 0.01):
        optimizer.load_state_dict(quiet)
        with torch.no_grad():
            w.zero_()
        for _ in range(k):
            w.grad = h * w.detach() + noise * torch.randn(n, generator=rng, dtype=torch.float64)
            optimizer.step()
        ends.append(w.detach().clone())
    inner = inner_of(optimizer, [w])
    one = [torch.full_like(w, 0.01 / math.sqrt(n))]
    told = bent_by_noise(inner, lambda v: [h * v[0]], one, steps=k)
    assert abs(h * float((ends[1] - ends[0]).var()) / told - 1) < 5 * math.sqrt(2 / n)


def test_an_inner_optimizer_that_is_not_known_is_not_told(tmp_path):
    record = smoke(tmp_path, "yogi", task="tiny", options=Options(probe_every=1))
    assert np.isnan(record.column("probe", "noise")).all() and np.isfinite(record.column("probe", "mu_star")).all()


@pytest.mark.parametrize("form", ["printed", "ramjee", "tensorflow"])
def test_an_adam_with_another_denominator_is_not_told(form):
    w = torch.nn.Parameter(torch.ones(2))
    w.grad = torch.ones(2)
    told = []
    for one in (Adam([w]), Adam([w], form=form)):
        one.step()
        told.append(inner_of(one, [w]) is not None)
    assert told == [True, False]


def test_weight_decay_that_would_show_and_ascent_are_not_told():
    w = torch.nn.Parameter(torch.ones(2))
    w.grad = torch.ones(2)
    told = []
    for one in (
        torch.optim.SGD([w], lr=0.1, weight_decay=5e-4), torch.optim.SGD([w], lr=0.5, weight_decay=1.0),
        torch.optim.SGD([w], lr=0.1, maximize=True), torch.optim.AdamW([w]), torch.optim.Adam([w], weight_decay=0.1),
    ):  # fmt: skip
        one.step()
        told.append(inner_of(one, [w]) is not None)
    assert told == [True, False, False, True, False]


def test_a_step_that_grows_beyond_the_numbers_does_not_end_a_run():
    assert Inner(a=1, b=0, c=1.0, d=0).carried(h=40.0, steps=120) == math.inf


def test_what_clipping_leaves_of_the_noise_is_not_told(tmp_path):
    # clipped to 1e-3 the path is shorter than without, and its noise too: Delta' H Delta is all that can be said
    for clip, told in ((0.0, True), (1e-3, False)):
        options = Options(probe_every=1, clip=clip)
        record = smoke(tmp_path / str(clip), "sgd", task="tiny", options=options)
        for name in ("noise", "curvature"):
            assert (np.isfinite(record.column("probe", name)) == told).all()
        assert np.isfinite(record.column("probe", "bending")).all()


class Signs(torch.optim.SGD):
    """An SGD in name only."""

    @torch.no_grad()
    def step(self, closure=None):
        for p in self.param_groups[0]["params"]:
            p.sub_(p.grad.sign(), alpha=self.param_groups[0]["lr"])


def test_a_class_made_of_a_known_one_is_known_as_long_as_its_step_is():
    w = nn.Parameter(torch.ones(2))
    known = METHODS["nala"].build([w], METHODS["nala"].settings), NTASGD([w], lr=0.1), torch.optim.AdamW([w])
    for optimizer in (*known, Signs([w], lr=0.1)):
        w.grad = torch.ones(2)
        optimizer.step()
        assert (inner_of(optimizer, [w]) is None) == isinstance(optimizer, Signs)


# ---- curvatures ----


def small():
    x = torch.randn(40, 6, generator=torch_stream(0, "x"), dtype=torch.float64)
    y = torch.randint(0, 3, (40,), generator=torch_stream(0, "y"))
    draw = torch_stream(0, "weights")
    weights = [torch.randn(s, generator=draw, dtype=torch.float64) for s in ((6, 5), (5, 3))]
    return lambda w: nn.functional.cross_entropy(torch.tanh(x @ w[0]) @ w[1], y), weights


def dense(loss, weights):
    flat = torch.cat([w.flatten() for w in weights])
    return torch.autograd.functional.hessian(lambda v: loss([v[:30].view(6, 5), v[30:].view(5, 3)]), flat)


def test_lanczos_finds_the_largest_curvatures_within_what_it_says():
    loss, weights = small()
    exact = torch.linalg.eigvalsh(dense(loss, weights)).flip(0)
    for steps in (8, 20, 45):
        found = lanczos(Slopes(loss, weights), steps=steps, top=TOP, generator=torch_stream(0, "start"))
        for value, within in zip(found.values, found.within, strict=True):
            assert (exact - value).abs().min() <= within + 1e-9
    assert abs(found.values[0] / float(exact[0]) - 1) < 1e-9
    np.testing.assert_allclose(found.values, exact[:TOP], rtol=1e-8)


@pytest.mark.filterwarnings("ignore")  # the other library's, about its own imports
def test_the_products_are_those_of_another_library():
    curvlinops = pytest.importorskip("curvlinops", reason="an oracle that the lab does not install")
    x = torch.randn(40, 6, generator=torch_stream(0, "x"))
    y = torch.randint(0, 3, (40,), generator=torch_stream(0, "y"))
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    weights = [p.detach() for p in model.parameters()]

    def loss(w):
        named = dict(zip(dict(model.named_parameters()), w, strict=True))
        return nn.functional.cross_entropy(torch.func.functional_call(model, named, (x,)), y)

    v = [torch.randn(w.shape, generator=torch_stream(0, "v")) for w in weights]
    ours = torch.cat([h.flatten() for h in Slopes(loss, weights).product(v)])
    H = curvlinops.HessianLinearOperator(model, nn.CrossEntropyLoss(), list(model.parameters()), [(x, y)])
    theirs = H @ torch.cat([part.flatten() for part in v])
    assert float((ours - theirs).norm() / ours.norm()) < 1e-5


# ---- refusals, and the command ----


def test_what_cannot_be_probed_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="mini-batches cannot be given twice"):
        smoke(tmp_path, "sgd", task="lstm1-ptb", options=Options(probe_every=1))
    with pytest.raises(ValueError, match="None with compile"):
        Options(curvature_every=1, compile=True)
    with pytest.raises(ValueError, match="probe_every >= 1"):
        Options(probe_every=0)
    assert Team(0, 2).size == 2


def test_the_command_probes_and_prints_the_cost(tmp_path, capsys):
    command = ["train", "tiny", "--scale", "smoke", "--optimizer", "nala", "--quiet", "--out", str(tmp_path)]
    assert main([*command, "--probe", "look-ahead", "--probe-every", "1", "--curvature-every", "2"]) == 0
    said = capsys.readouterr().out
    assert "probe: 2 cycles measured in" in said and "curvature: 1 cycles measured in" in said
    assert "% of the training time" in said
    assert main([*command, "--probe-every", "3"]) == 2
    assert "given with --probe look-ahead, got --probe-every=3" in capsys.readouterr().err
