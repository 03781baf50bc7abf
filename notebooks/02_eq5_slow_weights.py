# %% [markdown] slideshow={"slide_type": "slide"}
# # 02 · Eq. (5): what the slow weights remember
#
# **Aim.** Unroll NALA's outer update and read off the weight of everything that came before: each inner result $\theta_{i,k}$, each outer gradient, and the start $\phi_0$. You will find a sign slip in a published equation, prove the correct form, and see what the sign of $\mu$ decides.
#
# **Time** 35 minutes. **Before** 00 start here; geometric series. (01 is helpful, not needed.)
# %% slideshow={"slide_type": "skip"}
import matplotlib.pyplot as plt
import numpy as np
import sympy as sp
from IPython.display import Markdown

from nala_lab import plots, stream
from nala_lab.classroom import agree, by_chance, check, claim, exercise, grades, predict
from nala_lab.reference import NALA, SGD, Adam, run
from nala_lab.theory import eq5
from nala_lab.theory.eq5_proof import printed_form_residual, prove
from problems import LeastSquares, Linear, Quadratic

plots.use_style()
# %% tags=["parameters"] slideshow={"slide_type": "skip"}
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
CYCLES = 12  # outer steps of the logged runs
CHAINS = 20_000  # independent runs in the measurement of a variance
PROOF_LENGTH = 8  # outer steps written out by sympy
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A failure: the equation as printed
#
# Eq. (5) of the NALA paper says what the slow weights are made of:
#
# $$\phi_t = (1+\mu)\bigl[\theta_{t,k} + |\mu|\,\theta_{t-1,k} + \dots + |\mu|^{t-1}\theta_{1,k}\bigr] + |\mu|^t\phi_0 - \alpha\bigl[\nabla J(y_t) + |\mu|\,\nabla J(y_{t-1}) + \dots + |\mu|^{t-1}\nabla J(y_1)\bigr] \tag{5}$$
#
# We log real runs: least squares, mini-batches of 4, Adam inside, the outer gradient on a fresh mini-batch. Then we rebuild the last $\phi_t$ from the log, once with the paper's $\mu = -0.5$ and once with $\mu = +0.3$.
#
# **Predict:** will the printed equation hold in both?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
fit = LeastSquares.generated(12, 3, seed=1, batch_size=4)
alpha = 0.01


def noisy_run(mu: float):
    rule = NALA(Adam(lr=0.05), k=3, mu=mu, alpha=alpha)
    return run(rule, fit.noisy_grad, fit.start, cycles=CYCLES, rng=stream(0, "lesson 02"))


def rebuilt(log, mu: float, base: float) -> np.ndarray:
    """Eq. (5) at the last outer step, with powers of `base`."""
    powers = base ** np.arange(CYCLES)[::-1]  # oldest first: base^(t-1) ... base^0
    fast_part = (1 + mu) * powers @ log.fast[:, -1]
    return fast_part + base**CYCLES * log.slow[0] - alpha * powers @ log.outer_grad
