"""More planted bugs: for the theorems about limits, cycles, noise, games and scaling."""

from nala_lab.optim import NALA as TorchNALA
from nala_lab.optim import AdaLA as TorchAdaLA
from nala_lab.optim import Lookahead as TorchLookahead
from nala_lab.optim import _adaptive, _two_loop
from nala_lab.reference import NALA, AdaLA, Adam, HeavyBall, Lookahead, adabelief, two_loop
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.outer_momentum import OuterMomentum
from tests.verify.mutants import ROOT, ROOT_OF_BOTH, on_numpy, on_torch

MUTANTS = (
    on_numpy("mu's sign flipped", ("T05", "T06", "T08", "T10", "T16", "T24"),
           (NALA._mix, "(1 + self.mu) * new - self.mu * slow", "(1 - self.mu) * new + self.mu * slow")),
    on_numpy("one inner step too many", ("T05", "T06", "T07", "T08", "T10", "T16", "T24"),
           (two_loop.inner_loop, "range(k)", "range(k + 1)")),
    on_numpy("gradient at theta_k instead of y", ("T05", "T06", "T07", "T08", "T16", "T24"),
           (NALA.cycle, "self._outer_gradient(oracle, y)", "self._outer_gradient(oracle, fast[-1])")),
    on_numpy("the last mini-batch drawn afresh", ("T08", "T10", "T20"),
           (Oracle.again, "self._spend(self._grad, x)", "(self._grad(x), self._spend(self._grad, x))[1]")),
    on_numpy("Lookahead's step from the wrong end", ("T07", "T09", "T11"),
           (Lookahead._mix, "slow + self.alpha * (new - slow)", "new + self.alpha * (slow - new)")),
    on_numpy("momentum not reset", ("T10",), (two_loop.synchronised, 'how == "reset"', 'how == "never"')),
    on_numpy("momentum kept where it is to be pulled back", ("T10",),
           (two_loop.synchronised, 'how == "pullback"', 'how == "never"')),
    on_numpy("heavy ball's momentum averaged", ("T10", "T20"),
           (HeavyBall.step, "self.momentum * state.v - self.lr * g",
            "self.momentum * state.v - (1 - self.momentum) * self.lr * g")),
    on_numpy("Adam's momentum a sum instead of an average", ("T15",), (Adam.step, "(1 - beta1) * g", "g")),
    on_numpy("Adam's eps inside the root", ("T15",),
           (Adam._denominator, "root(v / correction) + self.eps", "root(v / correction + self.eps)")),
    on_numpy("AdaLA's eps missing from the average", ("T18", "T19"), (AdaLA._moments, " ** 2 + self.eps", " ** 2")),
    on_numpy("AdaLA's outer eps inside the root", ("T18", "T19"),
           (adabelief.belief_denominator, "root(s / (1 - beta2**t)) + eps", "root(s / (1 - beta2**t) + eps)")),
    on_numpy("AdaLA's momentum from the probe's gradient", ("T18", "T19"),
           (AdaLA._moments, "(1 - beta1) * g\n", "(1 - beta1) * g_next\n")),
    on_numpy("AdaLA's probe at twice the step", ("T19", "T20"),
           (AdaLA._gradient_at, "oracle(probe) if fresh", "oracle(probe + probe - oracle.log[-1].point) if fresh")),
    on_numpy("outer velocity used before it is updated", ("T23",),
           (OuterMomentum.cycle, "pseudo + self.beta * b ", "pseudo + self.beta * state.b ")),
    on_numpy("a hidden constant in Adam's denominator", ("T26",),
           (Adam._denominator, "root(v / correction) + self.eps", "root(v / correction) + self.eps + 1e-12")),
    on_torch("mu's sign flipped", ("T05", "T06", "T08", "T10", "T16", "T24"),
           (TorchNALA._back, "-self", "self")),
    on_torch("one inner step too many", ("T05", "T06", "T07", "T08", "T16", "T24"),
           (_two_loop.TwoLoop.k.fget, "self.hyper.k", "self.hyper.k + 1")),
    on_torch("outer step uphill", ("T05", "T06", "T08", "T10", "T16"),
           (TorchNALA._leave_y, "else -alpha", "else alpha")),
    on_torch("Lookahead's step from the wrong end", ("T07", "T09", "T11"),
           (TorchLookahead._back, "1 - self", "self")),
    on_torch("AdaLA's momentum a sum instead of an average", ("T18", "T19"),
           (_adaptive.add_mean, '    weight =',
            '    g = torch._foreach_div(g, 1 - group["betas"][0])\n    weight =')),
    on_torch("AdaLA's outer eps inside the root", ("T18", "T19"),
           (_adaptive.move, ROOT, ROOT_OF_BOTH)),
    on_torch("AdaLA's eps missing from the average", ("T18", "T19"),
           (_adaptive.add_belief, 'return add_number(s, group["eps"])', "return s")),
    on_torch("AdaLA's probe at twice the step", ("T19", "T20"),
           (TorchAdaLA._try, "self.hyper.denominator\n",
            'self.hyper.denominator; x.group = {**x.group, "lr": 2 * x.group["lr"]}\n')),
    on_torch("a hidden constant in AdaLA's denominator", ("T26",),
           (_adaptive.move, "eps * c if", "(eps + 1e-12) * c if")),
)  # fmt: skip
