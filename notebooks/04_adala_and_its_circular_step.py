# %% [markdown]
# # 04 · AdaLA and its circular step
# **Aims.** After this lesson you can
#
# 1. say why Algorithm 3 of the AdaLA paper cannot be run as it is printed, and name the choices that make it run;
# 2. predict the first step of every reading, and tell from a first step which reading a program uses;
# 3. say when the learning rate has no effect, and what mini-batch noise changes;
# 4. compute the curvature at which AdaLA becomes unstable.
#
# **Time** 45 minutes. **Before** Adam; notebook 00. The paper: S. Ramjee, *AdaLA: Adapting Gradient Estimation by Looking Ahead*.
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
MEMBERS = 20_000  # noise realisations in one ensemble
STEPS = 4_000  # of the noisy runs
SEED = 0
# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, by_chance, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.methods.hyper import PROBES
from nala_lab.reference import AdaBelief, AdaLA, Adam, run
from nala_lab.theory import adala_linear
from nala_lab.theory.adala_first_step import adala_first_step
from problems import Himmelblau, Linear, NoisyQuadratic, Quadratic

plots.use_style()
PINK = plots.COLOURS["adala"]
# %% [markdown]
# ## 1 · A failure first
# A student knows Adam: with $\eta=0.001$ each weight moves by about 0.001 per step, however large the gradient is. The AdaLA paper uses Adam's settings unchanged ($\eta=10^{-3}$, $\beta=(0.9, 0.999)$, $\epsilon=10^{-8}$). So the student expects steps of about 0.001 again, and tries the simplest objective of all: a straight line, $f(x)=c^\top x$ with slopes $1$, $-0.25$ and $0.01$.
#
# **Predict:** how long is a step of AdaLA along the first axis? Make $\epsilon$ smaller: will the step change?
# %%
guess = predict("How many times longer than Adam's is AdaLA's step on the first axis, eps = 1e-8?", ...)  # a number in place of the dots
line = Linear([1.0, -0.25, 0.01])
rows = ["| method | eps | step for slope 1 | for slope 0.25 | for slope 0.01 |", "|---|---|---|---|---|"]
steps = {}
for name, method in (("Adam", Adam()), ("AdaBelief", AdaBelief()), ("AdaLA", AdaLA()), ("AdaLA", AdaLA(eps=1e-16))):
    t = run(method, line.grad, [2.0, 0.0, -1.0], steps=1)
    steps[name, method.eps] = np.abs(t.x[1] - t.x[0])
    rows.append(f"| {name} | {method.eps:.0e} | " + " | ".join(f"{v:.2e}" for v in steps[name, method.eps]) + " |")
Markdown("\n".join(rows))
# %%
times = steps["AdaLA", 1e-8] / steps["Adam", 1e-8], steps["AdaLA", 1e-16] / steps["Adam", 1e-8]
claim(agree(times[0][0], np.sqrt(1e5), digits=4) and agree(times[1][0], np.sqrt(1e13), digits=4),
      "the step is 1 / sqrt(eps / (1 - beta2)) times Adam's: eps alone decides")
