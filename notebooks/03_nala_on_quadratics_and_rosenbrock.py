# %% [markdown] slideshow={"slide_type": "slide"}
# # 03 · NALA on quadratics and on Rosenbrock's valley
# **Aims.** After this lesson you can draw NALA's two loops from real numbers; predict how fast each eigen-direction shrinks, and check it; say why the same run looks fast or slow depending on the x-axis; and name the settings where the extra gradient pays.
#
# **Time** 45 minutes. **Before** Notebooks 01 (two loops) and 02 (Eq. 5). Everything here is deterministic: exact gradients, no noise. Noise changes some conclusions, and we say where.
# %% tags=["parameters"] slideshow={"slide_type": "skip"}
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
GRADIENTS = 600  # the budget of most comparisons: 120 cycles of Lookahead, 100 of NALA, 600 steps of descent
DIM = 12  # eigenvalues of the quadratic
KAPPA = 100.0  # condition number L / m
SEED = 0
# %% slideshow={"slide_type": "skip"}
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, at_most, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.reference import NAG, NALA, SGD, Adam, HeavyBall, Lookahead, run
from nala_lab.theory import quadratic_rate
from nala_lab.theory.outer_limit import root_at_zero_mu
from problems import Quadratic, Rosenbrock

plots.use_style()
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A failure first
# The paper recommends $k=5$, $\mu=-0.5$, $\alpha=0.001$. A student takes these numbers, a badly scaled quadratic, and gradient descent as the inner rule. Plain gradient descent gets the same inner step, $\eta = 1/L$, and the same number of gradients.
#
# **Predict:** the paper says that NALA "theoretically achieves a faster convergence speed than Lookahead". So most students expect the order NALA, Lookahead, plain descent. Write down your own guess.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
guess = predict(f"After {GRADIENTS} gradients: NALA's distance to the minimum over that of plain descent?", ...)  # a number in place of the dots
L, m = 4.0, 4.0 / KAPPA
quadratic = Quadratic(np.geomspace(m, L, DIM), rotation=5, shift=stream(SEED, "shift").normal(size=DIM), offset=1.5)
def error(t):
    """Distance to the minimum, for the iterates of one loop or the slow weights of two."""
    return plots.distance(t, quadratic.minimizers)
