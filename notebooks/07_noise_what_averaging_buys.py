# %% [markdown]
# # 07 · Noise: what averaging buys, and what it does not
# **Aims.** After this lesson you can
#
# 1. compute mean and variance of SGD, Lookahead and NALA on a noisy quadratic exactly, without a single random number;
# 2. explain how "Lookahead reduces the variance" can be true, and still be no reason to use it;
# 3. find the place where averaging does pay: many curvatures and a finite budget;
# 4. say what NALA's sixth gradient is worth under noise, and what happens when it reuses a mini-batch.
#
# **Time** 50 minutes. **Before** 01 and 03; variance of a sum of independent numbers. Lessons 03 and 06 had no noise, and averaging lost there. Now it gets its chance.
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
MEMBERS = 4_000  # runs of an ensemble of the reference twin
TRAJECTORIES = 10_000  # runs of a fast ensemble
BUDGET = 300  # gradients of the long race
MODES = 30  # eigenvalues of the spectrum
# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, at_most, by_chance, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.measure.ensemble import simulate
from nala_lab.reference import NALA, SGD, HeavyBall, Lookahead, run
from nala_lab.theory import loss_curves, stochastic
from nala_lab.theory.equal_speed import small_step_penalty, variance_ratio_at_equal_speed
from nala_lab.theory.noise_one_mode import cycle_moments, lookahead_variance_ratio, sgd_variance, stationary_variance
from nala_lab.widgets import NoiseExplorer
from problems import NoisyQuadratic

plots.use_style()
# %% [markdown]
# ## 1 · A failure: the quiet method that is louder
# One direction, curvature $\lambda = 1$, gradient $g = \lambda x + \xi$ with fresh noise $\xi$ of variance $w=1$. SGD with $\eta=0.3$ ends in a cloud around the minimum. A student wants a smaller cloud and reads that Lookahead reduces the variance. They wrap the same SGD in Lookahead, $k=10$, slow step $\tfrac12$, and are happy.
#
# A second student does nothing but lower the learning rate of SGD, until it forgets its start exactly as fast as that Lookahead does.
#
# **Predict:** whose cloud is smallest, after 400 gradients each?
# %%
guess = predict("Variance of the slower SGD over that of Lookahead?", ...)  # a number in place of the dots
noisy = NoisyQuadratic([1.0], shift=[2.0], offset=1.5, covariance=1.0)
k, mu, eta = 10, -0.5, 0.3
T = (1 + mu) * (1 - eta) ** k - mu  # Lookahead's factor per cycle of k gradients
slow_eta = 1 - T ** (1 / k)  # SGD with the same factor per gradient
start = np.full((MEMBERS, 1), 7.0)
clouds = {
    "SGD": run(SGD(eta), noisy.noisy_grad, start, steps=400, rng=stream(0, "cloud", "sgd")).final,
    "Lookahead": run(Lookahead(SGD(eta), k=k, alpha=1 + mu), noisy.noisy_grad, start, cycles=40, rng=stream(0, "cloud", "lookahead")).final,
    "SGD, smaller step": run(SGD(slow_eta), noisy.noisy_grad, start, steps=400, rng=stream(0, "cloud", "slow")).final,
}
cloud = {text: x.var(ddof=1) for text, x in clouds.items()}
claim(1.14 * cloud["SGD, smaller step"] < cloud["Lookahead"] < cloud["SGD"] / 2, "the SGD with the smaller step has the smallest cloud, and Lookahead's is less than half of SGD's")
Markdown("\n".join(["| method | learning rate | variance of the cloud |", "|---|---|---|"] + [f"| {text} | {e:.4f} | {cloud[text]:.4f} |" for text, e in zip(clouds, (eta, eta, slow_eta), strict=True)]))
# %%
guess.meets(cloud["SGD, smaller step"] / cloud["Lookahead"])
# %% [markdown]
# The first student is right: at the *same learning rate* Lookahead's variance is a third of SGD's. But it is also slower, and at the *same speed* plain SGD is quieter, by a factor of nearly two, with one line of code less. Which comparison is fair is the subject of this lesson.
#
# ## 2 · The equations
# Follow one cycle, step by step. Every gradient brings its own noise $\xi$, of variance $w$. All positions are distances to the minimum.
#
# - **One inner step** multiplies the error by $1-\eta\lambda$; call this $r$. It also adds noise of variance $\eta^2 w$.
# - **$k$ inner steps** multiply the error by $r^k$; call this $R$. The noise of an early step is shrunk by all later ones, so their variances add up to $\eta^2 w\,Q_k$ with $Q_k = 1+r^2+\dots+r^{2(k-1)}$.
# - **The mix** $y=(1+\mu)\,\theta_k-\mu\,\phi$ has two parts. Write $s=1+\mu$ for the share of the fast weights. The error is multiplied by $sR-\mu$, and the variance of the noise by $s^2$.
# - **The outer step** multiplies both parts by $1-\alpha\lambda$; call this $c$. Its own gradient adds noise of variance $\alpha^2 w$.
#
# So the mean of the error is multiplied, in one cycle, by
# $$T = c\,(sR-\mu), \qquad \mathrm E\,\phi' = T\;\mathrm E\,\phi. \tag{T01}$$
# The variance is multiplied by $T^2$, and this cycle's noise, of variance $N$, comes on top:
# $$N = c^2s^2\eta^2 w\,Q_k + \alpha^2 w, \qquad \operatorname{Var}\phi' = T^2\operatorname{Var}\phi + N.$$
# After many cycles the variance no longer changes. Set both sides equal, and call the result $V^\star$:
# $$V^\star = \frac{N}{1-T^2}. \tag{T08}$$
# Lookahead is $\alpha=0$; SGD is $k=1$, $\mu=0$, $\alpha=0$. From scratch: follow mean and variance through the ten lines of the algorithm, with no formula at all. A sum of independent terms has the sum of the variances:
# %%
def moments_by_hand(mean, variance, cycles, lam, w, eta, k, mu, alpha):
    for _ in range(cycles):
        keep, noise = 1.0, 0.0  # theta = keep * phi + (noise of that variance)
        for _ in range(k):
            keep, noise = (1 - eta * lam) * keep, (1 - eta * lam) ** 2 * noise + eta**2 * w
        keep, noise = (1 + mu) * keep - mu, (1 + mu) ** 2 * noise  # y = (1+mu) theta - mu phi
        keep, noise = (1 - alpha * lam) * keep, (1 - alpha * lam) ** 2 * noise + alpha**2 * w
        mean, variance = keep * mean, keep**2 * variance + noise
    return mean, variance
