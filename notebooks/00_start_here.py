# %% [markdown] slideshow={"slide_type": "slide"}
# # 00 · Start here
#
# **Aim.** See a plain method fail, see two loops repair it or not, write NALA in a few lines, and check it against the library.
#
# **Time** 15 minutes. **Before** nothing but high-school derivatives and Python with NumPy.
#
# **Try it at once.** Click on the first grey cell below and press Shift+Enter twice: a picture, and then controls. Drag the slider `eta (lr) left` to the right until the left run leaves the picture. Then give `eta (lr) right` the same value.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
from nala_lab import plots
from nala_lab.classroom import three_ways

plots.use_style()
figure, words = three_ways()
plots.show(figure, alt=words)
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
from nala_lab.widgets import TrajectoryExplorer

TrajectoryExplorer(problem="bowl", left="SGD", right="NALA", inner="SGD", lr=0.1)
# %% [markdown] slideshow={"slide_type": "subslide"}
# **What you saw.** A ball that is pushed down a valley in steps that are too long is thrown from wall to wall, farther each time. In *two loops* a second set of weights follows the first one slowly: after some fast steps it goes half of the way to where they ended, and they start again from there. After an **odd** number of fast steps they stand on the other wall, so half of the way is the middle of the valley. After an **even** number they are back on their own wall, and half of the way is up the wall. All runs in the first picture have the same step and spend the same number of gradients.
#
# The rest of this lesson says this in symbols, one by one, and checks it. Run the cells from top to bottom (Shift+Enter). What the text says is followed by a line with `claim` in it: with the lesson's numbers it would stop the notebook if it were false; with numbers of your own it tells you so and goes on.
# %% slideshow={"slide_type": "skip"}
import matplotlib.pyplot as plt
import numpy as np

from nala_lab.classroom import agree, check, claim, exercise, grades, predict
from nala_lab.reference import NALA, SGD, Adam, run
from problems import CLASSIC, Quadratic

