# %% [markdown]
# # 10 · AdaLA: curvature, noise and the lost learning rate
#
# **Aims.** After this lesson you can
#
# 1. say when AdaLA's learning rate has no effect on how close it comes to a minimum, and check it to the last digits;
# 2. compute the curvature above which AdaLA cannot stay at a minimum, and the growth rate there;
# 3. say in which sense AdaLA is Newton's method, and break it with one rotation;
# 4. predict the noise floor for the next and for the same mini-batch, and compare methods at equal cost.
#
# **Time** 50 minutes. **Before** 04 AdaLA and its circular step, 09 Adam inside. The paper: S. Ramjee, *AdaLA: Adapting Gradient Estimation by Looking Ahead*.
#
# Words: $\eta$ is the learning rate (`lr`; the paper writes $\alpha$), $\lambda$ a curvature, a *reading* is a choice of the probe (lesson 04), rms the root of the mean square.
# %%
from dataclasses import replace

import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, by_chance, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.reference import SGD, AdaBelief, AdaLA, Adam, run
from nala_lab.reference.adala import AdaLAState
from nala_lab.reference.oracle import Oracle
from nala_lab.theory import adala_critical, adala_cycle, adala_noise
from nala_lab.widgets import ProbeExplorer
from problems import NoisyQuadratic

plots.use_style()
PINK, GREEN = plots.COLOURS["adala"], plots.COLOURS["adam"]
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
STEPS = 20_000  # of the learning-rate schedule
MEMBERS = 300  # noise realisations in one ensemble
SEED = 0
# %% [markdown]
# ## 1 · A failure first
#
# Lesson 09 ended with a remedy: a smaller learning rate gives a smaller floor. So a student trains with AdaLA and lowers the learning rate slowly from $10^{-2}$ to $10^{-4}$. One weight, curvature 100, exact gradients, a negligible $\epsilon$; the reading `grad` (the probe is a gradient step).
#
# **Predict:** Adam's error falls by 100 with the learning rate. AdaLA's?
# %%
def scheduled(method: object, lam: float, x0: float) -> np.ndarray:
    """|x_t| while the learning rate falls from 1e-2 to 1e-4, in 200 equal factors."""
    x, state, xs = np.array([x0]), method.init(np.array([x0])), []
    for lr in np.geomspace(1e-2, 1e-4, 200):
        now = replace(method, lr=lr)
        for _ in range(STEPS // 200):
            x, state = now.step(x, Oracle(lambda x: lam * x), state)
            xs.append(abs(x[0]))
    return np.array(xs)


guess = predict("By which factor does the error of AdaLA, reading grad, fall from the second to the last fifth?", ...)  # a number in place of the dots
lam = 100.0
methods = {"Adam": Adam(eps=1e-16), "AdaLA, grad": AdaLA(eps=1e-16, probe="grad"), "AdaLA, own": AdaLA(eps=1e-16)}
decayed = {name: scheduled(method, lam, 1e-3) for name, method in methods.items()}


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


fifth = STEPS // 5
gone = 1e-300  # with other settings the error may vanish altogether
gain = {name: rms(x[fifth : 2 * fifth]) / max(rms(x[-fifth:]), gone) for name, x in decayed.items()}
print({name: f"error falls by {value:.2f}" for name, value in gain.items()})
claim(gain["Adam"] > 8 and gain["AdaLA, own"] > 8 and 0.7 < gain["AdaLA, grad"] < 1.4,
      "Adam's error and that of the reading own fall with the learning rate, that of grad does not")
guess.meets(gain["AdaLA, grad"])
# %%
ax = plots.axes_or_new(None, figsize=(8.4, 4.6))
looks = {"Adam": (GREEN, "^--"), "AdaLA, grad": (PINK, "D-"), "AdaLA, own": (PINK, "o:")}
chunk = len(decayed["Adam"]) // 8  # long enough to hold a burst
for name, (colour, dash) in looks.items():
    level = np.sqrt((decayed[name][: 8 * chunk].reshape(8, chunk) ** 2).mean(axis=1))
    ax.plot((np.arange(8) + 0.5) * chunk, level, dash, color=colour, label=name)
ax.plot([0, STEPS], [1e-2 / 38, 1e-4 / 38], color="black", lw=1.2, label=r"$\eta_t/38$")
ax.axhline(1 / 38 / lam, color="black", ls="-.", lw=1.2, label=r"$1/(38\lambda)$")
ax.set(yscale="log", ylim=(1e-7, 1e-3), xlabel="step (the learning rate falls from 0.01 to 0.0001)",
    ylabel=f"rms of $x$ over {chunk} steps, units of $x$")
ax.legend(loc="lower left", ncols=2)
plots.show(
    ax,
    alt="Size of the error against the step while the learning rate falls by one hundred, logarithmic. Adam and the "
    "reading own of AdaLA fall with it. The reading grad stays at the horizontal line 1 / (38 lambda).",
)
# %% [markdown]
# The schedule does nothing for the reading `grad`. The learning rate is **lost**: it stands above and below the fraction. The default reading `own` keeps it here. What follows makes both exact.
#
# ## 2 · The equations, from scratch and from the library
#
# Algorithm 3 of the paper with the probe $\theta-\eta g_t$ and the corrected denominator:
#
# $$g'=\nabla f(\theta-\eta g_t),\qquad s_t=\beta_2s_{t-1}+(1-\beta_2)(g_t-g')^2+\epsilon \tag{A3.2, A3.4}$$
#
# $$\theta_t=\theta_{t-1}-\eta\,\frac{m_t/(1-\beta_1^t)}{\sqrt{s_t/(1-\beta_2^t)}+\epsilon} \tag{A3.5}$$
#
# On $f=\frac12\lambda x^2$ the difference is $g_t-g'=\lambda\cdot\eta g_t$: **curvature times learning rate times gradient**.
# %%
x, m, s, by_hand = 1e-3, 0.0, 0.0, [1e-3]
for t in range(1, 101):
    g = lam * x
    g_probe = lam * (x - 1e-2 * g)  # (A3.2)
    m = 0.9 * m + (1 - 0.9) * g
    s = 0.999 * s + (1 - 0.999) * (g - g_probe) ** 2 + 1e-16  # (A3.4)
    x = x - 1e-2 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-16)  # (A3.5)
    by_hand.append(x)
