"""The small network: every method tuned with as many trials, five seeds in pairs, and the evidence rule's verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.reference import SGD, Adam
from nala_lab.results.evidence import BETTER, Rule, judge_table
from nala_lab.study.lines import GOOD, PLAIN, Line, Section, cannot, drawn, short
from nala_lab.study.network import gradient, initial, judged
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Rows, Studied, studied

__all__ = ["RULE", "training"]

RULE = Rule(threshold=0.01, higher_is_better=True)  # one image in a hundred, fixed before any run
_BESIDE = {"Adam": Adam(0.003), "SGD": SGD(0.3)}
_TUNED_ON = 1000  # the seed of the trials; no run that is compared has it


@dataclass(frozen=True)
class _Tuned:
    """What was found for one method. losses: of each factor of lr, on the held-out part; best: the method with it."""

    best: Studied
    factor: float
    losses: dict[float, float]

    @property
    def edge(self) -> bool:
        """Whether the best is the first or last of the factors."""
        return len(self.losses) > 1 and self.factor in (min(self.losses), max(self.losses))


def training(one: Studied, sizes: Sizes, tell: Callable[[str], None]) -> Section:
    """The section."""
    methods = {"it": one, **{name: studied(rule) for name, rule in _BESIDE.items()}}
    tuned = {}
    for name, method in methods.items():
        tell(f"tuning {one.name if name == 'it' else name + ' beside it'}")
        tuned[name] = _tune(method, sizes)
    scores: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    curves: dict[str, tuple[Array, Array]] = {}
    for seed in range(sizes.seeds):
        tell(f"seed {seed}")
        for name in methods:
            rows = _trained(tuned[name].best, seed, sizes)
            scores[name].append(judged(rows.x[-1], "test"))
            if seed == 0:
                curves[name] = _curve(rows)
    lines = [_line_tuned(one, tuned["it"], sizes), _line_scores(scores, one)]
    lines += _verdicts(one, tuned, scores, sizes)
    note = (
        f"64-32-10 tanh units, mini-batches of 64, {sizes.training} gradients each. lr is chosen by the loss "
        f"on 300 images that were not trained on, {sizes.trials} trials each: powers of ten around the own lr "
        f"(Adam 0.003, SGD 0.3), the last two half a power around the best. Then {sizes.seeds} seeds; accuracy"
        f" on 400 test images; a difference below {RULE.threshold:g} does not matter. The weights are one "
        "vector: a method that looks at shapes sees none."
    )
    return Section("training", "A small network on digits", tuple(lines), note, _picture(one, curves))


def _coarse(trials: int) -> list[float]:
    """Powers of ten around 1; two of the trials are kept for later where there are five or more.

    Examples
    --------
    >>> _coarse(7), _coarse(2)
    ([0.01, 0.1, 1.0, 10.0, 100.0], [1.0, 10.0])
    """
    n = trials - 2 if trials >= 5 else trials
    return [10.0 ** (i - (n - 1) // 2) for i in range(n)]


def _trained(one: Studied, seed: int, sizes: Sizes) -> Rows:
    return one.run(gradient, initial(seed), sizes.training, rng=stream(seed, "study", "mini-batches"))


def _tune(one: Studied, sizes: Sizes) -> _Tuned:
    losses: dict[float, float] = {}

    def best_of(factors: list[float]) -> float:
        for each in factors:
            changed = one.times_lr(each)
            if changed is not None:
                losses[each] = judged(_trained(changed, _TUNED_ON, sizes).x[-1], "held out")[0]
        return min(losses, key=lambda each: (losses[each], abs(math.log(each))))

    factor = best_of(_coarse(sizes.trials))
    if len(losses) == sizes.trials - 2:
        factor = best_of([factor / 10**0.5, factor * 10**0.5])
    best = one.times_lr(factor)
    assert best is not None  # it was trained
    return _Tuned(best, factor, losses)


def _line_tuned(one: Studied, tuned: _Tuned, sizes: Sizes) -> Line:
    data = {"lr_factors": list(tuned.losses), "held_out_loss": list(tuned.losses.values()), "chosen": tuned.factor}
    if len(tuned.losses) < sizes.trials:
        return cannot("tuning", "it has no lr that changes its steps: trained as it is, the others with their trials")
    lr = tuned.best.lr or math.nan
    told = ", ".join(short(tuned.losses[each]) for each in sorted(tuned.losses))
    verdict = f"lr = {lr:.3g}" + (", at the edge" if tuned.edge else "")
    more = "; a better one may lie beyond, and the comparison is not fair to it" if tuned.edge else ""
    return Line("tuning", verdict, f"held-out loss {told} at {sizes.trials} learning rates{more}", data=data)


def _line_scores(scores: dict[str, list[tuple[float, float]]], one: Studied) -> Line:
    means = {name: float(np.mean([accuracy for _, accuracy in rows])) for name, rows in scores.items()}
    losses = {name: float(np.mean([loss for loss, _ in rows])) for name, rows in scores.items()}
    told = "; ".join(f"{name} {means[name]:.4f}, {losses[name]:.3f}" for name in scores if name != "it")
    data = {"accuracy": {k: [a for _, a in v] for k, v in scores.items()},
            "loss": {k: [loss for loss, _ in v] for k, v in scores.items()}}  # fmt: skip
    verdict = f"{means['it']:.4f}, loss {losses['it']:.3f}"
    return Line("mean test accuracy", verdict, f"of {len(scores['it'])} seeds; {told}", data=data)


def _verdicts(one: Studied, tuned: dict[str, _Tuned], scores: dict[str, list[tuple[float, float]]],
              sizes: Sizes) -> list[Line]:  # fmt: skip
    own = [accuracy for _, accuracy in scores["it"]]
    pairs = {name: (own, [accuracy for _, accuracy in scores[name]]) for name in _BESIDE}
    if sizes.seeds < 2:
        return [cannot("verdict", "one seed has no spread")]
    lines = []
    for name, found in judge_table(pairs, RULE).items():
        told = (f"gap {found.gap:+.4f}, interval {found.low:+.4f} to {found.high:+.4f}, {found.n} pairs, corrected p = "
                f"{found.p_corrected:.3g}, of equivalence {found.p_equivalent:.3g}")  # fmt: skip
        edge = f"; the lr of {name} is at the edge of what was tried" if tuned[name].edge else ""
        if list(pairs[name][0]) == list(pairs[name][1]):
            edge += "; the same in every pair, so there is no spread to judge by"
        data = {"gap": found.gap, "low": found.low, "high": found.high, "p": found.p_corrected,
                "verdict": found.verdict}  # fmt: skip
        tone = GOOD if found.verdict == BETTER else PLAIN
        lines.append(Line(f"beside {name}", found.verdict, told + edge, tone, data))
    return lines


def _curve(rows: Rows) -> tuple[Array, Array]:
    """Test loss at 25 rows, against gradients."""
    at = np.unique(np.linspace(0, len(rows.x) - 1, 25).astype(int))
    return rows.evals[at], np.array([judged(rows.x[i], "test")[0] for i in at])


def _picture(one: Studied, curves: dict[str, tuple[Array, Array]]) -> Any:
    from nala_lab.plots import COLOURS

    looks = {"it": (one.colour, "-"), "Adam": (COLOURS["adam"], "--"), "SGD": (COLOURS["sgd"], ":")}

    def draw(axes: Any) -> None:
        for name, (at, loss) in curves.items():
            colour, dash = looks[name]
            axes[0].plot(at, loss, dash, color=colour, label=one.name if name == "it" else f"{name} (tuned)")
        axes[0].set(yscale="log", xlabel="gradients", ylabel="test loss (nats), seed 0")
        axes[0].legend()

    alt = f"Test loss of {one.name}, Adam and SGD against gradients, seed 0, each at its best learning rate."
    return drawn(draw, alt)
