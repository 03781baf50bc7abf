# %% [markdown]
# # 20 · Explorers: six pictures that follow your hand
#
# **Aim.** Six control panels over the tested library. Move a slider, predict, look. Lessons embed single ones; here all stand on one page, each with a question.
#
# **Time** 30 minutes, or five minutes each beside a lesson. **Before** 00 start here.
#
# Under each picture stand the controls that its question names; the button *more controls* unfolds the others, and one that changes nothing is grey. Every control works with the keyboard: Tab goes to the next one, the arrow keys move it, and the number beside a slider can be typed. Numbers below a picture are the library's own, unrounded in `explorer.numbers`. Without a running kernel you see each explorer's picture for its first settings.

# %%
import numpy as np

from nala_lab.classroom import agree, by_chance, claim
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory.quadratic_rate import rate_per_gradient
from nala_lab.widgets import (
    AveragingExplorer,
    FamilyChooser,
    NoiseExplorer,
    ProbeExplorer,
    RateExplorer,
    TrajectoryExplorer,
    problem,
)

# %% tags=["parameters"]
GRADIENTS = 90  # length of the first pictures' runs
CHAINS = 100  # noisy runs in the cloud

# %% [markdown]
# ## 1 · Two optimizers, one start
#
# Left gradient descent alone, right NALA over gradient descent, both on a turned quadratic. Orange: the slow weights $\phi$, in NALA's colour. Black: the fast weights. Dark blue: from $\phi$ to the look-ahead point $y$. Purple: the outer step. *Step forward* and *step back* spend one gradient at a time. Under *more controls* there is *drag the start*: while it is pressed the mouse moves the start in either landscape.
#
# **Predict:** at the same $\eta$, which is lower after 90 gradients if $\mu = -0.5$? And if $\mu = +0.5$?

# %%
paths = TrajectoryExplorer(
    problem="bowl", left="SGD", right="NALA", inner="SGD", gradients=GRADIENTS, show=("at", "lr", "mu", "alpha")
)
paths

# %%
s = paths.settings
bowl = problem(s.problem)
nala = NALA(SGD(lr=s.lr_right), k=s.k, mu=s.mu, alpha=s.alpha)
slow = run(nala, bowl.grad, [s.x1, s.x2], cycles=GRADIENTS // (s.k + 1)).final
claim(np.array_equal(slow, paths.view.sides[1].here), "the picture shows the library's numbers, bit for bit")
print("right ends at", slow.round(4))

# %% [markdown]
# ## 2 · Where it converges, and how fast
#
# Dark is fast, grey diverges, the star is where you are. The middle panel shows the factors (roots) of one cycle: inside the circle is stable. On the right theory's line goes through the dots of a run.
#
# **Predict:** at $\eta L = 2.1$ and $k = 5$, $\mu = -0.5$ the method converges. What does $k = 4$ do? (Lesson 01 says why.)

# %%
rates = RateExplorer(lr=2.1, k=5, mu=-0.5)
rates

# %%
n = rates.numbers
claim(n["largest gap"] < 1e-9, "theory's line goes through the run")
claim(n["rate per cycle"] < 1, "with k = 5 the method converges here")
worst = max(rate_per_gradient([1 / 30, 1.0], lr=2.1, k=5, mu=-0.5, alpha=0.0))
claim(agree(worst, n["rate per gradient"]), "the panel's rate is the library's")
print(f"factor per gradient {worst:.4f}")

# %% [markdown]
# ## 3 · What the slow weights remember
#
# The bars are the weights of Eq. (5): how much each past inner result counts in $\phi_t$. Move $\mu$ slowly from $-0.9$ through 0 to 1.
#
# **Predict:** at which $\mu$ do weights become negative, and what happens to the noise of the run then?

# %%
memory = AveragingExplorer(mu=-0.5)
memory

# %%
claim(memory.numbers["horizon"] == 2 and memory.numbers["sample size"] == 3,
      "at mu = -0.5 the memory is two cycles and three samples")
claim(agree(memory.numbers["phi_t by Eq. (5)"], memory.numbers["phi_t of the run"]),
      "Eq. (5) rebuilds the run's slow weights")

# %% [markdown]
# ## 4 · What averaging buys under noise
#
# The orange line is exact: mean and covariance, nothing sampled. The cloud is a hundred runs. Their mean must lie within a few standard errors (z-score).
#
# **Predict:** averaging lowers the loss in the long run. What does it cost at the beginning?

# %%
noise = NoiseExplorer(mu=-0.5, chains=CHAINS)
noise

# %%
n = noise.numbers
claim(n["in the long run"] < n["SGD in the long run"], "averaging lowers the loss in the long run")
claim(by_chance(n["z-score"]), "the cloud of runs has the exact mean")
print(f"z-score {n['z-score']:.2f}")

# %% [markdown]
# ## 5 · AdaLA's probes
#
# AdaLA needs a gradient from a point that it has not reached. The dashed line goes to the probe, the trial step from which it takes that gradient; the purple line is the step it then takes. The paper does not say which probe. On the *valley* theory knows the first step.
#
# **Predict:** the probe *adam* and the probe *grad* from the same start. Which first step lands on the minimum?

# %%
probes = ProbeExplorer(problem="valley", probe="own", at=1)
probes

# %%
n = probes.numbers
for x in ("x1", "x2"):
    claim(agree(n[f"step {x}"], n[f"theory {x}"]), "T17 predicts the first step")
left = {p: np.abs(probes.set(probe=p).view.now.after - problem("valley").center).max() for p in ("adam", "grad")}
claim(left["adam"] < 1e-3 < left["grad"], "the probe adam leads onto the minimum, and grad does not")
print("first step ends this far from the minimum:", {p: round(float(d), 6) for p, d in left.items()})
probes = probes.set(probe="own")
# %% [markdown]
# ## 6 · The two-loop family
#
# Every published two-loop method is a point: outer step $\nu$, outer momentum $\beta$, its style, an outer gradient $\alpha$. Choose a method and the sliders go there; move one and see the name change.
#
# **Predict:** from Lookahead, which slider makes it NALA? Which makes it SNOO?

# %%
family = FamilyChooser("Lookahead")
family

# %%
claim("Lookahead" in family.view.names, "the sliders stand on Lookahead")
claim(list(family.set(alpha=0.2).view.names) == ["NALA"], "an outer gradient makes it NALA")
claim("SNOO" in family.set(alpha=0.0, beta=0.5).view.names and "NALA" not in family.view.names,
      "an outer momentum makes it SNOO, and not NALA")
family = family.set(beta=0.0)

# %% [markdown]
# ## Exercises
#
# 1. In explorer 1 find a $\mu$ and an $\alpha$ with which NALA over gradient descent is lower than gradient descent after 90 gradients.
# 2. In explorer 2, with heavy ball as the inner rule, find a setting where the roots are complex. What does the decay look like?
# 3. In explorer 3 make the weight of $\phi_0$ larger than that of the newest inner result.
# 4. In explorer 4 set sigma to 0.1, kappa to 100 and eta L to 0.1. Which $\mu$ has the lowest loss after 20 cycles, and why is it positive now?
# 5. In explorer 6 find the tuned point with the sliders. How far from it may you stray before it diverges?