library = run(AdaLA(lr=1e-2, eps=1e-16, probe="grad"), lambda x: lam * x, [1e-3], steps=100).x[:, 0]
claim(agree(by_hand, library), "the library's run is the one by hand")
# %% [markdown]
# ## 3 · The cycle that does not know the learning rate
#
# As in lesson 09, let $x$ jump between $+A$ and $-A$. The step of length $2A$ needs the denominator $D=\eta\lambda\,\frac{1-\beta_1}{2(1+\beta_1)}$, and the surprise is $\eta\lambda\cdot\lambda A$. Equal, for tiny $\epsilon$:
#
# $$\eta\lambda^2A=\eta\lambda\,\frac{1-\beta_1}{2(1+\beta_1)}\quad\Longrightarrow\quad A=\frac{1-\beta_1}{2(1+\beta_1)}\cdot\frac1\lambda=\frac1{38\,\lambda} \tag{T19, $\epsilon\to0$}$$
#
# With $\epsilon$ it is $A=\sqrt{(D-\epsilon)^2-\epsilon/(1-\beta_2)}\,/\,(\eta\lambda^2)$. We test it as in lesson 09: put AdaLA on the cycle, make one step.
# %%
far = 100_000  # bias corrections at this count are 1 to the last digit
for lr, eps in ((1e-2, 1e-16), (1e-3, 1e-8), (1e-4, 1e-12)):
    curvature = 3 * adala_critical.critical_curvature(lr=lr, eps=eps)
    for probe in adala_cycle.PROBES:
        at = adala_cycle.state(curvature, lr=lr, eps=eps, probe=probe)
        before = AdaLAState(np.array([at.m]), np.array([at.s]), far, np.array([at.last]))
        method = AdaLA(lr=lr, eps=eps, probe=probe)
        x, after = method.step(np.array([at.x]), Oracle(lambda x, c=curvature: c * x), before)
        claim(agree([x[0], after.m[0], after.s[0]], [-at.x, -at.m, at.s], each=True),
              f"one step of {probe} leads from the cycle to its other end")
