# %% [markdown]
# # 16 · Reading a published table
#
# **Aim.** A table in a paper looks like the end of an argument. It is a beginning: every number in it was made by somebody, in some way, and the number itself often tells how. You will ask seven questions of the NALA paper's tables, and write the answers as code that anybody can run again.
#
# **Time** 50 minutes. **Before** 00 start here; mean, standard deviation, the binomial distribution.
#
# *A rule for this lesson.* We say what is printed and how to see it. We do not say why it is so: numbers cannot tell that, and honest slips happen to everybody who writes tables. The same questions are useful for your own tables, before you print them.

# %%
from math import comb, exp, log

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from nala_lab import plots
from nala_lab.classroom import agree, by_chance, claim
from paper_figs.published import paper, table
from paper_figs.published.released import released
from paper_figs.published_audit import AUDIT, run
from paper_figs.published_audit.against_noise import noise_of_best
from paper_figs.published_audit.cost import comparisons
from paper_figs.published_audit.grid import denominators
from paper_figs.published_audit.maxima import best_of, mean_and_sd, simulated_best
from paper_figs.published_audit.softmax import floor, residual

plots.use_style()
BATCH = 256  # images in a mini-batch, as in the paper

# %% tags=["parameters"]
RUNS = 2000  # simulated trainings in question 2

# %% [markdown]
# ## 1 · A failure: reading a table as a ranking
#
# Table 1 of the paper, *"The best records of LeNet-5 train loss and top-1 accuracy on CIFAR-10 and CIFAR-100 during the 230 epochs training"*. What most of us do with it: pick a column, draw bars, name the winner.

# %%
table_1 = table("nala", 1)
column = {name: cell.value for name, cell in table_1.column(1).items()}
figure, ax = plt.subplots(figsize=(7, 3.2))
ax.bar(list(column), [100 * value for value in column.values()], color=[plots.COLOURS[name.lower()] for name in column])
ax.set(ylim=(88, 96), ylabel="top-1 accuracy (%)", title=f"{table_1.corner}, {table_1.columns[1].name}")
plots.show(figure, alt="Bars of five optimizers from 88 to 96 percent. NALA is highest, Adam a little lower, then Lookahead, NAG and SGD.")
winner = max(column, key=column.get)
claim(winner == "NALA", "NALA is highest in this column")
print(f"{winner}: {column[winner]:.8f}, next {sorted(column.values())[-2]:.8f}")

# %% [markdown]
# "NALA wins, by 0.4 points." Everything in this sentence is printed, and still it fails: we do not know **what was counted**, **how often**, **what "best" means**, **how much the number would change in a second run**, nor **what it cost**. The axis that starts at 88 does the rest.
#
# ## 2 · Question one: what is the smallest step that this number can take?
#
# An accuracy is a count: $c$ right images of $n$,
#
# $$a = \frac{c}{n}. \tag{1}$$
#
# So an accuracy betrays its $n$. Eight printed decimals are enough to look for it. From scratch:

# %%
def possible_n(accuracy, largest=2000):
    n = np.arange(1, largest + 1)
    return n[np.abs(np.rint(n * accuracy) / n - accuracy) < 0.51e-8]  # half a unit of the 8th decimal


for name, value in column.items():
    print(f"{name:<10} {value:.8f}   n = {possible_n(value)[:3]} ...   {value * BATCH:g} of {BATCH}")

# %% [markdown]
# The test set of CIFAR-10 has 10,000 images, the training set 50,000. **Predict:** which $n$ is common to all five?
#
# The library call asks the same of one number or, as a *finding*, of every accuracy in the paper.

# %%
claim(list(possible_n(column["NALA"])) == [n for n in denominators(column["NALA"]) if n <= 2000], "the denominators by hand are the library's")
common = set.intersection(*(set(possible_n(value)) for value in column.values()))
claim(min(common) == BATCH, "the smallest n that is common to all five is a mini-batch")
finding = run("accuracies-over-256")
print(f"{finding.numbers['of 256']} of {finding.numbers['accuracies']} accuracies in the paper are multiples of 1/256")
claim(10_000 not in denominators(column["NALA"]), "NALA's accuracy is no whole number of 10,000 test images")

