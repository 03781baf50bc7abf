# %% [markdown] slideshow={"slide_type": "slide"}
# # 01 · Two loops: why a slow loop?
#
# **Aim.** One number, the factor $\rho(\lambda)$, tells everything about two loops on a quadratic: when they rescue a step that is too large, what they cost, and when they only make things slower. You will derive it, measure it, and use it against a published claim.
#
# **Time** 40 minutes. **Before** 00 start here; eigenvalues of a symmetric matrix.
#
# Words: *fast* weights $\theta$, *slow* weights $\phi$, inner step $\eta$ (`lr`), $k$ inner steps a cycle, outer factor $\mu$, outer step $\alpha$. The *error* is the distance to the minimum with its sign.
# %% slideshow={"slide_type": "skip"}
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, at_most, check, claim, exercise, grades, predict
from nala_lab.reference import NALA, SGD, Lookahead, run
from nala_lab.theory.optimal_mu import optimal_mu
from nala_lab.theory.quadratic_rate import rate_per_gradient, rho, trajectory
from nala_lab.theory.stability import inner_limit
from problems import Quadratic

plots.use_style()
# %% tags=["parameters"] slideshow={"slide_type": "skip"}
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
STEPS = 20  # gradients in the pictures of one eigenvalue
CYCLES = 8  # outer steps in the measurement of a whole spectrum
MODES = 16  # eigenvalues measured at once
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A failure, on one eigenvalue
#
# One direction, curvature $\lambda = 2.5$, minimum at 3. A step of gradient descent turns the error $e$ into $(1-\eta\lambda)\,e$, so only the product $\eta\lambda$ matters.
#
# **Predict** three runs that start with error 1: $\eta\lambda = 1.9$, $2$ and $2.1$. Which one ends near zero?
# %%
lam, minimum = 2.5, 3.0
bowl = Quadratic([lam], shift=[minimum])
start = np.array([minimum + 1.0])
products = (1.9, 2.0, 2.1)
errors = {p: run(SGD(lr=p / lam), bowl.grad, start, steps=STEPS).x[:, 0] - minimum for p in products}
for product, error in errors.items():
    claim(agree(error, (1 - product) ** np.arange(STEPS + 1)), "each step multiplies the error by 1 - eta lambda")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
figure, panels = plt.subplots(1, 3, figsize=(10.2, 3.8), sharey=True)
for ax, (product, error) in zip(panels, errors.items(), strict=True):
    ax.plot(error, color="black", marker="o", ms=4, lw=1.2)
    ax.axhline(0, color=plots.ROLES["minimum"], lw=1.5)
    ax.set(title=rf"$\eta\lambda = {product}$", xlabel="step of gradient descent", ylim=(-8, 8))
