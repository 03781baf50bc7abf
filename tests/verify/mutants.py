"""Bugs that someone really could write, as edits of one line of the shipped source.

A mutant replaces the code of a function in place, so that every name bound to it is affected. The old text must occur
exactly once: when the source changes, the mutant fails loudly instead of silently planting nothing.
"""

import inspect
import textwrap
from dataclasses import dataclass

from nala_lab.audit.museum.mutant import swapped
from nala_lab.optim import NALA as TorchNALA
from nala_lab.optim import AdaLA as TorchAdaLA
from nala_lab.optim import Lookahead as TorchLookahead
from nala_lab.optim import _adaptive, _two_loop
from nala_lab.reference import NALA, AdaBelief, AdaLA, Adam, Lookahead, adabelief, two_loop


@dataclass(frozen=True)
class Mutant:
    bug: str
    twin: str
    edits: tuple  # of (function, old text, new text)
    caught_by: tuple  # theorems that must fail

    def __str__(self):
        return f"{self.twin}: {self.bug}"


def plant(monkeypatch, function, old, new):
    """Compile `function` with one piece of its text replaced, and give it that code."""
    bare = inspect.unwrap(function)
    source = textwrap.dedent(inspect.getsource(bare))
    edited = "from __future__ import annotations\n" + swapped(source, old, new, bare.__qualname__, old)
    made = {}
    exec(compile(edited, f"<{bare.__qualname__} mutated>", "exec"), dict(bare.__globals__), made)
    mutated = made[bare.__name__]
    mutated = mutated.fget if isinstance(mutated, property) else inspect.unwrap(mutated)
    monkeypatch.setattr(bare, "__code__", mutated.__code__)


def on_numpy(bug, caught_by, *edits):
    return Mutant(bug, "numpy", edits, caught_by)


def on_torch(bug, caught_by, *edits):
    return Mutant(bug, "torch", edits, caught_by)


SLOT = "torch._foreach_copy_([slow for _, slow in same], [p for p, _ in same])"
MIX = "self._mix()"
ROOT = "root = torch._foreach_sqrt(s)\n            add_number(root, eps * c if form == \"hat\" else eps)"
ROOT_OF_BOTH = "root = torch._foreach_add(s, eps * c * c)\n            torch._foreach_sqrt_(root)"

MUTANTS = (
    on_numpy("mu's sign flipped", ("T01", "T03", "T12", "T13"),
           (NALA._mix, "(1 + self.mu) * new - self.mu * slow", "(1 - self.mu) * new + self.mu * slow")),
    on_numpy("one inner step too many", ("T01", "T03", "T13"), (two_loop.inner_loop, "range(k)", "range(k + 1)")),
    on_numpy("one inner step too few", ("T01", "T03", "T13"), (two_loop.inner_loop, "range(k)", "range(k - 1)")),
    on_numpy("slow slot at zero", ("T01", "T12"), (NALA.init, ' if self.variant == "released" else state', "")),
    on_numpy("gradient at theta_k instead of y", ("T01", "T12"),
           (NALA.cycle, "self._outer_gradient(oracle, y)", "self._outer_gradient(oracle, fast[-1])")),
    on_numpy("outer step uphill", ("T01", "T13", "T28"),
           (NALA.cycle, "y - self.alpha * outer_grad", "y + self.alpha * outer_grad")),
    on_numpy("Lookahead's step from the wrong end", ("T01", "T25"),
           (Lookahead._mix, "slow + self.alpha * (new - slow)", "new + self.alpha * (slow - new)")),
    on_numpy("inner state not reset", ("T13", "T25"), (two_loop.synchronised, 'how == "reset"', 'how == "never"')),
    on_numpy("Adam's eps inside the root", ("T13", "T27"),
           (Adam._denominator, "root(v / correction) + self.eps", "root(v / correction + self.eps)")),
    on_numpy("AdaLA's and AdaBelief's outer eps inside the root", ("T14", "T17", "T27"),
           (adabelief.belief_denominator, "root(s / (1 - beta2**t)) + eps", "root(s / (1 - beta2**t) + eps)")),
    on_numpy("AdaLA's eps missing from the average", ("T14", "T17"), (AdaLA._moments, " ** 2 + self.eps", " ** 2")),
    on_numpy("AdaBelief's eps missing from the average", ("T14", "T27"), (AdaBelief.step, " ** 2 + self.eps", " ** 2")),
    on_numpy("AdaLA's probe not restored", ("T14", "T17"),
           (AdaLA.step, "theta_next = theta - self.lr", "theta_next = oracle.log[-1].point - self.lr")),
    on_torch("mu's sign flipped", ("T01", "T03", "T12", "T13"), (TorchNALA._back, "-self", "self")),
    on_torch("one inner step too many", ("T01", "T03", "T13"),
           (_two_loop.TwoLoop.k.fget, "self.hyper.k", "self.hyper.k + 1")),
    on_torch("one inner step too few", ("T01", "T03", "T13"),
           (_two_loop.TwoLoop.k.fget, "int(self.hyper.k)", "max(self.hyper.k - 1, 1)")),
    on_torch("slow slot at zero", ("T01", "T12"),
           (_two_loop.TwoLoop._start_cycle, SLOT, SLOT.replace("[p for", "[p * (self._grad_evals > 0) for"))),
    on_torch("gradient at theta_k instead of y", ("T01", "T12"), (TorchNALA.step, MIX, "pass"),
           (TorchNALA._outer_step, "loss = self._spend(closure)", f"loss = self._spend(closure); {MIX}")),
    on_torch("outer step uphill", ("T01", "T13", "T28"),
           (TorchNALA._leave_y, "else -alpha", "else alpha")),
    on_torch("Lookahead's step from the wrong end", ("T01", "T25"),
           (TorchLookahead._back, "1 - self", "self")),
    on_torch("inner state not reset", ("T25",),
           (_two_loop.TwoLoop._enter_cycle, '== "reset"', '== "never"')),
    on_torch("AdaLA's and AdaBelief's outer eps inside the root", ("T14", "T17", "T27"),
           (_adaptive.move, ROOT, ROOT_OF_BOTH)),
    on_torch("AdaLA's and AdaBelief's eps missing from the average", ("T14", "T17", "T27"),
           (_adaptive.add_belief, 'return add_number(s, group["eps"])', "return s")),
    on_torch("AdaLA's probe not restored", ("T14", "T17"),
           (TorchAdaLA._adapt, "torch._foreach_copy_(x.p, x.base)", "pass")),
)  # fmt: skip