# %% [markdown]
# So one number is **one mini-batch of 256 images**. The released program agrees: it logs the accuracy of the *training* batch; no test accuracy is computed in it. And now the difference between first and second place has a size that one can imagine:

# %%
images = (column["NALA"] - column["Adam"]) * BATCH
print(f"NALA - Adam = {images:g} image")
claim(images == 1, "the difference between first and second is one image")

# %% [markdown]
# Not all accuracies of the paper are on this grid. Below, the part of $256\,a$ behind the decimal point.
#
# **Predict:** if a table were filled from one program, what would you expect to see?

# %%
cells = [cell for one in paper("nala").tables for cell in one.cells("accuracy")]
models = {"LeNet-5": "o", "AlexNet": "s", "ResNet-18": "^"}
figure, ax = plt.subplots(figsize=(8, 3.4))
for number, (model, marker) in enumerate(models.items()):
    of_model = [cell for cell in cells if cell.column.model == model]
    places = [cell.table + 0.22 * (number - 1) for cell in of_model]  # beside each other, not on top
    ax.plot(places, [BATCH * cell.value % 1 for cell in of_model], marker, ms=8, alpha=0.8, label=model, color=plots.ROLES[("measured", "limit", "gradient")[number]])
ax.set(xlabel="table of the NALA paper", ylabel="256 a, after the point", ylim=(-0.08, 1), xticks=[1, 3, 5, 7, 8, 9])
ax.legend(loc="upper left")
plots.show(figure, alt="Fractional part of 256 times accuracy, by table. Tables 1, 3 and 5 lie at zero. In Tables 7, 8 and 9 LeNet-5 and AlexNet lie at zero; ten ResNet-18 values are spread between 0 and 1.")
off = [cell for cell in cells if BATCH * cell.value % 1]
claim(len(off) == 10 and {cell.column.model for cell in off} == {"ResNet-18"}, "ten accuracies are off the grid of 1/256, all of ResNet-18")
claim(not any(denominators(cell.value) for cell in off), "these ten are on no grid of a plausible n")

# %% [markdown]
# Ten numbers of Tables 7-9 come from some other kind of count. What kind, the paper does not say, and nothing that was released shows it. That is where this question ends: *we do not know* is an answer.
#
# ## 3 · Question two: what does "best" do to a number?
#
# "The best records": every 100 steps one batch is logged, 450 in a run, and the table prints the highest. Take a network that is right with probability $p$, always. A batch has a binomial number of right images, and the best of $n$ independent batches has
#
# $$P(\text{best} \le c) = P\big(\mathrm{Bin}(256, p) \le c\big)^n. \tag{2}$$
#
# **Predict:** the network never changes, $p = 0.90$. About where is the best of 450 batches?

# %%
def best_from_scratch(p, n, b=BATCH):
    chances = np.array([comb(b, c) * p**c * (1 - p) ** (b - c) for c in range(b + 1)])
    return np.diff(np.minimum(np.cumsum(chances), 1) ** n, prepend=0)


accuracy = np.arange(BATCH + 1) / BATCH
log_c10 = released().log("LeNet-5", "CIFAR-10")
p = log_c10.late_accuracy
exact = best_from_scratch(p, 450)
claim(agree(exact, best_of(p, 450)), "the distribution of a best by hand is the library's")
print(f"p = {p:.4f}; expected best of 450: {exact @ accuracy:.4f}")

# %% [markdown]
# The $p$ here is not invented: it is the mean of the last 50 records in the log that the authors released for this very cell. The printed best is 0.9453. Three pictures of the *same* network:

