# %% [markdown]
# # 06 · Rates and stability: a map before a run
# **Aims.** After this lesson you can
#
# 1. draw the rate of NALA or Lookahead over any two settings, and read off where it converges, how fast, and against whom it wins;
# 2. say what the best setting can reach, and which bound nothing of this kind can beat;
# 3. explain why averaging can break a method that converges, and which momentum convention prevents it;
# 4. get the matrix of one cycle out of a shipped optimizer, and compare it with the one from the formula.
#
# **Time** 50 minutes. **Before** 01 and 03; eigenvalues of a $2\times2$ matrix. Exact gradients only: noise is lesson 07, functions that are not quadratic are lesson 08.
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
KAPPA = 100.0  # condition number L / m of the main example; L = 1 throughout, so steps are in units of 1/L
MODES = 40  # eigenvalues of a spectrum
SETTINGS = 24  # random settings that are run against the map
# %%

import matplotlib.pyplot as plt
import numpy as np
import sympy
from IPython.display import Markdown, Math
from scipy.optimize import differential_evolution

from nala_lab import plots
from nala_lab.classroom import agree, at_most, check, claim, exercise, grades, predict, torch_is_here
from nala_lab.core import stream
from nala_lab.measure import cycle_map
from nala_lab.measure.growth import map_size
from nala_lab.reference import NALA, SGD, HeavyBall, Lookahead, run
from nala_lab.theory import break_even, chebyshev, momentum_cycle
from nala_lab.theory.maps import rate_map
from nala_lab.theory.optimal_mu import optimal_mu
from nala_lab.theory.outer_limit import outer_limit
from nala_lab.theory.quadratic_rate import rho
from nala_lab.theory.stability import inner_limit
from nala_lab.widgets import RateExplorer
from problems import Quadratic

plots.use_style()
m, L = 1 / KAPPA, 1.0
lam = np.geomspace(m, L, MODES)
quadratic = Quadratic(lam, rotation=5, shift=np.linspace(-1, 2, MODES), offset=1.5)
# %% [markdown]
# ## 1 · A failure: an average that makes a good method diverge
# The fastest method of lesson 03 was the heavy ball with its tuned step and momentum,
# $$\eta = \frac{4}{(\sqrt L+\sqrt m)^2}, \qquad \beta = \Bigl(\frac{\sqrt\kappa-1}{\sqrt\kappa+1}\Bigr)^2 .$$
# A student wraps it in Lookahead with the paper's $k=5$ and slow step $\tfrac12$. The slow weights go only half of the way, so what could go wrong?
#
# **Predict** the outcome for the three things one can do with the momentum at a synchronisation: *keep* it, *reset* it to zero, or *pull it back* half of the way, as the weights are.
# %%
guess = predict("Lookahead, momentum kept: distance after 300 gradients? The start is 1.", ...)  # a number in place of the dots
eta = 4 / (np.sqrt(L) + np.sqrt(m)) ** 2
beta = ((np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1)) ** 2
runs = {"heavy ball alone": run(HeavyBall(eta, beta), quadratic.grad, quadratic.start, steps=300)}
for convention in ("keep", "reset", "pullback"):
    method = Lookahead(HeavyBall(eta, beta), k=5, alpha=0.5, inner_state=convention)
    runs[f"Lookahead, {convention}"] = run(method, quadratic.grad, quadratic.start, cycles=60, limit=1e9)
