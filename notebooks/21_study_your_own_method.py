# %% [markdown]
# # 21 · Study your own method
#
# **Aim.** A new optimizer is ten lines, and a loss curve that falls. You will see how little the curve says, and then point the whole lab at three methods: ten lines of your own, NALA, and one of `torch.optim`. One page for each, every line with a verdict and its evidence.
#
# **Time** 45 minutes. **Before** 01 two loops, 06 rates and stability; 18 for the verdict of the last section.
#
# What takes a method of yours, and how to write one: `docs/your_own_method.md`. The lesson needs torch; `make torch` adds it.
# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.certify import worst_case_of
from nala_lab.classroom import claim
from nala_lab.drive import Method
from nala_lab.measure import cycle_factors, cycle_matrix
from nala_lab.reference import NALA, SGD, run
from nala_lab.study import FULL, invariances_of, studied, study

plots.use_style()
plt.rcParams["figure.dpi"] = 80  # keeps the committed notebook small
torch.set_num_threads(1)
# %% tags=["parameters"]
# FULL takes half a minute a method; here the runs are shorter, the seeds as many.
SIZES = replace(FULL, rounds=10, curve=12, long=200, members=500, noisy=400, path=300, trials=7, training=300)
# %% [markdown]
# ## 1 · A failure: two curves that fall
#
# Here is a rule of ten lines: signs of a momentum, as in Lion (Chen et al. 2023). Beside it the same rule with one word more. Both come down the bowl; the second one even further.
#
# **Predict**: the second one is broken. Which question would tell you?
# %%
class SignMomentum:
    def __init__(self, lr=0.01):
        self.lr = lr

    def init(self, theta):
        return 0 * theta  # the momentum

    def step(self, theta, grad, m):
        g = grad(theta)
        return theta - self.lr * np.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g


class Homesick(SignMomentum):
    def step(self, theta, grad, m):
        theta, m = super().step(theta, grad, m)
        return 0.995 * theta, m  # "regularisation"


ends = {}
ax = plots.axes_or_new(None, figsize=(7.6, 4.2))
for rule, dash, part in ((SignMomentum(), "-", "predicted"), (Homesick(), "--", "fail")):
    x = run(rule, lambda x: x, [1.0, -2.0], steps=300, keep="slow").x
    ax.plot(0.5 * (x**2).sum(axis=1), dash, color=plots.ROLES[part], label=type(rule).__name__)
    ends[type(rule).__name__] = 0.5 * (x[-1] ** 2).sum()
ax.set(xlabel="gradients", ylabel="f(x)", yscale="log")
ax.legend()
claim(ends["Homesick"] < ends["SignMomentum"] < 0.2, "both rules come near the minimum from 2.5")
plots.show(ax, alt="Loss against gradients of both rules: both fall and then swing, and the broken one ends lower.")
# %% [markdown]
# The minimum of this bowl is the origin. Move the bowl, and the rule should move with it: $f(x - s)$ from $x_0 + s$ must give $x_t + s$. A rule that is drawn home does not.
# %%
sound, homesick = (invariances_of(studied(rule)) for rule in (SignMomentum(), Homesick()))
verdicts = [{line.what: line.verdict for line in section.lines} for section in (sound, homesick)]
claim(verdicts[0]["shift of x"] == "to the ulp" and verdicts[1]["shift of x"] == "not", "the first rule does not see a shift, the homesick one does")
claim(verdicts[0]["scale of f"] == "to the ulp", "a sign does not see the scale of f")
claim(verdicts[0]["rotation"] == "not", "but a sign belongs to a coordinate")
for line in sound.lines:
    print(f"{line.what:<22} {line.verdict:<14} {line.evidence}")
# %% [markdown]
# ## 2 · Ten lines of your own, on one page
#
# `study` runs everything: gradients where they are taken, invariances, quadratics, noise, two landscapes, and a small network that is tuned as Adam and SGD are. What cannot be done is a line that says so.
# %%
mine = study(SignMomentum(), name="SignMomentum", sizes=SIZES, progress=False)
Markdown(mine.markdown())
# %%
claim(mine.line("identity", "gradients").verdict == "1 a step", "it spends one gradient a step")
claim(mine.line("identity", "state").data["copies"] == 1, "it keeps one copy of the weights: the momentum")
claim(mine.line("factors", "factor of a cycle").verdict == "not linear", "its map is not linear")
claim(mine.line("worst", "worst case, lr L = 1").verdict == "not done", "signs have no worst case by this programme")
# %% [markdown]
# ## 3 · NALA over gradient descent: a map that can be extracted
#
# One cycle of NALA over gradient descent multiplies the mode $\lambda$ by
#
# $$\rho(\lambda) = (1 - \alpha\lambda)\left[(1+\mu)(1 - \eta\lambda)^k - \mu\right].$$
#
# The study knows nothing of this formula. It writes a 1 into the weights, runs a cycle, and reads.
#
# **Predict**: $\eta = 0.1$, $k = 3$, $\mu = -0.5$, $\alpha = 0.1$. Which factor at $\eta\lambda = 1$?
# %%
nala = NALA(SGD(lr=0.1), k=3, mu=-0.5, alpha=0.1)
lam = np.linspace(0.0, 30.0, 301)
found = cycle_factors(nala, lam)
rho = (1 - 0.1 * lam) * (0.5 * (1 - 0.1 * lam) ** 3 + 0.5)
claim(np.abs(found.radius - np.abs(rho)).max() < 1e-12, "the factors that were found are those of lesson 01")
claim(found.gradients == 4 and found.memory == ("x",), "a cycle is four gradients, and the weights are all it remembers")
claim(found.radius[100] == 0.0, "where alpha lambda = 1 a cycle ends at the minimum")
twin = cycle_matrix(Method("NALA", inner=Method("SGD", lr=0.1), k=3, mu=-0.5, alpha=0.1), [7.0])
claim(abs(twin.radius - abs(rho[70])) < 1e-14, "the torch twin has the same factor")
page = study(nala, name="NALA over gradient descent", sizes=SIZES, progress=False)
Markdown(page.markdown())
# %%
claim(page.line("factors", "stability edge").data["edge"] < 3, "the edge is below 3")
claim(page.line("identity", "gradients").verdict == "4 a cycle", "the page counts four gradients a cycle")
for kappa in (10, 100, 1000):
    line = page.line("factors", f"rate, condition {kappa}")
    claim(line.data["rate"] > line.data["bound"], "no method is faster than the Chebyshev bound")