# %%
printed = table_1.cell("NALA", 1).value
figure, ax = plt.subplots(figsize=(8, 3.8))
kinds = ((1, "one batch", plots.ROLES["measured"], "-"), (50, "best of 50", plots.ROLES["limit"], "--"), (450, "best of 450", plots.ROLES["gradient"], "-."))
for n, name, colour, dash in kinds:
    ax.plot(100 * accuracy, 100 * best_of(p, n), drawstyle="steps-mid", color=colour, ls=dash, label=name)
draws = simulated_best(p, 450, RUNS)
heights = [100 * np.mean(draws == a) for a in accuracy]
ax.bar(100 * accuracy, heights, width=0.3, color="#CCCCCC", label=f"{RUNS} simulated trainings")
ax.axvline(100 * printed, color=plots.ROLES["fail"], lw=2)
ax.annotate("printed", (100 * printed, 28), xytext=(-8, 0), textcoords="offset points", ha="right", color=plots.ROLES["fail"])
ax.set(xlim=(84, 98), xlabel="accuracy (%)", ylabel="chance (%)", title=f"a network that is right in {100 * p:.1f} % of images")
ax.legend(loc="upper left", fontsize=12)
plots.show(figure, alt="Three distributions for one network. A single batch is spread around 89.9 percent; the best of 50 is narrow around 94; the best of 450 around 95. The printed 94.5 lies between the last two. Grey bars of simulated trainings follow the line of the best of 450.")
mean, sd = mean_and_sd(p, 450)
claim(by_chance((draws.mean() - mean) / (sd / RUNS**0.5)), "the simulated trainings have the predicted mean")
claim(mean > printed, "a best of 450 is expected to be above what is printed")
share = (mean_and_sd(p, 50)[0] - p) / (printed - p)
claim(0.8 < share < 0.95, "the best of the 50 late batches explains 80 to 95 % of the gap")
print(f"printed {printed:.4f}, mean of late records {p:.4f}; the best of the 50 late batches alone explains {share:.0%} of the gap")

# %% [markdown]
# The table says 94.5 %; the network, averaged over its last 50 records, is right in 89.9 %. Nothing was done wrong to get from one to the other: it is what a maximum does. All four released logs show it:

# %%
lines = ["| log | printed best | mean of the last 50 | expected best of 450 at that mean |", "|---|---|---|---|"]
for one in released().logs:
    lines.append(f"| {one.model}, {one.dataset} | {one.best_accuracy:.3f} | {one.late_accuracy:.3f} | {mean_and_sd(one.late_accuracy, 450)[0]:.3f} |")
    claim(mean_and_sd(one.late_accuracy, 450)[0] > one.best_accuracy, f"the expected best of {one.model} on {one.dataset} is above the printed one")
Markdown("\n".join(lines))

# %% [markdown]
# *What to do in your own work*: print the mean of the last epochs on a held-out set, or choose the epoch on a validation set and print its **test** accuracy.
#
# ## 4 · Question three: is the difference larger than the noise?
#
# Formula (2) also gives the standard deviation of a best. It is the *least* noise that the number must have: another seed adds to it. For the difference of two independent bests it is $\sqrt2\,\sigma$. The text names two seeds; with two, Student's $t$ asks for more than
#
# $$t_{0.975,\,1}\,\frac{\sqrt2\,\sigma}{\sqrt2} = 12.7\,\sigma. \tag{3}$$
#
# **Predict:** sixteen differences between NALA and a rival are in Tables 1, 3 and 5. How many exceed $2\sqrt2\,\sigma$? How many exceed (3)?