# %% tags=["parameters"] slideshow={"slide_type": "skip"}
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
STEPS = 24  # of gradient descent
CYCLES = 4  # of NALA: each is k steps of gradient descent and one step more
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 1 · A failure
#
# A function $J$ is to be made small. Here it is a long valley whose walls are eight times as steep as its floor: it curves by $\lambda = 1$ along the floor and by $\lambda = 8$ across it ($\lambda$, *lambda*, is the second derivative in a direction). We know its minimum exactly, because we built it from these two curvatures.
# %%
# curvatures, direction, place and height of the minimum
valley = Quadratic([1.0, 8.0], rotation=5, shift=[2.0, -1.0], offset=0.5)
x0 = valley.center + valley.eigenvectors @ np.array([4.0, 0.5])  # far along the floor, a little up the wall
# %% [markdown] slideshow={"slide_type": "subslide"}
# The numbers that we may change are the *weights* $\theta$ (*theta*). The *gradient* $\nabla J(\theta)$ holds the slopes of $J$ and points uphill. Gradient descent goes the other way, by a *step* (or learning rate) $\eta$ (*eta*, `lr`), and repeats one line:
#
# $$\theta \leftarrow \theta - \eta\,\nabla J(\theta)$$
#
# Along a direction of curvature $\lambda$ the slope is $\lambda$ times the error, the distance to the minimum with its sign. So each step multiplies the error by $1-\eta\lambda$: it shrinks only while $\eta\lambda < 2$. We take $\eta = 2.1/8$, a little more than the walls bear.
#
# **Predict:** what will it do along the walls, and what along the floor?
# %% slideshow={"slide_type": "subslide"}
guess = predict(f"Error along the walls after {STEPS} steps, with its sign? It starts at 0.5.", ...)  # a number in place of the dots
lr = 2.1 / valley.L  # L is the largest curvature
descent = run(SGD(lr=lr), valley.grad, x0, steps=STEPS)
walls = (descent.x[-1] - valley.center) @ valley.eigenvectors[:, 1]
claim(agree(walls, 0.5 * (1 - 2.1) ** STEPS), "each step multiplies the error along the walls by 1 - 2.1")
print(
    f"error along the walls: 0.5 at the start, {walls:.1f} after {STEPS} steps, and it changes sign at each one"
)
guess.meets(walls)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Along the floor it arrives; along the walls it is thrown from side to side, farther each time. The run does not raise an error when this goes on. It reports what happened:
# %%
lost = run(SGD(lr=lr), valley.grad, x0, steps=1000, limit=1e6)
claim(lost.outcome == "diverged", "gradient descent with this step diverges")
print(f"outcome: {lost.outcome}, at step {lost.diverged_at}")
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 2 · Two loops: the equations, one by one
#
# **NALA** (Zuo et al. 2024, Algorithm 1) keeps two sets of weights: the *fast* ones, $\theta$, and the *slow* ones, $\phi$ (*phi*). One round is a *cycle*, counted by $t = 1, 2, \dots$; before cycle $t$ the slow weights are $\phi_{t-1}$.
#
# **The fast weights run ahead.** They start where the slow ones stand and take $k$ steps, counted by $i$. $A$ is whatever step the *inner rule* makes, and $d$ the mini-batch of data that it sees (here there are no data: $J$ is known). With gradient descent inside, $A = -\eta\,\nabla J(\theta)$; Adam also remembers averages of earlier gradients.
#
# $$\theta_{t,0} = \phi_{t-1}, \qquad \theta_{t,i+1} = \theta_{t,i} + A(J, \theta_{t,i}, d), \quad i = 0 \dots k-1 \tag{4}$$
# %% [markdown] slideshow={"slide_type": "subslide"}
# **The slow weights follow.** They go a part $1+\mu$ (*mu*) of the way from $\phi_{t-1}$ to where the fast weights ended, $\theta_{t,k}$. The point they come to is the *look-ahead point* $y_t$. With $\mu = -0.5$ it lies halfway:
#
# $$y_t = (1+\mu)\,\theta_{t,k} - \mu\,\phi_{t-1} \tag{Alg. 1}$$
#
# **One more gradient.** From $y_t$ they take one step of gradient descent, of length $\alpha$ (*alpha*), the *outer step*. So a cycle costs $k+1$ gradients.
#
# $$\phi_t = y_t - \alpha\,\nabla J(y_t) \tag{5}$$
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
claim(agree(nala.final, phi), "the lines above and the library take the same way")
claim(nala.grad_evals == CYCLES * (k + 1) == STEPS, "both loops together cost as much as the run that failed")
print(
    f"phi: {nala.slow.shape}, theta: {nala.fast.shape}, y: {nala.lookahead.shape}, gradients spent: {nala.grad_evals}"
)
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 3 · The picture
#
# The right picture is Fig. 1 of the NALA paper, drawn from the numbers of this run: fast weights in black, the way to $y_t$ in dark blue, the outer step in purple, the dashed line towards $\theta_{t,k}$.
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
figure, (left, right) = plt.subplots(1, 2, figsize=(10.2, 6.2), sharex=True, sharey=True)
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
claim(odd < 0.01 * start, "with k = 5 less than a hundredth of the error along the walls is left")
claim(four > 0.2 * start, "with k = 4 more than a fifth is left")
bare = run(NALA(SGD(lr=lr), k=4, mu=mu, alpha=0.001), valley.grad, x0, cycles=1000, limit=1e6)
claim(bare.outcome == "diverged", "with k = 4 only the outer step holds the run: with the paper's alpha = 0.001 it diverges")
print(f"error along the walls: {start:.3f} at the start, {odd:.4f} with k = 5, {four:.4f} with k = 4")
# %% [markdown] slideshow={"slide_type": "subslide"}
# What little $k=4$ gains here is the work of the outer step. With the paper's $\alpha = 0.001$, as in the first picture, it is thrown out as well.
#
# Second, the rescue was needed only because the step was too large. **Predict:** plain descent with a step that it can bear, $\eta = 1.9/8$, and the same 24 gradients: who ends closer to the minimum?
# %%
calm = run(SGD(lr=1.9 / valley.L), valley.grad, x0, steps=STEPS)
plain, two_loops = (plots.distance(t, valley.minimizers)[-1] for t in (calm, nala))
claim(plain < 0.2 * two_loops, "plain descent with a smaller step ends more than five times closer")
print(
    f"distance to the minimum: {plain:.3f} for gradient descent with a smaller step, {two_loops:.3f} for NALA"
)
# %% [markdown] slideshow={"slide_type": "subslide"}
# Two loops forgive a step that is too large; they are not faster here. Lesson 01 says, with proofs, what a slow loop gives and what it does not.
# %% [markdown] slideshow={"slide_type": "slide"}
# ## 4 · As the paper uses it: Adam inside
#
# A landscape with four minima (Himmelblau's), and as the inner rule *Adam*, which divides each step by the recent size of the gradients. **Predict:** will the slow weights follow every turn of the fast ones?
# %% tags=["slide-no-code"] slideshow={"slide_type": "subslide"}
hills = CLASSIC["himmelblau"]()
adam = run(NALA(Adam(lr=0.3), k=k, mu=mu, alpha=0.01), hills.grad, [-1.0, -4.0], cycles=12)
ax = plots.landscape(
    None, hills.value, ((-5.5, 1.0), (-5.0, -0.5)), minimum=hills.minimum, minimizers=hills.minimizers
)
plots.two_loop(ax, adam).legend(loc="upper right", fontsize=12)
gaps = plots.distance(adam, hills.minimizers)
claim(gaps[-1] < 0.2 < gaps[0], "the slow weights arrive near a minimum")
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
# This lab checks what is true of it: on quadratics per outer step yes, for $\alpha<2/L$; per gradient only when $\alpha$ is large enough (lesson 01).
#
# **AdaLA** (Ramjee, "Adapting gradient estimation by looking ahead"). Adam, divided by how much the gradient is about to change:
# with $g_t$ the gradient now and $g_{t+1}$ the gradient at the *next* point, the step is divided by the root of a running average of $(g_t - g_{t+1})^2$ (Algorithm 3).
# That average is needed to find the next point, so the definition is circular as printed; lesson 04 shows every way out.
# %% [markdown] slideshow={"slide_type": "slide"}
# ## Summary
#
# * Gradient descent with a step above $2/\lambda$, $\lambda$ the largest curvature, is thrown out of the valley; NALA with the same inner step and $k=5$, $\mu=-0.5$ is not. With $k=4$ the rescue is far weaker, and with $\alpha=0.001$ there is none. Plain descent with a smaller step is closer at the same price.
# * NALA goes a part $1+\mu$ of the fast weights' way, and then takes one gradient step from there, $y_t$. A cycle costs $k+1$ gradients.
# * `run` keeps every point: `slow` ($\phi$), `fast` ($\theta$), `lookahead` ($y$), and counts gradients, the unit of cost in this lab.
# * A claim here is a line that can fail.
#
# **Next:** [01 two loops](01_two_loops.ipynb) (why a slow loop) · [02 Eq. (5)](02_eq5_slow_weights.ipynb) (what the slow weights remember) · 03 NALA on quadratics and Rosenbrock · 04 AdaLA and its circular step · 05 the torch twin and a first network. The [overview](README.md) says how long each takes, where everything in this lab is, and which commands there are.
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
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown] slideshow={"slide_type": "skip"}
# **To try at home.** Write your prediction down before you run.
#
# 1. In section 2 set `mu = 0.0`. The slow weights then keep the whole inner result. Does the run still arrive?
# 2. Set `mu = -1.0`. Which part of the algorithm has no effect now? Check with `nala.fast` and `nala.slow`.
# 3. Plain descent with the step $\alpha$ would be thrown out of this valley above $2/8 = 0.25$. Try `alpha = 0.3`, `0.5` and `0.6` in section 2. Which is the first that fails, and why does NALA bear more than 0.25?
# 4. In section 4 change the start, `[-1.0, -4.0]`, to `[0.0, 0.0]`. Which of the four minima is reached, and do the slow and the fast weights agree about it?
