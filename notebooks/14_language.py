# %% [markdown]
# # 14 · Language: perplexity, clipping, and a probe that hardly looks ahead
#
# **Aims.** After this lesson you can
#
# 1. compute a perplexity, and average it the right way;
# 2. say what clipping at 0.25 does to a step of SGD, and what it does to Adam;
# 3. measure how much of AdaLA's probe gradient comes from looking ahead, and how much from the next mini-batch;
# 4. read the records of the LSTM on Penn Treebank on three x-axes.
#
# **Time** 45 minutes. **Before** Lesson 05; 04 for AdaLA. The live network is small and learns a generated text, the long runs are read from committed records. The lesson needs torch; `make torch` adds it.
# %% tags=["parameters"]
SEED = 0
EPOCHS = 6  # of the live runs: 48 windows
RECORDS = ""  # a folder of records; empty: the committed ones
# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown, display
from torch.nn import functional as F

import paper_figs
from nala_lab import plots
from nala_lab.classroom import agree, claim
from nala_lab.core import stream
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.experiments.run.options import Options
from nala_lab.results.comparable import runs_of

plots.use_style()
torch.set_num_threads(1)
FOLDER = Path(RECORDS) if RECORDS else Path(paper_figs.__file__).parent / "records"
# %% [markdown]
# ## 1 · A failure first: the mean of perplexities
# A student reads a text in windows, computes the perplexity of each, and reports their mean. A second student reads the same text with the same model in windows of another length.
#
# **Predict:** same words, same probabilities. Will they report the same number?
# %%
losses = stream(SEED, "word losses").gamma(2.0, 3.0, size=2400)  # -log p of each word, in nats: some easy, some hard

def student(window):
    return np.exp(losses.reshape(-1, window).mean(axis=1)).mean()

for window in (10, 40, 240):
    print(f"windows of {window:3d} words: mean of perplexities {student(window):12,.0f}")
print(f"the text as a whole: {np.exp(losses.mean()):,.0f}")
claim(student(10) > 2 * np.exp(losses.mean()),
      "with windows of 10 words the mean of perplexities is more than twice too large")
claim(student(10) > student(40) > student(240) > np.exp(losses.mean()),
      "the shorter the window, the larger the mean of perplexities")
# %% [markdown]
# ## 2 · The equation
# $$\text{perplexity}=\exp\Big(\frac1N\sum_{n=1}^{N}-\log p(w_n\mid w_1\ldots w_{n-1})\Big) \tag{1}$$
#
# Average the *losses over words*, then take the exponential, once. A model that gives each of $V$ words the probability $1/V$ has perplexity $V$. The average over windows must also weigh by words: the last window is shorter.
#
# The task: an LSTM (AWD-LSTM, one layer) at smoke scale on a generated text of the shape of Penn Treebank, 10 000 words; each word is followed by one of three, with equal chances. So no model can be below perplexity 3.
# %%
def trained(name, task="lstm1-ptb-released", epochs=EPOCHS, clip=None, **changes):
    """One run at smoke scale on the generated text."""
    run = plan(task, name, seed=SEED, scale="smoke", epochs=epochs, changes=changes, options=Options(clip=clip))
    with TemporaryDirectory() as folder:
        return execute(run, Path(folder), progress=False)[0]

workload = plan("lstm1-ptb-released", "adam", seed=SEED, scale="smoke").workload()
net, text = workload.model, workload._held_out[""]  # (rows, columns) of the test text

def by_hand():
    """Eq. (1): every column read in one go, from a hidden state of zeros."""
    with torch.no_grad():
        logits, *_ = net.eval()(text[:-1], workload._start(text.shape[1]))
    logp = logits.double().log_softmax(1)
    return float(torch.exp(-logp.gather(1, text[1:].reshape(-1, 1)).mean()))

measured = workload.evaluate()["perplexity"]  # the library reads it in windows and adds up losses
print(f"from scratch {by_hand():.4f}, library {measured:.4f}; a uniform model has {len(net.bias):,}")
claim(agree(measured, by_hand(), digits=5), "the perplexity by hand is the library's")
claim(abs(measured / len(net.bias) - 1) < 0.02, "a network that has learned nothing is as good as guessing, within 2 %")

# %% [markdown]
# ## 3 · What clipping does
# Over all parameters together, with norm $\lVert g\rVert$:
#
# $$g\;\leftarrow\; g\cdot\min\!\Big(1,\ \frac{c}{\lVert g\rVert}\Big),\qquad c=0.25 \text{ in the paper's tasks.} \tag{2}$$
#
# The direction stays. SGD's step is then at most $\eta c$ long: with the program's $\eta=30$ that is 7.5. Adam divides by the size of recent gradients; if *all* are scaled by one number, that number cancels (up to $\epsilon$).
# %%
def clipped(g, c):
    return g * min(1.0, c / float(g.norm()))