# %%
each = run("differences-against-noise").numbers["each"]
names = [name.replace("Table ", "T").replace("NALA - ", "vs ") for name in each]
gaps = np.array([one["gap"] for one in each.values()]) * 100
needed = np.array([one["needed with two seeds"] for one in each.values()]) * 100
single = 2 * np.sqrt(2) * needed / 12.706  # two standard deviations of a difference of single runs
rows = np.arange(len(gaps))[::-1]
figure, ax = plt.subplots(figsize=(8.5, 6.2))
ax.barh(rows, 2 * needed, left=-needed, height=0.8, color="#EEEEEE", label="cannot be told from 0: two seeds")
ax.barh(rows, 2 * single, left=-single, height=0.8, color="#C9C9C9", label="cannot be told from 0: two bests, 2 sd")
ax.plot(gaps, rows, "o", color=plots.COLOURS["nala"], label="printed difference")
ax.axvline(0, color="black", lw=1)
ax.set(yticks=rows, yticklabels=names, ylim=(-0.6, len(rows) - 0.4), xlabel="NALA's accuracy minus the rival's (points)")
ax.tick_params(axis="y", labelsize=12)
figure.legend(loc="outside lower center", fontsize=12)
plots.show(figure, alt="Sixteen differences as dots, each on a grey band of noise. Eight lie inside the dark inner band, thirteen inside the light outer band. AlexNet against Adam and ResNet-18 on CIFAR-10 against Lookahead lie far outside.")
outside, beyond = int((abs(gaps) > single).sum()), int((abs(gaps) > needed).sum())
print(f"outside the inner band: {outside} of {len(gaps)}; outside the outer band: {beyond}")
claim((outside, beyond) == (8, 3), "eight of sixteen differences are outside the inner band, and three outside the outer one")
sigma = noise_of_best(printed)
claim(abs(sigma - mean_and_sd(p, 450)[1]) < 0.1 * sigma, "the noise hardly depends on which p is used")
claim(abs(each["Table 1, CIFAR-10, NALA - Adam"]["gap"]) < sigma, "NALA against Adam in Table 1 is inside one standard deviation")

# %% [markdown]
# Two lessons in one picture. *Against* the table: half of the differences are not larger than the drawing of one batch makes them, and NALA against Adam with LeNet-5 is among these. *For* the table: some differences are far outside every band, and drawing batches does not explain these. They may come from the optimizer or from something else in the program; the design of the experiment has to tell.
#
# "Not separated" is not "equal". It means: *these numbers do not tell.*
#
# ## 5 · Question four: does the same run give the same number?
#
# The standard setting ($k=5$, $\mu=-0.5$, $\alpha=0.001$) is printed in Table 1 and again as a row of Tables 7, 8 and 9. So some runs are printed up to four times.
#
# **Predict** what you would check, and how.

# %%
default = {7: "5", 8: "-0.5", 9: "0.001"}  # the row of the standard setting
pairs = {1: [cell.printed for cell in table_1.row("NALA").cells[2:]]}
for number, head in default.items():
    pairs[number] = [cell.printed for cell in table("nala", number).row(head).cells[:2]]
for number, (loss, accuracy_printed) in pairs.items():
    print(f"Table {number}: LeNet-5, CIFAR-100, k = 5, mu = -0.5, alpha = 0.001:  {loss}  {accuracy_printed}")
claim(pairs[1] == pairs[9] != pairs[7] == pairs[8], "one setting has two results: Tables 1 and 9, and Tables 7 and 8")

# %% [markdown]
# One setting, two results. The other way round is a question too: is one result, equal in all nine digits, printed under two settings?

# %%
for name in ("one-setting-two-results", "two-settings-one-result", "one-result-two-rates"):
    finding = run(name)
    print(f"{finding.verdict}: {finding.statement}")
    for group, members in list(finding.numbers.values())[1].items():
        print("   ", group, *(f"\n        {member}: {', '.join(places)}" for member, places in members.items()))
    claim(finding.verdict == "seen", f"{name} is seen")
twice = run("two-settings-one-result").numbers["settings"]
claim(list(twice) == [f"LeNet-5 on CIFAR-100: {pairs[1][0]} / {pairs[1][1]}"], "one result is printed under two settings, and it is the main result of Table 1")

