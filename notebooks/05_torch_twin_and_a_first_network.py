# %% [markdown]
# # 05 · The torch twin and a first network
# **Aims.** After this lesson you can
#
# 1. train a network with `nala_lab.optim.NALA` and say at every moment which weights you are looking at;
# 2. check that the NumPy twin and the torch twin take the same path, to a few units in the last place;
# 3. save and resume in the middle of a cycle, bit for bit;
# 4. read a table of training runs: what is separated by the data, and what is not.
#
# **Time** 40 minutes. **Before** Notebooks 00 and 01, and a first look at PyTorch. Nothing is downloaded: the small network learns scikit-learn's digits, and the larger runs are read from committed records. The lesson needs torch; `make torch` adds it.
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
CYCLES = 5  # of NALA on LeNet-5, in section 1
EPOCHS = 5  # of LeNet-5 on the digits, in section 6
SEED = 0
# %%
from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown
from torch.nn import functional as F

import paper_figs
from nala_lab import plots, reference
from nala_lab.classroom import agree, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run.loop import Plan, train
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import Halving
from nala_lab.experiments.tasks.image_workload import ImageWorkload, mini_batches
from nala_lab.methods import label
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from nala_lab.results.comparable import runs_of
from nala_lab.results.evidence import SEPARATED
from nala_lab.results.tables import compare, markdown_comparison, markdown_table, results_table

plots.use_style()
torch.set_num_threads(1)  # the same sums in the same order on every machine
# %% [markdown]
# ## 1 · A failure first
# A student trains LeNet-5 on the digits with NALA, looks at the test loss after every `opt.step()`, and keeps the weights with the lowest one. That is how everybody does it with Adam.
#
# **Predict:** the curve will fall. Will it fall smoothly? And are the weights with the lowest loss weights that NALA gives as its answer?
# %%
guess = predict(f"Test loss of the slow weights after {6 * CYCLES} gradients? At random it is log 10 = 2.3.", ...)  # a number in place of the dots
data = load_data("digits")
model = lenet5(generator=torch_stream(SEED, "initial weights"))
opt = NALA(model.parameters(), lr=1e-3, k=5, mu=-0.5, alpha=1e-3)
order = torch_stream(SEED, "data order")
held_out = ImageWorkload(model, data, batch_size=256, seed=SEED)
batches = [rows for _ in range(CYCLES) for rows in mini_batches(len(data.train_y), 256, order)][: 6 * CYCLES]
log = []
for rows in batches:
    opt.zero_grad()
    F.cross_entropy(model(data.train_x[rows]), data.train_y[rows]).backward()
    opt.step()
    naive = held_out.evaluate()["loss"]
    with opt.slow_weights():
        slow = held_out.evaluate()["loss"]
    log.append((opt.phase, naive, slow))
# %%
phase, naive, slow = (np.array(column) for column in zip(*log, strict=True))
ax, x = plt.subplots(figsize=(8.6, 4.6))[1], np.arange(1, len(log) + 1)
ax.plot(x, naive, "-", color=plots.ROLES["fast"], lw=1.4, label="read after every step()")
ax.plot(x, slow, drawstyle="steps-post", color=plots.ROLES["slow"], label=r"slow weights $\phi_t$")
for here, mark, text in ((phase == 5, "d", r"the weights stand at $y_t$"), (phase == 0, "o", r"the weights are $\phi_t$")):
    ax.plot(x[here], naive[here], mark, color=plots.ROLES["slow"], ms=8, label=text)
