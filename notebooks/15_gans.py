# %% [markdown]
# # 15 · GANs: two players, one clock
#
# **Aims.** After this lesson you can
#
# 1. say why plain descent does not settle in a game, and what a slow loop does about it;
# 2. give both players' look-ahead one clock, and compute what two clocks change;
# 3. compute FID's distance from its closed form, and say how much of it is the number of images;
# 4. read a GAN record: what falls, what does not, and what cannot be compared with a published number.
#
# **Time** 45 minutes. **Before** Lessons 01 and 05; eigenvalues. The live games are small, the long runs are read from committed records. The lesson needs torch; `make torch` adds it.
# %% tags=["parameters"]
SEED = 0
GRADIENTS = 62  # of the live WGAN-GP runs: ten rounds and a little, two cycles of NALA at k = 30
RECORDS = ""  # a folder of records; empty: the committed ones
# %%
import base64
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display
from PIL import Image
from scipy.linalg import sqrtm

import paper_figs
from nala_lab import plots
from nala_lab.classroom import agree, by_chance, claim
from nala_lab.core import stream
from nala_lab.experiments.gan.fid import cloud_of, frechet_distance
from nala_lab.experiments.gan.turns import CRITIC, Turns
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.optim import NALA, Lookahead
from nala_lab.results.comparable import runs_of

plots.use_style()
torch.set_num_threads(1)
FOLDER = Path(RECORDS) if RECORDS else Path(paper_figs.__file__).parent / "records"
# %% [markdown]
# ## 1 · A failure first: descent that goes round and round
# The smallest game: the generator $x$ wants $x^\top A y$ small, the critic $y$ wants it large. The only equilibrium is $x=y=0$. Each player descends its own loss; together they follow the field $F(z)=Jz$, $z=(y,x)$:
#
# $$J=\begin{pmatrix}0&-A^\top\\A&0\end{pmatrix},\qquad z \leftarrow z-\eta\,Jz \;\text{ (both at once)},\qquad\text{or one player's rows after the other's.} \tag{1}$$
#
# $J$ is skew: its eigenvalues are imaginary. **Predict** what the distance to the equilibrium does, for both at once and for one after the other.
# %%
A = np.array([[1.3, -0.4], [0.2, 0.9]])
LR, ALPHA = 0.3, 0.2
J = np.block([[np.zeros((2, 2)), -A.T], [A, np.zeros((2, 2))]])
ROWS = {"critic": slice(0, 2), "generator": slice(2, 4), "both": slice(0, 4)}

def turn(player, lr=LR):
    """One step of a player, as a matrix."""
    m = np.eye(4)
    m[ROWS[player]] -= lr * J[ROWS[player]]
    return m

def radius(m):
    return np.abs(np.linalg.eigvals(m)).max()

one_round = turn("generator") @ turn("critic")
print(f"spectral radius, both at once: {radius(turn('both')):.4f}; one after the other: {radius(one_round):.4f}")
s = np.linalg.svd(A, compute_uv=False)
claim(agree(radius(turn("both")), np.sqrt(1 + (LR * s[0]) ** 2)),
      "both at once leave the equilibrium by the factor |1 + i lr s|")