# %% [markdown]
# **Predict:** run the readings `grad`, `adam` and `own` for a long time at three learning rates, $\lambda=100$ and $\epsilon=10^{-16}$, from two starts. Which floors depend on $\eta$, and is each of them a floor?
# %%
lines = ["| reading | start | $\\eta=10^{-2}$ | $\\eta=10^{-3}$ | $\\eta=10^{-4}$ |", "|---|---|---|---|---|"]
floor, near = {}, {}
for probe in ("grad", "adam", "own"):
    for start, found in ((1e-3, floor), (1e-5, near)):
        for lr in (1e-2, 1e-3, 1e-4):
            x = run(AdaLA(lr=lr, eps=1e-16, probe=probe), lambda x: lam * x, [start], steps=6000).x[3000:, 0]
            found[probe, lr] = rms(x)
        shown = " | ".join(f"{found[probe, lr]:.1e}" for lr in (1e-2, 1e-3, 1e-4))
        lines.append(f"| `{probe}` | {start:g} | {shown} |")
A = adala_cycle.amplitude(lam, lr=1e-3, eps=1e-16)
for lr in (1e-2, 1e-3, 1e-4):
    claim(1 < min(floor["grad", lr], near["grad", lr]) / A and max(floor["grad", lr], near["grad", lr]) / A < 1.25,
          "the floor of grad is T19's A, at most 25 % above it, whatever the learning rate and the start are")
    claim(agree(near["adam", lr] / floor["adam", lr], 1e-2, 2),
          "what is left of adam is a share of the start: it is on its way, and no floor")
claim(agree([adala_cycle.amplitude(lam, lr=1e-3, eps=1e-24, probe=p) for p in ("self", "implicit", "lagged")], 1e-3 / 76),
      "the cycle of self, implicit and lagged is lr / 76")
claim(60 < floor["own", 1e-2] / floor["own", 1e-4] < 160,
      "the floor of own is proportional to the learning rate, as nearly as bursts allow")
Markdown("\n".join(lines) + f"\n\nrms of $x$; T19 says $A=${A:.2e} for `grad`.")
# %% [markdown]
# So "AdaLA has lost its learning rate" is a statement about **the reading `grad`**. What the table shows of `adam` does not depend on $\eta$ either, but it is no floor: it falls on, and T19 has no cycle for it above $\epsilon/\lambda$. One start would not have shown that. For `self`, `implicit` and `lagged` T19's cycle is $\eta/76$, whatever $\lambda$ is. The reading `own` compares the gradient with its own average as well; its floor is proportional to $\eta$ here.
#
# ## 4 · The critical curvature
#
# Close to the minimum the surprise vanishes faster than the gradient, and only $\epsilon$ is left in the denominator, $D_0=\sqrt{\epsilon/(1-\beta_2)}+\epsilon$. Then AdaLA is momentum descent with $h=\eta/D_0$, for every reading but `code` (which averages twice a step, lesson 04), and
#
# $$\text{the minimum holds a run}\iff\lambda<\lambda_{\text{crit}}=\frac{2(1+\beta_1)}{1-\beta_1}\cdot\frac{D_0}{\eta}. \tag{T18}$$
#
# Lesson 04 tested the sign of the growth at 0.97 and 1.03 of the limit. Here is the growth *rate*, on both sides.
#
# **Predict:** below which curvature does the rate stop depending on $\lambda$?
# %%
critical = adala_critical.critical_curvature(lr=1e-3)
claim(agree(critical, 120.2, digits=3) and agree(adala_critical.critical_curvature(lr=1e-3, eps=1e-16), 0.012, digits=2),
      "the critical curvature is 120 at the defaults and 0.012 at eps = 1e-16")