Markdown(f"On the first axis AdaLA's step is **{times[0][0]:.0f} times** Adam's at $\\epsilon=10^{{-8}}$, and **{times[1][0]:.2e} times** at $\\epsilon=10^{{-16}}$: the constant that should only prevent a division by zero decides the step. And the step is proportional to the slope: AdaLA is plain gradient descent here.")
# %%
guess.meets(times[0][0])
# %% [markdown]
# ## 2 · The equations
# Algorithm 3 of the paper, with $\alpha$ its learning rate (our `lr`):
#
# $$g_t \leftarrow \nabla_\theta f_t(\theta_{t-1}) \tag{A3.1}$$
# $$g_{t+1} \leftarrow \nabla_\theta f_{t+1}(\theta_t) \tag{A3.2}$$
# $$m_t \leftarrow \beta_1 m_{t-1} + (1-\beta_1)\, g_t \tag{A3.3}$$
# $$s_t \leftarrow \beta_2 s_{t-1} + (1-\beta_2)\,(g_t - g_{t+1})^2 + \epsilon \tag{A3.4}$$
# $$\theta_t \leftarrow \theta_{t-1} - \alpha\,\hat m_t \,/\, \sqrt{s_t+\epsilon}, \qquad \hat m_t = m_t/(1-\beta_1^t) \tag{A3.5}$$
#
# (A3.5) needs $s_t$, which needs $g_{t+1}$, which is taken at $\theta_t$: the result of (A3.5). **The algorithm is circular.** Section 5 of the paper says how it is meant: take a step, compute the gradient there, go back, and then take the adapted step. Which step that *probe* is, the paper does not say. Two more things are open: on which mini-batch $g_{t+1}$ is computed, and whether $s_t$ is bias-corrected (the print computes $\hat s_t$ and then uses $s_t$).
#
# Why the failure of section 1? On a line every gradient is the same, so $g_t-g_{t+1}=0$ wherever the probe went. Only $\epsilon$ is left in (A3.4): it is added in *every* step and grows to $\epsilon/(1-\beta_2)$.
# ## 3 · From scratch, then with the library
# The reading `own`, our default: the probe is a trial step of AdaBelief's form, from AdaLA's own $m$ and $s$. The denominator is bias-corrected (`hat`).
# %%
def adala_step(grad, theta, m, s, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    g = grad(theta)  # (A3.1)
    m = beta1 * m + (1 - beta1) * g  # (A3.3)
    move = lambda s: lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps)  # noqa: E731  (A3.5), hat
    trial = theta - move(beta2 * s + (1 - beta2) * (g - m) ** 2 + eps)  # the probe; theta itself stays
    g_next = grad(trial)  # (A3.2), at the probe instead of theta_t
    s = beta2 * s + (1 - beta2) * (g - g_next) ** 2 + eps  # (A3.4)
    return theta - move(s), m, s

bowl = Quadratic([1.0, 8.0], rotation=5, shift=[2.0, -1.0], offset=0.5)
theta, m, s = bowl.start, np.zeros(2), np.zeros(2)
path = [theta]
for t in range(1, 51):
    theta, m, s = adala_step(bowl.grad, theta, m, s, t, lr=0.01)
    path.append(theta)
library = run(AdaLA(lr=0.01, probe="own"), bowl.grad, bowl.start, steps=50)
claim(np.array_equal(np.array(path), library.x), "the library's run is the one by hand, to the last bit")
claim(library.grad_evals == 2 * 50, "AdaLA spends two gradients a step")
# %% [markdown]
# ## 4 · The theory: one first step per reading
# On $f=\frac12\lambda x^2$ let the probe stand at $x-p$. The gradient of a quadratic changes by $\lambda$ times the displacement, so $g_t-g_{t+1}=\lambda p$, and the first step is (`hat`)
#
# $$\theta_1-\theta_0 = -\frac{\alpha\, g}{\sqrt{(\lambda p)^2+\epsilon/(1-\beta_2)}+\epsilon}, \qquad g=\lambda x. \tag{T17}$$
#
# Six of the eight readings differ in nothing but the way $p$ to the probe; `code` keeps the trial average as well, and `lagged` has no probe. The next picture shows what that does to the length of the first step, and the table under it says what each reading is.
#
# **Predict:** if $\epsilon$ is negligible and $p$ is proportional to $\alpha$, then $\alpha$ stands above *and* below the fraction. What is left?
# %%
lam, x, center = 4.0, 3.0, 0.75
hill = Quadratic([lam], shift=[center])
for probe in PROBES:
    for denominator in ("hat", "raw"):
        for lr, eps in ((1e-3, 1e-8), (1e-2, 1e-8), (1e-3, 1e-16)):
            method = AdaLA(lr=lr, eps=eps, probe=probe, denominator=denominator)
            measured = run(method, hill.grad, [center + x], steps=1).x[1, 0] - (center + x)
            predicted = adala_first_step(x, lam, lr=lr, eps=eps, probe=probe, denominator=denominator)
            claim(agree(measured, predicted, digits=6), f"T17 predicts the first step of the reading {probe}")
