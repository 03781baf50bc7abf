# %% [markdown]
# # 19 · Find the bug
#
# **Aim.** Look-ahead optimizers are easy to write and easy to write wrongly, and a loss curve does not show it. You will first solve five cases in ten lines of NumPy, as a game; then examine five torch optimizers, the *patients*, each with one line changed; and then read what the same questions say about public packages.
#
# **Time** 60 minutes. **Before** 01 two loops; for sections 3 to 10 also torch and lesson 05; for patient E, 09.
#
# Words: a *sound* optimizer is the one in this checkout; a *patient* is the same source with one line replaced while a `with` block lasts. All patients come from the museum, `nala-lab audit --museum`.
# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import Case, agree, claim
from nala_lab.classroom.bug_hunt import questions, suspects

plots.use_style()
SOUND, CASE = plots.ROLES["predicted"], plots.ROLES["fail"]
# %% tags=["parameters"]
STEPS = 60  # training steps in the picture of section 3
CALLS = 18  # calls of step() in the pictures of the cases
# %% [markdown]
# ## 1 · A failure, and a game: five programs, one wrong line each
#
# What most of us would do to test an optimizer: run it, and look whether the loss falls.
#
# `Case("A")` to `Case("E")` are NALA in ten lines of NumPy (`nala_lab.classroom.specimen.nala`), each with **one** line changed. Ask as few questions as you can, then accuse a suspect. First what most people do: look at the curves.
#
# **Predict:** how many of the five are *slower* than the sound program?
# %%
cases = {letter: Case(letter) for letter in "ABCDE"}
figure, panels = plt.subplots(1, 5, figsize=(10.2, 4.4), sharey=True)
for ax, case in zip(panels, cases.values(), strict=True):
    case.plot(ax).legend(loc="upper right", handlelength=0.8, borderpad=0.2)
    ax.label_outer()
plots.show(figure, alt="Five panels, one for each case: size of the slow weight against the cycle, logarithmic, the sound program solid and the case dashed. All lines fall. Each case ends below the sound program, case E more than two decades.")
claim(all(ax.lines[1].get_ydata()[-1] < 0.8 * ax.lines[0].get_ydata()[-1] for ax in panels),
      "each case ends below the sound program")
claim(all(case.run("loss-falls").passes for case in cases.values()), "the loss falls in every case")
# %% [markdown]
# None. A wrong program may be *faster* on an easy problem, and still it is not the method that it claims to be. These are the questions and the suspects:
# %%
Markdown(questions() + "\n\n" + suspects())
# %% [markdown]
# Case A as an example: a question that says nothing about it, and one that proves it.
# %%
case = cases["A"]
for question, name in (("count", "one-more"), ("stands-still", "zero-slot")):
    print(case.run(question), "\n   ", case.accuse(name))
claim(bool(case.accuse("zero-slot")), "the zero slot is proved")
Markdown(case.story())
# %% [markdown]
# **Your turn**: B, C, D and E. Change the letter, the question and the name; `case.asked` holds what you know already, and `case.story()` is for afterwards.
# %%
case = cases["B"]
print(case.run("first-cycle"))
case.accuse("sound")
# %% [markdown]
# ## 2 · One number that tells three programs apart
#
# Gradient descent with $\eta=0.1$ on $f = x^2/2$ multiplies $x$ by $0.9$. Around it, Lookahead with $k=5$, $\alpha=1/2$:
#
# $$\phi_{t} = \left[(1-\alpha) + \alpha\,(1-\eta\lambda)^k\right]\phi_{t-1} \qquad\text{(proof of Prop. 2 of Zhang et al., in one direction)}$$
#
# Three programs that are found in public, from scratch. They differ in *when* they mix and in *what the first slow weights are*.
# %%
def twenty_steps(mix_after, slow_from):
    x, slow = 1.0, 1.0
    for step in range(1, 21):
        x = 0.9 * x
        if step == slow_from:
            slow = x
        if step % 5 == mix_after:
            x = slow = slow + 0.5 * (x - slow)
    return x


programs = {
    "the paper: mix after 5, 10, ...": twenty_steps(0, None),
    "slow weights made after the first step, mixed after 1, 6, ...": twenty_steps(1, 1),
    "mixed after 1, 6, ... from the initial weights": twenty_steps(1, None),
}
closed_form = (0.5 + 0.5 * 0.9**5) ** 4
claim(agree(programs["the paper: mix after 5, 10, ..."], closed_form),
      "the paper's program has the closed form's number")