shares = np.array([1e-4, 3e-4, 5e-4, 0.003, 0.02, 0.15, 0.8, 0.97, 1.03, 1.06])
t = run(AdaLA(lr=1e-3), lambda x: shares * critical * x, np.full(10, 1e-120), steps=260).x
# x_{t+2} = p x_{t+1} - q x_t near the minimum: fit p and q, the larger root is the rate
rates = []
for path in t.T:
    late = path[200:260] / np.abs(path[200:260]).max()
    p, q = np.linalg.lstsq(np.stack([late[1:-1], -late[:-2]], axis=1), late[2:], rcond=None)[0]
    rates.append(np.abs(np.roots([1, -p, q])).max())
predicted = [adala_critical.growth(share * critical, lr=1e-3) for share in shares]
claim(agree(rates, predicted, digits=4), "the growth near the minimum is T18's on both sides")
grid = np.geomspace(7e-5, 1.1, 400)
ax = plots.axes_or_new(None, figsize=(8.2, 4.2))
ax.plot(grid * critical, [adala_critical.growth(share * critical, lr=1e-3) for share in grid], color=plots.ROLES["predicted"], lw=1.6, label="predicted")
ax.plot(shares * critical, rates, "D", color=PINK, label="measured")
ax.axvline(critical, color=plots.ROLES["limit"], ls=":", label=rf"$\lambda_{{\mathrm{{crit}}}}$ = {critical:.1f}")
ax.axhline(1, color="black", lw=0.8)
ax.set(xscale="log", ylim=(0.9, 1.6), xlabel=r"curvature $\lambda$ (logarithmic)", ylabel="factor per step near the minimum")
ax.legend(loc="upper left")
plots.show(
    ax,
    alt="Factor per step against the curvature, logarithmic. Measured diamonds lie on the predicted line. It falls "
    "from one to 0.949 at small curvature, is flat over three decades, and rises like a wall through one at 120.2.",
)
# %%
ProbeExplorer()  # change the probe: where does it stand, and what does the first step become?
# %% [markdown]
# At the defaults AdaLA holds minima with curvature up to 120; with $\epsilon=10^{-16}$ up to 0.012. Between slowness on the left (the step $h$ is too short there) and the edge on the right the rate is $\sqrt{\beta_1}=0.949$ over three decades: the average over gradients is the bottleneck. At the edge there is no warning: it is a wall.
#
# ## 5 · Newton's method, on the diagonal only
#
# Far from the minimum, with negligible $\epsilon$, the reading `adam` has the surprise $\lambda\,\eta\,\mathrm{sign}$, so a first step is $g/\lambda$: **one Newton step**, and $\eta$ cancels. Several steps are slowed down by the averages.
#
# **Predict:** curvatures 0.1, 1 and 30 in one problem, learning rates $10^{-4}$ and $10^{-1}$: how many different paths?
# %%
curvatures = np.array([0.1, 1.0, 30.0])
paths = {lr: run(AdaLA(lr=lr, eps=1e-30, probe="adam"), lambda x: curvatures * x, [3.0, 3.0, 3.0], steps=400).x for lr in (1e-4, 1e-1)}
first = np.stack([paths[lr][1] for lr in paths])
claim(np.abs(first).max() < 1e-10, "the reading adam is on the minimum after one step")
later = np.stack([x[150] for x in paths.values()]).ravel()
claim(agree(later, later[0], digits=6), "three curvatures and two learning rates give one path")
rate = (np.abs(paths[1e-1][300:400]).max(axis=0) / np.abs(paths[1e-1][200:300]).max(axis=0)) ** 0.01
claim(np.all(np.abs(rate - np.sqrt(0.9)) < 0.003), "later the error falls by sqrt(beta1) a step for every curvature")
print(f"after the first step |x| <= {np.abs(first).max():.0e}; later {rate[0]:.4f} a step, sqrt(beta1) = {np.sqrt(0.9):.4f}")
# %% [markdown]
# A method that does not care about curvatures from 0.1 to 30 looks very attractive. But the difference of gradients is $A\,\eta\,\mathrm{sign}(g)$, a *row sum* of the Hessian with signs, not its diagonal. If a row sum is zero, only $\epsilon$ is left.
#
# **Predict:** $A=\begin{pmatrix}2&-2\\-2&3\end{pmatrix}$ is positive definite. At $x=(9,7)$ the gradient is $(4,3)$. What is $A\,\mathrm{sign}(g)$, and how long is the step?
# %%
hessian = np.array([[2.0, -2.0], [-2.0, 3.0]])
lengths = {}
for eps in (1e-8, 1e-16):
    jump = run(AdaLA(lr=1e-3, eps=eps, probe="adam"), lambda x: x @ hessian, [9.0, 7.0], steps=1).x
    lengths[eps] = jump[0] - jump[1]
    surprise = 1e-3 * hessian @ np.sign([4.0, 3.0])  # lr A sign(g)
    expected = 1e-3 * np.array([4.0, 3.0]) / (np.sqrt(surprise**2 + eps / 1e-3) + eps)
    claim(agree(lengths[eps], expected, digits=6), "the step is lr g over the root of the surprise and eps")