# %%
READINGS = {  # reading: the way to the probe, or what replaces it; what the first step does
    "adam": ("Adam's step, $p\\approx\\alpha\\,\\mathrm{sign}\\,g$", "all the way to the minimum"),
    "own": ("AdaBelief's step from AdaLA's own $m$ and $s$, $p\\approx\\alpha\\,\\mathrm{sign}(g)/\\beta_1$", "0.9 of the way"),
    "adabelief": ("AdaBelief's step, the same $p$", "0.9 of the way"),
    "grad": ("a gradient step, $p=\\alpha g$", "$1/\\lambda$, however far the minimum is"),
    "implicit": ("the circle solved as a fixed point", "grows with $\\sqrt\\alpha$"),
    "code": ("as `own`, but the state of the trial step is kept", "grows with $\\alpha$"),
    "lagged": ("no probe: $g_{t-1}$ takes the place of $g_{t+1}$", "grows with $\\alpha$, as Adam's"),
    "self": ("a step with AdaLA's previous denominator", "set by $\\epsilon$ alone"),
}
claim(set(READINGS) == set(PROBES), "the table has every reading of the library")
ax, rates = plt.subplots(figsize=(8.2, 5.2))[1], np.geomspace(1e-4, 1e-2, 40)
length = {probe: np.abs([adala_first_step(x, lam, lr=lr, eps=1e-16, probe=probe) for lr in rates]) for probe in READINGS}
shades = iter(plots.variants("adala", 5) + plots.variants("adala", 2))
for probe, y in length.items():
    if probe != "adabelief":  # on the line of own
        ax.plot(rates, y, label="own, adabelief" if probe == "own" else probe, **next(shades))
ax.plot(rates, rates, label="Adam, for comparison", lw=1.2, **plots.look("adam", marker=False))
ax.set(xscale="log", yscale="log", ylim=(1e-8, 20), xlabel=r"learning rate $\alpha$", ylabel=r"length of the first step, units of $x$")
plots.name_lines(ax)
plots.show(ax, alt="Length of the first step against the learning rate, both logarithmic, for x = 3, lambda = 4 and eps = 1e-16. The lines of adam, own, adabelief and grad are flat, between 0.25 and 3. That of self is flat near 1e-7. Implicit rises with slope one half; code and lagged rise with slope one, together with Adam's line.")
rows = ["| reading | way to the probe | the first step | its length at $\\alpha=10^{-4}$ | at $\\alpha=10^{-2}$ |", "|---|---|---|---|---|"]
rows += [f"| `{name}` | {way} | {does} | {length[name][0]:.2g} | {length[name][-1]:.2g} |" for name, (way, does) in READINGS.items()]
Markdown("\n".join(rows))
# %% [markdown]
# Where the line is flat, **the learning rate cancels**: `grad` jumps by exactly $1/\lambda$, however far the minimum is; `adam` makes a full Newton step onto the minimum; `own` and `adabelief` make 0.9 of it. `self` has a first step set by $\epsilon$ alone.
# %%
tiny = {p: [float(adala_first_step(x, lam, lr=lr, eps=1e-30, probe=p)) for lr in (1e-4, 1e-2)] for p in PROBES}
for probe, exact in (("grad", -1 / lam), ("adam", -x), ("own", -0.9 * x), ("adabelief", -0.9 * x)):
    claim(agree(tiny[probe], exact), f"the first step of {probe} does not depend on the learning rate")
claim(agree(tiny["implicit"], [-np.sqrt(lr * x) for lr in (1e-4, 1e-2)]), "implicit moves by sqrt(lr x)")
claim(all(abs(tiny[p][1] / tiny[p][0] - 100) < 1e-3 for p in ("code", "lagged")),
      "code and lagged move in proportion to lr")
