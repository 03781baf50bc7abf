# %% [markdown]
# # 12 · Scaling up: what changes, and what must not
#
# **Aims.** After this lesson you can
#
# 1. go from the NumPy twin to torch, to another precision, to shares of a mini-batch and to a compiler, and say how far apart the weights may be after each change;
# 2. save a run at any phase of a cycle and go on bit for bit;
# 3. say what a step costs in gradients, and read a measured cost;
# 4. run the GPU checks, or read plainly that they were skipped.
#
# **Time** 40 minutes. **Before** Lessons 00, 01 and 05. Nothing is downloaded, no GPU is needed. The lesson needs torch; `make torch` adds it.
# %% tags=["parameters"]
SEED = 0
BATCH = 64  # images
GRADIENTS = 36  # of the paths that are compared: six cycles at k = 5
RECORDS = ""  # a folder of records; empty: the committed ones
# %%
import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch._logging
from IPython.display import Markdown, display
from torch.nn import functional as F

import paper_figs
from nala_lab import plots, reference
from nala_lab.classroom import agree, claim
from nala_lab.core import stream
from nala_lab.experiments import checkpoint
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.optim import NALA
from nala_lab.results.comparable import runs_of
from tools import gpu_check

plots.use_style()
torch.set_num_threads(1)  # the same sums in the same order on every machine
torch._logging.set_logs(dynamo=logging.ERROR)  # the compiler's remark that it leaves a profiler's mark out
FOLDER = Path(RECORDS) if RECORDS else Path(paper_figs.__file__).parent / "records"
# %% [markdown]
# ## 1 · A failure first: half the bits, everywhere
# "bfloat16 halves the memory and doubles the speed": a student writes `model.bfloat16()` and trains as before. One weight is enough to see what happens: it starts at 1, and the gradient says "down" at every step.
#
# **Predict:** Adam and NALA, lr 0.001, 600 gradients: where is the weight in float32, and in bfloat16?
# %%
def pushed(make, dtype, gradients=600):
    """The path of one weight under the gradient +1."""
    w = torch.nn.Parameter(torch.ones(1, dtype=dtype))
    opt, path = make([w]), []
    for _ in range(gradients):
        w.grad = torch.ones_like(w)
        opt.step()
        path.append(w.item())
    return np.array(path)

makers = {"adam": lambda p: torch.optim.Adam(p, lr=1e-3), "nala": lambda p: NALA(p, lr=1e-3, k=5, mu=-0.5, alpha=1e-3)}
paths = {(name, dtype): pushed(make, dtype) for name, make in makers.items() for dtype in (torch.float32, torch.bfloat16)}
ax = plt.subplots(figsize=(7.8, 4.2))[1]
for (name, dtype), path in paths.items():
    style = {**plots.look(name, marker=False), "linestyle": "-" if dtype == torch.float32 else ":"}
    ax.plot(np.arange(1, len(path) + 1), path, label=f"{plots.label(name)}, {str(dtype).removeprefix('torch.')}", **style)
ax.set(xlabel="gradient evaluations", ylabel="the weight")
ax.legend(loc="lower left")
plots.show(ax, alt="One weight against gradients. In float32 it falls steadily, with Adam to 0.4, with NALA less far. In bfloat16 Adam's curve stays at one for ever, and NALA's creeps down.")
# %% [markdown]
# bfloat16 keeps 8 significant bits. Just below 1 its numbers are $2^{-8}$ apart, and a step that is shorter than half of that is rounded away:
#
# $$\operatorname{fl}(w-\eta)=w\quad\text{when}\quad \eta<\tfrac12\,2^{-8}\approx0.00195\qquad(\tfrac12\le w-\eta<1). \tag{1}$$
# %%
way = {key: 1 - path[-1] for key, path in paths.items()}
claim(np.all(paths["adam", torch.bfloat16] == 1.0), "in bfloat16 Adam's weight has not moved in 600 steps")
claim(0 < way["nala", torch.bfloat16] < way["nala", torch.float32] / 4,
      "in bfloat16 NALA's weight creeps, less than a quarter of its way in float32")