panels[0].set_ylabel("error $x - x^*$ (start: 1)")
plots.show(
    figure,
    alt="Three zigzag lines around zero. With step times curvature 1.9 the zigzag shrinks, with 2.0 it "
    "keeps its size, with 2.1 it grows beyond six within twenty steps.",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# The sign flips at every step: this is the *period-2 oscillation*. At $\eta\lambda = 2$ it never dies.
#
# ## 2 · An idea, and a surprise
#
# If the error swings between $+1$ and $-1$, take the **average** of the two ends: it is 0. Lookahead (Zhang et al. 2019) does that: $k$ steps forward, then back to the middle.
#
# **Predict**, at $\eta\lambda = 2.1$: which of $k=5$ and $k=4$ is rescued? One, both, or none?
# %%
odd, even, product = 5, 4, 2.1
guess = predict(f"Error after {STEPS} gradients with k = {odd}? It starts at 1.", ...)  # a number in place of the dots
averaged = {k: run(Lookahead(SGD(lr=product / lam), k=k, alpha=0.5), bowl.grad, start, cycles=STEPS // k) for k in (odd, even)}
left = {k: abs(loops.final[0] - minimum) for k, loops in averaged.items()}
claim(left[odd] < 0.1 < 1 < left[even], f"k = {odd} is rescued and k = {even} is not")
print(f"error after {STEPS} gradients, from 1: {left[odd]:.4f} with k = {odd}, {left[even]:.4f} with k = {even}")
guess.meets(left[odd])
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
figure, panels = plt.subplots(1, 2, figsize=(10.2, 4.2), sharey=True)
for ax, (k, loops) in zip(panels, averaged.items(), strict=True):
    for t, inner in enumerate(loops.fast[..., 0] - minimum):
        ax.plot(t * k + np.arange(k + 1), inner, color=plots.ROLES["fast"], marker=".", lw=1.2, label=r"fast $\theta_{t,i}$" if t == 0 else None)
    ax.plot(loops.timesteps, loops.slow[:, 0] - minimum, "o", ms=10, color=plots.COLOURS["lookahead"], label=r"slow $\phi_t$", zorder=5)
    ax.axhline(0, color=plots.ROLES["minimum"], lw=1.5)
    ax.set(title=f"k = {k}", xlabel="inner steps", xticks=range(0, STEPS + 1, k))
panels[0].set_ylabel("error (start: 1)")
panels[0].legend(loc="upper right")
plots.show(
    figure,
    alt="Error of fast and slow weights over inner steps. With k = 5 the fast weights end each cycle on "
    "the other side, so the slow points fall towards zero. With k = 4 they end on the same side, "
    "farther out, so the slow points grow.",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# **The parity surprise.** After an even number of steps the oscillation is back on its own side, so averaging brings nothing. Five rescues, four does not. Textbook pictures of Lookahead do not show this.
#
# ## 3 · The equation
#
# Follow the error $e$ of the slow weights through one cycle of NALA:
#
# $$\text{after } k \text{ inner steps, Eq. (4):}\quad (1-\eta\lambda)^k\,e \tag{i}$$
#
# $$\text{at } y = (1+\mu)\,\theta_k - \mu\,\phi:\quad B\,e, \qquad B = (1+\mu)(1-\eta\lambda)^k - \mu \tag{ii}$$
#
# $$\text{after the outer step, Eq. (5):}\quad \rho\,e, \qquad \rho(\lambda) = (1-\alpha\lambda)\,\bigl[(1+\mu)(1-\eta\lambda)^k - \mu\bigr] \tag{iii}$$
#
# The last factor is $(1-\alpha\lambda)$ because the outer gradient is taken *at* $y$. With $\alpha = 0$ this is Lookahead with slow step $1+\mu$.
#
# From scratch:
# %% slideshow={"slide_type": "subslide"}
k, mu, alpha, lr = 5, -0.5, 0.02, 2.1 / lam


def cycle(phi: np.ndarray) -> np.ndarray:
    theta = phi
    for _ in range(k):
        theta = theta - lr * bowl.grad(theta)  # Eq. (4)
    y = (1 + mu) * theta - mu * phi  # Algorithm 1
    return y - alpha * bowl.grad(y)  # Eq. (5), first line


by_hand = cycle(cycle(start))
# %% [markdown] slideshow={"slide_type": "subslide"}
# The library, and the closed form. They must agree with our ten lines:
# %%
library = run(NALA(SGD(lr=lr), k=k, mu=mu, alpha=alpha), bowl.grad, start, cycles=2)
claim(agree(by_hand, library.final), "ten lines by hand and the library take the same way")
predicted = minimum + rho(lam, lr=lr, k=k, mu=mu, alpha=alpha) ** 2
claim(agree(by_hand, predicted), "after two cycles the error is rho squared of what it was")
Markdown(
    rf"$\rho = {rho(lam, lr=lr, k=k, mu=mu, alpha=alpha):.4f}$: "
    rf"after two cycles the error is $\rho^2 = {by_hand[0] - minimum:.4f}$ of what it was."
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · Many eigenvalues at once
#
# In $d$ dimensions the eigenvectors do not disturb one another: $e_t = Q\,\mathrm{diag}(\rho(\lambda_i)^t)\,Q^\top e_0$ (theorem T01 of this lab). We build a rotated, shifted quadratic with 16 curvatures and compare **every** slow weight of **every** cycle with the formula.
# %%
eta_lam = np.linspace(0.05, 2.35, MODES)
# inner step 1, so eta lambda is the eigenvalue
many = Quadratic(eta_lam, rotation=1, shift=np.linspace(-2, 3, MODES))
runs = {k: run(Lookahead(SGD(lr=1.0), k=k, alpha=0.5), many.grad, many.start, cycles=CYCLES) for k in (4, 5)}
for k, loops in runs.items():
    e = trajectory(eta_lam, many.eigenvectors, many.start - many.center, CYCLES, lr=1.0, k=k, mu=-0.5, alpha=0.0)
    claim(agree(loops.slow - many.center, e), "every slow weight of every cycle is the formula's")
# %% [markdown] slideshow={"slide_type": "subslide"}
# **Predict** before you look: for which $\eta\lambda$ is the averaged method (blue) *below* plain gradient descent (black) with the same number of gradients?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
grid = np.linspace(0, 2.5, 501)
figure, panels = plt.subplots(1, 2, figsize=(10.2, 4.8), sharey=True)
for ax, (k, loops) in zip(panels, runs.items(), strict=True):
    modes = (loops.slow[:2] - many.center) @ many.eigenvectors  # coordinates along the eigenvectors
    plots.rates(ax, grid, (1 - grid) ** k, name="sgd", legend=f"descent, {k} steps")
    plots.rates(
        ax,
        grid,
        rho(grid, lr=1.0, k=k, mu=-0.5, alpha=0.0),
        name="lookahead",
        measured=(eta_lam, modes[1] / modes[0]),
        limits={f"limit {inner_limit(k, -0.5):.3f}": float(inner_limit(k, -0.5))},
    )
    ax.set(title=f"k = {k}", ylim=(0, 1.6))
    ax.legend(loc="upper left", fontsize=12)
panels[1].set_ylabel("")
plots.show(
    figure,
    alt="Factor per cycle against step times curvature, for k = 4 and k = 5; measured points lie on the "
    "predicted curves. Up to 1 Lookahead's curve lies above that of gradient descent in both. For k = "
    "5 it falls to zero at 2 and reaches one at about 2.25; for k = 4 it reaches one at 2 like "
    "gradient descent.",
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Three things to see. Where descent is calm ($\eta\lambda \le 1$), averaging is **slower**. Near $\eta\lambda = 2$ with odd $k$ it is much faster: $\rho = 0$ exactly at 2. And it survives beyond 2 only for odd $k$.
# %%
half = dict(lr=1.0, mu=-0.5, alpha=0.0)
claim(rho(2.0, k=5, **half) == 0.0 and rho(2.0, k=4, **half) == 1.0,
      "with k = 5 one cycle ends at the minimum for eta lambda = 2, with k = 4 it ends where it began")
calm = np.linspace(0, 1, 101)
claim(at_most((1 - calm) ** 5, rho(calm, k=5, **half)), "where descent is calm, averaging is slower")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · How large may the inner step be?
#
# From $|\rho| < 1$ with $\alpha = 0$ and $-1 < \mu < 1$:
#
# $$\eta\lambda < 1 + \Bigl(\frac{1-\mu}{1+\mu}\Bigr)^{1/k} \;\text{ for odd } k, \qquad \eta\lambda < 2 \;\text{ for even } k. \tag{iv}$$
#
# We measure it: halve an interval until the largest step that does not grow the error in one cycle is known to $10^{-6}$.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
def largest_step(k: int, mu: float) -> float:
    low, high = 1.0, 9.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        loops = run(Lookahead(SGD(lr=middle / lam), k=k, alpha=1 + mu), bowl.grad, start, cycles=1)
        grows = abs(loops.final[0] - minimum) > 1
        low, high = (low, middle) if grows else (middle, high)
    return low


counts, factors = np.arange(1, 9), {-0.25: "^", -0.5: "o", -0.75: "s"}
measured = {mu: [largest_step(int(k), mu) for k in counts] for mu in factors}
for mu, limits in measured.items():
    claim(agree(limits, [inner_limit(int(k), mu) for k in counts], digits=5),
          "the measured limit is that of equation (iv)")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ax = plots.axes_or_new(None, figsize=(7.6, 4.2))
for shade, (mu, marker) in zip(("#7FB3D5", plots.COLOURS["lookahead"], "#0B3D5C"), factors.items(), strict=True):
    ax.plot(counts, [inner_limit(int(k), mu) for k in counts], "-", color=shade, lw=1.2)
    ax.plot(counts, measured[mu], marker, color=shade, ms=9, ls="", label=rf"$\mu = {mu}$ (slow step {1 + mu})")
ax.axhline(2, color="black", ls=":", label="gradient descent: 2")
ax.set(xlabel="inner steps $k$", ylabel=r"largest stable $\eta\lambda$", ylim=(1.8, 8.2))
ax.legend()
plots.show(
    ax,
    alt="Largest stable step times curvature against k: a sawtooth. Even k gives 2 for every mu; odd k "
    "gives more, most for k = 1 and for mu near -1. Markers (measured) lie on the lines (predicted).",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · The price: per cycle, and per gradient
#
# NALA's extra factor $(1-\alpha\lambda)$ makes every **cycle** better than Lookahead's, for $0 < \alpha\lambda < 2$. But a cycle of NALA costs $k+1$ gradients, one of Lookahead $k$. The fair number is the factor *per gradient*: $|\rho|^{1/(k+1)}$ against $|\rho|^{1/k}$.
#
# **Predict:** $\eta\lambda = 0.1$, $k=5$, $\mu=-0.5$. How large must $\alpha$ be, compared with $\eta$, until NALA wins per gradient?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
setting = dict(lr=0.1, k=5, mu=-0.5)
outer = np.linspace(0.01, 1.99, 100)  # alpha lambda, with lambda = 1
per_cycle = np.array([abs(float(rho(1.0, **setting, alpha=a))) for a in outer])
claim(np.all(per_cycle < rho(1.0, **setting, alpha=0.0)), "per cycle NALA always beats Lookahead")
ratio = np.linspace(0.001, 6, 600)  # alpha / eta
nala = np.array([rate_per_gradient(1.0, **setting, alpha=0.1 * r) for r in ratio])
lookahead = float(rate_per_gradient(1.0, **setting, alpha=0.0, method="lookahead"))
B = float(rho(1.0, **setting, alpha=0.0))
even_with_lookahead = (1 - B ** (1 / 5)) / 0.1  # solve (1 - alpha) B = B^{6/5} for alpha, in units of eta
even_with_descent = (1 - 0.9**6 / B) / 0.1
for point, rival in ((even_with_lookahead, lookahead), (even_with_descent, 0.9)):
    sides = [float(rate_per_gradient(1.0, **setting, alpha=0.1 * point * s)) - rival for s in (0.99, 1.01)]
    claim(sides[0] > 0 > sides[1], "NALA is slower just before the break-even and faster just after")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ax = plots.axes_or_new(None, figsize=(7.6, 4.4))
ax.plot(ratio, nala, **plots.look("nala", marker=False), label="NALA")
ax.axhline(lookahead, **plots.look("lookahead", marker=False), label=f"Lookahead: {lookahead:.4f}")
ax.axhline(0.9, **plots.look("sgd", marker=False), label="gradient descent: 0.9")
for point, rival in ((even_with_lookahead, lookahead), (even_with_descent, 0.9)):
    ax.plot([point], [rival], "o", ms=11, color=plots.COLOURS["nala"], mec="white")
    ax.annotate(f"{point:.2f}", (point, rival), xytext=(10, 10), textcoords="offset points")
ax.set(xlabel=r"outer step over inner step, $\alpha/\eta$", ylabel="error factor per gradient (less is faster)")
ax.legend(loc="lower left")
plots.show(
    ax,
    alt=f"Factor per gradient against alpha over eta. NALA's curve falls; it crosses Lookahead's level at "
    f"{even_with_lookahead:.2f} and that of plain gradient descent at {even_with_descent:.2f}.",
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# For small $\eta\lambda$ the first crossing is at $\alpha = (1+\mu)\,\eta$. The outer step must carry its own weight: it needs to be at least as long as *one averaged inner step*. For $\mu \in [-1, 0]$ and $\eta\lambda \le 1$ this much is always enough; for $\mu > 0$ it is not.
# %%
small = 1e-4  # eta lambda
limit = [(1 - float(rho(small, lr=1.0, k=5, mu=m, alpha=0.0)) ** (1 / 5)) / small for m in (-0.9, -0.5, -0.1, 0.3)]
claim(agree(limit, [0.1, 0.5, 0.9, 1.3], digits=2),
      "for small steps NALA breaks even with Lookahead at alpha = (1 + mu) eta")
for m in np.linspace(-0.99, 0, 34):
    b = rho(np.linspace(0.01, 1, 100), lr=1.0, k=5, mu=float(m), alpha=0.0)
    claim(at_most((1 - b ** (1 / 5)) / np.linspace(0.01, 1, 100), 1 + m),
          "for mu in [-1, 0], alpha = (1 + mu) eta is always enough")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · An exact counter-example
#
# The NALA paper says: "for the optimization of convex function, NALA theoretically achieves a faster convergence speed than Lookahead". Per outer step that is true on a quadratic, for $0<\alpha\lambda<2$. Per gradient, at the paper's own $k=5$, $\mu=-0.5$, $\alpha=0.001$, it is not. To leave no room for rounding we run the **same library code on fractions**: $J = x^2/2$, $\eta = 1/10$, start 1, 60 gradients for each method.
#
# **Predict** the order of the three.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
tenth, half = Fraction(1, 10), Fraction(1, 2)
one = [Fraction(1)]
results = {
    "gradient descent": run(SGD(lr=tenth), lambda x: x, one, steps=60),
    "Lookahead": run(Lookahead(SGD(lr=tenth), k=5, alpha=half), lambda x: x, one, cycles=12),
    "NALA": run(NALA(SGD(lr=tenth), k=5, mu=-half, alpha=Fraction(1, 1000)), lambda x: x, one, cycles=10),
}
factor = Fraction(159049, 200000)  # B = (1/2)(9/10)^5 + 1/2
claim(results["gradient descent"].final[0] == Fraction(9, 10) ** 60, "gradient descent leaves exactly (9/10)^60")
claim(results["Lookahead"].final[0] == factor**12, "Lookahead leaves exactly B^12")
claim(results["NALA"].final[0] == (factor * Fraction(999, 1000)) ** 10, "NALA leaves exactly ((1 - 1/1000) B)^10")
claim([f"{float(r.final[0]):.6f}" for r in results.values()] == ["0.001797", "0.063975", "0.100153"],
      "gradient descent is best, then Lookahead, then NALA: 0.001797, 0.063975, 0.100153")
claim(all(r.grad_evals == 60 for r in results.values()), "each method has spent 60 gradients")
rows = [f"| {name} | {float(r.final[0]):.6f} | {len(str(r.final[0].denominator))} digits |" for name, r in results.items()]
head = ["| 60 gradients | error (start: 1) | length of the exact denominator |", "|---|---|---|"]
Markdown("\n".join([*head, *rows]))
# %% [markdown] slideshow={"slide_type": "slide"}
# Plain descent, which does nothing clever, is best by far. Nothing is wrong with the code: on a calm quadratic averaging holds back, and $\alpha = 0.001$ is far below the break-even $(1+\mu)\,\eta = 0.05$.
#
# ## 8 · What averaging does not give
#
# **Theorem.** If $R = (1-\eta\lambda)^k$ lies in $[0, 1]$ on the whole spectrum ($\eta\lambda \le 1$, or even $k$ and $\eta\lambda \le 2$), then for every $\alpha$ and every $\mu \in [-1, 0]$: $\;|\rho(\lambda;\mu)| \ge |\rho(\lambda;0)|$.
#
# *Proof in one line.* $B_\mu = (1+\mu)R - \mu = R + |\mu|\,(1-R) \ge R = B_0 \ge 0$, and the factor $(1-\alpha\lambda)$ is the same on both sides.
# %%
for k, top in ((5, 1.0), (4, 2.0)):
    x = np.linspace(0, top, 201)
    for outer in (0.0, 0.3, 1.5):
        none = np.abs(rho(x, lr=1.0, k=k, mu=0.0, alpha=outer))
        for m in np.linspace(-1, 0, 21):
            claim(at_most(none, np.abs(rho(x, lr=1.0, k=k, mu=float(m), alpha=outer))),
                  "no mu in [-1, 0] makes a cycle faster")
# %% [markdown] slideshow={"slide_type": "subslide"}
# So when is a negative $\mu$ right? For Lookahead ($\alpha = 0$) the best $\mu$ has a closed form (T04), and it is negative exactly when $k$ is odd **and** the inner step overshoots, $\eta > 2/(\lambda_{\min}+\lambda_{\max})$:
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
low, high = 0.1, 1.0
middle = 2 / (low + high)
best = {(k, lr): optimal_mu(low, high, lr=lr, k=k) for k in (4, 5) for lr in (1.0, 1.7, 1.9, 1.99)}
claim(all((mu < 0) == (k % 2 == 1 and lr > middle) for (k, lr), mu in best.items()),
      "the best mu is negative exactly where k is odd and the step overshoots")
rows = [f"| {k} | " + " | ".join(f"{best[k, lr]:+.3f}" for lr in (1.0, 1.7, 1.9, 1.99)) + " |" for k in (4, 5)]
head = [
    rf"Best $\mu$ on the spectrum [0.1, 1]; overshoot begins at $\eta = {middle:.3f}$.",
    "",
    r"| $k$ | $\eta=1$ | 1.7 | 1.9 | 1.99 |",
    "|---|---|---|---|---|",
]
Markdown("\n".join([*head, *rows]))
# %% [markdown] slideshow={"slide_type": "slide"}
# Everything here was for exact gradients. With *noisy* gradients averaging has a second use: it reduces the noise that remains at the end. This lesson did not test that.
#
# ## Summary
#
# * On a quadratic one cycle multiplies each eigen-direction by $\rho = (1-\alpha\lambda)[(1+\mu)(1-\eta\lambda)^k - \mu]$; measured and predicted agree to rounding.
# * Averaging ($\mu < 0$) cancels the period-2 oscillation for **odd** $k$ and does nothing against it for even $k$.
# * The stable inner step grows to $1+((1-\mu)/(1+\mu))^{1/k}$ for odd $k$; it stays 2 for even $k$.
# * On a quadratic NALA beats Lookahead per outer step ($0<\alpha\lambda<2$). Per gradient it does so only if $\alpha$ is large enough; from $(1+\mu)\,\eta$ to $1/\lambda$ it is, for $\mu\in[-1,0]$ and $\eta\lambda\le1$.
# * Where plain descent is calm, no $\mu$ in $[-1, 0)$ makes a deterministic quadratic faster.
# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %% slideshow={"slide_type": "skip"}
exercise("01.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-01-1", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_01_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-01-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("01.1", answer_01_1, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("01.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-01-2", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_01_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-01-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("01.2", answer_01_2, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("01.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-01-3", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_01_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-01-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("01.3", answer_01_3, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("01.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-01-4", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_01_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-01-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("01.4", answer_01_4, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("01.5", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-01-5", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_01_5 = ...
# %% nbgrader={"grade": true, "grade_id": "check-01-5", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("01.5", answer_01_5, STUDENT)
# %% slideshow={"slide_type": "skip"}
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown] slideshow={"slide_type": "skip"}
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 2 set `product`, which is $\eta\lambda$, to 2.3. Is $k=5$ still rescued? And `odd = 3`, and `odd = 1`? Answer from equation (iv) first, then run.
# 2. In section 7 choose $\alpha$ so that NALA ties with Lookahead after 60 gradients. Compute it from $B$, then run it on fractions. Why is the tie not exact?
# 3. Same section: find one $\mu > 0$ with which NALA, $\alpha = \eta$, beats plain gradient descent. (Theory: on one mode this needs $0 < \mu < 2R/(1-R)$.)
# 4. In section 5 give `factors` a positive $\mu$, say $0.5$ in place of $-0.25$. Does extrapolation allow longer or shorter inner steps?