for name, value in programs.items():
    print(f"{value:.6f}  {name}")
# %% [markdown]
# ## 3 · Torch optimizers: the loss curve sees nothing
#
# From here on the lesson examines torch optimizers. It needs torch: `make torch` adds it; in a browser the lesson ends here.
# %%
import codecs

import torch

from nala_lab.audit import MUTANTS, Subject, examine, examine_bug, format_row, load_items, planted
from nala_lab.audit.public_packages import published, rows_of
from nala_lab.audit.rig import closure_of, network

torch.set_num_threads(1)
# %% [markdown]
# The five patients. So that nobody reads their names by accident, each letter is moved by 13 places.
# %%
HIDDEN = {"A": "mreb-fybg", "B": "ynml-fybj", "C": "ybfg-pbhagre", "D": "fxvc-ab-tenq", "E": "ab-ovnf-pbeerpgvba"}
CASES = {case: codecs.decode(name, "rot13") for case, name in HIDDEN.items()}
# %% [markdown]
# We train a small network, and look whether the loss falls.
#
# **Predict:** one of the two curves below is patient B, the other a sound Lookahead. Which is which, and would you have noticed with one curve only?
# %%
def losses(target, steps):
    model = network()
    opt = Subject(target, inner="momentum").make(model.parameters(), lr=0.05)
    curve = []
    for call in range(steps):
        curve.append(closure_of(model, opt, call % 4)().item())
        opt.step()
    return np.array(curve).reshape(-1, 4).mean(axis=1)  # one number a round over the four batches
# %%
sound = losses("nala_lab.optim:Lookahead", STEPS)
with planted(CASES["B"]):
    case_b = losses("nala_lab.optim:Lookahead", STEPS)

figure, ax = plt.subplots(figsize=(7, 3.6))
ax.plot(sound, color=plots.ROLES["fast"], lw=2, label="one of them")
ax.plot(case_b, color=plots.ROLES["measured"], lw=2, ls="--", label="the other")
ax.set(xlabel="round over the four batches", ylabel="mean loss", yscale="log")
ax.legend()
plots.show(figure, alt="Two loss curves on a logarithmic axis. They fall in the same way and lie on top of each other at the end; neither looks wrong.")
ends = sound[-1], case_b[-1]
claim(max(ends) < 0.5 * sound[0], "both optimizers learn")
claim(abs(ends[0] - ends[1]) < 0.01 * ends[0], "the two curves end within one per cent of each other")
print(f"mean loss of the last round: {ends[0]:.4f} and {ends[1]:.4f}")
# %% [markdown]
# Both fall. A bug in an optimizer makes *another optimizer*, often a usable one; only it is not the one in the paper, and nobody knows its properties. So we ask for **numbers that are known in advance**.
# %% [markdown]
# ## 4 · The questions
#
# Each is one function of `nala_lab/audit/checks`. Before you look at a case, pick two or three of these that you would ask it.
# %%
items = load_items()
text = "\n".join(f"| `{one.name}` | {one.asks} |" for one in items)
Markdown(f"{len(items)} questions:\n\n| name | question |\n|---|---|\n{text}")
# %% [markdown]
# The library call puts one question, here that of section 2, to any optimizer. `examine` runs in this process; on the command line it is `nala-lab audit package.module:factory`, with a process for each question.
# %%
(row,) = examine("nala_lab.optim:Lookahead", only=["which-program"])
print(format_row(row))
claim(agree(row.evidence, closed_form), "the library's number is the one from scratch")
# %%
def walk(case, calls, grad, inner="sgd", **settings):
    one = MUTANTS[CASES[case]]
    w = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    opt, path = Subject(one.target, inner=inner).make([w], **settings), [3.0]
    for _ in range(calls):
        w.grad = grad(w.detach())
        opt.step()
        path.append(w.item())
    return np.array(path)


def both(case, calls, grad, **settings):
    sound = walk(case, calls, grad, **settings)
    with planted(CASES[case]):
        return sound, walk(case, calls, grad, **settings)