ax.set(xlabel="gradient evaluations", ylabel="test loss (nats)")
ax.legend()
plots.show(ax, alt="Test loss against gradient evaluations for five cycles. The dark grey line, read after every step, is a saw: it falls during the inner steps and jumps back up at each look-ahead point. The loss of the slow weights is a staircase above it that goes down once in six gradients.")
guess.meets(slow[-1])
# %%
saw = naive.reshape(CYCLES, 6)  # columns: after inner step 1, 2, 3, 4, then at y_t, then phi_t
claim(np.all(phase.reshape(CYCLES, 6) == [1, 2, 3, 4, 5, 0]), "the phase counts 1 to 5 and back to 0 in each cycle")
claim(np.all(saw[:, 3] < saw[:, 4]), "the loss jumps up where the weights are pulled back to y")
claim(np.all(slow[5::6] == naive[5::6]), "at phase 0 the two readings are the same weights")
claim(phase[np.argmin(naive)] != 0, "the lowest reading belongs to weights that are not NALA's answer")
Markdown(f"The lowest reading is {naive.min():.3f}, at phase {phase[np.argmin(naive)]}: fast weights, which NALA is about to pull back. Its own answer at the end, $\\phi_{{{CYCLES}}}$, has loss {slow[-1]:.3f}. A curve that is read at one phase in one run and at another phase in the next compares different things.")
# %% [markdown]
# So the rule: **say which weights.** In this lab the answer of a two-loop method is $\phi$; `with opt.slow_weights():` shows it at any moment, and puts everything back afterwards.
#
# It is not a law that the fast weights are better. Here the run has just begun and every step helps. Near the end, when mini-batch noise decides, averaging can make $\phi$ the better one.
# ## 2 · The equations
# $$\theta_{t,i+1} = \theta_{t,i} + A(J,\theta_{t,i},d), \qquad i=0,\ldots,k-1 \tag{4}$$
# $$y_t = (1+\mu)\,\theta_{t,k}-\mu\,\phi_{t-1} \tag{Alg. 1}$$
# $$\phi_t = y_t-\alpha\nabla J(y_t) \tag{5, first line}$$
#
# In torch one call of `step()` spends one gradient. Calls 1 to $k$ are the inner steps; the $k$-th also moves the weights to $y_t$. Call $k+1$ is the outer step, **with the gradient of the batch you have just computed at $y_t$**. The training loop stays the usual one; `opt.phase` says where you are.
# ## 3 · From scratch, then with the library
# A small regression, in float64: 64 examples, 5 weights, mini-batches of 8.
# %%
draw = stream(SEED, "regression")
X, target = torch.from_numpy(draw.normal(size=(64, 5))), torch.from_numpy(draw.normal(size=64))
parts = [torch.from_numpy(draw.integers(0, 64, size=8)) for _ in range(40)]  # 40 = 6 x 6 + 4: ends inside a cycle
loss = lambda w, rows: ((X[rows] @ w - target[rows]) ** 2).mean()  # noqa: E731

def nala_by_hand(w, k=5, mu=-0.5, alpha=0.1, lr=0.05):
    inner, phi = torch.optim.Adam([w], lr=lr), w.detach().clone()
    for i, rows in enumerate(parts):
        (w.grad,) = torch.autograd.grad(loss(w, rows), w)
        if i % (k + 1) < k:
            inner.step()  # Eq. (4)
            if i % (k + 1) == k - 1:
                w.data = (1 + mu) * w.data - mu * phi  # Alg. 1: now the weights stand at y_t
        else:
            phi = w.data - alpha * w.grad  # Eq. (5), first line
            w.data = phi.clone()  # a copy: Adam writes in place, and phi must not move with w
    return w.detach()

def steps(w, opt, rows_of_steps):
    for rows in rows_of_steps:
        opt.zero_grad()
        loss(w, rows).backward()
        opt.step()
    return w.detach().clone()

fresh = lambda: torch.zeros(5, dtype=torch.float64, requires_grad=True)  # noqa: E731
make = lambda w: NALA([w], lr=0.05, k=5, mu=-0.5, alpha=0.1)  # noqa: E731
w = fresh()
by_hand, by_library = nala_by_hand(fresh()), steps(w, make(w), parts)
claim(agree(by_library.numpy(), by_hand.numpy()), "the library trains as the loop by hand does")
# %% [markdown]
# ## 4 · Parity: two programs, one path
# The lab has two implementations that share no arithmetic: `nala_lab.reference` (NumPy, line by line from the papers) and `nala_lab.optim` (torch). We feed both the same 120 gradients, drawn once, and compare **every** position, not only the last one. The gradients do not depend on the position, so nothing amplifies a rounding error.
#
# **Predict:** they need not be equal bit for bit: torch computes $y_t$ as $\theta+(-\mu)(\phi-\theta)$, and its Adam divides in another order. How many units in the last place (ulps) apart will they be?
# %%
grads = stream(SEED, "parity").normal(size=(120, 6))
x0 = stream(SEED, "parity", "start").normal(size=6)

