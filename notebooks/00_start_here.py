# %% [markdown] slideshow={"slide_type": "slide"}
# # 00 · Start here
#
# **Aim.** See a plain method fail, watch NALA repair it, write NALA in a few lines, check it against the library, and know where everything in this lab is.
#
# **Time** 15 minutes. **Before** nothing but high-school derivatives and Python with NumPy.
#
# **Try it at once.** Click on the grey cell below and press Shift+Enter. Drag the slider `eta (lr) left` to the right until the left run leaves the picture. Then give `eta (lr) right` the same value.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
from nala_lab.widgets import TrajectoryExplorer

TrajectoryExplorer(problem="bowl", left="SGD", right="NALA", inner="SGD", lr=0.1)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Both methods spend the same number of gradients. On the left is plain gradient descent; on the right the black fast weights run ahead, and the orange slow weights follow: two loops. The rest of this lesson explains what you saw.
#
# Run the cells from top to bottom (Shift+Enter). Every claim in the text is followed by a line with `assert` in it: if the claim were false, that line would stop the notebook.
# %% slideshow={"slide_type": "skip"}
import ast
import json
import pathlib
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import nala_lab
import problems
from nala_lab import plots
from nala_lab.classroom import check, exercise, grades, predict
from nala_lab.reference import NALA, SGD, Adam, run
from problems import CLASSIC, Quadratic

plots.use_style()
plt.rcParams["figure.dpi"] = 90  # keeps the committed notebook small
# %% tags=["parameters"] slideshow={"slide_type": "skip"}
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
STEPS = 24  # of gradient descent
CYCLES = 4  # of NALA: each is k steps of gradient descent and one step more
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A failure
#
# A long valley, $J(x) = \tfrac12 (x-x^\star)^\top A\,(x-x^\star) + 0.5$: its walls are eight times as steep as its floor. We know its minimum exactly, because we built it from its two curvatures, the eigenvalues of $A$.
# %%
# curvatures, direction, place and height of the minimum
valley = Quadratic([1.0, 8.0], rotation=5, shift=[2.0, -1.0], offset=0.5)
x0 = valley.center + valley.eigenvectors @ np.array([4.0, 0.5])  # far along the floor, a little up the wall
# %% [markdown] slideshow={"slide_type": "subslide"}
# Gradient descent repeats one line, $\theta \leftarrow \theta - \eta\,\nabla J(\theta)$. Along a direction of curvature $\lambda$ each step multiplies the error by $1-\eta\lambda$. We take $\eta = 2.1/\lambda_{\max}$, a little more than the limit $2/\lambda_{\max}$.
#
# **Predict:** what will it do along the walls, and what along the floor?
# %% slideshow={"slide_type": "subslide"}
guess = predict(f"Error along the walls after {STEPS} steps, with its sign? It starts at 0.5.", ...)  # a number in place of the dots
lr = 2.1 / valley.L
descent = run(SGD(lr=lr), valley.grad, x0, steps=STEPS)
walls = (descent.x[-1] - valley.center) @ valley.eigenvectors[:, 1]
# 24 steps of about 4 roundings, each 1e-16, on numbers of size 1e1
np.testing.assert_allclose(walls, 0.5 * (1 - 2.1) ** STEPS, rtol=1e-11)
print(
    f"error along the walls: 0.5 at the start, {walls:.1f} after {STEPS} steps, and it changes sign at each one"
)
guess.meets(walls)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Along the floor it arrives; along the walls it is thrown from side to side, farther each time. The run does not raise an error when this goes on. It reports what happened:
# %%
lost = run(SGD(lr=lr), valley.grad, x0, steps=1000, limit=1e6)
assert lost.outcome == "diverged"
print(f"outcome: {lost.outcome}, at step {lost.diverged_at}")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Two loops: the equation
#
# **NALA** (Zuo et al. 2024, Algorithm 1) keeps two sets of weights. *Fast* weights $\theta$ run ahead for $k$ steps of any inner rule. Then the *slow* weights $\phi$ move, once:
#
# $$\theta_{t,0} = \phi_{t-1}, \qquad \theta_{t,i+1} = \theta_{t,i} + A(J, \theta_{t,i}, d), \quad i = 0 \dots k-1 \tag{4}$$
#
# $$y_t = (1+\mu)\,\theta_{t,k} - \mu\,\phi_{t-1} \tag{Alg. 1}$$
#
# $$\phi_t = y_t - \alpha\,\nabla J(y_t) \tag{5}$$
#
# With $\mu = -0.5$ the point $y_t$ lies halfway between $\phi_{t-1}$ and $\theta_{t,k}$. So a swing from wall to wall is cut, and then one more gradient step is taken.
#
# From scratch, with the *same* inner step $\eta$ that just failed:
# %%
k, mu, alpha = 5, -0.5, 0.05
phi = x0
for _ in range(CYCLES):
    theta = phi
    for _ in range(k):
        theta = theta - lr * valley.grad(theta)  # Eq. (4), the inner rule is gradient descent
    y = (1 + mu) * theta - mu * phi  # Algorithm 1
    phi = y - alpha * valley.grad(y)  # Eq. (5), first line