def draw(pair, ylabel, title):
    figure, ax = plt.subplots(figsize=(7, 3.4))
    for values, colour, name, style in zip(pair, (SOUND, CASE), ("sound", "the case"), ("-", "--"), strict=True):
        ax.plot(values, color=colour, ls=style, marker="o", ms=4, label=name)
    ax.set(xlabel="call of step()", ylabel=ylabel, title=title)
    ax.xaxis.set_major_locator(plt.MaxNLocator(integer=True))
    ax.legend()
    return figure


def asked(case, *names):
    rows = examine_bug(CASES[case], names)
    print("\n".join(format_row(row) for row in rows))
    return {row.item: row for row in rows}


def story(case):
    one = MUTANTS[CASES[case]]
    lines = "\n".join(f"-{old.strip()}\n+{new.strip()}" for _, old, new in one.edits)
    return Markdown(f"**{one.name}**: {one.bug}.\n\n```diff\n{lines}\n```\n\n*Where it was seen.* {one.seen}")
# %% [markdown]
# ## 5 · Patient A: a NALA that starts with a jump
#
# NALA around gradient descent, $k=5$, $\mu=-0.5$, on $f=x^2/2$ from $x=3$.
#
# **Predict** from the picture: what does the *first* cycle do that the later ones do not? Which question would you ask?
# %%
pair = both("A", CALLS, lambda x: x, lr=0.02, k=5, mu=-0.5, alpha=0.02)
figure = draw(pair, "weight x (start 3, minimum 0)", "patient A")
plots.show(figure, alt="Weight against call. The sound path falls slowly, with a small step back each cycle. The case is the same for four calls, drops to about half at the fifth, and goes on slowly from there.")
# %%
rows = asked("A", "nala-first-slow", "nala-closed-form", "nala-gradient-at-y", "resume")
claim(rows["nala-first-slow"].bad and not rows["resume"].bad,
      "the question of the first slow weights fails, and resuming does not")
claim(agree(rows["nala-first-slow"].evidence, 0.6), "a slot of zeros leaves 1 + mu = 0.6 of the weight")
# %%
claim(CASES["A"] == "zero-slot", "patient A is the zero slot")
story("A")
# %% [markdown]
# ## 6 · Patient B: the one you did not see
#
# Lookahead, $k=5$, $\alpha=1/2$, with a *constant* gradient, so that a step without mixing has a known length.
#
# **Predict:** after which calls should the weight move by something else than $-\eta$, and how far back?
# %%
pair = both("B", CALLS, torch.ones_like, lr=0.1, k=5, alpha=0.5)
plots.show(draw(pair, "weight", "patient B"), alt="Two saw-tooth lines that go down: four steps forward, one step back. At the first step back the case goes back less far, and it stays below the sound line by the same amount.")
late = pair[0] - pair[1]
claim(agree(late[5:], 0.05), "patient B stays half a step of 0.1 below the sound one")
# %%
rows = asked("B", "sync-steps", "slow-at-start", "which-program")
claim(rows["slow-at-start"].bad and rows["which-program"].bad, "two questions see patient B")
# %%
claim(CASES["B"] == "lazy-slow", "patient B has slow weights that are made too late")
story("B")
# %% [markdown]
# The difference is half a step, once. On a loss curve it cannot be seen; as a number it is there at once.
#
# ## 7 · Patient C: a run that was interrupted
#
# The same run twice: once through, and once with `state_dict()` saved and loaded into a new optimizer after call `stop`.
#
# **Predict:** if a *counter* is lost, for which `stop` does the resumed run still end right?
# %%
def interrupted(stop, calls=12):
    w = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    opt = Subject("nala_lab.optim:NALA", inner="sgd").make([w], lr=0.1, k=3, mu=-0.5, alpha=0.05)
    for call in range(calls):
        if call == stop:
            saved, opt = opt.state_dict(), Subject("nala_lab.optim:NALA", inner="sgd").make([w], lr=0.1)
            opt.load_state_dict(saved)
        w.grad = w.detach().clone()
        opt.step()
    return w.item()
# %%
sound = np.array([interrupted(stop) for stop in range(9)])
with planted(CASES["C"]):
    case = np.array([interrupted(stop) for stop in range(9)])