claim(1 - torch.tensor(1.0, dtype=torch.bfloat16).sub(0.0021) > 0 and torch.tensor(1.0, dtype=torch.bfloat16).sub(0.0019) == 1,
      "a step of 0.0021 from 1 is seen in bfloat16, and one of 0.0019 is rounded away")
claim(agree(paths["adam", torch.float32][-1], 0.4, digits=2), "in float32 Adam's weight ends at 0.4")
# %% [markdown]
# No error, no warning; the loss just stops falling. NALA creeps because the lab's slow weights keep the digits that bfloat16 has no room for, so its outer steps of $0.001\,\nabla J$ add up; the inner steps are lost as Adam's are. The repair is *mixed* precision: **weights, state and update stay in float32**, only the forward pass (and so the backward pass) runs in bfloat16. This is `--precision bf16`, and the reason why this lesson needs a list of what may change.
#
# ## 2 · What must not change: the map
# Whatever computes it, a cycle is
#
# $$\theta_{t,i+1}=\theta_{t,i}+A(\cdot),\quad y_t=(1+\mu)\theta_{t,k}-\mu\phi_{t-1},\quad \phi_t=y_t-\alpha\nabla J(y_t). \tag{2}$$
#
# From scratch, with gradient descent inside, on given gradients; then the NumPy twin, and torch in float64 and in float32.
# %%
K, MU, ALPHA, ETA = 5, -0.5, 0.1, 0.05
grads = stream(SEED, "given gradients").normal(size=(GRADIENTS, 40))

def by_hand(x, gradients):
    phi, path = x.copy(), []
    for n, g in enumerate(gradients):
        if n % (K + 1) < K:
            x = x - ETA * g  # A of Eq. (2)
            if n % (K + 1) == K - 1:
                x = (1 + MU) * x - MU * phi  # y_t
        else:
            x = phi = x - ALPHA * g  # phi_t
        path.append(x)
    return np.array(path)