claim(agree(radius(one_round), 1), "one after the other they circle for ever")
# %% [markdown]
# Both at once: it spirals out. One after the other: it circles for ever. No learning rate helps. Averaging does: the fast weights turn, and the mean of a turn lies nearer to the centre. That is what a slow loop is for.
#
# ## 2 · The second failure: a wrapper for each player
# "So I wrap both optimizers in Lookahead." Published GAN programs have one optimizer a player, so this is what most of us would write. Now each wrapper counts *its own player's* steps. The slow weights $\phi=(\phi_y,\phi_x)$ are then taken at two different moments: no iterate of the game was ever at $\phi$.
#
# With one clock a cycle of $k$ turns, whoever moves, is
#
# $$\phi_t=\big((1+\mu)\,M_k+(-\mu)\,I\big)\,\phi_{t-1},\qquad M_k=T_{k}\cdots T_{1}\ \text{ the turns of the cycle}, \tag{2}$$
#
# $$\text{NALA: also}\quad \phi_t \leftarrow (I-\alpha J)\,\phi_t,\qquad\text{the outer gradient of both players at } y_t. \tag{3}$$
#
# (Lookahead's slow step $\alpha_{\text{LA}}$ is $1+\mu$.) From scratch:
# %%
def cycle(k, mu, alpha=0.0, n_critic=1, lr=LR):
    """The map of one cycle on one clock."""
    m = np.eye(4)
    for i in range(k):
        m = turn("critic" if i % (n_critic + 1) < n_critic else "generator", lr) @ m
    m = (1 + mu) * m - mu * np.eye(4)  # Eq. (2)
    return turn("both", alpha) @ m if alpha else m  # Eq. (3)

# %% [markdown]
# The library: the players are two *groups of one optimizer*, and `Turns` says whose turn it is. A player who is not to move has no gradient, and every optimizer leaves it alone.
# %%
def give(y, x, now):
    """Fill .grad of the players whose turn it is, each with its own loss's gradient."""
    a = torch.tensor(A)
    y.grad = -(a.T @ x.detach()) if "critic" in now else None
    x.grad = a @ y.detach() if "generator" in now else None

def players(z):
    return [torch.tensor(part.copy(), requires_grad=True) for part in (z[:2], z[2:])]

def one_clock(make, gradients, n_critic=1):
    """The linear map of so many gradients of one optimizer for both."""
    columns = []
    for z in np.eye(4):
        y, x = players(z)
        opt, turns = make([{"params": [y]}, {"params": [x]}]), Turns(n_critic)
        turns.bind(opt)
        for _ in range(gradients):
            give(y, x, turns.now), turns.begin(), opt.step(), turns.done()
        columns.append(torch.cat([y, x]).detach().numpy())
    return np.stack(columns, axis=1)

def two_clocks(make, rounds, n_critic=1):
    """The same game with an optimizer for each player."""
    columns = []
    for z in np.eye(4):
        y, x = players(z)
        critic, generator = make([y]), make([x])
        for i in range(rounds * (n_critic + 1)):
            now = CRITIC if i % (n_critic + 1) < n_critic else ("generator",)
            give(y, x, now), (critic if now == CRITIC else generator).step()
        columns.append(torch.cat([y, x]).detach().numpy())
    return np.stack(columns, axis=1)

sgd = lambda lr: lambda params: torch.optim.SGD(params, lr=lr)  # noqa: E731
lookahead = lambda k, lr=LR: lambda groups: Lookahead(groups, inner=sgd(lr), k=k, alpha=0.4)  # noqa: E731
nala = lambda k: lambda groups: NALA(groups, inner=sgd(LR), k=k, mu=-0.6, alpha=ALPHA)  # noqa: E731
for made, want in ((one_clock(lookahead(6), 6), cycle(6, -0.6)), (one_clock(nala(6), 7), cycle(6, -0.6, ALPHA)), (one_clock(lookahead(18), 18, 5), cycle(18, -0.6, n_critic=5))):
    claim(agree(made, want), "the map of the library's optimizer on one clock is that of equations (2) and (3)")