newton = np.linalg.solve(hessian, [4.0, 3.0])
print(f"A sign(g) = {hessian @ np.ones(2)}; Newton's step {newton}")
print({eps: np.round(length, 2).tolist() for eps, length in lengths.items()})
claim(np.linalg.norm(lengths[1e-16]) > 100 * np.linalg.norm(newton), "the step is a hundred times Newton's")
# %% [markdown]
# With $\epsilon=10^{-16}$ the first coordinate jumps by thousands. On a rotated problem AdaLA is not a quasi-Newton method; the place of $\epsilon$ decides how bad the step is.
#
# ## 6 · Noise: the next or the same mini-batch
#
# With $g=\lambda x+\xi$, $\mathrm{Var}\,\xi=\sigma^2$ and the reading `grad` the mean square surprise is (T20)
#
# $$\text{next batch: }\eta^2\lambda^4x^2+\sigma^2\bigl[(1+\eta\lambda)^2+1\bigr]\approx2\sigma^2,\qquad\text{same batch: }\eta^2\lambda^2(\lambda^2x^2+\sigma^2).$$
#
# Hold the denominator $D$ at the root of that: AdaLA is then SGD with an averaged gradient and the step $h=\eta/D$, of known variance
#
# $$V=\frac{h(1+\beta_1)\sigma^2}{\lambda\bigl(2(1+\beta_1)-h\lambda(1-\beta_1)\bigr)}, \tag{iii}$$
#
# and $D$ depends on $V$: both lines are solved together.
#
# **Predict:** the rms of $x$ against $\eta$ over two decades, for both batches and for Adam: which slopes on logarithmic axes?
# %%
curvature, sigma = 3.0, 0.5
noisy = NoisyQuadratic([curvature], covariance=sigma**2, shift=[0.75])
wander = {}
for batch in ("next", "same"):
    for lr in (1e-1, 1e-2, 1e-3):
        method = AdaLA(lr=lr, probe="grad", probe_batch=batch)
        x = run(method, noisy.noisy_grad, np.full((MEMBERS, 1), 0.75), steps=3000, rng=stream(SEED, batch, lr)).x
        square = ((x[1500:, :, 0] - 0.75) ** 2).mean(axis=0)  # one number per member: they are independent
        V, error = square.mean(), square.std(ddof=1) / np.sqrt(MEMBERS)
        want = adala_noise.stationary_step(curvature, sigma**2, lr=lr, batch=batch)[1]
        wander[batch, lr] = V
        claim(by_chance(max(abs(V - want) - 0.01 * want, 0) / error),
              f"the runs with the {batch} batch have the predicted variance, within 1 % for holding D")
        print(f"{batch} batch, lr = {lr}: V = {want:.3e} predicted, {V:.3e} +- {error:.0e} measured")
claim(abs(wander["next", 1e-1] / wander["next", 1e-3] / 100 - 1) < 0.25,
      "with the next batch the variance is proportional to the learning rate, within 25 %")
claim(wander["same", 1e-1] / wander["same", 1e-3] < 2,
      "with the same batch a hundredth of the learning rate does not even halve the variance")