distance = {text: plots.distance(t, quadratic.minimizers) for text, t in runs.items()}
growth = {text: d[-1] / d[0] for text, d in distance.items()}
claim(growth["heavy ball alone"] < 1e-12 and growth["Lookahead, pullback"] < 1e-6, "the heavy ball converges, and so does Lookahead when the momentum is pulled back")
claim(growth["Lookahead, keep"] > 1e3 and growth["Lookahead, reset"] > 1e3, "Lookahead diverges when the momentum is kept and when it is reset")
Markdown("\n".join(["| 300 gradients | distance to the minimum, start = 1 |", "|---|---|", *(f"| {t} | {g:.1e} |" for t, g in growth.items())]))
# %%
guess.meets(growth["Lookahead, keep"])
# %% [markdown]
# Keeping the momentum and resetting it both throw the run away. Nothing is wrong with the code, and each half is harmless: the inner method converges and an average does not leave the segment. The *composition* is unstable. So stability is never guaranteed by stable parts: it has to be computed. Section 6 does it for this example; first the case without momentum.
#
# ## 2 · The equation, and a map from scratch
# With gradient descent inside, one cycle of NALA multiplies an eigen-direction by (lesson 01)
# $$\rho(\lambda) = (1-\alpha\lambda)\bigl[(1+\mu)(1-\eta\lambda)^k-\mu\bigr] \tag{T01}$$
# The slowest direction decides, and a cycle costs $k+1$ gradients, at $\alpha=0$ too: Algorithm 1 evaluates $\nabla J(y_t)$ and multiplies it by 0. Lookahead with slow step $1+\mu$ makes the same steps without asking for it and costs $k$. So the number to compare is
# $$\text{rate per gradient} = \Bigl(\max_{\lambda\in[m,L]}|\rho(\lambda)|\Bigr)^{1/(k+1)}, \qquad \text{stable} \iff \text{rate} < 1. \tag{i}$$
# %%
def map_by_hand(etas, alphas, k, mu):
    rate = np.empty((len(alphas), len(etas)))
    for row, a in enumerate(alphas):
        for column, e in enumerate(etas):
            factor = (1 - a * lam) * ((1 + mu) * (1 - e * lam) ** k - mu)  # T01
            rate[row, column] = np.abs(factor).max() ** (1 / (k + 1))  # (i)
    return rate
few = np.linspace(0.1, 2.4, 12), np.linspace(0.0, 4.0, 9)
library = rate_map(("lr", few[0]), ("alpha", few[1]), k=5, mu=-0.5, lam=lam)
claim(agree(library.rate, map_by_hand(*few, k=5, mu=-0.5)), "the library's map is the one by hand")
# %% [markdown]
# ## 3 · Inner step against outer step
# Now 240 × 200 settings at once, $k=5$, $\mu=-\tfrac12$. Two more maps go over it as *break-even lines*: on them NALA is exactly as fast, per gradient, as Lookahead with the same $\eta$, $k$, $\mu$, and as plain gradient descent with the same $\eta$ (the legend says SGD; there is no noise here).
#
# **Predict** where the paper's recommended point ($\alpha = 0.001$) lies: on which side of which line? (Steps have the unit 1/curvature and here $L=1$. The same number $0.001$ would be $1/L$ on a problem with $L=1000$: NALA's $\alpha$ is not free of units.)
# %%
mu_map = -0.5  # of the maps of this section
etas, alphas = np.linspace(0.02, 2.4, 240), np.linspace(0.02, 5.0, 200)
half = rate_map(("lr", etas), ("alpha", alphas), k=5, mu=mu_map, lam=lam)
claim(half.rate.size == 48_000, "the map has 48 000 settings")
lookahead = rate_map(("lr", etas), ("alpha", [0.0]), k=5, mu=mu_map, lam=lam, method="lookahead").rate
descent = rate_map(("lr", etas), ("alpha", [0.0]), k=1, mu=0.0, lam=lam, method="lookahead").rate  # k = 1, mu = 0
best = half.best()
floor = chebyshev.floor_per_gradient(KAPPA, 5)
marks = {r"paper: $\alpha=0.001$, here $\eta=1/L$": (1.0, 0.03), "best on this map": best[:2]}
ax = plots.rate_map(None, half, rivals={"lookahead": lookahead, "sgd": descent}, points=marks, floor=floor)
plots.show(ax, alt="Map of the rate per gradient over inner step (0 to 2.4) and outer step (0 to 5). The method converges below a brown edge that rises from outer step 2 to 3, stays flat, and has a peak near inner step 2.1, where the best point lies. The line of break-even with Lookahead rises slowly from the origin and passes 0.5 at inner step 1; the line of break-even with descent is much steeper. The paper's point lies at the bottom, below both lines.")
tuned = (KAPPA - 1) / (KAPPA + 1)  # gradient descent with step 2/(L+m)
claim(floor < tuned < best[2] < 1, "no pair of steps on this map makes NALA as fast as tuned descent")
paper = rate_map(("lr", [1.0]), ("alpha", [0.001]), k=5, mu=mu_map, lam=lam).rate.item()
claim(paper > lookahead[0, np.abs(etas - 1).argmin()], "the paper's point lies below the blue line: slower than Lookahead")
Markdown(f"Best rate on the map: **{best[2]:.4f}** per gradient, at $\\eta = {best[0]:.2f}$, $\\alpha = {best[1]:.2f}$. Plain gradient descent with its own best step $2/(L+m)$ has **{tuned:.4f}**. With $\\mu=-\\tfrac12$ and $k=5$, *no* pair of steps on this map makes NALA as fast as that.")
# %% [markdown]
# ### Is the map true? Run it
# **Predict:** we draw random points of the map, on both sides of the edge, and run the optimizer there for 12 cycles from an error of 1 in every direction. Then the distance must lie between $r^{12}$ and $\sqrt{d}\,r^{12}$, $r$ the predicted rate per cycle: the slowest direction alone, or all directions as slow as it.
# %%
draw = stream(0, "lesson 06", "settings")
points = np.column_stack([draw.uniform(0.1, 2.4, SETTINGS), draw.uniform(0.02, 5.0, SETTINGS)])
sides = {True: 0, False: 0}
for e, a in points:
    r = rate_map(("lr", [e]), ("alpha", [a]), k=5, mu=mu_map, lam=lam, per="cycle").rate.item()
    t = run(NALA(SGD(e), k=5, mu=mu_map, alpha=a), quadratic.grad, quadratic.start, cycles=12)
    left = np.linalg.norm(t.final - quadratic.minimizers[0])
    claim(at_most(r**12, left) and at_most(left, np.sqrt(MODES) * r**12), "every run shrinks or grows at the rate of the map")
    sides[r < 1] += 1