mean, variance = moments_by_hand(5.0, 0.0, 40, lam=1.0, w=1.0, eta=eta, k=k, mu=mu, alpha=0.0)
factor, N = cycle_moments(1.0, 1.0, lr=eta, k=k, mu=mu, alpha=0.0)
claim(agree([mean, variance], [5 * factor**40, N * (1 - factor**80) / (1 - factor**2)]), "the moments by hand are those of T01 and T08")
error = clouds["Lookahead"] - 2.0
claim(by_chance([(error.mean() - mean) / np.sqrt(variance / MEMBERS), (error.var(ddof=1) / variance - 1) / np.sqrt(2 / (MEMBERS - 1))]), "the cloud of the runs has the predicted mean and variance")
print(f"Lookahead's cloud: predicted {variance:.4f}, from {MEMBERS} runs {error.var(ddof=1):.4f}")
# %% [markdown]
# ## 3 · Same learning rate: quieter. Same speed: louder.
# Two exact ratios for Lookahead against SGD on one direction:
# $$\frac{V_{LA}}{V_{SGD}}\bigg|_{\text{same }\eta} = \frac{s\,(1+R)}{2-s\,(1-R)} \qquad\text{(Zhang et al. 2019, Prop. 2)} \tag{T09}$$
# $$\frac{V_{LA}}{V_{SGD}}\bigg|_{\text{same speed}} = \frac{f(r)}{f(T^{1/k})}, \qquad f(r) = \frac{(1-r)(1+r^k)}{(1+r)(1-r^k)} \tag{T11}$$
# **Predict** both curves over $\mu$: where do they cross 1?
# %%
mus = np.linspace(-0.95, 0.15, 100)
same_rate = [lookahead_variance_ratio(1.0, lr=eta, k=5, mu=m) for m in mus]
same_speed = [variance_ratio_at_equal_speed(1 - eta, k=5, mu=m) for m in mus]
measured = []
for m in (-0.75, -0.5, -0.25, 0.1):
    factor = (1 + m) * (1 - eta) ** 5 - m
    ends = {}
    for name, lr, kk, mm, cycles in (("LA", eta, 5, m, 150), ("SGD", eta, 1, 0.0, 150), ("slow", 1 - factor**0.2, 1, 0.0, 400)):
        ends[name] = simulate([1.0], [1.0], [0.0], lr=lr, k=kk, mu=mm, alpha=0.0, trajectories=TRAJECTORIES, cycles=cycles, seed=7).final.var()
    measured.append((m, ends["LA"] / ends["SGD"], ends["LA"] / ends["slow"]))