# %%
rates = np.geomspace(3e-4, 2e-1, 60)
ax = plots.axes_or_new(None, figsize=(8.2, 4.6))
for batch, dash, marker in (("next", "-", "D"), ("same", "--", "s")):
    curve = [np.sqrt(adala_noise.stationary_step(curvature, sigma**2, lr=lr, batch=batch)[1]) for lr in rates]
    ax.plot(rates, curve, dash, color=PINK, lw=1.8, label=f"AdaLA, {batch} batch: predicted")
    ax.plot(*zip(*((lr, np.sqrt(wander[batch, lr])) for lr in (1e-3, 1e-2, 1e-1)), strict=True), marker, color=PINK,
        mec="black", label=f"AdaLA, {batch} batch: runs")
adam = [np.sqrt(adala_noise.averaged_sgd_variance(curvature, sigma**2, h=lr / sigma)) for lr in rates]
ax.plot(rates, adam, "--", color=GREEN, lw=1.8, label=r"Adam, $h=\eta/\sigma$")
ax.set(xscale="log", yscale="log", xlabel=r"learning rate $\eta$", ylabel=r"rms of $x-x^*$, units of $x$")
ax.legend(loc="lower right")
plots.show(
    ax,
    alt="Noise floor against the learning rate, logarithmic axes. Adam and AdaLA with the next batch rise with slope "
    "one half. AdaLA with the same batch is nearly flat at about 0.15 and bends down a little at small rates. Points of "
    "runs lie on the lines.",
)
# %% [markdown]
# The same batch lets AdaLA see the curvature, and takes the learning rate away: its noise floor is that of a step $h\approx1/(\lambda\sqrt{\lambda^2V+\sigma^2})$, whatever $\eta$ is, until $\epsilon$ takes over. The next batch, as printed, keeps the learning rate and sees almost only noise: it is Adam with $\sqrt2\,\sigma$ in place of $\sigma$, at twice the price.
#
# ## 7 · An honest comparison
#
# Ten weights, curvatures 0.1 to 10, rotated, noisy gradients. AdaLA spends two gradients per step, so there are two fair questions: at equal *steps* (300 each), and at equal *gradients* (600 each, so 600 steps for the methods with one). Every method gets the best of ten learning rates in each case, chosen on other noise than it is judged on. We compare the mean of the *logarithm* of the excess loss, because a few runs of AdaLA end far out; the worst member is in the table. Two methods are *separated* when their means differ by more than 2.6 standard errors (99 %, no correction for several comparisons).
#
# **Predict:** the order of SGD, Adam, AdaBelief and AdaLA, at equal steps and at equal gradients.
# %%
field = NoisyQuadratic(np.geomspace(0.1, 10, 10), covariance=0.25, rotation=3, shift=np.linspace(-1, 2, 10), offset=0.3)
starts = np.broadcast_to(field.start, (128, 10))
makers = {"SGD": lambda lr: SGD(lr=lr), "Adam": lambda lr: Adam(lr=lr), "AdaBelief": lambda lr: AdaBelief(lr=lr),
    "AdaLA, next": lambda lr: AdaLA(lr=lr), "AdaLA, same": lambda lr: AdaLA(lr=lr, probe_batch="same")}  # fmt: skip


def excess(name: str, lr: float, steps: int, purpose: str) -> np.ndarray:
    """Excess loss of 128 members at the end."""
    rng = stream(SEED, purpose, name, lr)
    return (field.value(run(makers[name](lr), field.noisy_grad, starts, steps=steps, rng=rng, limit=1e6).final) - 0.3)


judged = {}
for name in makers:
    for steps in (300,) if "AdaLA" in name else (300, 600):
        tried = {lr: np.log(excess(name, lr, steps, "tune")).mean() for lr in np.geomspace(1e-4, 0.1, 10)}
        best = min(tried, key=tried.get)
        judged[name, steps] = (best, excess(name, best, steps, "judge"))
# %%
lines = ["| method | gradients | steps | best $\\eta$ | excess loss, geometric mean | worst of 128 |", "|---|---|---|---|---|---|"]
for (name, steps), (best, losses) in judged.items():
    spent = 2 * steps if "AdaLA" in name else steps
    lines.append(f"| {name} | {spent} | {steps} | {best:.4f} | {np.exp(np.log(losses).mean()):.4f} | {losses.max():.2f} |")