claim(min(sides.values()) >= 3, "settings on both sides of the edge were run")
print(f"{sides[True]} settings converge and {sides[False]} diverge, each at the predicted rate")
# %% [markdown]
# ### Where the lines are: three closed forms
# * At $\alpha = 0$ the edge is $\eta L = 1+\bigl(\tfrac{1-\mu}{1+\mu}\bigr)^{1/k}$ for odd $k$, and 2 for even $k$ (T03, lesson 01).
# * Upwards, $\alpha L \le \min_x (1+1/|B(x)|)/x$ with $x=\lambda/L$ (T06). At $\eta=1/L$, $\mu=-\tfrac12$ this is $1+1/|\mu| = 3$.
# * For $\alpha\lambda\le1$ NALA beats Lookahead at $\lambda$ iff $\alpha > (1-|B|^{1/k})/\lambda$, which tends to $(1+\mu)\,\eta$ for flat directions; it beats gradient descent iff $\alpha > (1-|r|^{k+1}/|B|)/\lambda$, which tends to $(1-k\mu)\,\eta = 3.5\,\eta$ (T07).
# %%
edge = lambda stable, axis: axis[stable].max(initial=axis[0])  # noqa: E731 - the last stable point along a line of the map
fine = rate_map(("lr", np.linspace(2, 2.5, 2001)), ("alpha", [0.0]), k=5, mu=mu_map, lam=lam)
claim(abs(edge(fine.stable[0], fine.x[1]) - inner_limit(5, mu_map)) < 0.5 / 2000 * 1.01, "at alpha = 0 the edge of the map is T03's, to one cell")
tall = rate_map(("lr", [1.0]), ("alpha", np.linspace(2.5, 3.5, 2001)), k=5, mu=mu_map, lam=lam)
claim(abs(edge(tall.stable[:, 0], tall.y[1]) - outer_limit(5, mu_map)) < 1 / 2000 * 1.01, "upwards the edge of the map is T06's, to one cell")
ties = []
for column, e in enumerate(etas):
    if 0.1 < e < 0.8:  # there the flattest direction is the slowest one, for all three methods
        for rival, form in ((lookahead, break_even.against_lookahead), (descent, break_even.against_descent)):
            first = alphas[(half.rate[:, column] < rival[0, column]).argmax()]  # from below
            ties.append(first - form(m, lr=e, k=5, mu=mu_map)[0])
step = alphas[1] - alphas[0]
claim(len(ties) > 100 and min(ties) >= 0 and max(ties) <= step, "the break-even lines of the map are T07's, to one cell")
print(f"{len(ties)} break-even points of the map are the closed form's, to one cell of {step:.3f}")
# %% [markdown]
# ## 4 · Inner step against $\mu$: the parity of $k$
# Lookahead ($\alpha=0$) over the step $\eta$ and the outer factor $\mu$. For each $\eta$ there is a best $\mu$ in closed form (T04), drawn as a line: $\mu^\star = (R_{\max}+R_{\min})/(2-R_{\max}-R_{\min})$, $R=(1-\eta\lambda)^k$.
#
# **Predict:** the paper uses $\mu<0$. For $k=4$ and $k=5$: in which part of the map is the line below zero?
# %%
mus = np.linspace(-0.95, 0.95, 180)
fig, axes = plt.subplots(1, 2, figsize=(10.2, 5.4), sharey=True)
ridge = {}
for ax, k in zip(axes, (5, 4), strict=True):
    grid = rate_map(("lr", etas), ("mu", mus), k=k, alpha=0.0, lam=lam, method="lookahead")
    plots.rate_map(ax, grid, points={"paper's $\\mu$, step $1/L$": (1.0, -0.5)}, bar=k == 4)
    ax.collections[0].set_clim(0.96, 1.0)  # one scale for both
    calm = etas[etas < 1.985]
    ridge[k] = np.array([optimal_mu(m, L, lr=e, k=k) for e in calm])
    shown = np.abs(ridge[k]) < 0.95
    ax.plot(calm[shown], ridge[k][shown], color="black", ls=(0, (1.2, 1.2)))
    ax.set(title=f"k = {k}; dotted: the best $\\mu$ (T04)", ylabel=axes[0].get_ylabel() if k == 5 else "")
    ax.get_legend().set(visible=k == 5)