# %% [markdown]
# **Predict:** three rounds (six turns) in a cycle. One clock: $k=6$ turns of the game. Two clocks: each wrapper counts $k=3$ of its own. Same cost, same $\mu$. Is the spectral radius of a cycle the same? And when the critic moves five times a round, so that its wrapper synchronises five times as often as the generator's?
# %%
table = {
    "no slow loop": (np.linalg.matrix_power(one_round, 3),) * 2,
    "Lookahead, n_critic = 1": (one_clock(lookahead(6), 6), two_clocks(lookahead(3), 3)),
    "NALA, n_critic = 1": (one_clock(nala(6), 7), two_clocks(nala(3), 4)),
    "Lookahead, n_critic = 5": (one_clock(lookahead(18), 18, 5), two_clocks(lookahead(3), 3, 5)),
}
radii = {name: (radius(a), radius(b)) for name, (a, b) in table.items()}
lines = ["| three rounds | one clock | two clocks |", "|---|---|---|"] + [f"| {name} | {a:.4f} | {b:.4f} |" for name, (a, b) in radii.items()]
claim(all(a < b - 1e-3 < 1 for name, (a, b) in radii.items() if name != "no slow loop"),
      "on one clock every method is faster here than on two")
claim(agree(radii["Lookahead, n_critic = 1"][0], radius(cycle(6, -0.6))),
      "the radius on one clock is the closed form's")