Markdown("\n".join(lines))
# %%
def z(name: str, rival: str, steps: int) -> float:
    """By how many standard errors AdaLA (300 steps) is worse than the rival's run of `steps` steps."""
    a, b = np.log(judged[name, 300][1]), np.log(judged[rival, steps][1])
    return float((a.mean() - b.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


lines = [
    "| | "
    + " | ".join(f"{r}, {w}" for w in ("equal steps", "equal gradients") for r in ("SGD", "Adam", "AdaBelief"))
    + " |",
    "|---|---|---|---|---|---|---|",
]
scores = {(n, r, s): z(n, r, s) for n in ("AdaLA, next", "AdaLA, same") for s in (300, 600) for r in ("SGD", "Adam", "AdaBelief")}
for name in ("AdaLA, next", "AdaLA, same"):
    words = [("worse" if v > 0 else "better") if abs(v) > 2.6 else "not separated" for (n, _, _), v in scores.items() if n == name]
    lines.append(f"| {name} | " + " | ".join(words) + " |")
claim(all(v > 2.6 for (_, _, steps), v in scores.items() if steps == 600),
      "at equal gradients AdaLA is worse than all three")
claim(all(scores["AdaLA, same", rival, 300] < -2.6 for rival in ("Adam", "AdaBelief")),
      "at equal steps AdaLA with the same batch is better than Adam and AdaBelief")
claim(judged["AdaLA, next", 300][1].max() > 3 * max(x.max() for (n, _), (_, x) in judged.items() if n != "AdaLA, next"),
      "with the next batch a few runs jump three times farther out than any other method's")
Markdown("\n".join(lines))
# %% [markdown]
# Read it twice. **Per step**, the look-ahead with the same mini-batch is worth something here: AdaLA is ahead of Adam and AdaBelief. **Per gradient** it is behind all three rivals, with either batch: the second gradient costs more than it brings. With the next batch a few runs jump far out (last column): a rotated Hessian and section 5.
#
# This is one problem, one noise level and the reading `own`. Nothing in this lesson speaks about the paper's networks.
#
# ## Summary
#
# * For the reading `grad` the learning rate cancels near a minimum: the floor is $1/(38\lambda)$ (T19), and a schedule does not change it. `adam` has no floor above $\epsilon/\lambda$. For `own` the floor is proportional to $\eta$.
# * A minimum holds a run iff $\lambda<38\,(\sqrt{\epsilon/(1-\beta_2)}+\epsilon)/\eta$ (T18), and the growth rate on both sides is predicted.
# * With negligible $\epsilon$ the reading `adam` is Newton-like on a diagonal problem, with rate $\sqrt{\beta_1}$ for every curvature; a zero row sum of $A\,\mathrm{sign}(g)$ breaks it.
# * With noise: next batch, $V\propto\eta$; same batch, $V$ nearly free of $\eta$.
# * On one noisy quadratic AdaLA with the same batch was ahead of Adam and AdaBelief at equal steps, and behind SGD, Adam and AdaBelief at equal gradients.
# %% [markdown]
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("10.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-10-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_10_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-10-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("10.1", answer_10_1, STUDENT)
# %%
exercise("10.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-10-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_10_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-10-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("10.2", answer_10_2, STUDENT)
# %%
exercise("10.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-10-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_10_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-10-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("10.3", answer_10_3, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. *Predict, then run.* Section 1 with $\epsilon=10^{-8}$: is the reading `grad` above or below $\lambda_{\text{crit}}$ at the beginning and at the end of the schedule? What does the error do?
# 2. Which $\beta_1$ makes AdaLA's cycle of section 3 twice as large? Check with `adala_cycle.amplitude` and with one step.
# 3. Repeat section 5 with the matrix rotated by one degree. How long is the first step now, and why?
# 4. Add the reading `lagged` (one gradient a step) to section 7. Is it AdaLA's cost or AdaLA's denominator that loses?