measured = np.array(measured)
ax = plots.axes_or_new(None, figsize=(7.6, 4.6))
ax.plot(mus, same_rate, color=plots.COLOURS["lookahead"], label="same learning rate (T09)")
same = plots.variants("lookahead", 2)[1]["color"]
ax.plot(mus, same_speed, color=same, ls="--", label="same speed (T11)")
ax.plot(measured[:, 0], measured[:, 1], "s", color=plots.COLOURS["lookahead"], label=f"{TRAJECTORIES} runs each")
ax.plot(measured[:, 0], measured[:, 2], "X", color=same, ms=10)
ax.axhline(1, color="#444444", lw=1)
ax.set(xlabel=r"outer factor $\mu$ (slow step $1+\mu$)", ylabel="variance, Lookahead / SGD", title=r"$k=5$, $\eta\lambda = 0.3$")
ax.legend()
plots.show(ax, alt="Ratio of variances against mu from -0.95 to 0.15. The curve for the same learning rate rises from near 0 to above 1 and crosses 1 at mu = 0. The curve for the same speed lies above 1 for every negative mu, highest at the left, and falls below 1 for positive mu. Markers from runs lie on both curves.")
# %%
exact = np.array([[lookahead_variance_ratio(1.0, lr=eta, k=5, mu=m), variance_ratio_at_equal_speed(1 - eta, k=5, mu=m)] for m in measured[:, 0]])
claim(by_chance((measured[:, 1:] / exact - 1) / np.sqrt(4 / TRAJECTORIES)), "the runs lie on both curves")
claim(np.all((np.array(same_rate) < 1) == (mus < 0)) and np.all((np.array(same_speed) > 1) == (mus < 0)), "both curves cross 1 at mu = 0")
Markdown(f"At $\\mu=-\\tfrac12$: {float(exact[1, 0]):.2f} at the same learning rate, {float(exact[1, 1]):.2f} at the same speed. The sign is a theorem: on one direction and for $k\\ge2$ averaging is louder than SGD of the same speed for **every** $\\mu<0$, because $f$ decreases and $T^{{1/k}} > r$.")
# %% [markdown]
# ### And the outer gradient?
# For small steps NALA's variance, relative to SGD of the same speed, is
# $$\frac{V^\star}{V_{SGD}} \to \frac{(k+1)\,(k s^2\eta^2+\alpha^2)}{(k s\eta+\alpha)^2} \;\ge\; 1, \qquad = 1 \iff \alpha = (1+\mu)\,\eta. \tag{T11, small steps}$$
# It is the inequality of Cauchy and Schwarz: $k+1$ steps of *equal* effect are the quietest way to cover a given distance. So NALA can at best tie with SGD here, at the same break-even value $\alpha=(1+\mu)\eta$ as in lessons 03 and 06.
#
# **Predict** what the paper's $\alpha = 0.001$ costs at $\eta=0.01$, $k=5$, $\mu=-\tfrac12$.
# %%
lr, ratios = 0.01, np.linspace(0, 4, 81)
limit = np.array([small_step_penalty(lr=lr, k=5, mu=-0.5, alpha=a * 0.5 * lr) for a in ratios])
def penalty(alpha):
    """V* over that of SGD with the same factor per gradient, finite steps."""
    factor, _ = cycle_moments(1.0, 1.0, lr=lr, k=5, mu=-0.5, alpha=alpha)
    return float(stationary_variance(1.0, 1.0, lr=lr, k=5, mu=-0.5, alpha=alpha) / sgd_variance(1.0, 1.0, lr=1 - factor ** (1 / 6)))
