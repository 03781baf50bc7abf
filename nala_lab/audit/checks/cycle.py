"""Lookahead's algorithm: when it synchronises, with what, and where that leads."""

from __future__ import annotations

from typing import Any

import torch

from nala_lab.audit.loops import slow_loop
from nala_lab.audit.rig import drive, flat, start, worst
from nala_lab.audit.spec import TWO_LOOPS, Answer, NotApplicable, item
from nala_lab.audit.subject import Subject, bare, inner_of, needed

LAM = torch.tensor([1.0, 0.3], dtype=torch.float64)
ONE = ("lookahead",)
# Slow weights after 20 steps from 1 with k = 5, alpha = 0.5, lr = 0.1 on x^2 / 2, by the place of the synchronisation.
PROGRAMS = {
    "the paper's": 0.3999482389730728,
    "slow weights made at the first synchronisation, after step 1, 6, ...": 0.296972,
    "synchronised after steps 1, 6, ... from the initial weights": 0.313470,
}


def quadratic(x: torch.Tensor) -> torch.Tensor:
    """Gradient of sum lam x^2 / 2 about the point (0.5, 0.5)."""
    return LAM * (x - 0.5)


def path_of(s: Subject, opt: Any, w: torch.Tensor, calls: int, grad: Any = quadratic) -> torch.Tensor:
    """Weights after each call, (calls, d)."""
    path = []
    for _ in range(calls):
        drive(s, opt, [w], grad)
        path.append(w.detach().clone())
    return torch.stack(path)


def _pair() -> list[torch.Tensor]:
    """Two parameters, so that one that is left out shows."""
    return [start(), start(1.5, -1.0)]


def expected(s: Subject, opt: Any, calls: int, momentum: str) -> torch.Tensor:
    """What slow_loop makes of the settings that `opt` shows, around a bare copy of its inner optimizer."""
    inner, k, alpha = inner_of(opt), int(needed(opt, "k")), float(needed(opt, "alpha"))
    if inner is None:
        raise NotApplicable("it does not show its inner optimizer")
    return slow_loop(lambda params: bare(inner, params), _pair(), quadratic, k=k, weight=s.slow_step(opt), calls=calls,
                     outer_lr=alpha if s.looks_ahead(opt) else None, own_call=s.cycle(opt) > k,
                     momentum=momentum)  # fmt: skip


def compared(s: Subject, inner: str | None, momentum: str | None = None, **settings: Any) -> Answer:
    """Three cycles and a part of the fourth, call by call, of two parameters."""
    pair = _pair()
    opt = s.short(pair, inner=inner, **settings) if s.wraps else s.short(pair, **settings)
    calls = 3 * s.cycle(opt) + 1
    wanted = expected(s, opt, calls, momentum or declared(s, opt))
    path = []
    for _ in range(calls):
        drive(s, opt, pair, quadratic)
        path.append(flat(pair))
    gaps = (torch.stack(path) - wanted).abs().amax(dim=1)
    # a call is a handful of roundings of numbers up to 3; Adam's quotient may amplify them tenfold
    off = [call + 1 for call, gap in enumerate(gaps.tolist()) if not gap <= 1e-12]
    said = f"first differs from Algorithm 1 at call {off[0]}" if off else f"Algorithm 1 over {calls} calls"
    return Answer(not off, float(gaps.max()), said)


def declared(s: Subject, opt: Any) -> str:
    """What becomes of the inner state at a synchronisation, as the options or `opt` say: keep, reset or pullback."""
    chosen = str(s.option(opt, "inner_state") or s.option(opt, "pullback_momentum") or "none")
    return "keep" if chosen == "none" else chosen


@item("path", "does every call follow Algorithm 1 around its own inner optimizer?", group="algorithm", kinds=TWO_LOOPS)
def path(s: Subject) -> Answer:
    """Inner optimizer and settings as given."""
    return compared(s, None)


@item("path-adam", "does every call follow Algorithm 1 around Adam?", group="algorithm", kinds=TWO_LOOPS)
def path_adam(s: Subject) -> Answer:
    """Moments and counter of the inner Adam included."""
    return compared(s, "adam")


def _with_state(s: Subject, how: str) -> Answer:
    name = next((n for n in ("inner_state", "pullback_momentum") if s.accepts(n)), None)
    if name is None or name in s.options:
        raise NotApplicable("no option chooses what happens to the momentum")
    return compared(s, "momentum", how, **{name: how})


@item("momentum-reset", "reset: is the momentum zero after a synchronisation?", group="algorithm", kinds=TWO_LOOPS)
def momentum_reset(s: Subject) -> Answer:
    """Around SGD with momentum 0.9."""
    return _with_state(s, "reset")


@item("momentum-pullback", "pullback: is the momentum mixed with its value one synchronisation before?",
      group="algorithm", kinds=TWO_LOOPS)  # fmt: skip
def momentum_pullback(s: Subject) -> Answer:
    """An alias makes the factor a (2 - a) from the second synchronisation on."""
    return _with_state(s, "pullback")


@item("closed-form", "do four cycles shrink each eigen-direction by 1 - alpha + alpha (1 - lr lam)^k?",
      group="algorithm", kinds=ONE)  # fmt: skip