# %%
logs = {mu: noisy_run(mu) for mu in (-0.5, 0.3)}
misses = {mu: np.abs(rebuilt(log, mu, abs(mu)) - log.final).max() for mu, log in logs.items()}
claim(misses[-0.5] < 1e-9, "the printed equation holds at mu = -0.5")
claim(misses[0.3] > 0.1, "the printed equation fails at mu = +0.3")
Markdown(
    "\n".join(f"* $\\mu = {mu}$: printed equation and run differ by {miss:.1e}" for mu, miss in misses.items())
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · The equation, unrolled by hand
#
# Algorithm 1 is one line, $\phi_t = (1+\mu)\,\theta_{t,k} - \mu\,\phi_{t-1} - \alpha\,\nabla J(y_t)$. Put the same line for $\phi_{t-1}$ into it: everything older is multiplied by $-\mu$, once more at each outer step. So the base of the powers is $-\mu$, not $|\mu|$:
#
# $$\phi_t = (1+\mu)\sum_{i=1}^{t}(-\mu)^{t-i}\,\theta_{i,k} + (-\mu)^t\phi_0 - \alpha\sum_{i=1}^{t}(-\mu)^{t-i}\,\nabla J(y_i) \tag{5, any $\mu$}$$
#
# For $\mu \le 0$ the two are the same, and the paper uses only $\mu < 0$. From scratch it is the function above with another base:
# %%
for mu in (-1.0, -0.9, -0.5, 0.0, 0.3, 0.8):
    log = noisy_run(mu)
    scale = np.abs(log.fast).max()
    claim(agree(rebuilt(log, mu, -mu), log.final), "with the base -mu the equation holds for every mu")
# %% [markdown] slideshow={"slide_type": "subslide"}
# The library does it for all $t$ at once. The statement is an **identity**: it holds for any inner rule, any noise, any $k$, because it uses nothing but the outer line.
# %%
log = noisy_run(0.3)
unrolled = eq5.unroll(log.fast[:, -1], log.slow[0], log.outer_grad, mu=0.3, alpha=alpha)
claim(agree(unrolled, log.slow[1:]), "the library rebuilds every slow weight")
claim(agree(unrolled[-1], rebuilt(log, 0.3, -0.3)), "the library and the sum by hand agree")
print(f"{unrolled.size} numbers rebuilt, largest difference {np.abs(unrolled - log.slow[1:]).max():.1e}")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · The proof
#
# A run is no proof. By induction: at $t=1$ the formula *is* Algorithm 1. If it holds at $t$, one more outer step multiplies it by $-\mu$ and adds the two newest terms. `sympy` does both: it writes out $t = 1 \dots 8$, and it compares the coefficients for a symbolic $t$. ($\theta_i$ stands for $\theta_{i,k}$, $G_i$ for $\nabla J(y_i)$.)
# %%
proof = prove(PROOF_LENGTH)
claim(proof.holds and len(proof.residuals) == PROOF_LENGTH,
      "sympy finds no difference, for every t that it writes out and in the induction")
shown = min(3, PROOF_LENGTH)
Markdown(f"$$\\phi_{shown} = {sp.latex(proof.unrolled[shown])}$$")
# %% slideshow={"slide_type": "subslide"}
greek = {name: name.replace("theta", r"\theta").replace("phi", r"\phi") for name in proof.inductive}
rows = [
    f"| ${greek[name]}$ | ${sp.latex(after)}$ | ${sp.latex(wanted)}$ | ${sp.latex(proof.inductive_residuals[name])}$ |"
    for name, (after, wanted) in proof.inductive.items()
]
head = [
    "| term | coefficient after one more outer step | coefficient in the formula at $t+1$ | difference |",
    "|---|---|---|---|",
]
Markdown("\n".join([*head, *rows]))
# %% [markdown] slideshow={"slide_type": "subslide"}
# And the printed form? With $m = |\mu|$, this is printed minus correct at $t = 3$:
# %%
claim(all(printed_form_residual(t, mu_sign=-1) == 0 for t in range(1, PROOF_LENGTH + 1)),
      "the printed form is right for every mu < 0")
claim(all(printed_form_residual(t, mu_sign=1) != 0 for t in range(1, PROOF_LENGTH + 1)),
      "the printed form is wrong for every mu > 0, from t = 1 on")
Markdown(
    f"* $\\mu<0$: ${sp.latex(printed_form_residual(3, mu_sign=-1))}$\n"
    f"* $\\mu>0$: ${sp.latex(sp.factor(printed_form_residual(3, mu_sign=1)))}$"
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · The weights
#
# The weights of all points add up to one: $(1+\mu)\sum_{j<t}(-\mu)^j + (-\mu)^t = 1$, because the sum telescopes. **Predict:** what do they look like for $\mu = -0.5$, $-0.8$ and $+0.5$?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
figure, panels = plt.subplots(1, 3, figsize=(10.2, 4.4))
for ax, mu in zip(panels, (-0.5, -0.8, 0.5), strict=True):
    w = eq5.weights(8, mu)
    claim(agree(w.total, 1), "all weights add up to one")
    plots.eq5_weights(ax, w.fast, start=float(w.start), horizon=float(eq5.horizon(mu)), title=rf"$\mu = {mu}$")
    ax.set_ylim(top=1.4 * w.fast.max())
    ax.legend(fontsize=12, loc="upper right")
    ax.set_ylabel(ax.get_ylabel() if ax is panels[0] else "")
plots.show(
    figure,
    alt="Bars: weight of each past inner result in the slow weights after eight cycles, newest at the "
    "left, and of the start. For mu = -0.5 and -0.8 all are positive and decay, slowly for -0.8, "
    "where the start still counts. For mu = 0.5 they alternate: 1.5, -0.75, 0.375 and so on.",
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Drag $\mu$ through zero and see the weights turn from an average into an overshoot:
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
from nala_lab.widgets import AveragingExplorer

AveragingExplorer()
# %% [markdown] slideshow={"slide_type": "subslide"}
# For $-1 < \mu < 0$ the weights are those of an exponential moving average. For $\mu > 0$ they alternate: the newest result counts more than once, and the one before is *subtracted*.
#
# Four numbers describe the memory. We compare each closed form with the plain sum over 2000 past cycles:
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ages = np.arange(2000)
rows = []
for mu in (-0.9, -0.5, -0.1, 0.3, 0.5):
    w = (1 + mu) * (-mu) ** ages
    sums = [np.sum(np.abs(mu) ** ages), ages @ w, 1 / (w @ w), np.abs(w).sum()]
    forms = [eq5.horizon(mu), eq5.mean_age(mu), eq5.effective_sample_size(mu), eq5.absolute_weight(mu)]
    claim(agree(forms, sums), "the four closed forms are the sums over the past")
    rows.append(f"| {mu} | " + " | ".join(f"{form:.3g}" for form in forms) + " |")
head = [
    r"| $\mu$ | horizon $\frac{1}{1-\lvert\mu\rvert}$ | mean age $\frac{-\mu}{1+\mu}$ "
    r"| effective sample size $\frac{1-\mu}{1+\mu}$ | sum of sizes $\frac{1+\mu}{1-\lvert\mu\rvert}$ |",
    "|---|---|---|---|---|",
]
Markdown("\n".join([*head, *rows]))
# %% [markdown] slideshow={"slide_type": "subslide"}
# At the paper's $\mu = -0.5$ the slow weights remember **two** cycles, their mean age is one cycle, and they average as well as three independent results. That is a short memory.
#
# The outer gradients are remembered with the same powers, so their total weight tends to $\alpha/(1+\mu)$: at $\mu=-0.5$ they weigh $2\alpha$ together. That is for given inner results $\theta$. In a run $\theta$ starts from $\phi$ and carries the rest: on a slope a cycle goes exactly $\alpha$ farther.
# %%
memory = [float(f(-0.5)) for f in (eq5.horizon, eq5.mean_age, eq5.effective_sample_size)]
claim(agree(memory, [2, 1, 3]), "at mu = -0.5 the memory is two cycles long, one cycle old, and worth three results")
total = eq5.weights(60, -0.5).gradients.sum()
claim(agree(total, 2), "at mu = -0.5 the outer gradients weigh 2 alpha together")
print(f"sum of the gradients' weights: {total} times alpha")
slope, far = Linear([1.0]), {}
for alpha in (0.0, 0.25):  # and an inner step of 0.5: sums that float64 has exactly
    far[alpha] = run(NALA(SGD(0.5), k=4, mu=-0.5, alpha=alpha), slope.grad, [0.0], cycles=CYCLES).slow
claim(np.array_equal(np.diff(far[0.0] - far[0.25], axis=0), np.full((CYCLES, 1), 0.25)), "on a slope each cycle goes alpha farther")
# %% [markdown] slideshow={"slide_type": "subslide"}
# *Mean age* can be seen. On a straight slope $\theta_{t,k}$ walks at constant speed, and the slow weights follow behind by exactly the mean age, or stand ahead if $\mu > 0$.
# %%
slope = Linear([2.0, -1.0])
for mu in (-0.8, -0.5, 0.25):
    walk = run(NALA(SGD(lr=0.1), k=4, mu=mu, alpha=0.0), slope.grad, [3.0, 5.0], cycles=10)
    ends = walk.fast[:, -1]
    behind = (ends[-1] - walk.slow[-1]) / (ends[-1] - ends[-2])  # in cycles
    claim(agree(behind, eq5.mean_age(mu)), "the slow weights are behind by the mean age")
    print(f"mu = {mu:5}: the slow weights are {behind[0]:5.2f} cycles behind the fast ones")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · One experiment: how much noise is averaged away?
#
# If the inner results were independent with variance $V$, then $\phi_t$ would have variance $V / n$ with $n$ the effective sample size. We can make them independent: on $J = \frac{\lambda}{2}(x-x^\star)^2$ with $\eta\lambda = 1$, one inner step forgets its start completely, and what remains of $\theta_{t,k}$ is the noise of the last gradient.
#
# **Predict** the variance ratio for $\mu = +0.5$: below or above one?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
lam, center, sigma = 2.5, 3.0, 0.7


def noisy_slope(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return lam * (x - center) + sigma * rng.normal(size=x.shape)


guess = predict("Variance of the slow weights over that of one inner result, for mu = +0.5?", ...)  # a number in place of the dots
one_result = (sigma / lam) ** 2  # variance of theta_{t,k}: (eta sigma)^2, eta = 1 / lambda
factors = np.array([-0.8, -0.5, -0.2, 0.0, 0.2, 0.5])
measured = []
for mu in factors:
    rule = NALA(SGD(lr=1 / lam), k=2, mu=float(mu), alpha=0.0)
    chains = run(rule, noisy_slope, np.full((CHAINS, 1), 4.0), cycles=60, rng=stream(0, "chains", mu))
    measured.append(chains.final.var(ddof=1) / one_result)
expected = 1 / eq5.effective_sample_size(factors)
# in standard errors of a Gaussian sample variance
z = (measured - expected) / (expected * np.sqrt(2 / (CHAINS - 1)))
claim(by_chance(z), "the variance is divided by the effective sample size")
print("standard errors off:", z.round(1))
guess.meets(measured[-1])
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ax = plots.axes_or_new(None, figsize=(7.6, 4.4))
line = np.linspace(-0.9, 0.6, 200)
ax.plot(
    line,
    1 / eq5.effective_sample_size(line),
    color=plots.ROLES["predicted"],
    lw=1.4,
    label=r"predicted $(1+\mu)/(1-\mu)$",
)
ax.plot(
    factors,
    measured,
    "o",
    ms=10,
    color=plots.ROLES["measured"],
    mec="white",
    label=f"measured, {CHAINS} runs each",
)
ax.axhline(1, color="#444444", ls=":")
ax.set(
    yscale="log",
    xlabel=r"outer factor $\mu$",
    ylabel=r"Var $\phi_t$ / Var $\theta_{t,k}$",
    ylim=(0.04, 6),
    yticks=[0.1, 1 / 3, 1, 3],
    yticklabels=["1/10", "1/3", "1", "3"],
)
ax.minorticks_off()
ax.legend(loc="upper left")
plots.show(
    ax,
    alt="Variance of the slow weights over that of one inner result, against mu, logarithmic. It rises "
    "from a ninth at -0.8 through a third at -0.5 and one at 0 to three at +0.5. Measured points lie "
    "on the predicted line.",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# Averaging buys less noise **and pays with age**: the same $\mu$ that divides the variance by three makes the slow weights one cycle late. Whether that is a good bargain is not decided by this picture.
#
# ## 6 · The sign of $\mu$: interpolation or extrapolation
#
# $y_t = \phi_{t-1} + (1+\mu)(\theta_{t,k}-\phi_{t-1})$ lies on the line through $\phi_{t-1}$ and $\theta_{t,k}$. The paper speaks of an *extrapolation point*. **Predict:** for which $\mu$ does $y_t$ lie outside the segment?
# %% slideshow={"slide_type": "subslide"}
valley = Quadratic([1.0, 8.0], rotation=5, shift=[2.0, -1.0])
places = {}
for mu in (-1.0, -0.5, 0.0, 0.3, 1.0):
    first = run(NALA(SGD(lr=0.1), k=5, mu=mu, alpha=0.05), valley.grad, valley.start, cycles=1)
    phi, theta, y = first.slow[0], first.fast[0, -1], first.lookahead[0]
    along = theta - phi
    places[mu] = (y - phi) @ along / (along @ along)  # 0 at phi, 1 at theta
    claim(agree(y, phi + places[mu] * along), "y lies on the line through phi and theta")
    claim(agree(places[mu], 1 + mu), "y lies at the place 1 + mu on that line")
    claim((-1e-9 <= places[mu] <= 1 + 1e-9) == (mu <= 0), "y lies between phi and theta exactly for mu in [-1, 0]")
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
ax = plots.axes_or_new(None, figsize=(9, 4.2))
for row, (mu, place) in enumerate(places.items()):
    ax.plot([-0.1, 2.1], [row, row], color="#CCCCCC", lw=1, zorder=1)
    ax.plot([0, 1], [row, row], color="black", lw=3, zorder=2)
    ax.annotate(
        "",
        (place, row),
        (0, row),
        arrowprops=dict(arrowstyle="-|>", color=plots.ROLES["slow"], lw=2.5, mutation_scale=20),
        zorder=3,
    )
    ax.plot(
        [0], [row], "o", ms=11, color=plots.ROLES["slow"], zorder=4, label=r"$\phi_{t-1}$" if row == 0 else None
    )
    ax.plot(
        [1],
        [row],
        "s",
        ms=9,
        color=plots.ROLES["fast"],
        zorder=4,
        label=r"$\theta_{t,k}$" if row == 0 else None,
    )
    ax.plot(
        [place],
        [row],
        "d",
        ms=11,
        color="white",
        mec=plots.ROLES["slow"],
        mew=2,
        zorder=5,
        label=r"$y_t$" if row == 0 else None,
    )
ax.axvspan(1, 2.1, color=plots.COLOURS["nag"], alpha=0.18, zorder=0)
ax.text(1.98, -0.42, "extrapolation", ha="right", va="center")
ax.set(
    yticks=range(len(places)),
    yticklabels=[rf"$\mu = {mu}$" for mu in places],
    ylim=(-0.7, 4.6),
    xlabel=r"place on the line from $\phi_{t-1}$ (0) to $\theta_{t,k}$ (1)",
)
ax.grid(False)
ax.legend(loc="upper left", ncols=3, bbox_to_anchor=(0, 1.16), frameon=False)
plots.show(
    ax,
    alt="Five rows, one for each mu. The point y stands at phi for mu = -1, halfway for -0.5, on theta "
    "for 0, and beyond theta, in the shaded region called extrapolation, for 0.3 and 1.",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# With the paper's $\mu = -0.5$ nothing is extrapolated: $y_t$ is the midpoint. Only $\mu > 0$ looks ahead of $\theta_{t,k}$, and there the weights alternate and amplify.
#
# ## 7 · A slot that starts at zero
#
# In the released program of the paper $\phi$ lives in an optimizer slot that is *initialised to zero*, where Algorithm 1 starts from the initial parameters, $\phi_0 = \theta_0$. Eq. (5) tells at once what that does: the $\phi_0$ term is lost, and the weights add up to $1-|\mu|^t$ only.
#
# **Predict:** we start the released recurrence *at the minimum*, where every gradient is zero. Where is it after the first synchronisation?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
minimum = valley.center
rules = {
    variant: NALA(SGD(lr=0.1), k=5, mu=-0.5, alpha=0.001, variant=variant) for variant in ("paper", "released")
}
kept, thrown = (run(rule, valley.grad, minimum, cycles=CYCLES) for rule in rules.values())
claim(agree(kept.slow, np.broadcast_to(minimum, kept.slow.shape)), "the paper's algorithm stays at the minimum")
claim(agree(thrown.slow[1], 0.5 * minimum), "the released recurrence halves every weight at its first synchronisation")
for t in (1, 2, 5):
    claim(agree(eq5.weights(t, -0.5).fast.sum(), 1 - 0.5**t),
          "without the start's term the weights add up to 1 - |mu|^t")
rebuilt_from_zero = eq5.unroll(thrown.fast[:, -1], np.zeros(2), thrown.outer_grad, mu=-0.5, alpha=0.001)
claim(agree(rebuilt_from_zero, thrown.slow[1:]), "Eq. (5) with phi_0 = 0 explains the whole run")
far = np.linalg.norm(thrown.slow - minimum, axis=-1)
claim(far[-1] < 0.1 * far[1], "on a bowl the run finds its way back")
print("minimum:", minimum, "  after the first synchronisation:", thrown.slow[1])
# %% [markdown] slideshow={"slide_type": "slide"}
# The first synchronisation halves every weight. On a bowl the run recovers; a network whose weights are halved after $k$ steps has to learn again what it knew.
#
# ## Summary
#
# * Eq. (5) with base $-\mu$ is an identity along every run, whatever the inner rule and the noise. With $|\mu|$, as printed, it is right for $\mu \le 0$ and wrong for $\mu > 0$.
# * The weights add up to one. $\mu<0$: a moving average with horizon $1/(1-|\mu|)$, two cycles at $-0.5$. $\mu>0$: alternating weights that amplify.
# * Averaging divides the variance of independent results by $(1-\mu)/(1+\mu)$ and makes the slow weights $-\mu/(1+\mu)$ cycles late.
# * $\mu \in [-1,0]$ interpolates, $\mu>0$ extrapolates. The paper's "extrapolation point" at $\mu=-0.5$ is a midpoint.
# * $\phi_0 = 0$ loses half of every weight at the first synchronisation with $\mu=-0.5$.
# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %% slideshow={"slide_type": "skip"}
exercise("02.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-02-1", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_02_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-02-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("02.1", answer_02_1, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("02.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-02-2", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_02_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-02-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("02.2", answer_02_2, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("02.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-02-3", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_02_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-02-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("02.3", answer_02_3, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("02.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-02-4", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_02_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-02-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("02.4", answer_02_4, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("02.5", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-02-5", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_02_5 = ...
# %% nbgrader={"grade": true, "grade_id": "check-02-5", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("02.5", answer_02_5, STUDENT)
# %% slideshow={"slide_type": "skip"}
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown] slideshow={"slide_type": "skip"}
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 1 replace `Adam(lr=0.05)` by `SGD(lr=0.05)`. Does any claim of this section fail? Why not?
# 2. In section 5 use $k = 1$, then $\eta\lambda = 0.5$ with $k=2$. In which case does the prediction fail, and which word in "independent inner results" is to blame?
# 3. Show with `eq5.weights(t, 1.0)` that at $\mu = 1$ nothing is forgotten. What does `eq5.horizon(1.0)` answer?
# 4. In section 7 start at `valley.start` instead. After how many cycles is the released run as close to the minimum as the paper's was after one?