plots.show(fig, alt="Two maps over inner step and outer factor, for k = 5 and k = 4. For k = 5 the stable region reaches beyond inner step 2 for negative mu, the farther the more negative; for k = 4 it ends at 2. The dotted line of the best mu is far up on the left, falls with the step, and only for k = 5 and a step close to 2 does it turn below zero.")
overshoot = calm > 2 / (m + L)
claim(np.array_equal(ridge[5] < 0, overshoot) and np.all(ridge[4] > 0), "the best mu is negative exactly for odd k and a step that overshoots")
for k in (5, 4):
    e = calm[90]
    line = rate_map(("lr", [e]), ("mu", np.linspace(-0.9, 1.5 * ridge[k][90] + 1, 4001)), k=k, alpha=0.0, lam=[m, L])
    cell = line.y[1][1] - line.y[1][0]
    claim(abs(line.best()[1] - ridge[k][90]) <= cell, "the best cell of the map is T04's mu")
Markdown(f"On this spectrum overshoot begins at $\\eta = 2/(m+L) = {2 / (m + L):.3f}$. Only beyond it, and only for odd $k$, is the best $\\mu$ negative. Everywhere else extrapolation ($\\mu>0$) is faster on a quadratic without noise: the opposite of the paper's choice.")
# %%
RateExplorer()  # move mu and eta L across the edge: where do the roots leave the unit circle?
# %% [markdown]
# ## 5 · What can be reached at all
# ### The constant in front of $1/\kappa$
# For a large $\kappa$ the flattest direction gives rate $= 1 - C/\kappa$ with
# $$C = \frac{\alpha + (1+\mu)k\eta}{k+1}\,L \qquad\text{(Lookahead: } C = (1+\mu)\,\eta L\text{)}, \tag{ii}$$
# as long as $|\rho|\le1$ on $(0,L]$. Gradient descent has $C=1$ with step $1/L$ and $C=2$ with its best step.
#
# **Predict** how the rate changes along each axis of the next map, $\eta=\alpha=1/L$, $\mu=-\tfrac12$.
# %%
kappas = np.geomspace(10, 1e4, 60)
wide = rate_map(("kappa", kappas), ("k", np.arange(1, 13)), lr=1.0, mu=-0.5, alpha=1.0, lam=L)
ax = plots.rate_map(None, wide, bar=False)
speed = (1 - wide.rate) * kappas
mesh = ax.collections[0]
mesh.set_array(speed)
mesh.set(clim=(0.5, 0.76), cmap="cividis")
ax.figure.colorbar(mesh, ax=ax, pad=0.02).set_label(r"(1 - rate) $\cdot\,\kappa$   (descent with $1/L$: 1)")
plots.show(ax, alt="Map over condition number (10 to 10000, logarithmic) and k (1 to 12) of one minus the rate, times the condition number. The colour falls from 0.75 at k = 1 to about 0.54 at k = 12. It hardly changes from left to right, but for the upper left corner, which is darker.")
ks = np.arange(1, 13)
C = (1.0 + 0.5 * ks) / (ks + 1)  # (ii) with eta = alpha = 1, mu = -1/2
claim(np.all(np.abs(speed[:, -1] / C - 1) < 2 * ks / kappas[-1] + 1e-3), "for a large kappa the rate is 1 - C/kappa with the C of (ii)")
claim(np.all(speed < 1), "with these steps NALA is never as fast as descent with step 1/L")
# %% [markdown]
# ### The largest $C$: a search
# $|\rho|\le1$ at $x = \lambda/L$ says that $\alpha L$ lies between $(1-1/|B|)/x$ and $(1+1/|B|)/x$. So for given $\eta$ and $\mu$ the longest outer step is a minimum over $x$, and two numbers are left to search. A search finds a lower bound on the best $C$; Chebyshev's $2(k+1)$ (next section) is an upper bound.
#
# **Predict**, for $k=5$: can the paper's $\mu=-\tfrac12$ reach gradient descent's $C = 2$?
# %%
X = np.linspace(0, 1, 2001)[1:]
def constant(z, k, mu=None):
    """C of (ii) at the longest outer step, for eta = z[0] and mu = z[1] unless it is given; 0 where nothing is stable."""
    eta, mu = z[0], z[1] if mu is None else mu
    with np.errstate(divide="ignore"):
        inverse = 1 / np.abs((1 + mu) * (1 - eta * X) ** k - mu)
    low, high = ((1 - inverse) / X).max(), ((1 + inverse) / X).min()
    return (high + (1 + mu) * k * eta) / (k + 1) if low <= high else 0.0