Markdown("\n".join(lines))
# %% [markdown]
# Two clocks are *another method*, without a warning. Two details: in NALA's cell a cycle on one clock has 7 gradients (the outer one serves both players), on two clocks 8. And is one clock always the faster one? We should look before we say so.
# %%
def rates(lr, k=6):
    """Per gradient: one clock with k turns, and two clocks with k / 2 turns each, from their maps."""
    maps = cycle(k, -0.6, lr=lr), two_clocks(lookahead(k // 2, lr), k // 2)
    return [radius(m) ** (1 / k) for m in maps]

grid = np.linspace(0.05, 1.2, 47)
one, two = np.transpose([rates(lr) for lr in grid])
figure, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.2))
left.plot(grid, one, color=plots.ROLES["measured"], label="one clock, k = 6")
left.plot(grid, two, "--", color=plots.ROLES["fail"], label="two clocks, k = 3 each")
left.axhline(1, color="black", lw=1, ls=":", label="no slow loop")
left.set(xlabel="learning rate of both players", ylabel="rate per gradient", title="Lookahead, one turn each")
left.legend()
start = stream(SEED, "game", "start").normal(size=4)
steps = {"both at once": (turn("both"), 1), "one after the other": (one_round, 2), "two clocks": (table["Lookahead, n_critic = 1"][1], 6), "one clock": (table["Lookahead, n_critic = 1"][0], 6)}
looks = ((plots.ROLES["predicted"], ":"), (plots.ROLES["pass"], "-."), (plots.ROLES["fail"], "--"), (plots.ROLES["measured"], "-"))
for (name, (m, cost)), (colour, dash) in zip(steps.items(), looks, strict=True):
    path = [np.linalg.norm(np.linalg.matrix_power(m, n) @ start) for n in range(241 // cost)]
    right.semilogy(cost * np.arange(len(path)), path, dash, color=colour, label=name)
right.set(xlabel="gradient evaluations", ylabel="distance to the equilibrium", ylim=(1e-2, 30), title=f"learning rate {LR}")
right.legend()
plots.show(figure, alt="Left: convergence rate per gradient against the learning rate for Lookahead with one clock and with two; the two curves cross. Right: distance to the equilibrium at learning rate 0.3: both at once leaves, one after the other circles, two clocks and one clock converge, one clock fastest.")
better = one < two - 1e-9  # rounding of eigenvalues
print(f"one clock is faster at {better.sum()} of {len(grid)} learning rates: from {grid[better].min():.2f} to {grid[better].max():.2f}")
claim(better[np.argmin(np.abs(grid - LR))], "one clock is faster at this learning rate")
# %% [markdown]
# So the reason for one clock is not that it always wins. It is that $\phi$ is then *an average of iterates of the game*, its map is (2) with the theory of lessons 01 and 06, and its rate can be computed. In `nala_lab train wgan-cifar10` both players are groups of one optimizer for this reason; with AdaLA a turn lasts for its probe and its step.
#
# ## 3 · FID: a distance between two Gaussians
# $$d^2=\lVert m_1-m_2\rVert^2+\operatorname{tr}\!\big(C_1+C_2-2\,(C_1^{1/2}C_2C_1^{1/2})^{1/2}\big) \tag{4}$$
#
# In one dimension this is $(m_1-m_2)^2+(\sigma_1-\sigma_2)^2$. From scratch with SciPy's matrix root, then the library, which needs no root of a product:
# %%
def by_root(m1, c1, m2, c2):
    half = sqrtm(c1)
    return (m1 - m2) @ (m1 - m2) + np.trace(c1 + c2 - 2 * sqrtm(half @ c2 @ half)).real

draw = stream(SEED, "fid")
m1, m2 = draw.normal(size=(2, 5))
c1, c2 = (b @ b.T + 0.1 * np.eye(5) for b in draw.normal(size=(2, 5, 5)))
claim(agree(by_root(m1, c1, m2, c2), frechet_distance(m1, c1, m2, c2), digits=8),
      "the distance by hand is the library's")
claim(frechet_distance([1.0], [[4.0]], [4.0], [[36.0]]) == (1 - 4) ** 2 + (2 - 6) ** 2,
      "in one dimension the distance is that of the means and of the deviations")
# %% [markdown]
# **Predict:** two samples of *one and the same* Gaussian in $d=16$ dimensions, $n$ vectors each. The true distance is 0. What does (4) give from the samples, and how does it fall with $n$?
#
# To second order in the errors of mean and covariance, for $C=I$ (the means give $2d/n$, the covariances $d(d+1)/2n$):
#
# $$\mathbb E\,d^2\approx\frac{d\,(d+5)}{2n}. \tag{5}$$
# %%
sizes, d, repeats = np.array([100, 200, 400, 800, 1600, 3200]), 16, 12
def between_samples(n, i):
    a, b = stream(SEED, "two samples", n, i).normal(size=(2, n, d))
    return cloud_of([a]).distance(cloud_of([b]))

measured = np.array([[between_samples(n, i) for i in range(repeats)] for n in sizes])
expected = d * (d + 5) / (2 * sizes)
ax = plt.subplots(figsize=(7.6, 4.2))[1]
ax.loglog(np.repeat(sizes, repeats), measured.ravel(), ".", color=plots.ROLES["measured"], alpha=0.6, label="two samples of one Gaussian")
ax.loglog(sizes, expected, color="black", label="d (d + 5) / 2n")
ax.set(xlabel="vectors in each sample, n", ylabel="distance, squared (as FID)")
ax.legend()
plots.show(ax, alt="Distance between two samples of the same Gaussian against their size, both logarithmic: a straight line that falls in inverse proportion to n, on which the formula lies.")
errors = measured.std(axis=1, ddof=1) / np.sqrt(repeats)
claim(by_chance(np.maximum(np.abs(measured.mean(axis=1) - expected) - expected * d / sizes, 0) / errors),
      "two samples of one Gaussian are d (d + 5) / 2n apart")
Markdown(f"A perfect generator would not have FID 0. With 128 white features and 2000 images on both sides (5) gives {128 * 133 / 4000:.1f}; so FIDs are compared **at equal n only**, and with the same extractor.")
# %% [markdown]
# Published FID takes its features from Inception v3. Those weights are not in this lab. Our runs use a small classifier trained on CIFAR-10, or random features at smoke scale. **Such a number cannot be compared with a published FID**, and every record says so.
#
# ## 4 · What falls? A live game
# WGAN-GP at smoke scale: networks of 2 channels, generated pictures, random features, ten times the published learning rate so that something moves in a minute's work. NALA and Lookahead have $k=30$: five whole rounds of five turns of the critic and one of the generator.
#
# **Predict:** the critic's gap $\mathbb E\,c(\text{real})-\mathbb E\,c(\text{fake})$ estimates a distance and starts near 0. Which way will it go? Can it become negative?
# %%
def game(name):
    run = plan("wgan-gp-cifar10", name, seed=SEED, scale="smoke", changes={"lr": 2e-3})
    run = replace(run, scale=replace(run.scale, log_every=1, epochs=2, batches=GRADIENTS // 2))
    with TemporaryDirectory() as folder:
        return execute(run, Path(folder), progress=False)[0]

live = [game(name) for name in ("nala", "adam", "adala")]
player = live[0].column("train", "player")  # 0: the critic's turn, 1: the generator's
claim(set(player) == {0.0, 1.0}, "the log has turns of both players")
figure = plots.three_axes(live, "train", "gap", ylabel="critic's gap on a mini-batch")
plots.show(figure, alt="The critic's gap for NALA, Adam and AdaLA against timesteps, gradients and seconds: near zero at first; at the end it is below zero for all three. AdaLA makes half of the others' timesteps with the same gradients.")
# %%
spent = {run.optimizer: run.footer["totals"] for run in live}
claim(all(totals["grad_evals"] == GRADIENTS for totals in spent.values()), "every run has spent the same gradients")
claim(spent["adala"]["timesteps"] == GRADIENTS / 2 and spent["nala"]["timesteps"] * 31 == GRADIENTS * 30,
      "AdaLA makes half as many timesteps as gradients, and NALA 30 of 31")
label = live[0].header["data"]["fid"]["extractor"]
claim("not comparable with published FID" in label,
      "the record says that its FID cannot be compared with a published one")
for run in live:
    fid = run.column("test", "fid")
    print(f"{run.optimizer:6s} gap {run.column('train', 'gap')[0]:+.4f} -> {run.column('train', 'gap')[-1]:+.4f}, FID {fid[0]:.2f} -> {fid[-1]:.2f} ({label})")
claim(all(run.column("train", "gap").min() < -0.1 for run in live), "the critic's gap becomes negative")
claim(all(run.column("test", "fid")[-1] < run.column("test", "fid")[0] for run in live), "FID falls in every run")
# %% [markdown]
# It became negative: after a while the critic gives the *generated* pictures the higher score: it is wrong about who is real. FID fell all the same. The gap is the critic's *estimate* of a distance, good only if the critic is near its optimum, and on a scale that the critic itself moves. Do not rank optimizers by it, nor by either loss. FID can be compared between runs with one extractor; with one seed, 64 images and random features it ranks nothing here either.
#
# ## 5 · The real runs
# `nala-lab train wgan-cifar10` and `wgan-gp-cifar10` at scale `cpu`: half the channels, 2000 generated images against 10 000 real ones, one epoch of a few hundred gradients. The paper has 100 epochs and 64 000 images.
# %%
GANS = {task: [run for run in runs_of(FOLDER, task) if run.outcome == "finished"] for task in ("wgan-cifar10", "wgan-gp-cifar10")}

def fids(task, runs):
    """A table of FID at the start, the best epoch and the end, with whose features these are."""
    fid = runs[0].header["data"]["fid"]
    lines = ["| optimizer | seeds | gradients | timesteps | FID before | best epoch | last |", "|---|---|---|---|---|---|---|"]
    for name in dict.fromkeys(run.optimizer for run in runs):
        own = [run.column("test", "fid") for run in runs if run.optimizer == name]
        totals = next(run.footer["totals"] for run in runs if run.optimizer == name)
        values = (np.mean([pick(v) for v in own]) for pick in (lambda v: v[0], lambda v: v[1:].min(), lambda v: v[-1]))
        lines.append(f"| {plots.label(name)} | {len(own)} | {totals['grad_evals']} | {totals['timesteps']} | " + " | ".join(f"{v:.1f}" for v in values) + " |")
    return f"**{task}**, scale {runs[0].header['config']['scale']}. FID of {fid['samples']} images, features: *{fid['extractor']}*.\n\n" + "\n".join(lines)

for task, runs in GANS.items():
    display(Markdown(fids(task, runs) if runs else f"*{task}: not yet run.*"))
    claim(all("not comparable" in run.header["data"]["fid"]["extractor"] for run in runs),
          "every record says that its FID cannot be compared")
    claim(all(run.header["config"]["epochs"] == 1 for run in runs), "the runs are one epoch long")
# %%
for task, runs in GANS.items():
    if runs:
        figure = plots.three_axes(runs, "train", "loss", ylabel="critic's loss on\none mini-batch")
        plots.show(figure, alt=f"{task}: the critic's loss on single mini-batches against timesteps, gradient evaluations and seconds, a line for each optimizer. Some fall far, some stay where they began.")
        fell = {run.optimizer: np.diff([part.mean() for part in np.array_split(run.column("train", "loss"), 6)[:: 5]])[0] for run in runs}
        still = [plots.label(name) for name, change in fell.items() if change > 0.05 * min(fell.values())]  # less than a twentieth of the largest fall
        display(Markdown(f"{task}: at this length the critic of {', '.join(still) or 'nobody'} has hardly moved."))
# %% [markdown]
# Who has hardly moved is a matter of the rate, not of the method: all have the learning rate 0.0002 that suits Adam, and for SGD that is a very short step. That the *critic's* loss falls says that it tells real from generated pictures better; it is not the quality of the pictures.
#
# At equal gradients AdaLA has made half of the others' timesteps, so the first panel and the second tell different stories about it. With this number of seeds no order of optimizers is claimed here.
#
# Each record ends with a page of samples: the same latent vectors for every optimizer.
# %%
def page(run):
    text = [row for row in run.rows if row["kind"] == "samples"][-1]["png"]
    return np.asarray(Image.open(BytesIO(base64.b64decode(text))).convert("RGB"))[:96, :96]  # 9 of 64 samples

for task, runs in GANS.items():
    first = list({run.optimizer: run for run in reversed(runs) if any(row["kind"] == "samples" for row in run.rows)}.values())[::-1][:4]
    if first:
        figure, axes = plt.subplots(1, len(first), figsize=(2.4 * len(first), 2.8), squeeze=False)
        for ax, run in zip(axes[0], first, strict=True):
            ax.imshow(page(run), interpolation="nearest")
            ax.set_title(plots.label(run.optimizer))
            ax.axis("off")
        plots.show(figure, alt=f"{task}: nine generated images of 32 by 32 pixels for each of {len(first)} optimizers. After so few gradients they are coloured patches, not objects.")
    else:
        display(Markdown(f"*{task}: no page of samples yet.*"))
# %% [markdown]
# ## Summary
# * In a bilinear game plain descent circles or leaves; a slow loop averages the circling.
# * One optimizer, two groups, one clock: then $\phi$ is an average of iterates of the game and (2) is its map. A wrapper for each player is another method with another rate.
# * (4) is exact for Gaussians. Between samples it is positive, about $d(d+5)/2n$ for white features: compare at equal $n$, with one extractor.
# * The critic's gap and both losses say little about pictures. FID with our stand-in extractor is **not comparable with published FID**.
#
# ## Exercises
# 1. *Predict, then run.* $\mu=+0.3$ in `cycle(6, mu)`: does the game still converge? For which $\mu$ is the radius smallest?
# 2. Replace $A$ by `np.diag([1.0, 0.1])`. Which of its two circles is slow to settle, and can $k$ repair it?
# 3. With one clock and `n_critic=5`, try $k=5$: the generator moves in some cycles and not in others. **Predict** whether the map of six cycles is the sixth power of one.
# 4. Multiply the second sample of section 3 by 1.1. At which $n$ can you see the difference above (5)?
# 5. Give `game` the name `"lookahead"`. What differs from NALA in the columns `grad_evals` and `phase` of its training rows?