finite = np.array([penalty(a * 0.5 * lr) for a in ratios])
ax = plots.axes_or_new(None, figsize=(7.6, 3.8))
ax.plot(ratios, limit, color=plots.COLOURS["nala"], label="limit of small steps")
ax.plot(ratios[::8], finite[::8], "o", color=plots.COLOURS["nala"], mfc="white", label=r"exact, $\eta\lambda=0.01$")
ax.plot(0.2, penalty(0.001), "*", color=plots.ROLES["limit"], ms=15, label=r"paper's $\alpha = 0.001$")
ax.axhline(1, color="#444444", lw=1)
ax.set(xlabel=r"outer step in units of $(1+\mu)\,\eta$", ylabel="variance, NALA / SGD\nof the same speed")
ax.legend()
plots.show(ax, alt="Ratio of variances against the outer step in units of (1 + mu) eta, from 0 to 4. The curve starts at 1.2, touches 1 at one, and rises to 1.55 at four. Exact values for a small step lie on it on the left, and up to three per cent above it on the right; the paper's setting is at 0.2 on the axis, at about 1.12.")
# %%
claim(at_most(1, limit) and agree(limit[20], 1) and ratios[20] == 1.0, "NALA is never quieter than SGD of the same speed, and ties at alpha = (1 + mu) eta")
claim(np.abs(finite / limit - 1).max() < 0.03, "the limit of small steps is within 3 % of the exact value at eta = 0.01")
claim(1.1 < penalty(0.001) < 1.15, "the paper's setting costs between 10 and 15 % more variance")
Markdown(f"The paper's point costs {100 * (penalty(0.001) - 1):.0f} % more variance than SGD of the same speed. Without any outer gradient (α = 0, but a sixth gradient paid) it is {100 * (limit[0] - 1):.0f} %.")
# %% [markdown]
# ## 4 · Many directions: now averaging wins
# So far one direction, where SGD can be given any speed. A spectrum is different: the learning rate that is right for the flat directions makes the stiff ones noisy, and there is only one learning rate.
#
# The race: 30 eigenvalues from 0.01 to 1, noise $w=\lambda^2$ (each mini-batch has its own minimum, the model of Zhang et al.), error 1 in each direction at the start. Each method gets its best constant settings, found by a search on the *exact* expected loss after the budget. (Steps have the unit 1/curvature, and here the largest curvature is 1: the paper's $\alpha=0.001$ is a small step. On a problem with $L=1000$ the same number would be $1/L$.)
#
# **Predict** the order of SGD, Lookahead with slow step $\tfrac12$, Lookahead with a free slow step, NALA with the paper's $\mu$ and $\alpha$, and NALA with everything free.
# %%
lam = np.geomspace(0.01, 1.0, MODES)
w, e0 = lam**2, np.ones(MODES)
grid = np.geomspace(0.01, 2.0, 2000)
def best_lr(budget, **fixed):
    """The best of 2000 learning rates, for settings that are fixed otherwise."""
    losses = [loss_curves.loss_at_budget(lam, w, e0, lr=lr, budget=budget, **fixed) for lr in grid]
    return {"loss": min(losses), "lr": grid[int(np.argmin(losses))], **{n: fixed[n] for n in ("k", "mu", "alpha")}}
def race(budget):
    search = lambda method: loss_curves.best_for_budget(lam, w, e0, budget=budget, ks=(5,), method=method)  # noqa: E731
    return {
        "SGD": search("SGD"), "Lookahead, slow step 1/2": best_lr(budget, k=5, mu=-0.5, alpha=0.0, spend_outer=False),
        "Lookahead, slow step free": search("Lookahead"), "NALA, paper's mu and alpha": best_lr(budget, k=5, mu=-0.5, alpha=0.001), "NALA, everything free": search("NALA"),
    }
results = {budget: race(budget) for budget in (60, BUDGET)}
# %%
rows = [f"| method ($k=5$) | loss after 60 | $\\eta$, $\\mu$, $\\alpha$ | loss after {BUDGET} | $\\eta$, $\\mu$, $\\alpha$ |", "|---|---|---|---|---|"]
for text in results[60]:
    cells = [f"{s['loss']:.4f} | {s['lr']:.3f}, {s['mu']:+.2f}, {s['alpha']:.3f}" for s in (results[60][text], results[BUDGET][text])]
    rows.append(f"| {text} | " + " | ".join(cells) + " |")
Markdown("\n".join(rows))
# %%
known = {60: (0.2913, 0.2691, 0.2648, 0.2973, 0.2650), BUDGET: (0.1166, 0.1104, 0.0996, 0.1220, 0.1010)}
for budget, values in known.items():
    found = [s["loss"] for s in results[budget].values()]
    claim(np.allclose(found, values, atol=1.5e-4), f"after {budget} gradients the losses are those of the table")
    sgd, half, free, paper, tuned = found
    claim(free < half < sgd < paper, "a free slow step is best, then the slow step 1/2, then SGD, and NALA with the paper's numbers is last")
    claim(abs(tuned / free - 1) < 0.02, "NALA with everything free ties with Lookahead, within 2 %")