def searched(k, mu=None):
    bounds = [(0.05, 4.0), (-0.9, 1.0)] if mu is None else [(0.05, 8.0)]
    rng = stream(0, "lesson 06", "C", k)
    return differential_evolution(lambda z: -constant(z, k, mu), bounds, seed=rng, tol=1e-8, popsize=20, polish=False)
# %%
table = {}
for k in (1, 2, 3, 5):
    found = [searched(k, -0.5), searched(k, 0.0), searched(k)]
    table[k] = [0.5 * float(inner_limit(k, -0.5)), *(-f.fun for f in found), 2 * (k + 1)]
printed = {1: (2.00, 4.00, 4.00, 4.00), 2: (1.00, 2.14, 4.95, 6.00), 3: (1.22, 1.99, 5.57, 5.58), 5: (1.12, 1.57, 6.34, 6.36)}
for k, row in table.items():
    claim(np.allclose(row[:4], printed[k], atol=0.02), f"for k = {k} the search finds the C of the table")
    claim(max(row[:4]) <= row[4] * (1 + 2e-3), f"for k = {k} nothing beats Chebyshev's bound 2(k+1)")
claim(table[5][1] < 2 < table[5][2], "for k = 5 and mu = -1/2 no steps reach C = 2, and with mu = 0 they go far beyond it")
head = ["| $k$ | Lookahead, $\\mu=-\\frac12$ | NALA, $\\mu=-\\frac12$ | NALA, $\\mu=0$ | NALA, $\\mu$ free | bound $2(k+1)$ |", "|---|---|---|---|---|---|"]
Markdown("\n".join(["Largest $C$ found (larger is faster; gradient descent: 2)", "", *head, *(f"| {k} | " + " | ".join(f"{v:.2f}" for v in row) + " |" for k, row in table.items())]))
# %% [markdown]
# At the paper's $k=5$, $\mu=-\tfrac12$ no step sizes reach tuned gradient descent. With $\mu\approx0$ there is a threefold gain, by *one long outer step* (lesson 03, section 8): that is what the extra gradient is good for on a quadratic, and averaging takes the licence for it away.
#
# ### Chebyshev's floor
# $\rho$ is a polynomial of degree $k+1$ with $\rho(0)=1$. Among all of them Chebyshev's $T_{k+1}$, moved to $[m,L]$, has the smallest maximum, so
# $$\max_{[m,L]}|\rho| \;\ge\; \frac{1}{T_{k+1}\bigl(\frac{\kappa+1}{\kappa-1}\bigr)}. \tag{T05}$$
# **Predict:** NALA has three numbers to tune. For $k=2$ the polynomial has three roots: can NALA put them where Chebyshev wants them? And for $k=3$?
# %%
small, x = 10.0, np.linspace(0.1, 1.0, 600)
two, three = chebyshev.optimal_k2(1 / small, 1.0), chebyshev.searched(small, 3)
fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.4), sharey=True)
for ax, k, s in ((axes[0], 2, two), (axes[1], 3, three)):
    ax.plot(x, rho(x, lr=s["lr"], k=k, mu=s["mu"], alpha=s["alpha"]), color=plots.COLOURS["nala"], label="NALA, all tuned")
    least = chebyshev.floor(small, k + 1)
    ax.fill_between(x, -least, least, color="#DDDDDD", label=rf"$\pm$ floor {least:.4f}")
    ax.set(xlabel=r"eigenvalue $\lambda$ (units of $L$)", title=f"k = {k}")
    ax.legend(loc="upper center", fontsize=12)
    ax.set_ylim(-0.32, 0.48)