g = torch.from_numpy(stream(SEED, "gradient").normal(size=50))
p = torch.nn.Parameter(torch.zeros(50, dtype=torch.float64))
p.grad = g.clone()
torch.nn.utils.clip_grad_norm_([p], 0.25)
claim(agree(p.grad, clipped(g, 0.25), digits=5), "clipping by hand is torch's")
claim(agree(float(p.grad.norm()), 0.25, digits=5) and torch.equal(clipped(0.01 * g, 0.25), 0.01 * g),
      "a long gradient is cut to 0.25 and a short one stays")
# %% [markdown]
# **Predict** for SGD at $\eta=30$ and for Adam at 0.01 (in that program the rates of one layer, and of two and three), at $c=$ none, 0.25, 0.02: whose curve depends on $c$?
# %%
levels = (0, 0.25, 0.02)  # 0: not clipped
runs = {(name, c): trained(name, clip=c, lr=lr) for name, lr in (("sgd", 30.0), ("adam", 0.01)) for c in levels}
figure, axes = plt.subplots(1, 2, figsize=(10.2, 4.2), sharey=True)
for ax, name in zip(axes, ("sgd", "adam"), strict=True):
    for c, dash in zip(levels, ("-", "--", ":"), strict=True):
        run = runs[name, c]
        ax.semilogy(run.column("test", "grad_evals"), run.column("test", "perplexity"), dash, color=plots.COLOURS[name], label=f"c = {c}" if c else "not clipped")
    ax.set(xlabel="gradient evaluations", title=f"{plots.label(name)}, lr {runs[name, 0].header['config']['optimizer']['lr']:g}")
    ax.legend()
axes[0].set_ylabel("test perplexity, generated text")
plots.show(figure, alt="Test perplexity against gradients. Left, SGD: it falls from 10 000 to a few hundred, but much more slowly when clipped at 0.02. Right, Adam: the three curves lie nearly on each other.")
# %%
last = {key: run.column("test", "loss")[-1] for key, run in runs.items()}
spread = {name: max(last[name, c] for c in levels) - min(last[name, c] for c in levels) for name in ("sgd", "adam")}
print({name: f"{value:.4f} nats between the three" for name, value in spread.items()})
claim(spread["adam"] < spread["sgd"] / 10, "the threshold changes SGD's result ten times more than Adam's")
# %% [markdown]
# Adam hardly sees the threshold; SGD is slowed when it bites. Clipping is part of SGD's tuning, and only a safety belt for Adam. What does the belt hold? Ten times the learning rate:
# %%
wild = {c: trained("sgd", clip=c, lr=300.0) for c in (0, 0.25)}
for c, run in wild.items():
    ended = run.footer["diverged_because"] or f"perplexity {run.column('test', 'perplexity')[-1]:.1e}"
    print(f"lr 300, {f'clipped at {c}' if c else 'not clipped'}: {run.outcome} after {run.footer['totals']['grad_evals']} gradients; {ended}")
claim((wild[0].outcome, wild[0.25].outcome) == ("diverged", "finished"),
      "at ten times the learning rate the run diverges without clipping, and ends with it")
claim(wild[0.25].column("test", "perplexity")[-1] > len(net.bias), "the clipped run ends worse than guessing")
# %% [markdown]
# Divergence is a result: the run ends with its record, and says why. The clipped run *finished*, with a model that is worse than guessing. Clipping bounds a step, not a loss.
#
# ## 4 · Does the next-batch probe look ahead?
# AdaLA steps to a probe point $\theta'=\theta+\Delta$ with the gradient of mini-batch $i$, and there takes a gradient of mini-batch $i+1$: each gradient of a new mini-batch, as in the released program. Its new information splits exactly in two:
#
# $$g_{i+1}(\theta')-g_i(\theta)=\underbrace{g_{i+1}(\theta')-g_{i+1}(\theta)}_{\text{looking ahead}}+\underbrace{g_{i+1}(\theta)-g_i(\theta)}_{\text{another mini-batch}} \tag{3}$$
#
# **Predict:** at the published $\eta=0.001$: how large is the first part, in per cent of the second?
# %%
workload.start_epoch(0)
net.train()
parameters = list(net.parameters())