def torch_path(build):
    w = torch.nn.Parameter(torch.from_numpy(x0.copy()))
    opt, rows = build([w]), []
    for g in grads:
        w.grad = torch.from_numpy(g.copy())
        opt.step()
        rows.append(w.detach().numpy().copy())
    return np.array(rows)

def numpy_path(method, **length):
    """Where the torch twin stands after each gradient, from the NumPy trajectory."""
    feed = iter(grads)
    t = reference.run(method, lambda x: next(feed), x0, **length)
    if hasattr(t, "x"):
        return t.x[1:] if t.probes is None else np.stack([t.probes, t.x[1:]], axis=1).reshape(-1, 6)
    ends = [t.lookahead[:, None], t.slow[1:, None]] if isinstance(method, reference.NALA) else [t.slow[1:, None]]
    return np.concatenate([t.fast[:, 1 : t.k], *ends], axis=1).reshape(-1, 6)

adam = reference.Adam(lr=0.05)
pairs = {
    "nala": (numpy_path(reference.NALA(adam, k=5, mu=-0.5, alpha=0.1), cycles=20), lambda p: NALA(p, lr=0.05, k=5, mu=-0.5, alpha=0.1)),
    "lookahead": (numpy_path(reference.Lookahead(adam, k=5, alpha=0.5), cycles=24), lambda p: Lookahead(p, lr=0.05, k=5, alpha=0.5)),
    "adabelief": (numpy_path(reference.AdaBelief(lr=0.05, eps=1e-2), steps=120), lambda p: AdaBelief(p, lr=0.05, eps=1e-2)),
    "adala": (numpy_path(reference.AdaLA(lr=0.05, eps=1e-2), steps=60), lambda p: AdaLA(p, lr=0.05, eps=1e-2)),
}
# %%
ax, spent = plt.subplots(figsize=(8.2, 4.6))[1], np.arange(1, 121)
for name, (by_numpy, build) in pairs.items():
    gap = np.abs(torch_path(build) - by_numpy).max(axis=1) / np.spacing(np.abs(by_numpy).max())
    claim(np.all(gap <= 2 * spent), f"the twins of {name} drift apart by at most two units in the last place a step")
    ax.plot(spent, gap, **(plots.look(name) | {"markevery": 12, "label": f"{plots.label(name)}: at most {gap.max():.1f}"}))
ax.set(xlabel="gradients spent", ylabel="largest difference of the twins (ulps)", ylim=(-0.05, 1.6 * max(line.get_ydata().max() for line in ax.lines)))
ax.legend(loc="upper left", ncols=2)
plots.show(ax, alt="The largest difference between the two twins after each of 120 gradients, in units of the last place, for NALA, Lookahead, AdaBelief and AdaLA. All four curves stay at or below about one.")
# %% [markdown]
# About one ulp after 120 gradients: the same path for all purposes. The test suite does this for every optimizer and every documented option, and plants bugs to see that it would notice.
# ## 5 · Save and resume in the middle of a cycle
# A run is stopped after 9 gradients: 6 for the first cycle, 3 in the second. **A second failure:** the student saves the weights and the state of the inner Adam, because these are what torch knows about, and builds a new NALA around them.
#
# **Predict:** the new NALA takes the fast weights of the moment for $\phi$, and counts its cycle from zero. Will the end point be the same?
# %%
w = fresh()
whole = steps(w, make(w), parts)
w = fresh()
opt = make(w)
steps(w, opt, parts[:9])
again = w.detach().clone().requires_grad_()
lost = make(again)
lost.inner.load_state_dict(opt.inner.state_dict())  # everything except the slow copy and the phase
wrong = steps(again, lost, parts[9:])
claim((opt.phase, lost.phase) == (3, 1), "the new NALA counts its cycle from zero")
# %% [markdown]
# The right way is one call on each side. `opt.state_dict()` holds the slow copy, the phase, the counters and the inner state; it contains only tensors and plain values, so `torch.load(weights_only=True)` reads it.
# %%
def resumed(stop):
    """Train to `stop`, write a checkpoint to bytes, build everything anew from it, and train on."""
    w, file = fresh(), BytesIO()
    opt = make(w)
    steps(w, opt, parts[:stop])
    torch.save({"weights": w.detach(), "optimizer": opt.state_dict()}, file)
    saved = torch.load(BytesIO(file.getvalue()), weights_only=True)
    w = saved["weights"].clone().requires_grad_()
    opt = make(w)
    opt.load_state_dict(saved["optimizer"])
    return steps(w, opt, parts[stop:])