axes[0].set_ylabel(r"factor per cycle, $\rho(\lambda)$")
plots.show(fig, alt="Factor per cycle against the eigenvalue, from 0.1 to 1, with a grey band for the floor. For k = 2 the curve touches the edges of the band four times with alternating signs and never leaves it. For k = 3 the best curve found leaves the band: it reaches 0.21 where the floor is 0.14.")
reached = np.abs(rho(x, lr=two["lr"], k=2, mu=two["mu"], alpha=two["alpha"])).max()
claim(agree(reached, chebyshev.floor(small, 3)), "for k = 2 NALA reaches Chebyshev's floor")
claim(two["mu"] > 0, "reaching it takes extrapolation, mu > 0")
claim(agree(three["rate"], 0.2148, digits=3) and agree(chebyshev.floor(small, 4), 0.1449, digits=3), "for k = 3 the best found is 0.2148 where the floor is 0.1449")
sigma = (np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1)
five = chebyshev.searched(KAPPA, 5)["rate"] ** (1 / 6)
rows = {"paper, $\\eta=1/L$": paper, "gradient descent, $1/L$": 1 - 1 / KAPPA, "gradient descent, best step": tuned, "NALA, $k=5$, everything tuned (search)": five, "Chebyshev's floor for $k=5$": floor, "heavy ball, tuned": sigma}
claim(list(rows.values()) == sorted(rows.values(), reverse=True), "the rows of the table are in order, the heavy ball fastest")
Markdown("\n".join([f"| $\\kappa = {KAPPA:.0f}$ | rate per gradient |", "|---|---|", *(f"| {text} | {r:.4f} |" for text, r in rows.items())]))
# %% [markdown]
# Exactly attained for $k=2$, with $\mu>0$; not for $k=3$, because $1-s+s(1-\eta\lambda)^k$ has at most two real roots. And the floor itself is above the heavy ball's $(\sqrt\kappa-1)/(\sqrt\kappa+1)$ for **every** $k$: NALA carries nothing from one cycle to the next, so it cannot be accelerated by tuning.
#
# ## 6 · Momentum inside: a matrix instead of a number
# With the heavy ball inside the state is a pair, the error $e$ and the momentum $v$ as a displacement. With $a=\eta\lambda$ one inner step is the matrix $M$, and a cycle of Lookahead ($s = 1+\mu$) or NALA ($c = 1-\alpha\lambda$) is $O$:
# $$M = \begin{pmatrix}1-a&\beta\\-a&\beta\end{pmatrix},\quad P=M^k,\qquad O_{\text{keep}} = \begin{pmatrix}c(sP_{11}-\mu)&csP_{12}\\P_{21}&P_{22}\end{pmatrix},\quad O_{\text{reset}} = \begin{pmatrix}c(sP_{11}-\mu)&0\\0&0\end{pmatrix},\quad O_{\text{pullback}} = \begin{pmatrix}c&0\\0&1\end{pmatrix}(sP-\mu I) \tag{T02}$$
# The *spectral radius* of $O$, its largest $|$eigenvalue$|$, is the rate. From scratch, then the library, then the three runs of section 1, every coordinate of every cycle.
# %%
def cycle_by_hand(curvature, k, mu):
    """Lookahead over heavy ball, momentum kept: follow the two basis states through a cycle."""
    columns = []
    for e, v in ((1.0, 0.0), (0.0, 1.0)):
        slow = e
        for _ in range(k):
            v = beta * v - eta * curvature * e
            e = e + v
        columns.append([(1 + mu) * e - mu * slow, v])
    return np.array(columns).T
matrix = {c: momentum_cycle.cycle_matrix(lam, lr=eta, beta=beta, k=5, mu=-0.5, convention=c) for c in momentum_cycle.CONVENTIONS}
claim(agree(cycle_by_hand(lam[7], 5, -0.5), matrix["keep"][7]), "the cycle's matrix by hand is T02's")
for convention, step_map in matrix.items():
    modes = (runs[f"Lookahead, {convention}"].slow - quadratic.minimizers[0]) @ quadratic.eigenvectors
    z = np.stack([np.ones(MODES), np.zeros(MODES)], -1)
    for t in range(1, 21):
        z = np.einsum("dij,dj->di", step_map, z)
        claim(agree(modes[t], z[:, 0], digits=8), f"T02 predicts every coordinate of the runs with momentum {convention}")