print("minimum:", valley.center, "  reached:", phi.round(3), f"  with {CYCLES * (k + 1)} gradients")
# %% [markdown] slideshow={"slide_type": "subslide"}
# The library does the same and keeps everything on the way:
# %%
nala = run(NALA(SGD(lr=lr), k=k, mu=mu, alpha=alpha), valley.grad, x0, cycles=CYCLES)
# the same operations: equal up to the last digit or two
np.testing.assert_allclose(nala.final, phi, rtol=1e-14)
assert nala.grad_evals == CYCLES * (k + 1) == STEPS  # the same price as the failed run
print(
    f"phi: {nala.slow.shape}, theta: {nala.fast.shape}, y: {nala.lookahead.shape}, gradients spent: {nala.grad_evals}"
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · The picture
#
# The right picture is Fig. 1 of the NALA paper, drawn from the numbers of this run: fast weights in black, the way to $y_t$ in dark blue, the outer step in purple, the dashed line towards $\theta_{t,k}$.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6.2), sharex=True, sharey=True)
for ax, title in ((left, "gradient descent"), (right, "NALA, same inner step")):
    plots.landscape(
        ax, valley.value, ((-2.6, 3.4), (-5.2, 1.2)), minimum=valley.minimum, minimizers=valley.minimizers
    )
    ax.set_title(title)
plots.one_loop(left, descent, name="sgd")
plots.two_loop(right, nala)
handles, labels = right.get_legend_handles_labels()
right.get_legend().remove()
figure.legend(handles, labels, loc="outside lower center", ncols=4)
plots.show(
    figure,
    alt="Two maps of the same valley, each with a path. Left: gradient descent swings between the walls "
    "with growing steps and leaves the map. Right: NALA's fast weights swing as well, but the slow "
    "weights go along the valley towards the minimum in four cycles.",
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Is this always so? **No**, and it is worth knowing at once. First, the rescue needs an *odd* $k$. **Predict:** where do the slow weights end on the walls with $k=4$?
# %%
even = run(NALA(SGD(lr=lr), k=4, mu=mu, alpha=alpha), valley.grad, x0, cycles=CYCLES)
start, odd, four = (abs((p - valley.center) @ valley.eigenvectors[:, 1]) for p in (x0, nala.final, even.final))
assert odd < 0.01 * start and four > 0.2 * start  # far apart, so that no rounding decides
print(f"error along the walls: {start:.3f} at the start, {odd:.4f} with k = 5, {four:.4f} with k = 4")
# %% [markdown] slideshow={"slide_type": "subslide"}
# Second, the rescue was needed only because the step was too large. **Predict:** plain descent with a step that it can bear, $\eta = 1.9/\lambda_{\max}$, and the same 24 gradients: who ends closer to the minimum?
# %%
calm = run(SGD(lr=1.9 / valley.L), valley.grad, x0, steps=STEPS)
plain, two_loops = (plots.distance(t, valley.minimizers)[-1] for t in (calm, nala))
assert plain < 0.2 * two_loops and calm.grad_evals == nala.grad_evals
print(
    f"distance to the minimum: {plain:.3f} for gradient descent with a smaller step, {two_loops:.3f} for NALA"
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Two loops forgive a step that is too large; they are not faster here. Lesson 01 says, with proofs, what a slow loop gives and what it does not.
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · As the paper uses it: Adam inside
#
# A landscape with four minima (Himmelblau's), Adam as the inner rule. **Predict:** will the slow weights follow every turn of the fast ones?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
hills = CLASSIC["himmelblau"]()
adam = run(NALA(Adam(lr=0.3), k=k, mu=mu, alpha=0.01), hills.grad, [-1.0, -4.0], cycles=12)
ax = plots.landscape(
    None, hills.value, ((-5.5, 1.0), (-5.0, -0.5)), minimum=hills.minimum, minimizers=hills.minimizers
)
plots.two_loop(ax, adam).legend(loc="upper right", fontsize=11)
gaps = plots.distance(adam, hills.minimizers)
# a smoke test only: 'it arrives' proves little, which is why lessons 01 to 04 measure rates
assert gaps[-1] < 0.2 < gaps[0]
plots.show(
    ax,
    alt="Level sets with a minimum at the lower left. Black fast weights overshoot it in arcs of five "
    "steps; the blue slow weights take a shorter way and settle near it.",
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 5 · The two papers in three lines each
#
# **NALA** (Zuo, Li, Gao, Zhang, Du, PeerJ Computer Science 2024, 10:e2167). Lookahead's two loops, and one more gradient, taken at $y_t$; equations (4) and (5) above.
# The paper says that this is Nesterov's idea and in theory faster than Lookahead on convex functions. It prints no proof.
# This lab checks what is true of it: on quadratics per outer step yes, per gradient only when $\alpha$ is large enough (lesson 01).
#
# **AdaLA** (Ramjee, "Adapting gradient estimation by looking ahead"). Adam, with the denominator driven by how much the gradient is about to change:
# $s_t = \beta_2 s_{t-1} + (1-\beta_2)\,(g_t - g_{t+1})^2 + \epsilon$ (Algorithm 3), with $g_{t+1}$ the gradient at the *next* point.
# That point is computed from $s_t$, so the definition is circular as printed; lesson 04 shows every way out.
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 6 · The map
#
# Two implementations of each method exist: `reference` (NumPy, one line of code for each equation) and `optim` (torch, for networks). They share no arithmetic and must agree at every step. Predictions live in `theory`, which never sees the code it predicts; both meet in `verify`. The table is made from the source files, so it cannot be out of date:
# %% slideshow={"slide_type": "subslide"}
def modules(file: pathlib.Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def uses(part: str) -> list[str]:
    """The other parts of the lab that the files of one part import."""
    found = set().union(*(modules(file) for file in FOLDERS[part].rglob("*.py")))
    return [other for other in FOLDERS if other != part and any(f"{m}.".startswith(f"{other}.") for m in found)]
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
lab = pathlib.Path(nala_lab.__file__).parent
names = ("core", "methods", "theory", "reference", "optim", "drive", "measure", "certify", "verify", "results", "experiments",
         "audit", "plots", "widgets", "classroom", "report")
FOLDERS = {"problems": pathlib.Path(problems.__file__).parent} | {
    f"nala_lab.{name}": lab / name for name in names
}
arrows = {part: uses(part) for part in FOLDERS}
assert not {"nala_lab.theory", "nala_lab.reference"} & {
    *arrows["nala_lab.theory"],
    *arrows["nala_lab.reference"],
}
assert arrows["problems"] == arrows["nala_lab.core"] == []  # these two stand on their own
docs = {
    part: ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) for part, folder in FOLDERS.items()
}
rows = [
    f"| `{part}` | {docs[part].splitlines()[0]} | {', '.join(used) or '-'} |" for part, used in arrows.items()
]
Markdown("\n".join(["| part | what it is | it imports |", "|---|---|---|", *rows]).replace("nala_lab.", ""))
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 7 · Does the lab keep its word?
#
# `nala-lab verify` runs every closed form against a run of each twin, and fails if one number is off. Here are two theorems: T01, the rate on quadratics (lesson 01), and T12, Eq. (5) unrolled (lesson 02). Without `--only` it checks all of them.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
command = [sys.executable, "-m", "nala_lab.cli", "verify", "--only", "T01", "T12", "--json", "-"]
answer = subprocess.run(command, capture_output=True, text=True)
assert answer.returncode == 0, answer.stdout + answer.stderr  # non-zero if one check fails
checks = json.loads(answer.stdout)["checks"]
rows = [
    f"| {c['id']} | {c['name']} | {c['twin']} | {c['error']:.0e} | {c['tolerance']:.0e} | {c['verdict']} |"
    for c in checks
]
head = [
    "| theorem | check | twin | largest error | tolerance | verdict |",
    "|---|---|---|---|---|---|",
]
Markdown("\n".join([*head, *rows]))
# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Gradient descent with a step above $2/\lambda_{\max}$ is thrown out of the valley; NALA with the same inner step and $k=5$, $\mu=-0.5$ is not. With $k=4$ the rescue is far weaker, and plain descent with a smaller step is closer at the same price.
# * NALA is Lookahead with slow step $1+\mu$, followed by one gradient step from $y_t$.
# * `run` keeps every point: `slow` ($\phi$), `fast` ($\theta$), `lookahead` ($y$), and counts gradients, the unit of cost in this lab.
# * A claim here is a line that can fail.
#
# | command | what it does |
# |---|---|
# | `make lab` | opens JupyterLab here |
# | `make test` | every test, in minutes |
# | `make site` | reference, lessons, checks, claims and figures as one folder of pages, `build/site/index.html` |
# | `nala-lab verify` | the table of checks |
# | `nala-lab train` | trains a small network and writes a record |
#
# **Next:** [01 two loops](01_two_loops.ipynb) (why a slow loop) · [02 Eq. (5)](02_eq5_slow_weights.ipynb) (what the slow weights remember) · 03 NALA on quadratics and Rosenbrock · 04 AdaLA and its circular step · 05 the torch twin and a first network. The [overview](README.md) says how long each takes.
# %% [markdown] slideshow={"slide_type": "skip"}
# ## Exercises
#
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %% slideshow={"slide_type": "skip"}
exercise("00.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-00-1", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_00_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-00-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("00.1", answer_00_1, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("00.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-00-2", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_00_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-00-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("00.2", answer_00_2, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("00.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-00-3", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_00_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-00-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("00.3", answer_00_3, STUDENT)
# %% slideshow={"slide_type": "skip"}
exercise("00.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-00-4", "locked": false, "schema_version": 3, "solution": true, "task": false} slideshow={"slide_type": "skip"}
answer_00_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-00-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false} slideshow={"slide_type": "skip"}
check("00.4", answer_00_4, STUDENT)
# %% slideshow={"slide_type": "skip"}
grades()  # grades().export("grades.json") writes the file for your teacher
# %% [markdown] slideshow={"slide_type": "skip"}
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 2 set `mu = 0.0`. The slow weights then keep the whole inner result. Does the run still arrive?
# 2. Set `mu = -1.0`. Which part of the algorithm has no effect now? Check with `nala.fast` and `nala.slow`.
# 3. Plain descent with step `alpha` would be thrown out of this valley above $2/8 = 0.25$. Try `alpha = 0.3`, `0.5` and `0.6` in section 2. Which is the first that fails, and why does NALA bear more than 0.25?
# 4. In section 4 change the start to `[0.0, 0.0]`. Which of the four minima is reached, and do the slow and the fast weights agree about it?