# %% [markdown]
# ## 4 · One of `torch.optim`: Nesterov's momentum
#
# A torch optimizer is a black box with a state. It goes through the same doors: its buffer is found by looking, its table of steps is read off by playing gradients to it, and so even its worst case over all functions can be solved for.
# %%
def nesterov(params):
    return torch.optim.SGD(params, lr=0.1, momentum=0.6, nesterov=True)


print(cycle_matrix(nesterov, [2.0]))
worst = worst_case_of(nesterov, L=10.0, m=1.0, steps=3).value
torch_page = study(nesterov, name="SGD with Nesterov's momentum", sizes=SIZES, progress=False)
claim(abs(torch_page.line("worst", "worst case, lr L = 1").data["value"] - worst) < 1e-5, "the worst case agrees to the digits of the solver")
Markdown(torch_page.markdown())
# %%
edge = torch_page.line("factors", "stability edge").data["edge"]
claim(abs(edge - 2 * 1.6 / 2.2) < 1e-9, "the edge is 2 (1 + beta) / (1 + 2 beta)")
audit = [line for section in torch_page.sections if section.key == "contract" for line in section.lines]
claim(audit and all(line.tone == "good" for line in audit), "it passes the audit")
# %% [markdown]
# ## 5 · Three pages, one picture
#
# Rates per gradient at a condition number of 100, where a limit could be told; and the verdicts on the network.
#
# **Predict**: NALA over gradient descent, or Nesterov's momentum: which comes nearer to the heavy ball at its best? (Nothing that adds up gradients beats that one on quadratics: it is the *Chebyshev bound*.)
# %%
line = {name: one.line("factors", "rate, condition 100") for name, one in (("NALA", page), ("Nesterov", torch_page))}
values = {name: one.data["rate"] for name, one in line.items()}
values |= {name: line["NALA"].data[name] for name in ("gradient descent", "NAG", "heavy ball")}
ax = plots.axes_or_new(None, figsize=(8.2, 3.8))
looks = {"gradient descent": "SGD", "Nesterov": "own.Nesterov"}
ax.barh(list(values), [1 - value for value in values.values()], color=[plots.look(looks.get(name, name))["color"] for name in values])
ax.set(xlabel="1 - rate per gradient (longer is faster)", title="condition number 100")
plots.show(ax, alt="Bars of one minus the rate per gradient: NALA over gradient descent is shortest, then gradient descent, Nesterov's momentum in torch, NAG at its best, heavy ball.")
claim(values["heavy ball"] < values["NAG"] < values["Nesterov"] < values["gradient descent"] < values["NALA"], "the worst cases stand in this order")
for one in (mine, page, torch_page):
    for rival in ("Adam", "SGD"):
        verdict = one.line("training", f"beside {rival}")
        claim(verdict.verdict in ("better", "worse", "equivalent within threshold", "undecided"), "the evidence rule has four verdicts")
        print(f"{one.name:<30} beside {rival:<5} {verdict.verdict}: {verdict.evidence}")
# %% [markdown]
# ## Summary
#
# * A falling curve on one problem is no test. Moving the problem is one, and costs a line.
# * A method that is linear in weights and buffers *is* a matrix; the lab reads it off the code that ships.
# * What cannot be told is a line too. "Undecided" after five seeds is not "equal".
#
# ## Exercises
#
# 1. Write a rule of your own and study it. Which line of its page surprised you?
# 2. Give `Homesick` a decay of 0.9999. Is it still found? How small must it be to pass, and what does the lab say then?
# 3. Let `step` call `grad` twice and use one of the two. Which lines of the page change, and which do not?
# 4. `nala-lab study torch.optim:RMSprop --options '{"lr": 0.01}'` writes a page. Read it before you read about RMSprop.