# %% [markdown]
# **Predict:** Section 1 failed at $k=5$. Is there a $k$ that saves it?
# %%
counts = np.arange(1, 13)
rate = {}
for convention in momentum_cycle.CONVENTIONS:
    radius = [momentum_cycle.spectral_radius(momentum_cycle.cycle_matrix(lam, lr=eta, beta=beta, k=int(k), mu=-0.5, convention=convention)).max() for k in counts]
    rate[convention] = np.array(radius) ** (1 / counts)
ax = plots.axes_or_new(None, figsize=(7.6, 4.4))
for convention, mark, shade in zip(("pullback", "reset", "keep"), "o^s", plots.variants("lookahead", 3), strict=True):
    ax.plot(counts, rate[convention], marker=mark, **shade, label=f"Lookahead, {convention}")
ax.axhline(1, color=plots.ROLES["limit"], label="stability edge")
ax.axhline(sigma, color=plots.COLOURS["heavyball"], ls=":", label="heavy ball alone")
ax.set(xlabel="inner steps $k$ per cycle", ylabel="rate per gradient", ylim=(0.78, 1.45), xticks=counts)
ax.legend(ncols=2)
plots.show(ax, alt="Rate per gradient against k from 1 to 12. With momentum kept it is above one from k = 3 on; with reset it is above one for most k and zigzags with the parity of k; with pullback it rises slowly from 0.91 to 0.95. The heavy ball alone, at 0.82, is below all of them.")
stable = {c: [int(k) for k, r in zip(counts, rate[c], strict=True) if r < 1] for c in rate}
claim(stable["pullback"] == counts.tolist() and 5 not in stable["keep"] + stable["reset"], "pullback is stable for every k, keep and reset are not for k = 5")
claim(all(r > sigma for values in rate.values() for r in values), "no k and no convention beats the heavy ball alone")
# pullback: eigenvalues s xi^k - mu with |xi| = sqrt(beta) at every mode, so |.| <= s beta^(k/2) + |mu|
bound = (0.5 * beta ** (counts / 2) + 0.5) ** (1 / counts)
claim(np.all(rate["pullback"] <= bound * (1 + 1e-6)), "with pullback the rate stays below that of the average of two states")
Markdown(f"Stable $k$ up to 12: keep {stable['keep']}, reset {stable['reset']}, pullback all. The pulled-back pair is an average of two states of the *same* linear system, so its eigenvalues are $(1+\\mu)\\,\\xi^k-\\mu$, and a convex combination of $\\xi^k$ and 1 cannot leave the disc. Keep and reset average the position and not the momentum.")
# %% [markdown]
# ### A radius below 1, and still it grows
# The spectral radius tells what happens in the end. These matrices are far from symmetric, and then the beginning can look different: $\|O\|$ bounds one cycle, $\max_t\|O^t\|$ the whole way.
#
# **Predict:** Pullback with $k=2$ has rate 0.91 per gradient. Does the error fall in every cycle?
# %%
one_cycle = momentum_cycle.cycle_matrix(lam, lr=eta, beta=beta, k=2, mu=-0.5, convention="pullback")
powers = [np.broadcast_to(np.eye(2), one_cycle.shape)]
for _ in range(30):
    powers.append(powers[-1] @ one_cycle)