claim(all(torch.equal(resumed(stop), whole) for stop in range(14)),
      "resumed at any of 14 stops, the end is the same to the last bit")
claim(float((wrong - whole).abs().max()) > 1e-6, "without the slow copy the end is another one")
Markdown(f"Resumed at each of 14 stops, the end point is equal **to the last bit**. The student's end point is off by {float((wrong - whole).abs().max()):.1e}, for weights of size {float(whole.abs().max()):.2f}, without an error or a warning.")
# %% [markdown]
# `slow_weights()` is as careful: it restores the weights bit for bit, also when an exception leaves the block, and refuses to train inside.
# %%
before = w.detach().clone()
try:
    with opt.slow_weights():
        phi = w.detach().clone()
        opt.step()
except RuntimeError as error:
    print(error)
claim(torch.equal(w.detach(), before) and not torch.equal(phi, before),
      "slow_weights gives the weights back bit for bit")
# %% [markdown]
# ## 6 · A first network
# LeNet-5 (61 706 weights) on scikit-learn's digits: 1536 images to learn from, 261 to test. The published settings: batch 256, lr 0.001 for NALA, Lookahead and Adam, $k=5$, $\mu=-0.5$, $\alpha=0.001$. All three start from the same weights and see the same batches in the same order; each gets the same number of gradients.
#
# **Predict:** Adam takes a step with each gradient. NALA keeps half of its inner way, and spends one gradient in six on a step of length $0.001\,\|\nabla J\|$. Who is ahead after so few gradients?
# %%
def train_lenet(name):
    method, rows = METHODS[name], []
    model = lenet5(generator=torch_stream(SEED, "initial weights"))
    workload = ImageWorkload(model, data, batch_size=256, seed=SEED)
    opt = method.build(workload.groups(), method.settings)
    plan = Plan(epochs=EPOCHS, log_every=1, decay=Halving(every=20))
    note = lambda kind, **values: rows.append({"kind": kind, **values})  # noqa: E731
    train(workload, opt, plan, method=method, settings=method.settings, seed=SEED, row=note, progress=False)
    return {kind: [row for row in rows if row["kind"] == kind] for kind in ("train", "test")}

digits = {name: train_lenet(name) for name in ("adam", "nala", "lookahead")}
# %%
fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.4), sharey=True)
for ax, kind, words in zip(axes, ("train", "test"), ("the paper's metric:\none training mini-batch", "slow weights,\nall test images"), strict=True):
    curves = {name: (np.array([row["grad_evals"] for row in run[kind]]), np.array([row["loss"] for row in run[kind]])) for name, run in digits.items()}
    plots.training_curves(ax, curves, xlabel="gradient evaluations", ylabel="cross-entropy (nats)")
    ax.set_title(words, fontsize=13)
plots.show(fig, alt="Two panels, cross-entropy against gradient evaluations for Adam, NALA and Lookahead. Left, on one training mini-batch, read at the start of a cycle: all fall, Adam fastest, NALA slowest. Right, on all test images with the slow weights: Adam lowest again, NALA and Lookahead on each other until the last point.")
# %%
last = {name: run["test"][-1] for name, run in digits.items()}
claim({row["grad_evals"] for row in last.values()} == {6 * EPOCHS},
      "every method has spent the same number of gradients")
