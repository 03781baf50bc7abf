# %% [markdown]
# # 09 · Adam inside: limit cycles and noise floors
#
# **Aims.** After this lesson you can predict how close Adam comes to a minimum without any noise, alone and inside Lookahead or NALA, and say when the prediction fails; tell an attracting cycle from a repelling one; name three places where Adam's $\epsilon$ can stand; and test an optimizer by changing the *units* of the loss.
#
# **Time** 50 minutes. **Before** 00 start here, 01 two loops; Adam.
#
# Words: $\eta$ is Adam's learning rate (`lr`), $\lambda$ a curvature, *floor* the size of the error that never goes away, rms the root of the mean square.
# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, check, claim, exercise, grades, predict
from nala_lab.core import stream
from nala_lab.reference import NALA, SGD, Adam, Lookahead, run
from nala_lab.reference.adam import AdamState
from nala_lab.theory import adam_cycle, adam_linear, sign_descent
from nala_lab.theory.adala_noise import averaged_sgd_variance
from nala_lab.theory.momentum_cycle import cycle_matrix, spectral_radius
from nala_lab.theory.scaling import rescaled
from problems import Linear, NoisyQuadratic, Quadratic

plots.use_style()
# %% tags=["parameters"]
STUDENT = "demo"  # your name or number: it decides your numbers in the exercises
STEPS = 14_000  # of a run that looks for a floor
MEMBERS = 200  # noise realisations in one ensemble
SEED = 0
# %% [markdown]
# ## 1 · A failure first
# The easiest problem there is: one weight, $f(x)=\frac32x^2$, exact gradients. Adam is the default of many programs, so a student takes Adam with $\eta=0.01$, starts at $x=0.03$ and looks after 3 000 steps. The error is far below anything a program can print. The student calls it converged. We leave it running.
#
# **Predict:** what is the error after 14 000 steps? And with a learning rate (and a start) ten times smaller?
# %%
guess = predict(f"rms of the error over the second half of {STEPS} steps, learning rate 0.01?", ...)  # a number in place of the dots
lam = 3.0
errors = {lr: run(Adam(lr=lr), lambda x: lam * x, [3 * lr], steps=STEPS).x[:, 0] for lr in (0.01, 0.001)}
descent = run(SGD(lr=0.1), lambda x: lam * x, [0.03], steps=STEPS).x[:, 0]