gain = 1 - results[BUDGET]["Lookahead, slow step free"]["loss"] / results[BUDGET]["SGD"]["loss"]
Markdown(f"Averaging wins: after {BUDGET} gradients Lookahead's expected loss is **{100 * gain:.0f} % below** the best constant-step SGD. The best $\\mu$ is strongly *negative* ({results[BUDGET]['Lookahead, slow step free']['mu']:.2f}): without noise it was positive. NALA with the paper's $\\mu$ and $\\alpha$ is **worse than SGD**; with everything free it ties with Lookahead.")
# %% [markdown]
# **Why.** One cycle of Lookahead removes the fraction $s\,q$ of an error, $q = 1-(1-\eta\lambda)^k$. While $\lambda$ grows from 0.01 to 1, $q$ soon reaches 1: seen by the slow weights, the stiff directions are all equally stiff. So a large $\eta$ moves the flat directions, and the small $s$ keeps the noise of the stiff ones out. One number, $\eta$, became two.
#
# **Predict** which directions carry the loss of each method at the end.
# %%
def per_mode(s, cost):
    """Bias and variance part of each direction's expected loss after the whole cycles of BUDGET gradients."""
    factor, noise = cycle_moments(lam, w, lr=s["lr"], k=s["k"], mu=s["mu"], alpha=s["alpha"])
    power = factor ** (2 * (BUDGET // cost))
    return lam * power / 2, lam * noise * (1 - power) / (1 - factor**2) / 2
fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.2), sharey=True)
shares = {}
for ax, text, cost, name in ((axes[0], "SGD", 1, "sgd"), (axes[1], "Lookahead, slow step free", 5, "lookahead")):
    bias, spread = shares[text] = per_mode(results[BUDGET][text], cost)
    ax.fill_between(lam, bias, color="#9DB7C9", label="start not yet forgotten")
    ax.fill_between(lam, bias, bias + spread, color=plots.COLOURS[name], alpha=0.75, label="noise")
    ax.set(xscale="log", xlabel=r"eigenvalue $\lambda$", title=f"{text}: {(bias + spread).sum():.4f}")
    ax.legend(fontsize=12)
axes[0].set_ylabel("share of the expected loss")
plots.show(fig, alt="Share of the expected loss against the eigenvalue, split into the part of the start that is not forgotten (pale, at small eigenvalues) and noise (at large ones). Tuned SGD has a wide pale hill and a steep rise of noise at the right. Tuned Lookahead has a smaller pale hill and less noise at the largest eigenvalues.")
# %%
for text, (bias, spread) in shares.items():
    claim(agree((bias + spread).sum(), results[BUDGET][text]["loss"]), "the directions' shares add up to the loss")