claim(np.ptp(sound) == 0, "the sound optimizer ends the same wherever it was stopped")
figure = draw((sound, case), "weight after 12 calls", "patient C")
figure.axes[0].set_xlabel("call after which the run was saved and loaded")
plots.show(figure, alt="Final weight against the call at which the run was interrupted. The sound line is flat. The case is right at 0, 4 and 8, and elsewhere otherwise.")
right = [stop for stop in range(9) if case[stop] == sound[0]]
print("the case ends right when stopped at", right)
claim(right == [0, 4, 8], "patient C ends right only when it was stopped after a whole cycle")
# %%
rows = asked("C", "resume", "plain-state", "path")
claim(rows["resume"].bad and not rows["path"].bad, "resuming fails, and the path alone shows nothing")
# %%
claim(CASES["C"] == "lost-counter", "patient C has lost its counter")
story("C")
# %% [markdown]
# Three stops of nine come out right. A test that saves after a whole epoch may never see this bug; the question `resume` stops after *every* call.
#
# ## 8 · Patient D: a layer is frozen
#
# Two weights, the same gradient, the same start. Before the last call of the first cycle the second is frozen (its gradient is `None`).
#
# **Predict:** the cycle ends. Does the frozen weight take part in the mixing? What does the algorithm say?
# %%
def frozen(calls, k=5):
    two = [torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64)) for _ in range(2)]
    opt, path = Subject("nala_lab.optim:Lookahead", inner="sgd").make(two, lr=0.1, k=k, alpha=0.5), [3.0]
    for call in range(calls):
        for p in two[: 2 if call < k - 1 else 1]:
            p.grad = p.detach().clone()
        if call == k - 1:
            two[1].grad = None
        opt.step()
        path.append(two[1].item())
    return np.array(path)
# %%
sound = frozen(12)
with planted(CASES["D"]):
    case = frozen(12)
plots.show(draw((sound, case), "the frozen weight", "patient D"), alt="The weight falls for four calls. In the sound run it goes halfway back to the start at the fifth call and stays; in the case it stays where it was.")
claim(agree(sound[5], 3 + 0.5 * (sound[4] - 3)), "the sound optimizer mixes the frozen weight")
claim(case[5] == case[4], "patient D leaves it where it was")
# %%
rows = asked("D", "frozen-at-sync", "no-gradient", "path", "resume")
claim([name for name, row in rows.items() if row.bad] == ["frozen-at-sync"], "exactly one question sees patient D")
# %%
claim(CASES["D"] == "skip-no-grad", "patient D skips weights without a gradient")
story("D")
# %% [markdown]
# Exactly one question sees it; everything else is right. Algorithm 1 mixes *the weights*, not those that happen to have a gradient; our rule is in `nala_lab/optim/_two_loop.py`.
#
# ## 9 · Patient E: it converges, so it is right?
#
# AdaBelief on $f = (x-1)^2/2$. Below left, the distance to the minimum; below right, the length of each step on a *linear* objective with gradient 2, where there is a formula without a recursion (see `nala_lab/audit/checks/adaptive.py`).
#
# **Predict** which of the two pictures gives the bug away.
# %%
settings = {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-3}
parabola = both("E", 150, lambda x: x - 1, **settings)
linear = [-np.diff(path) for path in both("E", 20, lambda x: torch.full_like(x, 2.0), **settings)]
near = [abs(path[-20:] - 1).max() for path in parabola]
claim(max(near) < 0.1, "on the parabola both converge")
claim(agree([linear[1][i] / linear[0][i] for i in (0, 19)], [0.1, 1 - 0.9**20], digits=8), "patient E's first step is ten times too short, and the twentieth still an eighth")
# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10.2, 3.6))
for path, steps, colour, name, style in zip(parabola, linear, (SOUND, CASE), ("sound", "patient E"), ("-", "--"), strict=True):
    left.plot(path - 1, color=colour, ls=style, label=name)
    right.plot(range(1, 21), steps, color=colour, ls=style, marker="o", ms=4, label=name)
left.set(xlabel="call of step()", ylabel="signed distance", title="parabola: distance to the minimum")
right.set(xlabel="call of step()", ylabel="step length", title="linear objective")
left.legend(), right.legend()
plots.show(figure, alt="Left: both distances go to zero, the case a little later. Right: the sound steps and those of the case differ by a factor of ten at the first call and by an eighth at the twentieth.")
# %%
rows = asked("E", "network", "first-step", "linear-objective", "twin")
claim(not rows["network"].bad and rows["first-step"].bad, "the network learns, and the first step is wrong")
# %%
claim(CASES["E"] == "no-bias-correction", "patient E has no bias correction")
story("E")
# %% [markdown]
# ## 10 · The same questions, asked of public packages
#
# These audits were made with `python -m nala_lab.audit.public_packages` and are committed with the versions they are about. They say what was seen in those versions, with the settings named, and nothing else: some of the rows are promises of torch's contract that a package never made. `torch.optim` itself passes every row that applies to it; a question that it fails is not part of the contract.
# %%
audits = published()
marks = {"pass": "·", "fail": "**fail**", "crash": "**raises**", "hang": "**hangs**", "not applicable": ""}