error = np.array([np.abs(p[:, 0, 0]) for p in powers])  # |e_t| of each mode, from e = 1, v = 0
worst = int(error.max(axis=0).argmax())
t = run(Lookahead(HeavyBall(eta, beta), k=2, alpha=0.5, inner_state="pullback"), quadratic.grad, quadratic.start, cycles=30)
seen = np.abs((t.slow - quadratic.minimizers[0]) @ quadratic.eigenvectors)[:, worst]
ax = plots.axes_or_new(None, figsize=(7.6, 4.2))
ax.semilogy(seen, "s", color=plots.COLOURS["lookahead"], label=f"run, eigenvalue {lam[worst]:.2g}")
ax.semilogy(error[:, worst], color=plots.ROLES["predicted"], lw=1.2, label=r"predicted, $(O^t)_{11}$")
radius = momentum_cycle.spectral_radius(one_cycle)[worst]
ax.semilogy(radius ** np.arange(31), ":", color=plots.ROLES["limit"], label=f"spectral radius {radius:.3f} per cycle, alone")
ax.set(xlabel="cycle $t$", ylabel="error of this mode (start: 1)", ylim=(1e-4, 10))
ax.legend()
plots.show(ax, alt="Error of the steepest mode against the cycle, on a logarithmic axis. It rises from 1 to more than 3 within five cycles and only then falls; the run lies on the predicted curve. A dotted straight line, the spectral radius to the power t, falls from the start and lies far below.")
# %%
norms = [np.linalg.norm(p, 2, axis=(1, 2)).max() for p in powers]
radius_all = momentum_cycle.spectral_radius(one_cycle).max()
claim(agree(seen, error[:, worst]), "the run is the predicted one")
claim(radius_all < 1 < error.max() <= max(norms), "every direction shrinks in the end, and the error grows first")
three = map_size(one_cycle[worst], gradients=2)
claim(three.verdict == "contracts" and agree(three.transient, max(norms), digits=5), "measure.map_size finds the same transient")
Markdown(f"Spectral radius {radius_all:.3f} per cycle, but one cycle can enlarge a state {three.norm:.2f} times, {three.transient_at} cycles {three.transient:.2f} times (`measure.map_size`), and the error of one mode grows to **{error.max():.2f} times** its start. Who stops a run because the loss rises in the first cycles would stop this one, which converges. (The tuned heavy ball has a double eigenvalue at the ends of the spectrum, so the error behaves like $t\\,r^t$.) So fit rates after a burn-in (lesson 08 has `measure.rate` for it), and report growth separately.")
# %% [markdown]
# ## 7 · The matrix of the optimizer that ships
# T02 is a formula. What does the *code* do? Two ways to ask it: run the NumPy twin on symbols, and probe the torch optimizer with basis states, as a black box.
#
# **Predict:** will the difference be zero, $10^{-16}$ or $10^{-7}$?
# %%
symbolic, symbols = cycle_map.symbolic_matrix(2, inner="heavy-ball", convention="keep")
Math(r"O_{k=2,\ \text{keep}} = " + sympy.latex(symbolic.applyfunc(sympy.factor)))
# %%
setting = {"lambda": 0.7, "eta": 0.9, "mu": -0.5, "alpha": 0.3, "beta": 0.6}
values = np.array(symbolic.subs({symbols[name]: v for name, v in setting.items()}).evalf(), dtype=float)
formula = momentum_cycle.cycle_matrix(setting["lambda"], lr=setting["eta"], beta=setting["beta"], k=2, mu=setting["mu"], alpha=setting["alpha"])
claim(agree(formula, values), "T02 has the matrix of the symbols")
# %% [markdown]
# The black box is torch's. If it is not installed, the next cell says how to add it.
# %%
if torch_is_here():
    import torch

    from nala_lab import optim
    def make(parameters):
        inner = lambda p: torch.optim.SGD(p, lr=setting["eta"], momentum=setting["beta"])  # noqa: E731
        return optim.NALA(parameters, inner=inner, k=2, mu=setting["mu"], alpha=setting["alpha"])
    shipped = cycle_map.torch_matrix(make, [[setting["lambda"]]], gradients_per_cycle=3, lr=setting["eta"])
    claim(agree(shipped, values), "the torch optimizer, asked as a black box, has the matrix of the symbols")
    print("torch, as a black box:\n", shipped, "\nlargest difference from the symbols:", f"{np.abs(shipped - values).max():.0e}")
# %% [markdown]
# ## Summary
# * Stable parts do not make a stable whole: Lookahead over the tuned heavy ball diverges at $k=5$, unless the momentum is pulled back with the weights.
# * A map of 48 000 settings is one call, and the runs agree with it on both sides of its edge.
# * With $\mu=-\tfrac12$, $k=5$ no $\eta$ and $\alpha$ reach tuned gradient descent on a quadratic with large $\kappa$: $C = 1.57 < 2$. With $\mu\approx 0$ and one long outer step, $C$ is above 6.
# * Lookahead's best $\mu$ is negative only for odd $k$ and steps that overshoot.
# * Chebyshev's floor holds for every setting; it is attained for $k=1$ and $k=2$, and it lies above the heavy ball.
# * A spectral radius below 1 does not forbid growth at the start.
#
# What this lesson does not say: everything is a quadratic with exact gradients. Noise turns the verdict about $\mu$ around (07).
# %% [markdown]
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("06.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-06-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_06_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-06-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("06.1", answer_06_1, STUDENT)
# %%
exercise("06.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-06-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_06_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-06-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("06.2", answer_06_2, STUDENT)
# %%
exercise("06.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-06-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_06_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-06-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("06.3", answer_06_3, STUDENT)
# %%
exercise("06.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-06-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_06_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-06-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("06.4", answer_06_4, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 3 set `mu_map = 0.3`. Predict first: does the stable region become lower or higher? Where is the paper's $\alpha=0.001$ now, against the blue line?