def closed_form(s: Subject) -> Answer:
    """No code of the audit is run for the prediction, only powers."""
    lr, k, alpha, cycles = 0.1, 5, 0.5, 4
    w = start()
    opt = s.make([w], inner="sgd", lr=lr, k=k, alpha=alpha)
    path_of(s, opt, w, k * cycles)
    wanted = 0.5 + (start().detach() - 0.5) * (1 - alpha + alpha * (1 - lr * LAM) ** k) ** cycles
    gap = worst(w.detach(), wanted)
    return Answer(gap < 1e-14 * 64, gap, "distance from the closed form")


@item("which-program", "which of three programs is it, after 20 steps from 1?", group="algorithm", kinds=ONE)
def which_program(s: Subject) -> Answer:
    """0.399948 the paper's, 0.296972 lazy slow weights, 0.313470 synchronised at 1, k + 1, ..."""
    w = start(1.0)
    opt = s.make([w], inner="sgd", lr=0.1, k=5, alpha=0.5)
    for _ in range(20):
        drive(s, opt, [w], lambda x: x)
    reached = float(w.detach()[0])
    name = next((name for name, value in PROGRAMS.items() if abs(reached - value) < 1e-6), "none of the three")
    return Answer(name == "the paper's", reached, f"weights after 20 steps: {name}")


@item("sync-steps", "are the weights mixed after inner steps k, 2k, 3k and no others, for k = 1 to 7?",
      group="algorithm", kinds=ONE)  # fmt: skip
def sync_steps(s: Subject) -> Answer:
    """With alpha = 0.5 and a constant gradient a step without mixing has length lr."""
    wrong = {}
    for k in range(1, 8):
        w = start()
        opt = s.make([w], inner="sgd", lr=0.125, k=k, alpha=0.5)
        seen = [start().detach(), *path_of(s, opt, w, 3 * k, torch.ones_like)]
        mixed = [i for i in range(1, 3 * k + 1) if worst(seen[i], seen[i - 1] - 0.125) > 1e-9]
        if mixed != [k, 2 * k, 3 * k]:
            wrong[k] = mixed
    said = "; ".join(f"k={k}: mixed after {mixed}" for k, mixed in list(wrong.items())[-2:]) or "k, 2k and 3k each time"
    return Answer(not wrong, len(wrong), said)


@item("slow-at-start", "are the first slow weights the initial weights?", group="algorithm", kinds=ONE)
def slow_at_start(s: Subject) -> Answer:
    """Solve phi_1 = phi_0 + alpha (theta - phi_0) for phi_0; zero means an empty slot, theta_1 a late one."""
    lr, k, alpha = 0.125, 5, 0.5
    w = start()
    opt = s.make([w], inner="sgd", lr=lr, k=k, alpha=alpha)
    reached = path_of(s, opt, w, k, torch.ones_like)[-1]
    phi = (reached - alpha * (start().detach() - k * lr)) / (1 - alpha)
    gap = worst(phi, start().detach())
    said = f"slow weights {[round(x, 6) for x in phi.tolist()]}, initial weights {start().tolist()}"
    return Answer(gap < 1e-12, gap, said)


def _at(s: Subject, w: torch.Tensor, **settings: Any) -> Any:
    try:
        return s.make([w], **settings)
    except ValueError as error:
        raise NotApplicable(f"alpha at the end of its range is refused: {error}") from error


@item("alpha-one", "is it the inner optimizer itself when alpha = 1, also with k = 1?", group="algorithm", kinds=ONE)
def alpha_one(s: Subject) -> Answer:
    """Seven steps of Adam."""
    gaps = []
    for k in (1, 3):
        w, plain = start(), start()
        opt, alone = _at(s, w, inner="adam", k=k, alpha=1.0), torch.optim.Adam([plain], lr=0.05)
        if declared(s, opt) == "reset":
            raise NotApplicable("a reset makes it another method")
        for _ in range(7):
            drive(s, opt, [w], quadratic)
            plain.grad = quadratic(plain.detach().clone())
            alone.step()
        gaps.append(worst(w.detach(), plain.detach()))
    return Answer(max(gaps) < 1e-13, max(gaps), "largest difference from the bare Adam")


@item("alpha-zero", "do the weights come back to the start after each cycle when alpha = 0?", group="algorithm",
      kinds=ONE)  # fmt: skip
def alpha_zero(s: Subject) -> Answer:
    """Over four cycles."""
    w = start()
    opt = _at(s, w, inner="momentum", k=3, alpha=0.0)
    ends = path_of(s, opt, w, 12)[2::3]
    gap = worst(ends, start().detach().expand_as(ends))
    return Answer(gap < 1e-14, gap, "largest distance from the start at the end of a cycle")


@item("sync-method", "does sync() in mid-cycle leave the slow weights, and a whole cycle after it?", group="algorithm",
      kinds=(*TWO_LOOPS, "adala"))  # fmt: skip
def sync_method(s: Subject) -> Answer:
    """A run that stops inside a cycle has to end somewhere; then the next call begins a new cycle."""
    w = start()
    opt = s.short([w])
    if not callable(getattr(opt, "sync", None)):
        raise NotApplicable("it has no sync()")
    cycle = s.cycle(opt)
    if cycle == 1:
        raise NotApplicable("a cycle of one call has no middle")
    ends = path_of(s, opt, w, cycle)[-1]
    path_of(s, opt, w, cycle - 1 if s.two_loops else 1)  # AdaLA is in mid-cycle at its probe alone
    opt.sync()
    gap = worst(w.detach(), ends)
    phase = getattr(opt, "phase", 0)
    return Answer(gap == 0 and phase == 0, gap, f"distance from the last slow weights; phase {phase}")