def label(one):
    top = one["target"].partition(":")[0].partition(".")[0]
    options = ", ".join(f"{key}={value}" for key, value in one["options"].items())
    name = one["target"].rpartition(":")[2] + (f" ({options})" if options else "")
    return f"{top} {one['versions'].get(top, 'here')}<br>{name}"


def table(chosen):
    names = [row.item for one in chosen for row in rows_of(one) if row.bad]
    verdicts = [{row.item: row.verdict for row in rows_of(one)} for one in chosen]
    lines = ["| question | " + " | ".join(map(label, chosen)) + " |", "|---|" + "---|" * len(chosen)]
    for name in dict.fromkeys(names):
        lines.append(f"| `{name}` | " + " | ".join(marks.get(v.get(name, ""), "") for v in verdicts) + " |")
    return Markdown("\n".join(lines))
# %% [markdown]
# Two-loop wrappers: every question that at least one of them does not pass (a dot is a pass, an empty cell does not apply).
# %%
table([one for one in audits if one["target"].endswith((":Lookahead", "Wrapper")) and not one["target"].startswith("nala")])
# %% [markdown]
# One-loop optimizers.
# %%
table([one for one in audits if "optimizer:Ada" in one["target"] or "schedulefree" in one["target"]])
# %% [markdown]
# And the counts, our own included. Ours are clean because each row was a test before it was a question: that is what the audit is for, and no merit.
# %%
lines = ["| subject | pass | fail | raises |", "|---|---|---|---|"]
for one in audits:
    verdicts = [row.verdict for row in rows_of(one)]
    lines.append(f"| {label(one).replace('<br>', ' ')} | " + " | ".join(str(verdicts.count(v)) for v in ("pass", "fail", "crash")) + " |")
    if one["target"].startswith(("nala_lab", "torch.")):
        claim(set(verdicts) <= {"pass", "not applicable"},
              "the lab's own optimizers and torch.optim pass every row that applies to them")
Markdown("\n".join(lines))
# %% [markdown]
# The number of section 2 again, for one of them: it tells which program it is.
# %%
evidence = {label(one): row for one in audits for row in rows_of(one) if row.item == "which-program" and row.verdict != "not applicable"}
for name, row in evidence.items():
    print(f"{row.evidence:.6f}  {name.replace('<br>', ' '):<60} {row.text.partition(': ')[2]}")
claim(any(agree(row.evidence, programs["slow weights made after the first step, mixed after 1, 6, ..."]) for row in evidence.values()),
      "one public package is the program whose slow weights are made after the first step")
# %% [markdown]
# ## Summary
#
# * A loss curve accepts almost any optimizer. Numbers that are known in advance do not.
# * The questions that find most: a closed form on a quadratic, the list of synchronised steps, a stop at *every* call, a layer without a gradient, the first step.
# * A bug that one question sees (patient D) needs that question. The museum holds a bug for each, and a test that every one is caught.
# * An audit speaks of a version and of settings.
#
# ## Exercises
#
# 1. Run `examine_bug("sync-late")`. **Predict** first which of `path`, `sync-steps`, `closed-form` fail. Why does `path` *not* fail? (It reads `k` from the object.)
# 2. `examine_bug("half-slow")` fails one question. What do you have to train, and for how long, to see this bug in a loss curve?
# 3. Pick three more names from `list(MUTANTS)`, have somebody plant them for you, and find them with as few questions as you can.
# 4. Audit an optimizer that you use: `nala-lab audit package.module:Class`. For each failing row, write down whether its documentation promises that row.
# 5. Which single bug of the museum has the *fewest* bad rows? Count with `sum(row.bad for row in examine_bug(name))`. What does that say about the questions?
# 6. Write a bug of your own into a copy of patient B's line, such as mixing with `1 - alpha` in the wrong place at `alpha = 0.5`. Which questions cannot see it, and which setting makes them?