# %% [markdown]
# Two results for one setting may be two seeds; the tables do not say. But one result, equal in every printed digit, under two settings can hardly be two runs: at least one of these rows is not what its head says. Which one cannot be read off the table. A run that is printed in two places should be *one file* from which both are made.
#
# ## 6 · Question five: is the quantity what its name says?
#
# The text says "standard cross-entropy" for ResNet-18, and Table 5 prints the pair 1.479 and 0.980. A cross-entropy is $-\log$ of the probability that the network gives to the right class (its geometric mean over the images):

# %%
loss, accuracy_5 = (table("nala", 5).cell("NALA", column_5).value for column_5 in (2, 3))
print(f"right in {accuracy_5:.0%} of a batch, with a probability of {exp(-loss):.2f} for the right class")
claim(exp(-loss) < 0.25, "the geometric mean of the probabilities is below one quarter")

# %% [markdown]
# Right nearly always, and never sure? Is there a formula that such numbers obey?
#
# If softmax is applied twice, the second one sees numbers between 0 and 1 and cannot be sure of anything. With 10 classes and confident outputs, a right answer costs $\log(e+9)-1$ and a wrong one $\log(e+9)$, so that
#
# $$\text{loss} = \log(e+9) - \text{accuracy}, \qquad \text{loss} \ge \log(e+9)-1. \tag{4}$$

# %%
def cross_entropy_of_twice(logits, target):
    once = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    return -log(exp(once[target]) / np.exp(once).sum())


sure = np.full(10, -40.0)
sure[3] = 40.0
claim(agree(cross_entropy_of_twice(sure, 3), floor()), "a right answer costs the floor")
claim(agree(cross_entropy_of_twice(sure, 4), floor() + 1), "a wrong answer costs one more")
print(f"floor {floor():.6f}")

# %% [markdown]
# **Predict** where the six pairs of Table 5 lie, and where the ResNet-18 rows of Tables 7-9.

# %%
def resnet_pairs(number):
    for row in table("nala", number).rows:
        for loss, accuracy_cell in zip(row.cells[::2], row.cells[1::2], strict=True):
            if loss.column.model == "ResNet-18":
                yield row.head, accuracy_cell.value, loss.value


five = [(a, loss) for _, a, loss in resnet_pairs(5)]
sweeps = [(a, loss) for n in (7, 8, 9) for head, a, loss in resnet_pairs(n) if head != default[n]]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.3))
for ax, low in ((left, 0.68), (right, 0.93)):
    line = np.array([low, 1.0])
    ax.plot(line, floor() + 1 - line, color="black", lw=1.5, label="loss = 2.46115 - accuracy")
    ax.axhline(floor(), color="black", ls=":", lw=1.5, label="floor 1.46115")
    ax.plot(*np.transpose(five), "o", ms=9, color=plots.ROLES["measured"], label="Table 5")
    ax.plot(*np.transpose(sweeps), "^", ms=9, color=plots.ROLES["limit"], label="Tables 7-9, other rows")
    ax.set(xlabel="printed accuracy", xlim=(low, 1.003), ylim=(1.44, 1.80 if low < 0.9 else 1.72))
left.set(ylabel="printed loss", title="all")
right.set_title("the right end, enlarged")
figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=12)
plots.show(figure, alt="Loss against accuracy. Six circles of Table 5 lie on a falling straight line, from 0.71 to 0.98. Ten triangles of Tables 7 to 9, all above 0.94, lie above the line, the farthest by 0.19, except one just below it.")
claim(max(abs(residual(loss, a)) for a, loss in five) < 0.01, "all pairs of Table 5 lie within 0.01 of the line of a double softmax")
claim(sum(abs(residual(loss, a)) < 0.0025 for a, loss in five) == 5, "five of them lie within 0.0025 of it")
claim(min(loss for _, loss in five) > floor(), "no loss of Table 5 is below the floor")
print("largest distance from the line: Table 5", f"{max(abs(residual(loss, a)) for a, loss in five):.4f},", "other rows", f"{max(abs(residual(loss, a)) for a, loss in sweeps):.3f}")