# %% [markdown]
# At the default $\epsilon=10^{-8}$ the flat lines end where $\lambda p$ falls below $\sqrt{\epsilon/(1-\beta_2)}=0.0032$. Left of that point AdaLA does not see the curvature, and we are back in section 1.
# ## 5 · What noise changes: the same mini-batch, or the next?
# Now the gradient is $g=\lambda x+\xi$ with noise of variance $\sigma^2$, and $d=g_t-g_{t+1}$ is what (A3.4) averages. With the reading `grad`:
#
# $$\text{next batch:}\quad E\,d^2 = \alpha^2\lambda^4x^2+\sigma^2\left[(1+\alpha\lambda)^2+1\right]\approx 2\sigma^2 \text{ for } \alpha\lambda^2|x|\ll\sigma \tag{T20a}$$
# $$\text{same batch:}\quad E\,d^2 = \alpha^2\lambda^2\,(\lambda^2x^2+\sigma^2) \tag{T20b}$$
#
# **Predict:** (A3.2) has $f_{t+1}$: the next batch. Near the minimum $d$ is then mostly noise, and the denominator is about $\sqrt2\,\sigma$ whatever the curvature is. What does the look-ahead see?
# %%
sigma, alpha = 0.5, 0.01
noisy = NoisyQuadratic([lam], covariance=sigma**2, shift=[center])
mean = {"next": -alpha * lam**2 * x, "same": -alpha * lam**2 * x}  # of d, up to its sign
variance = {"next": sigma**2 * ((1 + alpha * lam) ** 2 + 1), "same": (alpha * lam * sigma) ** 2}
for batch in ("next", "same"):
    t = run(AdaLA(lr=alpha, probe="grad", probe_batch=batch), noisy.noisy_grad, np.full((MEMBERS, 1), center + x), steps=1, rng=stream(SEED, "T20", batch))
    square = (t.grads[0] - t.probe_grads[0]) ** 2
    want, v = mean[batch] ** 2 + variance[batch], variance[batch]
    error = np.sqrt((2 * v**2 + 4 * v * mean[batch] ** 2) / MEMBERS)  # of the mean of the square of a normal number
    claim(by_chance((square.mean() - want) / error), f"T20 gives the mean square of d for the {batch} batch")
    print(f"{batch} batch: E d^2 = {want:.5f} predicted, {square.mean():.5f} +- {error:.5f} measured")