descent = run(SGD(lr=1 / L), quadratic.grad, quadratic.start, steps=GRADIENTS)
lookahead = run(Lookahead(SGD(lr=1 / L), k=5, alpha=0.5), quadratic.grad, quadratic.start, cycles=GRADIENTS // 5)
paper = run(NALA(SGD(lr=1 / L), k=5, mu=-0.5, alpha=0.001), quadratic.grad, quadratic.start, cycles=GRADIENTS // 6)
claim(descent.grad_evals == lookahead.grad_evals == paper.grad_evals == GRADIENTS, "every method has spent the whole budget of gradients")
ax = plots.decay(plt.subplots()[1], descent, error(descent), name="sgd", against="gradients", legend="gradient descent")
plots.decay(ax, lookahead, error(lookahead), name="lookahead", against="gradients")
plots.decay(ax, paper, error(paper), name="nala", against="gradients", legend=r"NALA, $\alpha=0.001$")
plots.show(ax, alt="Three falling lines against gradient evaluations. Plain gradient descent is far below the two others; Lookahead is second; NALA with the paper's numbers is last.")
guess.meets(error(paper)[-1] / error(descent)[-1])
# %% slideshow={"slide_type": "subslide"}
final = {name: error(t)[-1] for name, t in [("descent", descent), ("Lookahead", lookahead), ("NALA", paper)]}
claim(final["descent"] < final["Lookahead"] < final["NALA"], "plain descent is nearest, then Lookahead, then NALA")
Markdown(f"After {GRADIENTS} gradients the distance to the minimum is {final['descent']:.2g} for plain descent, {final['Lookahead']:.2g} for Lookahead and {final['NALA']:.2g} for NALA: **{final['NALA'] / final['descent']:.0f} times larger** than for the method without any slow weights.")
# %% [markdown] slideshow={"slide_type": "slide"}
# Nothing is broken. The rest of the lesson explains this picture, and finds the settings that turn it around.
#
# ## 2 · The equations
# One cycle of NALA (Zuo et al. 2024, Algorithm 1), with $\theta_{t,0}=\phi_{t-1}$:
#
# $$\theta_{t,i+1} = \theta_{t,i} + A(J,\theta_{t,i},d), \qquad i = 0,\ldots,k-1 \tag{4}$$
# $$y_t = (1+\mu)\,\theta_{t,k} - \mu\,\phi_{t-1} \tag{Alg. 1, look-ahead point}$$
# $$\phi_t = y_t - \alpha\,\nabla J(y_t) \tag{5, first line}$$
#
# With gradient descent inside, $A = -\eta\nabla J(\theta)$. A cycle spends $k+1$ gradients: $k$ inside, one at $y_t$.
#
# ## 3 · From scratch, then with the library
# %% slideshow={"slide_type": "subslide"}
def nala_by_hand(grad, phi, eta, k, mu, alpha, cycles):
    path = [phi]
    for _ in range(cycles):
        theta = phi
        for _ in range(k):
            theta = theta - eta * grad(theta)  # Eq. (4)
        y = (1 + mu) * theta - mu * phi  # Alg. 1
        phi = y - alpha * grad(y)  # Eq. (5), first line
        path.append(phi)
    return np.array(path)
by_hand = nala_by_hand(quadratic.grad, quadratic.start, 1 / L, 5, -0.5, 0.001, GRADIENTS // 6)
claim(np.array_equal(by_hand, paper.slow), "the library's run is the one by hand, to the last bit")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · What one cycle looks like
# Fig. 1 of the paper is a sketch. Here is the same drawing from a run: black are the fast weights, dark blue goes from $\phi_{t-1}$ to the look-ahead point $y_t$, purple is the outer step $-\alpha\nabla J(y_t)$.
#
# **Predict:** on the left $\alpha = 0.001$, on the right $\alpha = 1/L$. Will you see a purple arrow on the left?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
bowl = Quadratic([L / 20, L], rotation=7, shift=[2.0, -1.0], offset=3.0)
start = bowl.minimizers[0] + bowl.eigenvectors @ np.array([1.0, 0.35])
small = run(NALA(SGD(lr=1.6 / L), k=5, mu=-0.5, alpha=0.001), bowl.grad, start, cycles=3)
large = run(NALA(SGD(lr=1.6 / L), k=5, mu=-0.5, alpha=1 / L), bowl.grad, start, cycles=3)
fig, axes = plt.subplots(1, 2, figsize=(10.2, 5.2), sharex=True, sharey=True)
box = [(c - 0.25 + min(0, d), c + 0.25 + max(0, d)) for c, d in zip(bowl.minimizers[0], start - bowl.minimizers[0], strict=True)]
for ax, t, text in zip(axes, (small, large), (r"$\alpha = 0.001$", r"$\alpha = 1/L$"), strict=True):
    plots.landscape(ax, bowl.value, box, minimum=bowl.minimum, minimizers=bowl.minimizers, levels=9)
    plots.two_loop(ax, t, momentum=False)
    ax.set_title(text)
axes[0].get_legend().remove()
plots.show(fig, alt="In both panels the black fast weights zigzag down the valley, and each blue arrow stops half-way along them. Left, with alpha = 0.001, of the purple arrows only the heads are left, because their length is almost zero. Right, with alpha = 1/L, a purple arrow starts at each look-ahead point and points to the floor of the valley.")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
def outer_share(t, alpha):
    """Length of the outer step over the length of the way to y_t, largest over cycles."""
    way = np.linalg.norm(t.lookahead - t.slow[:-1], axis=-1)
    return (alpha * np.linalg.norm(t.outer_grad, axis=-1) / way).max()
claim(outer_share(small, 0.001) < 0.01 < 0.1 < outer_share(large, 1 / L), "the outer step is below 1 % of the way on the left and above 10 % on the right")
claim(agree(small.lookahead, (small.slow[:-1] + small.fast[:, -1]) / 2), "with mu = -0.5 the point y lies half-way between phi and theta")
Markdown(f"The outer step is at most {100 * outer_share(small, 0.001):.1f} % of the way to $y_t$ on the left, and up to {100 * outer_share(large, 1 / L):.0f} % on the right. With $\\mu<0$ the point $y_t$ lies *between* $\\phi_{{t-1}}$ and $\\theta_{{t,k}}$: it interpolates. The text of the paper calls it an extrapolation point; that would need $\\mu>0$.")
# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The same on Rosenbrock's valley
# $f(x) = 100\,(x_2 - x_1^2)^2 + (1-x_1)^2$, the real one with $b=100$, and Adam inside as in the paper. Near the usual start $(-1.2, 1)$ the curvature across the valley is above 1000, so here the paper's $\alpha$ is *not* small.
#
# **Predict:** the outer step is plain gradient descent. It needs $\alpha < 2/\lambda_{\max}$. What happens with $\alpha = 0.01$?
# %%
valley = Rosenbrock()
top = np.linalg.eigvalsh(valley.hess(valley.start))[-1]
safe = run(NALA(Adam(lr=0.2), k=5, mu=-0.5, alpha=0.001), valley.grad, valley.start, cycles=150)
wild = run(NALA(Adam(lr=0.2), k=5, mu=-0.5, alpha=0.01), valley.grad, valley.start, cycles=150)
claim(safe.outcome == "out of budget" and wild.outcome == "diverged", "alpha = 0.001 stays and alpha = 0.01 diverges")
claim(0.001 < 2 / top < 0.01, "the local limit of alpha lies between 0.001 and 0.01")
Markdown(f"The largest curvature at the start is {top:.0f}, so the local limit is $\\alpha < {2 / top:.4f}$. With $\\alpha=0.001$ the run is `{safe.outcome}`; with $\\alpha = 0.01$ it is **`{wild.outcome}` in cycle {wild.diverged_at}**. Divergence is a result here, not an error: the trajectory keeps the path and the cycle.")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
fig, (near, far) = plt.subplots(1, 2, figsize=(10.2, 4.8))
plots.landscape(near, valley.value, ((-1.35, -0.8), (0.85, 1.45)), minimum=0.0, levels=8, resolution=61)
plots.two_loop(near, safe, cycles=4, momentum=False)
near.legend(loc="upper left", fontsize=12)
plots.landscape(far, valley.value, ((-1.6, 1.5), (-0.5, 2.1)), minimum=0.0, minimizers=valley.minimizers, levels=9, resolution=101)
far.plot(*safe.slow.T, "-o", color=plots.ROLES["slow"], ms=3, label=rf"slow weights, {len(safe.fast)} cycles")
far.legend(loc="upper center", fontsize=12)
plots.show(fig, alt="Left: the first four cycles near the start. The first purple outer step is longer than the blue arrow before it, and each purple arrow points across the valley to its floor. Right: the slow weights go down the curved valley and up again on the other side, to the star at (1, 1).")
outer = 0.001 * np.linalg.norm(safe.outer_grad, axis=-1)
claim(outer[0] > np.linalg.norm(safe.lookahead[0] - safe.slow[0]), "the first purple arrow is longer than the blue one before it")
claim(outer[0] > 10 * np.median(outer), "the outer step works early, where the slope is steep: the first is ten times the median")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · The theory: one number per eigenvalue
# Let $f(x) = \frac12 (x-x^\star)^\top A (x-x^\star)$ and look along an eigenvector with eigenvalue $\lambda$. An inner step multiplies the error by $1-\eta\lambda$. Put this into the three equations above, and one cycle multiplies the error by
#
# $$\rho(\lambda) = (1-\alpha\lambda)\,\bigl[(1+\mu)(1-\eta\lambda)^k - \mu\bigr] \tag{T01}$$
#
# The bracket is Lookahead with slow step $1+\mu$. The extra gradient only adds the factor $1-\alpha\lambda$.
#
# **Predict:** with $\alpha = 0.001$ this factor is almost 1 everywhere: NALA and Lookahead have the same curve. With $\alpha = 1/L$ it removes the steepest direction completely ($\rho(L)=0$) and leaves the flattest one almost alone.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
def measured_rho(t, cycles=3):
    """Signed factor of each eigen-direction over a few cycles; the start has error 1 in each."""
    modes = (t.slow - quadratic.minimizers[0]) @ quadratic.eigenvectors
    return modes[1] / modes[0], modes[cycles] / modes[0]
steep_mu = -0.5
steep = run(NALA(SGD(lr=1 / L), k=5, mu=steep_mu, alpha=1 / L), quadratic.grad, quadratic.start, cycles=GRADIENTS // 6)
lam = quadratic.eigenvalues
for t, mu, alpha in ((paper, -0.5, 0.001), (steep, steep_mu, 1 / L)):
    rho = quadratic_rate.rho(lam, lr=1 / L, k=5, mu=mu, alpha=alpha)
    one, three = measured_rho(t)
    claim(agree(one, rho), "after one cycle each direction has shrunk by rho")
    claim(agree(three, rho**3), "after three cycles each direction has shrunk by rho^3")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
fig, axes = plt.subplots(1, 2, figsize=(10.2, 4.4), sharey=True)
x = np.linspace(0, 1.02, 200)
for ax, t, mu, alpha, text in ((axes[0], paper, -0.5, 0.001, r"$\alpha=0.001$"), (axes[1], steep, steep_mu, 1 / L, r"$\alpha=1/L$")):
    plots.rates(ax, x, quadratic_rate.rho(x * L, lr=1 / L, k=5, mu=mu, alpha=0.0), name="lookahead")
    plots.rates(ax, x, quadratic_rate.rho(x * L, lr=1 / L, k=5, mu=mu, alpha=alpha), name="nala", measured=(lam / L, measured_rho(t)[0]))
    ax.set_title(text)
plots.show(fig, alt="The factor per cycle against eta times lambda. Left, the curves of NALA and Lookahead cannot be told apart. Right, NALA's curve goes down to 0 at eta lambda = 1, while near eta lambda = 0 both still start at 1. The measured markers lie on the predicted curve.")
# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The asymptotic rate, fitted
# After enough cycles the slowest direction is all that is left, and the distance falls like $\max_\lambda|\rho|^t$. We throw away the first half of the run (the *burn-in*) and fit a line to $\log\|\phi_t-x^\star\|$. How good can such a fit be? The theory tells: the directions that have not died yet bend the line by an amount that we can compute.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
rho = quadratic_rate.rho(lam, lr=1 / L, k=5, mu=-0.5, alpha=0.001)
long = run(NALA(SGD(lr=1 / L), k=5, mu=-0.5, alpha=0.001), quadratic.grad, quadratic.start, cycles=4 * len(paper.fast))
cycles = np.arange(len(long.slow))
late = cycles >= len(cycles) // 2  # the burn-in is the first half
slope = np.polyfit(cycles[late], np.log(error(long)[late]), 1)[0]
bend = 0.5 * np.log(((rho / rho.max())[:, None] ** (2 * cycles[late])).sum(0))  # log of (all directions / the slowest)
# A fitted slope moves by at most 3/n times the largest change of what bends the line, n points.
tolerance = 3 / late.sum() * (bend.max() - bend.min()) + 1e-12  # the last: rounding, where nothing bends
claim(abs(slope - np.log(rho.max())) <= tolerance, "the fitted rate is the predicted one, as nearly as such a fit can be")
Markdown(f"Fitted rate per cycle: {np.exp(slope):.5f}; predicted: {rho.max():.5f} (the fit must agree within {tolerance:.1g} in the logarithm). Per gradient this is {rho.max() ** (1 / 6):.5f}, against {1 - m / L:.5f} for plain descent: the failure of section 1, explained.")
# %% [markdown] slideshow={"slide_type": "subslide"}
# Why is plain descent faster? Its $k$ steps would multiply the error by $R=(1-\eta\lambda)^k$. For $-1\le\mu\le0$ the bracket is $R + |\mu|(1-R)$, never below $R$ when $0\le R\le1$. Averaging with the old slow weights *gives back* half of the progress. On a deterministic quadratic with $\eta\le1/L$ there is nothing to win from it.
# %%
kept = [quadratic_rate.lookahead_factor(lam, lr=1 / L, k=5, mu=mu) for mu in np.linspace(-1, 0, 11)]
claim(at_most((1 - lam / L) ** 5, np.array(kept)), "for mu in [-1, 0] the bracket never falls below that of plain descent")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · Three x-axes, three stories
# The paper counts *timesteps*: inner steps. The look-ahead gradient is not counted, so a cycle costs $k$ for both methods, although NALA spent $k+1$ gradients. We run NALA with $\alpha = 0.2\,\eta$ and compare it with Lookahead three times.
#
# **Predict:** Per cycle NALA must win, because $|1-\alpha\lambda|<1$. Per gradient, one gradient in six has to earn its place.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
little = run(NALA(SGD(lr=1 / L), k=5, mu=-0.5, alpha=0.2 / L), quadratic.grad, quadratic.start, cycles=GRADIENTS // 5)
fig, axes = plt.subplots(1, 3, figsize=(10.2, 4.2), sharey=True)
for ax, against in zip(axes, plots.COSTS, strict=True):
    plots.decay(ax, lookahead, error(lookahead), name="lookahead", against=against)
    plots.decay(ax, little, error(little), name="nala", against=against)
    ax.set_xlabel(ax.get_xlabel().replace(" (", "\n("))
    ax.set_xlim(0, plots.cost(lookahead, against)[-1])
    ax.label_outer()
plots.show(fig, alt="The same two runs three times. Against cycles and against timesteps NALA's line is below Lookahead's. Against gradient evaluations it is above.")
# %% slideshow={"slide_type": "subslide"}
def error_at(t, against, budget):
    """Error of the last row that the budget pays for."""
    return error(t)[plots.cost(t, against) <= budget][-1]
for against, budget, nala_wins in (("cycles", 100, True), ("timesteps", 500, True), ("gradients", 600, False)):
    gap = error_at(little, against, budget) / error_at(lookahead, against, budget)
    claim((gap < 1) == nala_wins, "NALA wins per cycle and per timestep, and loses per gradient")
    print(f"at {budget} {against:<10} error of NALA / error of Lookahead = {gap:.2f}")
# %% [markdown] slideshow={"slide_type": "subslide"}
# The run has not changed, only the unit of cost. In this lab the unit is **one gradient**, unless a figure repeats the paper.
# At the paper's numbers NALA is behind per gradient; lesson 01 shows it in exact fractions, without any rounding.
# %% [markdown] slideshow={"slide_type": "subslide"}
# ### The break-even outer step
# When does the sixth gradient pay? At equal gradients NALA beats Lookahead on the direction $\lambda$ exactly when $\left[|1-\alpha\lambda|\,B\right]^{1/(k+1)} < B^{1/k}$; for $\alpha\lambda\le1$ that is
#
# $$\alpha > \frac{1-B^{1/k}}{\lambda}, \qquad B = (1+\mu)(1-\eta\lambda)^k-\mu. \tag{T07}$$
#
# For $-1\le\mu\le0$ and $\eta\lambda\le 1$, $\alpha=(1+\mu)\eta$ is always enough. (From $(1+B^{1/k})/\lambda$ on $\alpha$ is too long again.)
#
# **Predict:** runs at 0.97 and 1.03 times the limit fall on different sides, for every eigenvalue.
# %%
B = quadratic_rate.lookahead_factor(lam, lr=1 / L, k=5, mu=-0.5)
limit = (1 - B ** (1 / 5)) / lam
claim(at_most(limit, 0.5 / L), "alpha = (1 + mu) eta is always enough")
for curvature, alpha in zip(lam, limit, strict=True):
    one = Quadratic([curvature], shift=[2.0])
    by = [run(NALA(SGD(1 / L), alpha=f * alpha), one.grad, one.start, cycles=5).final - 2 for f in (0.97, 1.03)]
    base = run(Lookahead(SGD(1 / L), k=5, alpha=0.5), one.grad, one.start, cycles=6).final - 2
    claim(by[1] < base < by[0], "runs at 0.97 and 1.03 times the limit fall on different sides")
Markdown(f"The limit runs from {limit.min() * L:.3f} to {limit.max() * L:.3f} in units of $1/L$. The paper's $\\alpha=0.001$ is {0.001 * L:.3f} in these units, {limit.min() / 0.001:.0f} times below the smallest of them.")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · A fair race
# Now everybody runs, at equal gradients, with the step sizes that theory recommends for a quadratic with known $m$ and $L$. For Adam there is no such formula; it gets the best of seven learning rates, which is a help the others did not get.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
root, tri = np.sqrt(KAPPA), np.sqrt(3 * KAPPA + 1)
slowest = lambda mu, alpha, method="nala": quadratic_rate.rate_per_gradient(lam, lr=1 / L, k=5, mu=mu, alpha=alpha, method=method).max()  # noqa: E731
racers = {  # text: colour, method, predicted rate per gradient
    "heavy ball, tuned": ("heavyball", HeavyBall(4 / (np.sqrt(L) + np.sqrt(m)) ** 2, ((root - 1) / (root + 1)) ** 2), (root - 1) / (root + 1)),
    "NAG, tuned": ("nag", NAG(4 / (3 * L + m), (tri - 2) / (tri + 2)), 1 - 2 / tri),
    "descent, 2/(L+m)": ("sgd", SGD(2 / (L + m)), (KAPPA - 1) / (KAPPA + 1)),
    "descent, 1/L": ("sgd", SGD(1 / L), 1 - 1 / KAPPA),
    "NALA, mu=+0.5, alpha=1/L": ("nala", NALA(SGD(1 / L), mu=0.5, alpha=1 / L), slowest(0.5, 1 / L)),
    "NALA, mu=-0.5, alpha=1/L": ("nala", NALA(SGD(1 / L), mu=-0.5, alpha=1 / L), slowest(-0.5, 1 / L)),
    "NALA, mu=-0.5, alpha=0.001": ("nala", NALA(SGD(1 / L), mu=-0.5, alpha=0.001), slowest(-0.5, 0.001)),
    "Lookahead(0.5)": ("lookahead", Lookahead(SGD(1 / L)), slowest(-0.5, 0.0, "lookahead")),
}
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
def race(method, grad, start, budget, **options):
    """Run one or two loops for the same number of gradients."""
    cost = method.k + isinstance(method, NALA) if hasattr(method, "cycle") else 1
    name = "cycles" if hasattr(method, "cycle") else "steps"
    return run(method, grad, start, **{name: budget // cost}, **options)
results = {text: race(method, quadratic.grad, quadratic.start, GRADIENTS) for text, (_, method, _) in racers.items()}
adams = [race(Adam(lr), quadratic.grad, quadratic.start, GRADIENTS) for lr in np.geomspace(0.003, 0.3, 7)]
results["Adam, best of 7 lr"] = min(adams, key=lambda t: error(t)[-1])
racers["Adam, best of 7 lr"] = ("adam", None, np.nan)
rows = ["| method | predicted rate per gradient | error after 120 | error after 600 |", "|---|---|---|---|"]
for text, (_, _, rate) in sorted(racers.items(), key=lambda item: error_at(results[item[0]], "gradients", 120)):
    t, told = results[text], "–" if np.isnan(rate) else f"{rate:.4f}"
    rows.append(f"| {text} | {told} | {error_at(t, 'gradients', 120):.1e} | {error_at(t, 'gradients', 600):.1e} |")
Markdown("\n".join(rows))
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
fig, (top, ax) = plt.subplots(2, 1, figsize=(8.2, 8.2), sharex=True)
shades = {name: iter(plots.variants(name, 3)) for name in ("nala", "sgd")}
for text, (name, _, _) in racers.items():
    shade = next(shades[name]) if name in shades else {}
    for panel in (top, ax):
        plots.decay(panel, results[text], error(results[text]), name=name, against="gradients", legend=text, **shade)
top.set(xlim=(0, 150), ylim=(1e-11, 10), xlabel="", title="all nine")
ax.set(xlim=(0, 150), ylim=(3e-2, 6), title="the same, the upper part alone")
for line in (*top.lines[2:8], *ax.lines[:2], ax.lines[8]):  # each name once, where its line can be told from the others
    line.set_label("_")
for panel in (top, ax):
    plots.name_lines(panel, reach=0.03)
plots.show(ax, alt="Error against gradients, twice: all of it above, the upper part below, a name at the end of each line. The heavy ball falls steepest and NAG second; Adam comes third. All the others stay in the upper part: the tuned descent, NALA with mu = +0.5, plain descent, and slowest every NALA and Lookahead with mu = -0.5.")
# %% slideshow={"slide_type": "subslide"}
for text in ("descent, 1/L", "NALA, mu=-0.5, alpha=0.001", "NALA, mu=-0.5, alpha=1/L", "Lookahead(0.5)"):
    t, e = results[text], error(results[text])
    claim(1 - 1e-6 <= e[-1] / racers[text][2] ** t.grad_evals <= np.sqrt(DIM) * (1 + 1e-6), f"{text} runs at its predicted rate")
order = ["heavy ball, tuned", "NAG, tuned", "descent, 2/(L+m)", "descent, 1/L", "NALA, mu=-0.5, alpha=1/L", "Lookahead(0.5)", "NALA, mu=-0.5, alpha=0.001"]
at120 = [error_at(results[text], "gradients", 120) for text in order]
claim(at120 == sorted(at120), "with mu = -0.5 NALA is behind plain descent, and true momentum is ahead of all")
# %% [markdown] slideshow={"slide_type": "subslide"}
# **What this race says.** With the paper's $\mu=-0.5$, NALA is slower than plain gradient descent at the same $\eta$, for $\alpha=0.001$ and for $\alpha=1/L$. True momentum (heavy ball, NAG) is in another class: its rate is $1-O(1/\sqrt\kappa)$, and NALA's with gradient descent inside is $1-O(k/\kappa)$ for every $\eta,\mu,\alpha$, because NALA carries no velocity from one cycle to the next. The name *Nesterov* in NALA stands for the place of the gradient, not for acceleration.
#
# **What it does not say.** There is no noise here. With noisy gradients averaging has a real use: it lowers the variance at a given inner step. A network is not a quadratic either; lesson 05 looks at one.
#
# ### The same race in Rosenbrock's valley
# Here no formula helps, so every method gets the best of seven inner step sizes, and 1200 gradients.
#
# **Predict:** which is better with Adam inside: to interpolate ($\mu=-0.5$), or to extrapolate ($\mu=+0.3$)?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
fine, coarse = np.geomspace(1e-4, 3e-3, 7), np.geomspace(3e-3, 1.0, 7)
entries = {
    "heavy ball (0.9)": (lambda lr: HeavyBall(lr, 0.9), fine), "NAG (0.9)": (lambda lr: NAG(lr, 0.9), fine),
    "descent": (SGD, fine), "Adam": (Adam, coarse), "Lookahead(Adam)": (lambda lr: Lookahead(Adam(lr)), coarse),
    "NALA(Adam), mu=-0.5": (lambda lr: NALA(Adam(lr)), coarse), "NALA(Adam), mu=+0.3": (lambda lr: NALA(Adam(lr), mu=0.3), coarse),
}  # fmt: skip
best = {}
for text, (make, grid) in entries.items():
    ends = [race(make(lr), valley.grad, valley.start, 1200, limit=1e6) for lr in grid]
    alive = [(valley.value(t.final), lr) for t, lr in zip(ends, grid, strict=True) if t.outcome != "diverged"]
    best[text] = (*min(alive), len(grid) - len(alive))
rows = ["| method | best f after 1200 gradients | at inner step | of 7 step sizes, diverged |", "|---|---|---|---|"]
for text, (value, lr, lost) in sorted(best.items(), key=lambda item: item[1][0]):
    rows.append(f"| {text} | {value:.1e} | {lr:.4f} | {lost} |")
f = {text: value for text, (value, _, _) in best.items()}
claim(f["Adam"] < f["NALA(Adam), mu=+0.3"] < f["Lookahead(Adam)"] < f["NALA(Adam), mu=-0.5"], "with Adam inside extrapolating beats interpolating here, and Adam alone is ahead of both")
Markdown("\n".join(rows))
# %% [markdown] slideshow={"slide_type": "slide"}
# Adam alone is ahead of both wrappers, and in this smooth deterministic valley extrapolation ($\mu>0$) beats interpolation. One start, one function, a coarse grid: read it as an example, not as a ranking.
#
# ## 8 · Where the extra gradient does pay: one long step
# Look at T01 again. The inner loop has already removed the steep directions, so the outer step meets a gradient that is almost flat. It may be *much longer* than $2/L$, the limit of plain descent. With $\eta=1/L$ and $a=\alpha L$:
#
# * $\mu=0$: stable while $a$ is below the root of $(a-1)^{k+1}k^k = a^k(k+1)^{k+1}$;
# * $\mu<0$: at $\lambda=L$ the bracket is $|\mu|$, because averaging brings the steep direction back, so $a \le 1+1/|\mu|$.
#
# **Predict:** for $k=5$ the first limit is about 20 and the second is 3.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
grid = np.linspace(0, L, 4001)
worst = lambda a, mu: np.abs(quadratic_rate.rho(grid, lr=1 / L, k=5, mu=mu, alpha=a / L)).max()  # noqa: E731
claim(agree(root_at_zero_mu(5), 20.236, digits=4) and agree(root_at_zero_mu(1), 3 + 2 * np.sqrt(2)), "for k = 5 the limit of alpha L is about 20")
for mu, limit in ((0.0, root_at_zero_mu(5)), (-0.5, 3.0)):
    claim(worst(0.999 * limit, mu) <= 1 + 1e-9 < worst(1.01 * limit, mu), f"at mu = {mu} the factor leaves 1 at alpha L = {limit:.3g}")
# The prediction comes from T01. Now the runs, at 0.97 and 1.03 times each limit, on a quadratic with many eigenvalues.
dense = Quadratic(np.linspace(0.001, 1, 241) * L, shift=stream(SEED, "dense").normal(size=241))
for mu, limit in ((0.0, root_at_zero_mu(5)), (-0.5, 3.0)):
    for f in (0.97, 1.03):
        t = run(NALA(SGD(1 / L), k=5, mu=mu, alpha=f * limit / L), dense.grad, dense.start, cycles=600, limit=1e3)
        claim((t.outcome == "diverged") == (f > 1), "runs just below the limit stay and runs just above it diverge")
        print(f"mu = {mu:+.1f}   alpha = {f * limit:6.3f}/L   {t.outcome:<14}", f"in cycle {t.diverged_at}" if t.diverged_at else "")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ax, a = plt.subplots()[1], np.linspace(0, 24, 200)
for mu, dash in ((-0.5, "-"), (0.0, "--")):
    ax.plot(a, [worst(v, mu) for v in a], dash, color=plots.COLOURS["nala"], label=rf"NALA, $k=5$, $\mu={mu:g}$")
ax.plot(a, np.maximum(1, np.abs(1 - a)), ":", color="black", label="plain descent with this step")
ax.set(xlabel=r"outer step times curvature, $\alpha L$ (dimensionless)", ylabel=r"largest $|\rho|$ on $[0, L]$", ylim=(0.9, 2.2), xlim=(0, 24))
ax.legend(loc="upper center")
plots.show(ax, alt="The largest factor on [0, L] against alpha L. Plain descent leaves 1 at 2, NALA with mu = -0.5 at 3, NALA with mu = 0 only at about 20.")
# %% [markdown] slideshow={"slide_type": "subslide"}
# What is such a long step worth? The same quadratic has $\kappa=1000$, where speed is scarce. We take $\alpha=15/L$ at $\mu=0$.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
k1000 = np.sqrt(1000.0)  # of kappa
field = {
    "heavy ball, tuned": ("heavyball", HeavyBall(4 / L / (1 + 1 / k1000) ** 2, ((k1000 - 1) / (k1000 + 1)) ** 2)),
    "NALA, mu=0, alpha=15/L": ("nala", NALA(SGD(1 / L), mu=0.0, alpha=15 / L)),
    "descent, 2/(L+m)": ("sgd", SGD(2 / (1.001 * L))),
    "NALA, mu=-0.5, alpha=2.9/L": ("nala", NALA(SGD(1 / L), mu=-0.5, alpha=2.9 / L)),
}
ax, last = plt.subplots()[1], []
for text, (name, method) in field.items():
    t = race(method, dense.grad, dense.start, 1500)
    last.append(plots.distance(t, dense.minimizers)[-1])
    plots.decay(ax, t, plots.distance(t, dense.minimizers), name=name, against="gradients", legend=text, **({"alpha": 0.45} if "15" in text else {}))
ax.set_ylim(1e-6, 30)
plots.show(ax, alt="Heavy ball far below all others; then NALA with mu = 0 and the long outer step; then optimally tuned plain descent; NALA with mu = -0.5 is last.")
claim(last == sorted(last), "the order is heavy ball, NALA with the long outer step, tuned descent, NALA with mu = -0.5")
slow = {mu: quadratic_rate.rate_per_gradient(0.001 * L, lr=1 / L, k=5, mu=mu, alpha=a / L) for mu, a in ((0.0, 15), (-0.5, 2.9))}
gain = {mu: float(-np.log(rate) / 0.001) for mu, rate in slow.items()}
claim(gain[-0.5] < 2 < gain[0.0], "only NALA with mu = 0 and the long outer step has a larger C than tuned descent, which has 2")
Markdown(f"Written as $1-C/\\kappa$ per gradient, tuned descent has $C=2$, NALA with $\\mu=-0.5$ and $\\alpha=2.9/L$ has $C={gain[-0.5]:.2f}$, and NALA with $\\mu=0$ and $\\alpha=15/L$ has $C={gain[0.0]:.2f}$. So the extra gradient can pay, with a step far beyond $2/L$, and with the averaging switched off. Tuned momentum still wins by far.")
# %% [markdown] slideshow={"slide_type": "slide"}
# A warning: the long step is proved here for *quadratics*. For general smooth convex functions the licence is shorter.
#
# ## Summary
# * On a quadratic one cycle of NALA multiplies each eigen-direction by $\rho(\lambda)=(1-\alpha\lambda)[(1+\mu)(1-\eta\lambda)^k-\mu]$. Runs agree to rounding.
# * $-1<\mu<0$ interpolates. On deterministic quadratics with $\eta\le 1/L$ it only slows the inner loop down.
# * NALA beats Lookahead per *cycle*; per *gradient* only for $\alpha$ above a limit that is at most $(1+\mu)\eta$ here. The paper's $\alpha=0.001$ is far below it in our example. The x-axis decides what a figure says.
# * The outer step diverges above its own limit. On Rosenbrock's valley $\alpha=0.01$ is already too long.
# * No setting accelerates: around gradient descent and without a velocity between cycles, the rate at a fixed $k$ stays $1-O(1/\kappa)$.
# * What pays on a deterministic quadratic is $\mu\ge0$, and most of all a long outer step at $\mu=0$.
# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %% slideshow={"slide_type": "skip"}
exercise("03.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-03-1", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_03_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-03-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("03.1", answer_03_1, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("03.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-03-2", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_03_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-03-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("03.2", answer_03_2, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("03.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-03-3", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_03_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-03-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("03.3", answer_03_3, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("03.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-03-4", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_03_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-03-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("03.4", answer_03_4, STUDENT)
# %% slideshow={"slide_type": "skip"}
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown] slideshow={"slide_type": "skip"}
# **To try at home.** Write your prediction down before you run.
#
# 1. *Predict, then run.* Set `steep_mu = 0.5` in section 5, where $\alpha=1/L$. For which eigenvalues is $|\rho|$ smaller than that of $k+1$ steps of plain descent? Compare with the condition $0<\mu<2R/(1-R)$.
# 2. In section 6, find by bisection on runs the $\alpha$ at which both methods are equal after 600 gradients. Compare with T07 at the smallest eigenvalue.
# 3. Give the slow weights a velocity: before each cycle move $\phi$ on by 0.6 times its last change, then call `nala_by_hand` for one cycle with $\mu=\alpha=0$. How many gradients does it need on the quadratic with $\kappa=100$ to reach the error that NALA has after 600?