# %% [markdown]
# Five of the six pairs of Table 5 fit a double softmax to within 0.0025, the sixth to within 0.01, over a wide range. This is an **inference**: the ResNet program was not released, so nobody can look. The ten other rows of Tables 7-9, the same ten as in question one, fit less well.
#
# Does it matter? The network still learns. But a loss with another name cannot be compared with anybody else's, and its gradients are smaller, which is a setting too.
#
# ## 7 · Question six: what does one unit of the x-axis cost?
#
# Tables 2, 4 and 6 count *timesteps* until an accuracy is reached. NALA spends an extra gradient after every $k$ inner steps:
#
# $$\text{gradients} = \frac{k+1}{k}\,\text{timesteps} = 1.2\,\text{timesteps} \quad (k=5). \tag{5}$$
#
# **Predict:** Table 2 prints 12,100 for NALA and 12,500 for Adam (90 % on CIFAR-10). Who needs fewer gradients?

# %%
nala, adam = (table("nala", 2).cell(name, 1).value for name in ("NALA", "Adam"))
print(f"NALA {1.2 * nala:,.0f} gradients, Adam {adam:,.0f}")
where = "CIFAR-10, 90% accuracy: Adam"
claim(comparisons(table("nala", 2), in_gradients=False)[where] == "NALA" and nala < adam, "in timesteps NALA is first")
claim(comparisons(table("nala", 2), in_gradients=True)[where] == "Adam" and 1.2 * nala > adam, "in gradients Adam is first")
costs = run("timesteps-in-gradients").numbers
print(costs["first to the accuracy"])
print(*(f"{where}: {change}" for where, change in costs["changed"].items()), sep="\n")
counted = sum(costs["first to the accuracy"]["timesteps"].values())
claim((counted, len(costs["changed"])) == (32, 7), "seven of 32 comparisons change")
claim(table("nala", 2).cell("NALA", 0).readings == (1200, 12000) and run("adala-cost").verdict == "seen", "NALA's first cell of Table 2 can be read as 1,200 and as 12,000, and AdaLA's cost is not counted")

# %% [markdown]
# Of 32 comparisons seven change. "Undecided" is there because of two cells that are printed as `12,00` and `1,00`: they may stand for two numbers each, and a fair count keeps both. For AdaLA every step needs two gradients, and its tables count neither steps nor gradients nor time.
#
# ## 8 · Question seven: could I compute this number again?
#
# Not "is it right?" but "is there a file?". For each table: how many numbers, for how many of them the authors released a log, how many equal that log. (The logs are not in this checkout; their summaries are, in `paper_figs/published/released.toml`.)

# %%
finding = run("released-files")
lines = ["| table | numbers | with a released file | equal to it |", "|---|---|---|---|"]
lines += [f"| {name} | {' | '.join(str(count) for count in row.values())} |" for name, row in finding.numbers["each"].items()]
totals = [finding.numbers[key] for key in ("numbers", "with a file", "equal to the file")]
claim(totals == list(np.sum([list(row.values()) for row in finding.numbers["each"].values()], axis=0)), "the sums of the table are those of the finding")
claim(totals[2] < totals[0] / 3, "less than a third of the numbers equal a released file")
Markdown("\n".join([*lines, "| **both papers** | " + " | ".join(f"**{total}**" for total in totals) + " |"]))

# %% [markdown]
# Read it row by row, and fairly. NALA's row of Table 4 *is* in its logs, to the last digit. NALA's row of Table 2 has logs, but the first record that reaches the accuracy is another one. The curves of AdaLA's rivals are in the repository of the AdaBelief paper, and almost all of them agree with Tables 2 and 3. The AdaLA rows themselves have no file.
#
# **Predict** before you run: how far do you think Table 2 and the log are apart?