def rms(values: np.ndarray) -> float:
    # of the second half, when the start is forgotten
    return float(np.sqrt(np.mean(values[len(values) // 2 :] ** 2)))
lowest = np.abs(errors[0.01][:5000]).min()
claim(lowest < 1e-60 and np.abs(descent[-1]) < 1e-300, "the error falls below 1e-60, and gradient descent's to nothing")
for lr, error in errors.items():
    claim(abs(rms(error) / (lr / 38) - 1) < 0.25, "the error comes back to about lr/38, within 25 %")
Markdown(f"With $\\eta=0.01$ the error falls to {lowest:.0e}, and then **comes back**: rms {rms(errors[0.01]):.1e} over the second half. With $\\eta=0.001$: {rms(errors[0.001]):.1e}.")
# %%
ax = plots.axes_or_new(None, figsize=(8.4, 4.6))
steps = np.arange(0, STEPS + 1, 4)
ax.plot(steps, np.maximum(np.abs(errors[0.01][::4]), 1e-120), color=plots.COLOURS["adam"], lw=1.0, label=r"Adam, $\eta=0.01$")
ax.plot(steps, np.maximum(np.abs(descent[::4]), 1e-120), **plots.look("sgd", marker=False), label="gradient descent, step 0.1")
ax.axhline(0.01 / 38, color="black", ls="--", lw=1.4, label=r"$\eta/38$")
ax.set(yscale="log", ylim=(1e-110, 1e8), xlabel="step", ylabel="error $|x|$, units of $x$")
ax.legend(loc="lower right")
plots.show(ax, alt="Size of the error over the steps, logarithmic. Gradient descent leaves the picture at the bottom. Adam falls in a straight line to about 1e-90, shoots back to a dashed level at lr / 38, and then jumps between that level and smaller and smaller depths for ever.")
guess.meets(rms(errors[0.01]))
# %% [markdown]
# Adam does not converge. **Its learning rate is also its resolution**: in the long run the error is near $\eta/38$. There is no noise here; the floor is a property of the method.
#
# Why do programs rarely show it? Because numbers are rounded. If the minimum is at $0.75$, the run falls onto that very number before $v$ has forgotten the start, and at the exact minimum nothing moves any more. A gradient noise of $10^{-10}$, less than single precision brings by itself, is enough to undo the accident:
# %%
bowl = Quadratic([lam], shift=[0.75])
tiny = NoisyQuadratic([lam], covariance=1e-20, shift=[0.75])
landed = run(Adam(lr=0.01), bowl.grad, [0.78], steps=STEPS).x[:, 0] - 0.75
shaken = run(Adam(lr=0.01), tiny.noisy_grad, [0.78], steps=STEPS, rng=stream(SEED, "tiny")).x[:, 0] - 0.75
claim(rms(landed) < 1e-15, "with rounding only the run falls onto the minimum")
claim(abs(rms(shaken) / (0.01 / 38) - 1) < 0.25, "with a noise of 1e-10 the floor is back")
print(f"rms of the error: {rms(landed):.0e} with rounding only, {rms(shaken):.1e} with noise of size 1e-10")
# %% [markdown]
# ## 2 · The equations, from scratch and from the library
# $$m_t=\beta_1m_{t-1}+(1-\beta_1)g_t,\qquad v_t=\beta_2v_{t-1}+(1-\beta_2)g_t^2 \tag{Kingma and Ba, Alg. 1}$$
#
# $$\theta_t=\theta_{t-1}-\eta\,\frac{m_t/(1-\beta_1^t)}{\sqrt{v_t/(1-\beta_2^t)}+\epsilon} \tag{NALA paper, Eq. (3), up to the place of $\epsilon$}$$
# %%
theta, m, v = 0.78, 0.0, 0.0
by_hand = [theta]
for t in range(1, 201):
    g = lam * (theta - 0.75)
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g**2
    theta = theta - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    by_hand.append(theta)
library = run(Adam(lr=0.01), bowl.grad, [0.78], steps=200).x[:, 0]
claim(agree(by_hand, library), "the library's run is the one by hand")
# %% [markdown]
# ## 3 · The cycle, exactly
# Suppose that $x$ jumps between $+A$ and $-A$. Gradients alternate, $g=\pm\lambda A$. The average of an alternating sequence alternates too, with size $\frac{1-\beta_1}{1+\beta_1}\lambda A$, and $v=(\lambda A)^2$. The step must carry $A$ to $-A$:
#
# $$2A=\eta\,\frac{\frac{1-\beta_1}{1+\beta_1}\lambda A}{\lambda A+\epsilon}\quad\Longrightarrow\quad A=\frac{\eta\,(1-\beta_1)}{2(1+\beta_1)}-\frac{\epsilon}{\lambda} \tag{T15}$$
#
# With $\beta_1=0.9$ and tiny $\epsilon$: $A=\eta/38$. Neither $\lambda$ nor $\beta_2$ is in it. Is it true? We put Adam on the cycle and let it make **one** step.
# %%
far = 100_000  # bias corrections at this count are 1 to the last digit (0.999^100000 = 4e-44)
for betas, eps in (((0.9, 0.999), 1e-8), ((0.5, 0.9), 1e-4), ((0.0, 0.999), 0.0)):
    at = adam_cycle.state(lam, lr=0.01, beta1=betas[0], eps=eps)
    before = AdamState(np.array([at.m]), np.array([at.v]), far)
    x, after = Adam(lr=0.01, betas=betas, eps=eps).step(np.array([at.x]), lambda x: lam * x, before)
    claim(agree([x[0], after.m[0], after.v[0]], [-at.x, -at.m, at.v], each=True),
          "one step leads from the cycle to its other end")
# %% [markdown]
# So the cycle exists. Is it where a run *goes*? A cycle attracts if small deviations shrink: that is decided by the eigenvalues of the Jacobian of one step (with the flip $x\to-x$ taken out).
#
# **Predict:** the largest eigenvalue is 1.0494 at $(0.9, 0.999)$ and $\sqrt{\beta_2}$ at $\beta_1=0$. What happens to a run that starts on the cycle with an error of $10^{-9}$?
# %%
def from_the_cycle(betas: tuple[float, float], steps: int) -> np.ndarray:
    """Relative deviation of |x| from A, started 1e-9 away from the cycle."""
    at = adam_cycle.state(lam, lr=0.01, beta1=betas[0], eps=0.0)
    adam, x, deviation = Adam(lr=0.01, betas=betas, eps=0.0), np.array([at.x * (1 + 1e-9)]), []
    state = AdamState(np.array([at.m]), np.array([at.v]), far)
    for _ in range(steps):
        x, state = adam.step(x, lambda x: lam * x, state)
        deviation.append(abs(x[0]) / at.x - 1)
    return np.array(deviation)
radius = adam_cycle.radius(lam, lr=0.01, betas=(0.9, 0.999), eps=0.0)
leaves, stays = from_the_cycle((0.9, 0.999), 900), from_the_cycle((0.0, 0.9), 900)
# A complex pair z, z* obeys d_{t+2} = 2 Re(z) d_{t+1} - |z|^2 d_t: fit the two numbers where d is still tiny.
pair = np.linalg.lstsq(np.stack([leaves[101:201], leaves[100:200]], axis=1), leaves[102:202], rcond=None)[0]
growth = float(np.sqrt(-pair[1]))
claim(agree(radius, 1.0494, digits=4), "the largest eigenvalue is 1.0494")
claim(agree(growth, radius, digits=3), "the deviation grows as predicted")
claim(np.abs(stays[:5]).max() > 1e-10 and np.abs(stays[600:]).max() < 1e-14, "with beta1 = 0 the deviation dies out")
Markdown(f"Predicted growth per step **{radius:.4f}**, measured {growth:.4f}. With $\\beta_1=0$ the deviation dies out.")
# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.2))
left.plot(np.abs(leaves), color=plots.COLOURS["adam"], lw=1.2, label=r"$\beta=(0.9, 0.999)$")
left.plot(1e-9 * radius ** np.arange(430), color="black", ls="--", lw=1.4, label=f"{radius:.4f} per step")
left.plot(np.maximum(np.abs(stays), 1e-17), color=plots.variants("adam", 2)[1]["color"], lw=1.2, label=r"$\beta=(0, 0.9)$")
left.set(yscale="log", ylim=(1e-16, 1e2), xlabel="step", ylabel=r"deviation from the cycle, $|\,|x|/A-1|$")
left.legend(loc="center right")
right.plot(errors[0.01][-1500:] / (0.01 / 38), color=plots.COLOURS["adam"], lw=0.8)
for level in (-1, 1):
    right.axhline(level, color="black", ls="--", lw=1.4)
right.set(xlabel=f"step, the last 1500 of {STEPS}", ylabel=r"error in units of $A=\eta/38$")
plots.show(figure, alt="Left: deviation from the cycle against the step, logarithmic. With momentum it grows along a dashed line of 1.0494 per step until it is of size one; without momentum it falls to rounding. Right: the error of the long run in units of A: quiet stretches and bursts up to several A, around dashed lines at plus and minus one.")
# %% [markdown]
# **The cycle exists and repels.** A run does not sit on it: it bursts. And still its rms is close to $A$:
# %%
curvatures = np.array([0.3, 1.0, 3.0, 20.0])
floors = {}
for lr in (1e-2, 1e-3, 1e-4):
    x = run(Adam(lr=lr), lambda x: curvatures * x, 2 * lr * np.array([1.0, 0.5, 0.7, 1.3]), steps=STEPS).x
    A = np.array([adam_cycle.amplitude(c, lr=lr) for c in curvatures])
    floors[lr] = np.sqrt((x[STEPS // 2 :] ** 2).mean(axis=0)) / A
ratios = np.array(list(floors.values()))
claim(np.all((ratios > 1) & (ratios < 1.2)),
      "the rms is above A and within 20 % of it, for each curvature and learning rate")
Markdown(f"rms / A over three learning rates and four curvatures: **{ratios.min():.2f} to {ratios.max():.2f}**.")
# %% [markdown]
# Why? Look at the *preconditioned curvature* $a=\eta\lambda/\sqrt v$. With $v$ held fixed, Adam is momentum descent with step $a$, stable while $a<2\frac{1+\beta_1}{1-\beta_1}=38$. If the error is small, $v$ falls, $a$ rises above 38, the error grows, $v$ rises. So $v$ is held near $(\eta\lambda/38)^2$, and as $v$ is the mean of $(\lambda x)^2$,
#
# $$\mathrm{rms}(x)\approx\frac{\eta}{a_c},\qquad a_c=38\text{ for Adam alone.} \tag{i}$$
#
# That is the "edge of stability" of adaptive methods (Cohen et al. 2022), here for one weight.
#
# ## 4 · Two loops over Adam: the same rule, another $a_c$
# If that is the reason, it must work for Lookahead and NALA over Adam: hold $v$ fixed and look for the $a$ at which the *cycle* becomes unstable. That is theorem T02 of this lab with $\beta=\beta_1$ and inner step $(1-\beta_1)a$. The gradients are taken at $\theta_0..\theta_{k-1}$, so it is *their* rms that is $\eta/a_c$.
#
# **Predict:** Averaging ($\mu=-0.5$) is said to calm oscillations. Will the floor be lower than Adam's $\eta/38$? What will extrapolation, $\mu=+0.3$, do?
# %%
grid = np.linspace(0.01, 45, 45_000)

def window(k: int, mu: float) -> tuple[float, float, float]:
    """First unstable a, the a where it ends, and the growth (as a power of e) while a crosses it: see below."""
    rho = spectral_radius(cycle_matrix(grid, lr=1 - 0.9, beta=0.9, k=k, mu=mu))
    i = int(np.argmax(rho > 1))
    j = i + int(np.argmax(np.append(rho[i:-1] <= 1, True)))
    growth = np.sum(np.log(rho[i:j]) / (k * grid[i:j])) * (grid[1] - grid[0]) * 2 / (1 - 0.999)
    return grid[i], grid[j], float(growth)
table = {mu: {k: window(k, mu) for k in range(3, 11)} for mu in (-0.5, 0.3)}
known = {-0.5: {3: 30.0, 4: 32.8, 5: 26.0, 6: 30.4, 10: 31.1}, 0.3: {3: 4.2, 4: 3.4, 5: 2.9, 6: 2.1, 10: 0.84}}
for mu, row in known.items():
    for k, value in row.items():
        claim(abs(table[mu][k][0] - value) < 0.055, f"the first unstable a for mu = {mu}, k = {k} is {value}")
# %%
runs = {}
lr, curvatures = 1e-3, np.array([0.3, 1.0, 3.0, 7.0, 20.0, 50.0])
for mu in table:
    for k in table[mu]:
        nala = NALA(Adam(lr=lr), k=k, mu=mu, alpha=0.0)
        t = run(nala, lambda x: curvatures * x, 2 * lr * np.array([1, 0.5, 0.7, 1.3, 2, 3]), cycles=STEPS // k)
        seen = t.fast[len(t.fast) // 2 :, :-1]  # where gradients were taken
        runs[mu, k] = np.sqrt((seen**2).mean(axis=(0, 1))) / lr
# %%
figure, panels = plt.subplots(1, 2, figsize=(10.2, 4.6))
for ax, mu in zip(panels, table, strict=True):
    ks = np.array(list(table[mu]))
    ax.plot(ks, [1 / table[mu][k][0] for k in ks], "-", color=plots.ROLES["predicted"], label=r"predicted, $1/a_c$")
    dots = np.array([runs[mu, k] for k in ks])
    ax.plot(ks, dots, plots.look("nala")["marker"], ls="", ms=6, color=plots.COLOURS["nala"], mfc="none")
    ax.plot([], [], "o", color=plots.COLOURS["nala"], mfc="none", label="runs, six curvatures")
    ax.axhline(1 / 38, color=plots.COLOURS["adam"], ls="--", label="Adam alone, 1/38")
    ax.set(xlabel="inner steps $k$", ylabel=r"floor: rms of inner points / $\eta$", title=rf"$\mu = {mu:+g}$")
panels[0].set(ylim=(0, 0.06))
panels[1].set(yscale="log")
panels[1].legend(loc=(0.5, 0.3))
plots.show(figure, alt="Floor in units of the learning rate against k, for mu = -0.5 and mu = +0.3. Left: predictions and runs lie between 0.029 and 0.044, a little above Adam's 0.026. Right, logarithmic: predictions rise from 0.24 to 1.2; the runs follow them up to k = 6, are split at k = 7, and fall back to about 0.03 for k = 8 to 10.")
# %%
calm = np.concatenate([runs[-0.5, k] for k in range(3, 11)])
claim(calm.min() * 38 > ratios.min(), "averaging does not lower the floor of the inner points, for any k")
for k in range(3, 11):
    claim(np.all(np.abs(runs[-0.5, k] * table[-0.5][k][0] - 1) < 0.4),
          "with mu = -0.5 the floor is about eta over the critical a, within 40 %")
for k in range(3, 7):
    claim(np.all(np.abs(runs[0.3, k] * table[0.3][k][0] - 1) < 0.25),
          "with mu = +0.3 and k up to 6 the rule holds within 25 %")
claim(all(np.all(runs[0.3, k] * table[0.3][k][0] < 0.1) for k in (8, 9, 10)),
      "for k from 8 on the runs do not care about that window")
times = float(np.mean(runs[0.3, 5]) * 38)
claim(12 < times < 17, "extrapolation with k = 5 makes the floor 12 to 17 times larger")
Markdown(f"Averaging does **not** lower the floor of the inner points (best: {calm.min() * 38:.2f} $\\eta/38$; Adam alone had {ratios.min():.2f} to {ratios.max():.2f}). Extrapolation with $k=5$ makes it **{times:.0f} times** larger.")
# %% [markdown]
# ### Where the rule fails, and why
# For $\mu=+0.3$ and $k\ge8$ the runs do not care about the first unstable value of $a$. Look at *how much* the error can grow there. While the error is small, $v$ falls by $\beta_2$ a step, so $a$ grows by $\beta_2^{-1/2}$ a step and **passes through** the unstable window. On the way the error grows by $e^G$,
#
# $$G=\int_{a_c}^{a_{\text{end}}}\frac{2}{1-\beta_2}\,\frac{\ln\rho(a)}{k\,a}\,da. \tag{ii}$$
#
# If $e^G$ is too small to lift the error before the window is over, the run comes out on the other side and settles at the next window.
# %%
lines = ["| $k$ | window of $a$, $\\mu=+0.3$ | $e^G$ | runs held there |", "|---|---|---|---|"]
for k, (low, high, growth) in table[0.3].items():
    held = int(np.sum(runs[0.3, k] * low > 0.5))
    lines.append(f"| {k} | {low:.2f} to {high:.2f} | $10^{{{growth / np.log(10):.1f}}}$ | {held} of 6 |")
    claim((held == 6) == (growth > 20) and (held == 0) == (growth < 9),
          "a window with room for e^20 holds every run, one below e^9 none")
Markdown("\n".join(lines))
# %% [markdown]
# A window with room for a growth of a billion holds every run; one with less than $10^4$ holds none; $k=7$ depends on the start. The "critical curvature" alone is not the whole story.
#
# ## 5 · Without averages: the parity of $k$ again
# With $\beta_1=\beta_2=\epsilon=0$ Adam is *sign descent*: steps of exactly $\eta$ towards the minimum. Near the minimum it goes forth and back. After an **odd** number of steps it stands on the other side, after an **even** number it is back where it was (T16, with $c=1-\alpha\lambda$):
#
# $$k\text{ odd: a cycle with } |\phi|=\frac{c\,(1+\mu)\,\eta}{1+c};\qquad k\text{ even: }\phi_t=c\,\phi_{t-1}\text{ once }|\phi|<\eta. \tag{T16}$$
#
# **Predict:** which $k$ comes closer to the minimum after 60 cycles, 5 or 4?
# %%
signs = {}
for k in (5, 4):
    nala = NALA(Adam(lr=0.1, betas=(0.0, 0.0), eps=0.0), k=k, mu=-0.5, alpha=0.2)
    signs[k] = run(nala, lambda x: 0.5 * x, [1.234], cycles=60).slow
    predicted = sign_descent.trajectory([1.234], [0.5], 60, lr=0.1, k=k, mu=-0.5, alpha=0.2)
    claim(agree(signs[k], predicted), f"for k = {k} T16 predicts every cycle")
cycle = sign_descent.cycle_amplitude([0.5], lr=0.1, k=5, mu=-0.5, alpha=0.2)[0]
claim(abs(abs(signs[5][-1, 0]) / cycle - 1) < 0.01 and abs(signs[4][-1, 0]) < 0.1 * 0.9**40,
      "the odd k ends on its cycle and the even k goes on falling")
# %%
ax = plots.axes_or_new(None, figsize=(8.0, 4.0))
for k, marker, shade in zip((5, 4), "os", plots.variants("nala", 2), strict=True):
    ax.plot(np.abs(signs[k][:, 0]), marker=marker, ms=4, **shade | {"lw": 1}, label=f"NALA, k = {k}")
ax.axhline(cycle, color="black", ls="--", label="predicted cycle, odd k")
ax.set(yscale="log", xlabel="cycle", ylabel=r"$|\phi_t|$, units of $x$")
ax.legend()
plots.show(ax, alt="Size of the slow weights over sixty cycles, logarithmic. With k = 5 they settle on the dashed line of the predicted cycle; with k = 4 they keep falling in a straight line, by a factor of 0.9 per cycle.")
# %% [markdown]
# Here the even $k$ wins, and only because of the outer gradient: it is the one part of the method that still sees the size of the gradient. (With Adam's usual averages this parity is hidden: section 4 shows no such pattern.)
#
# ## 6 · Change the units of the loss
# Multiply $f$ by $2^{10}$. The minimum does not move. Adam with $\epsilon=0$ divides by the size of the gradient, so nothing may change: **not one bit**, as a power of two is exact in binary. Such a test needs no known answer. It is called *metamorphic*.
#
# **Predict:** which of Adam, Lookahead(Adam), NALA(Adam) pass?
# %%
wide = Quadratic([0.4, 7.0], rotation=3, shift=[1.0, -2.0])
inner = Adam(lr=0.05, eps=0.0)
candidates = {"Adam": (inner, {"steps": 60}), "Lookahead(Adam)": (Lookahead(inner, k=4), {"cycles": 15}), "NALA(Adam)": (NALA(inner, k=4, alpha=0.01), {"cycles": 15})}  # fmt: skip
same = {}
for name, (method, length) in candidates.items():
    plain = run(method, wide.grad, wide.start, **length).final
    loud = run(method, lambda x: 2.0**10 * wide.grad(x), wide.start, **length).final
    same[name] = bool(np.all(plain == loud))
claim(same == {"Adam": True, "Lookahead(Adam)": True, "NALA(Adam)": False}, "Adam and Lookahead pass, NALA does not")
alpha = rescaled("NALA", {"alpha": 0.01}, 10)["alpha"]
repaired = run(NALA(inner, k=4, alpha=alpha), lambda x: 2.0**10 * wide.grad(x), wide.start, cycles=15).final
plain = run(NALA(inner, k=4, alpha=0.01), wide.grad, wide.start, cycles=15).final
claim(np.all(repaired == plain), "with alpha / 1024 NALA passes to the last bit")
print(same, "| NALA with alpha / 1024: equal to the last bit")
# %% [markdown]
# NALA passes only if $\alpha$ is divided by the factor as well (T26). **A remark on the design:** $\eta$ of Adam is a length in the space of weights; $\alpha$ multiplies a gradient, so its meaning depends on the units of the loss. A loss summed over a batch of 256 instead of averaged makes NALA's outer step 256 times longer, and leaves its inner steps as they were.
#
# ## 7 · A straight line, and three places for $\epsilon$
# On $f=c^\top x$ everything is exact: $\hat m=c$, $\hat v=c^2$ (T13). One cycle of NALA moves each weight by $(1+\mu)\sum_j u_j+\alpha c$, and the inner steps $u_j$ tell where $\epsilon$ stands:
#
# $$\frac{\eta c}{|c|+\epsilon}\ \text{(Kingma and Ba, torch)}\qquad\frac{\eta c}{\sqrt{c^2+\epsilon}}\ \text{(Eq. (3) as printed)}\qquad\frac{\eta c}{|c|+\epsilon/\sqrt{1-\beta_2^{\,j}}}\ \text{(the TensorFlow form)}$$
#
# **Predict:** with $\epsilon=10^{-8}$, at which slope does each form stop behaving like $\eta\,\mathrm{sign}(c)$?
# %%
slopes = np.geomspace(1e-10, 1, 41)
line = Linear(slopes)
moved = {}
for form in adam_linear.FORMS:
    nala = NALA(Adam(lr=1e-3, form=form), k=5, mu=-0.5, alpha=1e-3)
    t = run(nala, line.grad, np.zeros(41), cycles=3)
    predicted = adam_linear.trajectory(slopes, 3, k=5, mu=-0.5, alpha=1e-3, lr=1e-3, form=form)
    claim(agree(t.slow, predicted, each=True), f"T13 predicts every weight, for the form {form}")
    moved[form] = -t.slow[1]
# 2.5 lr is the full move of a cycle
half = {form: slopes[np.argmax(moved[form] > 0.5 * 2.5e-3)] for form in moved}
# half of eta is reached at eps, at sqrt(eps/3), and at eps / sqrt(1 - beta2^j), 14 to 32 eps; the grid step is
# 1.78
for form, (low, high) in {"kingma-ba": (1e-8, 1e-8), "printed": (5.8e-5, 5.8e-5), "tensorflow": (14e-8, 32e-8), "ramjee": (5.8e-5, 5.8e-5)}.items():
    claim(low / 1.8 < half[form] < high * 1.8, "each form turns at its own slope: 1e-8, 6e-5, and 14e-8 to 32e-8")
ax = plots.axes_or_new(None, figsize=(8.4, 4.4))
claim(agree(moved["ramjee"], moved["printed"]), "on a line Algorithm 1 of the AdaLA paper moves as Eq. (3) does")
for form, dash, name in (("kingma-ba", "-", "Kingma & Ba, torch"), ("printed", "--", "Eq. (3) as printed; Ramjee's Alg. 1"), ("tensorflow", ":", "TensorFlow form")):
    ax.plot(slopes, moved[form] / 1e-3, dash, color=plots.COLOURS["adam"], label=name)
ax.set(xscale="log", xlabel="slope $|c|$, units of the gradient", ylabel=r"first cycle of NALA: move / $\eta$")
ax.legend()
plots.show(ax, alt="Length of the first cycle in units of the learning rate against the slope, logarithmic axis. All lines rise from 0 to 2.5 and then, near slope 1, to 3.5 by the outer step. Kingma and Ba rise at 1e-8, the TensorFlow form at about 2e-7, the printed form only at 1e-4.")
# %% [markdown]
# Same symbol, same value $10^{-8}$, and the printed form treats gradients of $10^{-5}$ as small: $\epsilon$ is compared with $c^2$ there. Which form a program uses is visible in its first step.
#
# ## 8 · Noise floors
# Now the gradient is noisy, $g=\lambda x+\xi$ with $\mathrm{Var}\,\xi=\sigma^2$. Then $v\approx\lambda^2V+\sigma^2$ never gets small, $a$ stays far below 38, and the floor is another one. Adam is momentum descent with $h=\eta/(\sqrt v+\epsilon)$, and its variance is
#
# $$V=\frac{h(1+\beta_1)\sigma^2}{\lambda\,\bigl(2(1+\beta_1)-h\lambda(1-\beta_1)\bigr)},\qquad h=\frac{\eta}{\sqrt{\lambda^2V+\sigma^2}+\epsilon}. \tag{iii}$$
#
# **Predict:** the deterministic floor falls by 100 when $\eta$ falls by 100. And this one?
# %%
def noise_floor(lr: float, sigma: float) -> float:
    """V of Eq. (iii), by repeating both lines until nothing changes."""
    V = 0.0
    for _ in range(200):
        V = float(averaged_sgd_variance(lam, sigma**2, h=lr / (np.sqrt(lam**2 * V + sigma**2) + 1e-8)))
    return V
sigma, spread = 0.5, {}
noisy = NoisyQuadratic([lam], covariance=sigma**2, shift=[0.75])
lines = ["| $\\eta$ | rms of $x-x^*$, predicted | measured | without noise, $\\eta/38$ |", "|---|---|---|---|"]
for lr in (1e-1, 1e-2, 1e-3):
    x = run(Adam(lr=lr), noisy.noisy_grad, np.full((MEMBERS, 1), 0.75), steps=3000, rng=stream(SEED, "floor", lr)).x
    spread[lr] = rms(x - 0.75)
    lines.append(f"| {lr:g} | {np.sqrt(noise_floor(lr, sigma)):.5f} | {spread[lr]:.5f} | {lr / 38:.5f} |")
    claim(abs(spread[lr] / np.sqrt(noise_floor(lr, sigma)) - 1) < 0.06,
          f"the noise floor is predicted within 6 % at lr = {lr}")
Markdown("\n".join(lines))
# %% [markdown]
# With noise the floor falls like $\sqrt\eta$: a hundredth of the learning rate leaves a tenth of the error. Now the slow weights: at the *same* $\eta$ averaging halves the variance. But it also halves the speed; the fair rival is Adam with $\eta/2$.
# %%
lr = 1e-2
t = run(NALA(Adam(lr=lr), k=5, mu=-0.5, alpha=0.0), noisy.noisy_grad, np.full((MEMBERS, 1), 0.75), cycles=800, rng=stream(SEED, "slow"))
slow = rms(t.slow - 0.75) ** 2
against = {"Adam, same learning rate": spread[lr] ** 2, "Adam, half the learning rate": noise_floor(lr / 2, sigma)}
for name, V in against.items():
    print(f"variance of NALA's slow weights / {name}: {slow / V:.2f}")
claim(slow / against["Adam, same learning rate"] < 0.6,
      "at the same learning rate averaging nearly halves the variance")
claim(abs(slow / against["Adam, half the learning rate"] - 1) < 0.1,
      "Adam with half the learning rate is as quiet, within 10 %")
# %% [markdown]
# ## Summary
# * Without noise Adam stays at rms about $\eta/38$ from a minimum. The exact cycle (T15) repels at the usual $\beta$; the run bursts around it.
# * The reason is the critical preconditioned curvature. For NALA over Adam it is that of the whole cycle: $\mu=-0.5$ does not lower the floor of the inner points, $\mu=+0.3$ can raise it more than tenfold. A window that is too narrow to hold a run is passed.
# * Sign descent shows the parity of $k$: odd cycles, even decays by the outer gradient alone.
# * Lookahead(Adam) does not see the units of the loss; NALA(Adam) does, through $\alpha$.
# * With noise the floor is $\propto\sqrt\eta$; averaging halves the variance and the speed together.
# %% [markdown]
# ## Exercises
# These check themselves, with numbers of your own: write your name in place of `demo` in the cell `STUDENT = ...` near the top and run it. Then put each answer in place of the dots and run the check below it, as often as you like.
# %%
exercise("09.1", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-09-1", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_09_1 = ...
# %% nbgrader={"grade": true, "grade_id": "check-09-1", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("09.1", answer_09_1, STUDENT)
# %%
exercise("09.2", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-09-2", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_09_2 = ...
# %% nbgrader={"grade": true, "grade_id": "check-09-2", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("09.2", answer_09_2, STUDENT)
# %%
exercise("09.3", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-09-3", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_09_3 = ...
# %% nbgrader={"grade": true, "grade_id": "check-09-3", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("09.3", answer_09_3, STUDENT)
# %%
exercise("09.4", STUDENT)
# %% nbgrader={"grade": false, "grade_id": "answer-09-4", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_09_4 = ...
# %% nbgrader={"grade": true, "grade_id": "check-09-4", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("09.4", answer_09_4, STUDENT)
# %%
grades()  # grades().export() writes the file for your teacher and names it by lesson and student; earlier marks stay
# %% [markdown]
# **To try at home.** Write your prediction down before you run.
#
# 1. *Predict, then run.* $\beta_1=0.5$: what takes the place of 38? Repeat section 1. When does the error come back if $\beta_2=0.99$?
# 2. Give Adam $\epsilon=1$ in section 1. (T15) refuses; what does the run do now, and why is that gradient descent?
# 3. Choose a learning-rate schedule with which Adam reaches an error of $10^{-6}$ on the bowl of section 1, and one with which it does on the noisy bowl of section 8. How many steps does each take?