# %% [markdown]
# ### Consequence: a smaller learning rate, a smaller residual error?
# Near the minimum the noise keeps $x$ moving. With most optimizers you lower the learning rate and the spread of $x$ falls. We do that with both batches, with a negligible $\epsilon$.
#
# **Predict:** for the next batch yes: it is momentum descent with step $\alpha/(\sqrt2\sigma)$. For the same batch $\alpha$ stands above and below the fraction once more.
# %%
spread = {}
for batch in ("next", "same"):
    for lr in (1e-2, 1e-3):
        method = AdaLA(lr=lr, eps=1e-16, probe="grad", probe_batch=batch)
        t = run(method, noisy.noisy_grad, np.full((200, 1), center), steps=STEPS, rng=stream(SEED, "spread", batch))
        spread[batch, lr] = (t.x[STEPS // 2 :] - center).std()
        print(f"{batch} batch, lr = {lr}: standard deviation of x = {spread[batch, lr]:.4f}")
claim(abs(spread["next", 1e-2] / spread["next", 1e-3] / np.sqrt(10) - 1) < 0.25,
      "with the next batch a tenth of the learning rate leaves 1/sqrt(10) of the spread, to 25 %")
claim(abs(spread["same", 1e-2] / spread["same", 1e-3] - 1) < 0.05,
      "with the same batch the learning rate does not change the spread, to 5 %")
# %% [markdown]
# Both batches have a price. With the next batch, as printed, the denominator measures the *noise*, so the look-ahead sees almost no curvature. With the same batch it measures the *curvature*, and then the learning rate cannot make the steps small.
# ## 6 · Corrected or printed denominator
# (A3.5) as printed divides by $\sqrt{s_t+\epsilon}$ without the bias correction (`raw`). At the first step $s_1$ holds only $(1-\beta_2)=0.001$ of its final value, so the step can be up to $1/\sqrt{1-\beta_2}=31.6$ times longer.
# %%
first = {d: float(adala_first_step(x, lam, lr=1e-3, eps=1e-30, probe="grad", denominator=d)) for d in ("hat", "raw")}
claim(agree(first["raw"] / first["hat"], np.sqrt(1000)), "without the correction the first step is 31.6 times longer")
ax = plt.subplots(figsize=(7.6, 4.4))[1]
for denominator, dash in (("hat", "-"), ("raw", "--")):
    t = run(AdaLA(denominator=denominator), Linear([1.0]).grad, [0.0], steps=300)
    length = -np.diff(t.x[:, 0])
    want = -np.diff(adala_linear.trajectory([1.0], 300, lr=1e-3, denominator=denominator)[:, 0])
    claim(agree(length, want), "every step on the line is the predicted one")
    ax.plot(np.arange(1, 301), length, dash, color=PINK, label=f"AdaLA, {denominator}")
ax.axhline(1e-3, color=plots.COLOURS["adam"], lw=1.5, label="Adam")
ax.set(xscale="log", yscale="log", xlabel="step $t$", ylabel=r"step length on $f(x)=x$, units of $x$")
ax.legend(loc="center right")
plots.show(ax, alt="Step length on the line f(x) = x against the step number. AdaLA with the corrected denominator: constant, 0.316. With the printed one: 7.07 at the first step, falling towards the other. Adam: 0.001 throughout.")
# %%
landscape = Himmelblau()
ends = {d: run(AdaLA(lr=0.01, probe="adam", denominator=d), landscape.grad, landscape.start, steps=60, limit=1e6) for d in ("hat", "raw")}
claim(ends["hat"].outcome == "out of budget" and ends["raw"].outcome == "diverged",
      "with the printed denominator the run diverges, with the corrected one it stays")
Markdown(f"On Himmelblau's function, probe `adam` and lr = 0.01: with `hat` the run stays (f = {landscape.value(ends['hat'].final):.2f} after 60 steps); with `raw` the weights leave a box of a million and the outcome is **`diverged` at step {ends['raw'].diverged_at}**.")
# %% [markdown]
# ## 7 · How much curvature AdaLA can take
# Close to a minimum $\lambda p$ is far below $\sqrt{\epsilon/(1-\beta_2)}$ for every probe. Then AdaLA is momentum descent (with averaged momentum) of step $h=\alpha/(\sqrt{\epsilon/(1-\beta_2)}+\epsilon)$, which is stable while $h\lambda<2(1+\beta_1)/(1-\beta_1)=38$:
#
# $$\lambda < 38\,\bigl(\sqrt{\epsilon/(1-\beta_2)}+\epsilon\bigr)/\alpha \tag{T18}$$
#
# The reading `code` keeps the trial's $m$, so it averages twice a step: $\beta_1^2$ takes the place of $\beta_1$.
#
# **Predict:** at the defaults the limit is about 120; at $\epsilon=10^{-16}$ only 0.012. At 0.97 of the limit a small error decays, at 1.03 it grows.
# %%
def limit(eps, decay=0.9, lr=1e-3):
    """T18, for an average with the given decay per step."""
    return 2 * (1 + decay) / (1 - decay) * (np.sqrt(eps / 1e-3) + eps) / lr

claim(agree(limit(1e-8), 120.17, digits=4) and agree(limit(1e-16), 0.0120167, digits=4),
      "the limit is 120 at the defaults and 0.012 at eps = 1e-16")
for eps in (1e-8, 1e-16):
    for probe in PROBES:
        for f in (0.97, 1.03):
            curvature = f * limit(eps, 0.81 if probe == "code" else 0.9)
            # from 1e-80: after the first steps, which the bias correction makes long, all is still linear at step 200
            away = np.abs(run(AdaLA(eps=eps, probe=probe), lambda x, c=curvature: c * x, [1e-80], steps=200).x[:, 0])
            claim((away[150:].max() > away[100:150].max()) == (f > 1),
                  "below the limit a small error decays, above it grows")
# %% [markdown]
# What happens above the limit is not a clean divergence. The error grows until $(g_t-g_{t+1})^2$ fills the average $s$; that shortens the steps, the error decays; then $s$ forgets, at the rate $\beta_2$, and it begins again.
# %%
ax = plt.subplots(figsize=(8.2, 4.4))[1]
for f, shade in zip((1.03, 0.97), plots.variants("adala", 2), strict=True):
    curvature = f * limit(1e-8)
    t = run(AdaLA(), lambda x, c=curvature: c * x, [1e-6], steps=4000)
    ax.plot(np.maximum(np.abs(t.x[:, 0]), 1e-40), **shade, lw=1.2, label=rf"$\lambda$ = {f} of the limit")
    late = np.abs(t.x[1000:, 0]).max()
    claim((late > 1e-6) == (f > 1), "above the limit the error comes back, below it is gone")
ax.set(yscale="log", ylim=(1e-40, 10), xlabel="step", ylabel=r"$|x_t|$, units of $x$")
ax.legend(loc="lower right")
plots.show(ax, alt="The size of the error over 4000 steps, logarithmic. At 0.97 of the limit it decays and stays away. At 1.03 it first decays too, and then returns in bursts again and again.")
# %% [markdown]
# ## 8 · The readings on a landscape
# Himmelblau's function has four minima. All readings start at the same point, with the same learning rate 0.01 and corrected denominator.
#
# **Predict:** which readings jump, and which hardly move?
# %%
fig, axes = plt.subplots(2, 4, figsize=(10.2, 6.6), sharex=True, sharey=True)
runs = {p: run(AdaLA(lr=0.01, probe=p), landscape.grad, landscape.start, steps=60) for p in PROBES}
for ax, (probe, t) in zip(axes.flat, runs.items(), strict=True):
    plots.landscape(ax, landscape.value, landscape.box, minimum=0.0, minimizers=landscape.minimizers, levels=7, resolution=41)
    plots.one_loop(ax, t, name="adala", probes=False, ms=3)
    ax.get_legend().remove()
    ax.set_title(f"{probe}", fontsize=14)
    ax.label_outer()
plots.show(fig, alt="Eight panels, one for each reading, 60 steps each on Himmelblau's function. Adam, adabelief and own take long steps and reach the lower left minimum; adam and adabelief overshoot. Implicit, lagged and code arrive in short steps. Grad creeps towards the same minimum. Self stays at the start.")
# %%
moved = {p: np.linalg.norm(t.x[-1] - t.x[0]) for p, t in runs.items()}
longest = {p: np.linalg.norm(np.diff(t.x, axis=0), axis=1).max() for p, t in runs.items()}
claim(moved["self"] < 0.1 < 1 < min(moved[p] for p in PROBES if p != "self"),
      "self stays at the start and all others leave it")
claim(min(longest[p] for p in ("adam", "adabelief", "own")) > 2 * max(longest[p] for p in ("grad", "implicit", "lagged", "code", "self")),
      "adam, adabelief and own take the long steps")
# %% [markdown]
# ### All readings in one table
# The last column is computed: f above the minimum after (about) 600 gradients, not 600 steps.
# %%
basis = {
    "own": "state is (m, s) only; section 5: step, gradient, restore", "grad": "“a step in the direction of steepest descent”", "adam": "“similar to Adam”",
    "adabelief": "AdaLA is introduced as a change to AdaBelief", "self": "the update line with the denominator of the step before", "implicit": "Algorithm 3 to the letter",
    "lagged": "Algorithm 3, indices shifted by one", "code": "the state handling of the released program",
}  # fmt: skip
rows = ["| probe | what speaks for it | gradients a step | first step, x = 3, λ = 4, eps → 0 | f after 600 gradients |", "|---|---|---|---|---|"]
for probe in PROBES:
    t = run(AdaLA(lr=0.01, probe=probe), landscape.grad, landscape.start, steps=600 if probe == "lagged" else 300)
    row = np.searchsorted(t.evals, 600, side="right") - 1
    form = {"implicit": "∝ √lr", "code": "∝ lr", "lagged": "∝ lr", "self": "∝ √eps"}.get(probe, f"{-tiny[probe][0]:.2f}, any lr")
    rows.append(f"| `{probe}` | {basis[probe]} | {t.evals[row] / row:.0f} | {form} | {landscape.value(t.x[row]):.1e} |")
Markdown("\n".join(rows))
# %% [markdown]
# One start and one learning rate: the last column is an illustration, not a ranking.
# ## 9 · What the released program does
# These are facts about the published repository (`sharanramjee/adala-optimizer` at 0d3417d), each with the way to see it again. They say nothing about how they came about.
#
# * Only the CIFAR-10 notebook uses AdaLA; the language and generation programs never import it. *See:* search the folders for `AdaLA`.
# * In that notebook's loop the model changes in the first iteration only. The step assigns the caller's list to `param_groups`; the loop then clears this list, so the optimizer holds no parameters from the second iteration on. *See:* print `len(optimizer.param_groups)` and the loss on the full data after each step.
# * The notebook's own saved output covers 150 finished epochs with train accuracy 13.15 to 13.43 % and test accuracy 12.62 to 13.38 %. *See:* the output of its training cell. Table 2 of the paper reports 95.64 % for ResNet-34, the notebook's default model.
# * The second loss is computed from the outputs before the step, so its gradient is not the gradient at the probe. *See:* compare it with a new forward pass.
# * From the released files the AdaLA rows of Tables 2 to 4 cannot be recomputed.
#
# Our reading `code` follows the program's *state handling* only (the trial step keeps m, s and the counter), with a real gradient at the probe. It is there to be studied, not as a claim about the reported results.
# ## Summary
# * Algorithm 3 is circular. A probe, a batch and a denominator must be chosen; the choices are options with names here.
# * The first step is a finger-print: T17 predicts it for all eight readings, and each run agrees.
# * With negligible $\epsilon$ the learning rate cancels at the first step for `grad`, `adam`, `adabelief` and `own`. With the default $\epsilon$, the corrected denominator and small curvature AdaLA is momentum descent with step $316\,\alpha$.
# * With the next batch the denominator is noise, about $\sqrt2\sigma$. With the same batch the residual error does not shrink with $\alpha$.
# * The uncorrected denominator makes first steps up to 31.6 times longer.
# * Curvature above $38\,(\sqrt{\epsilon/(1-\beta_2)}+\epsilon)/\alpha$ (120 at the defaults) brings the error back in bursts.
# %% [markdown]
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("04.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-04-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_04_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-04-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("04.1", answer_04_1, STUDENT)
# %%
exercise("04.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-04-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_04_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-04-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("04.2", answer_04_2, STUDENT)
# %%
exercise("04.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-04-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_04_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-04-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("04.3", answer_04_3, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. *Predict, then run.* Multiply the objective of section 1 by 1000. By which factor do the steps of Adam, AdaBelief and AdaLA change?
# 2. A program reports a first step of $-0.0157$ at $x=3$, $\lambda=4$, lr = 0.01 and tiny $\epsilon$. Which reading is it? Check with `adala_first_step`.
# 3. Rotate `bowl` by other seeds and run the reading `grad` with $\epsilon=10^{-16}$. Find a start where one coordinate of $A\,\mathrm{sign}(g)$ is nearly zero: what does the step do?
# 4. Repeat section 5 with the reading `own`. Does the spread depend on lr with the same batch?
# 5. Find by bisection on runs the limit of section 7 for $\beta_1=0$ and compare with the formula. Why is it so much smaller?