claim(last["adam"]["loss"] < min(last["nala"]["loss"], last["lookahead"]["loss"]),
      "Adam is ahead after so few gradients")
rows = ["| optimizer | gradients | timesteps (as the paper counts) | test loss | test accuracy |", "|---|---|---|---|---|"]
for name, row in last.items():
    rows.append(f"| {label(name)} | {row['grad_evals']} | {row['timestep']} | {row['loss']:.3f} | {100 * row['accuracy']:.1f} % |")
Markdown("\n".join(rows))
# %% [markdown]
# On the right NALA and Lookahead lie on top of each other until the last point: the outer step of length $0.001\,\|\nabla J\|$ does not show, and the slow weights are compared after equal numbers of cycles. At 30 gradients Lookahead has finished a sixth cycle, and NALA its fifth.
#
# One seed and a few seconds: this shows that the code works and how fast each method *starts*. It says nothing about where they end.
# ## 7 · Fashion-MNIST, from records
# The real runs are made by `nala-lab train lenet5-fashion-mnist`, on a CPU, with the original 60 000 + 10 000 images, five optimizers and several seeds. They write records, and this notebook only reads them. So the table below does not depend on your machine.
# %%
records = runs_of(Path(paper_figs.__file__).parent / "records", "lenet5-fashion-mnist")
names = [name for name in ("nala", "nag", "lookahead", "adam", "sgd") if any(r.optimizer == name for r in records)]
whole_runs = {name: [r for r in records if r.optimizer == name and r.outcome == "finished"] for name in names}
Markdown(markdown_table(results_table(records))) if records else Markdown("*No records are committed here yet.* `nala-lab train lenet5-fashion-mnist --seeds 0 1 2 --out paper_figs/records` writes them.")
# %%
if records:
    panels = (("train", "loss", "timestep", 1, "one training mini-batch:\nloss (nats)"), ("test", "loss", "grad_evals", 1, "slow weights, test images:\nloss (nats)"), ("test", "accuracy", "grad_evals", 100, "slow weights, test images:\naccuracy (%)"))
    fig, axes = plt.subplots(1, 3, figsize=(10.2, 4.6))
    for ax, (kind, column, cost, scale, words) in zip(axes, panels, strict=True):
        curves = {n: (runs[0].column(kind, cost)[1:], scale * np.stack([r.column(kind, column)[1:] for r in runs])) for n, runs in whole_runs.items()}
        plots.training_curves(ax, curves, xlabel={"timestep": "timesteps, as the paper counts", "grad_evals": "gradient evaluations"}[cost], ylabel=words)
    axes[0].get_legend().remove()
    axes[1].get_legend().remove()
    plots.show(fig, alt="LeNet-5 on Fashion-MNIST, a line for each optimizer. Left: the paper's metric, loss on one training mini-batch every 100 timesteps, against timesteps; it jumps up and down. Middle and right: test loss and test accuracy of the slow weights after each epoch, against gradient evaluations; smooth. Lines are means over seeds, bands reach from the lowest to the highest seed.")
# %% [markdown]
# ### The paper's metric beside the test accuracy
# The NALA paper logs loss and accuracy on *one training mini-batch* every 100 steps, and tabulates the best of them. That number has two properties: it is a multiple of 1/256, and it is the luckiest of many batches. It also reads whatever weights the optimizer stands on at that moment.
#
# **Predict:** is the best mini-batch accuracy larger or smaller than the accuracy on the test images?
# %%
if records:
    table = results_table(records)
    lines = ["| optimizer | best training mini-batch, % | test images, % | difference, points |", "|---|---|---|---|"]
    for row in table:
        batch, test = 100 * row.batch_accuracy.mean, 100 * row.test_accuracy.mean
        lines.append(f"| {label(row.optimizer)} | {batch:.2f} | {test:.2f} | {batch - test:+.2f} |")
        claim(batch > test, "the best of many mini-batches flatters every optimizer")
    for r in records:
        counts = r.column("train", "accuracy") * 256
        claim(np.all(np.abs(counts - np.round(counts)) < 1e-5), "a mini-batch's accuracy is a multiple of 1/256")
    display = Markdown("\n".join(lines))