def gradient(i, masks):
    """Gradient of the cross-entropy on window i, from a hidden state of zeros; `masks` names the dropout."""
    first, rows = workload._windows[i]
    x, y = text_of(first, rows), text_of(first + 1, rows).flatten()
    logits, *_ = net(x, workload._start(x.shape[1]), torch_stream(SEED, "masks", masks))
    return torch.cat([part.flatten() for part in torch.autograd.grad(F.cross_entropy(logits, y), parameters)])

text_of = lambda first, rows: workload._train[first : first + rows]  # noqa: E731

def moved(by):
    """Move all weights by a vector, in place."""
    with torch.no_grad():
        for part, delta in zip(parameters, by.split([part.numel() for part in parameters]), strict=True):
            part.add_(delta.view_as(part))

def parts_of(i, lr):
    """Norms of the two parts of Eq. (3); Delta is Adam's first step."""
    here, nearby = gradient(i, i), gradient(i + 1, i + 1)
    delta = -lr * here / (here.abs() + 1e-8)
    moved(delta)
    ahead = gradient(i + 1, i + 1)
    moved(-delta)
    claim(agree(ahead - here, (ahead - nearby) + (nearby - here), digits=3),
          "the two parts add up to the new information")
    return float((ahead - nearby).norm()), float((nearby - here).norm())

rates = np.array([1e-4, 1e-3, 1e-2, 1e-1])
norms = np.array([[parts_of(i, lr) for i in range(4)] for lr in rates]).mean(axis=1)  # (rates, 2)
share = norms[:, 0] / norms[:, 1]
figure, ax = plt.subplots(figsize=(7.8, 4.2))
ax.loglog(rates, norms[:, 0], "o-", color=plots.COLOURS["adala"], label="looking ahead")
ax.loglog(rates, norms[:, 1], "s--", color="#555555", label="another mini-batch")
ax.axvline(1e-3, color="black", lw=1, ls=":", label="published learning rate")
ax.set(xlabel="learning rate", ylabel="norm of the part of Eq. (3)")
ax.legend(loc="lower right")
plots.show(ax, alt="Norms of the two parts of the probe's new information against the learning rate. The part of another mini-batch is constant. The part of looking ahead grows in proportion to the learning rate and is more than fifty times smaller at the published one.")
# %%
published = share[1]
claim(published < 0.02, "at the published learning rate looking ahead is under 2 % of the other mini-batch's part")
claim(np.allclose(share[1] / share[0], 10, rtol=0.3), "the look-ahead part is proportional to the learning rate")
Markdown(f"At $\\eta=0.001$ the look-ahead part is **{100 * published:.1f} %** of the mini-batch part. Here and at these weights, the probe is above all a *second sample* of the gradient. It costs a gradient, and a plain step would have used that one too.")
# %% [markdown]
# Two ways to make the probe look: use the *same* mini-batch for it (`probe_batch` in `nala_lab.optim.AdaLA`; the training loop here gives every gradient a new one), or larger steps and larger mini-batches. The ratio grows with $\eta$ and with the curvature, and later in training both parts change. We measured one small network near its start, so the sentence above is about that.
#
# The same split holds for NALA's outer gradient. There $y_t$ is several steps away, and the gradient is multiplied by $\alpha=0.001$ without Adam's division.
#
# ## 5 · Three x-axes, live
# Four optimizers for the same number of windows, SGD at 30, the others at 0.01.
# %%
live = [runs["adam", 0.25], runs["sgd", 0.25], trained("adala", lr=0.01), trained("adabelief", lr=0.01)]
figure = plots.three_axes(live, "test", "perplexity", ylabel="test perplexity\n(generated text)", log=True)
plots.show(figure, alt="Test perplexity on the generated text for Adam, SGD, AdaLA and AdaBelief against timesteps, gradients and seconds. AdaLA's curve ends at half of the others' timesteps.")
totals = {run.optimizer: run.footer["totals"] for run in live}
claim(totals["adala"]["timesteps"] * 2 == totals["adam"]["timesteps"] == totals["adala"]["grad_evals"],
      "AdaLA makes half of the timesteps with the same gradients")
claim(min(run.column("test", "perplexity").min() for run in live) > 3, "nobody beats the text's own perplexity of 3")
claim(live[0].header["data"]["name"] == "ptb (generated)", "the text is generated")
# %% [markdown]
# Do not conclude anything about optimizers here: 48 windows, one seed, a text without grammar, and learning rates that were chosen for 200 epochs.
#
# ## 6 · Penn Treebank, from records
# `nala-lab train lstm1-ptb` at scale `cpu`: all 930 thousand words, windows of 70 rows, 20 columns. The paper trains for 200 epochs.
# %%
PTB = {task: [run for run in runs_of(FOLDER, task) if run.outcome == "finished"] for task in ("lstm1-ptb", "lstm1-ptb-released", "lstm2-ptb", "lstm3-ptb")}