# %%
for name, one in run("table-2-first-records").numbers.items():
    print(f"{name:<24} printed {one['printed']:>7}, first record in the log {one['in the log']:>6,}")
claim(run("table-4-first-records").verdict == "seen" and run("table-2-first-records").verdict == "seen", "Table 4 is in the logs, and Table 2 differs from them")
claim(run("adala-rows-no-file").numbers["with a file"] == [], "no row of AdaLA has a file")

# %% [markdown]
# For a reader the word for the AdaLA rows is: *cannot be recomputed from what was released*. That is not "wrong". It means that they can stand beside our numbers, but are no target that our runs have to hit.
#
# ## 9 · All questions at once
#
# Everything above is a function in `paper_figs/published_audit`. Each has a test that changes the printed number and sees the finding change. `python -m paper_figs.published_audit` prints the list; with a name it prints the numbers.

# %%
findings = [run(name) for name in AUDIT]
lines = ["| finding | verdict | what is asked |", "|---|---|---|"]
lines += [f"| `{one.id}` | {one.verdict} | {one.statement} |" for one in findings]
claim({one.verdict for one in findings} == {"seen", "not seen", "undecided"}, "the audit has seen, not seen and undecided findings")
Markdown("\n".join(lines))

# %% [markdown]
# The rows `claim-...` hold sentences of the papers against the papers' own tables. Most of them are seen. This too is part of reading fairly: say what *does* hold.

# %%
claims = [one for one in findings if one.id.startswith("claim")]
held = [one for one in claims if one.verdict == "seen"]
print(f"{len(held)} of {len(claims)} sentences are what their tables show")
claim(len(held) > len(claims) / 2, "more than half of the papers' sentences are what their tables show")

# %% [markdown]
# ## Summary
#
# | question | how | what it found here |
# |---|---|---|
# | 1 What is the smallest step? | the denominators of an accuracy | one training batch of 256; ten numbers on no such grid |
# | 2 What does "best" do? | the distribution of a maximum, (2) | several points come from the maximum alone |
# | 3 Larger than the noise? | its standard deviation, Student's $t$, (3) | half of the differences are not, some clearly are |
# | 4 Same run, same number? | group by setting, group by result | one setting with two results, one result under two settings |
# | 5 Is it what its name says? | a formula that it must obey, (4) | a loss that fits a double softmax |
# | 6 What does the x-axis cost? | count gradients, (5) | seven of 32 comparisons change |
# | 7 Can it be computed again? | look for the file | less than a third of the numbers |
#
# None of this says whether NALA is a good optimizer. Lessons 01, 03, 06, 07 and 08 do, as far as theory and our own runs go.
#
# ## Exercises
#
# 1. `implied_accuracy(printed, n)` in `paper_figs.published_audit.maxima` turns formula (2) round: for which $p$ is the printed best expected? Compute it for all five optimizers of Table 1 with $n=450$. **Predict** first: does the order change? By how many images does first differ from second?
# 2. A friend prints "best of 3 seeds" for the new method and "mean of 3 seeds" for the old one. Both are the same network with $\sigma = 0.5$ points between seeds. **Predict** the expected difference, then simulate it with `stream(0, "seeds").normal`.
# 3. How many seeds would NALA against Adam (Table 1, CIFAR-10, one image) need, if the true difference were as printed and the noise $\sqrt2\,\sigma$? Use $n \approx (1.96+0.84)^2\,(\sqrt2\,\sigma/\text{gap})^2$ for a power of 80 %.
# 4. Read `run("adala-against-test-noise")` and `run("adala-three-runs")`. Write one sentence about AdaLA against AdaBelief in Table 2 that a careful reader could not object to.
# 5. Use `table("nala", 1).reprinted("NALA", 1, "0.94500000")` to plant a number that is on no grid of 1/256. Which finding sees it? Which do not, and why?
# 6. Take a table from a paper of your own field and ask the seven questions. Which answer is "we do not know"?