def by_numpy(x):
    feed = iter(grads)
    t = reference.run(reference.NALA(reference.SGD(lr=ETA), k=K, mu=MU, alpha=ALPHA), lambda _: next(feed), x, cycles=GRADIENTS // (K + 1))
    return np.concatenate([t.fast[:, 1:K], t.lookahead[:, None], t.slow[1:, None]], axis=1).reshape(GRADIENTS, -1)

def by_torch(x, dtype=torch.float64, step=lambda opt: opt.step()):
    w = torch.nn.Parameter(torch.tensor(x, dtype=dtype))
    opt, path = NALA([w], k=K, mu=MU, alpha=ALPHA, inner=lambda p: torch.optim.SGD(p, lr=ETA)), []
    for g in grads:
        w.grad = torch.tensor(g, dtype=dtype)
        step(opt)
        path.append(w.detach().double().numpy().copy())
    return np.array(path)

start = stream(SEED, "start").normal(size=40)
exact = by_hand(start, grads)
double, single, numpy_twin = by_torch(start), by_torch(start, torch.float32), by_numpy(start)
for path, digits in ((numpy_twin, 9), (double, 9), (single, 4)):
    claim(agree(path, exact, digits),
          "the NumPy twin and torch take the way by hand, to the digits of their number format")
# %% [markdown]
# ## 3 · A whole network: seven ways to compute one run
# LeNet-5 on scikit-learn's digits, Adam inside, six cycles. The plain run is torch in float32 on one thread. Beside it:
#
# | way | what it changes | what we expect |
# |---|---|---|
# | again | nothing | equal bits |
# | traced | torch.compile's front end (`backend="eager"`) takes the step apart and puts it together again | equal bits |
# | two shares | the mini-batch is cut in two, gradients are averaged: what accumulation and several processes (DDP) do | another order of sums: rounding |
# | one by one | every parameter by itself instead of all together (`foreach=False`) | rounding, if at all |
# | bf16 forward | autocast to bfloat16 | 8 bits: visible, and still the same method |
# | float64 | twice the bits | the rounding error of the plain run |
# | other order | the same mini-batches, shuffled with another seed | another run: the yardstick |
#
# **Predict** the order of the curves' heights.
# %%
digits = load_data("digits")

def network_path(dtype=torch.float32, shares=1, order=SEED, autocast=False, traced=False, **options):
    """All weights after every gradient, (GRADIENTS, n) float64."""
    net = lenet5(generator=torch_stream(SEED, "initial weights")).to(dtype)
    work = ImageWorkload(net, digits, batch_size=BATCH, seed=order)
    opt, path = NALA(net.parameters(), lr=1e-3, k=K, mu=MU, alpha=1e-3, **options), []
    step = torch.compile(opt.step, backend="eager") if traced else opt.step
    for n in range(GRADIENTS):
        if n % work.batches == 0:
            work.start_epoch(n // work.batches)
        opt.zero_grad()
        backward(net, work._order[n % work.batches], shares, dtype, autocast)
        step()
        path.append(torch.cat([p.detach().double().flatten() for p in net.parameters()]).numpy())
    return np.array(path)

def backward(net, rows, shares, dtype, autocast):
    """Mean gradient over the shares of a mini-batch."""
    for part in range(shares):
        own = rows[part::shares]
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = F.cross_entropy(net(digits.train_x[own].to(dtype)), digits.train_y[own])
        (loss / shares).backward()

plain = network_path()
ways = {
    "again": network_path(),
    "traced": network_path(traced=True),
    "one by one": network_path(inner=lambda p: torch.optim.Adam(p, lr=1e-3, foreach=False)),
    "two shares": network_path(shares=2),
    "float64": network_path(torch.float64),
    "bf16 forward": network_path(autocast=True),
    "other order": network_path(order=SEED + 1),
}
# %%
far = {name: np.linalg.norm(path - plain, axis=1) / np.linalg.norm(plain - plain[0] + 1e-30, axis=1).max() for name, path in ways.items()}
ax, x = plt.subplots(figsize=(9.4, 4.8))[1], np.arange(1, GRADIENTS + 1)
colours = dict(zip(("one by one", "two shares", "float64", "bf16 forward", "other order"), (plots.ROLES[part] for part in ("measured", "limit", "gradient", "slow", "predicted")), strict=True))
for (name, colour), dash in zip(colours.items(), ("-", "--", "-.", ":", "-"), strict=True):
    if far[name].any():
        ax.semilogy(x, np.where(far[name] > 0, far[name], np.nan), dash, color=colour, label=name)
ax.set(xlabel="gradient evaluations", ylabel="distance from the plain run\n/ length of its way")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plots.show(ax, alt="Distance of other ways of computing the same run from the plain one, logarithmic, against gradients. Two shares and float64 lie several orders of magnitude below bfloat16, which lies below the run with another order of the data.")
Markdown("Ways with equal bits, which a logarithmic axis cannot show: " + ", ".join(name for name, gap in far.items() if not gap.any()))
# %%
last = {name: gap[-1] for name, gap in far.items()}
claim(np.array_equal(ways["again"], plain) and np.array_equal(ways["traced"], plain),
      "again and traced have equal bits")
claim(max(last[name] for name in ("two shares", "one by one", "float64")) < 1e-4,
      "two shares, one by one and float64 differ by rounding, less than 1e-4 of the way")
claim(last["two shares"] < last["bf16 forward"] < last["other order"],
      "bfloat16 lies between rounding and the noise of the data's order")
print({name: f"{value:.1e}" for name, value in last.items()})
# %% [markdown]
# So there are three kinds of change. **Equal bits**: the same sums in the same order. **Rounding**: the same sums in another order (shares, processes, another device). After these few steps it is about one part in a million of the way; in a long run it can grow without limit, because training is not a contraction, and Adam divides by small numbers. So parity is checked *early*, or with *given* gradients as in section 2. **Another number format**: larger, still far below the noise of the order of the data.
#
# What must be equal between processes is stronger: the optimizer sees the *averaged* gradient, the same on every rank, so every rank holds the same slow weights, bit for bit. `tests/experiments/test_parallel.py` starts two processes and checks it.
#
# ## 4 · Checkpoints at any phase
# A cycle of NALA at $k=5$ has six gradients. A run that is stopped after four of them stands in the middle. What is needed to go on? Weights, slow weights, phase, Adam's state, **and where every random stream stands**.
#
# **A second failure.** The student saves everything but the stream that draws the order of the images, and makes a new one from the seed.
# %%
def fresh():
    net = lenet5(generator=torch_stream(SEED, "initial weights"))
    work = ImageWorkload(net, digits, batch_size=BATCH, seed=SEED, batches=6)
    return work, NALA(net.parameters(), lr=1e-3, k=K, mu=MU, alpha=1e-3)

def steps(work, opt, first, last):
    for n in range(first, last):
        if n % work.batches == 0:
            work.start_epoch(n // work.batches)
        opt.zero_grad()
        work.loss(n % work.batches)[0].backward()
        opt.step()
    return torch.cat([p.detach().flatten() for p in work.model.parameters()])

def resumed(stop, end, with_streams=True):
    """Stop, write a file, build everything anew from the file, and go on."""
    work, opt = fresh()
    steps(work, opt, 0, stop)
    with TemporaryDirectory() as folder:
        path = checkpoint.save(Path(folder) / "run.pt", model=work.model, optimizer=opt, streams=work.streams, place=work.state_dict())
        work, opt = fresh()
        place = checkpoint.load(path, model=work.model, optimizer=opt, streams=work.streams if with_streams else None)["place"]
    work.load_state_dict(place)
    return steps(work, opt, stop, end)

END = 8  # a cycle and two steps; an epoch is 6 mini-batches here, so a new order is drawn on the way
whole = steps(*fresh(), 0, END)
claim(all(torch.equal(resumed(stop, END), whole) for stop in range(END)),
      "resumed at any phase, the run ends with equal bits")
wrong = float((resumed(4, END, with_streams=False) - whole).abs().max())
claim(wrong > 1e-4, "without the stream of the order the run ends elsewhere")
print(f"stopped after 0 to {END - 1} gradients and resumed: equal bits; without the stream of the order: off by {wrong:.1e}, without an error")
# %% [markdown]
# The command does all of this: Ctrl-C or SIGTERM saves, `--resume` goes on, a file is replaced whole or not at all, and a checkpoint of another task, configuration or code version is refused in one sentence.
#
#     nala-lab train lenet5-cifar10 --optimizer nala --checkpoint-minutes 5 --deterministic
#     nala-lab train lenet5-cifar10 --optimizer nala --checkpoint-minutes 5 --deterministic --resume
#
# ## 5 · The GPU
# `python tools/gpu_check.py` compares the CPU with the GPU step by step in float64, moves a run from one to the other in mid-cycle, tries autocast, loss scaling and the compiler, and trains a ResNet-18 for a moment. This cell runs its first two checks on whatever is here.
# %%
here = "cuda" if torch.cuda.is_available() else "cpu"
if here == "cpu":
    display(Markdown("**Skipped: there is no CUDA device on this machine.** What follows is a *rehearsal* with the CPU on both sides: it shows that the checks run, and says nothing about a GPU."))
rows = [row for check in (gpu_check.parity, gpu_check.moved) for row in check(here)]
claim(all(row.passed for row in rows), "every check of the GPU passed, or its rehearsal")
Markdown("\n".join(["| check | of | verdict | evidence |", "|---|---|---|---|"] + [f"| {row.check} | {row.of} | {'passed' if row.passed else 'FAILED'}{'' if here == 'cuda' else ' (rehearsal)'} | {row.evidence} |" for row in rows]))
# %% [markdown]
# On a GPU expect *rounding*, not equal bits: it may fuse a multiplication with an addition, and its sums have another order. The data and the augmentation are drawn from CPU streams with the same numbers everywhere; only dropout draws on the device.
#
# ## 6 · The cost of a step
# First in gradients, which is exact; then in seconds, which is the machine's.
# %%
lines = ["| method | gradients for 1000 timesteps, as the papers count | so a gradient is worth |", "|---|---|---|"]
for name in ("adam", "nala", "lookahead", "adabelief", "adala"):
    counted, spent = METHODS[name].cycle(METHODS[name].settings)
    lines.append(f"| {plots.label(name)} | {1000 * spent / counted:,.0f} | {counted / spent:.3f} timesteps |")
claim(METHODS["nala"].cycle(METHODS["nala"].settings) == (5, 6) and METHODS["adala"].cycle(METHODS["adala"].settings) == (1, 2),
      "NALA spends six gradients for five timesteps, and AdaLA two for one")
Markdown("\n".join(lines))
# %%
text = (Path(paper_figs.__file__).parents[1] / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
tables = [part for part in text.split("\n### ")[1:] if "ratio per gradient" in part]
lines = ["| measured in `benchmarks/RESULTS.md` | optimizer | update, ratio to Adam(fused) per gradient |", "|---|---|---|"]
for part in tables:
    found = {cells[1].strip(): cells[3].strip() for row in part.splitlines() if len(cells := row.split("|")) > 4}
    lines += [f"| {part.splitlines()[0].split(', load')[0]} | {name} | {found[name]} |" for name in ("NALA", "AdaLA") if name in found]
Markdown("\n".join(lines) if tables else "*No timings are committed.*")
# %% [markdown]
# These ratios are of the *update alone*. A training step is mostly forward and backward, so the whole step differs far less. The same three axes on a run that is made now:
# %%
def smoke(name, seed):
    with TemporaryDirectory() as folder:
        return execute(plan("lenet5-digits", name, seed=seed, scale="smoke"), Path(folder), progress=False)[0]

live = [smoke(name, seed) for name in ("nala", "lookahead", "adam") for seed in (SEED, SEED + 1)]
figure = plots.three_axes(live, "train", "loss", ylabel="loss on one training\nmini-batch (nats)")
plots.show(figure, alt="Loss on single training mini-batches of the digits for NALA, Lookahead and Adam, two seeds, against timesteps, gradients and seconds. All start at the same point; NALA's curve ends at fewer timesteps.")
first = {run.column("train", "loss")[0] for run in live if run.seed == SEED}
claim(len(first) == 1, "at a seed every optimizer starts with the same weights and the same mini-batch")
# %% [markdown]
# And the committed runs of LeNet-5 on Fashion-MNIST:
# %%
fashion = [run for run in runs_of(FOLDER, "lenet5-fashion-mnist") if run.optimizer in ("nala", "lookahead", "adam", "sgd")]
if fashion:
    figure = plots.three_axes(fashion, "test", "loss", ylabel="test loss (nats)", start=1)
    count, config = len({run.seed for run in fashion}), fashion[0].header["config"]
    plots.show(figure, alt=f"LeNet-5 on Fashion-MNIST, {config['epochs']} epochs, {count} seeds: test loss of the slow weights for four optimizers against timesteps, gradient evaluations and seconds.")
    rates = {name: np.array([run.footer["totals"]["images_per_second"] for run in fashion if run.optimizer == name]) for name in ("adam", "nala")}
    print({name: f"{rate.min():,.0f} to {rate.max():,.0f} images/s" for name, rate in rates.items()})
else:
    display(Markdown("*lenet5-fashion-mnist: not yet run.*"))
# %% [markdown]
# The rates of one and the same optimizer differ between seeds: other programs were at work on that machine. **Seconds in these records are a fact about an afternoon.** Timings that are to be compared take turns in one process: `benchmarks/loop_speed.py`.
#
# ## Summary
# * Weights, state and update stay in float32. Only forward and backward may be narrower.
# * Equal bits for the same sums in the same order; rounding for another order; more for another number format. Compare early, or on given gradients.
# * A checkpoint without the random streams resumes to another run, silently.
# * The cost of a step is counted in gradients; seconds need a quiet machine and turns in one process.
# * Where there is no GPU, say "skipped", not "passed".
#
# ## Exercises
# 1. *Predict, then run.* In section 1 start the weight at 0.1 instead of 1. Does bfloat16 still freeze it? Use (1) with the spacing near 0.1.
# 2. Cut the mini-batch into 4 and 8 shares. Does the distance of section 3 grow with their number?
# 3. Repeat section 3 with gradient descent inside (`inner=lambda p: torch.optim.SGD(p, lr=0.1)`). Which curves fall by how much? What did Adam's division do?
# 4. Leave the *phase* out of the optimizer's state before loading it. What does `load_state_dict` say?
# 5. On a machine with a GPU: `python tools/gpu_check.py`. Which row has the largest distance, and how many ulps is it?