def told(task, found):
    """One line an optimizer: test perplexity before and at the end, mean over seeds."""
    config = found[0].header["config"]
    lines = [f"**{task}**, scale {config['scale']}: {config['epochs']} epoch(s)" + (f" of {config['batches']} windows" if config["batches"] else "") + ".", "", "| optimizer | seeds | gradients | timesteps | perplexity before | after | lowest, highest seed |", "|---|---|---|---|---|---|---|"]
    for name in dict.fromkeys(run.optimizer for run in found):
        own = np.array([run.column("test", "perplexity") for run in found if run.optimizer == name])
        cost = next(run.footer["totals"] for run in found if run.optimizer == name)
        lines.append(f"| {plots.label(name)} | {len(own)} | {cost['grad_evals']:,} | {cost['timesteps']:,} | {own[:, 0].mean():,.0f} | {own[:, -1].mean():,.1f} | {own[:, -1].min():,.1f}, {own[:, -1].max():,.1f} |")
    return "\n".join(lines)

for task, found in PTB.items():
    display(Markdown(told(task, found) if found else f"*{task}: not yet run.*"))
    claim(all(agree(np.exp(run.column("test", "loss")), run.column("test", "perplexity"), digits=6) for run in found),
          "the recorded perplexity is the exponential of the recorded loss")
# %%
for task in ("lstm1-ptb", "lstm2-ptb", "lstm3-ptb"):
    if PTB[task]:
        figure = plots.three_axes(PTB[task], "train", "cross_entropy", ylabel="cross-entropy of one\ntraining window (nats)")
        plots.show(figure, alt=f"{task}: cross-entropy of single training windows of Penn Treebank, with dropout and before the update, against timesteps, gradient evaluations and seconds; a noisy falling line for each optimizer.")
        break
else:
    display(Markdown("*Not yet run:* `nala-lab train lstm1-ptb --optimizer adala adabelief adam sgd --seeds 0 1` writes these records."))
# %%
first = PTB["lstm1-ptb"]
ends = {name: [run.column("test", "perplexity")[-1] for run in first if run.optimizer == name] for name in dict.fromkeys(run.optimizer for run in first)}
if {"adala", "adam"} <= ends.keys():
    means = {name: np.mean(ends[name]) for name in ("adala", "adam")}
    word = "higher" if means["adala"] > means["adam"] else "lower"
    display(Markdown(f"Test perplexity after one epoch at equal gradients: AdaLA {means['adala']:,.0f}, Adam {means['adam']:,.0f}, so AdaLA's is {word}. With these gradients AdaLA has made half of Adam's steps; the other half were probes, and section 4 says what these are. One epoch of 200, {len(ends['adala'])} seed(s) of AdaLA and {len(ends['adam'])} of Adam: no more than that."))
# %% [markdown]
# **Whose settings?** `lstm1-ptb` has the hyperparameters that the AdaLA paper prints in its section 4 (weight decay $5\cdot10^{-4}$ for every optimizer that has one, SGD at 0.1). `lstm1-ptb-released` has those of AdaBelief's program (SGD at 30, weight decay $1.2\cdot10^{-6}$), whose curves the paper's Table 3 shows for the rivals. The same name of an optimizer is another method in each: compare within one task only.
#
# ## Summary
# * Perplexity is the exponential of a mean over words. A mean of perplexities depends on the length of the windows.
# * Clipping bounds the length of a step. It slows SGD where it bites; Adam hardly notices; it does not save a learning rate that is far too large.
# * A probe with the next mini-batch is, near the start of this network at $\eta=0.001$, a second sample and hardly a look ahead.
# * At equal gradients AdaLA has made half of the timesteps. Say which axis.
#
# ## Exercises
# 1. *Predict, then run.* Change the text of section 4 to windows of twice the length (`workload.bptt`, then `start_epoch`). Which of the two parts becomes smaller?
# 2. Measure (3) again after 40 steps of Adam on `net`. Does the share grow?
# 3. Compare AdaLA and Adam of section 5 at equal gradients *and* at equal timesteps: interpolate with `np.interp`. Then train both at 0.001.
# 4. For which $c$ would SGD at $\eta=30$ make steps as long as Adam's first step at 0.001? Count the parameters with `sum(p.numel() for p in net.parameters())`.
# 5. What is the lowest possible perplexity of a text in which each word is followed by one of three with chances 1/2, 1/4, 1/4?