display if records else None
# %% [markdown]
# ### What is separated, and what is not
# For each pair the runs with the same seed start from the same weights and see the same batches, so we compare seed by seed: mean difference in test accuracy, and Student's 95 % interval. The verdicts of the table are those of the lab's rule, fixed before the runs (`nala_lab.results.metrics` has its thresholds) and corrected for the number of pairs: *better*, *worse*, *equivalent within threshold*, or *undecided*. The sentences below it use the plain interval: *separated* means that it leaves out 0. With few seeds the intervals are wide.
# %%
Markdown(markdown_comparison(records, baseline="nala")) if records else None
# %%
def verdict(name):
    """One sentence on NALA against one optimizer, from the records."""
    result = compare(records, "nala", name)
    if result.verdict != SEPARATED:
        return f"* NALA and {label(name)} are **not separated** by n = {result.n} pairs of runs ({100 * result.gap:+.2f} points, interval {100 * result.low:+.2f} to {100 * result.high:+.2f})."
    where = "above" if result.gap > 0 else "below"
    return f"* NALA is **{where}** {label(name)} by {100 * abs(result.gap):.2f} points (interval {100 * result.low:+.2f} to {100 * result.high:+.2f}, n = {result.n} pairs of runs)."

others = [name for name in names if name != "nala" and compare(records, "nala", name) is not None]
claim(not others or len({compare(records, "nala", name).verdict for name in others}) == 2,
      "the records separate some pairs and leave others open")
Markdown("\n".join(verdict(name) for name in others)) if others else None
# %% [markdown]
# What these runs do **not** say: SGD and NAG have a learning rate of their own, Adam, Lookahead and NALA another, and nobody's was tuned here; the numbers are for one small network, one data set and a few epochs; and at equal *gradients* NALA has taken fewer inner steps than Adam. Another budget or another learning rate can change the order.
# ## Summary
# * Between two synchronisations the weights are fast weights or $y_t$. Read the slow weights, with `opt.slow_weights()`, and say so.
# * `step()` spends one gradient. In a cycle of NALA the last call is a plain gradient step from $y_t$: $k+1$ gradients for $k$ timesteps.
# * The two twins agree to a few ulps at every step, and a checkpoint resumes bit for bit at every phase; without the slow copy it resumes to something else, silently.
# * The best mini-batch accuracy is not a test accuracy.
# * A few seeds separate some pairs and leave others open. Write down which.
# %% [markdown]
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("05.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-05-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_05_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-05-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("05.1", answer_05_1, STUDENT)
# %%
exercise("05.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-05-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_05_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-05-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("05.2", answer_05_2, STUDENT)
# %%
exercise("05.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-05-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_05_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-05-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("05.3", answer_05_3, STUDENT)
# %%
exercise("05.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-05-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_05_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-05-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("05.4", answer_05_4, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. *Predict, then run.* In section 1 use $\mu=0$, then $\mu=+0.3$. What becomes of the saw's teeth?
# 2. Replace Adam inside by `inner=lambda params: torch.optim.SGD(params, lr=0.1)`. Which lines of the training loop change?
# 3. In section 4 give the gradients in float32. How many float32 ulps apart are the twins if only torch uses float32?
# 4. Stop at phase 5 and call `opt.sync()`. Which weights do you have, and how many gradients of the unfinished cycle are lost?
# 5. How many seeds would be needed to separate a difference of 0.1 points, if the standard deviation of the paired difference stays as it is in the records?
# 6. Make $\alpha$ ten times larger with `nala-lab train lenet5-digits --optimizer nala --set alpha=0.01 --seeds 0 1 2`, and compare with the default by `compare`.