ends = {text: (bias.sum(), spread.sum()) for text, (bias, spread) in shares.items()}
claim(all(a < b for a, b in zip(ends["Lookahead, slow step free"], ends["SGD"], strict=True)), "with a free slow step both parts of the loss are smaller than SGD's")
Markdown("\n".join(["| | start not forgotten | noise |", "|---|---|---|", *(f"| {t} | {b:.4f} | {v:.4f} |" for t, (b, v) in ends.items())]))
# %% [markdown]
# ## 5 · The whole curve, exactly
# `loss_curves.curves` gives the expected loss after *every* gradient: between two synchronisations that of the fast weights, at a synchronisation that of the slow ones. We draw the tuned methods and put 10 000 simulated runs over them.
#
# **Predict:** Lookahead's curve jumps at each synchronisation. Up or down: in the first cycles, and in the last ones?
# %%
shown = {"SGD": ("sgd", 1, False), "Lookahead, slow step free": ("lookahead", 5, False), "NALA, paper's mu and alpha": ("nala", 6, True)}
def compare(text, cost, spend):
    """The exact curve; cycles of the first and last 40 gradients, simulated loss there, and its standard error."""
    s = {n: results[BUDGET][text][n] for n in ("lr", "k", "mu", "alpha")}
    curve = loss_curves.curves(lam, w, e0, **s, gradients=BUDGET, spend_outer=spend)[0]
    cloud = simulate(lam, w, e0, **s, trajectories=TRAJECTORIES, cycles=BUDGET // cost, seed=3)
    at = np.array([t for t in range(1, BUDGET // cost + 1) if t % max(1, 10 // cost) == 0 and not 40 < cost * t < BUDGET - 40])
    power, noise = cycle_moments(lam, w, **s)[0] ** (2 * at[:, None]), stationary_variance(lam, w, **s)
    V = noise * (1 - power)
    # Var(lam x^2 / 2) = lam^2 (2 V^2 + 4 m^2 V) / 4 for a Gaussian x with mean m and variance V; modes are independent
    se = np.sqrt((lam**2 * (2 * V**2 + 4 * power * V)).sum(1) / 4 / TRAJECTORIES)
    return curve, cost * at, cloud.square[at] @ lam / 2, se
fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.6))
misses = []
for text, (name, cost, spend) in shown.items():
    curve, at, sampled, se = compare(text, cost, spend)
    misses.append(np.abs(sampled - curve[at]) / se)
    for ax, window in zip(axes, ((0, 40), (BUDGET - 40, BUDGET)), strict=True):
        ax.plot(curve, color=plots.COLOURS[name], lw=1.5, label=text)
        ax.plot(np.arange(0, BUDGET + 1, cost), curve[::cost], ".", color=plots.COLOURS[name], ms=5)
        ax.plot(at, sampled, "o", color=plots.COLOURS[name], mec="white", ms=9, label="_" if misses[1:] else f"{TRAJECTORIES} runs")
        ax.set(xlim=window, yscale="log", xlabel="gradient evaluations")
axes[0].set(ylim=(0.3, 4), ylabel="expected loss $E f - f^*$")
axes[1].set(ylim=(0.08, 0.8))
axes[0].legend(loc="lower left", fontsize=12)
plots.show(fig, alt="Expected loss against gradient evaluations, the first 40 and the last 40. SGD falls smoothly. Lookahead and NALA have teeth. In the first cycles the fast weights run ahead and each synchronisation throws the loss back up. In the last cycles it is the other way: the fast weights are far above, and each synchronisation brings the loss down, Lookahead's below SGD's. Large dots from simulated runs lie on the curves.")
# %%
z = np.concatenate(misses)
claim(by_chance(z), "the simulated runs lie on the exact curves")
look_curve = compare("Lookahead, slow step free", 5, False)[0]
claim(look_curve[5] > look_curve[4] and look_curve[BUDGET] < look_curve[BUDGET - 1], "a synchronisation throws the loss up at first and brings it down later")
print(f"{len(z)} comparisons with the simulated runs, the largest miss is {z.max():.1f} standard errors")
# %%
NoiseExplorer()  # move mu below zero: quieter in the end, and slower at the start
# %% [markdown]
# Early on the fast weights are ahead, because going back half of the way only loses ground. Late only the **slow** weights have the small loss: who evaluates a network between two synchronisations, with the fast weights, measures the top of a tooth.
#
# ## 6 · Whose mini-batch is the sixth gradient?
# Algorithm 1 says $\nabla J(y_t)$ and leaves open which mini-batch that is. Three readings: a *fresh* one; the *last* one of the inner loop, which a careless program uses; the *full* data. The last inner noise enters $\theta_k$ as $-\eta\xi$ and the outer step as $-\alpha\xi$. The same $\xi$ twice, with the same sign:
# $$N_{\text{last}} = N_{\text{fresh}} + 2\,c\,s\,\eta\,\alpha\,w. \tag{T08, last}$$
# **Predict**, for $\lambda=0.5$, $\eta=0.3$, $\alpha=0.1$, $k=5$, $\mu=-\tfrac12$: how much more variance?
# %%
setting = dict(k=5, mu=-0.5, alpha=0.1)
half_bowl = NoisyQuadratic([0.5], shift=[2.0], offset=1.5, covariance=1.0)
predicted = {b: float(stationary_variance(0.5, 1.0, lr=0.3, **setting, outer=b)) for b in ("fresh", "last", "full")}
sampled = {}
for batch in predicted:
    method = NALA(SGD(0.3), **setting, outer_batch=batch)
    t = run(method, half_bowl.noisy_grad, np.full((5 * MEMBERS, 1), 2.0), cycles=15, rng=stream(0, "batch", batch), full_grad=half_bowl.grad)
    sampled[batch] = t.final.var(ddof=1)
    claim(by_chance((sampled[batch] / predicted[batch] - 1) / np.sqrt(2 / (5 * MEMBERS - 1))), f"the runs with the {batch} mini-batch have the predicted variance")
rows = [f"| {b} | {predicted[b]:.4f} | {sampled[b]:.4f} | {100 * (predicted[b] / predicted['fresh'] - 1):+.0f} % |" for b in predicted]
claim(round(100 * (predicted["last"] / predicted["fresh"] - 1)) == 41 and predicted["full"] < predicted["fresh"], "reusing the last mini-batch brings 41 % more variance, and the full gradient less than a fresh one")
Markdown("\n".join(["| outer mini-batch | variance, predicted | from runs | against fresh |", "|---|---|---|---|", *rows]))
# %% [markdown]
# Reusing the batch costs nothing in data loading and much in noise. The mean does not see it ($T$ is the same), so no test on a problem without noise would find this slip. How large the excess is depends on the setting:
# %%
x = np.linspace(0.02, 0.6, 30)
excess = np.array([[stationary_variance(1.0, 1.0, lr=e, k=5, mu=-0.5, alpha=a, outer="last") / stationary_variance(1.0, 1.0, lr=e, k=5, mu=-0.5, alpha=a) - 1 for e in x] for a in x])
ax = plots.axes_or_new(None, figsize=(7.2, 4.8))
ax.clabel(ax.contour(x, x, 100 * excess, levels=[5, 10, 20, 41, 60, 80], colors=plots.COLOURS["nala"]), fmt="%g %%", fontsize=12)
ax.set(xlabel=r"inner step $\eta\lambda$", ylabel=r"outer step $\alpha\lambda$", title="excess variance, last batch against fresh")
plots.show(ax, alt="Contour lines of the excess variance, from 5 to 80 per cent, over inner and outer step from 0.02 to 0.6. The excess is small along both axes and largest at the right edge, where the outer step is about four tenths of the inner one.")
claim(np.all(excess > 0) and np.all(excess <= 1), "the last mini-batch always brings more variance, at most twice")
claim(agree(x[excess[:, -1].argmax()] / x[-1], 0.4) and excess.max() == excess[:, -1].max(), "the excess is largest at the right edge, for an outer step of four tenths of the inner one")
# %% [markdown]
# ## 7 · Momentum inside: keep, reset, pull back
# With the heavy ball inside mean and covariance of (position, momentum) follow a linear map $z' = Oz + \text{noise}$, $\Sigma' = O\Sigma O^\top + N$ (T10), and the stationary covariance $\Sigma^\star = O\Sigma^\star O^\top + N$ is found by scipy. `theory.stochastic` does this for any $A$ and any noise covariance.
#
# For a fair comparison each row also names the heavy ball whose step is lowered until its slowest direction is as fast.
#
# **Predict** which convention is quietest, and which one is slowest.
# %%
few = np.geomspace(0.05, 1.0, 8)
A, beta = np.diag(few), 0.6
def measure(lr, **cycle):
    """Stationary expected loss and rate per gradient of a cycle over heavy ball, noise covariance A."""
    one = stochastic.cycle(A, A, lr=lr, inner="heavy-ball", beta=beta, **cycle)
    cost = cycle["k"] + (cycle["alpha"] > 0)
    sigma = stochastic.stationary(one)
    return np.trace(A @ sigma[:8, :8]) / 2, np.abs(np.linalg.eigvals(one.O)).max() ** (1 / cost)
def matched(rate):
    """Step of the heavy ball alone whose rate is `rate`: its flattest direction, root of z^2 - (1 - lr lam + beta) z + beta."""
    return (1 + beta - rate - beta / rate) / few[0]
alone = dict(k=1, mu=0.0, alpha=0.0)
table = {"heavy ball": measure(0.2, **alone)}
for convention in ("keep", "reset", "pullback"):
    table[f"Lookahead, {convention}"] = measure(0.2, k=5, mu=-0.5, alpha=0.0, convention=convention)
rivals = {text: measure(matched(rate), **alone) for text, (_, rate) in table.items()}
rows = [f"| {t} | {loss:.4f} | {rate:.4f} | {rivals[t][0]:.4f} |" for t, (loss, rate) in table.items()]
Markdown("\n".join(["| $\\eta=0.2$, $\\beta=0.6$, $k=5$, slow step ½ | stationary loss | rate per gradient | heavy ball of that speed |", "|---|---|---|---|", *rows]))
# %%
for text, (loss, rate) in table.items():
    claim(agree(rivals[text][1], rate), "each rival is as fast as its row")
    claim(text == "heavy ball" or loss < 0.97 * rivals[text][0] and loss < table["heavy ball"][0] / 2, "at equal speed every average is quieter than the heavy ball, and at the same step by more than half")
claim(table["Lookahead, reset"][1] == max(rate for _, rate in table.values()), "reset is the slowest")
claim(table["Lookahead, reset"][0] == min(loss for loss, _ in table.values()), "reset is the quietest")
# The numbers above are exact. Do runs of the reference twin agree, momentum included?
ball, gaps = NoisyQuadratic(few, shift=np.linspace(-1, 1, 8), covariance=A), []
for convention in ("keep", "reset", "pullback"):
    method = Lookahead(HeavyBall(0.2, beta), k=5, alpha=0.5, inner_state=convention)
    t = run(method, ball.noisy_grad, np.broadcast_to(ball.start, (1000, 8)), cycles=40, rng=stream(0, "ball", convention))
    one = stochastic.cycle(A, A, lr=0.2, k=5, mu=-0.5, alpha=0.0, inner="heavy-ball", beta=beta, convention=convention)
    exact = stochastic.propagate(one, ball.start - ball.center, T=40)
    mean, sigma = exact.mean[-1, :8], exact.covariance[-1, :8, :8]
    # variance of a Gaussian quadratic form: tr((A Sigma)^2) / 2 + m' A Sigma A m, over 1000 independent runs
    se = np.sqrt((np.trace(A @ sigma @ A @ sigma) / 2 + mean @ A @ sigma @ A @ mean) / 1000)
    gaps.append(abs((ball.value(t.final) - ball.minimum).mean() - stochastic.expected_loss(A, exact)[-1]) / se)
claim(by_chance(gaps), "the runs have the predicted expected loss")
print("misses in standard errors:", np.round(gaps, 1))
# %% [markdown]
# Same picture as without momentum. At the same $\eta$ every averaged row is quieter and slower. *Reset* is the quietest and by far the slowest: it throws the momentum away twelve times in sixty gradients, so the method behaves like one with a smaller step. Against a heavy ball whose slowest direction is as fast, all three are quieter on this spectrum: *keep* and *pullback* clearly, *reset* by little.
#
# ## 8 · What the sixth gradient is worth
# The tuned NALA of section 4 has one more number than the tuned Lookahead, and pays for it with every sixth gradient.
#
# **Predict:** the best $\alpha$ for 300 gradients, in units of $\eta$, and what happens to the loss as $\alpha$ moves.
# %%
tuned = results[BUDGET]["NALA, everything free"]
alphas = np.linspace(0, 0.4, 41)
losses = [loss_curves.loss_at_budget(lam, w, e0, lr=tuned["lr"], k=5, mu=tuned["mu"], alpha=a * tuned["lr"], budget=BUDGET) for a in alphas]
ax = plots.axes_or_new(None, figsize=(7.6, 3.8))
ax.plot(alphas, losses, color=plots.COLOURS["nala"], label=r"NALA, tuned $\eta$ and $\mu$")
ax.axhline(results[BUDGET]["Lookahead, slow step free"]["loss"], color=plots.COLOURS["lookahead"], ls="-.", label="Lookahead, tuned")
ax.axhline(results[BUDGET]["SGD"]["loss"], color="black", ls=":", label="SGD, tuned")
ax.set(xlabel=r"outer step in units of the inner step, $\alpha/\eta$", ylabel=f"expected loss\nafter {BUDGET} gradients", ylim=(0.09, 0.15))
ax.legend(fontsize=12)
plots.show(ax, alt="Expected loss after 300 gradients against the outer step in units of the inner step, from 0 to 0.4. NALA's curve has a minimum near 0.1, just above the horizontal line of Lookahead, crosses the line of SGD near 0.2 and keeps rising.")
# %%
lookahead_loss = results[BUDGET]["Lookahead, slow step free"]["loss"]
claim(min(losses) > lookahead_loss and losses[-1] > results[BUDGET]["SGD"]["loss"], "NALA stays behind Lookahead for every alpha, and behind SGD for a long one")
best_alpha = alphas[int(np.argmin(losses))] * tuned["lr"]
claim(abs(best_alpha / ((1 + tuned["mu"]) * tuned["lr"]) - 0.5) < 0.35, "the best alpha is near (1 + mu) eta, and below it")
Markdown(f"The best outer step is {tuned['alpha']:.3f}, which is {tuned['alpha'] / ((1 + tuned['mu']) * tuned['lr']):.2f} times $(1+\\mu)\\eta$: the search makes the sixth gradient one more small step like the others. Without it ($\\alpha=0$ but paid) the loss would be {100 * (losses[0] / min(losses) - 1):.1f} % higher, with it NALA is still {100 * (tuned['loss'] / lookahead_loss - 1):+.1f} % from Lookahead.")
# %% [markdown]
# ## Summary
# * Mean, variance and expected loss are exact recurrences; 10 000 runs agree with them to their own standard error.
# * "Lookahead reduces the variance" is a theorem at the same learning rate. At the same speed, on one direction, the opposite is a theorem.
# * Over a spectrum and a finite budget averaging wins, with a strongly negative $\mu$: it separates the step that moves the flat directions from the step that lets noise in.
# * In these races NALA's outer gradient at best ties with that: with the paper's $\alpha$ it is a gradient spent for almost nothing, with a tuned one NALA is within 2 % of Lookahead.
# * The outer gradient on the last inner mini-batch adds noise that no deterministic test can see.
#
# What was **not** tested: learning-rate schedules (SGD with a decaying step is a stronger opponent than one with a constant step), noise that depends on $x$, and anything that is not a quadratic.
# %% [markdown]
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("07.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-07-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_07_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-07-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("07.1", answer_07_1, STUDENT)
# %%
exercise("07.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-07-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_07_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-07-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("07.2", answer_07_2, STUDENT)
# %%
exercise("07.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-07-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_07_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-07-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("07.3", answer_07_3, STUDENT)
# %%
exercise("07.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-07-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_07_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-07-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("07.4", answer_07_4, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 1 choose $\mu=+0.02$ for Lookahead with $k=10$. Predict from T11: is its cloud larger or smaller than that of SGD of the same speed? Why can $\mu$ not be $0.1$ here?
# 2. In section 6 let $\alpha\lambda > 1$. What happens to the sign of the cross term, and is "last" still worse than "fresh"?
